/* SPDX-License-Identifier: Apache-2.0 */
/* See window.h for the model. */
#include "window.h"

#include "banded.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define PAIRS 10      /* of four splines with each other */
#define PAIR_LANES 12 /* the same in whole vectors of four; the last are zero */

/* ---- maps of the plane ---------------------------------------------------------------------------------------------- */

struct affine affine_of(struct affine o, struct affine i)
{
    return (struct affine){o.a * i.a + o.b * i.d, o.a * i.b + o.b * i.e, o.a * i.c + o.b * i.f + o.c,
                           o.d * i.a + o.e * i.d, o.d * i.b + o.e * i.e, o.d * i.c + o.e * i.f + o.f};
}

struct affine affine_inverse(struct affine m)
{
    double det = m.a * m.e - m.b * m.d;
    struct affine out = {m.e / det, -m.b / det, 0, -m.d / det, m.a / det, 0};
    out.c = -(out.a * m.c + out.b * m.f);
    out.f = -(out.d * m.c + out.e * m.f);
    return out;
}

void affine_apply(const struct affine *m, double x, double y, double *out_x, double *out_y)
{
    *out_x = m->a * x + m->b * y + m->c;
    *out_y = m->d * x + m->e * y + m->f;
}

/* ---- shape ------------------------------------------------------------------------------------------------------------ */

static void cubic_weights(double t, double w[4])
{
    double u = 1 - t;
    w[0] = u * u * u / 6;
    w[1] = 2.0 / 3 - t * t * (1 - t / 2);
    w[2] = 2.0 / 3 - u * u * (1 - u / 2);
    w[3] = t * t * t / 6;
}

uint32_t window_unknown(const struct window *w, uint32_t node_x, uint32_t node_y)
{
    /* Along the shorter side first, so that the band is narrow. */
    uint32_t node = w->nodes_x < w->nodes_y ? node_y * w->nodes_x + node_x : node_x * w->nodes_y + node_y;
    return 2 * node;
}

int window_init(struct window *w, double x0, double y0, uint32_t cells_x, uint32_t cells_y, uint32_t cell_px,
                bool with_field, struct qv_arena *arena, struct qv_error *error)
{
    assert(cells_x > 0 && cells_y > 0 && cell_px > 1);
    *w = (struct window){.x0 = x0, .y0 = y0, .cells_x = cells_x, .cells_y = cells_y, .cell_px = cell_px};
    w->with_field = with_field;
    w->width = cells_x * cell_px;
    w->height = cells_y * cell_px;
    w->nodes_x = cells_x + 3;
    w->nodes_y = cells_y + 3;
    w->node_count = w->nodes_x * w->nodes_y;
    w->unknowns = 2 * w->node_count;
    uint32_t shorter = w->nodes_x < w->nodes_y ? w->nodes_x : w->nodes_y;
    w->band = 2 * (3 * shorter + 3) + 1;

    const size_t pixels = (size_t)w->width * w->height;
    float **planes[] = {&w->level, &w->mask,    &w->slope_x, &w->slope_y, &w->weighted,
                        &w->toned, &w->sampled, &w->shift_x, &w->shift_y, &w->residual};
    bool fine = true;
    for (size_t i = 0; i < sizeof planes / sizeof planes[0]; i++)
        fine = (*planes[i] = qv_arena_alloc(arena, pixels, sizeof(float))) && fine;
    fine = (w->hat = qv_arena_alloc(arena, 4 * (size_t)cell_px, sizeof(float))) && fine;
    fine = (w->row_x = qv_arena_alloc(arena, 4 * (size_t)cells_x, sizeof(float))) && fine;
    fine = (w->row_y = qv_arena_alloc(arena, 4 * (size_t)cells_x, sizeof(float))) && fine;
    fine = (w->sum_x = qv_arena_alloc(arena, 16 * (size_t)cells_x, sizeof(double))) && fine;
    fine = (w->sum_y = qv_arena_alloc(arena, 16 * (size_t)cells_x, sizeof(double))) && fine;
    fine = (w->right = qv_arena_alloc(arena, w->unknowns, sizeof(double))) && fine;
    fine = (w->border = qv_arena_alloc(arena, (size_t)WINDOW_FREE * w->unknowns, sizeof(double))) && fine;
    fine = (w->field_more = qv_arena_alloc(arena, w->unknowns, sizeof(float))) && fine;
    fine = (w->sum_b = qv_arena_alloc(arena, w->unknowns, sizeof(double))) && fine;
    fine = (w->pair_sums = qv_arena_alloc(arena, (size_t)PAIRS * 3 * PAIR_LANES * cells_x, sizeof(double))) && fine;
    fine = (w->hat_pairs = qv_arena_alloc(arena, (size_t)PAIR_LANES * cell_px, sizeof(float))) && fine;
    fine = (w->factor = qv_arena_alloc(arena, (size_t)w->unknowns * (w->band + 1), sizeof(double))) && fine;
    if (with_field) {
        fine = (w->solved = qv_arena_alloc(arena, (size_t)WINDOW_FREE * w->unknowns, sizeof(double))) && fine;
    }
    if (!fine)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");

    for (uint32_t i = 0; i < cell_px; i++) {
        double h[4];
        cubic_weights((i + 0.5) / cell_px, h);
        for (uint32_t k = 0; k < 4; k++)
            w->hat[k * cell_px + i] = (float)h[k];
        for (uint32_t k = 0, pair = 0; k < 4; k++) {
            for (uint32_t l = k; l < 4; l++, pair++)
                w->hat_pairs[i * PAIR_LANES + pair] = w->hat[k * cell_px + i] * w->hat[l * cell_px + i];
        }
    }
    return QV_OK;
}

