/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Laying out a trial.
 *
 * Every design (so many blocks, one or two weeks that count in each) is tried from the shortest on. Its power is simulated:
 * the logarithms of the days' rates follow an AR(1) process with the person's own dispersion and autocorrelation, the twitches of
 * a block are Poisson about the sum of its rates, changed blocks have the effect that is aimed at, and the randomisation test
 * that the plan names is done on each. The look before the end is left out, so that the power is a little more than is said.
 */
#include "trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIMULATIONS 2000
/* The test of a simulated trial goes through all orders when there are no more, else through so many that were drawn. */
#define SIMULATED_ORDERS 999
/* Difference or none is decided at this level, of which a look before the end takes a part. */
#define LEVEL 0.05
#define LOOK_LEVEL 0.005
/* With fewer blocks no look could find anything at its level. */
#define LOOK_FROM_BLOCKS 16

#define BASELINE_DAYS_MIN 7
#define BASELINE_PRIOR_DAYS 14
#define DISPERSION_MAX 10.0
#define AUTOCORRELATION_MAX 0.95

/* ---- the baseline --------------------------------------------------------------------------------------------------------- */

static double clamped(double x, double low, double high)
{
    return fmin(fmax(x, low), high);
}

struct moments {
    uint32_t days, pairs;
    double mean, variance, next_day; /* next_day: the covariance of one day and the next */
};

static struct moments moments_of(const double *y, uint32_t count)
{
    struct moments m = {0};
    for (uint32_t t = 0; t < count; t++) {
        m.days += isnan(y[t]) ? 0 : 1;
        m.mean += isnan(y[t]) ? 0 : y[t];
    }
    m.mean /= m.days ? m.days : 1;
    for (uint32_t t = 0; t < count; t++) {
        if (isnan(y[t]))
            continue;
        m.variance += (y[t] - m.mean) * (y[t] - m.mean);
        if (t + 1 < count && !isnan(y[t + 1])) {
            m.pairs++;
            m.next_day += (y[t] - m.mean) * (y[t + 1] - m.mean);
        }
    }
    m.variance /= m.days > 1 ? m.days - 1 : 1;
    m.next_day /= m.pairs ? m.pairs : 1;
    return m;
}

static double drawn_towards(double found, uint32_t days, double assumed)
{
    return (days * found + BASELINE_PRIOR_DAYS * assumed) / (days + BASELINE_PRIOR_DAYS);
}

struct qv_trial_baseline qv_trial_baseline_of(const struct qv_days *days, int32_t before,
                                              const struct qv_trial_baseline *assumed)
{
    int64_t count = (int64_t)before - days->first_day;
    count = count < 0 ? 0 : count > days->day_count ? days->day_count : count;
    struct moments m = moments_of(days->twitches, (uint32_t)count);
    struct qv_trial_baseline b = *assumed;
    b.days = 0;
    if (m.days < BASELINE_DAYS_MIN)
        return b;

    b.days = m.days;
    b.per_day = m.mean;
    if (!(m.mean > 0))
        return b;
    double dispersion = fmax(0, (m.variance - m.mean) / (m.mean * m.mean));
    b.dispersion = clamped(drawn_towards(dispersion, m.days, assumed->dispersion), 0, DISPERSION_MAX);
    double shared = log1p(fmax(0, m.next_day / (m.mean * m.mean)));
    double autocorrelation = dispersion > 0 ? clamped(shared / log1p(dispersion), 0, AUTOCORRELATION_MAX) : 0;
    b.autocorrelation = drawn_towards(autocorrelation, m.pairs, assumed->autocorrelation);
    return b;
}

/* ---- power by simulation ---------------------------------------------------------------------------------------------------- */

struct simulation {
    const struct qv_trial_plan *plan; /* the design that is tried */
    struct chance chance;
    uint32_t *orders; /* that the test goes through */
    uint32_t order_count;
};

static void choose_orders(struct simulation *s)
{
    uint32_t blocks = s->plan->block_count, order = 0;
    for (s->order_count = 0; s->order_count < SIMULATED_ORDERS; s->order_count++) {
        order = order_after(order, blocks);
        if (!order)
            return;
        s->orders[s->order_count] = order;
    }
    if (!order_after(order, blocks))
        return;
    for (uint32_t i = 0; i < SIMULATED_ORDERS; i++)
        s->orders[i] = order_draw(&s->chance, blocks);
}

/* The rates of one block's counted days, summed; the process goes on through the days that do not count. */
static double expected_of_block(struct simulation *s, double *level)
{
    const struct qv_trial_plan *plan = s->plan;
    double variance = log1p(plan->baseline.dispersion), carried = plan->baseline.autocorrelation;
    double sd = sqrt(variance), fresh = sd * sqrt(1 - carried * carried), sum = 0;
    for (uint32_t d = 0, days = qv_trial_block_days(plan); d < days; d++) {
        *level = carried * *level + fresh * chance_normal(&s->chance);
        if (d >= days - plan->counted_days)
            sum += exp(*level - variance / 2);
    }
    return plan->baseline.per_day * sum;
}

