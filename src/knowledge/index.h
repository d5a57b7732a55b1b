/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be worked out from the facts once: ids to indices, rules compiled, likelihoods as tables.
 * The steps are separate so that the checker can stop between them and complain about more than the first fault.
 */
#ifndef QUIVER_KNOWLEDGE_INDEX_H
#define QUIVER_KNOWLEDGE_INDEX_H

#include <quiver/knowledge.h>

/* Begins: allocates the knowledge over facts, which must outlive it. */
int index_begin(const struct qv_facts *facts, struct qv_knowledge **out, struct qv_error *error) QV_MUST_CHECK;
/* Form, evidence and cells; medicine groups. After this, rules can be compiled. */
int index_evidence(struct qv_knowledge *knowledge, struct qv_error *error) QV_MUST_CHECK;
/* All rules, and which red flags a finding can touch. */
int index_rules(struct qv_knowledge *knowledge, struct qv_error *error) QV_MUST_CHECK;
/* Likelihoods as tables. */
int index_tables(struct qv_knowledge *knowledge, struct qv_error *error) QV_MUST_CHECK;
/* What intervals are drawn from; lattice.c. */
int index_draws(struct qv_knowledge *knowledge, struct qv_error *error) QV_MUST_CHECK;

/* All that comes after index_begin(). Destroys the knowledge when it fails. */
int index_complete(struct qv_knowledge *knowledge, struct qv_error *error) QV_MUST_CHECK;

/* All of the above. */
int index_build(const struct qv_facts *facts, struct qv_knowledge **out, struct qv_error *error) QV_MUST_CHECK;

/* The level of evidence that an entry speaks of, or -1. */
int index_likelihood_level(const struct qv_knowledge *knowledge, int evidence, const struct qv_likelihood *likelihood);

/* The letter under which a medicine's name is filed: 0 to 25, or 26 for what begins otherwise. */
uint32_t index_letter(char c);
#define LETTER_COUNT 27

/* Days are often whole: what was "today" may be before or after another thing that was "today". */
#define SAME_DAY_DAYS 0.5

/* The levels of every pattern that reads the dates of a medicine, best first. */
#define MEDICINE_LEVEL_COUNT 5
extern const char *const medicine_level_names[MEDICINE_LEVEL_COUNT];
enum medicine_level { MEDICINE_USUAL, MEDICINE_LATE, MEDICINE_UNDATED, MEDICINE_AFTER_TWITCH, MEDICINE_NONE };

/* The built-in facts as tools/bake.c writes them: words of structs and arrays, the first of them a struct qv_facts. */
struct builtin_image {
    const uint64_t *words;
    size_t word_count;
    const uint32_t *pointers; /* 2 × the index of a word that is an offset, + 1 when into text, else into words */
    size_t pointer_count;
    const char *text;
};
extern const struct builtin_image builtin_image;

#endif
