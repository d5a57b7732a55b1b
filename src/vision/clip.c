/* SPDX-License-Identifier: Apache-2.0 */
/* The parent's side of decoding: see clip.h, and wire.h for what is said. */
#include "clip.h"

#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEADLINE_MS 30000    /* without a word of the decoder; a frame of 8K on a slow machine takes a second or two */
#define SHORTFALL_US 1000000 /* a clip of so much less than it says has lost its end; the last frame lasts less */

static const struct child_program decoder = {.name = "quiver-decoder",
                                             .variable = "QUIVER_DECODER",
                                             .deed = "reads videos",
                                             .deadline_ms = DEADLINE_MS,
                                             .draws = true};

struct clip {
    struct clip_info info;
    struct clip_end end;
    struct child decoder;
    uint32_t slot; /* the one whose frame was given out; WIRE_SLOT_COUNT: none */
    int64_t last_us;
    bool ended;
    char name[128];
};

/* ---- opening ----------------------------------------------------------------------------------------------------------- */

static int open_input(const char *path, bool *camera, struct qv_error *error)
{
    *camera = false;
    if (strcmp(path, "-") == 0) {
        const int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
        return fd >= 0 ? fd : qv_fail(error, QV_ERR_NO_INPUT, "standard input: %s", strerror(errno));
    }
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat about;
    if (fd < 0 || fstat(fd, &about) != 0) {
        const int why = errno;
        if (fd >= 0)
            close(fd);
        return qv_fail(error, why == ENOENT || why == ENOTDIR ? QV_ERR_NO_INPUT : QV_ERR_IO, "%s: %s", path,
                       strerror(why));
    }
    *camera = S_ISCHR(about.st_mode) && strncmp(path, "/dev/video", 10) == 0;
    if (S_ISREG(about.st_mode) || S_ISFIFO(about.st_mode) || *camera) {
        if (S_ISREG(about.st_mode) && about.st_size == 0) {
            close(fd);
            return qv_fail(error, QV_ERR_DATA, "%s: an empty file, expected a video", path);
        }
        (void)fcntl(fd, F_SETFL, 0); /* non-blocking was for pipes nobody writes to */
        return fd;
    }
    close(fd);
    return qv_fail(error, QV_ERR_DATA, "%s: %s, expected a video", path,
                   S_ISDIR(about.st_mode) ? "a folder" : "not a file");
}

/* ---- listening ---------------------------------------------------------------------------------------------------------- */

/* What became of a decoder that stopped talking. */
static int lost_decoder(struct clip *c, struct qv_error *error)
{
    bool missing;
    const char *death = child_death(&c->decoder, &missing);
    if (missing)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "%s: the decoder cannot be started", c->name);
    if (death)
        return qv_fail(error, QV_ERR_DATA,
                       "%s: the decoder broke on it (%s): the file is damaged or not what it says it is", c->name,
                       death);
    return qv_fail(error, QV_ERR_DATA, "%s: the decoder stopped: the file is damaged or not what it says it is",
                   c->name);
}

/* QV_OK, or CLIP_INTERRUPTED: perhaps the caller wants to stop. */
static int hear(struct clip *c, struct wire_message *m, struct qv_error *error)
{
    switch (child_hear(&c->decoder, m)) {
    case CHILD_SAID:
        return QV_OK;
    case CHILD_INTERRUPTED:
        return CLIP_INTERRUPTED;
    case CHILD_SILENT:
        return qv_fail(error, QV_ERR_DATA, "%s: the decoder has said nothing for %d s: it hangs on this file", c->name,
                       DEADLINE_MS / 1000);
    default:
        return lost_decoder(c, error);
    }
}

static int lie(struct clip *c, const char *what, struct qv_error *error)
{
    return qv_fail(error, QV_ERR_DATA, "%s: the decoder said something impossible (%s): the file is damaged or hostile",
                   c->name, what);
}

static int said_error(struct clip *c, struct wire_message *m, struct qv_error *error)
{
    const int status = m->u.error.status;
    return qv_fail(error, status == QV_ERR_UNAVAILABLE || status == QV_ERR_IO ? status : QV_ERR_DATA, "%s: %s", c->name,
                   child_error_text(m));
}

static int hear_info(struct clip *c, struct qv_error *error)
{
    struct wire_message m;
    int status;
    while ((status = hear(c, &m, error)) == CLIP_INTERRUPTED) {
    }
    if (status)
        return status;
    if (m.kind == WIRE_ERROR)
        return said_error(c, &m, error);
    if (m.kind != WIRE_INFO)
        return lie(c, "frames before their description", error);
    const int turn = m.u.info.rotation_deg;
    c->info = (struct clip_info){.width = m.u.info.width, .height = m.u.info.height, .live = m.u.info.live};
    c->info.rotation_deg = turn == 90 || turn == 180 || turn == 270 ? turn : 0;
    c->info.stated_rate_hz =
        m.u.info.stated_rate_hz > 0 && m.u.info.stated_rate_hz < 10000 ? m.u.info.stated_rate_hz : 0;
    c->info.stated_length_us = m.u.info.stated_length_us > 0 ? m.u.info.stated_length_us : 0;
    memcpy(c->info.codec, m.u.info.codec, sizeof c->info.codec - 1);
    return QV_OK;
}

