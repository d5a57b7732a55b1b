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
    const char *id;     /**< "caffeine" */
    const char *per;    /**< "100 mg": the step that a rate ratio is for */
    double step;        /**< that step in the unit of the exposures: 100 */
    double prior_sd;    /**< of the log rate ratio of one step, about 0; 0.4 says that one habit in three does 1.5 */
    bool drop;          /**< the fall since yesterday is looked at beside the level: withdrawal can do it */
    double half_life_h; /**< by which `in_body` was worked out; 0: it was not */
};

/** An amount that was taken in, and when on that day; hours since midnight. */
struct qv_intake {
    int32_t day;
    double hour, amount;
};

/**
 * How much of what was taken in is at work on each day: the mean amount in the body between 7 and 23 hours by a model of
 * one compartment with first-order absorption and elimination (Bateman's function), scaled so that over all days it adds up
 * to what was taken in. One step of it is one step of the habit, moved to the hours in which it acts. @p load has
 * room for @p day_count; @p half_life_h is larger than @p absorbed_h, the time in which half is taken up.
 */
void qv_body_load(const struct qv_intake *intakes, uint32_t count, double absorbed_h, double half_life_h,
                  int32_t first_day, uint32_t day_count, double *load);

/** A row a day, no day left out. Belongs to the caller. */
struct qv_days {
    int32_t first_day; /**< since 1970-01-01 */
    uint32_t day_count, factor_count;
    const struct qv_factor *factors;
    const double *twitches;  /**< [day_count]; NaN: not observed */
    const double *exposures; /**< [factor_count][day_count]; NaN: not known, which is not 0 */
    const double *in_body;   /**< the same as qv_body_load() has it, of factors with a half_life_h; NULL: of none */
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
    uint32_t in_body_count;
    const struct qv_trigger
        *in_body; /**< a second look: what was in the body in place of what was taken in, same day */
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

/* ---- trials --------------------------------------------------------------------------------------------------------------- */

/*
 * An experiment on oneself. Days are grouped into blocks of equal length; in each block the habit is either as *usual* or *changed*
 * (less, mostly). Which is drawn at random: every order with as many blocks of either, and no more than three of one kind in a row,
 * is as likely as any other. A block begins with days that settle: the dose comes down in steps, and what is left of the old
 * one leaves the body. Only the days after those count, whole weeks of them, so that every weekday is in each block as often.
 * The same days count whatever was drawn.
 *
 * Who knows the medicine says how the habit is changed and how long it takes to settle (struct qv_trial_habit). The number of blocks is the
 * least with which an effect that the person cares about would be found as often as they want, by simulation from their own baseline.
 *
 * The plan is fixed before the first day. It is written as canonical JSON under its SHA-256, so that what was planned and what was
 * analysed can be compared by anyone.
 *
 * state      what may be said                                                     moves on
 * waiting    nothing: the first day is to come                                    with the days
 * running    how many days were logged and kept to; of the effect nothing        with the days, or by stopping
 * stopped    an estimate, which is not the planned analysis                       —
 * by rule    the planned look found enough: a verdict                             —
 * finished   a verdict                                                            —
 *
 * Reported by the items of CENT 2015 (Vohra et al., J Clin Epidemiol 2016;76:9-17; Shamseer et al., ibid. 18-46).
 */

#define QV_TRIAL_BLOCKS_MIN 8 /**< with fewer, no outcome is rare enough among the orders that could have been drawn */
#define QV_TRIAL_BLOCKS_MAX 24
#define QV_TRIAL_RUN_MAX 3
#define QV_TRIAL_DAYS_MAX 1000
#define QV_TRIAL_ID_BYTES 32
#define QV_TRIAL_JSON_MAX ((size_t)64 << 10)
#define QV_TRIAL_SEED_MAX (((uint64_t)1 << 53) - 1) /**< what every reader of JSON keeps exactly */
#define QV_SHA256_HEX_BYTES 65

/** The habit and how it is changed. */
struct qv_trial_habit {
    char factor[QV_TRIAL_ID_BYTES]; /**< "caffeine": a kind of the diary */
    char unit[QV_TRIAL_ID_BYTES];
    bool more;             /**< changed is more than usual, and not less */
    double usual, changed; /**< a day, in the unit; NaN: not known */
    uint32_t steps;        /**< between the two on the way to changed; back to usual there are none */
    uint32_t step_days;
    uint32_t washout_days; /**< at the new amount until a day counts */
};

/** How the person twitches without a trial. */
struct qv_trial_baseline {
    double per_day;
    double dispersion;      /**< variance of the days' rates over their squared mean: 0 is Poisson */
    double autocorrelation; /**< of the logarithms of the rates of one day and the next, 0 to 0.95 */
    uint32_t days;          /**< observed days behind it; 0: assumed */
};

/** What the trial must be able to show. */
struct qv_trial_aim {
    double rate_ratio;  /**< changed over usual, 0.1 to 0.95 */
    double power;       /**< wanted, 0.5 to 0.99 */
    uint32_t most_days; /**< no trial is planned to be longer */
};

/** A plan, whole: the days and the analysis follow from it. */
struct qv_trial_plan {
    struct qv_trial_habit habit;
    struct qv_trial_baseline baseline;
    struct qv_trial_aim aim;
    int32_t made_on, first_day; /**< since 1970-01-01 */
    uint32_t block_count, counted_days;
    uint64_t seed;
    uint32_t arms; /**< bit b: block b is changed */
    double power;  /**< simulated; of which the standard error is sqrt(p(1-p)/simulations) */
    uint32_t simulations;
    uint32_t look_after_blocks; /**< the one look before the end; 0: none is planned */
    double look_p, final_p;     /**< at most so much: then there is a difference. They sum to 0.05 */
};

/**
 * A person's baseline from the days before @p before: moments, drawn towards @p assumed as if that were 14 days more.
 * Fewer than seven observed days are none: then it is @p assumed, with `days` 0.
 */
struct qv_trial_baseline qv_trial_baseline_of(const struct qv_days *days, int32_t before,
                                              const struct qv_trial_baseline *assumed);

/**
 * Lays out a trial: the shortest that reaches the power, or, if none does within `most_days`, the one that comes nearest.
 * Deterministic: the seed decides the order (SplitMix64, Steele et al. 2014) and the simulation.
 * Errors: QV_ERR_USAGE for an aim out of range, or fewer `most_days` than the shortest trial takes; QV_ERR_UNAVAILABLE.
 */
int qv_trial_lay_out(const struct qv_trial_habit *habit, const struct qv_trial_baseline *baseline,
                     const struct qv_trial_aim *aim, uint64_t seed, int32_t made_on, int32_t first_day,
                     struct qv_trial_plan *out, struct qv_error *error) QV_MUST_CHECK;

uint32_t qv_trial_block_days(const struct qv_trial_plan *plan);
int32_t qv_trial_last_day(const struct qv_trial_plan *plan);
/** True when the arms are those that the seed draws. */
bool qv_trial_is_drawn(const struct qv_trial_plan *plan);
/** How many orders could have been drawn of so many blocks. */
uint32_t qv_trial_orders(uint32_t block_count);

enum qv_trial_phase { QV_TRIAL_BEFORE, QV_TRIAL_STEP, QV_TRIAL_WASHOUT, QV_TRIAL_COUNTED, QV_TRIAL_AFTER };

/** One day of a plan. Blocks count from 0. */
struct qv_trial_day {
    enum qv_trial_phase phase;
    uint32_t block, day_of_block;
    bool changed;  /**< the block's arm */
    double share;  /**< of the way from usual to changed that is gone today: 0 usual, 1 changed */
    double amount; /**< NaN when not known */
};
struct qv_trial_day qv_trial_day(const struct qv_trial_plan *plan, int32_t day);

/**
 * The plan as canonical JSON, one line, and the SHA-256 of exactly these bytes in hexadecimal digits.
 * @param hex may be NULL
 */
void qv_trial_write_plan(const struct qv_trial_plan *plan, struct qv_text *text, char hex[QV_SHA256_HEX_BYTES]);
/**
 * The file of a plan: `{"quiver_trial":1,"sha256":"…","plan":{…},"warnings":[…]}`.
 * @param warnings ids, for who reads the file; not part of the plan, left out when there are none
 */
void qv_trial_write(const struct qv_trial_plan *plan, const char *const *warnings, uint32_t warning_count,
                    struct qv_text *text);
/**
 * Reads it again. What makes no sense is QV_ERR_DATA and names the place; a plan that makes sense but is not the one that
 * was hashed is read, and @p unaltered says so.
 */
int qv_trial_read(const char *json, size_t length, struct qv_trial_plan *out, bool *unaltered,
                  struct qv_error *error) QV_MUST_CHECK;

enum qv_trial_state { QV_TRIAL_WAITING, QV_TRIAL_RUNNING, QV_TRIAL_STOPPED, QV_TRIAL_BY_RULE, QV_TRIAL_FINISHED };
enum qv_trial_verdict {
    QV_TRIAL_NO_VERDICT, /**< not finished, or stopped outside the plan */
    QV_TRIAL_TOO_LITTLE, /**< too few days were logged */
    QV_TRIAL_NO_CLEAR_DIFFERENCE,
    QV_TRIAL_FEWER, /**< fewer twitches in changed blocks */
    QV_TRIAL_MORE,
};
/** "running", "fewer_twitches"… */
const char *qv_trial_state_id(enum qv_trial_state state);
const char *qv_trial_verdict_id(enum qv_trial_verdict verdict);

/** One estimate of changed over usual. */
struct qv_trial_estimate {
    struct qv_ratio rate; /**< NaN: not known */
    double probability_fewer;
    uint32_t days; /**< that it is of */
};

struct qv_trial_result {
    const struct qv_trial_plan *plan;
    enum qv_trial_state state;
    enum qv_trial_verdict verdict;
    uint32_t blocks_used;  /**< blocks up to the look or the end */
    uint32_t days_planned; /**< that count, of the blocks used or, while it runs, of those that are over */
    uint32_t days_observed;
    uint32_t days_known;   /**< of the counted days, with an amount logged that can be held against the two */
    uint32_t days_kept_to; /**< of those: nearer to the amount of their block than to the other */
    double usual_per_day, changed_per_day; /**< twitches, means over observed counted days */
    double usual_amount, changed_amount;   /**< of the habit, the same; NaN: not known */
    struct qv_trial_estimate as_planned;   /**< by the blocks as drawn: intention to treat */
    struct qv_trial_estimate as_logged;    /**< by what was taken, for the full change; not protected by the draw */
    double p;                              /**< of the randomisation test, two-sided; NaN: not done */
    uint32_t orders;                       /**< that it went through: all that could have been drawn */
};

/**
 * Analyses a trial as planned; the analysis is described above the body, in src/nof1/trial_result.c.
 * @param days   factor 0 is the habit; days outside the trial are not looked at
 * @param today  the day on which it is asked; a trial whose last day is observed is finished whatever day it is
 * @param stopped the person has stopped for good before the end
 * Errors: QV_ERR_DATA for a table that makes no sense; QV_ERR_UNAVAILABLE for no memory.
 */
int qv_trial_analyse(const struct qv_trial_plan *plan, const struct qv_days *days, int32_t today, bool stopped,
                     struct qv_trial_result *out, struct qv_error *error) QV_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
