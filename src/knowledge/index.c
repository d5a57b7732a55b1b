/* SPDX-License-Identifier: Apache-2.0 */
#include "index.h"
#include "rule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const medicine_level_names[MEDICINE_LEVEL_COUNT] = {"usual", "late", "undated", "after_twitch", "none"};

#define OUT_OF_MEMORY(error) qv_fail((error), QV_ERR_UNAVAILABLE, "out of memory")

int index_begin(const struct qv_facts *facts, struct qv_knowledge **out, struct qv_error *error)
{
    struct qv_arena *arena = qv_arena_create(0);
    struct qv_knowledge *knowledge = arena ? qv_arena_alloc(arena, 1, sizeof *knowledge) : NULL;
    if (!knowledge) {
        qv_arena_destroy(arena);
        return OUT_OF_MEMORY(error);
    }
    knowledge->arena = arena;
    knowledge->facts = facts;
    *out = knowledge;
    return QV_OK;
}

/* ---- evidence --------------------------------------------------------------------------------------------------- */

/* How many days one unit of a time in the past is, 0 for other units. Ids of times past end so by convention. */
static double days_ago_per_unit(const char *id)
{
    static const struct {
        const char *ending;
        double days;
    } endings[] = {{"_days_ago", 1}, {"onset_days", 1}, {"_months_ago", 30.4375}, {"_hours", 1.0 / 24}};
    size_t length = strlen(id);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t ending = strlen(endings[i].ending);
        bool fits = length >= ending && strcmp(id + length - ending, endings[i].ending) == 0;
        if (fits && (strcmp(endings[i].ending, "_hours") != 0 || strstr(id, "onset")))
            return endings[i].days;
    }
    return 0;
}

struct by_name_context {
    const struct qv_field *fields;
};

static int compare_fields(const void *a, const void *b, void *context)
{
    const struct by_name_context *by_name = context;
    return strcmp(by_name->fields[*(const uint16_t *)a].id, by_name->fields[*(const uint16_t *)b].id);
}

static int build_form(struct qv_knowledge *knowledge, struct qv_error *error)
{
    const struct qv_facts *facts = knowledge->facts;
    struct qv_field *fields = qv_arena_alloc(knowledge->arena, facts->finding_count, sizeof *fields);
    uint16_t *by_name = qv_arena_alloc(knowledge->arena, facts->finding_count, sizeof *by_name);
    if (!fields || !by_name)
        return OUT_OF_MEMORY(error);

    for (uint32_t i = 0; i < facts->finding_count; i++) {
        const struct qv_finding *finding = &facts->findings[i];
        struct qv_field *field = &fields[i];
        *field = (struct qv_field){.id = finding->id,
                                   .unit = finding->unit,
                                   .type = finding->type,
                                   .minimum = finding->minimum ? *finding->minimum : -INFINITY,
                                   .maximum = finding->maximum ? *finding->maximum : INFINITY};
        if (finding->type == QV_FIELD_NUMBER)
            field->days_ago_per_unit = days_ago_per_unit(finding->id);
        if (finding->type == QV_FIELD_CHOICE || finding->type == QV_FIELD_CHOICES) {
            const char **words = qv_arena_alloc(knowledge->arena, finding->levels.count, sizeof *words);
            if (!words)
                return OUT_OF_MEMORY(error);
            for (uint32_t w = 0; w < finding->levels.count; w++)
                words[w] = finding->levels.at[w].id;
            field->words = words;
            field->word_count = finding->levels.count;
        }
        by_name[i] = (uint16_t)i;
    }
    struct by_name_context context = {fields};
    qsort_r(by_name, facts->finding_count, sizeof *by_name, compare_fields, &context);
    knowledge->form = (struct qv_form){fields, by_name, facts->finding_count};
    knowledge->age = qv_form_find(&knowledge->form, "age");
    knowledge->sex = qv_form_find(&knowledge->form, "sex");
    knowledge->onset = qv_form_find(&knowledge->form, "onset_days");
    knowledge->medications = qv_form_find(&knowledge->form, "medications");
    return QV_OK;
}

/* The number of a sign group, given on first sight. */
static int32_t sign_index(struct qv_knowledge *knowledge, const char **signs, const char *sign)
{
    if (!sign)
        return -1;
    for (uint32_t i = 0; i < knowledge->sign_count; i++) {
        if (strcmp(signs[i], sign) == 0)
            return (int32_t)i;
    }
    signs[knowledge->sign_count] = sign;
    return (int32_t)knowledge->sign_count++;
}

static uint32_t levels_of(const struct qv_finding *finding)
{
    return finding->type == QV_FIELD_YES_NO ? 2 : finding->levels.count;
}

static void fill_levels(struct qv_cell *cells, const struct qv_evidence_levels *levels)
{
    for (uint32_t i = 0; i < levels->count; i++) {
        const struct qv_evidence_level *level = &levels->at[i];
        cells[i] = (struct qv_cell){
            .id = level->id, .phrase = level->phrase, .background = level->background ? *level->background : 0};
    }
}

