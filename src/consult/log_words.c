/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words as entries. The line is cut into tokens (tokens.c); these are read one thing at a time into an item, which collects
 * what was said in whatever order; an item that is complete becomes its entries. Nothing is looked back at, so that a thing
 * means the same wherever it stands in the line.
 */
#include "log_thing.h"
#include "log_time.h"

#include <math.h>
#include <stdio.h>

#define TOKEN_MAX 400

enum measure { MEASURE_NONE, MEASURE_MASS_MG, MEASURE_VOLUME_ML, MEASURE_TIME_MIN };

static const struct unit {
    const char *names;
    enum measure measure;
    double size;
} units[] = {
    {" mg milligram milligramme ", MEASURE_MASS_MG, 1},
    {" g gr gram gramme ", MEASURE_MASS_MG, 1e3},
    {" ug mcg microgram microgramme ", MEASURE_MASS_MG, 1e-3},
    {" ml millilitre milliliter ", MEASURE_VOLUME_ML, 1},
    {" cl centilitre centiliter ", MEASURE_VOLUME_ML, 10},
    {" dl decilitre deciliter ", MEASURE_VOLUME_ML, 100},
    {" l litre liter ", MEASURE_VOLUME_ML, 1000},
    {" oz ounce ", MEASURE_VOLUME_ML, 29.5735},
    {" s sec second ", MEASURE_TIME_MIN, 1.0 / 60},
    {" m min minute ", MEASURE_TIME_MIN, 1},
    {" h hr hour ", MEASURE_TIME_MIN, 60},
};

/* What a thing may be counted in; where its serving is of another size, so much is in it. */
static const struct unit vessels[] = {
    {" cup glass ", MEASURE_VOLUME_ML, 240}, /* the cup of knowledge/foods.yaml */
    {" pint ", MEASURE_VOLUME_ML, 568},      /* that of knowledge/drinks.yaml */
};

static const char fillers[] =
    " a an the my of in on i had took drank ate got wa were for about around with so far side level "
    "score ";

/* What was said of one thing. */
struct item {
    struct thing thing;
    uint32_t first, last; /* tokens, for errors; last is behind the end */
    uint32_t thing_at;
    double count, over; /* "3", "7/10"; NaN: not said */
    enum measure measure;
    double measured;
    uint32_t container; /* token of a word such as "slices" or "tablets"; 0: none. Never the first token. */
    bool container_said, none;
    uint32_t side, status; /* tokens, as above */
    bool side_said, status_said;
    uint32_t sites;   /* bits of the words of the finding "site" */
    int32_t length_s; /* "6:30", which may be a length of time or a time of day; QV_NO_SECOND */
    int32_t from, to; /* a stretch of time; QV_NO_SECOND */
    struct moment moment;
};

struct reader {
    const struct qv_knowledge *knowledge;
    const struct qv_log_settings *settings;
    const struct qv_field *site; /* NULL: the knowledge has none */
    struct qv_arena *arena;
    struct qv_clock now;
    struct qv_entry standing; /* the time of what says none itself */
    struct qv_log_remark standing_remark;
    struct token tokens[TOKEN_MAX + 8]; /* TOKEN_END behind the last, and further for who looks ahead */
    uint32_t at;
    struct qv_log *log;
    struct qv_error *error;
};

#define QUOTE(reader, item)                                                                                            \
    quoted_length(&(reader)->tokens[(item)->first], &(reader)->tokens[(item)->last - 1]),                              \
        (reader)->tokens[(item)->first].at

static int refuse_token(const struct reader *r, uint32_t at, const char *why)
{
    const struct token *token = &r->tokens[at];
    return qv_fail(r->error, QV_ERR_DATA, "\"%.*s\": %s", quoted_length(token, token), token->at, why);
}

/* ---- from bytes to tokens -------------------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static int cut(struct reader *r, const char *words)
{
    size_t length = strlen(words);
    if (length > QV_LOG_MAX_BYTES)
        return qv_fail(r->error, QV_ERR_DATA, "found %zu bytes, expected at most %zu at once", length,
                       QV_LOG_MAX_BYTES);
    if (!qv_utf8_valid(words, length))
        return qv_fail(r->error, QV_ERR_DATA, "found bytes that are not UTF-8, expected words");
    for (const char *c = words; *c; c++) {
        if ((unsigned char)*c < 0x20 && !strchr("\t\n\r", *c))
            return qv_fail(r->error, QV_ERR_DATA, "found a control character, expected words");
    }
    uint32_t count = 0;
    for (const char *at = words;;) {
        struct token *token = &r->tokens[count];
        at = token_next(at, token);
        if (token->kind == TOKEN_END)
            return QV_OK;
        if (++count > TOKEN_MAX)
            return qv_fail(r->error, QV_ERR_DATA, "found more than %d words, expected fewer at once", TOKEN_MAX);
        bool minus = token->kind == TOKEN_NUMBER && token->at > words && token->at[-1] == '-' &&
                     (token->at - 1 == words || is_blank(token->at[-2]));
        if (minus)
            token->number = -token->number;
    }
}

/* ---- amounts ----------------------------------------------------------------------------------------------------------- */

