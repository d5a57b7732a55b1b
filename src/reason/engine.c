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

/* Folds the known members of a group; false when there are none. */
IN_EVERY_CLONE bool fold_members(const struct engine *engine, uint32_t sign, const int8_t *levels,
                                 struct weights *strongest, struct weights *sum)
{
    const struct qv_sign *group = &engine->knowledge->signs[sign];
    bool known = false;
    memset(strongest, 0, sizeof *strongest);
    memset(sum, 0, sizeof *sum);
    for (uint32_t i = 0; i < group->count; i++) {
        uint32_t evidence = group->members[i];
        if (levels[evidence] < 0)
            continue;
        struct weights member;
        evidence_weights(engine->knowledge, evidence, levels[evidence], &member);
        fold(&member, strongest, sum);
        known = true;
    }
    return known;
}

/* Puts a sign group's part at the new levels in place of its part in the case. `only` is the one member that changed. */
IN_EVERY_CLONE void shift_sign(const struct engine *engine, uint32_t sign, const int8_t *levels, uint32_t only,
                               struct weights *total)
{
    const struct sign_weights *before = engine->signs[sign];
    struct weights strongest, sum, part;
    if (only != UINT32_MAX && engine->levels[only] < 0) { /* the others are folded already */
        memset(&strongest, 0, sizeof strongest);
        memset(&sum, 0, sizeof sum);
        if (before) {
            strongest = before->strongest;
            sum = before->sum;
        }
        evidence_weights(engine->knowledge, only, levels[only], &part);
        fold(&part, &strongest, &sum);
    } else {
        (void)fold_members(engine, sign, levels, &strongest, &sum);
    }
    damp(&strongest, &sum, &part);
    add(total, &part);
    if (before)
        subtract(total, &before->part);
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
            shift_sign(engine, (uint32_t)e->sign, levels, alone ? changed[i] : UINT32_MAX, total);
    }
}

VECTOR_CLONES static void weigh_alone(struct engine *engine)
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
}

/* Weighs one sign group; false when none of it is known. */
VECTOR_CLONES static bool weigh_sign(struct engine *engine, uint32_t sign, struct sign_weights *weights)
{
    if (!fold_members(engine, sign, engine->levels, &weights->strongest, &weights->sum))
        return false;
    damp(&weights->strongest, &weights->sum, &weights->part);
    add(&engine->total, &weights->part);
    return true;
}

static int weigh_all(struct engine *engine)
{
    uint32_t signs = engine->knowledge->sign_count;
    engine->signs = qv_arena_alloc(engine->arena, signs, sizeof *engine->signs);
    if (!engine->signs)
        return QV_ERR_UNAVAILABLE;
    weigh_alone(engine);
    struct sign_weights *room = NULL;
    for (uint32_t s = 0; s < signs; s++) {
        if (!room)
            room = qv_arena_alloc(engine->arena, 1, sizeof *room);
        if (!room)
            return QV_ERR_UNAVAILABLE;
        if (weigh_sign(engine, s, room)) {
            engine->signs[s] = room;
            room = NULL;
        }
    }
    return QV_OK;
}

/* ---- probabilities ------------------------------------------------------------------------------------------------------ */

VECTOR_CLONES void posterior(const float log_weight[COLUMNS], float p[COLUMNS])
{
    softmax(log_weight, p);
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

/* Far more than the log-odds of a bound and of the real thing can differ by rounding. */
#define ROUNDING 0.01f

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
               (up[c] - strongest >= engine->grave_logit[i] - ROUNDING || down[c] >= strongest);
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
    double outside = engine->facts->conditions[engine->catch_all].prior.p * doubt;
    outside = outside < 1 ? outside : 1;
    return (1 - outside) * p + ((int)cause == engine->catch_all ? outside : 0);
}

/* The largest, unless the catch-all, which gets its prior on top, is told to be larger. Most often it is who led before. */
IN_EVERY_CLONE uint32_t find_leading(const struct engine *engine, const float p[COLUMNS])
{
    uint32_t leading = engine->leading, outside = (uint32_t)engine->catch_all;
    float first = p[leading];
    int32_t overtaken = 0;
    for (uint32_t c = 0; c < COLUMNS; c++)
        overtaken |= p[c] > first ? -1 : 0;
    if (overtaken) {
        float largest = largest_column(p);
        leading = 0;
        while (p[leading] < largest)
            leading++;
    }
    bool close = engine->catch_all >= 0 && p[leading] < 0.5f;
    if (close && stated_probability(engine, outside, (double)p[outside], 1) >
                     stated_probability(engine, leading, (double)p[leading], 1))
        leading = outside;
    return leading;
}

/* Further than any log-ratio goes. */
#define OUT_OF_REACH 1e6f

