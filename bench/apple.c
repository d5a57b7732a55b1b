/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apple generate FILE MEGABYTES   an Apple Health export like those of phones: by type, years of heart rates and steps, among
 *                                 them sleep by stages, water and coffee
 * apple expat FILE                expat alone over it, with handlers that do nothing
 * apple ours FILE                 qv_diary_read(), entries counted
 *
 * The last two print bytes, seconds, megabytes a second and the most memory that was resident. bench/apple.sh makes the table.
 */
#include <quiver/journal.h>

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define DEVICE                                                                                                         \
    "device=\"&lt;&lt;HKDevice: 0x28308c0f0&gt;, name:Apple Watch, manufacturer:Apple Inc., model:Watch, "             \
    "hardware:Watch6,1, software:10.1&gt;\""

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- an export ------------------------------------------------------------------------------------------------------ */

static void put_time(FILE *out, const char *name, int64_t minute)
{
    char day[11];
    qv_date_format((int32_t)(minute / 1440), day);
    unsigned of_day = (unsigned)(minute % 1440);
    fprintf(out, " %s=\"%s %02u:%02u:%02u +0100\"", name, day, of_day / 60, of_day % 60, of_day % 59);
}

static void put_record(FILE *out, const char *type, const char *unit, int64_t minute, int64_t minutes,
                       const char *value)
{
    fprintf(out, " <Record type=\"%s\" sourceName=\"Lisa’s Apple Watch\" sourceVersion=\"10.1\" " DEVICE, type);
    if (unit)
        fprintf(out, " unit=\"%s\"", unit);
    put_time(out, "creationDate", minute + minutes + 1);
    put_time(out, "startDate", minute);
    put_time(out, "endDate", minute + minutes);
    fprintf(out, " value=\"%s\"", value);
}

static int generate(const char *path, long megabytes)
{
    static const char *const stages[] = {"AsleepCore", "AsleepDeep", "AsleepREM", "Awake"};
    FILE *out = fopen(path, "wb");
    if (!out)
        return 73;
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE HealthData [\n<!-- HealthKit Export Version: 13 -->\n"
          "<!ELEMENT HealthData (ExportDate,Me,(Record|Correlation|Workout)*)>\n]>\n<HealthData locale=\"en_DE\">\n"
          " <ExportDate value=\"2026-11-24 10:00:00 +0100\"/>\n",
          out);
    const int64_t first = (int64_t)17000 * 1440;
    unsigned random = 12345;
    char value[64];
    for (int64_t day = 0; ftell(out) < megabytes * 1000000L * 9 / 10; day++) {
        for (int64_t minute = 0; minute < 1440; minute += 4) {
            random = random * 1664525u + 1013904223u;
            snprintf(value, sizeof value, "%u", 55 + (random >> 26));
            put_record(out, "HKQuantityTypeIdentifierHeartRate", "count/min", first + day * 1440 + minute, 0, value);
            fputs(">\n  <MetadataEntry key=\"HKMetadataKeyHeartRateMotionContext\" value=\"1\"/>\n </Record>\n", out);
            if (minute % 12 == 0) {
                put_record(out, "HKQuantityTypeIdentifierStepCount", "count", first + day * 1440 + minute, 3, value);
                fputs("/>\n", out);
            }
        }
        for (int64_t piece = 0; piece < 24; piece++) {
            snprintf(value, sizeof value, "HKCategoryValueSleepAnalysis%s", stages[piece % 4]);
            put_record(out, "HKCategoryTypeIdentifierSleepAnalysis", NULL, first + day * 1440 + 1380 + piece * 20, 20,
                       value);
            fputs(">\n  <MetadataEntry key=\"HKTimeZone\" value=\"Europe/Berlin\"/>\n </Record>\n", out);
        }
        for (int64_t drink = 0; drink < 6; drink++) {
            bool is_coffee = drink % 2;
            put_record(out,
                       is_coffee ? "HKQuantityTypeIdentifierDietaryCaffeine" : "HKQuantityTypeIdentifierDietaryWater",
                       is_coffee ? "mg" : "mL", first + day * 1440 + 420 + drink * 90, 0, is_coffee ? "95" : "250");
            fputs("/>\n", out);
        }
        for (int64_t minute = 0; minute < 30; minute++) {
            put_record(out, "HKQuantityTypeIdentifierAppleExerciseTime", "min", first + day * 1440 + 1020 + minute, 1,
                       "1");
            fputs("/>\n", out);
        }
    }
    /* The rings of the days stand at the end. */
    while (ftell(out) < megabytes * 1000000L)
        fputs(" <ActivitySummary dateComponents=\"2024-03-10\" activeEnergyBurned=\"412.3\" "
              "activeEnergyBurnedGoal=\"400\" "
              "activeEnergyBurnedUnit=\"kcal\" appleExerciseTime=\"31\" appleStandHours=\"11\"/>\n",
              out);
    fputs("</HealthData>\n", out);
    return fclose(out) ? 74 : 0;
}

/* ---- two readers ---------------------------------------------------------------------------------------------------- */

static void XMLCALL ignore_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
}

static void XMLCALL ignore_end(void *context, const XML_Char *name)
{
}

static int parse_alone(const char *path, uint64_t *bytes)
{
    static char buffer[256 << 10]; /* as ours has */
    FILE *file = fopen(path, "rb");
    XML_Parser parser = XML_ParserCreate("UTF-8");
    if (!file || !parser)
        return 66;
    XML_SetElementHandler(parser, ignore_start, ignore_end);
    size_t got = sizeof buffer;
    while (got == sizeof buffer) {
        got = fread(buffer, 1, sizeof buffer, file);
        *bytes += got;
        if (XML_Parse(parser, buffer, (int)got, got < sizeof buffer) != XML_STATUS_OK)
            return 65;
    }
    XML_ParserFree(parser);
    fclose(file);
    return 0;
}

static int count_entry(void *context, const struct qv_entry *entry, struct qv_error *error)
{
    ++*(uint64_t *)context;
    return 0;
}

static bool keep_size(void *context, uint64_t read_bytes, uint64_t of_bytes)
{
    ((uint64_t *)context)[1] = read_bytes;
    return true;
}

static int parse_ours(const char *path, uint64_t *bytes, uint64_t *entries)
{
    uint64_t counts[2] = {0, 0};
    struct qv_error error = {0};
    struct qv_diary_source to = {.sink = count_entry, .progress = keep_size, .context = counts};
    if (qv_diary_read(path, &to, NULL, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return qv_status_exit(error.status);
    }
    *entries = counts[0];
    *bytes = counts[1];
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "generate") == 0)
        return generate(argv[2], strtol(argv[3], NULL, 10));
    if (argc != 3)
        return 64;
    uint64_t bytes = 0, entries = 0;
    double begin = seconds_now();
    int status = strcmp(argv[1], "ours") == 0 ? parse_ours(argv[2], &bytes, &entries) : parse_alone(argv[2], &bytes);
    double took = seconds_now() - begin;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double own = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec * 1e-6 + (double)usage.ru_stime.tv_sec +
                 (double)usage.ru_stime.tv_usec * 1e-6;
    printf("%ju %.3f %.1f %.1f %.1f %ju\n", (uintmax_t)bytes, took, (double)bytes / 1e6 / took,
           (double)bytes / 1e6 / own, (double)usage.ru_maxrss / 1024, (uintmax_t)entries);
    return status;
}
