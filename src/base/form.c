/* SPDX-License-Identifier: Apache-2.0 */
#include <quiver/base.h>

#include <string.h>

int qv_form_find(const struct qv_form *form, const char *id)
{
    uint32_t low = 0, high = form->field_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(form->fields[form->by_name[middle]].id, id);
        if (order == 0)
            return form->by_name[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

void qv_json_value(struct qv_json *json, const char *key, const struct qv_field *field, const struct qv_value *value)
{
    switch (value->kind) {
    case QV_UNKNOWN:
        break;
    case QV_NO:
    case QV_YES:
        qv_json_bool(json, key, value->kind == QV_YES);
        break;
    case QV_NUMBER:
        qv_json_number(json, key, value->number);
        break;
    case QV_WORD:
        qv_json_string(json, key, value->words < field->word_count ? field->words[value->words] : NULL);
        break;
    case QV_WORDS:
        qv_json_array(json, key);
        for (uint32_t w = 0; w < field->word_count; w++) {
            if (value->words >> w & 1)
                qv_json_string(json, NULL, field->words[w]);
        }
        qv_json_array_end(json);
        break;
    }
}
