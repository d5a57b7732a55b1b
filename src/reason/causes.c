/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The causes in order, each with its interval and its reasons.
 *
 * Intervals. Every likelihood has a standard deviation on the log scale (src/knowledge/index.c says from what). The
 * log-weight of a cause is a sum of such terms and of its prior's own, all independent, so its uncertainty is normal
 * with the summed variance; one draw a cause is enough. The draws are a rank-1 lattice of 61 points: coordinate c of
 * draw d is the normal quantile of ((2^c · d + c) mod 61 + ½) / 61. 2 is a primitive root of 61, so no two of the first 30
 * causes share or mirror a sequence (Niederreiter 1978 on good lattice points). No random numbers: the same case gives the same
 * interval.
 */
#include "engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DRAWS 61
#define LATTICE_ROOT 2
/* The 95 % interval of 61 draws lies between the 2nd smallest and the 2nd largest, which stand at (1 + ½) / 61 = 2.5 %. */
#define TAIL_DRAWS 1

/* Reasons are worked out for causes at least so likely, and listed from this weight on. */
#define REASONS_FROM_P 0.05
#define REASONS_FOR_FIRST 3
#define SMALLEST_REASON_DB 0.5
#define REASONS_MAX 6

/* Φ⁻¹((i + ½) / 61) */
static const float normal_quantile[DRAWS] = {
    -2.400036f, -1.967025f, -1.739384f, -1.577180f, -1.448272f, -1.339746f, -1.245046f, -1.160362f, -1.083270f,
    -1.012131f, -0.945777f, -0.883346f, -0.824182f, -0.767771f, -0.713705f, -0.661648f, -0.611326f, -0.562507f,
    -0.514994f, -0.468616f, -0.423225f, -0.378690f, -0.334894f, -0.291732f, -0.249106f, -0.206929f, -0.165116f,
    -0.123591f, -0.082277f, -0.041104f, 0.000000f,  0.041104f,  0.082277f,  0.123591f,  0.165116f,  0.206929f,
    0.249106f,  0.291732f,  0.334894f,  0.378690f,  0.423225f,  0.468616f,  0.514994f,  0.562507f,  0.611326f,
    0.661648f,  0.713705f,  0.767771f,  0.824182f,  0.883346f,  0.945777f,  1.012131f,  1.083270f,  1.160362f,
    1.245046f,  1.339746f,  1.448272f,  1.577180f,  1.739384f,  1.967025f,  2.400036f,
};

/* ---- intervals ------------------------------------------------------------------------------------------------------- */

/* Adds one piece of evidence's variance for every cause; in a group, damped unless it is the strongest. */
static void add_variance(const struct engine *engine, uint32_t evidence, const float *strongest, float *variance)
{
    uint32_t cell = cell_of(engine, evidence);
    const float *sd = engine->knowledge->log_ratio_sd[cell];
    const float *ratio = engine->knowledge->log_ratio[cell];
    for (uint32_t c = 0; c < COLUMNS; c++) {
        float weight = !strongest || fabsf(ratio[c]) >= strongest[c] ? 1.0f : SIGN_DAMPING;
        variance[c] += weight * weight * sd[c] * sd[c];
    }
}

static void add_sign_variance(const struct engine *engine, const struct sign *sign, float *variance)
{
    if (!sign->weights)
        return;
    float strongest[COLUMNS];
    for (uint32_t c = 0; c < COLUMNS; c++)
        strongest[c] = fabsf(sign->weights->strongest.fair[c]);
    for (uint32_t i = 0; i < sign->size; i++) {
        if (engine->levels[sign->members[i]] >= 0)
            add_variance(engine, sign->members[i], strongest, variance);
    }
}

static void log_weight_sd(const struct engine *engine, float sd[COLUMNS])
{
    float variance[COLUMNS] = {0};
    for (uint32_t c = 0; c < engine->cause_count; c++) {
        /* the prior is within `fold` of the truth 19 times in 20 */
        float prior_sd = (float)(log(engine->facts->conditions[c].prior.fold) / 1.96);
        variance[c] = prior_sd * prior_sd;
    }
    for (uint32_t s = 0; s < engine->knowledge->sign_count; s++)
        add_sign_variance(engine, &engine->signs[s], variance);
    for (uint32_t e = 0; e < engine->knowledge->evidence_count; e++) {
        if (engine->levels[e] >= 0 && engine->knowledge->evidence[e].sign < 0 && engine->knowledge->evidence[e].weighed)
            add_variance(engine, e, NULL, variance);
    }
    for (uint32_t c = 0; c < COLUMNS; c++)
        sd[c] = sqrtf(variance[c]);
}

