/* SPDX-License-Identifier: Apache-2.0 */
/* `quiver trial`: plan, run and analyse an experiment on oneself. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define PAGE_BYTES_MAX ((size_t)4 << 20)
#define MOST_DAYS 365
#define POWER 0.8

/* How a person twitches of whom nothing is known; every page that rests on it says so. */
static const struct qv_trial_baseline assumed = {.per_day = 5, .dispersion = 0.5, .autocorrelation = 0.3};

struct trial_options {
    const char *diary, *case_file, *plan, *journal, *knowledge;
    const char *from, *on, *seed_word, *usual_word, *effect_word, *power_word, *days_word;
    bool json, plain, full, stopped;
    int32_t first_day, today;
    uint64_t seed;
    double usual, effect, power, most_days; /* NaN: not said */
};

/* ---- options ------------------------------------------------------------------------------------------------------------ */

static int read_number(const char *name, const char *word, double *out, struct qv_error *error)
{
    char *end;
    *out = NAN;
    if (!word)
        return QV_OK;
    *out = strtod(word, &end);
    if (end == word || *end || !(*out >= 0) || !isfinite(*out))
        return qv_fail(error, QV_ERR_USAGE, "trial: --%s is \"%s\", expected a number", name, word);
    return QV_OK;
}

static int read_date(const char *name, const char *word, int32_t otherwise, int32_t *out, struct qv_error *error)
{
    *out = otherwise;
    if (word && !qv_date_parse(word, out))
        return qv_fail(error, QV_ERR_USAGE, "trial: --%s is \"%s\", expected a date, YYYY-MM-DD", name, word);
    return QV_OK;
}

/* Without one, from the machine's own randomness, so that nobody chooses the order. */
static int read_seed(const char *word, uint64_t *out, struct qv_error *error)
{
    char *end;
    if (!word) {
        if (getrandom(out, sizeof *out, 0) != (ssize_t)sizeof *out)
            return qv_fail(error, QV_ERR_UNAVAILABLE, "no random numbers: %s", strerror(errno));
        *out &= QV_TRIAL_SEED_MAX;
        return QV_OK;
    }
    errno = 0;
    *out = strtoull(word, &end, 10);
    if (word[strspn(word, "0123456789")] || end == word || errno || *out > QV_TRIAL_SEED_MAX)
        return qv_fail(error, QV_ERR_USAGE, "trial: --seed is \"%s\", expected a whole number up to %llu", word,
                       (unsigned long long)QV_TRIAL_SEED_MAX);
    return QV_OK;
}

static int read_values(struct trial_options *o, struct qv_error *error)
{
    int status = read_date("on", o->on, qv_date_today(), &o->today, error);
    if (status == QV_OK)
        status = read_date("from", o->from, o->today + 1, &o->first_day, error);
    if (status == QV_OK)
        status = read_number("usual", o->usual_word, &o->usual, error);
    if (status == QV_OK)
        status = read_number("effect", o->effect_word, &o->effect, error);
    if (status == QV_OK)
        status = read_number("power", o->power_word, &o->power, error);
    if (status == QV_OK)
        status = read_number("days", o->days_word, &o->most_days, error);
    if (status == QV_OK && o->most_days > QV_TRIAL_DAYS_MAX)
        status =
            qv_fail(error, QV_ERR_USAGE, "trial: --days is %g, expected at most %d", o->most_days, QV_TRIAL_DAYS_MAX);
    return status ? status : read_seed(o->seed_word, &o->seed, error);
}

static int read_options(int *argc, char **argv, struct trial_options *o, struct qv_error *error)
{
    *o = (struct trial_options){0};
    const struct cli_option options[] = {
        {"diary", NULL, &o->diary},      {"case", NULL, &o->case_file},   {"plan", NULL, &o->plan},
        {"journal", NULL, &o->journal},  {"from", NULL, &o->from},        {"on", NULL, &o->on},
        {"seed", NULL, &o->seed_word},   {"usual", NULL, &o->usual_word}, {"effect", NULL, &o->effect_word},
        {"power", NULL, &o->power_word}, {"days", NULL, &o->days_word},   {"knowledge", NULL, &o->knowledge},
        {"json", &o->json, NULL},        {"plain", &o->plain, NULL},      {"full", &o->full, NULL},
        {"stopped", &o->stopped, NULL},
    };
    int status = cli_options(argc, argv, options, sizeof options / sizeof options[0], error);
    return status ? status : read_values(o, error);
}

/* ---- the diary ------------------------------------------------------------------------------------------------------------- */

