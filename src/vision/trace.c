/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <math.h>
#include <string.h>

/* Slower than this is a drift of the face, faster is a movement: the main axis is that of the fast part. */
#define SLOW_S 0.5

struct bin {
    int64_t first_us, last_us;
    uint32_t frames, seen;
    double sum_x[QV_REGION_COUNT], sum_y[QV_REGION_COUNT];
    float low[QV_REGION_COUNT][TRACE_AXES], high[QV_REGION_COUNT][TRACE_AXES];
};

struct trace {
    uint32_t bin_count, frames_per_bin;
    float axis_x[TRACE_AXES], axis_y[TRACE_AXES];
    bool seen_before;
    int64_t last_us;
    double slow_x[QV_REGION_COUNT], slow_y[QV_REGION_COUNT];
    double xx[QV_REGION_COUNT], xy[QV_REGION_COUNT], yy[QV_REGION_COUNT]; /* of the fast part */
    struct bin bins[QV_TRACE_BINS_MAX];
};

struct trace *trace_create(struct qv_arena *arena)
{
    struct trace *t = qv_arena_alloc(arena, 1, sizeof *t);
    if (!t)
        return NULL;
    t->frames_per_bin = 1;
    for (int a = 0; a < TRACE_AXES; a++) {
        t->axis_x[a] = (float)cos(a * M_PI / TRACE_AXES);
        t->axis_y[a] = (float)sin(a * M_PI / TRACE_AXES);
    }
    return t;
}

/* ---- bins ---------------------------------------------------------------------------------------------------------------- */

static void merge(struct bin *into, const struct bin *next)
{
    into->last_us = next->last_us;
    into->frames += next->frames;
    if (next->seen && !into->seen) {
        memcpy(into->low, next->low, sizeof into->low);
        memcpy(into->high, next->high, sizeof into->high);
    }
    for (int r = 0; r < QV_REGION_COUNT && next->seen; r++) {
        into->sum_x[r] += next->sum_x[r];
        into->sum_y[r] += next->sum_y[r];
        for (int a = 0; a < TRACE_AXES; a++) {
            into->low[r][a] = fminf(into->low[r][a], next->low[r][a]);
            into->high[r][a] = fmaxf(into->high[r][a], next->high[r][a]);
        }
    }
    into->seen += next->seen;
}

static void halve(struct trace *t)
{
    t->bin_count /= 2;
    t->frames_per_bin *= 2;
    for (uint32_t i = 0; i < t->bin_count; i++) {
        t->bins[i] = t->bins[2 * i];
        merge(&t->bins[i], &t->bins[2 * i + 1]);
    }
}

static void add_frame(struct trace *t, const struct bin *frame)
{
    struct bin *last = t->bin_count ? &t->bins[t->bin_count - 1] : NULL;
    if (last && last->frames < t->frames_per_bin) {
        merge(last, frame);
        return;
    }
    if (t->bin_count == QV_TRACE_BINS_MAX)
        halve(t);
    t->bins[t->bin_count++] = *frame;
}

/* ---- the main axis ------------------------------------------------------------------------------------------------------- */

static void note_fast_part(struct trace *t, int64_t time_us, const float *displacement)
{
    const double dt_s = (double)(time_us - t->last_us) * 1e-6;
    const double share = t->seen_before ? 1 - exp(-dt_s / SLOW_S) : 1;
    for (int r = 0; r < QV_REGION_COUNT; r++) {
        const double x = (double)displacement[2 * r], y = (double)displacement[2 * r + 1];
        if (t->seen_before) {
            const double fast_x = x - t->slow_x[r], fast_y = y - t->slow_y[r];
            t->xx[r] += fast_x * fast_x;
            t->xy[r] += fast_x * fast_y;
            t->yy[r] += fast_y * fast_y;
        }
        t->slow_x[r] += share * (x - t->slow_x[r]);
        t->slow_y[r] += share * (y - t->slow_y[r]);
    }
}

/* The direction kept that is nearest to the main axis. */
static int main_axis(const struct trace *t, int region)
{
    int best = TRACE_AXES / 2; /* up and down, if nothing moved */
    double most = 0;
    for (int a = 0; a < TRACE_AXES; a++) {
        const double x = (double)t->axis_x[a], y = (double)t->axis_y[a];
        const double along = t->xx[region] * x * x + 2 * t->xy[region] * x * y + t->yy[region] * y * y;
        if (along > most) {
            most = along;
            best = a;
        }
    }
    return best;
}

/* Which way along its axis counts as positive: up, or where the axis lies flatter, away from the middle of the face. */
static float direction(const struct trace *t, int region, int axis, bool mirrored)
{
    const float x = t->axis_x[axis], y = t->axis_y[axis];
    if (fabsf(y) >= fabsf(x))
        return y > 0 ? -1 : 1;
    const bool outward_is_right = (qv_region_side((enum qv_region)region) == QV_SIDE_LEFT) != mirrored;
    return (x > 0) == outward_is_right ? 1 : -1;
}

/* ---- in and out ---------------------------------------------------------------------------------------------------------- */

void trace_add(struct trace *t, int64_t time_us, const float *displacement)
{
    struct bin frame = {.first_us = time_us, .last_us = time_us, .frames = 1, .seen = displacement != NULL};
    for (int r = 0; r < QV_REGION_COUNT && displacement; r++) {
        const float x = displacement[2 * r], y = displacement[2 * r + 1];
        frame.sum_x[r] = (double)x;
        frame.sum_y[r] = (double)y;
        for (int a = 0; a < TRACE_AXES; a++)
            frame.low[r][a] = frame.high[r][a] = x * t->axis_x[a] + y * t->axis_y[a];
    }
    if (displacement)
        note_fast_part(t, time_us, displacement);
    t->seen_before = displacement != NULL;
    t->last_us = time_us;
    add_frame(t, &frame);
}

const struct qv_trace *trace_finish(const struct trace *t, double px_per_chart, bool mirrored, struct qv_arena *arena)
{
    struct qv_trace *out = qv_arena_alloc(arena, 1, sizeof *out);
    struct qv_trace_bin *bins = qv_arena_alloc(arena, t->bin_count + 1, sizeof *bins);
    if (!out || !bins)
        return NULL;
    for (uint32_t i = 0; i < t->bin_count; i++)
        bins[i] = (struct qv_trace_bin){.first_us = t->bins[i].first_us,
                                        .last_us = t->bins[i].last_us,
                                        .frames = t->bins[i].frames,
                                        .seen = t->bins[i].seen};
    for (int r = 0; r < QV_REGION_COUNT; r++) {
        const int axis = main_axis(t, r);
        const float sign = direction(t, r, axis, mirrored), scale = sign * (float)px_per_chart;
        out->axis_x[r] = sign * t->axis_x[axis];
        out->axis_y[r] = sign * t->axis_y[axis];
        for (uint32_t i = 0; i < t->bin_count; i++) {
            const struct bin *bin = &t->bins[i];
            const float low = scale * bin->low[r][axis], high = scale * bin->high[r][axis];
            const double sum = bin->sum_x[r] * (double)t->axis_x[axis] + bin->sum_y[r] * (double)t->axis_y[axis];
            bins[i].low_px[r] = fminf(low, high);
            bins[i].high_px[r] = fmaxf(low, high);
            bins[i].mean_px[r] = bin->seen ? scale * (float)(sum / bin->seen) : 0;
        }
    }
    out->bins = bins;
    out->bin_count = t->bin_count;
    return out;
}
