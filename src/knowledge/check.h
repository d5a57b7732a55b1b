/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUIVER_KNOWLEDGE_CHECK_H
#define QUIVER_KNOWLEDGE_CHECK_H

#include "load.h"

/*
 * Reports everything that is wrong with loaded facts, with file and line. Returns 0 when the check itself could be
 * done; *complaints grows by what was found.
 */
int check_facts(const struct loaded_facts *loaded, qv_complaint_fn *report, void *context, uint32_t *complaints,
                struct qv_error *error) QV_MUST_CHECK;

#endif
