/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer for people. Parts in the order in which they matter: how urgent, what is not known, why, which causes,
 * what to do, what would change it. Everything medical comes from the knowledge; here are only headings and connecting
 * words.
 *
 * The page is to fit one screen. It is written with generous limits first; when it comes out too long it is taken back
 * and written again with the next, stricter ones.
 */
#include "layout.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SCREEN_LINES 43

/* How much of each part is shown. */
struct shape {
    unsigned because, causes, causes_with_reasons, reasons_for, reasons_against;
    unsigned shares, advice, more_advice, watch, tests, changes, phrases;
    double least_probability, least_decibans;
};

/* From generous to strict. What finds no room as advice is still named; what to do is the last to go. */
static const struct shape shapes[] = {
    {3, 4, 4, 2, 1, 5, 5, 8, 1, 4, 4, 4, 0.03, 0.5}, {3, 4, 4, 2, 1, 4, 5, 8, 1, 3, 3, 3, 0.03, 0.5},
    {3, 4, 3, 2, 1, 4, 4, 6, 1, 2, 3, 2, 0.03, 0.5}, {2, 4, 2, 2, 1, 3, 3, 6, 1, 2, 3, 2, 0.03, 1},
    {2, 4, 2, 2, 1, 3, 3, 6, 0, 2, 3, 2, 0.03, 1},   {2, 4, 2, 1, 1, 3, 2, 6, 0, 2, 3, 1, 0.03, 1},
    {2, 4, 1, 1, 1, 3, 1, 6, 0, 1, 3, 1, 0.03, 1},   {2, 4, 1, 1, 1, 3, 0, 6, 0, 1, 3, 1, 0.03, 1},
    {1, 3, 1, 1, 0, 2, 0, 6, 0, 1, 2, 1, 0.03, 1},
};
#define SHAPE_COUNT (sizeof shapes / sizeof shapes[0])

#define ALL 1000u
static const struct shape everything = {
    ALL, ALL, ALL, ALL, ALL, ALL, ALL, 0, ALL, ALL, ALL, ALL, 0.001, 0,
};

#define ALL_OTHERS "All others together"

struct page {
    struct sheet sheet;
    const struct qv_answer *answer;
    const struct qv_facts *facts;
    const struct shape *shape;
    uint32_t named_as_not_said; /* so many of the answer's not_asked */
    bool full;
};

static uint32_t at_most(uint32_t count, unsigned limit)
{
    return count < limit ? count : limit;
}

/* Sources and grades are for those who asked for everything. */
static void cite_if_full(struct page *page, const struct qv_words *sources)
{
    if (page->full)
        sheet_cite(&page->sheet, sources);
}

/* ---- how urgent ------------------------------------------------------------------------------------------------ */

static enum style style_of_level(enum qv_level level)
{
    static const enum style styles[QV_LEVEL_COUNT] = {[QV_SELF_CARE] = STYLE_SELF_CARE,
                                                      [QV_ROUTINE] = STYLE_ROUTINE,
                                                      [QV_URGENT] = STYLE_URGENT,
                                                      [QV_EMERGENCY] = STYLE_EMERGENCY};
    return styles[level];
}

static bool same_region(const char *a, const char *b)
{
    return (a[0] | 32) == (b[0] | 32) && a[0] && (a[1] | 32) == (b[1] | 32) && a[1] && !a[2] && !b[2];
}

static bool is_general(const struct qv_emergency_number *number)
{
    return strcmp(number->region, "*") == 0;
}

/* The number for the person's region, else the one for everywhere else; NULL when the knowledge has neither. */
static const struct qv_emergency_number *emergency_number(const struct page *page)
{
    const struct qv_emergency_number *general = NULL;
    const char *region = page->sheet.settings->region;
    for (uint32_t i = 0; i < page->facts->emergency_number_count; i++) {
        const struct qv_emergency_number *number = &page->facts->emergency_numbers[i];
        if (is_general(number))
            general = number;
        else if (region && same_region(number->region, region))
            return number;
    }
    return general;
}

/* "999 (United Kingdom)" */
static void say_number(struct page *page, const struct qv_emergency_number *number)
{
    struct sheet *sheet = &page->sheet;
    sheet_say(sheet, number->number);
    sheet_say(sheet, " (");
    sheet_say(sheet, is_general(number) ? "or your country's number" : number->name);
    sheet_say(sheet, ")");
}

static void emergency_banner(struct page *page, const struct qv_level_info *level)
{
    struct sheet *sheet = &page->sheet;
    const struct qv_emergency_number *number = emergency_number(page);

    sheet_rule(sheet, STYLE_EMERGENCY);
    sheet_style(sheet, STYLE_ALARM);
    sheet_say(sheet, sheet->plain ? "EMERGENCY: " : " EMERGENCY   ");
    sheet_say(sheet, level->title);
    if (number) {
        sheet_say(sheet, ": ");
        say_number(page, number);
    }
    sheet_flush(sheet, 0, 0);
    sheet_rule(sheet, STYLE_EMERGENCY);
    sheet_say(sheet, level->text);
    cite_if_full(page, &level->sources);
    sheet_flush(sheet, 0, 0);
}

