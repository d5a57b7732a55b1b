/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Apple Health's export.xml, by expat, a piece at a time. It is gigabytes of <Record type="..." .../>, of which a diary needs few.
 *
 * Three things about these files that are not in their own description (docs/rooms/diaries.md has where they were reported):
 *   - the document type in front is not well-formed in those of iOS 16. It is blanked out, which also leaves no way to declare
 *     an entity;
 *   - values hold control characters that XML does not allow. They become blanks;
 *   - a record inside a <Correlation> stands a second time by itself, so only those at the top are read.
 */
#include "asleep.h"
#include "diary.h"

#include <expat.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 64
#define TAG_MAX_BYTES ((uint64_t)1 << 20)   /* of a tag, or of what is between two */
#define PARSER_MAX_BYTES ((size_t)16 << 20) /* of memory for expat: it keeps every name of an element or attribute */

struct health {
    struct reading *reading;
    XML_Parser parser;
    struct asleep asleep;
    unsigned depth;
    uint64_t given_bytes, tag_at_byte; /* bytes given to expat, and how many had been when the last tag came */
    int status;                        /* why the parser was stopped */
};

/* ---- expat's memory ------------------------------------------------------------------------------------------------- */

/* Its functions are given nothing of ours, hence by thread. One reading a thread is under way at a time. */
static _Thread_local size_t parser_bytes;
static _Thread_local bool parser_is_full;

struct block {
    size_t size;
    max_align_t bytes[];
};

static void *parser_realloc(void *memory, size_t size)
{
    struct block *block = memory ? (struct block *)((char *)memory - offsetof(struct block, bytes)) : NULL;
    size_t old = block ? block->size : 0;
    if (size > PARSER_MAX_BYTES || parser_bytes - old + size > PARSER_MAX_BYTES) {
        parser_is_full = true;
        return NULL;
    }
    block = realloc(block, offsetof(struct block, bytes) + size);
    if (!block)
        return NULL;
    parser_bytes += size - old;
    block->size = size;
    return block->bytes;
}

static void *parser_malloc(size_t size)
{
    return parser_realloc(NULL, size);
}

static void parser_free(void *memory)
{
    if (!memory)
        return;
    struct block *block = (struct block *)((char *)memory - offsetof(struct block, bytes));
    parser_bytes -= block->size;
    free(block);
}

/* ---- a record ------------------------------------------------------------------------------------------------------- */

struct record {
    const char *type, *unit, *value, *start, *end;
};

static struct record record_from(const char **attributes)
{
    static const struct {
        const char *name;
        size_t at;
    } known[] = {
        {"type", offsetof(struct record, type)},   {"unit", offsetof(struct record, unit)},
        {"value", offsetof(struct record, value)}, {"startDate", offsetof(struct record, start)},
        {"endDate", offsetof(struct record, end)},
    };
    struct record record = {"", "", "", "", ""};
    for (; *attributes; attributes += 2) {
        for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
            if (strcmp(attributes[0], known[k].name) == 0)
                memcpy((char *)&record + known[k].at, &attributes[1], sizeof attributes[1]);
        }
    }
    return record;
}

/* "2024-03-10 23:10:00 -0500" */
static bool health_time_parse(const char *text, struct qv_entry *entry)
{
    char part[32];
    if (strlen(text) != 25 || text[19] != ' ')
        return false;
    snprintf(part, sizeof part, "%.19s%.3s:%s", text, text + 20, text + 23);
    return time_parse(part, entry);
}

static int64_t utc_s(const struct qv_entry *time)
{
    return (int64_t)time->day * 86400 + time->second - time->offset_s;
}

static int refuse(struct health *health, const struct qv_error *why)
{
    return reading_refuse(health->reading, XML_GetCurrentLineNumber(health->parser), why);
}

/* Only a bad row needs its line, which expat has to count. */
static int offer(struct health *health, const struct qv_entry *entry)
{
    struct qv_error why = {0};
    return qv_entry_check(entry, &why) ? refuse(health, &why) : reading_offer(health->reading, 0, entry);
}

static bool times_read(const struct record *record, struct qv_entry *start, struct qv_entry *end, struct qv_error *why)
{
    if (health_time_parse(record->start, start) && health_time_parse(record->end, end))
        return true;
    qv_fail(why, QV_ERR_DATA, "startDate and endDate: found \"%s\" and \"%s\", expected YYYY-MM-DD HH:MM:SS +HHMM",
            shown(record->start).text, shown(record->end).text);
    return false;
}

static double rounded(double amount)
{
    return round(amount * 1e6) / 1e6; /* as the journal keeps it */
}

static const struct unit {
    const char *ours, *theirs;
    double ours_each;
} units[] = {
    {"mg", "mg", 1},
    {"mg", "g", 1000},
    {"mg", "mcg", 0.001},
    {"mg", "kg", 1e6},
    {"mg", "oz", 28349.523125},
    {"mL", "mL", 1},
    {"mL", "L", 1000},
    {"mL", "fl_oz_us", 29.5735295625},
    {"mL", "fl_oz_imp", 28.4130625},
    {"mL", "cup_us", 236.5882365},
    {"mL", "cup_imp", 284.130625},
    {"mL", "pt_us", 473.176473},
    {"mL", "pt_imp", 568.26125},
    {"min", "s", 1 / 60.0},
    {"min", "min", 1},
    {"min", "hr", 60},
};

