/* SPDX-License-Identifier: Apache-2.0 */
/* What a diary says of the person now: days into a table, entries into findings, and when the diary speaks up. */
#include <quiver/consult.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define TODAY 20000 /* 2024-10-04 */

struct scene {
    struct qv_arena *arena;
    struct qv_daybook *book;
    struct qv_case *c;
};

static struct qv_knowledge *knowledge;

static void must(int status, const struct qv_error *error)
{
    if (status)
        fail_msg("%s", error->text);
}

static struct scene scene_open(void)
{
    struct qv_error error = {0};
    struct scene s = {.arena = qv_arena_create(0)};
    must(qv_daybook_create(knowledge, s.arena, &s.book, &error), &error);
    must(qv_case_create(s.arena, &knowledge->form, &s.c, &error), &error);
    s.c->as_of_days = TODAY;
    return s;
}

static void note(struct scene *s, int32_t days_ago, enum qv_entry_kind kind, double amount, const char *words)
{
    struct qv_error error = {0};
    const struct qv_entry entry = {.day = TODAY - days_ago,
                                   .second = QV_NO_SECOND,
                                   .offset_s = QV_NO_OFFSET,
                                   .kind = kind,
                                   .amount = amount,
                                   .note = words};
    must(qv_entry_check(&entry, &error), &error);
    must(qv_daybook_add(s->book, &entry, &error), &error);
}

/* So many twitches on each day from one to another, both included. */
static void twitches(struct scene *s, int32_t from_days_ago, int32_t to_days_ago, double count, const char *words)
{
    for (int32_t ago = from_days_ago; ago >= to_days_ago; ago--)
        note(s, ago, QV_ENTRY_TWITCH, count, words);
}

static void fold(struct scene *s)
{
    struct qv_error error = {0};
    must(qv_daybook_fold(s->book, s->c, &error), &error);
}

static int field_of(const char *id)
{
    const int field = qv_form_find(&knowledge->form, id);
    assert_true(field >= 0);
    return field;
}

static const struct qv_value *value_of(const struct scene *s, const char *id)
{
    return &s->c->values[field_of(id)];
}

static void expect_number(const struct scene *s, const char *id, double number)
{
    assert_int_equal(value_of(s, id)->kind, QV_NUMBER);
    assert_true(fabs(value_of(s, id)->number - number) < 1e-9);
    assert_true(qv_case_is_from(s->c, (uint32_t)field_of(id), QV_ORIGIN_DIARY));
}

static void expect_word(const struct scene *s, const char *id, const char *word)
{
    assert_int_equal(value_of(s, id)->kind, QV_WORD);
    assert_string_equal(knowledge->form.fields[field_of(id)].words[value_of(s, id)->words], word);
}

static void expect_words(const struct scene *s, const char *id, const char *const *words)
{
    const struct qv_field *field = &knowledge->form.fields[field_of(id)];
    uint32_t expected = 0;
    for (; *words; words++) {
        for (uint32_t w = 0; w < field->word_count; w++)
            expected |= strcmp(field->words[w], *words) == 0 ? 1U << w : 0;
    }
    assert_int_equal(value_of(s, id)->words, expected);
}

static bool is_unknown(const struct scene *s, const char *id)
{
    return value_of(s, id)->kind == QV_UNKNOWN;
}

static bool has_notice(const struct scene *s, const char *id)
{
    struct qv_error error = {0};
    const struct qv_notice *notices;
    uint32_t count;
    must(qv_daybook_notices(s->book, TODAY, s->arena, &notices, &count, &error), &error);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(notices[i].text[0] && notices[i].sources->count > 0);
        if (strcmp(notices[i].id, id) == 0)
            return true;
    }
    return false;
}

/* ---- days ---------------------------------------------------------------------------------------------------------------- */

