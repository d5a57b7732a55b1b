/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file report.h — paper: an answer as a terminal page and as JSON; a piece of knowledge as text; a measurement and
 * triggers as pictures.
 *
 * Writers append to a qv_text and never print. The page for people says the same facts as the JSON answer.
 *
 * Pictures are drawn by a module that is loaded when the first is asked for, so that who draws none pays nothing
 * (docs/rooms/report.md).
 */
#ifndef QUIVER_REPORT_H
#define QUIVER_REPORT_H

#include <quiver/base.h>
#include <quiver/consult.h>
#include <quiver/knowledge.h>
#include <quiver/nof1.h>
#include <quiver/reason.h>
#include <quiver/vision.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How a terminal page is laid out. */
struct qv_page_settings {
    unsigned columns;   /**< width, 40–200; default 80 */
    bool colour;        /**< ANSI colours and bold */
    bool plain;         /**< no colour, no bars, no line drawing: for screen readers and pipes */
    bool full;          /**< everything, not one screen */
    const char *region; /**< ISO 3166 alpha-2 for the emergency number; NULL or unknown: the general one */
};

/** The answer on one screen (all of it with `full`). */
void qv_page_answer(const struct qv_answer *answer, const struct qv_page_settings *settings, struct qv_text *text);

/** The answer as the contract's JSON object. `indent` 0: one line. */
void qv_json_answer(const struct qv_answer *answer, unsigned indent, struct qv_text *text);

/** Everything that the program believes of one condition, finding, medicine, food… with grades. False: no such id. */
bool qv_page_knowledge(const struct qv_knowledge *knowledge, const char *id, const struct qv_page_settings *settings,
                       struct qv_text *text);

/** A measurement as the contract's JSON object. `indent` 0: one line. */
void qv_json_measurement(const struct qv_measurement *measurement, unsigned indent, struct qv_text *text);

/** The truth of a phantom: a measurement, with how it was made under `phantom`. `indent` 0: one line. */
void qv_json_phantom(const struct qv_phantom *phantom, unsigned indent, struct qv_text *text);

/** A measurement on one screen, for the person who was filmed. */
void qv_page_measurement(const struct qv_measurement *measurement, const struct qv_page_settings *settings,
                         struct qv_text *text);

/**
 * Triggers as the contract's JSON object, with what they mean in words and day by day. `indent` 0: one line.
 * @param person who it is, so that nobody is sent to try what they must not (qv_consult_person()); NULL: nothing is known
 */
void qv_json_triggers(const struct qv_knowledge *knowledge, const struct qv_triggers *triggers,
                      const struct qv_person *person, unsigned indent, struct qv_text *text);

/** Triggers on one screen, for the person whose diary it is: what matters first, what is not known yet and when it will be. */
void qv_page_triggers(const struct qv_knowledge *knowledge, const struct qv_triggers *triggers,
                      const struct qv_person *person, const struct qv_page_settings *settings, struct qv_text *text);
/* ---- trials ---------------------------------------------------------------------------------------------------------- */

/** What has to be said beside a trial: id and sentence. */
#define QV_TRIAL_WARNING_MAP(X)                                                                                        \
    X(ALTERED, "altered",                                                                                              \
      "The plan was changed after it was made: its fingerprint no longer fits. This is not the planned analysis.")     \
    X(LATE, "planned_late", "The plan was made on or after its first day, so it was not fixed beforehand.")            \
    X(ASSUMED, "assumed_baseline",                                                                                     \
      "How often you twitch was assumed: no diary has seven days of it. One of two weeks makes a better plan.")        \
    X(UNDERPOWERED, "underpowered",                                                                                    \
      "Even this trial may well miss the effect. If it finds no difference, there may still be one.")                  \
    X(USUAL_UNKNOWN, "usual_unknown", "Your usual amount is not known; log it for a week, or give --usual.")           \
    X(FEW_KEPT, "few_kept", "The plan was kept to on less than four of five days with a logged amount.")

enum qv_trial_warning {
#define QV_TRIAL_WARNING_ENUM(name, id, sentence) QV_TRIAL_WARN_##name,
    QV_TRIAL_WARNING_MAP(QV_TRIAL_WARNING_ENUM)
#undef QV_TRIAL_WARNING_ENUM
        QV_TRIAL_WARNING_COUNT
};

/** A plan as it is shown: with the knowledge of its habit, and whether it is the one that was made. */
struct qv_trial_view {
    const struct qv_knowledge *knowledge;
    const struct qv_trial_info *info;       /**< NULL: a habit that the knowledge does not have (any more) */
    const struct qv_trial_washout *washout; /**< or NULL */
    const struct qv_trial_plan *plan;
    bool unaltered;
};

/** Which warnings hold: bit w for warning w. @p result may be NULL. */
unsigned qv_trial_warnings(const struct qv_trial_view *view, const struct qv_trial_result *result);

/** The plan, for the person: what to do and when, how sure it can be, its fingerprint. All blocks with `full`. */
void qv_page_trial_plan(const struct qv_trial_view *view, const struct qv_page_settings *settings,
                        struct qv_text *text);
/** What a day is. */
void qv_page_trial_today(const struct qv_trial_view *view, int32_t day, const struct qv_page_settings *settings,
                         struct qv_text *text);
