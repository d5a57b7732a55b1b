/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation fails in turn: the 1st, the 2nd, … until the work succeeds (libuv's and SQLite's way). After each
 * failure the call must have said so in one sentence, set nothing, and given back all that it took.
 *
 * malloc and friends are replaced here for the whole process, libraries included, so libyaml, libcyaml and SQLite are swept
 * along with our own code.
 */
#include "../unit/diary_maker.h"
#include "../unit/little_model.h"
#include "../unit/little_triggers.h"
#include "journal/diary.h"
#include "vision/network.h"

#include <quiver/consult.h>
#include <quiver/journal.h>
#include <quiver/nof1.h>
#include <quiver/report.h>

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <minizip/zip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void __libc_free(void *memory);

static long until_failure = -1; /* < 0: none fails */
static long outstanding;
static bool watching;

/*
 * XNNPACK (of Debian 12) takes no failure of its own allocations, and minizip (of the same) loses its buffer when zlib's fail, so
 * those are spared. Asking who calls is slow, and done only where one of them does.
 */
static bool spares;

static bool is_spared(const void *caller)
{
    Dl_info where;
    return spares && dladdr(caller, &where) && where.dli_fname &&
           (strstr(where.dli_fname, "libXNNPACK") || strstr(where.dli_fname, "libz.so"));
}

static bool fails_now(const void *caller)
{
    if (!watching || until_failure < 0 || is_spared(caller))
        return false;
    if (until_failure-- > 0)
        return false;
    until_failure = -1; /* one failure, then memory is back: the cleaning up must work too */
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    if (fails_now(__builtin_return_address(0)))
        return NULL;
    void *memory = __libc_malloc(size);
    outstanding += watching && memory;
    return memory;
}

void *calloc(size_t count, size_t size)
{
    if (fails_now(__builtin_return_address(0)))
        return NULL;
    void *memory = __libc_calloc(count, size);
    outstanding += watching && memory;
    return memory;
}

void *realloc(void *old, size_t size)
{
    if (fails_now(__builtin_return_address(0)))
        return NULL;
    void *memory = __libc_realloc(old, size);
    outstanding += watching && memory && !old;
    return memory;
}

void free(void *memory)
{
    outstanding -= watching && memory;
    __libc_free(memory);
}

static const char case_json[] =
    "{\"quiver_case\": 1, \"as_of\": \"2026-11-22\", \"findings\": {\"age\": 34, \"sex\": \"female\","
    " \"site\": [\"upper_lip\"], \"side\": \"left\", \"onset_days\": 10, \"caffeine_mg_per_day\": 520,"
    " \"sleep_hours\": 5.5, \"facial_weakness\": false,"
    " \"medications\": [{\"name\": \"sertraline\", \"started_days_ago\": 14}, {\"name\": \"nosuchthing\"}]}}";

static const char *small_knowledge;
static struct qv_knowledge *shared;

static int load_yaml(struct qv_error *error)
{
    struct qv_knowledge *knowledge = NULL;
    int status = qv_knowledge_load(small_knowledge, &knowledge, error);
    if (status && knowledge)
        return QV_ERR_BUG;
    qv_knowledge_destroy(knowledge);
    return status;
}

static int load_builtin(struct qv_error *error)
{
    struct qv_knowledge *knowledge = NULL;
    int status = qv_knowledge_builtin(&knowledge, error);
    if (status && knowledge)
        return QV_ERR_BUG;
    qv_knowledge_destroy(knowledge);
    return status;
}

static int answer_case(struct qv_error *error)
{
    struct qv_arena *arena = qv_arena_create(0);
    if (!arena)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    struct qv_evidence_given given = {.case_json = case_json, .case_length = sizeof case_json - 1};
    struct qv_answer *answer = NULL;
    int status = qv_consult(shared, &given, arena, &answer, error);
    if (status && answer)
        status = QV_ERR_BUG;
    struct qv_text text;
    qv_text_init(&text, 1 << 20);
    if (!status) {
        qv_json_answer(answer, 2, &text);
        status = qv_text_check(&text, error);
    }
    if (!status) {
        qv_page_answer(answer, &(struct qv_page_settings){.columns = 80, .full = true}, &text);
        status = qv_text_check(&text, error);
    }
    qv_text_finish(&text);
    qv_arena_destroy(arena);
    return status;
}

static struct little_triggers triggers;

static int print_triggers(struct qv_error *error)
{
    struct qv_text text;
    qv_text_init(&text, 1 << 20);
    qv_json_triggers(shared, &triggers.found, NULL, 2, &text);
    int status = qv_text_check(&text, error);
    if (!status) {
        qv_page_triggers(shared, &triggers.found, NULL, &(struct qv_page_settings){.columns = 80, .full = true}, &text);
        status = qv_text_check(&text, error);
    }
    qv_text_finish(&text);
    return status;
}

