/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sheet to draw on: Cairo for shapes, Pango for words, and nothing of either to be seen from outside.
 *
 * Units are points, or what the caller makes of them; x to the right, y down. Colours are what they look like on white. A canvas that ran out
 * of memory, or whose library failed, goes on doing nothing and says so at the end, in canvas_finish().
 *
 * Part of the drawing module (draw.h), which only a picture loads.
 */
#ifndef QUIVER_REPORT_CANVAS_H
#define QUIVER_REPORT_CANVAS_H

#include <quiver/report.h>

struct canvas;

struct colour {
    double red, green, blue, alpha;
};

struct point {
    double x, y;
};

struct box {
    double x, y, width, height;
};

enum align { ALIGN_LEFT, ALIGN_MIDDLE, ALIGN_RIGHT };

/** How words are set. */
struct type {
    double size;
    bool bold;
    struct colour colour;
    enum align align; /**< of a line to its x, of a paragraph within its width */
    double width;     /**< 0: as long as it is; else a line is shortened in its middle, and a paragraph wrapped */
};

/** What fills a box so that it is told apart without colour too. */
enum hatch { HATCH_NONE, HATCH_RISING, HATCH_FALLING, HATCH_CROSSED, HATCH_UPRIGHT };

/**
 * A sheet of @p width × @p height points whose bytes go to @p out; a PNG has @p pixels_per_point. @p title and @p words are for
 * those who search or listen: the title and description of an SVG, the title and subject of a PDF.
 */
int canvas_create(enum qv_plot_format format, double width, double height, double pixels_per_point, const char *title,
                  const char *words, struct qv_text *out, struct canvas **canvas, struct qv_error *error) QV_MUST_CHECK;
/** A canvas on pixels of the caller: blue, green, red, unused, rows @p stride_bytes apart. */
int canvas_on_pixels(uint8_t *pixels, uint32_t width, uint32_t height, size_t stride_bytes, struct canvas **canvas,
                     struct qv_error *error) QV_MUST_CHECK;
/** The caller ran out of memory half-way: canvas_finish() will fail. */
void canvas_break(struct canvas *c);
/** Writes what is left to write and frees the canvas. NULL is fine. */
int canvas_finish(struct canvas *c, struct qv_error *error) QV_MUST_CHECK;

void canvas_fill_box(struct canvas *c, struct box box, struct colour colour);
void canvas_stroke_box(struct canvas *c, struct box box, double line_width, struct colour colour);
void canvas_hatch_box(struct canvas *c, struct box box, enum hatch hatch, double apart, struct colour colour);
void canvas_round_box(struct canvas *c, struct box box, double radius, struct colour colour);
void canvas_fill(struct canvas *c, const struct point *points, size_t count, struct colour colour);
void canvas_stroke(struct canvas *c, const struct point *points, size_t count, bool closed, double line_width,
                   struct colour colour);
void canvas_line(struct canvas *c, struct point from, struct point to, double line_width, struct colour colour);
void canvas_fill_circle(struct canvas *c, struct point centre, double radius, struct colour colour);
void canvas_stroke_circle(struct canvas *c, struct point centre, double radius, double line_width,
                          struct colour colour);
/** A smooth line through the points (Catmull–Rom). */
void canvas_curve(struct canvas *c, const struct point *points, size_t count, bool closed, double line_width,
                  struct colour colour);

/** From now on only what lies in the box is drawn, until canvas_unclip(). Does not nest. */
void canvas_clip(struct canvas *c, struct box box);
void canvas_unclip(struct canvas *c);

/** One line with its baseline at @p at. Returns how wide it came out. */
double canvas_words(struct canvas *c, struct point at, const struct type *type, const char *words);
/** How wide a line would come out. */
double canvas_measure(struct canvas *c, const struct type *type, const char *words);
/** Wraps words below @p at, its top corner. Returns how high it came out; draws nothing when @p dry. */
double canvas_paragraph(struct canvas *c, struct point at, const struct type *type, const char *words, bool dry);

#endif
