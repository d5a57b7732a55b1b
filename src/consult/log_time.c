/* SPDX-License-Identifier: Apache-2.0 */
#include "log_time.h"

#include <math.h>
#include <stdio.h>

#define MINUTE_US ((int64_t)60 * 1000000)

static const char expected_time[] = "expected such as 08:30, yesterday or 2026-11-22";

/* ---- times of day -------------------------------------------------------------------------------------------------- */

static bool whole_below(const struct token *token, double limit)
{
    return token->kind == TOKEN_NUMBER && token->number >= 0 && token->number < limit &&
           token->number == floor(token->number);
}

static bool two_digits_below_60(const struct token *token)
{
    return whole_below(token, 60) && token->length == 2;
}

/* "am", "p.m.": puts the hour into its half of the day. How many tokens; 0: no such word, or no hour of twelve. */
static uint32_t half_day_take(const struct token *tokens, int32_t *hour)
{
    bool dotted = token_in(tokens, " a p ") && token_is(&tokens[1], "m");
    uint32_t count = dotted ? 2 : token_in(tokens, " am pm ");
    if (count == 0 || *hour < 1 || *hour > 12)
        return 0;
    *hour = *hour % 12 + (tokens->word[0] == 'p' ? 12 : 0);
    return count;
}

uint32_t clock_take(const struct token *tokens, int32_t *second)
{
    if (token_is(tokens, "noon")) {
        *second = 12 * 3600;
        return 1;
    }
    if (!whole_below(tokens, 24) || tokens->length > 2)
        return 0;
    int32_t hour = (int32_t)tokens->number, minute = 0, seconds = 0;
    uint32_t taken = 1;
    if (tokens[1].kind == TOKEN_MARK && tokens[1].mark == ':' && two_digits_below_60(&tokens[2])) {
        minute = (int32_t)tokens[2].number;
        taken = 3;
        if (tokens[3].kind == TOKEN_MARK && tokens[3].mark == ':' && two_digits_below_60(&tokens[4])) {
            seconds = (int32_t)tokens[4].number;
            taken = 5;
        }
    }
    uint32_t half_day = half_day_take(tokens + taken, &hour);
    if (taken == 1 && half_day == 0)
        return 0; /* "8" alone may be anything */
    *second = hour * 3600 + minute * 60 + seconds;
    return taken + half_day;
}

/* ---- moments ------------------------------------------------------------------------------------------------------- */

static int say_day(struct moment *moment, int32_t day, const struct token *token, struct qv_error *error)
{
    if (moment->day_said && moment->day != day)
        return qv_fail(error, QV_ERR_DATA, "\"%.*s\": a second day, expected one", (int)token->length, token->at);
    moment->day_said = true;
    moment->day = day;
    return QV_OK;
}

static int say_second(struct moment *moment, int32_t second, const struct token *token, struct qv_error *error)
{
    if (moment->second_said)
        return qv_fail(error, QV_ERR_DATA, "\"%.*s\": a second time of day, expected one", (int)token->length,
                       token->at);
    moment->second_said = true;
    moment->second = second;
    return QV_OK;
}

