/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of a frame that shows the face, as grey levels: turned upright, 0–255 whatever the depth, and binned so that a
 * face of a 4K clip costs no more than one of 720p. Binning by averages loses nothing that the noise had left.
 *
 * A picture covers a rectangle of the *binned shown* picture: sample (i, j) is the mean of bin × bin shown pixels, and lies
 * at (x0 + i, y0 + j) in binned coordinates, in which (0, 0) is the first bin. Outside the frame the edge is repeated.
 */
#ifndef QUIVER_VISION_PICTURE_H
#define QUIVER_VISION_PICTURE_H

#include "clip.h"
#include "kernels.h"

struct picture {
    struct grey grey;   /**< as seen */
    struct grey spline; /**< the coefficients of its cubic B-spline */
    struct grey small;  /**< means of 4 × 4 */
    int32_t x0, y0;
    uint32_t most_width, most_height; /**< what the memory allows */
    float *work;
};

#define PICTURE_SMALL 4 /**< samples a side that make one of the small picture */

/** Makes room for pictures up to this size. */
int picture_init(struct picture *p, uint32_t most_width, uint32_t most_height, struct qv_arena *arena,
                 struct qv_error *error) QV_MUST_CHECK;

/**
 * The same, with the spline and the work space of @p lender, which must be as large: for pictures that are kept, but filtered one after
 * another.
 */
int picture_init_beside(struct picture *p, const struct picture *lender, uint32_t most_width, uint32_t most_height,
                        struct qv_arena *arena, struct qv_error *error) QV_MUST_CHECK;

/** Cuts the rectangle at (@p x0, @p y0) out of a frame; grey and small are filled in. */
void picture_cut(struct picture *p, const struct clip_frame *frame, uint32_t bin, int32_t x0, int32_t y0,
                 uint32_t width, uint32_t height);
/** Fills in the small picture from the grey one. */
void picture_shrink(struct picture *p);
/** Fills in the spline from the grey picture. */
void picture_filter(struct picture *p, const struct kernels *k);
/** A copy of the grey picture and its place; sizes must fit. */
void picture_copy(struct picture *to, const struct picture *from);

#endif
