/* SPDX-License-Identifier: Apache-2.0 */
#include "csv.h"

#include <string.h>

enum extent { EXTENT_WHOLE, EXTENT_CUT_OFF, EXTENT_UNCLOSED, EXTENT_STRAY_QUOTE };

/*
 * How far the record goes that begins at text: its length with its line end. Cut off: the bytes end before the record does, and
 * outside of quotes; unclosed: inside of them.
 */
static enum extent find_extent(const char *text, size_t available, size_t *length)
{
    size_t at = 0;
    while (true) {
        bool quoted = at < available && text[at] == '"';
        if (quoted) {
            for (at++;; at += 2) { /* over what is quoted, a doubled quote at a time */
                const char *quote = memchr(text + at, '"', available - at);
                if (!quote)
                    return EXTENT_UNCLOSED;
                at = (size_t)(quote - text);
                if (at + 1 >= available || text[at + 1] != '"')
                    break;
            }
            at++;
        } else {
            while (at < available && text[at] != ',' && text[at] != '\n' && text[at] != '"')
                at++;
        }
        *length = at;
        if (at >= available)
            return EXTENT_CUT_OFF;
        if (text[at] == '\n' || (text[at] == '\r' && at + 1 < available && text[at + 1] == '\n')) {
            *length = at + (text[at] == '\n' ? 1 : 2);
            return EXTENT_WHOLE;
        }
        if (text[at] == '\r' && at + 1 >= available)
            return EXTENT_CUT_OFF;
        if (text[at] != ',')
            return EXTENT_STRAY_QUOTE;
        at++;
    }
}

/* Passes over the bytes and counts the lines. */
static void pass(struct reading *reading, size_t length)
{
    const char *at = reading->bytes + reading->begin, *end = at + length;
    while ((at = memchr(at, '\n', (size_t)(end - at)))) {
        reading->line++;
        at++;
    }
    reading->begin += length;
}

static int pass_line(struct reading *reading)
{
    while (true) {
        const char *at = reading->bytes + reading->begin;
        size_t available = reading->end - reading->begin;
        const char *newline = memchr(at, '\n', available);
        pass(reading, newline ? (size_t)(newline - at) + 1 : available);
        if (newline || reading->ended)
            return QV_OK;
        int status = reading_more(reading);
        if (status)
            return status;
    }
}

/* Refuses the line that begins here and passes over it. */
static int refuse_line(struct reading *reading, const char *found)
{
    struct qv_error why = {0};
    qv_fail(&why, QV_ERR_DATA, "found %s", found);
    int status = reading_refuse(reading, reading->line, &why);
    return status ? status : pass_line(reading);
}

/* Cuts a record, whose quotes have been seen to close, into fields, in place: out never passes in. */
static void cut(char *text, size_t length, struct csv_record *record)
{
    const char *in = text, *end = text + length;
    char *out = text;
    record->count = 0;
    while (true) {
        if (record->count < CSV_MAX_FIELDS)
            record->fields[record->count] = out;
        record->count++;
        if (in < end && *in == '"') {
            for (in++; *in != '"' || (in + 1 < end && in[1] == '"'); *out++ = *in++)
                in += *in == '"';
            in++;
        } else {
            while (in < end && *in != ',')
                *out++ = *in++;
        }
        bool last = in >= end;
        in++;
        *out++ = 0; /* over the comma or the line end at the latest */
        if (last)
            return;
    }
}

/* Why the line that begins here is no record, nor the beginning of one. */
static const char *fault(enum extent extent, bool has_line_end)
{
    if (extent == EXTENT_STRAY_QUOTE)
        return "a quote in the middle of a field, expected it doubled and the field in quotes";
    if (extent == EXTENT_CUT_OFF && !has_line_end)
        return "more than 65536 bytes, expected a shorter line";
    return "a quote that does not close within 65536 bytes, expected it to";
}

int csv_next(struct reading *reading, struct csv_record *record, bool *there)
{
    int status = QV_OK;
    while (!status) {
        if (!reading->ended && reading->end - reading->begin < DIARY_ROW_MAX_BYTES) {
            status = reading_more(reading);
            continue;
        }
        char *text = reading->bytes + reading->begin;
        size_t available = reading->end - reading->begin, length;
        if (available == 0) {
            *there = false;
            return QV_OK;
        }
        bool is_all = reading->ended && available <= DIARY_ROW_MAX_BYTES;
        available = available < DIARY_ROW_MAX_BYTES ? available : DIARY_ROW_MAX_BYTES;
        enum extent extent = find_extent(text, available, &length);
        if (extent == EXTENT_CUT_OFF && is_all) { /* the last line has no end, and needs none */
            length = available;
            extent = EXTENT_WHOLE;
        }
        if (extent != EXTENT_WHOLE) {
            status = refuse_line(reading, fault(extent, memchr(text, '\n', available)));
            continue;
        }

        size_t content = length;
        content -= content && text[content - 1] == '\n';
        content -= content && text[content - 1] == '\r';
        if (!qv_utf8_valid(text, content) || memchr(text, 0, content)) {
            status = refuse_line(reading, "bytes that are no text, expected UTF-8");
            continue;
        }
        record->line = reading->line;
        pass(reading, length);
        if (content == 0)
            continue;
        cut(text, content, record);
        *there = true;
        return QV_OK;
    }
    return status;
}

void csv_one_line(char *text)
{
    char *out = text;
    for (const char *in = text; *in; in++) {
        if (in[0] == '\r' && in[1] == '\n')
            continue;
        *out++ = *in == '\n' || *in == '\t' ? ' ' : *in;
    }
    *out = 0;
}
