/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan as JSON. What is hashed is the plan as we write it, on one line: `jq -cj .plan FILE | sha256sum` finds the same. Reading
 * takes the few members that a plan follows from, writes it again, and compares: a date, an arm or a number that was
 * changed anywhere is found, and how the file is indented is not.
 */
#include "sha256.h"
#include "trial.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

_Static_assert(SHA256_HEX_BYTES == QV_SHA256_HEX_BYTES, "a digest has one length");

#define ANALYSIS                                                                                                       \
    "Blocks are compared by the logarithm of their mean twitches on counted days, with a linear trend. A two-sided "   \
    "randomisation test over all orders that could have been drawn decides. The rate ratio is the posterior of a "     \
    "negative binomial model of the counted days with AR(1) days and a linear trend, by intention to treat; its "      \
    "logarithm has a normal prior about 0 of standard deviation log 2."

static const char *arm_word(const struct qv_trial_plan *plan, uint32_t block)
{
    return !(plan->arms >> block & 1) ? "usual" : plan->habit.more ? "more" : "less";
}

/* ---- writing ---------------------------------------------------------------------------------------------------------------- */

static void write_date(struct qv_json *j, const char *key, int32_t day)
{
    char date[11];
    qv_date_format(day, date);
    qv_json_string(j, key, date);
}

static void write_blocks(struct qv_json *j, const struct qv_trial_plan *plan)
{
    int32_t days = (int32_t)qv_trial_block_days(plan);
    qv_json_array(j, "blocks");
    for (uint32_t b = 0; b < plan->block_count; b++) {
        int32_t first = plan->first_day + (int32_t)b * days;
        qv_json_object(j, NULL);
        qv_json_string(j, "arm", arm_word(plan, b));
        write_date(j, "first_day", first);
        write_date(j, "counts_from", first + (int32_t)settling_days(&plan->habit));
        write_date(j, "last_day", first + days - 1);
        qv_json_object_end(j);
    }
    qv_json_array_end(j);
}

static void write_plan(struct qv_json *j, const char *key, const struct qv_trial_plan *plan)
{
    const struct qv_trial_habit *habit = &plan->habit;
    qv_json_object(j, key);
    qv_json_string(j, "factor", habit->factor);
    qv_json_string(j, "unit", habit->unit);
    qv_json_string(j, "change", habit->more ? "more" : "less");
    qv_json_number(j, "usual_per_day", habit->usual);
    qv_json_number(j, "changed_per_day", habit->changed);
    qv_json_number(j, "steps", habit->steps);
    qv_json_number(j, "step_days", habit->step_days);
    qv_json_number(j, "washout_days", habit->washout_days);
    qv_json_number(j, "counted_days", plan->counted_days);
    write_date(j, "made_on", plan->made_on);
    write_date(j, "first_day", plan->first_day);
    write_date(j, "last_day", qv_trial_last_day(plan));
    qv_json_number(j, "seed", (double)plan->seed);
    write_blocks(j, plan);

    qv_json_object(j, "baseline");
    qv_json_number(j, "twitches_per_day", plan->baseline.per_day);
    qv_json_number(j, "dispersion", plan->baseline.dispersion);
    qv_json_number(j, "autocorrelation", plan->baseline.autocorrelation);
    qv_json_number(j, "days_observed", plan->baseline.days);
    qv_json_object_end(j);

    qv_json_object(j, "aim");
    qv_json_number(j, "rate_ratio", plan->aim.rate_ratio);
    qv_json_number(j, "power", plan->aim.power);
    qv_json_number(j, "most_days", plan->aim.most_days);
    qv_json_object_end(j);
    qv_json_number(j, "power", plan->power);
    qv_json_number(j, "simulations", plan->simulations);
    qv_json_string(j, "analysis", ANALYSIS);
    qv_json_number(j, "difference_if_p_at_most", plan->final_p);
    qv_json_number(j, "look_after_blocks", plan->look_after_blocks);
    qv_json_number(j, "stop_if_p_at_most", plan->look_p);
    qv_json_object_end(j);
}

