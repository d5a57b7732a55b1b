/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The knowledge as shipped is sound and complete; rules mean what docs/rooms/knowledge.md says; medicines are known by
 * the names that people use; every fault that the checker is to find is found, in its file and on its line.
 *
 * Faults are made in a copy of tests/fixtures/knowledge-small, one at a time, so that these tests do not change with
 * the medicine.
 */
#include "knowledge/load.h"
#include "knowledge/rule.h"
#include "knowledge/witness.h"

#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static struct qv_knowledge *knowledge;
static struct qv_arena *arena;

static const char *from_environment(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value ? value : otherwise;
}

static const char *knowledge_directory(void)
{
    return from_environment("QUIVER_KNOWLEDGE", "knowledge");
}

static int load(void **unused)
{
    (void)unused;
    struct qv_error error = {0};
    arena = qv_arena_create(0);
    if (!arena || qv_knowledge_load(knowledge_directory(), &knowledge, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return -1;
    }
    return 0;
}

static int unload(void **unused)
{
    (void)unused;
    qv_knowledge_destroy(knowledge);
    qv_arena_destroy(arena);
    return 0;
}

/* ---- the knowledge as shipped ------------------------------------------------------------------------------------ */

static void print_complaint(const struct qv_complaint *complaint, void *context)
{
    (void)context;
    print_error("%s:%u: %s\n", complaint->file, complaint->line, complaint->text);
}

static void test_no_complaints(void **unused)
{
    (void)unused;
    struct qv_error error = {0};
    uint32_t complaints = 0;
    assert_int_equal(qv_knowledge_check(knowledge_directory(), print_complaint, NULL, &complaints, &error), QV_OK);
    assert_int_equal(complaints, 0);
}

/* As in the contract. */
static const char *const contract_findings[] = {
    "age", "sex", "pregnant", "site", "started_at", "side", "onset_days", "frequency", "episode_seconds", "trend",
    "spread", "eye_and_mouth_together", "sustained_spasm", "in_sleep", "rhythmic", "vertical_lip_tremor",
    "chewing_or_tongue_movements", "mouth_moves_when_blinking", "set_off_by_movement", "urge_before",
    "can_be_held_back", "stops_when_distracted", "worse_with_stress", "undulating", "facial_weakness", "facial_droop",
    "cannot_close_eye", "forehead_spared", "began_suddenly", "speech_difficulty", "swallowing_difficulty",
    "breathing_difficulty", "facial_numbness", "limb_weakness", "limb_numbness", "vision_loss", "double_vision",
    "severe_headache", "confusion", "impaired_awareness", "jerking_spreads", "tongue_biting", "muscle_wasting",
    "tongue_twitching", "muscle_cramps", "tingling_around_mouth", "tingling_hands", "hand_spasms", "palpitations",
    "fast_breathing", "panic", "hearing_loss", "clicking_in_ear", "facial_pain", "ear_rash", "lip_blisters", "fever",
    "weight_loss", "heat_intolerance", "hand_tremor", "slow_movement", "neck_pulling", "jaw_or_eye_locked",
    "restlessness", "low_mood", "anxiety", "suicidal_thoughts", "balance_trouble", "bells_palsy_months_ago",
    "facial_injury_days_ago", "face_or_dental_procedure_days_ago", "filler_or_botulinum_days_ago", "stroke_before",
    "multiple_sclerosis", "epilepsy", "parkinsons", "tics_in_childhood", "family_tics", "family_motor_neuron_disease",
    "kidney_disease", "thyroid_or_parathyroid_surgery", "gut_malabsorption", "eating_disorder", "high_blood_pressure",
    "diabetes", "caffeine_mg_per_day", "other_stimulants", "nicotine", "alcohol_g_per_day", "alcohol_stopped_days_ago",
    "sleep_hours", "poor_sleep_nights_per_week", "stress", "fatigue", "water_ml_per_day", "heavy_sweating",
    "vomiting_or_diarrhoea_days", "fruit_veg_portions_per_day", "magnesium_mg_per_day", "potassium_mg_per_day",
    "medications", "potassium_mmol_l", "magnesium_mmol_l", "calcium_mmol_l", "tsh_miu_l", "measured_twitches_per_min",
    "measured_side", "measured_regions", "measured_eye_mouth_synchrony", "measured_dominant_hz",
    "measured_trend_per_week",
    /* what the red flags need besides */
    "symptoms_resolved", "red_flag_onset_hours", "twitch_began_abruptly", "arm_jerks_with_face",
    "eye_closes_when_smiling", "vertigo", "hallucinations", "heavy_drinking", "lip_or_tongue_swelling", "tick_bite",
    "rigid_jaw", "pregnancy_weeks", "thyroid_surgery_days_ago", "glucose_mmol_l"};

static const char *const contract_conditions[] = {"benign_twitch",
                                                  "benign_fasciculation_syndrome",
                                                  "low_magnesium",
                                                  "low_potassium",
                                                  "low_calcium",
                                                  "hyperventilation",
                                                  "facial_nerve_irritation",
                                                  "bells_palsy",
                                                  "bells_palsy_recovery",
                                                  "hemifacial_spasm",
                                                  "facial_myokymia",
                                                  "stroke_or_tia",
                                                  "focal_seizure",
                                                  "medicine_induced_twitch",
                                                  "tardive_dyskinesia",
                                                  "rabbit_syndrome",
                                                  "acute_dystonia",
                                                  "tic",
                                                  "oromandibular_dystonia",
                                                  "motor_neuron_disease",
                                                  "parkinsonian_tremor",
                                                  "functional_movement",
                                                  "thyrotoxicosis",
                                                  "withdrawal",
                                                  "local_mimic"};

static const char *const contract_contributors[] = {"stress",
                                                    "fatigue",
                                                    "poor_sleep",
                                                    "caffeine",
                                                    "stimulants",
                                                    "alcohol",
                                                    "dehydration",
                                                    "low_magnesium_intake",
                                                    "low_potassium_intake",
                                                    "medicine"};

static bool has_contributor(const char *id)
{
    for (uint32_t i = 0; i < knowledge->facts->contributor_count; i++) {
        if (strcmp(knowledge->facts->contributors[i].id, id) == 0)
            return true;
    }
    return false;
}

static void test_contract_is_covered(void **unused)
{
    (void)unused;
    unsigned missing = 0;
    for (size_t i = 0; i < COUNT_OF(contract_findings); i++) {
        if (qv_form_find(&knowledge->form, contract_findings[i]) < 0)
            print_error("missing finding %u: %s\n", ++missing, contract_findings[i]);
    }
    for (size_t i = 0; i < COUNT_OF(contract_conditions); i++) {
        if (qv_knowledge_condition(knowledge, contract_conditions[i]) < 0)
            print_error("missing condition %u: %s\n", ++missing, contract_conditions[i]);
    }
    for (size_t i = 0; i < COUNT_OF(contract_contributors); i++) {
        if (!has_contributor(contract_contributors[i]))
            print_error("missing contributor %u: %s\n", ++missing, contract_contributors[i]);
    }
    assert_int_equal(missing, 0);
    assert_true(qv_knowledge_condition(knowledge, "other") >= 0);
}

static void test_sizes(void **unused)
{
    (void)unused;
    const struct qv_facts *facts = knowledge->facts;
    uint32_t with_caffeine = 0;
    for (uint32_t i = 0; i < facts->drink_count; i++)
        with_caffeine += facts->drinks[i].caffeine_mg && *facts->drinks[i].caffeine_mg > 0;
    assert_true(facts->medicine_count >= 100);
    assert_true(with_caffeine >= 40);
    assert_true(facts->food_count >= 80);
    assert_true(facts->claim_count >= 60); /* the checker sees to it that none is missing in between */
}

/* ---- rules ------------------------------------------------------------------------------------------------------- */

static void test_rules_that_cannot_be_read(void **unused)
{
    (void)unused;
    static const struct {
        const char *rule, *says;
    } rows[] = {
        {"", "expected the name of a finding"},
        {"facial_drop", "unknown finding"},
        {"facial_droop and", "expected the name of a finding"},
        {"facial_droop facial_weakness", "not understood"},
        {"(facial_droop", "expected )"},
        {"facial_droop)", "not understood"},
        {"sleep_hours", "only a yes/no finding can stand alone"},
        {"sleep_hours <", "expected a number"},
        {"sleep_hours < six", "expected a number"},
        {"sleep_hours < nan", "expected a number"},
        {"sleep_hours < 1e999", "expected a number"},
        {"frequency < daily", "only numbers can be above or below"},
        {"frequency = hourly", "no such answer"},
        {"facial_droop = maybe", "no such answer"},
        {"site = chin", "a list wants"},
        {"site has nose", "no such answer"},
        {"site has any (chin, cheek", "expected )"},
        {"known facial_droop", "expected ("},
        {"known()", "expected the name of a finding"},
        {"count(facial_droop, sleep_hours) >= 1", "count() takes yes/no findings"},
        {"count(facial_droop, fever)", "count() wants a comparison"},
        {"takes(sweets)", "no medicine has the class or effect"},
        {"started(dopamine_blocker)", "days want a comparison"},
        {"where = nowhere", "no such answer"},
        {"where", "only a yes/no finding can stand alone"},
        {"not not not not not not not not not not not not not not not not not fever", "nested too deep"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct qv_error error = {0};
        const struct qv_rule *rule = NULL;
        int status = rule_compile(knowledge, arena, rows[i].rule, &rule, &error);
        if (status != QV_ERR_DATA || !strstr(error.text, rows[i].says) || rule)
            fail_msg("\"%s\": status %d, \"%s\", expected \"%s\"", rows[i].rule, status, error.text, rows[i].says);
    }
}

/* One person, written as words: "fever=yes age=30 site=chin+brow medicine:lithium/started/changed/stopped". */
struct person {
    struct qv_value values[512];
    int8_t levels[640];
    struct qv_dose doses[8];
    struct qv_situation situation;
};

static double days(const char **text)
{
    char *end;
    double value = **text == '-' ? NAN : strtod(*text, &end);
    *text = **text == '-' ? *text + 1 : end;
    *text += **text == '/';
    return value;
}

static uint32_t word_index(const struct qv_field *field, const char *word, size_t length)
{
    for (uint32_t w = 0; w < field->word_count; w++) {
        if (strlen(field->words[w]) == length && strncmp(field->words[w], word, length) == 0)
            return w;
    }
    fail_msg("%s has no word %.*s", field->id, (int)length, word);
    return 0;
}

static struct qv_value read_value(const struct qv_field *field, const char *text)
{
    struct qv_value value = {.kind = QV_WORDS};
    switch (field->type) {
    case QV_FIELD_YES_NO:
        return (struct qv_value){.kind = strcmp(text, "yes") == 0 ? QV_YES : QV_NO};
    case QV_FIELD_NUMBER:
        return (struct qv_value){.kind = QV_NUMBER, .number = strtod(text, NULL)};
    case QV_FIELD_CHOICE:
        return (struct qv_value){.kind = QV_WORD, .words = word_index(field, text, strlen(text))};
    default:
        while (*text) {
            size_t length = strcspn(text, "+");
            value.words |= 1u << word_index(field, text, length);
            text += length + (text[length] == '+');
        }
        return value;
    }
}

static void say(struct person *person, const char *text)
{
    static const char medicine[] = "medicine:";
    char word[200];
    *person = (struct person){.situation = {.values = person->values, .doses = person->doses, .onset_days = NAN}};
    assert_true(knowledge->form.field_count <= COUNT_OF(person->values));
    assert_true(knowledge->evidence_count <= COUNT_OF(person->levels));
    for (int length; sscanf(text, "%199s%n", word, &length) == 1; text += length) {
        if (strncmp(word, medicine, strlen(medicine)) == 0) {
            struct qv_dose *dose = &person->doses[person->situation.dose_count++];
            const char *dates = strchr(word, '/') + 1;
            word[dates - 1 - word] = 0;
            assert_int_equal(qv_knowledge_medicines(knowledge, word + strlen(medicine), &dose->medicine, 1), 1);
            dose->started_days_ago = days(&dates);
            dose->dose_changed_days_ago = days(&dates);
            dose->stopped_days_ago = days(&dates);
            continue;
        }
        char *value = strchr(word, '=');
        *value++ = 0;
        int field = qv_form_find(&knowledge->form, word);
        assert_true(field >= 0);
        person->values[field] = read_value(&knowledge->form.fields[field], value);
        if (field == knowledge->onset)
            person->situation.onset_days = person->values[field].number;
    }
    person->situation.medicines_known = person->situation.dose_count > 0;
    qv_situation_levels(knowledge, &person->situation, person->levels);
}

static const struct qv_rule *compile(const char *text)
{
    struct qv_error error = {0};
    const struct qv_rule *rule = NULL;
    if (rule_compile(knowledge, arena, text, &rule, &error))
        fail_msg("%s", error.text);
    return rule;
}

static void test_rules_hold(void **unused)
{
    (void)unused;
    static const struct {
        const char *rule, *person;
        bool holds;
    } rows[] = {
        /* yes, no, and silence, which counts as no */
        {"fever", "fever=yes", true},
        {"fever", "fever=no", false},
        {"fever", "", false},
        {"not fever", "", true},
        {"fever = no", "fever=no", true},
        {"fever = no", "", false},
        {"fever != yes", "fever=no", true},
        {"fever != yes", "", false},
        {"not fever = no", "", true},
        {"not fever = no", "fever=no", false},
        /* not, then and, then or */
        {"fever or panic and anxiety", "fever=yes", true},
        {"(fever or panic) and anxiety", "fever=yes", false},
        {"fever and panic or anxiety", "anxiety=yes", true},
        {"not fever and panic", "panic=yes", true},
        {"not (fever and panic)", "panic=yes", true},
        {"not (fever or panic)", "panic=yes", false},
        {"not not fever", "fever=yes", true},
        /* numbers */
        {"sleep_hours < 6", "sleep_hours=5.9", true},
        {"sleep_hours < 6", "sleep_hours=6", false},
        {"sleep_hours <= 6", "sleep_hours=6", true},
        {"sleep_hours > 6", "sleep_hours=6", false},
        {"sleep_hours >= 6", "sleep_hours=6", true},
        {"sleep_hours = 6", "sleep_hours=6", true},
        {"sleep_hours != 6", "sleep_hours=7", true},
        {"sleep_hours < 6", "", false},
        {"sleep_hours > 6", "", false},
        {"sleep_hours != 6", "", false},
        {"not sleep_hours < 6", "", true},
        /* words */
        {"frequency = constant", "frequency=constant", true},
        {"frequency = constant", "frequency=daily", false},
        {"frequency != constant", "frequency=daily", true},
        {"frequency != constant", "", false},
        {"site has chin", "site=chin+brow", true},
        {"site has any (chin, cheek)", "site=brow+cheek", true},
        {"site has any (chin, cheek)", "site=brow", false},
        {"site only (chin, cheek)", "site=chin", true},
        {"site only (chin, cheek)", "site=chin+brow", false},
        {"site only (chin, cheek)", "", false},
        {"not site has chin", "", true},
        /* known, count */
        {"known(fever)", "fever=no", true},
        {"known(fever)", "", false},
        {"known(age)", "age=3", true},
        {"known(site)", "site=chin", true},
        {"count(fever, panic, anxiety) >= 2", "fever=yes anxiety=yes", true},
        {"count(fever, panic, anxiety) >= 2", "fever=yes anxiety=no", false},
        {"count(fever, panic, anxiety) < 1", "", true},
        {"count(fever, panic, anxiety) = 3", "fever=yes panic=yes anxiety=yes", true},
        /* medicines and their dates */
        {"takes(dopamine_blocker)", "medicine:haloperidol/-/-/-", true},
        {"takes(dopamine_blocker)", "medicine:haloperidol/9/-/3", false},
        {"takes(dopamine_blocker)", "medicine:sertraline/9/-/-", false},
        {"takes(dystonia)", "medicine:haloperidol/-/-/-", true},
        {"takes(dopamine_blocker)", "", false},
        {"started(dopamine_blocker) <= 7", "medicine:haloperidol/7/-/-", true},
        {"started(dopamine_blocker) <= 7", "medicine:haloperidol/8/-/-", false},
        {"started(dopamine_blocker) <= 7", "medicine:haloperidol/-/-/-", false},
        {"started(dopamine_blocker) <= 7", "medicine:haloperidol/7/-/2", false},
        {"started(dopamine_blocker) <= 7", "medicine:haloperidol/90/-/- medicine:metoclopramide/2/-/-", true},
        {"changed(dopamine_blocker) <= 7", "medicine:haloperidol/90/3/-", true},
        {"changed(dopamine_blocker) <= 7", "medicine:haloperidol/3/-/-", false},
        {"stopped(dopamine_blocker) <= 7", "medicine:haloperidol/90/-/5", true},
        {"stopped(dopamine_blocker) <= 7", "medicine:haloperidol/90/-/-", false},
        {"before_twitch(serotonergic)", "medicine:sertraline/30/-/- onset_days=10", true},
        {"before_twitch(serotonergic)", "medicine:sertraline/10/-/- onset_days=10", true},
        {"before_twitch(serotonergic)", "medicine:sertraline/5/-/- onset_days=10", false},
        {"before_twitch(serotonergic)", "medicine:sertraline/5/-/-", true},
        {"before_twitch(serotonergic)", "medicine:sertraline/-/-/- onset_days=10", true},
        {"before_twitch(serotonergic)", "medicine:sertraline/30/-/2 onset_days=10", false},
        {"before_twitch(serotonergic)", "onset_days=10", false},
        /* patterns: the first level whose rule holds */
        {"where = eye_and_mouth", "site=eyelid+upper_lip", true},
        {"where = mouth_only", "site=upper_lip", true},
        {"where = mouth_only", "", false},
        {"where != mouth_only", "site=arm", true},
        {"where != mouth_only", "", false},
        {"where = body_too", "site=arm+eyelid+upper_lip", true},
        {"known(where)", "site=chin", true},
        {"medicine_dystonia = usual", "medicine:haloperidol/12/-/- onset_days=10", true},
        {"medicine_dystonia = after_twitch", "medicine:haloperidol/2/-/- onset_days=10", true},
        {"medicine_dystonia = undated", "medicine:haloperidol/-/-/- onset_days=10", true},
        {"medicine_dystonia = none", "medicine:paracetamol/2/-/- onset_days=10", true},
        {"known(medicine_dystonia)", "onset_days=10", false},
    };
    static struct person person;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        say(&person, rows[i].person);
        if (qv_rule_holds(knowledge, compile(rows[i].rule), &person.situation) != rows[i].holds)
            fail_msg("\"%s\" for \"%s\": expected %s", rows[i].rule, rows[i].person, rows[i].holds ? "true" : "false");
    }
    assert_true(qv_rule_holds(knowledge, NULL, &person.situation));
}

/* ---- somebody for whom a rule holds ------------------------------------------------------------------------------ */

static void test_every_red_flag_has_a_witness(void **unused)
{
    (void)unused;
    for (uint32_t f = 0; f < knowledge->facts->red_flag_count; f++) {
        struct qv_error error = {0};
        const struct witness *witness = NULL;
        assert_int_equal(rule_witness(knowledge, knowledge->red_flag_rules[f], arena, &witness, &error), QV_OK);
        if (!witness)
            fail_msg("nobody can trigger %s", knowledge->facts->red_flags[f].id);
        assert_true(qv_rule_holds(knowledge, knowledge->red_flag_rules[f], &witness->situation));
    }
}

static void test_witnesses(void **unused)
{
    (void)unused;
    static const struct {
        const char *rule;
        bool exists;
    } rows[] = {
        {"fever and not panic", true},
        {"fever and fever = no", false},
        {"(fever or panic) and not fever", true},
        {"(fever or panic) and not fever and not panic", false},
        {"known(fever) and not fever", true},
        {"fever != yes and not known(fever)", false},
        {"age > 60 and age < 61", true},
        {"age > 60 and age < 60", false},
        {"age >= 60 and age <= 60", true},
        {"sleep_hours > 24", false},
        {"age != 60 and age >= 60 and age <= 61", true},
        {"not age < 60 and known(age)", true},
        {"not age = 60 and known(age) and age >= 60", true},
        {"age < 1 and onset_days > 2000", false},
        {"frequency = constant and frequency = daily", false},
        {"frequency != constant and frequency != daily and frequency != once", true},
        {"site has chin and site only (chin, cheek) and not site has cheek", true},
        {"site only (chin) and site has cheek", false},
        {"not site only (chin) and site has chin", true},
        {"known(site) and not site has any (chin, cheek)", true},
        {"count(fever, panic, anxiety) = 2 and not panic", true},
        {"count(fever, panic, anxiety) >= 2 and not panic and not fever", false},
        {"not count(fever, panic, anxiety) < 3", true},
        {"where = eye_and_mouth and not site has upper_lip", true},
        {"where = mouth_only and site has arm", false},
        {"where != mouth_only and known(where)", true},
        {"known(site) and not known(where)", false}, /* its last level takes any site */
        {"takes(dopamine_blocker) and takes(lithium)", true},
        {"takes(dopamine_blocker) and not takes(antiemetic_dopamine_blocker)", true},
        {"takes(ssri) and not takes(serotonergic)", false},
        {"started(dopamine_blocker) <= 7 and started(dopamine_blocker) >= 90", true}, /* two of them */
        {"takes(lithium) and not known(age) and stopped(lithium) <= 7", true},
        {"before_twitch(ssri) and started(ssri) <= 7 and onset_days <= 3", true},
        {"started(ssri) <= 7 and not before_twitch(serotonergic)", true},
        {"known(medications)", false}, /* its answer is the doses */
        {"medicine_dystonia = usual and onset_days = 10", true},
        {"medicine_dystonia = late", true},
        {"medicine_dystonia = after_twitch", true},
        {"medicine_dystonia = undated and known(onset_days)", true},
        {"medicine_dystonia = none and takes(ssri)", true},
        {"medicine_dystonia = none and not takes(ssri)", true},
        {"known(onset_days) and not known(medicine_dystonia)", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct qv_error error = {0};
        const struct witness *witness = NULL;
        const struct qv_rule *rule = compile(rows[i].rule);
        assert_int_equal(rule_witness(knowledge, rule, arena, &witness, &error), QV_OK);
        if ((witness != NULL) != rows[i].exists)
            fail_msg("\"%s\": expected %s", rows[i].rule, rows[i].exists ? "somebody" : "nobody");
        assert_true(!witness || qv_rule_holds(knowledge, rule, &witness->situation));
    }
}

/* ---- the diary --------------------------------------------------------------------------------------------------- */

static void test_habits_are_those_of_the_contract(void **unused)
{
    (void)unused;
    static const struct {
        const char *id, *per;
        bool drop;
    } rows[] = {{"caffeine", "100 mg", true},   {"sleep", "1 h", true},         {"stress", "1 score", false},
                {"fatigue", "1 score", false},  {"alcohol", "10 g", true},      {"water", "500 mL", false},
                {"magnesium", "100 mg", false}, {"potassium", "500 mg", false}, {"exercise", "30 min", false}};
    assert_int_equal(knowledge->facts->habit_count, COUNT_OF(rows));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int index = qv_knowledge_habit(knowledge, rows[i].id);
        assert_true(index >= 0);
        const struct qv_habit *habit = &knowledge->facts->habits[index];
        assert_string_equal(habit->per, rows[i].per);
        assert_int_equal(habit->after_drop != NULL, rows[i].drop);
        assert_true(exp(2 * habit->prior_sd) > 1.5); /* 1.5 a step is nothing unusual */
    }
    assert_int_equal(qv_knowledge_habit(knowledge, "medicine"), -1); /* never a factor, never a trial */
}

/* "observed_days=20 trend_low=1.01" → the measures; the rest is not known. */
static void measure(const char *text, double measures[QV_DIARY_MEASURE_COUNT])
{
    static const char *const ids[] = {
#define MEASURE_ID(name, id) id,
        QV_DIARY_MEASURE_MAP(MEASURE_ID)
#undef MEASURE_ID
    };
    char id[64];
    double value;
    for (int m = 0; m < QV_DIARY_MEASURE_COUNT; m++)
        measures[m] = NAN;
    for (int length; sscanf(text, " %63[a-z_]=%lf%n", id, &value, &length) == 2; text += length) {
        int m = 0;
        while (m < QV_DIARY_MEASURE_COUNT && strcmp(ids[m], id) != 0)
            m++;
        assert_true(m < QV_DIARY_MEASURE_COUNT);
        measures[m] = value;
    }
}

static void test_the_watchful_diary(void **unused)
{
    (void)unused;
    static const struct {
        const char *rule, *measures;
        bool holds;
    } rows[] = {
        {"worsening", "observed_days=14 trend_low=1.001", true},
        {"worsening", "observed_days=13 trend_low=1.3", false},
        {"worsening", "observed_days=60 trend_low=1", false},
        {"worsening", "observed_days=60", false}, /* not known is not worse */
        {"worsening", "", false},
        {"improving", "observed_days=14 trend_high=0.99", true},
        {"improving", "observed_days=14 trend_high=1", false},
        {"steady", "observed_days=30 trend_low=0.95 trend_high=1.05", true},
        {"steady", "observed_days=30 trend_low=0.5 trend_high=2", false},
        {"lasts", "days_since_onset=15", true},
        {"lasts", "days_since_onset=14", false}, /* a young diary does not make a twitch young */
        {"no_day_without", "days_since_onset=21 observed_days=14 quiet_share=0", true},
        {"no_day_without", "days_since_onset=21 observed_days=13 quiet_share=0", false},
        {"no_day_without", "days_since_onset=21 observed_days=21 quiet_share=0.05", false},
        {"all_the_time", "observed_days=7 quiet_share=0 twitches_per_day=1000", true},
        {"all_the_time", "observed_days=7 quiet_share=0 twitches_per_day=30", false},
        {"moved_on", "new_place_days=2", true},
        {"moved_on", "new_place_days=1", false},
        {"new_medicine", "medicine_days_before=56", true},
        {"new_medicine", "medicine_days_before=-1", false}, /* begun after the twitch */
        {"new_medicine", "medicine_days_before=57", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        double measures[QV_DIARY_MEASURE_COUNT];
        const struct qv_diary_rule *rule = NULL;
        for (uint32_t r = 0; r < knowledge->facts->watch_count; r++) {
            if (strcmp(knowledge->facts->watch[r].id, rows[i].rule) == 0)
                rule = &knowledge->facts->watch[r];
        }
        assert_non_null(rule);
        measure(rows[i].measures, measures);
        if (qv_diary_rule_holds(rule, measures) != rows[i].holds)
            fail_msg("%s with \"%s\": expected %s", rows[i].rule, rows[i].measures, rows[i].holds ? "yes" : "no");
    }
}

/* ---- medicines --------------------------------------------------------------------------------------------------- */

static void test_medicine_names(void **unused)
{
    (void)unused;
    static const struct {
        const char *name, *ids; /* ids joined by "+" */
    } rows[] = {
        {"sertraline", "sertraline"},
        {"Sertraline", "sertraline"},
        {"ZOLOFT", "sertraline"},
        {"  zoloft ", "sertraline"},
        {"sertraline 50 mg", "sertraline"},
        {"Sertraline 50mg tablets", "sertraline"},
        {"levodopa/carbidopa", "levodopa+carbidopa"},
        {"Levodopa + Carbidopa", "levodopa+carbidopa"},
        {"levodopa and carbidopa", "levodopa+carbidopa"},
        {"levodopa 100 mg / carbidopa 25 mg", "levodopa+carbidopa"},
        {"haldol decanoate", "haloperidol"},
        {"unknownium", ""},
        {"unknownium / lithium", "lithium"},
        {"sertralinex", ""},
        {"", ""},
        {" / + ", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint32_t found[4];
        char ids[200] = "";
        uint32_t count = qv_knowledge_medicines(knowledge, rows[i].name, found, COUNT_OF(found));
        size_t length = 0;
        for (uint32_t m = 0; m < count; m++)
            length += (size_t)snprintf(ids + length, sizeof ids - length, "%s%s", m ? "+" : "",
                                       knowledge->facts->medicines[found[m]].id);
        if (strcmp(ids, rows[i].ids) != 0)
            fail_msg("\"%s\" is \"%s\", expected \"%s\"", rows[i].name, ids, rows[i].ids);
    }
    uint32_t one;
    assert_int_equal(qv_knowledge_medicines(knowledge, "levodopa/carbidopa", &one, 1), 1);
    assert_int_equal(qv_knowledge_medicines(knowledge, "sertraline", NULL, 0), 0);
}

/* ---- the checker ------------------------------------------------------------------------------------------------- */

enum where { ON_THE_LINE, NEARBY }; /* NEARBY: what is missing has no line; any line of the file will do */

struct defect {
    const char *file, *good, *bad; /* the first `good` becomes `bad` */
    const char *says;              /* part of the complaint */
    enum where where;
    const char *complains_of; /* the file of the complaint, where it is another */
};

#define BENIGN "conditions/benign_twitch.yaml"
#define STROKE "conditions/stroke.yaml"

static const struct defect defects[] = {
    /* what is not the format */
    {"foods.yaml", "name: \"Banana\"", "nmae: \"Banana\"", "nmae", NEARBY, NULL},
    {"foods.yaml", "magnesium_mg: 32", "magnesium_mg: plenty", "nvalid", NEARBY, NULL},
    {"foods.yaml", "serving: \"one\", ", "", "serving", NEARBY, NULL},
    {"advice.yaml", "when: daily", "when: hourly", "nvalid", NEARBY, NULL},
    /* ids and names */
    {"findings.yaml", "id: began_suddenly", "id: facial_droop", "duplicate", ON_THE_LINE, NULL},
    {"patterns.yaml", "id: where", "id: side", "duplicate", ON_THE_LINE, NULL},
    {"sources.yaml", "id: quiver_estimate", "id: book", "duplicate", ON_THE_LINE, NULL},
    {"foods.yaml", "id: banana", "id: Banana", "small letters", ON_THE_LINE, NULL},
    {"drinks.yaml", "names: [coffee]", "names: [coffee, Coffee]", "duplicate", ON_THE_LINE, NULL},
    {"foods.yaml", "names: [banana]", "names: [coffee]", "duplicate", ON_THE_LINE, NULL},
    {"medicines.yaml", "[sertraline, zoloft]", "[sertraline, zoloft, zoloft]", "duplicate", ON_THE_LINE, NULL},
    {"medicines.yaml", "[sertraline, zoloft]", "[sertraline, Zoloft]", "lower case", ON_THE_LINE, NULL},
    {"medicines.yaml", "[sertraline, zoloft]", "[]", "no names", NEARBY, NULL},
    {STROKE, "id: stroke", "id: strokes", "conditions/strokes.yaml", ON_THE_LINE, NULL},
    /* ids of what is not there */
    {"foods.yaml", "sources: [book]", "sources: [boook]", "boook", ON_THE_LINE, NULL},
    {STROKE, "tests: []", "tests: [bloood]", "bloood", ON_THE_LINE, NULL},
    {"contributors.yaml", "remedies: [sleep_more]", "remedies: [sleep_less]", "sleep_less", ON_THE_LINE, NULL},
    {"advice.yaml", "contributors: [poor_sleep]", "contributors: [poor]", "poor", ON_THE_LINE, NULL},
    {"advice.yaml", "conditions: [benign_twitch]", "conditions: [benign]", "benign", ON_THE_LINE, NULL},
    {BENIGN, "finding: facial_droop", "finding: facial_drop", "facial_drop", ON_THE_LINE, NULL},
    {BENIGN, "is: enough", "is: plenty", "plenty", ON_THE_LINE, NULL},
    {BENIGN, "finding: facial_droop", "finding: site", "pattern", ON_THE_LINE, NULL},
    {"contributors.yaml", "finding: sleep_hours", "finding: sleep", "\"sleep\"", ON_THE_LINE, NULL},
    {"contributors.yaml", "finding: sleep_hours,", "finding: sleep_hours, per: side,", "divides", ON_THE_LINE, NULL},
    {"contributors.yaml", "level: usual", "level: useless", "useless", ON_THE_LINE, NULL},
    {"patterns.yaml", "medicine: twitch", "medicine: itch", "itch", ON_THE_LINE, NULL},
    {"references.yaml", "finding: sleep_hours", "finding: side", "number", ON_THE_LINE, NULL},
    {"claims.yaml", "red_flags/R01", "red_flags/R99", "R99", ON_THE_LINE, NULL},
    {"claims.yaml", "contributors/poor_sleep", "habits/poor_sleep", "habits", ON_THE_LINE, NULL},
    {"claims.yaml", "[conditions/benign_twitch]", "[]", "held nowhere", ON_THE_LINE, NULL},
    {"claims.yaml", "id: C02", "id: C04", "gap", ON_THE_LINE, NULL},
    /* texts */
    {"foods.yaml", "sources: [book]", "sources: []", "no sources", ON_THE_LINE, NULL},
    {STROKE, "blocked.\", sources: [book]", "blocked.\", sources: []", "no sources", ON_THE_LINE, NULL},
    {STROKE, "text: \"Every minute counts.\"", "text: \"\"", "empty", ON_THE_LINE, NULL},
    {"advice.yaml", "Do not stop taking", "You should stop taking", "stop taking", ON_THE_LINE, NULL},
    {"advice.yaml", "Go to bed earlier. Do", "Stop taking pills. Do", "stop taking", ON_THE_LINE, NULL},
    {"advice.yaml", "evidence: D", "evidence: E", "evidence", ON_THE_LINE, NULL},
    /* numbers of conditions */
    {BENIGN, "    p: 0.002", "    p: 0", "0.0005", ON_THE_LINE, NULL},
    {BENIGN, "    p: 0.002", "    p: .nan", "", ON_THE_LINE, NULL},
    {BENIGN, "    p: 0.4", "    p: 0.6", "sum", ON_THE_LINE, NULL},
    {BENIGN, "is: enough", "is: short", "duplicate", NEARBY, NULL},
    {BENIGN, "  p: 0.9", "  p: 1", "prior", ON_THE_LINE, NULL},
    {BENIGN, "  fold: 3", "  fold: 0.5", "fold", ON_THE_LINE, NULL},
    {BENIGN, "from: 0, to: 30", "from: 30, to: 30", "from below to", ON_THE_LINE, NULL},
    {BENIGN, "from: 30, to: 121", "from: 20, to: 121", "ascend", ON_THE_LINE, NULL},
    {BENIGN, "times: 0.9", "times: -1", "times", ON_THE_LINE, NULL},
    {STROKE, "  at: 0.1", "  at: 0", "urgency", ON_THE_LINE, NULL},
    {STROKE, "  at: 0.1", "  at: 1.5", "urgency", ON_THE_LINE, NULL},
    /* findings and patterns */
    {"findings.yaml", "background: 0.02", "background: 1", "between 0 and 1", ON_THE_LINE, NULL},
    {"findings.yaml", "    background: 0.02\n", "", "no background", NEARBY, NULL},
    {"findings.yaml", "    present: \"your face droops\"\n", "", "present", NEARBY, NULL},
    {"findings.yaml", "    absent: \"your face does not droop\"\n", "", "absent", NEARBY, NULL},
    {"findings.yaml", "id: left, background: 0.5", "id: left", "no background", ON_THE_LINE, NULL},
    {"findings.yaml", "below: 9, background: 0.6", "below: 9, background: 0.7", "sum", NEARBY, NULL},
    {"findings.yaml", "below: 9", "below: 5", "ascend", ON_THE_LINE, NULL},
    {"findings.yaml", "below: 9, ", "", "no below", ON_THE_LINE, NULL},
    {"findings.yaml", "id: long, ", "id: long, below: 20, ", "no end", ON_THE_LINE, NULL},
    {"findings.yaml", "min: 0", "min: 24", "min below max", ON_THE_LINE, NULL},
    {"findings.yaml", "    max: 24\n", "", "no min or no max", NEARBY, NULL},
    {"findings.yaml",
     "    levels:\n      - {id: lip, phrase: \"your lip twitches\"}\n"
     "      - {id: eyelid, phrase: \"your eyelid twitches\"}\n",
     "", "no levels", NEARBY, NULL},
    {"patterns.yaml", "id: late", "id: later", "no level \"late\"", NEARBY, NULL},
    {"patterns.yaml", "id: late", "id: later", "\"later\"", ON_THE_LINE, NULL},
    {"patterns.yaml", "when: \"site has eyelid\", ", "", "no when", ON_THE_LINE, NULL},
    /* rules */
    {"red_flags.yaml", "facial_droop and", "facial_drop and", "unknown finding", ON_THE_LINE, NULL},
    {"patterns.yaml", "site has eyelid", "site has eye", "no such answer", ON_THE_LINE, NULL},
    {"patterns.yaml", "site has eyelid", "medicine_twitch = usual", "an earlier one", ON_THE_LINE, NULL},
    {"findings.yaml", "ask_if: \"facial_droop\"", "ask_if: \"facial_droop and\"", "ask_if", ON_THE_LINE, NULL},
    {"advice.yaml", "unless: \"takes(twitch)\"", "unless: \"takes(itch)\"", "class or effect", ON_THE_LINE, NULL},
    {"advice.yaml", "if: \"sleep_hours < 7\"", "if: \"sleep_hours\"", "stand alone", ON_THE_LINE, NULL},
    {"tests.yaml", "onset_days > 14", "onset_days > soon", "number", ON_THE_LINE, NULL},
    {"references.yaml", "known(sleep_hours)", "known(sleep)", "unknown finding", ON_THE_LINE, NULL},
    {"contributors.yaml", "if: \"onset_days > 1\"", "if: \"onset_days ~ 1\"", "yes/no", ON_THE_LINE, NULL},
    {"red_flags.yaml", "not began_suddenly = no", "facial_droop = no", "nobody", ON_THE_LINE, NULL},
    {"red_flags.yaml", "not began_suddenly = no", "sleep_hours > 24", "nobody", ON_THE_LINE, NULL},
    {"red_flags.yaml", "facial_droop and not", "not facial_droop and not", "goes away", ON_THE_LINE, NULL},
    {"red_flags.yaml", "facial_droop and not", "facial_droop = no and not", "goes away", ON_THE_LINE, NULL},
    {"red_flags.yaml", "facial_droop and not", "count(facial_droop) < 1 and not", "goes away", ON_THE_LINE, NULL},
    {"findings.yaml", "    tells_apart: true\n", "", "goes away", NEARBY, "red_flags.yaml"},
    {"red_flags.yaml", "level: emergency", "level: self_care", "self_care", ON_THE_LINE, NULL},
    {"red_flags.yaml", "within: PT0S", "within: soon", "duration", ON_THE_LINE, NULL},
    /* the rest */
    {"levels.yaml", "within: P14D", "within: P2W", "duration", ON_THE_LINE, NULL},
    {"levels.yaml", "id: urgent", "id: routine", "duplicate", NEARBY, NULL},
    {"levels.yaml", "id: urgent", "id: routine", "\"urgent\" is missing", NEARBY, NULL},
    {"levels.yaml", "region: \"*\"", "region: \"FR\"", "everywhere else", NEARBY, NULL},
    {"levels.yaml", "region: GB", "region: Britain", "capital letters", ON_THE_LINE, NULL},
    {"medicines.yaml", "to_days: 30", "to_days: 300", "ascend", ON_THE_LINE, NULL},
    {"references.yaml", "low: 7", "low: 10", "low not above high", ON_THE_LINE, NULL},
    {"references.yaml", "low: 7, high: 9, ", "", "neither low nor high", ON_THE_LINE, NULL},
    {"contributors.yaml", ", points: [{at: 4, odds: 2}, {at: 7, odds: 1}]", "", "neither points", ON_THE_LINE, NULL},
    {"contributors.yaml", "{at: 7, odds: 1}", "{at: 4, odds: 1}", "ascend", ON_THE_LINE, NULL},
    {"contributors.yaml", "{at: 7, odds: 1}", "{at: 7, odds: 0}", "more than 0", ON_THE_LINE, NULL},
    {"trials.yaml", "id: sleep", "id: tea", "the id of a habit", ON_THE_LINE, NULL},
    {"trials.yaml", "grade: estimate", "grade: felt", "nvalid", NEARBY, NULL},
    {"trials.yaml", "text: \"Sleep first.\"", "text: \"Stop taking it.\"", "stop taking", ON_THE_LINE, NULL},
    {"trials.yaml", "washout_days: 1", "washout_days: 0", "washout_days", ON_THE_LINE, NULL},
    {"trials.yaml", "half_life_h: 5", "half_life_h: -5", "half_life_h", ON_THE_LINE, NULL},
    {"trials.yaml", "half_life_h: 20", "half_life_h: 0", "half_life_h", ON_THE_LINE, NULL},
    {"trials.yaml", "worth: 0.7", "worth: 1.7", "worth", ON_THE_LINE, NULL},
    {"trials.yaml", "step_days: 2, ", "", "not whole", ON_THE_LINE, NULL},
    {"trials.yaml", "step: \"A step down.\", ", "", "not whole", ON_THE_LINE, NULL},
    {"trials.yaml", "changed: \"Drink half.\"", "changed: \"\"", "empty", ON_THE_LINE, NULL},
    {"trials.yaml", "trial: sleep", "trial: coffee", "coffee", ON_THE_LINE, NULL},
    {"trials.yaml", "sleep_hours < 3", "sleep_hours", "stand alone", ON_THE_LINE, NULL},
    {"trials.yaml", "takes(twitch)", "takes(itch)", "class or effect", ON_THE_LINE, NULL},
    {"trials.yaml", "level: urgent, ", "", "refuses everything", ON_THE_LINE, NULL},
    {"trials.yaml", "Never with a medicine.\", sources: [book]", "Never.\", sources: []", "no sources", ON_THE_LINE,
     NULL},
    {"drinks.yaml", "caffeine_low_mg: 95", "caffeine_low_mg: 150", "usual amount", ON_THE_LINE, NULL},
    {"foods.yaml", "magnesium_mg: 32, potassium_mg: 422, ", "", "neither", ON_THE_LINE, NULL},
    /* the diary */
    {"diary.yaml", "measure: observed_days", "measure: seen_days", "nvalid", NEARBY, NULL},
    {"diary.yaml", "step: 1", "step: 2", "the same number", ON_THE_LINE, NULL},
    {"diary.yaml", "step: 1", "step: 0", "the same number", ON_THE_LINE, NULL},
    {"diary.yaml", "prior_sd: 0.5", "prior_sd: 0", "prior_sd", ON_THE_LINE, NULL},
    {"diary.yaml", "prior_sd: 0.5", "prior_sd: .nan", "nvalid", ON_THE_LINE, NULL},
    {"diary.yaml", "finding: sleep_hours", "finding: side", "number", ON_THE_LINE, NULL},
    {"diary.yaml", "finding: onset_days", "finding: onset", "a finding", ON_THE_LINE, NULL},
    {"diary.yaml", "    number: days_since_onset\n", "", "expected number", NEARBY, NULL},
    {"diary.yaml", "is: left", "is: up", "\"up\"", ON_THE_LINE, NULL},
    {"diary.yaml", ", least: 15", "", "compares with nothing", ON_THE_LINE, NULL},
    {"diary.yaml", "site: eyelid", "site: nose", "nose", ON_THE_LINE, NULL},
    {"diary.yaml", "usual_known_days: 7", "usual_known_days: 29", "usual_over_days", ON_THE_LINE, NULL},
    {"diary.yaml", "counted_drink: coffee", "counted_drink: soup", "id of a drink", ON_THE_LINE, NULL},
    {"diary.yaml", "step: 1\n", "step: 1\n    half_life_h: 5\n", "absorbed_h", NEARBY, NULL},
    {"diary.yaml", "id: keep_noting", "id: keep", "nothing says", ON_THE_LINE, NULL},
    {"diary.yaml", "id: keep_noting", "id: keep", "\"keep_noting\" is missing", NEARBY, NULL},
    {"diary.yaml", "{habits}!", "{habit}!", "{habit}", ON_THE_LINE, NULL},
    {"diary.yaml", "{habits}!", "All!", "lacks {habits}", ON_THE_LINE, NULL},
    {"diary.yaml", "{effect} {when}, {low} to {high}.", "{effect} {when}, {low}.", "lacks {high}", ON_THE_LINE, NULL},
    {"diary.yaml", "{habits}!", "{habits}! {", "single brace", ON_THE_LINE, NULL},
    {"diary.yaml", "{habits}!", "}{habits}!", "single brace", ON_THE_LINE, NULL},
};

/* A copy of the fixture: links to its files, all but the one that is changed. */
struct copy {
    char directory[64];
    char fixture[PATH_MAX];
};

static const char *const condition_files[] = {BENIGN, STROKE};

static const char *file_name(size_t i)
{
    return i < KNOWLEDGE_FILE_COUNT ? knowledge_files[i].name : condition_files[i - KNOWLEDGE_FILE_COUNT];
}

static void join(char out[static PATH_MAX], const char *directory, const char *name)
{
    assert_true(snprintf(out, PATH_MAX, "%s/%s", directory, name) < PATH_MAX);
}

static void link_file(const struct copy *copy, const char *name)
{
    char from[PATH_MAX], to[PATH_MAX];
    join(from, copy->fixture, name);
    join(to, copy->directory, name);
    assert_int_equal(symlink(from, to), 0);
}

static void unlink_file(const struct copy *copy, const char *name)
{
    char path[PATH_MAX];
    join(path, copy->directory, name);
    assert_int_equal(unlink(path), 0);
}

static int make_copy(void **state)
{
    struct copy *copy = calloc(1, sizeof *copy);
    char fixture[PATH_MAX], conditions[PATH_MAX];
    if (!copy)
        return -1;
    *state = copy;
    join(fixture, from_environment("QUIVER_FIXTURES", "tests/fixtures"), "knowledge-small");
    snprintf(copy->directory, sizeof copy->directory, "/tmp/quiver-knowledge-XXXXXX");
    if (!realpath(fixture, copy->fixture) || !mkdtemp(copy->directory))
        return -1;
    join(conditions, copy->directory, "conditions");
    if (mkdir(conditions, 0700))
        return -1;
    for (size_t i = 0; i < KNOWLEDGE_FILE_COUNT + COUNT_OF(condition_files); i++)
        link_file(copy, file_name(i));
    return 0;
}

static int delete_copy(void **state)
{
    struct copy *copy = *state;
    char conditions[PATH_MAX];
    for (size_t i = 0; i < KNOWLEDGE_FILE_COUNT + COUNT_OF(condition_files); i++)
        unlink_file(copy, file_name(i));
    join(conditions, copy->directory, "conditions");
    int status = rmdir(conditions) || rmdir(copy->directory);
    free(copy);
    return status;
}

/* Writes the file with its defect in the place of the link. Returns the line of the defect. */
static uint32_t spoil(const struct copy *copy, const struct defect *defect)
{
    char path[PATH_MAX];
    struct qv_text text;
    struct qv_error error = {0};
    qv_text_init(&text, KNOWLEDGE_FILE_MAX_BYTES);
    join(path, copy->fixture, defect->file);
    assert_int_equal(qv_text_read_file(&text, path, KNOWLEDGE_FILE_MAX_BYTES, &error), QV_OK);
    const char *at = strstr(text.bytes, defect->good);
    if (!at)
        fail_msg("%s has no \"%s\"", defect->file, defect->good);

    uint32_t line = 1;
    for (const char *p = text.bytes; p < at; p++)
        line += *p == '\n';
    unlink_file(copy, defect->file);
    join(path, copy->directory, defect->file);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%.*s%s%s", (int)(at - text.bytes), text.bytes, defect->bad, at + strlen(defect->good));
    assert_int_equal(fclose(file), 0);
    qv_text_finish(&text);
    return line;
}

struct expected {
    const struct defect *defect;
    uint32_t line;
    bool found;
    struct qv_text all; /* what was said, for a failing test */
};

static void compare_complaint(const struct qv_complaint *complaint, void *context)
{
    struct expected *expected = context;
    const struct defect *defect = expected->defect;
    const char *file = defect->complains_of ? defect->complains_of : defect->file;
    bool line_fits = defect->where == NEARBY ? complaint->line > 0 : complaint->line == expected->line;
    expected->found |= line_fits && strcmp(complaint->file, file) == 0 && strstr(complaint->text, defect->says);
    qv_text_printf(&expected->all, "  %s:%u: %s\n", complaint->file, complaint->line, complaint->text);
}

static void test_defects_are_found(void **state)
{
    const struct copy *copy = *state;
    unsigned missed = 0;
    for (size_t i = 0; i < COUNT_OF(defects); i++) {
        const struct defect *defect = &defects[i];
        struct expected expected = {.defect = defect, .line = spoil(copy, defect)};
        struct qv_error error = {0};
        uint32_t complaints = 0;
        qv_text_init(&expected.all, 1 << 20);
        assert_int_equal(qv_knowledge_check(copy->directory, compare_complaint, &expected, &complaints, &error), QV_OK);
        if (!expected.found || complaints == 0) {
            missed++;
            print_error("%s: \"%s\" → \"%s\": expected line %u to say \"%s\", found\n%s", defect->file, defect->good,
                        defect->bad, expected.line, defect->says,
                        expected.all.bytes ? expected.all.bytes : "  nothing\n");
        }
        /* Whatever the checker complains of, the loader does not load. */
        struct qv_knowledge *spoilt = NULL;
        assert_int_equal(qv_knowledge_load(copy->directory, &spoilt, &error), QV_ERR_DATA);
        assert_null(spoilt);
        qv_text_finish(&expected.all);
        unlink_file(copy, defect->file);
        link_file(copy, defect->file);
    }
    assert_int_equal(missed, 0);
}

static void test_fixture_is_sound(void **state)
{
    const struct copy *copy = *state;
    struct qv_error error = {0};
    uint32_t complaints = 0;
    assert_int_equal(qv_knowledge_check(copy->directory, print_complaint, NULL, &complaints, &error), QV_OK);
    assert_int_equal(complaints, 0);
}

static void count_complaint(const struct qv_complaint *complaint, void *context)
{
    (void)complaint;
    ++*(unsigned *)context;
}

/* One fault does not hide another. */
static void test_all_faults_are_told(void **state)
{
    const struct copy *copy = *state;
    static const struct defect both[] = {
        {.file = "foods.yaml", .good = "sources: [book]", .bad = "sources: [boook]"},
        {.file = "drinks.yaml", .good = "caffeine_low_mg: 95", .bad = "caffeine_low_mg: 950"},
        {.file = "tests.yaml", .good = "onset_days >", .bad = "onset >"}};
    for (size_t i = 0; i < COUNT_OF(both); i++)
        spoil(copy, &both[i]);
    struct qv_error error = {0};
    uint32_t complaints = 0;
    unsigned told = 0;
    assert_int_equal(qv_knowledge_check(copy->directory, count_complaint, &told, &complaints, &error), QV_OK);
    assert_int_equal(told, 3);
    assert_int_equal(complaints, 3);
    for (size_t i = 0; i < COUNT_OF(both); i++) {
        unlink_file(copy, both[i].file);
        link_file(copy, both[i].file);
    }
}

static void test_no_such_directory(void **unused)
{
    (void)unused;
    struct qv_error error = {0};
    uint32_t complaints = 0;
    struct qv_knowledge *none = NULL;
    assert_int_equal(qv_knowledge_check("/nonexistent", print_complaint, NULL, &complaints, &error), QV_ERR_NO_INPUT);
    assert_int_equal(qv_knowledge_load("/nonexistent", &none, &error), QV_ERR_NO_INPUT);
    assert_non_null(strstr(error.text, "/nonexistent"));
    assert_null(none);
}

int main(void)
{
    const struct CMUnitTest shipped[] = {
        cmocka_unit_test(test_no_complaints),
        cmocka_unit_test(test_contract_is_covered),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_rules_that_cannot_be_read),
        cmocka_unit_test(test_rules_hold),
        cmocka_unit_test(test_every_red_flag_has_a_witness),
        cmocka_unit_test(test_witnesses),
        cmocka_unit_test(test_habits_are_those_of_the_contract),
        cmocka_unit_test(test_the_watchful_diary),
        cmocka_unit_test(test_medicine_names),
        cmocka_unit_test(test_no_such_directory),
    };
    const struct CMUnitTest checker[] = {
        cmocka_unit_test(test_fixture_is_sound),
        cmocka_unit_test(test_defects_are_found),
        cmocka_unit_test(test_all_faults_are_told),
    };
    int failed = cmocka_run_group_tests_name("knowledge", shipped, load, unload);
    return failed + cmocka_run_group_tests_name("knowledge check", checker, make_copy, delete_copy);
}
