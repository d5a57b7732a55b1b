/* SPDX-License-Identifier: Apache-2.0 */
/* Trials: schedules that are balanced and can be drawn again, plans that show when they were altered, analysis as planned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nof1/sha256.h"
#include "nof1/trial.h"

#include <quiver/consult.h>
#include <quiver/report.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define assert_near(found, wanted, within) assert_true(fabs((double)(found) - (double)(wanted)) <= (within))

static const struct qv_trial_habit coffee = {
    .factor = "caffeine", .unit = "mg", .usual = 400, .changed = 100, .steps = 2, .step_days = 2, .washout_days = 2};
static const struct qv_trial_baseline baseline = {.per_day = 8, .dispersion = 0.15, .autocorrelation = 0.2, .days = 30};
static const struct qv_trial_aim aim = {.rate_ratio = 0.6, .power = 0.8, .most_days = 365};

static int32_t day_of(const char *date)
{
    int32_t day = 0;
    assert_true(qv_date_parse(date, &day));
    return day;
}

static struct qv_trial_plan laid_out(uint64_t seed)
{
    struct qv_trial_plan plan;
    struct qv_error error = {0};
    int status =
        qv_trial_lay_out(&coffee, &baseline, &aim, seed, day_of("2026-11-24"), day_of("2026-11-25"), &plan, &error);
    if (status)
        fail_msg("%s", error.text);
    return plan;
}

/* The design of one plan with the order of another seed: simulating the power again and again would take long. */
static struct qv_trial_plan plan_of(uint64_t seed)
{
    static struct qv_trial_plan plan;
    if (!plan.block_count)
        plan = laid_out(1);
    plan.seed = seed;
    plan.arms = order_draw(&(struct chance){seed}, plan.block_count);
    return plan;
}

/* ---- SHA-256 ---------------------------------------------------------------------------------------------------------------- */

