/* SPDX-License-Identifier: Apache-2.0 */
/* A day of the diary on one screen: a line a kind, what is not known of it, and the twitches of the week. */
#include "entry.h"

#include <math.h>

#define INDENT 2
#define LABEL_COLUMNS 12
#define AMOUNT_COLUMNS 12
#define DETAILS_MAX 8 /* of one kind, unless all is asked for */

static void say_label(struct sheet *sheet, const char *label)
{
    sheet_style(sheet, STYLE_DIM);
    sheet_say_padded(sheet, label, LABEL_COLUMNS);
    sheet_style(sheet, STYLE_NORMAL);
}

static bool is_narrow(const struct sheet *sheet)
{
    return sheet->columns < 60;
}

/* "08:30 3 left", "08:30 2 × Filter coffee, mug (280 mg)", "08:30 sertraline 50 mg" */
static void say_detail(struct sheet *sheet, const struct qv_day *day, const struct qv_entry *entry)
{
    const bool alone = day->counts[entry->kind] == 1, noted = entry->note && *entry->note;
    say_clock(sheet, entry->second);
    if (entry->second != QV_NO_SECOND && (!alone || noted))
        sheet_sayf(sheet, TIE);
    if (entry->kind == QV_ENTRY_MEDICINE) {
        say_what(sheet, entry);
        return;
    }
    const bool first = !alone && (entry->kind == QV_ENTRY_TWITCH || !noted);
    if (first)
        say_amount(sheet, entry->kind, entry->amount);
    sheet_say(sheet, first && noted ? " " : "");
    say_note(sheet, entry->note);
    if (!alone && !first) {
        sheet_say(sheet, " (");
        say_amount(sheet, entry->kind, entry->amount);
        sheet_say(sheet, ")");
    }
}

/* The amount of the day, padded, since details follow in columns. */
static void say_amount_padded(struct sheet *sheet, enum qv_entry_kind kind, double amount)
{
    sheet_style(sheet, STYLE_BOLD);
    const size_t from = sheet->paragraph.length;
    say_amount(sheet, kind, amount);
    const char *bytes = sheet->paragraph.bytes ? sheet->paragraph.bytes + from : "";
    const size_t columns = qv_utf8_columns(bytes, strlen(bytes));
    sheet_style(sheet, STYLE_NORMAL);
    for (size_t i = columns; i < AMOUNT_COLUMNS; i++)
        sheet_say(sheet, " ");
}

static bool has_details(const struct qv_day *day, const struct qv_entry *entry)
{
    return day->counts[entry->kind] > 1 || entry->second != QV_NO_SECOND || (entry->note && *entry->note);
}

static void say_kind(struct sheet *sheet, const struct qv_day *day, enum qv_entry_kind kind)
{
    const unsigned rest = is_narrow(sheet) ? INDENT + 2 : INDENT + LABEL_COLUMNS + AMOUNT_COLUMNS;
    say_label(sheet, qv_entry_kind_info(kind)->id);
    if (kind != QV_ENTRY_MEDICINE) /* doses of different medicines are not added up for people */
        say_amount_padded(sheet, kind, day->amounts[kind]);
    uint32_t said = 0;
    for (uint32_t i = 0; i < day->entry_count && said < DETAILS_MAX; i++) {
        const struct qv_entry *entry = &day->entries[i];
        if (entry->kind != kind || !has_details(day, entry))
            continue;
        if (said == 0 && is_narrow(sheet))
            sheet_flush(sheet, INDENT, rest);
        sheet_say(sheet, said++ ? (sheet->plain ? "; " : " · ") : "");
        say_detail(sheet, day, entry);
    }
    if (said == DETAILS_MAX && day->counts[kind] > said)
        sheet_sayf(sheet, " and %u more", day->counts[kind] - said);
    sheet_flush(sheet, said && is_narrow(sheet) ? rest : INDENT, rest);
}

