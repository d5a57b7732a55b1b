/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file casefile.h — this person now: what they said, as one JSON object (docs/case-file.md).
 *
 * A case is a filled-in form. The form (which findings there are, their types, ranges and words) comes from the
 * caller, so that this room need not know the medicine. Absent means not known; `false` means asked, and no. Nothing
 * is guessed: unknown keys, wrong types, values out of range, a twitch that began before birth, duplicate keys, trailing
 * bytes and nesting deeper than 16 are errors that name the place (`findings.sleep_hours`), what was found and what
 * was expected.
 *
 * Bounds: a case is at most QV_CASE_MAX_BYTES of UTF-8 with at most QV_CASE_MAX_MEDICINES medicines.
 */
#ifndef QUIVER_CASEFILE_H
#define QUIVER_CASEFILE_H

#include <quiver/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define QV_CASE_MAX_BYTES ((size_t)1 << 20)
#define QV_CASE_MAX_MEDICINES 64
#define QV_CASE_MAX_NAME_BYTES 200

/** A medicine as the person wrote it. Days are NaN where not said. */
struct qv_case_medicine {
    const char *name;
    double started_days_ago;
    double dose_changed_days_ago;
    double stopped_days_ago;
};

/** The origin of what was measured in a clip, and of what a diary says. */
#define QV_ORIGIN_CLIP "clip"
#define QV_ORIGIN_DIARY "diary"

/** What is known of one person. `values[i]` answers `form->fields[i]`. Memory belongs to the arena it was made in. */
struct qv_case {
    const struct qv_form *form;
    struct qv_value *values;
    const char **origins; /**< for each value, where it came from ("case", "interview", "clip"…), or NULL */
    struct qv_case_medicine *medicines;
    uint32_t medicine_count;
    bool medicines_known; /**< the list was given, if only as empty */
    int32_t as_of_days;   /**< days since 1970-01-01 */
};

/** An empty case: nothing known, as of today. */
int qv_case_create(struct qv_arena *arena, const struct qv_form *form, struct qv_case **out,
                   struct qv_error *error) QV_MUST_CHECK;

/**
 * Reads a case from JSON text.
 * @param origin what the values are said to come from; must outlive the case
 * Errors: QV_ERR_DATA with the place; QV_ERR_UNAVAILABLE when memory has run out. @p out is set on success only.
 */
int qv_case_parse(struct qv_arena *arena, const struct qv_form *form, const char *json, size_t length,
                  const char *origin, struct qv_case **out, struct qv_error *error) QV_MUST_CHECK;

/** A copy in the same arena that can be changed without changing the original. */
int qv_case_copy(struct qv_arena *arena, const struct qv_case *original, struct qv_case **out,
                 struct qv_error *error) QV_MUST_CHECK;

/**
 * Sets one value after checking it against the form; the case is unchanged on error.
 * Used by the interview and by whoever folds other evidence in.
 */
int qv_case_set(struct qv_case *c, int field, struct qv_value value, const char *origin,
                struct qv_error *error) QV_MUST_CHECK;

/** Whether a value is known, and from there. */
bool qv_case_is_from(const struct qv_case *c, uint32_t field, const char *origin);

/** Writes the case as a case file that qv_case_parse() reads back to the same values. */
void qv_case_write(const struct qv_case *c, struct qv_json *json);

#ifdef __cplusplus
}
#endif
#endif