static void test_digests_of_the_standard(void **unused)
{
    static const struct {
        const char *text, *digest;
    } known[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqr"
         "stu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    char hex[SHA256_HEX_BYTES];
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        sha256_hex(known[i].text, strlen(known[i].text), hex);
        assert_string_equal(hex, known[i].digest);
    }
    char *million = malloc(1000000);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    sha256_hex(million, 1000000, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

/* Lengths about a block's end, where the padding changes; the digest of all their digests is coreutils'. */
static void test_digests_of_every_length(void **unused)
{
    char bytes[200], all[200 * 64], hex[SHA256_HEX_BYTES];
    memset(bytes, 'q', sizeof bytes);
    for (size_t length = 0; length < sizeof bytes; length++) {
        sha256_hex(bytes, length, hex);
        memcpy(all + 64 * length, hex, 64);
    }
    sha256_hex(all, sizeof all, hex);
    assert_string_equal(hex, "46da15ed7dc0430f1b17c4b19ad6ee0095b1c26991fac0030ff5c2665d91e86e");
}

/* ---- orders ------------------------------------------------------------------------------------------------------------------ */

static bool slowly_allowed(uint32_t arms, uint32_t blocks)
{
    uint32_t changed = 0, run = 0, before = 2;
    for (uint32_t b = 0; b < blocks; b++) {
        uint32_t arm = arms >> b & 1;
        run = arm == before ? run + 1 : 1;
        before = arm;
        changed += arm;
        if (run > QV_TRIAL_RUN_MAX)
            return false;
    }
    return changed * 2 == blocks && arms >> blocks == 0;
}

static void test_orders_are_all_that_are_allowed(void **unused)
{
    for (uint32_t blocks = 2; blocks <= 16; blocks += 2) {
        uint32_t count = 0, order = 0;
        for (uint32_t arms = 0; arms < 1U << blocks; arms++) {
            assert_int_equal(order_is_allowed(arms, blocks), slowly_allowed(arms, blocks));
            if (!slowly_allowed(arms, blocks))
                continue;
            count++;
            order = order_after(order, blocks);
            assert_int_equal(order, arms);
        }
        assert_int_equal(order_after(order, blocks), 0);
        assert_int_equal(qv_trial_orders(blocks), count);
    }
    assert_int_equal(qv_trial_orders(8), 62);
}

/* Chi-square over the 62 orders of eight blocks: 61 degrees of freedom, 99.9 % of which are below 100.9. */
static void test_every_order_is_as_likely(void **unused)
{
    enum { DRAWS = 62000 };
    static uint32_t seen[256];
    struct chance chance = {7};
    memset(seen, 0, sizeof seen);
    for (uint32_t i = 0; i < DRAWS; i++)
        seen[order_draw(&chance, 8)]++;
    double square = 0;
    for (uint32_t order = order_after(0, 8); order; order = order_after(order, 8))
        square += pow(seen[order] - DRAWS / 62.0, 2) / (DRAWS / 62.0);
    assert_true(square < 100.9);
    assert_true(square > 30); /* and not by turns */
}

static void test_poisson_draws(void **unused)
{
    static const double means[] = {0, 0.3, 7, 29, 31, 200, 5000};
    enum { DRAWS = 20000 };
    struct chance chance = {3};
    for (size_t m = 0; m < sizeof means / sizeof means[0]; m++) {
        double sum = 0, squares = 0;
        for (int i = 0; i < DRAWS; i++) {
            double x = chance_poisson(&chance, means[m]);
            sum += x;
            squares += x * x;
        }
        double mean = sum / DRAWS, variance = squares / DRAWS - mean * mean;
        assert_near(mean, means[m], 4 * sqrt(means[m] / DRAWS));
        assert_near(variance, means[m], 0.06 * means[m]);
    }
}

/* ---- the plan ---------------------------------------------------------------------------------------------------------------- */

static void test_schedules_are_balanced(void **unused)
{
    uint32_t first = 0;
    for (uint64_t seed = 0; seed < 24; seed++) {
        struct qv_trial_plan plan = plan_of(seed * seed * 77);
        uint32_t changed = 0, counted[2] = {0}, weekdays[QV_TRIAL_BLOCKS_MAX][7] = {{0}};
        for (int32_t day = plan.first_day; day <= qv_trial_last_day(&plan); day++) {
            struct qv_trial_day d = qv_trial_day(&plan, day);
            counted[d.changed] += d.phase == QV_TRIAL_COUNTED;
            weekdays[d.block][day % 7] += d.phase == QV_TRIAL_COUNTED;
            if (d.phase == QV_TRIAL_COUNTED)
                assert_near(d.amount, d.changed ? 100 : 400, 1e-9);
        }
        for (uint32_t b = 0; b < plan.block_count; b++) {
            changed += plan.arms >> b & 1;
            for (int w = 0; w < 7; w++)
                assert_int_equal(weekdays[b][w], plan.counted_days / 7);
        }
        assert_int_equal(changed * 2, plan.block_count);
        assert_int_equal(counted[0], counted[1]);
        assert_true(qv_trial_is_drawn(&plan));
        first += plan.arms & 1;
    }
    assert_in_range(first, 5, 19); /* either may come first */
}

/* The dose comes down in equal steps, and a day counts only when the washout at the full change is over. */
static void test_days_that_settle(void **unused)
{
    struct qv_trial_plan plan = plan_of(1);
    plan.arms = 0xB2; /* usual, less, usual, usual, less, less, usual, less */
    plan.block_count = 8;
    static const double after_usual[] = {300, 300, 200, 200, 100, 100, 100};
    int32_t block_days = (int32_t)qv_trial_block_days(&plan);
    assert_int_equal(block_days, 6 + plan.counted_days);
    for (int d = 0; d < 7; d++) {
        struct qv_trial_day entering = qv_trial_day(&plan, plan.first_day + block_days + d);
        assert_near(entering.amount, after_usual[d], 1e-9);
        assert_int_equal(entering.phase, d < 4 ? QV_TRIAL_STEP : d < 6 ? QV_TRIAL_WASHOUT : QV_TRIAL_COUNTED);
        struct qv_trial_day staying = qv_trial_day(&plan, plan.first_day + 5 * block_days + d);
        assert_near(staying.amount, 100, 1e-9);
        struct qv_trial_day leaving = qv_trial_day(&plan, plan.first_day + 2 * block_days + d);
        assert_near(leaving.amount, 400, 1e-9);
        assert_int_equal(leaving.phase, d < 6 ? QV_TRIAL_WASHOUT : QV_TRIAL_COUNTED);
    }
    assert_int_equal(qv_trial_day(&plan, plan.first_day - 1).phase, QV_TRIAL_BEFORE);
    assert_int_equal(qv_trial_day(&plan, qv_trial_last_day(&plan) + 1).phase, QV_TRIAL_AFTER);
}

static void test_the_seed_decides(void **unused)
{
    struct qv_trial_plan a = laid_out(42), b = laid_out(42), c = laid_out(43);
    assert_int_equal(a.arms, b.arms);
    assert_near(a.power, b.power, 0);
    assert_true(a.arms != c.arms && qv_trial_is_drawn(&a) && qv_trial_is_drawn(&c));
}

/* The same trial through a leap day and through the days on which clocks change: days are days. */
static void test_leap_days_and_clock_changes(void **unused)
{
    static const char *const firsts[] = {"2028-02-25", "2026-03-28", "2026-10-24", "2099-12-30"};
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        struct qv_trial_plan plan = plan_of(5);
        plan.first_day = day_of(firsts[i]);
        uint32_t counted = 0;
        for (int32_t day = plan.first_day; day <= qv_trial_last_day(&plan); day++)
            counted += qv_trial_day(&plan, day).phase == QV_TRIAL_COUNTED;
        assert_int_equal(counted, plan.block_count * plan.counted_days);
        struct qv_text text;
        struct qv_trial_plan again;
        bool unaltered = false;
        qv_text_init(&text, QV_TRIAL_JSON_MAX);
        qv_trial_write(&plan, NULL, 0, &text);
        assert_int_equal(qv_trial_read(text.bytes, text.length, &again, &unaltered, NULL), QV_OK);
        assert_true(unaltered);
        assert_int_equal(qv_trial_last_day(&again), qv_trial_last_day(&plan));
        qv_text_finish(&text);
    }
}

/* A smaller effect and a wilder baseline take longer; what cannot be reached says so by its power. */
static void test_longer_for_less(void **unused)
{
    struct qv_trial_plan large = laid_out(9), small, out_of_reach;
    struct qv_trial_aim modest = aim;
    modest.rate_ratio = 0.75;
    assert_int_equal(qv_trial_lay_out(&coffee, &baseline, &modest, 9, 0, 1, &small, NULL), QV_OK);
    assert_true(qv_trial_last_day(&small) - small.first_day > qv_trial_last_day(&large) - large.first_day);
    assert_true(large.power >= 0.8 && small.power >= 0.8);
    modest.rate_ratio = 0.93;
    modest.most_days = 120;
    assert_int_equal(qv_trial_lay_out(&coffee, &baseline, &modest, 9, 0, 1, &out_of_reach, NULL), QV_OK);
    assert_true(out_of_reach.power < 0.5);
    assert_true(qv_trial_last_day(&out_of_reach) - out_of_reach.first_day < 120);
}

static void test_requests_that_make_no_sense(void **unused)
{
    struct qv_trial_plan plan;
    struct qv_error error = {0};
    struct qv_trial_aim wrong = aim;
    wrong.rate_ratio = 1.2;
    assert_int_equal(qv_trial_lay_out(&coffee, &baseline, &wrong, 1, 0, 1, &plan, &error), QV_ERR_USAGE);
    wrong = aim;
    wrong.power = 1;
    assert_int_equal(qv_trial_lay_out(&coffee, &baseline, &wrong, 1, 0, 1, &plan, &error), QV_ERR_USAGE);
    wrong = aim;
    wrong.most_days = 30;
    assert_int_equal(qv_trial_lay_out(&coffee, &baseline, &wrong, 1, 0, 1, &plan, &error), QV_ERR_USAGE);
    assert_non_null(strstr(error.text, "104"));
    assert_int_equal(qv_trial_lay_out(&coffee, &baseline, &aim, QV_TRIAL_SEED_MAX + 1, 0, 1, &plan, &error),
                     QV_ERR_USAGE);
    struct qv_trial_baseline still = baseline;
    still.per_day = 0;
    assert_int_equal(qv_trial_lay_out(&coffee, &still, &aim, 1, 0, 1, &plan, &error), QV_ERR_DATA);
}

/* ---- the baseline -------------------------------------------------------------------------------------------------------------- */

static void test_a_baseline_of_few_days(void **unused)
{
    double twitches[6] = {1, 2, 3, 4, 5, 6}, amounts[6] = {0};
    const struct qv_trial_baseline assumed = {5, 0.5, 0.3, 0};
    struct qv_days days = {
        .first_day = 100, .day_count = 6, .factor_count = 1, .twitches = twitches, .exposures = amounts};
    struct qv_trial_baseline b = qv_trial_baseline_of(&days, 106, &assumed);
    assert_int_equal(b.days, 0);
    assert_near(b.per_day, 5, 0);
}

static void test_a_baseline_of_many_days(void **unused)
{
    enum { DAYS = 4000 };
    static double twitches[DAYS], amounts[DAYS];
    const struct qv_trial_baseline assumed = {5, 0.5, 0.3, 0};
    struct chance chance = {11};
    double level = 0, variance = log1p(0.4), carried = 0.6;
    for (int t = 0; t < DAYS; t++) {
        level = carried * level + sqrt(variance * (1 - carried * carried)) * chance_normal(&chance);
        twitches[t] = t % 9 == 4 ? NAN : chance_poisson(&chance, 12 * exp(level - variance / 2));
        amounts[t] = t >= DAYS - 100 ? 1e6 : 0;
    }
    for (int t = DAYS - 100; t < DAYS; t++)
        twitches[t] = 1e5; /* of the trial: not looked at */
    struct qv_days days = {
        .first_day = 0, .day_count = DAYS, .factor_count = 1, .twitches = twitches, .exposures = amounts};
    struct qv_trial_baseline b = qv_trial_baseline_of(&days, DAYS - 100, &assumed);
    assert_near(b.per_day, 12, 0.8);
    assert_near(b.dispersion, 0.4, 0.08);
    assert_near(b.autocorrelation, 0.6, 0.08);
}

/* ---- files -------------------------------------------------------------------------------------------------------------------- */

static struct qv_text written_plan(const struct qv_trial_plan *plan)
{
    struct qv_text text;
    qv_text_init(&text, QV_TRIAL_JSON_MAX);
    qv_trial_write(plan, NULL, 0, &text);
    assert_false(text.failed);
    return text;
}

static void test_a_plan_comes_back(void **unused)
{
    for (uint64_t seed = 1; seed < 8; seed++) {
        struct qv_trial_plan plan = plan_of(seed == 1 ? QV_TRIAL_SEED_MAX : seed), again;
        if (seed == 2)
            plan.habit.usual = plan.habit.changed = NAN;
        struct qv_text text = written_plan(&plan), second;
        bool unaltered = false;
        assert_int_equal(qv_trial_read(text.bytes, text.length, &again, &unaltered, NULL), QV_OK);
        assert_true(unaltered);
        second = written_plan(&again);
        assert_string_equal(text.bytes, second.bytes);
        qv_text_finish(&text);
        qv_text_finish(&second);
    }
}

/* Replaces the first `from` by `to` and reads. */
static int read_changed(const struct qv_trial_plan *plan, const char *from, const char *to, bool *unaltered,
                        struct qv_error *error)
{
    struct qv_text text = written_plan(plan), changed;
    struct qv_trial_plan again;
    qv_text_init(&changed, 2 * QV_TRIAL_JSON_MAX);
    const char *at = strstr(text.bytes, from);
    if (!at)
        fail_msg("no %s", from);
    qv_text_add(&changed, text.bytes, (size_t)(at - text.bytes));
    qv_text_puts(&changed, to);
    qv_text_puts(&changed, at + strlen(from));
    int status = qv_trial_read(changed.bytes, changed.length, &again, unaltered, error);
    qv_text_finish(&text);
    qv_text_finish(&changed);
    return status;
}

static void test_altered_plans_are_found(void **unused)
{
    static const char *const changes[][2] = {
        {"\"arm\": \"less\"", "\"arm\": \"usual\""},
        {"\"usual_per_day\": 400", "\"usual_per_day\": 401"},
        {"\"washout_days\": 2", "\"washout_days\": 1"},
        {"\"counts_from\": \"2026-12-01\"", "\"counts_from\": \"2026-12-02\""},
        {"\"made_on\": \"2026-11-24\"", "\"made_on\": \"2026-11-23\""},
        {"\"difference_if_p_at_most\": 0.05", "\"difference_if_p_at_most\": 0.2"},
        {"\"seed\": 6", "\"seed\": 7"},
        {"\"analysis\": \"Blocks", "\"analysis\": \"Clocks"},
        {"\"rate_ratio\": 0.6", "\"rate_ratio\": 0.7"},
        {"\"sha256\": \"", "\"sha256\": \"0"},
        {"\"factor\": \"caffeine\"", "\"factor\": \"coffee\""},
        {"\"twitches_per_day\": 8", "\"note\": 1, \"twitches_per_day\": 8"},
    };
    struct qv_trial_plan plan = plan_of(6);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        bool unaltered = true;
        struct qv_error error = {0};
        int status = read_changed(&plan, changes[i][0], changes[i][1], &unaltered, &error);
        if (status != QV_OK || unaltered)
            fail_msg("%s → %s: %d %s", changes[i][0], changes[i][1], status, error.text);
    }
    bool unaltered = false; /* layout is no alteration */
    assert_int_equal(read_changed(&plan, "\"sha256\": ", "\"sha256\":\n\t", &unaltered, NULL), QV_OK);
    assert_true(unaltered);
}

