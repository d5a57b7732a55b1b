/* SPDX-License-Identifier: Apache-2.0 */
/* Plans, days and results of trials on a terminal page, for the person whose trial it is. */
#include "layout.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const warning_sentences[QV_TRIAL_WARNING_COUNT] = {
#define QV_TRIAL_WARNING_SENTENCE(name, id, sentence) sentence,
    QV_TRIAL_WARNING_MAP(QV_TRIAL_WARNING_SENTENCE)
#undef QV_TRIAL_WARNING_SENTENCE
};

#define LABEL_COLUMN 2
#define TEXT_COLUMN 13
/* On a narrow page the column of labels would leave no room for words. */
#define NARROW_COLUMNS 56

/* ---- words that all pages share --------------------------------------------------------------------------------------- */

/* "Wed 25 Nov 2026" */
static void say_date(struct sheet *sheet, int32_t day)
{
    static const char *const weekdays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char date[11];
    qv_date_format(day, date);
    int month = (date[5] - '0') * 10 + date[6] - '0', of_month = (date[8] - '0') * 10 + date[9] - '0';
    sheet_sayf(sheet, "%s" TIE "%d" TIE "%s" TIE "%.4s", weekdays[(day % 7 + 7) % 7], of_month, months[month - 1],
               date);
}

static const char *arm_word(const struct qv_trial_plan *plan, bool changed)
{
    return !changed ? "usual" : plan->habit.more ? "more" : "less";
}

static void say_habit(struct sheet *sheet, const struct qv_trial_view *view)
{
    if (view->info)
        sheet_say_small(sheet, view->info->name);
    else
        sheet_say_id(sheet, view->plan->habit.factor);
}

static void say_amount(struct sheet *sheet, const struct qv_trial_plan *plan, double amount)
{
    sheet_sayf(sheet, "%.*f" TIE, amount < 10 && amount != floor(amount) ? 1 : 0, amount);
    sheet_say(sheet, plan->habit.unit);
}

/* The paragraph of a label: in a column beside it, or behind it where the page is narrow. */
static void flush_detail(struct sheet *sheet, const char *label)
{
    bool narrow = sheet->columns < NARROW_COLUMNS;
    char words[40];
    snprintf(words, sizeof words, narrow ? "%s:" : "%s", label);
    sheet_flush_labelled(sheet, LABEL_COLUMN, words, narrow ? LABEL_COLUMN + 2 : TEXT_COLUMN);
}

static void detail(struct sheet *sheet, const char *label, const char *words)
{
    sheet_say(sheet, words);
    flush_detail(sheet, label);
}

/* Sources are on the full page; the short one fits a screen. */
static void cite(struct sheet *sheet, const struct qv_words *sources)
{
    if (sheet->settings->full)
        sheet_cite(sheet, sources);
}

static void warn(struct sheet *sheet, unsigned warnings)
{
    for (unsigned w = 0; w < QV_TRIAL_WARNING_COUNT; w++) {
        if (warnings >> w & 1)
            sheet_line(sheet, 0, 0, w == QV_TRIAL_WARN_ALTERED ? STYLE_URGENT : STYLE_ROUTINE, warning_sentences[w]);
    }
    if (warnings)
        sheet_blank(sheet);
}

static void title(struct sheet *sheet, const struct qv_trial_view *view, const char *what)
{
    sheet_style(sheet, STYLE_BOLD);
    sheet_say(sheet, what);
    say_habit(sheet, view);
    sheet_style(sheet, STYLE_NORMAL);
    sheet_flush(sheet, 0, 0);
    sheet_blank(sheet);
}

/* The first digits are enough to tell plans apart by eye; JSON has all. */
static void say_fingerprint(struct sheet *sheet, const struct qv_trial_plan *plan)
{
    char hex[QV_SHA256_HEX_BYTES];
    struct qv_text text;
    qv_text_init(&text, QV_TRIAL_JSON_MAX);
    qv_trial_write_plan(plan, &text, hex);
    sheet->text->failed |= text.failed;
    qv_text_finish(&text);
    sheet_sayf(sheet, "%.16s", hex);
}

/* ---- the plan --------------------------------------------------------------------------------------------------------- */

