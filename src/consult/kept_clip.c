/* SPDX-License-Identifier: Apache-2.0 */
/* A clip that was watched on an earlier day, as the journal keeps it: its measurement, of which the findings are read. */
#include "daybook.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

/* The findings of a measurement as a case, so that they are checked like anything else that is said. */
static int read_findings(struct qv_daybook *book, int32_t day, const char *json, struct qv_case **out,
                         struct qv_error *error)
{
    json_error_t where;
    char as_of[11];
    json_t *measurement = json_loads(json, JSON_REJECT_DUPLICATES, &where);
    json_t *findings = json_object_get(measurement, "findings");
    if (!json_is_object(findings)) {
        json_decref(measurement);
        return qv_fail(error, QV_ERR_DATA, "expected a measurement with findings, found something else");
    }
    qv_date_format(day, as_of);
    json_t *c = json_pack("{s:i, s:s, s:O}", "quiver_case", 1, "as_of", as_of, "findings", findings);
    char *text = c ? json_dumps(c, JSON_COMPACT) : NULL;
    const int status =
        text ? qv_case_parse(book->arena, &book->knowledge->form, text, strlen(text), QV_ORIGIN_CLIP, out, error)
             : qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    free(text);
    json_decref(c);
    json_decref(measurement);
    return status;
}

/* The measured regions as words of the finding `site`, which has the same words. */
static uint32_t sites_of(const struct qv_case *c)
{
    const int measured = qv_form_find(c->form, "measured_regions"), site = qv_form_find(c->form, "site");
    uint32_t sites = 0;
    if (measured < 0 || site < 0)
        return 0;
    const struct qv_field *from = &c->form->fields[measured], *to = &c->form->fields[site];
    for (uint32_t m = 0; m < from->word_count; m++) {
        for (uint32_t w = 0; w < to->word_count && c->values[measured].words >> m & 1; w++)
            sites |= strcmp(from->words[m], to->words[w]) == 0 ? 1U << w : 0;
    }
    return sites;
}

int qv_daybook_add_clip(struct qv_daybook *book, int32_t day, const char *json, struct qv_error *error)
{
    struct qv_case *c = NULL;
    int status = read_findings(book, day, json, &c, error);
    if (status == QV_OK)
        status = daybook_add_place(book, (struct noted_place){.day = day, .sites = sites_of(c)}, error);
    if (status == QV_OK && (!book->clip || day >= book->clip_day)) {
        book->clip = c;
        book->clip_day = day;
    }
    return status;
}

double qv_measurement_rate_of(const char *json)
{
    json_error_t where;
    json_t *measurement = json_loads(json, JSON_REJECT_DUPLICATES, &where);
    const json_t *rate = json_object_get(json_object_get(measurement, "summary"), "rate_per_min");
    const double per_min = json_is_number(rate) ? json_number_value(rate) : (double)NAN;
    json_decref(measurement);
    return per_min;
}
