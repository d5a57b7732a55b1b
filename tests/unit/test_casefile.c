/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The case file on a small form of its own: every class of error with its place and its words, what is accepted, and that
 * what is written reads back the same.
 */
#include <quiver/casefile.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const sides[] = {"left", "right", "both"};
static const char *const sites[] = {"upper_lip", "lower_lip", "chin"};

enum { AGE, FACIAL_DROOP, HURT_MONTHS_AGO, MEDICATIONS, ONSET_DAYS, SIDE, SITE, SLEEP_HOURS, FIELD_COUNT };

static const struct qv_field fields[FIELD_COUNT] = {
    [AGE] = {.id = "age", .unit = "years", .type = QV_FIELD_NUMBER, .maximum = 120},
    [FACIAL_DROOP] = {.id = "facial_droop", .type = QV_FIELD_YES_NO},
    [HURT_MONTHS_AGO] = {.id = "hurt_months_ago",
                         .unit = "months",
                         .type = QV_FIELD_NUMBER,
                         .maximum = 1200,
                         .days_ago_per_unit = 30.4375},
    [MEDICATIONS] = {.id = "medications", .type = QV_FIELD_MEDICINES},
    [ONSET_DAYS] =
        {.id = "onset_days", .unit = "days", .type = QV_FIELD_NUMBER, .maximum = 36500, .days_ago_per_unit = 1},
    [SIDE] = {.id = "side", .words = sides, .word_count = 3, .type = QV_FIELD_CHOICE},
    [SITE] = {.id = "site", .words = sites, .word_count = 3, .type = QV_FIELD_CHOICES},
    [SLEEP_HOURS] = {.id = "sleep_hours", .unit = "hours", .type = QV_FIELD_NUMBER, .maximum = 24},
};
static const uint16_t by_name[FIELD_COUNT] = {0, 1, 2, 3, 4, 5, 6, 7};
static const struct qv_form form = {fields, by_name, FIELD_COUNT};

static struct qv_arena *arena;

static int setup(void **unused)
{
    (void)unused;
    arena = qv_arena_create(0);
    return arena ? 0 : -1;
}

static int teardown(void **unused)
{
    (void)unused;
    qv_arena_destroy(arena);
    return 0;
}

/* From memory of exactly that length, so that a sanitizer sees a read beyond it: nothing says that a 0 follows. */
static int parse(const char *json, size_t length, struct qv_case **out, struct qv_error *error)
{
    char *bytes = length ? malloc(length) : NULL;
    if (length && !bytes)
        return QV_ERR_UNAVAILABLE;
    if (length)
        memcpy(bytes, json, length);
    qv_arena_reset(arena);
    int status = qv_case_parse(arena, &form, bytes, length, "case", out, error);
    free(bytes);
    return status;
}

/* A case with these findings. */
#define F(findings) "{\"quiver_case\":1,\"findings\":{" findings "}}"
#define M(medicines) F("\"medications\":[" medicines "]")

/* ---- what is refused --------------------------------------------------------------------------------------------------- */

