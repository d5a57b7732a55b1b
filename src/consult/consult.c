/* SPDX-License-Identifier: Apache-2.0 */
#include "daybook.h"
#include "evidence.h"

/*
 * Answers with what a diary shows. Where the diary proves that it has lasted longer than was said, what is said of a new twitch
 * still counts: both are answered, and the more urgent answer is given.
 */
static int answer_with_diary(const struct qv_knowledge *knowledge, const struct qv_case *said, struct qv_daybook *diary,
                             unsigned parts, struct qv_arena *arena, struct qv_answer **out, struct qv_error *error)
{
    struct daybook_fold grown = {.outgrow = true}, as_said = {0};
    struct qv_case *c = NULL;
    struct qv_answer *answer = NULL, *other = NULL;
    int status = qv_case_copy(arena, said, &c, error);
    if (status == QV_OK)
        status = daybook_fold(diary, c, &grown, error);
    if (status == QV_OK)
        status = qv_reason(knowledge, c, parts, arena, &answer, error);
    if (status == QV_OK && grown.outgrew) {
        status = qv_case_copy(arena, said, &c, error);
        if (status == QV_OK)
            status = daybook_fold(diary, c, &as_said, error);
        if (status == QV_OK)
            status = qv_reason(knowledge, c, parts, arena, &other, error);
        if (status == QV_OK && other->level > answer->level)
            answer = other;
    }
    if (status == QV_OK)
        *out = answer;
    return status;
}

int evidence_answer(const struct qv_knowledge *knowledge, const struct qv_evidence_given *given, unsigned parts,
                    struct qv_arena *arena, struct qv_answer **out, struct qv_error *error)
{
    struct qv_case *c = NULL;
    int status = given->c
                     ? qv_case_copy(arena, given->c, &c, error)
                     : qv_case_parse(arena, &knowledge->form, given->case_json, given->case_length, "case", &c, error);
    if (status == QV_OK && given->clip)
        status = evidence_from_clip(c, given->clip, error);
    if (status)
        return status;
    if (given->diary)
        return answer_with_diary(knowledge, c, given->diary, parts, arena, out, error);
    return qv_reason(knowledge, c, parts, arena, out, error);
}

int qv_consult(const struct qv_knowledge *knowledge, const struct qv_evidence_given *given, struct qv_arena *arena,
               struct qv_answer **out, struct qv_error *error)
{
    return evidence_answer(knowledge, given, QV_REASON_ALL, arena, out, error);
}
