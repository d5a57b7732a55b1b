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
    engine->situation.medicines_known = c->medicines_known;
    engine->situation.medicines_unrecognised = unrecognised_count > 0;
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

/*
 * Loops over COLUMNS are plain so that compilers turn them into vector instructions. GCC compiles the hot functions a
 * second time for AVX2 and chooses when the program starts (Clang 14 cannot inline into such clones, so it does not).
 * Both do the same operations in the same order, without fused multiply-add, so the answer is the same to the last digit
 * on every machine.
 */
#if defined __x86_64__ && defined __gnu_linux__ && !defined __SANITIZE_ADDRESS__ && !defined __clang__
#define VECTOR_CLONES __attribute__((target_clones("avx2", "default")))
#define IN_EVERY_CLONE static inline __attribute__((always_inline))
#else
#define VECTOR_CLONES
#define IN_EVERY_CLONE static inline
#endif

IN_EVERY_CLONE void add(struct weights *total, const struct weights *part)
{
    for (uint32_t c = 0; c < COLUMNS; c++) {
        total->fair[c] += part->fair[c];
        total->up[c] += part->up[c];
        total->down[c] += part->down[c];
    }
}

IN_EVERY_CLONE void subtract(struct weights *total, const struct weights *part)
{
    for (uint32_t c = 0; c < COLUMNS; c++) {
        total->fair[c] -= part->fair[c];
        total->up[c] -= part->up[c];
        total->down[c] -= part->down[c];
    }
}

/* An alarming "yes" may only raise the cause and lower its rivals; a "no" is the same in the mirror. */
IN_EVERY_CLONE void one_sided(const float *row, float sign, struct weights *out)
{
    for (uint32_t c = 0; c < COLUMNS; c++) {
        float toward = row[c] * sign;
        out->up[c] = sign * (toward > 0 ? toward : 0);
        out->down[c] = sign * (toward < 0 ? toward : 0);
    }
}

/* The weight of one piece of evidence at a level, outside its sign group. The evidence is weighed, the level known. */
IN_EVERY_CLONE void evidence_weights(const struct qv_knowledge *knowledge, uint32_t evidence, int level,
                                     struct weights *out)
{
    const float *row = knowledge->log_ratio[knowledge->evidence[evidence].first_cell + (uint32_t)level];
    bool is_finding = evidence < knowledge->form.field_count;
    memcpy(out->fair, row, sizeof out->fair);
    if (is_finding && knowledge->facts->findings[evidence].section == QV_SECTION_LABORATORY) {
        /*
         * Levels for bad values come from rules on the value itself: by way of causes, a worse value could look milder.
         * A value may only take a cause out of the running.
         */
        for (uint32_t c = 0; c < COLUMNS; c++) {
            out->up[c] = row[c] < 0 ? row[c] : 0;
            out->down[c] = 0;
        }
    } else if (is_finding && knowledge->alarming[evidence]) {
        one_sided(row, level == 1 ? 1.0f : -1.0f, out);
    } else {
        memcpy(out->up, row, sizeof out->up);
        memcpy(out->down, row, sizeof out->down);
    }
}

/* Folds one member into a group: `strongest` by size (of equals the one in favour, whatever the order), and the sum. */
IN_EVERY_CLONE void fold_row(const float *member, float *strongest, float *sum)
{
    for (uint32_t c = 0; c < COLUMNS; c++) {
        float m = member[c], s = strongest[c];
        float larger = fabsf(m) > fabsf(s) ? m : s, greater = m > s ? m : s;
        strongest[c] = fabsf(m) == fabsf(s) ? greater : larger;
        sum[c] += m;
    }
}

IN_EVERY_CLONE void fold(const struct weights *member, struct weights *strongest, struct weights *sum)
{
    fold_row(member->fair, strongest->fair, sum->fair);
    fold_row(member->up, strongest->up, sum->up);
    fold_row(member->down, strongest->down, sum->down);
}