void window_sample(struct window *w, const struct kernels *k, const struct grey *coefficients, struct affine place,
                   bool shifted)
{
    for (uint32_t j = 0; j < w->height; j++) {
        double x, y;
        affine_apply(&place, w->x0, w->y0 + j, &x, &y);
        struct warp_row row = {(float)x, (float)y, (float)place.a, (float)place.d, NULL, NULL};
        if (shifted) {
            row.shift_x = w->shift_x + (size_t)j * w->width;
            row.shift_y = w->shift_y + (size_t)j * w->width;
        }
        k->sample_row(coefficients, &row, w->sampled + (size_t)j * w->width, w->width);
    }
}

/* ---- the equations ------------------------------------------------------------------------------------------------------- */

/* Affine motion as coefficients of the nodes: parameter p is axis p / 3 times {1, X, Y}[p % 3], X and Y about ±1. */
static double affine_at_node(const struct window *w, uint32_t p, uint32_t node_x, uint32_t node_y)
{
    const double half_x = w->cells_x / 2.0, half_y = w->cells_y / 2.0;
    return p % 3 == 0 ? 1 : p % 3 == 1 ? (node_x - 1.0 - half_x) / half_x : (node_y - 1.0 - half_y) / half_y;
}

/* Gradients of the template by fourth-order central differences. */
static void make_slopes(struct window *w)
{
    const int32_t width = (int32_t)w->width, height = (int32_t)w->height;
    double sum = 0;
    for (size_t at = 0; at < (size_t)w->width * w->height; at++)
        sum += (double)w->level[at];
    const float mean = (float)(sum / ((double)w->width * w->height));
    double square = 0;
    w->mean = mean;
    w->pixels = 0;
    for (int32_t j = 0; j < height; j++) {
        for (int32_t i = 0; i < width; i++) {
            const size_t at = (size_t)j * w->width + (size_t)i;
            float gx = 0, gy = 0;
            if (i >= 2 && i + 2 < width)
                gx = (8 * (w->level[at + 1] - w->level[at - 1]) - (w->level[at + 2] - w->level[at - 2])) / 12;
            if (j >= 2 && j + 2 < height)
                gy = (8 * (w->level[at + w->width] - w->level[at - w->width]) -
                      (w->level[at + 2 * (size_t)w->width] - w->level[at - 2 * (size_t)w->width])) /
                     12;
            bool edge = i < 2 || j < 2 || i + 2 >= width || j + 2 >= height;
            float m = edge ? 0 : w->mask[at];
            w->slope_x[at] = -m * gx;
            w->slope_y[at] = -m * gy;
            w->weighted[at] = m;
            w->toned[at] = m * (w->level[at] - mean);
            w->pixels += (double)m;
            square += (double)(m * (w->level[at] - mean) * (w->level[at] - mean));
        }
    }
    w->contrast = (float)sqrt(square / fmax(w->pixels, 1));
}

