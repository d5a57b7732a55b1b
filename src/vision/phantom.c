/* SPDX-License-Identifier: Apache-2.0 */
/* Making a phantom: the portrait is read, the face found, the score composed, every picture drawn and filmed, and the truth told. */
#include "phantom.h"

#include "summary.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRESENCE_LEAST 0.5F /* below, the mesh lies on no face */
#define MESH_ROUNDS 3       /* each lies better than the one before */
#define FACE_WIDTH_MM 140.0 /* temple to temple: docs/rooms/vision.md */
#define FACE_LEAST_PX 40.0
#define FACE_SHARE_USUAL 0.53 /* of the shorter side: 380 px of 720 */
#define FACE_TALL 1.35        /* a face is taller than wide */
#define FACE_SIGMA_SHARE 0.06 /* the largest amplitude, so that skin does not fold */
#define MARGIN_SHARE 0.08     /* of the face's width, that a head may move, and: */
#define MARGIN_PX 16.0
#define RATE_USUAL_HZ 30.0
#define SECONDS_USUAL 20.0
#define SECONDS_MOST 3600.0
#define HELD_US 1000000 /* a twitch of a second is a spasm */
#define JITTER 1.0 / 6  /* of a period, either way, so that intervals vary by a third */
#define PURPOSE_NOISE 200
#define PURPOSE_FRAMES 201

struct maker {
    struct qv_phantom *made;
    struct qv_phantom_settings *settings;
    struct qv_arena *arena, *scratch;
    struct face_models *models;
    struct clip *clip;
    struct film *film;
    struct phantom_canvas canvas;
    struct phantom_score score;
    struct phantom_face face, first_face; /* now, and when it was first seen */
    struct face_mesh mesh;
    struct phantom_random noise, frames;
    bool seen, ever_seen, composed;
    uint8_t *stored[3]; /* the picture as the file holds it */
    uint32_t frame_count, distinct;
    int64_t last_us;
    double rate_hz;
};

/* ---- settings ----------------------------------------------------------------------------------------------------------- */

static bool within(double value, double low, double high)
{
    return value >= low && value <= high;
}

static void usual(double *value, double what)
{
    if (*value == 0)
        *value = what;
}

static bool runs(enum qv_waveform w)
{
    return w == QV_WAVEFORM_TREMOR || w == QV_WAVEFORM_HOLD || w == QV_WAVEFORM_RIPPLE;
}

static void fill_twitch(struct qv_phantom_settings *s)
{
    static const char *const parts[QV_WAVEFORM_COUNT] = {
        [QV_WAVEFORM_NONE] = "upper_lip",   [QV_WAVEFORM_SINGLE] = "upper_lip", [QV_WAVEFORM_CLUSTER] = "upper_lip",
        [QV_WAVEFORM_TREMOR] = "upper_lip", [QV_WAVEFORM_VOLLEY] = NULL,        [QV_WAVEFORM_HOLD] = "mouth_corner",
        [QV_WAVEFORM_RIPPLE] = "cheek"};
    if (!s->part)
        s->part = parts[s->waveform];
    if (s->side == QV_SIDE_NONE)
        s->side = s->waveform == QV_WAVEFORM_TREMOR ? QV_SIDE_BOTH : QV_SIDE_LEFT;
    usual(&s->amplitude_px, 1);
    usual(&s->duration_ms, s->waveform == QV_WAVEFORM_TREMOR ? 4000 : runs(s->waveform) ? 2000 : 120);
    usual(&s->every_s, s->waveform == QV_WAVEFORM_CLUSTER ? 4 : runs(s->waveform) ? 2e-3 * s->duration_ms : 2);
    usual(&s->frequency_hz, s->waveform == QV_WAVEFORM_RIPPLE ? 3 : 5);
    s->repeat = s->repeat ? s->repeat : 1;
}

static int refuse(struct qv_error *error, const char *what, double found, double low, double high)
{
    return qv_fail(error, QV_ERR_USAGE, "%s is %g, expected %g to %g", what, found, low, high);
}

