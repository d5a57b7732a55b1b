/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-nof1: what qv_find_triggers() is held against by bench/nof1.sh, over diaries whose truth is known.
 *
 *   bench-nof1 cover N        how often 95 % intervals cover the truth, over N diaries of each kind
 *   bench-nof1 bystanders N   how often a habit that does nothing is called a likely trigger, here and by a naive Poisson regression
 *   bench-nof1 find N         how often a trigger is found
 *   bench-nof1 needed N       how often it is found after the days that were said to be needed
 *   bench-nof1 entwined N     what is said of two habits that move together, of which one acts
 *   bench-nof1 ranks N        where the truth lies in its posterior, over diaries drawn from the priors (Talts et al. 2018)
 *   bench-nof1 speed          milliseconds
 *   bench-nof1 beside FOLDER  diaries with columns and answers, for bench/nof1.R
 *
 * A line a figure: what, figure, "least" or "most", goal, remark; tabs between.
 */
#include "../tests/unit/diary_maker.h"
#include "nof1/model.h"

#include <stdarg.h>
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

static struct tally play(const struct recipe *r, uint32_t diaries, uint64_t first, struct qv_arena *arena)
{
    struct tally t = {0};
    for (uint32_t i = 0; i < diaries; i++) {
        struct diary d;
        diary_make(r, first + i, &d);
        tally_add(&t, r, find(&d, arena));
        diary_finish(&d);
    }
    return t;
}

__attribute__((format(printf, 5, 6))) static void figure(const char *what, double value, const char *sense, double goal,
                                                         const char *remark, ...)
{
    va_list arguments;
    va_start(arguments, remark);
    printf("%s\t%.5g\t%s\t%g\t", what, value, sense, goal);
    vprintf(remark, arguments);
    putchar('\n');
    fflush(stdout);
    va_end(arguments);
}

/* Four habits, of which two act, in a mouth that twitches six times a day. */
static struct recipe usual(uint32_t days)
{
    struct recipe r = {.days = days, .factors = 4, .per_day = 6, .delta = 0.4, .rho = 0.7, .habits_rho = 0.3};
    r.now[CUPS] = log(1.3);
    r.now[NIGHTS] = log(1.5);
    return r;
}

/* ---- coverage ----------------------------------------------------------------------------------------------------------- */

static void cover(uint32_t diaries, struct qv_arena *arena)
{
    const uint32_t lengths[] = {14, 30, 60, 180};
    for (int kind = 0; kind < 4; kind++) {
        for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
            struct recipe r = usual(lengths[l]);
            r.sd = kind & 1 ? 0.5 : 0;
            r.unobserved = r.unknown = kind & 2 ? 0.15 : 0;
            const struct tally t = play(&r, diaries, 0, arena);
            char what[80];
            snprintf(what, sizeof what, "%u days%s%s", r.days, kind & 1 ? ", bad weeks" : "", kind & 2 ? ", gaps" : "");
            const double percent = 100 * t.covered / t.rows;
            figure(what, fabs(percent - 95), "most", 2, "%.1f %% covered; 1.3 and 1.5: %.1f %%; lags %.1f %%", percent,
                   100 * t.real_covered / t.real, 100 * t.later_covered / t.later);
        }
    }
}

/* ---- bystanders --------------------------------------------------------------------------------------------------------- */

