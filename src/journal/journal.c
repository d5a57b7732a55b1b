/* SPDX-License-Identifier: Apache-2.0 */
/* What can be done to a journal, in terms of changes and versions. */
#include "change.h"
#include "digest.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

int journal_open_with(const char *path, enum qv_journal_mode mode, const struct store_settings *settings,
                      struct qv_journal **out, struct qv_error *error)
{
    struct qv_journal *journal = calloc(1, sizeof *journal);
    if (!journal)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "%s: out of memory", path);
    int status = store_open_sqlite(path, mode, settings, &journal->store, error);
    if (status) {
        free(journal);
        return status;
    }
    *out = journal;
    return QV_OK;
}

int qv_journal_open(const char *where, enum qv_journal_mode mode, struct qv_journal **out, struct qv_error *error)
{
    return journal_open_with(where, mode, &store_usual, out, error);
}

void qv_journal_close(struct qv_journal *journal)
{
    if (!journal)
        return;
    assert(!journal->busy);
    journal->store->does->close(journal->store);
    free(journal);
}

/* ---- writing ------------------------------------------------------------------------------------------------------- */

/* A new entry as its first version. */
static int write_first(struct qv_journal *journal, int64_t change, const struct qv_entry *entry, int64_t *id,
                       struct qv_error *error)
{
    struct store_version first = {.entry = *entry};
    first.entry.id = 0;
    int status = change_write(journal, change, NULL, &first, id, error);
    return status ? status : change_held(journal, entry_digest(entry), 1, error);
}

int qv_journal_add(struct qv_journal *journal, const struct qv_entry *entries, uint32_t count, int64_t *ids,
                   struct qv_error *error)
{
    assert(!journal->busy);
    for (uint32_t i = 0; i < count; i++) {
        int status = qv_entry_check(&entries[i], error);
        if (status)
            return count > 1 ? qv_fail_at(error, "entry %u", i + 1) : status;
    }
    if (!count)
        return QV_OK;
    int64_t *made = ids ? calloc(count, sizeof *made) : NULL; /* handed over when they are durable */
    if (ids && !made)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    int64_t change, id;
    int status = change_begin(journal, CHANGE_ADD, 0, &change, error);
    if (!status) {
        for (uint32_t i = 0; !status && i < count; i++) {
            status = write_first(journal, change, &entries[i], &id, error);
            if (made)
                made[i] = id;
        }
        status = change_end(journal, status, error);
    }
    if (!status && ids)
        memcpy(ids, made, count * sizeof *ids);
    free(made);
    return status;
}

/* The entry as it is now, which must stand. Inside a transaction. */
static int find_standing(struct qv_journal *journal, int64_t id, struct store_copy *out, struct qv_error *error)
{
    bool found = false;
    int status = journal->store->does->version_before(journal->store, id, INT64_MAX, out, &found, error);
    if (status)
        return status;
    if (!found)
        return qv_fail(error, QV_ERR_NO_INPUT, "found no entry %lld in the journal", (long long)id);
    if (!out->version.stands)
        return qv_fail(error, QV_ERR_NO_INPUT, "entry %lld: found it taken back, expected one that stands",
                       (long long)id);
    return QV_OK;
}

struct seen {
    int64_t digest;
    bool before;
};

static int compare_digest(void *context, const struct store_version *version, struct qv_error *error)
{
    struct seen *seen = context;
    (void)error;
    seen->before |= entry_digest(&version->entry) == seen->digest;
    return QV_OK;
}

static int revise(struct qv_journal *journal, int64_t change, int64_t id, const struct qv_entry *now,
                  struct qv_error *error)
{
    struct store_copy old;
    int status = find_standing(journal, id, &old, error);
    if (status)
        return status;
    struct seen seen = {.digest = entry_digest(now)};
    status = journal->store->does->versions(journal->store, id, compare_digest, &seen, error);
    if (!status && !seen.before)
        status = change_held(journal, seen.digest, 1, error);
    if (status)
        return status;
    struct store_version next = {.entry = *now};
    next.entry.id = id;
    int64_t version;
    return change_write(journal, change, &old.version, &next, &version, error);
}