static int check(const struct qv_phantom_settings *s, struct qv_error *error)
{
    const struct {
        const char *what;
        double value, low, high;
    } ranges[] = {
        {"the length in seconds", s->seconds == 0 ? SECONDS_USUAL : s->seconds, 1, SECONDS_MOST},
        {"the amplitude in pixels", s->amplitude_px, 0, 1000},
        {"the duration in ms", s->duration_ms, 40, 60000},
        {"the time between twitches in seconds", s->every_s, 0.2, 600},
        {"the frequency in Hz", s->frequency_hz, 1, 15},
        {"the flicker in Hz", s->flicker_hz, 0, 1000},
        {"the noise in levels", s->noise_sigma, 0, 50},
        {"the share of frames that is dropped", s->drop_fraction, 0, 0.9},
        {"the repetition of frames", s->repeat, 1, 10},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (!within(ranges[i].value, ranges[i].low, ranges[i].high))
            return refuse(error, ranges[i].what, ranges[i].value, ranges[i].low, ranges[i].high);
    }
    if (s->rotation_deg != 0 && s->rotation_deg != 90 && s->rotation_deg != 180 && s->rotation_deg != 270)
        return qv_fail(error, QV_ERR_USAGE, "the rotation is %d, expected 0, 90, 180 or 270", s->rotation_deg);
    char name[64];
    if (s->waveform != QV_WAVEFORM_VOLLEY &&
        (snprintf(name, sizeof name, "%s_left", s->part) >= (int)sizeof name || qv_region_find(name) < 0))
        return qv_fail(error, QV_ERR_USAGE, "no part of the face is called \"%s\"; upper_lip is one", s->part);
    if (s->waveform == QV_WAVEFORM_VOLLEY && s->part)
        return qv_fail(error, QV_ERR_USAGE,
                       "a volley moves the lid and the corner of the mouth: no part can be chosen");
    return QV_OK;
}

/* A still lies in a picture of its own size. */
static int fill_picture(struct qv_phantom_settings *s, struct qv_error *error)
{
    if (!s->width && !s->height) {
        s->width = 1280;
        s->height = 720;
    }
    usual(&s->seconds, SECONDS_USUAL);
    usual(&s->rate_hz, RATE_USUAL_HZ);
    usual(&s->face_width_px, FACE_SHARE_USUAL * fmin(s->width, s->height));
    if (s->width % 2 || s->height % 2 || !within(s->width, 64, 4096) || !within(s->height, 64, 4096))
        return qv_fail(error, QV_ERR_USAGE, "a picture of %u×%u pixels, expected even numbers from 64 to 4096",
                       s->width, s->height);
    if (!within(s->rate_hz, 1, 240))
        return refuse(error, "the rate in frames a second", s->rate_hz, 1, 240);
    const double most = floor(fmin(s->width, s->height / FACE_TALL));
    if (!within(s->face_width_px, FACE_LEAST_PX, most))
        return refuse(error, "the width of the face in pixels", s->face_width_px, FACE_LEAST_PX, most);
    return QV_OK;
}

/* A clip keeps its own. */
static int check_clip_settings(struct qv_phantom_settings *s, const char *portrait, struct qv_error *error)
{
    if (s->width || s->height || s->rate_hz != 0 || s->face_width_px != 0 || s->head_moves || s->nods ||
        s->repeat > 1 || s->uneven_times)
        return qv_fail(error, QV_ERR_USAGE,
                       "%s is a clip, which keeps its size, its times and its head: those can be set for a still only",
                       portrait);
    return QV_OK;
}

static int check_amplitude(const struct qv_phantom_settings *s, double face_width_px, struct qv_error *error)
{
    const double most = FACE_SIGMA_SHARE * face_width_px;
    return s->amplitude_px <= most
               ? QV_OK
               : qv_fail(error, QV_ERR_USAGE, "the amplitude is %g px, expected at most %.1f, of a face %.0f px wide",
                         s->amplitude_px, most, face_width_px);
}

/* ---- the portrait ---------------------------------------------------------------------------------------------------------- */

static bool stopped(const struct maker *m)
{
    return m->settings->stop && *m->settings->stop;
}

static int stop(struct qv_error *error)
{
    return qv_fail(error, QV_ERR_CANNOT_CREATE, "stopped before the phantom was whole");
}

/* The next frame: 1, 0 at the end, or an error. */
static int next_frame(struct maker *m, struct clip_frame *frame, struct qv_error *error)
{
    int status;
    while ((status = clip_next(m->clip, frame, error)) == CLIP_INTERRUPTED && !stopped(m)) {
    }
    return status == CLIP_INTERRUPTED ? stop(error) : status;
}