/* Someone who alters the schedule and hashes it again has still not drawn it. */
static void test_a_chosen_schedule_is_found(void **unused)
{
    struct qv_trial_plan plan = plan_of(6), again;
    plan.arms = ~plan.arms & ((1U << plan.block_count) - 1);
    struct qv_text text = written_plan(&plan);
    bool unaltered = true;
    assert_int_equal(qv_trial_read(text.bytes, text.length, &again, &unaltered, NULL), QV_OK);
    assert_false(unaltered);
    qv_text_finish(&text);
}

static void test_files_that_are_no_plan(void **unused)
{
    static const char *const changes[][3] = {
        {"\"quiver_trial\": 1", "\"quiver_trial\": 2", "quiver_trial"},
        {"\"plan\": {", "\"plot\": {", "plan"},
        {"\"factor\": \"caffeine\"", "\"factor\": \"\\u001b[2J\"", "plan.factor"},
        {"\"unit\": \"mg\"", "\"unit\": 3", "plan.unit"},
        {"\"steps\": 2", "\"steps\": 2.5", "plan.steps"},
        {"\"steps\": 2", "\"steps\": 200", "plan.steps"},
        {"\"step_days\": 2", "\"step_days\": 0", "plan.step_days"},
        {"\"counted_days\": ", "\"counted_days\": -", "plan.counted_days"},
        {"\"made_on\": \"2026-11-24\"", "\"made_on\": \"2026-02-30\"", "plan.made_on"},
        {"\"arm\": \"less\"", "\"arm\": \"more\"", "arm"},
        {"\"blocks\": [", "\"blocks\": [], \"blocked\": [", "plan.blocks"},
        {"\"baseline\": {", "\"baseline\": 1, \"base\": {", "plan.baseline"},
        {"\"aim\": {", "\"aim\": {}, \"game\": {", "plan.aim"},
        {"\"seed\": 6", "\"seed\": 6, \"seed\": 6", "duplicate"},
        {"\"look_after_blocks\": 0", "\"look_after_blocks\": 22", "look_after_blocks"},
        {"{", "[", "line"},
    };
    struct qv_trial_plan plan = plan_of(6);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        bool unaltered;
        struct qv_error error = {0};
        int status = read_changed(&plan, changes[i][0], changes[i][1], &unaltered, &error);
        if (status != QV_ERR_DATA || !strstr(error.text, changes[i][2]))
            fail_msg("%s → %s: %d %s", changes[i][0], changes[i][1], status, error.text);
    }
    bool unaltered;
    assert_int_equal(qv_trial_read("", 0, &plan, &unaltered, NULL), QV_ERR_DATA);
    static char large[QV_TRIAL_JSON_MAX + 1];
    memset(large, ' ', sizeof large);
    assert_int_equal(qv_trial_read(large, sizeof large, &plan, &unaltered, NULL), QV_ERR_DATA);
}

