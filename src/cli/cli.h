/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program: a verb a file. Verbs parse their options, call the public rooms, print, and return an exit status of
 * <sysexits.h>. No medicine lives here.
 *
 * What answers goes to stdout, and is written there at once and checked. Everything else (questions, notes, errors) goes
 * to stderr, so that stdout can always be piped on.
 */
#ifndef QUIVER_CLI_CLI_H
#define QUIVER_CLI_CLI_H

#include <quiver/casefile.h>
#include <quiver/consult.h>
#include <quiver/journal.h>
#include <quiver/report.h>

#include <stdio.h>

/* ---- verbs: argv[0] is the verb ------------------------------------------------------------------------------------- */

int cli_ask(int argc, char **argv);
int cli_export(int argc, char **argv);
int cli_import(int argc, char **argv);
int cli_knowledge(int argc, char **argv);
int cli_knowledge_bench(int argc, char **argv);
int cli_log(int argc, char **argv);
int cli_phantom(int argc, char **argv);
int cli_triggers(int argc, char **argv);
int cli_trial(int argc, char **argv);
int cli_watch(int argc, char **argv);

/** Where the face models lie: QUIVER_MODELS, or the build's, or the installed ones. */
const char *cli_models_folder(void);
/** Watches a clip, or so many seconds of it, with a progress bar; Ctrl-C stops it. */
int cli_watch_clip(const char *path, bool mirrored, double seconds, struct qv_arena *arena, struct qv_measurement **out,
                   struct qv_error *error) QV_MUST_CHECK;

/* ---- options.c ------------------------------------------------------------------------------------------------------- */

/** `--name` when `flag` is set, else `--name VALUE` or `--name=VALUE`. */
struct cli_option {
    const char *name; /**< without the dashes */
    bool *flag;
    const char **value;
};

/**
 * Reads options, in any order with operands, up to `--`. Operands are moved to argv[1] and on; @p argc is then their
 * count + 1. An option may be given once.
 */
int cli_options(int *argc, char **argv, const struct cli_option *options, size_t count,
                struct qv_error *error) QV_MUST_CHECK;

/* ---- terminal.c ------------------------------------------------------------------------------------------------------ */

/** Says what failed on stderr ("quiver: place: sentence"; @p place may be NULL) and returns the exit status for it. */
int cli_complain(const struct qv_error *error, const char *place);

/** A note to the person, on stderr. What could steer a terminal is taken out. */
void cli_note(const char *format, ...) QV_PRINTF(1, 2);

/** Reads a line of standard input, without its end, behind a sign that an answer is waited for. False: there is no more. */
bool cli_hear(const char *sign, char *line, size_t size);

/** Writes all of the bytes to stdout. */
int cli_print(const char *bytes, size_t length, struct qv_error *error) QV_MUST_CHECK;
/** The same for a text that was built without a check; empties it. */
int cli_print_text(struct qv_text *text, struct qv_error *error) QV_MUST_CHECK;
/** The same for a page or an object, which ends with a line; frees it. */
int cli_print_page(struct qv_text *page, struct qv_error *error) QV_MUST_CHECK;

/** How pages are laid out here: the terminal's width, NO_COLOR, the locale's region. @p region NULL: from the locale. */
struct qv_page_settings cli_page_settings(bool plain, bool full, const char *region);
/** "GB" for --region gb. */
int cli_region(const char *given, char out[static 3], struct qv_error *error) QV_MUST_CHECK;

/** True when colours may be used on the stream. */
bool cli_colour_on(FILE *stream);
/** The width to lay out for on the stream, 40 to 100. */
unsigned cli_columns_of(FILE *stream);

/** Lays words down as a paragraph whose first line begins with @p lead and the others with as many blanks. */
void cli_paragraph(struct qv_text *text, const char *lead, const char *words, unsigned columns);

/** The built-in knowledge, or that of a folder. */
int cli_knowledge_open(const char *directory, struct qv_knowledge **out, struct qv_error *error) QV_MUST_CHECK;

/** Reads a case file; "-" is standard input, NULL a case of which nothing is known. */
int cli_read_case(const struct qv_knowledge *knowledge, const char *path, struct qv_arena *arena, struct qv_case **out,
                  struct qv_error *error) QV_MUST_CHECK;

/* ---- batch.c --------------------------------------------------------------------------------------------------------- */

/** Answers one case a line; "-" is standard input. Returns the exit status. */
int cli_batch(const struct qv_knowledge *knowledge, const char *path);

/* ---- saved.c --------------------------------------------------------------------------------------------------------- */

