/* SPDX-License-Identifier: Apache-2.0 */
/* The trace of a clip: bounded, exact whatever was merged, along the axis in which a region moved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vision/trace.h"

#include <math.h>

#define assert_near(found, wanted, within) assert_true(fabs((double)(found) - (double)(wanted)) <= (within))

enum { DISPLACEMENTS = 2 * QV_REGION_COUNT };

struct moves {
    uint32_t frames;
    double step_us;
    double direction_rad; /* of all regions, as they move to and fro */
    bool mirrored;
};

static bool hidden(uint32_t frame)
{
    return frame % 1000 > 899; /* the face is out of sight for a tenth of the time */
}

static double length_of(uint32_t frame)
{
    return sin(0.9 * frame) + 0.001 * (frame % 7) + (frame % 501 == 0 ? 5 : 0);
}

static const struct qv_trace *trace_of(const struct moves *m, struct qv_arena *arena)
{
    struct trace *t = trace_create(arena);
    assert_non_null(t);
    for (uint32_t f = 0; f < m->frames; f++) {
        float moved[DISPLACEMENTS];
        for (int r = 0; r < QV_REGION_COUNT; r++) {
            moved[2 * r] = (float)((r + 1) * length_of(f) * cos(m->direction_rad));
            moved[2 * r + 1] = (float)((r + 1) * length_of(f) * sin(m->direction_rad));
        }
        trace_add(t, (int64_t)(f * m->step_us), hidden(f) ? NULL : moved);
    }
    const struct qv_trace *out = trace_finish(t, 2, m->mirrored, arena);
    assert_non_null(out);
    return out;
}

/* Every frame is in one bin, and each bin says of its frames what they say themselves. */
static void check_bins(const struct qv_trace *t, const struct moves *m)
{
    uint32_t frame = 0;
    for (uint32_t i = 0; i < t->bin_count; i++) {
        const struct qv_trace_bin *bin = &t->bins[i];
        assert_int_equal(bin->first_us, (int64_t)(frame * m->step_us));
        double low = INFINITY, high = -INFINITY, sum = 0;
        uint32_t seen = 0;
        for (uint32_t f = frame; f < frame + bin->frames; f++) {
            if (hidden(f))
                continue;
            const double px =
                2 * length_of(f) *
                ((double)t->axis_x[0] * cos(m->direction_rad) + (double)t->axis_y[0] * sin(m->direction_rad));
            low = fmin(low, px);
            high = fmax(high, px);
            sum += px;
            seen++;
        }
        frame += bin->frames;
        assert_int_equal(bin->last_us, (int64_t)((frame - 1) * m->step_us));
        assert_int_equal(bin->seen, seen);
        if (!seen)
            continue;
        assert_near(bin->low_px[0], low, 1e-5);
        assert_near(bin->high_px[0], high, 1e-5);
        assert_near(bin->mean_px[0], sum / seen, 1e-5);
        /* the regions move alike, each a step further */
        assert_near(bin->high_px[3], 4 * high, 1e-4);
    }
    assert_int_equal(frame, m->frames);
}

static void test_a_short_clip_is_kept_frame_by_frame(void **unused)
{
    struct qv_arena *arena = qv_arena_create(0);
    const struct moves m = {.frames = 1500, .step_us = 33366.7, .direction_rad = M_PI / 2};
    const struct qv_trace *t = trace_of(&m, arena);
    assert_int_equal(t->bin_count, 1500);
    check_bins(t, &m);
    qv_arena_destroy(arena);
}

static void test_a_long_clip_takes_no_more_bins(void **unused)
{
    static const uint32_t lengths[] = {QV_TRACE_BINS_MAX, QV_TRACE_BINS_MAX + 1, 2 * QV_TRACE_BINS_MAX, 100003};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct qv_arena *arena = qv_arena_create((size_t)8 << 20); /* the arena would refuse to grow with the clip */
        const struct moves m = {.frames = lengths[i], .step_us = 16666.7, .direction_rad = M_PI / 2};
        const struct qv_trace *t = trace_of(&m, arena);
        assert_true(t->bin_count <= QV_TRACE_BINS_MAX);
        assert_true(t->bin_count >= QV_TRACE_BINS_MAX / 2);
        check_bins(t, &m);
        qv_arena_destroy(arena);
    }
}

/* Whatever way a region moves, what is shown is within 2 % of it. */
static void test_the_axis_is_that_of_the_movement(void **unused)
{
    for (double direction = 0; direction < M_PI; direction += 0.1) {
        struct qv_arena *arena = qv_arena_create(0);
        const struct moves m = {.frames = 300, .step_us = 33333, .direction_rad = direction};
        const struct qv_trace *t = trace_of(&m, arena);
        const double along = fabs((double)t->axis_x[0] * cos(direction) + (double)t->axis_y[0] * sin(direction));
        assert_true(along > 0.98);
        qv_arena_destroy(arena);
    }
}

/* Positive is up; and of a flat axis outward, so that either side of a smile rises. */
static void test_positive_is_up_or_outward(void **unused)
{
    struct qv_arena *arena = qv_arena_create(0);
    const struct qv_trace *up =
        trace_of(&(struct moves){.frames = 300, .step_us = 33333, .direction_rad = M_PI / 2}, arena);
    assert_true(up->axis_y[QV_CHEEK_LEFT] < -0.9f && up->axis_y[QV_CHEEK_RIGHT] < -0.9f);
    for (int mirrored = 0; mirrored < 2; mirrored++) {
        const struct moves m = {.frames = 300, .step_us = 33333, .mirrored = mirrored};
        const struct qv_trace *flat = trace_of(&m, arena);
        const float outward = mirrored ? -1 : 1; /* the person's left is on the right of a picture that is no mirror */
        assert_near(flat->axis_x[QV_CHEEK_LEFT], outward, 1e-6);
        assert_near(flat->axis_x[QV_CHEEK_RIGHT], -outward, 1e-6);
    }
    qv_arena_destroy(arena);
}

static void test_a_trace_without_a_face(void **unused)
{
    struct qv_arena *arena = qv_arena_create(0);
    struct trace *t = trace_create(arena);
    for (int f = 0; f < 10000; f++)
        trace_add(t, f * 33333, NULL);
    const struct qv_trace *out = trace_finish(t, 1, false, arena);
    uint32_t frames = 0;
    for (uint32_t i = 0; i < out->bin_count; i++) {
        frames += out->bins[i].frames;
        assert_int_equal(out->bins[i].seen, 0);
    }
    assert_int_equal(frames, 10000);
    qv_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_short_clip_is_kept_frame_by_frame),
        cmocka_unit_test(test_a_long_clip_takes_no_more_bins),
        cmocka_unit_test(test_the_axis_is_that_of_the_movement),
        cmocka_unit_test(test_positive_is_up_or_outward),
        cmocka_unit_test(test_a_trace_without_a_face),
    };
    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
