/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FlatBuffers, and FlexBuffers inside them, are read through a cursor that notes the first step outside the file and from
 * then on reads zeros; whoever has read a group of things looks at `broken` once, before using any of them.
 *
 * The formats: https://flatbuffers.dev/internals/, https://flatbuffers.dev/flexbuffers/ and
 * tensorflow/lite/schema/schema.fbs (the numbers of fields below).
 */
#include "tflite.h"

#include <assert.h>
#include <math.h>
#include <string.h>

struct cursor {
    const uint8_t *bytes;
    size_t size;
    bool broken;
};

static uint64_t read_uint(struct cursor *c, size_t at, uint32_t width)
{
    if (c->broken || at > c->size || c->size - at < width) {
        c->broken = true;
        return 0;
    }
    uint64_t value = 0;
    for (uint32_t i = 0; i < width; i++)
        value |= (uint64_t)c->bytes[at + i] << (8 * i);
    return value;
}

static uint32_t read_u32(struct cursor *c, size_t at)
{
    return (uint32_t)read_uint(c, at, 4);
}

/* ---- FlatBuffers ------------------------------------------------------------------------------------------------ */

/* A table: its fields lie at offsets from `at`, below `bytes`, that its vtable tells. */
struct table {
    size_t at, vtable;
    uint32_t bytes, field_count;
};

struct vector {
    size_t at;
    uint32_t count;
};

/* Offsets point forward, so nothing can be reached from itself. */
static size_t follow(struct cursor *c, size_t at)
{
    const uint32_t offset = read_u32(c, at);
    if (c->broken || offset == 0 || offset > c->size - at) {
        c->broken = true;
        return 0;
    }
    return at + offset;
}

static struct table table_at(struct cursor *c, size_t at)
{
    struct table t = {.at = at};
    const int64_t vtable = (int64_t)at - (int32_t)read_u32(c, at);
    if (c->broken || vtable < 0 || (uint64_t)vtable > c->size) {
        c->broken = true;
        return t;
    }
    t.vtable = (size_t)vtable;
    const uint32_t vtable_bytes = (uint32_t)read_uint(c, t.vtable, 2);
    t.bytes = (uint32_t)read_uint(c, t.vtable + 2, 2);
    if (c->broken || vtable_bytes < 4 || vtable_bytes % 2 || vtable_bytes > c->size - t.vtable ||
        t.bytes > c->size - at)
        c->broken = true;
    else
        t.field_count = (vtable_bytes - 4) / 2;
    return t;
}

/* Where a field lies; 0 when the table has it not. */
static size_t field_at(struct cursor *c, const struct table *t, uint32_t index, uint32_t width)
{
    if (index >= t->field_count)
        return 0;
    const uint32_t offset = (uint32_t)read_uint(c, t->vtable + 4 + 2 * (size_t)index, 2);
    if (offset == 0)
        return 0;
    if (offset < 4 || offset + width > t->bytes) {
        c->broken = true;
        return 0;
    }
    return t->at + offset;
}

static uint32_t field_number(struct cursor *c, const struct table *t, uint32_t index, uint32_t width,
                             uint32_t otherwise)
{
    const size_t at = field_at(c, t, index, width);
    return at ? (uint32_t)read_uint(c, at, width) : otherwise;
}

/* A vector that is not there is empty. */
static struct vector field_vector(struct cursor *c, const struct table *t, uint32_t index, uint32_t element_bytes)
{
    struct vector v = {0};
    const size_t at = field_at(c, t, index, 4);
    if (!at)
        return v;
    const size_t begin = follow(c, at);
    const uint32_t count = read_u32(c, begin);
    if (c->broken || (uint64_t)count * element_bytes > c->size - begin - 4) {
        c->broken = true;
        return v;
    }
    v.at = begin + 4;
    v.count = count;
    return v;
}

static struct table vector_table(struct cursor *c, const struct vector *v, uint32_t index)
{
    return table_at(c, follow(c, v->at + 4 * (size_t)index));
}

/* ---- FlexBuffers ------------------------------------------------------------------------------------------------ */

