/* SPDX-License-Identifier: Apache-2.0 */
/* The posterior of the hyperparameters: its mode, points around it, and what the coefficients are over all of them. */
#include "model.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define TAU_LOG_SD 0.5      /* of log τ */
#define LONG_CELLS 20000    /* days times columns: above, the hyperparameters are well known and points are dear */
#define STEP_LONGEST 1.5    /* of θ at once */
#define NEAR_ENOUGH 0.02    /* expected gain in log posterior of one more step */
#define RHO_START 0.5       /* logit */
#define CURVATURE_LEAST 0.3 /* a hyperparameter of which the diary says nothing has a spread of 1 / √0.3 */
#define SKEWNESS_MOST 0.7   /* for which the quadratic map below is one to one where it matters */
#define RATIO_MOST 20.0     /* of the posterior to the normal at a point far out */
#define SD_LEAST -5.0       /* bounds of log σ and log δ; below, there is nothing left of them */
#define SD_MOST 2.0
#define LOGIT_MOST 5.5
enum { STEPS_MOST = 12, BISECTIONS = 60 };

/* Nodes and weights of Gauss and Hermite for a standard normal. */
static const double tau_nodes[TAU_POINTS] = {-2.856970013872806, -1.355626179974266, 0, 1.355626179974266,
                                             2.856970013872806};
static const double tau_weights[TAU_POINTS] = {0.01125741132772069, 0.22207592200561264, 0.5333333333333333,
                                               0.22207592200561264, 0.01125741132772069};

static double clamp(double x, double low, double high)
{
    return fmin(high, fmax(low, x));
}

static struct hyper within_bounds(struct hyper theta)
{
    theta.at[LOG_SD] = clamp(theta.at[LOG_SD], SD_LEAST, SD_MOST);
    theta.at[LOG_DELTA] = clamp(theta.at[LOG_DELTA], SD_LEAST, SD_MOST);
    theta.at[LOGIT_RHO] = clamp(theta.at[LOGIT_RHO], -LOGIT_MOST, LOGIT_MOST);
    return theta;
}

/* ---- the mode of θ ------------------------------------------------------------------------------------------------------- */

struct climb {
    struct field *field;
    bool exact;
    struct hyper at;
    double value, gradient[HYPERS], curvature[HYPERS * HYPERS]; /* minus the second derivatives */
    double width[HYPERS];                                       /* of the differences */
};

static double value_at(struct climb *c, const double *offset)
{
    struct hyper theta = c->at;
    for (int i = 0; i < HYPERS; i++)
        theta.at[i] += offset[i];
    return field_fit(c->field, &theta, c->exact);
}

/* Differences as wide as the posterior is, so that what is seen of its shape is what the points will meet. */
static void look_around(struct climb *c)
{
    double up[HYPERS], down[HYPERS];
    const double none[HYPERS] = {0};
    c->value = value_at(c, none);
    for (int i = 0; i < HYPERS; i++) {
        double offset[HYPERS] = {0};
        offset[i] = c->width[i];
        up[i] = value_at(c, offset);
        offset[i] = -c->width[i];
        down[i] = value_at(c, offset);
        c->gradient[i] = (up[i] - down[i]) / (2 * c->width[i]);
        c->curvature[i * HYPERS + i] = -(up[i] + down[i] - 2 * c->value) / (c->width[i] * c->width[i]);
    }
    for (int i = 0; i < HYPERS; i++) {
        for (int j = 0; j < i; j++) {
            double offset[HYPERS] = {0};
            offset[i] = c->width[i];
            offset[j] = c->width[j];
            const double both = value_at(c, offset);
            c->curvature[i * HYPERS + j] = c->curvature[j * HYPERS + i] =
                -(both - up[i] - up[j] + c->value) / (c->width[i] * c->width[j]);
        }
    }
    for (int i = 0; i < HYPERS; i++)
        c->width[i] = 0.7 / sqrt(fmax(CURVATURE_LEAST, c->curvature[i * HYPERS + i]));
}

