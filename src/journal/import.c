/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An import: one change of many entries, of which those that the journal has held are left out. How often this import has met a
 * digest is kept in the digest's own row, so that memory does not grow with the file.
 */
#include "change.h"
#include "digest.h"

#include <assert.h>
#include <stdlib.h>

struct qv_import {
    struct qv_journal *journal;
    int64_t change;
    uint64_t added;
    int failed; /* the status of the first failure; the transaction is then good for nothing but a rollback */
};

int qv_import_begin(struct qv_journal *journal, struct qv_import **out, struct qv_error *error)
{
    assert(!journal->busy);
    struct qv_import *import = calloc(1, sizeof *import);
    if (!import)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    import->journal = journal;
    int status = change_begin(journal, CHANGE_IMPORT, 0, &import->change, error);
    if (status) {
        free(import);
        return status;
    }
    journal->busy = true;
    *out = import;
    return QV_OK;
}

static int add(struct qv_import *import, const struct qv_entry *entry, bool *added, struct qv_error *error)
{
    struct store *store = import->journal->store;
    int64_t digest = entry_digest(entry), id;
    struct store_held held;
    int status = store->does->held_get(store, digest, &held, error);
    if (status)
        return status;
    if (held.import != import->change) {
        held.import = import->change;
        held.seen = 0;
    }
    bool is_new = ++held.seen > held.entries;
    if (is_new) {
        struct store_version first = {.entry = *entry};
        first.entry.id = 0;
        held.entries++;
        status = change_write(import->journal, import->change, NULL, &first, &id, error);
    }
    if (!status)
        status = store->does->held_put(store, digest, &held, error);
    if (!status) {
        import->added += is_new;
        *added = is_new;
    }
    return status;
}

int qv_import_add(struct qv_import *import, const struct qv_entry *entry, bool *added, struct qv_error *error)
{
    bool is_new = false;
    int status = qv_entry_check(entry, error);
    if (status)
        return status;
    if (import->failed)
        return qv_fail(error, import->failed, "the import has failed before, expected it to be abandoned");
    import->failed = add(import, entry, &is_new, error);
    if (!import->failed && added)
        *added = is_new;
    return import->failed;
}

int qv_import_commit(struct qv_import *import, struct qv_error *error)
{
    int status = import->failed;
    if (status)
        qv_fail(error, status, "the import has failed before, expected it to be abandoned");
    if (status || !import->added) {
        qv_import_abandon(import); /* what adds nothing leaves no change to be undone */
        return status;
    }
    status = change_end(import->journal, QV_OK, error);
    import->journal->busy = false;
    free(import);
    return status;
}

void qv_import_abandon(struct qv_import *import)
{
    if (!import)
        return;
    import->journal->store->does->rollback(import->journal->store);
    import->journal->busy = false;
    free(import);
}