/* One-sided Wald test at 2.5 % of each level in a Poisson regression on all levels: what one would try first. */
static uint32_t naive_accused(const struct diary *d)
{
    enum { MOST = MAKER_FACTORS + 1, STEPS = 30 };
    const uint32_t p = d->days.factor_count + 1, n = d->days.day_count;
    double b[MOST] = {0}, hessian[MOST * MOST], covariance[MOST * MOST];
    for (int step = 0; step < STEPS; step++) {
        double gradient[MOST] = {0};
        memset(hessian, 0, sizeof hessian);
        for (uint32_t t = 0; t < n; t++) {
            double x[MOST] = {1}, eta = 0;
            bool known = !isnan(d->twitches[t]);
            for (uint32_t k = 1; k < p; k++) {
                x[k] = d->exposures[(size_t)(k - 1) * n + t] / d->factors[k - 1].step;
                known = known && !isnan(x[k]);
            }
            if (!known)
                continue;
            for (uint32_t k = 0; k < p; k++)
                eta += b[k] * x[k];
            const double mu = exp(fmin(eta, 12));
            for (uint32_t k = 0; k < p; k++) {
                gradient[k] += x[k] * (d->twitches[t] - mu);
                for (uint32_t j = 0; j <= k; j++)
                    hessian[k * MOST + j] += mu * x[k] * x[j];
            }
        }
        for (uint32_t k = 0; k < p; k++)
            hessian[k * MOST + k] += 1e-9;
        if (!dense_factor(hessian, p, MOST))
            return 0;
        dense_solve(hessian, p, MOST, gradient);
        for (uint32_t k = 0; k < p; k++)
            b[k] += fmax(-0.5, fmin(0.5, gradient[k]));
    }
    dense_inverse(hessian, p, MOST, covariance);
    uint32_t accused = 0;
    for (uint32_t k = 1; k < p; k++)
        accused += b[k] > 1.96 * sqrt(covariance[k * MOST + k]);
    return accused;
}

static void bystanders(uint32_t diaries, struct qv_arena *arena)
{
    static const struct {
        const char *name;
        double per_day, delta, sd, rho, habits_rho;
        uint32_t factors;
        bool drops;
    } kinds[] = {
        {"four habits", 6, 0.4, 0, 0, 0.3, 4, false},
        {"four habits, bad weeks", 6, 0.4, 0.5, 0.8, 0.6, 4, false},
        {"four habits, bad months", 6, 0.3, 0.8, 0.95, 0.8, 4, false},
        {"four habits and drops, bad weeks", 6, 0.4, 0.5, 0.8, 0.6, 4, true},
        {"ten habits, bad weeks", 6, 0.4, 0.5, 0.8, 0.6, 10, false},
        {"four habits, twitches are rare", 0.5, 0.8, 0.5, 0.8, 0.6, 4, false},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct tally t = {0};
        double naive = 0;
        for (uint32_t n = 0; n < diaries; n++) {
            const struct recipe r = {.days = n % 2 ? 45 : 90,
                                     .factors = kinds[i].factors,
                                     .per_day = kinds[i].per_day,
                                     .delta = kinds[i].delta,
                                     .sd = kinds[i].sd,
                                     .rho = kinds[i].rho,
                                     .habits_rho = kinds[i].habits_rho,
                                     .drops = kinds[i].drops,
                                     .unobserved = 0.05,
                                     .unknown = 0.05};
            struct diary d;
            diary_make(&r, n, &d);
            tally_add(&t, &r, find(&d, arena));
            naive += naive_accused(&d);
            diary_finish(&d);
        }
        figure(kinds[i].name, 100 * t.accused / t.bystanders, "most", 2.5, "%% of factors; naive Poisson %.1f %%",
               100 * naive / t.bystanders);
    }
}

/* ---- triggers ----------------------------------------------------------------------------------------------------------- */

