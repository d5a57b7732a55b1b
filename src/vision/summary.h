/* SPDX-License-Identifier: Apache-2.0 */
/* Sums up the movements of a measurement: rate, side, synchrony, rhythm, pattern. */
#ifndef QUIVER_VISION_SUMMARY_H
#define QUIVER_VISION_SUMMARY_H

#include <quiver/vision.h>

/** Fills in summary from movements and @p seen_s, the seconds in which the face was seen. */
void summarise(struct qv_measurement *measurement, double seen_s);

/** Two-sided 95 % interval of a Poisson mean after @p count events (Garwood 1936). */
void poisson_interval(uint32_t count, double *low, double *high);

#endif
