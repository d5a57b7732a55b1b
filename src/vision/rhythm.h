/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rhythms: a region that swings evenly, so that there is no rest between its movements to compare them with.
 *
 * Over windows of a block a sinusoid is fitted to both axes by least squares on the true times (Lomb 1976, Astrophys. Space Sci. 39:447),
 * after a slow bend is taken out, for frequencies of a tremor. It is a rhythm when it explains most of what the region did. A
 * lamp can do the same: what swings at the frequency of the light is no movement. Each cycle is one pulse.
 */
#ifndef QUIVER_VISION_RHYTHM_H
#define QUIVER_VISION_RHYTHM_H

#include "pulse.h"

/** Writes a pulse a cycle, by time; returns how many. */
uint32_t rhythm_find(const struct block *b, uint32_t region, struct pulse *pulses, uint32_t room);
/** One of these cycles holds that moment. */
bool rhythm_holds(const struct pulse *cycles, uint32_t count, double time_s);

#endif
