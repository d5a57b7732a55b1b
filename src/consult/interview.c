/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interview: a case that fills up, and the mind that says what to ask next.
 *
 * The case is changed in place. A question is asked only while its finding is not known, so undoing an answer is
 * forgetting it, and that cannot fail. What a person skips must not be asked again, nor keep the mind from saying
 * "enough"; so the interview hands it a view of the knowledge in which a skipped finding takes no seconds to answer,
 * which is how the knowledge marks what is never asked. The view shares all else with the knowledge.
 */
#include <quiver/consult.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What is needed for the next question. */
#define NEXT_QUESTION (QV_REASON_NO_INTERVALS | QV_REASON_NO_CHANGES | QV_REASON_NO_REASONS)
/* After the screen, few interviews need more. Only a guess for the person's patience. */
#define USUAL_QUESTIONS 10
#define ORIGIN "interview"

struct step {
    uint32_t finding;
    uint32_t still; /* the guess when it was asked */
};

struct qv_interview {
    const struct qv_knowledge *knowledge;
    struct qv_knowledge view;
    struct qv_facts facts;       /* of the view */
    struct qv_finding *findings; /* of the view; seconds 0 where skipped */

    struct qv_arena *kept;      /* the interview's own life */
    struct qv_arena *medicines; /* the list of medicines last given */
    struct qv_arena *thinking;  /* one answer at a time */

    struct qv_case *c;
    struct step *steps; /* room for every finding; each is answered or skipped once */
    uint32_t step_count;

    enum qv_interview_state state;
    int question;
    uint32_t still;
};

static int out_of_memory(struct qv_error *error)
{
    return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
}

/* Screen questions come one after another; of the rest there are at most so many as the mind names. */
static uint32_t guess_still(const struct qv_interview *interview, const struct qv_answer *answer)
{
    uint32_t screen = 0, rest = 0;
    for (uint32_t f = 0; f < interview->facts.finding_count; f++) {
        const struct qv_finding *finding = &interview->findings[f];
        screen +=
            finding->screen && !finding->ask_if && finding->seconds > 0 && interview->c->values[f].kind == QV_UNKNOWN;
    }
    for (uint32_t i = 0; i < answer->ask_next_count; i++)
        rest += !interview->findings[answer->ask_next[i].finding].screen;
    if (screen || rest > USUAL_QUESTIONS)
        rest = USUAL_QUESTIONS;
    return screen + rest;
}

/*
 * A question still open whose "no" would show that this is no emergency ("did it come suddenly?"), or -1. It is asked
 * before anyone is sent for an ambulance; who skips it is sent.
 */
static int find_telling_question(struct qv_interview *interview, const struct qv_answer *answer, int *finding,
                                 struct qv_error *error)
{
    *finding = -1;
    for (uint32_t i = 0; *finding < 0 && i < answer->ask_next_count; i++) {
        uint32_t f = answer->ask_next[i].finding;
        if (!interview->findings[f].tells_apart)
            continue;
        struct qv_answer *otherwise;
        interview->c->values[f] = (struct qv_value){.kind = QV_NO};
        int status = qv_reason(&interview->view, interview->c, NEXT_QUESTION | QV_REASON_NO_QUESTIONS,
                               interview->thinking, &otherwise, error);
        interview->c->values[f] = (struct qv_value){0};
        if (status)
            return status;
        if (otherwise->level < QV_EMERGENCY)
            *finding = (int)f;
    }
    return QV_OK;
}

/* Asks the mind where we stand. On failure the interview is as it was. */
static int think(struct qv_interview *interview, struct qv_error *error)
{
    struct qv_answer *answer;
    qv_arena_reset(interview->thinking);
    int status = qv_reason(&interview->view, interview->c, NEXT_QUESTION, interview->thinking, &answer, error);
    int telling = -1;
    if (!status && answer->level == QV_EMERGENCY)
        status = find_telling_question(interview, answer, &telling, error);
    if (status)
        return status;

    interview->question = -1;
    interview->still = 0;
    if (telling >= 0) {
        interview->state = QV_INTERVIEW_ASKING;
        interview->question = telling;
        interview->still = 1;
    } else if (answer->level == QV_EMERGENCY) {
        interview->state = QV_INTERVIEW_EMERGENCY;
    } else if (answer->enough || answer->ask_next_count == 0) {
        interview->state = QV_INTERVIEW_ENOUGH;
    } else {
        interview->state = QV_INTERVIEW_ASKING;
        interview->question = (int)answer->ask_next[0].finding;
        interview->still = guess_still(interview, answer);
    }
    return QV_OK;
}

/* A view of the knowledge whose findings we may change. */
static int make_view(struct qv_interview *interview, const struct qv_knowledge *knowledge)
{
    uint32_t count = knowledge->facts->finding_count;
    interview->findings = qv_arena_alloc(interview->kept, count, sizeof *interview->findings);
    interview->steps = qv_arena_alloc(interview->kept, count, sizeof *interview->steps);
    if (!interview->findings || !interview->steps)
        return QV_ERR_UNAVAILABLE;
    if (count)
        memcpy(interview->findings, knowledge->facts->findings, count * sizeof *interview->findings);
    interview->facts = *knowledge->facts;
    interview->facts.findings = interview->findings;
    interview->knowledge = knowledge;
    interview->view = *knowledge;
    interview->view.facts = &interview->facts;
    return QV_OK;
}

