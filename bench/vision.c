/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-vision: what `quiver watch` is held against by bench/vision.sh.
 *
 *   bench-vision floor CLIP STILL SIGMA    how much the upper lip of a face at rest seems to move from frame to frame
 *   bench-vision landmarks CLIP            the twitches of the left upper lip that landmarks show, as quiver watch --json would say it
 *
 * Landmarks are what one would pick today: Face Mesh on every frame, in the box that the mesh before gives, as MediaPipe
 * does it; the head is taken out by a similarity over points that no muscle moves, robustly; the lip is the mean of three points. They are
 * told what quiver has to find out: which part twitches, in which direction and for how long.
 *
 * The bound is Cramér's and Rao's for a patch of luma gradients g under independent noise σ: var(displacement) ≥ σ² (Σ g gᵀ)⁻¹.
 * It knows of no head that moves, of no lamp and of no codec, so nobody reaches it.
 *
 * The floor of all three is of one frame along one axis, that of quiver's own trace, and a mean over the two sides: 1.4826 times the
 * median distance from a running median over a second.
 */
#include "vision/picture.h"
#include "vision/plan.h"

#include <quiver/vision.h>

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_MAX 20000
#define TREND_S 1.0 /* slower than this is no twitch */
#define MAD_NORMAL 1.4826
#define PATCH_HALF_WIDTHS 0.06 /* of the face: half a side of the patch of the bound, one σ of a phantom's patch */

#define PULSE_S 0.120       /* of the phantoms' twitches, base to base */
#define PULSE_REACH_S 0.130 /* of the filter, to either side: the pulse and as much rest beside it */
#define PULSE_LEAST_SNR 5.0
#define PULSE_APART_S 0.150

enum { LEFT, RIGHT, SIDES };

/* Points of the mesh by MediaPipe's numbering. */
static const int16_t lips[SIDES][3] = {{267, 269, 270}, {37, 39, 40}};
static const int16_t rigid[] = {
    168, 6,   197, 195, 8,   9,  /* bridge of the nose, and above it */
    107, 336, 66,  296,          /* inner brows */
    33,  133, 362, 263,          /* corners of the eyes */
    127, 234, 356, 454, 162, 389 /* temples */
};
enum { RIGID = sizeof rigid / sizeof rigid[0] };

/* What is seen of both sides of the lip, frame by frame. */
struct signal {
    uint32_t frames;
    double *time_s, *x[SIDES], *y[SIDES]; /* displacement since the first frame, pixels */
};

static int signal_init(struct signal *s, struct qv_arena *arena, struct qv_error *error)
{
    *s = (struct signal){.time_s = qv_arena_alloc(arena, FRAMES_MAX, sizeof *s->time_s)};
    bool fine = s->time_s;
    for (int side = 0; side < SIDES; side++) {
        fine = (s->x[side] = qv_arena_alloc(arena, FRAMES_MAX, sizeof(double))) && fine;
        fine = (s->y[side] = qv_arena_alloc(arena, FRAMES_MAX, sizeof(double))) && fine;
    }
    return fine ? QV_OK : qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
}

/* ---- medians ------------------------------------------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, uint32_t count, double *work)
{
    assert(work && values);
    memcpy(work, values, count * sizeof *work);
    qsort(work, count, sizeof *work, by_value);
    return count ? (work[(count - 1) / 2] + work[count / 2]) / 2 : NAN;
}

/* Robust standard deviation about a running median. */
static double noise_of(const double *time_s, const double *values, uint32_t count, struct qv_arena *arena)
{
    double *off = qv_arena_alloc(arena, count, sizeof *off), *work = qv_arena_alloc(arena, count, sizeof *work);
    if (!off || !work || !count)
        return NAN;
    for (uint32_t i = 0, first = 0, end = 0; i < count; i++) {
        while (time_s[i] - time_s[first] > TREND_S / 2)
            first++;
        while (end < count && time_s[end] - time_s[i] <= TREND_S / 2)
            end++;
        off[i] = fabs(values[i] - median(values + first, end - first, work));
    }
    return MAD_NORMAL * median(off, count, work);
}

/* ---- landmarks ---------------------------------------------------------------------------------------------------------- */

/* (x, y) → (a x − b y + c, b x + a y + d). */
struct similarity {
    double a, b, c, d;
};

