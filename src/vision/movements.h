/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The movements of a clip, by their start, while they are being found.
 *
 * Movements of the mouth that follow closely are kept as one spell, for a minute of speech is not a hundred words. At the end, what turns
 * out to be the edge of speech, or a part of a larger movement, is taken out: a twitch is counted once.
 */
#ifndef QUIVER_VISION_MOVEMENTS_H
#define QUIVER_VISION_MOVEMENTS_H

#include <quiver/vision.h>

#define MOVEMENTS_MAX 100000

struct movements {
    struct qv_movement *list;
    uint32_t count, room;
    bool cut; /**< there were more than MOVEMENTS_MAX */
    struct qv_arena *arena;
};

int movements_init(struct movements *all, struct qv_arena *arena, struct qv_error *error) QV_MUST_CHECK;
/** Adds a region to a movement, or makes it larger there; the largest stays first. */
void movement_add_region(struct qv_movement *m, struct qv_region_movement region);
/** Movements may come a little out of the order of their starts. */
int movements_add(struct movements *all, const struct qv_movement *m, struct qv_error *error) QV_MUST_CHECK;
/** Takes out what was no twitch of its own after all. */
int movements_drop_doubles(struct movements *all, struct qv_error *error) QV_MUST_CHECK;

#endif
