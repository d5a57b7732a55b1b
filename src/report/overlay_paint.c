/* SPDX-License-Identifier: Apache-2.0 */
#include "overlay_paint.h"

#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RING_WIDTHS 0.042   /* radius of a region's ring, in face widths */
#define SIDE_WIDTHS 0.62    /* where a side's name stands, from the middle of the face */
#define LINGER_US 500000    /* a twitch is over before it is seen: its flash fades for so long */
#define LONGEST_US 61000000 /* no movement lasts longer than a block of the detector (src/vision/detect.h) */
#define WHITE ((struct colour){1, 1, 1, 1})
#define SHADOW ((struct colour){0, 0, 0, 0.45})

struct draw_overlay {
    const struct qv_measurement *m;
    uint8_t *foot; /* as it is without the playhead */
    size_t foot_bytes;
};

struct painting {
    struct canvas *c;
    const struct qv_measurement *m;
    const struct qv_replay_frame *f;
    double unit; /* of type and lines: pixels of the picture in a point of it */
};

int overlay_open(const struct qv_measurement *measurement, struct draw_overlay **out, struct qv_error *error)
{
    struct draw_overlay *o = calloc(1, sizeof *o);
    if (!o)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    o->m = measurement;
    *out = o;
    return QV_OK;
}

void overlay_close(struct draw_overlay *o)
{
    if (!o)
        return;
    free(o->foot);
    free(o);
}

/* ---- the time line --------------------------------------------------------------------------------------------------------- */

struct line {
    double left, right, counted, other, axis, size; /* of its parts, in pixels from the top of the foot */
    double seconds;
};

static struct line line_of(const struct qv_measurement *m, const struct qv_replay_frame *f)
{
    const double height = f->height - f->picture_height, size = 0.135 * height;
    return (struct line){.left = 7.6 * size,
                         .right = f->width - 1.6 * size,
                         .counted = 0.27 * height,
                         .other = 0.51 * height,
                         .axis = 0.68 * height,
                         .size = size,
                         .seconds = fmax(m->clip.duration_s, 1e-3)};
}

static double x_of(const struct line *l, double at_s)
{
    return l->left + (l->right - l->left) * fmin(fmax(at_s / l->seconds, 0), 1);
}

static void draw_ticks(struct canvas *c, const struct line *l)
{
    static const double steps_s[] = {0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 36000};
    double step_s = steps_s[0];
    for (size_t i = 0; i < sizeof steps_s / sizeof steps_s[0]; i++) {
        step_s = steps_s[i];
        if ((l->right - l->left) * step_s / l->seconds > 5 * l->size)
            break;
    }
    const struct type type = {.size = l->size, .colour = GREY, .align = ALIGN_MIDDLE};
    canvas_line(c, (struct point){l->left, l->axis}, (struct point){l->right, l->axis}, 0.1 * l->size, INK);
    for (int i = 0; i * step_s <= l->seconds + 1e-9; i++) {
        const double at_s = i * step_s, x = x_of(l, at_s);
        char words[32];
        if (l->seconds < 120)
            snprintf(words, sizeof words, i ? "%g" : "%g s", at_s);
        else
            snprintf(words, sizeof words, "%.0f:%02.0f", floor(at_s / 60), fmod(at_s, 60));
        canvas_line(c, (struct point){x, l->axis}, (struct point){x, l->axis + 0.35 * l->size}, 0.1 * l->size, INK);
        canvas_words(c, (struct point){x, l->axis + 1.5 * l->size}, &type, words);
    }
}

static int draw_foot(struct draw_overlay *o, const struct qv_replay_frame *f, struct qv_error *error)
{
    const uint32_t height = f->height - f->picture_height;
    const struct line l = line_of(o->m, f);
    o->foot_bytes = height * f->stride_bytes;
    o->foot = malloc(o->foot_bytes);
    if (!o->foot)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    memset(o->foot, 255, o->foot_bytes);
    struct canvas *c;
    const int status = canvas_on_pixels(o->foot, f->width, height, f->stride_bytes, &c, error);
    if (status)
        return status;
    const struct type counted = {.size = l.size, .bold = true, .colour = TWITCH_INK},
                      other = {.size = l.size, .colour = GREY};
    canvas_words(c, (struct point){l.size, l.counted + 0.35 * l.size}, &counted, "counted");
    canvas_words(c, (struct point){l.size, l.other + 0.35 * l.size}, &other, "not counted");
    draw_ticks(c, &l);
    for (uint32_t i = 0; i < o->m->movement_count; i++) {
        const struct qv_movement *e = &o->m->movements[i];
        const struct point at = {x_of(&l, (double)e->peak_us * 1e-6), plot_counts(e) ? l.counted : l.other};
        plot_mark(c, e->kind, at, 0.8 * l.size);
    }
    return canvas_finish(c, error);
}

