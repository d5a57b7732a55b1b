/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading case files. The bytes come from a stranger, so they pass three gates before anything is believed:
 *
 *   1. the bytes: length, zero bytes, UTF-8, depth of nesting; bytes.c
 *   2. the JSON; tree.c
 *   3. the form: names and types here, ranges, words and times that lie before birth in case.c
 *
 * Each gate is one pass, so the cost grows with the length of the text and nothing else. What looks for the nearest
 * name ("did you mean") or for the place of a syntax error runs only once something is wrong.
 */
#include "bytes.h"
#include "case.h"
#include "refuse.h"
#include "tree.h"
#include <quiver/casefile.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- from JSON to values ------------------------------------------------------------------------------------------- */

static struct phrase found_json(const struct node *json)
{
    struct phrase found = {0};
    switch (json->kind) {
    case NODE_OBJECT:
        return (struct phrase){"an object"};
    case NODE_LIST:
        return (struct phrase){"a list"};
    case NODE_TEXT:
        snprintf(found.text, sizeof found.text, "\"%.*s\"", SHOWN_BYTES_MAX + 3,
                 phrase_shown(json->text, json->length).text);
        break;
    case NODE_NUMBER:
        return phrase_number(json->number);
    case NODE_TRUE:
        return (struct phrase){"true"};
    case NODE_FALSE:
        return (struct phrase){"false"};
    case NODE_NULL:
        return (struct phrase){"null (leave out what is not known)"};
    }
    return found;
}

struct reader {
    struct qv_arena *arena;
    struct qv_case *c;
    const char *json; /* the text */
    const char *origin;
    struct qv_error *error;
};

static int refuse_json(const struct reader *reader, const struct qv_field *field, const struct node *json)
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

static int refuse_word(const struct reader *reader, const struct qv_field *field, const char *place,
                       const struct node *json)
{
    struct phrase hint = {0};
    if (json->kind == NODE_TEXT)
        hint = phrase_nearest_word(json->text, json->length, field->words, field->word_count);
    return qv_fail(reader->error, QV_ERR_DATA, "findings.%s%s: found %s, expected %s%s", field->id, place,
                   found_json(json).text, phrase_one_of(field).text, hint.text);
}

