/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A witness: one person for whom a rule holds. A red flag without one protects nobody, whatever it says.
 */
#ifndef QUIVER_KNOWLEDGE_WITNESS_H
#define QUIVER_KNOWLEDGE_WITNESS_H

#include <quiver/knowledge.h>

#define WITNESS_DOSE_MAX 8

/* Says as little as the rule needs: what the rule does not look at stays unknown. */
struct witness {
    struct qv_value *values; /* [finding_count] */
    int8_t *levels;          /* [evidence_count] */
    struct qv_dose doses[WITNESS_DOSE_MAX];
    uint32_t dose_count;
    bool medicines_known;
    struct qv_situation situation; /* looks at the above */
};

/*
 * Looks for somebody for whom the rule holds, and proves it with qv_rule_holds(). *out is NULL when none was found: the
 * search is bounded, so a very tangled rule may have a witness that it misses. Needs the knowledge's evidence, groups
 * and pattern rules. Deterministic. Errors: QV_ERR_UNAVAILABLE (no memory).
 */
int rule_witness(const struct qv_knowledge *knowledge, const struct qv_rule *rule, struct qv_arena *arena,
                 const struct witness **out, struct qv_error *error) QV_MUST_CHECK;

#endif
