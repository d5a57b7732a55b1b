/* SPDX-License-Identifier: Apache-2.0 */
/* See moment.h. */
#include "moment.h"

#include <math.h>
#include <string.h>

#define EVEN_RATIO 0.25        /* of the weaker side to the stronger: as even as this, both sides moved … */
#define EVEN_NOISE 2.5         /* … but for what noise of so many standard deviations may add to the weaker */
#define RESTLESS_WIDTHS 0.0012 /* of noise at 120 ms: what trembles this much is a busy face, or no picture of one */
#define LONE_SNR 9.0 /* of a moment that one region shows alone: patches reach further than that, chance does not */
#define LONE_HELD_WIDTHS 0.008 /* of the face's width: so far it must be held where one region shows it alone */
#define BUSY_REACH_S 1.5       /* around a moment, in which the other side must be calm … */
#define BUSY_QUANTILE 0.75     /* … in this share of the time */
#define BUSY_CALM 1.5          /* times its noise: as calm as this, a side rests */
#define NOISE_TOPS 3.0         /* standard deviations that the largest of a few answers reaches by itself */
#define HEAD_REACH_S 0.5       /* around a moment, in which … */
#define HEAD_CALM_WIDTHS 0.012 /* … a head that moves less than this is at rest */
#define PATCH_REACH 0.10       /* face widths from a region's anchor in which its patch's centre is looked for */
#define SHRINK 0.86            /* what the prior leaves of a patch 0.06 wide (tests/unit/test_vision.c bounds it) */

static bool belongs(const struct pulse *lead, const struct pulse *p)
{
    if (p->held != lead->held || p->regular != lead->regular)
        return false;
    if (p->regular) /* a wave that travels is the same cycle everywhere */
        return fabs(p->peak_s - lead->peak_s) < (lead->end_s - lead->start_s) / 2;
    return p->held ? p->start_s < lead->end_s && lead->start_s < p->end_s
                   : fabs(p->peak_s - lead->peak_s) <= MOMENT_TOGETHER_S;
}

/* How far another region went from where it lay just before, while a held pulse lasts. */
static double held_level(const struct block *b, const struct pulse *p, uint32_t region)
{
    const uint32_t before = block_frame_at(b, p->start_s);
    return hypot((double)(b->plain[p->frame][2 * region] - b->plain[before][2 * region]),
                 (double)(b->plain[p->frame][2 * region + 1] - b->plain[before][2 * region + 1]));
}

/* How far a region went in a moment, beyond what its noise would do. */
static double level_at(const struct block *b, const struct moment *m, uint32_t region)
{
    const struct pulse *lead = m->lead;
    if (m->best[region])
        return m->best[region]->amplitude;
    if (lead->held)
        return held_level(b, lead, region);
    double most = 0;
    for (uint32_t f = block_frame_at(b, lead->peak_s - MOMENT_TOGETHER_S);
         f < b->frames && block_time(b, f) <= lead->peak_s + MOMENT_TOGETHER_S; f++) {
        const double snr = block_snr(b, f, lead->duration, region);
        if (snr > NOISE_TOPS)
            most = fmax(most, block_amplitude(b, f, lead->duration, region) * sqrt(1 - pow(NOISE_TOPS / snr, 2)));
    }
    return most;
}

struct moment moment_gather(const struct block *b, const struct pulse *pulses, uint32_t count, uint32_t first,
                            bool *used)
{
    const struct pulse *lead = &pulses[first];
    for (uint32_t j = first + 1; j < count && pulses[j].start_s < pulses[first].end_s; j++) {
        const struct pulse *p = &pulses[j];
        if (!used[j] && belongs(&pulses[first], p) && p->amplitude > lead->amplitude)
            lead = p;
    }
    struct moment m = {.lead = lead};
    for (uint32_t j = first; j < count && pulses[j].start_s < lead->end_s; j++) {
        const struct pulse *p = &pulses[j];
        if (used[j] || !belongs(lead, p))
            continue;
        used[j] = true;
        if (!m.best[p->region] || m.best[p->region]->amplitude < p->amplitude)
            m.best[p->region] = p;
    }
    used[first] = true;
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++)
        m.level[r] = level_at(b, &m, r);
    return m;
}

double moment_level(const struct moment *m, uint32_t regions)
{
    double most = 0;
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++)
        most = regions >> r & 1 ? fmax(most, m->level[r]) : most;
    return most;
}

uint32_t moment_regions(const struct moment *m)
{
    uint32_t set = 0;
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++)
        set |= m->best[r] ? 1U << r : 0;
    return set;
}

int moment_side(const struct moment *m, uint32_t part)
{
    return moment_level(m, part & MOMENT_SIDE(1)) > moment_level(m, part & MOMENT_SIDE(0));
}

/* What moved on one side moved on the other too, more than leaks across or than noise would have it. */
bool moment_is_even(const struct moment *m, uint32_t part)
{
    const int side = moment_side(m, part);
    double snr = 1, other = 0;
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
        if (!(part & MOMENT_SIDE(side) & 1U << r) || !m->best[r])
            continue;
        snr = fmax(snr, m->best[r]->snr);
        other = fmax(other, m->level[r ^ 1]);
    }
    return other > (EVEN_RATIO + EVEN_NOISE / snr) * moment_level(m, part & MOMENT_SIDE(side));
}

double moment_change(const struct block *b, const struct moment *m, uint32_t window)
{
    double most = 0;
    const uint32_t at = m->lead->frame;
    for (uint32_t f = at > 0 ? at - 1 : 0; f <= at + 1 && f < b->frames; f++)
        most = fmax(most, (double)b->records[f].looks[window].rms_left);
    return most / fmax(b->left_usually[window], 1e-3);
}

