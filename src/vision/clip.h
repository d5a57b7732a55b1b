/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of a clip, one after another, with their true times.
 *
 * FFmpeg demultiplexes and decodes in a process of its own, quiver-decoder, that can reach nothing: before the first byte of the clip is looked
 * at, it has given up files (Landlock), every system call but a few (seccomp) and more memory and processor time than a
 * clip can need (setrlimit). The clip is opened by the parent and handed over as a descriptor; decoded planes come back
 * through a ring of slots in shared memory. A decoder that crashes, hangs or lies costs one error sentence.
 *
 * The child is not trusted: sizes, strides and times that it writes are read once, checked against what was mapped, and
 * only then used.
 *
 * state      what may be trusted                            which call moves on
 * OPEN       info; no frame yet                             clip_next
 * READING    info and the frame last given                  clip_next: the frame before is no longer valid
 * ENDED      info, clip_end()                               clip_close
 */
#ifndef QUIVER_VISION_CLIP_H
#define QUIVER_VISION_CLIP_H

#include <quiver/vision.h>

#define CLIP_SIDE_MIN_PX 16
#define CLIP_SIDE_MAX_PX 8192

/** One plane: rows of samples of 1 byte, or 2 (little-endian, `bits` of them used) when the clip has more than 8 bits. */
struct clip_plane {
    const void *samples;
    uint32_t width, height, stride_bytes;
};

/** One frame as stored, not turned. Planes are Y, Cb, Cr; valid until the next clip_next() or clip_close(). */
struct clip_frame {
    int64_t time_us;        /**< since the first frame; strictly rising */
    uint32_t width, height; /**< as stored */
    uint32_t bits;          /**< of a sample: 8, 10 or 12 */
    bool full_range;        /**< luma 0–255 rather than 16–235 (of 8 bits) */
    int rotation_deg;       /**< clockwise, to be shown: 0, 90, 180, 270 */
    bool colour;            /**< the chroma planes are there */
    struct clip_plane planes[3];
};

struct clip_info {
    uint32_t width, height; /**< as stored */
    int rotation_deg;
    double stated_rate_hz;    /**< by the container; 0: not said */
    int64_t stated_length_us; /**< by the container; 0: not said, live */
    bool live;                /**< a camera */
    char codec[32];
};

/** How the clip ended, once clip_next() has returned 0. */
struct clip_end {
    bool truncated; /**< it broke off, or parts could not be decoded */
    uint32_t bad_packets;
    bool times_invented; /**< it carried no usable times: they follow the stated rate */
};

struct clip;

#define CLIP_INTERRUPTED 2

/** Opens a file, "-" or a V4L2 device. Errors as qv_watch(). */
int clip_open(const char *path, struct clip **out, struct qv_error *error) QV_MUST_CHECK;
/** 1: a frame; 0: the end; CLIP_INTERRUPTED: a signal came, call again; negative: an error. Waits for the decoder, but never
    for longer than its time limit. */
int clip_next(struct clip *clip, struct clip_frame *frame, struct qv_error *error) QV_MUST_CHECK;
const struct clip_info *clip_info(const struct clip *clip);
const struct clip_end *clip_end(const struct clip *clip);
/** Ends the child. NULL is fine. */
void clip_close(struct clip *clip);

#endif
