/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What drives the twitches: the algebra against plain C, what must not change an answer, tables that make no sense or say little, and
 * a small slice of the simulations of bench/nof1.c.
 */
#include "diary_maker.h"
#include "nof1/model.h"

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

static const struct qv_triggers *find(const struct qv_days *days)
{
    struct qv_triggers *out = NULL;
    struct qv_error error = {0};
    if (qv_find_triggers(days, arena, &out, &error))
        fail_msg("%s", error.text);
    return out;
}

static void close_to(double a, double b, double within)
{
    if (!(fabs(a - b) <= within * fmax(1, fabs(b))))
        fail_msg("%.12g and %.12g", a, b);
}

static void same_row(const struct qv_trigger *a, const struct qv_trigger *b, double within)
{
    close_to(a->rate.ratio, b->rate.ratio, within);
    close_to(a->rate.low, b->rate.low, within);
    close_to(a->rate.high, b->rate.high, within);
    close_to(a->probability_raises, b->probability_raises, within);
    assert_int_equal(a->verdict, b->verdict);
    assert_int_equal(a->lag_days, b->lag_days);
    assert_int_equal(a->drop, b->drop);
    assert_int_equal(a->known_days, b->known_days);
}

/* ---- the algebra -------------------------------------------------------------------------------------------------------- */

enum { SMALL = 7, STRIDE = 8 };

static void tridiagonal_is_dense(void **unused)
{
    (void)unused;
    struct chance c = chance_of(1, 1);
    double diagonal[SMALL], pivot[SMALL], below[SMALL], dense[SMALL * STRIDE] = {0}, inverse[SMALL * STRIDE] = {0};
    const double off = -0.8;
    for (int i = 0; i < SMALL; i++) {
        diagonal[i] = 2 + chance_uniform(&c);
        dense[i * STRIDE + i] = diagonal[i];
        if (i)
            dense[i * STRIDE + i - 1] = off;
    }
    struct tridiagonal t = {.n = SMALL, .inverse_pivot = pivot, .below = below};
    const double log_determinant = tridiagonal_factor(&t, diagonal, off);
    assert_true(dense_factor(dense, SMALL, STRIDE));
    close_to(log_determinant, dense_log_determinant(dense, SMALL, STRIDE), 1e-12);

    double x[SMALL], y[SMALL], out[SMALL];
    for (int i = 0; i < SMALL; i++)
        x[i] = y[i] = chance_normal(&c);
    tridiagonal_solve(&t, x);
    dense_solve(dense, SMALL, STRIDE, y);
    dense_inverse(dense, SMALL, STRIDE, inverse);
    tridiagonal_inverse_diagonal(&t, out);
    for (int i = 0; i < SMALL; i++) {
        close_to(x[i], y[i], 1e-12);
        close_to(out[i], inverse[i * STRIDE + i], 1e-12);
    }
    dense_inverse_diagonal(dense, SMALL, STRIDE, out);
    for (int i = 0; i < SMALL; i++)
        close_to(out[i], inverse[i * STRIDE + i], 1e-12);
}

static void rows_are_columns_solved_one_by_one(void **unused)
{
    (void)unused;
    struct chance c = chance_of(1, 2);
    enum { COLUMNS = 3 };
    double diagonal[SMALL], pivot[SMALL], below[SMALL], w[SMALL], b[SMALL * STRIDE] = {0}, x[SMALL * STRIDE] = {0};
    for (int i = 0; i < SMALL; i++) {
        diagonal[i] = 2 + chance_uniform(&c);
        w[i] = i == 2 ? 0 : chance_uniform(&c); /* a day without a count */
        for (int k = 0; k < COLUMNS; k++)
            b[i * STRIDE + k] = chance_normal(&c);
    }
    struct tridiagonal t = {.n = SMALL, .inverse_pivot = pivot, .below = below};
    tridiagonal_factor(&t, diagonal, -0.8);
    tridiagonal_solve_rows(&t, w, b, COLUMNS, STRIDE, x);
    for (int k = 0; k < COLUMNS; k++) {
        double one[SMALL];
        for (int i = 0; i < SMALL; i++)
            one[i] = w[i] * b[i * STRIDE + k];
        tridiagonal_solve(&t, one);
        for (int i = 0; i < SMALL; i++)
            close_to(x[i * STRIDE + k], one[i], 1e-12);
    }
    double sum[COLUMNS * STRIDE] = {0};
    dense_add_products(sum, COLUMNS, STRIDE, SMALL, w, b, x);
    for (int r = 0; r < COLUMNS; r++) {
        for (int k = 0; k <= r; k++) {
            double plain = 0;
            for (int i = 0; i < SMALL; i++)
                plain += w[i] * b[i * STRIDE + r] * x[i * STRIDE + k];
            close_to(sum[r * STRIDE + k], plain, 1e-12);
        }
    }
}

