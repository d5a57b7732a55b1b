/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading case files. The bytes come from a stranger, so they pass three gates before anything is believed:
 *
 *   1. the bytes: length, zero bytes, UTF-8, depth of nesting (jansson would allow 2048); bytes.c
 *   2. the JSON: jansson, which refuses duplicate keys and trailing bytes
 *   3. the form: names and types here, ranges, words and times that lie before birth in case.c
 *
 * Each gate is one pass, so the cost grows with the length of the text and nothing else. What looks for the nearest
 * name ("did you mean") or for the place of a syntax error runs only once something is wrong.
 */
#include "bytes.h"
#include "case.h"
#include "refuse.h"
#include <quiver/casefile.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- from JSON to values ------------------------------------------------------------------------------------------- */

static struct phrase found_json(const json_t *json)
{
    struct phrase found = {0};
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return (struct phrase){"an object"};
    case JSON_ARRAY:
        return (struct phrase){"a list"};
    case JSON_STRING:
        snprintf(found.text, sizeof found.text, "\"%.*s\"", SHOWN_BYTES_MAX + 3,
                 phrase_shown(json_string_value(json), json_string_length(json)).text);
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        return phrase_number(json_number_value(json));
    case JSON_TRUE:
        return (struct phrase){"true"};
    case JSON_FALSE:
        return (struct phrase){"false"};
    case JSON_NULL:
        return (struct phrase){"null (leave out what is not known)"};
    }
    return found;
}

struct reader {
    struct qv_arena *arena;
    struct qv_case *c;
    const char *origin;
    struct qv_error *error;
};

static int refuse_json(const struct reader *reader, const struct qv_field *field, const json_t *json)
{
    return qv_fail(reader->error, QV_ERR_DATA, "findings.%s: found %s, expected %s", field->id, found_json(json).text,
                   phrase_expected(field).text);
}

static int word_index(const struct qv_field *field, const char *word)
{
    for (uint32_t w = 0; w < field->word_count; w++) {
        if (strcmp(field->words[w], word) == 0)
            return (int)w;
    }
    return -1;
}

static int refuse_word(const struct reader *reader, const struct qv_field *field, const char *place, const json_t *json)
{
    struct phrase hint = {0};
    if (json_is_string(json))
        hint = phrase_nearest_word(json_string_value(json), json_string_length(json), field->words, field->word_count);
    return qv_fail(reader->error, QV_ERR_DATA, "findings.%s%s: found %s, expected %s%s", field->id, place,
                   found_json(json).text, phrase_one_of(field).text, hint.text);
}

static int read_words(const struct reader *reader, const struct qv_field *field, const json_t *json,
                      struct qv_value *value)
{
    if (!json_is_array(json))
        return refuse_json(reader, field, json);
    value->kind = QV_WORDS;
    for (size_t i = 0; i < json_array_size(json); i++) {
        const json_t *item = json_array_get(json, i);
        int word = json_is_string(item) ? word_index(field, json_string_value(item)) : -1;
        char place[32];
        snprintf(place, sizeof place, "[%zu]", i);
        if (word < 0)
            return refuse_word(reader, field, place, item);
        if (value->words >> word & 1)
            return qv_fail(reader->error, QV_ERR_DATA, "findings.%s%s: found \"%s\" a second time, expected each once",
                           field->id, place, field->words[word]);
        value->words |= (uint32_t)1 << word;
    }
    return QV_OK;
}

static const char *const medicine_keys[] = {"name", "started_days_ago", "dose_changed_days_ago", "stopped_days_ago"};
enum { KEY_NAME, KEY_STARTED, KEY_DOSE_CHANGED, KEY_STOPPED, KEY_COUNT };

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == 0;
}

static int read_name(const struct reader *reader, uint32_t index, const json_t *json, const char **out)
{
    if (!json)
        return qv_fail(reader->error, QV_ERR_DATA,
                       "findings.medications[%u].name: missing, expected the name of a medicine", index);
    size_t length = json_is_string(json) ? json_string_length(json) : 0;
    if (length == 0 || length > QV_CASE_MAX_NAME_BYTES || is_blank(json_string_value(json)))
        return qv_fail(reader->error, QV_ERR_DATA,
                       "findings.medications[%u].name: found %s, expected the name of a medicine of 1 to %d bytes",
                       index, found_json(json).text, QV_CASE_MAX_NAME_BYTES);
    *out = qv_arena_copy(reader->arena, json_string_value(json), length);
    return *out ? QV_OK : refuse_memory(reader->error);
}

