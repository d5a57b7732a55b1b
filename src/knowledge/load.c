/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"
#include "check.h"
#include "index.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one file ---------------------------------------------------------------------------------------------------- */

/* What libcyaml says while it fails: the fault first, then a backtrace whose first line has the place. */
struct yaml_log {
    char fault[240];
    uint32_t line;
};

static void note_fault(cyaml_log_t level, void *context, const char *format, va_list arguments)
{
    struct yaml_log *log = context;
    char text[240];
    if (level < CYAML_LOG_ERROR)
        return;
    vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = 0;

    const char *place = strstr(text, "(line: ");
    if (place && !log->line)
        log->line = (uint32_t)strtoul(place + strlen("(line: "), NULL, 10);
    if (!place && !log->fault[0] && !strstr(text, "Backtrace"))
        snprintf(log->fault, sizeof log->fault, "%s", strncmp(text, "Load: ", 6) == 0 ? text + 6 : text);
}

static cyaml_config_t yaml_config(struct yaml_log *log)
{
    return (cyaml_config_t){.log_fn = note_fault,
                            .log_ctx = log,
                            .log_level = CYAML_LOG_ERROR,
                            .mem_fn = cyaml_mem,
                            .flags = CYAML_CFG_NO_ALIAS};
}

int facts_parse(const char *name, const char *bytes, size_t length, const cyaml_schema_value_t *schema, void **data,
                uint32_t *line, struct qv_error *error)
{
    struct yaml_log log = {0};
    cyaml_config_t config = yaml_config(&log);
    cyaml_data_t *loaded = NULL;
    cyaml_err_t fault = cyaml_load_data((const uint8_t *)bytes, length, &config, schema, &loaded, NULL);
    *line = log.line;
    if (fault == CYAML_OK && !loaded)
        return qv_fail(error, QV_ERR_DATA, "%s: empty", name);
    if (fault == CYAML_OK) {
        *data = loaded;
        return QV_OK;
    }
    /* libyaml says nothing of lack of memory but that it cannot go on: no problem named, or no parser. */
    bool no_memory = fault == CYAML_ERR_OOM || fault == CYAML_ERR_LIBYAML_PARSER_INIT ||
                     fault == CYAML_ERR_LIBYAML_EVENT_INIT || strstr(log.fault, "(null)");
    if (no_memory)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    return qv_fail(error, QV_ERR_DATA, "%s:%" PRIu32 ": %s", name, log.line,
                   log.fault[0] ? log.fault : cyaml_strerror(fault));
}

void facts_parse_free(const cyaml_schema_value_t *schema, void *data)
{
    struct yaml_log log = {0};
    cyaml_config_t config = yaml_config(&log);
    if (data)
        cyaml_free(&config, schema, data, 0);
}

/* ---- a directory --------------------------------------------------------------------------------------------------- */

struct loading {
    const char *directory;
    struct loaded_facts *loaded;
    qv_complaint_fn *report;
    void *context;
    uint32_t complaints;
    struct qv_error *error;
};

static int load_file(struct loading *loading, const char *name, const cyaml_schema_value_t *schema)
{
    struct loaded_file *file = &loading->loaded->files[loading->loaded->file_count];
    snprintf(file->name, sizeof file->name, "%s", name);
    file->schema = schema;
    qv_text_init(&file->bytes, KNOWLEDGE_FILE_MAX_BYTES);
    loading->loaded->file_count++;

    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", loading->directory, name) >= (int)sizeof path)
        return qv_fail(loading->error, QV_ERR_NO_INPUT, "%s: the path is too long", loading->directory);
    int status = qv_text_read_file(&file->bytes, path, KNOWLEDGE_FILE_MAX_BYTES, loading->error);
    if (status)
        return status;

    uint32_t line = 0;
    status = facts_parse(name, file->bytes.bytes ? file->bytes.bytes : "", file->bytes.length, schema, &file->data,
                         &line, loading->error);
    if (status != QV_ERR_DATA || !loading->report)
        return status;
    /* "file:line: fault" → fault */
    struct qv_error local = {0};
    const char *text = loading->error ? loading->error->text : local.text;
    const char *fault = strstr(text, ": ");
    loading->report(&(struct qv_complaint){file->name, line, fault ? fault + 2 : text}, loading->context);
    loading->complaints++;
    return QV_OK;
}