static int build_evidence(struct qv_knowledge *knowledge, struct qv_error *error)
{
    const struct qv_facts *facts = knowledge->facts;
    uint32_t evidence_count = facts->finding_count + facts->pattern_count;
    uint32_t cell_count = 0;
    for (uint32_t i = 0; i < facts->finding_count; i++)
        cell_count += levels_of(&facts->findings[i]);
    for (uint32_t i = 0; i < facts->pattern_count; i++)
        cell_count += facts->patterns[i].levels.count;
    if (evidence_count > QV_EVIDENCE_MAX || cell_count > UINT16_MAX)
        return qv_fail(error, QV_ERR_DATA, "more findings than quiver can hold");

    struct qv_arena *arena = knowledge->arena;
    struct qv_evidence *evidence = qv_arena_alloc(arena, evidence_count, sizeof *evidence);
    struct qv_cell *cells = qv_arena_alloc(arena, cell_count, sizeof *cells);
    const char **signs = qv_arena_alloc(arena, evidence_count, sizeof *signs);
    if (!evidence || !cells || !signs)
        return OUT_OF_MEMORY(error);

    uint32_t cell = 0;
    for (uint32_t i = 0; i < facts->finding_count; i++) {
        const struct qv_finding *finding = &facts->findings[i];
        evidence[i] = (struct qv_evidence){.id = finding->id,
                                           .first_cell = cell,
                                           .level_count = levels_of(finding),
                                           .sign = sign_index(knowledge, signs, finding->sign),
                                           .reassuring = finding->reassuring};
        if (finding->type == QV_FIELD_YES_NO) {
            double yes = finding->background ? *finding->background : 0.5;
            cells[cell] = (struct qv_cell){.id = "no", .phrase = finding->absent, .background = 1 - yes};
            cells[cell + 1] = (struct qv_cell){.id = "yes", .phrase = finding->present, .background = yes};
        } else {
            fill_levels(&cells[cell], &finding->levels);
        }
        cell += evidence[i].level_count;
    }
    for (uint32_t i = 0; i < facts->pattern_count; i++) {
        const struct qv_pattern *pattern = &facts->patterns[i];
        evidence[facts->finding_count + i] = (struct qv_evidence){.id = pattern->id,
                                                                  .first_cell = cell,
                                                                  .level_count = pattern->levels.count,
                                                                  .sign = sign_index(knowledge, signs, pattern->sign)};
        fill_levels(&cells[cell], &pattern->levels);
        cell += pattern->levels.count;
    }
    knowledge->evidence = evidence;
    knowledge->evidence_count = evidence_count;
    knowledge->cells = cells;
    knowledge->cell_count = cell_count;
    return QV_OK;
}

/* ---- medicines ---------------------------------------------------------------------------------------------------- */

static int add_group(struct qv_knowledge *knowledge, const char *id, uint32_t medicine, struct qv_error *error)
{
    int group = qv_knowledge_group(knowledge, id);
    if (group < 0) {
        if (knowledge->group_count == QV_GROUP_MAX)
            return qv_fail(error, QV_ERR_DATA, "medicines.yaml: more than %d classes and effects", QV_GROUP_MAX);
        group = (int)knowledge->group_count++;
        knowledge->groups[group] = id;
    }
    knowledge->medicine_groups[medicine][group / 64] |= (uint64_t)1 << (group % 64);
    return QV_OK;
}

static int build_groups(struct qv_knowledge *knowledge, struct qv_error *error)
{
    const struct qv_facts *facts = knowledge->facts;
    knowledge->groups = qv_arena_alloc(knowledge->arena, QV_GROUP_MAX, sizeof *knowledge->groups);
    knowledge->medicine_groups =
        qv_arena_alloc(knowledge->arena, facts->medicine_count, sizeof *knowledge->medicine_groups);
    if (!knowledge->groups || !knowledge->medicine_groups)
        return OUT_OF_MEMORY(error);

    for (uint32_t m = 0; m < facts->medicine_count; m++) {
        const struct qv_medicine *medicine = &facts->medicines[m];
        int status = QV_OK;
        for (uint32_t i = 0; !status && i < medicine->classes.count; i++)
            status = add_group(knowledge, medicine->classes.at[i], m, error);
        for (uint32_t i = 0; !status && i < medicine->effect_count; i++)
            status = add_group(knowledge, medicine->effects[i].effect, m, error);
        if (status)
            return status;
    }
    return QV_OK;
}

uint32_t index_letter(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    return c >= 'a' && c <= 'z' ? (uint32_t)(c - 'a') : LETTER_COUNT - 1;
}

