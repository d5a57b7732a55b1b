/* SPDX-License-Identifier: Apache-2.0 */
/* The linear algebra of the arrow: a tridiagonal block and a small dense border. */
#include "model.h"

#include <assert.h>
#include <math.h>

/* ---- tridiagonal -------------------------------------------------------------------------------------------------------- */

double tridiagonal_factor(struct tridiagonal *a, const double *diagonal, double off)
{
    /* Pivots are multiplied up and their logarithm is taken now and then: a logarithm a row is a third of the cost. */
    enum { PIVOTS_A_LOGARITHM = 8 };
    double log_determinant = 0, product = 1;
    for (uint32_t i = 0; i < a->n; i++) {
        a->below[i] = i ? off * a->inverse_pivot[i - 1] : 0;
        const double pivot = diagonal[i] - a->below[i] * off;
        a->inverse_pivot[i] = 1 / pivot;
        product *= pivot;
        if (i % PIVOTS_A_LOGARITHM == PIVOTS_A_LOGARITHM - 1) {
            log_determinant += log(product);
            product = 1;
        }
    }
    return log_determinant + log(product);
}

void tridiagonal_solve(const struct tridiagonal *a, double *x)
{
    for (uint32_t i = 1; i < a->n; i++)
        x[i] -= a->below[i] * x[i - 1];
    for (uint32_t i = 0; i < a->n; i++)
        x[i] *= a->inverse_pivot[i];
    for (uint32_t i = a->n; i-- > 1;)
        x[i - 1] -= a->below[i] * x[i];
}

void tridiagonal_inverse_diagonal(const struct tridiagonal *a, double *out)
{
    for (uint32_t i = a->n; i-- > 0;) {
        out[i] = a->inverse_pivot[i];
        if (i + 1 < a->n)
            out[i] += a->below[i + 1] * a->below[i + 1] * out[i + 1];
    }
}

void tridiagonal_solve_rows(const struct tridiagonal *a, const double *w, const double *b, uint32_t columns,
                            uint32_t stride, double *x)
{
    for (uint32_t i = 0; i < a->n; i++) {
        const double *from = b + (size_t)i * stride;
        double *restrict row = x + (size_t)i * stride;
        const double *before = i ? row - stride : row;
        const double below = i ? a->below[i] : 0, by = w[i];
        if (i) {
            for (uint32_t c = 0; c < columns; c++)
                row[c] = by * from[c] - below * before[c];
        } else {
            for (uint32_t c = 0; c < columns; c++)
                row[c] = by * from[c];
        }
    }
    for (uint32_t i = a->n; i-- > 0;) {
        double *restrict row = x + (size_t)i * stride;
        const double pivot = a->inverse_pivot[i];
        if (i + 1 < a->n) {
            const double *after = row + stride;
            const double below = a->below[i + 1];
            for (uint32_t c = 0; c < columns; c++)
                row[c] = row[c] * pivot - below * after[c];
        } else {
            for (uint32_t c = 0; c < columns; c++)
                row[c] *= pivot;
        }
    }
}

/* ---- dense -------------------------------------------------------------------------------------------------------------- */

bool dense_factor(double *a, uint32_t n, uint32_t stride)
{
    for (uint32_t i = 0; i < n; i++) {
        double *ai = a + (size_t)i * stride;
        for (uint32_t j = 0; j <= i; j++) {
            const double *aj = a + (size_t)j * stride;
            double sum = ai[j];
            for (uint32_t k = 0; k < j; k++)
                sum -= ai[k] * aj[k];
            if (j == i && !(sum > 0))
                return false;
            ai[j] = j < i ? sum / aj[j] : sqrt(sum);
        }
    }
    return true;
}

void dense_solve(const double *l, uint32_t n, uint32_t stride, double *x)
{
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < i; k++)
            x[i] -= l[(size_t)i * stride + k] * x[k];
        x[i] /= l[(size_t)i * stride + i];
    }
    for (uint32_t i = n; i-- > 0;) {
        x[i] /= l[(size_t)i * stride + i];
        for (uint32_t k = 0; k < i; k++)
            x[k] -= l[(size_t)i * stride + k] * x[i];
    }
}

double dense_log_determinant(const double *l, uint32_t n, uint32_t stride)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += log(l[(size_t)i * stride + i]);
    return 2 * sum;
}

void dense_inverse(const double *l, uint32_t n, uint32_t stride, double *out)
{
    assert(n <= COLUMNS_MAX);
    for (uint32_t c = 0; c < n; c++) {
        double column[COLUMNS_MAX] = {0};
        column[c] = 1;
        dense_solve(l, n, stride, column);
        for (uint32_t r = 0; r < n; r++)
            out[(size_t)r * stride + c] = column[r];
    }
}

void dense_inverse_diagonal(const double *l, uint32_t n, uint32_t stride, double *out)
{
    assert(n <= COLUMNS_MAX);
    for (uint32_t c = 0; c < n; c++) {
        double column[COLUMNS_MAX]; /* of L⁻¹, of which the inverse is the square */
        out[c] = 0;
        for (uint32_t r = c; r < n; r++) {
            double sum = r == c ? 1 : 0;
            for (uint32_t k = c; k < r; k++)
                sum -= l[(size_t)r * stride + k] * column[k];
            column[r] = sum / l[(size_t)r * stride + r];
            out[c] += column[r] * column[r];
        }
    }
}

void dense_add_products(double *a, uint32_t n, uint32_t stride, uint32_t rows, const double *w, const double *x,
                        const double *y)
{
    /* Four rows at a time, so that each element of `a` is fetched once for four products. */
    enum { AT_ONCE = 4 };
    uint32_t at[AT_ONCE] = {0}, gathered = 0;
    for (uint32_t row = 0; row <= rows; row++) {
        if (row < rows && w[row] != 0)
            at[gathered++] = row;
        if (gathered < AT_ONCE && (row < rows || !gathered))
            continue;
        double by[AT_ONCE] = {0};
        for (uint32_t k = 0; k < gathered; k++)
            by[k] = w[at[k]];
        const double *x0 = x + (size_t)at[0] * stride, *x1 = x + (size_t)at[1] * stride;
        const double *x2 = x + (size_t)at[2] * stride, *x3 = x + (size_t)at[3] * stride;
        const double *y0 = y + (size_t)at[0] * stride, *y1 = y + (size_t)at[1] * stride;
        const double *y2 = y + (size_t)at[2] * stride, *y3 = y + (size_t)at[3] * stride;
        for (uint32_t i = 0; i < n; i++) {
            const double a0 = by[0] * x0[i], a1 = by[1] * x1[i], a2 = by[2] * x2[i], a3 = by[3] * x3[i];
            double *restrict to = a + (size_t)i * stride;
            for (uint32_t j = 0; j <= i; j++)
                to[j] += (a0 * y0[j] + a1 * y1[j]) + (a2 * y2[j] + a3 * y3[j]);
        }
        gathered = 0;
    }
}
