/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A journal in an SQLite file. Nothing else in the house knows SQLite.
 *
 * The file is in WAL mode with synchronous=FULL: a commit has synced the log before it returns, and readers do not wait for the writer.
 * What a file says of itself is looked at before anything in it is changed. A file from elsewhere may hold views,
 * triggers and functions in its schema: they are switched off.
 */
#include "file.h"
#include "store.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define APPLICATION_ID 0x71767231 /* "qvr1" */
#define IMPORT_CACHE_KIB 65536    /* the pages that an import of a million entries keeps writing to */
#define USUAL_CACHE_KIB 8192
#define WAL_KEPT_BYTES (8 << 20) /* a log that grew larger is cut when it has been written back */

/* All columns of a version, as read_version() takes them. */
#define VERSION_COLUMNS                                                                                                \
    "v.id, ifnull(v.revises, v.id), v.day, ifnull(v.second, -1), ifnull(v.offset_s, -2147483648), v.kind,"             \
    " v.amount_micro, v.note, v.source, v.withdrawn, v.stands"

#define STATEMENT_MAP(X)                                                                                               \
    X(BEGIN, "BEGIN IMMEDIATE")                                                                                        \
    X(COMMIT, "COMMIT")                                                                                                \
    X(CHANGE_ADD, "INSERT INTO change (at_us, what, undoes, first_version)"                                            \
                  " SELECT ?1, ?2, nullif(?3, 0), ifnull(max(id), 0) + 1 FROM version")                                \
    X(CHANGE_STANDING, "SELECT c.id, c.what, c.first_version,"                                                         \
                       " ifnull((SELECT n.first_version FROM change n WHERE n.id > c.id ORDER BY n.id LIMIT 1),"       \
                       "        (SELECT max(id) + 1 FROM version)) - 1"                                                \
                       " FROM change c WHERE c.undoes IS NULL"                                                         \
                       " AND NOT EXISTS (SELECT 1 FROM change u WHERE u.undoes = c.id) ORDER BY c.id DESC LIMIT 1")    \
    X(VERSION_ADD, "INSERT INTO version (revises, change, day, second, offset_s, kind, amount_micro, withdrawn,"       \
                   " stands, note, source) VALUES (nullif(?1, 0), ?2, ?3, nullif(?4, -1), nullif(?5, -2147483648),"    \
                   " ?6, ?7, ?8, ?9, ?10, ?11)")                                                                       \
    X(VERSION_RETIRE, "UPDATE version SET stands = 0 WHERE id = ?1")                                                   \
    X(VERSION_GET, "SELECT " VERSION_COLUMNS ", 0 FROM version v WHERE v.id = ?1")                                     \
    X(VERSION_BEFORE, "SELECT " VERSION_COLUMNS ", 0 FROM version v WHERE v.id ="                                      \
                      " ifnull((SELECT max(id) FROM version WHERE revises = ?1 AND id < ?2),"                          \
                      "        (SELECT id FROM version WHERE id = ?1 AND id < ?2 AND revises IS NULL))")               \
    X(VERSIONS, "SELECT " VERSION_COLUMNS ", c.at_us FROM version v JOIN change c ON c.id = v.change WHERE v.id IN"    \
                " (SELECT ?1 WHERE EXISTS (SELECT 1 FROM version WHERE id = ?1 AND revises IS NULL)"                   \
                " UNION ALL SELECT id FROM version WHERE revises = ?1) ORDER BY v.id")                                 \
    X(ENTRIES, "SELECT " VERSION_COLUMNS ", 0 FROM version v INDEXED BY version_standing"                              \
               " WHERE v.stands AND v.day BETWEEN ?1 AND ?2 ORDER BY v.day, v.second, ifnull(v.revises, v.id)")        \
    X(TOTAL_ADD, "INSERT INTO total (day, hour, kind, amount_micro, entries) VALUES (?1, ?2, ?3, ?4, ?5)"              \
                 " ON CONFLICT DO UPDATE SET amount_micro = amount_micro + excluded.amount_micro,"                     \
                 " entries = entries + excluded.entries")                                                              \
    X(TOTAL_DROP, "DELETE FROM total WHERE day = ?1 AND hour = ?2 AND kind = ?3 AND entries = 0")                      \
    X(TOTALS, "SELECT day, kind, hour, amount_micro, entries FROM total WHERE day BETWEEN ?1 AND ?2"                   \
              " ORDER BY day, kind, hour")                                                                             \
    X(SPAN, "SELECT (SELECT min(day) FROM total), (SELECT max(day) FROM total), (SELECT sum(entries) FROM total)")     \
    X(HELD_GET, "SELECT entries, import, seen FROM held WHERE digest = ?1")                                            \
    X(HELD_PUT, "REPLACE INTO held (digest, entries, import, seen) VALUES (?1, ?2, ?3, ?4)")                           \
    X(DOCUMENT_ADD, "INSERT INTO document (at_us, day, kind, name, json) VALUES (?1, ?2, ?3, ?4, ?5)")                 \
    X(DOCUMENTS, "SELECT id, at_us, day, kind, name, json FROM document WHERE id IN (SELECT max(id) FROM document"     \
                 " WHERE kind = ?1 AND (?2 IS NULL OR name = ?2) GROUP BY name) ORDER BY day, id")

