/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers in plain words. Tolerant of how a thing is said ("2 weeks", "a fortnight ago", "1,5", "upper lip and 3"), strict
 * about what is meant: where two readings are possible, the question is asked again.
 */
#include "cli.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_BYTES_MAX 1024

/* ---- pieces of text --------------------------------------------------------------------------------------------------- */

/* A line in small letters, without blanks at its ends, one blank between words, and no full stop at its end. */
struct tidy {
    char text[LINE_BYTES_MAX];
};

static struct tidy tidy(const char *line, size_t length)
{
    struct tidy out = {0};
    size_t used = 0;
    for (size_t i = 0; i < length && line[i] && used < sizeof out.text - 1; i++) {
        char c = isspace((unsigned char)line[i]) ? ' ' : (char)tolower((unsigned char)line[i]);
        if (c == ' ' && (used == 0 || out.text[used - 1] == ' '))
            continue;
        out.text[used++] = c;
    }
    while (used && strchr(" .!", out.text[used - 1]))
        used--;
    out.text[used] = 0;
    return out;
}

static bool is_one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0)
            return true;
    }
    return false;
}

#define IS_ONE_OF(text, ...)                                                                                           \
    is_one_of((text), (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

enum words_command words_command(const char *line)
{
    struct tidy t = tidy(line, strlen(line));
    if (t.text[0] == 0)
        return WORDS_NOTHING;
    if (IS_ONE_OF(t.text, "?", "h", "why", "help", "why?"))
        return WORDS_WHY;
    if (IS_ONE_OF(t.text, "b", "back"))
        return WORDS_BACK;
    if (IS_ONE_OF(t.text, "s", "skip", "i don't know", "don't know", "dont know", "do not know", "not sure", "unsure",
                  "no idea", "dunno"))
        return WORDS_SKIP;
    if (IS_ONE_OF(t.text, "q", "quit", "stop", "exit", "later"))
        return WORDS_STOP;
    return WORDS_ANSWER;
}

bool words_none(const char *line)
{
    struct tidy t = tidy(line, strlen(line));
    return IS_ONE_OF(t.text, "none", "no", "n", "nothing", "0", "none of these", "none of them", "nope");
}

/* ---- numbers and units -------------------------------------------------------------------------------------------------- */

/* Measures of one kind can be turned into each other. */
enum kind { KIND_TIME = 1, KIND_MASS, KIND_VOLUME };

struct measure {
    const char *names; /* blank before and after each */
    enum kind kind;
    double size; /* in days, mg, mL */
};

static const struct measure measures[] = {
    {" s sec secs second seconds ", KIND_TIME, 1.0 / 86400},
    {" min mins minute minutes ", KIND_TIME, 1.0 / 1440},
    {" h hr hrs hour hours ", KIND_TIME, 1.0 / 24},
    {" d day days night nights ", KIND_TIME, 1},
    {" w wk wks week weeks ", KIND_TIME, 7},
    {" fortnight fortnights ", KIND_TIME, 14},
    {" month months ", KIND_TIME, 30.4375},
    {" y yr yrs year years ", KIND_TIME, 365.25},
    {" mg milligram milligrams ", KIND_MASS, 1},
    {" g gram grams gramme grammes ", KIND_MASS, 1e3},
    {" kg kilo kilos kilogram kilograms ", KIND_MASS, 1e6},
    {" lb lbs pound pounds ", KIND_MASS, 453592.37},
    {" ml millilitre millilitres milliliter milliliters ", KIND_VOLUME, 1},
    {" cl ", KIND_VOLUME, 10},
    {" dl ", KIND_VOLUME, 100},
    {" l litre litres liter liters ", KIND_VOLUME, 1000},
};

static const struct measure *find_measure(const char *word, size_t length)
{
    char padded[24];
    if (length == 0 || length > sizeof padded - 3)
        return NULL;
    padded[0] = ' ';
    for (size_t i = 0; i < length; i++)
        padded[i + 1] = (char)tolower((unsigned char)word[i]);
    padded[length + 1] = ' ';
    padded[length + 2] = 0;
    for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++) {
        if (strstr(measures[i].names, padded))
            return &measures[i];
    }
    return NULL;
}

/* Takes @p word off the front of *at when it stands there as a word. */
static bool take_word(const char **at, const char *word)
{
    size_t length = strlen(word);
    if (strncmp(*at, word, length) != 0 || isalnum((unsigned char)(*at)[length]))
        return false;
    *at += length + strspn(*at + length, " ");
    return true;
}

static void drop_hedges(const char **at)
{
    static const char *const hedges[] = {"about", "around", "roughly", "approximately", "ca", "some", "maybe", "~"};
    for (size_t i = 0; i < sizeof hedges / sizeof hedges[0]; i++) {
        if (strcmp(hedges[i], "~") == 0 ? **at == '~' : take_word(at, hedges[i])) {
            *at += **at == '~' || **at == '.';
            *at += strspn(*at, " ");
        }
    }
}

static bool take_number_word(const char **at, double *out)
{
    static const struct {
        const char *word;
        double number;
    } words[] = {{"half a", 0.5}, {"half an", 0.5}, {"half", 0.5}, {"a few", NAN}, {"a couple of", 2}, {"a", 1},
                 {"an", 1},       {"zero", 0},      {"one", 1},    {"two", 2},     {"three", 3},       {"four", 4},
                 {"five", 5},     {"six", 6},       {"seven", 7},  {"eight", 8},   {"nine", 9},        {"ten", 10},
                 {"eleven", 11},  {"twelve", 12},   {"last", 1}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (take_word(at, words[i].word)) {
            *out = words[i].number;
            return !isnan(*out);
        }
    }
    return false;
}

/* Digits with a point or a decimal comma. "1,200" can be read in two ways and is refused. */
static bool take_number(const char **at, double *out)
{
    size_t whole = strspn(*at, "0123456789");
    bool mark = (*at)[whole] == '.' || (*at)[whole] == ',';
    size_t part = mark ? strspn(*at + whole + 1, "0123456789") : 0;
    if (whole + part == 0)
        return take_number_word(at, out);
    if (whole + part > 15 || (part && (*at)[whole] == ',' && part == 3))
        return false;

    char digits[24];
    size_t used = whole;
    memcpy(digits, *at, whole);
    if (part) {
        digits[used++] = '.';
        memcpy(digits + used, *at + whole + 1, part);
        used += part;
    }
    digits[used] = 0;
    *out = strtod(digits, NULL); /* the program never leaves the C locale */
    *at += whole + (part ? part + 1 : 0);
    *at += strspn(*at, " ");
    return true;
}

/* ---- times ---------------------------------------------------------------------------------------------------------------- */

/* "2 weeks ago", "yesterday", "for 3 months", "2026-11-02" → days before as_of; false when it is none of them. */
static bool days_ago(const char *text, int32_t as_of_days, double *out)
{
    const char *at = text + strspn(text, " ,;:()");
    while (take_word(&at, "on") || take_word(&at, "in") || take_word(&at, "since") || take_word(&at, "for") ||
           take_word(&at, "it"))
        ;
    int32_t date;
    char iso[11] = {0};
    size_t length = strcspn(at, " )");
    if (length == 10) {
        memcpy(iso, at, 10);
        if (qv_date_parse(iso, &date)) {
            *out = (double)as_of_days - date;
            return *out >= 0 && at[length + strspn(at + length, " ),;.")] == 0;
        }
    }
    drop_hedges(&at);
    double number = 0;
    if (take_word(&at, "today") || take_word(&at, "now")) {
        number = 0;
    } else if (take_word(&at, "yesterday")) {
        number = 1;
    } else {
        if (!take_number(&at, &number))
            return false;
        length = strspn(at, "abcdefghijklmnopqrstuvwxyz");
        const struct measure *measure = find_measure(at, length);
        if (!measure || measure->kind != KIND_TIME)
            return false;
        number *= measure->size;
        at += length + strspn(at + length, " ");
        (void)take_word(&at, "ago");
    }
    *out = number;
    return at[strspn(at, " ),;.")] == 0;
}

/* ---- one number as an answer ------------------------------------------------------------------------------------------------ */

static int refuse_number(const struct qv_field *field, struct qv_error *error)
{
    bool scale = field->unit && strncmp(field->unit, "of ", 3) == 0;
    bool named = field->unit && !scale;
    return qv_fail(error, QV_ERR_DATA, "Please give one number%s%s from %.10g to %.10g, without a comma for thousands.",
                   named ? " of " : "", named ? field->unit : "", field->minimum, field->maximum);
}

/* "a day" where the unit says "a day", and so on: then it may be said again, in other words. */
static void drop_period(const struct qv_field *field, const char **at)
{
    static const struct {
        const char *unit, *said[6];
    } periods[] = {{"a day", {"a day", "per day", "/day", "each day", "daily", "every day"}},
                   {"a week", {"a week", "per week", "/week", "each week", "weekly", "every week"}}};
    for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
        if (!field->unit || !strstr(field->unit, periods[i].unit))
            continue;
        for (size_t s = 0; s < 6; s++) {
            if (take_word(at, periods[i].said[s]))
                return;
        }
    }
}

