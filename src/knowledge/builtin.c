/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The knowledge compiled into the program. tools/bake.c writes it at build time as one image of words in which pointers
 * are offsets; here it is copied into the knowledge's arena and the addresses are put in.
 */
#include "index.h"

#include <string.h>

static const struct qv_facts *unpack(struct qv_arena *arena)
{
    uint64_t *words = qv_arena_alloc(arena, builtin_image.word_count, sizeof *words);
    if (!words)
        return NULL;
    memcpy(words, builtin_image.words, builtin_image.word_count * sizeof *words);
    for (size_t i = 0; i < builtin_image.pointer_count; i++) {
        uint64_t *word = &words[builtin_image.pointers[i] / 2];
        const void *address =
            builtin_image.pointers[i] % 2 ? (const void *)(builtin_image.text + *word) : (const void *)(words + *word);
        memcpy(word, &address, sizeof address);
    }
    return (const struct qv_facts *)(const void *)words;
}

int qv_knowledge_builtin(struct qv_knowledge **out, struct qv_error *error)
{
    struct qv_knowledge *knowledge = NULL;
    int status = index_begin(NULL, &knowledge, error);
    if (!knowledge)
        return status;
    knowledge->facts = unpack(knowledge->arena);
    if (!knowledge->facts) {
        qv_knowledge_destroy(knowledge);
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    }
    status = index_complete(knowledge, error);
    if (!status)
        *out = knowledge;
    return status;
}
