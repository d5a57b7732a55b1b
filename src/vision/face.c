/* SPDX-License-Identifier: Apache-2.0 */
/* See face.h. Anchors, boxes and crops follow the published descriptions of BlazeFace (Bazarevsky 2019, arXiv:1907.05047) and Face
   Mesh (Kartynnik 2019, arXiv:1907.06724). */
#include "face.h"

#include "network.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DETECTOR_SIDE 128
#define ANCHORS 896
#define ANCHOR_VALUES 16 /* box centre and size, six points */
#define SCORE_LEAST 0.5
#define OVERLAP_SAME 0.3 /* boxes that share so much are one face */
#define CANDIDATES_MAX 64
#define MESH_SIDE 192
#define MESH_MARGIN 1.5 /* side of the crop, in sides of the face's box */
#define MODELS_MAX_BYTES (32 << 20)

struct model {
    struct qv_arena *arena;
    struct tflite_model graph;
    struct network *network;
};

struct face_models {
    uint8_t *bytes; /* of the packed file */
    size_t size;
    struct model detector, mesh;
};

/* ---- opening ---------------------------------------------------------------------------------------------------------------- */

static int map_file(const char *folder, const char *name, uint8_t **bytes, size_t *size, struct qv_error *error)
{
    char path[4352];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "the folder of the face models has too long a name");
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    if (fd < 0 || fstat(fd, &about) != 0 || about.st_size <= 0 || about.st_size > MODELS_MAX_BYTES) {
        const int why = errno;
        if (fd >= 0)
            close(fd);
        return qv_fail(error, QV_ERR_UNAVAILABLE, "the face models are missing: %s: %s; scripts/models.sh brings them",
                       path, fd < 0 ? strerror(why) : "not a file of a sensible size");
    }
    *size = (size_t)about.st_size;
    *bytes = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    return *bytes == MAP_FAILED ? qv_fail(error, QV_ERR_UNAVAILABLE, "%s: %s", path, strerror(errno)) : QV_OK;
}

static int open_model(struct model *m, const uint8_t *bytes, size_t size, struct qv_error *error)
{
    m->arena = qv_arena_create(0);
    if (!m->arena)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    int status = tflite_read(bytes, size, m->arena, &m->graph, error);
    return status ? status : network_create(&m->graph, &m->network, error);
}

/* The package holds several models one after another; each begins 4 bytes before its mark. */
static size_t next_model(const uint8_t *bytes, size_t size, size_t from)
{
    for (size_t at = from; at + 8 <= size; at += 4) {
        if (memcmp(bytes + at + 4, "TFL3", 4) == 0)
            return at;
    }
    return size;
}

static bool has_shape(const struct tflite_model *m, uint32_t side, uint32_t output, uint32_t elements)
{
    assert(m->tensors);
    const struct tflite_tensor *in = &m->tensors[m->input];
    return in->rank == 4 && in->shape[1] == side && in->shape[2] == side && in->shape[3] == 3 &&
           m->output_count > output && m->tensors[m->outputs[output]].elements == elements;
}

int face_models_open(const char *folder, struct face_models **out, struct qv_error *error)
{
    struct face_models *f = calloc(1, sizeof *f);
    if (!f)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    static const char package[] = "@mediapipe/face_mesh/face_mesh_solution_packed_assets.data";
    int status = folder
                     ? map_file(folder, package, &f->bytes, &f->size, error)
                     : qv_fail(error, QV_ERR_UNAVAILABLE, "the face models are missing; scripts/models.sh brings them");
    if (status) {
        free(f);
        return status;
    }
    const size_t attention = next_model(f->bytes, f->size, 0), mesh = next_model(f->bytes, f->size, attention + 8);
    const size_t detector = next_model(f->bytes, f->size, mesh + 8);
    if (detector >= f->size)
        status = qv_fail(error, QV_ERR_DATA, "%s: not the three models that are expected", package);
    if (status == QV_OK)
        status = open_model(&f->mesh, f->bytes + mesh, detector - mesh, error);
    if (status == QV_OK)
        status = open_model(&f->detector, f->bytes + detector, f->size - detector, error);
    if (status == QV_OK && (!has_shape(&f->mesh.graph, MESH_SIDE, 0, 3 * FACE_POINTS) ||
                            !has_shape(&f->detector.graph, DETECTOR_SIDE, 0, ANCHORS * ANCHOR_VALUES) ||
                            !has_shape(&f->detector.graph, DETECTOR_SIDE, 1, ANCHORS)))
        status = qv_fail(error, QV_ERR_DATA, "%s: the models have other shapes than expected", package);
    if (status) {
        qv_fail_at(error, "face models");
        face_models_close(f);
        return status;
    }
    *out = f;
    return QV_OK;
}

