/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `quiver knowledge bench`: answers a folder of cases and scores the answers beside simpler programs' (docs/bench.md).
 *
 * A case is a folder with case.json, which a person could have written, and expected.json, which says what a careful
 * clinician would have answered. A folder that cannot be read as that is an error; a case file that quiver refuses is a
 * case without an answer, and counts against it.
 */
#include "bench.h"

#include "cli.h"

#include <quiver/casefile.h>
#include <quiver/knowledge.h>
#include <quiver/reason.h>

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

_Static_assert(SCORE_LEVELS == QV_LEVEL_COUNT, "score.h counts levels");
_Static_assert(SCORE_CAUSES >= QV_CONDITION_MAX, "a set of causes fits a word");

#define CASES_MAX 100000
#define OUTPUT_MAX_BYTES ((size_t)256 << 20)
/* Below this share a habit is said in passing, not named. */
#define NAMED_SHARE 0.1
#define OUT_OF_MEMORY(error) qv_fail((error), QV_ERR_UNAVAILABLE, "out of memory")

/* ---- the folder ------------------------------------------------------------------------------------------------------ */

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static const char *default_folder(void)
{
    if (is_folder("knowledge/cases"))
        return "knowledge/cases";
#ifdef QUIVER_DATA_DIR
    if (is_folder(QUIVER_DATA_DIR "/cases"))
        return QUIVER_DATA_DIR "/cases";
#endif
    return NULL;
}

static int may_be_case(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Takes a name in as a case when a folder of that name holds an expected.json. */
static int add_case(struct bench *bench, const char *name, struct qv_arena *arena, struct qv_error *error)
{
    struct stat about;
    const char *path = qv_arena_format(arena, "%s/%s/expected.json", bench->directory, name);
    const char *copy = qv_arena_copy(arena, name, strlen(name));
    if (!path || !copy)
        return OUT_OF_MEMORY(error);
    if (stat(path, &about) == 0)
        bench->cases[bench->case_count++] = (struct bench_case){.name = copy};
    return QV_OK;
}

static int add_cases(struct bench *bench, struct dirent **entries, int count, struct qv_arena *arena,
                     struct qv_error *error)
{
    if (count > CASES_MAX)
        return qv_fail(error, QV_ERR_DATA, "%s: more than %d cases", bench->directory, CASES_MAX);
    bench->cases = qv_arena_alloc(arena, (size_t)count, sizeof *bench->cases);
    if (!bench->cases)
        return OUT_OF_MEMORY(error);
    for (int i = 0; i < count; i++) {
        int status = add_case(bench, entries[i]->d_name, arena, error);
        if (status)
            return status;
    }
    if (bench->case_count == 0)
        return qv_fail(error, QV_ERR_NO_INPUT, "%s: no case in it (a folder with case.json and expected.json)",
                       bench->directory);
    return QV_OK;
}

/* In the order of the bytes of their names. */
static int list_cases(struct bench *bench, struct qv_arena *arena, struct qv_error *error)
{
    assert(bench->directory);
    struct dirent **entries = NULL;
    int count = scandir(bench->directory, &entries, may_be_case, alphasort);
    if (count < 0)
        return qv_fail(error, errno == ENOMEM ? QV_ERR_UNAVAILABLE : QV_ERR_NO_INPUT, "%s: %s", bench->directory,
                       strerror(errno));
    int status = add_cases(bench, entries, count, arena, error);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return status;
}

/* Reads DIRECTORY/NAME/FILE. */
static int read_part(const struct bench *bench, const char *name, const char *file, struct qv_text *text,
                     struct qv_arena *arena, struct qv_error *error)
{
    const char *path = qv_arena_format(arena, "%s/%s/%s", bench->directory, name, file);
    if (!path)
        return OUT_OF_MEMORY(error);
    qv_text_clear(text);
    return qv_text_read_file(text, path, QV_CASE_MAX_BYTES, error);
}

/* ---- expected.json --------------------------------------------------------------------------------------------------- */

static int find_level(const char *name)
{
    for (int level = 0; level < QV_LEVEL_COUNT; level++) {
        if (strcmp(qv_level_name((enum qv_level)level), name) == 0)
            return level;
    }
    return -1;
}

static int find_contributor(const struct qv_knowledge *knowledge, const char *id)
{
    for (uint32_t i = 0; i < knowledge->facts->contributor_count && i < 64; i++) {
        if (strcmp(knowledge->facts->contributors[i].id, id) == 0)
            return (int)i;
    }
    return -1;
}

/* A required word, or NULL after saying so. */
static const char *get_word(const json_t *root, const char *key, struct qv_error *error)
{
    const char *word = json_string_value(json_object_get(root, key));
    if (!word)
        qv_fail(error, QV_ERR_DATA, "%s: expected text", key);
    return word;
}

/* A list of ids as a set; absent is empty. */
static int get_set(const struct qv_knowledge *knowledge, const json_t *root, const char *key,
                   int (*find)(const struct qv_knowledge *, const char *), uint64_t *out, struct qv_error *error)
{
    const json_t *list = json_object_get(root, key);
    *out = 0;
    if (!list)
        return QV_OK;
    if (!json_is_array(list))
        return qv_fail(error, QV_ERR_DATA, "%s: expected a list of ids", key);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *id = json_string_value(json_array_get(list, i));
        int index = id ? find(knowledge, id) : -1;
        if (index < 0)
            return qv_fail(error, QV_ERR_DATA, "%s: found \"%s\", expected an id that the knowledge has", key,
                           id ? id : "(no text)");
        *out |= (uint64_t)1 << index;
    }
    return QV_OK;
}