static void tell_arm(struct sheet *sheet, const struct qv_trial_view *view, bool changed)
{
    const struct qv_trial_habit *habit = &view->plan->habit;
    double amount = changed ? habit->changed : habit->usual;
    if (view->info)
        sheet_say(sheet, changed ? view->info->changed : view->info->usual);
    if (!isnan(amount)) {
        sheet_say(sheet, " That is about ");
        say_amount(sheet, view->plan, amount);
        sheet_say(sheet, " a day.");
    }
    if (view->info && changed)
        cite(sheet, &view->info->sources);
    flush_detail(sheet, arm_word(view->plan, changed));
}

static void tell_settling(struct sheet *sheet, const struct qv_trial_view *view)
{
    const struct qv_trial_plan *plan = view->plan;
    uint32_t settling = qv_trial_block_days(plan) - plan->counted_days;
    sheet_sayf(sheet, "The first %u day%s of each block settle and the last %u count. ", settling,
               settling == 1 ? "" : "s", plan->counted_days);
    if (plan->habit.steps && view->info)
        sheet_say(sheet, "The change comes in small steps. ");
    sheet_say(sheet, view->info ? view->info->settle : "");
    flush_detail(sheet, "settling");
    if (view->washout) {
        sheet_say(sheet, view->washout->text);
        cite(sheet, &view->washout->sources);
        flush_detail(sheet, "longer");
    }
}

/* The next blocks, or all: what is far ahead is better not thought of. */
#define BLOCKS_SHOWN 3

static void tell_blocks(struct sheet *sheet, const struct qv_trial_plan *plan)
{
    uint32_t days = qv_trial_block_days(plan), settling = days - plan->counted_days;
    uint32_t shown = sheet->settings->full ? plan->block_count : BLOCKS_SHOWN;
    sheet_heading(sheet, "Blocks", shown < plan->block_count ? "the first; --full shows all" : NULL);
    for (uint32_t b = 0; b < shown && b < plan->block_count; b++) {
        char label[32];
        int32_t first = plan->first_day + (int32_t)(b * days);
        snprintf(label, sizeof label, "%2u  %s", b + 1, arm_word(plan, plan->arms >> b & 1));
        sheet_say(sheet, "from ");
        say_date(sheet, first);
        sheet_say(sheet, ", counts from ");
        say_date(sheet, first + (int32_t)settling);
        flush_detail(sheet, label);
    }
}

static void tell_power(struct sheet *sheet, const struct qv_trial_plan *plan)
{
    sheet_heading(sheet, "How sure it can be", NULL);
    sheet_sayf(sheet, "If the change makes %.0f" TIE "%% fewer twitches, this trial finds it ",
               100 * (1 - plan->aim.rate_ratio));
    sheet_sayf(sheet, "about %.0f times in 100. ", 100 * plan->power);
    sheet_sayf(sheet, "If it makes none, the trial says so wrongly at most %.0f times in 100.",
               100 * (plan->final_p + plan->look_p));
    sheet_flush(sheet, 2, 2);
    sheet_sayf(sheet,
               plan->baseline.days ? "This is from %.1f twitches a day on %u days of your diary."
                                   : "This is for %.1f twitches a day.",
               plan->baseline.per_day, plan->baseline.days);
    sheet_flush(sheet, 2, 2);
    if (plan->look_after_blocks) {
        sheet_sayf(sheet, "After block %u the result is looked at once. If it is very clear by then, the trial ends. ",
                   plan->look_after_blocks);
        sheet_say(sheet, "Before that nothing is shown, because stopping at a lucky moment fools people.");
        sheet_flush(sheet, 2, 2);
    } else {
        sheet_say(sheet, "Nothing is shown before the end, because stopping at a lucky moment fools people.");
        sheet_flush(sheet, 2, 2);
    }
}

