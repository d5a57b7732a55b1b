/* SPDX-License-Identifier: Apache-2.0 */
/* See block.h. */
#include "block.h"

#include "banded.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const double bank_s[BANK_SIZE] = {0.060, 0.085, 0.120, 0.170, 0.240, 0.340, 0.480};
#define PULSE_FRAMES_LEAST 3 /* seen moving: a codec spoils single frames */
#define BASE_S 0.070         /* baseline seen on either side of a pulse, beyond half its length */

#define GAP_SHARE 0.6 /* of the seconds before and after a pulse's peak must be seen: more is missing */

/* The pool of a region. */
#define PATCH_WIDTHS 0.065     /* standard deviation of the bell that a patch of moving skin is taken for */
#define POOL_REACH_WIDTHS 0.16 /* nodes as near as this are listened to */
/* Of the mean variance, added to each node's: keeps the weights from leaning on a chance pattern. */
#define POOL_LOADING 0.1
#define POOL_APART_S 0.25  /* a frame so near to a movement still shows it */
#define POOL_CALM_MOST 2.0 /* times the tenth percentile: beyond is not calm */
#define POOL_CALM 0.5      /* of the frames, the calmest, show the noise */

#define NOISE_REACH_S 10.0           /* the noise is that of the seconds around */
#define NOISE_QUANTILE 0.30          /* of the answers: low, so that frequent twitches do not hide themselves */
#define NOISE_QUANTILE_NORMAL 0.3853 /* that quantile of the size of a standard normal */
#define NOISE_TAIL 0.95
#define NOISE_TAIL_NORMAL 1.96
#define NOISE_ANSWERS_LEAST 30  /* fewer answers say nothing of noise */
#define NOISE_SHARED 0.6        /* of the median over all regions: a frozen block is no proof of silence */
#define NOISE_MIRROR 3.0        /* times the mirror region's: beyond, it is no noise but movement without rest */
#define HEAD_LEAK 0.02          /* of the head's own motion in the band, that may show in a region */
#define LIGHT_LEAK_WIDTHS 0.004 /* per unit of relative brightness in the band */

/* ---- memory ------------------------------------------------------------------------------------------------------------ */

/* Lists the nodes round a region's anchor, and how a patch there moves them. */
static bool make_pool(struct block *b, enum qv_region region, struct qv_arena *arena)
{
    struct pool *pool = &b->pools[region];
    pool->window = track_window_of(region);
    const struct window *w = &b->track->windows[pool->window];
    pool->unknown = qv_arena_alloc(arena, w->node_count, sizeof *pool->unknown);
    pool->patch = qv_arena_alloc(arena, w->node_count, sizeof *pool->patch);
    if (!pool->unknown || !pool->patch)
        return false;
    for (uint32_t a = 0; a < BLOCK_AXES; a++) {
        if (!(pool->weight[a] = qv_arena_alloc(arena, w->node_count, sizeof *pool->weight[a])))
            return false;
    }
    const double x0 = b->track->plan.region_x[region], y0 = b->track->plan.region_y[region];
    for (uint32_t i = 0; i < w->nodes_x; i++) {
        for (uint32_t j = 0; j < w->nodes_y; j++) {
            const double x = w->x0 + (i - 1.0) * w->cell_px - x0, y = w->y0 + (j - 1.0) * w->cell_px - y0;
            const double far = hypot(x, y) / b->width;
            if (far > POOL_REACH_WIDTHS)
                continue;
            const double patch = exp(-far * far / (2 * PATCH_WIDTHS * PATCH_WIDTHS));
            pool->unknown[pool->count] = window_unknown(w, i, j);
            pool->patch[pool->count++] = patch;
            pool->squares += patch * patch;
        }
    }
    b->pool_most = pool->count > b->pool_most ? pool->count : b->pool_most;
    return pool->count > 0;
}

static bool make_records(struct block *b, struct qv_arena *arena)
{
    size_t a_record = 0;
    for (int i = 0; i < TRACK_WINDOWS; i++)
        a_record += b->track->windows[i].unknowns;
    b->records = qv_arena_alloc(arena, BLOCK_FRAMES, sizeof *b->records);
    float *fields = qv_arena_alloc(arena, BLOCK_FRAMES * a_record, sizeof *fields);
    if (!b->records || !fields)
        return false;
    for (uint32_t n = 0; n < BLOCK_FRAMES; n++) {
        for (int i = 0; i < TRACK_WINDOWS; i++) {
            b->records[n].field[i] = fields;
            fields += b->track->windows[i].unknowns;
        }
    }
    return true;
}

