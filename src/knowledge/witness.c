/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goals are parts of rules that must hold, or must not. They are taken one at a time: "and" gives two goals, "or" a
 * choice, an atom narrows what somebody may have said. A choice that leads nowhere is undone (the trail remembers what
 * was narrowed) and the next one tried. Medicines wait until all findings are settled, since their dates are compared
 * with the day on which the twitch began; what must not be taken waits until all that must be taken is there.
 */
#include "witness.h"
#include "index.h"
#include "rule.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* A knowledge file may come from anyone: the search ends, whatever the rule. */
#define STEPS_MAX 50000
#define DEPTH_MAX 1000
#define TRAIL_MAX (4 * DEPTH_MAX)
#define LEVELS_MAX 32
#define LONGEST_DAYS 36500
#define ROOM_DAYS 30
#define DAYS_PER_YEAR 365.25

/* What one answer may still be. Each kind of answer uses its own members; the others stay as wide as they begin. */
struct domain {
    bool silent, known; /* may be unanswered; may be answered */
    bool above, below;  /* low, high are excluded */
    uint32_t levels;    /* yes/no and choice: the levels that are left */
    uint32_t must, must_not;
    double low, high;
};

struct dose_domain {
    uint32_t medicine;
    struct domain started, changed, stopped; /* days ago */
};

struct narrowing {
    struct domain *where, was;
};

struct search {
    const struct qv_knowledge *knowledge;
    const struct qv_rule *rule;
    struct domain *findings;
    struct domain medicines; /* the list of medicines: given at all? */
    struct dose_domain doses[WITNESS_DOSE_MAX];
    uint32_t dose_count;
    struct narrowing *trail;
    uint32_t trail_count, steps, depth;
    struct witness *out;
};

enum goal_kind { GOAL_RULE, GOAL_COUNT, GOAL_MEDICINE_LEVEL };

struct goal {
    const struct goal *next;
    const struct qv_rule *rule;
    enum goal_kind kind;
    uint16_t node; /* operation of the rule; GOAL_MEDICINE_LEVEL: the pattern */
    bool want;
    int8_t level;        /* GOAL_MEDICINE_LEVEL: -1 = not known */
    uint8_t member, yes; /* GOAL_COUNT: the next to decide, and how many are yes so far */
};

/* All that is still to be done, in this order. */
struct agenda {
    const struct goal *open, *taken, *absent;
};

static bool solve(struct search *search, struct agenda agenda);

/* ---- narrowing --------------------------------------------------------------------------------------------------- */

static const struct domain anything = {
    .silent = true, .known = true, .levels = ~0u, .low = -INFINITY, .high = INFINITY};

static bool has_answer(const struct domain *domain)
{
    bool interval = domain->low < domain->high || (domain->low == domain->high && !domain->above && !domain->below);
    return domain->known && domain->levels && !(domain->must & domain->must_not) && interval;
}

/* Replaces a domain by a narrower one, if anything is left of it. */
static bool narrow(struct search *search, struct domain *where, struct domain wanted)
{
    wanted.known = has_answer(&wanted);
    if ((!wanted.known && !wanted.silent) || search->trail_count == TRAIL_MAX)
        return false;
    search->trail[search->trail_count++] = (struct narrowing){where, *where};
    *where = wanted;
    return true;
}

struct mark {
    uint32_t trail_count, dose_count;
};

static struct mark mark_here(const struct search *search)
{
    return (struct mark){search->trail_count, search->dose_count};
}

static void undo_to(struct search *search, struct mark mark)
{
    while (search->trail_count > mark.trail_count) {
        const struct narrowing *last = &search->trail[--search->trail_count];
        *last->where = last->was;
    }
    search->dose_count = mark.dose_count;
}

static bool silence(struct search *search, struct domain *where)
{
    struct domain wanted = *where;
    wanted.known = false;
    return narrow(search, where, wanted);
}