/* Keeps the few smallest and largest values seen. */
struct tails {
    float low[TAIL_DRAWS + 1], high[TAIL_DRAWS + 1];
};

static void keep_tails(struct tails *tails, float value)
{
    uint32_t i = TAIL_DRAWS;
    if (value < tails->low[i]) {
        for (; i > 0 && value < tails->low[i - 1]; i--)
            tails->low[i] = tails->low[i - 1];
        tails->low[i] = value;
    }
    i = TAIL_DRAWS;
    if (value > tails->high[i]) {
        for (; i > 0 && value > tails->high[i - 1]; i--)
            tails->high[i] = tails->high[i - 1];
        tails->high[i] = value;
    }
}

static void find_intervals(const struct engine *engine, struct tails tails[COLUMNS])
{
    float sd[COLUMNS];
    log_weight_sd(engine, sd);
    uint32_t step[COLUMNS], at[COLUMNS];
    for (uint32_t c = 0, power = 1; c < COLUMNS; c++, power = power * LATTICE_ROOT % DRAWS) {
        step[c] = power;
        at[c] = c;
        for (uint32_t i = 0; i <= TAIL_DRAWS; i++) {
            tails[c].low[i] = 2;
            tails[c].high[i] = -1;
        }
    }
    for (uint32_t d = 0; d < DRAWS; d++) {
        float log_weight[COLUMNS], p[COLUMNS];
        for (uint32_t c = 0; c < COLUMNS; c++) {
            log_weight[c] = engine->total.fair[c] + sd[c] * normal_quantile[at[c]];
            at[c] += step[c];
            at[c] -= at[c] >= DRAWS ? DRAWS : 0;
        }
        posterior(log_weight, p);
        for (uint32_t c = 0; c < engine->cause_count; c++)
            keep_tails(&tails[c], p[c]);
    }
}

/* ---- reasons ----------------------------------------------------------------------------------------------------------- */

/* What is said of one finding for one cause: the entry's own sentence where it speaks of this very level. */
static void word_reason(const struct engine *engine, uint32_t evidence, uint32_t cause, struct qv_reason *reason)
{
    const struct qv_knowledge *knowledge = engine->knowledge;
    const struct qv_evidence *e = &knowledge->evidence[evidence];
    uint32_t cell = cell_of(engine, evidence);
    bool is_finding = evidence < knowledge->form.field_count;

    reason->finding = e->id;
    reason->text = knowledge->cells[cell].phrase;
    if (is_finding) {
        reason->sources = &engine->facts->findings[evidence].sources;
        reason->grade = engine->facts->findings[evidence].grade;
    } else {
        const struct qv_pattern *pattern = &engine->facts->patterns[evidence - knowledge->form.field_count];
        reason->sources = &pattern->sources;
        reason->grade = pattern->grade;
    }
    int16_t entry = knowledge->entry[cell][cause];
    if (entry < 0)
        return;
    const struct qv_likelihood *likelihood = &engine->facts->conditions[cause].likelihoods[entry];
    reason->sources = &likelihood->sources;
    reason->grade = likelihood->grade;
    if (likelihood->text && !reason->by_rivals &&
        strcmp(knowledge->cells[cell].id, likelihood->is ? likelihood->is : "yes") == 0)
        reason->text = likelihood->text;
}

static int heavier_first(const void *a, const void *b)
{
    double x = fabs(((const struct qv_reason *)a)->weight_db), y = fabs(((const struct qv_reason *)b)->weight_db);
    return x < y   ? 1
           : x > y ? -1
                   : strcmp(((const struct qv_reason *)a)->finding, ((const struct qv_reason *)b)->finding);
}

static double logit_db(double p)
{
    p = fmin(fmax(p, 1e-9), 1 - 1e-9);
    return 10 * log10(p / (1 - p));
}

/* Everyone's posterior without one piece of evidence, a row for each that was weighed. */
struct without {
    uint32_t evidence;
    float p[COLUMNS];
};

static uint32_t weighed_count(const struct engine *engine)
{
    uint32_t count = 0;
    for (uint32_t e = 0; e < engine->knowledge->evidence_count; e++)
        count += engine->levels[e] >= 0 && engine->knowledge->evidence[e].weighed;
    return count;
}