/* The posterior for fixed hyperparameters, against one dense matrix of days and coefficients together. */
static void the_arrow_is_one_matrix(void **unused)
{
    (void)unused;
    const struct recipe r = {.days = 12, .factors = 1, .per_day = 4, .unobserved = 0.2, .sd = 0.4, .rho = 0.5};
    struct diary d;
    struct design design;
    struct field f;
    struct qv_error error = {0};
    diary_make(&r, 3, &d);
    assert_int_equal(design_make(&d.days, arena, &design, &error), 0);
    assert_int_equal(field_init(&f, &design, arena, &error), 0);
    const struct hyper theta = {{log(0.5), 0.4, log(0.3)}};
    field_fit(&f, &theta, true);

    enum { N = 12 + COLUMN_FIRST + 2 };
    double joint[N * N] = {0}, inverse[N * N] = {0}, gradient[N] = {0};
    const double rho = 1 / (1 + exp(-0.4)), scale = 1 / (0.25 * (1 - rho * rho));
    const uint32_t n = design.days, p = design.columns;
    assert_int_equal(n + p, N);
    for (uint32_t t = 0; t < n; t++) {
        joint[t * N + t] = scale * (t && t + 1 < n ? 1 + rho * rho : 1);
        if (t)
            joint[t * N + t - 1] = -scale * rho;
    }
    for (uint32_t t = 0; t < n; t++) { /* the prior's pull, from the lower triangle */
        for (uint32_t s = 0; s < n; s++)
            gradient[t] -= joint[t > s ? t * N + s : s * N + t] * f.u[s];
    }
    for (uint32_t c = 0; c < p; c++) {
        const double precision = 1 / (design.column[c].prior_sd * design.column[c].prior_sd);
        joint[(n + c) * N + n + c] = precision;
        gradient[n + c] = -precision * (f.b[c] - (c == COLUMN_LEVEL ? LEVEL_PRIOR_MEAN : 0));
    }
    for (uint32_t t = 0; t < n; t++) {
        if (isnan(design.y[t]))
            continue;
        double eta = f.u[t];
        for (uint32_t c = 0; c < p; c++)
            eta += design.x[t * design.stride + c] * f.b[c];
        close_to(eta, f.eta[t], 1e-12);
        const double k = f.overdispersion[t], mu = exp(eta + f.extra[t] / 2), h = 1 / (1 + k * mu);
        const double weight = (1 + k * design.y[t]) * mu * h * h, slope = (design.y[t] - mu) * h;
        joint[t * N + t] += weight;
        gradient[t] += slope;
        for (uint32_t c = 0; c < p; c++) {
            const double x = design.x[t * design.stride + c];
            gradient[n + c] += x * slope;
            joint[(n + c) * N + t] += weight * x;
            for (uint32_t e = 0; e <= c; e++)
                joint[(n + c) * N + n + e] += weight * x * design.x[t * design.stride + e];
        }
    }
    for (int i = 0; i < N; i++)
        close_to(gradient[i], 0, 1e-5); /* it is the mode */
    assert_true(dense_factor(joint, N, N));
    dense_inverse(joint, N, N, inverse);
    double covariance[COLUMNS_MAX * STRIDE];
    dense_inverse(f.factor, p, design.stride, covariance);
    for (uint32_t c = 0; c < p; c++) {
        for (uint32_t e = 0; e < p; e++)
            close_to(covariance[c * design.stride + e], inverse[(n + c) * N + n + e], 1e-9);
    }
    diary_finish(&d);
}

