/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that are there whole or not at all: written beside their place and moved there, so that an older one stays until the new one is
 * complete. They get the rights that any new file of this person gets.
 */
#ifndef QUIVER_REPORT_BESIDE_H
#define QUIVER_REPORT_BESIDE_H

#include <quiver/base.h>

/** Whether a file could be made there. Nothing stays of the attempt. Errors: QV_ERR_CANNOT_CREATE. */
int beside_try(const char *path, struct qv_error *error) QV_MUST_CHECK;
/** Errors: QV_ERR_CANNOT_CREATE; QV_ERR_IO. */
int beside_write(const struct qv_text *bytes, const char *path, struct qv_error *error) QV_MUST_CHECK;

#endif
