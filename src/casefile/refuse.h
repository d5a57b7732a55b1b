/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of a refusal: what was found, what was expected, which name may have been meant. What a stranger wrote is cut
 * short, and nothing in it can steer a terminal. Runs only once something is wrong.
 */
#ifndef QUIVER_CASEFILE_REFUSE_H
#define QUIVER_CASEFILE_REFUSE_H

#include <quiver/base.h>

/* Longest piece of the person's own text that an error repeats. */
#define SHOWN_BYTES_MAX 48

/* A piece of a message, returned by value so that a refusal is one expression. */
struct phrase {
    char text[256];
};

int refuse_memory(struct qv_error *error);

/* The beginning of well-formed UTF-8 text. */
struct phrase phrase_shown(const char *text, size_t length);
struct phrase phrase_number(double number);
/* "[3]", a place in a list */
struct phrase phrase_index(uint32_t index);

/* "a number from 0 to 24 (hours)" */
struct phrase phrase_expected(const struct qv_field *field);
/* "one of left, right, both" */
struct phrase phrase_one_of(const struct qv_field *field);

/* "; did you mean \"sleep_hours\"?", or nothing where no name is near. */
struct phrase phrase_nearest_word(const char *name, size_t length, const char *const *words, size_t count);
struct phrase phrase_nearest_field(const char *name, size_t length, const struct qv_form *form);

#endif
