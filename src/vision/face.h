/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the face is and how it lies: MediaPipe's BlazeFace (short range) finds it, its attention mesh lays 468 points on it,
 * those of lips and eyes at a second look, and five on each iris; run by XNNPACK from the models of the npm package
 * @mediapipe/face_mesh.
 *
 * All coordinates are pixels of the picture *as shown* (after rotation): x to the right, y down, the centre of the top
 * left pixel at (0, 0). z is depth in the same unit, smaller nearer to the camera, about 0 at the middle of the head.
 *
 * Networks are for where, not for how far: their points tremble by a few tenths of a pixel.
 *
 * One `struct face_models` serves one thread at a time.
 */
#ifndef QUIVER_VISION_FACE_H
#define QUIVER_VISION_FACE_H

#include "clip.h"

#define FACE_POINTS 468
#define FACE_FOUND_MAX 8
#define FACE_IRIS_POINTS 5

/** The middle of an iris, and its edge: towards the right, the top, the left and the bottom of the picture. */
struct face_iris {
    float x[FACE_IRIS_POINTS], y[FACE_IRIS_POINTS];
};

/** Points of the mesh by MediaPipe's numbering. "Left" is the person's own in a picture that is not mirrored. */
struct face_mesh {
    float x[FACE_POINTS], y[FACE_POINTS], z[FACE_POINTS];
    struct face_iris iris[2]; /**< left, right */
    float presence;           /**< 0–1: that this is a face at all */
};

/** A box that a detector found, by its centre, with the turn of the head in the picture plane. */
struct face_box {
    float x, y, size_px; /**< side of the square that the mesh wants */
    float turn_rad;
    float score; /**< 0–1 */
};

struct face_models;

/**
 * Reads the models below @p folder (the node_modules folder, or where `make install` put them). NULL: QV_ERR_UNAVAILABLE.
 * Errors: QV_ERR_UNAVAILABLE missing, broken or others than expected, with the place and how to get them; out of memory.
 */
int face_models_open(const char *folder, struct face_models **out, struct qv_error *error) QV_MUST_CHECK;
void face_models_close(struct face_models *models);

/** Finds faces in a frame, largest first. */
int face_find(struct face_models *models, const struct clip_frame *frame, struct face_box found[static FACE_FOUND_MAX],
              uint32_t *count, struct qv_error *error) QV_MUST_CHECK;

/** Lays the mesh on the face in the box. Low presence is an answer, not an error. */
int face_lay_mesh(struct face_models *models, const struct clip_frame *frame, const struct face_box *box,
                  struct face_mesh *mesh, struct qv_error *error) QV_MUST_CHECK;

/** The box to lay the next mesh in, from a mesh that fitted. */
struct face_box face_box_of(const struct face_mesh *mesh);

/** Width of the face as it is seen, temple to temple (points 234 and 454), and as it would be seen from the front. */
double face_width_px(const struct face_mesh *mesh);
double face_breadth_px(const struct face_mesh *mesh);

/** How far the face is turned away from the camera, to whichever side. */
double face_turn_rad(const struct face_mesh *mesh);

#endif
