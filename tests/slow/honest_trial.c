/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a trial promises, over simulated trials: p is uniform when there is no effect, intervals hold the truth as often as
 * they say, and the planned power is reached. bench/trial.sh does the same with as many trials as the figures need.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lived_trials.h"

#define TRIALS 1000
#define ESTIMATED_TRIALS 60 /* each costs a model or two */

static void test_p_is_uniform_without_an_effect(void **unused)
{
    for (size_t i = 0; i < PEOPLE; i++) {
        uint32_t said = 0;
        const double distance = live_without_effect(&people[i], 100 + i, TRIALS, &said);
        print_message("# %s: a difference said in %.1f %% of %d trials without one; KS distance %.3f\n", people[i].name,
                      100.0 * said / TRIALS, TRIALS, distance);
        assert_true(distance < 1.63 / sqrt(TRIALS)); /* 1 in 100 */
        assert_true(said <= 0.05 * TRIALS + 3 * sqrt(0.05 * 0.95 * TRIALS));
        assert_true(said >= 0.05 * TRIALS - 4 * sqrt(0.05 * 0.95 * TRIALS)); /* and the test is not shy */
    }
}

/* 92 to 98 % over all; each kind of trial within three standard errors of that. */
static void test_intervals_cover(void **unused)
{
    const double all = ESTIMATED_TRIALS, total = all * PEOPLE * TRIAL_SIZES, error = sqrt(0.95 * 0.05 / all);
    double sums[2] = {0};
    bool each = true;
    for (size_t i = 0; i < PEOPLE; i++) {
        for (size_t s = 0; s < TRIAL_SIZES; s++) {
            uint32_t covered[2];
            assert_int_equal(count_covered(&people[i], s, 7000 + 10 * i + s, ESTIMATED_TRIALS, covered, NULL), QV_OK);
            print_message("# %s, %u blocks of %u: 95 %% intervals cover in %.1f %%, as logged in %.1f %%\n",
                          people[i].name, trial_sizes[s][0], trial_sizes[s][1], 100 * covered[0] / all,
                          100 * covered[1] / all);
            for (int k = 0; k < 2; k++) {
                sums[k] += covered[k];
                each = each && covered[k] / all >= 0.92 - 3 * error;
            }
        }
    }
    print_message("# in all %.1f %%, as logged %.1f %%\n", 100 * sums[0] / total, 100 * sums[1] / total);
    assert_true(each);
    for (int k = 0; k < 2; k++)
        assert_true(sums[k] / total >= 0.92 && sums[k] / total <= 0.98);
}

static void test_the_planned_power_is_reached(void **unused)
{
    for (size_t i = 0; i < WANTED_EFFECTS; i++) {
        struct qv_trial_plan plan;
        double reached = 0;
        assert_int_equal(plan_and_live(i, TRIALS, &plan, &reached, NULL), QV_OK);
        print_message("# ratio %.1f: %u blocks of %u counted days, %d days; power planned %.3f, reached %.3f\n",
                      plan.aim.rate_ratio, plan.block_count, plan.counted_days,
                      qv_trial_last_day(&plan) - plan.first_day + 1, plan.power, reached);
        assert_true(plan.power >= 0.8 && plan.power < 0.95);
        assert_true(fabs(reached - plan.power) < 0.05);
    }
}

static void test_power_from_a_diary(void **unused)
{
    double planned = 0, reached = 0;
    assert_int_equal(plan_from_diaries(25, 80, &planned, &reached, NULL), QV_OK);
    print_message("# from diaries of 60 days: power planned %.3f, reached %.3f\n", planned, reached);
    assert_true(fabs(reached - planned) < 0.1);
}

/* With a look before the end a difference is still said in at most 5 % of trials without one. */
static void test_looking_costs_nothing(void **unused)
{
    uint32_t said = 0, stopped = 0;
    live_with_a_look(77, TRIALS, &stopped, &said);
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
