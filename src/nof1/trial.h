/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What planning a trial and analysing it have in common: chance, the orders that blocks may come in, and the contrast between
 * the arms.
 */
#ifndef QUIVER_NOF1_TRIAL_H
#define QUIVER_NOF1_TRIAL_H

#include <quiver/nof1.h>

/* ---- chance -------------------------------------------------------------------------------------------------------------- */

/*
 * SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): ten lines that anyone can write again to redraw a schedule from its seed.
 * Its 2^64 streams are for drawing, not for secrets.
 */
struct chance {
    uint64_t state;
};

uint64_t chance_bits(struct chance *chance);
double chance_uniform(struct chance *chance); /* in (0, 1) */
double chance_normal(struct chance *chance);
double chance_poisson(struct chance *chance, double mean);

/* ---- orders: bit b says that block b is changed ------------------------------------------------------------------------ */

/* As many of either, at most QV_TRIAL_RUN_MAX of one kind in a row. */
bool order_is_allowed(uint32_t arms, uint32_t blocks);
/* The allowed order after this one; of 0 the first. 0: there is none. */
uint32_t order_after(uint32_t arms, uint32_t blocks);
/* Each allowed order is as likely. */
uint32_t order_draw(struct chance *chance, uint32_t blocks);

/* ---- the contrast ------------------------------------------------------------------------------------------------------------ */

/*
 * Block b, of weight w, has the value z. Level and linear trend are taken out once; then what the arms explain of the rest, with the
 * trend fitted beside it, is the coefficient of a weighted least-squares fit of z on (1, b, arm). A weight of 0 leaves a block out.
 */
struct contrast {
    uint32_t blocks;
    double weight[QV_TRIAL_BLOCKS_MAX];
    double time[QV_TRIAL_BLOCKS_MAX]; /* about its weighted mean */
    double rest[QV_TRIAL_BLOCKS_MAX]; /* of z, by its weight */
    double total, time_squares;
};

void contrast_begin(struct contrast *contrast, const double *z, const double *weight, uint32_t blocks);
/* The effect of the arms; NaN when the blocks cannot tell it. */
double contrast_of_order(const struct contrast *contrast, uint32_t arms);
/* Two-sided p over the list of orders: how many are at least as far from 0 as the one that was drawn. */
double contrast_p_among(const struct contrast *contrast, uint32_t arms, const uint32_t *orders, uint32_t count);
/* The same over all orders that are allowed. */
double contrast_p(const struct contrast *contrast, uint32_t arms, uint32_t *count);

/* The planned test on the first blocks of a diary (trial_result.c). The orders are those of the whole plan: that is what was drawn. */
struct trial_test {
    double effect; /* of the arms on the logarithm of the rate */
    double p;      /* two-sided */
    uint32_t orders;
};
struct trial_test trial_test(const struct qv_trial_plan *plan, const struct qv_days *days, uint32_t blocks);

/* ---- the estimate (trial_model.c) ------------------------------------------------------------------------------------------ */

/*
 * What the whole change does to the rate, given each day's share of it. Days without twitches (NaN) are looked through. The ratio is
 * NaN when the days cannot tell: fewer than ESTIMATE_DAYS_MIN, or all of one share.
 */
#define ESTIMATE_DAYS_MIN 14
int trial_estimate(const double *twitches, const double *change, uint32_t count, struct qv_trial_estimate *out,
                   struct qv_error *error) QV_MUST_CHECK;

/* The days of one block that do not count. */
static inline uint32_t settling_days(const struct qv_trial_habit *habit)
{
    return habit->steps * habit->step_days + habit->washout_days;
}

/* The value of a block: the logarithm of its mean, with half a twitch so that a block without any has one too. */
double block_value(double twitches, double days);

#endif
