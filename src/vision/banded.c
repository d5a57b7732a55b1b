/* SPDX-License-Identifier: Apache-2.0 */
#include "banded.h"

#include <math.h>

double banded_dot(const double *a, const double *b, size_t n)
{
    enum { SUMS = 4 };
    double sum[SUMS] = {0};
    size_t i = 0;
    for (; i + SUMS <= n; i += SUMS) {
        for (size_t k = 0; k < SUMS; k++)
            sum[k] += a[i + k] * b[i + k];
    }
    for (; i < n; i++)
        sum[0] += a[i] * b[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

bool banded_factor(double *a, uint32_t n, uint32_t band)
{
    for (uint32_t i = 0; i < n; i++) {
        double *ai = a + banded_row(i, band);
        for (uint32_t j = banded_first(i, band); j <= i; j++) {
            const double *aj = a + banded_row(j, band);
            const uint32_t first = banded_first(i, band);
            const double sum = ai[j] - banded_dot(ai + first, aj + first, j - first);
            if (j == i && !(sum > 0))
                return false;
            ai[j] = j < i ? sum / aj[j] : sqrt(sum);
        }
    }
    return true;
}

void banded_solve(const double *a, uint32_t n, uint32_t band, double *x)
{
    for (uint32_t i = 0; i < n; i++) {
        const double *ai = a + banded_row(i, band);
        const uint32_t first = banded_first(i, band);
        x[i] = (x[i] - banded_dot(ai + first, x + first, i - first)) / ai[i];
    }
    for (uint32_t i = n; i-- > 0;) {
        const double *ai = a + banded_row(i, band);
        const double xi = x[i] /= ai[i];
        for (uint32_t k = banded_first(i, band); k < i; k++)
            x[k] -= ai[k] * xi;
    }
}