static int is_condition_file(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 5 && length < 100 && entry->d_name[0] != '.' && strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_conditions(struct loading *loading, struct dirent *const *entries, uint32_t count)
{
    struct loaded_facts *loaded = loading->loaded;
    for (uint32_t i = 0; i < count; i++) {
        char name[160];
        snprintf(name, sizeof name, "conditions/%.120s", entries[i]->d_name);
        int status = load_file(loading, name, &condition_schema);
        if (status)
            return status;
        const struct qv_condition *condition = loaded->files[loaded->file_count - 1].data;
        if (condition)
            loaded->conditions[loaded->facts.condition_count++] = *condition;
    }
    loaded->facts.conditions = loaded->conditions;
    return QV_OK;
}

/* Takes over what one file filled in: each list that it has. */
static void merge(struct qv_facts *facts, const struct qv_facts *part)
{
#define TAKE_LIST(member, counter)                                                                                     \
    if (part->counter) {                                                                                               \
        facts->member = part->member;                                                                                  \
        facts->counter = part->counter;                                                                                \
    }
    TAKE_LIST(sources, source_count)
    TAKE_LIST(levels, level_count)
    TAKE_LIST(emergency_numbers, emergency_number_count)
    TAKE_LIST(findings, finding_count)
    TAKE_LIST(patterns, pattern_count)
    TAKE_LIST(red_flags, red_flag_count)
    TAKE_LIST(contributors, contributor_count)
    TAKE_LIST(advice, advice_count)
    TAKE_LIST(tests, test_count)
    TAKE_LIST(medicines, medicine_count)
    TAKE_LIST(drinks, drink_count)
    TAKE_LIST(foods, food_count)
    TAKE_LIST(references, reference_count)
    TAKE_LIST(claims, claim_count)
    TAKE_LIST(habits, habit_count)
    TAKE_LIST(watch, watch_count)
    TAKE_LIST(places, place_count)
    TAKE_LIST(sentences, sentence_count)
    TAKE_LIST(trials, trial_count)
    TAKE_LIST(trial_washouts, trial_washout_count)
    TAKE_LIST(trial_refusals, trial_refusal_count)
#undef TAKE_LIST
    if (part->sentences) /* the file that has them says how to fold, too */
        facts->folding = part->folding;
}

/* FNV-1a (Fowler, Noll, Vo) over all names and bytes: the version says which knowledge answered, not who wrote it. */
static void set_version(struct loaded_facts *loaded)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (uint32_t f = 0; f < loaded->file_count; f++) {
        const struct loaded_file *file = &loaded->files[f];
        for (const char *p = file->name; *p; p++)
            hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
        for (size_t i = 0; i < file->bytes.length; i++)
            hash = (hash ^ (unsigned char)file->bytes.bytes[i]) * 0x100000001b3u;
    }
    snprintf(loaded->version, sizeof loaded->version, "%016" PRIx64, hash);
    loaded->facts.version = loaded->version;
}

static int load_all(struct loading *loading, struct dirent *const *entries, uint32_t condition_count)
{
    struct loaded_facts *loaded = loading->loaded;
    loaded->files = calloc(KNOWLEDGE_FILE_COUNT + condition_count, sizeof *loaded->files);
    loaded->conditions = calloc(condition_count ? condition_count : 1, sizeof *loaded->conditions);
    if (!loaded->files || !loaded->conditions)
        return qv_fail(loading->error, QV_ERR_UNAVAILABLE, "out of memory");

    for (uint32_t f = 0; f < KNOWLEDGE_FILE_COUNT; f++) {
        int status = load_file(loading, knowledge_files[f].name, knowledge_files[f].schema);
        if (status)
            return status;
        const struct qv_facts *part = loaded->files[loaded->file_count - 1].data;
        if (part)
            merge(&loaded->facts, part);
    }
    int status = load_conditions(loading, entries, condition_count);
    if (!status)
        set_version(loaded);
    return status;
}

