/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h — how the twitches of a diary are thought to come about, and how that is turned round.
 *
 * The model. On an observed day t there are y twitches, negative binomial with mean μ and variance μ + δ²μ², and
 *
 *     log μₜ = b·xₜ + uₜ
 *
 * x has a column of ones, the time in weeks, and for each habit: the level of the day (lag 0), the level of the day before
 * (lag 1) and, where withdrawal can do it, by how much it fell since the day before (0 when it did not). Columns are in the
 * habit's own steps ("100 mg"), about their means. u is a stationary AR(1) process of standard deviation σ and autocorrelation ρ in
 * (0, 1): bad weeks run together, and days of one bad week are not so many witnesses.
 *
 * Priors. Each coefficient of a habit is normal about no effect with the habit's own standard deviation times a common τ; a lag
 * has half of it, because most of what a habit does it does at once, and a drop a quarter: it falls when the level does, so what is given
 * to one is taken from the other, and the level is what a person can do something about. τ is log-normal about 1 and learnt: ten habits
 * of which none does anything pull each other towards nothing. It cannot pull far (TAU_LOG_SD), so that one trigger among nine
 * bystanders keeps its size. σ and δ are exponential (the simplest model is the likeliest: Simpson et al. 2017), logit ρ is normal. The
 * level and the trend are all but free.
 *
 * What is not known. An exposure that was not noted is a random variable: its mean and variance given what is known around it
 * (habits of the same day, its own days before and after) by linear prediction. Integrated over, it makes the day's mean
 * larger by exp(v/2) and its variance larger, v = Σ b² var(x): a negative binomial with 1 + δₜ² = (1 + δ²) exp(v), by moments. A day
 * of which little is known so says little. v is taken at the current b. A day without a count has no likelihood; u goes through it.
 *
 * Inference is that of Rue, Martino & Chopin (2009, JRSS B 71): for fixed hyperparameters θ = (log σ, logit ρ, log δ) the posterior of
 * (u, b) is all but Gaussian. Its mode is found by Newton's method on an arrow: u tridiagonal, b a dense border.
 * π(θ | y) follows by Laplace; its mode is found, and the marginals of b are mixtures over points around it (points.c). τ
 * touches b alone, so it is integrated inside each point at the cost of a small dense matrix. To second order the mean lies beside the mode and
 * the marginal is skew; both are worked out once, in the centre, from the third derivative of the likelihood (as the simplified
 * Laplace approximation does), which matters when twitches are few.
 *
 * The level is told as the logarithm of the *mean* of a day, α + σ²/2. A short diary cannot tell whether days differ by u or by δ, and
 * the median of a day would hang on that; the mean does not.
 *
 * Nothing here is drawn at random: the same diary gives the same answer. Cost: O(days · columns²) a point.
 */
#ifndef QUIVER_NOF1_MODEL_H
#define QUIVER_NOF1_MODEL_H

#include <quiver/nof1.h>

/* ---- priors ------------------------------------------------------------------------------------------------------------- */

#define LEVEL_PRIOR_MEAN 1.0 /* of log twitches a day */
#define LEVEL_PRIOR_SD 2.5
#define TREND_PRIOR_SD 0.35 /* a week: nothing is said of a trend that doubles in a fortnight, or halves */
#define LATER_SCALE 0.5     /* a lag, to the level of the day */
#define DROP_SCALE 0.25     /* a drop, which shares most of its evidence with the level */
#define TAU_LOG_SD 0.3      /* of log τ */
#define SD_PRIOR_RATE 1.8   /* of σ and of δ: above 1.7 with 5 % */
#define RHO_PRIOR_MEAN 0.5  /* of logit ρ */
#define RHO_PRIOR_SD 1.5

/* ---- the table as columns (design.c) ------------------------------------------------------------------------------------ */

enum { COLUMN_LEVEL, COLUMN_TREND, COLUMN_FIRST };
#define COLUMNS_MAX (COLUMN_FIRST + 3 * QV_FACTORS_MAX)
#define DAYS_PER_WEEK 7.0

struct column {
    uint32_t factor;
    int32_t lag_days;
    bool drop;
    uint32_t known_days; /* observed days on which it is known */
    double spread;       /* standard deviation over observed days, in steps; 0: it never varies */
    double prior_sd;     /* at τ = 1 */
};

struct design {
    uint32_t days, observed, columns, stride; /* stride: columns, rounded up to SIMD's taste */
    const double *y;                          /* [days]; NaN: not observed */
    double *x;                                /* [days][stride] */
    double *blur; /* [days][stride]: variance of what x is the mean of; NULL: all is known */
    struct column column[COLUMNS_MAX];
    double together[QV_FACTORS_MAX][QV_FACTORS_MAX]; /* correlations of levels on days when both are known */
};

int design_make(const struct qv_days *days, struct qv_arena *arena, struct design *out,
                struct qv_error *error) QV_MUST_CHECK;

