/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic on one number for each cause, side by side.
 *
 * Loops over COLUMNS are plain so that compilers turn them into vector instructions. GCC compiles the hot functions a
 * second time for AVX2 and chooses when the program starts (Clang 14 cannot inline into such clones, so it does not).
 * Both do the same operations in the same order, without fused multiply-add, so the answer is the same to the last digit
 * on every machine.
 */
#ifndef QUIVER_REASON_COLUMNS_H
#define QUIVER_REASON_COLUMNS_H

#include <quiver/knowledge.h>

#include <string.h>

#define COLUMNS QV_CONDITION_MAX

#if defined __x86_64__ && defined __gnu_linux__ && !defined __SANITIZE_ADDRESS__ && !defined __clang__
#define VECTOR_CLONES __attribute__((target_clones("avx2", "default")))
#define IN_EVERY_CLONE static inline __attribute__((always_inline))
#else
#define VECTOR_CLONES
#define IN_EVERY_CLONE static inline
#endif

/*
 * exp of all columns to 2 parts in 10^7, in steps that vectorise: x = n log 2 + r by Cody and Waite's two-part constant,
 * a polynomial for e^r, and n put into the exponent bits. Below -86 it is as good as 0.
 */
IN_EVERY_CLONE void exp_columns(const float x[COLUMNS], float minus, float out[COLUMNS])
{
    float n[COLUMNS], scale[COLUMNS];
    int32_t bits[COLUMNS];
    for (uint32_t c = 0; c < COLUMNS; c++) {
        float y = x[c] - minus, above = y < -86.0f ? -86.0f : y;
        out[c] = above > 86.0f ? 86.0f : above;
    }
    for (uint32_t c = 0; c < COLUMNS; c++)
        n[c] = out[c] * 1.44269504f + 12582912.0f; /* adding 1.5 · 2^23 rounds to the nearest integer */
    memcpy(bits, n, sizeof bits);
    for (uint32_t c = 0; c < COLUMNS; c++)
        bits[c] = (int32_t)(((uint32_t)bits[c] + 127u) << 23);
    memcpy(scale, bits, sizeof scale);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        float k = n[c] - 12582912.0f;
        float r = out[c] - k * 0.693359375f + k * 2.12194440e-4f;
        float e = 0.00833337f + r * 0.00139f;
        e = 1.0f + r * (1.0f + r * (0.5f + r * (0.166666657f + r * (0.0416665f + r * e))));
        out[c] = e * scale[c];
    }
}

/* The sum of all columns, in a fixed order that eight lanes can share. */
IN_EVERY_CLONE float sum_columns(const float x[COLUMNS])
{
    float lanes[8] = {0};
    for (uint32_t c = 0; c < COLUMNS; c += 8) {
        for (uint32_t i = 0; i < 8; i++)
            lanes[i] += x[c + i];
    }
    return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

/* True when some column of x is as large as its limit; cheaper than to find the largest. */
IN_EVERY_CLONE bool any_reaches(const float x[COLUMNS], const float limit[COLUMNS])
{
    int32_t reached = 0;
    for (uint32_t c = 0; c < COLUMNS; c++)
        reached |= x[c] >= limit[c] ? -1 : 0;
    return reached;
}

static inline float larger(float a, float b)
{
    return a > b ? a : b;
}

/* In steps of equal loops, which compilers see through better than one that folds. */
IN_EVERY_CLONE float largest_column(const float x[COLUMNS])
{
    float half[COLUMNS / 2], quarter[COLUMNS / 4];
    for (uint32_t c = 0; c < COLUMNS / 2; c++)
        half[c] = larger(x[c], x[c + COLUMNS / 2]);
    for (uint32_t c = 0; c < COLUMNS / 4; c++)
        quarter[c] = larger(half[c], half[c + COLUMNS / 4]);
    float largest = quarter[0];
    for (uint32_t c = 1; c < COLUMNS / 4; c++)
        largest = larger(largest, quarter[c]);
    return largest;
}

/* Probabilities that are in the proportions of exp(log_weight). */
IN_EVERY_CLONE void softmax(const float log_weight[COLUMNS], float p[COLUMNS])
{
    exp_columns(log_weight, largest_column(log_weight), p);
    float scale = 1 / sum_columns(p);
    for (uint32_t c = 0; c < COLUMNS; c++)
        p[c] *= scale;
}

#endif
