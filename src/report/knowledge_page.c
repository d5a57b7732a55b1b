/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that the program believes of one thing, so that it can be argued with: `quiver knowledge show ID`.
 *
 * One function a kind of thing; the table at the end of the file lists the kinds. An id that several kinds share
 * (`stress` is a finding and a contributor) shows each; `findings/stress` names one, as claims do.
 */
#include "layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LABEL_COLUMN 2u
#define DETAIL_COLUMN 16u

/* ---- building blocks ------------------------------------------------------------------------------------------- */

static void title(struct sheet *sheet, const char *kind, const char *id, const char *name)
{
    sheet_style(sheet, STYLE_BOLD);
    sheet_say(sheet, name ? name : id);
    sheet_style(sheet, STYLE_DIM);
    sheet_say(sheet, "  ");
    sheet_say(sheet, kind);
    sheet_say(sheet, "/");
    sheet_say(sheet, id);
    sheet_style(sheet, STYLE_NORMAL);
    sheet_flush(sheet, 0, 0);
}

static void detail(struct sheet *sheet, const char *label, const char *words)
{
    if (!words)
        return;
    sheet_say(sheet, words);
    sheet_flush_labelled(sheet, LABEL_COLUMN, label, DETAIL_COLUMN);
}

static void detail_words(struct sheet *sheet, const char *label, const struct qv_words *words)
{
    if (!words->count)
        return;
    sheet_say_words(sheet, words);
    sheet_flush_labelled(sheet, LABEL_COLUMN, label, DETAIL_COLUMN);
}

/* Who stands behind it, and how firmly; grade NULL where the kind has none. */
static void detail_basis(struct sheet *sheet, const char *grade, const struct qv_words *sources)
{
    sheet_say(sheet, grade ? grade : "");
    sheet_cite(sheet, sources);
    sheet_flush_labelled(sheet, LABEL_COLUMN, grade ? "grade" : "sources", DETAIL_COLUMN);
}

static void statements(struct sheet *sheet, const char *heading, const struct qv_statements *statements)
{
    if (!statements->count)
        return;
    sheet_heading(sheet, heading, NULL);
    for (uint32_t i = 0; i < statements->count; i++) {
        sheet_say(sheet, statements->at[i].text);
        sheet_cite(sheet, &statements->at[i].sources);
        sheet_flush_item(sheet, 2);
    }
}

static bool words_have(const struct qv_words *words, const char *word)
{
    for (uint32_t i = 0; i < words->count; i++) {
        if (strcasecmp(words->at[i], word) == 0)
            return true;
    }
    return false;
}

/* ---- weights of evidence --------------------------------------------------------------------------------------- */

#define DECIBANS_A_NEPER 4.342944819032518 /* 10 / ln 10 */

/* What one level of one piece of evidence weighs for one condition. */
struct weight {
    const struct qv_likelihood *entry;
    const struct qv_condition *condition;
    const struct qv_evidence *evidence;
    const struct qv_cell *cell;
    uint32_t level;
    double decibans, decibans_if_no;
    bool yes_no;
};

static int stronger_first(const void *a, const void *b)
{
    const struct weight *x = a, *y = b;
    double difference = fabs(y->decibans) - fabs(x->decibans);
    return difference > 0 ? 1 : difference < 0 ? -1 : strcmp(x->evidence->id, y->evidence->id);
}

static bool is_yes_no(const struct qv_knowledge *knowledge, uint32_t evidence)
{
    return evidence < knowledge->facts->finding_count && knowledge->facts->findings[evidence].type == QV_FIELD_YES_NO;
}

/* The weight of a cell for a condition; false where the condition's file does not name that level. */
static bool find_weight(const struct qv_knowledge *knowledge, uint32_t evidence, uint32_t level, uint32_t condition,
                        struct weight *out)
{
    const struct qv_evidence *e = &knowledge->evidence[evidence];
    const struct qv_condition *c = &knowledge->facts->conditions[condition];
    uint32_t cell = e->first_cell + level;
    int entry = knowledge->entry[cell][condition];
    if (entry < 0 || (uint32_t)entry >= c->likelihood_count)
        return false;

    bool yes_no = is_yes_no(knowledge, evidence);
    const struct qv_likelihood *likelihood = &c->likelihoods[entry];
    const char *named = likelihood->is ? likelihood->is : "yes";
    if (strcmp(named, knowledge->cells[cell].id) != 0)
        return false;
    *out = (struct weight){.entry = likelihood,
                           .condition = c,
                           .evidence = e,
                           .cell = &knowledge->cells[cell],
                           .level = level,
                           .yes_no = yes_no,
                           .decibans = knowledge->log_ratio[cell][condition] * DECIBANS_A_NEPER};
    if (yes_no)
        out->decibans_if_no = knowledge->log_ratio[e->first_cell][condition] * DECIBANS_A_NEPER;
    return true;
}

static void say_basis(struct sheet *sheet, const struct qv_likelihood *entry)
{
    sheet_style(sheet, STYLE_DIM);
    sheet_say(sheet, qv_grade_name(entry->grade));
    if (entry->n)
        sheet_sayf(sheet, ", n" TIE "=" TIE "%u", (unsigned)entry->n);
    sheet_style(sheet, STYLE_NORMAL);
    sheet_cite(sheet, &entry->sources);
}

