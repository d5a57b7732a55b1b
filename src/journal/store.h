/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a journal is kept, as a table of functions: SQLite today (sqlite.c), so that PostgreSQL can follow.
 *
 * A store keeps versions and does sums; it does not know what an addition or an undo is. That is journal.c's, which calls between
 * begin and commit, and rolls back after any failure.
 *
 *     change     who wrote what when: an addition, a revision, a withdrawal, an import, an undo
 *     version    what an entry was said to be by one change; never altered, but for the flag `stands`
 *     total      what stands, added up by day, kind and hour
 *     held       how many entries have ever been what a digest says (digest.h)
 *     document   versions of JSON
 *
 * The first version of an entry gives it its id. A version stands when it is the newest of its entry and not a
 * withdrawal. Totals and counts follow from the versions and are written by the same transaction.
 *
 * Functions return 0 or a negative status with the error set. Texts belong to the store until its next call.
 */
#ifndef QUIVER_JOURNAL_STORE_H
#define QUIVER_JOURNAL_STORE_H

#include <quiver/journal.h>

/* The numbers are in files: never change one. */
enum change_what { CHANGE_ADD = 1, CHANGE_REVISE = 2, CHANGE_WITHDRAW = 3, CHANGE_IMPORT = 4, CHANGE_UNDO = 5 };

struct store_change {
    int64_t id; /* 0: there is none */
    enum change_what what;
    int64_t first_version, last_version;
};

struct store_version {
    int64_t id;
    struct qv_entry entry; /* its id is 0 in a version that is to be the first of its entry */
    int64_t at_us;         /* of its change */
    bool withdrawn, stands;
};

/* A version with its own copy of its texts. */
struct store_copy {
    struct store_version version;
    char note[QV_ENTRY_MAX_NOTE_BYTES + 1], source[QV_ENTRY_MAX_SOURCE_BYTES + 1];
};

/* Amounts are kept as whole millionths of the unit: sums are exact in any order, and what was added can be taken away again. */
int64_t store_micro(double amount);

struct store_held {
    int64_t entries; /* that have ever been so */
    int64_t import;  /* the last import that met it, */
    int64_t seen;    /* and how often */
};

typedef int (*store_version_sink)(void *context, const struct store_version *version, struct qv_error *error);

struct store {
    const struct store_functions *does;
};

struct store_functions {
    void (*close)(struct store *store);

    /* A write transaction: one at a time, others wait. After commit all of it is durable, or after a failure none of it is there. */
    int (*begin)(struct store *store, bool large, struct qv_error *error);
    int (*commit)(struct store *store, struct qv_error *error);
    void (*rollback)(struct store *store);

    int (*change_add)(struct store *store, enum change_what what, int64_t undoes, int64_t *id, struct qv_error *error);
    /* The newest change that is no undo and has not been undone. */
    int (*change_standing)(struct store *store, struct store_change *out, struct qv_error *error);

    int (*version_add)(struct store *store, int64_t change, const struct store_version *version, int64_t *id,
                       struct qv_error *error);
    int (*version_retire)(struct store *store, int64_t id, struct qv_error *error); /* stands no more */
    int (*version_get)(struct store *store, int64_t id, struct store_copy *out, struct qv_error *error);
    /* The newest version of an entry that is older than `before`; false when there is none. */
    int (*version_before)(struct store *store, int64_t entry, int64_t before, struct store_copy *out, bool *found,
                          struct qv_error *error);
    int (*versions)(struct store *store, int64_t entry, store_version_sink sink, void *context, struct qv_error *error);
    int (*entries)(struct store *store, int32_t from, int32_t to, qv_entry_sink sink, void *context,
                   struct qv_error *error);

    /* Adds to a total, which is gone when it has no entries left. */
    int (*total_add)(struct store *store, int32_t day, int32_t hour, enum qv_entry_kind kind, int64_t micro,
                     int64_t entries, struct qv_error *error);
    int (*totals)(struct store *store, int32_t from, int32_t to, qv_total_sink sink, void *context,
                  struct qv_error *error);
    int (*span)(struct store *store, int32_t *first, int32_t *last, uint64_t *count, struct qv_error *error);

    int (*held_get)(struct store *store, int64_t digest, struct store_held *out, struct qv_error *error);
    int (*held_put)(struct store *store, int64_t digest, const struct store_held *held, struct qv_error *error);

    int (*document_add)(struct store *store, const struct qv_document *document, int64_t *id, struct qv_error *error);
    int (*documents)(struct store *store, const char *kind, const char *name, qv_document_sink sink, void *context,
                     struct qv_error *error);
};

/* What tests set otherwise. */
struct store_settings {
    const char *vfs;          /* SQLite's way to the disk; NULL: its own */
    int wait_ms;              /* how long a busy journal is waited for */
    const char *const *steps; /* SQL: step i brings schema i to i + 1, step 0 makes a new one */
    int step_count;
};
extern const struct store_settings store_usual;

int store_open_sqlite(const char *path, enum qv_journal_mode mode, const struct store_settings *settings,
                      struct store **out, struct qv_error *error) QV_MUST_CHECK;
int journal_open_with(const char *path, enum qv_journal_mode mode, const struct store_settings *settings,
                      struct qv_journal **out, struct qv_error *error) QV_MUST_CHECK;

#endif
