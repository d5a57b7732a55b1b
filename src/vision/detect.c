/* SPDX-License-Identifier: Apache-2.0 */
/* See detect.h. Distances are chart pixels until a movement is written. */
#include "detect.h"

#include "block.h"
#include "pulse.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what decides ---------------------------------------------------------------------------------------------------- */

#define TOGETHER_S 0.075       /* peaks this near belong to one moment */
#define EVEN_RATIO 0.25        /* of the weaker side to the stronger: as even as this, both sides moved … */
#define EVEN_NOISE 2.5         /* … but for what noise of so many standard deviations may add to the weaker */
#define RESTLESS_WIDTHS 0.0012 /* of noise at 120 ms: what trembles this much is a busy face, or no picture of one */
#define LONE_SNR 10.0 /* of a moment that one region shows alone: patches reach further than that, chance does not */
#define LONE_HELD_WIDTHS 0.008 /* of the face's width: so far it must be held where one region shows it alone */
#define BUSY_REACH_S 1.5       /* around a moment, in which the other side must be calm … */
#define BUSY_QUANTILE 0.75     /* … in this share of the time */
#define BUSY_CALM 1.5          /* times its noise: as calm as this, a side rests */
#define NOISE_TOPS 3.0         /* standard deviations that the largest of a few answers reaches by itself */
#define REGION_SHARE 0.30      /* of the largest region's amplitude: a region that moves less only leaks */
#define BLINK_WIDTHS 0.0030    /* of the face's width: lids that move less do not blink */
#define BLINK_PULL 0.25        /* of the lids' movement, that a blink may show in cheek and mouth */
#define REGULAR_WIDTHS 0.012   /* a rhythm larger than this is chewing or speech */
#define OPENED_WIDTHS 0.005    /* of the lips, at least, when a mouth opens */
#define OPENED_LEAST 1.8       /* what the model leaves unexplained, over what it usually does: lips that have parted */
#define HIDDEN_LEAST 2.0       /* … and nothing that was there is to be found */
#define SHUT_LEAST 2.5         /* … and an eye that is shut */
#define SHUT_NEAR_S 0.12       /* a lid takes as long to close */
#define BLINK_LONGEST_S 0.8    /* longer is eyes shut */
#define HEAD_REACH_S 0.5       /* around a moment, in which … */
#define HEAD_CALM_WIDTHS 0.012 /* … a head that moves less than this is at rest */
#define HEAD_WIDTHS 0.05       /* of head motion within a slow pulse: a head movement */
#define HEAD_SHARE 0.04        /* of it, that may show in the face */
#define SPELL_GAP_S 0.5        /* movements of the mouth this near are one */
#define SPEECH_S 0.8           /* a mouth that spoke so shortly before or after is no mouth at rest … */
#define SPEECH_SHARE 0.5       /* … when it moved so much of the twitch's size */
#define PATCH_REACH 0.10       /* face widths from a region's anchor in which its patch's centre is looked for */
#define SHRINK 0.86            /* what the prior leaves of a patch 0.06 wide (tests/unit/test_vision.c bounds it) */
#define POOL_SEES 0.85         /* of a patch's centre, that the pooled series shows */
#define FRAMES_LEAST 12        /* of a block worth looking at */

#define EYES (0xFU << QV_EYELID_LEFT)
#define MOUTH ((1U << QV_EYELID_LEFT) - 1)
#define LIDS (3U << QV_EYELID_LEFT)
#define OF_SIDE(side) (0x1555U << (side)) /* regions alternate: left, right */

struct detect {
    struct block block;
    struct pulse *pulses;
    struct qv_arena *arena;
    double px_per_chart, mm_per_px;
    double done_s; /* movements up to here are written */

    struct qv_movement *movements;
    uint32_t movement_count, movement_room;
    bool cut;

    double floor_sum, detectable_sum, blocks_s, light_square, head_speed_sum;
    uint64_t watched;
};

