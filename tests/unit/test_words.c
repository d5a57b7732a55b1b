/* SPDX-License-Identifier: Apache-2.0 */
/* Answers in plain words: what is understood, as what, and what is asked again rather than guessed. */
#include "cli/words.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *const words[] = {"upper_lip", "lower_lip", "mouth_corner", "chin", "leg"};

static const struct qv_field yes_no = {.id = "f", .type = QV_FIELD_YES_NO};
static const struct qv_field onset = {
    .id = "f", .unit = "days", .type = QV_FIELD_NUMBER, .maximum = 36500, .days_ago_per_unit = 1};
static const struct qv_field hours_ago = {
    .id = "f", .unit = "hours", .type = QV_FIELD_NUMBER, .maximum = 1e5, .days_ago_per_unit = 1.0 / 24};
static const struct qv_field birth_weeks = {.id = "f", .unit = "weeks", .type = QV_FIELD_NUMBER, .maximum = 60};
static const struct qv_field sleep_hours = {.id = "f", .unit = "hours", .type = QV_FIELD_NUMBER, .maximum = 24};
static const struct qv_field dose = {.id = "f", .unit = "mg a day", .type = QV_FIELD_NUMBER, .maximum = 5000};
static const struct qv_field water = {.id = "f", .unit = "mL a day", .type = QV_FIELD_NUMBER, .maximum = 20000};
static const struct qv_field scale = {.id = "f", .unit = "of 10", .type = QV_FIELD_NUMBER, .maximum = 10};
static const struct qv_field salt = {
    .id = "f", .unit = "mmol/L", .type = QV_FIELD_NUMBER, .minimum = 0.5, .maximum = 12};
static const struct qv_field weight = {.id = "f", .unit = "kg", .type = QV_FIELD_NUMBER, .minimum = 2, .maximum = 400};
static const struct qv_field portions = {.id = "f", .unit = "portions a day", .type = QV_FIELD_NUMBER, .maximum = 30};
static const struct qv_field one = {.id = "f", .words = words, .word_count = 5, .type = QV_FIELD_CHOICE};
static const struct qv_field many = {.id = "f", .words = words, .word_count = 5, .type = QV_FIELD_CHOICES};

#define NUMBER(n)                                                                                                      \
    {                                                                                                                  \
        .kind = QV_NUMBER, .number = (n)                                                                               \
    }

static const struct {
    const struct qv_field *field;
    const char *line;
    struct qv_value value;
} good[] = {
    {&yes_no, "Yes.", {.kind = QV_YES}},
    {&yes_no, " y ", {.kind = QV_YES}},
    {&yes_no, "NOPE", {.kind = QV_NO}},
    {&onset, "10", NUMBER(10)},
    {&onset, "about 10 days ago", NUMBER(10)},
    {&onset, "2 weeks", NUMBER(14)},
    {&onset, "a fortnight ago", NUMBER(14)},
    {&onset, "1,5 weeks", NUMBER(10.5)},
    {&onset, "half a year", NUMBER(182.625)},
    {&onset, "three months ago", NUMBER(91.3125)},
    {&onset, "yesterday", NUMBER(1)},
    {&onset, "today", NUMBER(0)},
    {&onset, "never", {0}},
    {&hours_ago, "2 days", NUMBER(48)},
    {&hours_ago, "30 min", NUMBER(0.5)},
    {&birth_weeks, "no", {0}}, /* not nought weeks ago */
    {&sleep_hours, "5,5", NUMBER(5.5)},
    {&sleep_hours, "6h", NUMBER(6)},
    {&sleep_hours, "~7 hours", NUMBER(7)},
    {&dose, "520", NUMBER(520)},
    {&dose, "520mg per day", NUMBER(520)},
    {&dose, "0.5 g", NUMBER(500)},
    {&dose, "none", NUMBER(0)},
    {&water, "2 litres a day", NUMBER(2000)},
    {&scale, "7", NUMBER(7)},
    {&scale, "7/10", NUMBER(7)},
    {&scale, "7 out of 10", NUMBER(7)},
    {&salt, "3,4 mmol/l", NUMBER(3.4)},
    {&weight, "70 kg", NUMBER(70)},
    {&weight, "100 pounds", NUMBER(45.359237)},
    {&portions, "3 portions", NUMBER(3)},
    {&one, "4", {.kind = QV_WORD, .words = 3}},
    {&one, "Upper lip", {.kind = QV_WORD, .words = 0}},
    {&one, "mouth", {.kind = QV_WORD, .words = 2}},
    {&many, "1 3", {.kind = QV_WORDS, .words = 5}},
    {&many, "1-3", {.kind = QV_WORDS, .words = 7}},
    {&many, "upper lip, chin and my legs", {.kind = QV_WORDS, .words = 25}},
    {&many, "lower-lip & 4", {.kind = QV_WORDS, .words = 10}},
};

static const struct {
    const struct qv_field *field;
    const char *line;
} bad[] = {
    {&yes_no, "perhaps"},  {&yes_no, "yes and no"}, {&onset, "a few days"}, {&onset, "10 20"},
    {&onset, "-3"},        {&onset, "1e3"},         {&onset, "0x10"},       {&onset, "nan"},
    {&onset, "inf"},       {&onset, "2 mg"},        {&onset, "500 years"},  {&sleep_hours, "25"},
    {&sleep_hours, "6-7"}, {&dose, "1,200"},        {&dose, "2 mugs"},      {&dose, "500 a week"},
    {&dose, "500 mL"},     {&scale, "7 of 20"},     {&scale, "11"},         {&salt, "13 mg/dl"},
    {&salt, "99"},         {&weight, "11 stone 3"}, {&one, "lip"},          {&one, "6"},
    {&one, "0"},           {&one, "1 2"},           {&many, "1 6"},         {&many, "upper lip, nose"},
    {&many, ","},          {&many, "2-1"},
};