/* The unit that was said after a number: turns the number into the field's unit. False when it is another one. */
static bool take_unit(const struct qv_field *field, const char **at, double *number)
{
    size_t length = strspn(*at, "abcdefghijklmnopqrstuvwxyz");
    if (!field->unit || !**at)
        return **at == 0;
    size_t whole = strlen(field->unit);
    if (strncasecmp(*at, field->unit, whole) == 0 && !isalnum((unsigned char)(*at)[whole])) {
        *at += whole + strspn(*at + whole, " ");
        return true;
    }
    /* "7 out of 10", "7/10" */
    if (strncmp(field->unit, "of ", 3) == 0) {
        (void)take_word(at, "out");
        *at += **at == '/';
        (void)take_word(at, "of");
        *at += strspn(*at, " ");
        return take_word(at, field->unit + 3);
    }

    size_t unit_length = strcspn(field->unit, " ");
    const struct measure *said = find_measure(*at, length), *wanted = find_measure(field->unit, unit_length);
    bool same_word = length && strncasecmp(*at, field->unit, length < unit_length ? length : unit_length) == 0 &&
                     length + 1 >= unit_length && length <= unit_length; /* "portion", "portions" */
    if (said && wanted && said->kind == wanted->kind)
        *number *= said->size / wanted->size;
    else if (!same_word)
        return (*at)[0] == '/' || strncmp(*at, "a ", 2) == 0 || strncmp(*at, "per ", 4) == 0;
    *at += length + strspn(*at + length, " ");
    return true;
}