static const struct {
    const char *json, *error; /* the error's whole text, or its beginning where it ends in "..." */
} bad[] = {
    /* the bytes and the JSON */
    {"", "found nothing, expected a case..."},
    {" \n\t", "found nothing, expected a case..."},
    {"{\"quiver_case\":1", "line 1, column 16: the text ends in the middle of quiver_case"},
    {F("\"age\":3") " x", "line 1, column 40: found more after the end of the case, expected nothing"},
    {F("\"age\":3") "{}", "line 1, column 39: found more after the end of the case, expected nothing"},
    {"{\n  \"quiver_case\": 1,\n  \"findings\": {\"age\": 3,}}",
     "line 3, column 25, at findings: found '}', expected a name in quotes"},
    {F("\"age\":03"), "line 1, column 36, at findings.age: found '03', expected a number"},
    {F("\"age\":NaN"), "line 1, column 36, at findings.age: found 'NaN', expected a value"},
    {F("\"age\":-"), "line 1, column 36, at findings.age: found '-', expected a number"},
    {F("\"age\":1."), "line 1, column 36, at findings.age: found '1.', expected a number"},
    {F("\"age\":+1"), "line 1, column 36, at findings.age: found '+', expected a value"},
    {F("\"age\":1e"), "line 1, column 36, at findings.age: found '1e', expected a number"},
    {F("\"age\" 3"), "line 1, column 36, at findings.age: found '3', expected a colon"},
    {F("\"age\":3 \"side\":1"), "line 1, column 38, at findings.age: found '\"', expected a comma or }"},
    {F("\"site\":[\"chin\";"), "line 1, column 44, at findings.site[0]: found ';', expected a comma or ]"},
    {F("\"side\":\"a\tb\""),
     "line 1, column 39, at findings.side: found '?', expected text without control characters"},
    {F("\"side\":\"\\x\""), "line 1, column 38, at findings.side: found '\\', expected an escape that JSON has"},
    {F("\"side\":\"\\u12g4\""),
     "line 1, column 38, at findings.side: found '\\u', expected \\u and the four digits..."},
    {F("\"side\":\"\\udc00\""),
     "line 1, column 38, at findings.side: found '\\u', expected \\u and the four digits..."},
    {F("\"side\":\"\\ud800\\u0041\""), "line 1, column 38, at findings.side: found '\\u', expected \\u and..."},
    {F("\"side\":tru"), "line 1, column 37, at findings.side: found 'tru', expected a value"},
    {"{\"quiver_case\":1,}", "line 1, column 18: found '}', expected a name in quotes"},
    {"7", "line 1, column 1: found '7', expected {"},
    {"{\"quiver_case\":1,\"findings\":{\"side\":\"le",
     "line 1, column 39: the text ends in the middle of findings.side"},
    {"// a comment\n" F(""), "line 1, column 1: found '/', expected {"},
    {F("\"age\":3,\"age\":4"), "findings.age: given a second time (line 1, column 42), expected once"},
    {"{\"quiver_case\":1,\"quiver_case\":1}", "quiver_case: given a second time (line 1, column 30), expected once"},
    {M("{\"name\":\"a\",\"name\":\"b\"}"), "findings.medications[0].name: given a second time..."},
    {F("\"age\":1e999"), "findings.age: found a number too large to read..."},
    {F("\"side\":\"a\\u0000\""), "findings.side: found a zero character..."},
    {F("\"a\\u0000\":1"), "findings.a\\u0000: found a zero character..."},
    {F("\"side\":\"\\ud800\""),
     "line 1, column 38, at findings.side: found '\\u', expected \\u and the four digits..."},
    {F("\"site\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]"),
     "findings.site[0][0][0][0][0][0][0][0][0][0][0][0][0][0]: nested deeper than 16 (line 1, column 51)"},
    {F("\"age\":\"\xff\""), "line 1, column 37: found bytes that are not UTF-8, expected JSON in UTF-8"},
    {"{\n\"\xc3\xa9\xed\xa0\x80\"}", "line 2, column 3: found bytes that are not UTF-8, expected JSON in UTF-8"},
    {"{\"quiver_case\":1}\xc3", "line 1, column 18: found bytes that are not UTF-8, expected JSON in UTF-8"},

    /* what it claims to be */
    {"[]", "found a list, expected an object with \"quiver_case\" and \"findings\""},
    {"{}", "quiver_case: missing, expected 1 (this is how a case file is known)"},
    {"{\"quiver_case\":2}", "quiver_case: found 2, expected 1"},
    {"{\"quiver_case\":true}", "quiver_case: found true, expected 1"},
    {"{\"quiver_case\":\"1\"}", "quiver_case: found \"1\", expected 1"},
    {"{\"quiver_case\":1,\"findngs\":{}}",
     "findngs: unknown key, expected quiver_case, as_of or findings; did you mean \"findings\"?"},
    {"{\"quiver_case\":1,\"findings\":[]}", "findings: found a list, expected an object"},
    {"{\"quiver_case\":1,\"as_of\":\"2026-02-29\"}",
     "as_of: found \"2026-02-29\", expected a date like \"2026-11-22\""},
    {"{\"quiver_case\":1,\"as_of\":\"0000-01-01\"}",
     "as_of: found \"0000-01-01\", expected a date like \"2026-11-22\""},
    {"{\"quiver_case\":1,\"as_of\":20261122}", "as_of: found 20261122, expected a date like \"2026-11-22\""},

    /* names */
    {F("\"sleep_hrs\":3"), "findings.sleep_hrs: unknown finding; did you mean \"sleep_hours\"?"},
    {F("\"sleepHours\":3"), "findings.sleepHours: unknown finding; did you mean \"sleep_hours\"?"},
    {F("\"sleep\":3"), "findings.sleep: unknown finding; did you mean \"sleep_hours\"?"},
    {F("\"droop\":true"), "findings.droop: unknown finding; did you mean \"facial_droop\"?"},
    {F("\"elephants\":3"), "findings.elephants: unknown finding"},
    {F("\"\":3"), "findings.: unknown finding"},
    {F("\"a\\u001b[31m\\u202e\":3"), "findings.a?[31m?: unknown finding..."},

    /* types, ranges, words */
    {F("\"sleep_hours\":31"), "findings.sleep_hours: found 31, expected a number from 0 to 24 (hours)"},
    {F("\"sleep_hours\":-0.5"), "findings.sleep_hours: found -0.5, expected a number from 0 to 24 (hours)"},
    {F("\"sleep_hours\":24.0000001"), "findings.sleep_hours: found 24.0000001, expected a number from 0 to 24 (hours)"},
    {F("\"sleep_hours\":\"5\""), "findings.sleep_hours: found \"5\", expected a number from 0 to 24 (hours)"},
    {F("\"sleep_hours\":true"), "findings.sleep_hours: found true, expected a number from 0 to 24 (hours)"},
    {F("\"age\":99999999999999999999999999"), "findings.age: found 1e+26, expected a number from 0 to 120 (years)"},
    {F("\"facial_droop\":\"yes\""), "findings.facial_droop: found \"yes\", expected true or false"},
    {F("\"facial_droop\":0"), "findings.facial_droop: found 0, expected true or false"},
    {F("\"facial_droop\":null"),
     "findings.facial_droop: found null (leave out what is not known), expected true or false"},
    {F("\"facial_droop\":{}"), "findings.facial_droop: found an object, expected true or false"},
    {F("\"side\":\"lefft\""),
     "findings.side: found \"lefft\", expected one of left, right, both; did you mean \"left\"?"},
    {F("\"side\":\"Left\""),
     "findings.side: found \"Left\", expected one of left, right, both; did you mean \"left\"?"},
    {F("\"side\":[\"left\"]"), "findings.side: found a list, expected one of left, right, both"},
    {F("\"site\":\"chin\""), "findings.site: found \"chin\", expected a list of any of upper_lip, lower_lip, chin"},
    {F("\"site\":[\"chin\",\"upper lip\"]"),
     "findings.site[1]: found \"upper lip\", expected one of upper_lip, lower_lip, chin; did you mean \"upper_lip\"?"},
    {F("\"site\":[\"chin\",\"chin\"]"), "findings.site[1]: found \"chin\" a second time, expected each once"},
    {F("\"site\":[]"), "findings.site: found an empty list, expected at least one of upper_lip, lower_lip, chin"},
    {F("\"site\":[1]"), "findings.site[0]: found 1, expected one of upper_lip, lower_lip, chin"},

    /* before birth, whichever is said first */
    {F("\"age\":3,\"onset_days\":2000"),
     "findings.onset_days: found 2000, which is before birth at an age of 3, expected at most 1461 days"},
    {F("\"onset_days\":2000,\"age\":3"),
     "findings.onset_days: found 2000, which is before birth at an age of 3, expected at most 1461 days"},
    {F("\"hurt_months_ago\":30,\"age\":1"),
     "findings.hurt_months_ago: found 30, which is before birth at an age of 1, expected at most 24 months"},

    /* medicines */
    {F("\"medications\":\"x\""), "findings.medications: found \"x\", expected a list of {\"name\", ..."},
    {M("\"x\""), "findings.medications[0]: found \"x\", expected {\"name\": ...}"},
    {M("{}"), "findings.medications[0].name: missing, expected the name of a medicine"},
    {M("{\"name\":\" \"}"),
     "findings.medications[0].name: found \" \", expected the name of a medicine of 1 to 200 bytes"},
    {M("{\"name\":7}"), "findings.medications[0].name: found 7, expected the name of a medicine of 1 to 200 bytes"},
    {M("{\"name\":\"a\"},{\"name\":\"b\",\"started_day_ago\":1}"),
     "findings.medications[1].started_day_ago: unknown key, expected name, started_days_ago, dose_changed_days_ago or "
     "stopped_days_ago; did you mean \"started_days_ago\"?"},
    {M("{\"name\":\"a\",\"started_days_ago\":\"1\"}"),
     "findings.medications[0].started_days_ago: found \"1\", expected a number (days)"},
    {M("{\"name\":\"a\",\"started_days_ago\":-1}"),
     "findings.medications[0].started_days_ago: found -1, expected a number from 0 to 47847 (days)"},
    {M("{\"name\":\"a\",\"started_days_ago\":3,\"stopped_days_ago\":5}"),
     "findings.medications[0].stopped_days_ago: found 5, expected at most 3, which is started_days_ago"},
    {M("{\"name\":\"a\",\"started_days_ago\":3,\"dose_changed_days_ago\":5}"),
     "findings.medications[0].dose_changed_days_ago: found 5, expected at most 3, which is started_days_ago"},
    {F("\"medications\":[{\"name\":\"a\",\"stopped_days_ago\":900}],\"age\":1"),
     "findings.medications[0].stopped_days_ago: found 900, which is before birth at an age of 1, expected at most 730 "
     "days"},
};

