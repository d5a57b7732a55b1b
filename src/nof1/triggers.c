/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the posterior to verdicts. All rules are here.
 *
 * A habit is a likely trigger at the probability that a bystander reaches in one diary of fifty (2 %), spent unevenly on
 * its rows: 1.2 % on the same day, which is where most habits act, and 0.4 % each on the day after and on the drop. A
 * possible trigger is one that a bystander is in one of ten.
 *
 * An effect worth knowing is a rate that is WORTH times as large, or as small, for one step. Where the interval leaves none of
 * that size, there is no clear effect, and that is knowledge. Where it does, the question is whether one of that size
 * would have been found with a probability of POWER: if not, there are not enough data, and
 *
 *     days needed = days observed · (1/s*² − prior) / learnt,     s* = log WORTH / (z of the verdict + z of POWER)
 *
 * where s* is the standard deviation at which it would be, and `learnt` is what the diary has added to the prior's precision: that grows
 * with its days, and the prior does not.
 *
 * Habits that move together share their evidence, and a prior divides it between them, so that both may look guilty of what one did. Their
 * verdicts need evidence of their own: what is left with a prior so wide (ALONE) that it divides nothing.
 */
#include "model.h"

#include <assert.h>
#include <math.h>

#define WORTH 1.3
#define Z_POWER 0.8416     /* of 80 % */
#define LIKELY_NOW 0.985   /* the level of the day */
#define LIKELY_LATER 0.995 /* the day after, the drop */
#define Z_LIKELY_NOW 2.2571
#define Z_LIKELY_LATER 2.6521
#define POSSIBLE 0.9
#define ENTWINED 0.7     /* correlation: half of the variance of one is the other's */
#define ENTWINED_DAYS 10 /* before that, any two may seem so */
#define ALONE 10.0       /* times its usual prior */
#define DAYS_LEAST 14    /* every day of the week twice */
#define KNOWN_LEAST 10
#define LEARNT_LEAST 1e-3 /* of the prior's precision: less is no diary to extrapolate from */
#define Z_INTERVAL 1.959964

const char *qv_trigger_verdict_id(enum qv_trigger_verdict verdict)
{
    static const char *const ids[] = {
        [QV_NOT_ENOUGH_DATA] = "not_enough_data",     [QV_NO_CLEAR_EFFECT] = "no_clear_effect",
        [QV_POSSIBLE_TRIGGER] = "possible_trigger",   [QV_LIKELY_TRIGGER] = "likely_trigger",
        [QV_LIKELY_PROTECTIVE] = "likely_protective",
    };
    assert((size_t)verdict < sizeof ids / sizeof ids[0]);
    return ids[verdict];
}

static struct qv_ratio ratio_of(const struct mixture *m, uint32_t column)
{
    return (struct qv_ratio){exp(mixture_quantile(m, column, 0.5)), exp(mixture_quantile(m, column, 0.025)),
                             exp(mixture_quantile(m, column, 0.975))};
}

/* ---- habits that move together ------------------------------------------------------------------------------------------ */

static bool are_entwined(const struct qv_days *days, const struct design *d, uint32_t j, uint32_t k)
{
    if (fabs(d->together[j][k]) < ENTWINED)
        return false;
    uint32_t both = 0;
    for (uint32_t t = 0; t < days->day_count; t++)
        both += !isnan(days->exposures[(size_t)j * days->day_count + t]) &&
                !isnan(days->exposures[(size_t)k * days->day_count + t]);
    return both >= ENTWINED_DAYS;
}

static int name_entwined(const struct qv_days *days, const struct design *d, struct qv_arena *arena,
                         struct qv_triggers *out, struct qv_error *error)
{
    struct qv_entwined *pairs = qv_arena_alloc(arena, QV_FACTORS_MAX * (QV_FACTORS_MAX - 1) / 2, sizeof *pairs);
    if (!pairs)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    for (uint32_t j = 0; j < days->factor_count; j++) {
        for (uint32_t k = j + 1; k < days->factor_count; k++) {
            if (are_entwined(days, d, j, k))
                pairs[out->entwined_count++] = (struct qv_entwined){j, k, d->together[j][k]};
        }
    }
    out->entwined = pairs;
    return QV_OK;
}

/* ---- verdicts ----------------------------------------------------------------------------------------------------------- */

