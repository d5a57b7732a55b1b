/* SPDX-License-Identifier: Apache-2.0 */
/* What diary.yaml says of one person: of several entries the first whose rule holds. */
#include "index.h"

#include <string.h>

int qv_knowledge_habit(const struct qv_knowledge *knowledge, const char *id)
{
    for (uint32_t i = 0; i < knowledge->facts->habit_count; i++) {
        if (strcmp(knowledge->facts->habits[i].id, id) == 0)
            return (int)i;
    }
    return -1;
}

static uint32_t first_that_holds(const struct qv_knowledge *knowledge, const struct qv_rule **rules, uint32_t count,
                                 const struct qv_situation *situation)
{
    uint32_t i = 0;
    while (i < count && !qv_rule_holds(knowledge, rules[i], situation))
        i++;
    return i;
}

const struct qv_half_life *qv_habit_half_life(const struct qv_knowledge *knowledge, uint32_t habit,
                                              const struct qv_situation *situation)
{
    const struct qv_habit *h = &knowledge->facts->habits[habit];
    uint32_t i = first_that_holds(knowledge, knowledge->half_life_rules[habit], h->half_life_count, situation);
    return i < h->half_life_count ? &h->half_lives[i] : NULL;
}

const struct qv_trial_refusal *qv_habit_refusal(const struct qv_knowledge *knowledge, uint32_t habit,
                                                const struct qv_situation *situation)
{
    const struct qv_habit *h = &knowledge->facts->habits[habit];
    uint32_t i = first_that_holds(knowledge, knowledge->refusal_rules[habit], h->refusal_count, situation);
    return i < h->refusal_count ? &h->refusals[i] : NULL;
}

bool qv_diary_rule_holds(const struct qv_diary_rule *rule, const double *measures)
{
    for (uint32_t i = 0; i < rule->condition_count; i++) {
        const struct qv_diary_condition *c = &rule->conditions[i];
        double value = measures[c->measure];
        /* Written so that NaN fulfils none of them. */
        bool holds = value == value && (!c->least || value >= *c->least) && (!c->most || value <= *c->most) &&
                     (!c->above || value > *c->above) && (!c->below || value < *c->below);
        if (!holds)
            return false;
    }
    return true;
}