/* What evidence_weights() leaves of a log-ratio: for the cause in question, and for its rivals. */
struct bounds {
    float low, high;
};

static inline float bounded(float x, struct bounds bounds)
{
    float above = x < bounds.low ? bounds.low : x;
    return above > bounds.high ? bounds.high : above;
}

IN_EVERY_CLONE void bounds_of(const struct engine *engine, uint32_t evidence, int level, struct bounds *own,
                              struct bounds *rival)
{
    bool is_finding = evidence < engine->knowledge->form.field_count;
    *own = *rival = (struct bounds){-OUT_OF_REACH, OUT_OF_REACH};
    if (is_finding && engine->facts->findings[evidence].section == QV_SECTION_LABORATORY)
        own->high = rival->low = rival->high = 0;
    else if (is_finding && engine->knowledge->alarming[evidence] && level == 1)
        own->low = rival->high = 0;
    else if (is_finding && engine->knowledge->alarming[evidence])
        own->high = rival->low = 0;
}

/*
 * The same as reaches() for one more answer, from the gaps of the case alone: a cause moves by its own ratio, and its
 * strongest rival of before is still a rival, moved by its own.
 */
IN_EVERY_CLONE bool answer_reaches(const struct engine *engine, uint32_t evidence, int level, enum qv_level floor,
                                   const float *log_ratio)
{
    struct bounds own, rival;
    bounds_of(engine, evidence, level, &own, &rival);
    float against = bounded(log_ratio[engine->strongest_rival], rival), gain[COLUMNS];
    for (uint32_t c = 0; c < COLUMNS; c++)
        gain[c] = bounded(log_ratio[c], own) - against;
    return any_reaches(gain, engine->grave_gap[floor]);
}

VECTOR_CLONES void shift_posterior(const struct engine *engine, uint32_t evidence, int level, enum qv_level floor,
                                   bool wants_bits, struct shifted *out)
{
    uint32_t cell = engine->knowledge->evidence[evidence].first_cell + (uint32_t)level;
    const float *ratio = engine->knowledge->ratio[cell], *log_ratio = engine->knowledge->log_ratio[cell];
    float *restrict p = out->p, terms[COLUMNS];
    for (uint32_t c = 0; c < COLUMNS; c++)
        p[c] = engine->p_row[c] * ratio[c];
    float fit = sum_columns(p), scale = 1 / fit;
    for (uint32_t c = 0; c < COLUMNS; c++)
        p[c] *= scale;
    out->fit = (double)fit;
    out->told_bits = 0;
    if (wants_bits) {
        for (uint32_t c = 0; c < COLUMNS; c++)
            terms[c] = p[c] * log_ratio[c];
        out->told_bits = ((double)sum_columns(terms) - log((double)fit)) * M_LOG2E;
    }
    out->leading = find_leading(engine, p);
    out->asks_routine = any_reaches(p, engine->routine_at);
    out->can_be_grave = floor < engine->gravest && answer_reaches(engine, evidence, level, floor, log_ratio);
}

/* Probabilities nearer to a limit than this are worked out. */
#define NEAR 1e-4f

VECTOR_CLONES bool could_matter(const struct engine *engine, uint32_t evidence, int level, enum qv_level floor,
                                float shift)
{
    uint32_t cell = engine->knowledge->evidence[evidence].first_cell + (uint32_t)level;
    const float *ratio = engine->knowledge->ratio[cell];
    float w[COLUMNS], limit[COLUMNS];
    for (uint32_t c = 0; c < COLUMNS; c++)
        w[c] = engine->p_row[c] * ratio[c];
    float fit = sum_columns(w), leading = w[engine->leading], p = engine->p_row[engine->leading];
    if (leading < (p - shift + NEAR) * fit || leading > (p + shift - NEAR) * fit)
        return true;
    if (engine->catch_all >= 0 && leading < (0.5f + NEAR) * fit && (int)engine->leading != engine->catch_all)
        return true; /* so little that the catch-all may come before it: see find_leading() */

    /* Who overtakes the leading cause, or (where that is news) asks for `routine`. */
    float routine = floor < QV_ROUTINE ? (1 - NEAR) * fit : OUT_OF_REACH;
    for (uint32_t c = 0; c < COLUMNS; c++) {
        float asks = engine->routine_at[c] * routine;
        limit[c] = asks < leading ? asks : leading;
    }
    int32_t more = 0;
    for (uint32_t c = 0; c < COLUMNS; c++)
        more |= w[c] > limit[c] ? -1 : 0;
    return more || (floor < engine->gravest &&
                    answer_reaches(engine, evidence, level, floor, engine->knowledge->log_ratio[cell]));
}

