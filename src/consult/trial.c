/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a person may experiment with a habit, and how it is changed: the knowledge's answer for one case. */
#include "daybook.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HALF_LIVES 5 /* after which 3 % is left */
#define PRESCRIBED "medicine"

const struct qv_trial_info *qv_trial_info(const struct qv_knowledge *knowledge, const char *id)
{
    for (uint32_t i = 0; i < knowledge->facts->trial_count; i++) {
        if (strcasecmp(knowledge->facts->trials[i].id, id) == 0)
            return &knowledge->facts->trials[i];
    }
    return NULL;
}

static bool words_have(const struct qv_words *words, const char *word)
{
    for (uint32_t i = 0; i < words->count; i++) {
        if (strcasecmp(words->at[i], word) == 0)
            return true;
    }
    return false;
}

/* ---- words that are refused whoever asks ------------------------------------------------------------------------------ */

static const struct qv_trial_refusal *refusal_of_word(const struct qv_knowledge *knowledge, const char *word)
{
    for (uint32_t i = 0; i < knowledge->facts->trial_refusal_count; i++) {
        const struct qv_trial_refusal *refusal = &knowledge->facts->trial_refusals[i];
        if (!refusal->if_rule && !refusal->level && words_have(&refusal->trials, word))
            return refusal;
    }
    return NULL;
}

static const struct qv_trial_refusal *refuse_word(const struct qv_knowledge *knowledge, const char *word)
{
    uint32_t medicine;
    const struct qv_trial_refusal *refusal = refusal_of_word(knowledge, word);
    if (!refusal && qv_knowledge_medicines(knowledge, word, &medicine, 1))
        refusal = refusal_of_word(knowledge, PRESCRIBED);
    return refusal;
}

static int refuse_unknown(const struct qv_knowledge *knowledge, const char *word, struct qv_error *error)
{
    char known[300] = "";
    for (uint32_t i = 0, used = 0; i < knowledge->facts->trial_count && used < sizeof known; i++)
        used += (uint32_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                                   knowledge->facts->trials[i].id);
    return qv_fail(error, QV_ERR_USAGE, "trial: found \"%.100s\", expected one of %s", word, known);
}

/* ---- this person ------------------------------------------------------------------------------------------------------ */

/* Two digits are as much as a habit is known to, and can be kept to. */
static double rounded_to_two_digits(double amount)
{
    double unit = amount > 0 ? pow(10, floor(log10(amount)) - 1) : 1;
    return round(amount / unit) * unit;
}

/* What is given, or the diary shows for the weeks before the trial. NaN: neither. */
static double usual_amount(const struct qv_trial_request *request, const char *trial)
{
    enum qv_entry_kind kind;
    if (!isnan(request->usual) || !request->diary || !qv_entry_kind_find(trial, &kind))
        return request->usual;
    daybook_sort(request->diary);
    return rounded_to_two_digits(daybook_usual(request->diary, kind, request->first_day - 1));
}

/* The finding of a case that holds how much of the habit is usual, or -1. */
static int usual_field(const struct qv_knowledge *knowledge, const char *trial)
{
    int habit = qv_knowledge_habit(knowledge, trial);
    const char *finding = habit < 0 ? NULL : knowledge->facts->habits[habit].finding;
    return finding ? qv_form_find(&knowledge->form, finding) : -1;
}

/*
 * What was said, in a copy. The usual amount is told as a finding and goes before what was said, so that what holds for a lot of it
 * holds for who logged a lot.
 */
static int case_of(const struct qv_knowledge *knowledge, const struct qv_case *said, int field, double usual,
                   struct qv_arena *arena, struct qv_case **out, struct qv_error *error)
{
    int status = said ? qv_case_copy(arena, said, out, error) : qv_case_create(arena, &knowledge->form, out, error);
    if (status || field < 0 || isnan(usual))
        return status;
    return qv_case_set(*out, field, (struct qv_value){.kind = QV_NUMBER, .number = usual}, QV_ORIGIN_DIARY, error);
}

