/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a model that tflite_read() gave: convolutions and their kin by XNNPACK, in as few of its subgraphs as there are runs of
 * operators that it knows, and the few odd ones in between in plain C. Weights stored as 16-bit floats are widened once.
 */
#ifndef QUIVER_VISION_NETWORK_H
#define QUIVER_VISION_NETWORK_H

#include "tflite.h"

struct network;

/** @p model and its bytes must outlive the network. Errors: QV_ERR_DATA an operator that is not known, or does not fit. */
int network_create(const struct tflite_model *model, struct network **out, struct qv_error *error) QV_MUST_CHECK;
void network_destroy(struct network *network);

/** Where to write the input's elements before a run, and where an output's lie after it. */
float *network_input(struct network *network);
const float *network_output(const struct network *network, uint32_t index, uint32_t *elements);
int network_run(struct network *network, struct qv_error *error) QV_MUST_CHECK;

#endif
