/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Triggers on one terminal page: what matters in plain words, each habit with its interval as a small forest plot, the days, what
 * is not known yet and when it will be. Every sentence is the knowledge's (trigger_words.h).
 */
#include "layout.h"
#include "trigger_words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define WORDS_BYTES_MAX 8192
#define WIDE_FROM 60   /* columns from which label, plot and figure share a line */
#define LABEL_WIDTH 27 /* "magnesium +100 mg, next day" */
#define FIGURE_WIDTH 7 /* "+32 %" */
#define PLOT_WIDTH_MAX 61
#define STRIP_ROWS 3 /* rows of days, newest last; all with `full` */
#define STRIP_DATE_WIDTH 12

struct triggers_page {
    struct sheet sheet;
    struct trigger_words words;
    const struct qv_trigger **rows;
    uint32_t row_count, unknown_count; /* rows; of them those with not enough data */
    struct qv_text text;               /* one sentence at a time */
    bool full;
};

/* ---- sentences -------------------------------------------------------------------------------------------------------------- */

static const char *words_of(const struct triggers_page *p)
{
    return p->text.bytes ? p->text.bytes : "";
}

static void clear_words(struct triggers_page *p)
{
    p->sheet.text->failed = p->sheet.text->failed || p->text.failed;
    qv_text_clear(&p->text);
}

static void take_words(struct triggers_page *p)
{
    sheet_say(&p->sheet, words_of(p));
    clear_words(p);
}

static void say_line(struct triggers_page *p, enum qv_sentence_id id)
{
    sheet_say(&p->sheet, p->words.knowledge->sentences[id]->text);
    if (p->full)
        sheet_cite(&p->sheet, &p->words.knowledge->sentences[id]->sources);
    sheet_flush(&p->sheet, 2, 2);
}

static void say_head(struct triggers_page *p)
{
    const struct qv_triggers *t = p->words.triggers;
    sheet_style(&p->sheet, STYLE_BOLD);
    trigger_say_found(&p->words, &p->text);
    take_words(p);
    sheet_style(&p->sheet, STYLE_NORMAL);
    sheet_flush(&p->sheet, 0, 0);
    sheet_style(&p->sheet, STYLE_DIM);
    sheet_sayf(&p->sheet, "%u day%s noted, %.0f twitch%s", t->days_observed, t->days_observed == 1 ? "" : "s",
               t->twitches, t->twitches == 1 ? "" : "es");
    if (t->days_observed && isfinite(t->baseline_per_day))
        sheet_sayf(&p->sheet, ", usually %.*f a day", t->baseline_per_day < 9.95, t->baseline_per_day);
    sheet_style(&p->sheet, STYLE_NORMAL);
    sheet_flush(&p->sheet, 0, 0);
}

/* ---- the forest plot -------------------------------------------------------------------------------------------------------- */

struct marks {
    const char *line, *estimate, *one, *below, *above;
};
static const struct marks drawn = {"─", "●", "│", "◀", "▶"}, typed = {"-", "o", "|", "<", ">"};

/* Where a ratio lies among the cells; beyond them a little, if it does. */
static double cell_of(double ratio, double edge, int width)
{
    const double share = (log(ratio) / log(edge) + 1) / 2;
    return fmin(fmax(share, -1), 2) * (width - 1);
}

static void draw_interval(struct triggers_page *p, const struct qv_ratio *rate, double edge, int width)
{
    const struct marks *m = p->sheet.plain ? &typed : &drawn;
    /* Ends are rounded outward: what touches "as many" is seen to. */
    const int low = (int)floor(cell_of(rate->low, edge, width)), high = (int)ceil(cell_of(rate->high, edge, width));
    const int middle = (int)lround(cell_of(rate->ratio, edge, width)), one = (width - 1) / 2;
    for (int i = 0; i < width; i++) {
        const bool inside = i >= low && i <= high;
        const char *mark = i == middle                  ? m->estimate
                           : i == 0 && low < 0          ? m->below
                           : i == width - 1 && high > i ? m->above
                           : i == one                   ? m->one
                           : inside                     ? m->line
                                                        : " ";
        sheet_sayf(&p->sheet, "%s", mark);
    }
}

