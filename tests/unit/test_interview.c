/* SPDX-License-Identifier: Apache-2.0 */
/* Interviews by script, on the knowledge that is built in: the screen first, back, skip, medicines, and the ends. */
#include <quiver/consult.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* More steps than this and an interview does not end. */
#define STEPS_MAX 400

static struct qv_knowledge *knowledge;

static int setup(void **unused)
{
    (void)unused;
    struct qv_error error = {0};
    if (qv_knowledge_builtin(&knowledge, &error) == QV_OK)
        return 0;
    print_error("%s\n", error.text);
    return -1;
}

static int teardown(void **unused)
{
    (void)unused;
    qv_knowledge_destroy(knowledge);
    return 0;
}

static struct qv_interview *begin(const struct qv_case *start)
{
    struct qv_interview *interview = NULL;
    struct qv_error error = {0};
    if (qv_interview_create(knowledge, start, &interview, &error))
        fail_msg("%s", error.text);
    return interview;
}

static int finding(const char *id)
{
    int index = qv_form_find(&knowledge->form, id);
    assert_true(index >= 0);
    return index;
}

static bool asking(const struct qv_interview *interview)
{
    return qv_interview_state(interview) == QV_INTERVIEW_ASKING;
}

static bool is_screen(int question)
{
    return knowledge->facts->findings[question].screen > 0;
}

/* A calm answer: no, the first word, a low number; see calm_step() for those that are better left out. */
static struct qv_value calm(int question)
{
    const struct qv_field *field = &knowledge->form.fields[question];
    switch (field->type) {
    case QV_FIELD_YES_NO:
    case QV_FIELD_MEDICINES:
        return (struct qv_value){.kind = QV_NO};
    case QV_FIELD_NUMBER:
        return (struct qv_value){.kind = QV_NUMBER, .number = fmin(fmax(field->minimum, 4), field->maximum)};
    case QV_FIELD_CHOICE:
        return (struct qv_value){.kind = QV_WORD};
    default:
        return (struct qv_value){.kind = QV_WORDS, .words = 1};
    }
}

static void answer(struct qv_interview *interview, struct qv_value value)
{
    struct qv_error error = {0};
    if (qv_interview_answer(interview, value, &error))
        fail_msg("%s", error.text);
}

static void pass(struct qv_interview *interview)
{
    struct qv_error error = {0};
    if (qv_interview_skip(interview, &error))
        fail_msg("%s", error.text);
}

/* Numbers other than dates are passed over: 4 is little sleep, and much magnesium in the blood. */
static void calm_step(struct qv_interview *interview)
{
    int question = qv_interview_question(interview);
    const struct qv_field *field = &knowledge->form.fields[question];
    if (field->type == QV_FIELD_NUMBER && field->days_ago_per_unit <= 0)
        pass(interview);
    else
        answer(interview, calm(question));
}

/* Goes on calmly until the question is this one. */
static void go_to(struct qv_interview *interview, int question)
{
    for (int i = 0; i < STEPS_MAX && asking(interview); i++) {
        if (qv_interview_question(interview) == question)
            return;
        calm_step(interview);
    }
    fail_msg("%s was never asked", knowledge->form.fields[question].id);
}

static char *case_text(const struct qv_interview *interview)
{
    struct qv_text text;
    struct qv_json json;
    qv_text_init(&text, QV_CASE_MAX_BYTES);
    qv_json_init(&json, &text, 0);
    qv_case_write(qv_interview_case(interview), &json);
    assert_int_equal(qv_text_check(&text, NULL), QV_OK);
    return text.bytes;
}

/* ---- the course of an interview ------------------------------------------------------------------------------------------ */

static void the_screen_comes_first_and_in_order(void **unused)
{
    (void)unused;
    struct qv_interview *interview = begin(NULL);
    uint32_t last = 0, asked_screen = 0, wanted = 0;
    for (uint32_t f = 0; f < knowledge->facts->finding_count; f++)
        wanted += knowledge->facts->findings[f].screen && !knowledge->facts->findings[f].ask_if;
    assert_true(wanted > 0);
    while (asking(interview) && is_screen(qv_interview_question(interview))) {
        uint32_t place = knowledge->facts->findings[qv_interview_question(interview)].screen;
        assert_true(place > last);
        last = place;
        asked_screen++;
        calm_step(interview);
    }
    assert_int_equal(asked_screen, wanted);
    qv_interview_destroy(interview);
}

