#!/bin/sh
# headers.sh ROOT CXX CC...: each public header compiles alone, as strict C17 and as C++.
set -u
. "$(dirname "$0")/tap.sh"
root=$1 cxx=$2
shift 2

for header in "$root"/include/quiver/*.h; do
    [ -e "$header" ] || continue
    name=quiver/$(basename "$header")
    # Twice: the second time must find the guard.
    unit=$(printf '#include <%s>\n#include <%s>\ntypedef int not_empty;\n' "$name" "$name")
    verdict "$name alone as C17" "$(printf '%s\n' "$unit" |
        "$@" -std=c17 -pedantic-errors -Wall -Wextra -Wstrict-prototypes -Werror -I"$root/include" -fsyntax-only -x c - 2>&1)"
    verdict "$name alone as C++17" "$(printf '%s\n' "$unit" |
        "$cxx" -std=c++17 -Wall -Wextra -Werror -I"$root/include" -fsyntax-only -x c++ - 2>&1)"
done
finish
