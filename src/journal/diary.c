/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a diary, telling its format, and what the readers of all formats share; diary.h. */
#include "diary.h"
#include "csv.h"

#include <assert.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* ---- bytes ---------------------------------------------------------------------------------------------------------- */

int reading_more(struct reading *reading)
{
    size_t unread = reading->end - reading->begin, room = DIARY_BUFFER_BYTES - unread, got = 0;
    memmove(reading->bytes, reading->bytes + reading->begin, unread);
    reading->begin = 0;
    reading->end = unread;
    if (room == 0 || reading->ended)
        return QV_OK;

    if (reading->member) {
        int status = zip_read(reading, reading->bytes + unread, room, &got);
        if (status)
            return status;
    } else {
        errno = 0;
        got = fread(reading->bytes + unread, 1, room, reading->file);
        if (got < room && ferror(reading->file))
            return qv_fail(reading->error, errno == EISDIR ? QV_ERR_NO_INPUT : QV_ERR_IO, "%s: %s", reading->name,
                           strerror(errno));
    }
    reading->ended = got < room;
    reading->end += got;
    reading->bytes[reading->end] = 0;
    reading->read_bytes += got;
    if (reading->to->progress && !reading->to->progress(reading->to->context, reading->read_bytes, reading->of_bytes))
        return qv_fail(reading->error, QV_ERR_IO, "%s: the reading was stopped", reading->name);
    return QV_OK;
}

/* ---- rows ----------------------------------------------------------------------------------------------------------- */

int reading_fail(struct reading *reading, uint64_t line, int status, const char *format, ...)
{
    struct qv_error why = {0};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why.text, sizeof why.text, format, arguments);
    va_end(arguments);
    if (line == 0)
        return qv_fail(reading->error, status, "%s: %s", reading->name, why.text);
    return qv_fail(reading->error, status, "%s: line %ju: %s", reading->name, (uintmax_t)line, why.text);
}

int reading_out_of_memory(struct reading *reading)
{
    return qv_fail(reading->error, QV_ERR_UNAVAILABLE, "%s: out of memory", reading->name);
}

int reading_refuse(struct reading *reading, uint64_t line, const struct qv_error *why)
{
    if (!reading->to->bad_row)
        return reading_fail(reading, line, QV_ERR_DATA, "%s", why->text);
    reading->to->bad_row(reading->to->context, line, why);
    return QV_OK;
}

int reading_offer(struct reading *reading, uint64_t line, const struct qv_entry *entry)
{
    struct qv_error why = {0};
    if (qv_entry_check(entry, &why))
        return reading_refuse(reading, line, &why);
    return reading->to->sink(reading->to->context, entry, reading->error);
}

/* ---- what was passed over ------------------------------------------------------------------------------------------- */

#define SKIPS_MAX 200

struct skips {
    uint32_t count, last; /* the same thing often comes many times in a row */
    uint64_t others;
    struct {
        uint64_t rows;
        char what[80];
    } of[SKIPS_MAX];
};

static bool is_skip(const struct skips *skips, uint32_t i, const char *what)
{
    return strncmp(skips->of[i].what, what, sizeof skips->of[i].what - 1) == 0;
}

void reading_skip(struct reading *reading, const char *what)
{
    struct skips *skips = reading->skips;
    if (skips->last >= skips->count || !is_skip(skips, skips->last, what)) {
        for (skips->last = 0; skips->last < skips->count && !is_skip(skips, skips->last, what);)
            skips->last++;
        if (skips->last == SKIPS_MAX) {
            skips->others++;
            return;
        }
        if (skips->last == skips->count) {
            snprintf(skips->of[skips->last].what, sizeof skips->of[0].what, "%s", what);
            skips->count++;
        }
    }
    skips->of[skips->last].rows++;
}

static void tell_skips(const struct reading *reading)
{
    const struct skips *skips = reading->skips;
    if (!reading->to->skipped)
        return;
    for (uint32_t i = 0; i < skips->count; i++)
        reading->to->skipped(reading->to->context, shown(skips->of[i].what).text, skips->of[i].rows);
    if (skips->others)
        reading->to->skipped(reading->to->context, "others", skips->others);
}

/* ---- words ---------------------------------------------------------------------------------------------------------- */

/* Bytes from U+200E to U+2069 that turn the direction of a line or break it; E2 leads them all, and little else of use. */
static bool is_safe(const unsigned char *at, size_t size)
{
    if (size == 1)
        return at[0] >= 0x20 && at[0] < 0x7f;
    if (size == 2)
        return at[0] != 0xC2 || at[1] >= 0xA0;
    return size != 3 || at[0] != 0xE2 || (at[1] != 0x80 && at[1] != 0x81) || (at[1] == 0x80 && at[2] < 0x8E);
}

struct shown shown(const char *text)
{
    struct shown out = {0};
    size_t to = 0, size;
    for (const char *at = text; *at; at += size) {
        size = 1;
        while (size < 4 && ((unsigned char)at[size] & 0xC0) == 0x80)
            size++;
        bool is_text = qv_utf8_valid(at, size);
        if (!is_text)
            size = 1;
        if (to + size > sizeof out.text - sizeof "...") {
            memcpy(out.text + to, "...", 3);
            break;
        }
        if (is_text && is_safe((const unsigned char *)at, size)) {
            memcpy(out.text + to, at, size);
            to += size;
        } else {
            out.text[to++] = '?';
        }
    }
    return out;
}

