/* SPDX-License-Identifier: Apache-2.0 */
#include <quiver/consult.h>

#include <math.h>

#define PARTS_MAX 6 /* of a combined medicine */

static struct qv_dose *doses_of(const struct qv_knowledge *knowledge, const struct qv_case *c, struct qv_arena *arena,
                                struct qv_situation *situation)
{
    struct qv_dose *doses = qv_arena_alloc(arena, (size_t)c->medicine_count * PARTS_MAX + 1, sizeof *doses);
    for (uint32_t m = 0; doses && m < c->medicine_count; m++) {
        const struct qv_case_medicine *medicine = &c->medicines[m];
        uint32_t parts[PARTS_MAX];
        const uint32_t found = qv_knowledge_medicines(knowledge, medicine->name, parts, PARTS_MAX);
        for (uint32_t i = 0; i < found; i++)
            doses[situation->dose_count++] = (struct qv_dose){
                parts[i], medicine->started_days_ago, medicine->dose_changed_days_ago, medicine->stopped_days_ago};
        situation->medicines_unrecognised = situation->medicines_unrecognised || !found;
    }
    return doses;
}

int qv_consult_situation(const struct qv_knowledge *knowledge, const struct qv_case *c, struct qv_arena *arena,
                         struct qv_situation **out, struct qv_error *error)
{
    struct qv_situation *situation = qv_arena_alloc(arena, 1, sizeof *situation);
    int8_t *levels = qv_arena_alloc(arena, knowledge->evidence_count, sizeof *levels);
    if (!situation || !levels)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    const struct qv_value *onset = knowledge->onset < 0 ? NULL : &c->values[knowledge->onset];
    *situation = (struct qv_situation){.values = c->values,
                                       .onset_days = onset && onset->kind == QV_NUMBER ? onset->number : (double)NAN,
                                       .medicines_known = c->medicines_known};
    situation->doses = doses_of(knowledge, c, arena, situation);
    if (!situation->doses)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    qv_situation_levels(knowledge, situation, levels);
    *out = situation;
    return QV_OK;
}
