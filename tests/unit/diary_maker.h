/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diaries whose triggers are known: days of habits and twitches, made by chance from stated effects. The same seed makes the same
 * diary everywhere.
 *
 * The habits are made as people have them and not as the model would like them: caffeine in cups, stress in whole points,
 * alcohol on some evenings, a week-end's sleep. Effects act on what was done, whether or not it was noted.
 */
#ifndef TESTS_UNIT_DIARY_MAKER_H
#define TESTS_UNIT_DIARY_MAKER_H

#include <quiver/nof1.h>

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- chance (SplitMix64: Steele, Lea & Flood 2014) ----------------------------------------------------------------------- */

struct chance {
    uint64_t state;
};

static inline uint64_t chance_bits(struct chance *c)
{
    uint64_t z = c->state += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

/* A stream of its own for each purpose and number. */
static inline struct chance chance_of(uint64_t purpose, uint64_t number)
{
    struct chance c = {purpose * 0xd1342543de82ef95U + number};
    c.state = chance_bits(&c) ^ number;
    return c;
}

/* In (0, 1). */
static inline double chance_uniform(struct chance *c)
{
    return ((double)(chance_bits(c) >> 12) + 0.5) * 0x1p-52;
}

static inline double chance_normal(struct chance *c)
{
    return sqrt(-2 * log(chance_uniform(c))) * cos(2 * M_PI * chance_uniform(c));
}

/* Marsaglia & Tsang 2000. */
static inline double chance_gamma(struct chance *c, double shape)
{
    if (shape < 1)
        return chance_gamma(c, shape + 1) * pow(chance_uniform(c), 1 / shape);
    const double d = shape - 1.0 / 3, k = 1 / sqrt(9 * d);
    for (;;) {
        const double x = chance_normal(c), v = 1 + k * x;
        if (v > 0 && log(chance_uniform(c)) < x * x / 2 + d - d * v * v * v + d * log(v * v * v))
            return d * v * v * v;
    }
}

/* By the times between events; a large mean is halved until it is small: sums of Poisson counts are Poisson. */
static inline double chance_poisson(struct chance *c, double mean)
{
    if (mean > 1e5)
        return fmax(0, round(mean + sqrt(mean) * chance_normal(c)));
    double count = 0;
    for (; mean > 50; mean /= 2)
        count += chance_poisson(c, mean / 2);
    double product = chance_uniform(c);
    for (const double limit = exp(-mean); product > limit; product *= chance_uniform(c))
        count++;
    return count;
}

/* ---- habits -------------------------------------------------------------------------------------------------------------- */

enum habit { CUPS, NIGHTS, SCORES, EVENINGS, GLASSES, WORKOUTS, HABITS };

static const struct qv_factor habit_factors[HABITS] = {
    [CUPS] = {"caffeine", "100 mg", 100, 0.4, false, 0}, [NIGHTS] = {"sleep", "1 h", 1, 0.7, false, 0},
    [SCORES] = {"stress", "1 score", 1, 0.4, false, 0},  [EVENINGS] = {"alcohol", "10 g", 10, 0.7, false, 0},
    [GLASSES] = {"water", "500 mL", 500, 0.4, false, 0}, [WORKOUTS] = {"exercise", "30 min", 30, 0.7, false, 0},
};

/* @p carried: what is left of yesterday's mood, standard normal about. */
static inline double habit_amount(enum habit habit, double mood, uint32_t day, struct chance *c)
{
    switch (habit) {
    case CUPS:
        return 95 * fmax(0, round(2.5 + 1.3 * mood));
    case NIGHTS:
        return round(4 * fmax(2, 7 + mood + (day % 7 > 4 ? 0.7 : 0))) / 4;
    case SCORES:
        return fmin(10, fmax(0, round(4.5 + 2.2 * mood)));
    case EVENINGS:
        return mood > 0.3 ? 12 * ceil(2 * (mood - 0.3)) : 0;
    case GLASSES:
        return 250 * fmax(1, round(6 + 2 * mood));
    case WORKOUTS:
        return chance_uniform(c) < 0.4 ? fmax(10, 40 + 15 * mood) : 0;
    case HABITS:
        break;
    }
    return NAN;
}

/* ---- diaries ------------------------------------------------------------------------------------------------------------- */

#define MAKER_FACTORS 12

struct recipe {
    uint32_t days, factors;      /* factor k is habit k modulo HABITS */
    double per_day;              /* twitches, at mean habits */
    double now[MAKER_FACTORS];   /* log rate ratio of a step, the same day */
    double later[MAKER_FACTORS]; /* the day after */
    double delta, sd, rho;       /* of the model: overdispersion, and the days */
    double habits_rho;           /* autocorrelation of habits */
    double together;             /* correlation of the moods behind factor 0 and factor 1 */
    double unobserved, unknown;  /* shares of days without a count, of exposures that were not noted */
    double prior_sd;             /* 0: the habit's usual */
    bool drops;
};

struct diary {
    struct qv_days days;
    struct qv_factor factors[MAKER_FACTORS];
    double *twitches, *exposures, *truth; /* truth: exposures before some were lost */
};

static inline void diary_finish(struct diary *d)
{
    free(d->twitches);
    free(d->exposures);
    free(d->truth);
}

static inline void diary_habits(const struct recipe *r, struct diary *d, struct chance *c)
{
    double mood[MAKER_FACTORS] = {0};
    const double fresh = sqrt(1 - r->habits_rho * r->habits_rho), apart = sqrt(1 - r->together * r->together);
    for (uint32_t t = 0; t < r->days; t++) {
        for (uint32_t k = 0; k < r->factors; k++) {
            double news = chance_normal(c);
            mood[k] = t ? r->habits_rho * mood[k] + fresh * news : news;
            const double felt = k == 1 ? r->together * mood[0] + apart * mood[1] : mood[k];
            d->truth[(size_t)k * r->days + t] = habit_amount((enum habit)(k % HABITS), felt, t, c);
        }
    }
}

static inline void diary_make(const struct recipe *r, uint64_t seed, struct diary *d)
{
    assert(r->factors <= MAKER_FACTORS);
    struct chance c = chance_of(0xd1a2, seed);
    const size_t cells = (size_t)r->days * r->factors;
    d->twitches = calloc(r->days + 1, sizeof(double));
    d->exposures = calloc(cells + 1, sizeof(double));
    d->truth = calloc(cells + 1, sizeof(double));
    if (!d->twitches || !d->exposures || !d->truth)
        abort();
    for (uint32_t k = 0; k < r->factors; k++) {
        d->factors[k] = habit_factors[k % HABITS];
        d->factors[k].drop = r->drops;
        if (r->prior_sd > 0)
            d->factors[k].prior_sd = r->prior_sd;
    }
    diary_habits(r, d, &c);
    double mean[MAKER_FACTORS] = {0}, u = chance_normal(&c) * r->sd;
    for (uint32_t k = 0; k < r->factors; k++) {
        for (uint32_t t = 0; t < r->days; t++)
            mean[k] += d->truth[(size_t)k * r->days + t] / r->days;
    }
    for (uint32_t t = 0; t < r->days; t++) {
        if (t)
            u = r->rho * u + sqrt(1 - r->rho * r->rho) * r->sd * chance_normal(&c);
        double log_rate = log(r->per_day) + u;
        for (uint32_t k = 0; k < r->factors; k++) {
            const double *x = d->truth + (size_t)k * r->days, step = d->factors[k].step;
            log_rate += r->now[k] * (x[t] - mean[k]) / step;
            log_rate += t ? r->later[k] * (x[t - 1] - mean[k]) / step : 0;
        }
        double rate = exp(log_rate);
        if (r->delta > 0)
            rate *= chance_gamma(&c, 1 / (r->delta * r->delta)) * r->delta * r->delta;
        d->twitches[t] = chance_poisson(&c, rate);
    }
    for (uint32_t t = 0; t < r->days; t++) {
        if (chance_uniform(&c) < r->unobserved)
            d->twitches[t] = NAN;
    }
    for (size_t i = 0; i < cells; i++)
        d->exposures[i] = chance_uniform(&c) < r->unknown ? NAN : d->truth[i];
    d->days = (struct qv_days){.first_day = 20000,
                               .day_count = r->days,
                               .factor_count = r->factors,
                               .factors = d->factors,
                               .twitches = d->twitches,
                               .exposures = d->exposures};
}

/* ---- what is said of them ------------------------------------------------------------------------------------------------ */

struct tally {
    double rows, covered;                          /* levels of the same day: all */
    double real, real_covered, found, suspected;   /* those that act: likely, likely or possible */
    double later, later_covered;                   /* lags and drops */
    double bystanders, accused, suspected_wrongly; /* factors that do nothing; those with any likely row */
    double unsure;                                 /* rows of the same day: not enough data */
};

static inline bool diary_covers(const struct qv_trigger *row, double log_ratio)
{
    return log(row->rate.low) <= log_ratio && log_ratio <= log(row->rate.high);
}

static inline void tally_add(struct tally *t, const struct recipe *r, const struct qv_triggers *found)
{
    bool accused[MAKER_FACTORS] = {false}, suspected[MAKER_FACTORS] = {false};
    for (uint32_t i = 0; i < found->trigger_count; i++) {
        const struct qv_trigger *row = &found->triggers[i];
        const uint32_t k = row->factor;
        const bool likely = row->verdict == QV_LIKELY_TRIGGER, possible = row->verdict == QV_POSSIBLE_TRIGGER;
        accused[k] |= likely;
        suspected[k] |= possible;
        if (row->drop || row->lag_days) {
            t->later++;
            t->later_covered += diary_covers(row, row->drop ? 0 : r->later[k]);
            continue;
        }
        t->rows++;
        t->covered += diary_covers(row, r->now[k]);
        t->unsure += row->verdict == QV_NOT_ENOUGH_DATA;
        if (r->now[k] > 0) {
            t->real++;
            t->real_covered += diary_covers(row, r->now[k]);
            t->found += likely;
            t->suspected += likely || possible;
        }
    }
    for (uint32_t k = 0; k < r->factors; k++) {
        if (r->now[k] == 0 && r->later[k] == 0) {
            t->bystanders++;
            t->accused += accused[k];
            t->suspected_wrongly += suspected[k];
        }
    }
}

#endif
