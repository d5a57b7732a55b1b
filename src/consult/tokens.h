/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words as people type them, made comparable: small letters without accents, apostrophes or plurals ("Cafés" is "cafe", "Barq's"
 * is "barq"), numbers apart from what they touch ("50mg" is 50 and mg), hyphens and underscores as blanks.
 *
 * Names out of the knowledge pass through the same mill when they are compared, so that neither side has to be spelt in one way.
 */
#ifndef QUIVER_CONSULT_TOKENS_H
#define QUIVER_CONSULT_TOKENS_H

#include <quiver/base.h>

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_NUMBER, TOKEN_DATE, TOKEN_MARK, TOKEN_STOP };

struct token {
    enum token_kind kind;
    const char *at; /* as it was typed */
    uint32_t length;
    double number; /* NUMBER; NaN: can be read in two ways. DATE; NaN: no such day */
    int32_t day;   /* DATE */
    char mark;     /* MARK: one of : / % */
    char word[48]; /* made comparable; what is longer is cut */
};

/* Reads the token that begins at or after @p at, and returns where it ends. */
const char *token_next(const char *at, struct token *out);

/* Whether the token is that word. @p word is given as it is made comparable: "hour". */
bool token_is(const struct token *token, const char *word);
/* Whether the token is one of the words in the list, each with a blank before and after: " l litre liter ". */
bool token_in(const struct token *token, const char *list);

/* How many of the tokens the phrase takes, from the first on: all of it or 0. The tokens end with a TOKEN_END. */
uint32_t tokens_match(const struct token *tokens, const char *phrase);

/* How many letters must be changed, added, left out or swapped with a neighbour to make one word of the other. */
unsigned token_distance(const char *a, const char *b);

/* For an error's "%.*s": how many bytes from the first token to the last, cut to some 40. */
int quoted_length(const struct token *first, const struct token *last);

#endif
