/* SPDX-License-Identifier: Apache-2.0 */
#include "log_thing.h"

#include <stdio.h>

/* How people call the kinds; plurals are understood. */
static const struct kind_name {
    const char *name;
    enum qv_entry_kind kind;
    const char *note;
} kind_names[] = {
    {"twitch", QV_ENTRY_TWITCH, NULL},
    {"twitching", QV_ENTRY_TWITCH, NULL},
    {"twitched", QV_ENTRY_TWITCH, NULL},
    {"fasciculation", QV_ENTRY_TWITCH, NULL},
    {"caffeine", QV_ENTRY_CAFFEINE, NULL},
    {"magnesium", QV_ENTRY_MAGNESIUM, NULL},
    {"potassium", QV_ENTRY_POTASSIUM, NULL},
    {"alcohol", QV_ENTRY_ALCOHOL, NULL},
    {"sleep", QV_ENTRY_SLEEP, NULL},
    {"slept", QV_ENTRY_SLEEP, NULL},
    {"nap", QV_ENTRY_SLEEP, "nap"},
    {"napped", QV_ENTRY_SLEEP, "nap"},
    {"stress", QV_ENTRY_STRESS, NULL},
    {"stressed", QV_ENTRY_STRESS, NULL},
    {"fatigue", QV_ENTRY_FATIGUE, NULL},
    {"tired", QV_ENTRY_FATIGUE, NULL},
    {"tiredness", QV_ENTRY_FATIGUE, NULL},
    {"water", QV_ENTRY_WATER, NULL},
    {"exercise", QV_ENTRY_EXERCISE, NULL},
    {"exercised", QV_ENTRY_EXERCISE, NULL},
    {"workout", QV_ENTRY_EXERCISE, NULL},
    {"training", QV_ENTRY_EXERCISE, NULL},
    {"sport", QV_ENTRY_EXERCISE, NULL},
    {"run", QV_ENTRY_EXERCISE, "running"},
    {"ran", QV_ENTRY_EXERCISE, "running"},
    {"running", QV_ENTRY_EXERCISE, "running"},
    {"walk", QV_ENTRY_EXERCISE, "walking"},
    {"walked", QV_ENTRY_EXERCISE, "walking"},
    {"walking", QV_ENTRY_EXERCISE, "walking"},
    {"swim", QV_ENTRY_EXERCISE, "swimming"},
    {"swam", QV_ENTRY_EXERCISE, "swimming"},
    {"swimming", QV_ENTRY_EXERCISE, "swimming"},
    {"cycled", QV_ENTRY_EXERCISE, "cycling"},
    {"cycling", QV_ENTRY_EXERCISE, "cycling"},
    {"bike ride", QV_ENTRY_EXERCISE, "cycling"},
    {"yoga", QV_ENTRY_EXERCISE, "yoga"},
    {"medicine", QV_ENTRY_MEDICINE, NULL},
    {"medication", QV_ENTRY_MEDICINE, NULL},
    {"compress", QV_ENTRY_RELIEF, "warm_compress"},
    {"warm compress", QV_ENTRY_RELIEF, "warm_compress"},
    {"hot compress", QV_ENTRY_RELIEF, "warm_compress"},
    {"massage", QV_ENTRY_RELIEF, "massage"},
    {"massaged", QV_ENTRY_RELIEF, "massage"},
    {"relaxation", QV_ENTRY_RELIEF, "relaxation"},
    {"relaxed", QV_ENTRY_RELIEF, "relaxation"},
    {"relaxing", QV_ENTRY_RELIEF, "relaxation"},
    {"meditation", QV_ENTRY_RELIEF, "relaxation"},
    {"meditated", QV_ENTRY_RELIEF, "relaxation"},
};
#define KIND_NAME_COUNT (sizeof kind_names / sizeof kind_names[0])

const char *thing_example(enum qv_entry_kind kind)
{
    static const char *const examples[QV_ENTRY_KIND_COUNT] = {
        [QV_ENTRY_TWITCH] = "3",        [QV_ENTRY_CAFFEINE] = "200 mg", [QV_ENTRY_MAGNESIUM] = "300 mg",
        [QV_ENTRY_POTASSIUM] = "2 g",   [QV_ENTRY_ALCOHOL] = "10 g",    [QV_ENTRY_SLEEP] = "7.5 h",
        [QV_ENTRY_STRESS] = "4",        [QV_ENTRY_FATIGUE] = "4",       [QV_ENTRY_WATER] = "500 ml",
        [QV_ENTRY_EXERCISE] = "30 min", [QV_ENTRY_MEDICINE] = "50 mg",  [QV_ENTRY_RELIEF] = "10 min",
    };
    return examples[kind];
}

/* ---- finding ------------------------------------------------------------------------------------------------------- */

/* The longest of the names that the tokens begin with, in tokens. */
static uint32_t longest(const struct token *tokens, const struct qv_words *names)
{
    uint32_t best = 0;
    for (uint32_t i = 0; i < names->count; i++) {
        uint32_t taken = tokens_match(tokens, names->at[i]);
        best = taken > best ? taken : best;
    }
    return best;
}

