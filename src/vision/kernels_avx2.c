/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels for AVX2 and FMA, eight floats at a time. */
#include "kernels_avx2.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,fma")))

/* Where the eight after those at @p i begin. The last lie over those before, so that none are left over. */
static uint32_t next_eight(uint32_t i, uint32_t count)
{
    return i + 8 < count && i + 16 > count ? count - 8 : i + 8;
}

AVX2 static void prefilter_row(const float *in, float *out, uint32_t width)
{
    const uint32_t reach = KERNEL_PREFILTER_REACH;
    uint32_t i = 0;
    for (; i < reach && i < width; i++)
        out[i] = kernel_prefilter_one(in, i, width);
    while (i + reach + 8 <= width) {
        __m256 sum = _mm256_mul_ps(_mm256_set1_ps(kernel_prefilter_taps[0]), _mm256_loadu_ps(in + i));
        for (uint32_t k = 1; k <= reach; k++) {
            __m256 pair = _mm256_add_ps(_mm256_loadu_ps(in + i - k), _mm256_loadu_ps(in + i + k));
            sum = _mm256_fmadd_ps(_mm256_set1_ps(kernel_prefilter_taps[k]), pair, sum);
        }
        _mm256_storeu_ps(out + i, sum);
        i = next_eight(i, width - reach);
    }
    for (; i < width; i++)
        out[i] = kernel_prefilter_one(in, i, width);
}

AVX2 static void prefilter_column(const float *const rows[2 * KERNEL_PREFILTER_REACH + 1], float *out, uint32_t width)
{
    const uint32_t middle = KERNEL_PREFILTER_REACH;
    uint32_t i = 0;
    for (; i + 8 <= width; i += 8) {
        __m256 sum = _mm256_mul_ps(_mm256_set1_ps(kernel_prefilter_taps[0]), _mm256_loadu_ps(rows[middle] + i));
        for (uint32_t k = 1; k <= middle; k++) {
            __m256 pair = _mm256_add_ps(_mm256_loadu_ps(rows[middle - k] + i), _mm256_loadu_ps(rows[middle + k] + i));
            sum = _mm256_fmadd_ps(_mm256_set1_ps(kernel_prefilter_taps[k]), pair, sum);
        }
        _mm256_storeu_ps(out + i, sum);
    }
    for (; i < width; i++) {
        float sum = kernel_prefilter_taps[0] * rows[middle][i];
        for (uint32_t k = 1; k <= middle; k++)
            sum += kernel_prefilter_taps[k] * (rows[middle - k][i] + rows[middle + k][i]);
        out[i] = sum;
    }
}

/* Four weights of each of eight points. */
AVX2 static void spline_weights(__m256 t, __m256 w[4])
{
    const __m256 one = _mm256_set1_ps(1), half = _mm256_set1_ps(0.5f), sixth = _mm256_set1_ps(1.0f / 6),
                 two_thirds = _mm256_set1_ps(2.0f / 3);
    __m256 u = _mm256_sub_ps(one, t), t2 = _mm256_mul_ps(t, t), u2 = _mm256_mul_ps(u, u);
    w[0] = _mm256_mul_ps(_mm256_mul_ps(u2, u), sixth);
    w[1] = _mm256_fnmadd_ps(t2, _mm256_fnmadd_ps(t, half, one), two_thirds);
    w[2] = _mm256_fnmadd_ps(u2, _mm256_fnmadd_ps(u, half, one), two_thirds);
    w[3] = _mm256_mul_ps(_mm256_mul_ps(t2, t), sixth);
}

AVX2 static __m256 held(__m256 position, uint32_t size)
{
    /* maxps gives its second operand for a NaN, so a NaN becomes the lower end. */
    return _mm256_min_ps(_mm256_max_ps(position, _mm256_set1_ps(1)), _mm256_set1_ps((float)size - 2.001f));
}

/* The sum over rows of one point: still four columns wide. */
AVX2 static inline __m128 rows_of(const float *at, uint32_t stride, float w0, float w1, float w2, float w3)
{
    __m128 sum = _mm_mul_ps(_mm_set1_ps(w0), _mm_loadu_ps(at));
    sum = _mm_fmadd_ps(_mm_set1_ps(w1), _mm_loadu_ps(at + stride), sum);
    sum = _mm_fmadd_ps(_mm_set1_ps(w2), _mm_loadu_ps(at + 2 * (size_t)stride), sum);
    return _mm_fmadd_ps(_mm_set1_ps(w3), _mm_loadu_ps(at + 3 * (size_t)stride), sum);
}