int detect_create(const struct track *track, double px_per_chart, double mm_per_px, struct qv_arena *arena,
                  struct detect **out, struct qv_error *error)
{
    struct detect *d = qv_arena_alloc(arena, 1, sizeof *d);
    if (!d)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    d->arena = arena;
    d->px_per_chart = px_per_chart;
    d->mm_per_px = mm_per_px;
    d->done_s = -1;
    d->movement_room = 1024;
    d->pulses = qv_arena_alloc(arena, PULSES_MAX, sizeof *d->pulses);
    d->movements = qv_arena_alloc(arena, d->movement_room, sizeof *d->movements);
    if (!d->pulses || !d->movements)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    *out = d;
    return block_init(&d->block, track, arena, error);
}

/* ---- moments ------------------------------------------------------------------------------------------------------------- */

/* Pulses of one moment, and how far every region went then, pulse or not. */
struct moment {
    const struct pulse *lead; /* the largest */
    const struct pulse *best[QV_REGION_COUNT];
    double level[QV_REGION_COUNT]; /* pooled */
};

static bool belongs(const struct pulse *lead, const struct pulse *p)
{
    if (p->held != lead->held || p->regular != lead->regular)
        return false;
    if (p->regular) /* a wave that travels is the same cycle everywhere */
        return fabs(p->peak_s - lead->peak_s) < (lead->end_s - lead->start_s) / 2;
    return p->held ? p->start_s < lead->end_s && lead->start_s < p->end_s
                   : fabs(p->peak_s - lead->peak_s) <= TOGETHER_S;
}

/* How far another region went from where it lay just before, while a held pulse lasts. */
static double held_level(const struct block *b, const struct pulse *p, uint32_t region)
{
    const uint32_t before = block_frame_at(b, p->start_s);
    return hypot((double)(b->plain[p->frame][2 * region] - b->plain[before][2 * region]),
                 (double)(b->plain[p->frame][2 * region + 1] - b->plain[before][2 * region + 1]));
}

/* How far a region went in a moment, beyond what its noise would do. */
static double level_at(const struct block *b, const struct moment *m, uint32_t region)
{
    const struct pulse *lead = m->lead;
    if (m->best[region])
        return m->best[region]->amplitude;
    if (lead->held)
        return held_level(b, lead, region);
    double most = 0;
    for (uint32_t f = block_frame_at(b, lead->peak_s - TOGETHER_S);
         f < b->frames && block_time(b, f) <= lead->peak_s + TOGETHER_S; f++) {
        const double snr = block_snr(b, f, lead->duration, region);
        if (snr > NOISE_TOPS)
            most = fmax(most, block_amplitude(b, f, lead->duration, region) * sqrt(1 - pow(NOISE_TOPS / snr, 2)));
    }
    return most;
}

/* Gathers the moment that the pulse at @p first begins, and marks its pulses used. */
static struct moment gather(struct detect *d, uint32_t count, uint32_t first, bool *used)
{
    const struct pulse *lead = &d->pulses[first];
    for (uint32_t j = first + 1; j < count && d->pulses[j].start_s < d->pulses[first].end_s; j++) {
        const struct pulse *p = &d->pulses[j];
        if (!used[j] && belongs(&d->pulses[first], p) && p->amplitude > lead->amplitude)
            lead = p;
    }
    struct moment m = {.lead = lead};
    for (uint32_t j = first; j < count && d->pulses[j].start_s < lead->end_s; j++) {
        const struct pulse *p = &d->pulses[j];
        if (used[j] || !belongs(lead, p))
            continue;
        used[j] = true;
        if (!m.best[p->region] || m.best[p->region]->amplitude < p->amplitude)
            m.best[p->region] = p;
    }
    used[first] = true;
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++)
        m.level[r] = level_at(&d->block, &m, r);
    return m;
}

static double level_of(const struct moment *m, uint32_t regions)
{
    double most = 0;
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++)
        most = regions >> r & 1 ? fmax(most, m->level[r]) : most;
    return most;
}

static uint32_t regions_of(const struct moment *m)
{
    uint32_t set = 0;
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++)
        set |= m->best[r] ? 1U << r : 0;
    return set;
}

