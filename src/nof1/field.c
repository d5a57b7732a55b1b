/* SPDX-License-Identifier: Apache-2.0 */
/* The posterior of the days and the coefficients for fixed hyperparameters. */
#include "model.h"

#include <assert.h>
#include <math.h>

#define STEP_LONGEST 2.0 /* of log μ: Newton's step from far away overshoots */
#define NEAR_ENOUGH 1e-5 /* step of log μ, at the mode: what is left is much less */
#define NEAR_ENOUGH_QUICK 1e-3
#define GAIN_LEAST 0.2 /* steps must shrink so fast, or the matrix that steers them is renewed */
#define COUNT_SMALL 24 /* gamma functions of a small count are a product */
enum { STEPS_MOST = 60 };

static double square(double x)
{
    return x * x;
}

/* ---- counts ------------------------------------------------------------------------------------------------------------- */

/* log Γ(y + 1/k) − log Γ(1/k) + y log k = Σ log(1 + jk), which is well-behaved as k → 0: the Poisson limit. */
static double log_rising(double y, double k)
{
    if (y <= COUNT_SMALL && y == floor(y)) {
        double product = 1;
        for (double j = 1; j < y; j++)
            product *= 1 + j * k;
        return log(product);
    }
    if (y * y * k < 1e-6)
        return y * (y - 1) / 2 * k;
    int sign; /* lgamma() would keep it where all threads see it */
    return lgamma_r(y + 1 / k, &sign) - lgamma_r(1 / k, &sign) + y * log(k);
}

static void set_overdispersion(struct field *f)
{
    for (uint32_t t = 0; t < f->design->days; t++)
        f->overdispersion[t] = (1 + square(f->delta)) * exp(f->extra[t]) - 1;
}

/* First derivative and minus the second of the log likelihood by log μ. */
static void differentiate(struct field *f)
{
    const double *y = f->design->y;
    for (uint32_t t = 0; t < f->design->days; t++) {
        if (isnan(y[t])) {
            f->slope[t] = f->weight[t] = 0;
            continue;
        }
        const double mu = exp(f->eta[t] + f->extra[t] / 2), k = f->overdispersion[t], h = 1 / (1 + k * mu);
        f->slope[t] = (y[t] - mu) * h;
        f->weight[t] = (1 + k * y[t]) * mu * h * h;
    }
}

static double log_likelihood(const struct field *f)
{
    const double *y = f->design->y;
    double sum = 0;
    for (uint32_t t = 0; t < f->design->days; t++) {
        if (isnan(y[t]))
            continue;
        const double at = f->eta[t] + f->extra[t] / 2, k = f->overdispersion[t], much = k * exp(at);
        const double spent = much > 1e-8 ? log1p(much) / k : exp(at);
        sum += y[t] * at - spent - y[t] * k * spent + log_rising(y[t], k);
    }
    return sum;
}

/* ---- the process -------------------------------------------------------------------------------------------------------- */

/* The precision of AR(1) is tridiagonal: `ends` at both ends, `inner` between, `off` beside. */
struct process {
    double ends, inner, off;
};

static struct process process_of(const struct field *f)
{
    const double scale = 1 / (square(f->sd) * (1 - square(f->rho)));
    if (f->design->days < 2)
        return (struct process){1 / square(f->sd), 0, 0};
    return (struct process){scale, scale * (1 + square(f->rho)), -scale * f->rho};
}

static double process_diagonal(const struct process *q, uint32_t t, uint32_t days)
{
    return t == 0 || t + 1 == days ? q->ends : q->inner;
}

static double process_times(const struct process *q, const double *u, uint32_t t, uint32_t days)
{
    double sum = process_diagonal(q, t, days) * u[t];
    if (t > 0)
        sum += q->off * u[t - 1];
    if (t + 1 < days)
        sum += q->off * u[t + 1];
    return sum;
}

static double process_log_determinant(const struct field *f)
{
    const uint32_t n = f->design->days;
    return n ? -2.0 * n * log(f->sd) - (n - 1.0) * log1p(-square(f->rho)) : 0;
}

double hyper_log_prior(const struct hyper *theta)
{
    const double log_sd = theta->at[LOG_SD], log_delta = theta->at[LOG_DELTA];
    return log_sd - SD_PRIOR_RATE * exp(log_sd) + log_delta - SD_PRIOR_RATE * exp(log_delta) -
           square((theta->at[LOGIT_RHO] - RHO_PRIOR_MEAN) / RHO_PRIOR_SD) / 2;
}

/* ---- to the mode -------------------------------------------------------------------------------------------------------- */