static struct similarity fit_weighted(const struct face_mesh *from, const struct face_mesh *to,
                                      const double weight[static RIGID])
{
    double sum = 0, fx = 0, fy = 0, tx = 0, ty = 0, dot = 0, cross = 0, square = 0;
    for (int i = 0; i < RIGID; i++) {
        const int p = rigid[i];
        sum += weight[i];
        fx += weight[i] * (double)from->x[p];
        fy += weight[i] * (double)from->y[p];
        tx += weight[i] * (double)to->x[p];
        ty += weight[i] * (double)to->y[p];
    }
    fx /= sum;
    fy /= sum;
    tx /= sum;
    ty /= sum;
    for (int i = 0; i < RIGID; i++) {
        const int p = rigid[i];
        const double x = (double)from->x[p] - fx, y = (double)from->y[p] - fy;
        const double u = (double)to->x[p] - tx, v = (double)to->y[p] - ty;
        dot += weight[i] * (x * u + y * v);
        cross += weight[i] * (x * v - y * u);
        square += weight[i] * (x * x + y * y);
    }
    const double a = dot / square, b = cross / square;
    return (struct similarity){a, b, tx - a * fx + b * fy, ty - b * fx - a * fy};
}

static void map(const struct similarity *s, double x, double y, double *out_x, double *out_y)
{
    *out_x = s->a * x - s->b * y + s->c;
    *out_y = s->b * x + s->a * y + s->d;
}

/* By iterated weights, Huber's. */
static struct similarity fit_robustly(const struct face_mesh *from, const struct face_mesh *to)
{
    enum { STEPS = 8 };
    const double huber = 1.345; /* standard deviations: 95 % as good as least squares where nothing is wrong */
    double weight[RIGID], off[RIGID], work[RIGID];
    struct similarity s = {1, 0, 0, 0};
    for (int i = 0; i < RIGID; i++)
        weight[i] = 1;
    for (int step = 0; step < STEPS; step++) {
        s = fit_weighted(from, to, weight);
        for (int i = 0; i < RIGID; i++) {
            double x, y;
            map(&s, (double)from->x[rigid[i]], (double)from->y[rigid[i]], &x, &y);
            off[i] = hypot(x - (double)to->x[rigid[i]], y - (double)to->y[rigid[i]]);
        }
        const double most = huber * fmax(MAD_NORMAL * median(off, RIGID, work), 1e-9);
        for (int i = 0; i < RIGID; i++)
            weight[i] = off[i] > most ? most / off[i] : 1;
    }
    return s;
}

static void lip_of(const struct face_mesh *m, const struct similarity *s, int side, double *x, double *y)
{
    *x = *y = 0;
    for (int i = 0; i < 3; i++) {
        double px, py;
        map(s, (double)m->x[lips[side][i]], (double)m->y[lips[side][i]], &px, &py);
        *x += px / 3;
        *y += py / 3;
    }
}

/* The mesh of a frame, in the box of the one before or where the detector finds a face. */
static int lay(struct face_models *models, const struct clip_frame *frame, bool *known, struct face_box *box,
               struct face_mesh *mesh, struct qv_error *error)
{
    int status = QV_OK;
    if (!*known) {
        struct face_box found[FACE_FOUND_MAX];
        uint32_t count = 0;
        status = face_find(models, frame, found, &count, error);
        if (status == QV_OK && !count)
            status = qv_fail(error, QV_ERR_DATA, "no face in a frame");
        if (status)
            return status;
        *box = found[0];
    }
    status = face_lay_mesh(models, frame, box, mesh, error);
    if (status)
        return status;
    *box = face_box_of(mesh);
    *known = true;
    return QV_OK;
}

static int take_frame(struct signal *s, const struct face_mesh *first, const struct face_mesh *mesh, int64_t time_us,
                      struct qv_error *error)
{
    if (s->frames == FRAMES_MAX)
        return qv_fail(error, QV_ERR_DATA, "expected at most %d frames", FRAMES_MAX);
    const struct similarity none = {1, 0, 0, 0}, back = fit_robustly(mesh, first);
    for (int side = 0; side < SIDES; side++) {
        double x, y, rest_x, rest_y;
        lip_of(mesh, &back, side, &x, &y);
        lip_of(first, &none, side, &rest_x, &rest_y);
        s->x[side][s->frames] = x - rest_x;
        s->y[side][s->frames] = y - rest_y;
    }
    s->time_s[s->frames++] = (double)time_us * 1e-6;
    return QV_OK;
}

static int watch_landmarks(struct face_models *models, const char *path, struct signal *s, struct qv_error *error)
{
    struct clip *clip = NULL;
    struct clip_frame frame;
    struct face_box box;
    struct face_mesh first, mesh;
    bool known = false;
    int status = clip_open(path, &clip, error), got = 0;
    while (status == QV_OK && (got = clip_next(clip, &frame, error)) == 1) {
        status = lay(models, &frame, &known, &box, &mesh, error);
        if (s->frames == 0)
            first = mesh;
        if (status == QV_OK)
            status = take_frame(s, &first, &mesh, frame.time_us, error);
    }
    clip_close(clip);
    return status ? status : got;
}