static void words_are_understood(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct qv_value value = {0};
        struct qv_error error = {0};
        const struct qv_value *wanted = &good[i].value;
        if (words_value(good[i].field, good[i].line, &value, &error) || value.kind != wanted->kind ||
            value.words != wanted->words || fabs(value.number - wanted->number) > 1e-9)
            fail_msg("\"%s\" read as kind %d, %u, %g: %s", good[i].line, value.kind, value.words, value.number,
                     error.text);
    }
}

static void what_is_unclear_is_asked_again(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct qv_value value = {0};
        struct qv_error error = {0};
        if (words_value(bad[i].field, bad[i].line, &value, &error) != QV_ERR_DATA || !error.text[0])
            fail_msg("\"%s\" was read as kind %d, %u, %g", bad[i].line, value.kind, value.words, value.number);
    }
}

static void commands_are_known(void **unused)
{
    (void)unused;
    assert_int_equal(words_command("  "), WORDS_NOTHING);
    assert_int_equal(words_command("?"), WORDS_WHY);
    assert_int_equal(words_command("B"), WORDS_BACK);
    assert_int_equal(words_command("not sure"), WORDS_SKIP);
    assert_int_equal(words_command("quit"), WORDS_STOP);
    assert_int_equal(words_command("both"), WORDS_ANSWER);
    assert_true(words_none(" None."));
}

#define AS_OF 20779 /* 2026-11-22 */

static const struct {
    const char *line;
    uint32_t count;
    struct qv_case_medicine first, second;
} lists[] = {
    {"sertraline", 1, {"sertraline", NAN, NAN, NAN}, {0}},
    {"Sertraline 50 mg, started 2 weeks ago", 1, {"Sertraline 50 mg", 14, NAN, NAN}, {0}},
    {"sertraline since 2026-11-02; omeprazole", 2, {"sertraline", 20, NAN, NAN}, {"omeprazole", NAN, NAN, NAN}},
    {"aspirin, levodopa/carbidopa for 3 months",
     2,
     {"aspirin", NAN, NAN, NAN},
     {"levodopa/carbidopa", 91.3125, NAN, NAN}},
    {"lithium (started a year ago, increased 1 week ago)", 1, {"lithium", 365.25, 7, NAN}, {0}},
    {"haloperidol started 30 days ago and stopped yesterday", 1, {"haloperidol", 30, NAN, 1}, {0}},
    {"ibuprofen for headache", 1, {"ibuprofen for headache", NAN, NAN, NAN}, {0}},
    {"vitamin d 2,5 ug", 1, {"vitamin d 2,5 ug", NAN, NAN, NAN}, {0}},
    {"stopain", 1, {"stopain", NAN, NAN, NAN}, {0}},
};

static bool same_days(double a, double b)
{
    return isnan(a) ? isnan(b) : fabs(a - b) < 1e-9;
}

static bool same_medicine(const struct qv_case_medicine *a, const struct qv_case_medicine *b)
{
    return strcmp(a->name, b->name) == 0 && same_days(a->started_days_ago, b->started_days_ago) &&
           same_days(a->dose_changed_days_ago, b->dose_changed_days_ago) &&
           same_days(a->stopped_days_ago, b->stopped_days_ago);
}

static void medicines_are_understood(void **unused)
{
    (void)unused;
    struct qv_arena *arena = qv_arena_create(0);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct qv_case_medicine found[QV_CASE_MAX_MEDICINES];
        struct qv_error error = {0};
        uint32_t count = 0;
        if (words_medicines(lists[i].line, AS_OF, arena, found, &count, &error))
            fail_msg("\"%s\": %s", lists[i].line, error.text);
        if (count != lists[i].count || !same_medicine(&found[0], &lists[i].first) ||
            (count > 1 && !same_medicine(&found[1], &lists[i].second)))
            fail_msg("\"%s\": read as %u: \"%s\" %g %g %g", lists[i].line, count, found[0].name,
                     found[0].started_days_ago, found[0].dose_changed_days_ago, found[0].stopped_days_ago);
    }
    qv_arena_destroy(arena);
}

static void unclear_dates_are_asked_again(void **unused)
{
    (void)unused;
    static const char *const lines[] = {"sertraline started recently", "sertraline, stopped",  "started 2 weeks ago",
                                        "sertraline since 2027-01-01", "sertraline started 5", "x started 2 mg ago"};
    struct qv_arena *arena = qv_arena_create(0);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct qv_case_medicine found[QV_CASE_MAX_MEDICINES];
        struct qv_error error = {0};
        uint32_t count = 0;
        if (words_medicines(lines[i], AS_OF, arena, found, &count, &error) != QV_ERR_DATA || count)
            fail_msg("\"%s\" was believed", lines[i]);
    }
    qv_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_understood),
        cmocka_unit_test(what_is_unclear_is_asked_again),
        cmocka_unit_test(commands_are_known),
        cmocka_unit_test(medicines_are_understood),
        cmocka_unit_test(unclear_dates_are_asked_again),
    };
    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
