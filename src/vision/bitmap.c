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
    return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)lrintf(value);
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

/* One row of a plane as levels of 8 bits, between two of its rows: share 0 is row j, 1 the one below. */
static void plane_row(const struct clip_plane *p, uint32_t bits, double at, float *out)
{
    const double held = fmin(fmax(at, 0), p->height - 1.0);
    const uint32_t j = (uint32_t)held, below = j + 1 < p->height ? j + 1 : j;
    const float share = (float)(held - j), scale = 1.0f / (float)(1U << (bits - 8));
    const uint8_t *upper = (const uint8_t *)p->samples + (size_t)j * p->stride_bytes;
    const uint8_t *lower = (const uint8_t *)p->samples + (size_t)below * p->stride_bytes;
    if (bits > 8) {
        const uint16_t *u = (const uint16_t *)(const void *)upper, *l = (const uint16_t *)(const void *)lower;
        for (uint32_t i = 0; i < p->width; i++)
            out[i] = scale * ((float)u[i] + share * ((float)l[i] - (float)u[i]));
    } else {
        for (uint32_t i = 0; i < p->width; i++)
            out[i] = (float)upper[i] + share * ((float)lower[i] - (float)upper[i]);
    }
}

/* Where the pixels of a stored row go in the shown picture: the first one, and the step to the next. */
struct walk {
    ptrdiff_t first, step; /* bytes */
};

static struct walk walk_of(const struct bitmap *b, int rotation_deg, uint32_t v)
{
    const ptrdiff_t stride = (ptrdiff_t)b->stride_bytes, w = b->width, h = b->height;
    switch (rotation_deg) {
    case 90:
        return (struct walk){4 * (w - 1 - v), stride};
    case 180:
        return (struct walk){(h - 1 - v) * stride + 4 * (w - 1), -4};
    case 270:
        return (struct walk){(h - 1) * stride + 4 * (ptrdiff_t)v, -stride};
    default:
        return (struct walk){v * stride, 4};
    }
}

/* Places between the samples of a row of chroma, for each pixel of the luma. */
static void stretch(const float *row, uint32_t width, uint32_t to, float *out)
{
    const uint32_t last = width - 1;
    const float step = (float)width / (float)to;
    for (uint32_t x = 0; x < to; x++) {
        const float at = ((float)x + 0.5f) * step - 0.5f, held = at < 0 ? 0 : at;
        const uint32_t i = held < (float)last ? (uint32_t)held : last, next = i < last ? i + 1 : last;
        out[x] = row[i] + (held - (float)i) * (row[next] - row[i]);
    }
}

/* One row of a frame, in levels of 8 bits; Cb and Cr about 0, one for each pixel of the luma. */
struct row {
    float grey[CLIP_SIDE_MAX_PX], chroma[2][CLIP_SIDE_MAX_PX];
    float narrow[CLIP_SIDE_MAX_PX]; /* chroma as it is stored */
};

static void read_row(const struct clip_frame *f, uint32_t v, struct row *row)
{
    plane_row(&f->planes[0], f->bits, v, row->grey);
    for (int c = 0; c < 2 && f->colour; c++) {
        const struct clip_plane *p = &f->planes[1 + c];
        plane_row(p, f->bits, (v + 0.5) * p->height / f->height - 0.5, row->narrow);
        stretch(row->narrow, p->width, f->width, row->chroma[c]);
        for (uint32_t u = 0; u < f->width; u++)
            row->chroma[c][u] -= 128;
    }
}

void bitmap_of_frame(struct bitmap *b, const struct clip_frame *f)
{
    assert(f->width <= CLIP_SIDE_MAX_PX);
    struct row row = {0};
    const struct luma luma = luma_of(b->height);
    const float black = f->full_range ? 0 : 16, scale_y = f->full_range ? 1 : 255.0f / 219;
    const float scale_c = f->full_range ? 1 : 255.0f / 224;
    const float blue_of = scale_c * 2 * (1 - luma.blue), red_of = scale_c * 2 * (1 - luma.red);
    const float green = 1 - luma.red - luma.blue, red_in = luma.red / green, blue_in = luma.blue / green;
    for (uint32_t v = 0; v < f->height; v++) {
        read_row(f, v, &row);
        const struct walk walk = walk_of(b, f->rotation_deg, v);
        uint8_t *out = b->pixels + walk.first;
        for (uint32_t u = 0; u < f->width; u++, out += walk.step) {
            const float grey = (row.grey[u] - black) * scale_y;
            const float blue = blue_of * row.chroma[0][u], red = red_of * row.chroma[1][u];
            out[0] = to_byte(grey + blue);
            out[1] = to_byte(grey - red_in * red - blue_in * blue);
            out[2] = to_byte(grey + red);
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
    const float share = 1.0f / (float)(times * times);
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
                out[c] = to_byte(share * (float)sum[c]);
        }
    }
}

void bitmap_zoomed(const struct bitmap *from, struct bitmap_zoom zoom, struct bitmap *to)
{
    assert(zoom.up > 0 && zoom.down > 0);
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
