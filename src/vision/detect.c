/* SPDX-License-Identifier: Apache-2.0 */
/* See detect.h. Distances are chart pixels until a movement is written. */
#include "detect.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what decides ---------------------------------------------------------------------------------------------------- */

/* Durations of pulses, base to base: a fasciculation of the face to a slow jerk. */
static const double pulse_s[] = {0.060, 0.085, 0.120, 0.170, 0.240, 0.340, 0.480};
#define PULSES (sizeof pulse_s / sizeof pulse_s[0])
#define PULSE_BENCH 2        /* the one that detectable_px is stated for: 120 ms */
#define PULSE_FRAMES_LEAST 3 /* seen moving: a codec spoils single frames */
#define BASE_S 0.070         /* baseline seen on either side of a pulse, beyond half its length */
#define LEAST_SNR 8.0    /* above the null channels' largest in minutes of compressed clips (docs/rooms/vision.md) */
#define LEAST_SHARE 0.45 /* of the variance in its window that a pulse must explain */
#define LEAST_WIDTHS 0.00018 /* of the face's width: 0.025 mm, less than which nobody calls a movement */
#define NOISE_REACH_S 10.0   /* the noise is that of the seconds around */
#define NOISE_QUANTILE 0.30  /* of the absolute filter outputs: low, so that frequent twitches do not hide themselves */
#define NOISE_SHARED 0.6     /* of the median over all regions: a frozen block is no proof of silence */
#define NOISE_FLOOR_WIDTHS 8e-6 /* of the face's width: below is rounding */
#define HEAD_LEAK 0.02          /* of the head's own motion in the band, that may show in a region */
#define LIGHT_LEAK_WIDTHS 0.004 /* per unit of relative brightness in the band */
#define ECHO_S 0.22             /* an echo is this near */
#define ECHO_SHARE 0.6          /* and this much smaller */
#define TOGETHER_S 0.075        /* peaks this near belong to one movement */
#define REGION_SHARE 0.30       /* of the largest region's amplitude: a region that moves less only leaks */
#define PATCH_REACH 0.10        /* face widths from a region's anchor in which its patch's centre is looked for */
#define SHRINK 0.86             /* what the prior leaves of a patch 0.06 wide (tests/unit/test_window.c measures it) */

#define BLINK_RATIO 0.30    /* of the smaller lid to the larger in a blink */
#define BLINK_WIDTHS 0.0030 /* lids that move less do not blink */
#define BOTH_RATIO 0.40     /* a movement of the mouth this even is of both sides */
#define MOUTH_WIDTHS 0.012  /* an even movement this large is speech or a smile */
#define RHYTHM_LEAST 4      /* pulses in a row that make a tremor */
#define RHYTHM_SPREAD 0.25  /* of their intervals, relative */
#define SPASM_S 0.80        /* held so long */
#define SPASM_WIDTHS 0.0016 /* and so far */
#define OPENED_WIDTHS 0.005 /* of the lips, at least, when a mouth opens */
#define CHANGED_LEAST 1.4   /* what the model leaves unexplained, over what it usually does: the picture changed */
#define SPEECH_S 0.8        /* a mouth that spoke so shortly before or after is no mouth at rest */
#define SPEECH_SHARE 0.5    /* of a twitch's size, that it moved then */
#define SPELL_S 4.0         /* around, in which */
#define SPELL_LEAST 3       /* so many movements of the mouth make a spell of speech */
#define HEAD_WIDTHS 0.05    /* of head motion within a pulse: a head movement */

enum { AXES = 2, SERIES = AXES * QV_REGION_COUNT, CONTEXT = 3 /* head x, head y, light */, ALL = SERIES + CONTEXT };
#define POOL_STEPS 2 /* the pooled displacement of a region: (2 n + 1)² points */
#define POOL_STEP_WIDTHS 0.03
#define POOL_SIGMA_STEPS 1.2
#define FRAMES_LEAST 12 /* of a block worth looking at */

struct pool {
    uint32_t window, count;
    uint32_t *unknown;
    float *weight;
};

/* A pulse that stood out in one region. */
struct pulse {
    uint32_t frame, series_region, duration;
    double snr, amplitude; /* pooled */
    double start_s, end_s;
    bool held;
};

struct detect {
    const struct track *track;
    struct qv_arena *arena;
    double px_per_chart, mm_per_px, width;
    uint32_t unknowns[TRACK_WINDOWS];
    struct pool pools[QV_REGION_COUNT];

    struct track_record *records; /* [DETECT_BLOCK_FRAMES] */
    float (*series)[ALL];         /* [DETECT_BLOCK_FRAMES] */
    float (*out)[PULSES][ALL];    /* filter outputs */
    float (*unit)[PULSES];        /* what they make of white noise; 0: no room for a pulse */
    float (*share)[PULSES][QV_REGION_COUNT];
    float (*noise)[PULSES][QV_REGION_COUNT];
    float *scratch; /* [DETECT_BLOCK_FRAMES] */
    struct pulse *pulses;
    uint32_t frames, pulse_count;
    double usual_left[TRACK_WINDOWS]; /* median of what is left unexplained */
    double done_s;                    /* movements up to here are written */

    struct qv_movement *movements;
    uint32_t movement_count, movement_room;
    bool cut;

    double floor_sum, detectable_sum, blocks, talking_s, watched, light_square, head_speed_sum;
    float pulse_scratch[64];
};

#define PULSES_MAX 16384

/* ---- memory ------------------------------------------------------------------------------------------------------------ */

