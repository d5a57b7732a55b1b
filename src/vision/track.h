/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows one face through the frames and keeps what each said.
 *
 * The chart is a picture of the face that holds still: its axes are the face's (x from the person's right to left as
 * seen, y from brow to chin), its unit a binned pixel, its origin between the eyes and the mouth. Where the chart lies in a frame
 * is the *pose*, an affine map found on a small copy of the picture over the parts of the face that do not move by themselves. Three
 * windows (mouth, and either eye with its brow) are then solved in full (window.h), each with its own small affine
 * correction, because a turning head is not flat.
 *
 * Templates are means over the frames so far, first of a warm-up and then with a slow forgetting, of what the model left
 * unexplained. So they have little noise, follow the light and the pose, and do not swallow a spasm that lasts.
 */
#ifndef QUIVER_VISION_TRACK_H
#define QUIVER_VISION_TRACK_H

#include "picture.h"
#include "window.h"

enum track_window { TRACK_MOUTH, TRACK_EYE_LEFT, TRACK_EYE_RIGHT, TRACK_WINDOWS };

#define CHART_OVAL 36

/** Where things are on a face: in binned pixels of the shown picture. */
struct face_plan {
    double width_px;                                             /**< temple to temple, binned */
    double centre_x, centre_y;                                   /**< origin of the chart */
    double turn_rad;                                             /**< of the face in the picture */
    double region_x[QV_REGION_COUNT], region_y[QV_REGION_COUNT]; /**< in the chart */
    double mouth_x, mouth_y;                                     /**< in the chart */
    double eye_x[2], eye_y[2];                                   /**< left, right; in the chart */
    double oval_x[CHART_OVAL], oval_y[CHART_OVAL];               /**< outline of the face, in the chart */
};

/** What one window said of one frame. */
struct track_look {
    float light[LIGHT_COUNT];
    float rms, rms_left;
    struct affine motion; /**< chart → chart: beyond the pose */
    bool fit;             /**< it was found; else its field means nothing */
};

/** What a frame said. Displacement fields follow in memory. */
struct track_record {
    int64_t time_us;
    bool seen;
    struct affine pose; /**< chart → binned picture */
    float light;        /**< on the whole face, over what it was: about a fraction of a middling grey */
    float likeness;     /**< −1…1: correlation of the small picture with its template */
    struct track_look looks[TRACK_WINDOWS];
    float *field[TRACK_WINDOWS]; /**< [windows[i].unknowns] */
};

struct track {
    struct face_plan plan;
    const struct kernels *kernels;
    struct window whole; /**< of the small picture: the pose */
    struct window windows[TRACK_WINDOWS];
    struct affine correction[TRACK_WINDOWS];
    struct affine pose, last_step; /**< chart → binned picture, and its last change */
    double most_x, most_y;         /**< half extent of what a picture must show, chart pixels */
    int64_t fit_us[TRACK_WINDOWS]; /**< when each window was last found, or learned anew */
};

/** Widest face in binned pixels: beyond, binning goes up by one. */
#define TRACK_FACE_MOST_PX 460.0
/** Frames until the templates are means of enough: to be followed first to learn, and then anew to measure. */
#define TRACK_WARM_FRAMES 24

/** The window that sees a region. */
enum track_window track_window_of(enum qv_region region);

int track_init(struct track *t, const struct face_plan *plan, struct qv_arena *arena,
               struct qv_error *error) QV_MUST_CHECK;

/** The rectangle of the binned picture that the next frame needs. */
void track_wants(const struct track *t, int32_t *x0, int32_t *y0, uint32_t *width, uint32_t *height);
/** The largest rectangle that track_wants() may give, for memory. */
uint32_t track_largest(const struct track *t);

/** Begins: the templates are this picture. False: nothing to hold on to. */
bool track_start(struct track *t, struct picture *picture);
/** Goes back to the first pose with the templates as they are now. */
void track_rewind(struct track *t);

/** Follows into the next picture; @p record->field must point to room for each window's unknowns. */
void track_follow(struct track *t, struct picture *picture, int64_t time_us, struct track_record *record);

#endif
