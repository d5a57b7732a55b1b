/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change while it is being written: between change_begin() and change_end() versions are added and the sums follow.
 *
 * Sums of one day are gathered here and reach the store when another day begins, so that a diary in order of time, as files are,
 * costs a few rows a day and not one an entry.
 */
#ifndef QUIVER_JOURNAL_CHANGE_H
#define QUIVER_JOURNAL_CHANGE_H

#include "store.h"

struct day_sums {
    int32_t day;
    bool any;
    struct {
        int64_t micro, entries;
        bool touched;
    } of[QV_ENTRY_KIND_COUNT][25]; /* 24: all day, or not known when */
};

struct qv_journal {
    struct store *store;
    bool busy; /* an import is open, or a walk under way whose sink must not come back */
    struct day_sums sums;
};

int change_begin(struct qv_journal *journal, enum change_what what, int64_t undoes, int64_t *change,
                 struct qv_error *error) QV_MUST_CHECK;
/* Commits when status is 0, else rolls back. Returns what has become of it. */
int change_end(struct qv_journal *journal, int status, struct qv_error *error) QV_MUST_CHECK;

/* The entry is from now on what `now` says; `old` is its newest version so far, NULL when it has none. */
int change_write(struct qv_journal *journal, int64_t change, const struct store_version *old,
                 const struct store_version *now, int64_t *id, struct qv_error *error) QV_MUST_CHECK;

/* One entry more, or less, has been what this digest says. */
int change_held(struct qv_journal *journal, int64_t digest, int64_t more, struct qv_error *error) QV_MUST_CHECK;

#endif