static uint32_t window_of(enum qv_region region)
{
    if (region < QV_EYELID_LEFT)
        return TRACK_MOUTH;
    return qv_region_side(region) == QV_SIDE_LEFT ? TRACK_EYE_LEFT : TRACK_EYE_RIGHT;
}

/* The mean displacement round a region's anchor, as weights of its window's unknowns. */
static bool make_pool(struct detect *d, enum qv_region region, struct qv_arena *arena)
{
    struct pool *pool = &d->pools[region];
    pool->window = window_of(region);
    const struct window *w = &d->track->windows[pool->window];
    float *one = qv_arena_alloc(arena, w->unknowns, sizeof *one),
          *sum = qv_arena_alloc(arena, w->unknowns, sizeof *sum);
    if (!one || !sum)
        return false;
    const struct face_plan *plan = &d->track->plan;
    const double step = POOL_STEP_WIDTHS * d->width;
    double all = 0;
    for (int i = -POOL_STEPS; i <= POOL_STEPS; i++) {
        for (int j = -POOL_STEPS; j <= POOL_STEPS; j++)
            all += exp(-(i * i + j * j) / (2 * POOL_SIGMA_STEPS * POOL_SIGMA_STEPS));
    }
    uint32_t used = 0;
    for (uint32_t u = 0; u < w->unknowns; u += 2) {
        one[u] = 1;
        for (int i = -POOL_STEPS; i <= POOL_STEPS; i++) {
            for (int j = -POOL_STEPS; j <= POOL_STEPS; j++) {
                double x, y, g = exp(-(i * i + j * j) / (2 * POOL_SIGMA_STEPS * POOL_SIGMA_STEPS)) / all;
                window_field_at(w, one, plan->region_x[region] + i * step, plan->region_y[region] + j * step, &x, &y);
                sum[u] += (float)(g * x);
            }
        }
        one[u] = 0;
        used += sum[u] > 0;
    }
    pool->unknown = qv_arena_alloc(arena, used, sizeof *pool->unknown);
    pool->weight = qv_arena_alloc(arena, used, sizeof *pool->weight);
    if (!pool->unknown || !pool->weight)
        return false;
    for (uint32_t u = 0; u < w->unknowns; u += 2) {
        if (sum[u] > 0) {
            pool->unknown[pool->count] = u;
            pool->weight[pool->count++] = sum[u];
        }
    }
    return true;
}

static bool make_records(struct detect *d, struct qv_arena *arena)
{
    size_t a_record = 0;
    for (int i = 0; i < TRACK_WINDOWS; i++)
        a_record += d->unknowns[i];
    d->records = qv_arena_alloc(arena, DETECT_BLOCK_FRAMES, sizeof *d->records);
    float *fields = qv_arena_alloc(arena, DETECT_BLOCK_FRAMES * a_record, sizeof *fields);
    if (!d->records || !fields)
        return false;
    for (uint32_t n = 0; n < DETECT_BLOCK_FRAMES; n++) {
        for (int i = 0; i < TRACK_WINDOWS; i++) {
            d->records[n].field[i] = fields;
            fields += d->unknowns[i];
        }
    }
    return true;
}

int detect_create(const struct track *track, double px_per_chart, double mm_per_px, struct qv_arena *arena,
                  struct detect **out, struct qv_error *error)
{
    struct detect *d = qv_arena_alloc(arena, 1, sizeof *d);
    if (!d)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    d->track = track;
    d->px_per_chart = px_per_chart;
    d->mm_per_px = mm_per_px;
    d->width = track->plan.width_px;
    d->done_s = -1;
    for (int i = 0; i < TRACK_WINDOWS; i++)
        d->unknowns[i] = track->windows[i].unknowns;
    bool fine = make_records(d, arena);
    fine = fine && (d->series = qv_arena_alloc(arena, DETECT_BLOCK_FRAMES, sizeof *d->series));
    fine = fine && (d->out = qv_arena_alloc(arena, DETECT_BLOCK_FRAMES, sizeof *d->out));
    fine = fine && (d->unit = qv_arena_alloc(arena, DETECT_BLOCK_FRAMES, sizeof *d->unit));
    fine = fine && (d->share = qv_arena_alloc(arena, DETECT_BLOCK_FRAMES, sizeof *d->share));
    fine = fine && (d->noise = qv_arena_alloc(arena, DETECT_BLOCK_FRAMES, sizeof *d->noise));
    fine = fine && (d->scratch = qv_arena_alloc(arena, DETECT_BLOCK_FRAMES, sizeof *d->scratch));
    fine = fine && (d->pulses = qv_arena_alloc(arena, PULSES_MAX, sizeof *d->pulses));
    d->movement_room = 1024;
    d->arena = arena;
    fine = fine && (d->movements = qv_arena_alloc(arena, d->movement_room, sizeof *d->movements));
    for (int r = 0; r < QV_REGION_COUNT; r++)
        fine = fine && make_pool(d, (enum qv_region)r, arena);
    if (!fine)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    *out = d;
    return QV_OK;
}

/* ---- series -------------------------------------------------------------------------------------------------------------- */

static double seconds(const struct detect *d, uint32_t frame)
{
    return (double)d->records[frame].time_us * 1e-6;
}

