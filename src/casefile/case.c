/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"
#include "refuse.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define DAYS_PER_YEAR 365.25
/* Nobody is older, so no medicine was begun longer ago where the age is not known. */
#define OLDEST_YEARS 130

/* ---- making a case ------------------------------------------------------------------------------------------------- */

struct qv_case *case_blank(struct qv_arena *arena, const struct qv_form *form)
{
    struct qv_case *c = qv_arena_alloc(arena, 1, sizeof *c);
    if (!c)
        return NULL;
    c->form = form;
    c->values = qv_arena_alloc(arena, form->field_count, sizeof *c->values);
    c->origins = qv_arena_alloc(arena, form->field_count, sizeof *c->origins);
    return c->values && c->origins ? c : NULL;
}

int qv_case_create(struct qv_arena *arena, const struct qv_form *form, struct qv_case **out, struct qv_error *error)
{
    struct qv_case *c = case_blank(arena, form);
    if (!c)
        return refuse_memory(error);
    c->as_of_days = qv_date_today();
    *out = c;
    return QV_OK;
}

int qv_case_copy(struct qv_arena *arena, const struct qv_case *original, struct qv_case **out, struct qv_error *error)
{
    struct qv_case *c = case_blank(arena, original->form);
    if (!c)
        return refuse_memory(error);
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
            return refuse_memory(error);
    }
    for (uint32_t m = 0; m < c->medicine_count; m++) {
        c->medicines[m] = original->medicines[m];
        c->medicines[m].name = qv_arena_copy(arena, original->medicines[m].name, strlen(original->medicines[m].name));
        if (!c->medicines[m].name)
            return refuse_memory(error);
    }
    *out = c;
    return QV_OK;
}

/* ---- what a value may be ------------------------------------------------------------------------------------------- */

double case_age(const struct qv_case *c)
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
    return qv_fail(error, QV_ERR_DATA, "findings.%s: found %s, expected %s", field->id, phrase_number(number).text,
                   phrase_expected(field).text);
}

static int check_not_before_birth(const struct qv_field *field, double number, double age, struct qv_error *error)
{
    if (field->days_ago_per_unit <= 0 || isnan(age) ||
        number * field->days_ago_per_unit <= days_since_birth_at_most(age))
        return QV_OK;
    return qv_fail(error, QV_ERR_DATA,
                   "findings.%s: found %s, which is before birth at an age of %.10g, expected at most %.10g%s%s",
                   field->id, phrase_number(number).text, age,
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
                       index, key, phrase_number(days).text, age, most);
    return qv_fail(error, QV_ERR_DATA,
                   "findings.medications[%u].%s: found %s, expected a number from 0 to %.10g (days)", index, key,
                   phrase_number(days).text, most);
}

/* Days ago count backwards: what came later is the smaller number. */
static int check_medicine_order(uint32_t index, const char *key, double days, const char *earlier_key,
                                double earlier_days, struct qv_error *error)
{
    if (isnan(days) || isnan(earlier_days) || days <= earlier_days)
        return QV_OK;
    return qv_fail(error, QV_ERR_DATA, "findings.medications[%u].%s: found %s, expected at most %s, which is %s", index,
                   key, phrase_number(days).text, phrase_number(earlier_days).text, earlier_key);
}

static int check_medicine(uint32_t index, const struct qv_case_medicine *medicine, double age, struct qv_error *error)
{
    const struct {
        const char *key;
        double days;
    } dates[] = {{"started_days_ago", medicine->started_days_ago},
                 {"stopped_days_ago", medicine->stopped_days_ago},
                 {"dose_changed_days_ago", medicine->dose_changed_days_ago}};
    int status = QV_OK;
    for (size_t d = 0; status == QV_OK && d < 3; d++)
        status = check_medicine_day(index, dates[d].key, dates[d].days, age, error);
    for (size_t d = 1; status == QV_OK && d < 3; d++)
        status = check_medicine_order(index, dates[d].key, dates[d].days, dates[0].key, dates[0].days, error);
    if (status == QV_OK) /* no dose is changed of what was stopped */
        status = check_medicine_order(index, dates[1].key, dates[1].days, dates[2].key, dates[2].days, error);
    return status;
}

int case_check_times(const struct qv_case *c, double age, struct qv_error *error)
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

/* Adding 0 makes one zero of two. */
double case_kept_digits(double number)
{
    return fabs(number) < 1e9 ? round(number * 1e6) / 1e6 + 0.0 : number;
}

int case_check_value(const struct qv_field *field, const struct qv_value *value, struct qv_error *error)
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
        fits = value->kind == QV_WORDS && value->words && (uint64_t)value->words >> field->word_count == 0;
        break;
    case QV_FIELD_MEDICINES:
        fits = value->kind == QV_NO; /* takes none; names come with the case file */
        break;
    }
    if (fits)
        return QV_OK;
    return qv_fail(error, QV_ERR_DATA, "findings.%s: found another kind of answer, expected %s", field->id,
                   phrase_expected(field).text);
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
        int status = case_check_value(f, &value, error);
        if (status == QV_OK && value.kind == QV_NUMBER) {
            value.number = case_kept_digits(value.number);
            status = strcmp(f->id, "age") == 0 ? case_check_times(c, value.number, error)
                                               : check_not_before_birth(f, value.number, case_age(c), error);
        }
        if (status)
            return status;
    }
    c->values[field] = value;
    c->origins[field] = value.kind == QV_UNKNOWN ? NULL : origin;
    return QV_OK;
}

bool qv_case_is_from(const struct qv_case *c, uint32_t field, const char *origin)
{
    assert(field < c->form->field_count);
    return c->origins[field] && strcmp(c->origins[field], origin) == 0;
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
            qv_json_value(json, field->id, field, &c->values[i]);
        else if (c->medicines_known)
            write_medicines(c, field->id, json);
    }
    qv_json_object_end(json);
    qv_json_object_end(json);
}
