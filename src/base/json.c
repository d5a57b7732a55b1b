/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each value is written in three steps: begin() makes room for all of it at once and writes the comma, the line and the
 * key before it; the value is put down; end() closes the text. An answer is a thousand values, and that of a million
 * cases is mostly this file, so nothing here is done a byte at a time that can be done for the value as a whole.
 */
#include <quiver/base.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WIDEST_INDENT ((size_t)64)
/* Sign, ten digits, point, six digits; or "%.17g" and its 0. */
#define NUMBER_BYTES_MAX ((size_t)32)

void qv_json_init(struct qv_json *json, struct qv_text *text, unsigned indent)
{
    *json = (struct qv_json){.text = text, .indent = indent};
}

/* ---- room ---------------------------------------------------------------------------------------------------------- */

static char *put(char *out, const char *bytes, size_t length)
{
    memcpy(out, bytes, length);
    return out + length;
}

/* The same for a name: few bytes, for which a call would take longer than the copy. */
static inline char *put_name(char *out, const char *name, size_t length)
{
    char *end = out + length;
    if (length > 16 || length < 4)
        return put(out, name, length);
    if (length >= 8) { /* the first eight and the last eight, some of them twice */
        memcpy(out, name, 8);
        memcpy(end - 8, name + length - 8, 8);
    } else {
        memcpy(out, name, 4);
        memcpy(end - 4, name + length - 4, 4);
    }
    return end;
}

static size_t width_of(const struct qv_json *json)
{
    size_t width = (size_t)json->indent * json->depth;
    return width < WIDEST_INDENT ? width : WIDEST_INDENT;
}

static char *put_new_line(const struct qv_json *json, char *out)
{
    size_t width = width_of(json);
    *out++ = '\n';
    memset(out, ' ', width);
    return out + width;
}

/*
 * Comma, line and key (a name of ours, which needs no escapes) before a value of at most so many bytes. Returns where the
 * value goes; NULL when there is no room to be had, which the text remembers.
 */
static inline char *begin(struct qv_json *json, const char *key, size_t key_length, size_t value_bytes)
{
    size_t width = json->indent ? width_of(json) : 0;
    char *out = qv_text_room(json->text, sizeof ",\n\"\": " + width + key_length + value_bytes);
    if (!out)
        return NULL;
    if (json->needs_comma)
        *out++ = ',';
    if (json->indent && json->depth)
        out = put_new_line(json, out);
    if (key) {
        *out++ = '"';
        out = put_name(out, key, key_length);
        *out++ = '"';
        *out++ = ':';
        if (json->indent)
            *out++ = ' ';
    }
    json->needs_comma = true;
    return out;
}

static void end(struct qv_json *json, char *out)
{
    *out = 0;
    json->text->length = (size_t)(out - json->text->bytes);
}

/* ---- objects and arrays -------------------------------------------------------------------------------------------- */

void qv_json_open_keyed(struct qv_json *json, const char *key, size_t key_length, char bracket)
{
    char *out = begin(json, key, key_length, 1);
    json->depth++;
    if (!out)
        return;
    json->needs_comma = false;
    *out++ = bracket;
    end(json, out);
}

void qv_json_close(struct qv_json *json, char bracket)
{
    json->depth--;
    char *out = qv_text_room(json->text, sizeof "\n]" + (json->indent ? width_of(json) : 0));
    if (!out)
        return;
    if (json->indent && json->needs_comma)
        out = put_new_line(json, out);
    *out++ = bracket;
    json->needs_comma = true;
    end(json, out);
}

/* ---- strings ------------------------------------------------------------------------------------------------------- */

/* Bytes that are looked at together; compilers make vector instructions of the operations on them. */
typedef uint8_t block __attribute__((vector_size(16)));

/* Nonzero in each byte that is a control character, a quote or a backslash. */
static inline block specials_in_block(const char *at)
{
    block bytes;
    memcpy(&bytes, at, sizeof bytes);
    return (block)((bytes < 0x20) | (bytes == '"') | (bytes == '\\'));
}