/* A frame of a clip is gone with the next: a copy that stays. */
static int keep(struct clip_frame *f, struct qv_arena *arena, struct qv_error *error)
{
    for (int p = 0; p < (f->colour ? 3 : 1); p++) {
        const size_t bytes = (size_t)f->planes[p].stride_bytes * f->planes[p].height;
        void *copy = qv_arena_alloc(arena, bytes, 1);
        if (!copy)
            return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
        memcpy(copy, f->planes[p].samples, bytes);
        f->planes[p].samples = copy;
    }
    return QV_OK;
}

/* Lays m->mesh on the face of a frame, from where it lay before; m->seen says whether there is one. */
static int see_face(struct maker *m, const struct clip_frame *f, struct qv_error *error)
{
    struct face_box found[FACE_FOUND_MAX];
    uint32_t count = 1;
    const int rounds = m->seen ? 1 : MESH_ROUNDS;
    int status = QV_OK;
    if (m->seen)
        found[0] = face_box_of(&m->mesh);
    else
        status = face_find(m->models, f, found, &count, error);
    m->seen = status == QV_OK && count > 0;
    for (int i = 0; i < rounds && m->seen; i++) {
        status = face_lay_mesh(m->models, f, &found[0], &m->mesh, error);
        m->seen = status == QV_OK && m->mesh.presence >= PRESENCE_LEAST;
        if (m->seen)
            found[0] = face_box_of(&m->mesh);
    }
    return status;
}

/* ---- the film ------------------------------------------------------------------------------------------------------------------ */

static int begin_film(struct maker *m, const char *path, double rate_hz, struct qv_error *error)
{
    const struct qv_phantom_settings *s = m->settings;
    const bool turned = s->rotation_deg % 180 != 0;
    const struct film_settings film = {.width = turned ? m->canvas.height : m->canvas.width,
                                       .height = turned ? m->canvas.width : m->canvas.height,
                                       .rate_hz = rate_hz,
                                       .codec = s->codec,
                                       .quality = s->quality,
                                       .rotation_deg = s->rotation_deg,
                                       .full_range = m->canvas.full_range};
    for (int p = 0; p < 3; p++) {
        m->stored[p] = qv_arena_alloc(m->arena, (size_t)m->canvas.width * m->canvas.height / (p ? 4 : 1), 1);
        if (!m->stored[p])
            return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    }
    m->rate_hz = rate_hz;
    return film_create(path, &film, &m->film, error);
}

/* One plane, mirrored and turned as the file holds it. */
static void store(const struct maker *m, int plane)
{
    const int64_t width = m->canvas.width / (plane ? 2 : 1), height = m->canvas.height / (plane ? 2 : 1);
    const uint8_t *from = m->canvas.shown[plane];
    int64_t origin = 0, right = 1, down = width; /* of the shown picture in the stored one */
    switch (m->settings->rotation_deg) {
    case 90:
        origin = (width - 1) * height, right = -height, down = 1;
        break;
    case 180:
        origin = width * height - 1, right = -1, down = -width;
        break;
    case 270:
        origin = height - 1, right = height, down = -1;
        break;
    }
    for (int64_t y = 0; y < height; y++) {
        uint8_t *to = m->stored[plane] + origin + y * down;
        for (int64_t x = 0; x < width; x++)
            to[x * right] = from[y * width + (m->settings->mirrored ? width - 1 - x : x)];
    }
}

static int add(struct maker *m, int64_t time_us, struct qv_error *error)
{
    const uint32_t stride = m->settings->rotation_deg % 180 ? m->canvas.height : m->canvas.width;
    const struct film_picture picture = {{m->stored[0], m->stored[1], m->stored[2]}, {stride, stride / 2, stride / 2}};
    m->frame_count++;
    m->last_us = time_us;
    if (m->settings->progress)
        m->settings->progress(m->settings->progress_context, (double)time_us * 1e-6 / m->settings->seconds, time_us);
    return stopped(m) ? stop(error) : film_add(m->film, &picture, time_us, error);
}

static void draw(struct maker *m, int64_t time_us)
{
    phantom_draw(&m->canvas, m->seen ? &m->face : NULL, &m->score, time_us, &m->noise);
    for (int p = 0; p < 3; p++)
        store(m, p);
    m->distinct++;
}

/* The first is never dropped: it begins the clock. */
static bool dropped(struct maker *m)
{
    return phantom_uniform(&m->frames) < m->settings->drop_fraction && m->frame_count > 0;
}