static int interview(struct qv_error *error)
{
    struct qv_interview *interview = NULL;
    int status = qv_interview_create(shared, NULL, &interview, error);
    for (int i = 0; !status && i < 4 && qv_interview_state(interview) == QV_INTERVIEW_ASKING; i++)
        status = qv_interview_skip(interview, error);
    qv_interview_destroy(interview);
    return status;
}

static struct little_bytes models[2];

static int run_models(struct qv_error *error)
{
    int status = QV_OK;
    for (int i = 0; i < 2 && !status; i++) {
        struct qv_arena *arena = qv_arena_create(0);
        if (!arena)
            return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
        struct tflite_model model;
        struct network *network = NULL;
        status = tflite_read(models[i].bytes, models[i].count, arena, &model, error);
        if (!status)
            status = network_create(&model, &network, error);
        if (status && network)
            status = QV_ERR_BUG;
        if (!status)
            status = network_run(network, error);
        network_destroy(network);
        qv_arena_destroy(arena);
    }
    return status;
}

/* Twitches of a whole trial, more when its block is as usual. */
static struct qv_days days_of_trial(const struct qv_trial_plan *plan)
{
    static double twitches[QV_TRIAL_DAYS_MAX], amounts[QV_TRIAL_DAYS_MAX];
    struct qv_days days = {.first_day = plan->first_day, .factor_count = 1, .twitches = twitches, .exposures = amounts};
    for (int32_t day = plan->first_day; day <= qv_trial_last_day(plan); day++) {
        struct qv_trial_day today = qv_trial_day(plan, day);
        twitches[days.day_count] = today.changed ? 3 + day % 3 : 6 + day % 4;
        amounts[days.day_count++] = today.amount;
    }
    return days;
}

static int make_trial(const struct qv_trial_offer *offer, struct qv_text *text, struct qv_error *error)
{
    const struct qv_trial_baseline baseline = {20, 0, 0, 30};
    const struct qv_trial_aim aim = {0.3, 0.5, 200};
    struct qv_trial_plan plan, again;
    struct qv_trial_result result;
    bool unaltered = false;
    int status = qv_trial_lay_out(&offer->habit, &baseline, &aim, 1, 20000, 20001, &plan, error);
    if (!status) {
        qv_trial_write(&plan, NULL, 0, text);
        status = qv_text_check(text, error);
    }
    if (!status)
        status = qv_trial_read(text->bytes, text->length, &again, &unaltered, error);
    if (status)
        return status;
    if (!unaltered)
        return qv_fail(error, QV_ERR_BUG, "a plan was read otherwise than it was written");
    const struct qv_days days = days_of_trial(&again);
    status = qv_trial_analyse(&again, &days, 30000, false, &result, error);
    if (status)
        return status;
    const struct qv_trial_view view = {shared, offer->info, offer->washout, &again, true};
    const struct qv_page_settings settings = {.columns = 80, .full = true};
    qv_page_trial_plan(&view, &settings, text);
    qv_page_trial_result(&view, &result, &settings, text);
    qv_json_trial_result(&view, &result, 2, text);
    return qv_text_check(text, error);
}

static int run_trial(struct qv_error *error)
{
    const struct qv_entry entry = {
        .day = qv_date_today(), .kind = QV_ENTRY_MEDICINE, .amount = 50, .note = "fluvoxamine"};
    struct qv_daybook *book = NULL;
    struct qv_trial_offer offer;
    struct qv_text text;
    qv_text_init(&text, 1 << 20);
    struct qv_arena *arena = qv_arena_create(0);
    int status =
        arena ? qv_daybook_create(shared, arena, &book, error) : qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    if (!status)
        status = qv_daybook_add(book, &entry, error);
    const struct qv_trial_request request = {
        .what = "caffeine", .diary = book, .first_day = entry.day + 1, .usual = 400};
    if (!status)
        status = qv_trial_consult(shared, &request, arena, &offer, error);
    if (!status && (offer.refusal || !offer.washout))
        status = qv_fail(error, QV_ERR_BUG, "expected an offer with a longer washout");
    if (!status)
        status = make_trial(&offer, &text, error);
    qv_text_finish(&text);
    qv_arena_destroy(arena);
    return status;
}

static char journal_path[64];

static int drop_entry(void *context, const struct qv_entry *entry, struct qv_error *error)
{
    (void)context;
    (void)entry;
    (void)error;
    return QV_OK;
}

