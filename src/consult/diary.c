/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a diary says of the person now, as findings of the case: how long, how often, on which side, whether it grows, where it went,
 * what is usually taken. Every threshold is in knowledge/diary.yaml. What the person said stands.
 */
#include "daybook.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

#define DAYS_A_WEEK 7.0

/* The bout of twitching that goes on. */
struct bout {
    bool known;           /* something was noted lately, and there is a twitch in it */
    int32_t onset, today; /* its first day with a twitch; the last that counts */
};

/* ---- measures ------------------------------------------------------------------------------------------------------------- */

/*
 * Goes through the days with a note of twitches. So many quiet ones in a row end a bout; days without a note neither end it nor
 * go on with it. A diary that fell silent says nothing of now.
 */
static struct bout find_bout(const struct qv_daybook *book, int32_t today)
{
    const struct qv_diary_folding *folding = &book->knowledge->facts->folding;
    struct bout bout = {.today = today};
    uint32_t quiet_days = 0;
    int32_t noted = INT32_MIN;
    for (uint32_t i = 0; i < book->tally_count && book->tallies[i].day <= today; i++) {
        const struct tally *t = &book->tallies[i];
        if (t->kind != QV_ENTRY_TWITCH)
            continue;
        noted = t->day;
        quiet_days = t->amount > 0 ? 0 : quiet_days + 1;
        if (t->amount > 0) {
            bout.onset = bout.known ? bout.onset : t->day;
            bout.known = true;
        } else if (quiet_days >= folding->onset_after_quiet_days) {
            bout.known = false;
        }
    }
    bout.known = bout.known && (int64_t)today - noted < folding->usual_over_days;
    return bout;
}

/* The change of the rate from week to week in the days from @p from on, by the model of the triggers without any. */
static int measure_trend(struct qv_daybook *book, int32_t from, int32_t today, double *measures, struct qv_error *error)
{
    struct qv_arena *arena = qv_arena_create(0);
    const struct qv_days *days = NULL;
    struct qv_triggers *found = NULL;
    if (!arena)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    int status = qv_daybook_days(book, NULL, from, today, arena, &days, error);
    if (status == QV_OK) {
        struct qv_days bare = *days;
        bare.factor_count = 0;
        status = qv_find_triggers(&bare, arena, &found, error);
    }
    if (status == QV_OK) {
        measures[QV_DIARY_TREND] = found->trend_per_week.ratio;
        measures[QV_DIARY_TREND_LOW] = found->trend_per_week.low;
        measures[QV_DIARY_TREND_HIGH] = found->trend_per_week.high;
    }
    qv_arena_destroy(arena);
    return status;
}

/* Where the bout began, and everywhere it has been. */
struct places {
    uint32_t began, all;
};

static struct places places_of(const struct qv_daybook *book, const struct bout *bout)
{
    struct places places = {0};
    const int32_t began_until = bout->onset + (int32_t)book->knowledge->facts->folding.began_within_days;
    for (uint32_t i = 0; i < book->place_count; i++) {
        const struct noted_place *p = &book->places[i];
        if (p->day < bout->onset || p->day > bout->today)
            continue;
        places.all |= p->sites;
        places.began |= p->day < began_until ? p->sites : 0;
    }
    return places;
}

/* Days of the bout on which a place was named where it did not begin. NaN: where it began was not noted. */
static double new_place_days(const struct qv_daybook *book, const struct bout *bout)
{
    const uint32_t began = places_of(book, bout).began;
    uint32_t days = 0;
    int32_t counted = INT32_MIN;
    for (uint32_t i = 0; i < book->place_count; i++) {
        const struct noted_place *p = &book->places[i];
        if (p->day < bout->onset || p->day > bout->today || !(p->sites & ~began) || p->day == counted)
            continue;
        counted = p->day;
        days++;
    }
    return began ? (double)days : (double)NAN;
}

/* From the newest medicine that was begun before the bout to its first twitch. */
static double medicine_days_before(const struct qv_daybook *book, const struct bout *bout)
{
    double least = NAN;
    for (uint32_t i = 0; i < book->medicine_count; i++) {
        const struct noted_medicine *m = &book->medicines[i];
        if (m->what == TAKING_STARTED && m->day <= bout->onset)
            least = fmin(least, (double)bout->onset - m->day); /* of NaN and a number, the number */
    }
    return least;
}

