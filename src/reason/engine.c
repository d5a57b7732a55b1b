/* SPDX-License-Identifier: Apache-2.0 */
#include "engine.h"

#include <math.h>
#include <string.h>

/* ---- the person ---------------------------------------------------------------------------------------------------- */

static const struct qv_value *value_of(const struct engine *engine, int field)
{
    static const struct qv_value unknown = {0};
    return field < 0 ? &unknown : &engine->values[field];
}

static double number_of(const struct engine *engine, int field)
{
    const struct qv_value *value = value_of(engine, field);
    return value->kind == QV_NUMBER ? value->number : NAN;
}

/* Recognises the medicines by name; what is not recognised is listed, and keeps "none of them" from being said. */
static int take_medicines(struct engine *engine, struct qv_answer *answer)
{
    enum { PARTS_MAX = 6 };
    const struct qv_case *c = engine->c;
    struct qv_dose *doses = qv_arena_alloc(engine->arena, (size_t)c->medicine_count * PARTS_MAX, sizeof *doses);
    const char **unrecognised = qv_arena_alloc(engine->arena, c->medicine_count, sizeof *unrecognised);
    if (!doses || !unrecognised)
        return QV_ERR_UNAVAILABLE;

    uint32_t dose_count = 0, unrecognised_count = 0;
    for (uint32_t m = 0; m < c->medicine_count; m++) {
        const struct qv_case_medicine *medicine = &c->medicines[m];
        uint32_t parts[PARTS_MAX];
        uint32_t found = qv_knowledge_medicines(engine->knowledge, medicine->name, parts, PARTS_MAX);
        for (uint32_t i = 0; i < found; i++)
            doses[dose_count++] = (struct qv_dose){parts[i], medicine->started_days_ago,
                                                   medicine->dose_changed_days_ago, medicine->stopped_days_ago};
        if (found == 0)
            unrecognised[unrecognised_count++] = medicine->name;
    }
    engine->medicines_unrecognised = unrecognised_count > 0;
    engine->situation.doses = doses;
    engine->situation.dose_count = dose_count;
    answer->doses = doses;
    answer->dose_count = dose_count;
    answer->unrecognised_medicines = unrecognised;
    answer->unrecognised_count = unrecognised_count;
    return QV_OK;
}

void engine_log_prior(const struct engine *engine, double age, int sex, float out[COLUMNS])
{
    for (uint32_t c = 0; c < COLUMNS; c++)
        out[c] = -INFINITY;
    for (uint32_t c = 0; c < engine->cause_count; c++) {
        const struct qv_prior *prior = &engine->facts->conditions[c].prior;
        double p = prior->p;
        for (uint32_t a = 0; a < prior->by_age_count; a++) {
            if (age >= prior->by_age[a].from && age < prior->by_age[a].to)
                p *= prior->by_age[a].times;
        }
        /* the words of `sex` are in the order female, male, other */
        if (sex == 0 && prior->female)
            p *= *prior->female;
        if (sex == 1 && prior->male)
            p *= *prior->male;
        out[c] = (float)log(fmax(p, 1e-7));
    }
}

/* ---- weights --------------------------------------------------------------------------------------------------------- */

void evidence_weights(const struct qv_knowledge *knowledge, uint32_t evidence, int level, struct weights *out)
{
    const struct qv_evidence *e = &knowledge->evidence[evidence];
    if (level < 0 || !e->weighed) {
        memset(out, 0, sizeof *out);
        return;
    }
    const float *row = knowledge->log_ratio[e->first_cell + (uint32_t)level];
    memcpy(out->fair, row, sizeof out->fair);
    if (evidence >= knowledge->form.field_count || !knowledge->alarming[evidence]) {
        memcpy(out->up, row, sizeof out->up);
        memcpy(out->down, row, sizeof out->down);
        return;
    }
    /* An alarming "yes" may only raise the cause and lower its rivals; a "no" is the same in the mirror. */
    float sign = level == 1 ? 1.0f : -1.0f;
    for (uint32_t c = 0; c < COLUMNS; c++) {
        float toward = row[c] * sign;
        out->up[c] = sign * (toward > 0 ? toward : 0);
        out->down[c] = sign * (toward < 0 ? toward : 0);
    }
}

/* Folds one member into a group: `strongest` by size, and the sum of all. */
static void fold(const float *member, float *strongest, float *sum)
{
    for (uint32_t c = 0; c < COLUMNS; c++) {
        float m = member[c], s = strongest[c];
        strongest[c] = fabsf(m) > fabsf(s) ? m : s;
        sum[c] += m;
    }
}

