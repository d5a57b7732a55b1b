/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file journal.h — this person over time: what they logged, imported and watched, and the files it comes and goes in.
 *
 * An *entry* says one thing: two twitches at ten, 140 mg of caffeine at half past eight, seven hours of sleep. The *journal* keeps
 * entries, measurements of clips and plans of trials in one file. Nothing in it is ever destroyed: an entry that was wrong is
 * revised or taken back, and what it was stays in its history.
 *
 * Time. An entry belongs to the *local* day on which it happened, whatever the clock did that night and wherever the person has
 * flown since: the day is kept, not computed. Beside it stand the local time of day and the offset from UTC, each of
 * which may be unknown. A night's sleep belongs to the day on which it ended.
 *
 * Known and not known. A day is *observed* when it has a `twitch` entry, of which 0 is one. A day without a `caffeine` entry is a day
 * of which nothing is known about caffeine; it is not a day without.
 *
 * Promise. What qv_journal_add() and its like have acknowledged is on the disk: it survives kill -9 and power loss at any point. Two
 * programs may write at once. Threads: one journal, one thread.
 */
#ifndef QUIVER_JOURNAL_H
#define QUIVER_JOURNAL_H

#include <quiver/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- entries ----------------------------------------------------------------------------------------------------- */

/** How the entries of one day make one number. */
enum qv_day_rule { QV_DAY_SUM, QV_DAY_MEAN };

/**
 * Every kind of entry: name, the word in files, unit, the largest amount one entry can have, how a day adds up. Their
 * numbers are in people's journals: a new kind goes to the end.
 */
#define QV_ENTRY_KIND_MAP(X)                                                                                           \
    X(TWITCH, "twitch", "count", 100000, SUM)                                                                          \
    X(CAFFEINE, "caffeine", "mg", 20000, SUM)                                                                          \
    X(MAGNESIUM, "magnesium", "mg", 20000, SUM)                                                                        \
    X(POTASSIUM, "potassium", "mg", 50000, SUM)                                                                        \
    X(ALCOHOL, "alcohol", "g", 2000, SUM)                                                                              \
    X(SLEEP, "sleep", "h", 24, SUM)                                                                                    \
    X(STRESS, "stress", "score", 10, MEAN)                                                                             \
    X(FATIGUE, "fatigue", "score", 10, MEAN)                                                                           \
    X(WATER, "water", "mL", 30000, SUM)                                                                                \
    X(EXERCISE, "exercise", "min", 1440, SUM)                                                                          \
    X(MEDICINE, "medicine", "mg", 1000000, SUM)                                                                        \
    X(RELIEF, "relief", "min", 1440, SUM)

enum qv_entry_kind {
#define QV_ENTRY_KIND_ENUM(name, id, unit, maximum, rule) QV_ENTRY_##name,
    QV_ENTRY_KIND_MAP(QV_ENTRY_KIND_ENUM)
#undef QV_ENTRY_KIND_ENUM
        QV_ENTRY_KIND_COUNT
};

struct qv_entry_kind_info {
    const char *id, *unit;
    double maximum; /**< of one entry; the smallest is 0 */
    enum qv_day_rule rule;
};

/** What is fixed about a kind. Never NULL. */
const struct qv_entry_kind_info *qv_entry_kind_info(enum qv_entry_kind kind);
/** The kind with this id; false when there is none. */
bool qv_entry_kind_find(const char *id, enum qv_entry_kind *out);

#define QV_NO_SECOND (-1)      /**< only the day is known */
#define QV_NO_OFFSET INT32_MIN /**< the local time is known, the zone is not */
#define QV_OFFSET_MAX_S (18 * 3600)
#define QV_ENTRY_MAX_NOTE_BYTES 1000
#define QV_ENTRY_MAX_SOURCE_BYTES 64

/** One thing that was noted. Strings belong to whoever made the entry. */
struct qv_entry {
    int64_t id;       /**< the journal's name for it, for good; 0: not in a journal */
    int32_t day;      /**< local day, as days since 1970-01-01 */
    int32_t second;   /**< local time, seconds since midnight on the clock, 0…86399; or QV_NO_SECOND */
    int32_t offset_s; /**< local time less UTC, whole minutes; or QV_NO_OFFSET, as always without a time */
    enum qv_entry_kind kind;
    double amount;      /**< in the kind's unit; twitches are whole. The journal keeps it to a millionth */
    const char *note;   /**< UTF-8 without control characters; "" or NULL: none. A medicine's name; "left"; a drink */
    const char *source; /**< "log", "csv", "apple_health", "bearable"…; NULL: not said */
};

/** What is wrong with an entry (amount, day, time of day, offset, note, a medicine without a name), as QV_ERR_DATA. */
int qv_entry_check(const struct qv_entry *entry, struct qv_error *error) QV_MUST_CHECK;

