/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CSV that the Bearable app exports. There is no description of it by its makers; docs/rooms/diaries.md says what was seen
 * in exports and in programs that read them. Two headers are known:
 *
 *   date,weekday,time of day,category,rating/amount,detail,notes                     (2021; the date is "22nd Sep 2020")
 *   date,date formatted,weekday,time of day,category,rating/amount,detail,notes     (2023 on; the second is 2020-09-22)
 *
 * Columns are found by name. A row becomes an entry only where it says what an entry says; the rest is counted by category.
 */
#include "csv.h"
#include "diary.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const columns[] = {"date", "date formatted", "time of day", "category", "rating/amount", "detail"};
enum { COLUMN_DATE, COLUMN_ISO_DATE, COLUMN_TIME, COLUMN_CATEGORY, COLUMN_AMOUNT, COLUMN_DETAIL, COLUMN_COUNT };

struct header {
    unsigned count;
    int at[COLUMN_COUNT]; /* -1: not there */
};

static int read_header(struct reading *reading, struct header *header)
{
    struct csv_record record;
    bool there;
    int status = csv_next(reading, &record, &there);
    if (status)
        return status;
    header->count = there ? record.count : 0;
    for (int c = 0; c < COLUMN_COUNT; c++) {
        header->at[c] = -1;
        for (unsigned i = 0; i < header->count && i < CSV_MAX_FIELDS; i++) {
            if (strcmp(record.fields[i], columns[c]) == 0)
                header->at[c] = (int)i;
        }
        if (header->at[c] < 0 && c != COLUMN_ISO_DATE)
            return reading_fail(
                reading, there ? record.line : 1, QV_ERR_DATA,
                "found no column \"%s\", expected time,kind,amount,unit,note or the columns of Bearable", columns[c]);
    }
    return QV_OK;
}

/* ---- parts of a row ------------------------------------------------------------------------------------------------- */

/* "22nd Sep 2020" */
static bool spoken_date_parse(const char *text, int32_t *day)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    unsigned d, year;
    char ending[3], month[4], iso[40];
    int end = 0;
    if (sscanf(text, "%2u%2[a-z] %3[A-Za-z] %4u%n", &d, ending, month, &year, &end) != 4 || text[end])
        return false;
    const char *found = strlen(month) == 3 ? strstr(months, month) : NULL;
    if (!found || (found - months) % 3)
        return false;
    snprintf(iso, sizeof iso, "%04u-%02u-%02u", year, (unsigned)(found - months) / 3 + 1, d);
    return qv_date_parse(iso, day);
}

/* "8:45", "2:45" or "15:46"; hours up to 23. */
static bool hours_minutes_parse(const char *text, int32_t *second)
{
    char padded[8];
    snprintf(padded, sizeof padded, "%s%.6s", text[0] && text[1] == ':' ? "0" : "", text);
    return strlen(text) <= 5 && clock_parse(padded, second);
}

/* "Lip twitching (Mild)": what and, between the last brackets, how much. */
struct detail {
    char what[QV_ENTRY_MAX_NOTE_BYTES + 1], unit[32];
};

static bool split_detail(const char *text, struct detail *out)
{
    const char *open = strrchr(text, '(');
    size_t what = open ? (size_t)(open - text) : strlen(text), length = open ? strlen(open) : 0;
    while (what && text[what - 1] == ' ')
        what--;
    if (what == 0 || what >= sizeof out->what ||
        (open && (length < 3 || length - 2 >= sizeof out->unit || open[length - 1] != ')')))
        return false;
    snprintf(out->what, sizeof out->what, "%.*s", (int)what, text);
    snprintf(out->unit, sizeof out->unit, "%.*s", open ? (int)length - 2 : 0, open ? open + 1 : "");
    return true;
}

/* ---- what becomes an entry ------------------------------------------------------------------------------------------ */

enum outcome { OUTCOME_ENTRY, OUTCOME_SKIP, OUTCOME_BAD };

static enum outcome bad(struct qv_error *why, const char *what, const char *found, const char *expected)
{
    qv_fail(why, QV_ERR_DATA, "%s: found \"%s\", expected %s", what, shown(found).text, expected);
    return OUTCOME_BAD;
}

/* "7:30", "Asleep 03:30 - 11:00. In bed 01:30 - 11:00": the night that ended on this day. */
static enum outcome read_sleep(const char *amount, const char *detail, struct qv_entry *entry, struct qv_error *why)
{
    int32_t slept_s, from_h, from_m, to_h, to_m;
    if (!hours_minutes_parse(amount, &slept_s))
        return bad(why, "rating/amount", amount, "hours and minutes such as 7:30");
    entry->kind = QV_ENTRY_SLEEP;
    entry->amount = round(slept_s / 3600.0 * 1e6) / 1e6;
    entry->second = QV_NO_SECOND;
    if (sscanf(detail, "Asleep %2d:%2d - %2d:%2d", &from_h, &from_m, &to_h, &to_m) == 4 && to_h >= 0 && to_h < 24 &&
        to_m >= 0 && to_m < 60)
        entry->second = to_h * 3600 + to_m * 60;
    return OUTCOME_ENTRY;
}

