/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A clip from its first frame to its measurement.
 *
 * state      what is known                              moves on when
 * SEARCHING  nothing                                    a face is found: its plan is made
 * WARMING    the plan; pictures are kept                enough pictures: templates are made, and the pictures are followed anew
 * FOLLOWING  the pose                                   the picture no longer looks like the face, or a key frame says
 *                                                       that it is not there
 * LOST       the plan and the templates                 the face is found again
 */
#include "clip.h"
#include "detect.h"
#include "face.h"
#include "keyframes.h"
#include "motion.h"
#include "picture.h"
#include "plan.h"
#include "summary.h"
#include "trace.h"
#include "track.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FACE_LEAST_PX 80.0  /* temple to temple: below, a twitch is a few hundredths of a pixel */
#define FACE_SMALL_PX 160.0 /* below, it is said */
#define PRESENCE_LEAST 0.5f
#define SEARCH_EVERY_US 200000 /* twice as long after each time in vain */
#define SEARCH_RARE_US 800000  /* but no longer: it costs as much as forty frames */
#define KEY_EVERY_US 2000000   /* a key frame costs as much as three others */
#define KEY_SOON_US 300000     /* until IRISES_ENOUGH were measured, but not for longer than KEY_SOON_FRAMES */
#define KEY_SOON_FRAMES 16
#define IRISES_ENOUGH 8    /* the error of their mean is then far below that of the ruler */
#define TURNED_LEAST 0.1   /* of the key frames, before it is said */
#define FRAMES_LEAST 16    /* of which a movement can be told */
#define RATE_LEAST_HZ 12.0 /* below, nothing as short as a twitch can be told */
#define RATE_LOW_HZ 20.0
#define SHORT_S 10.0
#define LIVE_S 20.0         /* of a camera, when nothing else was said */
#define PROBES 4096         /* pixels by which frames are compared */
#define REPEAT_SHARE 0.1    /* of the usual change from frame to frame: less is the same frame again */
#define REPEATED_LEAST 0.15 /* of the frames, before it is said */
#define STILL_GREY 0.002    /* mean change of a photograph that was filmed by a program */
#define DARK_GREY 45.0
#define NOISY_PX 0.08         /* floors above this are said to be low light or compression */
#define HEAD_FAST_WIDTHS 0.25 /* face widths a second */
#define FLICKER_LEAST 0.01
#define TALKING_LEAST 0.25
#define UNSEEN_LEAST 0.02
#define PROGRESS_EVERY_US 250000

enum watch_state { SEARCHING, WARMING, FOLLOWING, LOST };

struct watch {
    const struct qv_watch_settings *settings;
    struct qv_arena *arena;
    struct clip *clip;
    struct face_models *models;
    enum watch_state state;
    struct face_plan plan;
    struct track track;
    struct detect *detect;
    struct trace *trace;
    struct picture picture, warm[TRACK_WARM_FRAMES];
    int64_t warm_us[TRACK_WARM_FRAMES];
    uint32_t warm_count, bin;
    struct keyframes key;
    int64_t key_us; /* when the last key frame was */
    int64_t search_every_us;
    struct face_box where; /* the face when it was last sure */
    double width_px;
    bool several;
    double largest_seen_px; /* of faces that were too small */

    uint32_t frames, seen, repeated;
    int64_t last_us, searched_us, progress_us;
    double interval_sum, interval_square;
    double grey_sum, change_usual;
    uint8_t probes[PROBES];
    bool probed, changed;
};

/* ---- frames ---------------------------------------------------------------------------------------------------------------- */

/* True when a frame shows what the one before showed. Compares a grid of pixels with what is usual in this clip. */
static bool repeats(struct watch *w, const struct clip_frame *f)
{
    const struct clip_plane *p = &f->planes[0];
    const uint64_t pixels = (uint64_t)p->width * p->height;
    double change = 0, grey = 0;
    for (uint32_t i = 0; i < PROBES; i++) {
        const uint64_t at = pixels * i / PROBES;
        const uint8_t *row = (const uint8_t *)p->samples + at / p->width * p->stride_bytes;
        uint32_t value = row[at % p->width * (f->bits > 8 ? 2 : 1)];
        if (f->bits > 8)
            value = (value | (uint32_t)row[at % p->width * 2 + 1] << 8) >> (f->bits - 8);
        change += abs((int)(value & 255) - w->probes[i]);
        grey += value & 255;
        w->probes[i] = (uint8_t)value;
    }
    change /= PROBES;
    w->grey_sum += grey / PROBES;
    if (!w->probed) {
        w->probed = true;
        return false;
    }
    w->changed = w->changed || change > STILL_GREY;
    if (w->change_usual > 0 && change < REPEAT_SHARE * w->change_usual)
        return true;
    w->change_usual = w->change_usual > 0 ? 0.9 * w->change_usual + 0.1 * change : change;
    return false;
}

