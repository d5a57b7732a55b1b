/* SPDX-License-Identifier: Apache-2.0 */
/* `quiver knowledge`: show, search and check what quiver knows. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define PAGE_BYTES_MAX ((size_t)64 << 20)
#define HITS_SHOWN 25
#define QUERY_WORDS_MAX 16

struct knowledge_options {
    const char *knowledge;
    bool json, plain, full;
};

static void begin_json(struct qv_json *json, struct qv_text *text, const char *kind)
{
    qv_json_init(json, text, 2);
    qv_json_object(json, NULL);
    qv_json_number(json, kind, 1);
}

static void end_json(struct qv_json *json)
{
    qv_json_object_end(json);
    qv_text_puts(json->text, "\n");
}

static void words_json(struct qv_json *json, const char *key, const struct qv_words *words)
{
    qv_json_array(json, key);
    for (uint32_t i = 0; i < words->count; i++)
        qv_json_string(json, NULL, words->at[i]);
    qv_json_array_end(json);
}

/* ---- search: all kinds of entries, walked the same way ------------------------------------------------------------------- */

/* One entry as the search sees it: what it is called, and what is said of it. */
struct entry {
    const char *kind, *id, *title;
    const struct qv_words *names[2];
    const struct qv_statements *statements[3];
    const char *texts[4];
};

typedef void entry_fn(const struct entry *entry, void *context);

static void walk_medicine(const struct qv_medicine *m, entry_fn *visit, void *context)
{
    char effects[512] = "";
    for (uint32_t i = 0, used = 0; i < m->effect_count && used < sizeof effects; i++)
        used += (uint32_t)snprintf(effects + used, sizeof effects - used, "%s ", m->effects[i].effect);
    const char *title = m->names.count ? m->names.at[0] : m->id;
    struct entry entry = {"medicine", m->id, title, {&m->names, &m->classes}, {0}, {m->note, effects}};
    visit(&entry, context);
}

/* Every entry of the knowledge, in the order in which kinds are told apart on a page. */
static void walk(const struct qv_facts *f, entry_fn *visit, void *context)
{
#define EACH(count, ...)                                                                                               \
    for (uint32_t i = 0; i < f->count; i++) {                                                                          \
        struct entry entry = {__VA_ARGS__};                                                                            \
        visit(&entry, context);                                                                                        \
    }                                                                                                                  \
    (void)0
#define CONDITION f->conditions[i]
    EACH(condition_count, "condition", CONDITION.id, CONDITION.name, {0},
         {&CONDITION.what, &CONDITION.helps, &CONDITION.watch},
         {CONDITION.clinical_name, CONDITION.how_common.text, CONDITION.icd10});
#undef CONDITION
    EACH(finding_count, "finding", f->findings[i].id, f->findings[i].question, {0}, {0},
         {f->findings[i].why, f->findings[i].present});
    EACH(pattern_count, "pattern", f->patterns[i].id, f->patterns[i].text, {0}, {0}, {0});
    EACH(red_flag_count, "red_flag", f->red_flags[i].id, f->red_flags[i].text, {0}, {0},
         {f->red_flags[i].dossier, f->red_flags[i].when});
    EACH(contributor_count, "contributor", f->contributors[i].id, f->contributors[i].name, {0}, {0},
         {f->contributors[i].text});
    EACH(advice_count, "advice", f->advice[i].id, f->advice[i].title, {0}, {0},
         {f->advice[i].text, f->advice[i].how, f->advice[i].caution});
    EACH(test_count, "test", f->tests[i].id, f->tests[i].name, {0}, {0}, {f->tests[i].text});
    for (uint32_t i = 0; i < f->medicine_count; i++)
        walk_medicine(&f->medicines[i], visit, context);
    EACH(drink_count, "drink", f->drinks[i].id, f->drinks[i].name, {&f->drinks[i].names}, {0}, {f->drinks[i].serving});
    EACH(food_count, "food", f->foods[i].id, f->foods[i].name, {&f->foods[i].names}, {0}, {f->foods[i].serving});
    EACH(reference_count, "reference", f->references[i].id, f->references[i].text, {0}, {0},
         {f->references[i].finding});
    EACH(habit_count, "habit", f->habits[i].id, f->habits[i].name, {0}, {0}, {f->habits[i].note});
    EACH(watch_count, "watch", f->watch[i].id, f->watch[i].text, {0}, {0}, {f->watch[i].note});
    EACH(trial_count, "trial", f->trials[i].id, f->trials[i].changed, {0}, {0},
         {f->trials[i].name, f->trials[i].settle});
    EACH(trial_refusal_count, "trial_refusal", f->trial_refusals[i].id, f->trial_refusals[i].text,
         {&f->trial_refusals[i].trials}, {0}, {0});
    EACH(claim_count, "claim", f->claims[i].id, f->claims[i].claim, {0}, {0}, {f->claims[i].says, f->claims[i].tag});
    EACH(source_count, "source", f->sources[i].id, f->sources[i].title, {0}, {0},
         {f->sources[i].authors, f->sources[i].where});
#undef EACH
}