static int check_keys(const json_t *root, struct qv_error *error)
{
    static const char *const known[] = {"title",           "source",       "level", "first_cause",
                                        "also_acceptable", "contributors", "why"};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)root, key, value)
    {
        size_t k = 0;
        while (k < sizeof known / sizeof known[0] && strcmp(known[k], key) != 0)
            k++;
        if (k == sizeof known / sizeof known[0])
            return qv_fail(error, QV_ERR_DATA, "%s: unknown key", key);
    }
    return QV_OK;
}

static int take_expected(struct bench *bench, const json_t *root, uint32_t of_case, struct qv_arena *arena,
                         struct qv_error *error)
{
    struct score_expected *expected = &bench->expected[of_case];
    if (!json_is_object(root))
        return qv_fail(error, QV_ERR_DATA, "expected a JSON object");
    int status = check_keys(root, error);
    if (status)
        return status;
    const char *title = get_word(root, "title", error);
    const char *level = title ? get_word(root, "level", error) : NULL;
    const char *first = level ? get_word(root, "first_cause", error) : NULL;
    if (!first)
        return QV_ERR_DATA;
    uint64_t acceptable = 0;
    status = get_set(bench->knowledge, root, "also_acceptable", qv_knowledge_condition, &acceptable, error);
    if (!status)
        status = get_set(bench->knowledge, root, "contributors", find_contributor, &expected->contributors, error);
    if (status)
        return status;

    expected->level = find_level(level);
    if (expected->level < 0)
        return qv_fail(error, QV_ERR_DATA, "level: found \"%s\", expected one of the four levels", level);
    expected->first = qv_knowledge_condition(bench->knowledge, first);
    if (expected->first < 0)
        return qv_fail(error, QV_ERR_DATA, "first_cause: found \"%s\", expected the id of a condition", first);
    expected->acceptable = (uint32_t)acceptable;
    bench->cases[of_case].title = qv_arena_copy(arena, title, strlen(title));
    return bench->cases[of_case].title ? QV_OK : OUT_OF_MEMORY(error);
}

