/* SPDX-License-Identifier: Apache-2.0 */
/* What FFmpeg runs in: what can no longer be done from inside, and what still can. */
#include "vision/sandbox.h"

#include "vision/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ENTERED = 1, OPENED = 2, CONNECTED = 4, FORKED = 8, WROTE = 16, DROVE = 32, THREADED = 64 };

static void *answer(void *number)
{
    *(int *)number = 42;
    return NULL;
}

static bool makes_thread(void)
{
    pthread_t thread;
    int number = 0;
    return pthread_create(&thread, NULL, answer, &number) == 0 && pthread_join(thread, NULL) == 0 && number == 42;
}

/* A new process, without what a C library does around it. */
static bool forks(unsigned long flags)
{
    const long child = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == 0)
        _exit(0);
    return child > 0;
}

static int tried(enum sandbox_for purpose)
{
    const char *const program[] = {"/bin/true", NULL};
    int done = sandbox_enter(purpose) == NULL ? ENTERED : 0;
    done |= open("/etc/passwd", O_RDONLY) >= 0 ? OPENED : 0;
    done |= socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? CONNECTED : 0;
    done |= forks(0) || forks(CLONE_NEWUSER) ? FORKED : 0;
    done |= makes_thread() ? THREADED : 0;
    done |= write(WIRE_FILE, "x", 1) == 1 ? WROTE : 0;
    done |= syscall(SYS_ioctl, WIRE_FILE, 0, NULL) == -1 && errno != EPERM ? DROVE : 0;
    execv(program[0], (char *const *)(uintptr_t)program); /* whose status, 0, would not be what is expected */
    return done;
}

/* What a process that locked itself in for @p purpose could do. */
static int could_do(enum sandbox_for purpose)
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const int file = open("/dev/null", O_WRONLY);
        _exit(dup2(file, WIRE_FILE) == WIRE_FILE ? tried(purpose) : 0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void who_reads_can_only_think(void **state)
{
    (void)state;
    assert_int_equal(could_do(SANDBOX_READING), ENTERED | THREADED);
}

static void who_films_can_drive_a_camera(void **state)
{
    (void)state;
    assert_int_equal(could_do(SANDBOX_CAMERA), ENTERED | THREADED | DROVE);
}

static void who_writes_can_write_one_file(void **state)
{
    (void)state;
    assert_int_equal(could_do(SANDBOX_WRITING), ENTERED | THREADED | WROTE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_reads_can_only_think),
        cmocka_unit_test(who_films_can_drive_a_camera),
        cmocka_unit_test(who_writes_can_write_one_file),
    };
    return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
