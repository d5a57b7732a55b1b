/* SPDX-License-Identifier: Apache-2.0 */
/* Diaries as files: what each format gives, what is lost on the way out and back (nothing), and what bad files do. */
#include "journal/asleep.h"
#include "journal/diary.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <minizip/zip.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- what a reading gave ------------------------------------------------------------------------------------------ */

#define GOT_MAX 70000

static struct got {
    struct qv_entry entries[GOT_MAX];
    char notes[64][QV_ENTRY_MAX_NOTE_BYTES + 1], sources[64][QV_ENTRY_MAX_SOURCE_BYTES + 1]; /* of the first */
    uint32_t count, bad_count, skip_count;
    struct {
        uint64_t line;
        char text[480];
    } bad[64];
    struct {
        char what[80];
        uint64_t rows;
    } skips[16];
    enum qv_diary_format format;
    struct qv_error error;
    int status;
    uint64_t stop_at_entry; /* 0: never */
} got;

static int take(void *context, const struct qv_entry *entry, struct qv_error *error)
{
    assert_true(got.count < GOT_MAX);
    if (got.stop_at_entry && got.count + 1 == got.stop_at_entry)
        return qv_fail(error, QV_ERR_IO, "the sink is full");
    if (got.count < 64) {
        snprintf(got.notes[got.count], sizeof got.notes[0], "%s", entry->note ? entry->note : "");
        snprintf(got.sources[got.count], sizeof got.sources[0], "%s", entry->source ? entry->source : "");
    }
    got.entries[got.count++] = *entry;
    return 0;
}

static void take_bad(void *context, uint64_t line, const struct qv_error *why)
{
    assert_true(got.bad_count < 64);
    assert_int_equal(why->status, QV_ERR_DATA);
    got.bad[got.bad_count].line = line;
    snprintf(got.bad[got.bad_count++].text, sizeof got.bad[0].text, "%s", why->text);
}

static void take_skip(void *context, const char *what, uint64_t rows)
{
    assert_true(got.skip_count < 16);
    snprintf(got.skips[got.skip_count].what, sizeof got.skips[0].what, "%s", what);
    got.skips[got.skip_count++].rows = rows;
}

static const struct qv_diary_source tolerant = {.sink = take, .bad_row = take_bad, .skipped = take_skip};
static const struct qv_diary_source strict = {.sink = take};
static const struct qv_diary_source drinker = {.sink = take, .bad_row = take_bad, .alcohol_g_per_drink = 12.5};

static void read_bytes(const struct qv_diary_source *to, const void *bytes, size_t length)
{
    memset(&got, 0, sizeof got);
    got.format = (enum qv_diary_format)99;
    FILE *file = fmemopen((void *)(uintptr_t)bytes, length, "rb");
    assert_non_null(file);
    got.status = diary_read_file(file, "f", to, &got.format, &got.error);
    fclose(file);
    assert_true(got.status == 0 || (got.status == got.error.status && got.error.text[0]));
    assert_true(got.status == 0 || got.format == (enum qv_diary_format)99);
}

static void read_text(const struct qv_diary_source *to, const char *text)
{
    read_bytes(to, text, strlen(text));
}

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" has no \"%s\"", text, part);
}

static void assert_refused(const char *text, const char *with)
{
    read_text(&tolerant, text);
    assert_int_equal(got.status, QV_ERR_DATA);
    assert_contains(got.error.text, with);
}

static int32_t day(const char *text)
{
    int32_t out;
    assert_true(qv_date_parse(text, &out));
    return out;
}

static void assert_entry(uint32_t i, const char *date, int32_t second, int32_t offset_s, enum qv_entry_kind kind,
                         double amount, const char *note)
{
    assert_true(i < got.count);
    const struct qv_entry *entry = &got.entries[i];
    assert_int_equal(entry->day, day(date));
    assert_int_equal(entry->second, second);
    assert_int_equal(entry->offset_s, offset_s);
    assert_int_equal(entry->kind, kind);
    assert_true(entry->amount == amount);
    assert_string_equal(got.notes[i], note);
    assert_int_equal(entry->id, 0);
}

#define HEAD "time,kind,amount,unit,note\n"
#define NO QV_NO_SECOND, QV_NO_OFFSET

/* ---- CSV ---------------------------------------------------------------------------------------------------------- */

static void csv_says_what_the_contract_says(void **state)
{
    read_text(&strict, "\xEF\xBB\xBF" HEAD "2026-11-24,twitch,0,count,\r\n"
                       "2026-11-24T08:30,caffeine,140,mg,\"filter, \"\"large\"\"\"\n"
                       "2026-11-24 08:30:05,water,.5,mL,\n"
                       "2026-11-24T23:59:59Z,stress,7.25,score,\n"
                       "\"2026-11-24T00:00-02:30\",\"medicine\",\"50\",\"mg\",\"a\r\nb\tc\"\n"
                       "2026-11-24,sleep,7,h,no line end\n\n\r\n\n");
    assert_int_equal(got.status, 0);
    assert_int_equal(got.format, QV_DIARY_CSV);
    assert_int_equal(got.count, 6);
    assert_entry(0, "2026-11-24", NO, QV_ENTRY_TWITCH, 0, "");
    assert_entry(1, "2026-11-24", 8 * 3600 + 1800, QV_NO_OFFSET, QV_ENTRY_CAFFEINE, 140, "filter, \"large\"");
    assert_entry(2, "2026-11-24", 8 * 3600 + 1805, QV_NO_OFFSET, QV_ENTRY_WATER, 0.5, "");
    assert_entry(3, "2026-11-24", 86399, 0, QV_ENTRY_STRESS, 7.25, "");
    assert_entry(4, "2026-11-24", 0, -9000, QV_ENTRY_MEDICINE, 50, "a b c");
    assert_entry(5, "2026-11-24", NO, QV_ENTRY_SLEEP, 7, "no line end");
    assert_string_equal(got.sources[0], "csv");

    read_text(&strict, "\"time\",\"kind\",\"amount\",\"unit\",\"note\"\r\n2026-11-24,sleep,7,h,"); /* and no line end */
    assert_int_equal(got.count, 1);
    read_text(&strict, HEAD);
    assert_int_equal(got.status, 0);
    assert_int_equal(got.count, 0);
}

