/* SPDX-License-Identifier: Apache-2.0 */
/* A clip seen again: its colours, the motion that was kept, the motion enlarged, and a film that is whole or not there. */
#include "vision/bitmap.h"
#include "vision/magnify.h"
#include "vision/motion.h"

#include <quiver/report.h>

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* cmocka wants the C library's headers before it. */
#include <cmocka.h>

static char folder[] = "/tmp/quiver-replay-XXXXXX";

/* Fontconfig and Pango keep what they know of fonts until the program ends; LeakSanitizer is told so. Ours is still watched. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\nleak:libpango\n";
}

static void must(int status, const struct qv_error *error)
{
    if (status)
        fail_msg("%s", error->text);
}

/* ---- colours --------------------------------------------------------------------------------------------------------------- */

enum { SIDE = 16 };

static void test_colours_survive_the_round(void **unused)
{
    static const uint8_t colours[][3] = {{0, 0, 0},     {255, 255, 255}, {40, 80, 200}, {200, 170, 140},
                                         {30, 160, 60}, {128, 128, 128}, {250, 20, 20}, {10, 240, 240}};
    static const uint32_t heights[] = {SIDE, 720}; /* BT.601 and BT.709 */
    struct qv_error error = {0};
    for (size_t i = 0; i < 2 * sizeof colours / sizeof colours[0]; i++) {
        const uint8_t *colour = colours[i / 2];
        struct qv_arena *arena = qv_arena_create(0);
        struct bitmap from, to;
        const uint32_t height = heights[i % 2];
        must(bitmap_init(&from, SIDE, height, arena, &error), &error);
        must(bitmap_init(&to, SIDE, height, arena, &error), &error);
        for (uint32_t p = 0; p < SIDE * height; p++)
            memcpy(from.pixels + 4 * p, colour, 3);
        uint8_t *planes = qv_arena_alloc(arena, SIDE * height, 2);
        assert_non_null(planes);
        struct film_picture film;
        bitmap_to_film(&from, planes, &film);
        struct clip_frame frame = {.width = SIDE, .height = height, .bits = 8, .colour = true};
        for (int p = 0; p < 3; p++)
            frame.planes[p] = (struct clip_plane){film.planes[p], p ? SIDE / 2 : SIDE, p ? height / 2 : height,
                                                  film.strides_bytes[p]};
        bitmap_of_frame(&to, &frame);
        for (int c = 0; c < 3; c++)
            assert_in_range(to.pixels[c] + 3, colour[c],
                            colour[c] + 6); /* off by 3 at most: 8-bit YCbCr is that coarse */
        qv_arena_destroy(arena);
    }
}

/* A mark near one corner of the stored picture comes out where the turned picture shows it. */
static void test_turned_frames_are_upright(void **unused)
{
    enum { WIDTH = 6, HEIGHT = 4, MARK_X = 1, MARK_Y = 0 };
    static const struct {
        int rotation_deg;
        uint32_t width, height, x, y; /* of the shown picture, and the mark in it */
    } turns[] = {{0, 6, 4, 1, 0}, {90, 4, 6, 3, 1}, {180, 6, 4, 4, 3}, {270, 4, 6, 0, 4}};
    struct qv_error error = {0};
    for (size_t i = 0; i < 2 * sizeof turns / sizeof turns[0]; i++) {
        const bool deep = i % 2;
        uint8_t bytes[WIDTH * HEIGHT];
        uint16_t words[WIDTH * HEIGHT];
        for (uint32_t p = 0; p < WIDTH * HEIGHT; p++) {
            bytes[p] = p == MARK_Y * WIDTH + MARK_X ? 255 : 0;
            words[p] = (uint16_t)(bytes[p] * 4); /* 10 bits */
        }
        const struct clip_frame frame = {
            .width = WIDTH,
            .height = HEIGHT,
            .bits = deep ? 10 : 8,
            .full_range = true,
            .rotation_deg = turns[i / 2].rotation_deg,
            .planes = {{deep ? (const void *)words : bytes, WIDTH, HEIGHT, WIDTH * (deep ? 2 : 1)}}};
        struct qv_arena *arena = qv_arena_create(0);
        struct bitmap b;
        must(bitmap_init(&b, turns[i / 2].width, turns[i / 2].height, arena, &error), &error);
        bitmap_of_frame(&b, &frame);
        for (uint32_t y = 0; y < b.height; y++) {
            for (uint32_t x = 0; x < b.width; x++)
                assert_int_equal(b.pixels[y * b.stride_bytes + 4 * x],
                                 x == turns[i / 2].x && y == turns[i / 2].y ? 255 : 0);
        }
        qv_arena_destroy(arena);
    }
}