static int stronger_side(const struct moment *m, uint32_t part)
{
    return level_of(m, part & OF_SIDE(1)) > level_of(m, part & OF_SIDE(0));
}

/* What moved on one side moved on the other too, more than leaks across or than noise would have it. */
static bool is_even(const struct moment *m, uint32_t part)
{
    const int side = stronger_side(m, part);
    double snr = 1, other = 0;
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
        if (!(part & OF_SIDE(side) & 1U << r) || !m->best[r])
            continue;
        snr = fmax(snr, m->best[r]->snr);
        other = fmax(other, m->level[r ^ 1]);
    }
    return other > (EVEN_RATIO + EVEN_NOISE / snr) * level_of(m, part & OF_SIDE(side));
}

/* How much more than usual a window's picture differed from its template, after all motion was taken out. */
static double change_of(const struct block *b, const struct moment *m, uint32_t window)
{
    double most = 0;
    const uint32_t at = m->lead->frame;
    for (uint32_t f = at > 0 ? at - 1 : 0; f <= at + 1 && f < b->frames; f++)
        most = fmax(most, (double)b->records[f].looks[window].rms_left);
    return most / fmax(b->left_usually[window], 1e-3);
}

/* How much more a region moves around a pulse than its noise would have it; about 1 in one that rests. */
static double busyness(struct block *b, const struct pulse *p, uint32_t region)
{
    return block_quantile(b, p->peak_s, BUSY_REACH_S, p->duration, region, BUSY_QUANTILE) /
           sqrt(-2 * log(1 - BUSY_QUANTILE));
}

/* The largest sudden movement of the head near a moment. */
static double head_motion(const struct block *b, double time_s)
{
    double most = 0;
    for (uint32_t f = block_frame_at(b, time_s - HEAD_REACH_S);
         f < b->frames && block_time(b, f) <= time_s + HEAD_REACH_S; f++) {
        for (uint32_t p = 0; p < BANK_SIZE; p++)
            most = fmax(most, hypot((double)b->answer[f][p][BLOCK_HEAD], (double)b->answer[f][p][BLOCK_HEAD + 1]));
    }
    return most;
}

/* The noise of a pulse's region along its quieter axis, as a twitch of 120 ms would meet it. */
static double restlessness(const struct block *b, const struct pulse *p)
{
    const float *noise = b->noise[p->frame][BANK_BENCH] + 2 * p->region;
    return (double)fminf(noise[0], noise[1]);
}

/*
 * One side of a part moved, and only that. The other side of the face is the null channel: it must have been seen, it must have
 * stayed, and what stands out there as much at any time near is no twitch of this side. A head that moves suddenly shows
 * more in the face than its own affine motion, so only what is larger than that counts then.
 */
static bool stands_alone(struct detect *d, const struct moment *m, uint32_t part)
{
    struct block *b = &d->block;
    const struct pulse *lead = m->lead;
    const int side = stronger_side(m, part);
    if (!(regions_of(m) & part & OF_SIDE(side)) || is_even(m, part))
        return false;
    const double head = head_motion(b, lead->peak_s);
    if (head > HEAD_CALM_WIDTHS * b->width && level_of(m, part) < head)
        return false;
    if (restlessness(b, lead) > RESTLESS_WIDTHS * b->width)
        return false;
    double busy = 1, snr = 0;
    const int moving = __builtin_popcount(regions_of(m) & OF_SIDE(side));
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
        if (part & OF_SIDE(!side) & 1U << r) {
            if (!block_is_fit(b, lead->peak_s, (lead->end_s - lead->start_s) / 2 + TOGETHER_S, r))
                return false;
            busy = fmax(busy, busyness(b, lead, r) / BUSY_CALM);
        }
        if (part & OF_SIDE(side) & 1U << r && m->best[r])
            snr = fmax(snr, m->best[r]->snr);
    }
    if (lead->held)
        return moving > 1 || level_of(m, part) > LONE_HELD_WIDTHS * b->width;
    return snr >= (moving > 1 ? PULSE_LEAST_SNR : LONE_SNR) * busy;
}