static void row_of(const struct window *w, uint32_t j, struct row_model *m)
{
    const size_t at = (size_t)j * w->width;
    *m = (struct row_model){w->slope_x + at, w->slope_y + at, w->toned + at, w->weighted + at,
                            w->hat,          w->cells_x,      w->cell_px};
}

/* Passes @p source over the window's rows and adds up Σ hat · slope · source by node, and the light's sums. */
static void gather(struct window *w, const struct kernels *k, const float *source, double *right,
                   double light[LIGHT_COUNT], double *square)
{
    memset(right, 0, w->unknowns * sizeof *right);
    for (int l = 0; l < LIGHT_COUNT; l++)
        light[l] = 0;
    *square = 0;
    struct row_sums sums = {.x = w->row_x, .y = w->row_y};
    for (uint32_t cell_y = 0; cell_y < w->cells_y; cell_y++) {
        memset(w->sum_x, 0, 16 * (size_t)w->cells_x * sizeof *w->sum_x);
        memset(w->sum_y, 0, 16 * (size_t)w->cells_x * sizeof *w->sum_y);
        for (uint32_t i = 0; i < w->cell_px; i++) {
            const uint32_t j = cell_y * w->cell_px + i;
            struct row_model m;
            row_of(w, j, &m);
            memset(w->row_x, 0, 4 * (size_t)w->cells_x * sizeof *w->row_x);
            memset(w->row_y, 0, 4 * (size_t)w->cells_x * sizeof *w->row_y);
            k->gather_row(&m, source + (size_t)j * w->width, &sums);
            light[LIGHT_OFFSET] += (double)sums.light[0];
            light[LIGHT_ACROSS] += (double)sums.light[1];
            light[LIGHT_DOWN] += (double)sums.light[0] * j / w->height;
            light[LIGHT_GAIN] += (double)sums.light[2];
            *square += (double)sums.light[3];
            for (uint32_t down = 0; down < 4; down++) {
                const double v = (double)w->hat[down * w->cell_px + i];
                for (uint32_t c = 0; c < 4 * w->cells_x; c++) {
                    w->sum_x[down * 4 * w->cells_x + c] += v * (double)w->row_x[c];
                    w->sum_y[down * 4 * w->cells_x + c] += v * (double)w->row_y[c];
                }
            }
        }
        for (uint32_t down = 0; down < 4; down++) {
            for (uint32_t c = 0; c < 4 * w->cells_x; c++) {
                uint32_t u = window_unknown(w, c / 4 + c % 4, cell_y + down);
                right[u] += w->sum_x[down * 4 * w->cells_x + c];
                right[u + 1] += w->sum_y[down * 4 * w->cells_x + c];
            }
        }
    }
}

/* Adds one row of pixels to the sums of each cell: [PAIRS of rows][xx, xy, yy][PAIR_LANES of columns]. */
static void add_row(struct window *w, uint32_t j, const float *down, double *pair_sums)
{
    const float *gx = w->slope_x + (size_t)j * w->width, *gy = w->slope_y + (size_t)j * w->width;
    const float *mask = w->weighted + (size_t)j * w->width;
    float *products[3] = {w->residual, w->residual + w->width, w->residual + 2 * (size_t)w->width};
    for (uint32_t i = 0; i < w->width; i++) {
        const float m = mask[i] > 0 ? mask[i] : 1; /* where it is 0, so are the slopes */
        products[0][i] = gx[i] * gx[i] / m;
        products[1][i] = gx[i] * gy[i] / m;
        products[2][i] = gy[i] * gy[i] / m;
    }
    for (uint32_t c = 0; c < w->cells_x; c++) {
        float across[3][PAIR_LANES] = {{0}};
        for (int a = 0; a < 3; a++) {
            const float *from = products[a] + (size_t)c * w->cell_px;
            for (uint32_t n = 0; n < w->cell_px; n++) {
                for (uint32_t p = 0; p < PAIR_LANES; p++)
                    across[a][p] += w->hat_pairs[(size_t)n * PAIR_LANES + p] * from[n];
            }
        }
        for (uint32_t q = 0; q < PAIRS; q++) {
            for (int a = 0; a < 3; a++, pair_sums += PAIR_LANES) {
                for (uint32_t p = 0; p < PAIR_LANES; p++)
                    pair_sums[p] += (double)(down[q] * across[a][p]);
            }
        }
    }
}

