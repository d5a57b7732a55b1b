/* SPDX-License-Identifier: Apache-2.0 */
/* The truth of a phantom: a measurement, and how it was made. */
#include "measurement.h"

static const char *side_word(enum qv_side side)
{
    static const char *const words[] = {NULL, "left", "right", "both"};
    return words[side];
}

static void write_settings(struct qv_json *j, const struct qv_phantom_settings *s)
{
    qv_json_number(j, "seed", (double)s->seed);
    qv_json_number(j, "seconds", s->seconds);
    qv_json_number(j, "rate_hz", s->rate_hz);
    qv_json_number(j, "face_width_px", s->face_width_px);
    qv_json_bool(j, "head_moves", s->head_moves);
    qv_json_string(j, "waveform", qv_waveform_name(s->waveform));
    if (s->waveform != QV_WAVEFORM_NONE) {
        qv_json_string(j, "side", side_word(s->side));
        qv_json_string(j, "region", s->part);
        qv_json_number(j, "amplitude_px", s->amplitude_px);
        qv_json_number(j, "duration_ms", s->duration_ms);
        qv_json_number(j, "every_s", s->every_s);
    }
    if (s->waveform == QV_WAVEFORM_TREMOR || s->waveform == QV_WAVEFORM_RIPPLE)
        qv_json_number(j, "frequency_hz", s->frequency_hz);
    qv_json_bool(j, "blinks", s->blinks);
    qv_json_bool(j, "speech", s->speaks);
    qv_json_bool(j, "smiles", s->smiles);
    qv_json_bool(j, "nods", s->nods);
    qv_json_string(j, "light", qv_light_name(s->light));
    qv_json_number(j, "flicker_hz", s->flicker_hz);
    qv_json_bool(j, "rolling_shutter", s->rolling_shutter);
    qv_json_number(j, "noise_sigma", s->noise_sigma);
    qv_json_number(j, "drop_fraction", s->drop_fraction);
    qv_json_number(j, "repeat", s->repeat);
    qv_json_bool(j, "vfr", s->uneven_times);
    qv_json_string(j, "codec", qv_codec_name(s->codec));
    if (s->quality)
        qv_json_number(j, "crf", s->quality);
}

static void write_patches(struct qv_json *j, const struct qv_phantom *p)
{
    qv_json_array(j, "patches");
    for (uint32_t i = 0; i < p->patch_count; i++) {
        const struct qv_phantom_patch *patch = &p->patches[i];
        qv_json_object(j, NULL);
        qv_json_string(j, "region", qv_region_name(patch->region));
        qv_json_number(j, "x_px", patch->x_px);
        qv_json_number(j, "y_px", patch->y_px);
        qv_json_number(j, "sigma_x_px", patch->sigma_x_px);
        qv_json_number(j, "sigma_y_px", patch->sigma_y_px);
        qv_json_number(j, "toward_x", patch->toward_x);
        qv_json_number(j, "toward_y", patch->toward_y);
        qv_json_object_end(j);
    }
    qv_json_array_end(j);
}

void qv_json_phantom(const struct qv_phantom *p, unsigned indent, struct qv_text *text)
{
    struct qv_json j;
    qv_json_init(&j, text, indent);
    qv_json_object(&j, NULL);
    measurement_members(&j, &p->truth);
    qv_json_object(&j, "phantom");
    write_settings(&j, &p->settings);
    qv_json_bool(&j, "over_clip", p->over_clip);
    qv_json_number(&j, "unseen_frames", p->unseen_frames);
    write_patches(&j, p);
    qv_json_object_end(&j);
    qv_json_object_end(&j);
}
