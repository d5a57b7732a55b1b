/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quiver-encoder: the program that films are written in. It is started by film.c, opens what it needs to compress, locks itself in
 * (sandbox.c), and only then takes pictures from shared slots (wire.h). Threads that an encoder wants are there by then too.
 */
#include "sandbox.h"
#include "wire.h"

#include <quiver/vision.h>

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>

#define IO_BUFFER_BYTES 65536
#define TICKS_PER_S 90000 /* 24, 25, 30, 30/1.001, 50 and 60 Hz are whole numbers of them */

struct encoder {
    const uint8_t *slots;
    AVFormatContext *format;
    AVCodecContext *codec;
    AVStream *stream;
    AVFrame *frame;
    AVPacket *packet;
    int64_t last_ticks;
};

/* ---- talking ----------------------------------------------------------------------------------------------------------- */

static void say(const struct wire_message *m)
{
    while (send(WIRE_CHANNEL, m, sizeof *m, MSG_NOSIGNAL) < 0) {
        if (errno != EINTR)
            _exit(0); /* the parent has gone, and nobody wants the rest */
    }
}

static void hear(struct wire_message *m)
{
    ssize_t got;
    while ((got = recv(WIRE_CHANNEL, m, sizeof *m, 0)) < 0 && errno == EINTR) {
    }
    if (got != (ssize_t)sizeof *m)
        _exit(0);
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

/* What FFmpeg may answer with: too little memory, or a file that takes no more. */
static void demand(int status)
{
    if (status == AVERROR(ENOMEM))
        give_up(QV_ERR_UNAVAILABLE, "out of memory");
    if (status < 0)
        give_up(QV_ERR_IO, "cannot be written: %s", av_err2str(status));
}

/* ---- writing ----------------------------------------------------------------------------------------------------------- */

static int write_bytes(void *opaque, uint8_t *bytes, int size)
{
    for (int done = 0; done < size;) {
        const ssize_t more = write(WIRE_FILE, bytes + done, (size_t)(size - done));
        if (more < 0 && errno != EINTR)
            return AVERROR(errno);
        done += more > 0 ? (int)more : 0;
    }
    return size;
}

static int64_t seek_bytes(void *opaque, int64_t offset, int whence)
{
    const off_t at = whence == AVSEEK_SIZE ? (off_t)-1 : lseek(WIRE_FILE, offset, whence & ~AVSEEK_FORCE);
    return at >= 0 ? at : AVERROR(errno);
}

static void open_container(struct encoder *e, const char *container)
{
    const char *name = strcmp(container, "mkv") == 0 ? "matroska" : container;
    const int status = avformat_alloc_output_context2(&e->format, NULL, name, NULL);
    if (status == AVERROR(EINVAL))
        give_up(QV_ERR_UNAVAILABLE, "this FFmpeg cannot write .%s", container);
    demand(status);
    void *buffer = av_malloc(IO_BUFFER_BYTES);
    if (buffer)
        e->format->pb = avio_alloc_context(buffer, IO_BUFFER_BYTES, 1, NULL, NULL, write_bytes, seek_bytes);
    demand(e->format->pb ? 0 : AVERROR(ENOMEM));
    e->format->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT; /* no dates, no names of versions */
}

/* ---- compressing ------------------------------------------------------------------------------------------------------- */

/* What can make a codec, best first. Rates are constant in quality, not in bits. */
static const struct way {
    enum qv_codec codec;
    const char *encoder;
    enum AVPixelFormat format;
    const char *quality; /* name of the option; NULL: of the codec's context */
    int quality_usual, quality_best, quality_worst;
    const char *options;
} ways[] = {
    {QV_CODEC_H264, "libx264", AV_PIX_FMT_YUV420P, "crf", 23, 1, 51, "preset=medium"},
    {QV_CODEC_H264, "libopenh264", AV_PIX_FMT_YUV420P, NULL, 23, 1, 51, ""},
    {QV_CODEC_HEVC, "libx265", AV_PIX_FMT_YUV420P, "crf", 28, 1, 51,
     "preset=fast:x265-params=pools=none\\:frame-threads=1\\:log-level=none"},
    {QV_CODEC_HEVC10, "libx265", AV_PIX_FMT_YUV420P10, "crf", 28, 1, 51,
     "preset=fast:x265-params=pools=none\\:frame-threads=1\\:log-level=none"},
    {QV_CODEC_VP9, "libvpx-vp9", AV_PIX_FMT_YUV420P, "crf", 31, 1, 63, "deadline=realtime:cpu-used=6:b=0"},
    {QV_CODEC_MJPEG, "mjpeg", AV_PIX_FMT_YUVJ420P, NULL, 3, 2, 31, ""},
    {QV_CODEC_LOSSLESS, "libx264", AV_PIX_FMT_YUV420P, NULL, 0, 0, 0, "preset=ultrafast:qp=0"},
    {QV_CODEC_LOSSLESS, "ffv1", AV_PIX_FMT_YUV420P, NULL, 0, 0, 0, ""},
    {QV_CODEC_LOSSLESS, "libvpx-vp9", AV_PIX_FMT_YUV420P, NULL, 0, 0, 0, "deadline=realtime:cpu-used=6:lossless=1"},
};

/* The first way to the codec that this FFmpeg has and the container takes. */
static const struct way *find_way(const struct encoder *e, uint32_t codec, const AVCodec **found)
{
    const char *lacking = NULL, *unfit = NULL;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (ways[i].codec != codec)
            continue;
        *found = avcodec_find_encoder_by_name(ways[i].encoder);
        if (!*found)
            lacking = lacking ? lacking : ways[i].encoder;
        else if (avformat_query_codec(e->format->oformat, (*found)->id, FF_COMPLIANCE_NORMAL) == 1)
            return &ways[i];
        else
            unfit = ways[i].encoder;
    }
    if (unfit)
        give_up(QV_ERR_USAGE, "this kind of file cannot hold the codec %s", qv_codec_name(codec));
    give_up(QV_ERR_UNAVAILABLE, "this FFmpeg has no %s to write the codec with", lacking ? lacking : "encoder");
}

