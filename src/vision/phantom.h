/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside a phantom: the score says what moves when (phantom_score.c), the face where and which way (phantom_face.c), the canvas
 * draws it (phantom_draw.c); phantom.c brings portrait, score, canvas and film together.
 *
 * Places are luma pixels of the *plate*, the picture of the face at rest. A shown pixel is looked up in the plate: through the pose of the
 * head, which is an affine map, and then against the displacement of the skin. Skin that rests at p lies at p + d(p), so the
 * pixel at x shows the p for which p + d(p) = x, which is found by iteration to 1e-4 px.
 *
 * Lids and lips are no stretching: a lid that closes pulls the skin above it over the eye, which stays where it is; lips that part
 * show what is behind them.
 */
#ifndef QUIVER_VISION_PHANTOM_H
#define QUIVER_VISION_PHANTOM_H

#include "face.h"
#include "film.h"
#include "kernels.h"
#include "window.h"

/* ---- chance ----------------------------------------------------------------------------------------------------------- */

/** SplitMix64 (Steele 2014): a stream of numbers for each purpose, so that one more purpose changes no other. */
struct phantom_random {
    uint64_t state;
};

struct phantom_random phantom_random_of(uint64_t seed, uint64_t purpose);
uint64_t phantom_bits(struct phantom_random *random);
/** 0 to below 1. */
double phantom_uniform(struct phantom_random *random);

/* ---- the score: what moves when ----------------------------------------------------------------------------------------- */

enum phantom_act_kind { ACT_PULSE, ACT_HOLD, ACT_RIPPLE, ACT_BLINK, ACT_SPEECH, ACT_SMILE, ACT_NOD };

/** One movement of the face. */
struct phantom_act {
    enum phantom_act_kind kind;
    int64_t start_us, length_us;
    double amount;    /**< of PULSE, HOLD and RIPPLE in pixels, else a fraction of what is usual */
    uint32_t regions; /**< bit i set: region i, of PULSE, HOLD and RIPPLE */
    uint64_t seed;    /**< of SPEECH */
    bool unseen;      /**< there was no face to move in a part of it */
};

/** The exposure goes from what it was to @p gain. */
struct phantom_step {
    int64_t start_us;
    double gain;
};

struct phantom_score {
    const struct qv_phantom_settings *settings;
    struct phantom_act *acts; /**< by start, none at once with another */
    struct phantom_step *steps;
    uint32_t act_count, step_count, act_room, step_room;
    uint32_t past, past_steps; /**< those before are over, for a clock that only goes forward */
    double sway_phase[6];      /**< of the head */
};

/** What there is at one moment. */
struct phantom_moment {
    double region_px[QV_REGION_COUNT]; /**< displacement at the centre of each region's patch */
    bool ripples;                      /**< then region_px is of a wave, at this phase: */
    double phase;                      /**< in turns, at the centre */
    double closed, open, smile, nod;   /**< 0–1 */
    double gain;                       /**< of the light */
    double sway[4];                    /**< of the head, −1…1: across, down, turn, size */
};

#define PHANTOM_STEP_US 200000 /* that a step of the exposure takes */

/** Composes what happens in settings->seconds. All usual settings are filled in. */
int phantom_compose(struct phantom_score *score, const struct qv_phantom_settings *settings, struct qv_arena *arena,
                    struct qv_error *error) QV_MUST_CHECK;
/** What there is at @p time_s; an act that was over by the last phantom_pass() is not seen. */
void phantom_look(const struct phantom_score *score, double time_s, struct phantom_moment *moment);
/** The clock has passed @p time_us. */
void phantom_pass(struct phantom_score *score, int64_t time_us);

/* ---- the face: where and which way ---------------------------------------------------------------------------------------- */

#define PHANTOM_SLIT_POINTS 11

/** An eye or a mouth: two lines from corner to corner, as heights over the chord between the corners. */
struct phantom_slit {
    double x, y;     /**< the corner on the left of the picture */
    double ux, uy;   /**< along the chord */
    double width_px; /**< of the chord */
    double at[PHANTOM_SLIT_POINTS], upper[PHANTOM_SLIT_POINTS], lower[PHANTOM_SLIT_POINTS];
    int count;
};

struct phantom_face {
    double width_px, x, y;     /**< temple to temple; between eyes and mouth */
    double across_x, across_y; /**< unit vector, from the person's right to left as seen */
    struct qv_phantom_patch patches[QV_REGION_COUNT];
    struct qv_phantom_patch smile[4];
    struct phantom_slit eyes[2], mouth; /**< the eyes: the person's left, right */
};

/** Reads the face off a mesh; @p place takes the picture of the mesh to the plate. */
void phantom_face_of(const struct face_mesh *mesh, struct affine place, struct phantom_face *face);

/* ---- the canvas -------------------------------------------------------------------------------------------------------- */

/** The face at rest, as spline coefficients, and what is drawn of it. */
struct phantom_canvas {
    const struct kernels *kernels;
    uint32_t width, height; /**< shown, even */
    double margin_px;       /**< the plate is wider than what is shown, on each side by this; even */
    bool full_range;
    struct grey plain[3], plate[3]; /**< levels; their coefficients */
    uint8_t *shown[3];              /**< what was drawn, [height][width] and twice [height / 2][width / 2] */
    float *line, *spare, *shift_x, *shift_y, *work;
    float *normal;    /**< quantiles of the normal distribution */
    float *threshold; /**< 0–1, in random order: what is rounded up, without noise */
};

int phantom_canvas_init(struct phantom_canvas *canvas, uint32_t width, uint32_t height, double margin_px,
                        struct qv_arena *arena, struct qv_error *error) QV_MUST_CHECK;
/** Takes the portrait as the plate: @p place takes its shown pixels to the plate. @p scratch is for this call only. */
int phantom_canvas_take(struct phantom_canvas *canvas, const struct clip_frame *portrait, struct affine place,
                        struct qv_arena *scratch, struct qv_error *error) QV_MUST_CHECK;
/** Draws the picture that a camera takes at @p time_us into canvas->shown. @p face NULL: nothing moves. */
void phantom_draw(struct phantom_canvas *canvas, const struct phantom_face *face, const struct phantom_score *score,
                  int64_t time_us, struct phantom_random *noise);

/** The displacement at the centre of a region's patch, neighbours included. */
double phantom_displacement_px(const struct phantom_face *face, const struct phantom_moment *moment,
                               enum qv_region region);

#endif