void qv_trial_write_plan(const struct qv_trial_plan *plan, struct qv_text *text, char hex[QV_SHA256_HEX_BYTES])
{
    struct qv_json j;
    size_t begin = text->length;
    qv_json_init(&j, text, 0);
    write_plan(&j, NULL, plan);
    if (hex)
        sha256_hex(text->bytes ? text->bytes + begin : "", text->length - begin, hex);
}

void qv_trial_write(const struct qv_trial_plan *plan, const char *const *warnings, uint32_t warning_count,
                    struct qv_text *text)
{
    struct qv_text hashed;
    char hex[QV_SHA256_HEX_BYTES];
    qv_text_init(&hashed, QV_TRIAL_JSON_MAX);
    qv_trial_write_plan(plan, &hashed, hex);
    text->failed |= hashed.failed;
    qv_text_finish(&hashed);

    struct qv_json j;
    qv_json_init(&j, text, 2);
    qv_json_object(&j, NULL);
    qv_json_number(&j, "quiver_trial", 1);
    qv_json_string(&j, "sha256", hex);
    write_plan(&j, "plan", plan);
    if (warning_count)
        qv_json_array(&j, "warnings");
    for (uint32_t i = 0; i < warning_count; i++)
        qv_json_string(&j, NULL, warnings[i]);
    if (warning_count)
        qv_json_array_end(&j);
    qv_json_object_end(&j);
    qv_text_puts(text, "\n");
}

/* ---- reading ---------------------------------------------------------------------------------------------------------------- */

/*
 * Jansson 2.14 can take a lack of memory for a fault of the text, or even for another text. So a text is read twice, and two
 * readings that differ are a lack of memory.
 */
static int load(const char *json, size_t length, json_t **out, struct qv_error *error)
{
    json_error_t fault;
    json_t *first = json_loadb(json, length, JSON_REJECT_DUPLICATES, &fault);
    json_t *second = json_loadb(json, length, JSON_REJECT_DUPLICATES, &fault);
    int status = QV_OK;
    if (!first && !second && fault.text[0] && json_error_code(&fault) != json_error_out_of_memory)
        status = qv_fail(error, QV_ERR_DATA, "line %d, column %d: %s", fault.line, fault.column, fault.text);
    else if (!first || !second || !json_equal(first, second))
        status = qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    json_decref(second);
    if (status)
        json_decref(first);
    else
        *out = first;
    return status;
}

/* One object and where it is; the first that is wrong is told, and the rest is passed over. */
struct reader {
    const json_t *object;
    const char *place;
    int status;
    struct qv_error *error;
};

static const json_t *member(struct reader *r, const char *key)
{
    const json_t *value = r->status ? NULL : json_object_get(r->object, key);
    if (!value && !r->status)
        r->status = qv_fail(r->error, QV_ERR_DATA, "%s.%s: not there", r->place, key);
    return value;
}

static void refuse(struct reader *r, const char *key, const char *expected)
{
    if (!r->status)
        r->status = qv_fail(r->error, QV_ERR_DATA, "%s.%s: expected %s", r->place, key, expected);
}

static double read_number(struct reader *r, const char *key, double least, double most)
{
    const json_t *value = member(r, key);
    if (!value)
        return 0;
    double number = json_is_number(value) ? json_number_value(value) : NAN;
    if (!(number >= least && number <= most) && !r->status)
        r->status =
            qv_fail(r->error, QV_ERR_DATA, "%s.%s: expected a number from %g to %g", r->place, key, least, most);
    return r->status ? 0 : number;
}

static uint32_t read_count(struct reader *r, const char *key, uint32_t least, uint32_t most)
{
    double number = read_number(r, key, least, most);
    if (number != floor(number))
        refuse(r, key, "a whole number");
    return r->status ? 0 : (uint32_t)number;
}

