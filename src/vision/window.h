/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One window of the face, and how every part of it moved.
 *
 * A window is a rectangle of the chart (face-aligned pixels, see track.h) with a template: what it looks like. A frame,
 * sampled where the window should be, differs from the template by
 *
 *   r(x) = − ∇T(x) · d(x) + light(x) + noise,      d(x) = affine(x) + field(x)
 *
 * with an affine motion that is the head's, free; a field of the soft face, cubic B-splines on a grid of nodes, held small
 * and smooth by a weak prior; and light = offset + slopes + gain · T. All are solved at once by least squares, so that what
 * the head, the lamp and the neighbouring parts do is explained by them and not by the lip. This is the inverse
 * compositional scheme of Baker & Matthews 2004 (IJCV 56:221) with the free-form deformation of Rueckert 1999 (IEEE TMI
 * 18:712). The equations are made once a template; a frame costs one pass over its pixels and one banded solve.
 *
 * Displacements are of the skin, in chart pixels, x to the right and y down.
 */
#ifndef QUIVER_VISION_WINDOW_H
#define QUIVER_VISION_WINDOW_H

#include "kernels.h"

#include <quiver/base.h>

/** A map of the plane: (x, y) → (a x + b y + c, d x + e y + f). */
struct affine {
    double a, b, c, d, e, f;
};

struct affine affine_of(struct affine outer, struct affine inner); /**< outer ∘ inner */
struct affine affine_inverse(struct affine map);
void affine_apply(const struct affine *map, double x, double y, double *out_x, double *out_y);
#define AFFINE_IDENTITY ((struct affine){1, 0, 0, 0, 1, 0})

enum { LIGHT_OFFSET, LIGHT_ACROSS, LIGHT_DOWN, LIGHT_GAIN, LIGHT_COUNT };
#define WINDOW_FREE (6 + LIGHT_COUNT) /**< unknowns without a prior */

/** What one look at one frame said. */
struct window_look {
    struct affine motion;      /**< chart → chart: where the head took it, from where it was looked for */
    double light[LIGHT_COUNT]; /**< grey levels; the gain as a fraction */
    double rms;                /**< of the residual before anything was explained, grey levels */
    double rms_left;           /**< after */
    double furthest_px;        /**< the largest affine displacement at a corner */
    double field_largest_px;   /**< the largest field displacement at a node */
};

struct window {
    /* shape */
    double x0, y0; /**< chart position of the first pixel */
    uint32_t cells_x, cells_y, cell_px, width, height;
    uint32_t nodes_x, nodes_y, node_count; /**< node (i, j) lies at x0 + (i − 1) cell_px … */
    bool with_field;

    /* what it looks like */
    float *level;                                /**< template, [height][width] */
    float *mask;                                 /**< 0–1: how much a pixel counts */
    float *slope_x, *slope_y, *weighted, *toned; /**< as struct row_model wants them */
    float *hat;                                  /**< [4][cell_px] */
    float *hat_pairs;                            /**< their products by pixel, see add_structure() */
    double pixels;                               /**< sum of the mask */
    uint32_t learned;                            /**< frames in the template */
    double learned_s, prepared_s;                /**< when it, and the equations, last heard of a frame */
    float mean, contrast;                        /**< of the template: mean and standard deviation */

    /* the equations: unknowns (node, axis) with nodes in node_index() order */
    uint32_t unknowns, band;
    double *factor; /**< Cholesky factor of the field's matrix, lower band, [unknowns][band + 1] */
    double *border; /**< [WINDOW_FREE][unknowns]: coupling to the free ones */
    double *solved; /**< [WINDOW_FREE][unknowns]: factor⁻¹ border */
    double free[WINDOW_FREE][WINDOW_FREE]; /**< Cholesky factor of their Schur complement */

    /* work space */
    float *sampled, *shift_x, *shift_y, *residual;
    float *row_x, *row_y;  /**< sums of one row */
    double *right;         /**< [unknowns] */
    float *field_more;     /**< [unknowns]: for who solves in steps */
    double *sum_x, *sum_y; /**< by cell of one cell row */
    double *sum_b;         /**< [unknowns] */
    double *pair_sums;     /**< of one row of cells, see add_structure() */
};

/* How strong the prior is. */
#define WINDOW_NOISE_GREY 2.0 /**< of a sensor in a lit room; only the weight of the prior hangs on it */
#define WINDOW_LOOSE_PX 1.0   /**< standard deviation of a node's displacement that the prior believes in */
#define WINDOW_BEND_PX 0.3    /**< and of its difference from the next node */

/** Lays out a window with an all-zero template. Memory comes from @p arena. */
int window_init(struct window *w, double x0, double y0, uint32_t cells_x, uint32_t cells_y, uint32_t cell_px,
                bool with_field, struct qv_arena *arena, struct qv_error *error) QV_MUST_CHECK;

/** Index of a node's x unknown (its y unknown is the next). */
uint32_t window_unknown(const struct window *w, uint32_t node_x, uint32_t node_y);

/** Samples the picture where @p place (chart → picture) says the window is, into w->sampled; with w->shift when asked. */
void window_sample(struct window *w, const struct kernels *k, const struct grey *coefficients, struct affine place,
                   bool shifted);

/** Makes the equations from w->level and w->mask. False: there is nothing in the window to hold on to. */
bool window_prepare(struct window *w, const struct kernels *k);

/**
 * Solves w->sampled against the template. @p field [unknowns] is written when the window has one. Uses w->residual, in which
 * the raw residual (sampled − template) is left.
 */
void window_solve(struct window *w, const struct kernels *k, struct window_look *look, float *field);

/** Writes the field's displacement at each pixel into w->shift_x and w->shift_y. */
void window_spread(struct window *w, const float *field);

/**
 * Moves the template by @p fraction towards the frame, sampled once more where the solution says that it lies, in the light
 * that it found. @p field may be NULL. Outliers are held back.
 */
void window_learn(struct window *w, const struct kernels *k, const struct grey *coefficients, struct affine place,
                  const float *field, const double light[LIGHT_COUNT], double fraction);

/** Displacement of the field at a chart position, in chart pixels. */
void window_field_at(const struct window *w, const float *field, double x, double y, double *dx, double *dy);

#endif