static void say_label(struct triggers_page *p, const struct qv_trigger *t)
{
    const struct qv_factor *factor = &p->words.triggers->days->factors[t->factor];
    qv_text_printf(&p->text, "%s %s%s%s", trigger_name(&p->words, t->factor),
                   t->drop ? p->sheet.plain ? "-" : "−" : "+", factor->per, t->lag_days ? ", next day" : "");
}

static void draw_row(struct triggers_page *p, const struct qv_trigger *t, double edge, int width)
{
    const bool wide = p->sheet.columns >= WIDE_FROM, speaks = trigger_speaks(t);
    say_label(p, t);
    if (speaks)
        sheet_style(&p->sheet, STYLE_BOLD);
    if (wide) {
        sheet_say_padded(&p->sheet, words_of(p), LABEL_WIDTH);
        clear_words(p);
    } else {
        take_words(p);
        sheet_style(&p->sheet, STYLE_NORMAL);
        sheet_flush(&p->sheet, 2, 2);
        sheet_style(&p->sheet, speaks ? STYLE_BOLD : STYLE_NORMAL);
    }
    draw_interval(p, &t->rate, edge, width);
    trigger_say_figure(t->rate.ratio, p->sheet.plain, &p->text);
    sheet_sayf(&p->sheet, "  %s", words_of(p));
    clear_words(p);
    sheet_style(&p->sheet, STYLE_NORMAL);
    sheet_flush(&p->sheet, 2, 2);
}

/* "fewer        as many        more" over the plot, so that its middle is over its line. */
static void draw_scale(struct triggers_page *p, double edge, int width)
{
    const bool wide = p->sheet.columns >= WIDE_FROM;
    struct qv_text left, right;
    qv_text_init(&left, 64);
    qv_text_init(&right, 64);
    trigger_say_figure(1 / edge, p->sheet.plain, &left);
    trigger_say_figure(edge, p->sheet.plain, &right);
    const char *from = left.bytes ? left.bytes : "", *to = right.bytes ? right.bytes : "";
    const int middle = (width - 1) / 2, half = 3; /* of "as many" */
    const int before = middle - half - (int)qv_utf8_columns(from, left.length);
    const int after = width - middle - half - 1 - (int)qv_utf8_columns(to, right.length);
    sheet_style(&p->sheet, STYLE_DIM);
    if (wide)
        sheet_say_padded(&p->sheet, "", LABEL_WIDTH);
    sheet_sayf(&p->sheet, "%s%*sas many%*s%s", from, before, "", after, "", to);
    sheet_style(&p->sheet, STYLE_NORMAL);
    sheet_flush(&p->sheet, 2, 2);
    p->sheet.text->failed = p->sheet.text->failed || left.failed || right.failed;
    qv_text_finish(&left);
    qv_text_finish(&right);
}

static void draw_forest(struct triggers_page *p)
{
    if (p->row_count == p->unknown_count)
        return;
    const int columns = (int)p->sheet.columns, taken = 2 + (columns >= WIDE_FROM ? LABEL_WIDTH : 0) + 2 + FIGURE_WIDTH;
    int width = columns - taken < PLOT_WIDTH_MAX ? columns - taken : PLOT_WIDTH_MAX;
    width -= width % 2 == 0; /* a middle column for "as many" */
    const double edge = trigger_axis_edge(p->rows, p->row_count);
    sheet_heading(&p->sheet, "What each habit goes with", "twitches compared with your other days");
    draw_scale(p, edge, width);
    for (uint32_t i = 0; i < p->row_count; i++) {
        if (p->rows[i]->verdict != QV_NOT_ENOUGH_DATA)
            draw_row(p, p->rows[i], edge, width);
    }
}

