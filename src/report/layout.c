/* SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PARAGRAPH_MAX_BYTES ((size_t)1 << 20)
#define SHEET_MAX_BYTES ((size_t)16 << 20)

static const char *const ansi_of[STYLE_END] = {
    [STYLE_NORMAL] = "",
    [STYLE_BOLD] = "\033[1m",
    [STYLE_DIM] = "\033[2m",
    [STYLE_SELF_CARE] = "\033[1;32m",
    [STYLE_ROUTINE] = "\033[1;36m",
    [STYLE_URGENT] = "\033[1;33m",
    [STYLE_EMERGENCY] = "\033[1;31m",
    [STYLE_ALARM] = "\033[1;97;41m",
};
#define ANSI_RESET "\033[0m"

void sheet_begin(struct sheet *sheet, const struct qv_knowledge *knowledge, const struct qv_page_settings *settings,
                 struct qv_text *text)
{
    unsigned columns = settings->columns ? settings->columns : 80;
    *sheet = (struct sheet){.text = text,
                            .knowledge = knowledge,
                            .settings = settings,
                            .columns = columns < 40    ? 40
                                       : columns > 200 ? 200
                                                       : columns,
                            .colour = settings->colour && !settings->plain,
                            .plain = settings->plain,
                            .arena = qv_arena_create(SHEET_MAX_BYTES)};
    qv_text_init(&sheet->paragraph, PARAGRAPH_MAX_BYTES);
    const uint32_t sources = knowledge ? knowledge->facts->source_count : 0;
    sheet->number_of = sheet_alloc(sheet, sources, sizeof *sheet->number_of);
    sheet->cited = sheet_alloc(sheet, sources, sizeof *sheet->cited);
}

void sheet_end(struct sheet *sheet)
{
    if (sheet->paragraph.failed)
        sheet->text->failed = true;
    qv_text_finish(&sheet->paragraph);
    qv_arena_destroy(sheet->arena);
}

void *sheet_alloc(struct sheet *sheet, size_t count, size_t size)
{
    void *memory = sheet->arena ? qv_arena_alloc(sheet->arena, count ? count : 1, size) : NULL;
    if (!memory)
        sheet->text->failed = true;
    return memory;
}

/* ---- composing ------------------------------------------------------------------------------------------------- */

void sheet_style(struct sheet *sheet, enum style style)
{
    char marker = (char)style;
    qv_text_add(&sheet->paragraph, &marker, 1);
}

/*
 * The length of a sequence that must not reach a terminal from outside, or 0: C0 and C1 controls, DEL, and the Unicode
 * characters that turn the direction of writing (U+202A…E, U+2066…9), which can make a line read as another.
 */
static size_t harmful(const unsigned char *at)
{
    if (at[0] < 0x20 || at[0] == 0x7f)
        return 1;
    if (at[0] == 0xC2 && at[1] >= 0x80 && at[1] <= 0x9F)
        return 2;
    if (at[0] == 0xE2 && at[1] == 0x80 && at[2] >= 0xAA && at[2] <= 0xAE)
        return 3;
    if (at[0] == 0xE2 && at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9)
        return 3;
    return 0;
}

static void say_bytes(struct sheet *sheet, const char *words, size_t length)
{
    size_t run = 0;
    for (size_t i = 0; i < length;) {
        size_t skip = harmful((const unsigned char *)words + i);
        if (!skip) {
            i++;
            continue;
        }
        qv_text_add(&sheet->paragraph, words + run, i - run);
        qv_text_add(&sheet->paragraph, " ", 1);
        i += skip;
        run = i;
    }
    if (run < length)
        qv_text_add(&sheet->paragraph, words + run, length - run);
}

void sheet_say(struct sheet *sheet, const char *words)
{
    if (words)
        say_bytes(sheet, words, strlen(words));
}

void sheet_say_in(struct sheet *sheet, enum style style, const char *words)
{
    sheet_style(sheet, style);
    sheet_say(sheet, words);
    sheet_style(sheet, STYLE_NORMAL);
}

