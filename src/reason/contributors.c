/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose doing is a habit-related twitch? Each habit of this person has an odds ratio from its dose–response curve. The
 * habits of a set S together explain the attributable fraction v(S) = 1 − Π_{i∈S} 1/OR_i, and are given their Shapley
 * values, so that several habits share fairly, an absent habit gets none, and more of a habit never lowers its own share
 * (average attributable fractions: Eide and Gefeller 1995).
 *
 * With e_i = 1/OR_i the value of habit i is (1 − e_i) times the mean, over all orders in which habits could be added, of
 * the product of e_j over those that came before; that mean needs only the elementary symmetric polynomials of the others.
 */
#include "engine.h"

#include <math.h>
#include <stdlib.h>

#define HABITS_MAX 32

/* log odds at x on a curve whose points are interpolated in log odds and flat beyond the ends. */
static double curve_at(const struct qv_curve *curve, double x)
{
    const struct qv_curve_point *points = curve->points;
    uint32_t last = curve->point_count - 1;
    if (x <= points[0].at)
        return log(points[0].odds);
    for (uint32_t i = 1; i <= last; i++) {
        if (x < points[i].at) {
            double part = (x - points[i - 1].at) / (points[i].at - points[i - 1].at);
            return log(points[i - 1].odds) * (1 - part) + log(points[i].odds) * part;
        }
    }
    return log(points[last].odds);
}

/* The number that a curve reads: a number, or 1 and 0 for yes and no. NaN = not known. */
static double reading(const struct engine *engine, int32_t evidence)
{
    if (engine->levels[evidence] < 0)
        return NAN;
    if ((uint32_t)evidence < engine->knowledge->form.field_count && engine->values[evidence].kind == QV_NUMBER)
        return engine->values[evidence].number;
    return engine->levels[evidence];
}

/* True when the curve applies to this person; then *log_odds is set. */
static bool read_curve(const struct engine *engine, const struct qv_curve *curve,
                       const struct qv_curve_subject *subject, const struct qv_rule *rule, double *log_odds)
{
    double x = reading(engine, subject->finding);
    if (subject->per >= 0)
        x /= reading(engine, subject->per);
    if (!isfinite(x) || !qv_rule_holds(engine->knowledge, rule, &engine->situation))
        return false;
    if (subject->level >= 0) {
        if (engine->levels[subject->finding] != subject->level)
            return false;
        *log_odds = log(*curve->odds);
        return true;
    }
    *log_odds = curve_at(curve, x);
    return true;
}

static double contributor_log_odds(const struct engine *engine, uint32_t index)
{
    const struct qv_contributor *contributor = &engine->facts->contributors[index];
    double sum = 0;
    for (uint32_t p = 0; p < contributor->part_count; p++) {
        const struct qv_contributor_part *part = &contributor->parts[p];
        double log_odds;
        for (uint32_t k = 0; k < part->curve_count; k++) {
            if (read_curve(engine, &part->curves[k], &engine->knowledge->curve_subjects[index][p][k],
                           engine->knowledge->curve_rules[index][p][k], &log_odds)) {
                sum += log_odds;
                break;
            }
        }
    }
    return sum;
}

/* Shapley values of v(S) = 1 − Π e_i. */
static void shapley(const double *e, uint32_t n, double *value)
{
    for (uint32_t i = 0; i < n; i++) {
        double polynomial[HABITS_MAX] = {1}; /* elementary symmetric polynomials of the others */
        uint32_t others = 0;
        for (uint32_t j = 0; j < n; j++) {
            if (j == i)
                continue;
            others++;
            for (uint32_t k = others; k > 0; k--)
                polynomial[k] += polynomial[k - 1] * e[j];
        }
        double mean = 0, subsets = 1; /* subsets: how many sets of k others there are */
        for (uint32_t k = 0; k <= others; k++) {
            mean += polynomial[k] / subsets;
            subsets = subsets * (others - k) / (k + 1);
        }
        value[i] = (1 - e[i]) * mean / n;
    }
}

static int larger_first(const void *a, const void *b)
{
    const struct qv_share *x = a, *y = b;
    if (x->share != y->share)
        return x->share < y->share ? 1 : -1;
    return x->contributor < y->contributor ? -1 : 1;
}

int share_among_habits(struct engine *engine, struct qv_answer *answer)
{
    struct qv_share *shares = qv_arena_alloc(engine->arena, HABITS_MAX, sizeof *shares);
    if (!shares)
        return QV_ERR_UNAVAILABLE;
    double e[HABITS_MAX], value[HABITS_MAX], sum = 0;
    uint32_t n = 0;
    for (uint32_t i = 0; i < engine->facts->contributor_count && n < HABITS_MAX; i++) {
        double log_odds = contributor_log_odds(engine, i);
        if (log_odds < 1e-6)
            continue;
        shares[n] = (struct qv_share){.contributor = i, .odds = exp(log_odds)};
        e[n++] = exp(-log_odds);
    }
    shapley(e, n, value);
    for (uint32_t i = 0; i < n; i++)
        sum += value[i];
    for (uint32_t i = 0; i < n; i++)
        shares[i].share = value[i] / sum;
    qsort(shares, n, sizeof *shares, larger_first);
    answer->shares = shares;
    answer->share_count = n;
    return QV_OK;
}