static const struct unit *find_unit(const struct token *token)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (token_in(token, units[i].names))
            return &units[i];
    }
    return NULL;
}

/* NaN: not said in a vessel whose size is known. */
static double vessel_ml(const struct token *token)
{
    for (size_t i = 0; i < sizeof vessels / sizeof vessels[0]; i++) {
        if (token_in(token, vessels[i].names))
            return vessels[i].size;
    }
    return NAN;
}

static bool touches(const struct token *before, const struct token *token)
{
    return before->at + before->length == token->at;
}

static bool is_number(const struct token *token)
{
    return token->kind == TOKEN_NUMBER;
}

static bool is_mark(const struct token *token, char mark)
{
    return token->kind == TOKEN_MARK && token->mark == mark;
}

/* "half", "two", "a couple of". How many tokens. */
static uint32_t number_word(const struct token *token, double *out)
{
    static const struct {
        const char *word;
        double number;
    } words[] = {{"a", 1},    {"an", 1},      {"half", 0.5},  {"one", 1},    {"two", 2},   {"three", 3},
                 {"four", 4}, {"five", 5},    {"six", 6},     {"seven", 7},  {"eight", 8}, {"nine", 9},
                 {"ten", 10}, {"eleven", 11}, {"twelve", 12}, {"couple", 2}, {"dozen", 12}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (token_is(token, words[i].word)) {
            *out = words[i].number;
            return 1;
        }
    }
    return 0;
}

/* "3", "1½", "1/2", "7/10", "7 out of 10", "half". How many tokens; @p over is NaN where nothing is below a line. */
static uint32_t number_take(const struct token *tokens, double *number, double *over)
{
    *over = NAN;
    if (!is_number(tokens))
        return number_word(tokens, number);
    *number = tokens->number;
    if (is_number(&tokens[1]) && touches(tokens, &tokens[1]) && tokens[1].number < 1 && tokens->number >= 0) {
        *number += tokens[1].number;
        return 2;
    }
    uint32_t taken = 1;
    if (is_mark(&tokens[1], '/'))
        taken = 2;
    else if (token_is(&tokens[1], "of"))
        taken = 2;
    else if (token_is(&tokens[1], "out") && token_is(&tokens[2], "of"))
        taken = 3;
    if (taken == 1 || !is_number(&tokens[taken]))
        return 1;
    *over = tokens[taken].number;
    return taken + 1;
}

static int add_measure(struct reader *r, struct item *item, double number, const struct unit *unit)
{
    bool adds_up =
        item->measure == MEASURE_NONE || (item->measure == MEASURE_TIME_MIN && unit->measure == item->measure);
    if (!adds_up)
        return refuse_token(r, r->at, "a second amount, expected one");
    item->measure = unit->measure;
    item->measured += number * unit->size;
    return QV_OK;
}

static int add_count(struct reader *r, struct item *item, double number, double over)
{
    if (!isnan(item->count))
        return refuse_token(r, r->at, "a second number, expected one");
    item->count = number;
    item->over = over;
    return QV_OK;
}

static bool is_filler(const struct token *token)
{
    return token_in(token, fillers);
}

static bool ends_item(const struct token *token)
{
    return token->kind == TOKEN_END || token->kind == TOKEN_STOP || token_in(token, " and plus then ");
}

static bool is_known_word(const struct reader *r, const struct token *token);

/* A word in which things are counted: "slices". "2 cups of coffee" may be a name in the knowledge, and "2 pints" is one. */
static bool is_container(const struct reader *r, const struct token *word)
{
    double number;
    if (word->kind != TOKEN_WORD || ends_item(word) || number_word(word, &number))
        return false;
    if (token_is(&word[1], "of") && !is_filler(word))
        return thing_find(r->knowledge, word).taken <= 1;
    return !is_known_word(r, word);
}

