/* SPDX-License-Identifier: Apache-2.0 */
/* From a table of days to the columns of the model; what is not known is predicted from what is known around it. */
#include "model.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define TWITCHES_MOST 1e6
#define EXPOSURE_MOST 1e9
#define DOUBT_PAIRS 5.0   /* a correlation over so many days counts half */
#define CONSTANT 1e-9     /* of the largest exposure: less spread than that is rounding */
#define TELLING_LEAST 0.1 /* correlation below which a neighbour is not asked */
enum { NEIGHBOURS_MOST = 4 };

/* ---- the table is looked over ------------------------------------------------------------------------------------------- */

static int check_factor(const struct qv_days *days, uint32_t k, struct qv_error *error)
{
    const struct qv_factor *f = &days->factors[k];
    if (!f->id || !f->per)
        return qv_fail(error, QV_ERR_DATA, "factor %u: has no name or no unit", k);
    if (!(f->step > 0) || !isfinite(f->step))
        return qv_fail(error, QV_ERR_DATA, "%s: step: found %g, expected a number above 0", f->id, f->step);
    if (!(f->prior_sd > 0) || !isfinite(f->prior_sd))
        return qv_fail(error, QV_ERR_DATA, "%s: prior_sd: found %g, expected a number above 0", f->id, f->prior_sd);
    for (uint32_t t = 0; t < days->day_count; t++) {
        const double x = days->exposures[(size_t)k * days->day_count + t];
        if (!isnan(x) && !(fabs(x) / f->step <= EXPOSURE_MOST))
            return qv_fail(error, QV_ERR_DATA, "%s: day %u: found %g, expected at most %g steps of %g", f->id, t, x,
                           EXPOSURE_MOST, f->step);
    }
    return QV_OK;
}

static int check_table(const struct qv_days *days, struct qv_error *error)
{
    if (days->day_count > QV_DAYS_MAX)
        return qv_fail(error, QV_ERR_DATA, "days: found %u, expected at most %d", days->day_count, QV_DAYS_MAX);
    if (days->factor_count > QV_FACTORS_MAX)
        return qv_fail(error, QV_ERR_DATA, "factors: found %u, expected at most %d", days->factor_count,
                       QV_FACTORS_MAX);
    for (uint32_t t = 0; t < days->day_count; t++) {
        const double y = days->twitches[t];
        if (!isnan(y) && !(y >= 0 && y <= TWITCHES_MOST))
            return qv_fail(error, QV_ERR_DATA, "twitches: day %u: found %g, expected 0 to %g", t, y, TWITCHES_MOST);
    }
    for (uint32_t k = 0; k < days->factor_count; k++) {
        int status = check_factor(days, k, error);
        if (status)
            return status;
    }
    return QV_OK;
}

/* ---- exposures ---------------------------------------------------------------------------------------------------------- */

/* All in standard deviations about the mean, so that one number serves every prediction. */
struct exposures {
    uint32_t days, factors;
    double *value;             /* [days][factors]; 0 where not known */
    double *known;             /* [days][factors]; 1 or 0 */
    double *filled;            /* [1 + days][factors], from the day before the first: known or predicted */
    double *variance;          /* beside it: of the prediction; 0 where known */
    double sd[QV_FACTORS_MAX]; /* in steps; 0: never varies */
    double correlation[QV_FACTORS_MAX][QV_FACTORS_MAX], after_a_day[QV_FACTORS_MAX]; /* doubted */
};

