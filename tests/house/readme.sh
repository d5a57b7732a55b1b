#!/usr/bin/env bash
# readme.sh ROOT PROGRAM [update]: the examples in README.md are what the program says. A block after a line
# "<!-- output of: quiver ARGUMENTS -->" is compared with the output of that command; "update" writes it there instead. Blocks of
# Lisa's clip are left as they are where it cannot be made.
set -u
# shellcheck source=tests/house/tap.sh
. "$(dirname "$0")/tap.sh"
program=$(realpath "$2") || exit 99
cd "$1" || exit 99
fresh=$(mktemp)
export XDG_DATA_HOME=$fresh.data # nobody's own journal is read, or written to
unset QUIVER_JOURNAL
trap 'rm -rf "$fresh" "$XDG_DATA_HOME"' EXIT

clip=build/lisa.mp4
mkdir -p build
if examples/lisa/clip.sh "$program" "$clip" >&2; then have_clip=yes; else have_clip=no; fi

while IFS= read -r line; do
    printf '%s\n' "$line"
    case $line in
    '<!-- output of: quiver '*"$clip"*) [ $have_clip = yes ] || continue ;;&
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
[ $have_clip = yes ] || echo "# no clip of Lisa here: what README.md says of it is not compared"
verdict "README.md shows what the program says" "$(diff README.md "$fresh")"
finish