static int amount_take(struct reader *r, struct item *item)
{
    double number = NAN, over;
    uint32_t taken = number_take(&r->tokens[r->at], &number, &over);
    if (isnan(number))
        return refuse_token(r, r->at, "can be read in two ways, expected a number without a comma for thousands");
    uint32_t unit_at = r->at + taken;
    while (token_in(&r->tokens[unit_at], " a an ")) /* "half an hour" */
        unit_at++;
    const struct unit *unit = find_unit(&r->tokens[unit_at]);
    if (unit) {
        int status = add_measure(r, item, isnan(over) ? number : number / over, unit);
        r->at = unit_at + 1;
        const struct token *rest = &r->tokens[r->at];
        bool minutes = token_in(&r->tokens[unit_at], " h ") && is_number(rest) && touches(rest - 1, rest) &&
                       !find_unit(rest + 1); /* "6h30" */
        if (status == QV_OK && minutes) {
            item->measured += rest->number;
            r->at++;
        }
        return status;
    }
    int status = add_count(r, item, number, over);
    r->at += taken;
    const struct token *word = &r->tokens[r->at];
    if (status == QV_OK && token_in(word, " x time "))
        r->at++;
    else if (status == QV_OK && !item->container_said && is_container(r, word)) {
        item->container = r->at++;
        item->container_said = true;
    }
    return status;
}

/* ---- times ------------------------------------------------------------------------------------------------------------- */

/* "from 23:30 to 6:15", "23:30-6:15". How many tokens, 0: it is none. */
static uint32_t stretch_take(const struct token *tokens, int32_t *from, int32_t *to)
{
    uint32_t at = token_is(tokens, "from");
    uint32_t first = clock_take(tokens + at, from);
    if (first == 0)
        return 0;
    at += first;
    at += token_in(&tokens[at], " to till until ");
    uint32_t second = clock_take(tokens + at, to);
    return second ? at + second : 0;
}

static int time_take(struct reader *r, struct item *item, bool *taken)
{
    const struct token *tokens = &r->tokens[r->at];
    int32_t from, to;
    uint32_t count = stretch_take(tokens, &from, &to);
    *taken = true;
    if (count) {
        if (item->from != QV_NO_SECOND)
            return refuse_token(r, r->at, "a second stretch of time, expected one");
        item->from = from;
        item->to = to;
        r->at += count;
        return QV_OK;
    }
    /* "6:30" may be how long; "6:30 am" is not. */
    count = clock_take(tokens, &from);
    if (count == 3 && is_mark(&tokens[1], ':') && item->length_s == QV_NO_SECOND) {
        item->length_s = from;
        r->at += count;
        return QV_OK;
    }
    int status = moment_take(tokens, &r->now, &item->moment, &count, r->error);
    *taken = status || count > 0;
    r->at += count;
    return status;
}

/* ---- words that belong to one kind ------------------------------------------------------------------------------------- */

static uint32_t site_take(const struct reader *r, const struct token *tokens, uint32_t *site)
{
    uint32_t best = 0;
    for (uint32_t w = 0; r->site && w < r->site->word_count; w++) {
        uint32_t taken = tokens_match(tokens, r->site->words[w]);
        if (taken > best) {
            best = taken;
            *site = w;
        }
    }
    return best;
}

static bool is_side(const struct token *token)
{
    return token_in(token, " left right both ");
}

static bool is_status(const struct token *token)
{
    return token_in(token, " started stopped changed ");
}

static bool is_no(const struct token *token)
{
    return token_in(token, " no none zero nothing not ");
}

/* Whether a word means something wherever it stands, so that it is not what things are counted in. */
static bool is_known_word(const struct reader *r, const struct token *token)
{
    uint32_t site;
    struct moment moment = {0};
    uint32_t taken = 0;
    if (is_filler(token) || is_side(token) || is_status(token) || is_no(token) || token_in(token, " at from ago "))
        return true;
    if (site_take(r, token, &site) || moment_take(token, &r->now, &moment, &taken, NULL) || taken)
        return true;
    return thing_find(r->knowledge, token).taken > 0;
}

/* A medicine that quiver need not know: the words up to what is no name. */
static int name_take(struct reader *r, struct item *item)
{
    uint32_t at = r->at;
    double number;
    for (const struct token *token; token = &r->tokens[at], token->kind == TOKEN_WORD || is_mark(token, '/'); at++) {
        if (ends_item(token) || is_status(token) || is_no(token) || token_in(token, " at ago yesterday today ") ||
            number_word(token, &number))
            break;
    }
    if (at == r->at)
        return refuse_token(r, r->at - 1, "found no name, expected the name of a medicine behind it");
    item->thing = (struct thing){.type = THING_MEDICINE, .taken = at - r->at, .kind = QV_ENTRY_MEDICINE};
    item->thing_at = r->at;
    r->at = at;
    return QV_OK;
}

static int thing_take(struct reader *r, struct item *item, struct thing thing)
{
    if (item->thing.taken) {
        const struct token *first = &r->tokens[r->at];
        return qv_fail(r->error, QV_ERR_DATA, "\"%.*s\": found a second thing, expected a comma or \"and\" before it",
                       quoted_length(first, first + thing.taken - 1), first->at);
    }
    item->thing = thing;
    item->thing_at = r->at;
    r->at += thing.taken;
    bool named_by_next = thing.type == THING_KIND && thing.kind == QV_ENTRY_MEDICINE;
    return named_by_next ? name_take(r, item) : QV_OK;
}

