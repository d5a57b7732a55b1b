/* SPDX-License-Identifier: Apache-2.0 */
/* The scores of a bench as a table and as JSON. Both say the same; the JSON has the bounds of the baselines too. */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The baselines of reason.h, in the order of `enum qv_baseline`. */
static const char *const system_ids[BENCH_SYSTEMS] = {"quiver", "rules_only", "naive_bayes", "always_routine"};
static const char *const system_names[BENCH_SYSTEMS] = {"quiver", "rules only", "naive Bayes", "always routine"};

#define LABEL_COLUMNS 38
#define FIRST_COLUMNS 30
#define OTHER_COLUMNS 16

static const char *condition_id(const struct bench *bench, int condition)
{
    return condition < 0 ? "none" : bench->knowledge->facts->conditions[condition].id;
}

static const char *level_id(int level)
{
    return qv_level_name((enum qv_level)level);
}

/* ---- the table ------------------------------------------------------------------------------------------------------- */

/* qv_text_printf() pads bytes; a dash has three of them and one column. */
static void pad(struct qv_text *text, size_t from, size_t columns)
{
    if (text->failed)
        return;
    size_t used = qv_utf8_columns(text->bytes + from, text->length - from);
    for (; used < columns; used++)
        qv_text_puts(text, " ");
}

static void end_line(struct qv_text *text)
{
    while (!text->failed && text->length && text->bytes[text->length - 1] == ' ')
        text->bytes[--text->length] = '\0';
    qv_text_puts(text, "\n");
}

typedef void put_fn(const struct score *score, uint32_t which, bool with_bounds, struct qv_text *text);

static void put_part(struct score_part part, bool with_bounds, struct qv_text *text)
{
    if (part.of == 0) {
        qv_text_puts(text, "–");
        return;
    }
    qv_text_printf(text, "%u/%u", part.hits, part.of);
    if (!with_bounds) {
        qv_text_printf(text, " %.0f %%", 100 * score_rate(part));
        return;
    }
    struct score_interval bounds = score_exact(part);
    qv_text_printf(text, " %.1f %% (%.1f–%.1f)", 100 * score_rate(part), 100 * bounds.low, 100 * bounds.high);
}

static void put_level(const struct score *score, uint32_t level, bool with_bounds, struct qv_text *text)
{
    put_part(level < SCORE_LEVELS ? score->at_level[level] : score->level, with_bounds, text);
}

/* Scores that are a proportion, by the name they have in the JSON. */
static const struct {
    const char *id, *label;
    size_t offset;
} proportions[] = {
    {"safety", "safe (as urgent, or more) [strict]", offsetof(struct score, safe)},
    {"comprehensiveness", "answered at all", offsetof(struct score, answered)},
    {"inclination_to_overtriage", "too urgent, of the wrong levels", offsetof(struct score, over)},
    {"emergencies_missed", "emergencies missed", offsetof(struct score, missed)},
    {"first_cause", "first cause", offsetof(struct score, first)},
    {"first_cause_or_acceptable", "first cause, or an acceptable one", offsetof(struct score, first_or_acceptable)},
    {"first_three", "cause among the first three", offsetof(struct score, first_three)},
    {"contributors", "contributors named", offsetof(struct score, contributors)},
};
#define PROPORTIONS (sizeof proportions / sizeof proportions[0])

static struct score_part proportion(const struct score *score, size_t which)
{
    struct score_part part;
    memcpy(&part, (const char *)score + proportions[which].offset, sizeof part);
    return part;
}

static bool applies(size_t which, uint32_t system)
{
    return system == 0 || strcmp(proportions[which].id, "contributors") != 0; /* baselines name none */
}

static void put_proportion(const struct score *score, uint32_t which, bool with_bounds, struct qv_text *text)
{
    put_part(proportion(score, which), with_bounds, text);
}

static void put_number(double value, const char *format, struct qv_text *text)
{
    if (isnan(value))
        qv_text_puts(text, "–");
    else
        qv_text_printf(text, format, value);
}

static void put_capability(const struct score *score, uint32_t which, bool with_bounds, struct qv_text *text)
{
    put_number(score->capability, "%.1f", text);
}

static void put_brier(const struct score *score, uint32_t which, bool with_bounds, struct qv_text *text)
{
    put_number(score->brier, "%.3f", text);
}