/* Files all names by their first letter: a counting sort. */
static int file_names(struct qv_knowledge *knowledge, struct qv_error *error)
{
    const struct qv_facts *facts = knowledge->facts;
    uint32_t *first = qv_arena_alloc(knowledge->arena, LETTER_COUNT + 1, sizeof *first), total = 0;
    for (uint32_t m = 0; m < facts->medicine_count; m++)
        total += facts->medicines[m].names.count;
    struct qv_medicine_name *names = qv_arena_alloc(knowledge->arena, total, sizeof *names);
    if (!first || !names)
        return OUT_OF_MEMORY(error);

    for (uint32_t m = 0; m < facts->medicine_count; m++) {
        for (uint32_t i = 0; i < facts->medicines[m].names.count; i++)
            first[index_letter(facts->medicines[m].names.at[i][0]) + 1]++;
    }
    for (uint32_t l = 1; l <= LETTER_COUNT; l++)
        first[l] += first[l - 1];
    uint32_t next[LETTER_COUNT];
    memcpy(next, first, sizeof next);
    for (uint32_t m = 0; m < facts->medicine_count; m++) {
        for (uint32_t i = 0; i < facts->medicines[m].names.count; i++) {
            const char *name = facts->medicines[m].names.at[i];
            names[next[index_letter(name[0])]++] = (struct qv_medicine_name){name, m};
        }
    }
    knowledge->names_of = names;
    knowledge->letter_first = first;
    return QV_OK;
}

int index_evidence(struct qv_knowledge *knowledge, struct qv_error *error)
{
    int status = build_form(knowledge, error);
    if (!status)
        status = build_evidence(knowledge, error);
    if (!status)
        status = build_groups(knowledge, error);
    if (!status)
        status = file_names(knowledge, error);
    return status;
}

/* ---- rules -------------------------------------------------------------------------------------------------------- */

/* Marks the evidence that a rule looks at. Rules about medicines may look at when the twitch began. */
static void mark_evidence(const struct qv_knowledge *knowledge, const struct qv_rule *rule, bool *mentioned)
{
    for (uint32_t i = 0; rule && i < rule->op_count; i++) {
        const struct rule_op *op = &rule->ops[i];
        if (op->kind <= OP_KNOWN)
            mentioned[op->subject] = true;
        for (uint32_t k = 0; op->kind == OP_COUNT && k < op->subject; k++)
            mentioned[op->list[k]] = true;
        if (op->kind == OP_BEFORE_TWITCH && knowledge->onset >= 0)
            mentioned[knowledge->onset] = true;
    }
}

/* Marks the evidence whose "no" a rule tells from silence. */
static void mark_told_by_no(struct qv_knowledge *knowledge, const struct qv_rule *rule)
{
    for (uint32_t i = 0; rule && i < rule->op_count; i++) {
        const struct rule_op *op = &rule->ops[i];
        if (op->kind == OP_KNOWN || op->kind == OP_IS_NOT || (op->kind == OP_IS && op->mask == 0))
            knowledge->evidence[op->subject].told_by_no = true;
    }
}

/* For one pattern, which evidence can change it, through earlier patterns too, whose rows lie before its own. */
static void pattern_reads(const struct qv_knowledge *knowledge, uint32_t pattern, bool *rows)
{
    uint32_t columns = knowledge->evidence_count;
    bool *mentioned = &rows[pattern * columns];
    const struct qv_facts *facts = knowledge->facts;
    const struct qv_pattern *p = &facts->patterns[pattern];
    for (uint32_t l = 0; l < p->levels.count; l++)
        mark_evidence(knowledge, knowledge->pattern_rules[pattern][l], mentioned);
    if (p->medicine && knowledge->onset >= 0)
        mentioned[knowledge->onset] = true;
    for (uint32_t earlier = 0; earlier < pattern; earlier++) {
        for (uint32_t e = 0; mentioned[facts->finding_count + earlier] && e < columns; e++)
            mentioned[e] |= rows[earlier * columns + e];
    }
}

/*
 * Turns a matrix of marks, rows the readers and columns the evidence, into a list of readers for each evidence.
 */
static int lists_by_evidence(struct qv_knowledge *knowledge, const bool *marks, uint32_t reader_count,
                             uint16_t first_reader, const uint16_t ***lists, const uint16_t **counts)
{
    uint32_t columns = knowledge->evidence_count;
    const uint16_t **out = qv_arena_alloc(knowledge->arena, columns, sizeof *out);
    uint16_t *out_counts = qv_arena_alloc(knowledge->arena, columns, sizeof *out_counts);
    if (!out || !out_counts)
        return QV_ERR_UNAVAILABLE;
    for (uint32_t e = 0; e < columns; e++) {
        for (uint32_t r = 0; r < reader_count; r++)
            out_counts[e] = (uint16_t)(out_counts[e] + marks[r * columns + e]);
        uint16_t *list = qv_arena_alloc(knowledge->arena, out_counts[e], sizeof *list);
        if (!list)
            return QV_ERR_UNAVAILABLE;
        for (uint32_t r = 0, k = 0; r < reader_count; r++) {
            if (marks[r * columns + e])
                list[k++] = (uint16_t)(first_reader + r);
        }
        out[e] = list;
    }
    *lists = out;
    *counts = out_counts;
    return QV_OK;
}