/* Fills in what can be told of the window of @p over_days up to today; 0: of the whole diary. */
static int measure(struct qv_daybook *book, const struct bout *bout, uint32_t over_days, int32_t today, bool with_trend,
                   double measures[QV_DIARY_MEASURE_COUNT], struct qv_error *error)
{
    const int64_t first = over_days ? (int64_t)today - over_days + 1 : INT32_MIN;
    const int32_t from = first > INT32_MIN ? (int32_t)first : INT32_MIN;
    double observed = 0, quiet = 0, twitches = 0;
    for (int m = 0; m < QV_DIARY_MEASURE_COUNT; m++)
        measures[m] = NAN;
    for (uint32_t i = daybook_from(book, from); i < book->tally_count && book->tallies[i].day <= today; i++) {
        const struct tally *t = &book->tallies[i];
        if (t->kind != QV_ENTRY_TWITCH)
            continue;
        observed++;
        quiet += t->amount > 0 ? 0 : 1;
        twitches += t->amount;
    }
    measures[QV_DIARY_OBSERVED_DAYS] = observed;
    if (observed > 0) {
        measures[QV_DIARY_QUIET_SHARE] = quiet / observed;
        measures[QV_DIARY_TWITCHES_PER_DAY] = twitches / observed;
    }
    if (!bout->known)
        return QV_OK;
    measures[QV_DIARY_DAYS_SINCE_ONSET] = (double)today - bout->onset;
    measures[QV_DIARY_NEW_PLACE_DAYS] = new_place_days(book, bout);
    measures[QV_DIARY_MEDICINE_DAYS_BEFORE] = medicine_days_before(book, bout);
    return with_trend && twitches > 0 ? measure_trend(book, from, today, measures, error) : QV_OK;
}

/* ---- into the case ------------------------------------------------------------------------------------------------------------ */

static bool is_known(const struct qv_case *c, int field)
{
    return c->values[field].kind != QV_UNKNOWN;
}

static int set_number(struct qv_case *c, int field, double number, struct qv_error *error)
{
    const struct qv_field *f = &c->form->fields[field];
    const double held = fmin(fmax(number, f->minimum), f->maximum);
    return qv_case_set(c, field, (struct qv_value){.kind = QV_NUMBER, .number = held}, QV_ORIGIN_DIARY, error);
}

static int set_words(struct qv_case *c, const char *id, uint32_t words, struct qv_error *error)
{
    const int field = qv_form_find(c->form, id);
    if (field < 0 || !words || is_known(c, field))
        return QV_OK;
    return qv_case_set(c, field, (struct qv_value){.kind = QV_WORDS, .words = words}, QV_ORIGIN_DIARY, error);
}

/* Sets a yes/no or a choice to a level by its name. */
static int set_level(struct qv_case *c, int field, const char *level, struct qv_error *error)
{
    const struct qv_field *f = &c->form->fields[field];
    struct qv_value value = {.kind = QV_UNKNOWN};
    if (f->type == QV_FIELD_YES_NO)
        value.kind = strcmp(level, "yes") == 0 ? QV_YES : QV_NO;
    for (uint32_t w = 0; f->type == QV_FIELD_CHOICE && w < f->word_count; w++) {
        if (strcmp(f->words[w], level) == 0)
            value = (struct qv_value){.kind = QV_WORD, .words = w};
    }
    return value.kind == QV_UNKNOWN ? QV_OK : qv_case_set(c, field, value, QV_ORIGIN_DIARY, error);
}

/* What a rule that holds says. */
static int fill_by_rule(struct qv_case *c, const struct qv_diary_rule *rule, const double *measures,
                        struct daybook_fold *fold, struct qv_error *error)
{
    const int field = rule->finding ? qv_form_find(c->form, rule->finding) : -1;
    if (field < 0)
        return QV_OK;
    if (!rule->number)
        return is_known(c, field) ? QV_OK : set_level(c, field, rule->is, error);
    const double number = measures[*rule->number];
    const bool outgrown = is_known(c, field) && rule->at_least && c->values[field].number < number;
    if (!isfinite(number) || (is_known(c, field) && !(outgrown && fold->outgrow)))
        return QV_OK;
    fold->outgrew |= outgrown;
    return set_number(c, field, number, error);
}

