/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interview on a terminal: one question at a time, a line an answer, nothing that a screen reader or a pipe could not
 * follow. All of it is said on stderr, so that stdout holds the answer alone.
 *
 * The red-flag screen comes first, as one list. The room below asks its questions one by one; answers that the list has
 * already given wait in `pending` until their question comes up, and count at once when they are an emergency.
 */
#include "cli.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES_MAX 1000
#define GROUP_MAX 64
/* So few questions to come are worth telling; earlier the guess is too rough to be a promise. */
#define NEARLY_DONE 3
/* Fewer than this many screen questions are asked like any other. */
#define GROUP_MIN 3

enum pending { PENDING_NOTHING = 0, PENDING_NO, PENDING_YES, PENDING_SKIP };

/* What a step of the talk came to. */
enum turn { TURN_ON, TURN_STOP, TURN_ENDED }; /* ENDED: no more input */

struct talk {
    const struct qv_knowledge *knowledge;
    const struct cli_interview_settings *settings;
    struct qv_arena *arena;
    struct qv_interview *interview;
    uint8_t *pending; /* enum pending, by finding */
    char line[LINE_BYTES_MAX + 2];
    bool colour, plain;
};

/* ---- saying and hearing ----------------------------------------------------------------------------------------------- */

static void say(const struct talk *talk, const char *lead, const char *words)
{
    struct qv_text text;
    qv_text_init(&text, 1 << 16);
    cli_paragraph(&text, lead, words, cli_columns_of(stderr)); /* the window may have changed since */
    if (!text.failed)
        cli_note("%s", text.bytes);
    qv_text_finish(&text);
}

static void say_in(const struct talk *talk, const char *style, const char *lead, const char *words)
{
    if (talk->colour)
        fputs(style, stderr);
    say(talk, lead, words);
    if (talk->colour)
        fputs("\033[0m", stderr);
}

static void say_softly(const struct talk *talk, const char *words)
{
    say_in(talk, "\033[2m", "   ", words);
}

static void say_question(const struct talk *talk, const char *words)
{
    fputs("\n", stderr);
    say_in(talk, "\033[1m", "", words);
}

/* Reads a line into talk->line; one that is overlong or no text becomes an empty one. An interrupt counts as "stop". */
static enum turn hear(struct talk *talk)
{
    fputs(talk->plain ? "   > " : "   › ", stderr);
    fflush(stderr);
    errno = 0;
    if (!fgets(talk->line, sizeof talk->line, stdin)) {
        fputs("\n", stderr);
        bool interrupted = ferror(stdin) && errno == EINTR;
        clearerr(stdin);
        return interrupted ? TURN_STOP : TURN_ENDED;
    }
    size_t length = strlen(talk->line);
    bool overlong = length + 1 == sizeof talk->line && talk->line[length - 1] != '\n';
    for (int c = 0; overlong && c != '\n' && c != EOF;)
        c = getc(stdin);
    if (!isatty(STDIN_FILENO))
        fputs("\n", stderr); /* no terminal echoed the end of the line */
    talk->line[strcspn(talk->line, "\r\n")] = 0;
    if (overlong || !qv_utf8_valid(talk->line, strlen(talk->line)))
        talk->line[0] = 0;
    return TURN_ON;
}

/* ---- the red-flag screen ---------------------------------------------------------------------------------------------- */

/* A question of the screen that does not hang on another answer. */
static bool in_screen(const struct talk *talk, int finding)
{
    const struct qv_finding *f = &talk->knowledge->facts->findings[finding];
    return f->screen && !f->ask_if && f->type == QV_FIELD_YES_NO && f->present;
}

/* The screen's questions without an answer, in the screen's order; returns how many. */
static uint32_t open_screen(const struct talk *talk, uint32_t group[static GROUP_MAX])
{
    uint32_t count = 0;
    const struct qv_case *c = qv_interview_case(talk->interview);
    const struct qv_finding *findings = talk->knowledge->facts->findings;
    for (uint32_t f = 0; f < talk->knowledge->facts->finding_count && count < GROUP_MAX; f++) {
        if (!in_screen(talk, (int)f) || c->values[f].kind != QV_UNKNOWN || talk->pending[f])
            continue;
        uint32_t at = count++;
        for (; at > 0 && findings[group[at - 1]].screen > findings[f].screen; at--)
            group[at] = group[at - 1];
        group[at] = f;
    }
    return count;
}

