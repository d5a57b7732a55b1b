/* SPDX-License-Identifier: Apache-2.0 */
/* A measurement as the contract's JSON object. */
#include "measurement.h"

#include <math.h>
#include <string.h>

static void write_movement(struct qv_json *j, const struct qv_movement *m)
{
    qv_json_object(j, NULL);
    qv_json_number(j, "start_s", (double)m->start_us * 1e-6);
    qv_json_number(j, "peak_s", (double)m->peak_us * 1e-6);
    qv_json_number(j, "end_s", (double)m->end_us * 1e-6);
    qv_json_string(j, "kind", qv_movement_name(m->kind));
    qv_json_number(j, "snr", round(m->snr * 10) / 10);
    qv_json_array(j, "regions");
    for (uint32_t i = 0; i < m->region_count; i++) {
        qv_json_object(j, NULL);
        qv_json_string(j, "region", qv_region_name(m->regions[i].region));
        qv_json_number(j, "amplitude_px", round(m->regions[i].amplitude_px * 1e3) / 1e3);
        qv_json_number(j, "amplitude_mm", round(m->regions[i].amplitude_mm * 1e3) / 1e3);
        qv_json_object_end(j);
    }
    qv_json_array_end(j);
    qv_json_object_end(j);
}

static const char *side_word(enum qv_side side)
{
    static const char *const words[] = {NULL, "left", "right", "both"};
    return words[side];
}

static void write_regions(struct qv_json *j, const char *key, const struct qv_measurement *m)
{
    qv_json_array(j, key);
    for (int r = 0; r < QV_REGION_COUNT; r++) {
        if (m->summary.regions[r])
            qv_json_string(j, NULL, qv_region_name((enum qv_region)r));
    }
    qv_json_array_end(j);
}

static void write_summary(struct qv_json *j, const struct qv_measurement *m)
{
    qv_json_object(j, "summary");
    qv_json_number(j, "twitches", m->summary.twitches);
    qv_json_number(j, "rate_per_min", m->summary.rate_per_min);
    qv_json_array(j, "rate_interval95");
    qv_json_number(j, NULL, m->summary.rate_low);
    qv_json_number(j, NULL, m->summary.rate_high);
    qv_json_array_end(j);
    qv_json_string(j, "side", side_word(m->summary.side));
    qv_json_number(j, "laterality_index", m->summary.laterality_index);
    write_regions(j, "regions", m);
    qv_json_number(j, "median_amplitude_mm", m->summary.median_amplitude_mm);
    qv_json_number(j, "median_duration_ms", m->summary.median_duration_ms);
    qv_json_number(j, "eye_mouth_synchrony", m->summary.eye_mouth_synchrony);
    qv_json_number(j, "dominant_hz", m->summary.dominant_hz);
    qv_json_string(j, "pattern", qv_pattern_name(m->summary.pattern));
    qv_json_object_end(j);
}

/* The findings of a case that the measurement can fill in; what it does not know is left out. */
static void write_findings(struct qv_json *j, const struct qv_measurement *m)
{
    qv_json_object(j, "findings");
    qv_json_number(j, "measured_twitches_per_min", m->summary.rate_per_min);
    if (m->summary.twitches) {
        if (m->summary.side != QV_SIDE_NONE)
            qv_json_string(j, "measured_side", side_word(m->summary.side));
        qv_json_array(j, "measured_regions");
#define REGION(name, word)                                                                                             \
    if (m->summary.regions[QV_##name##_LEFT] || m->summary.regions[QV_##name##_RIGHT])                                 \
        qv_json_string(j, NULL, word);
        QV_REGION_MAP(REGION)
#undef REGION
        qv_json_array_end(j);
        qv_json_number(j, "measured_eye_mouth_synchrony", m->summary.eye_mouth_synchrony);
        if (isfinite(m->summary.dominant_hz))
            qv_json_number(j, "measured_dominant_hz", m->summary.dominant_hz);
    }
    qv_json_object_end(j);
}

void measurement_members(struct qv_json *j, const struct qv_measurement *m)
{
    qv_json_number(j, "quiver_measurement", 1);
    qv_json_object(j, "clip");
    qv_json_string(j, "file",
                   m->clip.file && qv_utf8_valid(m->clip.file, strlen(m->clip.file)) ? m->clip.file
                                                                                     : "(a name that is not UTF-8)");
    qv_json_number(j, "duration_s", m->clip.duration_s);
    qv_json_number(j, "frames", m->clip.frames);
    qv_json_number(j, "frame_rate_hz", m->clip.frame_rate_hz);
    qv_json_number(j, "distinct_frame_rate_hz", m->clip.distinct_frame_rate_hz);
    qv_json_bool(j, "variable_frame_rate", m->clip.variable_frame_rate);
    qv_json_number(j, "width", m->clip.width);
    qv_json_number(j, "height", m->clip.height);
    qv_json_number(j, "rotation_deg", m->clip.rotation_deg);
    qv_json_bool(j, "mirrored", m->clip.mirrored);
    qv_json_object_end(j);
    qv_json_object(j, "face");
    qv_json_number(j, "seen_fraction", m->face.seen_fraction);
    qv_json_number(j, "mm_per_px", m->face.mm_per_px);
    qv_json_string(j, "scale_from", m->face.scale_from_iris ? "iris" : "face_width");
    qv_json_number(j, "width_px", m->face.width_px);
    qv_json_object_end(j);
    qv_json_object(j, "quality");
    qv_json_number(j, "noise_floor_px", m->quality.noise_floor_px);
    qv_json_number(j, "noise_floor_mm", m->quality.noise_floor_mm);
    qv_json_number(j, "detectable_mm", m->quality.detectable_mm);
    qv_json_array(j, "warnings");
    for (int i = 0; i < QV_WARNING_COUNT; i++) {
        if (m->quality.warnings >> i & 1)
            qv_json_string(j, NULL, qv_warning_name((enum qv_watch_warning)i));
    }
    qv_json_array_end(j);
    qv_json_object_end(j);
    qv_json_array(j, "events");
    for (uint32_t i = 0; i < m->movement_count; i++)
        write_movement(j, &m->movements[i]);
    qv_json_array_end(j);
    write_summary(j, m);
    write_findings(j, m);
}

void qv_json_measurement(const struct qv_measurement *m, unsigned indent, struct qv_text *text)
{
    struct qv_json j;
    qv_json_init(&j, text, indent);
    qv_json_object(&j, NULL);
    measurement_members(&j, m);
    qv_json_object_end(&j);
}
