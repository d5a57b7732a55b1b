#!/usr/bin/env bash
# Looks at layout, C, shell scripts and the medicine, and goes on to the end so that all complaints are seen at once.
set -u
cd "$(dirname "$0")/.." || exit 70
scripts/setup.sh lint || exit
failed=0
run() {
    echo "- $1"
    shift
    "$@" || failed=1
}

mapfile -t c_files < <(find src include tools tests bench -name '*.[ch]' | LC_ALL=C sort)
mapfile -t sources < <(find src tools bench -name '*.c' | LC_ALL=C sort)
mapfile -t shell_files < <(find scripts tests bench examples .ci -name '*.sh' -o -path .ci/run | LC_ALL=C sort)

run "clang-format" clang-format --dry-run -Werror "${c_files[@]}"
run "cppcheck" cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
    --suppress=missingIncludeSystem -D_GNU_SOURCE -Iinclude "${sources[@]}"
# clang-tidy asks the build how each file is compiled, in Clang's words.
if [ ! -f build-tidy/build.ninja ]; then
    CC=clang meson setup build-tidy -Dtests=disabled >/dev/null || exit
fi
# shellcheck disable=SC2317 # called by run
tidy() { printf '%s\0' "${sources[@]}" | xargs -0 -n 4 -P "$(nproc)" clang-tidy --quiet -p build-tidy 2>/dev/null; }
run "clang-tidy" tidy
run "shellcheck" shellcheck -x -P SCRIPTDIR "${shell_files[@]}"
run "quiver knowledge check" build/quiver knowledge check knowledge
exit "$failed"
