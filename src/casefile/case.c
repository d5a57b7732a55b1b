/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing case files. The bytes come from a stranger, so they pass three gates before anything is believed:
 *
 *   1. the bytes: length, zero bytes, UTF-8, depth of nesting (jansson would allow 2048)
 *   2. the JSON: jansson, which refuses duplicate keys and trailing bytes
 *   3. the form: names, types, ranges, words, and times that lie before birth
 *
 * Each gate is one pass, so the cost grows with the length of the text and nothing else. What looks for the nearest
 * name ("did you mean") or for the place of a syntax error runs only once something is wrong.
 *
 * Numbers are kept to a millionth: that is what qv_json_number() writes, and a case that is written and read again must
 * be the same case.
 */
#include <quiver/casefile.h>

#include <assert.h>
#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16
#define DAYS_PER_YEAR 365.25
/* Nobody is older, so no medicine was begun longer ago where the age is not known. */
#define OLDEST_YEARS 130
/* Longest piece of the person's own text that an error repeats. */
#define SHOWN_BYTES_MAX 48
#define EXPECTED_BYTES_MAX 256
#define PLACE_BYTES_MAX 128

static int out_of_memory(struct qv_error *error)
{
    return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
}

/* ---- showing what was found ---------------------------------------------------------------------------------------- */

/* A character that could steer a terminal or turn the direction of a line. */
static bool is_unsafe(const unsigned char *at, size_t size)
{
    if (size == 1)
        return at[0] < 0x20 || at[0] == 0x7f;
    if (size == 2)
        return at[0] == 0xC2 && at[1] < 0xA0;
    if (size != 3 || at[0] != 0xE2)
        return false;
    bool marks_or_lines = at[1] == 0x80 && (at[2] == 0x8E || at[2] == 0x8F || (at[2] >= 0xA8 && at[2] <= 0xAE));
    bool isolates = at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9;
    return marks_or_lines || isolates;
}

struct shown {
    char text[SHOWN_BYTES_MAX + 4]; /* room for the dots that say it goes on */
};

/* The beginning of well-formed UTF-8 text, fit for a message. */
static struct shown show(const char *text, size_t length)
{
    struct shown shown = {0};
    size_t out = 0;
    for (size_t i = 0, size; i < length; i += size) {
        const unsigned char *at = (const unsigned char *)text + i;
        size = at[0] < 0x80 ? 1 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
        if (size > length - i || out + size > SHOWN_BYTES_MAX) {
            memcpy(shown.text + out, "...", 3);
            break;
        }
        if (is_unsafe(at, size)) {
            shown.text[out++] = '?';
        } else {
            memcpy(shown.text + out, at, size);
            out += size;
        }
    }
    return shown;
}

struct found {
    char text[SHOWN_BYTES_MAX + 16];
};

static struct found found_number(double number)
{
    struct found found;
    snprintf(found.text, sizeof found.text, "%.10g", number);
    return found;
}

static struct found found_json(const json_t *json)
{
    struct found found;
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        snprintf(found.text, sizeof found.text, "an object");
        break;
    case JSON_ARRAY:
        snprintf(found.text, sizeof found.text, "a list");
        break;
    case JSON_STRING:
        snprintf(found.text, sizeof found.text, "\"%s\"", show(json_string_value(json), json_string_length(json)).text);
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        return found_number(json_number_value(json));
    case JSON_TRUE:
        snprintf(found.text, sizeof found.text, "true");
        break;
    case JSON_FALSE:
        snprintf(found.text, sizeof found.text, "false");
        break;
    case JSON_NULL:
        snprintf(found.text, sizeof found.text, "null (leave out what is not known)");
        break;
    }
    return found;
}

struct expected {
    char text[EXPECTED_BYTES_MAX];
};

