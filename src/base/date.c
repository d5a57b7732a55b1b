/* SPDX-License-Identifier: Apache-2.0 */
/* Days and civil dates by Howard Hinnant's algorithms (chrono-Compatible Low-Level Date Algorithms, 2013). */
#include <quiver/base.h>

#include <stdio.h>
#include <string.h>

static int32_t days_from_civil(int32_t year, int32_t month, int32_t day)
{
    year -= month <= 2;
    int32_t era = (year >= 0 ? year : year - 399) / 400;
    int32_t year_of_era = year - era * 400;
    int32_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static bool two_digits(const char *text, int32_t *out)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return false;
    *out = (text[0] - '0') * 10 + (text[1] - '0');
    return true;
}

/* ISO 8601 has no earlier years without mutual agreement: the Gregorian calendar began in October 1582. */
#define FIRST_YEAR 1583

bool qv_date_parse(const char *text, int32_t *days)
{
    int32_t century, year, month, day;
    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' || !two_digits(text, &century) ||
        !two_digits(text + 2, &year) || !two_digits(text + 5, &month) || !two_digits(text + 8, &day))
        return false;
    year += century * 100;

    static const int8_t month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (year < FIRST_YEAR || month < 1 || month > 12 || day < 1 || day > month_days[month - 1] + (month == 2 && leap))
        return false;
    *days = days_from_civil(year, month, day);
    return true;
}

void qv_date_format(int32_t days, char *out)
{
    int32_t shifted = days + 719468;
    int32_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int32_t day_of_era = shifted - era * 146097;
    int32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t shifted_month = (5 * day_of_year + 2) / 153;
    int32_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    int32_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    int32_t year = year_of_era + era * 400 + (month <= 2);
    unsigned y = (unsigned)year % 10000, m = (unsigned)month % 100, d = (unsigned)day % 100;
    snprintf(out, 11, "%04u-%02u-%02u", y, m, d);
}