int facts_load(const char *directory, qv_complaint_fn *report, void *context, uint32_t *complaints,
               struct loaded_facts **out, struct qv_error *error)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/conditions", directory) >= (int)sizeof path)
        return qv_fail(error, QV_ERR_NO_INPUT, "%s: the path is too long", directory);
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_condition_file, by_name);
    if (count < 0)
        return qv_fail(error, errno == ENOMEM ? QV_ERR_UNAVAILABLE : QV_ERR_NO_INPUT, "%s: %s", path, strerror(errno));

    struct qv_error local = {0};
    struct loading loading = {.directory = directory,
                              .loaded = calloc(1, sizeof *loading.loaded),
                              .report = report,
                              .context = context,
                              .error = error ? error : &local};
    int status = loading.loaded ? load_all(&loading, entries, (uint32_t)count)
                                : qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);

    if (complaints)
        *complaints += loading.complaints;
    if (!status && loading.complaints)
        status = qv_fail(error, QV_ERR_DATA, "%u files of %s cannot be read", loading.complaints, directory);
    if (status) {
        facts_destroy(loading.loaded);
        return status;
    }
    *out = loading.loaded;
    return QV_OK;
}

void facts_destroy(struct loaded_facts *loaded)
{
    if (!loaded)
        return;
    for (uint32_t f = 0; f < loaded->file_count; f++) {
        facts_parse_free(loaded->files[f].schema, loaded->files[f].data);
        qv_text_finish(&loaded->files[f].bytes);
    }
    free(loaded->files);
    free(loaded->conditions);
    free(loaded);
}

/* ---- the public door ------------------------------------------------------------------------------------------------ */

/* Keeps the first complaint as the error. */
struct first_complaint {
    struct qv_error *error;
    uint32_t count;
};

static void keep_first(const struct qv_complaint *complaint, void *context)
{
    struct first_complaint *first = context;
    if (first->count++ == 0)
        qv_fail(first->error, QV_ERR_DATA, "%s:%u: %s", complaint->file, complaint->line, complaint->text);
}

int qv_knowledge_load(const char *directory, struct qv_knowledge **out, struct qv_error *error)
{
    struct qv_error local = {0};
    error = error ? error : &local;
    struct loaded_facts *loaded = NULL;
    int status = facts_load(directory, NULL, NULL, NULL, &loaded, error);
    if (status)
        return status;

    struct first_complaint first = {.error = error};
    uint32_t complaints = 0;
    status = check_facts(loaded, keep_first, &first, &complaints, error);
    if (!status && complaints)
        status = QV_ERR_DATA;
    struct qv_knowledge *knowledge = NULL;
    if (!status)
        status = index_build(&loaded->facts, &knowledge, error);
    if (status) {
        facts_destroy(loaded);
        return status;
    }
    knowledge->owned = loaded;
    *out = knowledge;
    return QV_OK;
}

int qv_knowledge_check(const char *directory, qv_complaint_fn *report, void *context, uint32_t *complaints,
                       struct qv_error *error)
{
    *complaints = 0;
    struct loaded_facts *loaded = NULL;
    int status = facts_load(directory, report, context, complaints, &loaded, error);
    if (status == QV_ERR_DATA && *complaints)
        return QV_OK; /* all has been said */
    if (status)
        return status;
    status = check_facts(loaded, report, context, complaints, error);
    facts_destroy(loaded);
    return status;
}

void qv_knowledge_destroy(struct qv_knowledge *knowledge)
{
    if (!knowledge)
        return;
    struct loaded_facts *loaded = knowledge->owned;
    qv_arena_destroy(knowledge->arena);
    facts_destroy(loaded);
}
