/* SPDX-License-Identifier: Apache-2.0 */
/* See pulse.h. */
#include "pulse.h"

#include "rhythm.h"

#include <math.h>
#include <stdlib.h>

#define LEAST_SHARE 0.45     /* of the variance in its window that a pulse must explain */
#define CLEAR_SNR 20.0       /* one that stands out so far … */
#define CLEAR_SHARE 0.25     /* … may have others close by, which explain the rest */
#define LEAST_WIDTHS 0.00018 /* of the face's width: 0.025 mm, less than which nobody calls a movement */
#define APART_LENGTHS 0.75   /* two pulses of one region lie at least so far apart, in lengths of the longer */
#define APART_S 0.08         /* and so far */
#define REST_REACH_S 1.0     /* before and after a pulse, in most of which a region rests */
#define AWAY_SHARE 0.3       /* of its height, that a pulse is away from there */
#define TRAIN_GAP_S 0.45     /* pulses this near are of one train */
#define TRAIN_MOST 256       /* and no longer */
#define REBOUND_S 0.30       /* a rebound is this near to its pulse */
#define REBOUND_SHARE 1.5    /* and no larger than so many times it */
#define ECHO_SHARE 0.35      /* a pulse so much smaller beside its neighbour is the edge of it */
#define ECHO_S 0.22

#define REST_S 0.40        /* a region's rest is where it lay so long before */
#define HELD_S 0.80        /* a movement held as long is a held one */
#define HELD_RISE_S 0.25   /* it gets there within: what creeps is posture */
#define HELD_WIDTHS 0.0016 /* of the face's width, at least */
#define HELD_SPREADS 4.0   /* and so many times as far as the region strayed at rest */
#define HELD_LET_GO 0.5    /* of the way: below, it is over */
#define HELD_BEGUN 0.1     /* of the way: from here on it has begun */
#define HELD_GAP_S 0.10    /* a shorter slack does not end it; a row of brief ones has longer */

/* ---- brief pulses ------------------------------------------------------------------------------------------------------- */

/* How much a pulse of the best duration explains here, and that duration; 0: none stands out. */
static double best_at(const struct block *b, uint32_t f, uint32_t r, uint32_t *duration)
{
    double most = 0;
    for (uint32_t p = 0; p < BANK_SIZE; p++) {
        const double snr = block_snr(b, f, p, r), share = block_share(b, f, p, r);
        if (snr < PULSE_LEAST_SNR || share < (snr < CLEAR_SNR ? LEAST_SHARE : CLEAR_SHARE) ||
            block_amplitude(b, f, p, r) < LEAST_WIDTHS * b->width)
            continue;
        if (snr * sqrt(share) > most) {
            most = snr * sqrt(share);
            *duration = p;
        }
    }
    return most;
}

/* Time of the largest answer between frames: the top of a parabola through three. */
static double peak_time(const struct block *b, uint32_t f, uint32_t p, uint32_t r)
{
    if (f == 0 || f + 1 >= b->frames)
        return block_time(b, f);
    const double before = block_amplitude(b, f - 1, p, r), here = block_amplitude(b, f, p, r),
                 after = block_amplitude(b, f + 1, p, r), bend = before - 2 * here + after;
    if (!(bend < 0))
        return block_time(b, f);
    const double shift = fmin(fmax((before - after) / (2 * bend), -0.5), 0.5);
    return block_time(b, f) + shift * (block_time(b, f + 1) - block_time(b, f - 1)) / 2;
}

static struct pulse pulse_at(const struct block *b, uint32_t f, uint32_t p, uint32_t r)
{
    const double amplitude = block_amplitude(b, f, p, r), peak_s = peak_time(b, f, p, r);
    return (struct pulse){
        .frame = f,
        .region = r,
        .duration = p,
        .snr = block_snr(b, f, p, r),
        .amplitude = amplitude,
        .across = (double)b->answer[f][p][2 * r] / amplitude,
        .down = (double)b->answer[f][p][2 * r + 1] / amplitude,
        .start_s = peak_s - bank_s[p] / 2,
        .peak_s = peak_s,
        .end_s = peak_s + bank_s[p] / 2,
    };
}

/* Answers that lead the same way. */
static bool agree(const struct block *b, uint32_t f, uint32_t p, uint32_t g, uint32_t q, uint32_t r)
{
    const float *x = b->answer[f][p] + 2 * r, *y = b->answer[g][q] + 2 * r;
    return x[0] * y[0] + x[1] * y[1] > 0;
}

