/* SPDX-License-Identifier: Apache-2.0 */
/* See face.h. Anchors, boxes and crops follow the published descriptions of BlazeFace (Bazarevsky 2019, arXiv:1907.05047), Face
   Mesh (Kartynnik 2019, arXiv:1907.06724) and Attention Mesh (Grishchenko 2020, arXiv:2006.10962). */
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
#define SIDE_MOST MESH_SIDE
#define MESH_MARGIN 1.5 /* side of the crop, in sides of the face's box */
#define MODELS_MAX_BYTES (32 << 20)

struct model {
    struct qv_arena *arena;
    struct tflite_model graph;
    struct network *network;
};

/* What the mesh says, and in which order. The eyes are called by the picture's sides in the model, by the person's here. */
enum mesh_output { MESH_ALL, MESH_LIPS, MESH_EYE_RIGHT, MESH_EYE_LEFT, MESH_IRIS_RIGHT, MESH_IRIS_LEFT, MESH_PRESENCE };
enum { PARTS = 3 }; /* lips and eyes: outputs MESH_LIPS… */

struct face_models {
    uint8_t *bytes; /* of the packed file */
    size_t size;
    struct model detector, mesh;
    const struct tflite_crop *parts[PARTS]; /* whose points are those that the output says anew */
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

static bool takes_square(const struct tflite_model *m, uint32_t side)
{
    assert(m->tensors);
    const struct tflite_tensor *in = &m->tensors[m->input];
    return in->rank == 4 && in->shape[0] == 1 && in->shape[1] == side && in->shape[2] == side && in->shape[3] == 3;
}

static bool gives(const struct tflite_model *m, uint32_t output, uint32_t elements)
{
    return output < m->output_count && m->tensors[m->outputs[output]].elements == elements;
}

static bool is_detector(const struct tflite_model *m)
{
    return takes_square(m, DETECTOR_SIDE) && gives(m, 0, ANCHORS * ANCHOR_VALUES) && gives(m, 1, ANCHORS);
}

/* The mesh names, where it crops a part, the points that it then says anew: in the order in which it says them. */
static bool is_mesh(const struct tflite_model *m, const struct tflite_crop *parts[PARTS])
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < m->operator_count; i++) {
        if (m->operators[i].code != TFLITE_CROP_MATRIX)
            continue;
        if (found == PARTS)
            return false;
        parts[found++] = m->operators[i].crop;
    }
    bool fine = found == PARTS && takes_square(m, MESH_SIDE) && gives(m, MESH_ALL, 3 * FACE_POINTS) &&
                gives(m, MESH_IRIS_RIGHT, 2 * FACE_IRIS_POINTS) && gives(m, MESH_IRIS_LEFT, 2 * FACE_IRIS_POINTS) &&
                gives(m, MESH_PRESENCE, 1);
    for (uint32_t part = 0; part < found; part++) /* that the points exist was seen when the network was made */
        fine = fine && gives(m, MESH_LIPS + part, 2 * parts[part]->point_count);
    return fine;
}

static const char package[] = "@mediapipe/face_mesh/face_mesh_solution_packed_assets.data";

/* The attention mesh, a mesh without attention, which is not needed, and the detector. */
static int open_all(struct face_models *f, struct qv_error *error)
{
    const size_t mesh = next_model(f->bytes, f->size, 0), plain = next_model(f->bytes, f->size, mesh + 8);
    const size_t detector = next_model(f->bytes, f->size, plain + 8);
    if (detector >= f->size)
        return qv_fail(error, QV_ERR_DATA, "not the three models that are expected");
    int status = open_model(&f->mesh, f->bytes + mesh, plain - mesh, error);
    if (status == QV_OK)
        status = open_model(&f->detector, f->bytes + detector, f->size - detector, error);
    if (status == QV_OK && (!is_mesh(&f->mesh.graph, f->parts) || !is_detector(&f->detector.graph)))
        status = qv_fail(error, QV_ERR_DATA, "the models have other shapes than expected");
    return status;
}