struct hit {
    const char *kind, *id, *title;
    uint32_t score, order;
};

struct search {
    char *const *words;
    uint32_t word_count;
    struct hit *hits;
    uint32_t hit_count, hit_room, entries;
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

enum { NOT_THERE = 0, INSIDE_A_WORD = 1, BEGINS_A_WORD = 2, A_WORD = 4, ALL_OF_IT = 8 };

/* How well a word is found in a text, at its best place. */
static uint32_t fit(const char *text, const char *word)
{
    uint32_t best = NOT_THERE;
    size_t length = strlen(word);
    if (!text || !length)
        return NOT_THERE;
    for (const char *at = strcasestr(text, word); at; at = strcasestr(at + 1, word)) {
        bool begins = at == text || !is_letter(at[-1]), ends = !is_letter(at[length]);
        uint32_t here = begins && ends ? A_WORD : begins ? BEGINS_A_WORD : INSIDE_A_WORD;
        if (at == text && !at[length])
            here = ALL_OF_IT;
        best = here > best ? here : best;
    }
    return best;
}

static uint32_t at_most(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t better(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* What an entry is called counts for more than what is said of it. */
static uint32_t score_of(const struct entry *entry, const char *word)
{
    uint32_t best = better(fit(entry->id, word) * 100, fit(entry->title, word) * 60);
    for (size_t n = 0; n < 2 && entry->names[n]; n++) {
        for (uint32_t i = 0; i < entry->names[n]->count; i++)
            best = better(best, fit(entry->names[n]->at[i], word) * 80);
    }
    for (size_t t = 0; t < 4; t++)
        best = better(best, at_most(fit(entry->texts[t], word), A_WORD) * 5);
    for (size_t s = 0; s < 3 && entry->statements[s]; s++) {
        for (uint32_t i = 0; i < entry->statements[s]->count; i++)
            best = better(best, at_most(fit(entry->statements[s]->at[i].text, word), A_WORD) * 5);
    }
    return best;
}

/* "twitching" and "tablets" find what "twitch" and "tablet" find, after what has the very word. */
static uint32_t score_of_stem(const struct entry *entry, const char *word)
{
    char stem[32];
    size_t length = strlen(word);
    size_t ending = length > 6 && strcasecmp(word + length - 3, "ing") == 0 ? 3
                    : length > 3 && (word[length - 1] | 32) == 's'          ? 1
                                                                            : 0;
    if (!ending || length - ending >= sizeof stem)
        return 0;
    snprintf(stem, sizeof stem, "%.*s", (int)(length - ending), word);
    return score_of(entry, stem) / 2;
}

static void look_at(const struct entry *entry, void *context)
{
    struct search *search = context;
    uint32_t order = search->entries++, total = 0;
    for (uint32_t w = 0; w < search->word_count; w++) {
        uint32_t score = score_of(entry, search->words[w]);
        score = better(score, score_of_stem(entry, search->words[w]));
        if (score == 0)
            return; /* every word must be somewhere */
        total += score;
    }
    if (strcmp(entry->kind, "source") == 0 && total < ALL_OF_IT * 100)
        total = total / 100 + 1; /* where it was read comes after what is known */
    if (search->hit_count < search->hit_room)
        search->hits[search->hit_count++] = (struct hit){entry->kind, entry->id, entry->title, total, order};
}

static void count_entry(const struct entry *entry, void *context)
{
    (void)entry;
    ++*(uint32_t *)context;
}

static int compare_hits(const void *a, const void *b)
{
    const struct hit *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void write_hits_json(const struct search *search, struct qv_text *text)
{
    struct qv_json json;
    begin_json(&json, text, "quiver_search");
    qv_json_array(&json, "words");
    for (uint32_t w = 0; w < search->word_count; w++)
        qv_json_string(&json, NULL, search->words[w]);
    qv_json_array_end(&json);
    qv_json_array(&json, "results");
    for (uint32_t i = 0; i < search->hit_count; i++) {
        const struct hit *hit = &search->hits[i];
        qv_json_object(&json, NULL);
        qv_json_string(&json, "kind", hit->kind);
        qv_json_string(&json, "id", hit->id);
        qv_json_string(&json, "text", hit->title);
        qv_json_number(&json, "score", hit->score);
        qv_json_object_end(&json);
    }
    qv_json_array_end(&json);
    end_json(&json);
}

/* As many bytes of the title as fit into so many columns. */
static size_t bytes_in_columns(const char *title, size_t columns)
{
    size_t bytes = 0, used = 0;
    while (title[bytes] && used < columns) {
        do
            bytes++;
        while (((unsigned char)title[bytes] & 0xC0) == 0x80);
        used++;
    }
    return bytes;
}

static void write_hits(const struct search *search, bool full, struct qv_text *text)
{
    const size_t before_title = 12 + 1 + 32 + 1;
    size_t columns = cli_columns_of(stdout);
    columns = columns > before_title + 20 ? columns - before_title : 20;
    uint32_t shown = full ? search->hit_count : at_most(search->hit_count, HITS_SHOWN);
    for (uint32_t i = 0; i < shown; i++) {
        const struct hit *hit = &search->hits[i];
        const char *title = hit->title ? hit->title : "";
        size_t bytes = bytes_in_columns(title, columns);
        bool cut = title[bytes];
        if (cut)
            bytes = bytes_in_columns(title, columns - 3);
        qv_text_printf(text, "%-12s %-32s %.*s%s\n", hit->kind, hit->id, (int)bytes, title, cut ? "..." : "");
    }
}

/* The words of all arguments, for some people put them into quotes. Returns how many, of which at most so many are kept. */
static uint32_t query_words(int argc, char **argv, char *words[static QUERY_WORDS_MAX])
{
    uint32_t count = 0;
    for (int i = 0; i < argc; i++) {
        char *rest;
        for (char *word = strtok_r(argv[i], " \t\n", &rest); word; word = strtok_r(NULL, " \t\n", &rest)) {
            if (count < QUERY_WORDS_MAX)
                words[count] = word;
            count++;
        }
    }
    return count;
}

static int search(const struct qv_knowledge *knowledge, int argc, char **argv, const struct knowledge_options *o,
                  struct qv_text *text, struct qv_error *error)
{
    char *words[QUERY_WORDS_MAX];
    struct search search = {.words = words, .word_count = query_words(argc - 1, argv + 1, words)};
    if (search.word_count == 0 || search.word_count > QUERY_WORDS_MAX)
        return qv_fail(error, QV_ERR_USAGE, "knowledge search: expected 1 to %d words", QUERY_WORDS_MAX);
    walk(knowledge->facts, count_entry, &search.hit_room);
    search.hits = calloc(search.hit_room ? search.hit_room : 1, sizeof *search.hits);
    if (!search.hits)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    walk(knowledge->facts, look_at, &search);
    qsort(search.hits, search.hit_count, sizeof *search.hits, compare_hits);

    if (o->json)
        write_hits_json(&search, text);
    else
        write_hits(&search, o->full, text);
    if (!o->json && search.hit_count == 0)
        cli_note("quiver: nothing is known by these words\n");
    else if (!o->json && !o->full && search.hit_count > HITS_SHOWN)
        cli_note("... and %u more; --full shows all\n", search.hit_count - HITS_SHOWN);
    free(search.hits);
    return QV_OK;
}

/* ---- show --------------------------------------------------------------------------------------------------------------- */

static int show(const struct qv_knowledge *knowledge, int argc, char **argv, const struct knowledge_options *o,
                struct qv_text *text, struct qv_error *error)
{
    if (argc != 2)
        return qv_fail(error, QV_ERR_USAGE, "knowledge show: expected one id, such as one that knowledge search finds");
    char region[3];
    struct qv_text page;
    qv_text_init(&page, PAGE_BYTES_MAX);
    int status = cli_region(NULL, region, error);
    struct qv_page_settings settings = cli_page_settings(o->plain || o->json, true, region);
    if (status == QV_OK && !qv_page_knowledge(knowledge, argv[1], &settings, &page))
        status = qv_fail(error, QV_ERR_NO_INPUT,
                         "knowledge show: \"%.60s\" is not known; try: quiver knowledge search WORD", argv[1]);
    if (status == QV_OK)
        status = qv_text_check(&page, error);
    if (status == QV_OK && o->json) {
        struct qv_json json;
        begin_json(&json, text, "quiver_knowledge");
        qv_json_string(&json, "id", argv[1]);
        qv_json_string(&json, "page", page.bytes);
        qv_json_string(&json, "knowledge_version", knowledge->facts->version);
        end_json(&json);
    } else if (status == QV_OK) {
        qv_text_add(text, page.bytes, page.length);
    }
    qv_text_finish(&page);
    return status;
}

/* ---- claims --------------------------------------------------------------------------------------------------------------- */

static void write_claims_json(const struct qv_knowledge *knowledge, struct qv_text *text)
{
    struct qv_json json;
    begin_json(&json, text, "quiver_claims");
    qv_json_array(&json, "claims");
    for (uint32_t i = 0; i < knowledge->facts->claim_count; i++) {
        const struct qv_claim *claim = &knowledge->facts->claims[i];
        qv_json_object(&json, NULL);
        qv_json_string(&json, "id", claim->id);
        qv_json_string(&json, "claim", claim->claim);
        qv_json_string(&json, "tag", claim->tag);
        qv_json_string(&json, "verdict", qv_verdict_name(claim->verdict));
        qv_json_string(&json, "says", claim->says);
        words_json(&json, "held_by", &claim->held_by);
        words_json(&json, "sources", &claim->sources);
        qv_json_object_end(&json);
    }
    qv_json_array_end(&json);
    qv_json_string(&json, "knowledge_version", knowledge->facts->version);
    end_json(&json);
}

static void join(struct qv_text *text, const char *lead, const struct qv_words *words)
{
    qv_text_clear(text);
    qv_text_puts(text, lead);
    for (uint32_t i = 0; i < words->count; i++)
        qv_text_printf(text, "%s%s", i ? ", " : " ", words->at[i]);
}

static void write_claims(const struct qv_knowledge *knowledge, struct qv_text *text)
{
    unsigned columns = cli_columns_of(stdout);
    struct qv_text line;
    qv_text_init(&line, PAGE_BYTES_MAX);
    for (uint32_t i = 0; i < knowledge->facts->claim_count; i++) {
        const struct qv_claim *claim = &knowledge->facts->claims[i];
        char lead[16];
        snprintf(lead, sizeof lead, "%-6s", claim->id);
        cli_paragraph(text, lead, claim->claim, columns);
        qv_text_clear(&line);
        qv_text_printf(&line, "%s: %s", qv_verdict_name(claim->verdict), claim->says);
        cli_paragraph(text, "      ", line.bytes ? line.bytes : "", columns);
        join(&line, "held by:", &claim->held_by);
        cli_paragraph(text, "      ", line.bytes ? line.bytes : "", columns);
        join(&line, "sources:", &claim->sources);
        cli_paragraph(text, "      ", line.bytes ? line.bytes : "", columns);
        qv_text_puts(text, "\n");
    }
    text->failed |= line.failed;
    qv_text_finish(&line);
}

static int claims(const struct qv_knowledge *knowledge, int argc, char **argv, const struct knowledge_options *o,
                  struct qv_text *text, struct qv_error *error)
{
    if (argc != 1)
        return qv_fail(error, QV_ERR_USAGE, "knowledge claims: found \"%.60s\", expected nothing more", argv[1]);
    if (o->json)
        write_claims_json(knowledge, text);
    else
        write_claims(knowledge, text);
    return QV_OK;
}

/* ---- check: needs no knowledge, for it may not load ----------------------------------------------------------------------- */

struct complaints {
    struct qv_text *text;
    struct qv_json *json; /* NULL: for people */
};

static void take_complaint(const struct qv_complaint *complaint, void *context)
{
    struct complaints *complaints = context;
    const char *file = complaint->file ? complaint->file : "";
    if (!complaints->json) {
        qv_text_printf(complaints->text, "%s:%u: %s\n", file, complaint->line, complaint->text);
        return;
    }
    qv_json_object(complaints->json, NULL);
    qv_json_string(complaints->json, "file", file);
    if (complaint->line)
        qv_json_number(complaints->json, "line", complaint->line);
    qv_json_string(complaints->json, "text", complaint->text);
    qv_json_object_end(complaints->json);
}

static const char *folder_to_check(int argc, char **argv, const struct knowledge_options *o)
{
    struct stat about;
    if (argc > 1)
        return argv[1];
    if (o->knowledge)
        return o->knowledge;
    return stat("knowledge", &about) == 0 && S_ISDIR(about.st_mode) ? "knowledge" : NULL;
}

static int check(int argc, char **argv, const struct knowledge_options *o, struct qv_text *text, struct qv_error *error)
{
    if (argc > 2 || (argc > 1 && o->knowledge))
        return qv_fail(error, QV_ERR_USAGE, "knowledge check: expected one folder");
    const char *folder = folder_to_check(argc, argv, o);
    if (!folder)
        return qv_fail(error, QV_ERR_NO_INPUT, "knowledge check: there is no folder \"knowledge\" here; name one");

    struct qv_json json;
    if (o->json) {
        begin_json(&json, text, "quiver_check");
        qv_json_string(&json, "folder", folder);
        qv_json_array(&json, "complaints");
    }
    struct complaints complaints = {text, o->json ? &json : NULL};
    uint32_t count = 0;
    int status = qv_knowledge_check(folder, take_complaint, &complaints, &count, error);
    if (status && o->json)
        qv_text_clear(text); /* half an object helps nobody */
    if (status)
        return status;
    if (o->json) {
        qv_json_array_end(&json);
        end_json(&json);
    }
    if (count == 0)
        return QV_OK;
    return qv_fail(error, QV_ERR_DATA, "%s: %u complaint%s", folder, count, count == 1 ? "" : "s");
}

/* ---- the verb --------------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int (*run)(const struct qv_knowledge *knowledge, int argc, char **argv, const struct knowledge_options *o,
               struct qv_text *text, struct qv_error *error);
} actions[] = {{"show", show}, {"search", search}, {"claims", claims}, {"check", NULL}};

static int act(int argc, char **argv, const struct knowledge_options *o, struct qv_text *text, struct qv_error *error)
{
    if (argc < 2)
        return qv_fail(error, QV_ERR_USAGE, "knowledge: expected show, search, claims, check or bench");
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(actions[i].name, argv[1]) != 0)
            continue;
        if (!actions[i].run)
            return check(argc - 1, argv + 1, o, text, error);
        struct qv_knowledge *knowledge;
        int status = cli_knowledge_open(o->knowledge, &knowledge, error);
        if (status)
            return status;
        status = actions[i].run(knowledge, argc - 1, argv + 1, o, text, error);
        qv_knowledge_destroy(knowledge);
        return status;
    }
    return qv_fail(error, QV_ERR_USAGE, "knowledge: \"%.60s\": expected show, search, claims, check or bench", argv[1]);
}

int cli_knowledge(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "bench") == 0)
        return cli_knowledge_bench(argc - 1, argv + 1);

    struct knowledge_options o = {0};
    const struct cli_option options[] = {
        {"json", &o.json, NULL}, {"plain", &o.plain, NULL}, {"full", &o.full, NULL}, {"knowledge", NULL, &o.knowledge}};
    struct qv_error error = {0};
    struct qv_text text;
    qv_text_init(&text, PAGE_BYTES_MAX);
    int status = cli_options(&argc, argv, options, sizeof options / sizeof options[0], &error);
    if (status == QV_OK)
        status = act(argc, argv, &o, &text, &error);

    /* What was found wrong is printed with the verdict; of anything else that failed, nothing half-done. */
    struct qv_error trouble = {0};
    int printed = status == QV_OK || status == QV_ERR_DATA ? cli_print_text(&text, &trouble) : QV_OK;
    qv_text_finish(&text);
    if (printed)
        return cli_complain(&trouble, NULL);
    return status ? cli_complain(&error, NULL) : 0;
}