static void calm_answers_come_to_an_end(void **unused)
{
    (void)unused;
    struct qv_interview *interview = begin(NULL);
    uint32_t asked = 0, still = 0;
    int steps = 0;
    for (; asking(interview) && steps < STEPS_MAX; steps++) {
        qv_interview_progress(interview, &asked, &still);
        assert_int_equal(asked, steps);
        assert_true(still >= 1);
        calm_step(interview);
    }
    assert_int_equal(qv_interview_state(interview), QV_INTERVIEW_ENOUGH);
    assert_int_equal(qv_interview_question(interview), -1);
    qv_interview_progress(interview, &asked, &still);
    assert_int_equal(asked, steps);
    assert_int_equal(still, 0);
    assert_false(qv_interview_back(interview));
    qv_interview_destroy(interview);
}

static void an_emergency_ends_it_at_once(void **unused)
{
    (void)unused;
    struct qv_interview *interview = begin(NULL);
    go_to(interview, finding("facial_droop"));
    answer(interview, (struct qv_value){.kind = QV_YES});
    assert_true(asking(interview));
    go_to(interview, finding("began_suddenly"));
    answer(interview, (struct qv_value){.kind = QV_YES});
    assert_int_equal(qv_interview_state(interview), QV_INTERVIEW_EMERGENCY);
    assert_int_equal(qv_interview_question(interview), -1);
    assert_false(qv_interview_back(interview));
    assert_true(qv_interview_case(interview)->values[finding("began_suddenly")].kind == QV_YES);

    /* Whoever comes with an emergency is asked nothing at all. */
    struct qv_interview *again = begin(qv_interview_case(interview));
    assert_int_equal(qv_interview_state(again), QV_INTERVIEW_EMERGENCY);
    qv_interview_destroy(again);
    qv_interview_destroy(interview);
}

static void a_qualifying_question_follows_only_a_yes(void **unused)
{
    (void)unused;
    struct qv_interview *interview = begin(NULL);
    int suddenly = finding("began_suddenly");
    for (int i = 0; asking(interview) && i < STEPS_MAX; i++) {
        assert_int_not_equal(qv_interview_question(interview), suddenly);
        calm_step(interview);
    }
    qv_interview_destroy(interview);
}

/* ---- skip and back -------------------------------------------------------------------------------------------------------- */

static void what_is_skipped_is_not_asked_again(void **unused)
{
    (void)unused;
    struct qv_interview *interview = begin(NULL);
    bool *seen = calloc(knowledge->facts->finding_count, sizeof *seen);
    assert_non_null(seen);
    int steps = 0;
    for (; asking(interview) && steps < STEPS_MAX; steps++) {
        int question = qv_interview_question(interview);
        assert_false(seen[question]);
        seen[question] = true;
        pass(interview);
    }
    assert_int_equal(qv_interview_state(interview), QV_INTERVIEW_ENOUGH);
    for (uint32_t f = 0; f < knowledge->facts->finding_count; f++)
        assert_true(qv_interview_case(interview)->values[f].kind == QV_UNKNOWN);
    free(seen);
    qv_interview_destroy(interview);
}

static void skipping_the_screen_leads_on_to_the_rest(void **unused)
{
    (void)unused;
    struct qv_interview *interview = begin(NULL);
    while (asking(interview) && is_screen(qv_interview_question(interview)))
        pass(interview);
    assert_true(asking(interview));
    int rest = 0;
    for (; asking(interview) && rest < STEPS_MAX; rest++)
        calm_step(interview);
    assert_int_equal(qv_interview_state(interview), QV_INTERVIEW_ENOUGH);
    assert_true(rest > 3);
    qv_interview_destroy(interview);
}