static void open_codec(struct encoder *e, const struct wire_message *film)
{
    const AVCodec *codec;
    const struct way *way = find_way(e, film->u.film.codec, &codec);
    const int quality = film->u.film.quality ? film->u.film.quality : way->quality_usual;
    if (quality < way->quality_best || quality > way->quality_worst)
        give_up(QV_ERR_USAGE, "a quality of %d, expected one from %d (best) to %d", quality, way->quality_best,
                way->quality_worst);
    AVCodecContext *c = e->codec = avcodec_alloc_context3(codec);
    AVDictionary *options = NULL;
    demand(c ? 0 : AVERROR(ENOMEM));
    const bool avi = strcmp(film->u.film.container, "avi") == 0;
    const bool quicktime = strcmp(film->u.film.container, "mp4") == 0 || strcmp(film->u.film.container, "mov") == 0;
    c->width = (int)film->u.film.width;
    c->height = (int)film->u.film.height;
    c->pix_fmt = way->format;
    c->color_range =
        film->u.film.full_range || way->format == AV_PIX_FMT_YUVJ420P ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    c->framerate = av_d2q(film->u.film.rate_hz, INT_MAX);
    c->time_base = avi ? av_inv_q(c->framerate) : (AVRational){1, TICKS_PER_S};
    c->thread_count = 1; /* else the bytes depend on their number */
    c->flags |= AV_CODEC_FLAG_BITEXACT;
    if (e->format->oformat->flags & AVFMT_GLOBALHEADER)
        c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    if (avi)
        c->max_b_frames = 0; /* whose order it cannot tell */
    if (codec->id == AV_CODEC_ID_HEVC && quicktime)
        c->codec_tag = MKTAG('h', 'v', 'c', '1'); /* the only name that Apple's players know */
    demand(av_dict_parse_string(&options, way->options, "=", ":", 0));
    if (way->quality) {
        demand(av_dict_set_int(&options, way->quality, quality, 0));
    } else if (quality) {
        c->flags |= AV_CODEC_FLAG_QSCALE;
        c->global_quality = quality * FF_QP2LAMBDA;
    }
    if (avcodec_open2(c, codec, &options) < 0)
        give_up(QV_ERR_UNAVAILABLE, "%s of this FFmpeg does not work", way->encoder);
    av_dict_free(&options);
}

