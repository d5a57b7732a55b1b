/* SPDX-License-Identifier: Apache-2.0 */
#include "trigger_words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMES_FROM 2.0      /* a doubling and more is said as "2.3 times as many" */
#define FEWER_PERCENT 99    /* nothing is said to be 100 % fewer */
#define DAYS_FORESEEN 730.0 /* who would have to note for longer is not told a date: it would be no help */
#define WORDS_BYTES_MAX 4096

/* ---- filling sentences in --------------------------------------------------------------------------------------------------- */

/* What stands for {name}. */
struct slot {
    const char *name;
    struct qv_text text;
};

static void fill(struct qv_text *out, const char *sentence, const struct slot *slots, size_t count)
{
    while (*sentence) {
        const size_t plain = strcspn(sentence, "{");
        qv_text_add(out, sentence, plain);
        sentence += plain;
        const size_t inside = strcspn(sentence, "}");
        for (size_t i = 0; i < count; i++) {
            if (inside == strlen(slots[i].name) + 1 && strncmp(sentence + 1, slots[i].name, inside - 1) == 0)
                qv_text_puts(out, slots[i].text.bytes ? slots[i].text.bytes : "");
        }
        sentence += sentence[inside] ? inside + 1 : inside;
    }
}

/* Says a sentence and lets go of what was put in. */
static void say(const struct trigger_words *w, enum qv_sentence_id id, struct slot *slots, size_t count,
                struct qv_text *out)
{
    fill(out, w->knowledge->sentences[id]->text, slots, count);
    for (size_t i = 0; i < count; i++) {
        out->failed = out->failed || slots[i].text.failed;
        qv_text_finish(&slots[i].text);
    }
}

static struct slot slot(const char *name, const char *words)
{
    struct slot s = {.name = name};
    qv_text_init(&s.text, WORDS_BYTES_MAX);
    qv_text_puts(&s.text, words);
    return s;
}

static struct slot change_slot(const struct trigger_words *w, const char *name, double ratio)
{
    struct slot s = slot(name, "");
    trigger_say_change(w, ratio, &s.text);
    return s;
}

static struct slot days_slot(const char *name, double days)
{
    struct slot s = slot(name, "");
    qv_text_printf(&s.text, "%.0f day%s", days, days == 1 ? "" : "s");
    return s;
}

/* ---- names and figures ------------------------------------------------------------------------------------------------------ */

const struct qv_habit *trigger_habit(const struct trigger_words *w, uint32_t factor)
{
    const int habit = qv_knowledge_habit(w->knowledge, w->triggers->days->factors[factor].id);
    return habit < 0 ? NULL : &w->knowledge->facts->habits[habit];
}

const char *trigger_name(const struct trigger_words *w, uint32_t factor)
{
    const struct qv_habit *habit = trigger_habit(w, factor);
    return habit ? habit->name : w->triggers->days->factors[factor].id;
}

void trigger_say_what(const struct trigger_words *w, const struct qv_trigger *t, struct qv_text *out)
{
    qv_text_printf(out, "%s%s", t->drop ? "a drop in " : "", trigger_name(w, t->factor));
}

/* 1.32 → 32, 0.8 → −20 */
static long percent_of(double ratio)
{
    const long percent = lround(100 * (ratio - 1));
    return percent < -FEWER_PERCENT ? -FEWER_PERCENT : percent;
}

/* 2.3 times, but 2 times and 12 times. */
static int times_digits(double ratio)
{
    return ratio < 9.95 && fabs(ratio - round(ratio)) >= 0.05;
}

void trigger_say_change(const struct trigger_words *w, double ratio, struct qv_text *out)
{
    char number[32];
    const bool times = ratio >= TIMES_FROM;
    const long percent = times ? 0 : percent_of(ratio);
    if (times)
        snprintf(number, sizeof number, "%.*f", times_digits(ratio), ratio);
    else
        snprintf(number, sizeof number, "%ld", labs(percent));
    struct slot n = slot("n", number);
    say(w,
        times         ? QV_SENTENCE_TIMES
        : percent > 0 ? QV_SENTENCE_MORE
        : percent < 0 ? QV_SENTENCE_FEWER
                      : QV_SENTENCE_SAME,
        &n, 1, out);
}