static void a_bad_row_is_named_and_the_rest_is_read(void **state)
{
    static const struct {
        const char *row, *why;
    } rows[] = {
        {"2026-11-24,coffee,1,mg,", "kind: found \"coffee\", expected one of twitch, caffeine"},
        {"2026-11-24,caffeine,1,g,", "unit: found \"g\", expected \"mg\""},
        {"2026-11-24,water,1,L,", "unit: found \"L\", expected \"mL\""},
        {"2026-11-24,caffeine,1,,", "unit: found \"\", expected \"mg\""},
        {"2026-11-24,caffeine,\"1,5\",mg,", "amount: found \"1,5\""},
        {"2026-11-24,caffeine,0x10,mg,", "amount: found \"0x10\""},
        {"2026-11-24,caffeine,1e3,mg,", "amount: found \"1e3\""},
        {"2026-11-24,caffeine,nan,mg,", "amount: found \"nan\""},
        {"2026-11-24,caffeine,inf,mg,", "amount: found \"inf\""},
        {"2026-11-24,caffeine, 1,mg,", "amount: found \" 1\""},
        {"2026-11-24,caffeine,.,mg,", "amount: found \".\""},
        {"2026-11-24,caffeine,,mg,", "amount: found \"\""},
        {"2026-11-24,caffeine,-1,mg,", "caffeine: found -1, expected a number from 0"},
        {"2026-11-24,sleep,31,h,", "sleep: found 31"},
        {"2026-02-30,sleep,7,h,", "time: found \"2026-02-30\""},
        {"24.11.2026,sleep,7,h,", "time: found \"24.11.2026\""},
        {"2026-11-24T24:00,sleep,7,h,", "time: found"},
        {"2026-11-24T10:60,sleep,7,h,", "time: found"},
        {"2026-11-24T10:00:60,sleep,7,h,", "time: found"},
        {"2026-11-24T10,sleep,7,h,", "time: found"},
        {"2026-11-24T,sleep,7,h,", "time: found"},
        {"2026-11-24T10:00+1,sleep,7,h,", "time: found"},
        {"2026-11-24T10:00+19:00,sleep,7,h,", "time: found"},
        {"2026-11-24T10:00:00.5,sleep,7,h,", "time: found"},
        {"2026-11-24Z,sleep,7,h,", "time: found"},
        {"2026-11-24,sleep,7,h", "found 4 columns, expected 5"},
        {"2026-11-24,sleep,7,h,,", "found 6 columns, expected 5"},
        {"2026-11-24,medicine,7,mg,", "medicine: found no name"},
        {"2026-11-24,sleep,7,h,a\x01", "note: found a control character"},
        {"2026-11-24,sleep,7,h,\xff", "found bytes that are no text, expected UTF-8"},
        {"2026-11-24,sleep,7,h,a\"b", "found a quote in the middle of a field"},
        {"2026-11-24,sleep,7,h,\"a\"b", "found a quote in the middle of a field"},
        {"2026-11-24,\x1b[31m\xE2\x80\xAE,7,h,", "kind: found \"?[31m?\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[400];
        snprintf(text, sizeof text, HEAD "2026-11-23,sleep,6,h,\n%s\n2026-11-25,sleep,8,h,\n", rows[i].row);
        read_text(&tolerant, text);
        assert_int_equal(got.status, 0);
        assert_int_equal(got.count, 2);
        assert_entry(1, "2026-11-25", NO, QV_ENTRY_SLEEP, 8, "");
        assert_int_equal(got.bad_count, 1);
        assert_int_equal(got.bad[0].line, 3);
        assert_contains(got.bad[0].text, rows[i].why);

        read_text(&strict, text);
        assert_int_equal(got.status, QV_ERR_DATA);
        assert_int_equal(got.count, 1);
        assert_contains(got.error.text, "f: line 3: ");
        assert_contains(got.error.text, rows[i].why);
    }
}

static void a_stray_quote_costs_one_line(void **state)
{
    read_text(&tolerant, HEAD "2026-11-23,sleep,6,h,\"oh\n2026-11-24,sleep,7,h,\n2026-11-25,sleep,8,h,\n");
    assert_int_equal(got.count, 2);
    assert_int_equal(got.bad[0].line, 2);
    assert_contains(got.bad[0].text, "a quote that does not close");

    /* It closes at the next quote, far below, and what stands after that makes no sense of it. */
    read_text(&tolerant, HEAD "2026-11-23,sleep,6,h,\"oh\n2026-11-24,sleep,7,h,\n2026-11-25,sleep,8,h,\"x\"\n");
    assert_int_equal(got.count, 2);
    assert_entry(1, "2026-11-25", NO, QV_ENTRY_SLEEP, 8, "x");
    assert_int_equal(got.bad_count, 1);

    /* Nor does one before more than a record may hold. */
    struct qv_text text;
    qv_text_init(&text, 1 << 20);
    qv_text_puts(&text, HEAD "2026-11-22,sleep,6,h,\"oh\n");
    for (int i = 0; i < 4000; i++)
        qv_text_puts(&text, "2026-11-24,sleep,7,h,\n");
    read_bytes(&tolerant, text.bytes, text.length);
    assert_int_equal(got.status, 0);
    assert_int_equal(got.count, 4000);
    assert_int_equal(got.bad_count, 1);
    assert_int_equal(got.bad[0].line, 2);
    qv_text_finish(&text);
}

static void a_line_has_a_longest_length(void **state)
{
    struct qv_text text;
    qv_text_init(&text, 4 << 20);
    for (size_t extra = 0; extra < 2; extra++) {
        qv_text_clear(&text);
        qv_text_puts(&text, HEAD "2026-11-22,sleep,6,h,");
        size_t begin = text.length - strlen("2026-11-22,sleep,6,h,");
        while (text.length - begin < DIARY_ROW_MAX_BYTES - 1 + extra * DIARY_BUFFER_BYTES * 3)
            qv_text_puts(&text, "x");
        qv_text_puts(&text, "\n2026-11-24,sleep,7,h,\n");
        read_bytes(&tolerant, text.bytes, text.length);
        assert_int_equal(got.status, 0);
        assert_int_equal(got.count, 1);
        assert_int_equal(got.bad_count, 1);
        assert_int_equal(got.bad[0].line, 2);
        assert_contains(got.bad[0].text, extra ? "more than 65536 bytes" : "note: found 65514 bytes");
    }
    qv_text_finish(&text);
}

static void a_header_that_is_none_is_shown(void **state)
{
    assert_refused("", "found \"\", expected time,kind,amount,unit,note");
    assert_refused("hello\nworld", "f: line 1: found \"hello\", expected time,kind,amount,unit,note");
    assert_refused("time;kind;amount;unit;note\n", "found \"time;kind;amount;unit;note\"");
    assert_refused("time,kind,amount,unit\n", "found the columns time,kind,amount,unit, expected");
    assert_refused("time,kind,amount,unit,note,mood\n", "found the columns time,kind,amount,unit,note,mood, expected");
    assert_refused("time,kind,unit,amount,note\n", "found the columns time,kind,unit,amount,note, expected");
    assert_refused("\xff\xfet", "UTF-16");
    assert_refused("\x89PNG\r\n", "found \"?PNG\"");
    assert_refused("date,weekday,category\n", "found no column \"time of day\"");
}

/* ---- out and back ------------------------------------------------------------------------------------------------- */

static uint64_t seed = 88172645463325252u;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

static void random_note(char *note, size_t most, bool must_be)
{
    size_t length = next_random() % (next_random() % 20 ? 12 : most), at = 0;
    while (at < length || (must_be && at == 0)) {
        char utf8[5] = "";
        uint32_t c = (uint32_t)(next_random() % 3 ? next_random() % 0x5F + 0x20 : next_random() % 0x10FFFF);
        if (next_random() % 8 == 0)
            c = (uint32_t) "\",=+-@'{}[]:\\/"[next_random() % 14];
        if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0xD800 && c < 0xE000) || (must_be && at == 0 && c == ' '))
            continue;
        if (c < 0x80)
            utf8[0] = (char)c;
        else if (c < 0x800)
            utf8[0] = (char)(0xC0 | c >> 6), utf8[1] = (char)(0x80 | (c & 63));
        else if (c < 0x10000)
            utf8[0] = (char)(0xE0 | c >> 12), utf8[1] = (char)(0x80 | (c >> 6 & 63)), utf8[2] = (char)(0x80 | (c & 63));
        else
            utf8[0] = (char)(0xF0 | c >> 18), utf8[1] = (char)(0x80 | (c >> 12 & 63)),
            utf8[2] = (char)(0x80 | (c >> 6 & 63)), utf8[3] = (char)(0x80 | (c & 63));
        if (at + strlen(utf8) > most)
            break;
        memcpy(note + at, utf8, strlen(utf8));
        at += strlen(utf8);
    }
    note[at] = 0;
}

