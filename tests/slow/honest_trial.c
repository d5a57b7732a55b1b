/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a trial promises, over simulated trials: p is uniform when there is no effect, intervals hold the truth as often as
 * they say, and the planned power is reached.
 *
 * The people are simulated by another process than the planner's: negative binomial days on an AR(1) of logarithms, with days missed. The
 * planner learns of them from a diary, as it does in life, or is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nof1/trial.h"

#include <math.h>
#include <stdlib.h>

#define TRIALS 1000
#define ESTIMATED_TRIALS 200 /* each costs a model or two */

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
static double gamma_draw(struct chance *chance, double shape)
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
static void live(struct diary *diary, const struct person *person, const struct qv_trial_plan *plan, int32_t first,
                 uint32_t count, double ratio, struct chance *chance)
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
static struct qv_trial_plan plan_of(uint32_t blocks, uint32_t counted, uint64_t seed)
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

static const struct qv_days *lived(const struct person *person, const struct qv_trial_plan *plan, double ratio,
                                   struct chance *chance)
{
    static struct diary diary;
    live(&diary, person, plan, plan->first_day, plan->block_count * qv_trial_block_days(plan), ratio, chance);
    return &diary.days;
}

/* ---- no effect: p is uniform ---------------------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov and Smirnov's distance from uniform, p being in steps of `step`. */
static double distance_from_uniform(double *p, uint32_t count, double step)
{
    double distance = 0;
    qsort(p, count, sizeof *p, ascending);
    for (uint32_t i = 0; i < count; i++)
        distance = fmax(distance, fmax(fabs((i + 1.0) / count - p[i]) - step, 0));
    return distance;
}

static void test_p_is_uniform_without_an_effect(void **unused)
{
    for (size_t i = 0; i < PEOPLE; i++) {
        struct chance chance = {100 + i};
        static double p[TRIALS];
        uint32_t said = 0, count = 0;
        double step = 0;
        for (uint32_t t = 0; t < TRIALS; t++) {
            struct qv_trial_plan plan = plan_of(12, 7, 1000 * i + t);
            struct trial_test test = trial_test(&plan, lived(&people[i], &plan, 1, &chance), plan.block_count);
            said += test.p <= plan.final_p;
            p[count++] = test.p;
            step = 2.0 / test.orders;
        }
        double distance = distance_from_uniform(p, count, step);
        print_message("# %s: a difference said in %.1f %% of %u trials without one; KS distance %.3f\n", people[i].name,
                      100.0 * said / count, count, distance);
        assert_true(distance < 1.63 / sqrt(count)); /* 1 in 100 */
        assert_true(said <= 0.05 * count + 3 * sqrt(0.05 * 0.95 * count));
        assert_true(said >= 0.05 * count - 4 * sqrt(0.05 * 0.95 * count)); /* and the test is not shy */
    }
}

/* ---- intervals ------------------------------------------------------------------------------------------------------------ */

/* Estimates of one person's trials: how many hold the truth, by the arms and by what was logged. */
static void count_covered(const struct person *person, uint32_t blocks, uint32_t counted, struct chance *chance,
                          uint32_t covered[2])
{
    static const double ratios[] = {1, 0.7, 0.5};
    for (uint32_t t = 0; t < ESTIMATED_TRIALS; t++) {
        struct qv_trial_plan plan = plan_of(blocks, counted, chance_bits(chance) >> 11);
        double ratio = ratios[t % 3];
        struct qv_trial_result r;
        const struct qv_days *days = lived(person, &plan, ratio, chance);
        assert_int_equal(qv_trial_analyse(&plan, days, qv_trial_last_day(&plan) + 1, false, &r, NULL), QV_OK);
        covered[0] += r.as_planned.rate.low <= ratio && ratio <= r.as_planned.rate.high;
        covered[1] += r.as_logged.rate.low <= ratio && ratio <= r.as_logged.rate.high;
    }
}

static void test_intervals_cover(void **unused)
{
    static const uint32_t sizes[][2] = {{8, 7}, {12, 7}, {16, 14}};
    const double all = ESTIMATED_TRIALS, total = all * PEOPLE * 3, error = sqrt(0.95 * 0.05 / all);
    double sums[2] = {0};
    bool each = true;
    for (size_t i = 0; i < PEOPLE; i++) {
        for (size_t s = 0; s < 3; s++) {
            struct chance chance = {7000 + 10 * i + s};
            uint32_t covered[2] = {0};
            count_covered(&people[i], sizes[s][0], sizes[s][1], &chance, covered);
            print_message("# %s, %u blocks of %u: 95 %% intervals cover in %.1f %%, as logged in %.1f %%\n",
                          people[i].name, sizes[s][0], sizes[s][1], 100 * covered[0] / all, 100 * covered[1] / all);
            for (int k = 0; k < 2; k++) {
                sums[k] += covered[k];
                each = each && covered[k] / all >= 0.92 - error && covered[k] / all <= 0.98 + error;
            }
        }
    }
    print_message("# in all %.1f %%, as logged %.1f %%\n", 100 * sums[0] / total, 100 * sums[1] / total);
    assert_true(each);
    for (int k = 0; k < 2; k++)
        assert_true(sums[k] / total >= 0.92 && sums[k] / total <= 0.98);
}