/** What was found; with `full` by the items of CENT 2015. */
void qv_page_trial_result(const struct qv_trial_view *view, const struct qv_trial_result *result,
                          const struct qv_page_settings *settings, struct qv_text *text);
/** Why there is no trial. */
void qv_page_trial_refusal(const struct qv_knowledge *knowledge, const struct qv_trial_refusal *refusal,
                           const struct qv_page_settings *settings, struct qv_text *text);

/** The same as JSON. A plan's is a file that qv_trial_read() takes. `indent` 0: one line. */
void qv_json_trial_plan(const struct qv_trial_view *view, struct qv_text *text);
void qv_json_trial_today(const struct qv_trial_view *view, int32_t day, unsigned indent, struct qv_text *text);
void qv_json_trial_result(const struct qv_trial_view *view, const struct qv_trial_result *result, unsigned indent,
                          struct qv_text *text);
void qv_json_trial_refusal(const struct qv_trial_refusal *refusal, const char *what, unsigned indent,
                           struct qv_text *text);

/* ---- the diary ---------------------------------------------------------------------------------------------------- */

/** A day at a glance: what is known of it, what is not, the twitches of the week. With `full`, each entry with its number. */
void qv_page_day(const struct qv_day *day, const struct qv_page_settings *settings, struct qv_text *text);
void qv_json_day(const struct qv_day *day, unsigned indent, struct qv_text *text);

/** An entry as an object, with the members of a diary in JSON, and its id. What is not known is left out. */
void qv_json_entry(const struct qv_entry *entry, const char *key, struct qv_json *json);

/**
 * What was done, for who did it: "Logged: caffeine 280 mg (2 × Filter coffee, mug), today 08:30. Undo: quiver log undo".
 * @param remarks as many as entries, or NULL
 */
void qv_page_deed(const char *deed, const struct qv_entry *entries, const struct qv_log_remark *remarks, uint32_t count,
                  int32_t today, const struct qv_page_settings *settings, struct qv_text *text);
/** What an undo undid. */
void qv_page_undone(const struct qv_undone *undone, const struct qv_page_settings *settings, struct qv_text *text);
/** One line of an entry's history, oldest first; what was written when, or that it was taken back. */
void qv_page_version(const struct qv_entry_version *version, int32_t today, const struct qv_page_settings *settings,
                     struct qv_text *text);

/* ---- pictures ---------------------------------------------------------------------------------------------------- */

enum qv_plot_format { QV_PLOT_SVG, QV_PLOT_PNG, QV_PLOT_PDF };

/** What a file of this name would be, by its end. Errors: QV_ERR_USAGE none of .svg, .png, .pdf. */
int qv_plot_format(const char *path, enum qv_plot_format *format, struct qv_error *error) QV_MUST_CHECK;

/**
 * Draws a measurement on a page of A4, lying: what each region did over time, what was counted and what was not, where on
 * the face, how sure it is. The bytes of the file are added to @p out.
 * Errors: QV_ERR_UNAVAILABLE the drawing module is missing, out of memory.
 */
int qv_plot_draw(const struct qv_measurement *measurement, enum qv_plot_format format, struct qv_text *out,
                 struct qv_error *error) QV_MUST_CHECK;

/** Says before the work is done whether qv_plot_write() could do its part. Errors as there. */
int qv_plot_check(const char *path, struct qv_error *error) QV_MUST_CHECK;

/**
 * The same into a file, which is written beside its place and moved there: an older one stays until the new one is whole.
 * Errors: as qv_plot_format() and qv_plot_draw(); QV_ERR_CANNOT_CREATE; QV_ERR_IO.
 */
int qv_plot_write(const struct qv_measurement *measurement, const char *path, struct qv_error *error) QV_MUST_CHECK;

/**
 * Draws triggers on a page of A4, lying: a forest plot of the habits, the twitches of each day beside those that the
 * model expects, what each day holds of each habit. A day of which nothing is known is hatched, and never drawn as 0. Errors as qv_plot_draw().
 */
int qv_plot_triggers_draw(const struct qv_knowledge *knowledge, const struct qv_triggers *triggers,
                          enum qv_plot_format format, struct qv_text *out, struct qv_error *error) QV_MUST_CHECK;
/** The same into a file. Errors as qv_plot_write(); qv_plot_check() says beforehand. */
int qv_plot_triggers(const struct qv_knowledge *knowledge, const struct qv_triggers *triggers, const char *path,
                     struct qv_error *error) QV_MUST_CHECK;

/** Says before the work is done whether qv_overlay_write() could do its part on @p clip. Errors as there. */
int qv_overlay_check(const char *clip, const char *path, struct qv_error *error) QV_MUST_CHECK;

/**
 * The clip again, with what was measured drawn onto it: the regions, a flash where something moves with its kind and size, a
 * time line below. @p settings are those of qv_replay(), but for `paint`.
 * Errors: as qv_replay() and qv_plot_draw(); QV_ERR_USAGE the clip cannot be read twice, or would be overwritten.
 */
int qv_overlay_write(const char *clip, const struct qv_measurement *measurement, struct qv_motion *motion,
                     const struct qv_replay_settings *settings, const char *path, struct qv_error *error) QV_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
