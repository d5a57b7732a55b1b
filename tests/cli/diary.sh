#!/bin/sh
# diary.sh BUILD_DIR: the diary as a script sees it: what is logged stays, is undone and put right; what comes in from files, and goes
# out again; journals in odd places. Prints TAP.
set -u
. "$(dirname "$0")/../house/tap.sh"
quiver=$(cd "$1" && pwd)/quiver
[ -x "$quiver" ] || exit 99
T=$(mktemp -d) || exit 99
trap 'chmod -R u+w "$T"; rm -rf "$T"' EXIT
export XDG_DATA_HOME="$T/data" HOME="$T/home" LC_ALL=C TZ=CET-1CEST,M3.5.0,M10.5.0/3
unset NO_COLOR QUIVER_JOURNAL
cd "$T" || exit 99

# expect NAME STATUS STDOUT STDERR COMMAND...: patterns are of grep -E, on any line; "" means nothing may be printed.
expect() {
    name=$1 status=$2 out=$3 err=$4
    shift 4
    "$@" >out 2>err <"${input:-/dev/null}"
    found=$? offences=
    [ $found = "$status" ] || offences="exit status $found, expected $status"
    for stream in out err; do
        pattern=$out
        [ $stream = err ] && pattern=$err
        if [ -z "$pattern" ] && [ -s $stream ]; then
            offences="$offences
std$stream should be empty: $(head -c 300 $stream)"
        elif [ -n "$pattern" ] && ! grep -qE -- "$pattern" $stream; then
            offences="$offences
std$stream has no /$pattern/: $(head -c 300 $stream)"
        fi
    done
    verdict "$name" "$(printf '%s' "$offences" | sed '/^$/d')"
}
same() { verdict "$1" "$([ "$2" = "$3" ] || printf 'found    %s\nexpected %s\n' "$2" "$3")"; }
one_line() { same "  in one line" "$(wc -l <err | tr -d ' ')" 1; }
entries() { "$quiver" export "$@" 2>/dev/null | tail -n +2; }
json_alone() { verdict "$1" "$(head -c 1 out | grep -v '{')$(tail -n 1 out | grep -v '}$')"; }

# ---- log ----

expect "a day of which nothing is known" 0 'Nothing is noted yet' '' "$quiver" log
same "looking makes no file" "$(find . -name "journal*" | wc -l | tr -d " ")" 0
expect "an undo of nothing" 0 'nothing to undo' '' "$quiver" log undo
expect "the first twitch" 0 '^Logged: twitch 3 \(left\), today [0-9:]+\. Undo: quiver log undo$' '' "$quiver" log twitch 3 left
same "its journal is for its owner only" "$(stat -c %a data/quiver data/quiver/journal.db | tr '\n' ' ')" '700 600 '
expect "coffee at a time" 0 '^Logged: caffeine 280 mg \(2 × Filter coffee, mug\), today 08:30' '' "$quiver" log coffee 2 --at 08:30
expect "a night" 0 '^Logged: sleep 6 h 30 min, today\.' '' "$quiver" log sleep 6.5h
expect "a food, in two parts" 0 '^Logged: magnesium 31 mg, potassium 422 mg \(Banana\)' '' "$quiver" log banana
expect "no twitches, another day" 0 '^Logged: twitch 0, yesterday\.' '' "$quiver" log no twitches yesterday
expect "several at once" 0 '^  stress 7 of 10, today' '' "$quiver" log 'beer 1, stress 7'
expect "a medicine, and what it means for the twitch before" 0 '^Logged: sertraline started 50 mg' 'worth asking the prescriber' "$quiver" log sertraline 50mg started
expect "as JSON" 0 '"kind": "water"' '' "$quiver" log water 0.5 l --json
json_alone "which is alone"
expect "the day" 0 '^  caffeine    280 mg      08:30 2 × Filter coffee, mug$' '' "$quiver" log
expect "the day, what is not known of it" 0 '^  not known   fatigue, exercise$' '' "$quiver" log
expect "the day as JSON" 0 '"quiver_day": 1' '' "$quiver" log --json
json_alone "which is alone"
expect "the day before" 0 '^Yesterday, ' '' "$quiver" log --at yesterday

