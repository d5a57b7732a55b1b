/* SPDX-License-Identifier: Apache-2.0 */
/* What the drawing module offers. */
#include "draw.h"

#include "overlay_paint.h"
#include "plot.h"

const struct draw_module quiver_draw = {
    .version = QUIVER_VERSION,
    .measurement = plot_measurement,
    .overlay_open = overlay_open,
    .overlay_paint = overlay_paint,
    .overlay_close = overlay_close,
};
