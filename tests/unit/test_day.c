/* SPDX-License-Identifier: Apache-2.0 */
/* A day of the journal: what is gathered of it, and that its page says the same as its JSON, in any width. */
#include <quiver/report.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <math.h>

#define DAY 20781 /* 2026-11-24 */

static char path[64];
static struct qv_journal *journal;
static struct qv_arena *arena;

static int setup(void **unused)
{
    (void)unused;
    struct qv_error error = {0};
    setenv("TZ", "UTC0", 1);
    snprintf(path, sizeof path, "%s/quiver-day-%d.db", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm", (int)getpid());
    unlink(path);
    arena = qv_arena_create(0);
    if (!arena || qv_journal_open(path, QV_JOURNAL_WRITE, &journal, &error)) {
        print_error("%s\n", error.text);
        return -1;
    }
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    qv_journal_close(journal);
    qv_arena_destroy(arena);
    return unlink(path);
}

static void add(int32_t day, int32_t second, enum qv_entry_kind kind, double amount, const char *note)
{
    struct qv_error error = {0};
    const struct qv_entry entry = {.day = day,
                                   .second = second,
                                   .offset_s = second == QV_NO_SECOND ? QV_NO_OFFSET : 3600,
                                   .kind = kind,
                                   .amount = amount,
                                   .note = note,
                                   .source = "log"};
    if (qv_journal_add(journal, &entry, 1, NULL, &error))
        fail_msg("%s", error.text);
}

static struct qv_day *gather(int32_t day)
{
    struct qv_day *out = NULL;
    struct qv_error error = {0};
    if (qv_day_gather(journal, day, DAY, arena, &out, &error))
        fail_msg("%s", error.text);
    return out;
}

static void a_day_is_gathered(void **unused)
{
    (void)unused;
    add(DAY, 8 * 3600 + 1800, QV_ENTRY_CAFFEINE, 280, "2 × Filter coffee, mug");
    add(DAY, 14 * 3600, QV_ENTRY_CAFFEINE, 58, "Espresso");
    add(DAY, 9 * 3600, QV_ENTRY_STRESS, 7, "");
    add(DAY, 20 * 3600, QV_ENTRY_STRESS, 4, "");
    add(DAY, QV_NO_SECOND, QV_ENTRY_SLEEP, 6.75, "");
    add(DAY, 7 * 3600, QV_ENTRY_MEDICINE, 50, "sertraline started");
    add(DAY, 10 * 3600, QV_ENTRY_TWITCH, 3, "left");
    add(DAY - 1, QV_NO_SECOND, QV_ENTRY_TWITCH, 0, "");
    add(DAY - 6, QV_NO_SECOND, QV_ENTRY_TWITCH, 12, "");
    add(DAY - 7, QV_NO_SECOND, QV_ENTRY_TWITCH, 99, "");
    add(DAY + 1, QV_NO_SECOND, QV_ENTRY_TWITCH, 99, "");

    struct qv_day *day = gather(DAY);
    assert_int_equal(day->entry_count, 7);
    assert_int_equal(day->counts[QV_ENTRY_CAFFEINE], 2);
    assert_true(day->amounts[QV_ENTRY_CAFFEINE] == 338);
    assert_true(day->amounts[QV_ENTRY_STRESS] == 5.5); /* the mean, where caffeine is the sum */
    assert_int_equal(day->counts[QV_ENTRY_WATER], 0);
    const double week[] = {12, NAN, NAN, NAN, NAN, 0, 3};
    for (int i = 0; i < QV_DAY_WEEK; i++)
        assert_true(isnan(week[i]) ? isnan(day->week[i]) : day->week[i] == week[i]);
    assert_int_equal(gather(DAY - 3)->entry_count, 0);
}

static void check_columns(const char *page, unsigned columns)
{
    for (const char *line = page; *line;) {
        size_t length = strcspn(line, "\n");
        if (qv_utf8_columns(line, length) > columns)
            fail_msg("wider than %u columns: %.*s", columns, (int)length, line);
        if (length && line[length - 1] == ' ')
            fail_msg("blanks at the end: \"%.*s\"", (int)length, line);
        line += length + (line[length] != 0);
    }
}

static void its_page_fits_and_says_what_is_known(void **unused)
{
    (void)unused;
    struct qv_text text;
    qv_text_init(&text, 1 << 20);
    for (unsigned columns = 40; columns <= 100; columns++) {
        for (int plain = 0; plain < 2; plain++) {
            const struct qv_page_settings settings = {.columns = columns, .plain = plain, .full = plain};
            qv_text_clear(&text);
            qv_page_day(gather(DAY), &settings, &text);
            assert_int_equal(qv_text_check(&text, NULL), QV_OK);
            check_columns(text.bytes, columns);
            assert_non_null(strstr(text.bytes, "Today, Tuesday"));
            assert_non_null(strstr(text.bytes, "338 mg"));
            assert_non_null(strstr(text.bytes, "5.5 of 10"));
            assert_non_null(strstr(text.bytes, "6 h 45 min"));
            assert_int_equal(plain, strstr(text.bytes, "█") == NULL);
            assert_int_equal(plain, strstr(text.bytes, "Entries") != NULL);
        }
    }
    const struct qv_page_settings settings = {.columns = 80};
    qv_text_clear(&text);
    qv_page_day(gather(DAY), &settings, &text);
    assert_non_null(strstr(text.bytes, "\n  caffeine    338 mg      08:30 2 × Filter coffee, mug (280 mg) · "));
    assert_non_null(strstr(text.bytes, "\n  twitch      3           10:00 left\n"));
    assert_non_null(strstr(text.bytes, "\n  medicine    07:00 sertraline started 50 mg\n"));
    assert_non_null(strstr(text.bytes, "\n  not known   magnesium, potassium, alcohol, fatigue, water, exercise\n"));
    assert_non_null(strstr(text.bytes, "Wed █ 12  Thu –"));
    assert_non_null(strstr(text.bytes, "Mon ▁ 0  Tue ▃ 3"));
    qv_text_finish(&text);
}

static void its_json_says_the_same(void **unused)
{
    (void)unused;
    struct qv_text text;
    qv_text_init(&text, 1 << 20);
    qv_json_day(gather(DAY), 0, &text);
    assert_int_equal(qv_text_check(&text, NULL), QV_OK);
    static const char *const said[] = {
        "{\"quiver_day\":1,\"date\":\"2026-11-24\"",
        "\"caffeine\":{\"amount\":338,\"unit\":\"mg\",\"entries\":2}",
        "\"stress\":{\"amount\":5.5,",
        "\"not_known\":[\"magnesium\",\"potassium\",\"alcohol\",\"fatigue\",\"water\",\"exercise\",\"relief\"]",
        "\"day\":\"2026-11-24\",\"time\":\"08:30\",\"offset\":\"+01:00\",\"kind\":\"caffeine\",\"amount\":280",
        "{\"date\":\"2026-11-18\",\"twitches\":12},{\"date\":\"2026-11-19\",\"twitches\":null}",
    };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        if (!strstr(text.bytes, said[i]))
            fail_msg("no %s in %s", said[i], text.bytes);
    }
    qv_text_finish(&text);
}

