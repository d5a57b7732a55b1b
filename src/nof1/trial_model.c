/* SPDX-License-Identifier: Apache-2.0 */
/* The estimate of a trial: the model of the triggers with one column, the change, and no lag: what was carried over has been washed out. */
#include "model.h"
#include "trial.h"

#include <math.h>

#define PRIOR_SD 0.6931471805599453 /* log 2: half or twice as many is one standard deviation */
#define LEVEL_PRIOR_SD 2.5
#define TREND_PRIOR_SD 0.35 /* a week */
enum { COLUMN_CHANGE = COLUMN_FIRST, COLUMNS, STRIDE = 4 };

static bool is_observed(const struct design *d, uint32_t t)
{
    return !isnan(d->y[t]);
}

static double mean_change(const struct design *d, const double *change)
{
    double sum = 0;
    for (uint32_t t = 0; t < d->days; t++)
        sum += is_observed(d, t) ? change[t] : 0;
    return sum / d->observed;
}

/* The change about its mean, so that the level is that of the whole trial; where it is not known nothing is observed either. */
static void write_columns(struct design *d, const double *change)
{
    double mean = mean_change(d, change), squares = 0;
    for (uint32_t t = 0; t < d->days; t++) {
        double *x = d->x + (size_t)t * d->stride, off = change[t] - mean;
        x[COLUMN_LEVEL] = 1;
        x[COLUMN_TREND] = (t - (d->days - 1) / 2.0) / DAYS_PER_WEEK;
        x[COLUMN_CHANGE] = isnan(off) ? 0 : off;
        squares += is_observed(d, t) ? off * off : 0;
    }
    d->column[COLUMN_CHANGE].spread = sqrt(squares / (d->observed - 1));
}

static int make_design(const double *twitches, const double *change, uint32_t count, struct qv_arena *arena,
                       struct design *d, struct qv_error *error)
{
    *d = (struct design){.days = count, .columns = COLUMNS, .stride = STRIDE, .y = twitches};
    for (uint32_t t = 0; t < count; t++)
        d->observed += isnan(twitches[t]) ? 0 : 1;
    d->x = qv_arena_alloc(arena, (size_t)count * STRIDE, sizeof *d->x);
    d->blur = qv_arena_alloc(arena, (size_t)count * STRIDE, sizeof *d->blur);
    if (!d->x || !d->blur)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    d->column[COLUMN_LEVEL].prior_sd = LEVEL_PRIOR_SD;
    d->column[COLUMN_TREND].prior_sd = TREND_PRIOR_SD;
    d->column[COLUMN_CHANGE].prior_sd = PRIOR_SD;
    if (d->observed >= ESTIMATE_DAYS_MIN)
        write_columns(d, change);
    return QV_OK;
}

static int fit(const struct design *d, struct qv_arena *arena, struct qv_trial_estimate *out, struct qv_error *error)
{
    struct field *field = qv_arena_alloc(arena, 1, sizeof *field);
    struct posterior *posterior = qv_arena_alloc(arena, 1, sizeof *posterior);
    if (!field || !posterior)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    int status = field_init(field, d, arena, error);
    if (status == QV_OK)
        status = posterior_find(field, arena, posterior, error);
    if (status)
        return status;
    const struct mixture *m = &posterior->mixture;
    out->rate.ratio = exp(mixture_quantile(m, COLUMN_CHANGE, 0.5));
    out->rate.low = exp(mixture_quantile(m, COLUMN_CHANGE, 0.025));
    out->rate.high = exp(mixture_quantile(m, COLUMN_CHANGE, 0.975));
    out->probability_fewer = mixture_below(m, COLUMN_CHANGE, 0);
    return QV_OK;
}

int trial_estimate(const double *twitches, const double *change, uint32_t count, struct qv_trial_estimate *out,
                   struct qv_error *error)
{
    struct qv_arena *arena = qv_arena_create(0);
    struct design *d = arena ? qv_arena_alloc(arena, 1, sizeof *d) : NULL;
    if (!d) {
        qv_arena_destroy(arena);
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    }
    int status = make_design(twitches, change, count, arena, d, error);
    struct qv_trial_estimate e = {{NAN, NAN, NAN}, NAN, d->observed};
    if (status == QV_OK && d->observed >= ESTIMATE_DAYS_MIN && d->column[COLUMN_CHANGE].spread > 0)
        status = fit(d, arena, &e, error);
    qv_arena_destroy(arena);
    if (status == QV_OK)
        *out = e;
    return status;
}
