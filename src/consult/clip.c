/* SPDX-License-Identifier: Apache-2.0 */
/* What a clip showed, as findings of the case. Each says that it came from the clip. */
#include "evidence.h"

#include <math.h>
#include <string.h>

static int set(struct qv_case *c, int field, struct qv_value value, struct qv_error *error)
{
    return qv_case_set(c, field, value, QV_ORIGIN_CLIP, error);
}

/* A measured number outside what the form thinks possible is brought to its end: it is still known to be large. */
static int set_number(struct qv_case *c, const char *id, double number, struct qv_error *error)
{
    const int field = qv_form_find(c->form, id);
    if (field < 0 || !isfinite(number))
        return QV_OK;
    const struct qv_field *f = &c->form->fields[field];
    const double held = fmin(fmax(number, f->minimum), f->maximum);
    return set(c, field, (struct qv_value){.kind = QV_NUMBER, .number = held}, error);
}

/* The index of a word of a field, or -1. */
static int word_of(const struct qv_field *field, const char *word)
{
    for (uint32_t i = 0; i < field->word_count; i++) {
        if (strcmp(field->words[i], word) == 0)
            return (int)i;
    }
    return -1;
}

static int set_side(struct qv_case *c, enum qv_side side, struct qv_error *error)
{
    static const char *const words[] = {NULL, "left", "right", "both"};
    const int field = qv_form_find(c->form, "measured_side");
    const int word = field >= 0 && words[side] ? word_of(&c->form->fields[field], words[side]) : -1;
    return word < 0 ? QV_OK : set(c, field, (struct qv_value){.kind = QV_WORD, .words = (uint32_t)word}, error);
}

static int set_regions(struct qv_case *c, const struct qv_measurement *m, struct qv_error *error)
{
    static const char *const names[] = {
#define REGION(name, word) word,
        QV_REGION_MAP(REGION)
#undef REGION
    };
    const int field = qv_form_find(c->form, "measured_regions");
    uint32_t words = 0;
    for (int r = 0; field >= 0 && r < QV_REGION_COUNT; r++) {
        const int word = m->summary.regions[r] ? word_of(&c->form->fields[field], names[r / 2]) : -1;
        words |= word >= 0 ? 1U << word : 0;
    }
    return words ? set(c, field, (struct qv_value){.kind = QV_WORDS, .words = words}, error) : QV_OK;
}

int evidence_from_clip(struct qv_case *c, const struct qv_measurement *m, struct qv_error *error)
{
    int status = set_number(c, "measured_twitches_per_min", m->summary.rate_per_min, error);
    if (status || !m->summary.twitches)
        return status;
    status = set_side(c, m->summary.side, error);
    if (status == QV_OK)
        status = set_regions(c, m, error);
    if (status == QV_OK)
        status = set_number(c, "measured_eye_mouth_synchrony", m->summary.eye_mouth_synchrony, error);
    return status ? status : set_number(c, "measured_dominant_hz", m->summary.dominant_hz, error);
}
