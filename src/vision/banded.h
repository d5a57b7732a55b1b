/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Symmetric positive definite matrices whose elements lie near the diagonal.
 *
 * The lower band is kept by rows of band + 1, so that element (i, k), k ≤ i, is at banded_row(i) + k. A band of n − 1 is a full
 * matrix. Factoring is in place: Cholesky, by rows (Golub & Van Loan, algorithm 4.3.5).
 */
#ifndef QUIVER_VISION_BANDED_H
#define QUIVER_VISION_BANDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline size_t banded_row(uint32_t i, uint32_t band)
{
    return (size_t)i * band + band;
}

static inline uint32_t banded_first(uint32_t i, uint32_t band)
{
    return i > band ? i - band : 0;
}

/** Σ a b of @p n elements. In four partial sums, because a single one waits for itself at every step. */
double banded_dot(const double *a, const double *b, size_t n);
/** @p a [n][band + 1]. False: it is not positive definite. */
bool banded_factor(double *a, uint32_t n, uint32_t band);
/** Solves with a factored matrix, in place. */
void banded_solve(const double *a, uint32_t n, uint32_t band, double *x);

#endif
