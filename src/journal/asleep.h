/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sleep from intervals: several devices say when someone was asleep, in pieces, in any order, and in part at the same time. Time that
 * several name counts once. Pieces less than ASLEEP_GAP_S apart are one sleep, which belongs to the local day on which it ended;
 * so the hour before midnight goes with the night, and an afternoon's nap stays by itself.
 *
 * Memory: at most ASLEEP_MAX intervals of 24 bytes; when these are full, those that touch are made one.
 */
#ifndef QUIVER_JOURNAL_ASLEEP_H
#define QUIVER_JOURNAL_ASLEEP_H

#include <stdbool.h>
#include <stdint.h>

#define ASLEEP_GAP_S (2 * 3600)
#define ASLEEP_MAX ((uint32_t)1 << 19)

struct asleep_interval {
    int64_t begin_s, end_s; /* UTC, since 1970 */
    int32_t offset_s;       /* local time less UTC, at its end */
};

struct asleep {
    struct asleep_interval *intervals;
    uint32_t count, capacity;
};

enum asleep_result { ASLEEP_ADDED, ASLEEP_FULL, ASLEEP_NO_MEMORY };

/* All zero is empty. */
void asleep_finish(struct asleep *asleep);
enum asleep_result asleep_add(struct asleep *asleep, struct asleep_interval interval);
/* Sorts and makes those that touch one: call it once before the first asleep_next(). */
void asleep_merge(struct asleep *asleep);

struct asleep_one {
    int64_t end_s;
    int32_t offset_s;
    int64_t slept_s; /* without the gaps */
};
/* The sleeps by time; *at begins at 0. False: there are no more. */
bool asleep_next(const struct asleep *asleep, uint32_t *at, struct asleep_one *out);

#endif
