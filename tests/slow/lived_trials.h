/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trials that are lived by simulated people, and what came of many of them. For tests/slow/honest_trial.c and bench/trial.c.
 *
 * The people are simulated by another process than the planner's: negative binomial days on an AR(1) of logarithms, with days missed. The
 * planner learns of them from a diary, as it does in life, or is told.
 */
#ifndef TESTS_SLOW_LIVED_TRIALS_H
#define TESTS_SLOW_LIVED_TRIALS_H

#include "nof1/trial.h"

#include <math.h>
#include <stdlib.h>

struct person {
    const char *name;
    double per_day;
    double latent_sd, carried; /* of the logarithms of the rates: AR(1) */
    double shape;              /* of a gamma beside it: 1/dispersion; 0: Poisson */
    double missed;             /* share of days without a twitch row */
    double slope_per_day;      /* of the logarithm */
};

static const struct person people[] = {
    {"Poisson", 6, 0, 0, 0, 0, 0},
    {"over-dispersed", 6, 0, 0, 2, 0.1, 0},
    {"bad weeks", 6, 0.5, 0.7, 0, 0.1, 0},
    {"bad weeks, over-dispersed, a trend, days missed", 4, 0.5, 0.8, 3, 0.25, -0.006},
    {"few twitches", 0.8, 0.4, 0.5, 3, 0.1, 0},
};
#define PEOPLE (sizeof people / sizeof people[0])

/* Marsaglia and Tsang, 2000; shape from 1. */
static inline double gamma_draw(struct chance *chance, double shape)
{
    double d = shape - 1 / 3.0, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = chance_normal(chance), v = pow(1 + c * x, 3);
        if (v > 0 && log(chance_uniform(chance)) < x * x / 2 + d - d * v + d * log(v))
            return d * v;
    }
}

struct diary {
    struct qv_days days;
    double twitches[QV_TRIAL_DAYS_MAX], amounts[QV_TRIAL_DAYS_MAX];
};

/* The twitches of so many days; `ratio` where the plan says changed, and on the way there a part of it. */
static inline void live(struct diary *diary, const struct person *person, const struct qv_trial_plan *plan,
                        int32_t first, uint32_t count, double ratio, struct chance *chance)
{
    double level = person->latent_sd * chance_normal(chance), mean_of_level = person->latent_sd * person->latent_sd / 2;
    diary->days = (struct qv_days){.first_day = first,
                                   .day_count = count,
                                   .factor_count = 1,
                                   .twitches = diary->twitches,
                                   .exposures = diary->amounts};
    for (uint32_t t = 0; t < count; t++) {
        struct qv_trial_day day = plan ? qv_trial_day(plan, first + (int32_t)t) : (struct qv_trial_day){.amount = 400};
        level = person->carried * level +
                person->latent_sd * sqrt(1 - person->carried * person->carried) * chance_normal(chance);
        double rate = person->per_day * exp(level - mean_of_level + person->slope_per_day * t) * pow(ratio, day.share);
        rate *= person->shape > 0 ? gamma_draw(chance, person->shape) / person->shape : 1;
        diary->twitches[t] = chance_uniform(chance) < person->missed ? NAN : chance_poisson(chance, rate);
        diary->amounts[t] = chance_uniform(chance) < person->missed ? NAN : day.amount;
    }
}

/* A plan of this size without the search for it; its order is drawn anew. */
static inline struct qv_trial_plan plan_of(uint32_t blocks, uint32_t counted, uint64_t seed)
{
    struct qv_trial_plan plan = {
        .habit = {"caffeine", "mg", false, 400, 100, 2, 2, 2},
        .first_day = 20000,
        .block_count = blocks,
        .counted_days = counted,
        .seed = seed,
        .final_p = 0.05,
    };
    plan.arms = order_draw(&(struct chance){seed}, blocks);
    return plan;
}

static inline const struct qv_days *lived(const struct person *person, const struct qv_trial_plan *plan, double ratio,
                                          struct chance *chance)
{
    static struct diary diary;
    live(&diary, person, plan, plan->first_day, plan->block_count * qv_trial_block_days(plan), ratio, chance);
    return &diary.days;
}

/* ---- no effect -------------------------------------------------------------------------------------------------------------- */

static inline int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov and Smirnov's distance from uniform, p being in steps of `step`. */
static inline double distance_from_uniform(double *p, uint32_t count, double step)
{
    double distance = 0;
    qsort(p, count, sizeof *p, ascending);
    for (uint32_t i = 0; i < count; i++)
        distance = fmax(distance, fmax(fabs((i + 1.0) / count - p[i]) - step, 0));
    return distance;
}

/* Trials of 12 blocks of 7 days without an effect: how many said a difference, and how far p is from uniform. */
static inline double live_without_effect(const struct person *person, uint64_t seed, uint32_t trials, uint32_t *said)
{
    struct chance chance = {seed};
    double step = 0, *p = calloc(trials, sizeof *p);
    if (!p)
        return NAN;
    *said = 0;
    for (uint32_t t = 0; t < trials; t++) {
        const struct qv_trial_plan plan = plan_of(12, 7, 1000 * seed + t);
        const struct trial_test test = trial_test(&plan, lived(person, &plan, 1, &chance), plan.block_count);
        *said += test.p <= plan.final_p;
        p[t] = test.p;
        step = 2.0 / test.orders;
    }
    const double distance = distance_from_uniform(p, trials, step);
    free(p);
    return distance;
}

