/* SPDX-License-Identifier: Apache-2.0 */
/* How evidence other than words becomes findings of a case. */
#ifndef QUIVER_CONSULT_EVIDENCE_H
#define QUIVER_CONSULT_EVIDENCE_H

#include <quiver/consult.h>

/** Sets the measured findings from a clip; what the case said of them before gives way. */
int evidence_from_clip(struct qv_case *c, const struct qv_measurement *measurement,
                       struct qv_error *error) QV_MUST_CHECK;

#endif
