/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Triggers on one page of A4, lying: the forest plot of the habits beside what it says in words, below them the days: twitches as
 * bars, what the model expects as a line, and a strip for each habit.
 *
 * Black and white are enough: a likely habit has a filled square, a possible one an open square, the others an open circle; a day of which nothing is
 * known is hatched, a day with none has a mark on the ground line. Nothing that is not known is drawn as a figure.
 */
#include "plot_triggers.h"

#include "plot.h"
#include "trigger_words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A4, lying, in points. */
#define PAGE_WIDTH 842.0
#define PAGE_HEIGHT 595.0
#define PIXELS_PER_POINT 2.5 /* of a PNG: 180 dots an inch */
#define MARGIN 28.0
#define GUTTER 22.0
#define WORDS_WIDTH 286.0 /* of the column with sentences */
#define LABEL_WIDTH 150.0
#define FIGURE_WIDTH 118.0
#define ROW_HEIGHT 15.0
#define ROWS_MOST 14
#define DAYS_TOP 318.0
#define STRIP_HEIGHT 11.0
#define AXIS_HEIGHT 22.0
#define NAMES_WIDTH 84.0
#define BARS_MOST 210 /* more days are drawn as means of weeks, or of some */
#define WORDS_BYTES_MAX ((size_t)1 << 20)
#define BAR_INK ((struct colour){0.62, 0.66, 0.71, 1})
#define UNKNOWN_INK ((struct colour){0.70, 0.72, 0.75, 1})

struct picture {
    struct canvas *c;
    struct trigger_words words;
    const struct qv_trigger **rows;
    uint32_t row_count;
    struct qv_text text; /* one sentence at a time */
    struct qv_text all;  /* the picture in words */
    char title[200], diary[160];
};

static const char *words_of(const struct picture *p)
{
    return p->text.bytes ? p->text.bytes : "";
}

static void clear_words(struct picture *p)
{
    if (p->text.failed)
        canvas_break(p->c);
    qv_text_clear(&p->text);
}

/* ---- words ------------------------------------------------------------------------------------------------------------------ */

static void say_range(struct picture *p)
{
    const struct qv_triggers *t = p->words.triggers;
    char from[11] = "", to[11] = "";
    if (t->days->day_count) {
        qv_date_format(t->days->first_day, from);
        qv_date_format(t->days->first_day + (int32_t)t->days->day_count - 1, to);
    }
    snprintf(p->diary, sizeof p->diary, "%s to %s · %u day%s noted · %.0f twitches", from, to, t->days_observed,
             t->days_observed == 1 ? "" : "s", t->twitches);
}

static void say_label(const struct picture *p, const struct qv_trigger *t, struct qv_text *out)
{
    qv_text_printf(out, "%s %s%s%s", trigger_name(&p->words, t->factor), t->drop ? "−" : "+",
                   p->words.triggers->days->factors[t->factor].per, t->lag_days ? ", next day" : "");
}

/* A capital where a sentence begins, at @p from. */
static void begin_large(struct qv_text *out, size_t from)
{
    if (!out->failed && from < out->length && out->bytes[from] >= 'a' && out->bytes[from] <= 'z')
        out->bytes[from] = (char)(out->bytes[from] - 'a' + 'A');
}

/* The sentences beside the forest plot, a paragraph each. */
static void say_sentences(struct picture *p, struct qv_text *out)
{
    for (uint32_t i = 0; i < p->row_count; i++) {
        if (!trigger_speaks(p->rows[i]))
            continue;
        qv_text_puts(out, "• ");
        const size_t begin = out->length;
        trigger_say_what(&p->words, p->rows[i], out);
        begin_large(out, begin);
        qv_text_puts(out, ". ");
        trigger_say_verdict(&p->words, p->rows[i], out);
        qv_text_puts(out, "\n");
    }
    for (uint32_t i = 0; i < p->words.triggers->entwined_count; i++) {
        qv_text_puts(out, "• ");
        const size_t begin = out->length;
        trigger_say_entwined(&p->words, &p->words.triggers->entwined[i], out);
        begin_large(out, begin);
        qv_text_puts(out, "\n");
    }
    trigger_say_trend(&p->words, out);
    if (out->length && out->bytes[out->length - 1] != '\n')
        qv_text_puts(out, "\n");
    qv_text_puts(out, p->words.knowledge->sentences[QV_SENTENCE_ASSOCIATION]->text);
}

