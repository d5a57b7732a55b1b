/* SPDX-License-Identifier: Apache-2.0 */
#include "canvas.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <stdlib.h>
#include <string.h>

/* The first of these that is there. Open Sans comes with quiver's set-up; figures in it are of one width. */
#define FAMILIES "Open Sans, Noto Sans, Liberation Sans, DejaVu Sans, sans-serif"
#define LINE_SPACING 0.98f /* of paragraphs, in lines of the font */

struct canvas {
    cairo_surface_t *surface;
    cairo_t *cairo;
    PangoLayout *layout;
    enum qv_plot_format format;
    struct qv_text *out;
    struct qv_text svg; /* before the description is put in */
    char *title, *words;
    bool broken;
};

/* ---- beginning and end ------------------------------------------------------------------------------------------------- */

static cairo_status_t take_bytes(void *text, const unsigned char *bytes, unsigned length)
{
    qv_text_add(text, (const char *)bytes, length);
    return ((struct qv_text *)text)->failed ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static void discard(struct canvas *c)
{
    if (!c)
        return;
    if (c->layout)
        g_object_unref(c->layout);
    cairo_destroy(c->cairo);
    cairo_surface_destroy(c->surface);
    qv_text_finish(&c->svg);
    free(c->title);
    free(c->words);
    free(c);
}

/* Puts the pens on the surface. On failure the canvas is gone. */
static int begin(struct canvas *c, struct canvas **out, struct qv_error *error)
{
    c->cairo = cairo_create(c->surface);
    c->layout = cairo_status(c->cairo) ? NULL : pango_cairo_create_layout(c->cairo);
    if (!c->layout) {
        const int status = qv_fail(error, QV_ERR_UNAVAILABLE, "no picture can be drawn: %s",
                                   cairo_status_to_string(cairo_status(c->cairo)));
        discard(c);
        return status;
    }
    /* Letters stand where they belong and not on the nearest pixel: the page is to look the same at every size. */
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    pango_cairo_context_set_font_options(pango_layout_get_context(c->layout), options);
    cairo_font_options_destroy(options);
    pango_context_set_round_glyph_positions(pango_layout_get_context(c->layout), FALSE);
    pango_layout_set_line_spacing(c->layout, LINE_SPACING);
    *out = c;
    return QV_OK;
}

int canvas_create(enum qv_plot_format format, double width, double height, double pixels_per_point, const char *title,
                  const char *words, struct qv_text *out, struct canvas **canvas, struct qv_error *error)
{
    struct canvas *c = calloc(1, sizeof *c);
    if (!c)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    c->format = format;
    c->out = out;
    c->title = strdup(title);
    c->words = strdup(words);
    qv_text_init(&c->svg, out->maximum_bytes);
    if (format == QV_PLOT_SVG) {
        c->surface = cairo_svg_surface_create_for_stream(take_bytes, &c->svg, width, height);
    } else if (format == QV_PLOT_PDF) {
        c->surface = cairo_pdf_surface_create_for_stream(take_bytes, out, width, height);
        cairo_pdf_surface_set_metadata(c->surface, CAIRO_PDF_METADATA_TITLE, title);
        cairo_pdf_surface_set_metadata(c->surface, CAIRO_PDF_METADATA_SUBJECT, words);
        cairo_pdf_surface_set_metadata(c->surface, CAIRO_PDF_METADATA_CREATOR, "quiver " QUIVER_VERSION);
    } else {
        c->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(width * pixels_per_point),
                                                (int)ceil(height * pixels_per_point));
        cairo_surface_set_device_scale(c->surface, pixels_per_point, pixels_per_point);
    }
    if (c->title && c->words)
        return begin(c, canvas, error);
    discard(c);
    return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
}

int canvas_on_pixels(uint8_t *pixels, uint32_t width, uint32_t height, size_t stride_bytes, struct canvas **canvas,
                     struct qv_error *error)
{
    struct canvas *c = calloc(1, sizeof *c);
    if (!c)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    c->surface =
        cairo_image_surface_create_for_data(pixels, CAIRO_FORMAT_RGB24, (int)width, (int)height, (int)stride_bytes);
    return begin(c, canvas, error);
}

static void add_escaped(struct qv_text *out, const char *words)
{
    for (; *words; words++) {
        const char *instead = *words == '<' ? "&lt;" : *words == '&' ? "&amp;" : *words == '>' ? "&gt;" : NULL;
        if (instead)
            qv_text_puts(out, instead);
        else
            qv_text_add(out, words, 1);
    }
}

/* Cairo writes words as shapes, which nobody can search or hear: the same goes into the picture's title and description. */
static void describe_svg(struct canvas *c)
{
    const char *open = c->svg.bytes ? strstr(c->svg.bytes, "<svg") : NULL;
    const char *end = open ? strchr(open, '>') : NULL;
    if (!end) {
        c->out->failed = true;
        return;
    }
    const size_t before = (size_t)(end - c->svg.bytes);
    qv_text_add(c->out, c->svg.bytes, before);
    qv_text_puts(c->out, " role=\"img\" aria-labelledby=\"title words\">\n<title id=\"title\">");
    add_escaped(c->out, c->title);
    qv_text_puts(c->out, "</title>\n<desc id=\"words\">");
    add_escaped(c->out, c->words);
    qv_text_puts(c->out, "</desc>");
    qv_text_add(c->out, end + 1, c->svg.length - before - 1);
}

