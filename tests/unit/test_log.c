/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The diary in words: what is understood, as what, and what is refused rather than guessed; the local clock, by whose day an
 * entry is kept, through nights that are an hour short or long and flights that lose or double a day.
 */
#include <quiver/consult.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static struct qv_knowledge *knowledge;
static struct qv_arena *arena;

/* Zones in the words of POSIX, so that no table of zones has to be installed. */
#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0" /* half an hour */
#define APIA "<+13>-13"
#define HONOLULU "HST10"

static void in_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

static int64_t utc_us(const char *date, int hour, int minute)
{
    int32_t day;
    assert_true(qv_date_parse(date, &day));
    return ((int64_t)day * 86400 + hour * 3600 + minute * 60) * 1000000;
}

static int32_t day_of(const char *date)
{
    int32_t day;
    assert_true(qv_date_parse(date, &day));
    return day;
}

/* "caffeine 280 2026-11-24 08:30+60 [2 × Filter coffee, mug]", one entry a line. */
static void write_log(const struct qv_log *log, char *out, size_t size)
{
    size_t used = 0;
    out[0] = 0;
    for (uint32_t i = 0; i < log->count; i++) {
        const struct qv_entry *entry = &log->entries[i];
        char date[11], clock[40] = "";
        qv_date_format(entry->day, date);
        if (entry->second != QV_NO_SECOND)
            snprintf(clock, sizeof clock, " %02d:%02d", entry->second / 3600, entry->second / 60 % 60);
        size_t end = strlen(clock);
        if (entry->offset_s != QV_NO_OFFSET)
            snprintf(clock + end, sizeof clock - end, "%+d", entry->offset_s / 60);
        used += (size_t)snprintf(out + used, size - used, "%s%s %g %s%s%s%s%s", i ? "\n" : "",
                                 qv_entry_kind_info(entry->kind)->id, entry->amount, date, clock,
                                 *entry->note ? " [" : "", entry->note, *entry->note ? "]" : "");
        assert_string_equal(entry->source, "log");
        assert_true(used < size);
    }
}

static int read_words(const char *words, const struct qv_log_settings *settings, char *out, size_t size,
                      struct qv_error *error)
{
    struct qv_log *log = NULL;
    qv_arena_reset(arena);
    int status = qv_log_read(knowledge, words, settings, arena, &log, error);
    if (status) {
        assert_null(log);
        assert_int_equal(status, error->status);
        assert_true(error->text[0]);
        snprintf(out, size, "%s", error->text);
    } else {
        write_log(log, out, size);
    }
    return status;
}

