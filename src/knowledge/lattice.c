/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The draws that intervals are made of: a rank-1 lattice of 61 points in as many dimensions as there may be conditions.
 *
 * Coordinate c of draw d is the normal quantile of ((2^c · d + c) mod 61 + ½) / 61. 2 is a primitive root of 61, so no two of
 * the first 30 conditions share or mirror a sequence (Niederreiter 1978 on good lattice points). No random numbers: the
 * same case gives the same interval.
 */
#include "index.h"

#define LATTICE_ROOT 2

/* Φ⁻¹((i + ½) / 61) */
static const float normal_quantile[QV_DRAWS] = {
    -2.400036f, -1.967025f, -1.739384f, -1.577180f, -1.448272f, -1.339746f, -1.245046f, -1.160362f, -1.083270f,
    -1.012131f, -0.945777f, -0.883346f, -0.824182f, -0.767771f, -0.713705f, -0.661648f, -0.611326f, -0.562507f,
    -0.514994f, -0.468616f, -0.423225f, -0.378690f, -0.334894f, -0.291732f, -0.249106f, -0.206929f, -0.165116f,
    -0.123591f, -0.082277f, -0.041104f, 0.000000f,  0.041104f,  0.082277f,  0.123591f,  0.165116f,  0.206929f,
    0.249106f,  0.291732f,  0.334894f,  0.378690f,  0.423225f,  0.468616f,  0.514994f,  0.562507f,  0.611326f,
    0.661648f,  0.713705f,  0.767771f,  0.824182f,  0.883346f,  0.945777f,  1.012131f,  1.083270f,  1.160362f,
    1.245046f,  1.339746f,  1.448272f,  1.577180f,  1.739384f,  1.967025f,  2.400036f,
};

int index_draws(struct qv_knowledge *knowledge, struct qv_error *error)
{
    float(*draws)[QV_CONDITION_MAX] = qv_arena_alloc(knowledge->arena, QV_DRAWS, sizeof *draws);
    if (!draws)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    for (uint32_t c = 0, step = 1; c < QV_CONDITION_MAX; c++, step = step * LATTICE_ROOT % QV_DRAWS) {
        for (uint32_t d = 0; d < QV_DRAWS; d++)
            draws[d][c] = normal_quantile[(step * d + c) % QV_DRAWS];
    }
    knowledge->draws = (const float(*)[QV_CONDITION_MAX])draws;
    return QV_OK;
}