static void row(const struct bench *bench, const char *label, put_fn *put, uint32_t which, uint32_t systems,
                struct qv_text *text)
{
    size_t from = text->length;
    qv_text_puts(text, label);
    pad(text, from, LABEL_COLUMNS);
    for (uint32_t s = 0; s < BENCH_SYSTEMS; s++) {
        from = text->length;
        if (s < systems)
            put(&bench->scores[s], which, s == 0, text);
        else
            qv_text_puts(text, "–");
        pad(text, from, s == 0 ? FIRST_COLUMNS : OTHER_COLUMNS);
    }
    end_line(text);
}

static void put_scores(const struct bench *bench, struct qv_text *text)
{
    qv_text_printf(text, "%-*s%-*s", LABEL_COLUMNS, "", FIRST_COLUMNS, system_names[0]);
    for (uint32_t s = 1; s < BENCH_SYSTEMS; s++)
        qv_text_printf(text, "%-*s", OTHER_COLUMNS, system_names[s]);
    end_line(text);
    row(bench, "level right", put_level, SCORE_LEVELS, BENCH_SYSTEMS, text);
    for (int level = SCORE_LEVELS - 1; level >= 0; level--) {
        char label[LABEL_COLUMNS];
        snprintf(label, sizeof label, "  %s", level_id(level));
        row(bench, label, put_level, (uint32_t)level, BENCH_SYSTEMS, text);
    }
    for (size_t i = 0; i < PROPORTIONS; i++) {
        uint32_t systems = 0;
        while (systems < BENCH_SYSTEMS && applies(i, systems))
            systems++;
        row(bench, proportions[i].label, put_proportion, (uint32_t)i, systems, text);
    }
    row(bench, "capability comparison score", put_capability, 0, BENCH_SYSTEMS, text);
    row(bench, "Brier score of the causes (0–2)", put_brier, 0, BENCH_SYSTEMS, text);
}

static void put_missed(const struct bench *bench, struct qv_text *text)
{
    struct score_part missed = bench->scores[0].missed;
    if (missed.of == 0)
        return;
    qv_text_printf(text,
                   "\n%u missed of %u %s: by these cases alone, the true rate of misses may be up to %.1f %% "
                   "(one-sided 95 %%).\n",
                   missed.hits, missed.of, missed.of == 1 ? "emergency" : "emergencies", 100 * score_at_most(missed));
}

static void put_calibration(const struct bench *bench, struct qv_text *text)
{
    qv_text_puts(text, "\nHow likely quiver called its first cause, and how often that was the cause:\n");
    for (int b = 0; b < SCORE_BINS; b++) {
        const struct score_bin *bin = &bench->scores[0].bins[b];
        qv_text_printf(text, "  %.1f–%.1f   n %3u   ", (double)b / SCORE_BINS, (b + 1.0) / SCORE_BINS, bin->correct.of);
        if (bin->correct.of) {
            qv_text_printf(text, "said %4.1f %%   was ", 100 * bin->mean_predicted);
            put_part(bin->correct, true, text);
        }
        end_line(text);
    }
}

static void put_off_case(const struct bench *bench, uint32_t i, struct qv_text *text)
{
    const struct score_expected *expected = &bench->expected[i];
    const struct score_said *said = &bench->said[i][0];
    int first = said->top[0];
    qv_text_printf(text, "  %s: %s\n", bench->cases[i].name, bench->cases[i].title);
    if (!said->answered) {
        qv_text_printf(text, "      no answer: %s\n", bench->cases[i].no_answer);
        return;
    }
    if (said->level != expected->level)
        qv_text_printf(text, "      level: %s, expected %s\n", level_id(said->level), level_id(expected->level));
    if (first != expected->first)
        qv_text_printf(text, "      first cause: %s (%.0f %%)%s, expected %s (%.0f %%)\n", condition_id(bench, first),
                       first < 0 ? 0 : 100 * said->p[first],
                       first >= 0 && (expected->acceptable >> first & 1) ? ", acceptable" : "",
                       condition_id(bench, expected->first), 100 * said->p[expected->first]);
}

static void put_off(const struct bench *bench, struct qv_text *text)
{
    uint32_t count = 0;
    qv_text_puts(text, "\nNot as expected:\n");
    for (uint32_t i = 0; i < bench->case_count; i++) {
        if (!bench_is_off(bench, i))
            continue;
        count++;
        put_off_case(bench, i, text);
    }
    if (count == 0)
        qv_text_puts(text, "  none\n");
}

