/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the file of a plan: read, shown, analysed. What is accepted and unaltered must be written back the same. */
#include <quiver/report.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void write_back(const struct qv_trial_plan *plan, bool unaltered)
{
    struct qv_text text, second;
    struct qv_trial_plan again;
    bool same = false;
    qv_text_init(&text, QV_TRIAL_JSON_MAX);
    qv_text_init(&second, QV_TRIAL_JSON_MAX);
    qv_trial_write(plan, NULL, 0, &text);
    must(qv_trial_read(text.bytes, text.length, &again, &same, NULL) == QV_OK);
    must(same || !unaltered);
    qv_trial_write(&again, NULL, 0, &second);
    must(text.length == second.length && memcmp(text.bytes, second.bytes, text.length) == 0);
    qv_text_finish(&text);
    qv_text_finish(&second);
}

static void show(const struct qv_knowledge *knowledge, const struct qv_trial_plan *plan, bool unaltered)
{
    static const double twitches[30] = {3, 1, 4, 1, 5}, amounts[30] = {100};
    const struct qv_days days = {
        .first_day = plan->first_day, .day_count = 30, .factor_count = 1, .twitches = twitches, .exposures = amounts};
    const struct qv_trial_view view = {knowledge, NULL, NULL, plan, unaltered};
    const struct qv_page_settings settings = {.columns = 40, .colour = true, .full = true};
    struct qv_trial_result result;
    struct qv_text text;
    qv_text_init(&text, 1 << 22);
    must(qv_trial_analyse(plan, &days, plan->first_day + 40, true, &result, NULL) == QV_OK);
    qv_page_trial_plan(&view, &settings, &text);
    qv_page_trial_result(&view, &result, &settings, &text);
    qv_json_trial_result(&view, &result, 2, &text);
    for (int32_t day = -1; day < 60; day++)
        qv_page_trial_today(&view, plan->first_day + day, &settings, &text);
    must(qv_text_check(&text, NULL) == QV_OK);
    qv_text_finish(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct qv_knowledge *knowledge;
    struct qv_trial_plan plan;
    struct qv_error error = {0};
    bool unaltered = false;
    if (!knowledge)
        must(qv_knowledge_builtin(&knowledge, NULL) == QV_OK);
    if (qv_trial_read((const char *)data, size, &plan, &unaltered, &error)) {
        must(error.text[0]);
        return 0;
    }
    write_back(&plan, unaltered);
    show(knowledge, &plan, unaltered);
    return 0;
}