/* ---- one item ------------------------------------------------------------------------------------------------------------ */

/* Reads what stands at r->at into the item. */
static int word_take(struct reader *r, struct item *item)
{
    const struct token *token = &r->tokens[r->at];
    struct thing thing = thing_find(r->knowledge, token);
    double number;
    if (thing.taken && (is_number(token) || (thing.taken > 1 && number_word(token, &number))))
        return thing_take(r, item, thing); /* "7 up" */

    bool taken;
    int status = time_take(r, item, &taken);
    if (status || taken)
        return status;
    bool article = token_in(token, " a an "); /* a number in "a pint of milk", not in "a beer" */
    if (article ? find_unit(&token[1]) || is_container(r, &token[1]) : is_number(token) || number_word(token, &number))
        return amount_take(r, item);

    uint32_t site, count = site_take(r, token, &site);
    if (count && (thing.taken <= count)) {
        item->sites |= 1U << site;
        r->at += count;
        return QV_OK;
    }
    if (thing.taken)
        return thing_take(r, item, thing);
    bool counted_in = item->thing.type == THING_MEDICINE || token_is(&token[1], "of");
    if (counted_in && !item->container_said && !is_known_word(r, token) && is_container(r, token)) {
        item->container = r->at++;
        item->container_said = true;
        return QV_OK;
    }
    if (is_no(token)) {
        item->none = true;
    } else if (is_side(token)) {
        item->side = r->at;
        item->side_said = true;
    } else if (is_status(token)) {
        item->status = r->at;
        item->status_said = true;
    } else if (token_in(token, " lip ")) {
        return refuse_token(r, r->at, "upper or lower lip? Expected one of them");
    } else if (!is_filler(token) && !(token_is(token, "x") && is_number(token + 1))) { /* "x 2" */
        return token->kind == TOKEN_WORD ? thing_unknown(r->knowledge, token, r->error)
                                         : refuse_token(r, r->at, "is not understood here");
    }
    r->at++;
    return QV_OK;
}

static int item_take(struct reader *r, struct item *item)
{
    *item = (struct item){
        .first = r->at, .count = NAN, .over = NAN, .length_s = QV_NO_SECOND, .from = QV_NO_SECOND, .to = QV_NO_SECOND};
    int status = QV_OK;
    while (status == QV_OK && !ends_item(&r->tokens[r->at]))
        status = word_take(r, item);
    item->last = r->at;
    return status;
}

/* ---- from item to entries -------------------------------------------------------------------------------------------------- */

static int out_of_memory(const struct reader *r)
{
    return qv_fail(r->error, QV_ERR_UNAVAILABLE, "out of memory");
}

static int expected_amount(const struct reader *r, const struct item *item, const char *found)
{
    return qv_fail(r->error, QV_ERR_DATA, "\"%.*s\": found %s, expected such as: %.*s %s", QUOTE(r, item), found,
                   quoted_length(&r->tokens[item->thing_at], &r->tokens[item->thing_at + item->thing.taken - 1]),
                   r->tokens[item->thing_at].at, thing_example(item->thing.kind));
}

/* The time of an item: what it said, and of the rest what stands for all. */
static int settle(const struct reader *r, const struct item *item, bool whole_day, struct qv_entry *entry,
                  struct qv_log_remark *remark)
{
    struct moment moment = item->moment;
    bool sleep = item->thing.type == THING_KIND && item->thing.kind == QV_ENTRY_SLEEP;
    if (sleep && moment.last_night && moment.day_said)
        moment.day++; /* a night belongs to the day on which it ended */
    bool nothing_said = !moment.day_said && !moment.second_said;
    if (nothing_said) {
        entry->day = r->standing.day;
        entry->second = r->standing.second;
        entry->offset_s = r->standing.offset_s;
        *remark = r->standing_remark;
        if (whole_day && !r->settings->at && !r->settings->replaces) {
            entry->second = QV_NO_SECOND;
            entry->offset_s = QV_NO_OFFSET;
        }
        return QV_OK;
    }
    if (!moment.day_said)
        moment.day = r->standing.day;
    return moment_settle(&moment, r->settings->now_us, entry, remark, r->error);
}