/* "+11.0 dB   75 % against 6 %   if not −5.8 dB   estimate [1]" */
static void say_weight(struct sheet *sheet, const struct weight *weight)
{
    sheet_sayf(sheet, "%+6.1f" TIE "dB  ", weight->decibans);
    sheet_say_rate(sheet, weight->entry->p);
    sheet_say_in(sheet, STYLE_DIM, " against ");
    sheet_say_rate(sheet, weight->cell->background);
    if (weight->yes_no) {
        sheet_say_in(sheet, STYLE_DIM, ", if not ");
        sheet_say_decibans(sheet, weight->decibans_if_no);
    }
    sheet_say(sheet, "  ");
    say_basis(sheet, weight->entry);
}

static void weight_of_evidence(struct sheet *sheet, const struct weight *weight)
{
    sheet_say_in(sheet, STYLE_BOLD, weight->evidence->id);
    if (!weight->yes_no) {
        sheet_say(sheet, " = ");
        sheet_say(sheet, weight->cell->id);
    }
    sheet_flush(sheet, 2, 4);
    say_weight(sheet, weight);
    sheet_flush(sheet, 4, 13);
    sheet_say(sheet, weight->entry->text);
    if (weight->entry->note) {
        sheet_style(sheet, STYLE_DIM);
        sheet_say(sheet, " Note: ");
        sheet_say(sheet, weight->entry->note);
        sheet_style(sheet, STYLE_NORMAL);
    }
    sheet_flush(sheet, 13, 13);
}

/* ---- conditions ------------------------------------------------------------------------------------------------ */

static void say_factor(struct sheet *sheet, const char *who, const double *factor)
{
    if (!factor)
        return;
    sheet_say(sheet, "; ");
    sheet_say(sheet, who);
    sheet_sayf(sheet, " ×" TIE "%.4g", *factor);
}

static void condition_prior(struct sheet *sheet, const struct qv_prior *prior)
{
    sheet_heading(sheet, "How often, among people who come with a twitching lip", NULL);
    sheet_say_rate(sheet, prior->p);
    sheet_sayf(sheet, ", could be wrong by a factor of %.4g either way", prior->fold);
    say_factor(sheet, "women", prior->female);
    say_factor(sheet, "men", prior->male);
    sheet_flush(sheet, 2, 4);
    if (prior->by_age_count) {
        sheet_say(sheet, "by age: ");
        for (uint32_t i = 0; i < prior->by_age_count; i++) {
            const struct qv_age_factor *age = &prior->by_age[i];
            sheet_sayf(sheet, "%s%.4g" TIE "to" TIE "%.4g" TIE "×" TIE "%.4g", i ? "; " : "", age->from, age->to,
                       age->times);
        }
        sheet_flush(sheet, 2, 4);
    }
    if (prior->note)
        sheet_line(sheet, 2, 4, STYLE_DIM, prior->note);
    sheet_say_in(sheet, STYLE_DIM, qv_grade_name(prior->grade));
    sheet_cite(sheet, &prior->sources);
    sheet_flush(sheet, 2, 4);
}

static void condition_weights(struct sheet *sheet, uint32_t condition)
{
    const struct qv_knowledge *knowledge = sheet->knowledge;
    struct weight *weights =
        sheet_alloc(sheet, knowledge->facts->conditions[condition].likelihood_count, sizeof *weights);
    if (!weights)
        return;
    uint32_t count = 0, most = knowledge->facts->conditions[condition].likelihood_count;
    for (uint32_t e = 0; e < knowledge->evidence_count; e++) {
        for (uint32_t l = 0; l < knowledge->evidence[e].level_count && count < most; l++)
            count += find_weight(knowledge, e, l, condition, &weights[count]);
    }
    if (!count)
        return;
    qsort(weights, count, sizeof *weights, stronger_first);
    sheet_heading(sheet, "What speaks for and against it", "how often here, against all who come");
    for (uint32_t i = 0; i < count; i++)
        weight_of_evidence(sheet, &weights[i]);
}

static void condition_urgency(struct sheet *sheet, const struct qv_urgency *urgency)
{
    sheet_heading(sheet, "Urgency", NULL);
    sheet_say_id(sheet, qv_level_name(urgency->level));
    sheet_say(sheet, " from a probability of ");
    sheet_say_rate(sheet, urgency->at);
    sheet_say(sheet, ": ");
    sheet_say(sheet, urgency->text);
    sheet_cite(sheet, &urgency->sources);
    sheet_flush(sheet, 2, 4);
}

static void show_test_names(struct sheet *sheet, const struct qv_words *tests)
{
    const struct qv_facts *facts = sheet->knowledge->facts;
    if (!tests->count)
        return;
    sheet_heading(sheet, "Tests a doctor may order", NULL);
    for (uint32_t i = 0; i < facts->test_count; i++) {
        const struct qv_test *test = &facts->tests[i];
        if (!words_have(tests, test->id))
            continue;
        sheet_say(sheet, test->name);
        sheet_say(sheet, ". ");
        sheet_say(sheet, test->text);
        sheet_cite(sheet, &test->sources);
        sheet_flush_item(sheet, 2);
    }
}

