/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the YAML files of a directory into a struct qv_facts; shared by the library, the checker and tools/bake.c. */
#ifndef QUIVER_KNOWLEDGE_LOAD_H
#define QUIVER_KNOWLEDGE_LOAD_H

#include "schema.h"

/* One file as read: its name under the directory, its bytes, and what libcyaml made of them. */
struct loaded_file {
    char name[160];
    struct qv_text bytes;
    const cyaml_schema_value_t *schema;
    void *data;
};

/* A whole directory as read. The facts point into the files' data. */
struct loaded_facts {
    struct qv_facts facts;
    struct loaded_file *files;
    uint32_t file_count;
    struct qv_condition *conditions;
    char version[24];
};

/* No file of knowledge is longer than this. */
#define KNOWLEDGE_FILE_MAX_BYTES ((size_t)2 << 20)

/*
 * Reads every file. A file that is not well formed is reported with its line; reading goes on with the next file when
 * report is given, else it stops. Returns 0 or the first failure. On failure *out is NULL.
 */
int facts_load(const char *directory, qv_complaint_fn *report, void *context, uint32_t *complaints,
               struct loaded_facts **out, struct qv_error *error) QV_MUST_CHECK;

void facts_destroy(struct loaded_facts *loaded);

/* Parses one file's bytes by a schema: the fuzzer's way in. */
int facts_parse(const char *name, const char *bytes, size_t length, const cyaml_schema_value_t *schema, void **data,
                uint32_t *line, struct qv_error *error) QV_MUST_CHECK;
void facts_parse_free(const cyaml_schema_value_t *schema, void *data);

#endif
