/* SPDX-License-Identifier: Apache-2.0 */
/* The picture of a measurement: that it says what was measured, marks each event once, and is written whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <quiver/report.h>

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Fontconfig and Pango keep what they know of fonts until the program ends; LeakSanitizer is told so. Ours is still watched. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\nleak:libpango\n";
}

enum { TWITCHES = 7, SPASMS = 1, BLINKS = 3, MOUTH = 2, EVENTS = TWITCHES + SPASMS + BLINKS + MOUTH, FRAMES = 600 };

static struct qv_movement events[EVENTS];
static struct qv_trace_bin bins[FRAMES];
static const struct qv_trace trace = {.bins = bins, .bin_count = FRAMES};

static void add_event(int index, enum qv_movement_kind kind, enum qv_region region)
{
    const int64_t start_us = 1000000 + index * 1400000;
    events[index] = (struct qv_movement){.start_us = start_us,
                                         .peak_us = start_us + 60000,
                                         .end_us = start_us + (kind == QV_MOVEMENT_SPASM ? 1200000 : 120000),
                                         .kind = kind,
                                         .snr = 12,
                                         .region_count = 1,
                                         .regions = {{region, 1, 0.31}}};
}

/* Twenty seconds with some of everything; the face is out of sight for one of them. */
static struct qv_measurement measured(void)
{
    int n = 0;
    for (int i = 0; i < TWITCHES; i++)
        add_event(n++, QV_MOVEMENT_TWITCH, QV_UPPER_LIP_LEFT);
    for (int i = 0; i < SPASMS; i++)
        add_event(n++, QV_MOVEMENT_SPASM, QV_CHEEK_LEFT);
    for (int i = 0; i < BLINKS; i++)
        add_event(n++, QV_MOVEMENT_BLINK, QV_EYELID_RIGHT);
    for (int i = 0; i < MOUTH; i++)
        add_event(n++, QV_MOVEMENT_MOUTH_MOVEMENT, QV_LOWER_LIP_LEFT);
    for (int i = 0; i < FRAMES; i++) {
        bins[i] = (struct qv_trace_bin){.first_us = i * 33333LL, .last_us = i * 33333LL, .frames = 1};
        bins[i].seen = i < 500 || i >= 530;
        for (int r = 0; r < QV_REGION_COUNT; r++)
            bins[i].low_px[r] = bins[i].mean_px[r] = bins[i].high_px[r] = (float)sin(i * 0.05 * (r + 1));
    }
    struct qv_measurement m = {.movements = events, .movement_count = EVENTS, .trace = &trace};
    m.clip.file = "/somewhere/else/lips.mp4";
    m.clip.duration_s = 20;
    m.clip.frames = FRAMES;
    m.clip.frame_rate_hz = 30;
    m.clip.width = 1280;
    m.clip.height = 720;
    m.face.seen_fraction = 0.95;
    m.face.mm_per_px = 0.31;
    m.quality.noise_floor_mm = 0.006;
    m.quality.detectable_mm = 0.12;
    m.quality.warnings = 1U << QV_WARNING_FACE_LOST | 1U << QV_WARNING_SCALE_UNSURE;
    m.summary.twitches = TWITCHES + SPASMS;
    m.summary.rate_per_min = 25.3;
    m.summary.rate_low = 10.9;
    m.summary.rate_high = 49.8;
    m.summary.side = QV_SIDE_LEFT;
    m.summary.laterality_index = -1;
    m.summary.median_amplitude_mm = 0.31;
    m.summary.median_duration_ms = 118;
    m.summary.dominant_hz = NAN;
    m.summary.eye_mouth_synchrony = 0.05;
    m.summary.pattern = QV_PATTERN_ISOLATED;
    return m;
}

static void draw(const struct qv_measurement *m, enum qv_plot_format format, struct qv_text *out)
{
    struct qv_error error = {0};
    qv_text_init(out, (size_t)64 << 20);
    assert_int_equal(qv_plot_draw(m, format, out, &error), QV_OK);
    assert_int_equal(error.status, 0);
}

