/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the facts as a careful editor would, and goes on after each fault. A complaint names the entry, what was found
 * and what was expected; the caller gets file and line with it. The order is that of the files, then what holds between
 * them, then the rules, which can be compiled only when the evidence that they name can be indexed.
 *
 * Numbers are compared so that NaN, which YAML can write, is a fault too: "not (x >= low)" and never "x < low".
 */
#include "check.h"
#include "index.h"
#include "place.h"
#include "rule.h"
#include "witness.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Figures are rounded: so much may a sum be over 1. */
#define SUM_MAX 1.0005
#define P_MIN 0.0005
#define P_MAX 0.9995
/* Levels are bits of a mask in rules and values. */
#define LEVELS_MAX 32

/* ---- what is being checked --------------------------------------------------------------------------------------- */

/* In the order of knowledge_files. */
enum file_number {
    FILE_SOURCES,
    FILE_LEVELS,
    FILE_FINDINGS,
    FILE_PATTERNS,
    FILE_RED_FLAGS,
    FILE_CONTRIBUTORS,
    FILE_ADVICE,
    FILE_TESTS,
    FILE_MEDICINES,
    FILE_DRINKS,
    FILE_FOODS,
    FILE_REFERENCES,
    FILE_CLAIMS,
    FILE_DIARY,
    FILE_TRIALS,
    FILE_CONDITIONS, /* and as many as there are conditions */
};
_Static_assert(FILE_CONDITIONS == KNOWLEDGE_FILE_COUNT, "a file of knowledge_files is not known to the checker");

/* Entries that have ids: what one is called, where they stand and where each keeps its id. */
struct id_list {
    const char *what, *key;
    enum file_number file;
    const void *entries;
    size_t entry_size, id_offset;
    uint32_t count;
};

enum id_list_number {
    IDS_SOURCES,
    IDS_FINDINGS,
    IDS_PATTERNS,
    IDS_RED_FLAGS,
    IDS_CONTRIBUTORS,
    IDS_ADVICE,
    IDS_TESTS,
    IDS_MEDICINES,
    IDS_DRINKS,
    IDS_FOODS,
    IDS_REFERENCES,
    IDS_CLAIMS,
    IDS_HABITS,
    IDS_WATCH,
    IDS_SENTENCES,
    IDS_TRIALS,
    IDS_TRIAL_WASHOUTS,
    IDS_TRIAL_REFUSALS,
    IDS_CONDITIONS,
    ID_LIST_COUNT,
};

struct checker {
    const struct loaded_facts *loaded;
    const struct qv_facts *facts;
    struct id_list lists[ID_LIST_COUNT];
    struct place *files; /* [file_count] */
    struct places *places;
    struct qv_arena *arena;
    qv_complaint_fn *report;
    void *context;
    uint32_t complaints;
    struct qv_error *error;
};

static int out_of_memory(struct checker *checker)
{
    return qv_fail(checker->error, QV_ERR_UNAVAILABLE, "out of memory");
}

static void QV_PRINTF(3, 4) complain(struct checker *checker, const struct place *place, const char *format, ...)
{
    char text[480];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);

    checker->complaints++;
    if (checker->report)
        checker->report(&(struct qv_complaint){checker->loaded->files[place_file(place)].name,
                                               place_line(checker->places, place), text},
                        checker->context);
}

