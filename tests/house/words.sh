#!/bin/sh
# words.sh ROOT: no medicine in the strings of the C code (it lives in knowledge/), no addresses of one machine anywhere,
# no marks of unfinished work. src/vision names parts of the face, so it is left out of the first.
set -u
. "$(dirname "$0")/tap.sh"
cd "$1" || exit 99

medicine='caffeine|magnesium|potassium|calcium|spasm|palsy|stroke|seizure|dyskinesia|dystonia|thyroid|ambulance|prescri'
# Comments are taken out first: they may speak of medicine. The loader and its
# checker name the YAML's keys (caffeine_mg), so keys that end in a unit pass there.
verdict "no medicine in C strings" "$(find src -path src/vision -prune -o -name '*.[ch]' -print | LC_ALL=C sort |
    while IFS= read -r file; do
        awk -v words="$medicine" -v loader="${file%%src/knowledge/*}" '
            {
                code = $0
                gsub(/\/\*([^*]|\*[^\/])*\*\//, "", code)
                if (comment) {
                    if (!sub(/^.*\*\//, "", code))
                        next
                    comment = 0
                }
                if (sub(/\/\*.*/, "", code))
                    comment = 1
                sub(/\/\/[^"]*$/, "", code)
                if (loader == "")
                    gsub(/[a-z_]+_mg/, "", code)
                gsub(/"(caffeine|magnesium|potassium)"/, "", code) # labels of columns
                while (match(code, /"([^"\\]|\\.)*"/)) {
                    if (tolower(substr(code, RSTART, RLENGTH)) ~ words)
                        print FILENAME ":" FNR ": " $0
                    code = substr(code, RSTART + RLENGTH)
                }
            }' "$file"
    done)"

files() {
    find . \( -name .git -o -name node_modules -o -name 'build' -o -name 'build-*' -o -path ./tests/fuzz/corpus -o -path ./tests/house \) -prune \
        -o -type f -print | LC_ALL=C sort
}
# Brackets keep the patterns from finding themselves.
machine='(^|[^A-Za-z0-9_.])/(wor[k]|hom[e]|roo[t]|User[s])/|bash_job[s]|https?://[a-z.]*(npm[j]s|debia[n])'
verdict "no paths or registries of one machine" "$(files | tr '\n' '\0' | xargs -0 grep -nIE "$machine" /dev/null)"

verdict "no unfinished marks" "$(files | grep -v '\.md$' | tr '\n' '\0' |
    xargs -0 grep -nIE '\b(TOD[O]|FIXM[E]|XX[X]|HAC[K]|not implemente[d])\b' /dev/null)"
finish