static void say_all(struct picture *p)
{
    const struct qv_days *days = p->words.triggers->days;
    qv_text_printf(&p->all, "%s %s\n", p->title, p->diary);
    for (uint32_t i = 0; i < p->row_count; i++) {
        say_label(p, p->rows[i], &p->all);
        qv_text_puts(&p->all, ": ");
        trigger_say_verdict(&p->words, p->rows[i], &p->all);
        qv_text_puts(&p->all, "\n");
    }
    say_sentences(p, &p->all);
    for (uint32_t d = 0; d < days->day_count; d++) {
        char date[11];
        qv_date_format(days->first_day + (int32_t)d, date);
        if (isnan(days->twitches[d]))
            qv_text_printf(&p->all, "\n%s not noted", date);
        else
            qv_text_printf(&p->all, "\n%s %.0f", date, days->twitches[d]);
    }
}

/* ---- the forest plot -------------------------------------------------------------------------------------------------------- */

struct forest {
    struct picture *p;
    double left, width, edge; /* of the plot; the ratio at its right edge */
};

static double forest_x(const struct forest *f, double ratio)
{
    return f->left + f->width * (log(ratio) / log(f->edge) + 1) / 2;
}

static void draw_ticks(const struct forest *f, double top, double bottom)
{
    static const double ratios[] = {0.25, 1.0 / 3, 0.5, 2.0 / 3, 1, 1.5, 2, 3, 4};
    for (size_t i = 0; i < sizeof ratios / sizeof ratios[0]; i++) {
        if (fabs(log(ratios[i])) > log(f->edge) + 1e-9)
            continue;
        const double x = forest_x(f, ratios[i]);
        const bool one = ratios[i] == 1, crowded = f->edge > 2 && (ratios[i] == 1.5 || ratios[i] == 2.0 / 3);
        if (crowded)
            continue;
        canvas_line(f->p->c, (struct point){x, top}, (struct point){x, bottom}, one ? 1.1 : 0.5, one ? INK : HAIR);
        if (one)
            qv_text_puts(&f->p->text, "as many");
        else
            trigger_say_figure(ratios[i], false, &f->p->text);
        canvas_words(f->p->c, (struct point){x, bottom + 12},
                     &(struct type){.size = TYPE_SMALL, .colour = GREY, .align = ALIGN_MIDDLE}, words_of(f->p));
        clear_words(f->p);
    }
}

static void draw_interval(const struct forest *f, const struct qv_trigger *t, double y)
{
    struct canvas *c = f->p->c;
    const bool speaks = trigger_speaks(t);
    const double right = f->left + f->width, low = fmax(forest_x(f, t->rate.low), f->left),
                 high = fmin(forest_x(f, t->rate.high), right), x = forest_x(f, t->rate.ratio);
    if (high > f->left && low < right)
        canvas_line(c, (struct point){low, y}, (struct point){high, y}, speaks ? 2 : 1.2, speaks ? INK : GREY);
    /* what goes on beyond the edge ends in an arrow */
    if (forest_x(f, t->rate.low) < f->left)
        canvas_fill(c, (const struct point[]){{f->left - 4, y}, {f->left + 2, y - 3.5}, {f->left + 2, y + 3.5}}, 3,
                    GREY);
    if (forest_x(f, t->rate.high) > right)
        canvas_fill(c, (const struct point[]){{right + 4, y}, {right - 2, y - 3.5}, {right - 2, y + 3.5}}, 3, GREY);
    if (x < f->left || x > right)
        return;
    const struct box square = {x - 4, y - 4, 8, 8};
    if (speaks) {
        canvas_fill_box(c, square, t->verdict == QV_POSSIBLE_TRIGGER ? PAPER : INK);
        canvas_stroke_box(c, square, 1.4, INK);
    } else {
        canvas_fill_circle(c, (struct point){x, y}, 3.6, PAPER);
        canvas_stroke_circle(c, (struct point){x, y}, 3.6, 1.3, GREY);
    }
}