/* A map from words to values, in a buffer of its own. Offsets point backward; `at` is the first value, and what describes the
   values stands before it: their number, and where the keys are. The values' types follow them, a byte each. */
struct flex_map {
    size_t at, keys;
    uint32_t count, width, key_width;
};

enum { FLEX_INT = 1, FLEX_UINT = 2, FLEX_FLOAT = 3, FLEX_MAP = 9, FLEX_INTS = 11, FLEX_UINTS = 12 };

struct flex_value {
    size_t at;
    uint32_t width;       /* bytes of what stands at `at` */
    uint32_t type;        /* 0: not there */
    uint32_t child_width; /* bytes of what an offset at `at` leads to */
};

static size_t flex_back(struct cursor *c, size_t at, uint32_t width)
{
    const uint64_t offset = read_uint(c, at, width);
    if (c->broken || offset == 0 || offset > at) {
        c->broken = true;
        return 0;
    }
    return at - (size_t)offset;
}

/* A number that stands before `at`, such as how many elements follow it. */
static uint64_t flex_before(struct cursor *c, size_t at, uint32_t steps, uint32_t width)
{
    if (at < (size_t)steps * width)
        c->broken = true;
    return read_uint(c, c->broken ? 0 : at - (size_t)steps * width, width);
}

static struct flex_map flex_root(struct cursor *c)
{
    struct flex_map m = {0};
    const size_t end = c->size;
    const uint32_t root_width = end >= 3 ? c->bytes[end - 1] : 0, type = end >= 3 ? c->bytes[end - 2] : 0;
    if (root_width == 0 || root_width > 8 || end < 2 + (size_t)root_width || type >> 2 != FLEX_MAP) {
        c->broken = true;
        return m;
    }
    m.width = 1U << (type & 3);
    m.at = flex_back(c, end - 2 - root_width, root_width);
    const uint64_t count = flex_before(c, m.at, 1, m.width), key_width = flex_before(c, m.at, 2, m.width);
    m.keys = c->broken || m.at < 3 * (size_t)m.width ? 0 : flex_back(c, m.at - 3 * (size_t)m.width, m.width);
    if (c->broken || count > c->size || m.at + count * (m.width + 1) > c->size || key_width == 0 || key_width > 8 ||
        m.keys == 0)
        c->broken = true;
    m.count = c->broken ? 0 : (uint32_t)count;
    m.key_width = (uint32_t)key_width;
    return m;
}

static struct flex_value flex_find(struct cursor *c, const struct flex_map *m, const char *name)
{
    const size_t length = strlen(name) + 1;
    for (uint32_t i = 0; i < m->count; i++) {
        const size_t key = flex_back(c, m->keys + (size_t)i * m->key_width, m->key_width);
        if (c->broken)
            break;
        if (c->size - key < length || memcmp(c->bytes + key, name, length) != 0)
            continue;
        const uint32_t type = (uint32_t)read_uint(c, m->at + (size_t)m->count * m->width + i, 1);
        return (struct flex_value){m->at + (size_t)i * m->width, m->width, type >> 2, 1U << (type & 3)};
    }
    return (struct flex_value){0};
}

static uint32_t flex_uint(struct cursor *c, const struct flex_map *m, const char *name)
{
    const struct flex_value v = flex_find(c, m, name);
    const uint64_t value = read_uint(c, v.at, v.width);
    if ((v.type != FLEX_INT && v.type != FLEX_UINT) || value > INT32_MAX)
        c->broken = true; /* a negative one is larger too */
    return (uint32_t)value;
}

static float flex_float(struct cursor *c, const struct flex_map *m, const char *name)
{
    const struct flex_value v = flex_find(c, m, name);
    const uint32_t bits = (uint32_t)read_uint(c, v.at, v.width);
    float value;
    memcpy(&value, &bits, sizeof value);
    if (v.type != FLEX_FLOAT || v.width != sizeof value || !isfinite(value))
        c->broken = true;
    return value;
}

