/* SPDX-License-Identifier: Apache-2.0 */
/* When something was, in words. */
#ifndef QUIVER_CONSULT_LOG_TIME_H
#define QUIVER_CONSULT_LOG_TIME_H

#include "tokens.h"

#include <quiver/consult.h>

/* What was said of a time, bit by bit. What was not said is false. */
struct moment {
    bool day_said, second_said, offset_said, last_night;
    int32_t day, second, offset_s;
};

/* The local time of day that begins at the tokens ("8:30", "8 pm", "noon"); how many tokens it takes, 0: none. */
uint32_t clock_take(const struct token *tokens, int32_t *second);

/*
 * Adds what the tokens say of when to @p moment, and sets how many they are (0: they do not begin with a time).
 * Errors: "at" without a time of day, a time said twice.
 */
int moment_take(const struct token *tokens, const struct qv_clock *now, struct moment *moment, uint32_t *taken,
                struct qv_error *error) QV_MUST_CHECK;

/*
 * What an entry keeps of it. Errors: a day to come, a time that the clock skipped.
 */
int moment_settle(const struct moment *moment, int64_t now_us, struct qv_entry *entry, struct qv_log_remark *remark,
                  struct qv_error *error) QV_MUST_CHECK;

/* How long it is from one local time to another, in minutes: by the instants, so that a night of 23 hours has 23. */
int clock_minutes(int32_t from_day, int32_t from_second, int32_t to_day, int32_t to_second, double *out,
                  struct qv_error *error) QV_MUST_CHECK;

#endif
