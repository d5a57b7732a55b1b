/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file vision.h — the eye: a clip of a face in, its movements out.
 *
 * A twitch of a lip moves the skin by a few tenths of a millimetre, which is less than a pixel of a phone's picture and
 * less than what face landmarks tremble by themselves. So landmarks say only *where* to look; *how far* each part of the
 * face moved is then solved from all pixels of the part that carry gradient, together with the motion of the head and
 * the change of the light (docs/rooms/vision.md says how, and how well).
 *
 * This room knows no medicine: it says that the left upper lip moved 0.3 mm for 120 ms, not what that means.
 *
 * Sides. `left` and `right` are the person's own. A clip whose picture is a mirror image (many selfie cameras) must be
 * said to be `mirrored`.
 *
 * Units. Time is integer microseconds since the first frame, because frame times are rational and sums must be exact.
 * `_px` are pixels of the clip as stored, `_mm` millimetres on the face: by the irises, which are 11.7 mm across in nearly every adult, or, where
 * these are not both clearly seen, by the breadth of the face, which is worse and is said (`scale_unsure`).
 *
 * Safety. A video is hostile input: it is demultiplexed and decoded in a child process without files, network or more
 * than a bounded memory; see src/vision/clip.h. What the child sends is checked again.
 *
 * Cost. Memory does not grow with the length of the clip, but for the list of movements, which is bounded.
 *
 * Threads. Calls may run in several threads at once on distinct arguments. qv_watch() starts a child process.
 */
#ifndef QUIVER_VISION_H
#define QUIVER_VISION_H

#include <quiver/base.h>

#include <signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- where ------------------------------------------------------------------------------------------------------ */

/** The parts of a face that are told apart, each on both sides: the left is even, the right is the next number. */
#define QV_REGION_MAP(X)                                                                                               \
    X(UPPER_LIP, "upper_lip")                                                                                          \
    X(LOWER_LIP, "lower_lip")                                                                                          \
    X(MOUTH_CORNER, "mouth_corner")                                                                                    \
    X(CHEEK, "cheek")                                                                                                  \
    X(CHIN, "chin")                                                                                                    \
    X(EYELID, "eyelid")                                                                                                \
    X(BROW, "brow")

enum qv_region {
#define QV_REGION_ENUM(name, word) QV_##name##_LEFT, QV_##name##_RIGHT,
    QV_REGION_MAP(QV_REGION_ENUM)
#undef QV_REGION_ENUM
        QV_REGION_COUNT
};

/** "upper_lip_left" and so on, as the contract names them. */
const char *qv_region_name(enum qv_region region);
/** The region named so, or -1. */
int qv_region_find(const char *name);

enum qv_side { QV_SIDE_NONE, QV_SIDE_LEFT, QV_SIDE_RIGHT, QV_SIDE_BOTH };

/** Which side a region is on. */
enum qv_side qv_region_side(enum qv_region region);

/** The same part on the other side. */
enum qv_region qv_region_opposite(enum qv_region region);

/* ---- what ------------------------------------------------------------------------------------------------------- */

#define QV_MOVEMENT_MAP(X)                                                                                             \
    X(TWITCH, "twitch")                                                                                                \
    X(SPASM, "spasm") /* held for a second or longer */                                                                \
    X(BLINK, "blink")                                                                                                  \
    X(MOUTH_MOVEMENT, "mouth_movement") /* speech, a smile, a swallow */                                               \
    X(HEAD_MOVEMENT, "head_movement")                                                                                  \
    X(LIGHTING, "lighting")

enum qv_movement_kind {
#define QV_MOVEMENT_ENUM(name, word) QV_MOVEMENT_##name,
    QV_MOVEMENT_MAP(QV_MOVEMENT_ENUM)
#undef QV_MOVEMENT_ENUM
        QV_MOVEMENT_COUNT
};

const char *qv_movement_name(enum qv_movement_kind kind);

/** How far one region moved at the peak of a movement. */
struct qv_region_movement {
    enum qv_region region;
    double amplitude_px; /**< of the centre of the moving patch, at its peak */
    double amplitude_mm;
};

/** One movement: when, of what kind, how clearly, and where, largest first. */
struct qv_movement {
    int64_t start_us, peak_us, end_us;
    enum qv_movement_kind kind;
    double snr; /**< peak over its own noise */
    uint32_t region_count;
    struct qv_region_movement regions[QV_REGION_COUNT];
};