/* ---- the result ----------------------------------------------------------------------------------------------------------------- */

struct diary {
    struct qv_days days;
    double twitches[QV_TRIAL_DAYS_MAX], amounts[QV_TRIAL_DAYS_MAX];
};

/* A diary of the whole trial, kept to the letter, without chance: `usual` a day, times `ratio` when changed. */
static void keep(struct diary *diary, const struct qv_trial_plan *plan, double usual, double ratio)
{
    diary->days = (struct qv_days){.first_day = plan->first_day,
                                   .day_count = (uint32_t)(qv_trial_last_day(plan) - plan->first_day) + 1,
                                   .factor_count = 1,
                                   .twitches = diary->twitches,
                                   .exposures = diary->amounts};
    for (uint32_t t = 0; t < diary->days.day_count; t++) {
        struct qv_trial_day day = qv_trial_day(plan, plan->first_day + (int32_t)t);
        /* what settles is wild: it must not be looked at */
        diary->twitches[t] = day.phase != QV_TRIAL_COUNTED ? 1000 : (usual + t % 3) * (day.changed ? ratio : 1);
        diary->amounts[t] = day.amount;
    }
}

static struct qv_trial_result result_of(const struct qv_trial_plan *plan, const struct diary *diary, int32_t today,
                                        bool stopped)
{
    struct qv_trial_result result;
    struct qv_error error = {0};
    int status = qv_trial_analyse(plan, &diary->days, today, stopped, &result, &error);
    if (status)
        fail_msg("%s", error.text);
    return result;
}

static void test_an_effect_is_found(void **unused)
{
    struct qv_trial_plan plan = plan_of(3);
    static struct diary diary;
    keep(&diary, &plan, 20, 0.5);
    struct qv_trial_result r = result_of(&plan, &diary, qv_trial_last_day(&plan) + 1, false);
    assert_int_equal(r.state, QV_TRIAL_FINISHED);
    assert_int_equal(r.verdict, QV_TRIAL_FEWER);
    assert_near(r.as_planned.rate.ratio, 0.5, 0.02);
    assert_near(r.as_logged.rate.ratio, 0.5, 0.02);
    assert_true(r.as_planned.rate.low < 0.5 && r.as_planned.rate.high > 0.5);
    assert_true(r.as_planned.probability_fewer > 0.99);
    assert_int_equal(r.orders, qv_trial_orders(plan.block_count));
    assert_near(r.p, 2.0 / r.orders, 1e-9); /* none but its mirror is as far */
    assert_int_equal(r.days_planned, plan.block_count * plan.counted_days);
    assert_int_equal(r.days_observed, r.days_planned);
    assert_int_equal(r.days_kept_to, r.days_planned);
    assert_near(r.usual_amount, 400, 1e-9);
    assert_near(r.changed_amount, 100, 1e-9);

    keep(&diary, &plan, 20, 1.8);
    r = result_of(&plan, &diary, qv_trial_last_day(&plan) + 1, false);
    assert_int_equal(r.verdict, QV_TRIAL_MORE);
    assert_near(r.as_planned.rate.ratio, 1.8, 0.05);
    keep(&diary, &plan, 20, 1);
    r = result_of(&plan, &diary, qv_trial_last_day(&plan) + 1, false);
    assert_int_equal(r.verdict, QV_TRIAL_NO_CLEAR_DIFFERENCE);
}