static int film_still(struct maker *m, const char *path, const struct clip_frame *portrait, struct qv_error *error)
{
    struct qv_phantom_settings *s = m->settings;
    if (!m->seen)
        return qv_fail(error, QV_ERR_DATA, "no face was found in it");
    int status = fill_picture(s, error);
    if (status == QV_OK)
        status = check_amplitude(s, s->face_width_px, error);
    if (status)
        return status;
    const double margin = 2 * ceil((MARGIN_SHARE * s->face_width_px + MARGIN_PX) / 2);
    const double scale = s->face_width_px / face_width_px(&m->mesh);
    struct affine place = {scale, 0, 0, 0, scale, 0};
    phantom_face_of(&m->mesh, place, &m->face);
    place.c = (s->width - 1) / 2.0 + margin - m->face.x; /* the middle of the face in the middle of the picture */
    place.f = (s->height - 1) / 2.0 + margin - m->face.y;
    phantom_face_of(&m->mesh, place, &m->face);
    m->first_face = m->face;
    status = phantom_canvas_init(&m->canvas, s->width, s->height, margin, m->arena, error);
    if (status == QV_OK)
        status = phantom_canvas_take(&m->canvas, portrait, place, m->scratch, error);
    if (status == QV_OK)
        status = phantom_compose(&m->score, s, m->arena, error);
    if (status == QV_OK)
        status = begin_film(m, path, s->rate_hz, error);
    const int64_t count = llround(s->seconds * s->rate_hz);
    for (int64_t i = 0; i < count && status == QV_OK; i++) {
        const double jitter = s->uneven_times && i > 0 ? JITTER * (2 * phantom_uniform(&m->frames) - 1) : 0;
        const int64_t time_us = llround(1e6 * ((double)i + jitter) / s->rate_hz);
        if (i % s->repeat == 0) {
            phantom_pass(&m->score, time_us - 1000000); /* rows of a rolling shutter look back, never by a second */
            draw(m, time_us);
        }
        if (!dropped(m))
            status = add(m, time_us, error);
    }
    return status;
}

/* ---- over a clip ------------------------------------------------------------------------------------------------------------------ */

/* Acts that there was no face for are no part of the truth. */
static void miss(struct maker *m, int64_t time_us)
{
    m->made->unseen_frames++;
    for (uint32_t i = m->score.past; i < m->score.act_count && m->score.acts[i].start_us <= time_us; i++)
        m->score.acts[i].unseen =
            m->score.acts[i].unseen || time_us <= m->score.acts[i].start_us + m->score.acts[i].length_us;
}

static int take_clip_frame(struct maker *m, const struct clip_frame *f, struct qv_error *error)
{
    qv_arena_reset(m->scratch);
    int status = see_face(m, f, error);
    if (status == QV_OK && m->seen)
        phantom_face_of(&m->mesh, AFFINE_IDENTITY, &m->face);
    if (status == QV_OK && m->seen && !m->ever_seen) {
        m->ever_seen = true;
        m->first_face = m->face;
        m->settings->face_width_px = m->face.width_px;
        status = check_amplitude(m->settings, m->face.width_px, error);
    }
    if (status == QV_OK)
        status = phantom_canvas_take(&m->canvas, f, AFFINE_IDENTITY, m->scratch, error);
    if (status)
        return status;
    phantom_pass(&m->score, f->time_us - 1000000);
    if (!m->seen)
        miss(m, f->time_us);
    draw(m, f->time_us);
    return dropped(m) ? QV_OK : add(m, f->time_us, error);
}