enum qv_twitch_pattern {
    QV_PATTERN_NONE,
    QV_PATTERN_ISOLATED,
    QV_PATTERN_CLUSTERS,
    QV_PATTERN_RHYTHMIC,
    QV_PATTERN_SUSTAINED
};

const char *qv_pattern_name(enum qv_twitch_pattern pattern);

/** Things about the clip that make its figures worth less. */
#define QV_WARNING_MAP(X)                                                                                              \
    X(LOW_LIGHT, "low_light", "the picture is dark and noisy: small twitches are missed")                              \
    X(FLICKER, "flicker", "the light flickers")                                                                        \
    X(COMPRESSED, "compressed", "the clip is compressed so hard that small movements are lost")                        \
    X(REPEATED_FRAMES, "repeated_frames", "many frames repeat the one before: the true frame rate is lower")           \
    X(LOW_FRAME_RATE, "low_frame_rate", "fewer than 20 different pictures a second: short twitches are missed")        \
    X(SMALL_FACE, "small_face", "the face is small in the picture: come closer")                                       \
    X(FACE_LOST, "face_lost", "the face was out of sight, hidden or turned away for a part of the clip")               \
    X(TURNED, "turned", "the face is turned away for a part of the clip: look into the camera")                        \
    X(SEVERAL_FACES, "several_faces", "several faces are in the picture: the largest was watched")                     \
    X(HEAD_MOVING, "head_moving", "the head moves a lot: rest it against something")                                   \
    X(TALKING, "talking", "the mouth is busy much of the time: keep still and silent while filming")                   \
    X(NO_TIMES, "no_times", "the clip has no usable frame times: times follow its stated rate")                        \
    X(TRUNCATED, "truncated", "the clip ends or breaks before its end: what could be read was watched")                \
    X(SHORT_CLIP, "short_clip", "the clip is shorter than ten seconds: rates are uncertain")                           \
    X(SCALE_UNSURE, "scale_unsure",                                                                                    \
      "millimetres follow from the width of the face: the irises are not both clearly seen")                           \
    X(STILL_PICTURE, "still_picture", "nothing in the picture changes: this may be a photograph")                      \
    X(VOLUNTARY, "voluntary", "a wink or a grimace made on purpose looks the same as a spasm to a camera")

enum qv_watch_warning {
#define QV_WARNING_ENUM(name, word, sentence) QV_WARNING_##name,
    QV_WARNING_MAP(QV_WARNING_ENUM)
#undef QV_WARNING_ENUM
        QV_WARNING_COUNT
};

const char *qv_warning_name(enum qv_watch_warning warning);     /**< "low_light" */
const char *qv_warning_sentence(enum qv_watch_warning warning); /**< for a person */

/** Memory for a trace does not grow with the clip: beyond so many bins, each holds twice as many frames. */
#define QV_TRACE_BINS_MAX 4096

/** Some frames after one another, of a short clip a single one: how far each region lay from its place at rest. */
struct qv_trace_bin {
    int64_t first_us, last_us; /**< times of its first and its last frame */
    uint32_t frames,
        seen; /**< of the frames, those in which the face was seen; without any, there are no displacements */
    float low_px[QV_REGION_COUNT], mean_px[QV_REGION_COUNT], high_px[QV_REGION_COUNT]; /**< along the region's axis */
};

/** What each region did over the whole clip, along the axis in which it moved most. */
struct qv_trace {
    const struct qv_trace_bin *bins; /**< by time; each frame, but for repeated ones, is in one */
    uint32_t bin_count;
    /** Which way is positive: up, or for an axis that lies flat, away from the middle of the face. A unit vector in the face's
        own frame, x to the right of the picture and y down. */
    float axis_x[QV_REGION_COUNT], axis_y[QV_REGION_COUNT];
};