/* Nonzero when one of the eight bytes of a word is such (Mycroft's test, exact for "any"). */
static inline uint64_t specials_in_word(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
    return (((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash)) & tops;
}

/* The first and the last bytes in one look, some of them twice. A copy with padding would be waited for. */
static bool is_plain_short(const char *string, size_t length)
{
    if (length >= 8) {
        uint64_t first, last;
        memcpy(&first, string, 8);
        memcpy(&last, string + length - 8, 8);
        return !(specials_in_word(first) | specials_in_word(last));
    }
    if (length >= 4) {
        uint32_t first, last;
        memcpy(&first, string, 4);
        memcpy(&last, string + length - 4, 4);
        return !specials_in_word(first | (uint64_t)last << 32);
    }
    bool plain = true;
    for (size_t i = 0; i < length; i++)
        plain &= (unsigned char)string[i] >= 0x20 && string[i] != '"' && string[i] != '\\';
    return plain;
}

static bool is_plain(const char *string, size_t length)
{
    if (length < sizeof(block))
        return is_plain_short(string, length);
    block specials = specials_in_block(string + length - sizeof specials);
    for (size_t i = 0; i + sizeof specials <= length; i += sizeof specials)
        specials |= specials_in_block(string + i);
    uint64_t halves[2];
    memcpy(halves, &specials, sizeof halves);
    return (halves[0] | halves[1]) == 0;
}

static const char *short_escape(char c)
{
    return c == '"' ? "\\\"" : c == '\\' ? "\\\\" : c == '\n' ? "\\n" : c == '\t' ? "\\t" : NULL;
}

/* Writes the string with its escapes, of which the longest is \u001f. */
static char *put_escaped(char *out, const char *string, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)string[i];
        const char *escape = short_escape(string[i]);
        if (escape) {
            out = put(out, escape, 2);
        } else if (c < 0x20) {
            out = put(out, "\\u00", 4);
            *out++ = digits[c >> 4];
            *out++ = digits[c & 15];
        } else {
            *out++ = string[i];
        }
    }
    return out;
}

static size_t escaped_length(const char *string, size_t length)
{
    size_t escaped = length;
    for (size_t i = 0; i < length; i++)
        escaped += short_escape(string[i]) ? 1 : (unsigned char)string[i] < 0x20 ? 5 : 0;
    return escaped;
}

void qv_json_string_keyed(struct qv_json *json, const char *key, size_t key_length, const char *value)
{
    if (!value) {
        qv_json_plain_keyed(json, key, key_length, "null");
        return;
    }
    size_t length = strlen(value);
    bool plain = is_plain(value, length);
    char *out = begin(json, key, key_length, 2 + (plain ? length : escaped_length(value, length)));
    if (!out)
        return;
    *out++ = '"';
    out = plain ? put(out, value, length) : put_escaped(out, value, length);
    *out++ = '"';
    end(json, out);
}

/* ---- numbers, true, false and null --------------------------------------------------------------------------------- */

static char *put_whole(char *out, uint64_t whole)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + whole % 10);
        whole /= 10;
    } while (whole);
    return put(out, digits + at, sizeof digits - at);
}

static void put_two_digits(char *out, uint32_t number)
{
    out[0] = (char)('0' + number / 10);
    out[1] = (char)('0' + number % 10);
}

/* Six decimals at most, without trailing zeros. */
static char *put_millionths(char *out, int64_t millionths)
{
    uint64_t magnitude = millionths < 0 ? (uint64_t)-millionths : (uint64_t)millionths;
    uint32_t part = (uint32_t)(magnitude % 1000000);
    if (millionths < 0)
        *out++ = '-';
    if (magnitude < 10000000)
        *out++ = (char)('0' + magnitude / 1000000);
    else
        out = put_whole(out, magnitude / 1000000);
    if (part == 0)
        return out;
    *out++ = '.';
    put_two_digits(out, part / 10000);
    put_two_digits(out + 2, part / 100 % 100);
    put_two_digits(out + 4, part % 100);
    out += 6;
    while (out[-1] == '0')
        out--;
    return out;
}

/* Integers of any size that a double holds exactly stay integers. */
void qv_json_number_keyed(struct qv_json *json, const char *key, size_t key_length, double value)
{
    if (!isfinite(value)) {
        qv_json_plain_keyed(json, key, key_length, "null");
        return;
    }
    char *out = begin(json, key, key_length, NUMBER_BYTES_MAX);
    if (!out)
        return;
    if (fabs(value) < 1e9)
        out = put_millionths(out, llround(value * 1e6));
    else
        out += snprintf(out, NUMBER_BYTES_MAX, "%.17g", value);
    end(json, out);
}

void qv_json_plain_keyed(struct qv_json *json, const char *key, size_t key_length, const char *value)
{
    size_t length = strlen(value);
    char *out = begin(json, key, key_length, length);
    if (out)
        end(json, put(out, value, length));
}