static bool never(const char *text)
{
    return IS_ONE_OF(text, "never", "no", "n", "none", "not at all", "nothing", "n/a", "not applicable");
}

static int number_value(const struct qv_field *field, const char *text, struct qv_value *out, struct qv_error *error)
{
    bool is_time = field->days_ago_per_unit > 0;
    /* Of a thing that never happened no time can be said; of an amount, "none" is nought. */
    if (never(text)) {
        const struct measure *measure = field->unit ? find_measure(field->unit, strlen(field->unit)) : NULL;
        bool amount = !is_time && !(measure && measure->kind == KIND_TIME) && field->minimum <= 0;
        *out = (struct qv_value){.kind = amount ? QV_NUMBER : QV_UNKNOWN};
        return QV_OK;
    }

    double number;
    const char *at = text;
    drop_hedges(&at);
    if (is_time && (strcmp(at, "today") == 0 || strcmp(at, "yesterday") == 0)) {
        number = (strcmp(at, "yesterday") == 0) / field->days_ago_per_unit;
        at = "";
    } else {
        if (!take_number(&at, &number) || !take_unit(field, &at, &number))
            return refuse_number(field, error);
        drop_period(field, &at);
        if (is_time)
            (void)take_word(&at, "ago");
        (void)take_word(&at, "old");
    }
    if (*at || !(number >= field->minimum && number <= field->maximum))
        return refuse_number(field, error);
    *out = (struct qv_value){.kind = QV_NUMBER, .number = number};
    return QV_OK;
}