static bool finds_effect(struct simulation *s)
{
    const struct qv_trial_plan *plan = s->plan;
    double z[QV_TRIAL_BLOCKS_MAX], weight[QV_TRIAL_BLOCKS_MAX];
    uint32_t arms = order_draw(&s->chance, plan->block_count);
    double level = sqrt(log1p(plan->baseline.dispersion)) * chance_normal(&s->chance);
    for (uint32_t b = 0; b < plan->block_count; b++) {
        double expected = expected_of_block(s, &level) * (arms >> b & 1 ? plan->aim.rate_ratio : 1);
        weight[b] = plan->counted_days;
        z[b] = block_value(chance_poisson(&s->chance, expected), plan->counted_days);
    }
    struct contrast contrast;
    contrast_begin(&contrast, z, weight, plan->block_count);
    bool sampled = s->order_count == SIMULATED_ORDERS;
    double p = contrast_p_among(&contrast, arms, s->orders, s->order_count);
    return (sampled ? (p * s->order_count + 1) / (s->order_count + 1) : p) <= plan->final_p;
}

static double simulated_power(const struct qv_trial_plan *plan, uint32_t *orders)
{
    /* A stream of its own, so that the schedule does not depend on how many designs were tried. */
    struct simulation s = {plan, {plan->seed ^ 0x5851f42d4c957f2du}, orders, 0};
    choose_orders(&s);
    uint32_t found = 0;
    for (uint32_t i = 0; i < SIMULATIONS; i++)
        found += finds_effect(&s);
    return (double)found / SIMULATIONS;
}

/* ---- choosing a design ---------------------------------------------------------------------------------------------------- */

/* Whole weeks: each weekday counts as often in every block. */
static const uint32_t counted_choices[] = {7, 14};
#define COUNTED_CHOICES (sizeof counted_choices / sizeof counted_choices[0])
#define DESIGNS_MAX (COUNTED_CHOICES * (QV_TRIAL_BLOCKS_MAX - QV_TRIAL_BLOCKS_MIN + 2) / 2)

static void plan_decision(struct qv_trial_plan *plan)
{
    bool look = plan->block_count >= LOOK_FROM_BLOCKS;
    plan->look_after_blocks = look ? plan->block_count * 3 / 4 : 0;
    plan->look_p = look ? LOOK_LEVEL : 0;
    plan->final_p = look ? LEVEL - LOOK_LEVEL : LEVEL;
}

static uint32_t days_of(const struct qv_trial_plan *plan)
{
    return plan->block_count * qv_trial_block_days(plan);
}

static int shorter_first(const void *a, const void *b)
{
    const struct qv_trial_plan *x = a, *y = b;
    uint32_t x_days = days_of(x), y_days = days_of(y);
    return x_days != y_days ? (x_days < y_days ? -1 : 1) : (int)x->block_count - (int)y->block_count;
}

/* Every design of the plan that is short enough, shortest first. */
static uint32_t list_designs(const struct qv_trial_plan *plan, struct qv_trial_plan designs[DESIGNS_MAX])
{
    uint32_t count = 0;
    for (size_t c = 0; c < COUNTED_CHOICES; c++) {
        for (uint32_t blocks = QV_TRIAL_BLOCKS_MIN; blocks <= QV_TRIAL_BLOCKS_MAX; blocks += 2) {
            struct qv_trial_plan *design = &designs[count];
            *design = *plan;
            design->counted_days = counted_choices[c];
            design->block_count = blocks;
            plan_decision(design);
            count += days_of(design) <= plan->aim.most_days;
        }
    }
    qsort(designs, count, sizeof *designs, shorter_first);
    return count;
}

static int choose_design(struct qv_trial_plan *plan, struct qv_error *error)
{
    struct qv_trial_plan designs[DESIGNS_MAX];
    uint32_t count = list_designs(plan, designs);
    if (!count)
        return qv_fail(error, QV_ERR_USAGE, "a trial of at most %u days was asked for, expected at least %u",
                       plan->aim.most_days, QV_TRIAL_BLOCKS_MIN * (settling_days(&plan->habit) + counted_choices[0]));
    uint32_t *orders = malloc(SIMULATED_ORDERS * sizeof *orders);
    if (!orders)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");

    uint32_t best = 0;
    for (uint32_t i = 0; i < count && designs[best].power < plan->aim.power; i++) {
        designs[i].simulations = SIMULATIONS;
        designs[i].power = simulated_power(&designs[i], orders);
        if (designs[i].power > designs[best].power)
            best = i;
    }
    free(orders);
    *plan = designs[best];
    return QV_OK;
}

