/* SPDX-License-Identifier: Apache-2.0 */
/* How evidence becomes an answer, and what is no words findings of a case. */
#ifndef QUIVER_CONSULT_EVIDENCE_H
#define QUIVER_CONSULT_EVIDENCE_H

#include <quiver/consult.h>

/** Sets the measured findings from a clip; what the case said of them before gives way. */
int evidence_from_clip(struct qv_case *c, const struct qv_measurement *measurement,
                       struct qv_error *error) QV_MUST_CHECK;

/** qv_consult() with so much of the reasoning: flags of qv_reason(). */
int evidence_answer(const struct qv_knowledge *knowledge, const struct qv_evidence_given *given, unsigned parts,
                    struct qv_arena *arena, struct qv_answer **out, struct qv_error *error) QV_MUST_CHECK;

#endif