/* The first two frames were read already. */
static int film_over_clip(struct maker *m, const char *path, const char *portrait, const struct clip_frame *first,
                          struct clip_frame *second, struct qv_error *error)
{
    struct qv_phantom_settings *s = m->settings;
    const struct clip_info *info = clip_info(m->clip);
    int status = check_clip_settings(s, portrait, error);
    if (status)
        return status;
    const bool turned = first->rotation_deg % 180 != 0;
    s->width = (turned ? first->height : first->width) & ~1U;
    s->height = (turned ? first->width : first->height) & ~1U;
    s->rate_hz = within(info->stated_rate_hz, 1, FILM_RATE_MAX_HZ) ? info->stated_rate_hz : RATE_USUAL_HZ;
    usual(&s->seconds,
          info->stated_length_us > 0 ? fmin((double)info->stated_length_us * 1e-6, SECONDS_MOST) : SECONDS_MOST);
    status = phantom_compose(&m->score, s, m->arena, error);
    if (status == QV_OK)
        status = phantom_canvas_init(&m->canvas, s->width, s->height, 0, m->arena, error);
    m->canvas.full_range = first->full_range;
    m->seen = false;
    if (status == QV_OK)
        status = begin_film(m, path, s->rate_hz, error);
    if (status == QV_OK)
        status = take_clip_frame(m, first, error);
    for (int more = 1; status == QV_OK && more == 1 && (double)second->time_us < s->seconds * 1e6;) {
        status = take_clip_frame(m, second, error);
        more = status == QV_OK ? next_frame(m, second, error) : 0;
        status = more < 0 ? more : status;
    }
    if (status == QV_OK && !m->ever_seen)
        return qv_fail(error, QV_ERR_DATA, "no face was found in it");
    return status;
}

/* ---- the truth ---------------------------------------------------------------------------------------------------------------------- */

static void move_region(struct qv_movement *to, enum qv_region region, double px, double mm_per_px)
{
    uint32_t at = to->region_count++;
    for (; at > 0 && to->regions[at - 1].amplitude_px < px; at--)
        to->regions[at] = to->regions[at - 1];
    to->regions[at] = (struct qv_region_movement){region, px, px * mm_per_px};
}

/* The largest that the mouth opens in one phrase is at a peak of a syllable; the rest is halfway, more or less. */
static int64_t peak_of(const struct phantom_score *score, const struct phantom_act *act)
{
    const int steps = 400;
    int64_t best_us = act->start_us + act->length_us / 2;
    double most = -1;
    for (int i = 0; i < steps; i++) {
        const int64_t at_us = act->start_us + act->length_us * i / steps;
        struct phantom_moment moment;
        phantom_look(score, (double)at_us * 1e-6, &moment);
        const double size = moment.closed + moment.open + moment.smile + moment.nod;
        if (size > most) {
            most = size;
            best_us = at_us;
        }
    }
    return best_us;
}

/* What everything moves at the peak: lids by their opening, the jaw and a smile by the skin's displacement. */
static void tell_regions(struct maker *m, const struct phantom_act *act, struct qv_movement *to)
{
    static const enum qv_region moved[][4] = {
        [ACT_BLINK] = {QV_EYELID_LEFT, QV_EYELID_RIGHT},
        [ACT_SPEECH] = {QV_LOWER_LIP_LEFT, QV_LOWER_LIP_RIGHT, QV_CHIN_LEFT, QV_CHIN_RIGHT},
        [ACT_SMILE] = {QV_MOUTH_CORNER_LEFT, QV_MOUTH_CORNER_RIGHT, QV_CHEEK_LEFT, QV_CHEEK_RIGHT},
    };
    const double mm_per_px = m->made->truth.face.mm_per_px;
    struct phantom_moment moment;
    phantom_look(&m->score, (double)to->peak_us * 1e-6, &moment);
    for (int r = 0; r < QV_REGION_COUNT; r++) {
        if (act->regions >> r & 1)
            move_region(to, (enum qv_region)r, phantom_displacement_px(&m->first_face, &moment, (enum qv_region)r),
                        mm_per_px);
    }
    const int others = act->kind == ACT_BLINK ? 2 : act->kind == ACT_SPEECH || act->kind == ACT_SMILE ? 4 : 0;
    for (int i = 0; i < others; i++) {
        const enum qv_region r = moved[act->kind][i];
        const struct phantom_slit *eye = &m->first_face.eyes[r & 1];
        const double px = act->kind == ACT_BLINK ? eye->lower[eye->count / 2] - eye->upper[eye->count / 2]
                                                 : phantom_displacement_px(&m->first_face, &moment, r);
        move_region(to, r, px, mm_per_px);
    }
}

