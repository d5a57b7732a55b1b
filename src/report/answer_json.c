/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer as the contract's JSON. The keys and their order are the contract's; what we add stands at the end of each
 * object. Written straight through qv_json, one pass, no formatting by printf: this runs once a case for files of
 * millions of cases.
 */
#include <quiver/report.h>

#include <math.h>

static void words_array(struct qv_json *json, const char *key, const struct qv_words *words)
{
    qv_json_array(json, key);
    for (uint32_t i = 0; words && i < words->count; i++)
        qv_json_string(json, NULL, words->at[i]);
    qv_json_array_end(json);
}

/* Absent, not null, when there is nothing to say. */
static void optional_string(struct qv_json *json, const char *key, const char *value)
{
    if (value)
        qv_json_string(json, key, value);
}

static void write_triage(const struct qv_answer *answer, struct qv_json *json)
{
    qv_json_object(json, "triage");
    qv_json_string(json, "level", qv_level_name(answer->level));
    qv_json_string(json, "within", answer->within);
    qv_json_array(json, "because");
    for (uint32_t i = 0; i < answer->because_count; i++) {
        const struct qv_because *because = &answer->because[i];
        qv_json_object(json, NULL);
        qv_json_string(json, "id", because->id);
        qv_json_string(json, "text", because->text);
        words_array(json, "sources", because->sources);
        qv_json_string(json, "within", because->within);
        qv_json_string(json, "level", qv_level_name(because->level));
        qv_json_object_end(json);
    }
    qv_json_array_end(json);
    const struct qv_level_info *level = qv_knowledge_level(answer->knowledge, answer->level);
    if (level) {
        qv_json_string(json, "title", level->title);
        qv_json_string(json, "text", level->text);
    }
    qv_json_object_end(json);
}

static void write_reasons(const char *key, const struct qv_reason *reasons, uint32_t count, struct qv_json *json)
{
    qv_json_array(json, key);
    for (uint32_t i = 0; i < count; i++) {
        const struct qv_reason *reason = &reasons[i];
        qv_json_object(json, NULL);
        qv_json_string(json, "finding", reason->finding);
        qv_json_number(json, "weight_db", round(reason->weight_db * 100) / 100);
        qv_json_string(json, "text", reason->text);
        words_array(json, "sources", reason->sources);
        qv_json_string(json, "grade", qv_grade_name(reason->grade));
        qv_json_object_end(json);
    }
    qv_json_array_end(json);
}

static double six_decimals(double x)
{
    return round(x * 1e6) / 1e6;
}

/*
 * What six decimals leave over. Each rounded probability can be off by half a millionth, so a sum of many could miss 1
 * by more than a reader allows; the first and likeliest cause takes the difference, in which it cannot be seen.
 * A sum that is off by more is not ours to hide.
 */
static double rounding_left_over(const struct qv_answer *answer)
{
    double exact = 0, rounded = 0;
    for (uint32_t i = 0; i < answer->cause_count; i++) {
        exact += answer->causes[i].probability;
        rounded += six_decimals(answer->causes[i].probability);
    }
    return fabs(exact - 1) < 1e-6 ? 1 - rounded : 0;
}

static void write_cause(const struct qv_answer *answer, const struct qv_cause *cause, double probability,
                        struct qv_json *json)
{
    const struct qv_condition *condition = &answer->knowledge->facts->conditions[cause->condition];
    qv_json_object(json, NULL);
    qv_json_string(json, "id", condition->id);
    qv_json_string(json, "name", condition->name);
    qv_json_number(json, "probability", probability);
    qv_json_array(json, "interval95");
    qv_json_number(json, NULL, fmin(cause->low, probability));
    qv_json_number(json, NULL, fmax(cause->high, probability));
    qv_json_array_end(json);
    write_reasons("for", cause->for_it, cause->for_count, json);
    write_reasons("against", cause->against_it, cause->against_count, json);
    optional_string(json, "clinical_name", condition->clinical_name);
    qv_json_object_end(json);
}

static void write_causes(const struct qv_answer *answer, struct qv_json *json)
{
    double left_over = rounding_left_over(answer);
    qv_json_array(json, "causes");
    for (uint32_t i = 0; i < answer->cause_count; i++) {
        double probability = six_decimals(answer->causes[i].probability) + (i == 0 ? left_over : 0);
        write_cause(answer, &answer->causes[i], probability, json);
    }
    qv_json_array_end(json);
}

static void write_contributors(const struct qv_answer *answer, struct qv_json *json)
{
    qv_json_array(json, "contributors");
    for (uint32_t i = 0; i < answer->share_count; i++) {
        const struct qv_share *share = &answer->shares[i];
        const struct qv_contributor *contributor = &answer->knowledge->facts->contributors[share->contributor];
        qv_json_object(json, NULL);
        qv_json_string(json, "id", contributor->id);
        qv_json_number(json, "share", share->share);
        qv_json_string(json, "text", contributor->text);
        words_array(json, "sources", &contributor->sources);
        qv_json_string(json, "name", contributor->name);
        qv_json_number(json, "odds_ratio", share->odds);
        qv_json_object_end(json);
    }
    qv_json_array_end(json);
}