void canvas_break(struct canvas *c)
{
    c->broken = true;
}

int canvas_finish(struct canvas *c, struct qv_error *error)
{
    if (!c)
        return QV_OK;
    cairo_status_t said = c->broken ? CAIRO_STATUS_NO_MEMORY : cairo_status(c->cairo);
    if (!said && c->out && c->format == QV_PLOT_PNG)
        said = cairo_surface_write_to_png_stream(c->surface, take_bytes, c->out);
    cairo_surface_finish(c->surface);
    if (!said)
        said = cairo_surface_status(c->surface);
    if (!said && c->out && c->format == QV_PLOT_SVG)
        describe_svg(c);
    const int status =
        said && !(c->out && c->out->failed)
            ? qv_fail(error, QV_ERR_UNAVAILABLE, "the picture could not be drawn: %s", cairo_status_to_string(said))
        : c->out ? qv_text_check(c->out, error)
                 : QV_OK;
    discard(c);
    return status;
}

/* ---- shapes ------------------------------------------------------------------------------------------------------------- */

static void use_colour(struct canvas *c, struct colour colour)
{
    cairo_set_source_rgba(c->cairo, colour.red, colour.green, colour.blue, colour.alpha);
}

static void trace_path(struct canvas *c, const struct point *points, size_t count, bool closed)
{
    for (size_t i = 0; i < count; i++)
        cairo_line_to(c->cairo, points[i].x, points[i].y);
    if (closed)
        cairo_close_path(c->cairo);
}