VECTOR_CLONES void shift_posterior_from(const struct engine *engine, const struct weights *total, enum qv_level floor,
                                        bool wants_bits, struct shifted *out)
{
    float before = largest_column(engine->total.fair), after = largest_column(total->fair);
    float *restrict p = out->p, terms[COLUMNS];
    exp_columns(total->fair, after, p);
    float sum = sum_columns(p), scale = 1 / sum;
    for (uint32_t c = 0; c < COLUMNS; c++)
        p[c] *= scale;
    /* Σ w of the case is exp(before) / (its largest probability) */
    double log_fit = (double)(after - before) + log((double)sum * (double)engine->p_row[engine->leading]);
    out->fit = exp(log_fit);
    out->told_bits = 0;
    if (wants_bits) {
        for (uint32_t c = 0; c < COLUMNS; c++)
            terms[c] = p[c] > 0 ? p[c] * (total->fair[c] - engine->total.fair[c]) : 0;
        out->told_bits = ((double)sum_columns(terms) - log_fit) * M_LOG2E;
    }
    out->leading = find_leading(engine, p);
    out->asks_routine = any_reaches(p, engine->routine_at);
    out->can_be_grave = floor < engine->gravest && reaches(engine, floor, total->up, total->down);
}

/* ---- beginning ------------------------------------------------------------------------------------------------------------ */

static void note_firing(struct engine *engine, uint32_t flag)
{
    if (engine->flags[flag].level > engine->rules_level)
        engine->rules_level = engine->flags[flag].level;
    engine->firing[engine->firing_count++] = (uint16_t)flag;
    for (uint32_t w = 0; w < QV_EVIDENCE_WORDS; w++)
        engine->held.words[w] |= engine->flags[flag].read.words[w];
}

static void note_waiting(struct engine *engine, uint32_t flag)
{
    for (uint32_t w = 0; w < QV_EVIDENCE_WORDS; w++) {
        for (uint64_t rest = engine->flags[flag].read.words[w]; rest; rest &= rest - 1) {
            uint32_t evidence = 64 * w + (uint32_t)__builtin_ctzll(rest);
            waiting_for(engine, evidence)[flag / 64] |= (uint64_t)1 << (flag % 64);
        }
    }
}

static int fire_red_flags(struct engine *engine)
{
    const struct qv_knowledge *knowledge = engine->knowledge;
    uint32_t count = engine->facts->red_flag_count;
    engine->flag_words = (count + 63) / 64;
    engine->flags = qv_arena_alloc(engine->arena, count, sizeof *engine->flags);
    engine->firing = qv_arena_alloc(engine->arena, count, sizeof *engine->firing);
    engine->waiting =
        qv_arena_alloc(engine->arena, (size_t)knowledge->evidence_count * engine->flag_words, sizeof *engine->waiting);
    if (!engine->flags || !engine->firing || !engine->waiting)
        return QV_ERR_UNAVAILABLE;
    for (uint32_t f = 0; f < count; f++) {
        struct flag *flag = &engine->flags[f];
        flag->level = engine->facts->red_flags[f].level;
        flag->fires = qv_rule_reads(knowledge, knowledge->red_flag_rules[f], &engine->situation, &flag->read);
        if (flag->fires)
            note_firing(engine, f);
        else
            note_waiting(engine, f);
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

/* A cause that is its own strongest rival must be asked in full, whatever the answer. */
static void measure_gaps(struct engine *engine)
{
    for (uint32_t i = 1; i < engine->cause_count; i++) {
        if (engine->total.down[i] > engine->total.down[engine->strongest_rival])
            engine->strongest_rival = i;
    }
    for (uint32_t floor = 0; floor < QV_LEVEL_COUNT; floor++) {
        for (uint32_t c = 0; c < COLUMNS; c++)
            engine->grave_gap[floor][c] = OUT_OF_REACH;
    }
    for (uint32_t i = 0; i < engine->grave_count; i++) {
        uint32_t c = engine->grave[i];
        float margin = engine->total.up[c] - engine->total.down[engine->strongest_rival];
        float gap = c == engine->strongest_rival ? -OUT_OF_REACH : engine->grave_logit[i] - ROUNDING - margin;
        for (uint32_t floor = 0; floor < (uint32_t)engine->grave_level[i]; floor++)
            engine->grave_gap[floor][c] = gap;
    }
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
    engine->leading = find_leading(engine, engine->p_row);
    measure_gaps(engine);
    engine->level = engine->rules_level;
    engine->asks_routine = any_reaches(engine->p_row, engine->routine_at);
    if (engine->asks_routine && engine->level < QV_ROUTINE)
        engine->level = QV_ROUTINE;
    if (can_be_grave(engine, &engine->total, engine->level))
        engine->level = grave_by_causes(engine, &engine->total, engine->level);
    return QV_OK;
}
