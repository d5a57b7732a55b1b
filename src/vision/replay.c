/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A clip seen again, into a new one: decoded anew, each frame brought together with what was said of it, bent, painted on, encoded.
 * Nothing of the clip is kept but the picture at hand.
 */
#include "bitmap.h"
#include "clip.h"
#include "film.h"
#include "magnify.h"
#include "motion.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#define QUALITY_H264 18 /* shows skin as it is: the film is for looking at twitches */
#define FOOT_SHARE 0.11 /* of the width: room for a time line below the picture */
#define FOOT_LEAST_PX 96
#define RATE_LEAST_HZ 1.0 /* for the container of the film; a picture has its own time */
#define PROGRESS_EVERY_US 250000

struct replay {
    const struct qv_replay_settings *settings;
    const struct qv_measurement *measurement;
    struct qv_motion *motion;
    const char *out_path;
    struct qv_arena *arena;
    struct clip *clip;
    struct film *film;
    struct magnifier *magnifier;               /* NULL: none wanted, or no face */
    struct bitmap shown, bent, sheet, picture; /* picture is the upper part of the sheet */
    struct bitmap_zoom zoom;
    uint8_t *planes; /* of the film */
    struct motion_frame now, next;
    uint32_t at; /* record of `now`; UINT32_MAX: none yet */
    bool has_next;
    uint32_t frames;
    int64_t progress_us;
};

/* ---- making ------------------------------------------------------------------------------------------------------------------ */

static bool ends_in(const char *path, const char *end)
{
    const size_t length = strlen(path), n = strlen(end);
    return length > n && strcasecmp(path + length - n, end) == 0;
}

static int make_bitmaps(struct replay *r, const struct clip_frame *f, struct qv_error *error)
{
    const bool turned = f->rotation_deg == 90 || f->rotation_deg == 270;
    const uint32_t width = turned ? f->height : f->width, height = turned ? f->width : f->height;
    r->zoom = bitmap_zoom_for(width, height);
    const uint32_t across = (width * r->zoom.up / r->zoom.down) & ~1U;
    const uint32_t down = (height * r->zoom.up / r->zoom.down) & ~1U;
    const uint32_t foot = (uint32_t)fmax(round(FOOT_SHARE * across), FOOT_LEAST_PX) & ~1U;
    int status = bitmap_init(&r->shown, width, height, r->arena, error);
    if (status == QV_OK)
        status = bitmap_init(&r->bent, width, height, r->arena, error);
    if (status == QV_OK)
        status = bitmap_init(&r->sheet, across, down + foot, r->arena, error);
    r->picture = r->sheet;
    r->picture.height = down;
    r->planes = status == QV_OK ? qv_arena_alloc(r->arena, (size_t)across * (down + foot), 2) : NULL;
    if (status == QV_OK && !r->planes)
        status = qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    return status;
}

static int make_film(struct replay *r, struct qv_error *error)
{
    const bool vp9 = ends_in(r->out_path, ".webm");
    const struct film_settings settings = {
        .width = r->sheet.width,
        .height = r->sheet.height,
        .rate_hz = fmin(fmax(r->measurement->clip.frame_rate_hz, RATE_LEAST_HZ), FILM_RATE_MAX_HZ),
        .codec = vp9 ? QV_CODEC_VP9 : QV_CODEC_H264,
        .quality = vp9 ? 0 : QUALITY_H264,
    };
    return film_create(r->out_path, &settings, &r->film, error);
}

static int begin(struct replay *r, const struct clip_frame *f, struct qv_error *error)
{
    int status = make_bitmaps(r, f, error);
    if (status == QV_OK)
        status = make_film(r, error);
    if (status == QV_OK && r->settings->magnify > 1 && motion_shape(r->motion)) {
        const struct magnifier_settings settings = {
            .times = r->settings->magnify,
            .noise_px = r->measurement->quality.noise_floor_px,
            .rate_hz = r->measurement->clip.frame_rate_hz,
            .width = r->shown.width,
            .height = r->shown.height,
        };
        status = magnifier_create(r->motion, &settings, r->arena, &r->magnifier, error);
    }
    return status;
}

/* ---- a frame ------------------------------------------------------------------------------------------------------------------- */

/* Goes on to the last record that is not after the frame: a repeated frame has none of its own. */
static int find_record(struct replay *r, int64_t time_us, struct qv_error *error)
{
    for (;;) {
        if (!r->has_next) {
            if (r->at + 1 >= motion_count(r->motion))
                return QV_OK;
            const int status = motion_read(r->motion, r->at + 1, &r->next, NULL, error);
            if (status)
                return status;
            r->has_next = true;
        }
        if (r->next.time_us > time_us)
            return QV_OK;
        r->now = r->next;
        r->at++;
        r->has_next = false;
    }
}

