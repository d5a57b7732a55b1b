/* SPDX-License-Identifier: Apache-2.0 */
/* See detect.h. Distances are chart pixels until a movement is written. */
#include "detect.h"

#include "block.h"
#include "moment.h"
#include "movements.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* ---- what decides ---------------------------------------------------------------------------------------------------- */

#define REGION_SHARE 0.30    /* of the largest region's amplitude: a region that moves less only leaks */
#define BLINK_WIDTHS 0.0030  /* of the face's width: lids that move less do not blink */
#define BLINK_PULL 0.25      /* of the lids' movement, that a blink may show in cheek and mouth */
#define REGULAR_WIDTHS 0.012 /* a rhythm larger than this is chewing or speech */
#define OPENED_WIDTHS 0.005  /* of the lips, at least, when a mouth opens */
#define OPENED_LEAST 1.8     /* what the model leaves unexplained, over what it usually does: lips that have parted */
#define HIDDEN_LEAST 2.0     /* … and nothing that was there is to be found */
#define SHUT_LEAST 2.5       /* … and an eye that is shut */
#define SHUT_NEAR_S 0.12     /* a lid takes as long to close */
#define BLINK_LONGEST_S 0.8  /* longer is eyes shut */
#define HEAD_WIDTHS 0.03     /* of the face's width, within a slow pulse: a movement of the head */
#define SPEECH_WIDTHS 0.004  /* of the face's width, that lips part or a smile pulls on either side */
#define SPEECH_EVEN 0.3      /* of the other side, at least */
#define LIGHT_STEP 0.05      /* of the brightness: a lamp that is switched, a camera that adapts */
#define LIGHT_REACH_S 0.15   /* before and after a step */
#define POOL_SEES 0.85       /* of a patch's centre, that the pooled series shows */
#define FRAMES_LEAST 12      /* of a block worth looking at */

struct detect {
    struct block block;
    struct pulse *pulses;
    struct movements movements;
    double px_per_chart, mm_per_px;
    double done_s; /* movements up to here are written */

    double floor_sum, detectable_sum, blocks_s, light_square, head_speed_sum;
    uint64_t watched;
};

int detect_create(const struct track *track, double px_per_chart, double mm_per_px, struct qv_arena *arena,
                  struct detect **out, struct qv_error *error)
{
    struct detect *d = qv_arena_alloc(arena, 1, sizeof *d);
    if (!d)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    d->px_per_chart = px_per_chart;
    d->mm_per_px = mm_per_px;
    d->done_s = -1;
    d->pulses = qv_arena_alloc(arena, PULSES_MAX, sizeof *d->pulses);
    if (!d->pulses)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    *out = d;
    int status = movements_init(&d->movements, arena, error);
    return status ? status : block_init(&d->block, track, arena, error);
}

/* ---- movements --------------------------------------------------------------------------------------------------------- */

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
        const double px = moment_centre_amplitude(&d->block, p) * d->px_per_chart;
        movement_add_region(&out, (struct qv_region_movement){(enum qv_region)r, px, px * d->mm_per_px});
        out.snr = fmax(out.snr, p->snr);
    }
    return movements_add(&d->movements, &out, error);
}

/* Both eyes do what they do together: a blink, or a look elsewhere. */
static bool is_blink(const struct detect *d, const struct moment *m)
{
    if (!(moment_regions(m) & MOMENT_EYES))
        return false;
    const double lids = moment_level(m, MOMENT_LIDS);
    return (lids >= BLINK_WIDTHS * d->block.width && moment_is_even(m, MOMENT_LIDS)) || moment_is_even(m, MOMENT_EYES);
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
        status = movements_add(&d->movements, &blink, error);
    }
    return status;
}

/* How far something of the whole picture went about a frame, as a share of what makes it a movement of its own. */
typedef double context_function(const struct block *b, uint32_t frame);

/* The head's sudden motion. */
static double of_head(const struct block *b, uint32_t frame)
{
    const float *slow = b->answer[frame][BANK_SLOW];
    return hypot((double)slow[BLOCK_HEAD], (double)slow[BLOCK_HEAD + 1]) / (HEAD_WIDTHS * b->width);
}

