/* SPDX-License-Identifier: Apache-2.0 */
#include "summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIDE_INDEX 0.5      /* a laterality index beyond which it is one side */
#define CLUSTER_GAP_S 0.7   /* twitches this near follow one another */
#define CLUSTER_SHARE 0.5   /* of the twitches, in clusters of three and more */
#define SUSTAINED_SHARE 0.3 /* of the counted movements, held ones */
#define RHYTHM_COUNT 8      /* intervals that make a rhythm */
#define RHYTHM_ROW 6        /* intervals in a row: fewer are a cluster */
#define RHYTHM_SHARE 0.6    /* of them, within RHYTHM_WIDTH of the commonest */
#define RHYTHM_WIDTH 0.2
#define RHYTHM_MOST 4096     /* intervals looked at: every pair is compared */
#define RHYTHM_LONGEST_S 0.7 /* slower than this is no rhythm but a rate */

/* P(N ≤ count) of a Poisson mean, summed from its largest term. */
static double poisson_at_most(uint32_t count, double mean)
{
    double sum = 0;
    for (uint32_t k = 0; k <= count; k++)
        sum += exp((double)k * log(mean) - mean - lgamma(k + 1.0));
    return sum;
}

static double poisson_solve(uint32_t count, double wanted)
{
    double low = 1e-9, high = count + 20 + 10 * sqrt((double)count);
    for (int i = 0; i < 100; i++) {
        const double middle = (low + high) / 2;
        *(poisson_at_most(count, middle) > wanted ? &low : &high) = middle;
    }
    return (low + high) / 2;
}

void poisson_interval(uint32_t count, double *low, double *high)
{
    if (count > 100000) { /* the normal limit is exact enough, and the sum is not */
        *low = count - 1.96 * sqrt((double)count);
        *high = count + 1.96 * sqrt((double)count);
        return;
    }
    *low = count ? poisson_solve(count - 1, 0.975) : 0;
    *high = poisson_solve(count, 0.025);
}

static bool counts(const struct qv_movement *m)
{
    return m->kind == QV_MOVEMENT_TWITCH || m->kind == QV_MOVEMENT_SPASM;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *values, uint32_t count)
{
    if (!count)
        return NAN;
    qsort(values, count, sizeof *values, by_value);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/*
 * How much more often eye and mouth of one side moved together than chance would have it: (together − expected) / (possible −
 * expected), as Cohen's κ counts agreement, where possible is the geometric mean of how often either moved.
 */
static double synchrony(uint32_t eye, uint32_t mouth, uint32_t both, double seen_s)
{
    const double rarer = fmin(eye, mouth), near_s = 0.15;
    if (rarer <= 0 || seen_s <= 0)
        return 0;
    const double expected = fmin((double)eye * mouth * 2 * near_s / seen_s, rarer);
    const double most = fmax(eye, mouth); /* a mouth that mostly twitches alone is not in step */
    const double at_best = sqrt(rarer * most);
    return at_best > expected ? fmin(fmax((both - expected) / (at_best - expected), 0), 1) : 0;
}

static void find_rhythm(struct qv_measurement *m, double *intervals, uint32_t count)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t near = 0;
        double sum = 0;
        for (uint32_t k = 0; k < count; k++) {
            if (fabs(intervals[k] - intervals[i]) <= RHYTHM_WIDTH * intervals[i]) {
                near++;
                sum += intervals[k];
            }
        }
        if (near > most) {
            most = near;
            m->summary.dominant_hz = near / sum;
        }
    }
    if (most < RHYTHM_COUNT || most < RHYTHM_SHARE * count)
        m->summary.dominant_hz = NAN;
}