/* A line down the left edge in the colour of the level holds title and text together. */
static void calm_banner(struct page *page, const struct qv_level_info *level)
{
    struct sheet *sheet = &page->sheet;
    const struct qv_answer *answer = page->answer;
    sheet->gutter = sheet->plain ? NULL : "┃ ";
    sheet->gutter_style = style_of_level(level->id);
    sheet_style(sheet, style_of_level(level->id));
    sheet_say(sheet, level->title);
    sheet_style(sheet, STYLE_NORMAL);
    if (answer->within && strcmp(answer->within, level->within) != 0) {
        sheet_say(sheet, " (for you: ");
        sheet_say_within(sheet, answer->within);
        sheet_say(sheet, ")");
    }
    sheet_flush(sheet, 0, 0);
    sheet_say(sheet, level->text);
    cite_if_full(page, &level->sources);
    sheet_flush(sheet, 0, 0);
    sheet->gutter = NULL;
}

static void write_banner(struct page *page)
{
    const struct qv_level_info *level = qv_knowledge_level(page->answer->knowledge, page->answer->level);
    if (!level)
        return;
    if (level->id == QV_EMERGENCY)
        emergency_banner(page, level);
    else
        calm_banner(page, level);
}

static bool is_crisis(const struct qv_facts *facts, const struct qv_because *because)
{
    for (uint32_t f = 0; f < facts->red_flag_count; f++) {
        if (facts->red_flags[f].crisis && strcmp(facts->red_flags[f].id, because->id) == 0)
            return true;
    }
    return false;
}

/* The crisis line of the place, whatever the level, when a red flag calls for it. */
static void write_crisis_line(struct page *page)
{
    bool crisis = false;
    for (uint32_t i = 0; i < page->answer->because_count; i++)
        crisis |= is_crisis(page->facts, &page->answer->because[i]);
    const struct qv_emergency_number *number = emergency_number(page);
    if (!crisis || !number || !number->crisis_line)
        return;
    sheet_style(&page->sheet, STYLE_BOLD);
    sheet_say(&page->sheet, "Crisis line: ");
    sheet_say(&page->sheet, number->crisis_line);
    sheet_style(&page->sheet, STYLE_NORMAL);
    sheet_flush(&page->sheet, 0, 2);
}

static void say_phrase(struct page *page, uint32_t finding)
{
    const struct qv_finding *f = &page->facts->findings[finding];
    if (f->present)
        sheet_say(&page->sheet, f->present);
    else
        sheet_say_id(&page->sheet, f->id);
}

/* What was not asked and could mean an emergency: two lines, or all of it when full. */
static void write_not_asked(struct page *page)
{
    struct sheet *sheet = &page->sheet;
    const struct qv_answer *answer = page->answer;
    if (!answer->not_asked_count || answer->level == QV_EMERGENCY)
        return;

    size_t room = page->full ? SIZE_MAX : 2 * (size_t)sheet->columns - 80;
    size_t used = 0;
    uint32_t shown = 0;
    sheet_say_in(sheet, STYLE_BOLD, "Not said: ");
    sheet_say(sheet, "whether ");
    for (; shown < answer->not_asked_count; shown++) {
        const char *phrase = page->facts->findings[answer->not_asked[shown]].present;
        used += phrase ? strlen(phrase) + 2 : 20;
        if (used > room && shown > 0)
            break;
        sheet_say(sheet, shown ? "; " : "");
        say_phrase(page, answer->not_asked[shown]);
    }
    page->named_as_not_said = shown;
    if (shown < answer->not_asked_count)
        sheet_sayf(sheet, "; %u" TIE "more", (unsigned)(answer->not_asked_count - shown));
    sheet_say(sheet, ". If any is so, it may be an emergency");
    const struct qv_emergency_number *number = emergency_number(page);
    if (number && !is_general(number)) {
        sheet_say(sheet, ": call" TIE);
        sheet_say(sheet, number->number);
    }
    sheet_say(sheet, ".");
    sheet_blank(sheet);
    sheet_flush(sheet, 0, 0);
}

static const char *without_start(const char *words, const char *start)
{
    const size_t length = strlen(start);
    return strncmp(words, start, length) == 0 ? words + length : words;
}

/* Whether a clip or a diary showed this level of a finding. */
static bool was_shown(const struct page *page, uint32_t finding, uint32_t level, const char *origin)
{
    const struct qv_case *c = page->answer->c;
    const struct qv_value *value = &c->values[finding];
    if (!qv_case_is_from(c, finding, origin))
        return false;
    return value->kind == QV_WORDS ? value->words >> level & 1
                                   : qv_finding_level(page->answer->knowledge, finding, value) == (int)level;
}

/* A list of phrases after a heading, as far as two lines go, or all of it when full. */
struct shown_list {
    const char *heading;
    size_t used;
    unsigned shown, more;
};

static void write_phrase(struct page *page, struct shown_list *list, const char *phrase)
{
    list->used += strlen(phrase) + 2;
    if (!page->full && list->used > page->sheet.columns && list->shown > 0) {
        list->more++;
        return;
    }
    if (!list->shown)
        sheet_say_in(&page->sheet, STYLE_BOLD, list->heading);
    sheet_say(&page->sheet, list->shown++ ? "; " : "");
    sheet_say(&page->sheet, phrase);
}

