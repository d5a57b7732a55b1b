/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as words of a diary, and behind a first line break as a time. What is understood must be entries that any journal
 * takes; what is not must be told, and leave nothing.
 */
#include <quiver/consult.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_at(const struct qv_knowledge *knowledge, struct qv_arena *arena, const char *words, const char *at,
                   int64_t now_us)
{
    struct qv_log *log = NULL;
    struct qv_error error = {0};
    const struct qv_log_settings settings = {.now_us = now_us, .at = at};
    if (qv_log_read(knowledge, words, &settings, arena, &log, &error)) {
        if (log || !error.text[0])
            abort();
        return;
    }
    if (log->count == 0 || log->count > QV_LOG_MAX_ENTRIES)
        abort();
    for (uint32_t i = 0; i < log->count; i++) {
        if (qv_entry_check(&log->entries[i], NULL))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct qv_knowledge *knowledge;
    if (!knowledge && qv_knowledge_builtin(&knowledge, NULL))
        abort();
    if (size > 4000 || memchr(data, 0, size))
        return 0;
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    struct qv_arena *arena = qv_arena_create(1 << 20);
    if (!arena)
        return 0;
    char *words = qv_arena_copy(arena, (const char *)data, size);
    char *at = words ? strchr(words, '\n') : NULL;
    if (at)
        *at++ = 0;
    /* The nights in which the clock was put forward and back, and a plain day. */
    static const int64_t now_s[] = {1774746000, 1792890000, 1795511100};
    for (size_t i = 0; words && i < sizeof now_s / sizeof now_s[0]; i++)
        try_at(knowledge, arena, words, at, now_s[i] * 1000000);
    qv_arena_destroy(arena);
    return 0;
}
