#!/bin/sh
# listed.sh ROOT: every C file is in a list of the build, so that none lies there uncompiled or untested.
set -u
. "$(dirname "$0")/tap.sh"
cd "$1" || exit 99

verdict "every source is in src/meson.build" "$(find src -name '*.c' | LC_ALL=C sort | while IFS= read -r file; do
    grep -qF "'${file#src/}'" src/meson.build || echo "$file: not in src/meson.build"
done)"
verdict "every test is in tests/meson.build" "$(
    find tests -path tests/house -prune -o -name '*.c' -print | LC_ALL=C sort | while IFS= read -r file; do
        grep -qE "'$(basename "$file" .c)'" tests/meson.build || echo "$file: not in tests/meson.build"
    done)"
finish
