/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a case file: read, answered, printed both ways. What is accepted must be written back and read again. */
#include <quiver/consult.h>
#include <quiver/report.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int status)
{
    if (status)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct qv_knowledge *knowledge;
    static struct qv_arena *arena;
    if (!knowledge) {
        must(qv_knowledge_builtin(&knowledge, NULL));
        arena = qv_arena_create(0);
    }
    qv_arena_reset(arena);
    struct qv_evidence_given given = {.case_json = (const char *)data, .case_length = size};
    struct qv_answer *answer;
    struct qv_error error = {0};
    if (qv_consult(knowledge, &given, arena, &answer, &error)) {
        if (!error.text[0])
            abort();
        return 0;
    }

    struct qv_text text;
    qv_text_init(&text, 1 << 22);
    qv_json_answer(answer, 0, &text);
    qv_page_answer(answer, &(struct qv_page_settings){.columns = 40, .colour = true, .full = true}, &text);
    must(qv_text_check(&text, NULL));
    qv_text_clear(&text);

    struct qv_json json;
    qv_json_init(&json, &text, 0);
    qv_case_write(answer->c, &json);
    struct qv_case *again;
    must(qv_case_parse(arena, &knowledge->form, text.bytes, text.length, "again", &again, NULL));
    qv_text_finish(&text);
    return 0;
}
