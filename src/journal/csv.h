/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of comma-separated values, by RFC 4180: fields may be quoted, and quoted ones may hold commas, line breaks and doubled
 * quotes. Records end in LF or CR LF; empty lines are passed over.
 *
 * Where the quotes of a record do not close, its first line alone is refused and reading goes on with the next line, so that one stray
 * quote costs one line and not the rest of the file.
 */
#ifndef QUIVER_JOURNAL_CSV_H
#define QUIVER_JOURNAL_CSV_H

#include "diary.h"

#define CSV_MAX_FIELDS 16

/* One record. The fields lie in the reading's buffer until the next; they are UTF-8 and hold no zero byte. */
struct csv_record {
    uint64_t line;  /* on which it begins */
    unsigned count; /* of fields; those beyond CSV_MAX_FIELDS are counted only */
    char *fields[CSV_MAX_FIELDS];
};

/* The next record that can be read; those that cannot are refused on the way. *there false: the file has ended. */
int csv_next(struct reading *reading, struct csv_record *record, bool *there) QV_MUST_CHECK;

/* Line breaks and tabs of a text that was quoted become blanks: a note is one line. */
void csv_one_line(char *text);

#endif
