/* SPDX-License-Identifier: Apache-2.0 */
/* `quiver log`: notes what was, in the words people use; shows a day; takes back and puts right. */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES_MAX ((size_t)4 << 20)

struct log_options {
    const char *at, *journal, *knowledge;
    bool json, plain, full, check_in;
};

static int read_options(int *argc, char **argv, struct log_options *o, struct qv_error *error)
{
    *o = (struct log_options){0};
    const struct cli_option options[] = {
        {"at", NULL, &o->at},
        {"journal", NULL, &o->journal},
        {"knowledge", NULL, &o->knowledge},
        {"json", &o->json, NULL},
        {"plain", &o->plain, NULL},
        {"full", &o->full, NULL},
        {"check-in", &o->check_in, NULL},
    };
    int status = cli_options(argc, argv, options, sizeof options / sizeof options[0], error);
    if (status == QV_OK && o->check_in && *argc > 1)
        status =
            qv_fail(error, QV_ERR_USAGE, "log: found \"%s\"; --check-in asks, and is told nothing before", argv[1]);
    return status;
}

/* ---- showing --------------------------------------------------------------------------------------------------------- */

static int show_day(const struct log_options *o, struct qv_arena *arena, struct qv_error *error)
{
    struct qv_journal *journal = NULL;
    struct qv_day *day;
    struct qv_entry when = {.day = qv_date_today()};
    struct qv_log_remark remark;
    const int32_t today = when.day;
    int status = o->at ? qv_log_time(o->at, qv_time_now_us(), &when, &remark, error) : QV_OK;
    if (status == QV_OK)
        status = cli_journal_look(o->journal, &journal, error);
    if (status == QV_OK)
        status = qv_day_gather(journal, when.day, today, arena, &day, error);
    qv_journal_close(journal);
    if (status)
        return status;

    struct qv_text text;
    qv_text_init(&text, PAGE_BYTES_MAX);
    const struct qv_page_settings settings = cli_page_settings(o->plain, o->full, NULL);
    if (o->json)
        qv_json_day(day, 2, &text);
    else
        qv_page_day(day, &settings, &text);
    return cli_print_page(&text, error);
}

/* What was done to entries, as JSON under @p deed or as words. */
static int show_deed(const struct log_options *o, const char *deed, const char *words, const struct qv_log *log,
                     struct qv_error *error)
{
    struct qv_text text;
    struct qv_json json;
    qv_text_init(&text, PAGE_BYTES_MAX);
    if (o->json) {
        qv_json_init(&json, &text, 2);
        qv_json_object(&json, NULL);
        qv_json_number(&json, "quiver_log", 1);
        qv_json_array(&json, deed);
        for (uint32_t i = 0; i < log->count; i++)
            qv_json_entry(&log->entries[i], NULL, &json);
        qv_json_array_end(&json);
        qv_json_object_end(&json);
    } else {
        const struct qv_page_settings settings = cli_page_settings(o->plain, o->full, NULL);
        qv_page_deed(words, log->entries, log->remarks, log->count, qv_date_today(), &settings, &text);
    }
    return cli_print_page(&text, error);
}

/* ---- speaking up --------------------------------------------------------------------------------------------------------- */

#define NOTICE_DOCUMENT "notice"
#define LOOKED_BACK_DAYS 400 /* a bout that is longer is long enough */

static int note_day_said(void *context, const struct qv_document *document, struct qv_error *error)
{
    (void)error;
    *(int32_t *)context = document->day;
    return QV_OK;
}

/* Whether it is time to say this (again), and then writes down that it was said. */
static int is_due(struct qv_journal *journal, const struct qv_knowledge *knowledge, const char *id, bool *due,
                  struct qv_error *error)
{
    const int32_t today = qv_date_today();
    int32_t said = INT32_MIN;
    int status = qv_journal_documents(journal, NOTICE_DOCUMENT, id, note_day_said, &said, error);
    *due = (int64_t)today - said >= knowledge->facts->folding.say_again_after_days;
    if (status == QV_OK && *due)
        status = qv_journal_put(journal, NOTICE_DOCUMENT, id, today, "{}", NULL, error);
    return status;
}