static int read_expected(struct bench *bench, uint32_t of_case, struct qv_text *text, struct qv_arena *arena,
                         struct qv_error *error)
{
    const char *name = bench->cases[of_case].name;
    int status = read_part(bench, name, "expected.json", text, arena, error);
    if (status)
        return status;
    json_error_t where;
    json_t *root = json_loadb(text->bytes ? text->bytes : "", text->length, JSON_REJECT_DUPLICATES, &where);
    if (!root)
        return qv_fail(error, QV_ERR_DATA, "%s/%s/expected.json:%d: %s", bench->directory, name, where.line,
                       where.text);
    status = take_expected(bench, root, of_case, arena, error);
    if (status)
        qv_fail_at(error, "%s/%s/expected.json", bench->directory, name);
    json_decref(root);
    return status;
}

/* ---- answering ------------------------------------------------------------------------------------------------------- */

static void take_answer(const struct qv_answer *answer, struct score_said *said)
{
    *said = (struct score_said){.answered = true, .level = (int)answer->level, .top = {-1, -1, -1}};
    for (uint32_t i = 0; i < answer->cause_count; i++) {
        const struct qv_cause *cause = &answer->causes[i];
        if (i < 3)
            said->top[i] = (int)cause->condition;
        said->p[cause->condition] = cause->probability;
    }
    for (uint32_t i = 0; i < answer->share_count; i++) {
        if (answer->shares[i].share >= NAMED_SHARE && answer->shares[i].contributor < 64)
            said->contributors |= (uint64_t)1 << answer->shares[i].contributor;
    }
}

static void take_baseline(const struct qv_baseline_answer *answer, struct score_said *said)
{
    *said = (struct score_said){.answered = true, .level = (int)answer->level};
    for (int i = 0; i < 3; i++)
        said->top[i] = answer->top[i];
    for (int c = 0; c < QV_CONDITION_MAX; c++)
        said->p[c] = answer->probability[c];
}

/* Asks quiver and the baselines. What is thrown away afterwards lives in @p scratch. */
static int answer_case(struct bench *bench, uint32_t of_case, const struct qv_text *text, struct qv_arena *scratch,
                       struct qv_error *error)
{
    static const enum qv_baseline baselines[BENCH_SYSTEMS - 1] = {QV_BASELINE_RULES_ONLY, QV_BASELINE_NAIVE_BAYES,
                                                                  QV_BASELINE_ALWAYS_DOCTOR};
    struct qv_answer *answer;
    struct qv_evidence_given given = {.case_json = text->bytes, .case_length = text->length};
    int status = qv_consult(bench->knowledge, &given, scratch, &answer, error);
    if (status)
        return status;
    take_answer(answer, &bench->said[of_case][0]);
    for (int b = 0; b < BENCH_SYSTEMS - 1; b++) {
        struct qv_baseline_answer simple;
        status = qv_reason_baseline(bench->knowledge, answer->c, baselines[b], scratch, &simple, error);
        if (status)
            return status;
        take_baseline(&simple, &bench->said[of_case][1 + b]);
    }
    return QV_OK;
}

static int read_and_answer(struct bench *bench, uint32_t of_case, struct qv_text *text, struct qv_arena *arena,
                           struct qv_arena *scratch, struct qv_error *error)
{
    int status = read_expected(bench, of_case, text, arena, error);
    if (!status)
        status = read_part(bench, bench->cases[of_case].name, "case.json", text, arena, error);
    if (status)
        return status;

    qv_arena_reset(scratch);
    struct qv_error refusal = {0};
    status = answer_case(bench, of_case, text, scratch, &refusal);
    if (status == QV_ERR_DATA) {
        bench->cases[of_case].no_answer = qv_arena_copy(arena, refusal.text, strlen(refusal.text));
        return bench->cases[of_case].no_answer ? QV_OK : OUT_OF_MEMORY(error);
    }
    return status ? qv_fail(error, status, "%s: %s", bench->cases[of_case].name, refusal.text) : QV_OK;
}