static void series_of(struct detect *d, uint32_t frame)
{
    const struct track_record *r = &d->records[frame];
    float *s = d->series[frame];
    for (int k = 0; k < QV_REGION_COUNT; k++) {
        const struct pool *p = &d->pools[k];
        const float *field = r->field[p->window];
        float x = 0, y = 0;
        for (uint32_t i = 0; i < p->count; i++) {
            x += p->weight[i] * field[p->unknown[i]];
            y += p->weight[i] * field[p->unknown[i] + 1];
        }
        s[2 * k] = x;
        s[2 * k + 1] = y;
    }
    double x, y;
    affine_apply(&r->pose, d->track->plan.mouth_x, d->track->plan.mouth_y, &x, &y);
    s[SERIES] = (float)x;
    s[SERIES + 1] = (float)y;
    const float *mouth = r->looks[TRACK_MOUTH].light;
    s[SERIES + 2] = mouth[LIGHT_GAIN] + mouth[LIGHT_OFFSET] / 128.0f; /* about, relative to a middling grey */
}

/* ---- the filters -------------------------------------------------------------------------------------------------------- */

/* Weights c such that Σ c y is the least-squares height of a raised cosine of length @p length_s round frame @p at, on a
   sloping baseline; returns √Σc², or 0 when the frames do not allow it. */
static double pulse_weights(const struct detect *d, uint32_t at, double length_s, uint32_t *first, uint32_t *count,
                            float *weights, uint32_t room)
{
    const double reach = length_s / 2 + fmax(BASE_S, length_s / 2), t0 = seconds(d, at);
    uint32_t from = at, to = at;
    while (from > 0 && t0 - seconds(d, from - 1) <= reach)
        from--;
    while (to + 1 < d->frames && seconds(d, to + 1) - t0 <= reach)
        to++;
    const uint32_t n = to - from + 1;
    if (n > room || t0 - seconds(d, from) < 0.6 * reach || seconds(d, to) - t0 < 0.6 * reach)
        return 0;
    /* Gram–Schmidt of {1, t, h}: what is left of h after 1 and t are taken out gives the weights. */
    double mean_t = 0, mean_h = 0, tt = 0, th = 0, hh = 0;
    uint32_t in_pulse = 0;
    for (uint32_t i = 0; i < n; i++) {
        const double t = seconds(d, from + i) - t0;
        const double h = fabs(t) < length_s / 2 ? 0.5 + 0.5 * cos(2 * M_PI * t / length_s) : 0;
        in_pulse += h > 0.2;
        weights[i] = (float)h;
        mean_t += t / n;
        mean_h += h / n;
    }
    if (in_pulse < PULSE_FRAMES_LEAST || n < in_pulse + 3)
        return 0;
    for (uint32_t i = 0; i < n; i++) {
        const double t = seconds(d, from + i) - t0 - mean_t, h = (double)weights[i] - mean_h;
        tt += t * t;
        th += t * h;
    }
    const double slope = tt > 0 ? th / tt : 0;
    for (uint32_t i = 0; i < n; i++) {
        const double rest = (double)weights[i] - mean_h - slope * (seconds(d, from + i) - t0 - mean_t);
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

/* Variance of a series in a window after a straight line is taken out, times n. */
static double spread_about_line(const struct detect *d, uint32_t series, uint32_t first, uint32_t count)
{
    double my = 0, mt = 0, tt = 0, ty = 0, yy = 0;
    for (uint32_t i = 0; i < count; i++) {
        my += (double)d->series[first + i][series] / count;
        mt += seconds(d, first + i) / count;
    }
    for (uint32_t i = 0; i < count; i++) {
        const double y = (double)d->series[first + i][series] - my, t = seconds(d, first + i) - mt;
        tt += t * t;
        ty += t * y;
        yy += y * y;
    }
    return yy - (tt > 0 ? ty * ty / tt : 0);
}

#define WEIGHTS_MAX 512

static void filter_frame(struct detect *d, uint32_t frame)
{
    float weights[WEIGHTS_MAX];
    for (uint32_t p = 0; p < PULSES; p++) {
        float *out = d->out[frame][p];
        memset(out, 0, sizeof d->out[frame][p]);
        uint32_t first = 0, count = 0;
        const double unit = pulse_weights(d, frame, pulse_s[p], &first, &count, weights, WEIGHTS_MAX);
        d->unit[frame][p] = (float)unit;
        if (unit <= 0)
            continue;
        for (uint32_t i = 0; i < count; i++) {
            const float *s = d->series[first + i];
            for (int k = 0; k < ALL; k++)
                out[k] += weights[i] * s[k];
        }
        for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
            const double x = (double)out[2 * r], y = (double)out[2 * r + 1];
            /* The pulse takes a² / unit² of the sum of squares. */
            double all = spread_about_line(d, 2 * r, first, count) + spread_about_line(d, 2 * r + 1, first, count);
            d->share[frame][p][r] = all > 0 ? (float)((x * x + y * y) / (unit * unit) / all) : 0;
        }
    }
}

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

/* The noise of each filter, region and stretch of time; stretches half as long as the reach are enough. */
static void measure_noise(struct detect *d)
{
    double begin = seconds(d, 0), end = seconds(d, d->frames - 1);
    const double step = NOISE_REACH_S / 2;
    uint32_t stretches = (uint32_t)fmax(ceil((end - begin) / step), 1);
    for (uint32_t s = 0; s < stretches; s++) {
        const double middle = begin + (s + 0.5) * step;
        double low = fmax(middle - NOISE_REACH_S, begin), high = fmin(middle + NOISE_REACH_S, end);
        /* at the ends, as many seconds as elsewhere */
        high = fmin(fmax(high, low + 2 * NOISE_REACH_S), end);
        low = fmax(fmin(low, high - 2 * NOISE_REACH_S), begin);
        uint32_t first = 0, last;
        while (first < d->frames && seconds(d, first) < low)
            first++;
        for (last = first; last < d->frames && seconds(d, last) <= high;)
            last++;
        for (uint32_t p = 0; p < PULSES; p++) {
            float of_region[QV_REGION_COUNT];
            for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
                uint32_t n = 0;
                for (uint32_t f = first; f < last; f++) {
                    const float *o = d->out[f][p];
                    if (d->unit[f][p] > 0)
                        d->scratch[n++] = hypotf(o[2 * r], o[2 * r + 1]);
                }
                /* the length of a two-dimensional normal: quantile q is σ √(−2 ln(1 − q)) */
                of_region[r] = (float)(quantile_of(d->scratch, n, NOISE_QUANTILE) / sqrt(-2 * log(1 - NOISE_QUANTILE)));
            }
            memcpy(d->pulse_scratch, of_region, sizeof of_region);
            const double shared = NOISE_SHARED * quantile_of(d->pulse_scratch, QV_REGION_COUNT, 0.5);
            for (uint32_t f = first; f < last; f++) {
                if (fabs(seconds(d, f) - middle) > step / 2 + 1e-9 && !(s == 0 && seconds(d, f) < middle) &&
                    !(s + 1 == stretches && seconds(d, f) > middle))
                    continue;
                const float *o = d->out[f][p];
                const double head = HEAD_LEAK * hypot((double)o[SERIES], (double)o[SERIES + 1]);
                const double light = LIGHT_LEAK_WIDTHS * d->width * fabs((double)o[SERIES + 2]);
                for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
                    const double own = fmax(fmax((double)of_region[r], shared), NOISE_FLOOR_WIDTHS * d->width);
                    d->noise[f][p][r] = (float)sqrt(own * own + head * head + light * light);
                }
            }
        }
    }
}

