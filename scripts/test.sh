#!/usr/bin/env bash
# All tests, in two builds: GCC as it is shipped, and Clang with the address and undefined-behaviour sanitizers. Warnings
# are errors in both. The last line counts the cases; fails when one failed, when a build failed and when no test ran.
set -u
cd "$(dirname "$0")/.." || exit 70
scripts/setup.sh test || exit
scripts/models.sh media || true # without them, what needs a face is not tested, and is said so
passed=0 failed=0

# configure FOLDER OPTIONS...: sets a build up, or brings its options up to date.
configure() {
    local folder=$1
    shift
    if [ -f "$folder/build.ninja" ]; then
        meson configure "$folder" "$@"
    else
        meson setup "$folder" "$@"
    fi
}

# Counts the TAP lines of each program; one that prints none counts as one. One that fails without a "not ok" (a crash,
# a time-out, a leak) counts as one failed. Prints "passed failed".
count() {
    awk '
        {
            bad = gsub(/(\\n|")not ok[ \\]/, "&") - gsub(/(\\n|")not ok [0-9]+ # SKIP/, "&") # as cmocka says it
            good = gsub(/(\\n|")ok[ \\]/, "&")
            fine = /"result": "OK"/
            if (fine && !good && !bad)
                good = 1
            if (!fine && !bad && !/"result": "SKIP"/)
                bad = 1
            passed += good
            failed += bad
        }
        END { print passed + 0, failed + 0 }' "$1"
}

# check FOLDER NAME SUITES...: builds and runs. NAME keeps the logs apart.
check() {
    local folder=$1 name=$2 log good bad
    shift 2
    log=$folder/meson-logs/$name.json
    rm -f "$log"
    if ! ninja -C "$folder" --quiet; then
        echo "$folder: the build failed"
        failed=$((failed + 1))
        return
    fi
    meson test -C "$folder" --no-rebuild --logbase "$name" --print-errorlogs "${@/#/--suite=}" ||
        echo "$folder: meson test says $?"
    [ -f "$log" ] || return
    read -r good bad <<<"$(count "$log")"
    passed=$((passed + good))
    failed=$((failed + bad))
}

configure build -Dtests=enabled -Dwerror=true >/dev/null || failed=$((failed + 1))
# The sweeps put their own malloc in the place of the C library's, which cannot be had together with the sanitizer's.
check build quick unit cases sweep house slow

CC=clang configure build-asan -Dtests=enabled -Dwerror=true -Dbuildtype=debugoptimized \
    -Db_sanitize=address,undefined >/dev/null || failed=$((failed + 1))
check build-asan sanitized unit fuzz-replay

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