/* ---- what must not change an answer ------------------------------------------------------------------------------------- */

static struct recipe usual(uint32_t days)
{
    struct recipe r = {.days = days,
                       .factors = 3,
                       .per_day = 6,
                       .delta = 0.4,
                       .sd = 0.4,
                       .rho = 0.7,
                       .habits_rho = 0.3,
                       .unobserved = 0.1,
                       .unknown = 0.15,
                       .drops = true};
    r.now[NIGHTS] = log(1.3);
    return r;
}

static void the_same_diary_gives_the_same_answer(void **unused)
{
    (void)unused;
    const struct recipe r = usual(40);
    struct diary d;
    diary_make(&r, 1, &d);
    const struct qv_triggers *a = find(&d.days), *b = find(&d.days);
    assert_int_equal(a->trigger_count, 9); /* two lags of three, and drops */
    for (uint32_t i = 0; i < a->trigger_count; i++)
        same_row(&a->triggers[i], &b->triggers[i], 0);
    assert_memory_equal(a->expected, b->expected, r.days * sizeof *a->expected);
    d.days.first_day -= 7000;
    b = find(&d.days);
    for (uint32_t i = 0; i < a->trigger_count; i++)
        same_row(&a->triggers[i], &b->triggers[i], 0);
    diary_finish(&d);
}

static void units_change_nothing(void **unused)
{
    (void)unused;
    const struct recipe r = usual(40);
    struct diary d;
    diary_make(&r, 2, &d);
    const struct qv_triggers *a = find(&d.days);
    for (uint32_t t = 0; t < r.days; t++)
        d.exposures[t] *= 1e-3; /* grams */
    d.factors[0].step *= 1e-3;
    const struct qv_triggers *b = find(&d.days);
    for (uint32_t i = 0; i < a->trigger_count; i++)
        same_row(&a->triggers[i], &b->triggers[i], 1e-5);
    close_to(a->baseline_per_day, b->baseline_per_day, 1e-5);
    diary_finish(&d);
}

static void the_order_of_habits_changes_nothing(void **unused)
{
    (void)unused;
    const struct recipe r = usual(40);
    struct diary d;
    diary_make(&r, 4, &d);
    const struct qv_triggers *a = find(&d.days);
    const struct qv_factor first = d.factors[0];
    d.factors[0] = d.factors[2];
    d.factors[2] = first;
    for (uint32_t t = 0; t < r.days; t++) {
        const double x = d.exposures[t];
        d.exposures[t] = d.exposures[2 * r.days + t];
        d.exposures[2 * r.days + t] = x;
    }
    const struct qv_triggers *b = find(&d.days);
    static const uint32_t there[] = {4, 5, 2, 3, 0, 1, 8, 7, 6};
    for (uint32_t i = 0; i < a->trigger_count; i++) {
        assert_int_equal(a->triggers[i].factor, 2 - b->triggers[there[i]].factor);
        same_row(&a->triggers[i], &b->triggers[there[i]], 1e-5);
    }
    diary_finish(&d);
}

/* ---- tables that say little --------------------------------------------------------------------------------------------- */

static void nothing_is_known(const struct qv_triggers *found)
{
    for (uint32_t i = 0; i < found->trigger_count; i++) {
        const struct qv_trigger *row = &found->triggers[i];
        assert_int_equal(row->verdict, QV_NOT_ENOUGH_DATA);
        assert_true(row->days_needed >= 14); /* INFINITY: no number of such days would do */
        assert_true(row->rate.low < row->rate.ratio && row->rate.ratio < row->rate.high);
        assert_true(isfinite(row->rate.low) && isfinite(row->rate.high));
        assert_true(row->probability_raises >= 0 && row->probability_raises <= 1);
    }
    assert_true(isfinite(found->baseline_per_day) && isfinite(found->trend_per_week.ratio));
}

static void few_days_are_no_error(void **unused)
{
    (void)unused;
    for (uint32_t days = 0; days < 13; days++) {
        const struct recipe r = {.days = days, .factors = 2, .per_day = 5, .drops = true};
        struct diary d;
        diary_make(&r, days, &d);
        const struct qv_triggers *found = find(&d.days);
        assert_int_equal(found->days_observed, days);
        nothing_is_known(found);
        diary_finish(&d);
    }
}

