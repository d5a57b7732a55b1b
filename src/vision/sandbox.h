/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks this process in, for good: no file can be opened (Landlock where the kernel has it, seccomp in any case), no socket made,
 * no program started; memory and processor time are bounded.
 */
#ifndef QUIVER_VISION_SANDBOX_H
#define QUIVER_VISION_SANDBOX_H

#include <stdbool.h>

/** NULL, or what is missing. With @p camera, ioctl stays allowed: a camera is driven by it. */
const char *sandbox_enter(bool camera);

#endif
