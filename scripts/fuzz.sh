#!/usr/bin/env bash
# Runs each fuzzer for FUZZ_SECONDS (60). What crashes is kept in tests/fuzz/corpus/NAME/, where `make test` replays it.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh test
[ -f build-fuzz/build.ninja ] ||
    CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined >/dev/null
ninja -C build-fuzz --quiet

ran=0
for fuzzer in build-fuzz/tests/fuzz-*; do
    if [ ! -f "$fuzzer" ] || [ ! -x "$fuzzer" ]; then continue; fi
    name=${fuzzer##*/fuzz-}
    seeds=tests/fuzz/corpus/$name
    mkdir -p "build-fuzz/corpus/$name" "$seeds"
    echo "fuzzing $name for ${FUZZ_SECONDS:-60} s"
    # Seeds are kept even where their coverage is no news: that of libyaml is not seen.
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 "$fuzzer" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 \
        -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 -keep_seed=1 -artifact_prefix="$seeds/" \
        "build-fuzz/corpus/$name" "$seeds"
    ran=$((ran + 1))
done
[ "$ran" -gt 0 ] || { echo "no fuzzer was built" >&2; exit 70; }
