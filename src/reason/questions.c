/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to ask next: for every question that is open, each answer is tried, and the question is worth what its answers are
 * expected to tell.
 *
 * Only so many questions are listed, and the red-flag screen comes first whatever it tells. While more of the screen is
 * open than can be listed, the other questions need not be looked at at all.
 */
#include "probe.h"

#include <math.h>

#define QUESTIONS_MAX 8
/* An answer that asks for urgent help, or moves the rest, is a reason to go on asking from these likelihoods on. */
#define PLAUSIBLE_GRAVE 0.01
#define PLAUSIBLE_OTHER 0.03
/* A habit is worth a question while it is expected to tell so many bits about what drives the twitch. */
#define HABIT_BITS 0.3
/* A "no" where "yes" is this rare tells next to nothing (of the order of its square) and is not tried. */
#define RARE 0.05
/* The list of medicines cannot be tried one by one; it is worth asking once, as a question that often matters. */
#define MEDICINES_BITS 0.2

/* Places in the order of asking that follow the places of the screen. */
#define PLACE_OF_PERSON (UINT32_MAX - 1)
#define PLACE_OF_REST UINT32_MAX

struct questions {
    struct prober *prober;
    const struct engine *engine;
    double by_habits; /* the probability that habits explain the twitch */
    struct qv_question *listed;
    uint32_t listed_count;
    bool matter; /* some question matters, listed or not */
};

/* ---- what its answers are expected to tell ---------------------------------------------------------------------------------- */

struct expectation {
    double share_sum, bits_sum, level_share[QV_LEVEL_COUNT];
    double grave_share, other_share; /* answers that change something that matters */
    bool emergency;                  /* some answer means one */
};

static void expect(struct expectation *expectation, const struct engine *engine, const struct probe *probe,
                   double share)
{
    expectation->share_sum += share;
    expectation->bits_sum += share * probe->shifted.told_bits;
    expectation->level_share[probe->level] += share;
    if (probe->level > engine->level && probe->level > QV_ROUTINE)
        expectation->grave_share += share;
    else if (probe->level > engine->level || probe->shifted.leading != engine->leading)
        expectation->other_share += share;
    expectation->emergency |= probe->level == QV_EMERGENCY;
}

