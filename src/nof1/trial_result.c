/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Analysing a trial as planned.
 *
 * The block is the unit, because the block is what was drawn. Its value is the logarithm of its mean twitches on the counted
 * days that were observed; its weight is their number. Bad weeks and days that differ more than Poisson's are in the scatter
 * of the blocks, so nothing is assumed of how they come about.
 *
 * Test. The effect is the coefficient of the arm beside a linear trend. p is the share of all orders that could have been
 * drawn whose effect is at least as far from 0 (Edgington and Onghena, Randomization Tests, 4th ed. 2007). It
 * needs no model and has no sampling error of its own. It alone decides.
 *
 * Estimate. The model of the triggers (model.h: negative binomial days on an AR(1) process with a trend) with the arm as its one
 * habit. Days that do not count are days without a count.
 *
 * As logged. The same with the amount that was logged in place of the arm, in shares of the planned change. Who keeps
 * to a plan may differ on the days he does, so this is beside the planned analysis and decides nothing.
 */
#include "trial.h"

#include <math.h>

/* Too little was logged below these. */
#define BLOCKS_OF_ARM_MIN 3
#define OBSERVED_SHARE_MIN 0.5

const char *qv_trial_state_id(enum qv_trial_state state)
{
    static const char *const ids[] = {"waiting", "running", "stopped_early", "stopped_by_rule", "finished"};
    return ids[state];
}

const char *qv_trial_verdict_id(enum qv_trial_verdict verdict)
{
    static const char *const ids[] = {"none", "not_enough_data", "no_clear_difference", "fewer_twitches",
                                      "more_twitches"};
    return ids[verdict];
}

/* ---- what was logged, by block ---------------------------------------------------------------------------------------------- */

struct sums {
    double twitches, days, amount;
};
struct block_sums {
    struct sums observed; /* of which the amount is not looked at */
    struct sums known;    /* observed, and the amount is known */
};

static void add_day(struct sums *sums, double twitches, double amount)
{
    sums->twitches += twitches;
    sums->amount += amount;
    sums->days++;
}

/* The row of a day, or -1. */
static int64_t row_of(const struct qv_days *days, int32_t day)
{
    int64_t row = (int64_t)day - days->first_day;
    return row >= 0 && row < days->day_count ? row : -1;
}

static bool is_counted(const struct qv_trial_plan *plan, int32_t day)
{
    return qv_trial_day(plan, day).phase == QV_TRIAL_COUNTED;
}

static double twitches_on(const struct qv_days *days, int32_t day)
{
    int64_t row = row_of(days, day);
    return row < 0 ? NAN : days->twitches[row];
}

static double amount_on(const struct qv_days *days, int32_t day)
{
    int64_t row = row_of(days, day);
    return row < 0 ? NAN : days->exposures[row];
}

static void sum_blocks(const struct qv_trial_plan *plan, const struct qv_days *days, uint32_t blocks,
                       struct block_sums sums[QV_TRIAL_BLOCKS_MAX])
{
    int32_t end = plan->first_day + (int32_t)(blocks * qv_trial_block_days(plan));
    for (int32_t day = plan->first_day; day < end; day++) {
        double twitches = twitches_on(days, day), amount = amount_on(days, day);
        if (!is_counted(plan, day) || isnan(twitches))
            continue;
        struct block_sums *block = &sums[qv_trial_day(plan, day).block];
        add_day(&block->observed, twitches, 0);
        if (!isnan(amount))
            add_day(&block->known, twitches, amount);
    }
}

/* ---- the estimates ---------------------------------------------------------------------------------------------------------- */

/* The two amounts between which a day's amount is placed: the plan's, or those that were logged. */
static void levels_of(const struct qv_trial_result *r, double *usual, double *changed)
{
    *usual = isnan(r->plan->habit.usual) ? r->usual_amount : r->plan->habit.usual;
    *changed = isnan(r->plan->habit.changed) ? r->changed_amount : r->plan->habit.changed;
}

/* How much of the change a day had, by its arm or by what was logged; NaN when that cannot be said. */
static double change_on(const struct qv_trial_result *r, const struct qv_days *days, int32_t day, bool logged)
{
    double usual, changed;
    if (!logged)
        return qv_trial_day(r->plan, day).changed;
    levels_of(r, &usual, &changed);
    return fabs(usual - changed) > 0 ? (usual - amount_on(days, day)) / (usual - changed) : NAN;
}