count=$(entries | wc -l)
expect "a word that is not known" 65 '' '"cofee" is not known; did you mean "coffee"' "$quiver" log twitch 3, cofee 2
one_line
expect "an impossible night" 65 '' 'sleep: found 31, expected a number from 0 to 24' "$quiver" log sleep 31h
one_line
expect "an option that is not there" 64 '' 'log: --att: no such option' "$quiver" log coffee --att 8:30
expect "a time that is none" 65 '' '"25:00": no time' "$quiver" log coffee --at 25:00
expect "a day to come" 65 '' 'is still to come' "$quiver" log coffee --at 9999-01-01
expect "a time that the clock skipped" 65 '' '02:30 on 2026-03-29: the clock was put forward over it' "$quiver" log coffee --at 2026-03-29T02:30
same "none of them is logged" "$(entries | wc -l)" "$count"

# ---- undo, edit, remove ----

entries >before
expect "something wrong" 0 '^Logged: alcohol 8 g' '' "$quiver" log gin
expect "is undone" 0 '^Undone: alcohol 8' '' "$quiver" log undo
same "and is gone" "$(entries)" "$(cat before)"
expect "an edit" 0 '^Now: twitch 4 \(right\), today' '' "$quiver" log edit 1 twitch 4 right
same "keeps its time" "$(entries | grep right | cut -d, -f1)" "$(grep left before | cut -d, -f1)"
expect "an edit of the time" 0 '^Now: twitch 4 \(right\), today 06:00' '' "$quiver" log edit 1 --at 06:00
expect "an edit into two" 65 '' 'found 2 entries, expected one' "$quiver" log edit 1 banana
expect "an edit into nothing" 64 '' 'expected what it should have been' "$quiver" log edit 1
expect "its history" 0 'twitch 3 \(left\)' '' "$quiver" log history 1
same "has all it was" "$("$quiver" log history 1 | wc -l | tr -d ' ')" 3
expect "its history as JSON" 0 '"withdrawn": false' '' "$quiver" log history 1 --json
expect "a removal" 0 '^Removed: twitch 4' '' "$quiver" log remove 1
expect "a second removal" 66 '' 'taken back' "$quiver" log remove 1
expect "a removal of nothing" 66 '' 'no entry 999' "$quiver" log remove 999
expect "a removal of no number" 64 '' 'found "x", expected the number' "$quiver" log remove x
"$quiver" log undo >out && "$quiver" log undo >out && "$quiver" log undo >out
same "three undos later all is as it was" "$(entries)" "$(cat before)"

# ---- the check-in ----

printf '3 left\n\n7/10\n2\n2 coffees at 8:30\nno\n' >in
input=in expect "a check-in" 0 'caffeine 280 mg' 'of what\? Such as' "$quiver" log --check-in --journal in.db
same "what was skipped is not logged" "$(entries --journal in.db | cut -d, -f2 | sort | tr '\n' ' ')" 'alcohol caffeine stress twitch '
input=/dev/null expect "a second one asks what is left" 0 '' 'How long did you sleep' "$quiver" log --check-in --journal in.db
same "and only that" "$(grep -c '?' err)" 1
expect "all of it is one change" 0 '^Undone: .*and 3 more' '' "$quiver" log undo --journal in.db
expect "a check-in is told nothing" 64 '' 'found "coffee"' "$quiver" log --check-in coffee

# ---- out and in again ----

