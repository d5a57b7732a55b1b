/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of twitch that a phantom can make is found for what it is: where, which side, how far, when, in which pattern. */
#include "stage.h"

static void test_single(void **unused)
{
    stage_need_portrait();
    struct play play = {"single", "a.mp4", stage_usual(), ALL, 0, NULL};
    play.settings.waveform = QV_WAVEFORM_SINGLE;
    play.settings.amplitude_px = 0.6;
    stage_run(&play);
}

/* The skin of a lower lid lies near the edge of what is looked at round an eye. */
static void test_lid(void **unused)
{
    stage_need_portrait();
    struct play play = {"lid", "a.mp4", stage_usual(), ALL, 0, NULL};
    play.settings.waveform = QV_WAVEFORM_SINGLE;
    play.settings.part = "eyelid";
    play.settings.side = QV_SIDE_RIGHT;
    stage_run(&play);
}

static void test_cluster(void **unused)
{
    stage_need_portrait();
    struct play play = {"cluster", "a.mp4", stage_usual(), ALL, 0, NULL};
    play.settings.waveform = QV_WAVEFORM_CLUSTER;
    stage_run(&play);
}

/* The lip goes up and down at 5 Hz. */
static void test_tremor(void **unused)
{
    stage_need_portrait();
    struct play play = {"tremor", "a.mp4", stage_usual(), ALL, 0, NULL};
    play.settings.waveform = QV_WAVEFORM_TREMOR;
    stage_run(&play);
}

/* As in hemifacial spasm: the lid and the corner of the mouth at once. */
static void test_volley(void **unused)
{
    stage_need_portrait();
    struct play play = {"volley", "a.mp4", stage_usual(), ALL, 0, NULL};
    play.settings.waveform = QV_WAVEFORM_VOLLEY;
    play.settings.amplitude_px = 1.2;
    stage_run(&play);
}

static void test_hold(void **unused)
{
    stage_need_portrait();
    struct play play = {"hold", "a.mp4", stage_usual(), ALL, 0, NULL};
    play.settings.waveform = QV_WAVEFORM_HOLD;
    play.settings.amplitude_px = 4;
    stage_run(&play);
}

/* As in myokymia: waves that run under the skin of one cheek. Each crest need not be told from the next. */
static void test_ripple(void **unused)
{
    stage_need_portrait();
    struct play play = {"ripple", "a.mp4", stage_usual(), SIDE | REGIONS | MANY, 0, NULL};
    play.settings.waveform = QV_WAVEFORM_RIPPLE;
    stage_run(&play);
}

/* The same by another chance. */
static void test_ripple_again(void **unused)
{
    stage_need_portrait();
    struct play play = {"ripple, again",
                        "a.mp4",
                        stage_usual(),
                        MANY,
                        MANY,
                        "A wave of one pixel that runs across a cheek is not always seen"};
    play.settings.waveform = QV_WAVEFORM_RIPPLE;
    play.settings.seed = 2;
    stage_run(&play);
}

static void test_lips_that_twitch_while_eyes_blink(void **unused)
{
    stage_need_portrait();
    struct play play = {"lips and blinks", "a.mp4", stage_usual(), ALL, 0, NULL};
    play.settings.waveform = QV_WAVEFORM_SINGLE;
    play.settings.amplitude_px = 0.8;
    play.settings.blinks = true;
    stage_run(&play);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_lid),
        cmocka_unit_test(test_cluster),
        cmocka_unit_test(test_tremor),
        cmocka_unit_test(test_volley),
        cmocka_unit_test(test_hold),
        cmocka_unit_test(test_ripple),
        cmocka_unit_test(test_ripple_again),
        cmocka_unit_test(test_lips_that_twitch_while_eyes_blink),
    };
    return cmocka_run_group_tests_name("waveforms", tests, stage_set_up, stage_tear_down);
}
