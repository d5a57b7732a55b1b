/* SPDX-License-Identifier: Apache-2.0 */
/* The posterior of the hyperparameters: its mode, points around it, and what the coefficients are over all of them. */
#include "model.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define LONG_CELLS 20000    /* days times columns: above, the hyperparameters are well known and points are dear */
#define STEP_LONGEST 1.5    /* of θ at once */
#define NEAR_ENOUGH 0.05    /* expected gain in log posterior of one more step */
#define CURVATURE_LEAST 0.3 /* a hyperparameter of which the diary says nothing has a spread of 1 / √0.3 */
#define SKEWNESS_MOST 0.7   /* for which the quadratic map below is one to one where it matters */
#define LATTICE_STEP 1.5    /* standard deviations */
#define LATTICE_DEPTH 3.5   /* below the summit, of the logarithm */
#define LATTICE_DOUBT 1.5   /* how much higher a neighbour may be than it promises */
#define WEIGHT_LEAST 3e-4
#define VALUE_LEAST -1e12 /* of a log posterior: where arithmetic ends */
#define SD_LEAST -5.0     /* bounds of log σ and log δ; below, there is nothing left of them */
#define SD_MOST 2.0
#define GUESS_LEAST 1e-3 /* of a variance that is not to be seen */
#define LOGIT_MOST 5.5
enum { STEPS_MOST = 12, HALVINGS_MOST = 5, BISECTIONS = 60, LATTICE_REACH = 7 };

/* Three nodes of Gauss and Hermite for a standard normal, and their weights. */
static const double tau_nodes[TAU_POINTS] = {-1.7320508075688772, 0, 1.7320508075688772};
static const double tau_weights[TAU_POINTS] = {1.0 / 6, 2.0 / 3, 1.0 / 6};

static const struct hyper start = {{-0.9, 0.5, -0.9}};

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

