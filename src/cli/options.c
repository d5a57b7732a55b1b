/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <string.h>

static const struct cli_option *find(const struct cli_option *options, size_t count, const char *name, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(options[i].name) == length && strncmp(options[i].name, name, length) == 0)
            return &options[i];
    }
    return NULL;
}

/* Reads the option at argv[at]; returns how many words it took, or a negative status. */
static int read_option(int argc, char **argv, int at, const struct cli_option *options, size_t count,
                       struct qv_error *error)
{
    const char *name = argv[at] + 2;
    const char *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const struct cli_option *option = find(options, count, name, length);
    if (!option)
        return qv_fail(error, QV_ERR_USAGE, "%s: --%.*s: no such option", argv[0], (int)length, name);

    if (option->flag) {
        if (equals)
            return qv_fail(error, QV_ERR_USAGE, "%s: --%s takes no value", argv[0], option->name);
        *option->flag = true;
        return 1;
    }
    const char *value = equals ? equals + 1 : at + 1 < argc ? argv[at + 1] : NULL;
    if (!value || !*value)
        return qv_fail(error, QV_ERR_USAGE, "%s: --%s needs a value", argv[0], option->name);
    if (*option->value)
        return qv_fail(error, QV_ERR_USAGE, "%s: --%s is given twice", argv[0], option->name);
    *option->value = value;
    return equals ? 1 : 2;
}

int cli_options(int *argc, char **argv, const struct cli_option *options, size_t count, struct qv_error *error)
{
    int operands = 1;
    bool ended = false;
    for (int at = 1; at < *argc;) {
        char *word = argv[at];
        if (ended || word[0] != '-' || word[1] == 0) {
            argv[operands++] = word;
            at++;
        } else if (strcmp(word, "--") == 0) {
            ended = true;
            at++;
        } else if (word[1] != '-') {
            return qv_fail(error, QV_ERR_USAGE, "%s: %s: no such option", argv[0], word);
        } else {
            int taken = read_option(*argc, argv, at, options, count, error);
            if (taken < 0)
                return taken;
            at += taken;
        }
    }
    *argc = operands;
    return QV_OK;
}
