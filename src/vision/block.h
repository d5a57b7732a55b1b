/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One block of frames and what the bank of pulses makes of it.
 *
 * Memory does not grow with a clip: frames are kept for a block of some tens of seconds, looked at, and all but the last half
 * forgotten, so that every moment is looked at once with seconds on either side.
 *
 * From each record the displacement of each region (a *series*, two axes) is taken, and beside them the head's place and the light. A region's series is the
 * height of a bell-shaped patch at its anchor, by weights that are tuned to the noise of the block.
 * A *pulse* is a raised cosine on a sloping baseline; what the bank answers at a frame is the least-squares height of
 * one of each duration, on the true times of the frames, so a variable frame rate needs nothing special. The answer of a region is a
 * vector: how far the skin went, and where to.
 *
 * The noise of an answer is what the same filter gives on this very clip and region when nothing happens: a low quantile
 * over the seconds around, and not less than the mirror region or the whole face has reason to (a frozen block is no proof of
 * silence; a region that never rests is no proof of noise), to which the head's and the lamp's own motion in the same band is added.
 *
 * Distances are chart pixels (track.h), times seconds since the first frame.
 */
#ifndef QUIVER_VISION_BLOCK_H
#define QUIVER_VISION_BLOCK_H

#include "track.h"

#define BLOCK_FRAMES 4096
#define BLOCK_S 60.0

/** Durations of pulses, base to base: from a fasciculation of the face to a slow jerk. */
#define BANK_SIZE 7
extern const double bank_s[BANK_SIZE];
#define BANK_BENCH 2 /**< the one that a clip's smallest detectable twitch is stated for: 120 ms */
/** Of the face's width: less than this is rounding. */
#define NOISE_FLOOR_WIDTHS 8e-6
#define BANK_SLOW (BANK_SIZE - 1)

enum {
    BLOCK_AXES = 2,
    BLOCK_HEAD = BLOCK_AXES * QV_REGION_COUNT, /**< x, y */
    BLOCK_LIGHT = BLOCK_HEAD + 2,
    BLOCK_SERIES
};

struct block {
    const struct track *track;
    double width; /**< of the face, chart pixels */
    uint32_t frames;
    struct track_record *records; /**< [BLOCK_FRAMES] */
    float (*plain)
        [BLOCK_HEAD]; /**< [BLOCK_FRAMES]: a bell-shaped mean; for what lasts, which tuned weights may take for noise */
    float (*series)[BLOCK_SERIES];            /**< [BLOCK_FRAMES] */
    float (*answer)[BANK_SIZE][BLOCK_SERIES]; /**< of the bank */
    float (*unit)[BANK_SIZE];                 /**< what it makes of white noise; 0: no room for a pulse */
    float (*squares)[BANK_SIZE][BLOCK_HEAD];  /**< of the window about a straight line, over unit² */
    float (*noise)[BANK_SIZE][BLOCK_HEAD];    /**< standard deviation of an answer */
    uint32_t (*unfit)[TRACK_WINDOWS];   /**< [BLOCK_FRAMES + 1]: how many frames before one did not find a window */
    float rest[BLOCK_HEAD];             /**< median of each plain series */
    double left_usually[TRACK_WINDOWS]; /**< median of what the model leaves unexplained, grey levels */
    float *scratch;                     /**< [BLOCK_FRAMES] */
    struct pool {
        uint32_t window, count;
        uint32_t *unknown;         /**< [count]: the x unknown of a node; its y unknown is the next */
        double *patch;             /**< [count]: how far a patch of unit height moves it */
        double squares;            /**< of those */
        float *weight[BLOCK_AXES]; /**< [count] */
    } pools[QV_REGION_COUNT];
    double *spreads, *ideal; /**< [pool_most][pool_most], [pool_most]: work space */
    uint32_t pool_most;
};

int block_init(struct block *b, const struct track *track, struct qv_arena *arena,
               struct qv_error *error) QV_MUST_CHECK;

/** Where the next frame's record goes, and its acceptance. */
struct track_record *block_room(struct block *b);
void block_take(struct block *b);
bool block_full(const struct block *b);
/** Fills in answers, shares and noise. */
void block_analyse(struct block *b);
/** Forgets all but the last @p keep frames. */
void block_forget(struct block *b, uint32_t keep);

double block_time(const struct block *b, uint32_t frame);
/** First frame at or after a time. */
uint32_t block_frame_at(const struct block *b, double time_s);
/** How far an answer went. */
double block_amplitude(const struct block *b, uint32_t frame, uint32_t duration, uint32_t region);
/** The same in standard deviations of its noise, which is not the same along both axes. 0: there is no answer. */
double block_snr(const struct block *b, uint32_t frame, uint32_t duration, uint32_t region);
/** How much of what went on about a frame the pulse explains, 0–1, in such deviations. */
double block_share(const struct block *b, uint32_t frame, uint32_t duration, uint32_t region);
/** Quantile of a region's snr within @p reach_s of a time: how busy it is thereabouts. */
double block_quantile(struct block *b, double time_s, double reach_s, uint32_t duration, uint32_t region, double q);

/** Weights such that Σ weight · series is the height of a pulse of that duration round @p frame. Returns √Σ weight², or 0 when the
    frames do not allow it. @p weights has room for BLOCK_WEIGHTS. */
#define BLOCK_WEIGHTS 512
double block_weights(const struct block *b, uint32_t frame, uint32_t duration, uint32_t *first, uint32_t *count,
                     float *weights);

/** A region could be followed in all frames within @p reach_s of a time. */
bool block_is_fit(const struct block *b, double time_s, double reach_s, uint32_t region);

/** Sorts @p values and gives a quantile of them; 0 of none. */
double quantile_of(float *values, uint32_t count, double q);

#endif