/* ---- pulses ------------------------------------------------------------------------------------------------------------ */

static double amplitude_at(const struct detect *d, uint32_t f, uint32_t p, uint32_t r)
{
    return hypot((double)d->out[f][p][2 * r], (double)d->out[f][p][2 * r + 1]);
}

static double snr_at(const struct detect *d, uint32_t f, uint32_t p, uint32_t r)
{
    const double noise = (double)d->noise[f][p][r];
    return d->unit[f][p] > 0 && noise > 0 ? amplitude_at(d, f, p, r) / noise : 0;
}

/* The duration whose pulse explains most of the sum of squares, among those that stand out. */
static bool best_at(const struct detect *d, uint32_t f, uint32_t r, uint32_t *duration, double *snr)
{
    double most = 0;
    for (uint32_t p = 0; p < PULSES; p++) {
        const double s = snr_at(d, f, p, r);
        if (s < LEAST_SNR || (double)d->share[f][p][r] < LEAST_SHARE ||
            amplitude_at(d, f, p, r) < LEAST_WIDTHS * d->width)
            continue;
        const double worth = s * sqrt((double)d->share[f][p][r]);
        if (worth > most) {
            most = worth;
            *duration = p;
            *snr = s;
        }
    }
    return most > 0;
}

static double worth_of(const struct detect *d, uint32_t f, uint32_t r)
{
    uint32_t p = 0;
    double snr = 0;
    return best_at(d, f, r, &p, &snr) ? snr * sqrt((double)d->share[f][p][r]) : 0;
}

/* A pulse beside a clearly larger one in the same region is the filter's own answer to it. */
static void drop_echoes(struct detect *d, uint32_t from)
{
    uint32_t kept = from;
    for (uint32_t i = from; i < d->pulse_count; i++) {
        bool echo = false;
        for (uint32_t j = from; j < d->pulse_count && !echo; j++) {
            const double apart = fabs(seconds(d, d->pulses[i].frame) - seconds(d, d->pulses[j].frame));
            echo = j != i && apart < ECHO_S && d->pulses[i].amplitude < ECHO_SHARE * d->pulses[j].amplitude;
        }
        if (!echo)
            d->pulses[kept++] = d->pulses[i];
    }
    d->pulse_count = kept;
}

/* Local maxima over time, of either the pulse or, with it, its rebound: a filter answers beside a pulse too, less. */
static void find_pulses(struct detect *d)
{
    d->pulse_count = 0;
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
        const uint32_t before = d->pulse_count;
        for (uint32_t f = 0; f < d->frames; f++) {
            uint32_t p = 0;
            double snr = 0;
            if (!best_at(d, f, r, &p, &snr))
                continue;
            const double mine = snr * sqrt((double)d->share[f][p][r]), reach = fmax(pulse_s[p] * 0.75, 0.08);
            bool largest = true;
            for (uint32_t g = f; g-- > 0 && seconds(d, f) - seconds(d, g) < reach && largest;)
                largest = worth_of(d, g, r) < mine;
            for (uint32_t g = f + 1; g < d->frames && seconds(d, g) - seconds(d, f) < reach && largest; g++)
                largest = worth_of(d, g, r) <= mine;
            if (!largest || d->pulse_count == PULSES_MAX)
                continue;
            d->pulses[d->pulse_count++] = (struct pulse){
                .frame = f,
                .series_region = r,
                .duration = p,
                .snr = snr,
                .amplitude = amplitude_at(d, f, p, r),
                .start_s = seconds(d, f) - pulse_s[p] / 2,
                .end_s = seconds(d, f) + pulse_s[p] / 2,
            };
        }
        drop_echoes(d, before);
    }
}