static void put_estimate(const struct bench *bench, const struct bench_flip *flip, struct qv_text *text)
{
    const struct qv_condition *condition = &bench->knowledge->facts->conditions[flip->condition];
    const struct qv_likelihood *likelihood = &condition->likelihoods[flip->likelihood];
    qv_text_printf(text, "  %s: %s = %s, p %.3g, odds × %.3g\n", condition->id, likelihood->finding,
                   likelihood->is ? likelihood->is : "yes", likelihood->p, flip->times);
}

static bool same_change(const struct bench_flip *a, const struct bench_flip *b)
{
    return a->condition == b->condition && a->likelihood == b->likelihood && a->times == b->times;
}

/* How many estimates have a flip, and the same for flips of the level. */
static uint32_t estimates_that_matter(const struct bench_sensitivity *sensitivity, bool levels_only)
{
    uint32_t count = 0;
    const struct bench_flip *last = NULL;
    for (uint32_t i = 0; i < sensitivity->flip_count; i++) {
        const struct bench_flip *flip = &sensitivity->flips[i];
        if (levels_only && flip->level_before == flip->level_after)
            continue;
        count += !last || last->condition != flip->condition || last->likelihood != flip->likelihood;
        last = flip;
    }
    return count;
}

static void put_sensitivity(const struct bench *bench, struct qv_text *text)
{
    const struct bench_sensitivity *sensitivity = bench->sensitivity;
    qv_text_printf(
        text,
        "\nOf %u estimates, halved and doubled in their odds one at a time, %u change the level or the first "
        "cause of a case, %u the level:\n",
        sensitivity->estimates, estimates_that_matter(sensitivity, false), estimates_that_matter(sensitivity, true));
    for (uint32_t i = 0; i < sensitivity->flip_count; i++) {
        const struct bench_flip *flip = &sensitivity->flips[i];
        if (i == 0 || !same_change(flip, flip - 1))
            put_estimate(bench, flip, text);
        qv_text_printf(text, "      %s:", bench->cases[flip->of_case].name);
        if (flip->level_before != flip->level_after)
            qv_text_printf(text, " level %s → %s", qv_level_name(flip->level_before), qv_level_name(flip->level_after));
        if (flip->first_before != flip->first_after)
            qv_text_printf(text, " first cause %s → %s", condition_id(bench, flip->first_before),
                           condition_id(bench, flip->first_after));
        qv_text_puts(text, "\n");
    }
}