static int begin(struct qv_interview *interview, const struct qv_knowledge *knowledge, const struct qv_case *start,
                 struct qv_error *error)
{
    interview->kept = qv_arena_create(0);
    interview->medicines = qv_arena_create(0);
    interview->thinking = qv_arena_create(0);
    if (!interview->kept || !interview->medicines || !interview->thinking || make_view(interview, knowledge))
        return out_of_memory(error);
    int status = start ? qv_case_copy(interview->kept, start, &interview->c, error)
                       : qv_case_create(interview->kept, &knowledge->form, &interview->c, error);
    return status ? status : think(interview, error);
}

int qv_interview_create(const struct qv_knowledge *knowledge, const struct qv_case *start, struct qv_interview **out,
                        struct qv_error *error)
{
    assert(!start || start->form == &knowledge->form);
    struct qv_interview *interview = calloc(1, sizeof *interview);
    if (!interview)
        return out_of_memory(error);
    int status = begin(interview, knowledge, start, error);
    if (status) {
        qv_interview_destroy(interview);
        return status;
    }
    *out = interview;
    return QV_OK;
}

void qv_interview_destroy(struct qv_interview *interview)
{
    if (!interview)
        return;
    qv_arena_destroy(interview->kept);
    qv_arena_destroy(interview->medicines);
    qv_arena_destroy(interview->thinking);
    free(interview);
}

enum qv_interview_state qv_interview_state(const struct qv_interview *interview)
{
    return interview->state;
}

int qv_interview_question(const struct qv_interview *interview)
{
    return interview->question;
}

void qv_interview_progress(const struct qv_interview *interview, uint32_t *asked, uint32_t *still)
{
    *asked = interview->step_count;
    *still = interview->still;
}

const struct qv_case *qv_interview_case(const struct qv_interview *interview)
{
    return interview->c;
}

/* As if the question had never been asked. */
static void forget(struct qv_interview *interview, uint32_t finding)
{
    interview->findings[finding].seconds = interview->knowledge->facts->findings[finding].seconds;
    interview->c->values[finding] = (struct qv_value){0};
    interview->c->origins[finding] = NULL;
    if (interview->findings[finding].type == QV_FIELD_MEDICINES) {
        interview->c->medicines_known = false;
        interview->c->medicine_count = 0;
    }
}

/* The present question has been dealt with: on to the next one. When the mind fails, the question stands. */
static int move_on(struct qv_interview *interview, struct qv_error *error)
{
    struct step step = {(uint32_t)interview->question, interview->still};
    int status = think(interview, error);
    if (status)
        forget(interview, step.finding);
    else
        interview->steps[interview->step_count++] = step;
    return status;
}

int qv_interview_answer(struct qv_interview *interview, struct qv_value value, struct qv_error *error)
{
    assert(interview->state == QV_INTERVIEW_ASKING);
    const struct qv_field *field = &interview->c->form->fields[interview->question];
    if (value.kind == QV_UNKNOWN)
        return qv_fail(error, QV_ERR_DATA, "findings.%s: found no answer, expected one (or skip the question)",
                       field->id);
    int status = qv_case_set(interview->c, interview->question, value, ORIGIN, error);
    return status ? status : move_on(interview, error);
}

/*
 * The case file is what says which medicines are possible, so the case with its new list is written as one and read
 * again. Nothing is left of an earlier list when this is asked, so the arena can begin anew.
 */
static int check_medicines(struct qv_interview *interview, const struct qv_case_medicine *medicines, uint32_t count,
                           struct qv_case **out, struct qv_error *error)
{
    struct qv_case draft = *interview->c;
    draft.medicines = (struct qv_case_medicine *)medicines; /* only to be written out */
    draft.medicine_count = count;
    draft.medicines_known = true;

    struct qv_text text;
    struct qv_json json;
    qv_text_init(&text, QV_CASE_MAX_BYTES);
    qv_json_init(&json, &text, 0);
    qv_case_write(&draft, &json);
    int status = qv_text_check(&text, error);
    qv_arena_reset(interview->medicines);
    if (status == QV_OK)
        status = qv_case_parse(interview->medicines, draft.form, text.bytes, text.length, ORIGIN, out, error);
    qv_text_finish(&text);
    return status;
}

int qv_interview_answer_medicines(struct qv_interview *interview, const struct qv_case_medicine *medicines,
                                  uint32_t count, struct qv_error *error)
{
    assert(interview->state == QV_INTERVIEW_ASKING);
    assert(interview->findings[interview->question].type == QV_FIELD_MEDICINES);
    struct qv_case *checked = NULL;
    int status = check_medicines(interview, medicines, count, &checked, error);
    if (status)
        return status;
    interview->c->medicines = checked->medicines;
    interview->c->medicine_count = checked->medicine_count;
    interview->c->medicines_known = true;
    interview->c->origins[interview->question] = ORIGIN;
    return move_on(interview, error);
}

int qv_interview_skip(struct qv_interview *interview, struct qv_error *error)
{
    assert(interview->state == QV_INTERVIEW_ASKING);
    interview->findings[interview->question].seconds = 0;
    return move_on(interview, error);
}

bool qv_interview_back(struct qv_interview *interview)
{
    if (interview->state != QV_INTERVIEW_ASKING || interview->step_count == 0)
        return false;
    const struct step *step = &interview->steps[--interview->step_count];
    forget(interview, step->finding);
    interview->question = (int)step->finding;
    interview->still = step->still;
    return true;
}
