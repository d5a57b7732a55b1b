/* SPDX-License-Identifier: Apache-2.0 */
/* What simpler programs would say of the same case; the bench prints them beside the answer. */
#include "engine.h"

#include <string.h>

static void top_three(const float p[COLUMNS], uint32_t count, struct qv_baseline_answer *out)
{
    bool taken[COLUMNS] = {false};
    for (int place = 0; place < 3; place++) {
        int best = -1;
        for (uint32_t c = 0; c < count; c++) {
            if (!taken[c] && (best < 0 || p[c] > p[best]))
                best = (int)c;
        }
        out->top[place] = best;
        if (best >= 0)
            taken[best] = true;
    }
}

/* Every finding counts fully, groups or not; no patterns, which are readings of the same findings again. */
static void plain_bayes(const struct engine *engine, float p[COLUMNS])
{
    float total[COLUMNS];
    memcpy(total, engine->log_prior, sizeof total);
    for (uint32_t e = 0; e < engine->knowledge->form.field_count; e++) {
        if (engine->levels[e] < 0)
            continue;
        const float *row = engine->knowledge->log_ratio[cell_of(engine, e)];
        for (uint32_t c = 0; c < COLUMNS; c++)
            total[c] += row[c];
    }
    posterior(total, p);
}

int qv_reason_baseline(const struct qv_knowledge *knowledge, const struct qv_case *c, enum qv_baseline baseline,
                       struct qv_arena *arena, struct qv_baseline_answer *out, struct qv_error *error)
{
    struct qv_answer answer = {0};
    struct engine engine;
    int status = engine_begin(&engine, knowledge, c, arena, &answer, error);
    if (status)
        return status;

    float p[COLUMNS] = {0};
    struct qv_baseline_answer result = {.top = {-1, -1, -1}};
    switch (baseline) {
    case QV_BASELINE_RULES_ONLY: /* knows levels, no causes: the commonest ones for everyone */
        result.level = engine.rules_level;
        posterior(engine.log_prior, p);
        break;
    case QV_BASELINE_NAIVE_BAYES:
        plain_bayes(&engine, p);
        for (uint32_t i = 0; i < engine.cause_count; i++) {
            const struct qv_urgency *urgency = &engine.facts->conditions[i].urgency;
            if ((double)p[i] >= urgency->at && urgency->level > result.level)
                result.level = urgency->level;
        }
        break;
    case QV_BASELINE_ALWAYS_DOCTOR:
        result.level = QV_ROUTINE;
        posterior(engine.log_prior, p);
        break;
    }
    top_three(p, engine.cause_count, &result);
    for (uint32_t i = 0; i < engine.cause_count; i++)
        result.probability[i] = (double)p[i];
    *out = result;
    return QV_OK;
}
