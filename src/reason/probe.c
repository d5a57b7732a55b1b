/* SPDX-License-Identifier: Apache-2.0 */
#include "probe.h"

#include <math.h>
#include <string.h>

/* What a probe changes: the finding, and the patterns that take another level. */
struct change {
    uint32_t finding, pattern_count;
    uint16_t patterns[QV_EVIDENCE_MAX];
};

/* ---- red flags ------------------------------------------------------------------------------------------------------- */

static bool touches(const struct change *change, const struct qv_evidence_set *set)
{
    bool touched = qv_evidence_has(set, change->finding);
    for (uint32_t i = 0; i < change->pattern_count; i++)
        touched |= qv_evidence_has(set, change->patterns[i]);
    return touched;
}

static bool fires(const struct prober *prober, uint32_t flag)
{
    const struct qv_knowledge *knowledge = prober->engine->knowledge;
    return qv_rule_holds(knowledge, knowledge->red_flag_rules[flag], &prober->situation);
}

/* The level of the red flags that fire in the case and still do. */
static enum qv_level level_that_stays(const struct prober *prober, const struct change *change)
{
    const struct engine *engine = prober->engine;
    if (!touches(change, &engine->held))
        return engine->rules_level;
    uint32_t firing[QV_LEVEL_COUNT];
    memcpy(firing, prober->firing_at, sizeof firing);
    for (uint32_t i = 0; i < engine->firing_count; i++) {
        const struct flag *flag = &engine->flags[engine->firing[i]];
        if (touches(change, &flag->read) && !fires(prober, engine->firing[i]))
            firing[flag->level]--;
    }
    enum qv_level level = QV_EMERGENCY;
    while (level > QV_SELF_CARE && !firing[level])
        level--;
    return level;
}

/* The level of all red flags. */
static enum qv_level level_by_rules(const struct prober *prober, const struct change *change)
{
    const struct engine *engine = prober->engine;
    enum qv_level highest = level_that_stays(prober, change);
    for (uint32_t w = 0; w < engine->flag_words; w++) {
        uint64_t rest = waiting_for(engine, change->finding)[w];
        for (uint32_t i = 0; i < change->pattern_count; i++)
            rest |= waiting_for(engine, change->patterns[i])[w];
        for (; rest; rest &= rest - 1) {
            uint32_t flag = 64 * w + (uint32_t)__builtin_ctzll(rest);
            if (engine->flags[flag].level > highest && fires(prober, flag))
                highest = engine->flags[flag].level;
        }
    }
    return highest;
}

/* ---- weights ----------------------------------------------------------------------------------------------------------- */

static bool moves_prior(const struct engine *engine, uint32_t finding)
{
    return (int)finding == engine->knowledge->age || (int)finding == engine->knowledge->sex;
}

/* Age and sex weigh through the prior. */
static void shift_prior(const struct prober *prober, struct weights *total)
{
    const struct engine *engine = prober->engine;
    int age = engine->knowledge->age, sex = engine->knowledge->sex;
    double years = age >= 0 && prober->values[age].kind == QV_NUMBER ? prober->values[age].number : (double)NAN;
    int word = sex >= 0 && prober->values[sex].kind == QV_WORD ? (int)prober->values[sex].words : -1;
    float prior[COLUMNS];
    engine_log_prior(engine, years, word, prior);
    for (uint32_t c = 0; c < engine->cause_count; c++) {
        float change = prior[c] - engine->log_prior[c];
        total->fair[c] += change;
        total->up[c] += change;
        total->down[c] += change;
    }
}

/* Which evidence that is weighed a probe moves; returns how many, `moved` gets them. */
static uint32_t moved_evidence(const struct engine *engine, const struct change *change,
                               uint16_t moved[QV_EVIDENCE_MAX])
{
    uint32_t count = 0;
    if (engine->knowledge->evidence[change->finding].weighed)
        moved[count++] = (uint16_t)change->finding;
    for (uint32_t i = 0; i < change->pattern_count; i++) {
        if (engine->knowledge->evidence[change->patterns[i]].weighed)
            moved[count++] = change->patterns[i];
    }
    return count;
}