static int leave_one_out(const struct engine *engine, struct without *rows, uint32_t *row_count)
{
    uint32_t evidence_count = engine->knowledge->evidence_count, count = 0;
    int8_t *levels = qv_arena_alloc(engine->arena, evidence_count, sizeof *levels);
    if (!levels)
        return QV_ERR_UNAVAILABLE;
    memcpy(levels, engine->levels, evidence_count * sizeof *levels);
    for (uint32_t e = 0; e < evidence_count; e++) {
        if (levels[e] < 0 || !engine->knowledge->evidence[e].weighed)
            continue;
        struct weights total = engine->total;
        levels[e] = -1;
        shift_levels(engine, levels, &(uint16_t){(uint16_t)e}, 1, &total);
        levels[e] = engine->levels[e];
        rows[count].evidence = e;
        posterior(total.fair, rows[count].p);
        count++;
    }
    *row_count = count;
    return QV_OK;
}

static int list_reasons(const struct engine *engine, const struct without *rows, uint32_t row_count,
                        struct qv_cause *cause)
{
    struct qv_reason *reasons = qv_arena_alloc(engine->arena, 2 * (size_t)row_count + 1, sizeof *reasons);
    if (!reasons)
        return QV_ERR_UNAVAILABLE;
    struct qv_reason *for_it = reasons, *against_it = reasons + row_count;
    for (uint32_t r = 0; r < row_count; r++) {
        double weight_db = logit_db(engine->p[cause->condition]) - logit_db((double)rows[r].p[cause->condition]);
        if (fabs(weight_db) < SMALLEST_REASON_DB)
            continue;
        struct qv_reason *reason = weight_db > 0 ? &for_it[cause->for_count++] : &against_it[cause->against_count++];
        float own = engine->knowledge->log_ratio[cell_of(engine, rows[r].evidence)][cause->condition];
        reason->weight_db = weight_db;
        reason->by_rivals = weight_db > 0 ? own < 0 : own > 0;
        word_reason(engine, rows[r].evidence, cause->condition, reason);
    }
    qsort(for_it, cause->for_count, sizeof *for_it, heavier_first);
    qsort(against_it, cause->against_count, sizeof *against_it, heavier_first);
    cause->for_it = for_it;
    cause->against_it = against_it;
    cause->for_count = cause->for_count < REASONS_MAX ? cause->for_count : REASONS_MAX;
    cause->against_count = cause->against_count < REASONS_MAX ? cause->against_count : REASONS_MAX;
    return QV_OK;
}

/* ---- the list ------------------------------------------------------------------------------------------------------------ */

static int likelier_first(const void *a, const void *b)
{
    const struct qv_cause *x = a, *y = b;
    if (x->probability != y->probability)
        return x->probability < y->probability ? 1 : -1;
    return x->condition < y->condition ? -1 : 1;
}

int list_causes(struct engine *engine, unsigned flags, struct qv_answer *answer)
{
    struct qv_cause *causes = qv_arena_alloc(engine->arena, engine->cause_count, sizeof *causes);
    struct without *rows = qv_arena_alloc(engine->arena, weighed_count(engine), sizeof *rows);
    if (!causes || !rows)
        return QV_ERR_UNAVAILABLE;

    struct tails tails[COLUMNS];
    if (!(flags & QV_REASON_NO_INTERVALS))
        find_intervals(engine, tails);
    double doubt = engine->catch_all < 0 ? 1 : engine->facts->conditions[engine->catch_all].prior.fold;
    for (uint32_t c = 0; c < engine->cause_count; c++) {
        double p = stated_probability(engine, c, engine->p[c], 1);
        causes[c] = (struct qv_cause){.condition = c, .probability = p, .low = p, .high = p};
        if (flags & QV_REASON_NO_INTERVALS)
            continue;
        bool outside = (int)c == engine->catch_all; /* for which doubt is what raises it */
        double low = (double)tails[c].low[TAIL_DRAWS], high = (double)tails[c].high[TAIL_DRAWS];
        causes[c].low = fmin(p, stated_probability(engine, c, low, outside ? 1 / doubt : doubt));
        causes[c].high = fmax(p, stated_probability(engine, c, high, outside ? doubt : 1 / doubt));
    }
    qsort(causes, engine->cause_count, sizeof *causes, likelier_first);

    if (!(flags & QV_REASON_NO_REASONS)) {
        uint32_t row_count;
        if (leave_one_out(engine, rows, &row_count))
            return QV_ERR_UNAVAILABLE;
        for (uint32_t i = 0; i < engine->cause_count; i++) {
            if (i >= REASONS_FOR_FIRST && causes[i].probability < REASONS_FROM_P)
                break;
            if (list_reasons(engine, rows, row_count, &causes[i]))
                return QV_ERR_UNAVAILABLE;
        }
    }
    answer->causes = causes;
    answer->cause_count = engine->cause_count;
    return QV_OK;
}