/* With a look before the end: how many stopped there, and how many said a difference there or at the end. */
static inline void live_with_a_look(uint64_t seed, uint32_t trials, uint32_t *stopped, uint32_t *said)
{
    struct chance chance = {seed};
    *stopped = *said = 0;
    for (uint32_t t = 0; t < trials; t++) {
        const struct qv_trial_plan plan = plan_of(16, 7, t);
        const struct qv_days *days = lived(&people[2], &plan, 1, &chance);
        const bool stops = trial_test(&plan, days, 12).p <= 0.005;
        *stopped += stops;
        *said += stops || trial_test(&plan, days, 16).p <= 0.045;
    }
}

/* ---- intervals -------------------------------------------------------------------------------------------------------------- */

static const uint32_t trial_sizes[][2] = {{8, 7}, {12, 7}, {16, 14}}; /* blocks, counted days */
#define TRIAL_SIZES (sizeof trial_sizes / sizeof trial_sizes[0])

/* How many 95 % intervals hold the truth, by the arms and by what was logged. */
static inline int count_covered(const struct person *person, size_t size, uint64_t seed, uint32_t trials,
                                uint32_t covered[2], struct qv_error *error)
{
    static const double ratios[] = {1, 0.7, 0.5};
    struct chance chance = {seed};
    covered[0] = covered[1] = 0;
    for (uint32_t t = 0; t < trials; t++) {
        const struct qv_trial_plan plan =
            plan_of(trial_sizes[size][0], trial_sizes[size][1], chance_bits(&chance) >> 11);
        const double ratio = ratios[t % 3];
        struct qv_trial_result r;
        const struct qv_days *days = lived(person, &plan, ratio, &chance);
        const int status = qv_trial_analyse(&plan, days, qv_trial_last_day(&plan) + 1, false, &r, error);
        if (status)
            return status;
        covered[0] += r.as_planned.rate.low <= ratio && ratio <= r.as_planned.rate.high;
        covered[1] += r.as_logged.rate.low <= ratio && ratio <= r.as_logged.rate.high;
    }
    return QV_OK;
}

/* ---- power ------------------------------------------------------------------------------------------------------------------ */

static const struct qv_trial_habit lived_habit = {"caffeine", "mg", false, 400, 100, 2, 2, 2};

static const struct {
    struct qv_trial_baseline baseline;
    double rate_ratio;
} wanted_effects[] = {
    {{8, 0.1, 0, 60}, 0.7},
    {{8, 0.3, 0.5, 60}, 0.6},
    {{3, 0.2, 0.3, 60}, 0.6},
    {{20, 0.5, 0.6, 60}, 0.5},
};
#define WANTED_EFFECTS (sizeof wanted_effects / sizeof wanted_effects[0])

/* The share found in trials of this plan, each drawn anew. */
static inline double share_found(const struct qv_trial_plan *plan, const struct person *person, uint32_t trials,
                                 struct chance *chance)
{
    uint32_t found = 0;
    for (uint32_t t = 0; t < trials; t++) {
        struct qv_trial_plan drawn = *plan;
        drawn.arms = order_draw(chance, plan->block_count);
        const struct qv_days *days = lived(person, &drawn, plan->aim.rate_ratio, chance);
        found += trial_test(&drawn, days, drawn.block_count).p <= plan->final_p;
    }
    return (double)found / trials;
}

/* The plan for an effect, and the power that it reaches for a person who is as it assumes. */
static inline int plan_and_live(size_t effect, uint32_t trials, struct qv_trial_plan *plan, double *reached,
                                struct qv_error *error)
{
    const struct qv_trial_baseline *b = &wanted_effects[effect].baseline;
    const struct qv_trial_aim aim = {wanted_effects[effect].rate_ratio, 0.8, 600};
    const struct person person = {"as planned", b->per_day, sqrt(log1p(b->dispersion)), b->autocorrelation, 0, 0, 0};
    const int status = qv_trial_lay_out(&lived_habit, b, &aim, 17 + effect, 0, 1, plan, error);
    if (status == QV_OK)
        *reached = share_found(plan, &person, trials, &(struct chance){plan->seed + 5});
    return status;
}

/* What diaries of two months lead to: over many diaries of one person the power said, and the power had. */
static inline int plan_from_diaries(uint32_t diaries, uint32_t trials_each, double *planned, double *reached,
                                    struct qv_error *error)
{
    const struct person person = {"learnt", 8, 0.45, 0.5, 6, 0.05, 0};
    const struct qv_trial_baseline assumed = {5, 0.5, 0.3, 0};
    const struct qv_trial_aim aim = {0.6, 0.8, 600};
    struct chance chance = {23};
    *planned = *reached = 0;
    for (uint32_t d = 0; d < diaries; d++) {
        static struct diary diary;
        struct qv_trial_plan plan;
        live(&diary, &person, NULL, 0, 60, 1, &chance);
        const struct qv_trial_baseline b = qv_trial_baseline_of(&diary.days, 60, &assumed);
        const int status = qv_trial_lay_out(&lived_habit, &b, &aim, d, 59, 60, &plan, error);
        if (status)
            return status;
        *planned += plan.power / diaries;
        *reached += share_found(&plan, &person, trials_each, &chance) / diaries;
    }
    return QV_OK;
}

#endif
