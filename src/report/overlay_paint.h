/* SPDX-License-Identifier: Apache-2.0 */
/* What is drawn onto each frame of an overlay. Part of the drawing module; see struct draw_module. */
#ifndef QUIVER_REPORT_OVERLAY_PAINT_H
#define QUIVER_REPORT_OVERLAY_PAINT_H

#include "draw.h"

int overlay_open(const struct qv_measurement *measurement, struct draw_overlay **out,
                 struct qv_error *error) QV_MUST_CHECK;
int overlay_paint(struct draw_overlay *overlay, const struct qv_replay_frame *frame,
                  struct qv_error *error) QV_MUST_CHECK;
void overlay_close(struct draw_overlay *overlay);

#endif
