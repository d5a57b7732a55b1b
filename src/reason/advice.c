/* SPDX-License-Identifier: Apache-2.0 */
/* Advice and tests for this person: offered by a habit's share, by a cause, or by a rule; withheld by `unless`. */
#include "engine.h"

#include <stdlib.h>

/* docs/rooms/knowledge.md states these to the authors of advice. */
#define ADVICE_FROM_SHARE 0.1
#define ADVICE_FROM_P 0.15
/* Tests are named for causes that a doctor would want to settle. */
#define TESTS_FROM_P 0.1

/* What answers a habit of theirs is read before what answers a cause, and that before what is for everyone. */
#define FOR_EVERYONE 1.0
#define BY_CAUSE 2.0
#define BY_HABIT 4.0

/* How much of this person's answer an advice speaks to; 0 = not for them. */
static double relevance(const struct engine *engine, const struct qv_answer *answer, uint32_t index)
{
    const struct qv_advice *advice = &engine->facts->advice[index];
    double best = 0;
    for (uint32_t i = 0; i < advice->contributors.count; i++) {
        for (uint32_t s = 0; s < answer->share_count; s++) {
            const struct qv_share *share = &answer->shares[s];
            if (share->contributor == engine->knowledge->advice_contributors[index][i] &&
                share->share >= ADVICE_FROM_SHARE && BY_HABIT + share->share > best)
                best = BY_HABIT + share->share;
        }
    }
    for (uint32_t i = 0; i < advice->conditions.count; i++) {
        double p = engine->p[engine->knowledge->advice_conditions[index][i]];
        if (p >= ADVICE_FROM_P && BY_CAUSE + p > best)
            best = BY_CAUSE + p;
    }
    if (advice->contributors.count == 0 && advice->conditions.count == 0)
        best = FOR_EVERYONE;
    return best;
}

static bool level_fits(const struct qv_advice *advice, enum qv_level level)
{
    if (advice->level)
        return *advice->level == level;
    return !advice->level_at_most || level <= *advice->level_at_most;
}

struct choice {
    uint32_t advice;
    int place; /* 0 tied to the level, 1 to do, 2 to discuss */
    double relevance;
};

/* What is tied to the level itself first, what is to be discussed last; within these the most relevant. */
static int order_of_reading(const void *a, const void *b)
{
    const struct choice *x = a, *y = b;
    if (x->place != y->place)
        return x->place - y->place;
    if (x->relevance != y->relevance)
        return x->relevance < y->relevance ? 1 : -1;
    return x->advice < y->advice ? -1 : 1;
}

int choose_advice(struct engine *engine, struct qv_answer *answer)
{
    uint32_t total = engine->facts->advice_count, count = 0;
    struct choice *choices = qv_arena_alloc(engine->arena, total, sizeof *choices);
    uint32_t *list = qv_arena_alloc(engine->arena, total, sizeof *list);
    if (!choices || !list)
        return QV_ERR_UNAVAILABLE;

    for (uint32_t a = 0; a < total; a++) {
        const struct qv_advice *advice = &engine->facts->advice[a];
        const struct qv_knowledge *knowledge = engine->knowledge;
        if (!level_fits(advice, engine->level))
            continue;
        double relevant = relevance(engine, answer, a);
        if (relevant <= 0 || !qv_rule_holds(knowledge, knowledge->advice_if[a], &engine->situation) ||
            (knowledge->advice_unless[a] && qv_rule_holds(knowledge, knowledge->advice_unless[a], &engine->situation)))
            continue;
        choices[count++] = (struct choice){a, advice->level ? 0 : advice->when == QV_WHEN_DISCUSS ? 2 : 1, relevant};
    }
    qsort(choices, count, sizeof *choices, order_of_reading);
    for (uint32_t i = 0; i < count; i++)
        list[i] = choices[i].advice;
    answer->advice = list;
    answer->advice_count = count;
    return QV_OK;
}

int choose_tests(struct engine *engine, struct qv_answer *answer)
{
    const struct qv_facts *facts = engine->facts;
    uint32_t *list = qv_arena_alloc(engine->arena, facts->test_count, sizeof *list);
    bool *listed = qv_arena_alloc(engine->arena, facts->test_count, sizeof *listed);
    if (!list || !listed)
        return QV_ERR_UNAVAILABLE;

    uint32_t count = 0;
    for (uint32_t i = 0; i < answer->cause_count && answer->causes[i].probability >= TESTS_FROM_P; i++) {
        uint32_t condition = answer->causes[i].condition;
        for (uint32_t k = 0; k < facts->conditions[condition].tests.count; k++) {
            uint32_t test = engine->knowledge->condition_tests[condition][k];
            if (listed[test] || !qv_rule_holds(engine->knowledge, engine->knowledge->test_if[test], &engine->situation))
                continue;
            listed[test] = true;
            list[count++] = test;
        }
    }
    answer->tests = list;
    answer->test_count = count;
    return QV_OK;
}
