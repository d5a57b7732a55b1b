/* SPDX-License-Identifier: Apache-2.0 */
/* Displacement over time: a lane a part of the face, the left above the right, as an electroencephalogram is read. */
#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Distances in points. */
#define NAMES_WIDTH 72.0   /* of the column with the parts' names */
#define SIDES_WIDTH 15.0   /* and of that with L and R */
#define SCALES_WIDTH 52.0  /* and of that with the scale bars */
#define STRIP_COUNTED 17.0 /* heights: the marks of what is counted */
#define STRIP_OTHER 15.0   /* and of what is not */
#define AXIS_HEIGHT 20.0
#define LEGEND_LINE 16.0
#define SWATCH 20.0
#define MARK 7.0
#define SHADE_LEAST 1.4   /* a shorter event is shaded this wide */
#define HATCH_APART 4.5   /* lines of a hatching */
#define GAP_NAMED 62.0    /* a gap this wide says what it is */
#define COLUMNS_MOST 1400 /* of a trace: two a point, more is seen by nobody */
#define SPREAD_QUANTILE 0.995
#define HEADROOM 1.35 /* a trace is of a whole part and peaks a little higher or lower than the size that is stated */
#define ROW_FILL 0.85 /* of the distance between rows, that the largest displacement takes: rows may overlap a little */

enum { PARTS = QV_REGION_COUNT / 2 };

/* From the brow down, as they lie on a face. */
static const enum qv_region lanes[PARTS] = {QV_BROW_LEFT,         QV_EYELID_LEFT,    QV_CHEEK_LEFT, QV_UPPER_LIP_LEFT,
                                            QV_MOUTH_CORNER_LEFT, QV_LOWER_LIP_LEFT, QV_CHIN_LEFT};

/* Some bins of the trace that are drawn as one, of one region, in millimetres about its rest. */
struct column {
    double at_s;
    float low, mean, high;
    bool seen;
};

struct lane {
    struct box box;
    double full_mm; /* what ROW_FILL shows */
    double rest_px[2];
};

struct traces {
    struct canvas *c;
    const struct qv_measurement *m;
    struct box box; /* of the traces alone */
    double seconds;
    struct lane lanes[PARTS];
    struct column *columns; /* room for COLUMNS_MOST */
    struct point *points;   /* room for twice as many */
    float *scratch;         /* room for every bin */
};

struct legend {
    struct traces *t;
    double left, right, x, y;
    bool dry; /* only measured */
};

static double x_of(const struct traces *t, double at_s)
{
    return t->box.x + t->box.width * fmin(fmax(at_s / t->seconds, 0), 1);
}

/* ---- scales ----------------------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double quantile_of(float *values, uint32_t count, double q)
{
    if (!count)
        return 0;
    qsort(values, count, sizeof *values, by_value);
    return (double)values[(uint32_t)(q * (count - 1))];
}

/* Where a region lies at most times. */
static double rest_of(const struct traces *t, int region)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->m->trace->bin_count; i++) {
        if (t->m->trace->bins[i].seen)
            t->scratch[n++] = t->m->trace->bins[i].mean_px[region];
    }
    return quantile_of(t->scratch, n, 0.5);
}

static double spread_of(const struct traces *t, int region, double rest_px)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->m->trace->bin_count; i++) {
        const struct qv_trace_bin *bin = &t->m->trace->bins[i];
        if (bin->seen)
            t->scratch[n++] = fmaxf(bin->high_px[region] - (float)rest_px, (float)rest_px - bin->low_px[region]);
    }
    return quantile_of(t->scratch, n, SPREAD_QUANTILE);
}

/* The largest counted movement of a part, which must fit. */
static double counted_mm(const struct qv_measurement *m, enum qv_region part)
{
    double most = 0;
    for (uint32_t i = 0; i < m->movement_count; i++) {
        for (uint32_t k = 0; k < m->movements[i].region_count && plot_counts(&m->movements[i]); k++) {
            if (m->movements[i].regions[k].region / 2 == part / 2)
                most = fmax(most, m->movements[i].regions[k].amplitude_mm);
        }
    }
    return most;
}