/* What a clip or a diary showed, in the knowledge's words, for it counts like what was said. */
static void write_shown(struct page *page, const char *origin, const char *heading)
{
    struct sheet *sheet = &page->sheet;
    struct shown_list list = {.heading = heading};
    for (uint32_t f = 0; f < page->facts->finding_count; f++) {
        const struct qv_finding *finding = &page->facts->findings[f];
        if (page->answer->c->values[f].kind == QV_YES && finding->present &&
            qv_case_is_from(page->answer->c, f, origin))
            write_phrase(page, &list, finding->present);
        for (uint32_t l = 0; l < finding->levels.count; l++) {
            if (was_shown(page, f, l, origin))
                write_phrase(page, &list, without_start(finding->levels.at[l].phrase, "the clip shows "));
        }
    }
    if (!list.shown)
        return;
    if (list.more)
        sheet_sayf(sheet, "; %u" TIE "more", list.more);
    sheet_say(sheet, ".");
    sheet_blank(sheet);
    sheet_flush(sheet, 0, 0);
}

/* Where nothing raised the level its reason is the level's own text, which the banner has said. */
static bool banner_said_it(const struct page *page)
{
    const struct qv_answer *answer = page->answer;
    const struct qv_level_info *level = qv_knowledge_level(answer->knowledge, answer->level);
    return answer->because_count == 1 && level && strcmp(answer->because[0].text, level->text) == 0;
}

static void write_because(struct page *page)
{
    struct sheet *sheet = &page->sheet;
    const struct qv_answer *answer = page->answer;
    if (!answer->because_count || banner_said_it(page))
        return;
    sheet_heading(sheet, answer->level == QV_EMERGENCY ? "Why" : "Why this level", NULL);
    for (uint32_t i = 0; i < at_most(answer->because_count, page->shape->because); i++) {
        const struct qv_because *because = &answer->because[i];
        if (answer->level == QV_EMERGENCY && because->level < QV_EMERGENCY && !page->full)
            continue; /* "within a day" has no place beside "now" */
        sheet_say(sheet, because->text);
        if (page->full) {
            sheet_style(sheet, STYLE_DIM);
            sheet_say(sheet, " (");
            sheet_say(sheet, because->id);
            sheet_say(sheet, ": ");
            sheet_say_id(sheet, qv_level_name(because->level));
            sheet_say(sheet, because->within ? ", " : "");
            if (because->within)
                sheet_say_within(sheet, because->within);
            sheet_say(sheet, ")");
            sheet_style(sheet, STYLE_NORMAL);
        }
        cite_if_full(page, because->sources);
        sheet_flush_item(sheet, 2);
    }
}

/* ---- causes ---------------------------------------------------------------------------------------------------- */

#define REASON_INDENT 4
#define REASON_TEXT 12
#define FIGURE_COLUMNS 26 /* indent, percentage and interval with their spaces */

/* The columns of names and bars, shared by the causes of one page. */
struct cause_columns {
    unsigned name, bar;
};

/* The longest name decides; the bar takes what is left, up to 20, and is left out where that is too little. */
static struct cause_columns cause_columns(const struct page *page, uint32_t count)
{
    unsigned widest = (unsigned)strlen(ALL_OTHERS);
    for (uint32_t i = 0; i < count; i++) {
        const char *name = page->facts->conditions[page->answer->causes[i].condition].name;
        unsigned columns = (unsigned)qv_utf8_columns(name, strlen(name));
        widest = columns > widest ? columns : widest;
    }
    unsigned room = page->sheet.columns - FIGURE_COLUMNS;
    unsigned most = room > 40 ? room - 10 : room;
    unsigned name = (widest < most ? widest : most) + 2;
    unsigned bar = name < room ? room - name : 0;
    return (struct cause_columns){.name = name, .bar = bar > 20 ? 20 : bar < 6 ? 0 : bar};
}

/* Figures stand under one another: "83 %" and "under 1 %" end in the same column. */
static void say_percent_aligned(struct sheet *sheet, double share)
{
    if (share >= 0.01 && share < 0.995)
        sheet_sayf(sheet, "%*.0f" TIE "%%", sheet->settings->full ? 7 : 3, share * 100);
    else
        sheet_say_percent(sheet, share);
}

static void cause_line(struct page *page, const struct qv_cause *cause, struct cause_columns columns)
{
    struct sheet *sheet = &page->sheet;
    const struct qv_condition *condition = &page->facts->conditions[cause->condition];
    sheet_style(sheet, STYLE_BOLD);
    if (sheet->plain) {
        sheet_say(sheet, condition->name);
        sheet_style(sheet, STYLE_NORMAL);
        sheet_say(sheet, ": ");
        sheet_say_percent(sheet, cause->probability);
    } else {
        sheet_say_padded(sheet, condition->name, columns.name);
        sheet_style(sheet, STYLE_NORMAL);
        sheet_bar(sheet, cause->probability, columns.bar);
        sheet_say(sheet, " ");
        say_percent_aligned(sheet, cause->probability);
    }
    sheet_say(sheet, "  ");
    sheet_style(sheet, STYLE_DIM);
    sheet_say_interval(sheet, cause->low, cause->high);
    sheet_style(sheet, STYLE_NORMAL);
    sheet_flush(sheet, 2, REASON_INDENT);
}