/** All that was measured in one clip: the contract's measurement. */
struct qv_measurement {
    struct {
        const char *file;
        double duration_s;
        uint32_t frames;
        double frame_rate_hz;          /**< frames a second, over the whole clip */
        double distinct_frame_rate_hz; /**< the same without frames that repeat the one before */
        bool variable_frame_rate;
        uint32_t width, height; /**< as shown: after rotation */
        int rotation_deg;       /**< 0, 90, 180, 270: how far the stored picture is turned clockwise to be shown */
        bool mirrored;
        bool partial; /**< qv_watch() was told to stop before the clip had ended */
    } clip;
    struct {
        double seen_fraction; /**< of the frames */
        double mm_per_px;
        bool scale_from_iris; /**< else from the face's width */
        double width_px;      /**< of the face, temple to temple */
    } face;
    struct {
        double noise_floor_px, noise_floor_mm; /**< median over the regions of the lips */
        double detectable_mm;                  /**< a twitch of 120 ms that is found 95 times in 100 */
        uint32_t warnings;                     /**< bit i set: warning i */
    } quality;
    const struct qv_movement *movements; /**< by start */
    uint32_t movement_count;
    bool movements_cut; /**< there were more than were kept */
    struct {
        uint32_t twitches;                        /**< twitches and spasms */
        double rate_per_min, rate_low, rate_high; /**< 95 % interval: exact Poisson of the seconds seen */
        enum qv_side side;
        double laterality_index; /**< −1 all left, +1 all right; NaN without twitches */
        bool regions[QV_REGION_COUNT];
        double median_amplitude_mm, median_duration_ms; /**< NaN without twitches */
        double eye_mouth_synchrony;                     /**< 0–1, above chance; 0 without twitches */
        double dominant_hz;                             /**< NaN: no rhythm */
        enum qv_twitch_pattern pattern;
    } summary;
    const struct qv_trace *trace; /**< NULL in a measurement that was not made by qv_watch() */
};

/* ---- watching --------------------------------------------------------------------------------------------------- */

/**
 * How the head lay and the skin moved in each frame: kept while a clip is watched, for a second look at it (qv_replay()). It lies in a file
 * without a name in TMPDIR, 0.2 KB a frame, or about 5 KB with the skin; memory does not grow.
 */
struct qv_motion;

/** @p with_skin: for a replay that magnifies. Errors: QV_ERR_CANNOT_CREATE no room for temporary files. */
int qv_motion_create(bool with_skin, struct qv_motion **out, struct qv_error *error) QV_MUST_CHECK;
/** NULL is fine. */
void qv_motion_destroy(struct qv_motion *motion);

struct qv_watch_settings {
    const char *models_folder; /**< where the face models lie; see docs/rooms/vision.md */
    bool mirrored;             /**< the picture is a mirror image */
    double seconds;            /**< stop after so much of a clip; 0: all of it, and 20 of a camera */
    const volatile sig_atomic_t
        *stop; /**< NULL, or becomes non-zero when to stop: what was seen so far is the result */
    /** NULL, or called now and then. @p fraction is NaN while the length is not known. */
    void (*progress)(void *context, double fraction, int64_t time_us);
    void *progress_context;
    struct qv_motion *motion; /**< NULL, or new: filled, to be handed to qv_replay() */
};

/**
 * Watches a clip: @p path is a file, "-" for standard input, or a video device (/dev/video0). The measurement and all in
 * it live in @p arena.
 * Errors: QV_ERR_NO_INPUT no such file; QV_ERR_DATA not a video, nothing decodable, no face, a face too small, too few
 * frames; QV_ERR_UNAVAILABLE models or a sandbox are missing, out of memory; QV_ERR_IO reading failed.
 */
int qv_watch(const char *path, const struct qv_watch_settings *settings, struct qv_arena *arena,
             struct qv_measurement **out, struct qv_error *error) QV_MUST_CHECK;

/* ---- seeing it again -------------------------------------------------------------------------------------------- */

#define QV_MAGNIFY_MAX 100.0

/** One frame on its way into a new clip: the picture, with a foot below it that is white and free. */
struct qv_replay_frame {
    int64_t time_us;
    uint8_t *pixels; /**< blue, green, red, unused; rows stride_bytes apart */
    size_t stride_bytes;
    uint32_t width, height;                        /**< of all, foot included */
    uint32_t picture_height;                       /**< the foot begins here */
    bool seen;                                     /**< the face; without it there are no places */
    double x[QV_REGION_COUNT], y[QV_REGION_COUNT]; /**< of the regions, in these pixels */
    double face_width_px;                          /**< temple to temple, in these pixels */
    double magnified; /**< how often the motion of the skin is shown enlarged; 1: as it was */
};

