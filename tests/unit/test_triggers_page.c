/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Triggers on paper: the JSON is the contract's; page and picture say the same; what is not known is never shown as 0; nothing is said
 * without its interval; lines fit the terminal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "little_triggers.h"
#include "report/trigger_words.h"

#include <jansson.h>
#include <quiver/consult.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fontconfig and Pango keep what they know of fonts until the program ends; LeakSanitizer is told so. Ours is still watched. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\nleak:libpango\n";
}

static struct qv_knowledge *knowledge;
static struct little_triggers little;

static int set_up(void **unused)
{
    (void)unused;
    struct qv_error error = {0};
    little_triggers(&little);
    return qv_knowledge_builtin(&knowledge, &error);
}

static int tear_down(void **unused)
{
    (void)unused;
    qv_knowledge_destroy(knowledge);
    return 0;
}

static void page(const struct qv_triggers *triggers, struct qv_page_settings settings, struct qv_text *out)
{
    qv_text_init(out, 1 << 20);
    qv_page_triggers(knowledge, triggers, NULL, &settings, out);
    assert_false(out->failed);
}

static void draw(const struct qv_triggers *triggers, enum qv_plot_format format, struct qv_text *out)
{
    struct qv_error error = {0};
    qv_text_init(out, (size_t)64 << 20);
    if (qv_plot_triggers_draw(knowledge, triggers, format, out, &error))
        fail_msg("%s", error.text);
}

static void assert_says(const struct qv_text *text, const char *words)
{
    if (!text->bytes || !strstr(text->bytes, words))
        fail_msg("does not say \"%s\":\n%s", words, text->bytes);
}

static int count(const char *in, const char *what)
{
    int n = 0;
    for (const char *at = strstr(in, what); at; at = strstr(at + 1, what))
        n++;
    return n;
}

/* ---- words ------------------------------------------------------------------------------------------------------------------ */

static void test_ratios_in_words(void **unused)
{
    (void)unused;
    static const struct {
        double ratio;
        const char *words, *figure;
    } rows[] = {
        {1.32, "32 % more", "+32 %"},        {0.8, "20 % fewer", "-20 %"},      {1.004, "as many", "0 %"},
        {0.996, "as many", "0 %"},           {1.994, "99 % more", "+99 %"},     {2, "2 times as many", "x2"},
        {2.34, "2.3 times as many", "x2.3"}, {9.96, "10 times as many", "x10"}, {15.4, "15 times as many", "x15"},
        {0.0001, "99 % fewer", "-99 %"},
    };
    const struct trigger_words w = {knowledge, &little.found, NULL};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct qv_text words, figure;
        qv_text_init(&words, 1000);
        qv_text_init(&figure, 1000);
        trigger_say_change(&w, rows[i].ratio, &words);
        trigger_say_figure(rows[i].ratio, true, &figure);
        assert_string_equal(words.bytes, rows[i].words);
        assert_string_equal(figure.bytes, rows[i].figure);
        qv_text_finish(&words);
        qv_text_finish(&figure);
    }
}

/* All that speaks; of a habit that does not its level of the same day; nothing of one that was never noted. */
static void test_which_rows_are_shown(void **unused)
{
    (void)unused;
    const struct trigger_words w = {knowledge, &little.found, NULL};
    const struct qv_trigger *rows[LITTLE_ROWS];
    static const int expected[] = {0, 6, 2, 3, 4, 5}; /* likely, protective, possible, no clear effect, not enough */
    assert_int_equal(trigger_rows(&w, false, rows), 6);
    for (int i = 0; i < 6; i++)
        assert_ptr_equal(rows[i], &little.rows[expected[i]]);
    assert_int_equal(trigger_rows(&w, true, rows), LITTLE_ROWS);
    assert_int_equal(trigger_next(&w).factor, 0);

    struct little_triggers silent;
    little_triggers(&silent);
    for (int d = 0; d < LITTLE_DAYS; d++)
        silent.exposures[0 * LITTLE_DAYS + d] = NAN;
    assert_int_equal(trigger_rows(&(struct trigger_words){knowledge, &silent.found, NULL}, true, rows), 4);
}