int field_init(struct field *field, const struct design *design, struct qv_arena *arena, struct qv_error *error)
{
    struct field f = {.design = design, .t.n = design->days};
    const size_t n = design->days, cells = n * design->stride, square_cells = (size_t)design->columns * design->stride;
    double **const vectors[] = {&f.u,      &f.eta,      &f.overdispersion, &f.extra, &f.t.inverse_pivot, &f.slope,
                                &f.weight, &f.diagonal, &f.step,           &f.along, &f.t.below};
    bool fine = true;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        fine = fine && (*vectors[i] = qv_arena_alloc(arena, n, sizeof(double)));
    fine = fine && (f.effective = qv_arena_alloc(arena, cells, sizeof(double))) &&
           (f.schur = qv_arena_alloc(arena, square_cells, sizeof(double))) &&
           (f.factor = qv_arena_alloc(arena, square_cells, sizeof(double)));
    if (!fine)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory for %u days of %u columns", design->days,
                       design->columns);
    double sum = 0;
    for (uint32_t t = 0; t < design->days; t++)
        sum += isnan(design->y[t]) ? 0 : design->y[t];
    for (uint32_t c = 0; c < design->columns; c++)
        f.prior_precision[c] = 1 / square(design->column[c].prior_sd);
    f.b[COLUMN_LEVEL] = log((sum + 1) / (design->observed + 1));
    for (uint32_t t = 0; t < design->days; t++)
        f.eta[t] = f.b[COLUMN_LEVEL];
    *field = f;
    return QV_OK;
}

void field_blur(struct field *f)
{
    const struct design *d = f->design;
    for (uint32_t t = 0; t < d->days; t++) {
        f->extra[t] = 0;
        for (uint32_t c = COLUMN_FIRST; c < d->columns; c++)
            f->extra[t] += d->blur[(size_t)t * d->stride + c] * square(f->b[c]);
    }
}

static void factor_days(struct field *f, const struct process *q, double *log_determinant)
{
    const uint32_t n = f->design->days;
    for (uint32_t t = 0; t < n; t++)
        f->diagonal[t] = process_diagonal(q, t, n) + f->weight[t];
    *log_determinant = tridiagonal_factor(&f->t, f->diagonal, q->off);
}

/* The precision of b when u follows along: P + Xᵀ W (X − T⁻¹ W X). */
static void renew_border(struct field *f)
{
    const struct design *d = f->design;
    const uint32_t p = d->columns, stride = d->stride;
    tridiagonal_solve_rows(&f->t, f->weight, d->x, p, stride, f->effective);
    for (size_t i = 0; i < (size_t)d->days * stride; i++)
        f->effective[i] = d->x[i] - f->effective[i];
    memset(f->schur, 0, (size_t)p * stride * sizeof *f->schur);
    for (uint32_t c = 0; c < p; c++)
        f->schur[(size_t)c * stride + c] = f->prior_precision[c];
    dense_add_products(f->schur, p, stride, d->days, f->weight, d->x, f->effective);
    memcpy(f->factor, f->schur, (size_t)p * stride * sizeof *f->factor);
    const bool definite = dense_factor(f->factor, p, stride);
    assert(definite); /* the prior makes it so */
    (void)definite;
    f->has_factor = true;
}

/* One step of Newton's, shortened when it is long. Returns the largest change of log μ that it asked for. */
static double step(struct field *f, const struct process *q)
{
    const struct design *d = f->design;
    const uint32_t n = d->days, p = d->columns;
    for (uint32_t t = 0; t < n; t++)
        f->step[t] = f->slope[t] - process_times(q, f->u, t, n);
    tridiagonal_solve(&f->t, f->step);

    double db[COLUMNS_MAX] = {0};
    for (uint32_t t = 0; t < n; t++) {
        const double *row = d->x + (size_t)t * d->stride, by = f->slope[t] - f->weight[t] * f->step[t];
        for (uint32_t c = 0; c < p; c++)
            db[c] += row[c] * by;
    }
    for (uint32_t c = 0; c < p; c++) {
        const double mean = c == COLUMN_LEVEL ? LEVEL_PRIOR_MEAN : 0;
        db[c] -= f->prior_precision[c] * (f->b[c] - mean);
    }
    dense_solve(f->factor, p, d->stride, db);

    for (uint32_t t = 0; t < n; t++) {
        const double *row = d->x + (size_t)t * d->stride;
        double even = 0, odd = 0;
        for (uint32_t c = 0; c + 1 < d->stride; c += 2) {
            even += row[c] * db[c];
            odd += row[c + 1] * db[c + 1];
        }
        f->along[t] = even + odd;
        f->diagonal[t] = f->weight[t] * f->along[t];
    }
    tridiagonal_solve(&f->t, f->diagonal);

    double longest = 0;
    for (uint32_t t = 0; t < n; t++) {
        f->step[t] -= f->diagonal[t];
        longest = fmax(longest, fabs(f->step[t] + f->along[t]));
    }
    for (uint32_t c = 0; c < p; c++) /* b may move where log μ does not: no day tells of it */
        longest = fmax(longest, fabs(db[c] * fmin(1, sqrt(f->prior_precision[c]))));
    const double share = longest > STEP_LONGEST ? STEP_LONGEST / longest : 1;
    for (uint32_t t = 0; t < n; t++) {
        f->u[t] += share * f->step[t];
        f->eta[t] += share * (f->step[t] + f->along[t]);
    }
    for (uint32_t c = 0; c < p; c++)
        f->b[c] += share * db[c];
    return longest;
}