static int add(struct reader *r, const struct item *item, enum qv_entry_kind kind, double amount, const char *note,
               bool whole_day)
{
    if (!note)
        return out_of_memory(r);
    if (r->log->count == QV_LOG_MAX_ENTRIES)
        return qv_fail(r->error, QV_ERR_DATA, "found more than %d things, expected fewer at once", QV_LOG_MAX_ENTRIES);
    struct qv_entry *entry = &r->log->entries[r->log->count];
    *entry = (struct qv_entry){.kind = kind, .amount = round(amount * 1e6) * 1e-6, .note = note, .source = "log"};
    int status = settle(r, item, whole_day, entry, &r->log->remarks[r->log->count]);
    if (status == QV_OK)
        status = qv_entry_check(entry, r->error);
    if (status == QV_OK)
        r->log->count++;
    return status;
}

/* How long: "6h30", "6:30", "from 23:30 to 6:15", or a number in the unit of the kind. NaN: not said. */
static int minutes_of(const struct reader *r, struct item *item, double unit_min, double *out)
{
    int said = (item->measure == MEASURE_TIME_MIN) + (item->length_s != QV_NO_SECOND) + (item->from != QV_NO_SECOND) +
               (item->measure == MEASURE_NONE && !isnan(item->count));
    if (item->measure == MEASURE_MASS_MG || item->measure == MEASURE_VOLUME_ML || said > 1)
        return expected_amount(r, item, "no length of time");
    if (item->from == QV_NO_SECOND) {
        double count = isnan(item->count) ? 1 : item->count;
        *out = item->measure == MEASURE_TIME_MIN ? item->measured * count
               : item->length_s != QV_NO_SECOND  ? item->length_s / 60.0
               : isnan(item->over)               ? item->count * unit_min
                                                 : item->count / item->over * unit_min;
        return QV_OK;
    }
    int32_t day = item->moment.day_said ? item->moment.day + item->moment.last_night : r->standing.day;
    item->moment.day_said = item->moment.second_said = true;
    item->moment.last_night = false;
    item->moment.day = day;
    item->moment.second = item->to;
    return clock_minutes(day - (item->from >= item->to), item->from, day, item->to, out, r->error);
}

/* "nap", "23:30–06:15" */
static const char *note_of_stretch(const struct reader *r, const struct item *item)
{
    const char *word = item->thing.note ? item->thing.note : "";
    if (item->from == QV_NO_SECOND)
        return word;
    return qv_arena_format(r->arena, "%s%s%02d:%02d–%02d:%02d", word, *word ? " " : "", item->from / 3600,
                           item->from / 60 % 60, item->to / 3600, item->to / 60 % 60);
}

/* "left eyelid" */
static const char *note_of_twitch(const struct reader *r, const struct item *item)
{
    char note[300] = "";
    size_t used = 0;
    if (item->side_said)
        used = (size_t)snprintf(note, sizeof note, "%s", r->tokens[item->side].word);
    bool first = true;
    for (uint32_t w = 0; r->site && w < r->site->word_count && w < 32; w++) {
        if (!(item->sites >> w & 1) || used + strlen(r->site->words[w]) + 3 > sizeof note)
            continue;
        used += (size_t)snprintf(note + used, sizeof note - used, "%s%s",
                                 used == 0 ? ""
                                 : first   ? " "
                                           : ", ",
                                 r->site->words[w]);
        first = false;
    }
    for (char *c = note; *c; c++)
        *c = *c == '_' ? ' ' : *c;
    return qv_arena_copy(r->arena, note, strlen(note));
}

static int add_kind(struct reader *r, struct item *item)
{
    const enum qv_entry_kind kind = item->thing.kind;
    const char *note = item->thing.note ? item->thing.note : "";
    double amount = isnan(item->over) ? item->count : item->count / item->over;
    bool whole_day = kind == QV_ENTRY_SLEEP && !item->thing.note;
    int status = QV_OK;
    if (item->none || (item->count == 0 && item->measure == MEASURE_NONE)) {
        if (item->none && (!isnan(item->count) || item->measure != MEASURE_NONE))
            return expected_amount(r, item, "both \"no\" and an amount");
        return add(r, item, kind, 0, kind == QV_ENTRY_TWITCH ? note_of_twitch(r, item) : note, true);
    }
    if (item->container_said && kind == QV_ENTRY_WATER && item->measure == MEASURE_NONE) {
        item->measured = vessel_ml(&r->tokens[item->container]);
        item->measure = isnan(item->measured) ? MEASURE_NONE : MEASURE_VOLUME_ML;
    } else if (item->container_said) {
        return thing_unknown(r->knowledge, &r->tokens[item->container], r->error);
    }
    switch (kind) {
    case QV_ENTRY_TWITCH:
        if (item->measure != MEASURE_NONE || !isnan(item->over))
            return expected_amount(r, item, "no count");
        amount = isnan(item->count) ? 1 : item->count;
        note = note_of_twitch(r, item);
        break;
    case QV_ENTRY_SLEEP:
    case QV_ENTRY_EXERCISE:
    case QV_ENTRY_RELIEF: {
        const double unit_min = kind == QV_ENTRY_SLEEP ? 60 : 1;
        status = minutes_of(r, item, unit_min, &amount);
        amount /= unit_min;
        note = note_of_stretch(r, item);
        break;
    }
    case QV_ENTRY_STRESS:
    case QV_ENTRY_FATIGUE:
        if (item->measure != MEASURE_NONE || (!isnan(item->over) && item->over != 10))
            return expected_amount(r, item, "no number from 0 to 10");
        amount = item->count;
        break;
    case QV_ENTRY_WATER:
        if (item->measure != MEASURE_VOLUME_ML)
            return expected_amount(r, item, "no volume");
        amount = item->measured * (isnan(item->count) ? 1 : amount);
        break;
    default: /* masses */
        if (item->measure == MEASURE_VOLUME_ML || item->measure == MEASURE_TIME_MIN ||
            (item->measure == MEASURE_NONE && kind == QV_ENTRY_ALCOHOL)) /* "alcohol 2" would be drinks, not grams */
            return expected_amount(r, item, "no mass");
        if (item->measure == MEASURE_MASS_MG)
            amount = item->measured * (isnan(item->count) ? 1 : amount) * (kind == QV_ENTRY_ALCOHOL ? 1e-3 : 1);
    }
    if (status)
        return status;
    if (isnan(amount))
        return expected_amount(r, item, "no amount");
    return add(r, item, kind, amount, note, whole_day);
}