static void open_stream(struct encoder *e, const struct wire_message *film)
{
    e->stream = avformat_new_stream(e->format, NULL);
    e->frame = av_frame_alloc();
    e->packet = av_packet_alloc();
    demand(e->stream && e->frame && e->packet ? 0 : AVERROR(ENOMEM));
    demand(avcodec_parameters_from_context(e->stream->codecpar, e->codec));
    e->stream->time_base = e->codec->time_base;
    e->stream->avg_frame_rate = e->codec->framerate;
    if (film->u.film.rotation_deg) {
        int32_t *matrix =
            (int32_t *)(void *)av_stream_new_side_data(e->stream, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof *matrix);
        demand(matrix ? 0 : AVERROR(ENOMEM));
        av_display_rotation_set(matrix, film->u.film.rotation_deg);
    }
    e->frame->format = e->codec->pix_fmt;
    e->frame->width = e->codec->width;
    e->frame->height = e->codec->height;
    e->frame->color_range = e->codec->color_range;
    demand(av_frame_get_buffer(e->frame, 0));
}

/* ---- pictures ----------------------------------------------------------------------------------------------------------- */

static void copy_plane(AVFrame *to, int i, const uint8_t *from, const struct wire_plane *plane)
{
    const bool deep = to->format == AV_PIX_FMT_YUV420P10;
    for (uint32_t y = 0; y < plane->height; y++, from += plane->stride_bytes) {
        uint8_t *row = to->data[i] + (ptrdiff_t)y * to->linesize[i];
        if (!deep) {
            memcpy(row, from, plane->width);
            continue;
        }
        for (uint32_t x = 0; x < plane->width; x++)
            ((uint16_t *)(void *)row)[x] = (uint16_t)(from[x] << 2);
    }
}

/* Hands a picture, or NULL for the end, to the codec, and what the codec gives to the file. */
static void encode(struct encoder *e, AVFrame *frame)
{
    demand(avcodec_send_frame(e->codec, frame));
    int status;
    while ((status = avcodec_receive_packet(e->codec, e->packet)) >= 0) {
        e->packet->stream_index = e->stream->index;
        av_packet_rescale_ts(e->packet, e->codec->time_base, e->stream->time_base);
        demand(av_interleaved_write_frame(e->format, e->packet));
        demand(e->format->pb->error);
    }
    if (status != AVERROR(EAGAIN) && status != AVERROR_EOF)
        demand(status);
}

static void take_frame(struct encoder *e, const struct wire_message *m)
{
    const struct wire_message back = {.kind = WIRE_SLOT, .slot = m->slot};
    demand(av_frame_make_writable(e->frame));
    for (int i = 0; i < 3; i++)
        copy_plane(e->frame, i, e->slots + m->slot * WIRE_SLOT_BYTES + m->u.frame.planes[i].offset,
                   &m->u.frame.planes[i]);
    say(&back);
    const int64_t ticks = av_rescale_q(m->u.frame.time_us, (AVRational){1, 1000000}, e->codec->time_base);
    e->frame->pts = ticks > e->last_ticks ? ticks : e->last_ticks + 1;
    e->last_ticks = e->frame->pts;
    encode(e, e->frame);
}

static void finish(struct encoder *e)
{
    encode(e, NULL);
    demand(av_write_trailer(e->format));
    avio_flush(e->format->pb);
    demand(e->format->pb->error);
}

int main(void)
{
    struct encoder e = {.last_ticks = -1};
    struct wire_message m;
    e.slots = mmap(NULL, WIRE_SLOT_COUNT * WIRE_SLOT_BYTES, PROT_READ, MAP_SHARED | MAP_NORESERVE, WIRE_SLOTS, 0);
    if (e.slots == MAP_FAILED)
        _exit(0);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a write error */
    av_log_set_level(AV_LOG_QUIET);
    hear(&m);
    open_container(&e, m.u.film.container);
    open_codec(&e, &m);
    open_stream(&e, &m);
    const char *missing = sandbox_enter(SANDBOX_WRITING);
    if (missing)
        give_up(QV_ERR_UNAVAILABLE, "the encoder cannot be locked in: %s", missing);
    demand(avformat_write_header(e.format, NULL));
    m = (struct wire_message){.kind = WIRE_INFO};
    for (say(&m), hear(&m); m.kind == WIRE_FRAME; hear(&m))
        take_frame(&e, &m);
    finish(&e);
    m = (struct wire_message){.kind = WIRE_END};
    say(&m);
    _exit(0); /* nothing here outlives the process */
}
