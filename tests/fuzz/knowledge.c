/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as one file of knowledge; the first byte says which. */
#include "../../src/knowledge/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t which = data[0] % (KNOWLEDGE_FILE_COUNT + 1);
    const cyaml_schema_value_t *schema =
        which < KNOWLEDGE_FILE_COUNT ? knowledge_files[which].schema : &condition_schema;
    void *loaded = NULL;
    uint32_t line;
    if (facts_parse("fuzz", (const char *)data + 1, size - 1, schema, &loaded, &line, NULL) == 0)
        facts_parse_free(schema, loaded);
    return 0;
}
