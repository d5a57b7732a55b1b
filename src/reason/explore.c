/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What would change this, and what to ask next: the model is asked about every finding in turn.
 *
 * A probe sets one finding to one value it does not have, lets the patterns that read it follow, and looks at the level
 * and the posterior. Nothing is recomputed but what that finding touches: its rows, its sign groups, the red flags that
 * mention it.
 */
#include "engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A leading cause that moves by so much has changed. */
#define MATERIAL_SHIFT 0.20
/* Changes listed at most for each level that they would lead to; more is not read, and one level must not crowd out another. */
#define CHANGES_A_LEVEL 5
#define CHANGES_MAX (QV_LEVEL_COUNT * CHANGES_A_LEVEL)
#define QUESTIONS_MAX 8
/* An answer that asks for urgent help, or moves the rest, is a reason to go on asking from these likelihoods on. */
#define PLAUSIBLE_GRAVE 0.01
#define PLAUSIBLE_OTHER 0.03
/* A habit is worth a question while it is expected to tell so many bits about what drives the twitch. */
#define HABIT_BITS 0.3
/* A "no" where "yes" is this rare tells next to nothing (of the order of its square) and is not tried. */
#define RARE 0.05
#define LEVELS_MAX 33

struct probe {
    enum qv_level level;
    struct shifted shifted;
};

/* The most decisive changes, first first. */
struct ranked_changes {
    struct qv_change at[CHANGES_A_LEVEL];
    double scores[CHANGES_A_LEVEL];
    uint32_t count;
};

/* The explorer's own copies, so that the case is not touched. */
struct explorer {
    struct engine *engine;
    struct qv_value *values;
    int8_t *levels;
    struct qv_situation situation;
    struct shifted as_it_is;                       /* what a finding without weight leaves */
    uint32_t firing_count[QV_LEVEL_COUNT];         /* red flags of the case as it is, by level */
    struct ranked_changes changes[QV_LEVEL_COUNT]; /* by the level they would lead to */
    struct qv_question *questions;
    uint32_t question_count;
    uint32_t *not_asked;
    uint32_t not_asked_count;
    double by_habits; /* the probability that habits explain the twitch */
    bool matters;
};

/* ---- one probe ------------------------------------------------------------------------------------------------------ */

static void tell(struct qv_evidence_set *set, uint32_t evidence)
{
    set->words[evidence / 64] |= (uint64_t)1 << (evidence % 64);
}

/* The level of the red flags when those that mention the finding are asked again. */
static enum qv_level probe_red_flags(struct explorer *explorer, uint32_t finding)
{
    const struct engine *engine = explorer->engine;
    const struct qv_knowledge *knowledge = engine->knowledge;
    struct qv_evidence_set told = engine->told;
    tell(&told, finding);
    for (uint32_t i = 0; i < knowledge->patterns_of_count[finding]; i++)
        tell(&told, knowledge->patterns_of[finding][i]);
    uint32_t firing[QV_LEVEL_COUNT];
    memcpy(firing, explorer->firing_count, sizeof firing);
    enum qv_level highest = QV_SELF_CARE;
    for (uint32_t i = 0; i < knowledge->flags_of_count[finding]; i++) {
        uint32_t flag = knowledge->flags_of[finding][i];
        enum qv_level level = engine->facts->red_flags[flag].level;
        if (!engine->fired[flag] && (level <= highest || !flag_can_fire(engine, flag, &told)))
            continue; /* could not raise what is already found, or lacks something */
        bool fires = qv_rule_holds(knowledge, knowledge->red_flag_rules[flag], &explorer->situation);
        if (fires && level > highest)
            highest = level;
        if (engine->fired[flag] && !fires)
            firing[level]--;
    }
    for (enum qv_level level = QV_EMERGENCY; level > highest; level--) {
        if (firing[level] && level > highest)
            highest = level;
    }
    return highest;
}

