/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict reader of TensorFlow Lite models (a FlatBuffer), as far as ours use the format: one graph whose operators
 * stand in the order in which they run; tensors of 16- and 32-bit floats and 32-bit integers, of at most four
 * dimensions, their shapes fixed.
 *
 * A model file is bytes from outside. Every offset is checked against the file, every count against a maximum, the size
 * of constant data against the shape, and the graph for order: an operator reads only constants, inputs of the graph and
 * what operators before it made, and a tensor is made once. So whoever walks the operators in order meets no hole and no
 * circle.
 *
 * Three operators are MediaPipe's own (attention.h), known by name and version; the first of them keeps its options as a
 * FlexBuffer.
 *
 * Whether an operator's tensors fit one another is for who runs it (network.h).
 */
#ifndef QUIVER_VISION_TFLITE_H
#define QUIVER_VISION_TFLITE_H

#include <quiver/base.h>

/* About twice what the largest of our models has. */
#define TFLITE_TENSORS_MAX 2048
#define TFLITE_OPERATORS_MAX 2048
#define TFLITE_ELEMENTS_MAX (1U << 20)     /**< of one tensor */
#define TFLITE_ELEMENTS_ALL_MAX (1U << 24) /**< of all together */
#define TFLITE_DIMENSIONS 4
#define TFLITE_LINKS_MAX 4     /**< tensors that an operator reads or makes */
#define TFLITE_OUTPUTS_MAX 8   /**< of the graph; it has one input */
#define TFLITE_POINTS_MAX 1024 /**< in the options of a crop */

enum tflite_type { TFLITE_FLOAT32 = 0, TFLITE_FLOAT16 = 1, TFLITE_INT32 = 2 };

/** What operators do, by the format's own numbers. */
enum tflite_code {
    TFLITE_ADD = 0,
    TFLITE_CONCATENATION = 2,
    TFLITE_CONV_2D = 3,
    TFLITE_DEPTHWISE_CONV_2D = 4,
    TFLITE_DEQUANTIZE = 6,
    TFLITE_MAX_POOL_2D = 17,
    TFLITE_MUL = 18,
    TFLITE_RELU = 19,
    TFLITE_RESHAPE = 22,
    TFLITE_PAD = 34,
    TFLITE_STRIDED_SLICE = 45,
    TFLITE_PRELU = 54,
    /* MediaPipe's, which the format all calls "custom", by numbers of ours */
    TFLITE_CROP_MATRIX = 1000, /**< Landmarks2TransformMatrix */
    TFLITE_CROP,               /**< TransformTensorBilinear */
    TFLITE_CROP_POINTS,        /**< TransformLandmarks */
};

enum tflite_activation { TFLITE_LINEAR = 0, TFLITE_CLAMP_0 = 1, TFLITE_CLAMP_0_6 = 3 };

struct tflite_tensor {
    uint32_t rank, shape[TFLITE_DIMENSIONS], elements;
    enum tflite_type type;
    const uint8_t *data; /**< of a constant, little-endian, in the file; NULL: made while running */
};

/** Options of TFLITE_CROP_MATRIX: which turned box of a map to look at, from points on it. */
struct tflite_crop {
    uint32_t left, right; /**< the points whose line lies level in the crop, but for turn_rad */
    float turn_rad;
    const uint32_t *points; /**< the points that the box must hold */
    uint32_t point_count;
    float scale_x, scale_y; /**< sides of the crop, in sides of the box */
    uint32_t width, height; /**< of the crop, in samples */
};

struct tflite_operator {
    enum tflite_code code;
    uint32_t input_count, inputs[TFLITE_LINKS_MAX]; /**< tensors, by index */
    uint32_t output;
    /* what of these means something hangs on the code; the others are 0 */
    bool padding_same;
    uint32_t stride_x, stride_y, pool_width, pool_height;
    enum tflite_activation activation;
    uint32_t axis;
    const struct tflite_crop *crop;
};

struct tflite_model {
    const struct tflite_tensor *tensors;
    const struct tflite_operator *operators;
    uint32_t tensor_count, operator_count;
    uint32_t input;
    uint32_t outputs[TFLITE_OUTPUTS_MAX], output_count;
};

/**
 * Reads a model. @p bytes must outlive it, the rest lives in @p arena.
 * Errors: QV_ERR_DATA not a model as described above; QV_ERR_UNAVAILABLE out of memory.
 */
int tflite_read(const uint8_t *bytes, size_t size, struct qv_arena *arena, struct tflite_model *out,
                struct qv_error *error) QV_MUST_CHECK;

/** Number @p index of an int32 constant. */
int32_t tflite_int32(const struct tflite_tensor *tensor, uint32_t index);

#endif