static int read_diary(const struct trial_options *o, const struct qv_knowledge *knowledge, struct qv_arena *arena,
                      struct qv_daybook **out, struct qv_error *error)
{
    struct qv_journal *journal = NULL;
    int status = qv_daybook_create(knowledge, arena, out, error);
    if (status == QV_OK && o->diary)
        return qv_daybook_read_file(*out, o->diary, error);
    if (status == QV_OK)
        status = cli_journal_look(o->journal, &journal, error);
    if (status == QV_ERR_CANNOT_CREATE && o->plan)
        return QV_OK; /* no home, so no journal: a plan in a file can do without */
    if (status == QV_OK && journal)
        status = qv_daybook_read_journal(*out, journal, INT32_MIN, true, error);
    qv_journal_close(journal);
    return status;
}

/* The days with the habit as their one factor; unknown on every day when the knowledge has no such habit (any more). */
static int days_of(struct qv_daybook *book, const char *habit, struct qv_arena *arena, struct qv_days *out,
                   struct qv_error *error)
{
    static const struct qv_factor no_habit = {.id = "", .per = "", .step = 1, .prior_sd = 1};
    const struct qv_days *all = NULL;
    int status = qv_daybook_days(book, NULL, INT32_MIN, INT32_MAX, arena, &all, error);
    if (status)
        return status;
    struct qv_days days = *all;
    uint32_t f = 0;
    while (f < all->factor_count && strcmp(all->factors[f].id, habit) != 0)
        f++;
    days.factor_count = 1;
    if (f < all->factor_count) {
        days.factors = &all->factors[f];
        days.exposures = all->exposures + (size_t)f * all->day_count;
    } else {
        double *unknown = qv_arena_alloc(arena, all->day_count + 1, sizeof *unknown);
        if (!unknown)
            return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
        for (uint32_t i = 0; i < all->day_count; i++)
            unknown[i] = NAN;
        days.factors = &no_habit;
        days.exposures = unknown;
    }
    *out = days;
    return QV_OK;
}

/* ---- plan ------------------------------------------------------------------------------------------------------------------- */

/* A refusal is for people on stderr, and for programs on stdout. */
static int refuse(const struct qv_trial_offer *offer, const char *what, const struct trial_options *o, int *exit_status,
                  struct qv_error *error)
{
    *exit_status = qv_status_exit(offer->by_word ? QV_ERR_USAGE : QV_ERR_DATA);
    cli_note("%s\n", offer->refusal->text);
    if (!o->json)
        return QV_OK;
    struct qv_text text;
    qv_text_init(&text, PAGE_BYTES_MAX);
    qv_json_trial_refusal(offer->refusal, what, 2, &text);
    return cli_print_page(&text, error);
}

static int read_plan_text(const char *json, size_t length, const char *place, struct qv_trial_plan *plan,
                          bool *unaltered, struct qv_error *error)
{
    int status = qv_trial_read(json, length, plan, unaltered, error);
    return status ? qv_fail_at(error, "%s", place) : QV_OK;
}

static int read_plan_file(const char *path, struct qv_trial_plan *plan, bool *unaltered, struct qv_error *error)
{
    struct qv_text json;
    qv_text_init(&json, QV_TRIAL_JSON_MAX);
    int status = qv_text_read_file(&json, path, QV_TRIAL_JSON_MAX, error);
    if (status == QV_OK)
        status = read_plan_text(json.bytes ? json.bytes : "", json.length, path, plan, unaltered, error);
    qv_text_finish(&json);
    return status;
}

/* A plan that has begun is not written over, nor is a file that is none. */
static int check_place(const char *path, int32_t today, struct qv_error *error)
{
    struct qv_trial_plan there;
    bool unaltered;
    if (access(path, F_OK) < 0)
        return QV_OK;
    if (read_plan_file(path, &there, &unaltered, NULL) == QV_OK && there.first_day > today)
        return QV_OK;
    return qv_fail(error, QV_ERR_CANNOT_CREATE,
                   "%s: is there, and is no plan that is yet to begin; expected another name", path);
}

static int keep_plan(const struct qv_trial_plan *plan, const struct trial_options *o, struct qv_error *error)
{
    struct qv_text json;
    qv_text_init(&json, QV_TRIAL_JSON_MAX);
    qv_trial_write(plan, NULL, 0, &json);
    int status = qv_text_check(&json, error);
    if (status == QV_OK && o->plan)
        status = cli_write_file(&json, o->plan, false, error);
    struct qv_journal *journal = NULL;
    bool in_journal = !o->plan || o->journal;
    if (status == QV_OK && in_journal)
        status = cli_journal_open(o->journal, QV_JOURNAL_WRITE, &journal, error);
    if (status == QV_OK && in_journal)
        status =
            qv_journal_put(journal, QV_DOCUMENT_TRIAL, plan->habit.factor, plan->first_day, json.bytes, NULL, error);
    qv_journal_close(journal);
    qv_text_finish(&json);
    return status;
}