void qv_page_trial_plan(const struct qv_trial_view *view, const struct qv_page_settings *settings, struct qv_text *text)
{
    const struct qv_trial_plan *plan = view->plan;
    struct sheet sheet;
    sheet_begin(&sheet, view->knowledge, settings, text);
    title(&sheet, view, "A trial on yourself: ");
    warn(&sheet, qv_trial_warnings(view, NULL));
    sheet_sayf(&sheet, "%u blocks of %u days, %d days in all, from ", plan->block_count, qv_trial_block_days(plan),
               qv_trial_last_day(plan) - plan->first_day + 1);
    say_date(&sheet, plan->first_day);
    sheet_say(&sheet, " to ");
    say_date(&sheet, qv_trial_last_day(plan));
    sheet_sayf(&sheet, ". In half of the blocks you live as usual, in the others with %s. ", arm_word(plan, true));
    sheet_say(&sheet, "Chance has drawn which comes when, so that a good month or a hope cannot decide.");
    sheet_flush(&sheet, 0, 0);
    sheet_blank(&sheet);
    tell_arm(&sheet, view, false);
    tell_arm(&sheet, view, true);
    tell_settling(&sheet, view);
    if (view->info && view->info->caution)
        detail(&sheet, "take care", view->info->caution);
    tell_blocks(&sheet, plan);
    tell_power(&sheet, plan);
    sheet_heading(&sheet, "Each day", NULL);
    sheet_line(&sheet, 2, 2, STYLE_NORMAL,
               "Log your twitches, also when there were none, and the amount of what you try. quiver trial today says "
               "what today is. Stop whenever you want to or feel worse. Your usual medicines stay as they are.");
    sheet_heading(&sheet, "Fixed beforehand", NULL);
    say_fingerprint(&sheet, plan);
    flush_detail(&sheet, "plan");
    sheet_sayf(&sheet, "%llu", (unsigned long long)plan->seed);
    flush_detail(&sheet, "seed");
    sheet_sources(&sheet);
    sheet_end(&sheet);
}

/* ---- a day ------------------------------------------------------------------------------------------------------------- */

static void tell_step(struct sheet *sheet, const struct qv_trial_view *view, const struct qv_trial_day *today)
{
    const struct qv_trial_plan *plan = view->plan;
    sheet_say(sheet, "Today: on the way to ");
    sheet_say(sheet, arm_word(plan, true));
    if (!isnan(today->amount)) {
        sheet_say(sheet, ", about ");
        say_amount(sheet, plan, today->amount);
    } else {
        double share = today->share * (view->info ? 1 - view->info->times : 1);
        sheet_sayf(sheet, ", about %.0f" TIE "%% of your usual", 100 * (1 - share));
    }
    sheet_say(sheet, ".");
}

static void tell_arm_today(struct sheet *sheet, const struct qv_trial_view *view, const struct qv_trial_day *today)
{
    sheet_say(sheet, "Today: ");
    sheet_say(sheet, arm_word(view->plan, today->changed));
    if (!isnan(today->amount)) {
        sheet_say(sheet, ", about ");
        say_amount(sheet, view->plan, today->amount);
    }
    sheet_say(sheet, ".");
}

static void tell_inside(struct sheet *sheet, const struct qv_trial_view *view, int32_t day)
{
    const struct qv_trial_plan *plan = view->plan;
    struct qv_trial_day today = qv_trial_day(plan, day);
    sheet_style(sheet, STYLE_BOLD);
    if (today.phase == QV_TRIAL_STEP)
        tell_step(sheet, view, &today);
    else
        tell_arm_today(sheet, view, &today);
    sheet_style(sheet, STYLE_NORMAL);
    sheet_flush(sheet, 0, 0);
    sheet_blank(sheet);

    if (view->info) {
        sheet_say(sheet, today.phase == QV_TRIAL_STEP && view->info->step ? view->info->step
                         : today.changed                                  ? view->info->changed
                                                                          : view->info->usual);
        if (today.phase == QV_TRIAL_WASHOUT) {
            sheet_say(sheet, " ");
            sheet_say(sheet, view->info->settle);
        }
        sheet_flush(sheet, 0, 0);
    }
    sheet_sayf(sheet, "Day %d of %d, block %u of %u. ", day - plan->first_day + 1,
               qv_trial_last_day(plan) - plan->first_day + 1, today.block + 1, plan->block_count);
    sheet_say(sheet, today.phase == QV_TRIAL_COUNTED ? "Today counts: log your twitches, also when there are none."
                                                     : "Today does not count yet; log it all the same.");
    sheet_flush(sheet, 0, 0);
    int32_t next = plan->first_day + (int32_t)((today.block + 1) * qv_trial_block_days(plan));
    if (next <= qv_trial_last_day(plan)) {
        sheet_say(sheet, "This block goes on to ");
        say_date(sheet, next - 1);
        sheet_say(sheet, ".");
        sheet_flush(sheet, 0, 0);
    }
}