static int estimate(const struct qv_days *days, struct qv_trial_result *r, bool logged, struct qv_trial_estimate *out,
                    struct qv_error *error)
{
    double twitches[QV_TRIAL_DAYS_MAX], change[QV_TRIAL_DAYS_MAX];
    uint32_t count = r->blocks_used * qv_trial_block_days(r->plan);
    for (uint32_t t = 0; t < count; t++) {
        int32_t day = r->plan->first_day + (int32_t)t;
        change[t] = change_on(r, days, day, logged);
        twitches[t] = is_counted(r->plan, day) && !isnan(change[t]) ? twitches_on(days, day) : NAN;
    }
    return trial_estimate(twitches, change, count, out, error);
}

/* ---- the test ------------------------------------------------------------------------------------------------------------------ */

struct trial_test trial_test(const struct qv_trial_plan *plan, const struct qv_days *days, uint32_t blocks)
{
    double z[QV_TRIAL_BLOCKS_MAX] = {0}, weight[QV_TRIAL_BLOCKS_MAX] = {0};
    struct block_sums sums[QV_TRIAL_BLOCKS_MAX] = {0};
    struct trial_test test;
    sum_blocks(plan, days, blocks, sums);
    for (uint32_t b = 0; b < blocks; b++) {
        weight[b] = sums[b].observed.days;
        z[b] = weight[b] > 0 ? block_value(sums[b].observed.twitches, weight[b]) : 0;
    }
    struct contrast contrast;
    contrast_begin(&contrast, z, weight, plan->block_count);
    test.effect = contrast_of_order(&contrast, plan->arms);
    test.p = contrast_p(&contrast, plan->arms, &test.orders);
    return test;
}

/* ---- telling what was done --------------------------------------------------------------------------------------------------- */

static void tell_means(const struct block_sums *blocks, struct qv_trial_result *r)
{
    struct sums observed[2] = {0}, known[2] = {0};
    for (uint32_t b = 0; b < r->blocks_used; b++) {
        uint32_t arm = r->plan->arms >> b & 1;
        observed[arm].twitches += blocks[b].observed.twitches;
        observed[arm].days += blocks[b].observed.days;
        known[arm].amount += blocks[b].known.amount;
        known[arm].days += blocks[b].known.days;
    }
    /* without a day 0/0, which is not known */
    r->usual_per_day = observed[0].twitches / observed[0].days;
    r->changed_per_day = observed[1].twitches / observed[1].days;
    r->usual_amount = known[0].amount / known[0].days;
    r->changed_amount = known[1].amount / known[1].days;
}

/* Counted days from the first to @p last: how many there were, were observed, had their amount known, were kept to. */
static void tell_days(const struct qv_days *days, int32_t last, struct qv_trial_result *r)
{
    const struct qv_trial_plan *plan = r->plan;
    double usual, changed;
    levels_of(r, &usual, &changed);
    for (int32_t day = plan->first_day; day <= last; day++) {
        if (!is_counted(plan, day))
            continue;
        double amount = amount_on(days, day);
        bool known = !isnan(amount - changed) && !isnan(amount - usual);
        bool nearer_to_changed = fabs(amount - changed) < fabs(amount - usual);
        r->days_planned++;
        r->days_observed += isnan(twitches_on(days, day)) ? 0 : 1;
        r->days_known += known;
        r->days_kept_to += known && nearer_to_changed == qv_trial_day(plan, day).changed;
    }
}

