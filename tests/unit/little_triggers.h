/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Triggers made by hand: twenty days, five habits, one row of each verdict and a drop, two habits that move together. Day 3 has no note of
 * twitches and day 5 has none of caffeine; day 4 has 0 twitches, which is something else.
 */
#ifndef QUIVER_TESTS_LITTLE_TRIGGERS_H
#define QUIVER_TESTS_LITTLE_TRIGGERS_H

#include <quiver/nof1.h>

#include <math.h>

enum { LITTLE_DAYS = 20, LITTLE_FACTORS = 6, LITTLE_ROWS = 7 };

struct little_triggers {
    struct qv_triggers found;
    struct qv_days days;
    double twitches[LITTLE_DAYS], expected[LITTLE_DAYS], exposures[LITTLE_FACTORS * LITTLE_DAYS];
    struct qv_trigger rows[LITTLE_ROWS];
    struct qv_entwined pair;
};

static const struct qv_factor little_factors[LITTLE_FACTORS] = {
    {"caffeine", "100 mg", 100, 0.5, true, 0}, {"sleep", "1 h", 1, 0.5, true, 0},
    {"stress", "1 score", 1, 0.5, false, 0},   {"alcohol", "10 g", 10, 0.5, true, 0},
    {"water", "500 mL", 500, 0.5, false, 0},   {"exercise", "30 min", 30, 0.5, false, 0},
};

static void little_triggers(struct little_triggers *t)
{
    for (int d = 0; d < LITTLE_DAYS; d++) {
        t->twitches[d] = d == 3 ? (double)NAN : d == 4 ? 0 : 1 + d % 5;
        t->expected[d] = 2.5;
        for (int f = 0; f < LITTLE_FACTORS; f++)
            t->exposures[f * LITTLE_DAYS + d] = f == 5 || (f == 0 && d == 5) ? (double)NAN : 1 + (d + f) % 4;
    }
    t->days = (struct qv_days){20400,        LITTLE_DAYS, LITTLE_FACTORS, little_factors, t->twitches,
                               t->exposures, NULL}; /* 2025-11-08 */
    const struct qv_trigger rows[LITTLE_ROWS] = {
        {0, 0, false, {1.32, 1.11, 1.58}, 0.995, QV_LIKELY_TRIGGER, NAN, 19},
        {0, 1, false, {1.02, 0.9, 1.15}, 0.6, QV_NO_CLEAR_EFFECT, NAN, 19},
        {1, 0, false, {0.8, 0.7, 0.92}, 0.001, QV_LIKELY_PROTECTIVE, NAN, 20},
        {2, 0, false, {1.09, 0.98, 1.21}, 0.94, QV_POSSIBLE_TRIGGER, NAN, 20},
        {3, 0, false, {1.01, 0.93, 1.1}, 0.55, QV_NO_CLEAR_EFFECT, NAN, 20},
        {4, 0, false, {1.1, 0.5, 2.42}, 0.6, QV_NOT_ENOUGH_DATA, 43.2, 20},
        {0, 0, true, {2.34, 1.4, 6}, 0.999, QV_LIKELY_TRIGGER, NAN, 18},
    };
    for (int i = 0; i < LITTLE_ROWS; i++)
        t->rows[i] = rows[i];
    t->pair = (struct qv_entwined){1, 2, -0.81};
    t->found = (struct qv_triggers){.days = &t->days,
                                    .days_observed = LITTLE_DAYS - 1,
                                    .twitches = 56,
                                    .baseline_per_day = 2.9,
                                    .trend_per_week = {0.98, 0.93, 1.03},
                                    .dispersion = 0.2,
                                    .autocorrelation = 0.3,
                                    .trigger_count = LITTLE_ROWS,
                                    .triggers = t->rows,
                                    .entwined_count = 1,
                                    .entwined = &t->pair,
                                    .expected = t->expected};
}

#endif