static void find_real(uint32_t diaries, struct qv_arena *arena)
{
    const uint32_t lengths[] = {60, 90, 120};
    for (int kind = 0; kind < 2; kind++) {
        for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
            struct recipe r = usual(lengths[l]);
            r.sd = kind ? 0.5 : 0;
            r.unobserved = r.unknown = 0.05;
            const struct tally t = play(&r, diaries, 5000, arena);
            char what[80];
            snprintf(what, sizeof what, "1.3 and 1.5 found in %u days%s", r.days, kind ? ", bad weeks" : "");
            figure(what, 100 * t.found / t.real, "least", 80, "%% likely; likely or possible %.0f %%",
                   100 * t.suspected / t.real);
        }
    }
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A short diary says how many days it would need; a diary of that many days is then kept by the same person. */
static void needed(uint32_t diaries, struct qv_arena *arena)
{
    static const struct {
        const char *name;
        enum habit habit;
        double sd, delta;
    } kinds[] = {{"caffeine", CUPS, 0.5, 0.4}, {"sleep", NIGHTS, 0, 0.4}, {"sleep, bad weeks", NIGHTS, 0.5, 0.6}};
    double *said = calloc(diaries, sizeof *said);
    if (!said)
        abort();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        double asked = 0, found = 0;
        for (uint32_t n = 0; n < diaries; n++) {
            struct recipe r = {.days = 25,
                               .factors = 3,
                               .per_day = 6,
                               .delta = kinds[i].delta,
                               .sd = kinds[i].sd,
                               .rho = 0.7,
                               .habits_rho = 0.3,
                               .unobserved = 0.1};
            r.now[kinds[i].habit] = log(1.3);
            struct diary d;
            diary_make(&r, n, &d);
            const struct qv_trigger row = find(&d, arena)->triggers[2 * kinds[i].habit];
            diary_finish(&d);
            if (row.verdict != QV_NOT_ENOUGH_DATA)
                continue;
            said[(uint32_t)asked++] = row.days_needed;
            r.days = (uint32_t)fmin(3000, ceil(row.days_needed / (1 - r.unobserved)));
            diary_make(&r, n + 1000000, &d);
            found += find(&d, arena)->triggers[2 * kinds[i].habit].verdict == QV_LIKELY_TRIGGER;
            diary_finish(&d);
        }
        qsort(said, (size_t)asked, sizeof *said, by_value);
        char what[80];
        snprintf(what, sizeof what, "1.3 found in the days needed: %s", kinds[i].name);
        figure(what, 100 * found / asked, "least", 80, "%% of %.0f that asked for days; half of them for %.0f or more",
               asked, said[(uint32_t)asked / 2]);
    }
    free(said);
}

static void entwined(uint32_t diaries, struct qv_arena *arena)
{
    const double together[] = {0.8, 0.9, 0.97};
    for (size_t i = 0; i < sizeof together / sizeof together[0]; i++) {
        struct recipe r = {.days = 60,
                           .factors = 3,
                           .per_day = 6,
                           .delta = 0.4,
                           .sd = 0.5,
                           .rho = 0.7,
                           .habits_rho = 0.3,
                           .together = together[i]};
        r.now[CUPS] = log(1.4);
        double named = 0, guilty = 0, innocent = 0, maybe = 0;
        for (uint32_t n = 0; n < diaries; n++) {
            struct diary d;
            diary_make(&r, n, &d);
            const struct qv_triggers *found = find(&d, arena);
            named += found->entwined_count == 1;
            guilty += found->triggers[0].verdict == QV_LIKELY_TRIGGER;
            innocent +=
                found->triggers[2].verdict == QV_LIKELY_TRIGGER || found->triggers[3].verdict == QV_LIKELY_TRIGGER;
            maybe += found->triggers[2].verdict == QV_POSSIBLE_TRIGGER;
            diary_finish(&d);
        }
        char what[80];
        snprintf(what, sizeof what, "accused for the other's deed, moods at %.2f", together[i]);
        figure(what, 100 * innocent / diaries, "most", 2.5,
               "%%; possible %.1f %%; named as entwined %.0f %%; the other found %.0f %%", 100 * maybe / diaries,
               100 * named / diaries, 100 * guilty / diaries);
    }
}

/* ---- ranks -------------------------------------------------------------------------------------------------------------- */

enum { BINS = 20 };

/* Upper tail of chi² by Wilson and Hilferty 1931. */
static double chi_square_tail(double chi_square, double freedom)
{
    const double v = 2 / (9 * freedom), z = (cbrt(chi_square / freedom) - (1 - v)) / sqrt(v);
    return 0.5 * erfc(z / M_SQRT2);
}