static bool digits(const char *text, int count, int32_t *out)
{
    *out = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *out = *out * 10 + (text[i] - '0');
    }
    return true;
}

bool day_parse(const char *text, struct qv_entry *entry)
{
    return qv_date_parse(text, &entry->day);
}

bool clock_parse(const char *text, int32_t *second)
{
    int32_t h, m, s = 0;
    size_t length = strlen(text);
    if ((length != 5 && length != 8) || !digits(text, 2, &h) || text[2] != ':' || !digits(text + 3, 2, &m))
        return false;
    if (length == 8 && (text[5] != ':' || !digits(text + 6, 2, &s)))
        return false;
    if (h > 23 || m > 59 || s > 59)
        return false;
    *second = h * 3600 + m * 60 + s;
    return true;
}

bool offset_parse(const char *text, int32_t *offset_s)
{
    int32_t h, m;
    if (strcmp(text, "Z") == 0) {
        *offset_s = 0;
        return true;
    }
    if (strlen(text) != 6 || (text[0] != '+' && text[0] != '-') || !digits(text + 1, 2, &h) || text[3] != ':' ||
        !digits(text + 4, 2, &m) || m > 59 || h * 3600 + m * 60 > QV_OFFSET_MAX_S)
        return false;
    *offset_s = (text[0] == '-' ? -1 : 1) * (h * 3600 + m * 60);
    return true;
}

bool time_parse(const char *text, struct qv_entry *entry)
{
    char part[16];
    struct qv_entry parsed = *entry;
    parsed.second = QV_NO_SECOND;
    parsed.offset_s = QV_NO_OFFSET;
    size_t length = strlen(text);
    if (length < 10 || length > 25)
        return false;
    snprintf(part, sizeof part, "%.10s", text);
    if (!day_parse(part, &parsed))
        return false;
    text += 10;
    if (*text) {
        size_t clock = strspn(text + 1, "0123456789:");
        if ((*text != 'T' && *text != ' ') || clock >= sizeof part)
            return false;
        snprintf(part, sizeof part, "%.*s", (int)clock, text + 1);
        if (!clock_parse(part, &parsed.second))
            return false;
        text += 1 + clock;
        if (*text && !offset_parse(text, &parsed.offset_s))
            return false;
    }
    *entry = parsed;
    return true;
}

bool amount_parse(const char *text, double *out)
{
    char copy[sizeof(struct amount_text)];
    size_t length = strlen(text), at = text[0] == '-', whole = strspn(text + at, "0123456789"), fraction = 0;
    if (length >= sizeof copy)
        return false;
    at += whole;
    size_t point = at;
    if (text[at] == '.') {
        fraction = strspn(text + at + 1, "0123456789");
        at += 1 + fraction;
    }
    if (text[at] || whole + fraction == 0)
        return false;
    memcpy(copy, text, length + 1);
    if (copy[point]) /* strtod() wants the point of the locale that the program runs in */
        copy[point] = localeconv()->decimal_point[0];
    *out = strtod(copy, NULL);
    return true;
}

struct amount_text amount_format(double amount)
{
    assert(amount >= 0 && amount <= 1e9);
    struct amount_text out = {0};
    char scientific[40], kept[24];
    int precision = 15, exponent = 0;
    do { /* fifteen digits always fit a double, seventeen always tell it from its neighbours */
        snprintf(scientific, sizeof scientific, "%.*e", precision - 1, amount);
    } while (strtod(scientific, NULL) != amount && ++precision <= 17);

    int count = 0;
    const char *at = scientific;
    for (; *at && *at != 'e'; at++) { /* whatever the locale's point is, it is no digit */
        if (*at >= '0' && *at <= '9')
            kept[count++] = *at;
    }
    exponent = (int)strtol(at + 1, NULL, 10);
    while (count > 1 && kept[count - 1] == '0')
        count--;

    char *to = out.text;
    if (exponent < 0) {
        *to++ = '0';
        *to++ = '.';
        for (int zero = -1; zero > exponent; zero--)
            *to++ = '0';
    }
    for (int i = 0; i < count || i <= exponent; i++) {
        if (i == exponent + 1 && exponent >= 0)
            *to++ = '.';
        *to++ = i < count ? kept[i] : '0';
    }
    *to = 0;
    return out;
}

bool amount_read(const char *text, double *out, struct qv_error *why)
{
    if (amount_parse(text, out))
        return true;
    qv_fail(why, QV_ERR_DATA, "amount: found \"%s\", expected a number such as 3 or 0.5", shown(text).text);
    return false;
}