static void no_count_at_all(void **unused)
{
    (void)unused;
    const struct recipe r = {.days = 30, .factors = 2, .per_day = 5, .unobserved = 1};
    struct diary d;
    diary_make(&r, 1, &d);
    const struct qv_triggers *found = find(&d.days);
    assert_int_equal(found->days_observed, 0);
    nothing_is_known(found);
    diary_finish(&d);
}

static void no_twitch_at_all(void **unused)
{
    (void)unused;
    struct recipe r = {.days = 60, .factors = 3, .per_day = 5};
    struct diary d;
    diary_make(&r, 1, &d);
    for (uint32_t t = 0; t < r.days; t++)
        d.twitches[t] = 0;
    const struct qv_triggers *found = find(&d.days);
    nothing_is_known(found);
    assert_true(found->baseline_per_day < 0.1);
    assert_true(found->twitches == 0);
    diary_finish(&d);
}

/* A habit that never varies tells nothing, whatever the days; another beside it is not disturbed. */
static void a_constant_habit(void **unused)
{
    (void)unused;
    struct recipe r = {.days = 100, .factors = 2, .per_day = 8, .delta = 0.2};
    r.now[NIGHTS] = log(1.5);
    struct diary d;
    diary_make(&r, 1, &d);
    for (uint32_t t = 0; t < r.days; t++)
        d.exposures[t] = 190.1;
    const struct qv_triggers *found = find(&d.days);
    assert_int_equal(found->triggers[0].verdict, QV_NOT_ENOUGH_DATA);
    assert_true(isinf(found->triggers[0].days_needed));
    close_to(found->triggers[0].probability_raises, 0.5, 1e-3);
    assert_int_equal(found->triggers[2].verdict, QV_LIKELY_TRIGGER);
    diary_finish(&d);
}

static void a_habit_known_on_a_handful_of_days(void **unused)
{
    (void)unused;
    struct recipe r = {.days = 100, .factors = 2, .per_day = 8, .delta = 0.2};
    r.now[NIGHTS] = log(1.5);
    struct diary d;
    diary_make(&r, 1, &d);
    for (uint32_t t = 0; t < r.days; t++)
        d.exposures[t] = t % 20 ? NAN : d.exposures[t];
    const struct qv_triggers *found = find(&d.days);
    assert_int_equal(found->triggers[0].known_days, 5);
    assert_int_equal(found->triggers[0].verdict, QV_NOT_ENOUGH_DATA);
    assert_true(found->triggers[0].days_needed > 100);
    assert_int_equal(found->triggers[2].verdict, QV_LIKELY_TRIGGER);
    for (uint32_t t = 0; t < r.days; t++)
        d.exposures[t] = NAN;
    found = find(&d.days);
    assert_int_equal(found->triggers[0].known_days, 0);
    assert_int_equal(found->triggers[0].verdict, QV_NOT_ENOUGH_DATA);
    diary_finish(&d);
}

static void counts_without_measure(void **unused)
{
    (void)unused;
    struct recipe r = {.days = 50, .factors = 2, .per_day = 3};
    struct diary d;
    diary_make(&r, 1, &d);
    d.twitches[7] = 1e6;
    d.twitches[30] = 0.5;
    d.exposures[3] = 1e7;
    const struct qv_triggers *found = find(&d.days);
    for (uint32_t i = 0; i < found->trigger_count; i++)
        assert_true(isfinite(found->triggers[i].rate.high) && found->triggers[i].rate.low > 0);
    for (uint32_t t = 0; t < r.days; t++)
        assert_true(isfinite(found->expected[t]));
    diary_finish(&d);
}

