#!/usr/bin/env bash
# How honest `quiver triggers` is, and how quick: over simulated diaries whose truth is known (bench-nof1), each figure beside its goal,
# and beside R (bench/nof1.R), where it is installed. QUIVER_BENCH_LONG=1: a thousand diaries a row, some ten minutes.
set -eu
build=$(dirname "${QUIVER:-build/quiver}")
peer=$build/bench/bench-nof1
diaries=200 drawn=1000
if [ -n "${QUIVER_BENCH_LONG:-}" ]; then diaries=1000 drawn=4000; fi

echo
echo "quiver triggers, at a load of $(cut -d' ' -f1 /proc/loadavg); $diaries simulated diaries a row"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# rows: prints what bench-nof1 or nof1.R said, a line a figure, and whether the goal is met.
rows() {
    awk -F '\t' '{
        met = $3 == "most" ? $2 <= $4 : $2 >= $4
        printf "  %-58s %9.4g   %s %-6s %6s  %s\n", $1, $2, $3 == "most" ? "≤" : "≥", $4, met ? "met" : "MISSED", $5
        fflush()
    }'
}
part() {
    echo
    echo "  $1"
}

part 'how far the share of intervals (95 %) that cover the truth is from 95 %, in points'
"$peer" cover "$diaries" | rows
part 'bystanders that are called likely triggers, %'
"$peer" bystanders "$diaries" | rows
part 'triggers that are found, %'
"$peer" find "$diaries" | rows
"$peer" needed "$diaries" | rows
part 'of two habits that move together, the one that does nothing is called a likely trigger, %'
"$peer" entwined "$diaries" | rows
part 'ranks of the truth in its posterior: are they uniform?'
"$peer" ranks "$drawn" | rows
part 'speed'
"$peer" speed | rows
if command -v Rscript >/dev/null; then
    part 'beside R'
    "$peer" beside "$work"
    # The packages talk while they load.
    Rscript "$(dirname "$0")/nof1.R" "$work" 2>/dev/null | grep '	' | rows || true
else
    part 'beside R: left out, Rscript is not installed'
fi