int qv_journal_revise(struct qv_journal *journal, int64_t id, const struct qv_entry *now, struct qv_error *error)
{
    assert(!journal->busy);
    int64_t change;
    int status = qv_entry_check(now, error);
    if (!status)
        status = change_begin(journal, CHANGE_REVISE, 0, &change, error);
    return status ? status : change_end(journal, revise(journal, change, id, now, error), error);
}

static int withdraw(struct qv_journal *journal, int64_t change, int64_t id, struct qv_error *error)
{
    struct store_copy old;
    int status = find_standing(journal, id, &old, error);
    if (status)
        return status;
    struct store_version next = old.version;
    next.withdrawn = true;
    int64_t version;
    return change_write(journal, change, &old.version, &next, &version, error);
}

int qv_journal_withdraw(struct qv_journal *journal, int64_t id, struct qv_error *error)
{
    assert(!journal->busy);
    int64_t change;
    int status = change_begin(journal, CHANGE_WITHDRAW, 0, &change, error);
    return status ? status : change_end(journal, withdraw(journal, change, id, error), error);
}

/* ---- undoing ------------------------------------------------------------------------------------------------------- */

/* "twitch 3, 2026-11-24 10:05, left", cut between characters. */
static void describe(const struct qv_entry *entry, char *out, size_t size)
{
    const struct qv_entry_kind_info *kind = qv_entry_kind_info(entry->kind);
    char date[11], time[16] = "", text[QV_ENTRY_MAX_NOTE_BYTES + 100];
    qv_date_format(entry->day, date);
    if (entry->second != QV_NO_SECOND)
        snprintf(time, sizeof time, " %02d:%02d", entry->second / 3600, entry->second / 60 % 60);
    bool has_note = entry->note && *entry->note;
    int length = snprintf(text, sizeof text, "%s %.9g%s%s, %s%s%s%s", kind->id, entry->amount,
                          entry->kind == QV_ENTRY_TWITCH ? "" : " ", entry->kind == QV_ENTRY_TWITCH ? "" : kind->unit,
                          date, time, has_note ? ", " : "", has_note ? entry->note : "");
    size_t kept = (size_t)length;
    if (kept >= size) {
        kept = size - 1;
        while (((unsigned char)text[kept] & 0xc0) == 0x80)
            kept--;
    }
    memcpy(out, text, kept);
    out[kept] = '\0';
}

/* Gives the entry of one version of the undone change what it was before. */
static int undo_version(struct qv_journal *journal, int64_t change, const struct store_change *undone,
                        const struct store_copy *version, struct qv_error *error)
{
    const struct store_functions *does = journal->store->does;
    int64_t entry = version->version.entry.id, id;
    struct store_copy newest, before;
    const struct store_copy *old = version;
    bool found = false;
    int status = QV_OK;
    if (!version->version.stands) {
        status = does->version_before(journal->store, entry, INT64_MAX, &newest, &found, error);
        old = &newest;
    }
    if (!status)
        status = does->version_before(journal->store, entry, version->version.id, &before, &found, error);
    if (status)
        return status;
    struct store_version now = found ? before.version : version->version;
    now.withdrawn = found ? before.version.withdrawn : true;
    status = change_write(journal, change, &old->version, &now, &id, error);
    if (!status && undone->what == CHANGE_IMPORT)
        status = change_held(journal, entry_digest(&version->version.entry), -1, error);
    return status;
}

static int undo(struct qv_journal *journal, const struct store_change *undone, struct qv_undone *out,
                struct qv_error *error)
{
    int64_t change;
    struct store_copy version;
    int status = journal->store->does->change_add(journal->store, CHANGE_UNDO, undone->id, &change, error);
    for (int64_t id = undone->first_version; !status && id <= undone->last_version; id++) {
        status = journal->store->does->version_get(journal->store, id, &version, error);
        if (!status && out->entries++ == 0)
            describe(&version.version.entry, out->what, sizeof out->what);
        if (!status)
            status = undo_version(journal, change, undone, &version, error);
    }
    return status;
}

