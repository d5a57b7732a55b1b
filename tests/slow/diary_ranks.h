/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Simulation-based calibration (Talts, Betancourt, Simpson, Vehtari & Gelman 2018): hyperparameters, coefficients and counts are drawn from
 * the priors; over many diaries the place of the truth in its own posterior is then uniform, in every column, or the engine does not
 * compute the posterior of its model.
 */
#ifndef TESTS_SLOW_DIARY_RANKS_H
#define TESTS_SLOW_DIARY_RANKS_H

#include "../unit/diary_maker.h"
#include "nof1/model.h"

enum { RANK_BINS = 20 };

/* Upper tail of chi² by Wilson and Hilferty 1931. */
static inline double ranks_tail(double chi_square, double freedom)
{
    const double v = 2 / (9 * freedom), z = (cbrt(chi_square / freedom) - (1 - v)) / sqrt(v);
    return 0.5 * erfc(z / M_SQRT2);
}

/* Counts from the priors on the columns of a diary's habits. False: beyond all measure, as the tails of the priors are. */
static inline bool ranks_draw(const struct design *design, struct diary *d, struct chance *c, double *b)
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

/* The probability, for each column, that uniform ranks would be as uneven as these. */
static inline int ranks_play(uint32_t diaries, struct qv_arena *arena, double p[COLUMNS_MAX], uint32_t *columns,
                             uint32_t *used, struct qv_error *error)
{
    static double bins[COLUMNS_MAX][RANK_BINS];
    static struct field field;
    static struct posterior posterior;
    int status = 0;
    memset(bins, 0, sizeof bins);
    *used = 0;
    for (uint32_t i = 0; i < diaries && !status; i++) {
        const struct recipe r = {
            .days = 40, .factors = 3, .per_day = 1, .habits_rho = 0.3, .prior_sd = 0.3, .unobserved = 0.1};
        struct diary d;
        struct design design = {0};
        double b[COLUMNS_MAX] = {0};
        struct chance c = chance_of(0x5bc, i);
        qv_arena_reset(arena);
        diary_make(&r, i, &d);
        status = design_make(&d.days, arena, &design, error);
        if (!status && ranks_draw(&design, &d, &c, b)) {
            status = field_init(&field, &design, arena, error);
            if (!status)
                status = posterior_find(&field, arena, &posterior, error);
            for (uint32_t k = 0; k < design.columns && !status; k++)
                bins[k][(int)fmin(RANK_BINS - 1, floor(RANK_BINS * mixture_below(&posterior.mixture, k, b[k])))]++;
            ++*used;
        }
        *columns = design.columns;
        diary_finish(&d);
    }
    for (uint32_t k = 0; k < *columns; k++) {
        const double even = (double)*used / RANK_BINS;
        double chi_square = 0;
        for (int i = 0; i < RANK_BINS; i++)
            chi_square += (bins[k][i] - even) * (bins[k][i] - even) / even;
        p[k] = ranks_tail(chi_square, RANK_BINS - 1);
    }
    return status;
}

#endif
