/* SPDX-License-Identifier: Apache-2.0 */
#include "entry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void say_clock(struct sheet *sheet, int32_t second)
{
    if (second != QV_NO_SECOND)
        sheet_sayf(sheet, "%02d:%02d", second / 3600, second / 60 % 60);
}

/* ---- days ---------------------------------------------------------------------------------------------------------- */

static const char *const weekdays[] = {"Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"};

static int weekday(int32_t day) /* 1970-01-01 was a Thursday */
{
    return (int)((day % 7 + 7) % 7);
}

const char *weekday_short(int32_t day)
{
    static const char *const words[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    return words[weekday(day)];
}

void say_date(struct sheet *sheet, int32_t day)
{
    static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                         "July",    "August",   "September", "October", "November", "December"};
    char date[11];
    qv_date_format(day, date);
    const long month = strtol(date + 5, NULL, 10), of_month = strtol(date + 8, NULL, 10);
    sheet_sayf(sheet, "%s %ld" TIE "%s %.4s", weekdays[weekday(day)], of_month, months[month - 1], date);
}

void say_when(struct sheet *sheet, const struct qv_entry *entry, int32_t today)
{
    char date[11];
    qv_date_format(entry->day, date);
    sheet_say(sheet, entry->day == today ? "today" : entry->day == today - 1 ? "yesterday" : date);
    if (entry->second != QV_NO_SECOND)
        sheet_say(sheet, " ");
    say_clock(sheet, entry->second);
}

/* "08:30", "08:30:15" */
static void write_clock(struct qv_json *json, int32_t second)
{
    char clock[16];
    const int hour = second / 3600 % 24, minute = second / 60 % 60, rest = second % 60;
    if (rest)
        snprintf(clock, sizeof clock, "%02d:%02d:%02d", hour, minute, rest);
    else
        snprintf(clock, sizeof clock, "%02d:%02d", hour, minute);
    qv_json_string(json, "time", clock);
}

static void write_offset(struct qv_json *json, int32_t offset_s)
{
    char offset[16] = "Z";
    const int minutes = abs(offset_s) / 60;
    if (offset_s)
        snprintf(offset, sizeof offset, "%c%02d:%02d", offset_s < 0 ? '-' : '+', minutes / 60 % 24, minutes % 60);
    qv_json_string(json, "offset", offset);
}

/* ---- amounts --------------------------------------------------------------------------------------------------------- */

void say_amount(struct sheet *sheet, enum qv_entry_kind kind, double amount)
{
    const double shown = round(amount * 100) / 100;
    const int minutes = (int)round(amount * 60) % 60, hours = (int)(round(amount * 60) / 60);
    switch (kind) {
    case QV_ENTRY_TWITCH:
        sheet_sayf(sheet, "%.10g", shown);
        break;
    case QV_ENTRY_STRESS:
    case QV_ENTRY_FATIGUE:
        sheet_sayf(sheet, "%.10g" TIE "of" TIE "10", shown);
        break;
    case QV_ENTRY_SLEEP:
        if (hours || !minutes)
            sheet_sayf(sheet, "%d" TIE "h", hours);
        if (minutes)
            sheet_sayf(sheet, "%s%d" TIE "min", hours ? TIE : "", minutes);
        break;
    default:
        sheet_sayf(sheet, "%.10g" TIE "%s", shown == 0 ? amount : shown, qv_entry_kind_info(kind)->unit);
    }
}

void say_note(struct sheet *sheet, const char *note)
{
    char words[QV_ENTRY_MAX_NOTE_BYTES + 1];
    snprintf(words, sizeof words, "%s", note ? note : "");
    for (char *c = words; *c; c++)
        *c = *c == '_' ? ' ' : *c;
    sheet_say(sheet, words);
}

void say_what(struct sheet *sheet, const struct qv_entry *entry)
{
    if (entry->kind == QV_ENTRY_MEDICINE) { /* its name is its note; a dose of 0 is one that was not said */
        say_note(sheet, entry->note);
        if (entry->amount > 0) {
            sheet_say(sheet, " ");
            say_amount(sheet, entry->kind, entry->amount);
        }
        return;
    }
    sheet_say(sheet, qv_entry_kind_info(entry->kind)->id);
    sheet_say(sheet, " ");
    say_amount(sheet, entry->kind, entry->amount);
}

