/* SPDX-License-Identifier: Apache-2.0 */
#include "schema.h"

/* Strings are bounded so that a hostile file cannot ask for the machine; sequences likewise. */
#define ID_MAX 80
#define TEXT_MAX 4000
#define LIST_MAX 4000

/* In these tables N is needed, O optional; T is the struct that the row belongs to. */
#define STRING(T, key, member, flag, longest)                                                                          \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (flag), struct T, member, 0, longest)
#define ID(T, key, member) STRING(T, key, member, CYAML_FLAG_DEFAULT, ID_MAX)
#define ID_O(T, key, member) STRING(T, key, member, CYAML_FLAG_OPTIONAL, ID_MAX)
#define TEXT(T, key, member) STRING(T, key, member, CYAML_FLAG_DEFAULT, TEXT_MAX)
#define TEXT_O(T, key, member) STRING(T, key, member, CYAML_FLAG_OPTIONAL, TEXT_MAX)
#define NUMBER(T, key, member) CYAML_FIELD_FLOAT(key, CYAML_FLAG_STRICT, struct T, member)
#define NUMBER_O(T, key, member) CYAML_FIELD_FLOAT(key, CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct T, member)
#define NUMBER_PTR_O(T, key, member)                                                                                   \
    CYAML_FIELD_FLOAT_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct T, member)
#define COUNT(T, key, member) CYAML_FIELD_UINT(key, CYAML_FLAG_DEFAULT, struct T, member)
#define COUNT_O(T, key, member) CYAML_FIELD_UINT(key, CYAML_FLAG_OPTIONAL, struct T, member)
#define FLAG_O(T, key, member) CYAML_FIELD_BOOL(key, CYAML_FLAG_OPTIONAL, struct T, member)
#define ENUM(T, key, member, names)                                                                                    \
    CYAML_FIELD_ENUM(key, CYAML_FLAG_STRICT, struct T, member, names, CYAML_ARRAY_LEN(names))
#define ENUM_O(T, key, member, names)                                                                                  \
    CYAML_FIELD_ENUM(key, CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct T, member, names, CYAML_ARRAY_LEN(names))
#define ENUM_PTR_O(T, key, member, names)                                                                              \
    CYAML_FIELD_ENUM_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct T, member, names,   \
                         CYAML_ARRAY_LEN(names))
#define LIST(T, key, member, counter, entry, flag)                                                                     \
    CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | (flag), struct T, member, counter, &(entry), 0, LIST_MAX)
#define WORDS(T, key, member) LIST(T, key, member.at, member.count, word, CYAML_FLAG_DEFAULT)
#define WORDS_O(T, key, member) LIST(T, key, member.at, member.count, word, CYAML_FLAG_OPTIONAL)
#define MAPPING(T, key, member, fields) CYAML_FIELD_MAPPING(key, CYAML_FLAG_DEFAULT, struct T, member, fields)
#define ENTRY(name, T, fields)                                                                                         \
    static const cyaml_schema_value_t name = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct T, fields)}

static const cyaml_schema_value_t word = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, TEXT_MAX)};

static const cyaml_strval_t grades[] = {{"estimate", QV_GRADE_ESTIMATE},
                                        {"guideline", QV_GRADE_GUIDELINE},
                                        {"derived", QV_GRADE_DERIVED},
                                        {"measured", QV_GRADE_MEASURED}};
static const cyaml_strval_t reads[] = {
    {"seen", QV_READ_SEEN}, {"recalled", QV_READ_RECALLED}, {"estimate", QV_READ_ESTIMATE}};
static const cyaml_strval_t levels[] = {
    {"self_care", QV_SELF_CARE}, {"routine", QV_ROUTINE}, {"urgent", QV_URGENT}, {"emergency", QV_EMERGENCY}};