static void test_sizes(void **unused)
{
    static const struct {
        uint32_t width, height, up, down;
    } table[] = {{360, 288, 3, 1},   {640, 480, 2, 1},   {1280, 720, 1, 1},  {1080, 1920, 1, 1},
                 {3840, 2160, 1, 2}, {2160, 3840, 1, 2}, {8192, 4320, 1, 5}, {160, 120, 8, 1}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct bitmap_zoom z = bitmap_zoom_for(table[i].width, table[i].height);
        assert_int_equal(z.up, table[i].up);
        assert_int_equal(z.down, table[i].down);
    }
}

/* A slope stays a slope, whatever the size. */
static void test_zooming(void **unused)
{
    static const struct bitmap_zoom zooms[] = {{1, 1}, {3, 1}, {1, 2}};
    struct qv_error error = {0};
    for (size_t i = 0; i < sizeof zooms / sizeof zooms[0]; i++) {
        struct qv_arena *arena = qv_arena_create(0);
        struct bitmap from, to;
        must(bitmap_init(&from, 40, 20, arena, &error), &error);
        must(bitmap_init(&to, 40 * zooms[i].up / zooms[i].down, 20 * zooms[i].up / zooms[i].down, arena, &error),
             &error);
        for (uint32_t y = 0; y < 20; y++) {
            for (uint32_t x = 0; x < 40; x++)
                memset(from.pixels + y * from.stride_bytes + (size_t)4 * x, (int)(4 * x + 2 * y), 4);
        }
        bitmap_zoomed(&from, zooms[i], &to);
        const double size = (double)zooms[i].up / zooms[i].down;
        for (uint32_t y = to.height / 4; y < 3 * to.height / 4; y++) {
            for (uint32_t x = to.width / 4; x < 3 * to.width / 4; x++) {
                const double wanted = 4 * ((x + 0.5) / size - 0.5) + 2 * ((y + 0.5) / size - 0.5);
                assert_true(fabs(to.pixels[y * to.stride_bytes + (size_t)4 * x] - wanted) <= 0.51);
            }
        }
        qv_arena_destroy(arena);
    }
}

/* ---- a face that is known ---------------------------------------------------------------------------------------------------- */

enum { FACE_PX = 300, PICTURE_WIDTH = 420, PICTURE_HEIGHT = 480, FRAMES = 121, PEAK = 60 };
#define RATE_HZ 30.0
#define PATCH_PX 23.0 /* standard deviation of what moves */

struct known {
    struct qv_arena *arena;
    struct track track;
    struct qv_motion *motion;
    double patch_x, patch_y; /* its middle, in the chart */
    float *patch;            /* field of the mouth's window: one pixel up at its middle */
};

static void make_face(struct known *k)
{
    struct face_plan plan = {.width_px = FACE_PX, .centre_x = PICTURE_WIDTH / 2.0, .centre_y = PICTURE_HEIGHT / 2.0};
    plan.mouth_y = 0.25 * FACE_PX;
    for (int e = 0; e < 2; e++) {
        plan.eye_x[e] = (e ? -0.2 : 0.2) * FACE_PX;
        plan.eye_y[e] = -0.25 * FACE_PX;
    }
    for (int i = 0; i < CHART_OVAL; i++) {
        plan.oval_x[i] = 0.5 * FACE_PX * sin(2 * M_PI * i / CHART_OVAL);
        plan.oval_y[i] = -0.7 * FACE_PX * cos(2 * M_PI * i / CHART_OVAL);
    }
    struct qv_error error = {0};
    k->arena = qv_arena_create(0);
    must(track_init(&k->track, &plan, k->arena, &error), &error);
    must(qv_motion_create(true, &k->motion, &error), &error);
    must(motion_begin(k->motion, &k->track, 1, &error), &error);

    const struct window *w = &k->track.windows[TRACK_MOUTH];
    k->patch_x = 30;
    k->patch_y = plan.mouth_y - 10;
    k->patch = qv_arena_alloc(k->arena, w->unknowns, sizeof *k->patch);
    assert_non_null(k->patch);
    for (uint32_t i = 0; i < w->nodes_x; i++) {
        for (uint32_t j = 0; j < w->nodes_y; j++) {
            const double x = w->x0 + ((double)i - 1) * w->cell_px - k->patch_x;
            const double y = w->y0 + ((double)j - 1) * w->cell_px - k->patch_y;
            k->patch[window_unknown(w, i, j) + 1] = (float)-exp(-(x * x + y * y) / (2 * PATCH_PX * PATCH_PX));
        }
    }
    double dx, dy;
    window_field_at(w, k->patch, k->patch_x, k->patch_y, &dx, &dy);
    for (uint32_t u = 0; u < w->unknowns; u++)
        k->patch[u] /= (float)-dy;
}