static void say_verdicts(struct triggers_page *p)
{
    uint32_t said = 0;
    for (uint32_t i = 0; i < p->row_count; i++) {
        const struct qv_trigger *t = p->rows[i];
        if (!trigger_speaks(t) && !(p->full && t->verdict == QV_NO_CLEAR_EFFECT))
            continue;
        if (!said++)
            sheet_heading(&p->sheet, "In words", NULL);
        trigger_say_what(&p->words, t, &p->text);
        sheet_style(&p->sheet, STYLE_BOLD);
        sheet_say_sentence(&p->sheet, words_of(p));
        clear_words(p);
        sheet_style(&p->sheet, STYLE_NORMAL);
        sheet_say(&p->sheet, " ");
        trigger_say_verdict(&p->words, t, &p->text);
        take_words(p);
        const struct qv_habit *habit = trigger_habit(&p->words, t->factor);
        if (p->full && habit)
            sheet_cite(&p->sheet, &habit->sources);
        sheet_flush_item(&p->sheet, 2);
    }
    for (uint32_t i = 0; p->full && i < p->words.triggers->in_body_count; i++) {
        if (!said++)
            sheet_heading(&p->sheet, "In words", NULL);
        trigger_say_in_body(&p->words, &p->words.triggers->in_body[i], &p->text);
        take_words(p);
        sheet_flush_item(&p->sheet, 2);
    }
    for (uint32_t i = 0; i < p->words.triggers->entwined_count; i++) {
        if (!said++)
            sheet_heading(&p->sheet, "In words", NULL);
        trigger_say_entwined(&p->words, &p->words.triggers->entwined[i], &p->text);
        sheet_say_sentence(&p->sheet, words_of(p));
        clear_words(p);
        sheet_flush_item(&p->sheet, 2);
    }
}

/* ---- the days --------------------------------------------------------------------------------------------------------------- */

/* One sign a day. A day without a note never looks like a day without a twitch. */
static const char *day_sign(double twitches, double most, bool plain)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const digits[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9"};
    if (isnan(twitches))
        return plain ? "?" : "·";
    if (twitches <= 0)
        return plain ? "0" : "_";
    const int steps = plain ? 9 : 8, step = (int)ceil(steps * twitches / most) - 1;
    return plain ? digits[step] : bars[step];
}

static double most_twitches(const struct qv_days *days, uint32_t from)
{
    double most = 0;
    for (uint32_t d = from; d < days->day_count; d++)
        most = fmax(most, isnan(days->twitches[d]) ? 0 : days->twitches[d]);
    return most;
}

static void draw_strip(struct triggers_page *p)
{
    const struct qv_days *days = p->words.triggers->days;
    const uint32_t weeks = (p->sheet.columns - 2 - STRIP_DATE_WIDTH) / 8, a_row = 7 * (weeks ? weeks : 1);
    const uint32_t rows = (days->day_count + a_row - 1) / a_row;
    const uint32_t shown = p->full || rows < STRIP_ROWS ? rows : STRIP_ROWS;
    /* whole rows up to the newest day, which ends the last of them */
    const uint32_t from = days->day_count > shown * a_row ? days->day_count - shown * a_row : 0;
    const double most = most_twitches(days, from);
    if (!days->day_count || most <= 0)
        return;
    char note[160];
    snprintf(note, sizeof note,
             p->sheet.plain ? "0: none, 9: %.0f twitches, ?: not noted" : "_ none, █ %.0f twitches, · not noted", most);
    sheet_heading(&p->sheet, "Your days", note);
    for (uint32_t d = from; d < days->day_count; d++) {
        const uint32_t at = (d - from) % a_row;
        if (at == 0) {
            char date[11];
            qv_date_format(days->first_day + (int32_t)d, date);
            sheet_style(&p->sheet, STYLE_DIM);
            sheet_say_padded(&p->sheet, date, STRIP_DATE_WIDTH);
            sheet_style(&p->sheet, STYLE_NORMAL);
        } else if (at % 7 == 0) {
            sheet_say(&p->sheet, " ");
        }
        sheet_sayf(&p->sheet, "%s", day_sign(days->twitches[d], most, p->sheet.plain));
        if (at + 1 == a_row || d + 1 == days->day_count)
            sheet_flush(&p->sheet, 2, 2);
    }
    trigger_say_trend(&p->words, &p->text);
    if (p->text.length) {
        take_words(p);
        sheet_flush(&p->sheet, 2, 2);
    }
}

