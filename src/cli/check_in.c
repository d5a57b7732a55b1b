/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The day in a few questions, each answered in words as quiver log takes them, or by a bare number. All is said on stderr. What
 * was said is added as one change when the last question is answered, so that one undo takes it back.
 */
#include "cli.h"

#include <stdio.h>
#include <string.h>

#define LINE_BYTES_MAX (QV_LOG_MAX_BYTES + 2) /* what is longer is cut, and then refused as too long */
#define WORDS_BYTES_MAX (LINE_BYTES_MAX + 20)

static const struct question {
    enum qv_entry_kind kind;
    const char *question; /* %s: the kind */
    const char *such_as;
    bool bare; /* a number alone is the amount of the kind */
} questions[] = {
    {QV_ENTRY_TWITCH, "How many twitches?", "3 left, or 0", true},
    {QV_ENTRY_SLEEP, "How long did you sleep?", "6h30, or 23:30 to 6:15", true},
    {QV_ENTRY_STRESS, "How much stress, from 0 to 10?", "4", true},
    {QV_ENTRY_CAFFEINE, "Any %s? What, and when?", "2 coffees at 8:30 and a cola, or no", false},
    {QV_ENTRY_ALCOHOL, "Any %s? What, and when?", "a beer at 20:00, or no", false},
};
#define QUESTION_COUNT (sizeof questions / sizeof questions[0])

/* Reads an answer as it stands ("2 coffees"), else behind the name of what was asked for ("3 left", "no"). */
static int read_answer(const struct qv_knowledge *knowledge, const struct question *question, const char *line,
                       const struct qv_log_settings *settings, struct qv_arena *arena, struct qv_log **out,
                       struct qv_error *error)
{
    char words[WORDS_BYTES_MAX];
    struct qv_error as_it_stands = {0};
    int status = qv_log_read(knowledge, line, settings, arena, out, &as_it_stands);
    if (status != QV_ERR_DATA) {
        if (status && error)
            *error = as_it_stands;
        return status;
    }
    const char *rest = line + strspn(line, "0 ");
    const bool number = !question->bare && line[strspn(line, "0123456789., ")] == 0 && *rest;
    if (number)
        return qv_fail(error, QV_ERR_DATA, "\"%s\" of what? Such as: %s", line, question->such_as);
    snprintf(words, sizeof words, "%s %s", qv_entry_kind_info(question->kind)->id, line);
    status = qv_log_read(knowledge, words, settings, arena, out, error);
    if (status && !question->bare)
        *error = as_it_stands; /* which knows of drinks */
    return status;
}

static int append(struct qv_log *log, const struct qv_log *more, struct qv_error *error)
{
    if (log->count + more->count > QV_LOG_MAX_ENTRIES)
        return qv_fail(error, QV_ERR_DATA, "found more than %d things, expected fewer at once", QV_LOG_MAX_ENTRIES);
    memcpy(log->entries + log->count, more->entries, more->count * sizeof *more->entries);
    memcpy(log->remarks + log->count, more->remarks, more->count * sizeof *more->remarks);
    log->count += more->count;
    return QV_OK;
}

/* Asks until the answer is understood or skipped. @p more is false when nobody answers any more. */
static int ask(const struct qv_knowledge *knowledge, const struct question *question,
               const struct qv_log_settings *settings, bool plain, struct qv_arena *arena, struct qv_log *log,
               bool *more, struct qv_error *error)
{
    char line[LINE_BYTES_MAX], asked[120];
    snprintf(asked, sizeof asked, question->question, qv_entry_kind_info(question->kind)->id);
    cli_note("%s  (%s; Enter skips)\n", asked, question->such_as);
    while ((*more = cli_hear(plain ? "  > " : "  › ", line, sizeof line))) {
        struct qv_error own = {0};
        struct qv_log *answer = NULL;
        if (line[strspn(line, " \t")] == 0)
            return QV_OK;
        int status = read_answer(knowledge, question, line, settings, arena, &answer, &own);
        if (status == QV_OK)
            return append(log, answer, error);
        if (status != QV_ERR_DATA) {
            *error = own;
            return status;
        }
        cli_note("  %s\n", own.text);
    }
    return QV_OK;
}

int cli_check_in(const struct qv_knowledge *knowledge, const struct qv_day *known, const char *at, bool plain,
                 struct qv_arena *arena, struct qv_log **out, struct qv_error *error)
{
    struct qv_log *log = qv_arena_alloc(arena, 1, sizeof *log);
    struct qv_entry *entries = qv_arena_alloc(arena, QV_LOG_MAX_ENTRIES, sizeof *entries);
    struct qv_log_remark *remarks = qv_arena_alloc(arena, QV_LOG_MAX_ENTRIES, sizeof *remarks);
    if (!log || !entries || !remarks)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    *log = (struct qv_log){.entries = entries, .remarks = remarks};
    const struct qv_log_settings settings = {.now_us = qv_time_now_us(), .at = at};
    bool more = true;
    int status = QV_OK;
    for (size_t i = 0; i < QUESTION_COUNT && more && status == QV_OK; i++) {
        if (known->counts[questions[i].kind] == 0)
            status = ask(knowledge, &questions[i], &settings, plain, arena, log, &more, error);
    }
    if (status == QV_OK)
        *out = log->count ? log : NULL;
    return status;
}
