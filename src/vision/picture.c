/* SPDX-License-Identifier: Apache-2.0 */
#include "picture.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static bool grey_init(struct grey *g, uint32_t most_width, uint32_t most_height, struct qv_arena *arena)
{
    g->stride = (most_width + 15) & ~15U;
    g->at = qv_arena_alloc(arena, (size_t)g->stride * most_height, sizeof(float));
    return g->at;
}

int picture_init(struct picture *p, uint32_t most_width, uint32_t most_height, struct qv_arena *arena,
                 struct qv_error *error)
{
    *p = (struct picture){.most_width = most_width, .most_height = most_height};
    if (!grey_init(&p->grey, most_width, most_height, arena) ||
        !grey_init(&p->spline, most_width, most_height, arena) ||
        !grey_init(&p->small, most_width / PICTURE_SMALL + 1, most_height / PICTURE_SMALL + 1, arena))
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    p->work = qv_arena_alloc(arena, (size_t)p->grey.stride * most_height, sizeof(float));
    return p->work ? QV_OK : qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
}

int picture_init_beside(struct picture *p, const struct picture *lender, uint32_t most_width, uint32_t most_height,
                        struct qv_arena *arena, struct qv_error *error)
{
    assert(most_width <= lender->most_width && most_height <= lender->most_height);
    *p = (struct picture){.most_width = most_width, .most_height = most_height, .work = lender->work};
    if (!grey_init(&p->grey, most_width, most_height, arena) ||
        !grey_init(&p->small, most_width / PICTURE_SMALL + 1, most_height / PICTURE_SMALL + 1, arena))
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    p->spline = (struct grey){.at = lender->spline.at, .stride = p->grey.stride};
    return QV_OK;
}

/* How a walk over the shown picture steps through the stored one. */
struct walk {
    int64_t origin, right, down; /* samples */
    int64_t width, height;       /* as shown */
};

static struct walk walk_of(const struct clip_frame *f)
{
    const int64_t bytes = f->bits > 8 ? 2 : 1, stride = f->planes[0].stride_bytes / bytes;
    const int64_t w = f->width, h = f->height;
    switch (f->rotation_deg) {
    case 90:
        return (struct walk){(h - 1) * stride, -stride, 1, h, w};
    case 180:
        return (struct walk){(h - 1) * stride + w - 1, -1, -stride, w, h};
    case 270:
        return (struct walk){w - 1, stride, -1, h, w};
    default:
        return (struct walk){0, 1, stride, w, h};
    }
}

static int64_t clamped(int64_t i, int64_t size)
{
    return i < 0 ? 0 : i >= size ? size - 1 : i;
}

static uint32_t columns_within(double columns, uint32_t width)
{
    return columns > 0 ? columns < width ? (uint32_t)columns : width : 0;
}

/* Adds the samples of one stored row to the columns [first, end) of a picture that begins at @p left; wherever they lie. */
static void add_any(const struct clip_frame *f, const struct walk *walk, int64_t row, int64_t left, uint32_t bin,
                    uint32_t first, uint32_t end, float *out)
{
    const uint8_t *bytes = f->planes[0].samples;
    const uint16_t *words = f->planes[0].samples;
    for (uint32_t i = first; i < end; i++) {
        for (uint32_t n = 0; n < bin; n++) {
            const int64_t at = row + clamped(left + (int64_t)i * bin + n, walk->width) * walk->right;
            out[i] += f->bits > 8 ? (float)words[at] : (float)bytes[at];
        }
    }
}

static void add_bytes(const uint8_t *from, float *out, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        out[i] += (float)from[i];
}

/* The sums of two bytes each. Taken as words of two, because so a compiler takes several at once. */
static void add_pairs(const uint8_t *from, float *out, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint16_t two;
        memcpy(&two, from + 2 * (size_t)i, sizeof two);
        out[i] += (float)((two & 255) + (two >> 8));
    }
}