/* ---- movements --------------------------------------------------------------------------------------------------------- */

/* Weights of frames that give a pulse's height: against its base, its rest before, or the other end of its swing. */
static uint32_t height_weights(const struct block *b, const struct pulse *p, uint32_t frames[BLOCK_WEIGHTS],
                               float weights[BLOCK_WEIGHTS])
{
    uint32_t first, count;
    if (!p->held && !p->regular && block_weights(b, p->frame, p->duration, &first, &count, weights) > 0) {
        for (uint32_t i = 0; i < count; i++)
            frames[i] = first + i;
        return count;
    }
    const double swing_s = (p->end_s - p->start_s) / 2;
    const uint32_t other = block_frame_at(b, p->regular ? p->peak_s + swing_s : p->start_s);
    frames[0] = p->frame;
    frames[1] = other < b->frames ? other : b->frames - 1;
    weights[0] = p->regular ? 0.5F : 1;
    weights[1] = -weights[0];
    return 2;
}

/* Displacement at the centre of the patch nearest to a region: the pulse over the whole field, its largest near the anchor. */
static double centre_amplitude(const struct block *b, const struct pulse *pulse)
{
    float weights[BLOCK_WEIGHTS];
    uint32_t frames[BLOCK_WEIGHTS];
    const uint32_t count = height_weights(b, pulse, frames, weights);
    const enum qv_region region = (enum qv_region)pulse->region;
    const uint32_t which = block_window_of(region);
    const struct window *w = &b->track->windows[which];
    float *sum = w->field_more;
    memset(sum, 0, w->unknowns * sizeof *sum);
    for (uint32_t i = 0; i < count; i++) {
        const float *field = b->records[frames[i]].field[which];
        for (uint32_t u = 0; u < w->unknowns; u++)
            sum[u] += weights[i] * field[u];
    }
    double most = 0;
    const double step = PATCH_REACH * b->width / 5;
    for (int i = -5; i <= 5; i++) {
        for (int j = -5; j <= 5; j++) {
            if (i * i + j * j > 25)
                continue;
            double x, y;
            window_field_at(w, sum, b->track->plan.region_x[region] + i * step,
                            b->track->plan.region_y[region] + j * step, &x, &y);
            most = fmax(most, hypot(x, y));
        }
    }
    return most / SHRINK;
}

static void add_region(struct qv_movement *m, struct qv_region_movement region)
{
    for (uint32_t i = 0; i < m->region_count; i++) {
        if (m->regions[i].region != region.region)
            continue;
        if (m->regions[i].amplitude_px >= region.amplitude_px)
            return;
        memmove(m->regions + i, m->regions + i + 1, (--m->region_count - i) * sizeof *m->regions);
        break;
    }
    uint32_t at = m->region_count++;
    for (; at > 0 && m->regions[at - 1].amplitude_px < region.amplitude_px; at--)
        m->regions[at] = m->regions[at - 1];
    m->regions[at] = region;
}

/* Movements of the mouth that follow closely are one: a spell of speech is not a hundred words. */
static bool joins_spell(struct detect *d, const struct qv_movement *m)
{
    if (m->kind != QV_MOVEMENT_MOUTH_MOVEMENT)
        return false;
    for (uint32_t i = d->movement_count; i-- > 0;) {
        struct qv_movement *spell = &d->movements[i];
        if (spell->kind != m->kind)
            continue;
        if (m->start_us > spell->end_us + (int64_t)(SPELL_GAP_S * 1e6) ||
            m->end_us > spell->start_us + (int64_t)(BLOCK_S * 1e6))
            return false;
        if (m->regions[0].amplitude_px > spell->regions[0].amplitude_px)
            spell->peak_us = m->peak_us;
        spell->end_us = m->end_us > spell->end_us ? m->end_us : spell->end_us;
        spell->snr = fmax(spell->snr, m->snr);
        for (uint32_t k = 0; k < m->region_count; k++)
            add_region(spell, m->regions[k]);
        return true;
    }
    return false;
}