static void show_condition(struct sheet *sheet, uint32_t index)
{
    const struct qv_condition *c = &sheet->knowledge->facts->conditions[index];
    title(sheet, "conditions", c->id, c->name);
    detail(sheet, "for doctors", c->clinical_name);
    detail(sheet, "ICD-10", c->icd10);
    detail(sheet, "ICD-10-CM", c->icd10_cm);
    detail(sheet, "SNOMED CT", c->snomed);
    detail(sheet, "note", c->note);
    statements(sheet, "What it is", &c->what);
    if (c->how_common.text) {
        sheet_say(sheet, c->how_common.text);
        sheet_cite(sheet, &c->how_common.sources);
        sheet_flush_item(sheet, 2);
    }
    condition_prior(sheet, &c->prior);
    condition_urgency(sheet, &c->urgency);
    statements(sheet, "What helps", &c->helps);
    statements(sheet, "What should bring you back sooner", &c->watch);
    show_test_names(sheet, &c->tests);
    condition_weights(sheet, index);
}

/* ---- findings and patterns ------------------------------------------------------------------------------------- */

static void evidence_level(struct sheet *sheet, const struct qv_cell *cell, const struct qv_evidence_level *level)
{
    sheet_say_in(sheet, STYLE_BOLD, cell->id);
    if (cell->background > 0) {
        sheet_say(sheet, ", ");
        sheet_say_rate(sheet, cell->background);
        sheet_say_in(sheet, STYLE_DIM, " of people who come");
    }
    if (level && level->below)
        sheet_sayf(sheet, ", below %.6g", *level->below);
    if (cell->phrase) {
        sheet_say(sheet, ": ");
        sheet_say(sheet, cell->phrase);
    }
    if (level && level->when) {
        sheet_say(sheet, "  ");
        sheet_style(sheet, STYLE_DIM);
        sheet_say(sheet, "when ");
        sheet_say(sheet, level->when);
        sheet_style(sheet, STYLE_NORMAL);
    }
    sheet_flush_item(sheet, 2);
}

/* The cells of a yes/no finding and of a pattern are built from these levels, in order; a yes/no finding has none. */
static void evidence_levels(struct sheet *sheet, uint32_t evidence, const struct qv_evidence_levels *levels)
{
    const struct qv_knowledge *knowledge = sheet->knowledge;
    const struct qv_evidence *e = &knowledge->evidence[evidence];
    if (!e->level_count)
        return;
    sheet_heading(sheet, "Levels", NULL);
    for (uint32_t l = 0; l < e->level_count; l++)
        evidence_level(sheet, &knowledge->cells[e->first_cell + l], l < levels->count ? &levels->at[l] : NULL);
}

static void weight_of_condition(struct sheet *sheet, const struct weight *weight)
{
    sheet_say_in(sheet, STYLE_BOLD, weight->condition->id);
    if (!weight->yes_no) {
        sheet_say(sheet, ", ");
        sheet_say(sheet, weight->cell->id);
    }
    sheet_say(sheet, ": ");
    say_weight(sheet, weight);
    sheet_flush(sheet, 2, 6);
}

static void evidence_weights(struct sheet *sheet, uint32_t evidence)
{
    const struct qv_knowledge *knowledge = sheet->knowledge;
    const struct qv_evidence *e = &knowledge->evidence[evidence];
    struct weight *weights =
        sheet_alloc(sheet, (size_t)e->level_count * knowledge->facts->condition_count, sizeof *weights);
    if (!weights)
        return;
    uint32_t count = 0;
    for (uint32_t c = 0; c < knowledge->facts->condition_count; c++) {
        for (uint32_t l = 0; l < e->level_count; l++)
            count += find_weight(knowledge, evidence, l, c, &weights[count]);
    }
    if (!count)
        return;
    qsort(weights, count, sizeof *weights, stronger_first);
    sheet_heading(sheet, "Which conditions weigh it", "how often there, against all who come");
    for (uint32_t i = 0; i < count; i++)
        weight_of_condition(sheet, &weights[i]);
}

static void evidence_flags(struct sheet *sheet, uint32_t evidence)
{
    const struct qv_knowledge *knowledge = sheet->knowledge;
    if (!knowledge->flags_of_count[evidence])
        return;
    sheet_heading(sheet, "Red flags that look at it", NULL);
    for (uint16_t i = 0; i < knowledge->flags_of_count[evidence]; i++) {
        const struct qv_red_flag *flag = &knowledge->facts->red_flags[knowledge->flags_of[evidence][i]];
        sheet_say(sheet, flag->id);
        sheet_say(sheet, " (");
        sheet_say_id(sheet, qv_level_name(flag->level));
        sheet_say(sheet, "): ");
        sheet_say(sheet, flag->text);
        sheet_cite(sheet, &flag->sources);
        sheet_flush_item(sheet, 2);
    }
}

static void evidence_sign(struct sheet *sheet, uint32_t evidence, const char *sign)
{
    const struct qv_knowledge *knowledge = sheet->knowledge;
    if (!sign)
        return;
    sheet_say(sheet, sign);
    unsigned others = 0;
    for (uint32_t e = 0; e < knowledge->evidence_count; e++) {
        if (e == evidence || knowledge->evidence[e].sign != knowledge->evidence[evidence].sign)
            continue;
        sheet_say(sheet, others++ ? ", " : ", with ");
        sheet_say(sheet, knowledge->evidence[e].id);
    }
    if (others)
        sheet_say(sheet, "; the strongest counts fully, the others a fifth");
    sheet_flush_labelled(sheet, LABEL_COLUMN, "sign group", DETAIL_COLUMN);
}