static const cyaml_strval_t sections[] = {{"person", QV_SECTION_PERSON},         {"twitch", QV_SECTION_TWITCH},
                                          {"with_it", QV_SECTION_WITH_IT},       {"history", QV_SECTION_HISTORY},
                                          {"habits", QV_SECTION_HABITS},         {"medicines", QV_SECTION_MEDICINES},
                                          {"laboratory", QV_SECTION_LABORATORY}, {"measured", QV_SECTION_MEASURED}};
static const cyaml_strval_t types[] = {{"yes_no", QV_FIELD_YES_NO},
                                       {"number", QV_FIELD_NUMBER},
                                       {"choice", QV_FIELD_CHOICE},
                                       {"choices", QV_FIELD_CHOICES},
                                       {"medicines", QV_FIELD_MEDICINES}};
static const cyaml_strval_t whens[] = {{"now", QV_WHEN_NOW}, {"daily", QV_WHEN_DAILY}, {"discuss", QV_WHEN_DISCUSS}};
static const cyaml_strval_t verdicts[] = {{"supported", QV_VERDICT_SUPPORTED},
                                          {"nuanced", QV_VERDICT_NUANCED},
                                          {"weak", QV_VERDICT_WEAK},
                                          {"contradicted", QV_VERDICT_CONTRADICTED}};

static const cyaml_schema_field_t statement_fields[] = {
    TEXT(qv_statement, "text", text),
    WORDS(qv_statement, "sources", sources),
    CYAML_FIELD_END,
};
ENTRY(statement, qv_statement, statement_fields);
#define STATEMENTS(T, key, member) LIST(T, key, member.at, member.count, statement, CYAML_FLAG_DEFAULT)

static const cyaml_schema_field_t source_fields[] = {
    ID(qv_source, "id", id),
    TEXT(qv_source, "authors", authors),
    CYAML_FIELD_INT("year", CYAML_FLAG_OPTIONAL, struct qv_source, year),
    TEXT(qv_source, "title", title),
    TEXT_O(qv_source, "where", where),
    ENUM(qv_source, "read", read, reads),
    CYAML_FIELD_END,
};
ENTRY(source, qv_source, source_fields);

static const cyaml_schema_field_t level_info_fields[] = {
    ENUM(qv_level_info, "id", id, levels), TEXT(qv_level_info, "title", title),      TEXT(qv_level_info, "text", text),
    ID(qv_level_info, "within", within),   WORDS(qv_level_info, "sources", sources), CYAML_FIELD_END,
};
ENTRY(level_info, qv_level_info, level_info_fields);

static const cyaml_schema_field_t emergency_number_fields[] = {
    ID(qv_emergency_number, "region", region),      TEXT(qv_emergency_number, "name", name),
    TEXT(qv_emergency_number, "number", number),    TEXT_O(qv_emergency_number, "crisis_line", crisis_line),
    WORDS(qv_emergency_number, "sources", sources), CYAML_FIELD_END,
};
ENTRY(emergency_number, qv_emergency_number, emergency_number_fields);

static const cyaml_schema_field_t evidence_level_fields[] = {
    ID(qv_evidence_level, "id", id),
    TEXT_O(qv_evidence_level, "when", when),
    NUMBER_PTR_O(qv_evidence_level, "below", below),
    NUMBER_PTR_O(qv_evidence_level, "background", background),
    TEXT(qv_evidence_level, "phrase", phrase),
    CYAML_FIELD_END,
};
ENTRY(evidence_level, qv_evidence_level, evidence_level_fields);
#define LEVELS_O(T) LIST(T, "levels", levels.at, levels.count, evidence_level, CYAML_FLAG_OPTIONAL)

