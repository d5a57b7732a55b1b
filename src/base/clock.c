/* SPDX-License-Identifier: Apache-2.0 */
/* Instants and the local clock, by the C library's zones. */
#include <quiver/base.h>

#include <time.h>

#define SECOND_US ((int64_t)1000000)
#define DAY_S ((int64_t)86400)

static int64_t floor_divide(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}

int64_t qv_time_now_us(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

/* UTC where the C library cannot say: years beyond all calendars. */
static int32_t offset_at(int64_t instant_s)
{
    const time_t at = (time_t)instant_s;
    struct tm local;
    return localtime_r(&at, &local) ? (int32_t)local.tm_gmtoff : 0;
}

struct qv_clock qv_clock_at(int64_t instant_us)
{
    tzset(); /* localtime_r() need not notice that the zone has changed */
    const int64_t instant_s = floor_divide(instant_us, SECOND_US);
    const int32_t offset_s = offset_at(instant_s);
    const int64_t day = floor_divide(instant_s + offset_s, DAY_S);
    return (struct qv_clock){
        .day = (int32_t)day, .second = (int32_t)(instant_s + offset_s - day * DAY_S), .offset_s = offset_s};
}

int32_t qv_date_today(void)
{
    return qv_clock_at(qv_time_now_us()).day;
}

/*
 * No zone is further than 18 hours from UTC, so each offset that could lead to this local time was in force within 18 hours of it.
 * Looked at every three hours, since two changes lie months apart.
 */
unsigned qv_clock_instants(int32_t day, int32_t second, int64_t instants_us[2])
{
    tzset();
    const int64_t as_utc_s = day * DAY_S + second;
    int64_t found[2] = {0};
    unsigned count = 0;
    for (int64_t hours = -18; hours <= 18 && count < 2; hours += 3) {
        const int64_t instant_s = as_utc_s - offset_at(as_utc_s + hours * 3600);
        const bool shows_it = instant_s + offset_at(instant_s) == as_utc_s;
        if (shows_it && (count == 0 || found[0] != instant_s))
            found[count++] = instant_s;
    }
    const bool swapped = count == 2 && found[1] < found[0];
    for (unsigned i = 0; i < count; i++)
        instants_us[i] = found[swapped ? 1 - i : i] * SECOND_US;
    return count;
}