/* The amount is the dose: "600", "Ibuprofen (mg)". What has the name of a kind of its own is of that kind. */
static enum outcome read_medicine(const char *amount, const struct detail *detail, struct qv_entry *entry,
                                  struct qv_error *why)
{
    static const struct {
        const char *unit;
        double mg;
    } units[] = {{"mg", 1}, {"g", 1000}, {"mcg", 0.001}};
    size_t u = 0, count = sizeof units / sizeof *units;
    while (u < count && strcmp(units[u].unit, detail->unit) != 0)
        u++;
    if (u == count)
        return bad(why, "detail", detail->unit, "mg, mcg or g");
    if (!amount_read(amount, &entry->amount, why))
        return OUTCOME_BAD;
    entry->amount = round(entry->amount * units[u].mg * 1e6) / 1e6;

    static const enum qv_entry_kind own[] = {QV_ENTRY_CAFFEINE, QV_ENTRY_MAGNESIUM, QV_ENTRY_POTASSIUM};
    entry->kind = QV_ENTRY_MEDICINE;
    entry->note = detail->what;
    for (size_t k = 0; k < sizeof own / sizeof *own; k++) {
        if (strcasecmp(detail->what, qv_entry_kind_info(own[k])->id) == 0) {
            entry->kind = own[k];
            entry->note = NULL;
        }
    }
    return OUTCOME_ENTRY;
}

/*
 * Symptoms have a severity from 1 (mild) to 4 (unbearable) for a part of the day. For stress and fatigue it is stretched to 0…10.
 * Of a twitch it says nothing of how many: such a row is one, and the note keeps what it said.
 */
static enum outcome read_symptom(const char *amount, const char *text, const struct detail *detail,
                                 struct qv_entry *entry, struct qv_error *why)
{
    static const enum qv_entry_kind scores[] = {QV_ENTRY_STRESS, QV_ENTRY_FATIGUE};
    double severity;
    bool is_twitch = strcasestr(detail->what, qv_entry_kind_info(QV_ENTRY_TWITCH)->id), is_known = is_twitch;
    entry->kind = QV_ENTRY_TWITCH;
    for (size_t k = 0; k < sizeof scores / sizeof *scores; k++) {
        if (strcasecmp(detail->what, qv_entry_kind_info(scores[k])->id) == 0) {
            entry->kind = scores[k];
            is_known = true;
        }
    }
    if (!is_known)
        return OUTCOME_SKIP;
    if (!amount_parse(amount, &severity) || !(severity >= 0 && severity <= 4))
        return bad(why, "rating/amount", amount, "a severity from 0 to 4");
    entry->amount = entry->kind == QV_ENTRY_TWITCH ? severity > 0 : severity * 10 / 4;
    entry->note = text;
    return OUTCOME_ENTRY;
}

static enum outcome read_row(const struct header *header, const struct csv_record *row, struct detail *detail,
                             struct qv_entry *entry, struct qv_error *why)
{
    const char *fields[COLUMN_COUNT] = {""};
    for (int c = 0; c < COLUMN_COUNT; c++) {
        if (header->at[c] >= 0)
            fields[c] = row->fields[header->at[c]];
    }
    const char *category = fields[COLUMN_CATEGORY], *amount = fields[COLUMN_AMOUNT];
    *entry = (struct qv_entry){.second = QV_NO_SECOND, .offset_s = QV_NO_OFFSET, .source = "bearable"};
    enum outcome outcome = OUTCOME_SKIP;
    bool has_detail = split_detail(fields[COLUMN_DETAIL], detail);
    if (strcmp(category, "Sleep") == 0)
        outcome = read_sleep(amount, fields[COLUMN_DETAIL], entry, why);
    else if (strcmp(category, "Meds/Supplements") == 0)
        outcome = has_detail ? read_medicine(amount, detail, entry, why)
                             : bad(why, "detail", fields[COLUMN_DETAIL], "a name and a unit such as (mg)");
    else if (strcmp(category, "Symptom") == 0 && has_detail)
        outcome = read_symptom(amount, fields[COLUMN_DETAIL], detail, entry, why);
    if (outcome != OUTCOME_ENTRY)
        return outcome;

    bool is_iso = header->at[COLUMN_ISO_DATE] >= 0 && qv_date_parse(fields[COLUMN_ISO_DATE], &entry->day);
    if (!is_iso && !spoken_date_parse(fields[COLUMN_DATE], &entry->day))
        return bad(why, "date", fields[COLUMN_DATE], "a date such as 22nd Sep 2020");
    /* "am", "all day" and their like are no time of day. */
    int32_t second;
    if (entry->second == QV_NO_SECOND && hours_minutes_parse(fields[COLUMN_TIME], &second))
        entry->second = second;
    return OUTCOME_ENTRY;
}

int read_bearable(struct reading *reading)
{
    struct header header;
    struct detail detail;
    int status = read_header(reading, &header);
    while (!status) {
        struct csv_record row;
        bool there;
        status = csv_next(reading, &row, &there);
        if (status || !there)
            break;
        struct qv_entry entry;
        struct qv_error why = {0};
        if (row.count != header.count) {
            qv_fail(&why, QV_ERR_DATA, "found %u columns, expected %u as in the first line", row.count, header.count);
            status = reading_refuse(reading, row.line, &why);
            continue;
        }
        switch (read_row(&header, &row, &detail, &entry, &why)) {
        case OUTCOME_ENTRY:
            status = reading_offer(reading, row.line, &entry);
            break;
        case OUTCOME_SKIP:
            reading_skip(reading, row.fields[header.at[COLUMN_CATEGORY]]);
            break;
        case OUTCOME_BAD:
            status = reading_refuse(reading, row.line, &why);
            break;
        }
    }
    return status;
}
