/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One probe: what the answer would be if one finding had one value.
 *
 * A probe sets the finding, lets the patterns that read it follow, and looks at the level and the posterior; then all is
 * as it was. Nothing is recomputed but what that finding touches:
 *   its rows         one product of the posterior with likelihood ratios, where it stands in no sign group that is known
 *   its red flags    only those whose rule, in the case as it is, looked at what changed, and only if they are above the level
 *   grave causes     only when one could reach its threshold, which a bound tells (engine.h)
 */
#ifndef QUIVER_REASON_PROBE_H
#define QUIVER_REASON_PROBE_H

#include "engine.h"

struct probe {
    enum qv_level level;
    struct shifted shifted;
};

/* Who probes has copies of its own, so that the case is not touched. */
struct prober {
    const struct engine *engine;
    struct qv_value *values;
    int8_t *levels;
    struct qv_situation situation;
    bool *worth;                        /* by finding: it could change something, and makes sense for this person */
    struct shifted as_it_is;            /* what a finding without weight leaves */
    uint32_t firing_at[QV_LEVEL_COUNT]; /* how many red flags fire in the case as it is, by level */
};

int prober_begin(struct prober *prober, const struct engine *engine) QV_MUST_CHECK;

/* How many answers to a finding are probed, and the answer that puts it at this level (of a list: adds this word). */
uint32_t answer_count(const struct engine *engine, uint32_t finding);
struct qv_value answer_at(const struct engine *engine, uint32_t finding, uint32_t level);

/* Probes an answer. `wants_bits`: whether the probe is to say how much it told. */
void probe_answer(struct prober *prober, uint32_t finding, uint32_t level, bool wants_bits, struct probe *out);

/*
 * True when no rule and no pattern can make anything of an answer to the finding: all that it could change is the
 * posterior. And true when a bound on that shows that it changes neither the level nor the leading cause, and moves the
 * leading cause by less than `shift`; then it need not be probed.
 */
bool changes_posterior_only(const struct prober *prober, uint32_t finding);
bool is_shrugged_off(const struct prober *prober, uint32_t finding, uint32_t level, float shift);

/* How likely the answer is, from how well it fits the causes and how common it is. */
double answer_share(const struct engine *engine, uint32_t finding, uint32_t level, const struct probe *probe);

/* ---- the two steps that probe ---------------------------------------------------------------------------------------- */

int list_changes(struct prober *prober, struct qv_answer *answer) QV_MUST_CHECK;     /* changes.c */
int choose_questions(struct prober *prober, struct qv_answer *answer) QV_MUST_CHECK; /* questions.c */

#endif
