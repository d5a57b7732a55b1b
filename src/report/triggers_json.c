/* SPDX-License-Identifier: Apache-2.0 */
/* Triggers as the contract's JSON object. What is not known is null; ours stand at the end of each object. */
#include "trigger_words.h"

#include <math.h>

#define WORDS_BYTES_MAX 8192

/* The model in words; src/nof1/ derives it. */
static const char model[] =
    "negative binomial counts; log rate = level + trend + habits of the same day and the day before (and their fall "
    "since yesterday where that can matter) + latent AR(1) days; weakly informative normal priors per step; missing "
    "exposures integrated over; Laplace approximation";

static double rounded(double value)
{
    return round(value * 1e4) / 1e4;
}

static void write_ratio(struct qv_json *j, const struct qv_ratio *rate)
{
    qv_json_number(j, "rate_ratio", rounded(rate->ratio));
    qv_json_array(j, "interval95");
    qv_json_number(j, NULL, rounded(rate->low));
    qv_json_number(j, NULL, rounded(rate->high));
    qv_json_array_end(j);
}

static void write_words(struct qv_json *j, const char *key, struct qv_text *words)
{
    qv_json_string(j, key, words->bytes ? words->bytes : "");
    j->text->failed = j->text->failed || words->failed;
    qv_text_clear(words);
}

static void write_trigger(struct qv_json *j, const struct trigger_words *w, const struct qv_trigger *t,
                          struct qv_text *words)
{
    const struct qv_factor *factor = &w->triggers->days->factors[t->factor];
    const struct qv_habit *habit = trigger_habit(w, t->factor);
    qv_json_object(j, NULL);
    qv_json_string(j, "factor", factor->id);
    qv_json_string(j, "per", factor->per);
    qv_json_number(j, "lag_days", t->lag_days);
    write_ratio(j, &t->rate);
    qv_json_number(j, "probability_raises", rounded(t->probability_raises));
    qv_json_string(j, "verdict", qv_trigger_verdict_id(t->verdict));
    qv_json_number(j, "days_needed", t->verdict == QV_NOT_ENOUGH_DATA ? ceil(t->days_needed) : NAN);
    qv_json_number(j, "days_known", t->known_days);
    trigger_say_verdict(w, t, words);
    write_words(j, "text", words);
    qv_json_array(j, "sources");
    for (uint32_t i = 0; habit && i < habit->sources.count; i++)
        qv_json_string(j, NULL, habit->sources.at[i]);
    qv_json_array_end(j);
    qv_json_object_end(j);
}

static void write_triggers(struct qv_json *j, const char *key, const struct trigger_words *w, bool drops,
                           struct qv_text *words)
{
    qv_json_array(j, key);
    for (uint32_t i = 0; i < w->triggers->trigger_count; i++) {
        if (w->triggers->triggers[i].drop == drops)
            write_trigger(j, w, &w->triggers->triggers[i], words);
    }
    qv_json_array_end(j);
}

/* What was in the body in the place of what was taken in. Absent where times are not known. */
static void write_in_body(struct qv_json *j, const struct trigger_words *w, struct qv_text *words)
{
    const struct qv_triggers *triggers = w->triggers;
    if (!triggers->in_body_count)
        return;
    qv_json_array(j, "in_body");
    for (uint32_t i = 0; i < triggers->in_body_count; i++) {
        const struct qv_trigger *t = &triggers->in_body[i];
        const struct qv_factor *factor = &triggers->days->factors[t->factor];
        qv_json_object(j, NULL);
        qv_json_string(j, "factor", factor->id);
        qv_json_string(j, "per", factor->per);
        qv_json_number(j, "half_life_h", factor->half_life_h);
        write_ratio(j, &t->rate);
        qv_json_number(j, "probability_raises", rounded(t->probability_raises));
        qv_json_string(j, "verdict", qv_trigger_verdict_id(t->verdict));
        trigger_say_in_body(w, t, words);
        write_words(j, "text", words);
        qv_json_object_end(j);
    }
    qv_json_array_end(j);
}