static int drop_version(void *context, const struct qv_entry_version *version, struct qv_error *error)
{
    (void)context;
    (void)version;
    (void)error;
    return QV_OK;
}

static int import_into(struct qv_journal *journal, const struct qv_entry *entry, struct qv_error *error)
{
    struct qv_import *import = NULL;
    int status = qv_import_begin(journal, &import, error);
    if (!status)
        status = qv_import_add(import, entry, NULL, error);
    if (!status)
        return qv_import_commit(import, error);
    qv_import_abandon(import);
    return status;
}

/* Each time anew, so that the file is made, written to, written back and read under the failure. */
static int keep_a_journal(struct qv_error *error)
{
    unlink(journal_path);
    struct qv_journal *journal = NULL;
    struct qv_entry entry = {.day = 1, .second = 2, .offset_s = QV_NO_OFFSET, .kind = QV_ENTRY_WATER, .amount = 3};
    struct qv_undone undone;
    int64_t id = 0;
    int status = qv_journal_open(journal_path, QV_JOURNAL_WRITE, &journal, error);
    if (status)
        return journal ? QV_ERR_BUG : status;
    status = qv_journal_add(journal, &entry, 1, &id, error);
    if (status && id)
        status = QV_ERR_BUG;
    entry.amount = 4;
    if (!status)
        status = qv_journal_revise(journal, id, &entry, error);
    if (!status)
        status = qv_journal_withdraw(journal, id, error);
    if (!status)
        status = qv_journal_undo(journal, &undone, error);
    entry.note = "another";
    if (!status)
        status = import_into(journal, &entry, error);
    if (!status)
        status = qv_journal_put(journal, "trial", "plan", 1, "{}", NULL, error);
    if (!status)
        status = qv_journal_entries(journal, 0, 9, drop_entry, NULL, error);
    if (!status)
        status = qv_journal_history(journal, id, drop_version, NULL, error);
    qv_journal_close(journal);
    return status;
}

static const char *const diaries[] = {
    "time,kind,amount,unit,note\n2026-11-24,sleep,7,h,\n2026-11-25,coffee,7,h,\n",
    "{\"quiver_diary\": 1, \"entries\": [{\"day\": \"2026-11-24\", \"kind\": \"sleep\", \"amount\": 7, \"unit\": "
    "\"h\"}]}",
    "<HealthData><Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" startDate=\"2024-03-10 14:00:00 -0400\" "
    "endDate=\"2024-03-10 14:45:00 -0400\" value=\"HKCategoryValueSleepAnalysisAsleep\"/></HealthData>",
    NULL, /* the last in a zip */
};
static char zip_path[] = "/tmp/quiver-sweep-XXXXXX";

static int take_entry(void *context, const struct qv_entry *entry, struct qv_error *error)
{
    ++*(int *)context;
    return 0;
}

static void take_bad_row(void *context, uint64_t line, const struct qv_error *why)
{
}

/* The files are opened beforehand: what is swept is ours, and expat's, jansson's and minizip's. */
static int read_diaries(struct qv_error *error)
{
    int status = QV_OK, entries = 0;
    for (size_t i = 0; i < sizeof diaries / sizeof *diaries && !status; i++) {
        FILE *file =
            diaries[i] ? fmemopen((void *)(uintptr_t)diaries[i], strlen(diaries[i]), "rb") : fopen(zip_path, "rb");
        if (!file)
            return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
        struct qv_diary_source to = {.sink = take_entry, .bad_row = take_bad_row, .context = &entries};
        enum qv_diary_format format = (enum qv_diary_format)99;
        status = diary_read_file(file, "diary", &to, &format, error);
        if (status && format != (enum qv_diary_format)99)
            status = QV_ERR_BUG;
        fclose(file);
    }
    return status || entries == 4 ? status : QV_ERR_BUG;
}

static bool zip_diary(void)
{
    int descriptor = mkstemp(zip_path);
    zipFile zip = descriptor >= 0 ? zipOpen64(zip_path, APPEND_STATUS_CREATE) : NULL;
    if (!zip)
        return false;
    close(descriptor);
    bool good = zipOpenNewFileInZip64(zip, "apple_health_export/export.xml", NULL, NULL, 0, NULL, 0, NULL, Z_DEFLATED,
                                      6, 0) == ZIP_OK &&
                zipWriteInFileInZip(zip, diaries[2], (unsigned)strlen(diaries[2])) == ZIP_OK &&
                zipCloseFileInZip(zip) == ZIP_OK;
    return zipClose(zip, NULL) == ZIP_OK && good;
}

