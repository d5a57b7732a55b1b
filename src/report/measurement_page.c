/* SPDX-License-Identifier: Apache-2.0 */
/* A measurement on one terminal page: what was seen, how sure that is, what was not counted. It says nothing of what it means. */
#include <quiver/report.h>

#include <math.h>
#include <stdio.h>

static const char *plain_region(const char *name, char *out, size_t size)
{
    snprintf(out, size, "%s", name);
    for (char *at = out; *at; at++)
        *at = *at == '_' ? ' ' : *at;
    return out;
}

static void line(struct qv_text *t, const char *label, const char *words)
{
    qv_text_printf(t, "  %-14s %s\n", label, words);
}

static void say_twitches(const struct qv_measurement *m, struct qv_text *t)
{
    char words[256], name[64];
    if (!m->summary.twitches) {
        qv_text_printf(t, "No twitch was seen.\n\n");
        snprintf(words, sizeof words, "at most %.1f a minute may have been missed by chance", m->summary.rate_high);
        line(t, "how sure", words);
        return;
    }
    qv_text_printf(t, "%u %s seen, %.1f a minute (between %.1f and %.1f).\n\n", m->summary.twitches,
                   m->summary.twitches == 1 ? "twitch was" : "twitches were", m->summary.rate_per_min,
                   m->summary.rate_low, m->summary.rate_high);
    static const char *const sides[] = {"not clear", "left (the person's own)", "right (the person's own)",
                                        "both sides"};
    line(t, "side", sides[m->summary.side]);
    struct qv_text where;
    qv_text_init(&where, 4096);
    for (int r = 0; r < QV_REGION_COUNT; r++) {
        if (m->summary.regions[r])
            qv_text_printf(&where, "%s%s", where.length ? ", " : "",
                           plain_region(qv_region_name((enum qv_region)r), name, sizeof name));
    }
    line(t, "where", where.bytes ? where.bytes : "");
    qv_text_finish(&where);
    snprintf(words, sizeof words, "%.2f mm (median)", m->summary.median_amplitude_mm);
    line(t, "how far", words);
    snprintf(words, sizeof words, "%.0f ms (median)", m->summary.median_duration_ms);
    line(t, "how long", words);
    snprintf(words, sizeof words, "%s (%.2f of 1)",
             m->summary.eye_mouth_synchrony > 0.5   ? "yes"
             : m->summary.eye_mouth_synchrony > 0.2 ? "in part"
                                                    : "no",
             m->summary.eye_mouth_synchrony);
    line(t, "eye with mouth", words);
    if (isfinite(m->summary.dominant_hz)) {
        snprintf(words, sizeof words, "%.1f a second", m->summary.dominant_hz);
        line(t, "rhythm", words);
    }
    line(t, "pattern", qv_pattern_name(m->summary.pattern));
}

static void say_others(const struct qv_measurement *m, struct qv_text *t)
{
    uint32_t counts[QV_MOVEMENT_COUNT] = {0};
    for (uint32_t i = 0; i < m->movement_count; i++)
        counts[m->movements[i].kind]++;
    static const char *const words[QV_MOVEMENT_COUNT] = {NULL,
                                                         NULL,
                                                         "blinks",
                                                         "movements of the mouth (speech, a smile)",
                                                         "movements of the head",
                                                         "changes of the light"};
    bool any = false;
    for (int k = QV_MOVEMENT_BLINK; k < QV_MOVEMENT_COUNT; k++) {
        if (counts[k]) {
            qv_text_printf(t, "%s%u %s", any ? ", " : "  not counted    ", counts[k], words[k]);
            any = true;
        }
    }
    if (any)
        qv_text_puts(t, "\n");
}

void qv_page_measurement(const struct qv_measurement *m, const struct qv_page_settings *settings, struct qv_text *t)
{
    (void)settings;
    say_twitches(m, t);
    say_others(m, t);
    qv_text_printf(t, "\n  %-14s %.1f s, %.0f frames a second, face seen %.0f %% of the time\n", "the clip",
                   m->clip.duration_s, m->clip.frame_rate_hz, 100 * m->face.seen_fraction);
    qv_text_printf(t, "  %-14s twitches of %.2f mm and more are found; the picture trembles by %.3f mm\n",
                   "the measure", m->quality.detectable_mm, m->quality.noise_floor_mm);
    for (int i = 0; i < QV_WARNING_COUNT; i++) {
        if (m->quality.warnings >> i & 1)
            qv_text_printf(t, "  %-14s %s\n", "note", qv_warning_sentence((enum qv_watch_warning)i));
    }
    qv_text_puts(t, "\nThis measures what moved. It does not say what it means; quiver ask --clip weighs it.\n");
}