static bool between(struct search *search, struct domain *where, double low, double high)
{
    struct domain wanted = *where;
    wanted.silent = false;
    if (low > wanted.low) {
        wanted.low = low;
        wanted.above = false;
    }
    if (high < wanted.high) {
        wanted.high = high;
        wanted.below = false;
    }
    return narrow(search, where, wanted);
}

static uint8_t opposite(uint8_t compare)
{
    static const uint8_t opposites[] = {
        [CMP_EQUAL] = CMP_NOT_EQUAL, [CMP_NOT_EQUAL] = CMP_EQUAL, [CMP_LESS] = CMP_MORE_EQUAL,
        [CMP_LESS_EQUAL] = CMP_MORE, [CMP_MORE] = CMP_LESS_EQUAL, [CMP_MORE_EQUAL] = CMP_LESS};
    return opposites[compare];
}

/* Two numbers are unequal in two ways; any other comparison leaves one interval. */
static unsigned ways(uint8_t compare)
{
    return compare == CMP_NOT_EQUAL ? 2 : 1;
}

/* Makes the comparison true (in one of its ways), or leaves silence where that will do. */
static bool compare_with(struct search *search, struct domain *where, uint8_t compare, double number, unsigned way,
                         bool silence_will_do)
{
    if (compare == CMP_NOT_EQUAL)
        compare = way == 0 ? CMP_LESS : CMP_MORE;
    struct domain wanted = *where;
    wanted.silent = wanted.silent && silence_will_do;
    bool from_above = compare == CMP_LESS || compare == CMP_LESS_EQUAL || compare == CMP_EQUAL;
    bool from_below = compare == CMP_MORE || compare == CMP_MORE_EQUAL || compare == CMP_EQUAL;
    if (from_above && number <= wanted.high) {
        wanted.below = compare == CMP_LESS || (wanted.below && number == wanted.high);
        wanted.high = number;
    }
    if (from_below && number >= wanted.low) {
        wanted.above = compare == CMP_MORE || (wanted.above && number == wanted.low);
        wanted.low = number;
    }
    if (compare == CMP_EQUAL && (number > wanted.high || number < wanted.low))
        wanted.known = false;
    return narrow(search, where, wanted);
}

/* ---- somebody, from what is left --------------------------------------------------------------------------------- */

/* A number that reads well: next to the end that a rule has set, whole where a whole one fits. */
static double pick(const struct domain *domain, double minimum)
{
    double low = domain->low, high = domain->high;
    if (low == high)
        return low;
    double whole = domain->above ? floor(low) + 1 : ceil(low);
    bool raised = low > minimum || domain->above || !isfinite(high);
    if (!raised)
        whole = domain->below ? ceil(high) - 1 : floor(high);
    if (isfinite(whole) && (domain->above ? whole > low : whole >= low) &&
        (domain->below ? whole < high : whole <= high))
        return whole;
    return isfinite(low) && isfinite(high) ? low + (high - low) / 2 : 0;
}

static struct qv_value pick_value(const struct domain *domain, const struct qv_field *field)
{
    if (domain->silent)
        return (struct qv_value){0};
    uint32_t level = (uint32_t)__builtin_ctz(domain->levels);
    switch (field->type) {
    case QV_FIELD_YES_NO:
        return (struct qv_value){.kind = domain->levels & 2 ? QV_YES : QV_NO};
    case QV_FIELD_NUMBER:
        return (struct qv_value){.kind = QV_NUMBER, .number = pick(domain, field->minimum)};
    case QV_FIELD_CHOICE:
        return (struct qv_value){.kind = QV_WORD, .words = level};
    default: {
        uint32_t all = field->word_count < 32 ? (1u << field->word_count) - 1 : ~0u;
        uint32_t allowed = all & ~domain->must_not;
        return (struct qv_value){.kind = QV_WORDS, .words = domain->must ? domain->must : allowed & -allowed};
    }
    }
}