/*
 * On one screen the reasons run on as sentences; a text that two findings share is said once, and what fits the cause
 * but fits another one better is left out, as "but" would puzzle.
 */
static void reasons_in_brief(struct page *page, const char *label, const struct qv_reason *reasons, uint32_t count,
                             unsigned limit)
{
    struct sheet *sheet = &page->sheet;
    const char *said = NULL;
    unsigned shown = 0;
    for (uint32_t i = 0; i < count && shown < limit; i++) {
        const struct qv_reason *reason = &reasons[i];
        if (fabs(reason->weight_db) < page->shape->least_decibans || !reason->text || reason->by_rivals)
            continue;
        if (said && strcmp(said, reason->text) == 0)
            continue;
        sheet_say(sheet, shown++ ? " " : "");
        sheet_say_sentence(sheet, reason->text);
        said = reason->text;
    }
    if (shown)
        sheet_flush_labelled(sheet, REASON_INDENT, label, REASON_TEXT);
}

static void reasons_in_full(struct page *page, const char *label, const struct qv_reason *reasons, uint32_t count)
{
    struct sheet *sheet = &page->sheet;
    for (uint32_t i = 0; i < count; i++) {
        const struct qv_reason *reason = &reasons[i];
        sheet_say_decibans(sheet, reason->weight_db);
        sheet_say(sheet, "  ");
        sheet_say_sentence(sheet, reason->text);
        sheet_style(sheet, STYLE_DIM);
        sheet_say(sheet, " (");
        sheet_say_id(sheet, reason->finding);
        if (reason->by_rivals)
            sheet_say(sheet, reason->weight_db < 0 ? ", fits others better" : ", fits others less");
        sheet_say(sheet, ", ");
        sheet_say(sheet, qv_grade_name(reason->grade));
        sheet_say(sheet, ")");
        sheet_style(sheet, STYLE_NORMAL);
        sheet_cite(sheet, reason->sources);
        sheet_flush_labelled(sheet, REASON_INDENT, i ? "" : label, REASON_TEXT);
    }
}

static void write_reasons(struct page *page, const struct qv_cause *cause)
{
    if (page->full) {
        reasons_in_full(page, "because", cause->for_it, cause->for_count);
        reasons_in_full(page, "but", cause->against_it, cause->against_count);
        return;
    }
    if (page->facts->conditions[cause->condition].catch_all)
        return; /* nothing speaks for what no file describes; it is what is left */
    const char *how_common = page->facts->conditions[cause->condition].how_common.text;
    bool common = how_common && cause == page->answer->causes &&
                  (!cause->for_count || cause->for_it[0].weight_db < page->shape->least_decibans);
    if (common) { /* nothing that was said speaks for it, and it comes first because so many have it */
        sheet_say_first_sentence(&page->sheet, how_common);
        sheet_flush_labelled(&page->sheet, REASON_INDENT, "because", REASON_TEXT);
    }
    reasons_in_brief(page, "because", cause->for_it, common ? 0 : cause->for_count, page->shape->reasons_for);
    reasons_in_brief(page, "but", cause->against_it, cause->against_count, page->shape->reasons_against);
}

/* On one screen "something else" is among all others, unless it is the likeliest. */
static bool is_folded(const struct page *page, uint32_t cause)
{
    return !page->full && cause > 0 && page->facts->conditions[page->answer->causes[cause].condition].catch_all;
}

/* The end of the causes, likeliest first, that are likely enough to be shown. */
static uint32_t shown_causes(const struct page *page)
{
    uint32_t end = 0;
    for (unsigned shown = 0; end < page->answer->cause_count && shown < page->shape->causes; end++) {
        if (end > 0 && page->answer->causes[end].probability < page->shape->least_probability)
            break;
        shown += !is_folded(page, end);
    }
    return end;
}

static void write_remaining_causes(struct page *page, double remaining, struct cause_columns columns)
{
    struct sheet *sheet = &page->sheet;
    sheet_style(sheet, STYLE_DIM);
    if (sheet->plain) {
        sheet_say(sheet, ALL_OTHERS ": ");
        sheet_say_percent(sheet, remaining);
    } else {
        sheet_say_padded(sheet, ALL_OTHERS, columns.name + columns.bar + 1);
        say_percent_aligned(sheet, remaining);
    }
    sheet_style(sheet, STYLE_NORMAL);
    sheet_flush(sheet, 2, REASON_INDENT);
}

static void write_causes(struct page *page)
{
    const struct qv_answer *answer = page->answer;
    uint32_t end = shown_causes(page);
    if (!end)
        return;
    sheet_heading(&page->sheet, "Likely causes", "in brackets: the range that holds the truth 19 times in 20");
    struct cause_columns columns = cause_columns(page, end);
    double remaining = 0;
    for (uint32_t i = 0; i < answer->cause_count; i++) {
        if (i >= end || is_folded(page, i)) {
            remaining += answer->causes[i].probability;
            continue;
        }
        cause_line(page, &answer->causes[i], columns);
        if (i < page->shape->causes_with_reasons)
            write_reasons(page, &answer->causes[i]);
    }
    if (remaining > 0)
        write_remaining_causes(page, remaining, columns);
}