static void standardise(const struct qv_days *days, uint32_t k, struct exposures *e)
{
    const double *x = days->exposures + (size_t)k * days->day_count, step = days->factors[k].step;
    double sum = 0, count = 0, squares = 0, most = 0;
    for (uint32_t t = 0; t < days->day_count; t++) {
        if (!isnan(x[t])) {
            sum += x[t] / step;
            most = fmax(most, fabs(x[t] / step));
            count++;
        }
    }
    const double mean = count > 0 ? sum / count : 0;
    for (uint32_t t = 0; t < days->day_count; t++)
        squares += isnan(x[t]) ? 0 : (x[t] / step - mean) * (x[t] / step - mean);
    const double sd = count > 1 ? sqrt(squares / (count - 1)) : 0;
    e->sd[k] = sd > CONSTANT * most ? sd : 0;
    for (uint32_t t = 0; t < days->day_count; t++) {
        const size_t at = (size_t)t * e->factors + k;
        e->known[at] = !isnan(x[t]);
        e->value[at] = !isnan(x[t]) && e->sd[k] > 0 ? (x[t] / step - mean) / e->sd[k] : 0;
    }
}

static double correlation(double products, double pairs, double doubt)
{
    return pairs > 1 ? fmax(-1, fmin(1, products / (pairs - 1))) * (pairs / (pairs + doubt)) : 0;
}

static void correlate(struct exposures *e, double together[QV_FACTORS_MAX][QV_FACTORS_MAX])
{
    const uint32_t n = e->factors;
    double products[QV_FACTORS_MAX][QV_FACTORS_MAX] = {0}, pairs[QV_FACTORS_MAX][QV_FACTORS_MAX] = {0};
    double later[QV_FACTORS_MAX] = {0}, later_pairs[QV_FACTORS_MAX] = {0};
    for (uint32_t t = 0; t < e->days; t++) {
        const double *value = e->value + (size_t)t * n, *known = e->known + (size_t)t * n;
        for (uint32_t j = 0; j < n; j++) {
            for (uint32_t k = 0; k < j; k++) {
                products[j][k] += value[j] * value[k];
                pairs[j][k] += known[j] * known[k];
            }
            if (t > 0) {
                later[j] += value[j] * (value - n)[j];
                later_pairs[j] += known[j] * (known - n)[j];
            }
        }
    }
    for (uint32_t j = 0; j < n; j++) {
        e->after_a_day[j] = correlation(later[j], later_pairs[j], DOUBT_PAIRS);
        e->correlation[j][j] = together[j][j] = 1;
        for (uint32_t k = 0; k < j; k++) {
            e->correlation[j][k] = e->correlation[k][j] = correlation(products[j][k], pairs[j][k], DOUBT_PAIRS);
            together[j][k] = together[k][j] = correlation(products[j][k], pairs[j][k], 0);
        }
    }
}

/* ---- what is not known -------------------------------------------------------------------------------------------------- */

/* Another habit of the same day, or the same habit of a day beside. */
struct neighbour {
    uint32_t factor;
    int32_t days_on;
    double correlation; /* with what is looked for */
};

/* The neighbours of each factor, the most telling first. Returns how many are worth asking. */
static uint32_t order_neighbours(const struct exposures *e, uint32_t k, struct neighbour out[QV_FACTORS_MAX + 1])
{
    uint32_t count = 0;
    for (uint32_t j = 0; j < e->factors; j++) {
        if (j != k)
            out[count++] = (struct neighbour){j, 0, e->correlation[j][k]};
    }
    out[count++] = (struct neighbour){k, -1, e->after_a_day[k]};
    out[count++] = (struct neighbour){k, 1, e->after_a_day[k]};
    for (uint32_t i = 1; i < count; i++) {
        const struct neighbour moved = out[i];
        uint32_t j = i;
        for (; j > 0 && fabs(out[j - 1].correlation) < fabs(moved.correlation); j--)
            out[j] = out[j - 1];
        out[j] = moved;
    }
    while (count > 0 && fabs(out[count - 1].correlation) < TELLING_LEAST)
        count--;
    return count;
}

/* Habits of different days are taken to go together as on one day, less what a day takes away. */
static double correlation_between(const struct exposures *e, const struct neighbour *a, const struct neighbour *b)
{
    const int32_t apart = abs(a->days_on - b->days_on);
    const double day = (e->after_a_day[a->factor] + e->after_a_day[b->factor]) / 2;
    return e->correlation[a->factor][b->factor] * (apart == 0 ? 1 : apart == 1 ? day : day * day);
}