static const cyaml_schema_field_t finding_fields[] = {
    ID(qv_finding, "id", id),
    ENUM(qv_finding, "section", section, sections),
    ENUM(qv_finding, "type", type, types),
    TEXT(qv_finding, "question", question),
    TEXT(qv_finding, "why", why),
    TEXT_O(qv_finding, "present", present),
    TEXT_O(qv_finding, "absent", absent),
    ID_O(qv_finding, "unit", unit),
    ID_O(qv_finding, "ucum", ucum),
    NUMBER_PTR_O(qv_finding, "min", minimum),
    NUMBER_PTR_O(qv_finding, "max", maximum),
    NUMBER(qv_finding, "seconds", seconds),
    COUNT_O(qv_finding, "screen", screen),
    FLAG_O(qv_finding, "reassuring", reassuring),
    FLAG_O(qv_finding, "tells_apart", tells_apart),
    ID_O(qv_finding, "sign", sign),
    TEXT_O(qv_finding, "ask_if", ask_if),
    NUMBER_PTR_O(qv_finding, "background", background),
    LEVELS_O(qv_finding),
    ENUM(qv_finding, "grade", grade, grades),
    WORDS(qv_finding, "sources", sources),
    ID_O(qv_finding, "loinc", loinc),
    ID_O(qv_finding, "snomed", snomed),
    TEXT_O(qv_finding, "note", note),
    CYAML_FIELD_END,
};
ENTRY(finding, qv_finding, finding_fields);

static const cyaml_schema_field_t pattern_fields[] = {
    ID(qv_pattern, "id", id),
    TEXT(qv_pattern, "text", text),
    ID_O(qv_pattern, "sign", sign),
    ID_O(qv_pattern, "medicine", medicine),
    FLAG_O(qv_pattern, "from_stop", from_stop),
    LEVELS_O(qv_pattern),
    ENUM(qv_pattern, "grade", grade, grades),
    WORDS(qv_pattern, "sources", sources),
    TEXT_O(qv_pattern, "note", note),
    CYAML_FIELD_END,
};
ENTRY(pattern, qv_pattern, pattern_fields);

static const cyaml_schema_field_t age_factor_fields[] = {
    NUMBER(qv_age_factor, "from", from),
    NUMBER(qv_age_factor, "to", to),
    NUMBER(qv_age_factor, "times", times),
    CYAML_FIELD_END,
};
ENTRY(age_factor, qv_age_factor, age_factor_fields);

static const cyaml_schema_field_t prior_fields[] = {
    NUMBER(qv_prior, "p", p),
    NUMBER(qv_prior, "fold", fold),
    ENUM(qv_prior, "grade", grade, grades),
    LIST(qv_prior, "by_age", by_age, by_age_count, age_factor, CYAML_FLAG_OPTIONAL),
    NUMBER_PTR_O(qv_prior, "female", female),
    NUMBER_PTR_O(qv_prior, "male", male),
    WORDS(qv_prior, "sources", sources),
    TEXT_O(qv_prior, "note", note),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t likelihood_fields[] = {
    ID(qv_likelihood, "finding", finding),
    ID_O(qv_likelihood, "is", is),
    NUMBER(qv_likelihood, "p", p),
    COUNT_O(qv_likelihood, "n", n),
    ENUM(qv_likelihood, "grade", grade, grades),
    WORDS(qv_likelihood, "sources", sources),
    TEXT_O(qv_likelihood, "text", text),
    TEXT_O(qv_likelihood, "note", note),
    CYAML_FIELD_END,
};
ENTRY(likelihood, qv_likelihood, likelihood_fields);

static const cyaml_schema_field_t urgency_fields[] = {
    ENUM(qv_urgency, "level", level, levels),
    NUMBER(qv_urgency, "at", at),
    TEXT(qv_urgency, "text", text),
    WORDS(qv_urgency, "sources", sources),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t condition_fields[] = {
    ID(qv_condition, "id", id),
    TEXT(qv_condition, "name", name),
    TEXT(qv_condition, "clinical_name", clinical_name),
    ID_O(qv_condition, "icd10", icd10),
    ID_O(qv_condition, "icd10_cm", icd10_cm),
    ID_O(qv_condition, "snomed", snomed),
    STATEMENTS(qv_condition, "what", what),
    MAPPING(qv_condition, "how_common", how_common, statement_fields),
    FLAG_O(qv_condition, "by_habits", by_habits),
    FLAG_O(qv_condition, "catch_all", catch_all),
    MAPPING(qv_condition, "prior", prior, prior_fields),
    LIST(qv_condition, "likelihoods", likelihoods, likelihood_count, likelihood, CYAML_FLAG_DEFAULT),
    MAPPING(qv_condition, "urgency", urgency, urgency_fields),
    WORDS(qv_condition, "tests", tests),
    STATEMENTS(qv_condition, "helps", helps),
    STATEMENTS(qv_condition, "watch", watch),
    WORDS(qv_condition, "sources", sources),
    TEXT_O(qv_condition, "note", note),
    CYAML_FIELD_END,
};
const cyaml_schema_value_t condition_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct qv_condition, condition_fields)};
ENTRY(condition, qv_condition, condition_fields);

