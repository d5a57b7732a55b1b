/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file base.h — the ground: errors, arenas, growing text, JSON out, and the form that a case fills in.
 *
 * Everything above stands on these few things, and they know nothing of medicine.
 *
 * Errors. A function that can fail returns 0 or a negative `enum qv_status`, sets its outputs on success only, and
 * writes one sentence into the optional `struct qv_error *` that is its last argument: where, what was found, what was
 * expected. The buffer is inside the struct, so reporting an error (even "out of memory") needs no heap.
 *
 * Memory. What lives together is allocated from one arena and freed at once. An arena is not shared between threads.
 * Text that the world can grow has a stated maximum.
 *
 * Threads. No function here keeps state; distinct objects may be used from distinct threads.
 */
#ifndef QUIVER_BASE_H
#define QUIVER_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define QV_MUST_CHECK __attribute__((warn_unused_result))
#define QV_PRINTF(template_, first_) __attribute__((format(printf, template_, first_)))

/* ---- errors ------------------------------------------------------------------------------------------------- */

/** Every way to fail: name, exit status of <sysexits.h>, what it means. */
#define QV_STATUS_MAP(X)                                                                                               \
    X(USAGE, 64, "wrong usage")                                                                                        \
    X(DATA, 65, "bad data")                                                                                            \
    X(NO_INPUT, 66, "no such input")                                                                                   \
    X(UNAVAILABLE, 69, "something needed is missing")                                                                  \
    X(BUG, 70, "a bug of ours")                                                                                        \
    X(CANNOT_CREATE, 73, "cannot create")                                                                              \
    X(IO, 74, "reading or writing failed")

enum qv_status {
    QV_OK = 0,
#define QV_STATUS_ENUM(name, exit_status, meaning) QV_ERR_##name = -(exit_status),
    QV_STATUS_MAP(QV_STATUS_ENUM)
#undef QV_STATUS_ENUM
};

/** One failure, told in one sentence. `status` is 0 while nothing has failed. */
struct qv_error {
    int status;
    char text[480];
};

/** Sets @p error (which may be NULL) and returns @p status, so that `return qv_fail(...)` reads as one step. */
int qv_fail(struct qv_error *error, int status, const char *format, ...) QV_PRINTF(3, 4);

/** Puts "place: " before the sentence that @p error already holds. Returns its status. */
int qv_fail_at(struct qv_error *error, const char *format, ...) QV_PRINTF(2, 3);

/** "bad data" for QV_ERR_DATA, and so on; "done" for 0. Never NULL. */
const char *qv_status_meaning(int status);

/** The exit status that the contract gives a result of this library: 0, or 64…74. */
int qv_status_exit(int status);

/* ---- arenas -------------------------------------------------------------------------------------------------- */

/** A region of memory that is freed at once. Allocations are 16-byte aligned and zeroed. */
struct qv_arena;

/** Makes an empty arena; NULL when memory has run out. @p maximum_bytes bounds what it will ever hold (0: 1 GiB). */
struct qv_arena *qv_arena_create(size_t maximum_bytes) QV_MUST_CHECK;
/** Frees the arena and all that came from it. NULL is fine. */
void qv_arena_destroy(struct qv_arena *arena);
/** Forgets all that was allocated but keeps the memory, so that a loop over cases settles into allocating nothing. */
void qv_arena_reset(struct qv_arena *arena);
/** @p count objects of @p size bytes, zeroed. NULL when memory or the arena's maximum has run out. */
void *qv_arena_alloc(struct qv_arena *arena, size_t count, size_t size) QV_MUST_CHECK;
/** A copy of @p length bytes with a 0 after them. */
char *qv_arena_copy(struct qv_arena *arena, const char *text, size_t length) QV_MUST_CHECK;
/** printf into the arena. NULL when memory has run out. */
char *qv_arena_format(struct qv_arena *arena, const char *format, ...) QV_PRINTF(2, 3) QV_MUST_CHECK;

/* ---- growing text --------------------------------------------------------------------------------------------- */

/**
 * Text that grows at its end. After a failure (no memory, over `maximum_bytes`) `failed` is set, further appends do
 * nothing, and the caller checks once at the end with qv_text_check(). `bytes` is always 0-terminated once non-NULL.
 */
struct qv_text {
    char *bytes;
    size_t length;
    size_t capacity;
    size_t maximum_bytes;
    bool failed;
};

void qv_text_init(struct qv_text *text, size_t maximum_bytes);
void qv_text_finish(struct qv_text *text);
void qv_text_clear(struct qv_text *text); /**< empty again, memory kept */
void qv_text_add(struct qv_text *text, const char *bytes, size_t length);
void qv_text_puts(struct qv_text *text, const char *string);
void qv_text_printf(struct qv_text *text, const char *format, ...) QV_PRINTF(2, 3);
/** Grows the text until it has room for @p bytes more and a 0 after them. False after a failure. */
bool qv_text_grow(struct qv_text *text, size_t bytes) QV_MUST_CHECK;
int qv_text_check(const struct qv_text *text, struct qv_error *error) QV_MUST_CHECK;

/** Room for @p bytes more and a 0, for the caller to fill and to add to `length`; NULL after a failure. */
static inline char *qv_text_room(struct qv_text *text, size_t bytes)
{
    bool there = !text->failed && bytes < text->capacity - text->length && bytes <= text->maximum_bytes - text->length;
    return there || qv_text_grow(text, bytes) ? text->bytes + text->length : NULL;
}

/** Reads a whole file ("-": standard input) of at most @p maximum_bytes into @p text, which the caller has initialised. */
int qv_text_read_file(struct qv_text *text, const char *path, size_t maximum_bytes,
                      struct qv_error *error) QV_MUST_CHECK;