static int run_cases(struct bench *bench, struct qv_arena *arena, struct qv_arena *scratch, struct qv_error *error)
{
    int status = list_cases(bench, arena, error);
    if (status)
        return status;
    bench->expected = qv_arena_alloc(arena, bench->case_count, sizeof *bench->expected);
    bench->said = qv_arena_alloc(arena, bench->case_count, sizeof *bench->said);
    if (!bench->expected || !bench->said)
        return OUT_OF_MEMORY(error);

    struct qv_text text;
    qv_text_init(&text, QV_CASE_MAX_BYTES + 1);
    for (uint32_t i = 0; !status && i < bench->case_count; i++)
        status = read_and_answer(bench, i, &text, arena, scratch, error);
    qv_text_finish(&text);
    if (status)
        return status;
    for (uint32_t s = 0; s < BENCH_SYSTEMS; s++)
        score_system(bench->expected, bench->said[0], bench->case_count, BENCH_SYSTEMS, s, &bench->scores[s]);
    return QV_OK;
}

bool bench_is_off(const struct bench *bench, uint32_t of_case)
{
    const struct score_expected *expected = &bench->expected[of_case];
    const struct score_said *said = &bench->said[of_case][0];
    return !said->answered || said->level != expected->level || said->top[0] != expected->first;
}

/* ---- sensitivity ----------------------------------------------------------------------------------------------------- */

/* Only the level and the causes. */
#define BRIEFLY (QV_REASON_NO_INTERVALS | QV_REASON_NO_CHANGES | QV_REASON_NO_REASONS | QV_REASON_NO_QUESTIONS)
/* As in src/knowledge/index.c: nothing is believed to be less likely. */
#define SMALLEST_P 1e-4

struct outcome {
    enum qv_level level;
    int first;
};

struct trial {
    struct qv_knowledge knowledge; /* the real one, but for a table of its own */
    float (*log_ratio)[QV_CONDITION_MAX];
    struct qv_case **cases; /* NULL where a case has no answer */
    struct outcome *usual;
    struct bench_flip *flips;
    uint32_t flip_count, flip_room;
};

static int brief_answer(const struct trial *trial, uint32_t of_case, struct qv_arena *scratch, struct outcome *out,
                        struct qv_error *error)
{
    struct qv_answer *answer;
    qv_arena_reset(scratch);
    int status = qv_reason(&trial->knowledge, trial->cases[of_case], BRIEFLY, scratch, &answer, error);
    if (!status)
        *out = (struct outcome){answer->level, answer->cause_count ? (int)answer->causes[0].condition : -1};
    return status;
}

static int begin_trial(struct trial *trial, const struct bench *bench, struct qv_arena *arena, struct qv_arena *scratch,
                       struct qv_error *error)
{
    trial->knowledge = *bench->knowledge;
    size_t cells = trial->knowledge.cell_count;
    trial->log_ratio = qv_arena_alloc(arena, cells, sizeof *trial->log_ratio);
    trial->cases = qv_arena_alloc(arena, bench->case_count, sizeof(struct qv_case *));
    trial->usual = qv_arena_alloc(arena, bench->case_count, sizeof *trial->usual);
    if (!trial->log_ratio || !trial->cases || !trial->usual)
        return OUT_OF_MEMORY(error);
    memcpy(trial->log_ratio, bench->knowledge->log_ratio, cells * sizeof *trial->log_ratio);
    trial->knowledge.log_ratio = (const float(*)[QV_CONDITION_MAX])trial->log_ratio;

    int status = QV_OK;
    struct qv_text text;
    qv_text_init(&text, QV_CASE_MAX_BYTES + 1);
    for (uint32_t i = 0; !status && i < bench->case_count; i++) {
        if (bench->cases[i].no_answer)
            continue;
        status = read_part(bench, bench->cases[i].name, "case.json", &text, arena, error);
        if (!status)
            status =
                qv_case_parse(arena, &trial->knowledge.form, text.bytes, text.length, "case", &trial->cases[i], error);
        if (!status)
            status = brief_answer(trial, i, scratch, &trial->usual[i], error);
    }
    qv_text_finish(&text);
    return status;
}