static double pick_days(const struct domain *domain)
{
    return domain->silent ? NAN : pick(domain, 0);
}

/* Whoever changes or stops a medicine has begun it before. */
static bool pick_dose(const struct dose_domain *domain, struct qv_dose *dose)
{
    *dose = (struct qv_dose){.medicine = domain->medicine,
                             .started_days_ago = pick_days(&domain->started),
                             .dose_changed_days_ago = pick_days(&domain->changed),
                             .stopped_days_ago = pick_days(&domain->stopped)};
    double latest_start = fmax(dose->dose_changed_days_ago, dose->stopped_days_ago);
    if (dose->started_days_ago < latest_start)
        dose->started_days_ago = latest_start;
    return isnan(dose->started_days_ago) || domain->started.silent || dose->started_days_ago < domain->started.high ||
           (dose->started_days_ago == domain->started.high && !domain->started.below);
}

/* Nothing was before birth. */
static bool is_plausible(const struct qv_knowledge *knowledge, const struct witness *witness)
{
    if (knowledge->age < 0 || witness->values[knowledge->age].kind != QV_NUMBER)
        return true;
    double longest_days = (witness->values[knowledge->age].number + 1) * DAYS_PER_YEAR;
    for (uint32_t i = 0; i < knowledge->form.field_count; i++) {
        const struct qv_value *value = &witness->values[i];
        if (value->kind == QV_NUMBER && value->number * knowledge->form.fields[i].days_ago_per_unit > longest_days)
            return false;
    }
    for (uint32_t d = 0; d < witness->dose_count; d++) {
        if (witness->doses[d].started_days_ago > longest_days)
            return false;
    }
    return true;
}

static bool prove(struct search *search)
{
    const struct qv_knowledge *knowledge = search->knowledge;
    struct witness *witness = search->out;
    for (uint32_t i = 0; i < knowledge->form.field_count; i++)
        witness->values[i] = pick_value(&search->findings[i], &knowledge->form.fields[i]);
    for (uint32_t d = 0; d < search->dose_count; d++) {
        if (!pick_dose(&search->doses[d], &witness->doses[d]))
            return false;
    }
    witness->dose_count = search->dose_count;
    witness->medicines_known = search->dose_count > 0 || !search->medicines.silent;
    if ((witness->medicines_known && !search->medicines.known) || !is_plausible(knowledge, witness))
        return false;

    bool dated = knowledge->onset >= 0 && witness->values[knowledge->onset].kind == QV_NUMBER;
    witness->situation = (struct qv_situation){.values = witness->values,
                                               .levels = witness->levels,
                                               .doses = witness->doses,
                                               .dose_count = witness->dose_count,
                                               .onset_days = dated ? witness->values[knowledge->onset].number : NAN};
    witness->situation.medicines_known = witness->medicines_known;
    qv_situation_levels(knowledge, &witness->situation, witness->levels);
    return qv_rule_holds(knowledge, search->rule, &witness->situation);
}

/* ---- medicines --------------------------------------------------------------------------------------------------- */

static struct domain *onset_of(struct search *search)
{
    return search->knowledge->onset < 0 ? NULL : &search->findings[search->knowledge->onset];
}

static bool silent_onset(struct search *search)
{
    struct domain *onset = onset_of(search);
    return !onset || silence(search, onset);
}

/* Settles on one day for the beginning of the twitch: as few days ago as may be, or more, with room for later days. */
static bool settle_onset(struct search *search, bool with_room, double *days)
{
    struct domain *onset = onset_of(search);
    if (!onset || !onset->known)
        return false;
    struct domain choice = *onset;
    if (with_room && choice.low + ROOM_DAYS < choice.high) {
        choice.high = choice.low + ROOM_DAYS;
        choice.below = false;
    }
    *days = pick(&choice, with_room ? choice.low : -INFINITY);
    return between(search, onset, *days, *days);
}