/* A trend that runs through the whole trial is no effect, and hides none. */
static void test_a_trend_is_no_effect(void **unused)
{
    struct qv_trial_plan plan = plan_of(3);
    static struct diary diary;
    keep(&diary, &plan, 200, 1);
    for (uint32_t t = 0; t < diary.days.day_count; t++)
        diary.twitches[t] = round(diary.twitches[t] * exp(-0.02 * t));
    struct qv_trial_result r = result_of(&plan, &diary, qv_trial_last_day(&plan) + 1, false);
    assert_near(r.as_planned.rate.ratio, 1, 0.05);
    keep(&diary, &plan, 200, 0.7);
    for (uint32_t t = 0; t < diary.days.day_count; t++)
        diary.twitches[t] = round(diary.twitches[t] * exp(-0.02 * t));
    r = result_of(&plan, &diary, qv_trial_last_day(&plan) + 1, false);
    assert_near(r.as_planned.rate.ratio, 0.7, 0.04);
    assert_int_equal(r.verdict, QV_TRIAL_FEWER);
}

/* Days that were missed are left out; when too few are left nothing is said. */
static void test_missing_days(void **unused)
{
    struct qv_trial_plan plan = plan_of(3);
    static struct diary diary;
    keep(&diary, &plan, 20, 0.5);
    for (uint32_t t = 0; t < diary.days.day_count; t += 3)
        diary.twitches[t] = NAN;
    struct qv_trial_result r = result_of(&plan, &diary, qv_trial_last_day(&plan) + 1, false);
    assert_int_equal(r.verdict, QV_TRIAL_FEWER);
    assert_near(r.as_planned.rate.ratio, 0.5, 0.04);
    assert_true(r.days_observed < r.days_planned && r.days_observed == r.as_planned.days);
    for (uint32_t t = 0; t < diary.days.day_count; t++)
        diary.twitches[t] = t % 4 ? NAN : diary.twitches[t];
    r = result_of(&plan, &diary, qv_trial_last_day(&plan) + 1, false);
    assert_int_equal(r.verdict, QV_TRIAL_TOO_LITTLE);
    assert_true(isnan(r.p));
}

/* On every third day of a changed block the plan was not kept to: the effect of the plan is less than that of what was taken. */
static void test_days_that_were_not_kept_to(void **unused)
{
    struct qv_trial_plan plan = plan_of(3);
    static struct diary diary;
    keep(&diary, &plan, 200, 0.5);
    uint32_t slips = 0;
    for (uint32_t t = 0; t < diary.days.day_count; t++) {
        struct qv_trial_day day = qv_trial_day(&plan, plan.first_day + (int32_t)t);
        if (day.phase == QV_TRIAL_COUNTED && day.changed && t % 3 == 0) {
            diary.amounts[t] = 400;
            diary.twitches[t] = 200;
            slips++;
        }
    }
    struct qv_trial_result r = result_of(&plan, &diary, qv_trial_last_day(&plan) + 1, false);
    assert_int_equal(r.days_known - r.days_kept_to, slips);
    assert_near(r.as_planned.rate.ratio, 0.67, 0.03); /* two days at a half, one at one */
    assert_true(r.as_logged.rate.ratio < r.as_planned.rate.ratio - 0.08);

    for (uint32_t t = 0; t < diary.days.day_count; t++)
        diary.amounts[t] = NAN; /* nothing was logged of the habit */
    r = result_of(&plan, &diary, qv_trial_last_day(&plan) + 1, false);
    assert_int_equal(r.days_known, 0);
    assert_true(isnan(r.as_logged.rate.ratio));
    assert_near(r.as_planned.rate.ratio, 0.67, 0.03);
}

/* While it runs nothing is said of the effect; who stops early gets an estimate and no verdict. */
static void test_before_the_end(void **unused)
{
    struct qv_trial_plan plan = plan_of(3);
    static struct diary diary;
    keep(&diary, &plan, 20, 0.5);
    uint32_t all = diary.days.day_count;

    diary.days.day_count = 0;
    struct qv_trial_result r = result_of(&plan, &diary, plan.first_day, false);
    assert_int_equal(r.state, QV_TRIAL_WAITING);

    diary.days.day_count = 5 * qv_trial_block_days(&plan) + 3;
    int32_t today = plan.first_day + (int32_t)diary.days.day_count;
    r = result_of(&plan, &diary, today, false);
    assert_int_equal(r.state, QV_TRIAL_RUNNING);
    assert_int_equal(r.verdict, QV_TRIAL_NO_VERDICT);
    assert_true(isnan(r.as_planned.rate.ratio) && isnan(r.p) && isnan(r.usual_per_day));
    assert_int_equal(r.days_planned, 5 * plan.counted_days);

    r = result_of(&plan, &diary, today, true);
    assert_int_equal(r.state, QV_TRIAL_STOPPED);
    assert_int_equal(r.verdict, QV_TRIAL_NO_VERDICT);
    assert_int_equal(r.blocks_used, 5);
    assert_true(isnan(r.p));
    assert_near(r.as_planned.rate.ratio, 0.5, 0.05);

    /* Long after its end with the last blocks missing, it is over. */
    r = result_of(&plan, &diary, qv_trial_last_day(&plan) + 100, false);
    assert_int_equal(r.state, QV_TRIAL_FINISHED);
    /* Asked on an earlier day of a diary that is whole, it is over too. */
    diary.days.day_count = all;
    r = result_of(&plan, &diary, plan.first_day, false);
    assert_int_equal(r.state, QV_TRIAL_FINISHED);
}

/* The one planned look: enough ends the trial, and not enough does not. */
static void test_the_planned_look(void **unused)
{
    struct qv_trial_plan plan = plan_of(3);
    plan.block_count = 16;
    plan.counted_days = 7;
    plan.look_after_blocks = 12;
    plan.look_p = 0.005;
    plan.final_p = 0.045;
    plan.arms = order_draw(&(struct chance){plan.seed}, 16);
    static struct diary diary;
    keep(&diary, &plan, 20, 0.5);
    diary.days.day_count = 12 * qv_trial_block_days(&plan);
    int32_t today = plan.first_day + (int32_t)diary.days.day_count;
    struct qv_trial_result r = result_of(&plan, &diary, today, false);
    assert_int_equal(r.state, QV_TRIAL_BY_RULE);
    assert_int_equal(r.verdict, QV_TRIAL_FEWER);
    assert_int_equal(r.blocks_used, 12);

    diary.days.day_count -= qv_trial_block_days(&plan); /* a block before the look there is no looking */
    r = result_of(&plan, &diary, today - (int32_t)qv_trial_block_days(&plan), false);
    assert_int_equal(r.state, QV_TRIAL_RUNNING);

    keep(&diary, &plan, 20, 1);
    diary.days.day_count = 12 * qv_trial_block_days(&plan);
    r = result_of(&plan, &diary, today, false);
    assert_int_equal(r.state, QV_TRIAL_RUNNING);
    assert_true(isnan(r.as_planned.rate.ratio));
}