static void draw_playhead(const struct painting *p)
{
    const struct line l = line_of(p->m, p->f);
    const double x = x_of(&l, (double)p->f->time_us * 1e-6), top = p->f->picture_height, h = 0.45 * l.size;
    canvas_line(p->c, (struct point){x, top}, (struct point){x, top + l.axis}, 0.14 * l.size, INK);
    canvas_fill(p->c, (const struct point[]){{x - h, top}, {x + h, top}, {x, top + 1.4 * h}}, 3, INK);
}

/* ---- on the face -------------------------------------------------------------------------------------------------------------- */

/* Words on a ground of their own. @p at is the middle of its left end, of its right end, or of all, by the type's alignment. */
static void draw_pill(const struct painting *p, struct point at, struct type type, struct colour ground,
                      const char *words)
{
    const double width = canvas_measure(p->c, &type, words) + 1.4 * type.size, height = 1.75 * type.size;
    double left = type.align == ALIGN_RIGHT ? at.x - width : type.align == ALIGN_MIDDLE ? at.x - width / 2 : at.x;
    left = fmin(fmax(left, 2), p->f->width - width - 2);
    const double top = fmin(fmax(at.y - height / 2, 2), p->f->picture_height - height - 2);
    canvas_round_box(p->c, (struct box){left, top, width, height}, height / 2, ground);
    type.align = ALIGN_MIDDLE;
    canvas_words(p->c, (struct point){left + width / 2, top + height / 2 + 0.36 * type.size}, &type, words);
}

static struct point place_of(const struct painting *p, enum qv_region region)
{
    return (struct point){p->f->x[region], p->f->y[region]};
}

/* From the middle of the face to the side of a region. */
static struct point outward(const struct painting *p, enum qv_side side)
{
    const struct point left = place_of(p, QV_CHEEK_LEFT), right = place_of(p, QV_CHEEK_RIGHT);
    const double length = fmax(hypot(left.x - right.x, left.y - right.y), 1), sign = side == QV_SIDE_LEFT ? 1 : -1;
    return (struct point){sign * (left.x - right.x) / length, sign * (left.y - right.y) / length};
}

static void draw_rings(const struct painting *p)
{
    const double radius = RING_WIDTHS * p->f->face_width_px;
    for (int r = 0; r < QV_REGION_COUNT; r++) {
        canvas_stroke_circle(p->c, place_of(p, (enum qv_region)r), radius, 1.9 * p->unit, faded(SHADOW, 0.5));
        canvas_stroke_circle(p->c, place_of(p, (enum qv_region)r), radius, 0.9 * p->unit, faded(WHITE, 0.6));
    }
}

static void draw_sides(const struct painting *p)
{
    const struct point left = place_of(p, QV_CHEEK_LEFT), right = place_of(p, QV_CHEEK_RIGHT);
    const struct point middle = {(left.x + right.x) / 2, (left.y + right.y) / 2};
    for (int side = QV_SIDE_LEFT; side <= QV_SIDE_RIGHT; side++) {
        const struct point out = outward(p, (enum qv_side)side);
        const double reach = SIDE_WIDTHS * p->f->face_width_px;
        const struct type type = {.size = 11 * p->unit,
                                  .bold = true,
                                  .colour = side_ink((enum qv_side)side),
                                  .align = out.x > 0 ? ALIGN_LEFT : ALIGN_RIGHT};
        draw_pill(p, (struct point){middle.x + out.x * reach, middle.y + out.y * reach}, type, faded(PAPER, 0.85),
                  side == QV_SIDE_LEFT ? "their left" : "their right");
    }
}

/* How bright an event shines now: 1 while it lasts, fading after it; 0 not at all. */
static double shine(const struct qv_movement *e, int64_t time_us)
{
    if (time_us < e->start_us || time_us > e->end_us + LINGER_US)
        return 0;
    return time_us <= e->end_us ? 1 : 1 - (double)(time_us - e->end_us) / LINGER_US;
}