/* ---- power ------------------------------------------------------------------------------------------------------------------ */

/* Found in whole trials, drawn and analysed anew, of a person who is as the plan assumes. */
static double reached(const struct qv_trial_plan *plan, const struct person *person)
{
    struct chance chance = {plan->seed + 5};
    uint32_t found = 0;
    for (uint32_t t = 0; t < TRIALS; t++) {
        struct qv_trial_plan drawn = *plan;
        drawn.arms = order_draw(&chance, plan->block_count);
        const struct qv_days *days = lived(person, &drawn, plan->aim.rate_ratio, &chance);
        found += trial_test(&drawn, days, drawn.block_count).p <= plan->final_p;
    }
    return (double)found / TRIALS;
}

static void test_the_planned_power_is_reached(void **unused)
{
    static const struct {
        struct qv_trial_baseline baseline;
        double rate_ratio;
    } wanted[] = {
        {{8, 0.1, 0, 60}, 0.7},
        {{8, 0.3, 0.5, 60}, 0.6},
        {{3, 0.2, 0.3, 60}, 0.6},
        {{20, 0.5, 0.6, 60}, 0.5},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const struct qv_trial_baseline *b = &wanted[i].baseline;
        const struct qv_trial_aim aim = {wanted[i].rate_ratio, 0.8, 600};
        const struct qv_trial_habit habit = {"caffeine", "mg", false, 400, 100, 2, 2, 2};
        struct qv_trial_plan plan;
        assert_int_equal(qv_trial_lay_out(&habit, b, &aim, 17 + i, 0, 1, &plan, NULL), QV_OK);
        struct person person = {"as planned", b->per_day, sqrt(log1p(b->dispersion)), b->autocorrelation, 0, 0, 0};
        double power = reached(&plan, &person);
        print_message("# ratio %.1f: %u blocks of %u counted days, %d days; power planned %.3f, reached %.3f\n",
                      wanted[i].rate_ratio, plan.block_count, plan.counted_days,
                      qv_trial_last_day(&plan) - plan.first_day + 1, plan.power, power);
        assert_true(plan.power >= 0.8 && plan.power < 0.95);
        assert_true(fabs(power - plan.power) < 0.05);
    }
}

/* What a diary of two months leads to: over many diaries of one person the power said is near the power had. */
static void test_power_from_a_diary(void **unused)
{
    enum { DIARIES = 25, EACH = 80 };
    const struct person person = {"learnt", 8, 0.45, 0.5, 6, 0.05, 0};
    const struct qv_trial_baseline assumed = {5, 0.5, 0.3, 0};
    const struct qv_trial_aim aim = {0.6, 0.8, 600};
    const struct qv_trial_habit habit = {"caffeine", "mg", false, 400, 100, 2, 2, 2};
    struct chance chance = {23};
    double planned = 0, found = 0;
    for (uint32_t d = 0; d < DIARIES; d++) {
        static struct diary diary;
        live(&diary, &person, NULL, 0, 60, 1, &chance);
        struct qv_trial_baseline b = qv_trial_baseline_of(&diary.days, 60, &assumed);
        struct qv_trial_plan plan;
        assert_int_equal(qv_trial_lay_out(&habit, &b, &aim, d, 59, 60, &plan, NULL), QV_OK);
        planned += plan.power / DIARIES;
        for (uint32_t t = 0; t < EACH; t++) {
            plan.arms = order_draw(&chance, plan.block_count);
            found += trial_test(&plan, lived(&person, &plan, 0.6, &chance), plan.block_count).p <= plan.final_p;
        }
    }
    found /= DIARIES * EACH;
    print_message("# from diaries of 60 days: power planned %.3f, reached %.3f\n", planned, found);
    assert_true(fabs(found - planned) < 0.1);
}

/* ---- the look -------------------------------------------------------------------------------------------------------------- */

/* With a look before the end a difference is still said in at most 5 % of trials without one. */
static void test_looking_costs_nothing(void **unused)
{
    struct chance chance = {77};
    uint32_t said = 0, stopped = 0;
    for (uint32_t t = 0; t < TRIALS; t++) {
        struct qv_trial_plan plan = plan_of(16, 7, t);
        const struct qv_days *days = lived(&people[2], &plan, 1, &chance);
        bool stops = trial_test(&plan, days, 12).p <= 0.005;
        stopped += stops;
        said += stops || trial_test(&plan, days, 16).p <= 0.045;
    }
    print_message("# with a look: stopped in %.1f %%, a difference said in %.1f %%\n", 100.0 * stopped / TRIALS,
                  100.0 * said / TRIALS);
    assert_true(stopped > 0); /* it can */
    assert_true(stopped <= 0.005 * TRIALS + 3 * sqrt(0.005 * TRIALS));
    assert_true(said <= 0.05 * TRIALS + 3 * sqrt(0.05 * 0.95 * TRIALS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_p_is_uniform_without_an_effect), cmocka_unit_test(test_intervals_cover),
        cmocka_unit_test(test_the_planned_power_is_reached),   cmocka_unit_test(test_power_from_a_diary),
        cmocka_unit_test(test_looking_costs_nothing),
    };
    return cmocka_run_group_tests_name("honest_trial", tests, NULL, NULL);
}