/** Whoever receives entries: 0 to go on, a negative status (with @p error set) to stop. The entry lives until it returns. */
typedef int (*qv_entry_sink)(void *context, const struct qv_entry *entry, struct qv_error *error);

/* ---- diaries as files -------------------------------------------------------------------------------------------- */

/** A row that could not be read: where (line 0: it is made of several), what was found, what was expected. */
typedef void (*qv_bad_row)(void *context, uint64_t line, const struct qv_error *why);

enum qv_diary_format { QV_DIARY_CSV, QV_DIARY_JSON, QV_DIARY_APPLE_HEALTH, QV_DIARY_BEARABLE };

struct qv_diary_source {
    qv_entry_sink sink;
    qv_bad_row bad_row; /**< NULL: the first bad row is the error of the whole */
    /** At the end, what a foreign file holds and a diary has no place for: "Mood", 312 rows. May be NULL. */
    void (*skipped)(void *context, const char *what, uint64_t rows);
    /** Bytes read and bytes there are (0: not known), now and then; may be NULL. A false answer stops the reading: QV_ERR_IO. */
    bool (*progress)(void *context, uint64_t read_bytes, uint64_t of_bytes);
    void *context; /**< for all four */
    double
        alcohol_g_per_drink; /**< pure alcohol in what Apple Health counts as one drink; 0: not known, such rows are bad */
};

/**
 * Reads a diary: CSV of the contract, our own JSON, Apple Health's export.zip or export.xml, Bearable's CSV. The format is
 * told by the first bytes. Streams: memory does not grow with the file. "-" is standard input. docs/rooms/diaries.md has each format.
 * Entries come before it is known whether the file is whole: who keeps them does so when this has returned 0.
 * @param format set on success; may be NULL
 * Errors: QV_ERR_DATA names the line (a header that is none, XML that is none, a file cut off); QV_ERR_NO_INPUT; QV_ERR_IO.
 */
int qv_diary_read(const char *path, const struct qv_diary_source *to, enum qv_diary_format *format,
                  struct qv_error *error) QV_MUST_CHECK;

/**
 * Writes entries as a diary, a row an entry, so that qv_diary_read() gives the same entries back: begin, rows in any
 * order, end. CSV is the contract's, which has no place for the source; JSON has all fields but the id. Formats are these two.
 * Entries are such as qv_entry_check() passes. The text is the caller's, who may write it out and clear it between rows.
 */
void qv_diary_write_begin(enum qv_diary_format format, struct qv_text *text);
void qv_diary_write_row(enum qv_diary_format format, const struct qv_entry *entry, bool first, struct qv_text *text);
void qv_diary_write_end(enum qv_diary_format format, struct qv_text *text);

/* ---- the journal ------------------------------------------------------------------------------------------------- */

struct qv_journal;

/** What of the file must be there, and what may be done to it. */
enum qv_journal_mode {
    QV_JOURNAL_READ,  /**< QV_ERR_NO_INPUT when there is none */
    QV_JOURNAL_WRITE, /**< makes the file, mode 0600, and its folders, 0700 */
};

/**
 * Opens a journal: a path (an SQLite file). An older schema is brought forward, with a backup of the file beside it
 * ("….backup-1"); a newer one is refused with QV_ERR_DATA, as is a file that is no journal or is damaged. A busy journal
 * is waited for, ten seconds, here and in every change: then QV_ERR_UNAVAILABLE. A file that cannot be written to, a
 * folder, a symbolic link (those on the way to the file are followed): QV_ERR_CANNOT_CREATE, or QV_ERR_NO_INPUT
 * for reading. A full disk or a failing one: QV_ERR_IO, and nothing of the change is there.
 */
int qv_journal_open(const char *where, enum qv_journal_mode mode, struct qv_journal **out,
                    struct qv_error *error) QV_MUST_CHECK;
void qv_journal_close(struct qv_journal *journal);

/**
 * Adds entries as one change: all or none, durable on return.
 * @param ids room for @p count ids; may be NULL
 */
int qv_journal_add(struct qv_journal *journal, const struct qv_entry *entries, uint32_t count, int64_t *ids,
                   struct qv_error *error) QV_MUST_CHECK;
/**
 * Says what an entry should have been. It keeps its id; what it was stays in its history. QV_ERR_NO_INPUT: no such id, or
 * taken back (undo gives it back).
 */
int qv_journal_revise(struct qv_journal *journal, int64_t id, const struct qv_entry *now,
                      struct qv_error *error) QV_MUST_CHECK;
/** Takes an entry back; its history stays. QV_ERR_NO_INPUT: no such id, or taken back already. */
int qv_journal_withdraw(struct qv_journal *journal, int64_t id, struct qv_error *error) QV_MUST_CHECK;

/**
 * What an undo did: the last change that stood (an addition, a revision, a withdrawal, an import) stands no more, all of it
 * at once. An undo is not itself undone by the next, which goes one change further back.
 */
