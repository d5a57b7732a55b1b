/* SPDX-License-Identifier: Apache-2.0 */
#include "magnify.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REST_S 4.0        /* over which the place at rest is a median: the memory of the templates, too */
#define REST_FRAMES 61    /* frames that it is taken of; an odd number */
#define REST_LEAST 7      /* fewer frames with a face say nothing of rest */
#define SMOOTH_HZ 12.0    /* motion faster than this is noise of the camera */
#define SMOOTH_REACH 3    /* frames on either side, at most, that the smoothing looks at */
#define NOISE_OF_NODE 2.0 /* tremble of one node of the field, over that of a region's mean */
#define FADE_CELLS 2.0    /* at the border of a window, over which the enlargement fades */
#define FOLD_MOST 0.7f    /* steepest displacement, pixel for pixel, that is still undone exactly */
#define BEND_STEPS 8      /* of the fixed-point iteration: leaves FOLD_MOST to the eighth, 6 % of a step */

struct magnifier {
    const struct qv_motion *motion;
    double times, factor, noise_chart_px, rate_hz;
    struct window windows[TRACK_WINDOWS]; /* for window_spread() */
    uint32_t starts[TRACK_WINDOWS];       /* of a window's unknowns in the fields of a frame */
    float *around;                        /* [REST_FRAMES][unknowns] */
    float *now, *smooth, *more, *scratch; /* [unknowns] */
    float *move_x[TRACK_WINDOWS],
        *move_y[TRACK_WINDOWS];                         /* what is added to the displacement, by pixel of the window */
    float *all_x[TRACK_WINDOWS], *all_y[TRACK_WINDOWS]; /* with what is there already */
    float *shift_x, *shift_y;                           /* of the picture, [height][width] */
    uint32_t width, height;
};

/* ---- making --------------------------------------------------------------------------------------------------------------- */

static int make_window(struct magnifier *m, int which, struct qv_arena *arena, struct qv_error *error)
{
    const struct motion_window *kept = &motion_shape(m->motion)->windows[which];
    struct window *w = &m->windows[which];
    int status = window_init(w, kept->x0, kept->y0, kept->cells_x, kept->cells_y, kept->cell_px, true, arena, error);
    float **const maps[] = {&m->move_x[which], &m->move_y[which], &m->all_x[which], &m->all_y[which]};
    for (size_t i = 0; i < sizeof maps / sizeof maps[0] && status == QV_OK; i++) {
        *maps[i] = qv_arena_alloc(arena, (size_t)w->width * w->height, sizeof(float));
        if (!*maps[i])
            status = qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    }
    return status;
}

/* How much of the enlargement a pixel gets: none at the window's border or off the face. */
static void fade_mask(struct magnifier *m, int which)
{
    const struct motion_window *kept = &motion_shape(m->motion)->windows[which];
    struct window *w = &m->windows[which];
    const double over = FADE_CELLS * w->cell_px;
    for (uint32_t j = 0; j < w->height; j++) {
        for (uint32_t i = 0; i < w->width; i++) {
            const double x = fmin(i, w->width - 1 - i), y = fmin(j, w->height - 1 - j);
            const double edge = fmin(fmin(x, y) / over, 1);
            const size_t at = (size_t)j * w->width + i;
            w->mask[at] = kept->mask[at] * (float)(edge * edge * (3 - 2 * edge));
        }
    }
}