/* Both sides share a scale, so that they can be compared; nothing is blown up beyond what could be found at all. */
static void scale_lane(struct traces *t, struct lane *lane, enum qv_region part)
{
    lane->full_mm = fmax(fmax(t->m->quality.detectable_mm, HEADROOM * counted_mm(t->m, part)), 1e-3);
    for (int side = 0; side < 2 && t->m->trace; side++) {
        lane->rest_px[side] = rest_of(t, (int)part + side);
        const double spread_px = spread_of(t, (int)part + side, lane->rest_px[side]);
        lane->full_mm = fmax(lane->full_mm, spread_px * t->m->face.mm_per_px);
    }
}

/* 1, 2 or 5 times a power of ten, at most `most`. */
static double round_below(double most)
{
    const double ten = pow(10, floor(log10(most)));
    return most >= 5 * ten ? 5 * ten : most >= 2 * ten ? 2 * ten : ten;
}

/* ---- traces ----------------------------------------------------------------------------------------------------------------- */

static uint32_t make_columns(struct traces *t, int region, double rest_px)
{
    const struct qv_trace *trace = t->m->trace;
    const uint32_t each = trace->bin_count / COLUMNS_MOST + 1;
    const double mm_per_px = t->m->face.mm_per_px;
    uint32_t count = 0;
    for (uint32_t i = 0; i < trace->bin_count; i += each) {
        struct column *column = &t->columns[count++];
        *column = (struct column){.low = INFINITY, .high = -INFINITY};
        double sum = 0;
        uint32_t seen = 0, n = 0;
        for (; n < each && i + n < trace->bin_count; n++) {
            const struct qv_trace_bin *bin = &trace->bins[i + n];
            column->at_s += (double)(bin->first_us + bin->last_us) * 0.5e-6;
            if (!bin->seen)
                continue;
            column->low = fminf(column->low, (float)(((double)bin->low_px[region] - rest_px) * mm_per_px));
            column->high = fmaxf(column->high, (float)(((double)bin->high_px[region] - rest_px) * mm_per_px));
            sum += ((double)bin->mean_px[region] - rest_px) * mm_per_px * bin->seen;
            seen += bin->seen;
        }
        column->at_s /= n;
        column->seen = seen > 0;
        column->mean = seen ? (float)(sum / seen) : 0;
    }
    return count;
}

static void draw_run(struct traces *t, const struct column *run, uint32_t count, double middle, double pt_per_mm,
                     struct colour ink)
{
    struct point *points = t->points;
    bool spread = false;
    for (uint32_t i = 0; i < count; i++) {
        const double x = x_of(t, run[i].at_s);
        points[i] = (struct point){x, middle - pt_per_mm * (double)run[i].high};
        points[2 * count - 1 - i] = (struct point){x, middle - pt_per_mm * (double)run[i].low};
        spread = spread || run[i].high > run[i].low;
    }
    if (spread)
        canvas_fill(t->c, points, 2 * (size_t)count, faded(ink, 0.45));
    for (uint32_t i = 0; i < count; i++)
        points[i].y = middle - pt_per_mm * (double)run[i].mean;
    canvas_stroke(t->c, points, count, false, spread ? 0.6 : 0.9, ink);
}

static void draw_row(struct traces *t, const struct lane *lane, enum qv_region region)
{
    const int side = region & 1;
    const double pitch = lane->box.height / 2, middle = lane->box.y + pitch * (side + 0.5);
    canvas_line(t->c, (struct point){t->box.x, middle}, (struct point){t->box.x + t->box.width, middle}, 0.4, HAIR);
    if (!t->m->trace)
        return;
    const uint32_t count = make_columns(t, (int)region, lane->rest_px[side]);
    for (uint32_t from = 0, to; from < count; from = to) {
        for (to = from + 1; to < count && t->columns[to].seen == t->columns[from].seen;)
            to++;
        if (t->columns[from].seen)
            draw_run(t, &t->columns[from], to - from, middle, ROW_FILL * pitch / lane->full_mm,
                     side_ink(qv_region_side(region)));
    }
}

