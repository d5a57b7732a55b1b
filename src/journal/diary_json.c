/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The diary as JSON: {"quiver_diary": 1, "entries": [{...}, ...]}, the version first, so that a diary of any length is read
 * an entry at a time. The frame is walked here; each entry, cut out by its braces, is jansson's.
 */
#include "diary.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

/* ---- the frame ------------------------------------------------------------------------------------------------------ */

/* Passes over blanks and shows the byte after them; 0 at the end of the file. */
static int next_byte(struct reading *reading, char *out)
{
    while (true) {
        for (; reading->begin < reading->end; reading->begin++) {
            char c = reading->bytes[reading->begin];
            if (c == '\n')
                reading->line++;
            else if (c != ' ' && c != '\t' && c != '\r')
                break;
        }
        if (reading->begin < reading->end || reading->ended)
            break;
        int status = reading_more(reading);
        if (status)
            return status;
    }
    *out = reading->begin < reading->end ? reading->bytes[reading->begin] : 0;
    return QV_OK;
}

static int refuse_frame(struct reading *reading, const char *expected)
{
    char found[24];
    snprintf(found, sizeof found, "%.*s", (int)strcspn(reading->bytes + reading->begin, "\r\n"),
             reading->bytes + reading->begin);
    bool is_end = reading->begin >= reading->end;
    return reading_fail(reading, reading->line, QV_ERR_DATA, "found %s%s%s, expected %s", is_end ? "" : "\"",
                        is_end ? "the end of the file" : shown(found).text, is_end ? "" : "\"", expected);
}

/* Passes over blanks and the token; anything else is an error. */
static int pass_token(struct reading *reading, const char *token)
{
    char byte;
    size_t length = strlen(token);
    int status = next_byte(reading, &byte);
    if (!status && reading->end - reading->begin < length)
        status = reading_more(reading);
    if (status)
        return status;
    if (reading->end - reading->begin < length || memcmp(reading->bytes + reading->begin, token, length) != 0)
        return refuse_frame(reading, token);
    reading->begin += length;
    return QV_OK;
}

static int pass_tokens(struct reading *reading, const char *const *tokens)
{
    int status = QV_OK;
    for (; !status && *tokens; tokens++)
        status = pass_token(reading, *tokens);
    return status;
}

/* The length of the object that begins here, by its braces; 0 when it is longer than what is there. */
static size_t object_length(const char *text, size_t available)
{
    unsigned depth = 0;
    bool quoted = false;
    for (size_t at = 0; at < available; at++) {
        char c = text[at];
        if (quoted && c == '\\')
            at++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && c == '{')
            depth++;
        else if (!quoted && c == '}' && --depth == 0)
            return at + 1;
    }
    return 0;
}

/* ---- an entry ------------------------------------------------------------------------------------------------------- */

enum { KEY_DAY, KEY_TIME, KEY_OFFSET, KEY_KIND, KEY_AMOUNT, KEY_UNIT, KEY_NOTE, KEY_SOURCE, KEY_COUNT };
static const char *const keys[KEY_COUNT] = {"day", "time", "offset", "kind", "amount", "unit", "note", "source"};

static bool refuse_key(struct qv_error *why, const char *key, const char *expected)
{
    qv_fail(why, QV_ERR_DATA, "%s: expected %s", shown(key).text, expected);
    return false;
}

/* The texts of the object by key, NULL where it has none; the amount apart. */
static bool take_keys(json_t *object, const char *texts[KEY_COUNT], double *amount, struct qv_error *why)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        int k = 0;
        while (k < KEY_COUNT && strcmp(name, keys[k]) != 0)
            k++;
        if (k == KEY_COUNT)
            return refuse_key(why, name, "day, time, offset, kind, amount, unit, note or source; this key is unknown");
        if (k == KEY_AMOUNT && !json_is_number(value))
            return refuse_key(why, name, "a number");
        if (k != KEY_AMOUNT && !json_is_string(value))
            return refuse_key(why, name, "text in quotes");
        texts[k] = k == KEY_AMOUNT ? "" : json_string_value(value);
        if (k == KEY_AMOUNT)
            *amount = json_number_value(value);
    }
    static const int needed[] = {KEY_DAY, KEY_KIND, KEY_AMOUNT, KEY_UNIT};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (!texts[needed[i]])
            return refuse_key(why, keys[needed[i]], "it to be there");
    }
    return true;
}

static bool read_object(json_t *object, struct qv_entry *entry, struct qv_error *why)
{
    const char *texts[KEY_COUNT] = {NULL};
    *entry = (struct qv_entry){.second = QV_NO_SECOND, .offset_s = QV_NO_OFFSET};
    if (!take_keys(object, texts, &entry->amount, why))
        return false;
    if (!day_parse(texts[KEY_DAY], entry))
        return refuse_key(why, "day", "YYYY-MM-DD");
    if (texts[KEY_TIME] && !clock_parse(texts[KEY_TIME], &entry->second))
        return refuse_key(why, "time", "HH:MM or HH:MM:SS");
    if (texts[KEY_OFFSET] && !offset_parse(texts[KEY_OFFSET], &entry->offset_s))
        return refuse_key(why, "offset", "Z or +HH:MM");
    entry->note = texts[KEY_NOTE];
    entry->source = texts[KEY_SOURCE];
    return kind_parse(texts[KEY_KIND], texts[KEY_UNIT], &entry->kind, why);
}

static int read_entry(struct reading *reading)
{
    char byte;
    int status = next_byte(reading, &byte);
    if (!status && !reading->ended && reading->end - reading->begin < DIARY_ROW_MAX_BYTES)
        status = reading_more(reading);
    if (status)
        return status;
    const char *text = reading->bytes + reading->begin;
    size_t available = reading->end - reading->begin;
    if (byte != '{')
        return refuse_frame(reading, "an entry in braces");
    size_t length = object_length(text, available < DIARY_ROW_MAX_BYTES ? available : DIARY_ROW_MAX_BYTES);
    if (length == 0)
        return reading_fail(reading, reading->line, QV_ERR_DATA,
                            "found an entry whose brace does not close within 65536 bytes, expected it to");

    json_error_t where = {0};
    errno = 0;
    json_t *object = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);
    if (!object && errno == ENOMEM) /* jansson does not always say so */
        return reading_out_of_memory(reading);
    struct qv_entry entry;
    struct qv_error why = {0};
    if (!object)
        qv_fail(&why, QV_ERR_DATA, "found an entry that is no JSON (%s), expected {\"day\": ...}",
                shown(where.text).text);
    status = object && read_object(object, &entry, &why) ? reading_offer(reading, reading->line, &entry)
                                                         : reading_refuse(reading, reading->line, &why);
    json_decref(object);
    for (; length > 0; length--)
        reading->line += reading->bytes[reading->begin++] == '\n';
    return status;
}

int read_json(struct reading *reading)
{
    static const char *const frame[] = {"{", "\"quiver_diary\"", ":", "1", ",", "\"entries\"", ":", "[", NULL};
    char byte = 0;
    int status = pass_tokens(reading, frame);
    if (!status)
        status = next_byte(reading, &byte);
    if (!status && byte != ']') {
        status = read_entry(reading);
        while (!status && !(status = next_byte(reading, &byte)) && byte == ',') {
            reading->begin++;
            status = read_entry(reading);
        }
    }
    static const char *const end[] = {"]", "}", NULL};
    if (!status)
        status = pass_tokens(reading, end);
    if (!status)
        status = next_byte(reading, &byte);
    if (!status && byte)
        status = refuse_frame(reading, "the end of the file");
    return status;
}
