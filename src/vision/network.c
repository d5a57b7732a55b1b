/* SPDX-License-Identifier: Apache-2.0 */
#include "network.h"

#include "attention.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <xnnpack.h>

#define PADDING_ELEMENTS 16 /* XNNPACK may read a little beyond a tensor (XNN_EXTRA_BYTES) */

struct step {
    uint32_t first, count; /* operators */
    xnn_runtime_t runtime; /* NULL: one plain operator */
};

struct network {
    const struct tflite_model *model;
    struct qv_arena *arena;
    float **values;     /* [tensor]: constants, and what crosses from step to step */
    uint32_t *last_use; /* [tensor]: the last step that reads it */
    uint32_t *made_in;  /* [tensor]: the step that makes it */
    struct step *steps;
    uint32_t step_count;
};

static int no_memory(struct qv_error *error)
{
    return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
}

static float half_to_float(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 1023;
    if (exponent == 0)
        return ldexpf((float)fraction, -24) * (sign ? -1.0f : 1.0f);
    const uint32_t bits = sign | (exponent == 31 ? 0x7f800000U : (exponent + 112) << 23) | fraction << 13;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static bool is_xnn(const struct tflite_operator *o)
{
    switch (o->code) {
    case TFLITE_ADD:
    case TFLITE_CONV_2D:
    case TFLITE_DEPTHWISE_CONV_2D:
    case TFLITE_MAX_POOL_2D:
    case TFLITE_MUL:
    case TFLITE_PAD:
    case TFLITE_PRELU:
    case TFLITE_RELU:
        return true;
    default:
        return false;
    }
}

static float *room_for(struct network *n, uint32_t tensor)
{
    assert(n->values && tensor < n->model->tensor_count);
    if (!n->values[tensor])
        n->values[tensor] =
            qv_arena_alloc(n->arena, n->model->tensors[tensor].elements + PADDING_ELEMENTS, sizeof(float));
    return n->values[tensor];
}

/* Constants as 32-bit floats; what DEQUANTIZE makes of a constant is one too. */
static int widen_constants(struct network *n, struct qv_error *error)
{
    const struct tflite_model *m = n->model;
    for (uint32_t i = 0; i < m->operator_count; i++) {
        const struct tflite_operator *o = &m->operators[i];
        if (o->code != TFLITE_DEQUANTIZE)
            continue;
        if (o->input_count != 1 || m->tensors[o->inputs[0]].type != TFLITE_FLOAT16 || !m->tensors[o->inputs[0]].data ||
            m->tensors[o->inputs[0]].elements != m->tensors[o->output].elements)
            return qv_fail(error, QV_ERR_DATA, "operator %u of a model widens what is no constant", i);
        float *to = room_for(n, o->output);
        if (!to)
            return no_memory(error);
        const struct tflite_tensor *from = &m->tensors[o->inputs[0]];
        for (uint32_t k = 0; k < from->elements; k++)
            to[k] = half_to_float((uint16_t)(from->data[2 * k] | from->data[2 * k + 1] << 8));
    }
    for (uint32_t t = 0; t < m->tensor_count; t++) {
        if (!m->tensors[t].data || m->tensors[t].type != TFLITE_FLOAT32)
            continue;
        float *to = room_for(n, t);
        if (!to)
            return no_memory(error);
        memcpy(to, m->tensors[t].data, m->tensors[t].elements * sizeof(float));
    }
    return QV_OK;
}

/* Runs of operators for XNNPACK, the others alone. */
static int make_steps(struct network *n, struct qv_error *error)
{
    const struct tflite_model *m = n->model;
    n->steps = qv_arena_alloc(n->arena, m->operator_count + 1, sizeof *n->steps);
    if (!n->steps)
        return no_memory(error);
    bool open = false;
    for (uint32_t i = 0; i < m->operator_count; i++) {
        const struct tflite_operator *o = &m->operators[i];
        const bool xnn = is_xnn(o);
        if (o->code != TFLITE_DEQUANTIZE && !(xnn && open)) {
            n->steps[n->step_count++] = (struct step){.first = i};
            open = xnn;
        }
        if (n->step_count)
            n->steps[n->step_count - 1].count = i + 1 - n->steps[n->step_count - 1].first;
        if (o->code == TFLITE_DEQUANTIZE)
            continue;
        for (uint32_t k = 0; k < o->input_count; k++)
            n->last_use[o->inputs[k]] = n->step_count;
        n->made_in[o->output] = n->step_count;
    }
    for (uint32_t k = 0; k < m->output_count; k++)
        n->last_use[m->outputs[k]] = UINT32_MAX;
    return QV_OK;
}

/* ---- XNNPACK ------------------------------------------------------------------------------------------------------------- */

struct build {
    struct network *n;
    xnn_subgraph_t graph;
    uint32_t *ids; /* [tensor]: its value in the subgraph, or XNN_INVALID_VALUE_ID */
    uint32_t step;
    struct xnn_external_value *external;
    uint32_t external_count;
    bool no_memory; /* the reason why something could not be added */
};

static bool value_of(struct build *b, uint32_t tensor, uint32_t *id)
{
    assert(b->ids);
    if (b->ids[tensor] != XNN_INVALID_VALUE_ID) {
        *id = b->ids[tensor];
        return true;
    }
    const struct tflite_tensor *t = &b->n->model->tensors[tensor];
    size_t shape[TFLITE_DIMENSIONS];
    for (uint32_t i = 0; i < t->rank; i++)
        shape[i] = t->shape[i];
    const bool made_here = b->n->made_in[tensor] == b->step + 1;
    const bool constant = !b->n->made_in[tensor] && b->n->values[tensor] && tensor != b->n->model->input;
    const bool leaves = made_here && b->n->last_use[tensor] > b->step + 1;
    uint32_t flags = 0, external = XNN_INVALID_VALUE_ID;
    const void *data = constant ? b->n->values[tensor] : NULL;
    if (!constant && (!made_here || leaves)) {
        if (!room_for(b->n, tensor)) {
            b->no_memory = true;
            return false;
        }
        external = b->external_count;
        flags = made_here ? XNN_VALUE_FLAG_EXTERNAL_OUTPUT : XNN_VALUE_FLAG_EXTERNAL_INPUT;
        b->external[b->external_count++] = (struct xnn_external_value){external, b->n->values[tensor]};
    }
    const enum xnn_status status =
        xnn_define_tensor_value(b->graph, xnn_datatype_fp32, t->rank, shape, data, external, flags, id);
    b->no_memory = status == xnn_status_out_of_memory;
    b->ids[tensor] = *id;
    return status == xnn_status_success;
}

/* Whether a window of that size slides along a side as the operator says. */
static bool slides(const struct tflite_operator *o, uint32_t from, uint32_t window, uint32_t stride, uint32_t to)
{
    if (!stride || !window || (!o->padding_same && from < window))
        return false;
    return to == (o->padding_same ? (from + stride - 1) / stride : (from - window) / stride + 1);
}

static bool slides_over(const struct tflite_operator *o, const struct tflite_tensor *x, const struct tflite_tensor *y,
                        uint32_t width, uint32_t height)
{
    return x->rank == 4 && y->rank == 4 && x->shape[0] == y->shape[0] &&
           slides(o, x->shape[1], height, o->stride_y, y->shape[1]) &&
           slides(o, x->shape[2], width, o->stride_x, y->shape[2]);
}

static bool convolves(const struct network *n, const struct tflite_operator *o)
{
    const struct tflite_tensor *t = n->model->tensors, *x = &t[o->inputs[0]], *y = &t[o->output];
    if (o->input_count != 3 || !n->values[o->inputs[1]] || !n->values[o->inputs[2]])
        return false;
    const struct tflite_tensor *w = &t[o->inputs[1]];
    const bool depthwise = o->code == TFLITE_DEPTHWISE_CONV_2D;
    const uint32_t channels = w->shape[depthwise ? 3 : 0];
    return w->rank == 4 && slides_over(o, x, y, w->shape[2], w->shape[1]) && w->shape[3] == x->shape[3] &&
           channels == y->shape[3] && t[o->inputs[2]].elements == channels && (!depthwise || w->shape[0] == 1);
}

static bool same_shape(const struct tflite_tensor *a, const struct tflite_tensor *b)
{
    return a->rank == b->rank && memcmp(a->shape, b->shape, a->rank * sizeof *a->shape) == 0;
}

static bool pads(const struct tflite_model *m, const struct tflite_operator *o, size_t before[static TFLITE_DIMENSIONS],
                 size_t after[static TFLITE_DIMENSIONS])
{
    const struct tflite_tensor *x = &m->tensors[o->inputs[0]], *y = &m->tensors[o->output];
    const struct tflite_tensor *p = o->input_count == 2 ? &m->tensors[o->inputs[1]] : NULL;
    if (!p || p->type != TFLITE_INT32 || !p->data || p->elements != 2 * x->rank || y->rank != x->rank)
        return false;
    for (uint32_t i = 0; i < x->rank; i++) {
        const int32_t low = tflite_int32(p, 2 * i), high = tflite_int32(p, 2 * i + 1);
        if (low < 0 || high < 0 || (int64_t)x->shape[i] + low + high != y->shape[i])
            return false;
        before[i] = (size_t)low;
        after[i] = (size_t)high;
    }
    return true;
}

/* Whether an operator's tensors fit one another: XNNPACK believes what it is told. */
static bool xnn_fits(const struct network *n, const struct tflite_operator *o)
{
    const struct tflite_tensor *t = n->model->tensors, *x = &t[o->inputs[0]], *y = &t[o->output];
    const uint32_t floats = o->code == TFLITE_PAD ? 1 : o->input_count; /* how much to pad are whole numbers */
    for (uint32_t k = 0; k < floats; k++) {
        if (t[o->inputs[k]].type != TFLITE_FLOAT32)
            return false;
    }
    if (!o->input_count || y->type != TFLITE_FLOAT32 || !x->rank || !n->last_use[o->output])
        return false; /* for what nobody reads it has no room */
    switch (o->code) {
    case TFLITE_CONV_2D:
    case TFLITE_DEPTHWISE_CONV_2D:
        return convolves(n, o);
    case TFLITE_MAX_POOL_2D:
        return o->input_count == 1 && slides_over(o, x, y, o->pool_width, o->pool_height) && x->shape[3] == y->shape[3];
    case TFLITE_PRELU:
        return o->input_count == 2 && same_shape(x, y) && n->values[o->inputs[1]] &&
               t[o->inputs[1]].elements == x->shape[x->rank - 1];
    case TFLITE_RELU:
        return o->input_count == 1 && same_shape(x, y);
    case TFLITE_ADD:
        return o->input_count == 2 && same_shape(x, y) && same_shape(&t[o->inputs[1]], y);
    case TFLITE_MUL:
        return o->input_count == 2 && same_shape(x, y) &&
               (same_shape(&t[o->inputs[1]], y) || t[o->inputs[1]].elements == 1);
    default: /* PAD, which reads its numbers when it is added */
        return true;
    }
}

static bool add_operator(struct build *b, const struct tflite_operator *o)
{
    const struct tflite_model *m = b->n->model;
    uint32_t in[TFLITE_LINKS_MAX] = {0}, out;
    if (!xnn_fits(b->n, o))
        return false;
    const uint32_t links = o->code == TFLITE_PAD ? 1 : o->input_count; /* how much to pad is read here, not there */
    for (uint32_t k = 0; k < links; k++) {
        if (!value_of(b, o->inputs[k], &in[k]))
            return false;
    }
    if (!value_of(b, o->output, &out))
        return false;
    const float low = o->activation != TFLITE_LINEAR ? 0 : -INFINITY,
                high = o->activation == TFLITE_CLAMP_0_6 ? 6 : INFINITY;
    const uint32_t same = o->padding_same ? XNN_FLAG_TENSORFLOW_SAME_PADDING : 0;
    const struct tflite_tensor *w = &m->tensors[o->inputs[o->input_count > 1 ? 1 : 0]];
    size_t before[TFLITE_DIMENSIONS], after[TFLITE_DIMENSIONS];
    enum xnn_status status = xnn_status_invalid_parameter;
    switch (o->code) {
    case TFLITE_CONV_2D:
        status = xnn_define_convolution_2d(b->graph, 0, 0, 0, 0, w->shape[1], w->shape[2], o->stride_y, o->stride_x, 1,
                                           1, 1, w->shape[3], w->shape[0], low, high, in[0], in[1], in[2], out, same);
        break;
    case TFLITE_DEPTHWISE_CONV_2D:
        status = xnn_define_depthwise_convolution_2d(b->graph, 0, 0, 0, 0, w->shape[1], w->shape[2], o->stride_y,
                                                     o->stride_x, 1, 1, 1, w->shape[3], low, high, in[0], in[1], in[2],
                                                     out, same);
        break;
    case TFLITE_PRELU:
        status = xnn_define_prelu(b->graph, in[0], in[1], out, 0);
        break;
    case TFLITE_RELU:
        status = xnn_define_clamp(b->graph, 0, INFINITY, in[0], out, 0);
        break;
    case TFLITE_ADD:
        status = xnn_define_add2(b->graph, low, high, in[0], in[1], out, 0);
        break;
    case TFLITE_MUL:
        status = xnn_define_multiply2(b->graph, low, high, in[0], in[1], out, 0);
        break;
    case TFLITE_MAX_POOL_2D:
        status = xnn_define_max_pooling_2d(b->graph, 0, 0, 0, 0, o->pool_height, o->pool_width, o->stride_y,
                                           o->stride_x, 1, 1, -INFINITY, INFINITY, in[0], out, same);
        break;
    case TFLITE_PAD:
        if (!pads(m, o, before, after))
            return false;
        status = xnn_define_static_constant_pad(b->graph, before, after, 0, in[0], out, 0);
        break;
    default:
        break;
    }
    b->no_memory = status == xnn_status_out_of_memory;
    return status == xnn_status_success;
}

/* Makes the runtime of a finished subgraph. */
static int make_runtime(struct build *b, xnn_runtime_t *runtime, struct qv_error *error)
{
    enum xnn_status status = xnn_create_runtime_v2(b->graph, NULL, 0, runtime);
    if (status == xnn_status_success)
        status = xnn_setup_runtime(*runtime, b->external_count, b->external);
    if (status == xnn_status_out_of_memory)
        return no_memory(error);
    return status == xnn_status_success ? QV_OK : qv_fail(error, QV_ERR_DATA, "a model does not run");
}

static int build_step(struct network *n, uint32_t index, struct qv_error *error)
{
    struct step *step = &n->steps[index];
    const struct tflite_model *m = n->model;
    struct build b = {.n = n, .step = index};
    b.ids = malloc((m->tensor_count + 1) * sizeof *b.ids);
    b.external = calloc(m->tensor_count, sizeof *b.external);
    int status = QV_OK;
    if (!b.ids || !b.external || xnn_create_subgraph(m->tensor_count, 0, &b.graph) != xnn_status_success)
        status = no_memory(error);
    for (uint32_t t = 0; b.ids && t < m->tensor_count; t++)
        b.ids[t] = XNN_INVALID_VALUE_ID;
    for (uint32_t i = step->first; status == QV_OK && i < step->first + step->count; i++) {
        if (m->operators[i].code == TFLITE_DEQUANTIZE || add_operator(&b, &m->operators[i]))
            continue;
        status = b.no_memory ? no_memory(error)
                             : qv_fail(error, QV_ERR_DATA, "operator %u of a model does not fit its tensors", i);
    }
    if (status == QV_OK)
        status = make_runtime(&b, &step->runtime, error);
    if (b.graph)
        xnn_delete_subgraph(b.graph);
    free(b.ids);
    free(b.external);
    return status;
}

/* ---- plain operators -------------------------------------------------------------------------------------------------------- */

/* Along the second dimension where the first is 1: the parts follow one another in memory. */
static bool concatenates(const struct tflite_model *m, const struct tflite_operator *o)
{
    uint64_t elements = 0;
    for (uint32_t k = 0; k < o->input_count; k++)
        elements += m->tensors[o->inputs[k]].elements;
    const struct tflite_tensor *out = &m->tensors[o->output];
    return o->axis == 1 && out->rank > 1 && out->shape[0] == 1 && elements == out->elements;
}

/* A slice of as many elements as there are, by steps of one, is all of them. */
static bool slices_all(const struct tflite_model *m, const struct tflite_operator *o)
{
    const struct tflite_tensor *steps = o->input_count == 4 ? &m->tensors[o->inputs[3]] : NULL;
    if (!steps || steps->type != TFLITE_INT32 || !steps->data)
        return false;
    for (uint32_t i = 0; i < steps->elements; i++) {
        if (tflite_int32(steps, i) != 1)
            return false;
    }
    return m->tensors[o->inputs[0]].elements == m->tensors[o->output].elements;
}

static bool is_matrix(const struct tflite_tensor *t)
{
    return t->elements == ATTENTION_MATRIX;
}

static bool makes_matrix(const struct tflite_model *m, const struct tflite_operator *o)
{
    const uint32_t points = m->tensors[o->inputs[0]].elements / 3;
    const struct tflite_crop *c = o->crop;
    bool fine = o->input_count == 1 && is_matrix(&m->tensors[o->output]) && c->left < points && c->right < points;
    for (uint32_t i = 0; i < c->point_count; i++)
        fine = fine && c->points[i] < points;
    return fine;
}

static bool crops(const struct tflite_model *m, const struct tflite_operator *o)
{
    const struct tflite_tensor *in = &m->tensors[o->inputs[0]], *out = &m->tensors[o->output];
    return o->input_count == 2 && is_matrix(&m->tensors[o->inputs[1]]) && in->rank == 4 && out->rank == 4 &&
           in->shape[0] == 1 && out->shape[0] == 1 && in->shape[3] == out->shape[3];
}

static bool moves_points(const struct tflite_model *m, const struct tflite_operator *o)
{
    const struct tflite_tensor *in = &m->tensors[o->inputs[0]], *out = &m->tensors[o->output];
    return o->input_count == 2 && is_matrix(&m->tensors[o->inputs[1]]) && in->rank > 0 &&
           in->shape[in->rank - 1] == 2 && in->elements == out->elements;
}

/* Whether a plain operator's tensors fit, so that running it cannot fail. */
static bool plain_fits(const struct network *n, const struct tflite_operator *o)
{
    const struct tflite_model *m = n->model;
    if (!o->input_count)
        return false;
    /* The other inputs of these are whole numbers: what they ask for is what the output's shape says. */
    const bool numbers = o->code == TFLITE_STRIDED_SLICE || o->code == TFLITE_RESHAPE;
    for (uint32_t k = 0; k < (numbers ? 1 : o->input_count); k++) {
        if (!n->values[o->inputs[k]] || m->tensors[o->inputs[k]].type != TFLITE_FLOAT32)
            return false;
    }
    switch (o->code) {
    case TFLITE_RESHAPE:
        return m->tensors[o->inputs[0]].elements == m->tensors[o->output].elements;
    case TFLITE_CONCATENATION:
        return concatenates(m, o);
    case TFLITE_STRIDED_SLICE:
        return slices_all(m, o);
    case TFLITE_CROP_MATRIX:
        return makes_matrix(m, o);
    case TFLITE_CROP:
        return crops(m, o);
    case TFLITE_CROP_POINTS:
        return moves_points(m, o);
    default:
        return false;
    }
}

static void run_plain(struct network *n, const struct tflite_operator *o)
{
    const struct tflite_tensor *in = &n->model->tensors[o->inputs[0]], *out = &n->model->tensors[o->output];
    const float *from = n->values[o->inputs[0]], *second = o->input_count > 1 ? n->values[o->inputs[1]] : NULL;
    float *to = n->values[o->output];
    switch (o->code) {
    case TFLITE_CONCATENATION:
        for (uint32_t k = 0; k < o->input_count; k++) {
            const uint32_t elements = n->model->tensors[o->inputs[k]].elements;
            memcpy(to, n->values[o->inputs[k]], elements * sizeof *to);
            to += elements;
        }
        break;
    case TFLITE_CROP_MATRIX:
        attention_matrix(o->crop, from, to);
        break;
    case TFLITE_CROP:
        attention_crop(&(struct attention_map){in->shape[2], in->shape[1], in->shape[3]}, from, second, out->shape[2],
                       out->shape[1], to);
        break;
    case TFLITE_CROP_POINTS:
        attention_points(from, in->elements / 2, second, to);
        break;
    default: /* another shape, or all of a slice */
        memcpy(to, from, out->elements * sizeof *to);
        break;
    }
}

/* ---- the whole ----------------------------------------------------------------------------------------------------------------- */

static int build(struct network *n, struct qv_error *error)
{
    const struct tflite_model *m = n->model;
    n->values = qv_arena_alloc(n->arena, m->tensor_count, sizeof *n->values);
    n->last_use = qv_arena_alloc(n->arena, m->tensor_count, sizeof *n->last_use);
    n->made_in = qv_arena_alloc(n->arena, m->tensor_count, sizeof *n->made_in);
    if (!n->values || !n->last_use || !n->made_in || !room_for(n, m->input))
        return no_memory(error);
    int status = widen_constants(n, error);
    if (status == QV_OK)
        status = make_steps(n, error);
    for (uint32_t i = 0; status == QV_OK && i < n->step_count; i++) {
        const struct tflite_operator *o = &m->operators[n->steps[i].first];
        if (is_xnn(o))
            status = build_step(n, i, error);
        else if (!room_for(n, o->output))
            status = no_memory(error);
        else if (!plain_fits(n, o))
            status = qv_fail(error, QV_ERR_DATA, "operator %u of a model does not fit its tensors", n->steps[i].first);
    }
    for (uint32_t k = 0; status == QV_OK && k < m->output_count; k++) {
        if (!n->values[m->outputs[k]])
            status = qv_fail(error, QV_ERR_DATA, "output %u of a model is made by nothing", k);
    }
    return status;
}

int network_create(const struct tflite_model *model, struct network **out, struct qv_error *error)
{
    if (xnn_initialize(NULL) != xnn_status_success)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "XNNPACK does not run on this processor");
    struct qv_arena *arena = qv_arena_create(0);
    struct network *n = arena ? qv_arena_alloc(arena, 1, sizeof *n) : NULL;
    if (!n) {
        qv_arena_destroy(arena);
        return no_memory(error);
    }
    n->arena = arena;
    n->model = model;
    int status = build(n, error);
    if (status) {
        network_destroy(n);
        return status;
    }
    *out = n;
    return QV_OK;
}

void network_destroy(struct network *n)
{
    if (!n)
        return;
    for (uint32_t i = 0; i < n->step_count; i++) {
        if (n->steps[i].runtime)
            xnn_delete_runtime(n->steps[i].runtime);
    }
    qv_arena_destroy(n->arena);
}

float *network_input(struct network *n)
{
    return n->values[n->model->input];
}

const float *network_output(const struct network *n, uint32_t index, uint32_t *elements)
{
    if (index >= n->model->output_count)
        return NULL;
    *elements = n->model->tensors[n->model->outputs[index]].elements;
    return n->values[n->model->outputs[index]];
}

int network_run(struct network *n, struct qv_error *error)
{
    for (uint32_t i = 0; i < n->step_count; i++) {
        if (!n->steps[i].runtime)
            run_plain(n, &n->model->operators[n->steps[i].first]);
        else if (xnn_invoke_runtime(n->steps[i].runtime) != xnn_status_success)
            return qv_fail(error, QV_ERR_BUG, "a model failed to run");
    }
    return QV_OK;
}
