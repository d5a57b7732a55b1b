/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Properties of the reasoning that must hold for every case, over many random ones. The generator is splitmix64 from a
 * fixed seed, so a failure can be run again; it prints the case.
 */
#include <quiver/reason.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FAST (QV_REASON_NO_INTERVALS | QV_REASON_NO_CHANGES | QV_REASON_NO_REASONS | QV_REASON_NO_QUESTIONS)

static struct qv_knowledge *knowledge;
static struct qv_arena *arena;
static uint64_t state;

static uint64_t next(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static double uniform(void)
{
    return (double)(next() >> 11) * 0x1p-53;
}

static uint32_t below(uint32_t n)
{
    return (uint32_t)(next() % n);
}

static int setup(void **unused)
{
    (void)unused;
    struct qv_error error = {0};
    arena = qv_arena_create(0);
    if (qv_knowledge_builtin(&knowledge, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return -1;
    }
    return arena ? 0 : -1;
}

static int teardown(void **unused)
{
    (void)unused;
    qv_knowledge_destroy(knowledge);
    qv_arena_destroy(arena);
    return 0;
}

/* A number somewhere in one of the finding's levels, each as likely. */
static double random_number(const struct qv_finding *finding)
{
    uint32_t level = below(finding->levels.count ? finding->levels.count : 1);
    double low = level ? *finding->levels.at[level - 1].below : *finding->minimum;
    double high = finding->levels.count && finding->levels.at[level].below ? *finding->levels.at[level].below
                                                                           : fmin(*finding->maximum, low * 2 + 10);
    return low + (high - low) * uniform();
}

static struct qv_value random_value(uint32_t finding)
{
    const struct qv_finding *f = &knowledge->facts->findings[finding];
    switch (f->type) {
    case QV_FIELD_YES_NO:
        return (struct qv_value){.kind = uniform() < 0.3 ? QV_YES : QV_NO};
    case QV_FIELD_NUMBER:
        return (struct qv_value){.kind = QV_NUMBER, .number = random_number(f)};
    case QV_FIELD_CHOICE:
        return (struct qv_value){.kind = QV_WORD, .words = below(f->levels.count)};
    case QV_FIELD_CHOICES:
        return (struct qv_value){.kind = QV_WORDS,
                                 .words = 1u << below(f->levels.count) | 1u << below(f->levels.count)};
    default:
        return (struct qv_value){0};
    }
}

static double days_or_unknown(double known, uint32_t days)
{
    return uniform() < known ? (double)below(days) : (double)NAN;
}

static struct qv_case *random_case(void)
{
    struct qv_case *c;
    qv_arena_reset(arena);
    assert_int_equal(qv_case_create(arena, &knowledge->form, &c, NULL), 0);
    double density = 0.25 * uniform();
    for (uint32_t f = 0; f < knowledge->form.field_count; f++) {
        if (uniform() < density)
            c->values[f] = random_value(f);
    }
    if (uniform() < 0.3) {
        c->medicines_known = true;
        c->medicine_count = below(3);
        c->medicines = qv_arena_alloc(arena, 3, sizeof *c->medicines);
        for (uint32_t m = 0; m < c->medicine_count; m++) {
            const struct qv_medicine *medicine = &knowledge->facts->medicines[below(knowledge->facts->medicine_count)];
            c->medicines[m] = (struct qv_case_medicine){medicine->names.at[0], days_or_unknown(0.7, 400),
                                                        days_or_unknown(0.2, 60), days_or_unknown(0.1, 30)};
        }
    }
    return c;
}

static struct qv_answer *answer_of(const struct qv_case *c, unsigned flags)
{
    struct qv_answer *answer = NULL;
    struct qv_error error = {0};
    if (qv_reason(knowledge, c, flags, arena, &answer, &error))
        fail_msg("%s", error.text);
    return answer;
}

static void print_case(const struct qv_case *c)
{
    struct qv_text text;
    struct qv_json json;
    qv_text_init(&text, 1 << 20);
    qv_json_init(&json, &text, 0);
    qv_case_write(c, &json);
    fprintf(stderr, "%s\n", text.bytes ? text.bytes : "");
    qv_text_finish(&text);
}

/* EVIDENCE-OF: promise 1, never under-triage. One more red flag, or a worse one, never lowers the level. */
static void a_red_flag_never_lowers_the_level(void **unused)
{
    (void)unused;
    state = 20261122;
    for (int round = 0; round < 100000; round++) {
        struct qv_case *c = random_case();
        enum qv_level before = answer_of(c, FAST)->level;
        uint32_t finding;
        do
            finding = below(knowledge->form.field_count);
        while (!knowledge->alarming[finding] || c->values[finding].kind == QV_YES);
        c->values[finding] = (struct qv_value){.kind = QV_YES};
        enum qv_level after = answer_of(c, FAST)->level;
        if (after < before) {
            print_case(c);
            fail_msg("%s lowers %s to %s", knowledge->form.fields[finding].id, qv_level_name(before),
                     qv_level_name(after));
        }
    }
}

/* EVIDENCE-OF: promise 1 for laboratory values: further from normal is never calmer. */
static void a_worse_value_never_lowers_the_level(void **unused)
{
    (void)unused;
    static const struct {
        const char *finding;
        double normal, worst;
    } values[] = {{"potassium_mmol_l", 3.5, 1.5}, {"potassium_mmol_l", 5.4, 8.5}, {"calcium_mmol_l", 2.2, 1.2},
                  {"magnesium_mmol_l", 0.7, 0.2}, {"glucose_mmol_l", 4, 1},       {"glucose_mmol_l", 11, 45}};
    state = 7;
    for (int round = 0; round < 20000; round++) {
        struct qv_case *c = random_case();
        uint32_t which = below(sizeof values / sizeof values[0]);
        int finding = qv_form_find(&knowledge->form, values[which].finding);
        assert_true(finding >= 0);
        double a = uniform(), b = uniform(), mild = fmin(a, b), bad = fmax(a, b);
        double span = values[which].worst - values[which].normal;
        c->values[finding] = (struct qv_value){.kind = QV_NUMBER, .number = values[which].normal + mild * span};
        enum qv_level before = answer_of(c, FAST)->level;
        c->values[finding].number = values[which].normal + bad * span;
        enum qv_level after = answer_of(c, FAST)->level;
        if (after < before) {
            print_case(c);
            fail_msg("%s: %s becomes %s", values[which].finding, qv_level_name(before), qv_level_name(after));
        }
    }
}

static void probabilities_are_probabilities(void **unused)
{
    (void)unused;
    state = 1;
    for (int round = 0; round < 5000; round++) {
        const struct qv_answer *answer = answer_of(random_case(), QV_REASON_NO_CHANGES | QV_REASON_NO_QUESTIONS);
        double sum = 0;
        for (uint32_t i = 0; i < answer->cause_count; i++) {
            const struct qv_cause *cause = &answer->causes[i];
            assert_true(cause->low >= 0 && cause->low <= cause->probability);
            assert_true(cause->probability <= cause->high && cause->high <= 1);
            assert_true(i == 0 || cause->probability <= answer->causes[i - 1].probability);
            sum += cause->probability;
        }
        assert_true(fabs(sum - 1) < 1e-5);
        double shares = 0;
        for (uint32_t i = 0; i < answer->share_count; i++) {
            assert_true(answer->shares[i].share > 0);
            shares += answer->shares[i].share;
        }
        assert_true(answer->share_count == 0 || fabs(shares - 1) < 1e-9);
    }
}

/* Promise 1 again: the level is never below that of any red flag that fires. */
static void the_level_is_at_least_every_reason_given(void **unused)
{
    (void)unused;
    state = 3;
    for (int round = 0; round < 5000; round++) {
        const struct qv_answer *answer = answer_of(random_case(), FAST);
        assert_true(answer->because_count > 0);
        assert_int_equal(answer->because[0].level, answer->level);
        for (uint32_t i = 0; i < answer->because_count; i++)
            assert_true(answer->because[i].level <= answer->level);
    }
}

/* What `would change this` says is what the program would then say. */
static void changes_come_true(void **unused)
{
    (void)unused;
    state = 4;
    uint32_t tried = 0;
    for (int round = 0; round < 400; round++) {
        struct qv_case *c = random_case();
        const struct qv_answer *answer = answer_of(c, QV_REASON_NO_REASONS);
        for (uint32_t i = 0; i < answer->change_count; i++) {
            const struct qv_change *change = &answer->changes[i];
            struct qv_value kept = c->values[change->finding];
            c->values[change->finding] = change->value;
            const struct qv_answer *then = answer_of(c, FAST);
            if (then->level != change->level || then->causes[0].condition != change->top_cause ||
                fabs(then->causes[0].probability - change->probability) > 1e-4) {
                print_case(c);
                fail_msg("%s: said %s %f, came %s %f", knowledge->form.fields[change->finding].id,
                         qv_level_name(change->level), change->probability, qv_level_name(then->level),
                         then->causes[0].probability);
            }
            c->values[change->finding] = kept;
            tried++;
        }
    }
    assert_true(tried > 1000);
}

static uint32_t listed_at(const struct qv_answer *answer, enum qv_level level, uint32_t finding, bool *listed)
{
    uint32_t count = 0;
    *listed = false;
    for (uint32_t i = 0; i < answer->change_count; i++) {
        count += answer->changes[i].level == level;
        *listed |= answer->changes[i].level == level && answer->changes[i].finding == finding;
    }
    return count;
}

static double probability_of(const struct qv_answer *answer, uint32_t condition)
{
    double p = 0;
    for (uint32_t i = 0; i < answer->cause_count; i++)
        p += answer->causes[i].condition == condition ? answer->causes[i].probability : 0;
    return p;
}

/*
 * And nothing decisive is left out: a "yes" that changes the level or the leading cause, or moves it by 20 points, when
 * everything is worked out anew, is listed, unless the five changes that a level may have are listed already.
 */
static void no_decisive_yes_is_missed(void **unused)
{
    (void)unused;
    state = 9;
    uint32_t decisive = 0;
    for (int round = 0; round < 150; round++) {
        struct qv_case *c = random_case();
        const struct qv_answer *answer = answer_of(c, QV_REASON_NO_REASONS | QV_REASON_NO_INTERVALS);
        for (uint32_t f = 0; f < knowledge->form.field_count; f++) {
            const struct qv_finding *finding = &knowledge->facts->findings[f];
            bool open = finding->type == QV_FIELD_YES_NO && c->values[f].kind == QV_UNKNOWN && !finding->ask_if;
            if (!open || finding->section == QV_SECTION_PERSON || finding->section == QV_SECTION_MEASURED)
                continue;
            c->values[f] = (struct qv_value){.kind = QV_YES};
            const struct qv_answer *then = answer_of(c, FAST);
            c->values[f] = (struct qv_value){0};
            double shift = fabs(probability_of(then, answer->causes[0].condition) - answer->causes[0].probability);
            if (then->level == answer->level && then->causes[0].condition == answer->causes[0].condition && shift < 0.2)
                continue;
            bool listed;
            uint32_t count = listed_at(answer, then->level, f, &listed);
            decisive++;
            if (!listed && count < 5) {
                print_case(c);
                fail_msg("%s would change the answer, and is not listed", finding->id);
            }
        }
    }
    assert_true(decisive > 1000);
}

/* The screen's open questions come first and in its order; and "enough" is never said while one of them is open. */
static void the_screen_comes_first(void **unused)
{
    (void)unused;
    state = 11;
    uint32_t left_out = 0;
    for (int round = 0; round < 1000; round++) {
        struct qv_case *c = random_case();
        const struct qv_answer *answer =
            answer_of(c, QV_REASON_NO_REASONS | QV_REASON_NO_INTERVALS | QV_REASON_NO_CHANGES);
        uint32_t last = 0, listed = 0;
        for (uint32_t i = 0; i < answer->ask_next_count; i++) {
            uint32_t screen = knowledge->facts->findings[answer->ask_next[i].finding].screen;
            assert_true(!screen || screen > last);
            last = screen ? screen : UINT32_MAX; /* after the rest nothing of the screen may come */
            listed++;
        }
        for (uint32_t f = 0; f < knowledge->form.field_count; f++) {
            const struct qv_finding *finding = &knowledge->facts->findings[f];
            if (!finding->screen || finding->ask_if || c->values[f].kind != QV_UNKNOWN)
                continue;
            bool is_listed = false;
            for (uint32_t i = 0; i < answer->ask_next_count; i++)
                is_listed |= answer->ask_next[i].finding == f;
            assert_true(is_listed || (listed == 8 && last < finding->screen));
            assert_true(!answer->enough || answer->level == QV_EMERGENCY);
            left_out += !is_listed;
        }
    }
    assert_true(left_out > 1000);
}

/* A rule's result hinges on what it looked at and on nothing else. */
static void what_a_rule_did_not_read_does_not_matter(void **unused)
{
    (void)unused;
    state = 10;
    uint32_t unread = 0;
    for (int round = 0; round < 300; round++) {
        struct qv_case *c = random_case();
        int8_t *levels = qv_arena_alloc(arena, knowledge->evidence_count, 1);
        struct qv_situation situation = {.values = c->values, .onset_days = (double)NAN};
        for (uint32_t r = 0; r < knowledge->facts->red_flag_count; r++) {
            const struct qv_rule *rule = knowledge->red_flag_rules[r];
            struct qv_evidence_set read = {{0}};
            qv_situation_levels(knowledge, &situation, levels);
            bool holds = qv_rule_reads(knowledge, rule, &situation, &read);
            assert_int_equal(holds, qv_rule_holds(knowledge, rule, &situation));

            /* Each finding that was not read becomes something else in turn. */
            for (uint32_t f = 0; f < knowledge->form.field_count; f++) {
                if (qv_evidence_has(&read, f))
                    continue;
                struct qv_value kept = c->values[f];
                int8_t level = levels[f];
                c->values[f] = random_value(f);
                levels[f] = (int8_t)qv_finding_level(knowledge, f, &c->values[f]);
                if (qv_rule_holds(knowledge, rule, &situation) != holds)
                    fail_msg("%s did not read %s, and turned", knowledge->facts->red_flags[r].id,
                             knowledge->form.fields[f].id);
                c->values[f] = kept;
                levels[f] = level;
                unread++;
            }
        }
    }
    assert_true(unread > 100000);
}

static void left_and_right_are_alike(void **unused)
{
    (void)unused;
    int side = qv_form_find(&knowledge->form, "side");
    state = 5;
    for (int round = 0; round < 3000; round++) {
        struct qv_case *c = random_case();
        c->values[side] = (struct qv_value){.kind = QV_WORD, .words = 0};
        assert_string_equal(knowledge->form.fields[side].words[0], "left");
        assert_string_equal(knowledge->form.fields[side].words[1], "right");
        const struct qv_answer *left = answer_of(c, FAST);
        c->values[side].words = 1;
        const struct qv_answer *right = answer_of(c, FAST);
        assert_int_equal(left->level, right->level);
        for (uint32_t i = 0; i < left->cause_count; i++) {
            assert_int_equal(left->causes[i].condition, right->causes[i].condition);
            assert_true(left->causes[i].probability == right->causes[i].probability);
        }
    }
}

static double share_of(const struct qv_answer *answer, const char *id)
{
    for (uint32_t i = 0; i < answer->share_count; i++) {
        if (strcmp(knowledge->facts->contributors[answer->shares[i].contributor].id, id) == 0)
            return answer->shares[i].share;
    }
    return 0;
}

static void more_coffee_never_lowers_its_share(void **unused)
{
    (void)unused;
    int coffee = qv_form_find(&knowledge->form, "caffeine_mg_per_day");
    state = 6;
    for (int round = 0; round < 5000; round++) {
        struct qv_case *c = random_case();
        double last = 0;
        for (double mg = 0; mg <= 1000; mg += 125) {
            c->values[coffee] = (struct qv_value){.kind = QV_NUMBER, .number = mg};
            double share = share_of(answer_of(c, FAST), "caffeine");
            assert_true(share >= last - 1e-12);
            last = share;
        }
    }
}

static void the_same_case_gives_the_same_answer(void **unused)
{
    (void)unused;
    state = 8;
    for (int round = 0; round < 300; round++) {
        struct qv_case *c = random_case();
        const struct qv_answer *a = answer_of(c, QV_REASON_ALL), *b = answer_of(c, QV_REASON_ALL);
        assert_int_equal(a->change_count, b->change_count);
        assert_int_equal(a->ask_next_count, b->ask_next_count);
        for (uint32_t i = 0; i < a->cause_count; i++) {
            assert_true(a->causes[i].probability == b->causes[i].probability);
            assert_true(a->causes[i].low == b->causes[i].low && a->causes[i].high == b->causes[i].high);
        }
    }
}

/* A twitch that began before the tablet was not caused by it. */
static void a_medicine_after_the_twitch_is_cleared(void **unused)
{
    (void)unused;
    qv_arena_reset(arena);
    struct qv_case *c;
    assert_int_equal(qv_case_create(arena, &knowledge->form, &c, NULL), 0);
    c->values[knowledge->onset] = (struct qv_value){.kind = QV_NUMBER, .number = 30};
    struct qv_case_medicine medicine = {"Sertraline", 10, NAN, NAN};
    c->medicines = &medicine;
    c->medicine_count = 1;
    c->medicines_known = true;
    int cause = qv_knowledge_condition(knowledge, "medicine_induced_twitch");
    double after = 0, before = 0;
    const struct qv_answer *answer = answer_of(c, FAST);
    for (uint32_t i = 0; i < answer->cause_count; i++)
        after += answer->causes[i].condition == (uint32_t)cause ? answer->causes[i].probability : 0;
    medicine.started_days_ago = 40;
    answer = answer_of(c, FAST);
    for (uint32_t i = 0; i < answer->cause_count; i++)
        before += answer->causes[i].condition == (uint32_t)cause ? answer->causes[i].probability : 0;
    assert_true(before > 5 * after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_red_flag_never_lowers_the_level),
        cmocka_unit_test(a_worse_value_never_lowers_the_level),
        cmocka_unit_test(probabilities_are_probabilities),
        cmocka_unit_test(the_level_is_at_least_every_reason_given),
        cmocka_unit_test(changes_come_true),
        cmocka_unit_test(no_decisive_yes_is_missed),
        cmocka_unit_test(the_screen_comes_first),
        cmocka_unit_test(what_a_rule_did_not_read_does_not_matter),
        cmocka_unit_test(left_and_right_are_alike),
        cmocka_unit_test(more_coffee_never_lowers_its_share),
        cmocka_unit_test(the_same_case_gives_the_same_answer),
        cmocka_unit_test(a_medicine_after_the_twitch_is_cleared),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