static void entries_of_a_day_add_up_by_their_kind(void **unused)
{
    (void)unused;
    struct scene s = scene_open();
    struct qv_error error = {0};
    const struct qv_days *days;
    note(&s, 0, QV_ENTRY_STRESS, 4, NULL); /* out of order */
    note(&s, 3, QV_ENTRY_CAFFEINE, 140, NULL);
    note(&s, 0, QV_ENTRY_STRESS, 8, NULL);
    note(&s, 3, QV_ENTRY_CAFFEINE, 60, NULL);
    note(&s, 2, QV_ENTRY_TWITCH, 0, NULL);
    note(&s, 3, QV_ENTRY_TWITCH, 2, NULL);
    note(&s, 3, QV_ENTRY_TWITCH, 3, NULL);
    must(qv_daybook_days(s.book, NULL, INT32_MIN, INT32_MAX, s.arena, &days, &error), &error);
    assert_int_equal(days->first_day, TODAY - 3);
    assert_int_equal(days->day_count, 4);
    assert_true(days->twitches[0] == 5 && days->twitches[1] == 0);
    assert_true(isnan(days->twitches[2]) && isnan(days->twitches[3]));
    for (uint32_t f = 0; f < days->factor_count; f++) {
        const double *x = days->exposures + f * days->day_count;
        if (strcmp(days->factors[f].id, "caffeine") == 0)
            assert_true(x[0] == 200 && isnan(x[1]) && isnan(x[3]));
        if (strcmp(days->factors[f].id, "stress") == 0)
            assert_true(isnan(x[0]) && x[3] == 6);
    }
    qv_arena_destroy(s.arena);
}

static void a_table_can_be_a_part(void **unused)
{
    (void)unused;
    struct scene s = scene_open();
    struct qv_error error = {0};
    const struct qv_days *days;
    twitches(&s, 30, 0, 1, NULL);
    must(qv_daybook_days(s.book, NULL, TODAY - 6, TODAY - 2, s.arena, &days, &error), &error);
    assert_int_equal(days->first_day, TODAY - 6);
    assert_int_equal(days->day_count, 5);
    must(qv_daybook_days(s.book, NULL, TODAY + 1, TODAY + 9, s.arena, &days, &error), &error);
    assert_int_equal(days->day_count, 0);
    qv_arena_destroy(s.arena);
}

static void a_thousand_years_are_too_many(void **unused)
{
    (void)unused;
    struct scene s = scene_open();
    struct qv_error error = {0};
    const struct qv_days *days = NULL;
    note(&s, 0, QV_ENTRY_TWITCH, 1, NULL);
    note(&s, 150000, QV_ENTRY_TWITCH, 1, NULL);
    assert_int_equal(qv_daybook_days(s.book, NULL, INT32_MIN, INT32_MAX, s.arena, &days, &error), QV_ERR_DATA);
    assert_null(days);
    assert_non_null(strstr(error.text, "expected at most"));
    qv_arena_destroy(s.arena);
}

/* Coffee at nine on most days, or at unknown times: only then what was in the body is known. */
static void what_was_in_the_body_needs_times(void **unused)
{
    (void)unused;
    struct qv_error error = {0};
    for (int timed = 0; timed < 2; timed++) {
        struct scene s = scene_open();
        const struct qv_days *days;
        struct qv_triggers *found;
        for (int32_t ago = 40; ago >= 0; ago--) {
            const struct qv_entry coffee = {.day = TODAY - ago,
                                            .second = timed ? 9 * 3600 : QV_NO_SECOND,
                                            .offset_s = QV_NO_OFFSET,
                                            .kind = QV_ENTRY_CAFFEINE,
                                            .amount = 100 * (ago % 4)};
            if (ago != 7)
                must(qv_daybook_add(s.book, &coffee, &error), &error);
            note(&s, ago, QV_ENTRY_TWITCH, 2 + 3 * (ago % 4), NULL);
        }
        struct qv_person *person;
        must(qv_consult_person(knowledge, &(struct qv_evidence_given){.c = s.c}, s.arena, &person, &error), &error);
        must(qv_daybook_days(s.book, person, INT32_MIN, INT32_MAX, s.arena, &days, &error), &error);
        must(qv_find_triggers(days, s.arena, &found, &error), &error);
        assert_int_equal(found->in_body_count, timed);
        for (uint32_t f = 0; timed && f < days->factor_count; f++) {
            const double *load = days->in_body + f * days->day_count;
            if (strcmp(days->factors[f].id, "caffeine") != 0)
                continue;
            assert_true(days->factors[f].half_life_h > 4 && days->factors[f].half_life_h < 7);
            assert_true(isnan(load[33]) && isnan(load[34]) && !isnan(load[35])); /* nothing was noted on the 33rd */
            assert_true(found->in_body[0].factor == f && found->in_body[0].rate.low > 1);
        }
        qv_arena_destroy(s.arena);
    }
}