static const struct {
    const char *words, *entries;
} understood[] = {
#define TODAY "2026-11-24"
#define NOW TODAY " 10:05+60"
    {"twitch 3 left", "twitch 3 " NOW " [left]"},
    {"twitch", "twitch 1 " NOW},
    {"3 twitches on the left side", "twitch 3 " NOW " [left]"},
    {"Twitches x5", "twitch 5 " NOW},
    {"twitch 3 times, both sides", NULL},
    {"twitch 2 left eyelid", "twitch 2 " NOW " [left eyelid]"},
    {"twitch 2 upper lip", "twitch 2 " NOW " [upper lip]"},
    {"no twitches", "twitch 0 " TODAY},
    {"twitch 0", "twitch 0 " TODAY},
    {"twitch none", "twitch 0 " TODAY},
    {"no twitches yesterday", "twitch 0 2026-11-23"},

    {"coffee", "caffeine 140 " NOW " [Filter coffee, mug]"},
    {"coffee 2 at 08:30", "caffeine 280 " TODAY " 08:30+60 [2 × Filter coffee, mug]"},
    {"2 COFFEES at 8:30 am", "caffeine 280 " TODAY " 08:30+60 [2 × Filter coffee, mug]"},
    {"a coffee at 8am", "caffeine 140 " TODAY " 08:00+60 [Filter coffee, mug]"},
    {"half a coffee", "caffeine 70 " NOW " [0.5 × Filter coffee, mug]"},
    {"1½ coffees", "caffeine 210 " NOW " [1.5 × Filter coffee, mug]"},
    {"a couple of coffees", "caffeine 280 " NOW " [2 × Filter coffee, mug]"},
    {"coffee 500 ml", "caffeine 280 " NOW " [500 mL of Filter coffee, mug]"},
    {"2 cups of coffee", "caffeine 296 " NOW " [2 × Brewed coffee, US cup]"},
    {"2 mugs of coffee", "caffeine 280 " NOW " [2 × Filter coffee, mug]"},
    {"espresso", "caffeine 58 " NOW " [Espresso]"},
    {"two double espressos", "caffeine 254 " NOW " [2 × Double espresso]"},
    {"a cup of green tea", "caffeine 38 " NOW " [Green tea]"},
    {"yerba maté", "caffeine 73 " NOW " [Yerba maté]"},
    {"YERBA MATÉ", "caffeine 73 " NOW " [Yerba maté]"},
    {"Barq's", "caffeine 23 " NOW " [Root beer (Barq's)]"},
    {"Barq’s", "caffeine 23 " NOW " [Root beer (Barq's)]"},
    {"peppermint tea", "caffeine 0 " NOW " [Herbal tea]"},
    {"7up 2", "caffeine 0 " NOW " [2 × Lemon-lime soda]"},
    {"2 7-ups", "caffeine 0 " NOW " [2 × Lemon-lime soda]"},
    {"red bull 2", "caffeine 160 " NOW " [2 × Energy drink, small can]"},
    {"beer 1", "alcohol 18.2 " NOW " [Beer, pint]"},
    {"2 bottles of beer", "alcohol 26.4 " NOW " [2 × Beer, bottle]"},
    {"2 pints", "alcohol 36.4 " NOW " [2 × Beer, pint]"},
    {"gin and tonic", "alcohol 8 " NOW " [Spirit, single]"},
    {"2 gin and tonics and a beer", "alcohol 16 " NOW " [2 × Spirit, single]\nalcohol 18.2 " NOW " [Beer, pint]"},
    {"irish coffee", "caffeine 140 " NOW " [Irish coffee]\nalcohol 11.2 " NOW " [Irish coffee]"},
    {"banana", "magnesium 31 " NOW " [Banana]\npotassium 422 " NOW " [Banana]"},
    {"3 bananas", "magnesium 93 " NOW " [3 × Banana]\npotassium 1266 " NOW " [3 × Banana]"},
    {"almonds 56 g", "magnesium 160 " NOW " [56 g of Almonds]\npotassium 416 " NOW " [56 g of Almonds]"},
    {"2 slices of brown bread",
     "magnesium 48 " NOW " [2 × Wholemeal bread]\npotassium 162 " NOW " [2 × Wholemeal bread]"},
    {"orange juice 480 ml", "potassium 992 " NOW " [480 mL of Orange juice]"},
    {"a cup of cappuccino", "caffeine 58 " NOW " [Cappuccino]"},
    {"a pint of milk", "magnesium 61.5333 " NOW " [568 mL of Milk]\npotassium 766.8 " NOW " [568 mL of Milk]"},
    {"2 pints of water", "water 1136 " NOW},
    {"dates 2", "magnesium 26 " NOW " [2 × Dates]\npotassium 334 " NOW " [2 × Dates]"},

    {"caffeine 200mg", "caffeine 200 " NOW},
    {"200 mg of caffeine", "caffeine 200 " NOW},
    {"caffeine 0", "caffeine 0 " TODAY},
    {"no caffeine", "caffeine 0 " TODAY},
    {"no alcohol yesterday", "alcohol 0 2026-11-23"},
    {"magnesium 0.3 g", "magnesium 300 " NOW},
    {"alcohol 10 g", "alcohol 10 " NOW},
    {"2 caffeine tablets", "caffeine 400 " NOW " [2 × Caffeine tablet, 200 mg]"},

    {"sleep 6.5h", "sleep 6.5 " TODAY},
    {"sleep 6,5 h", "sleep 6.5 " TODAY},
    {"sleep 6h30", "sleep 6.5 " TODAY},
    {"sleep 6h30m", "sleep 6.5 " TODAY},
    {"sleep 6h 30min", "sleep 6.5 " TODAY},
    {"sleep 6:30", "sleep 6.5 " TODAY},
    {"6:30 sleep", "sleep 6.5 " TODAY},
    {"sleep 7", "sleep 7 " TODAY},
    {"slept 7 hours last night", "sleep 7 " TODAY},
    {"sleep from 23:30 to 6:15", "sleep 6.75 " TODAY " 06:15+60 [23:30–06:15]"},
    {"slept 23:30-6:15", "sleep 6.75 " TODAY " 06:15+60 [23:30–06:15]"},
    {"slept from 11:30 pm to 6:15 am", "sleep 6.75 " TODAY " 06:15+60 [23:30–06:15]"},
    {"sleep from 0:30 to 8:00 yesterday", "sleep 7.5 2026-11-23 08:00+60 [00:30–08:00]"},
    {"nap 20 min", "sleep 0.333333 " NOW " [nap]"},
    {"half an hour nap", "sleep 0.5 " NOW " [nap]"},

    {"stress 7", "stress 7 " NOW},
    {"stress 7/10", "stress 7 " NOW},
    {"stress 7 out of 10", "stress 7 " NOW},
    {"stress 0", "stress 0 " TODAY},
    {"fatigue 3.5", "fatigue 3.5 " NOW},
    {"water 500ml", "water 500 " NOW},
    {"water 0.5 l", "water 500 " NOW},
    {"half a litre of water", "water 500 " NOW},
    {"a glass of water", "water 240 " NOW},
    {"a litre of water", "water 1000 " NOW},
    {"2 glasses of water", "water 480 " NOW},
    {"water 2 x 330 ml", "water 660 " NOW},
    {"exercise 45", "exercise 45 " NOW},
    {"ran 1h15", "exercise 75 " NOW " [running]"},
    {"walk from 9:00 to 9:45", "exercise 45 " TODAY " 09:45+60 [walking 09:00–09:45]"},
    {"compress 10min", "relief 10 " NOW " [warm_compress]"},
    {"massage 5", "relief 5 " NOW " [massage]"},
    {"relaxation 0.5 h", "relief 30 " NOW " [relaxation]"},

    {"sertraline 50mg started", "medicine 50 " NOW " [sertraline started]"},
    {"started Zoloft 50 mg yesterday", "medicine 50 2026-11-23 [Zoloft started]"},
    {"ibuprofen 400mg", "medicine 400 " NOW " [ibuprofen]"},
    {"2 x 400 mg ibuprofen", "medicine 800 " NOW " [ibuprofen]"},
    {"stopped sertraline", "medicine 0 " NOW " [sertraline stopped]"},
    {"levodopa/carbidopa 100 mg", "medicine 100 " NOW " [levodopa/carbidopa]"},
    {"levothyroxine 75 µg", "medicine 0.075 " NOW " [levothyroxine]"},
    {"medicine Nosuchthing forte 20 mg", "medicine 20 " NOW " [Nosuchthing forte]"},

    {"twitch 3 left, coffee 2 at 8:30 and stress 7.",
     "twitch 3 " NOW " [left]\ncaffeine 280 " TODAY " 08:30+60 [2 × Filter coffee, mug]\nstress 7 " NOW},
    {"beer yesterday at 21:00", "alcohol 18.2 2026-11-23 21:00+60 [Beer, pint]"},
    {"wine last night", "alcohol 16.8 2026-11-23 [Wine, medium glass]"},
    {"coffee this morning", "caffeine 140 " TODAY " [Filter coffee, mug]"},
    {"coffee 2026-11-20", "caffeine 140 2026-11-20 [Filter coffee, mug]"},
    {"coffee 2026-11-20T08:30", "caffeine 140 2026-11-20 08:30+60 [Filter coffee, mug]"},
    {"coffee 2026-11-20 at 8:30", "caffeine 140 2026-11-20 08:30+60 [Filter coffee, mug]"},
    {"coffee 2026-11-20T08:30-05:00", "caffeine 140 2026-11-20 08:30-300 [Filter coffee, mug]"},
    {"twitch 20 min ago", "twitch 1 " TODAY " 09:45+60"},
    {"2 coffees 12 hours ago", "caffeine 280 2026-11-23 22:05+60 [2 × Filter coffee, mug]"},
    {"coffee at 23:00", "caffeine 140 " TODAY " 23:00+60 [Filter coffee, mug]"},
};