#define DOSE_WAYS_MAX 4

/* Makes a dose fit an atom in one of its ways. */
static bool fit_dose(struct search *search, struct dose_domain *dose, const struct rule_op *op, unsigned way)
{
    if (op->kind == OP_STOPPED)
        return way < ways(op->compare) && compare_with(search, &dose->stopped, op->compare, op->number, way, false);
    if (!silence(search, &dose->stopped))
        return false;
    double onset;
    switch (op->kind) {
    case OP_TAKES:
        return way == 0;
    case OP_STARTED:
        return way < ways(op->compare) && compare_with(search, &dose->started, op->compare, op->number, way, false);
    case OP_CHANGED:
        return way < ways(op->compare) && compare_with(search, &dose->changed, op->compare, op->number, way, false);
    default: /* OP_BEFORE_TWITCH */
        if (way == 0)
            return silence(search, &dose->started);
        if (way == 1)
            return silent_onset(search);
        return way <= 3 && settle_onset(search, false, &onset) &&
               between(search, way == 2 ? &dose->started : &dose->changed, onset, LONGEST_DAYS);
    }
}

/* Makes a dose keep out of an atom in one of its ways. The dose is in the atom's group. */
static bool misfit_dose(struct search *search, struct dose_domain *dose, const struct rule_op *op, unsigned way)
{
    bool is_stopped = !dose->stopped.silent;
    if (op->kind == OP_STOPPED)
        return way < ways(opposite(op->compare)) &&
               compare_with(search, &dose->stopped, opposite(op->compare), op->number, way, true);
    if (is_stopped)
        return way == 0;
    double onset;
    switch (op->kind) {
    case OP_STARTED:
        return way < ways(opposite(op->compare)) &&
               compare_with(search, &dose->started, opposite(op->compare), op->number, way, true);
    case OP_CHANGED:
        return way < ways(opposite(op->compare)) &&
               compare_with(search, &dose->changed, opposite(op->compare), op->number, way, true);
    case OP_BEFORE_TWITCH:
        return way == 0 && settle_onset(search, true, &onset) &&
               compare_with(search, &dose->started, CMP_LESS, onset, 0, false) &&
               compare_with(search, &dose->changed, CMP_LESS, onset, 0, true);
    default: /* OP_TAKES: taken is taken */
        return false;
    }
}

static const struct qv_effect *effect_of(const struct qv_knowledge *knowledge, uint32_t medicine, const char *effect)
{
    const struct qv_medicine *m = &knowledge->facts->medicines[medicine];
    for (uint32_t i = 0; i < m->effect_count; i++) {
        if (strcmp(m->effects[i].effect, effect) == 0)
            return &m->effects[i];
    }
    return NULL;
}

/* Makes the dates of a dose fit a level of a medicine's pattern in one of its ways. */
static bool fit_level(struct search *search, struct dose_domain *dose, const struct qv_pattern *pattern, int level,
                      unsigned way)
{
    const struct qv_effect *effect = effect_of(search->knowledge, dose->medicine, pattern->medicine);
    struct domain *event = pattern->from_stop ? &dose->stopped : &dose->started;
    if (!effect || (!pattern->from_stop && !silence(search, &dose->stopped)))
        return false;
    if (level == MEDICINE_UNDATED)
        return way == 0 && !pattern->from_stop && silence(search, &dose->started) && silence(search, &dose->changed);

    double onset = 0;
    bool onset_settled = way == 0 ? silent_onset(search) : settle_onset(search, level == MEDICINE_AFTER_TWITCH, &onset);
    if (!onset_settled || way > 2)
        return false;
    switch (level) {
    case MEDICINE_USUAL:
        return way < 2 &&
               between(search, event, onset + effect->from_days, way ? onset + effect->to_days : LONGEST_DAYS);
    case MEDICINE_LATE:
        if (way == 1)
            return compare_with(search, event, CMP_MORE, onset + effect->to_days, 0, false) &&
                   compare_with(search, event, CMP_LESS_EQUAL, onset + effect->latest_days, 0, false);
        return compare_with(search, event, CMP_MORE_EQUAL, onset, 0, false) &&
               compare_with(search, event, CMP_LESS, onset + effect->from_days, 0, false);
    case MEDICINE_AFTER_TWITCH:
        return way == 1 && compare_with(search, event, CMP_LESS, onset, 0, false);
    default:
        return false;
    }
}