static void show_screen(const struct talk *talk, const uint32_t *group, uint32_t count)
{
    say_question(talk, "First, is any of this true now, or was it while it twitched?");
    for (uint32_t i = 0; i < count; i++) {
        char lead[16];
        snprintf(lead, sizeof lead, "  %2u  ", i + 1);
        say(talk, lead, talk->knowledge->facts->findings[group[i]].present);
    }
    say_softly(talk, "Type the numbers of what is true, such as 2 5, or none.");
    say_softly(talk, talk->plain ? "? 5 why is number 5 asked, s skip all, q stop"
                                 : "? 5 why is number 5 asked · s skip all · q stop");
}

static void explain_screen(const struct talk *talk, const uint32_t *group, uint32_t count)
{
    const char *number = talk->line + strcspn(talk->line, "?");
    long at = *number ? strtol(number + 1, NULL, 10) : 0;
    if (at >= 1 && at <= (long)count)
        say(talk, "   ", talk->knowledge->facts->findings[group[at - 1]].why);
    else
        say(talk, "   ",
            "Some of these can need help at once, so they come before all else. ? and a number says more.");
}

static enum turn ask_screen(struct talk *talk, const uint32_t *group, uint32_t count)
{
    show_screen(talk, group, count);
    for (;;) {
        enum turn turn = hear(talk);
        if (turn != TURN_ON)
            return turn;
        bool chosen[GROUP_MAX] = {0};
        enum words_command command = words_command(talk->line);
        if (command == WORDS_WHY || talk->line[strspn(talk->line, " ")] == '?')
            explain_screen(talk, group, count);
        else if (command == WORDS_STOP)
            return TURN_STOP;
        else if (command == WORDS_BACK)
            say(talk, "   ", "This is the first question.");
        else if (command == WORDS_SKIP || words_none(talk->line) || words_numbers(talk->line, count, chosen)) {
            for (uint32_t i = 0; i < count; i++)
                talk->pending[group[i]] = command == WORDS_SKIP ? PENDING_SKIP : chosen[i] ? PENDING_YES : PENDING_NO;
            return TURN_ON;
        } else
            say(talk, "   ", "Please type the numbers of what is true, or none.");
    }
}

/* What was said so far, with what the list has said of questions that have not come up yet. */
static int case_so_far(const struct talk *talk, const struct qv_case **out, struct qv_error *error)
{
    struct qv_case *c;
    int status = qv_case_copy(talk->arena, qv_interview_case(talk->interview), &c, error);
    for (uint32_t f = 0; status == QV_OK && f < talk->knowledge->facts->finding_count; f++) {
        enum pending pending = talk->pending[f];
        struct qv_value value = {.kind = pending == PENDING_YES ? QV_YES : QV_NO};
        if ((pending == PENDING_YES || pending == PENDING_NO) && c->values[f].kind == QV_UNKNOWN)
            status = qv_case_set(c, (int)f, value, "interview", error);
    }
    if (status == QV_OK)
        *out = c;
    return status;
}

/* Whether what the list has said is an emergency already, whatever the next answer will be. */
static int check_pending(const struct talk *talk, bool *emergency, struct qv_error *error)
{
    const struct qv_case *c;
    struct qv_interview *ahead = NULL;
    bool waiting = false;
    *emergency = false;
    for (uint32_t f = 0; f < talk->knowledge->facts->finding_count; f++)
        waiting |= talk->pending[f] == PENDING_YES && qv_interview_case(talk->interview)->values[f].kind == QV_UNKNOWN;
    if (!waiting)
        return QV_OK;
    int status = case_so_far(talk, &c, error);
    if (status == QV_OK)
        status = qv_interview_create(talk->knowledge, c, &ahead, error);
    if (status == QV_OK)
        *emergency = qv_interview_state(ahead) == QV_INTERVIEW_EMERGENCY;
    qv_interview_destroy(ahead);
    return status;
}