/* By hand, on eight blocks of one number each of which one is missing. */
static void test_the_contrast_is_least_squares(void **unused)
{
    const double z[8] = {1.0, 0.2, 1.3, 0.9, 0.1, 0.4, 1.6, 0.3}, w[8] = {7, 7, 5, 7, 0, 6, 7, 7};
    const double x[8] = {0, 1, 0, 0, 1, 1, 0, 1};
    uint32_t arms = 0xB2;
    /* The normal equations of z on (1, t, x), solved by Cramer's rule. */
    double a[3][3] = {{0}}, y[3] = {0};
    for (int b = 0; b < 8; b++) {
        double row[3] = {1, b, x[b]};
        for (int i = 0; i < 3; i++) {
            y[i] += w[b] * row[i] * z[b];
            for (int k = 0; k < 3; k++)
                a[i][k] += w[b] * row[i] * row[k];
        }
    }
#define DET(p, q, r)                                                                                                   \
    (p[0] * (q[1] * r[2] - q[2] * r[1]) - p[1] * (q[0] * r[2] - q[2] * r[0]) + p[2] * (q[0] * r[1] - q[1] * r[0]))
    double wanted = DET(a[0], a[1], y) / DET(a[0], a[1], a[2]);
    struct contrast c;
    contrast_begin(&c, z, w, 8);
    assert_near(contrast_of_order(&c, arms), wanted, 1e-12);
}

/* ---- who may try what --------------------------------------------------------------------------------------------------------- */

static struct qv_knowledge *knowledge;

static int open_knowledge(void **unused)
{
    return qv_knowledge_builtin(&knowledge, NULL);
}

static int close_knowledge(void **unused)
{
    qv_knowledge_destroy(knowledge);
    return 0;
}

/* What a person with these findings is told of a habit. */
static int consult(const char *what, const char *findings, const char *medicine, double usual,
                   struct qv_trial_offer *out, struct qv_error *error)
{
    struct qv_arena *arena = qv_arena_create(0);
    char json[1000];
    struct qv_case *c = NULL;
    snprintf(json, sizeof json, "{\"quiver_case\":1,\"as_of\":\"2026-11-22\",\"findings\":%s}", findings);
    assert_int_equal(qv_case_parse(arena, &knowledge->form, json, strlen(json), "case", &c, error), QV_OK);
    struct qv_daybook *book = NULL;
    assert_int_equal(qv_daybook_create(knowledge, arena, &book, error), QV_OK);
    const struct qv_entry taken = {
        .day = c->as_of_days - 3, .second = QV_NO_SECOND, .kind = QV_ENTRY_MEDICINE, .amount = 50, .note = medicine};
    if (medicine)
        assert_int_equal(qv_daybook_add(book, &taken, error), QV_OK);
    const struct qv_trial_request request = {
        .what = what, .c = c, .diary = book, .first_day = c->as_of_days + 1, .usual = usual};
    int status = qv_trial_consult(knowledge, &request, arena, out, error);
    qv_arena_destroy(arena);
    return status;
}

static void expect_refusal(const char *what, const char *findings, const char *medicine, const char *refusal)
{
    struct qv_trial_offer offer;
    struct qv_error error = {0};
    if (consult(what, findings, medicine, NAN, &offer, &error))
        fail_msg("%s, %s: %s", what, findings, error.text);
    const char *found = offer.refusal ? offer.refusal->id : "none";
    if (strcmp(found, refusal) != 0)
        fail_msg("%s, %s, %s: found %s, expected %s", what, findings, medicine ? medicine : "-", found, refusal);
}

/* Every name of every medicine, but for the habits that are also sold as tablets: those are tried as habits. */
static void test_no_medicine_is_a_trial(void **unused)
{
    for (uint32_t m = 0; m < knowledge->facts->medicine_count; m++) {
        const struct qv_medicine *medicine = &knowledge->facts->medicines[m];
        for (uint32_t n = 0; n < medicine->names.count; n++) {
            if (!qv_trial_info(knowledge, medicine->names.at[n]))
                expect_refusal(medicine->names.at[n], "{}", NULL, "prescribed_medicine");
        }
    }
    expect_refusal("Sertraline", "{}", NULL, "prescribed_medicine");
    expect_refusal("levodopa/carbidopa", "{}", NULL, "prescribed_medicine");
    expect_refusal("medicine", "{}", NULL, "prescribed_medicine");
    expect_refusal("MEDICINE", "{}", NULL, "prescribed_medicine");
}