/* ---- findings --------------------------------------------------------------------------------------------------------------- */

static void an_empty_diary_says_nothing(void **unused)
{
    (void)unused;
    struct scene s = scene_open();
    fold(&s);
    for (uint32_t f = 0; f < knowledge->form.field_count; f++)
        assert_int_equal(s.c->values[f].kind, QV_UNKNOWN);
    assert_int_equal(s.c->medicine_count, 0);
    assert_false(s.c->medicines_known);
    qv_arena_destroy(s.arena);
}

static void a_bout_lasts_since_the_quiet_before_it(void **unused)
{
    (void)unused;
    struct scene s = scene_open();
    twitches(&s, 90, 80, 4, NULL);
    twitches(&s, 79, 60, 0, NULL); /* more than two weeks of quiet end that one */
    twitches(&s, 40, 30, 3, NULL);
    twitches(&s, 29, 20, 0, NULL); /* ten days do not */
    twitches(&s, 19, 0, 3, NULL);
    fold(&s);
    expect_number(&s, "onset_days", 40);
    assert_true(has_notice(&s, "more_than_two_weeks"));
    qv_arena_destroy(s.arena);
}

static void days_without_a_note_end_no_bout(void **unused)
{
    (void)unused;
    struct scene s = scene_open();
    twitches(&s, 50, 48, 3, NULL);
    twitches(&s, 3, 0, 3, NULL);
    fold(&s);
    expect_number(&s, "onset_days", 50);
    qv_arena_destroy(s.arena);
}

static void a_diary_that_fell_silent_says_nothing_of_now(void **unused)
{
    (void)unused;
    struct scene s = scene_open();
    twitches(&s, 200, 100, 3, "left");
    fold(&s);
    assert_true(is_unknown(&s, "onset_days"));
    assert_true(is_unknown(&s, "side"));
    assert_true(is_unknown(&s, "frequency"));
    assert_false(has_notice(&s, "more_than_two_weeks"));
    qv_arena_destroy(s.arena);
}

/* A diary begun today must not make an old twitch look new. */
static void a_short_diary_does_not_say_how_long(void **unused)
{
    (void)unused;
    struct scene s = scene_open();
    twitches(&s, 10, 0, 3, NULL);
    fold(&s);
    assert_true(is_unknown(&s, "onset_days"));
    qv_arena_destroy(s.arena);
}

static void what_was_said_stands_but_for_a_longer_time(void **unused)
{
    (void)unused;
    struct qv_error error = {0};
    for (int longer = 0; longer < 2; longer++) {
        struct scene s = scene_open();
        const struct qv_value days = {.kind = QV_NUMBER, .number = longer ? 400 : 5};
        const struct qv_value mg = {.kind = QV_NUMBER, .number = 10};
        must(qv_case_set(s.c, field_of("onset_days"), days, "case", &error), &error);
        must(qv_case_set(s.c, field_of("caffeine_mg_per_day"), mg, "case", &error), &error);
        twitches(&s, 40, 0, 3, NULL);
        for (int32_t ago = 0; ago < 20; ago++)
            note(&s, ago, QV_ENTRY_CAFFEINE, 300, NULL);
        fold(&s);
        assert_true(value_of(&s, "onset_days")->number == (longer ? 400 : 40));
        assert_true(value_of(&s, "caffeine_mg_per_day")->number == 10);
        assert_false(qv_case_is_from(s.c, (uint32_t)field_of("caffeine_mg_per_day"), QV_ORIGIN_DIARY));
        qv_arena_destroy(s.arena);
    }
}

