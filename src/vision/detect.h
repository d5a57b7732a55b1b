/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From displacements to movements.
 *
 * A block of frames (block.h) gives pulses (pulse.h, rhythm.h), pulses that belong together are moments (moment.h), and a moment is
 * told for what it is: a twitch or a spasm is what one side of the face does alone, while the other side is seen and rests; or a
 * rhythm of either or both. What both sides do is a blink or a movement of the mouth. Blinks are also seen by the picture of the eyes, the head by
 * its pose and the light by its level. What is found goes into one list (movements.h).
 *
 * Memory does not grow with the clip: frames are kept for one block of some tens of seconds.
 */
#ifndef QUIVER_VISION_DETECT_H
#define QUIVER_VISION_DETECT_H

#include "track.h"

struct detect;

struct detect_noise {
    double floor_px;         /**< of one frame, median over the lips' regions and the blocks */
    double detectable_px;    /**< at the centre of a patch, 120 ms, found 95 times in 100 */
    double talking_fraction; /**< of the time */
    double flicker;          /**< of the light, as a fraction, root mean square of the fast part */
    double head_px_per_s;    /**< median speed of the head, shown pixels */
};

/** @p px_per_chart shown pixels in a chart pixel (the bin), @p mm_per_px millimetres in a shown pixel. */
int detect_create(const struct track *track, double px_per_chart, double mm_per_px, struct qv_arena *arena,
                  struct detect **out, struct qv_error *error) QV_MUST_CHECK;

/** Room for the next frame's record. */
struct track_record *detect_room(struct detect *d);
/** Takes in the record that detect_room() gave. */
int detect_take(struct detect *d, struct qv_error *error) QV_MUST_CHECK;
/** Displacements of the frame last taken, [2 × region + axis], chart pixels. The last frame taken must have been seen. */
const float *detect_latest(const struct detect *d);
/** The clip has ended. */
int detect_finish(struct detect *d, struct qv_error *error) QV_MUST_CHECK;

/** Says anew, for all movements, how many millimetres a shown pixel is: that is known best at the end. */
void detect_scale(struct detect *d, double mm_per_px);

/** The movements by start, and what was learned of the noise. Valid as long as the arena. */
const struct qv_movement *detect_movements(const struct detect *d, uint32_t *count, bool *cut);
void detect_noise(const struct detect *d, struct detect_noise *out);

#endif
