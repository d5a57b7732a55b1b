/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes TensorFlow Lite models of a few hundred bytes: what the reader and the network are tested with where the real ones
 * are not at hand. A FlatBuffer is written front to back, since its offsets point forward: whoever refers comes first and
 * is linked when that which is referred to is written.
 */
#ifndef QUIVER_TESTS_LITTLE_MODEL_H
#define QUIVER_TESTS_LITTLE_MODEL_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct little_bytes {
    uint8_t bytes[16384];
    size_t count;
};

struct little_tensor {
    uint32_t rank, shape[4], type; /* 0 float, 1 half, 2 int32 */
    const void *data;              /* of a constant */
    uint32_t data_bytes;
};

struct little_operator {
    uint32_t code;
    const char *custom; /* the name, for code 32 */
    uint32_t input_count, inputs[4], output;
    uint32_t option_count, options[8]; /* fields of the option table, each of 32 bits */
    const struct little_bytes *custom_options;
};

struct little_model {
    uint32_t tensor_count, operator_count, input, output_count, outputs[8];
    struct little_tensor tensors[8];
    struct little_operator operators[8];
};

static inline void little_uint(struct little_bytes *b, uint64_t value, uint32_t width)
{
    assert(b->count + width <= sizeof b->bytes);
    for (uint32_t i = 0; i < width; i++)
        b->bytes[b->count++] = (uint8_t)(value >> 8 * i);
}

/* Lets the offset at `from` lead to what is written next. */
static inline void little_link(struct little_bytes *b, size_t from)
{
    for (uint32_t i = 0; i < 4; i++)
        b->bytes[from + i] = (uint8_t)((b->count - from) >> 8 * i);
}

/* A table of so many fields of 32 bits, all 0 and all there; gives where the first lies. */
static inline size_t little_table(struct little_bytes *b, uint32_t fields)
{
    const size_t vtable = b->count;
    little_uint(b, 4 + 2 * fields, 2);
    little_uint(b, 4 + 4 * fields, 2);
    for (uint32_t i = 0; i < fields; i++)
        little_uint(b, 4 + 4 * i, 2);
    const size_t table = b->count;
    little_uint(b, table - vtable, 4);
    for (uint32_t i = 0; i < fields; i++)
        little_uint(b, 0, 4);
    return table + 4;
}

/* The same, linked from `from`, which led to the vtable otherwise. */
static inline size_t little_child(struct little_bytes *b, size_t from, uint32_t fields)
{
    const size_t first = little_table(b, fields), end = b->count;
    b->count = first - 4;
    little_link(b, from);
    b->count = end;
    return first;
}

static inline void little_set(struct little_bytes *b, size_t at, uint32_t value)
{
    const size_t end = b->count;
    b->count = at;
    little_uint(b, value, 4);
    b->count = end;
}

/* A vector of bytes; one of numbers is the same with its count put right. */
static inline void little_vector(struct little_bytes *b, size_t from, const void *data, uint32_t bytes, uint32_t count)
{
    little_link(b, from);
    little_uint(b, count, 4);
    assert(b->count + bytes <= sizeof b->bytes);
    memcpy(b->bytes + b->count, data, bytes);
    b->count += bytes;
}

static inline void little_numbers(struct little_bytes *b, size_t from, const uint32_t *numbers, uint32_t count)
{
    little_link(b, from);
    little_uint(b, count, 4);
    for (uint32_t i = 0; i < count; i++)
        little_uint(b, numbers[i], 4);
}

/* A vector of offsets to things that are yet to be written; gives where the first lies. */
static inline size_t little_list(struct little_bytes *b, size_t from, uint32_t count)
{
    little_link(b, from);
    little_uint(b, count, 4);
    const size_t first = b->count;
    for (uint32_t i = 0; i < count; i++)
        little_uint(b, 0, 4);
    return first;
}

