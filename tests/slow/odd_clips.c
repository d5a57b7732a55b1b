/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clips with a face in them that cannot be measured, or only in part: what is said of them. Whatever they are, no child is left.
 * tests/cli/run.sh has those without a face.
 */
#include "stage.h"

#include "vision/clip.h"
#include "vision/film.h"

#include <errno.h>
#include <sys/wait.h>

#define GREY 110 /* of a hand before the camera */

/* Small, so that it is quick. */
static struct qv_phantom_settings small(void)
{
    struct qv_phantom_settings s = stage_usual();
    s.width = 320;
    s.height = 240;
    s.face_width_px = 140;
    s.noise_sigma = 1;
    s.codec = QV_CODEC_LOSSLESS;
    s.quality = 0;
    return s;
}

/* ---- filming a clip once more ------------------------------------------------------------------------------------------------ */

struct refilming {
    uint32_t copies;    /* of the picture, side by side */
    uint32_t frames;    /* at most */
    int64_t covered_us; /* from then on the lens is covered */
};

static void film_frame(struct film *film, const struct clip_frame *f, const struct refilming *how)
{
    static uint8_t planes[3][640 * 240];
    struct film_picture picture;
    for (int p = 0; p < 3; p++) {
        const struct clip_plane *from = &f->planes[p];
        const uint32_t stride = from->width * how->copies;
        assert_true(stride * from->height <= sizeof planes[p]);
        for (uint32_t y = 0; y < from->height; y++) {
            for (uint32_t c = 0; c < how->copies; c++)
                memcpy(planes[p] + y * stride + c * from->width,
                       (const uint8_t *)from->samples + (size_t)y * from->stride_bytes, from->width);
        }
        if (f->time_us >= how->covered_us)
            memset(planes[p], p ? 128 : GREY, sizeof planes[p]);
        picture.planes[p] = planes[p];
        picture.strides_bytes[p] = stride;
    }
    struct qv_error error = {0};
    stage_must(film_add(film, &picture, f->time_us, &error), &error);
}

static void refilm(const char *from, const char *to, const struct refilming *how)
{
    struct clip *clip = NULL;
    struct film *film = NULL;
    struct qv_error error = {0};
    struct clip_frame f;
    stage_must(clip_open(from, &clip, &error), &error);
    const struct clip_info *info = clip_info(clip);
    const struct film_settings settings = {
        .width = info->width * how->copies, .height = info->height, .rate_hz = 30, .codec = QV_CODEC_LOSSLESS};
    stage_must(film_create(to, &settings, &film, &error), &error);
    for (uint32_t i = 0; i < how->frames && clip_next(clip, &f, &error) == 1; i++)
        film_frame(film, &f, how);
    stage_must(film_finish(film, &error), &error);
    film_destroy(film);
    clip_close(clip);
}

/* ---- what is said of a clip ---------------------------------------------------------------------------------------------------- */

static void check_no_child_is_left(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* One sentence, which says so. */
static void refused(const char *path, const char *so)
{
    struct qv_arena *arena = qv_arena_create(0);
    struct qv_measurement *m = NULL;
    struct qv_error error = {0};
    const struct qv_watch_settings settings = {.models_folder = stage_models};
    assert_int_equal(qv_watch(path, &settings, arena, &m, &error), QV_ERR_DATA);
    if (!strstr(error.text, so) || strchr(error.text, '\n') || strncmp(error.text, path, strlen(path)) != 0)
        fail_msg("\"%s\", expected \"%s\"", error.text, so);
    assert_null(m);
    check_no_child_is_left();
    unlink(path);
    qv_arena_destroy(arena);
}

static const struct qv_measurement *warned(const char *path, enum qv_watch_warning warning, struct qv_arena *arena)
{
    const struct qv_measurement *m = stage_watch(path, false, arena);
    if (!(m->quality.warnings & 1U << warning))
        fail_msg("no warning: %s", qv_warning_sentence(warning));
    check_no_child_is_left();
    unlink(path);
    return m;
}

static void make(const char *name, const struct qv_phantom_settings *settings)
{
    struct qv_arena *arena = qv_arena_create(0);
    stage_make(name, settings, arena);
    qv_arena_destroy(arena);
}

static void test_a_face_too_small(void **unused)
{
    stage_need_portrait();
    struct qv_phantom_settings s = small();
    s.seconds = 3;
    s.face_width_px = 60;
    make("a.mkv", &s);
    refused(stage_path("a.mkv"), " pixels wide, expected at least 80: come closer");
}

static void test_four_frames_a_second(void **unused)
{
    stage_need_portrait();
    struct qv_phantom_settings s = small();
    s.rate_hz = 4;
    make("a.mkv", &s);
    refused(stage_path("a.mkv"), ": 4.0 frames a second, expected at least 12");
}

static void test_a_still_picture_filmed(void **unused)
{
    stage_need_portrait();
    struct qv_phantom_settings s = small();
    s.seconds = 4;
    s.head_moves = false;
    s.noise_sigma = 0;
    make("a.mkv", &s);
    struct qv_arena *arena = qv_arena_create(0);
    const struct qv_measurement *m = warned(stage_path("a.mkv"), QV_WARNING_STILL_PICTURE, arena);
    assert_int_equal(m->summary.twitches, 0);
    qv_arena_destroy(arena);
}

/* The same clip, as it is and then by half of its bytes, as one frame, with a neighbour, and with a hand before the lens half way. */
static void test_a_clip_in_other_ways(void **unused)
{
    stage_need_portrait();
    struct qv_arena *arena = qv_arena_create(0);
    struct qv_phantom_settings s = small();
    s.waveform = QV_WAVEFORM_SINGLE;
    s.amplitude_px = 2;
    s.every_s = 1;
    const struct qv_measurement *truth = &stage_make("a.mkv", &s, arena)->truth;
    assert_true(truth->summary.twitches >= 4);

    refilm(stage_path("a.mkv"), stage_path("b.mkv"), &(struct refilming){1, 1, INT64_MAX});
    refused(stage_path("b.mkv"), ": a still picture, expected a clip of some seconds");

    refilm(stage_path("a.mkv"), stage_path("b.mkv"), &(struct refilming){2, UINT32_MAX, INT64_MAX});
    const struct qv_measurement *m = warned(stage_path("b.mkv"), QV_WARNING_SEVERAL_FACES, arena);
    assert_int_equal(m->summary.twitches, truth->summary.twitches);

    refilm(stage_path("a.mkv"), stage_path("b.mkv"), &(struct refilming){1, UINT32_MAX, 4000000});
    m = warned(stage_path("b.mkv"), QV_WARNING_FACE_LOST, arena);
    assert_true(fabs(m->face.seen_fraction - 0.5) < 0.05);
    for (uint32_t i = 0; i < m->movement_count; i++)
        assert_true(m->movements[i].end_us <= 4000000);
    assert_true(m->summary.twitches >= 1);

    FILE *file = fopen(stage_path("a.mkv"), "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    assert_int_equal(truncate(stage_path("a.mkv"), ftell(file) / 2), 0);
    fclose(file);
    m = warned(stage_path("a.mkv"), QV_WARNING_TRUNCATED, arena);
    assert_true(m->clip.duration_s > 3 && m->clip.duration_s < 5);
    qv_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_face_too_small),
        cmocka_unit_test(test_four_frames_a_second),
        cmocka_unit_test(test_a_still_picture_filmed),
        cmocka_unit_test(test_a_clip_in_other_ways),
    };
    return cmocka_run_group_tests_name("odd_clips", tests, stage_set_up, stage_tear_down);
}
