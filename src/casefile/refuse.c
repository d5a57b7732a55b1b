/* SPDX-License-Identifier: Apache-2.0 */
#include "refuse.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

int refuse_memory(struct qv_error *error)
{
    return qv_fail(error, QV_ERR_UNAVAILABLE, "out of memory");
}

/* ---- what was found ------------------------------------------------------------------------------------------------ */

/* A character that could steer a terminal or turn the direction of a line. */
static bool is_unsafe(const unsigned char *at, size_t size)
{
    if (size == 1)
        return at[0] < 0x20 || at[0] == 0x7f;
    if (size == 2)
        return at[0] == 0xC2 && at[1] < 0xA0;
    if (size != 3 || at[0] != 0xE2)
        return false;
    bool marks_or_lines = at[1] == 0x80 && (at[2] == 0x8E || at[2] == 0x8F || (at[2] >= 0xA8 && at[2] <= 0xAE));
    bool isolates = at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9;
    return marks_or_lines || isolates;
}

struct phrase phrase_shown(const char *text, size_t length)
{
    struct phrase shown = {0};
    size_t out = 0;
    for (size_t i = 0, size; i < length; i += size) {
        const unsigned char *at = (const unsigned char *)text + i;
        size = at[0] < 0x80 ? 1 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
        if (size > length - i || out + size > SHOWN_BYTES_MAX) {
            memcpy(shown.text + out, "...", 3);
            break;
        }
        if (is_unsafe(at, size)) {
            shown.text[out++] = '?';
        } else {
            memcpy(shown.text + out, at, size);
            out += size;
        }
    }
    return shown;
}

struct phrase phrase_number(double number)
{
    struct phrase found;
    snprintf(found.text, sizeof found.text, "%.10g", number);
    return found;
}

struct phrase phrase_index(uint32_t index)
{
    struct phrase place;
    snprintf(place.text, sizeof place.text, "[%u]", index);
    return place;
}

/* ---- what was expected --------------------------------------------------------------------------------------------- */

static struct phrase list_words(const char *lead, const struct qv_field *field)
{
    struct phrase list = {0};
    size_t used = (size_t)snprintf(list.text, sizeof list.text, "%s", lead);
    for (uint32_t w = 0; w < field->word_count; w++) {
        size_t room = sizeof list.text - used;
        int more = snprintf(list.text + used, room, "%s%s", w ? ", " : " ", field->words[w]);
        if (more < 0 || (size_t)more + 4 >= room) {
            snprintf(list.text + used, room, ", ...");
            break;
        }
        used += (size_t)more;
    }
    return list;
}

struct phrase phrase_one_of(const struct qv_field *field)
{
    return list_words("one of", field);
}

struct phrase phrase_expected(const struct qv_field *field)
{
    struct phrase expected = {0};
    switch (field->type) {
    case QV_FIELD_YES_NO:
        return (struct phrase){"true or false"};
    case QV_FIELD_NUMBER:
        snprintf(expected.text, sizeof expected.text, "a number from %.10g to %.10g%s%s%s", field->minimum,
                 field->maximum, field->unit ? " (" : "", field->unit ? field->unit : "", field->unit ? ")" : "");
        break;
    case QV_FIELD_CHOICE:
        return phrase_one_of(field);
    case QV_FIELD_CHOICES:
        return list_words("a list of any of", field);
    case QV_FIELD_MEDICINES:
        return (struct phrase){
            "a list of {\"name\", \"started_days_ago\", \"dose_changed_days_ago\", \"stopped_days_ago\"}"};
    }
    return expected;
}

/* ---- did you mean -------------------------------------------------------------------------------------------------- */

#define NAME_BYTES_MAX 64

static char folded(char c)
{
    return c == '-' || c == ' ' ? '_' : (char)tolower((unsigned char)c);
}

/* Letters to change, add, leave out or swap until a becomes b (optimal string alignment). */
static unsigned edits_between(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned rows[3][NAME_BYTES_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    for (unsigned j = 0; j <= b_length; j++)
        last[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            bool same = folded(a[i - 1]) == folded(b[j - 1]);
            unsigned least = last[j - 1] + !same;
            if (last[j] + 1 < least)
                least = last[j] + 1;
            if (row[j - 1] + 1 < least)
                least = row[j - 1] + 1;
            bool swapped =
                i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) && folded(a[i - 2]) == folded(b[j - 1]);
            if (swapped && before[j - 2] + 1 < least)
                least = before[j - 2] + 1;
            row[j] = least;
        }
        unsigned *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[b_length];
}

/* True when the words of one name ("caffeine") begin or end the other ("caffeine_mg_per_day"). */
static bool is_part_of(const char *part, size_t part_length, const char *whole, size_t whole_length)
{
    if (part_length < 3 || part_length >= whole_length)
        return false;
    bool begins = whole[part_length] == '_' && strncasecmp(part, whole, part_length) == 0;
    size_t rest = whole_length - part_length;
    return begins || (whole[rest - 1] == '_' && strncasecmp(part, whole + rest, part_length) == 0);
}

struct nearest {
    const char *word;
    unsigned distance;
};

static void consider(struct nearest *nearest, const char *name, size_t length, const char *word)
{
    size_t word_length = strlen(word);
    if (length == 0 || length > NAME_BYTES_MAX || word_length > NAME_BYTES_MAX)
        return;
    size_t longer = length > word_length ? length : word_length;
    unsigned distance = edits_between(name, length, word, word_length);
    if (distance > 1 + longer / 5 || distance >= longer) {
        if (!is_part_of(name, length, word, word_length) && !is_part_of(word, word_length, name, length))
            return;
        distance += NAME_BYTES_MAX; /* after all that are merely misspelt */
    }
    if (!nearest->word || distance < nearest->distance)
        *nearest = (struct nearest){word, distance};
}

static struct phrase did_you_mean(const struct nearest *nearest)
{
    struct phrase hint = {0};
    if (nearest->word)
        snprintf(hint.text, sizeof hint.text, "; did you mean \"%s\"?", nearest->word);
    return hint;
}

struct phrase phrase_nearest_word(const char *name, size_t length, const char *const *words, size_t count)
{
    struct nearest nearest = {0};
    for (size_t i = 0; i < count; i++)
        consider(&nearest, name, length, words[i]);
    return did_you_mean(&nearest);
}

struct phrase phrase_nearest_field(const char *name, size_t length, const struct qv_form *form)
{
    struct nearest nearest = {0};
    for (uint32_t i = 0; i < form->field_count; i++)
        consider(&nearest, name, length, form->fields[i].id);
    return did_you_mean(&nearest);
}
