/* SPDX-License-Identifier: Apache-2.0 */
/* Drawing a phantom: the plate, seen through the head's pose and the skin's displacement, in the light, by a sensor. */
#include "phantom.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define SIGMAS 4.5          /* beyond them a patch is not moved: 4e-5 of its amplitude */
#define SKIN_WITHIN_PX 1e-4 /* how well p + d(p) = x is solved */
#define SKIN_STEPS_MAX 60
#define RIPPLE_WAVE_SIGMAS 2.5 /* length of the wave */

#define LID_WIDTHS 0.09  /* of the skin above an eye that the lid pulls along, face widths */
#define LID_OVERLAP 0.12 /* of the eye's opening: how far a closed lid passes the lower one */
#define JAW_WIDTHS 0.45  /* from the lips to where an open mouth moves the chin no more */
#define OPEN_WIDTHS 0.07 /* a mouth fully open, in speech */
#define SMILE_WIDTHS 0.025
#define NOD_WIDTHS 0.05   /* that the middle of the face goes down in a nod */
#define NOD_SHORTENS 0.03 /* and that its height shrinks */
#define SWAY_WIDTHS 0.012 /* about 5 px of a face 380 px wide */
#define SWAY_TURN_RAD 0.007
#define SWAY_SIZE 0.006

#define MEAN_OF_MOST 16 /* samples a side: enough for a portrait of 8K in a picture of 720p */
#define READOUT_S 0.020 /* of a phone's rolling shutter, first row to last */
#define NORMAL_BITS 12
#define NORMAL_COUNT (1U << NORMAL_BITS)
#define QUANTILE_STEPS_MAX 60
#define THRESHOLDS 4096U    /* to round by */
#define THRESHOLD_ROW 1597U /* how far apart the rows begin in them */

static const double mouth_inside[3] = {40, 122, 142}; /* dark red, luma of full range */

/* ---- planes ------------------------------------------------------------------------------------------------------------ */

static uint32_t plane_size(uint32_t luma, int plane)
{
    return plane ? luma / 2 : luma;
}

/* Luma pixels a side of one sample of the plane, and where the centre of the first lies. */
static double pitch(int plane)
{
    return plane ? 2 : 1;
}

static double first(int plane)
{
    return plane ? 0.5 : 0;
}

static bool grey_make(struct grey *g, uint32_t width, uint32_t height, struct qv_arena *arena)
{
    *g = (struct grey){.width = width, .height = height, .stride = (width + 15) & ~15U};
    g->at = qv_arena_alloc(arena, (size_t)g->stride * height, sizeof(float));
    return g->at;
}

/* Quantile of the normal distribution, by Newton's method on its integral. */
static float normal_quantile(double share)
{
    double z = 0, step = 1;
    for (int i = 0; i < QUANTILE_STEPS_MAX && fabs(step) > 1e-9; i++) {
        step = (erfc(-z * M_SQRT1_2) / 2 - share) * sqrt(2 * M_PI) * exp(z * z / 2);
        z -= fmin(fmax(step, -0.5), 0.5);
    }
    return (float)z;
}