static int medicine_level_of(const struct qv_pattern *pattern, int level)
{
    for (int m = 0; m < MEDICINE_LEVEL_COUNT; m++) {
        if (strcmp(pattern->levels.at[level].id, medicine_level_names[m]) == 0)
            return m;
    }
    return -1;
}

static bool try_dose(struct search *search, struct dose_domain *dose, const struct goal *goal, struct agenda rest)
{
    const struct qv_knowledge *knowledge = search->knowledge;
    bool is_atom = goal->kind == GOAL_RULE;
    const struct rule_op *op = is_atom ? &goal->rule->ops[goal->node] : NULL;
    const struct qv_pattern *pattern = is_atom ? NULL : &knowledge->facts->patterns[goal->node];
    if (is_atom && !qv_medicine_in_group(knowledge, dose->medicine, op->subject))
        return false;

    struct mark before = mark_here(search);
    for (unsigned way = 0; way < DOSE_WAYS_MAX; way++) {
        bool fits = is_atom ? fit_dose(search, dose, op, way)
                            : fit_level(search, dose, pattern, medicine_level_of(pattern, goal->level), way);
        if (fits && solve(search, rest))
            return true;
        undo_to(search, before);
    }
    return false;
}

/* Somebody takes, or took, a medicine: one that they have already, or one more. */
static bool have_medicine(struct search *search, const struct goal *goal, struct agenda rest)
{
    for (uint32_t d = 0; d < search->dose_count; d++) {
        if (try_dose(search, &search->doses[d], goal, rest))
            return true;
    }
    if (search->dose_count == WITNESS_DOSE_MAX)
        return false;

    struct domain days = anything;
    days.low = 0;
    days.high = LONGEST_DAYS;
    for (uint32_t m = 0; m < search->knowledge->facts->medicine_count; m++) {
        struct dose_domain *dose = &search->doses[search->dose_count++];
        *dose = (struct dose_domain){m, days, days, days};
        if (try_dose(search, dose, goal, rest))
            return true;
        search->dose_count--;
    }
    return false;
}

/* Nothing that somebody takes fits the atom: each dose from d on keeps out of it. */
static bool lack_medicine(struct search *search, const struct rule_op *op, uint32_t d, struct agenda rest)
{
    while (d < search->dose_count && !qv_medicine_in_group(search->knowledge, search->doses[d].medicine, op->subject))
        d++;
    if (d == search->dose_count)
        return solve(search, rest);

    struct mark before = mark_here(search);
    for (unsigned way = 0; way < 2; way++) {
        if (misfit_dose(search, &search->doses[d], op, way) && lack_medicine(search, op, d + 1, rest))
            return true;
        undo_to(search, before);
    }
    return false;
}

/* ---- patterns ---------------------------------------------------------------------------------------------------- */

