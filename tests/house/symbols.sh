#!/bin/sh
# symbols.sh LIBRARY.so ROOT: the shared library exports functions named qv_*, all of the public headers, and nothing else.
set -u
. "$(dirname "$0")/tap.sh"
exported=$(nm -D --defined-only "$1" | awk '{ sub(/@.*/, "", $NF); print $NF }' | LC_ALL=C sort -u)
# Declarations begin at the left edge; a name before a bracket is a function's. What is static is compiled into its caller.
declared=$(cat "$2"/include/quiver/*.h | grep -E '^[a-z]' | grep -vE '^(typedef|static)' |
    grep -oE '\bqv_[a-z0-9_]+\(' | tr -d '(' | LC_ALL=C sort -u)

verdict "exports are named qv_*" "$(printf '%s\n' "$exported" | grep -v '^qv_')"
verdict "every declared function is exported" "$(
    printf '%s\n' "$declared" | while IFS= read -r name; do
        printf '%s\n' "$exported" | grep -qx "$name" || echo "declared but not in the library: $name"
    done)"
finish