static int build_readers(struct qv_knowledge *knowledge, struct qv_error *error)
{
    const struct qv_facts *facts = knowledge->facts;
    uint32_t columns = knowledge->evidence_count;
    bool *patterns = qv_arena_alloc(knowledge->arena, facts->pattern_count * columns, 1);
    bool *flags = qv_arena_alloc(knowledge->arena, facts->red_flag_count * columns, 1);
    if (!patterns || !flags)
        return OUT_OF_MEMORY(error);

    for (uint32_t p = 0; p < facts->pattern_count; p++) {
        pattern_reads(knowledge, p, patterns);
        for (uint32_t l = 0; l < facts->patterns[p].levels.count; l++)
            mark_told_by_no(knowledge, knowledge->pattern_rules[p][l]);
    }
    for (uint32_t f = 0; f < facts->red_flag_count; f++) {
        bool *row = &flags[f * columns];
        mark_evidence(knowledge, knowledge->red_flag_rules[f], row);
        mark_told_by_no(knowledge, knowledge->red_flag_rules[f]);
        for (uint32_t p = 0; p < facts->pattern_count; p++) {
            for (uint32_t e = 0; row[facts->finding_count + p] && e < columns; e++)
                row[e] |= patterns[p * columns + e];
        }
    }
    if (lists_by_evidence(knowledge, patterns, facts->pattern_count, (uint16_t)facts->finding_count,
                          &knowledge->patterns_of, &knowledge->patterns_of_count) ||
        lists_by_evidence(knowledge, flags, facts->red_flag_count, 0, &knowledge->flags_of, &knowledge->flags_of_count))
        return OUT_OF_MEMORY(error);
    return QV_OK;
}

/* Findings whose "yes" alone fires a red flag, found by trying each on an otherwise empty case. */
static int build_alarming(struct qv_knowledge *knowledge, struct qv_error *error)
{
    uint32_t findings = knowledge->facts->finding_count;
    bool *alarming = qv_arena_alloc(knowledge->arena, findings, sizeof *alarming);
    struct qv_value *values = qv_arena_alloc(knowledge->arena, findings, sizeof *values);
    int8_t *levels = qv_arena_alloc(knowledge->arena, knowledge->evidence_count, sizeof *levels);
    if (!alarming || !values || !levels)
        return OUT_OF_MEMORY(error);

    struct qv_situation situation = {.values = values, .levels = levels, .onset_days = NAN};
    for (uint32_t i = 0; i < findings; i++) {
        if (knowledge->form.fields[i].type != QV_FIELD_YES_NO || knowledge->evidence[i].reassuring)
            continue;
        values[i] = (struct qv_value){.kind = QV_YES};
        qv_situation_levels(knowledge, &situation, levels);
        for (uint32_t k = 0; !alarming[i] && k < knowledge->flags_of_count[i]; k++)
            alarming[i] = qv_rule_holds(knowledge, knowledge->red_flag_rules[knowledge->flags_of[i][k]], &situation);
        values[i] = (struct qv_value){0};
    }
    knowledge->alarming = alarming;
    return QV_OK;
}

/* Compiles one rule for each entry of an array of structs that hold their rule's text at some offset. */
static int compile_all(struct qv_knowledge *knowledge, const void *entries, size_t entry_size, size_t text_offset,
                       uint32_t count, const char *file, const struct qv_rule ***out, struct qv_error *error)
{
    const struct qv_rule **rules = qv_arena_alloc(knowledge->arena, count, sizeof *rules);
    if (!rules)
        return OUT_OF_MEMORY(error);
    for (uint32_t i = 0; i < count; i++) {
        const char *const *text = (const void *)((const char *)entries + i * entry_size + text_offset);
        int status = rule_compile(knowledge, knowledge->arena, *text, &rules[i], error);
        if (status)
            return qv_fail_at(error, "%s", file);
    }
    *out = rules;
    return QV_OK;
}

#define COMPILE_ALL(member, entries, count, type, text, file)                                                          \
    compile_all(knowledge, facts->entries, sizeof(struct type), offsetof(struct type, text), facts->count, file,       \
                &knowledge->member, error)

static int compile_patterns(struct qv_knowledge *knowledge, struct qv_error *error)
{
    const struct qv_facts *facts = knowledge->facts;
    knowledge->pattern_rules = qv_arena_alloc(knowledge->arena, facts->pattern_count, sizeof *knowledge->pattern_rules);
    if (!knowledge->pattern_rules)
        return OUT_OF_MEMORY(error);
    for (uint32_t p = 0; p < facts->pattern_count; p++) {
        const struct qv_evidence_levels *levels = &facts->patterns[p].levels;
        int status = compile_all(knowledge, levels->at, sizeof levels->at[0], offsetof(struct qv_evidence_level, when),
                                 levels->count, "patterns.yaml", &knowledge->pattern_rules[p], error);
        if (status)
            return status;
    }
    return QV_OK;
}