int phantom_canvas_init(struct phantom_canvas *c, uint32_t width, uint32_t height, double margin_px,
                        struct qv_arena *arena, struct qv_error *error)
{
    assert(width % 2 == 0 && height % 2 == 0);
    *c = (struct phantom_canvas){.kernels = kernels_best(), .width = width, .height = height, .margin_px = margin_px};
    const uint32_t more = 2 * (uint32_t)margin_px;
    bool fine = true;
    for (int p = 0; p < 3; p++) {
        const uint32_t w = plane_size(width + more, p), h = plane_size(height + more, p);
        fine = fine && grey_make(&c->plain[p], w, h, arena) && grey_make(&c->plate[p], w, h, arena);
        c->shown[p] = qv_arena_alloc(arena, (size_t)plane_size(width, p) * plane_size(height, p), 1);
        fine = fine && c->shown[p];
    }
    c->work = qv_arena_alloc(arena, (size_t)c->plain[0].stride * c->plain[0].height, sizeof(float));
    c->line = qv_arena_alloc(arena, width + more, sizeof(float));
    c->spare = qv_arena_alloc(arena, width, sizeof(float));
    c->shift_x = qv_arena_alloc(arena, width, sizeof(float));
    c->shift_y = qv_arena_alloc(arena, width, sizeof(float));
    c->normal = qv_arena_alloc(arena, NORMAL_COUNT, sizeof(float));
    c->threshold = qv_arena_alloc(arena, THRESHOLDS, sizeof(float));
    if (!fine || !c->work || !c->line || !c->spare || !c->shift_x || !c->shift_y || !c->normal || !c->threshold)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    for (uint32_t i = 0; i < NORMAL_COUNT; i++)
        c->normal[i] = normal_quantile((i + 0.5) / NORMAL_COUNT);
    struct phantom_random shuffle = {1};
    for (uint32_t i = 0; i < THRESHOLDS; i++) { /* each of them once, in any order (Fisher and Yates) */
        const uint32_t k = (uint32_t)(phantom_bits(&shuffle) % (i + 1));
        c->threshold[i] = c->threshold[k];
        c->threshold[k] = ((float)i + 0.5f) / THRESHOLDS;
    }
    return QV_OK;
}

static void filter(const struct phantom_canvas *c, const struct grey *in, struct grey *out, float *work)
{
    for (uint32_t y = 0; y < in->height; y++)
        c->kernels->prefilter_row(in->at + (size_t)y * in->stride, work + (size_t)y * in->stride, in->width);
    for (uint32_t y = 0; y < in->height; y++) {
        const float *rows[2 * KERNEL_PREFILTER_REACH + 1];
        for (int32_t n = -KERNEL_PREFILTER_REACH; n <= KERNEL_PREFILTER_REACH; n++)
            rows[n + KERNEL_PREFILTER_REACH] = work + (size_t)kernel_mirrored((int32_t)y + n, in->height) * in->stride;
        c->kernels->prefilter_column(rows, out->at + (size_t)y * out->stride, in->width);
    }
}

/* ---- the portrait -------------------------------------------------------------------------------------------------------- */

/* One sample of a plane of the portrait as shown. Outside, the edge is repeated. */
static float sample_of(const struct clip_frame *f, int plane, int64_t x, int64_t y)
{
    const struct clip_plane *p = &f->planes[plane];
    const int64_t last_x = p->width - 1, last_y = p->height - 1;
    int64_t sx = x, sy = y;
    if (f->rotation_deg == 90) {
        sx = y;
        sy = last_y - x;
    } else if (f->rotation_deg == 180) {
        sx = last_x - x;
        sy = last_y - y;
    } else if (f->rotation_deg == 270) {
        sx = last_x - y;
        sy = x;
    }
    sx = sx < 0 ? 0 : sx > last_x ? last_x : sx;
    sy = sy < 0 ? 0 : sy > last_y ? last_y : sy;
    const uint8_t *row = (const uint8_t *)p->samples + (size_t)sy * p->stride_bytes;
    return f->bits > 8 ? (float)((const uint16_t *)(const void *)row)[sx] / (float)(1U << (f->bits - 8))
                       : (float)row[sx];
}

/* A plane of the portrait as shown, as levels of 8 bits in the canvas's range. */
static void load(const struct phantom_canvas *c, const struct clip_frame *f, int plane, struct grey *to)
{
    const bool narrow = f->full_range && !c->full_range;
    const float scale = !narrow ? 1.0f : plane ? 224.0f / 255 : 219.0f / 255;
    const float offset = plane ? 128 - 128 * scale : narrow ? 16 : 0;
    for (uint32_t y = 0; y < to->height; y++) {
        float *row = to->at + (size_t)y * to->stride;
        for (uint32_t x = 0; x < to->width; x++)
            row[x] = f->colour || plane == 0 ? offset + scale * sample_of(f, plane, x, y) : 128;
    }
}

