/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file reason.h — from a case to an answer: how urgent, which causes, why, and what would change it.
 *
 * A pure function of (knowledge, case): no storage, no screens, no clock, the same answer to the last digit. The steps
 * (docs/rooms/reason.md says why each is as it is):
 *
 *   1. Red flags: rules, before anything else.
 *   2. Causes: posterior ∝ prior(age, sex) × Π P(finding level | cause). What was not answered contributes nothing. In a
 *      sign group the strongest member counts fully and each other one a fifth. An explicit `other` keeps the model
 *      from certainty it has not earned.
 *   3. Intervals: each likelihood's own weight of evidence, carried through a fixed low-discrepancy set of draws.
 *   4. Reasons: the change in log-odds when one finding is left out, in decibans (Good 1950).
 *   5. Contributors: Shapley values over the habits of this person.
 *   6. Level: the highest of the red flags and of the urgency of every cause that is likely enough by its own file's
 *      threshold. Never lower for good news.
 *   7. What would change this, and 8. what to ask next: the model itself, asked about every finding in turn.
 *
 * Cost: about 30 µs a case. All memory comes from the caller's arena.
 */
#ifndef QUIVER_REASON_H
#define QUIVER_REASON_H

#include <quiver/base.h>
#include <quiver/casefile.h>
#include <quiver/knowledge.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Why the level is what it is: a red flag, a likely cause, or (self-care) the absence of both. */
struct qv_because {
    const char *id; /**< of the red flag or the condition */
    const char *text;
    const char *within; /**< ISO 8601 duration */
    const struct qv_words *sources;
    enum qv_level level;
};

/** One finding's part in one cause. */
struct qv_reason {
    const char *finding; /**< id of the finding or pattern */
    const char *text;
    const struct qv_words *sources;
    enum qv_grade grade;
    double weight_db; /**< decibans: positive speaks for the cause, negative against */
    bool by_rivals;   /**< by itself it would speak the other way; what it does to other causes decides */
};

struct qv_cause {
    uint32_t condition;                          /**< index into facts->conditions */
    double probability, low, high;               /**< low and high: the 95 % interval */
    const struct qv_reason *for_it, *against_it; /**< strongest first */
    uint32_t for_count, against_count;
};

struct qv_share {
    uint32_t contributor; /**< index into facts->contributors */
    double share;         /**< of the habits' part; all shares sum to 1 */
    double odds;          /**< this person's odds ratio for it */
};

/** A finding which, if it were so, would change the answer. */
struct qv_change {
    uint32_t finding;      /**< index into facts->findings */
    struct qv_value value; /**< what it would have to be */
    const char *phrase;    /**< a clause that can follow "if" */
    enum qv_level level;   /**< then */
    uint32_t top_cause;    /**< then; index into facts->conditions */
    double probability;    /**< of that cause, then */
};

struct qv_question {
    uint32_t finding;
    double bits;  /**< expected information about level, leading cause and habits */
    bool matters; /**< a plausible answer would change something that matters */
};

struct qv_answer {
    const struct qv_knowledge *knowledge;
    const struct qv_case *c;

    enum qv_level level;
    const char *within;
    const struct qv_because *because; /**< what set the level first, then the rest, most urgent first */
    uint32_t because_count;

    const struct qv_cause *causes; /**< all conditions, likeliest first; probabilities sum to 1 */
    uint32_t cause_count;
    const struct qv_share *shares; /**< largest first */
    uint32_t share_count;
    const uint32_t *advice; /**< indices into facts->advice, in the order to read them */
    uint32_t advice_count;
    const uint32_t *tests; /**< indices into facts->tests */
    uint32_t test_count;
    const struct qv_change *changes; /**< most decisive first */
    uint32_t change_count;
    const struct qv_question *ask_next; /**< red-flag screen first, then most information a second */
    uint32_t ask_next_count;
    bool enough; /**< no remaining question could change the level or the leading cause materially */

    const uint32_t *not_asked; /**< findings of the red-flag screen without an answer that could mean an emergency */
    uint32_t not_asked_count;
    const char *const *unrecognised_medicines;
    uint32_t unrecognised_count;
    const struct qv_dose *doses; /**< medicines that were recognised */
    uint32_t dose_count;
};

/** Which parts of an answer to leave out, for callers in a hurry (the interview asks only for the next question). */
enum qv_reason_flags {
    QV_REASON_ALL = 0,
    QV_REASON_NO_INTERVALS = 1,
    QV_REASON_NO_CHANGES = 2,
    QV_REASON_NO_REASONS = 4,
    QV_REASON_NO_QUESTIONS = 8, /**< with NO_CHANGES: the level and the causes only */
};

/**
 * Answers a case. @p c must have been made with `knowledge->form`.
 * The answer lives in @p arena and points into the knowledge and the case.
 * Errors: QV_ERR_UNAVAILABLE when memory has run out.
 */
int qv_reason(const struct qv_knowledge *knowledge, const struct qv_case *c, unsigned flags, struct qv_arena *arena,
              struct qv_answer **out, struct qv_error *error) QV_MUST_CHECK;

/** Baselines for the bench: what simpler programs would say of the same case. */
enum qv_baseline { QV_BASELINE_RULES_ONLY, QV_BASELINE_NAIVE_BAYES, QV_BASELINE_ALWAYS_DOCTOR };
struct qv_baseline_answer {
    enum qv_level level;
    int top[3]; /**< conditions, -1 = none named */
    double probability[QV_CONDITION_MAX];
};
int qv_reason_baseline(const struct qv_knowledge *knowledge, const struct qv_case *c, enum qv_baseline baseline,
                       struct qv_arena *arena, struct qv_baseline_answer *out, struct qv_error *error) QV_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