/*
 * In an emergency the cause is one line: it must not compete with the telephone. One that is a mere guess, or that by
 * itself needs no doctor, is not named, for it might keep someone from calling.
 */
static void write_cause_in_one_line(struct page *page)
{
    struct sheet *sheet = &page->sheet;
    if (!page->answer->cause_count)
        return;
    const struct qv_cause *cause = &page->answer->causes[0];
    if (cause->probability < 0.5 || page->facts->conditions[cause->condition].urgency.level == QV_SELF_CARE)
        return;
    sheet_heading(sheet, "Most likely cause", NULL);
    sheet_say(sheet, page->facts->conditions[cause->condition].name);
    sheet_say(sheet, ", ");
    sheet_say_percent(sheet, cause->probability);
    sheet_say(sheet, " ");
    sheet_say_interval(sheet, cause->low, cause->high);
    sheet_flush(sheet, 2, 2);
}

/* ---- habits ---------------------------------------------------------------------------------------------------- */

static void write_share(struct page *page, const struct qv_share *share)
{
    struct sheet *sheet = &page->sheet;
    const struct qv_contributor *contributor = &page->facts->contributors[share->contributor];
    if (sheet->plain) {
        sheet_say(sheet, contributor->name);
        sheet_say(sheet, ": ");
        sheet_say_percent(sheet, share->share);
    } else {
        sheet_say_padded(sheet, contributor->name, 27);
        sheet_bar(sheet, share->share, 10);
        sheet_say(sheet, " ");
        say_percent_aligned(sheet, share->share);
    }
    sheet_flush(sheet, 2, 4);
    if (!page->full)
        return;
    sheet_say(sheet, contributor->text);
    sheet_style(sheet, STYLE_DIM);
    sheet_sayf(sheet, " (your odds ratio %.2g, ", share->odds);
    sheet_say(sheet, qv_grade_name(contributor->grade));
    sheet_say(sheet, ")");
    sheet_style(sheet, STYLE_NORMAL);
    sheet_cite(sheet, &contributor->sources);
    sheet_flush(sheet, REASON_INDENT, REASON_INDENT);
}

/* Below this probability of a twitch that habits explain, a page about something else keeps silent on them. */
#define HABITS_FROM_P 0.1

static bool habits_matter(const struct page *page)
{
    double p = 0;
    for (uint32_t i = 0; i < page->answer->cause_count; i++) {
        if (page->facts->conditions[page->answer->causes[i].condition].by_habits)
            p += page->answer->causes[i].probability;
    }
    return p >= HABITS_FROM_P;
}

static void write_shares(struct page *page)
{
    const struct qv_answer *answer = page->answer;
    if (!answer->share_count || !(page->full || habits_matter(page)))
        return;
    sheet_heading(&page->sheet, "Your habits", "their shares, as far as habits are the reason");
    for (uint32_t i = 0; i < at_most(answer->share_count, page->shape->shares); i++)
        write_share(page, &answer->shares[i]);
}

/* ---- what to do ------------------------------------------------------------------------------------------------ */

static void advice_detail(struct page *page, const char *label, const char *words)
{
    if (!words)
        return;
    sheet_say(&page->sheet, words);
    sheet_flush_labelled(&page->sheet, REASON_INDENT, label, 14);
}

static void advice_in_full(struct page *page, const struct qv_advice *advice)
{
    struct sheet *sheet = &page->sheet;
    sheet_say_in(sheet, STYLE_BOLD, advice->title);
    sheet_say(sheet, ". ");
    sheet_say(sheet, advice->text);
    sheet_style(sheet, STYLE_DIM);
    if (advice->evidence) {
        sheet_say(sheet, " (evidence ");
        sheet_say(sheet, advice->evidence);
        sheet_say(sheet, ")");
    }
    sheet_style(sheet, STYLE_NORMAL);
    sheet_cite(sheet, &advice->sources);
    sheet_flush_item(sheet, 2);
    advice_detail(page, "how", advice->how);
    advice_detail(page, "how long", advice->for_how_long);
    advice_detail(page, "careful", advice->caution);
}

/* The banner has said it. */
static bool is_level_title(const struct page *page, const struct qv_advice *advice)
{
    const struct qv_level_info *level = qv_knowledge_level(page->answer->knowledge, page->answer->level);
    return level && strcmp(level->title, advice->title) == 0;
}

static void advice_in_brief(struct page *page, const struct qv_advice *advice)
{
    struct sheet *sheet = &page->sheet;
    if (!is_level_title(page, advice)) {
        sheet_say_in(sheet, STYLE_BOLD, advice->title);
        sheet_say(sheet, ". ");
    }
    sheet_say_first_sentence(sheet, advice->how ? advice->how : advice->text);
    sheet_flush_item(sheet, 2);
}

