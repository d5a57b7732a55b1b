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
    const char *plot, *overlay, *magnify;
    bool json, plain, mirrored;
};

static int read_options(int *argc, char **argv, struct watch_options *o, struct qv_error *error)
{
    *o = (struct watch_options){0};
    const char *seconds = NULL;
    const struct cli_option options[] = {
        {"json", &o->json, NULL},       {"plain", &o->plain, NULL}, {"mirrored", &o->mirrored, NULL},
        {"seconds", NULL, &seconds},    {"plot", NULL, &o->plot},   {"overlay", NULL, &o->overlay},
        {"magnify", NULL, &o->magnify},
    };
    int status = cli_options(argc, argv, options, sizeof options / sizeof options[0], error);
    if (status)
        return status;
    if (*argc != 2)
        return qv_fail(error, QV_ERR_USAGE, "watch: expected one clip, found %d", *argc - 1);
    if (o->overlay || o->magnify)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "watch: --%s is not in this version",
                       o->overlay ? "overlay" : "magnify");
    if (seconds) {
        char *end;
        o->seconds = strtod(seconds, &end);
        if (*end || end == seconds || !(o->seconds >= 1 && o->seconds <= SECONDS_MAX))
            return qv_fail(error, QV_ERR_USAGE, "watch: --seconds is \"%s\", expected a number from 1 to %.0f", seconds,
                           SECONDS_MAX);
    }
    return QV_OK;
}

static void show_progress(void *context, double fraction, int64_t time_us)
{
    const unsigned columns = 30;
    char bar[31];
    const unsigned full = isfinite(fraction) ? (unsigned)(fraction * columns) : 0;
    for (unsigned i = 0; i < columns; i++)
        bar[i] = i < full ? '#' : '.';
    bar[columns] = 0;
    if (isfinite(fraction))
        fprintf(stderr, "\r  watching [%s] %3.0f %%  %.0f s ", bar, 100 * fraction, (double)time_us * 1e-6);
    else
        fprintf(stderr, "\r  watching  %.0f s ", (double)time_us * 1e-6);
    *(bool *)context = true;
}

int cli_watch_clip(const char *path, bool mirrored, double seconds, struct qv_arena *arena, struct qv_measurement **out,
                   struct qv_error *error)
{
    bool shown = false;
    const struct qv_watch_settings settings = {
        .models_folder = cli_models_folder(),
        .mirrored = mirrored,
        .seconds = seconds,
        .stop = &stop_wanted,
        .progress = isatty(STDERR_FILENO) ? show_progress : NULL,
        .progress_context = &shown,
    };
    listen_for_stop();
    const int status = qv_watch(path, &settings, arena, out, error);
    if (shown)
        fprintf(stderr, "\r\033[K");
    if (status == QV_OK && stop_wanted)
        cli_note("Stopped after %.1f s: this is of what was seen until then.", (*out)->clip.duration_s);
    return status;
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
    if (text.length && text.bytes[text.length - 1] != '\n')
        qv_text_puts(&text, "\n");
    const int status = cli_print_text(&text, error);
    qv_text_finish(&text);
    return status;
}

int cli_watch(int argc, char **argv)
{
    struct watch_options options;
    struct qv_error error = {0};
    struct qv_measurement *measurement = NULL;
    int status = read_options(&argc, argv, &options, &error);
    if (status == QV_OK && options.plot)
        status = qv_plot_check(options.plot, &error); /* before the work, not after it */
    if (status)
        return cli_complain(&error, NULL);
    struct qv_arena *arena = qv_arena_create(0);
    status = arena ? QV_OK : qv_fail(&error, QV_ERR_UNAVAILABLE, "out of memory");
    if (status == QV_OK)
        status = cli_watch_clip(argv[1], options.mirrored, options.seconds, arena, &measurement, &error);
    if (status == QV_OK)
        status = show(&options, measurement, &error);
    if (status == QV_OK && options.plot)
        status = qv_plot_write(measurement, options.plot, &error);
    qv_arena_destroy(arena);
    return status ? cli_complain(&error, NULL) : 0;
}