/* ---- servings ---------------------------------------------------------------------------------------------------------------- */

/* What a serving says of its size: the last "330 mL" of "one can, 330 mL", the last "28 g". NaN: nothing. */
static double serving_size(const char *serving, const char *unit)
{
    double size = NAN;
    struct token before = {0}, token;
    for (const char *at = token_next(serving, &token); token.kind != TOKEN_END; at = token_next(at, &token)) {
        if (is_number(&before) && token_is(&token, unit))
            size = before.number;
        before = token;
    }
    return size;
}

static bool serving_names(const char *serving, const struct token *word)
{
    struct token token;
    for (const char *at = token_next(serving, &token); token.kind != TOKEN_END; at = token_next(at, &token)) {
        if (token.kind == TOKEN_WORD && strcmp(token.word, word->word) == 0)
            return true;
    }
    return false;
}

struct servings {
    const char *name, *serving;
    double size_ml, size_g; /* of one; NaN: not said */
    enum qv_entry_kind mainly;
};

static int servings_refused(const struct reader *r, const struct item *item, const struct servings *of)
{
    return qv_fail(r->error, QV_ERR_DATA, "\"%.*s\": found an amount that does not fit, expected how many of: %s",
                   QUOTE(r, item), of->serving);
}

/* How many servings were had, and how that is said. */
static int count_servings(const struct reader *r, const struct item *item, const struct servings *of, double *servings,
                          const char **note)
{
    const double count = isnan(item->count) ? 1 : isnan(item->over) ? item->count : item->count / item->over;
    const struct token *word = item->container_said ? &r->tokens[item->container] : NULL;
    enum measure measure = item->measure;
    double measured = item->measured;
    if (word && !serving_names(of->serving, word)) {
        measured = vessel_ml(word);
        if (isnan(measured) || isnan(of->size_ml) || measure != MEASURE_NONE)
            return qv_fail(r->error, QV_ERR_DATA, "\"%.*s\": found \"%.*s\", expected how many of: %s", QUOTE(r, item),
                           quoted_length(word, word), word->at, of->serving);
        measure = MEASURE_VOLUME_ML;
    }
    if (item->none || !(count > 0))
        return qv_fail(r->error, QV_ERR_DATA, "\"%.*s\": found none, expected more, or of a whole day such as: no %s",
                       QUOTE(r, item), qv_entry_kind_info(of->mainly)->id);
    if (item->length_s != QV_NO_SECOND || item->from != QV_NO_SECOND)
        return servings_refused(r, item, of);
    if (measure == MEASURE_NONE) {
        *servings = count;
        *note = count == 1 ? of->name : qv_arena_format(r->arena, "%.4g × %s", count, of->name);
        return QV_OK;
    }
    const bool volume = measure == MEASURE_VOLUME_ML;
    const double size = volume ? of->size_ml : of->size_g, had = count * (volume ? measured : measured * 1e-3);
    if (measure == MEASURE_TIME_MIN || isnan(size))
        return servings_refused(r, item, of);
    *servings = had / size;
    *note = qv_arena_format(r->arena, "%.6g %s of %s", had, volume ? "mL" : "g", of->name);
    return QV_OK;
}