/* While help is on its way: all of the how and the cautions, for there is no second page. */
static void advice_while_waiting(struct page *page, const struct qv_advice *advice)
{
    struct sheet *sheet = &page->sheet;
    if (!is_level_title(page, advice)) {
        sheet_say_in(sheet, STYLE_BOLD, advice->title);
        sheet_say(sheet, ". ");
    }
    sheet_say(sheet, advice->how ? advice->how : advice->text);
    if (advice->caution) {
        sheet_say(sheet, " ");
        sheet_say(sheet, advice->caution);
    }
    cite_if_full(page, &advice->sources);
    sheet_flush_item(sheet, 2);
}

static const struct qv_advice *advice_at(const struct page *page, uint32_t i)
{
    return &page->facts->advice[page->answer->advice[i]];
}

#define ADVICE_WHILE_WAITING 4

static void write_emergency_advice(struct page *page)
{
    unsigned shown = 0;
    for (uint32_t i = 0; i < page->answer->advice_count && shown < ADVICE_WHILE_WAITING; i++) {
        if (advice_at(page, i)->when != QV_WHEN_NOW)
            continue;
        if (!shown++)
            sheet_heading(&page->sheet, "What to do until help comes", NULL);
        advice_while_waiting(page, advice_at(page, i));
    }
}

/* What found no room, by its titles, so that little of it stays unsaid. */
static void write_more_advice(struct page *page, uint32_t from, bool first)
{
    struct sheet *sheet = &page->sheet;
    unsigned count = 0;
    for (uint32_t i = from; i < page->answer->advice_count; i++) {
        if (advice_at(page, i)->when == QV_WHEN_DISCUSS || count++ >= page->shape->more_advice)
            continue;
        if (count > 1)
            sheet_say(sheet, "; ");
        else if (!first)
            sheet_say(sheet, "Also: ");
        if (count == 1 && first)
            sheet_say(sheet, advice_at(page, i)->title);
        else
            sheet_say_small(sheet, advice_at(page, i)->title);
    }
    if (!count)
        return;
    if (count > page->shape->more_advice)
        sheet_sayf(sheet, "; %u" TIE "more", count - page->shape->more_advice);
    sheet_say(sheet, ".");
    sheet_flush_item(sheet, 2);
}

/* Advice for a talk with the doctor, or the rest of it. */
static bool has_advice(const struct page *page, bool to_discuss)
{
    for (uint32_t i = 0; i < page->answer->advice_count; i++) {
        if ((advice_at(page, i)->when == QV_WHEN_DISCUSS) == to_discuss &&
            !(to_discuss && is_level_title(page, advice_at(page, i))))
            return true;
    }
    return false;
}

static void write_advice(struct page *page)
{
    if (!has_advice(page, false))
        return;
    sheet_heading(&page->sheet, "What to do today", NULL);
    uint32_t i = 0, shown = 0;
    for (; i < page->answer->advice_count && shown < page->shape->advice; i++) {
        if (advice_at(page, i)->when == QV_WHEN_DISCUSS)
            continue;
        advice_in_brief(page, advice_at(page, i));
        shown++;
    }
    write_more_advice(page, i, shown == 0);
}

static void write_all_advice(struct page *page)
{
    if (page->answer->advice_count)
        sheet_heading(&page->sheet, "What to do", NULL);
    for (uint32_t i = 0; i < page->answer->advice_count; i++)
        advice_in_full(page, advice_at(page, i));
}

/* Advice of which nothing was shown yet because it belongs in a talk with the doctor. */
static void write_to_discuss(struct page *page)
{
    struct sheet *sheet = &page->sheet;
    unsigned shown = 0;
    for (uint32_t i = 0; i < page->answer->advice_count && shown < 3; i++) {
        if (advice_at(page, i)->when != QV_WHEN_DISCUSS || is_level_title(page, advice_at(page, i)))
            continue;
        sheet_say(sheet, shown ? "; " : "To talk about: ");
        sheet_say_small(sheet, advice_at(page, i)->title);
        shown++;
    }
    if (!shown)
        return;
    sheet_say(sheet, ".");
    sheet_flush_item(sheet, 2);
}

static void write_tests_in_brief(struct page *page)
{
    struct sheet *sheet = &page->sheet;
    if (!page->answer->test_count)
        return;
    sheet_say(sheet, "Tests a doctor may order: ");
    for (uint32_t i = 0; i < at_most(page->answer->test_count, page->shape->tests); i++) {
        sheet_say(sheet, i ? "; " : "");
        sheet_say_before_bracket(sheet, page->facts->tests[page->answer->tests[i]].name);
    }
    if (page->answer->test_count > page->shape->tests)
        sheet_sayf(sheet, "; %u" TIE "more", (unsigned)(page->answer->test_count - page->shape->tests));
    sheet_say(sheet, ".");
    sheet_flush_item(sheet, 2);
}

static void write_tests_in_full(struct page *page)
{
    struct sheet *sheet = &page->sheet;
    for (uint32_t i = 0; i < page->answer->test_count; i++) {
        const struct qv_test *test = &page->facts->tests[page->answer->tests[i]];
        sheet_say(sheet, "Test: ");
        sheet_say_in(sheet, STYLE_BOLD, test->name);
        sheet_say(sheet, ". ");
        sheet_say(sheet, test->text);
        sheet_cite(sheet, &test->sources);
        sheet_flush_item(sheet, 2);
    }
}