/* The plate of a still: its plane resampled, each sample a mean over the area that it covers. */
static void resample(const struct phantom_canvas *c, const struct grey *spline, struct affine from, int plane,
                     double scale_x, double scale_y)
{
    const struct grey *to = &c->plain[plane];
    const double covers = from.a * pitch(plane) * fmax(scale_x, scale_y); /* samples of the portrait a side */
    const int each = (int)fmin(fmax(ceil(covers), 1), MEAN_OF_MOST);
    for (uint32_t y = 0; y < to->height; y++) {
        float *row = to->at + (size_t)y * to->stride;
        memset(row, 0, to->width * sizeof *row);
        for (int n = 0; n < each * each; n++) {
            const int column = n % each, line = n / each;
            const double ox = (column + 0.5) / each - 0.5, oy = (line + 0.5) / each - 0.5;
            double px, py;
            affine_apply(&from, pitch(plane) * ox + first(plane), pitch(plane) * (y + oy) + first(plane), &px, &py);
            /* from luma of the portrait to samples of its plane */
            const struct warp_row look = {.x0 = (float)((px + 0.5) * scale_x - 0.5),
                                          .y0 = (float)((py + 0.5) * scale_y - 0.5),
                                          .dx = (float)(from.a * pitch(plane) * scale_x)};
            c->kernels->sample_row(spline, &look, c->line, to->width);
            for (uint32_t x = 0; x < to->width; x++)
                row[x] += c->line[x] / (float)(each * each);
        }
    }
}

static bool same(struct affine m)
{
    return m.a == 1 && m.b == 0 && m.c == 0 && m.d == 0 && m.e == 1 && m.f == 0;
}

/* How many samples of chroma go with so many of luma where it has half of them. */
static uint32_t halved(uint32_t luma, int plane)
{
    return plane ? (luma + 1) / 2 : luma;
}

int phantom_canvas_take(struct phantom_canvas *c, const struct clip_frame *f, struct affine place,
                        struct qv_arena *scratch, struct qv_error *error)
{
    const bool turned = f->rotation_deg % 180 != 0;
    const struct affine from = affine_inverse(place);
    for (int p = 0; p < 3; p++) {
        const int have = f->colour ? p : 0;
        const uint32_t w = turned ? f->planes[have].height : f->planes[have].width;
        const uint32_t h = turned ? f->planes[have].width : f->planes[have].height;
        const double scale_x = (double)w / (turned ? f->height : f->width);
        const double scale_y = (double)h / (turned ? f->width : f->height);
        const bool aligned =
            w == halved(turned ? f->height : f->width, p) && h == halved(turned ? f->width : f->height, p);
        if (same(place) && aligned) {
            load(c, f, p, &c->plain[p]); /* a clip's own samples, as they are */
        } else {
            struct grey levels, spline;
            const uint32_t reach = 4; /* that an interpolation needs at least */
            if (w < reach || h < reach)
                return qv_fail(error, QV_ERR_DATA, "a picture of %u×%u pixels is too small", f->width, f->height);
            if (!grey_make(&levels, w, h, scratch) || !grey_make(&spline, w, h, scratch))
                return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
            float *work = qv_arena_alloc(scratch, (size_t)levels.stride * h, sizeof *work);
            if (!work)
                return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
            load(c, f, p, &levels);
            filter(c, &levels, &spline, work);
            resample(c, &spline, from, p, scale_x, scale_y);
        }
        filter(c, &c->plain[p], &c->plate[p], c->work);
    }
    return QV_OK;
}

/* ---- the skin ------------------------------------------------------------------------------------------------------------- */

/* What displaces the skin at one moment. */
struct skin {
    const struct phantom_face *face;
    struct {
        const struct qv_phantom_patch *patch;
        double px;
    } moving[QV_REGION_COUNT + 4];
    int count;
    bool ripples;
    double phase;
    double open_px; /* of the mouth, at its middle */
};

