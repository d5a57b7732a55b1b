/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many cases at once: one case a line in, one answer a line out, in the same order. A line that cannot be answered
 * gives {"quiver_error":{"line":N,"text":"..."}} in its place. One buffer in, one out, one arena: the memory does not
 * grow with the file, and after the first lines nothing is allocated.
 */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES ((size_t)256 << 10)
#define BUFFER_BYTES (QV_CASE_MAX_BYTES + READ_BYTES)
#define FLUSH_BYTES ((size_t)256 << 10)
#define OUTPUT_BYTES_MAX ((size_t)256 << 20)

struct lines {
    int fd;
    const char *name;
    char *buffer;
    size_t start, end; /* what was read and not yet given out */
    size_t searched;   /* up to here there is no newline */
    bool at_end;
};

struct line {
    const char *text;
    size_t length;
    bool too_long; /* its end was thrown away */
};

/* Reads more into the buffer, whose unread part moves to the front first. */
static int fill(struct lines *lines, struct qv_error *error)
{
    memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
    lines->end -= lines->start;
    lines->searched -= lines->start;
    lines->start = 0;

    ssize_t got;
    do
        got = read(lines->fd, lines->buffer + lines->end, BUFFER_BYTES - lines->end);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return qv_fail(error, errno == EISDIR ? QV_ERR_NO_INPUT : QV_ERR_IO, "%s: %s", lines->name, strerror(errno));
    lines->at_end = got == 0;
    lines->end += (size_t)got;
    return QV_OK;
}

/* The line that is in the buffer with its end, or the last one. */
static bool take_line(struct lines *lines, struct line *line)
{
    char *newline = memchr(lines->buffer + lines->searched, '\n', lines->end - lines->searched);
    if (!newline && !(lines->at_end && lines->start < lines->end)) {
        lines->searched = lines->end;
        return false;
    }
    size_t end = newline ? (size_t)(newline - lines->buffer) : lines->end;
    line->text = lines->buffer + lines->start;
    line->length = end - lines->start;
    line->too_long |= line->length > QV_CASE_MAX_BYTES;
    lines->start = lines->searched = newline ? end + 1 : end;
    return true;
}

/* ---- answering ------------------------------------------------------------------------------------------------------------ */

struct batch {
    const struct qv_knowledge *knowledge;
    struct lines lines;
    struct qv_arena *arena;
    struct qv_text out;
    uint64_t line_number;
    int worst; /* status of the worst line */
};

static void write_error(struct batch *batch, const struct qv_error *error)
{
    struct qv_json json;
    qv_json_init(&json, &batch->out, 0);
    qv_json_object(&json, NULL);
    qv_json_object(&json, "quiver_error");
    qv_json_number(&json, "line", (double)batch->line_number);
    qv_json_string(&json, "text", error->text);
    qv_json_object_end(&json);
    qv_json_object_end(&json);
}

static void answer_line(struct batch *batch, const struct line *line)
{
    batch->line_number++;
    qv_arena_reset(batch->arena);
    struct qv_error error = {0};
    struct qv_evidence_given given = {.case_json = line->text, .case_length = line->length};
    struct qv_answer *answer = NULL;
    int status = line->too_long ? qv_fail(&error, QV_ERR_DATA, "the line is longer than %zu bytes", QV_CASE_MAX_BYTES)
                                : qv_consult(batch->knowledge, &given, batch->arena, &answer, &error);
    if (status == QV_OK) {
        qv_json_answer(answer, 0, &batch->out);
    } else {
        write_error(batch, &error);
        if (batch->worst == QV_OK || batch->worst == QV_ERR_DATA)
            batch->worst = status;
    }
    while (batch->out.length && batch->out.bytes[batch->out.length - 1] == '\n')
        batch->out.length--;
    qv_text_add(&batch->out, "\n", 1);
}

/* What is longer than a case may be is passed over, however long it is. */
static void drop_overlong(struct lines *lines, struct line *line)
{
    if (lines->end - lines->start > QV_CASE_MAX_BYTES) {
        line->too_long = true;
        lines->start = lines->searched = lines->end;
    }
}

static int answer_all(struct batch *batch, struct qv_error *error)
{
    int status = QV_OK;
    struct line line = {0};
    while (status == QV_OK) {
        if (take_line(&batch->lines, &line)) {
            answer_line(batch, &line);
            line = (struct line){0};
            if (batch->out.length >= FLUSH_BYTES || batch->out.failed)
                status = cli_print_text(&batch->out, error);
            continue;
        }
        if (batch->lines.at_end)
            break;
        drop_overlong(&batch->lines, &line);
        /* Whoever feeds us line by line gets each answer before the next question. */
        status = cli_print_text(&batch->out, error);
        if (status == QV_OK)
            status = fill(&batch->lines, error);
    }
    if (status == QV_OK && line.too_long) /* the overlong line was the last, and its end has been passed over */
        answer_line(batch, &line);
    return status ? status : cli_print_text(&batch->out, error);
}

static int open_lines(struct lines *lines, const char *path, struct qv_error *error)
{
    bool is_stdin = strcmp(path, "-") == 0;
    lines->name = is_stdin ? "standard input" : path;
    lines->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (lines->fd < 0)
        return qv_fail(error, QV_ERR_NO_INPUT, "%s: %s", path, strerror(errno));
    lines->buffer = malloc(BUFFER_BYTES);
    return lines->buffer ? QV_OK : qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
}

int cli_batch(const struct qv_knowledge *knowledge, const char *path)
{
    struct qv_error error = {0};
    struct batch batch = {.knowledge = knowledge, .lines.fd = -1, .arena = qv_arena_create(0)};
    qv_text_init(&batch.out, OUTPUT_BYTES_MAX);
    int status =
        batch.arena ? open_lines(&batch.lines, path, &error) : qv_fail(&error, QV_ERR_UNAVAILABLE, "out of memory");
    if (status == QV_OK)
        status = answer_all(&batch, &error);

    if (batch.lines.fd > STDERR_FILENO)
        close(batch.lines.fd);
    free(batch.lines.buffer);
    qv_text_finish(&batch.out);
    qv_arena_destroy(batch.arena);
    return status ? cli_complain(&error, NULL) : qv_status_exit(batch.worst);
}
