#!/bin/sh
# install-models.sh DATA_DIR: puts the face models, where scripts/models.sh brought them, below DATA_DIR/models. Meson
# calls it while installing. Without models nothing is installed, and quiver watch says what is missing.
set -eu
name=@mediapipe/face_mesh
from=$(dirname "$0")/../models/node_modules/$name
to=${DESTDIR:-}$1/models/$name
if [ ! -f "$from/face_mesh_solution_packed_assets.data" ]; then
    echo 'The face models are not here (scripts/models.sh brings them), so quiver watch is installed without.' >&2
    exit 0
fi
mkdir -p "$to"
for file in face_mesh_solution_packed_assets.data package.json README.md; do # what it is, and its licence
    install -m 644 "$from/$file" "$to/$file"
done