static double random_amount(enum qv_entry_kind kind)
{
    double most = qv_entry_kind_info(kind)->maximum, amount = 0;
    switch (next_random() % 6) {
    case 0:
        amount = floor((double)(next_random() % 1000001) / 1e6 * most);
        break;
    case 1:
        amount = (double)(next_random() % 1000) / 100;
        break;
    case 2:
        amount = most;
        break;
    case 3:
        amount = ldexp(1.0, -(int)(next_random() % 1074)); /* down to the smallest there is */
        break;
    default:
        amount = (double)(next_random() >> 11) / 9007199254740992.0 * most;
    }
    if (kind == QV_ENTRY_TWITCH)
        amount = floor(amount);
    return amount > most ? most : amount;
}

#define RANDOM_COUNT 20000

static struct random_entry {
    struct qv_entry entry;
    char note[QV_ENTRY_MAX_NOTE_BYTES + 1], source[QV_ENTRY_MAX_SOURCE_BYTES + 1];
} random_entries[RANDOM_COUNT];
static uint32_t compared;
static bool with_source;

static int compare(void *context, const struct qv_entry *entry, struct qv_error *error)
{
    assert_true(compared < RANDOM_COUNT);
    const struct qv_entry *wanted = &random_entries[compared++].entry;
    assert_int_equal(entry->day, wanted->day);
    assert_int_equal(entry->second, wanted->second);
    assert_int_equal(entry->offset_s, wanted->offset_s);
    assert_int_equal(entry->kind, wanted->kind);
    assert_true(entry->amount == wanted->amount);
    assert_string_equal(entry->note ? entry->note : "", wanted->note ? wanted->note : "");
    assert_string_equal(entry->source ? entry->source : "", !with_source     ? "csv"
                                                            : wanted->source ? wanted->source
                                                                             : "");
    return 0;
}

static void nothing_is_lost_on_the_way_out_and_back(void **state)
{
    for (uint32_t i = 0; i < RANDOM_COUNT; i++) {
        struct random_entry *r = &random_entries[i];
        r->entry = (struct qv_entry){.day = (int32_t)(next_random() % 3074246) - 141349,
                                     .second = QV_NO_SECOND,
                                     .offset_s = QV_NO_OFFSET,
                                     .kind = (enum qv_entry_kind)(next_random() % QV_ENTRY_KIND_COUNT)};
        if (next_random() % 3)
            r->entry.second = (int32_t)(next_random() % 86400) / (next_random() % 2 ? 1 : 60) * 1;
        if (r->entry.second != QV_NO_SECOND && next_random() % 2)
            r->entry.offset_s = ((int32_t)(next_random() % 2161) - 1080) * 60;
        r->entry.amount = random_amount(r->entry.kind);
        random_note(r->note, QV_ENTRY_MAX_NOTE_BYTES, r->entry.kind == QV_ENTRY_MEDICINE);
        random_note(r->source, QV_ENTRY_MAX_SOURCE_BYTES, false);
        r->entry.note = r->note[0] || next_random() % 2 ? r->note : NULL;
        r->entry.source = r->source[0] || next_random() % 2 ? r->source : NULL;
        struct qv_error error = {0};
        if (qv_entry_check(&r->entry, &error))
            fail_msg("%s", error.text);
    }
    for (int f = 0; f < 2; f++) {
        enum qv_diary_format format = f ? QV_DIARY_JSON : QV_DIARY_CSV, found;
        with_source = format == QV_DIARY_JSON;
        struct qv_text text;
        qv_text_init(&text, 64 << 20);
        qv_diary_write_begin(format, &text);
        for (uint32_t i = 0; i < RANDOM_COUNT; i++)
            qv_diary_write_row(format, &random_entries[i].entry, i == 0, &text);
        qv_diary_write_end(format, &text);
        assert_int_equal(qv_text_check(&text, NULL), 0);

        compared = 0;
        FILE *file = fmemopen(text.bytes, text.length, "rb");
        struct qv_error error = {0};
        if (diary_read_file(file, "f", &(struct qv_diary_source){.sink = compare}, &found, &error))
            fail_msg("%s", error.text);
        fclose(file);
        assert_int_equal(found, format);
        assert_int_equal(compared, RANDOM_COUNT);
        qv_text_finish(&text);
    }
}

