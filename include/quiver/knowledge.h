/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file knowledge.h — what medicine knows, as loaded from `knowledge/` (docs/rooms/knowledge.md has the files' format).
 *
 * Two layers. `struct qv_facts` is the YAML, word for word: libcyaml fills it, or the compiler does (the built-in copy
 * is constant data, so that the program starts without reading a file). `struct qv_knowledge` adds what can be worked
 * out from it once: ids resolved to indices, rules compiled, likelihoods as tables. Both are read-only after creation
 * and may be shared between threads.
 *
 * Words. A *finding* is what a person can be asked; a *pattern* is a reading of several findings together; both are
 * *evidence*, and each piece of evidence has *levels* (no/yes; short/enough/long sleep). A *cell* is one level of one
 * piece of evidence: the tables have a row a cell and a column a condition.
 *
 * Strings are UTF-8 and live as long as the knowledge. Counts are of entries.
 */
#ifndef QUIVER_KNOWLEDGE_H
#define QUIVER_KNOWLEDGE_H

#include <quiver/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the facts: a struct for each mapping of the YAML ------------------------------------------------------------ */

enum qv_grade { QV_GRADE_ESTIMATE, QV_GRADE_GUIDELINE, QV_GRADE_DERIVED, QV_GRADE_MEASURED };
enum qv_read { QV_READ_RECALLED, QV_READ_SEEN, QV_READ_ESTIMATE };
/** From calm to urgent, so that the higher number is the more urgent. */
enum qv_level { QV_SELF_CARE, QV_ROUTINE, QV_URGENT, QV_EMERGENCY };
#define QV_LEVEL_COUNT 4
enum qv_section {
    QV_SECTION_PERSON,
    QV_SECTION_TWITCH,
    QV_SECTION_WITH_IT,
    QV_SECTION_HISTORY,
    QV_SECTION_HABITS,
    QV_SECTION_MEDICINES,
    QV_SECTION_LABORATORY,
    QV_SECTION_MEASURED,
};
enum qv_when { QV_WHEN_NOW, QV_WHEN_DAILY, QV_WHEN_DISCUSS };
enum qv_verdict { QV_VERDICT_SUPPORTED, QV_VERDICT_NUANCED, QV_VERDICT_WEAK, QV_VERDICT_CONTRADICTED };

/** A list of words: ids or names. */
struct qv_words {
    const char **at;
    uint32_t count;
};

/** A sentence and who stands behind it. */
struct qv_statement {
    const char *text;
    struct qv_words sources;
};
struct qv_statements {
    struct qv_statement *at;
    uint32_t count;
};

struct qv_source {
    const char *id, *authors, *title, *where;
    int32_t year; /**< 0: undated */
    enum qv_read read;
};

struct qv_level_info {
    enum qv_level id;
    const char *title, *text, *within; /**< within: ISO 8601 duration */
    struct qv_words sources;
};
struct qv_emergency_number {
    const char *region, *name, *number, *crisis_line; /**< region: ISO 3166 alpha-2, or "*"; crisis_line may be NULL */
    struct qv_words sources;
};

/** One level of a number, a choice or a pattern. */
struct qv_evidence_level {
    const char *id, *phrase;
    const char *when;   /**< patterns: the rule, or NULL */
    double *below;      /**< numbers: the bin ends below this; NULL = no upper end */
    double *background; /**< how often among people who come with a twitching lip; NULL in choices */
};
struct qv_evidence_levels {
    struct qv_evidence_level *at;
    uint32_t count;
};

struct qv_finding {
    const char *id, *question, *why, *present, *absent, *unit, *ucum, *sign, *ask_if, *loinc, *snomed, *note;
    enum qv_section section;
    enum qv_field_type type;
    double *minimum, *maximum;
    double seconds;     /**< effort of answering */
    double *background; /**< yes/no: how often yes */
    uint32_t screen;    /**< place in the red-flag screen, 0 = not in it */
    bool reassuring;
    bool tells_apart; /**< tells one emergency from another: a red flag may ask for its "no" */
    enum qv_grade grade;
    struct qv_evidence_levels levels;
    struct qv_words sources;
};

struct qv_pattern {
    const char *id, *text, *sign, *medicine, *note; /**< medicine: the effect whose dates it reads, or NULL */
    bool from_stop; /**< the dates count from stopping the medicine or changing its dose, not from starting it */
    enum qv_grade grade;
    struct qv_evidence_levels levels;
    struct qv_words sources;
};

struct qv_age_factor {
    double from, to, times; /**< years, [from, to) */
};
struct qv_prior {
    double p, fold;
    double *female, *male;
    enum qv_grade grade;
    struct qv_age_factor *by_age;
    uint32_t by_age_count;
    const char *note;
    struct qv_words sources;
};
struct qv_likelihood {
    const char *finding, *is, *text, *note; /**< is: the level; NULL = yes */
    double p;
    uint32_t n; /**< people behind a measured figure; 0 = not given */
    enum qv_grade grade;
    struct qv_words sources;
};
struct qv_urgency {
    enum qv_level level;
    double at;
    const char *text;
    struct qv_words sources;
};
struct qv_condition {
    const char *id, *name, *clinical_name, *icd10, *icd10_cm, *snomed, *note;
    struct qv_statements what, helps, watch;
    struct qv_statement how_common;
    bool by_habits; /**< a twitch that the contributors explain */
    bool catch_all; /**< what no file describes: gets at least its prior, however well another cause fits */
    struct qv_prior prior;
    struct qv_likelihood *likelihoods;
    uint32_t likelihood_count;
    struct qv_urgency urgency;
    struct qv_words tests, sources;
};

struct qv_red_flag {
    const char *id, *dossier, *within, *when, *text, *note;
    enum qv_level level;
    bool crisis; /**< who has it is given the crisis line of their region */
    enum qv_grade grade;
    struct qv_words sources;
};

struct qv_curve_point {
    double at, odds;
};
struct qv_curve {
    const char *if_rule, *finding, *per, *level; /**< level: a level of the finding, with `odds`; else points */
    double *odds;
    struct qv_curve_point *points;
    uint32_t point_count;
};
struct qv_contributor_part {
    struct qv_curve *curves;
    uint32_t curve_count;
};
struct qv_contributor {
    const char *id, *name, *text, *note;
    struct qv_contributor_part *parts;
    uint32_t part_count;
    enum qv_grade grade;
    struct qv_words sources, remedies;
};

struct qv_advice {
    const char *id, *title, *text, *how, *for_how_long, *if_rule, *unless, *caution, *evidence, *note;
    enum qv_when when;
    struct qv_words contributors, conditions, sources;
    enum qv_level *level, *level_at_most;
};

struct qv_test {
    const char *id, *name, *text, *if_rule;
    struct qv_words sources;
};

struct qv_effect {
    const char *effect;
    double from_days, to_days, latest_days;
    double *persists_days; /**< how long after stopping it may still begin; NULL = a week */
};
struct qv_medicine {
    const char *id, *note;
    enum qv_read read;
    struct qv_words names, atc, classes, sources;
    struct qv_effect *effects;
    uint32_t effect_count;
};

struct qv_drink {
    const char *id, *name, *serving, *note;
    double *ml, *caffeine_mg, *caffeine_low_mg, *caffeine_high_mg, *alcohol_g;
    struct qv_words names, sources;
};
struct qv_food {
    const char *id, *name, *serving, *note;
    double *magnesium_mg, *potassium_mg;
    struct qv_words names, sources;
};
struct qv_reference {
    const char *id, *finding, *if_rule, *unit, *text, *note;
    double *low, *high;
    struct qv_words sources;
};
struct qv_claim {
    const char *id, *claim, *tag, *says;
    enum qv_verdict verdict;
    struct qv_words held_by, sources;
};

/* ---- the diary: diary.yaml -------------------------------------------------------------------------------------------- */

/** A habit that can be logged, as a factor of the analysis. */
struct qv_habit {
    const char *id;      /**< a kind of diary entry: "caffeine" */
    const char *name;    /**< within a sentence: "exercise" */
    const char *finding; /**< the finding of a case that its usual amount fills; NULL: none */
    const char *per;     /**< the step that a rate ratio is for, as the contract has it: "100 mg" */
    const char *same_day, *day_after,
        *after_drop; /**< "on days with 100 mg more caffeine"; after_drop NULL: not looked at */
    const char *note;
    double step;                    /**< that step, in the diary's unit */
    double prior_sd;                /**< of the logarithm of the rate ratio of one step */
    double half_life_h, absorbed_h; /**< half of it has left the body, or is taken up, in so long; 0: no such thing */
    enum qv_grade grade;
    struct qv_words sources;
};

/** What can be told of a diary before anything is weighed. Not known is NaN. */
#define QV_DIARY_MEASURE_MAP(X)                                                                                        \
    X(OBSERVED_DAYS, "observed_days")       /* in the rule's window, with an entry of twitches */                      \
    X(QUIET_SHARE, "quiet_share")           /* of those, the share without a twitch */                                 \
    X(TWITCHES_PER_DAY, "twitches_per_day") /* mean of those */                                                        \
    X(DAYS_SINCE_ONSET, "days_since_onset") /* since the first twitch of the bout that goes on */                      \
    X(TREND, "trend")                       /* rate ratio a week, in the window */                                     \
    X(TREND_LOW, "trend_low")               /* its 95 % interval */                                                    \
    X(TREND_HIGH, "trend_high")                                                                                        \
    X(NEW_PLACE_DAYS, "new_place_days")             /* days on which a place was named where the bout did not begin */ \
    X(MEDICINE_DAYS_BEFORE, "medicine_days_before") /* from the newest medicine to the first twitch after it */

enum qv_diary_measure {
#define QV_DIARY_MEASURE_ENUM(name, id) QV_DIARY_##name,
    QV_DIARY_MEASURE_MAP(QV_DIARY_MEASURE_ENUM)
#undef QV_DIARY_MEASURE_ENUM
        QV_DIARY_MEASURE_COUNT
};

/** One condition on one measure. All that are given must hold; what is not known holds nothing. */
struct qv_diary_condition {
    enum qv_diary_measure measure;
    double *least, *most, *above, *below; /**< ≥, ≤, >, < */
};
/** What a diary shows by itself, and the finding that it fills. Of the rules of one finding the first that holds counts. */
struct qv_diary_rule {
    const char *id, *text, *note;
    const char *finding;           /**< NULL: only said */
    const char *is;                /**< the level it is set to, "yes" and "no" too; NULL: `number` */
    enum qv_diary_measure *number; /**< the measure that a number is set to */
    bool at_least;                 /**< the diary proves so much: of it and what was said, the larger counts */
    uint32_t over_days;            /**< the window: so many days up to the last; 0: the whole diary */
    struct qv_diary_condition *conditions;
    uint32_t condition_count;
    enum qv_grade grade;
    struct qv_words sources;
};
/** Words of a note that name a place, as a level of the finding `site`. */
struct qv_place_words {
    const char *site;
    struct qv_words words;
};
/** How a diary is folded into findings. */
struct qv_diary_folding {
    uint32_t usual_over_days;        /**< the usual amount of a habit is its mean over the last so many days… */
    uint32_t usual_known_days;       /**< …of which at least so many must be known */
    uint32_t onset_after_quiet_days; /**< so many observed days in a row without a twitch end a bout */
    uint32_t began_within_days;      /**< places named so soon after the onset are where it began */
    uint32_t say_again_after_days;   /**< what the diary shows is said again after so long */
    const char *counted_drink;       /**< the drink of which Apple Health counts one */
    enum qv_grade grade;
    const char *note;
    struct qv_words sources;
};

/** Sentences about triggers: id, and the words in {…} that each has. */
#define QV_SENTENCE_MAP(X)                                                                                             \
    X(MORE, "more", "n")                                                                                               \
    X(FEWER, "fewer", "n")                                                                                             \
    X(TIMES, "times", "n")                                                                                             \
    X(SAME, "same", "")                                                                                                \
    X(LIKELY_TRIGGER, "likely_trigger", "effect when low high")                                                        \
    X(POSSIBLE_TRIGGER, "possible_trigger", "effect when low high")                                                    \
    X(NO_CLEAR_EFFECT, "no_clear_effect", "when low high")                                                             \
    X(LIKELY_PROTECTIVE, "likely_protective", "effect when low high")                                                  \
    X(NOT_ENOUGH_DATA, "not_enough_data", "habit days known date")                                                     \
    X(NOT_ENOUGH_CHANGE, "not_enough_change", "habit known")                                                           \
    X(NOT_LOGGED, "not_logged", "habits")                                                                              \
    X(FOUND_LIKELY, "found_likely", "habits")                                                                          \
    X(FOUND_POSSIBLE, "found_possible", "habits")                                                                      \
    X(FOUND_PROTECTIVE, "found_protective", "habits")                                                                  \
    X(FOUND_NOTHING, "found_nothing", "")                                                                              \
    X(FOUND_TOO_EARLY, "found_too_early", "")                                                                          \
    X(TREND_RISING, "trend_rising", "effect low high")                                                                 \
    X(TREND_FALLING, "trend_falling", "effect low high")                                                               \
    X(TREND_UNCLEAR, "trend_unclear", "low high")                                                                      \
    X(TREND_STEADY, "trend_steady", "")                                                                                \
    X(ASSOCIATION, "association", "")                                                                                  \
    X(IN_BODY, "in_body", "habit hours effect low high")                                                               \
    X(ENTWINED, "entwined", "habit with")                                                                              \
    X(TRY_IT, "try_it", "habit id")                                                                                    \
    X(KEEP_NOTING, "keep_noting", "")

enum qv_sentence_id {
#define QV_SENTENCE_ENUM(name, id, words) QV_SENTENCE_##name,
    QV_SENTENCE_MAP(QV_SENTENCE_ENUM)
#undef QV_SENTENCE_ENUM
        QV_SENTENCE_COUNT
};
struct qv_sentence {
    const char *id, *text; /**< words in {…} stand for what the diary showed */
    struct qv_words sources;
};

/* ---- trials: trials.yaml ---------------------------------------------------------------------------------------------- */

/** A habit that a person may experiment with, and how it is changed: to `times` × usual + `plus`. */
struct qv_trial_info {
    const char *id, *name, *unit, *note; /**< id: of a habit, whose finding holds the usual amount */
    bool more;                           /**< changed is more than usual */
    double times, plus;
    double *least;                   /**< of the usual amount, for a change to be worth the while */
    double *step_share, *step_least; /**< one step down: so much of usual, at least so much; NULL: no steps */
    double step_days, washout_days, half_life_h; /**< half_life_h: five of them must pass; 0: none */
    double worth;                                /**< the rate ratio that is looked for */
    const char *usual, *changed, *step, *settle, *caution;
    struct qv_words sources;
};
/** For whom a habit's washout is longer. */
struct qv_trial_washout {
    const char *id, *trial, *if_rule, *text, *note;
    double half_life_h;
    enum qv_grade grade;
    struct qv_words sources;
};
/** For whom, or of what, there is no trial. */
struct qv_trial_refusal {
    const char *id, *if_rule, *text; /**< if_rule NULL: for everyone */
    struct qv_words trials;          /**< words a trial was asked of; none: any habit */
    enum qv_level *level;            /**< from this level of urgency on; NULL: whatever the level */
    struct qv_words sources;
};

/** All of `knowledge/`. Conditions are in order of their file names, the rest as in their files. */
struct qv_facts {
    struct qv_source *sources;
    uint32_t source_count;
    struct qv_level_info *levels;
    uint32_t level_count;
    struct qv_emergency_number *emergency_numbers;
    uint32_t emergency_number_count;
    struct qv_finding *findings;
    uint32_t finding_count;
    struct qv_pattern *patterns;
    uint32_t pattern_count;
    struct qv_condition *conditions;
    uint32_t condition_count;
    struct qv_red_flag *red_flags;
    uint32_t red_flag_count;
    struct qv_contributor *contributors;
    uint32_t contributor_count;
    struct qv_advice *advice;
    uint32_t advice_count;
    struct qv_test *tests;
    uint32_t test_count;
    struct qv_medicine *medicines;
    uint32_t medicine_count;
    struct qv_drink *drinks;
    uint32_t drink_count;
    struct qv_food *foods;
    uint32_t food_count;
    struct qv_reference *references;
    uint32_t reference_count;
    struct qv_claim *claims;
    uint32_t claim_count;
    struct qv_diary_folding folding;
    struct qv_habit *habits;
    uint32_t habit_count;
    struct qv_diary_rule *watch;
    uint32_t watch_count;
    struct qv_place_words *places;
    uint32_t place_count;
    struct qv_sentence *sentences;
    uint32_t sentence_count;
    struct qv_trial_info *trials;
    uint32_t trial_count;
    struct qv_trial_washout *trial_washouts;
    uint32_t trial_washout_count;
    struct qv_trial_refusal *trial_refusals;
    uint32_t trial_refusal_count;
    const char *version; /**< a hash of the files' bytes: same knowledge, same version */
};

/* ---- rules -------------------------------------------------------------------------------------------------------- */

#define QV_EVIDENCE_WORDS 5
#define QV_EVIDENCE_MAX (64 * QV_EVIDENCE_WORDS)

/** A set of evidence: bit e of word e/64. */
struct qv_evidence_set {
    uint64_t words[QV_EVIDENCE_WORDS];
};

static inline void qv_evidence_add(struct qv_evidence_set *set, uint32_t evidence)
{
    set->words[evidence / 64] |= (uint64_t)1 << (evidence % 64);
}

static inline bool qv_evidence_has(const struct qv_evidence_set *set, uint32_t evidence)
{
    return set->words[evidence / 64] >> (evidence % 64) & 1;
}

struct qv_rule; /**< a compiled `when`; see qv_rule_holds() */

/** What a rule looks at. Indices are of evidence (findings first, then patterns). */
struct qv_situation {
    const struct qv_value *values; /**< [finding_count] */
    const int8_t *levels;          /**< [evidence_count], -1 = not known */
    const struct qv_dose *doses;   /**< the medicines that quiver recognised */
    uint32_t dose_count;
    double onset_days;                            /**< NaN = not known */
    bool medicines_known, medicines_unrecognised; /**< the list was given; some names on it are not known to us */
};

/** One recognised medicine of this person. Days are NaN where not said. */
struct qv_dose {
    uint32_t medicine; /**< index into facts->medicines */
    double started_days_ago, dose_changed_days_ago, stopped_days_ago;
};

struct qv_knowledge;

/** True when the rule holds. Silence counts as no. NULL holds (no rule, no restriction). Pure; no allocation. */
bool qv_rule_holds(const struct qv_knowledge *knowledge, const struct qv_rule *rule,
                   const struct qv_situation *situation);

/**
 * The same, and adds to @p read the evidence that was looked at on the way to the result. While nothing of that changes,
 * neither does the result, whatever else becomes known.
 */
bool qv_rule_reads(const struct qv_knowledge *knowledge, const struct qv_rule *rule,
                   const struct qv_situation *situation, struct qv_evidence_set *read);

/* ---- the knowledge, ready for use ---------------------------------------------------------------------------------- */

/** Columns of the tables: conditions, padded so that loops over them need no tail. */
#define QV_CONDITION_MAX 32
#define QV_GROUP_MAX 128
#define QV_DRAWS 61

/** One piece of evidence: a finding, or (from finding_count on) a pattern. */
struct qv_evidence {
    const char *id;
    uint32_t first_cell; /**< its levels are cells first_cell … first_cell + level_count - 1; yes/no: 0 no, 1 yes */
    uint32_t level_count;
    int32_t sign;    /**< sign group, or -1 */
    bool weighed;    /**< some condition says something of it */
    bool told_by_no; /**< a rule looks at its "no"; else "no" is to all rules the same as silence */
    bool reassuring;
};

/** One level of one piece of evidence. */
struct qv_cell {
    const char *id;     /**< "yes", "no", "short"… */
    const char *phrase; /**< a clause that can follow "because" */
    double background;  /**< P(level) among people who come with a twitching lip */
    double typical;     /**< of a number: one that stands for the level */
};

/** A sign group: evidence that is weighed and says much the same, in order. */
struct qv_sign {
    const uint16_t *members;
    uint32_t count;
};

struct qv_medicine_name {
    const char *name;
    uint32_t medicine;
};

/** What a contributor's curve reads: evidence indices, -1 = none; level: of `finding`, -1 = points. */
struct qv_curve_subject {
    int32_t finding, per, level;
};

struct qv_knowledge {
    const struct qv_facts *facts;
    struct qv_form form; /**< the findings as a form, in the order of facts->findings */

    struct qv_evidence *evidence;
    uint32_t evidence_count;
    struct qv_cell *cells;
    uint32_t cell_count;
    struct qv_sign *signs;
    uint32_t sign_count;

    /** log(P(level | condition) / P(level | background)), row a cell, QV_CONDITION_MAX columns. */
    const float (*log_ratio)[QV_CONDITION_MAX];
    /** the ratio itself */
    const float (*ratio)[QV_CONDITION_MAX];
    /** standard deviation of that logarithm: the weight of evidence behind it. */
    const float (*log_ratio_sd)[QV_CONDITION_MAX];
    /** the likelihood entry a table cell came from: index into the condition's likelihoods, or -1. */
    const int16_t (*entry)[QV_CONDITION_MAX];

    /** Standard normal draws, the same for every case: QV_DRAWS rows, a column a condition. */
    const float (*draws)[QV_CONDITION_MAX];

    /** Compiled rules, in the order of the facts; NULL where there is none. */
    const struct qv_rule **red_flag_rules;
    const struct qv_rule **advice_if, **advice_unless;
    const struct qv_rule **test_if;
    const struct qv_rule **ask_if;       /**< by finding */
    const struct qv_rule **reference_if; /**< by reference */
    const struct qv_rule **trial_washout_if, **trial_refusal_if;
    const struct qv_rule ***pattern_rules; /**< by pattern, by level */
    const struct qv_rule ****curve_rules;  /**< by contributor, part, curve */

    /** The sentences about triggers by their enum. All are there. */
    const struct qv_sentence *sentences[QV_SENTENCE_COUNT];

    /** Classes and effects of medicines are groups; bit g of a medicine's word g/64. */
    const char **groups;
    uint32_t group_count;
    uint64_t (*medicine_groups)[QV_GROUP_MAX / 64];

    /** Red flags that mention a piece of evidence, or a pattern that it can change. */
    const uint16_t **flags_of;
    const uint16_t *flags_of_count;
    /** Patterns (as evidence indices, in order) that can change when a finding changes. */
    const uint16_t **patterns_of;
    const uint16_t *patterns_of_count;
    /** Findings whose "yes", alone, fires a red flag. These may only ever raise a level. */
    const bool *alarming;

    /** Names of medicines by first letter (lower case; others together at 26): name i of letter l is
     *  names_of[letter_first[l] … letter_first[l + 1] - 1]. */
    const struct qv_medicine_name *names_of;
    const uint32_t *letter_first;

    /** Ids resolved: a condition's tests, an advice's contributors and conditions, a curve's finding and divisor. */
    const uint16_t **condition_tests, **advice_contributors, **advice_conditions;
    const struct qv_curve_subject ***curve_subjects; /**< by contributor, part, curve */

    /** How many people have so much of a habit that it counts (odds of 1.3 and more), by finding; 0 for the rest. */
    const float *habit_share;

    int age, sex, onset, medications; /**< fields with a part of their own in the reasoning, -1 where absent */

    struct qv_arena *arena;
    void *owned; /**< what libcyaml loaded; NULL for the built-in copy */
};

/** The knowledge compiled into the program. Destroy with qv_knowledge_destroy(). */
int qv_knowledge_builtin(struct qv_knowledge **out, struct qv_error *error) QV_MUST_CHECK;

/**
 * Reads the YAML files of a directory. Errors name file and line: QV_ERR_NO_INPUT (no such directory or file),
 * QV_ERR_DATA (not YAML, unknown key, dangling id, rule that cannot be read), QV_ERR_UNAVAILABLE (no memory).
 */
int qv_knowledge_load(const char *directory, struct qv_knowledge **out, struct qv_error *error) QV_MUST_CHECK;

void qv_knowledge_destroy(struct qv_knowledge *knowledge);

/** One thing wrong with the knowledge. @p line is 1-based, 0 where it cannot be told. */
struct qv_complaint {
    const char *file;
    uint32_t line;
    const char *text;
};
typedef void qv_complaint_fn(const struct qv_complaint *complaint, void *context);

/**
 * Checks all of a directory and reports every complaint, not only the first: dangling ids, a sentence without a source,
 * probabilities outside 0–1, backgrounds that do not sum, a condition without urgency, a red flag that nobody can
 * trigger, a rule that lowers a level, a claim without a place. @p complaints is their number.
 */
int qv_knowledge_check(const char *directory, qv_complaint_fn *report, void *context, uint32_t *complaints,
                       struct qv_error *error) QV_MUST_CHECK;

/* ---- looking things up ----------------------------------------------------------------------------------------------- */

/** Index by id, or -1. */
int qv_knowledge_habit(const struct qv_knowledge *knowledge, const char *id);
int qv_knowledge_condition(const struct qv_knowledge *knowledge, const char *id);
int qv_knowledge_evidence(const struct qv_knowledge *knowledge, const char *id);
int qv_knowledge_group(const struct qv_knowledge *knowledge, const char *id);
const struct qv_source *qv_knowledge_source(const struct qv_knowledge *knowledge, const char *id);
const struct qv_level_info *qv_knowledge_level(const struct qv_knowledge *knowledge, enum qv_level level);
/** "emergency", "urgent", "routine", "self_care" — as in the contract. */
const char *qv_level_name(enum qv_level level);
const char *qv_grade_name(enum qv_grade grade);
const char *qv_verdict_name(enum qv_verdict verdict);

/**
 * The medicines that a name stands for: generic or brand, any letter case; a combination ("levodopa/carbidopa", "a + b")
 * gives each part. @p out takes at most @p room indices. Returns how many; 0 = not recognised.
 */
uint32_t qv_knowledge_medicines(const struct qv_knowledge *knowledge, const char *name, uint32_t *out, uint32_t room);

/** True when a diary with these measures [QV_DIARY_MEASURE_COUNT] fulfils the rule. NaN, not known, fulfils nothing. */
bool qv_diary_rule_holds(const struct qv_diary_rule *rule, const double *measures);

/** True when the medicine has this class or effect. */
bool qv_medicine_in_group(const struct qv_knowledge *knowledge, uint32_t medicine, int group);

/**
 * Fills in what a rule looks at from the values of a form: recognised medicines, levels of findings, then patterns.
 * @param levels room for evidence_count, written
 */
void qv_situation_levels(const struct qv_knowledge *knowledge, struct qv_situation *situation, int8_t *levels);

/** The level of one pattern (0 … pattern_count - 1) in a situation whose earlier levels are filled in, or -1. */
int8_t qv_pattern_level(const struct qv_knowledge *knowledge, uint32_t pattern, const struct qv_situation *situation);

/** The level of one finding's value, or -1. */
int qv_finding_level(const struct qv_knowledge *knowledge, uint32_t finding, const struct qv_value *value);

#ifdef __cplusplus
}
#endif
#endif
