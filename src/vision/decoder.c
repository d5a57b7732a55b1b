/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quiver-decoder: the program that FFmpeg runs in. It is started by clip.c, locks itself in before it looks at the first byte of
 * the clip (sandbox.c), and writes frames into shared slots (wire.h). It is a program of its own so that a decoder's faults stay in it,
 * and so that nobody who does not watch a clip pays for loading FFmpeg.
 */
#include "sandbox.h"
#include "wire.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavdevice/avdevice.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

/* Exit statuses of <sysexits.h>, as the parent hands them on. */
enum { DATA = -65, UNAVAILABLE = -69, IO = -74 };

#define IO_BUFFER_BYTES 65536
#define PROBE_BYTES (4 << 20) /* looked at to find out what the file is */
#define PROBE_US 5000000
#define BAD_PACKETS_MAX 1000 /* in a row, after which the clip is taken to have broken off */
#define PACKETS_WITHOUT_FRAME_MAX 20000
#define JUMP_US 3600000000LL /* a frame this long after the one before has no honest time */

struct decoder {
    uint8_t *slots;
    uint32_t slot_count;
    bool held[WIRE_SLOT_COUNT]; /* slots that are ours to fill */
    AVFormatContext *format;
    AVCodecContext *codec;
    struct SwsContext *scaler;
    AVFrame *frame, *converted;
    int stream;
    bool live, seekable;
    AVRational rate;
    int64_t last_us, first_pts, frames;
    uint32_t bad_packets;
    bool truncated, times_invented;
};

/* ---- talking ----------------------------------------------------------------------------------------------------------- */

static void say(const struct wire_message *m)
{
    while (send(WIRE_CHANNEL, m, sizeof *m, MSG_NOSIGNAL) < 0) {
        if (errno != EINTR)
            _exit(0); /* the parent has gone, and nobody wants the rest */
    }
}

static void give_up(int status, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));
static void give_up(int status, const char *format, ...)
{
    struct wire_message m = {.kind = WIRE_ERROR};
    m.u.error.status = status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(m.u.error.text, sizeof m.u.error.text, format, arguments);
    va_end(arguments);
    say(&m);
    _exit(0);
}

static void take_slot_message(struct decoder *d)
{
    struct wire_message m;
    ssize_t got;
    while ((got = recv(WIRE_CHANNEL, &m, sizeof m, 0)) < 0 && errno == EINTR) {
    }
    if (got != (ssize_t)sizeof m || m.kind != WIRE_SLOT || m.slot >= WIRE_SLOT_COUNT)
        _exit(0);
    d->held[m.slot] = true;
}

static uint32_t free_slot(struct decoder *d)
{
    for (;;) {
        for (uint32_t i = 0; i < WIRE_SLOT_COUNT; i++) {
            if (d->held[i])
                return i;
        }
        take_slot_message(d);
    }
}

/* ---- reading ----------------------------------------------------------------------------------------------------------- */

static int read_bytes(void *opaque, uint8_t *buffer, int size)
{
    ssize_t got;
    while ((got = read(WIRE_FILE, buffer, (size_t)size)) < 0 && errno == EINTR) {
    }
    return got > 0 ? (int)got : got == 0 ? AVERROR_EOF : AVERROR(errno);
}

static int64_t seek_bytes(void *opaque, int64_t offset, int whence)
{
    if (whence == AVSEEK_SIZE) {
        off_t here = lseek(WIRE_FILE, 0, SEEK_CUR), end = lseek(WIRE_FILE, 0, SEEK_END);
        (void)!lseek(WIRE_FILE, here, SEEK_SET);
        return end;
    }
    return lseek(WIRE_FILE, offset, whence & ~AVSEEK_FORCE);
}