static int show_plan(const struct qv_trial_view *view, const struct trial_options *o, struct qv_error *error)
{
    struct qv_text text;
    qv_text_init(&text, PAGE_BYTES_MAX);
    const struct qv_page_settings page = cli_page_settings(o->plain, o->full, NULL);
    if (o->json)
        qv_json_trial_plan(view, &text);
    else
        qv_page_trial_plan(view, &page, &text);
    return cli_print_page(&text, error);
}

static int lay_out(const struct qv_trial_offer *offer, const struct qv_days *days, const struct trial_options *o,
                   struct qv_trial_plan *plan, struct qv_error *error)
{
    const struct qv_trial_baseline baseline = qv_trial_baseline_of(days, o->first_day, &assumed);
    const struct qv_trial_aim aim = {
        .rate_ratio = isnan(o->effect) ? offer->info->worth : o->effect,
        .power = isnan(o->power) ? POWER : o->power,
        .most_days = isnan(o->most_days) ? MOST_DAYS : (uint32_t)o->most_days,
    };
    return qv_trial_lay_out(&offer->habit, &baseline, &aim, o->seed, o->today, o->first_day, plan, error);
}

static int make_plan(const struct qv_knowledge *knowledge, const char *what, const struct trial_options *o,
                     struct qv_arena *arena, int *exit_status, struct qv_error *error)
{
    struct qv_daybook *book = NULL;
    struct qv_case *c = NULL;
    struct qv_days days;
    struct qv_trial_offer offer;
    int status = read_diary(o, knowledge, arena, &book, error);
    if (status == QV_OK)
        status = cli_read_case(knowledge, o->case_file, arena, &c, error);
    if (status)
        return status;
    if (!o->case_file)
        c->as_of_days = o->today;
    const struct qv_trial_request request = {
        .what = what, .c = c, .diary = book, .first_day = o->first_day, .usual = o->usual};
    status = qv_trial_consult(knowledge, &request, arena, &offer, error);
    if (status)
        return status;
    if (offer.refusal)
        return refuse(&offer, what, o, exit_status, error);

    struct qv_trial_plan plan;
    status = o->plan ? check_place(o->plan, o->today, error) : QV_OK;
    if (status == QV_OK)
        status = days_of(book, offer.info->id, arena, &days, error);
    if (status == QV_OK)
        status = lay_out(&offer, &days, o, &plan, error);
    if (status == QV_OK)
        status = keep_plan(&plan, o, error);
    const struct qv_trial_view view = {knowledge, offer.info, offer.washout, &plan, true};
    return status ? status : show_plan(&view, o, error);
}

/* ---- today and result ------------------------------------------------------------------------------------------------------- */

struct newest {
    struct qv_trial_plan plan;
    bool found, unaltered;
};

static int take_document(void *context, const struct qv_document *document, struct qv_error *error)
{
    struct newest *newest = context;
    int status = read_plan_text(document->json, strlen(document->json), document->name, &newest->plan,
                                &newest->unaltered, error);
    newest->found |= status == QV_OK;
    return status;
}

/* The plan of the file, or the journal's that begins last; of one habit when that is named. */
static int find_plan(const struct trial_options *o, const char *what, struct newest *out, struct qv_error *error)
{
    *out = (struct newest){0};
    if (o->plan)
        return read_plan_file(o->plan, &out->plan, &out->unaltered, error);
    struct qv_journal *journal = NULL;
    int status = cli_journal_look(o->journal, &journal, error);
    if (status == QV_OK && journal)
        status = qv_journal_documents(journal, QV_DOCUMENT_TRIAL, what, take_document, out, error);
    qv_journal_close(journal);
    if (status == QV_OK && !out->found)
        status = qv_fail(error, QV_ERR_NO_INPUT,
                         "trial: no plan is in the journal; quiver trial plan makes one, --plan names a file");
    return status;
}

static int show_today(const struct qv_trial_view *view, const struct trial_options *o, struct qv_error *error)
{
    struct qv_text text;
    qv_text_init(&text, PAGE_BYTES_MAX);
    const struct qv_page_settings page = cli_page_settings(o->plain, o->full, NULL);
    if (o->json)
        qv_json_trial_today(view, o->today, 2, &text);
    else
        qv_page_trial_today(view, o->today, &page, &text);
    return cli_print_page(&text, error);
}