int block_init(struct block *b, const struct track *track, struct qv_arena *arena, struct qv_error *error)
{
    *b = (struct block){.track = track, .width = track->plan.width_px};
    bool fine = make_records(b, arena);
    fine = fine && (b->series = qv_arena_alloc(arena, BLOCK_FRAMES, sizeof *b->series));
    fine = fine && (b->answer = qv_arena_alloc(arena, BLOCK_FRAMES, sizeof *b->answer));
    fine = fine && (b->unit = qv_arena_alloc(arena, BLOCK_FRAMES, sizeof *b->unit));
    fine = fine && (b->squares = qv_arena_alloc(arena, BLOCK_FRAMES, sizeof *b->squares));
    fine = fine && (b->noise = qv_arena_alloc(arena, BLOCK_FRAMES, sizeof *b->noise));
    fine = fine && (b->plain = qv_arena_alloc(arena, BLOCK_FRAMES, sizeof *b->plain));
    fine = fine && (b->unfit = qv_arena_alloc(arena, BLOCK_FRAMES + 1, sizeof *b->unfit));
    fine = fine && (b->scratch = qv_arena_alloc(arena, BLOCK_FRAMES, sizeof *b->scratch));
    for (int r = 0; r < QV_REGION_COUNT; r++)
        fine = fine && make_pool(b, (enum qv_region)r, arena);
    fine = fine && (b->spreads = qv_arena_alloc(arena, (size_t)b->pool_most * b->pool_most, sizeof *b->spreads));
    fine = fine && (b->ideal = qv_arena_alloc(arena, b->pool_most, sizeof *b->ideal));
    return fine ? QV_OK : qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
}

/* ---- frames ------------------------------------------------------------------------------------------------------------- */

double block_time(const struct block *b, uint32_t frame)
{
    return (double)b->records[frame].time_us * 1e-6;
}

