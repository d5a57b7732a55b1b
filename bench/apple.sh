#!/usr/bin/env bash
# How fast a big Apple Health export is read, and in how much memory. Goal: 100 MB of XML a second within 50 MB, whatever the size.
# Beside it, in the same run, expat over the same file with handlers that do nothing: what no reader that stands on it can beat.
# APPLE_MB (300) megabytes of XML are made for it. By the clock, and by processor time, which a busy machine changes less.
set -eu
program=${BENCH_APPLE:-build/bench/bench-apple}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/apple_health_export"
xml=$folder/apple_health_export/export.xml
"$program" generate "$xml" "${APPLE_MB:-300}"

# fastest WHAT FILE: of three runs, the one that took least processor time.
fastest() {
    for _ in 1 2 3; do "$program" "$1" "$2"; done | sort -k4,4nr | sed -n 1p
}
# row NAME GOAL FIGURES
row() {
    echo "$3" | awk -v name="$1" -v goal="$2" '{
        printf "%-34s %8.1f %14.1f %10.1f %12d   %s\n", name, $3, $4, $5, $6, goal }'
}

echo "what                                   MB/s   by processor    peak MB      entries   goal"
bare=$(fastest expat "$xml")
ours=$(fastest ours "$xml")
row "expat, empty handlers" "" "$bare"
row "export.xml" "100 MB/s, 50 MB" "$ours"
if command -v zip >/dev/null; then
    (cd "$folder" && zip -q -r export.zip apple_health_export)
    row "export.zip (as XML)" "100 MB/s, 50 MB" "$(fastest ours "$folder/export.zip")"
fi
echo "$bare $ours" | awk '{ printf "of the speed of bare expat, by processor time: %.2f\n", $10 / $4 }'
