/* SPDX-License-Identifier: Apache-2.0 */
/* `quiver ask`: why is it twitching, how urgent is it, what to do. From an interview, a case file, or many cases. */
#include "cli.h"

#include <string.h>

#define PAGE_BYTES_MAX ((size_t)16 << 20)

struct ask_options {
    const char *case_file, *cases_file, *region, *knowledge, *resume, *save;
    const char *clip;
    const char *diary, *journal; /* of the contract, not in this version */
    bool json, plain, full, mirrored;
};

static int check_options(const struct ask_options *o, int operands, char **argv, struct qv_error *error)
{
    if (operands)
        return qv_fail(error, QV_ERR_USAGE, "ask: found \"%s\"; a case file is given with --case", argv[1]);
    if (o->diary || o->journal)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "ask: --%s is not in this version", o->diary ? "diary" : "journal");
    if (o->clip && o->cases_file)
        return qv_fail(error, QV_ERR_USAGE, "ask: --clip is of one person, --cases of many");
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
    if (text.length && text.bytes[text.length - 1] != '\n')
        qv_text_puts(&text, "\n");
    int status = cli_print_text(&text, error);
    qv_text_finish(&text);
    return status;
}

static int answer_case(const struct qv_knowledge *knowledge, const struct qv_text *json, const struct ask_options *o,
                       const char *region, struct qv_arena *arena, struct qv_error *error)
{
    struct qv_evidence_given given = {.case_json = json->bytes, .case_length = json->length};
    struct qv_answer *answer;
    if (o->clip) {
        struct qv_measurement *measurement;
        int watched = cli_watch_clip(o->clip, o->mirrored, 0, arena, &measurement, error);
        if (watched)
            return watched;
        given.clip = measurement;
    }
    int status = qv_consult(knowledge, &given, arena, &answer, error);
    if (status && o->case_file)
        qv_fail_at(error, "%s", strcmp(o->case_file, "-") == 0 ? "standard input" : o->case_file);
    return status ? status : print_answer(answer, o, region, error);
}

/* The case as a case file: from the file, or from the interview. Stays empty when nothing was said. */
static int get_case(const struct qv_knowledge *knowledge, const struct ask_options *o, struct qv_arena *arena,
                    struct qv_text *json, struct qv_error *error)
{
    if (o->case_file)
        return qv_text_read_file(json, o->case_file, QV_CASE_MAX_BYTES, error);

    const struct cli_interview_settings settings = {.resume = o->resume, .save = o->save, .plain = o->plain};
    const struct qv_case *c = NULL;
    int status = cli_interview(knowledge, &settings, arena, &c, error);
    if (status || !c)
        return status;
    struct qv_json writer;
    qv_json_init(&writer, json, 0);
    qv_case_write(c, &writer);
    return qv_text_check(json, error);
}

static int ask_one_case(const struct qv_knowledge *knowledge, const struct ask_options *o, const char *region,
                        struct qv_error *error)
{
    struct qv_text json;
    qv_text_init(&json, QV_CASE_MAX_BYTES);
    struct qv_arena *arena = qv_arena_create(0);
    int status = arena ? QV_OK : qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    if (status == QV_OK)
        status = get_case(knowledge, o, arena, &json, error);
    if (status == QV_OK && (json.length || o->case_file))
        status = answer_case(knowledge, &json, o, region, arena, error);
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
