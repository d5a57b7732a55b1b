/* SPDX-License-Identifier: Apache-2.0 */
#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WORDS_BYTES_MAX ((size_t)16 << 20)
#define EVENTS_TOLD 2000 /* one by one in the description; who wants more has the JSON */

bool plot_counts(const struct qv_movement *m)
{
    return m->kind == QV_MOVEMENT_TWITCH || m->kind == QV_MOVEMENT_SPASM;
}

const char *plot_part_name(enum qv_region region)
{
    static const char *const words[] = {
        [QV_UPPER_LIP_LEFT / 2] = "upper lip",
        [QV_LOWER_LIP_LEFT / 2] = "lower lip",
        [QV_MOUTH_CORNER_LEFT / 2] = "mouth corner",
        [QV_CHEEK_LEFT / 2] = "cheek",
        [QV_CHIN_LEFT / 2] = "chin",
        [QV_EYELID_LEFT / 2] = "eyelid",
        [QV_BROW_LEFT / 2] = "brow",
    };
    _Static_assert(sizeof words / sizeof words[0] == QV_REGION_COUNT / 2, "a part of the face has no name");
    return words[region / 2];
}

const char *plot_kind_name(enum qv_movement_kind kind)
{
    switch (kind) {
    case QV_MOVEMENT_MOUTH_MOVEMENT:
        return "mouth movement";
    case QV_MOVEMENT_HEAD_MOVEMENT:
        return "head movement";
    case QV_MOVEMENT_LIGHTING:
        return "change of light";
    default:
        return qv_movement_name(kind);
    }
}

void plot_millimetres(double mm, char *out, size_t size)
{
    snprintf(out, size, mm < 0.0995 ? "%.3f" : mm < 9.95 ? "%.2f" : "%.0f", mm);
}

/* The name of the file without its folders, and without what could break or turn a line. */
static void clean_name(const char *path, char *out, size_t size)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *name = !path ? "" : slash && slash[1] ? slash + 1 : path;
    if (strcmp(name, "-") == 0)
        name = "standard input";
    if (!qv_utf8_valid(name, strlen(name)))
        name = "(a name that is not UTF-8)";
    snprintf(out, size, "%s", name);
    for (unsigned char *at = (unsigned char *)out; *at; at++) {
        const bool turns = at[0] == 0xE2 && ((at[1] == 0x80 && at[2] >= 0xAA && at[2] <= 0xAE) ||
                                             (at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9));
        if (turns)
            at[0] = at[1] = at[2] = ' ';
        else if (at[0] == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0)
            at[0] = at[1] = ' ';
        else if (at[0] < 0x20 || at[0] == 0x7F)
            at[0] = ' ';
    }
}

/* ---- the figures ----------------------------------------------------------------------------------------------------------- */

static const char *const side_words[] = {"not clear", "left", "right", "both"};

static void say_count(struct plot_tile *t, const struct qv_measurement *m)
{
    const double seen_s = m->clip.duration_s * m->face.seen_fraction;
    t->label = "twitches";
    if (m->summary.twitches)
        snprintf(t->value, sizeof t->value, "%u", m->summary.twitches);
    else
        snprintf(t->value, sizeof t->value, "none");
    if (seen_s < 120)
        snprintf(t->note, sizeof t->note, "face seen %.1f s", seen_s);
    else
        snprintf(t->note, sizeof t->note, "face seen %.1f min", seen_s / 60);
}

static void say_rate(struct plot_tile *t, const struct qv_measurement *m)
{
    t->label = "a minute";
    snprintf(t->value, sizeof t->value, m->summary.rate_per_min < 9.95 ? "%.1f" : "%.0f", m->summary.rate_per_min);
    if (m->summary.twitches)
        snprintf(t->note, sizeof t->note, "95 %%: %.1f to %.1f", m->summary.rate_low, m->summary.rate_high);
    else
        snprintf(t->note, sizeof t->note, "95 %%: at most %.1f", m->summary.rate_high);
}

static void say_side(struct plot_tile *t, const struct qv_measurement *m)
{
    t->label = "side";
    snprintf(t->value, sizeof t->value, "%s", m->summary.twitches ? side_words[m->summary.side] : "–");
    if (isfinite(m->summary.laterality_index))
        snprintf(t->note, sizeof t->note, "index %s%.2f", m->summary.laterality_index < 0 ? "−" : "+",
                 fabs(m->summary.laterality_index));
}

static void say_size(struct plot_tile *t, const struct qv_measurement *m)
{
    char figure[32];
    t->label = "size";
    snprintf(t->value, sizeof t->value, "–");
    if (isfinite(m->summary.median_amplitude_mm)) {
        plot_millimetres(m->summary.median_amplitude_mm, figure, sizeof figure);
        snprintf(t->value, sizeof t->value, "%s mm", figure);
    }
    plot_millimetres(m->quality.detectable_mm, figure, sizeof figure);
    snprintf(t->note, sizeof t->note, "found ≥ %s mm", figure);
}

static void say_duration(struct plot_tile *t, const struct qv_measurement *m)
{
    t->label = "lasting";
    snprintf(t->value, sizeof t->value, "–");
    if (isfinite(m->summary.median_duration_ms)) {
        snprintf(t->value, sizeof t->value, m->summary.median_duration_ms < 2000 ? "%.0f ms" : "%.0f s",
                 m->summary.median_duration_ms < 2000 ? m->summary.median_duration_ms
                                                      : m->summary.median_duration_ms / 1000);
        snprintf(t->note, sizeof t->note, "median");
    }
}