/* Probability that each entwined factor's columns raise the rate when the prior divides nothing between factors. */
static void evidence_alone(const struct design *d, const struct posterior *posterior, const struct qv_triggers *found,
                           double *raises)
{
    bool entwined[QV_FACTORS_MAX] = {false};
    for (uint32_t i = 0; i < found->entwined_count; i++)
        entwined[found->entwined[i].factor] = entwined[found->entwined[i].with] = true;
    const uint32_t p = d->columns, stride = d->stride;
    double matrix[COLUMNS_MAX * (COLUMNS_MAX + 3)], factor[COLUMNS_MAX * (COLUMNS_MAX + 3)];
    double mean[COLUMNS_MAX], variance[COLUMNS_MAX];
    memcpy(matrix, posterior->centre.precision, (size_t)p * stride * sizeof *matrix);
    for (uint32_t r = 0; r < p; r++) {
        mean[r] = 0;
        for (uint32_t c = 0; c < p; c++)
            mean[r] += matrix[r * stride + c] * posterior->centre.b[c];
    }
    for (uint32_t c = COLUMN_FIRST; c < p; c++) {
        if (entwined[d->column[c].factor])
            matrix[c * stride + c] -= (1 - 1 / (ALONE * ALONE)) / (d->column[c].prior_sd * d->column[c].prior_sd);
    }
    const bool definite = dense_factor_near(matrix, p, stride, factor);
    assert(definite);
    (void)definite;
    dense_solve(factor, p, stride, mean);
    dense_inverse_diagonal(factor, p, stride, variance);
    for (uint32_t c = COLUMN_FIRST; c < p; c++)
        raises[c] = entwined[d->column[c].factor] ? 0.5 * erfc(-mean[c] / sqrt(2 * variance[c])) : NAN;
}

/* What the diary tells of each coefficient, in precision: at the mode of the hyperparameters, the prior taken off. */
static void learn(const struct design *d, const struct posterior *posterior, double *learnt)
{
    const uint32_t p = d->columns, stride = d->stride;
    double factor[COLUMNS_MAX * (COLUMNS_MAX + 3)], variance[COLUMNS_MAX];
    const bool definite = dense_factor_near(posterior->centre.precision, p, stride, factor);
    assert(definite);
    (void)definite;
    dense_inverse_diagonal(factor, p, stride, variance);
    for (uint32_t c = 0; c < p; c++)
        learnt[c] = fmax(0, 1 / variance[c] - 1 / (d->column[c].prior_sd * d->column[c].prior_sd));
}

static double days_needed(const struct design *d, const struct column *column, double learnt, double wanted)
{
    const double prior = 1 / (column->prior_sd * column->prior_sd);
    if (column->spread <= 0 || learnt < LEARNT_LEAST * prior)
        return d->observed < DAYS_LEAST ? DAYS_LEAST : INFINITY; /* too early even to guess: then at least so many */
    const double days = ceil(d->observed * (1 / (wanted * wanted) - prior) / learnt);
    return fmax(days, fmax(DAYS_LEAST, d->observed + 1.0));
}

static void judge(const struct design *d, const struct column *column, double alone, double learnt,
                  struct qv_trigger *trigger)
{
    const bool now = !column->lag_days && !column->drop;
    /* Two habits under suspicion of one deed have half of the risk each. */
    const double risk = (1 - (now ? LIKELY_NOW : LIKELY_LATER)) / (isnan(alone) ? 1 : 2);
    const double wanted = log(WORTH) / ((now ? Z_LIKELY_NOW : Z_LIKELY_LATER) + Z_POWER);
    const double sd = log(trigger->rate.high / trigger->rate.low) / (2 * Z_INTERVAL);
    /* Of two probabilities the one that says less. */
    const double raises = isnan(alone) ? trigger->probability_raises : fmin(trigger->probability_raises, alone);
    const double lowers = isnan(alone) ? trigger->probability_raises : fmax(trigger->probability_raises, alone);
    const bool few = d->observed < DAYS_LEAST || trigger->known_days < KNOWN_LEAST || column->spread <= 0;

    trigger->days_needed = NAN;
    if (!few && raises >= 1 - risk)
        trigger->verdict = QV_LIKELY_TRIGGER;
    else if (!few && lowers <= risk)
        trigger->verdict = QV_LIKELY_PROTECTIVE;
    else if (!few && raises >= POSSIBLE)
        trigger->verdict = QV_POSSIBLE_TRIGGER;
    else if (!few && (sd <= wanted || (trigger->rate.high < WORTH && trigger->rate.low > 1 / WORTH)))
        trigger->verdict = QV_NO_CLEAR_EFFECT;
    else {
        trigger->verdict = QV_NOT_ENOUGH_DATA;
        trigger->days_needed = days_needed(d, column, learnt, wanted);
    }
}

static int find_rows(const struct design *d, const struct posterior *posterior, struct qv_arena *arena,
                     struct qv_triggers *out, struct qv_error *error)
{
    out->trigger_count = d->columns - COLUMN_FIRST;
    struct qv_trigger *rows = qv_arena_alloc(arena, out->trigger_count, sizeof *rows);
    if (!rows)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    double alone[COLUMNS_MAX] = {0}, learnt[COLUMNS_MAX] = {0};
    evidence_alone(d, posterior, out, alone);
    learn(d, posterior, learnt);
    for (uint32_t i = 0; i < out->trigger_count; i++) {
        const uint32_t c = COLUMN_FIRST + i;
        const struct column *column = &d->column[c];
        rows[i] = (struct qv_trigger){.factor = column->factor,
                                      .lag_days = column->lag_days,
                                      .drop = column->drop,
                                      .known_days = column->known_days,
                                      .rate = ratio_of(&posterior->mixture, c),
                                      .probability_raises = fmax(0, 1 - mixture_below(&posterior->mixture, c, 0))};
        judge(d, column, alone[c], learnt[c], &rows[i]);
    }
    out->triggers = rows;
    return QV_OK;
}

