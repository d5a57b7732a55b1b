/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS_BYTES (WIRE_SLOT_COUNT * WIRE_SLOT_BYTES)
#define STATUS_NOT_STARTED 127 /* as a shell says it */

/* Beside this program in the build, and where it is installed. */
static bool find_program(const struct child_program *program, char *path, size_t size)
{
    static const char *const beside[] = {"", "../libexec/quiver/"};
    const char *named = getenv(program->variable);
    if (named)
        return (size_t)snprintf(path, size, "%s", named) < size && access(path, X_OK) == 0;
    char self[4096];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length > 0) {
        self[length] = 0;
        char *slash = strrchr(self, '/');
        for (size_t i = 0; slash && i < sizeof beside / sizeof beside[0]; i++) {
            *slash = 0;
            if ((size_t)snprintf(path, size, "%s/%s%s", self, beside[i], program->name) < size &&
                access(path, X_OK) == 0)
                return true;
        }
    }
    return (size_t)snprintf(path, size, "%s/%s", QUIVER_LIBEXEC_DIR, program->name) < size && access(path, X_OK) == 0;
}

/* After fork only what is safe there: descriptors to their places, everything else closed, and the program started. */
static void become(const char *path, char *const arguments[], int file, int channel, int slots)
{
    const int from[3] = {file, channel, slots};
    int high[3];
    for (int i = 0; i < 3; i++) {
        high[i] = fcntl(from[i], F_DUPFD, 20);
        if (high[i] < 0)
            _exit(STATUS_NOT_STARTED);
    }
    for (int i = 0; i < 3; i++) {
        if (dup2(high[i], WIRE_FILE + i) < 0)
            _exit(STATUS_NOT_STARTED);
    }
    const int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
        _exit(STATUS_NOT_STARTED);
    (void)close_range(WIRE_SLOTS + 1, ~0U, 0);
    signal(SIGINT, SIG_IGN); /* Ctrl-C is for the parent, who then ends this */
    char *const nothing[] = {NULL};
    execve(path, arguments, nothing);
    _exit(STATUS_NOT_STARTED);
}

int child_start(struct child *c, const struct child_program *program, int file, const char *argument,
                struct qv_error *error)
{
    *c = CHILD_NONE;
    c->program = program;
    char path[4352];
    if (!find_program(program, path, sizeof path))
        return qv_fail(error, QV_ERR_UNAVAILABLE, "the program %s, which %s, is not installed", program->name,
                       program->deed);
    int pair[2] = {-1, -1};
    const int slots = memfd_create("quiver-frames", MFD_CLOEXEC);
    if (slots < 0 || ftruncate(slots, (off_t)SLOTS_BYTES) != 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        const int why = errno;
        if (slots >= 0)
            close(slots);
        return qv_fail(error, QV_ERR_UNAVAILABLE, "no memory to share with %s: %s", program->name, strerror(why));
    }
    c->channel = pair[0];
    void *mapped = mmap(NULL, SLOTS_BYTES, program->draws ? PROT_READ : PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_NORESERVE, slots, 0);
    c->slots = mapped == MAP_FAILED ? NULL : mapped;
    char *const arguments[] = {(char *)(uintptr_t)program->name, (char *)(uintptr_t)argument, NULL};
    const pid_t pid = c->slots ? fork() : -1;
    if (pid == 0)
        become(path, arguments, file, pair[1], slots);
    const int why = errno;
    close(pair[1]);
    close(slots);
    if (pid > 0) {
        c->pid = pid;
        return QV_OK;
    }
    child_end(c);
    return qv_fail(error, QV_ERR_UNAVAILABLE, "%s cannot be started: %s", program->name, strerror(why));
}

int child_hear(struct child *c, struct wire_message *m)
{
    for (;;) {
        struct pollfd p = {.fd = c->channel, .events = POLLIN};
        const int ready = poll(&p, 1, c->program->deadline_ms);
        if (ready < 0)
            return errno == EINTR ? CHILD_INTERRUPTED : CHILD_GONE;
        if (ready == 0)
            return CHILD_SILENT;
        const ssize_t got = recv(c->channel, m, sizeof *m, 0);
        if (got < 0 &&
            (errno == EINTR || errno == ECONNRESET)) /* that it has gone is said once, before its last words */
            continue;
        return got == (ssize_t)sizeof *m ? CHILD_SAID : CHILD_GONE;
    }
}

void child_say(struct child *c, const struct wire_message *m)
{
    while (send(c->channel, m, sizeof *m, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

const char *child_death(struct child *c, bool *missing)
{
    int how = 0;
    *missing = false;
    if (c->pid > 0 && waitpid(c->pid, &how, 0) == c->pid)
        c->pid = 0;
    if (WIFSIGNALED(how))
        return strsignal(WTERMSIG(how));
    *missing = WIFEXITED(how) && WEXITSTATUS(how) == STATUS_NOT_STARTED;
    return NULL;
}

const char *child_error_text(struct wire_message *m)
{
    m->u.error.text[sizeof m->u.error.text - 1] = 0;
    for (char *at = m->u.error.text; *at; at++)
        *at = (unsigned char)*at < 0x20 || *at == 0x7f ? ' ' : *at;
    return m->u.error.text;
}

void child_end(struct child *c)
{
    if (c->channel >= 0)
        close(c->channel);
    c->channel = -1;
    if (c->pid > 0) {
        kill(c->pid, SIGKILL); /* it owns nothing that could be lost */
        while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    c->pid = 0;
    if (c->slots)
        munmap(c->slots, SLOTS_BYTES);
    c->slots = NULL;
}