/* A vector of small whole numbers. */
static struct vector flex_uints(struct cursor *c, const struct flex_map *m, const char *name, uint32_t *width)
{
    const struct flex_value v = flex_find(c, m, name);
    struct vector out = {0};
    if (v.type != FLEX_INTS && v.type != FLEX_UINTS)
        c->broken = true;
    out.at = flex_back(c, v.at, v.width);
    const uint64_t count = flex_before(c, out.at, 1, v.child_width);
    *width = v.child_width;
    if (c->broken || count > (c->size - out.at) / v.child_width)
        c->broken = true;
    else
        out.count = (uint32_t)count;
    return out;
}

/* ---- the model ---------------------------------------------------------------------------------------------------- */

/* What is being read. */
struct reading {
    struct cursor c;
    struct qv_arena *arena;
    struct vector codes, buffers;
    struct tflite_tensor *tensors;
    struct tflite_operator *operators;
    uint32_t tensor_count, operator_count;
    uint32_t elements; /* of all tensors so far */
    bool *made;        /* [tensor]: a constant, the graph's input, or what an operator before made */
    struct qv_error *error;
};

static int not_so(struct reading *r, const char *what)
{
    return qv_fail(r->error, QV_ERR_DATA, "not a TensorFlow Lite model as expected: %s", what);
}

static int tensor_not_so(struct reading *r, uint32_t index, const char *what)
{
    return qv_fail(r->error, QV_ERR_DATA, "tensor %u of %u of the model: %s", index, r->tensor_count, what);
}

static int operator_not_so(struct reading *r, uint32_t index, const char *what)
{
    return qv_fail(r->error, QV_ERR_DATA, "operator %u of %u of the model: %s", index, r->operator_count, what);
}

static const char *read_shape(struct reading *r, const struct vector *shape, struct tflite_tensor *out)
{
    if (shape->count > TFLITE_DIMENSIONS)
        return "it has more than four dimensions";
    out->rank = shape->count;
    out->elements = 1;
    for (uint32_t i = 0; i < shape->count; i++) {
        const uint32_t side = read_u32(&r->c, shape->at + 4 * (size_t)i);
        if (side == 0 || side > TFLITE_ELEMENTS_MAX / out->elements)
            return "its shape is empty or too large";
        out->shape[i] = side;
        out->elements *= side;
    }
    if (out->elements > TFLITE_ELEMENTS_ALL_MAX - r->elements)
        return "all tensors together are too large";
    r->elements += out->elements;
    return NULL;
}

static int read_tensor(struct reading *r, const struct vector *tensors, uint32_t index)
{
    struct cursor *c = &r->c;
    struct tflite_tensor *out = &r->tensors[index];
    const struct table t = vector_table(c, tensors, index);
    const struct vector shape = field_vector(c, &t, 0, 4);
    const uint32_t type = field_number(c, &t, 1, 1, 0), buffer = field_number(c, &t, 2, 4, 0);
    if (c->broken)
        return tensor_not_so(r, index, "it lies outside the file");
    if (type > TFLITE_INT32)
        return tensor_not_so(r, index, "its numbers are neither floats nor 32-bit integers");
    if (buffer >= r->buffers.count)
        return tensor_not_so(r, index, "its buffer does not exist");
    out->type = (enum tflite_type)type;
    const char *wrong = read_shape(r, &shape, out);
    if (wrong)
        return tensor_not_so(r, index, wrong);

    const struct table b = vector_table(c, &r->buffers, buffer);
    const struct vector data = field_vector(c, &b, 0, 1);
    if (c->broken)
        return tensor_not_so(r, index, "its data lie outside the file");
    if (data.count == 0)
        return QV_OK;
    if (data.count != out->elements * (out->type == TFLITE_FLOAT16 ? 2U : 4U))
        return tensor_not_so(r, index, "its data have another size than its shape");
    out->data = c->bytes + data.at;
    r->made[index] = true;
    return QV_OK;
}

#define CODE_CUSTOM 32
#define CUSTOM_VERSION 2 /* of MediaPipe's operators */

