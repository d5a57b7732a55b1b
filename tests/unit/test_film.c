/* SPDX-License-Identifier: Apache-2.0 */
/* Films are written and read back: every codec and container, times, turns; and what is left when writing fails. */
#include "vision/clip.h"
#include "vision/film.h"

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* cmocka wants the C library's headers before it. */
#include <cmocka.h>

enum { WIDTH = 160, HEIGHT = 120, PICTURES = 24 };

static char folder[] = "/tmp/quiver-film-XXXXXX";

/* A smooth texture that drifts, so that no two pictures are the same. */
static uint8_t sample(int plane, uint32_t x, uint32_t y, int picture)
{
    const double at = plane ? 2.0 : 1.0, t = 0.7 * picture;
    return (uint8_t)lrint(126 + 50 * sin(0.21 * at * x + 0.05 * y + t) + 40 * cos(0.13 * at * y - 0.07 * x + plane));
}

static void draw(uint8_t *planes[3], int picture)
{
    for (int p = 0; p < 3; p++) {
        const uint32_t width = p ? WIDTH / 2 : WIDTH, height = p ? HEIGHT / 2 : HEIGHT;
        for (uint32_t y = 0; y < height; y++) {
            for (uint32_t x = 0; x < width; x++)
                planes[p][y * width + x] = sample(p, x, y, picture);
        }
    }
}

static int add(struct film *film, int picture, int64_t time_us, struct qv_error *error)
{
    static uint8_t y[WIDTH * HEIGHT], u[WIDTH * HEIGHT / 4], v[WIDTH * HEIGHT / 4];
    uint8_t *planes[3] = {y, u, v};
    draw(planes, picture);
    const struct film_picture p = {{y, u, v}, {WIDTH, WIDTH / 2, WIDTH / 2}};
    return film_add(film, &p, time_us, error);
}

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int files_in_folder(void)
{
    DIR *d = opendir(folder);
    assert_non_null(d);
    int count = 0;
    for (struct dirent *each; (each = readdir(d));)
        count += each->d_name[0] != '.';
    closedir(d);
    return count;
}

static void must(int status, const struct qv_error *error)
{
    if (status)
        fail_msg("%s", error->text);
}

static struct film_settings settings_of(enum qv_codec codec)
{
    return (struct film_settings){.width = WIDTH, .height = HEIGHT, .rate_hz = 30, .codec = codec};
}

static void write_film(const char *path, const struct film_settings *settings, const int64_t *times_us)
{
    struct qv_error error = {0};
    struct film *film;
    must(film_create(path, settings, &film, &error), &error);
    for (int i = 0; i < PICTURES; i++)
        must(add(film, i, times_us[i], &error), &error);
    must(film_finish(film, &error), &error);
    film_destroy(film);
}

/* How far a frame that was read is from what was drawn, mean over the samples, in levels of 8 bits. */
static double difference(const struct clip_frame *f, int picture)
{
    double sum = 0, count = 0;
    for (int p = 0; p < 3; p++) {
        const double scale = 1.0 / (1U << (f->bits - 8));
        for (uint32_t y = 0; y < f->planes[p].height; y++) {
            const uint8_t *row = (const uint8_t *)f->planes[p].samples + (size_t)y * f->planes[p].stride_bytes;
            for (uint32_t x = 0; x < f->planes[p].width; x++) {
                const double found = f->bits > 8 ? ((const uint16_t *)(const void *)row)[x] * scale : row[x];
                sum += fabs(found - sample(p, x, y, picture));
            }
        }
        count += (double)f->planes[p].width * f->planes[p].height;
    }
    return sum / count;
}

static void read_film(const char *path, const struct film_settings *settings, const int64_t *times_us, double within_us,
                      double within_levels)
{
    struct qv_error error = {0};
    struct clip *clip;
    struct clip_frame frame;
    must(clip_open(path, &clip, &error), &error);
    int count = 0, status;
    while ((status = clip_next(clip, &frame, &error)) == 1) {
        assert_true(count < PICTURES);
        assert_int_equal(frame.width, WIDTH);
        assert_int_equal(frame.height, HEIGHT);
        assert_int_equal(frame.rotation_deg, settings->rotation_deg);
        if (!(fabs((double)(frame.time_us - times_us[count])) <= within_us))
            fail_msg("%s: picture %d at %ld µs, expected %ld", path, count, (long)frame.time_us, (long)times_us[count]);
        const double levels = difference(&frame, count);
        if (!(levels <= within_levels))
            fail_msg("%s: picture %d differs by %.2f levels, expected at most %.2f", path, count, levels,
                     within_levels);
        count++;
    }
    must(status, &error);
    assert_int_equal(count, PICTURES);
    assert_false(clip_end(clip)->times_invented);
    clip_close(clip);
}