uint32_t block_frame_at(const struct block *b, double time_s)
{
    uint32_t low = 0, high = b->frames;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (block_time(b, middle) < time_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct track_record *block_room(struct block *b)
{
    assert(b->frames < BLOCK_FRAMES);
    return &b->records[b->frames];
}

/* One axis of a region in a frame: a weighted sum of its nodes, or where it was when nothing is known. */
static float pool_frame(const struct block *b, uint32_t frame, enum qv_region region, uint32_t axis, float before)
{
    const struct pool *p = &b->pools[region];
    const struct track_record *r = &b->records[frame];
    if (!r->looks[p->window].fit)
        return before;
    float sum = 0;
    for (uint32_t i = 0; i < p->count; i++)
        sum += p->weight[axis][i] * r->field[p->window][p->unknown[i] + axis];
    return sum;
}

static float plain_mean(const struct block *b, uint32_t frame, enum qv_region region, uint32_t axis, float before)
{
    const struct pool *p = &b->pools[region];
    const struct track_record *r = &b->records[frame];
    if (!r->looks[p->window].fit)
        return before;
    double sum = 0;
    for (uint32_t i = 0; i < p->count; i++)
        sum += p->patch[i] * (double)r->field[p->window][p->unknown[i] + axis];
    return (float)(sum / p->squares);
}

void block_take(struct block *b)
{
    const uint32_t f = b->frames;
    const struct track_record *r = &b->records[f];
    for (uint32_t k = 0; k < BLOCK_HEAD; k++) {
        const float before = f > 0 ? b->plain[f - 1][k] : 0;
        b->series[f][k] = b->plain[f][k] = plain_mean(b, f, (enum qv_region)(k / 2), k % 2, before);
    }
    float *s = b->series[f];
    double x, y;
    affine_apply(&r->pose, b->track->plan.mouth_x, b->track->plan.mouth_y, &x, &y);
    s[BLOCK_HEAD] = (float)x;
    s[BLOCK_HEAD + 1] = (float)y;
    s[BLOCK_LIGHT] = r->light;
    b->frames++;
}

bool block_full(const struct block *b)
{
    return b->frames == BLOCK_FRAMES || (b->frames && block_time(b, b->frames - 1) - block_time(b, 0) > BLOCK_S);
}

void block_forget(struct block *b, uint32_t keep)
{
    assert(2 * keep <= b->frames);
    for (uint32_t i = 0; i < keep; i++) {
        const uint32_t from = b->frames - keep + i;
        struct track_record old = b->records[i];
        b->records[i] = b->records[from];
        b->records[from] = old; /* the fields change places with it */
        memcpy(b->series[i], b->series[from], sizeof b->series[i]);
        memcpy(b->series[i], b->plain[from], sizeof b->plain[i]); /* weights are tuned anew, from these */
        memcpy(b->plain[i], b->plain[from], sizeof b->plain[i]);
    }
    b->frames = keep;
}

/* ---- the bank ----------------------------------------------------------------------------------------------------------- */

double block_weights(const struct block *b, uint32_t at, uint32_t duration, uint32_t *first, uint32_t *count,
                     float *weights)
{
    const double length_s = bank_s[duration], reach = length_s / 2 + fmax(BASE_S, length_s / 2), t0 = block_time(b, at);
    uint32_t from = at, to = at;
    while (from > 0 && t0 - block_time(b, from - 1) <= reach)
        from--;
    while (to + 1 < b->frames && block_time(b, to + 1) - t0 <= reach)
        to++;
    const uint32_t n = to - from + 1;
    const bool whole = t0 - block_time(b, 0) >= reach && block_time(b, b->frames - 1) - t0 >= reach;
    if (n > BLOCK_WEIGHTS || !whole || t0 - block_time(b, from) < GAP_SHARE * reach ||
        block_time(b, to) - t0 < GAP_SHARE * reach)
        return 0;
    /* Gram–Schmidt of {1, t, h}: what is left of h after 1 and t are taken out gives the weights. */
    double mean_t = 0, mean_h = 0, tt = 0, th = 0, hh = 0;
    uint32_t in_pulse = 0;
    for (uint32_t i = 0; i < n; i++) {
        const double t = block_time(b, from + i) - t0;
        const double h = fabs(t) < length_s / 2 ? 0.5 + 0.5 * cos(2 * M_PI * t / length_s) : 0;
        in_pulse += h > 0.2;
        weights[i] = (float)h;
        mean_t += t / n;
        mean_h += h / n;
    }
    if (in_pulse < PULSE_FRAMES_LEAST || n < in_pulse + 3)
        return 0;
    for (uint32_t i = 0; i < n; i++) {
        const double t = block_time(b, from + i) - t0 - mean_t, h = (double)weights[i] - mean_h;
        tt += t * t;
        th += t * h;
    }
    const double slope = tt > 0 ? th / tt : 0;
    for (uint32_t i = 0; i < n; i++) {
        const double rest = (double)weights[i] - mean_h - slope * (block_time(b, from + i) - t0 - mean_t);
        weights[i] = (float)rest;
        hh += rest * rest;
    }
    if (hh < 1e-9)
        return 0;
    for (uint32_t i = 0; i < n; i++)
        weights[i] = (float)((double)weights[i] / hh);
    *first = from;
    *count = n;
    return 1 / sqrt(hh);
}

/* Sum of squares of a series in a window after a straight line is taken out. */
static double squares_about_line(const struct block *b, uint32_t series, uint32_t first, uint32_t count)
{
    double my = 0, mt = 0, tt = 0, ty = 0, yy = 0;
    for (uint32_t i = 0; i < count; i++) {
        my += (double)b->series[first + i][series] / count;
        mt += block_time(b, first + i) / count;
    }
    for (uint32_t i = 0; i < count; i++) {
        const double y = (double)b->series[first + i][series] - my, t = block_time(b, first + i) - mt;
        tt += t * t;
        ty += t * y;
        yy += y * y;
    }
    return yy - (tt > 0 ? ty * ty / tt : 0);
}

/* What the durations [from, to) of the bank make of a frame. */
static void answer_frame(struct block *b, uint32_t frame, uint32_t from, uint32_t to)
{
    float weights[BLOCK_WEIGHTS];
    for (uint32_t p = from; p < to; p++) {
        float *answer = b->answer[frame][p];
        memset(answer, 0, sizeof b->answer[frame][p]);
        uint32_t first = 0, count = 0;
        const double unit = block_weights(b, frame, p, &first, &count, weights);
        b->unit[frame][p] = (float)unit;
        if (unit <= 0)
            continue;
        for (uint32_t i = 0; i < count; i++) {
            const float *s = b->series[first + i];
            for (int k = 0; k < BLOCK_SERIES; k++)
                answer[k] += weights[i] * s[k];
        }
        for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
            const uint32_t w = b->pools[r].window;
            if (b->unfit[first + count][w] > b->unfit[first][w])
                answer[2 * r] = answer[2 * r + 1] = 0;
        }
        for (uint32_t k = 0; k < BLOCK_HEAD; k++)
            b->squares[frame][p][k] = (float)(squares_about_line(b, k, first, count) * unit * unit);
    }
}

/* ---- pools -------------------------------------------------------------------------------------------------------------- */

/* The answer of one unknown of the field. */
static double answer_of(const struct block *b, const struct pool *p, uint32_t node, uint32_t axis, uint32_t first,
                        uint32_t count, const float *weights)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += (double)(weights[i] * b->records[first + i].field[p->window][p->unknown[node] + axis]);
    return sum;
}