/* A step of the light: its mean before and after. */
static double of_light(const struct block *b, uint32_t frame)
{
    const double t = block_time(b, frame);
    double side[2] = {0};
    uint32_t count[2] = {0};
    for (uint32_t f = block_frame_at(b, t - LIGHT_REACH_S); f < b->frames && block_time(b, f) <= t + LIGHT_REACH_S;
         f++) {
        const bool after = f > frame;
        side[after] += (double)b->series[f][BLOCK_LIGHT];
        count[after]++;
    }
    return count[0] && count[1] ? fabs(side[1] / count[1] - side[0] / count[0]) / LIGHT_STEP : 0;
}

/* The mouth away from where it mostly lies, on both sides: the side that went less. Lips that are not to be found are parted. */
static double of_mouth(const struct block *b, uint32_t frame)
{
    if (!b->records[frame].looks[TRACK_MOUTH].fit)
        return 1;
    double side[2] = {0};
    for (uint32_t r = 0; r < QV_EYELID_LEFT; r++) {
        const float *at = b->plain[frame] + 2 * r, *rest = b->rest + 2 * r;
        side[r & 1] = fmax(side[r & 1], hypot((double)(at[0] - rest[0]), (double)(at[1] - rest[1])));
    }
    const double less = fmin(side[0], side[1]), more = fmax(side[0], side[1]);
    return less < SPEECH_EVEN * more ? 0 : less / (SPEECH_WIDTHS * b->width);
}

/* A moment within a cycle of a rhythm: lips that tremble do not speak. */
static bool in_rhythm(const struct detect *d, uint32_t count, double time_s)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct pulse *p = &d->pulses[i];
        if (p->regular && time_s > 2 * p->start_s - p->peak_s && time_s < 2 * p->end_s - p->peak_s)
            return true;
    }
    return false;
}

/* Writes each stretch in which the context moves, with its peak. */
static int write_context(struct detect *d, context_function *of, enum qv_movement_kind kind, uint32_t count,
                         double until_s, struct qv_error *error)
{
    const struct block *b = &d->block;
    int status = QV_OK;
    for (uint32_t f = 0, end; f < b->frames && status == QV_OK; f = end + 1) {
        uint32_t peak = f;
        for (end = f; end < b->frames && of(b, end) >= 1; end++)
            peak = of(b, end) > of(b, peak) ? end : peak;
        const double peak_s = block_time(b, peak);
        if (end == f || peak_s <= d->done_s || peak_s > until_s ||
            (kind == QV_MOVEMENT_MOUTH_MOVEMENT && in_rhythm(d, count, peak_s)))
            continue;
        struct qv_movement out = {.kind = kind,
                                  .start_us = b->records[f].time_us,
                                  .peak_us = b->records[peak].time_us,
                                  .end_us = b->records[end - 1].time_us,
                                  .snr = of(b, peak)};
        for (uint32_t r = 0; r < QV_EYELID_LEFT && kind == QV_MOVEMENT_MOUTH_MOVEMENT; r++) {
            const float *at = b->plain[peak] + 2 * r, *rest = b->rest + 2 * r;
            const double px = hypot((double)(at[0] - rest[0]), (double)(at[1] - rest[1])) * d->px_per_chart;
            movement_add_region(&out, (struct qv_region_movement){(enum qv_region)r, px, px * d->mm_per_px});
        }
        status = movements_add(&d->movements, &out, error);
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
    const double width = b->width, mouth = moment_level(m, MOMENT_MOUTH);
    uint32_t twitching = 0;
    int status = QV_OK;

    const bool shut = near_shut(b, m->lead->peak_s), blink = shut || is_blink(d, m);
    if (blink && !shut)
        status = write_movement(d, m, MOMENT_EYES, QV_MOVEMENT_BLINK, error);
    if (blink && mouth < BLINK_PULL * moment_level(m, MOMENT_EYES))
        return status;

    const bool opened = mouth >= OPENED_WIDTHS * width && moment_change(b, m, TRACK_MOUTH) > OPENED_LEAST;
    if (moment_is_regular(m, MOMENT_MOUTH) && mouth < REGULAR_WIDTHS * width && !opened)
        twitching |=
            moment_is_even(m, MOMENT_MOUTH) ? MOMENT_MOUTH : MOMENT_MOUTH & MOMENT_SIDE(moment_side(m, MOMENT_MOUTH));
    else if (!opened && moment_stands_alone(&d->block, m, MOMENT_MOUTH))
        twitching |= MOMENT_MOUTH & MOMENT_SIDE(moment_side(m, MOMENT_MOUTH));
    else if (status == QV_OK && (opened || moment_is_even(m, MOMENT_MOUTH) || mouth >= OPENED_WIDTHS * width))
        status = write_movement(d, m, MOMENT_MOUTH, QV_MOVEMENT_MOUTH_MOVEMENT, error);
    /* A picture that has changed so much that nothing is found in it is believed only together with the mouth. */
    const int side = moment_side(m, MOMENT_EYES);
    const bool hidden = moment_change(b, m, side ? TRACK_EYE_RIGHT : TRACK_EYE_LEFT) > HIDDEN_LEAST;
    if (!blink && moment_stands_alone(&d->block, m, MOMENT_EYES) && (!hidden || twitching & MOMENT_SIDE(side)))
        twitching |= MOMENT_EYES & MOMENT_SIDE(side);
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
        const struct moment m = moment_gather(&d->block, d->pulses, count, i, used);
        const bool ours = m.lead->peak_s > d->done_s && m.lead->peak_s <= until_s;
        if (ours && (m.lead->held || !is_within_held(d, count, m.lead)))
            status = tell(d, &m, error);
    }
    free(used);
    if (status == QV_OK)
        status = write_blinks(d, until_s, error);
    if (status == QV_OK)
        status = write_context(d, of_mouth, QV_MOVEMENT_MOUTH_MOVEMENT, count, until_s, error);
    if (status == QV_OK)
        status = write_context(d, of_head, QV_MOVEMENT_HEAD_MOVEMENT, count, until_s, error);
    if (status == QV_OK)
        status = write_context(d, of_light, QV_MOVEMENT_LIGHTING, count, until_s, error);
    d->done_s = fmax(d->done_s, until_s);
    return status;
}