static void test_every_codec_and_container(void **unused)
{
    static const struct {
        const char *name;
        enum qv_codec codec;
        double within_us, within_levels;
    } table[] = {
        {"a.mp4", QV_CODEC_H264, 12, 3},    {"a.mov", QV_CODEC_H264, 12, 3},       {"a.mkv", QV_CODEC_H264, 501, 3},
        {"a.avi", QV_CODEC_H264, 1, 3},     {"a.mp4", QV_CODEC_HEVC, 12, 4},       {"a.mkv", QV_CODEC_HEVC10, 501, 4},
        {"a.mp4", QV_CODEC_HEVC10, 12, 4},  {"a.webm", QV_CODEC_VP9, 501, 5},      {"a.avi", QV_CODEC_MJPEG, 1, 3},
        {"a.mov", QV_CODEC_MJPEG, 12, 3},   {"a.mkv", QV_CODEC_LOSSLESS, 501, 0},  {"a.mp4", QV_CODEC_LOSSLESS, 12, 0},
        {"a.avi", QV_CODEC_LOSSLESS, 1, 0}, {"a.webm", QV_CODEC_LOSSLESS, 501, 0},
    };
    int64_t times_us[PICTURES];
    for (int i = 0; i < PICTURES; i++)
        times_us[i] = i * 1000000LL / 30;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct film_settings settings = settings_of(table[i].codec);
        const char *path = path_of(table[i].name);
        write_film(path, &settings, times_us);
        read_film(path, &settings, times_us, table[i].within_us, table[i].within_levels);
        assert_int_equal(files_in_folder(), 1);
        assert_int_equal(unlink(path), 0);
    }
}

/* A phone in bad light: the time between pictures changes with every picture. */
static void test_times_are_kept(void **unused)
{
    int64_t times_us[PICTURES];
    for (int i = 0; i < PICTURES; i++)
        times_us[i] = i * 33333LL + (i > 7 ? 50000 : 0) + (i % 5) * 3100;
    const struct film_settings settings = settings_of(QV_CODEC_H264);
    const char *path = path_of("times.mp4");
    write_film(path, &settings, times_us);
    read_film(path, &settings, times_us, 12, 3);
    unlink(path);
}

static void test_turns(void **unused)
{
    int64_t times_us[PICTURES];
    for (int i = 0; i < PICTURES; i++)
        times_us[i] = i * 40000LL;
    for (int turn = 0; turn < 360; turn += 90) {
        struct film_settings settings = settings_of(QV_CODEC_H264);
        settings.rotation_deg = turn;
        const char *path = path_of("turned.mp4");
        write_film(path, &settings, times_us);
        read_film(path, &settings, times_us, 12, 3);
        unlink(path);
    }
}

static void test_same_bytes_twice(void **unused)
{
    static const enum qv_codec codecs[] = {QV_CODEC_H264, QV_CODEC_HEVC, QV_CODEC_LOSSLESS};
    int64_t times_us[PICTURES];
    for (int i = 0; i < PICTURES; i++)
        times_us[i] = i * 40000LL;
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
        const struct film_settings settings = settings_of(codecs[i]);
        struct qv_text text[2];
        struct qv_error error = {0};
        const char *path = path_of("same.mkv");
        for (int k = 0; k < 2; k++) {
            write_film(path, &settings, times_us);
            qv_text_init(&text[k], 1 << 24);
            must(qv_text_read_file(&text[k], path, 1 << 24, &error), &error);
        }
        assert_int_equal(text[0].length, text[1].length);
        assert_memory_equal(text[0].bytes, text[1].bytes, text[0].length);
        qv_text_finish(&text[0]);
        qv_text_finish(&text[1]);
        unlink(path);
    }
}

/* ---- what goes wrong --------------------------------------------------------------------------------------------------- */

/* Adds pictures until one fails, or finishing does: the one sentence of it. */
static struct qv_error failure_of(struct film *film)
{
    struct qv_error error = {0};
    int status = QV_OK;
    for (int i = 0; i < 400 && status == QV_OK; i++)
        status = add(film, i, i * 40000LL, &error);
    if (status == QV_OK)
        status = film_finish(film, &error);
    assert_int_equal(status, error.status);
    film_destroy(film);
    return error;
}

/* The only child of this process. */
static pid_t child_of_this(void)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/self/task/%d/children", (int)getpid());
    FILE *f = fopen(name, "r");
    long pid = 0;
    if (f) {
        char line[64] = "";
        pid = fgets(line, sizeof line, f) ? strtol(line, NULL, 10) : 0;
        fclose(f);
    }
    return (pid_t)pid;
}

static void test_a_full_disk(void **unused)
{
    /* A limit on the size of files fails as a full disk does: at some write. The film that was there before stays. */
    const struct rlimit small = {30000, 30000};
    const char *path = path_of("full.mkv");
    FILE *older = fopen(path, "w");
    fputs("older", older);
    fclose(older);
    const struct film_settings settings = settings_of(QV_CODEC_LOSSLESS);
    struct film *film;
    struct qv_error error = {0};
    must(film_create(path, &settings, &film, &error), &error);
    film_destroy(film); /* without a word */
    must(film_create(path, &settings, &film, &error), &error);
    assert_int_equal(prlimit(child_of_this(), RLIMIT_FSIZE, &small, NULL), 0);
    error = failure_of(film);
    if (error.status != QV_ERR_IO)
        fail_msg("%s", error.text);
    assert_non_null(strstr(error.text, "full.mkv: cannot be written: File too large"));
    assert_int_equal(files_in_folder(), 1);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_size, 5);
    unlink(path);
}

