/* SPDX-License-Identifier: Apache-2.0 */
/* The words of vision.h, made from its lists. */
#include <quiver/vision.h>

#include <assert.h>
#include <string.h>

static const char *const regions[] = {
#define REGION(name, word) word "_left", word "_right",
    QV_REGION_MAP(REGION)
#undef REGION
};

#define WORD(name, word) word,
static const char *const movements[] = {QV_MOVEMENT_MAP(WORD)};
static const char *const codecs[] = {QV_CODEC_MAP(WORD)};
static const char *const waveforms[] = {QV_WAVEFORM_MAP(WORD)};
static const char *const lights[] = {QV_LIGHT_MAP(WORD)};
#undef WORD

#define WARNING(name, word, sentence) {word, sentence},
static const struct {
    const char *word, *sentence;
} warnings[] = {QV_WARNING_MAP(WARNING)};
#undef WARNING

static const char *const patterns[] = {"none", "isolated", "clusters", "rhythmic", "sustained"};

const char *qv_region_name(enum qv_region region)
{
    assert(region < QV_REGION_COUNT);
    return regions[region];
}

int qv_region_find(const char *name)
{
    for (int i = 0; i < QV_REGION_COUNT; i++) {
        if (strcmp(regions[i], name) == 0)
            return i;
    }
    return -1;
}

enum qv_side qv_region_side(enum qv_region region)
{
    return region & 1 ? QV_SIDE_RIGHT : QV_SIDE_LEFT;
}

enum qv_region qv_region_opposite(enum qv_region region)
{
    return (enum qv_region)(region ^ 1);
}

const char *qv_movement_name(enum qv_movement_kind kind)
{
    assert(kind < QV_MOVEMENT_COUNT);
    return movements[kind];
}

const char *qv_pattern_name(enum qv_twitch_pattern pattern)
{
    assert(pattern <= QV_PATTERN_SUSTAINED);
    return patterns[pattern];
}

const char *qv_warning_name(enum qv_watch_warning warning)
{
    assert(warning < QV_WARNING_COUNT);
    return warnings[warning].word;
}

const char *qv_warning_sentence(enum qv_watch_warning warning)
{
    assert(warning < QV_WARNING_COUNT);
    return warnings[warning].sentence;
}

static int find_word(const char *const *words, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(words[i], name) == 0)
            return i;
    }
    return -1;
}

const char *qv_codec_name(enum qv_codec codec)
{
    assert(codec < QV_CODEC_COUNT);
    return codecs[codec];
}

int qv_codec_find(const char *name)
{
    return find_word(codecs, QV_CODEC_COUNT, name);
}

const char *qv_waveform_name(enum qv_waveform waveform)
{
    assert(waveform < QV_WAVEFORM_COUNT);
    return waveforms[waveform];
}

int qv_waveform_find(const char *name)
{
    return find_word(waveforms, QV_WAVEFORM_COUNT, name);
}

const char *qv_light_name(enum qv_light light)
{
    assert(light < QV_LIGHT_COUNT);
    return lights[light];
}

int qv_light_find(const char *name)
{
    return find_word(lights, QV_LIGHT_COUNT, name);
}
