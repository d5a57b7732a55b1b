/* SPDX-License-Identifier: Apache-2.0 */
/* The plain kernels, and the choice among all. The spline is that of Unser, Aldroubi & Eden 1993 (IEEE TSP 41:821). */
#include "kernels.h"

#include "kernels_avx2.h"

#include <math.h>
#include <string.h>

/* √3 · (√3 − 2)^|k|: the inverse of the sampled cubic B-spline [1 4 1] / 6. */
const float kernel_prefilter_taps[KERNEL_PREFILTER_REACH + 1] = {
    1.7320508f, -0.46410162f, 0.12435565f, -0.033320997f, 0.0089283322f, -0.0023923398f, 0.00064102565f,
};

uint32_t kernel_mirrored(int32_t i, uint32_t width)
{
    int32_t last = (int32_t)width - 1;
    if (last == 0)
        return 0;
    i = i < 0 ? -i : i;
    if (i > 2 * last) /* a division is dear, and seldom needed */
        i %= 2 * last;
    return (uint32_t)(i > last ? 2 * last - i : i);
}

float kernel_prefilter_one(const float *in, uint32_t i, uint32_t width)
{
    float sum = kernel_prefilter_taps[0] * in[i];
    for (int32_t k = 1; k <= KERNEL_PREFILTER_REACH; k++)
        sum += kernel_prefilter_taps[k] *
               (in[kernel_mirrored((int32_t)i - k, width)] + in[kernel_mirrored((int32_t)i + k, width)]);
    return sum;
}

static void plain_prefilter_row(const float *in, float *out, uint32_t width)
{
    const uint32_t reach = KERNEL_PREFILTER_REACH;
    uint32_t i = 0;
    for (; i < reach && i < width; i++)
        out[i] = kernel_prefilter_one(in, i, width);
    for (; i + reach < width; i++) {
        float sum = kernel_prefilter_taps[0] * in[i];
        for (uint32_t k = 1; k <= reach; k++)
            sum += kernel_prefilter_taps[k] * (in[i - k] + in[i + k]);
        out[i] = sum;
    }
    for (; i < width; i++)
        out[i] = kernel_prefilter_one(in, i, width);
}

static void plain_prefilter_column(const float *const rows[2 * KERNEL_PREFILTER_REACH + 1], float *out, uint32_t width)
{
    const uint32_t middle = KERNEL_PREFILTER_REACH;
    for (uint32_t i = 0; i < width; i++) {
        float sum = kernel_prefilter_taps[0] * rows[middle][i];
        for (uint32_t k = 1; k <= middle; k++)
            sum += kernel_prefilter_taps[k] * (rows[middle - k][i] + rows[middle + k][i]);
        out[i] = sum;
    }
}

/* The four cubic B-splines that reach a point at fraction t between two samples. */
static void spline_weights(float t, float w[4])
{
    float u = 1 - t, t2 = t * t, u2 = u * u;
    w[0] = u2 * u * (1.0f / 6);
    w[1] = (2.0f / 3) - t2 * (1 - t * 0.5f);
    w[2] = (2.0f / 3) - u2 * (1 - u * 0.5f);
    w[3] = t2 * t * (1.0f / 6);
}

/* Holds a position where four neighbours exist on both sides; NaN becomes the lower end. */
static float held(float position, uint32_t size)
{
    const float low = 1, high = (float)size - 2.001f;
    return position > low ? (position < high ? position : high) : low;
}

static void plain_sample_row(const struct grey *c, const struct warp_row *row, float *out, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        float x = row->x0 + (float)i * row->dx, y = row->y0 + (float)i * row->dy;
        if (row->shift_x) {
            x += row->shift_x[i];
            y += row->shift_y[i];
        }
        x = held(x, c->width);
        y = held(y, c->height);
        uint32_t left = (uint32_t)x, top = (uint32_t)y;
        float wx[4], wy[4], sum = 0;
        spline_weights(x - (float)left, wx);
        spline_weights(y - (float)top, wy);
        const float *at = c->at + (size_t)(top - 1) * c->stride + left - 1;
        for (int k = 0; k < 4; k++, at += c->stride)
            sum += wy[k] * (wx[0] * at[0] + wx[1] * at[1] + wx[2] * at[2] + wx[3] * at[3]);
        out[i] = sum;
    }
}

static void plain_gather_row(const struct row_model *m, const float *residual, struct row_sums *sums)
{
    float all = 0, across = 0, level = 0, square = 0;
    const float width = (float)(m->cells * m->cell_px);
    for (uint32_t cell = 0; cell < m->cells; cell++) {
        const uint32_t at = cell * m->cell_px;
        float x[4] = {0}, y[4] = {0};
        for (uint32_t i = 0; i < m->cell_px; i++) {
            const float r = residual[at + i], weighted = m->weight[at + i] * r;
            const float rx = m->slope_x[at + i] * r, ry = m->slope_y[at + i] * r;
            for (int k = 0; k < 4; k++) {
                x[k] += m->hat[(uint32_t)k * m->cell_px + i] * rx;
                y[k] += m->hat[(uint32_t)k * m->cell_px + i] * ry;
            }
            all += weighted;
            across += weighted * (float)(at + i);
            level += m->level[at + i] * r;
            square += weighted * r;
        }
        for (int k = 0; k < 4; k++) {
            sums->x[cell * 4 + (uint32_t)k] += x[k];
            sums->y[cell * 4 + (uint32_t)k] += y[k];
        }
    }
    sums->light[0] = all;
    sums->light[1] = across / width;
    sums->light[2] = level;
    sums->light[3] = square;
}

const struct kernels kernels_plain = {
    "plain", plain_prefilter_row, plain_prefilter_column, plain_sample_row, plain_gather_row,
};

uint32_t kernels_all(const struct kernels *out[4])
{
    uint32_t count = 0;
    out[count++] = &kernels_plain;
    const struct kernels *avx2 = kernels_avx2();
    if (avx2)
        out[count++] = avx2;
    return count;
}

const struct kernels *kernels_best(void)
{
    const struct kernels *all[4] = {NULL};
    return all[kernels_all(all) - 1];
}