static void the_usual_amount_is_the_mean_of_the_known_days(void **unused)
{
    (void)unused;
    struct scene s = scene_open();
    for (int32_t ago = 0; ago < 8; ago++) {
        note(&s, ago, QV_ENTRY_CAFFEINE, 100, NULL);
        note(&s, ago, QV_ENTRY_CAFFEINE, 60, NULL);
        note(&s, ago, QV_ENTRY_STRESS, 2, NULL);
        note(&s, ago, QV_ENTRY_STRESS, 6, NULL);
    }
    for (int32_t ago = 0; ago < 6; ago++)
        note(&s, ago, QV_ENTRY_SLEEP, 6, NULL); /* of too few days */
    for (int32_t ago = 40; ago < 80; ago++)
        note(&s, ago, QV_ENTRY_CAFFEINE, 900, NULL); /* of long ago */
    fold(&s);
    expect_number(&s, "caffeine_mg_per_day", 160);
    expect_number(&s, "stress", 4);
    assert_true(is_unknown(&s, "sleep_hours"));
    qv_arena_destroy(s.arena);
}

static void places_and_sides_are_read_from_notes(void **unused)
{
    (void)unused;
    struct scene s = scene_open();
    twitches(&s, 30, 25, 3, "left lower lip");
    twitches(&s, 24, 10, 3, "Left, after lunch");
    twitches(&s, 9, 8, 2, "LEFT corner of the mouth");
    twitches(&s, 7, 0, 2, NULL);
    fold(&s);
    expect_word(&s, "side", "left");
    expect_words(&s, "started_at", (const char *const[]){"lower_lip", NULL}); /* and no "lip", which is the upper one */
    expect_words(&s, "site", (const char *const[]){"lower_lip", "mouth_corner", NULL});
    assert_int_equal(value_of(&s, "spread")->kind, QV_YES);
    qv_arena_destroy(s.arena);
}

static void one_other_place_is_no_spread(void **unused)
{
    (void)unused;
    struct scene s = scene_open();
    twitches(&s, 30, 20, 3, "upper lip");
    note(&s, 5, QV_ENTRY_TWITCH, 1, "cheek");
    note(&s, 4, QV_ENTRY_TWITCH, 1, "right");
    note(&s, 3, QV_ENTRY_TWITCH, 1, "left");
    fold(&s);
    assert_true(is_unknown(&s, "spread"));
    assert_true(is_unknown(&s, "side"));
    qv_arena_destroy(s.arena);
}

static void worsening_is_a_trend_beyond_chance(void **unused)
{
    (void)unused;
    struct scene grows = scene_open(), stays = scene_open();
    for (int32_t ago = 55; ago >= 0; ago--) {
        const double wobble = (ago * 7) % 3;
        note(&grows, ago, QV_ENTRY_TWITCH, round(3 * exp((55 - ago) / 28.0) + wobble), NULL);
        note(&stays, ago, QV_ENTRY_TWITCH, 5 + wobble, NULL);
    }
    fold(&grows);
    fold(&stays);
    expect_word(&grows, "trend", "worsening");
    assert_true(value_of(&grows, "measured_trend_per_week")->number > 1.1);
    assert_true(has_notice(&grows, "getting_worse"));
    expect_word(&stays, "trend", "stable");
    assert_false(has_notice(&stays, "getting_worse"));
    qv_arena_destroy(grows.arena);
    qv_arena_destroy(stays.arena);
}

