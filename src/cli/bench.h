/* SPDX-License-Identifier: Apache-2.0 */
/* A bench in memory: the cases, what every system said of them, and the scores. bench.c fills it in, bench_page.c prints it. */
#ifndef QUIVER_CLI_BENCH_H
#define QUIVER_CLI_BENCH_H

#include "score.h"

#include <quiver/consult.h>

#define BENCH_SYSTEMS 4 /**< quiver and the baselines of reason.h */

struct bench_case {
    const char *name, *title;
    const char *no_answer; /**< why the case could not be answered, or NULL */
};

/** One change to one estimate that made one case come out otherwise. */
struct bench_flip {
    uint32_t condition, likelihood; /**< which estimate: of whose, which */
    double times;                   /**< its odds */
    uint32_t of_case;
    enum qv_level level_before, level_after;
    int first_before, first_after; /**< conditions */
};

struct bench_sensitivity {
    uint32_t estimates; /**< how many were tried, up and down */
    const struct bench_flip *flips;
    uint32_t flip_count;
};

struct bench {
    const char *directory;
    const struct qv_knowledge *knowledge;
    uint32_t case_count;
    struct bench_case *cases;
    struct score_expected *expected;          /**< [case_count] */
    struct score_said (*said)[BENCH_SYSTEMS]; /**< [case_count]; quiver first */
    struct score scores[BENCH_SYSTEMS];
    struct bench_sensitivity *sensitivity; /**< NULL: not asked for */
};

/** True when quiver's level or first cause is not the expected one, acceptable or not. */
bool bench_is_off(const struct bench *bench, uint32_t of_case);

void bench_page(const struct bench *bench, struct qv_text *text);
void bench_json(const struct bench *bench, struct qv_text *text);

#endif
