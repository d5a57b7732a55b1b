/* SPDX-License-Identifier: Apache-2.0 */
/* A measurement inside an object that says more. */
#ifndef QUIVER_REPORT_MEASUREMENT_H
#define QUIVER_REPORT_MEASUREMENT_H

#include <quiver/report.h>

/** Writes the members of the contract's measurement into the object that is open. */
void measurement_members(struct qv_json *json, const struct qv_measurement *measurement);

#endif
