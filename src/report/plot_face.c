/* SPDX-License-Identifier: Apache-2.0 */
/* Where on the face, as a viewer sees it: the person's left is on the right of the picture. And how small a movement counts. */
#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FACE_HIGH 1.30      /* of the drawn face, in its widths */
#define FACE_SHARE 0.80     /* of the panel's width */
#define CIRCLE_MOST 0.066   /* radius of the region that moved most often, in face widths */
#define CIRCLE_LEAST 3.5    /* of one that moved at all, points */
#define CIRCLE_NUMBERED 7.5 /* a circle this large holds its number */
#define ROW 15.0            /* of the table */
#define ROWS_MOST 4

/* Places in face widths from the middle of the face; the person's left, the right is its mirror image. */
static const struct point places[QV_REGION_COUNT / 2] = {
    [QV_BROW_LEFT / 2] = {0.21, -0.29},        [QV_EYELID_LEFT / 2] = {0.205, -0.16},
    [QV_CHEEK_LEFT / 2] = {0.29, 0.10},        [QV_UPPER_LIP_LEFT / 2] = {0.085, 0.245},
    [QV_MOUTH_CORNER_LEFT / 2] = {0.19, 0.31}, [QV_LOWER_LIP_LEFT / 2] = {0.085, 0.375},
    [QV_CHIN_LEFT / 2] = {0.10, 0.51},
};

struct tally {
    enum qv_region region;
    uint32_t count;
    double median_mm;
};

struct face {
    struct canvas *c;
    const struct qv_measurement *m;
    double width;
    struct point middle;
    struct tally tallies[QV_REGION_COUNT];
    uint32_t most;
};

static struct point at(const struct face *f, double x, double y)
{
    return (struct point){f->middle.x + x * f->width, f->middle.y + y * f->width};
}

/* ---- what moved where -------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void tally(struct face *f)
{
    double *sizes = calloc((size_t)f->m->movement_count + 1, sizeof *sizes);
    if (!sizes) {
        canvas_break(f->c);
        return;
    }
    for (int r = 0; r < QV_REGION_COUNT; r++) {
        struct tally *t = &f->tallies[r];
        *t = (struct tally){.region = (enum qv_region)r};
        for (uint32_t i = 0; i < f->m->movement_count; i++) {
            const struct qv_movement *e = &f->m->movements[i];
            for (uint32_t k = 0; k < e->region_count && plot_counts(e); k++) {
                if ((int)e->regions[k].region == r)
                    sizes[t->count++] = e->regions[k].amplitude_mm;
            }
        }
        qsort(sizes, t->count, sizeof *sizes, by_value);
        t->median_mm = t->count ? (sizes[(t->count - 1) / 2] + sizes[t->count / 2]) / 2 : 0;
        f->most = t->count > f->most ? t->count : f->most;
    }
    free(sizes);
}

/* ---- the drawing -------------------------------------------------------------------------------------------------------- */

/* A line drawn on both halves. */
static void mirrored_curve(const struct face *f, const struct point *half, size_t count, double line_width)
{
    struct point points[16];
    for (int side = -1; side <= 1; side += 2) {
        for (size_t i = 0; i < count; i++)
            points[i] = at(f, side * half[i].x, half[i].y);
        canvas_curve(f->c, points, count, false, line_width, GREY);
    }
}

static void draw_outline(const struct face *f)
{
    static const struct point outline[] = {{0, -0.64},     {0.26, -0.59},  {0.42, -0.40},  {0.46, -0.10}, {0.425, 0.18},
                                           {0.34, 0.42},   {0.17, 0.62},   {0, 0.66},      {-0.17, 0.62}, {-0.34, 0.42},
                                           {-0.425, 0.18}, {-0.46, -0.10}, {-0.42, -0.40}, {-0.26, -0.59}};
    struct point points[sizeof outline / sizeof outline[0]];
    for (size_t i = 0; i < sizeof outline / sizeof outline[0]; i++)
        points[i] = at(f, outline[i].x, outline[i].y);
    canvas_curve(f->c, points, sizeof outline / sizeof outline[0], true, 1.2, GREY);
    mirrored_curve(
        f, (const struct point[]){{0.462, -0.12}, {0.50, -0.15}, {0.505, -0.04}, {0.475, 0.09}, {0.445, 0.10}}, 5, 1.0);
    mirrored_curve(f, (const struct point[]){{0.09, -0.265}, {0.19, -0.305}, {0.31, -0.265}}, 3, 1.6);
    mirrored_curve(f, (const struct point[]){{0.115, -0.14}, {0.205, -0.185}, {0.30, -0.14}}, 3, 1.1);
    mirrored_curve(f, (const struct point[]){{0.115, -0.14}, {0.205, -0.11}, {0.30, -0.14}}, 3, 0.8);
    mirrored_curve(f, (const struct point[]){{0.055, -0.12}, {0.045, 0.0}, {0.085, 0.115}, {0.05, 0.14}, {0, 0.15}}, 5,
                   0.8);
    /* the lips: upper edge, the line between, lower edge */
    mirrored_curve(f, (const struct point[]){{0, 0.265}, {0.04, 0.25}, {0.11, 0.275}, {0.18, 0.31}}, 4, 1.0);
    mirrored_curve(f, (const struct point[]){{0, 0.315}, {0.09, 0.308}, {0.18, 0.31}}, 3, 0.8);
    mirrored_curve(f, (const struct point[]){{0, 0.385}, {0.09, 0.372}, {0.18, 0.31}}, 3, 1.0);
}