static void draw_scale(struct traces *t, const struct lane *lane)
{
    const double pt_per_mm = ROW_FILL * lane->box.height / 2 / lane->full_mm;
    const double mm = round_below(0.75 * lane->box.height / pt_per_mm), half = mm * pt_per_mm / 2;
    const double x = t->box.x + t->box.width + 7, middle = lane->box.y + lane->box.height / 2;
    char words[48];
    snprintf(words, sizeof words, "%g mm", mm);
    canvas_line(t->c, (struct point){x, middle - half}, (struct point){x, middle + half}, 1.4, INK);
    canvas_words(t->c, (struct point){x + 6, middle + 3.5}, &(struct type){.size = TYPE_SMALL, .colour = INK}, words);
}

static void draw_names(struct traces *t, const struct lane *lane, enum qv_region part)
{
    const double pitch = lane->box.height / 2, x = t->box.x - SIDES_WIDTH;
    canvas_words(t->c, (struct point){t->box.x - SIDES_WIDTH - NAMES_WIDTH, lane->box.y + pitch + 3.5},
                 &(struct type){.size = TYPE_BODY, .colour = INK, .width = NAMES_WIDTH}, plot_part_name(part));
    for (int side = 0; side < 2; side++)
        canvas_words(
            t->c, (struct point){x + 3, lane->box.y + pitch * (side + 0.5) + 3.5},
            &(struct type){.size = TYPE_SMALL, .bold = true, .colour = side_ink(side ? QV_SIDE_RIGHT : QV_SIDE_LEFT)},
            side ? "R" : "L");
}

/* ---- events ------------------------------------------------------------------------------------------------------------------ */

static const struct look {
    struct colour tint, line;
    enum hatch hatch;
} looks[QV_MOVEMENT_COUNT] = {
    [QV_MOVEMENT_TWITCH] = {{0.72, 0.05, 0.25, 0.16}, {0}, HATCH_NONE},
    [QV_MOVEMENT_SPASM] = {{0.72, 0.05, 0.25, 0.16}, {0.72, 0.05, 0.25, 0.5}, HATCH_RISING},
    [QV_MOVEMENT_BLINK] = {{0.35, 0.62, 0.80, 0.22}, {0}, HATCH_NONE},
    [QV_MOVEMENT_MOUTH_MOVEMENT] = {{0.55, 0.60, 0.65, 0.10}, {0.45, 0.50, 0.55, 0.55}, HATCH_FALLING},
    [QV_MOVEMENT_HEAD_MOVEMENT] = {{0.55, 0.60, 0.65, 0.10}, {0.45, 0.50, 0.55, 0.55}, HATCH_CROSSED},
    [QV_MOVEMENT_LIGHTING] = {{0.93, 0.77, 0.25, 0.18}, {0.70, 0.52, 0.05, 0.6}, HATCH_UPRIGHT},
};

static void shade(struct traces *t, struct box box, const struct look *look)
{
    canvas_fill_box(t->c, box, look->tint);
    if (look->hatch != HATCH_NONE)
        canvas_hatch_box(t->c, box, look->hatch, HATCH_APART, look->line);
}

/* Which rows an event is shaded in: its regions' when it is counted, those of the eyes or of the mouth, or all. */
static bool concerns(const struct qv_movement *e, enum qv_region region)
{
    const bool eye = region >= QV_EYELID_LEFT;
    switch (e->kind) {
    case QV_MOVEMENT_BLINK:
        return eye;
    case QV_MOVEMENT_MOUTH_MOVEMENT:
        return !eye;
    case QV_MOVEMENT_TWITCH:
    case QV_MOVEMENT_SPASM:
        for (uint32_t k = 0; k < e->region_count; k++) {
            if (e->regions[k].region == region)
                return true;
        }
        return false;
    default:
        return true;
    }
}