IN_EVERY_CLONE void damp(const struct weights *strongest, const struct weights *sum, struct weights *out)
{
    for (uint32_t c = 0; c < COLUMNS; c++) {
        out->fair[c] = strongest->fair[c] + SIGN_DAMPING * (sum->fair[c] - strongest->fair[c]);
        out->up[c] = strongest->up[c] + SIGN_DAMPING * (sum->up[c] - strongest->up[c]);
        out->down[c] = strongest->down[c] + SIGN_DAMPING * (sum->down[c] - strongest->down[c]);
    }
}

/* Folds the known members of a group. */
IN_EVERY_CLONE void fold_members(const struct engine *engine, const struct sign *sign, const int8_t *levels,
                                 struct weights *strongest, struct weights *sum)
{
    memset(strongest, 0, sizeof *strongest);
    memset(sum, 0, sizeof *sum);
    for (uint32_t i = 0; i < sign->size; i++) {
        uint32_t evidence = sign->members[i];
        if (levels[evidence] < 0 || !engine->knowledge->evidence[evidence].weighed)
            continue;
        struct weights member;
        evidence_weights(engine->knowledge, evidence, levels[evidence], &member);
        fold(&member, strongest, sum);
    }
}

/* Puts a sign group's part at the new levels in place of its part in the case. `only` is the one member that changed. */
IN_EVERY_CLONE void shift_sign(const struct engine *engine, const struct sign *sign, const int8_t *levels,
                               uint32_t only, struct weights *total)
{
    struct weights strongest, sum, part;
    if (only != UINT32_MAX && engine->levels[only] < 0) { /* the others are folded already */
        memset(&strongest, 0, sizeof strongest);
        memset(&sum, 0, sizeof sum);
        if (sign->weights) {
            strongest = sign->weights->strongest;
            sum = sign->weights->sum;
        }
        evidence_weights(engine->knowledge, only, levels[only], &part);
        fold(&part, &strongest, &sum);
    } else {
        fold_members(engine, sign, levels, &strongest, &sum);
    }
    damp(&strongest, &sum, &part);
    add(total, &part);
    if (sign->weights)
        subtract(total, &sign->weights->part);
}

VECTOR_CLONES void shift_levels(const struct engine *engine, const int8_t *levels, const uint16_t *changed,
                                uint32_t count, struct weights *total)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct qv_evidence *e = &engine->knowledge->evidence[changed[i]];
        int before = engine->levels[changed[i]], now = levels[changed[i]];
        if (!e->weighed || now == before)
            continue;
        struct weights part;
        if (e->sign < 0) {
            if (now >= 0) {
                evidence_weights(engine->knowledge, changed[i], now, &part);
                add(total, &part);
            }
            if (before >= 0) {
                evidence_weights(engine->knowledge, changed[i], before, &part);
                subtract(total, &part);
            }
            continue;
        }
        /* A group is shifted once, at the first of its members that changed. */
        bool first = true, alone = true;
        for (uint32_t k = 0; k < count; k++) {
            bool same_sign = k != i && engine->knowledge->evidence[changed[k]].sign == e->sign &&
                             levels[changed[k]] != engine->levels[changed[k]];
            alone &= !same_sign;
            first &= !(same_sign && k < i && engine->knowledge->evidence[changed[k]].weighed);
        }
        if (first)
            shift_sign(engine, &engine->signs[e->sign], levels, alone ? changed[i] : UINT32_MAX, total);
    }
}