static const char *when_name(enum qv_when when)
{
    static const char *const names[] = {
        [QV_WHEN_NOW] = "now", [QV_WHEN_DAILY] = "daily", [QV_WHEN_DISCUSS] = "discuss"};
    return names[when];
}

static void write_advice(const struct qv_answer *answer, struct qv_json *json)
{
    qv_json_array(json, "advice");
    for (uint32_t i = 0; i < answer->advice_count; i++) {
        const struct qv_advice *advice = &answer->knowledge->facts->advice[answer->advice[i]];
        qv_json_object(json, NULL);
        qv_json_string(json, "id", advice->id);
        qv_json_string(json, "text", advice->text);
        qv_json_string(json, "when", when_name(advice->when));
        words_array(json, "sources", &advice->sources);
        optional_string(json, "caution", advice->caution);
        optional_string(json, "title", advice->title);
        optional_string(json, "how", advice->how);
        optional_string(json, "for_how_long", advice->for_how_long);
        optional_string(json, "evidence", advice->evidence);
        qv_json_object_end(json);
    }
    qv_json_array_end(json);
}

static void write_tests(const struct qv_answer *answer, struct qv_json *json)
{
    qv_json_array(json, "tests");
    for (uint32_t i = 0; i < answer->test_count; i++) {
        const struct qv_test *test = &answer->knowledge->facts->tests[answer->tests[i]];
        qv_json_object(json, NULL);
        qv_json_string(json, "id", test->id);
        qv_json_string(json, "text", test->text);
        words_array(json, "sources", &test->sources);
        qv_json_string(json, "name", test->name);
        qv_json_object_end(json);
    }
    qv_json_array_end(json);
}

static void write_changes(const struct qv_answer *answer, struct qv_json *json)
{
    const struct qv_knowledge *knowledge = answer->knowledge;
    qv_json_array(json, "would_change_this");
    for (uint32_t i = 0; i < answer->change_count; i++) {
        const struct qv_change *change = &answer->changes[i];
        const struct qv_field *field = &knowledge->form.fields[change->finding];
        qv_json_object(json, NULL);
        qv_json_string(json, "finding", field->id);
        qv_json_value(json, "value", field, &change->value);
        qv_json_string(json, "triage", qv_level_name(change->level));
        qv_json_string(json, "top_cause", knowledge->facts->conditions[change->top_cause].id);
        qv_json_number(json, "probability", change->probability);
        optional_string(json, "phrase", change->phrase);
        qv_json_object_end(json);
    }
    qv_json_array_end(json);
}

static void write_questions(const struct qv_answer *answer, struct qv_json *json)
{
    qv_json_array(json, "ask_next");
    for (uint32_t i = 0; i < answer->ask_next_count; i++) {
        const struct qv_finding *finding = &answer->knowledge->facts->findings[answer->ask_next[i].finding];
        qv_json_object(json, NULL);
        qv_json_string(json, "finding", finding->id);
        qv_json_string(json, "question", finding->question);
        qv_json_number(json, "information_bits", answer->ask_next[i].bits);
        qv_json_object_end(json);
    }
    qv_json_array_end(json);
}

/* What quiver does not know, said openly. */
static void write_gaps(const struct qv_answer *answer, struct qv_json *json)
{
    qv_json_array(json, "not_asked");
    for (uint32_t i = 0; i < answer->not_asked_count; i++)
        qv_json_string(json, NULL, answer->knowledge->facts->findings[answer->not_asked[i]].id);
    qv_json_array_end(json);
    qv_json_array(json, "unrecognised_medicines");
    for (uint32_t i = 0; i < answer->unrecognised_count; i++)
        qv_json_string(json, NULL, answer->unrecognised_medicines[i]);
    qv_json_array_end(json);
    qv_json_bool(json, "enough", answer->enough);
}

/* What was measured in a clip, or is known from a diary, and counted like what was said. Absent without one. */
static void write_from(const struct qv_case *c, const char *origin, const char *key, struct qv_json *json)
{
    bool any = false;
    for (uint32_t f = 0; f < c->form->field_count; f++) {
        if (!qv_case_is_from(c, f, origin))
            continue;
        if (!any)
            qv_json_object(json, key);
        qv_json_value(json, c->form->fields[f].id, &c->form->fields[f], &c->values[f]);
        any = true;
    }
    if (any)
        qv_json_object_end(json);
}

void qv_json_answer(const struct qv_answer *answer, unsigned indent, struct qv_text *text)
{
    struct qv_json json;
    qv_json_init(&json, text, indent);
    qv_json_object(&json, NULL);
    qv_json_number(&json, "quiver_answer", 1);
    write_triage(answer, &json);
    write_causes(answer, &json);
    write_contributors(answer, &json);
    write_advice(answer, &json);
    write_tests(answer, &json);
    write_changes(answer, &json);
    write_questions(answer, &json);
    qv_json_string(&json, "knowledge_version", answer->knowledge->facts->version);
    write_gaps(answer, &json);
    write_from(answer->c, QV_ORIGIN_CLIP, "from_clip", &json);
    write_from(answer->c, QV_ORIGIN_DIARY, "from_diary", &json);
    qv_json_object_end(&json);
}
