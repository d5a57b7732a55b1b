/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each region did over the whole clip, for a picture of it (struct qv_trace of vision.h).
 *
 * A clip may last for hours; its trace may not grow with it. Frames go into bins: one a bin at first; when all bins are
 * full, neighbours are merged two by two and a bin takes twice as many frames from then on. What a bin says (lowest, highest and mean
 * displacement, how many frames, in how many the face was seen) stays exact, whatever was merged.
 *
 * Along which axis a region mostly moves is only known at the end. So a bin keeps the extremes along TRACE_AXES directions, evenly
 * spread over the half circle; the one nearest to the main axis is given out, which is off by at most 11°: 2 % of the length.
 */
#ifndef QUIVER_VISION_TRACE_H
#define QUIVER_VISION_TRACE_H

#include <quiver/vision.h>

#define TRACE_AXES 8

struct trace;

/** NULL: out of memory. */
struct trace *trace_create(struct qv_arena *arena) QV_MUST_CHECK;

/**
 * The next frame. @p displacement is [2 × region + axis] in chart pixels, x to the right and y down; NULL: the face was not seen.
 * Times rise.
 */
void trace_add(struct trace *t, int64_t time_us, const float *displacement);

/** What there is, in shown pixels, of which @p px_per_chart make one of the chart. NULL: out of memory. */
const struct qv_trace *trace_finish(const struct trace *t, double px_per_chart, bool mirrored,
                                    struct qv_arena *arena) QV_MUST_CHECK;

#endif
