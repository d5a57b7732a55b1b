/* SPDX-License-Identifier: Apache-2.0 */
/* What moves when. Each kind of movement keeps its own time, at random around its period; one that would fall into another waits. */
#include "phantom.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#define FIRST_S 1.0 /* rest before the first movement, so that whoever watches knows the face */
#define LAST_S 0.4  /* rest after the last */
#define GAP_S 0.35  /* rest between two */
#define SPREAD 0.5  /* periods vary by a quarter either way */
#define ROUNDING_S 1e-9
#define ACTS_PER_S 20 /* more than there can be: cycles of a ripple at 15 Hz */

#define RISE_S 0.15 /* of what is held */
#define FALL_S 0.3
#define SMILE_RISE_S 0.3
#define SYLLABLE_S 0.22 /* about 4.5 a second, as people speak */
#define CLUSTER_PAUSE_S 0.08

#define BLINK_EVERY_S 3.5
#define BLINK_S 0.28
#define BLINK_CLOSES 0.3 /* share of it until the lid is down; it opens more slowly */
#define SPEECH_EVERY_S 5.0
#define SMILE_EVERY_S 7.0
#define SMILE_S 1.6
#define NOD_EVERY_S 6.0
#define NOD_S 0.9
#define STEP_EVERY_S 4.0
#define STEP_MOST 0.15 /* of the brightness */
#define DRIFT_MOST 0.1
#define DRIFT_HZ 0.09
#define FLICKER_DEPTH 0.02 /* that an exposure of some milliseconds leaves of a lamp's */

/* ---- chance ----------------------------------------------------------------------------------------------------------- */