/* Stretches in which a region stays away from where it lies at most times. */
static void find_held(struct detect *d)
{
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
        double rest[AXES], spread = 0;
        for (uint32_t a = 0; a < AXES; a++) {
            for (uint32_t f = 0; f < d->frames; f++)
                d->scratch[f] = d->series[f][2 * r + a];
            rest[a] = quantile_of(d->scratch, d->frames, 0.5);
            for (uint32_t f = 0; f < d->frames; f++)
                d->scratch[f] = fabsf(d->series[f][2 * r + a] - (float)rest[a]);
            spread = fmax(spread, quantile_of(d->scratch, d->frames, 0.4) / 0.524);
        }
        const double least = fmax(6 * spread, SPASM_WIDTHS * d->width);
        uint32_t from = 0;
        bool away = false;
        for (uint32_t f = 0; f <= d->frames; f++) {
            const bool now = f < d->frames && hypot((double)d->series[f][2 * r] - rest[0],
                                                    (double)d->series[f][2 * r + 1] - rest[1]) > least;
            if (now && !away)
                from = f;
            if (!now && away && seconds(d, f - 1) - seconds(d, from) >= SPASM_S && d->pulse_count < PULSES_MAX) {
                double most = 0;
                uint32_t peak = from;
                for (uint32_t g = from; g < f; g++) {
                    const double far =
                        hypot((double)d->series[g][2 * r] - rest[0], (double)d->series[g][2 * r + 1] - rest[1]);
                    if (far > most) {
                        most = far;
                        peak = g;
                    }
                }
                d->pulses[d->pulse_count++] = (struct pulse){.frame = peak,
                                                             .series_region = r,
                                                             .snr = most / fmax(spread, 1e-6),
                                                             .amplitude = most,
                                                             .start_s = seconds(d, from),
                                                             .end_s = seconds(d, f - 1),
                                                             .held = true};
            }
            away = now;
        }
    }
}

/* ---- movements --------------------------------------------------------------------------------------------------------- */

/* Displacement at the centre of the patch nearest to a region: the filter over the whole field, its largest near the anchor. */
static double centre_amplitude(struct detect *d, const struct pulse *pulse, enum qv_region region)
{
    float weights[WEIGHTS_MAX];
    uint32_t first = pulse->frame, count = 1;
    weights[0] = 1;
    if (!pulse->held &&
        pulse_weights(d, pulse->frame, pulse_s[pulse->duration], &first, &count, weights, WEIGHTS_MAX) <= 0)
        return pulse->amplitude;
    const uint32_t which = window_of(region);
    const struct window *w = &d->track->windows[which];
    float *sum = w->field_more;
    memset(sum, 0, w->unknowns * sizeof *sum);
    for (uint32_t i = 0; i < count; i++) {
        const float *field = d->records[first + i].field[which];
        for (uint32_t u = 0; u < w->unknowns; u++)
            sum[u] += weights[i] * field[u];
    }
    double most = 0;
    const double step = PATCH_REACH * d->width / 5;
    for (int i = -5; i <= 5; i++) {
        for (int j = -5; j <= 5; j++) {
            if (i * i + j * j > 25)
                continue;
            double x, y;
            window_field_at(w, sum, d->track->plan.region_x[region] + i * step,
                            d->track->plan.region_y[region] + j * step, &x, &y);
            most = fmax(most, hypot(x, y));
        }
    }
    return most / SHRINK;
}

static int by_start(const void *a, const void *b)
{
    const struct pulse *x = a, *y = b;
    return (x->start_s > y->start_s) - (x->start_s < y->start_s);
}

static bool is_eye(uint32_t region)
{
    return region >= QV_EYELID_LEFT;
}

/* Pulses of one moment. */
struct moment {
    const struct pulse *best[QV_REGION_COUNT]; /* NULL: still */
    double amplitude[QV_REGION_COUNT];         /* pooled */
    const struct pulse *first;                 /* the clearest */
    double start_s, end_s, peak_s;
};

static double largest_of(const struct moment *m, bool eye, int side)
{
    double most = 0;
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
        if (is_eye(r) == eye && (int)(r & 1) == side && m->best[r])
            most = fmax(most, m->amplitude[r]);
    }
    return most;
}

static int add_movement(struct detect *d, const struct qv_movement *m, struct qv_error *error)
{
    if (d->movement_count == DETECT_MOVEMENTS_MAX) {
        d->cut = true;
        return QV_OK;
    }
    if (d->movement_count == d->movement_room) {
        struct qv_movement *more = qv_arena_alloc(d->arena, 2 * (size_t)d->movement_room, sizeof *more);
        if (!more)
            return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
        memcpy(more, d->movements, d->movement_count * sizeof *more);
        d->movements = more;
        d->movement_room *= 2;
    }
    if (m->kind == QV_MOVEMENT_MOUTH_MOVEMENT)
        d->talking_s += (double)(m->end_us - m->start_us) * 1e-6;
    /* In order of their starts; a moment gives at most a few out of turn. */
    uint32_t at = d->movement_count++;
    for (; at > 0 && d->movements[at - 1].start_us > m->start_us; at--)
        d->movements[at] = d->movements[at - 1];
    d->movements[at] = *m;
    return QV_OK;
}

static void write_regions(struct detect *d, const struct moment *m, uint32_t wanted, struct qv_movement *out)
{
    double largest = 0;
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
        if (m->best[r] && (wanted >> r & 1))
            largest = fmax(largest, m->amplitude[r]);
    }
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
        if (!m->best[r] || !(wanted >> r & 1) || m->amplitude[r] < REGION_SHARE * largest)
            continue;
        const double px = centre_amplitude(d, m->best[r], (enum qv_region)r) * d->px_per_chart;
        uint32_t at = out->region_count++;
        for (; at > 0 && out->regions[at - 1].amplitude_px < px; at--)
            out->regions[at] = out->regions[at - 1];
        out->regions[at] = (struct qv_region_movement){(enum qv_region)r, px, px * d->mm_per_px};
    }
}