/* "one of left, right, both" */
static void list_words(struct expected *expected, const char *lead, const struct qv_field *field)
{
    size_t used = (size_t)snprintf(expected->text, sizeof expected->text, "%s", lead);
    for (uint32_t w = 0; w < field->word_count; w++) {
        size_t room = sizeof expected->text - used;
        int more = snprintf(expected->text + used, room, "%s%s", w ? ", " : " ", field->words[w]);
        if (more < 0 || (size_t)more + 4 >= room) {
            snprintf(expected->text + used, room, ", ...");
            return;
        }
        used += (size_t)more;
    }
}

static struct expected expected_of(const struct qv_field *field)
{
    struct expected expected;
    switch (field->type) {
    case QV_FIELD_YES_NO:
        snprintf(expected.text, sizeof expected.text, "true or false");
        break;
    case QV_FIELD_NUMBER:
        snprintf(expected.text, sizeof expected.text, "a number from %.10g to %.10g%s%s%s", field->minimum,
                 field->maximum, field->unit ? " (" : "", field->unit ? field->unit : "", field->unit ? ")" : "");
        break;
    case QV_FIELD_CHOICE:
        list_words(&expected, "one of", field);
        break;
    case QV_FIELD_CHOICES:
        list_words(&expected, "a list of any of", field);
        break;
    case QV_FIELD_MEDICINES:
        snprintf(expected.text, sizeof expected.text,
                 "a list of {\"name\", \"started_days_ago\", \"dose_changed_days_ago\", \"stopped_days_ago\"}");
        break;
    }
    return expected;
}

/* ---- did you mean -------------------------------------------------------------------------------------------------- */

#define NAME_BYTES_MAX 64

static char folded(char c)
{
    return c == '-' || c == ' ' ? '_' : (char)tolower((unsigned char)c);
}

/* Letters to change, add, leave out or swap until a becomes b (optimal string alignment). */
static unsigned edits_between(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned rows[3][NAME_BYTES_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    for (unsigned j = 0; j <= b_length; j++)
        last[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            bool same = folded(a[i - 1]) == folded(b[j - 1]);
            unsigned least = last[j - 1] + !same;
            if (last[j] + 1 < least)
                least = last[j] + 1;
            if (row[j - 1] + 1 < least)
                least = row[j - 1] + 1;
            bool swapped =
                i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) && folded(a[i - 2]) == folded(b[j - 1]);
            if (swapped && before[j - 2] + 1 < least)
                least = before[j - 2] + 1;
            row[j] = least;
        }
        unsigned *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[b_length];
}

/* True when the words of one name ("caffeine") begin or end the other ("caffeine_mg_per_day"). */
static bool is_part_of(const char *part, size_t part_length, const char *whole, size_t whole_length)
{
    if (part_length < 3 || part_length >= whole_length)
        return false;
    bool begins = whole[part_length] == '_' && strncasecmp(part, whole, part_length) == 0;
    size_t rest = whole_length - part_length;
    return begins || (whole[rest - 1] == '_' && strncasecmp(part, whole + rest, part_length) == 0);
}

struct nearest {
    const char *word;
    unsigned distance;
};

static void consider(struct nearest *nearest, const char *name, size_t length, const char *word)
{
    size_t word_length = strlen(word);
    if (length == 0 || length > NAME_BYTES_MAX || word_length > NAME_BYTES_MAX)
        return;
    size_t longer = length > word_length ? length : word_length;
    unsigned distance = edits_between(name, length, word, word_length);
    if (distance > 1 + longer / 5 || distance >= longer) {
        if (!is_part_of(name, length, word, word_length) && !is_part_of(word, word_length, name, length))
            return;
        distance += NAME_BYTES_MAX; /* after all that are merely misspelt */
    }
    if (!nearest->word || distance < nearest->distance)
        *nearest = (struct nearest){word, distance};
}

struct hint {
    char text[NAME_BYTES_MAX + 24];
};

static struct hint hint_of(const struct nearest *nearest)
{
    struct hint hint = {0};
    if (nearest->word)
        snprintf(hint.text, sizeof hint.text, "; did you mean \"%s\"?", nearest->word);
    return hint;
}