enum statement {
#define STATEMENT_ENUM(name, sql) SQL_##name,
    STATEMENT_MAP(STATEMENT_ENUM)
#undef STATEMENT_ENUM
        STATEMENT_COUNT
};

struct sqlite_store {
    struct store store;
    sqlite3 *db;
    sqlite3_stmt *prepared[STATEMENT_COUNT];
    int wait_ms;
    struct timespec waiting_since;
    char path[FILE_PATH_MAX];
};

static struct sqlite_store *of(struct store *store)
{
    return (struct sqlite_store *)store;
}

/* ---- errors -------------------------------------------------------------------------------------------------------- */

static int refuse_stranger(const char *path, struct qv_error *error)
{
    return qv_fail(error, QV_ERR_DATA, "%s: found a file of something else, expected a journal of quiver", path);
}

/* What a result of SQLite means for the person. */
static int fail(const struct sqlite_store *s, int result, struct qv_error *error)
{
    switch (result & 0xff) {
    case SQLITE_NOMEM:
        return qv_fail(error, QV_ERR_UNAVAILABLE, "%s: out of memory", s->path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return qv_fail(error, QV_ERR_UNAVAILABLE,
                       "%s: found it in use by another program for %g s, expected it to be free", s->path,
                       s->wait_ms * 1e-3);
    case SQLITE_FULL:
        return qv_fail(error, QV_ERR_IO, "%s: the disk is full", s->path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return qv_fail(error, QV_ERR_CANNOT_CREATE, "%s: found it read-only, expected to write to it", s->path);
    case SQLITE_NOTADB:
        return refuse_stranger(s->path, error);
    case SQLITE_CANTOPEN:
        return qv_fail(error, QV_ERR_CANNOT_CREATE, "%s: cannot open it or the files beside it: %s", s->path,
                       strerror(s->db ? sqlite3_system_errno(s->db) : errno));
    case SQLITE_IOERR:
        return qv_fail(error, QV_ERR_IO, "%s: reading or writing failed: %s", s->path,
                       strerror(sqlite3_system_errno(s->db)));
    case SQLITE_CORRUPT:
    case SQLITE_ERROR: /* a table that should be there is not */
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
        return qv_fail(error, QV_ERR_DATA, "%s: found a damaged journal (%s), expected a whole one", s->path,
                       sqlite3_errmsg(s->db));
    default:
        return qv_fail(error, QV_ERR_BUG, "%s: %s", s->path, s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(result));
    }
}

static int damaged(const struct sqlite_store *s, const char *found, struct qv_error *error)
{
    return qv_fail(error, QV_ERR_DATA, "%s: found a damaged journal (%s), expected a whole one", s->path, found);
}

/* ---- statements ---------------------------------------------------------------------------------------------------- */

/* The statement, ready to run, with these numbers as ?1, ?2, … */
static int ready(struct sqlite_store *s, enum statement which, const int64_t *numbers, int count, sqlite3_stmt **out,
                 struct qv_error *error)
{
    static const char *const sql[] = {
#define STATEMENT_SQL(name, text) text,
        STATEMENT_MAP(STATEMENT_SQL)
#undef STATEMENT_SQL
    };
    int result = SQLITE_OK;
    if (!s->prepared[which])
        result = sqlite3_prepare_v3(s->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, &s->prepared[which], NULL);
    for (int i = 0; i < count && !result; i++)
        result = sqlite3_bind_int64(s->prepared[which], i + 1, numbers[i]);
    if (result)
        return fail(s, result, error);
    *out = s->prepared[which];
    return QV_OK;
}

#define NUMBERS(...) (const int64_t[]){__VA_ARGS__}, sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)

/* The text lives until the statement has run. */
static int bind_text(struct sqlite_store *s, sqlite3_stmt *statement, int index, const char *text,
                     struct qv_error *error)
{
    int result = sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
    return result ? fail(s, result, error) : QV_OK;
}

/* One row of a statement; *row is false at its end, and then it is ready for another run. */
static int step(struct sqlite_store *s, sqlite3_stmt *statement, bool *row, struct qv_error *error)
{
    int result = sqlite3_step(statement);
    *row = result == SQLITE_ROW;
    if (*row)
        return QV_OK;
    int status = result == SQLITE_DONE ? QV_OK : fail(s, result, error);
    sqlite3_reset(statement);
    return status;
}

/* Runs a statement that has no rows. */
static int finish(struct sqlite_store *s, sqlite3_stmt *statement, struct qv_error *error)
{
    bool row;
    int status = step(s, statement, &row, error);
    sqlite3_reset(statement);
    return status;
}

static int run(struct sqlite_store *s, enum statement which, const int64_t *numbers, int count, struct qv_error *error)
{
    sqlite3_stmt *statement = NULL;
    int status = ready(s, which, numbers, count, &statement, error);
    return status ? status : finish(s, statement, error);
}

static int execute(struct sqlite_store *s, const char *sql, struct qv_error *error)
{
    int result = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return result ? fail(s, result, error) : QV_OK;
}

static const char *text_of(sqlite3_stmt *row, int column)
{
    return (const char *)sqlite3_column_text(row, column);
}

/* ---- transactions -------------------------------------------------------------------------------------------------- */

static int set_cache(struct sqlite_store *s, int kib, struct qv_error *error)
{
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA cache_size = -%d", kib);
    return execute(s, sql, error);
}

static int begin(struct store *store, bool large, struct qv_error *error)
{
    int status = set_cache(of(store), large ? IMPORT_CACHE_KIB : USUAL_CACHE_KIB, error);
    return status ? status : run(of(store), SQL_BEGIN, NULL, 0, error);
}

static int commit(struct store *store, struct qv_error *error)
{
    return run(of(store), SQL_COMMIT, NULL, 0, error);
}

/* After some failures SQLite has rolled back already. */
static void rollback(struct store *store)
{
    if (!sqlite3_get_autocommit(of(store)->db))
        sqlite3_exec(of(store)->db, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- changes and versions ------------------------------------------------------------------------------------------ */

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int change_add(struct store *store, enum change_what what, int64_t undoes, int64_t *id, struct qv_error *error)
{
    int status = run(of(store), SQL_CHANGE_ADD, NUMBERS(now_us(), what, undoes), error);
    if (!status)
        *id = sqlite3_last_insert_rowid(of(store)->db);
    return status;
}

static int change_standing(struct store *store, struct store_change *out, struct qv_error *error)
{
    sqlite3_stmt *row = NULL;
    bool found = false;
    int status = ready(of(store), SQL_CHANGE_STANDING, NULL, 0, &row, error);
    if (!status)
        status = step(of(store), row, &found, error);
    if (status)
        return status;
    *out = (struct store_change){0};
    if (found)
        *out = (struct store_change){.id = sqlite3_column_int64(row, 0),
                                     .what = (enum change_what)sqlite3_column_int(row, 1),
                                     .first_version = sqlite3_column_int64(row, 2),
                                     .last_version = sqlite3_column_int64(row, 3)};
    sqlite3_reset(row);
    return QV_OK;
}

int64_t store_micro(double amount)
{
    return llround(amount * 1e6);
}

static double amount_of(int64_t micro)
{
    return (double)micro / 1e6; /* the double nearest to the decimal number, which is what it was */
}

static int version_add(struct store *store, int64_t change, const struct store_version *version, int64_t *id,
                       struct qv_error *error)
{
    struct sqlite_store *s = of(store);
    const struct qv_entry *e = &version->entry;
    sqlite3_stmt *statement = NULL;
    int status = ready(s, SQL_VERSION_ADD,
                       NUMBERS(e->id, change, e->day, e->second, e->offset_s, e->kind, store_micro(e->amount),
                               version->withdrawn, version->stands),
                       &statement, error);
    if (!status)
        status = bind_text(s, statement, 10, e->note ? e->note : "", error);
    if (!status)
        status = bind_text(s, statement, 11, e->source, error);
    if (!status)
        status = finish(s, statement, error);
    if (!status)
        *id = sqlite3_last_insert_rowid(s->db);
    return status;
}

static int version_retire(struct store *store, int64_t id, struct qv_error *error)
{
    return run(of(store), SQL_VERSION_RETIRE, NUMBERS(id), error);
}

/* VERSION_COLUMNS. A file may have come from anywhere: what no journal would have written is damage. */
static int read_version(struct sqlite_store *s, sqlite3_stmt *row, struct store_version *out, struct qv_error *error)
{
    const char *note = text_of(row, 7), *source = text_of(row, 8);
    if (!note || (!source && sqlite3_column_type(row, 8) != SQLITE_NULL))
        return fail(s, SQLITE_NOMEM, error);
    *out = (struct store_version){
        .id = sqlite3_column_int64(row, 0),
        .entry = {.id = sqlite3_column_int64(row, 1),
                  .day = sqlite3_column_int(row, 2),
                  .second = sqlite3_column_int(row, 3),
                  .offset_s = sqlite3_column_int(row, 4),
                  .kind = (enum qv_entry_kind)sqlite3_column_int(row, 5),
                  .amount = amount_of(sqlite3_column_int64(row, 6)),
                  .note = note,
                  .source = source},
        .withdrawn = sqlite3_column_int(row, 9) != 0,
        .stands = sqlite3_column_int(row, 10) != 0,
        .at_us = sqlite3_column_int64(row, 11),
    };
    struct qv_error why = {0};
    return qv_entry_check(&out->entry, &why) ? damaged(s, why.text, error) : QV_OK;
}

/* The one row of a statement that is ready, with copies of its texts. */
static int copy_version(struct sqlite_store *s, sqlite3_stmt *row, struct store_copy *out, bool *found,
                        struct qv_error *error)
{
    int status = step(s, row, found, error);
    if (status || !*found)
        return status;
    status = read_version(s, row, &out->version, error);
    if (!status) {
        struct qv_entry *entry = &out->version.entry;
        memcpy(out->note, entry->note, strlen(entry->note) + 1);
        entry->note = out->note;
        if (entry->source) {
            memcpy(out->source, entry->source, strlen(entry->source) + 1);
            entry->source = out->source;
        }
    }
    sqlite3_reset(row);
    return status;
}

static int version_get(struct store *store, int64_t id, struct store_copy *out, struct qv_error *error)
{
    sqlite3_stmt *row = NULL;
    bool found = false;
    int status = ready(of(store), SQL_VERSION_GET, NUMBERS(id), &row, error);
    if (!status)
        status = copy_version(of(store), row, out, &found, error);
    return status || found ? status : damaged(of(store), "a version is missing", error);
}

static int version_before(struct store *store, int64_t entry, int64_t before, struct store_copy *out, bool *found,
                          struct qv_error *error)
{
    sqlite3_stmt *row = NULL;
    int status = ready(of(store), SQL_VERSION_BEFORE, NUMBERS(entry, before), &row, error);
    return status ? status : copy_version(of(store), row, out, found, error);
}

static int versions(struct store *store, int64_t entry, store_version_sink sink, void *context, struct qv_error *error)
{
    struct sqlite_store *s = of(store);
    sqlite3_stmt *row = NULL;
    bool more = true;
    int status = ready(s, SQL_VERSIONS, NUMBERS(entry), &row, error);
    while (!status && !(status = step(s, row, &more, error)) && more) {
        struct store_version version;
        status = read_version(s, row, &version, error);
        if (!status)
            status = sink(context, &version, error);
        if (status)
            sqlite3_reset(row);
    }
    return status;
}

static int entries(struct store *store, int32_t from, int32_t to, qv_entry_sink sink, void *context,
                   struct qv_error *error)
{
    struct sqlite_store *s = of(store);
    sqlite3_stmt *row = NULL;
    bool more = true;
    int status = ready(s, SQL_ENTRIES, NUMBERS(from, to), &row, error);
    while (!status && !(status = step(s, row, &more, error)) && more) {
        struct store_version version;
        status = read_version(s, row, &version, error);
        if (!status)
            status = sink(context, &version.entry, error);
        if (status)
            sqlite3_reset(row);
    }
    return status;
}

/* ---- sums ---------------------------------------------------------------------------------------------------------- */

static int total_add(struct store *store, int32_t day, int32_t hour, enum qv_entry_kind kind, int64_t micro,
                     int64_t count, struct qv_error *error)
{
    int status = run(of(store), SQL_TOTAL_ADD, NUMBERS(day, hour, kind, micro, count), error);
    if (!status && count < 0)
        status = run(of(store), SQL_TOTAL_DROP, NUMBERS(day, hour, kind), error);
    return status;
}

static int totals(struct store *store, int32_t from, int32_t to, qv_total_sink sink, void *context,
                  struct qv_error *error)
{
    struct sqlite_store *s = of(store);
    sqlite3_stmt *row = NULL;
    bool more = true;
    int status = ready(s, SQL_TOTALS, NUMBERS(from, to), &row, error);
    while (!status && !(status = step(s, row, &more, error)) && more) {
        int kind = sqlite3_column_int(row, 1), hour = sqlite3_column_int(row, 2);
        struct qv_day_total total = {.day = sqlite3_column_int(row, 0),
                                     .hour = hour,
                                     .kind = (enum qv_entry_kind)kind,
                                     .amount = amount_of(sqlite3_column_int64(row, 3)),
                                     .entries = (uint32_t)sqlite3_column_int64(row, 4)};
        if (kind < 0 || kind >= QV_ENTRY_KIND_COUNT || hour < -1 || hour > 23)
            status = damaged(s, "a total of no kind", error);
        else
            status = sink(context, &total, error);
        if (status)
            sqlite3_reset(row);
    }
    return status;
}

static int span(struct store *store, int32_t *first, int32_t *last, uint64_t *count, struct qv_error *error)
{
    sqlite3_stmt *row = NULL;
    bool found = false;
    int status = ready(of(store), SQL_SPAN, NULL, 0, &row, error);
    if (!status)
        status = step(of(store), row, &found, error);
    if (status)
        return status;
    *first = sqlite3_column_int(row, 0);
    *last = sqlite3_column_int(row, 1);
    *count = (uint64_t)sqlite3_column_int64(row, 2);
    sqlite3_reset(row);
    return QV_OK;
}

static int held_get(struct store *store, int64_t digest, struct store_held *out, struct qv_error *error)
{
    sqlite3_stmt *row = NULL;
    bool found = false;
    int status = ready(of(store), SQL_HELD_GET, NUMBERS(digest), &row, error);
    if (!status)
        status = step(of(store), row, &found, error);
    if (status)
        return status;
    *out = (struct store_held){0};
    if (found)
        *out = (struct store_held){sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1),
                                   sqlite3_column_int64(row, 2)};
    sqlite3_reset(row);
    return QV_OK;
}

static int held_put(struct store *store, int64_t digest, const struct store_held *held, struct qv_error *error)
{
    return run(of(store), SQL_HELD_PUT, NUMBERS(digest, held->entries, held->import, held->seen), error);
}

/* ---- documents ----------------------------------------------------------------------------------------------------- */

static int document_add(struct store *store, const struct qv_document *document, int64_t *id, struct qv_error *error)
{
    struct sqlite_store *s = of(store);
    sqlite3_stmt *statement = NULL;
    int status = ready(s, SQL_DOCUMENT_ADD, NUMBERS(now_us(), document->day), &statement, error);
    if (!status)
        status = bind_text(s, statement, 3, document->kind, error);
    if (!status)
        status = bind_text(s, statement, 4, document->name, error);
    if (!status)
        status = bind_text(s, statement, 5, document->json, error);
    if (!status)
        status = finish(s, statement, error);
    if (!status)
        *id = sqlite3_last_insert_rowid(s->db);
    return status;
}

static int documents(struct store *store, const char *kind, const char *name, qv_document_sink sink, void *context,
                     struct qv_error *error)
{
    struct sqlite_store *s = of(store);
    sqlite3_stmt *row = NULL;
    bool more = true;
    int status = ready(s, SQL_DOCUMENTS, NULL, 0, &row, error);
    if (!status)
        status = bind_text(s, row, 1, kind, error);
    if (!status)
        status = bind_text(s, row, 2, name, error);
    while (!status && !(status = step(s, row, &more, error)) && more) {
        struct qv_document document = {.id = sqlite3_column_int64(row, 0),
                                       .at_us = sqlite3_column_int64(row, 1),
                                       .day = sqlite3_column_int(row, 2),
                                       .kind = text_of(row, 3),
                                       .name = text_of(row, 4),
                                       .json = text_of(row, 5)};
        if (!document.kind || !document.name || !document.json)
            status = fail(s, SQLITE_NOMEM, error);
        else
            status = sink(context, &document, error);
        if (status)
            sqlite3_reset(row);
    }
    return status;
}

/* ---- opening ------------------------------------------------------------------------------------------------------- */

static void close_store(struct store *store)
{
    struct sqlite_store *s = of(store);
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(s->prepared[i]);
    sqlite3_close(s->db); /* the last to close writes the log back and deletes it */
    free(s);
}

static const struct store_functions functions = {
    .close = close_store,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .change_add = change_add,
    .change_standing = change_standing,
    .version_add = version_add,
    .version_retire = version_retire,
    .version_get = version_get,
    .version_before = version_before,
    .versions = versions,
    .entries = entries,
    .total_add = total_add,
    .totals = totals,
    .span = span,
    .held_get = held_get,
    .held_put = held_put,
    .document_add = document_add,
    .documents = documents,
};

/* Looks again every two milliseconds: SQLite's own handler sleeps for longer each time and loses to a writer that is busy. */
static int wait_for_lock(void *context, int times)
{
    struct sqlite_store *s = context;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (times == 0)
        s->waiting_since = now;
    int64_t waited_ms =
        (now.tv_sec - s->waiting_since.tv_sec) * INT64_C(1000) + (now.tv_nsec - s->waiting_since.tv_nsec) / 1000000;
    if (waited_ms >= s->wait_ms)
        return 0;
    usleep(2000);
    return 1;
}

/* "file:…?immutable=1": reads a file that lies where no file can be made beside it. */
static void immutable_name(const char *path, char *out, size_t size)
{
    size_t length = (size_t)snprintf(out, size, "file:");
    for (const char *c = path; *c && length + 4 < size; c++)
        length += (size_t)snprintf(out + length, size - length, strchr("?#%", *c) ? "%%%02X" : "%c", *c);
    snprintf(out + length, size - length, "?immutable=1");
}

static int connect(struct sqlite_store *s, const struct store_settings *settings, bool immutable,
                   struct qv_error *error)
{
    char name[3 * FILE_PATH_MAX + 32];
    snprintf(name, sizeof name, "%s", s->path);
    int flags = SQLITE_OPEN_READWRITE;
    if (immutable) {
        immutable_name(s->path, name, sizeof name);
        flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
    }
    flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    int result = sqlite3_open_v2(name, &s->db, flags, settings->vfs);
    if (result)
        return fail(s, s->db ? result : SQLITE_NOMEM, error);
    sqlite3_busy_handler(s->db, wait_for_lock, s);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    return QV_OK;
}

/* What a file says of itself, at one moment. */
struct identity {
    int objects, application, schema;
};

static int identify(struct sqlite_store *s, struct identity *out, struct qv_error *error)
{
    sqlite3_stmt *row = NULL;
    int result = sqlite3_prepare_v2(s->db,
                                    "SELECT (SELECT count(*) FROM sqlite_schema), application_id, user_version"
                                    " FROM pragma_application_id, pragma_user_version",
                                    -1, &row, NULL);
    if (!result)
        result = sqlite3_step(row);
    int status = QV_OK;
    if (result == SQLITE_ROW)
        *out = (struct identity){sqlite3_column_int(row, 0), sqlite3_column_int(row, 1), sqlite3_column_int(row, 2)};
    else
        status = fail(s, result, error);
    sqlite3_finalize(row);
    return status;
}

static bool is_empty(const struct identity *file)
{
    return !file->objects && !file->application && !file->schema;
}

static int check_identity(const struct sqlite_store *s, const struct identity *file,
                          const struct store_settings *settings, struct qv_error *error)
{
    if (is_empty(file))
        return QV_OK;
    if (file->application != APPLICATION_ID)
        return refuse_stranger(s->path, error);
    if (file->schema > settings->step_count)
        return qv_fail(error, QV_ERR_DATA, "%s: found a journal of a newer quiver (schema %d), expected at most %d",
                       s->path, file->schema, settings->step_count);
    if (file->schema < 1)
        return damaged(s, "a schema below 1", error);
    return QV_OK;
}

/* Changing to WAL needs the file alone, and SQLite does not always wait for that. */
static int set_wal(struct sqlite_store *s, struct qv_error *error)
{
    int result;
    for (int times = 0;; times++) {
        result = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if ((result & 0xff) != SQLITE_BUSY || !wait_for_lock(s, times))
            return result ? fail(s, result, error) : QV_OK;
    }
}

/* Copies the journal, which nobody can write to meanwhile, by a connection of its own: the one that holds the lock may not. */
static int copy_to(struct sqlite_store *s, const struct store_settings *settings, const char *copy,
                   struct qv_error *error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    sqlite3 *from = NULL, *to = NULL;
    int result = sqlite3_open_v2(s->path, &from, flags, settings->vfs);
    if (!result)
        result = sqlite3_open_v2(copy, &to, flags, settings->vfs);
    if (!result) {
        sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
        if (backup) {
            sqlite3_backup_step(backup, -1);
            result = sqlite3_backup_finish(backup);
        } else {
            result = sqlite3_extended_errcode(to);
        }
    }
    sqlite3_close(to);
    sqlite3_close(from);
    return result ? fail(s, result, error) : QV_OK;
}

static int back_up(struct sqlite_store *s, const struct store_settings *settings, int schema, char *name, size_t size,
                   struct qv_error *error)
{
    char copy[FILE_PATH_MAX + 32];
    snprintf(copy, sizeof copy, "%s.backup-partial", s->path);
    unlink(copy); /* of a backup that was cut off */
    int failed = file_make(copy);
    if (failed)
        return qv_fail(error, QV_ERR_CANNOT_CREATE, "%s: cannot make it: %s", copy, strerror(-failed));
    int status = copy_to(s, settings, copy, error);
    if (!status)
        status = file_name_backup(copy, s->path, schema, name, size, error);
    if (status)
        unlink(copy);
    return status;
}

/* Makes the tables, or brings those of an older schema forward: all steps or none. */
static int bring_forward(struct sqlite_store *s, const struct store_settings *settings, struct qv_error *error)
{
    int status = run(s, SQL_BEGIN, NULL, 0, error);
    if (status)
        return status;
    /* Another program may have been faster. */
    struct identity file = {0};
    char backup[FILE_PATH_MAX + 32] = "";
    status = identify(s, &file, error);
    if (!status)
        status = check_identity(s, &file, settings, error);
    if (!status && file.schema > 0 && file.schema < settings->step_count)
        status = back_up(s, settings, file.schema, backup, sizeof backup, error);
    for (int i = file.schema; !status && i < settings->step_count; i++)
        status = execute(s, settings->steps[i], error);
    if (!status) {
        char sql[96];
        snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID,
                 settings->step_count);
        status = execute(s, sql, error);
    }
    if (!status)
        status = commit(&s->store, error);
    if (status) {
        rollback(&s->store);
        if (*backup)
            unlink(backup);
    }
    return status;
}

static int prepare(struct sqlite_store *s, enum qv_journal_mode mode, const struct store_settings *settings,
                   struct qv_error *error)
{
    struct identity file;
    int status = identify(s, &file, error);
    if (!status)
        status = check_identity(s, &file, settings, error);
    if (status)
        return status;
    bool read_only = sqlite3_db_readonly(s->db, "main") == 1;
    if (mode == QV_JOURNAL_READ && is_empty(&file))
        return qv_fail(error, QV_ERR_NO_INPUT, "%s: found an empty file, expected a journal", s->path);
    if (mode == QV_JOURNAL_WRITE && read_only)
        return fail(s, SQLITE_READONLY, error);
    if (read_only && file.schema < settings->step_count)
        return qv_fail(error, QV_ERR_CANNOT_CREATE,
                       "%s: found a read-only journal of an older quiver (schema %d), expected to bring it to %d",
                       s->path, file.schema, settings->step_count);
    if (!read_only) {
        status = set_wal(s, error);
        if (!status)
            status = execute(s, "PRAGMA synchronous = FULL", error);
        if (!status && file.schema < settings->step_count)
            status = bring_forward(s, settings, error);
    }
    char sql[160];
    snprintf(sql, sizeof sql, "PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = %d; PRAGMA query_only = %d",
             WAL_KEPT_BYTES, mode == QV_JOURNAL_READ);
    return status ? status : execute(s, sql, error);
}

/* True when all there is is in the file itself. */
static bool has_no_log(const char *path)
{
    char log[FILE_PATH_MAX + 8];
    snprintf(log, sizeof log, "%s-wal", path);
    return access(log, F_OK) != 0;
}

int store_open_sqlite(const char *path, enum qv_journal_mode mode, const struct store_settings *settings,
                      struct store **out, struct qv_error *error)
{
    char real[FILE_PATH_MAX];
    int status = file_find(path, mode, real, error);
    if (status)
        return status;
    struct sqlite_store *s = calloc(1, sizeof *s);
    if (!s)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "%s: out of memory", path);
    s->store.does = &functions;
    s->wait_ms = settings->wait_ms;
    memcpy(s->path, real, sizeof s->path);

    status = connect(s, settings, false, error);
    if (!status)
        status = prepare(s, mode, settings, error);
    if (status == QV_ERR_CANNOT_CREATE && mode == QV_JOURNAL_READ && has_no_log(real)) {
        sqlite3_close(s->db);
        s->db = NULL;
        status = connect(s, settings, true, error);
        if (!status)
            status = prepare(s, mode, settings, error);
    }
    if (status) {
        close_store(&s->store);
        return status;
    }
    *out = &s->store;
    return QV_OK;
}