static void drop_face(struct known *k)
{
    qv_motion_destroy(k->motion);
    qv_arena_destroy(k->arena);
}

/* How far the middle of the patch is up in a frame: one pulse of 120 ms, on a slow drift. */
static double up_at(int frame, double pulse_px)
{
    const double t = (frame - PEAK) / RATE_HZ;
    return (fabs(t) < 0.06 ? pulse_px * (0.5 + 0.5 * cos(2 * M_PI * t / 0.12)) : 0) + 0.1 * t;
}

static void record_frames(struct known *k, double pulse_px, double tremble_px, int hidden)
{
    struct track_record record = {.seen = true, .pose = {1, 0, PICTURE_WIDTH / 2.0, 0, 1, PICTURE_HEIGHT / 2.0}};
    struct qv_error error = {0};
    uint32_t random = 1;
    for (int w = 0; w < TRACK_WINDOWS; w++) {
        record.looks[w].motion = AFFINE_IDENTITY;
        record.field[w] = qv_arena_alloc(k->arena, k->track.windows[w].unknowns, sizeof(float));
        assert_non_null(record.field[w]);
    }
    for (int f = 0; f < FRAMES; f++) {
        for (int w = 0; w < TRACK_WINDOWS; w++) {
            for (uint32_t u = 0; u < k->track.windows[w].unknowns; u++) {
                random = random * 1664525U + 1013904223U;
                record.field[w][u] = (float)(tremble_px * ((random >> 8) / 8388608.0 - 1));
                if (w == TRACK_MOUTH)
                    record.field[w][u] += (float)up_at(f, pulse_px) * k->patch[u];
            }
        }
        record.seen = f != hidden;
        must(motion_add(k->motion, llround(f * 1e6 / RATE_HZ), &record, &error), &error);
    }
}

/* Skin that is known everywhere, not only at pixels. Places are of the chart, at rest. */
static double skin(double x, double y)
{
    return 120 + 40 * sin(0.31 * x + 0.07 * y) + 30 * sin(0.05 * x - 0.27 * y + 1) + 20 * sin(0.17 * x + 0.19 * y + 2);
}

/* Paints the picture in which the middle of the patch is so far up. */
static void paint(const struct known *k, double up_px, struct bitmap *b)
{
    const struct window *w = &k->track.windows[TRACK_MOUTH];
    for (uint32_t j = 0; j < b->height; j++) {
        for (uint32_t i = 0; i < b->width; i++) {
            const double x = i - PICTURE_WIDTH / 2.0, y = j - PICTURE_HEIGHT / 2.0;
            double from_x = x, from_y = y, dx, dy;
            const bool inside = hypot(x - k->patch_x, y - k->patch_y) < 4 * PATCH_PX;
            for (int step = 0; step < 8 && inside; step++) {
                window_field_at(w, k->patch, from_x, from_y, &dx, &dy);
                from_x = x - up_px * dx;
                from_y = y - up_px * dy;
            }
            memset(b->pixels + j * b->stride_bytes + (size_t)4 * i, (int)lrint(skin(from_x, from_y)), 4);
        }
    }
}

