/* SPDX-License-Identifier: Apache-2.0 */
#include "trial.h"

#include <assert.h>
#include <math.h>

uint64_t chance_bits(struct chance *chance)
{
    uint64_t z = chance->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

double chance_uniform(struct chance *chance)
{
    return ((double)(chance_bits(chance) >> 11) + 0.5) * 0x1p-53;
}

/* Box and Muller, 1958 */
double chance_normal(struct chance *chance)
{
    double radius = sqrt(-2 * log(chance_uniform(chance)));
    return radius * cos(2 * M_PI * chance_uniform(chance));
}

/* Knuth's products, in parts whose exponential does not vanish; where the parts would be many it is as good as normal. */
double chance_poisson(struct chance *chance, double mean)
{
    const double part = 30, many = 2000;
    if (mean > many)
        return fmax(0, round(mean + sqrt(mean) * chance_normal(chance)));
    double count = 0, left = mean;
    while (left > 0) {
        const double limit = exp(-fmin(left, part));
        double product = chance_uniform(chance);
        while (product > limit) {
            product *= chance_uniform(chance);
            count++;
        }
        left -= part;
    }
    return count;
}

/* ---- orders -------------------------------------------------------------------------------------------------------------- */

static uint32_t all_blocks(uint32_t blocks)
{
    return (uint32_t)(((uint64_t)1 << blocks) - 1);
}

static bool has_long_run(uint32_t arms)
{
    for (uint32_t length = 1; length <= QV_TRIAL_RUN_MAX; length++)
        arms &= arms >> 1;
    return arms != 0;
}

bool order_is_allowed(uint32_t arms, uint32_t blocks)
{
    uint32_t others = ~arms & all_blocks(blocks);
    return (arms & ~all_blocks(blocks)) == 0 && (uint32_t)__builtin_popcount(arms) * 2 == blocks &&
           !has_long_run(arms) && !has_long_run(others);
}

/* The next number with as many bits (Gosper's, HAKMEM 175). */
static uint64_t same_bits_after(uint64_t number)
{
    uint64_t low = number & -number, ripple = number + low;
    return ripple | ((number ^ ripple) >> 2) / low;
}

uint32_t order_after(uint32_t arms, uint32_t blocks)
{
    uint64_t order = arms ? same_bits_after(arms) : all_blocks(blocks / 2);
    while (order <= all_blocks(blocks) && !order_is_allowed((uint32_t)order, blocks))
        order = same_bits_after(order);
    return order <= all_blocks(blocks) ? (uint32_t)order : 0;
}

uint32_t order_draw(struct chance *chance, uint32_t blocks)
{
    assert(blocks % 2 == 0 && blocks > 0 && blocks <= QV_TRIAL_BLOCKS_MAX);
    uint32_t arms;
    do { /* what is not allowed is thrown away, so that what is allowed stays as likely */
        arms = 0;
        uint32_t changed = blocks / 2;
        for (uint32_t left = blocks; left > 0; left--) {
            if (chance_uniform(chance) * left < changed) {
                arms |= 1U << (left - 1);
                changed--;
            }
        }
    } while (!order_is_allowed(arms, blocks));
    return arms;
}

uint32_t qv_trial_orders(uint32_t block_count)
{
    uint32_t count = 0;
    for (uint32_t order = order_after(0, block_count); order; order = order_after(order, block_count))
        count++;
    return count;
}

/* ---- the contrast ------------------------------------------------------------------------------------------------------------ */

double block_value(double twitches, double days)
{
    return log((twitches + 0.5) / days);
}

void contrast_begin(struct contrast *c, const double *z, const double *weight, uint32_t blocks)
{
    *c = (struct contrast){.blocks = blocks};
    double time = 0, level = 0, slope = 0;
    for (uint32_t b = 0; b < blocks; b++) {
        c->weight[b] = weight[b];
        c->total += weight[b];
        time += weight[b] * b;
        level += weight[b] > 0 ? weight[b] * z[b] : 0;
    }
    if (c->total <= 0)
        return;
    for (uint32_t b = 0; b < blocks; b++) {
        c->time[b] = b - time / c->total;
        c->time_squares += weight[b] * c->time[b] * c->time[b];
        slope += weight[b] > 0 ? weight[b] * c->time[b] * z[b] : 0;
    }
    for (uint32_t b = 0; b < blocks; b++) {
        double trend = c->time_squares > 0 ? slope / c->time_squares * c->time[b] : 0;
        double rest = weight[b] > 0 ? z[b] - level / c->total - trend : 0;
        c->rest[b] = weight[b] * rest;
    }
}

/* So little is left of the arms beside the trend that it is rounding. */
#define NOTHING_LEFT 1e-9

double contrast_of_order(const struct contrast *c, uint32_t arms)
{
    double x = 0, xt = 0, xr = 0;
    for (uint32_t left = arms; left; left &= left - 1) {
        uint32_t b = (uint32_t)__builtin_ctz(left);
        x += c->weight[b];
        xt += c->weight[b] * c->time[b];
        xr += c->rest[b];
    }
    double information = c->time_squares > 0 ? x - x * x / c->total - xt * xt / c->time_squares : 0;
    return information > NOTHING_LEFT * c->total ? xr / information : NAN;
}

/* An order that the blocks cannot tell counts as far: it never makes a result look rarer than it is. */
static bool is_as_far(double effect, double drawn)
{
    return !(fabs(effect) < fabs(drawn) * (1 - 1e-9));
}

double contrast_p_among(const struct contrast *c, uint32_t arms, const uint32_t *orders, uint32_t count)
{
    double drawn = contrast_of_order(c, arms);
    uint32_t as_far = 0;
    for (uint32_t i = 0; i < count; i++)
        as_far += is_as_far(contrast_of_order(c, orders[i]), drawn);
    return (double)as_far / count;
}

double contrast_p(const struct contrast *c, uint32_t arms, uint32_t *count)
{
    double drawn = contrast_of_order(c, arms);
    uint32_t as_far = 0;
    *count = 0;
    for (uint32_t order = order_after(0, c->blocks); order; order = order_after(order, c->blocks)) {
        as_far += is_as_far(contrast_of_order(c, order), drawn);
        ++*count;
    }
    return (double)as_far / *count;
}
