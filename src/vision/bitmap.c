/* SPDX-License-Identifier: Apache-2.0 */
#include "bitmap.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define BT709_LINES 720
#define ZOOM_LEAST_PX 700 /* longer sides below this are shown larger, */
#define ZOOM_UP_PX 1280   /* up to this; */
#define ZOOM_MOST_PX 1920 /* beyond this, smaller */

int bitmap_init(struct bitmap *b, uint32_t width, uint32_t height, struct qv_arena *arena, struct qv_error *error)
{
    *b = (struct bitmap){.width = width, .height = height, .stride_bytes = 4 * (size_t)width};
    b->pixels = qv_arena_alloc(arena, height, b->stride_bytes);
    return b->pixels ? QV_OK : qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
}

static uint8_t *row_of(const struct bitmap *b, uint32_t y)
{
    return b->pixels + y * b->stride_bytes;
}

static uint8_t to_byte(float value)
{
    return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)(value + 0.5f);
}

/* ---- colours --------------------------------------------------------------------------------------------------------------- */

/* Shares of red and blue in the luma. */
struct luma {
    float red, blue;
};

static struct luma luma_of(uint32_t lines)
{
    return lines >= BT709_LINES ? (struct luma){0.2126f, 0.0722f} : (struct luma){0.299f, 0.114f};
}

/* Reads a plane at places between its samples. */
struct reader {
    const struct clip_plane *plane;
    uint32_t shift; /* of samples beyond 8 bits */
    bool deep;
};

static float sample_at(const struct reader *r, uint32_t x, uint32_t y)
{
    const uint8_t *row = (const uint8_t *)r->plane->samples + (size_t)y * r->plane->stride_bytes;
    return r->deep ? (float)((const uint16_t *)(const void *)row)[x] / (float)(1U << r->shift) : (float)row[x];
}

/* @p x and @p y are in samples of the luma, of which the plane has `across` and `down` to one of its own. */
static float chroma_at(const struct reader *r, uint32_t x, uint32_t y, float across, float down)
{
    const float px = fminf(fmaxf(((float)x + 0.5f) / across - 0.5f, 0), (float)(r->plane->width - 1));
    const float py = fminf(fmaxf(((float)y + 0.5f) / down - 0.5f, 0), (float)(r->plane->height - 1));
    const uint32_t i = (uint32_t)px, j = (uint32_t)py;
    const uint32_t i1 = i + 1 < r->plane->width ? i + 1 : i, j1 = j + 1 < r->plane->height ? j + 1 : j;
    const float fx = px - (float)i, fy = py - (float)j;
    return (1 - fy) * ((1 - fx) * sample_at(r, i, j) + fx * sample_at(r, i1, j)) +
           fy * ((1 - fx) * sample_at(r, i, j1) + fx * sample_at(r, i1, j1));
}

/* Where a pixel of the shown picture is stored. */
static void stored_place(const struct clip_frame *f, uint32_t x, uint32_t y, uint32_t *u, uint32_t *v)
{
    switch (f->rotation_deg) {
    case 90:
        *u = y;
        *v = f->height - 1 - x;
        break;
    case 180:
        *u = f->width - 1 - x;
        *v = f->height - 1 - y;
        break;
    case 270:
        *u = f->width - 1 - y;
        *v = x;
        break;
    default:
        *u = x;
        *v = y;
    }
}

void bitmap_of_frame(struct bitmap *b, const struct clip_frame *f)
{
    const struct luma luma = luma_of(b->height);
    const float green = 1 - luma.red - luma.blue;
    const float black = f->full_range ? 0 : 16, scale_y = f->full_range ? 1 : 255.0f / 219;
    const float scale_c = f->full_range ? 1 : 255.0f / 224;
    struct reader planes[3];
    for (int i = 0; i < 3; i++)
        planes[i] = (struct reader){&f->planes[i], f->bits - 8, f->bits > 8};
    const float across = f->colour ? (float)f->width / (float)f->planes[1].width : 1;
    const float down = f->colour ? (float)f->height / (float)f->planes[1].height : 1;
    for (uint32_t y = 0; y < b->height; y++) {
        uint8_t *out = row_of(b, y);
        for (uint32_t x = 0; x < b->width; x++, out += 4) {
            uint32_t u, v;
            stored_place(f, x, y, &u, &v);
            const float grey = (sample_at(&planes[0], u, v) - black) * scale_y;
            float cb = 0, cr = 0;
            if (f->colour) {
                cb = (chroma_at(&planes[1], u, v, across, down) - 128) * scale_c;
                cr = (chroma_at(&planes[2], u, v, across, down) - 128) * scale_c;
            }
            const float r = grey + 2 * (1 - luma.red) * cr, bl = grey + 2 * (1 - luma.blue) * cb;
            out[0] = to_byte(bl);
            out[1] = to_byte((grey - luma.red * r - luma.blue * bl) / green);
            out[2] = to_byte(r);
            out[3] = 255;
        }
    }
}