/* Mean and variance of an exposure given its most telling neighbours that are known; @p day may be -1. */
static void predict(const struct exposures *e, int64_t day, const struct neighbour *among, uint32_t count, double *mean,
                    double *variance)
{
    double matrix[NEIGHBOURS_MOST * NEIGHBOURS_MOST], with[NEIGHBOURS_MOST], weights[NEIGHBOURS_MOST],
        value[NEIGHBOURS_MOST];
    const struct neighbour *asked[NEIGHBOURS_MOST];
    uint32_t n = 0;
    for (uint32_t i = 0; i < count && n < NEIGHBOURS_MOST; i++) {
        const int64_t t = day + among[i].days_on;
        if (t < 0 || t >= e->days || e->known[(size_t)t * e->factors + among[i].factor] == 0)
            continue;
        asked[n] = &among[i];
        value[n] = e->value[(size_t)t * e->factors + among[i].factor];
        with[n] = weights[n] = among[i].correlation;
        for (uint32_t j = 0; j <= n; j++)
            matrix[n * NEIGHBOURS_MOST + j] = j == n ? 1 : correlation_between(e, asked[n], asked[j]);
        n++;
    }
    *mean = 0;
    *variance = 1;
    if (!dense_factor(matrix, n, NEIGHBOURS_MOST))
        return; /* correlations from different days may contradict each other; then the mean is what is known */
    dense_solve(matrix, n, NEIGHBOURS_MOST, weights);
    double explained = 0, sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        sum += weights[i] * value[i];
        explained += weights[i] * with[i];
    }
    if (explained < 1) {
        *mean = sum;
        *variance = 1 - explained;
    }
}

static void fill(struct exposures *e)
{
    for (uint32_t k = 0; k < e->factors; k++) {
        struct neighbour neighbours[QV_FACTORS_MAX + 1];
        const uint32_t count = order_neighbours(e, k, neighbours);
        for (uint32_t row = 0; row <= e->days; row++) {
            const size_t to = (size_t)row * e->factors + k;
            if (row > 0 && e->known[to - e->factors] != 0)
                e->filled[to] = e->value[to - e->factors];
            else if (e->sd[k] > 0)
                predict(e, (int64_t)row - 1, neighbours, count, &e->filled[to], &e->variance[to]);
        }
    }
}

/* ---- columns ------------------------------------------------------------------------------------------------------------ */

/* Mean and variance of max(0, d) for a normal d. */
static void positive_part(double mean, double variance, double *out_mean, double *out_variance)
{
    if (variance <= 0) {
        *out_mean = fmax(0, mean);
        *out_variance = 0;
        return;
    }
    const double sd = sqrt(variance), z = mean / sd;
    const double below = 0.5 * erfc(-z / M_SQRT2), density = exp(-z * z / 2) / sqrt(2 * M_PI);
    *out_mean = mean * below + sd * density;
    *out_variance = fmax(0, (mean * mean + variance) * below + mean * sd * density - *out_mean * *out_mean);
}

static void write_column(struct design *d, const struct exposures *e, uint32_t c)
{
    struct column *column = &d->column[c];
    const uint32_t k = column->factor;
    const double sd = e->sd[k];
    for (uint32_t t = 0; t < d->days; t++) {
        const size_t now = (size_t)(t + 1) * e->factors + k, before = now - e->factors, to = (size_t)t * d->stride + c;
        const bool now_known = e->known[now - e->factors] != 0;
        const bool before_known = t > 0 && e->known[before - e->factors] != 0;
        if (column->drop)
            positive_part(e->filled[before] - e->filled[now], e->variance[before] + e->variance[now], &d->x[to],
                          &d->blur[to]);
        else {
            const size_t from = column->lag_days ? before : now;
            d->x[to] = e->filled[from];
            d->blur[to] = e->variance[from];
        }
        d->x[to] *= sd;
        d->blur[to] *= sd * sd;
        const bool known = column->drop ? now_known && before_known : column->lag_days ? before_known : now_known;
        column->known_days += known && !isnan(d->y[t]);
    }
}

