#!/usr/bin/env bash
# readme.sh ROOT PROGRAM [update]: the examples in README.md are what the program says. A block after a line
# "<!-- output of: quiver ARGUMENTS -->" is compared with the output of that command; "update" writes it there instead.
set -u
# shellcheck source=tests/house/tap.sh
. "$(dirname "$0")/tap.sh"
program=$(realpath "$2") || exit 99
cd "$1" || exit 99
fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT

while IFS= read -r line; do
    printf '%s\n' "$line"
    case $line in
    '<!-- output of: quiver '*)
        arguments=${line#'<!-- output of: quiver '}
        read -ra words <<<"${arguments%' -->'}"
        echo '```'
        LC_ALL=C.UTF-8 NO_COLOR=1 COLUMNS=80 "$program" "${words[@]}" </dev/null
        echo '```'
        # pass over the block that stands there
        read -r fence && [ "$fence" = '```' ] && while IFS= read -r old && [ "$old" != '```' ]; do :; done
        ;;
    esac
done <README.md >"$fresh"

if [ "${3:-}" = update ]; then
    cat "$fresh" >README.md
    exit 0
fi
verdict "README.md shows what the program says" "$(diff README.md "$fresh")"
finish