const struct qv_trial_refusal *qv_trial_refusal_of(const struct qv_person *person, const char *id)
{
    const struct qv_knowledge *knowledge = person->answer->knowledge;
    for (uint32_t i = 0; i < knowledge->facts->trial_refusal_count; i++) {
        const struct qv_trial_refusal *refusal = &knowledge->facts->trial_refusals[i];
        bool of_this = !refusal->trials.count || words_have(&refusal->trials, id);
        if (of_this && (!refusal->level || person->answer->level >= *refusal->level) &&
            qv_rule_holds(knowledge, knowledge->trial_refusal_if[i], &person->situation))
            return refusal;
    }
    return NULL;
}

const struct qv_trial_washout *washout_of(const struct qv_knowledge *knowledge, const struct qv_situation *situation,
                                          const char *trial)
{
    const struct qv_trial_washout *longest = NULL;
    for (uint32_t i = 0; i < knowledge->facts->trial_washout_count; i++) {
        const struct qv_trial_washout *washout = &knowledge->facts->trial_washouts[i];
        if (strcmp(washout->trial, trial) == 0 && qv_rule_holds(knowledge, knowledge->trial_washout_if[i], situation) &&
            (!longest || washout->half_life_h > longest->half_life_h))
            longest = washout;
    }
    return longest;
}

/* ---- how the habit is changed ------------------------------------------------------------------------------------------ */

/* Amounts between usual and changed. When usual is not known they are shares of it. */
static uint32_t steps_of(const struct qv_trial_info *info, double usual)
{
    if (!info->step_share)
        return 0;
    double whole = isnan(usual) ? 1 : usual, least = isnan(usual) ? 0 : *info->step_least;
    double step = fmax(*info->step_share * whole, least);
    double cuts = ceil(fabs(whole - info->times * whole - (isnan(usual) ? 0 : info->plus)) / step - 1e-9);
    return cuts > 1 ? (uint32_t)cuts - 1 : 0;
}

static struct qv_trial_habit habit_of(const struct qv_trial_info *info, const struct qv_trial_washout *washout,
                                      double usual)
{
    struct qv_trial_habit habit = {.more = info->more, .usual = usual, .changed = info->times * usual + info->plus};
    double half_life_h = washout ? fmax(washout->half_life_h, info->half_life_h) : info->half_life_h;
    snprintf(habit.factor, sizeof habit.factor, "%s", info->id);
    snprintf(habit.unit, sizeof habit.unit, "%s", info->unit);
    habit.steps = steps_of(info, usual);
    habit.step_days = (uint32_t)info->step_days;
    habit.washout_days = (uint32_t)fmax(ceil(info->washout_days), ceil(HALF_LIVES * half_life_h / 24));
    return habit;
}

int qv_trial_consult(const struct qv_knowledge *knowledge, const struct qv_trial_request *request,
                     struct qv_arena *arena, struct qv_trial_offer *out, struct qv_error *error)
{
    struct qv_trial_offer offer = {.info = qv_trial_info(knowledge, request->what)};
    if (!offer.info) {
        offer.refusal = refuse_word(knowledge, request->what);
        offer.by_word = true;
        if (!offer.refusal)
            return refuse_unknown(knowledge, request->what, error);
        *out = offer;
        return QV_OK;
    }

    struct qv_case *c = NULL;
    struct qv_person *person = NULL;
    const int field = usual_field(knowledge, offer.info->id);
    double usual = usual_amount(request, offer.info->id);
    int status = case_of(knowledge, request->c, field, usual, arena, &c, error);
    if (status == QV_OK)
        status = qv_consult_person(knowledge, &(struct qv_evidence_given){.c = c, .diary = request->diary}, arena,
                                   &person, error);
    if (status)
        return status;
    offer.refusal = qv_trial_refusal_of(person, offer.info->id);
    offer.washout = washout_of(knowledge, &person->situation, offer.info->id);
    if (isnan(usual) && field >= 0 && person->situation.values[field].kind == QV_NUMBER)
        usual = person->situation.values[field].number;
    if (!offer.refusal && offer.info->least && usual < *offer.info->least)
        return qv_fail(error, QV_ERR_DATA, "trial: %s: the usual amount is %g %s a day, expected at least %g to change",
                       offer.info->id, usual, offer.info->unit, *offer.info->least);
    offer.habit = habit_of(offer.info, offer.washout, usual);
    *out = offer;
    return QV_OK;
}