/* True when evidence new to the case weighs on its own, in no sign group that already has a say. */
static bool weighs_alone(const struct engine *engine, uint32_t evidence)
{
    int32_t sign = engine->knowledge->evidence[evidence].sign;
    return engine->levels[evidence] < 0 && (sign < 0 || !engine->signs[sign]);
}

/* The posterior, and the level by causes above `floor`, the level by rules. */
static void weigh(const struct prober *prober, const struct change *change, enum qv_level floor, bool wants_bits,
                  struct probe *probe)
{
    const struct engine *engine = prober->engine;
    struct shifted *shifted = &probe->shifted;
    uint16_t moved[QV_EVIDENCE_MAX];
    uint32_t count = moved_evidence(engine, change, moved);
    bool by_prior = moves_prior(engine, change->finding);
    bool alone = count == 1 && !by_prior && weighs_alone(engine, moved[0]);
    probe->level = floor;
    if (count == 0 && !by_prior) {
        *shifted = prober->as_it_is;
        if (can_be_grave(engine, &engine->total, floor))
            probe->level = grave_by_causes(engine, &engine->total, floor);
    } else if (alone) {
        shift_posterior(engine, moved[0], prober->levels[moved[0]], floor, wants_bits, shifted);
    }
    if ((count || by_prior) && (!alone || shifted->can_be_grave)) {
        struct weights total = engine->total;
        shift_levels(engine, prober->levels, moved, count, &total);
        if (by_prior)
            shift_prior(prober, &total);
        shift_posterior_from(engine, &total, floor, wants_bits, shifted);
        if (shifted->can_be_grave)
            probe->level = grave_by_causes(engine, &total, floor);
    }
    if (shifted->asks_routine && probe->level < QV_ROUTINE)
        probe->level = QV_ROUTINE;
}

/* ---- the answers to a finding -------------------------------------------------------------------------------------------- */

struct qv_value answer_at(const struct engine *engine, uint32_t finding, uint32_t level)
{
    const struct qv_cell *cells = &engine->knowledge->cells[engine->knowledge->evidence[finding].first_cell];
    switch (engine->facts->findings[finding].type) {
    case QV_FIELD_YES_NO:
        return (struct qv_value){.kind = level ? QV_YES : QV_NO};
    case QV_FIELD_NUMBER:
        return (struct qv_value){.kind = QV_NUMBER, .number = cells[level].typical};
    case QV_FIELD_CHOICE:
        return (struct qv_value){.kind = QV_WORD, .words = level};
    default:
        return (struct qv_value){.kind = QV_WORDS, .words = engine->values[finding].words | 1u << level};
    }
}

uint32_t answer_count(const struct engine *engine, uint32_t finding)
{
    const struct qv_finding *f = &engine->facts->findings[finding];
    return f->type == QV_FIELD_YES_NO ? 2 : f->type == QV_FIELD_MEDICINES ? 0 : f->levels.count;
}

double answer_share(const struct engine *engine, uint32_t finding, uint32_t level, const struct probe *probe)
{
    const struct qv_evidence *e = &engine->knowledge->evidence[finding];
    double background = engine->knowledge->cells[e->first_cell + level].background;
    if (background <= 0) /* words of a list: each about as likely */
        background = 1.0 / e->level_count;
    return background * probe->shifted.fit;
}

/* ---- a probe ----------------------------------------------------------------------------------------------------------- */

static void put_in_place(struct prober *prober, uint32_t finding, uint32_t level, struct change *change)
{
    const struct qv_knowledge *knowledge = prober->engine->knowledge;
    struct qv_value *value = &prober->values[finding];
    change->finding = finding;
    change->pattern_count = 0;
    *value = answer_at(prober->engine, finding, level);
    prober->levels[finding] = value->kind == QV_WORDS ? -1 : (int8_t)level;
    if ((int)finding == knowledge->onset)
        prober->situation.onset_days = value->number;
    for (uint32_t i = 0; i < knowledge->patterns_of_count[finding]; i++) {
        uint16_t pattern = knowledge->patterns_of[finding][i];
        int8_t now = qv_pattern_level(knowledge, pattern - knowledge->form.field_count, &prober->situation);
        if (now != prober->levels[pattern])
            change->patterns[change->pattern_count++] = pattern;
        prober->levels[pattern] = now;
    }
}