static void draw_forest_row(const struct forest *f, const struct qv_trigger *t, struct box box)
{
    struct picture *p = f->p;
    const double y = box.y + box.height / 2;
    const bool speaks = trigger_speaks(t);
    const struct colour ink = speaks ? INK : GREY;
    say_label(p, t, &p->text);
    canvas_words(p->c, (struct point){box.x, y + 3.5},
                 &(struct type){.size = TYPE_BODY, .bold = speaks, .colour = ink, .width = LABEL_WIDTH - 6},
                 words_of(p));
    clear_words(p);
    draw_interval(f, t, y);
    trigger_say_figure(t->rate.ratio, false, &p->text);
    qv_text_puts(&p->text, "  (");
    trigger_say_figure(t->rate.low, false, &p->text);
    qv_text_puts(&p->text, " to ");
    trigger_say_figure(t->rate.high, false, &p->text);
    qv_text_puts(&p->text, ")");
    canvas_words(p->c, (struct point){box.x + box.width, y + 3.5},
                 &(struct type){.size = TYPE_SMALL, .bold = speaks, .colour = ink, .align = ALIGN_RIGHT}, words_of(p));
    clear_words(p);
}

/* What cannot be told yet, a line each, and from when it can. */
static void draw_unknown(struct picture *p, struct box box)
{
    double y = box.y + 9;
    const struct type head = {.size = TYPE_HEAD, .bold = true, .colour = INK},
                      line = {.size = TYPE_BODY, .colour = GREY, .width = box.width};
    for (uint32_t i = 0; i < p->row_count; i++) {
        const struct qv_trigger *t = p->rows[i];
        char date[11];
        if (t->verdict != QV_NOT_ENOUGH_DATA)
            continue;
        if (y == box.y + 9)
            canvas_words(p->c, (struct point){box.x, y}, &head, "Not known yet");
        y += ROW_HEIGHT;
        if (y > box.y + box.height)
            return;
        qv_text_printf(&p->text, "%s: noted on %u day%s", trigger_name(&p->words, t->factor), t->known_days,
                       t->known_days == 1 ? "" : "s");
        if (trigger_foreseen(&p->words, t, date))
            qv_text_printf(&p->text, ", about %.0f needed; with a note every day from about %s", ceil(t->days_needed),
                           date);
        else
            qv_text_puts(&p->text, ", no date can be foreseen");
        canvas_words(p->c, (struct point){box.x, y}, &line, words_of(p));
        clear_words(p);
    }
}

static void draw_key(struct picture *p, struct point at, uint32_t left_out)
{
    qv_text_puts(&p->text, "■ likely   □ perhaps   ○ no clear effect");
    if (left_out)
        qv_text_printf(&p->text, "   and %u more in the JSON", left_out);
    canvas_words(p->c, at, &(struct type){.size = TYPE_SMALL, .colour = GREY, .align = ALIGN_MIDDLE}, words_of(p));
    clear_words(p);
}

static void draw_forest(struct picture *p, struct box box)
{
    const struct forest f = {p, box.x + LABEL_WIDTH, box.width - LABEL_WIDTH - FIGURE_WIDTH - 12,
                             trigger_axis_edge(p->rows, p->row_count)};
    const double end = box.y + box.height;
    uint32_t known = 0;
    for (uint32_t i = 0; i < p->row_count; i++)
        known += p->rows[i]->verdict != QV_NOT_ENOUGH_DATA;
    if (!known) {
        draw_unknown(p, box);
        return;
    }
    canvas_words(p->c, (struct point){box.x, box.y + 9}, &(struct type){.size = TYPE_HEAD, .bold = true, .colour = INK},
                 "What each habit goes with");
    canvas_words(p->c, (struct point){box.x + box.width, box.y + 9},
                 &(struct type){.size = TYPE_SMALL, .colour = GREY, .align = ALIGN_RIGHT},
                 "twitches, with what fits 95 times in 100");
    const uint32_t shown = known < ROWS_MOST ? known : ROWS_MOST;
    const double top = box.y + 18, bottom = top + shown * ROW_HEIGHT;
    draw_ticks(&f, top, bottom + 2);
    for (uint32_t i = 0; i < shown; i++) /* those that are known stand first */
        draw_forest_row(&f, p->rows[i], (struct box){box.x, top + ROW_HEIGHT * i, box.width, ROW_HEIGHT});
    draw_key(p, (struct point){f.left + f.width / 2, bottom + 28}, known - shown);
    box.y = bottom + 38;
    box.height = end - box.y;
    if (box.height > 2 * ROW_HEIGHT)
        draw_unknown(p, box);
}

/* ---- the days --------------------------------------------------------------------------------------------------------------- */