static void shade_event(struct traces *t, const struct qv_movement *e)
{
    const double from = x_of(t, (double)e->start_us * 1e-6), to = x_of(t, (double)e->end_us * 1e-6);
    const double width = fmax(to - from, SHADE_LEAST), x = (from + to - width) / 2;
    /* rows that lie below one another are shaded at once */
    double top = 0, bottom = -1;
    for (int lane = 0; lane < PARTS; lane++) {
        for (int side = 0; side < 2; side++) {
            if (!concerns(e, lanes[lane] + (enum qv_region)side))
                continue;
            const double pitch = t->lanes[lane].box.height / 2, y = t->lanes[lane].box.y + pitch * side;
            if (bottom >= top && fabs(y - bottom) > 0.01) {
                shade(t, (struct box){x, top, width, bottom - top}, &looks[e->kind]);
                bottom = top - 1;
            }
            if (bottom < top)
                top = y;
            bottom = y + pitch;
        }
    }
    if (bottom > top)
        shade(t, (struct box){x, top, width, bottom - top}, &looks[e->kind]);
}

void plot_mark(struct canvas *c, enum qv_movement_kind kind, struct point at, double size)
{
    const double h = size / 2;
    switch (kind) {
    case QV_MOVEMENT_TWITCH:
        canvas_fill(c, (const struct point[]){{at.x - h, at.y - h}, {at.x + h, at.y - h}, {at.x, at.y + h}}, 3,
                    TWITCH_INK);
        break;
    case QV_MOVEMENT_SPASM:
        canvas_fill(c,
                    (const struct point[]){{at.x - h, at.y - h},
                                           {at.x + h, at.y - h},
                                           {at.x + h, at.y - h / 4},
                                           {at.x, at.y + h},
                                           {at.x - h, at.y - h / 4}},
                    5, TWITCH_INK);
        break;
    case QV_MOVEMENT_BLINK:
        canvas_stroke_circle(c, at, 0.8 * h, 1.1, (struct colour){0.10, 0.45, 0.65, 1});
        break;
    case QV_MOVEMENT_MOUTH_MOVEMENT:
        canvas_stroke(c, (const struct point[]){{at.x, at.y - h}, {at.x + h, at.y}, {at.x, at.y + h}, {at.x - h, at.y}},
                      4, true, 1.1, OTHER_INK);
        break;
    case QV_MOVEMENT_HEAD_MOVEMENT:
        canvas_stroke_box(c, (struct box){at.x - 0.8 * h, at.y - 0.8 * h, 1.6 * h, 1.6 * h}, 1.1, OTHER_INK);
        break;
    default:
        canvas_line(c, (struct point){at.x - h, at.y}, (struct point){at.x + h, at.y}, 1.1,
                    (struct colour){0.62, 0.45, 0.05, 1});
        canvas_line(c, (struct point){at.x, at.y - h}, (struct point){at.x, at.y + h}, 1.1,
                    (struct colour){0.62, 0.45, 0.05, 1});
    }
}

static void draw_strips(struct traces *t, double top)
{
    static const char *const names[] = {"counted", "not counted"};
    for (int strip = 0; strip < 2; strip++) {
        const double y = top + (strip ? STRIP_COUNTED + STRIP_OTHER / 2 : STRIP_COUNTED / 2);
        canvas_words(t->c, (struct point){t->box.x - SIDES_WIDTH - NAMES_WIDTH, y + 3.5},
                     &(struct type){.size = TYPE_SMALL, .bold = !strip, .colour = strip ? GREY : TWITCH_INK},
                     names[strip]);
    }
    for (uint32_t i = 0; i < t->m->movement_count; i++) {
        const struct qv_movement *e = &t->m->movements[i];
        const double x = x_of(t, (double)e->peak_us * 1e-6);
        const double y = top + (plot_counts(e) ? STRIP_COUNTED / 2 : STRIP_COUNTED + STRIP_OTHER / 2);
        if (e->kind == QV_MOVEMENT_SPASM) /* how long it was held */
            canvas_line(t->c, (struct point){x_of(t, (double)e->start_us * 1e-6), y - MARK / 2},
                        (struct point){x_of(t, (double)e->end_us * 1e-6), y - MARK / 2}, 1.6, TWITCH_INK);
        plot_mark(t->c, e->kind, (struct point){x, y}, MARK);
    }
}

