/* SPDX-License-Identifier: Apache-2.0 */
/*
 * That the triggers are honest, over diaries whose truth is known: bench/nof1.c in a smaller size. A bound is where the figure should be
 * and four standard deviations of its own chance, so that an honest engine passes whatever the seed.
 */
#include "diary_ranks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct qv_arena *arena;

static int setup(void **unused)
{
    (void)unused;
    arena = qv_arena_create(0);
    return arena ? 0 : -1;
}

static int teardown(void **unused)
{
    (void)unused;
    qv_arena_destroy(arena);
    return 0;
}

static const struct qv_triggers *find(const struct diary *d)
{
    struct qv_triggers *out = NULL;
    struct qv_error error = {0};
    qv_arena_reset(arena);
    if (qv_find_triggers(&d->days, arena, &out, &error))
        fail_msg("%s", error.text);
    return out;
}

static struct tally play(const struct recipe *r, uint32_t diaries, uint64_t first)
{
    struct tally t = {0};
    for (uint32_t i = 0; i < diaries; i++) {
        struct diary d;
        diary_make(r, first + i, &d);
        tally_add(&t, r, find(&d));
        diary_finish(&d);
    }
    return t;
}

static double by_chance(double share, double count)
{
    return 4 * sqrt(share * (1 - share) / count);
}

static void intervals_cover_in_diaries_of_all_lengths(void **unused)
{
    (void)unused;
    const uint32_t lengths[] = {14, 30, 60, 180};
    for (int i = 0; i < 4; i++) {
        struct recipe r = {.days = lengths[i],
                           .factors = 3,
                           .per_day = 6,
                           .delta = 0.4,
                           .sd = i % 2 ? 0.5 : 0,
                           .rho = 0.7,
                           .habits_rho = 0.3,
                           .unobserved = i > 1 ? 0.15 : 0,
                           .unknown = i > 1 ? 0.15 : 0};
        r.now[CUPS] = log(1.3);
        r.now[NIGHTS] = log(1.5);
        const struct tally t = play(&r, 100, 0);
        print_message("# %u days: %.1f %%\n", r.days, 100 * t.covered / t.rows);
        assert_true(t.covered / t.rows > 0.93 - by_chance(0.93, t.rows));
    }
}

static void bystanders_are_not_accused(void **unused)
{
    (void)unused;
    struct tally all = {0};
    for (int i = 0; i < 3; i++) {
        const struct recipe r = {.days = 60,
                                 .factors = 4,
                                 .per_day = i ? 6 : 1,
                                 .delta = 0.4,
                                 .sd = 0.5,
                                 .rho = i == 1 ? 0.95 : 0.7,
                                 .habits_rho = 0.6,
                                 .unobserved = 0.05,
                                 .unknown = 0.05,
                                 .drops = i == 2};
        const struct tally t = play(&r, 100, 100);
        all.bystanders += t.bystanders;
        all.accused += t.accused;
    }
    print_message("# %.0f of %.0f\n", all.accused, all.bystanders);
    assert_true(all.accused / all.bystanders < 0.025 + by_chance(0.025, all.bystanders));
}

/* A short diary says how many days it would need; then that many days are kept. */
static void the_days_needed_are_enough(void **unused)
{
    (void)unused;
    double asked = 0, found = 0;
    for (uint32_t n = 0; n < 80; n++) {
        struct recipe r = {
            .days = 25, .factors = 2, .per_day = 6, .delta = 0.4, .sd = 0.4, .rho = 0.7, .habits_rho = 0.3};
        r.now[NIGHTS] = log(1.3);
        struct diary d;
        diary_make(&r, n, &d);
        const struct qv_trigger row = find(&d)->triggers[2];
        diary_finish(&d);
        if (row.verdict != QV_NOT_ENOUGH_DATA)
            continue;
        asked++;
        assert_true(row.days_needed > 25 && row.days_needed < 2000);
        r.days = (uint32_t)row.days_needed;
        diary_make(&r, n + 1000, &d);
        found += find(&d)->triggers[2].verdict == QV_LIKELY_TRIGGER;
        diary_finish(&d);
    }
    print_message("# found %.0f of %.0f\n", found, asked);
    assert_true(asked > 20);
    assert_true(found / asked > 0.8 - by_chance(0.8, asked));
}

static void ranks_are_uniform(void **unused)
{
    (void)unused;
    double p[COLUMNS_MAX];
    struct qv_error error = {0};
    uint32_t columns = 0, used = 0;
    if (ranks_play(1000, arena, p, &columns, &used, &error))
        fail_msg("%s", error.text);
    assert_true(used > 900);
    for (uint32_t k = 0; k < columns; k++) {
        print_message("# column %u: p %.3f\n", k, p[k]);
        assert_true(p[k] > 0.01 / columns); /* as many tests as columns */
    }
}

static void a_hundred_years_are_read(void **unused)
{
    (void)unused;
    struct recipe r = {.days = 36525,
                       .factors = 4,
                       .per_day = 6,
                       .delta = 0.4,
                       .sd = 0.5,
                       .rho = 0.8,
                       .habits_rho = 0.3,
                       .unknown = 0.1};
    r.now[CUPS] = log(1.3);
    struct diary d;
    diary_make(&r, 1, &d);
    const struct qv_triggers *found = find(&d);
    assert_int_equal(found->triggers[0].verdict, QV_LIKELY_TRIGGER);
    assert_true(found->triggers[0].rate.low > 1.27 && found->triggers[0].rate.high < 1.33);
    for (uint32_t i = 1; i < found->trigger_count; i++)
        assert_int_equal(found->triggers[i].verdict, QV_NO_CLEAR_EFFECT);
    assert_true(fabs(found->autocorrelation - 0.8) < 0.05);
    assert_true(fabs(sqrt(found->dispersion) - 0.4) < 0.05);
    diary_finish(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_cover_in_diaries_of_all_lengths),
        cmocka_unit_test(bystanders_are_not_accused),
        cmocka_unit_test(the_days_needed_are_enough),
        cmocka_unit_test(ranks_are_uniform),
        cmocka_unit_test(a_hundred_years_are_read),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
