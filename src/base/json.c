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

/* Writes the string with quotes; runs without anything to escape are copied whole. */
static void quoted(struct qv_text *text, const char *string)
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

/* Comma, line and key before a value. */
static void begin(struct qv_json *json, const char *key)
{
    if (json->needs_comma)
        qv_text_add(json->text, ",", 1);
    if (json->depth)
        new_line(json);
    if (key) {
        quoted(json->text, key);
        qv_text_add(json->text, ": ", json->indent ? 2 : 1);
    }
    json->needs_comma = true;
}

static void open(struct qv_json *json, const char *key, const char *bracket)
{
    begin(json, key);
    qv_text_add(json->text, bracket, 1);
    json->depth++;
    json->needs_comma = false;
}

static void close(struct qv_json *json, const char *bracket)
{
    json->depth--;
    if (json->needs_comma)
        new_line(json);
    qv_text_add(json->text, bracket, 1);
    json->needs_comma = true;
}

void qv_json_object(struct qv_json *json, const char *key)
{
    open(json, key, "{");
}

void qv_json_object_end(struct qv_json *json)
{
    close(json, "}");
}

void qv_json_array(struct qv_json *json, const char *key)
{
    open(json, key, "[");
}

void qv_json_array_end(struct qv_json *json)
{
    close(json, "]");
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
