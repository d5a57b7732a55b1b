/* SPDX-License-Identifier: Apache-2.0 */
/* The eye's parts one by one: kernels against plain C, a window against a texture that moved by a known amount, the sums. */
#include "vision/kernels.h"
#include "vision/summary.h"
#include "vision/tflite.h"
#include "vision/window.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* cmocka wants the C library's headers before it. */
#include <cmocka.h>

/* A small generator, so that a failure can be repeated. */
static uint64_t state = 1;

static float random_unit(void)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (float)(state >> 40) / (float)(1 << 24);
}

static void fill(float *to, size_t count, float scale)
{
    for (size_t i = 0; i < count; i++)
        to[i] = scale * random_unit();
}

static void assert_near(double found, double expected, double within)
{
    if (!(fabs(found - expected) <= within))
        fail_msg("found %.9g, expected %.9g within %.3g", found, expected, within);
}

/* ---- kernels ------------------------------------------------------------------------------------------------------------ */

static void test_kernels_agree(void **unused)
{
    const struct kernels *all[4];
    const uint32_t count = kernels_all(all);
    enum { W = 203, H = 64 };
    static float in[W * H], out[2][W], shift_x[W], shift_y[W];
    for (uint32_t k = 1; k < count; k++) {
        for (uint32_t width = 1; width <= W; width += 7) {
            fill(in, W * H, 255);
            kernels_plain.prefilter_row(in, out[0], width);
            all[k]->prefilter_row(in, out[1], width);
            for (uint32_t i = 0; i < width; i++)
                assert_near((double)out[1][i], (double)out[0][i], 1e-3);
        }
        const float *rows[2 * KERNEL_PREFILTER_REACH + 1];
        for (int r = 0; r < 2 * KERNEL_PREFILTER_REACH + 1; r++)
            rows[r] = in + r * W;
        kernels_plain.prefilter_column(rows, out[0], W);
        all[k]->prefilter_column(rows, out[1], W);
        for (uint32_t i = 0; i < W; i++)
            assert_near((double)out[1][i], (double)out[0][i], 1e-3);

        const struct grey grey = {in, W, H, W};
        fill(shift_x, W, 4);
        fill(shift_y, W, 4);
        const struct warp_row row = {-3.3f, 60.2f, 1.04f, -0.11f, shift_x, shift_y}; /* in part outside */
        kernels_plain.sample_row(&grey, &row, out[0], W);
        all[k]->sample_row(&grey, &row, out[1], W);
        for (uint32_t i = 0; i < W; i++)
            assert_near((double)out[1][i], (double)out[0][i], 0.02);
    }
}

static void test_kernels_gather_agrees(void **unused)
{
    const struct kernels *all[4];
    const uint32_t count = kernels_all(all);
    enum { CELLS = 5, CELL = 19, W = CELLS * CELL };
    static float slope_x[W], slope_y[W], level[W], weight[W], residual[W], hat[4 * CELL];
    fill(slope_x, W, 2);
    fill(slope_y, W, 2);
    fill(level, W, 100);
    fill(weight, W, 1);
    fill(residual, W, 5);
    fill(hat, 4 * CELL, 1);
    const struct row_model model = {slope_x, slope_y, level, weight, hat, CELLS, CELL};
    for (uint32_t k = 1; k < count; k++) {
        float x[2][CELLS * 4] = {{0}}, y[2][CELLS * 4] = {{0}};
        struct row_sums plain = {x[0], y[0], {0}}, fast = {x[1], y[1], {0}};
        kernels_plain.gather_row(&model, residual, &plain);
        all[k]->gather_row(&model, residual, &fast);
        for (int i = 0; i < CELLS * 4; i++) {
            assert_near((double)x[1][i], (double)x[0][i], 1e-3);
            assert_near((double)y[1][i], (double)y[0][i], 1e-3);
        }
        for (int l = 0; l < 4; l++)
            assert_near((double)fast.light[l], (double)plain.light[l], 1e-4 * fabs((double)plain.light[l]));
    }
}

/* A spline of its own samples gives them back. */
static void test_spline_is_exact(void **unused)
{
    enum { W = 64, H = 40 };
    static float in[W * H], work[W * H], spline[W * H], out[W];
    fill(in, W * H, 255);
    const struct kernels *k = kernels_best();
    for (int j = 0; j < H; j++)
        k->prefilter_row(in + j * W, work + j * W, W);
    for (int j = 8; j < H - 8; j++) {
        const float *rows[2 * KERNEL_PREFILTER_REACH + 1];
        for (int r = -KERNEL_PREFILTER_REACH; r <= KERNEL_PREFILTER_REACH; r++)
            rows[r + KERNEL_PREFILTER_REACH] = work + (j + r) * W;
        k->prefilter_column(rows, spline + j * W, W);
    }
    const struct grey grey = {spline, W, H, W};
    const struct warp_row row = {8, 20, 1, 0, NULL, NULL};
    k->sample_row(&grey, &row, out, 40);
    for (int i = 0; i < 40; i++)
        assert_near((double)out[i], (double)in[20 * W + 8 + i], 0.15);
}