static void amounts_have_the_fewest_digits(void **state)
{
    static const struct {
        double amount;
        const char *text;
    } known[] = {{0, "0"},
                 {1, "1"},
                 {0.1, "0.1"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {1e6, "1000000"},
                 {120.5, "120.5"},
                 {1e-7, "0.0000001"},
                 {7.2333333333333334, "7.233333333333333"},
                 {999999.999999, "999999.999999"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_string_equal(amount_format(known[i].amount).text, known[i].text);
    for (int i = 0; i < 20000; i++) {
        double amount = ldexp((double)(next_random() >> 11), -(int)(next_random() % 1127));
        double back;
        if (amount > 1e9)
            continue;
        assert_true(amount_parse(amount_format(amount).text, &back));
        assert_true(back == amount);
    }
}

static void the_locale_changes_nothing(void **state)
{
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "fr_FR.UTF-8")) {
        print_message("no locale with a decimal comma is there\n");
        skip();
    }
    double back;
    assert_string_equal(amount_format(120.5).text, "120.5");
    assert_true(amount_parse("120.5", &back) && back == 120.5);
    assert_false(amount_parse("120,5", &back));
    setlocale(LC_NUMERIC, "C");
}

/* ---- JSON --------------------------------------------------------------------------------------------------------- */

#define JSON(entries) "{\"quiver_diary\": 1, \"entries\": [" entries "]}"
#define SLEPT "{\"day\":\"2026-11-24\",\"kind\":\"sleep\",\"amount\":7,\"unit\":\"h\"}"

static void json_says_the_same(void **state)
{
    read_text(
        &strict,
        "\n " JSON(
            "\n{\"unit\":\"mg\",\"amount\":1.5,\"kind\":\"caffeine\",\"day\":\"2026-11-24\","
            "\"time\":\"08:30\",\"offset\":\"+02:00\",\"note\":\"a } \\\" {\",\"source\":\"log\"},\n" SLEPT) "\n");
    assert_int_equal(got.status, 0);
    assert_int_equal(got.format, QV_DIARY_JSON);
    assert_int_equal(got.count, 2);
    assert_entry(0, "2026-11-24", 8 * 3600 + 1800, 7200, QV_ENTRY_CAFFEINE, 1.5, "a } \" {");
    assert_string_equal(got.sources[0], "log");
    assert_entry(1, "2026-11-24", NO, QV_ENTRY_SLEEP, 7, "");
    assert_string_equal(got.sources[1], "");
    read_text(&strict, JSON(""));
    assert_int_equal(got.status, 0);
    assert_int_equal(got.count, 0);
}

static void a_bad_json_entry_is_named_and_the_rest_is_read(void **state)
{
    static const struct {
        const char *entry, *why;
    } entries[] = {
        {"{\"day\":\"2026-11-24\",\"kind\":\"sleep\",\"amount\":7,\"unit\":\"h\",\"mood\":1}",
         "mood: expected day, time"},
        {"{\"day\":\"2026-11-24\",\"day\":\"2026-11-24\",\"kind\":\"sleep\",\"amount\":7,\"unit\":\"h\"}",
         "no JSON (duplicate"},
        {"{\"day\":\"2026-11-24\",\"kind\":\"sleep\",\"amount\":\"7\",\"unit\":\"h\"}", "amount: expected a number"},
        {"{\"day\":7,\"kind\":\"sleep\",\"amount\":7,\"unit\":\"h\"}", "day: expected text"},
        {"{\"day\":\"x\",\"kind\":\"sleep\",\"amount\":7,\"unit\":\"h\"}", "day: expected YYYY-MM-DD"},
        {"{\"kind\":\"sleep\",\"amount\":7,\"unit\":\"h\"}", "day: expected it to be there"},
        {"{\"day\":\"2026-11-24\",\"kind\":\"sleep\",\"amount\":7}", "unit: expected it to be there"},
        {"{\"day\":\"2026-11-24\",\"kind\":\"sleep\",\"unit\":\"h\"}", "amount: expected it to be there"},
        {"{\"day\":\"2026-11-24\",\"kind\":\"sleep\",\"amount\":7,\"unit\":\"min\"}", "unit: found \"min\""},
        {"{\"day\":\"2026-11-24\",\"kind\":\"sleep\",\"amount\":-7,\"unit\":\"h\"}", "sleep: found -7"},
        {"{\"day\":\"2026-11-24\",\"time\":\"25:00\",\"kind\":\"sleep\",\"amount\":7,\"unit\":\"h\"}",
         "time: expected HH:MM"},
        {"{\"day\":\"2026-11-24\",\"offset\":\"Z\",\"kind\":\"sleep\",\"amount\":7,\"unit\":\"h\"}",
         "an offset from UTC without"},
        {"{\"day\":\"2026-11-24\",\"note\":\"\\u0000\",\"kind\":\"sleep\",\"amount\":7,\"unit\":\"h\"}", "no JSON"},
        {"{\"day\" \"2026-11-24\"}", "no JSON"},
        {"{}", "day: expected"},
    };
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        char text[600];
        snprintf(text, sizeof text, JSON("\n%s,\n" SLEPT), entries[i].entry);
        read_text(&tolerant, text);
        assert_int_equal(got.status, 0);
        assert_int_equal(got.count, 1);
        assert_int_equal(got.bad_count, 1);
        assert_int_equal(got.bad[0].line, 2);
        assert_contains(got.bad[0].text, entries[i].why);
    }
}

static void a_json_frame_that_is_none_ends_the_reading(void **state)
{
    assert_refused("{\"quiver_diary\": 2, \"entries\": []}", "found \"2, \"entries");
    assert_refused("{\"entries\": []}", "expected \"quiver_diary\"");
    assert_refused("{\"quiver_case\": 1}", "expected \"quiver_diary\"");
    assert_refused("{\"quiver_diary\": 1, \"entries\": [" SLEPT, "found the end of the file, expected ]");
    assert_refused("{\"quiver_diary\": 1, \"entries\": [\n" SLEPT ",]}", "line 2: found \"]}\", expected an entry");
    assert_refused("{\"quiver_diary\": 1, \"entries\": [{\"day\"", "brace does not close");
    assert_refused("{\"quiver_diary\": 1, \"entries\": [7]}", "expected an entry in braces");
    assert_refused(JSON("") "x", "found \"x\", expected the end of the file");
    assert_refused("{\"quiver_diary\": 1, \"entries\": [], \"more\": 1}", "expected }");
}

/* ---- Apple Health --------------------------------------------------------------------------------------------------- */

/* As iOS 16 writes it: an attribute list that does not close, a declaration inside it. */
#define DTD                                                                                                            \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                                     \
    "<!DOCTYPE HealthData [\n"                                                                                         \
    "<!-- HealthKit Export Version: 12 -->\n"                                                                          \
    "<!ELEMENT HealthData (ExportDate,Me,(Record|Correlation|Workout)*)>\n"                                            \
    "<!ATTLIST HealthData\n  locale CDATA #REQUIRED\n>\n"                                                              \
    "<!ATTLIST VisionPrescription\n  type CDATA #REQUIRED\n  brand CDATA #IMPLIED\n"                                   \
    "<!ELEMENT RightEye EMPTY>\n  device CDATA #IMPLIED\n"                                                             \
    "]>\n"
#define HEALTH(records) DTD "<HealthData locale=\"en_US\">\n" records "</HealthData>\n"
#define RECORD(type, unit, value, start, end)                                                                          \
    " <Record type=\"" type "\" sourceName=\"A&#8217;s &lt;Watch&gt;\" unit=\"" unit                                   \
    "\" creationDate=\"2024-03-10 23:10:00 -0500\" startDate=\"" start "\" endDate=\"" end "\" value=\"" value         \
    "\"/>\n"
#define DIETARY(what, unit, value)                                                                                     \
    RECORD("HKQuantityTypeIdentifierDietary" what, unit, value, "2024-03-10 08:05:30 -0500",                           \
           "2024-03-10 08:05:30 -0500")
#define SLEEP(what, start, end)                                                                                        \
    RECORD("HKCategoryTypeIdentifierSleepAnalysis", "", "HKCategoryValueSleepAnalysis" what, start, end)