/* Adds to the diagonal until the matrix is that of a peak, and factors it. */
static void make_peak(const double *curvature, double *factor)
{
    for (double more = 0;; more = more > 0 ? 2 * more : CURVATURE_LEAST / 4) {
        memcpy(factor, curvature, HYPERS * HYPERS * sizeof *factor);
        bool high = true;
        for (int i = 0; i < HYPERS; i++)
            factor[i * HYPERS + i] = fmax(factor[i * HYPERS + i], CURVATURE_LEAST) + more;
        if (high && dense_factor(factor, HYPERS, HYPERS)) {
            for (int i = 0; i < HYPERS; i++)
                high = high && factor[i * HYPERS + i] * factor[i * HYPERS + i] >= CURVATURE_LEAST / 4;
            if (high)
                return;
        }
    }
}

/* Newton's method on finite differences. Leaves the factor of the curvature at the mode. */
static void find_mode(struct climb *c, double *factor)
{
    for (int step = 0;; step++) {
        look_around(c);
        make_peak(c->curvature, factor);
        double move[HYPERS], gain = 0, longest = 0;
        memcpy(move, c->gradient, sizeof move);
        dense_solve(factor, HYPERS, HYPERS, move);
        for (int i = 0; i < HYPERS; i++) {
            gain += move[i] * c->gradient[i] / 2;
            longest = fmax(longest, fabs(move[i]));
        }
        if (gain < NEAR_ENOUGH || step == STEPS_MOST)
            return;
        for (double share = fmin(1, STEP_LONGEST / longest); share > 0.05; share /= 2) {
            double offset[HYPERS];
            for (int i = 0; i < HYPERS; i++)
                offset[i] = share * move[i];
            struct climb next = *c;
            for (int i = 0; i < HYPERS; i++)
                next.at.at[i] += offset[i];
            next.at = within_bounds(next.at);
            const double none[HYPERS] = {0};
            if (value_at(&next, none) > c->value) {
                c->at = next.at;
                break;
            }
        }
    }
}

/* ---- points ------------------------------------------------------------------------------------------------------------- */

struct point {
    double z[HYPERS], share; /* place in standard deviations, and share of a standard normal */
};

/* Exact for polynomials of degree 5 along each axis (a product), or of degree 3 in all (a star). */
static uint32_t choose_points(bool few, struct point points[POINTS_MAX])
{
    const double far = sqrt(3);
    uint32_t count = 0;
    for (int i = -1; i <= 1; i++) {
        for (int j = -1; j <= 1; j++) {
            for (int k = -1; k <= 1; k++) {
                const int off = abs(i) + abs(j) + abs(k);
                if (few && off > 1)
                    continue;
                const double share = few ? (off ? 1.0 / 6 : 1e-3)
                                         : (i ? 1.0 / 6 : 2.0 / 3) * (j ? 1.0 / 6 : 2.0 / 3) * (k ? 1.0 / 6 : 2.0 / 3);
                points[count++] = (struct point){{i * far, j * far, k * far}, share};
            }
        }
    }
    return count;
}

/* θ = mode + L⁻ᵀ z, where L Lᵀ is the curvature: then z is standard normal as far as θ is normal. */
static struct hyper place(const struct hyper *mode, const double *factor, const struct point *point)
{
    double x[HYPERS];
    memcpy(x, point->z, sizeof x);
    for (int i = HYPERS; i-- > 0;) {
        x[i] /= factor[i * HYPERS + i];
        for (int k = 0; k < i; k++)
            x[k] -= factor[i * HYPERS + k] * x[i];
    }
    struct hyper theta = *mode;
    for (int i = 0; i < HYPERS; i++)
        theta.at[i] += x[i];
    return within_bounds(theta);
}

/* ---- τ ------------------------------------------------------------------------------------------------------------------- */

/*
 * With another prior precision of the habits' coefficients the posterior of b is known without going back to the days: the likelihood is a
 * parabola of curvature S − P about the mode. Adds its log normalisation, by which τ is weighed.
 */