/* Whatever is allowed in a table has a finite answer: counts of 0 and of a million side by side, exposures a hundred thousand steps apart. */
static void wild_tables_have_an_answer(void **unused)
{
    (void)unused;
    enum { DAYS = 60, FACTORS = 4 };
    static double twitches[DAYS], exposures[FACTORS * DAYS];
    for (uint64_t i = 0; i < 60; i++) {
        struct chance c = chance_of(0x41d, i);
        struct qv_factor factors[FACTORS];
        for (uint32_t t = 0; t < DAYS; t++) {
            const double u = chance_uniform(&c);
            const double counts[] = {
                u < 0.1 ? 1e6 : 0,  floor(1e6 * u), u < 0.5 ? NAN : floor(3 * u), t == 30 ? 1e6 : floor(5 * u),
                floor(exp(13 * u)), u < 0.05};
            twitches[t] = counts[i % 6];
        }
        for (uint32_t k = 0; k < FACTORS; k++) {
            const double step = exp(8 * chance_normal(&c));
            factors[k] = (struct qv_factor){"habit", "step", step, exp(2 * chance_normal(&c)), k % 2, 0};
            const uint64_t kind = chance_bits(&c) % 6;
            for (uint32_t t = 0; t < DAYS; t++) {
                const double u = chance_uniform(&c),
                             steps[] = {u, u < 0.02 ? 9e4 : 0, u < 0.7 ? NAN : 5 * u,
                                        3, 100.0 * t,          k ? exposures[t] / factors[0].step : u};
                exposures[k * DAYS + t] = step * steps[kind];
            }
        }
        const struct qv_days days = {.day_count = (uint32_t)(chance_bits(&c) % DAYS) + 1,
                                     .factor_count = 1,
                                     .factors = factors,
                                     .twitches = twitches,
                                     .exposures = exposures};
        struct qv_days all = days;
        all.day_count = DAYS; /* exposures are laid out by it */
        all.factor_count = FACTORS;
        qv_arena_reset(arena);
        for (int run = 0; run < 2; run++) {
            const struct qv_days *these = run ? &all : &days;
            const struct qv_triggers *found = find(these);
            assert_true(isfinite(found->baseline_per_day) && isfinite(found->trend_per_week.high));
            for (uint32_t r = 0; r < found->trigger_count; r++) {
                const struct qv_trigger *row = &found->triggers[r];
                assert_true(row->rate.low <= row->rate.ratio && row->rate.ratio <= row->rate.high);
                assert_true(row->probability_raises >= 0 && row->probability_raises <= 1);
                assert_int_equal(row->verdict == QV_NOT_ENOUGH_DATA, !isnan(row->days_needed));
            }
            for (uint32_t t = 0; t < these->day_count; t++)
                assert_true(isfinite(found->expected[t]));
        }
    }
}

/* ---- tables that make no sense ------------------------------------------------------------------------------------------ */

static void refused(const struct qv_days *days, const char *text)
{
    struct qv_triggers *out = NULL;
    struct qv_error error = {0};
    assert_int_equal(qv_find_triggers(days, arena, &out, &error), QV_ERR_DATA);
    assert_null(out);
    assert_string_equal(error.text, text);
}

static void nonsense_is_refused(void **unused)
{
    (void)unused;
    const struct recipe r = {.days = 20, .factors = 2, .per_day = 5};
    struct diary d;
    diary_make(&r, 1, &d);
    struct qv_days days = d.days;
    days.day_count = QV_DAYS_MAX + 1;
    refused(&days, "days: found 36526, expected at most 36525");
    days = d.days;
    days.factor_count = 17;
    refused(&days, "factors: found 17, expected at most 16");
    d.twitches[4] = -1;
    refused(&d.days, "twitches: day 4: found -1, expected 0 to 1e+06");
    d.twitches[4] = INFINITY;
    refused(&d.days, "twitches: day 4: found inf, expected 0 to 1e+06");
    d.twitches[4] = 1;
    d.exposures[3] = -INFINITY;
    refused(&d.days, "caffeine: day 3: found -inf, expected at most 100000 steps of 100");
    d.exposures[3] = 1;
    d.factors[1].step = 0;
    refused(&d.days, "sleep: step: found 0, expected a number above 0");
    d.factors[1].step = 1;
    d.factors[1].prior_sd = NAN;
    refused(&d.days, "sleep: prior_sd: found nan, expected a number above 0");
    d.factors[1].id = NULL;
    refused(&d.days, "factor 1: has no name or no unit");
    diary_finish(&d);
}