/* Answers a question from what the list has said. */
static int answer_pending(struct talk *talk, int finding, struct qv_error *error)
{
    enum pending pending = talk->pending[finding];
    if (pending == PENDING_SKIP)
        return qv_interview_skip(talk->interview, error);
    struct qv_value value = {.kind = pending == PENDING_YES ? QV_YES : QV_NO};
    return qv_interview_answer(talk->interview, value, error);
}

/* ---- one question ------------------------------------------------------------------------------------------------------- */

/* "upper_lip" as it is read. */
static void say_choices(const struct talk *talk, const struct qv_field *field)
{
    for (uint32_t w = 0; w < field->word_count; w++) {
        char lead[16], words[80];
        snprintf(lead, sizeof lead, "  %2u  ", w + 1);
        snprintf(words, sizeof words, "%s", field->words[w]);
        for (char *at = words; *at; at++)
            *at = *at == '_' ? ' ' : *at;
        say(talk, lead, words);
    }
}

static void say_form_of_answer(const struct talk *talk, const struct qv_field *field)
{
    char words[160], with_help[240];
    switch (field->type) {
    case QV_FIELD_YES_NO:
        snprintf(words, sizeof words, "yes or no");
        break;
    case QV_FIELD_NUMBER:
        snprintf(words, sizeof words, "a number%s%s, %.10g to %.10g",
                 field->unit && strncmp(field->unit, "of ", 3) != 0 ? " of " : "",
                 field->unit && strncmp(field->unit, "of ", 3) != 0 ? field->unit : "", field->minimum, field->maximum);
        break;
    case QV_FIELD_CHOICE:
        snprintf(words, sizeof words, "one of the list");
        break;
    case QV_FIELD_CHOICES:
        snprintf(words, sizeof words, "one or more of the list, such as 1 3");
        break;
    case QV_FIELD_MEDICINES:
        snprintf(words, sizeof words,
                 "one a line, such as: sertraline, started 2 weeks ago; then an empty line. Or: none");
        break;
    }
    if (field->type == QV_FIELD_CHOICE || field->type == QV_FIELD_CHOICES)
        say_choices(talk, field);
    snprintf(with_help, sizeof with_help,
             talk->plain ? "%s, ? why is this asked, b back, s skip, q stop"
                         : "%s · ? why is this asked · b back · s skip · q stop",
             words);
    say_softly(talk, with_help);
}

static void ask(const struct talk *talk, int finding)
{
    uint32_t asked, still;
    char words[1200];
    qv_interview_progress(talk->interview, &asked, &still);
    const char *question = talk->knowledge->facts->findings[finding].question;
    bool nearly = asked && still <= NEARLY_DONE;
    snprintf(words, sizeof words, nearly ? "%s (nearly done)" : "%s", question);
    say_question(talk, words);
    say_form_of_answer(talk, &talk->knowledge->form.fields[finding]);
}

/* Undoes the last answer; the list of the screen is undone as one. */
static void step_back(struct talk *talk)
{
    if (!qv_interview_back(talk->interview)) {
        say(talk, "   ", "This is the first question.");
        return;
    }
    if (!in_screen(talk, qv_interview_question(talk->interview)))
        return;
    while (qv_interview_back(talk->interview))
        ;
    memset(talk->pending, PENDING_NOTHING, talk->knowledge->facts->finding_count);
}

/* A medicine without dates: when was it begun? An empty line means that it is not known. */
static enum turn ask_dates(struct talk *talk, struct qv_case_medicine *medicine)
{
    char words[QV_CASE_MAX_NAME_BYTES + 100];
    if (!isnan(medicine->started_days_ago) || !isnan(medicine->dose_changed_days_ago) ||
        !isnan(medicine->stopped_days_ago))
        return TURN_ON;
    snprintf(words, sizeof words, "%s: when was it started, changed or stopped? (an empty line if not known)",
             medicine->name);
    say(talk, "   ", words);
    for (;;) {
        enum turn turn = hear(talk);
        enum words_command command = words_command(talk->line);
        if (turn != TURN_ON || command == WORDS_NOTHING || command == WORDS_SKIP)
            return turn;
        if (command == WORDS_STOP)
            return TURN_STOP;
        struct qv_error error = {0};
        int32_t as_of_days = qv_interview_case(talk->interview)->as_of_days;
        struct qv_case_medicine dated = *medicine;
        if (words_medicine_dates(talk->line, as_of_days, &dated, &error) == QV_OK) {
            *medicine = dated;
            return TURN_ON;
        }
        say(talk, "   ", error.text);
    }
}

