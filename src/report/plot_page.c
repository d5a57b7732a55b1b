/* SPDX-License-Identifier: Apache-2.0 */
/* The page: the figures on top, traces and face side by side, what to beware of and how it was done below. */
#include "plot.h"

/* A4, lying, in points. */
#define PAGE_WIDTH 842.0
#define PAGE_HEIGHT 595.0
#define PIXELS_PER_POINT 2.5 /* of a PNG: 180 dots an inch, 2105 across */
#define MARGIN 28.0
#define GUTTER 20.0
#define FACE_WIDTH 205.0
#define TILES_TOP 54.0
#define TILE_HEIGHT 53.0
#define BODY_TOP 121.0

struct colour faded(struct colour colour, double alpha)
{
    colour.alpha *= alpha;
    return colour;
}

struct colour side_ink(enum qv_side side)
{
    return side == QV_SIDE_LEFT ? LEFT_INK : side == QV_SIDE_RIGHT ? RIGHT_INK : INK;
}

static void draw_head(struct canvas *c, const struct plot_words *w)
{
    const double y = MARGIN + 12;
    const double title = canvas_words(c, (struct point){MARGIN, y},
                                      &(struct type){.size = TYPE_TITLE, .bold = true, .colour = INK}, w->title);
    struct type clip = {.size = TYPE_BODY, .colour = GREY};
    const double room = PAGE_WIDTH - 2 * MARGIN - title - GUTTER, width = canvas_measure(c, &clip, w->clip);
    clip.width = width > room ? room : 0;
    canvas_words(c, (struct point){PAGE_WIDTH - MARGIN - (width > room ? room : width), y}, &clip, w->clip);
}

static void draw_tiles(struct canvas *c, const struct plot_words *w)
{
    const double gap = 7, width = (PAGE_WIDTH - 2 * MARGIN - (PLOT_TILES - 1) * gap) / PLOT_TILES;
    for (int i = 0; i < PLOT_TILES; i++) {
        const struct plot_tile *t = &w->tiles[i];
        const double x = MARGIN + i * (width + gap), inner = width - 16;
        canvas_round_box(c, (struct box){x, TILES_TOP, width, TILE_HEIGHT}, 5, PANEL);
        canvas_words(c, (struct point){x + 8, TILES_TOP + 13},
                     &(struct type){.size = TYPE_SMALL, .colour = GREY, .width = inner}, t->label);
        canvas_words(c, (struct point){x + 8, TILES_TOP + 32},
                     &(struct type){.size = TYPE_FIGURE, .bold = true, .colour = INK, .width = inner}, t->value);
        canvas_words(c, (struct point){x + 8, TILES_TOP + 46},
                     &(struct type){.size = TYPE_SMALL, .colour = GREY, .width = inner}, t->note);
    }
}

static double draw_note(struct canvas *c, struct box box, const char *head, const char *words, bool dry)
{
    const struct type title = {.size = TYPE_BODY, .bold = true, .colour = INK},
                      body = {.size = TYPE_SMALL, .colour = INK, .width = box.width};
    if (!dry)
        canvas_words(c, (struct point){box.x, box.y + 9}, &title, head);
    return 15 + canvas_paragraph(c, (struct point){box.x, box.y + 15}, &body, words, dry);
}

/* Returns its top. */
static double draw_foot(struct canvas *c, const struct plot_words *w)
{
    const double width = (PAGE_WIDTH - 2 * MARGIN - GUTTER) / 2;
    struct box beware = {.x = MARGIN, .width = width}, method = {.x = MARGIN + width + GUTTER, .width = width};
    const double left = draw_note(c, beware, "", w->warnings.bytes, true);
    const double right = draw_note(c, method, "", w->method.bytes, true) + 18;
    const double top = PAGE_HEIGHT - MARGIN - (left > right ? left : right);
    beware.y = method.y = top;
    canvas_line(c, (struct point){MARGIN, top - 8}, (struct point){PAGE_WIDTH - MARGIN, top - 8}, 0.6, HAIR);
    draw_note(c, beware, "What to beware of", w->warnings.bytes, false);
    const double end = top + draw_note(c, method, "How it was measured", w->method.bytes, false);
    canvas_words(c, (struct point){method.x, end + 13}, &(struct type){.size = TYPE_BODY, .bold = true, .colour = INK},
                 "It measures; it does not diagnose.");
    return top - 8;
}

int plot_measurement(const struct qv_measurement *m, enum qv_plot_format format, struct qv_text *out,
                     struct qv_error *error)
{
    struct plot_words words;
    struct canvas *c = NULL;
    plot_words_init(&words, m);
    int status = qv_text_check(&words.all, error);
    if (status == QV_OK)
        status = canvas_create(format, PAGE_WIDTH, PAGE_HEIGHT, PIXELS_PER_POINT, words.title, words.all.bytes, out, &c,
                               error);
    if (status == QV_OK) {
        canvas_fill_box(c, (struct box){0, 0, PAGE_WIDTH + 1, PAGE_HEIGHT + 1}, PAPER);
        draw_head(c, &words);
        draw_tiles(c, &words);
        const double bottom = draw_foot(c, &words) - 8, right = PAGE_WIDTH - MARGIN - FACE_WIDTH;
        plot_traces(c, m, (struct box){MARGIN, BODY_TOP, right - GUTTER - MARGIN, bottom - BODY_TOP});
        plot_face(c, m, (struct box){right, BODY_TOP, FACE_WIDTH, bottom - BODY_TOP});
        status = canvas_finish(c, error);
    }
    plot_words_finish(&words);
    return status;
}