void summarise(struct qv_measurement *m, double seen_s)
{
    uint32_t twitches = 0, held = 0, clustered = 0, eye[2] = {0}, mouth[2] = {0}, both[2] = {0}, near_count = 0,
             row = 0;
    double energy[2] = {0}, last_us = -1e18, run = 1;
    double *amplitudes = calloc(m->movement_count + 1, sizeof *amplitudes);
    double *lengths = calloc(m->movement_count + 1, sizeof *lengths);
    double *intervals = calloc(m->movement_count + 1, sizeof *intervals);
    memset(&m->summary, 0, sizeof m->summary);
    for (uint32_t i = 0; amplitudes && lengths && intervals && i < m->movement_count; i++) {
        const struct qv_movement *one = &m->movements[i];
        if (!counts(one))
            continue;
        bool of_eye[2] = {false, false}, of_mouth[2] = {false, false};
        for (uint32_t k = 0; k < one->region_count; k++) {
            const enum qv_region r = one->regions[k].region;
            const int side = r & 1;
            energy[side] += one->regions[k].amplitude_mm * one->regions[k].amplitude_mm;
            m->summary.regions[r] = true;
            if (r >= QV_EYELID_LEFT)
                of_eye[side] = true;
            else
                of_mouth[side] = true;
        }
        for (int side = 0; side < 2; side++) {
            eye[side] += of_eye[side];
            mouth[side] += of_mouth[side];
            both[side] += of_eye[side] && of_mouth[side];
        }
        amplitudes[twitches] = one->region_count ? one->regions[0].amplitude_mm : 0;
        lengths[twitches] = (double)(one->end_us - one->start_us) * 1e-3;
        held += one->kind == QV_MOVEMENT_SPASM;
        const double gap_s = ((double)one->peak_us - last_us) * 1e-6;
        if (gap_s >= RHYTHM_LONGEST_S) { /* the row before has ended: was it long enough to be more than a cluster? */
            near_count -= row < RHYTHM_ROW ? row : 0;
            row = 0;
        } else if (near_count < RHYTHM_MOST) {
            intervals[near_count++] = gap_s;
            row++;
        }
        run = gap_s < CLUSTER_GAP_S ? run + 1 : 1;
        clustered += run == 3 ? 3 : run > 3;
        last_us = (double)one->peak_us;
        twitches++;
    }
    m->summary.twitches = twitches;
    double low, high;
    poisson_interval(twitches, &low, &high);
    const double minutes = fmax(seen_s, 1e-3) / 60;
    m->summary.rate_per_min = twitches / minutes;
    m->summary.rate_low = low / minutes;
    m->summary.rate_high = high / minutes;
    m->summary.median_amplitude_mm = median_of(amplitudes ? amplitudes : &(double){0}, amplitudes ? twitches : 0);
    m->summary.median_duration_ms = median_of(lengths ? lengths : &(double){0}, lengths ? twitches : 0);
    const double all = energy[0] + energy[1];
    m->summary.laterality_index = all > 0 ? (energy[1] - energy[0]) / all : NAN;
    m->summary.side = !(all > 0)                                  ? QV_SIDE_NONE
                      : m->summary.laterality_index < -SIDE_INDEX ? QV_SIDE_LEFT
                      : m->summary.laterality_index > SIDE_INDEX  ? QV_SIDE_RIGHT
                                                                  : QV_SIDE_BOTH;
    const int worse = energy[1] > energy[0];
    m->summary.eye_mouth_synchrony = synchrony(eye[worse], mouth[worse], both[worse], seen_s);
    near_count -= row < RHYTHM_ROW ? row : 0;
    m->summary.dominant_hz = NAN;
    if (intervals)
        find_rhythm(m, intervals, near_count);
    m->summary.pattern = !twitches                               ? QV_PATTERN_NONE
                         : held >= SUSTAINED_SHARE * twitches    ? QV_PATTERN_SUSTAINED
                         : isfinite(m->summary.dominant_hz)      ? QV_PATTERN_RHYTHMIC
                         : clustered >= CLUSTER_SHARE * twitches ? QV_PATTERN_CLUSTERS
                                                                 : QV_PATTERN_ISOLATED;
    free(amplitudes);
    free(lengths);
    free(intervals);
}