static void finding_answer(struct sheet *sheet, const struct qv_finding *f)
{
    static const char *const types[] = {[QV_FIELD_YES_NO] = "yes or no",
                                        [QV_FIELD_NUMBER] = "a number",
                                        [QV_FIELD_CHOICE] = "one of the words below",
                                        [QV_FIELD_CHOICES] = "any of the words below",
                                        [QV_FIELD_MEDICINES] = "a list of medicines"};
    sheet_say(sheet, types[f->type]);
    if (f->minimum && f->maximum)
        sheet_sayf(sheet, " from %.6g to %.6g", *f->minimum, *f->maximum);
    if (f->unit) {
        sheet_say(sheet, " ");
        sheet_say(sheet, f->unit);
    }
    sheet_flush_labelled(sheet, LABEL_COLUMN, "answer", DETAIL_COLUMN);
}

static void finding_references(struct sheet *sheet, const char *id)
{
    const struct qv_facts *facts = sheet->knowledge->facts;
    bool any = false;
    for (uint32_t i = 0; i < facts->reference_count; i++) {
        if (strcmp(facts->references[i].finding, id) != 0)
            continue;
        if (!any)
            sheet_heading(sheet, "What is usual or advised", NULL);
        any = true;
        sheet_say(sheet, facts->references[i].text);
        sheet_cite(sheet, &facts->references[i].sources);
        sheet_flush_item(sheet, 2);
    }
}

static void show_finding(struct sheet *sheet, uint32_t index)
{
    const struct qv_finding *f = &sheet->knowledge->facts->findings[index];
    title(sheet, "findings", f->id, f->question);
    detail(sheet, "why", f->why);
    finding_answer(sheet, f);
    detail(sheet, "if so", f->present);
    detail(sheet, "if not", f->absent);
    if (f->screen) {
        sheet_sayf(sheet, "place %u; asked before all other questions", (unsigned)f->screen);
        sheet_flush_labelled(sheet, LABEL_COLUMN, "screen", DETAIL_COLUMN);
    }
    detail(sheet, "good news", f->reassuring ? "a yes is reassuring" : NULL);
    detail(sheet, "asked if", f->ask_if);
    evidence_sign(sheet, index, f->sign);
    detail(sheet, "LOINC", f->loinc);
    detail(sheet, "SNOMED CT", f->snomed);
    detail(sheet, "note", f->note);
    detail_basis(sheet, qv_grade_name(f->grade), &f->sources);
    evidence_levels(sheet, index, &f->levels);
    evidence_weights(sheet, index);
    evidence_flags(sheet, index);
    finding_references(sheet, f->id);
}

static void show_pattern(struct sheet *sheet, uint32_t index)
{
    const struct qv_pattern *p = &sheet->knowledge->facts->patterns[index];
    uint32_t evidence = sheet->knowledge->facts->finding_count + index;
    title(sheet, "patterns", p->id, p->text);
    detail(sheet, "medicine", p->medicine);
    evidence_sign(sheet, evidence, p->sign);
    detail(sheet, "note", p->note);
    detail_basis(sheet, qv_grade_name(p->grade), &p->sources);
    evidence_levels(sheet, evidence, &p->levels);
    evidence_weights(sheet, evidence);
    evidence_flags(sheet, evidence);
}

/* ---- red flags, contributors, advice, tests -------------------------------------------------------------------- */

static void show_red_flag(struct sheet *sheet, uint32_t index)
{
    const struct qv_red_flag *flag = &sheet->knowledge->facts->red_flags[index];
    title(sheet, "red_flags", flag->id, NULL);
    sheet_say(sheet, flag->text);
    sheet_flush(sheet, 2, 2);
    sheet_say_id(sheet, qv_level_name(flag->level));
    sheet_say(sheet, ", ");
    sheet_say_within(sheet, flag->within);
    sheet_flush_labelled(sheet, LABEL_COLUMN, "level", DETAIL_COLUMN);
    detail(sheet, "when", flag->when);
    detail(sheet, "says also", flag->crisis ? "the crisis line of the region" : NULL);
    detail(sheet, "in dossier", flag->dossier);
    detail(sheet, "note", flag->note);
    detail_basis(sheet, qv_grade_name(flag->grade), &flag->sources);
}

static void show_curve(struct sheet *sheet, const struct qv_curve *curve)
{
    sheet_say(sheet, curve->finding);
    if (curve->per) {
        sheet_say(sheet, " per ");
        sheet_say(sheet, curve->per);
    }
    if (curve->level) {
        sheet_say(sheet, " = ");
        sheet_say(sheet, curve->level);
    }
    sheet_say(sheet, ": ");
    if (curve->odds)
        sheet_sayf(sheet, "odds" TIE "×" TIE "%.4g", *curve->odds);
    for (uint32_t i = 0; i < curve->point_count; i++)
        sheet_sayf(sheet, "%sat" TIE "%.6g" TIE "×" TIE "%.4g", i ? ", " : "", curve->points[i].at,
                   curve->points[i].odds);
    if (curve->if_rule) {
        sheet_style(sheet, STYLE_DIM);
        sheet_say(sheet, "  if ");
        sheet_say(sheet, curve->if_rule);
        sheet_style(sheet, STYLE_NORMAL);
    }
    sheet_flush_item(sheet, 2);
}