static int add_movement(struct detect *d, const struct qv_movement *m, struct qv_error *error)
{
    if (joins_spell(d, m))
        return QV_OK;
    if (d->movement_count == DETECT_MOVEMENTS_MAX) {
        d->cut = true;
        return QV_OK;
    }
    if (d->movement_count == d->movement_room) {
        struct qv_movement *more = qv_arena_alloc(d->arena, 2 * (size_t)d->movement_room, sizeof *more);
        if (!more)
            return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
        memcpy(more, d->movements, d->movement_count * sizeof *more);
        d->movements = more;
        d->movement_room *= 2;
    }
    /* In order of their starts; a moment gives at most a few out of turn. */
    uint32_t at = d->movement_count++;
    for (; at > 0 && d->movements[at - 1].start_us > m->start_us; at--)
        d->movements[at] = d->movements[at - 1];
    d->movements[at] = *m;
    return QV_OK;
}

/* Writes what a moment shows in some regions as one movement; nothing when no pulse is there. */
static int write_movement(struct detect *d, const struct moment *m, uint32_t regions, enum qv_movement_kind kind,
                          struct qv_error *error)
{
    const struct pulse *largest = NULL;
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
        if (m->best[r] && regions >> r & 1 && (!largest || m->best[r]->amplitude > largest->amplitude))
            largest = m->best[r];
    }
    if (!largest)
        return QV_OK;
    struct qv_movement out = {.kind = kind,
                              .start_us = llround(fmax(largest->start_s, 0) * 1e6),
                              .peak_us = llround(largest->peak_s * 1e6),
                              .end_us = llround(largest->end_s * 1e6)};
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
        const struct pulse *p = m->best[r];
        if (!p || !(regions >> r & 1) || p->amplitude < REGION_SHARE * largest->amplitude)
            continue;
        const double px = centre_amplitude(&d->block, p) * d->px_per_chart;
        add_region(&out, (struct qv_region_movement){(enum qv_region)r, px, px * d->mm_per_px});
        out.snr = fmax(out.snr, p->snr);
    }
    return add_movement(d, &out, error);
}

/* Both eyes do what they do together: a blink, or a look elsewhere. */
static bool is_blink(const struct detect *d, const struct moment *m)
{
    if (!(regions_of(m) & EYES))
        return false;
    const double lids = level_of(m, LIDS);
    return (lids >= BLINK_WIDTHS * d->block.width && is_even(m, LIDS)) || is_even(m, EYES);
}

static bool is_regular(const struct moment *m, uint32_t part)
{
    for (uint32_t r = 0; r < QV_REGION_COUNT; r++) {
        if (part >> r & 1 && m->best[r] && m->best[r]->regular && m->best[r]->amplitude >= 0.99 * level_of(m, part))
            return true;
    }
    return false;
}

/* A window shows something else than usual: an eye that is shut, an open mouth. */
static bool is_changed(const struct block *b, uint32_t frame, uint32_t window)
{
    const struct track_look *look = &b->records[frame].looks[window];
    return !look->fit || (double)look->rms_left > SHUT_LEAST * b->left_usually[window];
}

/* Blinks: short stretches in which both eyes are shut, and the face else is to be seen. */
static int write_blinks(struct detect *d, double until_s, struct qv_error *error)
{
    const struct block *b = &d->block;
    int status = QV_OK;
    for (uint32_t f = 0, end; f < b->frames && status == QV_OK; f = end + 1) {
        for (end = f; end < b->frames && is_changed(b, end, TRACK_EYE_LEFT) && is_changed(b, end, TRACK_EYE_RIGHT);)
            end++;
        if (end == f || end == b->frames)
            continue;
        const double start_s = block_time(b, f), end_s = block_time(b, end), peak_s = (start_s + end_s) / 2;
        if (end_s - start_s > BLINK_LONGEST_S || peak_s <= d->done_s || peak_s > until_s)
            continue;
        const struct qv_movement blink = {.kind = QV_MOVEMENT_BLINK,
                                          .start_us = llround(start_s * 1e6),
                                          .peak_us = llround(peak_s * 1e6),
                                          .end_us = llround(end_s * 1e6)};
        status = add_movement(d, &blink, error);
    }
    return status;
}