static int weigh_signs(struct engine *engine)
{
    const struct qv_knowledge *knowledge = engine->knowledge;
    engine->signs = qv_arena_alloc(engine->arena, knowledge->sign_count, sizeof *engine->signs);
    uint16_t *members = qv_arena_alloc(engine->arena, knowledge->evidence_count, sizeof *members);
    if (!engine->signs || !members)
        return QV_ERR_UNAVAILABLE;

    for (uint32_t e = 0; e < knowledge->evidence_count; e++) {
        if (knowledge->evidence[e].sign >= 0)
            engine->signs[knowledge->evidence[e].sign].size++;
    }
    uint16_t *next = members;
    for (uint32_t s = 0; s < knowledge->sign_count; s++) {
        uint16_t *end = next;
        for (uint32_t e = 0; e < knowledge->evidence_count; e++) {
            if (knowledge->evidence[e].sign == (int32_t)s)
                *end++ = (uint16_t)e;
        }
        struct sign *sign = &engine->signs[s];
        sign->members = next;
        next = end;
        for (uint32_t i = 0; i < sign->size; i++)
            sign->known += engine->levels[sign->members[i]] >= 0 && knowledge->evidence[sign->members[i]].weighed;
        if (!sign->known)
            continue;
        struct sign_weights *weights = sign->weights = qv_arena_alloc(engine->arena, 1, sizeof *weights);
        if (!weights)
            return QV_ERR_UNAVAILABLE;
        fold_members(engine, sign, engine->levels, &weights->strongest, &weights->sum);
        damp(&weights->strongest, &weights->sum, &weights->part);
        add(&engine->total, &weights->part);
    }
    return QV_OK;
}

static int weigh_all(struct engine *engine)
{
    const struct qv_knowledge *knowledge = engine->knowledge;
    memcpy(engine->total.fair, engine->log_prior, sizeof engine->log_prior);
    memcpy(engine->total.up, engine->log_prior, sizeof engine->log_prior);
    memcpy(engine->total.down, engine->log_prior, sizeof engine->log_prior);
    for (uint32_t e = 0; e < knowledge->evidence_count; e++) {
        struct weights part;
        if (engine->levels[e] < 0 || knowledge->evidence[e].sign >= 0 || !knowledge->evidence[e].weighed)
            continue;
        evidence_weights(knowledge, e, engine->levels[e], &part);
        add(&engine->total, &part);
    }
    return weigh_signs(engine);
}

/* ---- probabilities ------------------------------------------------------------------------------------------------------ */

/*
 * exp of all columns to 2 parts in 10^7, in steps that vectorise: x = n log 2 + r by Cody and Waite's two-part constant,
 * a polynomial for e^r, and n put into the exponent bits. Below -86 it is as good as 0.
 */
IN_EVERY_CLONE void exp_columns(const float x[COLUMNS], float minus, float out[COLUMNS])
{
    float n[COLUMNS], scale[COLUMNS];
    int32_t bits[COLUMNS];
    for (uint32_t c = 0; c < COLUMNS; c++) {
        float y = x[c] - minus;
        out[c] = y < -86.0f ? -86.0f : y > 86.0f ? 86.0f : y;
    }
    for (uint32_t c = 0; c < COLUMNS; c++)
        n[c] = out[c] * 1.44269504f + 12582912.0f; /* adding 1.5 · 2^23 rounds to the nearest integer */
    memcpy(bits, n, sizeof bits);
    for (uint32_t c = 0; c < COLUMNS; c++)
        bits[c] = (int32_t)(((uint32_t)bits[c] + 127u) << 23);
    memcpy(scale, bits, sizeof scale);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        float k = n[c] - 12582912.0f;
        float r = out[c] - k * 0.693359375f + k * 2.12194440e-4f;
        float e = 0.00833337f + r * 0.00139f;
        e = 1.0f + r * (1.0f + r * (0.5f + r * (0.166666657f + r * (0.0416665f + r * e))));
        out[c] = e * scale[c];
    }
}

