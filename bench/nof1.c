/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-nof1: what qv_find_triggers() is held against by bench/nof1.sh. A line a measurement, tab separated.
 *
 *   bench-nof1 cover N      how often 95 % intervals cover the truth over N diaries of each kind
 */
#include "../tests/unit/diary_maker.h"

#include <stdio.h>
#include <time.h>

static void must(int status, const struct qv_error *error)
{
    if (status) {
        fprintf(stderr, "bench-nof1: %s\n", error->text);
        exit(70);
    }
}

static const struct qv_triggers *find(const struct diary *d, struct qv_arena *arena)
{
    struct qv_triggers *out = NULL;
    struct qv_error error = {0};
    qv_arena_reset(arena);
    must(qv_find_triggers(&d->days, arena, &out, &error), &error);
    return out;
}

static bool covers(const struct qv_trigger *row, double log_ratio)
{
    return log(row->rate.low) <= log_ratio && log_ratio <= log(row->rate.high);
}

struct tally {
    double rows, covered, real, real_covered, real_likely, real_possible, null_factors, null_likely, null_rows_likely,
        real_covered_now, lag_rows, lag_covered, too_low, not_enough;
};

static void tally(const struct recipe *r, const struct qv_triggers *found, struct tally *t)
{
    for (uint32_t k = 0; k < r->factors; k++) {
        bool any_likely = false;
        for (uint32_t i = 0; i < found->trigger_count; i++) {
            const struct qv_trigger *row = &found->triggers[i];
            if (row->factor != k)
                continue;
            const double truth = row->drop ? 0 : row->lag_days ? r->later[k] : r->now[k];
            any_likely |= row->verdict == QV_LIKELY_TRIGGER;
            if (row->drop || row->lag_days) {
                t->lag_rows++;
                t->lag_covered += covers(row, truth);
                continue;
            }
            t->rows++;
            t->covered += covers(row, truth);
            t->not_enough += row->verdict == QV_NOT_ENOUGH_DATA;
            if (truth > 0) {
                t->real++;
                t->real_covered += covers(row, truth);
                t->too_low += log(row->rate.high) < truth;
                t->real_likely += row->verdict == QV_LIKELY_TRIGGER;
                t->real_possible += row->verdict == QV_LIKELY_TRIGGER || row->verdict == QV_POSSIBLE_TRIGGER;
            }
        }
        if (r->now[k] == 0 && r->later[k] == 0) {
            t->null_factors++;
            t->null_likely += any_likely;
        }
    }
}

static void run(const char *name, const struct recipe *r, uint32_t diaries, struct qv_arena *arena)
{
    struct tally t = {0};
    const clock_t began = clock();
    for (uint32_t i = 0; i < diaries; i++) {
        struct diary d;
        diary_make(r, i, &d);
        tally(r, find(&d, arena), &t);
        diary_finish(&d);
    }
    printf(
        "%-28s cover %.3f  real %.3f (low %.3f)  lags %.3f  found %.2f possible %.2f  false/factor %.4f  unknown %.2f "
        " %.2f ms\n",
        name, t.covered / t.rows, t.real ? t.real_covered / t.real : NAN, t.real ? t.too_low / t.real : NAN,
        t.lag_covered / t.lag_rows, t.real ? t.real_likely / t.real : NAN, t.real ? t.real_possible / t.real : NAN,
        t.null_factors ? t.null_likely / t.null_factors : NAN, t.not_enough / t.rows,
        (double)(clock() - began) / CLOCKS_PER_SEC * 1e3 / diaries);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    uint32_t diaries = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100;
    struct qv_arena *arena = qv_arena_create(0);
    const uint32_t lengths[] = {14, 30, 60, 180};
    for (int l = 0; l < 4; l++) {
        for (int kind = 0; kind < 4; kind++) {
            struct recipe r = {.days = lengths[l],
                               .factors = 5,
                               .per_day = 6,
                               .delta = 0.4,
                               .sd = kind & 1 ? 0.5 : 0,
                               .rho = 0.7,
                               .habits_rho = 0.3,
                               .unobserved = kind & 2 ? 0.15 : 0,
                               .unknown = kind & 2 ? 0.15 : 0};
            r.now[0] = log(1.3);
            r.now[1] = log(1.5);
            r.later[2] = log(1.3);
            char name[64];
            snprintf(name, sizeof name, "%u days%s%s", lengths[l], kind & 1 ? " ar" : "", kind & 2 ? " missing" : "");
            run(name, &r, diaries, arena);
        }
    }
    struct recipe big = {.days = 3650,
                         .factors = 12,
                         .per_day = 6,
                         .delta = 0.4,
                         .sd = 0.5,
                         .rho = 0.8,
                         .habits_rho = 0.3,
                         .unobserved = .1,
                         .unknown = .1};
    big.now[0] = log(1.3);
    run("ten years", &big, 3, arena);
    qv_arena_destroy(arena);
    return 0;
}