void picture_cut(struct picture *p, const struct clip_frame *f, uint32_t bin, int32_t x0, int32_t y0, uint32_t width,
                 uint32_t height)
{
    assert(width <= p->most_width && height <= p->most_height && bin > 0);
    p->x0 = x0;
    p->y0 = y0;
    p->grey.width = p->spline.width = width;
    p->grey.height = p->spline.height = height;
    const struct walk walk = walk_of(f);
    const uint8_t *bytes = f->planes[0].samples;
    const float scale = 1.0f / (float)(bin * bin) / (float)(1U << (f->bits - 8));
    const int64_t left = (int64_t)x0 * bin, top = (int64_t)y0 * bin;
    /* Columns that need no thought: they lie within the frame, in its order, in bytes. */
    const bool plain = walk.right == 1 && bin <= 2 && f->bits == 8;
    const uint32_t first = plain ? columns_within(ceil(-(double)left / bin), width) : width;
    const uint32_t end = plain ? columns_within(floor((double)(walk.width - left) / bin), width) : width;
    for (uint32_t j = 0; j < height; j++) {
        float *out = p->grey.at + (size_t)j * p->grey.stride;
        memset(out, 0, width * sizeof *out);
        for (uint32_t n = 0; n < bin; n++) {
            const int64_t row = walk.origin + clamped(top + (int64_t)j * bin + n, walk.height) * walk.down;
            add_any(f, &walk, row, left, bin, 0, first, out);
            add_any(f, &walk, row, left, bin, end > first ? end : first, width, out);
            if (end > first)
                (bin == 1 ? add_bytes : add_pairs)(bytes + (row + left + (int64_t)first * bin), out + first,
                                                   end - first);
        }
        if (scale != 1.0f) {
            for (uint32_t i = 0; i < width; i++)
                out[i] *= scale;
        }
    }
    picture_shrink(p);
}

void picture_shrink(struct picture *p)
{
    p->small.width = p->grey.width / PICTURE_SMALL;
    p->small.height = p->grey.height / PICTURE_SMALL;
    for (uint32_t j = 0; j < p->small.height; j++) {
        float *out = p->small.at + (size_t)j * p->small.stride;
        for (uint32_t i = 0; i < p->small.width; i++) {
            const float *from = p->grey.at + (size_t)j * PICTURE_SMALL * p->grey.stride + i * PICTURE_SMALL;
            float sum = 0;
            for (uint32_t n = 0; n < PICTURE_SMALL; n++, from += p->grey.stride)
                sum += (from[0] + from[1]) + (from[2] + from[3]);
            out[i] = sum / (PICTURE_SMALL * PICTURE_SMALL);
        }
    }
}

void picture_filter(struct picture *p, const struct kernels *k)
{
    const uint32_t stride = p->grey.stride, height = p->grey.height, width = p->grey.width;
    for (uint32_t j = 0; j < height; j++)
        k->prefilter_row(p->grey.at + (size_t)j * stride, p->work + (size_t)j * stride, width);
    for (uint32_t j = 0; j < height; j++) {
        const float *rows[2 * KERNEL_PREFILTER_REACH + 1];
        for (int32_t n = -KERNEL_PREFILTER_REACH; n <= KERNEL_PREFILTER_REACH; n++)
            rows[n + KERNEL_PREFILTER_REACH] = p->work + (size_t)kernel_mirrored((int32_t)j + n, height) * stride;
        k->prefilter_column(rows, p->spline.at + (size_t)j * stride, width);
    }
}

void picture_copy(struct picture *to, const struct picture *from)
{
    assert(from->grey.width <= to->most_width && from->grey.height <= to->most_height);
    to->x0 = from->x0;
    to->y0 = from->y0;
    to->grey.width = to->spline.width = from->grey.width;
    to->grey.height = to->spline.height = from->grey.height;
    for (uint32_t j = 0; j < from->grey.height; j++)
        memcpy(to->grey.at + (size_t)j * to->grey.stride, from->grey.at + (size_t)j * from->grey.stride,
               from->grey.width * sizeof(float));
    picture_shrink(to);
}