uint64_t phantom_bits(struct phantom_random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

struct phantom_random phantom_random_of(uint64_t seed, uint64_t purpose)
{
    struct phantom_random r = {seed};
    r.state = phantom_bits(&r) ^ purpose * 0xd1342543de82ef95U;
    return r;
}

double phantom_uniform(struct phantom_random *r)
{
    return (double)(phantom_bits(r) >> 11) * 0x1p-53;
}

static double between(struct phantom_random *r, double low, double high)
{
    return low + (high - low) * phantom_uniform(r);
}

/* ---- composing ---------------------------------------------------------------------------------------------------------- */

/* A kind of movement and when it comes next. */
struct stream {
    struct phantom_random random;
    double next_s, every_s;
    double (*add)(struct phantom_score *score, struct stream *stream, double at_s, double end_s); /* returns its end */
};

static uint32_t both_sides(enum qv_region left, enum qv_side side)
{
    const uint32_t l = 1U << left, r = l << 1;
    return side == QV_SIDE_LEFT ? l : side == QV_SIDE_RIGHT ? r : l | r;
}

static uint32_t regions_of(const struct qv_phantom_settings *s)
{
    if (s->waveform == QV_WAVEFORM_VOLLEY)
        return both_sides(QV_EYELID_LEFT, s->side) | both_sides(QV_MOUTH_CORNER_LEFT, s->side);
    char name[64];
    snprintf(name, sizeof name, "%s_left", s->part);
    return both_sides((enum qv_region)qv_region_find(name), s->side);
}

static struct phantom_act *put(struct phantom_score *s, enum phantom_act_kind kind, double at_s, double length_s)
{
    assert(s->act_count < s->act_room);
    struct phantom_act *act = &s->acts[s->act_count++];
    *act = (struct phantom_act){.kind = kind, .start_us = llround(at_s * 1e6), .length_us = llround(length_s * 1e6)};
    return act;
}

static void put_twitch(struct phantom_score *s, enum phantom_act_kind kind, double at_s, double length_s)
{
    struct phantom_act *act = put(s, kind, at_s, length_s);
    act->amount = s->settings->amplitude_px;
    act->regions = regions_of(s->settings);
}

static enum phantom_act_kind kind_of(enum qv_waveform waveform)
{
    return waveform == QV_WAVEFORM_HOLD ? ACT_HOLD : waveform == QV_WAVEFORM_RIPPLE ? ACT_RIPPLE : ACT_PULSE;
}

static double add_twitch(struct phantom_score *s, struct stream *stream, double at_s, double end_s)
{
    const struct qv_phantom_settings *set = s->settings;
    const double length_s = set->duration_ms * 1e-3, cycle_s = 1 / set->frequency_hz;
    double at = at_s;
    switch (set->waveform) {
    case QV_WAVEFORM_CLUSTER:
        for (int left = 3 + (int)(4 * phantom_uniform(&stream->random)); left > 0 && at + length_s <= end_s; left--) {
            put_twitch(s, ACT_PULSE, at, length_s);
            at += length_s + CLUSTER_PAUSE_S * between(&stream->random, 0.5, 1.5);
        }
        return at;
    case QV_WAVEFORM_TREMOR: /* raised cosines without a pause are a sine */
        for (; at + cycle_s <= fmin(at_s + length_s + ROUNDING_S, end_s); at += cycle_s)
            put_twitch(s, ACT_PULSE, at, cycle_s);
        return at;
    default:
        if (at + length_s <= end_s)
            put_twitch(s, kind_of(set->waveform), at, length_s);
        return at + length_s;
    }
}

static double add_act(struct phantom_score *s, enum phantom_act_kind kind, double at_s, double length_s, double end_s)
{
    if (at_s + length_s <= end_s)
        put(s, kind, at_s, length_s);
    return at_s + length_s;
}

static double add_blink(struct phantom_score *s, struct stream *stream, double at_s, double end_s)
{
    return add_act(s, ACT_BLINK, at_s, BLINK_S * between(&stream->random, 0.85, 1.15), end_s);
}

static double add_speech(struct phantom_score *s, struct stream *stream, double at_s, double end_s)
{
    const double length_s = SYLLABLE_S * floor(between(&stream->random, 4, 12));
    if (at_s + length_s <= end_s)
        put(s, ACT_SPEECH, at_s, length_s)->seed = phantom_bits(&stream->random);
    return at_s + length_s;
}

static double add_smile(struct phantom_score *s, struct stream *stream, double at_s, double end_s)
{
    return add_act(s, ACT_SMILE, at_s, SMILE_S * between(&stream->random, 0.75, 1.25), end_s);
}

static double add_nod(struct phantom_score *s, struct stream *stream, double at_s, double end_s)
{
    return add_act(s, ACT_NOD, at_s, NOD_S * between(&stream->random, 0.85, 1.15), end_s);
}

static void compose_acts(struct phantom_score *s)
{
    const struct qv_phantom_settings *set = s->settings;
    const struct {
        bool wanted;
        double every_s;
        double (*add)(struct phantom_score *, struct stream *, double, double);
    } kinds[] = {
        {set->waveform != QV_WAVEFORM_NONE, set->every_s, add_twitch},
        {set->blinks, BLINK_EVERY_S, add_blink},
        {set->speaks, SPEECH_EVERY_S, add_speech},
        {set->smiles, SMILE_EVERY_S, add_smile},
        {set->nods, NOD_EVERY_S, add_nod},
    };
    enum { KINDS = sizeof kinds / sizeof kinds[0] };
    struct stream streams[KINDS];
    const double end_s = set->seconds - LAST_S;
    for (int i = 0; i < KINDS; i++) {
        streams[i] = (struct stream){
            .random = phantom_random_of(set->seed, (uint64_t)i + 1), .every_s = kinds[i].every_s, .add = kinds[i].add};
        streams[i].next_s =
            kinds[i].wanted ? FIRST_S + phantom_uniform(&streams[i].random) * kinds[i].every_s / 2 : INFINITY;
    }
    for (double free_s = 0;;) {
        struct stream *next = &streams[0];
        for (int i = 1; i < KINDS; i++)
            next = streams[i].next_s < next->next_s ? &streams[i] : next;
        const double at_s = fmax(next->next_s, free_s);
        if (!(at_s < end_s))
            return;
        free_s = next->add(s, next, at_s, end_s) + GAP_S;
        next->next_s = at_s + next->every_s * between(&next->random, 1 - SPREAD / 2, 1 + SPREAD / 2);
    }
}

static void compose_light(struct phantom_score *s)
{
    struct phantom_random r = phantom_random_of(s->settings->seed, 100);
    if (s->settings->light != QV_LIGHT_STEPS)
        return;
    for (double at_s = FIRST_S + STEP_EVERY_S / 2; at_s < s->settings->seconds - LAST_S && s->step_count < s->step_room;
         at_s += STEP_EVERY_S * between(&r, 1 - SPREAD / 2, 1 + SPREAD / 2)) {
        const double before = s->step_count ? s->steps[s->step_count - 1].gain : 1;
        const double by = between(&r, STEP_MOST / 2, STEP_MOST);
        s->steps[s->step_count++] = (struct phantom_step){llround(at_s * 1e6), before > 1 ? 1 - by : 1 + by};
    }
}

int phantom_compose(struct phantom_score *s, const struct qv_phantom_settings *settings, struct qv_arena *arena,
                    struct qv_error *error)
{
    *s = (struct phantom_score){.settings = settings};
    s->act_room = (uint32_t)(settings->seconds * ACTS_PER_S) + 1;
    s->step_room = (uint32_t)settings->seconds + 1;
    s->acts = qv_arena_alloc(arena, s->act_room, sizeof *s->acts);
    s->steps = qv_arena_alloc(arena, s->step_room, sizeof *s->steps);
    if (!s->acts || !s->steps)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    struct phantom_random r = phantom_random_of(settings->seed, 101);
    for (size_t i = 0; i < sizeof s->sway_phase / sizeof s->sway_phase[0]; i++)
        s->sway_phase[i] = phantom_uniform(&r);
    compose_acts(s);
    compose_light(s);
    return QV_OK;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

/* 0 → 1 as a half cosine. */
static double eased(double share)
{
    return share <= 0 ? 0 : share >= 1 ? 1 : (1 - cos(M_PI * share)) / 2;
}

static double raised_cosine(double share)
{
    return share <= 0 || share >= 1 ? 0 : (1 - cos(2 * M_PI * share)) / 2;
}

/* How far the mouth is open: syllables of random size, closed between them. */
static double spoken(const struct phantom_act *act, double since_s)
{
    const double syllable = floor(since_s / SYLLABLE_S);
    struct phantom_random r = phantom_random_of(act->seed, (uint64_t)syllable);
    return between(&r, 0.3, 1) * raised_cosine(since_s / SYLLABLE_S - syllable);
}

static void look_at(const struct phantom_score *s, const struct phantom_act *act, double since_s,
                    struct phantom_moment *m)
{
    const double length_s = (double)act->length_us * 1e-6, share = since_s / length_s;
    double px = 0;
    switch (act->kind) {
    case ACT_PULSE:
        px = act->amount * raised_cosine(share);
        break;
    case ACT_HOLD:
        px = act->amount * eased(since_s / RISE_S) * eased((length_s - since_s) / FALL_S);
        break;
    case ACT_RIPPLE: {
        const double half_s = 0.5 / s->settings->frequency_hz;
        m->ripples = true;
        m->phase = since_s * s->settings->frequency_hz;
        px = act->amount * eased(since_s / half_s) * eased((length_s - since_s) / half_s);
        break;
    }
    case ACT_BLINK:
        m->closed = eased(share / BLINK_CLOSES) * eased((1 - share) / (1 - BLINK_CLOSES));
        break;
    case ACT_SPEECH:
        m->open = spoken(act, since_s);
        break;
    case ACT_SMILE:
        m->smile = eased(since_s / SMILE_RISE_S) * eased((length_s - since_s) / SMILE_RISE_S);
        break;
    case ACT_NOD:
        m->nod = raised_cosine(share);
        break;
    }
    for (int r = 0; r < QV_REGION_COUNT; r++)
        m->region_px[r] = act->regions >> r & 1 ? px : 0;
}

static double gain_at(const struct phantom_score *s, double time_s)
{
    const struct qv_phantom_settings *set = s->settings;
    double gain = s->past_steps ? s->steps[s->past_steps - 1].gain : 1;
    for (uint32_t i = s->past_steps; i < s->step_count && (double)s->steps[i].start_us < time_s * 1e6; i++)
        gain += (s->steps[i].gain - gain) * eased((time_s * 1e6 - (double)s->steps[i].start_us) / PHANTOM_STEP_US);
    if (set->light == QV_LIGHT_DRIFT)
        gain += DRIFT_MOST * sin(2 * M_PI * DRIFT_HZ * time_s);
    if (set->flicker_hz > 0)
        gain *= 1 + FLICKER_DEPTH * sin(2 * M_PI * set->flicker_hz * time_s);
    return gain;
}

void phantom_look(const struct phantom_score *s, double time_s, struct phantom_moment *m)
{
    *m = (struct phantom_moment){.gain = gain_at(s, time_s)};
    for (uint32_t i = s->past; i < s->act_count; i++) {
        const double since_s = time_s - (double)s->acts[i].start_us * 1e-6;
        if (since_s <= 0)
            break;
        if (since_s < (double)s->acts[i].length_us * 1e-6)
            look_at(s, &s->acts[i], since_s, m);
    }
    if (s->settings->head_moves) {
        static const double hz[6] = {0.13, 0.11, 0.07, 0.05, 0.41, 0.37}; /* the last two: of a restless neck */
        for (int i = 0; i < 4; i++)
            m->sway[i] = sin(2 * M_PI * (hz[i] * time_s + s->sway_phase[i]));
        for (int i = 0; i < 2; i++)
            m->sway[i] = 0.75 * m->sway[i] + 0.25 * sin(2 * M_PI * (hz[4 + i] * time_s + s->sway_phase[4 + i]));
    }
}

void phantom_pass(struct phantom_score *s, int64_t time_us)
{
    while (s->past < s->act_count && s->acts[s->past].start_us + s->acts[s->past].length_us < time_us)
        s->past++;
    while (s->past_steps < s->step_count && s->steps[s->past_steps].start_us + PHANTOM_STEP_US < time_us)
        s->past_steps++;
}
