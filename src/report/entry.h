/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of the diary in words. */
#ifndef QUIVER_REPORT_ENTRY_H
#define QUIVER_REPORT_ENTRY_H

#include "layout.h"

/* "280 mg", "6 h 45 min", "7 of 10", "3" */
void say_amount(struct sheet *sheet, enum qv_entry_kind kind, double amount);
/* "caffeine 280 mg", "sertraline started, 50 mg" */
void say_what(struct sheet *sheet, const struct qv_entry *entry);
/* "today 08:30", "yesterday", "2026-11-20" */
void say_when(struct sheet *sheet, const struct qv_entry *entry, int32_t today);
/* "08:30"; nothing where only the day is known */
void say_clock(struct sheet *sheet, int32_t second);
/* The note with blanks for underscores. */
void say_note(struct sheet *sheet, const char *note);
/* "Tuesday 24 November 2026", "Tue" */
void say_date(struct sheet *sheet, int32_t day);
const char *weekday_short(int32_t day);

#endif
