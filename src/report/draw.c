/* SPDX-License-Identifier: Apache-2.0 */
/* What the drawing module offers. */
#include "draw.h"

#include "plot.h"

const struct draw_module quiver_draw = {
    .version = QUIVER_VERSION,
    .measurement = plot_measurement,
};