/* How much goes on in a region around a frame; negative: it could not be followed, or there is no room for a pulse. */
static float stir_at(const struct block *b, uint32_t frame, enum qv_region region)
{
    double most = block_amplitude(b, frame, BANK_BENCH, region);
    if (!(most > 0))
        return -1;
    const double time_s = block_time(b, frame);
    for (uint32_t f = block_frame_at(b, time_s - POOL_APART_S);
         f < b->frames && block_time(b, f) <= time_s + POOL_APART_S; f++)
        most = fmax(most, block_amplitude(b, f, BANK_BENCH, region));
    return (float)most;
}

/* Covariance of the nodes' answers in the calm frames, its diagonal loaded. False: too few frames. */
static bool measure_spreads(struct block *b, enum qv_region region, uint32_t axis)
{
    const struct pool *p = &b->pools[region];
    const uint32_t n = p->count, band = n - 1;
    uint32_t frames = 0, calm = 0;
    for (uint32_t f = 0; f < b->frames; f++) {
        const float stir = stir_at(b, f, region);
        if (stir >= 0)
            b->scratch[frames++] = stir;
    }
    const double half = quantile_of(b->scratch, frames, POOL_CALM), tenth = quantile_of(b->scratch, frames, 0.1);
    const double most = fmin(half, POOL_CALM_MOST * tenth);
    memset(b->spreads, 0, (size_t)n * n * sizeof *b->spreads);
    for (uint32_t f = 0; f < b->frames; f++) {
        float weights[BLOCK_WEIGHTS];
        uint32_t first, count;
        const float stir = stir_at(b, f, region);
        if (stir < 0 || (double)stir > most || !(block_weights(b, f, BANK_BENCH, &first, &count, weights) > 0))
            continue;
        calm++;
        for (uint32_t i = 0; i < n; i++)
            b->ideal[i] = answer_of(b, p, i, axis, first, count, weights);
        for (uint32_t i = 0; i < n; i++) {
            for (uint32_t k = 0; k <= i; k++)
                b->spreads[banded_row(i, band) + k] += b->ideal[i] * b->ideal[k];
        }
    }
    double mean = 0;
    for (uint32_t i = 0; i < n; i++)
        mean += b->spreads[banded_row(i, band) + i] / n;
    for (uint32_t i = 0; i < n; i++)
        b->spreads[banded_row(i, band) + i] += POOL_LOADING * mean;
    return calm >= n && mean > 0;
}

/*
 * The weights that see a patch whole and the clip's own noise least (the minimum-variance beamformer of Capon 1969, Proc. IEEE
 * 57:1408, with diagonal loading): C⁻¹ p / pᵀ C⁻¹ p, for either axis. Codec errors hang together over blocks of pixels, and
 * skin without detail follows its neighbours; a plain mean knows nothing of either.
 */
static bool tune_pool(struct block *b, enum qv_region region, uint32_t axis)
{
    struct pool *p = &b->pools[region];
    const uint32_t n = p->count;
    if (!measure_spreads(b, region, axis) || !banded_factor(b->spreads, n, n - 1))
        return false;
    memcpy(b->ideal, p->patch, n * sizeof *b->ideal);
    banded_solve(b->spreads, n, n - 1, b->ideal);
    double seen = 0;
    for (uint32_t i = 0; i < n; i++)
        seen += b->ideal[i] * p->patch[i];
    for (uint32_t i = 0; i < n && seen > 0; i++)
        p->weight[axis][i] = (float)(b->ideal[i] / seen);
    return seen > 0;
}