static void find_kind(const struct token *tokens, struct thing *best)
{
    for (size_t i = 0; i < KIND_NAME_COUNT; i++) {
        uint32_t taken = tokens_match(tokens, kind_names[i].name);
        if (taken > best->taken)
            *best = (struct thing){
                .type = THING_KIND, .taken = taken, .kind = kind_names[i].kind, .note = kind_names[i].note};
    }
}

static void find_drink_or_food(const struct qv_facts *facts, const struct token *tokens, struct thing *best)
{
    for (uint32_t i = 0; i < facts->drink_count; i++) {
        uint32_t taken = longest(tokens, &facts->drinks[i].names);
        if (taken > best->taken)
            *best = (struct thing){.type = THING_DRINK, .taken = taken, .drink = &facts->drinks[i]};
    }
    for (uint32_t i = 0; i < facts->food_count; i++) {
        uint32_t taken = longest(tokens, &facts->foods[i].names);
        if (taken > best->taken)
            *best = (struct thing){.type = THING_FOOD, .taken = taken, .food = &facts->foods[i]};
    }
}

/* One medicine, or several in one tablet: "levodopa/carbidopa". */
static void find_medicine(const struct qv_facts *facts, const struct token *tokens, struct thing *best)
{
    uint32_t taken = 0, part = 0;
    do {
        uint32_t from = taken ? taken + 1 : 0; /* behind the slash */
        part = 0;
        for (uint32_t i = 0; i < facts->medicine_count; i++) {
            uint32_t names = longest(tokens + from, &facts->medicines[i].names);
            part = names > part ? names : part;
        }
        taken = part ? from + part : taken;
    } while (part && tokens[taken].kind == TOKEN_MARK && tokens[taken].mark == '/');
    if (taken > best->taken)
        *best = (struct thing){.type = THING_MEDICINE, .taken = taken, .kind = QV_ENTRY_MEDICINE};
}

struct thing thing_find(const struct qv_knowledge *knowledge, const struct token *tokens)
{
    struct thing best = {0};
    if (tokens->kind != TOKEN_WORD && tokens->kind != TOKEN_NUMBER)
        return best;
    find_kind(tokens, &best);
    if (best.taken && tokens[best.taken].kind == TOKEN_NUMBER)
        return best; /* the number is its amount, and no part of a longer name */
    find_drink_or_food(knowledge->facts, tokens, &best);
    find_medicine(knowledge->facts, tokens, &best);
    return best;
}

/* ---- what is not known ----------------------------------------------------------------------------------------------- */

#define NEAREST_MAX 3

struct nearest {
    const char *names[NEAREST_MAX];
    unsigned distances[NEAREST_MAX];
    uint32_t count;
};

static void consider(struct nearest *nearest, const struct token *word, const char *name)
{
    struct token token;
    unsigned distance = ~0U;
    for (const char *at = token_next(name, &token); token.kind != TOKEN_END; at = token_next(at, &token)) {
        unsigned of_word = token.kind == TOKEN_WORD ? token_distance(word->word, token.word) : ~0U;
        distance = of_word < distance ? of_word : distance;
    }
    size_t length = strlen(word->word);
    if (distance > (length < 8 ? 1 : length / 4) || distance >= length)
        return;
    uint32_t place = nearest->count;
    while (place && nearest->distances[place - 1] > distance)
        place--;
    if (place == NEAREST_MAX)
        return;
    nearest->count += nearest->count < NEAREST_MAX;
    for (uint32_t i = nearest->count - 1; i > place; i--) {
        nearest->names[i] = nearest->names[i - 1];
        nearest->distances[i] = nearest->distances[i - 1];
    }
    nearest->names[place] = name;
    nearest->distances[place] = distance;
}

static void consider_all(struct nearest *nearest, const struct token *word, const struct qv_words *names)
{
    struct nearest own = {0};
    for (uint32_t i = 0; i < names->count; i++)
        consider(&own, word, names->at[i]);
    if (own.count) /* one name a thing */
        consider(nearest, word, own.names[0]);
}

int thing_unknown(const struct qv_knowledge *knowledge, const struct token *word, struct qv_error *error)
{
    struct nearest nearest = {0};
    const struct qv_facts *facts = knowledge->facts;
    for (size_t i = 0; i < KIND_NAME_COUNT; i++)
        consider(&nearest, word, kind_names[i].name);
    for (uint32_t i = 0; i < facts->drink_count; i++)
        consider_all(&nearest, word, &facts->drinks[i].names);
    for (uint32_t i = 0; i < facts->food_count; i++)
        consider_all(&nearest, word, &facts->foods[i].names);
    for (uint32_t i = 0; i < facts->medicine_count; i++)
        consider_all(&nearest, word, &facts->medicines[i].names);

    char names[160] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < nearest.count && used < sizeof names; i++) {
        const char *before = i == 0 ? "did you mean " : i + 1 < nearest.count ? ", " : " or ";
        int written = snprintf(names + used, sizeof names - used, "%s\"%s\"", before, nearest.names[i]);
        used += written > 0 ? (size_t)written : 0;
    }
    if (nearest.count == 0)
        return qv_fail(error, QV_ERR_DATA,
                       "\"%.*s\" is not known, expected such as twitch, sleep, stress, a drink, a food or a medicine",
                       quoted_length(word, word), word->at);
    return qv_fail(error, QV_ERR_DATA, "\"%.*s\" is not known; %s?", quoted_length(word, word), word->at, names);
}