#define EYES (0xFU << QV_EYELID_LEFT)
#define MOUTH ((1U << QV_EYELID_LEFT) - 1)

static int write_kind(struct detect *d, const struct moment *m, uint32_t wanted, enum qv_movement_kind kind,
                      struct qv_error *error)
{
    struct qv_movement out = {.kind = kind};
    double start = 1e30, end = -1e30, snr = 0;
    const struct pulse *first = NULL;
    double largest = 0;
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
        if (m->best[r] && (wanted >> r & 1) && m->amplitude[r] > largest) {
            largest = m->amplitude[r];
            first = m->best[r];
        }
    }
    if (!first)
        return QV_OK;
    start = first->start_s;
    end = first->end_s;
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
        if (m->best[r] && (wanted >> r & 1) && m->amplitude[r] >= REGION_SHARE * largest)
            snr = fmax(snr, m->best[r]->snr);
    }
    out.start_us = (int64_t)llround(fmax(start, 0) * 1e6);
    out.end_us = (int64_t)llround(end * 1e6);
    out.peak_us = (int64_t)llround(seconds(d, first->frame) * 1e6);
    out.snr = snr;
    write_regions(d, m, wanted, &out);
    return add_movement(d, &out, error);
}

/* True when the pulse is one of a regular train: its neighbours in the same region lie at even distances. */
static bool in_rhythm(const struct detect *d, const struct pulse *pulse)
{
    double before[RHYTHM_LEAST], after[RHYTHM_LEAST];
    uint32_t behind = 0, ahead = 0;
    const double t = seconds(d, pulse->frame);
    for (const struct pulse *p = pulse; p-- > d->pulses && behind < RHYTHM_LEAST;) {
        if (p->series_region == pulse->series_region && !p->held)
            before[behind++] = seconds(d, p->frame);
    }
    for (const struct pulse *p = pulse + 1; p < d->pulses + d->pulse_count && ahead < RHYTHM_LEAST; p++) {
        if (p->series_region == pulse->series_region && !p->held)
            after[ahead++] = seconds(d, p->frame);
    }
    /* Try each run of RHYTHM_LEAST + 1 pulses that holds this one. */
    for (uint32_t back = 0; back <= RHYTHM_LEAST; back++) {
        const uint32_t on = RHYTHM_LEAST - back;
        if (back > behind || on > ahead)
            continue;
        double times[RHYTHM_LEAST + 1], mean = 0, spread = 0;
        for (uint32_t i = 0; i < back; i++)
            times[back - 1 - i] = before[i];
        times[back] = t;
        for (uint32_t i = 0; i < on; i++)
            times[back + 1 + i] = after[i];
        for (uint32_t i = 0; i < RHYTHM_LEAST; i++)
            mean += (times[i + 1] - times[i]) / RHYTHM_LEAST;
        for (uint32_t i = 0; i < RHYTHM_LEAST; i++)
            spread = fmax(spread, fabs(times[i + 1] - times[i] - mean));
        if (mean < 0.6 && spread < RHYTHM_SPREAD * mean)
            return true;
    }
    return false;
}

/* How much more than usual a window's picture differed from its template, after all motion was taken out. */
static double change_of(const struct detect *d, const struct moment *m, uint32_t window)
{
    double most = 0;
    for (uint32_t f = m->first->frame > 0 ? m->first->frame - 1 : 0; f <= m->first->frame + 1 && f < d->frames; f++)
        most = fmax(most, (double)d->records[f].looks[window].rms_left);
    return most / fmax(d->usual_left[window], 1e-3);
}

/* What a moment is; its eyes and its mouth may be two things (a blink beside a twitch). */
static int tell(struct detect *d, const struct moment *m, struct qv_error *error)
{
    const double lid_left = m->best[QV_EYELID_LEFT] ? m->amplitude[QV_EYELID_LEFT] : 0;
    const double lid_right = m->best[QV_EYELID_RIGHT] ? m->amplitude[QV_EYELID_RIGHT] : 0;
    const double eye_left = largest_of(m, true, 0), eye_right = largest_of(m, true, 1);
    const double mouth_left = largest_of(m, false, 0), mouth_right = largest_of(m, false, 1);
    const double head = hypot((double)d->out[m->first->frame][PULSES - 1][SERIES],
                              (double)d->out[m->first->frame][PULSES - 1][SERIES + 1]);

    uint32_t left = MOUTH | EYES;
    int status = QV_OK;
    const double lids = fmax(lid_left, lid_right);
    const bool eyes_even = fmin(eye_left, eye_right) > BLINK_RATIO * fmax(eye_left, eye_right) && eye_left > 0;
    const bool lids_even = lids >= BLINK_WIDTHS * d->width && fmin(lid_left, lid_right) > BLINK_RATIO * lids;
    const bool eyes_changed = change_of(d, m, TRACK_EYE_LEFT) > CHANGED_LEAST &&
                              change_of(d, m, TRACK_EYE_RIGHT) > CHANGED_LEAST && fmax(eye_left, eye_right) > 0;
    if (lids_even || eyes_even || eyes_changed) {
        status = write_kind(d, m, EYES, QV_MOVEMENT_BLINK, error);
        left &= ~EYES;
    }
    const double mouth = fmax(mouth_left, mouth_right);
    if (status)
        return status;
    if (head > HEAD_WIDTHS * d->width && mouth < HEAD_LEAK * 2 * head)
        return write_kind(d, m, left, QV_MOVEMENT_HEAD_MOVEMENT, error);

    const bool both = mouth > 0 && fmin(mouth_left, mouth_right) > BOTH_RATIO * mouth;
    const bool opened = mouth >= OPENED_WIDTHS * d->width && change_of(d, m, TRACK_MOUTH) > CHANGED_LEAST;
    if (both || opened) {
        const bool rhythm = !m->first->held && in_rhythm(d, m->first) && mouth < MOUTH_WIDTHS * d->width;
        const enum qv_movement_kind kind = rhythm && !opened ? QV_MOVEMENT_TWITCH : QV_MOVEMENT_MOUTH_MOVEMENT;
        status = write_kind(d, m, MOUTH, kind, error);
        left &= ~MOUTH;
    }
    if (!status && left) {
        bool held = false;
        for (uint32_t r = 0; r < QV_REGION_COUNT; r++)
            held = held || (m->best[r] && (left >> r & 1) && m->best[r]->held);
        status = write_kind(d, m, left, held ? QV_MOVEMENT_SPASM : QV_MOVEMENT_TWITCH, error);
    }
    return status;
}

