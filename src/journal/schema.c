/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that store.h speaks of. A step that was released is never edited: the next one is added below it. */
#include "store.h"

static const char schema_1[] =
    "CREATE TABLE change ("
    "  id INTEGER PRIMARY KEY,"
    "  at_us INTEGER NOT NULL,"                 /* since 1970, UTC */
    "  what INTEGER NOT NULL,"                  /* enum change_what */
    "  undoes INTEGER REFERENCES change,"       /* of an undo: the change that stands no more */
    "  first_version INTEGER NOT NULL) STRICT;" /* its versions go from here to where the next change begins */
    "CREATE INDEX change_undone ON change (undoes) WHERE undoes IS NOT NULL;"

    "CREATE TABLE version ("
    "  id INTEGER PRIMARY KEY,"
    "  revises INTEGER REFERENCES version," /* the entry; NULL in its first version, whose id is the entry's */
    "  change INTEGER NOT NULL REFERENCES change,"
    "  day INTEGER NOT NULL,"
    "  second INTEGER,"   /* NULL: not known */
    "  offset_s INTEGER," /* NULL: not known */
    "  kind INTEGER NOT NULL,"
    "  amount_micro INTEGER NOT NULL,"
    "  note TEXT NOT NULL,"
    "  source TEXT,"
    "  withdrawn INTEGER NOT NULL,"
    "  stands INTEGER NOT NULL) STRICT;"
    "CREATE INDEX version_standing ON version (day, second) WHERE stands;"
    "CREATE INDEX version_later ON version (revises) WHERE revises IS NOT NULL;"

    "CREATE TABLE total ("
    "  day INTEGER NOT NULL,"
    "  kind INTEGER NOT NULL,"
    "  hour INTEGER NOT NULL," /* -1: all day, or not known when */
    "  amount_micro INTEGER NOT NULL,"
    "  entries INTEGER NOT NULL,"
    "  PRIMARY KEY (day, kind, hour)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE held ("
    "  digest INTEGER PRIMARY KEY,"
    "  entries INTEGER NOT NULL,"
    "  import INTEGER NOT NULL," /* the change that met it last; 0: no import has */
    "  seen INTEGER NOT NULL) STRICT;"

    "CREATE TABLE document ("
    "  id INTEGER PRIMARY KEY,"
    "  at_us INTEGER NOT NULL,"
    "  day INTEGER NOT NULL,"
    "  kind TEXT NOT NULL,"
    "  name TEXT NOT NULL,"
    "  json TEXT NOT NULL) STRICT;"
    "CREATE INDEX document_named ON document (kind, name);";

static const char *const steps[] = {schema_1};

const struct store_settings store_usual = {
    .wait_ms = 10000,
    .steps = steps,
    .step_count = sizeof steps / sizeof *steps,
};