static void medicines_come_with_their_days(void **unused)
{
    (void)unused;
    struct scene s = scene_open();
    note(&s, 20, QV_ENTRY_MEDICINE, 50, "sertraline started");
    note(&s, 5, QV_ENTRY_MEDICINE, 100, "Sertraline changed");
    note(&s, 60, QV_ENTRY_MEDICINE, 25, "topiramate started");
    note(&s, 30, QV_ENTRY_MEDICINE, 0, "topiramate stopped");
    note(&s, 90, QV_ENTRY_MEDICINE, 400, "ibuprofen"); /* once, long ago */
    note(&s, 2, QV_ENTRY_MEDICINE, 400, "paracetamol");
    twitches(&s, 12, 0, 4, NULL);
    fold(&s);
    assert_int_equal(s.c->medicine_count, 3);
    const struct qv_case_medicine *m = s.c->medicines;
    assert_string_equal(m[0].name, "topiramate");
    assert_true(m[0].started_days_ago == 60 && m[0].stopped_days_ago == 30);
    assert_string_equal(m[1].name, "sertraline");
    assert_true(m[1].started_days_ago == 20 && m[1].dose_changed_days_ago == 5 && isnan(m[1].stopped_days_ago));
    assert_string_equal(m[2].name, "paracetamol");
    assert_false(s.c->medicines_known); /* there may be others */
    assert_true(has_notice(&s, "new_medicine"));
    qv_arena_destroy(s.arena);
}

static void what_is_still_to_come_is_not_known_yet(void **unused)
{
    (void)unused;
    struct scene s = scene_open();
    twitches(&s, -1, -30, 9, "right");
    note(&s, -3, QV_ENTRY_MEDICINE, 50, "sertraline started");
    fold(&s);
    assert_true(is_unknown(&s, "side"));
    assert_int_equal(s.c->medicine_count, 0);
    qv_arena_destroy(s.arena);
}

/* ---- clips --------------------------------------------------------------------------------------------------------------------- */

static const char clip[] = "{\"quiver_measurement\": 1, \"summary\": {\"rate_per_min\": 12.5},"
                           " \"findings\": {\"measured_twitches_per_min\": 12.5, \"measured_side\": \"left\","
                           " \"measured_regions\": [\"cheek\"], \"measured_eye_mouth_synchrony\": 0.8}}";

static void the_newest_clip_counts_while_it_is_recent(void **unused)
{
    (void)unused;
    struct qv_error error = {0};
    struct scene s = scene_open(), late = scene_open();
    must(qv_daybook_add_clip(s.book, TODAY - 3, clip, &error), &error);
    must(qv_daybook_add_clip(s.book, TODAY - 9, "{\"findings\": {\"measured_twitches_per_min\": 1}}", &error), &error);
    must(qv_daybook_add_clip(late.book, TODAY - 60, clip, &error), &error);
    fold(&s);
    fold(&late);
    assert_true(value_of(&s, "measured_twitches_per_min")->number == 12.5);
    assert_true(qv_case_is_from(s.c, (uint32_t)field_of("measured_side"), QV_ORIGIN_CLIP));
    assert_true(is_unknown(&late, "measured_twitches_per_min"));
    assert_true(qv_measurement_rate_of(clip) == 12.5);
    assert_true(isnan(qv_measurement_rate_of("[")) && isnan(qv_measurement_rate_of("{\"summary\": 3}")));
    qv_arena_destroy(s.arena);
    qv_arena_destroy(late.arena);
}

static void clips_show_a_spread_too(void **unused)
{
    (void)unused;
    struct qv_error error = {0};
    struct scene s = scene_open();
    twitches(&s, 30, 0, 3, "upper lip");
    must(qv_daybook_add_clip(s.book, TODAY - 3, clip, &error), &error);
    must(qv_daybook_add_clip(s.book, TODAY - 1, clip, &error), &error);
    fold(&s);
    assert_int_equal(value_of(&s, "spread")->kind, QV_YES);
    qv_arena_destroy(s.arena);
}