/* Adds Σ mask ∇T ∇Tᵀ hat hat′ to the lower band of the factor, a row of cells at a time. */
static void add_structure(struct window *w, double *pair_sums)
{
    const size_t per_cell = (size_t)PAIRS * 3 * PAIR_LANES;
    uint32_t first[PAIRS] = {0}, second[PAIRS] = {0}, pairs = 0;
    for (uint32_t k = 0; k < 4; k++) {
        for (uint32_t l = k; l < 4; l++, pairs++) {
            first[pairs] = k;
            second[pairs] = l;
        }
    }
    for (uint32_t cell_y = 0; cell_y < w->cells_y; cell_y++) {
        memset(pair_sums, 0, per_cell * w->cells_x * sizeof *pair_sums);
        for (uint32_t i = 0; i < w->cell_px; i++) {
            add_row(w, cell_y * w->cell_px + i, w->hat_pairs + (size_t)i * PAIR_LANES, pair_sums);
        }
        for (uint32_t c = 0; c < w->cells_x; c++) {
            for (uint32_t q = 0; q < PAIRS; q++) {
                for (uint32_t p = 0; p < PAIRS; p++) {
                    const double *s = pair_sums + per_cell * c + (size_t)q * 3 * PAIR_LANES + p;
                    /* The pair (k, l) of columns with the pair (m, n) of rows stands for up to four pairs of nodes. */
                    for (uint32_t swap = 0; swap < 4; swap++) {
                        if (((swap & 1) && first[p] == second[p]) || ((swap & 2) && first[q] == second[q]))
                            continue;
                        uint32_t x1 = swap & 1 ? second[p] : first[p], x2 = swap & 1 ? first[p] : second[p];
                        uint32_t y1 = swap & 2 ? second[q] : first[q], y2 = swap & 2 ? first[q] : second[q];
                        uint32_t u = window_unknown(w, c + x1, cell_y + y1), v = window_unknown(w, c + x2, cell_y + y2);
                        if (u < v)
                            continue;
                        double *along_x = w->factor + banded_row(u, w->band);
                        double *along_y = w->factor + banded_row(u + 1, w->band);
                        along_x[v] += s[0];
                        along_y[v] += s[PAIR_LANES];
                        along_y[v + 1] += s[2 * (size_t)PAIR_LANES];
                        if (u > v)
                            along_x[v + 1] += s[PAIR_LANES];
                    }
                }
            }
        }
    }
}

static void add_bend(struct window *w, uint32_t u, uint32_t v, double stiffness)
{
    uint32_t high = u > v ? u : v, low = u > v ? v : u;
    for (uint32_t axis = 0; axis < 2; axis++) {
        w->factor[banded_row(u + axis, w->band) + u + axis] += stiffness;
        w->factor[banded_row(v + axis, w->band) + v + axis] += stiffness;
        w->factor[banded_row(high + axis, w->band) + low + axis] -= stiffness;
    }
}

/* The prior: nodes near nothing, and near their neighbours. */
static void add_prior(struct window *w)
{
    const double noise = WINDOW_NOISE_GREY * WINDOW_NOISE_GREY;
    const double loose = noise / (WINDOW_LOOSE_PX * WINDOW_LOOSE_PX), bend = noise / (WINDOW_BEND_PX * WINDOW_BEND_PX);
    for (uint32_t i = 0; i < w->nodes_x; i++) {
        for (uint32_t j = 0; j < w->nodes_y; j++) {
            uint32_t u = window_unknown(w, i, j);
            for (uint32_t axis = 0; axis < 2; axis++)
                w->factor[banded_row(u + axis, w->band) + u + axis] += loose;
            if (i + 1 < w->nodes_x)
                add_bend(w, u, window_unknown(w, i + 1, j), bend);
            if (j + 1 < w->nodes_y)
                add_bend(w, u, window_unknown(w, i, j + 1), bend);
        }
    }
}

