/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a clip, picture after picture, each with its own time.
 *
 * FFmpeg compresses in a process of its own, quiver-encoder, for the reasons of clip.h: it gets the file as a descriptor, the
 * pictures through shared memory, and before the first of them it has given up all else. It works in one thread and leaves out what
 * differs from run to run, so that the same pictures give the same bytes.
 *
 * The film grows in a new file beside the one that is asked for, and takes its name when it is whole: until then an older file of
 * that name stays, and when something fails nothing is left behind.
 *
 * state      which call moves on
 * WRITING    film_add; film_finish → DONE; any failure → BROKEN
 * DONE       the file is there: film_destroy
 * BROKEN     nothing was left: film_destroy
 */
#ifndef QUIVER_VISION_FILM_H
#define QUIVER_VISION_FILM_H

#include <quiver/vision.h>

#define FILM_RATE_MAX_HZ 1000.0

struct film_settings {
    uint32_t width, height; /**< even, 16 to 8192 */
    double rate_hz;         /**< what the container says; pictures may come at other times (not into .avi) */
    enum qv_codec codec;
    int quality; /**< on the codec's own scale, less is better; 0: as the codec thinks best. h264, hevc, hevc10: 1–51;
                           vp9: 1–63; mjpeg: 2–31; lossless: 0 only */
    int rotation_deg; /**< clockwise, to be shown: 0, 90, 180, 270; .mp4 and .mov only */
    bool full_range;  /**< luma 0–255 rather than 16–235 */
};

/** 8-bit YUV 4:2:0: Y, Cb and Cr, the latter two of half the size. */
struct film_picture {
    const uint8_t *planes[3];
    uint32_t strides_bytes[3];
};

struct film;

/**
 * Begins a film in @p path, whose end says the container: .mp4, .mov, .mkv, .webm or .avi.
 * Errors: QV_ERR_USAGE settings or an end of the name that cannot be; QV_ERR_UNAVAILABLE the encoder or the codec is
 * missing, out of memory; QV_ERR_CANNOT_CREATE the file.
 */
int film_create(const char *path, const struct film_settings *settings, struct film **out,
                struct qv_error *error) QV_MUST_CHECK;
/**
 * Adds a picture that is shown from @p time_us on, later than the one before; the first at 0. The picture is copied.
 * Times are kept to 1/90 000 s in .mp4 and .mov, to a millisecond in .mkv and .webm, to a period of the rate in .avi.
 * Errors: QV_ERR_IO the disk is full …; QV_ERR_UNAVAILABLE the encoder broke.
 */
int film_add(struct film *film, const struct film_picture *picture, int64_t time_us,
             struct qv_error *error) QV_MUST_CHECK;
/** Waits until all is written and gives the film its name. Errors as film_add(); QV_ERR_DATA no picture was added. */
int film_finish(struct film *film, struct qv_error *error) QV_MUST_CHECK;
/** Drops what is not finished. NULL is fine. */
void film_destroy(struct film *film);

#endif
