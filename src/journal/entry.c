/* SPDX-License-Identifier: Apache-2.0 */
/* What an entry is: its kinds, and what can be wrong with one. */
#include <quiver/journal.h>

#include <assert.h>
#include <math.h>

static const struct qv_entry_kind_info kinds[QV_ENTRY_KIND_COUNT] = {
#define KIND(name, id, unit, maximum, rule) [QV_ENTRY_##name] = {id, unit, maximum, QV_DAY_##rule},
    QV_ENTRY_KIND_MAP(KIND)
#undef KIND
};

const struct qv_entry_kind_info *qv_entry_kind_info(enum qv_entry_kind kind)
{
    assert((unsigned)kind < QV_ENTRY_KIND_COUNT);
    return &kinds[kind];
}

bool qv_entry_kind_find(const char *id, enum qv_entry_kind *out)
{
    for (unsigned kind = 0; kind < QV_ENTRY_KIND_COUNT; kind++) {
        if (strcmp(kinds[kind].id, id) == 0) {
            *out = (enum qv_entry_kind)kind;
            return true;
        }
    }
    return false;
}

/* 1583-01-01, where qv_date_parse() begins, and 9999-12-31, the last that qv_date_format() can write. */
#define FIRST_DAY (-141349)
#define LAST_DAY 2932896

/* Unicode's category Cc. In UTF-8 the upper half of it is C2 80 … C2 9F. */
static bool has_control_character(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0))
            return true;
    }
    return false;
}

static int check_text(const char *what, const char *text, size_t maximum_bytes, struct qv_error *error)
{
    size_t length = strlen(text);
    if (length > maximum_bytes)
        return qv_fail(error, QV_ERR_DATA, "%s: found %zu bytes, expected at most %zu", what, length, maximum_bytes);
    if (!qv_utf8_valid(text, length))
        return qv_fail(error, QV_ERR_DATA, "%s: found bytes that are not UTF-8, expected text", what);
    if (has_control_character(text))
        return qv_fail(error, QV_ERR_DATA, "%s: found a control character, expected one line of text", what);
    return QV_OK;
}

static int check_amount(const struct qv_entry *entry, struct qv_error *error)
{
    const struct qv_entry_kind_info *kind = &kinds[entry->kind];
    if (!(entry->amount >= 0 && entry->amount <= kind->maximum))
        return qv_fail(error, QV_ERR_DATA, "%s: found %.9g, expected a number from 0 to %.9g (%s)", kind->id,
                       entry->amount, kind->maximum, kind->unit);
    if (entry->kind == QV_ENTRY_TWITCH && entry->amount != floor(entry->amount))
        return qv_fail(error, QV_ERR_DATA, "%s: found %.9g, expected a whole number", kind->id, entry->amount);
    return QV_OK;
}

static int check_time(const struct qv_entry *entry, struct qv_error *error)
{
    if (entry->day < FIRST_DAY || entry->day > LAST_DAY)
        return qv_fail(error, QV_ERR_DATA, "day: found %d days from 1970-01-01, expected a year from 1583 to 9999",
                       entry->day);
    if (entry->second != QV_NO_SECOND && (entry->second < 0 || entry->second > 86399))
        return qv_fail(error, QV_ERR_DATA, "time: found %d seconds after midnight, expected 0 to 86399", entry->second);
    if (entry->offset_s == QV_NO_OFFSET)
        return QV_OK;
    if (entry->second == QV_NO_SECOND)
        return qv_fail(error, QV_ERR_DATA, "time: found an offset from UTC without a time of day, expected both");
    if (entry->offset_s < -QV_OFFSET_MAX_S || entry->offset_s > QV_OFFSET_MAX_S || entry->offset_s % 60)
        return qv_fail(error, QV_ERR_DATA,
                       "time: found an offset from UTC of %d seconds, expected whole minutes, at most %d hours",
                       entry->offset_s, QV_OFFSET_MAX_S / 3600);
    return QV_OK;
}

int qv_entry_check(const struct qv_entry *entry, struct qv_error *error)
{
    const char *note = entry->note ? entry->note : "", *source = entry->source ? entry->source : "";
    if ((unsigned)entry->kind >= QV_ENTRY_KIND_COUNT)
        return qv_fail(error, QV_ERR_DATA, "kind: found number %u, expected one below %u", (unsigned)entry->kind,
                       (unsigned)QV_ENTRY_KIND_COUNT);
    int status = check_amount(entry, error);
    if (!status)
        status = check_time(entry, error);
    if (!status)
        status = check_text("note", note, QV_ENTRY_MAX_NOTE_BYTES, error);
    if (!status)
        status = check_text("source", source, QV_ENTRY_MAX_SOURCE_BYTES, error);
    if (!status && entry->kind == QV_ENTRY_MEDICINE && strspn(note, " ") == strlen(note))
        status = qv_fail(error, QV_ERR_DATA, "%s: found no name, expected one in the note", kinds[entry->kind].id);
    return status;
}