static uint32_t cell_named(const struct qv_knowledge *knowledge, const struct qv_evidence *evidence, const char *level)
{
    for (uint32_t cell = evidence->first_cell; cell < evidence->first_cell + evidence->level_count; cell++) {
        if (strcmp(knowledge->cells[cell].id, level ? level : "yes") == 0)
            return cell;
    }
    return UINT32_MAX;
}

static double at_least_smallest(double p)
{
    return fmin(fmax(p, SMALLEST_P), 1 - SMALLEST_P);
}

/*
 * Multiplies the odds of one likelihood. The levels that the condition does not name share what is left, as they do when
 * the table is built. @p times 1 puts the table back.
 */
static void change_odds(struct trial *trial, uint32_t condition, uint32_t likelihood, double times)
{
    const struct qv_knowledge *knowledge = &trial->knowledge;
    const struct qv_condition *about = &knowledge->facts->conditions[condition];
    int e = qv_knowledge_evidence(knowledge, about->likelihoods[likelihood].finding);
    if (e < 0)
        return;
    const struct qv_evidence *evidence = &knowledge->evidence[e];
    bool named[64] = {false};
    double named_p = 0, named_background = 0;
    for (uint32_t k = 0; k < about->likelihood_count; k++) {
        const struct qv_likelihood *other = &about->likelihoods[k];
        uint32_t cell =
            strcmp(other->finding, evidence->id) == 0 ? cell_named(knowledge, evidence, other->is) : UINT32_MAX;
        if (cell == UINT32_MAX || cell - evidence->first_cell >= 64)
            continue;
        double p = other->p;
        if (k == likelihood && times != 1)
            p = p * times / (1 - p + p * times);
        named[cell - evidence->first_cell] = true;
        named_p += p;
        named_background += knowledge->cells[cell].background;
        trial->log_ratio[cell][condition] =
            (float)log(at_least_smallest(p) / fmax(knowledge->cells[cell].background, SMALLEST_P));
    }
    double rest = fmax(1 - named_p, SMALLEST_P) / fmax(1 - named_background, SMALLEST_P);
    for (uint32_t l = 0; l < evidence->level_count && l < 64; l++) {
        double background = fmax(knowledge->cells[evidence->first_cell + l].background, SMALLEST_P);
        if (!named[l])
            trial->log_ratio[evidence->first_cell + l][condition] =
                (float)log(at_least_smallest(background * rest) / background);
    }
}

static int note_flips(struct trial *trial, const struct bench *bench, struct bench_flip change,
                      struct qv_arena *scratch, struct qv_error *error)
{
    for (uint32_t i = 0; i < bench->case_count; i++) {
        struct outcome now;
        if (!trial->cases[i])
            continue;
        int status = brief_answer(trial, i, scratch, &now, error);
        if (status)
            return status;
        const struct outcome *usual = &trial->usual[i];
        if (now.level == usual->level && now.first == usual->first)
            continue;
        if (trial->flip_count == trial->flip_room) {
            uint32_t room = trial->flip_room ? 2 * trial->flip_room : 64;
            struct bench_flip *more = realloc(trial->flips, room * sizeof *more);
            if (!more)
                return OUT_OF_MEMORY(error);
            trial->flips = more;
            trial->flip_room = room;
        }
        change.of_case = i;
        change.level_before = usual->level;
        change.level_after = now.level;
        change.first_before = usual->first;
        change.first_after = now.first;
        trial->flips[trial->flip_count++] = change;
    }
    return QV_OK;
}

