/* SPDX-License-Identifier: Apache-2.0 */
/* Why the level is what it is. The level itself is settled in engine_begin(). */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

/* Hours of an ISO 8601 duration of the kind PTnH or PnD, the only kinds that the knowledge uses. */
static double duration_hours(const char *duration)
{
    if (strncmp(duration, "PT", 2) == 0)
        return strtod(duration + 2, NULL);
    return 24 * strtod(duration + 1, NULL);
}

static bool already_said(const struct qv_because *list, uint32_t count, const char *text)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(list[i].text, text) == 0)
            return true;
    }
    return false;
}

static uint32_t add_red_flags(const struct engine *engine, enum qv_level level, struct qv_because *list, uint32_t count)
{
    for (uint32_t i = 0; i < engine->firing_count; i++) {
        const struct qv_red_flag *flag = &engine->facts->red_flags[engine->firing[i]];
        if (flag->level == level && !already_said(list, count, flag->text))
            list[count++] = (struct qv_because){flag->id, flag->text, flag->within, &flag->sources, level};
    }
    return count;
}

static uint32_t add_causes(const struct engine *engine, enum qv_level level, const float cautious[COLUMNS],
                           struct qv_because *list, uint32_t count)
{
    for (uint32_t c = 0; c < engine->cause_count; c++) {
        const struct qv_condition *condition = &engine->facts->conditions[c];
        double probability = level <= QV_ROUTINE ? engine->p[c] : (double)cautious[c];
        if (condition->urgency.level != level || probability < condition->urgency.at)
            continue;
        const struct qv_level_info *info = qv_knowledge_level(engine->knowledge, level);
        list[count++] = (struct qv_because){condition->id, condition->urgency.text, info ? info->within : "P14D",
                                            &condition->urgency.sources, level};
    }
    return count;
}

int explain_level(struct engine *engine, struct qv_answer *answer)
{
    size_t room = engine->firing_count + engine->cause_count + 1;
    struct qv_because *list = qv_arena_alloc(engine->arena, room, sizeof *list);
    if (!list)
        return QV_ERR_UNAVAILABLE;

    uint32_t count = 0;
    float cautious[COLUMNS];
    cautious_probabilities(&engine->total, cautious);
    for (int level = QV_EMERGENCY; level >= QV_ROUTINE; level--) {
        count = add_red_flags(engine, (enum qv_level)level, list, count);
        count = add_causes(engine, (enum qv_level)level, cautious, list, count);
    }
    const struct qv_level_info *info = qv_knowledge_level(engine->knowledge, engine->level);
    const char *within = info ? info->within : "P14D";
    if (count == 0 && info)
        list[count++] = (struct qv_because){"no_red_flag", info->text, info->within, &info->sources, engine->level};

    for (uint32_t i = 0; i < count; i++) {
        if (list[i].level == engine->level && duration_hours(list[i].within) < duration_hours(within))
            within = list[i].within;
    }
    /* A red flag may allow more time than its level usually does, when it is the only one at that level. */
    if (count == 1 || (count > 1 && list[1].level != engine->level))
        within = list[0].within;

    answer->level = engine->level;
    answer->within = within;
    answer->because = list;
    answer->because_count = count;
    return QV_OK;
}
