/* SPDX-License-Identifier: Apache-2.0 */
#include "asleep.h"

#include <stdlib.h>

void asleep_finish(struct asleep *asleep)
{
    free(asleep->intervals);
    *asleep = (struct asleep){0};
}

static int by_begin(const void *a, const void *b)
{
    const struct asleep_interval *left = a, *right = b;
    int64_t difference = left->begin_s - right->begin_s;
    if (difference == 0)
        difference = left->end_s - right->end_s;
    if (difference == 0) /* so that the order of the file does not matter */
        difference = left->offset_s - right->offset_s;
    return (difference > 0) - (difference < 0);
}

void asleep_merge(struct asleep *asleep)
{
    uint32_t kept = 0;
    if (asleep->count)
        qsort(asleep->intervals, asleep->count, sizeof *asleep->intervals, by_begin);
    for (uint32_t i = 0; i < asleep->count; i++) {
        struct asleep_interval *last = kept ? &asleep->intervals[kept - 1] : NULL, next = asleep->intervals[i];
        if (!last || next.begin_s > last->end_s) {
            asleep->intervals[kept++] = next;
        } else if (next.end_s > last->end_s) {
            last->end_s = next.end_s;
            last->offset_s = next.offset_s;
        }
    }
    asleep->count = kept;
}

enum asleep_result asleep_add(struct asleep *asleep, struct asleep_interval interval)
{
    if (asleep->count == ASLEEP_MAX) {
        asleep_merge(asleep);
        if (asleep->count > ASLEEP_MAX / 2) /* or every few intervals would cost a merge */
            return ASLEEP_FULL;
    }
    if (asleep->count == asleep->capacity) {
        uint32_t capacity = asleep->capacity ? asleep->capacity * 2 : 256;
        struct asleep_interval *grown = realloc(asleep->intervals, capacity * sizeof *grown);
        if (!grown)
            return ASLEEP_NO_MEMORY;
        asleep->intervals = grown;
        asleep->capacity = capacity;
    }
    asleep->intervals[asleep->count++] = interval;
    return ASLEEP_ADDED;
}

bool asleep_next(const struct asleep *asleep, uint32_t *at, struct asleep_one *out)
{
    const struct asleep_interval *intervals = asleep->intervals;
    if (*at >= asleep->count)
        return false;
    *out = (struct asleep_one){0};
    do {
        out->slept_s += intervals[*at].end_s - intervals[*at].begin_s;
        out->end_s = intervals[*at].end_s;
        out->offset_s = intervals[*at].offset_s;
        ++*at;
    } while (*at < asleep->count && intervals[*at].begin_s - out->end_s < ASLEEP_GAP_S);
    return true;
}