static bool read_custom_code(struct cursor *c, const struct table *t, enum tflite_code *out)
{
    static const struct {
        const char *name;
        enum tflite_code code;
    } known[] = {
        {"Landmarks2TransformMatrix", TFLITE_CROP_MATRIX},
        {"TransformTensorBilinear", TFLITE_CROP},
        {"TransformLandmarks", TFLITE_CROP_POINTS},
    };
    const struct vector name = field_vector(c, t, 1, 1);
    if (c->broken || field_number(c, t, 2, 4, 1) != CUSTOM_VERSION)
        return false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (name.count == strlen(known[i].name) && memcmp(c->bytes + name.at, known[i].name, name.count) == 0) {
            *out = known[i].code;
            return true;
        }
    }
    return false;
}

static bool read_code(struct cursor *c, const struct table *t, enum tflite_code *out)
{
    /* The number stood in a byte once; newer files have it in 32 bits too, and whichever is larger counts. */
    const uint32_t short_code = field_number(c, t, 0, 1, 0), code = field_number(c, t, 3, 4, 0);
    *out = (enum tflite_code)(code > short_code ? code : short_code);
    switch ((uint32_t)*out) {
    case CODE_CUSTOM:
        return read_custom_code(c, t, out);
    case TFLITE_ADD:
    case TFLITE_CONCATENATION:
    case TFLITE_CONV_2D:
    case TFLITE_DEPTHWISE_CONV_2D:
    case TFLITE_DEQUANTIZE:
    case TFLITE_MAX_POOL_2D:
    case TFLITE_MUL:
    case TFLITE_RELU:
    case TFLITE_RESHAPE:
    case TFLITE_PAD:
    case TFLITE_STRIDED_SLICE:
    case TFLITE_PRELU:
        return true;
    default:
        return false;
    }
}

/* Fields of the option tables; -1: the operator has it not. Dilation must be 1, which is what an absent field means. */
static const struct option_fields {
    enum tflite_code code;
    int8_t padding, stride_x, stride_y, pool_width, pool_height, activation, axis, multiplier, dilation_x, dilation_y;
} option_fields[] = {
    {TFLITE_ADD, -1, -1, -1, -1, -1, 0, -1, -1, -1, -1},
    {TFLITE_CONCATENATION, -1, -1, -1, -1, -1, 1, 0, -1, -1, -1},
    {TFLITE_CONV_2D, 0, 1, 2, -1, -1, 3, -1, -1, 4, 5},
    {TFLITE_DEPTHWISE_CONV_2D, 0, 1, 2, -1, -1, 4, -1, 3, 5, 6},
    {TFLITE_MAX_POOL_2D, 0, 1, 2, 3, 4, 5, -1, -1, -1, -1},
    {TFLITE_MUL, -1, -1, -1, -1, -1, 0, -1, -1, -1, -1},
};

static uint32_t option(struct cursor *c, const struct table *t, int8_t index, uint32_t width, uint32_t otherwise)
{
    return index < 0 ? otherwise : field_number(c, t, (uint32_t)index, width, otherwise);
}

static const char *read_options(struct cursor *c, const struct table *t, struct tflite_operator *out)
{
    const struct option_fields *o = NULL;
    for (size_t i = 0; i < sizeof option_fields / sizeof *option_fields; i++) {
        if (option_fields[i].code == out->code)
            o = &option_fields[i];
    }
    const size_t at = field_at(c, t, 4, 4);
    if (!o || !at)
        return NULL;
    const struct table table = table_at(c, follow(c, at));
    out->padding_same = option(c, &table, o->padding, 1, 0) == 0;
    out->stride_x = option(c, &table, o->stride_x, 4, 0);
    out->stride_y = option(c, &table, o->stride_y, 4, 0);
    out->pool_width = option(c, &table, o->pool_width, 4, 0);
    out->pool_height = option(c, &table, o->pool_height, 4, 0);
    out->activation = (enum tflite_activation)option(c, &table, o->activation, 1, TFLITE_LINEAR);
    out->axis = option(c, &table, o->axis, 4, 0);
    if (out->stride_x > 16 || out->stride_y > 16 || out->pool_width > 64 || out->pool_height > 64)
        return "its strides or its window are too large";
    if (out->activation != TFLITE_LINEAR && out->activation != TFLITE_CLAMP_0 && out->activation != TFLITE_CLAMP_0_6)
        return "its activation is not known";
    if (option(c, &table, o->multiplier, 4, 1) != 1 || option(c, &table, o->dilation_x, 4, 1) != 1 ||
        option(c, &table, o->dilation_y, 4, 1) != 1)
        return "it is a convolution of a kind that is not known";
    return NULL;
}