static void say_not_known(struct sheet *sheet, const struct qv_day *day)
{
    bool first = true;
    for (unsigned kind = 0; kind < QV_ENTRY_KIND_COUNT; kind++) {
        if (day->counts[kind] || kind == QV_ENTRY_MEDICINE || kind == QV_ENTRY_RELIEF)
            continue;
        if (first)
            say_label(sheet, "not known");
        sheet_say(sheet, first ? "" : ", ");
        sheet_say(sheet, qv_entry_kind_info((enum qv_entry_kind)kind)->id);
        first = false;
    }
    if (!first)
        sheet_flush(sheet, INDENT, is_narrow(sheet) ? INDENT + 2 : INDENT + LABEL_COLUMNS);
}

static void say_week(struct sheet *sheet, const struct qv_day *day)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    double most = 1;
    bool any = false;
    for (int i = 0; i < QV_DAY_WEEK; i++) {
        any |= isfinite(day->week[i]);
        most = day->week[i] > most ? day->week[i] : most;
    }
    if (!any)
        return;
    sheet_blank(sheet);
    say_label(sheet, "twitches");
    for (int i = 0; i < QV_DAY_WEEK; i++) {
        const double twitches = day->week[i];
        sheet_say(sheet, i ? "  " : "");
        sheet_style(sheet, STYLE_DIM);
        sheet_say(sheet, weekday_short(day->day - QV_DAY_WEEK + 1 + i));
        sheet_style(sheet, STYLE_NORMAL);
        if (isnan(twitches)) {
            sheet_sayf(sheet, TIE "%s", sheet->plain ? "-" : "–");
            continue;
        }
        if (!sheet->plain)
            sheet_sayf(sheet, TIE "%s", blocks[(int)round(7 * twitches / most)]);
        sheet_sayf(sheet, TIE "%.10g", twitches);
    }
    sheet_flush(sheet, INDENT, is_narrow(sheet) ? INDENT + 2 : INDENT + LABEL_COLUMNS);
}

/* Each entry with its number, by which it is revised. */
static void say_entries(struct sheet *sheet, const struct qv_day *day)
{
    sheet_heading(sheet, "Entries", NULL);
    for (uint32_t i = 0; i < day->entry_count; i++) {
        const struct qv_entry *entry = &day->entries[i];
        sheet_style(sheet, STYLE_DIM);
        sheet_sayf(sheet, "%8lld  ", (long long)entry->id);
        sheet_style(sheet, STYLE_NORMAL);
        say_what(sheet, entry);
        if (entry->kind != QV_ENTRY_MEDICINE && entry->note && *entry->note) {
            sheet_say(sheet, " (");
            say_note(sheet, entry->note);
            sheet_say(sheet, ")");
        }
        sheet_say(sheet, ", ");
        say_when(sheet, entry, day->today);
        sheet_flush(sheet, 0, 10);
    }
}

void qv_page_day(const struct qv_day *day, const struct qv_page_settings *settings, struct qv_text *text)
{
    struct sheet sheet;
    sheet_begin(&sheet, NULL, settings, text);
    sheet_style(&sheet, STYLE_BOLD);
    sheet_say(&sheet, day->day == day->today ? "Today, " : day->day == day->today - 1 ? "Yesterday, " : "");
    say_date(&sheet, day->day);
    sheet_style(&sheet, STYLE_NORMAL);
    sheet_flush(&sheet, 0, 2);
    sheet_blank(&sheet);
    for (unsigned kind = 0; kind < QV_ENTRY_KIND_COUNT; kind++) {
        if (day->counts[kind])
            say_kind(&sheet, day, (enum qv_entry_kind)kind);
    }
    if (day->entry_count)
        say_not_known(&sheet, day);
    else
        sheet_line(&sheet, INDENT, INDENT, STYLE_NORMAL, "Nothing is noted yet. Such as: quiver log twitch 3 left");
    say_week(&sheet, day);
    if (settings->full && day->entry_count)
        say_entries(&sheet, day);
    sheet_end(&sheet);
}
