/* SPDX-License-Identifier: Apache-2.0 */
/* See rhythm.h. */
#include "rhythm.h"

#include <math.h>
#include <string.h>

#define WINDOW_S 2.0 /* six cycles of the slowest: fewer could be chance */
#define HOP_S 0.5
#define SLOWEST_HZ 3.0      /* slower are single movements */
#define FASTEST_HZ 9.0      /* faster no clip of 24 frames a second shows */
#define STEP_HZ 0.25        /* half of what a window tells apart */
#define SHARE_LEAST 0.65    /* of the squares in the window that the rhythm explains */
#define WIDTHS_LEAST 0.0003 /* of the face's width, from rest: 0.04 mm */
#define SNR_LEAST 5.0       /* its amplitude over the noise of a single frame's axis */
#define LIGHT_MOST 0.003    /* of the brightness, at that frequency: a lamp */
#define FRAMES_LEAST 24     /* in a window */
#define FRAMES_MOST 512
#define TERMS 5 /* 1, t, t², cosine, sine */

struct fit {
    double hz, share;
    double cosine[BLOCK_AXES], sine[BLOCK_AXES]; /* phase from the window's middle */
    double middle_s;
};

/* Orthogonal columns of {1, t, t², cos, sin} at the window's frames, of unit length: projections are then sums. */
static bool make_columns(const struct block *b, uint32_t first, uint32_t count, double middle_s, double hz,
                         double columns[TERMS][FRAMES_MOST], double scale[2][2])
{
    for (uint32_t i = 0; i < count; i++) {
        const double t = block_time(b, first + i) - middle_s, phase = 2 * M_PI * hz * t;
        columns[0][i] = 1;
        columns[1][i] = t;
        columns[2][i] = t * t;
        columns[3][i] = cos(phase);
        columns[4][i] = sin(phase);
    }
    memset(scale, 0, 4 * sizeof(double));
    for (int c = 0; c < TERMS; c++) {
        for (int k = 0; k < c; k++) {
            double along = 0;
            for (uint32_t i = 0; i < count; i++)
                along += columns[c][i] * columns[k][i];
            for (uint32_t i = 0; i < count; i++)
                columns[c][i] -= along * columns[k][i];
            if (c == 4 && k == 3)
                scale[0][1] = along;
        }
        double square = 0;
        for (uint32_t i = 0; i < count; i++)
            square += columns[c][i] * columns[c][i];
        if (!(square > 1e-9))
            return false;
        for (uint32_t i = 0; i < count; i++)
            columns[c][i] /= sqrt(square);
        if (c >= 3)
            scale[c - 3][c - 3] = sqrt(square);
    }
    return true;
}

/* Fits one series: the squares explained by the rhythm and left by it, and its two amplitudes. */
static void fit_series(const struct block *b, uint32_t series, uint32_t first, uint32_t count,
                       double columns[TERMS][FRAMES_MOST], double scale[2][2], double *explained, double *left,
                       double *cosine, double *sine)
{
    double along[TERMS] = {0}, square = 0;
    for (uint32_t i = 0; i < count; i++) {
        const double y = series < BLOCK_HEAD ? (double)(b->plain[first + i][series] - b->plain[first][series])
                                             : (double)(b->series[first + i][series] - b->series[first][series]);
        square += y * y;
        for (int c = 0; c < TERMS; c++)
            along[c] += y * columns[c][i];
    }
    *explained = along[3] * along[3] + along[4] * along[4];
    *left = fmax(square - along[0] * along[0] - along[1] * along[1] - along[2] * along[2] - *explained, 0);
    *sine = along[4] / scale[1][1];
    *cosine = (along[3] - scale[0][1] * *sine) / scale[0][0];
}

/* The best rhythm of a window; share 0: none. */
static struct fit fit_window(const struct block *b, uint32_t region, uint32_t first, uint32_t count)
{
    static _Thread_local double columns[TERMS][FRAMES_MOST];
    struct fit best = {.middle_s = (block_time(b, first) + block_time(b, first + count - 1)) / 2};
    for (uint32_t step = 0; step <= (uint32_t)((FASTEST_HZ - SLOWEST_HZ) / STEP_HZ); step++) {
        const double hz = SLOWEST_HZ + step * STEP_HZ;
        struct fit fit = {.hz = hz, .middle_s = best.middle_s};
        double scale[2][2], explained = 0, left = 0, light_cosine, light_sine, e, l;
        if (!make_columns(b, first, count, fit.middle_s, hz, columns, scale))
            continue;
        for (uint32_t a = 0; a < BLOCK_AXES; a++) {
            fit_series(b, BLOCK_AXES * region + a, first, count, columns, scale, &e, &l, &fit.cosine[a], &fit.sine[a]);
            explained += e;
            left += l;
        }
        fit.share = explained / fmax(explained + left, 1e-12);
        if (fit.share <= best.share)
            continue;
        fit_series(b, BLOCK_LIGHT, first, count, columns, scale, &e, &l, &light_cosine, &light_sine);
        const double amplitude = hypot(hypot(fit.cosine[0], fit.sine[0]), hypot(fit.cosine[1], fit.sine[1]));
        const double noise = sqrt(left / (2.0 * count));
        if (hypot(light_cosine, light_sine) < LIGHT_MOST && amplitude > WIDTHS_LEAST * b->width &&
            amplitude > SNR_LEAST * noise / sqrt(count / 8.0))
            best = fit;
    }
    return best;
}

