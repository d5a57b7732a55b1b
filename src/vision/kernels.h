/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loops that see every pixel, each in plain C and, where the processor has them, with wider instructions; kernels_best()
 * chooses at run time. tests/unit/test_kernels.c holds each against the plain one.
 *
 * Pictures are rows of float grey levels (0–255 of 8 bits). `stride` counts floats. Sums are single precision over one row
 * of one cell (some tens of pixels) and double beyond.
 */
#ifndef QUIVER_VISION_KERNELS_H
#define QUIVER_VISION_KERNELS_H

#include <stdint.h>

/** Half the width of the filter that turns samples into spline coefficients; what it leaves out is below 2e-4 of a sample. */
#define KERNEL_PREFILTER_REACH 6

/** A picture of floats that someone else owns. */
struct grey {
    float *at;
    uint32_t width, height, stride;
};

/** Where one row of a window is looked up: position = (x0 + i dx, y0 + i dy) + (shift_x[i], shift_y[i]). */
struct warp_row {
    float x0, y0, dx, dy;
    const float *shift_x, *shift_y; /**< NULL: none */
};

/** Of one row of one window, all that the normal equations want. */
struct row_model {
    const float *slope_x, *slope_y; /**< weight × gradient of the template, [cells × cell_px] */
    const float *level;             /**< weight × template */
    const float *weight;
    const float *hat; /**< [4][cell_px]: the four cubic B-splines over one cell */
    uint32_t cells, cell_px;
};

/** Sums of one row: by cell and spline, and of the light. */
struct row_sums {
    float *x, *y;   /**< [cells][4]: Σ hat · slope · residual, added to */
    float light[4]; /**< Σ r, Σ r·i/width, Σ r·template, Σ r², all weighted; written */
};

struct kernels {
    const char *name;
    /** Cubic B-spline coefficients of a row, mirrored at its ends; @p in and @p out do not overlap. */
    void (*prefilter_row)(const float *in, float *out, uint32_t width);
    /** One output row from 2 × reach + 1 input rows, so that columns are filtered. */
    void (*prefilter_column)(const float *const rows[2 * KERNEL_PREFILTER_REACH + 1], float *out, uint32_t width);
    /** Samples a spline along a row; positions are held inside the picture. */
    void (*sample_row)(const struct grey *coefficients, const struct warp_row *row, float *out, uint32_t count);
    /** Adds what one row of residuals says to its sums. */
    void (*gather_row)(const struct row_model *model, const float *residual, struct row_sums *sums);
};

/** The index that a mirror at both ends gives one that may lie outside. */
uint32_t kernel_mirrored(int32_t i, uint32_t width);

extern const struct kernels kernels_plain;
/** The fastest that this processor runs. */
const struct kernels *kernels_best(void);
/** All that this processor runs, plain first; for tests and bench. */
uint32_t kernels_all(const struct kernels *out[4]);

#endif