static int read_words(const struct reader *reader, const struct qv_field *field, const struct node *json,
                      struct qv_value *value)
{
    if (json->kind != NODE_LIST)
        return refuse_json(reader, field, json);
    if (!json->first) /* "nowhere" is not an answer to "where?", and what is not known is left out */
        return qv_fail(reader->error, QV_ERR_DATA, "findings.%s: found an empty list, expected at least %s", field->id,
                       phrase_one_of(field).text);
    value->kind = QV_WORDS;
    uint32_t index = 0;
    for (const struct node *item = json->first; item; item = item->next, index++) {
        int word = item->kind == NODE_TEXT ? word_index(field, item->text) : -1;
        if (word < 0)
            return refuse_word(reader, field, phrase_index(index).text, item);
        if (value->words >> word & 1)
            return qv_fail(reader->error, QV_ERR_DATA,
                           "findings.%s[%u]: found \"%s\" a second time, expected each once", field->id, index,
                           field->words[word]);
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

static int read_name(const struct reader *reader, uint32_t index, const struct node *json, const char **out)
{
    if (!json)
        return qv_fail(reader->error, QV_ERR_DATA,
                       "findings.medications[%u].name: missing, expected the name of a medicine", index);
    if (json->kind != NODE_TEXT || json->length > QV_CASE_MAX_NAME_BYTES || is_blank(json->text))
        return qv_fail(reader->error, QV_ERR_DATA,
                       "findings.medications[%u].name: found %s, expected the name of a medicine of 1 to %d bytes",
                       index, found_json(json).text, QV_CASE_MAX_NAME_BYTES);
    *out = json->text;
    return QV_OK;
}

static int refuse_key(const struct reader *reader, uint32_t index, const char *key)
{
    return qv_fail(reader->error, QV_ERR_DATA,
                   "findings.medications[%u].%s: unknown key, expected name, started_days_ago, "
                   "dose_changed_days_ago or stopped_days_ago%s",
                   index, phrase_shown(key, strlen(key)).text,
                   phrase_nearest_word(key, strlen(key), medicine_keys, KEY_COUNT).text);
}

static int read_medicine(const struct reader *reader, uint32_t index, const struct node *json,
                         struct qv_case_medicine *medicine)
{
    if (json->kind != NODE_OBJECT)
        return qv_fail(reader->error, QV_ERR_DATA, "findings.medications[%u]: found %s, expected {\"name\": ...}",
                       index, found_json(json).text);

    const struct node *given[KEY_COUNT] = {NULL};
    double days[KEY_COUNT] = {NAN, NAN, NAN, NAN};
    for (const struct node *member = json->first; member; member = member->next) {
        size_t k = 0;
        while (k < KEY_COUNT && strcmp(member->name, medicine_keys[k]) != 0)
            k++;
        if (k == KEY_COUNT)
            return refuse_key(reader, index, member->name);
        if (given[k])
            return tree_refuse_second(reader->json, member, reader->error);
        given[k] = member;
        if (k == KEY_NAME)
            continue;
        if (member->kind != NODE_NUMBER)
            return qv_fail(reader->error, QV_ERR_DATA,
                           "findings.medications[%u].%s: found %s, expected a number (days)", index, member->name,
                           found_json(member).text);
        days[k] = case_kept_digits(member->number);
    }

    *medicine = (struct qv_case_medicine){.started_days_ago = days[KEY_STARTED],
                                          .dose_changed_days_ago = days[KEY_DOSE_CHANGED],
                                          .stopped_days_ago = days[KEY_STOPPED]};
    return read_name(reader, index, given[KEY_NAME], &medicine->name);
}

static int read_medicines(const struct reader *reader, const struct qv_field *field, const struct node *json)
{
    if (json->kind != NODE_LIST)
        return refuse_json(reader, field, json);
    if (json->count > QV_CASE_MAX_MEDICINES)
        return qv_fail(reader->error, QV_ERR_DATA, "findings.%s: found %u medicines, expected at most %d", field->id,
                       json->count, QV_CASE_MAX_MEDICINES);

    struct qv_case *c = reader->c;
    c->medicines_known = true;
    c->medicines = qv_arena_alloc(reader->arena, json->count, sizeof *c->medicines);
    if (!c->medicines)
        return refuse_memory(reader->error);
    uint32_t index = 0;
    for (const struct node *item = json->first; item; item = item->next, index++) {
        int status = read_medicine(reader, index, item, &c->medicines[index]);
        if (status)
            return status;
    }
    c->medicine_count = json->count;
    return QV_OK;
}

/* From JSON to a value of the field's type; ranges come after. */
static int read_value(const struct reader *reader, const struct qv_field *field, const struct node *json,
                      struct qv_value *value)
{
    switch (field->type) {
    case QV_FIELD_YES_NO:
        if (json->kind != NODE_TRUE && json->kind != NODE_FALSE)
            return refuse_json(reader, field, json);
        value->kind = json->kind == NODE_TRUE ? QV_YES : QV_NO;
        return QV_OK;
    case QV_FIELD_NUMBER:
        if (json->kind != NODE_NUMBER)
            return refuse_json(reader, field, json);
        value->kind = QV_NUMBER;
        value->number = json->number;
        return QV_OK;
    case QV_FIELD_CHOICE: {
        int word = json->kind == NODE_TEXT ? word_index(field, json->text) : -1;
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

static bool is_given(const struct qv_case *c, uint32_t field)
{
    return c->form->fields[field].type == QV_FIELD_MEDICINES ? c->medicines_known : c->values[field].kind != QV_UNKNOWN;
}

static int read_finding(const struct reader *reader, const struct node *json)
{
    struct qv_case *c = reader->c;
    int index = qv_form_find(c->form, json->name);
    if (index < 0)
        return qv_fail(reader->error, QV_ERR_DATA, "findings.%s: unknown finding%s",
                       phrase_shown(json->name, strlen(json->name)).text,
                       phrase_nearest_field(json->name, strlen(json->name), c->form).text);
    if (is_given(c, (uint32_t)index))
        return tree_refuse_second(reader->json, json, reader->error);

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

static int read_findings(const struct reader *reader, const struct node *json)
{
    if (json->kind != NODE_OBJECT)
        return qv_fail(reader->error, QV_ERR_DATA, "findings: found %s, expected an object", found_json(json).text);
    for (const struct node *member = json->first; member; member = member->next) {
        int status = read_finding(reader, member);
        if (status)
            return status;
    }
    return case_check_times(reader->c, case_age(reader->c), reader->error);
}

static int read_as_of(const struct reader *reader, const struct node *json)
{
    if (json->kind == NODE_TEXT && qv_date_parse(json->text, &reader->c->as_of_days))
        return QV_OK;
    return qv_fail(reader->error, QV_ERR_DATA, "as_of: found %s, expected a date like \"2026-11-22\"",
                   found_json(json).text);
}

static const char *const top_keys[] = {"quiver_case", "as_of", "findings"};
enum { TOP_VERSION, TOP_AS_OF, TOP_FINDINGS, TOP_COUNT };

static int check_version(const struct reader *reader, const struct node *json)
{
    if (!json)
        return qv_fail(reader->error, QV_ERR_DATA,
                       "quiver_case: missing, expected 1 (this is how a case file is known)");
    if (json->kind != NODE_NUMBER || json->number != 1)
        return qv_fail(reader->error, QV_ERR_DATA, "quiver_case: found %s, expected 1", found_json(json).text);
    return QV_OK;
}

static const struct node *member_named(const struct node *json, const char *name)
{
    const struct node *member = json->first;
    while (member && strcmp(member->name, name) != 0)
        member = member->next;
    return member;
}

static int read_top(const struct reader *reader, const struct node *json)
{
    if (json->kind != NODE_OBJECT)
        return qv_fail(reader->error, QV_ERR_DATA, "found %s, expected an object with \"quiver_case\" and \"findings\"",
                       found_json(json).text);

    /* First what it claims to be: a file of another kind should not be blamed for its keys. */
    int status = check_version(reader, member_named(json, top_keys[TOP_VERSION]));
    const struct node *given[TOP_COUNT] = {NULL};
    for (const struct node *member = json->first; member && status == QV_OK; member = member->next) {
        size_t k = 0, length = strlen(member->name);
        while (k < TOP_COUNT && strcmp(member->name, top_keys[k]) != 0)
            k++;
        if (k == TOP_COUNT)
            return qv_fail(reader->error, QV_ERR_DATA, "%s: unknown key, expected quiver_case, as_of or findings%s",
                           phrase_shown(member->name, length).text,
                           phrase_nearest_word(member->name, length, top_keys, TOP_COUNT).text);
        if (given[k])
            return tree_refuse_second(reader->json, member, reader->error);
        given[k] = member;
        if (k == TOP_AS_OF)
            status = read_as_of(reader, member);
        else if (k == TOP_FINDINGS)
            status = read_findings(reader, member);
    }
    if (status == QV_OK && !given[TOP_AS_OF])
        reader->c->as_of_days = qv_date_today();
    return status;
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

    const struct node *root = NULL;
    status = tree_read(arena, json, length, &root, error);
    if (status)
        return status;
    struct reader reader = {arena, c, json, origin, error};
    status = read_top(&reader, root);
    if (status)
        return status;
    *out = c;
    return QV_OK;
}
