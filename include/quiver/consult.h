/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file consult.h — the meeting: gathers the evidence about one person, asks the minds, returns the answer.
 *
 * The evidence is the case file, the diary and what a clip showed, folded into the same findings here, each finding remembering
 * where it came from. Faces call this room and never the minds themselves.
 */
#ifndef QUIVER_CONSULT_H
#define QUIVER_CONSULT_H

#include <quiver/casefile.h>
#include <quiver/journal.h>
#include <quiver/knowledge.h>
#include <quiver/nof1.h>
#include <quiver/reason.h>
#include <quiver/vision.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What there is to go by. */
struct qv_evidence_given {
    const char *case_json; /**< the case file's bytes */
    size_t case_length;
    const struct qv_case *c;           /**< what was said, where it is read already: then there is no case_json */
    const struct qv_measurement *clip; /**< NULL: none was watched */
    struct qv_daybook *diary;          /**< NULL: none */
};

/**
 * Reads the evidence and answers. Everything made lives in @p arena.
 * Errors: those of qv_case_parse() and qv_reason().
 */
int qv_consult(const struct qv_knowledge *knowledge, const struct qv_evidence_given *given, struct qv_arena *arena,
               struct qv_answer **out, struct qv_error *error) QV_MUST_CHECK;

/** Who it is, as rules see them: for those that are not weighed, such as who must not try what. */
struct qv_person {
    const struct qv_answer *answer; /**< qv_consult()'s, without intervals and what would change it */
    struct qv_situation situation;
};

/** Makes a person of the evidence. Everything made lives in @p arena. Errors: those of qv_consult(). */
int qv_consult_person(const struct qv_knowledge *knowledge, const struct qv_evidence_given *given,
                      struct qv_arena *arena, struct qv_person **out, struct qv_error *error) QV_MUST_CHECK;

/* ---- the diary ---------------------------------------------------------------------------------------------------------- */

/**
 * A diary, added up day by day, from whatever holds entries: a file, the journal, or both. It remembers the places and the
 * medicines that notes name. Its memory is the arena's: about 24 bytes for each kind that a day has.
 */
struct qv_daybook;

/** Pure alcohol in what Apple Health counts as one drink, for qv_diary_source; 0: the knowledge does not say. */
double qv_diary_drink_g(const struct qv_knowledge *knowledge);

int qv_daybook_create(const struct qv_knowledge *knowledge, struct qv_arena *arena, struct qv_daybook **out,
                      struct qv_error *error) QV_MUST_CHECK;
/** Adds one entry; a qv_entry_sink, whose context is the daybook. */
int qv_daybook_add(void *daybook, const struct qv_entry *entry, struct qv_error *error) QV_MUST_CHECK;
/** Adds a file, whole: the first bad row is an error. Errors: those of qv_diary_read(). */
int qv_daybook_read_file(struct qv_daybook *book, const char *path, struct qv_error *error) QV_MUST_CHECK;
/** Adds a journal from day @p from on, by its totals, and by clips and the notes of twitches and medicines where findings are wanted. */
int qv_daybook_read_journal(struct qv_daybook *book, struct qv_journal *journal, int32_t from, bool with_notes,
                            struct qv_error *error) QV_MUST_CHECK;
/** Adds the measurement of a clip that was watched on @p day, as qv_json_measurement() writes it. QV_ERR_DATA when it is none. */
int qv_daybook_add_clip(struct qv_daybook *book, int32_t day, const char *json, struct qv_error *error) QV_MUST_CHECK;
/** The twitches a minute of a measurement that was written as JSON; NaN when it does not say. */
double qv_measurement_rate_of(const char *json);
/** First and last day with an entry; false when there is none. */
bool qv_daybook_span(struct qv_daybook *book, int32_t *first_day, int32_t *last_day);

/**
 * The days from @p from to @p until, as far as the diary goes, as a table for nof1: a factor for each habit of the knowledge,
 * and of those that were mostly noted with their time what was in the body of @p person (NULL: that is not wanted).
 * Errors: QV_ERR_DATA when it spans more than QV_DAYS_MAX days.
 */
int qv_daybook_days(struct qv_daybook *book, const struct qv_person *person, int32_t from, int32_t until,
                    struct qv_arena *arena, const struct qv_days **out, struct qv_error *error) QV_MUST_CHECK;

