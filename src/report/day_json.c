/* SPDX-License-Identifier: Apache-2.0 */
/* A day of the diary as JSON. */
#include <quiver/report.h>

static void write_kind(struct qv_json *json, const struct qv_day *day, enum qv_entry_kind kind)
{
    const struct qv_entry_kind_info *info = qv_entry_kind_info(kind);
    qv_json_object(json, info->id);
    qv_json_number(json, "amount", day->amounts[kind]);
    qv_json_string(json, "unit", info->unit);
    qv_json_number(json, "entries", day->counts[kind]);
    qv_json_object_end(json);
}

void qv_json_day(const struct qv_day *day, unsigned indent, struct qv_text *text)
{
    struct qv_json json;
    char date[11];
    qv_json_init(&json, text, indent);
    qv_json_object(&json, NULL);
    qv_json_number(&json, "quiver_day", 1);
    qv_date_format(day->day, date);
    qv_json_string(&json, "date", date);
    qv_json_object(&json, "known");
    for (unsigned kind = 0; kind < QV_ENTRY_KIND_COUNT; kind++) {
        if (day->counts[kind])
            write_kind(&json, day, (enum qv_entry_kind)kind);
    }
    qv_json_object_end(&json);
    qv_json_array(&json, "not_known");
    for (unsigned kind = 0; kind < QV_ENTRY_KIND_COUNT; kind++) {
        if (!day->counts[kind])
            qv_json_string(&json, NULL, qv_entry_kind_info((enum qv_entry_kind)kind)->id);
    }
    qv_json_array_end(&json);
    qv_json_array(&json, "entries");
    for (uint32_t i = 0; i < day->entry_count; i++)
        qv_json_entry(&day->entries[i], NULL, &json);
    qv_json_array_end(&json);
    qv_json_array(&json, "week");
    for (int i = 0; i < QV_DAY_WEEK; i++) {
        qv_json_object(&json, NULL);
        qv_date_format(day->day - QV_DAY_WEEK + 1 + i, date);
        qv_json_string(&json, "date", date);
        qv_json_number(&json, "twitches", day->week[i]); /* null: not observed */
        qv_json_object_end(&json);
    }
    qv_json_array_end(&json);
    qv_json_object_end(&json);
}
