/* SPDX-License-Identifier: Apache-2.0 */
/* A diary, added up day by day. */
#include "daybook.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define HOUR_S 3600.0
#define TIMED_SHARE 0.8 /* of what was taken in, that must have a time for a look at what was in the body */
#define FIRST_ROOM 256
#define MOST_PLACES (1U << 20)    /* twitches whose note names a place */
#define MOST_MEDICINES (1U << 16) /* entries of medicines */

int qv_daybook_create(const struct qv_knowledge *knowledge, struct qv_arena *arena, struct qv_daybook **out,
                      struct qv_error *error)
{
    struct qv_daybook *book = qv_arena_alloc(arena, 1, sizeof *book);
    if (!book)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    *book = (struct qv_daybook){.knowledge = knowledge, .arena = arena, .sorted = true, .places_sorted = true};
    for (uint32_t h = 0; h < knowledge->facts->habit_count; h++) {
        enum qv_entry_kind kind;
        if (qv_entry_kind_find(knowledge->facts->habits[h].id, &kind))
            book->keeps_intakes[kind] = knowledge->facts->habits[h].half_life_h > 0;
    }
    *out = book;
    return QV_OK;
}

/* Room for one more in a list that doubles; the old one stays in the arena. */
static bool has_room(struct qv_arena *arena, void *list_of, uint32_t count, uint32_t *room, size_t size)
{
    void **list = list_of;
    if (count < *room)
        return true;
    const uint32_t more = *room ? 2 * *room : FIRST_ROOM;
    void *grown = qv_arena_alloc(arena, more, size);
    if (!grown)
        return false;
    if (count)
        memcpy(grown, *list, count * size);
    *list = grown;
    *room = more;
    return true;
}

/* ---- what a day holds --------------------------------------------------------------------------------------------------- */

static int add_tally(struct qv_daybook *book, struct tally one, struct qv_error *error)
{
    struct tally *last = book->tally_count ? &book->tallies[book->tally_count - 1] : NULL;
    if (last && last->day == one.day && last->kind == one.kind) {
        last->amount += one.amount;
        last->entries += one.entries;
        return QV_OK;
    }
    if (!has_room(book->arena, &book->tallies, book->tally_count, &book->tally_room, sizeof *book->tallies))
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory: the diary has too many entries");
    assert(book->tallies);
    book->sorted = book->sorted && (!last || last->day < one.day || (last->day == one.day && last->kind < one.kind));
    book->tallies[book->tally_count++] = one;
    return QV_OK;
}

static int by_day_and_kind(const void *a, const void *b)
{
    const struct tally *x = a, *y = b;
    return x->day != y->day ? (x->day > y->day) - (x->day < y->day) : (x->kind > y->kind) - (x->kind < y->kind);
}

static int by_day(const void *a, const void *b)
{
    const struct noted_place *x = a, *y = b;
    return (x->day > y->day) - (x->day < y->day);
}

void daybook_sort(struct qv_daybook *book)
{
    if (!book->places_sorted) /* notes, and after them clips */
        qsort(book->places, book->place_count, sizeof *book->places, by_day);
    book->places_sorted = true;
    if (book->sorted || !book->tally_count)
        return;
    qsort(book->tallies, book->tally_count, sizeof *book->tallies, by_day_and_kind);
    uint32_t kept = 0;
    for (uint32_t i = 1; i < book->tally_count; i++) {
        struct tally *here = &book->tallies[kept];
        if (by_day_and_kind(here, &book->tallies[i]) != 0) {
            book->tallies[++kept] = book->tallies[i];
            continue;
        }
        here->amount += book->tallies[i].amount;
        here->entries += book->tallies[i].entries;
    }
    book->tally_count = kept + 1;
    book->sorted = true;
}

