#!/bin/sh
# triggers.sh BUILD_DIR: quiver triggers as a script sees it: what goes to stdout and what to stderr, exit statuses, what is
# not known. Prints TAP.
set -u
. "$(dirname "$0")/../house/tap.sh"
quiver=$(cd "$1" && pwd)/quiver
[ -x "$quiver" ] || exit 99
T=$(mktemp -d) || exit 99
trap 'rm -rf "$T"' EXIT
export XDG_DATA_HOME="$T/data" HOME="$T/home" LC_ALL=C
unset NO_COLOR QUIVER_JOURNAL
cd "$T" || exit 99

# expect NAME STATUS STDOUT STDERR COMMAND...: patterns of grep -E, on any line; "" means nothing may be printed.
expect() {
    name=$1 status=$2
    printf '%s\n' "$3" >want-out
    printf '%s\n' "$4" >want-err
    shift 4
    "$@" >out 2>err </dev/null
    found=$?
    offences=
    [ $found = "$status" ] || offences="exit status $found, expected $status"
    for stream in out err; do
        pattern=$(cat want-$stream)
        if [ -z "$pattern" ] && [ -s $stream ]; then
            offences="$offences
std$stream should be empty: $(head -c 300 $stream)"
        elif [ -n "$pattern" ] && ! tr '\n' ' ' <$stream | tr -s ' ' | grep -qE -- "$pattern"; then
            offences="$offences
std$stream has no /$pattern/: $(head -c 600 $stream)"
        fi
    done
    verdict "$name" "$(printf '%s' "$offences" | sed '/^$/d')"
}

# Forty days; every other day 300 mg of caffeine, by no habit of the week, and about twice as many twitches with it. Nights all alike.
# On day 7 no twitches were noted, on day 9 none were there.
awk 'BEGIN {
    print "time,kind,amount,unit,note"
    seed = 7
    for (day = 1; day <= 40; day++) {
        date = sprintf("2026-%02d-%02d", day > 31 ? 2 : 1, day > 31 ? day - 31 : day)
        seed = (seed * 1103 + 12345) % 65536
        much = int(seed / 256) % 2
        printf "%sT08:30,caffeine,%d,mg,coffee\n", date, much ? 300 : 100
        printf "%s,sleep,7.5,h,\n", date
        if (day != 7)
            printf "%sT21:00,twitch,%d,count,left\n", date, day == 9 ? 0 : (much ? 8 : 4) + day % 3
    }
}' >diary.csv

expect "caffeine is found, with its interval" 0 \
    'More twitches came with: caffeine.*about [0-9]+ % more twitches on days with 100 mg more caffeine. It could be anything from [0-9]+ % more to' \
    "" "$quiver" triggers --diary diary.csv
expect "39 days of 40 were noted" 0 "39 days noted" "" "$quiver" triggers --diary diary.csv
expect "habits that were never noted are named" 0 "Nothing was noted of: stress, tiredness" "" "$quiver" triggers --diary diary.csv
expect "an experiment is offered" 0 "quiver trial plan caffeine" "" "$quiver" triggers --diary diary.csv
expect "it does not claim a cause" 0 "does not prove what causes what" "" "$quiver" triggers --diary diary.csv
"$quiver" triggers --diary diary.csv --plain >out
verdict "plain is ASCII" "$(grep -n "[^ -~]" out)"

expect "JSON, alone on stdout" 0 '^\{ "quiver_triggers": 1, "days_observed": 39,' "" "$quiver" triggers --diary diary.csv --json
if command -v jq >/dev/null; then
    verdict "JSON is the contract's" "$(jq -e '
        .factors | map(select(.factor == "caffeine" and .lag_days == 0)) | .[0] |
        .verdict == "likely_trigger" and .per == "100 mg" and .interval95[0] > 1 and .interval95[0] < .rate_ratio
        and .rate_ratio < .interval95[1] and .days_needed == null' out 2>&1 | grep -v true)"
    verdict "what was not noted is null, none is 0" "$(jq -e '
        (.days[6].twitches == null) and (.days[8].twitches == 0) and (.days | length == 40)' out 2>&1 | grep -v true)"
fi

printf '{"quiver_case":1,"findings":{"medications":[{"name":"lithium"}]}}' >lithium.json
expect "who must ask first is told so" 0 "ask your prescriber" "" \
    "$quiver" triggers --diary diary.csv --case lithium.json
verdict "and is not sent to try it" "$(grep "trial plan caffeine" out)"

{ cat diary.csv; echo '2026-01-02,medicine,400,mg,lithium started'; } >lithium.csv
expect "the diary says who must ask first, too" 0 "ask your prescriber" "" \
    "$quiver" triggers --diary lithium.csv

"$quiver" import diary.csv >/dev/null 2>&1
expect "the journal says the same as the diary" 0 "More twitches came with: caffeine" "" "$quiver" triggers
"$quiver" triggers --json >from-journal
"$quiver" triggers --json --diary diary.csv >from-diary
verdict "to the last digit" "$(diff from-journal from-diary | head -5)"

expect "a picture is written" 0 "caffeine" "" "$quiver" triggers --diary diary.csv --plot triggers.svg
expect "and says it in words" 0 "100 mg more caffeine" "" cat triggers.svg
expect "a picture of no kind is refused before the work" 64 "" "expected a name that ends in" \
    "$quiver" triggers --diary diary.csv --plot triggers.txt

head -n 25 diary.csv >young.csv
expect "a young diary says that it is too early, and from when it will not be" 0 \
    "too early to say.*[0-9]{4}-[0-9]{2}-[0-9]{2} caffeine \+100 mg: noted on [0-9]+ days, about [0-9]+ needed" "" \
    "$quiver" triggers --diary young.csv
head -n 1 diary.csv >empty.csv
expect "an empty diary is no error" 0 "0 days noted" "" "$quiver" triggers --diary empty.csv
expect "an empty diary has no usual number of twitches" 0 '"baseline_per_day": null' "" "$quiver" triggers --diary empty.csv --json

expect "a diary that is not there" 66 "" "nowhere.csv" "$quiver" triggers --diary nowhere.csv
expect "a journal that is not there" 66 "" "nowhere.db" "$quiver" triggers --journal nowhere.db
printf 'time,kind,amount,unit,note\n2026-01-01,sleep,31,h,\n' >bad.csv
expect "a bad row is named by its line" 65 "" "bad.csv: line 2: .*31.*24" "$quiver" triggers --diary bad.csv
printf 'time,kind,amount,unit,note\n1700-01-01,twitch,1,count,\n2026-01-01,twitch,1,count,\n' >long.csv
expect "three centuries are refused" 65 "" "1700-01-01 to 2026-01-01, expected at most" "$quiver" triggers --diary long.csv
expect "diary and journal are not added up" 64 "" "expected one of them" "$quiver" triggers --diary diary.csv --journal x
expect "an operand is refused" 64 "" "found .diary.csv.; a diary is given with --diary" "$quiver" triggers diary.csv
finish