/* Halves and doubles the odds of every estimate, one at a time. The caller frees out->flips. */
static int try_estimates(const struct bench *bench, struct qv_arena *arena, struct qv_arena *scratch,
                         struct bench_sensitivity *out, struct qv_error *error)
{
    struct trial trial = {0};
    uint32_t estimates = 0;
    const struct qv_facts *facts = bench->knowledge->facts;
    int status = begin_trial(&trial, bench, arena, scratch, error);
    for (uint32_t c = 0; !status && c < facts->condition_count; c++) {
        for (uint32_t l = 0; !status && l < facts->conditions[c].likelihood_count; l++) {
            if (facts->conditions[c].likelihoods[l].grade != QV_GRADE_ESTIMATE)
                continue;
            estimates++;
            for (double times = 0.5; !status && times <= 2; times *= 4) {
                change_odds(&trial, c, l, times);
                status = note_flips(&trial, bench, (struct bench_flip){.condition = c, .likelihood = l, .times = times},
                                    scratch, error);
            }
            change_odds(&trial, c, l, 1);
        }
    }
    if (status) {
        free(trial.flips);
        return status;
    }
    *out = (struct bench_sensitivity){estimates, trial.flips, trial.flip_count};
    return QV_OK;
}

/* ---- the verb -------------------------------------------------------------------------------------------------------- */

struct options {
    const char *directory, *knowledge;
    bool json, sensitivity;
};

static int read_options(int argc, char **argv, struct options *out, struct qv_error *error)
{
    *out = (struct options){0};
    const struct cli_option accepted[] = {
        {.name = "json", .flag = &out->json},
        {.name = "sensitivity", .flag = &out->sensitivity},
        {.name = "knowledge", .value = &out->knowledge},
    };
    int status = cli_options(&argc, argv, accepted, sizeof accepted / sizeof accepted[0], error);
    if (status)
        return status;
    if (argc > 2)
        return qv_fail(error, QV_ERR_USAGE, "found %d folders, expected one", argc - 1);
    out->directory = argc > 1 ? argv[1] : default_folder();
    if (!out->directory)
        return qv_fail(error, QV_ERR_NO_INPUT, "there is no knowledge/cases here; name the folder of the cases");
    return QV_OK;
}

static int run(const struct options *options, struct bench *bench, struct bench_sensitivity *sensitivity,
               struct qv_arena *arena, struct qv_arena *scratch, struct qv_error *error)
{
    int status = run_cases(bench, arena, scratch, error);
    if (!status && options->sensitivity) {
        status = try_estimates(bench, arena, scratch, sensitivity, error);
        bench->sensitivity = status ? NULL : sensitivity;
    }
    return status;
}

static int print(const struct bench *bench, bool json, struct qv_error *error)
{
    struct qv_text text;
    qv_text_init(&text, OUTPUT_MAX_BYTES);
    if (json)
        bench_json(bench, &text);
    else
        bench_page(bench, &text);
    int status = cli_print_text(&text, error);
    qv_text_finish(&text);
    return status;
}

int cli_knowledge_bench(int argc, char **argv)
{
    struct qv_error error = {0};
    struct options options;
    struct qv_knowledge *knowledge = NULL;
    struct bench_sensitivity sensitivity = {0};
    struct qv_arena *arena = qv_arena_create(0), *scratch = qv_arena_create(0);
    int status = arena && scratch ? QV_OK : OUT_OF_MEMORY(&error);
    if (!status)
        status = read_options(argc, argv, &options, &error);
    if (!status)
        status = cli_knowledge_open(options.knowledge, &knowledge, &error);
    if (!status) {
        struct bench bench = {.directory = options.directory, .knowledge = knowledge};
        status = run(&options, &bench, &sensitivity, arena, scratch, &error);
        if (!status)
            status = print(&bench, options.json, &error);
    }
    free((void *)sensitivity.flips);
    qv_arena_destroy(scratch);
    qv_arena_destroy(arena);
    qv_knowledge_destroy(knowledge);
    return status ? cli_complain(&error, NULL) : 0;
}