struct qv_undone {
    uint32_t entries; /**< how many it touched; 0: nothing was left to undo */
    char what[200];   /**< the first of them, for people: "twitch 3, 2026-11-24 10:05, left" */
};
int qv_journal_undo(struct qv_journal *journal, struct qv_undone *out, struct qv_error *error) QV_MUST_CHECK;

/**
 * The entries that stand on days @p from to @p to, both included, in order of day, time (not known first) and id. This and
 * what follows see the journal as it is when they begin; a sink must not call the same journal.
 */
int qv_journal_entries(struct qv_journal *journal, int32_t from, int32_t to, qv_entry_sink sink, void *context,
                       struct qv_error *error) QV_MUST_CHECK;
/** Of the twitches and medicines that stand, those with a note, in order of kind, day and id. */
int qv_journal_noted(struct qv_journal *journal, qv_entry_sink sink, void *context,
                     struct qv_error *error) QV_MUST_CHECK;
/** All that one entry has ever been, oldest first, and whether it stands. */
struct qv_entry_version {
    struct qv_entry entry;
    int64_t at_us; /**< when it was written, microseconds since 1970 UTC */
    bool withdrawn;
};
typedef int (*qv_version_sink)(void *context, const struct qv_entry_version *version, struct qv_error *error);
int qv_journal_history(struct qv_journal *journal, int64_t id, qv_version_sink sink, void *context,
                       struct qv_error *error) QV_MUST_CHECK;

/** What one day holds of one kind, by the hour for caffeine and alcohol (whose hours matter), else with hour -1. */
struct qv_day_total {
    int32_t day, hour; /**< hour 0…23; -1: all day, or not known when */
    enum qv_entry_kind kind;
    double amount; /**< the sum */
    uint32_t entries;
};
typedef int (*qv_total_sink)(void *context, const struct qv_day_total *total, struct qv_error *error);
/** Totals by day, kept up to date by every change, so that a million entries cost no more than the days they lie on. */
int qv_journal_totals(struct qv_journal *journal, int32_t from, int32_t to, qv_total_sink sink, void *context,
                      struct qv_error *error) QV_MUST_CHECK;
/** First and last day with an entry, and how many entries stand; count 0: none. */
int qv_journal_span(struct qv_journal *journal, int32_t *first, int32_t *last, uint64_t *count,
                    struct qv_error *error) QV_MUST_CHECK;

/*
 * An import adds what is not yet there, as one change. Of n equal entries (day, time, offset, kind, amount, note) in the file and m that the
 * journal holds or once held, n − m are added: the same file twice adds nothing, nor does an export of the same
 * journal, and what was taken back does not return. An import that was undone counts as never held, and can be made again. An
 * import that adds nothing is no change. Other writers wait while an import is open.
 *
 * state    what holds                                     moves on by
 * open     a write transaction; nothing is visible yet    _add, _commit, _abandon
 * ended    the import is freed                            —
 */
struct qv_import;
int qv_import_begin(struct qv_journal *journal, struct qv_import **out, struct qv_error *error) QV_MUST_CHECK;
/**
 * @param added whether it was not yet there; may be NULL
 * QV_ERR_DATA: the entry is none; the import goes on. After any other error only _abandon is left.
 */
int qv_import_add(struct qv_import *import, const struct qv_entry *entry, bool *added,
                  struct qv_error *error) QV_MUST_CHECK;
/** Durable on return. The import is ended either way. */
int qv_import_commit(struct qv_import *import, struct qv_error *error) QV_MUST_CHECK;
void qv_import_abandon(struct qv_import *import);

/*
 * Documents are JSON that belongs to a time: the measurement of a clip ("measurement"), the plan of a trial ("trial"), facts about the
 * person ("person"). Like entries they are never destroyed: writing one of the same kind and name adds a version.
 */
struct qv_document {
    int64_t id; /**< of this version */
    int64_t at_us;
    int32_t day; /**< the local day it is about */
    const char *kind, *name, *json;
};
typedef int (*qv_document_sink)(void *context, const struct qv_document *document, struct qv_error *error);
#define QV_DOCUMENT_MEASUREMENT "measurement"
#define QV_DOCUMENT_TRIAL "trial"
#define QV_DOCUMENT_MAX_BYTES ((size_t)16 << 20)
#define QV_DOCUMENT_MAX_NAME_BYTES 200
int qv_journal_put(struct qv_journal *journal, const char *kind, const char *name, int32_t day, const char *json,
                   int64_t *id, struct qv_error *error) QV_MUST_CHECK;
/** The newest version of each document of a kind (of one name, unless NULL), by day and id. */
int qv_journal_documents(struct qv_journal *journal, const char *kind, const char *name, qv_document_sink sink,
                         void *context, struct qv_error *error) QV_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