void sheet_say_first_sentence(struct sheet *sheet, const char *words)
{
    if (!words)
        return;
    const char *stop = words;
    do {
        stop += strcspn(stop, ".?");
        stop += *stop != 0;
    } while (*stop && *stop != ' ');
    say_bytes(sheet, words, (size_t)(stop - words));
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

void sheet_say_small(struct sheet *sheet, const char *words)
{
    if (!words)
        return;
    bool is_word = is_capital(words[0]) && words[1] >= 'a' && words[1] <= 'z';
    if (!is_word) {
        sheet_say(sheet, words);
        return;
    }
    char first = (char)(words[0] - 'A' + 'a');
    qv_text_add(&sheet->paragraph, &first, 1);
    sheet_say(sheet, words + 1);
}

void sheet_say_sentence(struct sheet *sheet, const char *words)
{
    if (!words || !*words)
        return;
    char first = words[0];
    if (first >= 'a' && first <= 'z')
        first = (char)(first - 'a' + 'A');
    say_bytes(sheet, &first, 1);
    sheet_say(sheet, words + 1);
    if (!strchr(".?!", words[strlen(words) - 1]))
        sheet_say(sheet, ".");
}

void sheet_say_before_bracket(struct sheet *sheet, const char *words)
{
    const char *bracket = strstr(words, " (");
    if (bracket && bracket > words)
        say_bytes(sheet, words, (size_t)(bracket - words));
    else
        sheet_say(sheet, words);
}

void sheet_say_id(struct sheet *sheet, const char *id)
{
    for (const char *at = id; *at;) {
        size_t part = strcspn(at, "_");
        say_bytes(sheet, at, part);
        at += part;
        if (*at) {
            qv_text_add(&sheet->paragraph, " ", 1);
            at++;
        }
    }
}

static void say_spaces(struct sheet *sheet, size_t count)
{
    for (size_t i = 0; i < count; i++)
        qv_text_add(&sheet->paragraph, " ", 1);
}

void sheet_say_padded(struct sheet *sheet, const char *words, unsigned width)
{
    size_t columns = words ? qv_utf8_columns(words, strlen(words)) : 0;
    sheet_say(sheet, words);
    say_spaces(sheet, columns < width ? width - columns : 1);
}

void sheet_sayf(struct sheet *sheet, const char *format, ...)
{
    char words[160];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    if (length > 0)
        qv_text_puts(&sheet->paragraph, words);
}

void sheet_say_words(struct sheet *sheet, const struct qv_words *words)
{
    for (uint32_t i = 0; i < words->count; i++) {
        sheet_say(sheet, i ? ", " : "");
        sheet_say(sheet, words->at[i]);
    }
}

void sheet_say_percent(struct sheet *sheet, double share)
{
    if (share < 0.01)
        sheet_sayf(sheet, "under 1" TIE "%%");
    else if (share >= 0.995 && share < 1)
        sheet_sayf(sheet, "over 99" TIE "%%");
    else
        sheet_sayf(sheet, "%.0f" TIE "%%", share * 100);
}

void sheet_say_interval(struct sheet *sheet, double low, double high)
{
    sheet_sayf(sheet, sheet->plain ? "(%.0f to %.0f" TIE "%%)" : "(%.0f–%.0f" TIE "%%)", low * 100, high * 100);
}

void sheet_say_rate(struct sheet *sheet, double rate)
{
    double percent = rate * 100;
    int places = percent >= 9.95 || percent == floor(percent) ? 0 : percent >= 0.095 ? 1 : 2;
    sheet_sayf(sheet, "%.*f" TIE "%%", places, percent);
}

void sheet_say_decibans(struct sheet *sheet, double decibans)
{
    sheet_sayf(sheet, "%+.1f" TIE "dB", decibans);
}

static bool is_marker(char c)
{
    return c > 0 && c < STYLE_END;
}

static unsigned word_columns(const char *word, size_t length)
{
    size_t columns = qv_utf8_columns(word, length);
    for (size_t i = 0; i < length; i++)
        columns -= is_marker(word[i]);
    return (unsigned)columns;
}

void sheet_bar(struct sheet *sheet, double share, unsigned width)
{
    if (sheet->plain)
        return;
    double cells = share * width;
    unsigned full = cells < 0.5 ? (share > 0.01) : (unsigned)lround(fmin(cells, width));
    for (unsigned i = 0; i < width; i++) {
        if (i == full)
            sheet_style(sheet, STYLE_DIM);
        qv_text_puts(&sheet->paragraph, i < full ? "█" : "░");
    }
    sheet_style(sheet, STYLE_NORMAL);
}

/* The number of a source on this page; the next one when it has none yet. 0: no such source. */
static unsigned source_number(struct sheet *sheet, const char *id)
{
    const struct qv_source *source = qv_knowledge_source(sheet->knowledge, id);
    if (!source || !sheet->number_of || !sheet->cited)
        return 0;
    size_t index = (size_t)(source - sheet->knowledge->facts->sources);
    if (!sheet->number_of[index]) {
        sheet->cited[sheet->cited_count++] = (uint16_t)index;
        sheet->number_of[index] = (uint16_t)sheet->cited_count;
    }
    return sheet->number_of[index];
}

void sheet_cite(struct sheet *sheet, const struct qv_words *sources)
{
    if (!sources || !sources->count)
        return;
    if (sheet->paragraph.length)
        sheet_say(sheet, " ");
    sheet_style(sheet, STYLE_DIM);
    for (uint32_t i = 0; i < sources->count; i++)
        sheet_sayf(sheet, i ? ", %u" : "[%u", source_number(sheet, sources->at[i]));
    sheet_say(sheet, "]");
    sheet_style(sheet, STYLE_NORMAL);
}

static void say_count(struct sheet *sheet, double count, const char *unit)
{
    if (fabs(count - round(count)) < 0.05)
        sheet_sayf(sheet, "%.0f" TIE "%s%s", count, unit, round(count) == 1 ? "" : "s");
    else
        sheet_sayf(sheet, "%.1f" TIE "%ss", count, unit);
}

void sheet_say_days(struct sheet *sheet, double days)
{
    if (days > 0 && days < 1)
        say_count(sheet, days * 24, "hour");
    else if (days < 14 || (days < 60 && fmod(days, 7) != 0))
        say_count(sheet, days, "day");
    else if (days < 60)
        say_count(sheet, days / 7, "week");
    else if (days < 365)
        say_count(sheet, round(days / 30.4375), "month");
    else
        say_count(sheet, round(days / 36.525) / 10, "year");
}

void sheet_say_within(struct sheet *sheet, const char *duration)
{
    static const struct {
        const char *form, *words;
    } known[] = {{"PT0S", "now"},
                 {"PT1H", "within an hour"},
                 {"P1D", "within a day"},
                 {"P7D", "within a week"},
                 {"P14D", "within two weeks"}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(duration, known[i].form) == 0) {
            sheet_say(sheet, known[i].words);
            return;
        }
    }
    unsigned count;
    char unit, after;
    if (sscanf(duration, "PT%3u%c%c", &count, &unit, &after) == 2 && (unit == 'H' || unit == 'M'))
        sheet_sayf(sheet, "within %u" TIE "%s", count, unit == 'H' ? "hours" : "minutes");
    else if (sscanf(duration, "P%3u%c%c", &count, &unit, &after) == 2 && (unit == 'D' || unit == 'W'))
        sheet_sayf(sheet, "within %u" TIE "%s", count, unit == 'D' ? "days" : "weeks");
    else
        sheet_say(sheet, duration);
}