/* Age and sex weigh through the prior. */
static void shift_prior(const struct explorer *explorer, uint32_t finding, struct weights *total)
{
    const struct engine *engine = explorer->engine;
    if ((int)finding != engine->knowledge->age && (int)finding != engine->knowledge->sex)
        return;
    int age = engine->knowledge->age, sex = engine->knowledge->sex;
    double years = age >= 0 && explorer->values[age].kind == QV_NUMBER ? explorer->values[age].number : NAN;
    int word = sex >= 0 && explorer->values[sex].kind == QV_WORD ? (int)explorer->values[sex].words : -1;
    float prior[COLUMNS];
    engine_log_prior(engine, years, word, prior);
    for (uint32_t c = 0; c < engine->cause_count; c++) {
        float change = prior[c] - engine->log_prior[c];
        total->fair[c] += change;
        total->up[c] += change;
        total->down[c] += change;
    }
}

/*
 * Which evidence a probe moves: the finding itself where it is weighed, and patterns that took another level. Returns how
 * many; `moved` gets them.
 */
static uint32_t moved_evidence(const struct explorer *explorer, uint32_t finding, uint16_t moved[QV_EVIDENCE_MAX])
{
    const struct qv_knowledge *knowledge = explorer->engine->knowledge;
    uint32_t count = 0;
    if (knowledge->evidence[finding].weighed)
        moved[count++] = (uint16_t)finding;
    for (uint32_t i = 0; i < knowledge->patterns_of_count[finding]; i++) {
        uint16_t pattern = knowledge->patterns_of[finding][i];
        if (knowledge->evidence[pattern].weighed && explorer->levels[pattern] != explorer->engine->levels[pattern])
            moved[count++] = pattern;
    }
    return count;
}

/* True when evidence new to the case weighs on its own, in no sign group that already has a say. */
static bool weighs_alone(const struct engine *engine, uint32_t evidence)
{
    int32_t sign = engine->knowledge->evidence[evidence].sign;
    return engine->levels[evidence] < 0 && (sign < 0 || engine->signs[sign].known == 0);
}

/* The posterior and the level by causes, from what moved; `floor` is the level by rules. */
static void weigh_probe(struct explorer *explorer, uint32_t finding, enum qv_level floor, struct probe *probe)
{
    const struct engine *engine = explorer->engine;
    uint16_t moved[QV_EVIDENCE_MAX];
    uint32_t count = moved_evidence(explorer, finding, moved);
    bool by_prior = (int)finding == engine->knowledge->age || (int)finding == engine->knowledge->sex;
    bool alone = count == 1 && !by_prior && weighs_alone(engine, moved[0]);
    probe->level = floor;
    if (count == 0 && !by_prior) {
        probe->shifted = explorer->as_it_is;
        if (can_be_grave(engine, &engine->total, floor))
            probe->level = grave_by_causes(engine, &engine->total, floor);
    } else if (alone) {
        shift_posterior(engine, moved[0], explorer->levels[moved[0]], floor, &probe->shifted);
    }
    if ((count || by_prior) && (!alone || probe->shifted.can_be_grave)) {
        struct weights total = engine->total;
        shift_levels(engine, explorer->levels, moved, count, &total);
        shift_prior(explorer, finding, &total);
        shift_posterior_from(engine, &total, floor, &probe->shifted);
        if (probe->shifted.can_be_grave)
            probe->level = grave_by_causes(engine, &total, floor);
    }
    if (probe->shifted.asks_routine && probe->level < QV_ROUTINE)
        probe->level = QV_ROUTINE;
}

/* Puts the value in place, lets levels and patterns follow, weighs. The caller restores with probe_end(). */
static void probe_begin(struct explorer *explorer, uint32_t finding, struct qv_value value, struct probe *probe)
{
    struct engine *engine = explorer->engine;
    const struct qv_knowledge *knowledge = engine->knowledge;
    explorer->values[finding] = value;
    explorer->levels[finding] = (int8_t)qv_finding_level(knowledge, finding, &value);
    if ((int)finding == knowledge->onset)
        explorer->situation.onset_days = value.number;
    for (uint32_t i = 0; i < knowledge->patterns_of_count[finding]; i++) {
        uint16_t pattern = knowledge->patterns_of[finding][i];
        explorer->levels[pattern] =
            qv_pattern_level(knowledge, pattern - knowledge->form.field_count, &explorer->situation);
    }
    bool told = value.kind != QV_NO || knowledge->evidence[finding].told_by_no || engine->levels[finding] >= 0;
    weigh_probe(explorer, finding, told ? probe_red_flags(explorer, finding) : engine->rules_level, probe);
}

