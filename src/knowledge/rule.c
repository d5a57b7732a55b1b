/* SPDX-License-Identifier: Apache-2.0 */
#include "rule.h"
#include "index.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- compiling: recursive descent, or → and → not → atom ------------------------------------------------------- */

#define RULE_OPS_MAX 256

struct parser {
    const struct qv_knowledge *knowledge;
    struct qv_arena *arena;
    const char *text, *at;
    struct qv_error *error;
    struct rule_op ops[RULE_OPS_MAX];
    uint16_t settles[RULE_OPS_MAX]
                    [2]; /* by result: the "and" or "or" that a left operand's last operation settles, or 0 */
    uint32_t op_count;
    uint32_t depth;
    char word[96];
};

static int complain(struct parser *parser, const char *what, const char *word)
{
    return qv_fail(parser->error, QV_ERR_DATA, "rule \"%.200s\": %s%s%s%s at column %d", parser->text, what,
                   word ? " \"" : "", word ? word : "", word ? "\"" : "", (int)(parser->at - parser->text) + 1);
}

static void skip_space(struct parser *parser)
{
    while (isspace((unsigned char)*parser->at))
        parser->at++;
}

/* Reads an identifier into parser->word without taking it; its length, 0 if there is none. */
static size_t peek_word(struct parser *parser)
{
    skip_space(parser);
    size_t length = 0;
    while (isalnum((unsigned char)parser->at[length]) || parser->at[length] == '_')
        length++;
    if (length >= sizeof parser->word || (length && isdigit((unsigned char)parser->at[0])))
        length = 0;
    memcpy(parser->word, parser->at, length);
    parser->word[length] = 0;
    return length;
}

static bool take_word(struct parser *parser, const char *word)
{
    size_t length = peek_word(parser);
    if (length == 0 || strcmp(parser->word, word) != 0)
        return false;
    parser->at += length;
    return true;
}

static bool take_sign(struct parser *parser, char sign)
{
    skip_space(parser);
    if (*parser->at != sign)
        return false;
    parser->at++;
    return true;
}

static int expect_sign(struct parser *parser, char sign)
{
    char wanted[] = {'e', 'x', 'p', 'e', 'c', 't', 'e', 'd', ' ', sign, 0};
    return take_sign(parser, sign) ? QV_OK : complain(parser, wanted, NULL);
}

static int emit(struct parser *parser, struct rule_op op)
{
    if (parser->op_count == RULE_OPS_MAX)
        return complain(parser, "too long a rule", NULL);
    parser->settles[parser->op_count][false] = parser->settles[parser->op_count][true] = 0;
    parser->ops[parser->op_count++] = op;
    return QV_OK;
}

static bool take_compare(struct parser *parser, uint8_t *compare)
{
    static const struct {
        const char *sign;
        uint8_t compare;
    } signs[] = {{"<=", CMP_LESS_EQUAL}, {">=", CMP_MORE_EQUAL}, {"!=", CMP_NOT_EQUAL},
                 {"<", CMP_LESS},        {">", CMP_MORE},        {"=", CMP_EQUAL}};
    skip_space(parser);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        size_t length = strlen(signs[i].sign);
        if (strncmp(parser->at, signs[i].sign, length) == 0) {
            parser->at += length;
            *compare = signs[i].compare;
            return true;
        }
    }
    return false;
}

static int take_number(struct parser *parser, double *number)
{
    skip_space(parser);
    char *end;
    errno = 0;
    *number = strtod(parser->at, &end);
    if (end == parser->at || errno || !isfinite(*number))
        return complain(parser, "expected a number", NULL);
    parser->at = end;
    return QV_OK;
}

/* An identifier that names evidence. */
static int take_evidence(struct parser *parser, uint16_t *evidence)
{
    size_t length = peek_word(parser);
    if (length == 0)
        return complain(parser, "expected the name of a finding", NULL);
    int index = qv_knowledge_evidence(parser->knowledge, parser->word);
    if (index < 0)
        return complain(parser, "unknown finding", parser->word);
    parser->at += length;
    *evidence = (uint16_t)index;
    return QV_OK;
}

/* An identifier that names a level (a word) of the evidence. */
static int take_level(struct parser *parser, uint16_t evidence, uint32_t *level)
{
    const struct qv_evidence *e = &parser->knowledge->evidence[evidence];
    size_t length = peek_word(parser);
    for (uint32_t i = 0; length && i < e->level_count; i++) {
        if (strcmp(parser->knowledge->cells[e->first_cell + i].id, parser->word) == 0) {
            parser->at += length;
            *level = i;
            return QV_OK;
        }
    }
    return complain(parser, "no such answer", parser->word);
}