static void damp(const float *strongest, const float *sum, float *out)
{
    for (uint32_t c = 0; c < COLUMNS; c++)
        out[c] = strongest[c] + SIGN_DAMPING * (sum[c] - strongest[c]);
}

void sign_weights(const struct engine *engine, int32_t sign, uint32_t changed, int changed_level, struct weights *out)
{
    struct weights strongest = {0}, sum = {0}, member;
    for (uint32_t i = 0; i < engine->sign_sizes[sign]; i++) {
        uint32_t evidence = engine->sign_members[sign][i];
        int level = evidence == changed ? changed_level : engine->levels[evidence];
        if (level < 0)
            continue;
        evidence_weights(engine->knowledge, evidence, level, &member);
        fold(member.fair, strongest.fair, sum.fair);
        fold(member.up, strongest.up, sum.up);
        fold(member.down, strongest.down, sum.down);
    }
    damp(strongest.fair, sum.fair, out->fair);
    damp(strongest.up, sum.up, out->up);
    damp(strongest.down, sum.down, out->down);
}

static void add(struct weights *total, const struct weights *part, float times)
{
    const float *from = part->fair;
    float *to = total->fair;
    for (uint32_t i = 0; i < 3 * COLUMNS; i++) /* fair, up and down lie one after another */
        to[i] += times * from[i];
}
_Static_assert(sizeof(struct weights) == 3 * COLUMNS * sizeof(float), "the three rows are one array");

void shift_evidence(const struct engine *engine, uint32_t evidence, int level, struct weights *total)
{
    const struct qv_evidence *e = &engine->knowledge->evidence[evidence];
    if (!e->weighed || level == engine->levels[evidence])
        return;
    struct weights part;
    if (e->sign >= 0) {
        sign_weights(engine, e->sign, evidence, level, &part);
        add(total, &part, 1);
        add(total, &engine->signs[e->sign], -1);
        return;
    }
    evidence_weights(engine->knowledge, evidence, level, &part);
    add(total, &part, 1);
    if (engine->levels[evidence] >= 0) {
        evidence_weights(engine->knowledge, evidence, engine->levels[evidence], &part);
        add(total, &part, -1);
    }
}

/* Which evidence is in which sign group. */
static int list_signs(struct engine *engine)
{
    const struct qv_knowledge *knowledge = engine->knowledge;
    engine->signs = qv_arena_alloc(engine->arena, knowledge->sign_count, sizeof *engine->signs);
    engine->sign_members = qv_arena_alloc(engine->arena, knowledge->sign_count, sizeof *engine->sign_members);
    engine->sign_sizes = qv_arena_alloc(engine->arena, knowledge->sign_count, sizeof *engine->sign_sizes);
    uint16_t *members = qv_arena_alloc(engine->arena, knowledge->evidence_count, sizeof *members);
    if (!engine->signs || !engine->sign_members || !engine->sign_sizes || !members)
        return QV_ERR_UNAVAILABLE;

    for (uint32_t e = 0; e < knowledge->evidence_count; e++) {
        if (knowledge->evidence[e].sign >= 0)
            engine->sign_sizes[knowledge->evidence[e].sign]++;
    }
    uint16_t *next = members;
    for (uint32_t s = 0; s < knowledge->sign_count; s++) {
        engine->sign_members[s] = next;
        next += engine->sign_sizes[s];
        engine->sign_sizes[s] = 0;
    }
    for (uint32_t e = 0; e < knowledge->evidence_count; e++) {
        int32_t sign = knowledge->evidence[e].sign;
        if (sign >= 0)
            ((uint16_t *)engine->sign_members[sign])[engine->sign_sizes[sign]++] = (uint16_t)e;
    }
    return QV_OK;
}

static void weigh_all(struct engine *engine)
{
    const struct qv_knowledge *knowledge = engine->knowledge;
    memcpy(engine->total.fair, engine->log_prior, sizeof engine->log_prior);
    memcpy(engine->total.up, engine->log_prior, sizeof engine->log_prior);
    memcpy(engine->total.down, engine->log_prior, sizeof engine->log_prior);
    for (uint32_t s = 0; s < knowledge->sign_count; s++) {
        sign_weights(engine, (int32_t)s, UINT32_MAX, -1, &engine->signs[s]);
        add(&engine->total, &engine->signs[s], 1);
    }
    for (uint32_t e = 0; e < knowledge->evidence_count; e++) {
        struct weights part;
        if (engine->levels[e] < 0 || knowledge->evidence[e].sign >= 0 || !knowledge->evidence[e].weighed)
            continue;
        evidence_weights(knowledge, e, engine->levels[e], &part);
        add(&engine->total, &part, 1);
    }
}