/* The sentence of an error that names a place in the case file, without the place. */
static const char *without_place(const char *text)
{
    const char *sentence = strncmp(text, "findings.", 9) == 0 ? strstr(text, ": ") : NULL;
    return sentence ? sentence + 2 : text;
}

/* Names until an empty line. TURN_ON: asked for a command or answered, whichever `talk->line` says. */
static enum turn hear_medicines(struct talk *talk, struct qv_case_medicine *medicines, uint32_t *count,
                                enum words_command *command)
{
    *count = 0;
    for (;;) {
        enum turn turn = hear(talk);
        if (turn != TURN_ON) {
            *command = *count ? WORDS_ANSWER : WORDS_STOP;
            return *count ? TURN_ON : turn;
        }
        *command = words_command(talk->line);
        if (*command == WORDS_WHY) {
            say(talk, "   ", talk->knowledge->facts->findings[qv_interview_question(talk->interview)].why);
            continue;
        }
        if (*command == WORDS_NOTHING && *count == 0) {
            say(talk, "   ", "Please name a medicine, or type none, or s to skip.");
            continue;
        }
        if (*command != WORDS_ANSWER || (*count == 0 && words_none(talk->line))) {
            *command = *command == WORDS_NOTHING ? WORDS_ANSWER : *command;
            return TURN_ON;
        }
        if (words_none(talk->line))
            return TURN_ON;

        struct qv_error error = {0};
        uint32_t before = *count;
        int32_t as_of_days = qv_interview_case(talk->interview)->as_of_days;
        if (words_medicines(talk->line, as_of_days, talk->arena, medicines, count, &error) != QV_OK)
            say(talk, "   ", error.text);
        for (uint32_t m = before; m < *count; m++) {
            turn = ask_dates(talk, &medicines[m]);
            if (turn != TURN_ON)
                break;
        }
        if (*count > before)
            say_softly(talk, "Another one? (an empty line: no more)");
    }
}

/* Hears an answer to a question and gives it on. QV_ERR_DATA: it was not understood, and was said so. */
static int give_answer(struct talk *talk, int finding, const struct qv_case_medicine *medicines, uint32_t count,
                       struct qv_error *error)
{
    const struct qv_field *field = &talk->knowledge->form.fields[finding];
    struct qv_value value = {0};
    int status = QV_OK;
    if (field->type == QV_FIELD_MEDICINES) {
        status = qv_interview_answer_medicines(talk->interview, medicines, count, error);
    } else {
        status = words_value(field, talk->line, &value, error);
        if (status == QV_OK)
            status = value.kind == QV_UNKNOWN ? qv_interview_skip(talk->interview, error)
                                              : qv_interview_answer(talk->interview, value, error);
    }
    if (status == QV_ERR_DATA)
        say(talk, "   ", without_place(error->text));
    return status;
}

static enum turn ask_one(struct talk *talk, int finding, int *status, struct qv_error *error)
{
    ask(talk, finding);
    for (;;) {
        struct qv_case_medicine medicines[QV_CASE_MAX_MEDICINES];
        uint32_t count = 0;
        enum words_command command;
        enum turn turn;
        if (talk->knowledge->form.fields[finding].type == QV_FIELD_MEDICINES) {
            turn = hear_medicines(talk, medicines, &count, &command);
        } else {
            turn = hear(talk);
            command = words_command(talk->line);
        }
        if (turn != TURN_ON)
            return turn;

        switch (command) {
        case WORDS_NOTHING:
            say(talk, "   ", "Please answer, or type s to skip.");
            break;
        case WORDS_WHY:
            say(talk, "   ", talk->knowledge->facts->findings[finding].why);
            break;
        case WORDS_STOP:
            return TURN_STOP;
        case WORDS_BACK:
            step_back(talk);
            return TURN_ON;
        case WORDS_SKIP:
            *status = qv_interview_skip(talk->interview, error);
            return TURN_ON;
        case WORDS_ANSWER:
            *status = give_answer(talk, finding, medicines, count, error);
            if (*status != QV_ERR_DATA)
                return TURN_ON;
            *status = QV_OK;
            break;
        }
    }
}