static bool factor_small(double a[WINDOW_FREE][WINDOW_FREE])
{
    for (int i = 0; i < WINDOW_FREE; i++) {
        for (int j = 0; j <= i; j++) {
            double sum = a[i][j];
            for (int k = 0; k < j; k++)
                sum -= a[i][k] * a[j][k];
            if (i == j && !(sum > 1e-12))
                return false;
            a[i][j] = i == j ? sqrt(sum) : sum / a[j][j];
        }
    }
    return true;
}

static void solve_small(double a[WINDOW_FREE][WINDOW_FREE], double *x)
{
    for (int i = 0; i < WINDOW_FREE; i++) {
        for (int k = 0; k < i; k++)
            x[i] -= a[i][k] * x[k];
        x[i] /= a[i][i];
    }
    for (int i = WINDOW_FREE; i-- > 0;) {
        for (int k = i + 1; k < WINDOW_FREE; k++)
            x[i] -= a[k][i] * x[k];
        x[i] /= a[i][i];
    }
}

/* Product of the field's matrix, before it is factored, with affine motion p; @p out [unknowns]. */
static void times_affine(const struct window *w, uint32_t p, double *out)
{
    double *in = w->right;
    memset(in, 0, w->unknowns * sizeof *in);
    memset(out, 0, w->unknowns * sizeof *out);
    for (uint32_t i = 0; i < w->nodes_x; i++) {
        for (uint32_t j = 0; j < w->nodes_y; j++)
            in[window_unknown(w, i, j) + p / 3] = affine_at_node(w, p, i, j);
    }
    for (uint32_t i = 0; i < w->unknowns; i++) {
        const double *ai = w->factor + banded_row(i, w->band), here = in[i];
        const uint32_t first = banded_first(i, w->band);
        out[i] += banded_dot(ai + first, in + first, i + 1 - first);
        for (uint32_t k = first; k < i && here != 0; k++) /* it is 0 along the other axis */
            out[k] += ai[k] * here;
    }
}

static double affine_of_right(const struct window *w, uint32_t p, const double *right)
{
    double sum = 0;
    for (uint32_t i = 0; i < w->nodes_x; i++) {
        for (uint32_t j = 0; j < w->nodes_y; j++)
            sum += affine_at_node(w, p, i, j) * right[window_unknown(w, i, j) + p / 3];
    }
    return sum;
}

/* Value of a light column at a pixel, without the mask. */
static float light_at(const struct window *w, int column, uint32_t i, uint32_t j)
{
    switch (column) {
    case LIGHT_OFFSET:
        return 1;
    case LIGHT_ACROSS:
        return (float)i / (float)w->width;
    case LIGHT_DOWN:
        return (float)j / (float)w->height;
    default:
        return w->level[(size_t)j * w->width + i] - w->mean;
    }
}

