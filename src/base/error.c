/* SPDX-License-Identifier: Apache-2.0 */
#include <quiver/base.h>

#include <stdio.h>
#include <string.h>

int qv_fail(struct qv_error *error, int status, const char *format, ...)
{
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
        error->status = status;
    }
    return status;
}

int qv_fail_at(struct qv_error *error, const char *format, ...)
{
    if (!error)
        return QV_ERR_BUG;

    char place[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(place, sizeof place, format, arguments);
    va_end(arguments);

    char sentence[sizeof error->text];
    memcpy(sentence, error->text, sizeof sentence);
    snprintf(error->text, sizeof error->text, "%.*s: %.*s", (int)sizeof place - 1, place,
             (int)(sizeof error->text - sizeof place - 3), sentence);
    return error->status;
}

const char *qv_status_meaning(int status)
{
    switch (status) {
    case QV_OK:
        return "done";
#define QV_STATUS_CASE(name, exit_status, meaning)                                                                     \
    case QV_ERR_##name:                                                                                                \
        return meaning;
        QV_STATUS_MAP(QV_STATUS_CASE)
#undef QV_STATUS_CASE
    default:
        return "an unknown error";
    }
}

int qv_status_exit(int status)
{
    return status < 0 ? -status : status;
}