static void verdicts_are_spelt_as_the_contract_does(void **unused)
{
    (void)unused;
    assert_string_equal(qv_trigger_verdict_id(QV_NOT_ENOUGH_DATA), "not_enough_data");
    assert_string_equal(qv_trigger_verdict_id(QV_NO_CLEAR_EFFECT), "no_clear_effect");
    assert_string_equal(qv_trigger_verdict_id(QV_POSSIBLE_TRIGGER), "possible_trigger");
    assert_string_equal(qv_trigger_verdict_id(QV_LIKELY_TRIGGER), "likely_trigger");
    assert_string_equal(qv_trigger_verdict_id(QV_LIKELY_PROTECTIVE), "likely_protective");
}

/* ---- honesty, a slice of it --------------------------------------------------------------------------------------------- */

/*
 * Bounds are four standard deviations of a binomial from where it should be, so that an honest engine passes whatever the seed; tests/slow and the
 * bench look closer.
 */
static void intervals_cover(void **unused)
{
    (void)unused;
    struct tally t = {0};
    for (uint64_t i = 0; i < 100; i++) {
        struct recipe r = {.days = i % 2 ? 30 : 50,
                           .factors = 3,
                           .per_day = 6,
                           .delta = 0.4,
                           .sd = i % 3 ? 0.5 : 0,
                           .rho = 0.7,
                           .habits_rho = 0.3,
                           .unobserved = 0.1,
                           .unknown = 0.1};
        r.now[NIGHTS] = log(1.5);
        struct diary d;
        diary_make(&r, i, &d);
        qv_arena_reset(arena);
        tally_add(&t, &r, find(&d.days));
        diary_finish(&d);
    }
    print_message("# %.1f %% of %.0f covered, %.1f %% of lags; accused %.0f of %.0f bystanders\n",
                  100 * t.covered / t.rows, t.rows, 100 * t.later_covered / t.later, t.accused, t.bystanders);
    assert_true(t.covered / t.rows > 0.90);
    assert_true(t.later_covered / t.later > 0.90);
    assert_true(t.accused / t.bystanders < 0.025 + 4 * sqrt(0.025 / t.bystanders));
}

static void triggers_are_found(void **unused)
{
    (void)unused;
    struct tally t = {0};
    for (uint64_t i = 0; i < 15; i++) {
        struct recipe r = {
            .days = 90, .factors = 3, .per_day = 6, .delta = 0.4, .sd = 0.4, .rho = 0.7, .habits_rho = 0.3};
        r.now[CUPS] = log(1.4);
        struct diary d;
        diary_make(&r, i, &d);
        qv_arena_reset(arena);
        tally_add(&t, &r, find(&d.days));
        diary_finish(&d);
    }
    assert_true(t.found >= 12);
}

/* The other of two habits that move together is named beside the one that acts, and is not accused for it. */
static void entwined_habits_are_named(void **unused)
{
    (void)unused;
    double accused = 0;
    for (uint64_t i = 0; i < 30; i++) {
        struct recipe r = {.days = 60, .factors = 3, .per_day = 6, .delta = 0.4, .habits_rho = 0.3, .together = 0.97};
        r.now[CUPS] = log(1.4);
        struct diary d;
        diary_make(&r, i, &d);
        qv_arena_reset(arena);
        const struct qv_triggers *found = find(&d.days);
        assert_int_equal(found->entwined_count, 1);
        assert_int_equal(found->entwined[0].factor, CUPS);
        assert_int_equal(found->entwined[0].with, NIGHTS);
        assert_true(found->entwined[0].correlation > 0.8);
        accused += found->triggers[2].verdict == QV_LIKELY_TRIGGER;
        diary_finish(&d);
    }
    assert_true(accused <= 3);
}

