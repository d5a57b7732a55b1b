/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

int check_facts(const struct loaded_facts *loaded, qv_complaint_fn *report, void *context, uint32_t *complaints,
                struct qv_error *error)
{
    (void)loaded;
    (void)report;
    (void)context;
    (void)complaints;
    (void)error;
    return QV_OK;
}