/* How far up the middle of the patch is in a picture, by trying. */
static double measured_up(const struct known *k, const struct bitmap *b)
{
    enum { REACH = 5 };
    double best = 0, least = INFINITY;
    for (double up = -10; up < 40; up += 0.05) {
        double sum = 0;
        for (int i = -REACH; i <= REACH; i++) {
            for (int j = -REACH; j <= REACH; j++) {
                const double x = k->patch_x + i, y = k->patch_y + j;
                uint8_t pixel[4];
                bitmap_sample(b, x + PICTURE_WIDTH / 2.0, y - up + PICTURE_HEIGHT / 2.0, pixel);
                sum += pow(pixel[0] - skin(x, y), 2);
            }
        }
        if (sum < least) {
            least = sum;
            best = up;
        }
    }
    return best;
}

struct enlarged {
    double before, after, factor;
};

static struct enlarged enlarge(struct known *k, double times, double noise_px, double pulse_px)
{
    struct qv_error error = {0};
    struct bitmap picture, bent;
    struct magnifier *m;
    const struct magnifier_settings settings = {times, noise_px, RATE_HZ, PICTURE_WIDTH, PICTURE_HEIGHT};
    must(bitmap_init(&picture, PICTURE_WIDTH, PICTURE_HEIGHT, k->arena, &error), &error);
    must(bitmap_init(&bent, PICTURE_WIDTH, PICTURE_HEIGHT, k->arena, &error), &error);
    must(magnifier_create(k->motion, &settings, k->arena, &m, &error), &error);
    paint(k, up_at(PEAK, pulse_px), &picture);
    must(magnifier_bend(m, PEAK, &picture, &bent, &error), &error);
    return (struct enlarged){measured_up(k, &picture), measured_up(k, &bent), magnifier_factor(m)};
}

/* ---- the motion that was kept --------------------------------------------------------------------------------------------------- */

static void test_motion_is_read_as_it_was_written(void **unused)
{
    struct known k;
    struct qv_error error = {0};
    make_face(&k);
    record_frames(&k, 0.5, 0, 7);
    assert_int_equal(motion_count(k.motion), FRAMES);
    float *fields = qv_arena_alloc(k.arena, motion_unknowns(k.motion), sizeof *fields);
    assert_non_null(fields);
    for (int f = FRAMES - 1; f >= 0; f--) {
        struct motion_frame frame;
        must(motion_read(k.motion, (uint32_t)f, &frame, fields, &error), &error);
        assert_int_equal(frame.time_us, llround(f * 1e6 / RATE_HZ));
        assert_int_equal(frame.seen, f != 7);
        if (!frame.seen)
            continue;
        assert_true(frame.place[TRACK_EYE_LEFT].c == PICTURE_WIDTH / 2.0);
        for (uint32_t u = 0; u < k.track.windows[TRACK_MOUTH].unknowns; u++)
            assert_true(fields[u] == (float)up_at(f, 0.5) * k.patch[u]);
    }
    drop_face(&k);
}

static void test_motion_needs_a_place(void **unused)
{
    struct qv_error error = {0};
    struct qv_motion *motion;
    setenv("TMPDIR", "/nonexistent", 1);
    assert_int_equal(qv_motion_create(false, &motion, &error), QV_ERR_CANNOT_CREATE);
    unsetenv("TMPDIR");
}

/* ---- the motion enlarged --------------------------------------------------------------------------------------------------------- */

/* Half a pixel comes out as many times half a pixel. */
static void test_a_small_motion_comes_out_so_many_times_larger(void **unused)
{
    static const double times[] = {1.5, 5, 10, 20};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct known k;
        make_face(&k);
        record_frames(&k, 0.5, 0.005, -1);
        const struct enlarged e = enlarge(&k, times[i], 0.01, 0.5);
        assert_true(fabs(e.before - 0.5) < 0.06);
        assert_true(fabs(e.after - 0.5 * times[i]) < 0.2 * 0.5 * times[i]);
        assert_true(fabs(e.factor - times[i]) < 1e-6);
        drop_face(&k);
    }
}

/* What trembles by no more than the picture does stays small, however large the factor. */
static void test_a_tremble_is_left_alone(void **unused)
{
    struct known k;
    make_face(&k);
    record_frames(&k, 0, 0.015, -1);
    const struct enlarged e = enlarge(&k, 50, 0.02, 0);
    assert_true(fabs(e.after) < 0.4);
    drop_face(&k);
}