void bitmap_to_film(const struct bitmap *b, uint8_t *planes, struct film_picture *out)
{
    assert(b->width % 2 == 0 && b->height % 2 == 0);
    const struct luma luma = luma_of(b->height);
    const float green = 1 - luma.red - luma.blue;
    const size_t half = b->width / 2;
    uint8_t *y_out = planes, *cb_out = planes + (size_t)b->width * b->height, *cr_out = cb_out + half * (b->height / 2);
    *out = (struct film_picture){{y_out, cb_out, cr_out}, {b->width, b->width / 2, b->width / 2}};
    for (uint32_t y = 0; y < b->height; y += 2) {
        for (uint32_t x = 0; x < b->width; x += 2) {
            float blue = 0, red = 0, grey = 0; /* of four pixels */
            for (uint32_t n = 0; n < 4; n++) {
                const uint8_t *p = row_of(b, y + n / 2) + 4 * (size_t)(x + n % 2);
                const float one = luma.red * p[2] + green * p[1] + luma.blue * p[0];
                y_out[(size_t)(y + n / 2) * b->width + x + n % 2] = to_byte(16 + one * 219 / 255);
                blue += 0.25f * p[0];
                red += 0.25f * p[2];
                grey += 0.25f * one;
            }
            const size_t at = (size_t)(y / 2) * half + x / 2;
            cb_out[at] = to_byte(128 + (blue - grey) / (2 * (1 - luma.blue)) * 224 / 255);
            cr_out[at] = to_byte(128 + (red - grey) / (2 * (1 - luma.red)) * 224 / 255);
        }
    }
}

/* ---- sizes ------------------------------------------------------------------------------------------------------------------ */

struct bitmap_zoom bitmap_zoom_for(uint32_t width, uint32_t height)
{
    const uint32_t longer = width > height ? width : height;
    return (struct bitmap_zoom){longer < ZOOM_LEAST_PX ? ZOOM_UP_PX / longer : 1,
                                (longer + ZOOM_MOST_PX - 1) / ZOOM_MOST_PX};
}

static void zoom_up(const struct bitmap *from, uint32_t times, struct bitmap *to)
{
    for (uint32_t y = 0; y < to->height; y++) {
        uint8_t *out = row_of(to, y);
        const double v = (y + 0.5) / times - 0.5;
        for (uint32_t x = 0; x < to->width; x++, out += 4)
            bitmap_sample(from, (x + 0.5) / times - 0.5, v, out);
    }
}

static void zoom_down(const struct bitmap *from, uint32_t times, struct bitmap *to)
{
    for (uint32_t y = 0; y < to->height; y++) {
        uint8_t *out = row_of(to, y);
        for (uint32_t x = 0; x < to->width; x++, out += 4) {
            uint32_t sum[4] = {0};
            for (uint32_t n = 0; n < times * times; n++) {
                const uint8_t *p = row_of(from, y * times + n / times) + 4 * (size_t)(x * times + n % times);
                for (int c = 0; c < 4; c++)
                    sum[c] += p[c];
            }
            for (int c = 0; c < 4; c++)
                out[c] = (uint8_t)((sum[c] + times * times / 2) / (times * times));
        }
    }
}

void bitmap_zoomed(const struct bitmap *from, struct bitmap_zoom zoom, struct bitmap *to)
{
    assert(to->width <= from->width * zoom.up / zoom.down && to->height <= from->height * zoom.up / zoom.down);
    if (zoom.up > 1)
        zoom_up(from, zoom.up, to);
    else if (zoom.down > 1)
        zoom_down(from, zoom.down, to);
    else
        for (uint32_t y = 0; y < to->height; y++)
            memcpy(row_of(to, y), row_of(from, y), 4 * (size_t)to->width);
}

static void cubic_weights(float t, float w[static 4])
{
    w[0] = ((-0.5f * t + 1) * t - 0.5f) * t;
    w[1] = (1.5f * t - 2.5f) * t * t + 1;
    w[2] = ((-1.5f * t + 2) * t + 0.5f) * t;
    w[3] = (0.5f * t - 0.5f) * t * t;
}

static uint32_t inside(int64_t i, uint32_t size)
{
    return i < 0 ? 0 : i >= size ? size - 1 : (uint32_t)i;
}

void bitmap_sample(const struct bitmap *b, double x, double y, uint8_t out[static 4])
{
    const double fx = floor(x), fy = floor(y);
    float across[4], down[4], sum[4] = {0};
    cubic_weights((float)(x - fx), across);
    cubic_weights((float)(y - fy), down);
    const int64_t i = (int64_t)fx - 1, j = (int64_t)fy - 1;
    for (int n = 0; n < 4; n++) {
        const uint8_t *row = row_of(b, inside(j + n, b->height));
        for (int k = 0; k < 4; k++) {
            const uint8_t *p = row + 4 * (size_t)inside(i + k, b->width);
            const float weight = down[n] * across[k];
            for (int c = 0; c < 4; c++)
                sum[c] += weight * p[c];
        }
    }
    for (int c = 0; c < 4; c++)
        out[c] = to_byte(sum[c]);
}