struct qv_replay_settings {
    /** 1 to QV_MAGNIFY_MAX: so many times the motion of the skin; docs/rooms/vision.md says within which limits. */
    double magnify;
    /** Draws onto the frame; a negative status ends the replay. */
    int (*paint)(void *context, const struct qv_replay_frame *frame, struct qv_error *error);
    void *paint_context;
    const volatile sig_atomic_t *stop; /**< as of qv_watch_settings */
    void (*progress)(void *context, double fraction, int64_t time_us);
    void *progress_context;
};

/**
 * Shows a clip again: each frame that was watched, the motion of the skin enlarged if asked for, painted on by the caller, into the
 * new clip @p out_path (.mp4, .mov, .mkv: H.264; .webm: VP9). Large pictures are shown smaller and small ones larger.
 * @p path must be the file that was watched; @p measurement and @p motion are what came of it.
 * Errors: as qv_watch(); QV_ERR_USAGE the end of the name; QV_ERR_CANNOT_CREATE the file cannot be made, or stopped before it was
 * whole; QV_ERR_DATA the clip is not what was watched. On failure nothing is left behind.
 */
int qv_replay(const char *path, const struct qv_measurement *measurement, struct qv_motion *motion,
              const struct qv_replay_settings *settings, const char *out_path, struct qv_error *error) QV_MUST_CHECK;

/* ---- writing clips ---------------------------------------------------------------------------------------------- */

/** How a clip is compressed. */
#define QV_CODEC_MAP(X)                                                                                                \
    X(H264, "h264") /* 8 bits, as most phones write */                                                                 \
    X(HEVC, "hevc")                                                                                                    \
    X(HEVC10, "hevc10") /* the same with 10 bits, as newer phones write */                                             \
    X(VP9, "vp9")                                                                                                      \
    X(MJPEG, "mjpeg")                                                                                                  \
    X(LOSSLESS, "lossless") /* every sample as it was given */

enum qv_codec {
#define QV_CODEC_ENUM(name, word) QV_CODEC_##name,
    QV_CODEC_MAP(QV_CODEC_ENUM)
#undef QV_CODEC_ENUM
        QV_CODEC_COUNT
};

const char *qv_codec_name(enum qv_codec codec);
/** The codec named so, or -1. */
int qv_codec_find(const char *name);

/* ---- phantoms --------------------------------------------------------------------------------------------------- */

/**
 * A phantom is a clip whose movements are known, because they were put there: the skin of a portrait, or of a real clip, is
 * warped by stated amounts. What watches clips can be held against it.
 *
 * At the centre of each moving patch the skin is displaced by exactly the amplitude; around it by less, as a Gaussian. The picture is
 * interpolated by exact cubic B-splines, in samples that are not rounded before noise is added and the codec sees them.
 */
#define QV_WAVEFORM_MAP(X)                                                                                             \
    X(NONE, "none")       /* nothing twitches */                                                                       \
    X(SINGLE, "single")   /* one twitch now and then: a raised cosine */                                               \
    X(CLUSTER, "cluster") /* three to six of them in a burst */                                                        \
    X(TREMOR, "tremor")   /* a lip that goes up and down, at `frequency_hz` */                                         \
    X(VOLLEY, "volley")   /* lid and corner of the mouth of one side together */                                       \
    X(HOLD, "hold")       /* drawn aside and held there for seconds */                                                 \
    X(RIPPLE, "ripple")   /* a wave that travels under the skin, at `frequency_hz` */

enum qv_waveform {
#define QV_WAVEFORM_ENUM(name, word) QV_WAVEFORM_##name,
    QV_WAVEFORM_MAP(QV_WAVEFORM_ENUM)
#undef QV_WAVEFORM_ENUM
        QV_WAVEFORM_COUNT
};

const char *qv_waveform_name(enum qv_waveform waveform);
/** The waveform named so, or -1. */
int qv_waveform_find(const char *name);

#define QV_LIGHT_MAP(X)                                                                                                \
    X(STEADY, "steady")                                                                                                \
    X(DRIFT, "drift") /* a cloud: slowly up and down by a tenth */                                                     \
    X(STEPS, "steps") /* a camera that corrects its exposure every few seconds */

enum qv_light {
#define QV_LIGHT_ENUM(name, word) QV_LIGHT_##name,
    QV_LIGHT_MAP(QV_LIGHT_ENUM)
#undef QV_LIGHT_ENUM
        QV_LIGHT_COUNT
};