int clip_open(const char *path, struct clip **out, struct qv_error *error)
{
    bool camera;
    const int input = open_input(path, &camera, error);
    if (input < 0)
        return input;
    struct clip *c = calloc(1, sizeof *c);
    if (!c) {
        close(input);
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    }
    c->decoder = CHILD_NONE;
    c->slot = WIRE_SLOT_COUNT;
    c->last_us = -1;
    snprintf(c->name, sizeof c->name, "%s", strcmp(path, "-") == 0 ? "standard input" : path);
    int status = child_start(&c->decoder, &decoder, input, camera ? path : NULL, error);
    close(input);
    if (status == QV_OK)
        status = hear_info(c, error);
    if (status) {
        clip_close(c);
        return status;
    }
    *out = c;
    return QV_OK;
}

static bool plane_fits(const struct wire_plane *p, uint32_t sample_bytes)
{
    return p->width > 0 && p->height > 0 && p->width <= WIRE_SIDE_MAX_PX && p->height <= WIRE_SIDE_MAX_PX &&
           p->stride_bytes >= p->width * sample_bytes && p->stride_bytes <= 4 * WIRE_SIDE_MAX_PX &&
           p->offset % 64 == 0 && p->offset <= WIRE_SLOT_BYTES &&
           (uint64_t)p->stride_bytes * p->height <= WIRE_SLOT_BYTES - p->offset;
}

static int take_frame(struct clip *c, const struct wire_message *m, struct clip_frame *frame, struct qv_error *error)
{
    const uint32_t bits = m->u.frame.bits, planes = m->u.frame.plane_count, sample_bytes = bits > 8 ? 2 : 1;
    if (m->slot >= WIRE_SLOT_COUNT || bits < 8 || bits > 12 || (planes != 1 && planes != 3))
        return lie(c, "a frame of no known kind", error);
    struct clip_frame f = {.time_us = m->u.frame.time_us,
                           .width = m->u.frame.width,
                           .height = m->u.frame.height,
                           .bits = bits,
                           .full_range = m->u.frame.full_range != 0,
                           .rotation_deg = c->info.rotation_deg,
                           .colour = planes == 3};
    for (uint32_t i = 0; i < planes; i++) {
        const struct wire_plane p = m->u.frame.planes[i];
        if (!plane_fits(&p, sample_bytes))
            return lie(c, "a picture outside its memory", error);
        f.planes[i] = (struct clip_plane){c->decoder.slots + m->slot * WIRE_SLOT_BYTES + p.offset, p.width, p.height,
                                          p.stride_bytes};
    }
    if (f.planes[0].width != f.width || f.planes[0].height != f.height)
        return lie(c, "a picture of two sizes", error);
    if (f.width < CLIP_SIDE_MIN_PX || f.height < CLIP_SIDE_MIN_PX)
        return qv_fail(error, QV_ERR_DATA, "%s: the picture is %u×%u pixels, expected at least %d×%d", c->name, f.width,
                       f.height, CLIP_SIDE_MIN_PX, CLIP_SIDE_MIN_PX);
    if (f.width != c->info.width || f.height != c->info.height) {
        if (c->last_us >= 0)
            return qv_fail(error, QV_ERR_DATA, "%s: the picture changes its size at %.1f s, from %u×%u to %u×%u pixels",
                           c->name, (double)c->last_us * 1e-6, c->info.width, c->info.height, f.width, f.height);
        c->info.width = f.width; /* of the container and the video, the video is right */
        c->info.height = f.height;
    }
    if (f.time_us <= c->last_us)
        return lie(c, "time that runs backwards", error);
    c->last_us = f.time_us;
    c->slot = m->slot;
    *frame = f;
    return 1;
}

/* Not every container notices that its end is missing; most say at their beginning how long they are. */
static bool falls_short(const struct clip *c)
{
    return c->info.stated_length_us - SHORTFALL_US > c->last_us;
}

int clip_next(struct clip *c, struct clip_frame *frame, struct qv_error *error)
{
    if (c->ended)
        return 0;
    if (c->slot < WIRE_SLOT_COUNT) {
        const struct wire_message back = {.kind = WIRE_SLOT, .slot = c->slot};
        child_say(&c->decoder, &back);
        c->slot = WIRE_SLOT_COUNT;
    }
    struct wire_message m;
    const int status = hear(c, &m, error);
    if (status)
        return status;
    switch (m.kind) {
    case WIRE_FRAME:
        return take_frame(c, &m, frame, error);
    case WIRE_ERROR:
        return said_error(c, &m, error);
    case WIRE_END:
        c->ended = true;
        c->end = (struct clip_end){.truncated = m.u.end.truncated || falls_short(c),
                                   .bad_packets = m.u.end.bad_packets,
                                   .times_invented = m.u.end.times_invented != 0};
        return 0;
    default:
        return lie(c, "an unknown word", error);
    }
}

const struct clip_info *clip_info(const struct clip *c)
{
    return &c->info;
}

const struct clip_end *clip_end(const struct clip *c)
{
    return &c->end;
}

void clip_close(struct clip *c)
{
    if (!c)
        return;
    child_end(&c->decoder);
    free(c);
}