/* ---- a window ------------------------------------------------------------------------------------------------------------- */

/* A smooth texture that is known everywhere, not only at pixels. */
static double texture(double x, double y)
{
    return 120 + 40 * sin(0.31 * x + 0.07 * y) + 30 * sin(0.05 * x - 0.27 * y + 1) + 20 * sin(0.17 * x + 0.19 * y + 2);
}

struct motion {
    double shift_x, shift_y, turn, patch, patch_x, patch_y, gain, offset;
};

static void paint(struct window *w, const struct motion *m)
{
    for (uint32_t j = 0; j < w->height; j++) {
        for (uint32_t i = 0; i < w->width; i++) {
            const double x = w->x0 + i, y = w->y0 + j;
            const double near = exp(-(pow(x - m->patch_x, 2) + pow(y - m->patch_y, 2)) / (2 * 23.0 * 23.0));
            /* the skin that is here now came from there */
            const double from_x = x - m->shift_x + m->turn * y, from_y = y - m->shift_y - m->turn * x - m->patch * near;
            w->sampled[(size_t)j * w->width + i] = (float)(m->gain * texture(from_x, from_y) + m->offset);
        }
    }
}

static struct qv_arena *make_window(struct window *w)
{
    struct qv_arena *arena = qv_arena_create(0);
    assert_non_null(arena);
    assert_int_equal(window_init(w, -160, -120, 16, 12, 20, true, arena, NULL), QV_OK);
    for (size_t i = 0; i < (size_t)w->width * w->height; i++)
        w->mask[i] = 1;
    paint(w, &(struct motion){.gain = 1});
    memcpy(w->level, w->sampled, (size_t)w->width * w->height * sizeof(float));
    assert_true(window_prepare(w, kernels_best()));
    return arena;
}

static void test_window_finds_the_head(void **unused)
{
    struct window w;
    struct qv_arena *arena = make_window(&w);
    float *field = qv_arena_alloc(arena, w.unknowns, sizeof *field);
    struct window_look look;
    paint(&w, &(struct motion){.shift_x = 0.12, .shift_y = -0.07, .turn = 0.0004, .gain = 1.02, .offset = -3});
    window_solve(&w, kernels_best(), &look, field);
    double x, y;
    affine_apply(&look.motion, 0, 0, &x, &y);
    assert_near(x, 0.12, 0.01);
    assert_near(y, -0.07, 0.01);
    assert_near(look.motion.d, 0.0004, 0.00005);
    assert_true(look.field_largest_px < 0.02);
    assert_near(look.light[LIGHT_GAIN], 0.02, 0.004);
    assert_true(look.rms_left < 0.2 * look.rms);
    qv_arena_destroy(arena);
}

/* A patch moves by a third of a pixel while the head turns and the lamp dims: the patch alone is told. */
static void test_window_finds_a_patch(void **unused)
{
    struct window w;
    struct qv_arena *arena = make_window(&w);
    float *field = qv_arena_alloc(arena, w.unknowns, sizeof *field);
    struct window_look look;
    for (double amplitude = -0.4; amplitude < 0.5; amplitude += 0.2) {
        paint(&w, &(struct motion){.shift_x = 0.05,
                                   .turn = 0.0002,
                                   .gain = 0.97,
                                   .offset = 2,
                                   .patch = amplitude,
                                   .patch_x = 40,
                                   .patch_y = 15});
        window_solve(&w, kernels_best(), &look, field);
        double x, y, far_x, far_y;
        window_field_at(&w, field, 40, 15, &x, &y);
        window_field_at(&w, field, -110, -60, &far_x, &far_y);
        assert_near(y, amplitude, 0.02 + 0.15 * fabs(amplitude));
        assert_near(x, 0, 0.03);
        assert_near(far_x, 0, 0.02);
        assert_near(far_y, 0, 0.02);
    }
    qv_arena_destroy(arena);
}

static void test_window_without_texture(void **unused)
{
    struct window w;
    struct qv_arena *arena = make_window(&w);
    memset(w.level, 0, (size_t)w.width * w.height * sizeof *w.level);
    assert_false(window_prepare(&w, kernels_best())); /* nothing to hold on to is said, not guessed */
    qv_arena_destroy(arena);
}

/* ---- summing up ------------------------------------------------------------------------------------------------------------- */

