/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures in colour, on their way from one clip into another: blue, green, red and an unused byte a pixel, 8 bits each.
 *
 * What a clip says about its colours is not passed on by the decoder, so the usual rule is used both ways: ITU-R BT.709 from 720
 * lines on, BT.601 below.
 */
#ifndef QUIVER_VISION_BITMAP_H
#define QUIVER_VISION_BITMAP_H

#include "clip.h"
#include "film.h"

struct bitmap {
    uint8_t *pixels;
    uint32_t width, height;
    size_t stride_bytes;
};

/** Makes room for a bitmap; all black. */
int bitmap_init(struct bitmap *b, uint32_t width, uint32_t height, struct qv_arena *arena,
                struct qv_error *error) QV_MUST_CHECK;

/** A frame as it is shown, upright, in 8 bits. The bitmap must be of the shown size. */
void bitmap_of_frame(struct bitmap *b, const struct clip_frame *frame);

/** How large a shown picture of this size comes out: small ones as many times larger, large ones as many times smaller. */
struct bitmap_zoom {
    uint32_t up, down; /**< one of them is 1 */
};
struct bitmap_zoom bitmap_zoom_for(uint32_t width, uint32_t height);
/** Fills @p to, whose size is that of @p from after the zoom, or a little less. */
void bitmap_zoomed(const struct bitmap *from, struct bitmap_zoom zoom, struct bitmap *to);

/** The four channels at a place between pixels, by cubic convolution (Keys 1981, a = −1/2); the edge is repeated. */
void bitmap_sample(const struct bitmap *b, double x, double y, uint8_t out[static 4]);

/** As a film wants it. @p planes has room for w × h, and twice (w / 2) × (h / 2), bytes; sides are even. */
void bitmap_to_film(const struct bitmap *b, uint8_t *planes, struct film_picture *out);

#endif