static int take_quantity(struct health *health, const struct record *record, enum qv_entry_kind kind)
{
    struct qv_error why = {0};
    struct qv_entry entry = {0}, end = {0};
    const char *ours = qv_entry_kind_info(kind)->unit;
    double each =
        kind == QV_ENTRY_ALCOHOL && strcmp(record->unit, "count") == 0 ? health->reading->to->alcohol_g_per_drink : 0;
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        if (strcmp(units[u].ours, ours) == 0 && strcmp(units[u].theirs, record->unit) == 0)
            each = units[u].ours_each;
    }
    if (!times_read(record, &entry, &end, &why) || !amount_read(record->value, &entry.amount, &why))
        return refuse(health, &why);
    if (each == 0) {
        qv_fail(&why, QV_ERR_DATA, "unit: found \"%s\", expected one that can be told in %s", shown(record->unit).text,
                ours);
        return refuse(health, &why);
    }
    entry.kind = kind;
    entry.amount = rounded(entry.amount * each);
    entry.source = "apple_health";
    return offer(health, &entry);
}

static int take_sleep(struct health *health, const struct record *record)
{
    static const char asleep[] = "HKCategoryValueSleepAnalysisAsleep"; /* then nothing, Unspecified, Core, Deep, REM */
    struct qv_error why = {0};
    struct qv_entry start = {0}, end = {0};
    if (strncmp(record->value, asleep, sizeof asleep - 1) != 0) { /* in bed, or awake in it */
        reading_skip(health->reading, record->value);
        return QV_OK;
    }
    if (!times_read(record, &start, &end, &why))
        return refuse(health, &why);
    int64_t from_s = utc_s(&start), to_s = utc_s(&end);
    if (to_s < from_s || to_s - from_s > 86400) {
        qv_fail(&why, QV_ERR_DATA, "sleep: found one from %s to %s, expected at most a day", record->start,
                record->end);
        return refuse(health, &why);
    }
    switch (asleep_add(&health->asleep, (struct asleep_interval){from_s, to_s, end.offset_s})) {
    case ASLEEP_ADDED:
        return QV_OK;
    case ASLEEP_FULL:
        return qv_fail(health->reading->error, QV_ERR_DATA, "%s: found more than %u separate pieces of sleep",
                       health->reading->name, ASLEEP_MAX / 2);
    case ASLEEP_NO_MEMORY:
        break;
    }
    return reading_out_of_memory(health->reading);
}

static bool is_nutrient(const char *type, enum qv_entry_kind *kind)
{
    static const enum qv_entry_kind nutrients[] = {QV_ENTRY_CAFFEINE, QV_ENTRY_MAGNESIUM, QV_ENTRY_POTASSIUM,
                                                   QV_ENTRY_WATER};
    static const char dietary[] = "HKQuantityTypeIdentifierDietary"; /* then our own word for it, with a capital */
    if (strncmp(type, dietary, sizeof dietary - 1) != 0)
        return false;
    for (size_t n = 0; n < sizeof nutrients / sizeof *nutrients; n++) {
        *kind = nutrients[n];
        if (strcasecmp(type + sizeof dietary - 1, qv_entry_kind_info(*kind)->id) == 0)
            return true;
    }
    return false;
}

static int take_record(struct health *health, const char **attributes)
{
    struct record record = record_from(attributes);
    enum qv_entry_kind kind;
    if (is_nutrient(record.type, &kind))
        return take_quantity(health, &record, kind);
    if (strcmp(record.type, "HKQuantityTypeIdentifierAppleExerciseTime") == 0)
        return take_quantity(health, &record, QV_ENTRY_EXERCISE);
    if (strcmp(record.type, "HKQuantityTypeIdentifierNumberOfAlcoholicBeverages") == 0)
        return take_quantity(health, &record, QV_ENTRY_ALCOHOL);
    if (strcmp(record.type, "HKCategoryTypeIdentifierSleepAnalysis") == 0)
        return take_sleep(health, &record);
    reading_skip(health->reading, record.type);
    return QV_OK;
}

static int give_sleeps(struct health *health)
{
    struct asleep_one one;
    int status = QV_OK;
    asleep_merge(&health->asleep);
    for (uint32_t at = 0; !status && asleep_next(&health->asleep, &at, &one);) {
        int64_t local_s = one.end_s + one.offset_s;
        int32_t day = (int32_t)((local_s - (local_s < 0 ? 86399 : 0)) / 86400); /* rounded down */
        struct qv_entry entry = {
            .day = day,
            .second = (int32_t)(local_s - (int64_t)day * 86400),
            .offset_s = one.offset_s,
            .kind = QV_ENTRY_SLEEP,
            .amount = rounded((double)one.slept_s / 3600),
            .source = "apple_health",
        };
        if (one.slept_s > 0)
            status = reading_offer(health->reading, 0, &entry);
    }
    return status;
}