AVX2 static void sample_eight(const struct grey *c, __m256 x, __m256 y, float out[8])
{
    x = held(x, c->width);
    y = held(y, c->height);
    __m256 left = _mm256_floor_ps(x), top = _mm256_floor_ps(y), wx[4], wy[4];
    spline_weights(_mm256_sub_ps(x, left), wx);
    spline_weights(_mm256_sub_ps(y, top), wy);
    int32_t offset[8];
    float w[4][8];
    __m256i at = _mm256_add_epi32(_mm256_mullo_epi32(_mm256_cvttps_epi32(top), _mm256_set1_epi32((int32_t)c->stride)),
                                  _mm256_cvttps_epi32(left));
    _mm256_storeu_si256((__m256i *)(void *)offset, at);
    for (int k = 0; k < 4; k++)
        _mm256_storeu_ps(w[k], wy[k]);

    const float *base = c->at - c->stride - 1;
    for (int half = 0; half < 2; half++) {
        __m128 p[4];
        for (int k = 0; k < 4; k++) {
            int i = half * 4 + k;
            p[k] = rows_of(base + offset[i], c->stride, w[0][i], w[1][i], w[2][i], w[3][i]);
        }
        _MM_TRANSPOSE4_PS(p[0], p[1], p[2], p[3]);
        __m128 sum = _mm_setzero_ps();
        for (int k = 0; k < 4; k++)
            sum = _mm_fmadd_ps(p[k], half ? _mm256_extractf128_ps(wx[k], 1) : _mm256_castps256_ps128(wx[k]), sum);
        _mm_storeu_ps(out + half * 4, sum);
    }
}

AVX2 static void sample_row(const struct grey *c, const struct warp_row *row, float *out, uint32_t count)
{
    const __m256 ramp = _mm256_setr_ps(0, 1, 2, 3, 4, 5, 6, 7);
    if (count < 8) {
        kernels_plain.sample_row(c, row, out, count);
        return;
    }
    for (uint32_t i = 0; i < count; i = next_eight(i, count)) {
        __m256 n = _mm256_add_ps(ramp, _mm256_set1_ps((float)i));
        __m256 x = _mm256_fmadd_ps(n, _mm256_set1_ps(row->dx), _mm256_set1_ps(row->x0));
        __m256 y = _mm256_fmadd_ps(n, _mm256_set1_ps(row->dy), _mm256_set1_ps(row->y0));
        if (row->shift_x) {
            x = _mm256_add_ps(x, _mm256_loadu_ps(row->shift_x + i));
            y = _mm256_add_ps(y, _mm256_loadu_ps(row->shift_y + i));
        }
        sample_eight(c, x, y, out + i);
    }
}

AVX2 static float sum_of(__m256 v)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}

AVX2 static void gather_row(const struct row_model *m, const float *residual, struct row_sums *sums)
{
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256 ramp = _mm256_setr_ps(0, 1, 2, 3, 4, 5, 6, 7);
    __m256 all = _mm256_setzero_ps(), across = all, level = all, square = all;
    for (uint32_t cell = 0; cell < m->cells; cell++) {
        const uint32_t at = cell * m->cell_px;
        __m256 x[4], y[4];
        for (int k = 0; k < 4; k++)
            x[k] = y[k] = _mm256_setzero_ps();
        for (uint32_t i = 0; i < m->cell_px; i += 8) {
            const __m256i here = _mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)(m->cell_px - i)), lanes);
            const __m256 r = _mm256_maskload_ps(residual + at + i, here);
            const __m256 rx = _mm256_mul_ps(_mm256_maskload_ps(m->slope_x + at + i, here), r);
            const __m256 ry = _mm256_mul_ps(_mm256_maskload_ps(m->slope_y + at + i, here), r);
            for (uint32_t k = 0; k < 4; k++) {
                const __m256 hat = _mm256_maskload_ps(m->hat + k * m->cell_px + i, here);
                x[k] = _mm256_fmadd_ps(hat, rx, x[k]);
                y[k] = _mm256_fmadd_ps(hat, ry, y[k]);
            }
            const __m256 weighted = _mm256_mul_ps(_mm256_maskload_ps(m->weight + at + i, here), r);
            all = _mm256_add_ps(all, weighted);
            across = _mm256_fmadd_ps(weighted, _mm256_add_ps(ramp, _mm256_set1_ps((float)(at + i))), across);
            level = _mm256_fmadd_ps(_mm256_maskload_ps(m->level + at + i, here), r, level);
            square = _mm256_fmadd_ps(weighted, r, square);
        }
        for (uint32_t k = 0; k < 4; k++) {
            sums->x[cell * 4 + k] += sum_of(x[k]);
            sums->y[cell * 4 + k] += sum_of(y[k]);
        }
    }
    sums->light[0] = sum_of(all);
    sums->light[1] = sum_of(across) / (float)(m->cells * m->cell_px);
    sums->light[2] = sum_of(level);
    sums->light[3] = sum_of(square);
}

static const struct kernels kernels_of_avx2 = {"avx2", prefilter_row, prefilter_column, sample_row, gather_row};

const struct kernels *kernels_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kernels_of_avx2 : NULL;
}

#else

const struct kernels *kernels_avx2(void)
{
    return NULL;
}

#endif