void bench_page(const struct bench *bench, struct qv_text *text)
{
    qv_text_printf(text, "%u cases in %s, knowledge %s\n", bench->case_count, bench->directory,
                   bench->knowledge->facts->version ? bench->knowledge->facts->version : "unversioned");
    qv_text_puts(text, "In brackets: exact 95 % bounds. Scores are defined in docs/bench.md.\n\n");
    put_scores(bench, text);
    put_missed(bench, text);
    put_calibration(bench, text);
    put_off(bench, text);
    if (bench->sensitivity)
        put_sensitivity(bench, text);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */

static void json_part(struct qv_json *json, const char *key, struct score_part part)
{
    struct score_interval bounds = score_exact(part);
    qv_json_object(json, key);
    qv_json_number(json, "hits", part.hits);
    qv_json_number(json, "of", part.of);
    qv_json_number(json, "rate", score_rate(part));
    qv_json_array(json, "interval95");
    qv_json_number(json, NULL, bounds.low);
    qv_json_number(json, NULL, bounds.high);
    qv_json_array_end(json);
    qv_json_object_end(json);
}

static void json_system(const struct score *score, uint32_t system, struct qv_json *json)
{
    qv_json_object(json, NULL);
    qv_json_string(json, "id", system_ids[system]);
    json_part(json, "level_right", score->level);
    qv_json_object(json, "level_right_by_level");
    for (int level = SCORE_LEVELS - 1; level >= 0; level--)
        json_part(json, level_id(level), score->at_level[level]);
    qv_json_object_end(json);
    for (size_t i = 0; i < PROPORTIONS; i++) {
        if (applies(i, system))
            json_part(json, proportions[i].id, proportion(score, i));
    }
    qv_json_number(json, "emergencies_missed_at_most_95", score_at_most(score->missed));
    qv_json_number(json, "capability_comparison_score", score->capability);
    qv_json_number(json, "brier", score->brier);
    qv_json_array(json, "calibration");
    for (int b = 0; b < SCORE_BINS; b++) {
        qv_json_object(json, NULL);
        qv_json_number(json, "from", (double)b / SCORE_BINS);
        qv_json_number(json, "to", (b + 1.0) / SCORE_BINS);
        qv_json_number(json, "mean_predicted", score->bins[b].mean_predicted);
        json_part(json, "observed", score->bins[b].correct);
        qv_json_object_end(json);
    }
    qv_json_array_end(json);
    qv_json_object_end(json);
}

static void json_case(const struct bench *bench, uint32_t i, struct qv_json *json)
{
    const struct score_expected *expected = &bench->expected[i];
    const struct score_said *said = &bench->said[i][0];
    qv_json_object(json, NULL);
    qv_json_string(json, "case", bench->cases[i].name);
    qv_json_string(json, "title", bench->cases[i].title);
    qv_json_object(json, "expected");
    qv_json_string(json, "level", level_id(expected->level));
    qv_json_string(json, "first_cause", condition_id(bench, expected->first));
    qv_json_object_end(json);
    qv_json_object(json, "said");
    if (said->answered) {
        int first = said->top[0];
        qv_json_string(json, "level", level_id(said->level));
        qv_json_string(json, "first_cause", condition_id(bench, first));
        qv_json_number(json, "probability", first < 0 ? NAN : said->p[first]);
        qv_json_bool(json, "acceptable", first >= 0 && (expected->acceptable >> first & 1));
    } else {
        qv_json_string(json, "no_answer", bench->cases[i].no_answer);
    }
    qv_json_object_end(json);
    qv_json_object_end(json);
}

static void json_sensitivity(const struct bench *bench, struct qv_json *json)
{
    const struct bench_sensitivity *sensitivity = bench->sensitivity;
    qv_json_object(json, "sensitivity");
    qv_json_number(json, "estimates", sensitivity->estimates);
    qv_json_number(json, "estimates_that_matter", estimates_that_matter(sensitivity, false));
    qv_json_number(json, "estimates_that_change_a_level", estimates_that_matter(sensitivity, true));
    qv_json_array(json, "flips");
    for (uint32_t i = 0; i < sensitivity->flip_count; i++) {
        const struct bench_flip *flip = &sensitivity->flips[i];
        const struct qv_condition *condition = &bench->knowledge->facts->conditions[flip->condition];
        const struct qv_likelihood *likelihood = &condition->likelihoods[flip->likelihood];
        qv_json_object(json, NULL);
        qv_json_string(json, "condition", condition->id);
        qv_json_string(json, "finding", likelihood->finding);
        qv_json_string(json, "is", likelihood->is ? likelihood->is : "yes");
        qv_json_number(json, "p", likelihood->p);
        qv_json_number(json, "odds_times", flip->times);
        qv_json_string(json, "case", bench->cases[flip->of_case].name);
        qv_json_string(json, "level_before", qv_level_name(flip->level_before));
        qv_json_string(json, "level_after", qv_level_name(flip->level_after));
        qv_json_string(json, "first_cause_before", condition_id(bench, flip->first_before));
        qv_json_string(json, "first_cause_after", condition_id(bench, flip->first_after));
        qv_json_object_end(json);
    }
    qv_json_array_end(json);
    qv_json_object_end(json);
}

void bench_json(const struct bench *bench, struct qv_text *text)
{
    struct qv_json json;
    qv_json_init(&json, text, 2);
    qv_json_object(&json, NULL);
    qv_json_number(&json, "quiver_bench", 1);
    qv_json_string(&json, "cases_from", bench->directory);
    qv_json_number(&json, "cases", bench->case_count);
    qv_json_string(&json, "knowledge_version", bench->knowledge->facts->version);
    qv_json_array(&json, "systems");
    for (uint32_t s = 0; s < BENCH_SYSTEMS; s++)
        json_system(&bench->scores[s], s, &json);
    qv_json_array_end(&json);
    qv_json_array(&json, "not_as_expected");
    for (uint32_t i = 0; i < bench->case_count; i++) {
        if (bench_is_off(bench, i))
            json_case(bench, i, &json);
    }
    qv_json_array_end(&json);
    if (bench->sensitivity)
        json_sensitivity(bench, &json);
    qv_json_object_end(&json);
    qv_text_puts(text, "\n");
}