static const cyaml_schema_field_t red_flag_fields[] = {
    ID(qv_red_flag, "id", id),
    ID(qv_red_flag, "dossier", dossier),
    ENUM(qv_red_flag, "level", level, levels),
    ID(qv_red_flag, "within", within),
    TEXT(qv_red_flag, "when", when),
    TEXT(qv_red_flag, "text", text),
    FLAG_O(qv_red_flag, "crisis", crisis),
    ENUM(qv_red_flag, "grade", grade, grades),
    WORDS(qv_red_flag, "sources", sources),
    TEXT_O(qv_red_flag, "note", note),
    CYAML_FIELD_END,
};
ENTRY(red_flag, qv_red_flag, red_flag_fields);

static const cyaml_schema_field_t point_fields[] = {
    NUMBER(qv_curve_point, "at", at),
    NUMBER(qv_curve_point, "odds", odds),
    CYAML_FIELD_END,
};
ENTRY(point, qv_curve_point, point_fields);

static const cyaml_schema_field_t curve_fields[] = {
    TEXT_O(qv_curve, "if", if_rule),
    ID(qv_curve, "finding", finding),
    ID_O(qv_curve, "per", per),
    ID_O(qv_curve, "level", level),
    NUMBER_PTR_O(qv_curve, "odds", odds),
    LIST(qv_curve, "points", points, point_count, point, CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_END,
};
ENTRY(curve, qv_curve, curve_fields);

static const cyaml_schema_field_t part_fields[] = {
    LIST(qv_contributor_part, "curves", curves, curve_count, curve, CYAML_FLAG_DEFAULT),
    CYAML_FIELD_END,
};
ENTRY(part, qv_contributor_part, part_fields);

static const cyaml_schema_field_t contributor_fields[] = {
    ID(qv_contributor, "id", id),
    TEXT(qv_contributor, "name", name),
    LIST(qv_contributor, "parts", parts, part_count, part, CYAML_FLAG_DEFAULT),
    TEXT(qv_contributor, "text", text),
    ENUM(qv_contributor, "grade", grade, grades),
    WORDS(qv_contributor, "sources", sources),
    WORDS_O(qv_contributor, "remedies", remedies),
    TEXT_O(qv_contributor, "note", note),
    CYAML_FIELD_END,
};
ENTRY(contributor, qv_contributor, contributor_fields);

static const cyaml_schema_field_t advice_fields[] = {
    ID(qv_advice, "id", id),
    TEXT(qv_advice, "title", title),
    TEXT(qv_advice, "text", text),
    TEXT_O(qv_advice, "how", how),
    TEXT_O(qv_advice, "for_how_long", for_how_long),
    ENUM(qv_advice, "when", when, whens),
    WORDS_O(qv_advice, "contributors", contributors),
    WORDS_O(qv_advice, "conditions", conditions),
    TEXT_O(qv_advice, "if", if_rule),
    TEXT_O(qv_advice, "unless", unless),
    TEXT_O(qv_advice, "caution", caution),
    ID(qv_advice, "evidence", evidence),
    WORDS(qv_advice, "sources", sources),
    ENUM_PTR_O(qv_advice, "level", level, levels),
    ENUM_PTR_O(qv_advice, "level_at_most", level_at_most, levels),
    TEXT_O(qv_advice, "note", note),
    CYAML_FIELD_END,
};
ENTRY(advice, qv_advice, advice_fields);

static const cyaml_schema_field_t test_fields[] = {
    ID(qv_test, "id", id),          TEXT(qv_test, "name", name),        TEXT(qv_test, "text", text),
    TEXT_O(qv_test, "if", if_rule), WORDS(qv_test, "sources", sources), CYAML_FIELD_END,
};
ENTRY(test, qv_test, test_fields);

static const cyaml_schema_field_t effect_fields[] = {
    ID(qv_effect, "effect", effect),
    NUMBER(qv_effect, "from_days", from_days),
    NUMBER(qv_effect, "to_days", to_days),
    NUMBER(qv_effect, "latest_days", latest_days),
    NUMBER_PTR_O(qv_effect, "persists_days", persists_days),
    CYAML_FIELD_END,
};
ENTRY(effect, qv_effect, effect_fields);

static const cyaml_schema_field_t medicine_fields[] = {
    ID(qv_medicine, "id", id),
    WORDS(qv_medicine, "names", names),
    WORDS_O(qv_medicine, "atc", atc),
    WORDS(qv_medicine, "classes", classes),
    LIST(qv_medicine, "effects", effects, effect_count, effect, CYAML_FLAG_DEFAULT),
    TEXT_O(qv_medicine, "note", note),
    ENUM_O(qv_medicine, "read", read, reads),
    WORDS(qv_medicine, "sources", sources),
    CYAML_FIELD_END,
};
ENTRY(medicine, qv_medicine, medicine_fields);

static const cyaml_schema_field_t drink_fields[] = {
    ID(qv_drink, "id", id),
    TEXT(qv_drink, "name", name),
    WORDS(qv_drink, "names", names),
    TEXT(qv_drink, "serving", serving),
    NUMBER_PTR_O(qv_drink, "ml", ml),
    NUMBER_PTR_O(qv_drink, "caffeine_mg", caffeine_mg),
    NUMBER_PTR_O(qv_drink, "caffeine_low_mg", caffeine_low_mg),
    NUMBER_PTR_O(qv_drink, "caffeine_high_mg", caffeine_high_mg),
    NUMBER_PTR_O(qv_drink, "alcohol_g", alcohol_g),
    WORDS(qv_drink, "sources", sources),
    TEXT_O(qv_drink, "note", note),
    CYAML_FIELD_END,
};
ENTRY(drink, qv_drink, drink_fields);

static const cyaml_schema_field_t food_fields[] = {
    ID(qv_food, "id", id),
    TEXT(qv_food, "name", name),
    WORDS(qv_food, "names", names),
    TEXT(qv_food, "serving", serving),
    NUMBER_PTR_O(qv_food, "magnesium_mg", magnesium_mg),
    NUMBER_PTR_O(qv_food, "potassium_mg", potassium_mg),
    WORDS(qv_food, "sources", sources),
    TEXT_O(qv_food, "note", note),
    CYAML_FIELD_END,
};
ENTRY(food, qv_food, food_fields);

static const cyaml_schema_field_t reference_fields[] = {
    ID(qv_reference, "id", id),
    ID(qv_reference, "finding", finding),
    TEXT_O(qv_reference, "if", if_rule),
    NUMBER_PTR_O(qv_reference, "low", low),
    NUMBER_PTR_O(qv_reference, "high", high),
    ID(qv_reference, "unit", unit),
    TEXT(qv_reference, "text", text),
    WORDS(qv_reference, "sources", sources),
    TEXT_O(qv_reference, "note", note),
    CYAML_FIELD_END,
};
ENTRY(reference, qv_reference, reference_fields);

static const cyaml_schema_field_t claim_fields[] = {
    ID(qv_claim, "id", id),
    TEXT(qv_claim, "claim", claim),
    ID(qv_claim, "tag", tag),
    ENUM(qv_claim, "verdict", verdict, verdicts),
    TEXT(qv_claim, "says", says),
    WORDS(qv_claim, "held_by", held_by),
    WORDS(qv_claim, "sources", sources),
    CYAML_FIELD_END,
};
ENTRY(claim, qv_claim, claim_fields);

static const cyaml_strval_t diary_measures[] = {
#define DIARY_MEASURE(name, id) {id, QV_DIARY_##name},
    QV_DIARY_MEASURE_MAP(DIARY_MEASURE)
#undef DIARY_MEASURE
};

static const cyaml_schema_field_t trial_fields[] = {
    ID(qv_trial_info, "id", id),
    TEXT(qv_trial_info, "name", name),
    ID(qv_trial_info, "unit", unit),
    FLAG_O(qv_trial_info, "more", more),
    NUMBER(qv_trial_info, "times", times),
    NUMBER(qv_trial_info, "plus", plus),
    NUMBER_PTR_O(qv_trial_info, "least", least),
    NUMBER_PTR_O(qv_trial_info, "step_share", step_share),
    NUMBER_PTR_O(qv_trial_info, "step_least", step_least),
    NUMBER_O(qv_trial_info, "step_days", step_days),
    NUMBER(qv_trial_info, "washout_days", washout_days),
    NUMBER_O(qv_trial_info, "half_life_h", half_life_h),
    NUMBER(qv_trial_info, "worth", worth),
    TEXT(qv_trial_info, "usual", usual),
    TEXT(qv_trial_info, "changed", changed),
    TEXT_O(qv_trial_info, "step", step),
    TEXT(qv_trial_info, "settle", settle),
    TEXT_O(qv_trial_info, "caution", caution),
    WORDS(qv_trial_info, "sources", sources),
    TEXT_O(qv_trial_info, "note", note),
    CYAML_FIELD_END,
};
ENTRY(trial, qv_trial_info, trial_fields);

static const cyaml_schema_field_t trial_washout_fields[] = {
    ID(qv_trial_washout, "id", id),
    ID(qv_trial_washout, "trial", trial),
    TEXT(qv_trial_washout, "if", if_rule),
    NUMBER(qv_trial_washout, "half_life_h", half_life_h),
    TEXT(qv_trial_washout, "text", text),
    ENUM(qv_trial_washout, "grade", grade, grades),
    WORDS(qv_trial_washout, "sources", sources),
    TEXT_O(qv_trial_washout, "note", note),
    CYAML_FIELD_END,
};
ENTRY(trial_washout, qv_trial_washout, trial_washout_fields);

static const cyaml_schema_field_t trial_refusal_fields[] = {
    ID(qv_trial_refusal, "id", id),
    WORDS_O(qv_trial_refusal, "trials", trials),
    TEXT_O(qv_trial_refusal, "if", if_rule),
    ENUM_PTR_O(qv_trial_refusal, "level", level, levels),
    TEXT(qv_trial_refusal, "text", text),
    WORDS(qv_trial_refusal, "sources", sources),
    CYAML_FIELD_END,
};
ENTRY(trial_refusal, qv_trial_refusal, trial_refusal_fields);

static const cyaml_schema_field_t habit_fields[] = {
    ID(qv_habit, "id", id),
    ID(qv_habit, "name", name),
    ID_O(qv_habit, "finding", finding),
    ID(qv_habit, "per", per),
    NUMBER(qv_habit, "step", step),
    NUMBER(qv_habit, "prior_sd", prior_sd),
    TEXT(qv_habit, "same_day", same_day),
    TEXT(qv_habit, "day_after", day_after),
    TEXT_O(qv_habit, "after_drop", after_drop),
    NUMBER_O(qv_habit, "half_life_h", half_life_h),
    NUMBER_O(qv_habit, "absorbed_h", absorbed_h),
    ENUM(qv_habit, "grade", grade, grades),
    WORDS(qv_habit, "sources", sources),
    TEXT_O(qv_habit, "note", note),
    CYAML_FIELD_END,
};
ENTRY(habit, qv_habit, habit_fields);

static const cyaml_schema_field_t diary_condition_fields[] = {
    ENUM(qv_diary_condition, "measure", measure, diary_measures),
    NUMBER_PTR_O(qv_diary_condition, "least", least),
    NUMBER_PTR_O(qv_diary_condition, "most", most),
    NUMBER_PTR_O(qv_diary_condition, "above", above),
    NUMBER_PTR_O(qv_diary_condition, "below", below),
    CYAML_FIELD_END,
};
ENTRY(diary_condition, qv_diary_condition, diary_condition_fields);

static const cyaml_schema_field_t watch_fields[] = {
    ID(qv_diary_rule, "id", id),
    ID_O(qv_diary_rule, "finding", finding),
    ID_O(qv_diary_rule, "is", is),
    ENUM_PTR_O(qv_diary_rule, "number", number, diary_measures),
    FLAG_O(qv_diary_rule, "at_least", at_least),
    COUNT_O(qv_diary_rule, "over_days", over_days),
    LIST(qv_diary_rule, "if", conditions, condition_count, diary_condition, CYAML_FLAG_DEFAULT),
    TEXT(qv_diary_rule, "text", text),
    ENUM(qv_diary_rule, "grade", grade, grades),
    WORDS(qv_diary_rule, "sources", sources),
    TEXT_O(qv_diary_rule, "note", note),
    CYAML_FIELD_END,
};
ENTRY(watch_rule, qv_diary_rule, watch_fields);

static const cyaml_schema_field_t place_words_fields[] = {
    ID(qv_place_words, "site", site),
    WORDS(qv_place_words, "words", words),
    CYAML_FIELD_END,
};
ENTRY(place_words, qv_place_words, place_words_fields);

static const cyaml_schema_field_t folding_fields[] = {
    COUNT(qv_diary_folding, "usual_over_days", usual_over_days),
    COUNT(qv_diary_folding, "usual_known_days", usual_known_days),
    COUNT(qv_diary_folding, "onset_after_quiet_days", onset_after_quiet_days),
    COUNT(qv_diary_folding, "began_within_days", began_within_days),
    COUNT(qv_diary_folding, "say_again_after_days", say_again_after_days),
    ID(qv_diary_folding, "counted_drink", counted_drink),
    ENUM(qv_diary_folding, "grade", grade, grades),
    WORDS(qv_diary_folding, "sources", sources),
    TEXT_O(qv_diary_folding, "note", note),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t sentence_fields[] = {
    ID(qv_sentence, "id", id),
    TEXT(qv_sentence, "text", text),
    WORDS(qv_sentence, "sources", sources),
    CYAML_FIELD_END,
};
ENTRY(sentence, qv_sentence, sentence_fields);

/* ---- files ---------------------------------------------------------------------------------------------------- */

#define FACTS(key, member, counter, entry) LIST(qv_facts, key, member, counter, entry, CYAML_FLAG_DEFAULT)
#define FACTS_SOURCES FACTS("sources", sources, source_count, source)
#define FACTS_LEVELS FACTS("levels", levels, level_count, level_info)
#define FACTS_NUMBERS FACTS("emergency_numbers", emergency_numbers, emergency_number_count, emergency_number)
#define FACTS_FINDINGS FACTS("findings", findings, finding_count, finding)
#define FACTS_PATTERNS FACTS("patterns", patterns, pattern_count, pattern)
#define FACTS_CONDITIONS FACTS("conditions", conditions, condition_count, condition)
#define FACTS_RED_FLAGS FACTS("red_flags", red_flags, red_flag_count, red_flag)
#define FACTS_CONTRIBUTORS FACTS("contributors", contributors, contributor_count, contributor)
#define FACTS_ADVICE FACTS("advice", advice, advice_count, advice)
#define FACTS_TESTS FACTS("tests", tests, test_count, test)
#define FACTS_MEDICINES FACTS("medicines", medicines, medicine_count, medicine)
#define FACTS_DRINKS FACTS("drinks", drinks, drink_count, drink)
#define FACTS_FOODS FACTS("foods", foods, food_count, food)
#define FACTS_REFERENCES FACTS("references", references, reference_count, reference)
#define FACTS_CLAIMS FACTS("claims", claims, claim_count, claim)
#define FACTS_FOLDING MAPPING(qv_facts, "folding", folding, folding_fields)
#define FACTS_HABITS FACTS("habits", habits, habit_count, habit)
#define FACTS_WATCH FACTS("watch", watch, watch_count, watch_rule)
#define FACTS_PLACES FACTS("places", places, place_count, place_words)
#define FACTS_SENTENCES FACTS("sentences", sentences, sentence_count, sentence)

#define FACTS_TRIALS FACTS("trials", trials, trial_count, trial)
#define FACTS_WASHOUTS FACTS("trial_washouts", trial_washouts, trial_washout_count, trial_washout)
#define FACTS_REFUSALS FACTS("trial_refusals", trial_refusals, trial_refusal_count, trial_refusal)

static const cyaml_schema_field_t facts_fields[] = {
    FACTS_SOURCES,      FACTS_LEVELS,     FACTS_NUMBERS,   FACTS_FINDINGS,
    FACTS_PATTERNS,     FACTS_CONDITIONS, FACTS_RED_FLAGS, FACTS_ADVICE,
    FACTS_CONTRIBUTORS, FACTS_TESTS,      FACTS_MEDICINES, FACTS_DRINKS,
    FACTS_FOODS,        FACTS_REFERENCES, FACTS_CLAIMS,    FACTS_TRIALS,
    FACTS_WASHOUTS,     FACTS_REFUSALS,   FACTS_FOLDING,   FACTS_HABITS,
    FACTS_WATCH,        FACTS_PLACES,     FACTS_SENTENCES, ID(qv_facts, "version", version),
    CYAML_FIELD_END,
};
const cyaml_schema_value_t facts_schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct qv_facts, facts_fields)};