/* A note and a clip of one day are one day, in whatever order they came. */
static void one_day_is_no_spread_however_often_it_is_named(void **unused)
{
    (void)unused;
    struct qv_error error = {0};
    struct scene s = scene_open();
    note(&s, 3, QV_ENTRY_TWITCH, 1, "cheek");
    note(&s, 4, QV_ENTRY_TWITCH, 1, "upper lip");
    twitches(&s, 30, 5, 3, "upper lip");
    must(qv_daybook_add_clip(s.book, TODAY - 3, clip, &error), &error);
    fold(&s);
    assert_true(is_unknown(&s, "spread"));
    must(qv_daybook_add_clip(s.book, TODAY, clip, &error), &error); /* after the last note */
    fold(&s);
    assert_int_equal(value_of(&s, "spread")->kind, QV_YES);
    qv_arena_destroy(s.arena);
}

static void what_is_no_measurement_is_refused(void **unused)
{
    (void)unused;
    static const char *const hostile[] = {"",
                                          "{}",
                                          "[1]",
                                          "{\"findings\": 3}",
                                          "{\"findings\": {\"measured_twitches_per_min\": 1e9}}",
                                          "{\"findings\": {\"no_such_thing\": 1}}"};
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct qv_error error = {0};
        struct scene s = scene_open();
        assert_int_equal(qv_daybook_add_clip(s.book, TODAY, hostile[i], &error), QV_ERR_DATA);
        assert_true(error.text[0]);
        qv_arena_destroy(s.arena);
    }
}

/* ---- the journal ------------------------------------------------------------------------------------------------------------------ */

/* By its totals and its noted entries a journal says what its entries say one by one. */
static void a_journal_says_the_same_as_its_entries(void **unused)
{
    (void)unused;
    char path[] = "/tmp/quiver-diary-XXXXXX";
    struct qv_error error = {0};
    struct qv_journal *journal;
    struct scene one = scene_open(), other = scene_open();
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    must(qv_journal_open(path, QV_JOURNAL_WRITE, &journal, &error), &error);
    for (int32_t ago = 45; ago >= 0; ago--) {
        const struct qv_entry entries[] = {
            {0, TODAY - ago, 36000, 0, QV_ENTRY_TWITCH, ago % 4, ago % 5 ? "" : "left cheek", "log"},
            {0, TODAY - ago, 30000, 0, QV_ENTRY_CAFFEINE, 140, "a mug", "log"},
            {0, TODAY - ago, QV_NO_SECOND, QV_NO_OFFSET, QV_ENTRY_STRESS, ago % 9, "", "log"},
            {0, TODAY - ago, QV_NO_SECOND, QV_NO_OFFSET, QV_ENTRY_MEDICINE, 1, ago == 40 ? "lithium started" : "zinc",
             "log"},
        };
        must(qv_journal_add(journal, entries, 4, NULL, &error), &error);
        for (int i = 0; i < 4; i++)
            must(qv_daybook_add(one.book, &entries[i], &error), &error);
    }
    must(qv_journal_put(journal, QV_DOCUMENT_MEASUREMENT, "1", TODAY - 2, clip, NULL, &error), &error);
    must(qv_daybook_add_clip(one.book, TODAY - 2, clip, &error), &error);
    must(qv_daybook_read_journal(other.book, journal, INT32_MIN, true, &error), &error);
    qv_journal_close(journal);
    fold(&one);
    fold(&other);
    for (uint32_t f = 0; f < knowledge->form.field_count; f++)
        assert_memory_equal(&one.c->values[f], &other.c->values[f], sizeof one.c->values[f]);
    assert_int_equal(one.c->medicine_count, other.c->medicine_count);
    assert_false(is_unknown(&one, "frequency"));
    unlink(path);
    qv_arena_destroy(one.arena);
    qv_arena_destroy(other.arena);
}

