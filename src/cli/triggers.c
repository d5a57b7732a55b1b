/* SPDX-License-Identifier: Apache-2.0 */
/* `quiver triggers`: which habits go with the twitches, from a diary in a file or from the journal. */
#include "cli.h"

#include <quiver/journal.h>
#include <quiver/nof1.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES_MAX ((size_t)64 << 20)
#define TOTALS_MAX ((uint32_t)16 << 20) /* notes, or days of notes, of one diary */

struct triggers_options {
    const char *diary, *journal, *case_file, *plot, *knowledge;
    bool json, plain, full;
};

static int read_options(int argc, char **argv, struct triggers_options *o, struct qv_error *error)
{
    *o = (struct triggers_options){0};
    const struct cli_option options[] = {
        {"diary", NULL, &o->diary}, {"journal", NULL, &o->journal},     {"case", NULL, &o->case_file},
        {"plot", NULL, &o->plot},   {"knowledge", NULL, &o->knowledge}, {"json", &o->json, NULL},
        {"plain", &o->plain, NULL}, {"full", &o->full, NULL},
    };
    int status = cli_options(&argc, argv, options, sizeof options / sizeof options[0], error);
    if (status)
        return status;
    if (argc > 1)
        return qv_fail(error, QV_ERR_USAGE, "triggers: found \"%s\"; a diary is given with --diary", argv[1]);
    if (o->diary && o->journal)
        return qv_fail(error, QV_ERR_USAGE,
                       "triggers: --diary and --journal may hold the same notes twice, expected one of them; "
                       "quiver import puts a diary into the journal once");
    if (o->diary && o->case_file && strcmp(o->diary, "-") == 0 && strcmp(o->case_file, "-") == 0)
        return qv_fail(error, QV_ERR_USAGE, "triggers: --diary and --case cannot both be standard input");
    return QV_OK;
}

/* ---- from notes to days ----------------------------------------------------------------------------------------------------- */

/* What was noted, in the order in which it was read. */
struct notes {
    struct qv_day_total *totals;
    uint32_t count, room;
};

static int add_total(void *context, const struct qv_day_total *total, struct qv_error *error)
{
    struct notes *notes = context;
    if (notes->count == notes->room) {
        const uint32_t room = notes->room ? 2 * notes->room : 4096;
        struct qv_day_total *grown = room <= TOTALS_MAX ? realloc(notes->totals, room * sizeof *notes->totals) : NULL;
        if (!grown)
            return qv_fail(error, room > TOTALS_MAX ? QV_ERR_DATA : QV_ERR_UNAVAILABLE,
                           room > TOTALS_MAX ? "more notes than quiver can hold" : "out of memory");
        notes->totals = grown;
        notes->room = room;
    }
    notes->totals[notes->count++] = *total;
    return QV_OK;
}

static int add_entry(void *context, const struct qv_entry *entry, struct qv_error *error)
{
    return add_total(context,
                     &(struct qv_day_total){
                         .day = entry->day, .hour = -1, .kind = entry->kind, .amount = entry->amount, .entries = 1},
                     error);
}

/* Days from the first note of a twitch or a habit to the last, none left out; what was not noted is NaN. Lives in the arena. */
static int fold(const struct qv_knowledge *knowledge, const struct notes *notes, struct qv_arena *arena,
                struct qv_days *out, struct qv_error *error)
{
    const struct qv_facts *facts = knowledge->facts;
    const uint32_t factors = facts->habit_count < QV_FACTORS_MAX ? facts->habit_count : QV_FACTORS_MAX;
    struct qv_factor *factor = qv_arena_alloc(arena, QV_FACTORS_MAX, sizeof *factor);
    int row_of[QV_ENTRY_KIND_COUNT]; /* of a kind: its factor; the number of factors for twitches, -1 for the rest */
    for (int k = 0; k < QV_ENTRY_KIND_COUNT; k++)
        row_of[k] = k == QV_ENTRY_TWITCH ? (int)factors : -1;
    for (uint32_t f = 0; factor && f < factors; f++) {
        const struct qv_habit *habit = &facts->habits[f];
        enum qv_entry_kind kind;
        factor[f] = (struct qv_factor){habit->id, habit->per, habit->step, habit->prior_sd, habit->after_drop != NULL};
        if (qv_entry_kind_find(habit->id, &kind))
            row_of[kind] = (int)f;
    }

    int32_t first = INT32_MAX, last = INT32_MIN;
    for (uint32_t i = 0; i < notes->count; i++) {
        const bool counts = row_of[notes->totals[i].kind] >= 0;
        first = counts && notes->totals[i].day < first ? notes->totals[i].day : first;
        last = counts && notes->totals[i].day > last ? notes->totals[i].day : last;
    }
    const uint32_t days = first > last ? 0 : (uint32_t)((int64_t)last - first + 1);
    if (days > QV_DAYS_MAX)
        return qv_fail(error, QV_ERR_DATA, "the diary spans %u days, expected at most %d", days, QV_DAYS_MAX);
    const size_t cells = (size_t)(factors + 1) * days;
    double *amounts = qv_arena_alloc(arena, cells + 1, sizeof *amounts);
    uint32_t *entries = qv_arena_alloc(arena, cells + 1, sizeof *entries);
    if (!factor || !amounts || !entries)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");