static void test_refusals(void **unused)
{
    static const struct {
        const char *what, *findings, *medicine, *refusal;
    } people[] = {
        {"caffeine", "{}", NULL, "none"},
        {"salt", "{}", NULL, "salt"},
        {"stress", "{}", NULL, "cannot_be_set"},
        {"potassium", "{}", NULL, "none"},
        {"potassium", "{\"kidney_disease\":true}", NULL, "minerals"},
        {"magnesium", "{\"kidney_disease\":true}", NULL, "minerals"},
        {"magnesium", "{\"kidney_disease\":false}", NULL, "none"},
        {"magnesium", "{\"eating_disorder\":true}", NULL, "minerals_with_eating_disorder"},
        {"exercise", "{}", NULL, "none"},
        {"exercise", "{\"palpitations\":true}", NULL, "exercise_with_heart"},
        {"exercise", "{\"fainting\":true}", NULL, "doctor_first"},
        {"potassium", "{\"medications\":[{\"name\":\"Spironolactone\"}]}", NULL, "minerals"},
        {"magnesium", "{}", "amiloride", "minerals"},
        {"sleep", "{\"kidney_disease\":true}", "spironolactone", "none"},
        {"caffeine", "{}", "lithium", "caffeine_with_medicine"},
        {"caffeine", "{\"medications\":[{\"name\":\"clozapine\"}]}", NULL, "caffeine_with_medicine"},
        {"caffeine", "{\"pregnancy_weeks\":20}", NULL, "caffeine_in_pregnancy"},
        {"caffeine", "{\"age\":15}", NULL, "caffeine_under_18"},
        {"alcohol", "{\"heavy_drinking\":true}", NULL, "alcohol_dependence"},
        {"alcohol", "{\"alcohol_g_per_day\":90}", NULL, "alcohol_dependence"},
        {"alcohol", "{\"pregnant\":true}", NULL, "alcohol_none_is_best"},
        {"alcohol", "{\"age\":16}", NULL, "alcohol_none_is_best"},
        {"alcohol", "{\"alcohol_g_per_day\":20}", NULL, "none"},
        {"water", "{\"heart_failure\":true}", NULL, "water_limits"},
        {"water", "{}", "desmopressin", "water_limits"},
        {"sleep", "{\"facial_droop\":true,\"began_suddenly\":true}", NULL, "doctor_first"},
        {"caffeine", "{\"breathing_difficulty\":true}", NULL, "doctor_first"},
    };
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++)
        expect_refusal(people[i].what, people[i].findings, people[i].medicine, people[i].refusal);
}

/* What a person is told who said `findings` and logged so much a day, for so many days up to yesterday. */
static int consult_diary(enum qv_entry_kind kind, double amount, int days, const char *findings,
                         struct qv_trial_offer *out)
{
    struct qv_arena *arena = qv_arena_create(0);
    char json[200];
    struct qv_case *c = NULL;
    struct qv_daybook *book = NULL;
    snprintf(json, sizeof json, "{\"quiver_case\":1,\"as_of\":\"2026-11-22\",\"findings\":%s}", findings);
    assert_int_equal(qv_case_parse(arena, &knowledge->form, json, strlen(json), "case", &c, NULL), QV_OK);
    assert_int_equal(qv_daybook_create(knowledge, arena, &book, NULL), QV_OK);
    for (int d = 1; d <= days; d++) {
        const struct qv_entry entry = {
            .day = c->as_of_days - d, .second = QV_NO_SECOND, .kind = kind, .amount = amount, .note = ""};
        assert_int_equal(qv_daybook_add(book, &entry, NULL), QV_OK);
    }
    const struct qv_trial_request request = {qv_entry_kind_info(kind)->id, .c = c, .diary = book,
                                             .first_day = c->as_of_days, .usual = NAN};
    const int status = qv_trial_consult(knowledge, &request, arena, out, NULL);
    qv_arena_destroy(arena);
    return status;
}

/* What is in the diary counts as if it had been told, and before what was said of the usual amount. */
static void test_refusals_by_the_diary(void **unused)
{
    struct qv_trial_offer offer;
    assert_int_equal(consult("alcohol", "{}", NULL, 90, &offer, NULL), QV_OK);
    assert_string_equal(offer.refusal->id, "alcohol_dependence");
    assert_int_equal(consult_diary(QV_ENTRY_ALCOHOL, 90, 7, "{\"alcohol_g_per_day\":20}", &offer), QV_OK);
    assert_string_equal(offer.refusal->id, "alcohol_dependence");
    assert_int_equal(consult_diary(QV_ENTRY_ALCOHOL, 20, 7, "{}", &offer), QV_OK);
    assert_null(offer.refusal);
    assert_int_equal(consult("sleep", "{}", NULL, 31, &offer, NULL), QV_ERR_DATA);
}

/* The usual amount is the diary's, to two digits, when a week is known; else what was said; also of a habit without a finding. */
static void test_the_usual_amount(void **unused)
{
    struct qv_trial_offer offer;
    assert_int_equal(consult_diary(QV_ENTRY_CAFFEINE, 317, 7, "{\"caffeine_mg_per_day\":520}", &offer), QV_OK);
    assert_near(offer.habit.usual, 320, 1e-9);
    assert_int_equal(consult_diary(QV_ENTRY_CAFFEINE, 317, 6, "{\"caffeine_mg_per_day\":520}", &offer), QV_OK);
    assert_near(offer.habit.usual, 520, 1e-9);
    assert_int_equal(consult_diary(QV_ENTRY_EXERCISE, 43.4, 9, "{}", &offer), QV_OK);
    assert_near(offer.habit.usual, 43, 1e-9);
    assert_near(offer.habit.changed, 73, 1e-9);
    assert_int_equal(consult_diary(QV_ENTRY_EXERCISE, 43.4, 6, "{}", &offer), QV_OK);
    assert_true(isnan(offer.habit.usual));
}

static void test_words_that_are_nothing(void **unused)
{
    struct qv_trial_offer offer;
    struct qv_error error = {0};
    assert_int_equal(consult("moonlight", "{}", NULL, NAN, &offer, &error), QV_ERR_USAGE);
    assert_non_null(strstr(error.text, "caffeine"));
    assert_int_equal(consult("caffeine", "{}", NULL, 20, &offer, &error), QV_ERR_DATA);
    assert_int_equal(consult("caffeine", "{\"caffeine_mg_per_day\":20}", NULL, NAN, &offer, &error), QV_ERR_DATA);
}

