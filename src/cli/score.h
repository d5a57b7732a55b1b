/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scores of programs that give advice, as the field defines them (Kopka 2023, doi:10.1177/20552076231194929), with exact
 * bounds. Knows numbers only: what a level or a cause is called is no matter here. docs/bench.md defines every score.
 */
#ifndef QUIVER_CLI_SCORE_H
#define QUIVER_CLI_SCORE_H

#include <stdbool.h>
#include <stdint.h>

#define SCORE_LEVELS 4  /**< from calm to urgent; the highest is an emergency */
#define SCORE_CAUSES 32 /**< sets of causes are words of so many bits */
#define SCORE_BINS 5    /**< of a probability: 0–0.2, …, 0.8–1 */

/** What one system said of one case. All zero: it gave no answer. */
struct score_said {
    bool answered;
    int level;
    int top[3];             /**< causes, likeliest first; -1 = none named */
    double p[SCORE_CAUSES]; /**< of each cause; they sum to 1 */
    uint64_t contributors;  /**< set of those named */
};

/** What should have been said. */
struct score_expected {
    int level;
    int first;             /**< cause */
    uint32_t acceptable;   /**< set of causes that would do as first too */
    uint64_t contributors; /**< set of those that should be named */
};

struct score_part {
    uint32_t hits, of;
};

struct score_bin {
    struct score_part correct;
    double mean_predicted; /**< NaN when empty */
};

struct score {
    struct score_part level, at_level[SCORE_LEVELS]; /**< right level; of the answered cases */
    struct score_part answered;                      /**< comprehensiveness */
    struct score_part safe;                          /**< as urgent as expected, or more */
    struct score_part over;   /**< inclination to overtriage: of the wrong levels, the too urgent */
    struct score_part missed; /**< emergencies called anything less */
    struct score_part first, first_or_acceptable, first_three, contributors;
    double capability; /**< capability comparison score, 0–100; NaN without an answer */
    double brier;      /**< multi-class, 0–2; NaN without an answer */
    struct score_bin bins[SCORE_BINS];
};

struct score_interval {
    double low, high;
};

/** Regularised incomplete beta function I_x(a, b); @p a and @p b above 0, @p x within 0–1. */
double score_beta(double a, double b, double x);

/** Two-sided 95 % interval of a proportion (Clopper & Pearson 1934): never narrower than it says. 0 of 0: all of 0–1. */
struct score_interval score_exact(struct score_part part);

/** One-sided 95 % upper bound of a proportion, for "0 missed of n". */
double score_at_most(struct score_part part);

/** hits / of; NaN for 0 of 0. */
double score_rate(struct score_part part);

/** Which bin a probability falls into. */
int score_bin_of(double probability);

/**
 * Scores system @p system. The answers are a row a case, @p system_count a row: how hard a case is, and so the capability
 * comparison score, depends on all of them.
 */
void score_system(const struct score_expected *expected, const struct score_said *said, uint32_t case_count,
                  uint32_t system_count, uint32_t system, struct score *out);

#endif
