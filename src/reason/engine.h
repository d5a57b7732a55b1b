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

#include <quiver/reason.h>

/* What a second sign of the same thing still adds. A latent-sign model with members that agree nine times in ten gives
 * about the same; it is a constant because no data are there to fit it. */
#define SIGN_DAMPING 0.2f

#define COLUMNS QV_CONDITION_MAX

struct weights {
    float fair[COLUMNS], up[COLUMNS], down[COLUMNS];
};

struct engine {
    const struct qv_knowledge *knowledge;
    const struct qv_facts *facts;
    const struct qv_case *c;
    struct qv_arena *arena;

    struct qv_situation situation;
    struct qv_value *values;
    int8_t *levels;
    bool medicines_unrecognised;

    uint32_t cause_count;
    float log_prior[COLUMNS]; /* by age and sex; padding is -infinity */
    struct weights total;
    struct weights *signs;    /* each sign group's part in the total */
    const uint16_t **sign_members;
    uint16_t *sign_sizes;

    double p[COLUMNS]; /* posterior */
    uint32_t leading;
    bool *fired;           /* by red flag */
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

/* The weight of one piece of evidence at a level, outside its sign group. */
void evidence_weights(const struct qv_knowledge *knowledge, uint32_t evidence, int level, struct weights *out);

/* A sign group's weight, with one member (or none: UINT32_MAX) taken at another level than in the case. */
void sign_weights(const struct engine *engine, int32_t sign, uint32_t changed, int changed_level, struct weights *out);

/* Adds, to weights that hold the case's total, the difference that one piece of evidence at another level makes. */
void shift_evidence(const struct engine *engine, uint32_t evidence, int level, struct weights *total);

/* Softmax of fair weights; returns the index of the largest, and the entropy in bits when asked for. */
uint32_t posterior(const float log_weight[COLUMNS], float p[COLUMNS], double *entropy_bits);

/* The level that causes alone ask for. */
enum qv_level level_by_causes(const struct engine *engine, const struct weights *total, const float p[COLUMNS]);

/* The probability of a cause that one more red flag can never lower. */
double cautious_probability(const struct engine *engine, const struct weights *total, uint32_t cause);

/* exp for |x| below 80 or so, to 2 parts in 10^7, in a form that compilers vectorise. */
static inline float quick_exp(float x)
{
    x = x < -86.0f ? -86.0f : x > 86.0f ? 86.0f : x;
    float n = x * 1.44269504f + 12582912.0f; /* adding 1.5·2^23 rounds to the nearest integer */
    union {
        float f;
        int32_t i;
    } bits = {n};
    n -= 12582912.0f;
    float r = x - n * 0.693359375f + n * 2.12194440e-4f; /* Cody and Waite's split of log 2 */
    float e = 1.0f + r * (1.0f + r * (0.5f + r * (0.166666657f + r * (0.0416665f + r * (0.00833337f + r * 0.00139f)))));
    union {
        int32_t i;
        float f;
    } scale = {(int32_t)(((uint32_t)bits.i + 127u) << 23)};
    return e * scale.f;
}

/* ---- the steps, a file each ---------------------------------------------------------------------------------------- */

int explain_level(struct engine *engine, struct qv_answer *answer);           /* triage.c */
int list_causes(struct engine *engine, unsigned flags, struct qv_answer *answer); /* causes.c */
int share_among_habits(struct engine *engine, struct qv_answer *answer);      /* contributors.c */
int choose_advice(struct engine *engine, struct qv_answer *answer);           /* advice.c */
int choose_tests(struct engine *engine, struct qv_answer *answer);            /* advice.c */
int explore(struct engine *engine, unsigned flags, struct qv_answer *answer); /* explore.c */

#endif
