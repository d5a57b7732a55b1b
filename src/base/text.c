/* SPDX-License-Identifier: Apache-2.0 */
#include <quiver/base.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void qv_text_init(struct qv_text *text, size_t maximum_bytes)
{
    *text = (struct qv_text){.maximum_bytes = maximum_bytes};
}

void qv_text_finish(struct qv_text *text)
{
    free(text->bytes);
    *text = (struct qv_text){.maximum_bytes = text->maximum_bytes};
}

void qv_text_clear(struct qv_text *text)
{
    text->length = 0;
    text->failed = false;
    if (text->bytes)
        text->bytes[0] = 0;
}

bool qv_text_grow(struct qv_text *text, size_t bytes)
{
    if (text->failed)
        return false;
    if (bytes > text->maximum_bytes - text->length) {
        text->failed = true;
        return false;
    }
    size_t wanted = text->length + bytes + 1, capacity = text->capacity ? text->capacity : 256;
    while (capacity < wanted)
        capacity *= 2;
    char *grown = realloc(text->bytes, capacity);
    if (!grown) {
        text->failed = true;
        return false;
    }
    text->bytes = grown;
    text->capacity = capacity;
    return true;
}

void qv_text_add(struct qv_text *text, const char *bytes, size_t length)
{
    char *out = qv_text_room(text, length);
    if (!out)
        return;
    if (length)
        memcpy(out, bytes, length);
    out[length] = 0;
    text->length += length;
}

void qv_text_puts(struct qv_text *text, const char *string)
{
    qv_text_add(text, string, strlen(string));
}

void qv_text_printf(struct qv_text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *out = length >= 0 ? qv_text_room(text, (size_t)length) : NULL;
    if (out) {
        vsnprintf(out, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

int qv_text_check(const struct qv_text *text, struct qv_error *error)
{
    if (!text->failed)
        return QV_OK;
    if (text->length >= text->maximum_bytes / 2)
        return qv_fail(error, QV_ERR_DATA, "the text is longer than %zu bytes", text->maximum_bytes);
    return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
}

int qv_text_read_file(struct qv_text *text, const char *path, size_t maximum_bytes, struct qv_error *error)
{
    bool is_stdin = strcmp(path, "-") == 0;
    const char *name = is_stdin ? "standard input" : path;
    FILE *file = is_stdin ? stdin : fopen(path, "rb");
    if (!file)
        return qv_fail(error, errno == ENOMEM ? QV_ERR_UNAVAILABLE : QV_ERR_NO_INPUT, "%s: %s", name, strerror(errno));

    int status = QV_OK;
    char chunk[16384];
    size_t got, total = 0;
    while (status == QV_OK && (got = fread(chunk, 1, sizeof chunk, file)) > 0) {
        total += got;
        if (total > maximum_bytes)
            status =
                qv_fail(error, QV_ERR_DATA, "%s: longer than %zu bytes, the most that is read", name, maximum_bytes);
        else
            qv_text_add(text, chunk, got);
    }
    if (status == QV_OK && ferror(file))
        status = qv_fail(error, errno == EISDIR ? QV_ERR_NO_INPUT : QV_ERR_IO, "%s: %s", name, strerror(errno));
    if (!is_stdin)
        fclose(file);
    if (status == QV_OK)
        status = qv_text_check(text, error);
    return status;
}

/* The length of the well-formed UTF-8 sequence at text, or 0. Table 3-7 of the Unicode standard. */
static size_t utf8_sequence(const unsigned char *text, size_t length)
{
    unsigned char lead = text[0];
    if (lead < 0x80)
        return 1;
    size_t size = lead >= 0xC2 && lead <= 0xDF   ? 2
                  : lead >= 0xE0 && lead <= 0xEF ? 3
                  : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                 : 0;
    if (size == 0 || size > length)
        return 0;
    unsigned char lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (text[1] < lowest || text[1] > highest)
        return 0;
    for (size_t i = 2; i < size; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    }
    return size;
}

#define WORD_BYTES sizeof(uint64_t)

/* True when a whole word of bytes begins here and all of them are ASCII. */
static bool is_ascii(const unsigned char *text, size_t length)
{
    uint64_t word = 0;
    if (length < sizeof word)
        return false;
    memcpy(&word, text, sizeof word);
    return (word & 0x8080808080808080u) == 0;
}

bool qv_utf8_valid(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0; i < length;) {
        if (is_ascii(bytes + i, length - i)) {
            i += WORD_BYTES;
            continue;
        }
        size_t size = utf8_sequence(bytes + i, length - i);
        if (size == 0)
            return false;
        i += size;
    }
    return true;
}

size_t qv_utf8_columns(const char *text, size_t length)
{
    size_t columns = 0;
    for (size_t i = 0; i < length; i++)
        columns += ((unsigned char)text[i] & 0xC0) != 0x80;
    return columns;
}
