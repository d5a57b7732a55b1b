/* SPDX-License-Identifier: Apache-2.0 */
/* The clip again with what was measured on it: vision shows it, the drawing module paints. */
#include "beside.h"
#include "draw.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static bool ends_in_a_film(const char *path)
{
    static const char *const ends[] = {".mp4", ".mov", ".mkv", ".webm"};
    const size_t length = strlen(path);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const size_t end = strlen(ends[i]);
        if (length > end && path[length - end - 1] != '/' && strcmp(path + length - end, ends[i]) == 0)
            return true;
    }
    return false;
}

int qv_overlay_check(const char *clip, const char *path, struct qv_error *error)
{
    struct stat from, to;
    const struct draw_module *draw;
    if (!ends_in_a_film(path))
        return qv_fail(error, QV_ERR_USAGE, "%s: expected a name that ends in .mp4, .mov, .mkv or .webm", path);
    if (strcmp(clip, "-") == 0 || (stat(clip, &from) == 0 && !S_ISREG(from.st_mode)))
        return qv_fail(error, QV_ERR_USAGE, "%s: an overlay reads the clip twice, expected a file", clip);
    if (stat(clip, &from) == 0 && stat(path, &to) == 0 && from.st_dev == to.st_dev && from.st_ino == to.st_ino)
        return qv_fail(error, QV_ERR_USAGE, "%s: the overlay would take the place of the clip itself", path);
    const int status = draw_open(&draw, error);
    return status ? status : beside_try(path, error);
}

struct painter {
    const struct draw_module *draw;
    struct draw_overlay *overlay;
};

static int paint(void *context, const struct qv_replay_frame *frame, struct qv_error *error)
{
    const struct painter *p = context;
    return p->draw->overlay_paint(p->overlay, frame, error);
}

int qv_overlay_write(const char *clip, const struct qv_measurement *measurement, struct qv_motion *motion,
                     const struct qv_replay_settings *settings, const char *path, struct qv_error *error)
{
    struct painter painter = {0};
    struct qv_replay_settings painted = *settings;
    painted.paint = paint;
    painted.paint_context = &painter;
    int status = qv_overlay_check(clip, path, error);
    if (status == QV_OK)
        status = draw_open(&painter.draw, error);
    if (status == QV_OK)
        status = painter.draw->overlay_open(measurement, &painter.overlay, error);
    if (status == QV_OK)
        status = qv_replay(clip, measurement, motion, &painted, path, error);
    if (painter.draw)
        painter.draw->overlay_close(painter.overlay);
    return status;
}