/* ---- the arrow (arrow.c) ------------------------------------------------------------------------------------------------- */

/*
 * Tridiagonal, symmetric, positive definite, of n rows: A = L D Lᵀ. `below` of row i is L(i, i − 1).
 */
struct tridiagonal {
    uint32_t n;
    double *inverse_pivot, *below;
};

/** Factors diagonal[] with the constant @p off beside it. Returns log |A|. */
double tridiagonal_factor(struct tridiagonal *a, const double *diagonal, double off);
void tridiagonal_solve(const struct tridiagonal *a, double *x);
/** Diagonal of A⁻¹. */
void tridiagonal_inverse_diagonal(const struct tridiagonal *a, double *out);
/** A X = diag(w) B for @p columns right sides at once, rows @p stride apart. */
void tridiagonal_solve_rows(const struct tridiagonal *a, const double *w, const double *b, uint32_t columns,
                            uint32_t stride, double *x);

/** Small dense matrices, rows @p stride apart, lower triangle. False: not positive definite. */
bool dense_factor(double *a, uint32_t n, uint32_t stride);
/**
 * Factors a copy of what is positive definite but for rounding (two habits that are one to the last digit), with as little added
 * to its diagonal as makes it so. False: it is nothing of the kind.
 */
bool dense_factor_near(const double *a, uint32_t n, uint32_t stride, double *out);
void dense_solve(const double *l, uint32_t n, uint32_t stride, double *x);
double dense_log_determinant(const double *l, uint32_t n, uint32_t stride);
/** The full inverse, both triangles, of what was factored. */
void dense_inverse(const double *l, uint32_t n, uint32_t stride, double *out);
void dense_inverse_diagonal(const double *l, uint32_t n, uint32_t stride, double *out);
/** a += Σ w x yᵀ over rows, lower triangle; where w is 0 the row is passed over. */
void dense_add_products(double *a, uint32_t n, uint32_t stride, uint32_t rows, const double *w, const double *x,
                        const double *y);

/* ---- the posterior for fixed hyperparameters (field.c) ------------------------------------------------------------------ */

enum { LOG_SD, LOGIT_RHO, LOG_DELTA, HYPERS };

struct hyper {
    double at[HYPERS];
};

/* What a point of hyperparameters leaves behind: b and the precision of its posterior (u integrated out). */
struct fit {
    struct hyper theta;
    double b[COLUMNS_MAX];
    double *precision; /* [columns][stride], both triangles */
};

struct field {
    const struct design *design;
    const struct hyper *near; /* where the summit of a diary much like it lay; NULL: not known */
    double sd, rho, delta;
    double *u, *eta;
    double *overdispersion; /* δ² of the day, blur included */
    double *extra;          /* v of the day */
    double b[COLUMNS_MAX];
    double prior_precision[COLUMNS_MAX];

    /* work */
    struct tridiagonal t;
    double *slope, *weight, *diagonal, *step, *along;
    double *effective; /* [days][stride]: x less what u makes up for */
    double *schur;     /* [columns][stride] */
    double *factor;    /* its Cholesky factor */
    bool has_factor;
};

int field_init(struct field *field, const struct design *design, struct qv_arena *arena,
               struct qv_error *error) QV_MUST_CHECK;
/** Takes what is not known of the exposures to act through the current b. */
void field_blur(struct field *field);
/**
 * Goes to the mode for θ, from where it stands. Returns log π(θ | y) up to a constant. Unless @p exact, log |precision of b| is that of the
 * last exact call, which costs O(days · columns) instead of O(days · columns²).
 */
double field_fit(struct field *field, const struct hyper *theta, bool exact);
#define LOG_MU_MOST 100.0 /* beyond all counts, where arithmetic still holds */
/** Log prior of θ. */
double hyper_log_prior(const struct hyper *theta);

/* What the second order adds to a Gaussian at the mode. */
struct correction {
    double shift[COLUMNS_MAX];    /* mean less mode */
    double skewness[COLUMNS_MAX]; /* of the marginals */
};
void field_correct(struct field *field, const double *covariance, struct correction *out);

/* ---- integration over hyperparameters (points.c) ------------------------------------------------------------------------ */

#define TAU_POINTS 3
#define POINTS_MAX 400

/* The marginal posterior of each b: a mixture of skewed normals. */
struct mixture {
    uint32_t count, columns, stride;
    double *weight;    /* [count] */
    double *mean, *sd; /* [count][stride] */
    const struct correction *correction;
};

struct posterior {
    struct mixture mixture;
    struct correction correction;
    struct fit centre;
    double sd, rho, delta; /* posterior means */
};

int posterior_find(struct field *field, struct qv_arena *arena, struct posterior *out,
                   struct qv_error *error) QV_MUST_CHECK;
double mixture_below(const struct mixture *mixture, uint32_t column, double value);
double mixture_quantile(const struct mixture *mixture, uint32_t column, double probability);

#endif
