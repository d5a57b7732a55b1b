#!/bin/sh
# models.sh: brings the face models, an npm package, into models/node_modules. Says nothing when they are there.
set -eu
cd "$(dirname "$0")/../models"
stamp=node_modules/.brought
if [ -f "$stamp" ] && cmp -s package-lock.json "$stamp"; then
    exit 0
fi
if ! command -v npm >/dev/null; then
    echo 'The face models, which quiver watch needs, come by npm, which is missing.' >&2
    exit 69
fi
echo 'Bringing the face models; this happens once.' >&2
if ! said=$(npm ci --ignore-scripts --no-audit --no-fund 2>&1); then
    printf '%s\n' "$said" >&2
    echo 'The face models, which quiver watch needs, could not be brought.' >&2
    exit 69
fi
cp package-lock.json "$stamp"