void qv_page_trial_today(const struct qv_trial_view *view, int32_t day, const struct qv_page_settings *settings,
                         struct qv_text *text)
{
    const struct qv_trial_plan *plan = view->plan;
    enum qv_trial_phase phase = qv_trial_day(plan, day).phase;
    struct sheet sheet;
    sheet_begin(&sheet, view->knowledge, settings, text);
    title(&sheet, view, "Trial: ");
    if (!view->unaltered)
        warn(&sheet, 1U << QV_TRIAL_WARN_ALTERED);
    if (phase == QV_TRIAL_BEFORE) {
        sheet_say(&sheet, "The trial has not begun. Its first day is ");
        say_date(&sheet, plan->first_day);
        sheet_say(&sheet, ". Until then live as usual and log your days.");
        sheet_flush(&sheet, 0, 0);
    } else if (phase == QV_TRIAL_AFTER) {
        sheet_say(&sheet, "The trial ended on ");
        say_date(&sheet, qv_trial_last_day(plan));
        sheet_say(&sheet, ". quiver trial result says what it found.");
        sheet_flush(&sheet, 0, 0);
    } else {
        tell_inside(&sheet, view, day);
    }
    sheet_end(&sheet);
}

/* ---- the result --------------------------------------------------------------------------------------------------------- */

static void say_verdict(struct sheet *sheet, const struct qv_trial_view *view, const struct qv_trial_result *r)
{
    const char *arm = arm_word(view->plan, true);
    bool said = r->verdict != QV_TRIAL_NO_VERDICT && r->verdict != QV_TRIAL_TOO_LITTLE;
    if (!view->unaltered && said)
        sheet_say(sheet, "Not the planned analysis. By the altered plan: ");
    if (r->verdict == QV_TRIAL_FEWER || r->verdict == QV_TRIAL_MORE) {
        sheet_say(sheet, "With ");
        sheet_say(sheet, arm);
        sheet_say(sheet, " ");
        say_habit(sheet, view);
        sheet_say(sheet, r->verdict == QV_TRIAL_FEWER ? " you twitched less." : " you twitched more.");
    } else if (r->verdict == QV_TRIAL_NO_CLEAR_DIFFERENCE) {
        sheet_say(sheet, "No clear difference between usual and ");
        sheet_say(sheet, arm);
        sheet_say(sheet, " was found. That does not prove that there is none.");
    } else if (r->verdict == QV_TRIAL_TOO_LITTLE) {
        sheet_say(sheet, "Too few days were logged to say anything.");
    } else if (r->state == QV_TRIAL_STOPPED) {
        sheet_say(sheet, "The trial was stopped early, and not by its plan. What follows is a guess and no result.");
    } else if (r->state == QV_TRIAL_WAITING) {
        sheet_say(sheet, "The trial has not begun.");
    } else {
        sheet_say(sheet, "The trial is still running. Its effect is not shown before the end.");
    }
}

/* "0.62 times as many (0.45 to 0.85)" */
static void say_ratio(struct sheet *sheet, const struct qv_ratio *rate)
{
    sheet_sayf(sheet, "%.2f times as many twitches as usual (%.2f to %.2f)", rate->ratio, rate->low, rate->high);
}

static void tell_estimates(struct sheet *sheet, const struct qv_trial_view *view, const struct qv_trial_result *r)
{
    if (isnan(r->as_planned.rate.ratio))
        return;
    const char *arm = arm_word(view->plan, true);
    sheet_sayf(sheet, "%.1f twitches a day as usual, %.1f with %s.", r->usual_per_day, r->changed_per_day, arm);
    flush_detail(sheet, "counted");
    say_ratio(sheet, &r->as_planned.rate);
    sheet_say(sheet, ". That it is fewer at all is ");
    sheet_say_percent(sheet, r->as_planned.probability_fewer);
    sheet_say(sheet, " sure.");
    flush_detail(sheet, "effect");
    if (!isnan(r->p)) {
        sheet_sayf(sheet, "Of %u orders that chance could have drawn, %.1f" TIE "%% look as different as yours ",
                   r->orders, 100 * r->p);
        sheet_sayf(sheet, "(up to %.1f" TIE "%% counts as a difference).",
                   100 * (r->state == QV_TRIAL_BY_RULE ? view->plan->look_p : view->plan->final_p));
        flush_detail(sheet, "by chance");
    }
    if (!isnan(r->as_logged.rate.ratio)) {
        say_ratio(sheet, &r->as_logged.rate);
        sheet_say(sheet, ", going by the amounts you logged. Chance did not decide on which days you kept to the plan, "
                         "so this is only a hint.");
        flush_detail(sheet, "as logged");
    }
}

