/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a file something stands. libcyaml keeps no lines, so the checker names a thing by its path of keys and list
 * indices, and only when there is a complaint is the file parsed once more to find the line.
 */
#ifndef QUIVER_KNOWLEDGE_PLACE_H
#define QUIVER_KNOWLEDGE_PLACE_H

#include "load.h"

/*
 * A path such as findings[12].levels[2].background, kept as steps that live on the checker's stack: nothing is written
 * out while all is well. The outermost step is the file.
 */
struct place {
    const struct place *in; /* NULL: the whole file */
    const char *key;        /* NULL: the whole file */
    int32_t index;          /* into the list of that key; -1: the key itself; the whole file: the file's number */
};

#define WHOLE_FILE(number) (&(const struct place){NULL, NULL, (int32_t)(number)})
#define AT_KEY(around, name) (&(const struct place){(around), (name), -1})
#define AT_ENTRY(around, name, number) (&(const struct place){(around), (name), (int32_t)(number)})

/* The parsed documents, each made on first need. */
struct places;

/* NULL when memory has run out. The files must outlive the places. */
struct places *places_create(const struct loaded_facts *loaded) QV_MUST_CHECK;
void places_destroy(struct places *places);

/* The number of the file that a place is in. */
uint32_t place_file(const struct place *place);

/* The 1-based line of a place, or of the nearest thing around it that exists; 0 when there is no telling. */
uint32_t place_line(struct places *places, const struct place *place);

#endif
