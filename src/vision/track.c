/* SPDX-License-Identifier: Apache-2.0 */
#include "track.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* In face widths, but where said. */
#define NODE_STEP 0.05    /* between nodes of the field: a moving patch is 0.04–0.12 wide */
#define MOUTH_ACROSS 0.84 /* the windows */
#define MOUTH_DOWN 0.66
#define MOUTH_RISE 0.02 /* how far the middle of the window lies above the mouth */
#define EYE_ACROSS 0.40
#define EYE_DOWN 0.44
#define EYE_RISE 0.01
#define WHOLE_CELL_PX 8 /* cells of the small picture's window; only its affine part is used */
#define MARGIN_PX 14    /* of the picture around the chart: the spline's reach and a step of the head */
#define OVAL_SOFT 0.03  /* over which the mask fades at the face's outline */

#define POSE_STEPS_MAX 6
#define POSE_STILL_PX 0.02 /* of the small picture: good enough to go on */
#define WINDOW_STEPS_MAX 4
#define WINDOW_STILL_PX 0.06 /* a linear step this small leaves an error below the noise */
#define FIELD_LINEAR_PX 0.45 /* beyond this a displacement is solved again at where it led */
#define FIELD_MOST_PX 12.0   /* beyond this it is no displacement of skin */

/* A window is not where it was left when … */
#define STRAY_WIDTHS 0.25 /* a corner of it lies so far from where the head's pose has it */
#define GAIN_MOST 0.5     /* its contrast has changed by so much: it found a blank */
#define UNLIKE_SHARE 0.6  /* so much of its template's contrast is left unexplained */

#define RELEARN_US 1000000 /* after so long it is learned anew as it looks now */

#define FORGET_S 4.0        /* time constant of the templates after that */
#define LEARN_EVERY_S 0.08  /* the templates need not hear every frame */
#define PREPARE_EVERY_S 1.0 /* and their equations still less */
#define MIDDLING_GREY 128.0
#define LIKENESS_LEAST 0.6f /* below, this is not the face */

/* ---- shape ------------------------------------------------------------------------------------------------------------ */

