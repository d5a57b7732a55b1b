/* SPDX-License-Identifier: Apache-2.0 */
/* The watchful diary: when it is time to speak up. */
#include "daybook.h"

/* The rules of red_flags.yaml; what is only likely is no reason to speak up unasked. */
static bool is_red_flag(const struct qv_facts *facts, const char *id)
{
    for (uint32_t i = 0; i < facts->red_flag_count; i++) {
        if (strcmp(facts->red_flags[i].id, id) == 0)
            return true;
    }
    return false;
}

int qv_daybook_notices(struct qv_daybook *book, int32_t today, struct qv_arena *arena, const struct qv_notice **out,
                       uint32_t *count, struct qv_error *error)
{
    const struct qv_facts *facts = book->knowledge->facts;
    struct qv_case *c = NULL;
    struct qv_answer *answer = NULL;
    struct daybook_fold fold = {0};
    int status = qv_case_create(arena, &book->knowledge->form, &c, error);
    if (status)
        return status;
    c->as_of_days = today;
    status = daybook_fold(book, c, &fold, error);
    if (status == QV_OK)
        status =
            qv_reason(book->knowledge, c,
                      QV_REASON_NO_INTERVALS | QV_REASON_NO_CHANGES | QV_REASON_NO_REASONS | QV_REASON_NO_QUESTIONS,
                      arena, &answer, error);
    if (status)
        return status;
    struct qv_notice *notices = qv_arena_alloc(arena, answer->because_count + fold.rule_count + 1, sizeof *notices);
    if (!notices)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    *count = 0;
    for (uint32_t i = 0; i < answer->because_count; i++) {
        const struct qv_because *b = &answer->because[i];
        if (is_red_flag(facts, b->id))
            notices[(*count)++] = (struct qv_notice){b->id, b->text, b->sources, b->level};
    }
    for (uint32_t i = 0; i < fold.rule_count; i++) {
        if (!fold.rules[i]->finding)
            notices[(*count)++] =
                (struct qv_notice){fold.rules[i]->id, fold.rules[i]->text, &fold.rules[i]->sources, QV_ROUTINE};
    }
    *out = notices;
    return QV_OK;
}
