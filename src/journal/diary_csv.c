/* SPDX-License-Identifier: Apache-2.0 */
/* The diary as CSV: time,kind,amount,unit,note, one thing a row. */
#include "csv.h"
#include "diary.h"

#include <string.h>

static const char *const columns[] = {"time", "kind", "amount", "unit", "note"};
enum { COLUMN_TIME, COLUMN_KIND, COLUMN_AMOUNT, COLUMN_UNIT, COLUMN_NOTE, COLUMN_COUNT };

static int read_header(struct reading *reading)
{
    struct csv_record header;
    bool there;
    int status = csv_next(reading, &header, &there);
    if (status)
        return status;
    char found[200] = "";
    bool right = there && header.count == COLUMN_COUNT;
    for (unsigned i = 0, at = 0; there && i < header.count && i < CSV_MAX_FIELDS && at < sizeof found; i++) {
        right = right && strcmp(header.fields[i], columns[i]) == 0;
        at += (unsigned)snprintf(found + at, sizeof found - at, "%s%s", i ? "," : "", shown(header.fields[i]).text);
    }
    if (right)
        return QV_OK;
    return reading_fail(reading, there ? header.line : 1, QV_ERR_DATA,
                        "found the columns %s, expected time,kind,amount,unit,note", found);
}

static bool read_row(const struct csv_record *row, struct qv_entry *entry, struct qv_error *why)
{
    char *const *fields = row->fields;
    if (row->count != COLUMN_COUNT) {
        qv_fail(why, QV_ERR_DATA, "found %u columns, expected %d: time,kind,amount,unit,note", row->count,
                COLUMN_COUNT);
        return false;
    }
    if (!time_parse(fields[COLUMN_TIME], entry)) {
        qv_fail(why, QV_ERR_DATA,
                "time: found \"%s\", expected YYYY-MM-DD or YYYY-MM-DDTHH:MM[:SS], perhaps with Z or +HH:MM",
                shown(fields[COLUMN_TIME]).text);
        return false;
    }
    csv_one_line(fields[COLUMN_NOTE]);
    entry->note = fields[COLUMN_NOTE];
    entry->source = "csv";
    return kind_parse(fields[COLUMN_KIND], fields[COLUMN_UNIT], &entry->kind, why) &&
           amount_read(fields[COLUMN_AMOUNT], &entry->amount, why);
}

int read_csv(struct reading *reading)
{
    int status = read_header(reading);
    while (!status) {
        struct csv_record row;
        bool there;
        status = csv_next(reading, &row, &there);
        if (status || !there)
            break;
        struct qv_entry entry = {0};
        struct qv_error why = {0};
        status = read_row(&row, &entry, &why) ? reading_offer(reading, row.line, &entry)
                                              : reading_refuse(reading, row.line, &why);
    }
    return status;
}