static int read_crop(struct reading *r, const struct table *t, uint32_t index, struct tflite_operator *out)
{
    const struct vector options = field_vector(&r->c, t, 5, 1);
    struct cursor c = {.bytes = r->c.bytes + options.at, .size = options.count, .broken = r->c.broken};
    const struct flex_map map = flex_root(&c);
    uint32_t width;
    const struct vector points = flex_uints(&c, &map, "subset_idxs", &width);
    if (c.broken || points.count == 0 || points.count > TFLITE_POINTS_MAX)
        return operator_not_so(r, index, "it is a crop of no points or of too many");
    struct tflite_crop *crop = qv_arena_alloc(r->arena, 1, sizeof *crop);
    uint32_t *list = qv_arena_alloc(r->arena, points.count, sizeof *list);
    if (!crop || !list)
        return qv_fail(r->error, QV_ERR_UNAVAILABLE, "out of memory");
    for (uint32_t i = 0; i < points.count; i++)
        list[i] = (uint32_t)read_uint(&c, points.at + (size_t)i * width, width);
    *crop = (struct tflite_crop){
        .left = flex_uint(&c, &map, "left_rotation_idx"),
        .right = flex_uint(&c, &map, "right_rotation_idx"),
        .turn_rad = flex_float(&c, &map, "target_rotation_radians"),
        .points = list,
        .point_count = points.count,
        .scale_x = flex_float(&c, &map, "scale_x"),
        .scale_y = flex_float(&c, &map, "scale_y"),
        .width = flex_uint(&c, &map, "output_width"),
        .height = flex_uint(&c, &map, "output_height"),
    };
    out->crop = crop;
    if (!c.broken && (!crop->width || !crop->height))
        return operator_not_so(r, index, "its crop has no samples");
    return c.broken ? operator_not_so(r, index, "the options of its crop are missing or of another kind") : QV_OK;
}

static const char *read_links(struct reading *r, const struct table *t, struct tflite_operator *out)
{
    struct cursor *c = &r->c;
    const struct vector inputs = field_vector(c, t, 1, 4), outputs = field_vector(c, t, 2, 4);
    if (c->broken)
        return "it lies outside the file";
    if (inputs.count == 0 || inputs.count > TFLITE_LINKS_MAX || outputs.count != 1)
        return "it has too many or too few inputs or outputs";
    for (uint32_t i = 0; i < inputs.count; i++) {
        const uint32_t input = read_u32(c, inputs.at + 4 * (size_t)i);
        if (input >= r->tensor_count || !r->made[input])
            return "it reads a tensor that nothing before it made";
        out->inputs[i] = input;
    }
    out->input_count = inputs.count;
    out->output = read_u32(c, outputs.at);
    if (out->output >= r->tensor_count || r->made[out->output])
        return "it makes a tensor that exists already or never can";
    r->made[out->output] = true;
    return NULL;
}

static int read_operator(struct reading *r, const struct vector *operators, uint32_t index)
{
    struct cursor *c = &r->c;
    struct tflite_operator *out = &r->operators[index];
    const struct table t = vector_table(c, operators, index);
    const uint32_t which = field_number(c, &t, 0, 4, 0);
    if (c->broken || which >= r->codes.count)
        return operator_not_so(r, index, "it lies outside the file");
    const struct table code = vector_table(c, &r->codes, which);
    if (!read_code(c, &code, &out->code))
        return operator_not_so(r, index, "it is of a kind or a version that is not known");
    const char *wrong = read_links(r, &t, out);
    if (!wrong)
        wrong = read_options(c, &t, out);
    if (wrong)
        return operator_not_so(r, index, wrong);
    if (out->code == TFLITE_CROP_MATRIX)
        return read_crop(r, &t, index, out);
    return c->broken ? operator_not_so(r, index, "its options lie outside the file") : QV_OK;
}