/* Both axes' weights come from the answers of the plain means. */
static void retune(struct block *b, enum qv_region region)
{
    bool tuned[BLOCK_AXES];
    for (uint32_t a = 0; a < BLOCK_AXES; a++)
        tuned[a] = tune_pool(b, region, a);
    for (uint32_t a = 0; a < BLOCK_AXES; a++) {
        const uint32_t k = BLOCK_AXES * region + a;
        for (uint32_t f = 0; f < b->frames && tuned[a]; f++)
            b->series[f][k] = pool_frame(b, f, region, a, f > 0 ? b->series[f - 1][k] : 0);
    }
}

/* ---- noise -------------------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

double quantile_of(float *values, uint32_t count, double q)
{
    if (!count)
        return 0;
    qsort(values, count, sizeof *values, by_value);
    return (double)values[(uint32_t)(q * (count - 1))];
}

/*
 * The size of each series' answers in frames [first, last), as a standard deviation: a low quantile, or a high one where that is larger
 * on both sides of the face. Blocks that a codec froze and then let jump are quiet most of the time and prove nothing by it.
 */
static void quiet_levels(struct block *b, uint32_t p, uint32_t first, uint32_t last, double usual,
                         double level[BLOCK_HEAD])
{
    float sorted[BLOCK_AXES][QV_REGION_COUNT];
    double tail[BLOCK_HEAD];
    for (uint32_t k = 0; k < BLOCK_HEAD; k++) {
        uint32_t n = 0;
        for (uint32_t f = first; f < last; f++) {
            if (block_amplitude(b, f, p, k / 2) > 0)
                b->scratch[n++] = fabsf(b->answer[f][p][k]) * (float)usual / b->unit[f][p];
        }
        if (n < NOISE_ANSWERS_LEAST) {
            level[k] = tail[k] = INFINITY;
            sorted[k % 2][k / 2] = INFINITY;
            continue;
        }
        level[k] = quantile_of(b->scratch, n, NOISE_QUANTILE) / NOISE_QUANTILE_NORMAL;
        tail[k] = quantile_of(b->scratch, n, NOISE_TAIL) / NOISE_TAIL_NORMAL;
        sorted[k % 2][k / 2] = (float)level[k];
    }
    for (uint32_t a = 0; a < BLOCK_AXES; a++) {
        const double shared = quantile_of(sorted[a], QV_REGION_COUNT, 0.5);
        const double least = fmax(NOISE_SHARED * shared, NOISE_FLOOR_WIDTHS * b->width);
        for (uint32_t r = 0; r < QV_REGION_COUNT; r += 2) {
            double *left = &level[2 * r + a], *right = &level[2 * r + 2 + a];
            const double most_left = NOISE_MIRROR * *right, most_right = NOISE_MIRROR * *left;
            const double tails = fmax(fmin(tail[2 * r + a], tail[2 * r + 2 + a]), least);
            *left = fmax(fmin(*left, most_left), tails);
            *right = fmax(fmin(*right, most_right), tails);
        }
    }
}

/* What white noise mostly becomes in frames [first, last): where frames are missing or the clip ends, it becomes more. */
static double usual_unit(struct block *b, uint32_t p, uint32_t first, uint32_t last)
{
    uint32_t n = 0;
    for (uint32_t f = first; f < last; f++) {
        if (b->unit[f][p] > 0)
            b->scratch[n++] = b->unit[f][p];
    }
    return quantile_of(b->scratch, n, 0.5);
}