static int read_medicine(const struct reader *reader, uint32_t index, json_t *json, struct qv_case_medicine *medicine)
{
    if (!json_is_object(json))
        return qv_fail(reader->error, QV_ERR_DATA, "findings.medications[%u]: found %s, expected {\"name\": ...}",
                       index, found_json(json).text);

    const json_t *name = NULL;
    double days[KEY_COUNT] = {NAN, NAN, NAN, NAN};
    const char *key;
    json_t *value;
    json_object_foreach(json, key, value)
    {
        size_t k = 0;
        while (k < KEY_COUNT && strcmp(key, medicine_keys[k]) != 0)
            k++;
        if (k == KEY_COUNT)
            return qv_fail(reader->error, QV_ERR_DATA,
                           "findings.medications[%u].%s: unknown key, expected name, started_days_ago, "
                           "dose_changed_days_ago or stopped_days_ago%s",
                           index, phrase_shown(key, strlen(key)).text,
                           phrase_nearest_word(key, strlen(key), medicine_keys, KEY_COUNT).text);
        if (k == KEY_NAME)
            name = value;
        else if (json_is_number(value))
            days[k] = case_kept_digits(json_number_value(value));
        else
            return qv_fail(reader->error, QV_ERR_DATA,
                           "findings.medications[%u].%s: found %s, expected a number (days)", index, key,
                           found_json(value).text);
    }

    *medicine = (struct qv_case_medicine){.started_days_ago = days[KEY_STARTED],
                                          .dose_changed_days_ago = days[KEY_DOSE_CHANGED],
                                          .stopped_days_ago = days[KEY_STOPPED]};
    return read_name(reader, index, name, &medicine->name);
}

static int read_medicines(const struct reader *reader, const struct qv_field *field, const json_t *json)
{
    if (!json_is_array(json))
        return refuse_json(reader, field, json);
    size_t count = json_array_size(json);
    if (count > QV_CASE_MAX_MEDICINES)
        return qv_fail(reader->error, QV_ERR_DATA, "findings.%s: found %zu medicines, expected at most %d", field->id,
                       count, QV_CASE_MAX_MEDICINES);

    struct qv_case *c = reader->c;
    c->medicines_known = true;
    if (count) {
        c->medicines = qv_arena_alloc(reader->arena, count, sizeof *c->medicines);
        if (!c->medicines)
            return refuse_memory(reader->error);
    }
    for (uint32_t i = 0; i < count; i++) {
        int status = read_medicine(reader, i, json_array_get(json, i), &c->medicines[i]);
        if (status)
            return status;
    }
    c->medicine_count = (uint32_t)count;
    return QV_OK;
}

/* From JSON to a value of the field's type; ranges come after. */
static int read_value(const struct reader *reader, const struct qv_field *field, const json_t *json,
                      struct qv_value *value)
{
    switch (field->type) {
    case QV_FIELD_YES_NO:
        if (!json_is_boolean(json))
            return refuse_json(reader, field, json);
        value->kind = json_is_true(json) ? QV_YES : QV_NO;
        return QV_OK;
    case QV_FIELD_NUMBER:
        if (!json_is_number(json))
            return refuse_json(reader, field, json);
        value->kind = QV_NUMBER;
        value->number = json_number_value(json);
        return QV_OK;
    case QV_FIELD_CHOICE: {
        int word = json_is_string(json) ? word_index(field, json_string_value(json)) : -1;
        if (word < 0)
            return refuse_word(reader, field, "", json);
        value->kind = QV_WORD;
        value->words = (uint32_t)word;
        return QV_OK;
    }
    case QV_FIELD_CHOICES:
        return read_words(reader, field, json, value);
    default:
        return read_medicines(reader, field, json);
    }
}

static int read_finding(const struct reader *reader, const char *key, const json_t *json)
{
    struct qv_case *c = reader->c;
    int index = qv_form_find(c->form, key);
    if (index < 0)
        return qv_fail(reader->error, QV_ERR_DATA, "findings.%s: unknown finding%s",
                       phrase_shown(key, strlen(key)).text, phrase_nearest_field(key, strlen(key), c->form).text);

    const struct qv_field *field = &c->form->fields[index];
    struct qv_value value = {0};
    int status = read_value(reader, field, json, &value);
    if (status == QV_OK && field->type != QV_FIELD_MEDICINES)
        status = case_check_value(field, &value, reader->error);
    if (status)
        return status;
    value.number = case_kept_digits(value.number);
    c->values[index] = value;
    c->origins[index] = reader->origin;
    return QV_OK;
}

static int read_findings(const struct reader *reader, json_t *json)
{
    if (!json_is_object(json))
        return qv_fail(reader->error, QV_ERR_DATA, "findings: found %s, expected an object", found_json(json).text);
    const char *key;
    json_t *value;
    json_object_foreach(json, key, value)
    {
        int status = read_finding(reader, key, value);
        if (status)
            return status;
    }
    return case_check_times(reader->c, case_age(reader->c), reader->error);
}

static int read_as_of(const struct reader *reader, const json_t *json)
{
    if (json_is_string(json) && qv_date_parse(json_string_value(json), &reader->c->as_of_days))
        return QV_OK;
    return qv_fail(reader->error, QV_ERR_DATA, "as_of: found %s, expected a date like \"2026-11-22\"",
                   found_json(json).text);
}