/* ---- laying down ----------------------------------------------------------------------------------------------- */

/* Where the pen is while a paragraph is laid down. */
struct pen {
    struct sheet *sheet;
    unsigned column, rest;
    size_t pending_spaces;
    enum style style;
};

static void put(struct sheet *sheet, const char *bytes)
{
    qv_text_puts(sheet->text, bytes);
}

static void put_style(const struct pen *pen)
{
    if (pen->sheet->colour)
        put(pen->sheet, ansi_of[pen->style]);
}

static void change_style(struct pen *pen, enum style style)
{
    if (pen->style != STYLE_NORMAL && pen->sheet->colour)
        put(pen->sheet, ANSI_RESET);
    pen->style = style;
    put_style(pen);
}

static void begin_line(struct pen *pen, unsigned indent)
{
    struct sheet *sheet = pen->sheet;
    if (sheet->gutter) {
        put(sheet, sheet->colour ? ansi_of[sheet->gutter_style] : "");
        put(sheet, sheet->gutter);
        put(sheet, sheet->colour ? ANSI_RESET : "");
    }
    for (unsigned i = 0; i < indent; i++)
        put(sheet, " ");
    pen->column = indent + (sheet->gutter ? (unsigned)qv_utf8_columns(sheet->gutter, strlen(sheet->gutter)) : 0);
    pen->pending_spaces = 0;
    put_style(pen);
}

/* The ground of an alarm covers its lines up to the edge. */
static void fill_alarm(const struct pen *pen)
{
    if (pen->style != STYLE_ALARM || !pen->sheet->colour)
        return;
    for (unsigned column = pen->column; column < pen->sheet->columns; column++)
        put(pen->sheet, " ");
}

static void break_line(struct pen *pen)
{
    fill_alarm(pen);
    if (pen->style != STYLE_NORMAL && pen->sheet->colour)
        put(pen->sheet, ANSI_RESET);
    put(pen->sheet, "\n");
    begin_line(pen, pen->rest);
}

/* One character (or style marker) of a word. A word longer than a line is broken where the line ends. */
static void put_character(struct pen *pen, char c)
{
    if (is_marker(c)) {
        change_style(pen, (enum style)c);
        return;
    }
    bool begins_character = ((unsigned char)c & 0xC0) != 0x80;
    if (begins_character && pen->column >= pen->sheet->columns)
        break_line(pen);
    if (c == TIE[0])
        c = ' ';
    qv_text_add(pen->sheet->text, &c, 1);
    pen->column += begins_character;
}