void trigger_say_figure(double ratio, bool plain, struct qv_text *out)
{
    const long percent = percent_of(ratio);
    if (ratio >= TIMES_FROM)
        qv_text_printf(out, "%s%.*f", plain ? "x" : "×", times_digits(ratio), ratio);
    else
        qv_text_printf(out, "%s%ld %%", percent > 0 ? "+" : percent == 0 ? "" : plain ? "-" : "−", labs(percent));
}

static void say_when(const struct trigger_words *w, const struct qv_trigger *t, struct qv_text *out)
{
    const struct qv_habit *habit = trigger_habit(w, t->factor);
    const char *words = !habit ? NULL : t->drop ? habit->after_drop : t->lag_days ? habit->day_after : habit->same_day;
    if (words)
        qv_text_puts(out, words);
    else
        qv_text_printf(out, "with %s %s %s", w->triggers->days->factors[t->factor].per, t->drop ? "less" : "more",
                       trigger_name(w, t->factor));
}

/* ---- which rows ------------------------------------------------------------------------------------------------------------- */

bool trigger_speaks(const struct qv_trigger *t)
{
    return t->verdict == QV_LIKELY_TRIGGER || t->verdict == QV_POSSIBLE_TRIGGER || t->verdict == QV_LIKELY_PROTECTIVE;
}

bool trigger_is_noted(const struct trigger_words *w, uint32_t factor)
{
    const struct qv_days *days = w->triggers->days;
    for (uint32_t d = 0; d < days->day_count; d++) {
        if (!isnan(days->exposures[(size_t)factor * days->day_count + d]))
            return true;
    }
    return false;
}

/* True when some row of the factor speaks; else its level of the same day stands for it, for that is where most habits act. */
static bool said_of(const struct qv_triggers *all, uint32_t factor)
{
    for (uint32_t i = 0; i < all->trigger_count; i++) {
        if (all->triggers[i].factor == factor && trigger_speaks(&all->triggers[i]))
            return true;
    }
    return false;
}

static int rank(const struct qv_trigger *t)
{
    static const int ranks[] = {[QV_LIKELY_TRIGGER] = 0,
                                [QV_LIKELY_PROTECTIVE] = 1,
                                [QV_POSSIBLE_TRIGGER] = 2,
                                [QV_NO_CLEAR_EFFECT] = 3,
                                [QV_NOT_ENOUGH_DATA] = 4};
    return ranks[t->verdict];
}

uint32_t trigger_rows(const struct trigger_words *w, bool all, const struct qv_trigger **rows)
{
    uint32_t count = 0;
    for (int r = 0; r <= 4; r++) {
        for (uint32_t i = 0; i < w->triggers->trigger_count; i++) {
            const struct qv_trigger *t = &w->triggers->triggers[i];
            if (rank(t) == r && trigger_is_noted(w, t->factor) &&
                (all || trigger_speaks(t) || (!said_of(w->triggers, t->factor) && !t->lag_days && !t->drop)))
                rows[count++] = t;
        }
    }
    return count;
}

double trigger_axis_edge(const struct qv_trigger *const *rows, uint32_t count)
{
    static const double edges[] = {1.5, 2, 3, 4};
    double reach = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i]->verdict != QV_NOT_ENOUGH_DATA)
            reach = fmax(reach, fmax(log(rows[i]->rate.high), -log(rows[i]->rate.low)));
    }
    size_t e = 0;
    while (e + 1 < sizeof edges / sizeof edges[0] && log(edges[e]) < reach)
        e++;
    return edges[e];
}

/* ---- sentences -------------------------------------------------------------------------------------------------------------- */

bool trigger_foreseen(const struct trigger_words *w, const struct qv_trigger *t, char *date)
{
    const struct qv_days *days = w->triggers->days;
    const double missing = ceil(t->days_needed) - w->triggers->days_observed;
    if (!(missing <= DAYS_FORESEEN)) /* nor NaN */
        return false;
    qv_date_format(days->first_day + (int32_t)days->day_count - 1 + (int32_t)fmax(missing, 1), date);
    return true;
}

