/* SPDX-License-Identifier: Apache-2.0 */
#include "tokens.h"

#include <math.h>
#include <stdlib.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- letters ------------------------------------------------------------------------------------------------------- */

/* The letter under each accent, from U+00C0 on; a blank for × and ÷. */
static const char latin[] = "aaaaaaaceeeeiiiidnooooo oouuuuyps"
                            "aaaaaaaceeeeiiiidnooooo ouuuuypy";

enum letter { LETTER_BLANK, LETTER_NONE, LETTER_IN_WORD, LETTER_APART };

/* What stands at @p at, how many bytes it takes and, of a letter in a word, what it compares as: one byte, or 0 for "as it is". */
static enum letter look(const char *at, uint32_t *bytes, char *as)
{
    const unsigned char *c = (const unsigned char *)at;
    *bytes = 1;
    *as = 0;
    if (c[0] >= 'A' && c[0] <= 'Z') {
        *as = (char)(c[0] - 'A' + 'a');
        return LETTER_IN_WORD;
    }
    if (c[0] >= 'a' && c[0] <= 'z')
        return LETTER_IN_WORD;
    if (c[0] == '\'')
        return LETTER_NONE;
    if (c[0] && strchr(",;+&:/%\n", c[0]))
        return LETTER_APART;
    if (c[0] < 0x80)
        return is_digit(*at) ? LETTER_APART : LETTER_BLANK;

    if (c[0] == 0xC3 && c[1] >= 0x80) {
        *bytes = 2;
        *as = c[1] == 0x97 ? 'x' : latin[c[1] - 0x80]; /* × is said as x */
        return c[1] == 0x97 ? LETTER_APART : LETTER_IN_WORD;
    }
    if (c[0] == 0xC2 && c[1] >= 0x80) {
        *bytes = 2;
        if (c[1] >= 0xBC && c[1] <= 0xBE) /* ¼ ½ ¾ */
            return LETTER_APART;
        *as = c[1] == 0xB5 ? 'u' : 0; /* µ */
        return *as ? LETTER_IN_WORD : LETTER_BLANK;
    }
    if (c[0] == 0xCE && c[1] == 0xBC) { /* the Greek μ */
        *bytes = 2;
        *as = 'u';
        return LETTER_IN_WORD;
    }
    if (c[0] == 0xE2 && c[1] == 0x80 && c[2] >= 0x80) { /* dashes, quotes, thin blanks */
        *bytes = 3;
        return c[2] == 0x98 || c[2] == 0x99 ? LETTER_NONE : LETTER_BLANK;
    }
    return LETTER_IN_WORD; /* other writing, as it is */
}

/* ---- plurals --------------------------------------------------------------------------------------------------------- */

static bool ends(const char *word, size_t length, const char *end)
{
    size_t end_length = strlen(end);
    return length > end_length && memcmp(word + length - end_length, end, end_length) == 0;
}

/* Not grammar: both sides of a comparison lose the same. */
static void to_singular(char *word)
{
    size_t length = strlen(word);
    if (length > 4 && ends(word, length, "ies")) {
        memcpy(word + length - 3, "y", 2);
        return;
    }
    if (length > 4 && (ends(word, length, "sses") || ends(word, length, "shes") || ends(word, length, "ches") ||
                       ends(word, length, "xes") || ends(word, length, "oes")))
        word[length - 2] = 0;
    else if (length > 2 && ends(word, length, "s") && !ends(word, length, "ss") && !ends(word, length, "us") &&
             !ends(word, length, "is"))
        word[length - 1] = 0;
}

/* ---- tokens ---------------------------------------------------------------------------------------------------------- */

static void read_word(struct token *out)
{
    size_t used = 0;
    uint32_t bytes;
    char as;
    out->kind = TOKEN_WORD;
    const char *at = out->at;
    for (enum letter letter; *at && ((letter = look(at, &bytes, &as)) == LETTER_IN_WORD || letter == LETTER_NONE);
         at += bytes) {
        if (letter == LETTER_NONE || used + 1 >= sizeof out->word)
            continue;
        out->word[used++] = as ? as : *at;
    }
    out->word[used] = 0;
    out->length = (uint32_t)(at - out->at);
    to_singular(out->word);
}