static struct hint nearest_word(const char *name, size_t length, const char *const *words, size_t count)
{
    struct nearest nearest = {0};
    for (size_t i = 0; i < count; i++)
        consider(&nearest, name, length, words[i]);
    return hint_of(&nearest);
}

static struct hint nearest_field(const char *name, size_t length, const struct qv_form *form)
{
    struct nearest nearest = {0};
    for (uint32_t i = 0; i < form->field_count; i++)
        consider(&nearest, name, length, form->fields[i].id);
    return hint_of(&nearest);
}

/* ---- making and changing a case ------------------------------------------------------------------------------------ */

static int create(struct qv_arena *arena, const struct qv_form *form, struct qv_case **out, struct qv_error *error)
{
    struct qv_case *c = qv_arena_alloc(arena, 1, sizeof *c);
    if (!c)
        return out_of_memory(error);
    c->form = form;
    c->values = qv_arena_alloc(arena, form->field_count, sizeof *c->values);
    c->origins = qv_arena_alloc(arena, form->field_count, sizeof *c->origins);
    if (!c->values || !c->origins)
        return out_of_memory(error);
    *out = c;
    return QV_OK;
}

int qv_case_create(struct qv_arena *arena, const struct qv_form *form, struct qv_case **out, struct qv_error *error)
{
    struct qv_case *c = NULL;
    int status = create(arena, form, &c, error);
    if (status)
        return status;
    c->as_of_days = qv_date_today();
    *out = c;
    return QV_OK;
}

int qv_case_copy(struct qv_arena *arena, const struct qv_case *original, struct qv_case **out, struct qv_error *error)
{
    struct qv_case *c = NULL;
    int status = create(arena, original->form, &c, error);
    if (status)
        return status;
    if (original->form->field_count) {
        memcpy(c->values, original->values, original->form->field_count * sizeof *c->values);
        memcpy(c->origins, original->origins, original->form->field_count * sizeof *c->origins);
    }
    c->as_of_days = original->as_of_days;
    c->medicines_known = original->medicines_known;
    c->medicine_count = original->medicine_count;
    if (c->medicine_count) {
        c->medicines = qv_arena_alloc(arena, c->medicine_count, sizeof *c->medicines);
        if (!c->medicines)
            return out_of_memory(error);
    }
    for (uint32_t m = 0; m < c->medicine_count; m++) {
        c->medicines[m] = original->medicines[m];
        c->medicines[m].name = qv_arena_copy(arena, original->medicines[m].name, strlen(original->medicines[m].name));
        if (!c->medicines[m].name)
            return out_of_memory(error);
    }
    *out = c;
    return QV_OK;
}

/* ---- what a value may be ------------------------------------------------------------------------------------------- */

/* NaN when the age is not known. */
static double age_of(const struct qv_case *c)
{
    int field = qv_form_find(c->form, "age");
    return field >= 0 && c->values[field].kind == QV_NUMBER ? c->values[field].number : (double)NAN;
}

/* Who is 34 may turn 35 tomorrow. */
static double days_since_birth_at_most(double age)
{
    return (age + 1) * DAYS_PER_YEAR;
}

static int refuse_number(const struct qv_field *field, double number, struct qv_error *error)
{
    return qv_fail(error, QV_ERR_DATA, "findings.%s: found %s, expected %s", field->id, found_number(number).text,
                   expected_of(field).text);
}

static int check_not_before_birth(const struct qv_field *field, double number, double age, struct qv_error *error)
{
    if (field->days_ago_per_unit <= 0 || isnan(age) ||
        number * field->days_ago_per_unit <= days_since_birth_at_most(age))
        return QV_OK;
    return qv_fail(error, QV_ERR_DATA,
                   "findings.%s: found %s, which is before birth at an age of %.10g, expected at most %.10g%s%s",
                   field->id, found_number(number).text, age,
                   floor(days_since_birth_at_most(age) / field->days_ago_per_unit), field->unit ? " " : "",
                   field->unit ? field->unit : "");
}