static void a_day_of_many_entries_is_summed_whole(void **unused)
{
    (void)unused;
    enum { MANY = 1000 };
    static struct qv_entry entries[MANY];
    struct qv_error error = {0};
    for (int i = 0; i < MANY; i++)
        entries[i] = (struct qv_entry){.day = DAY - 100,
                                       .second = i * 60,
                                       .offset_s = 0,
                                       .kind = QV_ENTRY_TWITCH,
                                       .amount = 1,
                                       .note = "a note that a page has to break somewhere, since it is long"};
    assert_int_equal(qv_journal_add(journal, entries, MANY, NULL, &error), QV_OK);
    struct qv_day *day = gather(DAY - 100);
    assert_int_equal(day->entry_count, QV_DAY_MAX_ENTRIES);
    assert_int_equal(day->counts[QV_ENTRY_TWITCH], MANY);
    assert_true(day->amounts[QV_ENTRY_TWITCH] == MANY);
    struct qv_text text;
    qv_text_init(&text, 1 << 20);
    qv_page_day(day, &(struct qv_page_settings){.columns = 80}, &text);
    assert_non_null(strstr(text.bytes, "and 992 more"));
    check_columns(text.bytes, 80);
    qv_text_finish(&text);
}

static void deeds_are_told_in_one_line_where_they_can(void **unused)
{
    (void)unused;
    const struct qv_entry entries[] = {
        {.day = DAY, .second = 30600, .offset_s = 0, .kind = QV_ENTRY_MAGNESIUM, .amount = 31, .note = "Banana"},
        {.day = DAY, .second = 30600, .offset_s = 0, .kind = QV_ENTRY_POTASSIUM, .amount = 422, .note = "Banana"},
        {.day = DAY - 1, .second = QV_NO_SECOND, .offset_s = QV_NO_OFFSET, .kind = QV_ENTRY_TWITCH, .amount = 0},
        {.day = DAY - 9,
         .second = QV_NO_SECOND,
         .offset_s = QV_NO_OFFSET,
         .kind = QV_ENTRY_MEDICINE,
         .note = "x \xe2\x80\xae y"},
    };
    const struct qv_log_remark remarks[4] = {[2] = {.ahead = true}, [3] = {.twice = true}};
    const struct qv_page_settings settings = {.columns = 100};
    struct qv_text text;
    qv_text_init(&text, 1 << 20);
    qv_page_deed("Logged:", entries, remarks, 2, DAY, &settings, &text);
    assert_string_equal(text.bytes,
                        "Logged: magnesium 31 mg, potassium 422 mg (Banana), today 08:30. Undo: quiver log undo\n");
    qv_text_clear(&text);
    qv_page_deed("Logged:", entries, remarks, 4, DAY, &settings, &text);
    check_columns(text.bytes, 100);
    assert_non_null(strstr(text.bytes, "\n  twitch 0, yesterday (still to come)\n"));
    assert_non_null(strstr(text.bytes, "\n  x   y, 2026-11-15 (which came twice that night"));
    qv_text_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_is_gathered),
        cmocka_unit_test(its_page_fits_and_says_what_is_known),
        cmocka_unit_test(its_json_says_the_same),
        cmocka_unit_test(a_day_of_many_entries_is_summed_whole),
        cmocka_unit_test(deeds_are_told_in_one_line_where_they_can),
    };
    return cmocka_run_group_tests_name("day", tests, setup, teardown);
}