/* The pattern is at this level (-1: at none): its rule holds, and none before it. */
static bool reach_level(struct search *search, uint16_t pattern, int level, struct agenda rest)
{
    const struct qv_evidence_levels *levels = &search->knowledge->facts->patterns[pattern].levels;
    if (search->knowledge->facts->patterns[pattern].medicine) {
        struct goal goal = {.kind = GOAL_MEDICINE_LEVEL, .node = pattern, .level = (int8_t)level};
        bool is_absence =
            level < 0 || medicine_level_of(&search->knowledge->facts->patterns[pattern], level) == MEDICINE_NONE;
        goal.next = is_absence ? rest.absent : rest.taken;
        *(is_absence ? &rest.absent : &rest.taken) = &goal;
        return solve(search, rest);
    }

    struct goal goals[LEVELS_MAX];
    uint32_t last = level < 0 ? levels->count : (uint32_t)level + 1;
    for (uint32_t l = 0; l < last; l++) {
        const struct qv_rule *rule = search->knowledge->pattern_rules[pattern][l];
        bool want = (int)l == level;
        if (!rule && want)
            return false;
        if (!rule)
            continue;
        goals[l] = (struct goal){.next = rest.open, .rule = rule, .node = (uint16_t)(rule->op_count - 1), .want = want};
        rest.open = &goals[l];
    }
    return solve(search, rest);
}

/* The evidence is at one of these levels, or is silent where that will do. */
static bool be_at(struct search *search, uint16_t evidence, uint32_t levels, bool silent, struct agenda rest)
{
    const struct qv_knowledge *knowledge = search->knowledge;
    struct mark before = mark_here(search);
    if (evidence < knowledge->form.field_count) {
        struct domain wanted = search->findings[evidence];
        wanted.levels &= levels;
        wanted.silent = wanted.silent && silent;
        return narrow(search, &search->findings[evidence], wanted) && solve(search, rest);
    }
    uint16_t pattern = (uint16_t)(evidence - knowledge->form.field_count);
    uint32_t count = knowledge->evidence[evidence].level_count;
    if (count > LEVELS_MAX)
        return false;
    for (int l = silent ? -1 : 0; l < (int)count; l++) {
        if ((l < 0 || levels >> l & 1) && reach_level(search, pattern, l, rest))
            return true;
        undo_to(search, before);
    }
    return false;
}

/* ---- goals ------------------------------------------------------------------------------------------------------- */

/* The first operation of the part of a rule that ends with this one. */
static uint16_t first_of(const struct qv_rule *rule, uint16_t node)
{
    for (uint32_t needed = 1;; node--) {
        uint8_t kind = rule->ops[node].kind;
        needed += kind == OP_NOT ? 0 : kind == OP_AND || kind == OP_OR ? 1 : UINT32_MAX; /* … - 1 */
        if (needed == 0)
            return node;
    }
}

static bool number_atom(struct search *search, const struct rule_op *op, bool want, struct agenda rest)
{
    uint8_t compare = want ? op->compare : opposite(op->compare);
    struct mark before = mark_here(search);
    for (unsigned way = 0; way < ways(compare); way++) {
        if (compare_with(search, &search->findings[op->subject], compare, op->number, way, !want) &&
            solve(search, rest))
            return true;
        undo_to(search, before);
    }
    return false;
}

/* One of the words of the mask must be on the list. */
static bool have_word(struct search *search, uint16_t finding, uint32_t mask, struct agenda rest)
{
    struct domain *domain = &search->findings[finding];
    struct mark before = mark_here(search);
    for (uint32_t bits = mask & ~domain->must_not; bits; bits &= bits - 1) {
        struct domain wanted = *domain;
        wanted.silent = false;
        wanted.must |= wanted.must & mask ? 0 : bits & -bits;
        if (narrow(search, domain, wanted) && solve(search, rest))
            return true;
        undo_to(search, before);
    }
    return false;
}

static bool list_atom(struct search *search, const struct rule_op *op, bool want, struct agenda rest)
{
    struct domain *domain = &search->findings[op->subject];
    uint32_t word_count = search->knowledge->form.fields[op->subject].word_count;
    uint32_t outside = ~op->mask & (word_count < 32 ? (1u << word_count) - 1 : ~0u);
    struct mark before = mark_here(search);
    struct domain wanted = *domain;
    if (op->kind == OP_HAS_ANY && want)
        return have_word(search, op->subject, op->mask, rest);
    if (op->kind == OP_HAS_ANY) {
        wanted.must_not |= op->mask;
        return narrow(search, domain, wanted) && solve(search, rest);
    }
    if (want) { /* OP_ONLY */
        wanted.must_not |= outside;
        return narrow(search, domain, wanted) && have_word(search, op->subject, op->mask, rest);
    }
    if (silence(search, domain) && solve(search, rest))
        return true;
    undo_to(search, before);
    return have_word(search, op->subject, outside, rest);
}

