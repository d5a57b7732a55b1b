/* SPDX-License-Identifier: Apache-2.0 */
/* What the drawing module offers. */
#include "draw.h"

#include "overlay_paint.h"
#include "plot.h"
#include "plot_triggers.h"

const struct draw_module quiver_draw = {
    .version = QUIVER_VERSION,
    .measurement = plot_measurement,
    .triggers = plot_triggers,
    .overlay_open = overlay_open,
    .overlay_paint = overlay_paint,
    .overlay_close = overlay_close,
};