static void draw_flash(const struct painting *p, const struct qv_movement *e, double bright)
{
    const double radius = RING_WIDTHS * p->f->face_width_px;
    for (uint32_t k = e->region_count; k-- > 0;) {
        const struct point at = place_of(p, e->regions[k].region);
        canvas_fill_circle(p->c, at, 1.15 * radius, faded(TWITCH_INK, 0.35 * bright));
        canvas_stroke_circle(p->c, at, 1.15 * radius, 2.6 * p->unit, faded(WHITE, 0.9 * bright));
        canvas_stroke_circle(p->c, at, 1.15 * radius, 1.6 * p->unit, faded(TWITCH_INK, bright));
    }
    if (!e->region_count)
        return;
    char words[96], figure[32];
    plot_millimetres(e->regions[0].amplitude_mm, figure, sizeof figure);
    snprintf(words, sizeof words, "%s %s mm", plot_kind_name(e->kind), figure);
    const struct point at = place_of(p, e->regions[0].region), out = outward(p, qv_region_side(e->regions[0].region));
    const struct type type = {.size = 13 * p->unit,
                              .bold = true,
                              .colour = faded(WHITE, bright),
                              .align = out.x > 0 ? ALIGN_LEFT : ALIGN_RIGHT};
    draw_pill(p, (struct point){at.x + 5.5 * radius * out.x, at.y + 5.5 * radius * out.y}, type,
              faded(TWITCH_INK, 0.92 * bright), words);
}

/* The first movement that may still last, by bisection of their starts. */
static uint32_t first_near(const struct qv_measurement *m, int64_t time_us)
{
    uint32_t low = 0, high = m->movement_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (m->movements[middle].start_us < time_us - LONGEST_US)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Flashes for what is counted; for the rest, its name at the edge of the picture. */
static void draw_events(const struct painting *p)
{
    double bright[QV_MOVEMENT_COUNT] = {0};
    for (uint32_t i = first_near(p->m, p->f->time_us); i < p->m->movement_count; i++) {
        const struct qv_movement *e = &p->m->movements[i];
        if (e->start_us > p->f->time_us)
            break;
        const double now = shine(e, p->f->time_us);
        if (now > 0 && plot_counts(e) && p->f->seen)
            draw_flash(p, e, now);
        bright[e->kind] = fmax(bright[e->kind], now);
    }
    double y = p->f->picture_height - 16 * p->unit;
    for (int kind = QV_MOVEMENT_BLINK; kind < QV_MOVEMENT_COUNT; kind++) {
        if (bright[kind] <= 0)
            continue;
        draw_pill(p, (struct point){p->f->width / 2.0, y},
                  (struct type){.size = 11 * p->unit, .colour = faded(WHITE, bright[kind]), .align = ALIGN_MIDDLE},
                  faded(INK, 0.8 * bright[kind]), plot_kind_name((enum qv_movement_kind)kind));
        y -= 22 * p->unit;
    }
}

static void draw_state(const struct painting *p)
{
    const struct type type = {.size = 12 * p->unit, .bold = true, .colour = WHITE, .align = ALIGN_LEFT};
    const struct point corner = {10 * p->unit, 18 * p->unit};
    char words[64];
    if (!p->f->seen) {
        draw_pill(p, corner, type, faded(INK, 0.85), "face not seen");
    } else if (p->f->magnified > 1) {
        snprintf(words, sizeof words, p->f->magnified < 9.95 ? "motion × %.1f" : "motion × %.0f", p->f->magnified);
        draw_pill(p, corner, type, faded(INK, 0.85), words);
    }
}

int overlay_paint(struct draw_overlay *o, const struct qv_replay_frame *f, struct qv_error *error)
{
    struct painting p = {.m = o->m, .f = f, .unit = f->width / 842.0};
    int status = o->foot ? QV_OK : draw_foot(o, f, error);
    if (status == QV_OK) {
        memcpy(f->pixels + f->picture_height * f->stride_bytes, o->foot, o->foot_bytes);
        status = canvas_on_pixels(f->pixels, f->width, f->height, f->stride_bytes, &p.c, error);
    }
    if (status)
        return status;
    if (f->seen) {
        draw_rings(&p);
        draw_sides(&p);
    }
    draw_events(&p);
    draw_state(&p);
    draw_playhead(&p);
    return canvas_finish(p.c, error);
}