/* The eyes are shut, or on the way to it or back. */
static bool near_shut(const struct block *b, double time_s)
{
    for (uint32_t f = block_frame_at(b, time_s - SHUT_NEAR_S);
         f < b->frames && block_time(b, f) <= time_s + SHUT_NEAR_S; f++) {
        if (is_changed(b, f, TRACK_EYE_LEFT) && is_changed(b, f, TRACK_EYE_RIGHT))
            return true;
    }
    return false;
}

/* What a moment is. Its eyes and its mouth may be two things: a blink beside a twitch. */
static int tell(struct detect *d, const struct moment *m, struct qv_error *error)
{
    const struct block *b = &d->block;
    const double width = b->width, mouth = level_of(m, MOUTH);
    uint32_t twitching = 0;
    int status = QV_OK;

    const float *slow = b->answer[m->lead->frame][BANK_SLOW];
    const double head = hypot((double)slow[BLOCK_HEAD], (double)slow[BLOCK_HEAD + 1]);
    if (head > HEAD_WIDTHS * width && level_of(m, MOUTH | EYES) < HEAD_SHARE * head)
        return write_movement(d, m, MOUTH | EYES, QV_MOVEMENT_HEAD_MOVEMENT, error);

    const bool shut = near_shut(b, m->lead->peak_s), blink = shut || is_blink(d, m);
    if (blink && !shut)
        status = write_movement(d, m, EYES, QV_MOVEMENT_BLINK, error);
    if (blink && mouth < BLINK_PULL * level_of(m, EYES))
        return status;

    const bool opened = mouth >= OPENED_WIDTHS * width && change_of(b, m, TRACK_MOUTH) > OPENED_LEAST;
    if (is_regular(m, MOUTH) && mouth < REGULAR_WIDTHS * width && !opened)
        twitching |= is_even(m, MOUTH) ? MOUTH : MOUTH & OF_SIDE(stronger_side(m, MOUTH));
    else if (status == QV_OK && (opened || is_even(m, MOUTH)))
        status = write_movement(d, m, MOUTH, QV_MOVEMENT_MOUTH_MOVEMENT, error);
    else if (stands_alone(d, m, MOUTH))
        twitching |= MOUTH & OF_SIDE(stronger_side(m, MOUTH));
    else if (status == QV_OK && mouth >= OPENED_WIDTHS * width)
        status = write_movement(d, m, MOUTH, QV_MOVEMENT_MOUTH_MOVEMENT, error);
    /* A picture that has changed so much that nothing is found in it is believed only together with the mouth. */
    const int side = stronger_side(m, EYES);
    const bool hidden = change_of(b, m, side ? TRACK_EYE_RIGHT : TRACK_EYE_LEFT) > HIDDEN_LEAST;
    if (!blink && stands_alone(d, m, EYES) && (!hidden || twitching & OF_SIDE(side)))
        twitching |= EYES & OF_SIDE(side);
    if (status == QV_OK)
        status = write_movement(d, m, twitching, m->lead->held ? QV_MOVEMENT_SPASM : QV_MOVEMENT_TWITCH, error);
    return status;
}

/* A brief pulse while its side is held belongs to what holds it, and so do the bank's answers to its edges. */
static bool is_within_held(const struct detect *d, uint32_t count, const struct pulse *p)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct pulse *h = &d->pulses[i];
        if (h->held && p->end_s > h->start_s && p->start_s < h->end_s + bank_s[BANK_SLOW] / 2 &&
            (h->region & 1) == (p->region & 1))
            return true;
    }
    return false;
}

