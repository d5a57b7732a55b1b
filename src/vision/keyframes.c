/* SPDX-License-Identifier: Apache-2.0 */
#include "keyframes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IRIS_MM 11.7
#define BREADTH_MM 140.0
#define DRIFT_MOST 0.035    /* face widths: of a man who talks for minutes, rightly followed, up to 0.033 */
#define TURNED_RAD 0.52     /* 30 degrees: what lies across looks a seventh shorter */
#define LIDS_OPEN_LEAST 0.4 /* iris diameters: below, the lids hide so much that the mesh guesses */
#define EYES_AGREE 1.12     /* ratio of the two irises: people's own agree to 1 %, a good mesh's to 5 % */

enum { LID_TOP, LID_BOTTOM };
static const int16_t lids[2][2] = {{386, 374}, {159, 145}}; /* left, right */

static void shown_at(const struct keyframes *k, const struct affine *pose, double chart_x, double chart_y, double *x,
                     double *y)
{
    affine_apply(pose, chart_x, chart_y, x, y);
    *x = *x * k->bin + (k->bin - 1) / 2;
    *y = *y * k->bin + (k->bin - 1) / 2;
}

static double scale_of(const struct affine *pose)
{
    return sqrt(fabs(pose->a * pose->e - pose->b * pose->d));
}

/* ---- is it the face ------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, uint32_t count)
{
    double sorted[FACE_POINTS > KEYFRAMES_KEPT ? FACE_POINTS : KEYFRAMES_KEPT];
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_value);
    return count ? (sorted[(count - 1) / 2] + sorted[count / 2]) / 2 : NAN;
}

/* How far half of the points lie from where the pose says, in face widths. A head that turned moves them by their depth, which a
   flat pose cannot say: what goes with the depth is allowed for first. */
static double drift(const struct keyframes *k, const struct face_mesh *mesh, const struct affine *pose)
{
    double off_x[FACE_POINTS], off_y[FACE_POINTS], distance[FACE_POINTS];
    double depth_x = 0, depth_y = 0, depth_square = 0;
    for (uint32_t i = 0; i < FACE_POINTS; i++) {
        double x, y;
        shown_at(k, pose, (double)k->chart_x[i], (double)k->chart_y[i], &x, &y);
        const double z = (double)k->chart_z[i];
        off_x[i] = (double)mesh->x[i] - x;
        off_y[i] = (double)mesh->y[i] - y;
        depth_x += off_x[i] * z;
        depth_y += off_y[i] * z;
        depth_square += z * z;
    }
    for (uint32_t i = 0; i < FACE_POINTS; i++) {
        const double z = (double)k->chart_z[i] / depth_square;
        distance[i] = hypot(off_x[i] - depth_x * z, off_y[i] - depth_y * z);
    }
    return median(distance, FACE_POINTS) / (k->width_px * k->bin * scale_of(pose));
}

/* ---- the ruler ------------------------------------------------------------------------------------------------------- */

static double between(const float *x, const float *y, int a, int b)
{
    return hypot((double)(x[a] - x[b]), (double)(y[a] - y[b]));
}

static double iris_diameter(const struct face_iris *iris)
{
    return (between(iris->x, iris->y, 1, 3) + between(iris->x, iris->y, 2, 4)) / 2;
}

static void take_lengths(struct keyframes *k, const struct face_mesh *mesh, double scale)
{
    const bool turned = face_turn_rad(mesh) > TURNED_RAD;
    k->laid++;
    k->turned += turned;
    if (turned)
        return;
    if (k->breadth_count < KEYFRAMES_KEPT)
        k->breadth_px[k->breadth_count++] = face_breadth_px(mesh) / scale;
    double iris_px[2];
    for (int eye = 0; eye < 2; eye++) {
        iris_px[eye] = iris_diameter(&mesh->iris[eye]);
        if (between(mesh->x, mesh->y, lids[eye][LID_TOP], lids[eye][LID_BOTTOM]) < LIDS_OPEN_LEAST * iris_px[eye])
            return;
    }
    if (k->iris_count == KEYFRAMES_KEPT)
        return;
    for (int eye = 0; eye < 2; eye++)
        k->iris_px[eye][k->iris_count] = iris_px[eye] / scale;
    k->iris_count++;
}

double keyframes_mm_per_px(const struct keyframes *k, bool *from_iris)
{
    const double left = median(k->iris_px[0], k->iris_count), right = median(k->iris_px[1], k->iris_count);
    *from_iris = k->iris_count > 0 && fmax(left, right) <= EYES_AGREE * fmin(left, right);
    if (*from_iris)
        return IRIS_MM / ((left + right) / 2);
    return BREADTH_MM / (k->breadth_count ? median(k->breadth_px, k->breadth_count) : k->width_px * k->bin);
}

/* ---- key frames --------------------------------------------------------------------------------------------------------- */

void keyframes_begin(struct keyframes *k, const struct face_plan *plan, const struct face_mesh *mesh, uint32_t bin)
{
    memset(k, 0, sizeof *k);
    k->width_px = plan->width_px;
    k->bin = bin;
    const struct affine pose = plan_pose(plan, mesh, bin), back = affine_inverse(pose);
    double depth = 0;
    for (uint32_t i = 0; i < FACE_POINTS; i++)
        depth += (double)mesh->z[i] / FACE_POINTS;
    for (uint32_t i = 0; i < FACE_POINTS; i++) {
        double x, y;
        affine_apply(&back, ((double)mesh->x[i] - (k->bin - 1) / 2) / k->bin,
                     ((double)mesh->y[i] - (k->bin - 1) / 2) / k->bin, &x, &y);
        k->chart_x[i] = (float)x;
        k->chart_y[i] = (float)y;
        k->chart_z[i] = (float)(((double)mesh->z[i] - depth) / k->bin);
    }
    take_lengths(k, mesh, scale_of(&pose));
}

struct face_box keyframes_box(const struct keyframes *k, const struct affine *pose)
{
    struct face_mesh expected = {0};
    for (uint32_t i = 0; i < FACE_POINTS; i++) {
        double x, y;
        shown_at(k, pose, (double)k->chart_x[i], (double)k->chart_y[i], &x, &y);
        expected.x[i] = (float)x;
        expected.y[i] = (float)y;
    }
    return face_box_of(&expected);
}

bool keyframes_take(struct keyframes *k, const struct face_mesh *mesh, const struct affine *pose)
{
    if (!(drift(k, mesh, pose) <= DRIFT_MOST))
        return false;
    take_lengths(k, mesh, scale_of(pose));
    return true;
}