static int compile_curves(struct qv_knowledge *knowledge, struct qv_error *error)
{
    const struct qv_facts *facts = knowledge->facts;
    knowledge->curve_rules = qv_arena_alloc(knowledge->arena, facts->contributor_count, sizeof *knowledge->curve_rules);
    if (!knowledge->curve_rules)
        return OUT_OF_MEMORY(error);
    for (uint32_t c = 0; c < facts->contributor_count; c++) {
        const struct qv_contributor *contributor = &facts->contributors[c];
        knowledge->curve_rules[c] =
            qv_arena_alloc(knowledge->arena, contributor->part_count, sizeof *knowledge->curve_rules[c]);
        if (!knowledge->curve_rules[c])
            return OUT_OF_MEMORY(error);
        for (uint32_t p = 0; p < contributor->part_count; p++) {
            const struct qv_contributor_part *part = &contributor->parts[p];
            int status =
                compile_all(knowledge, part->curves, sizeof part->curves[0], offsetof(struct qv_curve, if_rule),
                            part->curve_count, "contributors.yaml", &knowledge->curve_rules[c][p], error);
            if (status)
                return status;
        }
    }
    return QV_OK;
}

int index_rules(struct qv_knowledge *knowledge, struct qv_error *error)
{
    const struct qv_facts *facts = knowledge->facts;
    int status = compile_patterns(knowledge, error);
    if (!status)
        status = COMPILE_ALL(red_flag_rules, red_flags, red_flag_count, qv_red_flag, when, "red_flags.yaml");
    if (!status)
        status = COMPILE_ALL(advice_if, advice, advice_count, qv_advice, if_rule, "advice.yaml");
    if (!status)
        status = COMPILE_ALL(advice_unless, advice, advice_count, qv_advice, unless, "advice.yaml");
    if (!status)
        status = COMPILE_ALL(test_if, tests, test_count, qv_test, if_rule, "tests.yaml");
    if (!status)
        status = COMPILE_ALL(ask_if, findings, finding_count, qv_finding, ask_if, "findings.yaml");
    if (!status)
        status = COMPILE_ALL(reference_if, references, reference_count, qv_reference, if_rule, "references.yaml");
    if (!status)
        status = COMPILE_ALL(trial_washout_if, trial_washouts, trial_washout_count, qv_trial_washout, if_rule,
                             "trials.yaml");
    if (!status)
        status = COMPILE_ALL(trial_refusal_if, trial_refusals, trial_refusal_count, qv_trial_refusal, if_rule,
                             "trials.yaml");
    if (!status)
        status = compile_curves(knowledge, error);
    if (!status)
        status = build_readers(knowledge, error);
    if (!status)
        status = build_alarming(knowledge, error);
    return status;
}

/* ---- ids ---------------------------------------------------------------------------------------------------------- */

/* Indices of words among the ids of an array of structs whose first member is the id. */
static const uint16_t *resolve(struct qv_knowledge *knowledge, const struct qv_words *words, const void *entries,
                               size_t entry_size, uint32_t count, struct qv_error *error)
{
    uint16_t *indices = qv_arena_alloc(knowledge->arena, words->count, sizeof *indices);
    if (!indices) {
        OUT_OF_MEMORY(error);
        return NULL;
    }
    for (uint32_t w = 0; w < words->count; w++) {
        uint32_t i = 0;
        while (i < count &&
               strcmp(*(const char *const *)(const void *)((const char *)entries + i * entry_size), words->at[w]) != 0)
            i++;
        if (i == count) {
            qv_fail(error, QV_ERR_DATA, "no such id: \"%s\"", words->at[w]);
            return NULL;
        }
        indices[w] = (uint16_t)i;
    }
    return indices;
}

static int32_t level_of_curve(const struct qv_knowledge *knowledge, const struct qv_curve *curve, int32_t finding)
{
    const struct qv_evidence *e = &knowledge->evidence[finding];
    for (uint32_t l = 0; curve->level && l < e->level_count; l++) {
        if (strcmp(knowledge->cells[e->first_cell + l].id, curve->level) == 0)
            return (int32_t)l;
    }
    return -1;
}

static int resolve_curves(struct qv_knowledge *knowledge, struct qv_error *error)
{
    const struct qv_facts *facts = knowledge->facts;
    knowledge->curve_subjects =
        qv_arena_alloc(knowledge->arena, facts->contributor_count, sizeof *knowledge->curve_subjects);
    if (!knowledge->curve_subjects)
        return OUT_OF_MEMORY(error);
    for (uint32_t c = 0; c < facts->contributor_count; c++) {
        const struct qv_contributor *contributor = &facts->contributors[c];
        const struct qv_curve_subject **parts =
            qv_arena_alloc(knowledge->arena, contributor->part_count, sizeof *parts);
        for (uint32_t p = 0; parts && p < contributor->part_count; p++) {
            const struct qv_contributor_part *part = &contributor->parts[p];
            struct qv_curve_subject *subjects = qv_arena_alloc(knowledge->arena, part->curve_count, sizeof *subjects);
            if (!subjects)
                return OUT_OF_MEMORY(error);
            for (uint32_t k = 0; k < part->curve_count; k++) {
                const struct qv_curve *curve = &part->curves[k];
                int finding = qv_knowledge_evidence(knowledge, curve->finding);
                int per = curve->per ? qv_knowledge_evidence(knowledge, curve->per) : -1;
                if (finding < 0 || (curve->per && per < 0))
                    return qv_fail(error, QV_ERR_DATA, "contributors.yaml: %s: no finding \"%s\"", contributor->id,
                                   finding < 0 ? curve->finding : curve->per);
                subjects[k] = (struct qv_curve_subject){finding, per, level_of_curve(knowledge, curve, finding)};
            }
            parts[p] = subjects;
        }
        if (!parts)
            return OUT_OF_MEMORY(error);
        knowledge->curve_subjects[c] = parts;
    }
    return QV_OK;
}