static double reprior(const struct field *f, double tau, double *mean, double *covariance)
{
    const struct design *d = f->design;
    const uint32_t p = d->columns, stride = d->stride;
    double matrix[COLUMNS_MAX * (COLUMNS_MAX + 3)], log_prior = 0, linear[COLUMNS_MAX], sum = 0;
    memcpy(matrix, f->schur, (size_t)p * stride * sizeof *matrix);
    for (uint32_t r = 0; r < p; r++) {
        linear[r] = 0;
        for (uint32_t c = 0; c < p; c++)
            linear[r] += f->schur[r >= c ? r * stride + c : c * stride + r] * f->b[c];
    }
    for (uint32_t c = COLUMN_FIRST; c < p; c++) {
        const double now = f->prior_precision[c] / (tau * tau);
        matrix[c * stride + c] += now - f->prior_precision[c];
        log_prior += log(now);
    }
    const bool definite = dense_factor(matrix, p, stride);
    assert(definite);
    (void)definite;
    memcpy(mean, linear, p * sizeof *mean);
    dense_solve(matrix, p, stride, mean);
    for (uint32_t c = 0; c < p; c++)
        sum += linear[c] * mean[c];
    dense_inverse(matrix, p, stride, covariance);
    return (log_prior - dense_log_determinant(matrix, p, stride) + sum) / 2;
}

/* ---- mixtures ----------------------------------------------------------------------------------------------------------- */

/* The standard normal quantile z of a value under x = z + γ/6 (z² − 1), which has skewness γ (Cornish and Fisher 1938). */
static double unskew(double x, double skewness)
{
    const double a = skewness / 6;
    if (fabs(a) < 1e-9)
        return x;
    const double root = 1 + 4 * a * (x + a);
    return root > 0 ? (sqrt(root) - 1) / (2 * a) : -1 / (2 * a);
}

double mixture_below(const struct mixture *m, uint32_t column, double value)
{
    const double skewness = clamp(m->correction->skewness[column], -SKEWNESS_MOST, SKEWNESS_MOST);
    double sum = 0;
    for (uint32_t i = 0; i < m->count; i++) {
        const size_t at = (size_t)i * m->stride + column;
        sum += m->weight[i] * 0.5 * erfc(-unskew((value - m->mean[at]) / m->sd[at], skewness) / M_SQRT2);
    }
    return sum;
}

double mixture_quantile(const struct mixture *m, uint32_t column, double probability)
{
    double low = INFINITY, high = -INFINITY;
    for (uint32_t i = 0; i < m->count; i++) {
        const size_t at = (size_t)i * m->stride + column;
        low = fmin(low, m->mean[at] - 6 * m->sd[at]);
        high = fmax(high, m->mean[at] + 6 * m->sd[at]);
    }
    const double enough = 1e-7 * (high - low);
    /* False position with the side that stays halved (Illinois): a mixture's distribution is smooth and rising. */
    double below_low = -probability, below_high = 1 - probability;
    int side = 0;
    for (int i = 0; i < BISECTIONS && high - low > enough; i++) {
        const double at = low + (high - low) * clamp(-below_low / (below_high - below_low), 0.01, 0.99);
        const double over = mixture_below(m, column, at) - probability;
        if (over > 0) {
            high = at;
            below_high = over;
            if (side > 0)
                below_low /= 2;
            side = 1;
        } else {
            low = at;
            below_low = over;
            if (side < 0)
                below_high /= 2;
            side = -1;
        }
    }
    return (low + high) / 2;
}

/* ---- all together ------------------------------------------------------------------------------------------------------- */

static int mixture_init(struct mixture *m, const struct design *d, struct qv_arena *arena, struct qv_error *error)
{
    const size_t most = POINTS_MAX * TAU_POINTS;
    *m = (struct mixture){.columns = d->columns,
                          .stride = d->stride,
                          .weight = qv_arena_alloc(arena, most, sizeof *m->weight),
                          .mean = qv_arena_alloc(arena, most * d->stride, sizeof *m->mean),
                          .sd = qv_arena_alloc(arena, most * d->stride, sizeof *m->sd)};
    return m->weight && m->mean && m->sd ? QV_OK : qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
}

