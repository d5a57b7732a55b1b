/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a rule, compiled against the real findings and tried on an empty case. */
#include "../../src/knowledge/rule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct qv_knowledge *knowledge;
    if (!knowledge && qv_knowledge_builtin(&knowledge, NULL))
        abort();
    if (size > 2000 || memchr(data, 0, size))
        return 0;
    struct qv_arena *arena = qv_arena_create(1 << 20);
    char *text = qv_arena_copy(arena, (const char *)data, size);
    struct qv_value *values = qv_arena_alloc(arena, knowledge->form.field_count, sizeof *values);
    int8_t *levels = qv_arena_alloc(arena, knowledge->evidence_count, sizeof *levels);
    const struct qv_rule *rule;
    struct qv_error error = {0};
    if (rule_compile(knowledge, arena, text, &rule, &error) == 0) {
        struct qv_situation situation = {.values = values, .levels = levels, .onset_days = NAN};
        qv_situation_levels(knowledge, &situation, levels);
        (void)qv_rule_holds(knowledge, rule, &situation);
    } else if (!error.text[0]) {
        abort();
    }
    qv_arena_destroy(arena);
    return 0;
}