static void show_contributor(struct sheet *sheet, uint32_t index)
{
    const struct qv_contributor *c = &sheet->knowledge->facts->contributors[index];
    title(sheet, "contributors", c->id, c->name);
    sheet_say(sheet, c->text);
    sheet_flush(sheet, 2, 2);
    detail_words(sheet, "remedies", &c->remedies);
    detail(sheet, "note", c->note);
    detail_basis(sheet, qv_grade_name(c->grade), &c->sources);
    for (uint32_t p = 0; p < c->part_count; p++) {
        sheet_heading(sheet, p ? "and times" : "Dose and odds", p ? NULL : "the first that applies and is known");
        for (uint32_t i = 0; i < c->parts[p].curve_count; i++)
            show_curve(sheet, &c->parts[p].curves[i]);
    }
}

static void show_habit(struct sheet *sheet, uint32_t index)
{
    const struct qv_habit *h = &sheet->knowledge->facts->habits[index];
    title(sheet, "habits", h->id, h->name);
    detail(sheet, "step", h->per);
    sheet_sayf(sheet, "%g of the log rate ratio", h->prior_sd);
    sheet_flush_labelled(sheet, LABEL_COLUMN, "prior sd", DETAIL_COLUMN);
    detail(sheet, "drop", h->after_drop);
    if (h->half_life_h > 0) {
        sheet_sayf(sheet, "half is gone after %g h, half is taken up in %g h", h->half_life_h, h->absorbed_h);
        sheet_flush_labelled(sheet, LABEL_COLUMN, "in the body", DETAIL_COLUMN);
    }
    detail(sheet, "fills", h->finding);
    detail(sheet, "note", h->note);
    detail_basis(sheet, qv_grade_name(h->grade), &h->sources);
}

static const char *const diary_measures[] = {
#define MEASURE_ID(name, id) id,
    QV_DIARY_MEASURE_MAP(MEASURE_ID)
#undef MEASURE_ID
};

static void say_bound(struct sheet *sheet, const char *sign, const double *bound)
{
    if (bound)
        sheet_sayf(sheet, " %s %g", sign, *bound);
}

static void show_diary_rule(struct sheet *sheet, uint32_t index)
{
    const struct qv_diary_rule *r = &sheet->knowledge->facts->watch[index];
    title(sheet, "watch", r->id, NULL);
    sheet_say(sheet, r->text);
    sheet_flush(sheet, 2, 2);
    for (uint32_t i = 0; i < r->condition_count; i++) {
        const struct qv_diary_condition *c = &r->conditions[i];
        sheet_say(sheet, diary_measures[c->measure]);
        say_bound(sheet, "≥", c->least);
        say_bound(sheet, ">", c->above);
        say_bound(sheet, "≤", c->most);
        say_bound(sheet, "<", c->below);
        sheet_flush_labelled(sheet, LABEL_COLUMN, i ? "and" : "if", DETAIL_COLUMN);
    }
    if (r->over_days) {
        sheet_sayf(sheet, "the last %u days", r->over_days);
        sheet_flush_labelled(sheet, LABEL_COLUMN, "over", DETAIL_COLUMN);
    }
    if (r->finding) {
        sheet_say(sheet, r->finding);
        sheet_say(sheet, " = ");
        sheet_say(sheet, r->number ? diary_measures[*r->number] : r->is);
        sheet_flush_labelled(sheet, LABEL_COLUMN, "fills", DETAIL_COLUMN);
    }
    detail(sheet, "note", r->note);
    detail_basis(sheet, qv_grade_name(r->grade), &r->sources);
}

static void show_sentence(struct sheet *sheet, uint32_t index)
{
    const struct qv_sentence *sentence = &sheet->knowledge->facts->sentences[index];
    title(sheet, "sentences", sentence->id, NULL);
    sheet_say(sheet, sentence->text);
    sheet_flush(sheet, 2, 2);
    detail_basis(sheet, NULL, &sentence->sources);
}

static void show_advice(struct sheet *sheet, uint32_t index)
{
    static const char *const when[] = {
        [QV_WHEN_NOW] = "now", [QV_WHEN_DAILY] = "daily", [QV_WHEN_DISCUSS] = "to discuss with a doctor"};
    const struct qv_advice *a = &sheet->knowledge->facts->advice[index];
    title(sheet, "advice", a->id, a->title);
    sheet_say(sheet, a->text);
    sheet_flush(sheet, 2, 2);
    detail(sheet, "how", a->how);
    detail(sheet, "how long", a->for_how_long);
    detail(sheet, "when", when[a->when]);
    detail(sheet, "careful", a->caution);
    detail_words(sheet, "contributors", &a->contributors);
    detail_words(sheet, "conditions", &a->conditions);
    detail(sheet, "only if", a->if_rule);
    detail(sheet, "not if", a->unless);
    detail(sheet, "level", a->level ? qv_level_name(*a->level) : NULL);
    detail(sheet, "level up to", a->level_at_most ? qv_level_name(*a->level_at_most) : NULL);
    detail(sheet, "evidence", a->evidence);
    detail(sheet, "note", a->note);
    detail_basis(sheet, NULL, &a->sources);
}