static bool wants_trend(const struct qv_diary_rule *rule)
{
    for (uint32_t i = 0; i < rule->condition_count; i++) {
        const enum qv_diary_measure m = rule->conditions[i].measure;
        if (m == QV_DIARY_TREND || m == QV_DIARY_TREND_LOW || m == QV_DIARY_TREND_HIGH)
            return true;
    }
    return rule->number && *rule->number == QV_DIARY_TREND;
}

/* The rules in their order: of one finding the first that holds counts, since what is known is not set again. */
static int fill_by_rules(struct qv_case *c, struct qv_daybook *book, const struct bout *bout, struct daybook_fold *fold,
                         struct qv_error *error)
{
    const struct qv_facts *facts = book->knowledge->facts;
    double measures[QV_DIARY_MEASURE_COUNT];
    uint32_t window = UINT32_MAX;
    bool with_trend = false;
    for (uint32_t i = 0; i < facts->watch_count; i++) {
        const struct qv_diary_rule *rule = &facts->watch[i];
        const bool trend = wants_trend(rule);
        if (rule->over_days != window || (trend && !with_trend)) { /* rules of one window stand together */
            const int status = measure(book, bout, rule->over_days, c->as_of_days, trend, measures, error);
            if (status)
                return status;
            window = rule->over_days;
            with_trend = trend;
        }
        if (!qv_diary_rule_holds(rule, measures))
            continue;
        const int status = fill_by_rule(c, rule, measures, fold, error);
        if (status)
            return status;
        fold->rules[fold->rule_count++] = rule;
    }
    return QV_OK;
}

double daybook_usual(const struct qv_daybook *book, enum qv_entry_kind kind, int32_t today)
{
    const struct qv_diary_folding *folding = &book->knowledge->facts->folding;
    double sum = 0;
    uint32_t days = 0;
    for (uint32_t i = daybook_from(book, today - (int32_t)folding->usual_over_days + 1);
         i < book->tally_count && book->tallies[i].day <= today; i++) {
        if (book->tallies[i].kind != kind)
            continue;
        sum += tally_value(&book->tallies[i]);
        days++;
    }
    return days < folding->usual_known_days ? (double)NAN : sum / days;
}

static int fill_habits(struct qv_case *c, const struct qv_daybook *book, struct qv_error *error)
{
    const struct qv_facts *facts = book->knowledge->facts;
    for (uint32_t h = 0; h < facts->habit_count; h++) {
        enum qv_entry_kind kind;
        const int field = facts->habits[h].finding ? qv_form_find(c->form, facts->habits[h].finding) : -1;
        if (field < 0 || is_known(c, field) || !qv_entry_kind_find(facts->habits[h].id, &kind))
            continue;
        const double usual = daybook_usual(book, kind, c->as_of_days);
        const int status = isnan(usual) ? QV_OK : set_number(c, field, usual, error);
        if (status)
            return status;
    }
    return QV_OK;
}

/* Where it moves and began, and the side if the notes of the bout name one alone. */
static int fill_places(struct qv_case *c, const struct qv_daybook *book, const struct bout *bout,
                       struct qv_error *error)
{
    static const struct {
        uint32_t sides;
        const char *word;
    } words[] = {{DAYBOOK_LEFT, "left"}, {DAYBOOK_RIGHT, "right"}, {DAYBOOK_BOTH, "both"}};
    const struct places places = places_of(book, bout);
    uint32_t sides = 0;
    int status = set_words(c, "site", places.all, error);
    if (status == QV_OK)
        status = set_words(c, "started_at", places.began, error);
    for (uint32_t i = 0; i < book->place_count; i++) {
        if (book->places[i].day >= bout->onset && book->places[i].day <= bout->today)
            sides |= book->places[i].sides;
    }
    const int field = qv_form_find(c->form, "side");
    for (size_t w = 0; w < sizeof words / sizeof words[0] && status == QV_OK; w++) {
        if (sides == words[w].sides && field >= 0 && !is_known(c, field))
            status = set_level(c, field, words[w].word, error);
    }
    return status;
}

/* ---- medicines ---------------------------------------------------------------------------------------------------------------- */

