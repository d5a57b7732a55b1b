/* SPDX-License-Identifier: Apache-2.0 */
/* Finding things by id or by name. Linear: every list here is short, and ids are resolved once. */
#include "index.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

int qv_knowledge_condition(const struct qv_knowledge *knowledge, const char *id)
{
    for (uint32_t i = 0; i < knowledge->facts->condition_count; i++) {
        if (strcmp(knowledge->facts->conditions[i].id, id) == 0)
            return (int)i;
    }
    return -1;
}

int qv_knowledge_evidence(const struct qv_knowledge *knowledge, const char *id)
{
    int finding = qv_form_find(&knowledge->form, id);
    if (finding >= 0)
        return finding;
    for (uint32_t i = knowledge->form.field_count; i < knowledge->evidence_count; i++) {
        if (strcmp(knowledge->evidence[i].id, id) == 0)
            return (int)i;
    }
    return -1;
}

int qv_knowledge_group(const struct qv_knowledge *knowledge, const char *id)
{
    for (uint32_t i = 0; i < knowledge->group_count; i++) {
        if (strcmp(knowledge->groups[i], id) == 0)
            return (int)i;
    }
    return -1;
}

const struct qv_source *qv_knowledge_source(const struct qv_knowledge *knowledge, const char *id)
{
    for (uint32_t i = 0; i < knowledge->facts->source_count; i++) {
        if (strcmp(knowledge->facts->sources[i].id, id) == 0)
            return &knowledge->facts->sources[i];
    }
    return NULL;
}

const struct qv_level_info *qv_knowledge_level(const struct qv_knowledge *knowledge, enum qv_level level)
{
    for (uint32_t i = 0; i < knowledge->facts->level_count; i++) {
        if (knowledge->facts->levels[i].id == level)
            return &knowledge->facts->levels[i];
    }
    return NULL;
}

const char *qv_level_name(enum qv_level level)
{
    static const char *const names[QV_LEVEL_COUNT] = {"self_care", "routine", "urgent", "emergency"};
    return names[level];
}

const char *qv_grade_name(enum qv_grade grade)
{
    static const char *const names[] = {"estimate", "guideline", "derived", "measured"};
    return names[grade];
}

const char *qv_verdict_name(enum qv_verdict verdict)
{
    static const char *const names[] = {"supported", "nuanced", "weak", "contradicted"};
    return names[verdict];
}

bool qv_medicine_in_group(const struct qv_knowledge *knowledge, uint32_t medicine, int group)
{
    return knowledge->medicine_groups[medicine][group / 64] >> (group % 64) & 1;
}

/* The medicine that has exactly this name, in any letter case, or -1. */
static int medicine_named(const struct qv_knowledge *knowledge, const char *name, size_t length)
{
    if (length == 0)
        return -1;
    uint32_t letter = index_letter(name[0]);
    for (uint32_t i = knowledge->letter_first[letter]; i < knowledge->letter_first[letter + 1]; i++) {
        const struct qv_medicine_name *filed = &knowledge->names_of[i];
        if (strncasecmp(filed->name, name, length) == 0 && filed->name[length] == 0)
            return (int)filed->medicine;
    }
    return -1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Cuts blanks off both ends. */
static void trim(const char **name, size_t *length)
{
    while (*length && is_blank(**name)) {
        (*name)++;
        (*length)--;
    }
    while (*length && is_blank((*name)[*length - 1]))
        (*length)--;
}

/*
 * The medicine that a name stands for, or -1: the whole name; else without what follows the first blank before a digit
 * ("sertraline 50 mg"); else the longest run of leading words ("omeprazole capsules", "lithium carbonate").
 */
static int medicine_like(const struct qv_knowledge *knowledge, const char *name, size_t length)
{
    trim(&name, &length);
    int medicine = medicine_named(knowledge, name, length);
    while (medicine < 0 && length) {
        while (length && !is_blank(name[length - 1]))
            length--;
        trim(&name, &length);
        medicine = medicine_named(knowledge, name, length);
    }
    return medicine;
}

/* The length of a separator between the parts of a combination ("/", "+", ",", "&", " and ", " with "), or 0. */
static size_t separator(const char *text)
{
    static const char *const words[] = {" and ", " with "};
    if (strchr("/+,;&", *text) && *text)
        return 1;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strncasecmp(text, words[i], strlen(words[i])) == 0)
            return strlen(words[i]);
    }
    return 0;
}

uint32_t qv_knowledge_medicines(const struct qv_knowledge *knowledge, const char *name, uint32_t *out, uint32_t room)
{
    const char *whole = name;
    size_t whole_length = strlen(name);
    trim(&whole, &whole_length);
    int medicine = medicine_named(knowledge, whole, whole_length);
    if (medicine >= 0 && room) {
        out[0] = (uint32_t)medicine;
        return 1;
    }

    uint32_t found = 0;
    for (const char *part = name; found < room;) {
        size_t length = 0;
        while (part[length] && !separator(part + length))
            length++;
        medicine = medicine_like(knowledge, part, length);
        if (medicine >= 0)
            out[found++] = (uint32_t)medicine;
        if (!part[length])
            break;
        part += length + separator(part + length);
    }
    return found;
}