/* Asks until the interview is over, or the person or the input is. */
static int ask_all(struct talk *talk, enum turn *turn, struct qv_error *error)
{
    int status = QV_OK;
    bool emergency = false;
    *turn = TURN_ON;
    while (status == QV_OK && *turn == TURN_ON && qv_interview_state(talk->interview) == QV_INTERVIEW_ASKING) {
        uint32_t group[GROUP_MAX], count;
        int finding = qv_interview_question(talk->interview);
        if (talk->pending[finding]) {
            status = answer_pending(talk, finding, error);
            continue;
        }
        status = check_pending(talk, &emergency, error);
        if (status || emergency)
            break;
        if (in_screen(talk, finding) && (count = open_screen(talk, group)) >= GROUP_MIN)
            *turn = ask_screen(talk, group, count);
        else
            *turn = ask_one(talk, finding, &status, error);
    }
    return status;
}

/* ---- beginning and ending ------------------------------------------------------------------------------------------------- */

/* Asks a yes/no question of our own; anything but a clear yes or no is asked again. To stop is no. */
static enum turn agrees(struct talk *talk, const char *question, bool *yes)
{
    *yes = false;
    say_question(talk, question);
    say_softly(talk, "yes or no");
    for (;;) {
        enum turn turn = hear(talk);
        if (turn != TURN_ON || words_command(talk->line) == WORDS_STOP)
            return turn == TURN_ON ? TURN_STOP : turn;
        struct qv_field field = {.id = "", .type = QV_FIELD_YES_NO};
        struct qv_value value;
        struct qv_error error;
        if (words_value(&field, talk->line, &value, &error) == QV_OK) {
            *yes = value.kind == QV_YES;
            return TURN_ON;
        }
        say(talk, "   ", "Please answer yes or no.");
    }
}

/* What was kept the last time, if there is something and the person wants to go on with it. */
static int offer_kept(struct talk *talk, const char *path, struct qv_case **start, enum turn *turn,
                      struct qv_error *error)
{
    struct qv_error problem = {0};
    bool yes;
    if (access(path, F_OK) < 0)
        return QV_OK;
    struct qv_case *kept;
    int status = cli_saved_read(talk->knowledge, path, talk->arena, &kept, &problem);
    if (status == QV_ERR_UNAVAILABLE)
        return qv_fail(error, status, "%s", problem.text);
    if (status) {
        cli_note("quiver: %s\n", problem.text);
        say(talk, "", "So what was kept cannot be used, and the questions begin anew.");
        return QV_OK;
    }
    *turn = agrees(talk, "There are answers from an earlier time. Do you want to go on with them?", &yes);
    if (yes)
        *start = kept;
    return QV_OK;
}

static int begin(struct talk *talk, const char *kept_path, struct qv_case **start, enum turn *turn,
                 struct qv_error *error)
{
    if (talk->settings->resume)
        return cli_saved_read(talk->knowledge, talk->settings->resume, talk->arena, start, error);
    return kept_path ? offer_kept(talk, kept_path, start, turn, error) : QV_OK;
}

/* Keeps what was said so far. */
static int keep(struct talk *talk, const char *path, bool usual_place, struct qv_error *error)
{
    const struct qv_case *c;
    int status = case_so_far(talk, &c, error);
    if (status == QV_OK)
        status = cli_saved_write(c, path, usual_place, error);
    if (status == QV_OK) {
        cli_note("\nKept in %s\n", path);
        cli_note(usual_place ? "Go on with: quiver ask\n" : "Go on with: quiver ask --resume %s\n", path);
    }
    return status;
}