int qv_journal_undo(struct qv_journal *journal, struct qv_undone *out, struct qv_error *error)
{
    assert(!journal->busy);
    struct store_change undone;
    struct qv_undone done = {0};
    journal->sums = (struct day_sums){0};
    int status = journal->store->does->begin(journal->store, true, error);
    if (status)
        return status;
    status = journal->store->does->change_standing(journal->store, &undone, error);
    if (!status && undone.id)
        status = undo(journal, &undone, &done, error);
    status = change_end(journal, status, error);
    if (!status)
        *out = done;
    return status;
}

/* ---- reading ------------------------------------------------------------------------------------------------------- */

int qv_journal_entries(struct qv_journal *journal, int32_t from, int32_t to, qv_entry_sink sink, void *context,
                       struct qv_error *error)
{
    assert(!journal->busy);
    journal->busy = true;
    int status = journal->store->does->entries(journal->store, from, to, sink, context, error);
    journal->busy = false;
    return status;
}

struct history {
    qv_version_sink sink;
    void *context;
    bool any;
};

static int tell_version(void *context, const struct store_version *version, struct qv_error *error)
{
    struct history *history = context;
    struct qv_entry_version told = {version->entry, version->at_us, version->withdrawn};
    history->any = true;
    return history->sink(history->context, &told, error);
}

int qv_journal_history(struct qv_journal *journal, int64_t id, qv_version_sink sink, void *context,
                       struct qv_error *error)
{
    assert(!journal->busy);
    struct history history = {.sink = sink, .context = context};
    journal->busy = true;
    int status = journal->store->does->versions(journal->store, id, tell_version, &history, error);
    journal->busy = false;
    if (!status && !history.any)
        return qv_fail(error, QV_ERR_NO_INPUT, "found no entry %lld in the journal", (long long)id);
    return status;
}

int qv_journal_totals(struct qv_journal *journal, int32_t from, int32_t to, qv_total_sink sink, void *context,
                      struct qv_error *error)
{
    assert(!journal->busy);
    journal->busy = true;
    int status = journal->store->does->totals(journal->store, from, to, sink, context, error);
    journal->busy = false;
    return status;
}

int qv_journal_span(struct qv_journal *journal, int32_t *first, int32_t *last, uint64_t *count, struct qv_error *error)
{
    assert(!journal->busy);
    return journal->store->does->span(journal->store, first, last, count, error);
}

/* ---- documents ----------------------------------------------------------------------------------------------------- */

int qv_journal_put(struct qv_journal *journal, const char *kind, const char *name, int32_t day, const char *json,
                   int64_t *id, struct qv_error *error)
{
    assert(!journal->busy);
    assert(*kind);
    size_t length = strlen(json);
    if (length > QV_DOCUMENT_MAX_BYTES)
        return qv_fail(error, QV_ERR_DATA, "%s: found %zu bytes, expected at most %zu", kind, length,
                       QV_DOCUMENT_MAX_BYTES);
    if (strlen(name) > QV_DOCUMENT_MAX_NAME_BYTES || !qv_utf8_valid(name, strlen(name)))
        return qv_fail(error, QV_ERR_DATA, "%s: found a name that is too long or not UTF-8, expected at most %d bytes",
                       kind, QV_DOCUMENT_MAX_NAME_BYTES);
    if (!qv_utf8_valid(json, length))
        return qv_fail(error, QV_ERR_DATA, "%s: found bytes that are not UTF-8, expected JSON", kind);

    struct qv_document document = {.day = day, .kind = kind, .name = name, .json = json};
    int64_t made;
    int status = journal->store->does->begin(journal->store, false, error);
    if (status)
        return status;
    status = journal->store->does->document_add(journal->store, &document, &made, error);
    status = change_end(journal, status, error);
    if (!status && id)
        *id = made;
    return status;
}

int qv_journal_documents(struct qv_journal *journal, const char *kind, const char *name, qv_document_sink sink,
                         void *context, struct qv_error *error)
{
    assert(!journal->busy);
    journal->busy = true;
    int status = journal->store->does->documents(journal->store, kind, name, sink, context, error);
    journal->busy = false;
    return status;
}