/* ---- probabilities ------------------------------------------------------------------------------------------------------ */

uint32_t posterior(const float log_weight[COLUMNS], float p[COLUMNS], double *entropy_bits)
{
    uint32_t leading = 0;
    for (uint32_t c = 1; c < COLUMNS; c++)
        leading = log_weight[c] > log_weight[leading] ? c : leading;
    float largest = log_weight[leading];

    float sum = 0, moment = 0;
    for (uint32_t c = 0; c < COLUMNS; c++)
        p[c] = quick_exp(log_weight[c] - largest);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        sum += p[c];
        moment += p[c] > 0 && log_weight[c] > -1e30f ? p[c] * (log_weight[c] - largest) : 0;
    }
    float scale = 1 / sum;
    for (uint32_t c = 0; c < COLUMNS; c++)
        p[c] *= scale;
    if (entropy_bits) /* H = log Σw - Σ p log w */
        *entropy_bits = (log(sum) - (double)(moment * scale)) * M_LOG2E;
    return leading;
}

double cautious_probability(const struct engine *engine, const struct weights *total, uint32_t cause)
{
    double rivals = 0;
    for (uint32_t c = 0; c < engine->cause_count; c++) {
        if (c != cause)
            rivals += (double)quick_exp(total->down[c] - total->up[cause]);
    }
    return 1 / (1 + rivals);
}

/*
 * A cause raises the level to `routine` by its plain probability: every red flag alone asks for that much, so one more
 * of them cannot undo it. Above `routine` it must be likely even when red flags are never explained away.
 */
enum qv_level level_by_causes(const struct engine *engine, const struct weights *total, const float p[COLUMNS])
{
    enum qv_level level = QV_SELF_CARE;
    for (uint32_t c = 0; c < engine->cause_count; c++) {
        const struct qv_urgency *urgency = &engine->facts->conditions[c].urgency;
        if (urgency->level <= level)
            continue;
        double probability = urgency->level <= QV_ROUTINE ? (double)p[c] : cautious_probability(engine, total, c);
        if (probability >= urgency->at)
            level = urgency->level;
    }
    return level;
}

/* ---- beginning ------------------------------------------------------------------------------------------------------------ */

static int fire_red_flags(struct engine *engine)
{
    engine->fired = qv_arena_alloc(engine->arena, engine->facts->red_flag_count, sizeof *engine->fired);
    if (!engine->fired)
        return QV_ERR_UNAVAILABLE;
    for (uint32_t f = 0; f < engine->facts->red_flag_count; f++) {
        engine->fired[f] = qv_rule_holds(engine->knowledge, engine->knowledge->red_flag_rules[f], &engine->situation);
        if (engine->fired[f] && engine->facts->red_flags[f].level > engine->rules_level)
            engine->rules_level = engine->facts->red_flags[f].level;
    }
    return QV_OK;
}

int engine_begin(struct engine *engine, const struct qv_knowledge *knowledge, const struct qv_case *c,
                 struct qv_arena *arena, struct qv_answer *answer, struct qv_error *error)
{
    *engine = (struct engine){.knowledge = knowledge,
                              .facts = knowledge->facts,
                              .c = c,
                              .arena = arena,
                              .values = c->values,
                              .cause_count = knowledge->facts->condition_count};
    engine->levels = qv_arena_alloc(arena, knowledge->evidence_count, sizeof *engine->levels);
    if (!engine->levels || take_medicines(engine, answer) || list_signs(engine))
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");

    engine->situation.values = c->values;
    engine->situation.onset_days = number_of(engine, knowledge->onset);
    qv_situation_levels(knowledge, &engine->situation, c->medicines_known, engine->medicines_unrecognised,
                        engine->levels);

    const struct qv_value *sex = value_of(engine, knowledge->sex);
    engine_log_prior(engine, number_of(engine, knowledge->age), sex->kind == QV_WORD ? (int)sex->words : -1,
                     engine->log_prior);
    weigh_all(engine);
    float p[COLUMNS];
    engine->leading = posterior(engine->total.fair, p, NULL);
    for (uint32_t i = 0; i < engine->cause_count; i++)
        engine->p[i] = (double)p[i];

    if (fire_red_flags(engine))
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    enum qv_level by_causes = level_by_causes(engine, &engine->total, p);
    engine->level = by_causes > engine->rules_level ? by_causes : engine->rules_level;
    return QV_OK;
}