/* The frame nearest to a time. */
static uint32_t frame_near(const struct block *b, double time_s)
{
    const uint32_t frame = block_frame_at(b, time_s);
    const bool before =
        frame > 0 && (frame == b->frames || block_time(b, frame) - time_s > time_s - block_time(b, frame - 1));
    return before ? frame - 1 : frame;
}

/* How far the region really went in a cycle, from its ends to its middle: a window may begin or end in rest. */
static double swing_at(const struct block *b, uint32_t region, double time_s, double period_s, double across,
                       double down)
{
    const float *peak = b->plain[frame_near(b, time_s)] + 2 * region;
    double swing = 0;
    for (int end = -1; end <= 1; end += 2) {
        const float *trough = b->plain[frame_near(b, time_s + end * period_s / 2)] + 2 * region;
        swing += ((double)(peak[0] - trough[0]) * across + (double)(peak[1] - trough[1]) * down) / 2;
    }
    return swing;
}

/* Writes the cycles of a fit whose peaks lie in [from_s, to_s). */
static uint32_t write_cycles(const struct block *b, uint32_t region, const struct fit *fit, double from_s, double to_s,
                             struct pulse *pulses, uint32_t room)
{
    /* Along the main axis of the ellipse the swing is A cos(2 π f t − phase). */
    const double xx = fit->cosine[0] * fit->cosine[0] + fit->sine[0] * fit->sine[0];
    const double yy = fit->cosine[1] * fit->cosine[1] + fit->sine[1] * fit->sine[1];
    const double xy = fit->cosine[0] * fit->cosine[1] + fit->sine[0] * fit->sine[1];
    double angle = 0.5 * atan2(2 * xy, xx - yy);
    angle = sin(angle) > 0 ? angle - M_PI
                           : angle; /* upwards: so that windows agree which half of a cycle is the movement */
    const double across = cos(angle), down = sin(angle);
    const double c = across * fit->cosine[0] + down * fit->cosine[1], s = across * fit->sine[0] + down * fit->sine[1];
    const double period_s = 1 / fit->hz, peak_s = fit->middle_s + atan2(s, c) / (2 * M_PI * fit->hz);
    uint32_t count = 0;
    const double first_s = peak_s + period_s * ceil((from_s - peak_s) / period_s);
    for (uint32_t cycle = 0; first_s + cycle * period_s < to_s && count < room; cycle++) {
        const double at = first_s + cycle * period_s;
        if (swing_at(b, region, at, period_s, across, down) < hypot(c, s)) /* half of what was fitted */
            continue;
        pulses[count++] = (struct pulse){.frame = frame_near(b, at),
                                         .region = region,
                                         .duration = BANK_BENCH,
                                         .snr = sqrt(fit->share / fmax(1 - fit->share, 1e-3)) * PULSE_LEAST_SNR,
                                         .amplitude = hypot(c, s),
                                         .across = across,
                                         .down = down,
                                         .start_s = at - period_s / 2,
                                         .peak_s = at,
                                         .end_s = at + period_s / 2,
                                         .regular = true};
    }
    return count;
}

uint32_t rhythm_find(const struct block *b, uint32_t region, struct pulse *pulses, uint32_t room)
{
    const double begin = block_time(b, 0), end = block_time(b, b->frames - 1);
    uint32_t count = 0;
    double done_s = begin;
    for (uint32_t hop = 0; begin + hop * HOP_S + WINDOW_S <= end + 1e-6; hop++) {
        const double from = begin + hop * HOP_S;
        const uint32_t first = block_frame_at(b, from), last = block_frame_at(b, from + WINDOW_S);
        if (last - first < FRAMES_LEAST || last - first > FRAMES_MOST ||
            !block_is_fit(b, from + WINDOW_S / 2, WINDOW_S / 2, region))
            continue;
        const struct fit fit = fit_window(b, region, first, last - first);
        if (fit.share < SHARE_LEAST)
            continue;
        /* Windows overlap; each says what the one before did not. A new one must not count a cycle again. */
        const double from_s = fmax(from, done_s), period_s = 1 / fit.hz;
        const bool joined = count && from_s < pulses[count - 1].peak_s + 1.5 * period_s;
        const double next_s = joined ? fmax(from_s, pulses[count - 1].peak_s + 0.6 * period_s) : from_s;
        count += write_cycles(b, region, &fit, next_s, from + WINDOW_S, pulses + count, room - count);
        done_s = from + WINDOW_S;
    }
    return count;
}

bool rhythm_holds(const struct pulse *cycles, uint32_t count, double time_s)
{
    for (uint32_t i = 0; i < count; i++) {
        const double length_s = cycles[i].end_s - cycles[i].start_s;
        if (time_s > cycles[i].start_s - length_s / 2 && time_s < cycles[i].end_s + length_s / 2)
            return true;
    }
    return false;
}