static void write_warnings(struct qv_json *j, const struct trigger_words *w, struct qv_text *words)
{
    qv_json_array(j, "warnings");
    for (uint32_t i = 0; i < w->triggers->entwined_count; i++) {
        trigger_say_entwined(w, &w->triggers->entwined[i], words);
        write_words(j, NULL, words);
    }
    qv_json_array_end(j);
}

static void write_entwined(struct qv_json *j, const struct trigger_words *w)
{
    const struct qv_factor *factors = w->triggers->days->factors;
    qv_json_array(j, "entwined");
    for (uint32_t i = 0; i < w->triggers->entwined_count; i++) {
        const struct qv_entwined *pair = &w->triggers->entwined[i];
        qv_json_object(j, NULL);
        qv_json_string(j, "factor", factors[pair->factor].id);
        qv_json_string(j, "with", factors[pair->with].id);
        qv_json_number(j, "correlation", rounded(pair->correlation));
        qv_json_object_end(j);
    }
    qv_json_array_end(j);
}

static void write_next(struct qv_json *j, const struct trigger_words *w, struct qv_text *words)
{
    const struct trigger_next next = trigger_next(w);
    const uint32_t factor = (uint32_t)next.factor;
    qv_json_object(j, "try_next");
    qv_json_string(j, "factor", next.factor < 0 ? NULL : w->triggers->days->factors[factor].id);
    if (next.factor >= 0) {
        trigger_say_try(w, factor, words);
        write_words(j, "text", words);
        qv_json_string(j, "how", next.trial->changed);
        qv_json_string(j, "caution", next.trial->caution);
    }
    if (next.refusal)
        qv_json_string(j, "refused", next.refusal);
    qv_json_object_end(j);
}

/* Day by day, for who draws it: null where nothing was noted. */
static void write_days(struct qv_json *j, const struct qv_triggers *triggers)
{
    const struct qv_days *days = triggers->days;
    qv_json_array(j, "days");
    for (uint32_t d = 0; d < days->day_count; d++) {
        char date[11];
        qv_date_format(days->first_day + (int32_t)d, date);
        qv_json_object(j, NULL);
        qv_json_string(j, "date", date);
        qv_json_number(j, "twitches", days->twitches[d]);
        qv_json_number(j, "expected", triggers->expected ? round(triggers->expected[d] * 100) / 100 : NAN);
        qv_json_object_end(j);
    }
    qv_json_array_end(j);
}

void qv_json_triggers(const struct qv_knowledge *knowledge, const struct qv_triggers *triggers,
                      const struct qv_person *person, unsigned indent, struct qv_text *text)
{
    const struct trigger_words w = {knowledge, triggers, person};
    struct qv_text words;
    struct qv_json j;
    qv_text_init(&words, WORDS_BYTES_MAX);
    qv_json_init(&j, text, indent);
    qv_json_object(&j, NULL);
    qv_json_number(&j, "quiver_triggers", 1);
    qv_json_number(&j, "days_observed", triggers->days_observed);
    qv_json_number(&j, "twitches", triggers->twitches);
    qv_json_string(&j, "model", model);
    qv_json_number(&j, "baseline_per_day", triggers->days_observed ? rounded(triggers->baseline_per_day) : NAN);
    qv_json_object(&j, "trend_per_week");
    write_ratio(&j, &triggers->trend_per_week);
    qv_json_object_end(&j);
    write_triggers(&j, "factors", &w, false, &words);
    write_triggers(&j, "drops", &w, true, &words);
    write_in_body(&j, &w, &words);
    write_warnings(&j, &w, &words);
    trigger_say_found(&w, &words);
    write_words(&j, "text", &words);
    qv_json_string(&j, "association", knowledge->sentences[QV_SENTENCE_ASSOCIATION]->text);
    write_next(&j, &w, &words);
    write_entwined(&j, &w);
    qv_json_number(&j, "dispersion", rounded(triggers->dispersion));
    qv_json_number(&j, "autocorrelation", rounded(triggers->autocorrelation));
    write_days(&j, triggers);
    qv_json_string(&j, "knowledge_version", knowledge->facts->version);
    qv_json_object_end(&j);
    qv_text_finish(&words);
}
