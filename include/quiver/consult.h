/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file consult.h — the meeting: gathers the evidence about one person, asks the minds, returns the answer.
 *
 * The evidence is the case file and what a clip showed, folded into the same findings here, each finding remembering where it
 * came from; a diary will be too. Faces call this room and never the minds themselves.
 */
#ifndef QUIVER_CONSULT_H
#define QUIVER_CONSULT_H

#include <quiver/casefile.h>
#include <quiver/knowledge.h>
#include <quiver/nof1.h>
#include <quiver/reason.h>
#include <quiver/vision.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What there is to go by. */
struct qv_evidence_given {
    const char *case_json; /**< the case file's bytes */
    size_t case_length;
    const struct qv_measurement *clip; /**< NULL: none was watched */
};

/**
 * Reads the evidence and answers. Everything made lives in @p arena.
 * Errors: those of qv_case_parse() and qv_reason().
 */
int qv_consult(const struct qv_knowledge *knowledge, const struct qv_evidence_given *given, struct qv_arena *arena,
               struct qv_answer **out, struct qv_error *error) QV_MUST_CHECK;

/* ---- trials: what may be tried ---------------------------------------------------------------------------------------- */

/** An experiment that somebody wants, and what is known of them. */
struct qv_trial_request {
    const char *what;              /**< the word they used: "caffeine" */
    const struct qv_case *c;       /**< NULL: nothing is known */
    const char *const *medicines;  /**< that they take, beyond those of the case: from a diary */
    uint32_t medicine_count;
    double usual; /**< of the habit, a day; NaN: what the case says, if it does */
};

/** Either a refusal, or the habit to lay a trial out with. */
struct qv_trial_offer {
    const struct qv_trial_refusal *refusal; /**< NULL: it may be tried */
    bool by_word;                           /**< the word alone was refused, whoever asks */
    const struct qv_trial_info *info;       /**< NULL when by_word */
    const struct qv_trial_washout *washout; /**< why it is longer for this person, or NULL */
    struct qv_trial_habit habit;
};

/**
 * Says whether this person may try this, and how. What is prescribed is always refused, and so is anything for which
 * the knowledge has a refusal that holds for them (knowledge/trials.yaml).
 * Errors: QV_ERR_USAGE for a word that is neither a habit nor a medicine; QV_ERR_DATA when the usual amount is too little to
 * change; QV_ERR_UNAVAILABLE.
 */
int qv_trial_consult(const struct qv_knowledge *knowledge, const struct qv_trial_request *request,
                     struct qv_arena *arena, struct qv_trial_offer *out, struct qv_error *error) QV_MUST_CHECK;

/** The trial of a habit by its id, or NULL. */
const struct qv_trial_info *qv_trial_info(const struct qv_knowledge *knowledge, const char *id);

/* ---- the interview ------------------------------------------------------------------------------------------------ */

/*
 * state       what may be trusted                               which call moves on
 * ASKING      question is the finding to ask now                qv_interview_answer/_skip/_back
 * EMERGENCY   a red flag demands an emergency; answer is set    none: the interview is over
 * ENOUGH      no question left could change the answer much     none
 *
 * A sign that means an emergency only when it came suddenly is followed by that one question before the interview ends.
 * Answers are kept in the order given, so that `back` undoes exactly one. The case so far is always a valid case file,
 * which is how an interview is finished later.
 */
enum qv_interview_state { QV_INTERVIEW_ASKING, QV_INTERVIEW_EMERGENCY, QV_INTERVIEW_ENOUGH };

struct qv_interview;

/** Begins from what is already known (@p start, or NULL for an empty case). */
int qv_interview_create(const struct qv_knowledge *knowledge, const struct qv_case *start, struct qv_interview **out,
                        struct qv_error *error) QV_MUST_CHECK;
void qv_interview_destroy(struct qv_interview *interview);

enum qv_interview_state qv_interview_state(const struct qv_interview *interview);
/** The finding to ask now (index into facts->findings); -1 unless ASKING. */
int qv_interview_question(const struct qv_interview *interview);
/** How many have been asked, and a guess at how many are still to come. */
void qv_interview_progress(const struct qv_interview *interview, uint32_t *asked, uint32_t *still);

/** Answers the present question. QV_ERR_DATA when the value does not fit it; then the question stands. */
int qv_interview_answer(struct qv_interview *interview, struct qv_value value, struct qv_error *error) QV_MUST_CHECK;
/** Answers the present question, which must be the list of medicines. */
int qv_interview_answer_medicines(struct qv_interview *interview, const struct qv_case_medicine *medicines,
                                  uint32_t count, struct qv_error *error) QV_MUST_CHECK;
/** Leaves the present question unanswered and does not ask it again. */
int qv_interview_skip(struct qv_interview *interview, struct qv_error *error) QV_MUST_CHECK;
/** Undoes the last answer or skip and asks that question again. False when there is none. */
bool qv_interview_back(struct qv_interview *interview);

/** The case so far; valid until the next call that changes the interview. */
const struct qv_case *qv_interview_case(const struct qv_interview *interview);

#ifdef __cplusplus
}
#endif
#endif
