/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"
#include "bytes.h"
#include "refuse.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *json;
    size_t length, at;
    struct qv_arena *arena;
    char *
        room; /* for texts and numbers, each of which takes fewer bytes than it does in the JSON with what precedes it */
    struct qv_error *error;
};

/* ---- what is refused -------------------------------------------------------------------------------------------------- */

/* The place in the case at an offset of its text. */
static struct phrase place_at(const char *json, size_t offset)
{
    struct trail trail = {0};
    trail_walk(json, offset, &trail);
    return trail_place(&trail);
}

/* Something that ends here was understood but cannot be: "findings.age: found a number too large to read (line …)". */
static int refuse_meaning(const char *json, size_t end, const char *what, const char *expected, struct qv_error *error)
{
    struct phrase place = place_at(json, end);
    struct position position = position_of(json, end - 1);
    return qv_fail(error, QV_ERR_DATA, "%s%s%s (line %zu, column %zu)%s", place.text, place.text[0] ? ": " : "", what,
                   position.line, position.column, expected);
}

int tree_refuse_second(const char *json, const struct node *node, struct qv_error *error)
{
    return refuse_meaning(json, node->name_end, "given a second time", ", expected once", error);
}

static int refuse_end(const struct reader *reader)
{
    struct phrase place = place_at(reader->json, reader->length);
    struct position position = position_of(reader->json, reader->length - 1);
    return qv_fail(reader->error, QV_ERR_DATA, "line %zu, column %zu: the text ends in the middle%s%s", position.line,
                   position.column, place.text[0] ? " of " : "", place.text);
}

/* What stands from `begin` to `end` is not what could stand there. */
static int refuse(const struct reader *reader, size_t begin, size_t end, const char *expected)
{
    if (begin >= reader->length)
        return refuse_end(reader);
    struct phrase place = place_at(reader->json, begin);
    struct position position = position_of(reader->json, begin);
    return qv_fail(reader->error, QV_ERR_DATA, "line %zu, column %zu%s%s: found '%s', expected %s", position.line,
                   position.column, place.text[0] ? ", at " : "", place.text,
                   phrase_shown(reader->json + begin, end - begin).text, expected);
}

/* ---- bytes ---------------------------------------------------------------------------------------------------------------- */

/* The byte that is next, 0 at the end: the text has no zero byte. */
static char peek(const struct reader *reader)
{
    return reader->at < reader->length ? reader->json[reader->at] : 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void skip_blanks(struct reader *reader)
{
    for (char c = peek(reader); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = peek(reader))
        reader->at++;
}

static bool take(struct reader *reader, char c)
{
    skip_blanks(reader);
    if (peek(reader) != c)
        return false;
    reader->at++;
    return true;
}

/* The end of the character that begins here. */
static size_t character_end(const struct reader *reader)
{
    size_t end = reader->at + 1;
    while (end < reader->length && ((unsigned char)reader->json[end] & 0xC0) == 0x80)
        end++;
    return end;
}

/* ---- texts ------------------------------------------------------------------------------------------------------------------ */

/* Four hexadecimal digits, or -1. */
static int32_t hex_at(const struct reader *reader, size_t at)
{
    int32_t code = 0;
    for (size_t i = at; i < at + 4; i++) {
        char c = i < reader->length ? reader->json[i] : 0;
        int32_t digit = is_digit(c)            ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
        if (digit < 0)
            return -1;
        code = code * 16 + digit;
    }
    return code;
}

static char *put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *out++ = (char)(0xE0 | code >> 12);
        } else {
            *out++ = (char)(0xF0 | code >> 18);
            *out++ = (char)(0x80 | (code >> 12 & 0x3F));
        }
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
    }
    *out++ = (char)(0x80 | (code & 0x3F));
    return out;
}

/* \u and four digits, where the second half of a pair of surrogates may follow. `at` is the backslash. */
static int read_code(struct reader *reader, char **out)
{
    size_t begin = reader->at;
    int32_t code = hex_at(reader, begin + 2);
    reader->at += 6;
    if (code >= 0xD800 && code < 0xDC00) {
        bool pair = reader->at + 1 < reader->length && memcmp(reader->json + reader->at, "\\u", 2) == 0;
        int32_t low = pair ? hex_at(reader, reader->at + 2) : -1;
        bool fits = low >= 0xDC00 && low < 0xE000;
        code = fits ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : -1;
        reader->at += 6 * fits;
    } else if (code >= 0xDC00 && code < 0xE000) {
        code = -1;
    }
    if (code == 0)
        return refuse_meaning(reader->json, reader->at, "found a zero character (\\u0000)", ", expected text without",
                              reader->error);
    if (code < 0)
        return refuse(reader, begin, begin + 2, "\\u and the four digits of a character");
    *out = put_utf8(*out, (uint32_t)code);
    return QV_OK;
}

static int read_escape(struct reader *reader, char **out)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    char c = reader->at + 1 < reader->length ? reader->json[reader->at + 1] : 0;
    if (c == 'u')
        return read_code(reader, out);
    const char *letter = c ? strchr(letters, c) : NULL;
    if (!letter)
        return refuse(reader, c ? reader->at : reader->length, reader->at + 1, "an escape that JSON has");
    *(*out)++ = meanings[letter - letters];
    reader->at += 2;
    return QV_OK;
}