static bool is_within_bounds(const struct hyper *theta)
{
    const struct hyper bound = within_bounds(*theta);
    bool within = true;
    for (int i = 0; i < HYPERS; i++)
        within = within && bound.at[i] == theta->at[i];
    return within;
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
    return fmax(field_fit(c->field, &theta, c->exact), VALUE_LEAST); /* and not NaN */
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
    bool high = false;
    for (double more = 0; !high; more = more > 0 ? 2 * more : CURVATURE_LEAST / 4) {
        memcpy(factor, curvature, HYPERS * HYPERS * sizeof *factor);
        for (int i = 0; i < HYPERS; i++)
            factor[i * HYPERS + i] = fmax(factor[i * HYPERS + i], CURVATURE_LEAST) + more;
        high = dense_factor(factor, HYPERS, HYPERS);
        for (int i = 0; i < HYPERS && high; i++)
            high = factor[i * HYPERS + i] * factor[i * HYPERS + i] >= CURVATURE_LEAST / 4;
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
        double share = fmin(1, STEP_LONGEST / longest);
        for (int halvings = 0; halvings < HALVINGS_MOST; halvings++, share /= 2) {
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

/* θ = mode + L⁻ᵀ z, where L Lᵀ is the curvature: then z is standard normal as far as θ is normal. */
static struct hyper place(const struct climb *c, const double *factor, const double z[HYPERS])
{
    double x[HYPERS];
    memcpy(x, z, sizeof x);
    for (int i = HYPERS; i-- > 0;) {
        x[i] /= factor[i * HYPERS + i];
        for (int k = 0; k < i; k++)
            x[k] -= factor[i * HYPERS + k] * x[i];
    }
    struct hyper theta = c->at;
    for (int i = 0; i < HYPERS; i++)
        theta.at[i] += x[i];
    return theta;
}

/* ---- τ ------------------------------------------------------------------------------------------------------------------- */

/*
 * With another prior precision of the habits' coefficients the posterior of b is known without going back to the days: the likelihood is a
 * parabola of curvature S − P about the mode. Adds its log normalisation, by which τ is weighed.
 */
static double reprior(const struct field *f, double tau, double *mean, double *variance)
{
    const struct design *d = f->design;
    const uint32_t p = d->columns, stride = d->stride;
    double matrix[COLUMNS_MAX * (COLUMNS_MAX + 3)], factor[COLUMNS_MAX * (COLUMNS_MAX + 3)],
        log_prior = 0, linear[COLUMNS_MAX] = {0}, sum = 0;
    memcpy(matrix, f->schur, (size_t)p * stride * sizeof *matrix);
    for (uint32_t r = 0; r < p; r++) {
        for (uint32_t c = 0; c < p; c++)
            linear[r] += f->schur[r >= c ? r * stride + c : c * stride + r] * f->b[c];
    }
    for (uint32_t c = COLUMN_FIRST; c < p; c++) {
        const double now = f->prior_precision[c] / (tau * tau);
        matrix[c * stride + c] += now - f->prior_precision[c];
        log_prior += log(now);
    }
    const bool definite = dense_factor_near(matrix, p, stride, factor);
    assert(definite);
    (void)definite;
    memcpy(mean, linear, p * sizeof *mean);
    dense_solve(factor, p, stride, mean);
    for (uint32_t c = 0; c < p; c++)
        sum += linear[c] * mean[c];
    dense_inverse_diagonal(factor, p, stride, variance);
    return (log_prior - dense_log_determinant(factor, p, stride) + sum) / 2;
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

/* Points of θ as they are gathered, each with a normal of b for each τ. */
struct gathering {
    struct climb *climb;
    const double *factor; /* of the curvature at the mode */
    struct mixture *mixture;
    uint32_t count;
    struct hyper theta[POINTS_MAX];
    double log_weight[POINTS_MAX * TAU_POINTS];
};

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

/* Takes in the point at which the field stands. */
static void gather(struct gathering *g, const struct hyper *theta, double log_weight)
{
    const struct field *f = g->climb->field;
    struct mixture *m = g->mixture;
    double unused[2][COLUMNS_MAX];
    const double usual = reprior(f, 1, unused[0], unused[1]); /* which is in the weight already */
    for (int i = 0; i < TAU_POINTS; i++) {
        double *mean = m->mean + (size_t)m->count * m->stride, *sd = m->sd + (size_t)m->count * m->stride;
        const double gain = reprior(f, exp(TAU_LOG_SD * tau_nodes[i]), mean, sd);
        for (uint32_t c = 0; c < m->columns; c++)
            sd[c] = sqrt(sd[c]);
        mean[COLUMN_LEVEL] += f->sd * f->sd / 2;
        g->log_weight[m->count++] = log_weight + gain - usual + log(tau_weights[i]);
    }
    g->theta[g->count++] = *theta;
}

/* Two points on each axis: exact for polynomials of degree 3 while θ is near normal, as it is in a long diary. */
static void gather_star(struct gathering *g)
{
    for (int i = 0; i < 2 * HYPERS; i++) {
        double z[HYPERS] = {0};
        z[i / 2] = i % 2 ? sqrt(HYPERS) : -sqrt(HYPERS);
        const struct hyper theta = place(g->climb, g->factor, z), bound = within_bounds(theta);
        gather(g, &bound, field_fit(g->climb->field, &bound, true));
    }
}

/* What a neighbour's log posterior would be if from here on it fell as a normal's does. */
static double promise(double value, const int8_t from[HYPERS], const int8_t to[HYPERS])
{
    double squares = 0;
    for (int i = 0; i < HYPERS; i++)
        squares += to[i] * to[i] - from[i] * from[i];
    return value - LATTICE_STEP * LATTICE_STEP * squares / 2;
}

/*
 * All points of a lattice whose posterior is not DEPTH below the highest, found from the mode by going on from each to its neighbours:
 * this follows bent ridges and finds a second summit that a saddle joins, which a short diary often has (do the days differ
 * because bad weeks run together, or each by itself?).
 */
static void gather_lattice(struct gathering *g)
{
    enum { SIDE = 2 * LATTICE_REACH + 1 };
    bool seen[SIDE][SIDE][SIDE] = {0};
    int8_t queue[POINTS_MAX][HYPERS] = {{0}};
    uint32_t queued = 1;
    double highest = -INFINITY;
    seen[LATTICE_REACH][LATTICE_REACH][LATTICE_REACH] = true;
    for (uint32_t next = 0; next < queued; next++) {
        double z[HYPERS];
        for (int i = 0; i < HYPERS; i++)
            z[i] = LATTICE_STEP * queue[next][i];
        const struct hyper theta = place(g->climb, g->factor, z);
        if (!is_within_bounds(&theta))
            continue;
        const double value = fmax(field_fit(g->climb->field, &theta, true), VALUE_LEAST);
        gather(g, &theta, value);
        highest = fmax(highest, value);
        if (value < highest - LATTICE_DEPTH)
            continue;
        for (int i = 0; i < 2 * HYPERS && queued < POINTS_MAX; i++) {
            int8_t at[HYPERS];
            memcpy(at, queue[next], sizeof at);
            at[i / 2] = (int8_t)(at[i / 2] + (i % 2 ? 1 : -1));
            if (abs(at[i / 2]) > LATTICE_REACH ||
                promise(value, queue[next], at) < highest - LATTICE_DEPTH - LATTICE_DOUBT)
                continue;
            bool *known = &seen[at[0] + LATTICE_REACH][at[1] + LATTICE_REACH][at[2] + LATTICE_REACH];
            if (!*known)
                memcpy(queue[queued++], at, sizeof at);
            *known = true;
        }
    }
}

/* Means over θ; then components that weigh nothing are left out. */
static void weigh(struct gathering *g, struct posterior *out)
{
    struct mixture *m = g->mixture;
    double most = -INFINITY, sum = 0;
    for (uint32_t i = 0; i < m->count; i++)
        most = fmax(most, g->log_weight[i]);
    for (uint32_t i = 0; i < m->count; i++)
        sum += m->weight[i] = exp(g->log_weight[i] - most);
    out->sd = out->rho = out->delta = 0;
    uint32_t kept = 0;
    double kept_sum = 0;
    for (uint32_t i = 0; i < m->count; i++) {
        const double weight = m->weight[i] / sum;
        const struct hyper *theta = &g->theta[i / TAU_POINTS];
        out->sd += weight * exp(theta->at[LOG_SD]);
        out->rho += weight / (1 + exp(-theta->at[LOGIT_RHO]));
        out->delta += weight * exp(theta->at[LOG_DELTA]);
        if (weight < WEIGHT_LEAST)
            continue;
        m->weight[kept] = weight;
        kept_sum += weight;
        memmove(m->mean + (size_t)kept * m->stride, m->mean + (size_t)i * m->stride, m->columns * sizeof *m->mean);
        memmove(m->sd + (size_t)kept * m->stride, m->sd + (size_t)i * m->stride, m->columns * sizeof *m->sd);
        kept++;
    }
    m->count = kept;
    for (uint32_t i = 0; i < kept; i++)
        m->weight[i] /= kept_sum;
}

/* What is left when the field stands at the mode of θ: the second order, and the precision of b. */
static void look_at_centre(struct field *f, struct posterior *out)
{
    const struct design *d = f->design;
    const uint32_t p = d->columns, stride = d->stride;
    double covariance[COLUMNS_MAX * (COLUMNS_MAX + 3)];
    dense_inverse(f->factor, p, stride, covariance);
    field_correct(f, covariance, &out->correction);
    memcpy(out->centre.b, f->b, sizeof f->b);
    for (uint32_t r = 0; r < p; r++) {
        for (uint32_t c = 0; c < p; c++)
            out->centre.precision[r * stride + c] = f->schur[r >= c ? r * stride + c : c * stride + r];
    }
}

/*
 * Where the climb might begin in a long diary: what varies more than a Poisson count does, and how much of that the next day shares. It knows
 * nothing of habits, so the middle of the priors can be nearer. A short diary begins there: its own moments are not worth more.
 */
static struct hyper guess(const struct design *d)
{
    double n = 0, mean = 0, square = 0, pairs = 0, product = 0;
    for (uint32_t t = 0; t < d->days; t++) {
        if (isnan(d->y[t]))
            continue;
        n++;
        mean += d->y[t];
    }
    mean /= fmax(n, 1);
    for (uint32_t t = 0; t < d->days; t++) {
        if (isnan(d->y[t]))
            continue;
        square += (d->y[t] - mean) * (d->y[t] - mean) / n;
        if (t > 0 && !isnan(d->y[t - 1])) {
            pairs++;
            product += (d->y[t] - mean) * (d->y[t - 1] - mean);
        }
    }
    if (!(mean > 0) || pairs < 1)
        return start;
    const double rho = 1 / (1 + exp(-start.at[LOGIT_RHO]));
    const double beyond = fmax((square - mean) / (mean * mean), 0);
    const double shared = fmin(fmax(product / pairs / (mean * mean * rho), 0), beyond);
    struct hyper theta = start;
    theta.at[LOG_SD] = fmin(fmax(0.5 * log(shared + GUESS_LEAST), SD_LEAST), SD_MOST);
    theta.at[LOG_DELTA] = fmin(fmax(0.5 * log(beyond - shared + GUESS_LEAST), SD_LEAST), SD_MOST);
    return theta;
}

int posterior_find(struct field *f, struct qv_arena *arena, struct posterior *out, struct qv_error *error)
{
    const struct design *d = f->design;
    struct gathering *g = qv_arena_alloc(arena, 1, sizeof *g);
    int status = mixture_init(&out->mixture, d, arena, error);
    if (status)
        return status;
    out->centre.precision = qv_arena_alloc(arena, (size_t)d->columns * d->stride, sizeof *out->centre.precision);
    if (!g || !out->centre.precision)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");

    const bool is_long = (double)d->days * d->columns > LONG_CELLS;
    struct climb climb = {.field = f, .exact = !is_long, .at = start, .width = {0.3, 0.5, 0.3}};
    double factor[HYPERS * HYPERS];
    const struct hyper guessed = f->near ? *f->near : guess(d);
    if (is_long && field_fit(f, &guessed, true) > field_fit(f, &start, true))
        climb.at = guessed;
    field_fit(f, &climb.at, true);
    field_blur(f);
    find_mode(&climb, factor);
    field_blur(f);

    *g = (struct gathering){.climb = &climb, .factor = factor, .mixture = &out->mixture};
    if (is_long)
        gather_star(g);
    else
        gather_lattice(g);
    weigh(g, out);

    out->centre.theta = climb.at;
    field_fit(f, &climb.at, true); /* leaves the days as they are in the centre */
    look_at_centre(f, out);
    for (uint32_t i = 0; i < out->mixture.count; i++) {
        for (uint32_t c = 0; c < d->columns; c++)
            out->mixture.mean[(size_t)i * d->stride + c] += out->correction.shift[c];
    }
    out->mixture.correction = &out->correction;
    return QV_OK;
}