static int check_medicine_day(uint32_t index, const char *key, double days, double age, struct qv_error *error)
{
    if (isnan(days))
        return QV_OK;
    double most = floor(days_since_birth_at_most(isnan(age) ? OLDEST_YEARS : age));
    if (isfinite(days) && days >= 0 && days <= most)
        return QV_OK;
    if (isfinite(days) && days >= 0 && !isnan(age))
        return qv_fail(error, QV_ERR_DATA,
                       "findings.medications[%u].%s: found %s, which is before birth at an age of %.10g, expected at "
                       "most %.10g days",
                       index, key, found_number(days).text, age, most);
    return qv_fail(error, QV_ERR_DATA,
                   "findings.medications[%u].%s: found %s, expected a number from 0 to %.10g (days)", index, key,
                   found_number(days).text, most);
}

/* Days ago count backwards: what came later is the smaller number. */
static int check_medicine_order(uint32_t index, const char *key, double days, const char *earlier_key,
                                double earlier_days, struct qv_error *error)
{
    if (isnan(days) || isnan(earlier_days) || days <= earlier_days)
        return QV_OK;
    return qv_fail(error, QV_ERR_DATA, "findings.medications[%u].%s: found %s, expected at most %s, which is %s", index,
                   key, found_number(days).text, found_number(earlier_days).text, earlier_key);
}

static int check_medicine(uint32_t index, const struct qv_case_medicine *medicine, double age, struct qv_error *error)
{
    int status = check_medicine_day(index, "started_days_ago", medicine->started_days_ago, age, error);
    if (status == QV_OK)
        status = check_medicine_day(index, "dose_changed_days_ago", medicine->dose_changed_days_ago, age, error);
    if (status == QV_OK)
        status = check_medicine_day(index, "stopped_days_ago", medicine->stopped_days_ago, age, error);
    if (status == QV_OK)
        status = check_medicine_order(index, "stopped_days_ago", medicine->stopped_days_ago, "started_days_ago",
                                      medicine->started_days_ago, error);
    if (status == QV_OK)
        status = check_medicine_order(index, "dose_changed_days_ago", medicine->dose_changed_days_ago,
                                      "started_days_ago", medicine->started_days_ago, error);
    return status;
}

/* Everything that happened, happened after birth. */
static int check_times(const struct qv_case *c, double age, struct qv_error *error)
{
    for (uint32_t i = 0; i < c->form->field_count; i++) {
        if (c->values[i].kind != QV_NUMBER)
            continue;
        int status = check_not_before_birth(&c->form->fields[i], c->values[i].number, age, error);
        if (status)
            return status;
    }
    for (uint32_t m = 0; m < c->medicine_count; m++) {
        int status = check_medicine(m, &c->medicines[m], age, error);
        if (status)
            return status;
    }
    return QV_OK;
}

/* The nearest millionth. Adding 0 makes one zero of two. */
static double kept_digits(double number)
{
    return fabs(number) < 1e9 ? round(number * 1e6) / 1e6 + 0.0 : number;
}

static int check_value(const struct qv_field *field, const struct qv_value *value, struct qv_error *error)
{
    bool fits = false;
    switch (field->type) {
    case QV_FIELD_YES_NO:
        fits = value->kind == QV_NO || value->kind == QV_YES;
        break;
    case QV_FIELD_NUMBER:
        if (value->kind != QV_NUMBER)
            break;
        if (isfinite(value->number) && value->number >= field->minimum && value->number <= field->maximum)
            return QV_OK;
        return refuse_number(field, value->number, error);
    case QV_FIELD_CHOICE:
        fits = value->kind == QV_WORD && value->words < field->word_count;
        break;
    case QV_FIELD_CHOICES:
        fits = value->kind == QV_WORDS && (uint64_t)value->words >> field->word_count == 0;
        break;
    case QV_FIELD_MEDICINES:
        fits = value->kind == QV_NO; /* takes none; names come with the case file */
        break;
    }
    if (fits)
        return QV_OK;
    return qv_fail(error, QV_ERR_DATA, "findings.%s: found another kind of answer, expected %s", field->id,
                   expected_of(field).text);
}