/* ---- the answer -------------------------------------------------------------------------------------------------------------------- */

/* What was said of a new twitch keeps its weight beside a diary that began long before. */
static void a_diary_never_hides_what_was_said(void **unused)
{
    (void)unused;
    static const char *const said[] = {"",
                                       ", \"facial_weakness\": true",
                                       ", \"facial_droop\": true, \"began_suddenly\": true",
                                       ", \"trend\": \"worsening\"",
                                       ", \"vertigo\": true",
                                       ", \"limb_numbness\": true, \"frequency\": \"constant\"",
                                       ", \"double_vision\": true",
                                       ", \"facial_numbness\": true"};
    struct qv_error error = {0};
    unsigned seed = 7;
    for (int round = 0; round < 160; round++) {
        struct scene s = scene_open();
        struct qv_answer *without, *with;
        char json[300];
        snprintf(
            json, sizeof json,
            "{\"quiver_case\": 1, \"as_of\": \"2024-10-04\", \"findings\": {\"age\": %d, \"site\": [\"upper_lip\"],"
            " \"onset_days\": %d%s}}",
            20 + rand_r(&seed) % 60, rand_r(&seed) % 30, said[round % 8]);
        struct qv_evidence_given given = {.case_json = json, .case_length = strlen(json)};
        must(qv_consult(knowledge, &given, s.arena, &without, &error), &error);
        const int32_t length = 1 + rand_r(&seed) % 60;
        for (int32_t ago = length; ago >= 0; ago--)
            note(&s, ago, QV_ENTRY_TWITCH, rand_r(&seed) % 5, ago % 7 ? "" : "left upper lip");
        given.diary = s.book;
        must(qv_consult(knowledge, &given, s.arena, &with, &error), &error);
        if (with->level < without->level)
            fail_msg("%s: %s was %d, and with a diary of %d days it is %d", json, without->because[0].id,
                     (int)without->level, length, (int)with->level);
        qv_arena_destroy(s.arena);
    }
}

static int open_knowledge(void **unused)
{
    struct qv_error error = {0};
    (void)unused;
    must(qv_knowledge_builtin(&knowledge, &error), &error);
    return 0;
}

static int close_knowledge(void **unused)
{
    (void)unused;
    qv_knowledge_destroy(knowledge);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_of_a_day_add_up_by_their_kind),
        cmocka_unit_test(a_table_can_be_a_part),
        cmocka_unit_test(a_thousand_years_are_too_many),
        cmocka_unit_test(what_was_in_the_body_needs_times),
        cmocka_unit_test(an_empty_diary_says_nothing),
        cmocka_unit_test(a_bout_lasts_since_the_quiet_before_it),
        cmocka_unit_test(days_without_a_note_end_no_bout),
        cmocka_unit_test(a_diary_that_fell_silent_says_nothing_of_now),
        cmocka_unit_test(a_short_diary_does_not_say_how_long),
        cmocka_unit_test(what_was_said_stands_but_for_a_longer_time),
        cmocka_unit_test(the_usual_amount_is_the_mean_of_the_known_days),
        cmocka_unit_test(places_and_sides_are_read_from_notes),
        cmocka_unit_test(one_other_place_is_no_spread),
        cmocka_unit_test(worsening_is_a_trend_beyond_chance),
        cmocka_unit_test(medicines_come_with_their_days),
        cmocka_unit_test(what_is_still_to_come_is_not_known_yet),
        cmocka_unit_test(the_newest_clip_counts_while_it_is_recent),
        cmocka_unit_test(clips_show_a_spread_too),
        cmocka_unit_test(one_day_is_no_spread_however_often_it_is_named),
        cmocka_unit_test(what_is_no_measurement_is_refused),
        cmocka_unit_test(a_journal_says_the_same_as_its_entries),
        cmocka_unit_test(a_diary_never_hides_what_was_said),
    };
    return cmocka_run_group_tests_name("diary", tests, open_knowledge, close_knowledge);
}
