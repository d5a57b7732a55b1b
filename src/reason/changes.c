/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What would change this: every finding is given each value that it does not have, and what makes a difference is listed.
 */
#include "probe.h"

#include <math.h>
#include <stdlib.h>

/* A leading cause that moves by so much has changed. */
#define MATERIAL_SHIFT 0.20
/* Changes listed at most for each level that they would lead to; more is not read, and one level must not crowd out another. */
#define CHANGES_A_LEVEL 5
#define CHANGES_MAX (QV_LEVEL_COUNT * CHANGES_A_LEVEL)

/* The most decisive changes to one level, first first. */
struct ranked {
    struct qv_change at[CHANGES_A_LEVEL];
    double scores[CHANGES_A_LEVEL];
    uint32_t count;
};

/* Laboratory values and measurements are not things that "would be so"; they are made or not. */
static bool can_happen(const struct qv_finding *finding)
{
    return finding->section != QV_SECTION_LABORATORY && finding->section != QV_SECTION_MEASURED &&
           finding->section != QV_SECTION_PERSON && finding->type != QV_FIELD_MEDICINES;
}

/* Unanswered or absent; of numbers that were given, the neighbouring levels (a twitch goes on, a habit grows). */
static bool is_other_than_now(const struct engine *engine, uint32_t finding, uint32_t level)
{
    int now = engine->levels[finding];
    switch (engine->facts->findings[finding].type) {
    case QV_FIELD_YES_NO:
        return level == 1 && now != 1;
    case QV_FIELD_NUMBER:
        return now < 0 || (int)level == now + 1;
    case QV_FIELD_CHOICE:
        return now < 0;
    case QV_FIELD_CHOICES:
        return !(engine->values[finding].words >> level & 1);
    default:
        return false;
    }
}

/* 0 = no matter. A level outranks a leading cause, which outranks a shift of it; of equals the likelier answer. */
static double decisiveness(const struct engine *engine, uint32_t finding, uint32_t level, const struct probe *probe)
{
    double shift = fabs((double)probe->shifted.p[engine->leading] - engine->p[engine->leading]);
    bool level_changes = probe->level != engine->level, leading_changes = probe->shifted.leading != engine->leading;
    if (!level_changes && !leading_changes && shift < MATERIAL_SHIFT)
        return 0;
    double share = answer_share(engine, finding, level, probe);
    return 10 * abs((int)probe->level - (int)engine->level) + 2 * leading_changes + shift + fmin(share, 1);
}

static void rank(struct ranked *ranked, const struct qv_change *change, double score)
{
    uint32_t at = ranked->count;
    while (at > 0 && ranked->scores[at - 1] < score)
        at--;
    if (at == CHANGES_A_LEVEL)
        return;
    if (ranked->count < CHANGES_A_LEVEL)
        ranked->count++;
    for (uint32_t i = ranked->count - 1; i > at; i--) {
        ranked->at[i] = ranked->at[i - 1];
        ranked->scores[i] = ranked->scores[i - 1];
    }
    ranked->at[at] = *change;
    ranked->scores[at] = score;
}

static void try_value(struct prober *prober, uint32_t finding, uint32_t level, struct ranked ranked[QV_LEVEL_COUNT])
{
    const struct engine *engine = prober->engine;
    struct probe probe;
    probe_answer(prober, finding, level, false, &probe);
    double score = decisiveness(engine, finding, level, &probe);
    if (score <= 0)
        return;
    uint32_t cause = probe.shifted.leading, cell = engine->knowledge->evidence[finding].first_cell + level;
    struct qv_change change = {
        .finding = finding,
        .value = answer_at(engine, finding, level),
        .phrase = engine->knowledge->cells[cell].phrase,
        .level = probe.level,
        .top_cause = cause,
        .probability = stated_probability(engine, cause, (double)probe.shifted.p[cause], 1),
    };
    rank(&ranked[probe.level], &change, score);
}

/* All levels' changes in one list, most decisive first; of equals those to the more urgent level. */
static uint32_t merge(const struct ranked ranked[QV_LEVEL_COUNT], struct qv_change *out)
{
    uint32_t next[QV_LEVEL_COUNT] = {0}, count = 0;
    for (;;) {
        int best = -1;
        for (int level = QV_LEVEL_COUNT - 1; level >= 0; level--) {
            if (next[level] < ranked[level].count &&
                (best < 0 || ranked[level].scores[next[level]] > ranked[best].scores[next[best]]))
                best = level;
        }
        if (best < 0)
            return count;
        out[count++] = ranked[best].at[next[best]++];
    }
}

int list_changes(struct prober *prober, struct qv_answer *answer)
{
    const struct engine *engine = prober->engine;
    struct qv_change *changes = qv_arena_alloc(engine->arena, CHANGES_MAX, sizeof *changes);
    if (!changes)
        return QV_ERR_UNAVAILABLE;
    struct ranked ranked[QV_LEVEL_COUNT];
    for (uint32_t level = 0; level < QV_LEVEL_COUNT; level++)
        ranked[level].count = 0;
    for (uint32_t f = 0; f < engine->facts->finding_count; f++) {
        if (!prober->worth[f] || !can_happen(&engine->facts->findings[f]))
            continue;
        bool posterior_only = changes_posterior_only(prober, f);
        for (uint32_t level = answer_count(engine, f); level-- > 0;) {
            if (is_other_than_now(engine, f, level) &&
                !(posterior_only && is_shrugged_off(prober, f, level, (float)MATERIAL_SHIFT)))
                try_value(prober, f, level, ranked);
        }
    }
    answer->changes = changes;
    answer->change_count = merge(ranked, changes);
    return QV_OK;
}