int qv_case_set(struct qv_case *c, int field, struct qv_value value, const char *origin, struct qv_error *error)
{
    assert(field >= 0 && (uint32_t)field < c->form->field_count);
    const struct qv_field *f = &c->form->fields[field];
    if (f->type == QV_FIELD_MEDICINES && (value.kind == QV_NO || value.kind == QV_UNKNOWN)) {
        c->medicines_known = value.kind == QV_NO;
        c->medicine_count = 0;
        c->origins[field] = value.kind == QV_NO ? origin : NULL;
        return QV_OK;
    }
    if (value.kind != QV_UNKNOWN) {
        int status = check_value(f, &value, error);
        if (status == QV_OK && value.kind == QV_NUMBER) {
            value.number = kept_digits(value.number);
            status = strcmp(f->id, "age") == 0 ? check_times(c, value.number, error)
                                               : check_not_before_birth(f, value.number, age_of(c), error);
        }
        if (status)
            return status;
    }
    c->values[field] = value;
    c->origins[field] = value.kind == QV_UNKNOWN ? NULL : origin;
    return QV_OK;
}

/* ---- the form: from JSON to values ---------------------------------------------------------------------------------- */

struct reader {
    struct qv_arena *arena;
    struct qv_case *c;
    const char *origin;
    struct qv_error *error;
};

static int refuse_json(const struct reader *reader, const struct qv_field *field, const json_t *json)
{
    return qv_fail(reader->error, QV_ERR_DATA, "findings.%s: found %s, expected %s", field->id, found_json(json).text,
                   expected_of(field).text);
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
    struct expected expected;
    list_words(&expected, "one of", field);
    struct hint hint = {0};
    if (json_is_string(json))
        hint = nearest_word(json_string_value(json), json_string_length(json), field->words, field->word_count);
    return qv_fail(reader->error, QV_ERR_DATA, "findings.%s%s: found %s, expected %s%s", field->id, place,
                   found_json(json).text, expected.text, hint.text);
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
    return *out ? QV_OK : out_of_memory(reader->error);
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
                           index, show(key, strlen(key)).text,
                           nearest_word(key, strlen(key), medicine_keys, KEY_COUNT).text);
        if (k == KEY_NAME)
            name = value;
        else if (json_is_number(value))
            days[k] = kept_digits(json_number_value(value));
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
            return out_of_memory(reader->error);
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
        return qv_fail(reader->error, QV_ERR_DATA, "findings.%s: unknown finding%s", show(key, strlen(key)).text,
                       nearest_field(key, strlen(key), c->form).text);

    const struct qv_field *field = &c->form->fields[index];
    struct qv_value value = {0};
    int status = read_value(reader, field, json, &value);
    if (status == QV_OK && field->type != QV_FIELD_MEDICINES)
        status = check_value(field, &value, reader->error);
    if (status)
        return status;
    value.number = kept_digits(value.number);
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
    return check_times(reader->c, age_of(reader->c), reader->error);
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
                             show(key, strlen(key)).text, nearest_word(key, strlen(key), keys, 3).text);
        if (status)
            return status;
    }
    return QV_OK;
}

/* ---- the bytes ----------------------------------------------------------------------------------------------------- */

/* Where in the nesting a byte stands. Keys are as written, with their escapes. */
struct trail {
    unsigned depth;
    struct {
        const char *key;
        size_t key_length, index;
        bool is_list, wants_key;
    } at[DEPTH_MAX + 1];
};