/* A motion so large that the skin would fold is held back, and it is said how far. */
static void test_skin_does_not_fold(void **unused)
{
    struct known k;
    make_face(&k);
    record_frames(&k, 4, 0, -1);
    const struct enlarged e = enlarge(&k, 50, 0.01, 4);
    assert_true(e.factor > 2 && e.factor < 20);
    assert_true(fabs(e.after - 4 * e.factor) < 0.2 * 4 * e.factor);
    drop_face(&k);
}

static void test_without_a_face_nothing_is_moved(void **unused)
{
    struct known k;
    make_face(&k);
    record_frames(&k, 2, 0, PEAK); /* hidden just then */
    const struct enlarged e = enlarge(&k, 10, 0.01, 2);
    assert_true(e.factor == 1);
    assert_true(fabs(e.after - e.before) < 1e-9);
    drop_face(&k);
}

/* ---- the film --------------------------------------------------------------------------------------------------------------------- */

enum { CLIP_WIDTH = 704, CLIP_HEIGHT = 64, CLIP_FRAMES = 40 };

static const char *path_of(const char *name)
{
    static char paths[2][256];
    static int turn;
    turn = !turn;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", folder, name);
    return paths[turn];
}

static int files_in_folder(void)
{
    int count = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (const struct dirent *e = readdir(d); e; e = readdir(d))
        count += e->d_name[0] != '.';
    closedir(d);
    return count;
}

/* Times are uneven, so that they are seen to be kept. */
static int64_t time_of(int frame)
{
    return frame * 40000LL + (frame % 3) * 5000;
}

static void write_clip(const char *path)
{
    static uint8_t planes[CLIP_WIDTH * CLIP_HEIGHT * 3 / 2];
    const struct film_settings settings = {
        .width = CLIP_WIDTH, .height = CLIP_HEIGHT, .rate_hz = 25, .codec = QV_CODEC_H264};
    struct qv_error error = {0};
    struct film *film;
    must(film_create(path, &settings, &film, &error), &error);
    for (int f = 0; f < CLIP_FRAMES; f++) {
        for (size_t i = 0; i < sizeof planes; i++)
            planes[i] = (uint8_t)(i < CLIP_WIDTH * CLIP_HEIGHT ? 40 + (i + 3 * (size_t)f) % 97 : 120);
        const struct film_picture p = {
            {planes, planes + CLIP_WIDTH * CLIP_HEIGHT, planes + CLIP_WIDTH * CLIP_HEIGHT * 5 / 4},
            {CLIP_WIDTH, CLIP_WIDTH / 2, CLIP_WIDTH / 2}};
        must(film_add(film, &p, time_of(f), &error), &error);
    }
    must(film_finish(film, &error), &error);
    film_destroy(film);
}

static struct qv_measurement measured(void)
{
    struct qv_measurement m = {0};
    m.clip.frames = CLIP_FRAMES;
    m.clip.frame_rate_hz = 25;
    m.clip.duration_s = CLIP_FRAMES / 25.0;
    return m;
}

static int overlay(const struct qv_measurement *m, const volatile sig_atomic_t *stop, const char *out)
{
    struct qv_error error = {0};
    struct qv_motion *motion;
    must(qv_motion_create(true, &motion, &error), &error);
    const struct qv_replay_settings settings = {.magnify = 3, .stop = stop};
    const int status = qv_overlay_write(path_of("clip.mp4"), m, motion, &settings, out, &error);
    qv_motion_destroy(motion);
    assert_int_equal(status, error.status);
    return status;
}