static void show_test(struct sheet *sheet, uint32_t index)
{
    const struct qv_facts *facts = sheet->knowledge->facts;
    const struct qv_test *test = &facts->tests[index];
    title(sheet, "tests", test->id, test->name);
    sheet_say(sheet, test->text);
    sheet_flush(sheet, 2, 2);
    detail(sheet, "only if", test->if_rule);
    for (uint32_t i = 0, shown = 0; i < facts->condition_count; i++) {
        if (!words_have(&facts->conditions[i].tests, test->id))
            continue;
        sheet_say(sheet, facts->conditions[i].name);
        sheet_flush_labelled(sheet, LABEL_COLUMN, shown++ ? "" : "ordered for", DETAIL_COLUMN);
    }
    detail_basis(sheet, NULL, &test->sources);
}

/* ---- medicines, drinks, foods ---------------------------------------------------------------------------------- */

/* A hundred years stand for no limit. */
#define ANY_TIME_DAYS 36500

/* Whether the days of an effect count from stopping: the pattern that reads it says so. */
static bool counts_from_stop(const struct qv_facts *facts, const char *effect)
{
    for (uint32_t p = 0; p < facts->pattern_count; p++) {
        const struct qv_pattern *pattern = &facts->patterns[p];
        if (pattern->from_stop && pattern->medicine && strcmp(pattern->medicine, effect) == 0)
            return true;
    }
    return false;
}

static void show_effect(struct sheet *sheet, const struct qv_effect *effect)
{
    bool from_stop = counts_from_stop(sheet->knowledge->facts, effect->effect);
    sheet_style(sheet, STYLE_BOLD);
    sheet_say_id(sheet, effect->effect);
    sheet_style(sheet, STYLE_NORMAL);
    sheet_say(sheet, ": usually ");
    sheet_say_days(sheet, effect->from_days);
    sheet_say(sheet, " to ");
    sheet_say_days(sheet, effect->to_days);
    sheet_say(sheet, from_stop ? " after stopping or taking less" : " after the start or a change of dose");
    if (effect->latest_days >= ANY_TIME_DAYS) {
        sheet_say(sheet, ", or any time later");
    } else if (effect->latest_days > effect->to_days) {
        sheet_say(sheet, ", at the latest ");
        sheet_say_days(sheet, effect->latest_days);
    }
    if (effect->persists_days) {
        sheet_say(sheet, "; may still begin ");
        sheet_say_days(sheet, *effect->persists_days);
        sheet_say(sheet, " after stopping");
    }
    sheet_flush_item(sheet, 2);
}

static void show_medicine(struct sheet *sheet, uint32_t index)
{
    const struct qv_medicine *m = &sheet->knowledge->facts->medicines[index];
    title(sheet, "medicines", m->id, m->names.count ? m->names.at[0] : NULL);
    detail_words(sheet, "names", &m->names);
    detail_words(sheet, "ATC", &m->atc);
    detail_words(sheet, "classes", &m->classes);
    detail(sheet, "note", m->note);
    detail_basis(sheet, NULL, &m->sources);
    detail(sheet, "mark", m->read == QV_READ_RECALLED ? "[recalled, not re-read]" : NULL);
    sheet_heading(sheet, "Effects that quiver weighs", NULL);
    for (uint32_t i = 0; i < m->effect_count; i++)
        show_effect(sheet, &m->effects[i]);
    if (!m->effect_count)
        sheet_line(sheet, 2, 2, STYLE_NORMAL, "None. That does not prove that it has none.");
}

static void detail_amount(struct sheet *sheet, const char *label, const double *amount, const char *unit)
{
    if (!amount)
        return;
    sheet_sayf(sheet, "%.6g" TIE, *amount);
    sheet_say(sheet, unit);
    sheet_flush_labelled(sheet, LABEL_COLUMN, label, DETAIL_COLUMN);
}

static void show_drink(struct sheet *sheet, uint32_t index)
{
    const struct qv_drink *d = &sheet->knowledge->facts->drinks[index];
    title(sheet, "drinks", d->id, d->name);
    detail_words(sheet, "names", &d->names);
    detail(sheet, "serving", d->serving);
    detail_amount(sheet, "volume", d->ml, "mL");
    detail_amount(sheet, "caffeine", d->caffeine_mg, "mg");
    detail_amount(sheet, "from", d->caffeine_low_mg, "mg");
    detail_amount(sheet, "to", d->caffeine_high_mg, "mg");
    detail_amount(sheet, "alcohol", d->alcohol_g, "g");
    detail(sheet, "note", d->note);
    detail_basis(sheet, NULL, &d->sources);
}

static void show_food(struct sheet *sheet, uint32_t index)
{
    const struct qv_food *f = &sheet->knowledge->facts->foods[index];
    title(sheet, "foods", f->id, f->name);
    detail_words(sheet, "names", &f->names);
    detail(sheet, "serving", f->serving);
    detail_amount(sheet, "magnesium", f->magnesium_mg, "mg");
    detail_amount(sheet, "potassium", f->potassium_mg, "mg");
    detail(sheet, "note", f->note);
    detail_basis(sheet, NULL, &f->sources);
}

/* ---- references, sources, claims, levels ----------------------------------------------------------------------- */