/* ---- what is not known, what next ------------------------------------------------------------------------------------------- */

static int by_days_needed(const void *a, const void *b)
{
    const struct qv_trigger *one = *(const struct qv_trigger *const *)a, *other = *(const struct qv_trigger *const *)b;
    return (one->days_needed > other->days_needed) - (one->days_needed < other->days_needed);
}

/* Those that time will tell, soonest first, each with its date; then those that it will not. */
static void say_not_known(struct triggers_page *p)
{
    const struct qv_trigger **unknown = p->rows + p->row_count - p->unknown_count; /* they stand last */
    struct qv_text not_logged;
    qv_text_init(&not_logged, WORDS_BYTES_MAX);
    trigger_say_not_logged(&p->words, &not_logged);
    if (p->unknown_count)
        qsort(unknown, p->unknown_count, sizeof(void *), by_days_needed);
    char date[11];
    if (p->unknown_count || not_logged.length)
        sheet_heading(&p->sheet, "Not known yet",
                      p->unknown_count && trigger_foreseen(&p->words, unknown[0], date)
                          ? "with a note every day: from about"
                          : NULL);
    for (uint32_t i = 0; i < p->unknown_count; i++) {
        if (trigger_foreseen(&p->words, unknown[i], date)) {
            sheet_say_padded(&p->sheet, date, STRIP_DATE_WIDTH);
            say_label(p, unknown[i]);
            take_words(p);
            sheet_sayf(&p->sheet, ": noted on %u day%s, about %.0f needed", unknown[i]->known_days,
                       unknown[i]->known_days == 1 ? "" : "s", ceil(unknown[i]->days_needed));
            sheet_flush(&p->sheet, 2, 2 + STRIP_DATE_WIDTH);
        } else {
            trigger_say_verdict(&p->words, unknown[i], &p->text);
            take_words(p);
            sheet_flush(&p->sheet, 2, 2);
        }
    }
    if (not_logged.length) {
        sheet_say(&p->sheet, not_logged.bytes);
        sheet_flush(&p->sheet, 2, 2);
    }
    p->sheet.text->failed = p->sheet.text->failed || not_logged.failed;
    qv_text_finish(&not_logged);
}

static void say_next(struct triggers_page *p)
{
    sheet_heading(&p->sheet, "What next", NULL);
    say_line(p, QV_SENTENCE_ASSOCIATION);
    const struct trigger_next next = trigger_next(&p->words);
    if (next.refusal) {
        sheet_say(&p->sheet, next.refusal);
        sheet_flush(&p->sheet, 2, 2);
    }
    if (next.factor >= 0) {
        trigger_say_try(&p->words, (uint32_t)next.factor, &p->text);
        take_words(p);
        sheet_flush(&p->sheet, 2, 2);
    }
    if (p->unknown_count || !p->words.triggers->days_observed)
        say_line(p, QV_SENTENCE_KEEP_NOTING);
}

void qv_page_triggers(const struct qv_knowledge *knowledge, const struct qv_triggers *triggers,
                      const struct qv_person *person, const struct qv_page_settings *settings, struct qv_text *text)
{
    struct triggers_page p = {.words = {knowledge, triggers, person}, .full = settings->full};
    sheet_begin(&p.sheet, knowledge, settings, text);
    qv_text_init(&p.text, WORDS_BYTES_MAX);
    p.rows = sheet_alloc(&p.sheet, triggers->trigger_count, sizeof(void *));
    if (p.rows) {
        p.row_count = trigger_rows(&p.words, p.full, p.rows);
        for (uint32_t i = 0; i < p.row_count; i++)
            p.unknown_count += p.rows[i]->verdict == QV_NOT_ENOUGH_DATA;
        say_head(&p);
        draw_forest(&p);
        say_verdicts(&p);
        draw_strip(&p);
        say_not_known(&p);
        say_next(&p);
        if (p.full)
            sheet_sources(&p.sheet);
    }
    qv_text_finish(&p.text);
    sheet_end(&p.sheet);
}
