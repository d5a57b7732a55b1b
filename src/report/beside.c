/* SPDX-License-Identifier: Apache-2.0 */
#include "beside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

int beside_write(const struct qv_text *bytes, const char *path, struct qv_error *error)
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

int beside_try(const char *path, struct qv_error *error)
{
    char beside[4352];
    const int fd = open_beside(path, beside, sizeof beside, error);
    if (fd < 0)
        return fd;
    close(fd);
    unlink(beside);
    return QV_OK;
}
