/* SPDX-License-Identifier: Apache-2.0 */
/* The face of a phantom, read off its mesh. */
#include "phantom.h"

#include "plan.h"

#include <math.h>

#define SIGMA_WIDTHS 0.06      /* of a patch, face widths */
#define LID_SIGMA_WIDTHS 0.025 /* along the face: a lid twitches without its eye */
#define SMILE_SIGMA_WIDTHS 0.1

/* Points of the mesh by MediaPipe's numbering, from the left of the picture to its right. */
static const int16_t eye_right_upper[] = {33, 246, 161, 160, 159, 158, 157, 173, 133};
static const int16_t eye_right_lower[] = {33, 7, 163, 144, 145, 153, 154, 155, 133};
static const int16_t eye_left_upper[] = {362, 398, 384, 385, 386, 387, 388, 466, 263};
static const int16_t eye_left_lower[] = {362, 382, 381, 380, 374, 373, 390, 249, 263};
static const int16_t mouth_upper[] = {78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308};
static const int16_t mouth_lower[] = {78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308};
/* In the middle of the skin of the lower lids: left, right. */
static const int16_t below_eye[2][2] = {{374, 450}, {145, 230}};

/* Which way a region of the left moves when it twitches, in the face's axes; on the right x is the other way round. */
static const double toward[QV_REGION_COUNT / 2][2] = {
    {0, -1},       /* upper lip: up */
    {0, 1},        /* lower lip: down */
    {0.8, -0.6},   /* corner of the mouth: out and up */
    {0.28, -0.96}, /* cheek: up */
    {0, -1},       /* chin: up */
    {0, -1},       /* lower lid: up */
    {0, -1},       /* brow: up */
};

static void point_of(const struct face_mesh *m, struct affine place, int i, double *x, double *y)
{
    affine_apply(&place, (double)m->x[i], (double)m->y[i], x, y);
}

static void slit_of(const struct face_mesh *m, struct affine place, const int16_t *upper, const int16_t *lower,
                    int count, struct phantom_slit *slit)
{
    double end_x, end_y, x, y;
    point_of(m, place, upper[0], &slit->x, &slit->y);
    point_of(m, place, upper[count - 1], &end_x, &end_y);
    slit->count = count;
    slit->width_px = hypot(end_x - slit->x, end_y - slit->y);
    slit->ux = (end_x - slit->x) / slit->width_px;
    slit->uy = (end_y - slit->y) / slit->width_px;
    for (int i = 0; i < count; i++) {
        point_of(m, place, upper[i], &x, &y);
        slit->at[i] = slit->ux * (x - slit->x) + slit->uy * (y - slit->y);
        slit->upper[i] = slit->ux * (y - slit->y) - slit->uy * (x - slit->x);
        point_of(m, place, lower[i], &x, &y);
        slit->lower[i] = slit->ux * (y - slit->y) - slit->uy * (x - slit->x);
    }
}

static struct qv_phantom_patch patch_of(const struct phantom_face *f, enum qv_region region, double x, double y,
                                        double sigma_widths)
{
    const double out = qv_region_side(region) == QV_SIDE_LEFT ? toward[region / 2][0] : -toward[region / 2][0];
    const double down = toward[region / 2][1];
    struct qv_phantom_patch p = {.region = region, .x_px = x, .y_px = y};
    p.sigma_x_px = p.sigma_y_px = sigma_widths * f->width_px;
    p.toward_x = out * f->across_x - down * f->across_y;
    p.toward_y = out * f->across_y + down * f->across_x;
    return p;
}

void phantom_face_of(const struct face_mesh *m, struct affine place, struct phantom_face *f)
{
    struct face_plan plan;
    plan_face(m, false, 1, &plan);
    const struct affine pose = affine_of(place, plan_pose(&plan, m, 1));
    const double size = hypot(place.a, place.d);
    f->width_px = plan.width_px * size;
    f->x = pose.c;
    f->y = pose.f;
    f->across_x = pose.a / hypot(pose.a, pose.d);
    f->across_y = pose.d / hypot(pose.a, pose.d);
    for (int r = 0; r < QV_REGION_COUNT; r++) {
        double x, y;
        affine_apply(&pose, plan.region_x[r], plan.region_y[r], &x, &y);
        if (r / 2 == QV_EYELID_LEFT / 2) {
            double x2, y2;
            point_of(m, place, below_eye[r & 1][0], &x, &y);
            point_of(m, place, below_eye[r & 1][1], &x2, &y2);
            x = (x + x2) / 2;
            y = (y + y2) / 2;
        }
        f->patches[r] = patch_of(f, (enum qv_region)r, x, y, SIGMA_WIDTHS);
        if (r / 2 == QV_EYELID_LEFT / 2)
            f->patches[r].sigma_y_px = LID_SIGMA_WIDTHS * f->width_px;
    }
    for (int i = 0; i < 4; i++) {
        const enum qv_region r = (enum qv_region)((i < 2 ? QV_MOUTH_CORNER_LEFT : QV_CHEEK_LEFT) + i % 2);
        f->smile[i] = patch_of(f, r, f->patches[r].x_px, f->patches[r].y_px, SMILE_SIGMA_WIDTHS);
    }
    slit_of(m, place, eye_left_upper, eye_left_lower, sizeof eye_left_upper / sizeof eye_left_upper[0], &f->eyes[0]);
    slit_of(m, place, eye_right_upper, eye_right_lower, sizeof eye_right_upper / sizeof eye_right_upper[0],
            &f->eyes[1]);
    slit_of(m, place, mouth_upper, mouth_lower, sizeof mouth_upper / sizeof mouth_upper[0], &f->mouth);
}
