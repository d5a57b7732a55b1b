/* SPDX-License-Identifier: Apache-2.0 */
/* Which journal is meant, and opening it. */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES_MAX ((size_t)4096)

int cli_check_diary(const char *verb, const char *diary, const char *journal, const char *case_file,
                    struct qv_error *error)
{
    if (diary && journal)
        return qv_fail(error, QV_ERR_USAGE,
                       "%s: --diary and --journal may hold the same notes twice, expected one of them; "
                       "quiver import puts a diary into the journal once",
                       verb);
    if (diary && case_file && strcmp(diary, "-") == 0 && strcmp(case_file, "-") == 0)
        return qv_fail(error, QV_ERR_USAGE, "%s: --diary and --case cannot both be standard input", verb);
    return QV_OK;
}

int cli_journal_path(const char *given, struct qv_text *path, struct qv_error *error)
{
    const char *named = given ? given : getenv("QUIVER_JOURNAL");
    if (!named || !*named)
        return cli_data_path("journal.db", path, error);
    qv_text_init(path, PATH_BYTES_MAX);
    qv_text_puts(path, named);
    return qv_text_check(path, error);
}

int cli_journal_open(const char *given, enum qv_journal_mode mode, struct qv_journal **out, struct qv_error *error)
{
    struct qv_text path;
    int status = cli_journal_path(given, &path, error);
    if (status == QV_OK)
        status = qv_journal_open(path.bytes, mode, out, error);
    qv_text_finish(&path);
    return status;
}

int cli_journal_look(const char *given, struct qv_journal **out, struct qv_error *error)
{
    struct qv_text path;
    int status = cli_journal_path(given, &path, error);
    if (status == QV_OK) {
        bool none = access(path.bytes, F_OK) < 0 && errno == ENOENT;
        if (none)
            *out = NULL;
        else
            status = qv_journal_open(path.bytes, QV_JOURNAL_READ, out, error);
    }
    qv_text_finish(&path);
    return status;
}