static void tell_act(struct maker *m, const struct phantom_act *act, struct qv_movement *movements)
{
    static const enum qv_movement_kind kinds[] = {
        [ACT_PULSE] = QV_MOVEMENT_TWITCH,          [ACT_HOLD] = QV_MOVEMENT_SPASM,
        [ACT_RIPPLE] = QV_MOVEMENT_TWITCH,         [ACT_BLINK] = QV_MOVEMENT_BLINK,
        [ACT_SPEECH] = QV_MOVEMENT_MOUTH_MOVEMENT, [ACT_SMILE] = QV_MOVEMENT_MOUTH_MOVEMENT,
        [ACT_NOD] = QV_MOVEMENT_HEAD_MOVEMENT};
    const double cycle_us = 1e6 / m->settings->frequency_hz;
    const int cycles = act->kind == ACT_RIPPLE ? (int)fmax((double)act->length_us / cycle_us + 1e-6, 1) : 1;
    for (int i = 0; i < cycles; i++) { /* each wave of a ripple is a twitch of its own */
        struct qv_movement *to = &movements[m->made->truth.movement_count++];
        const int64_t length_us = act->kind == ACT_RIPPLE ? llround(cycle_us) : act->length_us;
        *to = (struct qv_movement){.start_us = act->start_us + llround(i * cycle_us), .snr = NAN};
        to->end_us = to->start_us + length_us;
        to->peak_us = act->kind == ACT_PULSE || act->kind == ACT_RIPPLE || act->kind == ACT_HOLD
                          ? to->start_us + length_us / 2
                          : peak_of(&m->score, act);
        to->kind = act->kind == ACT_PULSE && length_us >= HELD_US ? QV_MOVEMENT_SPASM : kinds[act->kind];
        tell_regions(m, act, to);
    }
}

static int by_start(const void *a, const void *b)
{
    const int64_t x = ((const struct qv_movement *)a)->start_us, y = ((const struct qv_movement *)b)->start_us;
    return (x > y) - (x < y);
}

static int tell_movements(struct maker *m, struct qv_error *error)
{
    struct qv_measurement *t = &m->made->truth;
    const struct phantom_score *s = &m->score;
    const uint32_t room = (uint32_t)(m->settings->seconds * m->settings->frequency_hz) + s->act_count + s->step_count;
    struct qv_movement *movements = qv_arena_alloc(m->arena, room + 1, sizeof *movements);
    if (!movements)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    m->score.past_steps = 0;
    for (uint32_t i = 0; i < s->act_count; i++) {
        m->score.past = i; /* to be looked at alone: no other is at the same time */
        if (!s->acts[i].unseen && s->acts[i].start_us + s->acts[i].length_us <= m->last_us)
            tell_act(m, &s->acts[i], movements);
    }
    for (uint32_t i = 0; i < s->step_count && s->steps[i].start_us + PHANTOM_STEP_US <= m->last_us; i++)
        movements[t->movement_count++] = (struct qv_movement){.start_us = s->steps[i].start_us,
                                                              .peak_us = s->steps[i].start_us + PHANTOM_STEP_US / 2,
                                                              .end_us = s->steps[i].start_us + PHANTOM_STEP_US,
                                                              .kind = QV_MOVEMENT_LIGHTING,
                                                              .snr = NAN};
    assert(t->movement_count <= room);
    qsort(movements, t->movement_count, sizeof *movements, by_start);
    t->movements = movements;
    return QV_OK;
}

/* What is known because it was put there is said so, not worked out from the movements. */
static void tell_summary(struct maker *m, double seen_s)
{
    struct qv_measurement *t = &m->made->truth;
    const struct qv_phantom_settings *s = m->settings;
    static const enum qv_twitch_pattern patterns[QV_WAVEFORM_COUNT] = {
        [QV_WAVEFORM_NONE] = QV_PATTERN_NONE,        [QV_WAVEFORM_SINGLE] = QV_PATTERN_ISOLATED,
        [QV_WAVEFORM_CLUSTER] = QV_PATTERN_CLUSTERS, [QV_WAVEFORM_TREMOR] = QV_PATTERN_RHYTHMIC,
        [QV_WAVEFORM_VOLLEY] = QV_PATTERN_ISOLATED,  [QV_WAVEFORM_HOLD] = QV_PATTERN_SUSTAINED,
        [QV_WAVEFORM_RIPPLE] = QV_PATTERN_RHYTHMIC};
    summarise(t, seen_s);
    const bool any = t->summary.twitches > 0;
    t->summary.pattern = any ? patterns[s->waveform] : QV_PATTERN_NONE;
    t->summary.side = any ? s->side : QV_SIDE_NONE;
    t->summary.eye_mouth_synchrony = any && s->waveform == QV_WAVEFORM_VOLLEY;
    t->summary.dominant_hz = t->summary.pattern == QV_PATTERN_RHYTHMIC ? s->frequency_hz : NAN;
}