static inline void little_write_operators(struct little_bytes *b, size_t from, const struct little_model *m)
{
    const size_t list = little_list(b, from, m->operator_count);
    for (uint32_t i = 0; i < m->operator_count; i++) {
        const struct little_operator *o = &m->operators[i];
        const size_t field = little_child(b, list + 4 * (size_t)i, o->custom_options ? 6 : o->option_count ? 5 : 3);
        little_set(b, field, i);
        little_numbers(b, field + 4, o->inputs, o->input_count);
        little_numbers(b, field + 8, &o->output, 1);
        if (o->custom_options) {
            little_child(b, field + 16, 0);
            little_vector(b, field + 20, o->custom_options->bytes, (uint32_t)o->custom_options->count,
                          (uint32_t)o->custom_options->count);
        } else if (o->option_count) {
            const size_t option = little_child(b, field + 16, o->option_count);
            for (uint32_t k = 0; k < o->option_count; k++)
                little_set(b, option + 4 * (size_t)k, o->options[k]);
        }
    }
}

/* Every tensor has a buffer of its own, every operator a code of its own. */
static inline void little_write(struct little_bytes *b, const struct little_model *m)
{
    b->count = 0;
    little_uint(b, 0, 4);
    little_uint(b, 0x334c4654, 4); /* TFL3 */
    const size_t model = little_child(b, 0, 5);
    const size_t codes = little_list(b, model + 4, m->operator_count);
    for (uint32_t i = 0; i < m->operator_count; i++) {
        const size_t field = little_child(b, codes + 4 * (size_t)i, 4);
        const char *custom = m->operators[i].custom ? m->operators[i].custom : "";
        little_vector(b, field + 4, custom, (uint32_t)strlen(custom), (uint32_t)strlen(custom));
        little_set(b, field + 8, 2);
        little_set(b, field + 12, m->operators[i].code);
    }
    const size_t graphs = little_list(b, model + 8, 1), graph = little_child(b, graphs, 4);
    const size_t tensors = little_list(b, graph, m->tensor_count);
    for (uint32_t i = 0; i < m->tensor_count; i++) {
        const size_t field = little_child(b, tensors + 4 * (size_t)i, 3);
        little_numbers(b, field, m->tensors[i].shape, m->tensors[i].rank);
        little_set(b, field + 4, m->tensors[i].type);
        little_set(b, field + 8, i);
    }
    little_numbers(b, graph + 4, &m->input, 1);
    little_numbers(b, graph + 8, m->outputs, m->output_count);
    little_write_operators(b, graph + 12, m);
    const size_t buffers = little_list(b, model + 16, m->tensor_count);
    for (uint32_t i = 0; i < m->tensor_count; i++) {
        const size_t field = little_child(b, buffers + 4 * (size_t)i, 1);
        little_vector(b, field, m->tensors[i].data ? m->tensors[i].data : "", m->tensors[i].data_bytes,
                      m->tensors[i].data_bytes);
    }
}

/* The options of a crop round some points: a FlexBuffer, whose offsets point backward. Values take 4 bytes, points 2. */
static inline void little_crop(struct little_bytes *b, uint32_t left, uint32_t right, float scale, uint32_t side,
                               const uint16_t *points, uint32_t count)
{
    static const char *const names[] = {
        "left_rotation_idx", "output_height", "output_width", "right_rotation_idx",
        "scale_x",           "scale_y",       "subset_idxs",  "target_rotation_radians"};
    enum { NAMES = 8, INT = 1 << 2 | 2, FLOAT = 3 << 2 | 2, INTS = 11 << 2 | 1, MAP = 9 << 2 | 2 };
    static const uint8_t types[NAMES] = {INT, INT, INT, INT, FLOAT, FLOAT, INTS, FLOAT};
    size_t key[NAMES];
    b->count = 0;
    for (int i = 0; i < NAMES; i++) {
        key[i] = b->count;
        for (const char *c = names[i]; *c; c++)
            little_uint(b, (uint8_t)*c, 1);
        little_uint(b, 0, 1);
    }
    little_uint(b, count, 2);
    const size_t list = b->count;
    for (uint32_t i = 0; i < count; i++)
        little_uint(b, points[i], 2);
    little_uint(b, NAMES, 4);
    const size_t keys = b->count;
    for (int i = 0; i < NAMES; i++)
        little_uint(b, b->count - key[i], 4);
    uint32_t scale_bits;
    memcpy(&scale_bits, &scale, sizeof scale_bits);
    little_uint(b, b->count - keys, 4);
    little_uint(b, 4, 4); /* bytes of a key's offset */
    little_uint(b, NAMES, 4);
    const size_t values = b->count;
    const uint32_t value[NAMES] = {
        left, side, side, right, scale_bits, scale_bits, (uint32_t)(values + 4 * (size_t)6 - list), 0};
    for (int i = 0; i < NAMES; i++)
        little_uint(b, value[i], 4);
    for (int i = 0; i < NAMES; i++)
        little_uint(b, types[i], 1);
    little_uint(b, b->count - values, 1);
    little_uint(b, MAP, 1);
    little_uint(b, 1, 1);
}

