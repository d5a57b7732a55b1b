#!/bin/sh
# arrows.sh ROOT: rooms include only what the table in docs/architecture.md allows, and the table points down only.
set -u
. "$(dirname "$0")/tap.sh"
cd "$1" || exit 99

# "room floor allowed allowed …", one a line.
table=$(awk '
    /<!-- arrows -->/ { inside = 1; next }
    /<!-- end of arrows -->/ { inside = 0 }
    inside && /^\| `/ { gsub(/[|`,\/]/, " "); $1 = $1; print }
' docs/architecture.md)
[ -n "$table" ] || { verdict "the table of arrows is there" "docs/architecture.md has no table between its marks"; finish; }

verdict "the table points down only" "$(printf '%s\n' "$table" | awk '
    { floor[$1] = $2; line[NR] = $0 }
    END {
        for (n = 1; n <= NR; n++) {
            fields = split(line[n], f, " ")
            for (i = 3; i <= fields; i++) {
                if (!(f[i] in floor))
                    print f[1] "/ may include " f[i] "/, which is no room"
                else if (floor[f[i]] >= floor[f[1]])
                    print f[1] "/ (floor " floor[f[1]] ") may include " f[i] "/ (floor " floor[f[i]] ")"
            }
        }
    }')"

verdict "each public header has a room" "$(for header in include/quiver/*.h; do
    room=$(basename "$header" .h)
    printf '%s\n' "$table" | grep -q "^$room " || echo "$header: no room $room/ in the table"
done)"

# One line of offences a wrong include.
check_room() {
    awk -v room="$1" -v row="$(printf '%s\n' "$table" | grep "^$1 ")" '
        BEGIN {
            count = split(row, f, " ")
            if (!count)
                print "src/" room "/: not in the table of docs/architecture.md"
            allowed[room] = 1
            for (i = 3; i <= count; i++)
                allowed[f[i]] = 1
        }
        /^[ \t]*#[ \t]*include[ \t]*<quiver\// {
            name = $0
            sub(/.*<quiver\//, "", name)
            sub(/\.h>.*/, "", name)
            if (!(name in allowed))
                print FILENAME ":" FNR ": " room "/ reaches for " name "/: " $0
        }
        /^[ \t]*#[ \t]*include[ \t]*"/ {
            name = $0
            sub(/^[^"]*"/, "", name)
            sub(/".*/, "", name)
            if (name ~ /\//)
                print FILENAME ":" FNR ": a private header of another room: " $0
        }' /dev/null "$2"
}

for folder in src/*/; do
    room=$(basename "$folder")
    offences=$(find "src/$room" "include/quiver/$room.h" -name '*.[ch]' 2>/dev/null | LC_ALL=C sort |
        while IFS= read -r file; do check_room "$room" "$file"; done)
    verdict "$room/ keeps to its arrows" "$offences"
done
finish