static void test_an_overlay_has_every_frame_and_a_foot(void **unused)
{
    static const char *const names[] = {"over.mp4", "over.mkv", "over.webm"};
    const struct qv_measurement m = measured();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(overlay(&m, NULL, path_of(names[i])), QV_OK);
        struct qv_error error = {0};
        struct clip *clip;
        struct clip_frame f;
        int frames = 0, got;
        must(clip_open(path_of(names[i]), &clip, &error), &error);
        while ((got = clip_next(clip, &f, &error)) > 0) {
            if (got == CLIP_INTERRUPTED)
                continue;
            assert_int_equal(f.width, CLIP_WIDTH);
            assert_true(f.height > CLIP_HEIGHT + 90);
            assert_true(llabs(f.time_us - time_of(frames)) <= 1000);
            const uint8_t *foot =
                (const uint8_t *)f.planes[0].samples + (f.height - 4) * (size_t)f.planes[0].stride_bytes;
            assert_true(foot[f.width - 4] > 225); /* white below */
            frames++;
        }
        must(got, &error);
        clip_close(clip);
        assert_int_equal(frames, CLIP_FRAMES);
        unlink(path_of(names[i]));
    }
    assert_int_equal(files_in_folder(), 1); /* the clip */
}

static void test_an_overlay_that_fails_leaves_nothing(void **unused)
{
    struct qv_measurement m = measured();
    const volatile sig_atomic_t stop = 1;
    assert_int_equal(overlay(&m, &stop, path_of("over.mp4")), QV_ERR_CANNOT_CREATE);
    m.clip.frames = CLIP_FRAMES + 1; /* another clip than the one that was watched */
    assert_int_equal(overlay(&m, NULL, path_of("over.mp4")), QV_ERR_DATA);
    assert_int_equal(files_in_folder(), 1);
}

static void test_overlays_that_cannot_be(void **unused)
{
    static const struct {
        const char *clip, *out;
        int status;
    } table[] = {{"clip.mp4", "over.mp4", QV_OK},        {"clip.mp4", "over.svg", QV_ERR_USAGE},
                 {"clip.mp4", ".mp4", QV_ERR_USAGE},     {"clip.mp4", "none/over.mp4", QV_ERR_CANNOT_CREATE},
                 {"clip.mp4", "clip.mp4", QV_ERR_USAGE}, {".", "over.mp4", QV_ERR_USAGE}};
    struct qv_error error = {0};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_int_equal(qv_overlay_check(path_of(table[i].clip), path_of(table[i].out), &error), table[i].status);
    assert_int_equal(qv_overlay_check("-", path_of("over.mp4"), &error), QV_ERR_USAGE);
    assert_int_equal(files_in_folder(), 1);
}

static void test_factors_that_cannot_be(void **unused)
{
    static const double wrong[] = {0, 0.99, 100.1, -5, NAN, INFINITY};
    const struct qv_measurement m = measured();
    struct qv_error error = {0};
    struct qv_motion *motion;
    must(qv_motion_create(false, &motion, &error), &error);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct qv_replay_settings settings = {.magnify = wrong[i]};
        assert_int_equal(qv_replay(path_of("clip.mp4"), &m, motion, &settings, path_of("o.mp4"), &error), QV_ERR_USAGE);
    }
    const struct qv_replay_settings without_skin = {.magnify = 2};
    assert_int_equal(qv_replay(path_of("clip.mp4"), &m, motion, &without_skin, path_of("o.mp4"), &error), QV_ERR_USAGE);
    qv_motion_destroy(motion);
}

/* ---- the folder of it all ----------------------------------------------------------------------------------------------------- */

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
    name_program("QUIVER_ENCODER", "quiver-encoder");
    if (!mkdtemp(folder))
        return -1;
    write_clip(path_of("clip.mp4"));
    return 0;
}

static int tear_down(void **unused)
{
    unlink(path_of("clip.mp4"));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_colours_survive_the_round),
        cmocka_unit_test(test_turned_frames_are_upright),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_zooming),
        cmocka_unit_test(test_motion_is_read_as_it_was_written),
        cmocka_unit_test(test_motion_needs_a_place),
        cmocka_unit_test(test_a_small_motion_comes_out_so_many_times_larger),
        cmocka_unit_test(test_a_tremble_is_left_alone),
        cmocka_unit_test(test_skin_does_not_fold),
        cmocka_unit_test(test_without_a_face_nothing_is_moved),
        cmocka_unit_test(test_an_overlay_has_every_frame_and_a_foot),
        cmocka_unit_test(test_an_overlay_that_fails_leaves_nothing),
        cmocka_unit_test(test_overlays_that_cannot_be),
        cmocka_unit_test(test_factors_that_cannot_be),
    };
    return cmocka_run_group_tests_name("replay", tests, set_up, tear_down);
}