/* About its mean over the observed days, so that the level is that of the person's own habits. */
static void centre(struct design *d, uint32_t c)
{
    double sum = 0, squares = 0;
    for (uint32_t t = 0; t < d->days; t++)
        sum += isnan(d->y[t]) ? 0 : d->x[(size_t)t * d->stride + c];
    const double mean = d->observed ? sum / d->observed : 0;
    for (uint32_t t = 0; t < d->days; t++) {
        double *x = &d->x[(size_t)t * d->stride + c];
        *x -= mean;
        squares += isnan(d->y[t]) ? 0 : *x * *x;
    }
    d->column[c].spread = d->observed > 1 ? sqrt(squares / (d->observed - 1)) : 0;
}

static void add_column(struct design *d, const struct qv_days *days, uint32_t k, int32_t lag_days, bool drop)
{
    const double scale = lag_days || drop ? LATER_SCALE : 1;
    d->column[d->columns++] =
        (struct column){.factor = k, .lag_days = lag_days, .drop = drop, .prior_sd = scale * days->factors[k].prior_sd};
}

static void name_columns(struct design *d, const struct qv_days *days)
{
    d->column[COLUMN_LEVEL].prior_sd = LEVEL_PRIOR_SD;
    d->column[COLUMN_TREND].prior_sd = TREND_PRIOR_SD;
    d->columns = COLUMN_FIRST;
    for (uint32_t k = 0; k < days->factor_count; k++) {
        add_column(d, days, k, 0, false);
        add_column(d, days, k, 1, false);
    }
    for (uint32_t k = 0; k < days->factor_count; k++) {
        if (days->factors[k].drop)
            add_column(d, days, k, 0, true);
    }
    d->stride = (d->columns + 3) / 4 * 4;
}

int design_make(const struct qv_days *days, struct qv_arena *arena, struct design *out, struct qv_error *error)
{
    int status = check_table(days, error);
    if (status)
        return status;
    struct design d = {.days = days->day_count, .y = days->twitches};
    for (uint32_t t = 0; t < d.days; t++)
        d.observed += isnan(d.y[t]) ? 0 : 1;
    name_columns(&d, days);
    struct exposures e = {.days = d.days, .factors = days->factor_count};
    const size_t cells = (size_t)d.days * d.stride, knots = ((size_t)d.days + 1) * e.factors;
    if (!(d.x = qv_arena_alloc(arena, cells, sizeof *d.x)) ||
        !(d.blur = qv_arena_alloc(arena, cells, sizeof *d.blur)) ||
        !(e.value = qv_arena_alloc(arena, knots, sizeof *e.value)) ||
        !(e.known = qv_arena_alloc(arena, knots, sizeof *e.known)) ||
        !(e.filled = qv_arena_alloc(arena, knots, sizeof *e.filled)) ||
        !(e.variance = qv_arena_alloc(arena, knots, sizeof *e.variance)))
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory for %u days of %u factors", d.days, e.factors);

    for (uint32_t k = 0; k < e.factors; k++)
        standardise(days, k, &e);
    correlate(&e, d.together);
    fill(&e);
    for (uint32_t t = 0; t < d.days; t++) {
        d.x[(size_t)t * d.stride + COLUMN_LEVEL] = 1;
        d.x[(size_t)t * d.stride + COLUMN_TREND] = (t - (d.days - 1) / 2.0) / DAYS_PER_WEEK;
    }
    for (uint32_t c = COLUMN_FIRST; c < d.columns; c++) {
        write_column(&d, &e, c);
        centre(&d, c);
    }
    *out = d;
    return QV_OK;
}