/* A text in quotes, the first of which is next. */
static int read_text(struct reader *reader, const char **text, size_t *length)
{
    char *out = reader->room;
    reader->at++;
    for (;;) {
        size_t begin = reader->at, end = begin;
        while (end < reader->length && reader->json[end] != '"' && reader->json[end] != '\\' &&
               (unsigned char)reader->json[end] >= 0x20)
            end++;
        memcpy(out, reader->json + begin, end - begin);
        out += end - begin;
        reader->at = end;
        char c = peek(reader);
        if (c == '"')
            break;
        if (c != '\\')
            return refuse(reader, end, end + 1, "text without control characters");
        int status = read_escape(reader, &out);
        if (status)
            return status;
    }
    reader->at++;
    *out = 0;
    *text = reader->room;
    *length = (size_t)(out - reader->room);
    reader->room = out + 1;
    return QV_OK;
}

/* ---- numbers and words ------------------------------------------------------------------------------------------------------- */

static const char *skip_digits(const char *text)
{
    while (is_digit(*text))
        text++;
    return text;
}

static bool is_number(const char *text)
{
    text += *text == '-';
    if (!is_digit(*text) || (*text == '0' && is_digit(text[1])))
        return false;
    text = skip_digits(text);
    if (*text == '.') {
        if (!is_digit(*++text))
            return false;
        text = skip_digits(text);
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '+' || *text == '-';
        if (!is_digit(*text))
            return false;
        text = skip_digits(text);
    }
    return *text == 0;
}

static int read_number(struct reader *reader, double *number)
{
    size_t begin = reader->at, end = begin;
    char *text = reader->room, *point = NULL;
    for (; end < reader->length; end++) {
        char c = reader->json[end];
        if (!is_digit(c) && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E')
            break;
        if (c == '.')
            point = text + (end - begin);
        text[end - begin] = c;
    }
    text[end - begin] = 0;
    if (!is_number(text))
        return refuse(reader, end < reader->length ? begin : end, end, "a number");
    if (point) /* strtod() wants the point of the locale that the program runs in */
        *point = localeconv()->decimal_point[0];
    *number = strtod(text, NULL);
    reader->at = end;
    if (isinf(*number))
        return refuse_meaning(reader->json, end, "found a number too large to read", "", reader->error);
    return QV_OK;
}

/* true, false, null */
static int read_word(struct reader *reader, enum node_kind *kind)
{
    static const struct {
        const char *word;
        enum node_kind kind;
    } words[] = {{"true", NODE_TRUE}, {"false", NODE_FALSE}, {"null", NODE_NULL}};
    size_t begin = reader->at, end = begin;
    while (end < reader->length && is_letter(reader->json[end]))
        end++;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i].word) == end - begin && memcmp(words[i].word, reader->json + begin, end - begin) == 0) {
            *kind = words[i].kind;
            reader->at = end;
            return QV_OK;
        }
    }
    return refuse(reader, begin, end > begin ? end : character_end(reader), "a value");
}

/* ---- objects and lists --------------------------------------------------------------------------------------------------------- */

static int read_value(struct reader *reader, struct node *node);

/* The name of a member, and the colon after it. */
static int read_member_name(struct reader *reader, struct node *member)
{
    size_t length;
    skip_blanks(reader);
    if (peek(reader) != '"')
        return refuse(reader, reader->at, character_end(reader), "a name in quotes");
    int status = read_text(reader, &member->name, &length);
    member->name_end = reader->at;
    if (status == QV_OK && !take(reader, ':'))
        status = refuse(reader, reader->at, character_end(reader), "a colon");
    return status;
}

static int read_members(struct reader *reader, struct node *node)
{
    char close = node->kind == NODE_OBJECT ? '}' : ']';
    const struct node **end = &node->first;
    reader->at++;
    if (take(reader, close))
        return QV_OK;
    do {
        struct node *member = qv_arena_alloc(reader->arena, 1, sizeof *member);
        if (!member)
            return refuse_memory(reader->error);
        int status = node->kind == NODE_OBJECT ? read_member_name(reader, member) : QV_OK;
        if (status == QV_OK)
            status = read_value(reader, member);
        if (status)
            return status;
        *end = member;
        end = &member->next;
        node->count++;
    } while (take(reader, ','));
    if (take(reader, close))
        return QV_OK;
    return refuse(reader, reader->at, character_end(reader), close == '}' ? "a comma or }" : "a comma or ]");
}

static int read_value(struct reader *reader, struct node *node)
{
    skip_blanks(reader);
    char c = peek(reader);
    if (c == '"') {
        node->kind = NODE_TEXT;
        return read_text(reader, &node->text, &node->length);
    }
    if (c == '-' || is_digit(c)) {
        node->kind = NODE_NUMBER;
        return read_number(reader, &node->number);
    }
    if (c == '{' || c == '[') {
        node->kind = c == '{' ? NODE_OBJECT : NODE_LIST;
        return read_members(reader, node);
    }
    return read_word(reader, &node->kind);
}

int tree_read(struct qv_arena *arena, const char *json, size_t length, const struct node **out, struct qv_error *error)
{
    struct node *root = qv_arena_alloc(arena, 1, sizeof *root);
    struct reader reader = {.json = json, .length = length, .arena = arena, .error = error};
    reader.room = qv_arena_alloc(arena, length + 1, 1);
    if (!root || !reader.room)
        return refuse_memory(error);
    skip_blanks(&reader);
    if (reader.at == length)
        return qv_fail(error, QV_ERR_DATA, "found nothing, expected a case: {\"quiver_case\": 1, \"findings\": {...}}");
    int status = peek(&reader) == '{' || peek(&reader) == '[' ? read_value(&reader, root)
                                                              : refuse(&reader, reader.at, character_end(&reader), "{");
    if (status)
        return status;
    skip_blanks(&reader);
    if (reader.at < length) {
        struct position position = position_of(json, reader.at);
        return qv_fail(error, QV_ERR_DATA,
                       "line %zu, column %zu: found more after the end of the case, expected nothing", position.line,
                       position.column);
    }
    *out = root;
    return QV_OK;
}