expect "an export" 0 '^time,kind,amount,unit,note$' '' "$quiver" export
mv out whole.csv
expect "an export of a day" 0 ',twitch,0,count,' '' "$quiver" export --to "$(grep ',twitch,0,' whole.csv | cut -d, -f1)"
same "has that day alone" "$(wc -l <out | tr -d ' ')" 2
expect "an export of no day" 64 '' '--from is "soon", expected YYYY-MM-DD' "$quiver" export --from soon
expect "an export that ends before it begins" 64 '' 'is after' "$quiver" export --from 2026-01-02 --to 2026-01-01
expect "an export of no journal" 66 '' 'none.db' "$quiver" export --journal none.db
expect "an export where no file can be" 73 '' 'none/x.csv: No such file' "$quiver" export --out none/x.csv
expect "an export into a file" 0 '' '' "$quiver" export --out x.csv
same "is the same" "$(cat x.csv)" "$(cat whole.csv)"
same "and leaves nothing beside it" "$(echo x.csv*)" x.csv
# shellcheck disable=SC2016 # the inner shell's own words, here and below
expect "an export onto a full disk" 74 '' 'standard output: No space left' sh -c '"$1" export >/dev/full' - "$quiver"
expect "an import into an empty journal" 0 '^Added 10 of 10 entries\.$' '' "$quiver" import x.csv --journal new.db
# shellcheck disable=SC2016
expect "  gives the same" 0 '' '' sh -c '"$1" export --journal new.db | cmp - x.csv' - "$quiver"
expect "the same again adds nothing" 0 '^Added 0 of 10 entries; 10 were there already\.$' '' "$quiver" import x.csv --journal new.db
expect "JSON goes out" 0 '"quiver_diary": 1' '' "$quiver" export --json --journal new.db
mv out y.json
expect "  and comes in" 0 '"added": 10' '' "$quiver" import y.json --json --journal from-json.db
json_alone "  which is said as JSON alone"
# shellcheck disable=SC2016
expect "  as the same" 0 '' '' sh -c '"$1" export --json --journal from-json.db | cmp - y.json' - "$quiver"
expect "what was taken back" 0 '^Removed' '' "$quiver" log remove 3 --journal new.db
expect "  does not return with an import" 0 '^Added 0 of 10' '' "$quiver" import x.csv --journal new.db
expect "an import can be undone" 0 '^Undone: .* and 9 more' '' "$quiver" log undo --journal from-json.db
same "  whole" "$(entries --journal from-json.db)" ''
expect "a dry run" 0 '^Would add 10 of 10' '' "$quiver" import x.csv --dry-run --journal dry.db
same "makes no journal" "$(echo dry.db*)" 'dry.db*'
input=x.csv expect "an import of standard input" 0 '^Added 10 of 10' '' "$quiver" import - --journal stdin.db

# ---- rows that cannot be read ----

{
    echo 'time,kind,amount,unit,note'
    echo '2026-01-01,sleep,31,h,'
    for i in 1 2 3 4 5 6 7 8 9 10 11; do echo "2026-01-$i,coffee,1,,"; done
    echo '2026-01-02,twitch,3,count,left'
} >bad.csv
expect "bad rows without a terminal" 65 '' '^bad.csv: line 2: sleep: found 31' "$quiver" import bad.csv --journal bad.db
same "ten are named, the rest is counted" "$(grep -c '^bad.csv: line ' err) $(grep -c 'and 2 more' err)" '10 1'
same "what can be done is said" "$(grep -c 'nothing was imported; --skip-bad' err)" 1
same "nothing is imported" "$(entries --journal bad.db)" ''
expect "bad rows as JSON" 65 '"bad_rows": 12' 'skip-bad' "$quiver" import bad.csv --json --journal bad.db
same "  nothing is imported" "$(grep -c '"imported": false' out)" 1
expect "bad rows left out" 0 '^Added 1 of 1 entry\.$' '^bad.csv: line 2' "$quiver" import bad.csv --skip-bad --journal bad.db
same "the rest is imported" "$(entries --journal bad.db)" '2026-01-02,twitch,3,count,left'
if script -qec true /dev/null >out 2>&1; then # there is such a command, and there are terminals
    printf 'n\n' | script -qec "'$quiver' import bad.csv --journal tty.db" /dev/null >out 2>&1
    same "on a terminal it asks" "$(grep -c 'Import the other 1 row?' out)" 1
    same "  and no is no" "$(entries --journal tty.db)" ''
    printf 'y\n' | script -qec "'$quiver' import bad.csv --journal tty.db" /dev/null >out 2>&1
    same "  and yes is yes" "$(entries --journal tty.db)" '2026-01-02,twitch,3,count,left'