/* ---- gaps, axis, legend ------------------------------------------------------------------------------------------------------- */

static void draw_gap(struct traces *t, struct box box)
{
    canvas_fill_box(t->c, box, (struct colour){0.90, 0.91, 0.92, 1});
    canvas_hatch_box(t->c, box, HATCH_RISING, 9, (struct colour){0.74, 0.76, 0.79, 1});
    if (box.width < GAP_NAMED)
        return;
    const struct type type = {.size = TYPE_SMALL, .colour = GREY, .align = ALIGN_MIDDLE};
    const struct point middle = {box.x + box.width / 2, box.y + box.height / 2};
    canvas_round_box(t->c, (struct box){middle.x - 29, middle.y - 16, 58, 32}, 4, PAPER);
    canvas_words(t->c, (struct point){middle.x, middle.y - 2}, &type, "face");
    canvas_words(t->c, (struct point){middle.x, middle.y + 10}, &type, "not seen");
}

static void draw_gaps(struct traces *t)
{
    const struct qv_trace *trace = t->m->trace;
    for (uint32_t from = 0, to; trace && from < trace->bin_count; from = to) {
        for (to = from + 1; to < trace->bin_count && !trace->bins[to].seen == !trace->bins[from].seen;)
            to++;
        if (trace->bins[from].seen)
            continue;
        const double begin = x_of(t, (double)trace->bins[from].first_us * 1e-6);
        const double end =
            to < trace->bin_count ? x_of(t, (double)trace->bins[to].first_us * 1e-6) : t->box.x + t->box.width;
        draw_gap(t, (struct box){begin, t->box.y, fmax(end - begin, 0.5), t->box.height});
    }
}

static bool has_gaps(const struct qv_trace *trace)
{
    for (uint32_t i = 0; trace && i < trace->bin_count; i++) {
        if (!trace->bins[i].seen)
            return true;
    }
    return false;
}

static void draw_axis(struct traces *t)
{
    static const double steps_s[] = {0.1, 0.2, 0.5, 1,   2,    5,    10,   15,    30,   60,
                                     120, 300, 600, 900, 1800, 3600, 7200, 14400, 36000};
    const double least = 48; /* points between figures */
    double step_s = steps_s[0];
    for (size_t i = 0; i < sizeof steps_s / sizeof steps_s[0] && t->box.width * step_s / t->seconds < least; i++)
        step_s = steps_s[i];
    const double y = t->box.y + t->box.height;
    canvas_line(t->c, (struct point){t->box.x, y}, (struct point){t->box.x + t->box.width, y}, 0.8, INK);
    for (int i = 0; i * step_s <= t->seconds + 1e-9; i++) {
        char words[32];
        const double at = i * step_s;
        const double x = x_of(t, at);
        if (t->seconds < 120)
            snprintf(words, sizeof words, "%g", round(at * 10) / 10);
        else
            snprintf(words, sizeof words, "%.0f:%02.0f", floor(at / 60), fmod(at, 60));
        canvas_line(t->c, (struct point){x, y}, (struct point){x, y + 4}, 0.8, INK);
        canvas_words(t->c, (struct point){x, y + 14.5},
                     &(struct type){.size = TYPE_SMALL, .colour = GREY, .align = ALIGN_MIDDLE}, words);
    }
    canvas_words(t->c, (struct point){t->box.x - SIDES_WIDTH - NAMES_WIDTH, y + 14.5},
                 &(struct type){.size = TYPE_SMALL, .colour = GREY}, t->seconds < 120 ? "seconds" : "min:s");
}