/* The means of `each` days from `first` on; NaN when none of them is known. */
static double mean_of(const double *values, uint32_t count, uint32_t first, uint32_t each)
{
    double sum = 0;
    uint32_t known = 0;
    for (uint32_t d = first; d < first + each && d < count; d++) {
        if (!isnan(values[d])) {
            sum += values[d];
            known++;
        }
    }
    return known ? sum / known : (double)NAN;
}

struct days_plot {
    struct picture *p;
    struct box box;       /* of the bars, x and width for all that stands below too */
    uint32_t each, count; /* days a bar; bars */
};

static double largest(const struct days_plot *d, const double *values)
{
    double most = 0;
    for (uint32_t i = 0; i < d->count; i++) {
        const double mean = mean_of(values, d->p->words.triggers->days->day_count, i * d->each, d->each);
        most = fmax(most, isnan(mean) ? 0 : mean);
    }
    return most;
}

static double bar_x(const struct days_plot *d, double bar)
{
    return d->box.x + d->box.width * bar / d->count;
}

/* Bars from the ground of the box up; what is not known is hatched over the whole height, runs of it as one. */
static void draw_bars(const struct days_plot *d, const double *values, struct box box, double most, struct colour ink)
{
    const uint32_t days = d->p->words.triggers->days->day_count;
    const double gap = d->box.width / d->count > 3 ? 0.7 : 0, ground = box.y + box.height;
    uint32_t unknown_from = 0;
    for (uint32_t i = 0; i <= d->count; i++) {
        const double value = i < d->count ? mean_of(values, days, i * d->each, d->each) : 0;
        if (i < d->count && isnan(value))
            continue;
        if (i > unknown_from)
            canvas_hatch_box(
                d->p->c, (struct box){bar_x(d, unknown_from), box.y, bar_x(d, i) - bar_x(d, unknown_from), box.height},
                HATCH_RISING, 4, UNKNOWN_INK);
        unknown_from = i + 1;
        if (i == d->count)
            break;
        const double height = most > 0 ? box.height * value / most : 0;
        const double x = bar_x(d, i) + gap, width = fmax(bar_x(d, i + 1) - bar_x(d, i) - 2 * gap, 0.4);
        if (height > 0)
            canvas_fill_box(d->p->c, (struct box){x, ground - height, width, height}, ink);
        else /* none: seen, and 0 */
            canvas_fill_box(d->p->c, (struct box){x, ground - 1.2, width, 1.2}, INK);
    }
}

static void draw_expected(const struct days_plot *d, double most)
{
    const struct qv_triggers *t = d->p->words.triggers;
    struct point *points = t->expected ? calloc(d->count, sizeof *points) : NULL;
    if (t->expected && !points)
        canvas_break(d->p->c);
    uint32_t run = 0;
    for (uint32_t i = 0; points && i <= d->count; i++) {
        const double value =
            i < d->count ? mean_of(t->expected, t->days->day_count, i * d->each, d->each) : (double)NAN;
        if (!isnan(value)) {
            points[run++] = (struct point){bar_x(d, i + 0.5), d->box.y + d->box.height * (1 - fmin(value / most, 1))};
        } else if (run) {
            canvas_stroke(d->p->c, points, run, false, 2.6, PAPER);
            canvas_stroke(d->p->c, points, run, false, 1.3, INK);
            run = 0;
        }
    }
    free(points);
}

/* Dates below: so many that they do not touch. */
static void draw_dates(const struct days_plot *d, double y)
{
    static const uint32_t steps[] = {1, 2, 7, 14, 28, 91, 182, 364, 728, 1820, 3640};
    const struct qv_days *days = d->p->words.triggers->days;
    uint32_t step = steps[0];
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && d->box.width * step / days->day_count < 66; i++)
        step = steps[i];
    canvas_line(d->p->c, (struct point){d->box.x, y}, (struct point){d->box.x + d->box.width, y}, 0.8, INK);
    for (uint32_t day = 0; day < days->day_count; day += step) {
        char date[11];
        const double x = d->box.x + d->box.width * (day + 0.5) / days->day_count;
        qv_date_format(days->first_day + (int32_t)day, date);
        canvas_line(d->p->c, (struct point){x, y}, (struct point){x, y + 3}, 0.8, INK);
        if (x + 26 < d->box.x + d->box.width)
            canvas_words(d->p->c, (struct point){x, y + 13},
                         &(struct type){.size = TYPE_SMALL, .colour = GREY, .align = ALIGN_MIDDLE}, date);
    }
}