fi
expect "no such file" 66 '' 'none.csv' "$quiver" import none.csv
expect "a folder" 66 '' 'quiver: ' "$quiver" import .
expect "no diary" 65 '' 'quiver: in' "$quiver" import in
expect "no name" 64 '' 'expected one file, found 0' "$quiver" import

# ---- stopped in the middle ----

awk 'BEGIN { print "time,kind,amount,unit,note"; for (i = 0; i < 400000; i++) print "2026-01-02,twitch," i % 100 ",count," i }' >long.csv
"$quiver" log twitch 1 --journal stop.db >out
entries --journal stop.db >before
for signal in INT KILL; do
    "$quiver" import long.csv --journal stop.db >out 2>err &
    sleep 0.2
    kill -$signal $! 2>/dev/null
    { wait $!; } 2>/dev/null
    status=$?
    [ $signal = KILL ] || same "Ctrl-C says so" "$status $(cat err)" '130 Stopped: nothing was imported.'
    same "SIG$signal in the middle leaves nothing half-imported" "$(entries --journal stop.db)" "$(cat before)"
done

# ---- two at once ----

for i in 1 2 3 4 5 6 7 8; do
    "$quiver" log coffee --journal two.db >/dev/null 2>err.$i &
done
wait
same "eight writers at once, eight entries" "$(entries --journal two.db | wc -l | tr -d ' ')" 8
same "  and no complaint" "$(cat err.?)" ''

# ---- journals in odd places ----

expect "no home" 73 '' 'no place for data: HOME and XDG_DATA_HOME are not set' env -u HOME -u XDG_DATA_HOME "$quiver" log coffee
one_line
expect "no home, but a journal" 0 '^Logged' '' env -u HOME -u XDG_DATA_HOME QUIVER_JOURNAL="$T/named.db" "$quiver" log coffee
same "is where it is named" "$(ls named.db)" named.db
expect "--journal before QUIVER_JOURNAL" 0 'Nothing is noted' '' env QUIVER_JOURNAL="$T/named.db" "$quiver" log --journal other.db
expect "a home that is no folder" 73 '' 'quiver: ' env XDG_DATA_HOME="$T/named.db" "$quiver" log coffee
one_line
if [ "$(id -u)" != 0 ]; then
    mkdir closed && chmod 500 closed
    expect "a home that cannot be written" 73 '' 'Permission denied' env XDG_DATA_HOME="$T/closed" "$quiver" log coffee
fi
expect "a journal that is a folder" 73 '' 'found a folder' "$quiver" log coffee --journal data
expect "a journal that is none" 65 '' 'quiver: ' "$quiver" log coffee --journal long.csv
one_line

# ---- here and there ----

expect "in the east it is tomorrow" 0 '^Logged' '' env TZ='<+14>-14' "$quiver" log twitch 1 --journal fly.db
expect "in the west it is the day before" 0 '^Logged' '' env TZ='<-12>12' "$quiver" log twitch 2 --journal fly.db
same "each is kept by its own day" "$(entries --journal fly.db | cut -c1-10 | sort -u | wc -l | tr -d ' ')" 2
same "wherever it is read" "$(env TZ='<-12>12' "$quiver" export --journal fly.db)" "$(env TZ='<+14>-14' "$quiver" export --journal fly.db)"
finish
