/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Triggers in words: the sentences of knowledge/diary.yaml with what the diary showed put in. Page, JSON and picture say the same with them.
 *
 * Each function adds to a text. A ratio is said as people count: "32 % more", "20 % fewer", "2.3 times as many". Dates
 * and numbers are ours; every other word is the knowledge's.
 */
#ifndef QUIVER_REPORT_TRIGGER_WORDS_H
#define QUIVER_REPORT_TRIGGER_WORDS_H

#include <quiver/report.h>

struct trigger_words {
    const struct qv_knowledge *knowledge;
    const struct qv_triggers *triggers;
    const struct qv_person *person; /**< NULL: nothing is known */
};

/** What to try next, as an experiment on oneself. */
struct trigger_next {
    int factor; /**< the likeliest that speaks, of which there is a trial, for this person too; -1: none */
    const struct qv_trial_info *trial; /**< NULL: none */
    const char *refusal; /**< why the person must not try one that is likelier still; NULL: there is none */
};

/** The habit behind a factor; NULL when the knowledge has none of that id. */
const struct qv_habit *trigger_habit(const struct trigger_words *w, uint32_t factor);
/** "caffeine" */
const char *trigger_name(const struct trigger_words *w, uint32_t factor);

/** True when the row says that something goes with the twitches: a trigger, likely or possible, or a protector. */
bool trigger_speaks(const struct qv_trigger *trigger);
/**
 * The rows worth showing to people: of each factor that was noted all that speak, or its level of the same day; with @p all
 * every row. Sorted by verdict, then as in the triggers. @p rows has room for trigger_count. Returns how many.
 */
uint32_t trigger_rows(const struct trigger_words *w, bool all, const struct qv_trigger **rows);
/** The ratio at the right edge of a plot of these rows; the left edge is its inverse. */
double trigger_axis_edge(const struct qv_trigger *const *rows, uint32_t count);
/** True when some day has an exposure of the factor. */
bool trigger_is_noted(const struct trigger_words *w, uint32_t factor);

/** "caffeine", "a drop in caffeine" */
void trigger_say_what(const struct trigger_words *w, const struct qv_trigger *trigger, struct qv_text *out);
/** "32 % more" */
void trigger_say_change(const struct trigger_words *w, double ratio, struct qv_text *out);
/** "+32 %", "×2.3"; with signs that can be typed when @p plain. */
void trigger_say_figure(double ratio, bool plain, struct qv_text *out);

/**
 * The day from which a row with not enough data can be told, if every day is noted until then; false when none can be foreseen.
 * @p date has room for 11.
 */
bool trigger_foreseen(const struct trigger_words *w, const struct qv_trigger *trigger, char *date);
/** The sentence of a row's verdict, with its interval. */
void trigger_say_verdict(const struct trigger_words *w, const struct qv_trigger *trigger, struct qv_text *out);
/** What matters most, in a sentence or three, parted by blanks. */
void trigger_say_found(const struct trigger_words *w, struct qv_text *out);
void trigger_say_trend(const struct trigger_words *w, struct qv_text *out);
/** What was in the body, in the place of what was taken in. */
void trigger_say_in_body(const struct trigger_words *w, const struct qv_trigger *trigger, struct qv_text *out);
void trigger_say_entwined(const struct trigger_words *w, const struct qv_entwined *pair, struct qv_text *out);
/** Names the factors without a single note; nothing when there are none. */
void trigger_say_not_logged(const struct trigger_words *w, struct qv_text *out);
void trigger_say_try(const struct trigger_words *w, uint32_t factor, struct qv_text *out);

struct trigger_next trigger_next(const struct trigger_words *w);

#endif