/* What the diary shows that the person should not miss. Never costs what was logged: a failure here is only a note. */
static void speak_up(struct qv_journal *journal, const struct qv_knowledge *knowledge, struct qv_arena *arena)
{
    struct qv_daybook *book;
    const struct qv_notice *notices;
    struct qv_error error = {0};
    uint32_t count = 0;
    int status = qv_daybook_create(knowledge, arena, &book, &error);
    if (status == QV_OK)
        status = qv_daybook_read_journal(book, journal, qv_date_today() - LOOKED_BACK_DAYS, true, &error);
    if (status == QV_OK)
        status = qv_daybook_notices(book, qv_date_today(), arena, &notices, &count, &error);
    for (uint32_t i = 0; i < count && status == QV_OK; i++) {
        bool due = false;
        status = is_due(journal, knowledge, notices[i].id, &due, &error);
        if (status == QV_OK && due)
            cli_note("\n%s\nWhy, and what to do: quiver ask\n", notices[i].text);
    }
    if (status)
        cli_note("The diary could not be looked over: %s\n", error.text);
}

/* ---- adding ------------------------------------------------------------------------------------------------------------ */

static int add(const struct log_options *o, struct qv_log *log, const struct qv_knowledge *knowledge,
               struct qv_arena *arena, struct qv_error *error)
{
    struct qv_journal *journal = NULL;
    int64_t ids[QV_LOG_MAX_ENTRIES];
    int status = cli_journal_open(o->journal, QV_JOURNAL_WRITE, &journal, error);
    if (status == QV_OK)
        status = qv_journal_add(journal, log->entries, log->count, ids, error);
    for (uint32_t i = 0; i < log->count && status == QV_OK; i++)
        log->entries[i].id = ids[i];
    if (status == QV_OK)
        status = show_deed(o, "logged", "Logged:", log, error);
    if (status == QV_OK)
        speak_up(journal, knowledge, arena);
    qv_journal_close(journal);
    return status;
}

/* The operands from @p first on as one line. */
static int join(int argc, char **argv, int first, struct qv_text *words, struct qv_error *error)
{
    qv_text_init(words, 1 << 16);
    for (int i = first; i < argc; i++) {
        qv_text_puts(words, i > first ? " " : "");
        qv_text_puts(words, argv[i]);
    }
    return qv_text_check(words, error);
}

static int log_words(const struct log_options *o, int argc, char **argv, const struct qv_knowledge *knowledge,
                     struct qv_arena *arena, struct qv_error *error)
{
    struct qv_text words;
    struct qv_log *log;
    const struct qv_log_settings settings = {.now_us = qv_time_now_us(), .at = o->at};
    int status = join(argc, argv, 1, &words, error);
    if (status == QV_OK)
        status = qv_log_read(knowledge, words.bytes, &settings, arena, &log, error);
    qv_text_finish(&words);
    return status ? status : add(o, log, knowledge, arena, error);
}

static int check_in(const struct log_options *o, const struct qv_knowledge *knowledge, struct qv_arena *arena,
                    struct qv_error *error)
{
    struct qv_journal *journal = NULL;
    struct qv_day *known;
    struct qv_log *log = NULL;
    struct qv_entry when = {.day = qv_date_today()};
    struct qv_log_remark remark;
    int status = o->at ? qv_log_time(o->at, qv_time_now_us(), &when, &remark, error) : QV_OK;
    if (status == QV_OK)
        status = cli_journal_look(o->journal, &journal, error);
    if (status == QV_OK)
        status = qv_day_gather(journal, when.day, qv_date_today(), arena, &known, error);
    qv_journal_close(journal); /* nobody else waits while the person thinks */
    if (status == QV_OK)
        status = cli_check_in(knowledge, known, o->at, o->plain, arena, &log, error);
    if (status == QV_OK && log)
        return add(o, log, knowledge, arena, error);
    if (status == QV_OK && o->json)
        return show_deed(o, "logged", NULL, &(struct qv_log){0}, error);
    if (status == QV_OK)
        cli_note("Nothing was logged.\n");
    return status;
}

/* ---- taking back and putting right ------------------------------------------------------------------------------------- */

static int undo(const struct log_options *o, struct qv_error *error)
{
    struct qv_journal *journal = NULL;
    struct qv_undone undone = {0};
    int status = cli_journal_look(o->journal, &journal, error);
    if (status == QV_OK && journal) {
        qv_journal_close(journal);
        journal = NULL;
        status = cli_journal_open(o->journal, QV_JOURNAL_WRITE, &journal, error);
        if (status == QV_OK)
            status = qv_journal_undo(journal, &undone, error);
    }
    qv_journal_close(journal);
    if (status)
        return status;

    struct qv_text text;
    struct qv_json json;
    qv_text_init(&text, PAGE_BYTES_MAX);
    if (o->json) {
        qv_json_init(&json, &text, 2);
        qv_json_object(&json, NULL);
        qv_json_number(&json, "quiver_log", 1);
        qv_json_object(&json, "undone");
        qv_json_number(&json, "entries", undone.entries);
        if (undone.entries)
            qv_json_string(&json, "what", undone.what);
        qv_json_object_end(&json);
        qv_json_object_end(&json);
    } else if (undone.entries == 0) {
        qv_text_puts(&text, "There is nothing to undo.\n");
    } else {
        const struct qv_page_settings settings = cli_page_settings(o->plain, o->full, NULL);
        qv_page_undone(&undone, &settings, &text);
    }
    return cli_print_page(&text, error);
}

