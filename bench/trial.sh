#!/usr/bin/env bash
# What `quiver trial` promises, over simulated people who live trials (bench-trial), each figure beside its goal. QUIVER_BENCH_LONG=1: a
# thousand trials for each interval too, some six minutes.
set -eu
build=$(dirname "${QUIVER:-build/quiver}")
trials=1000 estimated=100
if [ -n "${QUIVER_BENCH_LONG:-}" ]; then trials=4000 estimated=1000; fi

echo
echo "quiver trial, at a load of $(cut -d' ' -f1 /proc/loadavg); $trials simulated trials a row, $estimated for intervals"
echo
"$build/bench/bench-trial" "$trials" "$estimated" | awk -F '\t' '{
    met = $3 == "most" ? $2 <= $4 : $2 >= $4
    printf "  %-76s %8.4g   %s %-6s %6s  %s\n", $1, $2, $3 == "most" ? "≤" : "≥", $4, met ? "met" : "MISSED", $5
    fflush()
}'
