/* SPDX-License-Identifier: Apache-2.0 */
/* The knowledge compiled into the program: `builtin_facts` is written by tools/bake.c from the YAML at build time. */
#include "index.h"

int qv_knowledge_builtin(struct qv_knowledge **out, struct qv_error *error)
{
    return index_build(builtin_facts, out, error);
}
