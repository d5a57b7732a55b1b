/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the attention mesh looks twice (Grishchenko 2020, arXiv:2006.10962): the points of a first, coarse mesh say where the
 * lips and the eyes are; for each of them a small upright crop is taken out of a map of features, a network of its own finds
 * the part's points in that crop, and they are put back into the frame of the whole face. These are the three operators that
 * this needs and that no library has: MediaPipe's Landmarks2TransformMatrix, TransformTensorBilinear and TransformLandmarks,
 * version 2, here as arithmetic on arrays.
 *
 * A matrix is the upper half of a 4 × 4 one, in rows, that leads from the crop to the map; only its columns 0, 1 and 3 mean
 * something, as all lies in a plane. A sample covers a unit square: its centre is at a half.
 */
#ifndef QUIVER_VISION_ATTENTION_H
#define QUIVER_VISION_ATTENTION_H

#include "tflite.h"

#define ATTENTION_MATRIX 16

/** The crop's place by @p points (x, y, z of each), which must hold all that @p crop names. */
void attention_matrix(const struct tflite_crop *crop, const float *points, float matrix[static ATTENTION_MATRIX]);

/** A map of features: rows of samples of `channels` numbers. */
struct attention_map {
    uint32_t width, height, channels;
};

/** Takes a crop out of a map, between samples linearly. Outside the map lies 0. */
void attention_crop(const struct attention_map *map, const float *from, const float matrix[static ATTENTION_MATRIX],
                    uint32_t width, uint32_t height, float *to);

/** Puts points (x, y of each) of a crop where they lie in the map. */
void attention_points(const float *from, uint32_t count, const float matrix[static ATTENTION_MATRIX], float *to);

#endif
