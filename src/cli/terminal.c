/* SPDX-License-Identifier: Apache-2.0 */
/* Where words meet the terminal: what may be shown, how wide it is, and whether it was written. */
#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_DEFAULT 80u
#define COLUMNS_MIN 40u
#define COLUMNS_MAX 100u /* longer lines are hard to read */

/* ---- out ---------------------------------------------------------------------------------------------------------------- */

int cli_print(const char *bytes, size_t length, struct qv_error *error)
{
    while (length) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return qv_fail(error, QV_ERR_IO, "standard output: %s", strerror(errno));
        bytes += written;
        length -= (size_t)written;
    }
    return QV_OK;
}

int cli_print_text(struct qv_text *text, struct qv_error *error)
{
    int status = qv_text_check(text, error);
    if (status == QV_OK)
        status = cli_print(text->bytes, text->length, error);
    qv_text_clear(text);
    return status;
}

int cli_print_page(struct qv_text *page, struct qv_error *error)
{
    if (page->length && page->bytes[page->length - 1] != '\n')
        qv_text_puts(page, "\n");
    int status = cli_print_text(page, error);
    qv_text_finish(page);
    return status;
}

/* The bytes of a character that could steer the terminal or turn the line around, or 0. */
static size_t steering_bytes(const unsigned char *at)
{
    if ((at[0] < 0x20 && at[0] != '\n') || at[0] == 0x7f)
        return 1;
    if (at[0] == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0)
        return 2;
    bool marks = at[0] == 0xE2 && at[1] == 0x80 && (at[2] == 0x8E || at[2] == 0x8F || (at[2] >= 0xAA && at[2] <= 0xAE));
    bool isolates = at[0] == 0xE2 && at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9;
    return marks || isolates ? 3 : 0;
}

static void note(const char *format, va_list arguments)
{
    char words[2048];
    vsnprintf(words, sizeof words, format, arguments);
    for (unsigned char *at = (unsigned char *)words; *at;) {
        size_t bytes = steering_bytes(at);
        if (bytes)
            memset(at, '?', bytes);
        at += bytes ? bytes : 1;
    }
    fputs(words, stderr);
}

void cli_note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note(format, arguments);
    va_end(arguments);
}

int cli_complain(const struct qv_error *error, const char *place)
{
    const char *text = error->text[0] ? error->text : qv_status_meaning(error->status);
    cli_note("quiver: %s%s%s\n", place ? place : "", place ? ": " : "", text);
    if (error->status == QV_ERR_USAGE)
        cli_note("Try: quiver help\n");
    return qv_status_exit(error->status);
}

bool cli_hear(const char *sign, char *line, size_t size)
{
    fputs(sign, stderr);
    fflush(stderr);
    if (!fgets(line, (int)size, stdin)) {
        fputs("\n", stderr);
        return false;
    }
    const bool cut = strlen(line) + 1 == size && !strchr(line, '\n');
    for (int c = 0; cut && c != '\n' && c != EOF;)
        c = getc(stdin);
    if (!isatty(STDIN_FILENO))
        fputs("\n", stderr); /* no terminal echoed the end of the line */
    line[strcspn(line, "\r\n")] = 0;
    return true;
}

/* ---- the terminal --------------------------------------------------------------------------------------------------------- */

bool cli_colour_on(FILE *stream)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(fileno(stream)) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

unsigned cli_columns_of(FILE *stream)
{
    struct winsize size;
    unsigned columns = COLUMNS_DEFAULT;
    if (isatty(fileno(stream)) && ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        columns = size.ws_col;
    return columns < COLUMNS_MIN ? COLUMNS_MIN : columns > COLUMNS_MAX ? COLUMNS_MAX : columns;
}

/* Two letters as capitals; false when they are none. */
static bool two_letters(const char *text, char out[static 3])
{
    if (!isalpha((unsigned char)text[0]) || !isalpha((unsigned char)text[1]))
        return false;
    out[0] = (char)toupper((unsigned char)text[0]);
    out[1] = (char)toupper((unsigned char)text[1]);
    out[2] = 0;
    return true;
}

/* The GB of en_GB.UTF-8. The first of the three variables that is set decides, as in setlocale(3). */
static bool region_of_locale(char out[static 3])
{
    static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    const char *locale = NULL;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0] && !(locale && *locale); i++)
        locale = getenv(variables[i]);
    const char *line = locale ? strchr(locale, '_') : NULL;
    return line && two_letters(line + 1, out) && !isalnum((unsigned char)line[3]);
}

int cli_region(const char *given, char out[static 3], struct qv_error *error)
{
    out[0] = 0;
    if (!given) {
        if (!region_of_locale(out))
            out[0] = 0;
        return QV_OK;
    }
    if (two_letters(given, out) && given[2] == 0)
        return QV_OK;
    return qv_fail(error, QV_ERR_USAGE, "--region: found \"%s\", expected two letters such as GB", given);
}

struct qv_page_settings cli_page_settings(bool plain, bool full, const char *region)
{
    return (struct qv_page_settings){.columns = cli_columns_of(stdout),
                                     .colour = !plain && cli_colour_on(stdout),
                                     .plain = plain,
                                     .full = full,
                                     .region = region && *region ? region : NULL};
}

/* ---- laying words down ------------------------------------------------------------------------------------------------------ */

static void blanks(struct qv_text *text, size_t count)
{
    while (count--)
        qv_text_add(text, " ", 1);
}

void cli_paragraph(struct qv_text *text, const char *lead, const char *words, unsigned columns)
{
    size_t indent = qv_utf8_columns(lead, strlen(lead)), at = indent;
    qv_text_puts(text, lead);
    for (const char *word = words; *word;) {
        size_t length = strcspn(word, " \n");
        size_t wide = qv_utf8_columns(word, length);
        if (at > indent && at + 1 + wide > columns) {
            qv_text_add(text, "\n", 1);
            blanks(text, indent);
            at = indent;
        }
        if (at > indent) {
            qv_text_add(text, " ", 1);
            at++;
        }
        qv_text_add(text, word, length);
        at += wide;
        word += length + strspn(word + length, " \n");
    }
    qv_text_add(text, "\n", 1);
}

/* ---- the knowledge ------------------------------------------------------------------------------------------------------------ */

int cli_knowledge_open(const char *directory, struct qv_knowledge **out, struct qv_error *error)
{
    return directory ? qv_knowledge_load(directory, out, error) : qv_knowledge_builtin(out, error);
}

int cli_read_case(const struct qv_knowledge *knowledge, const char *path, struct qv_arena *arena, struct qv_case **out,
                  struct qv_error *error)
{
    struct qv_text json;
    if (!path)
        return qv_case_create(arena, &knowledge->form, out, error);
    qv_text_init(&json, QV_CASE_MAX_BYTES);
    int status = qv_text_read_file(&json, path, QV_CASE_MAX_BYTES, error);
    if (!status) {
        status = qv_case_parse(arena, &knowledge->form, json.bytes ? json.bytes : "", json.length, "case", out, error);
        if (status)
            qv_fail_at(error, "%s", strcmp(path, "-") == 0 ? "standard input" : path);
    }
    qv_text_finish(&json);
    return status;
}