static void draw_circles(const struct face *f)
{
    for (int r = 0; r < QV_REGION_COUNT; r++) {
        const struct tally *t = &f->tallies[r];
        const bool left = qv_region_side(t->region) == QV_SIDE_LEFT;
        const struct point place = at(f, (left ? 1 : -1) * places[r / 2].x, places[r / 2].y);
        if (!t->count) {
            canvas_fill_circle(f->c, place, 1.6, faded(GREY, 0.55));
            continue;
        }
        const double radius = fmax(CIRCLE_MOST * f->width * sqrt((double)t->count / f->most), CIRCLE_LEAST);
        const struct colour ink = side_ink(left ? QV_SIDE_LEFT : QV_SIDE_RIGHT);
        char words[16];
        snprintf(words, sizeof words, "%u", t->count);
        canvas_fill_circle(f->c, place, radius, faded(ink, 0.88));
        canvas_stroke_circle(f->c, place, radius, 0.8, PAPER);
        if (radius >= CIRCLE_NUMBERED)
            canvas_words(
                f->c, (struct point){place.x, place.y + 3.5},
                &(struct type){.size = TYPE_SMALL, .bold = true, .colour = left ? PAPER : INK, .align = ALIGN_MIDDLE},
                words);
    }
}

static void draw_sides(const struct face *f, struct box box)
{
    const struct type their = {.size = TYPE_SMALL, .colour = GREY};
    for (int side = 0; side < 2; side++) {
        struct type name = {.size = TYPE_HEAD, .bold = true, .colour = side_ink(side ? QV_SIDE_RIGHT : QV_SIDE_LEFT)};
        struct type small = their;
        name.align = small.align = side ? ALIGN_LEFT : ALIGN_RIGHT;
        const double x = side ? box.x : box.x + box.width;
        canvas_words(f->c, (struct point){x, box.y + 11}, &small, "their");
        canvas_words(f->c, (struct point){x, box.y + 24}, &name, side ? "right" : "left");
    }
}

static int by_count(const void *a, const void *b)
{
    const struct tally *x = a, *y = b;
    return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : (int)x->region - (int)y->region;
}

static double draw_table(struct face *f, double x, double y, double width)
{
    const struct type head = {.size = TYPE_SMALL, .colour = GREY},
                      figure = {.size = TYPE_SMALL, .colour = GREY, .align = ALIGN_RIGHT};
    canvas_words(f->c, (struct point){x, y}, &head, "what twitched");
    canvas_words(f->c, (struct point){x + width - 52, y}, &figure, "times");
    canvas_words(f->c, (struct point){x + width, y}, &figure, "mm");
    qsort(f->tallies, QV_REGION_COUNT, sizeof f->tallies[0], by_count);
    int row = 0;
    for (; row < ROWS_MOST && f->tallies[row].count; row++) {
        const struct tally *t = &f->tallies[row];
        const bool left = qv_region_side(t->region) == QV_SIDE_LEFT;
        const struct type name = {.size = TYPE_BODY, .bold = true, .colour = INK},
                          number = {.size = TYPE_BODY, .colour = INK, .align = ALIGN_RIGHT};
        char words[64];
        y += ROW;
        canvas_fill_circle(f->c, (struct point){x + 3.5, y - 3.6}, 3.5, side_ink(qv_region_side(t->region)));
        snprintf(words, sizeof words, "%s, %s", plot_part_name(t->region), left ? "left" : "right");
        canvas_words(f->c, (struct point){x + 12, y}, &name, words);
        snprintf(words, sizeof words, "%u", t->count);
        canvas_words(f->c, (struct point){x + width - 52, y}, &number, words);
        plot_millimetres(t->median_mm, words, sizeof words);
        canvas_words(f->c, (struct point){x + width, y}, &number, words);
    }
    if (!row) {
        y += ROW;
        canvas_words(f->c, (struct point){x, y}, &(struct type){.size = TYPE_BODY, .colour = INK}, "nothing did");
    }
    return y;
}