static void bad_cases_are_refused_with_their_place(void **unused)
{
    (void)unused;
    int wrong = 0;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct qv_case *c = NULL;
        struct qv_error error = {0};
        int status = parse(bad[i].json, strlen(bad[i].json), &c, &error);
        size_t length = strlen(bad[i].error);
        bool beginning = length > 3 && strcmp(bad[i].error + length - 3, "...") == 0;
        if (status != QV_ERR_DATA || error.status != QV_ERR_DATA || c ||
            (beginning ? strncmp(error.text, bad[i].error, length - 3) : strcmp(error.text, bad[i].error))) {
            print_error("%s\n  said     %d %s\n  expected %s\n", bad[i].json, status, error.text, bad[i].error);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void a_zero_byte_is_refused(void **unused)
{
    (void)unused;
    static const char json[] = "{\"quiver_case\":1,\n\"findings\":\0{}}";
    struct qv_case *c = NULL;
    struct qv_error error = {0};
    assert_int_equal(parse(json, sizeof json - 1, &c, &error), QV_ERR_DATA);
    assert_string_equal(error.text, "line 2, column 12: found a zero byte, expected JSON in UTF-8");
    assert_int_equal(parse(NULL, 0, &c, &error), QV_ERR_DATA);
}

static void bounds_are_kept(void **unused)
{
    (void)unused;
    struct qv_case *c = NULL;
    struct qv_error error = {0};
    struct qv_text text;
    qv_text_init(&text, 4 * QV_CASE_MAX_BYTES);

    qv_text_puts(&text, "{\"quiver_case\":1,\"findings\":{\"medications\":[");
    for (int i = 0; i <= QV_CASE_MAX_MEDICINES; i++)
        qv_text_printf(&text, "%s{\"name\":\"m%d\"}", i ? "," : "", i);
    qv_text_puts(&text, "]}}");
    assert_int_equal(parse(text.bytes, text.length, &c, &error), QV_ERR_DATA);
    assert_string_equal(error.text, "findings.medications: found 65 medicines, expected at most 64");

    qv_text_clear(&text);
    qv_text_printf(&text, "{\"quiver_case\":1,\"findings\":{\"medications\":[{\"name\":\"%0*d\"}]}}",
                   QV_CASE_MAX_NAME_BYTES + 1, 0);
    assert_int_equal(parse(text.bytes, text.length, &c, &error), QV_ERR_DATA);
    assert_non_null(strstr(error.text, "medications[0].name: found \"000"));
    assert_non_null(strstr(error.text, "...\", expected"));

    qv_text_clear(&text);
    qv_text_puts(&text, F(""));
    while (text.length < QV_CASE_MAX_BYTES)
        qv_text_add(&text, " ", 1);
    assert_int_equal(parse(text.bytes, text.length, &c, &error), QV_OK);
    qv_text_add(&text, " ", 1);
    assert_int_equal(parse(text.bytes, text.length, &c, &error), QV_ERR_DATA);
    qv_text_finish(&text);
}

static void errors_are_whole_utf8(void **unused)
{
    (void)unused;
    struct qv_error error;
    struct qv_text text;
    qv_text_init(&text, QV_CASE_MAX_BYTES);
    for (int pad = 0; pad < 8; pad++) {
        struct qv_case *c;
        qv_text_clear(&text);
        qv_text_printf(&text, "{\"quiver_case\":1,\"findings\":{\"%.*s", pad, "abcdefgh");
        for (int i = 0; i < 1000; i++)
            qv_text_puts(&text, "\xf0\x9f\x98\x80");
        qv_text_puts(&text, "\":1}}");
        assert_int_equal(parse(text.bytes, text.length, &c, &error), QV_ERR_DATA);
        assert_true(qv_utf8_valid(error.text, strlen(error.text)));
        assert_int_equal(parse(text.bytes, text.length - 1, &c, &error), QV_ERR_DATA);
        assert_true(qv_utf8_valid(error.text, strlen(error.text)));
    }
    qv_text_finish(&text);
}

/* ---- what is accepted --------------------------------------------------------------------------------------------------- */

static void values_are_what_was_said(void **unused)
{
    (void)unused;
    static const char json[] =
        "{\"findings\":{\"age\":34,\"facial_droop\":false,\"side\":\"right\",\"site\":[\"chin\",\"upper_lip\"],"
        "\"onset_days\":12700.5,\"medications\":[{\"name\":\"levodopa/carbidopa\",\"started_days_ago\":14,"
        "\"stopped_days_ago\":0},{\"name\":\"Caf\\u00e9\"}]},\"as_of\":\"2026-11-22\",\"quiver_case\":1.0}\n";
    struct qv_case *c;
    struct qv_error error = {0};
    assert_int_equal(parse(json, sizeof json - 1, &c, &error), QV_OK);
    assert_true(c->form == &form);
    assert_int_equal(c->as_of_days, 20779);
    assert_true(c->values[AGE].kind == QV_NUMBER && c->values[AGE].number == 34);
    assert_true(c->values[FACIAL_DROOP].kind == QV_NO);
    assert_true(c->values[SIDE].kind == QV_WORD && c->values[SIDE].words == 1);
    assert_true(c->values[SITE].kind == QV_WORDS && c->values[SITE].words == 5);
    assert_true(c->values[ONSET_DAYS].number == 12700.5);
    assert_true(c->values[SLEEP_HOURS].kind == QV_UNKNOWN && !c->origins[SLEEP_HOURS]);
    assert_string_equal(c->origins[AGE], "case");
    assert_true(c->medicines_known);
    assert_int_equal(c->medicine_count, 2);
    assert_string_equal(c->medicines[0].name, "levodopa/carbidopa");
    assert_true(c->medicines[0].started_days_ago == 14 && c->medicines[0].stopped_days_ago == 0);
    assert_true(isnan(c->medicines[0].dose_changed_days_ago));
    assert_string_equal(c->medicines[1].name, "Caf\xc3\xa9");
}

/* Texts with every kind of escape, numbers in every form. */
static void json_means_what_rfc_8259_says(void **unused)
{
    (void)unused;
    static const struct {
        const char *written, *meant;
    } texts[] = {{"a\\\"b\\\\c\\/d", "a\"b\\c/d"},
                 {"\\b\\f\\n\\r\\tx", "\b\f\n\r\tx"},
                 {"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
                 {"\xc3\xa9\x7f", "\xc3\xa9\x7f"}};
    static const struct {
        const char *written;
        double meant;
    } numbers[] = {{"0", 0},     {"-0", 0},   {"7", 7},      {"7.25", 7.25},     {"725e-2", 7.25},
                   {"0.7E1", 7}, {"7e+0", 7}, {"1e-400", 0}, {"7.0000000000", 7}};
    struct qv_text json;
    struct qv_case *c;
    struct qv_error error = {0};
    qv_text_init(&json, 4096);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        qv_text_clear(&json);
        qv_text_printf(&json,
                       " { \"quiver_case\" :\t1 ,\r\n\"findings\": {\"medications\" : [ { \"n\\u0061me\" :\"%s\"} ]}} ",
                       texts[i].written);
        assert_int_equal(parse(json.bytes, json.length, &c, &error), QV_OK);
        assert_string_equal(c->medicines[0].name, texts[i].meant);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        qv_text_clear(&json);
        qv_text_printf(&json, F("\"sleep_hours\":%s"), numbers[i].written);
        assert_int_equal(parse(json.bytes, json.length, &c, &error), QV_OK);
        assert_true(c->values[SLEEP_HOURS].number == numbers[i].meant);
    }
    qv_text_finish(&json);
}

static void least_and_most_are_accepted(void **unused)
{
    (void)unused;
    static const char *const good[] = {"{\"quiver_case\":1}",
                                       F(""),
                                       F("\"sleep_hours\":0,\"age\":0"),
                                       F("\"sleep_hours\":24,\"age\":120"),
                                       F("\"onset_days\":365,\"age\":0"),
                                       M(""),
                                       M("{\"name\":\"a\",\"started_days_ago\":3,\"stopped_days_ago\":3}"),
                                       "\t\r\n " F("") " \n"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct qv_case *c;
        struct qv_error error = {0};
        if (parse(good[i], strlen(good[i]), &c, &error))
            fail_msg("%s\n  said %s", good[i], error.text);
    }
}

static void written_and_read_is_the_same(void **unused)
{
    (void)unused;
    static const char json[] =
        "{\"quiver_case\":1,\"as_of\":\"2024-02-29\",\"findings\":{\"age\":34.1234567,\"facial_droop\":true,\"side\":"
        "\"both\","
        "\"site\":[\"chin\"],\"sleep_hours\":5.000000000000001,\"onset_days\":0.0416666666666666,\"medications\":["
        "{\"name\":\"a \\\"b\\\" \\\\ "
        "\\n\",\"dose_changed_days_ago\":0.3333333333333},{\"name\":\"\xf0\x9f\x98\x80\"}]}}";
    struct qv_case *first, *second;
    struct qv_error error = {0};
    assert_int_equal(parse(json, sizeof json - 1, &first, &error), QV_OK);

    struct qv_text text;
    struct qv_json writer;
    qv_text_init(&text, QV_CASE_MAX_BYTES);
    qv_json_init(&writer, &text, 2);
    qv_case_write(first, &writer);
    assert_int_equal(qv_text_check(&text, &error), QV_OK);
    assert_int_equal(qv_case_parse(arena, &form, text.bytes, text.length, "again", &second, &error), QV_OK);
    assert_int_equal(first->as_of_days, second->as_of_days);
    assert_memory_equal(first->values, second->values, sizeof first->values[0] * FIELD_COUNT);
    assert_int_equal(first->medicine_count, second->medicine_count);
    for (uint32_t m = 0; m < first->medicine_count; m++)
        assert_string_equal(first->medicines[m].name, second->medicines[m].name);
    assert_true(first->medicines[0].dose_changed_days_ago == second->medicines[0].dose_changed_days_ago);
    qv_text_finish(&text);
}

/* ---- changing ----------------------------------------------------------------------------------------------------------- */

static int set(struct qv_case *c, int field, struct qv_value value)
{
    return qv_case_set(c, field, value, "test", NULL);
}

static void setting_checks_as_reading_does(void **unused)
{
    (void)unused;
    struct qv_case *c;
    struct qv_error error = {0};
    qv_arena_reset(arena);
    assert_int_equal(qv_case_create(arena, &form, &c, &error), QV_OK);
    assert_int_equal(c->as_of_days, qv_date_today());

    assert_int_equal(set(c, ONSET_DAYS, (struct qv_value){.kind = QV_NUMBER, .number = 2000}), QV_OK);
    assert_int_equal(qv_case_set(c, AGE, (struct qv_value){.kind = QV_NUMBER, .number = 3}, "test", &error),
                     QV_ERR_DATA);
    assert_string_equal(
        error.text,
        "findings.onset_days: found 2000, which is before birth at an age of 3, expected at most 1461 days");
    assert_true(c->values[AGE].kind == QV_UNKNOWN);
    assert_int_equal(set(c, AGE, (struct qv_value){.kind = QV_NUMBER, .number = 30}), QV_OK);
    assert_int_equal(set(c, ONSET_DAYS, (struct qv_value){.kind = QV_NUMBER, .number = 12000}), QV_ERR_DATA);
    assert_true(c->values[ONSET_DAYS].number == 2000);

    assert_int_equal(set(c, SLEEP_HOURS, (struct qv_value){.kind = QV_NUMBER, .number = NAN}), QV_ERR_DATA);
    assert_int_equal(set(c, SLEEP_HOURS, (struct qv_value){.kind = QV_YES}), QV_ERR_DATA);
    assert_int_equal(set(c, SIDE, (struct qv_value){.kind = QV_WORD, .words = 3}), QV_ERR_DATA);
    assert_int_equal(set(c, SITE, (struct qv_value){.kind = QV_WORDS, .words = 8}), QV_ERR_DATA);
    assert_int_equal(set(c, FACIAL_DROOP, (struct qv_value){.kind = QV_NUMBER}), QV_ERR_DATA);
    assert_int_equal(set(c, FACIAL_DROOP, (struct qv_value){.kind = QV_YES}), QV_OK);
    assert_string_equal(c->origins[FACIAL_DROOP], "test");
    assert_int_equal(set(c, FACIAL_DROOP, (struct qv_value){.kind = QV_UNKNOWN}), QV_OK);
    assert_true(c->values[FACIAL_DROOP].kind == QV_UNKNOWN && !c->origins[FACIAL_DROOP]);

    assert_int_equal(set(c, MEDICATIONS, (struct qv_value){.kind = QV_YES}), QV_ERR_DATA);
    assert_false(c->medicines_known);
    assert_int_equal(set(c, MEDICATIONS, (struct qv_value){.kind = QV_NO}), QV_OK);
    assert_true(c->medicines_known && c->medicine_count == 0);
}

static void a_copy_is_its_own(void **unused)
{
    (void)unused;
    static const char json[] = M("{\"name\":\"a\",\"started_days_ago\":1}");
    struct qv_case *original, *copy;
    struct qv_error error = {0};
    assert_int_equal(parse(json, sizeof json - 1, &original, &error), QV_OK);
    assert_int_equal(qv_case_copy(arena, original, &copy, &error), QV_OK);
    assert_int_equal(set(copy, AGE, (struct qv_value){.kind = QV_NUMBER, .number = 30}), QV_OK);
    copy->medicines[0].started_days_ago = 2;
    assert_true(original->values[AGE].kind == QV_UNKNOWN);
    assert_true(original->medicines[0].started_days_ago == 1);
    assert_true(original->medicines[0].name != copy->medicines[0].name);
    assert_string_equal(original->medicines[0].name, copy->medicines[0].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_cases_are_refused_with_their_place),
        cmocka_unit_test(a_zero_byte_is_refused),
        cmocka_unit_test(bounds_are_kept),
        cmocka_unit_test(errors_are_whole_utf8),
        cmocka_unit_test(values_are_what_was_said),
        cmocka_unit_test(json_means_what_rfc_8259_says),
        cmocka_unit_test(least_and_most_are_accepted),
        cmocka_unit_test(written_and_read_is_the_same),
        cmocka_unit_test(setting_checks_as_reading_does),
        cmocka_unit_test(a_copy_is_its_own),
    };
    return cmocka_run_group_tests_name("casefile", tests, setup, teardown);
}