/* What was not noted is neither zero nor the mean: with half of the notes lost the effect keeps its size and its interval is wider. */
static void lost_notes_widen_and_do_not_bend(void **unused)
{
    (void)unused;
    double full = 0, lost = 0, wider = 0;
    for (uint64_t i = 0; i < 12; i++) {
        struct recipe r = {.days = 120, .factors = 2, .per_day = 8, .delta = 0.2, .habits_rho = 0.3};
        r.now[NIGHTS] = log(1.6);
        struct diary d;
        diary_make(&r, i, &d);
        qv_arena_reset(arena);
        const struct qv_ratio a = find(&d.days)->triggers[2].rate;
        diary_finish(&d);
        r.unknown = 0.5;
        diary_make(&r, i, &d);
        const struct qv_ratio b = find(&d.days)->triggers[2].rate;
        diary_finish(&d);
        full += log(a.ratio) / 12;
        lost += log(b.ratio) / 12;
        wider += b.high / b.low > a.high / a.low;
    }
    close_to(full, log(1.6), 0.05);
    close_to(lost, log(1.6), 0.08);
    assert_true(wider >= 11);
}

/* ---- what is in the body -------------------------------------------------------------------------------------------------- */

/* One dose of 100 at eight, half-life five hours: against the sum of Bateman's function over the minutes of the day. */
static void test_load_is_the_mean_of_batemans_function(void **unused)
{
    (void)unused;
    const struct qv_intake intake = {10, 8, 100};
    double load[4], by_minute[4] = {0}, sum = 0;
    qv_body_load(&intake, 1, 0.2, 5, 9, 4, load);
    const double ka = M_LN2 / 0.2, ke = M_LN2 / 5;
    for (int minute = 0; minute < 4 * 1440; minute++) {
        const double hour = (minute + 0.5) / 60, t = hour - 24 - 8, of_day = fmod(hour, 24);
        if (t > 0 && of_day > 7 && of_day < 23)
            by_minute[minute / 1440] += ka / (ka - ke) * (exp(-ke * t) - exp(-ka * t));
    }
    for (int d = 0; d < 4; d++)
        sum += by_minute[d];
    for (int d = 0; d < 4; d++)
        assert_true(fabs(load[d] - 100 * by_minute[d] / sum) < 0.01);
    assert_true(load[0] == 0 && load[1] > 80 && load[2] > 0 && load[3] < load[2]);
}

/* What is taken at night acts on the next day; nothing is lost. */
static void test_load_moves_and_keeps(void **unused)
{
    (void)unused;
    const struct qv_intake day = {0, 9, 100}, night = {0, 23.5, 100}, both[] = {{0, 9, 100}, {1, 9, 200}};
    double load[30], sum = 0;
    qv_body_load(&day, 1, 0.15, 5.3, 0, 30, load);
    assert_true(load[0] > 0.8 * 100 && load[1] < 20);
    qv_body_load(&night, 1, 0.15, 5.3, 0, 30, load);
    assert_true(load[0] == 0 && load[1] > 95);
    qv_body_load(both, 2, 0.15, 56, 0, 30, load);
    for (int d = 0; d < 30; d++)
        sum += load[d];
    assert_true(fabs(sum - 300) < 1e-6 && load[2] > 20);
    qv_body_load(both, 0, 0.15, 5.3, 0, 30, load);
    assert_true(load[0] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load_is_the_mean_of_batemans_function),
        cmocka_unit_test(test_load_moves_and_keeps),
        cmocka_unit_test(tridiagonal_is_dense),
        cmocka_unit_test(rows_are_columns_solved_one_by_one),
        cmocka_unit_test(the_arrow_is_one_matrix),
        cmocka_unit_test(the_same_diary_gives_the_same_answer),
        cmocka_unit_test(units_change_nothing),
        cmocka_unit_test(the_order_of_habits_changes_nothing),
        cmocka_unit_test(few_days_are_no_error),
        cmocka_unit_test(no_count_at_all),
        cmocka_unit_test(no_twitch_at_all),
        cmocka_unit_test(a_constant_habit),
        cmocka_unit_test(a_habit_known_on_a_handful_of_days),
        cmocka_unit_test(counts_without_measure),
        cmocka_unit_test(wild_tables_have_an_answer),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(verdicts_are_spelt_as_the_contract_does),
        cmocka_unit_test(intervals_cover),
        cmocka_unit_test(triggers_are_found),
        cmocka_unit_test(entwined_habits_are_named),
        cmocka_unit_test(lost_notes_widen_and_do_not_bend),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