static void cut_for(struct watch *w, const struct clip_frame *f, struct picture *to)
{
    int32_t x0, y0;
    uint32_t width, height;
    track_wants(&w->track, &x0, &y0, &width, &height);
    picture_cut(to, f, w->bin, x0, y0, width, height);
}

/* ---- the face ----------------------------------------------------------------------------------------------------------------- */

static bool same_place(const struct face_box *a, const struct face_box *b)
{
    return hypotf(a->x - b->x, a->y - b->y) < fmaxf(a->size_px, b->size_px) / 3;
}

/* Notes it when one of the boxes holds another face than the one that is watched: the mesh must see one too. */
static int note_others(struct watch *w, const struct clip_frame *f, const struct face_box *boxes, uint32_t count,
                       const struct face_box *watched, struct qv_error *error)
{
    for (uint32_t i = 0; i < count && !w->several; i++) {
        if (same_place(&boxes[i], watched))
            continue;
        struct face_mesh mesh;
        int status = face_lay_mesh(w->models, f, &boxes[i], &mesh, error);
        if (status)
            return status;
        w->several = mesh.presence >= PRESENCE_LEAST;
    }
    return QV_OK;
}

/* The face to watch: the largest, or, when one was lost, the nearest to where it was. */
static struct face_box choose(const struct watch *w, const struct face_box *boxes, uint32_t count)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < count && w->state == LOST; i++) {
        if (hypotf(boxes[i].x - w->where.x, boxes[i].y - w->where.y) <
            hypotf(boxes[best].x - w->where.x, boxes[best].y - w->where.y))
            best = i;
    }
    return boxes[best];
}

/* Finds the face to watch and lays the mesh on it; false when there is none. */
static int find_mesh(struct watch *w, const struct clip_frame *f, struct face_mesh *mesh, bool *found,
                     struct qv_error *error)
{
    struct face_box boxes[FACE_FOUND_MAX];
    uint32_t count;
    *found = false;
    int status = face_find(w->models, f, boxes, &count, error);
    if (status || !count)
        return status;
    struct face_box box = choose(w, boxes, count);
    for (int step = 0; step < 3 && status == QV_OK; step++) { /* each lies better than the one before */
        status = face_lay_mesh(w->models, f, &box, mesh, error);
        if (status == QV_OK && mesh->presence < PRESENCE_LEAST)
            return QV_OK;
        box = face_box_of(mesh);
    }
    if (status)
        return status;
    *found = true;
    w->where = box;
    return note_others(w, f, boxes, count, &box, error);
}

/* A key frame, when one is due: is what is followed still the face, and how large is it? */
static int check_face(struct watch *w, const struct clip_frame *f, struct qv_error *error)
{
    const bool soon = w->key.iris_count < IRISES_ENOUGH && w->key.laid < KEY_SOON_FRAMES;
    if (w->state != FOLLOWING || f->time_us - w->key_us < (soon ? KEY_SOON_US : KEY_EVERY_US))
        return QV_OK;
    w->key_us = f->time_us;
    const struct face_box box = keyframes_box(&w->key, &w->track.pose);
    struct face_mesh mesh;
    int status = face_lay_mesh(w->models, f, &box, &mesh, error);
    if (status)
        return status;
    if (mesh.presence < PRESENCE_LEAST || !keyframes_take(&w->key, &mesh, &w->track.pose)) {
        w->state = LOST;
        return QV_OK;
    }
    w->where = box;
    if (w->several)
        return QV_OK;
    struct face_box boxes[FACE_FOUND_MAX];
    uint32_t count;
    status = face_find(w->models, f, boxes, &count, error);
    return status ? status : note_others(w, f, boxes, count, &box, error);
}

