/* SPDX-License-Identifier: Apache-2.0 */
/* The third gate, shared by who reads a case and who changes one: what a form allows. */
#ifndef QUIVER_CASEFILE_CASE_H
#define QUIVER_CASEFILE_CASE_H

#include <quiver/casefile.h>

/* A case of which nothing is known, not even its day. NULL when memory has run out. */
struct qv_case *case_blank(struct qv_arena *arena, const struct qv_form *form) QV_MUST_CHECK;

/* Kind, range and words of one value. */
int case_check_value(const struct qv_field *field, const struct qv_value *value, struct qv_error *error) QV_MUST_CHECK;
/* Everything that happened, happened after birth. */
int case_check_times(const struct qv_case *c, double age, struct qv_error *error) QV_MUST_CHECK;

/* NaN when the age is not known. */
double case_age(const struct qv_case *c);
/* Numbers are kept to a millionth, as qv_json_number() writes them: a case written and read again is the same case. */
double case_kept_digits(double number);

#endif