static void list_ids(struct checker *checker)
{
    const struct qv_facts *facts = checker->facts;
#define IDS(number, what, file, member, counter, type)                                                                 \
    checker->lists[number] = (struct id_list){                                                                         \
        what, #member, file, facts->member, sizeof(struct type), offsetof(struct type, id), facts->counter}
    IDS(IDS_SOURCES, "source", FILE_SOURCES, sources, source_count, qv_source);
    IDS(IDS_FINDINGS, "finding", FILE_FINDINGS, findings, finding_count, qv_finding);
    IDS(IDS_PATTERNS, "pattern", FILE_PATTERNS, patterns, pattern_count, qv_pattern);
    IDS(IDS_RED_FLAGS, "red flag", FILE_RED_FLAGS, red_flags, red_flag_count, qv_red_flag);
    IDS(IDS_CONTRIBUTORS, "contributor", FILE_CONTRIBUTORS, contributors, contributor_count, qv_contributor);
    IDS(IDS_ADVICE, "advice", FILE_ADVICE, advice, advice_count, qv_advice);
    IDS(IDS_TESTS, "test", FILE_TESTS, tests, test_count, qv_test);
    IDS(IDS_MEDICINES, "medicine", FILE_MEDICINES, medicines, medicine_count, qv_medicine);
    IDS(IDS_DRINKS, "drink", FILE_DRINKS, drinks, drink_count, qv_drink);
    IDS(IDS_FOODS, "food", FILE_FOODS, foods, food_count, qv_food);
    IDS(IDS_REFERENCES, "reference", FILE_REFERENCES, references, reference_count, qv_reference);
    IDS(IDS_CLAIMS, "claim", FILE_CLAIMS, claims, claim_count, qv_claim);
    IDS(IDS_HABITS, "habit", FILE_DIARY, habits, habit_count, qv_habit);
    IDS(IDS_WATCH, "rule of the diary", FILE_DIARY, watch, watch_count, qv_diary_rule);
    IDS(IDS_SENTENCES, "sentence", FILE_DIARY, sentences, sentence_count, qv_sentence);
    IDS(IDS_TRIALS, "trial", FILE_TRIALS, trials, trial_count, qv_trial_info);
    IDS(IDS_TRIAL_WASHOUTS, "washout", FILE_TRIALS, trial_washouts, trial_washout_count, qv_trial_washout);
    IDS(IDS_TRIAL_REFUSALS, "refusal", FILE_TRIALS, trial_refusals, trial_refusal_count, qv_trial_refusal);
    IDS(IDS_CONDITIONS, "condition", FILE_CONDITIONS, conditions, condition_count, qv_condition);
#undef IDS
}

static const char *id_at(const struct id_list *list, uint32_t i)
{
    const char *entry = (const char *)list->entries + i * list->entry_size + list->id_offset;
    return *(const char *const *)(const void *)entry;
}

static bool has_id(const struct checker *checker, enum id_list_number list, const char *id)
{
    for (uint32_t i = 0; i < checker->lists[list].count; i++) {
        if (strcmp(id_at(&checker->lists[list], i), id) == 0)
            return true;
    }
    return false;
}

/* Where an entry stands. Conditions have a file each. */
static struct place entry_place(const struct checker *checker, enum id_list_number list, uint32_t i)
{
    if (list == IDS_CONDITIONS)
        return checker->files[FILE_CONDITIONS + i];
    return (struct place){&checker->files[checker->lists[list].file], checker->lists[list].key, (int32_t)i};
}

/* ---- what many files share --------------------------------------------------------------------------------------- */

static bool is_snake_case(const char *id)
{
    return *id && id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_")] == 0;
}

static void check_id(struct checker *checker, const struct place *place, const char *what, const char *id)
{
    if (!is_snake_case(id))
        complain(checker, place, "%s \"%s\" is not a good id, expected small letters a-z, digits and _", what, id);
}

static bool is_within(double value, double low, double high)
{
    return value >= low && value <= high;
}

/* Nobody is told to stop a prescribed medicine. */
static bool tells_to_stop(const char *text)
{
    static const char *const denials[] = {"do not", "don't", "never"};
    for (const char *at = text; (at = strcasestr(at, "stop taking")); at++) {
        const char *sentence = at;
        while (sentence > text && !strchr(".!?", sentence[-1]))
            sentence--;
        bool denied = false;
        for (size_t i = 0; i < sizeof denials / sizeof denials[0]; i++) {
            const char *denial = strcasestr(sentence, denials[i]);
            denied |= denial && denial < at;
        }
        if (!denied)
            return true;
    }
    return false;
}

/* A text that a person may read. NULL, where the format allows it, is fine. */
static void check_text(struct checker *checker, const struct place *entry, const char *key, const char *id,
                       const char *text)
{
    if (!text)
        return;
    if (!text[strspn(text, " \t\n")])
        complain(checker, AT_KEY(entry, key), "the %s of \"%s\" is empty, expected a sentence", key, id);
    if (tells_to_stop(text))
        complain(checker, AT_KEY(entry, key),
                 "the %s of \"%s\" says \"stop taking\" without \"do not\", expected that nobody is told to stop a "
                 "medicine",
                 key, id);
}

static void check_sources(struct checker *checker, const struct place *entry, const char *id,
                          const struct qv_words *sources)
{
    if (sources->count == 0)
        complain(checker, AT_KEY(entry, "sources"), "\"%s\" has no sources, expected at least one", id);
    for (uint32_t i = 0; i < sources->count; i++) {
        if (!has_id(checker, IDS_SOURCES, sources->at[i]))
            complain(checker, AT_ENTRY(entry, "sources", i),
                     "\"%s\" cites the source \"%s\", expected an id of sources.yaml", id, sources->at[i]);
    }
}

static void check_statement(struct checker *checker, const struct place *place, const char *id,
                            const struct qv_statement *statement)
{
    check_text(checker, place, "text", id, statement->text);
    check_sources(checker, place, id, &statement->sources);
}

static void check_statements(struct checker *checker, const struct place *entry, const char *key, const char *id,
                             const struct qv_statements *statements)
{
    if (statements->count == 0)
        complain(checker, AT_KEY(entry, key), "\"%s\" has nothing under %s, expected at least one sentence", id, key);
    for (uint32_t i = 0; i < statements->count; i++)
        check_statement(checker, AT_ENTRY(entry, key, i), id, &statements->at[i]);
}

/* A list of ids of another file. */
static void check_references_to(struct checker *checker, const struct place *entry, const char *key, const char *id,
                                const struct qv_words *words, enum id_list_number list)
{
    for (uint32_t i = 0; i < words->count; i++) {
        if (!has_id(checker, list, words->at[i]))
            complain(checker, AT_ENTRY(entry, key, i), "%s of \"%s\" names \"%s\", expected the id of a %s", key, id,
                     words->at[i], checker->lists[list].what);
    }
}

/* P0D, PT0S, PT1H, P14D: ISO 8601 with one number. */
static bool is_duration(const char *text)
{
    const char *units = "D";
    if (*text++ != 'P')
        return false;
    if (*text == 'T') {
        units = "HMS";
        text++;
    }
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && text[digits] && strchr(units, text[digits]) && text[digits + 1] == 0;
}

static void check_within(struct checker *checker, const struct place *entry, const char *id, const char *within)
{
    if (!is_duration(within))
        complain(checker, AT_KEY(entry, "within"),
                 "within of \"%s\" is \"%s\", expected a duration such as PT1H or P14D", id, within);
}

static void check_amount(struct checker *checker, const struct place *entry, const char *key, const char *id,
                         const double *amount)
{
    if (amount && !is_within(*amount, 0, 1e6))
        complain(checker, AT_KEY(entry, key), "%s of \"%s\" is %g, expected 0 or more", key, id, *amount);
}

/* ---- names that must be there once ------------------------------------------------------------------------------- */

struct name {
    const char *text;
    uint32_t order;
    struct place entry, at; /* at may be in entry */
};

static int by_text_then_order(const void *a, const void *b)
{
    const struct name *one = *(const struct name *const *)a, *other = *(const struct name *const *)b;
    int difference = strcasecmp(one->text, other->text);
    return difference ? difference : one->order < other->order ? -1 : 1;
}

static int complain_of_twins(struct checker *checker, const struct name *names, uint32_t count, const char *what)
{
    const struct name **sorted = qv_arena_alloc(checker->arena, count, sizeof *sorted);
    if (!sorted)
        return out_of_memory(checker);
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = &names[i];
    qsort(sorted, count, sizeof *sorted, by_text_then_order);
    for (uint32_t i = 0, first = 0; i < count; i++) {
        if (strcasecmp(sorted[i]->text, sorted[first]->text) != 0)
            first = i;
        if (i != first)
            complain(checker, &sorted[i]->at, "%s \"%s\" is a duplicate of line %u of %s, expected each once", what,
                     sorted[i]->text, place_line(checker->places, &sorted[first]->at),
                     checker->loaded->files[place_file(&sorted[first]->at)].name);
    }
    return QV_OK;
}

/* Ids of one or two lists that share a name space. */
static int check_unique_ids(struct checker *checker, enum id_list_number one, enum id_list_number other)
{
    uint32_t count = checker->lists[one].count, total = count + (one == other ? 0 : checker->lists[other].count);
    struct name *names = qv_arena_alloc(checker->arena, total, sizeof *names);
    if (!names)
        return out_of_memory(checker);
    for (uint32_t i = 0; i < total; i++) {
        enum id_list_number list = i < count ? one : other;
        uint32_t index = i < count ? i : i - count;
        struct place entry = entry_place(checker, list, index);
        names[i] = (struct name){.text = id_at(&checker->lists[list], index), .order = i, .at = entry};
    }
    return complain_of_twins(checker, names, total, checker->lists[one].what);
}

static int check_ids(struct checker *checker)
{
    for (enum id_list_number l = 0; l < ID_LIST_COUNT; l++) {
        for (uint32_t i = 0; l != IDS_CLAIMS && i < checker->lists[l].count; i++) {
            struct place entry = entry_place(checker, l, i);
            check_id(checker, AT_KEY(&entry, "id"), checker->lists[l].what, id_at(&checker->lists[l], i));
        }
        /* Rules name findings and patterns alike. */
        int status = l == IDS_PATTERNS ? QV_OK : check_unique_ids(checker, l, l == IDS_FINDINGS ? IDS_PATTERNS : l);
        if (status)
            return status;
    }
    return QV_OK;
}

static const struct qv_words *names_of(const struct checker *checker, enum id_list_number list, uint32_t i)
{
    const struct qv_facts *facts = checker->facts;
    if (list == IDS_MEDICINES)
        return &facts->medicines[i].names;
    return list == IDS_DRINKS ? &facts->drinks[i].names : &facts->foods[i].names;
}

/* Within these neighbouring lists, a person who types a name must mean one thing. */
static int check_names(struct checker *checker, enum id_list_number first, enum id_list_number last, const char *what)
{
    uint32_t total = 0, count = 0;
    for (enum id_list_number list = first; list <= last; list++) {
        for (uint32_t i = 0; i < checker->lists[list].count; i++)
            total += names_of(checker, list, i)->count;
    }
    struct name *names = qv_arena_alloc(checker->arena, total, sizeof *names);
    if (!names)
        return out_of_memory(checker);
    for (enum id_list_number list = first; list <= last; list++) {
        for (uint32_t i = 0; i < checker->lists[list].count; i++) {
            const struct qv_words *words = names_of(checker, list, i);
            for (uint32_t w = 0; w < words->count; w++, count++) {
                struct name *name = &names[count];
                *name = (struct name){.text = words->at[w], .order = count, .entry = entry_place(checker, list, i)};
                name->at = *AT_ENTRY(&name->entry, "names", w);
            }
        }
    }
    return complain_of_twins(checker, names, count, what);
}

/* ---- levels.yaml ------------------------------------------------------------------------------------------------- */

static void check_levels(struct checker *checker)
{
    const struct qv_facts *facts = checker->facts;
    const struct place *file = &checker->files[FILE_LEVELS];
    uint32_t seen[QV_LEVEL_COUNT] = {0};
    for (uint32_t i = 0; i < facts->level_count; i++) {
        const struct qv_level_info *level = &facts->levels[i];
        const struct place *entry = AT_ENTRY(file, "levels", i);
        const char *name = qv_level_name(level->id);
        if (seen[level->id]++)
            complain(checker, entry, "level \"%s\" is a duplicate, expected each of the four levels once", name);
        check_text(checker, entry, "title", name, level->title);
        check_text(checker, entry, "text", name, level->text);
        check_within(checker, entry, name, level->within);
        check_sources(checker, entry, name, &level->sources);
    }
    for (enum qv_level level = 0; level < QV_LEVEL_COUNT; level++) {
        if (!seen[level])
            complain(checker, AT_KEY(file, "levels"), "level \"%s\" is missing, expected all four levels",
                     qv_level_name(level));
    }
}

static int check_emergency_numbers(struct checker *checker)
{
    const struct qv_facts *facts = checker->facts;
    const struct place *file = &checker->files[FILE_LEVELS];
    struct name *names = qv_arena_alloc(checker->arena, facts->emergency_number_count, sizeof *names);
    if (!names)
        return out_of_memory(checker);
    bool has_elsewhere = false;
    for (uint32_t i = 0; i < facts->emergency_number_count; i++) {
        const struct qv_emergency_number *number = &facts->emergency_numbers[i];
        const struct place *entry = AT_ENTRY(file, "emergency_numbers", i);
        bool is_elsewhere = strcmp(number->region, "*") == 0;
        has_elsewhere |= is_elsewhere;
        if (!is_elsewhere && (strlen(number->region) != 2 || !isupper((unsigned char)number->region[0]) ||
                              !isupper((unsigned char)number->region[1])))
            complain(checker, AT_KEY(entry, "region"), "region is \"%s\", expected two capital letters or \"*\"",
                     number->region);
        check_text(checker, entry, "name", number->region, number->name);
        check_text(checker, entry, "number", number->region, number->number);
        check_sources(checker, entry, number->region, &number->sources);
        names[i] = (struct name){.text = number->region, .order = i, .at = *entry};
    }
    if (!has_elsewhere)
        complain(checker, AT_KEY(file, "emergency_numbers"), "no region \"*\", expected one for everywhere else");
    return complain_of_twins(checker, names, facts->emergency_number_count, "region");
}

/* ---- findings.yaml and patterns.yaml ----------------------------------------------------------------------------- */

/* A finding or a pattern, both NULL where there is none of that id. */
struct evidence {
    const struct qv_finding *finding;
    const struct qv_pattern *pattern;
};

static struct evidence find_evidence(const struct checker *checker, const char *id)
{
    const struct qv_facts *facts = checker->facts;
    for (uint32_t i = 0; i < facts->finding_count; i++) {
        if (strcmp(facts->findings[i].id, id) == 0)
            return (struct evidence){.finding = &facts->findings[i]};
    }
    for (uint32_t i = 0; i < facts->pattern_count; i++) {
        if (strcmp(facts->patterns[i].id, id) == 0)
            return (struct evidence){.pattern = &facts->patterns[i]};
    }
    return (struct evidence){0};
}

static bool is_number(struct evidence evidence)
{
    return evidence.finding && evidence.finding->type == QV_FIELD_NUMBER;
}

static bool has_level(struct evidence evidence, const char *level)
{
    if (evidence.finding && evidence.finding->type == QV_FIELD_YES_NO)
        return strcmp(level, "yes") == 0 || strcmp(level, "no") == 0;
    const struct qv_evidence_levels *levels = evidence.finding ? &evidence.finding->levels : &evidence.pattern->levels;
    for (uint32_t l = 0; l < levels->count; l++) {
        if (strcmp(levels->at[l].id, level) == 0)
            return true;
    }
    return false;
}

/* What findings and patterns ask of their levels alike. */
static void check_evidence_levels(struct checker *checker, const struct place *entry, const char *id,
                                  const struct qv_evidence_levels *levels, bool has_backgrounds)
{
    if (levels->count > LEVELS_MAX)
        complain(checker, AT_KEY(entry, "levels"), "\"%s\" has %u levels, expected at most %d", id, levels->count,
                 LEVELS_MAX);
    double sum = 0;
    for (uint32_t l = 0; l < levels->count; l++) {
        const struct qv_evidence_level *level = &levels->at[l];
        const struct place *at = AT_ENTRY(entry, "levels", l);
        check_id(checker, AT_KEY(at, "id"), "level", level->id);
        check_text(checker, at, "phrase", level->id, level->phrase);
        for (uint32_t earlier = 0; earlier < l; earlier++) {
            if (strcmp(levels->at[earlier].id, level->id) == 0)
                complain(checker, at, "level \"%s\" of \"%s\" is a duplicate, expected each once", level->id, id);
        }
        if (!has_backgrounds)
            continue;
        if (!level->background)
            complain(checker, at, "level \"%s\" of \"%s\" has no background, expected one", level->id, id);
        else if (!(*level->background > 0 && *level->background < 1))
            complain(checker, AT_KEY(at, "background"),
                     "the background of level \"%s\" of \"%s\" is %g, expected between 0 and 1", level->id, id,
                     *level->background);
        sum += level->background ? *level->background : 0;
    }
    if (sum > SUM_MAX)
        complain(checker, AT_KEY(entry, "levels"), "the backgrounds of \"%s\" sum to %g, expected at most 1", id, sum);
}

static void check_yes_no(struct checker *checker, const struct place *entry, const struct qv_finding *finding)
{
    static const char *const wanted = "expected background, present and absent with yes_no";
    if (!finding->background)
        complain(checker, entry, "finding \"%s\" has no background, %s", finding->id, wanted);
    else if (!(*finding->background > 0 && *finding->background < 1))
        complain(checker, AT_KEY(entry, "background"), "the background of \"%s\" is %g, expected between 0 and 1",
                 finding->id, *finding->background);
    if (!finding->present)
        complain(checker, entry, "finding \"%s\" has no text under present, %s", finding->id, wanted);
    if (!finding->absent)
        complain(checker, entry, "finding \"%s\" has no text under absent, %s", finding->id, wanted);
    if (finding->levels.count)
        complain(checker, AT_KEY(entry, "levels"), "finding \"%s\" has levels, expected none with yes_no", finding->id);
}

static void check_number(struct checker *checker, const struct place *entry, const struct qv_finding *finding)
{
    if (!finding->minimum || !finding->maximum) {
        complain(checker, entry, "finding \"%s\" has no min or no max, expected both with a number", finding->id);
        return;
    }
    double low = *finding->minimum, high = *finding->maximum;
    if (!(low < high) || !isfinite(low) || !isfinite(high))
        complain(checker, AT_KEY(entry, "min"), "min of \"%s\" is %g and max is %g, expected min below max",
                 finding->id, low, high);
    for (uint32_t l = 0; l < finding->levels.count; l++) {
        const struct qv_evidence_level *level = &finding->levels.at[l];
        const struct place *at = AT_ENTRY(entry, "levels", l);
        bool is_last = l + 1 == finding->levels.count;
        if (is_last && level->below)
            complain(checker, AT_KEY(at, "below"), "the last level \"%s\" of \"%s\" ends below %g, expected no end",
                     level->id, finding->id, *level->below);
        if (is_last)
            return;
        if (!level->below) {
            complain(checker, at, "level \"%s\" of \"%s\" has no below, expected one on all but the last", level->id,
                     finding->id);
            continue;
        }
        if (!(*level->below > low && *level->below <= high))
            complain(checker, AT_KEY(at, "below"),
                     "level \"%s\" of \"%s\" ends below %g, expected levels that ascend from %g to at most %g",
                     level->id, finding->id, *level->below, low, high);
        low = *level->below;
    }
}

static void check_findings(struct checker *checker)
{
    for (uint32_t i = 0; i < checker->facts->finding_count; i++) {
        const struct qv_finding *finding = &checker->facts->findings[i];
        struct place entry = entry_place(checker, IDS_FINDINGS, i);
        bool is_choice = finding->type == QV_FIELD_CHOICE || finding->type == QV_FIELD_CHOICES;
        check_text(checker, &entry, "question", finding->id, finding->question);
        check_text(checker, &entry, "why", finding->id, finding->why);
        check_text(checker, &entry, "present", finding->id, finding->present);
        check_text(checker, &entry, "absent", finding->id, finding->absent);
        check_sources(checker, &entry, finding->id, &finding->sources);
        if (finding->sign)
            check_id(checker, AT_KEY(&entry, "sign"), "sign", finding->sign);
        check_amount(checker, &entry, "seconds", finding->id, &finding->seconds);
        if (finding->type == QV_FIELD_YES_NO)
            check_yes_no(checker, &entry, finding);
        if (finding->type == QV_FIELD_NUMBER)
            check_number(checker, &entry, finding);
        if (is_choice && finding->levels.count == 0)
            complain(checker, &entry, "finding \"%s\" has no levels, expected the words to choose from", finding->id);
        check_evidence_levels(checker, &entry, finding->id, &finding->levels, finding->type != QV_FIELD_CHOICES);
    }
}

static bool some_medicine_has(const struct qv_facts *facts, const char *effect)
{
    for (uint32_t m = 0; m < facts->medicine_count; m++) {
        for (uint32_t i = 0; i < facts->medicines[m].effect_count; i++) {
            if (strcmp(facts->medicines[m].effects[i].effect, effect) == 0)
                return true;
        }
    }
    return false;
}

static void check_medicine_pattern(struct checker *checker, const struct place *entry, const struct qv_pattern *pattern)
{
    if (!some_medicine_has(checker->facts, pattern->medicine))
        complain(checker, AT_KEY(entry, "medicine"),
                 "pattern \"%s\" reads the effect \"%s\", expected one that some medicine has", pattern->id,
                 pattern->medicine);
    for (uint32_t m = 0; m < MEDICINE_LEVEL_COUNT; m++) {
        if (!has_level((struct evidence){.pattern = pattern}, medicine_level_names[m]))
            complain(checker, AT_KEY(entry, "levels"),
                     "pattern \"%s\" has no level \"%s\", expected usual, late, undated, after_twitch and none",
                     pattern->id, medicine_level_names[m]);
    }
    for (uint32_t l = 0; l < pattern->levels.count; l++) {
        const struct qv_evidence_level *level = &pattern->levels.at[l];
        bool is_known = false;
        for (uint32_t m = 0; m < MEDICINE_LEVEL_COUNT; m++)
            is_known |= strcmp(level->id, medicine_level_names[m]) == 0;
        if (!is_known)
            complain(checker, AT_ENTRY(entry, "levels", l),
                     "pattern \"%s\" has the level \"%s\", expected usual, late, undated, after_twitch or none",
                     pattern->id, level->id);
        if (level->when)
            complain(checker, AT_KEY(AT_ENTRY(entry, "levels", l), "when"),
                     "level \"%s\" of \"%s\" has a rule, expected none where the dates of medicines decide", level->id,
                     pattern->id);
    }
}

static void check_patterns(struct checker *checker)
{
    for (uint32_t i = 0; i < checker->facts->pattern_count; i++) {
        const struct qv_pattern *pattern = &checker->facts->patterns[i];
        struct place entry = entry_place(checker, IDS_PATTERNS, i);
        check_text(checker, &entry, "text", pattern->id, pattern->text);
        check_sources(checker, &entry, pattern->id, &pattern->sources);
        if (pattern->sign)
            check_id(checker, AT_KEY(&entry, "sign"), "sign", pattern->sign);
        check_evidence_levels(checker, &entry, pattern->id, &pattern->levels, true);
        if (pattern->medicine) {
            check_medicine_pattern(checker, &entry, pattern);
            continue;
        }
        if (pattern->levels.count == 0)
            complain(checker, &entry, "pattern \"%s\" has no levels, expected at least one", pattern->id);
        for (uint32_t l = 0; l < pattern->levels.count; l++) {
            if (!pattern->levels.at[l].when)
                complain(checker, AT_ENTRY(&entry, "levels", l), "level \"%s\" of \"%s\" has no when, expected a rule",
                         pattern->levels.at[l].id, pattern->id);
        }
    }
}

/* ---- conditions/ ------------------------------------------------------------------------------------------------- */

static void check_prior(struct checker *checker, const struct place *entry, const char *id,
                        const struct qv_prior *prior)
{
    const struct place *at = AT_KEY(entry, "prior");
    if (!(prior->p > 0 && prior->p < 1))
        complain(checker, AT_KEY(at, "p"), "the prior of \"%s\" is %g, expected between 0 and 1", id, prior->p);
    if (!is_within(prior->fold, 1, 1000))
        complain(checker, AT_KEY(at, "fold"), "fold of \"%s\" is %g, expected 1 or more", id, prior->fold);
    check_amount(checker, at, "female", id, prior->female);
    check_amount(checker, at, "male", id, prior->male);
    check_sources(checker, at, id, &prior->sources);

    double reached = 0;
    for (uint32_t i = 0; i < prior->by_age_count; i++) {
        const struct qv_age_factor *factor = &prior->by_age[i];
        const struct place *band = AT_ENTRY(at, "by_age", i);
        if (!(factor->from < factor->to))
            complain(checker, band, "an age band of \"%s\" is from %g to %g, expected from below to", id, factor->from,
                     factor->to);
        if (!(factor->from >= reached))
            complain(checker, band, "an age band of \"%s\" begins at %g, expected bands that ascend, here from %g on",
                     id, factor->from, reached);
        if (!is_within(factor->times, 0, 1e6))
            complain(checker, band, "an age band of \"%s\" is times %g, expected 0 or more", id, factor->times);
        reached = factor->to;
    }
}

static const char *level_of(const struct qv_likelihood *likelihood)
{
    return likelihood->is ? likelihood->is : "yes";
}

/* One likelihood by itself. */
static void check_likelihood(struct checker *checker, const struct place *at, const char *id,
                             const struct qv_likelihood *likelihood)
{
    struct evidence evidence = find_evidence(checker, likelihood->finding);
    if (!evidence.finding && !evidence.pattern)
        complain(checker, AT_KEY(at, "finding"), "\"%s\" weighs \"%s\", expected a finding or a pattern", id,
                 likelihood->finding);
    else if (evidence.finding &&
             (evidence.finding->type == QV_FIELD_CHOICES || evidence.finding->type == QV_FIELD_MEDICINES))
        complain(checker, AT_KEY(at, "finding"), "\"%s\" weighs the list \"%s\", expected a pattern that reads it", id,
                 likelihood->finding);
    else if (!has_level(evidence, level_of(likelihood)))
        complain(checker, AT_KEY(at, "is"), "\"%s\" weighs the level \"%s\" of \"%s\", expected a level that it has",
                 id, level_of(likelihood), likelihood->finding);
    if (!is_within(likelihood->p, P_MIN, P_MAX))
        complain(checker, AT_KEY(at, "p"), "p of \"%s\" in \"%s\" is %g, expected %g to %g", likelihood->finding, id,
                 likelihood->p, P_MIN, P_MAX);
    check_text(checker, at, "text", likelihood->finding, likelihood->text);
    check_sources(checker, at, likelihood->finding, &likelihood->sources);
}

static void check_likelihoods(struct checker *checker, const struct place *entry, const struct qv_condition *condition)
{
    const struct qv_likelihood *likelihoods = condition->likelihoods;
    for (uint32_t i = 0; i < condition->likelihood_count; i++) {
        const struct place *at = AT_ENTRY(entry, "likelihoods", i);
        check_likelihood(checker, at, condition->id, &likelihoods[i]);

        double sum = likelihoods[i].p;
        bool is_twin = false;
        for (uint32_t earlier = 0; earlier < i; earlier++) {
            if (strcmp(likelihoods[earlier].finding, likelihoods[i].finding) != 0)
                continue;
            sum += likelihoods[earlier].p;
            is_twin |= strcmp(level_of(&likelihoods[earlier]), level_of(&likelihoods[i])) == 0;
        }
        if (is_twin)
            complain(checker, at, "\"%s\" weighs the level \"%s\" of \"%s\" as a duplicate, expected it once",
                     condition->id, level_of(&likelihoods[i]), likelihoods[i].finding);
        else if (sum > SUM_MAX && sum - likelihoods[i].p <= SUM_MAX)
            complain(checker, AT_KEY(at, "p"), "the p of \"%s\" in \"%s\" sum to %g, expected at most 1",
                     likelihoods[i].finding, condition->id, sum);
    }
}

static void check_condition(struct checker *checker, const struct place *entry, const struct qv_condition *condition)
{
    const char *id = condition->id;
    const char *name = checker->loaded->files[place_file(entry)].name;
    char wanted[160];
    snprintf(wanted, sizeof wanted, "conditions/%s.yaml", id);
    if (strcmp(name, wanted) != 0)
        complain(checker, AT_KEY(entry, "id"), "condition \"%s\" is in the file %s, expected %s", id, name, wanted);

    check_text(checker, entry, "name", id, condition->name);
    check_text(checker, entry, "clinical_name", id, condition->clinical_name);
    check_statements(checker, entry, "what", id, &condition->what);
    check_statement(checker, AT_KEY(entry, "how_common"), id, &condition->how_common);
    check_prior(checker, entry, id, &condition->prior);
    check_likelihoods(checker, entry, condition);

    const struct place *urgency = AT_KEY(entry, "urgency");
    check_text(checker, urgency, "text", id, condition->urgency.text);
    if (!(condition->urgency.at > 0 && condition->urgency.at <= 1))
        complain(checker, AT_KEY(urgency, "at"), "at of the urgency of \"%s\" is %g, expected above 0 and at most 1",
                 id, condition->urgency.at);
    check_sources(checker, urgency, id, &condition->urgency.sources);

    check_references_to(checker, entry, "tests", id, &condition->tests, IDS_TESTS);
    check_statements(checker, entry, "helps", id, &condition->helps);
    check_statements(checker, entry, "watch", id, &condition->watch);
    check_sources(checker, entry, id, &condition->sources);
}

static void check_conditions(struct checker *checker)
{
    uint32_t count = checker->facts->condition_count;
    if (count == 0 || count > QV_CONDITION_MAX)
        complain(checker, &checker->files[count ? FILE_CONDITIONS : FILE_FINDINGS],
                 "there are %u conditions, expected 1 to %d", count, QV_CONDITION_MAX);
    for (uint32_t i = 0; i < count; i++) {
        struct place entry = entry_place(checker, IDS_CONDITIONS, i);
        check_condition(checker, &entry, &checker->facts->conditions[i]);
    }
}

/* ---- what people do, and what is advised ------------------------------------------------------------------------- */

static void check_points(struct checker *checker, const struct place *at, const char *id, const struct qv_curve *curve)
{
    double reached = -INFINITY;
    for (uint32_t i = 0; i < curve->point_count; i++) {
        const struct qv_curve_point *point = &curve->points[i];
        const struct place *entry = AT_ENTRY(at, "points", i);
        if (!(point->at > reached) || !isfinite(point->at))
            complain(checker, entry, "a point of \"%s\" is at %g, expected points that ascend", id, point->at);
        if (!(point->odds > 0) || !isfinite(point->odds))
            complain(checker, entry, "a point of \"%s\" has the odds %g, expected more than 0", id, point->odds);
        reached = point->at;
    }
}

static void check_curve(struct checker *checker, const struct place *at, const char *id, const struct qv_curve *curve)
{
    struct evidence evidence = find_evidence(checker, curve->finding);
    if (!evidence.finding && !evidence.pattern)
        complain(checker, AT_KEY(at, "finding"), "a curve of \"%s\" reads \"%s\", expected a finding or a pattern", id,
                 curve->finding);
    if (curve->per && !is_number(find_evidence(checker, curve->per)))
        complain(checker, AT_KEY(at, "per"), "a curve of \"%s\" divides by \"%s\", expected a finding that is a number",
                 id, curve->per);
    if (curve->level && (evidence.finding || evidence.pattern) && !has_level(evidence, curve->level))
        complain(checker, AT_KEY(at, "level"),
                 "a curve of \"%s\" reads the level \"%s\" of \"%s\", expected one it has", id, curve->level,
                 curve->finding);
    if (curve->point_count == 0 && !(curve->level && curve->odds))
        complain(checker, at, "a curve of \"%s\" has neither points nor level and odds, expected one of them", id);
    if (curve->point_count && (curve->level || curve->odds))
        complain(checker, at, "a curve of \"%s\" has points and also level or odds, expected one of them", id);
    if (curve->odds && (!(*curve->odds > 0) || !isfinite(*curve->odds)))
        complain(checker, AT_KEY(at, "odds"), "a curve of \"%s\" has the odds %g, expected more than 0", id,
                 *curve->odds);
    check_points(checker, at, id, curve);
}

static void check_contributors(struct checker *checker)
{
    for (uint32_t i = 0; i < checker->facts->contributor_count; i++) {
        const struct qv_contributor *contributor = &checker->facts->contributors[i];
        struct place entry = entry_place(checker, IDS_CONTRIBUTORS, i);
        check_text(checker, &entry, "name", contributor->id, contributor->name);
        check_text(checker, &entry, "text", contributor->id, contributor->text);
        check_sources(checker, &entry, contributor->id, &contributor->sources);
        check_references_to(checker, &entry, "remedies", contributor->id, &contributor->remedies, IDS_ADVICE);
        if (contributor->part_count == 0)
            complain(checker, &entry, "contributor \"%s\" has no parts, expected at least one", contributor->id);
        for (uint32_t p = 0; p < contributor->part_count; p++) {
            const struct qv_contributor_part *part = &contributor->parts[p];
            const struct place *at = AT_ENTRY(&entry, "parts", p);
            if (part->curve_count == 0)
                complain(checker, at, "a part of \"%s\" has no curves, expected at least one", contributor->id);
            for (uint32_t c = 0; c < part->curve_count; c++)
                check_curve(checker, AT_ENTRY(at, "curves", c), contributor->id, &part->curves[c]);
        }
    }
}

static void check_advice(struct checker *checker)
{
    for (uint32_t i = 0; i < checker->facts->advice_count; i++) {
        const struct qv_advice *advice = &checker->facts->advice[i];
        struct place entry = entry_place(checker, IDS_ADVICE, i);
        check_text(checker, &entry, "title", advice->id, advice->title);
        check_text(checker, &entry, "text", advice->id, advice->text);
        check_text(checker, &entry, "how", advice->id, advice->how);
        check_text(checker, &entry, "for_how_long", advice->id, advice->for_how_long);
        check_text(checker, &entry, "caution", advice->id, advice->caution);
        check_sources(checker, &entry, advice->id, &advice->sources);
        check_references_to(checker, &entry, "contributors", advice->id, &advice->contributors, IDS_CONTRIBUTORS);
        check_references_to(checker, &entry, "conditions", advice->id, &advice->conditions, IDS_CONDITIONS);
        if (strlen(advice->evidence) != 1 || !strchr("ABCD", advice->evidence[0]))
            complain(checker, AT_KEY(&entry, "evidence"), "evidence of \"%s\" is \"%s\", expected A, B, C or D",
                     advice->id, advice->evidence);
    }
}

static void check_tests(struct checker *checker)
{
    for (uint32_t i = 0; i < checker->facts->test_count; i++) {
        const struct qv_test *test = &checker->facts->tests[i];
        struct place entry = entry_place(checker, IDS_TESTS, i);
        check_text(checker, &entry, "name", test->id, test->name);
        check_text(checker, &entry, "text", test->id, test->text);
        check_sources(checker, &entry, test->id, &test->sources);
    }
}

static void check_red_flags(struct checker *checker)
{
    for (uint32_t i = 0; i < checker->facts->red_flag_count; i++) {
        const struct qv_red_flag *flag = &checker->facts->red_flags[i];
        struct place entry = entry_place(checker, IDS_RED_FLAGS, i);
        check_text(checker, &entry, "text", flag->id, flag->text);
        check_sources(checker, &entry, flag->id, &flag->sources);
        check_within(checker, &entry, flag->id, flag->within);
        if (flag->level == QV_SELF_CARE)
            complain(checker, AT_KEY(&entry, "level"),
                     "red flag \"%s\" has the level self_care, expected emergency, urgent or routine", flag->id);
    }
}

/* ---- medicines, drinks, foods, references ------------------------------------------------------------------------ */

static void check_effect(struct checker *checker, const struct place *at, const char *id,
                         const struct qv_effect *effect)
{
    check_id(checker, AT_KEY(at, "effect"), "effect", effect->effect);
    bool ascend = effect->from_days >= 0 && effect->from_days <= effect->to_days &&
                  effect->to_days <= effect->latest_days && isfinite(effect->latest_days);
    if (!ascend)
        complain(checker, at,
                 "the effect \"%s\" of \"%s\" is from %g to %g days, at latest %g, expected them to ascend",
                 effect->effect, id, effect->from_days, effect->to_days, effect->latest_days);
    check_amount(checker, at, "persists_days", id, effect->persists_days);
}

static void check_medicines(struct checker *checker)
{
    for (uint32_t i = 0; i < checker->facts->medicine_count; i++) {
        const struct qv_medicine *medicine = &checker->facts->medicines[i];
        struct place entry = entry_place(checker, IDS_MEDICINES, i);
        if (medicine->names.count == 0)
            complain(checker, &entry, "medicine \"%s\" has no names, expected at least one", medicine->id);
        for (uint32_t n = 0; n < medicine->names.count; n++) {
            const char *name = medicine->names.at[n];
            if (!*name || strpbrk(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
                complain(checker, AT_ENTRY(&entry, "names", n), "\"%s\" has the name \"%s\", expected lower case",
                         medicine->id, name);
        }
        for (uint32_t c = 0; c < medicine->classes.count; c++)
            check_id(checker, AT_ENTRY(&entry, "classes", c), "class", medicine->classes.at[c]);
        for (uint32_t e = 0; e < medicine->effect_count; e++)
            check_effect(checker, AT_ENTRY(&entry, "effects", e), medicine->id, &medicine->effects[e]);
        check_text(checker, &entry, "note", medicine->id, medicine->note);
        check_sources(checker, &entry, medicine->id, &medicine->sources);
    }
}

static void check_drinks(struct checker *checker)
{
    for (uint32_t i = 0; i < checker->facts->drink_count; i++) {
        const struct qv_drink *drink = &checker->facts->drinks[i];
        struct place entry = entry_place(checker, IDS_DRINKS, i);
        check_text(checker, &entry, "name", drink->id, drink->name);
        check_sources(checker, &entry, drink->id, &drink->sources);
        check_amount(checker, &entry, "ml", drink->id, drink->ml);
        check_amount(checker, &entry, "caffeine_mg", drink->id, drink->caffeine_mg);
        check_amount(checker, &entry, "alcohol_g", drink->id, drink->alcohol_g);
        double typical = drink->caffeine_mg ? *drink->caffeine_mg : 0;
        double low = drink->caffeine_low_mg ? *drink->caffeine_low_mg : typical;
        double high = drink->caffeine_high_mg ? *drink->caffeine_high_mg : typical;
        if (!is_within(typical, low, high) || !(low >= 0))
            complain(checker, AT_KEY(&entry, "caffeine_mg"),
                     "the usual amount in \"%s\" is %g mg, low %g and high %g, expected them to ascend", drink->id,
                     typical, low, high);
    }
}

static void check_foods(struct checker *checker)
{
    for (uint32_t i = 0; i < checker->facts->food_count; i++) {
        const struct qv_food *food = &checker->facts->foods[i];
        struct place entry = entry_place(checker, IDS_FOODS, i);
        check_text(checker, &entry, "name", food->id, food->name);
        check_sources(checker, &entry, food->id, &food->sources);
        check_amount(checker, &entry, "magnesium_mg", food->id, food->magnesium_mg);
        check_amount(checker, &entry, "potassium_mg", food->id, food->potassium_mg);
        if (!food->magnesium_mg && !food->potassium_mg)
            complain(checker, &entry, "food \"%s\" has neither magnesium_mg nor potassium_mg, expected one of them",
                     food->id);
    }
}

static void check_references(struct checker *checker)
{
    for (uint32_t i = 0; i < checker->facts->reference_count; i++) {
        const struct qv_reference *reference = &checker->facts->references[i];
        struct place entry = entry_place(checker, IDS_REFERENCES, i);
        check_text(checker, &entry, "text", reference->id, reference->text);
        check_sources(checker, &entry, reference->id, &reference->sources);
        if (!is_number(find_evidence(checker, reference->finding)))
            complain(checker, AT_KEY(&entry, "finding"),
                     "reference \"%s\" is for \"%s\", expected a finding that is a number", reference->id,
                     reference->finding);
        if (!reference->low && !reference->high)
            complain(checker, &entry, "reference \"%s\" has neither low nor high, expected one of them", reference->id);
        if (reference->low && reference->high && !(*reference->low <= *reference->high))
            complain(checker, AT_KEY(&entry, "low"), "reference \"%s\" is from %g to %g, expected low not above high",
                     reference->id, *reference->low, *reference->high);
    }
}

/* ---- trials ------------------------------------------------------------------------------------------------------ */

#define HALF_LIFE_MAX_H 240
#define WASHOUT_MAX_DAYS 60

static void check_trial(struct checker *checker, const struct place *entry, const struct qv_trial_info *trial)
{
    const char *const texts[][2] = {{"name", trial->name},     {"usual", trial->usual}, {"changed", trial->changed},
                                    {"settle", trial->settle}, {"step", trial->step},   {"caution", trial->caution}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check_text(checker, entry, texts[i][0], trial->id, texts[i][1]);
    check_sources(checker, entry, trial->id, &trial->sources);
    if (!has_id(checker, IDS_HABITS, trial->id))
        complain(checker, AT_KEY(entry, "id"), "there is a trial of \"%s\", expected the id of a habit", trial->id);
    check_amount(checker, entry, "times", trial->id, &trial->times);
    check_amount(checker, entry, "plus", trial->id, &trial->plus);
    check_amount(checker, entry, "least", trial->id, trial->least);
    if (!is_within(trial->washout_days, 1, WASHOUT_MAX_DAYS))
        complain(checker, AT_KEY(entry, "washout_days"), "washout_days of \"%s\" is %g, expected 1 to %d", trial->id,
                 trial->washout_days, WASHOUT_MAX_DAYS);
    if (!is_within(trial->half_life_h, 0, HALF_LIFE_MAX_H))
        complain(checker, AT_KEY(entry, "half_life_h"), "half_life_h of \"%s\" is %g, expected 0 to %d", trial->id,
                 trial->half_life_h, HALF_LIFE_MAX_H);
    if (!is_within(trial->worth, 0.1, 0.95))
        complain(checker, AT_KEY(entry, "worth"), "worth of \"%s\" is %g, expected 0.1 to 0.95", trial->id,
                 trial->worth);
    bool steps = trial->step_share != NULL, whole = steps && trial->step_least && trial->step && trial->step_days >= 1;
    if (steps && !(whole && is_within(*trial->step_share, 0.05, 1) && *trial->step_least >= 0))
        complain(
            checker, AT_KEY(entry, "step_share"),
            "the steps of \"%s\" are not whole, expected step_share from 0.05 to 1, step_least, step_days and step",
            trial->id);
}

static void check_trials(struct checker *checker)
{
    for (uint32_t i = 0; i < checker->facts->trial_count; i++) {
        struct place entry = entry_place(checker, IDS_TRIALS, i);
        check_trial(checker, &entry, &checker->facts->trials[i]);
    }
    for (uint32_t i = 0; i < checker->facts->trial_washout_count; i++) {
        const struct qv_trial_washout *washout = &checker->facts->trial_washouts[i];
        struct place entry = entry_place(checker, IDS_TRIAL_WASHOUTS, i);
        check_text(checker, &entry, "text", washout->id, washout->text);
        check_sources(checker, &entry, washout->id, &washout->sources);
        if (!has_id(checker, IDS_TRIALS, washout->trial))
            complain(checker, AT_KEY(&entry, "trial"), "washout \"%s\" is of \"%s\", expected the id of a trial",
                     washout->id, washout->trial);
        if (!is_within(washout->half_life_h, 0.1, HALF_LIFE_MAX_H))
            complain(checker, AT_KEY(&entry, "half_life_h"), "half_life_h of \"%s\" is %g, expected 0.1 to %d",
                     washout->id, washout->half_life_h, HALF_LIFE_MAX_H);
    }
    for (uint32_t i = 0; i < checker->facts->trial_refusal_count; i++) {
        const struct qv_trial_refusal *refusal = &checker->facts->trial_refusals[i];
        struct place entry = entry_place(checker, IDS_TRIAL_REFUSALS, i);
        check_text(checker, &entry, "text", refusal->id, refusal->text);
        check_sources(checker, &entry, refusal->id, &refusal->sources);
        if (!refusal->trials.count && !refusal->if_rule && !refusal->level)
            complain(checker, &entry, "refusal \"%s\" refuses everything, expected trials, if or level", refusal->id);
    }
}

/* ---- claims ------------------------------------------------------------------------------------------------------ */

/* "conditions/benign_twitch", "red_flags/R34" (by its number in the dossier). */
static bool is_held(const struct checker *checker, const char *held_by)
{
    const char *slash = strchr(held_by, '/');
    if (!slash)
        return false;
    for (enum id_list_number l = 0; l < ID_LIST_COUNT; l++) {
        const char *key = checker->lists[l].key;
        bool same = l != IDS_SOURCES && l != IDS_CLAIMS && strlen(key) == (size_t)(slash - held_by) &&
                    strncmp(key, held_by, strlen(key)) == 0;
        if (same && has_id(checker, l, slash + 1))
            return true;
        for (uint32_t i = 0; same && l == IDS_RED_FLAGS && i < checker->facts->red_flag_count; i++) {
            if (strcmp(checker->facts->red_flags[i].dossier, slash + 1) == 0)
                return true;
        }
    }
    return false;
}

static void check_claims(struct checker *checker)
{
    uint32_t number = 0;
    for (uint32_t i = 0; i < checker->facts->claim_count; i++) {
        const struct qv_claim *claim = &checker->facts->claims[i];
        struct place entry = entry_place(checker, IDS_CLAIMS, i);
        char wanted[16];
        snprintf(wanted, sizeof wanted, "C%02u", ++number);
        if (strcmp(claim->id, wanted) != 0) {
            complain(checker, AT_KEY(&entry, "id"), "claim \"%s\" stands where %s should, expected no gap", claim->id,
                     wanted);
            /* Goes on from what is there, so that one gap is one complaint. */
            if (claim->id[0] == 'C' && isdigit((unsigned char)claim->id[1]))
                number = (uint32_t)strtoul(claim->id + 1, NULL, 10);
        }
        check_text(checker, &entry, "claim", claim->id, claim->claim);
        check_text(checker, &entry, "says", claim->id, claim->says);
        check_sources(checker, &entry, claim->id, &claim->sources);
        if (claim->held_by.count == 0)
            complain(checker, AT_KEY(&entry, "held_by"), "claim \"%s\" is held nowhere, expected at least one place",
                     claim->id);
        for (uint32_t h = 0; h < claim->held_by.count; h++) {
            if (!is_held(checker, claim->held_by.at[h]))
                complain(checker, AT_ENTRY(&entry, "held_by", h),
                         "claim \"%s\" is held by \"%s\", expected file/id of something there", claim->id,
                         claim->held_by.at[h]);
        }
    }
}

/* ---- diary.yaml -------------------------------------------------------------------------------------------------- */

/* The words in {…} that a sentence may have, and must. */
static const struct sentence_words {
    const char *id, *words;
} sentence_words[QV_SENTENCE_COUNT] = {
#define SENTENCE_WORDS(name, id, words) {id, words},
    QV_SENTENCE_MAP(SENTENCE_WORDS)
#undef SENTENCE_WORDS
};

/* True when `word` of so many letters is one of the words, which are parted by spaces. */
static bool is_one_of(const char *words, const char *word, size_t length)
{
    for (const char *at = words; *at; at += *at == ' ') {
        size_t this_length = strcspn(at, " ");
        if (this_length == length && strncmp(at, word, length) == 0)
            return true;
        at += this_length;
    }
    return false;
}

static void check_braces(struct checker *checker, const struct place *at, const struct qv_sentence *sentence,
                         const char *words)
{
    for (const char *open = sentence->text; (open = strpbrk(open, "{}")); open++) {
        size_t length = strcspn(open + 1, "{}");
        if (*open == '}' || open[1 + length] != '}') {
            complain(checker, AT_KEY(at, "text"), "sentence \"%s\" has a single brace, expected {word}", sentence->id);
            return;
        }
        if (!is_one_of(words, open + 1, length))
            complain(checker, AT_KEY(at, "text"), "sentence \"%s\" has {%.*s}, expected one of: %s", sentence->id,
                     (int)(length < 80 ? length : 80), open + 1, *words ? words : "(none)");
        open += length + 1;
    }
    for (const char *at_word = words; *at_word; at_word += *at_word == ' ') {
        char braced[64];
        size_t length = strcspn(at_word, " ");
        snprintf(braced, sizeof braced, "{%.*s}", (int)length, at_word);
        if (!strstr(sentence->text, braced))
            complain(checker, AT_KEY(at, "text"), "sentence \"%s\" lacks %s, expected all of: %s", sentence->id, braced,
                     words);
        at_word += length;
    }
}

static void check_sentences(struct checker *checker)
{
    for (uint32_t i = 0; i < checker->facts->sentence_count; i++) {
        const struct qv_sentence *sentence = &checker->facts->sentences[i];
        struct place entry = entry_place(checker, IDS_SENTENCES, i);
        const struct sentence_words *words = sentence_words;
        while (words < sentence_words + QV_SENTENCE_COUNT && strcmp(words->id, sentence->id) != 0)
            words++;
        if (words == sentence_words + QV_SENTENCE_COUNT)
            complain(checker, AT_KEY(&entry, "id"), "nothing says the sentence \"%s\", expected one that is used",
                     sentence->id);
        else
            check_braces(checker, &entry, sentence, words->words);
        check_text(checker, &entry, "text", sentence->id, sentence->text);
        check_sources(checker, &entry, sentence->id, &sentence->sources);
    }
    for (int s = 0; s < QV_SENTENCE_COUNT; s++) {
        if (!has_id(checker, IDS_SENTENCES, sentence_words[s].id))
            complain(checker, AT_KEY(&checker->files[FILE_DIARY], "sentences"),
                     "sentence \"%s\" is missing, expected all of them", sentence_words[s].id);
    }
}

static void check_habits(struct checker *checker)
{
    for (uint32_t i = 0; i < checker->facts->habit_count; i++) {
        const struct qv_habit *habit = &checker->facts->habits[i];
        struct place entry = entry_place(checker, IDS_HABITS, i);
        check_text(checker, &entry, "name", habit->id, habit->name);
        check_text(checker, &entry, "per", habit->id, habit->per);
        check_text(checker, &entry, "same_day", habit->id, habit->same_day);
        check_text(checker, &entry, "day_after", habit->id, habit->day_after);
        check_text(checker, &entry, "after_drop", habit->id, habit->after_drop);
        check_sources(checker, &entry, habit->id, &habit->sources);
        if (!(habit->step > 0) || strtod(habit->per, NULL) != habit->step)
            complain(checker, AT_KEY(&entry, "step"), "the step of \"%s\" is %g per \"%s\", expected the same number",
                     habit->id, habit->step, habit->per);
        if (habit->half_life_h != 0 &&
            !(is_within(habit->absorbed_h, 0.01, 24) && is_within(habit->half_life_h, 2 * habit->absorbed_h, 500)))
            complain(checker, AT_KEY(&entry, "half_life_h"),
                     "half_life_h of \"%s\" is %g, expected at least twice absorbed_h (0.01 to 24) and at most 500",
                     habit->id, habit->half_life_h);
        if (!is_within(habit->prior_sd, 0.05, 5))
            complain(checker, AT_KEY(&entry, "prior_sd"), "prior_sd of \"%s\" is %g, expected 0.05 to 5", habit->id,
                     habit->prior_sd);
        if (habit->finding && !is_number(find_evidence(checker, habit->finding)))
            complain(checker, AT_KEY(&entry, "finding"),
                     "habit \"%s\" fills \"%s\", expected a finding that is a number", habit->id, habit->finding);
    }
}

/* What a rule of the diary fills: a finding with a level that it has, or a number with a measure. */
static void check_filling(struct checker *checker, const struct place *entry, const struct qv_diary_rule *rule)
{
    if (!rule->finding) {
        if (rule->is || rule->number)
            complain(checker, entry, "\"%s\" has is or number and no finding, expected what it fills", rule->id);
        return;
    }
    struct evidence evidence = find_evidence(checker, rule->finding);
    if (!evidence.finding)
        complain(checker, AT_KEY(entry, "finding"), "\"%s\" fills \"%s\", expected a finding", rule->id, rule->finding);
    else if (is_number(evidence) ? rule->is || !rule->number : rule->number || !rule->is)
        complain(checker, entry, "\"%s\" fills \"%s\", expected number with a number and is with all else", rule->id,
                 rule->finding);
    else if (rule->is && !has_level(evidence, rule->is))
        complain(checker, AT_KEY(entry, "is"), "\"%s\" sets \"%s\" to \"%s\", expected a level that it has", rule->id,
                 rule->finding, rule->is);
}

static void check_watch(struct checker *checker)
{
    for (uint32_t i = 0; i < checker->facts->watch_count; i++) {
        const struct qv_diary_rule *rule = &checker->facts->watch[i];
        struct place entry = entry_place(checker, IDS_WATCH, i);
        check_text(checker, &entry, "text", rule->id, rule->text);
        check_sources(checker, &entry, rule->id, &rule->sources);
        check_filling(checker, &entry, rule);
        if (rule->condition_count == 0)
            complain(checker, &entry, "\"%s\" has no conditions, expected at least one", rule->id);
        for (uint32_t c = 0; c < rule->condition_count; c++) {
            const struct qv_diary_condition *condition = &rule->conditions[c];
            if (!condition->least && !condition->most && !condition->above && !condition->below)
                complain(checker, AT_ENTRY(&entry, "if", c),
                         "a condition of \"%s\" compares with nothing, expected least, most, above or below", rule->id);
        }
    }
}

static void check_places(struct checker *checker)
{
    const struct place *file = &checker->files[FILE_DIARY];
    struct evidence site = find_evidence(checker, "site");
    for (uint32_t i = 0; i < checker->facts->place_count; i++) {
        const struct qv_place_words *place = &checker->facts->places[i];
        const struct place *entry = AT_ENTRY(file, "places", i);
        if (!site.finding || !has_level(site, place->site))
            complain(checker, AT_KEY(entry, "site"), "a place is called \"%s\", expected a word of the finding site",
                     place->site);
        if (place->words.count == 0)
            complain(checker, entry, "the place \"%s\" has no words, expected at least one", place->site);
    }
}

static void check_folding(struct checker *checker)
{
    const struct qv_diary_folding *folding = &checker->facts->folding;
    const struct place *entry = AT_KEY(&checker->files[FILE_DIARY], "folding");
    if (folding->usual_known_days == 0 || folding->usual_known_days > folding->usual_over_days)
        complain(checker, AT_KEY(entry, "usual_known_days"), "usual_known_days is %u, expected 1 to usual_over_days",
                 folding->usual_known_days);
    if (folding->onset_after_quiet_days == 0)
        complain(checker, AT_KEY(entry, "onset_after_quiet_days"), "onset_after_quiet_days is 0, expected 1 or more");
    if (!has_id(checker, IDS_DRINKS, folding->counted_drink))
        complain(checker, AT_KEY(entry, "counted_drink"), "counted_drink is \"%s\", expected the id of a drink",
                 folding->counted_drink);
    check_sources(checker, entry, "folding", &folding->sources);
}

/* ---- rules ------------------------------------------------------------------------------------------------------- */

/* Compiles one rule. One that cannot be read is a complaint and leaves *rule NULL; only lack of memory is an error. */
static int check_rule(struct checker *checker, const struct qv_knowledge *knowledge, const struct place *entry,
                      const char *key, const char *id, const char *text, const struct qv_rule **rule)
{
    struct qv_error fault = {0};
    *rule = NULL;
    int status = rule_compile(knowledge, checker->arena, text, rule, &fault);
    if (status == QV_ERR_DATA) {
        complain(checker, AT_KEY(entry, key), "%s of \"%s\": %s", key, id, fault.text);
        return QV_OK;
    }
    return status ? qv_fail(checker->error, status, "%s", fault.text) : QV_OK;
}

/* Patterns are read in their order, so a pattern may look at those before it only. */
static void check_order(struct checker *checker, const struct place *at, uint32_t pattern, const struct qv_rule *rule)
{
    for (uint32_t i = 0; rule && i < rule->op_count; i++) {
        const struct rule_op *op = &rule->ops[i];
        if (op->kind <= OP_KNOWN && op->subject >= checker->facts->finding_count + pattern)
            complain(checker, AT_KEY(at, "when"), "pattern \"%s\" reads the pattern \"%s\", expected an earlier one",
                     checker->facts->patterns[pattern].id,
                     checker->facts->patterns[op->subject - checker->facts->finding_count].id);
    }
}

/* Compiles the rules of all patterns into the knowledge. *complete is false when one cannot be read. */
static int check_pattern_rules(struct checker *checker, struct qv_knowledge *knowledge, bool *complete)
{
    const struct qv_facts *facts = checker->facts;
    *complete = true;
    knowledge->pattern_rules = qv_arena_alloc(knowledge->arena, facts->pattern_count, sizeof *knowledge->pattern_rules);
    if (!knowledge->pattern_rules)
        return out_of_memory(checker);
    for (uint32_t p = 0; p < facts->pattern_count; p++) {
        const struct qv_evidence_levels *levels = &facts->patterns[p].levels;
        struct place entry = entry_place(checker, IDS_PATTERNS, p);
        const struct qv_rule **rules = qv_arena_alloc(knowledge->arena, levels->count, sizeof *rules);
        if (!rules)
            return out_of_memory(checker);
        for (uint32_t l = 0; l < levels->count; l++) {
            const struct place *at = AT_ENTRY(&entry, "levels", l);
            int status = check_rule(checker, knowledge, at, "when", levels->at[l].id, levels->at[l].when, &rules[l]);
            if (status)
                return status;
            check_order(checker, at, p, rules[l]);
            *complete = *complete && (rules[l] || !levels->at[l].when);
        }
        knowledge->pattern_rules[p] = rules;
    }
    return QV_OK;
}

static int check_curve_rules(struct checker *checker, const struct qv_knowledge *knowledge)
{
    const struct qv_rule *rule;
    int status = QV_OK;
    for (uint32_t i = 0; i < checker->facts->contributor_count; i++) {
        const struct qv_contributor *contributor = &checker->facts->contributors[i];
        struct place entry = entry_place(checker, IDS_CONTRIBUTORS, i);
        for (uint32_t p = 0; p < contributor->part_count; p++) {
            const struct place *part = AT_ENTRY(&entry, "parts", p);
            for (uint32_t c = 0; !status && c < contributor->parts[p].curve_count; c++)
                status = check_rule(checker, knowledge, AT_ENTRY(part, "curves", c), "if", contributor->id,
                                    contributor->parts[p].curves[c].if_rule, &rule);
        }
    }
    return status;
}

/* The rules of entries that have one or two each, under a key of their own. */
static int check_plain_rules(struct checker *checker, const struct qv_knowledge *knowledge)
{
    static const struct {
        enum id_list_number list;
        const char *key;
        size_t offset;
    } plain[] = {{IDS_FINDINGS, "ask_if", offsetof(struct qv_finding, ask_if)},
                 {IDS_ADVICE, "if", offsetof(struct qv_advice, if_rule)},
                 {IDS_ADVICE, "unless", offsetof(struct qv_advice, unless)},
                 {IDS_TESTS, "if", offsetof(struct qv_test, if_rule)},
                 {IDS_REFERENCES, "if", offsetof(struct qv_reference, if_rule)},
                 {IDS_TRIAL_WASHOUTS, "if", offsetof(struct qv_trial_washout, if_rule)},
                 {IDS_TRIAL_REFUSALS, "if", offsetof(struct qv_trial_refusal, if_rule)}};
    for (size_t k = 0; k < sizeof plain / sizeof plain[0]; k++) {
        const struct id_list *list = &checker->lists[plain[k].list];
        for (uint32_t i = 0; i < list->count; i++) {
            const char *entry_bytes = (const char *)list->entries + i * list->entry_size + plain[k].offset;
            const struct qv_rule *rule;
            struct place entry = entry_place(checker, plain[k].list, i);
            int status = check_rule(checker, knowledge, &entry, plain[k].key, id_at(list, i),
                                    *(const char *const *)(const void *)entry_bytes, &rule);
            if (status)
                return status;
        }
    }
    return QV_OK;
}

/* Whether one more "yes" to a member can make an atom false; with `negated`, whether it can make it true. */
static bool yes_can_lower(const struct rule_op *op, bool negated)
{
    switch (op->kind) {
    case OP_YES:
    case OP_KNOWN:
        return negated;
    case OP_IS:
        return (op->mask == 1) == negated;
    case OP_IS_NOT:
        return (op->mask == 0) == negated;
    case OP_COUNT:
        if (op->compare == CMP_MORE || op->compare == CMP_MORE_EQUAL)
            return negated;
        return op->compare == CMP_LESS || op->compare == CMP_LESS_EQUAL ? !negated : true;
    default:
        return false;
    }
}

/* Findings of which one more "yes" is one more sign of illness. */
static bool is_sign_of_illness(const struct checker *checker, uint32_t evidence)
{
    if (evidence >= checker->facts->finding_count)
        return false;
    const struct qv_finding *finding = &checker->facts->findings[evidence];
    return finding->type == QV_FIELD_YES_NO && !finding->reassuring && !finding->tells_apart &&
           (finding->section == QV_SECTION_WITH_IT || finding->section == QV_SECTION_TWITCH);
}

/* One more sign must never take a red flag away. Read backwards, postfix is prefix: so it is known what is negated. */
static int check_only_raises(struct checker *checker, const struct place *entry, const struct qv_red_flag *flag,
                             const struct qv_rule *rule)
{
    bool *negated = qv_arena_alloc(checker->arena, rule->op_count + 1, sizeof *negated);
    if (!negated)
        return out_of_memory(checker);
    uint32_t waiting = 1;
    for (uint32_t i = rule->op_count; i-- > 0;) {
        const struct rule_op *op = &rule->ops[i];
        bool here = negated[--waiting];
        if (op->kind == OP_NOT)
            negated[waiting++] = !here;
        if (op->kind == OP_AND || op->kind == OP_OR) {
            negated[waiting++] = here;
            negated[waiting++] = here;
        }
        uint32_t members = op->kind == OP_COUNT ? op->subject : 1;
        for (uint32_t m = 0; m < members && yes_can_lower(op, here); m++) {
            uint32_t evidence = op->kind == OP_COUNT ? op->list[m] : op->subject;
            if (is_sign_of_illness(checker, evidence))
                complain(checker, AT_KEY(entry, "when"),
                         "red flag \"%s\" goes away with a yes to \"%s\", expected this only of findings marked "
                         "reassuring or tells_apart",
                         flag->id, checker->facts->findings[evidence].id);
        }
    }
    return QV_OK;
}

static int check_red_flag_rules(struct checker *checker, const struct qv_knowledge *knowledge, bool can_search)
{
    for (uint32_t i = 0; i < checker->facts->red_flag_count; i++) {
        const struct qv_red_flag *flag = &checker->facts->red_flags[i];
        struct place entry = entry_place(checker, IDS_RED_FLAGS, i);
        const struct qv_rule *rule;
        int status = check_rule(checker, knowledge, &entry, "when", flag->id, flag->when, &rule);
        if (!status && rule)
            status = check_only_raises(checker, &entry, flag, rule);
        const struct witness *witness = NULL;
        if (!status && rule && can_search)
            status = rule_witness(knowledge, rule, checker->arena, &witness, checker->error);
        if (status)
            return status;
        if (rule && can_search && !witness)
            complain(checker, AT_KEY(&entry, "when"),
                     "red flag \"%s\" can be triggered by nobody, expected a rule that some answers make true",
                     flag->id);
    }
    return QV_OK;
}

static int check_rules_with(struct checker *checker, struct qv_knowledge *knowledge)
{
    struct qv_error fault = {0};
    int status = index_evidence(knowledge, &fault);
    if (status == QV_ERR_DATA) {
        complain(checker, &checker->files[FILE_MEDICINES], "%s", fault.text);
        return QV_OK;
    }
    if (status)
        return out_of_memory(checker);

    bool patterns_complete;
    status = check_pattern_rules(checker, knowledge, &patterns_complete);
    if (!status)
        status = check_plain_rules(checker, knowledge);
    if (!status)
        status = check_curve_rules(checker, knowledge);
    if (!status)
        status = check_red_flag_rules(checker, knowledge, patterns_complete);
    return status;
}

/* Rules hold the levels of evidence in masks: with more levels than bits none can be compiled. */
static bool can_be_indexed(const struct qv_facts *facts)
{
    for (uint32_t i = 0; i < facts->finding_count; i++) {
        if (facts->findings[i].levels.count > LEVELS_MAX)
            return false;
    }
    for (uint32_t i = 0; i < facts->pattern_count; i++) {
        if (facts->patterns[i].levels.count > LEVELS_MAX)
            return false;
    }
    return true;
}

static int check_rules(struct checker *checker)
{
    if (!can_be_indexed(checker->facts))
        return QV_OK;
    struct qv_knowledge *knowledge;
    int status = index_begin(checker->facts, &knowledge, checker->error);
    if (status)
        return status;
    status = check_rules_with(checker, knowledge);
    qv_knowledge_destroy(knowledge);
    return status;
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static int check_all(struct checker *checker)
{
    for (uint32_t f = 0; f < checker->loaded->file_count; f++)
        checker->files[f] = *WHOLE_FILE(f);
    list_ids(checker);
    int status = check_ids(checker);
    if (!status)
        status = check_emergency_numbers(checker);
    if (!status)
        status = check_names(checker, IDS_MEDICINES, IDS_MEDICINES, "the medicine's name");
    if (!status)
        status = check_names(checker, IDS_DRINKS, IDS_FOODS, "the name");
    if (status)
        return status;

    check_levels(checker);
    check_findings(checker);
    check_patterns(checker);
    check_red_flags(checker);
    check_contributors(checker);
    check_advice(checker);
    check_tests(checker);
    check_medicines(checker);
    check_drinks(checker);
    check_foods(checker);
    check_references(checker);
    check_trials(checker);
    check_claims(checker);
    check_habits(checker);
    check_watch(checker);
    check_places(checker);
    check_folding(checker);
    check_sentences(checker);
    check_conditions(checker);
    return check_rules(checker);
}

int check_facts(const struct loaded_facts *loaded, qv_complaint_fn *report, void *context, uint32_t *complaints,
                struct qv_error *error)
{
    struct checker checker = {.loaded = loaded,
                              .facts = &loaded->facts,
                              .places = places_create(loaded),
                              .arena = qv_arena_create(0),
                              .report = report,
                              .context = context,
                              .error = error};
    if (checker.arena)
        checker.files = qv_arena_alloc(checker.arena, loaded->file_count, sizeof *checker.files);
    int status = checker.places && checker.files ? check_all(&checker) : out_of_memory(&checker);
    places_destroy(checker.places);
    qv_arena_destroy(checker.arena);
    *complaints += checker.complaints;
    return status;
}