static int tell(struct maker *m, const char *path, struct qv_error *error)
{
    struct qv_measurement *t = &m->made->truth;
    const struct qv_phantom_settings *s = m->settings;
    const double period_s = 1 / m->rate_hz, length_s = (double)m->last_us * 1e-6 + period_s;
    t->clip.file = path;
    t->clip.duration_s = length_s;
    t->clip.frames = m->frame_count;
    t->clip.frame_rate_hz = m->frame_count / length_s;
    t->clip.distinct_frame_rate_hz = fmin(m->distinct, m->frame_count) / length_s;
    t->clip.variable_frame_rate = s->uneven_times || s->drop_fraction > 0;
    t->clip.width = m->canvas.width;
    t->clip.height = m->canvas.height;
    t->clip.rotation_deg = s->rotation_deg;
    t->clip.mirrored = s->mirrored;
    t->face.width_px = m->first_face.width_px;
    t->face.mm_per_px = FACE_WIDTH_MM / m->first_face.width_px;
    t->face.seen_fraction = 1 - (double)m->made->unseen_frames / m->distinct;
    t->quality.noise_floor_px = t->quality.noise_floor_mm = t->quality.detectable_mm = NAN;
    t->quality.warnings =
        (s->flicker_hz > 0 ? 1U << QV_WARNING_FLICKER : 0) | (s->repeat > 1 ? 1U << QV_WARNING_REPEATED_FRAMES : 0);
    int status = tell_movements(m, error);
    if (status)
        return status;
    tell_summary(m, length_s * t->face.seen_fraction);
    for (int r = 0; r < QV_REGION_COUNT; r++) {
        if (!t->summary.regions[r])
            continue;
        struct qv_phantom_patch *patch = &m->made->patches[m->made->patch_count++];
        *patch = m->first_face.patches[r];
        patch->x_px -= m->canvas.margin_px;
        patch->y_px -= m->canvas.margin_px;
    }
    return QV_OK;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------------------ */

static int make(struct maker *m, const char *portrait, const char *path, struct qv_error *error)
{
    struct clip_frame first, second;
    int status = face_models_open(m->settings->models_folder, &m->models, error);
    if (status == QV_OK)
        status = clip_open(portrait, &m->clip, error);
    if (status)
        return status;
    int got = next_frame(m, &first, error);
    if (got <= 0)
        return got < 0 ? got : qv_fail(error, QV_ERR_DATA, "%s: there is no picture in it", portrait);
    status = keep(&first, m->arena, error);
    if (status)
        return status;
    got = next_frame(m, &second, error);
    if (got < 0)
        return got;
    m->made->over_clip = got == 1;
    if (got == 0) {
        status = see_face(m, &first, error);
        if (status == QV_OK)
            status = film_still(m, path, &first, error);
    } else {
        status = film_over_clip(m, path, portrait, &first, &second, error);
    }
    /* What is missing in the portrait is said of it; what is wrong with the film or a setting speaks for itself. */
    if (status == QV_ERR_DATA && error && strncmp(error->text, portrait, strlen(portrait)) != 0)
        qv_fail_at(error, "%s", portrait);
    return status;
}

int qv_phantom_make(const char *portrait, const char *path, const struct qv_phantom_settings *settings,
                    struct qv_arena *arena, struct qv_phantom **out, struct qv_error *error)
{
    struct qv_phantom *made = qv_arena_alloc(arena, 1, sizeof *made);
    struct maker *m = qv_arena_alloc(arena, 1, sizeof *m);
    if (!made || !m)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    made->settings = *settings;
    m->made = made;
    m->settings = &made->settings;
    m->arena = arena;
    fill_twitch(m->settings);
    int status = check(m->settings, error);
    if (status)
        return status;
    m->scratch = qv_arena_create(0);
    if (!m->scratch)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    m->noise = phantom_random_of(settings->seed, PURPOSE_NOISE);
    m->frames = phantom_random_of(settings->seed, PURPOSE_FRAMES);
    status = make(m, portrait, path, error);
    if (status == QV_OK)
        status = tell(m, path, error);
    if (status == QV_OK)
        status = film_finish(m->film, error);
    film_destroy(m->film);
    clip_close(m->clip);
    face_models_close(m->models);
    qv_arena_destroy(m->scratch);
    if (status == QV_OK)
        *out = made;
    return status;
}
