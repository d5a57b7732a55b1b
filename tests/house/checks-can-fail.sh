#!/bin/sh
# checks-can-fail.sh ROOT CXX CC...: every check of the house complains about a house that breaks it.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
root=$1 cxx=$2
shift 2
bad=$(mktemp -d) || exit 99
trap 'rm -rf "$bad"' EXIT

mkdir -p "$bad/include/quiver" "$bad/src/base" "$bad/src/report" "$bad/src/cli" "$bad/src/attic" \
    "$bad/docs" "$bad/tools" "$bad/tests/unit" "$bad/tests/fuzz"
cp "$root/docs/architecture.md" "$bad/docs/"
echo 'size_t qv_lonely(char out[static 2]);' >"$bad/include/quiver/base.h"
echo '/* */' >"$bad/include/quiver/nowhere.h"
cat >"$bad/src/base/a.c" <<'END'
#include <quiver/report.h>
const char *medicine = "drink less caffeine";
int count(const char *text) { return atoi(text); }
END
echo '#include "../base/secret.h"' >"$bad/src/cli/b.c"
printf '#include "layout.h"\n#include <quiver/reason.h>\n' >"$bad/src/report/fine.c"
touch "$bad/src/attic/c.c" "$bad/src/meson.build" "$bad/tests/unit/d.c" "$bad/tests/meson.build"
printf '# %s\n' 'TOD''O: later' 'see /hom''e/someone/notes' >"$bad/Makefile"
printf 'int stray(void); int stray(void) { return 0; }\n' | "$@" -shared -fPIC -x c - -o "$bad/library.so"

# complains CHECK WHAT ARGUMENTS...: the check fails, and says WHAT on a line of its complaints.
complains() {
    check=$1 what=$2
    shift 2
    said=$("$here/$check.sh" "$@" 2>&1) && verdict "$check.sh: $what" "it passed a bad house" && return
    verdict "$check.sh: $what" "$(printf '%s\n' "$said" | grep -qE "^(not ok|#).*$what" || printf 'it said only\n%s\n' "$said")"
}
complains headers 'base.h alone as C17' "$bad" "$cxx" "$@"
complains headers 'base.h alone as C..17' "$bad" "$cxx" "$@"
complains arrows 'base/ reaches for report/' "$bad"
complains arrows 'private header of another room' "$bad"
complains arrows 'attic/: not in the table' "$bad"
complains arrows 'no room nowhere/' "$bad"
complains symbols 'stray' "$bad/library.so" "$bad"
complains symbols 'not in the library: qv_lonely' "$bad/library.so" "$bad"
complains words 'drink less caffeine' "$bad"
complains words 'someone/notes' "$bad"
complains words 'later' "$bad"
complains calls 'use strtol' "$bad"
complains listed 'src/attic/c.c' "$bad"
complains listed 'tests/unit/d.c' "$bad"
verdict "arrows.sh passes what is right" "$("$here/arrows.sh" "$bad" | grep 'src/report/fine.c')"
finish
