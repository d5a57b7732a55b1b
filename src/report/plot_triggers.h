/* SPDX-License-Identifier: Apache-2.0 */
/* Triggers as a picture. Part of the drawing module (draw.h). */
#ifndef QUIVER_REPORT_PLOT_TRIGGERS_H
#define QUIVER_REPORT_PLOT_TRIGGERS_H

#include <quiver/report.h>

/** See struct draw_module. */
int plot_triggers(const struct qv_knowledge *knowledge, const struct qv_triggers *triggers, enum qv_plot_format format,
                  struct qv_text *out, struct qv_error *error) QV_MUST_CHECK;

#endif
