/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moments: what all regions did at one time, and whether one side of the face did it alone.
 *
 * Pulses of several regions that peak together are one moment; a held movement's moment lasts as long as it is held; a cycle of a
 * rhythm takes in what the same side did in that cycle, because a wave that travels is still one.
 *
 * The other side of the face is the null channel. A twitch of one side must have been seen with the other side in the picture and
 * at rest, and must stand as far above that rest as above its own. What a talking, chewing, turning or badly filmed face does on both
 * sides, and what its tracking invents on either, so takes itself out.
 */
#ifndef QUIVER_VISION_MOMENT_H
#define QUIVER_VISION_MOMENT_H

#include "pulse.h"

/* Sets of regions. */
#define MOMENT_EYES (0xFU << QV_EYELID_LEFT)
#define MOMENT_LIDS (3U << QV_EYELID_LEFT)
#define MOMENT_MOUTH ((1U << QV_EYELID_LEFT) - 1) /**< and cheeks and chin */
#define MOMENT_SIDE(side) (0x1555U << (side))     /**< 0 left, 1 right: regions alternate */

/** Peaks this near belong together, seconds. */
#define MOMENT_TOGETHER_S 0.075

struct moment {
    const struct pulse *lead;                  /**< the largest */
    const struct pulse *best[QV_REGION_COUNT]; /**< NULL: no pulse there */
    double level[QV_REGION_COUNT]; /**< how far a region went, beyond what its noise would do; chart pixels */
};

/** Gathers the moment that pulses[first] begins; marks its pulses as @p used. */
struct moment moment_gather(const struct block *b, const struct pulse *pulses, uint32_t count, uint32_t first,
                            bool *used);
double moment_level(const struct moment *m, uint32_t regions); /**< the largest */
uint32_t moment_regions(const struct moment *m);               /**< where there are pulses */
int moment_side(const struct moment *m, uint32_t part);        /**< the side that went further */
bool moment_is_even(const struct moment *m, uint32_t part);    /**< the other side moved too */
bool moment_is_regular(const struct moment *m, uint32_t part); /**< it is a cycle of a rhythm */
/** How much more than usual a window's picture differed from its template, after all motion was taken out; 1: as usual. */
double moment_change(const struct block *b, const struct moment *m, uint32_t window);
/** One side of a part moved, and only that. */
bool moment_stands_alone(struct block *b, const struct moment *m, uint32_t part);
/** Displacement at the centre of the moving patch nearest to a pulse's region, chart pixels. */
double moment_centre_amplitude(const struct block *b, const struct pulse *pulse);

#endif