static bool joins(const struct moment *m, const struct pulse *p, double peak_s)
{
    if (p->held != m->first->held)
        return false;
    if (p->held)
        return p->start_s < m->end_s && m->start_s < p->end_s;
    return fabs(peak_s - m->peak_s) <= TOGETHER_S;
}

/* Pulses during a held stretch of the same side belong to it. */
static bool within_held(const struct detect *d, const struct pulse *p)
{
    for (uint32_t i = 0; i < d->pulse_count; i++) {
        const struct pulse *h = &d->pulses[i];
        const double t = seconds(d, p->frame);
        if (h->held && t > h->start_s - 0.15 && t < h->end_s + 0.15 &&
            (h->series_region & 1) == (p->series_region & 1) && is_eye(h->series_region) == is_eye(p->series_region))
            return true;
    }
    return false;
}

static int write_movements(struct detect *d, double until_s, struct qv_error *error)
{
    qsort(d->pulses, d->pulse_count, sizeof *d->pulses, by_start);
    uint8_t *used = calloc(PULSES_MAX, 1);
    if (!used)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    int status = QV_OK;
    for (uint32_t i = 0; i < d->pulse_count && status == QV_OK; i++) {
        if (used[i])
            continue;
        /* the clearest pulse near this one leads the moment */
        uint32_t lead = i;
        for (uint32_t j = i + 1; j < d->pulse_count && d->pulses[j].start_s < d->pulses[i].end_s; j++) {
            if (!used[j] && d->pulses[j].held == d->pulses[i].held &&
                d->pulses[j].amplitude > d->pulses[lead].amplitude &&
                (d->pulses[i].held ||
                 fabs(seconds(d, d->pulses[j].frame) - seconds(d, d->pulses[i].frame)) <= TOGETHER_S))
                lead = j;
        }
        struct moment m = {.first = &d->pulses[lead]};
        m.start_s = m.first->start_s;
        m.end_s = m.first->end_s;
        m.peak_s = seconds(d, m.first->frame);
        for (uint32_t j = 0; j < d->pulse_count; j++) {
            const struct pulse *p = &d->pulses[j];
            if (p->start_s > m.end_s + 1 && p->start_s > m.start_s + 1)
                break;
            if (used[j] || !joins(&m, p, seconds(d, p->frame)))
                continue;
            used[j] = 1;
            const uint32_t r = p->series_region;
            if (!m.best[r] || m.best[r]->amplitude < p->amplitude) {
                m.best[r] = p;
                m.amplitude[r] = p->amplitude;
            }
        }
        used[i] = 1;
        if (m.peak_s <= d->done_s || m.peak_s > until_s || (!m.first->held && within_held(d, m.first)))
            continue;
        status = tell(d, &m, error);
    }
    free(used);
    d->done_s = fmax(d->done_s, until_s);
    return status;
}

/* ---- blocks -------------------------------------------------------------------------------------------------------------- */

static void note_noise(struct detect *d)
{
    float floors[QV_LOWER_LIP_RIGHT + 1], can[QV_LOWER_LIP_RIGHT + 1];
    for (uint32_t r = 0; r <= QV_LOWER_LIP_RIGHT; r++) {
        uint32_t n = 0;
        for (uint32_t f = 1; f + 1 < d->frames; f++) {
            /* a second difference knows nothing of slow motion; of white noise it has variance 6 */
            float x = d->series[f + 1][2 * r] - 2 * d->series[f][2 * r] + d->series[f - 1][2 * r];
            float y = d->series[f + 1][2 * r + 1] - 2 * d->series[f][2 * r + 1] + d->series[f - 1][2 * r + 1];
            d->scratch[n++] = hypotf(x, y);
        }
        floors[r] = (float)(quantile_of(d->scratch, n, 0.5) / sqrt(2 * M_LN2) / sqrt(6));
        n = 0;
        for (uint32_t f = 0; f < d->frames; f++)
            d->scratch[n++] = d->noise[f][PULSE_BENCH][r];
        can[r] = (float)quantile_of(d->scratch, n, 0.5);
    }
    const double block_s = seconds(d, d->frames - 1) - seconds(d, 0);
    d->floor_sum += block_s * quantile_of(floors, QV_LOWER_LIP_RIGHT + 1, 0.5);
    d->detectable_sum += block_s * quantile_of(can, QV_LOWER_LIP_RIGHT + 1, 0.5);
    d->blocks += block_s;
    for (uint32_t f = 1; f < d->frames; f++) {
        const double dt = seconds(d, f) - seconds(d, f - 1);
        d->watched++;
        d->light_square += pow((double)(d->series[f][SERIES + 2] - d->series[f - 1][SERIES + 2]), 2) / 2;
        if (dt > 0)
            d->head_speed_sum += hypot((double)(d->series[f][SERIES] - d->series[f - 1][SERIES]),
                                       (double)(d->series[f][SERIES + 1] - d->series[f - 1][SERIES + 1])) /
                                 dt;
    }
}

