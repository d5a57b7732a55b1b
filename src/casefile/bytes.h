/* SPDX-License-Identifier: Apache-2.0 */
/* The first gate: what can be said of a case's bytes before they are JSON, and where in the text something stands. */
#ifndef QUIVER_CASEFILE_BYTES_H
#define QUIVER_CASEFILE_BYTES_H

#include "refuse.h"

#define DEPTH_MAX 16

/* Refuses what is too long, has zero bytes, is not UTF-8 or is nested too deep. */
int check_bytes(const char *json, size_t length, struct qv_error *error) QV_MUST_CHECK;

/* Where in the nesting a byte stands. Keys are as written, with their escapes. */
struct trail {
    unsigned depth;
    struct {
        const char *key;
        size_t key_length, index;
        bool is_list, wants_key;
    } at[DEPTH_MAX + 1];
};

/* Follows brackets and keys up to length bytes; returns how many were walked, fewer when it goes too deep. */
size_t trail_walk(const char *json, size_t length, struct trail *trail);
/* "findings.medications[2].name"; empty at the top. Only the ends of very long trails are cut off. */
struct phrase trail_place(const struct trail *trail);

/* Both from 1. */
struct position {
    size_t line, column;
};
struct position position_of(const char *json, size_t offset);

#endif