/* Garwood's table as any textbook has it. */
static void test_poisson_interval(void **unused)
{
    static const struct {
        uint32_t count;
        double low, high;
    } table[] = {{0, 0, 3.689}, {1, 0.0253, 5.572}, {5, 1.623, 11.668}, {10, 4.795, 18.390}, {100, 81.364, 121.627}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        double low, high;
        poisson_interval(table[i].count, &low, &high);
        assert_near(low, table[i].low, 0.001);
        assert_near(high, table[i].high, 0.001);
    }
}

static struct qv_movement twitch(double at_s, int regions, const enum qv_region *which)
{
    struct qv_movement m = {.start_us = (int64_t)(at_s * 1e6),
                            .peak_us = (int64_t)(at_s * 1e6) + 60000,
                            .end_us = (int64_t)(at_s * 1e6) + 120000,
                            .kind = QV_MOVEMENT_TWITCH};
    for (int i = 0; i < regions; i++)
        m.regions[m.region_count++] = (struct qv_region_movement){which[i], 1, 0.3};
    return m;
}

static void test_summary_of_one_side(void **unused)
{
    static const enum qv_region eye_and_mouth[] = {QV_MOUTH_CORNER_LEFT, QV_EYELID_LEFT};
    struct qv_movement list[20];
    struct qv_measurement m = {.movements = list, .movement_count = 20};
    for (int i = 0; i < 20; i++)
        list[i] = twitch(1 + 1.1 * i + 0.3 * (i % 3), 2, eye_and_mouth);
    summarise(&m, 30);
    assert_int_equal(m.summary.twitches, 20);
    assert_near(m.summary.rate_per_min, 40, 1e-9);
    assert_int_equal(m.summary.side, QV_SIDE_LEFT);
    assert_near(m.summary.laterality_index, -1, 1e-9);
    assert_true(m.summary.eye_mouth_synchrony > 0.9);
    for (int i = 0; i < 20; i++) { /* mirrored, all but the side stays */
        for (uint32_t k = 0; k < 2; k++)
            list[i].regions[k].region = qv_region_opposite(list[i].regions[k].region);
    }
    summarise(&m, 30);
    assert_int_equal(m.summary.side, QV_SIDE_RIGHT);
    assert_near(m.summary.laterality_index, 1, 1e-9);
}

static void test_summary_counts_no_blinks(void **unused)
{
    static const enum qv_region lids[] = {QV_EYELID_LEFT, QV_EYELID_RIGHT};
    struct qv_movement list[5];
    struct qv_measurement m = {.movements = list, .movement_count = 5};
    for (int i = 0; i < 5; i++) {
        list[i] = twitch(2 * i, 2, lids);
        list[i].kind = QV_MOVEMENT_BLINK;
    }
    summarise(&m, 20);
    assert_int_equal(m.summary.twitches, 0);
    assert_int_equal(m.summary.pattern, QV_PATTERN_NONE);
    assert_true(isnan(m.summary.laterality_index));
    assert_near(m.summary.rate_high, 3.689 * 3, 0.01);
}

static void test_summary_of_a_rhythm(void **unused)
{
    static const enum qv_region lips[] = {QV_UPPER_LIP_LEFT, QV_UPPER_LIP_RIGHT};
    struct qv_movement list[40];
    struct qv_measurement m = {.movements = list, .movement_count = 40};
    for (int i = 0; i < 40; i++)
        list[i] = twitch(1 + 0.2 * i, 2, lips);
    summarise(&m, 20);
    assert_near(m.summary.dominant_hz, 5, 0.05);
    assert_int_equal(m.summary.pattern, QV_PATTERN_RHYTHMIC);
    assert_int_equal(m.summary.side, QV_SIDE_BOTH);
}

/* ---- models from outside ------------------------------------------------------------------------------------------------------ */

static void test_models_of_rubbish_are_refused(void **unused)
{
    struct qv_arena *arena = qv_arena_create(0);
    static uint8_t bytes[512];
    for (int round = 0; round < 2000; round++) {
        struct tflite_model model;
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)(random_unit() * (round % 2 ? 256 : 8));
        memcpy(bytes + 4, "TFL3", 4);
        struct qv_error error = {0};
        assert_true(tflite_read(bytes, sizeof bytes, arena, &model, &error) < 0);
        assert_true(strlen(error.text) > 0);
        qv_arena_reset(arena);
    }
    qv_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels_agree),
        cmocka_unit_test(test_kernels_gather_agrees),
        cmocka_unit_test(test_spline_is_exact),
        cmocka_unit_test(test_window_finds_the_head),
        cmocka_unit_test(test_window_finds_a_patch),
        cmocka_unit_test(test_window_without_texture),
        cmocka_unit_test(test_poisson_interval),
        cmocka_unit_test(test_summary_of_one_side),
        cmocka_unit_test(test_summary_counts_no_blinks),
        cmocka_unit_test(test_summary_of_a_rhythm),
        cmocka_unit_test(test_models_of_rubbish_are_refused),
    };
    return cmocka_run_group_tests_name("vision", tests, NULL, NULL);
}