static void show_reference(struct sheet *sheet, uint32_t index)
{
    const struct qv_reference *r = &sheet->knowledge->facts->references[index];
    title(sheet, "references", r->id, NULL);
    sheet_say(sheet, r->text);
    sheet_flush(sheet, 2, 2);
    detail(sheet, "finding", r->finding);
    detail(sheet, "if", r->if_rule);
    detail_amount(sheet, "low", r->low, r->unit ? r->unit : "");
    detail_amount(sheet, "high", r->high, r->unit ? r->unit : "");
    detail(sheet, "note", r->note);
    detail_basis(sheet, NULL, &r->sources);
}

static void show_trial(struct sheet *sheet, uint32_t index)
{
    const struct qv_trial_info *t = &sheet->knowledge->facts->trials[index];
    title(sheet, "trials", t->id, t->name);
    detail(sheet, "usual", t->usual);
    detail(sheet, "changed", t->changed);
    detail(sheet, "steps", t->step);
    detail(sheet, "settling", t->settle);
    detail(sheet, "caution", t->caution);
    detail(sheet, "note", t->note);
    detail_basis(sheet, NULL, &t->sources);
}

static void show_trial_washout(struct sheet *sheet, uint32_t index)
{
    const struct qv_trial_washout *w = &sheet->knowledge->facts->trial_washouts[index];
    title(sheet, "trial_washouts", w->id, w->text);
    detail(sheet, "trial", w->trial);
    detail(sheet, "if", w->if_rule);
    detail_amount(sheet, "half-life", &w->half_life_h, "h");
    detail(sheet, "note", w->note);
    detail_basis(sheet, qv_grade_name(w->grade), &w->sources);
}

static void show_trial_refusal(struct sheet *sheet, uint32_t index)
{
    const struct qv_trial_refusal *r = &sheet->knowledge->facts->trial_refusals[index];
    title(sheet, "trial_refusals", r->id, NULL);
    sheet_say(sheet, r->text);
    sheet_flush(sheet, 2, 2);
    detail_words(sheet, "trials", &r->trials);
    detail(sheet, "if", r->if_rule);
    detail(sheet, "from", r->level ? qv_level_name(*r->level) : NULL);
    detail_basis(sheet, NULL, &r->sources);
}

static void cited_by(struct sheet *sheet, const char *kind, const char *id, const struct qv_words *sources,
                     const char *source)
{
    if (!words_have(sources, source))
        return;
    sheet_say(sheet, kind);
    sheet_say(sheet, "/");
    sheet_say(sheet, id);
    sheet_flush_item(sheet, 2);
}

#define CITED_BY(entries, count, kind)                                                                                 \
    for (uint32_t i = 0; i < facts->count; i++)                                                                        \
    cited_by(sheet, kind, facts->entries[i].id, &facts->entries[i].sources, source->id)

static void show_source(struct sheet *sheet, uint32_t index)
{
    const struct qv_facts *facts = sheet->knowledge->facts;
    const struct qv_source *source = &facts->sources[index];
    title(sheet, "sources", source->id, NULL);
    sheet_say_source(sheet, source);
    sheet_flush(sheet, 2, 2);
    sheet_heading(sheet, "Cited by", NULL);
    CITED_BY(conditions, condition_count, "conditions");
    CITED_BY(findings, finding_count, "findings");
    CITED_BY(patterns, pattern_count, "patterns");
    CITED_BY(red_flags, red_flag_count, "red_flags");
    CITED_BY(contributors, contributor_count, "contributors");
    CITED_BY(advice, advice_count, "advice");
    CITED_BY(tests, test_count, "tests");
    CITED_BY(medicines, medicine_count, "medicines");
    CITED_BY(drinks, drink_count, "drinks");
    CITED_BY(foods, food_count, "foods");
    CITED_BY(references, reference_count, "references");
    CITED_BY(trials, trial_count, "trials");
    CITED_BY(trial_washouts, trial_washout_count, "trial_washouts");
    CITED_BY(trial_refusals, trial_refusal_count, "trial_refusals");
    CITED_BY(claims, claim_count, "claims");
    CITED_BY(habits, habit_count, "habits");
    CITED_BY(watch, watch_count, "watch");
}

static void show_claim(struct sheet *sheet, uint32_t index)
{
    const struct qv_claim *claim = &sheet->knowledge->facts->claims[index];
    title(sheet, "claims", claim->id, claim->claim);
    detail(sheet, "verdict", qv_verdict_name(claim->verdict));
    detail(sheet, "literature", claim->says);
    detail(sheet, "tag", claim->tag);
    detail_words(sheet, "held by", &claim->held_by);
    detail_basis(sheet, NULL, &claim->sources);
}

static void show_level(struct sheet *sheet, uint32_t index)
{
    const struct qv_level_info *level = &sheet->knowledge->facts->levels[index];
    title(sheet, "levels", qv_level_name(level->id), level->title);
    sheet_say(sheet, level->text);
    sheet_flush(sheet, 2, 2);
    detail(sheet, "within", level->within);
    detail_basis(sheet, NULL, &level->sources);
}

/* ---- looking things up ----------------------------------------------------------------------------------------- */