bool window_prepare(struct window *w, const struct kernels *k)
{
    make_slopes(w);
    memset(w->factor, 0, (size_t)w->unknowns * (w->band + 1) * sizeof *w->factor);
    add_structure(w, w->pair_sums);

    /* Free unknowns: affine motion through the field's matrix, light through its own columns. */
    memset(w->free, 0, sizeof w->free);
    for (uint32_t p = 0; p < 6; p++)
        times_affine(w, p, w->border + (size_t)p * w->unknowns);
    for (uint32_t p = 0; p < 6; p++) {
        for (uint32_t q = 0; q <= p; q++)
            w->free[p][q] = affine_of_right(w, q, w->border + (size_t)p * w->unknowns);
    }
    for (int l = 0; l < LIGHT_COUNT; l++) {
        double *column = w->border + (size_t)(6 + l) * w->unknowns, light[LIGHT_COUNT], square;
        for (uint32_t j = 0; j < w->height; j++) {
            for (uint32_t i = 0; i < w->width; i++)
                w->residual[(size_t)j * w->width + i] = light_at(w, l, i, j);
        }
        gather(w, k, w->residual, column, light, &square);
        for (uint32_t p = 0; p < 6; p++)
            w->free[6 + l][p] = affine_of_right(w, p, column);
        for (int m = 0; m <= l; m++)
            w->free[6 + l][6 + m] = light[m];
    }
    if (w->with_field) {
        add_prior(w);
        if (!banded_factor(w->factor, w->unknowns, w->band))
            return false;
        memcpy(w->solved, w->border, (size_t)WINDOW_FREE * w->unknowns * sizeof *w->solved);
        for (uint32_t p = 0; p < WINDOW_FREE; p++)
            banded_solve(w->factor, w->unknowns, w->band, w->solved + (size_t)p * w->unknowns);
        for (uint32_t p = 0; p < WINDOW_FREE; p++) {
            for (uint32_t q = 0; q <= p; q++)
                w->free[p][q] -=
                    banded_dot(w->border + (size_t)p * w->unknowns, w->solved + (size_t)q * w->unknowns, w->unknowns);
        }
    }
    for (uint32_t p = 0; p < WINDOW_FREE; p++)
        w->free[p][p] *= 1 + 1e-9; /* a window without texture in one direction is still solvable */
    return factor_small(w->free);
}

/* ---- a frame ------------------------------------------------------------------------------------------------------------- */

static struct affine motion_of(const struct window *w, const double p[6])
{
    /* X = (x − centre) / half and so on; the map takes where the skin belongs to where it is. */
    const double half_x = w->width / 2.0, half_y = w->height / 2.0;
    const double centre_x = w->x0 - 0.5 + half_x, centre_y = w->y0 - 0.5 + half_y;
    struct affine m = {1 + p[1] / half_x, p[2] / half_y, 0, p[4] / half_x, 1 + p[5] / half_y, 0};
    m.c = p[0] - p[1] / half_x * centre_x - p[2] / half_y * centre_y;
    m.f = p[3] - p[4] / half_x * centre_x - p[5] / half_y * centre_y;
    return m;
}

void window_solve(struct window *w, const struct kernels *k, struct window_look *look, float *field)
{
    const size_t pixels = (size_t)w->width * w->height;
    for (size_t i = 0; i < pixels; i++)
        w->residual[i] = w->sampled[i] - w->level[i];
    double free[WINDOW_FREE], light[LIGHT_COUNT], square;
    gather(w, k, w->residual, w->right, light, &square);
    for (uint32_t p = 0; p < 6; p++)
        free[p] = affine_of_right(w, p, w->right);
    for (int l = 0; l < LIGHT_COUNT; l++)
        free[6 + l] = light[l];

    double explained = 0;
    if (w->with_field) {
        for (uint32_t p = 0; p < WINDOW_FREE; p++)
            free[p] -= banded_dot(w->solved + (size_t)p * w->unknowns, w->right, w->unknowns);
    }
    double given[WINDOW_FREE];
    memcpy(given, free, sizeof given);
    solve_small(w->free, free);
    for (int p = 0; p < WINDOW_FREE; p++)
        explained += given[p] * free[p];
    look->field_largest_px = 0;
    if (w->with_field) {
        double *x = w->right;
        /* explained by the field alone = bᵀ F⁻¹ b, found on the way */
        for (uint32_t u = 0; u < w->unknowns; u++)
            w->sum_b[u] = x[u];
        banded_solve(w->factor, w->unknowns, w->band, x);
        explained += banded_dot(w->sum_b, x, w->unknowns);
        for (uint32_t p = 0; p < WINDOW_FREE; p++) {
            const double *s = w->solved + (size_t)p * w->unknowns;
            for (uint32_t u = 0; u < w->unknowns; u++)
                x[u] -= s[u] * free[p];
        }
        for (uint32_t u = 0; u < w->unknowns; u++) {
            const double far_px = fabs(x[u]);
            field[u] = (float)x[u];
            look->field_largest_px = far_px > look->field_largest_px ? far_px : look->field_largest_px;
        }
    }

    look->motion = motion_of(w, free);
    memcpy(look->light, free + 6, sizeof look->light);
    look->rms = sqrt(square / fmax(w->pixels, 1));
    look->rms_left = sqrt(fmax(square - explained, 0) / fmax(w->pixels, 1));
    look->furthest_px =
        fmax(fabs(free[0]) + fabs(free[1]) + fabs(free[2]), fabs(free[3]) + fabs(free[4]) + fabs(free[5]));
}