/** Folds what the diary shows into the findings of a case that it does not know; knowledge/diary.yaml says how. */
int qv_daybook_fold(struct qv_daybook *book, struct qv_case *c, struct qv_error *error) QV_MUST_CHECK;

/** Something that the person should be told, though they did not ask. */
struct qv_notice {
    const char *id, *text;
    const struct qv_words *sources;
    enum qv_level level;
};
/**
 * The watchful diary: the red flags that the diary alone raises as of @p today, most urgent first, and then what its own rules say.
 * The list lives in @p arena.
 */
int qv_daybook_notices(struct qv_daybook *book, int32_t today, struct qv_arena *arena, const struct qv_notice **out,
                       uint32_t *count, struct qv_error *error) QV_MUST_CHECK;

/* ---- trials: what may be tried ---------------------------------------------------------------------------------------- */

/** An experiment that somebody wants, and what is known of them. */
struct qv_trial_request {
    const char *what;         /**< the word they used: "caffeine" */
    const struct qv_case *c;  /**< NULL: nothing was said */
    struct qv_daybook *diary; /**< NULL: none */
    int32_t first_day;        /**< of the trial: the usual amount is that of the weeks before */
    double usual;             /**< of the habit, a day; NaN: what the diary shows or, if it does not, the case says */
};

/** Either a refusal, or the habit to lay a trial out with. */
struct qv_trial_offer {
    const struct qv_trial_refusal *refusal; /**< NULL: it may be tried */
    bool by_word;                           /**< the word alone was refused, whoever asks */
    const struct qv_trial_info *info;       /**< NULL when by_word */
    const struct qv_trial_washout *washout; /**< why it is longer for this person, or NULL */
    struct qv_trial_habit habit;
};

/**
 * Says whether this person may try this, and how. What is prescribed is always refused, and so is anything for which
 * the knowledge has a refusal that holds for them (knowledge/trials.yaml).
 * Errors: QV_ERR_USAGE for a word that is neither a habit nor a medicine; QV_ERR_DATA when the usual amount is too little to
 * change; QV_ERR_UNAVAILABLE.
 */
int qv_trial_consult(const struct qv_knowledge *knowledge, const struct qv_trial_request *request,
                     struct qv_arena *arena, struct qv_trial_offer *out, struct qv_error *error) QV_MUST_CHECK;

/** The trial of a habit by its id, or NULL. */
const struct qv_trial_info *qv_trial_info(const struct qv_knowledge *knowledge, const char *id);

/** Why this person must not try a change of this habit: the first reason, or NULL. */
const struct qv_trial_refusal *qv_trial_refusal_of(const struct qv_person *person, const char *id);

/* ---- the interview ------------------------------------------------------------------------------------------------ */

/*
 * state       what may be trusted                               which call moves on
 * ASKING      question is the finding to ask now                qv_interview_answer/_skip/_back
 * EMERGENCY   a red flag demands an emergency; answer is set    none: the interview is over
 * ENOUGH      no question left could change the answer much     none
 *
 * A sign that means an emergency only when it came suddenly is followed by that one question before the interview ends.
 * Answers are kept in the order given, so that `back` undoes exactly one. The case so far is always a valid case file,
 * which is how an interview is finished later.
 */
enum qv_interview_state { QV_INTERVIEW_ASKING, QV_INTERVIEW_EMERGENCY, QV_INTERVIEW_ENOUGH };

struct qv_interview;

/** Begins from what is already known (@p start, or NULL for an empty case). */
int qv_interview_create(const struct qv_knowledge *knowledge, const struct qv_case *start, struct qv_interview **out,
                        struct qv_error *error) QV_MUST_CHECK;
void qv_interview_destroy(struct qv_interview *interview);

enum qv_interview_state qv_interview_state(const struct qv_interview *interview);
/** The finding to ask now (index into facts->findings); -1 unless ASKING. */
int qv_interview_question(const struct qv_interview *interview);
/** How many have been asked, and a guess at how many are still to come. */
void qv_interview_progress(const struct qv_interview *interview, uint32_t *asked, uint32_t *still);

/** Answers the present question. QV_ERR_DATA when the value does not fit it; then the question stands. */
int qv_interview_answer(struct qv_interview *interview, struct qv_value value, struct qv_error *error) QV_MUST_CHECK;
/** Answers the present question, which must be the list of medicines. */
int qv_interview_answer_medicines(struct qv_interview *interview, const struct qv_case_medicine *medicines,
                                  uint32_t count, struct qv_error *error) QV_MUST_CHECK;
