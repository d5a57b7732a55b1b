/* SPDX-License-Identifier: Apache-2.0 */
/* `quiver phantom`: make a clip whose twitches are known exactly. */
#include "cli.h"

#include <quiver/vision.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_BYTES_MAX ((size_t)64 << 20)
#define ARENA_BYTES_MAX ((size_t)4 << 30) /* a picture of 4096 × 4096 takes 0.5 GiB, an hour of tremor 0.2 */
#define SEED_USUAL 1
#define SEED_MOST (1ULL << 53) /* that a JSON number holds exactly */

static volatile sig_atomic_t stop_signal;

static void want_stop(int signal_number)
{
    stop_signal = signal_number;
}

static void on_stop(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* ---- options --------------------------------------------------------------------------------------------------------- */

struct words {
    const char *portrait, *out, *truth, *seed, *seconds, *size, *rate, *face_width, *head;
    const char *waveform, *side, *region, *amplitude, *duration, *every, *frequency;
    const char *noise, *light, *flicker, *drop, *repeat, *rotate, *codec, *crf;
};

static int no_such(const char *option, const char *value, const char *wanted, struct qv_error *error)
{
    return qv_fail(error, QV_ERR_USAGE, "phantom: --%s is \"%s\", expected %s", option, value, wanted);
}

/* A number, 0 when not given: the usual. One that is given as 0, where that is nothing, is refused. */
static int number(const char *option, const char *value, double *to, struct qv_error *error)
{
    char *end;
    if (!value)
        return QV_OK;
    *to = strtod(value, &end);
    return *end || end == value || !(*to > -1e12 && *to < 1e12) ? no_such(option, value, "a number", error) : QV_OK;
}

static int whole(const char *option, const char *value, unsigned long long most, unsigned long long *to,
                 struct qv_error *error)
{
    char *end;
    if (!value)
        return QV_OK;
    errno = 0;
    *to = strtoull(value, &end, 10);
    return *end || value[0] < '0' || value[0] > '9' || errno || *to > most
               ? no_such(option, value, "a whole number", error)
               : QV_OK;
}

static int choice(const char *option, const char *value, int (*find)(const char *), const char *wanted, int *to,
                  struct qv_error *error)
{
    if (!value)
        return QV_OK;
    *to = find(value);
    return *to < 0 ? no_such(option, value, wanted, error) : QV_OK;
}

static int find_head(const char *word)
{
    return strcmp(word, "still") == 0 ? 0 : strcmp(word, "moving") == 0 ? 1 : -1;
}

static int find_side(const char *word)
{
    return strcmp(word, "left") == 0    ? QV_SIDE_LEFT
           : strcmp(word, "right") == 0 ? QV_SIDE_RIGHT
           : strcmp(word, "both") == 0  ? QV_SIDE_BOTH
                                        : -1;
}

static int read_size(const char *value, struct qv_phantom_settings *s, struct qv_error *error)
{
    char *end = NULL;
    if (!value)
        return QV_OK;
    const unsigned long width = strtoul(value, &end, 10);
    const unsigned long height = *end == 'x' ? strtoul(end + 1, &end, 10) : 0;
    if (*end || !width || !height || width > 100000 || height > 100000)
        return no_such("size", value, "such as 1280x720", error);
    s->width = (uint32_t)width;
    s->height = (uint32_t)height;
    return QV_OK;
}

static bool ends_in(const char *path, const char *end)
{
    const size_t length = strlen(path), more = strlen(end);
    return length > more && strcmp(path + length - more, end) == 0;
}

static int codec_for(const char *path)
{
    return ends_in(path, ".webm") ? QV_CODEC_VP9 : ends_in(path, ".avi") ? QV_CODEC_MJPEG : QV_CODEC_H264;
}

static int read_values(const struct words *w, struct qv_phantom_settings *s, struct qv_error *error)
{
    const struct {
        const char *option, *value;
        double *to;
    } numbers[] = {
        {"seconds", w->seconds, &s->seconds},
        {"rate", w->rate, &s->rate_hz},
        {"face-width", w->face_width, &s->face_width_px},
        {"amplitude", w->amplitude, &s->amplitude_px},
        {"duration", w->duration, &s->duration_ms},
        {"every", w->every, &s->every_s},
        {"frequency", w->frequency, &s->frequency_hz},
        {"noise", w->noise, &s->noise_sigma},
        {"flicker", w->flicker, &s->flicker_hz},
        {"drop", w->drop, &s->drop_fraction},
    };
    int status = QV_OK;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && status == QV_OK; i++) {
        status = number(numbers[i].option, numbers[i].value, numbers[i].to, error);
        /* In the settings 0 is the usual; here it was meant. Of the last three it is none. */
        if (status == QV_OK && numbers[i].value && i < 7 && !(*numbers[i].to > 0))
            status = no_such(numbers[i].option, numbers[i].value, "more than 0", error);
    }
    unsigned long long seed = SEED_USUAL, repeat = 1, rotate = 0, crf = 0;
    int waveform = QV_WAVEFORM_SINGLE, light = QV_LIGHT_STEADY, codec = codec_for(w->out), head = 0;
    int side = QV_SIDE_NONE;
    if (status == QV_OK)
        status = whole("seed", w->seed, SEED_MOST, &seed, error);
    if (status == QV_OK)
        status = whole("repeat", w->repeat, 1000, &repeat, error);
    if (status == QV_OK)
        status = whole("rotate", w->rotate, 1000, &rotate, error);
    if (status == QV_OK)
        status = whole("crf", w->crf, 1000, &crf, error);
    if (status == QV_OK)
        status = choice("waveform", w->waveform, qv_waveform_find,
                        "single, cluster, tremor, volley, hold, ripple or none", &waveform, error);
    if (status == QV_OK)
        status = choice("light", w->light, qv_light_find, "steady, drift or steps", &light, error);
    if (status == QV_OK)
        status = choice("codec", w->codec, qv_codec_find, "h264, hevc, hevc10, vp9, mjpeg or lossless", &codec, error);
    if (status == QV_OK)
        status = choice("head", w->head, find_head, "still or moving", &head, error);
    if (status == QV_OK)
        status = choice("side", w->side, find_side, "left, right or both", &side, error);
    if (status == QV_OK)
        status = read_size(w->size, s, error);
    s->seed = seed;
    s->repeat = (uint32_t)repeat;
    s->rotation_deg = (int)rotate;
    s->quality = (int)crf;
    s->waveform = (enum qv_waveform)waveform;
    s->light = (enum qv_light)light;
    s->codec = (enum qv_codec)codec;
    s->head_moves = head == 1;
    s->side = (enum qv_side)side;
    s->part = w->region;
    return status;
}