static void back_undoes_exactly_one(void **unused)
{
    (void)unused;
    struct qv_interview *interview = begin(NULL);
    assert_false(qv_interview_back(interview));
    for (int i = 0; asking(interview) && i < STEPS_MAX; i++) {
        int question = qv_interview_question(interview);
        uint32_t asked, still, asked_again, still_again;
        qv_interview_progress(interview, &asked, &still);
        char *before = case_text(interview);
        if (i % 3 == 0)
            pass(interview);
        else
            answer(interview, calm(question));
        if (!asking(interview)) {
            free(before);
            break;
        }
        int next = qv_interview_question(interview);
        assert_true(qv_interview_back(interview));
        char *after = case_text(interview);
        assert_int_equal(qv_interview_question(interview), question);
        assert_string_equal(before, after);
        qv_interview_progress(interview, &asked_again, &still_again);
        assert_true(asked == asked_again && still == still_again);
        free(before);
        free(after);

        if (i % 3 == 0)
            pass(interview);
        else
            answer(interview, calm(question));
        assert_int_equal(qv_interview_question(interview), next);
    }
    qv_interview_destroy(interview);
}

static void back_goes_all_the_way(void **unused)
{
    (void)unused;
    struct qv_interview *interview = begin(NULL);
    char *empty = case_text(interview);
    int order[40], steps = 0;
    for (; asking(interview) && steps < 40; steps++) {
        order[steps] = qv_interview_question(interview);
        if (steps % 2)
            pass(interview);
        else
            answer(interview, calm(order[steps]));
    }
    if (asking(interview)) {
        while (steps--) {
            assert_true(qv_interview_back(interview));
            assert_int_equal(qv_interview_question(interview), order[steps]);
        }
        assert_false(qv_interview_back(interview));
        char *text = case_text(interview);
        assert_string_equal(text, empty);
        free(text);
    }
    free(empty);
    qv_interview_destroy(interview);
}

static void what_does_not_fit_leaves_the_question(void **unused)
{
    (void)unused;
    struct qv_interview *interview = begin(NULL);
    struct qv_error error = {0};
    int question = qv_interview_question(interview);
    assert_int_equal(knowledge->form.fields[question].type, QV_FIELD_YES_NO);
    assert_int_equal(qv_interview_answer(interview, (struct qv_value){.kind = QV_NUMBER, .number = 3}, &error),
                     QV_ERR_DATA);
    assert_int_equal(qv_interview_answer(interview, (struct qv_value){0}, &error), QV_ERR_DATA);
    assert_int_equal(qv_interview_question(interview), question);
    assert_false(qv_interview_back(interview));
    go_to(interview, finding("onset_days"));
    assert_int_equal(qv_interview_answer(interview, (struct qv_value){.kind = QV_NUMBER, .number = -1}, &error),
                     QV_ERR_DATA);
    assert_non_null(strstr(error.text, "findings.onset_days: found -1, expected a number from 0"));
    assert_int_equal(qv_interview_question(interview), finding("onset_days"));
    qv_interview_destroy(interview);
}

/* ---- what is known ---------------------------------------------------------------------------------------------------------- */

static void what_is_known_is_not_asked(void **unused)
{
    (void)unused;
    static const char json[] =
        "{\"quiver_case\":1,\"findings\":{\"onset_days\":3,\"facial_droop\":false,\"medications\":[]}}";
    struct qv_arena *arena = qv_arena_create(0);
    struct qv_case *start;
    struct qv_error error = {0};
    assert_int_equal(qv_case_parse(arena, &knowledge->form, json, sizeof json - 1, "case", &start, &error), QV_OK);
    struct qv_interview *interview = begin(start);
    qv_arena_destroy(arena); /* the interview has taken its own copy */
    for (int i = 0; asking(interview) && i < STEPS_MAX; i++) {
        const char *id = knowledge->form.fields[qv_interview_question(interview)].id;
        assert_string_not_equal(id, "onset_days");
        assert_string_not_equal(id, "facial_droop");
        assert_string_not_equal(id, "medications");
        calm_step(interview);
    }
    assert_true(qv_interview_case(interview)->values[finding("onset_days")].number == 3);
    qv_interview_destroy(interview);
}