void face_models_close(struct face_models *f)
{
    if (!f)
        return;
    struct model *all[] = {&f->detector, &f->mesh};
    for (int i = 0; i < 2; i++) {
        network_destroy(all[i]->network);
        qv_arena_destroy(all[i]->arena);
    }
    munmap(f->bytes, f->size);
    free(f);
}

/* ---- sampling ----------------------------------------------------------------------------------------------------------------- */

static float sample_at(const struct clip_plane *p, bool deep, int64_t x, int64_t y)
{
    x = x < 0 ? 0 : x >= p->width ? (int64_t)p->width - 1 : x;
    y = y < 0 ? 0 : y >= p->height ? (int64_t)p->height - 1 : y;
    const uint8_t *row = (const uint8_t *)p->samples + (size_t)y * p->stride_bytes;
    if (!deep)
        return (float)row[x];
    uint16_t v;
    memcpy(&v, row + 2 * x, sizeof v);
    return (float)v;
}

static float between(const struct clip_plane *p, bool deep, double x, double y)
{
    const double fx = floor(x), fy = floor(y);
    const float tx = (float)(x - fx), ty = (float)(y - fy);
    const int64_t ix = (int64_t)fx, iy = (int64_t)fy;
    const float top = sample_at(p, deep, ix, iy) * (1 - tx) + sample_at(p, deep, ix + 1, iy) * tx;
    const float low = sample_at(p, deep, ix, iy + 1) * (1 - tx) + sample_at(p, deep, ix + 1, iy + 1) * tx;
    return top * (1 - ty) + low * ty;
}

/* A position of the shown picture in the stored one. */
static void stored(const struct clip_frame *f, double x, double y, double *sx, double *sy)
{
    const double w = f->width - 1.0, h = f->height - 1.0;
    switch (f->rotation_deg) {
    case 90:
        *sx = y;
        *sy = h - x;
        break;
    case 180:
        *sx = w - x;
        *sy = h - y;
        break;
    case 270:
        *sx = w - y;
        *sy = x;
        break;
    default:
        *sx = x;
        *sy = y;
        break;
    }
}

static void shown_size(const struct clip_frame *f, double *width, double *height)
{
    const bool turned = f->rotation_deg == 90 || f->rotation_deg == 270;
    *width = turned ? f->height : f->width;
    *height = turned ? f->width : f->height;
}

/* RGB of 0–1 at a position of the shown picture (BT.601; the networks do not mind which). */
static void colour_at(const struct clip_frame *f, double x, double y, float rgb[3])
{
    const bool deep = f->bits > 8;
    const float unit = 1.0f / (float)(1U << (f->bits - 8));
    double sx, sy;
    stored(f, x, y, &sx, &sy);
    float luma = between(&f->planes[0], deep, sx, sy) * unit, cb = 0, cr = 0;
    if (f->colour) {
        const double rx = (double)f->planes[1].width / f->width, ry = (double)f->planes[1].height / f->height;
        cb = between(&f->planes[1], deep, (sx + 0.5) * rx - 0.5, (sy + 0.5) * ry - 0.5) * unit - 128;
        cr = between(&f->planes[2], deep, (sx + 0.5) * rx - 0.5, (sy + 0.5) * ry - 0.5) * unit - 128;
    }
    if (!f->full_range) {
        luma = (luma - 16) * (255.0f / 219);
        cb *= 255.0f / 224;
        cr *= 255.0f / 224;
    }
    const float all[3] = {luma + 1.402f * cr, luma - 0.344136f * cb - 0.714136f * cr, luma + 1.772f * cb};
    for (int i = 0; i < 3; i++)
        rgb[i] = fminf(fmaxf(all[i] / 255, 0), 1);
}