/* ---- the door ----------------------------------------------------------------------------------------------------------- */

/* @p summit says where that of the hyperparameters lay for a diary much like it, if @p near, and then where it lies. */
static int find(const struct qv_days *days, struct qv_arena *work, struct qv_arena *arena, bool near,
                struct hyper *summit, struct qv_triggers *out, struct qv_error *error)
{
    struct design *design = qv_arena_alloc(work, 1, sizeof *design);
    struct field *field = qv_arena_alloc(work, 1, sizeof *field);
    struct posterior *posterior = qv_arena_alloc(work, 1, sizeof *posterior);
    double *expected = qv_arena_alloc(arena, days->day_count, sizeof *expected);
    if (!design || !field || !posterior || !expected)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    int status = design_make(days, work, design, error);
    if (!status)
        status = field_init(field, design, work, error);
    field->near = near ? summit : NULL;
    if (!status)
        status = posterior_find(field, work, posterior, error);
    if (!status)
        status = name_entwined(days, design, arena, out, error);
    if (!status)
        status = find_rows(design, posterior, arena, out, error);
    if (status)
        return status;

    *summit = posterior->centre.theta;
    out->days = days;
    out->days_observed = design->observed;
    for (uint32_t t = 0; t < days->day_count; t++) {
        out->twitches += isnan(days->twitches[t]) ? 0 : days->twitches[t];
        expected[t] = exp(fmin(LOG_MU_MOST, field->eta[t] + field->extra[t] / 2));
    }
    out->expected = expected;
    out->baseline_per_day = exp(mixture_quantile(&posterior->mixture, COLUMN_LEVEL, 0.5));
    out->trend_per_week = ratio_of(&posterior->mixture, COLUMN_TREND);
    out->dispersion = posterior->delta * posterior->delta;
    out->autocorrelation = posterior->rho;
    return QV_OK;
}

/* The same day of factor @p k, with what was in the body in the place of what was taken in. */
static int look_again(const struct qv_days *days, uint32_t k, struct hyper summit, struct qv_arena *work,
                      struct qv_trigger *out, struct qv_error *error)
{
    const size_t n = days->day_count;
    double *exposures = qv_arena_alloc(work, days->factor_count * n + 1, sizeof *exposures);
    struct qv_triggers *again = qv_arena_alloc(work, 1, sizeof *again);
    if (!exposures || !again)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    struct qv_days other = *days;
    other.exposures = exposures;
    memcpy(exposures, days->exposures, days->factor_count * n * sizeof *exposures);
    memcpy(exposures + k * n, days->in_body + k * n, n * sizeof *exposures);
    const int status = find(&other, work, work, true, &summit, again, error);
    for (uint32_t i = 0; status == QV_OK && i < again->trigger_count; i++) {
        const struct qv_trigger *row = &again->triggers[i];
        if (row->factor == k && !row->lag_days && !row->drop)
            *out = *row;
    }
    return status;
}

static int look_at_bodies(const struct qv_days *days, struct hyper summit, struct qv_arena *arena,
                          struct qv_triggers *out, struct qv_error *error)
{
    struct qv_trigger *rows = qv_arena_alloc(arena, QV_FACTORS_MAX, sizeof *rows);
    if (!rows)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    int status = QV_OK;
    for (uint32_t k = 0; k < days->factor_count && days->in_body && status == QV_OK; k++) {
        if (!(days->factors[k].half_life_h > 0))
            continue;
        struct qv_arena *work = qv_arena_create(0);
        status = work ? look_again(days, k, summit, work, &rows[out->in_body_count], error)
                      : qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
        out->in_body_count += status == QV_OK;
        qv_arena_destroy(work);
    }
    out->in_body = rows;
    return status;
}

int qv_find_triggers(const struct qv_days *days, struct qv_arena *arena, struct qv_triggers **out,
                     struct qv_error *error)
{
    assert(days && arena && out);
    struct hyper summit = {0};
    struct qv_triggers *triggers = qv_arena_alloc(arena, 1, sizeof *triggers);
    struct qv_arena *work = qv_arena_create(0);
    if (!triggers || !work) {
        qv_arena_destroy(work);
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    }
    int status = find(days, work, arena, false, &summit, triggers, error);
    qv_arena_destroy(work);
    if (!status)
        status = look_at_bodies(days, summit, arena, triggers, error);
    if (!status)
        *out = triggers;
    return status;
}