/* ---- the document --------------------------------------------------------------------------------------------------- */

static void stop(struct health *health, int status)
{
    health->status = status;
    XML_StopParser(health->parser, XML_FALSE);
}

static void XMLCALL on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct health *health = context;
    int status = QV_OK;
    health->tag_at_byte = health->given_bytes;
    if (health->depth == 0 && strcmp(name, "HealthData") != 0)
        status = reading_fail(health->reading, XML_GetCurrentLineNumber(health->parser), QV_ERR_DATA,
                              "found <%s>, expected <HealthData> of an Apple Health export", shown(name).text);
    else if (health->depth >= DEPTH_MAX)
        status = reading_fail(health->reading, XML_GetCurrentLineNumber(health->parser), QV_ERR_DATA,
                              "found tags nested deeper than %d", DEPTH_MAX);
    else if (health->depth == 1 && strcmp(name, "Record") == 0)
        status = take_record(health, attributes);
    else if (health->depth == 1 && strcmp(name, "ExportDate") != 0 && strcmp(name, "Me") != 0)
        reading_skip(health->reading, name);
    health->depth++;
    if (status)
        stop(health, status);
}

static void XMLCALL on_end(void *context, const XML_Char *name)
{
    struct health *health = context;
    health->tag_at_byte = health->given_bytes;
    health->depth--;
}

/* Blanks out <!DOCTYPE ... [ ... ]>, but for its line ends, so that lines keep their numbers. It has to lie in the first buffer. */
static int blank_document_type(struct reading *reading)
{
    char *text = reading->bytes + reading->begin, *end = reading->bytes + reading->end;
    char *root = memmem(text, (size_t)(end - text), "<HealthData", strlen("<HealthData"));
    char *from = memmem(text, (size_t)((root ? root : end) - text), "<!DOCTYPE", strlen("<!DOCTYPE"));
    if (!from)
        return QV_OK;
    size_t head = strcspn(from, "[>");
    char *to = from + head;
    if (*to == '[') {
        to = memmem(to, (size_t)(end - to), "]>", strlen("]>"));
        to = to ? to + 1 : end;
    }
    if (to >= end)
        return reading_fail(reading, 1, QV_ERR_DATA, "found a document type that does not end within %zu bytes",
                            DIARY_BUFFER_BYTES);
    for (; from <= to; from++) {
        if (*from != '\n')
            *from = ' ';
    }
    return QV_OK;
}

static void blank_control_characters(char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        text[i] = c < 0x20 && c != '\t' && c != '\n' && c != '\r' ? ' ' : text[i];
    }
}

static int fail_parse(struct health *health)
{
    enum XML_Error code = XML_GetErrorCode(health->parser);
    if (health->status)
        return health->status;
    if (code == XML_ERROR_NO_MEMORY && !parser_is_full)
        return reading_out_of_memory(health->reading);
    const char *found = XML_ErrorString(code);
    if (code == XML_ERROR_NO_MEMORY)
        found = "more than 16 MiB of names, or one tag of them";
    else if (health->reading->ended && (code == XML_ERROR_NO_ELEMENTS || code == XML_ERROR_UNCLOSED_TOKEN))
        found = "the end of the file inside of it";
    return reading_fail(health->reading, XML_GetCurrentLineNumber(health->parser), QV_ERR_DATA,
                        "found %s, expected the XML of an Apple Health export", found);
}

static int parse(struct health *health)
{
    struct reading *reading = health->reading;
    int status = blank_document_type(reading);
    while (!status) {
        char *text = reading->bytes + reading->begin;
        size_t length = reading->end - reading->begin;
        blank_control_characters(text, length);
        health->given_bytes += length;
        if (XML_Parse(health->parser, text, (int)length, reading->ended) != XML_STATUS_OK)
            return fail_parse(health);
        if (health->given_bytes - health->tag_at_byte > TAG_MAX_BYTES)
            return reading_fail(reading, XML_GetCurrentLineNumber(health->parser), QV_ERR_DATA,
                                "found no tag in a mebibyte, expected the XML of an Apple Health export");
        reading->begin = reading->end;
        if (reading->ended)
            break;
        status = reading_more(reading);
    }
    return status ? status : give_sleeps(health);
}

int read_apple_health(struct reading *reading)
{
    static const XML_Memory_Handling_Suite memory = {parser_malloc, parser_realloc, parser_free};
    struct health health = {.reading = reading};
    parser_is_full = false;
    health.parser = XML_ParserCreate_MM("UTF-8", &memory, NULL);
    if (!health.parser)
        return reading_out_of_memory(reading);
    XML_SetUserData(health.parser, &health);
    XML_SetElementHandler(health.parser, on_start, on_end);
    int status = parse(&health);
    XML_ParserFree(health.parser);
    asleep_finish(&health.asleep);
    return status;
}