/* An answer that leaves everything as it is. */
static void expect_nothing_new(struct expectation *expectation, const struct engine *engine, double share)
{
    expectation->share_sum += share;
    expectation->level_share[engine->level] += share;
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

static struct expectation try_answers(struct prober *prober, uint32_t finding)
{
    const struct engine *engine = prober->engine;
    struct expectation expectation = {0};
    for (uint32_t level = answer_count(engine, finding); level-- > 0;) {
        bool is_no = level == 0 && engine->facts->findings[finding].type == QV_FIELD_YES_NO;
        if (is_no && expectation.share_sum < RARE && !engine->knowledge->evidence[finding].told_by_no) {
            expect_nothing_new(&expectation, engine, 1 - expectation.share_sum);
            continue;
        }
        struct probe probe;
        probe_answer(prober, finding, level, true, &probe);
        expect(&expectation, engine, &probe, answer_share(engine, finding, level, &probe));
    }
    expect_nothing_new(&expectation, engine, never_share(engine, finding));
    return expectation;
}

/* Bits about the leading cause (mutual information) and about the level (its entropy over the answers). */
static double expected_bits(const struct expectation *expectation)
{
    if (expectation->share_sum <= 0)
        return 0;
    double bits = fmax(0, expectation->bits_sum / expectation->share_sum);
    for (int level = 0; level < QV_LEVEL_COUNT; level++) {
        double q = expectation->level_share[level] / expectation->share_sum;
        if (q > 0 && q < 1)
            bits -= q * log2(q);
    }
    return bits;
}

/* Whether a habit counts, in bits, as far as the twitch is one that habits explain. */
static double habit_bits(const struct questions *questions, uint32_t finding)
{
    double q = (double)questions->engine->knowledge->habit_share[finding];
    if (q <= 0 || q >= 1)
        return 0;
    return questions->by_habits * -(q * log2(q) + (1 - q) * log2(1 - q));
}

/* ---- the order of asking ------------------------------------------------------------------------------------------------------- */

/* The red-flag screen in its order, then who is asking (priors and other questions depend on it), then the rest. */
static uint32_t place_in_order(const struct engine *engine, uint32_t finding)
{
    uint32_t screen = engine->facts->findings[finding].screen;
    bool person = (int)finding == engine->knowledge->age || (int)finding == engine->knowledge->sex;
    return screen ? screen : person ? PLACE_OF_PERSON : PLACE_OF_REST;
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
static void list_question(struct questions *questions, struct qv_question question)
{
    uint32_t at = questions->listed_count;
    while (at > 0 && is_asked_before(questions->engine, &question, &questions->listed[at - 1]))
        at--;
    if (at == QUESTIONS_MAX)
        return;
    if (questions->listed_count < QUESTIONS_MAX)
        questions->listed_count++;
    for (uint32_t i = questions->listed_count - 1; i > at; i--)
        questions->listed[i] = questions->listed[i - 1];
    questions->listed[at] = question;
}

static void weigh_question(struct questions *questions, uint32_t finding, const struct expectation *expectation)
{
    const struct qv_finding *f = &questions->engine->facts->findings[finding];
    double habit = habit_bits(questions, finding), bits = expected_bits(expectation) + habit;
    bool matters = expectation->grave_share >= PLAUSIBLE_GRAVE * expectation->share_sum ||
                   expectation->other_share >= PLAUSIBLE_OTHER * expectation->share_sum || habit >= HABIT_BITS;
    /* A blood test is not worth having for the sake of an interview. */
    matters &= f->section != QV_SECTION_LABORATORY;
    questions->matter |= matters;
    if (bits > 0 || f->screen)
        list_question(questions, (struct qv_question){finding, bits, matters});
}

/* ---- all findings ---------------------------------------------------------------------------------------------------------------- */

/* The findings that could be asked; returns how many. */
static uint32_t find_open(const struct prober *prober, uint32_t *open)
{
    uint32_t count = 0;
    for (uint32_t f = 0; f < prober->engine->facts->finding_count; f++) {
        const struct qv_finding *finding = &prober->engine->facts->findings[f];
        if (prober->worth[f] && prober->engine->values[f].kind == QV_UNKNOWN && finding->seconds > 0 &&
            finding->type != QV_FIELD_MEDICINES)
            open[count++] = f;
    }
    return count;
}

/* No question that stands behind this place can be listed: so many of the screen, which is always listed, are before it. */
static uint32_t last_place(const struct engine *engine, const uint32_t *open, uint32_t open_count)
{
    uint32_t places[QUESTIONS_MAX + 1], count = 0;
    for (uint32_t i = 0; i < open_count; i++) {
        uint32_t place = engine->facts->findings[open[i]].screen, at = count;
        if (!place)
            continue;
        for (; at > 0 && places[at - 1] > place; at--)
            places[at] = places[at - 1];
        places[at] = place;
        count += count < QUESTIONS_MAX;
    }
    return count == QUESTIONS_MAX ? places[QUESTIONS_MAX - 1] : PLACE_OF_REST;
}

static void ask_medicines(struct questions *questions)
{
    const struct engine *engine = questions->engine;
    int field = engine->knowledge->medications;
    if (field < 0 || engine->c->medicines_known || engine->values[field].kind != QV_UNKNOWN ||
        engine->facts->findings[field].seconds <= 0 ||
        !qv_rule_holds(engine->knowledge, engine->knowledge->ask_if[field], &engine->situation))
        return;
    list_question(questions, (struct qv_question){(uint32_t)field, MEDICINES_BITS, true});
    questions->matter = true;
}

int choose_questions(struct prober *prober, struct qv_answer *answer)
{
    const struct engine *engine = prober->engine;
    struct questions questions = {.prober = prober, .engine = engine};
    uint32_t *open = qv_arena_alloc(engine->arena, engine->facts->finding_count, sizeof *open);
    uint32_t *not_asked = qv_arena_alloc(engine->arena, engine->facts->finding_count, sizeof *not_asked);
    questions.listed = qv_arena_alloc(engine->arena, QUESTIONS_MAX, sizeof *questions.listed);
    if (!open || !not_asked || !questions.listed)
        return QV_ERR_UNAVAILABLE;
    for (uint32_t c = 0; c < engine->cause_count; c++)
        questions.by_habits += engine->facts->conditions[c].by_habits ? engine->p[c] : 0;

    uint32_t open_count = find_open(prober, open), last = last_place(engine, open, open_count), not_asked_count = 0;
    for (uint32_t i = 0; i < open_count; i++) {
        bool screens = engine->facts->findings[open[i]].screen && engine->level < QV_EMERGENCY;
        bool lists = place_in_order(engine, open[i]) <= last;
        if (!lists && !screens)
            continue;
        struct expectation expectation = try_answers(prober, open[i]);
        if (lists)
            weigh_question(&questions, open[i], &expectation);
        if (screens && expectation.emergency)
            not_asked[not_asked_count++] = open[i];
    }
    ask_medicines(&questions);

    bool screening = questions.listed_count && place_in_order(engine, questions.listed[0].finding) < PLACE_OF_REST;
    answer->ask_next = questions.listed;
    answer->ask_next_count = questions.listed_count;
    answer->not_asked = not_asked;
    answer->not_asked_count = not_asked_count;
    answer->enough = engine->level == QV_EMERGENCY || (!screening && !questions.matter);
    return QV_OK;
}