static int read_id(int argc, char **argv, int64_t *id, struct qv_error *error)
{
    char *end = NULL;
    errno = 0;
    *id = argc > 2 ? strtoll(argv[2], &end, 10) : 0;
    if (argc <= 2)
        return qv_fail(error, QV_ERR_USAGE, "log %s: expected the number of an entry; quiver log --full shows them",
                       argv[1]);
    if (errno || *end || *id < 1)
        return qv_fail(error, QV_ERR_USAGE, "log %s: found \"%s\", expected the number of an entry", argv[1], argv[2]);
    return QV_OK;
}

struct last_version {
    struct qv_arena *arena;
    struct qv_entry entry;
    bool withdrawn;
};

static int keep_version(void *context, const struct qv_entry_version *version, struct qv_error *error)
{
    struct last_version *last = context;
    last->entry = version->entry;
    last->withdrawn = version->withdrawn;
    const char *note = version->entry.note ? version->entry.note : "";
    last->entry.note = qv_arena_copy(last->arena, note, strlen(note));
    last->entry.source = NULL;
    return last->entry.note ? QV_OK : qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
}

static int last_version(struct qv_journal *journal, int64_t id, struct qv_arena *arena, struct last_version *last,
                        struct qv_error *error)
{
    *last = (struct last_version){.arena = arena};
    return qv_journal_history(journal, id, keep_version, last, error);
}

/* What an entry becomes: as the words say, at its old time unless another is given; or only another time. */
static int revised(const struct log_options *o, int argc, char **argv, const struct qv_entry *old,
                   const struct qv_knowledge *knowledge, struct qv_arena *arena, struct qv_log *out,
                   struct qv_error *error)
{
    static struct qv_entry entry;
    static struct qv_log_remark remark;
    const struct qv_log_settings settings = {.now_us = qv_time_now_us(), .at = o->at, .replaces = old};
    *out = (struct qv_log){.count = 1, .entries = &entry, .remarks = &remark};
    if (argc <= 3) {
        entry = *old;
        entry.source = "log";
        return o->at ? qv_log_time(o->at, settings.now_us, &entry, &remark, error)
                     : qv_fail(error, QV_ERR_USAGE, "log edit: expected what it should have been, such as: coffee 2");
    }
    struct qv_text words;
    struct qv_log *log;
    int status = join(argc, argv, 3, &words, error);
    if (status == QV_OK)
        status = qv_log_read(knowledge, words.bytes, &settings, arena, &log, error);
    qv_text_finish(&words);
    if (status == QV_OK && log->count != 1)
        status = qv_fail(error, QV_ERR_DATA, "log edit: found %u entries, expected one: remove it and log them anew",
                         log->count);
    if (status == QV_OK)
        *out = *log;
    return status;
}

static int edit(const struct log_options *o, int argc, char **argv, const struct qv_knowledge *knowledge,
                struct qv_arena *arena, struct qv_error *error)
{
    struct qv_journal *journal = NULL;
    struct last_version last;
    struct qv_log log;
    int64_t id;
    int status = read_id(argc, argv, &id, error);
    if (status == QV_OK)
        status = cli_journal_open(o->journal, QV_JOURNAL_WRITE, &journal, error);
    if (status == QV_OK)
        status = last_version(journal, id, arena, &last, error);
    if (status == QV_OK)
        status = revised(o, argc, argv, &last.entry, knowledge, arena, &log, error);
    if (status == QV_OK)
        status = qv_journal_revise(journal, id, log.entries, error);
    qv_journal_close(journal);
    if (status)
        return status;
    log.entries[0].id = id;
    return show_deed(o, "revised", "Now:", &log, error);
}