static void say_not_enough(const struct trigger_words *w, const struct qv_trigger *t, struct qv_text *out)
{
    char date[11] = "";
    const bool foreseen = trigger_foreseen(w, t, date);
    struct slot slots[] = {slot("habit", trigger_name(w, t->factor)), days_slot("known", t->known_days),
                           days_slot("days", foreseen ? ceil(t->days_needed) : 0), slot("date", date)};
    say(w, foreseen ? QV_SENTENCE_NOT_ENOUGH_DATA : QV_SENTENCE_NOT_ENOUGH_CHANGE, slots, 4, out);
}

void trigger_say_verdict(const struct trigger_words *w, const struct qv_trigger *t, struct qv_text *out)
{
    static const enum qv_sentence_id ids[] = {[QV_NO_CLEAR_EFFECT] = QV_SENTENCE_NO_CLEAR_EFFECT,
                                              [QV_POSSIBLE_TRIGGER] = QV_SENTENCE_POSSIBLE_TRIGGER,
                                              [QV_LIKELY_TRIGGER] = QV_SENTENCE_LIKELY_TRIGGER,
                                              [QV_LIKELY_PROTECTIVE] = QV_SENTENCE_LIKELY_PROTECTIVE};
    if (t->verdict == QV_NOT_ENOUGH_DATA) {
        say_not_enough(w, t, out);
        return;
    }
    struct slot slots[] = {change_slot(w, "effect", t->rate.ratio), change_slot(w, "low", t->rate.low),
                           change_slot(w, "high", t->rate.high), slot("when", "")};
    say_when(w, t, &slots[3].text);
    say(w, ids[t->verdict], slots, 4, out);
}

/* "caffeine, a drop in alcohol and stress": each once, though it may speak at two lags. */
static void say_list(struct qv_text *out, const char *words, uint32_t index, uint32_t count)
{
    qv_text_printf(out, "%s%s", index == 0 ? "" : index + 1 == count ? " and " : ", ", words);
}

static uint32_t distinct(const struct trigger_words *w, enum qv_trigger_verdict verdict, const struct qv_trigger **out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->triggers->trigger_count; i++) {
        const struct qv_trigger *t = &w->triggers->triggers[i];
        bool again = t->verdict != verdict;
        for (uint32_t k = 0; k < count && !again; k++)
            again = out[k]->factor == t->factor && out[k]->drop == t->drop;
        if (!again && count < 2 * QV_FACTORS_MAX)
            out[count++] = t;
    }
    return count;
}

static bool say_found_of(const struct trigger_words *w, enum qv_trigger_verdict verdict, enum qv_sentence_id id,
                         struct qv_text *out)
{
    const struct qv_trigger *found[2 * QV_FACTORS_MAX];
    const uint32_t count = distinct(w, verdict, found);
    struct slot habits = slot("habits", "");
    for (uint32_t i = 0; i < count; i++) {
        struct qv_text name;
        qv_text_init(&name, WORDS_BYTES_MAX);
        trigger_say_what(w, found[i], &name);
        say_list(&habits.text, name.bytes ? name.bytes : "", i, count);
        habits.text.failed = habits.text.failed || name.failed;
        qv_text_finish(&name);
    }
    if (count && out->length && out->bytes[out->length - 1] != '\n')
        qv_text_puts(out, " ");
    if (count)
        say(w, id, &habits, 1, out);
    else
        qv_text_finish(&habits.text);
    return count > 0;
}