static void test_a_killed_encoder(void **unused)
{
    const struct film_settings settings = settings_of(QV_CODEC_H264);
    struct film *film;
    struct qv_error error = {0};
    must(film_create(path_of("killed.mp4"), &settings, &film, &error), &error);
    must(add(film, 0, 0, &error), &error);
    const pid_t pid = child_of_this();
    assert_true(pid > 0);
    kill(pid, SIGKILL);
    for (int i = 1;; i++) { /* until the slots are all gone, and then it is noticed */
        if (i > 20)
            fail_msg("nobody noticed");
        if (add(film, i, i * 40000LL, &error) != QV_OK)
            break;
    }
    assert_int_equal(error.status, QV_ERR_UNAVAILABLE);
    assert_non_null(strstr(error.text, "the encoder broke (Killed)"));
    film_destroy(film);
    assert_int_equal(files_in_folder(), 0);
}

static void refuse(const char *path, const struct film_settings *settings, int status, const char *words)
{
    struct film *film;
    struct qv_error error = {0};
    assert_int_equal(film_create(path, settings, &film, &error), status);
    if (!strstr(error.text, words))
        fail_msg("said \"%s\", expected \"%s\"", error.text, words);
    assert_int_equal(files_in_folder(), 0);
}

static void test_what_cannot_be(void **unused)
{
    const struct film_settings good = settings_of(QV_CODEC_H264);
    struct film_settings s = good;
    refuse("/nowhere/a.mp4", &good, QV_ERR_CANNOT_CREATE, "/nowhere/a.mp4: No such file");
    refuse(path_of("a.txt"), &good, QV_ERR_USAGE, "expected a name that ends in .mp4");
    refuse(path_of("mp4"), &good, QV_ERR_USAGE, "expected a name that ends in .mp4");
    s.width = 161;
    refuse(path_of("a.mp4"), &s, QV_ERR_USAGE, "161×120 pixels");
    s = good;
    s.rate_hz = NAN;
    refuse(path_of("a.mp4"), &s, QV_ERR_USAGE, "pictures a second");
    s = good;
    s.rotation_deg = 90;
    refuse(path_of("a.webm"), &s, QV_ERR_USAGE, "only .mp4 and .mov");
    s = good;
    s.quality = 52;
    refuse(path_of("a.mp4"), &s, QV_ERR_USAGE, "a quality of 52, expected one from 1 (best) to 51");
    refuse(path_of("a.webm"), &good, QV_ERR_USAGE, "cannot hold the codec h264");
    setenv("QUIVER_ENCODER", "/nonexistent", 1);
    refuse(path_of("a.mp4"), &good, QV_ERR_UNAVAILABLE, "quiver-encoder, which writes videos, is not installed");
    setenv("QUIVER_ENCODER", "/bin/true", 1);
    refuse(path_of("a.mp4"), &good, QV_ERR_UNAVAILABLE, "the encoder stopped before the film was finished");
    unsetenv("QUIVER_ENCODER");
}

static void test_a_device_is_left_alone(void **unused)
{
    const struct film_settings good = settings_of(QV_CODEC_H264);
    const char *path = path_of("pipe.mp4");
    assert_int_equal(mkfifo(path, 0600), 0);
    struct film *film;
    struct qv_error error = {0};
    assert_int_equal(film_create(path, &good, &film, &error), QV_ERR_CANNOT_CREATE);
    assert_int_equal(files_in_folder(), 1);
    unlink(path);
}

/* ---- the folder of it all ------------------------------------------------------------------------------------------------ */

/* The programs lie beside quiver, not beside this test. */
static void name_program(const char *variable, const char *name)
{
    char path[4096];
    const char *quiver = getenv("QUIVER_PROGRAM"), *slash = quiver ? strrchr(quiver, '/') : NULL;
    assert_non_null(slash);
    snprintf(path, sizeof path, "%.*s/%s", (int)(slash - quiver), quiver, name);
    setenv(variable, path, 1);
}

static int set_up(void **unused)
{
    name_program("QUIVER_DECODER", "quiver-decoder");
    return mkdtemp(folder) ? 0 : -1;
}

static int before_each(void **unused)
{
    name_program("QUIVER_ENCODER", "quiver-encoder");
    return 0;
}

static int tear_down(void **unused)
{
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_every_codec_and_container, before_each),
        cmocka_unit_test_setup(test_times_are_kept, before_each),
        cmocka_unit_test_setup(test_turns, before_each),
        cmocka_unit_test_setup(test_same_bytes_twice, before_each),
        cmocka_unit_test_setup(test_a_full_disk, before_each),
        cmocka_unit_test_setup(test_a_killed_encoder, before_each),
        cmocka_unit_test_setup(test_what_cannot_be, before_each),
        cmocka_unit_test_setup(test_a_device_is_left_alone, before_each),
    };
    return cmocka_run_group_tests_name("film", tests, set_up, tear_down);
}
