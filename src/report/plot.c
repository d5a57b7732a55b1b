/* SPDX-License-Identifier: Apache-2.0 */
/* A picture of a measurement as a file: what kind, drawn in memory, written whole or not at all. */
#include "beside.h"
#include "draw.h"

#include <string.h>
#include <strings.h>

#define PICTURE_BYTES_MAX ((size_t)256 << 20) /* a picture of the longest clip takes some megabytes */

static const struct {
    const char *end;
    enum qv_plot_format format;
} ends[] = {{".svg", QV_PLOT_SVG}, {".png", QV_PLOT_PNG}, {".pdf", QV_PLOT_PDF}};

int qv_plot_format(const char *path, enum qv_plot_format *format, struct qv_error *error)
{
    const size_t length = strlen(path);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const size_t end = strlen(ends[i].end);
        if (length > end && path[length - end - 1] != '/' && strcasecmp(path + length - end, ends[i].end) == 0) {
            *format = ends[i].format;
            return QV_OK;
        }
    }
    return qv_fail(error, QV_ERR_USAGE, "%s: expected a name that ends in .svg, .png or .pdf", path);
}

int qv_plot_draw(const struct qv_measurement *measurement, enum qv_plot_format format, struct qv_text *out,
                 struct qv_error *error)
{
    const struct draw_module *draw;
    const int status = draw_open(&draw, error);
    return status ? status : draw->measurement(measurement, format, out, error);
}

int qv_plot_check(const char *path, struct qv_error *error)
{
    enum qv_plot_format format;
    const struct draw_module *draw;
    int status = qv_plot_format(path, &format, error);
    if (status == QV_OK)
        status = draw_open(&draw, error);
    return status ? status : beside_try(path, error);
}

int qv_plot_write(const struct qv_measurement *measurement, const char *path, struct qv_error *error)
{
    enum qv_plot_format format = QV_PLOT_SVG;
    int status = qv_plot_format(path, &format, error);
    struct qv_text bytes;
    qv_text_init(&bytes, PICTURE_BYTES_MAX);
    if (status == QV_OK)
        status = qv_plot_draw(measurement, format, &bytes, error);
    if (status == QV_OK)
        status = beside_write(&bytes, path, error);
    qv_text_finish(&bytes);
    return status;
}

int qv_plot_triggers_draw(const struct qv_knowledge *knowledge, const struct qv_triggers *triggers,
                          enum qv_plot_format format, struct qv_text *out, struct qv_error *error)
{
    const struct draw_module *draw;
    const int status = draw_open(&draw, error);
    return status ? status : draw->triggers(knowledge, triggers, format, out, error);
}

int qv_plot_triggers(const struct qv_knowledge *knowledge, const struct qv_triggers *triggers, const char *path,
                     struct qv_error *error)
{
    enum qv_plot_format format = QV_PLOT_SVG;
    int status = qv_plot_format(path, &format, error);
    struct qv_text bytes;
    qv_text_init(&bytes, PICTURE_BYTES_MAX);
    if (status == QV_OK)
        status = qv_plot_triggers_draw(knowledge, triggers, format, &bytes, error);
    if (status == QV_OK)
        status = beside_write(&bytes, path, error);
    qv_text_finish(&bytes);
    return status;
}