int magnifier_create(const struct qv_motion *motion, const struct magnifier_settings *settings, struct qv_arena *arena,
                     struct magnifier **out, struct qv_error *error)
{
    struct magnifier *m = qv_arena_alloc(arena, 1, sizeof *m);
    if (!m)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    const uint32_t unknowns = motion_unknowns(motion);
    *m = (struct magnifier){.motion = motion,
                            .times = settings->times,
                            .factor = 1,
                            .noise_chart_px = NOISE_OF_NODE * settings->noise_px / motion_shape(motion)->bin,
                            .rate_hz = settings->rate_hz,
                            .width = settings->width,
                            .height = settings->height};
    const size_t pixels = (size_t)m->width * m->height;
    float **const rows[] = {&m->now, &m->smooth, &m->more, &m->scratch};
    bool fine = (m->around = qv_arena_alloc(arena, (size_t)REST_FRAMES * unknowns, sizeof(float)));
    fine = (m->shift_x = qv_arena_alloc(arena, pixels, sizeof(float))) && fine;
    fine = (m->shift_y = qv_arena_alloc(arena, pixels, sizeof(float))) && fine;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        fine = (*rows[i] = qv_arena_alloc(arena, unknowns + REST_FRAMES, sizeof(float))) && fine;
    int status = fine ? QV_OK : qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    uint32_t start = 0;
    for (int i = 0; i < TRACK_WINDOWS && status == QV_OK; i++) {
        status = make_window(m, i, arena, error);
        m->starts[i] = start;
        start += m->windows[i].unknowns;
        if (status == QV_OK)
            fade_mask(m, i);
    }
    if (status == QV_OK)
        *out = m;
    return status;
}

/* ---- how far each node moved ------------------------------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Reads the frames around, so many apart that they span REST_S. Returns how many have a face, or a negative status. */
static int read_around(struct magnifier *m, uint32_t index, struct qv_error *error)
{
    const uint32_t unknowns = motion_unknowns(m->motion), count = motion_count(m->motion);
    const int64_t step = llround(fmax(REST_S * m->rate_hz / REST_FRAMES, 1));
    int found = 0;
    for (int64_t k = -(REST_FRAMES / 2); k <= REST_FRAMES / 2; k++) {
        const int64_t at = (int64_t)index + k * step;
        struct motion_frame frame;
        if (at < 0 || at >= count)
            continue;
        const int status = motion_read(m->motion, (uint32_t)at, &frame, m->around + (size_t)found * unknowns, error);
        if (status)
            return status;
        found += frame.seen;
    }
    return found;
}

/* The mean of the frames around, weighted by a Gaussian in time that leaves 1/√2 of SMOOTH_HZ. */
static int read_smooth(struct magnifier *m, uint32_t index, struct motion_frame *frame, struct qv_error *error)
{
    const double sigma_s = sqrt(M_LN2) / (2 * M_PI * SMOOTH_HZ);
    const uint32_t unknowns = motion_unknowns(m->motion);
    int status = motion_read(m->motion, index, frame, m->now, error);
    memcpy(m->smooth, m->now, unknowns * sizeof(float));
    double weights = 1;
    for (int k = -SMOOTH_REACH; k <= SMOOTH_REACH && status == QV_OK && frame->seen; k++) {
        const int64_t at = (int64_t)index + k;
        struct motion_frame other;
        if (!k || at < 0 || at >= motion_count(m->motion))
            continue;
        status = motion_read(m->motion, (uint32_t)at, &other, m->scratch, error);
        const double apart = (double)(other.time_us - frame->time_us) * 1e-6 / sigma_s;
        const double weight = status == QV_OK && other.seen ? exp(-apart * apart / 2) : 0;
        weights += weight;
        for (uint32_t u = 0; u < unknowns && weight > 1e-3; u++)
            m->smooth[u] += (float)weight * m->scratch[u];
    }
    for (uint32_t u = 0; u < unknowns; u++)
        m->smooth[u] /= (float)weights;
    return status;
}