static int add_part(struct reader *r, const struct item *item, enum qv_entry_kind kind, const double *of_serving,
                    double servings, const char *note, bool zero_too)
{
    if (!of_serving || (*of_serving <= 0 && !zero_too))
        return QV_OK;
    return add(r, item, kind, *of_serving * servings, note, false);
}

static int add_drink(struct reader *r, const struct item *item)
{
    const struct qv_drink *drink = item->thing.drink;
    const double size_ml = serving_size(drink->serving, "ml");
    const bool has_alcohol = drink->alcohol_g && *drink->alcohol_g > 0;
    const struct servings of = {.name = drink->name,
                                .serving = drink->serving,
                                .size_ml = drink->ml && *drink->ml == size_ml ? size_ml : NAN,
                                .size_g = serving_size(drink->serving, "g"),
                                .mainly = has_alcohol ? QV_ENTRY_ALCOHOL : QV_ENTRY_CAFFEINE};
    double servings;
    const char *note;
    int status = count_servings(r, item, &of, &servings, &note);
    if (status == QV_OK)
        status = add_part(r, item, QV_ENTRY_CAFFEINE, drink->caffeine_mg, servings, note, !has_alcohol);
    return status ? status : add_part(r, item, QV_ENTRY_ALCOHOL, drink->alcohol_g, servings, note, false);
}

static int add_food(struct reader *r, const struct item *item)
{
    const struct qv_food *food = item->thing.food;
    const struct servings of = {.name = food->name,
                                .serving = food->serving,
                                .size_ml = serving_size(food->serving, "ml"),
                                .size_g = serving_size(food->serving, "g"),
                                .mainly = food->potassium_mg ? QV_ENTRY_POTASSIUM : QV_ENTRY_MAGNESIUM};
    double servings;
    const char *note;
    int status = count_servings(r, item, &of, &servings, &note);
    if (status == QV_OK)
        status = add_part(r, item, QV_ENTRY_MAGNESIUM, food->magnesium_mg, servings, note, false);
    return status ? status : add_part(r, item, QV_ENTRY_POTASSIUM, food->potassium_mg, servings, note, false);
}

static int add_medicine(struct reader *r, const struct item *item)
{
    const struct token *first = &r->tokens[item->thing_at], *last = first + item->thing.taken - 1;
    const bool dosed = item->measure == MEASURE_MASS_MG;
    if (item->none || item->container_said || item->measure == MEASURE_VOLUME_ML || item->measure == MEASURE_TIME_MIN ||
        (!dosed && !isnan(item->count)) || item->from != QV_NO_SECOND)
        return expected_amount(r, item, "no dose in mg");
    const double count = isnan(item->count) ? 1 : isnan(item->over) ? item->count : item->count / item->over;
    const char *note =
        qv_arena_format(r->arena, "%.*s%s%s", (int)(last->at + last->length - first->at), first->at,
                        item->status_said ? " " : "", item->status_said ? r->tokens[item->status].word : "");
    return add(r, item, QV_ENTRY_MEDICINE, dosed ? item->measured * count : 0, note, false);
}

/* "6:30" that is no length of time is a time of day only behind "at". */
static int check_clock(const struct reader *r, const struct item *item)
{
    bool lasts = item->thing.type == THING_KIND &&
                 (item->thing.kind == QV_ENTRY_SLEEP || item->thing.kind == QV_ENTRY_EXERCISE ||
                  item->thing.kind == QV_ENTRY_RELIEF);
    if (item->length_s != QV_NO_SECOND && !lasts)
        return qv_fail(r->error, QV_ERR_DATA, "\"%.*s\": found %d:%02d, expected such as: at %d:%02d", QUOTE(r, item),
                       item->length_s / 3600, item->length_s / 60 % 60, item->length_s / 3600,
                       item->length_s / 60 % 60);
    if (item->from != QV_NO_SECOND && !lasts)
        return qv_fail(r->error, QV_ERR_DATA, "\"%.*s\": found a stretch of time, expected one time of day",
                       QUOTE(r, item));
    return QV_OK;
}

static int check_extras(const struct reader *r, const struct item *item)
{
    bool twitch = item->thing.type == THING_KIND && item->thing.kind == QV_ENTRY_TWITCH;
    if ((item->side_said || item->sites) && !twitch)
        return qv_fail(r->error, QV_ERR_DATA, "\"%.*s\": found a place on the body, which only a twitch has",
                       QUOTE(r, item));
    if (item->status_said && item->thing.type != THING_MEDICINE)
        return refuse_token(r, item->status, "is said of medicines only");
    return check_clock(r, item);
}