/* A number in the middle of a level's bin; the last bin is taken to be half as wide as its lower end. */
static double typical_number(const struct qv_finding *finding, uint32_t level)
{
    double low = level ? *finding->levels.at[level - 1].below : finding->minimum ? *finding->minimum : 0;
    double highest = finding->maximum ? *finding->maximum : INFINITY;
    double high = finding->levels.at[level].below ? *finding->levels.at[level].below : fmin(low * 1.5 + 1, highest);
    return (low + high) / 2;
}

/* The bins are whole by now: the checker has seen them. */
static void note_typical_numbers(struct qv_knowledge *knowledge)
{
    for (uint32_t f = 0; f < knowledge->facts->finding_count; f++) {
        const struct qv_finding *finding = &knowledge->facts->findings[f];
        for (uint32_t l = 0; finding->type == QV_FIELD_NUMBER && l < finding->levels.count; l++)
            knowledge->cells[knowledge->evidence[f].first_cell + l].typical = typical_number(finding, l);
    }
}

/* Odds that count: below this a habit is not worth a question. */
#define HABIT_ODDS 1.3

static bool counts_at(const struct qv_curve *curve, double x)
{
    for (uint32_t i = 0; i < curve->point_count; i++) {
        if (curve->points[i].odds >= HABIT_ODDS && x >= curve->points[i].at && curve->points[0].odds < HABIT_ODDS)
            return true; /* more is worse */
        if (curve->points[i].odds >= HABIT_ODDS && x <= curve->points[i].at && curve->points[0].odds >= HABIT_ODDS)
            return true; /* less is worse */
    }
    return false;
}

static void add_habit(const struct qv_knowledge *knowledge, const struct qv_curve *curve, int32_t evidence,
                      float *habit_share)
{
    if (curve->per || curve->level || evidence >= (int32_t)knowledge->form.field_count)
        return;
    const struct qv_cell *cells = &knowledge->cells[knowledge->evidence[evidence].first_cell];
    bool is_number = knowledge->facts->findings[evidence].type == QV_FIELD_NUMBER;
    double share = 0;
    for (uint32_t l = 0; l < knowledge->evidence[evidence].level_count; l++) {
        if (counts_at(curve, is_number ? cells[l].typical : l))
            share += cells[l].background;
    }
    habit_share[evidence] = fmaxf(habit_share[evidence], (float)share);
}

static int find_habits(struct qv_knowledge *knowledge, struct qv_error *error)
{
    const struct qv_facts *facts = knowledge->facts;
    float *habit_share = qv_arena_alloc(knowledge->arena, facts->finding_count, sizeof *habit_share);
    if (!habit_share)
        return OUT_OF_MEMORY(error);
    for (uint32_t c = 0; c < facts->contributor_count; c++) {
        const struct qv_contributor *contributor = &facts->contributors[c];
        for (uint32_t p = 0; p < contributor->part_count; p++) {
            for (uint32_t k = 0; k < contributor->parts[p].curve_count; k++)
                add_habit(knowledge, &contributor->parts[p].curves[k], knowledge->curve_subjects[c][p][k].finding,
                          habit_share);
        }
    }
    knowledge->habit_share = habit_share;
    return QV_OK;
}

static int resolve_ids(struct qv_knowledge *knowledge, struct qv_error *error)
{
    const struct qv_facts *facts = knowledge->facts;
    struct qv_arena *arena = knowledge->arena;
    knowledge->condition_tests = qv_arena_alloc(arena, facts->condition_count, sizeof(void *));
    knowledge->advice_contributors = qv_arena_alloc(arena, facts->advice_count, sizeof(void *));
    knowledge->advice_conditions = qv_arena_alloc(arena, facts->advice_count, sizeof(void *));
    if (!knowledge->condition_tests || !knowledge->advice_contributors || !knowledge->advice_conditions)
        return OUT_OF_MEMORY(error);
    for (uint32_t c = 0; c < facts->condition_count; c++) {
        knowledge->condition_tests[c] = resolve(knowledge, &facts->conditions[c].tests, facts->tests,
                                                sizeof facts->tests[0], facts->test_count, error);
        if (!knowledge->condition_tests[c])
            return error ? error->status : QV_ERR_DATA;
    }
    for (uint32_t a = 0; a < facts->advice_count; a++) {
        knowledge->advice_contributors[a] = resolve(knowledge, &facts->advice[a].contributors, facts->contributors,
                                                    sizeof facts->contributors[0], facts->contributor_count, error);
        knowledge->advice_conditions[a] = knowledge->advice_contributors[a]
                                              ? resolve(knowledge, &facts->advice[a].conditions, facts->conditions,
                                                        sizeof facts->conditions[0], facts->condition_count, error)
                                              : NULL;
        if (!knowledge->advice_conditions[a])
            return error ? error->status : QV_ERR_DATA;
    }
    note_typical_numbers(knowledge);
    int status = resolve_curves(knowledge, error);
    return status ? status : find_habits(knowledge, error);
}

