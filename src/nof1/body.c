/* SPDX-License-Identifier: Apache-2.0 */
/* How much of what was taken in is at work when. */
#include <quiver/nof1.h>

#include <math.h>

#define DAY_H 24.0
#define WAKING_FROM_H 7.0
#define WAKING_TO_H 23.0
#define GONE_HALF_LIVES 14.0 /* after which nothing is left that matters */

/* Integral of exp(-k t) from one time to another. */
static double left_between(double per_h, double from_h, double to_h)
{
    return (exp(-per_h * from_h) - exp(-per_h * to_h)) / per_h;
}

/* Mean in the waking hours of a day, of one unit that was taken in @p before_h before its midnight. */
static double mean_of_day(double ka, double ke, double before_h)
{
    const double from_h = fmax(before_h + WAKING_FROM_H, 0), to_h = before_h + WAKING_TO_H;
    if (to_h <= from_h)
        return 0;
    const double hours = left_between(ke, from_h, to_h) - left_between(ka, from_h, to_h);
    return ka / (ka - ke) * hours / (WAKING_TO_H - WAKING_FROM_H);
}

void qv_body_load(const struct qv_intake *intakes, uint32_t count, double absorbed_h, double half_life_h,
                  int32_t first_day, uint32_t day_count, double *load)
{
    const double ka = M_LN2 / absorbed_h, ke = M_LN2 / half_life_h;
    const int32_t reach = (int32_t)ceil(GONE_HALF_LIVES * half_life_h / DAY_H) + 1;
    double taken = 0, worked = 0;
    for (uint32_t d = 0; d < day_count; d++)
        load[d] = 0;
    for (uint32_t i = 0; i < count; i++) {
        const int64_t taken_on = (int64_t)intakes[i].day - first_day;
        taken += taken_on >= 0 && taken_on < day_count ? intakes[i].amount : 0;
        for (int32_t later = 0; later <= reach; later++) {
            const int64_t d = taken_on + later;
            if (d < 0 || d >= day_count)
                continue;
            const double part = intakes[i].amount * mean_of_day(ka, ke, later * DAY_H - intakes[i].hour);
            load[d] += part;
            worked += part;
        }
    }
    for (uint32_t d = 0; d < day_count && worked > 0; d++)
        load[d] *= taken / worked;
}