static void stroke(struct canvas *c, double line_width, struct colour colour)
{
    use_colour(c, colour);
    cairo_set_line_width(c->cairo, line_width);
    cairo_set_line_join(c->cairo, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(c->cairo, CAIRO_LINE_CAP_ROUND);
    cairo_stroke(c->cairo);
}

void canvas_fill_box(struct canvas *c, struct box box, struct colour colour)
{
    cairo_rectangle(c->cairo, box.x, box.y, box.width, box.height);
    use_colour(c, colour);
    cairo_fill(c->cairo);
}

void canvas_stroke_box(struct canvas *c, struct box box, double line_width, struct colour colour)
{
    cairo_rectangle(c->cairo, box.x, box.y, box.width, box.height);
    stroke(c, line_width, colour);
}

/* Lines of one slope across a box, `apart` from each other along x. */
static void hatch_lines(struct canvas *c, struct box box, double apart, double lean)
{
    const double reach = fabs(lean) * box.height;
    const int first = (int)ceil((box.x - reach) / apart), last = (int)floor((box.x + box.width + reach) / apart);
    for (int i = first; i <= last; i++) {
        const double x = i * apart; /* of the page, so that boxes beside each other match */
        cairo_move_to(c->cairo, x, box.y + box.height);
        cairo_line_to(c->cairo, x + lean * box.height, box.y);
    }
}

void canvas_hatch_box(struct canvas *c, struct box box, enum hatch hatch, double apart, struct colour colour)
{
    cairo_save(c->cairo);
    cairo_rectangle(c->cairo, box.x, box.y, box.width, box.height);
    cairo_clip(c->cairo);
    if (hatch == HATCH_RISING || hatch == HATCH_CROSSED)
        hatch_lines(c, box, apart, 1);
    if (hatch == HATCH_FALLING || hatch == HATCH_CROSSED)
        hatch_lines(c, box, apart, -1);
    if (hatch == HATCH_UPRIGHT)
        hatch_lines(c, box, apart, 0);
    stroke(c, 0.6, colour);
    cairo_restore(c->cairo);
}

void canvas_round_box(struct canvas *c, struct box box, double radius, struct colour colour)
{
    const double r = fmin(radius, fmin(box.width, box.height) / 2);
    cairo_new_sub_path(c->cairo);
    cairo_arc(c->cairo, box.x + box.width - r, box.y + r, r, -M_PI / 2, 0);
    cairo_arc(c->cairo, box.x + box.width - r, box.y + box.height - r, r, 0, M_PI / 2);
    cairo_arc(c->cairo, box.x + r, box.y + box.height - r, r, M_PI / 2, M_PI);
    cairo_arc(c->cairo, box.x + r, box.y + r, r, M_PI, 3 * M_PI / 2);
    cairo_close_path(c->cairo);
    use_colour(c, colour);
    cairo_fill(c->cairo);
}

void canvas_fill(struct canvas *c, const struct point *points, size_t count, struct colour colour)
{
    trace_path(c, points, count, true);
    use_colour(c, colour);
    cairo_fill(c->cairo);
}

void canvas_stroke(struct canvas *c, const struct point *points, size_t count, bool closed, double line_width,
                   struct colour colour)
{
    trace_path(c, points, count, closed);
    stroke(c, line_width, colour);
}

void canvas_line(struct canvas *c, struct point from, struct point to, double line_width, struct colour colour)
{
    canvas_stroke(c, (const struct point[]){from, to}, 2, false, line_width, colour);
}

void canvas_fill_circle(struct canvas *c, struct point centre, double radius, struct colour colour)
{
    cairo_new_sub_path(c->cairo);
    cairo_arc(c->cairo, centre.x, centre.y, radius, 0, 2 * M_PI);
    use_colour(c, colour);
    cairo_fill(c->cairo);
}

void canvas_stroke_circle(struct canvas *c, struct point centre, double radius, double line_width, struct colour colour)
{
    cairo_new_sub_path(c->cairo);
    cairo_arc(c->cairo, centre.x, centre.y, radius, 0, 2 * M_PI);
    stroke(c, line_width, colour);
}

void canvas_curve(struct canvas *c, const struct point *points, size_t count, bool closed, double line_width,
                  struct colour colour)
{
    const size_t last = count - 1;
    cairo_move_to(c->cairo, points[0].x, points[0].y);
    for (size_t i = 0; i < (closed ? count : last); i++) {
        const struct point a = points[i ? i - 1 : closed ? last : 0], b = points[i], d = points[(i + 1) % count];
        const struct point e = points[closed ? (i + 2) % count : i + 2 < count ? i + 2 : last];
        cairo_curve_to(c->cairo, b.x + (d.x - a.x) / 6, b.y + (d.y - a.y) / 6, d.x - (e.x - b.x) / 6,
                       d.y - (e.y - b.y) / 6, d.x, d.y);
    }
    if (closed)
        cairo_close_path(c->cairo);
    stroke(c, line_width, colour);
}

void canvas_clip(struct canvas *c, struct box box)
{
    cairo_save(c->cairo);
    cairo_rectangle(c->cairo, box.x, box.y, box.width, box.height);
    cairo_clip(c->cairo);
}

void canvas_unclip(struct canvas *c)
{
    cairo_restore(c->cairo);
}

/* ---- words -------------------------------------------------------------------------------------------------------------- */

/* Lays the words out and returns their height. What is not UTF-8, or would break the line, is replaced. */
static double set_words(struct canvas *c, const struct type *type, const char *words, bool wrap)
{
    PangoFontDescription *font = pango_font_description_from_string(FAMILIES);
    pango_font_description_set_absolute_size(font, type->size * PANGO_SCALE);
    pango_font_description_set_weight(font, type->bold ? PANGO_WEIGHT_SEMIBOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(c->layout, font);
    pango_font_description_free(font);
    pango_layout_set_single_paragraph_mode(c->layout, !wrap);
    pango_layout_set_width(c->layout, type->width > 0 ? (int)(type->width * PANGO_SCALE) : -1);
    pango_layout_set_ellipsize(c->layout, wrap || type->width <= 0 ? PANGO_ELLIPSIZE_NONE : PANGO_ELLIPSIZE_MIDDLE);
    pango_layout_set_wrap(c->layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(c->layout, wrap && type->align == ALIGN_MIDDLE  ? PANGO_ALIGN_CENTER
                                          : wrap && type->align == ALIGN_RIGHT ? PANGO_ALIGN_RIGHT
                                                                               : PANGO_ALIGN_LEFT);
    char *valid = g_utf8_make_valid(words, -1);
    pango_layout_set_text(c->layout, valid, -1);
    g_free(valid);
    int height;
    pango_layout_get_size(c->layout, NULL, &height);
    return (double)height / PANGO_SCALE;
}

static double width_of_words(struct canvas *c)
{
    PangoRectangle logical;
    pango_layout_get_extents(c->layout, NULL, &logical);
    return (double)logical.width / PANGO_SCALE;
}

double canvas_measure(struct canvas *c, const struct type *type, const char *words)
{
    set_words(c, type, words, false);
    return width_of_words(c);
}

double canvas_words(struct canvas *c, struct point at, const struct type *type, const char *words)
{
    set_words(c, type, words, false);
    const double width = width_of_words(c);
    const double back = type->align == ALIGN_RIGHT ? width : type->align == ALIGN_MIDDLE ? width / 2 : 0;
    use_colour(c, type->colour);
    cairo_move_to(c->cairo, at.x - back, at.y - (double)pango_layout_get_baseline(c->layout) / PANGO_SCALE);
    pango_cairo_show_layout(c->cairo, c->layout);
    cairo_new_path(c->cairo);
    return width;
}

double canvas_paragraph(struct canvas *c, struct point at, const struct type *type, const char *words, bool dry)
{
    const double height = set_words(c, type, words, true);
    if (!dry) {
        use_colour(c, type->colour);
        cairo_move_to(c->cairo, at.x, at.y);
        pango_cairo_show_layout(c->cairo, c->layout);
        cairo_new_path(c->cairo);
    }
    return height;
}