static void put_word(struct pen *pen, const char *word, size_t length)
{
    unsigned width = word_columns(word, length);
    if (pen->pending_spaces) {
        if (pen->column + pen->pending_spaces + width > pen->sheet->columns && width) {
            break_line(pen);
        } else if (width) {
            pen->column += (unsigned)pen->pending_spaces;
            for (; pen->pending_spaces; pen->pending_spaces--)
                put(pen->sheet, " ");
        }
    }
    for (size_t i = 0; i < length; i++)
        put_character(pen, word[i]);
}

static void lay_down(struct pen *pen)
{
    struct sheet *sheet = pen->sheet;
    const char *at = sheet->paragraph.bytes ? sheet->paragraph.bytes : "";
    while (*at) {
        size_t spaces = strspn(at, " ");
        pen->pending_spaces += spaces;
        at += spaces;
        size_t length = strcspn(at, " ");
        if (length)
            put_word(pen, at, length);
        at += length;
    }
    fill_alarm(pen);
    if (pen->style != STYLE_NORMAL && sheet->colour)
        put(sheet, ANSI_RESET);
    put(sheet, "\n");
    if (sheet->paragraph.failed)
        sheet->text->failed = true;
    else
        qv_text_clear(&sheet->paragraph);
}

void sheet_flush(struct sheet *sheet, unsigned first, unsigned rest)
{
    struct pen pen = {.sheet = sheet, .rest = rest, .style = STYLE_NORMAL};
    begin_line(&pen, first);
    lay_down(&pen);
}

void sheet_flush_labelled(struct sheet *sheet, unsigned indent, const char *label, unsigned rest)
{
    struct pen pen = {.sheet = sheet, .rest = rest, .style = STYLE_NORMAL};
    begin_line(&pen, indent);
    change_style(&pen, STYLE_DIM);
    put(sheet, label);
    change_style(&pen, STYLE_NORMAL);
    pen.column += (unsigned)qv_utf8_columns(label, strlen(label));
    do {
        put(sheet, " ");
        pen.column++;
    } while (pen.column < rest);
    lay_down(&pen);
}

void sheet_flush_item(struct sheet *sheet, unsigned indent)
{
    sheet_flush_labelled(sheet, indent, sheet->plain ? "-" : "•", indent + 2);
}

void sheet_blank(struct sheet *sheet)
{
    put(sheet, "\n");
}

void sheet_heading(struct sheet *sheet, const char *title, const char *note)
{
    sheet_blank(sheet);
    sheet_say_in(sheet, STYLE_BOLD, title);
    if (note) {
        sheet_say(sheet, "  ");
        sheet_say_in(sheet, STYLE_DIM, note);
    }
    sheet_flush(sheet, 0, 2);
}

void sheet_rule(struct sheet *sheet, enum style style)
{
    sheet_style(sheet, style);
    for (unsigned i = 0; i < sheet->columns; i++)
        qv_text_puts(&sheet->paragraph, sheet->plain ? "=" : "━");
    sheet_style(sheet, STYLE_NORMAL);
    sheet_flush(sheet, 0, 0);
}

void sheet_line(struct sheet *sheet, unsigned first, unsigned rest, enum style style, const char *words)
{
    sheet_style(sheet, style);
    sheet_say(sheet, words);
    sheet_style(sheet, STYLE_NORMAL);
    sheet_flush(sheet, first, rest);
}

void sheet_say_source(struct sheet *sheet, const struct qv_source *source)
{
    sheet_say(sheet, source->authors);
    if (source->year)
        sheet_sayf(sheet, " (%d)", (int)source->year);
    sheet_say(sheet, ". ");
    sheet_say(sheet, source->title);
    sheet_say(sheet, ". ");
    sheet_say(sheet, source->where);
    sheet_say(sheet, ".");
    static const char *const marks[] = {[QV_READ_RECALLED] = " [recalled, not re-read]",
                                        [QV_READ_SEEN] = "",
                                        [QV_READ_ESTIMATE] = " [our own estimate]"};
    sheet_say_in(sheet, STYLE_DIM, marks[source->read]);
}

void sheet_sources(struct sheet *sheet)
{
    if (!sheet->cited_count)
        return;
    sheet_heading(sheet, "Sources", NULL);
    for (uint32_t i = 0; i < sheet->cited_count; i++) {
        char label[16];
        snprintf(label, sizeof label, "%3u", (unsigned)(i + 1));
        sheet_say_source(sheet, &sheet->knowledge->facts->sources[sheet->cited[i]]);
        sheet_flush_labelled(sheet, 1, label, 6);
    }
}
