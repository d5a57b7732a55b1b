/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox.h"

#include "wire.h"

#include <errno.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MEMORY_BYTES ((rlim_t)3 << 30) /* of address space: half of it are the slots, of which little is touched */
#define FILM_BYTES ((rlim_t)256 << 30) /* hours of what nobody compressed */
#define CPU_S ((rlim_t)48 * 3600)      /* hours of 4K take hours; a hang is found by the parent's own clock */

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

/* To @p value, or to what was set before, if that is less. */
static bool limit(__rlimit_resource_t which, rlim_t value)
{
    struct rlimit l;
    if (getrlimit(which, &l) != 0)
        return false;
    l.rlim_max = l.rlim_max < value ? l.rlim_max : value;
    l.rlim_cur = l.rlim_cur < value ? l.rlim_cur : value;
    return setrlimit(which, &l) == 0;
}

static bool limit_all(rlim_t file_bytes)
{
#ifndef SANITIZED /* whose shadow is terabytes of address space */
    if (!limit(RLIMIT_AS, MEMORY_BYTES))
        return false;
#endif
    return limit(RLIMIT_CPU, CPU_S) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, file_bytes);
}

/* Files: none. An old kernel has no Landlock, and then the filter alone denies them. */
static void deny_files(void)
{
    const struct landlock_ruleset_attr all = {.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
    const int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
    if (rules < 0)
        return;
    (void)syscall(SYS_landlock_restrict_self, rules, 0);
    close(rules);
}

/* What decoding and encoding need, and nothing that names a file, a peer or a program. */
static const int allowed[] = {
    SCMP_SYS(read),         SCMP_SYS(readv),
    SCMP_SYS(lseek),        SCMP_SYS(sendto),
    SCMP_SYS(recvfrom),     SCMP_SYS(mmap),
    SCMP_SYS(munmap),       SCMP_SYS(mremap),
    SCMP_SYS(mprotect),     SCMP_SYS(madvise),
    SCMP_SYS(brk),          SCMP_SYS(futex),
    SCMP_SYS(poll),         SCMP_SYS(close),
    SCMP_SYS(fstat),        SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),    SCMP_SYS(getrandom),
    SCMP_SYS(sched_yield),  SCMP_SYS(sched_getaffinity),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(getpid),       SCMP_SYS(gettid),
    SCMP_SYS(exit),         SCMP_SYS(exit_group),
#ifdef SANITIZED
    SCMP_SYS(sigaltstack), /* asked for before every call that does not return */
#endif
};

/*
 * Threads of this process, which decoders start, but no other process. The flags of clone3() lie in memory, where a filter cannot look:
 * it is said not to exist, and the C library takes clone().
 */
static bool allow_threads(scmp_filter_ctx filter)
{
    const scmp_datum_t thread = CLONE_VM | CLONE_THREAD;
    const struct scmp_arg_cmp is_thread = {.arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = thread, .datum_b = thread};
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, &is_thread) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(set_robust_list), 0) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(rseq), 0) == 0;
}

const char *sandbox_enter(enum sandbox_for purpose)
{
    if (!limit_all(purpose == SANDBOX_WRITING ? FILM_BYTES : 0))
        return "setrlimit";
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return "prctl";
    deny_files();
    /* Whatever is not allowed fails as if forbidden, which libraries know how to take. */
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        return "seccomp";
    bool fine = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0;
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        fine = fine && seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
    fine = fine && allow_threads(filter);
    if (purpose == SANDBOX_CAMERA)
        fine = fine && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 0) == 0;
    const struct scmp_arg_cmp the_film = {.arg = 0, .op = SCMP_CMP_EQ, .datum_a = WIRE_FILE, .datum_b = 0};
    if (purpose == SANDBOX_WRITING)
        fine = fine && seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, &the_film) == 0;
    fine = fine && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return fine ? NULL : "seccomp";
}