/* Words into entries, and what is said of them and of a day. */
static int log_words(struct qv_error *error)
{
    struct qv_arena *arena = qv_arena_create(0);
    if (!arena)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    const struct qv_log_settings settings = {.now_us = qv_time_now_us()};
    const struct qv_page_settings page = {.columns = 80, .full = true};
    struct qv_log *log = NULL;
    struct qv_day *day = NULL;
    struct qv_text text;
    qv_text_init(&text, 1 << 20);
    int status = qv_log_read(shared, "2 coffees yesterday, slept 23:30-6:15, sertraline 50 mg, twitch 3 left, banana",
                             &settings, arena, &log, error);
    if (status && log)
        status = QV_ERR_BUG;
    if (!status)
        status = qv_day_gather(NULL, 20000, 20000, arena, &day, error);
    if (!status) {
        day->entries = log->entries;
        day->entry_count = log->count;
        for (uint32_t i = 0; i < log->count; i++)
            day->counts[log->entries[i].kind]++;
        qv_page_deed("Logged:", log->entries, log->remarks, log->count, 20000, &page, &text);
        qv_page_day(day, &page, &text);
        qv_json_day(day, 2, &text);
        status = qv_text_check(&text, error);
    }
    qv_text_finish(&text);
    qv_arena_destroy(arena);
    return status;
}

static struct diary diary;

static int find_triggers(struct qv_error *error)
{
    struct qv_arena *arena = qv_arena_create(0);
    if (!arena)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    struct qv_triggers *found = NULL;
    int status = qv_find_triggers(&diary.days, arena, &found, error);
    if (status && found)
        status = QV_ERR_BUG;
    qv_arena_destroy(arena);
    return status;
}

/* Runs the work with the n-th allocation failing, for n = 0, 1, … until no allocation was left to fail. */
static bool sweep(const char *name, int (*work)(struct qv_error *))
{
    for (long n = 0; n < 10000000; n++) {
        struct qv_error error = {0};
        (void)qv_date_today(); /* the C library forgets the zone when it had no memory for its name */
        outstanding = 0;
        until_failure = n;
        watching = true;
        int status = work(&error);
        watching = false;
        bool all_served = until_failure >= 0;
        if (outstanding > 0) {
            printf("%s: failing allocation %ld: %ld not given back\n", name, n, outstanding);
            return false;
        }
        if (status && (status != QV_ERR_UNAVAILABLE || !error.text[0])) {
            printf("%s: failing allocation %ld: status %d, \"%s\"\n", name, n, status, error.text);
            return false;
        }
        if (all_served) {
            printf("%s: %ld allocations, each failed once%s\n", name, n, status ? ", and then it did not work" : "");
            return status == 0;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    struct qv_error error = {0};
    snprintf(journal_path, sizeof journal_path, "%s/quiver-sweep-%d.db", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm",
             (int)getpid());
    small_knowledge = argc > 1 ? argv[1] : "tests/fixtures/knowledge-small";
    setvbuf(stdout, NULL, _IONBF, 0);
    if (qv_knowledge_builtin(&shared, &error)) {
        printf("%s\n", error.text);
        return 1;
    }
    /* Without it the C library copies the zone's name anew at each tzset(), and keeps the copy. */
    setenv("TZ", "UTC", 1);
    (void)qv_date_today();
    little_convolution(&models[0]);
    little_attention(&models[1]);
    little_triggers(&triggers);
    run_models(&error);
    run_trial(&error);
    keep_a_journal(&error);
    log_words(&error);
    if (!zip_diary() || read_diaries(&error)) {
        printf("%s\n", error.text);
        return 1;
    }
    load_yaml(&error); /* what the C library allocates once, it allocates now */
    bool good = sweep("load the knowledge compiled in", load_builtin);
    good &= sweep("load YAML", load_yaml);
    good &= sweep("read a case, answer, print", answer_case);
    good &= sweep("print triggers", print_triggers);
    good &= sweep("interview", interview);
    good &= sweep("log words", log_words);
    good &= sweep("keep a journal", keep_a_journal);
    unlink(journal_path);
    spares = true;
    good &= sweep("read a model, run it", run_models);
    good &= sweep("read diaries", read_diaries);
    spares = false;
    unlink(zip_path);
    good &= sweep("a trial: offer, plan, file, result, pages", run_trial);

    diary_make(&(struct recipe){.days = 200, .factors = 10, .per_day = 5, .unknown = 0.2, .drops = true}, 1, &diary);
    good &= sweep("find triggers", find_triggers);
    diary_finish(&diary);
    qv_knowledge_destroy(shared);
    return good ? 0 : 1;
}