static int begin_face(struct watch *w, const struct face_mesh *mesh, struct qv_error *error)
{
    w->width_px = face_width_px(mesh);
    w->bin = (uint32_t)fmax(ceil(w->width_px / TRACK_FACE_MOST_PX), 1);
    plan_face(mesh, w->settings->mirrored, w->bin, &w->plan);
    keyframes_begin(&w->key, &w->plan, mesh, w->bin);
    int status = track_init(&w->track, &w->plan, w->arena, error);
    bool from_iris;
    if (status == QV_OK)
        status =
            detect_create(&w->track, w->bin, keyframes_mm_per_px(&w->key, &from_iris), w->arena, &w->detect, error);
    const uint32_t most = track_largest(&w->track);
    if (status == QV_OK)
        status = picture_init(&w->picture, most, most, w->arena, error);
    int32_t x0, y0;
    uint32_t width, height;
    track_wants(&w->track, &x0, &y0, &width, &height);
    width = width + width / 4 < most ? width + width / 4 : most; /* the head moves meanwhile */
    height = height + height / 4 < most ? height + height / 4 : most;
    if (status == QV_OK && w->settings->motion)
        status = motion_begin(w->settings->motion, &w->track, w->bin, error);
    for (int i = 0; i < TRACK_WARM_FRAMES && status == QV_OK; i++)
        status = picture_init_beside(&w->warm[i], &w->picture, width, height, w->arena, error);
    w->warm_count = 0;
    w->state = WARMING;
    return status;
}

static int search(struct watch *w, const struct clip_frame *f, struct qv_error *error)
{
    if (w->searched_us >= 0 && f->time_us - w->searched_us < w->search_every_us)
        return QV_OK;
    w->searched_us = f->time_us;
    struct face_mesh mesh;
    bool found;
    int status = find_mesh(w, f, &mesh, &found, error);
    if (found)
        w->search_every_us = SEARCH_EVERY_US;
    else if (w->search_every_us < SEARCH_RARE_US)
        w->search_every_us *= 2;
    if (status || !found)
        return status;
    if (face_width_px(&mesh) < FACE_LEAST_PX) {
        w->largest_seen_px = fmax(w->largest_seen_px, face_width_px(&mesh));
        return QV_OK;
    }
    if (w->state == SEARCHING)
        return begin_face(w, &mesh, error);
    w->track.pose = plan_pose(&w->plan, &mesh, w->bin);
    w->track.last_step = AFFINE_IDENTITY;
    w->state = FOLLOWING;
    return QV_OK;
}

/* ---- following ---------------------------------------------------------------------------------------------------------------- */

static int follow(struct watch *w, struct picture *picture, int64_t time_us, struct qv_error *error)
{
    struct track_record *record = detect_room(w->detect);
    track_follow(&w->track, picture, time_us, record);
    w->seen += record->seen;
    if (!record->seen)
        w->state = LOST;
    const bool seen = record->seen;
    int status = w->settings->motion ? motion_add(w->settings->motion, time_us, record, error) : QV_OK;
    if (status == QV_OK)
        status = detect_take(w->detect, error);
    if (status == QV_OK)
        trace_add(w->trace, time_us, seen ? detect_latest(w->detect) : NULL);
    return status;
}

static int note_unseen(struct watch *w, int64_t time_us, struct qv_error *error)
{
    trace_add(w->trace, time_us, NULL);
    return w->settings->motion ? motion_add(w->settings->motion, time_us, NULL, error) : QV_OK;
}

/* The first pictures are followed twice: to learn what the face looks like, and to measure. */
static int warm_up(struct watch *w, struct qv_error *error)
{
    struct track_record *record = detect_room(w->detect);
    if (!track_start(&w->track, &w->warm[0]))
        return qv_fail(error, QV_ERR_DATA, "the face has no detail to follow: too dark, too bright or out of focus");
    for (uint32_t i = 1; i < w->warm_count; i++)
        track_follow(&w->track, &w->warm[i], w->warm_us[i], record);
    track_rewind(&w->track);
    w->state = FOLLOWING;
    int status = QV_OK;
    for (uint32_t i = 0; i < w->warm_count && status == QV_OK; i++) {
        if (w->state == FOLLOWING)
            status = follow(w, &w->warm[i], w->warm_us[i], error);
        else
            status = note_unseen(w, w->warm_us[i], error);
    }
    w->warm_count = 0;
    return status;
}

static int take(struct watch *w, const struct clip_frame *f, struct qv_error *error)
{
    if (w->state == SEARCHING || w->state == LOST) {
        int status = search(w, f, error);
        if (status)
            return status;
        if (w->state == SEARCHING || w->state == LOST)
            return note_unseen(w, f->time_us, error);
    }
    if (w->state == WARMING) {
        struct picture *p = &w->warm[w->warm_count];
        int32_t x0, y0;
        uint32_t width, height;
        track_wants(&w->track, &x0, &y0, &width, &height);
        const uint32_t grow_x = (p->most_width - width) / 2, grow_y = (p->most_height - height) / 2;
        picture_cut(p, f, w->bin, x0 - (int32_t)grow_x, y0 - (int32_t)grow_y, p->most_width, p->most_height);
        w->warm_us[w->warm_count++] = f->time_us;
        return w->warm_count == TRACK_WARM_FRAMES ? warm_up(w, error) : QV_OK;
    }
    cut_for(w, f, &w->picture);
    int status = follow(w, &w->picture, f->time_us, error);
    return status ? status : check_face(w, f, error);
}