static bool number_compares(double number, uint8_t compare, double with)
{
    switch (compare) {
    case CMP_EQUAL:
        return number == with;
    case CMP_NOT_EQUAL:
        return number != with;
    case CMP_LESS:
        return number < with;
    case CMP_LESS_EQUAL:
        return number <= with;
    case CMP_MORE:
        return number > with;
    default:
        return number >= with;
    }
}

/* Decides the members of a count one after another, until whatever the rest say will do. */
static bool count_goal(struct search *search, const struct goal *goal, struct agenda rest)
{
    const struct rule_op *op = &goal->rule->ops[goal->node];
    unsigned left = op->subject - (unsigned)goal->member, possible = 0;
    for (unsigned k = 0; k <= left; k++)
        possible += number_compares(goal->yes + k, op->compare, op->number) == goal->want;
    if (possible == 0)
        return false;
    if (possible == left + 1)
        return solve(search, rest);

    struct goal next = *goal;
    next.member++;
    next.next = rest.open;
    rest.open = &next;
    struct mark before = mark_here(search);
    next.yes++;
    if (be_at(search, op->list[goal->member], 2, false, rest))
        return true;
    undo_to(search, before);
    next.yes--;
    return be_at(search, op->list[goal->member], ~2u, true, rest);
}

static bool rule_goal(struct search *search, const struct goal *goal, struct agenda rest)
{
    const struct rule_op *op = &goal->rule->ops[goal->node];
    struct goal right = {.next = rest.open, .rule = goal->rule, .node = (uint16_t)(goal->node - 1), .want = goal->want};
    struct goal left = right;
    struct mark before = mark_here(search);

    switch (op->kind) {
    case OP_NOT:
        right.want = !goal->want;
        rest.open = &right;
        return solve(search, rest);
    case OP_AND:
    case OP_OR:
        left.node = (uint16_t)(first_of(goal->rule, right.node) - 1);
        rest.open = &left;
        if ((op->kind == OP_AND) == goal->want) {
            left.next = &right;
            return solve(search, rest);
        }
        if (solve(search, rest))
            return true;
        undo_to(search, before);
        rest.open = &right;
        return solve(search, rest);
    case OP_YES:
        return be_at(search, op->subject, goal->want ? 2 : ~2u, !goal->want, rest);
    case OP_IS:
        return be_at(search, op->subject, goal->want ? 1u << op->mask : ~(1u << op->mask), !goal->want, rest);
    case OP_IS_NOT:
        return be_at(search, op->subject, goal->want ? ~(1u << op->mask) : 1u << op->mask, !goal->want, rest);
    case OP_KNOWN:
        return be_at(search, op->subject, goal->want ? ~0u : 0, !goal->want, rest);
    case OP_COMPARE:
        return number_atom(search, op, goal->want, rest);
    case OP_HAS_ANY:
    case OP_ONLY:
        return list_atom(search, op, goal->want, rest);
    case OP_COUNT: {
        struct goal count = *goal;
        count.kind = GOAL_COUNT;
        return count_goal(search, &count, rest);
    }
    default: { /* medicines: later */
        struct goal later = *goal;
        const struct goal **list = goal->want ? &rest.taken : &rest.absent;
        later.next = *list;
        *list = &later;
        return solve(search, rest);
    }
    }
}