/* Fills a network's square input from a turned square of the picture, averaging when it shrinks. Outside is black. */
static void fill_square(const struct clip_frame *f, const struct face_box *box, uint32_t side, float scale, float shift,
                        float *input)
{
    const double c = cos((double)box->turn_rad), s = sin((double)box->turn_rad), step = (double)box->size_px / side;
    const int taps = step > 4 ? 4 : step > 2 ? 3 : step > 1.2 ? 2 : 1;
    double width, height;
    shown_size(f, &width, &height);
    for (uint32_t j = 0; j < side; j++) {
        for (uint32_t i = 0; i < side; i++) {
            float sum[3] = {0};
            for (int a = 0; a < taps; a++) {
                for (int b = 0; b < taps; b++) {
                    const double u = (i + (a + 0.5) / taps - side / 2.0) * step,
                                 v = (j + (b + 0.5) / taps - side / 2.0) * step;
                    const double x = (double)box->x + c * u - s * v - 0.5, y = (double)box->y + s * u + c * v - 0.5;
                    float rgb[3] = {0};
                    if (x > -1 && y > -1 && x < width && y < height)
                        colour_at(f, x, y, rgb);
                    for (int k = 0; k < 3; k++)
                        sum[k] += rgb[k];
                }
            }
            for (int k = 0; k < 3; k++)
                *input++ = sum[k] / (float)(taps * taps) * scale + shift;
        }
    }
}

/* ---- finding ----------------------------------------------------------------------------------------------------------------------- */

/* Two anchors a cell of a 16 × 16 grid, six a cell of an 8 × 8 one, in rows. */
static void anchor_at(uint32_t index, double *x, double *y)
{
    const uint32_t fine = 16 * 16 * 2;
    const uint32_t side = index < fine ? 16 : 8, cell = index < fine ? index / 2 : (index - fine) / 6;
    const uint32_t column = cell % side, row = cell / side;
    *x = (column + 0.5) / side;
    *y = (row + 0.5) / side;
}

struct candidate {
    double x, y, width, height, score, weight;
    double eye_x[2], eye_y[2];
};

static double overlap(const struct candidate *a, const struct candidate *b)
{
    const double w = fmin(a->x + a->width / 2, b->x + b->width / 2) - fmax(a->x - a->width / 2, b->x - b->width / 2);
    const double h =
        fmin(a->y + a->height / 2, b->y + b->height / 2) - fmax(a->y - a->height / 2, b->y - b->height / 2);
    if (w <= 0 || h <= 0)
        return 0;
    return w * h / (a->width * a->height + b->width * b->height - w * h);
}

static int by_score(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return (x->score < y->score) - (x->score > y->score);
}

static int by_size(const void *a, const void *b)
{
    const struct face_box *x = a, *y = b;
    return (x->size_px < y->size_px) - (x->size_px > y->size_px);
}

