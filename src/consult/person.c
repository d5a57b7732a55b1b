/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence.h"

#include <math.h>

/* What rules look at, from an answer about the case. */
static int situation_of(const struct qv_answer *answer, struct qv_arena *arena, struct qv_situation *out,
                        struct qv_error *error)
{
    const struct qv_knowledge *knowledge = answer->knowledge;
    const struct qv_value *onset = knowledge->onset >= 0 ? &answer->c->values[knowledge->onset] : NULL;
    int8_t *levels = qv_arena_alloc(arena, knowledge->evidence_count, sizeof *levels);
    if (!levels)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    *out = (struct qv_situation){
        .values = answer->c->values,
        .levels = levels,
        .doses = answer->doses,
        .dose_count = answer->dose_count,
        .onset_days = onset && onset->kind == QV_NUMBER ? onset->number : (double)NAN,
        .medicines_known = answer->c->medicines_known,
        .medicines_unrecognised = answer->unrecognised_count > 0,
    };
    qv_situation_levels(knowledge, out, levels);
    return QV_OK;
}

int qv_consult_person(const struct qv_knowledge *knowledge, const struct qv_evidence_given *given,
                      struct qv_arena *arena, struct qv_person **out, struct qv_error *error)
{
    const unsigned bare = QV_REASON_NO_INTERVALS | QV_REASON_NO_CHANGES | QV_REASON_NO_QUESTIONS;
    struct qv_person *person = qv_arena_alloc(arena, 1, sizeof *person);
    struct qv_answer *answer = NULL;
    if (!person)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    int status = evidence_answer(knowledge, given, bare, arena, &answer, error);
    if (status == QV_OK)
        status = situation_of(answer, arena, &person->situation, error);
    if (status)
        return status;
    person->answer = answer;
    *out = person;
    return QV_OK;
}
