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
    double prior_sd; /**< of the logarithm of the rate ratio of one step, about 0 */
    bool drop;       /**< the fall since yesterday is looked at beside the level: withdrawal can do it */
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
    double days_needed; /**< observed days until an effect worth knowing would be found; NaN unless not enough data */
    uint32_t known_days;
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
    double twitches; /**< in all */
    double baseline_per_day; /**< at the person's own mean habits, in the middle of the diary */
    struct qv_ratio trend_per_week;
    double dispersion, autocorrelation; /**< posterior means: variance beyond Poisson; of the latent days */
    uint32_t trigger_count;
    const struct qv_trigger *triggers; /**< levels by factor, lag 0 before lag 1; then drops */
    uint32_t entwined_count;
    const struct qv_entwined *entwined;
    const double *expected; /**< [day_count]: the twitches that the model expects */
};

/**
 * Finds what drives the twitches. The model, its priors and its inference are described above the body, in src/nof1/.
 * Deterministic. Errors: QV_ERR_DATA for a table that makes no sense, QV_ERR_UNAVAILABLE for no memory. Too few days are no
 * error: then every verdict is QV_NOT_ENOUGH_DATA.
 */
int qv_find_triggers(const struct qv_days *days, struct qv_arena *arena, struct qv_triggers **out,
                     struct qv_error *error) QV_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