static void skin_of(const struct phantom_face *f, const struct phantom_moment *m, struct skin *skin)
{
    *skin = (struct skin){.face = f, .ripples = m->ripples, .phase = m->phase};
    skin->open_px = m->open * OPEN_WIDTHS * f->width_px;
    for (int r = 0; r < QV_REGION_COUNT; r++) {
        if (m->region_px[r] > 0) {
            skin->moving[skin->count].patch = &f->patches[r];
            skin->moving[skin->count++].px = m->region_px[r];
        }
    }
    for (int i = 0; i < 4 && m->smile > 0; i++) {
        skin->moving[skin->count].patch = &f->smile[i];
        skin->moving[skin->count++].px = m->smile * SMILE_WIDTHS * f->width_px;
    }
}

/* Along the chord of a slit and down from it. */
static void in_slit(const struct phantom_slit *s, double x, double y, double *along, double *down)
{
    *along = s->ux * (x - s->x) + s->uy * (y - s->y);
    *down = s->ux * (y - s->y) - s->uy * (x - s->x);
}

static double height_of(const struct phantom_slit *s, const double *heights, double along)
{
    int i = 0;
    while (i < s->count - 2 && along > s->at[i + 1])
        i++;
    const double span = s->at[i + 1] - s->at[i];
    const double share = span > 0 ? fmin(fmax((along - s->at[i]) / span, 0), 1) : 0;
    return heights[i] + share * (heights[i + 1] - heights[i]);
}

/* How far open the mouth is here, and where its lips meet. */
static double gap_at(const struct skin *skin, double along, double *meet)
{
    const struct phantom_slit *mouth = &skin->face->mouth;
    const double share = along / mouth->width_px;
    *meet = (height_of(mouth, mouth->upper, along) + height_of(mouth, mouth->lower, along)) / 2;
    return share > 0 && share < 1 ? skin->open_px * 4 * share * (1 - share) : 0;
}

static void jaw_at(const struct skin *skin, double x, double y, double *dx, double *dy)
{
    const struct phantom_slit *mouth = &skin->face->mouth;
    double along, down, meet;
    in_slit(mouth, x, y, &along, &down);
    const double gap = gap_at(skin, along, &meet), below = (down - meet) / (JAW_WIDTHS * skin->face->width_px);
    if (gap <= 0 || below < 0 || below > 1)
        return;
    const double px = gap * (1 + cos(M_PI * below)) / 2;
    *dx -= mouth->uy * px;
    *dy += mouth->ux * px;
}

static void displacement(const struct skin *skin, double x, double y, double *dx, double *dy)
{
    const struct phantom_face *f = skin->face;
    *dx = *dy = 0;
    for (int i = 0; i < skin->count; i++) {
        const struct qv_phantom_patch *p = skin->moving[i].patch;
        const double rx = x - p->x_px, ry = y - p->y_px;
        const double across = (f->across_x * rx + f->across_y * ry) / p->sigma_x_px;
        const double down = (f->across_x * ry - f->across_y * rx) / p->sigma_y_px;
        const double far = across * across + down * down;
        if (far > SIGMAS * SIGMAS)
            continue;
        double px = skin->moving[i].px * exp(-far / 2);
        if (skin->ripples)
            px *= (1 - cos(2 * M_PI * (skin->phase - across / RIPPLE_WAVE_SIGMAS))) / 2;
        *dx += px * p->toward_x;
        *dy += px * p->toward_y;
    }
    if (skin->open_px > 0)
        jaw_at(skin, x, y, dx, dy);
}

double phantom_displacement_px(const struct phantom_face *face, const struct phantom_moment *moment,
                               enum qv_region region)
{
    struct skin skin;
    double dx, dy;
    skin_of(face, moment, &skin);
    displacement(&skin, face->patches[region].x_px, face->patches[region].y_px, &dx, &dy);
    return hypot(dx, dy);
}

/* Where the skin that is seen at (x, y) rests: less d(p), for the p with p + d(p) = (x, y). */
static void skin_shift(const struct skin *skin, double x, double y, double *dx, double *dy)
{
    displacement(skin, x, y, dx, dy);
    for (int i = 0; i < SKIN_STEPS_MAX && (*dx != 0 || *dy != 0); i++) {
        double next_x, next_y;
        displacement(skin, x - *dx, y - *dy, &next_x, &next_y);
        const double change = fabs(next_x - *dx) + fabs(next_y - *dy);
        *dx = next_x;
        *dy = next_y;
        if (change < SKIN_WITHIN_PX)
            break;
    }
}