static void add_taus(const struct field *f, double log_weight, struct mixture *m, double *log_weights)
{
    double covariance[COLUMNS_MAX * (COLUMNS_MAX + 3)];
    const double usual = reprior(f, 1, m->mean + (size_t)m->count * m->stride, covariance);
    for (int i = 0; i < TAU_POINTS; i++) {
        double *mean = m->mean + (size_t)m->count * m->stride, *sd = m->sd + (size_t)m->count * m->stride;
        const double gain = reprior(f, exp(TAU_LOG_SD * tau_nodes[i]), mean, covariance) - usual;
        for (uint32_t c = 0; c < m->columns; c++)
            sd[c] = sqrt(covariance[(size_t)c * m->stride + c]);
        log_weights[m->count++] = log_weight + gain + log(tau_weights[i]);
    }
}

static void weigh(struct mixture *m, const double *log_weights)
{
    double most = -INFINITY, sum = 0;
    for (uint32_t i = 0; i < m->count; i++)
        most = fmax(most, log_weights[i]);
    for (uint32_t i = 0; i < m->count; i++)
        sum += m->weight[i] = exp(log_weights[i] - most);
    for (uint32_t i = 0; i < m->count; i++)
        m->weight[i] /= sum;
}

int posterior_find(struct field *f, struct qv_arena *arena, struct posterior *out, struct qv_error *error)
{
    const struct design *d = f->design;
    int status = mixture_init(&out->mixture, d, arena, error);
    if (status)
        return status;
    const size_t square_cells = (size_t)d->columns * d->stride;
    if (!(out->centre.precision = qv_arena_alloc(arena, square_cells, sizeof *out->centre.precision)))
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");

    const bool is_long = (double)d->days * d->columns > LONG_CELLS;
    struct climb climb = {
        .field = f, .exact = !is_long, .at = {{log(0.4), RHO_START, log(0.4)}}, .width = {0.3, 0.5, 0.3}};
    double factor[HYPERS * HYPERS];
    field_fit(f, &climb.at, true);
    field_blur(f);
    find_mode(&climb, factor);
    field_blur(f);
    const double centre = field_fit(f, &climb.at, true);
    out->centre.theta = climb.at;
    out->centre.log_posterior = centre;
    memcpy(out->centre.b, f->b, sizeof f->b);

    double covariance[COLUMNS_MAX * (COLUMNS_MAX + 3)], mean[COLUMNS_MAX];
    reprior(f, 1, mean, covariance);
    field_correct(f, covariance, &out->correction);
    for (uint32_t r = 0; r < d->columns; r++) {
        for (uint32_t c = 0; c < d->columns; c++)
            out->centre.precision[r * d->stride + c] = f->schur[r >= c ? r * d->stride + c : c * d->stride + r];
    }

    struct point points[POINTS_MAX];
    double log_weights[POINTS_MAX * TAU_POINTS], total = 0;
    const uint32_t count = choose_points(is_long, points);
    for (uint32_t i = 0; i < count; i++) {
        const struct hyper theta = place(&climb.at, factor, &points[i]);
        double squares = 0;
        for (int k = 0; k < HYPERS; k++)
            squares += points[i].z[k] * points[i].z[k];
        const double ratio = field_fit(f, &theta, true) - centre + squares / 2;
        add_taus(f, fmin(ratio, log(RATIO_MOST)) + log(points[i].share), &out->mixture, log_weights);
    }
    weigh(&out->mixture, log_weights);
    out->sd = out->rho = out->delta = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct hyper theta = place(&climb.at, factor, &points[i]);
        double weight = 0;
        for (int k = 0; k < TAU_POINTS; k++)
            weight += out->mixture.weight[i * TAU_POINTS + (uint32_t)k];
        out->sd += weight * exp(theta.at[LOG_SD]);
        out->rho += weight / (1 + exp(-theta.at[LOGIT_RHO]));
        out->delta += weight * exp(theta.at[LOG_DELTA]);
        total += weight;
    }
    assert(fabs(total - 1) < 1e-6);
    (void)total;
    for (uint32_t i = 0; i < out->mixture.count; i++) {
        for (uint32_t c = 0; c < d->columns; c++)
            out->mixture.mean[(size_t)i * d->stride + c] += out->correction.shift[c];
    }
    out->mixture.correction = &out->correction;
    field_fit(f, &climb.at, true); /* leaves the days as they are in the centre */
    return QV_OK;
}