static uint32_t read_candidates(const struct face_models *m, struct candidate *out)
{
    uint32_t elements, count = 0;
    const float *values = network_output(m->detector.network, 0, &elements);
    const float *scores = network_output(m->detector.network, 1, &elements);
    for (uint32_t i = 0; i < ANCHORS && count < CANDIDATES_MAX; i++) {
        const double score = 1 / (1 + exp(-fmin(fmax((double)scores[i], -100), 100)));
        const float *v = values + (size_t)i * ANCHOR_VALUES;
        if (!(score >= SCORE_LEAST))
            continue;
        struct candidate c = {.score = score};
        double ax, ay;
        anchor_at(i, &ax, &ay);
        c.x = ax + (double)v[0] / DETECTOR_SIDE;
        c.y = ay + (double)v[1] / DETECTOR_SIDE;
        c.width = (double)v[2] / DETECTOR_SIDE;
        c.height = (double)v[3] / DETECTOR_SIDE;
        for (int e = 0; e < 2; e++) {
            c.eye_x[e] = ax + (double)v[4 + 2 * e] / DETECTOR_SIDE;
            c.eye_y[e] = ay + (double)v[5 + 2 * e] / DETECTOR_SIDE;
        }
        if (c.width > 0 && c.height > 0 && isfinite(c.x + c.y + c.width + c.height))
            out[count++] = c;
    }
    qsort(out, count, sizeof *out, by_score);
    return count;
}

/* Each face is the mean of the boxes that mean it, by their scores. */
static uint32_t merge(struct candidate *c, uint32_t count, struct candidate *out)
{
    uint32_t faces = 0;
    for (uint32_t i = 0; i < count && faces < FACE_FOUND_MAX; i++) {
        if (c[i].score <= 0)
            continue;
        const struct candidate first = c[i];
        struct candidate sum = {.score = first.score};
        for (uint32_t j = i; j < count; j++) {
            if (c[j].score <= 0 || overlap(&first, &c[j]) < OVERLAP_SAME)
                continue;
            const double w = c[j].score;
            sum.weight += w;
            sum.x += w * c[j].x;
            sum.y += w * c[j].y;
            sum.width += w * c[j].width;
            sum.height += w * c[j].height;
            for (int e = 0; e < 2; e++) {
                sum.eye_x[e] += w * c[j].eye_x[e];
                sum.eye_y[e] += w * c[j].eye_y[e];
            }
            c[j].score = 0;
        }
        sum.x /= sum.weight;
        sum.y /= sum.weight;
        sum.width /= sum.weight;
        sum.height /= sum.weight;
        for (int e = 0; e < 2; e++) {
            sum.eye_x[e] /= sum.weight;
            sum.eye_y[e] /= sum.weight;
        }
        out[faces++] = sum;
    }
    return faces;
}

/* Looks at one square of the picture. */
static int find_in(struct face_models *m, const struct clip_frame *f, const struct face_box *square,
                   struct face_box *found, uint32_t *count, struct qv_error *error)
{
    struct candidate candidates[CANDIDATES_MAX], faces[FACE_FOUND_MAX];
    fill_square(f, square, DETECTOR_SIDE, 2, -1, network_input(m->detector.network));
    int status = network_run(m->detector.network, error);
    if (status)
        return status;
    const uint32_t faces_found = merge(candidates, read_candidates(m, candidates), faces);
    const double side = (double)square->size_px, left = (double)square->x - side / 2,
                 top = (double)square->y - side / 2;
    for (uint32_t i = 0; i < faces_found && *count < FACE_FOUND_MAX; i++) {
        const struct candidate *c = &faces[i];
        found[(*count)++] = (struct face_box){
            .x = (float)(left + c->x * side),
            .y = (float)(top + c->y * side),
            .size_px = (float)(MESH_MARGIN * side * fmax(c->width, c->height)),
            .turn_rad = (float)atan2(c->eye_y[1] - c->eye_y[0], c->eye_x[1] - c->eye_x[0]),
            .score = (float)c->score,
        };
    }
    return QV_OK;
}

/* Squares of one side along a length, each half over the next: how many, and where they lie. One that is longer lies in the middle. */
static int squares_along(double length, double side)
{
    return side >= length ? 1 : 1 + (int)((length - side + 1) / (side / 2));
}

static double square_centre(double length, double side, int index)
{
    return side >= length ? length / 2 : side / 2 + index * side / 2;
}