static int read_top(const struct reader *reader, json_t *json)
{
    static const char *const keys[] = {"quiver_case", "as_of", "findings"};
    if (!json_is_object(json))
        return qv_fail(reader->error, QV_ERR_DATA, "found %s, expected an object with \"quiver_case\" and \"findings\"",
                       found_json(json).text);

    /* First what it claims to be: a file of another kind should not be blamed for its keys. */
    const json_t *version = json_object_get(json, "quiver_case");
    if (!version)
        return qv_fail(reader->error, QV_ERR_DATA,
                       "quiver_case: missing, expected 1 (this is how a case file is known)");
    if (!json_is_number(version) || json_number_value(version) != 1)
        return qv_fail(reader->error, QV_ERR_DATA, "quiver_case: found %s, expected 1", found_json(version).text);

    const json_t *as_of = json_object_get(json, "as_of");
    if (!as_of)
        reader->c->as_of_days = qv_date_today();
    const char *key;
    json_t *value;
    json_object_foreach(json, key, value)
    {
        int status = QV_OK;
        if (value == as_of)
            status = read_as_of(reader, value);
        else if (strcmp(key, "findings") == 0)
            status = read_findings(reader, value);
        else if (value != version)
            status = qv_fail(reader->error, QV_ERR_DATA, "%s: unknown key, expected quiver_case, as_of or findings%s",
                             phrase_shown(key, strlen(key)).text, phrase_nearest_word(key, strlen(key), keys, 3).text);
        if (status)
            return status;
    }
    return QV_OK;
}

/* ---- the JSON ------------------------------------------------------------------------------------------------------ */

/*
 * Short of memory, jansson 2.14 can drop a byte of a string and go on. So it is given an allocator that remembers a
 * failure; a parse during which one happened is not believed.
 */
static _Thread_local bool memory_failed;

static void *watched_malloc(size_t size)
{
    void *memory = malloc(size);
    memory_failed |= !memory;
    return memory;
}

/* The text has no zero byte, which strchr() would find. */
static bool is_all_blank(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length && strchr(" \t\r\n", text[at]))
        at++;
    return at == length;
}

/* jansson's error in our words, with the place in the case where there is one. */
static int refuse_syntax(const char *json, size_t length, const json_error_t *problem, struct qv_error *error)
{
    enum json_error_code code = json_error_code(problem);
    if (code == json_error_out_of_memory)
        return refuse_memory(error);
    if (is_all_blank(json, length))
        return qv_fail(error, QV_ERR_DATA, "found nothing, expected a case: {\"quiver_case\": 1, \"findings\": {...}}");

    size_t offset = problem->position >= 0 && (size_t)problem->position < length ? (size_t)problem->position : length;
    struct trail trail = {0};
    trail_walk(json, offset, &trail);
    struct phrase place = trail_place(&trail);
    struct position position = position_of(json, offset ? offset - 1 : 0);
    const char *colon = place.text[0] ? ": " : "";

    switch (code) {
    case json_error_duplicate_key:
        return qv_fail(error, QV_ERR_DATA, "%s%sgiven a second time (line %zu, column %zu), expected once", place.text,
                       colon, position.line, position.column);
    case json_error_premature_end_of_input:
        return qv_fail(error, QV_ERR_DATA, "line %zu, column %zu: the text ends in the middle%s%s", position.line,
                       position.column, place.text[0] ? " of " : "", place.text);
    case json_error_end_of_input_expected:
        return qv_fail(error, QV_ERR_DATA,
                       "line %zu, column %zu: found more after the end of the case, expected nothing", position.line,
                       position.column);
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return qv_fail(error, QV_ERR_DATA,
                       "%s%sfound a zero character (\\u0000) (line %zu, column %zu), expected text without", place.text,
                       colon, position.line, position.column);
    case json_error_numeric_overflow:
        return qv_fail(error, QV_ERR_DATA, "%s%sfound a number too large to read (line %zu, column %zu)", place.text,
                       colon, position.line, position.column);
    default:
        return qv_fail(error, QV_ERR_DATA, "line %zu, column %zu%s%s: %.*s", position.line, position.column,
                       place.text[0] ? ", at " : "", place.text, SHOWN_BYTES_MAX * 2,
                       qv_utf8_valid(problem->text, strlen(problem->text)) ? problem->text : "this is not JSON");
    }
}

int qv_case_parse(struct qv_arena *arena, const struct qv_form *form, const char *json, size_t length,
                  const char *origin, struct qv_case **out, struct qv_error *error)
{
    int status = check_bytes(json, length, error);
    if (status)
        return status;

    struct qv_case *c = case_blank(arena, form);
    if (!c)
        return refuse_memory(error);

    /* Whole numbers too are read as reals: a count of any size is then judged by its range. */
    json_error_t problem;
    memory_failed = false;
    json_set_alloc_funcs(watched_malloc, free);
    json_t *root = json_loadb(length ? json : "", length, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &problem);
    if (memory_failed) {
        json_decref(root);
        return refuse_memory(error);
    }
    if (!root)
        return refuse_syntax(json, length, &problem, error);

    struct reader reader = {arena, c, origin, error};
    status = read_top(&reader, root);
    json_decref(root);
    if (status)
        return status;
    *out = c;
    return QV_OK;
}