static int read_options(int *argc, char **argv, struct words *w, struct qv_phantom_settings *s, struct qv_error *error)
{
    const struct cli_option options[] = {
        {"portrait", NULL, &w->portrait},
        {"out", NULL, &w->out},
        {"truth", NULL, &w->truth},
        {"seed", NULL, &w->seed},
        {"seconds", NULL, &w->seconds},
        {"size", NULL, &w->size},
        {"rate", NULL, &w->rate},
        {"face-width", NULL, &w->face_width},
        {"head", NULL, &w->head},
        {"waveform", NULL, &w->waveform},
        {"side", NULL, &w->side},
        {"region", NULL, &w->region},
        {"amplitude", NULL, &w->amplitude},
        {"duration", NULL, &w->duration},
        {"every", NULL, &w->every},
        {"frequency", NULL, &w->frequency},
        {"noise", NULL, &w->noise},
        {"light", NULL, &w->light},
        {"flicker", NULL, &w->flicker},
        {"drop", NULL, &w->drop},
        {"repeat", NULL, &w->repeat},
        {"rotate", NULL, &w->rotate},
        {"codec", NULL, &w->codec},
        {"crf", NULL, &w->crf},
        {"blinks", &s->blinks, NULL},
        {"speech", &s->speaks, NULL},
        {"smiles", &s->smiles, NULL},
        {"nods", &s->nods, NULL},
        {"rolling-shutter", &s->rolling_shutter, NULL},
        {"vfr", &s->uneven_times, NULL},
        {"mirror", &s->mirrored, NULL},
    };
    int status = cli_options(argc, argv, options, sizeof options / sizeof options[0], error);
    if (status)
        return status;
    if (*argc != 1)
        return qv_fail(error, QV_ERR_USAGE, "phantom: found \"%s\", expected options only", argv[1]);
    if (!w->portrait || !w->out)
        return qv_fail(error, QV_ERR_USAGE, "phantom: --%s is missing", w->portrait ? "out" : "portrait");
    return read_values(w, s, error);
}

/* ---- the truth's file --------------------------------------------------------------------------------------------------- */

/* FILE.json beside FILE.mp4. */
static void truth_beside(const char *film, struct qv_text *path)
{
    const char *slash = strrchr(film, '/'), *dot = strrchr(film, '.');
    const size_t stem = dot && (!slash || dot > slash) ? (size_t)(dot - film) : strlen(film);
    qv_text_printf(path, "%.*s.json", (int)stem, film);
}

static int cannot(const char *path, int why, struct qv_error *error)
{
    return qv_fail(error, why == ENOSPC || why == EIO ? QV_ERR_IO : QV_ERR_CANNOT_CREATE, "%s: %s", path,
                   strerror(why));
}