static bool is_too_little(const struct block_sums *blocks, const struct qv_trial_result *r)
{
    uint32_t with_days[2] = {0};
    for (uint32_t b = 0; b < r->blocks_used; b++)
        with_days[r->plan->arms >> b & 1] += blocks[b].observed.days > 0;
    return with_days[0] < BLOCKS_OF_ARM_MIN || with_days[1] < BLOCKS_OF_ARM_MIN ||
           r->days_observed < OBSERVED_SHARE_MIN * r->days_planned;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------------ */

static int32_t last_observed(const struct qv_days *days)
{
    for (uint32_t i = days->day_count; i-- > 0;) {
        if (!isnan(days->twitches[i]))
            return days->first_day + (int32_t)i;
    }
    return INT32_MIN;
}

static uint32_t blocks_over(const struct qv_trial_plan *plan, int32_t last)
{
    int64_t days = (int64_t)last - plan->first_day + 1;
    int64_t blocks = days < 0 ? 0 : days / qv_trial_block_days(plan);
    return blocks > plan->block_count ? plan->block_count : (uint32_t)blocks;
}

static int check_table(const struct qv_days *days, struct qv_error *error)
{
    if (days->factor_count < 1 || days->day_count > QV_DAYS_MAX)
        return qv_fail(error, QV_ERR_DATA,
                       "found %u habits and %u days, expected the trial's habit and at most %d days",
                       days->factor_count, days->day_count, QV_DAYS_MAX);
    for (uint32_t i = 0; i < days->day_count; i++) {
        if (days->twitches[i] < 0 || isinf(days->twitches[i]) || isinf(days->exposures[i]))
            return qv_fail(error, QV_ERR_DATA, "day %u: found %g twitches and %g of the habit, expected possible ones",
                           i, days->twitches[i], days->exposures[i]);
    }
    return QV_OK;
}

static enum qv_trial_verdict verdict_of(const struct trial_test *test, double level)
{
    if (test->p > level)
        return QV_TRIAL_NO_CLEAR_DIFFERENCE;
    return test->effect < 0 ? QV_TRIAL_FEWER : QV_TRIAL_MORE;
}

/* Whether the planned look has been reached and has found enough. */
static bool look_ends_it(const struct qv_trial_plan *plan, const struct qv_days *days, uint32_t over)
{
    if (!plan->look_after_blocks || over < plan->look_after_blocks || over == plan->block_count)
        return false;
    struct block_sums blocks[QV_TRIAL_BLOCKS_MAX] = {0};
    struct qv_trial_result r = {.plan = plan, .blocks_used = plan->look_after_blocks};
    sum_blocks(plan, days, r.blocks_used, blocks);
    tell_days(days, plan->first_day + (int32_t)(r.blocks_used * qv_trial_block_days(plan)) - 1, &r);
    return !is_too_little(blocks, &r) && trial_test(plan, days, r.blocks_used).p <= plan->look_p;
}

static int analyse_blocks(const struct qv_days *days, double level, struct qv_trial_result *r, struct qv_error *error)
{
    struct block_sums blocks[QV_TRIAL_BLOCKS_MAX] = {0};
    sum_blocks(r->plan, days, r->blocks_used, blocks);
    tell_means(blocks, r);
    tell_days(days, r->plan->first_day + (int32_t)(r->blocks_used * qv_trial_block_days(r->plan)) - 1, r);
    int status = estimate(days, r, false, &r->as_planned, error);
    if (status == QV_OK)
        status = estimate(days, r, true, &r->as_logged, error);
    if (status || r->state == QV_TRIAL_STOPPED)
        return status;
    r->verdict = QV_TRIAL_TOO_LITTLE;
    if (is_too_little(blocks, r))
        return QV_OK;
    struct trial_test test = trial_test(r->plan, days, r->blocks_used);
    r->p = test.p;
    r->orders = test.orders;
    r->verdict = verdict_of(&test, level);
    return QV_OK;
}

int qv_trial_analyse(const struct qv_trial_plan *plan, const struct qv_days *days, int32_t today, bool stopped,
                     struct qv_trial_result *out, struct qv_error *error)
{
    int status = check_table(days, error);
    if (status)
        return status;
    const struct qv_trial_estimate unknown = {{NAN, NAN, NAN}, NAN, 0};
    struct qv_trial_result r = {.plan = plan, .p = NAN, .as_planned = unknown, .as_logged = unknown};
    r.usual_per_day = r.changed_per_day = r.usual_amount = r.changed_amount = NAN;

    /* Yesterday is over; today is once it is observed. */
    int32_t observed = last_observed(days), last = today - 1 > observed ? today - 1 : observed;
    uint32_t over = blocks_over(plan, last);
    r.blocks_used = over;
    if (over == plan->block_count) {
        r.state = QV_TRIAL_FINISHED;
        status = analyse_blocks(days, plan->final_p, &r, error);
    } else if (look_ends_it(plan, days, over)) {
        r.state = QV_TRIAL_BY_RULE;
        r.blocks_used = plan->look_after_blocks;
        status = analyse_blocks(days, plan->look_p, &r, error);
    } else if (stopped) {
        r.state = QV_TRIAL_STOPPED;
        status = analyse_blocks(days, 0, &r, error);
    } else {
        r.state = last < plan->first_day ? QV_TRIAL_WAITING : QV_TRIAL_RUNNING;
        tell_days(days, last, &r);
    }
    if (status == QV_OK)
        *out = r;
    return status;
}
