#!/bin/sh
# case-file.sh ROOT: docs/case-file.md names every finding of knowledge/findings.yaml, and no other.
set -u
. "$(dirname "$0")/tap.sh"
cd "$1" || exit 99
known=$(sed -n 's/^  - id: //p' knowledge/findings.yaml | sort)
verdict "every finding is in docs/case-file.md" "$(for id in $known; do
    grep -q "\`$id\`" docs/case-file.md || echo "$id is missing"
done)"
# shellcheck disable=SC2016 # the backquotes are Markdown's
verdict "docs/case-file.md names no other finding" "$(sed -n '/^## Findings/,$p' docs/case-file.md | grep '^| `' | sed 's/^| `\([a-z0-9_]*\)`.*/\1/' |
    while IFS= read -r id; do
        echo "$known" | grep -qx "$id" || echo "$id is not a finding"
    done)"
finish
