/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A journal of which bytes were changed: four of the input say where (three) and to what. It is opened, read, added to
 * and undone. Each step works or says in one sentence why not; what is told is what an entry may be.
 */
#include "../../src/journal/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64];
static uint8_t *whole;
static size_t whole_size;

static void forget_files(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[80];
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

static void must(bool fact)
{
    if (!fact)
        abort();
}

static struct qv_entry entry(int32_t i)
{
    return (struct qv_entry){.day = 20000 + i / 3,
                             .second = i % 4 ? i * 60 : QV_NO_SECOND,
                             .offset_s = QV_NO_OFFSET,
                             .kind = (enum qv_entry_kind)(i % QV_ENTRY_KIND_COUNT),
                             .amount = i % 10,
                             .note = "a note"};
}

/* A journal with something of everything. */
static void make_whole(void)
{
    snprintf(path, sizeof path, "%s/quiver-fuzz-%d.db", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm", (int)getpid());
    atexit(forget_files);
    forget_files();
    struct qv_journal *journal = NULL;
    struct qv_import *import = NULL;
    struct qv_undone undone;
    int64_t id = 0;
    must(!qv_journal_open(path, QV_JOURNAL_WRITE, &journal, NULL));
    must(!qv_import_begin(journal, &import, NULL));
    for (int32_t i = 0; i < 50; i++) {
        struct qv_entry e = entry(i);
        must(!qv_import_add(import, &e, NULL, NULL));
    }
    must(!qv_import_commit(import, NULL));
    struct qv_entry first = entry(60), next = entry(61);
    must(!qv_journal_add(journal, &first, 1, &id, NULL));
    must(!qv_journal_revise(journal, id, &next, NULL));
    must(!qv_journal_withdraw(journal, id, NULL));
    must(!qv_journal_undo(journal, &undone, NULL));
    must(!qv_journal_put(journal, "trial", "plan", 20000, "{}", NULL, NULL));
    qv_journal_close(journal);

    FILE *file = fopen(path, "rb");
    must(file && !fseek(file, 0, SEEK_END));
    whole_size = (size_t)ftell(file);
    rewind(file);
    whole = malloc(whole_size);
    must(whole && fread(whole, 1, whole_size, file) == whole_size);
    fclose(file);
}

static int see_entry(void *context, const struct qv_entry *e, struct qv_error *error)
{
    (void)context;
    (void)error;
    must(!qv_entry_check(e, NULL));
    return QV_OK;
}

static int see_version(void *context, const struct qv_entry_version *version, struct qv_error *error)
{
    return see_entry(context, &version->entry, error);
}

static int see_total(void *context, const struct qv_day_total *total, struct qv_error *error)
{
    (void)context;
    (void)error;
    must((unsigned)total->kind < QV_ENTRY_KIND_COUNT && total->hour >= -1 && total->hour < 24);
    return QV_OK;
}

static int see_document(void *context, const struct qv_document *document, struct qv_error *error)
{
    (void)context;
    (void)error;
    must(strlen(document->json) <= QV_DOCUMENT_MAX_BYTES);
    return QV_OK;
}

static void check(int status, struct qv_error *error)
{
    must(!status || (status < 0 && status == error->status && error->text[0]));
    *error = (struct qv_error){0};
}

static void use(struct qv_journal *journal)
{
    struct qv_error error = {0};
    struct qv_entry e = entry(3), other = entry(70);
    struct qv_undone undone;
    struct qv_import *import = NULL;
    int32_t first, last;
    uint64_t count;
    check(qv_journal_entries(journal, INT32_MIN, INT32_MAX, see_entry, NULL, &error), &error);
    check(qv_journal_totals(journal, INT32_MIN, INT32_MAX, see_total, NULL, &error), &error);
    check(qv_journal_span(journal, &first, &last, &count, &error), &error);
    check(qv_journal_documents(journal, "trial", NULL, see_document, NULL, &error), &error);
    check(qv_journal_history(journal, 51, see_version, NULL, &error), &error);
    check(qv_journal_add(journal, &other, 1, NULL, &error), &error);
    check(qv_journal_revise(journal, 51, &e, &error), &error);
    int status = qv_import_begin(journal, &import, &error);
    if (!status) {
        status = qv_import_add(import, &e, NULL, &error);
        if (status)
            qv_import_abandon(import);
        else
            status = qv_import_commit(import, &error);
    }
    check(status, &error);
    for (int i = 0; i < 4; i++)
        check(qv_journal_undo(journal, &undone, &error), &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!whole)
        make_whole();
    uint8_t *changed = malloc(whole_size);
    must(changed != NULL);
    memcpy(changed, whole, whole_size);
    for (; size >= 4; data += 4, size -= 4)
        changed[((size_t)data[0] << 16 | (size_t)data[1] << 8 | data[2]) % whole_size] = data[3];
    forget_files();
    FILE *file = fopen(path, "wb");
    must(file && fwrite(changed, 1, whole_size, file) == whole_size);
    fclose(file);
    free(changed);

    struct qv_journal *journal = NULL;
    struct qv_error error = {0};
    struct store_settings hasty = store_usual;
    hasty.wait_ms = 20;
    int status = journal_open_with(path, QV_JOURNAL_WRITE, &hasty, &journal, &error);
    must(!status == (journal != NULL));
    check(status, &error);
    if (journal)
        use(journal);
    qv_journal_close(journal);
    return 0;
}