static void take_back(struct prober *prober, const struct change *change)
{
    const struct engine *engine = prober->engine;
    prober->values[change->finding] = engine->values[change->finding];
    prober->levels[change->finding] = engine->levels[change->finding];
    prober->situation.onset_days = engine->situation.onset_days;
    for (uint32_t i = 0; i < change->pattern_count; i++)
        prober->levels[change->patterns[i]] = engine->levels[change->patterns[i]];
}

void probe_answer(struct prober *prober, uint32_t finding, uint32_t level, bool wants_bits, struct probe *out)
{
    const struct engine *engine = prober->engine;
    struct change change;
    put_in_place(prober, finding, level, &change);
    /* A "no" that no rule tells from silence leaves the rules as they are. */
    bool told = prober->values[finding].kind != QV_NO || engine->knowledge->evidence[finding].told_by_no ||
                engine->levels[finding] >= 0;
    weigh(prober, &change, told ? level_by_rules(prober, &change) : engine->rules_level, wants_bits, out);
    take_back(prober, &change);
}

bool changes_posterior_only(const struct prober *prober, uint32_t finding)
{
    const struct engine *engine = prober->engine;
    if (engine->knowledge->patterns_of_count[finding] || moves_prior(engine, finding) ||
        qv_evidence_has(&engine->held, finding))
        return false;
    bool raised = false;
    for (uint32_t w = 0; w < engine->flag_words; w++) {
        for (uint64_t rest = waiting_for(engine, finding)[w]; rest; rest &= rest - 1)
            raised |= engine->flags[64 * w + (uint32_t)__builtin_ctzll(rest)].level > engine->rules_level;
    }
    return !raised;
}

bool is_shrugged_off(const struct prober *prober, uint32_t finding, uint32_t level, float shift)
{
    const struct engine *engine = prober->engine;
    if (engine->level != engine->rules_level)
        return false; /* the level is that of a cause, which may become less likely */
    if (!engine->knowledge->evidence[finding].weighed)
        return true;
    return weighs_alone(engine, finding) && !could_matter(engine, finding, (int)level, engine->rules_level, shift);
}

/* True when some rule, pattern, prior or condition looks at the finding, and it makes sense for this person. */
static bool is_worth_probing(const struct engine *engine, uint32_t finding)
{
    const struct qv_knowledge *knowledge = engine->knowledge;
    bool is_read = knowledge->evidence[finding].weighed || knowledge->flags_of_count[finding] ||
                   knowledge->patterns_of_count[finding] || moves_prior(engine, finding);
    const struct qv_rule *makes_sense = knowledge->ask_if[finding];
    return is_read && (!makes_sense || qv_rule_holds(knowledge, makes_sense, &engine->situation));
}

int prober_begin(struct prober *prober, const struct engine *engine)
{
    uint32_t findings = engine->facts->finding_count, evidence_count = engine->knowledge->evidence_count;
    *prober = (struct prober){.engine = engine, .situation = engine->situation};
    prober->values = qv_arena_alloc(engine->arena, findings, sizeof *prober->values);
    prober->levels = qv_arena_alloc(engine->arena, evidence_count, sizeof *prober->levels);
    prober->worth = qv_arena_alloc(engine->arena, findings, sizeof *prober->worth);
    if (!prober->values || !prober->levels || !prober->worth)
        return QV_ERR_UNAVAILABLE;
    memcpy(prober->values, engine->values, findings * sizeof *prober->values);
    memcpy(prober->levels, engine->levels, evidence_count * sizeof *prober->levels);
    prober->situation.values = prober->values;
    prober->situation.levels = prober->levels;
    for (uint32_t i = 0; i < engine->firing_count; i++)
        prober->firing_at[engine->flags[engine->firing[i]].level]++;
    for (uint32_t f = 0; f < findings; f++)
        prober->worth[f] = is_worth_probing(engine, f);
    prober->as_it_is = (struct shifted){.leading = engine->leading, .fit = 1, .asks_routine = engine->asks_routine};
    memcpy(prober->as_it_is.p, engine->p_row, sizeof engine->p_row);
    return QV_OK;
}