/* ---- a row ---------------------------------------------------------------------------------------------------------------- */

/* One row of one plane: how its pixels lie at rest, and what moves there. */
struct row {
    const struct phantom_canvas *canvas;
    struct phantom_moment moment;
    struct skin skin;
    struct affine head, back; /* rest → shown, shown → rest */
    int plane;
    uint32_t y, width;
    double x0, y0, dx, dy; /* at rest, luma pixels: of the first pixel, and from pixel to pixel */
};

static struct affine head_of(const struct phantom_face *f, const struct phantom_moment *m)
{
    const double sway = SWAY_WIDTHS * f->width_px;
    const double turn = SWAY_TURN_RAD * m->sway[2], size = 1 + SWAY_SIZE * m->sway[3];
    const double c = size * cos(turn), s = size * sin(turn), shorter = 1 - NOD_SHORTENS * m->nod;
    struct affine head = {c, -s * shorter, 0, s, c * shorter, 0};
    head.c = f->x - head.a * f->x - head.b * f->y + sway * m->sway[0];
    head.f = f->y - head.d * f->x - head.e * f->y + sway * m->sway[1] + m->nod * NOD_WIDTHS * f->width_px;
    return head;
}

/* The pixels of a row that something round a place at rest may change: those within @p reach of it. False: none. */
static bool reached(const struct row *r, double x, double y, double reach, uint32_t *from, uint32_t *to)
{
    double shown_x, shown_y;
    affine_apply(&r->head, x, y, &shown_x, &shown_y);
    const double at_y = pitch(r->plane) * r->y + first(r->plane), margin = r->canvas->margin_px;
    const double far = 1.1 * reach + 2; /* the head is a little larger, a little turned */
    if (fabs(shown_y - margin - at_y) > far)
        return false;
    const double low = (shown_x - margin - far) / pitch(r->plane), high = (shown_x - margin + far) / pitch(r->plane);
    *from = (uint32_t)fmin(fmax(floor(low), 0), r->width);
    *to = (uint32_t)fmin(fmax(ceil(high), 0), r->width);
    return *from < *to;
}

static void rest_of(const struct row *r, uint32_t i, double *x, double *y)
{
    *x = r->x0 + i * r->dx;
    *y = r->y0 + i * r->dy;
}

/* The pixels of the row where the skin is displaced; none: from is not below to. */
static void moving_part(const struct row *r, uint32_t *from, uint32_t *to)
{
    uint32_t a, b;
    *from = r->width;
    *to = 0;
    for (int i = 0; i < r->skin.count; i++) {
        const struct qv_phantom_patch *p = r->skin.moving[i].patch;
        if (reached(r, p->x_px, p->y_px, SIGMAS * fmax(p->sigma_x_px, p->sigma_y_px) + r->skin.moving[i].px, &a, &b)) {
            *from = a < *from ? a : *from;
            *to = b > *to ? b : *to;
        }
    }
    const struct phantom_slit *mouth = &r->skin.face->mouth;
    if (r->skin.open_px > 0 &&
        reached(r, mouth->x + mouth->ux * mouth->width_px / 2, mouth->y + mouth->uy * mouth->width_px / 2,
                JAW_WIDTHS * r->skin.face->width_px + r->skin.open_px, &a, &b)) {
        *from = a < *from ? a : *from;
        *to = b > *to ? b : *to;
    }
}

static void shift_part(const struct row *r, uint32_t from, uint32_t to)
{
    const struct phantom_canvas *c = r->canvas;
    for (uint32_t i = from; i < to; i++) {
        double x, y, dx, dy;
        rest_of(r, i, &x, &y);
        skin_shift(&r->skin, x, y, &dx, &dy);
        c->shift_x[i] = (float)(-dx / pitch(r->plane));
        c->shift_y[i] = (float)(-dy / pitch(r->plane));
    }
}

