/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a person may experiment with a habit, and how it is changed: the knowledge's answer for one case. */
#include <quiver/consult.h>

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

/* What the diary says of the habit is told as a finding, so that what holds for a lot of it holds for who logged a lot. */
static int tell_usual(struct qv_case *c, const struct qv_trial_request *request, const struct qv_trial_info *info,
                      struct qv_error *error)
{
    int field = isnan(request->usual) || !info->finding ? -1 : qv_form_find(c->form, info->finding);
    if (field < 0)
        return QV_OK;
    return qv_case_set(c, field, (struct qv_value){.kind = QV_NUMBER, .number = request->usual}, "diary", error);
}

/* The case with the medicines that were logged, in a copy. */
static int case_of(const struct qv_knowledge *knowledge, const struct qv_trial_request *request, struct qv_arena *arena,
                   struct qv_case **out, struct qv_error *error)
{
    struct qv_case *c;
    int status =
        request->c ? qv_case_copy(arena, request->c, &c, error) : qv_case_create(arena, &knowledge->form, &c, error);
    if (status || !request->medicine_count) {
        if (!status)
            *out = c;
        return status;
    }
    struct qv_case_medicine *medicines =
        qv_arena_alloc(arena, c->medicine_count + request->medicine_count, sizeof *medicines);
    if (!medicines)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    if (c->medicine_count)
        memcpy(medicines, c->medicines, c->medicine_count * sizeof *medicines);
    for (uint32_t i = 0; i < request->medicine_count; i++)
        medicines[c->medicine_count++] = (struct qv_case_medicine){request->medicines[i], NAN, NAN, NAN};
    c->medicines = medicines;
    *out = c;
    return QV_OK;
}

/* What rules look at, from an answer about the case. */
static int situation_of(const struct qv_answer *answer, struct qv_arena *arena, struct qv_situation *out,
                        struct qv_error *error)
{
    const struct qv_knowledge *knowledge = answer->knowledge;
    const struct qv_value *onset = knowledge->onset >= 0 ? &answer->c->values[knowledge->onset] : NULL;
    int8_t *levels = qv_arena_alloc(arena, knowledge->evidence_count, sizeof *levels);
    if (!levels)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    *out = (struct qv_situation){
        .values = answer->c->values,
        .levels = levels,
        .doses = answer->doses,
        .dose_count = answer->dose_count,
        .onset_days = onset && onset->kind == QV_NUMBER ? onset->number : NAN,
        .medicines_known = answer->c->medicines_known,
        .medicines_unrecognised = answer->unrecognised_count > 0,
    };
    qv_situation_levels(knowledge, out, levels);
    return QV_OK;
}

static const struct qv_trial_refusal *refuse_person(const struct qv_answer *answer,
                                                    const struct qv_situation *situation, const char *trial)
{
    const struct qv_facts *facts = answer->knowledge->facts;
    for (uint32_t i = 0; i < facts->trial_refusal_count; i++) {
        const struct qv_trial_refusal *refusal = &facts->trial_refusals[i];
        bool of_this = !refusal->trials.count || words_have(&refusal->trials, trial);
        if (of_this && (!refusal->level || answer->level >= *refusal->level) &&
            qv_rule_holds(answer->knowledge, answer->knowledge->trial_refusal_if[i], situation))
            return refusal;
    }
    return NULL;
}

/* The longest washout that holds for this person, or NULL. */
static const struct qv_trial_washout *washout_of(const struct qv_knowledge *knowledge,
                                                 const struct qv_situation *situation, const char *trial)
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

static double usual_of(const struct qv_answer *answer, const struct qv_trial_info *info, double given)
{
    int field = isnan(given) && info->finding ? qv_form_find(&answer->knowledge->form, info->finding) : -1;
    if (field < 0 || answer->c->values[field].kind != QV_NUMBER)
        return given;
    return answer->c->values[field].number;
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
    struct qv_answer *answer = NULL;
    struct qv_situation situation;
    int status = case_of(knowledge, request, arena, &c, error);
    if (status == QV_OK)
        status = tell_usual(c, request, offer.info, error);
    if (status == QV_OK)
        status = qv_reason(knowledge, c, QV_REASON_NO_INTERVALS | QV_REASON_NO_CHANGES | QV_REASON_NO_QUESTIONS, arena,
                           &answer, error);
    if (status == QV_OK)
        status = situation_of(answer, arena, &situation, error);
    if (status)
        return status;
    offer.refusal = refuse_person(answer, &situation, offer.info->id);
    offer.washout = washout_of(knowledge, &situation, offer.info->id);
    double usual = usual_of(answer, offer.info, request->usual);
    if (!offer.refusal && offer.info->least && usual < *offer.info->least)
        return qv_fail(error, QV_ERR_DATA, "trial: %s: the usual amount is %g %s a day, expected at least %g to change",
                       offer.info->id, usual, offer.info->unit, *offer.info->least);
    offer.habit = habit_of(offer.info, offer.washout, usual);
    *out = offer;
    return QV_OK;
}
