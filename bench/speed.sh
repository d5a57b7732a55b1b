#!/usr/bin/env bash
# How fast the answers come. Two goals, each printed as a ratio to its limit in the same run:
#   one case, the whole process, at most 10 ms;  at least 20,000 cases a second from NDJSON on one core.
# The second is told twice: by the clock, and by the time for which the core was ours, which a busy machine changes less.
# A peer for scale: jq reading the same lines and writing them out again, where it is installed.
# Medians of several runs; starting /bin/true is printed beside, because on a busy machine that alone takes milliseconds.
set -eu
quiver=${QUIVER:-build/quiver}
cases=$(mktemp) one=$(mktemp)
trap 'rm -f "$cases" "$one"' EXIT

# The case suite as lines, repeated to about ten thousand.
for each in knowledge/cases/*/case.json; do
    tr -d '\n' <"$each"
    echo
done >"$one"
lines=$(wc -l <"$one")
for _ in $(seq $((10000 / lines + 1))); do cat "$one"; done >"$cases"
lines=$(wc -l <"$cases")

# microseconds COMMAND...: wall time of one run, by bash's own clock, so that nothing else is started.
microseconds() {
    local begin=${EPOCHREALTIME/[.,]/} end
    "$@" >/dev/null
    end=${EPOCHREALTIME/[.,]/}
    echo $((end - begin))
}

# processor COMMAND...: processor time of one run, user and system, in microseconds.
processor() {
    local TIMEFORMAT='%U %S'
    { time "$@" >/dev/null 2>&1; } 2>&1 | awk '{ printf "%.0f\n", ($1 + $2) * 1e6 }'
}

# median RUNS CLOCK COMMAND...: median of so many runs by one of the two, in microseconds.
median() {
    local runs=$1 clock=$2
    shift 2
    for _ in $(seq "$runs"); do "$clock" "$@"; done | sort -n | sed -n "$((runs / 2 + 1))p"
}

single=$(median 21 microseconds "$quiver" ask --case examples/lisa/case.json --json)
nothing=$(median 21 microseconds /bin/true)
batch=$(median 5 microseconds taskset -c 0 "$quiver" ask --cases "$cases" --json)
ours=$(median 5 processor taskset -c 0 "$quiver" ask --cases "$cases" --json)

awk -v single="$single" -v nothing="$nothing" -v batch="$batch" -v ours="$ours" -v lines="$lines" 'BEGIN {
    rate = lines / batch * 1e6
    own_rate = lines / ours * 1e6
    printf "one case, whole process      %8.2f ms    limit 10 ms        ratio %.2f   (starting /bin/true: %.2f ms)\n",
        single / 1e3, single / 1e4, nothing / 1e3
    printf "cases a second on one core   %8.0f       goal 20,000        ratio %.2f\n", rate, rate / 20000
    printf "  by processor time          %8.0f                       ratio %.2f\n", own_rate, own_rate / 20000
}'
if command -v jq >/dev/null; then
    peer=$(median 3 microseconds taskset -c 0 jq -c . "$cases")
    awk -v peer="$peer" -v batch="$batch" 'BEGIN {
        printf "time of `jq -c .` on the same lines, over ours: %.2f\n", peer / batch }'
fi
