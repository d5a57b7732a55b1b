/* SPDX-License-Identifier: Apache-2.0 */
/* The statistics of `quiver knowledge bench`: exact bounds against binomial sums and known values, scores against hand counts. */
#include "cli/score.c" /* NOLINT(bugprone-suspicious-include): the program is no library to link with */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define CLOSE(a, b, within) assert_true(fabs((a) - (b)) <= (within))

/* P(X >= hits), X binomial, summed term by term. */
static double at_least(uint32_t hits, uint32_t of, double p)
{
    double sum = 0;
    for (uint32_t k = hits; k <= of; k++)
        sum += exp(lgamma(of + 1.0) - lgamma(k + 1.0) - lgamma(of - k + 1.0) + k * log(p) + (of - k) * log1p(-p));
    return sum;
}

static void beta_has_known_values(void **unused)
{
    (void)unused;
    CLOSE(score_beta(1, 1, 0.3), 0.3, 1e-14);
    CLOSE(score_beta(2, 2, 0.25), 0.15625, 1e-14); /* 3x² - 2x³ */
    CLOSE(score_beta(0.5, 0.5, 0.5), 0.5, 1e-14);
    CLOSE(score_beta(0.5, 0.5, 0.2), 2 / M_PI * asin(sqrt(0.2)), 1e-14); /* the arcsine distribution */
    CLOSE(score_beta(1, 7, 0.1), 1 - pow(0.9, 7), 1e-14);
    assert_true(score_beta(3, 4, 0) == 0 && score_beta(3, 4, 1) == 1);
}

static void beta_is_a_binomial_tail(void **unused)
{
    (void)unused;
    for (uint32_t of = 1; of <= 80; of += 3) {
        for (uint32_t hits = 1; hits <= of; hits += 2) {
            for (int percent = 2; percent < 100; percent += 7)
                CLOSE(score_beta(hits, of - hits + 1.0, percent / 100.0), at_least(hits, of, percent / 100.0), 1e-11);
        }
    }
}

static void bounds_are_where_the_tails_are(void **unused)
{
    (void)unused;
    for (uint32_t of = 1; of <= 120; of += 7) {
        for (uint32_t hits = 0; hits <= of; hits++) {
            struct score_interval bounds = score_exact((struct score_part){hits, of});
            assert_true(bounds.low <= (double)hits / of && (double)hits / of <= bounds.high);
            if (hits > 0)
                CLOSE(at_least(hits, of, bounds.low), 0.025, 1e-10);
            if (hits < of)
                CLOSE(1 - at_least(hits + 1, of, bounds.high), 0.025, 1e-10);
        }
    }
}

static void bounds_have_known_values(void **unused)
{
    (void)unused;
    /* 5 of 10: tables of Clopper & Pearson, 0.187 and 0.813. */
    struct score_interval half = score_exact((struct score_part){5, 10});
    CLOSE(half.low, 0.1870860, 1e-6);
    CLOSE(half.high, 0.8129140, 1e-6);
    struct score_interval none = score_exact((struct score_part){0, 31});
    assert_true(none.low == 0);
    CLOSE(none.high, 1 - pow(0.025, 1.0 / 31), 1e-12);
    CLOSE(score_at_most((struct score_part){0, 31}), 1 - pow(0.05, 1.0 / 31), 1e-12);
    struct score_interval nothing = score_exact((struct score_part){0, 0});
    assert_true(nothing.low == 0 && nothing.high == 1);
}

/* Four cases, two systems; counted by hand. */
static const struct score_expected expected[4] = {
    {.level = 3, .first = 0},
    {.level = 1, .first = 1, .acceptable = 1u << 2},
    {.level = 0, .first = 2, .contributors = 0x5},
    {.level = 2, .first = 0},
};
static const struct score_said said[4][2] = {
    {{true, 2, {0, 1, 2}, {0.9, 0.1}, 0}, {true, 3, {1, 2, 3}, {0, 1}, 0}},
    {{true, 1, {2, 1, 0}, {0.1, 0.3, 0.6}, 0}, {false, 0, {0}, {0}, 0}},
    {{true, 1, {2, -1, -1}, {[2] = 1}, 0x4}, {true, 1, {3, -1, -1}, {[3] = 1}, 0x1}},
    {{true, 2, {1, 2, 3}, {0.25, 0.5, 0.25}, 0}, {true, 1, {0, 1, 2}, {1}, 0}},
};

static void scores_are_as_counted(void **unused)
{
    (void)unused;
    struct score score;
    score_system(expected, said[0], 4, 2, 0, &score);
    assert_int_equal(score.answered.hits, 4);
    assert_int_equal(score.level.hits, 2);
    assert_int_equal(score.at_level[1].hits, 1);
    assert_int_equal(score.at_level[3].of, 1);
    assert_int_equal(score.safe.hits, 3);
    assert_true(score.over.hits == 1 && score.over.of == 2);
    assert_true(score.missed.hits == 1 && score.missed.of == 1);
    assert_int_equal(score.first.hits, 2);
    assert_int_equal(score.first_or_acceptable.hits, 3);
    assert_int_equal(score.first_three.hits, 3);
    assert_true(score.contributors.hits == 1 && score.contributors.of == 2);
    /* (0.02 + (0.01 + 0.49 + 0.36) + 0 + (0.5625 + 0.25 + 0.0625)) / 4 */
    CLOSE(score.brier, (0.02 + 0.86 + 0 + 0.875) / 4, 1e-12);
    assert_true(score.bins[2].correct.of == 1 && score.bins[2].correct.hits == 0);
    assert_true(score.bins[3].correct.of == 1 && score.bins[4].correct.of == 2 && score.bins[4].correct.hits == 2);
    CLOSE(score.bins[4].mean_predicted, 0.95, 1e-12);
    assert_true(isnan(score.bins[0].mean_predicted));

    /* Item difficulties: 1/2, 1/1, 0/2, 1/2. */
    CLOSE(score.capability, 100 * ((-0.5 + 0 - 0 + 0.5) / 4 + 1) / 2, 1e-12);
    score_system(expected, said[0], 4, 2, 1, &score);
    assert_true(score.answered.hits == 3 && score.answered.of == 4);
    CLOSE(score.capability, 100 * ((0.5 - 0 - 0.5) / 3 + 1) / 2, 1e-12);
}

static void no_answers_no_scores(void **unused)
{
    (void)unused;
    static const struct score_said silent[4] = {0};
    struct score score;
    score_system(expected, silent, 4, 1, 0, &score);
    assert_true(score.answered.hits == 0 && score.level.of == 0);
    assert_true(isnan(score.capability) && isnan(score.brier) && isnan(score_rate(score.safe)));
}

static void bins_have_edges(void **unused)
{
    (void)unused;
    assert_int_equal(score_bin_of(0), 0);
    assert_int_equal(score_bin_of(0.19999), 0);
    assert_int_equal(score_bin_of(0.2), 1);
    assert_int_equal(score_bin_of(1), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beta_has_known_values),
        cmocka_unit_test(beta_is_a_binomial_tail),
        cmocka_unit_test(bounds_are_where_the_tails_are),
        cmocka_unit_test(bounds_have_known_values),
        cmocka_unit_test(scores_are_as_counted),
        cmocka_unit_test(no_answers_no_scores),
        cmocka_unit_test(bins_have_edges),
    };
    return cmocka_run_group_tests_name("bench", tests, NULL, NULL);
}