static void finishing_later_goes_on_where_it_was(void **unused)
{
    (void)unused;
    struct qv_interview *interview = begin(NULL);
    go_to(interview, finding("onset_days"));
    calm_step(interview);
    assert_true(asking(interview));
    char *text = case_text(interview);
    struct qv_arena *arena = qv_arena_create(0);
    struct qv_case *kept;
    struct qv_error error = {0};
    assert_int_equal(qv_case_parse(arena, &knowledge->form, text, strlen(text), "interview", &kept, &error), QV_OK);
    struct qv_interview *again = begin(kept);
    assert_int_equal(qv_interview_state(again), qv_interview_state(interview));
    assert_int_equal(qv_interview_question(again), qv_interview_question(interview));
    free(text);
    qv_interview_destroy(again);
    qv_interview_destroy(interview);
    qv_arena_destroy(arena);
}

static void medicines_are_checked_and_kept(void **unused)
{
    (void)unused;
    struct qv_interview *interview = begin(NULL);
    struct qv_error error = {0};
    int medications = finding("medications");
    go_to(interview, medications);

    struct qv_case_medicine bad = {"sertraline", 3, NAN, 9};
    assert_int_equal(qv_interview_answer_medicines(interview, &bad, 1, &error), QV_ERR_DATA);
    assert_non_null(strstr(error.text, "findings.medications[0].stopped_days_ago"));
    assert_int_equal(qv_interview_question(interview), medications);
    assert_false(qv_interview_case(interview)->medicines_known);

    for (int round = 0; round < 3; round++) {
        char name[] = "sertraline";
        struct qv_case_medicine good[] = {{name, 14, NAN, NAN}, {"no such thing", NAN, NAN, NAN}};
        assert_int_equal(qv_interview_answer_medicines(interview, good, 2, &error), QV_OK);
        memset(name, 'x', sizeof name - 1); /* the interview keeps its own */
        const struct qv_case *c = qv_interview_case(interview);
        assert_true(c->medicines_known && c->medicine_count == 2);
        assert_string_equal(c->medicines[0].name, "sertraline");
        assert_true(c->medicines[0].started_days_ago == 14 && isnan(c->medicines[1].started_days_ago));
        if (!asking(interview))
            break;
        assert_int_not_equal(qv_interview_question(interview), medications);
        assert_true(qv_interview_back(interview));
        assert_int_equal(qv_interview_question(interview), medications);
        assert_true(!c->medicines_known && c->medicine_count == 0);
    }
    if (asking(interview)) {
        assert_int_equal(qv_interview_answer_medicines(interview, NULL, 0, &error), QV_OK);
        assert_true(qv_interview_case(interview)->medicines_known);
    }
    qv_interview_destroy(interview);
}

static void the_knowledge_is_not_touched(void **unused)
{
    (void)unused;
    uint32_t count = knowledge->facts->finding_count;
    struct qv_finding *copy = malloc(count * sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, knowledge->facts->findings, count * sizeof *copy);
    struct qv_interview *interview = begin(NULL);
    for (int i = 0; asking(interview) && i < STEPS_MAX; i++)
        pass(interview);
    qv_interview_destroy(interview);
    assert_memory_equal(copy, knowledge->facts->findings, count * sizeof *copy);
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_screen_comes_first_and_in_order),
        cmocka_unit_test(calm_answers_come_to_an_end),
        cmocka_unit_test(an_emergency_ends_it_at_once),
        cmocka_unit_test(a_qualifying_question_follows_only_a_yes),
        cmocka_unit_test(what_is_skipped_is_not_asked_again),
        cmocka_unit_test(skipping_the_screen_leads_on_to_the_rest),
        cmocka_unit_test(back_undoes_exactly_one),
        cmocka_unit_test(back_goes_all_the_way),
        cmocka_unit_test(what_does_not_fit_leaves_the_question),
        cmocka_unit_test(what_is_known_is_not_asked),
        cmocka_unit_test(finishing_later_goes_on_where_it_was),
        cmocka_unit_test(medicines_are_checked_and_kept),
        cmocka_unit_test(the_knowledge_is_not_touched),
    };
    return cmocka_run_group_tests_name("interview", tests, setup, teardown);
}