static int write_movements(struct detect *d, double until_s, struct qv_error *error)
{
    const uint32_t count = pulses_find(&d->block, d->pulses);
    bool *used = calloc(count + 1, sizeof *used);
    if (!used)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    int status = QV_OK;
    for (uint32_t i = 0; i < count && status == QV_OK; i++) {
        if (used[i])
            continue;
        const struct moment m = gather(d, count, i, used);
        const bool ours = m.lead->peak_s > d->done_s && m.lead->peak_s <= until_s;
        if (ours && (m.lead->held || !is_within_held(d, count, m.lead)))
            status = tell(d, &m, error);
    }
    free(used);
    if (status == QV_OK)
        status = write_blinks(d, until_s, error);
    d->done_s = fmax(d->done_s, until_s);
    return status;
}

static bool is_counted(const struct qv_movement *m)
{
    return m->kind == QV_MOVEMENT_TWITCH || m->kind == QV_MOVEMENT_SPASM;
}

/* A twitch at the edge of speech is speech. */
static bool is_speech(const struct qv_movement *m, const struct qv_movement *other)
{
    const int64_t near_us = (int64_t)(SPEECH_S * 1e6);
    return other->kind == QV_MOVEMENT_MOUTH_MOVEMENT && m->end_us > other->start_us - near_us &&
           m->start_us < other->end_us + near_us &&
           other->regions[0].amplitude_px > SPEECH_SHARE * m->regions[0].amplitude_px;
}

/* A smaller one during a larger one of the same side is the same: its edge, or the same in another place. */
static bool is_part(const struct qv_movement *m, const struct qv_movement *other)
{
    return is_counted(other) && m->start_us < other->end_us && other->start_us < m->end_us &&
           qv_region_side(m->regions[0].region) == qv_region_side(other->regions[0].region) &&
           m->regions[0].amplitude_px < other->regions[0].amplitude_px &&
           2 * llabs(m->peak_us - other->peak_us) < other->end_us - other->start_us + (int64_t)(TOGETHER_S * 1e6);
}

/* Takes out what was no twitch of its own after all. Movements are in order of their starts, and none is longer than a block. */
static int drop_doubles(struct detect *d, struct qv_error *error)
{
    bool *drop = calloc(d->movement_count + 1, sizeof *drop); /* all are judged as they were found */
    if (!drop)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    uint32_t kept = 0, first = 0;
    for (uint32_t i = 0; i < d->movement_count; i++) {
        const struct qv_movement *m = &d->movements[i];
        while (first < i && d->movements[first].start_us < m->start_us - (int64_t)((BLOCK_S + SPEECH_S) * 1e6))
            first++;
        for (uint32_t k = first; is_counted(m) && !drop[i] && k < d->movement_count; k++) {
            const struct qv_movement *other = &d->movements[k];
            if (other->start_us > m->end_us + (int64_t)(SPEECH_S * 1e6))
                break;
            drop[i] = k != i && (is_speech(m, other) || is_part(m, other));
        }
    }
    for (uint32_t i = 0; i < d->movement_count; i++) {
        if (!drop[i])
            d->movements[kept++] = d->movements[i];
    }
    d->movement_count = kept;
    free(drop);
    return QV_OK;
}

/* ---- blocks -------------------------------------------------------------------------------------------------------------- */