int face_find(struct face_models *m, const struct clip_frame *f, struct face_box found[static FACE_FOUND_MAX],
              uint32_t *count, struct qv_error *error)
{
    double width, height;
    shown_size(f, &width, &height);
    *count = 0;
    /* The whole picture first; a face too small for that is looked for in overlapping squares of the shorter side, and of half of it. */
    const double longer = fmax(width, height), shorter = fmin(width, height);
    const double sides[] = {longer, shorter, shorter / 2};
    for (int level = 0; level < 3 && *count == 0; level++) {
        if (level == 1 && longer < 1.2 * shorter)
            continue;
        const double side = sides[level];
        const int across = squares_along(width, side), down = squares_along(height, side);
        for (int i = 0; i < across * down; i++) {
            const int column = i % across, row = i / across;
            const struct face_box square = {
                .x = (float)square_centre(width, side, column),
                .y = (float)square_centre(height, side, row),
                .size_px = (float)side,
            };
            int status = find_in(m, f, &square, found, count, error);
            if (status)
                return status;
        }
    }
    qsort(found, *count, sizeof *found, by_size);
    /* Squares overlap: a face seen in two of them is one. */
    uint32_t kept = 0;
    for (uint32_t i = 0; i < *count; i++) {
        bool again = false;
        for (uint32_t j = 0; j < kept; j++)
            again = again || hypotf(found[i].x - found[j].x, found[i].y - found[j].y) < found[j].size_px / 3;
        if (!again)
            found[kept++] = found[i];
    }
    *count = kept;
    return QV_OK;
}

/* ---- the mesh ------------------------------------------------------------------------------------------------------------------------ */

int face_lay_mesh(struct face_models *m, const struct clip_frame *f, const struct face_box *box, struct face_mesh *mesh,
                  struct qv_error *error)
{
    fill_square(f, box, MESH_SIDE, 1, 0, network_input(m->mesh.network));
    int status = network_run(m->mesh.network, error);
    if (status)
        return status;
    uint32_t elements;
    const float *points = network_output(m->mesh.network, 0, &elements),
                *flag = network_output(m->mesh.network, 1, &elements);
    const float c = cosf(box->turn_rad), s = sinf(box->turn_rad), unit = box->size_px / MESH_SIDE;
    for (uint32_t i = 0; i < FACE_POINTS; i++) {
        const float u = (points[3 * i] - MESH_SIDE / 2.0f) * unit, v = (points[3 * i + 1] - MESH_SIDE / 2.0f) * unit;
        mesh->x[i] = box->x + c * u - s * v - 0.5f;
        mesh->y[i] = box->y + s * u + c * v - 0.5f;
        mesh->z[i] = points[3 * i + 2] * unit;
    }
    mesh->presence = 1 / (1 + expf(-flag[0]));
    return QV_OK;
}

struct face_box face_box_of(const struct face_mesh *mesh)
{
    /* The turn of the line between the outer corners of the eyes; the box of all points in that turn. */
    const float turn = atan2f(mesh->y[263] - mesh->y[33], mesh->x[263] - mesh->x[33]), c = cosf(turn), s = sinf(turn);
    float left = INFINITY, right = -INFINITY, top = INFINITY, bottom = -INFINITY;
    for (uint32_t i = 0; i < FACE_POINTS; i++) {
        const float u = c * mesh->x[i] + s * mesh->y[i], v = -s * mesh->x[i] + c * mesh->y[i];
        left = fminf(left, u);
        right = fmaxf(right, u);
        top = fminf(top, v);
        bottom = fmaxf(bottom, v);
    }
    const float u = (left + right) / 2, v = (top + bottom) / 2;
    return (struct face_box){.x = c * u - s * v + 0.5f,
                             .y = s * u + c * v + 0.5f,
                             .size_px = (float)MESH_MARGIN * fmaxf(right - left, bottom - top),
                             .turn_rad = turn,
                             .score = mesh->presence};
}

double face_width_px(const struct face_mesh *mesh)
{
    return hypot((double)(mesh->x[454] - mesh->x[234]), (double)(mesh->y[454] - mesh->y[234]));
}
