/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The drawing module: a file of its own, quiver-draw.so, that is loaded when a picture is asked for.
 *
 * Cairo and Pango bring forty libraries with them, which take longer to load than `quiver ask` takes to answer. So what draws is no
 * part of libquiver: draw_open() loads it. Drawing is a function of a measurement, which a module can be handed as it is; a
 * program of its own, as FFmpeg has (src/vision/child.h), would have to be told it through a pipe.
 *
 * The module shares our structures and not our code: it has its own copy of what it uses of `base` and of the names of `vision`.
 * Its version must be exactly ours.
 */
#ifndef QUIVER_REPORT_DRAW_H
#define QUIVER_REPORT_DRAW_H

#include <quiver/report.h>

struct draw_overlay;

struct draw_module {
    const char *version; /**< QUIVER_VERSION */
    /** A measurement on one page; the bytes of the file are added to @p out. */
    int (*measurement)(const struct qv_measurement *measurement, enum qv_plot_format format, struct qv_text *out,
                       struct qv_error *error);
    /** Triggers on one page; likewise. */
    int (*triggers)(const struct qv_knowledge *knowledge, const struct qv_triggers *triggers,
                    enum qv_plot_format format, struct qv_text *out, struct qv_error *error);
    /** What was measured, drawn onto the frames of a clip, one after another (qv_replay()). */
    int (*overlay_open)(const struct qv_measurement *measurement, struct draw_overlay **out, struct qv_error *error);
    int (*overlay_paint)(struct draw_overlay *overlay, const struct qv_replay_frame *frame, struct qv_error *error);
    void (*overlay_close)(struct draw_overlay *overlay); /**< NULL is fine */
};

/** What the module exports. */
#define DRAW_SYMBOL "quiver_draw"
extern const struct draw_module quiver_draw;

/** Loads the module, once. Errors: QV_ERR_UNAVAILABLE. */
int draw_open(const struct draw_module **out, struct qv_error *error) QV_MUST_CHECK;

#endif