/* ---- two models ----------------------------------------------------------------------------------------------------------- */

/* 4 × 4 pixels of two channels: a convolution that doubles and adds one, no value below 0, and all in a row. */
static inline void little_convolution(struct little_bytes *out)
{
    static const float weights[2][2] = {{2, 0}, {0, 2}}, bias[2] = {1, 1};
    static const int32_t shape[2] = {1, 32};
    const struct little_model m = {
        .tensor_count = 7,
        .operator_count = 3,
        .input = 0,
        .output_count = 1,
        .outputs = {5},
        .tensors = {{4, {1, 4, 4, 2}, 0, NULL, 0},
                    {4, {2, 1, 1, 2}, 0, weights, sizeof weights},
                    {1, {2}, 0, bias, sizeof bias},
                    {4, {1, 4, 4, 2}, 0, NULL, 0},
                    {4, {1, 4, 4, 2}, 0, NULL, 0},
                    {2, {1, 32}, 0, NULL, 0},
                    {1, {2}, 2, shape, sizeof shape}},
        .operators = {{3, NULL, 3, {0, 1, 2}, 3, 4, {0, 1, 1, 0}, NULL},
                      {19, NULL, 1, {3}, 4, 0, {0}, NULL},
                      {22, NULL, 2, {4, 6}, 5, 0, {0}, NULL}},
    };
    little_write(out, &m);
}

/*
 * A little attention mesh: four points (x, y, z) are the input; the box round them, 1.5 times as large, is cropped to 4 × 4 out of a
 * constant map whose two channels are the x and y of each sample's centre; and the points are moved by the crop's matrix.
 */
static inline void little_attention(struct little_bytes *out)
{
    static const uint16_t points[4] = {0, 1, 2, 3};
    static float map[16][16][2];
    for (int j = 0; j < 16; j++) {
        for (int i = 0; i < 16; i++) {
            map[j][i][0] = (float)i + 0.5f;
            map[j][i][1] = (float)j + 0.5f;
        }
    }
    static const float corners[3][2] = {{0, 0}, {4, 0}, {2, 2}};
    struct little_bytes crop;
    little_crop(&crop, 0, 1, 1.5f, 4, points, 4);
    const struct little_model m = {
        .tensor_count = 6,
        .operator_count = 3,
        .input = 0,
        .output_count = 2,
        .outputs = {3, 5},
        .tensors = {{3, {1, 4, 3}, 0, NULL, 0},
                    {4, {1, 16, 16, 2}, 0, map, sizeof map},
                    {3, {1, 4, 4}, 0, NULL, 0},
                    {4, {1, 4, 4, 2}, 0, NULL, 0},
                    {3, {1, 3, 2}, 0, corners, sizeof corners},
                    {3, {1, 3, 2}, 0, NULL, 0}},
        .operators = {{32, "Landmarks2TransformMatrix", 1, {0}, 2, 0, {0}, &crop},
                      {32, "TransformTensorBilinear", 2, {1, 2}, 3, 0, {0}, NULL},
                      {32, "TransformLandmarks", 2, {4, 2}, 5, 0, {0}, NULL}},
    };
    little_write(out, &m);
}

#endif
