/* SPDX-License-Identifier: Apache-2.0 */
/* Where the parts of a face are, from its mesh: the chart that track.h follows. */
#ifndef QUIVER_VISION_PLAN_H
#define QUIVER_VISION_PLAN_H

#include "face.h"
#include "track.h"

/** In a @p mirrored picture the person's left is where it is in no other. @p bin shown pixels make one of the chart. */
void plan_face(const struct face_mesh *mesh, bool mirrored, uint32_t bin, struct face_plan *plan);
/** Where the chart of @p plan lies by a later mesh: chart → binned picture. */
struct affine plan_pose(const struct face_plan *plan, const struct face_mesh *mesh, uint32_t bin);

#endif