/* Whether the region really is away from its rest at a pulse's peak. Beside a pulse, and between two, it only seems so. */
static bool leads_away(struct block *b, const struct pulse *p)
{
    const uint32_t first = block_frame_at(b, p->peak_s - REST_REACH_S),
                   end = block_frame_at(b, p->peak_s + REST_REACH_S);
    double away[BLOCK_AXES];
    for (uint32_t a = 0; a < BLOCK_AXES; a++) {
        const uint32_t k = 2 * p->region + a;
        for (uint32_t f = first; f < end; f++)
            b->scratch[f - first] = b->series[f][k];
        away[a] = (double)b->series[p->frame][k] - quantile_of(b->scratch, end - first, 0.5);
    }
    return away[0] * p->across + away[1] * p->down > AWAY_SHARE * p->amplitude;
}

/* No answer near explains more and leads the same way: what leads back is a rebound, and another's business. */
static bool is_largest(const struct block *b, uint32_t f, uint32_t p, uint32_t r, double mine, double reach_s)
{
    uint32_t q = 0;
    for (uint32_t g = f; g-- > 0 && block_time(b, f) - block_time(b, g) < reach_s;) {
        if (best_at(b, g, r, &q) >= mine && agree(b, f, p, g, q, r))
            return false;
    }
    for (uint32_t g = f + 1; g < b->frames && block_time(b, g) - block_time(b, f) < reach_s; g++) {
        if (best_at(b, g, r, &q) > mine && agree(b, f, p, g, q, r))
            return false;
    }
    return true;
}

static double cosine(const struct pulse *a, const struct pulse *b)
{
    return a->across * b->across + a->down * b->down;
}

/* The way a train goes: its main axis, towards where most of it leads. */
static void train_way(const struct pulse *pulses, uint32_t count, double *across, double *down)
{
    double xx = 0, xy = 0, yy = 0, sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const double a = pulses[i].amplitude, x = a * pulses[i].across, y = a * pulses[i].down;
        xx += x * x;
        xy += x * y;
        yy += y * y;
    }
    const double angle = 0.5 * atan2(2 * xy, xx - yy);
    *across = cos(angle);
    *down = sin(angle);
    for (uint32_t i = 0; i < count; i++)
        sum += pulses[i].amplitude * pulses[i].amplitude * (pulses[i].across * *across + pulses[i].down * *down);
    if (sum < 0) {
        *across = -*across;
        *down = -*down;
    }
}

/* Drops a train's rebounds and echoes; returns how many pulses stay. */
static uint32_t clean_train(struct pulse *pulses, uint32_t count)
{
    double across, down;
    train_way(pulses, count, &across, &down);
    uint32_t kept = 0;
    bool drop[TRAIN_MOST];
    for (uint32_t i = 0; i < count; i++) {
        const struct pulse *p = &pulses[i];
        const bool against = p->across * across + p->down * down < 0;
        drop[i] = false;
        for (uint32_t k = i > 3 ? i - 3 : 0; k < count && k <= i + 3 && !drop[i]; k++) {
            const struct pulse *o = &pulses[k];
            const double apart = fabs(o->peak_s - p->peak_s);
            const bool rebound =
                against && cosine(p, o) < 0 && apart < REBOUND_S && p->amplitude < REBOUND_SHARE * o->amplitude;
            const bool echo = apart < ECHO_S && p->amplitude < ECHO_SHARE * o->amplitude;
            drop[i] = k != i && (rebound || echo);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!drop[i])
            pulses[kept++] = pulses[i];
    }
    return kept;
}

static uint32_t find_brief(struct block *b, uint32_t r, struct pulse *pulses, uint32_t room)
{
    uint32_t count = 0, kept = 0;
    for (uint32_t f = 0; f < b->frames && count < room; f++) {
        uint32_t p = 0;
        const double mine = best_at(b, f, r, &p);
        if (!(mine > 0) || !is_largest(b, f, p, r, mine, fmax(APART_LENGTHS * bank_s[p], APART_S)))
            continue;
        pulses[count] = pulse_at(b, f, p, r);
        count += leads_away(b, &pulses[count]);
    }
    for (uint32_t first = 0, next; first < count; first = next) {
        for (next = first + 1;
             next < count && next - first < TRAIN_MOST && pulses[next].peak_s - pulses[next - 1].peak_s < TRAIN_GAP_S;)
            next++;
        const uint32_t stay = clean_train(pulses + first, next - first);
        for (uint32_t i = 0; i < stay; i++)
            pulses[kept++] = pulses[first + i];
    }
    return kept;
}

