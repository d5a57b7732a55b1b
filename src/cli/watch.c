/* SPDX-License-Identifier: Apache-2.0 */
/* `quiver watch`: see and measure the twitch in a clip. */
#include "cli.h"

#include <quiver/vision.h>

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE_BYTES_MAX ((size_t)64 << 20)
#define SECONDS_MAX 360000.0 /* a hundred hours */

static volatile sig_atomic_t stop_wanted;

static void want_stop(int signal_number)
{
    if (stop_wanted)
        _exit(128 + signal_number); /* asked twice: at once */
    stop_wanted = 1;
}

static void listen_for_stop(void)
{
    struct sigaction action = {.sa_handler = want_stop};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

const char *cli_models_folder(void)
{
    const char *named = getenv("QUIVER_MODELS");
    if (named)
        return named;
    return access(QUIVER_MODELS_BUILD, R_OK) == 0 ? QUIVER_MODELS_BUILD : QUIVER_MODELS_INSTALLED;
}

struct watch_options {
    double seconds; /* 0: as long as it lasts */
    double magnify; /* 1: not */
    const char *plot, *overlay, *journal;
    bool json, plain, mirrored;
};

static bool read_number(const char *words, double least, double most, double *out)
{
    char *end;
    *out = strtod(words, &end);
    return end != words && !*end && *out >= least && *out <= most;
}

static int read_options(int *argc, char **argv, struct watch_options *o, struct qv_error *error)
{
    *o = (struct watch_options){0};
    const char *seconds = NULL, *magnify = NULL;
    o->magnify = 1;
    const struct cli_option options[] = {
        {"json", &o->json, NULL},       {"plain", &o->plain, NULL},     {"mirrored", &o->mirrored, NULL},
        {"seconds", NULL, &seconds},    {"journal", NULL, &o->journal}, {"plot", NULL, &o->plot},
        {"overlay", NULL, &o->overlay}, {"magnify", NULL, &magnify},
    };
    int status = cli_options(argc, argv, options, sizeof options / sizeof options[0], error);
    if (status)
        return status;
    if (*argc != 2)
        return qv_fail(error, QV_ERR_USAGE, "watch: expected one clip, found %d", *argc - 1);
    if (magnify && !o->overlay)
        return qv_fail(error, QV_ERR_USAGE, "watch: --magnify needs --overlay FILE: the clip to show it in");
    if (seconds && !read_number(seconds, 1, SECONDS_MAX, &o->seconds))
        return qv_fail(error, QV_ERR_USAGE, "watch: --seconds is \"%s\", expected a number from 1 to %.0f", seconds,
                       SECONDS_MAX);
    if (magnify && !read_number(magnify, 1, QV_MAGNIFY_MAX, &o->magnify))
        return qv_fail(error, QV_ERR_USAGE, "watch: --magnify is \"%s\", expected a number from 1 to %.0f", magnify,
                       QV_MAGNIFY_MAX);
    return QV_OK;
}

/* A bar on the terminal, for whoever waits. */
struct progress {
    const char *deed;
    bool shown;
};

static void show_progress(void *context, double fraction, int64_t time_us)
{
    struct progress *progress = context;
    const unsigned columns = 30;
    char bar[31];
    const unsigned full = isfinite(fraction) ? (unsigned)(fraction * columns) : 0;
    for (unsigned i = 0; i < columns; i++)
        bar[i] = i < full ? '#' : '.';
    bar[columns] = 0;
    if (isfinite(fraction))
        fprintf(stderr, "\r  %s [%s] %3.0f %%  %.0f s ", progress->deed, bar, 100 * fraction, (double)time_us * 1e-6);
    else
        fprintf(stderr, "\r  %s  %.0f s ", progress->deed, (double)time_us * 1e-6);
    progress->shown = true;
}

static void clear_progress(const struct progress *progress)
{
    if (progress->shown)
        fprintf(stderr, "\r\033[K");
}

static int watch(const char *path, const struct qv_watch_settings *asked, struct qv_arena *arena,
                 struct qv_measurement **out, struct qv_error *error)
{
    struct progress progress = {"watching", false};
    struct qv_watch_settings settings = *asked;
    settings.models_folder = cli_models_folder();
    settings.stop = &stop_wanted;
    settings.progress = isatty(STDERR_FILENO) ? show_progress : NULL;
    settings.progress_context = &progress;
    listen_for_stop();
    const int status = qv_watch(path, &settings, arena, out, error);
    clear_progress(&progress);
    if (status == QV_OK && stop_wanted)
        cli_note("Stopped after %.1f s: this is of what was seen until then.\n", (*out)->clip.duration_s);
    return status;
}

int cli_watch_clip(const char *path, bool mirrored, double seconds, struct qv_arena *arena, struct qv_measurement **out,
                   struct qv_error *error)
{
    const struct qv_watch_settings settings = {.mirrored = mirrored, .seconds = seconds};
    return watch(path, &settings, arena, out, error);
}

static int show(const struct watch_options *o, const struct qv_measurement *measurement, struct qv_error *error)
{
    struct qv_text text;
    qv_text_init(&text, PAGE_BYTES_MAX);
    const struct qv_page_settings page = cli_page_settings(o->plain, false, NULL);
    if (o->json)
        qv_json_measurement(measurement, 2, &text);
    else
        qv_page_measurement(measurement, &page, &text);
    return cli_print_page(&text, error);
}

/* What was asked for can be made: said before the work, not after it. */
static int check_pictures(const char *clip, const struct watch_options *o, struct qv_error *error)
{
    int status = o->plot ? qv_plot_check(o->plot, error) : QV_OK;
    if (status == QV_OK && o->overlay)
        status = qv_overlay_check(clip, o->overlay, error);
    return status;
}

static int write_overlay(const char *clip, const struct watch_options *o, const struct qv_measurement *measurement,
                         struct qv_motion *motion, struct qv_error *error)
{
    struct progress progress = {"drawing", false};
    const struct qv_replay_settings settings = {
        .magnify = o->magnify,
        .stop = &stop_wanted,
        .progress = isatty(STDERR_FILENO) ? show_progress : NULL,
        .progress_context = &progress,
    };
    const int status = qv_overlay_write(clip, measurement, motion, &settings, o->overlay, error);
    clear_progress(&progress);
    return status;
}

/* ---- keeping ------------------------------------------------------------------------------------------------------------ */

struct kept_before {
    int32_t day;
    double per_min;
};

static int see_before(void *context, const struct qv_document *document, struct qv_error *error)
{
    struct kept_before *before = context;
    (void)error;
    before->per_min = qv_measurement_rate_of(document->json);
    before->day = document->day;
    return QV_OK;
}

/*
 * The measurement, and not the clip, goes into the journal: the one of --journal or QUIVER_JOURNAL, or the usual one where there is one.
 */
static int keep(const struct watch_options *o, const struct qv_measurement *measurement, struct qv_error *error)
{
    struct qv_journal *journal = NULL;
    struct kept_before before = {.per_min = NAN};
    struct qv_text json, name;
    bool wanted = o->journal != NULL;
    int status = wanted ? QV_OK : cli_journal_look(NULL, &journal, error);
    wanted = wanted || journal;
    qv_journal_close(journal);
    journal = NULL;
    if (status || !wanted)
        return status;
    qv_text_init(&json, QV_DOCUMENT_MAX_BYTES);
    qv_text_init(&name, 64);
    qv_json_measurement(measurement, 0, &json);
    qv_text_printf(&name, "%lld", (long long)qv_time_now_us());
    status = qv_text_check(&json, error);
    if (status == QV_OK)
        status = cli_journal_open(o->journal, QV_JOURNAL_WRITE, &journal, error);
    if (status == QV_OK)
        status = qv_journal_documents(journal, QV_DOCUMENT_MEASUREMENT, NULL, see_before, &before, error);
    if (status == QV_OK)
        status = qv_journal_put(journal, QV_DOCUMENT_MEASUREMENT, name.bytes, qv_date_today(), json.bytes, NULL, error);
    qv_journal_close(journal);
    qv_text_finish(&name);
    qv_text_finish(&json);
    if (status)
        return status;
    cli_note("What was measured is kept in your journal, the clip is not.\n");
    if (isfinite(before.per_min)) {
        char day[11];
        qv_date_format(before.day, day);
        cli_note("The clip before, watched on %s: %.3g twitches a minute; this one: %.3g.\n", day, before.per_min,
                 measurement->summary.rate_per_min);
    }
    return QV_OK;
}

static int watch_and_tell(const char *clip, const struct watch_options *o, struct qv_arena *arena,
                          struct qv_error *error)
{
    struct qv_motion *motion = NULL;
    struct qv_measurement *measurement = NULL;
    int status = check_pictures(clip, o, error);
    if (status == QV_OK && o->overlay)
        status = qv_motion_create(o->magnify > 1, &motion, error);
    if (status == QV_OK) {
        const struct qv_watch_settings settings = {.mirrored = o->mirrored, .seconds = o->seconds, .motion = motion};
        status = watch(clip, &settings, arena, &measurement, error);
    }
    if (status == QV_OK)
        status = show(o, measurement, error);
    if (status == QV_OK && o->plot)
        status = qv_plot_write(measurement, o->plot, error);
    if (status == QV_OK && o->overlay)
        status = write_overlay(clip, o, measurement, motion, error);
    if (status == QV_OK)
        status = keep(o, measurement, error);
    qv_motion_destroy(motion);
    return status;
}

int cli_watch(int argc, char **argv)
{
    struct watch_options options;
    struct qv_error error = {0};
    int status = read_options(&argc, argv, &options, &error);
    if (status)
        return cli_complain(&error, NULL);
    struct qv_arena *arena = qv_arena_create(0);
    status =
        arena ? watch_and_tell(argv[1], &options, arena, &error) : qv_fail(&error, QV_ERR_UNAVAILABLE, "out of memory");
    qv_arena_destroy(arena);
    return status ? cli_complain(&error, NULL) : 0;
}
