/* SPDX-License-Identifier: Apache-2.0 */
/* See movements.h. */
#include "movements.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_S 60.0   /* a spell is no longer; other movements are not by far */
#define SPELL_GAP_S 0.5  /* movements of the mouth this near are one */
#define SPEECH_S 0.8     /* a mouth that spoke so shortly before or after is no mouth at rest … */
#define SPEECH_SHARE 0.5 /* … when it moved so much of the twitch's size */
#define TOGETHER_S 0.075 /* peaks this near belong to one movement */
#define LEAK_SHARE 0.30  /* of a larger movement at the same time */
#define FIRST_ROOM 1024

int movements_init(struct movements *all, struct qv_arena *arena, struct qv_error *error)
{
    *all = (struct movements){.room = FIRST_ROOM, .arena = arena};
    all->list = qv_arena_alloc(arena, all->room, sizeof *all->list);
    return all->list ? QV_OK : qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
}

void movement_add_region(struct qv_movement *m, struct qv_region_movement region)
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

/* Two movements of the mouth that overlap or nearly do, and together are no longer than a spell may be. */
static bool are_one_spell(const struct qv_movement *a, const struct qv_movement *b)
{
    const int64_t gap_us = (int64_t)(SPELL_GAP_S * 1e6), longest_us = (int64_t)(LONGEST_S * 1e6);
    const int64_t from_us = a->start_us < b->start_us ? a->start_us : b->start_us;
    const int64_t to_us = a->end_us > b->end_us ? a->end_us : b->end_us;
    return a->kind == QV_MOVEMENT_MOUTH_MOVEMENT && b->kind == a->kind && a->start_us <= b->end_us + gap_us &&
           b->start_us <= a->end_us + gap_us && to_us - from_us <= longest_us;
}

/* Takes a movement in. */
static void join(struct qv_movement *spell, const struct qv_movement *m)
{
    if (m->regions[0].amplitude_px > spell->regions[0].amplitude_px)
        spell->peak_us = m->peak_us;
    spell->start_us = m->start_us < spell->start_us ? m->start_us : spell->start_us;
    spell->end_us = m->end_us > spell->end_us ? m->end_us : spell->end_us;
    spell->snr = fmax(spell->snr, m->snr);
    for (uint32_t k = 0; k < m->region_count; k++)
        movement_add_region(spell, m->regions[k]);
}

/* The spell of speech that a movement belongs to: a minute of it is not a hundred words. `count`: none. */
static uint32_t spell_of(const struct movements *all, const struct qv_movement *m)
{
    for (uint32_t i = all->count; i-- > 0;) {
        if (are_one_spell(&all->list[i], m))
            return i;
        if (all->list[i].start_us < m->start_us - (int64_t)((LONGEST_S + SPELL_GAP_S) * 1e6))
            break;
    }
    return all->count;
}

int movements_add(struct movements *all, const struct qv_movement *m, struct qv_error *error)
{
    const uint32_t spell = spell_of(all, m);
    if (spell < all->count) { /* what it has become may belong to another */
        struct qv_movement joined = all->list[spell];
        join(&joined, m);
        memmove(all->list + spell, all->list + spell + 1, (--all->count - spell) * sizeof joined);
        return movements_add(all, &joined, error);
    }
    if (all->count == MOVEMENTS_MAX) {
        all->cut = true;
        return QV_OK;
    }
    if (all->count == all->room) {
        struct qv_movement *more = qv_arena_alloc(all->arena, 2 * (size_t)all->room, sizeof *more);
        if (!more)
            return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
        memcpy(more, all->list, all->count * sizeof *more);
        all->list = more;
        all->room *= 2;
    }
    /* In order of their starts; a moment gives at most a few out of turn. */
    uint32_t at = all->count++;
    for (; at > 0 && all->list[at - 1].start_us > m->start_us; at--)
        all->list[at] = all->list[at - 1];
    all->list[at] = *m;
    return QV_OK;
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

/* A smaller one during a larger one of the same side is the same: its edge, or the same in another place. A much smaller one
   anywhere leaks from it. */
static bool is_part(const struct qv_movement *m, const struct qv_movement *other)
{
    const double mine_px = m->regions[0].amplitude_px;
    if (!is_counted(other) || mine_px >= other->regions[0].amplitude_px || m->start_us >= other->end_us ||
        other->start_us >= m->end_us)
        return false;
    if (mine_px < LEAK_SHARE * other->regions[0].amplitude_px)
        return true;
    return qv_region_side(m->regions[0].region) == qv_region_side(other->regions[0].region) &&
           2 * llabs(m->peak_us - other->peak_us) < other->end_us - other->start_us + (int64_t)(TOGETHER_S * 1e6);
}

/* Movements are in order of their starts, and none is longer than a block. */
int movements_drop_doubles(struct movements *all, struct qv_error *error)
{
    bool *drop = calloc(all->count + 1, sizeof *drop); /* all are judged as they were found */
    if (!drop)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    uint32_t kept = 0, first = 0;
    for (uint32_t i = 0; i < all->count; i++) {
        const struct qv_movement *m = &all->list[i];
        while (first < i && all->list[first].start_us < m->start_us - (int64_t)((LONGEST_S + SPEECH_S) * 1e6))
            first++;
        for (uint32_t k = first; is_counted(m) && !drop[i] && k < all->count; k++) {
            const struct qv_movement *other = &all->list[k];
            if (other->start_us > m->end_us + (int64_t)(SPEECH_S * 1e6))
                break;
            drop[i] = k != i && (is_speech(m, other) || is_part(m, other));
        }
    }
    for (uint32_t i = 0; i < all->count; i++) {
        if (!drop[i])
            all->list[kept++] = all->list[i];
    }
    all->count = kept;
    free(drop);
    return QV_OK;
}
