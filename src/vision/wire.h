/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What quiver and the two programs that FFmpeg runs in, quiver-decoder and quiver-encoder, say to each other: messages of one
 * fixed size over a SOCK_SEQPACKET pair, and planes in slots of shared memory. A message is copied out of the kernel whole, so what
 * was checked cannot change afterwards; only samples are shared, and a sample may be any number.
 *
 * Either starts with three descriptors: WIRE_FILE to read or write, WIRE_CHANNEL to talk on, WIRE_SLOTS to map.
 *
 * The decoder says INFO, then FRAME after FRAME, each into a slot that it holds, then END. Its parent gives slots back by SLOT
 * messages; at the start the decoder holds all.
 *
 * The encoder is told FILM and says INFO when it is ready; then it is told FRAME after FRAME, each in a slot that the parent holds, and
 * gives the slots back; at the start the parent holds all. Told END, it finishes the film and says END.
 *
 * Either may say ERROR at any time, and then ends.
 */
#ifndef QUIVER_VISION_WIRE_H
#define QUIVER_VISION_WIRE_H

#include <stdint.h>

enum { WIRE_FILE = 3, WIRE_CHANNEL = 4, WIRE_SLOTS = 5 };

#define WIRE_SLOT_COUNT 4
#define WIRE_SIDE_MAX_PX 8192
#define WIRE_PIXELS_MAX (8192 * 4320)
/** Three planes of 4:4:4 with two bytes a sample would be more: such clips are limited to half the pixels. */
#define WIRE_SLOT_BYTES ((uint64_t)WIRE_PIXELS_MAX * 3)

enum wire_kind { WIRE_INFO = 1, WIRE_FRAME, WIRE_END, WIRE_ERROR, WIRE_SLOT, WIRE_FILM };

struct wire_plane {
    uint64_t offset; /**< in the slot */
    uint32_t width, height, stride_bytes;
    uint32_t unused;
};

struct wire_message {
    uint32_t kind, slot;
    union {
        struct {
            uint32_t width, height;
            int32_t rotation_deg;
            uint32_t live;
            double stated_rate_hz;
            int64_t stated_length_us;
            char codec[32];
        } info;
        struct {
            int64_t time_us;
            uint32_t width, height, bits, full_range, plane_count, unused;
            struct wire_plane planes[3];
        } frame;
        struct {
            uint32_t truncated, bad_packets, times_invented, frames;
        } end;
        struct {
            uint32_t width, height, codec, full_range;
            int32_t quality, rotation_deg;
            double rate_hz;
            char container[8]; /**< the end of the file's name: "mp4" */
        } film;
        struct {
            int32_t status;
            char text[400];
        } error;
    } u;
};

#endif