static void open_container(struct decoder *d, const char *device)
{
    int status;
    AVDictionary *options = NULL;
    const AVInputFormat *kind = NULL;
    if (device) {
        avdevice_register_all();
        kind = av_find_input_format("v4l2");
        if (!kind)
            give_up(UNAVAILABLE, "this FFmpeg cannot read cameras");
    } else {
        void *buffer = av_malloc(IO_BUFFER_BYTES);
        d->format = avformat_alloc_context();
        if (!buffer || !d->format)
            give_up(UNAVAILABLE, "out of memory");
        d->seekable = lseek(WIRE_FILE, 0, SEEK_CUR) >= 0;
        d->format->pb =
            avio_alloc_context(buffer, IO_BUFFER_BYTES, 0, NULL, read_bytes, NULL, d->seekable ? seek_bytes : NULL);
        if (!d->format->pb)
            give_up(UNAVAILABLE, "out of memory");
        d->format->pb->seekable = d->seekable ? AVIO_SEEKABLE_NORMAL : 0;
        d->format->probesize = PROBE_BYTES;
        d->format->max_analyze_duration = PROBE_US;
        d->format->flags |= AVFMT_FLAG_CUSTOM_IO;
    }
    status = avformat_open_input(&d->format, device, kind, &options);
    av_dict_free(&options);
    if (status < 0)
        give_up(device ? UNAVAILABLE : DATA,
                device ? "the camera cannot be read (%s)" : "not a video that can be read (%s)",
                status == AVERROR_INVALIDDATA ? "no known format, or cut off" : av_err2str(status));
    if (avformat_find_stream_info(d->format, NULL) < 0)
        give_up(DATA, "not a video that can be read (its streams make no sense)");
}

/* Decoding is most of the work of a clip as a phone writes it, and one thread of it would be what the parent waits for. */
#define DECODER_THREADS 2

static void open_codec(struct decoder *d)
{
    const AVCodec *codec = NULL;
    d->stream = av_find_best_stream(d->format, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    if (d->stream == AVERROR_DECODER_NOT_FOUND)
        give_up(DATA, "the video is in a format that this FFmpeg cannot decode");
    if (d->stream < 0)
        give_up(DATA, d->format->nb_streams ? "there is no video in it, found only sound or other streams"
                                            : "there is no video in it");
    const AVStream *stream = d->format->streams[d->stream];
    const AVCodecParameters *p = stream->codecpar;
    if (p->width > WIRE_SIDE_MAX_PX || p->height > WIRE_SIDE_MAX_PX || (int64_t)p->width * p->height > WIRE_PIXELS_MAX)
        give_up(DATA, "the picture is %d×%d pixels, expected at most %d×%d", p->width, p->height, WIRE_SIDE_MAX_PX,
                4320);
    d->codec = avcodec_alloc_context3(codec);
    if (!d->codec || avcodec_parameters_to_context(d->codec, p) < 0)
        give_up(UNAVAILABLE, "out of memory");
    d->codec->thread_count = d->live ? 1 : DECODER_THREADS; /* a frame ahead is a frame late */
    d->codec->pkt_timebase = stream->time_base;
    d->codec->max_pixels = WIRE_PIXELS_MAX;
    if (avcodec_open2(d->codec, codec, NULL) < 0)
        give_up(DATA, "the video (%s) cannot be decoded", codec->name);
    for (unsigned i = 0; i < d->format->nb_streams; i++) {
        if ((int)i != d->stream)
            d->format->streams[i]->discard = AVDISCARD_ALL;
    }
}

static int rotation_of(const AVStream *stream)
{
    const uint8_t *matrix = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, NULL);
    double turn = 0;
    if (matrix) {
        turn = -av_display_rotation_get((const int32_t *)(const void *)matrix);
    } else {
        const AVDictionaryEntry *tag = av_dict_get(stream->metadata, "rotate", NULL, 0);
        if (tag)
            turn = strtod(tag->value, NULL);
    }
    if (!(turn > -100000 && turn < 100000))
        return 0;
    return ((int)((turn < 0 ? turn - 45 : turn + 45) / 90) % 4 + 4) % 4 * 90;
}

static void say_info(struct decoder *d)
{
    const AVStream *stream = d->format->streams[d->stream];
    struct wire_message m = {.kind = WIRE_INFO};
    m.u.info.width = (uint32_t)stream->codecpar->width;
    m.u.info.height = (uint32_t)stream->codecpar->height;
    m.u.info.rotation_deg = rotation_of(stream);
    m.u.info.live = d->live;
    d->rate = av_guess_frame_rate(d->format, d->format->streams[d->stream], NULL);
    m.u.info.stated_rate_hz = d->rate.num > 0 && d->rate.den > 0 ? av_q2d(d->rate) : 0;
    if (stream->duration > 0) /* of the pictures; the sound may be longer */
        m.u.info.stated_length_us = av_rescale_q(stream->duration, stream->time_base, (AVRational){1, 1000000});
    else if (d->format->duration > 0)
        m.u.info.stated_length_us = av_rescale(d->format->duration, 1000000, AV_TIME_BASE);
    snprintf(m.u.info.codec, sizeof m.u.info.codec, "%s", avcodec_get_name(d->codec->codec_id));
    say(&m);
}

