/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file nof1.h — one person's own statistics: which habits go with the twitches, and experiments that prove it.
 *
 * This room sees a table of days and factors that the caller describes; it knows neither the medicine behind them nor where they
 * are stored.
 */
#ifndef QUIVER_NOF1_H
#define QUIVER_NOF1_H

#include <quiver/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the table of days ------------------------------------------------------------------------------------------------ */

#define QV_FACTORS_MAX 16
#define QV_DAYS_MAX 36525

/** One habit, and how it is looked at. */
struct qv_factor {
    const char *id;  /**< "caffeine" */
    const char *per; /**< "100 mg": the step that a rate ratio is for */
    double step;     /**< that step in the unit of the exposures: 100 */
    double
        prior_sd; /**< of the logarithm of the rate ratio of one step, about 0; 0.4 says that one habit in three does 1.5 */
    bool drop; /**< the fall since yesterday is looked at beside the level: withdrawal can do it */
};

/** A row a day, no day left out. Belongs to the caller. */
struct qv_days {
    int32_t first_day; /**< since 1970-01-01 */
    uint32_t day_count, factor_count;
    const struct qv_factor *factors;
    const double *twitches;  /**< [day_count]; NaN: not observed */
    const double *exposures; /**< [factor_count][day_count]; NaN: not known, which is not 0 */
};

/* ---- triggers ------------------------------------------------------------------------------------------------------------ */

enum qv_trigger_verdict {
    QV_NOT_ENOUGH_DATA,
    QV_NO_CLEAR_EFFECT,
    QV_POSSIBLE_TRIGGER,
    QV_LIKELY_TRIGGER,
    QV_LIKELY_PROTECTIVE,
};

/** "likely_trigger", as the contract spells it. */
const char *qv_trigger_verdict_id(enum qv_trigger_verdict verdict);

struct qv_ratio {
    double ratio, low, high; /**< median and 95 % interval of the posterior */
};

/** What is known of one factor at one lag. */
struct qv_trigger {
    uint32_t factor;  /**< index into the days' factors */
    int32_t lag_days; /**< 0: the same day, 1: the day after */
    bool drop;        /**< of the fall since the day before, and not of the level */
    struct qv_ratio rate;
    double probability_raises;
    enum qv_trigger_verdict verdict;
    /**
     * Observed days with which a rate 1.3 times as large for a step would be found in four diaries of five, at this person's
     * habits and twitches. NaN unless not enough data; INFINITY where the habit never varies, or was never noted.
     */
    double days_needed;
    uint32_t known_days; /**< observed days on which it is known */
};

/** Two factors that move together, so that neither can be told from the other. */
struct qv_entwined {
    uint32_t factor, with;
    double correlation;
};

/** Memory belongs to the arena it was made in. */
struct qv_triggers {
    const struct qv_days *days;
    uint32_t days_observed;
    double twitches;         /**< in all */
    double baseline_per_day; /**< mean of a day with the person's own mean habits, in the middle of the diary; median */
    struct qv_ratio trend_per_week;
    /** Posterior means: δ², by which the variance of a day's count is μ + δ²μ²; of the latent days, one to the next. */
    double dispersion, autocorrelation;
    uint32_t trigger_count;
    const struct qv_trigger *triggers; /**< levels by factor, lag 0 before lag 1; then drops */
    uint32_t entwined_count;
    const struct qv_entwined *entwined;
    const double *expected; /**< [day_count]: the twitches that the model expects */
};

/**
 * Finds what drives the twitches. src/nof1/model.h describes the model, its priors and its inference; src/nof1/triggers.c has the rules
 * of the verdicts. Deterministic. Costs some 5 ms for a diary of months, 40 ms for ten years of twelve factors.
 * Errors: QV_ERR_DATA for a table that makes no sense (too long, a count below 0, a step of 0), QV_ERR_UNAVAILABLE for no memory.
 * Too few days are no error: then every verdict is QV_NOT_ENOUGH_DATA.
 */
int qv_find_triggers(const struct qv_days *days, struct qv_arena *arena, struct qv_triggers **out,
                     struct qv_error *error) QV_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
