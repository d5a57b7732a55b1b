#!/bin/sh
# bake.sh BAKE KNOWLEDGE_DIR OUT.c DEPFILE: writes the built-in knowledge, and what it was made from for Ninja.
# The folders are named too: their time changes when a file is added or deleted.
set -eu
"$1" "$2" "$3"
{
    printf '%s:' "$3"
    find "$2" \( -type d -o -name '*.yaml' \) | LC_ALL=C sort | sed 's/[ #]/\\&/g; s/\$/$$/g' | tr '\n' ' ' | sed 's/^/ /'
    echo
} >"$4"
