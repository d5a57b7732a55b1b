/* SPDX-License-Identifier: Apache-2.0 */
/* Looking things up in diary.yaml. */
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