/* Follows brackets and keys up to @p length bytes; returns how many were walked, fewer when it goes too deep. */
static size_t walk(const char *json, size_t length, struct trail *trail)
{
    trail->depth = 0;
    for (size_t i = 0; i < length; i++) {
        switch (json[i]) {
        case '"': {
            size_t start = ++i;
            while (i < length && json[i] != '"')
                i += json[i] == '\\' ? 2 : 1;
            if (trail->at[trail->depth].wants_key && trail->depth) {
                trail->at[trail->depth].key = json + start;
                trail->at[trail->depth].key_length = (i < length ? i : length) - start;
            }
            break;
        }
        case '{':
        case '[':
            if (trail->depth == DEPTH_MAX)
                return i;
            trail->depth++;
            trail->at[trail->depth].key = NULL;
            trail->at[trail->depth].index = 0;
            trail->at[trail->depth].is_list = json[i] == '[';
            trail->at[trail->depth].wants_key = json[i] == '{';
            break;
        case '}':
        case ']':
            trail->depth -= trail->depth > 0;
            break;
        case ',':
            trail->at[trail->depth].index++;
            trail->at[trail->depth].wants_key = !trail->at[trail->depth].is_list;
            break;
        case ':':
            trail->at[trail->depth].wants_key = false;
            break;
        default:
            break;
        }
    }
    return length;
}

struct place {
    char text[PLACE_BYTES_MAX];
};

/* "findings.medications[2].name"; empty at the top. Only the ends of very long trails are cut off. */
static struct place place_of(const struct trail *trail)
{
    struct place place = {0};
    size_t used = 0;
    for (unsigned d = 1; d <= trail->depth && used < sizeof place.text; d++) {
        size_t room = sizeof place.text - used;
        int more = 0;
        if (trail->at[d].is_list)
            more = snprintf(place.text + used, room, "[%zu]", trail->at[d].index);
        else if (trail->at[d].key)
            more = snprintf(place.text + used, room, "%s%s", used ? "." : "",
                            show(trail->at[d].key, trail->at[d].key_length).text);
        if (more < 0 || (size_t)more >= room) {
            place.text[used] = 0;
            break;
        }
        used += (size_t)more;
    }
    return place;
}

struct position {
    size_t line, column;
};

static struct position position_of(const char *json, size_t offset)
{
    struct position position = {.line = 1};
    size_t line_start = 0;
    for (size_t i = 0; i < offset; i++) {
        if (json[i] == '\n') {
            position.line++;
            line_start = i + 1;
        }
    }
    position.column = qv_utf8_columns(json + line_start, offset - line_start) + 1;
    return position;
}

static int refuse_bytes(const char *json, size_t offset, const char *what, struct qv_error *error)
{
    struct position position = position_of(json, offset);
    return qv_fail(error, QV_ERR_DATA, "line %zu, column %zu: found %s, expected JSON in UTF-8", position.line,
                   position.column, what);
}

/* The first byte that is not part of well-formed UTF-8, by halving: a prefix is valid or it is not. */
static size_t first_bad_utf8(const char *json, size_t length)
{
    size_t good = 0, bad = length;
    while (bad - good > 1) {
        size_t middle = good + (bad - good) / 2, end = middle;
        while (end > good && ((unsigned char)json[end] & 0xC0) == 0x80)
            end--;
        if (end == good)
            break;
        if (qv_utf8_valid(json + good, end - good))
            good = end;
        else
            bad = end;
    }
    return good;
}