/* Every kind: its name (as in claims), how many there are, the id of one, and how it is shown. */
#define KIND_MAP(X)                                                                                                    \
    X(conditions, condition_count, show_condition)                                                                     \
    X(findings, finding_count, show_finding)                                                                           \
    X(patterns, pattern_count, show_pattern)                                                                           \
    X(red_flags, red_flag_count, show_red_flag)                                                                        \
    X(contributors, contributor_count, show_contributor)                                                               \
    X(advice, advice_count, show_advice)                                                                               \
    X(tests, test_count, show_test)                                                                                    \
    X(medicines, medicine_count, show_medicine)                                                                        \
    X(drinks, drink_count, show_drink)                                                                                 \
    X(foods, food_count, show_food)                                                                                    \
    X(references, reference_count, show_reference)                                                                     \
    X(habits, habit_count, show_habit)                                                                                 \
    X(watch, watch_count, show_diary_rule)                                                                             \
    X(sentences, sentence_count, show_sentence)                                                                        \
    X(trials, trial_count, show_trial)                                                                                 \
    X(trial_washouts, trial_washout_count, show_trial_washout)                                                         \
    X(trial_refusals, trial_refusal_count, show_trial_refusal)                                                         \
    X(sources, source_count, show_source)                                                                              \
    X(claims, claim_count, show_claim)

/* What is looked for: an id, perhaps with the kind before it ("findings/stress"). */
struct wanted {
    const char *id;
    const char *kind; /* NULL: any */
    size_t kind_length;
    unsigned shown;
};

static bool is_kind(const char *name, size_t length)
{
    static const char *const kinds[] = {
#define KIND_NAME(entries, count, show_one) #entries,
        KIND_MAP(KIND_NAME)
#undef KIND_NAME
            "levels",
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strlen(kinds[i]) == length && strncmp(kinds[i], name, length) == 0)
            return true;
    }
    return false;
}

/* A slash may also part the halves of a combined medicine ("levodopa/carbidopa"). */
static struct wanted wanted_of(const char *id)
{
    const char *slash = strchr(id, '/');
    if (!slash || !is_kind(id, (size_t)(slash - id)))
        return (struct wanted){.id = id};
    return (struct wanted){.id = slash + 1, .kind = id, .kind_length = (size_t)(slash - id)};
}

static bool is_wanted_kind(const struct wanted *wanted, const char *kind)
{
    return !wanted->kind ||
           (strlen(kind) == wanted->kind_length && strncmp(kind, wanted->kind, wanted->kind_length) == 0);
}

/* Several things on one page are parted by a line. */
static void show(struct sheet *sheet, struct wanted *wanted, void (*show_one)(struct sheet *, uint32_t), uint32_t index)
{
    if (wanted->shown++) {
        sheet_blank(sheet);
        sheet_rule(sheet, STYLE_DIM);
    }
    show_one(sheet, index);
}

static void show_by_id(struct sheet *sheet, struct wanted *wanted)
{
    const struct qv_facts *facts = sheet->knowledge->facts;
#define SHOW_KIND(entries, count, show_one)                                                                            \
    for (uint32_t i = 0; is_wanted_kind(wanted, #entries) && i < facts->count; i++) {                                  \
        if (strcasecmp(facts->entries[i].id, wanted->id) == 0)                                                         \
            show(sheet, wanted, show_one, i);                                                                          \
    }
    KIND_MAP(SHOW_KIND)
#undef SHOW_KIND
    for (uint32_t i = 0; is_wanted_kind(wanted, "levels") && i < facts->level_count; i++) {
        if (strcmp(qv_level_name(facts->levels[i].id), wanted->id) == 0)
            show(sheet, wanted, show_level, i);
    }
}

/* By the names that people use: brands and generics, drinks, foods, a condition's name. */
static void show_by_name(struct sheet *sheet, struct wanted *wanted)
{
    const struct qv_facts *facts = sheet->knowledge->facts;
    uint32_t medicines[8];
    uint32_t count = 0;
    if (is_wanted_kind(wanted, "medicines"))
        count = qv_knowledge_medicines(sheet->knowledge, wanted->id, medicines, 8);
    for (uint32_t i = 0; i < count && i < 8; i++)
        show(sheet, wanted, show_medicine, medicines[i]);
    for (uint32_t i = 0; is_wanted_kind(wanted, "conditions") && i < facts->condition_count; i++) {
        if (strcasecmp(facts->conditions[i].name, wanted->id) == 0)
            show(sheet, wanted, show_condition, i);
    }
    for (uint32_t i = 0; is_wanted_kind(wanted, "drinks") && i < facts->drink_count; i++) {
        if (words_have(&facts->drinks[i].names, wanted->id))
            show(sheet, wanted, show_drink, i);
    }
    for (uint32_t i = 0; is_wanted_kind(wanted, "foods") && i < facts->food_count; i++) {
        if (words_have(&facts->foods[i].names, wanted->id))
            show(sheet, wanted, show_food, i);
    }
}

bool qv_page_knowledge(const struct qv_knowledge *knowledge, const char *id, const struct qv_page_settings *settings,
                       struct qv_text *text)
{
    struct sheet sheet;
    sheet_begin(&sheet, knowledge, settings, text);
    struct wanted wanted = wanted_of(id);
    show_by_id(&sheet, &wanted);
    if (!wanted.shown)
        show_by_name(&sheet, &wanted);
    if (wanted.shown)
        sheet_sources(&sheet);
    sheet_end(&sheet);
    return wanted.shown > 0;
}