static void probe_end(struct explorer *explorer, uint32_t finding)
{
    struct engine *engine = explorer->engine;
    const struct qv_knowledge *knowledge = engine->knowledge;
    explorer->values[finding] = engine->values[finding];
    explorer->levels[finding] = engine->levels[finding];
    explorer->situation.onset_days = engine->situation.onset_days;
    for (uint32_t i = 0; i < knowledge->patterns_of_count[finding]; i++)
        explorer->levels[knowledge->patterns_of[finding][i]] = engine->levels[knowledge->patterns_of[finding][i]];
}

/* ---- the values a finding could have ----------------------------------------------------------------------------------- */

/* All answers to a finding, in the order of its levels; returns how many. */
static uint32_t possible_values(const struct explorer *explorer, uint32_t finding, struct qv_value out[LEVELS_MAX])
{
    const struct qv_finding *f = &explorer->engine->facts->findings[finding];
    uint32_t count = f->type == QV_FIELD_YES_NO ? 2 : f->type == QV_FIELD_MEDICINES ? 0 : f->levels.count;
    for (uint32_t l = 0; l < count; l++) {
        switch (f->type) {
        case QV_FIELD_YES_NO:
            out[l] = (struct qv_value){.kind = l ? QV_YES : QV_NO};
            break;
        case QV_FIELD_NUMBER:
            out[l] = (struct qv_value){.kind = QV_NUMBER, .number = qv_finding_typical(f, l)};
            break;
        case QV_FIELD_CHOICE:
            out[l] = (struct qv_value){.kind = QV_WORD, .words = l};
            break;
        default:
            out[l] = (struct qv_value){.kind = QV_WORDS, .words = explorer->engine->values[finding].words | 1u << l};
        }
    }
    return count;
}

static const char *phrase_of(const struct engine *engine, uint32_t finding, uint32_t level)
{
    return engine->knowledge->cells[engine->knowledge->evidence[finding].first_cell + level].phrase;
}

/* ---- what would change this ---------------------------------------------------------------------------------------------- */

/* Laboratory values and measurements are not things that "would be so"; they are made or not. */
static bool can_happen(const struct qv_finding *finding)
{
    return finding->section != QV_SECTION_LABORATORY && finding->section != QV_SECTION_MEASURED &&
           finding->section != QV_SECTION_PERSON && finding->type != QV_FIELD_MEDICINES;
}

/* Unanswered or absent; of numbers that were given, the neighbouring levels (a twitch goes on, a habit grows). */
static bool is_other_than_now(const struct engine *engine, uint32_t finding, uint32_t level,
                              const struct qv_value *value)
{
    int now = engine->levels[finding];
    switch (value->kind) {
    case QV_YES:
        return now != 1;
    case QV_NUMBER:
        return now < 0 || (int)level == now + 1;
    case QV_WORD:
        return now < 0;
    case QV_WORDS:
        return value->words != engine->values[finding].words;
    default:
        return false;
    }
}

static double leading_shift(const struct engine *engine, const struct probe *probe)
{
    return fabs((double)probe->shifted.p[engine->leading] - engine->p[engine->leading]);
}

/* 0 = no matter. A level outranks a leading cause, which outranks a shift of it; of equals the likelier answer. */
static double decisiveness(const struct engine *engine, const struct probe *probe, double share)
{
    double shift = leading_shift(engine, probe);
    bool level_changes = probe->level != engine->level, leading_changes = probe->shifted.leading != engine->leading;
    if (!level_changes && !leading_changes && shift < MATERIAL_SHIFT)
        return 0;
    return 10 * abs((int)probe->level - (int)engine->level) + 2 * leading_changes + shift + fmin(share, 1);
}

static void rank_change(struct ranked_changes *ranked, const struct qv_change *change, double score)
{
    uint32_t at = ranked->count;
    while (at > 0 && ranked->scores[at - 1] < score)
        at--;
    if (at == CHANGES_A_LEVEL)
        return;
    if (ranked->count < CHANGES_A_LEVEL)
        ranked->count++;
    for (uint32_t i = ranked->count - 1; i > at; i--) {
        ranked->at[i] = ranked->at[i - 1];
        ranked->scores[i] = ranked->scores[i - 1];
    }
    ranked->at[at] = *change;
    ranked->scores[at] = score;
}