static void say_pattern(struct plot_tile *t, const struct qv_measurement *m)
{
    t->label = "pattern";
    snprintf(t->value, sizeof t->value, "%s", m->summary.twitches ? qv_pattern_name(m->summary.pattern) : "–");
    if (isfinite(m->summary.dominant_hz))
        snprintf(t->note, sizeof t->note, "%.1f a second", m->summary.dominant_hz);
    else if (m->summary.twitches)
        snprintf(t->note, sizeof t->note, "no steady rhythm");
}

static void say_synchrony(struct plot_tile *t, const struct qv_measurement *m)
{
    const double s = m->summary.eye_mouth_synchrony;
    t->label = "eye with mouth";
    snprintf(t->value, sizeof t->value, "%s",
             !m->summary.twitches ? "–"
             : s > 0.5            ? "yes"
             : s > 0.2            ? "in part"
                                  : "no");
    if (m->summary.twitches)
        snprintf(t->note, sizeof t->note, "synchrony %.2f of 1", s);
}

/* ---- sentences -------------------------------------------------------------------------------------------------------------- */

static void say_warnings(struct qv_text *out, const struct qv_measurement *m)
{
    for (int i = 0; i < QV_WARNING_COUNT; i++) {
        if (m->quality.warnings >> i & 1)
            qv_text_printf(out, "%s• %s", out->length ? "\n" : "", qv_warning_sentence((enum qv_watch_warning)i));
    }
    if (m->clip.partial)
        qv_text_printf(out, "%s• watching was stopped before the clip had ended", out->length ? "\n" : "");
    if (m->movements_cut)
        qv_text_printf(out, "%s• there were more movements than are kept: the first are shown",
                       out->length ? "\n" : "");
    if (!out->length)
        qv_text_puts(out, "Nothing about this clip makes its figures worth less.");
}

static void say_method(struct qv_text *out, const struct qv_measurement *m)
{
    qv_text_printf(out,
                   "The motion of the head and the change of the light are solved for together with that of the skin, "
                   "from all pixels; "
                   "short pulses well above the noise of the seconds around them are counted. A trace is the mean over "
                   "a part of the "
                   "face: upward is up, or outward; both sides share a scale. A size is that at the centre of what "
                   "twitched. Rates: "
                   "exact Poisson interval of the time the face was seen. Millimetres are taken from %s. A wink or a "
                   "grimace made on "
                   "purpose looks the same to a camera.",
                   m->face.scale_from_iris ? "the iris" : "the width of the face");
}

static void say_event(struct qv_text *out, const struct qv_movement *e)
{
    char figure[32];
    qv_text_printf(out, "\n%s at %.2f s", plot_kind_name(e->kind), (double)e->peak_us * 1e-6);
    if (!e->region_count)
        return;
    plot_millimetres(e->regions[0].amplitude_mm, figure, sizeof figure);
    qv_text_printf(out, ", %s %s, %s mm", plot_part_name(e->regions[0].region),
                   side_words[qv_region_side(e->regions[0].region)], figure);
}

static void say_all(struct plot_words *w, const struct qv_measurement *m)
{
    qv_text_printf(&w->all, "%s. %s.", w->title, w->clip);
    for (int i = 0; i < PLOT_TILES; i++) {
        const struct plot_tile *t = &w->tiles[i];
        qv_text_printf(&w->all, "\n%s: %s%s%s%s", t->label, t->value, *t->note ? " (" : "", t->note,
                       *t->note ? ")" : "");
    }
    qv_text_printf(&w->all, "\n%s\n%s", w->warnings.bytes, w->method.bytes);
    qv_text_puts(&w->all, "\nIt measures; it does not diagnose.");
    for (uint32_t i = 0; i < m->movement_count && i < EVENTS_TOLD; i++)
        say_event(&w->all, &m->movements[i]);
    if (m->movement_count > EVENTS_TOLD)
        qv_text_printf(&w->all, "\nand %u more", m->movement_count - EVENTS_TOLD);
}

static void say_title(char *out, size_t size, const struct qv_measurement *m)
{
    static const char *const where[] = {"of the face", "of the left of the face", "of the right of the face",
                                        "of both sides of the face"};
    if (!m->summary.twitches)
        snprintf(out, size, "No twitch of the face was seen");
    else
        snprintf(out, size, "Twitches %s: %.0f a minute, %s", where[m->summary.side], m->summary.rate_per_min,
                 qv_pattern_name(m->summary.pattern));
}

void plot_words_init(struct plot_words *w, const struct qv_measurement *m)
{
    char name[256];
    *w = (struct plot_words){0};
    qv_text_init(&w->warnings, WORDS_BYTES_MAX);
    qv_text_init(&w->method, WORDS_BYTES_MAX);
    qv_text_init(&w->all, WORDS_BYTES_MAX);
    clean_name(m->clip.file, name, sizeof name);
    say_title(w->title, sizeof w->title, m);
    snprintf(w->clip, sizeof w->clip, "%s · %.1f s · %.0f frames a second · %u × %u%s", name, m->clip.duration_s,
             m->clip.frame_rate_hz, m->clip.width, m->clip.height, m->clip.mirrored ? " · mirrored" : "");
    static void (*const say[PLOT_TILES])(struct plot_tile *, const struct qv_measurement *) = {
        say_count, say_rate, say_side, say_size, say_duration, say_pattern, say_synchrony};
    for (int i = 0; i < PLOT_TILES; i++)
        say[i](&w->tiles[i], m);
    say_warnings(&w->warnings, m);
    say_method(&w->method, m);
    say_all(w, m);
}

void plot_words_finish(struct plot_words *w)
{
    qv_text_finish(&w->warnings);
    qv_text_finish(&w->method);
    qv_text_finish(&w->all);
}