/** Leaves the present question unanswered and does not ask it again. */
int qv_interview_skip(struct qv_interview *interview, struct qv_error *error) QV_MUST_CHECK;
/** Undoes the last answer or skip and asks that question again. False when there is none. */
bool qv_interview_back(struct qv_interview *interview);

/** The case so far; valid until the next call that changes the interview. */
const struct qv_case *qv_interview_case(const struct qv_interview *interview);

/* ---- the diary in words --------------------------------------------------------------------------------------------- */

/*
 * What people say of their day, as entries: "2 coffees at 8:30, slept from 23:30 to 6:15, no twitches". Things are parted by
 * commas or "and"; each is a name with an amount, in either order. Names are the kinds of entry, the drinks and foods of the
 * knowledge (each gives what is in it) and its medicines. Plurals, letter case, accents and units are as people use them.
 *
 * Nothing is guessed. What can be read in two ways is refused, as is a word that is not known, and then there is no entry at
 * all: not of the rest either. What is not known of a time stays unknown: "yesterday" has no time of day.
 */
#define QV_LOG_MAX_BYTES ((size_t)1000)
#define QV_LOG_MAX_ENTRIES 64

/** What may be known about when, beside the words. All zero but for now_us: only the present. */
struct qv_log_settings {
    int64_t now_us; /**< the present instant; the zone is the local one */
    const char *at; /**< when it was, for what does not say so itself, as qv_log_read() reads it; NULL: now */
    const struct qv_entry *replaces; /**< NULL; else its time is kept, unless `at` or the words say another */
};

/** What is worth saying of an entry's time. */
struct qv_log_remark {
    bool twice; /**< the clock showed this time twice that night, and which it was is left unknown */
    bool ahead; /**< later today than now */
};

/** What was understood. Memory belongs to the arena it was made in. */
struct qv_log {
    uint32_t count;
    struct qv_entry *entries; /**< id 0, source "log"; each passes qv_entry_check() */
    struct qv_log_remark *remarks;
};

/**
 * Reads words. A time of day gets the offset that the local zone had then.
 *
 * Times: "8:30", "8:30 pm", "at noon", "yesterday", "last night", "2026-11-22", "2026-11-22T08:30+01:00", "20 min ago".
 * Errors: QV_ERR_DATA names the word: not known (with the nearest names), an amount missing or beyond what one entry can hold,
 * a day to come, a time that the clock skipped. QV_ERR_UNAVAILABLE: out of memory. @p out is set on success only.
 */
int qv_log_read(const struct qv_knowledge *knowledge, const char *words, const struct qv_log_settings *settings,
                struct qv_arena *arena, struct qv_log **out, struct qv_error *error) QV_MUST_CHECK;

/** Reads a time alone into day, second and offset of @p entry: of "at" in the settings, or where only a time is revised. */
int qv_log_time(const char *words, int64_t now_us, struct qv_entry *entry, struct qv_log_remark *remark,
                struct qv_error *error) QV_MUST_CHECK;

/* ---- a day at a glance ------------------------------------------------------------------------------------------------ */

#define QV_DAY_MAX_ENTRIES 300
#define QV_DAY_WEEK 7

/** One day of the journal, and the week that ends with it. Memory belongs to the arena it was made in. */
struct qv_day {
    int32_t day, today;
    uint32_t entry_count;                 /**< at most QV_DAY_MAX_ENTRIES; the amounts are of all */
    const struct qv_entry *entries;       /**< in order of time */
    uint32_t counts[QV_ENTRY_KIND_COUNT]; /**< entries of each kind; 0: nothing is known */
    double amounts[QV_ENTRY_KIND_COUNT];  /**< as the kind adds up */
    double week[QV_DAY_WEEK];             /**< twitches, this day last; NaN: not observed */
};

/** Gathers a day. A NULL journal has nothing in it. Errors: those of the journal; QV_ERR_UNAVAILABLE, out of memory. */
int qv_day_gather(struct qv_journal *journal, int32_t day, int32_t today, struct qv_arena *arena, struct qv_day **out,
                  struct qv_error *error) QV_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