static void note_change(struct explorer *explorer, uint32_t finding, const struct qv_value *value, const char *phrase,
                        const struct probe *probe, double score)
{
    uint32_t cause = probe->shifted.leading;
    struct qv_change change = {.finding = finding,
                               .value = *value,
                               .phrase = phrase,
                               .level = probe->level,
                               .top_cause = cause,
                               .probability =
                                   stated_probability(explorer->engine, cause, (double)probe->shifted.p[cause], 1)};
    rank_change(&explorer->changes[probe->level], &change, score);
}

/* All levels' changes in one list, most decisive first. */
static uint32_t merge_changes(const struct explorer *explorer, struct qv_change *out)
{
    uint32_t next[QV_LEVEL_COUNT] = {0}, count = 0;
    for (;;) {
        int best = -1;
        for (int level = QV_LEVEL_COUNT - 1; level >= 0; level--) {
            const struct ranked_changes *ranked = &explorer->changes[level];
            if (next[level] < ranked->count &&
                (best < 0 || ranked->scores[next[level]] > explorer->changes[best].scores[next[best]]))
                best = level;
        }
        if (best < 0)
            return count;
        out[count++] = explorer->changes[best].at[next[best]++];
    }
}

/* ---- what to ask next ------------------------------------------------------------------------------------------------------ */

static bool can_be_asked(const struct engine *engine, uint32_t finding)
{
    const struct qv_finding *f = &engine->facts->findings[finding];
    return engine->values[finding].kind == QV_UNKNOWN && f->seconds > 0 &&
           !(f->type == QV_FIELD_MEDICINES && engine->c->medicines_known);
}

/* Whether the question makes sense for this person at all. */
static bool makes_sense(const struct engine *engine, uint32_t finding)
{
    return qv_rule_holds(engine->knowledge, engine->knowledge->ask_if[finding], &engine->situation);
}

/* How likely an answer is, from how well it fits the causes and how common it is. */
static double answer_share(const struct engine *engine, uint32_t finding, const struct probe *probe, uint32_t level)
{
    const struct qv_evidence *e = &engine->knowledge->evidence[finding];
    double background = engine->knowledge->cells[e->first_cell + level].background;
    if (background <= 0) /* words of a list: each about as likely */
        background = 1.0 / e->level_count;
    return background * probe->shifted.fit;
}

struct expectation {
    double share_sum, gain_sum, level_share[QV_LEVEL_COUNT];
    double grave_share, other_share; /* answers that change something that matters */
};

static void expect(struct expectation *expectation, const struct engine *engine, const struct probe *probe,
                   double share)
{
    expectation->share_sum += share;
    expectation->gain_sum += share * probe->shifted.gain_bits;
    expectation->level_share[probe->level] += share;
    if (probe->level > engine->level && probe->level > QV_ROUTINE)
        expectation->grave_share += share;
    else if (probe->level > engine->level || probe->shifted.leading != engine->leading)
        expectation->other_share += share;
}

/* An answer that leaves everything as it is. */
static void expect_nothing_new(struct expectation *expectation, const struct engine *engine, double share)
{
    expectation->share_sum += share;
    expectation->level_share[engine->level] += share;
}

/* Bits about the leading cause (mutual information) and about the level (its entropy over the answers). */
static double expected_bits(const struct expectation *expectation)
{
    if (expectation->share_sum <= 0)
        return 0;
    double bits = fmax(0, expectation->gain_sum / expectation->share_sum);
    for (int level = 0; level < QV_LEVEL_COUNT; level++) {
        double q = expectation->level_share[level] / expectation->share_sum;
        if (q > 0 && q < 1)
            bits -= q * log2(q);
    }
    return bits;
}

/* The red-flag screen in its order, then who is asking (priors and other questions depend on it), then the rest. */
static uint32_t place_in_order(const struct engine *engine, uint32_t finding)
{
    uint32_t screen = engine->facts->findings[finding].screen;
    bool person = (int)finding == engine->knowledge->age || (int)finding == engine->knowledge->sex;
    return screen ? screen : person ? UINT32_MAX - 1 : UINT32_MAX;
}