/* Draws hyperparameters, coefficients and counts from the priors, on the columns of a diary's habits. False: counts beyond all measure. */
static bool draw_counts(const struct design *design, struct diary *d, struct chance *c, double *b)
{
    const double tau = exp(TAU_LOG_SD * chance_normal(c));
    const double sd = -log(chance_uniform(c)) / SD_PRIOR_RATE, delta = -log(chance_uniform(c)) / SD_PRIOR_RATE;
    const double rho = 1 / (1 + exp(-(RHO_PRIOR_MEAN + RHO_PRIOR_SD * chance_normal(c))));
    for (uint32_t k = 0; k < design->columns; k++)
        b[k] = design->column[k].prior_sd * (k >= COLUMN_FIRST ? tau : 1) * chance_normal(c);
    b[COLUMN_LEVEL] += LEVEL_PRIOR_MEAN;
    double u = sd * chance_normal(c);
    for (uint32_t t = 0; t < design->days; t++) {
        u = t ? rho * u + sqrt(1 - rho * rho) * sd * chance_normal(c) : u;
        double eta = u;
        for (uint32_t k = 0; k < design->columns; k++)
            eta += b[k] * design->x[(size_t)t * design->stride + k];
        const double mean = exp(eta) * (delta > 0.01 ? chance_gamma(c, 1 / (delta * delta)) * delta * delta : 1);
        if (!(mean < 1e5))
            return false;
        if (!isnan(d->twitches[t]))
            d->twitches[t] = chance_poisson(c, mean);
    }
    b[COLUMN_LEVEL] += sd * sd / 2; /* the posterior is told of the mean of a day */
    return true;
}

static void ranks(uint32_t diaries, struct qv_arena *arena)
{
    static double bins[COLUMNS_MAX][BINS];
    static struct field field;
    static struct posterior posterior;
    struct qv_error error = {0};
    uint32_t columns = 0;
    double used = 0;
    for (uint32_t i = 0; i < diaries; i++) {
        const struct recipe r = {
            .days = 40, .factors = 3, .per_day = 1, .habits_rho = 0.3, .prior_sd = 0.3, .unobserved = 0.1};
        struct diary d;
        struct design design;
        double b[COLUMNS_MAX];
        struct chance c = chance_of(0x5bc, i);
        qv_arena_reset(arena);
        diary_make(&r, i, &d);
        must(design_make(&d.days, arena, &design, &error), &error);
        columns = design.columns;
        if (draw_counts(&design, &d, &c, b)) {
            must(field_init(&field, &design, arena, &error), &error);
            must(posterior_find(&field, arena, &posterior, &error), &error);
            for (uint32_t k = 0; k < columns; k++)
                bins[k][(int)fmin(BINS - 1, floor(BINS * mixture_below(&posterior.mixture, k, b[k])))]++;
            used++;
        }
        diary_finish(&d);
    }
    for (uint32_t k = 0; k < columns; k++) {
        double chi_square = 0;
        for (int i = 0; i < BINS; i++)
            chi_square += (bins[k][i] - used / BINS) * (bins[k][i] - used / BINS) / (used / BINS);
        char what[80];
        snprintf(what, sizeof what, "ranks of column %u: p", k);
        figure(what, chi_square_tail(chi_square, BINS - 1), "least", 0.01, "chi² %.1f of %d; %.0f diaries", chi_square,
               BINS - 1, used);
    }
}

/* ---- speed -------------------------------------------------------------------------------------------------------------- */

static double milliseconds(const struct diary *d, int runs, struct qv_arena *arena)
{
    double best = INFINITY;
    for (int i = 0; i < runs; i++) {
        const clock_t began = clock();
        find(d, arena);
        best = fmin(best, (double)(clock() - began) * 1e3 / CLOCKS_PER_SEC);
    }
    return best;
}