static int check_bytes(const char *json, size_t length, struct qv_error *error)
{
    if (length > QV_CASE_MAX_BYTES)
        return qv_fail(error, QV_ERR_DATA, "found %zu bytes, expected at most %zu in a case", length,
                       QV_CASE_MAX_BYTES);
    const char *zero = length ? memchr(json, 0, length) : NULL;
    if (zero)
        return refuse_bytes(json, (size_t)(zero - json), "a zero byte", error);
    if (!qv_utf8_valid(json, length))
        return refuse_bytes(json, first_bad_utf8(json, length), "bytes that are not UTF-8", error);

    struct trail trail = {0};
    size_t walked = walk(json, length, &trail);
    if (walked < length) {
        struct position position = position_of(json, walked);
        return qv_fail(error, QV_ERR_DATA, "%s: nested deeper than %d (line %zu, column %zu)", place_of(&trail).text,
                       DEPTH_MAX, position.line, position.column);
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

static bool is_all_blank(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length && memchr(" \t\r\n", text[at], 4))
        at++;
    return at == length;
}

/* jansson's error in our words, with the place in the case where there is one. */
static int refuse_syntax(const char *json, size_t length, const json_error_t *problem, struct qv_error *error)
{
    enum json_error_code code = json_error_code(problem);
    if (code == json_error_out_of_memory)
        return out_of_memory(error);
    if (is_all_blank(json, length))
        return qv_fail(error, QV_ERR_DATA, "found nothing, expected a case: {\"quiver_case\": 1, \"findings\": {...}}");

    size_t offset = problem->position >= 0 && (size_t)problem->position < length ? (size_t)problem->position : length;
    struct trail trail = {0};
    walk(json, offset, &trail);
    struct place place = place_of(&trail);
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

    struct qv_case *c = NULL;
    status = create(arena, form, &c, error);
    if (status)
        return status;

    /* Whole numbers too are read as reals: a count of any size is then judged by its range. */
    json_error_t problem;
    memory_failed = false;
    json_set_alloc_funcs(watched_malloc, free);
    json_t *root = json_loadb(length ? json : "", length, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &problem);
    if (memory_failed) {
        json_decref(root);
        return out_of_memory(error);
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

/* ---- writing ------------------------------------------------------------------------------------------------------- */

static void write_days(struct qv_json *json, const char *key, double days)
{
    if (!isnan(days))
        qv_json_number(json, key, days);
}

static void write_medicines(const struct qv_case *c, const char *key, struct qv_json *json)
{
    qv_json_array(json, key);
    for (uint32_t m = 0; m < c->medicine_count; m++) {
        const struct qv_case_medicine *medicine = &c->medicines[m];
        qv_json_object(json, NULL);
        qv_json_string(json, "name", medicine->name);
        write_days(json, "started_days_ago", medicine->started_days_ago);
        write_days(json, "dose_changed_days_ago", medicine->dose_changed_days_ago);
        write_days(json, "stopped_days_ago", medicine->stopped_days_ago);
        qv_json_object_end(json);
    }
    qv_json_array_end(json);
}

static void write_value(const struct qv_field *field, const struct qv_value *value, struct qv_json *json)
{
    switch (value->kind) {
    case QV_UNKNOWN:
        break;
    case QV_NO:
    case QV_YES:
        qv_json_bool(json, field->id, value->kind == QV_YES);
        break;
    case QV_NUMBER:
        qv_json_number(json, field->id, value->number);
        break;
    case QV_WORD:
        qv_json_string(json, field->id, field->words[value->words]);
        break;
    case QV_WORDS:
        qv_json_array(json, field->id);
        for (uint32_t w = 0; w < field->word_count; w++) {
            if (value->words >> w & 1)
                qv_json_string(json, NULL, field->words[w]);
        }
        qv_json_array_end(json);
        break;
    }
}

void qv_case_write(const struct qv_case *c, struct qv_json *json)
{
    char as_of[11];
    qv_date_format(c->as_of_days, as_of);
    qv_json_object(json, NULL);
    qv_json_number(json, "quiver_case", 1);
    qv_json_string(json, "as_of", as_of);
    qv_json_object(json, "findings");
    for (uint32_t i = 0; i < c->form->field_count; i++) {
        const struct qv_field *field = &c->form->fields[i];
        if (field->type != QV_FIELD_MEDICINES)
            write_value(field, &c->values[i], json);
        else if (c->medicines_known)
            write_medicines(c, field->id, json);
    }
    qv_json_object_end(json);
    qv_json_object_end(json);
}