/* By place, then what matters before what does not, then by information a second. */
static bool is_asked_before(const struct engine *engine, const struct qv_question *a, const struct qv_question *b)
{
    uint32_t x = place_in_order(engine, a->finding), y = place_in_order(engine, b->finding);
    const struct qv_finding *findings = engine->facts->findings;
    if (x != y)
        return x < y;
    if (a->matters != b->matters)
        return a->matters;
    return a->bits * findings[b->finding].seconds > b->bits * findings[a->finding].seconds;
}

/* Keeps the list in the order of asking; what falls off its end would not be asked for a long time. */
static void insert_question(struct explorer *explorer, struct qv_question question)
{
    uint32_t at = explorer->question_count;
    while (at > 0 && is_asked_before(explorer->engine, &question, &explorer->questions[at - 1]))
        at--;
    if (at == QUESTIONS_MAX)
        return;
    if (explorer->question_count < QUESTIONS_MAX)
        explorer->question_count++;
    for (uint32_t i = explorer->question_count - 1; i > at; i--)
        explorer->questions[i] = explorer->questions[i - 1];
    explorer->questions[at] = question;
}

/* Whether a habit counts, in bits, as far as the twitch is one that habits explain. */
static double habit_bits(const struct explorer *explorer, uint32_t finding)
{
    double q = (double)explorer->engine->knowledge->habit_share[finding];
    if (q <= 0 || q >= 1)
        return 0;
    return explorer->by_habits * -(q * log2(q) + (1 - q) * log2(1 - q));
}

static void note_question(struct explorer *explorer, uint32_t finding, const struct expectation *expectation)
{
    const struct engine *engine = explorer->engine;
    double habit = habit_bits(explorer, finding), bits = expected_bits(expectation) + habit;
    bool matters = expectation->grave_share >= PLAUSIBLE_GRAVE * expectation->share_sum ||
                   expectation->other_share >= PLAUSIBLE_OTHER * expectation->share_sum || habit >= HABIT_BITS;
    /* A blood test is not worth having for the sake of an interview. */
    matters &= engine->facts->findings[finding].section != QV_SECTION_LABORATORY;
    explorer->matters |= matters;
    if (bits > 0 || engine->facts->findings[finding].screen)
        insert_question(explorer, (struct qv_question){finding, bits, matters});
}

/* ---- all findings ------------------------------------------------------------------------------------------------------------ */

/* A finding that no rule, pattern, prior or condition looks at cannot change anything. */
static bool is_idle(const struct engine *engine, uint32_t finding)
{
    const struct qv_knowledge *knowledge = engine->knowledge;
    return !knowledge->evidence[finding].weighed && !knowledge->flags_of_count[finding] &&
           !knowledge->patterns_of_count[finding] && (int)finding != knowledge->age && (int)finding != knowledge->sex;
}

/* People to whom it never happened, whose answer to "how long ago?" is silence. */
static double never_share(const struct engine *engine, uint32_t finding)
{
    if (engine->facts->findings[finding].type != QV_FIELD_NUMBER)
        return 0;
    const struct qv_evidence *e = &engine->knowledge->evidence[finding];
    double share = 1;
    for (uint32_t l = 0; l < e->level_count; l++)
        share -= engine->knowledge->cells[e->first_cell + l].background;
    return share > 0 ? share : 0;
}

static void explore_finding(struct explorer *explorer, uint32_t finding, bool ask, bool change)
{
    const struct engine *engine = explorer->engine;
    const struct qv_finding *f = &engine->facts->findings[finding];
    struct qv_value values[LEVELS_MAX];
    uint32_t count = possible_values(explorer, finding, values);
    struct expectation expectation = {0};
    bool means_emergency = false;

    for (uint32_t l = count; l-- > 0;) {
        bool other = change && is_other_than_now(engine, finding, l, &values[l]);
        if (!ask && !other)
            continue;
        if (values[l].kind == QV_NO && expectation.share_sum < RARE &&
            !engine->knowledge->evidence[finding].told_by_no) {
            expect_nothing_new(&expectation, engine, 1 - expectation.share_sum);
            continue;
        }
        struct probe probe;
        probe_begin(explorer, finding, values[l], &probe);
        probe_end(explorer, finding);
        double share = answer_share(engine, finding, &probe, l);
        if (ask)
            expect(&expectation, engine, &probe, share);
        double score = other ? decisiveness(engine, &probe, share) : 0;
        if (score > 0)
            note_change(explorer, finding, &values[l], phrase_of(engine, finding, l), &probe, score);
        means_emergency |= probe.level == QV_EMERGENCY;
    }
    if (ask) {
        expect_nothing_new(&expectation, engine, never_share(engine, finding));
        note_question(explorer, finding, &expectation);
    }
    if (ask && f->screen && means_emergency && engine->level < QV_EMERGENCY)
        explorer->not_asked[explorer->not_asked_count++] = finding;
}

