/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the mesh says now and then while a face is followed: whether what is followed is still the face, whether it looks at
 * the camera, and how many millimetres a pixel is.
 *
 * The mesh trembles by more than a twitch moves, so nothing of it reaches the measurement: the chart was made from the first
 * mesh and stays. A later mesh is only held against it: half of its points must lie within KEYFRAME_DRIFT of where the chart
 * says. Half, because a mouth opens and a brow rises without the track being wrong.
 *
 * Millimetres. The iris is 11.7 mm across in nearly every adult (SD 0.4; Rüfer 2005, Cornea 24:259), so it is the ruler
 * when both are clearly seen: on a key frame the lids must stand open and the face be turned to the camera; over all of
 * these the two eyes must agree. The diameter is the mean of across and down, which gives adults their 63 mm from pupil to
 * pupil (Dodgson 2004, Proc. SPIE 5291:36) where across alone gives 59. It is not corrected for a turned head: eyes that
 * look at the camera show it round irises. Otherwise the face's breadth, 140 mm from temple to temple, must do, by which
 * people differ more.
 *
 * Lengths of a key frame are divided by the pose's scale, so that a head that comes nearer changes nothing: all is in the
 * shown pixels of the frame that the chart was made from.
 */
#ifndef QUIVER_VISION_KEYFRAMES_H
#define QUIVER_VISION_KEYFRAMES_H

#include "plan.h"

#define KEYFRAMES_KEPT 256 /**< lengths of each kind: beyond, the scale is known well enough */

struct keyframes {
    float chart_x[FACE_POINTS], chart_y[FACE_POINTS]; /**< of the mesh that the chart was made from */
    float chart_z[FACE_POINTS];                       /**< its depths, 0 on the mean */
    double width_px, bin;                             /**< of the face in the chart; shown pixels in a chart pixel */
    uint32_t laid, turned;                            /**< meshes that held; faces turned away in them */
    uint32_t breadth_count, iris_count;
    double breadth_px[KEYFRAMES_KEPT], iris_px[2][KEYFRAMES_KEPT];
};

/** Begins with the mesh that @p plan was made from, which is the first key frame. */
void keyframes_begin(struct keyframes *k, const struct face_plan *plan, const struct face_mesh *mesh, uint32_t bin);

/** Where the mesh of a frame is to be laid, by the pose (chart → binned picture). */
struct face_box keyframes_box(const struct keyframes *k, const struct affine *pose);

/** Takes in a mesh. False: it lies elsewhere than the pose says, so nothing of it was kept. */
bool keyframes_take(struct keyframes *k, const struct face_mesh *mesh, const struct affine *pose);

/** Millimetres in a shown pixel of the chart, by the irises or else by the breadth of the face. */
double keyframes_mm_per_px(const struct keyframes *k, bool *from_iris);

#endif