static int show_result(const struct qv_trial_view *view, const struct trial_options *o, struct qv_arena *arena,
                       struct qv_error *error)
{
    struct qv_daybook *book = NULL;
    struct qv_days days;
    struct qv_trial_result result;
    int status = read_diary(o, view->knowledge, arena, &book, error);
    if (status == QV_OK)
        status = days_of(book, view->plan->habit.factor, arena, &days, error);
    if (status == QV_OK)
        status = qv_trial_analyse(view->plan, &days, o->today, o->stopped, &result, error);
    if (status)
        return status;
    struct qv_text text;
    qv_text_init(&text, PAGE_BYTES_MAX);
    const struct qv_page_settings page = cli_page_settings(o->plain, o->full, NULL);
    if (o->json)
        qv_json_trial_result(view, &result, 2, &text);
    else
        qv_page_trial_result(view, &result, &page, &text);
    return cli_print_page(&text, error);
}

/* ---- the verb ----------------------------------------------------------------------------------------------------------------- */

static int check_options(const struct trial_options *o, int argc, char **argv, struct qv_error *error)
{
    const char *deed = argc > 1 ? argv[1] : "";
    bool plan = strcmp(deed, "plan") == 0, today = strcmp(deed, "today") == 0, result = strcmp(deed, "result") == 0;
    if (!plan && !today && !result)
        return qv_fail(error, QV_ERR_USAGE, "trial: found \"%s\", expected plan, today or result", deed);
    if (plan && argc != 3)
        return qv_fail(error, QV_ERR_USAGE, "trial plan: expected one habit to try, found %d words", argc - 2);
    if (argc > 3)
        return qv_fail(error, QV_ERR_USAGE, "trial %s: found \"%s\", expected at most a habit", deed, argv[3]);
    if (argc == 3 && !plan && o->plan)
        return qv_fail(error, QV_ERR_USAGE, "trial %s: found \"%s\" beside --plan, expected one of them", deed,
                       argv[2]);
    const char *of_plan = o->from          ? "from"
                          : o->seed_word   ? "seed"
                          : o->usual_word  ? "usual"
                          : o->effect_word ? "effect"
                          : o->power_word  ? "power"
                          : o->days_word   ? "days"
                          : o->case_file   ? "case"
                                           : NULL;
    if (!plan && of_plan)
        return qv_fail(error, QV_ERR_USAGE, "trial %s: --%s is for trial plan", deed, of_plan);
    if (!result && o->stopped)
        return qv_fail(error, QV_ERR_USAGE, "trial %s: --stopped is for trial result", deed);
    if (today && o->diary)
        return qv_fail(error, QV_ERR_USAGE, "trial today: needs no --diary");
    return QV_OK;
}

static int do_deed(const struct qv_knowledge *knowledge, int argc, char **argv, const struct trial_options *o,
                   struct qv_arena *arena, int *exit_status, struct qv_error *error)
{
    if (strcmp(argv[1], "plan") == 0)
        return make_plan(knowledge, argv[2], o, arena, exit_status, error);
    struct newest newest;
    int status = find_plan(o, argc == 3 ? argv[2] : NULL, &newest, error);
    if (status)
        return status;
    const struct qv_trial_view view = {knowledge, qv_trial_info(knowledge, newest.plan.habit.factor), NULL,
                                       &newest.plan, newest.unaltered};
    return strcmp(argv[1], "today") == 0 ? show_today(&view, o, error) : show_result(&view, o, arena, error);
}

int cli_trial(int argc, char **argv)
{
    struct trial_options options;
    struct qv_error error = {0};
    struct qv_knowledge *knowledge = NULL;
    int exit_status = 0;
    int status = read_options(&argc, argv, &options, &error);
    if (status == QV_OK)
        status = check_options(&options, argc, argv, &error);
    if (status == QV_OK)
        status = cli_knowledge_open(options.knowledge, &knowledge, &error);
    struct qv_arena *arena = status ? NULL : qv_arena_create(0);
    if (status == QV_OK)
        status = arena ? do_deed(knowledge, argc, argv, &options, arena, &exit_status, &error)
                       : qv_fail(&error, QV_ERR_UNAVAILABLE, "out of memory");
    qv_arena_destroy(arena);
    qv_knowledge_destroy(knowledge);
    return status ? cli_complain(&error, NULL) : exit_status;
}
