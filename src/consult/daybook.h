/* SPDX-License-Identifier: Apache-2.0 */
/* What a daybook holds: consult.h says what it is for. */
#ifndef QUIVER_CONSULT_DAYBOOK_H
#define QUIVER_CONSULT_DAYBOOK_H

#include <quiver/consult.h>

/* What one day holds of one kind. */
struct tally {
    int32_t day;
    enum qv_entry_kind kind;
    double amount; /* the sum */
    uint32_t entries;
};

/* A twitch whose note names where it was: bits of the words of the finding `site`, and of enum daybook_side. */
struct noted_place {
    int32_t day;
    uint32_t sites, sides;
};

enum daybook_side { DAYBOOK_LEFT = 1, DAYBOOK_RIGHT = 2, DAYBOOK_BOTH = 4 };

enum taking { TAKEN, TAKING_STARTED, TAKING_STOPPED, TAKING_CHANGED };

struct noted_medicine {
    int32_t day;
    enum taking what;
    const char *name;
};

struct qv_daybook {
    const struct qv_knowledge *knowledge;
    struct qv_arena *arena;
    struct tally *tallies;                          /* in order of day and kind, each pair once, when `sorted` */
    struct qv_intake *intakes[QV_ENTRY_KIND_COUNT]; /* with a time, of the kinds whose habit has a half-life */
    uint32_t intake_count[QV_ENTRY_KIND_COUNT], intake_room[QV_ENTRY_KIND_COUNT];
    bool keeps_intakes[QV_ENTRY_KIND_COUNT];
    struct noted_place *places;
    struct noted_medicine *medicines; /* as they came */
    const struct qv_case *clip;       /* what the newest clip showed; NULL: none */
    int32_t clip_day;
    uint32_t tally_count, tally_room, place_count, place_room, medicine_count, medicine_room;
    bool sorted, places_sorted;
};

/* Brings tallies and places into the order of days. */
void daybook_sort(struct qv_daybook *book);

/* The tally of a kind on a day, or NULL: nothing was noted. The book is sorted. */
const struct tally *daybook_at(const struct qv_daybook *book, int32_t day, enum qv_entry_kind kind);

/* First tally on or after a day: an index, up to tally_count. */
uint32_t daybook_from(const struct qv_daybook *book, int32_t day);

/* Notes that a twitch was in these places, on these sides. */
int daybook_add_place(struct qv_daybook *book, struct noted_place place, struct qv_error *error) QV_MUST_CHECK;

/* How a diary is folded into a case, and what came of it. */
struct daybook_fold {
    bool outgrow; /* a number that the diary proves to be larger takes the place of what was said */
    bool outgrew; /* and one did */
    const struct qv_diary_rule **rules; /* that held */
    uint32_t rule_count;
};

int daybook_fold(struct qv_daybook *book, struct qv_case *c, struct daybook_fold *fold,
                 struct qv_error *error) QV_MUST_CHECK;

/*
 * The usual amount of a kind as of @p today: its mean over the known days of the last weeks; NaN when too few are known
 * (knowledge/diary.yaml, folding). The book is sorted.
 */
double daybook_usual(const struct qv_daybook *book, enum qv_entry_kind kind, int32_t today);

/* The longest washout of a habit that holds for this person, or NULL (trial.c). */
const struct qv_trial_washout *washout_of(const struct qv_knowledge *knowledge, const struct qv_situation *situation,
                                          const char *trial);

/* What a day makes of its entries. */
double tally_value(const struct tally *tally);

#endif