/* "word" or "(word, word, …)" into a mask. */
static int take_levels(struct parser *parser, uint16_t evidence, uint32_t *mask)
{
    bool list = take_sign(parser, '(');
    *mask = 0;
    do {
        uint32_t level = 0;
        int status = take_level(parser, evidence, &level);
        if (status)
            return status;
        *mask |= 1u << level;
    } while (list && take_sign(parser, ','));
    return list ? expect_sign(parser, ')') : QV_OK;
}

static bool is_type(const struct parser *parser, uint16_t evidence, enum qv_field_type type)
{
    return evidence < parser->knowledge->form.field_count && parser->knowledge->form.fields[evidence].type == type;
}

/* count(a, b, c) >= 2 */
static int count_atom(struct parser *parser)
{
    struct rule_op op = {.kind = OP_COUNT};
    uint16_t list[RULE_COUNT_MAX] = {0};
    int status = expect_sign(parser, '(');
    do {
        if (op.subject == RULE_COUNT_MAX)
            return complain(parser, "too many findings in count()", NULL);
        if (!status)
            status = take_evidence(parser, &list[op.subject]);
        if (status)
            return status;
        if (!is_type(parser, list[op.subject], QV_FIELD_YES_NO))
            return complain(parser, "count() takes yes/no findings, not", parser->word);
        op.subject++;
    } while (take_sign(parser, ','));
    if ((status = expect_sign(parser, ')')))
        return status;
    if (!take_compare(parser, &op.compare))
        return complain(parser, "count() wants a comparison", NULL);
    if ((status = take_number(parser, &op.number)))
        return status;
    uint16_t *kept = qv_arena_alloc(parser->arena, op.subject, sizeof *kept);
    if (!kept)
        return qv_fail(parser->error, QV_ERR_UNAVAILABLE, "out of memory");
    memcpy(kept, list, op.subject * sizeof *kept);
    op.list = kept;
    return emit(parser, op);
}

static const struct {
    const char *word;
    uint8_t kind;
    bool compares;
} medicine_atoms[] = {{"takes", OP_TAKES, false},
                      {"before_twitch", OP_BEFORE_TWITCH, false},
                      {"started", OP_STARTED, true},
                      {"changed", OP_CHANGED, true},
                      {"stopped", OP_STOPPED, true}};

/* takes(group), started(group) <= 7 … */
static int medicine_atom(struct parser *parser, size_t which)
{
    struct rule_op op = {.kind = medicine_atoms[which].kind};
    int status = expect_sign(parser, '(');
    if (status)
        return status;
    size_t length = peek_word(parser);
    int group = qv_knowledge_group(parser->knowledge, parser->word);
    if (length == 0 || group < 0)
        return complain(parser, "no medicine has the class or effect", parser->word);
    parser->at += length;
    op.subject = (uint16_t)group;
    if ((status = expect_sign(parser, ')')))
        return status;
    if (medicine_atoms[which].compares) {
        if (!take_compare(parser, &op.compare))
            return complain(parser, "days want a comparison", NULL);
        if ((status = take_number(parser, &op.number)))
            return status;
    }
    return emit(parser, op);
}

/* finding, finding = level, finding < 3, finding has x, finding has any (…), finding only (…) */
static int finding_atom(struct parser *parser)
{
    struct rule_op op = {.kind = OP_YES};
    int status = take_evidence(parser, &op.subject);
    if (status)
        return status;

    if (is_type(parser, op.subject, QV_FIELD_CHOICES)) {
        if (take_word(parser, "has")) {
            op.kind = OP_HAS_ANY;
            take_word(parser, "any");
        } else if (take_word(parser, "only")) {
            op.kind = OP_ONLY;
        } else {
            return complain(parser, "a list wants \"has\" or \"only\"", NULL);
        }
        status = take_levels(parser, op.subject, &op.mask);
        return status ? status : emit(parser, op);
    }

    if (!take_compare(parser, &op.compare)) {
        if (!is_type(parser, op.subject, QV_FIELD_YES_NO))
            return complain(parser, "only a yes/no finding can stand alone", NULL);
        return emit(parser, op);
    }
    if (is_type(parser, op.subject, QV_FIELD_NUMBER)) {
        op.kind = OP_COMPARE;
        status = take_number(parser, &op.number);
        return status ? status : emit(parser, op);
    }
    if (op.compare != CMP_EQUAL && op.compare != CMP_NOT_EQUAL)
        return complain(parser, "only numbers can be above or below", NULL);
    op.kind = op.compare == CMP_EQUAL ? OP_IS : OP_IS_NOT;
    status = take_level(parser, op.subject, &op.mask);
    return status ? status : emit(parser, op);
}

