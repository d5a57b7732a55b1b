/* SPDX-License-Identifier: Apache-2.0 */
/* One day of the journal. Entries are counted no further than they are shown; the sums are the journal's own. */
#include <quiver/consult.h>

#include <math.h>

struct gathering {
    struct qv_day *day;
    struct qv_entry *entries;
    struct qv_arena *arena;
    bool full;
};

static const char *keep(struct qv_arena *arena, const char *text)
{
    return text ? qv_arena_copy(arena, text, strlen(text)) : qv_arena_copy(arena, "", 0);
}

static int add_entry(void *context, const struct qv_entry *entry, struct qv_error *error)
{
    struct gathering *g = context;
    if (g->day->entry_count == QV_DAY_MAX_ENTRIES) {
        g->full = true;
        return qv_fail(error, QV_ERR_DATA, "more entries than a page holds"); /* enough: gather_entries() knows */
    }
    struct qv_entry *copy = &g->entries[g->day->entry_count];
    *copy = *entry;
    copy->note = keep(g->arena, entry->note);
    copy->source = keep(g->arena, entry->source);
    if (!copy->note || !copy->source)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    g->day->entry_count++;
    return QV_OK;
}

static int gather_entries(struct qv_journal *journal, struct gathering *g, struct qv_error *error)
{
    struct qv_error own = {0};
    int status = qv_journal_entries(journal, g->day->day, g->day->day, add_entry, g, &own);
    if (status && !g->full && error)
        *error = own;
    return g->full ? QV_OK : status;
}

static int add_total(void *context, const struct qv_day_total *total, struct qv_error *error)
{
    struct qv_day *day = context;
    const int32_t back = day->day - total->day;
    if (back == 0) {
        day->counts[total->kind] += total->entries;
        day->amounts[total->kind] += total->amount;
    }
    if (total->kind == QV_ENTRY_TWITCH && back >= 0 && back < QV_DAY_WEEK) {
        double *of_day = &day->week[QV_DAY_WEEK - 1 - back];
        *of_day = total->amount + (isnan(*of_day) ? 0 : *of_day);
    }
    return QV_OK;
}

int qv_day_gather(struct qv_journal *journal, int32_t day, int32_t today, struct qv_arena *arena, struct qv_day **out,
                  struct qv_error *error)
{
    struct qv_day *made = qv_arena_alloc(arena, 1, sizeof *made);
    struct qv_entry *entries = qv_arena_alloc(arena, QV_DAY_MAX_ENTRIES, sizeof *entries);
    if (!made || !entries)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    *made = (struct qv_day){.day = day, .today = today, .entries = entries};
    for (int i = 0; i < QV_DAY_WEEK; i++)
        made->week[i] = NAN;
    struct gathering g = {.day = made, .entries = entries, .arena = arena};
    int status = journal ? gather_entries(journal, &g, error) : QV_OK;
    if (status == QV_OK && journal)
        status = qv_journal_totals(journal, day - QV_DAY_WEEK + 1, day, add_total, made, error);
    if (status)
        return status;
    for (unsigned kind = 0; kind < QV_ENTRY_KIND_COUNT; kind++) {
        if (qv_entry_kind_info((enum qv_entry_kind)kind)->rule == QV_DAY_MEAN && made->counts[kind])
            made->amounts[kind] /= made->counts[kind];
    }
    *out = made;
    return QV_OK;
}