/* ---- the bound ------------------------------------------------------------------------------------------------------------ */

/* Smallest standard deviation along (@p ux, @p uy) of a patch about (@p x, @p y); NaN: no gradient to hold on to. */
static double bound_at(const struct grey *g, double x, double y, double half, double sigma, double ux, double uy)
{
    double xx = 0, xy = 0, yy = 0;
    for (uint32_t j = 1; j + 1 < g->height; j++) {
        for (uint32_t i = 1; i + 1 < g->width; i++) {
            if (fabs(i - x) > half || fabs(j - y) > half)
                continue;
            const float *at = g->at + (size_t)j * g->stride + i;
            const double gx = (double)(at[1] - at[-1]) / 2, gy = (double)(at[g->stride] - *(at - g->stride)) / 2;
            xx += gx * gx;
            xy += gx * gy;
            yy += gy * gy;
        }
    }
    const double det = xx * yy - xy * xy;
    return sigma * sqrt((ux * ux * yy - 2 * ux * uy * xy + uy * uy * xx) / det);
}

/* Of the first frame of a clip without noise. */
static int bound_of(struct face_models *models, const char *path, double sigma, const struct qv_trace *trace,
                    double *bound_px, struct qv_arena *arena, struct qv_error *error)
{
    struct clip *clip = NULL;
    struct clip_frame frame;
    struct face_box box;
    struct face_mesh mesh;
    struct face_plan plan;
    struct picture picture;
    bool known = false;
    int status = clip_open(path, &clip, error);
    if (status == QV_OK && clip_next(clip, &frame, error) != 1)
        status = qv_fail(error, QV_ERR_DATA, "%s: no frame", path);
    if (status == QV_OK)
        status = lay(models, &frame, &known, &box, &mesh, error);
    if (status == QV_OK)
        status = picture_init(&picture, frame.width, frame.height, arena, error);
    if (status == QV_OK) {
        picture_cut(&picture, &frame, 1, 0, 0, frame.width, frame.height);
        plan_face(&mesh, false, 1, &plan);
        const struct affine pose = plan_pose(&plan, &mesh, 1);
        *bound_px = 0;
        for (int r = QV_UPPER_LIP_LEFT; r <= QV_UPPER_LIP_RIGHT; r++) {
            double x, y;
            affine_apply(&pose, plan.region_x[r], plan.region_y[r], &x, &y);
            *bound_px += bound_at(&picture.grey, x, y, PATCH_HALF_WIDTHS * plan.width_px, sigma,
                                  (double)trace->axis_x[r], (double)trace->axis_y[r]) /
                         SIDES;
        }
    }
    clip_close(clip);
    return status;
}

/* ---- floor ------------------------------------------------------------------------------------------------------------------ */

static double noise_of_trace(const struct qv_trace *trace, struct qv_arena *arena)
{
    double *values = qv_arena_alloc(arena, trace->bin_count, sizeof *values), sum = 0;
    double *time_s = qv_arena_alloc(arena, trace->bin_count, sizeof *time_s);
    if (!values || !time_s)
        return NAN;
    for (int r = QV_UPPER_LIP_LEFT; r <= QV_UPPER_LIP_RIGHT; r++) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < trace->bin_count; i++) {
            if (!trace->bins[i].seen)
                continue;
            time_s[count] = (double)trace->bins[i].first_us * 1e-6;
            values[count++] = (double)trace->bins[i].mean_px[r];
        }
        sum += noise_of(time_s, values, count, arena);
    }
    return sum / SIDES;
}

static double noise_of_landmarks(const struct signal *s, const struct qv_trace *trace, struct qv_arena *arena)
{
    double *values = qv_arena_alloc(arena, s->frames, sizeof *values), sum = 0;
    if (!values)
        return NAN;
    for (int side = 0; side < SIDES; side++) {
        const int r = QV_UPPER_LIP_LEFT + side;
        for (uint32_t i = 0; i < s->frames; i++)
            values[i] = (double)trace->axis_x[r] * s->x[side][i] + (double)trace->axis_y[r] * s->y[side][i];
        sum += noise_of(s->time_s, values, s->frames, arena);
    }
    return sum / SIDES;
}