/* ---- frames -------------------------------------------------------------------------------------------------------------- */

/* What crosses as it is: planar YUV, or grey, of 8 to 12 bits in native order. Returns its depth, or 0. */
static uint32_t crosses(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *p = av_pix_fmt_desc_get(format);
    if (!p ||
        (p->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL |
                     AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_ALPHA)))
        return 0;
    if (p->nb_components > 1 && !(p->flags & AV_PIX_FMT_FLAG_PLANAR))
        return 0;
    if (p->nb_components == 3 && (p->comp[1].plane != 1 || p->comp[2].plane != 2)) /* not interleaved as in NV12 */
        return 0;
    const int depth = p->comp[0].depth;
    return (p->nb_components == 1 || p->nb_components == 3) && depth >= 8 && depth <= 12 && p->comp[0].shift == 0
               ? (uint32_t)depth
               : 0;
}

static const AVFrame *crossable(struct decoder *d, uint32_t *bits)
{
    AVFrame *f = d->frame;
    if ((*bits = crosses((enum AVPixelFormat)f->format)))
        return f;
    const AVPixFmtDescriptor *p = av_pix_fmt_desc_get((enum AVPixelFormat)f->format);
    const enum AVPixelFormat to = p && p->comp[0].depth > 8 ? AV_PIX_FMT_YUV420P10 : AV_PIX_FMT_YUV420P;
    d->scaler = sws_getCachedContext(d->scaler, f->width, f->height, (enum AVPixelFormat)f->format, f->width, f->height,
                                     to, SWS_BILINEAR | SWS_ACCURATE_RND, NULL, NULL, NULL);
    if (!d->scaler)
        give_up(DATA, "the video's colours (%s) cannot be converted", p ? p->name : "unknown");
    if (d->converted->width != f->width || d->converted->height != f->height || d->converted->format != to) {
        av_frame_unref(d->converted);
        d->converted->format = to;
        d->converted->width = f->width;
        d->converted->height = f->height;
        if (av_frame_get_buffer(d->converted, 0) < 0)
            give_up(UNAVAILABLE, "out of memory");
    }
    sws_scale(d->scaler, (const uint8_t *const *)f->data, f->linesize, 0, f->height, d->converted->data,
              d->converted->linesize);
    /* What was RGB is luma of 16–235 now. */
    d->converted->color_range = p && p->flags & AV_PIX_FMT_FLAG_RGB ? AVCOL_RANGE_MPEG : f->color_range;
    *bits = crosses(to);
    return d->converted;
}

/* Microseconds since the first frame, strictly rising. */
static int64_t time_of(struct decoder *d)
{
    const AVStream *stream = d->format->streams[d->stream];
    const int64_t pts = d->frame->best_effort_timestamp;
    const int64_t even = d->rate.num > 0 && d->rate.den > 0
                             ? av_rescale(d->frames, 1000000LL * d->rate.den, d->rate.num)
                             : d->frames * 33333;
    if (pts == AV_NOPTS_VALUE) {
        if (d->frames == 0 || d->times_invented) {
            d->times_invented = true;
            return even;
        }
        return d->last_us + 1000;
    }
    if (d->times_invented)
        return even;
    if (d->frames == 0) {
        d->first_pts = pts;
        return 0;
    }
    const int64_t us = av_rescale_q(pts - d->first_pts, stream->time_base, (AVRational){1, 1000000});
    if (us > d->last_us && us - d->last_us < JUMP_US)
        return us;
    return d->last_us + 1; /* backward, equal or absurd: at once after the one before */
}