#define FILE_SCHEMA(name, ...)                                                                                         \
    static const cyaml_schema_field_t name##_file_fields[] = {__VA_ARGS__, CYAML_FIELD_END};                           \
    static const cyaml_schema_value_t name##_file = {                                                                  \
        CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct qv_facts, name##_file_fields)}

FILE_SCHEMA(sources, FACTS_SOURCES);
FILE_SCHEMA(levels, FACTS_LEVELS, FACTS_NUMBERS);
FILE_SCHEMA(findings, FACTS_FINDINGS);
FILE_SCHEMA(patterns, FACTS_PATTERNS);
FILE_SCHEMA(red_flags, FACTS_RED_FLAGS);
FILE_SCHEMA(contributors, FACTS_CONTRIBUTORS);
FILE_SCHEMA(advice, FACTS_ADVICE);
FILE_SCHEMA(tests, FACTS_TESTS);
FILE_SCHEMA(medicines, FACTS_MEDICINES);
FILE_SCHEMA(drinks, FACTS_DRINKS);
FILE_SCHEMA(foods, FACTS_FOODS);
FILE_SCHEMA(references, FACTS_REFERENCES);
FILE_SCHEMA(claims, FACTS_CLAIMS);
FILE_SCHEMA(diary, FACTS_FOLDING, FACTS_HABITS, FACTS_WATCH, FACTS_PLACES, FACTS_SENTENCES);
FILE_SCHEMA(trials, FACTS_TRIALS, FACTS_WASHOUTS, FACTS_REFUSALS);

const struct knowledge_file knowledge_files[KNOWLEDGE_FILE_COUNT] = {
    {"sources.yaml", &sources_file},   {"levels.yaml", &levels_file},       {"findings.yaml", &findings_file},
    {"patterns.yaml", &patterns_file}, {"red_flags.yaml", &red_flags_file}, {"contributors.yaml", &contributors_file},
    {"advice.yaml", &advice_file},     {"tests.yaml", &tests_file},         {"medicines.yaml", &medicines_file},
    {"drinks.yaml", &drinks_file},     {"foods.yaml", &foods_file},         {"references.yaml", &references_file},
    {"claims.yaml", &claims_file},     {"diary.yaml", &diary_file},         {"trials.yaml", &trials_file},
};