/* The sum of all columns, in a fixed order that eight lanes can share. */
IN_EVERY_CLONE float sum_columns(const float x[COLUMNS])
{
    float lanes[8] = {0};
    for (uint32_t c = 0; c < COLUMNS; c += 8) {
        for (uint32_t i = 0; i < 8; i++)
            lanes[i] += x[c + i];
    }
    return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

IN_EVERY_CLONE float largest_column(const float x[COLUMNS])
{
    float lanes[8];
    memcpy(lanes, x, sizeof lanes);
    for (uint32_t c = 8; c < COLUMNS; c += 8) {
        for (uint32_t i = 0; i < 8; i++)
            lanes[i] = x[c + i] > lanes[i] ? x[c + i] : lanes[i];
    }
    float largest = lanes[0];
    for (uint32_t i = 1; i < 8; i++)
        largest = lanes[i] > largest ? lanes[i] : largest;
    return largest;
}

VECTOR_CLONES void posterior(const float log_weight[COLUMNS], float p[COLUMNS])
{
    exp_columns(log_weight, largest_column(log_weight), p);
    float scale = 1 / sum_columns(p);
    for (uint32_t c = 0; c < COLUMNS; c++)
        p[c] *= scale;
}

VECTOR_CLONES void cautious_probabilities(const struct weights *total, float p[COLUMNS])
{
    float mine[COLUMNS], rivals[COLUMNS];
    float largest = largest_column(total->up);
    exp_columns(total->up, largest, mine);
    exp_columns(total->down, largest, rivals);
    float sum = sum_columns(rivals);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        float others = sum - rivals[c];
        p[c] = mine[c] / (mine[c] + (others > 0 ? others : 0));
    }
}

/*
 * False when no grave cause above the floor can reach its threshold, which is most often so and saves the exponentials:
 * even against its strongest rival alone it would stay below. (A cause that is its own strongest rival can.)
 */
static bool reaches(const struct engine *engine, enum qv_level floor, const float *up, const float *down)
{
    float strongest = largest_column(down);
    bool any = false;
    for (uint32_t i = 0; i < engine->grave_count; i++) {
        uint32_t c = engine->grave[i];
        any |= engine->grave_level[i] > floor &&
               (up[c] - strongest >= engine->grave_logit[i] - 0.01f || down[c] >= strongest);
    }
    return any;
}

bool can_be_grave(const struct engine *engine, const struct weights *total, enum qv_level floor)
{
    return floor < engine->gravest && reaches(engine, floor, total->up, total->down);
}

/*
 * A cause raises the level to `routine` by its plain probability: every red flag alone asks for that much, so one more
 * of them cannot undo it. Above `routine` it must be likely even when red flags are never explained away.
 */
enum qv_level grave_by_causes(const struct engine *engine, const struct weights *total, enum qv_level floor)
{
    enum qv_level level = floor;
    float cautious[COLUMNS];
    cautious_probabilities(total, cautious);
    for (uint32_t i = 0; i < engine->grave_count; i++) {
        const struct qv_urgency *urgency = &engine->facts->conditions[engine->grave[i]].urgency;
        if (urgency->level > level && (double)cautious[engine->grave[i]] >= urgency->at)
            level = urgency->level;
    }
    return level;
}

double stated_probability(const struct engine *engine, uint32_t cause, double p, double doubt)
{
    if (engine->catch_all < 0)
        return p;
    double outside = fmin(engine->facts->conditions[engine->catch_all].prior.p * doubt, 1);
    return (1 - outside) * p + ((int)cause == engine->catch_all ? outside : 0);
}

/* The largest, unless the catch-all, which gets its prior on top, is told to be larger. */
static uint32_t find_leading(const struct engine *engine, const float p[COLUMNS], float largest)
{
    uint32_t leading = engine->leading, outside = (uint32_t)engine->catch_all;
    if (p[leading] < largest) {
        leading = 0;
        while (p[leading] < largest)
            leading++;
    }
    bool close = engine->catch_all >= 0 && largest < 0.5f;
    if (close && stated_probability(engine, outside, (double)p[outside], 1) >
                     stated_probability(engine, leading, (double)largest, 1))
        leading = outside;
    return leading;
}

/* What follows from a posterior alone. */
IN_EVERY_CLONE void look_at(const struct engine *engine, struct shifted *out)
{
    float over[COLUMNS];
    for (uint32_t c = 0; c < COLUMNS; c++)
        over[c] = out->p[c] - engine->routine_at[c];
    out->asks_routine = largest_column(over) >= 0;
    out->leading = find_leading(engine, out->p, largest_column(out->p));
}