void trigger_say_found(const struct trigger_words *w, struct qv_text *out)
{
    bool any = say_found_of(w, QV_LIKELY_TRIGGER, QV_SENTENCE_FOUND_LIKELY, out);
    any = say_found_of(w, QV_LIKELY_PROTECTIVE, QV_SENTENCE_FOUND_PROTECTIVE, out) || any;
    any = say_found_of(w, QV_POSSIBLE_TRIGGER, QV_SENTENCE_FOUND_POSSIBLE, out) || any;
    if (any)
        return;
    bool all_early = true;
    for (uint32_t i = 0; i < w->triggers->trigger_count; i++)
        all_early = all_early && w->triggers->triggers[i].verdict == QV_NOT_ENOUGH_DATA;
    say(w, all_early ? QV_SENTENCE_FOUND_TOO_EARLY : QV_SENTENCE_FOUND_NOTHING, NULL, 0, out);
}

void trigger_say_trend(const struct trigger_words *w, struct qv_text *out)
{
    const struct qv_ratio *trend = &w->triggers->trend_per_week;
    if (!isfinite(trend->low) || !isfinite(trend->high))
        return;
    /* an interval that rounds to nothing on both sides */
    const bool steady = percent_of(trend->low) == 0 && percent_of(trend->high) == 0;
    struct slot slots[] = {change_slot(w, "effect", trend->ratio), change_slot(w, "low", trend->low),
                           change_slot(w, "high", trend->high)};
    say(w,
        steady            ? QV_SENTENCE_TREND_STEADY
        : trend->low > 1  ? QV_SENTENCE_TREND_RISING
        : trend->high < 1 ? QV_SENTENCE_TREND_FALLING
                          : QV_SENTENCE_TREND_UNCLEAR,
        slots, 3, out);
}

void trigger_say_in_body(const struct trigger_words *w, const struct qv_trigger *t, struct qv_text *out)
{
    struct slot slots[] = {slot("habit", trigger_name(w, t->factor)), slot("hours", ""),
                           change_slot(w, "effect", t->rate.ratio), change_slot(w, "low", t->rate.low),
                           change_slot(w, "high", t->rate.high)};
    qv_text_printf(&slots[1].text, "%.2g", w->triggers->days->factors[t->factor].half_life_h);
    say(w, QV_SENTENCE_IN_BODY, slots, 5, out);
}

void trigger_say_entwined(const struct trigger_words *w, const struct qv_entwined *pair, struct qv_text *out)
{
    struct slot slots[] = {slot("habit", trigger_name(w, pair->factor)), slot("with", trigger_name(w, pair->with))};
    say(w, QV_SENTENCE_ENTWINED, slots, 2, out);
}

void trigger_say_not_logged(const struct trigger_words *w, struct qv_text *out)
{
    uint32_t missing[QV_FACTORS_MAX], count = 0;
    for (uint32_t f = 0; f < w->triggers->days->factor_count; f++) {
        if (!trigger_is_noted(w, f))
            missing[count++] = f;
    }
    if (!count)
        return;
    struct slot habits = slot("habits", "");
    for (uint32_t i = 0; i < count; i++)
        say_list(&habits.text, trigger_name(w, missing[i]), i, count);
    say(w, QV_SENTENCE_NOT_LOGGED, &habits, 1, out);
}

void trigger_say_try(const struct trigger_words *w, uint32_t factor, struct qv_text *out)
{
    struct slot slots[] = {slot("habit", trigger_name(w, factor)), slot("id", w->triggers->days->factors[factor].id)};
    say(w, QV_SENTENCE_TRY_IT, slots, 2, out);
}

struct trigger_next trigger_next(const struct trigger_words *w)
{
    struct trigger_next next = {-1, NULL, NULL};
    for (int r = 0; r <= 2; r++) {
        for (uint32_t i = 0; i < w->triggers->trigger_count; i++) {
            const struct qv_trigger *t = &w->triggers->triggers[i];
            const char *id = w->triggers->days->factors[t->factor].id;
            const struct qv_trial_info *trial = rank(t) == r ? qv_trial_info(w->knowledge, id) : NULL;
            if (!trial)
                continue;
            const struct qv_trial_refusal *refusal = w->person ? qv_trial_refusal_of(w->person, id) : NULL;
            if (!refusal) {
                next.factor = (int)t->factor;
                next.trial = trial;
                return next;
            }
            if (!next.refusal)
                next.refusal = refusal->text;
        }
    }
    return next;
}
