/* SPDX-License-Identifier: Apache-2.0 */
/* However a clip was recorded and stored, the twitches in it are the same. */
#include "stage.h"

static struct play recorded(const char *name, const char *file)
{
    struct play play = {name, file, stage_usual(), ALL, 0, NULL};
    play.settings.seconds = 6;
    play.settings.waveform = QV_WAVEFORM_SINGLE;
    return play;
}

/* The picture of a selfie camera, said to be mirrored: left is still left. */
static void test_mirrored(void **unused)
{
    stage_need_portrait();
    struct play play = recorded("mirrored", "a.mp4");
    play.settings.mirrored = true;
    stage_run(&play);
}

/* Stored lying or head down, with a display matrix that says so: the measurement is that of the upright clip. */
static void test_turned(void **unused)
{
    static const int degrees[] = {90, 180, 270};
    stage_need_portrait();
    struct qv_arena *arena = qv_arena_create(0);
    struct play play = recorded("upright", "a.mp4");
    play.settings.seconds = 4;
    play.settings.codec = QV_CODEC_LOSSLESS; /* a codec's blocks would not turn with the picture */
    play.settings.quality = 0;
    const struct qv_measurement *upright = stage_play(&play, arena);
    for (size_t i = 0; i < sizeof degrees / sizeof degrees[0]; i++) {
        play.name = "turned";
        play.settings.rotation_deg = degrees[i];
        const struct qv_measurement *m = stage_play(&play, arena);
        assert_int_equal(m->clip.rotation_deg, degrees[i]);
        assert_int_equal(m->clip.width, upright->clip.width);
        const struct performance same = {upright, m, 1};
        char text[256];
        if (!all_are_found(&same, text) || !none_is_false(&same, text))
            fail_msg("%d degrees: %s", degrees[i], text);
        for (uint32_t j = 0; j < m->movement_count; j++)
            assert_true(fabs(m->movements[j].regions[0].amplitude_px - upright->movements[j].regions[0].amplitude_px) <
                        0.05);
    }
    qv_arena_destroy(arena);
}

/* A phone in the dark: a third of its 60 frames are true. */
static void test_repeated_frames(void **unused)
{
    stage_need_portrait();
    struct play play = recorded("repeated frames", "a.mp4");
    play.settings.rate_hz = 60;
    play.settings.repeat = 3;
    play.settings.duration_ms = 200;
    struct qv_arena *arena = qv_arena_create(0);
    const struct qv_measurement *m = stage_play(&play, arena);
    assert_true(m->quality.warnings & 1U << QV_WARNING_REPEATED_FRAMES);
    qv_arena_destroy(arena);
}

static void test_ten_bits_24_frames_at_uneven_times(void **unused)
{
    stage_need_portrait();
    struct play play = recorded("HEVC, 10 bits", "a.mov");
    play.settings.codec = QV_CODEC_HEVC10;
    play.settings.quality = 22;
    play.settings.rate_hz = 24;
    play.settings.uneven_times = true;
    struct qv_arena *arena = qv_arena_create(0);
    const struct qv_measurement *m = stage_play(&play, arena);
    assert_true(m->clip.variable_frame_rate);
    qv_arena_destroy(arena);
}

static void test_vp9_at_60_frames(void **unused)
{
    stage_need_portrait();
    struct play play = recorded("VP9", "a.webm");
    play.settings.codec = QV_CODEC_VP9;
    play.settings.quality = 0;
    play.settings.rate_hz = 60;
    stage_run(&play);
}

static void test_motion_jpeg(void **unused)
{
    stage_need_portrait();
    struct play play = recorded("MJPEG", "a.avi");
    play.settings.codec = QV_CODEC_MJPEG;
    play.settings.quality = 0;
    stage_run(&play);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mirrored),         cmocka_unit_test(test_turned),
        cmocka_unit_test(test_repeated_frames),  cmocka_unit_test(test_ten_bits_24_frames_at_uneven_times),
        cmocka_unit_test(test_vp9_at_60_frames), cmocka_unit_test(test_motion_jpeg),
    };
    return cmocka_run_group_tests_name("recordings", tests, stage_set_up, stage_tear_down);
}