static int show_floor(struct face_models *models, const char *models_folder, char **words, struct qv_arena *arena,
                      struct qv_error *error)
{
    const struct qv_watch_settings settings = {.models_folder = models_folder};
    struct qv_measurement *measured;
    struct signal s;
    double bound_px;
    int status = qv_watch(words[0], &settings, arena, &measured, error);
    if (status == QV_OK && measured->trace->bin_count + TRACK_WARM_FRAMES < measured->clip.frames)
        status = qv_fail(error, QV_ERR_DATA, "%s: too long for a trace of single frames", words[0]);
    if (status == QV_OK)
        status = signal_init(&s, arena, error);
    if (status == QV_OK)
        status = watch_landmarks(models, words[0], &s, error);
    if (status == QV_OK)
        status = bound_of(models, words[1], strtod(words[2], NULL), measured->trace, &bound_px, arena, error);
    if (status)
        return status;
    printf("{\"bound_px\": %.6f, \"trace_px\": %.6f, \"stated_px\": %.6f, \"landmarks_px\": %.6f, "
           "\"false\": %u, \"seconds\": %.3f}\n",
           bound_px, noise_of_trace(measured->trace, arena), measured->quality.noise_floor_px,
           noise_of_landmarks(&s, measured->trace, arena), measured->summary.twitches, measured->clip.duration_s);
    return QV_OK;
}

/* ---- detection ---------------------------------------------------------------------------------------------------------------- */

/* Height of a pulse about frame @p at on a level baseline; 0 at the ends. */
static double answer_at(const struct signal *s, const double *values, uint32_t at)
{
    const double t0 = s->time_s[at];
    if (t0 - s->time_s[0] < PULSE_REACH_S || s->time_s[s->frames - 1] - t0 < PULSE_REACH_S)
        return 0;
    double n = 0, h = 0, hh = 0, v = 0, hv = 0;
    uint32_t i = at;
    while (i > 0 && t0 - s->time_s[i - 1] <= PULSE_REACH_S)
        i--;
    for (; i < s->frames && s->time_s[i] - t0 <= PULSE_REACH_S; i++) {
        const double t = s->time_s[i] - t0;
        const double pulse = fabs(t) < PULSE_S / 2 ? 0.5 + 0.5 * cos(2 * M_PI * t / PULSE_S) : 0;
        n++;
        h += pulse;
        hh += pulse * pulse;
        v += values[i];
        hv += pulse * values[i];
    }
    return (hv - h * v / n) / (hh - h * h / n);
}

static bool is_largest(const struct signal *s, const double *answers, uint32_t at)
{
    for (uint32_t i = 0; i < s->frames; i++) {
        if (i != at && fabs(s->time_s[i] - s->time_s[at]) < PULSE_APART_S && fabs(answers[i]) > fabs(answers[at]))
            return false;
    }
    return true;
}

static int show_landmarks(struct face_models *models, const char *path, struct qv_arena *arena, struct qv_error *error)
{
    struct signal s;
    int status = signal_init(&s, arena, error);
    if (status == QV_OK)
        status = watch_landmarks(models, path, &s, error);
    double *answers = qv_arena_alloc(arena, FRAMES_MAX, sizeof *answers);
    double *sizes = qv_arena_alloc(arena, FRAMES_MAX, sizeof *sizes);
    double *work = qv_arena_alloc(arena, FRAMES_MAX, sizeof *work);
    if (status)
        return status;
    if (!answers || !sizes || !work)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    for (uint32_t i = 0; i < s.frames; i++) {
        answers[i] = answer_at(&s, s.y[LEFT], i);
        sizes[i] = fabs(answers[i]);
    }
    const double least = PULSE_LEAST_SNR * MAD_NORMAL * median(sizes, s.frames, work);
    const char *between = "";
    printf("{\"events\": [");
    for (uint32_t i = 0; i < s.frames; i++) {
        if (sizes[i] <= least || !is_largest(&s, answers, i))
            continue;
        printf("%s{\"kind\": \"twitch\", \"peak_s\": %.6f}", between, s.time_s[i]);
        between = ", ";
    }
    printf("]}\n");
    return QV_OK;
}

int main(int argc, char **argv)
{
    const char *models_folder = getenv("QUIVER_MODELS");
    const bool wants_floor = argc == 5 && strcmp(argv[1], "floor") == 0;
    if (!models_folder || !(wants_floor || (argc == 3 && strcmp(argv[1], "landmarks") == 0))) {
        fprintf(stderr, "usage: QUIVER_MODELS=FOLDER bench-vision floor CLIP STILL SIGMA | landmarks CLIP\n");
        return 64;
    }
    struct qv_error error = {0};
    struct face_models *models = NULL;
    struct qv_arena *arena = qv_arena_create(0);
    int status =
        arena ? face_models_open(models_folder, &models, &error) : qv_fail(&error, QV_ERR_UNAVAILABLE, "out of memory");
    if (status == QV_OK)
        status = wants_floor ? show_floor(models, models_folder, argv + 2, arena, &error)
                             : show_landmarks(models, argv[2], arena, &error);
    face_models_close(models);
    qv_arena_destroy(arena);
    if (status)
        fprintf(stderr, "bench-vision: %s\n", error.text);
    return status ? 70 : 0;
}
