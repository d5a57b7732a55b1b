/* SPDX-License-Identifier: Apache-2.0 */
/* The parent's side of encoding: see film.h, and wire.h for what is said. */
#include "film.h"

#include "child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIDE_MIN_PX 16
#define DEADLINE_MS                                                                                                    \
    120000 /* at the end an encoder has sixty pictures of 4K before it, each of which may take a second */
#define NAME_TRIES 100

static const struct child_program encoder = {
    .name = "quiver-encoder", .variable = "QUIVER_ENCODER", .deed = "writes videos", .deadline_ms = DEADLINE_MS};

enum film_state { FILM_WRITING, FILM_DONE, FILM_BROKEN };

struct film {
    enum film_state state;
    struct film_settings settings;
    struct child encoder;
    bool held[WIRE_SLOT_COUNT]; /* slots that are ours to fill */
    int64_t last_us;
    char *path, *grows_in; /* where it will be; where it is until then */
};

/* ---- the file ------------------------------------------------------------------------------------------------------- */

/* "mp4" of "a/b.mp4", or "". */
static const char *container_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    return dot && (!slash || dot > slash) ? dot + 1 : "";
}

static int check(const char *path, const struct film_settings *s, struct qv_error *error)
{
    static const char *const containers[] = {"mp4", "mov", "mkv", "webm", "avi"};
    const char *container = container_of(path);
    bool known = false;
    for (size_t i = 0; i < sizeof containers / sizeof containers[0]; i++)
        known = known || strcmp(container, containers[i]) == 0;
    if (!known)
        return qv_fail(error, QV_ERR_USAGE, "%s: expected a name that ends in .mp4, .mov, .mkv, .webm or .avi", path);
    if (s->width % 2 || s->height % 2 || s->width < SIDE_MIN_PX || s->height < SIDE_MIN_PX ||
        s->width > WIRE_SIDE_MAX_PX || s->height > WIRE_SIDE_MAX_PX || (uint64_t)s->width * s->height > WIRE_PIXELS_MAX)
        return qv_fail(error, QV_ERR_USAGE, "%s: a picture of %u×%u pixels, expected even numbers from %d to %d", path,
                       s->width, s->height, SIDE_MIN_PX, WIRE_SIDE_MAX_PX);
    if (!(s->rate_hz > 0 && s->rate_hz <= FILM_RATE_MAX_HZ))
        return qv_fail(error, QV_ERR_USAGE, "%s: %g pictures a second, expected more than 0 and at most %g", path,
                       s->rate_hz, FILM_RATE_MAX_HZ);
    if (s->rotation_deg && strcmp(container, "mp4") != 0 && strcmp(container, "mov") != 0)
        return qv_fail(error, QV_ERR_USAGE, "%s: only .mp4 and .mov can say that a picture is to be turned", path);
    return QV_OK;
}

/* A new file beside the one that is asked for, of a name that nobody has. */
static int open_file(struct film *f, struct qv_error *error)
{
    struct stat about;
    if (stat(f->path, &about) == 0 && !S_ISREG(about.st_mode))
        return qv_fail(error, QV_ERR_CANNOT_CREATE, "%s: %s, expected a file or nothing there", f->path,
                       S_ISDIR(about.st_mode) ? "a folder" : "not a file");
    for (int i = 0; i < NAME_TRIES; i++) {
        free(f->grows_in);
        if (asprintf(&f->grows_in, "%s.%ld-%d.part", f->path, (long)getpid(), i) < 0) {
            f->grows_in = NULL;
            return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
        }
        const int fd = open(f->grows_in, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0)
            return fd;
        if (errno != EEXIST)
            break;
    }
    const int why = errno;
    free(f->grows_in); /* and so it is not ours to delete */
    f->grows_in = NULL;
    return qv_fail(error, QV_ERR_CANNOT_CREATE, "%s: %s", f->path, strerror(why));
}

/* ---- talking --------------------------------------------------------------------------------------------------------- */

static int encoder_broke(struct film *f, struct qv_error *error)
{
    bool missing;
    const char *death = child_death(&f->encoder, &missing);
    if (death)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "%s: the encoder broke (%s)", f->path, death);
    return qv_fail(error, QV_ERR_UNAVAILABLE, "%s: the encoder %s", f->path,
                   missing ? "cannot be started" : "stopped before the film was finished");
}

/* The next word of the encoder that is no error. */
static int hear(struct film *f, struct wire_message *m, struct qv_error *error)
{
    int heard;
    while ((heard = child_hear(&f->encoder, m)) == CHILD_INTERRUPTED) {
    }
    if (heard == CHILD_SILENT)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "%s: the encoder has said nothing for %d s", f->path,
                       DEADLINE_MS / 1000);
    if (heard != CHILD_SAID)
        return encoder_broke(f, error);
    if (m->kind == WIRE_ERROR)
        return qv_fail(error, m->u.error.status, "%s: %s", f->path, child_error_text(m));
    if (m->kind == WIRE_SLOT && m->slot < WIRE_SLOT_COUNT)
        f->held[m->slot] = true;
    return QV_OK;
}