/* ---- tables ------------------------------------------------------------------------------------------------------- */

/*
 * How far off a likelihood may be, as the standard deviation of its log-odds. A published proportion has the binomial
 * one; an estimate is taken to be within a factor of three of the true odds 19 times in 20 (log 3 / 1.96).
 */
#define ESTIMATE_LOGIT_SD 0.56
#define DERIVED_PEOPLE 40
/* No likelihood is believed to be nearer to impossible than this. */
#define SMALLEST_P 1e-4

static double logit_sd(const struct qv_likelihood *likelihood)
{
    double people = likelihood->n ? likelihood->n : likelihood->grade >= QV_GRADE_DERIVED ? DERIVED_PEOPLE : 0;
    if (likelihood->grade < QV_GRADE_DERIVED || people == 0)
        return ESTIMATE_LOGIT_SD;
    double sd = 1 / sqrt(people * likelihood->p * (1 - likelihood->p));
    return sd < ESTIMATE_LOGIT_SD ? sd : ESTIMATE_LOGIT_SD;
}

int index_likelihood_level(const struct qv_knowledge *knowledge, int evidence, const struct qv_likelihood *likelihood)
{
    const struct qv_evidence *e = &knowledge->evidence[evidence];
    const char *wanted = likelihood->is ? likelihood->is : "yes";
    for (uint32_t l = 0; l < e->level_count; l++) {
        if (strcmp(knowledge->cells[e->first_cell + l].id, wanted) == 0)
            return (int)l;
    }
    return -1;
}

struct tables {
    float (*log_ratio)[QV_CONDITION_MAX];
    float (*ratio)[QV_CONDITION_MAX];
    float (*log_ratio_sd)[QV_CONDITION_MAX];
    int16_t (*entry)[QV_CONDITION_MAX];
};

/*
 * One condition's view of one piece of evidence. Levels that it names have their own probability; what is left is
 * spread over the others (and over the people to whom it never happened) as in the background.
 */
static void fill_column(const struct qv_knowledge *knowledge, const struct tables *tables, uint32_t condition,
                        const struct qv_evidence *evidence)
{
    uint32_t first = evidence->first_cell, count = evidence->level_count;
    const struct qv_likelihood *likelihoods = knowledge->facts->conditions[condition].likelihoods;
    double named = 0, named_background = 0, spread = 0;
    int16_t any = -1;
    for (uint32_t l = 0; l < count; l++) {
        int16_t entry = tables->entry[first + l][condition];
        if (entry < 0)
            continue;
        any = entry;
        named += likelihoods[entry].p;
        named_background += knowledge->cells[first + l].background;
        spread = fmax(spread, logit_sd(&likelihoods[entry]));
    }
    if (any < 0)
        return;

    double rest = fmax(1 - named, SMALLEST_P) / fmax(1 - named_background, SMALLEST_P);
    for (uint32_t l = 0; l < count; l++) {
        double background = fmax(knowledge->cells[first + l].background, SMALLEST_P);
        int16_t *entry = &tables->entry[first + l][condition];
        double p = *entry >= 0 ? likelihoods[*entry].p : background * rest;
        p = fmin(fmax(p, SMALLEST_P), 1 - SMALLEST_P);
        /* d log p / d logit p = 1 - p */
        double sd = *entry >= 0 ? logit_sd(&likelihoods[*entry]) * (1 - p) : spread * fmin(named, 1);
        tables->log_ratio[first + l][condition] = (float)log(p / background);
        tables->log_ratio_sd[first + l][condition] = (float)sd;
        if (*entry < 0)
            *entry = any;
    }
}

/* The members of the sign groups, one group after another in one array. */
static int group_signs(struct qv_knowledge *knowledge, struct qv_error *error)
{
    knowledge->signs = qv_arena_alloc(knowledge->arena, knowledge->sign_count, sizeof *knowledge->signs);
    uint16_t *next = qv_arena_alloc(knowledge->arena, knowledge->evidence_count, sizeof *next);
    if (!knowledge->signs || !next)
        return OUT_OF_MEMORY(error);
    for (uint32_t s = 0; s < knowledge->sign_count; s++) {
        knowledge->signs[s].members = next;
        for (uint32_t e = 0; e < knowledge->evidence_count; e++) {
            if (knowledge->evidence[e].sign == (int32_t)s && knowledge->evidence[e].weighed) {
                *next++ = (uint16_t)e;
                knowledge->signs[s].count++;
            }
        }
    }
    return QV_OK;
}