static void note_noise(struct detect *d)
{
    struct block *b = &d->block;
    const uint32_t lips = QV_LOWER_LIP_RIGHT + 1;
    float floors[QV_REGION_COUNT], detectable[QV_REGION_COUNT];
    for (uint32_t r = 0; r < lips; r++) {
        uint32_t n = 0;
        for (uint32_t f = 1; f + 1 < b->frames; f++) {
            /* a second difference knows nothing of slow motion; of white noise it has variance 6 */
            const float *before = b->series[f - 1], *here = b->series[f], *after = b->series[f + 1];
            b->scratch[n++] = hypotf(after[2 * r] - 2 * here[2 * r] + before[2 * r],
                                     after[2 * r + 1] - 2 * here[2 * r + 1] + before[2 * r + 1]);
        }
        floors[r] = (float)(quantile_of(b->scratch, n, 0.5) / sqrt(2 * M_LN2) / sqrt(6));
        for (uint32_t f = 0; f < b->frames; f++)
            b->scratch[f] = hypotf(b->noise[f][BANK_BENCH][2 * r], b->noise[f][BANK_BENCH][2 * r + 1]) / (float)M_SQRT2;
        detectable[r] = (float)quantile_of(b->scratch, b->frames, 0.5);
    }
    const double block_s = block_time(b, b->frames - 1) - block_time(b, 0);
    d->floor_sum += block_s * quantile_of(floors, lips, 0.5);
    d->detectable_sum += block_s * quantile_of(detectable, lips, 0.5);
    d->blocks_s += block_s;
    for (uint32_t f = 1; f < b->frames; f++) {
        const float *before = b->series[f - 1], *here = b->series[f];
        const double dt = block_time(b, f) - block_time(b, f - 1);
        d->watched++;
        d->light_square += pow((double)(here[BLOCK_LIGHT] - before[BLOCK_LIGHT]), 2) / 2;
        if (dt > 0)
            d->head_speed_sum += hypot((double)(here[BLOCK_HEAD] - before[BLOCK_HEAD]),
                                       (double)(here[BLOCK_HEAD + 1] - before[BLOCK_HEAD + 1])) /
                                 dt;
    }
}

/* Analyses the block and forgets all but its last half, which the next block needs to begin with. */
static int analyse(struct detect *d, bool last, struct qv_error *error)
{
    struct block *b = &d->block;
    if (b->frames < FRAMES_LEAST)
        return QV_OK;
    block_analyse(b);
    note_noise(d);
    const double until_s = last ? INFINITY : block_time(b, b->frames - b->frames / 4);
    int status = write_movements(d, until_s, error);
    block_forget(b, last ? 0 : b->frames / 2);
    return status;
}

struct track_record *detect_room(struct detect *d)
{
    return block_room(&d->block);
}

int detect_take(struct detect *d, struct qv_error *error)
{
    if (!detect_room(d)->seen)
        return QV_OK;
    block_take(&d->block);
    return block_full(&d->block) ? analyse(d, false, error) : QV_OK;
}

const float *detect_latest(const struct detect *d)
{
    assert(d->block.frames > 0);
    return d->block.plain[d->block.frames - 1];
}

int detect_finish(struct detect *d, struct qv_error *error)
{
    int status = analyse(d, true, error);
    return status ? status : drop_doubles(d, error);
}

void detect_scale(struct detect *d, double mm_per_px)
{
    d->mm_per_px = mm_per_px;
    for (uint32_t i = 0; i < d->movement_count; i++) {
        struct qv_movement *m = &d->movements[i];
        for (uint32_t k = 0; k < m->region_count; k++)
            m->regions[k].amplitude_mm = m->regions[k].amplitude_px * mm_per_px;
    }
}

const struct qv_movement *detect_movements(const struct detect *d, uint32_t *count, bool *cut)
{
    *count = d->movement_count;
    *cut = d->cut;
    return d->movements;
}

void detect_noise(const struct detect *d, struct detect_noise *out)
{
    *out = (struct detect_noise){0};
    if (d->blocks_s <= 0)
        return;
    double talking_s = 0;
    for (uint32_t i = 0; i < d->movement_count; i++) {
        if (d->movements[i].kind == QV_MOVEMENT_MOUTH_MOVEMENT)
            talking_s += (double)(d->movements[i].end_us - d->movements[i].start_us) * 1e-6;
    }
    out->floor_px = d->floor_sum / d->blocks_s * d->px_per_chart;
    /* Found 95 times in 100: 1.645 standard deviations above the threshold.  */
    out->detectable_px = d->detectable_sum / d->blocks_s * d->px_per_chart * (PULSE_LEAST_SNR + 1.645) / POOL_SEES;
    out->talking_fraction = fmin(talking_s / d->blocks_s, 1);
    out->flicker = sqrt(d->light_square / fmax((double)d->watched, 1));
    out->head_px_per_s = d->head_speed_sum / fmax((double)d->watched, 1) * d->px_per_chart;
}
