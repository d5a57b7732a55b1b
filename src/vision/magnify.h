/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Motion made visible: the skin is moved as many times as far as it moved.
 *
 * This is motion magnification in the sense of Liu, Torralba, Freeman, Durand & Adelson 2005 (ACM TOG 24:519): measure the motion, enlarge it,
 * and bend the picture accordingly. The later Eulerian methods (Wu et al. 2012, ACM TOG 31:65; Wadhwa et al. 2013, ACM TOG 32:80)
 * change brightness or phase instead, because dense motion was costly to measure; they enlarge noise with it, and
 * reach only a small part of a wavelength. Here the dense motion is at hand (window.h), apart from that of the head and the light.
 *
 * In each frame and node of the field:
 *   1. the place at rest is the running median over REST_S: it ignores what lasts less than half of that;
 *   2. the motion is what lies between that and the field, smoothed above SMOOTH_HZ;
 *   3. what is no larger than the tremble of the picture is left as small as it is (a Wiener gain);
 *   4. the rest is multiplied, and where the skin would fold onto itself, all of it is held back: magnifier_factor() says how far.
 * The picture is then sampled, by cubic convolution, where each pixel's skin really was.
 */
#ifndef QUIVER_VISION_MAGNIFY_H
#define QUIVER_VISION_MAGNIFY_H

#include "bitmap.h"
#include "motion.h"

struct magnifier;

struct magnifier_settings {
    double times;           /**< from 1 on */
    double noise_px;        /**< of a region in one frame, shown pixels */
    double rate_hz;         /**< of the frames */
    uint32_t width, height; /**< of the shown picture */
};

/** A face must have been found, and the motion kept with the skin. Memory comes from @p arena. */
int magnifier_create(const struct qv_motion *motion, const struct magnifier_settings *settings, struct qv_arena *arena,
                     struct magnifier **out, struct qv_error *error) QV_MUST_CHECK;

/** Bends @p picture, which shows the frame of record @p index, into @p out, of the same size. */
int magnifier_bend(struct magnifier *m, uint32_t index, const struct bitmap *picture, struct bitmap *out,
                   struct qv_error *error) QV_MUST_CHECK;

/** How many times the motion of the frame last bent is shown: what was asked for, or less. */
double magnifier_factor(const struct magnifier *m);

#endif
