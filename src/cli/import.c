/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `quiver import`: a diary from a file into the journal, all of it as one change. Rows that cannot be read are named, and
 * the rest is offered; nothing is in the journal before the last row was read and that was answered.
 */
#include "cli.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define BAD_SHOWN 10
#define SKIPPED_SHOWN 12

static volatile sig_atomic_t stop_wanted;

static void want_stop(int signal_number)
{
    stop_wanted = signal_number;
}

static void listen_for_stop(void)
{
    struct sigaction action = {.sa_handler = want_stop};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

struct import_options {
    const char *file, *journal, *knowledge;
    bool json, dry_run, skip_bad;
};

struct importing {
    struct qv_import *import; /* NULL: a dry run without a journal, where all would be new */
    uint64_t found[QV_ENTRY_KIND_COUNT], added[QV_ENTRY_KIND_COUNT];
    uint64_t bad;
    struct {
        uint64_t line;
        char why[sizeof(struct qv_error)];
    } bad_rows[BAD_SHOWN];
    uint32_t skipped_kinds;
    struct {
        uint64_t rows;
        char what[80];
    } skipped[SKIPPED_SHOWN];
    enum qv_diary_format format;
    unsigned shown_percent;
    bool bar, bar_shown, imported;
};

static int read_options(int argc, char **argv, struct import_options *o, struct qv_error *error)
{
    *o = (struct import_options){0};
    const struct cli_option options[] = {
        {"json", &o->json, NULL},       {"dry-run", &o->dry_run, NULL},     {"skip-bad", &o->skip_bad, NULL},
        {"journal", NULL, &o->journal}, {"knowledge", NULL, &o->knowledge},
    };
    int status = cli_options(&argc, argv, options, sizeof options / sizeof options[0], error);
    if (status == QV_OK && argc != 2)
        status = qv_fail(error, QV_ERR_USAGE, "import: expected one file, found %d; - is standard input", argc - 1);
    if (status == QV_OK)
        o->file = argv[1];
    return status;
}

/* ---- while it is read ---------------------------------------------------------------------------------------------------- */

static int take_entry(void *context, const struct qv_entry *entry, struct qv_error *error)
{
    struct importing *i = context;
    bool added = true;
    int status = i->import ? qv_import_add(i->import, entry, &added, error) : QV_OK;
    i->found[entry->kind]++;
    i->added[entry->kind] += added;
    return status;
}

static void take_bad_row(void *context, uint64_t line, const struct qv_error *why)
{
    struct importing *i = context;
    if (i->bad < BAD_SHOWN) {
        i->bad_rows[i->bad].line = line;
        snprintf(i->bad_rows[i->bad].why, sizeof i->bad_rows[0].why, "%s", why->text);
    }
    i->bad++;
}

static void take_skipped(void *context, const char *what, uint64_t rows)
{
    struct importing *i = context;
    if (i->skipped_kinds < SKIPPED_SHOWN) {
        i->skipped[i->skipped_kinds].rows = rows;
        snprintf(i->skipped[i->skipped_kinds].what, sizeof i->skipped[0].what, "%s", what);
    }
    i->skipped_kinds++;
}

static bool show_progress(void *context, uint64_t read_bytes, uint64_t of_bytes)
{
    struct importing *i = context;
    const unsigned columns = 30;
    const unsigned percent = of_bytes ? (unsigned)(100.0 * (double)read_bytes / (double)of_bytes) : 0;
    if (i->bar && of_bytes && (!i->bar_shown || percent != i->shown_percent)) {
        char bar[31];
        for (unsigned c = 0; c < columns; c++)
            bar[c] = c < percent * columns / 100 ? '#' : '.';
        bar[columns] = 0;
        fprintf(stderr, "\r  importing [%s] %3u %% ", bar, percent);
        i->bar_shown = true;
        i->shown_percent = percent;
    }
    return !stop_wanted;
}

/* Apple Health counts drinks as its home country does: how much that is, the knowledge says. 0: it does not. */
static double alcohol_g_per_drink(const struct qv_knowledge *knowledge)
{
    for (uint32_t d = 0; d < knowledge->facts->drink_count; d++) {
        const struct qv_drink *drink = &knowledge->facts->drinks[d];
        if (strcmp(drink->id, "beer_us") == 0 && drink->alcohol_g)
            return *drink->alcohol_g;
    }
    return 0;
}

static int read_file(const struct import_options *o, struct importing *i, struct qv_error *error)
{
    struct qv_knowledge *knowledge = NULL;
    int status = cli_knowledge_open(o->knowledge, &knowledge, error);
    if (status)
        return status;
    const struct qv_diary_source source = {.sink = take_entry,
                                           .bad_row = take_bad_row,
                                           .skipped = take_skipped,
                                           .progress = show_progress,
                                           .context = i,
                                           .alcohol_g_per_drink = alcohol_g_per_drink(knowledge)};
    i->bar = isatty(STDERR_FILENO);
    status = qv_diary_read(o->file, &source, &i->format, error);
    if (i->bar_shown)
        fputs("\r\033[K", stderr);
    qv_knowledge_destroy(knowledge);
    return status;
}

/* ---- what came of it ------------------------------------------------------------------------------------------------------- */

static uint64_t sum(const uint64_t counts[QV_ENTRY_KIND_COUNT])
{
    uint64_t all = 0;
    for (unsigned kind = 0; kind < QV_ENTRY_KIND_COUNT; kind++)
        all += counts[kind];
    return all;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void name_bad_rows(const struct import_options *o, const struct importing *i)
{
    for (uint64_t b = 0; b < i->bad && b < BAD_SHOWN; b++)
        cli_note("%s: line %" PRIu64 ": %s\n", o->file, i->bad_rows[b].line, i->bad_rows[b].why);
    if (i->bad > BAD_SHOWN)
        cli_note("%s: and %" PRIu64 " more rows that cannot be read\n", o->file, i->bad - BAD_SHOWN);
}

static const char *format_name(enum qv_diary_format format)
{
    static const char *const names[] = {"csv", "json", "apple_health", "bearable"};
    return names[format];
}

static void write_json(const struct import_options *o, const struct importing *i, struct qv_text *text)
{
    struct qv_json json;
    qv_json_init(&json, text, 2);
    qv_json_object(&json, NULL);
    qv_json_number(&json, "quiver_import", 1);
    qv_json_string(&json, "format", format_name(i->format));
    qv_json_bool(&json, "dry_run", o->dry_run);
    qv_json_bool(&json, "imported", i->imported);
    qv_json_number(&json, "found", (double)sum(i->found));
    qv_json_number(&json, "added", i->imported || o->dry_run ? (double)sum(i->added) : 0);
    qv_json_object(&json, "kinds");
    for (unsigned kind = 0; kind < QV_ENTRY_KIND_COUNT; kind++) {
        if (!i->found[kind])
            continue;
        qv_json_object(&json, qv_entry_kind_info((enum qv_entry_kind)kind)->id);
        qv_json_number(&json, "found", (double)i->found[kind]);
        qv_json_number(&json, "added", i->imported || o->dry_run ? (double)i->added[kind] : 0);
        qv_json_object_end(&json);
    }
    qv_json_object_end(&json);
    qv_json_number(&json, "bad_rows", (double)i->bad);
    qv_json_array(&json, "bad");
    for (uint64_t b = 0; b < i->bad && b < BAD_SHOWN; b++) {
        qv_json_object(&json, NULL);
        qv_json_number(&json, "line", (double)i->bad_rows[b].line);
        qv_json_string(&json, "why", i->bad_rows[b].why);
        qv_json_object_end(&json);
    }
    qv_json_array_end(&json);
    qv_json_array(&json, "skipped");
    for (uint32_t s = 0; s < i->skipped_kinds && s < SKIPPED_SHOWN; s++) {
        qv_json_object(&json, NULL);
        qv_json_string(&json, "what", i->skipped[s].what);
        qv_json_number(&json, "rows", (double)i->skipped[s].rows);
        qv_json_object_end(&json);
    }
    qv_json_array_end(&json);
    qv_json_object_end(&json);
    qv_text_puts(text, "\n");
}

static void write_page(const struct import_options *o, const struct importing *i, struct qv_text *text)
{
    const uint64_t found = sum(i->found), added = sum(i->added);
    qv_text_printf(text, "%s %" PRIu64 " of %" PRIu64 " entr%s", o->dry_run ? "Would add" : "Added", added, found,
                   found == 1 ? "y" : "ies");
    if (found > added)
        qv_text_printf(text, "; %" PRIu64 " %s there already", found - added, found - added == 1 ? "was" : "were");
    qv_text_puts(text, ".\n");
    for (unsigned kind = 0; kind < QV_ENTRY_KIND_COUNT; kind++) {
        if (i->found[kind])
            qv_text_printf(text, "  %-12s%8" PRIu64 " of %" PRIu64 "\n",
                           qv_entry_kind_info((enum qv_entry_kind)kind)->id, i->added[kind], i->found[kind]);
    }
    for (uint32_t s = 0; s < i->skipped_kinds && s < SKIPPED_SHOWN; s++)
        qv_text_printf(text, "%s%s (%" PRIu64 ")",
                       s ? ", " : "Passed over, since a diary has no place for it: ", i->skipped[s].what,
                       i->skipped[s].rows);
    if (i->skipped_kinds)
        qv_text_printf(text, "%s.\n", i->skipped_kinds > SKIPPED_SHOWN ? " and others" : "");
    if (i->imported && added)
        qv_text_puts(text, "Undo: quiver log undo\n");
}

static int print_result(const struct import_options *o, const struct importing *i, struct qv_error *error)
{
    struct qv_text text;
    qv_text_init(&text, 1 << 20);
    if (o->json)
        write_json(o, i, &text);
    else if (i->imported || o->dry_run)
        write_page(o, i, &text);
    int status = text.length ? cli_print_text(&text, error) : QV_OK;
    qv_text_finish(&text);
    return status;
}

/* With rows that cannot be read: whether the others are wanted. */
static bool rest_is_wanted(const struct import_options *o, const struct importing *i)
{
    const uint64_t rest = sum(i->found);
    if (o->skip_bad || o->dry_run)
        return true;
    if (rest == 0 || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return false;
    char line[100];
    cli_note("Import the other %" PRIu64 " row%s?  (y or n)\n", rest, plural(rest));
    return cli_hear("  › ", line, sizeof line) && (line[0] == 'y' || line[0] == 'Y');
}

/* Reads the file into the import, and ends it: kept whole, or not at all. */
static int import_file(const struct import_options *o, struct importing *i, struct qv_error *error)
{
    int status = read_file(o, i, error);
    if (status == QV_OK && i->bad) {
        name_bad_rows(o, i);
        if (!rest_is_wanted(o, i))
            status =
                qv_fail(error, QV_ERR_DATA,
                        "%s: %" PRIu64 " row%s cannot be read, so nothing was imported; --skip-bad imports the rest",
                        o->file, i->bad, plural(i->bad));
    }
    if (status == QV_OK && stop_wanted)
        status = qv_fail(error, QV_ERR_IO, "stopped");
    if (status || o->dry_run || !i->import) {
        qv_import_abandon(i->import);
        return status;
    }
    status = qv_import_commit(i->import, error);
    i->imported = status == QV_OK;
    return status;
}

static int import_into_journal(const struct import_options *o, struct importing *i, struct qv_error *error)
{
    struct qv_journal *journal = NULL;
    int status = QV_OK;
    if (o->dry_run)
        status = cli_journal_look(o->journal, &journal, error);
    const bool there = journal != NULL;
    qv_journal_close(journal);
    journal = NULL;
    if (status == QV_OK && (there || !o->dry_run))
        status = cli_journal_open(o->journal, QV_JOURNAL_WRITE, &journal, error);
    if (status == QV_OK && journal)
        status = qv_import_begin(journal, &i->import, error);
    if (status == QV_OK)
        status = import_file(o, i, error);
    qv_journal_close(journal);
    return status;
}

int cli_import(int argc, char **argv)
{
    static struct importing i;
    struct import_options o;
    struct qv_error error = {0}, print_error = {0};
    int status = read_options(argc, argv, &o, &error);
    if (status)
        return cli_complain(&error, NULL);
    listen_for_stop();
    status = import_into_journal(&o, &i, &error);
    if (stop_wanted && status) {
        cli_note("Stopped: nothing was imported.\n");
        return 128 + stop_wanted;
    }
    const bool read = status == QV_OK || i.bad;
    if (read && print_result(&o, &i, &print_error))
        return cli_complain(status ? &error : &print_error, NULL);
    return status ? cli_complain(&error, NULL) : 0;
}
