/* SPDX-License-Identifier: Apache-2.0 */
/* The parent's side of decoding: see clip.h, and wire.h for what is said. */
#include "clip.h"

#include "wire.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 30000 /* without a word of the decoder; a frame of 8K on a slow machine takes a second or two */

struct clip {
    struct clip_info info;
    struct clip_end end;
    uint8_t *slots;
    int channel, deadline_ms;
    pid_t child;
    uint32_t slot; /* the one whose frame was given out; WIRE_SLOT_COUNT: none */
    int64_t last_us;
    bool ended;
    char name[128];
};

/* ---- starting ---------------------------------------------------------------------------------------------------------- */

/* Beside this program in the build and where it is installed; QUIVER_DECODER names another. */
static bool find_decoder(char *path, size_t size)
{
    static const char *const beside[] = {"quiver-decoder", "../libexec/quiver/quiver-decoder"};
    const char *named = getenv("QUIVER_DECODER");
    if (named)
        return (size_t)snprintf(path, size, "%s", named) < size && access(path, X_OK) == 0;
    char self[4096];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length > 0) {
        self[length] = 0;
        char *slash = strrchr(self, '/');
        for (size_t i = 0; slash && i < sizeof beside / sizeof beside[0]; i++) {
            *slash = 0;
            if ((size_t)snprintf(path, size, "%s/%s", self, beside[i]) < size && access(path, X_OK) == 0)
                return true;
        }
    }
    return (size_t)snprintf(path, size, "%s", QUIVER_DECODER) < size && access(path, X_OK) == 0;
}

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

/* After fork only what is safe there: descriptors to their places, everything else closed, and the decoder started. */
static void become_decoder(const char *program, const char *device, int input, int channel, int slots)
{
    const int from[3] = {input, channel, slots};
    int high[3];
    for (int i = 0; i < 3; i++) {
        high[i] = fcntl(from[i], F_DUPFD, 20);
        if (high[i] < 0)
            _exit(127);
    }
    for (int i = 0; i < 3; i++) {
        if (dup2(high[i], WIRE_CLIP + i) < 0)
            _exit(127);
    }
    const int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
        _exit(127);
    (void)close_range(WIRE_SLOTS + 1, ~0U, 0);
    signal(SIGINT, SIG_IGN); /* Ctrl-C is for the parent, who then closes the clip */
    char *const arguments[] = {(char[]){"quiver-decoder"}, device ? strdup(device) : NULL, NULL};
    char *const nothing[] = {NULL};
    execve(program, arguments, nothing);
    _exit(127);
}

static int start_decoder(struct clip *c, const char *device, int input, struct qv_error *error)
{
    char program[4352];
    if (!find_decoder(program, sizeof program))
        return qv_fail(error, QV_ERR_UNAVAILABLE, "the program quiver-decoder, which reads videos, is not installed");
    int pair[2] = {-1, -1};
    const int slots = memfd_create("quiver-frames", MFD_CLOEXEC);
    if (slots < 0 || ftruncate(slots, (off_t)(WIRE_SLOT_COUNT * WIRE_SLOT_BYTES)) != 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        const int why = errno;
        if (slots >= 0)
            close(slots);
        return qv_fail(error, QV_ERR_UNAVAILABLE, "no memory to share with the decoder: %s", strerror(why));
    }
    c->slots = mmap(NULL, WIRE_SLOT_COUNT * WIRE_SLOT_BYTES, PROT_READ, MAP_SHARED | MAP_NORESERVE, slots, 0);
    c->child = c->slots == MAP_FAILED ? -1 : fork();
    if (c->child == 0)
        become_decoder(program, device, input, pair[1], slots);
    const int why = errno;
    close(pair[1]);
    close(slots);
    c->channel = pair[0];
    if (c->slots == MAP_FAILED)
        c->slots = NULL;
    return c->child > 0 ? QV_OK
                        : qv_fail(error, QV_ERR_UNAVAILABLE, "the decoder cannot be started: %s", strerror(why));
}

/* ---- listening ---------------------------------------------------------------------------------------------------------- */