static int parse_or(struct parser *parser);

static int parse_atom(struct parser *parser)
{
    if (take_sign(parser, '(')) {
        if (++parser->depth >= RULE_DEPTH_MAX)
            return complain(parser, "brackets nested too deep", NULL);
        int status = parse_or(parser);
        parser->depth--;
        return status ? status : expect_sign(parser, ')');
    }
    if (take_word(parser, "known")) {
        struct rule_op op = {.kind = OP_KNOWN};
        int status = expect_sign(parser, '(');
        if (!status)
            status = take_evidence(parser, &op.subject);
        if (!status)
            status = expect_sign(parser, ')');
        return status ? status : emit(parser, op);
    }
    if (take_word(parser, "count"))
        return count_atom(parser);
    for (size_t i = 0; i < sizeof medicine_atoms / sizeof medicine_atoms[0]; i++) {
        if (take_word(parser, medicine_atoms[i].word))
            return medicine_atom(parser, i);
    }
    return finding_atom(parser);
}

static int parse_not(struct parser *parser)
{
    if (!take_word(parser, "not"))
        return parse_atom(parser);
    if (++parser->depth >= RULE_DEPTH_MAX)
        return complain(parser, "nested too deep", NULL);
    int status = parse_not(parser);
    parser->depth--;
    return status ? status : emit(parser, (struct rule_op){.kind = OP_NOT});
}

static int parse_and(struct parser *parser)
{
    int status = parse_not(parser);
    while (!status && take_word(parser, "and")) {
        uint32_t left = parser->op_count - 1;
        status = parse_not(parser);
        parser->settles[left][false] = (uint16_t)parser->op_count;
        if (!status)
            status = emit(parser, (struct rule_op){.kind = OP_AND});
    }
    return status;
}

static int parse_or(struct parser *parser)
{
    int status = parse_and(parser);
    while (!status && take_word(parser, "or")) {
        uint32_t left = parser->op_count - 1;
        status = parse_and(parser);
        parser->settles[left][true] = (uint16_t)parser->op_count;
        if (!status)
            status = emit(parser, (struct rule_op){.kind = OP_OR});
    }
    return status;
}

/*
 * What follows when operation i has come to a result. Where a left operand settles its "and" or "or", its result is that
 * of the operator and the right operand is passed over; where it does not, the operator's result is that of the right
 * operand, which comes just before it. So operators never need to be worked out, and a "not" turns the result.
 */
static uint16_t next_after(const struct parser *parser, uint32_t i, bool result)
{
    for (;;) {
        while (parser->settles[i][result])
            i = parser->settles[i][result];
        if (++i == parser->op_count)
            return result ? RULE_TRUE : RULE_FALSE;
        if (parser->ops[i].kind < OP_NOT)
            return (uint16_t)i;
        result ^= parser->ops[i].kind == OP_NOT;
    }
}

int rule_compile(const struct qv_knowledge *knowledge, struct qv_arena *arena, const char *text,
                 const struct qv_rule **out, struct qv_error *error)
{
    if (!text) {
        *out = NULL;
        return QV_OK;
    }
    struct parser parser; /* not zeroed: its room for operations is large */
    parser.knowledge = knowledge;
    parser.arena = arena;
    parser.text = parser.at = text;
    parser.error = error;
    parser.op_count = parser.depth = 0;
    int status = parse_or(&parser);
    skip_space(&parser);
    if (!status && *parser.at)
        status = complain(&parser, "not understood:", parser.at);
    if (status)
        return status;

    for (uint32_t i = 0; i < parser.op_count; i++) {
        parser.ops[i].next[false] = next_after(&parser, i, false);
        parser.ops[i].next[true] = next_after(&parser, i, true);
    }
    struct qv_rule *rule = qv_arena_alloc(arena, 1, sizeof *rule + parser.op_count * sizeof parser.ops[0]);
    if (!rule)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    rule->text = text;
    rule->op_count = parser.op_count;
    memcpy(rule->ops, parser.ops, parser.op_count * sizeof parser.ops[0]);
    *out = rule;
    return QV_OK;
}

/* ---- evaluating ------------------------------------------------------------------------------------------------ */

static bool compares(double value, uint8_t compare, double number)
{
    switch (compare) {
    case CMP_EQUAL:
        return value == number;
    case CMP_NOT_EQUAL:
        return value < number || value > number; /* NaN is neither: not known */
    case CMP_LESS:
        return value < number;
    case CMP_LESS_EQUAL:
        return value <= number;
    case CMP_MORE:
        return value > number;
    default:
        return value >= number;
    }
}