static void draw_scale(const struct days_plot *d, double most)
{
    const struct type type = {.size = TYPE_SMALL, .colour = GREY, .align = ALIGN_RIGHT};
    char figure[32];
    snprintf(figure, sizeof figure, "%.*f", most < 9.95 && fmod(most, 1) > 0.01, most);
    canvas_words(d->p->c, (struct point){d->box.x - 5, d->box.y + 7}, &type, figure);
    canvas_words(d->p->c, (struct point){d->box.x - 5, d->box.y + d->box.height}, &type, "0");
}

static void draw_legend(const struct days_plot *d, double y)
{
    struct canvas *c = d->p->c;
    const struct type type = {.size = TYPE_SMALL, .colour = INK};
    double x = d->box.x + 150;
    char a_bar[64] = "noted that day";
    if (d->each > 1)
        snprintf(a_bar, sizeof a_bar, "noted, the mean of %u days", d->each);
    canvas_fill_box(c, (struct box){x, y - 8, 9, 9}, BAR_INK);
    x += 13 + canvas_words(c, (struct point){x + 13, y}, &type, a_bar) + 16;
    canvas_line(c, (struct point){x, y - 3.5}, (struct point){x + 16, y - 3.5}, 1.3, INK);
    x += 20 + canvas_words(c, (struct point){x + 20, y}, &type, "expected from your habits") + 16;
    canvas_fill_box(c, (struct box){x, y - 1.2, 9, 1.2}, INK);
    x += 13 + canvas_words(c, (struct point){x + 13, y}, &type, "none") + 16;
    canvas_hatch_box(c, (struct box){x, y - 8, 16, 9}, HATCH_RISING, 4, UNKNOWN_INK);
    canvas_words(c, (struct point){x + 20, y}, &type, "not noted");
}

static void draw_strips(const struct days_plot *d, double top)
{
    const struct qv_days *days = d->p->words.triggers->days;
    double y = top;
    for (uint32_t f = 0; f < days->factor_count; f++) {
        if (!trigger_is_noted(&d->p->words, f))
            continue;
        const double *values = days->exposures + (size_t)f * days->day_count;
        canvas_words(d->p->c, (struct point){MARGIN, y + STRIP_HEIGHT - 2},
                     &(struct type){.size = TYPE_SMALL, .colour = INK, .width = NAMES_WIDTH - 8},
                     trigger_name(&d->p->words, f));
        draw_bars(d, values, (struct box){d->box.x, y + 1, d->box.width, STRIP_HEIGHT - 2}, largest(d, values),
                  BAR_INK);
        y += STRIP_HEIGHT;
    }
}

static void draw_days(struct picture *p, struct box box)
{
    const struct qv_days *days = p->words.triggers->days;
    canvas_words(p->c, (struct point){box.x, box.y + 9}, &(struct type){.size = TYPE_HEAD, .bold = true, .colour = INK},
                 "Your days");
    if (!days->day_count)
        return;
    uint32_t strips = 0;
    for (uint32_t f = 0; f < days->factor_count; f++)
        strips += trigger_is_noted(&p->words, f);
    struct days_plot d = {.p = p, .each = 1};
    while (days->day_count > d.each * BARS_MOST)
        d.each = d.each < 7 ? 7 : 2 * d.each;
    d.count = (days->day_count + d.each - 1) / d.each;
    d.box = (struct box){box.x + NAMES_WIDTH, box.y + 18, box.width - NAMES_WIDTH,
                         box.height - 18 - strips * STRIP_HEIGHT - 6 - AXIS_HEIGHT};
    double most = largest(&d, days->twitches);
    if (p->words.triggers->expected)
        most = fmax(most, largest(&d, p->words.triggers->expected));
    most = most > 0 ? most : 1;
    draw_legend(&d, box.y + 9);
    canvas_words(p->c, (struct point){box.x, d.box.y + d.box.height / 2},
                 &(struct type){.size = TYPE_SMALL, .bold = true, .colour = INK}, "twitches");
    draw_bars(&d, days->twitches, d.box, most, BAR_INK);
    draw_expected(&d, most);
    draw_scale(&d, most);
    canvas_line(p->c, (struct point){d.box.x, d.box.y + d.box.height},
                (struct point){d.box.x + d.box.width, d.box.y + d.box.height}, 0.5, GREY);
    draw_strips(&d, d.box.y + d.box.height + 4);
    draw_dates(&d, d.box.y + d.box.height + 6 + strips * STRIP_HEIGHT);
}