/* Digits with a point or a decimal comma, or a date. */
static void read_number(struct token *out)
{
    const char *at = out->at;
    size_t whole = strspn(at, "0123456789");
    char date[11] = {0};
    if (whole == 4 && at[4] == '-' && strspn(at + 5, "0123456789-") == 5) {
        memcpy(date, at, 10);
        out->kind = TOKEN_DATE;
        out->number = qv_date_parse(date, &out->day) ? 0 : NAN;
        out->length = 10;
        return;
    }
    bool mark = (at[whole] == '.' || at[whole] == ',') && is_digit(at[whole + 1]);
    size_t part = mark ? strspn(at + whole + 1, "0123456789") : 0;
    out->kind = TOKEN_NUMBER;
    out->length = (uint32_t)(whole + (part ? part + 1 : 0));
    size_t length = out->length < sizeof out->word ? out->length : sizeof out->word - 1;
    memcpy(out->word, at, length);
    out->word[length] = 0;
    char *comma = strchr(out->word, ',');
    if (comma)
        *comma = '.';
    bool two_ways = comma && part == 3;                                          /* "1,200" */
    out->number = two_ways || whole + part > 15 ? NAN : strtod(out->word, NULL); /* the C locale is never left */
}

static void read_apart(struct token *out)
{
    uint32_t bytes;
    char as;
    (void)look(out->at, &bytes, &as);
    out->length = bytes;
    if (is_digit(*out->at)) {
        read_number(out);
    } else if (as) {
        out->kind = TOKEN_WORD;
        out->word[0] = as;
    } else if (bytes == 2) {
        out->kind = TOKEN_NUMBER;
        out->number = 0.25 * (out->at[1] - '\xBB');
    } else if (strchr(":/%", *out->at)) {
        out->kind = TOKEN_MARK;
        out->mark = *out->at;
    } else {
        out->kind = TOKEN_STOP;
    }
}

const char *token_next(const char *at, struct token *out)
{
    uint32_t bytes;
    char as;
    enum letter letter = LETTER_BLANK;
    while (*at && (letter = look(at, &bytes, &as)) <= LETTER_NONE)
        at += bytes;
    *out = (struct token){.at = at};
    if (!*at)
        return at;
    if (letter == LETTER_IN_WORD)
        read_word(out);
    else
        read_apart(out);
    return at + out->length;
}

bool token_is(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && strcmp(token->word, word) == 0;
}

bool token_in(const struct token *token, const char *list)
{
    if (token->kind != TOKEN_WORD)
        return false;
    size_t length = strlen(token->word);
    for (const char *at = list; (at = strstr(at, token->word)); at += length) {
        if (at > list && at[-1] == ' ' && at[length] == ' ')
            return true;
    }
    return false;
}

static bool same(const struct token *a, const struct token *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case TOKEN_WORD:
        return strcmp(a->word, b->word) == 0;
    case TOKEN_NUMBER:
        return a->number == b->number;
    case TOKEN_MARK:
        return a->mark == b->mark;
    case TOKEN_STOP:
        return true;
    default:
        return false;
    }
}

/* Whether the phrase may begin like the token, by one look at its first byte. Most names are passed over so. */
static bool may_begin(const struct token *token, const char *phrase)
{
    const char first = (char)(*phrase | 0x20); /* a small letter */
    return first < 'a' || first > 'z' || (token->kind == TOKEN_WORD && token->word[0] == first);
}

uint32_t tokens_match(const struct token *tokens, const char *phrase)
{
    if (!may_begin(&tokens[0], phrase))
        return 0;
    uint32_t count = 0;
    struct token token;
    for (phrase = token_next(phrase, &token); token.kind != TOKEN_END; phrase = token_next(phrase, &token)) {
        if (!same(&tokens[count], &token))
            return 0;
        count++;
    }
    return count;
}

int quoted_length(const struct token *first, const struct token *last)
{
    const char *end = last->at + last->length;
    if (end - first->at <= 40)
        return (int)(end - first->at);
    int length = 40;
    while (length && ((unsigned char)first->at[length] & 0xC0) == 0x80)
        length--;
    return length;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Optimal string alignment, row by row. */
unsigned token_distance(const char *a, const char *b)
{
    enum { COLUMNS = 64 };
    unsigned rows[3][COLUMNS];
    size_t b_length = strnlen(b, COLUMNS - 1);
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= strlen(a); i++) {
        const unsigned *before = rows[(i + 1) % 3], *last = rows[(i + 2) % 3];
        unsigned *row = rows[i % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = least(least(last[j] + 1, row[j - 1] + 1), last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[strlen(a) % 3][b_length];
}