/* null is an amount that is not known. */
static double read_amount(struct reader *r, const char *key)
{
    const json_t *value = member(r, key);
    return json_is_null(value) ? NAN : read_number(r, key, 0, 1e6);
}

static const char *read_text(struct reader *r, const char *key)
{
    const json_t *value = member(r, key);
    const char *text = value ? json_string_value(value) : NULL;
    if (value && !text)
        refuse(r, key, "text");
    return text ? text : "";
}

/* Small letters and such: an id goes to terminals and into look-ups. */
static void read_id(struct reader *r, const char *key, char out[QV_TRIAL_ID_BYTES])
{
    const char *text = read_text(r, key);
    size_t length = strlen(text);
    if (length == 0 || length >= QV_TRIAL_ID_BYTES ||
        text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")])
        refuse(r, key, "a short word");
    else
        memcpy(out, text, length + 1);
}

static int32_t read_date(struct reader *r, const char *key)
{
    int32_t day = 0;
    if (!qv_date_parse(read_text(r, key), &day))
        refuse(r, key, "a date, YYYY-MM-DD");
    return day;
}

static struct reader object_in(struct reader *r, const char *key, const char *place)
{
    const json_t *value = member(r, key);
    if (value && !json_is_object(value))
        refuse(r, key, "an object");
    return (struct reader){value, place, r->status, r->error};
}

static void read_blocks(struct reader *r, struct qv_trial_plan *plan)
{
    const json_t *blocks = member(r, "blocks");
    size_t count = json_array_size(blocks);
    if (blocks && (count < QV_TRIAL_BLOCKS_MIN || count > QV_TRIAL_BLOCKS_MAX || count % 2)) {
        refuse(r, "blocks", "a list of 8 to 24 blocks, an even number");
        return;
    }
    plan->block_count = (uint32_t)count;
    for (size_t b = 0; b < count && !r->status; b++) {
        struct reader block = {json_array_get(blocks, b), "plan.blocks", r->status, r->error};
        const char *arm = read_text(&block, "arm");
        const char *changed = plan->habit.more ? "more" : "less";
        if (strcmp(arm, "usual") != 0 && strcmp(arm, changed) != 0)
            refuse(&block, "arm", plan->habit.more ? "usual or more" : "usual or less");
        plan->arms |= (uint32_t)(strcmp(arm, changed) == 0) << b;
        r->status = block.status;
    }
}

static void read_change(struct reader *r, struct qv_trial_habit *habit)
{
    const char *change = read_text(r, "change");
    habit->more = strcmp(change, "more") == 0;
    if (!habit->more && strcmp(change, "less") != 0)
        refuse(r, "change", "less or more");
}

static int read_plan(const json_t *object, struct qv_trial_plan *plan, struct qv_error *error)
{
    struct reader r = {object, "plan", QV_OK, error};
    struct qv_trial_habit *habit = &plan->habit;
    if (!json_is_object(object))
        return qv_fail(error, QV_ERR_DATA, "plan: expected an object");
    read_id(&r, "factor", habit->factor);
    read_id(&r, "unit", habit->unit);
    read_change(&r, habit);
    habit->usual = read_amount(&r, "usual_per_day");
    habit->changed = read_amount(&r, "changed_per_day");
    habit->steps = read_count(&r, "steps", 0, 20);
    habit->step_days = read_count(&r, "step_days", 0, 20);
    habit->washout_days = read_count(&r, "washout_days", 0, 60);
    plan->counted_days = read_count(&r, "counted_days", 1, 60);
    plan->made_on = read_date(&r, "made_on");
    plan->first_day = read_date(&r, "first_day");
    plan->seed = (uint64_t)read_number(&r, "seed", 0, (double)QV_TRIAL_SEED_MAX);
    read_blocks(&r, plan);
    plan->power = read_number(&r, "power", 0, 1);
    plan->simulations = read_count(&r, "simulations", 0, 1000000);
    plan->final_p = read_number(&r, "difference_if_p_at_most", 0, 1);
    plan->look_after_blocks = read_count(&r, "look_after_blocks", 0, QV_TRIAL_BLOCKS_MAX);
    plan->look_p = read_number(&r, "stop_if_p_at_most", 0, 1);
    if (plan->look_after_blocks > plan->block_count)
        refuse(&r, "look_after_blocks", "no more than there are blocks");

    struct reader baseline = object_in(&r, "baseline", "plan.baseline");
    plan->baseline.per_day = read_number(&baseline, "twitches_per_day", 0, 1e6);
    plan->baseline.dispersion = read_number(&baseline, "dispersion", 0, 1e3);
    plan->baseline.autocorrelation = read_number(&baseline, "autocorrelation", 0, 1);
    plan->baseline.days = read_count(&baseline, "days_observed", 0, QV_DAYS_MAX);
    r.status = baseline.status;
    struct reader aim = object_in(&r, "aim", "plan.aim");
    plan->aim.rate_ratio = read_number(&aim, "rate_ratio", 0.1, 0.95);
    plan->aim.power = read_number(&aim, "power", 0.5, 0.99);
    plan->aim.most_days = read_count(&aim, "most_days", 1, QV_TRIAL_DAYS_MAX);
    return aim.status;
}

/* True when the file says of the plan exactly what the plan would say of itself, under its own digest. */
static int compare(const json_t *root, const struct qv_trial_plan *plan, bool *same, struct qv_error *error)
{
    char hex[QV_SHA256_HEX_BYTES];
    struct qv_text text;
    qv_text_init(&text, QV_TRIAL_JSON_MAX);
    qv_trial_write_plan(plan, &text, hex);
    int status = qv_text_check(&text, error);
    json_t *again = NULL;
    if (!status)
        status = load(text.bytes, text.length, &again, error);
    const char *digest = json_string_value(json_object_get(root, "sha256"));
    if (!status)
        *same = digest && strcmp(digest, hex) == 0 && json_equal(json_object_get(root, "plan"), again) &&
                qv_trial_is_drawn(plan);
    json_decref(again);
    qv_text_finish(&text);
    return status;
}

static int check_size(const struct qv_trial_plan *plan, struct qv_error *error)
{
    uint32_t days = plan->block_count * qv_trial_block_days(plan);
    if (days > QV_TRIAL_DAYS_MAX)
        return qv_fail(error, QV_ERR_DATA, "plan: found %u days, expected at most %d", days, QV_TRIAL_DAYS_MAX);
    if (plan->habit.steps && !plan->habit.step_days)
        return qv_fail(error, QV_ERR_DATA, "plan.step_days: found 0, expected at least a day a step");
    return QV_OK;
}

static int read_root(const json_t *root, struct qv_trial_plan *out, bool *unaltered, struct qv_error *error)
{
    struct qv_trial_plan plan = {0};
    const json_t *version = json_object_get(root, "quiver_trial");
    if (!json_is_integer(version) || json_integer_value(version) != 1)
        return qv_fail(error, QV_ERR_DATA, "quiver_trial: expected 1, the mark of a plan of a trial");
    int status = read_plan(json_object_get(root, "plan"), &plan, error);
    if (status == QV_OK)
        status = check_size(&plan, error);
    bool same = false;
    if (status == QV_OK)
        status = compare(root, &plan, &same, error);
    if (status)
        return status;
    *out = plan;
    *unaltered = same;
    return QV_OK;
}

int qv_trial_read(const char *json, size_t length, struct qv_trial_plan *out, bool *unaltered, struct qv_error *error)
{
    if (length > QV_TRIAL_JSON_MAX)
        return qv_fail(error, QV_ERR_DATA, "found %zu bytes, expected at most %zu", length, QV_TRIAL_JSON_MAX);
    json_t *root;
    int status = load(json, length, &root, error);
    if (status)
        return status;
    status = read_root(root, out, unaltered, error);
    json_decref(root);
    return status;
}