static void send_frame(struct decoder *d)
{
    struct wire_message m = {.kind = WIRE_FRAME};
    uint32_t bits;
    const AVFrame *f = crossable(d, &bits);
    const AVPixFmtDescriptor *p = av_pix_fmt_desc_get((enum AVPixelFormat)f->format);
    const uint32_t sample = bits > 8 ? 2 : 1;
    m.slot = free_slot(d);
    m.u.frame.time_us = time_of(d);
    m.u.frame.width = (uint32_t)f->width;
    m.u.frame.height = (uint32_t)f->height;
    m.u.frame.bits = bits;
    m.u.frame.full_range = f->color_range == AVCOL_RANGE_JPEG || f->format == AV_PIX_FMT_YUVJ420P ||
                           f->format == AV_PIX_FMT_YUVJ422P || f->format == AV_PIX_FMT_YUVJ444P;
    m.u.frame.plane_count = p->nb_components == 3 ? 3 : 1;
    uint64_t at = 0;
    for (uint32_t i = 0; i < m.u.frame.plane_count; i++) {
        struct wire_plane *to = &m.u.frame.planes[i];
        to->width = (uint32_t)(i ? AV_CEIL_RSHIFT(f->width, p->log2_chroma_w) : f->width);
        to->height = (uint32_t)(i ? AV_CEIL_RSHIFT(f->height, p->log2_chroma_h) : f->height);
        to->stride_bytes = (to->width * sample + 63) & ~63U;
        to->offset = at;
        at += (uint64_t)to->stride_bytes * to->height;
        if (at > WIRE_SLOT_BYTES)
            give_up(DATA, "the picture is %d×%d pixels of %u bits, which is too much", f->width, f->height, bits);
        av_image_copy_plane(d->slots + m.slot * WIRE_SLOT_BYTES + to->offset, (int)to->stride_bytes, f->data[i],
                            f->linesize[i], (int)(to->width * sample), (int)to->height);
    }
    d->held[m.slot] = false;
    d->last_us = m.u.frame.time_us;
    d->frames++;
    say(&m);
}

/* Takes what the decoder has ready. False: it wants no more. */
static bool drain(struct decoder *d, uint32_t *since_frame)
{
    for (;;) {
        const int status = avcodec_receive_frame(d->codec, d->frame);
        if (status == AVERROR(EAGAIN))
            return true;
        if (status == AVERROR_EOF)
            return false;
        if (status < 0) {
            d->bad_packets++;
            return true;
        }
        if (d->frame->width <= 0 || d->frame->height <= 0 || d->frame->width > WIRE_SIDE_MAX_PX ||
            d->frame->height > WIRE_SIDE_MAX_PX)
            give_up(DATA, "a frame is %d×%d pixels", d->frame->width, d->frame->height);
        *since_frame = 0;
        send_frame(d);
        av_frame_unref(d->frame);
    }
}

static void decode(struct decoder *d)
{
    AVPacket *packet = av_packet_alloc();
    d->frame = av_frame_alloc();
    d->converted = av_frame_alloc();
    if (!packet || !d->frame || !d->converted)
        give_up(UNAVAILABLE, "out of memory");
    uint32_t bad_in_a_row = 0, since_frame = 0;
    for (;;) {
        const int status = av_read_frame(d->format, packet);
        if (status == AVERROR(EAGAIN))
            continue;
        if (status < 0) {
            d->truncated = status != AVERROR_EOF || (d->format->pb && d->format->pb->error);
            break;
        }
        if (packet->stream_index == d->stream) {
            const int sent = avcodec_send_packet(d->codec, packet);
            bad_in_a_row = sent < 0 ? bad_in_a_row + 1 : 0;
            d->bad_packets += sent < 0;
            since_frame++;
            drain(d, &since_frame);
        }
        av_packet_unref(packet);
        if (bad_in_a_row > BAD_PACKETS_MAX || since_frame > PACKETS_WITHOUT_FRAME_MAX) {
            d->truncated = true;
            break;
        }
    }
    avcodec_send_packet(d->codec, NULL);
    drain(d, &since_frame);
    struct wire_message m = {.kind = WIRE_END};
    m.u.end.truncated = d->truncated;
    m.u.end.bad_packets = d->bad_packets;
    m.u.end.times_invented = d->times_invented;
    m.u.end.frames = (uint32_t)d->frames;
    say(&m);
}

int main(int argc, char **argv)
{
    const char *device = argc > 1 ? argv[1] : NULL;
    struct decoder d = {.live = device};
    d.slots = mmap(NULL, WIRE_SLOT_COUNT * WIRE_SLOT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                   WIRE_SLOTS, 0);
    if (d.slots == MAP_FAILED)
        _exit(0);
    for (int i = 0; i < WIRE_SLOT_COUNT; i++)
        d.held[i] = true;
    av_log_set_level(AV_LOG_QUIET);
    if (device)
        open_container(&d,
                       device); /* a camera is opened before the door closes; it is the kernel's, not a stranger's */
    const char *missing = sandbox_enter(device ? SANDBOX_CAMERA : SANDBOX_READING);
    if (missing)
        give_up(UNAVAILABLE, "the decoder cannot be locked in: %s", missing);
    if (!device)
        open_container(&d, NULL);
    open_codec(&d);
    say_info(&d);
    decode(&d);
    _exit(0); /* nothing here outlives the process */
}