/* Where the regions are on the sheet. */
static void place_regions(const struct replay *r, struct qv_replay_frame *out)
{
    const struct face_plan *plan = &motion_shape(r->motion)->plan;
    const double zoom = (double)r->zoom.up / r->zoom.down;
    for (int k = 0; k < QV_REGION_COUNT; k++) {
        const struct affine *place = &r->now.place[track_window_of((enum qv_region)k)];
        double x, y;
        affine_apply(place, plan->region_x[k], plan->region_y[k], &x, &y);
        out->x[k] = (x + 0.5) * zoom - 0.5;
        out->y[k] = (y + 0.5) * zoom - 0.5;
    }
    const struct affine *place = &r->now.place[TRACK_MOUTH];
    out->face_width_px = plan->width_px * hypot(place->a, place->d) * zoom;
}

static void clear_foot(struct replay *r)
{
    const size_t above = r->picture.height * r->sheet.stride_bytes;
    memset(r->sheet.pixels + above, 255, r->sheet.height * r->sheet.stride_bytes - above);
}

static int show_frame(struct replay *r, const struct clip_frame *f, struct qv_error *error)
{
    const bool turned = f->rotation_deg == 90 || f->rotation_deg == 270;
    if ((turned ? f->height : f->width) != r->shown.width || (turned ? f->width : f->height) != r->shown.height)
        return qv_fail(error, QV_ERR_DATA, "the picture changes its size at %.2f s", (double)f->time_us * 1e-6);
    struct qv_replay_frame out = {.time_us = f->time_us,
                                  .pixels = r->sheet.pixels,
                                  .stride_bytes = r->sheet.stride_bytes,
                                  .width = r->sheet.width,
                                  .height = r->sheet.height,
                                  .picture_height = r->picture.height,
                                  .magnified = 1};
    int status = find_record(r, f->time_us, error);
    out.seen = status == QV_OK && r->at != UINT32_MAX && r->now.seen;
    bitmap_of_frame(&r->shown, f);
    const struct bitmap *picture = &r->shown;
    if (status == QV_OK && r->magnifier && out.seen) {
        status = magnifier_bend(r->magnifier, r->at, &r->shown, &r->bent, error);
        out.magnified = magnifier_factor(r->magnifier);
        picture = &r->bent;
    }
    if (status)
        return status;
    bitmap_zoomed(picture, r->zoom, &r->picture);
    clear_foot(r);
    if (out.seen)
        place_regions(r, &out);
    if (r->settings->paint)
        status = r->settings->paint(r->settings->paint_context, &out, error);
    struct film_picture planes;
    bitmap_to_film(&r->sheet, r->planes, &planes);
    return status ? status : film_add(r->film, &planes, f->time_us, error);
}

static void tell_progress(struct replay *r, int64_t time_us)
{
    if (!r->settings->progress || time_us - r->progress_us < PROGRESS_EVERY_US)
        return;
    r->progress_us = time_us;
    r->settings->progress(r->settings->progress_context, fmin((double)r->frames / r->measurement->clip.frames, 1),
                          time_us);
}

static int show_frames(struct replay *r, struct qv_error *error)
{
    struct clip_frame f;
    while (r->frames < r->measurement->clip.frames) {
        if (r->settings->stop && *r->settings->stop)
            return qv_fail(error, QV_ERR_CANNOT_CREATE, "%s: stopped before it was whole", r->out_path);
        const int got = clip_next(r->clip, &f, error);
        if (got == CLIP_INTERRUPTED)
            continue;
        if (got < 0)
            return got;
        if (!got)
            return qv_fail(error, QV_ERR_DATA, "the clip has %u frames now and had %u when it was watched", r->frames,
                           r->measurement->clip.frames);
        int status = r->frames ? QV_OK : begin(r, &f, error);
        if (status == QV_OK)
            status = show_frame(r, &f, error);
        if (status)
            return status;
        r->frames++;
        tell_progress(r, f.time_us);
    }
    return film_finish(r->film, error);
}

int qv_replay(const char *path, const struct qv_measurement *measurement, struct qv_motion *motion,
              const struct qv_replay_settings *settings, const char *out_path, struct qv_error *error)
{
    if (!(settings->magnify >= 1 && settings->magnify <= QV_MAGNIFY_MAX))
        return qv_fail(error, QV_ERR_USAGE, "magnified %g times, expected 1 to %g", settings->magnify, QV_MAGNIFY_MAX);
    if (settings->magnify > 1 && !motion_with_skin(motion))
        return qv_fail(error, QV_ERR_USAGE, "magnified, but the motion of the skin was not kept");
    struct replay r = {.settings = settings,
                       .measurement = measurement,
                       .motion = motion,
                       .out_path = out_path,
                       .arena = qv_arena_create(0),
                       .at = UINT32_MAX};
    int status = r.arena ? clip_open(path, &r.clip, error) : qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    if (status == QV_OK)
        status = show_frames(&r, error);
    film_destroy(r.film);
    clip_close(r.clip);
    qv_arena_destroy(r.arena);
    return status;
}
