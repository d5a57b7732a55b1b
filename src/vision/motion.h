/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tracker said of each frame, kept on disk for a second pass over the clip (struct qv_motion of vision.h).
 *
 * Records are all of one size, so that any frame can be read at any time: a filter may look ahead. The file has no name, so
 * nothing of it stays, whatever happens.
 *
 * state      what there is                                 which call moves on
 * EMPTY      nothing: frames without a face are not kept    motion_begin, when one is found
 * RECORDING  the shape of the face, and records            -
 *
 * Records are in the order of time. A frame of the clip without a record (one that repeats the one before) is as the last record before
 * it says; one before the first record has no face.
 */
#ifndef QUIVER_VISION_MOTION_H
#define QUIVER_VISION_MOTION_H

#include "track.h"

/** What does not change from frame to frame. */
struct motion_shape {
    struct face_plan plan;
    uint32_t bin; /**< shown pixels that make one of the chart */
    struct motion_window {
        double x0, y0;
        uint32_t cells_x, cells_y, cell_px, width, height, unknowns;
        float *mask; /**< [height][width] */
    } windows[TRACK_WINDOWS];
};

struct motion_frame {
    int64_t time_us;
    bool seen;
    struct affine place[TRACK_WINDOWS]; /**< chart → shown pixels, by window */
};

/** A face was found: what follows is about this one. */
int motion_begin(struct qv_motion *m, const struct track *track, uint32_t bin, struct qv_error *error) QV_MUST_CHECK;
/** A later frame; @p record NULL or not seen: without a face. */
int motion_add(struct qv_motion *m, int64_t time_us, const struct track_record *record,
               struct qv_error *error) QV_MUST_CHECK;

uint32_t motion_count(const struct qv_motion *m);
/** True when the displacement fields are kept too. */
bool motion_with_skin(const struct qv_motion *m);
/** NULL: no face was found in the whole clip. */
const struct motion_shape *motion_shape(const struct qv_motion *m);
/** Unknowns of all windows together: the length of a frame's fields. */
uint32_t motion_unknowns(const struct qv_motion *m);

/** Reads what was said of a frame; @p fields, NULL or [motion_unknowns()], gets the windows' fields one after another. */
int motion_read(const struct qv_motion *m, uint32_t index, struct motion_frame *frame, float *fields,
                struct qv_error *error) QV_MUST_CHECK;

#endif