/*
 * The same for one more answer, from the margins of the case alone: a cause moves by its own ratio, and its strongest
 * rival of before is still a rival, moved by its own.
 */
static bool answer_reaches(const struct engine *engine, uint32_t evidence, int level, enum qv_level floor,
                           const float *log_ratio)
{
    bool is_finding = evidence < engine->knowledge->form.field_count;
    bool laboratory = is_finding && engine->facts->findings[evidence].section == QV_SECTION_LABORATORY;
    bool alarming = is_finding && engine->knowledge->alarming[evidence];
    float rival = log_ratio[engine->strongest_rival];
    if (alarming)
        rival = level == 1 ? fminf(rival, 0) : fmaxf(rival, 0);
    if (laboratory)
        rival = 0;
    for (uint32_t i = 0; i < engine->grave_count; i++) {
        float own = log_ratio[engine->grave[i]];
        if (laboratory || alarming)
            own = alarming && level == 1 ? fmaxf(own, 0) : fminf(own, 0);
        if (engine->grave_level[i] > floor && (engine->grave[i] == engine->strongest_rival ||
                                               engine->grave_margin[i] + own - rival >= engine->grave_logit[i] - 0.01f))
            return true;
    }
    return false;
}

VECTOR_CLONES void shift_posterior(const struct engine *engine, uint32_t evidence, int level, enum qv_level floor,
                                   struct shifted *out)
{
    const struct qv_evidence *e = &engine->knowledge->evidence[evidence];
    const float *ratio = engine->knowledge->ratio[e->first_cell + (uint32_t)level];
    const float *log_ratio = engine->knowledge->log_ratio[e->first_cell + (uint32_t)level];
    float terms[COLUMNS];
    for (uint32_t c = 0; c < COLUMNS; c++)
        out->p[c] = engine->p_row[c] * ratio[c];
    float fit = sum_columns(out->p), scale = 1 / fit;
    for (uint32_t c = 0; c < COLUMNS; c++) {
        out->p[c] *= scale;
        terms[c] = out->p[c] * log_ratio[c];
    }
    out->fit = (double)fit;
    out->gain_bits = ((double)sum_columns(terms) - log((double)fit)) * M_LOG2E;
    out->can_be_grave = floor < engine->gravest && answer_reaches(engine, evidence, level, floor, log_ratio);
    look_at(engine, out);
}

VECTOR_CLONES void shift_posterior_from(const struct engine *engine, const struct weights *total, enum qv_level floor,
                                        struct shifted *out)
{
    float terms[COLUMNS], before = largest_column(engine->total.fair), after = largest_column(total->fair);
    exp_columns(total->fair, after, out->p);
    float sum = sum_columns(out->p), scale = 1 / sum;
    for (uint32_t c = 0; c < COLUMNS; c++) {
        out->p[c] *= scale;
        terms[c] = out->p[c] > 0 ? out->p[c] * (total->fair[c] - engine->total.fair[c]) : 0;
    }
    /* Σ w of the case is exp(before) / (its largest probability) */
    double log_fit = (double)(after - before) + log((double)sum * (double)engine->p_row[engine->leading]);
    out->fit = exp(log_fit);
    out->gain_bits = ((double)sum_columns(terms) - log_fit) * M_LOG2E;
    out->can_be_grave = floor < engine->gravest && reaches(engine, floor, total->up, total->down);
    look_at(engine, out);
}

/* ---- beginning ------------------------------------------------------------------------------------------------------------ */

