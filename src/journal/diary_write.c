/* SPDX-License-Identifier: Apache-2.0 */
/* Diaries out: what is written here is what the readers read back. */
#include "diary.h"

#include <assert.h>
#include <stdlib.h>

struct clock_text {
    char text[12];
};

/* Seconds are left out where they are 0, as people write it. */
static struct clock_text clock_format(int32_t second)
{
    struct clock_text out;
    unsigned s = (unsigned)second;
    unsigned h = s / 3600 % 24, m = s / 60 % 60, rest = s % 60;
    if (rest)
        snprintf(out.text, sizeof out.text, "%02u:%02u:%02u", h, m, rest);
    else
        snprintf(out.text, sizeof out.text, "%02u:%02u", h, m);
    return out;
}

static struct clock_text offset_format(int32_t offset_s)
{
    struct clock_text out = {"Z"};
    unsigned minutes = (unsigned)abs(offset_s) / 60;
    if (offset_s)
        snprintf(out.text, sizeof out.text, "%c%02u:%02u", offset_s < 0 ? '-' : '+', minutes / 60 % 24, minutes % 60);
    return out;
}

/* ---- CSV ------------------------------------------------------------------------------------------------------------ */

static void add_field(struct qv_text *text, const char *field)
{
    if (!field[strcspn(field, ",\"\r\n")]) {
        qv_text_puts(text, field);
        return;
    }
    qv_text_puts(text, "\"");
    for (const char *quote; (quote = strchr(field, '"')); field = quote + 1) {
        qv_text_add(text, field, (size_t)(quote - field));
        qv_text_puts(text, "\"\"");
    }
    qv_text_puts(text, field);
    qv_text_puts(text, "\"");
}

static void write_csv_row(const struct qv_entry *entry, struct qv_text *text)
{
    const struct qv_entry_kind_info *kind = qv_entry_kind_info(entry->kind);
    char day[11];
    qv_date_format(entry->day, day);
    qv_text_puts(text, day);
    if (entry->second != QV_NO_SECOND) {
        qv_text_puts(text, "T");
        qv_text_puts(text, clock_format(entry->second).text);
        if (entry->offset_s != QV_NO_OFFSET)
            qv_text_puts(text, offset_format(entry->offset_s).text);
    }
    qv_text_printf(text, ",%s,%s,%s,", kind->id, amount_format(entry->amount).text, kind->unit);
    add_field(text, entry->note ? entry->note : "");
    qv_text_puts(text, "\n");
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------- */

static void write_json_row(const struct qv_entry *entry, struct qv_text *text)
{
    const struct qv_entry_kind_info *kind = qv_entry_kind_info(entry->kind);
    char day[11];
    qv_date_format(entry->day, day);
    struct qv_json json;
    qv_json_init(&json, text, 0);
    qv_json_object(&json, NULL);
    qv_json_string(&json, "day", day);
    if (entry->second != QV_NO_SECOND)
        qv_json_string(&json, "time", clock_format(entry->second).text);
    if (entry->second != QV_NO_SECOND && entry->offset_s != QV_NO_OFFSET)
        qv_json_string(&json, "offset", offset_format(entry->offset_s).text);
    qv_json_string(&json, "kind", kind->id);
    /* Not qv_json_number(), which keeps six digits after the point. */
    qv_json_plain_keyed(&json, "amount", strlen("amount"), amount_format(entry->amount).text);
    qv_json_string(&json, "unit", kind->unit);
    if (entry->note && *entry->note)
        qv_json_string(&json, "note", entry->note);
    if (entry->source && *entry->source)
        qv_json_string(&json, "source", entry->source);
    qv_json_object_end(&json);
}

/* ---- either --------------------------------------------------------------------------------------------------------- */

void qv_diary_write_begin(enum qv_diary_format format, struct qv_text *text)
{
    assert(format == QV_DIARY_CSV || format == QV_DIARY_JSON);
    qv_text_puts(text,
                 format == QV_DIARY_CSV ? "time,kind,amount,unit,note\n" : "{\"quiver_diary\": 1, \"entries\": [");
}

void qv_diary_write_row(enum qv_diary_format format, const struct qv_entry *entry, bool first, struct qv_text *text)
{
    assert(format == QV_DIARY_CSV || format == QV_DIARY_JSON);
    if (format == QV_DIARY_CSV) {
        write_csv_row(entry, text);
        return;
    }
    qv_text_puts(text, first ? "\n" : ",\n");
    write_json_row(entry, text);
}

void qv_diary_write_end(enum qv_diary_format format, struct qv_text *text)
{
    assert(format == QV_DIARY_CSV || format == QV_DIARY_JSON);
    if (format == QV_DIARY_JSON)
        qv_text_puts(text, "\n]}\n");
}
