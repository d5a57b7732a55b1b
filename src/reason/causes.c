/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The causes in order, each with its interval and its reasons.
 *
 * Intervals. Every likelihood has a standard deviation on the log scale (src/knowledge/index.c says from what). The
 * log-weight of a cause is a sum of such terms and of its prior's own, all independent, so its uncertainty is normal
 * with the summed variance; one draw a cause is enough. The draws are the same for every case (src/knowledge/lattice.c).
 * The interval lies between the 2nd smallest and the 2nd largest of 61, which stand at (1 + ½) / 61 = 2.5 %.
 */
#include "engine.h"

#include <math.h>
#include <string.h>

/* Reasons are worked out for causes at least so likely, and listed from this weight on. */
#define REASONS_FROM_P 0.05
#define REASONS_FOR_FIRST 3
#define SMALLEST_REASON_DB 0.5
#define REASONS_MAX 6

/* ---- intervals ------------------------------------------------------------------------------------------------------- */

/* Adds one piece of evidence's variance for every cause; in a group, damped unless it is the strongest. */
IN_EVERY_CLONE void add_variance(const struct engine *engine, uint32_t evidence, const float *strongest,
                                 float *variance)
{
    uint32_t cell = cell_of(engine, evidence);
    const float *sd = engine->knowledge->log_ratio_sd[cell];
    const float *ratio = engine->knowledge->log_ratio[cell];
    for (uint32_t c = 0; c < COLUMNS; c++) {
        float weight = !strongest || fabsf(ratio[c]) >= strongest[c] ? 1.0f : SIGN_DAMPING;
        variance[c] += weight * weight * sd[c] * sd[c];
    }
}

IN_EVERY_CLONE void add_sign_variance(const struct engine *engine, uint32_t sign, float *variance)
{
    const struct qv_sign *group = &engine->knowledge->signs[sign];
    if (!engine->signs[sign])
        return;
    float strongest[COLUMNS];
    for (uint32_t c = 0; c < COLUMNS; c++)
        strongest[c] = fabsf(engine->signs[sign]->strongest.fair[c]);
    for (uint32_t i = 0; i < group->count; i++) {
        if (engine->levels[group->members[i]] >= 0)
            add_variance(engine, group->members[i], strongest, variance);
    }
}

VECTOR_CLONES static void log_weight_sd(const struct engine *engine, float sd[COLUMNS])
{
    float variance[COLUMNS] = {0};
    for (uint32_t c = 0; c < engine->cause_count; c++) {
        /* the prior is within `fold` of the truth 19 times in 20 */
        float prior_sd = (float)(log(engine->facts->conditions[c].prior.fold) / 1.96);
        variance[c] = prior_sd * prior_sd;
    }
    for (uint32_t s = 0; s < engine->knowledge->sign_count; s++)
        add_sign_variance(engine, s, variance);
    for (uint32_t e = 0; e < engine->knowledge->evidence_count; e++) {
        if (engine->levels[e] >= 0 && engine->knowledge->evidence[e].sign < 0 && engine->knowledge->evidence[e].weighed)
            add_variance(engine, e, NULL, variance);
    }
    for (uint32_t c = 0; c < COLUMNS; c++)
        sd[c] = sqrtf(variance[c]);
}

/* The smallest and largest values seen of every cause, and the next to them. */
struct tails {
    float lowest[COLUMNS], low[COLUMNS], high[COLUMNS], highest[COLUMNS];
};

IN_EVERY_CLONE void keep_tails(struct tails *tails, const float value[COLUMNS])
{
    for (uint32_t c = 0; c < COLUMNS; c++) {
        float above = value[c] > tails->lowest[c] ? value[c] : tails->lowest[c];
        float below = value[c] < tails->highest[c] ? value[c] : tails->highest[c];
        tails->low[c] = above < tails->low[c] ? above : tails->low[c];
        tails->high[c] = below > tails->high[c] ? below : tails->high[c];
        tails->lowest[c] = value[c] < tails->lowest[c] ? value[c] : tails->lowest[c];
        tails->highest[c] = value[c] > tails->highest[c] ? value[c] : tails->highest[c];
    }
}

