/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sheet that pages are written on: paragraphs, wrapping, styles, bars, percentages and numbered sources. It knows
 * nothing of what is said on it.
 *
 * A paragraph is composed with the sheet_say… functions and then laid down with sheet_flush() or one of its kin.
 * Only sheet_say() takes words from outside: it takes out control and direction-changing characters, so that nothing
 * that a file or a person wrote can steer a terminal. Formats of sheet_sayf() are ours; it is for numbers.
 *
 * Running out of memory marks the sheet's text as failed; callers need not check each step.
 */
#ifndef QUIVER_REPORT_LAYOUT_H
#define QUIVER_REPORT_LAYOUT_H

#include <quiver/knowledge.h>
#include <quiver/report.h>

/* Styles travel inside a composed paragraph as one byte each, the enum's value. */
enum style {
    STYLE_NORMAL = 1,
    STYLE_BOLD,
    STYLE_DIM,
    STYLE_SELF_CARE,
    STYLE_ROUTINE,
    STYLE_URGENT,
    STYLE_EMERGENCY,
    STYLE_ALARM, /* white on the emergency colour; to the end of a paragraph, its ground fills the lines */
    STYLE_END,
};

/* A space at which a line does not break, for "83 %". */
#define TIE "\x1f"

struct sheet {
    struct qv_text *text;     /* where lines go */
    struct qv_text paragraph; /* being composed */
    const struct qv_knowledge *knowledge;
    const struct qv_page_settings *settings;
    unsigned columns;
    bool colour, plain;
    const char *gutter; /* begins every line, or NULL */
    enum style gutter_style;

    struct qv_arena *arena; /* what a page needs until it is written */
    uint16_t *number_of;    /* by source: its number on this page, 0 = not cited */
    uint16_t *cited;        /* sources in the order of their numbers */
    uint32_t cited_count;
};

/* @p knowledge is for what is cited: NULL where nothing is. */
void sheet_begin(struct sheet *sheet, const struct qv_knowledge *knowledge, const struct qv_page_settings *settings,
                 struct qv_text *text);
void sheet_end(struct sheet *sheet);
/* Zeroed memory until sheet_end(). NULL (and the text failed) when there is none. */
void *sheet_alloc(struct sheet *sheet, size_t count, size_t size) QV_MUST_CHECK;

/* ---- composing a paragraph ------------------------------------------------------------------------------------- */

void sheet_style(struct sheet *sheet, enum style style);
void sheet_say(struct sheet *sheet, const char *words);
void sheet_say_in(struct sheet *sheet, enum style style, const char *words);
/* The words up to and with the first full stop that ends a sentence. */
void sheet_say_first_sentence(struct sheet *sheet, const char *words);
/* With a small first letter, for use within a sentence; "MRI scan" and "I" stay as they are. */
void sheet_say_small(struct sheet *sheet, const char *words);
/* A clause or a sentence, as a sentence: with a capital and a full stop. */
void sheet_say_sentence(struct sheet *sheet, const char *words);
/* Without what a name says again in brackets: "Hearing test (audiometry)". */
void sheet_say_before_bracket(struct sheet *sheet, const char *words);
/* An id in words: underscores become spaces. */
void sheet_say_id(struct sheet *sheet, const char *id);
/* Padded with spaces to a width, so that columns line up. */
void sheet_say_padded(struct sheet *sheet, const char *words, unsigned width);
void sheet_sayf(struct sheet *sheet, const char *format, ...) QV_PRINTF(2, 3);
/* Words joined by ", ". */
void sheet_say_words(struct sheet *sheet, const struct qv_words *words);
/* "83 %", "under 1 %", "over 99 %". */
void sheet_say_percent(struct sheet *sheet, double share);
/* "(70–90 %)" */
void sheet_say_interval(struct sheet *sheet, double low, double high);
/* A rate with the digits that a small one needs: "75 %", "1.5 %", "0.2 %". */
void sheet_say_rate(struct sheet *sheet, double rate);
/* "+11.2 dB" */
void sheet_say_decibans(struct sheet *sheet, double decibans);
/* A bar of width columns; nothing when plain. */
void sheet_bar(struct sheet *sheet, double share, unsigned width);
/* "[1, 4]": numbers of sources, handed out in the order of citing. */
void sheet_cite(struct sheet *sheet, const struct qv_words *sources);
/* "within a day", from an ISO 8601 duration. What it cannot read it says as it is. */
void sheet_say_within(struct sheet *sheet, const char *duration);
/* "5 days", "3 weeks", "4 months", "10 years" */
void sheet_say_days(struct sheet *sheet, double days);

/* ---- laying it down -------------------------------------------------------------------------------------------- */

/* Writes the paragraph wrapped: its first line begins at column first, the others at rest. */
void sheet_flush(struct sheet *sheet, unsigned first, unsigned rest);
/* With a dim label before it, at column indent; the text begins at column rest. */
void sheet_flush_labelled(struct sheet *sheet, unsigned indent, const char *label, unsigned rest);
/* As an item of a list. */
void sheet_flush_item(struct sheet *sheet, unsigned indent);
void sheet_blank(struct sheet *sheet);
/* An empty line and a bold heading; the note, which may be NULL, is dim. */
void sheet_heading(struct sheet *sheet, const char *title, const char *note);
/* A line across the page. */
void sheet_rule(struct sheet *sheet, enum style style);
/* One whole paragraph in one call. */
void sheet_line(struct sheet *sheet, unsigned first, unsigned rest, enum style style, const char *words);
/* The list of what was cited, with the honest mark of what was not read again. Nothing when nothing was. */
void sheet_sources(struct sheet *sheet);
/* One source in words: authors, year, title, where, mark. */
void sheet_say_source(struct sheet *sheet, const struct qv_source *source);

#endif
