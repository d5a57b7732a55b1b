/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An interview that is finished later is a case file, readable by its owner only. It is written beside its place and
 * moved there, so that a full disk or a power cut leaves the old file or the new one.
 *
 * A case that is some days old is brought up to date when it is read: times in the past lie those days further back,
 * and the answers of the red-flag screen are forgotten, so that they are asked as of now.
 */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES_MAX ((size_t)4096)

int cli_data_path(const char *name, struct qv_text *path, struct qv_error *error)
{
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    qv_text_init(path, PATH_BYTES_MAX);
    if (data && data[0] == '/') /* the XDG rules: a relative path is to be ignored */
        qv_text_printf(path, "%s/quiver/%s", data, name);
    else if (home && home[0] == '/')
        qv_text_printf(path, "%s/.local/share/quiver/%s", home, name);
    else
        return qv_fail(error, QV_ERR_CANNOT_CREATE, "no place for data: HOME and XDG_DATA_HOME are not set");
    return qv_text_check(path, error);
}

int cli_saved_path(struct qv_text *path, struct qv_error *error)
{
    return cli_data_path("interview.json", path, error);
}

/* ---- writing -------------------------------------------------------------------------------------------------------- */

static int cannot_create(const char *path, struct qv_error *error)
{
    return qv_fail(error, QV_ERR_CANNOT_CREATE, "%s: %s", path, strerror(errno));
}

/* Makes the folders that lead to the file, for its owner only, as the XDG rules ask. */
static int make_parents(char *path, struct qv_error *error)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        int made = mkdir(path, 0700);
        int status = made < 0 && errno != EEXIST ? cannot_create(path, error) : QV_OK;
        *slash = '/';
        if (status)
            return status;
    }
    return QV_OK;
}

static int write_all(int fd, const struct qv_text *text)
{
    for (size_t done = 0; done < text->length;) {
        ssize_t written = write(fd, text->bytes + done, text->length - done);
        if (written < 0 && errno != EINTR)
            return -1;
        done += written > 0 ? (size_t)written : 0;
    }
    return fsync(fd);
}

/* The move itself must survive a power cut too. Not every file system can do this, so it is only tried. */
static void sync_folder(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        slash[slash == path] = 0;
    int folder = open(slash ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        (void)fsync(folder);
        close(folder);
    }
}

static int write_and_move(const struct qv_text *text, char *temporary, const char *path, struct qv_error *error)
{
    int fd = mkostemp(temporary, O_CLOEXEC); /* 0600 */
    if (fd < 0)
        return cannot_create(path, error);
    int status = QV_OK;
    if (write_all(fd, text) < 0)
        status = qv_fail(error, QV_ERR_IO, "%s: %s", path, strerror(errno));
    if (close(fd) < 0 && status == QV_OK)
        status = qv_fail(error, QV_ERR_IO, "%s: %s", path, strerror(errno));
    if (status == QV_OK && rename(temporary, path) < 0)
        status = cannot_create(path, error);
    if (status)
        unlink(temporary);
    else
        sync_folder(temporary);
    return status;
}

/* What the diary showed is left out: when the interview goes on, it shows what is so then. */
static int said_only(const struct qv_case *c, struct qv_arena *arena, struct qv_case **out, struct qv_error *error)
{
    const int status = qv_case_copy(arena, c, out, error);
    for (uint32_t f = 0; status == QV_OK && f < c->form->field_count; f++) {
        if (qv_case_is_from(c, f, QV_ORIGIN_DIARY) || qv_case_is_from(c, f, QV_ORIGIN_CLIP))
            (*out)->values[f] = (struct qv_value){0};
    }
    return status;
}

int cli_write_file(const struct qv_text *text, const char *path, bool make_folders, struct qv_error *error)
{
    struct qv_text temporary;
    qv_text_init(&temporary, PATH_BYTES_MAX);
    qv_text_printf(&temporary, "%s.XXXXXX", path);
    int status = qv_text_check(text, error);
    if (status == QV_OK)
        status = qv_text_check(&temporary, error);
    if (status == QV_OK && make_folders)
        status = make_parents(temporary.bytes, error);
    if (status == QV_OK)
        status = write_and_move(text, temporary.bytes, path, error);
    qv_text_finish(&temporary);
    return status;
}

static int write_case(const struct qv_case *c, const char *path, bool make_folders, struct qv_error *error)
{
    struct qv_text text;
    struct qv_json json;
    qv_text_init(&text, QV_CASE_MAX_BYTES);
    qv_json_init(&json, &text, 2);
    qv_case_write(c, &json);
    qv_text_puts(&text, "\n");
    const int status = cli_write_file(&text, path, make_folders, error);
    qv_text_finish(&text);
    return status;
}

int cli_saved_write(const struct qv_case *c, const char *path, bool make_folders, struct qv_error *error)
{
    struct qv_arena *arena = qv_arena_create(0);
    struct qv_case *said = NULL;
    int status = arena ? said_only(c, arena, &said, error) : qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    if (status == QV_OK)
        status = write_case(said, path, make_folders, error);
    qv_arena_destroy(arena);
    return status;
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

static void bring_up_to_date(const struct qv_knowledge *knowledge, struct qv_case *c)
{
    double days = (double)qv_date_today() - c->as_of_days;
    if (days <= 0)
        return;
    c->as_of_days = qv_date_today();
    for (uint32_t m = 0; m < c->medicine_count; m++) {
        c->medicines[m].started_days_ago += days; /* NaN stays NaN */
        c->medicines[m].dose_changed_days_ago += days;
        c->medicines[m].stopped_days_ago += days;
    }
    for (uint32_t f = 0; f < c->form->field_count; f++) {
        const struct qv_field *field = &c->form->fields[f];
        struct qv_value value = c->values[f];
        bool ask_again = knowledge->facts->findings[f].screen;
        if (!ask_again && value.kind == QV_NUMBER && field->days_ago_per_unit > 0) {
            value.number += days / field->days_ago_per_unit;
            ask_again = qv_case_set(c, (int)f, value, c->origins[f], NULL) != QV_OK; /* out of any range by now */
        }
        if (ask_again) {
            c->values[f] = (struct qv_value){0};
            c->origins[f] = NULL;
        }
    }
}

int cli_saved_read(const struct qv_knowledge *knowledge, const char *path, struct qv_arena *arena, struct qv_case **out,
                   struct qv_error *error)
{
    struct qv_text text;
    qv_text_init(&text, QV_CASE_MAX_BYTES);
    int status = qv_text_read_file(&text, path, QV_CASE_MAX_BYTES, error);
    if (status == QV_OK) {
        status = qv_case_parse(arena, &knowledge->form, text.bytes, text.length, "interview", out, error);
        if (status)
            qv_fail_at(error, "%s", path);
    }
    qv_text_finish(&text);
    if (status == QV_OK)
        bring_up_to_date(knowledge, *out);
    return status;
}
