/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a face: the arithmetic of the attention mesh. */
#include "vision/attention.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* cmocka wants the C library's headers before it. */
#include <cmocka.h>

static void assert_near(double found, double expected, double within)
{
    if (!(fabs(found - expected) <= within))
        fail_msg("found %.9g, expected %.9g within %.3g", found, expected, within);
}

/* A small generator, so that a failure can be repeated. */
static uint64_t state = 1;

static float random_unit(void)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (float)(state >> 40) / (float)(1 << 24);
}

/* ---- the attention mesh ------------------------------------------------------------------------------------------------- */

/* A rectangle of 8 × 4 round (20, 12), turned by some angle, whose crop is 1.5 times as large: 16 × 16 samples of it. */
static void test_matrix_frames_its_points(void **unused)
{
    static const uint32_t corners[] = {1, 2, 3, 4};
    const struct tflite_crop crop = {.left = 5,
                                     .right = 6,
                                     .points = corners,
                                     .point_count = 4,
                                     .scale_x = 1.5f,
                                     .scale_y = 1.5f,
                                     .width = 16,
                                     .height = 16};
    for (double turn = -3; turn < 3.1; turn += 0.5) {
        const double c = cos(turn), s = sin(turn);
        const double at[7][2] = {{99, 99}, {-4, -2}, {4, -2}, {4, 2}, {-4, 2}, {-1, 0}, {1, 0}};
        float points[7][3];
        for (int i = 0; i < 7; i++) {
            points[i][0] = (float)(20 + c * at[i][0] - s * at[i][1]);
            points[i][1] = (float)(12 + s * at[i][0] + c * at[i][1]);
            points[i][2] = NAN; /* is not looked at */
        }
        float m[ATTENTION_MATRIX];
        attention_matrix(&crop, &points[0][0], m);
        for (double u = 0; u <= 16; u += 4) {
            for (double v = 0; v <= 16; v += 4) { /* the crop's own corner is at −6, −3 of the rectangle's middle */
                const double x = (u / 16 - 0.5) * 12, y = (v / 16 - 0.5) * 6;
                assert_near((double)m[0] * u + (double)m[1] * v + (double)m[3], 20 + c * x - s * y, 1e-4);
                assert_near((double)m[4] * u + (double)m[5] * v + (double)m[7], 12 + s * x + c * y, 1e-4);
            }
        }
    }
}

static double ramp(double x, double y, uint32_t channel)
{
    return 3 * x - 2 * y + 0.25 * channel + 7;
}

/* Linear interpolation of a ramp is the ramp; beyond the outermost samples' centres is nothing. */
static void test_crop_interpolates(void **unused)
{
    enum { W = 9, H = 7, C = 5, OUT = 12 };
    static float from[H][W][C], to[OUT][OUT][C];
    for (uint32_t j = 0; j < H; j++) {
        for (uint32_t i = 0; i < W; i++) {
            for (uint32_t k = 0; k < C; k++)
                from[j][i][k] = (float)ramp(i + 0.5, j + 0.5, k);
        }
    }
    const float m[ATTENTION_MATRIX] = {0.8f, -0.3f, 0, 1.1f, 0.2f, 0.7f, 0, -0.9f};
    attention_crop(&(struct attention_map){W, H, C}, &from[0][0][0], m, OUT, OUT, &to[0][0][0]);
    int inside = 0, outside = 0;
    for (uint32_t j = 0; j < OUT; j++) {
        for (uint32_t i = 0; i < OUT; i++) {
            const double u = i + 0.5, v = j + 0.5;
            const double x = 0.8 * u - 0.3 * v + 1.1, y = 0.2 * u + 0.7 * v - 0.9;
            const bool in = x >= 0.5 && y >= 0.5 && x <= W - 0.5 && y <= H - 0.5;
            *(in ? &inside : &outside) += 1;
            for (uint32_t k = 0; k < C; k++)
                assert_near((double)to[j][i][k], in ? ramp(x, y, k) : 0, 1e-4);
        }
    }
    assert_true(inside > 20);
    assert_true(outside > 20);
}

static void test_crop_of_nowhere_is_empty(void **unused)
{
    const float from[4] = {1, 1, 1, 1};
    const float m[ATTENTION_MATRIX] = {NAN, NAN, 0, NAN, INFINITY, 0, 0, 0};
    float to[4] = {9, 9, 9, 9};
    attention_crop(&(struct attention_map){2, 2, 1}, from, m, 2, 2, to);
    for (int i = 0; i < 4; i++)
        assert_near((double)to[i], 0, 0);
}

static void test_points_are_moved(void **unused)
{
    float m[ATTENTION_MATRIX], from[2 * 80], to[2 * 80];
    for (int i = 0; i < ATTENTION_MATRIX; i++)
        m[i] = 4 * random_unit() - 2;
    for (int i = 0; i < 2 * 80; i++)
        from[i] = 64 * random_unit();
    attention_points(from, 80, m, to);
    for (int i = 0; i < 80; i++) {
        const double u = (double)from[2 * i], v = (double)from[2 * i + 1];
        assert_near((double)to[2 * i], (double)m[0] * u + (double)m[1] * v + (double)m[3], 1e-4);
        assert_near((double)to[2 * i + 1], (double)m[4] * u + (double)m[5] * v + (double)m[7], 1e-4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matrix_frames_its_points),
        cmocka_unit_test(test_crop_interpolates),
        cmocka_unit_test(test_crop_of_nowhere_is_empty),
        cmocka_unit_test(test_points_are_moved),
    };
    return cmocka_run_group_tests_name("face", tests, NULL, NULL);
}