/* ---- how small a movement counts ----------------------------------------------------------------------------------------- */

#define RULER_LEAST_MM 0.001
#define RULER_MOST_MM 20.0

static double along_ruler(double mm)
{
    const double at_least = log10(RULER_LEAST_MM);
    return fmin(fmax((log10(fmax(mm, 1e-9)) - at_least) / (log10(RULER_MOST_MM) - at_least), 0), 1);
}

/* Sizes on a logarithmic scale: the tremble of the picture, what is found, and each counted movement. */
static void draw_ruler(const struct face *f, double x, double y, double width)
{
    const struct type small = {.size = TYPE_SMALL, .colour = GREY},
                      middle = {.size = TYPE_SMALL, .colour = GREY, .align = ALIGN_MIDDLE};
    const double found_x = x + width * along_ruler(f->m->quality.detectable_mm);
    const double noise_x = x + width * along_ruler(f->m->quality.noise_floor_mm), high = 18;
    canvas_words(f->c, (struct point){x, y}, &(struct type){.size = TYPE_BODY, .bold = true, .colour = INK},
                 "How small a movement is found");
    y += 9;
    canvas_fill_box(f->c, (struct box){x, y, width, high}, PANEL);
    canvas_hatch_box(f->c, (struct box){x, y, found_x - x, high}, HATCH_RISING, 5,
                     (struct colour){0.66, 0.69, 0.73, 1});
    for (uint32_t i = 0; i < f->m->movement_count; i++) {
        const struct qv_movement *e = &f->m->movements[i];
        const double at_x = x + width * along_ruler(e->region_count ? e->regions[0].amplitude_mm : 0);
        if (plot_counts(e) && e->region_count)
            canvas_line(f->c, (struct point){at_x, y + 2}, (struct point){at_x, y + high - 2}, 1,
                        faded(TWITCH_INK, 0.5));
    }
    canvas_line(f->c, (struct point){found_x, y - 2}, (struct point){found_x, y + high + 2}, 1.4, INK);
    canvas_fill(
        f->c, (const struct point[]){{noise_x, y + high - 5}, {noise_x + 4, y + high + 1}, {noise_x - 4, y + high + 1}},
        3, GREY);
    static const double ticks_mm[] = {0.001, 0.01, 0.1, 1, 10};
    for (size_t i = 0; i < sizeof ticks_mm / sizeof ticks_mm[0]; i++) {
        char words[24];
        const double tick_x = x + width * along_ruler(ticks_mm[i]);
        snprintf(words, sizeof words, i == 4 ? "%g mm" : "%g", ticks_mm[i]);
        canvas_line(f->c, (struct point){tick_x, y + high}, (struct point){tick_x, y + high + 3}, 0.8, GREY);
        canvas_words(f->c, (struct point){i ? tick_x : x, y + high + 13}, i ? &middle : &small, words);
    }
    char figure[32], words[160];
    y += high + 27;
    plot_millimetres(f->m->quality.detectable_mm, figure, sizeof figure);
    snprintf(words, sizeof words, "| found 95 times in 100 from %s mm", figure);
    canvas_words(f->c, (struct point){x, y}, &small, words);
    plot_millimetres(f->m->quality.noise_floor_mm, figure, sizeof figure);
    snprintf(words, sizeof words, "▲ the picture itself trembles by %s mm", figure);
    canvas_words(f->c, (struct point){x, y + 12}, &small, words);
}

#define RULER_HEIGHT 78.0

void plot_face(struct canvas *c, const struct qv_measurement *m, struct box box)
{
    struct face f = {.c = c, .m = m};
    const double table = ROW * (ROWS_MOST + 1), room = box.height - RULER_HEIGHT - table - 14;
    f.width = fmax(fmin(FACE_SHARE * box.width, room / FACE_HIGH), 1);
    f.middle = (struct point){box.x + box.width / 2, box.y + room / 2};
    tally(&f);
    draw_outline(&f);
    draw_sides(&f, box);
    draw_circles(&f);
    draw_table(&f, box.x, box.y + room + 16, box.width);
    draw_ruler(&f, box.x, box.y + box.height - RULER_HEIGHT + 10, box.width);
}