static int check_request(const struct qv_trial_plan *plan, struct qv_error *error)
{
    const struct qv_trial_aim *aim = &plan->aim;
    if (!(aim->rate_ratio >= 0.1 && aim->rate_ratio <= 0.95))
        return qv_fail(error, QV_ERR_USAGE, "the effect is %g, expected a ratio from 0.1 to 0.95", aim->rate_ratio);
    if (!(aim->power >= 0.5 && aim->power <= 0.99))
        return qv_fail(error, QV_ERR_USAGE, "the power is %g, expected 0.5 to 0.99", aim->power);
    if (aim->most_days > QV_TRIAL_DAYS_MAX)
        return qv_fail(error, QV_ERR_USAGE, "a trial of %u days was asked for, expected at most %d", aim->most_days,
                       QV_TRIAL_DAYS_MAX);
    if (plan->seed > QV_TRIAL_SEED_MAX)
        return qv_fail(error, QV_ERR_USAGE, "the seed is too large, expected at most %llu",
                       (unsigned long long)QV_TRIAL_SEED_MAX);
    if (!(plan->baseline.per_day > 0))
        return qv_fail(error, QV_ERR_DATA, "the diary has no twitches before the trial, expected some to make fewer");
    return QV_OK;
}

/* As it will be in the file, so that a plan that was read is the one that was made. */
static double written(double x)
{
    return round(x * 1e6) / 1e6;
}

static void round_as_written(struct qv_trial_plan *plan)
{
    double *numbers[] = {&plan->habit.usual,
                         &plan->habit.changed,
                         &plan->baseline.per_day,
                         &plan->baseline.dispersion,
                         &plan->baseline.autocorrelation,
                         &plan->aim.rate_ratio,
                         &plan->aim.power};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        *numbers[i] = written(*numbers[i]);
}

int qv_trial_lay_out(const struct qv_trial_habit *habit, const struct qv_trial_baseline *baseline,
                     const struct qv_trial_aim *aim, uint64_t seed, int32_t made_on, int32_t first_day,
                     struct qv_trial_plan *out, struct qv_error *error)
{
    struct qv_trial_plan plan = {
        .habit = *habit, .baseline = *baseline, .aim = *aim, .seed = seed, .made_on = made_on, .first_day = first_day};
    round_as_written(&plan);
    int status = check_request(&plan, error);
    if (status == QV_OK)
        status = choose_design(&plan, error);
    if (status)
        return status;
    plan.arms = order_draw(&(struct chance){seed}, plan.block_count);
    *out = plan;
    return QV_OK;
}

/* ---- the days of a plan ------------------------------------------------------------------------------------------------------ */

uint32_t qv_trial_block_days(const struct qv_trial_plan *plan)
{
    return settling_days(&plan->habit) + plan->counted_days;
}

int32_t qv_trial_last_day(const struct qv_trial_plan *plan)
{
    return plan->first_day + (int32_t)days_of(plan) - 1;
}

bool qv_trial_is_drawn(const struct qv_trial_plan *plan)
{
    return plan->arms == order_draw(&(struct chance){plan->seed}, plan->block_count);
}

/* How far from usual to changed a day of a changed block is that comes after a usual one. */
static double share_on_the_way(const struct qv_trial_habit *habit, uint32_t day_of_block)
{
    if (day_of_block >= habit->steps * habit->step_days)
        return 1;
    const uint32_t step = day_of_block / habit->step_days;
    return (step + 1.0) / (habit->steps + 1.0);
}

struct qv_trial_day qv_trial_day(const struct qv_trial_plan *plan, int32_t day)
{
    const struct qv_trial_habit *habit = &plan->habit;
    struct qv_trial_day out = {.amount = habit->usual};
    if (day < plan->first_day || day > qv_trial_last_day(plan)) {
        out.phase = day < plan->first_day ? QV_TRIAL_BEFORE : QV_TRIAL_AFTER;
        return out;
    }
    uint32_t since = (uint32_t)(day - plan->first_day), block_days = qv_trial_block_days(plan);
    out.block = since / block_days;
    out.day_of_block = since % block_days;
    out.changed = plan->arms >> out.block & 1;
    bool was_changed = out.block > 0 && plan->arms >> (out.block - 1) & 1;
    out.share = !out.changed ? 0 : was_changed ? 1 : share_on_the_way(habit, out.day_of_block);
    out.amount = habit->usual + out.share * (habit->changed - habit->usual);
    out.phase = out.day_of_block >= settling_days(habit) ? QV_TRIAL_COUNTED
                : out.changed && out.share < 1           ? QV_TRIAL_STEP
                                                         : QV_TRIAL_WASHOUT;
    return out;
}