    for (uint32_t i = 0; i < notes->count; i++) {
        const struct qv_day_total *total = &notes->totals[i];
        if (row_of[total->kind] < 0)
            continue;
        const size_t cell = (size_t)row_of[total->kind] * days + (size_t)(total->day - first);
        amounts[cell] += total->amount;
        entries[cell] += total->entries;
    }
    for (int k = 0; k < QV_ENTRY_KIND_COUNT; k++) {
        for (uint32_t d = 0; row_of[k] >= 0 && d < days; d++) {
            const size_t cell = (size_t)row_of[k] * days + d;
            if (!entries[cell])
                amounts[cell] = NAN;
            else if (qv_entry_kind_info((enum qv_entry_kind)k)->rule == QV_DAY_MEAN)
                amounts[cell] /= entries[cell];
        }
    }
    *out = (struct qv_days){days ? first : 0, days, factors, factor, amounts + (size_t)factors * days, amounts};
    return QV_OK;
}

/* ---- reading ---------------------------------------------------------------------------------------------------------------- */

/* --journal, QUIVER_JOURNAL, or the usual place. */
static int journal_path(const char *named, struct qv_text *path, struct qv_error *error)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    named = named ? named : getenv("QUIVER_JOURNAL");
    if (named)
        qv_text_puts(path, named);
    else if (data && data[0] == '/') /* the XDG rules: a relative path is to be ignored */
        qv_text_printf(path, "%s/quiver/journal.db", data);
    else if (home && home[0] == '/')
        qv_text_printf(path, "%s/.local/share/quiver/journal.db", home);
    else
        return qv_fail(error, QV_ERR_NO_INPUT, "no place for data: HOME and XDG_DATA_HOME are not set");
    return qv_text_check(path, error);
}

static int read_journal(const char *named, struct notes *notes, struct qv_error *error)
{
    struct qv_text path;
    struct qv_journal *journal = NULL;
    qv_text_init(&path, 4096);
    int status = journal_path(named, &path, error);
    if (!status)
        status = qv_journal_open(path.bytes, QV_JOURNAL_READ, &journal, error);
    if (!status)
        status = qv_journal_totals(journal, INT32_MIN, INT32_MAX, add_total, notes, error);
    qv_journal_close(journal);
    qv_text_finish(&path);
    return status;
}

static int read_notes(const struct triggers_options *o, struct notes *notes, struct qv_error *error)
{
    enum qv_diary_format format;
    if (!o->diary)
        return read_journal(o->journal, notes, error);
    return qv_diary_read(o->diary, &(struct qv_diary_source){.sink = add_entry, .context = notes}, &format, error);
}

static int read_person(const struct qv_knowledge *knowledge, const char *path, struct qv_arena *arena,
                       struct qv_situation **out, struct qv_error *error)
{
    struct qv_text json;
    struct qv_case *c;
    qv_text_init(&json, QV_CASE_MAX_BYTES);
    int status = qv_text_read_file(&json, path, QV_CASE_MAX_BYTES, error);
    if (!status) {
        status = qv_case_parse(arena, &knowledge->form, json.bytes ? json.bytes : "", json.length, "case", &c, error);
        if (status)
            qv_fail_at(error, "%s", strcmp(path, "-") == 0 ? "standard input" : path);
    }
    if (!status)
        status = qv_consult_situation(knowledge, c, arena, out, error);
    qv_text_finish(&json);
    return status;
}

/* ---- telling ---------------------------------------------------------------------------------------------------------------- */

static int tell(const struct triggers_options *o, const struct qv_knowledge *knowledge,
                const struct qv_triggers *triggers, const struct qv_situation *person, struct qv_error *error)
{
    struct qv_text text;
    const struct qv_page_settings settings = cli_page_settings(o->plain, o->full, NULL);
    qv_text_init(&text, PAGE_BYTES_MAX);
    if (o->json) {
        qv_json_triggers(knowledge, triggers, person, 2, &text);
        qv_text_puts(&text, "\n");
    } else {
        qv_page_triggers(knowledge, triggers, person, &settings, &text);
    }
    const int status = cli_print_text(&text, error);
    qv_text_finish(&text);
    return status;
}

static int find_and_tell(const struct triggers_options *o, const struct qv_knowledge *knowledge, struct notes *notes,
                         struct qv_arena *arena, struct qv_error *error)
{
    struct qv_days days;
    struct qv_triggers *triggers = NULL;
    struct qv_situation *person = NULL;
    int status = o->plot ? qv_plot_check(o->plot, error) : QV_OK;
    if (!status && o->case_file)
        status = read_person(knowledge, o->case_file, arena, &person, error);
    if (!status)
        status = read_notes(o, notes, error);
    if (!status)
        status = fold(knowledge, notes, arena, &days, error);
    if (!status)
        status = qv_find_triggers(&days, arena, &triggers, error);
    if (!status)
        status = tell(o, knowledge, triggers, person, error);
    if (!status && o->plot)
        status = qv_plot_triggers(knowledge, triggers, o->plot, error);
    return status;
}

int cli_triggers(int argc, char **argv)
{
    struct triggers_options options;
    struct qv_error error = {0};
    struct qv_knowledge *knowledge = NULL;
    struct notes notes = {0};
    int status = read_options(argc, argv, &options, &error);
    if (!status)
        status = cli_knowledge_open(options.knowledge, &knowledge, &error);
    struct qv_arena *arena = status ? NULL : qv_arena_create(0);
    if (!status)
        status = arena ? find_and_tell(&options, knowledge, &notes, arena, &error)
                       : qv_fail(&error, QV_ERR_UNAVAILABLE, "out of memory");
    free(notes.totals);
    qv_arena_destroy(arena);
    qv_knowledge_destroy(knowledge);
    return status ? cli_complain(&error, NULL) : 0;
}