VECTOR_CLONES static void draw(const struct engine *engine, const float sd[COLUMNS], struct tails *out)
{
    struct tails tails;
    for (uint32_t c = 0; c < COLUMNS; c++) {
        tails.lowest[c] = tails.low[c] = 2;
        tails.highest[c] = tails.high[c] = -1;
    }
    for (uint32_t d = 0; d < QV_DRAWS; d++) {
        const float *normal = engine->knowledge->draws[d];
        float drawn[COLUMNS], p[COLUMNS];
        for (uint32_t c = 0; c < COLUMNS; c++)
            drawn[c] = engine->total.fair[c] + sd[c] * normal[c];
        softmax(drawn, p);
        keep_tails(&tails, p);
    }
    *out = tails;
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

static double odds(double p)
{
    p = p < 1e-9 ? 1e-9 : p > 1 - 1e-9 ? 1 - 1e-9 : p;
    return p / (1 - p);
}

/* False when two odds are so near each other that the weight between them is below SMALLEST_REASON_DB, whatever rounding does. */
static bool differ(double a, double b)
{
    const double near = 1.12; /* 0.49 dB */
    return a > near * b || b > near * a;
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

static int leave_one_out(const struct engine *engine, struct without *rows)
{
    uint32_t evidence_count = engine->knowledge->evidence_count;
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
        rows->evidence = e;
        posterior(total.fair, rows->p);
        rows++;
    }
    return QV_OK;
}

static bool is_heavier(const struct qv_reason *a, const struct qv_reason *b)
{
    double x = fabs(a->weight_db), y = fabs(b->weight_db);
    return x != y ? x > y : strcmp(a->finding, b->finding) < 0;
}

/* Keeps the heaviest reasons, heaviest first. */
static void rank_reason(struct qv_reason *list, uint32_t *count, const struct qv_reason *reason)
{
    uint32_t at = *count;
    while (at > 0 && is_heavier(reason, &list[at - 1]))
        at--;
    if (at == REASONS_MAX)
        return;
    *count += *count < REASONS_MAX;
    for (uint32_t i = *count - 1; i > at; i--)
        list[i] = list[i - 1];
    list[at] = *reason;
}

static int list_reasons(const struct engine *engine, const struct without *rows, uint32_t row_count,
                        struct qv_cause *cause)
{
    struct qv_reason *for_it = qv_arena_alloc(engine->arena, REASONS_MAX, sizeof *for_it);
    struct qv_reason *against_it = qv_arena_alloc(engine->arena, REASONS_MAX, sizeof *against_it);
    if (!for_it || !against_it)
        return QV_ERR_UNAVAILABLE;
    double with = odds(engine->p[cause->condition]), with_db = 10 * log10(with);
    for (uint32_t r = 0; r < row_count; r++) {
        double without = odds((double)rows[r].p[cause->condition]);
        double weight_db = differ(with, without) ? with_db - 10 * log10(without) : 0;
        if (fabs(weight_db) < SMALLEST_REASON_DB)
            continue;
        float own = engine->knowledge->log_ratio[cell_of(engine, rows[r].evidence)][cause->condition];
        struct qv_reason reason = {.weight_db = weight_db, .by_rivals = weight_db > 0 ? own < 0 : own > 0};
        word_reason(engine, rows[r].evidence, cause->condition, &reason);
        if (weight_db > 0)
            rank_reason(for_it, &cause->for_count, &reason);
        else
            rank_reason(against_it, &cause->against_count, &reason);
    }
    cause->for_it = for_it;
    cause->against_it = against_it;
    return QV_OK;
}

/* ---- the list ------------------------------------------------------------------------------------------------------------ */

/* The causes in order, likeliest first; of equals in the order of the knowledge. */
static void order_causes(const struct engine *engine, uint32_t order[COLUMNS])
{
    double p[COLUMNS];
    for (uint32_t c = 0; c < engine->cause_count; c++) {
        uint32_t at = c;
        p[c] = stated_probability(engine, c, engine->p[c], 1);
        for (; at > 0 && p[order[at - 1]] < p[c]; at--)
            order[at] = order[at - 1];
        order[at] = c;
    }
}

/* `tails` may be NULL: then the interval is the probability alone. */
static struct qv_cause cause_of(const struct engine *engine, uint32_t c, const struct tails *tails)
{
    double p = stated_probability(engine, c, engine->p[c], 1);
    struct qv_cause cause = {.condition = c, .probability = p, .low = p, .high = p};
    if (!tails)
        return cause;
    double doubt = engine->catch_all < 0 ? 1 : engine->facts->conditions[engine->catch_all].prior.fold;
    bool outside = (int)c == engine->catch_all; /* for which doubt is what raises it */
    cause.low = fmin(p, stated_probability(engine, c, (double)tails->low[c], outside ? 1 / doubt : doubt));
    cause.high = fmax(p, stated_probability(engine, c, (double)tails->high[c], outside ? doubt : 1 / doubt));
    return cause;
}

static int give_reasons(const struct engine *engine, struct qv_cause *causes)
{
    uint32_t row_count = weighed_count(engine);
    struct without *rows = qv_arena_alloc(engine->arena, row_count, sizeof *rows);
    if (!rows || leave_one_out(engine, rows))
        return QV_ERR_UNAVAILABLE;
    for (uint32_t i = 0; i < engine->cause_count; i++) {
        if (i >= REASONS_FOR_FIRST && causes[i].probability < REASONS_FROM_P)
            break;
        if (list_reasons(engine, rows, row_count, &causes[i]))
            return QV_ERR_UNAVAILABLE;
    }
    return QV_OK;
}

int list_causes(struct engine *engine, unsigned flags, struct qv_answer *answer)
{
    struct qv_cause *causes = qv_arena_alloc(engine->arena, engine->cause_count, sizeof *causes);
    if (!causes)
        return QV_ERR_UNAVAILABLE;
    bool wants_intervals = !(flags & QV_REASON_NO_INTERVALS);
    struct tails tails;
    if (wants_intervals) {
        float sd[COLUMNS];
        log_weight_sd(engine, sd);
        draw(engine, sd, &tails);
    }
    uint32_t order[COLUMNS];
    order_causes(engine, order);
    for (uint32_t i = 0; i < engine->cause_count; i++)
        causes[i] = cause_of(engine, order[i], wants_intervals ? &tails : NULL);
    answer->causes = causes;
    answer->cause_count = engine->cause_count;
    return flags & QV_REASON_NO_REASONS ? QV_OK : give_reasons(engine, causes);
}