/* What the diary noted of one medicine, the days as days ago. */
static void note_taking(struct qv_case_medicine *into, const struct noted_medicine *m, int32_t today)
{
    const double ago = (double)today - m->day;
    if (m->what == TAKING_STARTED) { /* begun anew is no longer stopped */
        into->started_days_ago = ago;
        into->stopped_days_ago = NAN;
    } else if (m->what == TAKING_CHANGED) {
        into->dose_changed_days_ago = ago;
    } else if (m->what == TAKING_STOPPED) {
        into->stopped_days_ago = ago;
    }
}

static struct qv_case_medicine *medicine_named(struct qv_case_medicine *list, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcasecmp(list[i].name, name) == 0)
            return &list[i];
    }
    return NULL;
}

static int by_medicine_day(const void *a, const void *b)
{
    const struct noted_medicine *x = a, *y = b;
    return x->day != y->day ? (x->day > y->day) - (x->day < y->day) : (x->what > y->what) - (x->what < y->what);
}

/* Adds the medicines of the diary that the case does not name. One that was only taken now and then counts while it is recent. */
static int fill_medicines(struct qv_case *c, const struct qv_daybook *book, struct qv_error *error)
{
    const int32_t recent = c->as_of_days - (int32_t)book->knowledge->facts->folding.usual_over_days;
    struct qv_case_medicine *list = qv_arena_alloc(book->arena, QV_CASE_MAX_MEDICINES, sizeof *list);
    if (!list)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    const uint32_t said = c->medicine_count;
    uint32_t count = said;
    if (said)
        memcpy(list, c->medicines, said * sizeof *list);
    if (book->medicine_count)
        qsort(book->medicines, book->medicine_count, sizeof *book->medicines, by_medicine_day);
    for (uint32_t i = 0; i < book->medicine_count; i++) {
        const struct noted_medicine *m = &book->medicines[i];
        if (m->day > c->as_of_days || medicine_named(list, said, m->name) || (m->what == TAKEN && m->day <= recent))
            continue;
        struct qv_case_medicine *into = medicine_named(list + said, count - said, m->name);
        if (!into && count == QV_CASE_MAX_MEDICINES)
            continue;
        if (!into) {
            into = &list[count++];
            *into = (struct qv_case_medicine){m->name, NAN, NAN, NAN};
        }
        note_taking(into, m, c->as_of_days);
    }
    if (count == said)
        return QV_OK;
    c->medicines = list;
    c->medicine_count = count;
    return QV_OK;
}

/* ---- clips -------------------------------------------------------------------------------------------------------------------- */

/* What the newest clip showed, while it is recent. */
static int fill_clip(struct qv_case *c, const struct qv_daybook *book, struct qv_error *error)
{
    int status = QV_OK;
    const int64_t ago = (int64_t)c->as_of_days - book->clip_day;
    if (!book->clip || ago < 0 || ago >= book->knowledge->facts->folding.usual_over_days)
        return QV_OK;
    for (uint32_t f = 0; f < c->form->field_count && status == QV_OK; f++) {
        if (book->clip->values[f].kind != QV_UNKNOWN && !is_known(c, (int)f))
            status = qv_case_set(c, (int)f, book->clip->values[f], QV_ORIGIN_CLIP, error);
    }
    return status;
}

/* ---- all ------------------------------------------------------------------------------------------------------------------------ */

int daybook_fold(struct qv_daybook *book, struct qv_case *c, struct daybook_fold *fold, struct qv_error *error)
{
    fold->rule_count = 0;
    fold->outgrew = false;
    fold->rules = qv_arena_alloc(book->arena, book->knowledge->facts->watch_count + 1, sizeof *fold->rules);
    if (!fold->rules)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    daybook_sort(book);
    const struct bout bout = find_bout(book, c->as_of_days);
    int status = fill_by_rules(c, book, &bout, fold, error);
    if (status == QV_OK)
        status = fill_habits(c, book, error);
    if (status == QV_OK && bout.known)
        status = fill_places(c, book, &bout, error);
    if (status == QV_OK)
        status = fill_medicines(c, book, error);
    return status ? status : fill_clip(c, book, error);
}

int qv_daybook_fold(struct qv_daybook *book, struct qv_case *c, struct qv_error *error)
{
    struct daybook_fold fold = {.outgrow = true};
    return daybook_fold(book, c, &fold, error);
}