static int take_back(const struct log_options *o, int argc, char **argv, struct qv_arena *arena, struct qv_error *error)
{
    struct qv_journal *journal = NULL;
    struct last_version last;
    int64_t id;
    int status = read_id(argc, argv, &id, error);
    if (status == QV_OK && argc > 3)
        status = qv_fail(error, QV_ERR_USAGE, "log remove: found \"%s\", expected one number", argv[3]);
    if (status == QV_OK)
        status = cli_journal_open(o->journal, QV_JOURNAL_WRITE, &journal, error);
    if (status == QV_OK)
        status = last_version(journal, id, arena, &last, error);
    if (status == QV_OK)
        status = qv_journal_withdraw(journal, id, error);
    qv_journal_close(journal);
    struct qv_log log = {.count = 1, .entries = &last.entry};
    return status ? status : show_deed(o, "removed", "Removed:", &log, error);
}

struct history {
    struct qv_text *text;
    struct qv_json *json; /* NULL: for people */
    struct qv_page_settings settings;
};

static int show_version(void *context, const struct qv_entry_version *version, struct qv_error *error)
{
    struct history *h = context;
    if (!h->json) {
        qv_page_version(version, qv_date_today(), &h->settings, h->text);
        return QV_OK;
    }
    qv_json_object(h->json, NULL);
    qv_json_number(h->json, "written_us", (double)version->at_us);
    qv_json_bool(h->json, "withdrawn", version->withdrawn);
    qv_json_entry(&version->entry, "entry", h->json);
    qv_json_object_end(h->json);
    return QV_OK;
}

static int show_history(const struct log_options *o, int argc, char **argv, struct qv_error *error)
{
    struct qv_journal *journal = NULL;
    struct qv_text text;
    struct qv_json json;
    int64_t id;
    int status = read_id(argc, argv, &id, error);
    if (status == QV_OK && argc > 3)
        status = qv_fail(error, QV_ERR_USAGE, "log history: found \"%s\", expected one number", argv[3]);
    if (status == QV_OK)
        status = cli_journal_open(o->journal, QV_JOURNAL_READ, &journal, error);
    if (status)
        return status;

    qv_text_init(&text, PAGE_BYTES_MAX);
    struct history history = {&text, o->json ? &json : NULL, cli_page_settings(o->plain, o->full, NULL)};
    if (o->json) {
        qv_json_init(&json, &text, 2);
        qv_json_object(&json, NULL);
        qv_json_number(&json, "quiver_log", 1);
        qv_json_array(&json, "history");
    }
    status = qv_journal_history(journal, id, show_version, &history, error);
    qv_journal_close(journal);
    if (status == QV_OK && o->json) {
        qv_json_array_end(&json);
        qv_json_object_end(&json);
    }
    if (status == QV_OK)
        return cli_print_page(&text, error);
    qv_text_finish(&text);
    return status;
}

/* ---- the verb ---------------------------------------------------------------------------------------------------------- */

/* What needs the knowledge: words. */
static int log_knowingly(const struct log_options *o, int argc, char **argv, struct qv_arena *arena,
                         struct qv_error *error)
{
    struct qv_knowledge *knowledge = NULL;
    int status = cli_knowledge_open(o->knowledge, &knowledge, error);
    if (status == QV_OK && o->check_in)
        status = check_in(o, knowledge, arena, error);
    else if (status == QV_OK && strcmp(argv[1], "edit") == 0)
        status = edit(o, argc, argv, knowledge, arena, error);
    else if (status == QV_OK)
        status = log_words(o, argc, argv, knowledge, arena, error);
    qv_knowledge_destroy(knowledge);
    return status;
}

static int run(const struct log_options *o, int argc, char **argv, struct qv_arena *arena, struct qv_error *error)
{
    if (argc == 1 && !o->check_in)
        return show_day(o, arena, error);
    if (argc == 2 && strcmp(argv[1], "undo") == 0)
        return undo(o, error);
    if (argc > 1 && strcmp(argv[1], "history") == 0)
        return show_history(o, argc, argv, error);
    if (argc > 1 && strcmp(argv[1], "remove") == 0)
        return take_back(o, argc, argv, arena, error);
    return log_knowingly(o, argc, argv, arena, error);
}

int cli_log(int argc, char **argv)
{
    struct log_options options;
    struct qv_error error = {0};
    int status = read_options(&argc, argv, &options, &error);
    struct qv_arena *arena = qv_arena_create(0);
    if (status == QV_OK && !arena)
        status = qv_fail(&error, QV_ERR_UNAVAILABLE, "out of memory");
    if (status == QV_OK)
        status = run(&options, argc, argv, arena, &error);
    qv_arena_destroy(arena);
    return status ? cli_complain(&error, NULL) : 0;
}
