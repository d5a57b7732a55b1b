/* SPDX-License-Identifier: Apache-2.0 */
/* A picture of a measurement as a file: what kind, drawn in memory, written whole or not at all. */
#include "draw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PICTURE_BYTES_MAX ((size_t)256 << 20) /* a picture of the longest clip takes some megabytes */

static const struct {
    const char *end;
    enum qv_plot_format format;
} ends[] = {{".svg", QV_PLOT_SVG}, {".png", QV_PLOT_PNG}, {".pdf", QV_PLOT_PDF}};

int qv_plot_format(const char *path, enum qv_plot_format *format, struct qv_error *error)
{
    const size_t length = strlen(path);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const size_t end = strlen(ends[i].end);
        if (length > end && path[length - end - 1] != '/' && strcasecmp(path + length - end, ends[i].end) == 0) {
            *format = ends[i].format;
            return QV_OK;
        }
    }
    return qv_fail(error, QV_ERR_USAGE, "%s: expected a name that ends in .svg, .png or .pdf", path);
}

int qv_plot_draw(const struct qv_measurement *measurement, enum qv_plot_format format, struct qv_text *out,
                 struct qv_error *error)
{
    const struct draw_module *draw;
    const int status = draw_open(&draw, error);
    return status ? status : draw->measurement(measurement, format, out, error);
}

/* ---- the file ----------------------------------------------------------------------------------------------------------- */

static int cannot_create(const char *path, struct qv_error *error)
{
    return qv_fail(error, QV_ERR_CANNOT_CREATE, "%s: %s", path, strerror(errno));
}

/* A new file beside @p path, with the rights that any new file of this person gets. */
static int open_beside(const char *path, char *beside, size_t size, struct qv_error *error)
{
    struct stat about;
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode))
        return qv_fail(error, QV_ERR_CANNOT_CREATE, "%s: there is something of that name that is no file", path);
    if ((size_t)snprintf(beside, size, "%s.XXXXXX", path) >= size)
        return qv_fail(error, QV_ERR_CANNOT_CREATE, "%s: the name is too long", path);
    const int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0)
        return cannot_create(path, error);
    const mode_t mask = umask(0);
    (void)umask(mask);
    (void)fchmod(fd, 0666 & ~mask);
    return fd;
}

static int write_all(int fd, const struct qv_text *bytes)
{
    for (size_t done = 0; done < bytes->length;) {
        const ssize_t written = write(fd, bytes->bytes + done, bytes->length - done);
        if (written < 0 && errno != EINTR)
            return -1;
        done += written > 0 ? (size_t)written : 0;
    }
    return fsync(fd);
}

static int write_and_move(const struct qv_text *bytes, const char *path, struct qv_error *error)
{
    char beside[4352];
    const int fd = open_beside(path, beside, sizeof beside, error);
    if (fd < 0)
        return fd;
    int status = QV_OK;
    if (write_all(fd, bytes) < 0)
        status = qv_fail(error, QV_ERR_IO, "%s: %s", path, strerror(errno));
    if (close(fd) < 0 && status == QV_OK)
        status = qv_fail(error, QV_ERR_IO, "%s: %s", path, strerror(errno));
    if (status == QV_OK && rename(beside, path) < 0)
        status = cannot_create(path, error);
    if (status)
        unlink(beside);
    return status;
}

int qv_plot_check(const char *path, struct qv_error *error)
{
    enum qv_plot_format format = QV_PLOT_SVG;
    const struct draw_module *draw;
    int status = qv_plot_format(path, &format, error);
    if (status == QV_OK)
        status = draw_open(&draw, error);
    if (status)
        return status;
    char beside[4352];
    const int fd = open_beside(path, beside, sizeof beside, error);
    if (fd < 0)
        return fd;
    close(fd);
    unlink(beside);
    return QV_OK;
}

int qv_plot_write(const struct qv_measurement *measurement, const char *path, struct qv_error *error)
{
    enum qv_plot_format format = QV_PLOT_SVG;
    int status = qv_plot_format(path, &format, error);
    struct qv_text bytes;
    qv_text_init(&bytes, PICTURE_BYTES_MAX);
    if (status == QV_OK)
        status = qv_plot_draw(measurement, format, &bytes, error);
    if (status == QV_OK)
        status = write_and_move(&bytes, path, error);
    qv_text_finish(&bytes);
    return status;
}