static int item_add(struct reader *r, struct item *item)
{
    if (!item->thing.taken && item->container_said)
        return thing_unknown(r->knowledge, &r->tokens[item->container], r->error);
    if (!item->thing.taken)
        return qv_fail(r->error, QV_ERR_DATA, "\"%.*s\": found nothing that can be logged, expected such as: twitch 3",
                       QUOTE(r, item));
    int status = check_extras(r, item);
    if (status)
        return status;
    switch (item->thing.type) {
    case THING_KIND:
        return add_kind(r, item);
    case THING_DRINK:
        return add_drink(r, item);
    case THING_FOOD:
        return add_food(r, item);
    default:
        return add_medicine(r, item);
    }
}

static int read_items(struct reader *r)
{
    int status = QV_OK;
    while (status == QV_OK && r->tokens[r->at].kind != TOKEN_END) {
        struct item item;
        if (ends_item(&r->tokens[r->at])) {
            r->at++;
            continue;
        }
        status = item_take(r, &item);
        if (status == QV_OK)
            status = item_add(r, &item);
    }
    if (status == QV_OK && r->log->count == 0)
        status = qv_fail(r->error, QV_ERR_DATA, "found nothing, expected such as: twitch 3, coffee 2");
    return status;
}

/* ---- the doors ----------------------------------------------------------------------------------------------------------------- */

/* All that the words say of when. */
static int read_moment(const char *words, const struct qv_clock *now, struct moment *moment, struct qv_error *error)
{
    enum { MAX = 40 };
    struct token tokens[MAX + 8] = {0};
    uint32_t count = 0, at = 0, taken = 1;
    while (count < MAX) {
        words = token_next(words, &tokens[count]);
        if (tokens[count].kind == TOKEN_END)
            break;
        count++;
    }
    if (count == 1 && token_is(&tokens[0], "now")) {
        *moment = (struct moment){.day_said = true,
                                  .second_said = true,
                                  .offset_said = true,
                                  .day = now->day,
                                  .second = now->second,
                                  .offset_s = now->offset_s};
        return QV_OK;
    }
    int status = QV_OK;
    while (status == QV_OK && at < count && taken) {
        status = moment_take(&tokens[at], now, moment, &taken, error);
        at += taken;
    }
    if (status == QV_OK && (at < count || count == 0 || count == MAX))
        status = qv_fail(error, QV_ERR_DATA, "no time, expected such as 08:30, yesterday or 2026-11-22T08:30");
    return status;
}

int qv_log_time(const char *words, int64_t now_us, struct qv_entry *entry, struct qv_log_remark *remark,
                struct qv_error *error)
{
    struct moment moment = {0};
    struct qv_entry settled = *entry;
    const struct qv_clock now = qv_clock_at(now_us);
    int status = read_moment(words, &now, &moment, error);
    if (status)
        return qv_fail_at(error, "\"%.60s\"", words);
    if (!moment.day_said)
        moment.day = now.day;
    status = moment_settle(&moment, now_us, &settled, remark, error);
    if (status == QV_OK)
        *entry = settled;
    return status;
}

/* The time of what says none itself. */
static int stand(struct reader *r)
{
    const struct qv_log_settings *settings = r->settings;
    r->standing = (struct qv_entry){.day = r->now.day, .second = r->now.second, .offset_s = r->now.offset_s};
    if (settings->replaces)
        r->standing = *settings->replaces;
    if (r->standing.offset_s != QV_NO_OFFSET && r->standing.offset_s % 60)
        r->standing.offset_s = QV_NO_OFFSET;
    return settings->at ? qv_log_time(settings->at, settings->now_us, &r->standing, &r->standing_remark, r->error)
                        : QV_OK;
}

int qv_log_read(const struct qv_knowledge *knowledge, const char *words, const struct qv_log_settings *settings,
                struct qv_arena *arena, struct qv_log **out, struct qv_error *error)
{
    struct reader *r = qv_arena_alloc(arena, 1, sizeof *r);
    struct qv_log *log = qv_arena_alloc(arena, 1, sizeof *log);
    struct qv_entry *entries = qv_arena_alloc(arena, QV_LOG_MAX_ENTRIES, sizeof *entries);
    struct qv_log_remark *remarks = qv_arena_alloc(arena, QV_LOG_MAX_ENTRIES, sizeof *remarks);
    if (!r || !log || !entries || !remarks)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    *log = (struct qv_log){.entries = entries, .remarks = remarks};
    const int site = qv_form_find(&knowledge->form, "site");
    r->knowledge = knowledge;
    r->settings = settings;
    r->site = site >= 0 ? &knowledge->form.fields[site] : NULL;
    r->arena = arena;
    r->now = qv_clock_at(settings->now_us);
    r->log = log;
    r->error = error;
    int status = stand(r);
    if (status == QV_OK)
        status = cut(r, words);
    if (status == QV_OK)
        status = read_items(r);
    if (status == QV_OK)
        *out = log;
    return status;
}