static bool dose_fits(const struct rule_op *op, const struct qv_dose *dose, double onset_days)
{
    bool stopped = !isnan(dose->stopped_days_ago);
    switch (op->kind) {
    case OP_TAKES:
        return !stopped;
    case OP_STARTED:
        return !stopped && compares(dose->started_days_ago, op->compare, op->number);
    case OP_CHANGED:
        return !stopped && compares(dose->dose_changed_days_ago, op->compare, op->number);
    case OP_STOPPED:
        return compares(dose->stopped_days_ago, op->compare, op->number);
    default: /* OP_BEFORE_TWITCH: a dose rise counts as a beginning */
        return !stopped &&
               (!(dose->started_days_ago < onset_days - SAME_DAY_DAYS) || dose->dose_changed_days_ago >= onset_days);
    }
}

static bool any_dose(const struct qv_knowledge *knowledge, const struct rule_op *op,
                     const struct qv_situation *situation)
{
    for (uint32_t i = 0; i < situation->dose_count; i++) {
        const struct qv_dose *dose = &situation->doses[i];
        if (qv_medicine_in_group(knowledge, dose->medicine, op->subject) && dose_fits(op, dose, situation->onset_days))
            return true;
    }
    return false;
}

static bool is_known(const struct qv_knowledge *knowledge, const struct qv_situation *situation, uint16_t evidence)
{
    if ((int)evidence == knowledge->medications)
        return situation->medicines_known;
    if (evidence < knowledge->form.field_count)
        return situation->values[evidence].kind != QV_UNKNOWN;
    return situation->levels[evidence] >= 0;
}

static bool atom_holds(const struct qv_knowledge *knowledge, const struct rule_op *op,
                       const struct qv_situation *situation)
{
    switch (op->kind) {
    case OP_IS:
        return situation->levels[op->subject] == (int)op->mask;
    case OP_IS_NOT:
        return situation->levels[op->subject] >= 0 && situation->levels[op->subject] != (int)op->mask;
    case OP_COMPARE: {
        const struct qv_value *value = &situation->values[op->subject];
        return value->kind == QV_NUMBER && compares(value->number, op->compare, op->number);
    }
    case OP_HAS_ANY: {
        const struct qv_value *value = &situation->values[op->subject];
        return value->kind == QV_WORDS && (value->words & op->mask);
    }
    case OP_ONLY: {
        const struct qv_value *value = &situation->values[op->subject];
        return value->kind == QV_WORDS && value->words && !(value->words & ~op->mask);
    }
    case OP_KNOWN:
        return is_known(knowledge, situation, op->subject);
    case OP_COUNT: {
        double yes = 0;
        for (uint32_t i = 0; i < op->subject; i++)
            yes += situation->levels[op->list[i]] == 1;
        return compares(yes, op->compare, op->number);
    }
    default:
        return any_dose(knowledge, op, situation);
    }
}

/* The evidence that an atom's result depends on. */
static void note_reading(const struct qv_knowledge *knowledge, const struct rule_op *op, struct qv_evidence_set *read)
{
    if (op->kind == OP_BEFORE_TWITCH && knowledge->onset >= 0)
        qv_evidence_add(read, (uint32_t)knowledge->onset);
    if (op->kind >= OP_TAKES) {
        if (knowledge->medications >= 0)
            qv_evidence_add(read, (uint32_t)knowledge->medications);
        return;
    }
    if (op->kind != OP_COUNT) {
        qv_evidence_add(read, op->subject);
        return;
    }
    for (uint32_t i = 0; i < op->subject; i++)
        qv_evidence_add(read, op->list[i]);
}

static inline bool evaluate(const struct qv_knowledge *knowledge, const struct qv_rule *rule,
                            const struct qv_situation *situation, struct qv_evidence_set *read)
{
    uint32_t i = 0;
    do {
        const struct rule_op *op = &rule->ops[i];
        bool is_yes = op->kind == OP_YES; /* most of all */
        bool result = is_yes ? situation->levels[op->subject] == 1 : atom_holds(knowledge, op, situation);
        if (read)
            note_reading(knowledge, op, read);
        i = op->next[result];
    } while (i < RULE_FALSE);
    return i == RULE_TRUE;
}

bool qv_rule_holds(const struct qv_knowledge *knowledge, const struct qv_rule *rule,
                   const struct qv_situation *situation)
{
    return !rule || evaluate(knowledge, rule, situation, NULL);
}

bool qv_rule_reads(const struct qv_knowledge *knowledge, const struct qv_rule *rule,
                   const struct qv_situation *situation, struct qv_evidence_set *read)
{
    return !rule || evaluate(knowledge, rule, situation, read);
}
