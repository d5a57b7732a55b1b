/* SPDX-License-Identifier: Apache-2.0 */
#include "change.h"

static int flush_sums(struct qv_journal *journal, struct qv_error *error)
{
    struct day_sums *sums = &journal->sums;
    for (int kind = 0; sums->any && kind < QV_ENTRY_KIND_COUNT; kind++) {
        for (int slot = 0; slot < 25; slot++) {
            if (!sums->of[kind][slot].touched)
                continue;
            int status = journal->store->does->total_add(journal->store, sums->day, slot == 24 ? -1 : slot,
                                                         (enum qv_entry_kind)kind, sums->of[kind][slot].micro,
                                                         sums->of[kind][slot].entries, error);
            if (status)
                return status;
        }
    }
    if (sums->any)
        *sums = (struct day_sums){0};
    return QV_OK;
}

/* Adds an entry that stands (or with -1 takes away one that stood) to the sums of its day. */
static int count(struct qv_journal *journal, const struct qv_entry *entry, int64_t times, struct qv_error *error)
{
    struct day_sums *sums = &journal->sums;
    if (sums->any && sums->day != entry->day) {
        int status = flush_sums(journal, error);
        if (status)
            return status;
    }
    bool by_hour = entry->kind == QV_ENTRY_CAFFEINE || entry->kind == QV_ENTRY_ALCOHOL;
    int slot = by_hour && entry->second != QV_NO_SECOND ? entry->second / 3600 : 24;
    sums->day = entry->day;
    sums->any = true;
    sums->of[entry->kind][slot].micro += times * store_micro(entry->amount);
    sums->of[entry->kind][slot].entries += times;
    sums->of[entry->kind][slot].touched = true;
    return QV_OK;
}

int change_begin(struct qv_journal *journal, enum change_what what, int64_t undoes, int64_t *change,
                 struct qv_error *error)
{
    journal->sums = (struct day_sums){0};
    int status = journal->store->does->begin(journal->store, what == CHANGE_IMPORT, error);
    if (status)
        return status;
    status = journal->store->does->change_add(journal->store, what, undoes, change, error);
    if (status)
        journal->store->does->rollback(journal->store);
    return status;
}

int change_end(struct qv_journal *journal, int status, struct qv_error *error)
{
    if (!status)
        status = flush_sums(journal, error);
    if (!status)
        status = journal->store->does->commit(journal->store, error);
    if (status)
        journal->store->does->rollback(journal->store);
    return status;
}

int change_write(struct qv_journal *journal, int64_t change, const struct store_version *old,
                 const struct store_version *now, int64_t *id, struct qv_error *error)
{
    int status = QV_OK;
    if (old && old->stands) {
        status = journal->store->does->version_retire(journal->store, old->id, error);
        if (!status)
            status = count(journal, &old->entry, -1, error);
    }
    struct store_version version = *now;
    version.stands = !now->withdrawn;
    if (!status)
        status = journal->store->does->version_add(journal->store, change, &version, id, error);
    if (!status && version.stands)
        status = count(journal, &version.entry, 1, error);
    return status;
}

int change_held(struct qv_journal *journal, int64_t digest, int64_t more, struct qv_error *error)
{
    struct store_held held;
    int status = journal->store->does->held_get(journal->store, digest, &held, error);
    if (status)
        return status;
    held.entries += more;
    return journal->store->does->held_put(journal->store, digest, &held, error);
}