/* ---- yes, no, and one or more of a list ------------------------------------------------------------------------------------- */

static int yes_no_value(const char *text, struct qv_value *out, struct qv_error *error)
{
    if (IS_ONE_OF(text, "y", "yes", "yeah", "yep", "true", "i do", "it does", "it is", "1"))
        *out = (struct qv_value){.kind = QV_YES};
    else if (IS_ONE_OF(text, "n", "no", "nope", "false", "not", "never", "none", "i don't", "it doesn't", "it isn't",
                       "0"))
        *out = (struct qv_value){.kind = QV_NO};
    else
        return qv_fail(error, QV_ERR_DATA, "Please answer yes or no, or s to skip.");
    return QV_OK;
}

/* "upper lip" is like "upper_lip"; so are a beginning of it that no other word has, and its number in the list. */
static int find_word(const struct qv_field *field, const char *text, size_t length)
{
    int found = -1, matches = 0;
    if (length && strspn(text, "0123456789") >= length) {
        long number = length < 4 ? strtol(text, NULL, 10) : 0;
        return number >= 1 && number <= (long)field->word_count ? (int)number - 1 : -1;
    }
    for (uint32_t w = 0; w < field->word_count; w++) {
        const char *word = field->words[w];
        size_t i = 0;
        while (i < length && word[i] &&
               (word[i] == '_' ? text[i] == ' ' || text[i] == '_' || text[i] == '-' : word[i] == text[i]))
            i++;
        if (i < length && !(i + 1 == length && !word[i] && text[i] == 's')) /* "lips" for "lip" */
            continue;
        if (!word[i])
            return (int)w;
        found = (int)w;
        matches++;
    }
    return length && matches == 1 ? found : -1;
}

static int choice_value(const struct qv_field *field, const char *text, struct qv_value *out, struct qv_error *error)
{
    int word = find_word(field, text, strlen(text));
    if (word < 0)
        return qv_fail(error, QV_ERR_DATA, "Please give the number of one line of the list, 1 to %u.",
                       field->word_count);
    *out = (struct qv_value){.kind = QV_WORD, .words = (uint32_t)word};
    return QV_OK;
}

/* The length of what parts two entries of a list ("," "and" "+"), or 0. */
static size_t parting(const char *text)
{
    if (*text && strchr(",;+&/", *text))
        return 1;
    return strncmp(text, " and ", 5) == 0 ? 5 : 0;
}

static int choices_value(const struct qv_field *field, const char *text, struct qv_value *out, struct qv_error *error)
{
    uint32_t words = 0;
    bool chosen[32] = {0};
    if (words_numbers(text, field->word_count, chosen)) {
        for (uint32_t w = 0; w < field->word_count; w++)
            words |= (uint32_t)chosen[w] << w;
    } else {
        for (const char *part = text; *part;) {
            size_t length = 0;
            while (part[length] && !parting(part + length))
                length++;
            struct tidy entry = tidy(part, length);
            const char *name = entry.text;
            (void)(take_word(&name, "and") || take_word(&name, "the") || take_word(&name, "my"));
            int word = *name ? find_word(field, name, strlen(name)) : -1;
            if (*name && word < 0)
                return qv_fail(error, QV_ERR_DATA,
                               "\"%.60s\" is not in the list. Please give numbers of the list, such as 1 3.", name);
            if (word >= 0)
                words |= (uint32_t)1 << word;
            part += length + parting(part + length);
        }
    }
    if (!words)
        return qv_fail(error, QV_ERR_DATA, "Please give one or more numbers of the list, such as 1 3.");
    *out = (struct qv_value){.kind = QV_WORDS, .words = words};
    return QV_OK;
}

