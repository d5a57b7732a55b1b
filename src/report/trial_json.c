/* SPDX-License-Identifier: Apache-2.0 */
/* Plans, days and results of trials as JSON objects. */
#include <quiver/report.h>

#include <math.h>

static const char *const warning_ids[QV_TRIAL_WARNING_COUNT] = {
#define QV_TRIAL_WARNING_ID(name, id, sentence) id,
    QV_TRIAL_WARNING_MAP(QV_TRIAL_WARNING_ID)
#undef QV_TRIAL_WARNING_ID
};

/* So many of the days with a logged amount, at least, or it is said that the plan was little kept to. */
#define KEPT_SHARE 0.8

unsigned qv_trial_warnings(const struct qv_trial_view *view, const struct qv_trial_result *result)
{
    const struct qv_trial_plan *plan = view->plan;
    unsigned warnings = 0;
    warnings |= (unsigned)!view->unaltered << QV_TRIAL_WARN_ALTERED;
    warnings |= (unsigned)(plan->made_on >= plan->first_day) << QV_TRIAL_WARN_LATE;
    warnings |= (unsigned)(plan->baseline.days == 0) << QV_TRIAL_WARN_ASSUMED;
    warnings |= (unsigned)(plan->power < plan->aim.power) << QV_TRIAL_WARN_UNDERPOWERED;
    warnings |= (unsigned)isnan(plan->habit.usual) << QV_TRIAL_WARN_USUAL_UNKNOWN;
    if (result)
        warnings |= (unsigned)(result->days_kept_to < KEPT_SHARE * result->days_known) << QV_TRIAL_WARN_FEW_KEPT;
    return warnings;
}

static uint32_t list_warnings(unsigned warnings, const char *out[QV_TRIAL_WARNING_COUNT])
{
    uint32_t count = 0;
    for (unsigned w = 0; w < QV_TRIAL_WARNING_COUNT; w++) {
        if (warnings >> w & 1)
            out[count++] = warning_ids[w];
    }
    return count;
}

static void write_warnings(struct qv_json *j, unsigned warnings)
{
    const char *ids[QV_TRIAL_WARNING_COUNT];
    uint32_t count = list_warnings(warnings, ids);
    qv_json_array(j, "warnings");
    for (uint32_t i = 0; i < count; i++)
        qv_json_string(j, NULL, ids[i]);
    qv_json_array_end(j);
}

static void write_digest(struct qv_json *j, const struct qv_trial_plan *plan)
{
    char hex[QV_SHA256_HEX_BYTES];
    struct qv_text text;
    qv_text_init(&text, QV_TRIAL_JSON_MAX);
    qv_trial_write_plan(plan, &text, hex);
    j->text->failed |= text.failed;
    qv_text_finish(&text);
    qv_json_string(j, "sha256", hex);
}

static void write_date(struct qv_json *j, const char *key, int32_t day)
{
    char date[11];
    qv_date_format(day, date);
    qv_json_string(j, key, date);
}

void qv_json_trial_plan(const struct qv_trial_view *view, struct qv_text *text)
{
    const char *ids[QV_TRIAL_WARNING_COUNT];
    uint32_t count = list_warnings(qv_trial_warnings(view, NULL), ids);
    qv_trial_write(view->plan, ids, count, text);
}

void qv_json_trial_today(const struct qv_trial_view *view, int32_t day, unsigned indent, struct qv_text *text)
{
    static const char *const phases[] = {"before", "step", "washout", "counted", "after"};
    const struct qv_trial_plan *plan = view->plan;
    struct qv_trial_day today = qv_trial_day(plan, day);
    bool inside = today.phase != QV_TRIAL_BEFORE && today.phase != QV_TRIAL_AFTER;
    struct qv_json j;
    qv_json_init(&j, text, indent);
    qv_json_object(&j, NULL);
    qv_json_number(&j, "quiver_trial_today", 1);
    write_digest(&j, plan);
    qv_json_bool(&j, "plan_unaltered", view->unaltered);
    write_date(&j, "date", day);
    qv_json_string(&j, "factor", plan->habit.factor);
    qv_json_string(&j, "phase", phases[today.phase]);
    if (inside) {
        qv_json_number(&j, "day", day - plan->first_day + 1);
        qv_json_number(&j, "block", today.block + 1);
        qv_json_string(&j, "arm", !today.changed ? "usual" : plan->habit.more ? "more" : "less");
        qv_json_bool(&j, "counts", today.phase == QV_TRIAL_COUNTED);
        qv_json_number(&j, "amount_per_day", today.amount);
        qv_json_string(&j, "unit", plan->habit.unit);
    }
    qv_json_number(&j, "days", qv_trial_last_day(plan) - plan->first_day + 1);
    qv_json_number(&j, "blocks", plan->block_count);
    write_date(&j, "first_day", plan->first_day);
    write_date(&j, "last_day", qv_trial_last_day(plan));
    write_warnings(&j, qv_trial_warnings(view, NULL));
    qv_json_object_end(&j);
}

