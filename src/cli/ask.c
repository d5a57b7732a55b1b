/* SPDX-License-Identifier: Apache-2.0 */
/* `quiver ask`: why is it twitching, how urgent is it, what to do. From an interview, a case file, or many cases. */
#include "cli.h"

#include <string.h>

#define PAGE_BYTES_MAX ((size_t)16 << 20)

struct ask_options {
    const char *case_file, *cases_file, *region, *knowledge, *resume, *save;
    const char *clip;
    const char *diary, *journal;
    bool json, plain, full, mirrored;
};

static int check_options(const struct ask_options *o, int operands, char **argv, struct qv_error *error)
{
    if (operands)
        return qv_fail(error, QV_ERR_USAGE, "ask: found \"%s\"; a case file is given with --case", argv[1]);
    if ((o->clip || o->diary || o->journal) && o->cases_file)
        return qv_fail(error, QV_ERR_USAGE, "ask: --%s is of one person, --cases of many",
                       o->clip    ? "clip"
                       : o->diary ? "diary"
                                  : "journal");
    int status = cli_check_diary("ask", o->diary, o->journal, o->case_file, error);
    if (status)
        return status;
    if (o->mirrored && !o->clip)
        return qv_fail(error, QV_ERR_USAGE, "ask: --mirrored is of a clip, which --clip names");
    if (o->case_file && o->cases_file)
        return qv_fail(error, QV_ERR_USAGE, "ask: --case and --cases cannot go together");
    if ((o->case_file || o->cases_file) && (o->resume || o->save))
        return qv_fail(error, QV_ERR_USAGE, "ask: --%s is for the interview, which --case%s leaves out",
                       o->resume ? "resume" : "save", o->cases_file ? "s" : "");
    if (o->cases_file && !o->json)
        return qv_fail(error, QV_ERR_USAGE, "ask: --cases answers in JSON; please add --json");
    return QV_OK;
}

static int read_options(int argc, char **argv, struct ask_options *o, struct qv_error *error)
{
    *o = (struct ask_options){0};
    const struct cli_option options[] = {
        {"case", NULL, &o->case_file},      {"cases", NULL, &o->cases_file}, {"region", NULL, &o->region},
        {"knowledge", NULL, &o->knowledge}, {"resume", NULL, &o->resume},    {"save", NULL, &o->save},
        {"diary", NULL, &o->diary},         {"clip", NULL, &o->clip},        {"journal", NULL, &o->journal},
        {"json", &o->json, NULL},           {"plain", &o->plain, NULL},      {"full", &o->full, NULL},
        {"mirrored", &o->mirrored, NULL},
    };
    int status = cli_options(&argc, argv, options, sizeof options / sizeof options[0], error);
    return status ? status : check_options(o, argc - 1, argv, error);
}

static int print_answer(const struct qv_answer *answer, const struct ask_options *o, const char *region,
                        struct qv_error *error)
{
    struct qv_text text;
    qv_text_init(&text, PAGE_BYTES_MAX);
    struct qv_page_settings settings = cli_page_settings(o->plain, o->full, region);
    if (o->json)
        qv_json_answer(answer, 2, &text);
    else
        qv_page_answer(answer, &settings, &text);
    return cli_print_page(&text, error);
}

/* ---- evidence ------------------------------------------------------------------------------------------------------------- */

/*
 * The diary that counts: a file, a journal, or for an interview the person's own journal where there is one. A case file
 * may be another person's, so it is not mixed with that journal unless --journal says so.
 */
static int gather_diary(const struct qv_knowledge *knowledge, const struct ask_options *o, struct qv_arena *arena,
                        struct qv_daybook **out, struct qv_error *error)
{
    struct qv_journal *journal = NULL;
    struct qv_daybook *book = NULL;
    int status = QV_OK;
    if (o->journal)
        status = cli_journal_open(o->journal, QV_JOURNAL_READ, &journal, error);
    else if (!o->diary && !o->case_file)
        status = cli_journal_look(NULL, &journal, error);
    if (status == QV_OK && (o->diary || journal))
        status = qv_daybook_create(knowledge, arena, &book, error);
    if (status == QV_OK && o->diary)
        status = qv_daybook_read_file(book, o->diary, error);
    if (status == QV_OK && journal)
        status = qv_daybook_read_journal(book, journal, INT32_MIN, true, error);
    qv_journal_close(journal);
    *out = status ? NULL : book;
    return status;
}

static int answer_evidence(const struct qv_knowledge *knowledge, struct qv_evidence_given *given,
                           const struct ask_options *o, const char *region, struct qv_arena *arena,
                           struct qv_error *error)
{
    struct qv_answer *answer;
    if (o->clip) {
        struct qv_measurement *measurement;
        int watched = cli_watch_clip(o->clip, o->mirrored, 0, arena, &measurement, error);
        if (watched)
            return watched;
        given->clip = measurement;
    }
    int status = qv_consult(knowledge, given, arena, &answer, error);
    if (status && o->case_file)
        qv_fail_at(error, "%s", strcmp(o->case_file, "-") == 0 ? "standard input" : o->case_file);
    return status ? status : print_answer(answer, o, region, error);
}

static int ask_one_case(const struct qv_knowledge *knowledge, const struct ask_options *o, const char *region,
                        struct qv_error *error)
{
    struct qv_text json;
    struct qv_evidence_given given = {0};
    struct qv_arena *arena = qv_arena_create(0);
    qv_text_init(&json, QV_CASE_MAX_BYTES);
    int status = arena ? QV_OK : qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    if (status == QV_OK)
        status = gather_diary(knowledge, o, arena, &given.diary, error);
    if (status == QV_OK && o->case_file) {
        status = qv_text_read_file(&json, o->case_file, QV_CASE_MAX_BYTES, error);
        given.case_json = json.bytes;
        given.case_length = json.length;
    } else if (status == QV_OK) {
        const struct cli_interview_settings settings = {
            .resume = o->resume, .save = o->save, .plain = o->plain, .diary = given.diary};
        status = cli_interview(knowledge, &settings, arena, &given.c, error);
    }
    if (status == QV_OK && (given.c || o->case_file)) /* else the person left without a word */
        status = answer_evidence(knowledge, &given, o, region, arena, error);
    qv_arena_destroy(arena);
    qv_text_finish(&json);
    return status;
}

int cli_ask(int argc, char **argv)
{
    struct ask_options options;
    struct qv_error error = {0};
    struct qv_knowledge *knowledge = NULL;
    char region[3];
    int exit_status = 0;
    int status = read_options(argc, argv, &options, &error);
    if (status == QV_OK)
        status = cli_region(options.region, region, &error);
    if (status == QV_OK)
        status = cli_knowledge_open(options.knowledge, &knowledge, &error);
    if (status == QV_OK && options.cases_file)
        exit_status = cli_batch(knowledge, options.cases_file);
    else if (status == QV_OK)
        status = ask_one_case(knowledge, &options, region, &error);
    qv_knowledge_destroy(knowledge);
    return status ? cli_complain(&error, NULL) : exit_status;
}