/* Stress can neither be switched on nor off: nobody is sent to try it. */
static void test_only_what_can_be_tried_is_offered(void **unused)
{
    (void)unused;
    struct little_triggers t;
    little_triggers(&t);
    for (int i = 0; i < LITTLE_ROWS; i++)
        t.rows[i].verdict = t.rows[i].factor == 2 ? QV_LIKELY_TRIGGER : QV_NO_CLEAR_EFFECT;
    assert_int_equal(trigger_next(&(struct trigger_words){knowledge, &t.found, NULL}).factor, -1);
    struct qv_text out;
    page(&t.found, (struct qv_page_settings){.columns = 80}, &out);
    assert_null(strstr(out.bytes, "quiver trial"));
    qv_text_finish(&out);
}

/* Who takes lithium is not sent to change their caffeine: told why, and offered what is next. */
static void test_who_must_not_is_told_why(void **unused)
{
    (void)unused;
    static const char lithium[] =
        "{\"quiver_case\": 1, \"findings\": {\"medications\": [{\"name\": \"lithium\", \"started_days_ago\": 90}]}}";
    struct qv_error error = {0};
    struct qv_arena *arena = qv_arena_create(0);
    struct qv_person *person = NULL;
    assert_non_null(arena);
    const struct qv_evidence_given given = {.case_json = lithium, .case_length = strlen(lithium)};
    assert_int_equal(qv_consult_person(knowledge, &given, arena, &person, &error), QV_OK);
    const struct trigger_next next = trigger_next(&(struct trigger_words){knowledge, &little.found, person});
    assert_int_equal(next.factor, 1); /* sleep */
    assert_non_null(strstr(next.refusal, "ask your prescriber before you change it"));

    struct qv_text out;
    qv_text_init(&out, 1 << 20);
    qv_page_triggers(knowledge, &little.found, person, &(struct qv_page_settings){.columns = 200}, &out);
    assert_says(&out, next.refusal);
    assert_says(&out, "quiver trial plan sleep");
    assert_null(strstr(out.bytes, "quiver trial plan caffeine"));
    qv_text_finish(&out);
    qv_arena_destroy(arena);
}

/* Who needs a doctor first is sent to no trial, of whatever habit. */
static void test_no_trial_before_the_doctor(void **unused)
{
    (void)unused;
    static const char droop[] =
        "{\"quiver_case\": 1, \"findings\": {\"facial_droop\": true, \"began_suddenly\": true}}";
    struct qv_error error = {0};
    struct qv_arena *arena = qv_arena_create(0);
    struct qv_person *person = NULL;
    assert_non_null(arena);
    const struct qv_evidence_given given = {.case_json = droop, .case_length = strlen(droop)};
    assert_int_equal(qv_consult_person(knowledge, &given, arena, &person, &error), QV_OK);
    const struct trigger_next next = trigger_next(&(struct trigger_words){knowledge, &little.found, person});
    assert_int_equal(next.factor, -1);
    assert_null(next.trial);
    assert_non_null(strstr(next.refusal, "needs a doctor first"));
    qv_arena_destroy(arena);
}

static void test_a_trend(void **unused)
{
    (void)unused;
    static const struct {
        struct qv_ratio trend;
        const char *says;
    } rows[] = {
        {{1.12, 1.04, 1.2},
         "brought about 12 % more twitches, compared with the week before. It could be anything from 4 "
         "% more to 20 % more"},
        {{0.9, 0.85, 0.96}, "about 10 % fewer"},
        {{0.98, 0.93, 1.03}, "not clear whether your twitches become more or fewer. From 7 % fewer to 3 % more"},
        {{1, 0.999, 1.001}, "stayed as many"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct little_triggers t;
        struct qv_text out;
        little_triggers(&t);
        t.found.trend_per_week = rows[i].trend;
        qv_text_init(&out, 10000);
        trigger_say_trend(&(struct trigger_words){knowledge, &t.found, NULL}, &out);
        assert_says(&out, rows[i].says);
        assert_int_equal(strstr(out.bytes, "doctor") != NULL, rows[i].trend.low > 1);
        qv_text_finish(&out);
    }
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------------- */

static json_t *json_of(const struct qv_triggers *triggers)
{
    struct qv_text out;
    json_error_t fault;
    qv_text_init(&out, 1 << 20);
    qv_json_triggers(knowledge, triggers, NULL, 2, &out);
    assert_false(out.failed);
    json_t *root = json_loadb(out.bytes, out.length, JSON_REJECT_DUPLICATES, &fault);
    if (!root)
        fail_msg("line %d: %s", fault.line, fault.text);
    qv_text_finish(&out);
    return root;
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value))
        fail_msg("%s is no number", key);
    return json_number_value(value);
}

