/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A measurement as a picture: what its parts share.
 *
 *   plot_words.c    what is said, as words; they also go into the file for those who search or listen
 *   plot_traces.c   displacement over time, events, the time axis, the legend
 *   plot_face.c     where on the face, and how small a movement counts
 *   plot_page.c     the page that they stand on
 *
 * Colour never carries meaning alone: left is dark and named L, right is light and named R; each kind of event has a mark of its own
 * shape, and a hatching of its own where it shades the traces.
 *
 * Part of the drawing module (draw.h).
 */
#ifndef QUIVER_REPORT_PLOT_H
#define QUIVER_REPORT_PLOT_H

#include "canvas.h"

/* ---- what things look like ----------------------------------------------------------------------------------------------- */

#define PAPER ((struct colour){1, 1, 1, 1})
#define INK ((struct colour){0.11, 0.14, 0.19, 1})
#define GREY ((struct colour){0.36, 0.40, 0.46, 1})
#define HAIR ((struct colour){0.83, 0.85, 0.88, 1})
#define PANEL ((struct colour){0.957, 0.965, 0.975, 1})
#define LEFT_INK ((struct colour){0.05, 0.27, 0.51, 1})
#define RIGHT_INK ((struct colour){0.90, 0.49, 0.07, 1})
#define TWITCH_INK ((struct colour){0.72, 0.05, 0.25, 1})
#define OTHER_INK ((struct colour){0.33, 0.42, 0.50, 1})

/* Sizes of type, in points of a page of A4. The smallest is still read on a picture shown a thousand pixels wide. */
#define TYPE_SMALL 9.5
#define TYPE_BODY 10.5
#define TYPE_HEAD 12.0
#define TYPE_TITLE 17.0
#define TYPE_FIGURE 19.0

struct colour faded(struct colour colour, double alpha);
struct colour side_ink(enum qv_side side);

/** The mark of an event of this kind, its middle at @p at, about @p size high. */
void plot_mark(struct canvas *c, enum qv_movement_kind kind, struct point at, double size);

/* ---- what is said ----------------------------------------------------------------------------------------------------------- */

/** Twitches and spasms are counted; the other kinds are shown and not counted. */
bool plot_counts(const struct qv_movement *movement);

/** "upper lip"; for the contract's "upper_lip_left". */
const char *plot_part_name(enum qv_region region);
/** "blink", "movement of the mouth"… */
const char *plot_kind_name(enum qv_movement_kind kind);

/** The figure @p millimetres with the digits that it deserves: "0.006", "0.12", "6.3". */
void plot_millimetres(double millimetres, char *out, size_t size);

#define PLOT_TILES 7

struct plot_words {
    char title[160], clip[512];
    struct plot_tile {
        const char *label;
        char value[48], note[96];
    } tiles[PLOT_TILES];
    struct qv_text warnings, method;
    struct qv_text all; /**< the whole picture in words, an event a line */
};

void plot_words_init(struct plot_words *words, const struct qv_measurement *m);
void plot_words_finish(struct plot_words *words);

/* ---- its parts -------------------------------------------------------------------------------------------------------------- */

/** Events, a lane a part of the face, the time axis, the legend. */
void plot_traces(struct canvas *c, const struct qv_measurement *m, struct box box);
/** The map of the face, a table of what twitched, a ruler of sizes: below one another, the map as large as the height leaves. */
void plot_face(struct canvas *c, const struct qv_measurement *m, struct box box);

/** See struct draw_module. */
int plot_measurement(const struct qv_measurement *m, enum qv_plot_format format, struct qv_text *out,
                     struct qv_error *error) QV_MUST_CHECK;

#endif