bool kind_parse(const char *kind, const char *unit, enum qv_entry_kind *out, struct qv_error *why)
{
    if (!qv_entry_kind_find(kind, out)) {
        char known[200] = "";
        for (unsigned k = 0, at = 0; k < QV_ENTRY_KIND_COUNT && at < sizeof known; k++)
            at += (unsigned)snprintf(known + at, sizeof known - at, "%s%s", k ? ", " : "",
                                     qv_entry_kind_info((enum qv_entry_kind)k)->id);
        qv_fail(why, QV_ERR_DATA, "kind: found \"%s\", expected one of %s", shown(kind).text, known);
        return false;
    }
    const struct qv_entry_kind_info *info = qv_entry_kind_info(*out);
    if (strcmp(unit, info->unit) != 0) {
        qv_fail(why, QV_ERR_DATA, "unit: found \"%s\", expected \"%s\", in which %s is given", shown(unit).text,
                info->unit, info->id);
        return false;
    }
    return true;
}

/* ---- which format --------------------------------------------------------------------------------------------------- */

static bool begins(const struct reading *reading, size_t at, const char *with)
{
    size_t length = strlen(with);
    return reading->end - at >= length && memcmp(reading->bytes + at, with, length) == 0;
}

/* The first line, however long the file's is. */
static int refuse_format(struct reading *reading)
{
    char line[80];
    size_t length = strcspn(reading->bytes + reading->begin, "\r\n");
    snprintf(line, sizeof line, "%.*s", length < sizeof line ? (int)length : (int)sizeof line - 1,
             reading->bytes + reading->begin);
    return reading_fail(
        reading, reading->line, QV_ERR_DATA,
        "found \"%s\", expected time,kind,amount,unit,note, or {\"quiver_diary\": 1, ...}, or an export of "
        "Apple Health (export.zip or export.xml) or of Bearable",
        shown(line).text);
}

static bool is_header(const struct reading *reading, const char *first)
{
    size_t at = reading->begin + (reading->bytes[reading->begin] == '"');
    return begins(reading, at, first) && strchr(",\"", reading->bytes[at + strlen(first)]);
}

static int tell_format(struct reading *reading, enum qv_diary_format *format)
{
    if (begins(reading, 0, "\xEF\xBB\xBF")) /* the byte order mark that spreadsheets put before UTF-8 */
        reading->begin = 3;
    if (begins(reading, 0, "\xFF\xFE") || begins(reading, 0, "\xFE\xFF"))
        return reading_fail(reading, 1, QV_ERR_DATA, "found text in UTF-16, expected UTF-8");

    size_t at = reading->begin + strspn(reading->bytes + reading->begin, " \t\r\n");
    if (begins(reading, 0, "PK\3\4") || begins(reading, 0, "PK\5\6") || begins(reading, at, "<?xml") ||
        begins(reading, at, "<!DOCTYPE") || begins(reading, at, "<HealthData"))
        *format = QV_DIARY_APPLE_HEALTH;
    else if (begins(reading, at, "{"))
        *format = QV_DIARY_JSON;
    else if (is_header(reading, "time"))
        *format = QV_DIARY_CSV;
    else if (is_header(reading, "date"))
        *format = QV_DIARY_BEARABLE;
    else
        return refuse_format(reading);
    return QV_OK;
}

static int read_as(struct reading *reading, enum qv_diary_format format)
{
    int status = QV_OK;
    switch (format) {
    case QV_DIARY_CSV:
        return read_csv(reading);
    case QV_DIARY_BEARABLE:
        return read_bearable(reading);
    case QV_DIARY_JSON:
        return read_json(reading);
    case QV_DIARY_APPLE_HEALTH:
        if (begins(reading, 0, "PK"))
            status = zip_open(reading);
        return status ? status : read_apple_health(reading);
    }
    return QV_ERR_BUG;
}

int diary_read_file(FILE *file, const char *name, const struct qv_diary_source *to, enum qv_diary_format *format,
                    struct qv_error *error)
{
    assert(to->sink);
    struct reading reading = {.name = name, .to = to, .error = error, .file = file, .line = 1};
    struct stat about;
    int descriptor = fileno(file);
    if (descriptor >= 0 && fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode))
        reading.of_bytes = (uint64_t)about.st_size;

    enum qv_diary_format found = QV_DIARY_CSV;
    reading.bytes = malloc(DIARY_BUFFER_BYTES + 1);
    reading.skips = calloc(1, sizeof *reading.skips);
    int status = reading.bytes && reading.skips ? reading_more(&reading) : reading_out_of_memory(&reading);
    if (!status)
        status = tell_format(&reading, &found);
    if (!status)
        status = read_as(&reading, found);
    if (!status) {
        tell_skips(&reading);
        if (format)
            *format = found;
    }
    zip_close(reading.member);
    free(reading.bytes);
    free(reading.skips);
    return status;
}

int qv_diary_read(const char *path, const struct qv_diary_source *to, enum qv_diary_format *format,
                  struct qv_error *error)
{
    if (strcmp(path, "-") == 0)
        return diary_read_file(stdin, "standard input", to, format, error);
    FILE *file = fopen(path, "rb");
    if (!file)
        return qv_fail(error, errno == ENOMEM ? QV_ERR_UNAVAILABLE : QV_ERR_NO_INPUT, "%s: %s", path, strerror(errno));
    int status = diary_read_file(file, path, to, format, error);
    fclose(file);
    return status;
}