/* What became of a decoder that stopped talking. */
static int lost_decoder(struct clip *c, struct qv_error *error)
{
    int how = 0;
    if (c->child > 0 && waitpid(c->child, &how, 0) == c->child)
        c->child = 0;
    if (WIFEXITED(how) && WEXITSTATUS(how) == 127)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "%s: the decoder cannot be started", c->name);
    if (WIFSIGNALED(how))
        return qv_fail(error, QV_ERR_DATA,
                       "%s: the decoder broke on it (%s): the file is damaged or not what it says it is", c->name,
                       strsignal(WTERMSIG(how)));
    return qv_fail(error, QV_ERR_DATA, "%s: the decoder stopped: the file is damaged or not what it says it is",
                   c->name);
}

static int hear(struct clip *c, struct wire_message *m, struct qv_error *error)
{
    for (;;) {
        struct pollfd p = {.fd = c->channel, .events = POLLIN};
        const int ready = poll(&p, 1, c->deadline_ms);
        if (ready < 0 && errno == EINTR)
            return 1; /* a signal: perhaps the caller wants to stop */
        if (ready < 0)
            return qv_fail(error, QV_ERR_IO, "%s: %s", c->name, strerror(errno));
        if (ready == 0)
            return qv_fail(error, QV_ERR_DATA, "%s: the decoder has said nothing for %d s: it hangs on this file",
                           c->name, c->deadline_ms / 1000);
        const ssize_t got = recv(c->channel, m, sizeof *m, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got != (ssize_t)sizeof *m)
            return lost_decoder(c, error);
        return QV_OK;
    }
}

static int lie(struct clip *c, const char *what, struct qv_error *error)
{
    return qv_fail(error, QV_ERR_DATA, "%s: the decoder said something impossible (%s): the file is damaged or hostile",
                   c->name, what);
}

static int said_error(struct clip *c, struct wire_message *m, struct qv_error *error)
{
    m->u.error.text[sizeof m->u.error.text - 1] = 0;
    for (char *at = m->u.error.text; *at; at++)
        *at = (unsigned char)*at < 0x20 || *at == 0x7f ? ' ' : *at;
    const int status = m->u.error.status;
    return qv_fail(error, status == QV_ERR_UNAVAILABLE || status == QV_ERR_IO ? status : QV_ERR_DATA, "%s: %s", c->name,
                   m->u.error.text);
}

static int hear_info(struct clip *c, struct qv_error *error)
{
    struct wire_message m;
    int status;
    while ((status = hear(c, &m, error)) == 1) {
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
    c->channel = -1;
    c->deadline_ms = DEADLINE_MS;
    c->slot = WIRE_SLOT_COUNT;
    c->last_us = -1;
    snprintf(c->name, sizeof c->name, "%s", strcmp(path, "-") == 0 ? "standard input" : path);
    int status = start_decoder(c, camera ? path : NULL, input, error);
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
        f.planes[i] =
            (struct clip_plane){c->slots + m->slot * WIRE_SLOT_BYTES + p.offset, p.width, p.height, p.stride_bytes};
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

int clip_next(struct clip *c, struct clip_frame *frame, struct qv_error *error)
{
    if (c->ended)
        return 0;
    if (c->slot < WIRE_SLOT_COUNT) {
        const struct wire_message back = {.kind = WIRE_SLOT, .slot = c->slot};
        (void)!send(c->channel, &back, sizeof back, MSG_NOSIGNAL); /* a decoder that has gone is noticed by hear() */
        c->slot = WIRE_SLOT_COUNT;
    }
    struct wire_message m;
    const int status = hear(c, &m, error);
    if (status)
        return status == 1 ? CLIP_INTERRUPTED : status;
    switch (m.kind) {
    case WIRE_FRAME:
        return take_frame(c, &m, frame, error);
    case WIRE_ERROR:
        return said_error(c, &m, error);
    case WIRE_END:
        c->ended = true;
        c->end = (struct clip_end){m.u.end.truncated != 0, m.u.end.bad_packets, m.u.end.times_invented != 0};
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
    if (c->channel >= 0)
        close(c->channel);
    if (c->child > 0) {
        kill(c->child, SIGKILL); /* it owns nothing that could be lost */
        while (waitpid(c->child, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    if (c->slots)
        munmap(c->slots, WIRE_SLOT_COUNT * WIRE_SLOT_BYTES);
    free(c);
}