void qv_json_entry(const struct qv_entry *entry, const char *key, struct qv_json *json)
{
    char day[11];
    qv_date_format(entry->day, day);
    qv_json_object(json, key);
    if (entry->id)
        qv_json_number(json, "id", (double)entry->id);
    qv_json_string(json, "day", day);
    if (entry->second != QV_NO_SECOND)
        write_clock(json, entry->second);
    if (entry->second != QV_NO_SECOND && entry->offset_s != QV_NO_OFFSET)
        write_offset(json, entry->offset_s);
    qv_json_string(json, "kind", qv_entry_kind_info(entry->kind)->id);
    qv_json_number(json, "amount", entry->amount);
    qv_json_string(json, "unit", qv_entry_kind_info(entry->kind)->unit);
    if (entry->note && *entry->note)
        qv_json_string(json, "note", entry->note);
    if (entry->source && *entry->source)
        qv_json_string(json, "source", entry->source);
    qv_json_object_end(json);
}

/* ---- deeds ------------------------------------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* What is in one thing stands together: "magnesium 31 mg, potassium 422 mg (Banana)". */
static bool goes_with(const struct qv_entry *a, const struct qv_entry *b)
{
    return a->note && *a->note && same_text(a->note, b->note) && a->kind != b->kind && a->day == b->day &&
           a->second == b->second && a->offset_s == b->offset_s && a->kind != QV_ENTRY_MEDICINE;
}

static void say_remark(struct sheet *sheet, const struct qv_log_remark *remark)
{
    if (remark->ahead)
        sheet_say(sheet, " (still to come)");
    if (remark->twice)
        sheet_say(sheet, " (which came twice that night; say +01:00 or the like behind it to tell which)");
}

/* Says the entries that go together, and returns how many they are. */
static uint32_t say_group(struct sheet *sheet, const struct qv_entry *entries, const struct qv_log_remark *remarks,
                          uint32_t count, int32_t today)
{
    uint32_t together = 1;
    say_what(sheet, &entries[0]);
    for (; together < count && goes_with(&entries[0], &entries[together]); together++) {
        sheet_say(sheet, ", ");
        say_what(sheet, &entries[together]);
    }
    if (entries[0].kind != QV_ENTRY_MEDICINE && entries[0].note && *entries[0].note) {
        sheet_say(sheet, " (");
        say_note(sheet, entries[0].note);
        sheet_say(sheet, ")");
    }
    sheet_say(sheet, ", ");
    say_when(sheet, &entries[0], today);
    if (remarks)
        say_remark(sheet, &remarks[0]);
    return together;
}

void qv_page_deed(const char *deed, const struct qv_entry *entries, const struct qv_log_remark *remarks, uint32_t count,
                  int32_t today, const struct qv_page_settings *settings, struct qv_text *text)
{
    struct sheet sheet;
    static const char undo[] = "Undo:" TIE "quiver" TIE "log" TIE "undo";
    sheet_begin(&sheet, NULL, settings, text);
    sheet_say_in(&sheet, STYLE_BOLD, deed);
    sheet_say(&sheet, " ");
    uint32_t at = count ? say_group(&sheet, entries, remarks, count, today) : 0;
    if (at == count) {
        sheet_sayf(&sheet, ". %s", undo);
        sheet_flush(&sheet, 0, 2);
    } else {
        sheet_flush(&sheet, 0, 4);
        while (at < count) {
            at += say_group(&sheet, entries + at, remarks ? remarks + at : NULL, count - at, today);
            sheet_flush(&sheet, 2, 4);
        }
        sheet_sayf(&sheet, "%s", undo);
        sheet_flush(&sheet, 0, 2);
    }
    sheet_end(&sheet);
}

void qv_page_undone(const struct qv_undone *undone, const struct qv_page_settings *settings, struct qv_text *text)
{
    struct sheet sheet;
    sheet_begin(&sheet, NULL, settings, text);
    sheet_say_in(&sheet, STYLE_BOLD, "Undone:");
    sheet_say(&sheet, " ");
    sheet_say(&sheet, undone->what);
    if (undone->entries > 1)
        sheet_sayf(&sheet, ", and %u more", undone->entries - 1);
    sheet_flush(&sheet, 0, 2);
    sheet_end(&sheet);
}

void qv_page_version(const struct qv_entry_version *version, int32_t today, const struct qv_page_settings *settings,
                     struct qv_text *text)
{
    struct sheet sheet;
    char date[11];
    const struct qv_clock at = qv_clock_at(version->at_us);
    sheet_begin(&sheet, NULL, settings, text);
    qv_date_format(at.day, date);
    sheet_sayf(&sheet, "%s" TIE "%02d:%02d", date, at.second / 3600, at.second / 60 % 60);
    sheet_say(&sheet, "  ");
    if (version->withdrawn)
        sheet_say(&sheet, "taken back");
    else
        (void)say_group(&sheet, &version->entry, NULL, 1, today);
    sheet_flush(&sheet, 2, 20);
    sheet_end(&sheet);
}
