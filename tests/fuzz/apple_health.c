/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the XML of an Apple Health export, plain or in a zip: entries or a sentence, in bounded memory. */
#include "journal/diary.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact)
{
    if (!fact)
        abort();
}

static int check(void *context, const struct qv_entry *entry, struct qv_error *error)
{
    must(qv_entry_check(entry, NULL) == 0);
    return 0;
}

static void count_refused(void *context, uint64_t line, const struct qv_error *why)
{
    must(why->status == QV_ERR_DATA && why->text[0]);
}

static void count_skipped(void *context, const char *what, uint64_t rows)
{
    must(rows > 0 && qv_utf8_valid(what, strlen(what)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FILE *file = fmemopen((void *)(uintptr_t)data, size, "rb");
    if (!file)
        return 0;
    struct qv_error error = {0};
    struct qv_diary_source to = {
        .sink = check, .bad_row = count_refused, .skipped = count_skipped, .alcohol_g_per_drink = 10};
    int status = diary_read_file(file, "fuzz", &to, NULL, &error);
    must(status == 0 || (status == error.status && error.text[0]));
    fclose(file);
    return 0;
}
