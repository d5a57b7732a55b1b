/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks into the file of a journal past our own code, with SQLite alone: whether it is whole, whether what is kept beside the
 * versions (which stand, totals, counts of what was held) follows from them, and all that it says, as text.
 */
#ifndef QUIVER_TESTS_JOURNAL_SOUND_H
#define QUIVER_TESTS_JOURNAL_SOUND_H

#include <quiver/journal.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first value of the first row as text, "" for none; "error: …" when it cannot be read. The caller frees it. */
static char *sound_ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *row = NULL;
    int result = sqlite3_prepare_v2(db, sql, -1, &row, NULL);
    if (!result)
        result = sqlite3_step(row);
    char *answer = NULL;
    if (result == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(row, 0);
        answer = sqlite3_mprintf("%s", text ? text : "");
    } else {
        answer = result == SQLITE_DONE ? sqlite3_mprintf("") : sqlite3_mprintf("error: %s", sqlite3_errmsg(db));
    }
    sqlite3_finalize(row);
    return answer;
}

static const struct {
    const char *what, *sql, *expected;
} sound_checks[] = {
    {"whole", "PRAGMA integrity_check", "ok"},
    {"an entry stands by its newest version unless that takes it back",
     "SELECT count(*) FROM version v WHERE v.stands <> (NOT v.withdrawn AND v.id = (SELECT max(n.id) FROM version n"
     " WHERE ifnull(n.revises, n.id) = ifnull(v.revises, v.id)))",
     "0"},
    {"totals are the sums of what stands",
     "WITH sums AS (SELECT day, kind, CASE WHEN kind IN (1, 4) AND second IS NOT NULL THEN second / 3600 ELSE -1 END"
     " AS hour, sum(amount_micro) AS a, count(*) AS n FROM version WHERE stands GROUP BY 1, 2, 3)"
     " SELECT (SELECT count(*) FROM (SELECT * FROM sums EXCEPT SELECT * FROM total))"
     " + (SELECT count(*) FROM (SELECT * FROM total EXCEPT SELECT * FROM sums))",
     "0"},
    {"what was held is what entries have been, but for imports that were undone",
     "SELECT (SELECT ifnull(sum(entries), 0) FROM held) - (SELECT count(*) FROM (SELECT DISTINCT"
     " ifnull(revises, id), day, second, offset_s, kind, amount_micro, note FROM version v WHERE NOT withdrawn"
     " AND NOT EXISTS (SELECT 1 FROM change c JOIN change u ON u.undoes = c.id WHERE c.id = v.change AND c.what = 4)))",
     "0"},
    {"each version lies in its change",
     "SELECT count(*) FROM version v WHERE v.change <> (SELECT max(c.id) FROM change c WHERE c.first_version <= v.id)",
     "0"},
};

/* True when the file is a sound journal, or none yet (empty). Prints what is wrong. */
static bool sound_check(const char *path)
{
    sqlite3 *db = NULL;
    bool good = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK;
    char *objects = good ? sound_ask(db, "SELECT count(*) FROM sqlite_schema") : NULL;
    bool empty = good && strcmp(objects, "0") == 0;
    for (size_t i = 0; good && i < sizeof sound_checks / sizeof *sound_checks; i++) {
        if (empty && i > 0)
            break;
        char *found = sound_ask(db, sound_checks[i].sql);
        good = strcmp(found, sound_checks[i].expected) == 0;
        if (!good)
            printf("%s: not so: %s (found %s)\n", path, sound_checks[i].what, found);
        sqlite3_free(found);
    }
    sqlite3_free(objects);
    sqlite3_close(db);
    return good;
}

/* All that the journal says but for the times of writing. The caller frees it. */
__attribute__((unused)) static char *sound_dump(const char *path)
{
    sqlite3 *db = NULL;
    char *dump = NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
        char *objects = sound_ask(db, "SELECT count(*) FROM sqlite_schema");
        dump =
            strcmp(objects, "0") == 0
                ? sqlite3_mprintf("(nothing)")
                : sound_ask(db, "SELECT ifnull((SELECT group_concat(id || ' ' || ifnull(revises, '') || ' ' || change"
                                " || ' ' || day || ' ' || kind || ' ' || amount_micro || ' ' || note || ' '"
                                " || withdrawn || stands, x'0a') FROM (SELECT * FROM version ORDER BY id)), '')"
                                " || ifnull((SELECT group_concat(name || json) FROM document), '')"
                                " || ' ' || (SELECT user_version FROM pragma_user_version)");
        sqlite3_free(objects);
    }
    sqlite3_close(db);
    return dump;
}

#endif