int index_tables(struct qv_knowledge *knowledge, struct qv_error *error)
{
    const struct qv_facts *facts = knowledge->facts;
    if (facts->condition_count == 0 || facts->condition_count > QV_CONDITION_MAX)
        return qv_fail(error, QV_ERR_DATA, "conditions: found %u, expected 1 to %d", facts->condition_count,
                       QV_CONDITION_MAX);

    int status = resolve_ids(knowledge, error);
    if (status)
        return status;
    struct tables tables = {
        qv_arena_alloc(knowledge->arena, knowledge->cell_count, sizeof *tables.log_ratio),
        qv_arena_alloc(knowledge->arena, knowledge->cell_count, sizeof *tables.ratio),
        qv_arena_alloc(knowledge->arena, knowledge->cell_count, sizeof *tables.log_ratio_sd),
        qv_arena_alloc(knowledge->arena, knowledge->cell_count, sizeof *tables.entry),
    };
    if (!tables.log_ratio || !tables.ratio || !tables.log_ratio_sd || !tables.entry)
        return OUT_OF_MEMORY(error);
    memset(tables.entry, 0xff, knowledge->cell_count * sizeof *tables.entry); /* all -1 */

    for (uint32_t c = 0; c < facts->condition_count; c++) {
        const struct qv_condition *condition = &facts->conditions[c];
        for (uint32_t i = 0; i < condition->likelihood_count; i++) {
            int evidence = qv_knowledge_evidence(knowledge, condition->likelihoods[i].finding);
            int level = evidence < 0 ? -1 : index_likelihood_level(knowledge, evidence, &condition->likelihoods[i]);
            if (level < 0)
                return qv_fail(error, QV_ERR_DATA,
                               "conditions/%s.yaml: likelihoods: no finding \"%s\" with level \"%s\"", condition->id,
                               condition->likelihoods[i].finding,
                               condition->likelihoods[i].is ? condition->likelihoods[i].is : "yes");
            tables.entry[knowledge->evidence[evidence].first_cell + (uint32_t)level][c] = (int16_t)i;
            knowledge->evidence[evidence].weighed = true;
        }
        for (uint32_t e = 0; e < knowledge->evidence_count; e++)
            fill_column(knowledge, &tables, c, &knowledge->evidence[e]);
    }
    for (uint32_t cell = 0; cell < knowledge->cell_count; cell++) {
        for (uint32_t c = 0; c < facts->condition_count; c++)
            tables.ratio[cell][c] = expf(tables.log_ratio[cell][c]);
    }
    knowledge->log_ratio = (const float(*)[QV_CONDITION_MAX])tables.log_ratio;
    knowledge->ratio = (const float(*)[QV_CONDITION_MAX])tables.ratio;
    knowledge->log_ratio_sd = (const float(*)[QV_CONDITION_MAX])tables.log_ratio_sd;
    knowledge->entry = (const int16_t(*)[QV_CONDITION_MAX])tables.entry;
    return group_signs(knowledge, error);
}

static int find_sentences(struct qv_knowledge *knowledge, struct qv_error *error)
{
    static const char *const ids[QV_SENTENCE_COUNT] = {
#define SENTENCE_ID(name, id, words) id,
        QV_SENTENCE_MAP(SENTENCE_ID)
#undef SENTENCE_ID
    };
    for (int s = 0; s < QV_SENTENCE_COUNT; s++) {
        for (uint32_t i = 0; i < knowledge->facts->sentence_count; i++) {
            if (strcmp(knowledge->facts->sentences[i].id, ids[s]) == 0)
                knowledge->sentences[s] = &knowledge->facts->sentences[i];
        }
        if (!knowledge->sentences[s])
            return qv_fail(error, QV_ERR_DATA, "diary.yaml: no sentence \"%s\"", ids[s]);
    }
    return QV_OK;
}

int index_complete(struct qv_knowledge *knowledge, struct qv_error *error)
{
    int status = index_evidence(knowledge, error);
    if (!status)
        status = index_rules(knowledge, error);
    if (!status)
        status = index_tables(knowledge, error);
    if (!status)
        status = index_draws(knowledge, error);
    if (!status)
        status = find_sentences(knowledge, error);
    if (status)
        qv_knowledge_destroy(knowledge);
    return status;
}

int index_build(const struct qv_facts *facts, struct qv_knowledge **out, struct qv_error *error)
{
    struct qv_knowledge *knowledge = NULL;
    int status = index_begin(facts, &knowledge, error);
    if (!knowledge)
        return status;
    status = index_complete(knowledge, error);
    if (!status)
        *out = knowledge;
    return status;
}