/* One entry of the legend; begins a new line when it would not fit. */
static void legend_item(struct legend *l, const char *words, const struct look *look, enum qv_movement_kind kind)
{
    const struct type type = {.size = TYPE_SMALL, .colour = INK};
    const double width = SWATCH + 5 + canvas_measure(l->t->c, &type, words);
    if (l->x > l->left && l->x + width > l->right) {
        l->x = l->left;
        l->y += LEGEND_LINE;
    }
    if (!l->dry) {
        const struct box swatch = {l->x, l->y - 6, SWATCH, 12};
        if (look) {
            shade(l->t, swatch, look);
            plot_mark(l->t->c, kind, (struct point){l->x + SWATCH / 2, l->y}, MARK);
        } else {
            draw_gap(l->t, swatch);
        }
        canvas_words(l->t->c, (struct point){l->x + SWATCH + 5, l->y + 3.5}, &type, words);
    }
    l->x += width + 18;
}

/* Returns its height. */
static double draw_legend(struct traces *t, struct box box, bool dry)
{
    uint32_t counts[QV_MOVEMENT_COUNT] = {0};
    for (uint32_t i = 0; i < t->m->movement_count; i++)
        counts[t->m->movements[i].kind]++;
    struct legend l = {t, box.x, box.x + box.width, box.x, box.y + LEGEND_LINE / 2, dry};
    for (int kind = 0; kind < QV_MOVEMENT_COUNT; kind++) {
        char words[96];
        snprintf(words, sizeof words, "%s: %u", plot_kind_name((enum qv_movement_kind)kind), counts[kind]);
        if (counts[kind] || kind == QV_MOVEMENT_TWITCH)
            legend_item(&l, words, &looks[kind], (enum qv_movement_kind)kind);
    }
    if (has_gaps(t->m->trace))
        legend_item(&l, "face not seen", NULL, QV_MOVEMENT_COUNT);
    return l.y + LEGEND_LINE / 2 - box.y;
}

/* ---- all --------------------------------------------------------------------------------------------------------------------- */

static void lay_out(struct traces *t, struct box box)
{
    t->seconds = fmax(t->m->clip.duration_s, 1e-3);
    t->box = (struct box){box.x + NAMES_WIDTH + SIDES_WIDTH, box.y + STRIP_COUNTED + STRIP_OTHER,
                          box.width - NAMES_WIDTH - SIDES_WIDTH - SCALES_WIDTH,
                          box.height - STRIP_COUNTED - STRIP_OTHER - AXIS_HEIGHT - draw_legend(t, box, true)};

    const double height = t->box.height / PARTS;
    for (int lane = 0; lane < PARTS; lane++) {
        t->lanes[lane].box = (struct box){t->box.x, t->box.y + lane * height, t->box.width, height};
        scale_lane(t, &t->lanes[lane], lanes[lane]);
    }
}

void plot_traces(struct canvas *c, const struct qv_measurement *m, struct box box)
{
    const uint32_t bins = m->trace ? m->trace->bin_count : 0;
    struct traces t = {.c = c, .m = m};
    t.columns = calloc(COLUMNS_MOST, sizeof *t.columns);
    t.points = calloc(2 * COLUMNS_MOST, sizeof *t.points);
    t.scratch = calloc((size_t)bins + 1, sizeof *t.scratch);
    if (t.columns && t.points && t.scratch) {
        lay_out(&t, box);
        canvas_fill_box(c, t.box, PANEL);
        for (int lane = 0; lane < PARTS; lane += 2)
            canvas_fill_box(c, t.lanes[lane].box, PAPER);
        draw_gaps(&t);
        for (uint32_t i = 0; i < m->movement_count; i++)
            shade_event(&t, &m->movements[i]);
        for (int lane = 0; lane < PARTS; lane++) {
            canvas_clip(c, t.lanes[lane].box);
            for (int side = 0; side < 2; side++)
                draw_row(&t, &t.lanes[lane], lanes[lane] + (enum qv_region)side);
            canvas_unclip(c);
            draw_names(&t, &t.lanes[lane], lanes[lane]);
            draw_scale(&t, &t.lanes[lane]);
        }
        draw_strips(&t, box.y);
        draw_axis(&t);
        box.y = t.box.y + t.box.height + AXIS_HEIGHT;
        draw_legend(&t, box, false);
    } else {
        canvas_break(c);
    }
    free(t.columns);
    free(t.points);
    free(t.scratch);
}
