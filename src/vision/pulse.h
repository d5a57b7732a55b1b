/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pulses: what stands out in one region of a block.
 *
 * A *brief* pulse is a local maximum of the bank's answers that stands PULSE_LEAST_SNR above its noise and explains most of what its
 * seconds show. A filter answers beside a pulse too, in the opposite direction: between two twitches in a row the skin at
 * rest looks like a dent. So a pulse must lead away from where the region lies in most of the seconds around; and pulses that follow one another
 * closely are taken as a *train*, which goes one way: those that go the other way are dropped, and what swings to both sides of
 * rest counts once a cycle.
 *
 * A *regular* pulse is a cycle of a rhythm (rhythm.h). A *held* pulse is a stretch in which the region stays away from where it lies at most times.
 */
#ifndef QUIVER_VISION_PULSE_H
#define QUIVER_VISION_PULSE_H

#include "block.h"

/** Above the null channels' largest in minutes of compressed clips (docs/rooms/vision.md). */
#define PULSE_LEAST_SNR 7.0
#define PULSES_MAX 16384

struct pulse {
    uint32_t frame, region, duration; /**< of its peak; duration is of the bank, and means nothing when held */
    double snr, amplitude;            /**< amplitude: of the pooled series */
    double across, down;              /**< the direction it led, a unit vector */
    double start_s, peak_s, end_s;
    bool held;
    bool regular; /**< a cycle of a rhythm */
};

/** Finds the pulses of an analysed block, by time of their start. At most PULSES_MAX are written; returns how many. */
uint32_t pulses_find(struct block *b, struct pulse *pulses);

#endif