static void apple_health_gives_what_a_diary_has_a_place_for(void **state)
{
    read_text(&drinker, HEALTH(" <ExportDate value=\"2024-04-01 10:00:00 -0400\"/>\n <Me "
                               "HKCharacteristicTypeIdentifierBloodType=\"\"/>\n" DIETARY("Caffeine", "mg", "95")
                                   DIETARY("Caffeine", "g", "0.1255") DIETARY("Water", "mL", "250")
                                       DIETARY("Water", "L", "0.5") DIETARY("Water", "fl_oz_us", "8")
                                           DIETARY("Magnesium", "mcg", "1500") DIETARY("Potassium", "mg", "400")
                                               RECORD("HKQuantityTypeIdentifierNumberOfAlcoholicBeverages", "count",
                                                      "2", "2024-03-09 20:00:00 -0500", "2024-03-09 20:00:00 -0500")
                                                   RECORD("HKQuantityTypeIdentifierAppleExerciseTime", "min", "1",
                                                          "2024-03-09 12:00:00 +0530", "2024-03-09 12:01:00 +0530")));
    assert_int_equal(got.status, 0);
    assert_int_equal(got.format, QV_DIARY_APPLE_HEALTH);
    assert_int_equal(got.bad_count, 0);
    assert_int_equal(got.count, 9);
    int32_t at = 8 * 3600 + 5 * 60 + 30, zone = -5 * 3600;
    assert_entry(0, "2024-03-10", at, zone, QV_ENTRY_CAFFEINE, 95, "");
    assert_entry(1, "2024-03-10", at, zone, QV_ENTRY_CAFFEINE, 125.5, "");
    assert_entry(2, "2024-03-10", at, zone, QV_ENTRY_WATER, 250, "");
    assert_entry(3, "2024-03-10", at, zone, QV_ENTRY_WATER, 500, "");
    assert_entry(4, "2024-03-10", at, zone, QV_ENTRY_WATER, 236.588237, "");
    assert_entry(5, "2024-03-10", at, zone, QV_ENTRY_MAGNESIUM, 1.5, "");
    assert_entry(6, "2024-03-10", at, zone, QV_ENTRY_POTASSIUM, 400, "");
    assert_entry(7, "2024-03-09", 20 * 3600, zone, QV_ENTRY_ALCOHOL, 25, "");
    assert_entry(8, "2024-03-09", 12 * 3600, 5 * 3600 + 1800, QV_ENTRY_EXERCISE, 1, "");
    assert_string_equal(got.sources[0], "apple_health");
}

static void what_apple_health_has_beyond_is_counted(void **state)
{
    read_text(
        &tolerant,
        HEALTH(
            RECORD("HKQuantityTypeIdentifierHeartRate", "count/min", "61", "x", "y") RECORD(
                "HKQuantityTypeIdentifierStepCount", "count", "7", "x",
                "y") RECORD("HKQuantityTypeIdentifierHeartRate", "count/min", "62", "x", "y") DIETARY("Sugar", "g", "1")
                SLEEP("InBed", "2024-03-09 22:00:00 -0500",
                      "2024-03-10 07:00:00 -0500") " <Workout workoutActivityType=\"x\"><MetadataEntry key=\"a\" "
                                                   "value=\"b\"/></Workout>\n"
                                                   /* What stands inside a correlation stands by itself too. */
                                                   " <Correlation type=\"HKCorrelationTypeIdentifierFood\">\n" DIETARY(
                                                       "Caffeine", "mg",
                                                       "95") " </Correlation>\n" DIETARY("Caffeine", "mg", "95")));
    assert_int_equal(got.status, 0);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.skip_count, 6);
    assert_string_equal(got.skips[0].what, "HKQuantityTypeIdentifierHeartRate");
    assert_int_equal(got.skips[0].rows, 2);
    assert_string_equal(got.skips[3].what, "HKCategoryValueSleepAnalysisInBed");
    assert_string_equal(got.skips[4].what, "Workout");
    assert_string_equal(got.skips[5].what, "Correlation");
}

static void a_bad_record_is_named_and_the_rest_is_read(void **state)
{
    static const struct {
        const char *record, *why;
    } records[] = {
        {DIETARY("Caffeine", "cup", "1"), "unit: found \"cup\", expected one that can be told in mg"},
        {DIETARY("Caffeine", "mL", "1"), "unit: found \"mL\""},
        {DIETARY("Caffeine", "mg", "much"), "amount: found \"much\""},
        {DIETARY("Caffeine", "mg", "99999"), "found 99999, expected a number from 0 to 20000 (mg)"},
        {RECORD("HKQuantityTypeIdentifierDietaryWater", "mL", "1", "2024-03-10T08:05:30Z", "2024-03-10 08:05:30 -0500"),
         "startDate and endDate: found \"2024-03-10T08:05:30Z\""},
        {" <Record type=\"HKQuantityTypeIdentifierDietaryWater\"/>\n", "startDate and endDate: found \"\""},
        {RECORD("HKQuantityTypeIdentifierNumberOfAlcoholicBeverages", "count", "2", "2024-03-09 20:00:00 -0500",
                "2024-03-09 20:00:00 -0500"),
         "unit: found \"count\", expected one that can be told in g"},
        {SLEEP("AsleepCore", "2024-03-10 08:00:00 -0500", "2024-03-10 07:00:00 -0500"), "sleep: found one from"},
        {SLEEP("AsleepCore", "2024-03-10 08:00:00 -0500", "2024-03-12 07:00:00 -0500"), "expected at most a day"},
    };
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        char text[4000];
        snprintf(text, sizeof text, HEALTH("%s" DIETARY("Caffeine", "mg", "95")), records[i].record);
        read_text(&tolerant, text);
        assert_int_equal(got.status, 0);
        assert_int_equal(got.count, 1);
        assert_int_equal(got.bad_count, 1);
        assert_int_equal(got.bad[0].line, 15); /* lines of the document type count */
        assert_contains(got.bad[0].text, records[i].why);
        read_text(&strict, text);
        assert_int_equal(got.status, QV_ERR_DATA);
        assert_contains(got.error.text, "f: line 15: ");
    }
}

static void a_night_counts_once_and_belongs_to_its_morning(void **state)
{
    read_text(
        &strict,
        HEALTH(
            /* A watch by stages, from before midnight, out of order; a ring that saw the same night as one; a nap; the clock goes forward. */
            SLEEP("AsleepDeep", "2024-03-09 23:40:00 -0500", "2024-03-10 01:00:00 -0500")
                SLEEP("AsleepCore", "2024-03-09 23:10:00 -0500", "2024-03-09 23:40:00 -0500")
                    SLEEP("Awake", "2024-03-10 01:00:00 -0500", "2024-03-10 01:30:00 -0500")
                        SLEEP("AsleepREM", "2024-03-10 01:30:00 -0500", "2024-03-10 07:00:00 -0400")
                            SLEEP("AsleepUnspecified", "2024-03-09 23:30:00 -0500", "2024-03-10 00:30:00 -0500")
                                SLEEP("InBed", "2024-03-09 21:00:00 -0500", "2024-03-10 09:00:00 -0400")
                                    SLEEP("Asleep", "2024-03-10 14:00:00 -0400", "2024-03-10 14:45:00 -0400")
                                        SLEEP("Asleep", "2024-03-11 14:00:00 -0400", "2024-03-11 14:00:00 -0400")));
    assert_int_equal(got.status, 0);
    assert_int_equal(got.count, 2);
    /* 23:10 to 1:00, then 1:30 to 7:00 less the hour that there was not. */
    assert_entry(0, "2024-03-10", 7 * 3600, -4 * 3600, QV_ENTRY_SLEEP, rint((110 + 270) / 60.0 * 1e6) / 1e6, "");
    assert_entry(1, "2024-03-10", 14 * 3600 + 2700, -4 * 3600, QV_ENTRY_SLEEP, 0.75, "");
}