/* What was told: answered, but not with a "no" that no rule tells from silence. */
static void note_told(struct engine *engine)
{
    const struct qv_knowledge *knowledge = engine->knowledge;
    uint64_t *mask = engine->told.words;
    for (uint32_t e = 0; e < knowledge->evidence_count; e++) {
        bool is_finding = e < knowledge->form.field_count;
        bool told = is_finding ? engine->values[e].kind > QV_NO : engine->levels[e] >= 0;
        if (is_finding && engine->values[e].kind == QV_NO)
            told = knowledge->evidence[e].told_by_no;
        mask[e / 64] |= (uint64_t)told << (e % 64);
    }
    if (engine->situation.dose_count && knowledge->medications >= 0)
        mask[knowledge->medications / 64] |= (uint64_t)1 << (knowledge->medications % 64);
}

static int fire_red_flags(struct engine *engine)
{
    engine->fired = qv_arena_alloc(engine->arena, engine->facts->red_flag_count, sizeof *engine->fired);
    if (!engine->fired)
        return QV_ERR_UNAVAILABLE;
    note_told(engine);
    for (uint32_t f = 0; f < engine->facts->red_flag_count; f++) {
        engine->fired[f] = flag_can_fire(engine, f, &engine->told) &&
                           qv_rule_holds(engine->knowledge, engine->knowledge->red_flag_rules[f], &engine->situation);
        if (engine->fired[f] && engine->facts->red_flags[f].level > engine->rules_level)
            engine->rules_level = engine->facts->red_flags[f].level;
    }
    return QV_OK;
}

static void add_grave(struct engine *engine, uint32_t cause)
{
    double at = fmin(fmax(engine->facts->conditions[cause].urgency.at, 1e-6), 1 - 1e-6);
    enum qv_level level = engine->facts->conditions[cause].urgency.level;
    engine->grave_logit[engine->grave_count] = (float)log(at / (1 - at));
    engine->grave_level[engine->grave_count] = level;
    engine->gravest = level > engine->gravest ? level : engine->gravest;
    engine->grave[engine->grave_count++] = cause;
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
    if (!engine->levels || take_medicines(engine, answer))
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");

    engine->situation.values = c->values;
    engine->situation.onset_days = number_of(engine, knowledge->onset);
    qv_situation_levels(knowledge, &engine->situation, engine->levels);

    const struct qv_value *sex = value_of(engine, knowledge->sex);
    engine_log_prior(engine, number_of(engine, knowledge->age), sex->kind == QV_WORD ? (int)sex->words : -1,
                     engine->log_prior);
    engine->catch_all = -1;
    for (uint32_t i = 0; i < COLUMNS; i++)
        engine->routine_at[i] = 2;
    for (uint32_t i = 0; i < engine->cause_count; i++) {
        if (engine->facts->conditions[i].catch_all)
            engine->catch_all = (int)i;
        const struct qv_urgency *urgency = &engine->facts->conditions[i].urgency;
        if (urgency->level == QV_ROUTINE)
            engine->routine_at[i] = (float)urgency->at;
        if (urgency->level > QV_ROUTINE)
            add_grave(engine, i);
    }
    if (weigh_all(engine) || fire_red_flags(engine))
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");

    posterior(engine->total.fair, engine->p_row);
    for (uint32_t i = 0; i < engine->cause_count; i++)
        engine->p[i] = (double)engine->p_row[i];
    struct shifted as_it_is = {0};
    memcpy(as_it_is.p, engine->p_row, sizeof as_it_is.p);
    look_at(engine, &as_it_is);
    engine->leading = as_it_is.leading;
    for (uint32_t i = 1; i < engine->cause_count; i++) {
        if (engine->total.down[i] > engine->total.down[engine->strongest_rival])
            engine->strongest_rival = i;
    }
    for (uint32_t i = 0; i < engine->grave_count; i++)
        engine->grave_margin[i] = engine->total.up[engine->grave[i]] - engine->total.down[engine->strongest_rival];
    engine->level = engine->rules_level;
    if (as_it_is.asks_routine && engine->level < QV_ROUTINE)
        engine->level = QV_ROUTINE;
    if (can_be_grave(engine, &engine->total, engine->level))
        engine->level = grave_by_causes(engine, &engine->total, engine->level);
    return QV_OK;
}