/* Analyses the block and forgets all but its last part, which the next block needs to begin with. */
static void note_usual(struct detect *d)
{
    for (uint32_t w = 0; w < TRACK_WINDOWS; w++) {
        for (uint32_t f = 0; f < d->frames; f++)
            d->scratch[f] = d->records[f].looks[w].rms_left;
        d->usual_left[w] = quantile_of(d->scratch, d->frames, 0.5);
    }
}

/* A twitch of the mouth in the midst of speech is speech. */
static int mute_speech(struct detect *d, struct qv_error *error)
{
    bool *is_speech = calloc(d->movement_count + 1, sizeof *is_speech); /* as found, not as muted */
    if (!is_speech)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    for (uint32_t i = 0; i < d->movement_count; i++)
        is_speech[i] = d->movements[i].kind == QV_MOVEMENT_MOUTH_MOVEMENT;
    uint32_t first = 0;
    for (uint32_t i = 0; i < d->movement_count; i++) {
        struct qv_movement *m = &d->movements[i];
        if (m->kind != QV_MOVEMENT_TWITCH && m->kind != QV_MOVEMENT_SPASM)
            continue;
        uint32_t around = 0;
        bool beside = false;
        while (first < i && d->movements[first].start_us < m->start_us - (int64_t)(DETECT_BLOCK_S * 1e6))
            first++; /* movements are in order of their starts, and none is longer than a block */
        for (uint32_t j = first; j < d->movement_count; j++) {
            const struct qv_movement *other = &d->movements[j];
            if (other->start_us > m->end_us + (int64_t)(SPELL_S * 1e6))
                break;
            const int64_t gap_us =
                other->start_us > m->end_us ? other->start_us - m->end_us : m->start_us - other->end_us;
            if (!is_speech[j] || gap_us > (int64_t)(SPELL_S * 1e6))
                continue;
            around++;
            beside = beside || (gap_us < (int64_t)(SPEECH_S * 1e6) &&
                                other->regions[0].amplitude_px > SPEECH_SHARE * m->regions[0].amplitude_px);
        }
        if (beside || around >= SPELL_LEAST)
            m->kind = QV_MOVEMENT_MOUTH_MOVEMENT;
    }
    free(is_speech);
    return QV_OK;
}

static int analyse(struct detect *d, bool last, struct qv_error *error)
{
    if (d->frames < FRAMES_LEAST)
        return QV_OK;
    for (uint32_t f = 0; f < d->frames; f++)
        filter_frame(d, f);
    note_usual(d);
    measure_noise(d);
    note_noise(d);
    find_pulses(d);
    find_held(d);
    const uint32_t keep = last ? 0 : d->frames / 2;
    const double until_s = last ? 1e30 : seconds(d, d->frames - d->frames / 4);
    int status = write_movements(d, until_s, error);
    for (uint32_t i = 0; i < keep; i++) {
        struct track_record old = d->records[i];
        const uint32_t from = d->frames - keep + i;
        d->records[i] = d->records[from];
        d->records[from] = old; /* the fields change places with it */
        memcpy(d->series[i], d->series[from], sizeof d->series[i]);
    }
    d->frames = keep;
    return status;
}

struct track_record *detect_room(struct detect *d)
{
    assert(d->frames < DETECT_BLOCK_FRAMES);
    return &d->records[d->frames];
}

int detect_take(struct detect *d, struct qv_error *error)
{
    if (!d->records[d->frames].seen)
        return QV_OK;
    series_of(d, d->frames++);
    const bool full = d->frames == DETECT_BLOCK_FRAMES || seconds(d, d->frames - 1) - seconds(d, 0) > DETECT_BLOCK_S;
    return full ? analyse(d, false, error) : QV_OK;
}

int detect_finish(struct detect *d, struct qv_error *error)
{
    int status = analyse(d, true, error);
    return status ? status : mute_speech(d, error);
}

const struct qv_movement *detect_movements(const struct detect *d, uint32_t *count, bool *cut)
{
    *count = d->movement_count;
    *cut = d->cut;
    return d->movements;
}

void detect_noise(const struct detect *d, struct detect_noise *out)
{
    *out = (struct detect_noise){0};
    if (d->blocks <= 0)
        return;
    out->floor_px = d->floor_sum / d->blocks * d->px_per_chart;
    /* Found 95 times in 100: 1.645 standard deviations above the threshold. The pool sees about 0.7 of a patch's centre. */
    out->detectable_px = d->detectable_sum / d->blocks * d->px_per_chart * (LEAST_SNR + 1.645) / 0.7;
    out->talking_fraction = d->talking_s / d->blocks;
    out->flicker = sqrt(d->light_square / fmax(d->watched, 1));
    out->head_px_per_s = d->head_speed_sum / fmax(d->watched, 1) * d->px_per_chart;
}