static bool same_file(const char *a, const char *b)
{
    struct stat of_a, of_b;
    return strcmp(a, b) == 0 ||
           (stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino);
}

/* Three files: none may take another's place. */
static int check_files(const struct words *w, const char *truth, struct qv_error *error)
{
    if (same_file(w->portrait, w->out) || same_file(w->portrait, truth))
        return qv_fail(error, QV_ERR_USAGE, "phantom: %s would be overwritten, expected another name for what is made",
                       w->portrait);
    if (same_file(w->out, truth))
        return qv_fail(error, QV_ERR_USAGE, "phantom: --out and --truth name the same file, %s", truth);
    return QV_OK;
}

/* Begun before the clip is made, so that what cannot be written costs no work. */
static int begin_truth(const char *path, struct qv_text *part, int *fd, struct qv_error *error)
{
    qv_text_printf(part, "%s.%ld.part", path, (long)getpid());
    int status = qv_text_check(part, error);
    if (status)
        return status;
    *fd = open(part->bytes, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return *fd >= 0 ? QV_OK : cannot(path, errno, error);
}

static int write_truth(const struct qv_phantom *phantom, int fd, const char *path, struct qv_error *error)
{
    struct qv_text text;
    qv_text_init(&text, PAGE_BYTES_MAX);
    qv_json_phantom(phantom, 2, &text);
    qv_text_puts(&text, "\n");
    int status = qv_text_check(&text, error);
    for (size_t done = 0; status == QV_OK && done < text.length;) {
        const ssize_t more = write(fd, text.bytes + done, text.length - done);
        if (more < 0 && errno != EINTR)
            status = cannot(path, errno, error);
        done += more > 0 ? (size_t)more : 0;
    }
    qv_text_finish(&text);
    return status;
}

/* ---- the verb --------------------------------------------------------------------------------------------------------------- */

static void show_progress(void *context, double fraction, int64_t time_us)
{
    const int percent = (int)(100 * fraction);
    int *shown = context;
    if (percent != *shown)
        fprintf(stderr, "\r  drawing %3d %% ", *shown = percent);
}

static int make(const struct words *w, const struct qv_phantom_settings *wanted, const char *truth, const char *part,
                int fd, struct qv_error *error)
{
    struct qv_phantom *phantom = NULL;
    struct qv_arena *arena = qv_arena_create(ARENA_BYTES_MAX);
    struct qv_phantom_settings settings = *wanted;
    int shown = -1;
    settings.models_folder = cli_models_folder();
    settings.stop = &stop_signal;
    settings.progress = isatty(STDERR_FILENO) ? show_progress : NULL;
    settings.progress_context = &shown;
    on_stop(want_stop);
    int status = arena ? qv_phantom_make(w->portrait, w->out, &settings, arena, &phantom, error)
                       : qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    on_stop(SIG_DFL);
    if (shown >= 0)
        fprintf(stderr, "\r\033[K");
    if (status == QV_OK && phantom) {
        status = write_truth(phantom, fd, truth, error);
        if (status == QV_OK && rename(part, truth) != 0)
            status = cannot(truth, errno, error);
        if (status)
            unlink(w->out); /* a phantom without its truth is worth nothing */
        else
            cli_note("%s: %u movements in %.1f s; the truth is in %s", w->out, phantom->truth.movement_count,
                     phantom->truth.clip.duration_s, truth);
    }
    qv_arena_destroy(arena);
    return status;
}

int cli_phantom(int argc, char **argv)
{
    struct words words = {0};
    struct qv_phantom_settings settings = {0};
    struct qv_error error = {0};
    int status = read_options(&argc, argv, &words, &settings, &error);
    if (status)
        return cli_complain(&error, NULL);
    struct qv_text truth, part;
    int fd = -1;
    qv_text_init(&truth, 1 << 16);
    qv_text_init(&part, 1 << 16);
    if (words.truth)
        qv_text_puts(&truth, words.truth);
    else
        truth_beside(words.out, &truth);
    status = qv_text_check(&truth, &error);
    if (status == QV_OK)
        status = check_files(&words, truth.bytes, &error);
    if (status == QV_OK)
        status = begin_truth(truth.bytes, &part, &fd, &error);
    if (status == QV_OK)
        status = make(&words, &settings, truth.bytes, part.bytes, fd, &error);
    if (fd >= 0) {
        close(fd);
        unlink(part.bytes); /* it has its name by now, or it is not wanted */
    }
    qv_text_finish(&truth);
    qv_text_finish(&part);
    if (status && stop_signal)
        raise(stop_signal);
    return status ? cli_complain(&error, NULL) : 0;
}
