/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a diary: rows are offered or refused with a reason. What was offered, written as CSV and as JSON, must be read
 * back as it was, and written again must be the same bytes.
 */
#include "journal/diary.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact)
{
    if (!fact)
        abort();
}

struct writing {
    enum qv_diary_format format;
    uint64_t rows, refused;
    struct qv_text text;
};

static int write_row(void *context, const struct qv_entry *entry, struct qv_error *error)
{
    struct writing *writing = context;
    must(qv_entry_check(entry, NULL) == 0);
    qv_diary_write_row(writing->format, entry, writing->rows++ == 0, &writing->text);
    return 0;
}

static void count_refused(void *context, uint64_t line, const struct qv_error *why)
{
    must(why->status == QV_ERR_DATA && why->text[0]);
    ((struct writing *)context)->refused++;
}

/* Reads a diary and writes what it gave. */
static int rewrite(const void *bytes, size_t size, struct writing *writing)
{
    FILE *file = fmemopen((void *)(uintptr_t)bytes, size, "rb");
    if (!file)
        return QV_ERR_UNAVAILABLE;
    qv_text_init(&writing->text, (size_t)256 << 20);
    qv_diary_write_begin(writing->format, &writing->text);
    struct qv_error error = {0};
    struct qv_diary_source to = {
        .sink = write_row, .bad_row = count_refused, .context = writing, .alcohol_g_per_drink = 10};
    enum qv_diary_format found;
    int status = diary_read_file(file, "fuzz", &to, &found, &error);
    must(status == 0 || (status == error.status && error.text[0]));
    qv_diary_write_end(writing->format, &writing->text);
    must(qv_text_check(&writing->text, NULL) == 0);
    fclose(file);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int f = 0; f < 2; f++) {
        struct writing first = {.format = f ? QV_DIARY_JSON : QV_DIARY_CSV}, second = first;
        if (rewrite(data, size, &first) == 0) {
            must(rewrite(first.text.bytes, first.text.length, &second) == 0);
            must(second.rows == first.rows && second.refused == 0 && second.text.length == first.text.length);
            must(memcmp(second.text.bytes, first.text.bytes, first.text.length) == 0);
            qv_text_finish(&second.text);
        }
        qv_text_finish(&first.text);
    }
    return 0;
}