/** Where a file of the person's own lies: $XDG_DATA_HOME/quiver/NAME. Initialises @p path. Fails when there is no home. */
int cli_data_path(const char *name, struct qv_text *path, struct qv_error *error) QV_MUST_CHECK;
/** Where an interview is kept for later: $XDG_DATA_HOME/quiver/interview.json. Fails when there is no home. */
int cli_saved_path(struct qv_text *path, struct qv_error *error) QV_MUST_CHECK;
/** Writes a file, readable by its owner only, so that it is either the old or the new one. */
int cli_write_file(const struct qv_text *text, const char *path, bool make_folders,
                   struct qv_error *error) QV_MUST_CHECK;
/** Writes the case so that the file is either the old or the new one, readable by its owner only. */
int cli_saved_write(const struct qv_case *c, const char *path, bool make_folders, struct qv_error *error) QV_MUST_CHECK;
/** Reads a case that was saved, and brings it up to date: see saved.c. */
int cli_saved_read(const struct qv_knowledge *knowledge, const char *path, struct qv_arena *arena, struct qv_case **out,
                   struct qv_error *error) QV_MUST_CHECK;

/* ---- journal.c ------------------------------------------------------------------------------------------------------- */

/** Whether a diary, a journal and a case file can be had together, for options of @p verb. Any may be NULL. */
int cli_check_diary(const char *verb, const char *diary, const char *journal, const char *case_file,
                    struct qv_error *error) QV_MUST_CHECK;
/** Where the journal lies: what --journal says, QUIVER_JOURNAL, or the usual place. Initialises @p path. */
int cli_journal_path(const char *given, struct qv_text *path, struct qv_error *error) QV_MUST_CHECK;
/** Opens it. */
int cli_journal_open(const char *given, enum qv_journal_mode mode, struct qv_journal **out,
                     struct qv_error *error) QV_MUST_CHECK;
/** Opens it for reading; @p out is NULL where there is none yet. */
int cli_journal_look(const char *given, struct qv_journal **out, struct qv_error *error) QV_MUST_CHECK;

/* ---- check_in.c ------------------------------------------------------------------------------------------------------ */

/**
 * Asks the few questions of the day that @p known does not answer, a line each; an empty line skips. What was said becomes entries
 * in @p out, NULL when nothing was. Entries live in @p arena.
 */
int cli_check_in(const struct qv_knowledge *knowledge, const struct qv_day *known, const char *at, bool plain,
                 struct qv_arena *arena, struct qv_log **out, struct qv_error *error) QV_MUST_CHECK;

/* ---- interview.c ----------------------------------------------------------------------------------------------------- */

struct cli_interview_settings {
    const char *resume;       /**< NULL: offer what was kept, if there is something */
    const char *save;         /**< NULL: offer the usual place when stopped */
    struct qv_daybook *diary; /**< what it shows is not asked; NULL: none */
    bool plain;
};

/** Asks on the terminal. @p out is NULL when the person left without having answered anything. */
int cli_interview(const struct qv_knowledge *knowledge, const struct cli_interview_settings *settings,
                  struct qv_arena *arena, const struct qv_case **out, struct qv_error *error) QV_MUST_CHECK;

/* ---- words.c: answers in plain words ----------------------------------------------------------------------------------- */

enum words_command { WORDS_ANSWER, WORDS_NOTHING, WORDS_WHY, WORDS_BACK, WORDS_SKIP, WORDS_STOP };

/** What a line asks of the interview, if it does not answer. */
enum words_command words_command(const char *line);

/**
 * Reads an answer to a question that is not about medicines. On QV_ERR_DATA the error's text is for the person, and says
 * what would be understood. @p out stays QV_UNKNOWN for "never", where only a time can be said.
 */
int words_value(const struct qv_field *field, const char *line, struct qv_value *out,
                struct qv_error *error) QV_MUST_CHECK;

/** True for "none", "no", "nothing"… */
bool words_none(const char *line);

/**
 * Reads a line of medicines ("sertraline 50 mg, started 2 weeks ago; omeprazole") behind those already there.
 * Names live in @p arena.
 */
int words_medicines(const char *line, int32_t as_of_days, struct qv_arena *arena, struct qv_case_medicine *medicines,
                    uint32_t *count, struct qv_error *error) QV_MUST_CHECK;
/** Reads when one medicine was started, changed or stopped; a bare time is its start. */
int words_medicine_dates(const char *line, int32_t as_of_days, struct qv_case_medicine *medicine,
                         struct qv_error *error) QV_MUST_CHECK;

/** Reads which entries of a list of @p count are meant ("2 5", "2,5", "1-3"); false when it is not such a line. */
bool words_numbers(const char *line, uint32_t count, bool *chosen);

#endif