bool words_numbers(const char *line, uint32_t count, bool *chosen)
{
    bool picked[64] = {0};
    bool any = false;
    struct tidy t = tidy(line, strlen(line));
    for (const char *at = t.text; *at;) {
        char *end;
        if (!isdigit((unsigned char)*at))
            return false;
        unsigned long from = strtoul(at, &end, 10), to = from;
        if (*end == '-' && isdigit((unsigned char)end[1]))
            to = strtoul(end + 1, &end, 10);
        if (from < 1 || to < from || to > count || to > 64)
            return false;
        for (unsigned long i = from; i <= to; i++)
            picked[i - 1] = true;
        any = true;
        size_t blanks = strspn(end, " ,;.");
        if (*end && !blanks)
            return false;
        at = end + blanks;
        (void)take_word(&at, "and");
    }
    for (uint32_t i = 0; any && i < count; i++)
        chosen[i] = picked[i];
    return any;
}

int words_value(const struct qv_field *field, const char *line, struct qv_value *out, struct qv_error *error)
{
    struct tidy t = tidy(line, strlen(line));
    switch (field->type) {
    case QV_FIELD_YES_NO:
        return yes_no_value(t.text, out, error);
    case QV_FIELD_NUMBER:
        return number_value(field, t.text, out, error);
    case QV_FIELD_CHOICE:
        return choice_value(field, t.text, out, error);
    case QV_FIELD_CHOICES:
        return choices_value(field, t.text, out, error);
    default:
        return qv_fail(error, QV_ERR_BUG, "%s is not answered like this", field->id);
    }
}

/* ---- medicines -------------------------------------------------------------------------------------------------------------- */

enum event { NO_EVENT, STARTED, CHANGED, STOPPED };

static const struct {
    const char *word;
    enum event event;
} event_words[] = {{"started", STARTED}, {"start", STARTED},     {"since", STARTED},     {"begun", STARTED},
                   {"began", STARTED},   {"for", STARTED},       {"taken for", STARTED}, {"dose changed", CHANGED},
                   {"changed", CHANGED}, {"increased", CHANGED}, {"raised", CHANGED},    {"reduced", CHANGED},
                   {"lowered", CHANGED}, {"doubled", CHANGED},   {"halved", CHANGED},    {"stopped", STOPPED},
                   {"stop", STOPPED},    {"quit", STOPPED},      {"ended", STOPPED},     {"finished", STOPPED},
                   {"until", STOPPED}};

/* "for 2 weeks" is a time, "for headache" is not. */
static bool is_amount(const char *text)
{
    struct tidy t = tidy(text, strlen(text));
    const char *at = t.text;
    double ignored;
    drop_hedges(&at);
    return take_number(&at, &ignored);
}

/* The event word that stands at text, if one begins there; @p length is its own. */
static enum event event_at(const char *text, size_t *length)
{
    for (size_t i = 0; i < sizeof event_words / sizeof event_words[0]; i++) {
        *length = strlen(event_words[i].word);
        bool here = strncasecmp(text, event_words[i].word, *length) == 0 && !isalnum((unsigned char)text[*length]);
        if (here && (strcmp(event_words[i].word, "for") != 0 || is_amount(text + *length)))
            return event_words[i].event;
    }
    *length = 0;
    return NO_EVENT;
}