static void look_up(const struct row *r, uint32_t from, uint32_t count, bool shifted, float *out)
{
    const struct phantom_canvas *c = r->canvas;
    const double each = pitch(r->plane);
    const struct warp_row row = {.x0 = (float)((r->x0 + from * r->dx - first(r->plane)) / each),
                                 .y0 = (float)((r->y0 + from * r->dy - first(r->plane)) / each),
                                 .dx = (float)(r->dx / each),
                                 .dy = (float)(r->dy / each),
                                 .shift_x = shifted ? c->shift_x + from : NULL,
                                 .shift_y = shifted ? c->shift_y + from : NULL};
    c->kernels->sample_row(&c->plate[r->plane], &row, out, count);
}

/* The row with the skin at rest: where the head is too, that is the plate's own samples. */
static void look_up_all(const struct row *r)
{
    const struct grey *plain = &r->canvas->plain[r->plane];
    const uint32_t margin = plane_size((uint32_t)r->canvas->margin_px, r->plane);
    if (same(r->back))
        memcpy(r->canvas->line, plain->at + (size_t)(r->y + margin) * plain->stride + margin, r->width * sizeof(float));
    else
        look_up(r, 0, r->width, false, r->canvas->line);
}

/* How much of a pixel lies on the near side of an edge that is @p px beyond its centre. */
static float covered(const struct row *r, double px)
{
    return (float)fmin(fmax(px / pitch(r->plane) + 0.5, 0), 1);
}

/* Pulls the skin above an eye over it. */
static void draw_lid(const struct row *r, const struct phantom_slit *eye)
{
    const struct phantom_canvas *c = r->canvas;
    const double lid_px = LID_WIDTHS * r->skin.face->width_px;
    uint32_t from, to;
    if (!reached(r, eye->x + eye->ux * eye->width_px / 2, eye->y + eye->uy * eye->width_px / 2,
                 eye->width_px / 2 + lid_px, &from, &to))
        return;
    for (uint32_t i = from; i < to; i++) {
        double x, y, along, down;
        rest_of(r, i, &x, &y);
        in_slit(eye, x, y, &along, &down);
        c->shift_x[i] = c->shift_y[i] = 0;
        c->spare[i] = 0;
        if (along <= 0 || along >= eye->width_px)
            continue;
        const double upper = height_of(eye, eye->upper, along);
        const double opening = fmax(height_of(eye, eye->lower, along) - upper, 0);
        const double edge = upper + r->moment.closed * (1 + LID_OVERLAP) * opening, crease = upper - lid_px;
        if (down <= crease)
            continue;
        c->spare[i] = covered(r, edge - down);
        /* skin between the crease and the edge is that between the crease and the open lid, drawn out */
        const double rest = fmin(crease + (down - crease) * lid_px / (edge - crease), upper);
        c->shift_x[i] = (float)(-eye->uy * (rest - down) / pitch(r->plane));
        c->shift_y[i] = (float)(eye->ux * (rest - down) / pitch(r->plane));
    }
    float *over = c->work + from; /* free while drawing */
    look_up(r, from, to - from, true, over);
    for (uint32_t i = from; i < to; i++)
        c->line[i] += c->spare[i] * (over[i - from] - c->line[i]);
}

/* What is seen between parted lips. */
static void draw_inside(const struct row *r)
{
    const struct phantom_slit *mouth = &r->skin.face->mouth;
    uint32_t from, to;
    if (!reached(r, mouth->x + mouth->ux * mouth->width_px / 2, mouth->y + mouth->uy * mouth->width_px / 2,
                 mouth->width_px / 2 + r->skin.open_px, &from, &to))
        return;
    float inside = (float)mouth_inside[r->plane];
    if (r->plane == 0 && !r->canvas->full_range)
        inside = 16 + inside * 219 / 255;
    for (uint32_t i = from; i < to; i++) {
        double x, y, along, down, meet;
        rest_of(r, i, &x, &y);
        in_slit(mouth, x, y, &along, &down);
        const double gap = gap_at(&r->skin, along, &meet);
        if (gap > 0)
            r->canvas->line[i] += covered(r, down - meet) * covered(r, meet + gap - down) * fminf((float)gap, 1) *
                                  (inside - r->canvas->line[i]);
    }
}