/* ---- blocks -------------------------------------------------------------------------------------------------------------- */

/* The duration that the smallest twitch is stated for: 120 ms, or what so few frames a second still show. */
static uint32_t bench_of(const struct block *b)
{
    uint32_t bench = BANK_BENCH;
    while (bench < BANK_SLOW && !isfinite(b->noise[b->frames / 2][bench][0]))
        bench++;
    return bench;
}

static void note_noise(struct detect *d)
{
    struct block *b = &d->block;
    const uint32_t lips = QV_LOWER_LIP_RIGHT + 1, bench = bench_of(b);
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
            b->scratch[f] = hypotf(b->noise[f][bench][2 * r], b->noise[f][bench][2 * r + 1]) / (float)M_SQRT2;
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
    return status ? status : movements_drop_doubles(&d->movements, error);
}

void detect_scale(struct detect *d, double mm_per_px)
{
    d->mm_per_px = mm_per_px;
    for (uint32_t i = 0; i < d->movements.count; i++) {
        struct qv_movement *m = &d->movements.list[i];
        for (uint32_t k = 0; k < m->region_count; k++)
            m->regions[k].amplitude_mm = m->regions[k].amplitude_px * mm_per_px;
    }
}

const struct qv_movement *detect_movements(const struct detect *d, uint32_t *count, bool *cut)
{
    *count = d->movements.count;
    *cut = d->movements.cut;
    return d->movements.list;
}

void detect_noise(const struct detect *d, struct detect_noise *out)
{
    *out = (struct detect_noise){0};
    if (d->blocks_s <= 0)
        return;
    double talking_s = 0;
    for (uint32_t i = 0; i < d->movements.count; i++) {
        if (d->movements.list[i].kind == QV_MOVEMENT_MOUTH_MOVEMENT)
            talking_s += (double)(d->movements.list[i].end_us - d->movements.list[i].start_us) * 1e-6;
    }
    out->floor_px = d->floor_sum / d->blocks_s * d->px_per_chart;
    /* Found 95 times in 100: 1.645 standard deviations above the threshold.  */
    out->detectable_px = d->detectable_sum / d->blocks_s * d->px_per_chart * (PULSE_LEAST_SNR + 1.645) / POOL_SEES;
    out->talking_fraction = fmin(talking_s / d->blocks_s, 1);
    out->flicker = sqrt(d->light_square / fmax((double)d->watched, 1));
    out->head_px_per_s = d->head_speed_sum / fmax((double)d->watched, 1) * d->px_per_chart;
}