int face_models_open(const char *folder, struct face_models **out, struct qv_error *error)
{
    if (!folder)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "the face models are missing; scripts/models.sh brings them");
    struct face_models *f = calloc(1, sizeof *f);
    if (!f)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    int status = map_file(folder, package, &f->bytes, &f->size, error);
    if (status) {
        free(f);
        return status;
    }
    struct qv_error why = {0};
    status = open_all(f, &why);
    if (status) {
        face_models_close(f);
        return qv_fail(error, QV_ERR_UNAVAILABLE,
                       "the face models in %s cannot be used: %s; scripts/models.sh brings the right ones", folder,
                       why.text);
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

static float sample_at(const struct clip_plane *p, bool deep, uint32_t x, uint32_t y)
{
    const uint8_t *row = (const uint8_t *)p->samples + (size_t)y * p->stride_bytes;
    if (!deep)
        return (float)row[x];
    uint16_t v;
    memcpy(&v, row + 2 * (size_t)x, sizeof v);
    return (float)v;
}

static float within(float x, float most)
{
    return x > 0 ? x < most ? x : most : 0;
}

/* Beyond the edge lies more of the edge. */
static float between(const struct clip_plane *p, bool deep, float x, float y)
{
    x = within(x, (float)(p->width - 1));
    y = within(y, (float)(p->height - 1));
    const uint32_t x0 = (uint32_t)x, y0 = (uint32_t)y;
    const uint32_t x1 = x0 + (x0 + 1 < p->width), y1 = y0 + (y0 + 1 < p->height);
    const float tx = x - (float)x0, ty = y - (float)y0;
    const float top = sample_at(p, deep, x0, y0) * (1 - tx) + sample_at(p, deep, x1, y0) * tx;
    const float low = sample_at(p, deep, x0, y1) * (1 - tx) + sample_at(p, deep, x1, y1) * tx;
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

/* Where the samples of a network's input lie: the first, and the steps to the next across and down. */
struct lattice {
    double x, y, across_x, across_y, down_x, down_y;
};

static struct lattice lattice_of(const struct face_box *box, uint32_t side)
{
    const double c = cos((double)box->turn_rad), s = sin((double)box->turn_rad), step = (double)box->size_px / side;
    const double first = (0.5 - side / 2.0) * step;
    return (struct lattice){
        .x = (double)box->x + c * first - s * first - 0.5,
        .y = (double)box->y + s * first + c * first - 0.5,
        .across_x = c * step,
        .across_y = s * step,
        .down_x = -s * step,
        .down_y = c * step,
    };
}

/* The same in the samples of a plane of the stored picture. */
static struct lattice in_plane(const struct lattice *shown, const struct clip_frame *f, const struct clip_plane *p)
{
    const double scale_x = (double)p->width / f->width, scale_y = (double)p->height / f->height;
    struct lattice l;
    stored(f, shown->x, shown->y, &l.x, &l.y);
    stored(f, shown->x + shown->across_x, shown->y + shown->across_y, &l.across_x, &l.across_y);
    stored(f, shown->x + shown->down_x, shown->y + shown->down_y, &l.down_x, &l.down_y);
    l.across_x = (l.across_x - l.x) * scale_x;
    l.across_y = (l.across_y - l.y) * scale_y;
    l.down_x = (l.down_x - l.x) * scale_x;
    l.down_y = (l.down_y - l.y) * scale_y;
    l.x = (l.x + 0.5) * scale_x - 0.5;
    l.y = (l.y + 0.5) * scale_y - 0.5;
    return l;
}

#define TAPS_MOST 4

/* One row of samples. Where they lie far apart each is the mean of several: one reaches two samples of the plane. */
static void sample_row(const struct clip_plane *p, bool deep, const struct lattice *l, uint32_t row, uint32_t side,
                       float *to)
{
    const int taps = (int)fmin(fmax(ceil(hypot(l->across_x, l->across_y) / 2), 1), TAPS_MOST);
    double off[TAPS_MOST];
    for (int a = 0; a < taps; a++)
        off[a] = (a + 0.5) / taps - 0.5;
    for (uint32_t i = 0; i < side; i++) {
        float sum = 0;
        for (int a = 0; a < taps; a++) {
            const double v = row + off[a], x = l->x + v * l->down_x, y = l->y + v * l->down_y;
            for (int b = 0; b < taps; b++) {
                const double u = i + off[b];
                sum += between(p, deep, (float)(x + u * l->across_x), (float)(y + u * l->across_y));
            }
        }
        to[i] = sum / (float)(taps * taps);
    }
}

/* RGB of 0–1 (BT.601; the networks do not mind which). Levels are of 8 bits. */
static void to_rgb(bool full_range, float luma, float cb, float cr, float rgb[3])
{
    cb -= 128;
    cr -= 128;
    if (!full_range) {
        luma = (luma - 16) * (255.0f / 219);
        cb *= 255.0f / 224;
        cr *= 255.0f / 224;
    }
    rgb[0] = within((luma + 1.402f * cr) / 255, 1);
    rgb[1] = within((luma - 0.344136f * cb - 0.714136f * cr) / 255, 1);
    rgb[2] = within((luma + 1.772f * cb) / 255, 1);
}

/* Fills a network's square input from a turned square of the picture. Outside is black. */
static void fill_square(const struct clip_frame *f, const struct face_box *box, uint32_t side, float scale, float shift,
                        float *input)
{
    assert(side <= SIDE_MOST);
    const struct lattice shown = lattice_of(box, side);
    const uint32_t planes = f->colour ? 3 : 1;
    struct lattice in[3];
    for (uint32_t k = 0; k < planes; k++)
        in[k] = in_plane(&shown, f, &f->planes[k]);
    double width, height;
    shown_size(f, &width, &height);
    const float unit = 1.0f / (float)(1U << (f->bits - 8));
    float row[3][SIDE_MOST];
    for (uint32_t j = 0; j < side; j++) {
        for (uint32_t k = 0; k < planes; k++)
            sample_row(&f->planes[k], f->bits > 8, &in[k], j, side, row[k]);
        for (uint32_t i = 0; i < side; i++) {
            const double x = shown.x + i * shown.across_x + j * shown.down_x,
                         y = shown.y + i * shown.across_y + j * shown.down_y;
            float rgb[3] = {0};
            if (x > -1 && y > -1 && x < width && y < height)
                to_rgb(f->full_range, row[0][i] * unit, f->colour ? row[1][i] * unit : 128,
                       f->colour ? row[2][i] * unit : 128, rgb);
            for (int k = 0; k < 3; k++)
                *input++ = rgb[k] * scale + shift;
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

/* A position of the network's square in the shown picture. */
static void from_square(const struct face_box *box, float u, float v, float *x, float *y)
{
    const float c = cosf(box->turn_rad), s = sinf(box->turn_rad), unit = box->size_px / MESH_SIDE;
    u = (u - MESH_SIDE / 2.0f) * unit;
    v = (v - MESH_SIDE / 2.0f) * unit;
    *x = box->x + c * u - s * v - 0.5f;
    *y = box->y + s * u + c * v - 0.5f;
}

int face_lay_mesh(struct face_models *m, const struct clip_frame *f, const struct face_box *box, struct face_mesh *mesh,
                  struct qv_error *error)
{
    struct network *n = m->mesh.network;
    fill_square(f, box, MESH_SIDE, 1, 0, network_input(n));
    int status = network_run(n, error);
    if (status)
        return status;
    uint32_t elements;
    const float *points = network_output(n, MESH_ALL, &elements);
    for (uint32_t i = 0; i < FACE_POINTS; i++) {
        from_square(box, points[3 * i], points[3 * i + 1], &mesh->x[i], &mesh->y[i]);
        mesh->z[i] = points[3 * i + 2] * box->size_px / MESH_SIDE;
    }
    for (uint32_t part = 0; part < PARTS; part++) {
        points = network_output(n, MESH_LIPS + part, &elements);
        for (uint32_t i = 0; i < m->parts[part]->point_count; i++) {
            const uint32_t at = m->parts[part]->points[i];
            from_square(box, points[2 * i], points[2 * i + 1], &mesh->x[at], &mesh->y[at]);
        }
    }
    for (uint32_t eye = 0; eye < 2; eye++) {
        struct face_iris *iris = &mesh->iris[eye];
        points = network_output(n, eye == 0 ? MESH_IRIS_LEFT : MESH_IRIS_RIGHT, &elements);
        for (uint32_t i = 0; i < FACE_IRIS_POINTS; i++)
            from_square(box, points[2 * i], points[2 * i + 1], &iris->x[i], &iris->y[i]);
    }
    mesh->presence = 1 / (1 + expf(-network_output(n, MESH_PRESENCE, &elements)[0]));
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

enum { TEMPLE_RIGHT = 234, TEMPLE_LEFT = 454, FOREHEAD = 10, CHIN = 152 };

static void from_to(const struct face_mesh *mesh, int a, int b, double v[3])
{
    v[0] = (double)(mesh->x[b] - mesh->x[a]);
    v[1] = (double)(mesh->y[b] - mesh->y[a]);
    v[2] = (double)(mesh->z[b] - mesh->z[a]);
}

double face_width_px(const struct face_mesh *mesh)
{
    double v[3];
    from_to(mesh, TEMPLE_RIGHT, TEMPLE_LEFT, v);
    return hypot(v[0], v[1]);
}

double face_breadth_px(const struct face_mesh *mesh)
{
    double v[3];
    from_to(mesh, TEMPLE_RIGHT, TEMPLE_LEFT, v);
    return hypot(hypot(v[0], v[1]), v[2]);
}

double face_turn_rad(const struct face_mesh *mesh)
{
    double across[3], down[3];
    from_to(mesh, TEMPLE_RIGHT, TEMPLE_LEFT, across);
    from_to(mesh, FOREHEAD, CHIN, down);
    /* Between what the face looks along and the line to the camera. */
    const double x = across[1] * down[2] - across[2] * down[1], y = across[2] * down[0] - across[0] * down[2],
                 z = across[0] * down[1] - across[1] * down[0];
    return atan2(hypot(x, y), z);
}