static bool stopped(const struct watch *w)
{
    return w->settings->stop && *w->settings->stop;
}

static void tell_progress(struct watch *w, int64_t time_us)
{
    if (!w->settings->progress || time_us - w->progress_us < PROGRESS_EVERY_US)
        return;
    w->progress_us = time_us;
    const double length_us =
        w->settings->seconds > 0 ? w->settings->seconds * 1e6 : (double)clip_info(w->clip)->stated_length_us;
    w->settings->progress(w->settings->progress_context, length_us > 0 ? fmin((double)time_us / length_us, 1) : NAN,
                          time_us);
}

static int watch_frames(struct watch *w, struct qv_error *error)
{
    const bool live = clip_info(w->clip)->live;
    const double limit_s = w->settings->seconds > 0 ? w->settings->seconds : live ? LIVE_S : INFINITY;
    struct clip_frame f;
    while (!stopped(w)) {
        const int got = clip_next(w->clip, &f, error);
        if (got == CLIP_INTERRUPTED)
            continue;
        if (got < 0 && w->frames >= FRAMES_LEAST && w->seen) { /* what was read before it broke is worth something */
            error->status = 0;
            return 1;
        }
        if (got <= 0)
            return got;
        if ((double)f.time_us * 1e-6 > limit_s)
            return QV_OK;
        if (w->frames++) {
            const double interval = (double)(f.time_us - w->last_us) * 1e-6;
            w->interval_sum += interval;
            w->interval_square += interval * interval;
        }
        w->last_us = f.time_us;
        if (repeats(w, &f)) {
            w->repeated++;
            w->seen += w->state == FOLLOWING || w->state == WARMING;
            continue;
        }
        int status = take(w, &f, error);
        if (status)
            return status;
        tell_progress(w, f.time_us);
    }
    return QV_OK;
}

/* ---- the measurement ----------------------------------------------------------------------------------------------------------- */

static int check_frames(const struct watch *w, const char *path, struct qv_error *error)
{
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    if (!w->frames)
        return qv_fail(error, QV_ERR_DATA, "%s: no frame of it can be decoded%s", name,
                       clip_end(w->clip)->truncated && strcmp(path, "-") == 0
                           ? "; if it comes through a pipe and its index is at its end, give the file itself"
                           : "");
    if (w->frames == 1)
        return qv_fail(error, QV_ERR_DATA, "%s: a still picture, expected a clip of some seconds", name);
    const double rate = w->interval_sum > 0 ? (w->frames - 1) / w->interval_sum : 0;
    if (w->frames < FRAMES_LEAST)
        return qv_fail(error, QV_ERR_DATA, "%s: %u frames, expected at least %d", name, w->frames, FRAMES_LEAST);
    if (rate < RATE_LEAST_HZ)
        return qv_fail(error, QV_ERR_DATA,
                       "%s: %.1f frames a second, expected at least %.0f: a twitch is shorter than that shows", name,
                       rate, RATE_LEAST_HZ);
    if (w->state == SEARCHING && w->largest_seen_px > 0)
        return qv_fail(
            error, QV_ERR_DATA,
            "%s: the face is %.0f pixels wide, expected at least %.0f: come closer or film in a higher resolution",
            name, w->largest_seen_px, FACE_LEAST_PX);
    if (w->state == SEARCHING)
        return qv_fail(error, QV_ERR_DATA, "%s: no face was found in it", name);
    return QV_OK;
}

