/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clips that were damaged on the way, or on purpose: bits flipped, ends missing, pieces repeated or put to zero, at places that a
 * small generator gives, in four containers. Whatever they hold costs at most one sentence: the parent goes on, no child of its
 * is left behind, and none takes longer than TIME_LIMIT_S.
 *
 * tests/fixtures/clips/ holds one second each of a moving test card, 64 × 48 pixels, as FFmpeg writes it
 * (ffmpeg -f lavfi -i testsrc=size=64x48:rate=24:duration=1, H.264, MPEG-4 and VP9 at their lowest quality).
 */
#include "vision/clip.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* cmocka wants the C library's headers before it. */
#include <cmocka.h>

#define DAMAGES 50 /* of each clip */
#define WATCHED 4  /* of these, through the whole program */
#define TIME_LIMIT_S 20
#define FRAMES_MOST 10000 /* a second of film cannot hold more */
#define CLIP_BYTES_MAX (64 << 10)

static const char *const clips[] = {"tiny.mp4", "tiny.avi", "tiny.mkv", "tiny.webm"};

static uint64_t state = 1;

static uint32_t random_below(size_t limit)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)((state >> 33) % limit);
}

static size_t damage(uint8_t *bytes, size_t size, int round)
{
    const uint32_t at = random_below(size), length = random_below(size - at) + 1;
    switch (round % 5) {
    case 0: /* the end is missing */
        return at + 1;
    case 1:
        memset(bytes + at, 0, length);
        return size;
    case 2: /* a piece stands where another did */
        memmove(bytes + random_below(size - length + 1), bytes + at, length);
        return size;
    default: /* some bits are others */
        for (uint32_t i = 0; i < 1U + random_below(40); i++)
            bytes[random_below(size)] ^= (uint8_t)(1U << random_below(8));
        return size;
    }
}

static void root_path(char *path, size_t size, const char *name)
{
    const char *root = getenv("QUIVER_ROOT");
    assert_true((size_t)snprintf(path, size, "%s/tests/fixtures/clips/%s", root ? root : ".", name) < size);
}

static size_t read_clip(const char *name, uint8_t *bytes)
{
    char path[4096];
    root_path(path, sizeof path, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    const size_t size = fread(bytes, 1, CLIP_BYTES_MAX, file);
    fclose(file);
    return size;
}

static void write_clip(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void check_no_child_is_left(const char *what)
{
    if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
        fail_msg("%s: a child is left behind", what);
}

static void check_sentence(const char *what, const struct qv_error *error)
{
    if (!error->text[0] || strchr(error->text, '\n'))
        fail_msg("%s: \"%s\" is not one sentence", what, error->text);
}

/* Reads a clip to its end, or leaves it after some frames. Gives how many there were. */
static uint32_t read_frames(const char *path, uint32_t most, const char *what)
{
    struct clip *clip = NULL;
    struct clip_frame frame;
    struct qv_error error = {0};
    const time_t began = time(NULL);
    uint32_t frames = 0;
    int got = clip_open(path, &clip, &error);
    while (got >= 0 && frames < most && (got = clip_next(clip, &frame, &error)) > 0)
        frames += got == 1;
    if (got < 0)
        check_sentence(what, &error);
    clip_close(clip);
    check_no_child_is_left(what);
    if (frames >= FRAMES_MOST || time(NULL) - began > TIME_LIMIT_S)
        fail_msg("%s: %u frames in %ld s", what, frames, (long)(time(NULL) - began));
    return frames;
}

/* `quiver watch` on a clip: how it ended, and how many lines it said on its way out. */
static void check_program(const char *program, const char *path, const char *what)
{
    int pipe_ends[2];
    assert_int_equal(pipe(pipe_ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        alarm(TIME_LIMIT_S);
        dup2(pipe_ends[1], STDERR_FILENO);
        close(pipe_ends[0]);
        close(pipe_ends[1]);
        execl(program, program, "watch", path, "--json", (char *)NULL);
        _exit(127);
    }
    close(pipe_ends[1]);
    char said[4096];
    size_t length = 0;
    ssize_t got;
    while (length < sizeof said && (got = read(pipe_ends[0], said + length, sizeof said - length)) > 0)
        length += (size_t)got;
    close(pipe_ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    check_no_child_is_left(what);
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    const char *end = memchr(said, '\n', length);
    const bool one_line = end && end == said + length - 1;
    if ((code != 65 && code != 69) || !one_line) /* 69: there are no models here; no face is in any of them */
        fail_msg("%s: ended with %d (%d), said \"%.*s\"", what, code, status, (int)length, said);
}

static void test_whole_clips_are_read(void **unused)
{
    for (size_t i = 0; i < sizeof clips / sizeof clips[0]; i++) {
        char path[4096];
        root_path(path, sizeof path, clips[i]);
        assert_int_equal(read_frames(path, FRAMES_MOST, clips[i]), 24);
        assert_int_equal(read_frames(path, 1, clips[i]), 1); /* and left */
    }
}

static void test_damaged_clips_cost_a_sentence(void **unused)
{
    const char *program = getenv("QUIVER_PROGRAM");
    char path[] = "/tmp/quiver-hostile-XXXXXX";
    const int made = mkstemp(path);
    assert_true(made >= 0);
    close(made);
    uint32_t whole = 0, part = 0, none = 0;
    for (size_t i = 0; i < sizeof clips / sizeof clips[0]; i++) {
        static uint8_t original[CLIP_BYTES_MAX], bytes[CLIP_BYTES_MAX];
        const size_t size = read_clip(clips[i], original);
        for (int round = 0; round < DAMAGES; round++) {
            char what[64];
            snprintf(what, sizeof what, "%s, damage %d", clips[i], round);
            memcpy(bytes, original, size);
            write_clip(path, bytes, damage(bytes, size, round));
            const uint32_t frames = read_frames(path, FRAMES_MOST, what);
            *(frames == 24 ? &whole : frames ? &part : &none) += 1;
            if (program && round < WATCHED)
                check_program(program, path, what);
        }
    }
    unlink(path);
    printf("# %u clips read whole, %u in part, %u not at all\n", whole, part, none);
    assert_true(part > 20 && none > 20); /* the damage is neither too little nor too much to say something */
}

/* The decoder lies beside the program. */
static void name_decoder(void)
{
    const char *program = getenv("QUIVER_PROGRAM");
    char path[4096];
    if (program && (size_t)snprintf(path, sizeof path, "%s-decoder", program) < sizeof path)
        setenv("QUIVER_DECODER", path, 0);
}

int main(void)
{
    name_decoder();
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* who is left behind by a child becomes ours, and is seen */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_clips_are_read),
        cmocka_unit_test(test_damaged_clips_cost_a_sentence),
    };
    return cmocka_run_group_tests_name("hostile_clips", tests, NULL, NULL);
}