static void tell_days(struct sheet *sheet, const struct qv_trial_result *r)
{
    if (!r->days_planned)
        return;
    sheet_sayf(sheet, "%u of %u that count were logged.", r->days_observed, r->days_planned);
    if (r->days_known)
        sheet_sayf(sheet, " The plan was kept to on %u of the %u with an amount.", r->days_kept_to, r->days_known);
    flush_detail(sheet, "days");
}

/* Vohra et al. 2015: what a report of a trial on one person must say. Items that do not apply say so. */
static void item(struct sheet *sheet, const char *number)
{
    sheet_say(sheet, ".");
    sheet_flush_labelled(sheet, 2, number, 6);
}

static void tell_items_of_plan(struct sheet *sheet, const struct qv_trial_view *view)
{
    const struct qv_trial_plan *plan = view->plan;
    sheet_say(sheet, "Randomised N-of-1 trial of ");
    say_habit(sheet, view);
    sheet_say(sheet, " and twitches, on one person by themselves");
    item(sheet, "1");
    sheet_sayf(sheet, "Does %s of it change how often I twitch", arm_word(plan, true));
    item(sheet, "2");
    sheet_sayf(sheet, "%u blocks of %u days in a random order, as many of either kind, at most %d of one kind in a row",
               plan->block_count, qv_trial_block_days(plan), QV_TRIAL_RUN_MAX);
    sheet_say(sheet, view->unaltered ? "; the plan was not changed" : "; THE PLAN WAS CHANGED AFTER IT WAS MADE");
    item(sheet, "3");
    sheet_say(sheet, "One person, at home");
    item(sheet, "4");
    sheet_say(sheet, "Usual, against ");
    sheet_say(sheet, arm_word(plan, true));
    if (!isnan(plan->habit.usual)) {
        sheet_say(sheet, ": ");
        say_amount(sheet, plan, plan->habit.usual);
        sheet_say(sheet, " against ");
        say_amount(sheet, plan, plan->habit.changed);
        sheet_say(sheet, " a day");
    }
    sheet_sayf(sheet, "; %u steps of %u days, washout %u days, then %u days that count", plan->habit.steps,
               plan->habit.step_days, plan->habit.washout_days, plan->counted_days);
    item(sheet, "5");
    sheet_say(sheet, "Twitches a day, counted and logged by the person");
    item(sheet, "6");
    sheet_sayf(sheet, "Length from %u simulated trials: power %.2f for a rate ratio of %.2f at %.1f twitches a day",
               plan->simulations, plan->power, plan->aim.rate_ratio, plan->baseline.per_day);
    if (plan->look_after_blocks)
        sheet_sayf(sheet, "; one look after block %u, which stops it at p up to %.3f", plan->look_after_blocks,
                   plan->look_p);
    else
        sheet_say(sheet, "; no look before the end");
    item(sheet, "7");
    sheet_sayf(sheet, "Drawn by SplitMix64 from seed %llu: ", (unsigned long long)plan->seed);
    for (uint32_t b = 0; b < plan->block_count; b++)
        sheet_sayf(sheet, "%s%s", b ? " " : "", arm_word(plan, plan->arms >> b & 1));
    item(sheet, "8");
    sheet_say(sheet, "Not concealed: the person can read the plan");
    item(sheet, "9");
    sheet_say(sheet, "Drawn by this program, carried out by the person");
    item(sheet, "10");
    sheet_say(sheet, "Not blinded: the person knew what each day was, so hope may play a part");
    item(sheet, "11");
    sheet_sayf(sheet, "Two-sided randomisation test over all orders, decided at p up to %.3f. ", plan->final_p);
    sheet_say(sheet, "Negative binomial model with AR(1) days and trend for the size; by intention to treat, and as "
                     "logged");
    item(sheet, "12");
}

