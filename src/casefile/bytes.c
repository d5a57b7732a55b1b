/* SPDX-License-Identifier: Apache-2.0 */
#include "bytes.h"

#include <quiver/casefile.h>

#include <stdio.h>
#include <string.h>

size_t trail_walk(const char *json, size_t length, struct trail *trail)
{
    trail->depth = 0;
    for (size_t i = 0; i < length; i++) {
        switch (json[i]) {
        case '"': {
            size_t start = ++i;
            while (i < length && json[i] != '"')
                i += json[i] == '\\' ? 2 : 1;
            if (trail->at[trail->depth].wants_key && trail->depth) {
                trail->at[trail->depth].key = json + start;
                trail->at[trail->depth].key_length = (i < length ? i : length) - start;
            }
            break;
        }
        case '{':
        case '[':
            if (trail->depth == DEPTH_MAX)
                return i;
            trail->depth++;
            trail->at[trail->depth].key = NULL;
            trail->at[trail->depth].index = 0;
            trail->at[trail->depth].is_list = json[i] == '[';
            trail->at[trail->depth].wants_key = json[i] == '{';
            break;
        case '}':
        case ']':
            trail->depth -= trail->depth > 0;
            break;
        case ',':
            trail->at[trail->depth].index++;
            trail->at[trail->depth].key = NULL;
            trail->at[trail->depth].wants_key = !trail->at[trail->depth].is_list;
            break;
        case ':':
            trail->at[trail->depth].wants_key = false;
            break;
        default:
            break;
        }
    }
    return length;
}

struct phrase trail_place(const struct trail *trail)
{
    struct phrase place = {0};
    size_t used = 0;
    for (unsigned d = 1; d <= trail->depth && used < sizeof place.text; d++) {
        size_t room = sizeof place.text - used;
        int more = 0;
        if (trail->at[d].is_list)
            more = snprintf(place.text + used, room, "[%zu]", trail->at[d].index);
        else if (trail->at[d].key)
            more = snprintf(place.text + used, room, "%s%s", used ? "." : "",
                            phrase_shown(trail->at[d].key, trail->at[d].key_length).text);
        if (more < 0 || (size_t)more >= room) {
            place.text[used] = 0;
            break;
        }
        used += (size_t)more;
    }
    return place;
}

struct position position_of(const char *json, size_t offset)
{
    struct position position = {.line = 1};
    size_t line_start = 0;
    for (size_t i = 0; i < offset; i++) {
        if (json[i] == '\n') {
            position.line++;
            line_start = i + 1;
        }
    }
    position.column = qv_utf8_columns(json + line_start, offset - line_start) + 1;
    return position;
}

static int refuse_bytes(const char *json, size_t offset, const char *what, struct qv_error *error)
{
    struct position position = position_of(json, offset);
    return qv_fail(error, QV_ERR_DATA, "line %zu, column %zu: found %s, expected JSON in UTF-8", position.line,
                   position.column, what);
}

/* The first byte that is not part of well-formed UTF-8, by halving: a prefix is valid or it is not. */
static size_t first_bad_utf8(const char *json, size_t length)
{
    size_t good = 0, bad = length;
    while (bad - good > 1) {
        size_t middle = good + (bad - good) / 2, end = middle;
        while (end > good && ((unsigned char)json[end] & 0xC0) == 0x80)
            end--;
        if (end == good)
            break;
        if (qv_utf8_valid(json + good, end - good))
            good = end;
        else
            bad = end;
    }
    return good;
}

int check_bytes(const char *json, size_t length, struct qv_error *error)
{
    if (length > QV_CASE_MAX_BYTES)
        return qv_fail(error, QV_ERR_DATA, "found %zu bytes, expected at most %zu in a case", length,
                       QV_CASE_MAX_BYTES);
    const char *zero = length ? memchr(json, 0, length) : NULL;
    if (zero)
        return refuse_bytes(json, (size_t)(zero - json), "a zero byte", error);
    if (length >= 3 && memcmp(json, "\xEF\xBB\xBF", 3) == 0)
        return refuse_bytes(json, 0, "a byte order mark", error);
    if (!qv_utf8_valid(json, length))
        return refuse_bytes(json, first_bad_utf8(json, length), "bytes that are not UTF-8", error);

    struct trail trail = {0};
    size_t walked = trail_walk(json, length, &trail);
    if (walked < length) {
        struct position position = position_of(json, walked);
        return qv_fail(error, QV_ERR_DATA, "%s: nested deeper than %d (line %zu, column %zu)", trail_place(&trail).text,
                       DEPTH_MAX, position.line, position.column);
    }
    return QV_OK;
}
