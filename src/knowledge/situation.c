/* SPDX-License-Identifier: Apache-2.0 */
/* From what was said to levels: bins of numbers, patterns of findings, and how a medicine's dates fit. */
#include "index.h"

#include <math.h>
#include <string.h>

int qv_finding_level(const struct qv_knowledge *knowledge, uint32_t finding, const struct qv_value *value)
{
    switch (value->kind) {
    case QV_NO:
        return 0;
    case QV_YES:
        return 1;
    case QV_WORD:
        return (int)value->words;
    case QV_NUMBER: {
        const struct qv_evidence_levels *levels = &knowledge->facts->findings[finding].levels;
        for (uint32_t l = 0; l < levels->count; l++) {
            if (!levels->at[l].below || value->number < *levels->at[l].below)
                return (int)l;
        }
        return (int)levels->count - 1;
    }
    default:
        return -1;
    }
}

/* A medicine that was stopped keeps its effect for so long, unless its file says otherwise. */
#define DEFAULT_PERSISTS_DAYS 7

/* How the days between an event (start, dose change, stop) and the twitch fit an effect's latency. */
static enum medicine_level latency_fits(const struct qv_effect *effect, double event_days_ago, double onset_days)
{
    /* When the twitch began is not known: it may have begun on any day since the event. */
    double latest = event_days_ago, earliest = isnan(onset_days) ? 0 : event_days_ago - onset_days;
    if (!isnan(onset_days))
        latest = earliest;
    if (latest < -SAME_DAY_DAYS)
        return MEDICINE_AFTER_TWITCH;
    latest = fmax(latest, 0);
    if (latest >= effect->from_days && earliest <= effect->to_days)
        return MEDICINE_USUAL;
    if (earliest <= effect->latest_days)
        return MEDICINE_LATE;
    return MEDICINE_NONE;
}

/* The best of two readings, where lower is better. */
static enum medicine_level better(enum medicine_level a, enum medicine_level b)
{
    return a < b ? a : b;
}

static enum medicine_level dose_fits(const struct qv_effect *effect, const struct qv_dose *dose, double onset_days,
                                     bool counts_from_stop)
{
    bool stopped = !isnan(dose->stopped_days_ago);
    if (counts_from_stop) {
        if (stopped)
            return latency_fits(effect, dose->stopped_days_ago, onset_days);
        return isnan(dose->dose_changed_days_ago) ? MEDICINE_NONE
                                                  : latency_fits(effect, dose->dose_changed_days_ago, onset_days);
    }
    double persists = effect->persists_days ? *effect->persists_days : DEFAULT_PERSISTS_DAYS;
    if (stopped && dose->stopped_days_ago - (isnan(onset_days) ? 0 : onset_days) > persists)
        return MEDICINE_NONE; /* gone before the twitch began */

    enum medicine_level fit = MEDICINE_UNDATED;
    if (!isnan(dose->started_days_ago))
        fit = latency_fits(effect, dose->started_days_ago, onset_days);
    if (!isnan(dose->dose_changed_days_ago))
        fit = better(fit, latency_fits(effect, dose->dose_changed_days_ago, onset_days));
    return fit;
}

/* How well the dates of this person's medicines fit an effect. */
static enum medicine_level medicine_level(const struct qv_knowledge *knowledge, const struct qv_situation *situation,
                                          const struct qv_pattern *pattern)
{
    enum medicine_level best = MEDICINE_NONE;
    for (uint32_t d = 0; d < situation->dose_count; d++) {
        const struct qv_medicine *medicine = &knowledge->facts->medicines[situation->doses[d].medicine];
        for (uint32_t i = 0; i < medicine->effect_count; i++) {
            const struct qv_effect *effect = &medicine->effects[i];
            if (strcmp(effect->effect, pattern->medicine) == 0)
                best = better(best, dose_fits(effect, &situation->doses[d], situation->onset_days, pattern->from_stop));
        }
    }
    return best;
}

/* The pattern's level of a medicine level's name, or -1. */
static int8_t level_named(const struct qv_pattern *pattern, const char *name)
{
    for (uint32_t l = 0; l < pattern->levels.count; l++) {
        if (strcmp(pattern->levels.at[l].id, name) == 0)
            return (int8_t)l;
    }
    return -1;
}

int8_t qv_pattern_level(const struct qv_knowledge *knowledge, uint32_t index, const struct qv_situation *situation)
{
    const struct qv_pattern *pattern = &knowledge->facts->patterns[index];
    if (pattern->medicine) {
        enum medicine_level level = medicine_level(knowledge, situation, pattern);
        /* A name that we do not know may be the one: then "none of them can do this" cannot be said. */
        if (level == MEDICINE_NONE && (!situation->medicines_known || situation->medicines_unrecognised))
            return -1;
        return level_named(pattern, medicine_level_names[level]);
    }
    for (uint32_t l = 0; l < pattern->levels.count; l++) {
        if (pattern->levels.at[l].when && qv_rule_holds(knowledge, knowledge->pattern_rules[index][l], situation))
            return (int8_t)l;
    }
    return -1;
}

void qv_situation_levels(const struct qv_knowledge *knowledge, struct qv_situation *situation, int8_t *levels)
{
    uint32_t findings = knowledge->facts->finding_count;
    for (uint32_t i = 0; i < findings; i++)
        levels[i] = (int8_t)qv_finding_level(knowledge, i, &situation->values[i]);
    for (uint32_t p = 0; p < knowledge->facts->pattern_count; p++)
        levels[findings + p] = -1;
    situation->levels = levels;
    for (uint32_t p = 0; p < knowledge->facts->pattern_count; p++)
        levels[findings + p] = qv_pattern_level(knowledge, p, situation);
}
