/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes what was done to the names in the folder of this path durable. */
static int sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) + 1 : 0;
    snprintf(folder, sizeof folder, "%.*s", (int)length, path);
    int descriptor = open(length ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return -errno;
    /* File systems that cannot sync a folder say EINVAL; there is nothing more to do there. */
    int failed = fsync(descriptor) && errno != EINVAL ? -errno : 0;
    close(descriptor);
    return failed;
}

/*
 * By mknod(), which opens nothing: closing a descriptor of a file gives up all locks that this process has on it, those of another
 * open journal too.
 */
int file_make(const char *path)
{
    if (mknod(path, S_IFREG | 0600, 0))
        return -errno;
    return sync_folder_of(path);
}

/* Makes the folders that lead to the file. */
static int make_folders(const char *path)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0700)) {
            if (errno != EEXIST)
                return -errno;
        } else {
            int failed = sync_folder_of(folder);
            if (failed)
                return failed;
        }
        *slash = '/';
    }
    return 0;
}

static int refuse_kind(const char *path, mode_t mode, enum qv_journal_mode want, struct qv_error *error)
{
    int status = want == QV_JOURNAL_READ ? QV_ERR_NO_INPUT : QV_ERR_CANNOT_CREATE;
    const char *found = S_ISDIR(mode)   ? "a folder"
                        : S_ISLNK(mode) ? "a symbolic link"
                                        : "something that is no plain file";
    const char *expected = S_ISLNK(mode) ? "the name of the file itself" : "the file of a journal";
    return qv_fail(error, status, "%s: found %s, expected %s", path, found, expected);
}

int file_find(const char *path, enum qv_journal_mode mode, char *real, struct qv_error *error)
{
    int status = mode == QV_JOURNAL_READ ? QV_ERR_NO_INPUT : QV_ERR_CANNOT_CREATE;
    size_t length = strlen(path);
    if (!length || length >= PATH_MAX)
        return qv_fail(error, status, "%.100s: found a name of %zu bytes, expected 1 to %d", path, length,
                       FILE_PATH_MAX - 1);
    if (mode == QV_JOURNAL_WRITE) {
        int failed = make_folders(path);
        if (failed)
            return qv_fail(error, status, "%s: cannot make its folder: %s", path, strerror(-failed));
    }

    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    char folder[PATH_MAX], resolved[PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    if (!realpath(folder, resolved))
        return qv_fail(error, status, "%s: cannot find it: %s", path, strerror(errno));
    char whole[FILE_PATH_MAX];
    const char *between = strcmp(resolved, "/") == 0 ? "" : "/";
    int whole_length = snprintf(whole, sizeof whole, "%s%s%s", resolved, between, base);
    if (whole_length >= FILE_PATH_MAX)
        return qv_fail(error, status, "%.100s...: found a name of %d bytes, expected at most %d", path, whole_length,
                       FILE_PATH_MAX - 1);

    struct stat is;
    int missing = lstat(whole, &is) ? errno : 0;
    if (missing == ENOENT && mode == QV_JOURNAL_WRITE) {
        int failed = file_make(whole);
        if (failed && failed != -EEXIST)
            return qv_fail(error, status, "%s: cannot make it: %s", path, strerror(-failed));
        missing = lstat(whole, &is) ? errno : 0;
    }
    if (missing)
        return qv_fail(error, status, "%s: cannot find it: %s", path, strerror(missing));
    if (!S_ISREG(is.st_mode))
        return refuse_kind(path, is.st_mode, mode, error);
    if (faccessat(AT_FDCWD, whole, R_OK, AT_EACCESS))
        return qv_fail(error, status, "%s: cannot read it: %s", path, strerror(errno));
    memcpy(real, whole, FILE_PATH_MAX);
    return QV_OK;
}

int file_name_backup(const char *copy, const char *path, int schema, char *name, size_t size, struct qv_error *error)
{
    snprintf(name, size, "%s.backup-%d", path, schema);
    for (int again = 2; faccessat(AT_FDCWD, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0; again++)
        snprintf(name, size, "%s.backup-%d.%d", path, schema, again);
    int failed = rename(copy, name) ? -errno : sync_folder_of(name);
    if (failed)
        return qv_fail(error, QV_ERR_IO, "%s: cannot make it last: %s", name, strerror(-failed));
    return QV_OK;
}