static uint32_t warnings_of(const struct watch *w, const struct qv_measurement *m, const struct detect_noise *noise,
                            bool broke)
{
    const double grey = w->grey_sum / w->frames;
    const struct {
        enum qv_watch_warning warning;
        bool holds;
    } all[] = {
        {QV_WARNING_LOW_LIGHT, grey < DARK_GREY || (noise->floor_px > NOISY_PX && grey < 2 * DARK_GREY)},
        {QV_WARNING_FLICKER, noise->flicker > FLICKER_LEAST},
        {QV_WARNING_COMPRESSED, noise->floor_px > NOISY_PX && grey >= 2 * DARK_GREY},
        {QV_WARNING_REPEATED_FRAMES, w->repeated > REPEATED_LEAST * w->frames},
        {QV_WARNING_LOW_FRAME_RATE, m->clip.distinct_frame_rate_hz < RATE_LOW_HZ},
        {QV_WARNING_SMALL_FACE, w->width_px < FACE_SMALL_PX},
        {QV_WARNING_FACE_LOST, m->face.seen_fraction < 1 - UNSEEN_LEAST},
        {QV_WARNING_TURNED, w->key.turned > TURNED_LEAST * w->key.laid},
        {QV_WARNING_SEVERAL_FACES, w->several},
        {QV_WARNING_HEAD_MOVING, noise->head_px_per_s > HEAD_FAST_WIDTHS * w->width_px},
        {QV_WARNING_TALKING, noise->talking_fraction > TALKING_LEAST},
        {QV_WARNING_NO_TIMES, clip_end(w->clip)->times_invented},
        {QV_WARNING_TRUNCATED, broke || clip_end(w->clip)->truncated},
        {QV_WARNING_SHORT_CLIP, m->clip.duration_s < SHORT_S},
        {QV_WARNING_SCALE_UNSURE, !m->face.scale_from_iris},
        {QV_WARNING_STILL_PICTURE, !w->changed},
        {QV_WARNING_VOLUNTARY, m->summary.eye_mouth_synchrony > 0.5},
    };
    uint32_t set = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        set |= all[i].holds ? 1U << all[i].warning : 0;
    return set;
}

static int measure(struct watch *w, const char *path, bool broke, struct qv_measurement **out, struct qv_error *error)
{
    struct qv_measurement *m = qv_arena_alloc(w->arena, 1, sizeof *m);
    if (!m)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    const struct clip_info *info = clip_info(w->clip);
    const bool turned = info->rotation_deg == 90 || info->rotation_deg == 270;
    const double mean = w->interval_sum / (w->frames - 1);
    const double spread = sqrt(fmax(w->interval_square / (w->frames - 1) - mean * mean, 0));
    m->clip.file = qv_arena_copy(w->arena, path, strlen(path));
    m->clip.duration_s = w->interval_sum + mean;
    m->clip.frames = w->frames;
    m->clip.frame_rate_hz = 1 / mean;
    m->clip.distinct_frame_rate_hz = (double)(w->frames - w->repeated) / w->frames / mean;
    m->clip.variable_frame_rate = spread > 0.1 * mean;
    m->clip.width = turned ? info->height : info->width;
    m->clip.height = turned ? info->width : info->height;
    m->clip.rotation_deg = info->rotation_deg;
    m->clip.mirrored = w->settings->mirrored;
    m->face.seen_fraction = fmin((double)w->seen / w->frames, 1);
    m->face.mm_per_px = keyframes_mm_per_px(&w->key, &m->face.scale_from_iris);
    m->face.width_px = w->width_px;

    struct detect_noise noise;
    detect_noise(w->detect, &noise);
    m->quality.noise_floor_px = noise.floor_px;
    m->quality.noise_floor_mm = noise.floor_px * m->face.mm_per_px;
    m->quality.detectable_mm = noise.detectable_px * m->face.mm_per_px;
    detect_scale(w->detect, m->face.mm_per_px);
    m->movements = detect_movements(w->detect, &m->movement_count, &m->movements_cut);
    summarise(m, m->clip.duration_s * m->face.seen_fraction);
    m->quality.warnings = warnings_of(w, m, &noise, broke);
    m->trace = trace_finish(w->trace, w->bin, w->settings->mirrored, w->arena);
    if (!m->clip.file || !m->trace)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    *out = m;
    return QV_OK;
}

int qv_watch(const char *path, const struct qv_watch_settings *settings, struct qv_arena *arena,
             struct qv_measurement **out, struct qv_error *error)
{
    struct watch *w = qv_arena_alloc(arena, 1, sizeof *w);
    struct qv_error own = {0};
    error = error ? error : &own;
    if (!w)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    w->settings = settings;
    w->arena = arena;
    w->searched_us = -1;
    w->trace = trace_create(arena);
    if (!w->trace)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    w->search_every_us = SEARCH_EVERY_US;
    int status = clip_open(path, &w->clip, error);
    if (status == QV_OK)
        status = face_models_open(settings->models_folder, &w->models, error);
    bool broke = false;
    if (status == QV_OK) {
        status = watch_frames(w, error);
        broke = status == 1;
        status = broke ? QV_OK : status;
    }
    if (status == QV_OK)
        status = check_frames(w, path, error);
    if (status == QV_OK && w->state == WARMING)
        status = warm_up(w, error);
    if (status == QV_OK)
        status = detect_finish(w->detect, error);
    if (status == QV_OK)
        status = measure(w, path, broke, out, error);
    face_models_close(w->models);
    clip_close(w->clip);
    return status;
}