/* Against a table of seconds: whatever the pieces and their order, what any of them covers is counted once. */
static void sleep_is_the_union_of_its_pieces(void **state)
{
    enum { SECONDS = 40 * 3600, PIECES = 200 };
    static bool table[SECONDS];
    for (int round = 0; round < 200; round++) {
        struct asleep asleep = {0};
        memset(table, 0, sizeof table);
        for (unsigned p = 0, count = (unsigned)(next_random() % PIECES); p < count; p++) {
            int64_t begin = (int64_t)(next_random() % (SECONDS - 3600)), end = begin + (int64_t)(next_random() % 3600);
            memset(table + begin, true, (size_t)(end - begin));
            assert_int_equal(asleep_add(&asleep, (struct asleep_interval){begin, end, 0}), ASLEEP_ADDED);
        }
        asleep_merge(&asleep);
        int64_t wanted = 0, total = 0, last_end = INT64_MIN;
        for (int s = 0; s < SECONDS; s++)
            wanted += table[s];
        struct asleep_one one;
        for (uint32_t at = 0; asleep_next(&asleep, &at, &one);) {
            total += one.slept_s;
            assert_true(last_end == INT64_MIN || one.end_s - one.slept_s - last_end >= ASLEEP_GAP_S);
            last_end = one.end_s;
        }
        assert_int_equal(total, wanted);
        asleep_finish(&asleep);
    }
}

static void sleep_has_a_most(void **state)
{
    struct asleep asleep = {0};
    uint32_t added = 0;
    while (added < 2 * ASLEEP_MAX &&
           asleep_add(&asleep, (struct asleep_interval){added * 10, added * 10 + 10, 0}) == ASLEEP_ADDED)
        added++;
    assert_int_equal(added, 2 * ASLEEP_MAX); /* they touch, so there is room for any number */
    asleep_finish(&asleep);
    for (added = 0; asleep_add(&asleep, (struct asleep_interval){added * 10, added * 10 + 5, 0}) == ASLEEP_ADDED;)
        added++;
    assert_int_equal(added, ASLEEP_MAX);
    asleep_finish(&asleep);
}

static void hostile_xml_is_refused(void **state)
{
    assert_refused(DTD, "found the end of the file inside of it");
    assert_refused(DTD "<HealthData>\n", "line 15: found the end of the file");
    assert_refused(DTD "<HealthData><Record></HealthData>", "mismatched tag");
    assert_refused("<?xml version=\"1.0\"?><ClinicalDocument/>", "found <ClinicalDocument>, expected <HealthData>");
    assert_refused("<!DOCTYPE HealthData [", "a document type that does not end");
    assert_refused(HEALTH("") "<HealthData/>", "junk after document element");
    assert_refused("<HealthData>\xff</HealthData>", "not well-formed");
    assert_refused("<?xml version=\"1.0\"?><!DOCTYPE HealthData [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>"
                   "<HealthData>&b;</HealthData>",
                   "undefined entity");
    assert_refused(
        "<?xml version=\"1.0\"?><!DOCTYPE HealthData SYSTEM \"file:///etc/passwd\"><HealthData>&b;</HealthData>",
        "undefined entity");
    /* A control character, which XML does not allow and some exports have, does no harm. */
    read_text(&strict, HEALTH(" <Record type=\"x\" sourceName=\"a\x0b\"/>\n" DIETARY("Caffeine", "mg", "95")));
    assert_int_equal(got.status, 0);
    assert_int_equal(got.count, 1);

    struct qv_text text;
    qv_text_init(&text, 64 << 20);
    qv_text_puts(&text, "<HealthData>");
    for (int i = 0; i < 100000; i++)
        qv_text_puts(&text, "<a>");
    assert_refused(text.bytes, "nested deeper than 64");
    qv_text_clear(&text);
    qv_text_puts(&text, "<HealthData><a b=\"");
    for (int i = 0; i < 400000; i++)
        qv_text_puts(&text, "0123456789");
    assert_refused(text.bytes, "no tag in a mebibyte");
    qv_text_clear(&text);
    qv_text_puts(&text, "<HealthData>");
    for (int i = 0; i < 400000; i++)
        qv_text_printf(&text, "<n%d/>", i);
    assert_refused(text.bytes, "more than 16 MiB of names");
    qv_text_finish(&text);
}

/* ---- zip ------------------------------------------------------------------------------------------------------------ */

struct zipped {
    char *bytes;
    size_t length;
};

struct zip_part {
    const char *name, *bytes;
    int method; /* 0 or Z_DEFLATED */
    bool zip64;
    const char *password;
};

static struct zipped zip_up(const struct zip_part *parts, size_t count)
{
    char path[] = "/tmp/quiver-zip-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    zipFile zip = zipOpen64(path, APPEND_STATUS_CREATE);
    assert_non_null(zip);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(zipOpenNewFileInZip3_64(zip, parts[i].name, NULL, NULL, 0, NULL, 0, NULL, parts[i].method, 6,
                                                 0, -MAX_WBITS, DEF_MEM_LEVEL, Z_DEFAULT_STRATEGY, parts[i].password, 0,
                                                 parts[i].zip64),
                         ZIP_OK);
        assert_int_equal(zipWriteInFileInZip(zip, parts[i].bytes, (unsigned)strlen(parts[i].bytes)), ZIP_OK);
        assert_int_equal(zipCloseFileInZip(zip), ZIP_OK);
    }
    assert_int_equal(zipClose(zip, NULL), ZIP_OK);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    struct zipped out = {.length = (size_t)ftell(file)};
    rewind(file);
    out.bytes = malloc(out.length);
    assert_int_equal(fread(out.bytes, 1, out.length, file), out.length);
    fclose(file);
    unlink(path);
    return out;
}

static const char one_coffee[] = HEALTH(DIETARY("Caffeine", "mg", "95"));

static void assert_zip(const struct zip_part *parts, size_t count, const char *refused)
{
    struct zipped zip = zip_up(parts, count);
    read_bytes(&tolerant, zip.bytes, zip.length);
    if (refused) {
        assert_int_equal(got.status, QV_ERR_DATA);
        assert_contains(got.error.text, refused);
    } else {
        if (got.status)
            fail_msg("%s", got.error.text);
        assert_int_equal(got.count, 1);
        assert_int_equal(got.format, QV_DIARY_APPLE_HEALTH);
    }
    free(zip.bytes);
}

