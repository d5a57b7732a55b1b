/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine room of reason/: the evidence of one case and its weight on every cause.
 *
 * Three log-weights are kept for each cause, side by side (struct weights):
 *   fair   what the evidence says; the posterior is its softmax
 *   up     the same, but an alarming answer may only speak for the cause (used for the cause in question)
 *   down   the same, but an alarming answer may only speak against the cause (used for its rivals)
 * `up` against `down` gives a probability that one more red flag can never lower. Urgent and emergency levels are
 * granted on it, so that explaining a red flag away by a milder cause never calms the level (Promise 1).
 *
 * Evidence in a sign group says much the same thing. In each group the strongest member counts fully and the others
 * for SIGN_DAMPING of their weight.
 */
#ifndef QUIVER_REASON_ENGINE_H
#define QUIVER_REASON_ENGINE_H

#include "columns.h"

#include <quiver/reason.h>

/* What a second sign of the same thing still adds. A latent-sign model with members that agree nine times in ten gives
 * about the same; it is a constant because no data are there to fit it. */
#define SIGN_DAMPING 0.2f

struct weights {
    float fair[COLUMNS], up[COLUMNS], down[COLUMNS];
};

/* What the known members of a sign group weigh in this case; part is what the group adds to the total. */
struct sign_weights {
    struct weights strongest, sum, part;
};

/* A red flag in this case. */
struct flag {
    enum qv_level level;
    bool fires;
    struct qv_evidence_set read; /* what its rule looked at: nothing else, alone, could change the result */
};

struct engine {
    const struct qv_knowledge *knowledge;
    const struct qv_facts *facts;
    const struct qv_case *c;
    struct qv_arena *arena;

    struct qv_situation situation;
    struct qv_value *values;
    int8_t *levels;

    uint32_t cause_count;
    float log_prior[COLUMNS]; /* by age and sex; padding is -infinity */
    struct weights total;
    struct sign_weights **signs; /* by sign group; NULL when none of it is known */
    int catch_all;               /* a cause, or -1 */
    float routine_at[COLUMNS];   /* thresholds of the causes whose urgency is routine; above 1 for the rest */
    uint32_t grave_count;        /* causes whose urgency is above routine */
    uint32_t grave[COLUMNS];
    float grave_logit[COLUMNS]; /* log-odds of their thresholds */
    enum qv_level grave_level[COLUMNS], gravest;
    uint32_t strongest_rival;
    /* By floor: how far a cause must gain on the strongest rival before it could ask for more than the floor. */
    float grave_gap[QV_LEVEL_COUNT][COLUMNS];

    double p[COLUMNS];    /* posterior */
    float p_row[COLUMNS]; /* the same, for vector loops */
    uint32_t leading;
    bool asks_routine;  /* some cause asks for `routine` by its plain probability */
    struct flag *flags; /* by red flag */
    uint16_t *firing;   /* the red flags that fire */
    uint32_t firing_count;
    struct qv_evidence_set held; /* what those looked at: what could stop them */
    uint64_t *waiting;           /* the red flags that do not fire and read a piece of evidence: see waiting_for() */
    uint32_t flag_words;
    enum qv_level rules_level;
    enum qv_level level;
};

/* Takes in the case: medicines, levels, weights, posterior, level. */
int engine_begin(struct engine *engine, const struct qv_knowledge *knowledge, const struct qv_case *c,
                 struct qv_arena *arena, struct qv_answer *answer, struct qv_error *error);

/* The table row of a piece of evidence that is known. */
static inline uint32_t cell_of(const struct engine *engine, uint32_t evidence)
{
    int level = engine->levels[evidence];
    return engine->knowledge->evidence[evidence].first_cell + (uint32_t)level;
}

/* log prior of every cause for an age (NaN = not known) and a sex (-1 = not known). */
void engine_log_prior(const struct engine *engine, double age, int sex, float out[COLUMNS]);

/*
 * Adds, to weights that hold the case's total, the difference that other levels make. `levels` differs from the case's
 * only at the `changed` evidence.
 */
void shift_levels(const struct engine *engine, const int8_t *levels, const uint16_t *changed, uint32_t count,
                  struct weights *total);

/*
 * The probability that is told to people. The model's own leaves out that the model may be wrong: with the probability of
 * the catch-all's prior the truth is something that no file describes, however well another cause fits. `doubt` scales
 * that probability; 1 is the best guess, the catch-all's fold and its inverse are the ends of the interval.
 */
double stated_probability(const struct engine *engine, uint32_t cause, double p, double doubt);

/* What one answer makes of the posterior. */
struct shifted {
    float p[COLUMNS];
    double fit;        /* Σ w' / Σ w: how much likelier the answer is by the causes than in the background */
    double told_bits;  /* what it told: the divergence (Kullback and Leibler 1951) of the posterior after from before */
    uint32_t leading;  /* the cause that people would be told is likeliest */
    bool asks_routine; /* some cause asks for `routine` by its plain probability */
    bool can_be_grave; /* it is worth asking grave_by_causes() */
};

/*
 * The posterior with one more piece of evidence at a level, straight from the likelihood ratios: no exponentials. For
 * evidence that is not known in the case and has no known fellow in its sign group. `told_bits` is left out (0) unless
 * the caller wants it.
 */
void shift_posterior(const struct engine *engine, uint32_t evidence, int level, enum qv_level floor, bool wants_bits,
                     struct shifted *out);
/* The same from shifted weights, for everything else. */
void shift_posterior_from(const struct engine *engine, const struct weights *total, enum qv_level floor,
                          bool wants_bits, struct shifted *out);

/*
 * False when it is certain, without working out the posterior, that the same answer would leave the leading cause and the
 * level by causes as they are, and move the leading cause's probability by less than `shift`. `floor` is the level by
 * rules, and the level of the case.
 */
bool could_matter(const struct engine *engine, uint32_t evidence, int level, enum qv_level floor, float shift);

/* Softmax. */
void posterior(const float log_weight[COLUMNS], float p[COLUMNS]);
/* `floor`, or what a grave cause asks for by its cautious probability. */
enum qv_level grave_by_causes(const struct engine *engine, const struct weights *total, enum qv_level floor);
/* False when grave_by_causes() would return the floor. */
bool can_be_grave(const struct engine *engine, const struct weights *total, enum qv_level floor);

/* The probability of each cause that one more red flag can never lower. */
void cautious_probabilities(const struct weights *total, float p[COLUMNS]);

/* The red flags that do not fire and could, if this evidence changed: bit f of word f/64, flag_words words. */
static inline uint64_t *waiting_for(const struct engine *engine, uint32_t evidence)
{
    return &engine->waiting[(size_t)evidence * engine->flag_words];
}

/* ---- the steps, a file each ---------------------------------------------------------------------------------------- */

int explain_level(struct engine *engine, struct qv_answer *answer);               /* triage.c */
int list_causes(struct engine *engine, unsigned flags, struct qv_answer *answer); /* causes.c */
int share_among_habits(struct engine *engine, struct qv_answer *answer);          /* contributors.c */
int choose_advice(struct engine *engine, struct qv_answer *answer);               /* advice.c */
int choose_tests(struct engine *engine, struct qv_answer *answer);                /* advice.c */

#endif