static void write_estimate(struct qv_json *j, const char *key, const struct qv_trial_estimate *estimate)
{
    if (isnan(estimate->rate.ratio)) {
        qv_json_null(j, key);
        return;
    }
    qv_json_object(j, key);
    qv_json_number(j, "rate_ratio", estimate->rate.ratio);
    qv_json_array(j, "interval95");
    qv_json_number(j, NULL, estimate->rate.low);
    qv_json_number(j, NULL, estimate->rate.high);
    qv_json_array_end(j);
    qv_json_number(j, "probability_fewer", estimate->probability_fewer);
    qv_json_number(j, "days", estimate->days);
    qv_json_object_end(j);
}

static void write_arms(struct qv_json *j, const char *key, const struct qv_trial_plan *plan, double usual,
                       double changed)
{
    qv_json_object(j, key);
    qv_json_number(j, "usual", usual);
    qv_json_number(j, plan->habit.more ? "more" : "less", changed);
    qv_json_object_end(j);
}

static void write_days(struct qv_json *j, const struct qv_trial_result *r)
{
    qv_json_object(j, "days");
    qv_json_number(j, "planned", r->days_planned);
    qv_json_number(j, "observed", r->days_observed);
    qv_json_number(j, "amount_known", r->days_known);
    qv_json_number(j, "kept_to", r->days_kept_to);
    qv_json_object_end(j);
}

static void write_test(struct qv_json *j, const struct qv_trial_result *r)
{
    if (isnan(r->p)) {
        qv_json_null(j, "randomisation_test");
        return;
    }
    qv_json_object(j, "randomisation_test");
    qv_json_number(j, "p", r->p);
    qv_json_number(j, "difference_if_p_at_most", r->state == QV_TRIAL_BY_RULE ? r->plan->look_p : r->plan->final_p);
    qv_json_number(j, "orders", r->orders);
    qv_json_bool(j, "exact", true);
    qv_json_object_end(j);
}

static bool is_as_planned(const struct qv_trial_view *view, const struct qv_trial_result *r)
{
    return view->unaltered && (r->state == QV_TRIAL_FINISHED || r->state == QV_TRIAL_BY_RULE);
}

void qv_json_trial_result(const struct qv_trial_view *view, const struct qv_trial_result *r, unsigned indent,
                          struct qv_text *text)
{
    struct qv_json j;
    qv_json_init(&j, text, indent);
    qv_json_object(&j, NULL);
    qv_json_number(&j, "quiver_trial_result", 1);
    write_digest(&j, view->plan);
    qv_json_bool(&j, "plan_unaltered", view->unaltered);
    qv_json_bool(&j, "as_planned", is_as_planned(view, r));
    qv_json_string(&j, "factor", view->plan->habit.factor);
    qv_json_string(&j, "state", qv_trial_state_id(r->state));
    qv_json_string(&j, "verdict", qv_trial_verdict_id(r->verdict));
    qv_json_number(&j, "blocks_planned", view->plan->block_count);
    qv_json_number(&j, "blocks_used", r->blocks_used);
    write_days(&j, r);
    write_arms(&j, "twitches_per_day", view->plan, r->usual_per_day, r->changed_per_day);
    write_arms(&j, "amount_per_day", view->plan, r->usual_amount, r->changed_amount);
    write_estimate(&j, "intention_to_treat", &r->as_planned);
    write_estimate(&j, "as_logged", &r->as_logged);
    write_test(&j, r);
    write_warnings(&j, qv_trial_warnings(view, r));
    qv_json_object_end(&j);
}

void qv_json_trial_refusal(const struct qv_trial_refusal *refusal, const char *what, unsigned indent,
                           struct qv_text *text)
{
    struct qv_json j;
    qv_json_init(&j, text, indent);
    qv_json_object(&j, NULL);
    qv_json_number(&j, "quiver_trial_refusal", 1);
    qv_json_string(&j, "factor", what);
    qv_json_string(&j, "id", refusal->id);
    qv_json_string(&j, "text", refusal->text);
    qv_json_array(&j, "sources");
    for (uint32_t i = 0; i < refusal->sources.count; i++)
        qv_json_string(&j, NULL, refusal->sources.at[i]);
    qv_json_array_end(&j);
    qv_json_object_end(&j);
}