/* No medicine has the effect in a way that shows: whether the list was given is all that is left to say. */
static bool lack_effect(struct search *search, const struct goal *goal, struct agenda rest)
{
    struct domain wanted = search->medicines;
    *(goal->level < 0 ? &wanted.known : &wanted.silent) = false;
    return narrow(search, &search->medicines, wanted) && solve(search, rest);
}

static bool solve_next(struct search *search, struct agenda agenda)
{
    const struct goal *goal = agenda.open ? agenda.open : agenda.taken ? agenda.taken : agenda.absent;
    if (!goal)
        return prove(search);
    if (agenda.open) {
        agenda.open = goal->next;
        return goal->kind == GOAL_COUNT ? count_goal(search, goal, agenda) : rule_goal(search, goal, agenda);
    }
    if (agenda.taken) {
        agenda.taken = goal->next;
        return have_medicine(search, goal, agenda);
    }
    agenda.absent = goal->next;
    if (goal->kind == GOAL_MEDICINE_LEVEL)
        return lack_effect(search, goal, agenda);
    return lack_medicine(search, &goal->rule->ops[goal->node], 0, agenda);
}

static bool solve(struct search *search, struct agenda agenda)
{
    if (search->depth == DEPTH_MAX || search->steps == STEPS_MAX)
        return false;
    search->steps++;
    search->depth++;
    bool solved = solve_next(search, agenda);
    search->depth--;
    return solved;
}

/* ---- the search -------------------------------------------------------------------------------------------------- */

static struct domain field_domain(const struct qv_field *field)
{
    struct domain domain = anything;
    domain.low = field->minimum;
    domain.high = field->maximum;
    if (field->type == QV_FIELD_YES_NO)
        domain.levels = 3;
    if (field->type == QV_FIELD_CHOICE && field->word_count < 32)
        domain.levels = (1u << field->word_count) - 1;
    if (field->type == QV_FIELD_MEDICINES)
        domain.known = false; /* its answer is the doses, never a value */
    return domain;
}

static int search_for(const struct qv_knowledge *knowledge, const struct qv_rule *rule, struct qv_arena *scratch,
                      struct witness *witness, bool *found, struct qv_error *error)
{
    struct search *search = qv_arena_alloc(scratch, 1, sizeof *search);
    struct domain *findings = qv_arena_alloc(scratch, knowledge->form.field_count, sizeof *findings);
    struct narrowing *trail = qv_arena_alloc(scratch, TRAIL_MAX, sizeof *trail);
    if (!search || !findings || !trail)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");

    for (uint32_t i = 0; i < knowledge->form.field_count; i++)
        findings[i] = field_domain(&knowledge->form.fields[i]);
    *search = (struct search){.knowledge = knowledge,
                              .rule = rule,
                              .findings = findings,
                              .medicines = anything,
                              .trail = trail,
                              .out = witness};
    struct goal goal = {.rule = rule, .node = (uint16_t)(rule->op_count - 1), .want = true};
    *found = solve(search, (struct agenda){.open = &goal});
    return QV_OK;
}

int rule_witness(const struct qv_knowledge *knowledge, const struct qv_rule *rule, struct qv_arena *arena,
                 const struct witness **out, struct qv_error *error)
{
    assert(rule && rule->op_count > 0);
    struct witness *witness = qv_arena_alloc(arena, 1, sizeof *witness);
    if (!witness)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    witness->values = qv_arena_alloc(arena, knowledge->form.field_count, sizeof *witness->values);
    witness->levels = qv_arena_alloc(arena, knowledge->evidence_count, sizeof *witness->levels);
    struct qv_arena *scratch = qv_arena_create(0);
    if (!witness->values || !witness->levels || !scratch) {
        qv_arena_destroy(scratch);
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    }
    bool found = false;
    int status = search_for(knowledge, rule, scratch, witness, &found, error);
    qv_arena_destroy(scratch);
    if (!status)
        *out = found ? witness : NULL;
    return status;
}