void window_spread(struct window *w, const float *field)
{
    float fx[4 * 256] = {0}, fy[4 * 256] = {0}; /* one row of nodes, blended down */
    assert(w->nodes_x <= sizeof fx / sizeof fx[0]);
    for (uint32_t j = 0; j < w->height; j++) {
        const uint32_t cell_y = j / w->cell_px, row = j % w->cell_px;
        for (uint32_t i = 0; i < w->nodes_x; i++) {
            fx[i] = fy[i] = 0;
            for (uint32_t d = 0; d < 4; d++) {
                const float v = w->hat[d * w->cell_px + row], *at = field + window_unknown(w, i, cell_y + d);
                fx[i] += v * at[0];
                fy[i] += v * at[1];
            }
        }
        float *out_x = w->shift_x + (size_t)j * w->width, *out_y = w->shift_y + (size_t)j * w->width;
        for (uint32_t c = 0; c < w->cells_x; c++) {
            for (uint32_t n = 0; n < w->cell_px; n++, out_x++, out_y++) {
                float x = 0, y = 0;
                for (uint32_t a = 0; a < 4; a++) {
                    x += w->hat[a * w->cell_px + n] * fx[c + a];
                    y += w->hat[a * w->cell_px + n] * fy[c + a];
                }
                *out_x = x;
                *out_y = y;
            }
        }
    }
}

/* What a template pixel may be moved by at once is bounded: a tongue or a closed lid is no news about the skin. */
#define LEARN_MOST_GREY 6.0f

void window_learn(struct window *w, const struct kernels *k, const struct grey *coefficients, struct affine place,
                  const float *field, const double light[LIGHT_COUNT], double fraction)
{
    if (field)
        window_spread(w, field);
    window_sample(w, k, coefficients, place, field);
    const float rate = (float)fraction, offset = (float)light[LIGHT_OFFSET], across = (float)light[LIGHT_ACROSS];
    const float gain = (float)light[LIGHT_GAIN], mean = w->mean, width = (float)w->width;
    for (uint32_t j = 0; j < w->height;
         j++) { /* light_at() in one piece, of which a compiler takes several pixels at once */
        const float *sampled = w->sampled + (size_t)j * w->width;
        float *level = w->level + (size_t)j * w->width;
        const float down = (float)light[LIGHT_DOWN] * ((float)j / (float)w->height);
        for (uint32_t i = 0; i < w->width; i++) {
            const float shone = offset + across * ((float)i / width) + down + gain * (level[i] - mean);
            const float rest = sampled[i] - level[i] - shone;
            const float least = rest > -LEARN_MOST_GREY ? rest : -LEARN_MOST_GREY;
            level[i] += rate * (least < LEARN_MOST_GREY ? least : LEARN_MOST_GREY);
        }
    }
}

void window_field_at(const struct window *w, const float *field, double x, double y, double *dx, double *dy)
{
    const double cx = (x - w->x0 + 0.5) / w->cell_px, cy = (y - w->y0 + 0.5) / w->cell_px;
    double hx[4], hy[4];
    const uint32_t i = cx < 0 ? 0 : cx >= w->cells_x ? w->cells_x - 1 : (uint32_t)cx;
    const uint32_t j = cy < 0 ? 0 : cy >= w->cells_y ? w->cells_y - 1 : (uint32_t)cy;
    cubic_weights(fmin(fmax(cx - i, 0), 1), hx);
    cubic_weights(fmin(fmax(cy - j, 0), 1), hy);
    *dx = *dy = 0;
    for (uint32_t a = 0; a < 4; a++) {
        for (uint32_t b = 0; b < 4; b++) {
            const float *at = field + window_unknown(w, i + a, j + b);
            *dx += hx[a] * hy[b] * (double)at[0];
            *dy += hx[a] * hy[b] * (double)at[1];
        }
    }
}