double field_fit(struct field *f, const struct hyper *theta, bool exact)
{
    const uint32_t n = f->design->days, p = f->design->columns;
    f->sd = exp(theta->at[LOG_SD]);
    f->rho = 1 / (1 + exp(-theta->at[LOGIT_RHO]));
    f->delta = exp(theta->at[LOG_DELTA]);
    set_overdispersion(f);
    const struct process q = process_of(f);

    double last = INFINITY, log_determinant;
    bool renew = !f->has_factor;
    for (int i = 0; i < STEPS_MOST; i++) {
        differentiate(f);
        factor_days(f, &q, &log_determinant);
        if (renew)
            renew_border(f);
        const double longest = step(f, &q);
        renew = longest > GAIN_LEAST * last;
        last = longest;
        if (longest < (exact ? NEAR_ENOUGH : NEAR_ENOUGH_QUICK))
            break;
    }
    differentiate(f);
    factor_days(f, &q, &log_determinant);
    if (exact)
        renew_border(f);

    double squares = 0, log_prior_precision = 0;
    for (uint32_t t = 0; t < n; t++)
        squares += f->u[t] * process_times(&q, f->u, t, n);
    for (uint32_t c = 0; c < p; c++) {
        squares += f->prior_precision[c] * square(f->b[c] - (c == COLUMN_LEVEL ? LEVEL_PRIOR_MEAN : 0));
        log_prior_precision += log(f->prior_precision[c]);
    }
    return log_likelihood(f) + hyper_log_prior(theta) +
           (process_log_determinant(f) + log_prior_precision - squares - log_determinant -
            dense_log_determinant(f->factor, p, f->design->stride)) /
               2;
}

/* ---- the second order ---------------------------------------------------------------------------------------------------- */

/*
 * With g the third derivative of the log likelihood of a day, and expansions of the posterior about its mode:
 *     mean − mode = ½ Σ g cov(b, log μ) var(log μ),     third cumulant of b = Σ g cov(b, log μ)³.
 * cov(b, log μ) = V x̃, and var(log μ) = (T⁻¹)ₜₜ + x̃ᵀ V x̃, where x̃ is x less what u makes up for.
 */
void field_correct(struct field *f, const double *covariance, struct correction *out)
{
    const struct design *d = f->design;
    const uint32_t p = d->columns;
    double shift[COLUMNS_MAX] = {0}, cumulant[COLUMNS_MAX] = {0};
    tridiagonal_inverse_diagonal(&f->t, f->diagonal);
    for (uint32_t t = 0; t < d->days; t++) {
        if (isnan(d->y[t]))
            continue;
        const double *x = f->effective + (size_t)t * d->stride;
        double with[COLUMNS_MAX] = {0}, variance = f->diagonal[t];
        for (uint32_t r = 0; r < p; r++) {
            const double *row = covariance + (size_t)r * d->stride, by = x[r];
            for (uint32_t c = 0; c < p; c++) /* symmetric: a row is a column */
                with[c] += row[c] * by;
        }
        for (uint32_t c = 0; c < p; c++)
            variance += x[c] * with[c];
        const double much = f->overdispersion[t] * exp(f->eta[t] + f->extra[t] / 2);
        const double third = -f->weight[t] * (1 - much) / (1 + much);
        for (uint32_t c = 0; c < p; c++) {
            shift[c] += third * with[c] * variance / 2;
            cumulant[c] += third * with[c] * with[c] * with[c];
        }
    }
    for (uint32_t c = 0; c < p; c++) {
        const double sd = sqrt(covariance[(size_t)c * d->stride + c]);
        out->shift[c] = shift[c];
        out->skewness[c] = cumulant[c] / (sd * sd * sd);
    }
}