static void the_export_is_found_in_its_zip(void **state)
{
    const struct zip_part cda = {
        "apple_health_export/export_cda.xml",
        "<ClinicalDocument>long, longer than the other"
        "......................................................................................................."
        "......................................................................................................."
        "......................................................................................................."
        "......................................................................................................."
        "......................................................................................................."
        "......................................................................................................."
        "</ClinicalDocument>",
        Z_DEFLATED, false, NULL};
    const struct zip_part route = {"apple_health_export/workout-routes/route.gpx", "<gpx/>", Z_DEFLATED, false, NULL};
    struct zip_part parts[3] = {cda, route, {"apple_health_export/export.xml", one_coffee, Z_DEFLATED, false, NULL}};
    assert_zip(parts, 3, NULL);
    parts[2].method = 0;
    assert_zip(parts, 3, NULL);
    parts[2].zip64 = true;
    assert_zip(parts, 3, NULL);
    parts[2].name = "apple_health_export/\xE5\xAF\xBC\xE5\x87\xBA.xml"; /* as a phone in Chinese names it */
    assert_zip(parts, 3, NULL);
    parts[2].name = "../../../../etc/export.xml"; /* only compared, never opened */
    assert_zip(parts, 3, NULL);
    assert_zip(parts, 2, "no XML file in it");
    parts[2].password = "secret";
    assert_zip(parts, 3, "an encrypted file");
}

static void a_zip_that_lies_is_refused(void **state)
{
    struct zip_part part = {"apple_health_export/export.xml", one_coffee, Z_DEFLATED, false, NULL};
    struct zipped zip = zip_up(&part, 1);
    uint32_t refused = 0;
    for (size_t cut = 2; cut < zip.length; cut += 7) { /* cut off anywhere */
        read_bytes(&tolerant, zip.bytes, cut);
        assert_int_equal(got.status, QV_ERR_DATA);
    }
    for (size_t at = 0; at < zip.length; at++) { /* any byte wrong: refused, or (names, dates) without effect */
        zip.bytes[at] ^= 0x15;
        read_bytes(&tolerant, zip.bytes, zip.length);
        assert_true(got.status == QV_ERR_DATA || (got.status == 0 && got.count == 1));
        refused += got.status != 0;
        zip.bytes[at] ^= 0x15;
    }
    assert_true(refused > zip.length / 2);
    free(zip.bytes);
}

/* ---- Bearable ------------------------------------------------------------------------------------------------------- */

#define BEARABLE_ROWS(date)                                                                                            \
    date ",\"Sunday\",\"mid\",\"Symptom\",\"2\",\"Stress (Moderate)\",\"\"\n" date                                     \
         ",\"Sunday\",\"pre\",\"Symptom\",\"4\",\"Fatigue (Unbearable)\",\"\"\n" date                                  \
         ",\"Sunday\",\"am\",\"Symptom\",\"1\",\"Lip twitching (Mild)\",\"\"\n" date                                   \
         ",\"Sunday\",\"pm\",\"Symptom\",\"1\",\"Back (lower) pain (Mild)\",\"\"\n" date                               \
         ",\"Sunday\",\"8:45\",\"Meds/Supplements\",\"50\",\"Vitamin D3 (mcg)\",\"\"\n" date                           \
         ",\"Sunday\",\"20:58\",\"Meds/Supplements\",\"300\",\"Magnesium (mg)\",\"\"\n" date                           \
         ",\"Sunday\",\"20:58\",\"Meds/Supplements\",\"2\",\"Cough syrup (drops)\",\"\"\n" date                        \
         ",\"Sunday\",\"\",\"Sleep\",\"2:45\",\"Asleep 03:15 - 06:00. In bed 02:30 - 08:00\",\". \"\n" date            \
         ",\"Sunday\",\"\",\"Sleep quality\",\"1\",\"Awful\",\"\"\n" date                                              \
         ",\"Sunday\",\"03:00\",\"Mood\",\"6\",\"Meh | Anxious\",\"\"\n" date                                          \
         ",\"Sunday\",\"all day\",\"Food Diary factors\",\"\",\"Caffeine | High protein\",\"\"\n"

static void bearable_gives_what_it_says_as_a_diary_does(void **state)
{
    static const char *const files[] = {
        "date,weekday,time of day,category,rating/amount,detail,notes\n" BEARABLE_ROWS("\"16th May 2021\""),
        "date,date formatted,weekday,time of day,category,rating/amount,detail,notes\n" BEARABLE_ROWS(
            "\"16th May 2021\",\"2021-05-16\""),
        "\xEF\xBB\xBF\"date\",\"weekday\",\"time of "
        "day\",\"category\",\"rating/amount\",\"detail\",\"notes\"\r\n" BEARABLE_ROWS("\"16th May 2021\""),
    };
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        read_text(&tolerant, files[f]);
        assert_int_equal(got.status, 0);
        assert_int_equal(got.format, QV_DIARY_BEARABLE);
        assert_int_equal(got.count, 6);
        assert_entry(0, "2021-05-16", NO, QV_ENTRY_STRESS, 5, "Stress (Moderate)");
        assert_entry(1, "2021-05-16", NO, QV_ENTRY_FATIGUE, 10, "Fatigue (Unbearable)");
        assert_entry(2, "2021-05-16", NO, QV_ENTRY_TWITCH, 1, "Lip twitching (Mild)");
        assert_entry(3, "2021-05-16", 8 * 3600 + 2700, QV_NO_OFFSET, QV_ENTRY_MEDICINE, 0.05, "Vitamin D3");
        assert_entry(4, "2021-05-16", 20 * 3600 + 58 * 60, QV_NO_OFFSET, QV_ENTRY_MAGNESIUM, 300, "");
        assert_entry(5, "2021-05-16", 6 * 3600, QV_NO_OFFSET, QV_ENTRY_SLEEP, 2.75, "");
        assert_string_equal(got.sources[0], "bearable");
        assert_int_equal(got.bad_count, 1);
        assert_int_equal(got.bad[0].line, 8);
        assert_contains(got.bad[0].text, "detail: found \"drops\", expected mg, mcg or g");
        assert_int_equal(got.skip_count, 4);
        assert_string_equal(got.skips[0].what, "Symptom");
        assert_int_equal(got.skips[0].rows, 1);
        assert_string_equal(got.skips[3].what, "Food Diary factors");
    }
}