uint32_t daybook_from(const struct qv_daybook *book, int32_t day)
{
    uint32_t low = 0, high = book->tally_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (book->tallies[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct tally *daybook_at(const struct qv_daybook *book, int32_t day, enum qv_entry_kind kind)
{
    for (uint32_t i = daybook_from(book, day); i < book->tally_count && book->tallies[i].day == day; i++) {
        if (book->tallies[i].kind == kind)
            return &book->tallies[i];
    }
    return NULL;
}

double tally_value(const struct tally *tally)
{
    const bool mean = qv_entry_kind_info(tally->kind)->rule == QV_DAY_MEAN && tally->entries;
    return mean ? tally->amount / tally->entries : tally->amount;
}

/* ---- what notes say ------------------------------------------------------------------------------------------------------- */

/* Whether @p words stand in @p note as whole words, whatever their case. Returns where they end, or NULL. */
static const char *find_words(const char *note, const char *words)
{
    const size_t length = strlen(words);
    for (const char *at = note; (at = strcasestr(at, words)); at++) {
        const bool begins = at == note || !isalnum((unsigned char)at[-1]);
        if (begins && !isalnum((unsigned char)at[length]))
            return at;
    }
    return NULL;
}

/* The places that a note names; a longer name hides the shorter ones within it ("lower lip" is no "lip"). */
static uint32_t sites_of(const struct qv_knowledge *knowledge, const char *note)
{
    char rest[QV_ENTRY_MAX_NOTE_BYTES + 1];
    snprintf(rest, sizeof rest, "%s", note);
    const int finding = qv_form_find(&knowledge->form, "site");
    uint32_t sites = 0;
    for (;;) {
        const char *longest = NULL, *place = NULL;
        char *at = NULL;
        for (uint32_t p = 0; p < knowledge->facts->place_count; p++) {
            const struct qv_place_words *names = &knowledge->facts->places[p];
            for (uint32_t w = 0; w < names->words.count; w++) {
                const char *found = find_words(rest, names->words.at[w]);
                if (found && (!longest || strlen(names->words.at[w]) > strlen(longest))) {
                    longest = names->words.at[w];
                    place = names->site;
                    at = rest + (found - rest);
                }
            }
        }
        if (!longest)
            return sites;
        memset(at, '.', strlen(longest));
        const struct qv_field *field = &knowledge->form.fields[finding];
        for (uint32_t w = 0; w < field->word_count; w++)
            sites |= strcmp(field->words[w], place) == 0 ? 1U << w : 0;
    }
}

static uint32_t sides_of(const char *note)
{
    return (find_words(note, "left") ? DAYBOOK_LEFT : 0U) | (find_words(note, "right") ? DAYBOOK_RIGHT : 0U) |
           (find_words(note, "both") ? DAYBOOK_BOTH : 0U);
}

int daybook_add_place(struct qv_daybook *book, struct noted_place place, struct qv_error *error)
{
    if ((!place.sites && !place.sides) || book->place_count == MOST_PLACES)
        return QV_OK;
    if (!has_room(book->arena, &book->places, book->place_count, &book->place_room, sizeof *book->places))
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    book->places_sorted =
        !book->place_count || (book->places_sorted && book->places[book->place_count - 1].day <= place.day);
    book->places[book->place_count++] = place;
    return QV_OK;
}

/* "sertraline started": the name, and what may follow it. */
static int add_medicine(struct qv_daybook *book, const struct qv_entry *entry, struct qv_error *error)
{
    static const struct {
        const char *word;
        enum taking what;
    } words[] = {{" started", TAKING_STARTED}, {" stopped", TAKING_STOPPED}, {" changed", TAKING_CHANGED}};
    struct noted_medicine medicine = {.day = entry->day, .what = TAKEN};
    size_t length = strlen(entry->note);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t ending = strlen(words[i].word);
        if (length > ending && strcasecmp(entry->note + length - ending, words[i].word) == 0) {
            medicine.what = words[i].what;
            length -= ending;
            break;
        }
    }
    if (length > QV_CASE_MAX_NAME_BYTES || book->medicine_count == MOST_MEDICINES)
        return QV_OK;
    medicine.name = qv_arena_copy(book->arena, entry->note, length);
    if (!medicine.name ||
        !has_room(book->arena, &book->medicines, book->medicine_count, &book->medicine_room, sizeof *book->medicines))
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    book->medicines[book->medicine_count++] = medicine;
    return QV_OK;
}

static int add_notes(void *context, const struct qv_entry *entry, struct qv_error *error)
{
    struct qv_daybook *book = context;
    if (!entry->note || !entry->note[0])
        return QV_OK;
    if (entry->kind == QV_ENTRY_TWITCH && entry->amount > 0)
        return daybook_add_place(
            book, (struct noted_place){entry->day, sites_of(book->knowledge, entry->note), sides_of(entry->note)},
            error);
    return entry->kind == QV_ENTRY_MEDICINE ? add_medicine(book, entry, error) : QV_OK;
}

static int add_intake(struct qv_daybook *book, enum qv_entry_kind kind, struct qv_intake intake, struct qv_error *error)
{
    if (!book->keeps_intakes[kind])
        return QV_OK;
    if (!has_room(book->arena, &book->intakes[kind], book->intake_count[kind], &book->intake_room[kind], sizeof intake))
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    book->intakes[kind][book->intake_count[kind]++] = intake;
    return QV_OK;
}

/* ---- from where ---------------------------------------------------------------------------------------------------------- */

int qv_daybook_add(void *daybook, const struct qv_entry *entry, struct qv_error *error)
{
    int status = add_tally(daybook, (struct tally){entry->day, entry->kind, entry->amount, 1}, error);
    if (status == QV_OK && entry->second != QV_NO_SECOND)
        status = add_intake(daybook, entry->kind, (struct qv_intake){entry->day, entry->second / HOUR_S, entry->amount},
                            error);
    return status ? status : add_notes(daybook, entry, error);
}

static int add_total(void *daybook, const struct qv_day_total *total, struct qv_error *error)
{
    const int status =
        add_tally(daybook, (struct tally){total->day, total->kind, total->amount, total->entries}, error);
    if (status || total->hour < 0)
        return status;
    return add_intake(daybook, total->kind, (struct qv_intake){total->day, total->hour + 0.5, total->amount}, error);
}

double qv_diary_drink_g(const struct qv_knowledge *knowledge)
{
    for (uint32_t d = 0; d < knowledge->facts->drink_count; d++) {
        const struct qv_drink *drink = &knowledge->facts->drinks[d];
        if (strcmp(drink->id, knowledge->facts->folding.counted_drink) == 0 && drink->alcohol_g)
            return *drink->alcohol_g;
    }
    return 0;
}

int qv_daybook_read_file(struct qv_daybook *book, const char *path, struct qv_error *error)
{
    const struct qv_diary_source to = {
        .sink = qv_daybook_add, .context = book, .alcohol_g_per_drink = qv_diary_drink_g(book->knowledge)};
    enum qv_diary_format format;
    return qv_diary_read(path, &to, &format, error);
}

static int add_document(void *context, const struct qv_document *document, struct qv_error *error)
{
    const int status = qv_daybook_add_clip(context, document->day, document->json, error);
    return status ? qv_fail_at(error, "the journal's clip %s", document->name) : QV_OK;
}

int qv_daybook_read_journal(struct qv_daybook *book, struct qv_journal *journal, int32_t from, bool with_notes,
                            struct qv_error *error)
{
    int status = qv_journal_totals(journal, from, INT32_MAX, add_total, book, error);
    if (status == QV_OK && with_notes)
        status = qv_journal_noted(journal, add_notes, book, error);
    if (status == QV_OK && with_notes)
        status = qv_journal_documents(journal, QV_DOCUMENT_MEASUREMENT, NULL, add_document, book, error);
    return status;
}

bool qv_daybook_span(struct qv_daybook *book, int32_t *first_day, int32_t *last_day)
{
    daybook_sort(book);
    if (!book->tally_count)
        return false;
    *first_day = book->tallies[0].day;
    *last_day = book->tallies[book->tally_count - 1].day;
    return true;
}

/* ---- the table of days ----------------------------------------------------------------------------------------------------- */

/* Whether most of what was taken in has a time. */
static bool is_timed(const struct qv_daybook *book, enum qv_entry_kind kind, const struct qv_days *days,
                     const double *exposures)
{
    double taken = 0, timed = 0;
    for (uint32_t d = 0; d < days->day_count; d++)
        taken += isnan(exposures[d]) ? 0 : exposures[d];
    for (uint32_t i = 0; i < book->intake_count[kind]; i++) {
        const int64_t d = (int64_t)book->intakes[kind][i].day - days->first_day;
        timed += d >= 0 && d < days->day_count ? book->intakes[kind][i].amount : 0;
    }
    return taken > 0 && timed >= TIMED_SHARE * taken;
}

/* What was in the body. A day of which nothing was noted is not known, and neither is the next, into which it would reach. */
static int add_in_body(const struct qv_daybook *book, const struct qv_person *person, struct qv_days *days,
                       struct qv_factor *factors, struct qv_arena *arena, struct qv_error *error)
{
    const size_t n = days->day_count;
    double *in_body = qv_arena_alloc(arena, days->factor_count * n + 1, sizeof *in_body);
    if (!in_body)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    days->in_body = in_body;
    for (uint32_t k = 0; k < days->factor_count; k++) {
        enum qv_entry_kind kind;
        double *load = in_body + k * n;
        const double *exposures = days->exposures + k * n;
        const int at = qv_knowledge_habit(book->knowledge, factors[k].id);
        if (at < 0 || !qv_entry_kind_find(factors[k].id, &kind) || !is_timed(book, kind, days, exposures))
            continue;
        const struct qv_habit *habit = &book->knowledge->facts->habits[at];
        const struct qv_trial_washout *washout = washout_of(book->knowledge, &person->situation, habit->id);
        factors[k].half_life_h = fmax(habit->half_life_h, washout ? washout->half_life_h : 0);
        qv_body_load(book->intakes[kind], book->intake_count[kind], habit->absorbed_h, factors[k].half_life_h,
                     days->first_day, days->day_count, load);
        for (size_t d = 0; d < n; d++) {
            if (isnan(exposures[d]) || (d > 0 && isnan(exposures[d - 1])))
                load[d] = NAN;
        }
    }
    return QV_OK;
}

int qv_daybook_days(struct qv_daybook *book, const struct qv_person *person, int32_t from, int32_t until,
                    struct qv_arena *arena, const struct qv_days **out, struct qv_error *error)
{
    int32_t first = 0, last = 0;
    const struct qv_facts *facts = book->knowledge->facts;
    struct qv_days *days = qv_arena_alloc(arena, 1, sizeof *days);
    if (!days)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    const bool any = qv_daybook_span(book, &first, &last);
    first = first > from ? first : from;
    last = last < until ? last : until;
    const int64_t count = any && last >= first ? (int64_t)last - first + 1 : 0;
    if (count > QV_DAYS_MAX) {
        char from_text[11], to_text[11];
        qv_date_format(first, from_text);
        qv_date_format(last, to_text);
        return qv_fail(error, QV_ERR_DATA, "the diary goes from %s to %s, expected at most %d days", from_text, to_text,
                       QV_DAYS_MAX);
    }
    const size_t n = (size_t)count;
    struct qv_factor *factors = qv_arena_alloc(arena, facts->habit_count, sizeof *factors);
    double *twitches = qv_arena_alloc(arena, n + 1, sizeof *twitches);
    double *exposures = qv_arena_alloc(arena, facts->habit_count * n + 1, sizeof *exposures);
    if (!factors || !twitches || !exposures)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    int8_t factor_of[QV_ENTRY_KIND_COUNT];
    memset(factor_of, -1, sizeof factor_of);
    uint32_t factor_count = 0;
    for (uint32_t h = 0; h < facts->habit_count && factor_count < QV_FACTORS_MAX; h++) {
        const struct qv_habit *habit = &facts->habits[h];
        enum qv_entry_kind kind;
        if (!qv_entry_kind_find(habit->id, &kind))
            continue;
        factor_of[kind] = (int8_t)factor_count;
        factors[factor_count++] =
            (struct qv_factor){habit->id, habit->per, habit->step, habit->prior_sd, habit->after_drop != NULL, 0};
    }
    for (size_t i = 0; i < n; i++)
        twitches[i] = NAN;
    for (size_t i = 0; i < n * factor_count; i++)
        exposures[i] = NAN;
    for (uint32_t i = daybook_from(book, first); i < book->tally_count && book->tallies[i].day <= last; i++) {
        const struct tally *t = &book->tallies[i];
        const size_t day = (size_t)((int64_t)t->day - first);
        if (t->kind == QV_ENTRY_TWITCH)
            twitches[day] = tally_value(t);
        else if (factor_of[t->kind] >= 0)
            exposures[(size_t)factor_of[t->kind] * n + day] = tally_value(t);
    }
    *days = (struct qv_days){first, (uint32_t)n, factor_count, factors, twitches, exposures, NULL};
    const int status = n && person ? add_in_body(book, person, days, factors, arena, error) : QV_OK;
    if (status == QV_OK)
        *out = days;
    return status;
}