static void speed(struct qv_arena *arena)
{
    static const struct {
        const char *name;
        uint32_t days, factors;
        double goal;
    } kinds[] = {{"ten years of twelve habits, ms", 3650, 12, 50},
                 {"half a year of five habits, ms", 180, 5, 50},
                 {"two years of twelve habits, ms", 730, 12, 200},
                 {"a hundred years of twelve habits, ms", 36500, 12, 1000}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct recipe r = usual(kinds[i].days);
        r.factors = kinds[i].factors;
        r.sd = 0.5;
        r.unobserved = r.unknown = 0.1;
        struct diary d;
        diary_make(&r, 1, &d);
        figure(kinds[i].name, milliseconds(&d, 7, arena), "most", kinds[i].goal, "processor time, best of 7");
        diary_finish(&d);
    }
}

/* ---- beside R ----------------------------------------------------------------------------------------------------------- */

static FILE *open_in(const char *folder, const char *name, int number)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s-%d.csv", folder, name, number);
    FILE *file = fopen(path, "w");
    if (!file) {
        perror(path);
        exit(73);
    }
    return file;
}

/* Columns as the model sees them, and what it makes of them, for diaries of which all is known. Even ones: flat priors. */
static void beside(const char *folder, struct qv_arena *arena)
{
    static struct field field;
    static struct posterior posterior;
    struct qv_error error = {0};
    for (int i = 0; i < 10; i++) {
        struct recipe r = usual(i < 5 ? 180 : 60);
        r.factors = 3;
        r.sd = 0.5;
        r.prior_sd = i % 2 ? 0.4 : 1000;
        struct diary d;
        struct design design;
        diary_make(&r, (uint64_t)i, &d);
        const double ms = milliseconds(&d, 3, arena); /* which empties the arena */
        qv_arena_reset(arena);
        must(design_make(&d.days, arena, &design, &error), &error);
        must(field_init(&field, &design, arena, &error), &error);
        must(posterior_find(&field, arena, &posterior, &error), &error);

        FILE *file = open_in(folder, "days", i);
        fprintf(file, "y");
        for (uint32_t c = 1; c < design.columns; c++)
            fprintf(file, ",x%u", c);
        for (uint32_t t = 0; t < design.days; t++) {
            fprintf(file, "\n%.17g", d.twitches[t]);
            for (uint32_t c = 1; c < design.columns; c++)
                fprintf(file, ",%.17g", design.x[(size_t)t * design.stride + c]);
        }
        fclose(file);
        file = open_in(folder, "answer", i);
        fprintf(file, "column,prior_sd,low,median,high,ms");
        for (uint32_t c = 0; c < design.columns; c++) {
            fprintf(file, "\n%u,%.17g", c, design.column[c].prior_sd);
            for (int q = 0; q < 3; q++)
                fprintf(file, ",%.17g", mixture_quantile(&posterior.mixture, c, (double[]){0.025, 0.5, 0.975}[q]));
            fprintf(file, ",%.4f", ms);
        }
        fclose(file);
        diary_finish(&d);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*play)(uint32_t, struct qv_arena *);
    } plays[] = {{"cover", cover},   {"bystanders", bystanders}, {"find", find_real},
                 {"needed", needed}, {"entwined", entwined},     {"ranks", ranks}};
    struct qv_arena *arena = qv_arena_create(0);
    if (!arena)
        return 69;
    bool played = true;
    if (argc == 2 && !strcmp(argv[1], "speed"))
        speed(arena);
    else if (argc == 3 && !strcmp(argv[1], "beside"))
        beside(argv[2], arena);
    else {
        played = false;
        for (size_t i = 0; argc == 3 && i < sizeof plays / sizeof plays[0]; i++) {
            if (!strcmp(argv[1], plays[i].name)) {
                plays[i].play((uint32_t)strtoul(argv[2], NULL, 10), arena);
                played = true;
            }
        }
    }
    if (!played)
        fprintf(stderr,
                "usage: bench-nof1 cover|bystanders|find|needed|entwined|ranks N, or speed, or beside FOLDER\n");
    qv_arena_destroy(arena);
    return played ? 0 : 64;
}