static int count(const char *in, const char *what)
{
    int n = 0;
    for (const char *at = strstr(in, what); at; at = strstr(at + 1, what))
        n++;
    return n;
}

static void assert_says(const struct qv_text *svg, const char *words)
{
    if (!strstr(svg->bytes, words))
        fail_msg("the picture does not say \"%s\"", words);
}

/* ---- what it says ----------------------------------------------------------------------------------------------------------- */

static void test_it_says_what_was_measured(void **unused)
{
    const struct qv_measurement m = measured();
    struct qv_text svg;
    draw(&m, QV_PLOT_SVG, &svg);
    static const char *const words[] = {
        "<title id=\"title\">Twitches of the left of the face: 25 a minute, isolated</title>",
        "lips.mp4 · 20.0 s · 30 frames a second · 1280 × 720",
        "twitches: 8 (face seen 19.0 s)",
        "a minute: 25 (95 %: 10.9 to 49.8)",
        "side: left (index −1.00)",
        "size: 0.31 mm (found ≥ 0.12 mm)",
        "lasting: 118 ms",
        "pattern: isolated (no steady rhythm)",
        "eye with mouth: no (synchrony 0.05 of 1)",
        "the face was out of sight",
        "the width of the face",
        "It measures; it does not diagnose.",
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_says(&svg, words[i]);
    assert_null(strstr(svg.bytes, "/somewhere/else")); /* folders are nobody's business */
    for (int i = 0; i < EVENTS; i++) {
        char line[96];
        snprintf(line, sizeof line, " at %.2f s, ", (double)events[i].peak_us * 1e-6);
        assert_int_equal(count(svg.bytes, line), 1);
    }
    qv_text_finish(&svg);
}

/* Marks are told by their colours, which nothing else on the page has; the legend shows one of each kind that occurs. */
static void test_each_event_has_one_mark(void **unused)
{
    static const char twitch[] = "fill:rgb(72%,5%,25%);fill-opacity:1;", blink[] = "stroke:rgb(10%,45%,65%);";
    struct qv_measurement m = measured();
    struct qv_text svg;
    draw(&m, QV_PLOT_SVG, &svg);
    /* and the word "counted", which is one group of letters of the same colour */
    assert_int_equal(count(svg.bytes, "<g style=\"fill:rgb(72%,5%,25%);fill-opacity:1;\">"), 1);
    assert_int_equal(count(svg.bytes, twitch) - 1, TWITCHES + SPASMS + 2);
    assert_int_equal(count(svg.bytes, blink), BLINKS + 1);
    qv_text_finish(&svg);

    m.movement_count = TWITCHES; /* none but twitches */
    draw(&m, QV_PLOT_SVG, &svg);
    assert_int_equal(count(svg.bytes, twitch) - 1, TWITCHES + 1);
    assert_int_equal(count(svg.bytes, blink), 0);
    qv_text_finish(&svg);
}

static void test_a_still_face(void **unused)
{
    struct qv_measurement m = measured();
    m.movement_count = 0;
    m.trace = NULL;
    memset(&m.summary, 0, sizeof m.summary);
    m.summary.rate_high = 11.6;
    m.summary.laterality_index = m.summary.median_amplitude_mm = m.summary.median_duration_ms = NAN;
    m.summary.dominant_hz = NAN;
    struct qv_text svg;
    draw(&m, QV_PLOT_SVG, &svg);
    assert_says(&svg, "No twitch of the face was seen");
    assert_says(&svg, "at most 11.6");
    assert_null(strstr(svg.bytes, "nan"));
    qv_text_finish(&svg);
}

/* An hour of a restless face: the file does not grow with the clip, but for its events. */
static void test_a_long_clip_stays_small(void **unused)
{
    enum { TWITCHES_AN_HOUR = 3000 };
    struct qv_measurement m = measured();
    struct qv_trace_bin *many = calloc(QV_TRACE_BINS_MAX, sizeof *many);
    struct qv_movement *restless = calloc(TWITCHES_AN_HOUR, sizeof *restless);
    assert_true(many && restless);
    for (int i = 0; i < QV_TRACE_BINS_MAX; i++) {
        many[i] =
            (struct qv_trace_bin){.first_us = i * 880000LL, .last_us = i * 880000LL + 850000, .frames = 26, .seen = 26};
        for (int r = 0; r < QV_REGION_COUNT; r++) {
            many[i].low_px[r] = -1;
            many[i].high_px[r] = (float)(1 + i % 5);
        }
    }
    for (int i = 0; i < TWITCHES_AN_HOUR; i++) {
        restless[i] = events[0];
        restless[i].start_us = restless[i].peak_us = restless[i].end_us = i * 1200000LL;
    }
    m.clip.duration_s = 3600;
    m.trace = &(struct qv_trace){.bins = many, .bin_count = QV_TRACE_BINS_MAX};
    m.movements = restless;
    m.movement_count = TWITCHES_AN_HOUR;
    struct qv_text svg;
    draw(&m, QV_PLOT_SVG, &svg);
    assert_true(svg.length < (size_t)4 << 20);
    assert_says(&svg, "and 1000 more");
    qv_text_finish(&svg);
    free(many);
    free(restless);
}

/* A clip may be called anything. */
static void test_hostile_names(void **unused)
{
    struct qv_measurement m = measured();
    struct qv_text svg;
    m.clip.file = "a<b>&\xE2\x80\xAE\x1b[2J\n.mp4";
    draw(&m, QV_PLOT_SVG, &svg);
    assert_says(&svg, "a&lt;b&gt;&amp;    [2J .mp4");
    qv_text_finish(&svg);
    m.clip.file = "\xff\xfe.mp4";
    draw(&m, QV_PLOT_SVG, &svg);
    assert_says(&svg, "(a name that is not UTF-8)");
    assert_true(qv_utf8_valid(svg.bytes, svg.length));
    qv_text_finish(&svg);
}

/* ---- the other formats ------------------------------------------------------------------------------------------------------- */

static uint32_t big_endian(const char *at)
{
    const uint8_t *b = (const uint8_t *)at;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void test_png_is_a_page_and_not_blank(void **unused)
{
    const struct qv_measurement m = measured();
    struct qv_text png;
    draw(&m, QV_PLOT_PNG, &png);
    assert_memory_equal(png.bytes, "\x89PNG\r\n\x1a\n", 8);
    assert_int_equal(big_endian(png.bytes + 16), 2105); /* 842 × 595 points, 2.5 pixels each */
    assert_int_equal(big_endian(png.bytes + 20), 1488);
    assert_true(png.length > 100000); /* an empty page of this size takes 13 kB */
    qv_text_finish(&png);
}

static void test_pdf_is_whole(void **unused)
{
    const struct qv_measurement m = measured();
    struct qv_text pdf;
    draw(&m, QV_PLOT_PDF, &pdf);
    assert_memory_equal(pdf.bytes, "%PDF-", 5);
    assert_memory_equal(pdf.bytes + pdf.length - 6, "%%EOF\n", 6);
    assert_non_null(memmem(pdf.bytes, pdf.length, "/Count 1", 8)); /* pages */
    qv_text_finish(&pdf);
}

static void test_out_of_room_is_said(void **unused)
{
    const struct qv_measurement m = measured();
    for (int format = QV_PLOT_SVG; format <= QV_PLOT_PDF; format++) {
        struct qv_text out;
        struct qv_error error = {0};
        qv_text_init(&out, 2000);
        assert_true(qv_plot_draw(&m, (enum qv_plot_format)format, &out, &error) < 0);
        assert_true(strlen(error.text) > 0);
        qv_text_finish(&out);
    }
}

/* ---- the file ------------------------------------------------------------------------------------------------------------------ */

static void test_names_of_files(void **unused)
{
    static const struct {
        const char *path;
        int format; /* -1: refused */
    } table[] = {{"a.svg", QV_PLOT_SVG},
                 {"b/c.PNG", QV_PLOT_PNG},
                 {"d.e.pdf", QV_PLOT_PDF},
                 {"a.jpg", -1},
                 {"svg", -1},
                 {".svg", -1},
                 {"b/.pdf", -1},
                 {"", -1},
                 {"a.svg/", -1}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        enum qv_plot_format format;
        struct qv_error error = {0};
        const int status = qv_plot_format(table[i].path, &format, &error);
        assert_int_equal(status, table[i].format < 0 ? QV_ERR_USAGE : QV_OK);
        if (status == QV_OK)
            assert_int_equal(format, table[i].format);
    }
}

static int files_in(const char *folder)
{
    int n = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (const struct dirent *e = readdir(d); e; e = readdir(d))
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void test_a_file_is_written_whole_or_not_at_all(void **unused)
{
    const struct qv_measurement m = measured();
    char folder[] = "/tmp/quiver-plot-XXXXXX", path[64], inside[80];
    struct qv_error error = {0};
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/p.svg", folder);
    assert_int_equal(qv_plot_check(path, &error), QV_OK);
    assert_int_equal(files_in(folder), 0);
    assert_int_equal(qv_plot_write(&m, path, &error), QV_OK);
    assert_int_equal(qv_plot_write(&m, path, &error), QV_OK); /* over an older one */
    assert_int_equal(files_in(folder), 1);
    unlink(path);

    snprintf(inside, sizeof inside, "%s/none/p.svg", folder);
    assert_int_equal(qv_plot_check(inside, &error), QV_ERR_CANNOT_CREATE);
    assert_int_equal(qv_plot_write(&m, inside, &error), QV_ERR_CANNOT_CREATE);
    assert_int_equal(mkdir(path, 0700), 0); /* a folder of that name */
    assert_int_equal(qv_plot_check(path, &error), QV_ERR_CANNOT_CREATE);
    assert_int_equal(qv_plot_write(&m, path, &error), QV_ERR_CANNOT_CREATE);
    assert_int_equal(files_in(folder), 1);
    rmdir(path);
    assert_int_equal(rmdir(folder), 0);
}

static void test_without_the_module(void **unused)
{
    const struct qv_measurement m = measured();
    char *module = strdup(getenv("QUIVER_DRAW"));
    struct qv_error error = {0};
    struct qv_text out;
    qv_text_init(&out, 1000000);
    setenv("QUIVER_DRAW", "/nonexistent", 1);
    assert_int_equal(qv_plot_draw(&m, QV_PLOT_SVG, &out, &error), QV_ERR_UNAVAILABLE);
    setenv("QUIVER_DRAW", "README.md", 1); /* no module at all */
    assert_int_equal(qv_plot_draw(&m, QV_PLOT_SVG, &out, &error), QV_ERR_UNAVAILABLE);
    setenv("QUIVER_DRAW", module, 1);
    free(module);
    qv_text_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_says_what_was_measured),
        cmocka_unit_test(test_each_event_has_one_mark),
        cmocka_unit_test(test_a_still_face),
        cmocka_unit_test(test_a_long_clip_stays_small),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_png_is_a_page_and_not_blank),
        cmocka_unit_test(test_pdf_is_whole),
        cmocka_unit_test(test_out_of_room_is_said),
        cmocka_unit_test(test_names_of_files),
        cmocka_unit_test(test_a_file_is_written_whole_or_not_at_all),
        cmocka_unit_test(test_without_the_module),
    };
    return cmocka_run_group_tests_name("plot", tests, NULL, NULL);
}