static void a_bad_row_of_bearable_is_named(void **state)
{
    static const struct {
        const char *row, *why;
    } rows[] = {
        {"16 May 2021,Sunday,,Sleep,7:30,,", "date: found \"16 May 2021\""},
        {"31st Jun 2021,Sunday,,Sleep,7:30,,", "date: found \"31st Jun 2021\""},
        {"1st Foo 2021,Sunday,,Sleep,7:30,,", "date: found"},
        {"1st Jun 2021x,Sunday,,Sleep,7:30,,", "date: found"},
        {"1st anF 2021,Sunday,,Sleep,7:30,,", "date: found"},
        {"1st Jun 2021,Sunday,,Sleep,7.5,,", "rating/amount: found \"7.5\", expected hours and minutes"},
        {"1st Jun 2021,Sunday,am,Symptom,9,Stress (Mild),", "rating/amount: found \"9\", expected a severity"},
        {"1st Jun 2021,Sunday,am,Meds/Supplements,,Ibuprofen (mg),", "amount: found \"\""},
        {"1st Jun 2021,Sunday,am,Meds/Supplements,1,Ibuprofen,", "detail: found \"\", expected mg"},
        {"1st Jun 2021,Sunday,am,Meds/Supplements,1,(mg),", "detail: found \"(mg)\", expected a name"},
        {"1st Jun 2021,Sunday,am,Sleep", "found 4 columns, expected 7"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[300];
        snprintf(text, sizeof text, "date,weekday,time of day,category,rating/amount,detail,notes\n%s\n", rows[i].row);
        read_text(&tolerant, text);
        assert_int_equal(got.status, 0);
        assert_int_equal(got.count, 0);
        assert_int_equal(got.bad_count, 1);
        assert_contains(got.bad[0].text, rows[i].why);
    }
}

/* ---- files, pipes, failures ----------------------------------------------------------------------------------------- */

struct failing {
    const char *bytes;
    size_t length, at, fails_at;
};

static ssize_t failing_read(void *cookie, char *buffer, size_t size)
{
    struct failing *failing = cookie;
    size_t count = failing->length - failing->at < size ? failing->length - failing->at : size;
    if (failing->at + count > failing->fails_at)
        count = failing->fails_at - failing->at;
    if (count == 0 && failing->at == failing->fails_at) {
        errno = EIO;
        return -1;
    }
    memcpy(buffer, failing->bytes + failing->at, count);
    failing->at += count;
    return (ssize_t)count;
}

static int failing_seek(void *cookie, off64_t *offset, int whence)
{
    struct failing *failing = cookie;
    off64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (off64_t)failing->at : (off64_t)failing->length;
    if (from + *offset < 0 || from + *offset > (off64_t)failing->length)
        return -1;
    *offset += from;
    failing->at = (size_t)*offset;
    return 0;
}

static void a_disk_that_fails_is_told_from_a_bad_file(void **state)
{
    struct zip_part part = {"export.xml", one_coffee, Z_DEFLATED, false, NULL};
    struct zipped zip = zip_up(&part, 1);
    const struct zipped files[] = {
        {(char *)(uintptr_t)HEAD "2026-11-24,sleep,7,h,\n", strlen(HEAD "2026-11-24,sleep,7,h,\n")},
        {(char *)(uintptr_t)one_coffee, sizeof one_coffee - 1},
        zip,
    };
    for (size_t f = 0; f < 3; f++) {
        for (size_t fails_at = 0; fails_at < files[f].length; fails_at += 5) {
            struct failing failing = {files[f].bytes, files[f].length, 0, fails_at};
            FILE *file =
                fopencookie(&failing, "rb", (cookie_io_functions_t){.read = failing_read, .seek = failing_seek});
            assert_non_null(file);
            memset(&got, 0, sizeof got);
            got.status = diary_read_file(file, "f", &tolerant, &got.format, &got.error);
            assert_int_equal(got.status, QV_ERR_IO);
            assert_contains(got.error.text, "f: ");
            fclose(file);
        }
    }
    free(zip.bytes);
}

static bool stop_reading(void *context, uint64_t read_bytes, uint64_t of_bytes)
{
    return false;
}

static void whoever_reads_may_stop(void **state)
{
    read_text(&(struct qv_diary_source){.sink = take, .progress = stop_reading}, HEAD);
    assert_int_equal(got.status, QV_ERR_IO);
    assert_contains(got.error.text, "was stopped");

    static const char *const files[] = {
        HEAD "2026-11-24,sleep,7,h,\n", JSON(SLEPT), one_coffee,
        HEALTH(SLEEP("Asleep", "2024-03-10 14:00:00 -0400", "2024-03-10 14:45:00 -0400"))};
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        memset(&got, 0, sizeof got);
        got.stop_at_entry = 1;
        FILE *file = fmemopen((void *)(uintptr_t)files[f], strlen(files[f]), "rb");
        assert_int_equal(diary_read_file(file, "f", &tolerant, NULL, &got.error), QV_ERR_IO);
        assert_string_equal(got.error.text, "the sink is full");
        assert_int_equal(got.bad_count, 0);
        fclose(file);
    }
}

static void files_pipes_and_what_is_neither(void **state)
{
    struct qv_error error = {0};
    assert_int_equal(qv_diary_read("no/such/file", &strict, NULL, &error), QV_ERR_NO_INPUT);
    assert_contains(error.text, "no/such/file: ");
    assert_int_equal(qv_diary_read("/tmp", &strict, NULL, &error), QV_ERR_NO_INPUT);

    struct zip_part part = {"export.xml", one_coffee, Z_DEFLATED, false, NULL};
    struct zipped zip = zip_up(&part, 1);
    for (int is_zip = 0; is_zip < 2; is_zip++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        const char *bytes = is_zip ? zip.bytes : one_coffee;
        size_t length = is_zip ? zip.length : strlen(one_coffee);
        assert_int_equal(write(ends[1], bytes, length), length);
        close(ends[1]);
        FILE *file = fdopen(ends[0], "rb");
        memset(&got, 0, sizeof got);
        got.status = diary_read_file(file, "pipe", &strict, NULL, &got.error);
        assert_int_equal(got.status, is_zip ? QV_ERR_DATA : 0);
        assert_int_equal(got.count, is_zip ? 0 : 1);
        if (is_zip)
            assert_contains(got.error.text, "found a zip file in a pipe");
        fclose(file);
    }
    free(zip.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_says_what_the_contract_says),
        cmocka_unit_test(a_bad_row_is_named_and_the_rest_is_read),
        cmocka_unit_test(a_stray_quote_costs_one_line),
        cmocka_unit_test(a_line_has_a_longest_length),
        cmocka_unit_test(a_header_that_is_none_is_shown),
        cmocka_unit_test(nothing_is_lost_on_the_way_out_and_back),
        cmocka_unit_test(amounts_have_the_fewest_digits),
        cmocka_unit_test(the_locale_changes_nothing),
        cmocka_unit_test(json_says_the_same),
        cmocka_unit_test(a_bad_json_entry_is_named_and_the_rest_is_read),
        cmocka_unit_test(a_json_frame_that_is_none_ends_the_reading),
        cmocka_unit_test(apple_health_gives_what_a_diary_has_a_place_for),
        cmocka_unit_test(what_apple_health_has_beyond_is_counted),
        cmocka_unit_test(a_bad_record_is_named_and_the_rest_is_read),
        cmocka_unit_test(a_night_counts_once_and_belongs_to_its_morning),
        cmocka_unit_test(sleep_is_the_union_of_its_pieces),
        cmocka_unit_test(sleep_has_a_most),
        cmocka_unit_test(hostile_xml_is_refused),
        cmocka_unit_test(the_export_is_found_in_its_zip),
        cmocka_unit_test(a_zip_that_lies_is_refused),
        cmocka_unit_test(bearable_gives_what_it_says_as_a_diary_does),
        cmocka_unit_test(a_bad_row_of_bearable_is_named),
        cmocka_unit_test(a_disk_that_fails_is_told_from_a_bad_file),
        cmocka_unit_test(whoever_reads_may_stop),
        cmocka_unit_test(files_pipes_and_what_is_neither),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