/* Steps of a quarter, or of about a cup of tea; five of the long half-lives; longer for whom it stays longer. */
static void test_how_caffeine_is_changed(void **unused)
{
    static const struct {
        double usual, changed;
        uint32_t steps;
    } doses[] = {{80, 20, 0}, {100, 25, 0}, {200, 50, 1}, {400, 100, 2}, {800, 200, 2}, {NAN, NAN, 2}};
    struct qv_trial_offer offer;
    for (size_t i = 0; i < sizeof doses / sizeof doses[0]; i++) {
        assert_int_equal(consult("caffeine", "{}", NULL, doses[i].usual, &offer, NULL), QV_OK);
        assert_int_equal(offer.habit.steps, doses[i].steps);
        assert_true(isnan(doses[i].usual) ? isnan(offer.habit.changed) : offer.habit.changed == doses[i].changed);
        assert_true(offer.habit.washout_days * 24 >= 5 * 9.5);
        assert_null(offer.washout);
    }
    assert_int_equal(consult("Caffeine", "{\"caffeine_mg_per_day\":520}", "fluvoxamine", NAN, &offer, NULL), QV_OK);
    assert_near(offer.habit.usual, 520, 0);
    assert_int_equal(offer.habit.washout_days, 12);             /* 5 × 56 h */
    assert_string_equal(offer.washout->id, "caffeine_blocked"); /* of two that hold the longer */
    assert_int_equal(consult("caffeine", "{}", "ciprofloxacin", NAN, &offer, NULL), QV_OK);
    assert_int_equal(offer.habit.washout_days, 4); /* 5 × 17 h */
    assert_string_equal(offer.washout->id, "caffeine_slowed");
}

/* ---- pages ---------------------------------------------------------------------------------------------------------------------- */

static void check_page(const struct qv_text *text, unsigned columns, unsigned lines)
{
    unsigned found = 0;
    assert_false(text->failed);
    for (const char *line = text->bytes; *line; line += strcspn(line, "\n") + 1, found++) {
        if (qv_utf8_columns(line, strcspn(line, "\n")) > columns)
            fail_msg("wider than %u: %.*s", columns, (int)strcspn(line, "\n"), line);
    }
    assert_true(found <= lines);
}

static void test_pages_fit(void **unused)
{
    struct qv_trial_plan plan = plan_of(3);
    static struct diary diary;
    keep(&diary, &plan, 20, 0.5);
    struct qv_trial_result r = result_of(&plan, &diary, qv_trial_last_day(&plan) + 1, false);
    const struct qv_trial_view view = {knowledge, qv_trial_info(knowledge, "caffeine"), NULL, &plan, true};
    for (unsigned columns = 40; columns <= 80; columns += 40) {
        for (int full = 0; full < 2; full++) {
            const struct qv_page_settings settings = {.columns = columns, .full = full};
            unsigned lines = full ? 300 : columns == 80 ? 44 : 100;
            struct qv_text text;
            qv_text_init(&text, 1 << 20);
            qv_page_trial_plan(&view, &settings, &text);
            check_page(&text, columns, lines);
            qv_text_clear(&text);
            qv_page_trial_result(&view, &r, &settings, &text);
            check_page(&text, columns, lines);
            qv_text_clear(&text);
            for (int32_t day = plan.first_day - 1; day <= qv_trial_last_day(&plan) + 1; day++) {
                qv_page_trial_today(&view, day, &settings, &text);
                check_page(&text, columns, lines);
                qv_text_clear(&text);
            }
            qv_text_finish(&text);
        }
    }
}

/* An altered plan is analysed, but nothing calls that the planned analysis. */
static void test_altered_results_say_so(void **unused)
{
    struct qv_trial_plan plan = plan_of(3);
    static struct diary diary;
    keep(&diary, &plan, 20, 0.5);
    struct qv_trial_result r = result_of(&plan, &diary, qv_trial_last_day(&plan) + 1, false);
    struct qv_trial_view view = {knowledge, qv_trial_info(knowledge, "caffeine"), NULL, &plan, true};
    const struct qv_page_settings settings = {.columns = 200};
    for (int altered = 0; altered < 2; altered++) {
        struct qv_text page, json;
        qv_text_init(&page, 1 << 20);
        qv_text_init(&json, 1 << 20);
        view.unaltered = !altered;
        qv_page_trial_result(&view, &r, &settings, &page);
        qv_json_trial_result(&view, &r, 0, &json);
        assert_int_equal(strstr(page.bytes, "Not the planned analysis") != NULL, altered);
        assert_int_equal(strstr(json.bytes, "\"as_planned\":false") != NULL, altered);
        assert_int_equal(strstr(json.bytes, "\"altered\"") != NULL, altered);
        qv_text_finish(&page);
        qv_text_finish(&json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digests_of_the_standard),
        cmocka_unit_test(test_digests_of_every_length),
        cmocka_unit_test(test_orders_are_all_that_are_allowed),
        cmocka_unit_test(test_every_order_is_as_likely),
        cmocka_unit_test(test_poisson_draws),
        cmocka_unit_test(test_schedules_are_balanced),
        cmocka_unit_test(test_days_that_settle),
        cmocka_unit_test(test_the_seed_decides),
        cmocka_unit_test(test_leap_days_and_clock_changes),
        cmocka_unit_test(test_longer_for_less),
        cmocka_unit_test(test_requests_that_make_no_sense),
        cmocka_unit_test(test_a_baseline_of_few_days),
        cmocka_unit_test(test_a_baseline_of_many_days),
        cmocka_unit_test(test_a_plan_comes_back),
        cmocka_unit_test(test_altered_plans_are_found),
        cmocka_unit_test(test_a_chosen_schedule_is_found),
        cmocka_unit_test(test_files_that_are_no_plan),
        cmocka_unit_test(test_the_contrast_is_least_squares),
        cmocka_unit_test(test_an_effect_is_found),
        cmocka_unit_test(test_a_trend_is_no_effect),
        cmocka_unit_test(test_missing_days),
        cmocka_unit_test(test_days_that_were_not_kept_to),
        cmocka_unit_test(test_before_the_end),
        cmocka_unit_test(test_the_planned_look),
        cmocka_unit_test(test_no_medicine_is_a_trial),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_refusals_by_the_diary),
        cmocka_unit_test(test_the_usual_amount),
        cmocka_unit_test(test_words_that_are_nothing),
        cmocka_unit_test(test_how_caffeine_is_changed),
        cmocka_unit_test(test_pages_fit),
        cmocka_unit_test(test_altered_results_say_so),
    };
    return cmocka_run_group_tests_name("trial", tests, open_knowledge, close_knowledge);
}