/* How far it is to the next event word, or to the end. */
static size_t until_event(const char *text)
{
    size_t at = 0, ignored;
    while (text[at] && !((at == 0 || !isalnum((unsigned char)text[at - 1])) && event_at(text + at, &ignored)))
        at++;
    return at;
}

int words_medicine_dates(const char *line, int32_t as_of_days, struct qv_case_medicine *medicine,
                         struct qv_error *error)
{
    struct tidy t = tidy(line, strlen(line));
    for (const char *at = t.text + strspn(t.text, " ,;("); *at;) {
        size_t word;
        enum event event = event_at(at, &word);
        at += word;
        size_t length = until_event(at);
        struct tidy when = tidy(at, length);
        size_t end = strlen(when.text);
        while (end && strchr(" ,;)", when.text[end - 1]))
            when.text[--end] = 0;
        if (end >= 4 && strcmp(when.text + end - 4, " and") == 0)
            when.text[end - 4] = 0;

        double days;
        if (!days_ago(when.text, as_of_days, &days))
            return qv_fail(
                error, QV_ERR_DATA,
                "I cannot read \"%.60s\" as a time. Please say it like: started 2 weeks ago, stopped yesterday.",
                when.text[0] ? when.text : line);
        if (event == CHANGED)
            medicine->dose_changed_days_ago = days;
        else if (event == STOPPED)
            medicine->stopped_days_ago = days;
        else
            medicine->started_days_ago = days;
        at += length;
    }
    return QV_OK;
}

/* One medicine with what is said of its dates. */
static int read_medicine(const char *text, size_t length, int32_t as_of_days, struct qv_arena *arena,
                         struct qv_case_medicine *medicine, struct qv_error *error)
{
    char *whole = qv_arena_copy(arena, text, length);
    if (!whole)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    size_t name_length = until_event(whole);
    const char *dates = whole + name_length;
    while (name_length && strchr(" ,;(", whole[name_length - 1]))
        name_length--;
    char *name = qv_arena_copy(arena, whole, name_length);
    if (!name)
        return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
    if (name_length == 0)
        return qv_fail(error, QV_ERR_DATA,
                       "Please name the medicine first, for example: sertraline, started 2 weeks ago.");
    if (name_length > QV_CASE_MAX_NAME_BYTES || !qv_utf8_valid(name, name_length))
        return qv_fail(error, QV_ERR_DATA, "That name is too long, or not readable text.");
    *medicine = (struct qv_case_medicine){name, NAN, NAN, NAN};
    return words_medicine_dates(dates, as_of_days, medicine, error);
}

/* The end of the medicine that begins at text. A comma parts two only when no date follows it. */
static size_t medicine_length(const char *text)
{
    for (size_t at = 0;; at++) {
        if (!text[at] || text[at] == ';' || text[at] == '\n')
            return at;
        if (text[at] != ',')
            continue;
        size_t next = at + 1 + strspn(text + at + 1, " "), ignored;
        if (strncasecmp(text + next, "and ", 4) == 0)
            next += 4;
        bool decimal = at && isdigit((unsigned char)text[at - 1]) && isdigit((unsigned char)text[at + 1]);
        if (!decimal && !event_at(text + next, &ignored))
            return at;
    }
}

int words_medicines(const char *line, int32_t as_of_days, struct qv_arena *arena, struct qv_case_medicine *medicines,
                    uint32_t *count, struct qv_error *error)
{
    uint32_t found = *count;
    for (const char *at = line + strspn(line, " \t,;\n"); *at; at += strspn(at, " \t,;\n")) {
        size_t length = medicine_length(at);
        if (found == QV_CASE_MAX_MEDICINES)
            return qv_fail(error, QV_ERR_DATA, "At most %d medicines can be noted.", QV_CASE_MAX_MEDICINES);
        int status = read_medicine(at, length, as_of_days, arena, &medicines[found], error);
        if (status)
            return status;
        found++;
        at += length;
    }
    *count = found;
    return QV_OK;
}