/** True when @p text is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates). */
bool qv_utf8_valid(const char *text, size_t length);
/** How many terminal columns @p text takes, counting one a code point. */
size_t qv_utf8_columns(const char *text, size_t length);

/* ---- JSON out ------------------------------------------------------------------------------------------------- */

/**
 * Writes JSON straight into a qv_text; commas and quotes are its business, nesting the caller's. `indent` 0 writes one
 * line. Numbers are written with the fewest digits, at most six after the point, that a reader of the answer needs.
 */
struct qv_json {
    struct qv_text *text;
    unsigned indent; /**< spaces a level; 0 = one line */
    unsigned depth;
    bool needs_comma;
};

void qv_json_init(struct qv_json *json, struct qv_text *text, unsigned indent);
/*
 * Keys are names of ours: plain ASCII without quotes. NULL inside arrays and at the top. The functions that are called take
 * a key with its length, which a compiler knows where the key is written out.
 */
void qv_json_open_keyed(struct qv_json *json, const char *key, size_t key_length, char bracket);
void qv_json_string_keyed(struct qv_json *json, const char *key, size_t key_length, const char *value);
void qv_json_number_keyed(struct qv_json *json, const char *key, size_t key_length, double value);
void qv_json_plain_keyed(struct qv_json *json, const char *key, size_t key_length, const char *value);
void qv_json_close(struct qv_json *json, char bracket);

static inline void qv_json_object(struct qv_json *json, const char *key)
{
    qv_json_open_keyed(json, key, key ? strlen(key) : 0, '{');
}
static inline void qv_json_object_end(struct qv_json *json)
{
    qv_json_close(json, '}');
}
static inline void qv_json_array(struct qv_json *json, const char *key)
{
    qv_json_open_keyed(json, key, key ? strlen(key) : 0, '[');
}
static inline void qv_json_array_end(struct qv_json *json)
{
    qv_json_close(json, ']');
}
/** NULL value writes null. */
static inline void qv_json_string(struct qv_json *json, const char *key, const char *value)
{
    qv_json_string_keyed(json, key, key ? strlen(key) : 0, value);
}
/** NaN and infinities write null. */
static inline void qv_json_number(struct qv_json *json, const char *key, double value)
{
    qv_json_number_keyed(json, key, key ? strlen(key) : 0, value);
}
static inline void qv_json_bool(struct qv_json *json, const char *key, bool value)
{
    qv_json_plain_keyed(json, key, key ? strlen(key) : 0, value ? "true" : "false");
}
static inline void qv_json_null(struct qv_json *json, const char *key)
{
    qv_json_plain_keyed(json, key, key ? strlen(key) : 0, "null");
}

/* ---- forms: what a case may say --------------------------------------------------------------------------------- */

enum qv_field_type {
    QV_FIELD_YES_NO,
    QV_FIELD_NUMBER,
    QV_FIELD_CHOICE,    /**< one of the words */
    QV_FIELD_CHOICES,   /**< any of the words, at most 32 */
    QV_FIELD_MEDICINES, /**< the list of medicines */
};

/** One thing that can be said of a person: its name, type, unit, plausible range and words. */
struct qv_field {
    const char *id;
    const char *unit; /**< NULL: none */
    const char *const *words;
    uint32_t word_count;
    enum qv_field_type type;
    double minimum, maximum;  /**< of numbers, inclusive */
    double days_ago_per_unit; /**< > 0: a time in the past, which cannot lie before birth */
};

/** All fields of a form, and their order by name for look-up. */
struct qv_form {
    const struct qv_field *fields;
    const uint16_t *by_name; /**< field indices, sorted by id */
    uint32_t field_count;
};

/** Index of the field named so, or -1. O(log n). */
int qv_form_find(const struct qv_form *form, const char *id);

enum qv_value_kind { QV_UNKNOWN = 0, QV_NO, QV_YES, QV_NUMBER, QV_WORD, QV_WORDS };

/** What is known of one field. All zero = not known, which is not the same as QV_NO. */
struct qv_value {
    enum qv_value_kind kind;
    uint32_t words; /**< QV_WORD: the index of the word; QV_WORDS: bit i set for word i */
    double number;
};

/** Writes what is known of a field as a case file says it; nothing for QV_UNKNOWN. */
void qv_json_value(struct qv_json *json, const char *key, const struct qv_field *field, const struct qv_value *value);

/* ---- time ------------------------------------------------------------------------------------------------------- */

/** Parses YYYY-MM-DD, the year from 1583 on, into days since 1970-01-01. False when it is no date. */
bool qv_date_parse(const char *text, int32_t *days);
/** Writes YYYY-MM-DD and a 0: eleven bytes. */
void qv_date_format(int32_t days, char *out);
/** Today in the local zone, as days since 1970-01-01. */
int32_t qv_date_today(void);

/**
 * What the clock on the wall shows. An instant is microseconds since 1970 UTC, a whole number, so that nothing is lost in adding
 * and taking away. The zone is that of TZ or of the machine, and is looked up anew each time: a traveller's changes.
 */
struct qv_clock {
    int32_t day;      /**< the local day, as days since 1970-01-01 */
    int32_t second;   /**< since midnight on the clock, 0…86399 */
    int32_t offset_s; /**< local time less UTC */
};

int64_t qv_time_now_us(void);
struct qv_clock qv_clock_at(int64_t instant_us);

/**
 * The instants at which the local clock shows @p second of @p day, earliest first. Returns how many: 1; 0 where the clock is put
 * forward over it; 2 where it is put back.
 */
unsigned qv_clock_instants(int32_t day, int32_t second, int64_t instants_us[2]);

#ifdef __cplusplus
}
#endif
#endif
