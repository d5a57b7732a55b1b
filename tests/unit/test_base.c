/* SPDX-License-Identifier: Apache-2.0 */
/* The ground: JSON is what a reader expects wherever the text has to grow, and dates are dates. */
#include <quiver/base.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */

static void write_everything(struct qv_json *json)
{
    qv_json_object(json, NULL);
    qv_json_string(json, "k", "v");
    qv_json_string(json, "a_key_of_more_than_16_bytes", "a text of more than sixteen bytes");
    qv_json_array(json, "list");
    qv_json_number(json, NULL, -1.5);
    qv_json_bool(json, NULL, true);
    qv_json_object(json, NULL);
    qv_json_object_end(json);
    qv_json_array_end(json);
    qv_json_array(json, "empty");
    qv_json_array_end(json);
    qv_json_null(json, "nothing");
    qv_json_object_end(json);
}

static const char one_line[] = "{\"k\":\"v\",\"a_key_of_more_than_16_bytes\":\"a text of more than sixteen bytes\","
                               "\"list\":[-1.5,true,{}],\"empty\":[],\"nothing\":null}";
static const char indented[] = "{\n"
                               "  \"k\": \"v\",\n"
                               "  \"a_key_of_more_than_16_bytes\": \"a text of more than sixteen bytes\",\n"
                               "  \"list\": [\n"
                               "    -1.5,\n"
                               "    true,\n"
                               "    {}\n"
                               "  ],\n"
                               "  \"empty\": [],\n"
                               "  \"nothing\": null\n"
                               "}";

/* Before the JSON stand so many bytes, so that the text grows at every place in it once. */
static void json_is_whole_wherever_the_text_grows(void **unused)
{
    (void)unused;
    for (size_t before = 0; before < 600; before++) {
        for (unsigned indent = 0; indent <= 2; indent += 2) {
            struct qv_text text;
            struct qv_json json;
            qv_text_init(&text, 1 << 20);
            for (size_t i = 0; i < before; i++)
                qv_text_add(&text, "x", 1);
            qv_json_init(&json, &text, indent);
            write_everything(&json);
            assert_int_equal(qv_text_check(&text, NULL), QV_OK);
            assert_string_equal(text.bytes + before, indent ? indented : one_line);
            qv_text_finish(&text);
        }
    }
}

/* What does not fit is a failure that is remembered; nothing is written past the maximum. */
static void json_keeps_to_the_maximum(void **unused)
{
    (void)unused;
    for (size_t maximum = 0; maximum < sizeof one_line + 16; maximum++) {
        struct qv_text text;
        struct qv_json json;
        qv_text_init(&text, maximum);
        qv_json_init(&json, &text, 0);
        write_everything(&json);
        assert_true(text.length <= maximum);
        if (qv_text_check(&text, NULL) == QV_OK)
            assert_string_equal(text.bytes, one_line);
        else
            assert_true(maximum < sizeof one_line + 8);
        qv_text_finish(&text);
    }
}

/* Every byte, at every place of texts of every length up to two blocks and a bit. */
static void texts_are_escaped_wherever_it_is_needed(void **unused)
{
    (void)unused;
    for (size_t length = 1; length <= 40; length++) {
        for (size_t at = 0; at < length; at++) {
            for (int byte = 1; byte < 256; byte++) {
                char said[48], expected[64], escape[8] = {(char)byte};
                memset(said, 'a', length);
                said[at] = (char)byte;
                said[length] = 0;
                if (byte == '"' || byte == '\\' || byte == '\n' || byte == '\t')
                    snprintf(escape, sizeof escape, "\\%c", byte == '\n' ? 'n' : byte == '\t' ? 't' : byte);
                else if (byte < 0x20)
                    snprintf(escape, sizeof escape, "\\u%04x", byte);
                snprintf(expected, sizeof expected, "\"%.*s%s%s\"", (int)at, said, escape, said + at + 1);
                struct qv_text text;
                struct qv_json json;
                qv_text_init(&text, 1024);
                qv_json_init(&json, &text, 0);
                qv_json_string(&json, NULL, said);
                assert_string_equal(text.bytes, expected);
                qv_text_finish(&text);
            }
        }
    }
}

static void numbers_have_six_decimals_at_most(void **unused)
{
    (void)unused;
    static const struct {
        double number;
        const char *expected;
    } rows[] = {{0, "0"},
                {7, "7"},
                {10, "10"},
                {-0.0000004, "0"},
                {0.0000005, "0.000001"},
                {-0.25, "-0.25"},
                {9.9999996, "10"},
                {123.450001, "123.450001"},
                {0.100000, "0.1"},
                {0.05, "0.05"},
                {999999999, "999999999"},
                {-1e9, "-1000000000"},
                {4503599627370497, "4503599627370497"},
                {1e300, "1.0000000000000001e+300"},
                {(double)NAN, "null"},
                {-(double)INFINITY, "null"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct qv_text text;
        struct qv_json json;
        qv_text_init(&text, 1024);
        qv_json_init(&json, &text, 0);
        qv_json_number(&json, NULL, rows[i].number);
        assert_string_equal(text.bytes, rows[i].expected);
        qv_text_finish(&text);
    }
}

/* ---- UTF-8 ------------------------------------------------------------------------------------------------------------- */

/* Bytes that are no UTF-8 are found wherever among words of ASCII they stand. */
static void bad_utf8_is_found_anywhere(void **unused)
{
    (void)unused;
    char text[32];
    for (size_t at = 0; at + 2 <= sizeof text; at++) {
        memset(text, 'a', sizeof text);
        memcpy(text + at, "\xc3\xa9", 2);
        assert_true(qv_utf8_valid(text, sizeof text));
        assert_false(qv_utf8_valid(text, at + 1)); /* cut in the middle */
        text[at + 1] = 'a';
        assert_false(qv_utf8_valid(text, sizeof text));
    }
}

/* ---- dates ------------------------------------------------------------------------------------------------------------- */

static void dates_are_days_that_were(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        int32_t days;
    } good[] = {{"1970-01-01", 0}, {"2026-11-22", 20779}, {"2024-02-29", 19782}, {"1583-01-01", -141349}};
    static const char *const bad[] = {"0000-01-01", "1582-12-31", "2026-02-29", "1900-02-29",  "2026-13-01",
                                      "2026-00-10", "2026-1-01",  "2026-11-2x", "2026-11-221", ""};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int32_t days = -1;
        char again[11];
        assert_true(qv_date_parse(good[i].text, &days));
        assert_int_equal(days, good[i].days);
        qv_date_format(days, again);
        assert_string_equal(again, good[i].text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int32_t days = -1;
        if (qv_date_parse(bad[i], &days) || days != -1)
            fail_msg("%s was taken for a date", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_whole_wherever_the_text_grows),
        cmocka_unit_test(json_keeps_to_the_maximum),
        cmocka_unit_test(texts_are_escaped_wherever_it_is_needed),
        cmocka_unit_test(numbers_have_six_decimals_at_most),
        cmocka_unit_test(bad_utf8_is_found_anywhere),
        cmocka_unit_test(dates_are_days_that_were),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
