/* SPDX-License-Identifier: Apache-2.0 */
#include <quiver/base.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

void qv_json_init(struct qv_json *json, struct qv_text *text, unsigned indent)
{
    *json = (struct qv_json){.text = text, .indent = indent};
}

static void new_line(struct qv_json *json)
{
    static const char spaces[] = "\n                                                                ";
    if (!json->indent)
        return;
    size_t width = (size_t)json->indent * json->depth;
    qv_text_add(json->text, spaces, 1 + (width < sizeof spaces - 2 ? width : sizeof spaces - 2));
}

/*
 * Room for more bytes at the end of the text, or NULL when the text must grow or has failed: then qv_text_add() does it.
 * Nearly all writes find room, and this saves them a call each.
 */
static char *room_for(struct qv_text *text, size_t bytes)
{
    bool fits = text->bytes && !text->failed && bytes < text->capacity - text->length &&
                bytes <= text->maximum_bytes - text->length;
    return fits ? text->bytes + text->length : NULL;
}

static void wrote(struct qv_text *text, size_t bytes)
{
    text->length += bytes;
    text->bytes[text->length] = 0;
}

/* Nonzero when one of eight bytes is a control character, a quote or a backslash (Mycroft's test, exact for "any"). */
static uint64_t special_among(const char *at)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    uint64_t word;
    memcpy(&word, at, sizeof word);
    uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
    return (((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash)) & tops;
}

static bool is_plain(const char *string, size_t length)
{
    uint64_t special = 0;
    if (length < 8) {
        char padded[8] = "        ";
        memcpy(padded, string, length);
        return special_among(padded) == 0;
    }
    for (size_t i = 0; i + 8 <= length; i += 8)
        special |= special_among(string + i);
    special |= special_among(string + length - 8); /* the last eight, some of them again */
    return special == 0;
}

/* With escapes; runs without anything to escape are copied whole. */
static void quoted_with_escapes(struct qv_text *text, const char *string)
{
    qv_text_add(text, "\"", 1);
    const char *run = string;
    for (const char *p = string;; p++) {
        unsigned char c = (unsigned char)*p;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        qv_text_add(text, run, (size_t)(p - run));
        if (c == 0)
            break;
        run = p + 1;
        switch (c) {
        case '"':
            qv_text_add(text, "\\\"", 2);
            break;
        case '\\':
            qv_text_add(text, "\\\\", 2);
            break;
        case '\n':
            qv_text_add(text, "\\n", 2);
            break;
        case '\t':
            qv_text_add(text, "\\t", 2);
            break;
        default:
            qv_text_printf(text, "\\u%04x", c);
        }
    }
    qv_text_add(text, "\"", 1);
}

/* Writes the string with quotes. */
static void quoted(struct qv_text *text, const char *string)
{
    size_t length = strlen(string);
    char *out = room_for(text, length + 2);
    if (!out || !is_plain(string, length)) {
        quoted_with_escapes(text, string);
        return;
    }
    out[0] = '"';
    memcpy(out + 1, string, length);
    out[1 + length] = '"';
    wrote(text, length + 2);
}

/* Writes a key: a name of ours, which needs no escapes. */
static void named(struct qv_text *text, const char *key, size_t after_length)
{
    size_t length = strlen(key);
    char *out = room_for(text, length + 2 + after_length);
    if (!out) {
        qv_text_add(text, "\"", 1);
        qv_text_add(text, key, length);
        qv_text_add(text, "\": ", 1 + after_length);
        return;
    }
    out[0] = '"';
    memcpy(out + 1, key, length);
    memcpy(out + 1 + length, "\": ", 1 + after_length);
    wrote(text, length + 2 + after_length);
}

static void byte(struct qv_text *text, char c)
{
    char *out = room_for(text, 1);
    if (out) {
        *out = c;
        wrote(text, 1);
    } else {
        qv_text_add(text, &c, 1);
    }
}

/* Comma, line and key before a value. On one line there is nothing but bytes to copy. */
static void begin(struct qv_json *json, const char *key)
{
    if (json->needs_comma)
        byte(json->text, ',');
    json->needs_comma = true;
    if (json->indent && json->depth)
        new_line(json);
    if (key)
        named(json->text, key, json->indent ? 2 : 1);
}

static void open_with(struct qv_json *json, const char *key, const char *bracket)
{
    begin(json, key);
    byte(json->text, *bracket);
    json->depth++;
    json->needs_comma = false;
}

static void close_with(struct qv_json *json, const char *bracket)
{
    json->depth--;
    if (json->needs_comma)
        new_line(json);
    byte(json->text, *bracket);
    json->needs_comma = true;
}

void qv_json_object(struct qv_json *json, const char *key)
{
    open_with(json, key, "{");
}

void qv_json_object_end(struct qv_json *json)
{
    close_with(json, "}");
}

void qv_json_array(struct qv_json *json, const char *key)
{
    open_with(json, key, "[");
}

void qv_json_array_end(struct qv_json *json)
{
    close_with(json, "]");
}

void qv_json_string(struct qv_json *json, const char *key, const char *value)
{
    begin(json, key);
    if (value)
        quoted(json->text, value);
    else
        qv_text_add(json->text, "null", 4);
}

/* Six decimals at most, without trailing zeros. Integers of any size that a double holds exactly stay integers. */
void qv_json_number(struct qv_json *json, const char *key, double value)
{
    begin(json, key);
    if (!isfinite(value)) {
        qv_text_add(json->text, "null", 4);
        return;
    }
    if (fabs(value) >= 1e9) {
        qv_text_printf(json->text, "%.17g", value);
        return;
    }

    int64_t millionths = llround(value * 1e6);
    char digits[24];
    size_t at = sizeof digits;
    uint64_t magnitude = millionths < 0 ? (uint64_t)-millionths : (uint64_t)millionths;
    uint64_t whole = magnitude / 1000000, part = magnitude % 1000000;
    if (part) {
        int places = 6;
        while (part % 10 == 0) {
            part /= 10;
            places--;
        }
        for (; places > 0; places--, part /= 10)
            digits[--at] = (char)('0' + part % 10);
        digits[--at] = '.';
    }
    do {
        digits[--at] = (char)('0' + whole % 10);
        whole /= 10;
    } while (whole);
    if (millionths < 0)
        digits[--at] = '-';
    qv_text_add(json->text, digits + at, sizeof digits - at);
}

void qv_json_bool(struct qv_json *json, const char *key, bool value)
{
    begin(json, key);
    if (value)
        qv_text_add(json->text, "true", 4);
    else
        qv_text_add(json->text, "false", 5);
}

void qv_json_null(struct qv_json *json, const char *key)
{
    qv_json_string(json, key, NULL);
}