static int broken(struct film *f, int status)
{
    f->state = FILM_BROKEN;
    child_end(&f->encoder);
    if (f->grows_in)
        unlink(f->grows_in);
    return status;
}

static int start(struct film *f, struct qv_error *error)
{
    const int fd = open_file(f, error);
    if (fd < 0)
        return fd;
    int status = child_start(&f->encoder, &encoder, fd, NULL, error);
    close(fd);
    if (status)
        return status;
    struct wire_message m = {.kind = WIRE_FILM};
    m.u.film.width = f->settings.width;
    m.u.film.height = f->settings.height;
    m.u.film.codec = f->settings.codec;
    m.u.film.full_range = f->settings.full_range;
    m.u.film.quality = f->settings.quality;
    m.u.film.rotation_deg = f->settings.rotation_deg;
    m.u.film.rate_hz = f->settings.rate_hz;
    snprintf(m.u.film.container, sizeof m.u.film.container, "%s", container_of(f->path));
    child_say(&f->encoder, &m);
    return hear(f, &m, error);
}

int film_create(const char *path, const struct film_settings *settings, struct film **out, struct qv_error *error)
{
    int status = check(path, settings, error);
    if (status)
        return status;
    struct film *f = calloc(1, sizeof *f);
    if (!f || !(f->path = strdup(path))) {
        free(f);
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    }
    f->settings = *settings;
    f->encoder = CHILD_NONE;
    f->last_us = -1;
    for (int i = 0; i < WIRE_SLOT_COUNT; i++)
        f->held[i] = true;
    status = start(f, error);
    if (status) {
        film_destroy(f);
        return status;
    }
    *out = f;
    return QV_OK;
}

/* ---- pictures --------------------------------------------------------------------------------------------------------- */

static int free_slot(struct film *f, uint32_t *slot, struct qv_error *error)
{
    for (;;) {
        for (*slot = 0; *slot < WIRE_SLOT_COUNT; ++*slot) {
            if (f->held[*slot])
                return QV_OK;
        }
        struct wire_message m;
        const int status = hear(f, &m, error);
        if (status)
            return status;
    }
}

static void copy_plane(uint8_t *to, const struct wire_plane *plane, const uint8_t *from, uint32_t stride_bytes)
{
    for (uint32_t y = 0; y < plane->height; y++)
        memcpy(to + (size_t)y * plane->stride_bytes, from + (size_t)y * stride_bytes, plane->width);
}

int film_add(struct film *f, const struct film_picture *picture, int64_t time_us, struct qv_error *error)
{
    assert(f->state == FILM_WRITING);
    assert(time_us > f->last_us);
    assert(time_us == 0 || f->last_us >= 0);
    struct wire_message m = {.kind = WIRE_FRAME};
    const int status = free_slot(f, &m.slot, error);
    if (status)
        return broken(f, status);
    m.u.frame.time_us = time_us;
    m.u.frame.width = f->settings.width;
    m.u.frame.height = f->settings.height;
    m.u.frame.bits = 8;
    m.u.frame.plane_count = 3;
    uint64_t offset = 0;
    for (int i = 0; i < 3; i++) {
        struct wire_plane *plane = &m.u.frame.planes[i];
        plane->width = i ? f->settings.width / 2 : f->settings.width;
        plane->height = i ? f->settings.height / 2 : f->settings.height;
        plane->stride_bytes = (plane->width + 63) & ~63U;
        plane->offset = offset;
        copy_plane(f->encoder.slots + m.slot * WIRE_SLOT_BYTES + offset, plane, picture->planes[i],
                   picture->strides_bytes[i]);
        offset += (uint64_t)plane->stride_bytes * plane->height;
    }
    f->held[m.slot] = false;
    f->last_us = time_us;
    child_say(&f->encoder, &m);
    return QV_OK;
}

int film_finish(struct film *f, struct qv_error *error)
{
    assert(f->state == FILM_WRITING);
    if (f->last_us < 0)
        return broken(f, qv_fail(error, QV_ERR_DATA, "%s: a film without a picture", f->path));
    struct wire_message m = {.kind = WIRE_END};
    child_say(&f->encoder, &m);
    do {
        const int status = hear(f, &m, error);
        if (status)
            return broken(f, status);
    } while (m.kind != WIRE_END);
    child_end(&f->encoder);
    if (rename(f->grows_in, f->path) != 0)
        return broken(f, qv_fail(error, QV_ERR_CANNOT_CREATE, "%s: %s", f->path, strerror(errno)));
    f->state = FILM_DONE;
    return QV_OK;
}

void film_destroy(struct film *f)
{
    if (!f)
        return;
    if (f->state == FILM_WRITING)
        (void)broken(f, 0);
    free(f->path);
    free(f->grows_in);
    free(f);
}
