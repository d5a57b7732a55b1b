/* SPDX-License-Identifier: Apache-2.0 */
#include "banded.h"

#include <math.h>

bool banded_factor(double *a, uint32_t n, uint32_t band)
{
    for (uint32_t i = 0; i < n; i++) {
        double *ai = a + banded_row(i, band);
        for (uint32_t j = banded_first(i, band); j <= i; j++) {
            const double *aj = a + banded_row(j, band);
            double sum = ai[j];
            for (uint32_t k = banded_first(i, band); k < j; k++)
                sum -= ai[k] * aj[k];
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
        double sum = x[i];
        for (uint32_t k = banded_first(i, band); k < i; k++)
            sum -= ai[k] * x[k];
        x[i] = sum / ai[i];
    }
    for (uint32_t i = n; i-- > 0;) {
        const double *ai = a + banded_row(i, band);
        const double xi = x[i] /= ai[i];
        for (uint32_t k = banded_first(i, band); k < i; k++)
            x[k] -= ai[k] * xi;
    }
}
