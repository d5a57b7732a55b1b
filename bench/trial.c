/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-trial: what trials are held against by bench/trial.sh, over simulated people who live them.
 *
 *   bench-trial N M    N trials for each figure of the test and of power, M for each of the intervals, which cost more
 *
 * A line a figure: what, figure, "least" or "most", goal, remark; tabs between.
 */
#include "../tests/slow/lived_trials.h"

#include <stdio.h>

static void must(int status, const struct qv_error *error)
{
    if (status) {
        fprintf(stderr, "bench-trial: %s\n", error->text);
        exit(70);
    }
}

/* What a share of so many may be off by chance, three standard errors, in points. */
static double chance_points(double share, uint32_t trials)
{
    return 300 * sqrt(share * (1 - share) / trials);
}

static void without_effect(uint32_t trials)
{
    for (size_t i = 0; i < PEOPLE; i++) {
        uint32_t said = 0;
        const double distance = live_without_effect(&people[i], 100 + i, trials, &said);
        printf("%s: distance of p from uniform\t%.4f\tmost\t%.4f\t1 in 100 by chance\n", people[i].name, distance,
               1.63 / sqrt(trials));
        printf("  a difference is said without one, %%\t%.2f\tmost\t%.2f\t5 and chance\n", 100.0 * said / trials,
               5 + chance_points(0.05, trials));
    }
    uint32_t stopped = 0, said = 0;
    live_with_a_look(77, trials, &stopped, &said);
    printf("with a look: a difference is said without one, %%\t%.2f\tmost\t%.2f\t%.1f %% stopped at the look\n",
           100.0 * said / trials, 5 + chance_points(0.05, trials), 100.0 * stopped / trials);
}

static void intervals(uint32_t trials)
{
    for (size_t i = 0; i < PEOPLE; i++) {
        for (size_t s = 0; s < TRIAL_SIZES; s++) {
            struct qv_error error = {0};
            uint32_t covered[2];
            must(count_covered(&people[i], s, 7000 + 10 * i + s, trials, covered, &error), &error);
            const double points = 100.0 * covered[0] / trials;
            printf("%s, %u × %u: intervals off 95 %%\t%.2f\tmost\t%.2f\tcover %.1f, as logged %.1f %%\n",
                   people[i].name, trial_sizes[s][0], trial_sizes[s][1], fabs(points - 95),
                   3 + chance_points(0.95, trials), points, 100.0 * covered[1] / trials);
        }
    }
}

static void power(uint32_t trials)
{
    struct qv_error error = {0};
    double planned = 0, reached = 0;
    for (size_t i = 0; i < WANTED_EFFECTS; i++) {
        struct qv_trial_plan plan;
        must(plan_and_live(i, trials, &plan, &reached, &error), &error);
        printf("ratio %.1f, %u blocks: power reached off the planned, points\t%.2f\tmost\t5\tplanned %.1f, reached "
               "%.1f %%\n",
               plan.aim.rate_ratio, plan.block_count, 100 * fabs(reached - plan.power), 100 * plan.power,
               100 * reached);
    }
    must(plan_from_diaries(25, trials / 12, &planned, &reached, &error), &error);
    printf("from diaries of 60 days: the same\t%.2f\tmost\t10\tplanned %.1f, reached %.1f %%\n",
           100 * fabs(reached - planned), 100 * planned, 100 * reached);
}

int main(int argc, char **argv)
{
    const long trials = argc == 3 ? strtol(argv[1], NULL, 10) : 0,
               estimated = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    if (trials < 100 || trials > 1000000 || estimated < 1 || estimated > 1000000) {
        fprintf(stderr, "usage: bench-trial N M, N from 100\n");
        return 64;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* the next figure may be a minute away */
    without_effect((uint32_t)trials);
    intervals((uint32_t)estimated);
    power((uint32_t)trials);
    return 0;
}