/* The graph's input must be known before, its outputs can be known only after its operators. */
static int read_input(struct reading *r, const struct table *graph, struct tflite_model *m)
{
    const struct vector inputs = field_vector(&r->c, graph, 1, 4);
    if (inputs.count != 1)
        return not_so(r, "it has not one input");
    m->input = read_u32(&r->c, inputs.at);
    if (m->input >= r->tensor_count || r->made[m->input] || r->tensors[m->input].type != TFLITE_FLOAT32)
        return not_so(r, "its input is no tensor of floats");
    r->made[m->input] = true;
    return QV_OK;
}

static int read_outputs(struct reading *r, const struct table *graph, struct tflite_model *m)
{
    const struct vector outputs = field_vector(&r->c, graph, 2, 4);
    if (outputs.count == 0 || outputs.count > TFLITE_OUTPUTS_MAX)
        return not_so(r, "it has no outputs or too many");
    for (uint32_t i = 0; i < outputs.count; i++) {
        m->outputs[i] = read_u32(&r->c, outputs.at + 4 * (size_t)i);
        if (m->outputs[i] >= r->tensor_count || !r->made[m->outputs[i]])
            return not_so(r, "nothing makes one of its outputs");
    }
    m->output_count = outputs.count;
    return QV_OK;
}

static int read_graph(struct reading *r, const struct table *graph, struct tflite_model *m)
{
    const struct vector tensors = field_vector(&r->c, graph, 0, 4), operators = field_vector(&r->c, graph, 3, 4);
    if (r->c.broken || tensors.count > TFLITE_TENSORS_MAX || operators.count > TFLITE_OPERATORS_MAX)
        return not_so(r, "its graph is too large or lies outside the file");
    r->tensor_count = tensors.count;
    r->operator_count = operators.count;
    r->tensors = qv_arena_alloc(r->arena, tensors.count, sizeof *r->tensors);
    r->made = qv_arena_alloc(r->arena, tensors.count, sizeof *r->made);
    r->operators = qv_arena_alloc(r->arena, operators.count, sizeof *r->operators);
    if (!r->tensors || !r->made || !r->operators)
        return qv_fail(r->error, QV_ERR_UNAVAILABLE, "out of memory");
    int status = QV_OK;
    for (uint32_t i = 0; i < tensors.count && !status; i++)
        status = read_tensor(r, &tensors, i);
    if (!status)
        status = read_input(r, graph, m);
    for (uint32_t i = 0; i < operators.count && !status; i++)
        status = read_operator(r, &operators, i);
    return status ? status : read_outputs(r, graph, m);
}

int tflite_read(const uint8_t *bytes, size_t size, struct qv_arena *arena, struct tflite_model *out,
                struct qv_error *error)
{
    struct reading r = {.c = {.bytes = bytes, .size = size}, .arena = arena, .error = error};
    if (size < 8 || memcmp(bytes + 4, "TFL3", 4) != 0)
        return not_so(&r, "its mark TFL3 is missing");
    const struct table model = table_at(&r.c, follow(&r.c, 0));
    r.codes = field_vector(&r.c, &model, 1, 4);
    r.buffers = field_vector(&r.c, &model, 4, 4);
    const struct vector graphs = field_vector(&r.c, &model, 2, 4);
    if (r.c.broken || graphs.count != 1)
        return not_so(&r, "it has not one graph");
    const struct table graph = vector_table(&r.c, &graphs, 0);
    struct tflite_model m = {0};
    int status = read_graph(&r, &graph, &m);
    if (status)
        return status;
    m.tensors = r.tensors;
    m.operators = r.operators;
    m.tensor_count = r.tensor_count;
    m.operator_count = r.operator_count;
    *out = m;
    return QV_OK;
}

int32_t tflite_int32(const struct tflite_tensor *tensor, uint32_t index)
{
    assert(tensor->type == TFLITE_INT32 && tensor->data);
    assert(index < tensor->elements);
    const uint8_t *at = tensor->data + 4 * (size_t)index;
    return (int32_t)((uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);
}
