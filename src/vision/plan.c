/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

#include <math.h>
#include <string.h>

/* Points of the mesh on the left of the face and on its right, by MediaPipe's numbering; -1 ends a list. */
static const int16_t anchors[QV_REGION_COUNT][4] = {
    {267, 269, 270, -1}, {37, 39, 40, -1},   /* upper lip */
    {314, 405, 321, -1}, {84, 181, 91, -1},  /* lower lip */
    {291, -1, -1, -1},   {61, -1, -1, -1},   /* corner of the mouth */
    {280, 425, 411, -1}, {50, 205, 187, -1}, /* cheek */
    {428, 396, -1, -1},  {208, 171, -1, -1}, /* chin */
    {374, 253, -1, -1},  {145, 23, -1, -1},  /* lower lid, where lids twitch most */
    {334, 296, -1, -1},  {105, 66, -1, -1},  /* brow */
};
static const int16_t oval[CHART_OVAL] = {10,  338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288,
                                         397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136,
                                         172, 58,  132, 93,  234, 127, 162, 21,  54,  103, 67,  109};
static const int16_t eyes[2][2] = {{386, 374}, {159, 145}};
static const int16_t mouth[4] = {13, 14, 61, 291};
enum { OUTER_EYE_RIGHT = 33, OUTER_EYE_LEFT = 263 };

static void mean_of(const struct face_mesh *m, const int16_t *points, int most, double *x, double *y)
{
    int n = 0;
    *x = *y = 0;
    for (; n < most && points[n] >= 0; n++) {
        *x += (double)m->x[points[n]];
        *y += (double)m->y[points[n]];
    }
    *x /= n;
    *y /= n;
}

/* The frame of the face in the picture: origin, turn, width; in shown pixels. */
static void frame_of(const struct face_mesh *m, double *x, double *y, double *turn_rad, double *width_px)
{
    double mouth_x, mouth_y;
    mean_of(m, mouth, 4, &mouth_x, &mouth_y);
    const double eyes_x = (double)(m->x[OUTER_EYE_LEFT] + m->x[OUTER_EYE_RIGHT]) / 2;
    const double eyes_y = (double)(m->y[OUTER_EYE_LEFT] + m->y[OUTER_EYE_RIGHT]) / 2;
    *x = (eyes_x + mouth_x) / 2;
    *y = (eyes_y + mouth_y) / 2;
    *turn_rad = atan2((double)(m->y[OUTER_EYE_LEFT] - m->y[OUTER_EYE_RIGHT]),
                      (double)(m->x[OUTER_EYE_LEFT] - m->x[OUTER_EYE_RIGHT]));
    *width_px = face_width_px(m);
}

static double binned(double at, uint32_t bin)
{
    return (at - (bin - 1) / 2.0) / bin;
}

void plan_face(const struct face_mesh *m, bool mirrored, uint32_t bin, struct face_plan *plan)
{
    memset(plan, 0, sizeof *plan);
    double x, y, width;
    frame_of(m, &x, &y, &plan->turn_rad, &width);
    plan->width_px = width / bin;
    plan->centre_x = binned(x, bin);
    plan->centre_y = binned(y, bin);
    const double c = cos(plan->turn_rad) / bin, s = sin(plan->turn_rad) / bin;
    for (int r = 0; r < QV_REGION_COUNT; r++) {
        double px, py;
        mean_of(m, anchors[mirrored ? r ^ 1 : r], 4, &px, &py);
        plan->region_x[r] = c * (px - x) + s * (py - y);
        plan->region_y[r] = -s * (px - x) + c * (py - y);
    }
    double mx, my;
    mean_of(m, mouth, 4, &mx, &my);
    plan->mouth_x = c * (mx - x) + s * (my - y);
    plan->mouth_y = -s * (mx - x) + c * (my - y);
    for (int e = 0; e < 2; e++) {
        double ex, ey;
        mean_of(m, eyes[mirrored ? !e : e], 2, &ex, &ey);
        plan->eye_x[e] = c * (ex - x) + s * (ey - y);
        plan->eye_y[e] = -s * (ex - x) + c * (ey - y);
    }
    for (int i = 0; i < CHART_OVAL; i++) {
        const double dx = (double)m->x[oval[i]] - x, dy = (double)m->y[oval[i]] - y;
        plan->oval_x[i] = c * dx + s * dy;
        plan->oval_y[i] = -s * dx + c * dy;
    }
}

struct affine plan_pose(const struct face_plan *plan, const struct face_mesh *m, uint32_t bin)
{
    double x, y, turn, width;
    frame_of(m, &x, &y, &turn, &width);
    const double scale = width / bin / plan->width_px, c = scale * cos(turn), s = scale * sin(turn);
    return (struct affine){c, -s, binned(x, bin), s, c, binned(y, bin)};
}
