/* SPDX-License-Identifier: Apache-2.0 */
#include "probe.h"

/* What would change this, and what to ask next. */
static int explore(const struct engine *engine, unsigned flags, struct qv_answer *answer)
{
    struct prober prober;
    int status = prober_begin(&prober, engine);
    if (!status && !(flags & QV_REASON_NO_CHANGES))
        status = list_changes(&prober, answer);
    if (!status && !(flags & QV_REASON_NO_QUESTIONS))
        status = choose_questions(&prober, answer);
    return status;
}

int qv_reason(const struct qv_knowledge *knowledge, const struct qv_case *c, unsigned flags, struct qv_arena *arena,
              struct qv_answer **out, struct qv_error *error)
{
    struct qv_answer *answer = qv_arena_alloc(arena, 1, sizeof *answer);
    if (!answer)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    answer->knowledge = knowledge;
    answer->c = c;

    struct engine engine;
    int status = engine_begin(&engine, knowledge, c, arena, answer, error);
    if (status)
        return status;
    if (explain_level(&engine, answer) || list_causes(&engine, flags, answer) || share_among_habits(&engine, answer) ||
        choose_advice(&engine, answer) || choose_tests(&engine, answer))
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    bool exploring = !(flags & QV_REASON_NO_CHANGES) || !(flags & QV_REASON_NO_QUESTIONS);
    if (exploring && explore(&engine, flags, answer))
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    *out = answer;
    return QV_OK;
}
