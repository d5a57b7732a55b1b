/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second gate: JSON (RFC 8259) as a tree of nodes.
 *
 * The text has passed the first gate (bytes.h): it is UTF-8 without a zero byte, and its brackets are nested no deeper than
 * DEPTH_MAX, so the reader may recurse. Nodes and their texts live in the arena; texts are decoded, end in 0 and hold no
 * other. A name that an object gives twice is two nodes: who looks names up refuses the second.
 */
#ifndef QUIVER_CASEFILE_TREE_H
#define QUIVER_CASEFILE_TREE_H

#include <quiver/base.h>

enum node_kind { NODE_OBJECT, NODE_LIST, NODE_TEXT, NODE_NUMBER, NODE_TRUE, NODE_FALSE, NODE_NULL };

struct node {
    enum node_kind kind;
    uint32_t count;           /* of an object or a list: how many members */
    const struct node *first; /* the first of them */
    const struct node *next;  /* in the same object or list */
    const char *name;         /* in an object */
    size_t name_end;          /* offset in the JSON after the name */
    const char *text;
    size_t length; /* of the text, in bytes */
    double number;
};

/* Errors: QV_ERR_DATA with line, column and place in the case; QV_ERR_UNAVAILABLE. */
int tree_read(struct qv_arena *arena, const char *json, size_t length, const struct node **out,
              struct qv_error *error) QV_MUST_CHECK;

/* "findings.age: given a second time (line 1, column 42), expected once" */
int tree_refuse_second(const char *json, const struct node *node, struct qv_error *error);

#endif
