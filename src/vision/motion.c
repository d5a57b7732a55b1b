/* SPDX-License-Identifier: Apache-2.0 */
#include "motion.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct qv_motion {
    int file;
    bool with_skin, begun;
    uint32_t count, unknowns;
    struct motion_shape shape;
    struct qv_arena *arena;
    uint8_t *record; /* room for one */
    size_t record_bytes;
};

/* ---- life ---------------------------------------------------------------------------------------------------------------- */

static int open_nameless(struct qv_error *error)
{
    const char *folder = getenv("TMPDIR");
    if (!folder || !*folder)
        folder = "/tmp";
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    char path[4096]; /* not every file system has files without a name */
    if ((size_t)snprintf(path, sizeof path, "%s/quiver-XXXXXX", folder) < sizeof path) {
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            unlink(path);
    }
    return fd >= 0 ? fd : qv_fail(error, QV_ERR_CANNOT_CREATE, "%s: no temporary file: %s", folder, strerror(errno));
}

int qv_motion_create(bool with_skin, struct qv_motion **out, struct qv_error *error)
{
    struct qv_motion *m = calloc(1, sizeof *m);
    if (m)
        m->arena = qv_arena_create(0);
    if (!m || !m->arena) {
        free(m);
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    }
    m->with_skin = with_skin;
    m->file = open_nameless(error);
    if (m->file < 0) {
        const int status = m->file;
        qv_motion_destroy(m);
        return status;
    }
    *out = m;
    return QV_OK;
}

void qv_motion_destroy(struct qv_motion *m)
{
    if (!m)
        return;
    if (m->file >= 0)
        close(m->file);
    qv_arena_destroy(m->arena);
    free(m);
}

int motion_begin(struct qv_motion *m, const struct track *t, uint32_t bin, struct qv_error *error)
{
    assert(!m->begun);
    m->shape.plan = t->plan;
    m->shape.bin = bin;
    bool fine = true;
    for (int i = 0; i < TRACK_WINDOWS && fine; i++) {
        const struct window *w = &t->windows[i];
        const size_t pixels = (size_t)w->width * w->height;
        struct motion_window *kept = &m->shape.windows[i];
        *kept = (struct motion_window){w->x0,    w->y0,     w->cells_x,  w->cells_y, w->cell_px,
                                       w->width, w->height, w->unknowns, NULL};
        fine = (kept->mask = qv_arena_alloc(m->arena, pixels, sizeof(float)));
        if (fine)
            memcpy(kept->mask, w->mask, pixels * sizeof(float));
        m->unknowns += w->unknowns;
    }
    m->record_bytes = sizeof(struct motion_frame) + (m->with_skin ? m->unknowns * sizeof(float) : 0);
    fine = fine && (m->record = qv_arena_alloc(m->arena, 1, m->record_bytes));
    if (!fine)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    m->begun = true;
    return QV_OK;
}

/* ---- in and out ------------------------------------------------------------------------------------------------------------ */

static int write_record(const struct qv_motion *m, struct qv_error *error)
{
    const off_t at = (off_t)m->count * (off_t)m->record_bytes;
    for (size_t done = 0; done < m->record_bytes;) {
        const ssize_t n = pwrite(m->file, m->record + done, m->record_bytes - done, at + (off_t)done);
        if (n < 0 && errno != EINTR)
            return qv_fail(error, QV_ERR_IO, "the temporary file of the motion: %s", strerror(errno));
        done += n > 0 ? (size_t)n : 0;
    }
    return QV_OK;
}

/* Where the chart of one window lies in the shown picture. */
static struct affine place_of(const struct qv_motion *m, const struct track_record *record, int window)
{
    const double bin = m->shape.bin;
    const struct affine unbin = {bin, 0, (bin - 1) / 2, 0, bin, (bin - 1) / 2};
    return affine_of(unbin, affine_of(record->pose, record->looks[window].motion));
}

int motion_add(struct qv_motion *m, int64_t time_us, const struct track_record *record, struct qv_error *error)
{
    if (!m->begun)
        return QV_OK; /* what has no record had no face */
    struct motion_frame frame = {.time_us = time_us, .seen = record && record->seen};
    memset(m->record, 0, m->record_bytes);
    uint8_t *field = m->record + sizeof frame;
    for (int i = 0; i < TRACK_WINDOWS && frame.seen; i++) {
        const size_t bytes = m->shape.windows[i].unknowns * sizeof(float);
        frame.place[i] = place_of(m, record, i);
        if (m->with_skin)
            memcpy(field, record->field[i], bytes);
        field += bytes;
    }
    memcpy(m->record, &frame, sizeof frame);
    const int status = write_record(m, error);
    m->count += status == QV_OK;
    return status;
}

uint32_t motion_count(const struct qv_motion *m)
{
    return m->count;
}

bool motion_with_skin(const struct qv_motion *m)
{
    return m->with_skin;
}

const struct motion_shape *motion_shape(const struct qv_motion *m)
{
    return m->begun ? &m->shape : NULL;
}

uint32_t motion_unknowns(const struct qv_motion *m)
{
    return m->unknowns;
}

static int read_all(int file, void *to, size_t bytes, off_t at, struct qv_error *error)
{
    for (size_t done = 0; done < bytes;) {
        const ssize_t n = pread(file, (uint8_t *)to + done, bytes - done, at + (off_t)done);
        if (n == 0 || (n < 0 && errno != EINTR))
            return qv_fail(error, QV_ERR_IO, "the temporary file of the motion: %s",
                           n ? strerror(errno) : "it is shorter than it was");
        done += n > 0 ? (size_t)n : 0;
    }
    return QV_OK;
}

int motion_read(const struct qv_motion *m, uint32_t index, struct motion_frame *frame, float *fields,
                struct qv_error *error)
{
    assert(index < m->count);
    assert(!fields || m->with_skin);
    const off_t at = (off_t)index * (off_t)m->record_bytes;
    int status = read_all(m->file, frame, sizeof *frame, at, error);
    if (status == QV_OK && fields)
        status = read_all(m->file, fields, m->unknowns * sizeof(float), at + (off_t)sizeof *frame, error);
    return status;
}