const char *qv_light_name(enum qv_light light);
/** The light named so, or -1. */
int qv_light_find(const char *name);

/** What to make. A member that is 0 is the usual, where one is named. */
struct qv_phantom_settings {
    const char *models_folder; /**< as in qv_watch_settings */
    uint64_t seed;             /**< same settings, same seed, same machine: same bytes */
    double seconds;            /**< 1–3600; usual 20, or all of a portrait that is a clip */

    /* the picture; none of it for a portrait that is a clip, which keeps its own */
    uint32_t width, height; /**< as shown; even, 64–4096; usual 1280 × 720 */
    double rate_hz;         /**< 1–240; usual 30 */
    double face_width_px;   /**< temple to temple; usual 0.53 of the shorter side */
    bool head_moves;        /**< by a few pixels, slowly */
    bool nods;

    /* the twitch */
    enum qv_waveform waveform;
    enum qv_side side;   /**< the person's own; usual left, of a tremor both */
    const char *part;    /**< "upper_lip", "cheek" …; NULL: the waveform's usual */
    double amplitude_px; /**< shown pixels at the centre of the patch, its peak; at most 0.06 face widths; usual 1 */
    double
        duration_ms; /**< 40–60000, of one twitch, or of a run of tremor, ripple or hold; usual 120, 4000, 2000, 2000 */
    double every_s; /**< 0.2–600, mean time from one to the next; usual 2; cluster 4, longer ones twice their length */
    double frequency_hz; /**< 1–15, of tremor and ripple; usual 5 and 3 */
    bool blinks, speaks, smiles;

    /* light, camera, file */
    enum qv_light light;
    double flicker_hz;    /**< of the lamp, up to 1000; 0: none */
    bool rolling_shutter; /**< rows are seen one after another, over 20 ms */
    double noise_sigma;   /**< of luma in levels of 8 bits, 0–50; chroma has half of it */
    double drop_fraction; /**< of the frames, 0–0.9: left out at random */
    uint32_t repeat;      /**< each picture this often, 1–10, so that fewer are true */
    bool uneven_times;    /**< the time between frames varies by up to a third */
    bool mirrored;        /**< the picture is a mirror image */
    int rotation_deg;     /**< stored turned, to be shown turned clockwise by 0, 90, 180 or 270; .mp4 and .mov only */
    enum qv_codec codec;
    int quality; /**< on the codec's own scale (crf), less is better; usual what the codec thinks best */

    const volatile sig_atomic_t *stop; /**< as in qv_watch_settings, but then nothing is left */
    void (*progress)(void *context, double fraction, int64_t time_us);
    void *progress_context;
};

/** Where and how one region moves: displacement = amplitude · toward · exp(−x²/2σx² − y²/2σy²), x and y along the face's axes. */
struct qv_phantom_patch {
    enum qv_region region;
    double x_px, y_px;             /**< centre, in the shown picture, with the head where it began, not mirrored */
    double sigma_x_px, sigma_y_px; /**< across the face and along it */
    double toward_x, toward_y;     /**< unit vector */
};

struct qv_phantom {
    struct qv_phantom_settings settings; /**< with the usual filled in */
    struct qv_measurement truth;         /**< what a perfect eye would measure; no noise, no SNR */
    uint32_t patch_count;
    struct qv_phantom_patch patches[QV_REGION_COUNT];
    bool over_clip;         /**< the portrait is a clip */
    uint32_t unseen_frames; /**< of it, in which no face was found and nothing was moved */
};

/**
 * Makes a phantom of the picture or clip @p portrait in the file @p path (.mp4, .mov, .mkv, .webm, .avi), which appears only when
 * it is whole. The result and all in it live in @p arena.
 * Errors: QV_ERR_USAGE settings that cannot be; QV_ERR_NO_INPUT, QV_ERR_DATA the portrait is missing, no picture, has no face;
 * QV_ERR_UNAVAILABLE models, decoder, encoder or codec missing; QV_ERR_CANNOT_CREATE, QV_ERR_IO the file.
 */
int qv_phantom_make(const char *portrait, const char *path, const struct qv_phantom_settings *settings,
                    struct qv_arena *arena, struct qv_phantom **out, struct qv_error *error) QV_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