/* The offset that follows a time of day without a blank: "Z", "+01:00", "-0530". How many bytes, 0: none. */
static size_t offset_bytes(const char *at, int32_t *offset_s)
{
    if (*at == 'Z' || *at == 'z') {
        *offset_s = 0;
        return 1;
    }
    if (*at != '+' && *at != '-')
        return 0;
    int hours, minutes, bytes = 0;
    if (sscanf(at + 1, "%2d:%2d%n", &hours, &minutes, &bytes) != 2 || bytes != 5 || hours < 0 || hours > 18 ||
        minutes < 0 || minutes > 59)
        return 0;
    *offset_s = (*at == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return (size_t)bytes + 1;
}

/* A date, perhaps with "T08:30" or "T08:30+01:00". */
static int date_take(const struct token *tokens, struct moment *moment, uint32_t *taken, struct qv_error *error)
{
    *taken = 1;
    if (isnan(tokens->number))
        return qv_fail(error, QV_ERR_DATA, "\"%.*s\": no such day, expected YYYY-MM-DD", (int)tokens->length,
                       tokens->at);
    int status = say_day(moment, tokens->day, tokens, error);
    if (status || !token_is(&tokens[1], "t"))
        return status;
    int32_t second;
    uint32_t clock = clock_take(&tokens[2], &second);
    if (clock == 0)
        return qv_fail(error, QV_ERR_DATA, "\"%.*s\": found no time of day after the T, %s",
                       quoted_length(tokens, &tokens[2]), tokens->at, expected_time);
    status = say_second(moment, second, &tokens[2], error);
    *taken = 2 + clock;
    const struct token *last = &tokens[1 + clock];
    size_t bytes = offset_bytes(last->at + last->length, &moment->offset_s);
    moment->offset_said = bytes > 0;
    for (const char *end = last->at + last->length + bytes;
         tokens[*taken].kind != TOKEN_END && tokens[*taken].at < end;)
        ++*taken;
    return status;
}

/* "yesterday evening": part of the day, which gives no time. */
static uint32_t part_of_day(const struct token *token)
{
    return token_in(token, " morning afternoon evening night noon ") && !token_is(token, "noon");
}

static int day_word_take(const struct token *tokens, const struct qv_clock *now, struct moment *moment, uint32_t *taken,
                         struct qv_error *error)
{
    *taken = 0;
    bool last_night = token_is(tokens, "last") && token_is(&tokens[1], "night");
    bool yesterday = token_is(tokens, "yesterday");
    bool this_part = token_is(tokens, "this") && part_of_day(&tokens[1]);
    if (!last_night && !yesterday && !this_part && !token_in(tokens, " today tonight "))
        return QV_OK;
    *taken = last_night || this_part ? 2 : yesterday ? 1 + part_of_day(&tokens[1]) : 1;
    moment->last_night |= last_night;
    return say_day(moment, now->day - (last_night || yesterday), tokens, error);
}

static int ago_take(const struct token *tokens, const struct qv_clock *now, struct moment *moment, uint32_t *taken,
                    struct qv_error *error)
{
    *taken = 0;
    bool hours = token_in(&tokens[1], " h hr hour "), minutes = token_in(&tokens[1], " min minute ");
    if (tokens->kind != TOKEN_NUMBER || !(hours || minutes) || !token_is(&tokens[2], "ago"))
        return QV_OK;
    if (!(tokens->number >= 0 && tokens->number <= 10000))
        return qv_fail(error, QV_ERR_DATA, "\"%.*s\": %s", quoted_length(tokens, &tokens[2]), tokens->at,
                       expected_time);
    int64_t now_us = ((int64_t)now->day * 86400 + now->second - now->offset_s) * 1000000;
    struct qv_clock then = qv_clock_at(now_us - (int64_t)(tokens->number * (hours ? 60 : 1)) * MINUTE_US);
    *taken = 3;
    int status = say_day(moment, then.day, tokens, error);
    if (status == QV_OK)
        status = say_second(moment, then.second, tokens, error);
    moment->offset_said = status == QV_OK;
    moment->offset_s = then.offset_s;
    return status;
}

int moment_take(const struct token *tokens, const struct qv_clock *now, struct moment *moment, uint32_t *taken,
                struct qv_error *error)
{
    *taken = 0;
    if (tokens->kind == TOKEN_DATE)
        return date_take(tokens, moment, taken, error);
    int status = ago_take(tokens, now, moment, taken, error);
    if (status || *taken)
        return status;
    status = day_word_take(tokens, now, moment, taken, error);
    if (status || *taken)
        return status;

    int32_t second;
    bool at = token_is(tokens, "at");
    uint32_t clock = clock_take(tokens + at, &second);
    if (clock == 0)
        return at ? qv_fail(error, QV_ERR_DATA, "\"%.*s\": no time of day, %s", quoted_length(tokens, &tokens[1]),
                            tokens->at, expected_time)
                  : QV_OK;
    /* "6:30" without "at" may be a length of time; who calls decides. */
    *taken = at + clock;
    return say_second(moment, second, tokens, error);
}

/* ---- what an entry keeps ------------------------------------------------------------------------------------------- */

static int skipped(int32_t day, int32_t second, struct qv_error *error)
{
    char date[11];
    qv_date_format(day, date);
    return qv_fail(error, QV_ERR_DATA,
                   "%02d:%02d on %s: the clock was put forward over it, expected a time that it showed", second / 3600,
                   second / 60 % 60, date);
}

/* The offset of a local time that was said without one; the instant, where there is one alone. */
static int find_offset(struct qv_entry *entry, int64_t now_us, struct qv_log_remark *remark, int64_t *instant_us,
                       struct qv_error *error)
{
    int64_t instants_us[2];
    unsigned count = qv_clock_instants(entry->day, entry->second, instants_us);
    if (count == 0)
        return skipped(entry->day, entry->second, error);
    remark->twice = count == 2 && instants_us[1] <= now_us;
    *instant_us = instants_us[0];
    entry->offset_s = remark->twice ? QV_NO_OFFSET : qv_clock_at(*instant_us).offset_s;
    return QV_OK;
}

int moment_settle(const struct moment *moment, int64_t now_us, struct qv_entry *entry, struct qv_log_remark *remark,
                  struct qv_error *error)
{
    int64_t instant_us = now_us;
    int status = QV_OK;
    *remark = (struct qv_log_remark){0};
    entry->day = moment->day;
    entry->second = moment->second_said ? moment->second : QV_NO_SECOND;
    entry->offset_s = moment->second_said && moment->offset_said ? moment->offset_s : QV_NO_OFFSET;
    if (moment->second_said && moment->offset_said)
        instant_us = ((int64_t)entry->day * 86400 + entry->second - entry->offset_s) * 1000000;
    else if (moment->second_said)
        status = find_offset(entry, now_us, remark, &instant_us, error);
    if (status)
        return status;

    int32_t today = qv_clock_at(now_us).day;
    if (moment->second_said && moment->offset_said) /* the day of a traveller is that of where they were */
        today = (int32_t)floor(((double)now_us * 1e-6 + entry->offset_s) / 86400);
    if (entry->day > today) {
        char date[11], now_date[11];
        qv_date_format(entry->day, date);
        qv_date_format(today, now_date);
        return qv_fail(error, QV_ERR_DATA, "%s: is still to come, expected at most today, %s", date, now_date);
    }
    remark->ahead = instant_us > now_us + MINUTE_US;
    if (entry->offset_s != QV_NO_OFFSET && entry->offset_s % 60) /* zones of long ago; see qv_entry_check() */
        entry->offset_s = QV_NO_OFFSET;
    return QV_OK;
}

/* The one instant of a local time. */
static int find_instant(int32_t day, int32_t second, int64_t *out, struct qv_error *error)
{
    int64_t instants_us[2];
    unsigned count = qv_clock_instants(day, second, instants_us);
    if (count == 0)
        return skipped(day, second, error);
    if (count == 2)
        return qv_fail(error, QV_ERR_DATA, "%02d:%02d: the clock showed it twice that night, expected how long it was",
                       second / 3600, second / 60 % 60);
    *out = instants_us[0];
    return QV_OK;
}

int clock_minutes(int32_t from_day, int32_t from_second, int32_t to_day, int32_t to_second, double *out,
                  struct qv_error *error)
{
    int64_t from_us = 0, to_us = 0;
    int status = find_instant(from_day, from_second, &from_us, error);
    if (status == QV_OK)
        status = find_instant(to_day, to_second, &to_us, error);
    if (status == QV_OK)
        *out = (double)(to_us - from_us) / (double)MINUTE_US;
    return status;
}