/*
 * From light to levels. With noise, levels are rounded to the nearest, as a sensor does. Without it, each pixel has a threshold of its
 * own, else a movement that changes a level by less than a half would be rounded away everywhere; what is whole stays so.
 */
static void develop(const struct row *r, double sigma, struct phantom_random *noise)
{
    const struct phantom_canvas *c = r->canvas;
    const float zero = r->plane ? 128 : c->full_range ? 0 : 16, gain = (float)r->moment.gain;
    const float strength = (float)(r->plane ? sigma / 2 : sigma);
    uint8_t *out = c->shown[r->plane] + (size_t)r->y * r->width;
    if (gain != 1) {
        for (uint32_t i = 0; i < r->width; i++)
            c->line[i] = zero + gain * (c->line[i] - zero);
    }
    if (strength > 0) {
        for (uint32_t i = 0; i < r->width;) {
            uint64_t bits = phantom_bits(noise);
            for (int k = 0; k < 64 / NORMAL_BITS && i < r->width; k++, bits >>= NORMAL_BITS, i++)
                c->spare[i] = c->normal[bits & (NORMAL_COUNT - 1)];
        }
        for (uint32_t i = 0; i < r->width; i++)
            c->line[i] += 0.5f + strength * c->spare[i];
    } else {
        for (uint32_t i = 0; i < r->width; i++)
            c->line[i] += c->threshold[(r->y * THRESHOLD_ROW + i) % THRESHOLDS];
    }
    for (uint32_t i = 0; i < r->width; i++) {
        const float low = c->line[i] > 0 ? c->line[i] : 0;
        out[i] = (uint8_t)(int)(low < 255 ? low : 255);
    }
}

/* What the row sees at @p time_s. */
static void begin_row(struct row *r, const struct phantom_face *face, const struct phantom_score *score, double time_s)
{
    phantom_look(score, time_s, &r->moment);
    r->head = r->back = AFFINE_IDENTITY;
    r->skin.count = 0;
    if (!face)
        return;
    skin_of(face, &r->moment, &r->skin);
    r->head = head_of(face, &r->moment);
    r->back = affine_inverse(r->head);
}

static void draw_row(struct row *r, const struct phantom_face *face)
{
    const double margin = r->canvas->margin_px, each = pitch(r->plane);
    affine_apply(&r->back, first(r->plane) + margin, each * r->y + first(r->plane) + margin, &r->x0, &r->y0);
    r->dx = each * r->back.a;
    r->dy = each * r->back.d;
    look_up_all(r);
    uint32_t from = 0, to = 0;
    if (face)
        moving_part(r, &from, &to);
    if (from < to) {
        shift_part(r, from, to);
        look_up(r, from, to - from, true, r->canvas->line + from);
    }
    for (int e = 0; face && e < 2 && r->moment.closed > 0; e++)
        draw_lid(r, &face->eyes[e]);
    if (face && r->skin.open_px > 0)
        draw_inside(r);
}

void phantom_draw(struct phantom_canvas *c, const struct phantom_face *face, const struct phantom_score *score,
                  int64_t time_us, struct phantom_random *noise)
{
    const struct qv_phantom_settings *set = score->settings;
    for (int p = 0; p < 3; p++) {
        const uint32_t height = plane_size(c->height, p);
        struct row r = {.canvas = c, .plane = p, .width = plane_size(c->width, p)};
        for (; r.y < height; r.y++) {
            const double late_s = set->rolling_shutter ? READOUT_S * ((r.y + 0.5) / height - 0.5) : 0;
            if (r.y == 0 || set->rolling_shutter)
                begin_row(&r, face, score, (double)time_us * 1e-6 + late_s);
            draw_row(&r, face);
            develop(&r, set->noise_sigma, noise);
        }
    }
}
