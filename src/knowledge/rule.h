/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules: one line of the YAML ("facial_droop and began_suddenly and not symptoms_resolved") compiled to postfix
 * operations over one person's situation. docs/rooms/knowledge.md gives the language. Silence counts as no: an atom
 * whose finding is not known is false, so a rule can fire only on what was said.
 *
 * The operations are for who wants to know what a rule says. To know whether it holds, atoms are enough: each leads on by
 * its result, past what that settles, to the atom to look at next or to the end.
 */
#ifndef QUIVER_KNOWLEDGE_RULE_H
#define QUIVER_KNOWLEDGE_RULE_H

#include <quiver/knowledge.h>

enum rule_op_kind {
    OP_YES,           /* evidence is at level 1 (a finding answered yes) */
    OP_IS,            /* evidence is at this level */
    OP_IS_NOT,        /* evidence is known and at another level */
    OP_COMPARE,       /* a number against a number */
    OP_HAS_ANY,       /* a list of words shares one with the mask */
    OP_ONLY,          /* a list of words has at least one, and none outside the mask */
    OP_KNOWN,         /* was answered */
    OP_COUNT,         /* how many of the findings in the mask list are yes, against a number */
    OP_TAKES,         /* medicines, by group: taken now */
    OP_STARTED,       /* … begun so many days ago, against a number */
    OP_CHANGED,       /* … dose changed */
    OP_STOPPED,       /* … stopped */
    OP_BEFORE_TWITCH, /* … taken, and not known to have begun after the twitch */
    OP_NOT,
    OP_AND,
    OP_OR,
};

enum rule_compare { CMP_EQUAL, CMP_NOT_EQUAL, CMP_LESS, CMP_LESS_EQUAL, CMP_MORE, CMP_MORE_EQUAL };

#define RULE_COUNT_MAX 16

/* What a rule comes to, in place of a next atom. */
#define RULE_FALSE 0xFFFE
#define RULE_TRUE 0xFFFF

/* Small, because a case walks through most of all rules: 24 bytes. */
struct rule_op {
    uint8_t kind, compare;
    uint16_t subject; /* evidence, or group; OP_COUNT: how many in `list` */
    uint16_t next[2]; /* of an atom, by its result: the atom to look at next, RULE_FALSE or RULE_TRUE */
    union {
        uint32_t mask;        /* words, or the level of OP_IS */
        const uint16_t *list; /* OP_COUNT: the findings */
    };
    double number;
};

struct qv_rule {
    const char *text;
    uint32_t op_count;
    struct rule_op ops[];
};

/* How deep brackets may nest. */
#define RULE_DEPTH_MAX 16

/*
 * Compiles text into the arena. The knowledge must have its evidence and groups. Errors say the rule and the word.
 * A NULL text gives a NULL rule.
 */
int rule_compile(const struct qv_knowledge *knowledge, struct qv_arena *arena, const char *text,
                 const struct qv_rule **out, struct qv_error *error) QV_MUST_CHECK;

#endif