/* ---- the page --------------------------------------------------------------------------------------------------------------- */

static void draw_head(struct picture *p)
{
    canvas_words(p->c, (struct point){MARGIN, MARGIN + 12},
                 &(struct type){.size = TYPE_TITLE, .bold = true, .colour = INK}, "What goes with your twitches");
    canvas_words(p->c, (struct point){PAGE_WIDTH - MARGIN, MARGIN + 12},
                 &(struct type){.size = TYPE_BODY, .colour = GREY, .align = ALIGN_RIGHT}, p->diary);
    canvas_paragraph(p->c, (struct point){MARGIN, MARGIN + 20},
                     &(struct type){.size = TYPE_HEAD, .colour = INK, .width = PAGE_WIDTH - 2 * MARGIN}, p->title,
                     false);
}

static void draw_sentences(struct picture *p, struct box box)
{
    struct qv_text words;
    qv_text_init(&words, WORDS_BYTES_MAX);
    say_sentences(p, &words);
    canvas_words(p->c, (struct point){box.x, box.y + 9}, &(struct type){.size = TYPE_HEAD, .bold = true, .colour = INK},
                 "In words");
    /* Smaller type where there is much to say; what finds no room at all is still in the description. */
    double size = TYPE_BODY;
    const char *bytes = words.bytes ? words.bytes : "";
    const struct point at = {box.x, box.y + 16};
    while (size > 7 && canvas_paragraph(p->c, at, &(struct type){.size = size, .colour = INK, .width = box.width},
                                        bytes, true) > box.height - 16)
        size -= 0.5;
    canvas_clip(p->c, box);
    canvas_paragraph(p->c, at, &(struct type){.size = size, .colour = INK, .width = box.width}, bytes, false);
    canvas_unclip(p->c);
    if (words.failed)
        canvas_break(p->c);
    qv_text_finish(&words);
}

static void draw_page(struct picture *p)
{
    const double top = MARGIN + 48, right = PAGE_WIDTH - MARGIN - WORDS_WIDTH;
    canvas_fill_box(p->c, (struct box){0, 0, PAGE_WIDTH + 1, PAGE_HEIGHT + 1}, PAPER);
    draw_head(p);
    draw_forest(p, (struct box){MARGIN, top, right - GUTTER - MARGIN, DAYS_TOP - 12 - top});
    draw_sentences(p, (struct box){right, top, WORDS_WIDTH, DAYS_TOP - 12 - top});
    canvas_line(p->c, (struct point){MARGIN, DAYS_TOP - 8}, (struct point){PAGE_WIDTH - MARGIN, DAYS_TOP - 8}, 0.6,
                HAIR);
    draw_days(p, (struct box){MARGIN, DAYS_TOP, PAGE_WIDTH - 2 * MARGIN, PAGE_HEIGHT - MARGIN + 6 - DAYS_TOP});
}

int plot_triggers(const struct qv_knowledge *knowledge, const struct qv_triggers *triggers, enum qv_plot_format format,
                  struct qv_text *out, struct qv_error *error)
{
    struct picture p = {.words = {knowledge, triggers, NULL}};
    p.rows = calloc(triggers->trigger_count + 1, sizeof(void *));
    if (!p.rows)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    p.row_count = trigger_rows(&p.words, false, p.rows);
    qv_text_init(&p.text, WORDS_BYTES_MAX);
    qv_text_init(&p.all, (size_t)16 << 20);
    trigger_say_found(&p.words, &p.text);
    snprintf(p.title, sizeof p.title, "%s", words_of(&p));
    int status = qv_text_check(&p.text, error);
    qv_text_clear(&p.text);
    say_range(&p);
    say_all(&p);
    if (status == QV_OK)
        status = qv_text_check(&p.all, error);
    if (status == QV_OK)
        status = canvas_create(format, PAGE_WIDTH, PAGE_HEIGHT, PIXELS_PER_POINT, "What goes with your twitches",
                               p.all.bytes, out, &p.c, error);
    if (status == QV_OK) {
        draw_page(&p);
        status = canvas_finish(p.c, error);
    }
    qv_text_finish(&p.text);
    qv_text_finish(&p.all);
    free(p.rows);
    return status;
}