static void tell_items_of_result(struct sheet *sheet, const struct qv_trial_view *view, const struct qv_trial_result *r)
{
    const struct qv_trial_plan *plan = view->plan;
    sheet_sayf(sheet, "%u of %u blocks; %u of %u counted days observed", r->blocks_used, plan->block_count,
               r->days_observed, r->days_planned);
    item(sheet, "13");
    say_date(sheet, plan->first_day);
    sheet_say(sheet, " to ");
    say_date(sheet, qv_trial_last_day(plan));
    sheet_say(sheet, "; state: ");
    sheet_say_id(sheet, qv_trial_state_id(r->state));
    item(sheet, "14");
    sheet_sayf(sheet, "Before: %.1f twitches a day, dispersion %.2f, autocorrelation %.2f, from %u days",
               plan->baseline.per_day, plan->baseline.dispersion, plan->baseline.autocorrelation, plan->baseline.days);
    item(sheet, "15");
    sheet_sayf(sheet, "%u days by intention to treat, %u as logged", r->as_planned.days, r->as_logged.days);
    item(sheet, "16");
    sheet_say(sheet, "As above: ");
    sheet_say_id(sheet, qv_trial_verdict_id(r->verdict));
    item(sheet, "17");
    sheet_say(sheet, "None but the estimate as logged");
    item(sheet, "18");
    sheet_say(sheet, "Harms are not asked for here; see the notes of the diary");
    item(sheet, "19");
    sheet_say(sheet, "Limits: one person, not blinded, counted by themselves, with a linear trend at most");
    item(sheet, "20");
    sheet_say(sheet, "Holds for this person and these amounts only");
    item(sheet, "21");
    sheet_say(sheet, "For the person and their doctor to weigh");
    item(sheet, "22");
    sheet_say(sheet, "Not registered publicly; the plan was fixed under SHA-256 ");
    say_fingerprint(sheet, plan);
    sheet_say(sheet, "… on ");
    say_date(sheet, plan->made_on);
    item(sheet, "23");
    sheet_say(sheet, "The protocol is the plan's own file");
    item(sheet, "24");
    sheet_say(sheet, "No funding");
    item(sheet, "25");
}

void qv_page_trial_result(const struct qv_trial_view *view, const struct qv_trial_result *r,
                          const struct qv_page_settings *settings, struct qv_text *text)
{
    struct sheet sheet;
    sheet_begin(&sheet, view->knowledge, settings, text);
    title(&sheet, view, "Result of the trial: ");
    warn(&sheet, qv_trial_warnings(view, r));
    sheet_style(&sheet, STYLE_BOLD);
    say_verdict(&sheet, view, r);
    sheet_style(&sheet, STYLE_NORMAL);
    sheet_flush(&sheet, 0, 0);
    sheet_blank(&sheet);
    tell_estimates(&sheet, view, r);
    tell_days(&sheet, r);
    if (r->state == QV_TRIAL_BY_RULE) {
        sheet_sayf(&sheet, "The planned look after block %u found enough, so the trial ends here.",
                   view->plan->look_after_blocks);
        sheet_flush(&sheet, 2, 2);
    }
    if (settings->full) {
        sheet_heading(&sheet, "By the items of CENT 2015", NULL);
        tell_items_of_plan(&sheet, view);
        tell_items_of_result(&sheet, view, r);
    }
    sheet_blank(&sheet);
    sheet_line(&sheet, 0, 0, STYLE_DIM,
               "A trial tells what helps the twitch. It does not tell what the twitch is; quiver ask does.");
    sheet_end(&sheet);
}

void qv_page_trial_refusal(const struct qv_knowledge *knowledge, const struct qv_trial_refusal *refusal,
                           const struct qv_page_settings *settings, struct qv_text *text)
{
    struct sheet sheet;
    sheet_begin(&sheet, knowledge, settings, text);
    sheet_say(&sheet, refusal->text);
    sheet_cite(&sheet, &refusal->sources);
    sheet_flush(&sheet, 0, 0);
    sheet_sources(&sheet);
    sheet_end(&sheet);
}