/* When to go sooner is said for the likeliest cause; it stands in that cause's file. */
static void write_watch(struct page *page)
{
    if (!page->answer->cause_count)
        return;
    const struct qv_condition *top = &page->facts->conditions[page->answer->causes[0].condition];
    for (uint32_t i = 0; i < at_most(top->watch.count, page->shape->watch); i++) {
        sheet_say(&page->sheet, top->watch.at[i].text);
        cite_if_full(page, &top->watch.at[i].sources);
        sheet_flush_item(&page->sheet, 2);
    }
}

static bool has_doctor_part(const struct page *page)
{
    bool watch = page->answer->cause_count && page->shape->watch &&
                 page->facts->conditions[page->answer->causes[0].condition].watch.count;
    return page->answer->test_count || watch || (!page->full && has_advice(page, true));
}

static void write_doctor(struct page *page)
{
    if (!has_doctor_part(page))
        return;
    sheet_heading(&page->sheet, "The doctor", NULL);
    write_watch(page);
    if (page->full) {
        write_tests_in_full(page);
        return;
    }
    write_to_discuss(page);
    write_tests_in_brief(page);
}

/* ---- what would change it -------------------------------------------------------------------------------------- */

/* Whether the list of what was not said has named it. */
static bool is_named(const struct page *page, uint32_t finding)
{
    for (uint32_t i = 0; i < page->named_as_not_said; i++) {
        if (page->answer->not_asked[i] == finding)
            return true;
    }
    return false;
}

/* All findings that would raise the level to the same one share a line; what was named above comes under "more". True when there were any. */
static bool write_raises(struct page *page, enum qv_level level)
{
    struct sheet *sheet = &page->sheet;
    const struct qv_answer *answer = page->answer;
    const struct qv_level_info *info = qv_knowledge_level(answer->knowledge, level);
    uint32_t total = 0, named = 0, shown = 0;
    for (uint32_t i = 0; i < answer->change_count; i++) {
        total += answer->changes[i].level == level;
        named += answer->changes[i].level == level && is_named(page, answer->changes[i].finding);
    }
    if (!total || !info)
        return false;
    bool all_named = named == total;

    sheet_style(sheet, style_of_level(level));
    sheet_say(sheet, info->title);
    sheet_style(sheet, STYLE_NORMAL);
    sheet_say(sheet, " if ");
    for (uint32_t i = 0; i < answer->change_count && shown < page->shape->phrases; i++) {
        if (answer->changes[i].level != level || (!all_named && is_named(page, answer->changes[i].finding)))
            continue;
        sheet_say(sheet, shown == 0 ? "" : shown + 1 == total ? "; or " : "; ");
        sheet_say(sheet, answer->changes[i].phrase);
        shown++;
    }
    if (shown < total)
        sheet_sayf(sheet, "; or for %u" TIE "more reason%s", (unsigned)(total - shown), total - shown == 1 ? "" : "s");
    sheet_say(sheet, ".");
    sheet_flush_item(sheet, 2);
    return true;
}

static double probability_now(const struct page *page, uint32_t condition)
{
    for (uint32_t i = 0; i < page->answer->cause_count; i++) {
        if (page->answer->causes[i].condition == condition)
            return page->answer->causes[i].probability;
    }
    return 0;
}

/* "If …: hemifacial spasm becomes likelier (60 %)." */
static void write_shift(struct page *page, const struct qv_change *change)
{
    struct sheet *sheet = &page->sheet;
    const struct qv_answer *answer = page->answer;
    bool same_top = answer->cause_count && answer->causes[0].condition == change->top_cause;
    const struct qv_level_info *info = qv_knowledge_level(answer->knowledge, change->level);
    bool likelier = change->probability >= probability_now(page, change->top_cause);

    sheet_say(sheet, "If ");
    sheet_say(sheet, change->phrase);
    sheet_say(sheet, ": ");
    if (change->level != answer->level && info) {
        sheet_style(sheet, style_of_level(change->level));
        sheet_say_small(sheet, info->title);
        sheet_style(sheet, STYLE_NORMAL);
        sheet_say(sheet, "; ");
    }
    sheet_say(sheet, page->facts->conditions[change->top_cause].name);
    sheet_say(sheet, !same_top ? " comes first (" : likelier ? " becomes likelier (" : " becomes less likely (");
    sheet_say_percent(sheet, change->probability);
    sheet_say(sheet, ")");
    sheet_say(sheet, ".");
    sheet_flush_item(sheet, 2);
}

static void write_changes(struct page *page)
{
    const struct qv_answer *answer = page->answer;
    if (!answer->change_count)
        return;
    sheet_heading(&page->sheet, "What would change this", NULL);
    unsigned lines = 0;
    for (int level = QV_EMERGENCY; level > (int)answer->level && !page->full; level--)
        lines += lines < page->shape->changes && write_raises(page, (enum qv_level)level);
    for (uint32_t i = 0; i < answer->change_count && lines < page->shape->changes; i++) {
        bool told = answer->changes[i].level > answer->level && !page->full;
        if (told)
            continue;
        write_shift(page, &answer->changes[i]);
        lines++;
    }
}