/* The list of medicines cannot be probed one by one; it is worth asking once, as a question that often matters. */
static void note_medicines(struct explorer *explorer)
{
    int field = explorer->engine->knowledge->medications;
    const struct engine *engine = explorer->engine;
    if (field < 0 || !can_be_asked(engine, (uint32_t)field) || !makes_sense(engine, (uint32_t)field))
        return;
    const double usual_bits = 0.2;
    insert_question(explorer, (struct qv_question){(uint32_t)field, usual_bits, true});
    explorer->matters = true;
}

static int explorer_begin(struct explorer *explorer, struct engine *engine)
{
    uint32_t findings = engine->facts->finding_count;
    *explorer = (struct explorer){.engine = engine};
    explorer->values = qv_arena_alloc(engine->arena, findings, sizeof *explorer->values);
    explorer->levels = qv_arena_alloc(engine->arena, engine->knowledge->evidence_count, sizeof *explorer->levels);
    explorer->questions = qv_arena_alloc(engine->arena, QUESTIONS_MAX, sizeof *explorer->questions);
    explorer->not_asked = qv_arena_alloc(engine->arena, findings, sizeof *explorer->not_asked);
    if (!explorer->values || !explorer->levels || !explorer->questions || !explorer->not_asked)
        return QV_ERR_UNAVAILABLE;

    memcpy(explorer->values, engine->values, findings * sizeof *explorer->values);
    memcpy(explorer->levels, engine->levels, engine->knowledge->evidence_count * sizeof *explorer->levels);
    explorer->situation = engine->situation;
    explorer->situation.values = explorer->values;
    explorer->situation.levels = explorer->levels;
    for (uint32_t f = 0; f < engine->facts->red_flag_count; f++)
        explorer->firing_count[engine->facts->red_flags[f].level] += engine->fired[f];
    for (uint32_t c = 0; c < engine->cause_count; c++)
        explorer->by_habits += engine->facts->conditions[c].by_habits ? engine->p[c] : 0;
    explorer->as_it_is = (struct shifted){.leading = engine->leading, .fit = 1};
    memcpy(explorer->as_it_is.p, engine->p_row, sizeof engine->p_row);
    for (uint32_t c = 0; c < engine->cause_count; c++)
        explorer->as_it_is.asks_routine |= engine->p_row[c] >= engine->routine_at[c];
    return QV_OK;
}

int explore(struct engine *engine, unsigned flags, struct qv_answer *answer)
{
    struct explorer explorer;
    struct qv_change *changes = qv_arena_alloc(engine->arena, CHANGES_MAX, sizeof *changes);
    if (!changes || explorer_begin(&explorer, engine))
        return QV_ERR_UNAVAILABLE;

    for (uint32_t f = 0; f < engine->facts->finding_count; f++) {
        bool ask =
            !(flags & QV_REASON_NO_QUESTIONS) && (int)f != engine->knowledge->medications && can_be_asked(engine, f);
        bool change = !(flags & QV_REASON_NO_CHANGES) && can_happen(&engine->facts->findings[f]);
        if ((ask || change) && !is_idle(engine, f) && makes_sense(engine, f))
            explore_finding(&explorer, f, ask, change);
    }
    if (!(flags & QV_REASON_NO_QUESTIONS))
        note_medicines(&explorer);

    bool screening = explorer.question_count && place_in_order(engine, explorer.questions[0].finding) < UINT32_MAX;
    answer->changes = changes;
    answer->change_count = merge_changes(&explorer, changes);
    answer->ask_next = explorer.questions;
    answer->ask_next_count = explorer.question_count;
    answer->not_asked = explorer.not_asked;
    answer->not_asked_count = explorer.not_asked_count;
    answer->enough = engine->level == QV_EMERGENCY || (!screening && !explorer.matters);
    return QV_OK;
}
