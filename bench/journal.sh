#!/usr/bin/env bash
# How fast the journal takes and gives (bench/journal.c), each figure beside its goal; in the folder for temporary files.
set -eu
build=$(dirname "${QUIVER:-build/quiver}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

echo
echo "the journal, on $(nproc) cores at a load of $(cut -d' ' -f1 /proc/loadavg)"
echo
"$build/bench/bench-journal" "$work"
