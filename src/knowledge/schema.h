/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The YAML's shape, as libcyaml schemas over the structs of <quiver/knowledge.h>. Shared by the loader and by
 * tools/bake.c, which walks the same schemas to write the built-in copy: there is one description of the format.
 */
#ifndef QUIVER_KNOWLEDGE_SCHEMA_H
#define QUIVER_KNOWLEDGE_SCHEMA_H

#include <cyaml/cyaml.h>
#include <quiver/knowledge.h>

/* One file of knowledge/. Its top level is a mapping that fills part of a struct qv_facts. */
struct knowledge_file {
    const char *name;
    const cyaml_schema_value_t *schema;
};

#define KNOWLEDGE_FILE_COUNT 15
extern const struct knowledge_file knowledge_files[KNOWLEDGE_FILE_COUNT];

/* One file of knowledge/conditions/: a struct qv_condition. */
extern const cyaml_schema_value_t condition_schema;

/* The whole of struct qv_facts, for the walk in tools/bake.c. */
extern const cyaml_schema_value_t facts_schema;

#endif