static int end(struct talk *talk, enum turn turn, const char *kept_path, bool went_on, struct qv_error *error)
{
    const char *save = talk->settings->save;
    bool over = turn == TURN_ON;
    uint32_t asked, still;
    qv_interview_progress(talk->interview, &asked, &still);
    if (over)
        say_softly(talk, qv_interview_state(talk->interview) == QV_INTERVIEW_ENOUGH ? "That is enough. Thank you."
                                                                                    : "No more questions now.");
    if (save)
        return asked || over ? keep(talk, save, false, error) : QV_OK;
    if (over && went_on && kept_path)
        (void)unlink(kept_path); /* it has been answered; a stale copy would only be offered again */
    bool yes = false;
    if (!over && asked && kept_path && (turn == TURN_STOP || isatty(STDIN_FILENO)))
        (void)agrees(talk,
                     "Do you want to finish later? Then your answers so far are kept on this computer, for you only.",
                     &yes);
    return yes ? keep(talk, kept_path, true, error) : QV_OK;
}

static void on_interrupt(int signal_number)
{
    (void)signal_number; /* that reading is interrupted is all that is wanted */
}

/* What the diary shows is known before the first question. */
static int know_diary(struct talk *talk, struct qv_case **known, struct qv_error *error)
{
    int status = *known ? QV_OK : qv_case_create(talk->arena, &talk->knowledge->form, known, error);
    if (status == QV_OK)
        status = qv_daybook_fold(talk->settings->diary, *known, error);
    uint32_t shown = 0;
    for (uint32_t f = 0; status == QV_OK && f < (*known)->form->field_count; f++)
        shown += qv_case_is_from(*known, f, QV_ORIGIN_DIARY) || qv_case_is_from(*known, f, QV_ORIGIN_CLIP);
    if (shown)
        say_softly(talk, "What your journal shows is not asked again.");
    return status;
}

static int talk_through(struct talk *talk, const struct qv_case **out, struct qv_error *error)
{
    struct qv_text kept_path;
    struct qv_error no_place;
    struct qv_case *start = NULL;
    enum turn turn = TURN_ON;
    const char *path = cli_saved_path(&kept_path, &no_place) == QV_OK ? kept_path.bytes : NULL;
    say(talk, "", "A few short questions. quiver informs; it does not diagnose. What you say stays on this computer.");

    int status = begin(talk, path, &start, &turn, error);
    struct qv_case *known = start;
    if (status == QV_OK && talk->settings->diary)
        status = know_diary(talk, &known, error);
    if (status == QV_OK)
        status = qv_interview_create(talk->knowledge, known, &talk->interview, error);
    if (status == QV_OK && turn == TURN_ON)
        status = ask_all(talk, &turn, error);
    if (status == QV_OK)
        status = end(talk, turn, path, start && !talk->settings->resume, error);
    if (status == QV_OK) {
        uint32_t asked, still;
        qv_interview_progress(talk->interview, &asked, &still);
        if (turn == TURN_ENDED && !asked && !start)
            status = qv_fail(error, QV_ERR_NO_INPUT,
                             "standard input: no answers; to answer from a file: quiver ask --case FILE");
        else if (turn == TURN_ON || asked || start)
            status = case_so_far(talk, out, error);
        else
            *out = NULL;
    }
    qv_text_finish(&kept_path);
    return status;
}

int cli_interview(const struct qv_knowledge *knowledge, const struct cli_interview_settings *settings,
                  struct qv_arena *arena, const struct qv_case **out, struct qv_error *error)
{
    struct talk talk = {.knowledge = knowledge,
                        .settings = settings,
                        .arena = arena,
                        .pending = qv_arena_alloc(arena, knowledge->facts->finding_count, sizeof *talk.pending),
                        .colour = !settings->plain && cli_colour_on(stderr),
                        .plain = settings->plain};
    if (!talk.pending)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");

    /* Without SA_RESTART, so that Ctrl-C ends the reading of a line and the answers can still be kept. */
    struct sigaction stop = {.sa_handler = on_interrupt}, before;
    bool catches = sigaction(SIGINT, &stop, &before) == 0;
    int status = talk_through(&talk, out, error);
    if (catches)
        (void)sigaction(SIGINT, &before, NULL);
    qv_interview_destroy(talk.interview);
    return status;
}
