/* SPDX-License-Identifier: Apache-2.0 */
/* `quiver triggers`: which habits go with the twitches, from a diary in a file or from the journal. */
#include "cli.h"

#include <string.h>

#define PAGE_BYTES_MAX ((size_t)64 << 20)

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
    return cli_check_diary("triggers", o->diary, o->journal, o->case_file, error);
}

/* ---- reading ---------------------------------------------------------------------------------------------------------------- */

static int read_diary(const struct triggers_options *o, struct qv_daybook *book, struct qv_error *error)
{
    if (o->diary)
        return qv_daybook_read_file(book, o->diary, error);
    struct qv_journal *journal = NULL;
    int status = cli_journal_open(o->journal, QV_JOURNAL_READ, &journal, error);
    if (!status)
        status = qv_daybook_read_journal(book, journal, INT32_MIN, true, error);
    qv_journal_close(journal);
    return status;
}

/* Who it is: what the case says, and what the diary shows, such as a medicine. */
static int know_person(const struct qv_knowledge *knowledge, const char *path, struct qv_daybook *book,
                       struct qv_arena *arena, struct qv_person **out, struct qv_error *error)
{
    struct qv_case *c = NULL;
    const int status = cli_read_case(knowledge, path, arena, &c, error);
    return status ? status
                  : qv_consult_person(knowledge, &(struct qv_evidence_given){.c = c, .diary = book}, arena, out, error);
}

/* ---- telling ---------------------------------------------------------------------------------------------------------------- */

static int tell(const struct triggers_options *o, const struct qv_knowledge *knowledge,
                const struct qv_triggers *triggers, const struct qv_person *person, struct qv_error *error)
{
    struct qv_text text;
    const struct qv_page_settings settings = cli_page_settings(o->plain, o->full, NULL);
    qv_text_init(&text, PAGE_BYTES_MAX);
    if (o->json)
        qv_json_triggers(knowledge, triggers, person, 2, &text);
    else
        qv_page_triggers(knowledge, triggers, person, &settings, &text);
    return cli_print_page(&text, error);
}

static int find_and_tell(const struct triggers_options *o, const struct qv_knowledge *knowledge, struct qv_arena *arena,
                         struct qv_error *error)
{
    struct qv_daybook *book = NULL;
    struct qv_person *person = NULL;
    const struct qv_days *days = NULL;
    struct qv_triggers *triggers = NULL;
    int status = o->plot ? qv_plot_check(o->plot, error) : QV_OK;
    if (!status)
        status = qv_daybook_create(knowledge, arena, &book, error);
    if (!status)
        status = read_diary(o, book, error);
    if (!status)
        status = know_person(knowledge, o->case_file, book, arena, &person, error);
    if (!status)
        status = qv_daybook_days(book, person, INT32_MIN, INT32_MAX, arena, &days, error);
    if (!status)
        status = qv_find_triggers(days, arena, &triggers, error);
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
    int status = read_options(argc, argv, &options, &error);
    if (!status)
        status = cli_knowledge_open(options.knowledge, &knowledge, &error);
    struct qv_arena *arena = status ? NULL : qv_arena_create(0);
    if (!status)
        status = arena ? find_and_tell(&options, knowledge, arena, &error)
                       : qv_fail(&error, QV_ERR_UNAVAILABLE, "out of memory");
    qv_arena_destroy(arena);
    qv_knowledge_destroy(knowledge);
    return status ? cli_complain(&error, NULL) : 0;
}
