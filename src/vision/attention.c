/* SPDX-License-Identifier: Apache-2.0 */
#include "attention.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void attention_matrix(const struct tflite_crop *crop, const float *points, float matrix[static ATTENTION_MATRIX])
{
    assert(crop->point_count > 0);
    assert(crop->width > 0 && crop->height > 0);
    const float *l = points + 3 * (size_t)crop->left, *r = points + 3 * (size_t)crop->right;
    const float turn = atan2f(r[1] - l[1], r[0] - l[0]) - crop->turn_rad, c = cosf(turn), s = sinf(turn);
    /* The box along the axes u and v, which lie turned in the map. */
    float left = INFINITY, right = -INFINITY, top = INFINITY, bottom = -INFINITY;
    for (uint32_t i = 0; i < crop->point_count; i++) {
        const float *p = points + 3 * (size_t)crop->points[i];
        const float u = c * p[0] + s * p[1], v = -s * p[0] + c * p[1];
        left = fminf(left, u);
        right = fmaxf(right, u);
        top = fminf(top, v);
        bottom = fmaxf(bottom, v);
    }
    const float u = (left + right) / 2, v = (top + bottom) / 2;
    const float step_u = crop->scale_x * (right - left) / (float)crop->width;
    const float step_v = crop->scale_y * (bottom - top) / (float)crop->height;
    /* From the crop's corner to its middle, along its own axes. */
    const float first_u = u - step_u * (float)crop->width / 2, first_v = v - step_v * (float)crop->height / 2;
    const float all[ATTENTION_MATRIX] = {
        c * step_u, -s * step_v, 0, c * first_u - s * first_v, /* x */
        s * step_u, c * step_v,  0, s * first_u + c * first_v, /* y */
        0,          0,           1, 0,                         /* z */
        0,          0,           0, 1,
    };
    memcpy(matrix, all, sizeof all);
}

static void place(const float m[static ATTENTION_MATRIX], float u, float v, float *x, float *y)
{
    *x = m[0] * u + m[1] * v + m[3];
    *y = m[4] * u + m[5] * v + m[7];
}

void attention_crop(const struct attention_map *map, const float *from, const float matrix[static ATTENTION_MATRIX],
                    uint32_t width, uint32_t height, float *to)
{
    const uint32_t channels = map->channels;
    for (uint32_t j = 0; j < height; j++) {
        for (uint32_t i = 0; i < width; i++, to += channels) {
            float x, y;
            place(matrix, (float)i + 0.5f, (float)j + 0.5f, &x, &y);
            x -= 0.5f;
            y -= 0.5f;
            if (!(x >= 0 && y >= 0 && x <= (float)(map->width - 1) && y <= (float)(map->height - 1))) {
                memset(to, 0, channels * sizeof *to);
                continue;
            }
            const uint32_t x0 = (uint32_t)x, y0 = (uint32_t)y;
            const uint32_t x1 = x0 + (x0 + 1 < map->width), y1 = y0 + (y0 + 1 < map->height);
            const float tx = x - (float)x0, ty = y - (float)y0;
            const float *a = from + (size_t)(y0 * map->width + x0) * channels,
                        *b = from + (size_t)(y0 * map->width + x1) * channels,
                        *c = from + (size_t)(y1 * map->width + x0) * channels,
                        *d = from + (size_t)(y1 * map->width + x1) * channels;
            for (uint32_t k = 0; k < channels; k++)
                to[k] = (1 - ty) * ((1 - tx) * a[k] + tx * b[k]) + ty * ((1 - tx) * c[k] + tx * d[k]);
        }
    }
}

void attention_points(const float *from, uint32_t count, const float matrix[static ATTENTION_MATRIX], float *to)
{
    for (uint32_t i = 0; i < count; i++)
        place(matrix, from[2 * i], from[2 * i + 1], &to[2 * i], &to[2 * i + 1]);
}