static void words_are_understood(void **unused)
{
    (void)unused;
    in_zone(BERLIN);
    const struct qv_log_settings settings = {.now_us = utc_us(TODAY, 9, 5)};
    int wrong = 0;
    for (size_t i = 0; i < sizeof understood / sizeof understood[0]; i++) {
        char found[2000];
        struct qv_error error = {0};
        int status = read_words(understood[i].words, &settings, found, sizeof found, &error);
        if (understood[i].entries ? status || strcmp(found, understood[i].entries) != 0 : !status) {
            print_error("\"%s\"\n  found    %s\n  expected %s\n", understood[i].words, found,
                        understood[i].entries ? understood[i].entries : "a refusal");
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* Each with what the sentence must name. */
static const struct {
    const char *words, *names;
} refused[] = {
    {"", "expected such as"},
    {", and ,", "expected such as"},
    {"3", "\"3\": found nothing that can be logged"},
    {"blorp", "\"blorp\" is not known"},
    {"cofee 2", "\"cofee\" is not known; did you mean \"coffee\""},
    {"twich 3", "did you mean \"twitch\""},
    {"3 cofees", "did you mean \"coffee\""},
    {"setraline 50mg", "did you mean \"sertraline\""},
    {"coffee 2, blorp 1", "\"blorp\""},
    {"coffee 2 beer", "\"beer\": found a second thing"},
    {"coffee 2 3", "\"3\": a second number"},
    {"twitch lip", "\"lip\": upper or lower"},
    {"twitch 3 times left right out", "\"out\""},
    {"twitch 1,200", "\"1,200\": can be read in two ways"},
    {"twitch -3", "-3"},
    {"twitch 2.5", "whole number"},
    {"twitch 3 mg", "found no count"},
    {"twitch 1000000", "twitch: found 1000000"},
    {"sleep", "found no amount, expected such as: sleep 7.5 h"},
    {"sleep 31h", "sleep: found 31"},
    {"sleep 500 ml", "expected such as: sleep 7.5 h"},
    {"sleep 6h from 23:00 to 5:00", "no length of time"},
    {"stress", "expected such as: stress 4"},
    {"stress 11", "stress: found 11"},
    {"stress 7/20", "from 0 to 10"},
    {"alcohol 2", "found no mass, expected such as: alcohol 10 g"},
    {"water 2", "found no volume, expected such as: water 500 ml"},
    {"no coffee", "found none"},
    {"coffee 0", "found none"},
    {"no twitches 3", "both"},
    {"coffee 200 mg", "expected how many of: one mug"},
    {"coffee 8:30", "expected such as: at 8:30"},
    {"2 bottles of coffee", "found \"bottles\", expected how many of: one mug"},
    {"cocktail 50 ml", "expected how many of"},
    {"coffee left", "only a twitch has"},
    {"coffee started", "\"started\": is said of medicines only"},
    {"ibuprofen 2", "found no dose in mg"},
    {"2 ibuprofen tablets", "found no dose in mg"},
    {"ibuprofen 5 ml", "found no dose in mg"},
    {"medicine", "expected the name of a medicine"},
    {"coffee at 25:00", "\"at 25\": no time of day"},
    {"coffee at 8:61", "no time of day"},
    {"coffee at 8", "no time of day"},
    {"coffee at 13 pm", "no time of day"},
    {"coffee at 8:00 at 9:00", "a second time of day"},
    {"coffee yesterday today", "a second day"},
    {"coffee 2026-11-25", "2026-11-25: is still to come"},
    {"coffee 2026-02-29", "\"2026-02-29\": no such day"},
    {"twitch 3 blorps", "\"blorps\" is not known"},
    {"2 shots of vodka", "found \"shots\", expected how many of: one single measure"},
    {"coffee\001", "control character"},
    {"coffee \xff", "not UTF-8"},
};

static void what_is_not_clear_is_refused(void **unused)
{
    (void)unused;
    in_zone(BERLIN);
    const struct qv_log_settings settings = {.now_us = utc_us(TODAY, 9, 5)};
    int wrong = 0;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        char found[2000];
        struct qv_error error = {0};
        int status = read_words(refused[i].words, &settings, found, sizeof found, &error);
        if (status != QV_ERR_DATA || !strstr(found, refused[i].names)) {
            print_error("\"%s\"\n  found    %s\n  expected a refusal with %s\n", refused[i].words, found,
                        refused[i].names);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);

    char many[QV_LOG_MAX_BYTES + 2];
    struct qv_error error = {0};
    memset(many, 'a', sizeof many - 1);
    many[sizeof many - 1] = 0;
    struct qv_log *log = NULL;
    assert_int_equal(qv_log_read(knowledge, many, &settings, arena, &log, &error), QV_ERR_DATA);
    for (size_t i = 0; i + 1 < sizeof many; i++)
        many[i] = i % 2 ? ',' : '1';
    many[QV_LOG_MAX_BYTES] = 0;
    assert_int_equal(qv_log_read(knowledge, many, &settings, arena, &log, &error), QV_ERR_DATA);
    many[0] = 0;
    for (int i = 0; i < 65; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), "twitch,");
    assert_int_equal(qv_log_read(knowledge, many, &settings, arena, &log, &error), QV_ERR_DATA);
    assert_non_null(strstr(error.text, "more than 64"));
    assert_null(log);
}

/* ---- the clock ------------------------------------------------------------------------------------------------------- */

/* Every half hour of three years: the clock at an instant leads back to that instant, and nothing is counted wrongly. */
static void every_instant_has_its_local_time(void **unused)
{
    (void)unused;
    static const struct {
        const char *zone;
        unsigned twice; /* half hours that come twice in a year */
    } zones[] = {{BERLIN, 2}, {LORD_HOWE, 1}, {APIA, 0}, {HONOLULU, 0}, {"UTC0", 0}};
    const int64_t step_us = (int64_t)1800 * 1000000;
    for (size_t z = 0; z < sizeof zones / sizeof zones[0]; z++) {
        in_zone(zones[z].zone);
        unsigned twice = 0;
        for (int64_t at = utc_us("2025-01-01", 0, 0); at < utc_us("2028-01-01", 0, 0); at += step_us) {
            struct qv_clock clock = qv_clock_at(at);
            assert_in_range(clock.second, 0, 86399);
            assert_int_equal((clock.day * (int64_t)86400 + clock.second - clock.offset_s) * 1000000, at);
            int64_t instants[2] = {0};
            unsigned count = qv_clock_instants(clock.day, clock.second, instants);
            assert_in_range(count, 1, 2);
            assert_true(instants[0] == at || (count == 2 && instants[1] == at));
            assert_true(count == 1 || instants[0] < instants[1]);
            twice += count == 2;
        }
        assert_int_equal(twice, 3 * 2 * zones[z].twice); /* each of them was met twice */
    }
}

static void clocks_put_forward_skip_local_times(void **unused)
{
    (void)unused;
    int64_t instants[2];
    in_zone(BERLIN); /* 2026-03-29 02:00 → 03:00; 2026-10-25 03:00 → 02:00 */
    assert_int_equal(qv_clock_instants(day_of("2026-03-29"), 2 * 3600, instants), 0);
    assert_int_equal(qv_clock_instants(day_of("2026-03-29"), 3 * 3600 - 1, instants), 0);
    assert_int_equal(qv_clock_instants(day_of("2026-03-29"), 3 * 3600, instants), 1);
    assert_int_equal(qv_clock_instants(day_of("2026-10-25"), 2 * 3600 + 1800, instants), 2);
    assert_int_equal(instants[0], utc_us("2026-10-25", 0, 30));
    assert_int_equal(instants[1], utc_us("2026-10-25", 1, 30));
    assert_int_equal(qv_clock_instants(day_of("2026-10-25"), 3 * 3600, instants), 1);
    in_zone(LORD_HOWE); /* 2026-10-04 02:00 → 02:30 */
    assert_int_equal(qv_clock_instants(day_of("2026-10-04"), 2 * 3600 + 60, instants), 0);
    assert_int_equal(qv_clock_instants(day_of("2026-10-04"), 2 * 3600 + 1800, instants), 1);
}

static void read_one(const char *words, int64_t now_us, const char *expected)
{
    const struct qv_log_settings settings = {.now_us = now_us};
    char found[2000];
    struct qv_error error = {0};
    (void)read_words(words, &settings, found, sizeof found, &error);
    if (!strstr(found, expected))
        fail_msg("\"%s\": found %s, expected %s", words, found, expected);
}

static void nights_of_23_and_25_hours_are_slept_as_long_as_they_were(void **unused)
{
    (void)unused;
    in_zone(BERLIN);
    read_one("sleep from 23:30 to 6:15", utc_us("2026-03-29", 8, 0), "sleep 5.75 2026-03-29 06:15+120 [23:30–06:15]");
    read_one("sleep from 23:30 to 6:15", utc_us("2026-10-25", 8, 0), "sleep 7.75 2026-10-25 06:15+60 [23:30–06:15]");
    read_one("sleep from 1:00 to 2:30", utc_us("2026-03-29", 8, 0), "02:30 on 2026-03-29: the clock was put forward");
    read_one("sleep from 2:30 to 8:00", utc_us("2026-10-25", 8, 0), "02:30: the clock showed it twice that night");

    read_one("coffee at 2:30", utc_us("2026-03-29", 8, 0), "02:30 on 2026-03-29: the clock was put forward over it");
    read_one("coffee at 2:30", utc_us("2026-10-25", 0, 45), "2026-10-25 02:30+120 "); /* the second is still to come */
    read_one("coffee at 2:30", utc_us("2026-10-25", 8, 0), "2026-10-25 02:30 [");     /* which one is not known */
    read_one("coffee 2026-10-25T02:30+01:00", utc_us("2026-10-25", 8, 0), "2026-10-25 02:30+60 ");
    read_one("coffee", utc_us("2026-10-25", 0, 30), "2026-10-25 02:30+120 ");
    read_one("coffee", utc_us("2026-10-25", 1, 30), "2026-10-25 02:30+60 ");
}

static void remarks_say_what_is_odd(void **unused)
{
    (void)unused;
    in_zone(BERLIN);
    struct qv_entry entry = {0};
    struct qv_log_remark remark;
    struct qv_error error = {0};
    const int64_t now_us = utc_us("2026-10-25", 8, 0);
    assert_int_equal(qv_log_time("02:30", now_us, &entry, &remark, &error), QV_OK);
    assert_true(remark.twice && !remark.ahead);
    assert_int_equal(entry.offset_s, QV_NO_OFFSET);
    assert_int_equal(qv_log_time("23:00", now_us, &entry, &remark, &error), QV_OK);
    assert_true(remark.ahead && !remark.twice);
    assert_int_equal(qv_log_time("now", now_us, &entry, &remark, &error), QV_OK);
    assert_true(!remark.ahead && !remark.twice);
    assert_int_equal(entry.second, 9 * 3600);

    static const char *const none[] = {"", "soon", "08:30 and", "yesterday coffee", "2026-10-26", "8", "now now"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        struct qv_entry before = entry;
        error = (struct qv_error){0};
        assert_int_equal(qv_log_time(none[i], now_us, &entry, &remark, &error), QV_ERR_DATA);
        assert_true(error.text[0]);
        assert_memory_equal(&before, &entry, sizeof entry);
    }
}

/* A traveller who logs at each midday of where they are: no day is lost where there was one, and none is doubled. */
static void days_are_those_of_the_place(void **unused)
{
    (void)unused;
    in_zone(APIA);
    read_one("coffee", utc_us("2026-11-23", 23, 0), "2026-11-24 12:00+780 ");
    in_zone(HONOLULU); /* five hours of flight later: it is the day before, once more */
    read_one("coffee", utc_us("2026-11-24", 4, 0), "2026-11-23 18:00-600 ");
    read_one("coffee yesterday", utc_us("2026-11-24", 4, 0), "2026-11-22 [");
    /* In Honolulu it is the 23rd still, but the coffee was had in Apia, where it was the 24th. */
    read_one("coffee 2026-11-24T12:00+13:00", utc_us("2026-11-24", 4, 0), "2026-11-24 12:00+780 ");
    read_one("coffee 2026-11-24", utc_us("2026-11-24", 4, 0), "2026-11-24: is still to come");

    in_zone(BERLIN); /* every day of a year, at one and at half past twelve in the night: as many days as there are */
    int32_t last = day_of("2025-12-31");
    for (int64_t at = utc_us("2025-12-31", 23, 30); at < utc_us("2026-12-31", 23, 0);) {
        struct qv_clock clock = qv_clock_at(at);
        assert_int_equal(clock.day, ++last);
        int64_t next[2];
        assert_in_range(qv_clock_instants(clock.day + 1, 1800, next), 1, 1);
        at = next[0];
    }
    assert_int_equal(last, day_of("2026-12-31"));
}

static void what_is_given_stands_for_what_is_not_said(void **unused)
{
    (void)unused;
    in_zone(BERLIN);
    char found[2000];
    struct qv_error error = {0};
    struct qv_log_settings settings = {.now_us = utc_us(TODAY, 9, 5), .at = "yesterday"};
    assert_int_equal(read_words("coffee, twitch at 9:00", &settings, found, sizeof found, &error), QV_OK);
    assert_string_equal(found, "caffeine 140 2026-11-23 [Filter coffee, mug]\ntwitch 1 2026-11-23 09:00+60");
    settings.at = "2026-11-20T08:30";
    assert_int_equal(read_words("sleep 7", &settings, found, sizeof found, &error), QV_OK);
    assert_string_equal(found, "sleep 7 2026-11-20 08:30+60");
    settings.at = "25:00";
    assert_int_equal(read_words("sleep 7", &settings, found, sizeof found, &error), QV_ERR_DATA);

    const struct qv_entry old = {.day = day_of("2026-01-02"), .second = 3600, .offset_s = -18000};
    settings = (struct qv_log_settings){.now_us = utc_us(TODAY, 9, 5), .replaces = &old};
    assert_int_equal(read_words("coffee", &settings, found, sizeof found, &error), QV_OK);
    assert_string_equal(found, "caffeine 140 2026-01-02 01:00-300 [Filter coffee, mug]");
    assert_int_equal(read_words("coffee at 8:30", &settings, found, sizeof found, &error), QV_OK);
    assert_string_equal(found, "caffeine 140 2026-01-02 08:30+60 [Filter coffee, mug]");
}

/* ---- the knowledge ---------------------------------------------------------------------------------------------------- */

static void log_each(const struct qv_words *names, bool *bad)
{
    const struct qv_log_settings settings = {.now_us = utc_us(TODAY, 9, 5)};
    for (uint32_t i = 0; i < names->count; i++) {
        char found[2000];
        struct qv_error error = {0};
        enum qv_entry_kind kind;
        if (qv_entry_kind_find(names->at[i], &kind)) /* which takes an amount */
            continue;
        if (read_words(names->at[i], &settings, found, sizeof found, &error)) {
            print_error("\"%s\": %s\n", names->at[i], found);
            *bad = true;
        }
    }
}

/* Every name in the knowledge can be logged as it stands there. */
static void every_name_is_understood(void **unused)
{
    (void)unused;
    in_zone(BERLIN);
    bool bad = false;
    const struct qv_facts *facts = knowledge->facts;
    for (uint32_t i = 0; i < facts->drink_count; i++)
        log_each(&facts->drinks[i].names, &bad);
    for (uint32_t i = 0; i < facts->food_count; i++)
        log_each(&facts->foods[i].names, &bad);
    for (uint32_t i = 0; i < facts->medicine_count; i++)
        log_each(&facts->medicines[i].names, &bad);
    assert_false(bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_understood),
        cmocka_unit_test(what_is_not_clear_is_refused),
        cmocka_unit_test(every_instant_has_its_local_time),
        cmocka_unit_test(clocks_put_forward_skip_local_times),
        cmocka_unit_test(nights_of_23_and_25_hours_are_slept_as_long_as_they_were),
        cmocka_unit_test(remarks_say_what_is_odd),
        cmocka_unit_test(days_are_those_of_the_place),
        cmocka_unit_test(what_is_given_stands_for_what_is_not_said),
        cmocka_unit_test(every_name_is_understood),
    };
    struct qv_error error = {0};
    if (qv_knowledge_builtin(&knowledge, &error)) {
        print_error("%s\n", error.text);
        return 1;
    }
    arena = qv_arena_create(0);
    int failed = cmocka_run_group_tests_name("log", tests, NULL, NULL);
    qv_arena_destroy(arena);
    qv_knowledge_destroy(knowledge);
    return failed;
}