/* The noise of each duration, series and stretch of time; stretches half as long as the reach are enough. */
static void measure_noise(struct block *b)
{
    const double begin = block_time(b, 0), end = block_time(b, b->frames - 1), step = NOISE_REACH_S / 2;
    const uint32_t stretches = (uint32_t)fmax(ceil((end - begin) / step), 1);
    for (uint32_t s = 0; s < stretches; s++) {
        const double middle = begin + (s + 0.5) * step;
        double low = fmax(middle - NOISE_REACH_S, begin), high = fmin(middle + NOISE_REACH_S, end);
        /* at the ends, as many seconds as elsewhere */
        high = fmin(fmax(high, low + 2 * NOISE_REACH_S), end);
        low = fmax(fmin(low, high - 2 * NOISE_REACH_S), begin);
        const uint32_t first = block_frame_at(b, low), last = block_frame_at(b, high + 1e-9);
        const uint32_t from = s ? block_frame_at(b, begin + s * step) : 0;
        const uint32_t to = s + 1 < stretches ? block_frame_at(b, begin + (s + 1) * step) : b->frames;
        for (uint32_t p = 0; p < BANK_SIZE; p++) {
            const double usual = usual_unit(b, p, first, last);
            double level[BLOCK_HEAD];
            quiet_levels(b, p, first, last, usual, level);
            for (uint32_t f = from; f < to; f++) {
                const float *a = b->answer[f][p];
                const double less =
                    usual > 0 ? (double)b->unit[f][p] / usual : 1; /* at the ends of a clip less is known */
                const double head = HEAD_LEAK * hypot((double)a[BLOCK_HEAD], (double)a[BLOCK_HEAD + 1]);
                const double light = LIGHT_LEAK_WIDTHS * b->width * fabs((double)a[BLOCK_LIGHT]);
                for (uint32_t k = 0; k < BLOCK_HEAD; k++)
                    b->noise[f][p][k] = (float)sqrt(less * less * level[k] * level[k] + head * head + light * light);
            }
        }
    }
}

void block_analyse(struct block *b)
{
    for (uint32_t f = 0; f < b->frames; f++) {
        for (uint32_t w = 0; w < TRACK_WINDOWS; w++)
            b->unfit[f + 1][w] = b->unfit[f][w] + !b->records[f].looks[w].fit;
    }
    for (uint32_t f = 0; f < b->frames; f++)
        answer_frame(b, f, BANK_BENCH, BANK_BENCH + 1);
    for (int r = 0; r < QV_REGION_COUNT; r++) /* by that one duration */
        retune(b, (enum qv_region)r);
    for (uint32_t f = 0; f < b->frames; f++)
        answer_frame(b, f, 0, BANK_SIZE);
    for (uint32_t w = 0; w < TRACK_WINDOWS; w++) {
        for (uint32_t f = 0; f < b->frames; f++)
            b->scratch[f] = b->records[f].looks[w].rms_left;
        b->left_usually[w] = quantile_of(b->scratch, b->frames, 0.5);
    }
    for (uint32_t k = 0; k < BLOCK_HEAD; k++) {
        for (uint32_t f = 0; f < b->frames; f++)
            b->scratch[f] = b->plain[f][k];
        b->rest[k] = (float)quantile_of(b->scratch, b->frames, 0.5);
    }
    measure_noise(b);
}

/* ---- questions ---------------------------------------------------------------------------------------------------------- */

/* hypot() minds magnitudes that a float cannot have. */
static double length_of(double x, double y)
{
    return sqrt(x * x + y * y);
}

double block_amplitude(const struct block *b, uint32_t frame, uint32_t duration, uint32_t region)
{
    const float *a = b->answer[frame][duration];
    return length_of((double)a[2 * region], (double)a[2 * region + 1]);
}

double block_snr(const struct block *b, uint32_t frame, uint32_t duration, uint32_t region)
{
    const float *a = b->answer[frame][duration] + 2 * region, *noise = b->noise[frame][duration] + 2 * region;
    return b->unit[frame][duration] > 0 ? length_of((double)(a[0] / noise[0]), (double)(a[1] / noise[1])) : 0;
}

double block_share(const struct block *b, uint32_t frame, uint32_t duration, uint32_t region)
{
    const float *squares = b->squares[frame][duration] + 2 * region, *noise = b->noise[frame][duration] + 2 * region;
    const double snr = block_snr(b, frame, duration, region);
    /* a pulse takes height² / unit² of the sum of squares */
    const double all = (double)(squares[0] / (noise[0] * noise[0]) + squares[1] / (noise[1] * noise[1]));
    return all > 0 ? snr * snr / all : 0;
}

bool block_is_fit(const struct block *b, double time_s, double reach_s, uint32_t region)
{
    const uint32_t w = b->pools[region].window;
    return b->unfit[block_frame_at(b, time_s + reach_s)][w] == b->unfit[block_frame_at(b, time_s - reach_s)][w];
}

double block_quantile(struct block *b, double time_s, double reach_s, uint32_t duration, uint32_t region, double q)
{
    uint32_t n = 0;
    for (uint32_t f = block_frame_at(b, time_s - reach_s); f < b->frames && block_time(b, f) <= time_s + reach_s; f++) {
        const double snr = block_snr(b, f, duration, region);
        if (snr > 0)
            b->scratch[n++] = (float)snr;
    }
    return quantile_of(b->scratch, n, q);
}