/* What is to be added to each node: its motion about its rest, so many times less once, but not its tremble. */
static void enlarge(struct magnifier *m, uint32_t around)
{
    const uint32_t unknowns = motion_unknowns(m->motion);
    const double noise = m->noise_chart_px * m->noise_chart_px;
    for (uint32_t u = 0; u < unknowns; u += 2) {
        double moved[2];
        for (uint32_t axis = 0; axis < 2; axis++) {
            for (uint32_t k = 0; k < around; k++)
                m->scratch[k] = m->around[(size_t)k * unknowns + u + axis];
            qsort(m->scratch, around, sizeof(float), by_value);
            moved[axis] = (double)(m->smooth[u + axis] - m->scratch[around / 2]);
        }
        const double power = moved[0] * moved[0] + moved[1] * moved[1];
        const double gain = power > 0 ? (m->times - 1) * power / (power + noise) : 0;
        m->more[u] = (float)(gain * moved[0]);
        m->more[u + 1] = (float)(gain * moved[1]);
    }
}

/* ---- and each pixel ----------------------------------------------------------------------------------------------------------- */

/* The steepest step from a pixel of a map to the next, across and down. */
static float steepest_of(const struct window *w, const float *map)
{
    float steepest = 0;
    for (uint32_t j = 1; j < w->height; j++) {
        const float *row = map + (size_t)j * w->width, *above = row - w->width;
        for (uint32_t i = 1; i < w->width; i++)
            steepest = fmaxf(steepest, fmaxf(fabsf(row[i] - row[i - 1]), fabsf(row[i] - above[i])));
    }
    return steepest;
}

/* Spreads the nodes' moves over the pixels of a window; returns how steep they are. */
static float spread_moves(struct magnifier *m, int which)
{
    struct window *w = &m->windows[which];
    window_spread(w, m->more + m->starts[which]);
    for (size_t i = 0; i < (size_t)w->width * w->height; i++) {
        m->move_x[which][i] = w->mask[i] * w->shift_x[i];
        m->move_y[which][i] = w->mask[i] * w->shift_y[i];
    }
    return fmaxf(steepest_of(w, m->move_x[which]), steepest_of(w, m->move_y[which]));
}

/* Adds to the moves, held back by @p share, what is there already, so that their sum can be undone. */
static void add_field(struct magnifier *m, int which, float share)
{
    struct window *w = &m->windows[which];
    window_spread(w, m->now + m->starts[which]);
    for (size_t i = 0; i < (size_t)w->width * w->height; i++) {
        m->move_x[which][i] *= share;
        m->move_y[which][i] *= share;
        m->all_x[which][i] = m->move_x[which][i] + w->shift_x[i];
        m->all_y[which][i] = m->move_y[which][i] + w->shift_y[i];
    }
}

/* A map of the window between its pixels; @p x and @p y from its first one, held inside. */
static float between(const struct window *w, const float *map, float x, float y)
{
    x = fminf(fmaxf(x, 0), (float)w->width - 1.001f);
    y = fminf(fmaxf(y, 0), (float)w->height - 1.001f);
    const uint32_t i = (uint32_t)x, j = (uint32_t)y;
    const float fx = x - (float)i, fy = y - (float)j, *at = map + (size_t)j * w->width + i;
    return (1 - fy) * ((1 - fx) * at[0] + fx * at[1]) + fy * ((1 - fx) * at[w->width] + fx * at[w->width + 1]);
}

struct bounds {
    uint32_t left, top, right, bottom; /* the last two are beyond */
};

/* The pixels of the picture that a window covers. */
static struct bounds bounds_of(const struct magnifier *m, const struct window *w, const struct affine *place)
{
    double left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;
    for (int corner = 0; corner < 4; corner++) {
        double x, y;
        affine_apply(place, w->x0 + (corner & 1 ? w->width : 0), w->y0 + (corner & 2 ? w->height : 0), &x, &y);
        left = fmin(left, x);
        right = fmax(right, x);
        top = fmin(top, y);
        bottom = fmax(bottom, y);
    }
    return (struct bounds){
        (uint32_t)fmin(fmax(floor(left), 0), m->width), (uint32_t)fmin(fmax(floor(top), 0), m->height),
        (uint32_t)fmin(fmax(ceil(right), 0), m->width), (uint32_t)fmin(fmax(ceil(bottom), 0), m->height)};
}