/* Signed distance to the outline, positive inside; good enough for a fade. */
static double inside_oval(const struct face_plan *p, double x, double y)
{
    bool in = false;
    double nearest = 1e30;
    for (int i = 0, j = CHART_OVAL - 1; i < CHART_OVAL; j = i++) {
        double ax = p->oval_x[j], ay = p->oval_y[j], bx = p->oval_x[i], by = p->oval_y[i];
        if ((ay > y) != (by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax)
            in = !in;
        double dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy;
        double t = length > 0 ? fmin(fmax(((x - ax) * dx + (y - ay) * dy) / length, 0), 1) : 0;
        nearest = fmin(nearest, hypot(x - ax - t * dx, y - ay - t * dy));
    }
    return in ? nearest : -nearest;
}

static double fade(double distance, double width)
{
    return fmin(fmax(distance / width, 0), 1);
}

static void mask_window(const struct face_plan *p, struct window *w)
{
    for (uint32_t j = 0; j < w->height; j++) {
        for (uint32_t i = 0; i < w->width; i++) {
            double d = inside_oval(p, w->x0 + i, w->y0 + j);
            w->mask[(size_t)j * w->width + i] = (float)fade(d, OVAL_SOFT * p->width_px);
        }
    }
}

/* The pose listens to what the skull carries: less to the mouth and chin, less to the lids. */
static void mask_whole(const struct face_plan *p, struct window *w)
{
    for (uint32_t j = 0; j < w->height; j++) {
        for (uint32_t i = 0; i < w->width; i++) {
            double x = (w->x0 + i) * PICTURE_SMALL + 1.5, y = (w->y0 + j) * PICTURE_SMALL + 1.5;
            double m = fade(inside_oval(p, x, y), OVAL_SOFT * p->width_px);
            double mouth = (y - (p->mouth_y - 0.12 * p->width_px)) / (0.05 * p->width_px);
            m *= 1 - 0.9 * fade(mouth, 1);
            for (int e = 0; e < 2; e++) {
                double near = hypot((x - p->eye_x[e]) / 0.13, (y - p->eye_y[e]) / 0.06) / p->width_px;
                m *= 0.15 + 0.85 * fade(near - 0.7, 0.3);
            }
            w->mask[(size_t)j * w->width + i] = (float)m;
        }
    }
}

static int init_window(struct track *t, enum track_window which, double x, double y, double across, double down,
                       struct qv_arena *arena, struct qv_error *error)
{
    const double width = t->plan.width_px;
    const uint32_t cell_px = (uint32_t)fmax(round(NODE_STEP * width), 3);
    const uint32_t cells_x = (uint32_t)fmax(round(across * width / cell_px), 3);
    const uint32_t cells_y = (uint32_t)fmax(round(down * width / cell_px), 3);
    const double x0 = round(x - cells_x * cell_px / 2.0), y0 = round(y - cells_y * cell_px / 2.0);
    int status = window_init(&t->windows[which], x0, y0, cells_x, cells_y, cell_px, true, arena, error);
    if (status == QV_OK)
        mask_window(&t->plan, &t->windows[which]);
    return status;
}

enum track_window track_window_of(enum qv_region region)
{
    if (region < QV_EYELID_LEFT)
        return TRACK_MOUTH;
    return qv_region_side(region) == QV_SIDE_LEFT ? TRACK_EYE_LEFT : TRACK_EYE_RIGHT;
}

int track_init(struct track *t, const struct face_plan *plan, struct qv_arena *arena, struct qv_error *error)
{
    *t = (struct track){.plan = *plan, .kernels = kernels_best()};
    const double width = plan->width_px;
    double left = 0, right = 0, top = 0, bottom = 0;
    for (int i = 0; i < CHART_OVAL; i++) {
        left = fmin(left, plan->oval_x[i]);
        right = fmax(right, plan->oval_x[i]);
        top = fmin(top, plan->oval_y[i]);
        bottom = fmax(bottom, plan->oval_y[i]);
    }
    int status = init_window(t, TRACK_MOUTH, plan->mouth_x, plan->mouth_y - MOUTH_RISE * width, MOUTH_ACROSS,
                             MOUTH_DOWN, arena, error);
    for (int e = 0; e < 2 && status == QV_OK; e++)
        status = init_window(t, e ? TRACK_EYE_RIGHT : TRACK_EYE_LEFT, plan->eye_x[e], plan->eye_y[e] - EYE_RISE * width,
                             EYE_ACROSS, EYE_DOWN, arena, error);
    if (status)
        return status;

    const double small = PICTURE_SMALL * WHOLE_CELL_PX;
    const uint32_t cells_x = (uint32_t)ceil((right - left) / small), cells_y = (uint32_t)ceil((bottom - top) / small);
    status = window_init(&t->whole, floor(left / PICTURE_SMALL), floor(top / PICTURE_SMALL), cells_x, cells_y,
                         WHOLE_CELL_PX, false, arena, error);
    if (status)
        return status;
    mask_whole(plan, &t->whole);

    for (int i = 0; i < TRACK_WINDOWS; i++) {
        const struct window *w = &t->windows[i];
        left = fmin(left, w->x0);
        right = fmax(right, w->x0 + w->width);
        top = fmin(top, w->y0);
        bottom = fmax(bottom, w->y0 + w->height);
    }
    t->most_x = fmax(-left, right);
    t->most_y = fmax(-top, bottom);
    track_rewind(t);
    return QV_OK;
}

void track_rewind(struct track *t)
{
    const double c = cos(t->plan.turn_rad), s = sin(t->plan.turn_rad);
    t->pose = (struct affine){c, -s, t->plan.centre_x, s, c, t->plan.centre_y};
    t->last_step = AFFINE_IDENTITY;
    for (int i = 0; i < TRACK_WINDOWS; i++) {
        t->correction[i] = AFFINE_IDENTITY;
        t->fit_us[i] = 0;
        t->windows[i].learned_s = t->windows[i].prepared_s = 0;
    }
    t->whole.learned_s = t->whole.prepared_s = 0;
}

static struct affine predicted(const struct track *t)
{
    /* The head goes on as it went, by its shift alone. */
    struct affine p = t->pose;
    p.c += t->last_step.c;
    p.f += t->last_step.f;
    return p;
}

uint32_t track_largest(const struct track *t)
{
    return (uint32_t)(2 * 1.5 * hypot(t->most_x, t->most_y)) + 2 * MARGIN_PX + 2 * PICTURE_SMALL;
}

void track_wants(const struct track *t, int32_t *x0, int32_t *y0, uint32_t *width, uint32_t *height)
{
    const struct affine p = predicted(t);
    double left = 1e9, right = -1e9, top = 1e9, bottom = -1e9;
    for (int corner = 0; corner < 4; corner++) {
        double x, y;
        affine_apply(&p, corner & 1 ? t->most_x : -t->most_x, corner & 2 ? t->most_y : -t->most_y, &x, &y);
        left = fmin(left, x);
        right = fmax(right, x);
        top = fmin(top, y);
        bottom = fmax(bottom, y);
    }
    const double largest = track_largest(t);
    *x0 = (int32_t)floor(fmin(fmax(left, -1e6), 1e6)) - MARGIN_PX;
    *y0 = (int32_t)floor(fmin(fmax(top, -1e6), 1e6)) - MARGIN_PX;
    *width = (uint32_t)fmin(ceil(fmax(right - left, 1)) + 2 * MARGIN_PX, largest);
    *height = (uint32_t)fmin(ceil(fmax(bottom - top, 1)) + 2 * MARGIN_PX, largest);
}

/* ---- following ------------------------------------------------------------------------------------------------------------- */

/* Chart → samples of the picture, and the same for the small one in its own units. */
static struct affine into(const struct picture *p, struct affine pose)
{
    pose.c -= p->x0;
    pose.f -= p->y0;
    return pose;
}

static struct affine into_small(const struct picture *p, struct affine pose)
{
    /* small chart u ↔ chart 4 u + 1.5, small sample v ↔ sample 4 v + 1.5 */
    const struct affine up = {PICTURE_SMALL, 0, 1.5, 0, PICTURE_SMALL, 1.5};
    return affine_of(affine_inverse(up), affine_of(into(p, pose), up));
}

static struct affine from_small(struct affine motion)
{
    const struct affine up = {PICTURE_SMALL, 0, 1.5, 0, PICTURE_SMALL, 1.5};
    return affine_of(up, affine_of(motion, affine_inverse(up)));
}

static float likeness(const struct window *w)
{
    double n = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0;
    for (size_t i = 0; i < (size_t)w->width * w->height; i++) {
        double m = (double)w->mask[i], x = (double)w->sampled[i], y = (double)w->level[i];
        n += m;
        a += m * x;
        b += m * y;
        aa += m * x * x;
        bb += m * y * y;
        ab += m * x * y;
    }
    double va = aa - a * a / n, vb = bb - b * b / n;
    return va > 0 && vb > 0 ? (float)((ab - a * b / n) / sqrt(va * vb)) : 0;
}

static float follow_pose(struct track *t, struct picture *p)
{
    struct affine pose = predicted(t), before = t->pose;
    struct window_look look;
    for (int step = 0; step < POSE_STEPS_MAX; step++) {
        window_sample(&t->whole, t->kernels, &p->small, into_small(p, pose), false);
        window_solve(&t->whole, t->kernels, &look, NULL);
        pose = affine_of(pose, from_small(look.motion));
        if (look.furthest_px < POSE_STILL_PX)
            break;
    }
    t->pose = pose;
    t->last_step = (struct affine){1, 0, pose.c - before.c, 0, 1, pose.f - before.f};
    return likeness(&t->whole);
}

/* How far the map takes the corners of a window at most. */
static double strays(const struct window *w, const struct affine *map)
{
    double most = 0;
    for (int corner = 0; corner < 4; corner++) {
        double x = w->x0 + (corner & 1 ? w->width : 0), y = w->y0 + (corner & 2 ? w->height : 0), to_x, to_y;
        affine_apply(map, x, y, &to_x, &to_y);
        most = fmax(most, hypot(to_x - x, to_y - y));
    }
    return most;
}

/* What was found is this part of the face: near where the head says, as bright as it can be, and alike. */
static bool is_fit(const struct track *t, const struct window *w, const struct window_look *look,
                   const struct affine *correction)
{
    return look->field_largest_px < FIELD_MOST_PX && strays(w, correction) < STRAY_WIDTHS * t->plan.width_px &&
           fabs(look->light[LIGHT_GAIN]) < GAIN_MOST && look->rms_left < UNLIKE_SHARE * w->contrast;
}

/* Solves a window from a first guess of its correction, which is brought up to date. */
static bool solve_from(struct track *t, struct window *w, struct picture *p, struct affine *correction,
                       struct window_look *look, float *field)
{
    struct affine place = affine_of(t->pose, *correction);
    window_sample(w, t->kernels, &p->spline, into(p, place), false);
    window_solve(w, t->kernels, look, field);
    const double rms = look->rms;
    for (int step = 1; step < WINDOW_STEPS_MAX && look->furthest_px > WINDOW_STILL_PX; step++) {
        place = affine_of(place, look->motion);
        window_sample(w, t->kernels, &p->spline, into(p, place), false);
        window_solve(w, t->kernels, look, field);
    }
    place = affine_of(place, look->motion);
    /* A large displacement is not linear: look again at where it led, as long as that leaves less unexplained. */
    double largest_px = look->field_largest_px;
    for (int step = 0; step < WINDOW_STEPS_MAX && largest_px > FIELD_LINEAR_PX && largest_px < FIELD_MOST_PX; step++) {
        struct window_look next;
        window_spread(w, field);
        window_sample(w, t->kernels, &p->spline, into(p, place), true);
        window_solve(w, t->kernels, &next, w->field_more);
        if (!(next.rms_left < look->rms_left))
            break;
        largest_px = 0;
        for (uint32_t u = 0; u < w->unknowns; u++) {
            field[u] += w->field_more[u];
            const double far_px = fabs((double)field[u]);
            largest_px = far_px > largest_px ? far_px : largest_px;
        }
        place = affine_of(place, next.motion);
        *look = next;
        if (next.field_largest_px < FIELD_LINEAR_PX / 4)
            break;
    }
    look->rms = rms;
    look->field_largest_px = largest_px;
    *correction = affine_of(affine_inverse(t->pose), place);
    return is_fit(t, w, look, correction);
}

/* False when this part of the face is not to be seen as it was learned: a hand, a turned head, an open mouth. */
static bool follow_window(struct track *t, enum track_window which, struct picture *p, struct window_look *look,
                          float *field)
{
    struct window *w = &t->windows[which];
    if (solve_from(t, w, p, &t->correction[which], look, field))
        return true;
    t->correction[which] = AFFINE_IDENTITY;
    if (solve_from(t, w, p, &t->correction[which], look, field))
        return true;
    t->correction[which] = AFFINE_IDENTITY;
    return false;
}

/* Makes what the window shows now its template. False: nothing in it to hold on to. */
static bool begin_window(struct track *t, struct window *w, const struct grey *coefficients, struct affine place)
{
    window_sample(w, t->kernels, coefficients, place, false);
    memcpy(w->level, w->sampled, (size_t)w->width * w->height * sizeof(float));
    w->learned = 1;
    return window_prepare(w, t->kernels);
}

/* Moves a window's template towards a frame that was solved, and brings its equations up to date now and then. */
static void learn(struct track *t, struct window *w, int64_t time_us, const struct grey *coefficients,
                  struct affine place, const struct window_look *look, const float *field)
{
    const double now_s = (double)time_us * 1e-6, since_s = fmax(now_s - w->learned_s, 0);
    const bool warm = w->learned < TRACK_WARM_FRAMES;
    if (!warm && since_s < LEARN_EVERY_S)
        return;
    window_learn(w, t->kernels, coefficients, place, field, look->light,
                 warm ? 1.0 / (w->learned + 1) : fmin(since_s / FORGET_S, 0.25));
    w->learned++;
    w->learned_s = now_s;
    const bool due = warm ? (w->learned & (w->learned - 1)) == 0 || w->learned == TRACK_WARM_FRAMES
                          : now_s - w->prepared_s >= PREPARE_EVERY_S;
    if (!due)
        return;
    (void)window_prepare(w, t->kernels);
    w->prepared_s = now_s;
}

bool track_start(struct track *t, struct picture *p)
{
    picture_filter(p, t->kernels);
    bool fine = begin_window(t, &t->whole, &p->small, into_small(p, t->pose));
    for (int i = 0; i < TRACK_WINDOWS; i++)
        fine = begin_window(t, &t->windows[i], &p->spline, into(p, t->pose)) && fine;
    return fine;
}

void track_follow(struct track *t, struct picture *p, int64_t time_us, struct track_record *record)
{
    record->time_us = time_us;
    record->likeness = follow_pose(t, p);
    record->pose = t->pose;
    record->seen = record->likeness >= LIKENESS_LEAST;
    if (!record->seen)
        return;
    struct window_look whole;
    window_sample(&t->whole, t->kernels, &p->small, into_small(p, t->pose), false);
    window_solve(&t->whole, t->kernels, &whole, NULL);
    record->light = (float)(whole.light[LIGHT_GAIN] + whole.light[LIGHT_OFFSET] / MIDDLING_GREY);
    picture_filter(p, t->kernels);
    for (int i = 0; i < TRACK_WINDOWS; i++) {
        struct window *w = &t->windows[i];
        struct window_look look;
        struct track_look *out = &record->looks[i];
        out->fit = follow_window(t, (enum track_window)i, p, &look, record->field[i]);
        for (int l = 0; l < LIGHT_COUNT; l++)
            out->light[l] = (float)look.light[l];
        out->rms = (float)look.rms;
        out->rms_left = (float)look.rms_left;
        out->motion = t->correction[i];
        if (out->fit) {
            t->fit_us[i] = time_us;
            learn(t, w, time_us, &p->spline, into(p, affine_of(t->pose, t->correction[i])), &look, record->field[i]);
        } else if (time_us - t->fit_us[i] > RELEARN_US) {
            (void)begin_window(t, w, &p->spline, into(p, t->pose));
            t->fit_us[i] = time_us;
        }
    }
    learn(t, &t->whole, time_us, &p->small, into_small(p, t->pose), &whole, NULL);
}
