/* SPDX-License-Identifier: Apache-2.0 */
/* What can be logged, by its names: kinds of entry, drinks, foods, medicines. */
#ifndef QUIVER_CONSULT_LOG_THING_H
#define QUIVER_CONSULT_LOG_THING_H

#include "tokens.h"

#include <quiver/consult.h>

enum thing_type { THING_NONE, THING_KIND, THING_DRINK, THING_FOOD, THING_MEDICINE };

struct thing {
    enum thing_type type;
    uint32_t taken;          /* how many tokens its name has; 0: none was found */
    enum qv_entry_kind kind; /* KIND */
    const char *note;        /* KIND: what the word says beside the kind, or NULL */
    const struct qv_drink *drink;
    const struct qv_food *food;
};

/* The thing with the longest name that begins at the tokens. */
struct thing thing_find(const struct qv_knowledge *knowledge, const struct token *tokens);

/* An amount as one would say it, for "expected such as": "7.5 h". */
const char *thing_example(enum qv_entry_kind kind);

/* Refuses a word, and names what is nearest to it. */
int thing_unknown(const struct qv_knowledge *knowledge, const struct token *word, struct qv_error *error) QV_MUST_CHECK;

#endif
