/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a model: refused with a sentence, or read, and then made a network or refused with a sentence. */
#include "vision/network.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ELEMENTS_RUN_MAX (1U << 16) /* larger graphs are read, but not run: that would only take time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct qv_arena *arena;
    if (!arena && !(arena = qv_arena_create(0)))
        abort();
    qv_arena_reset(arena);
    struct tflite_model model;
    struct network *network = NULL;
    struct qv_error error = {0};
    int status = tflite_read(data, size, arena, &model, &error);
    uint64_t elements = 0;
    for (uint32_t i = 0; status == QV_OK && i < model.tensor_count; i++)
        elements += model.tensors[i].elements;
    if (status == QV_OK && elements <= ELEMENTS_RUN_MAX)
        status = network_create(&model, &network, &error);
    if (status == QV_OK && network)
        status = network_run(network, &error);
    if (status && !error.text[0])
        abort();
    network_destroy(network);
    return 0;
}
