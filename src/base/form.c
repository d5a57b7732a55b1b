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