/* For each pixel of the picture: whose skin will be here, and how far it is moved to come here. */
static void shift_picture(struct magnifier *m, int which, const struct affine *place)
{
    const struct window *w = &m->windows[which];
    const struct affine back = affine_inverse(*place);
    const struct bounds b = bounds_of(m, w, place);
    for (uint32_t y = b.top; y < b.bottom; y++) {
        for (uint32_t x = b.left; x < b.right; x++) {
            double cx, cy;
            affine_apply(&back, x, y, &cx, &cy);
            const float here_x = (float)(cx - w->x0), here_y = (float)(cy - w->y0);
            if (here_x < 0 || here_y < 0 || here_x > (float)(w->width - 1) || here_y > (float)(w->height - 1))
                continue;
            float skin_x = here_x, skin_y = here_y; /* at rest */
            for (int step = 0; step < BEND_STEPS; step++) {
                const float to_x = between(w, m->all_x[which], skin_x, skin_y);
                const float to_y = between(w, m->all_y[which], skin_x, skin_y);
                skin_x = here_x - to_x;
                skin_y = here_y - to_y;
            }
            const double dx = (double)between(w, m->move_x[which], skin_x, skin_y);
            const double dy = (double)between(w, m->move_y[which], skin_x, skin_y);
            const size_t at = (size_t)y * m->width + x;
            m->shift_x[at] += (float)(place->a * dx + place->b * dy);
            m->shift_y[at] += (float)(place->d * dx + place->e * dy);
        }
    }
}

static void bend(const struct magnifier *m, const struct bitmap *picture, struct bitmap *out)
{
    for (uint32_t y = 0; y < m->height; y++) {
        uint8_t *to = out->pixels + y * out->stride_bytes;
        memcpy(to, picture->pixels + y * picture->stride_bytes, 4 * (size_t)m->width);
        for (uint32_t x = 0; x < m->width; x++) {
            const double dx = (double)m->shift_x[(size_t)y * m->width + x];
            const double dy = (double)m->shift_y[(size_t)y * m->width + x];
            if (dx != 0 || dy != 0)
                bitmap_sample(picture, x - dx, y - dy, to + 4 * (size_t)x);
        }
    }
}

/* Works out the shift of every pixel for the frame of a record. */
static int shift_frame(struct magnifier *m, uint32_t index, struct qv_error *error)
{
    struct motion_frame frame;
    memset(m->shift_x, 0, (size_t)m->width * m->height * sizeof(float));
    memset(m->shift_y, 0, (size_t)m->width * m->height * sizeof(float));
    m->factor = 1;
    int status = read_smooth(m, index, &frame, error);
    const int around = status == QV_OK && frame.seen ? read_around(m, index, error) : status;
    if (around < REST_LEAST)
        return around < 0 ? around : QV_OK;
    enlarge(m, (uint32_t)around);
    float steepest = 0;
    for (int i = 0; i < TRACK_WINDOWS; i++)
        steepest = fmaxf(steepest, spread_moves(m, i));
    const float share = steepest > FOLD_MOST ? FOLD_MOST / steepest : 1;
    for (int i = 0; i < TRACK_WINDOWS; i++) {
        add_field(m, i, share);
        shift_picture(m, i, &frame.place[i]);
    }
    m->factor = 1 + (m->times - 1) * (double)share;
    return QV_OK;
}

int magnifier_bend(struct magnifier *m, uint32_t index, const struct bitmap *picture, struct bitmap *out,
                   struct qv_error *error)
{
    assert(picture->width == m->width && picture->height == m->height);
    const int status = shift_frame(m, index, error);
    if (status == QV_OK)
        bend(m, picture, out);
    return status;
}

double magnifier_factor(const struct magnifier *m)
{
    return m->factor;
}
