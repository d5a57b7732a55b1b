/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parent's end of a program of ours that FFmpeg runs in (wire.h): starting it, hearing it, ending it.
 *
 * The child gets three descriptors and nothing else: no files, no environment, no terminal. It is waited for with a time limit, and
 * what became of one that stopped talking is told in words.
 */
#ifndef QUIVER_VISION_CHILD_H
#define QUIVER_VISION_CHILD_H

#include "wire.h"

#include <quiver/base.h>

#include <sys/types.h>

/** One kind of child. */
struct child_program {
    const char *name;     /**< of the program, which lies beside ours, or in libexec where it is installed */
    const char *variable; /**< of the environment, which names another */
    const char *deed;     /**< "reads videos" */
    int deadline_ms;      /**< without a word of it */
    bool draws;           /**< it fills the slots, which the parent may only read; else the other way round */
};

struct child {
    const struct child_program *program;
    pid_t pid;
    int channel;
    uint8_t *slots;
};

/** Nothing started yet; child_end() may be called. */
#define CHILD_NONE ((struct child){.channel = -1})

/**
 * Starts @p program with @p file as its WIRE_CLIP, and @p argument if not NULL. On failure the child is as child_end() leaves
 * it. Errors: QV_ERR_UNAVAILABLE.
 */
int child_start(struct child *child, const struct child_program *program, int file, const char *argument,
                struct qv_error *error) QV_MUST_CHECK;

enum { CHILD_SAID = 1, CHILD_INTERRUPTED, CHILD_GONE, CHILD_SILENT };

/** Waits for the next message: CHILD_SAID; CHILD_INTERRUPTED: a signal came; CHILD_GONE; CHILD_SILENT: the deadline passed. */
int child_hear(struct child *child, struct wire_message *message) QV_MUST_CHECK;
/** Says something; a child that has gone is noticed by child_hear(). */
void child_say(struct child *child, const struct wire_message *message);

/** Once CHILD_GONE: what it died of, or NULL when it left by itself. @p missing: it could not even be started. */
const char *child_death(struct child *child, bool *missing);

/** The text of a WIRE_ERROR, with what could steer a terminal taken out. */
const char *child_error_text(struct wire_message *message);

/** Ends it, whatever it is doing. Twice is fine. */
void child_end(struct child *child);

#endif