/* How much more a region moves around a pulse than its noise would have it; about 1 in one that rests. */
static double busyness(struct block *b, const struct pulse *p, uint32_t region)
{
    return block_quantile(b, p->peak_s, BUSY_REACH_S, p->duration, region, BUSY_QUANTILE) /
           sqrt(-2 * log(1 - BUSY_QUANTILE));
}

/* The largest sudden movement of the head near a moment. */
static double head_motion(const struct block *b, double time_s)
{
    double most = 0;
    for (uint32_t f = block_frame_at(b, time_s - HEAD_REACH_S);
         f < b->frames && block_time(b, f) <= time_s + HEAD_REACH_S; f++) {
        for (uint32_t p = 0; p < BANK_SIZE; p++)
            most = fmax(most, hypot((double)b->answer[f][p][BLOCK_HEAD], (double)b->answer[f][p][BLOCK_HEAD + 1]));
    }
    return most;
}

/* The noise of a pulse's region along its quieter axis, as a twitch of 120 ms would meet it, or, in too few frames a second for
   that, as this one does. */
static double restlessness(const struct block *b, const struct pulse *p)
{
    const float *bench = b->noise[p->frame][BANK_BENCH] + 2 * p->region;
    const float *noise = isfinite(bench[0]) ? bench : b->noise[p->frame][p->duration] + 2 * p->region;
    return (double)fminf(noise[0], noise[1]);
}

/*
 * One side of a part moved, and only that. The other side of the face is the null channel: it must have been seen, it must have
 * stayed, and what stands out there as much at any time near is no twitch of this side. A head that moves suddenly shows
 * more in the face than its own affine motion, so only what is larger than that counts then.
 */
bool moment_stands_alone(struct block *b, const struct moment *m, uint32_t part)
{
    const struct pulse *lead = m->lead;
    const int side = moment_side(m, part);
    if (!(moment_regions(m) & part & MOMENT_SIDE(side)) || moment_is_even(m, part))
        return false;
    const double head = head_motion(b, lead->peak_s);
    if (head > HEAD_CALM_WIDTHS * b->width && moment_level(m, part) < head)
        return false;
    if (restlessness(b, lead) > RESTLESS_WIDTHS * b->width)
        return false;
    double busy = 1, snr = 0;
    const int moving = __builtin_popcount(moment_regions(m) & MOMENT_SIDE(side));
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
        if (part & MOMENT_SIDE(!side) & 1U << r) {
            if (!block_is_fit(b, lead->peak_s, (lead->end_s - lead->start_s) / 2 + MOMENT_TOGETHER_S, r))
                return false;
            busy = fmax(busy, busyness(b, lead, r) / BUSY_CALM);
        }
        if (part & MOMENT_SIDE(side) & 1U << r && m->best[r])
            snr = fmax(snr, m->best[r]->snr);
    }
    if (lead->held)
        return moving > 1 || moment_level(m, part) > LONE_HELD_WIDTHS * b->width;
    return snr >= (moving > 1 ? PULSE_LEAST_SNR : LONE_SNR) * busy;
}

bool moment_is_regular(const struct moment *m, uint32_t part)
{
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
        if (part >> r & 1 && m->best[r] && m->best[r]->regular && m->best[r]->amplitude >= 0.99 * moment_level(m, part))
            return true;
    }
    return false;
}

/* ---- how far -------------------------------------------------------------------------------------------------------------- */

/* Weights of frames that give a pulse's height: against its base, its rest before, or the other end of its swing. */
static uint32_t height_weights(const struct block *b, const struct pulse *p, uint32_t frames[BLOCK_WEIGHTS],
                               float weights[BLOCK_WEIGHTS])
{
    uint32_t first, count;
    if (!p->held && !p->regular && block_weights(b, p->frame, p->duration, &first, &count, weights) > 0) {
        for (uint32_t i = 0; i < count; i++)
            frames[i] = first + i;
        return count;
    }
    const double swing_s = (p->end_s - p->start_s) / 2;
    const uint32_t other = block_frame_at(b, p->regular ? p->peak_s + swing_s : p->start_s);
    frames[0] = p->frame;
    frames[1] = other < b->frames ? other : b->frames - 1;
    weights[0] = 1;
    weights[1] = -1;
    return 2;
}

/* The pulse over the whole field, its largest near the anchor. */
double moment_centre_amplitude(const struct block *b, const struct pulse *pulse)
{
    float weights[BLOCK_WEIGHTS];
    uint32_t frames[BLOCK_WEIGHTS];
    const uint32_t count = height_weights(b, pulse, frames, weights);
    const enum qv_region region = (enum qv_region)pulse->region;
    const uint32_t which = track_window_of(region);
    const struct window *w = &b->track->windows[which];
    float *sum = w->field_more;
    memset(sum, 0, w->unknowns * sizeof *sum);
    for (uint32_t i = 0; i < count; i++) {
        const float *field = b->records[frames[i]].field[which];
        for (uint32_t u = 0; u < w->unknowns; u++)
            sum[u] += weights[i] * field[u];
    }
    double most = 0;
    const double step = PATCH_REACH * b->width / 5;
    for (int i = -5; i <= 5; i++) {
        for (int j = -5; j <= 5; j++) {
            if (i * i + j * j > 25)
                continue;
            double x, y;
            window_field_at(w, sum, b->track->plan.region_x[region] + i * step,
                            b->track->plan.region_y[region] + j * step, &x, &y);
            most = fmax(most, hypot(x, y));
        }
    }
    return most / SHRINK;
}