static const char *string(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void test_json_is_the_contracts(void **unused)
{
    (void)unused;
    json_t *root = json_of(&little.found);
    assert_float_equal(number(root, "quiver_triggers"), 1, 0);
    assert_float_equal(number(root, "days_observed"), 19, 0);
    assert_float_equal(number(root, "twitches"), 56, 0);
    assert_float_equal(number(root, "baseline_per_day"), 2.9, 1e-9);
    assert_non_null(string(root, "model"));
    const json_t *trend = json_object_get(root, "trend_per_week");
    assert_float_equal(number(trend, "rate_ratio"), 0.98, 1e-9);
    assert_float_equal(json_number_value(json_array_get(json_object_get(trend, "interval95"), 1)), 1.03, 1e-9);

    const json_t *factors = json_object_get(root, "factors"), *drops = json_object_get(root, "drops");
    assert_int_equal(json_array_size(factors), 6);
    assert_int_equal(json_array_size(drops), 1);
    const json_t *caffeine = json_array_get(factors, 0), *water = json_array_get(factors, 5);
    assert_string_equal(string(caffeine, "factor"), "caffeine");
    assert_string_equal(string(caffeine, "per"), "100 mg");
    assert_float_equal(number(caffeine, "lag_days"), 0, 0);
    assert_float_equal(number(json_array_get(factors, 1), "lag_days"), 1, 0);
    assert_float_equal(number(caffeine, "rate_ratio"), 1.32, 1e-9);
    assert_float_equal(json_number_value(json_array_get(json_object_get(caffeine, "interval95"), 0)), 1.11, 1e-9);
    assert_float_equal(number(caffeine, "probability_raises"), 0.995, 1e-9);
    assert_string_equal(string(caffeine, "verdict"), "likely_trigger");
    assert_true(json_is_null(json_object_get(caffeine, "days_needed")));
    assert_string_equal(string(water, "verdict"), "not_enough_data");
    assert_float_equal(number(water, "days_needed"), 44, 0);
    assert_string_equal(string(json_array_get(drops, 0), "factor"), "caffeine");
    assert_string_equal(
        string(caffeine, "text"),
        "You had about 32 % more twitches on days with 100 mg more caffeine. It could be anything from 11 % "
        "more to 58 % more.");
    const json_t *warnings = json_object_get(root, "warnings");
    assert_int_equal(json_array_size(warnings), 1);
    assert_int_equal(strncmp(json_string_value(json_array_get(warnings, 0)), "sleep and stress move together: ", 32),
                     0);
    json_decref(root);
}

/* Not known is null; none is 0. */
static void test_json_days(void **unused)
{
    (void)unused;
    json_t *root = json_of(&little.found);
    const json_t *days = json_object_get(root, "days");
    assert_int_equal(json_array_size(days), LITTLE_DAYS);
    assert_string_equal(string(json_array_get(days, 0), "date"), "2025-11-08");
    assert_true(json_is_null(json_object_get(json_array_get(days, 3), "twitches")));
    assert_float_equal(number(json_array_get(days, 4), "twitches"), 0, 0);
    json_decref(root);
}

/* An endless wait is no number. */
static void test_json_without_end(void **unused)
{
    (void)unused;
    struct little_triggers t;
    little_triggers(&t);
    t.rows[5].days_needed = INFINITY;
    json_t *root = json_of(&t.found);
    const json_t *water = json_array_get(json_object_get(root, "factors"), 5);
    assert_true(json_is_null(json_object_get(water, "days_needed")));
    assert_non_null(strstr(string(water, "text"), "hardly changes"));
    json_decref(root);
}

/* ---- the page --------------------------------------------------------------------------------------------------------------- */

static void test_page_says_it_plainly(void **unused)
{
    (void)unused;
    struct qv_text out;
    page(&little.found, (struct qv_page_settings){.columns = 200}, &out);
    static const char *const words[] = {
        "More twitches came with: caffeine and a drop in caffeine. Fewer twitches came with: sleep.",
        "Not sure yet, but worth watching: stress.",
        "19 days noted, 56 twitches, usually 2.9 a day",
        "Caffeine. You had about 32 % more twitches on days with 100 mg more caffeine.",
        "It could be anything from 11 % more to 58 % more.",
        "Sleep. You had about 20 % fewer twitches on days after a night with one hour more sleep.",
        "It could be anything from 30 % fewer to 8 % fewer.",
        "The best guess is 9 % more, but it could be anything from 2 % fewer to 21 % more.",
        "2.3 times as many twitches on days with 100 mg less caffeine than the day before",
        "Sleep and stress move together",
        "2025-12-22  drinking +500 mL: noted on 20 days, about 44 needed",
        "Nothing was noted of: exercise.",
        "It does not prove what causes what.",
        "quiver trial plan caffeine",
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_says(&out, words[i]);
    assert_null(strstr(out.bytes, "[1")); /* sources are for those who asked for all */
    qv_text_finish(&out);
    page(&little.found, (struct qv_page_settings){.columns = 80, .full = true}, &out);
    assert_says(&out, "Sources\n");
    qv_text_finish(&out);
}

/* 0 twitches, no note and 5 twitches are three signs. */
static void test_a_missing_day_is_no_zero(void **unused)
{
    (void)unused;
    struct qv_text out;
    page(&little.found, (struct qv_page_settings){.columns = 80, .plain = true}, &out);
    assert_says(&out, "2025-11-08  246?024 6892468 924689");
    qv_text_finish(&out);
    page(&little.found, (struct qv_page_settings){.columns = 80}, &out);
    assert_says(&out, "2025-11-08  ▂▄▅·_▂▄ ▅▇█▂▄▅▇ █▂▄▅▇█");
    qv_text_finish(&out);
}

static void test_lines_fit(void **unused)
{
    (void)unused;
    static const unsigned widths[] = {40, 59, 60, 80, 133, 200};
    for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
        for (int k = 0; k < 4; k++) {
            struct qv_text out;
            page(&little.found, (struct qv_page_settings){.columns = widths[w], .plain = k & 1, .full = k & 2}, &out);
            for (char *line = out.bytes, *end; (end = strchr(line, '\n')); line = end + 1) {
                if (qv_utf8_columns(line, (size_t)(end - line)) > widths[w])
                    fail_msg("wider than %u: %.*s", widths[w], (int)(end - line), line);
            }
            qv_text_finish(&out);
        }
    }
}

static void test_plain_is_plain(void **unused)
{
    (void)unused;
    struct qv_text out;
    page(&little.found, (struct qv_page_settings){.columns = 80, .plain = true, .colour = true}, &out);
    for (size_t i = 0; i < out.length; i++) {
        if ((unsigned char)out.bytes[i] >= 0x7f || ((unsigned char)out.bytes[i] < 0x20 && out.bytes[i] != '\n'))
            fail_msg("byte %02x at %zu:\n%s", (unsigned char)out.bytes[i], i, out.bytes);
    }
    qv_text_finish(&out);
}

/* The estimate stands between the ends of its interval, on its own side of "as many". */
static void test_forest(void **unused)
{
    (void)unused;
    struct qv_text out;
    page(&little.found, (struct qv_page_settings){.columns = 80, .plain = true}, &out);
    static const struct {
        const char *label;
        int side;   /* of the estimate: left of 1, right of it */
        bool clear; /* the interval leaves 1 out */
    } rows[] = {{"  caffeine +100 mg ", 1, true}, {"  sleep +1 h ", -1, true}, {"  stress +1 score ", 1, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *line = strstr(out.bytes, rows[i].label);
        assert_non_null(line);
        const size_t one = strcspn(line, "|"), estimate = strcspn(line + 16, "o") + 16, end = strcspn(line, "\n");
        assert_true(one < end && estimate < end);
        assert_true(rows[i].side > 0 ? estimate > one : estimate < one);
        assert_int_equal(line[one - 1] == ' ' || line[one + 1] == ' ', rows[i].clear);
    }
    assert_says(&out, ">"); /* six times as many lies beyond the edge */
    qv_text_finish(&out);
}

static const struct qv_days no_days = {20400, 0, LITTLE_FACTORS, little_factors, NULL, NULL, NULL};

static void test_an_empty_diary(void **unused)
{
    (void)unused;
    const struct qv_triggers empty = {.days = &no_days,
                                      .baseline_per_day = NAN,
                                      .trend_per_week = {NAN, NAN, NAN},
                                      .dispersion = NAN,
                                      .autocorrelation = NAN};
    struct qv_text out;
    page(&empty, (struct qv_page_settings){.columns = 80, .full = true}, &out);
    assert_says(&out, "It is too early to say");
    assert_null(strstr(out.bytes, "nan"));
    qv_text_finish(&out);
    draw(&empty, QV_PLOT_SVG, &out);
    assert_null(strstr(out.bytes, "nan"));
    qv_text_finish(&out);
    json_t *root = json_of(&empty);
    assert_true(json_is_null(json_object_get(root, "baseline_per_day")));
    json_decref(root);
}

/* ---- the picture ------------------------------------------------------------------------------------------------------------ */

static void test_picture_says_the_same(void **unused)
{
    (void)unused;
    struct qv_text svg;
    draw(&little.found, QV_PLOT_SVG, &svg);
    static const char *const words[] = {
        "What goes with your twitches",
        "2025-11-08 to 2025-11-27 · 19 days noted · 56 twitches",
        "You had about 32 % more twitches on days with 100 mg more caffeine.",
        "It could be anything from 11 % more to 58 % more.",
        "2025-11-11 not noted",
        "2025-11-12 0",
        "It does not prove what causes what.",
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_says(&svg, words[i]);
    assert_null(strstr(svg.bytes, "nan"));
    qv_text_finish(&svg);
}

/* Bars have a colour of their own: one a known day that is more than none, of twitches and of each habit, and one in the legend. */
static void test_only_what_is_known_is_drawn(void **unused)
{
    (void)unused;
    static const char bar[] = "fill:rgb(62%,66%,71%);fill-opacity:1;";
    int bars = 1;
    for (int d = 0; d < LITTLE_DAYS; d++) {
        bars += little.twitches[d] > 0;
        for (int f = 0; f < LITTLE_FACTORS; f++)
            bars += little.exposures[f * LITTLE_DAYS + d] > 0;
    }
    struct qv_text svg;
    draw(&little.found, QV_PLOT_SVG, &svg);
    assert_int_equal(count(svg.bytes, bar), bars);
    qv_text_finish(&svg);
}

static void test_formats(void **unused)
{
    (void)unused;
    struct qv_text out;
    draw(&little.found, QV_PLOT_PNG, &out);
    assert_memory_equal(out.bytes, "\x89PNG", 4);
    qv_text_finish(&out);
    draw(&little.found, QV_PLOT_PDF, &out);
    assert_memory_equal(out.bytes, "%PDF", 4);
    qv_text_finish(&out);
    struct qv_error error = {0};
    assert_int_equal(qv_plot_triggers(knowledge, &little.found, "/tmp/picture.txt", &error), QV_ERR_USAGE);
}

/* Ten years of ten habits: as large as a year's. */
static void test_a_long_diary_stays_small(void **unused)
{
    (void)unused;
    enum { DAYS = 3653 };
    double *twitches = calloc(DAYS, sizeof *twitches),
           *exposures = calloc((size_t)DAYS * LITTLE_FACTORS, sizeof *exposures);
    assert_true(twitches && exposures);
    for (int d = 0; d < DAYS; d++)
        twitches[d] = d % 7;
    for (int i = 0; i < DAYS * LITTLE_FACTORS; i++)
        exposures[i] = i % 11;
    const struct qv_days days = {20400, DAYS, LITTLE_FACTORS, little_factors, twitches, exposures, NULL};
    struct qv_triggers t = little.found;
    t.days = &days;
    t.expected = NULL;
    struct qv_text out;
    draw(&t, QV_PLOT_PDF, &out);
    assert_true(out.length < 300000);
    qv_text_finish(&out);
    page(&t, (struct qv_page_settings){.columns = 80}, &out);
    assert_true(count(out.bytes, "\n") < 60);
    qv_text_finish(&out);
    free(twitches);
    free(exposures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ratios_in_words),
        cmocka_unit_test(test_which_rows_are_shown),
        cmocka_unit_test(test_only_what_can_be_tried_is_offered),
        cmocka_unit_test(test_who_must_not_is_told_why),
        cmocka_unit_test(test_no_trial_before_the_doctor),
        cmocka_unit_test(test_a_trend),
        cmocka_unit_test(test_json_is_the_contracts),
        cmocka_unit_test(test_json_days),
        cmocka_unit_test(test_json_without_end),
        cmocka_unit_test(test_page_says_it_plainly),
        cmocka_unit_test(test_a_missing_day_is_no_zero),
        cmocka_unit_test(test_lines_fit),
        cmocka_unit_test(test_plain_is_plain),
        cmocka_unit_test(test_forest),
        cmocka_unit_test(test_an_empty_diary),
        cmocka_unit_test(test_picture_says_the_same),
        cmocka_unit_test(test_only_what_is_known_is_drawn),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_a_long_diary_stays_small),
    };
    return cmocka_run_group_tests_name("triggers on paper", tests, set_up, tear_down);
}