/* ---- held pulses ---------------------------------------------------------------------------------------------------------- */

/* Where a region lay in the frames [first, end), and how far it strayed from there. */
struct rest {
    double x, y, spread;
};

static struct rest rest_of(const struct block *b, uint32_t r, uint32_t first, uint32_t end)
{
    struct rest rest = {0};
    for (uint32_t f = first; f < end; f++) {
        rest.x += (double)b->plain[f][2 * r] / (end - first);
        rest.y += (double)b->plain[f][2 * r + 1] / (end - first);
    }
    for (uint32_t f = first; f < end; f++)
        rest.spread =
            fmax(rest.spread, hypot((double)b->plain[f][2 * r] - rest.x, (double)b->plain[f][2 * r + 1] - rest.y));
    return rest;
}

static double along(const struct block *b, uint32_t f, uint32_t r, const struct rest *rest, const struct pulse *p)
{
    return ((double)b->plain[f][2 * r] - rest->x) * p->across + ((double)b->plain[f][2 * r + 1] - rest->y) * p->down;
}

/* Whether the region leaves its rest after frame @p f, quickly and far, and stays away. */
static bool held_from(const struct block *b, uint32_t f, uint32_t r, struct pulse *out)
{
    const double t = block_time(b, f);
    const uint32_t first = block_frame_at(b, t - REST_S), there = block_frame_at(b, t + HELD_RISE_S);
    if (f - first < 3 || there >= b->frames || !block_is_fit(b, t, REST_S, r))
        return false;
    const struct rest rest = rest_of(b, r, first, f + 1);
    const double x = (double)b->plain[there][2 * r] - rest.x, y = (double)b->plain[there][2 * r + 1] - rest.y;
    const double far = hypot(x, y);
    if (far < fmax(HELD_SPREADS * rest.spread, HELD_WIDTHS * b->width))
        return false;
    struct pulse p = {.frame = there, .region = r, .across = x / far, .down = y / far, .held = true};
    double most = far;
    uint32_t last = there;
    for (uint32_t g = there; g < b->frames && block_time(b, g) - block_time(b, last) <= HELD_GAP_S &&
                             block_is_fit(b, block_time(b, g), 0, r);
         g++) {
        const double now = along(b, g, r, &rest, &p);
        p.frame = now > most ? g : p.frame;
        most = fmax(most, now);
        last = now > HELD_LET_GO * most ? g : last;
    }
    if (block_time(b, last) - block_time(b, there) < HELD_S - HELD_RISE_S)
        return false;
    uint32_t start = f;
    while (start < there && along(b, start + 1, r, &rest, &p) < HELD_BEGUN * most)
        start++;
    p.start_s = block_time(b, start);
    p.peak_s = block_time(b, p.frame);
    p.end_s = block_time(b, last);
    p.amplitude = most;
    p.snr = most / fmax(rest.spread, NOISE_FLOOR_WIDTHS * b->width);
    *out = p;
    return true;
}

static uint32_t find_held(const struct block *b, uint32_t r, struct pulse *pulses, uint32_t room)
{
    uint32_t count = 0;
    for (uint32_t f = 0; f < b->frames && count < room; f++) {
        if (held_from(b, f, r, &pulses[count]))
            f = block_frame_at(b, pulses[count++].end_s);
    }
    return count;
}

/* ---- all ------------------------------------------------------------------------------------------------------------------ */

static int by_start(const void *a, const void *b)
{
    const struct pulse *x = a, *y = b;
    return (x->start_s > y->start_s) - (x->start_s < y->start_s);
}

uint32_t pulses_find(struct block *b, struct pulse *pulses)
{
    uint32_t count = 0;
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
        const uint32_t first = count, rhythm = rhythm_find(b, r, pulses + count, PULSES_MAX - count);
        count += rhythm;
        const uint32_t brief = find_brief(b, r, pulses + count, PULSES_MAX - count);
        for (uint32_t i = 0; i < brief; i++) { /* but in a rhythm, whose cycles are counted already */
            const struct pulse p = pulses[first + rhythm + i];
            if (!rhythm_holds(pulses + first, rhythm, p.peak_s))
                pulses[count++] = p;
        }
        count += find_held(b, r, pulses + count, PULSES_MAX - count);
    }
    qsort(pulses, count, sizeof *pulses, by_start);
    return count;
}
