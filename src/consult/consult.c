/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence.h"

int qv_consult(const struct qv_knowledge *knowledge, const struct qv_evidence_given *given, struct qv_arena *arena,
               struct qv_answer **out, struct qv_error *error)
{
    struct qv_case *c = NULL;
    int status = given->c
                     ? qv_case_copy(arena, given->c, &c, error)
                     : qv_case_parse(arena, &knowledge->form, given->case_json, given->case_length, "case", &c, error);
    if (status == QV_OK && given->clip)
        status = evidence_from_clip(c, given->clip, error);
    if (status == QV_OK && given->diary)
        status = qv_daybook_fold(given->diary, c, error);
    if (status)
        return status;
    return qv_reason(knowledge, c, QV_REASON_ALL, arena, out, error);
}