/* ---- the rest -------------------------------------------------------------------------------------------------- */

static void write_unrecognised(struct page *page)
{
    struct sheet *sheet = &page->sheet;
    const struct qv_answer *answer = page->answer;
    if (!answer->unrecognised_count)
        return;
    uint32_t shown = page->full ? answer->unrecognised_count : at_most(answer->unrecognised_count, 4);
    sheet_say(sheet, "Not known to quiver, and so not weighed: ");
    for (uint32_t i = 0; i < shown; i++) {
        sheet_say(sheet, i ? ", " : "");
        sheet_say(sheet, answer->unrecognised_medicines[i]);
    }
    if (shown < answer->unrecognised_count)
        sheet_sayf(sheet, " and %u" TIE "more", (unsigned)(answer->unrecognised_count - shown));
    sheet_say(sheet, ".");
    sheet_blank(sheet);
    sheet_flush(sheet, 0, 2);
}

static void write_questions(struct page *page)
{
    struct sheet *sheet = &page->sheet;
    const struct qv_answer *answer = page->answer;
    if (!page->full || !answer->ask_next_count)
        return;
    sheet_heading(sheet, "What quiver would ask next",
                  answer->enough ? "no answer would change much" : "red flags first, then the most telling");
    for (uint32_t i = 0; i < at_most(answer->ask_next_count, 12); i++) {
        sheet_say(sheet, page->facts->findings[answer->ask_next[i].finding].question);
        sheet_style(sheet, STYLE_DIM);
        sheet_sayf(sheet, " (%.2f" TIE "bits)", answer->ask_next[i].bits);
        sheet_style(sheet, STYLE_NORMAL);
        sheet_flush_item(sheet, 2);
    }
}

static void write_legend(struct page *page)
{
    static const char *const lines[] = {
        "dB: decibans of evidence; +10 makes a cause ten times as likely against the rest, -10 a tenth.",
        "Grades: measured, a published figure; derived, arithmetic on published figures; guideline, a published rule; "
        "estimate, our own judgement. Evidence: A trial or meta-analysis, B controlled observation, C guideline, "
        "D plausible only.",
    };
    sheet_blank(&page->sheet);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        sheet_line(&page->sheet, 0, 2, STYLE_DIM, lines[i]);
}

static void write_foot(struct page *page)
{
    struct sheet *sheet = &page->sheet;
    if (page->full) {
        write_legend(page);
        sheet_sources(sheet);
    }
    sheet_blank(sheet);
    sheet_style(sheet, STYLE_DIM);
    sheet_say(sheet, "quiver informs; it does not diagnose.");
    if (page->full) {
        sheet_say(sheet, " Knowledge ");
        sheet_say(sheet, page->facts->version);
        sheet_say(sheet, ".");
    } else {
        sheet_say(sheet, " --full shows everything with sources.");
    }
    sheet_style(sheet, STYLE_NORMAL);
    sheet_flush(sheet, 0, 0);
}

static void write_emergency(struct page *page)
{
    write_banner(page);
    write_crisis_line(page);
    write_because(page);
    write_emergency_advice(page);
    if (!page->full)
        write_cause_in_one_line(page);
}

static void write_calm(struct page *page)
{
    write_banner(page);
    write_crisis_line(page);
    write_not_asked(page);
    write_shown(page, QV_ORIGIN_CLIP, "Seen in the clip: ");
    write_shown(page, QV_ORIGIN_DIARY, "Known from your diary: ");
    write_because(page);
}

static void write_body(struct page *page)
{
    write_causes(page);
    write_shares(page);
    if (page->full)
        write_all_advice(page);
    else
        write_advice(page);
    write_doctor(page);
    write_changes(page);
    write_questions(page);
}

static void write_page(struct page *page)
{
    bool emergency = page->answer->level == QV_EMERGENCY;
    if (emergency)
        write_emergency(page);
    else
        write_calm(page);
    if (!emergency || page->full)
        write_body(page);
    write_unrecognised(page);
    write_foot(page);
}

static unsigned lines_since(const struct qv_text *text, size_t start)
{
    unsigned lines = 0;
    for (size_t i = start; i < text->length; i++)
        lines += text->bytes[i] == '\n';
    return lines;
}

static void take_back(struct qv_text *text, size_t length)
{
    text->length = length;
    text->bytes[length] = 0;
}

void qv_page_answer(const struct qv_answer *answer, const struct qv_page_settings *settings, struct qv_text *text)
{
    struct page page = {.answer = answer, .facts = answer->knowledge->facts, .full = settings->full};
    sheet_begin(&page.sheet, answer->knowledge, settings, text);
    size_t start = text->length;

    if (page.full) {
        page.shape = &everything;
        write_page(&page);
    }
    for (size_t i = 0; i < SHAPE_COUNT && !page.full && !text->failed; i++) {
        if (text->length > start)
            take_back(text, start);
        page.shape = &shapes[i];
        write_page(&page);
        if (lines_since(text, start) <= SCREEN_LINES)
            break;
    }
    sheet_end(&page.sheet);
}
