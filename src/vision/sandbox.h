/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks this process in, all its threads, for good: no file can be opened (Landlock where the kernel has it, seccomp in any case), no
 * socket made, no program or process started (threads of this one may be); memory and processor time are bounded.
 */
#ifndef QUIVER_VISION_SANDBOX_H
#define QUIVER_VISION_SANDBOX_H

/** What is left beside working on memory and talking on what is open. */
enum sandbox_for {
    SANDBOX_READING, /**< of what is open; nothing may be written */
    SANDBOX_CAMERA,  /**< the same, and ioctl, by which a camera is driven */
    SANDBOX_WRITING, /**< to the one file WIRE_FILE */
};

/** NULL, or what is missing. */
const char *sandbox_enter(enum sandbox_for purpose);

#endif
