/* SPDX-License-Identifier: Apache-2.0 */
/* `quiver export`: the diary as a file, whole, or some days of it. Streams, so that memory does not grow with the journal. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)1 << 16)

struct export_options {
    const char *journal, *from, *to, *out;
    bool csv, json;
    int32_t first_day, last_day;
};

static int read_day(const char *name, const char *words, int32_t otherwise, int32_t *out, struct qv_error *error)
{
    *out = otherwise;
    if (words && !qv_date_parse(words, out))
        return qv_fail(error, QV_ERR_USAGE, "export: --%s is \"%s\", expected YYYY-MM-DD", name, words);
    return QV_OK;
}

static int read_options(int argc, char **argv, struct export_options *o, struct qv_error *error)
{
    *o = (struct export_options){0};
    const struct cli_option options[] = {
        {"csv", &o->csv, NULL},   {"json", &o->json, NULL}, {"journal", NULL, &o->journal},
        {"from", NULL, &o->from}, {"to", NULL, &o->to},     {"out", NULL, &o->out},
    };
    int status = cli_options(&argc, argv, options, sizeof options / sizeof options[0], error);
    if (status == QV_OK && argc > 1)
        status = qv_fail(error, QV_ERR_USAGE, "export: found \"%s\"; a file is named with --out", argv[1]);
    if (status == QV_OK && o->csv && o->json)
        status = qv_fail(error, QV_ERR_USAGE, "export: --csv and --json cannot go together");
    if (status == QV_OK)
        status = read_day("from", o->from, INT32_MIN, &o->first_day, error);
    if (status == QV_OK)
        status = read_day("to", o->to, INT32_MAX, &o->last_day, error);
    if (status == QV_OK && o->first_day > o->last_day)
        status = qv_fail(error, QV_ERR_USAGE, "export: --from %s is after --to %s", o->from, o->to);
    return status;
}

/* ---- writing ----------------------------------------------------------------------------------------------------------- */

struct writing {
    enum qv_diary_format format;
    struct qv_text text;
    int fd;
    const char *name;
    bool any;
};

static int flush(struct writing *w, struct qv_error *error)
{
    int status = qv_text_check(&w->text, error);
    for (size_t done = 0; status == QV_OK && done < w->text.length;) {
        ssize_t written = write(w->fd, w->text.bytes + done, w->text.length - done);
        if (written < 0 && errno != EINTR)
            status = qv_fail(error, QV_ERR_IO, "%s: %s", w->name, strerror(errno));
        done += written > 0 ? (size_t)written : 0;
    }
    qv_text_clear(&w->text);
    return status;
}

static int write_row(void *context, const struct qv_entry *entry, struct qv_error *error)
{
    struct writing *w = context;
    qv_diary_write_row(w->format, entry, !w->any, &w->text);
    w->any = true;
    return w->text.length < CHUNK_BYTES ? QV_OK : flush(w, error);
}

static int write_all(struct qv_journal *journal, const struct export_options *o, struct writing *w,
                     struct qv_error *error)
{
    qv_text_init(&w->text, 4 * CHUNK_BYTES);
    qv_diary_write_begin(w->format, &w->text);
    int status = qv_journal_entries(journal, o->first_day, o->last_day, write_row, w, error);
    if (status == QV_OK) {
        qv_diary_write_end(w->format, &w->text);
        status = flush(w, error);
    }
    qv_text_finish(&w->text);
    return status;
}

/* Beside its place, and moved there when it is whole: an older file stays until then. For the owner's eyes only. */
static int write_file(struct qv_journal *journal, const struct export_options *o, struct writing *w,
                      struct qv_error *error)
{
    struct qv_text temporary;
    qv_text_init(&temporary, 4096);
    qv_text_printf(&temporary, "%s.XXXXXX", o->out);
    int status = qv_text_check(&temporary, error);
    if (status)
        return status;
    w->fd = mkostemp(temporary.bytes, O_CLOEXEC);
    w->name = o->out;
    if (w->fd < 0) {
        status = qv_fail(error, QV_ERR_CANNOT_CREATE, "%s: %s", o->out, strerror(errno));
        qv_text_finish(&temporary);
        return status;
    }
    status = write_all(journal, o, w, error);
    if (status == QV_OK && fsync(w->fd) < 0)
        status = qv_fail(error, QV_ERR_IO, "%s: %s", o->out, strerror(errno));
    if (close(w->fd) < 0 && status == QV_OK)
        status = qv_fail(error, QV_ERR_IO, "%s: %s", o->out, strerror(errno));
    if (status == QV_OK && rename(temporary.bytes, o->out) < 0)
        status = qv_fail(error, QV_ERR_CANNOT_CREATE, "%s: %s", o->out, strerror(errno));
    if (status)
        unlink(temporary.bytes);
    qv_text_finish(&temporary);
    return status;
}

int cli_export(int argc, char **argv)
{
    struct export_options o;
    struct qv_error error = {0};
    struct qv_journal *journal = NULL;
    int status = read_options(argc, argv, &o, &error);
    if (status == QV_OK)
        status = cli_journal_open(o.journal, QV_JOURNAL_READ, &journal, &error);
    struct writing w = {
        .format = o.json ? QV_DIARY_JSON : QV_DIARY_CSV, .fd = STDOUT_FILENO, .name = "standard output"};
    if (status == QV_OK && o.out && strcmp(o.out, "-") != 0)
        status = write_file(journal, &o, &w, &error);
    else if (status == QV_OK)
        status = write_all(journal, &o, &w, &error);
    qv_journal_close(journal);
    return status ? cli_complain(&error, NULL) : 0;
}
