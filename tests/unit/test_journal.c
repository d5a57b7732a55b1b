/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal: what an entry may be; what adding, revising, taking back, undoing and importing do, and that the file is sound after each;
 * which files are refused and in which words; two programs at once, and one that is killed. What a failing disk does is in
 * tests/sweep/sweep_journal.c.
 */
#include "journal/digest.h"
#include "journal/store.h"
#include "journal_sound.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define TEN 36000
#define CET 3600

static char folder[64], path[128];
static struct qv_journal *journal;
static struct qv_error error;

static int setup(void **unused)
{
    (void)unused;
    snprintf(folder, sizeof folder, "/tmp/quiver-journal-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/journal.db", folder);
    error = (struct qv_error){0};
    return qv_journal_open(path, QV_JOURNAL_WRITE, &journal, &error);
}

static int teardown(void **unused)
{
    (void)unused;
    qv_journal_close(journal);
    journal = NULL;
    pid_t child = fork();
    if (child == 0) {
        execlp("rm", "rm", "-rf", folder, (char *)NULL);
        _exit(127);
    }
    return waitpid(child, NULL, 0) == child ? 0 : -1;
}

#define assert_done(call)                                                                                              \
    do {                                                                                                               \
        error = (struct qv_error){0};                                                                                  \
        if (call)                                                                                                      \
            fail_msg("%s: %s", #call, error.text);                                                                     \
    } while (0)
#define assert_refused(call, status_, words)                                                                           \
    do {                                                                                                               \
        error = (struct qv_error){0};                                                                                  \
        assert_int_equal(call, status_);                                                                               \
        assert_int_equal(error.status, status_);                                                                       \
        if (!strstr(error.text, words))                                                                                \
            fail_msg("found \"%s\", expected \"%s\" in it", error.text, words);                                        \
    } while (0)

static struct qv_entry entry(enum qv_entry_kind kind, double amount, int32_t day, int32_t second, const char *note)
{
    return (struct qv_entry){.day = day,
                             .second = second,
                             .offset_s = second == QV_NO_SECOND ? QV_NO_OFFSET : CET,
                             .kind = kind,
                             .amount = amount,
                             .note = note,
                             .source = "log"};
}

static int64_t add(struct qv_entry what)
{
    int64_t id = 0;
    assert_done(qv_journal_add(journal, &what, 1, &id, &error));
    assert_true(id > 0);
    return id;
}

/* ---- all that stands, as text ------------------------------------------------------------------------------------------ */

static struct qv_text told;

static int tell(void *context, const struct qv_entry *e, struct qv_error *unused)
{
    (void)context;
    (void)unused;
    qv_text_printf(&told, "%s%s %g %d", told.length ? "; " : "", qv_entry_kind_info(e->kind)->id, e->amount, e->day);
    if (e->second != QV_NO_SECOND)
        qv_text_printf(&told, "@%d", e->second);
    if (*e->note)
        qv_text_printf(&told, " (%s)", e->note);
    return QV_OK;
}

static void assert_stands(const char *expected)
{
    qv_text_init(&told, 1 << 20);
    assert_done(qv_journal_entries(journal, INT32_MIN, INT32_MAX, tell, NULL, &error));
    assert_string_equal(told.bytes ? told.bytes : "", expected);
    qv_text_finish(&told);
    assert_true(sound_check(path));
}

static int tell_version(void *context, const struct qv_entry_version *v, struct qv_error *unused)
{
    int64_t *before = context;
    assert_true(v->at_us >= *before);
    *before = v->at_us;
    int status = tell(NULL, &v->entry, unused);
    if (v->withdrawn)
        qv_text_puts(&told, " taken back");
    return status;
}

static void assert_history(int64_t id, const char *expected)
{
    int64_t before = 0;
    qv_text_init(&told, 1 << 20);
    assert_done(qv_journal_history(journal, id, tell_version, &before, &error));
    assert_string_equal(told.bytes ? told.bytes : "", expected);
    qv_text_finish(&told);
    assert_true(before > INT64_C(1600000000000000)); /* microseconds, and of this century */
}

static int tell_total(void *context, const struct qv_day_total *t, struct qv_error *unused)
{
    (void)context;
    (void)unused;
    qv_text_printf(&told, "%s%d %s", told.length ? "; " : "", t->day, qv_entry_kind_info(t->kind)->id);
    if (t->hour >= 0)
        qv_text_printf(&told, "@%d", t->hour);
    qv_text_printf(&told, " %.10g/%u", t->amount, t->entries);
    return QV_OK;
}

static void assert_totals(int32_t from, int32_t to, const char *expected)
{
    qv_text_init(&told, 1 << 20);
    assert_done(qv_journal_totals(journal, from, to, tell_total, NULL, &error));
    assert_string_equal(told.bytes ? told.bytes : "", expected);
    qv_text_finish(&told);
}

static void assert_undone(uint32_t entries, const char *what)
{
    struct qv_undone undone = {.entries = 77};
    assert_done(qv_journal_undo(journal, &undone, &error));
    assert_int_equal(undone.entries, entries);
    assert_string_equal(undone.what, what);
}

/* ---- entries ------------------------------------------------------------------------------------------------------------- */

/* The numbers are in people's files. */
static void test_kinds_keep_their_numbers(void **unused)
{
    (void)unused;
    static const char *const ids[] = {"twitch", "caffeine", "magnesium", "potassium", "alcohol",  "sleep",
                                      "stress", "fatigue",  "water",     "exercise",  "medicine", "relief"};
    for (unsigned i = 0; i < sizeof ids / sizeof *ids; i++) {
        enum qv_entry_kind kind = QV_ENTRY_KIND_COUNT;
        assert_true(qv_entry_kind_find(ids[i], &kind));
        assert_int_equal(kind, i);
        assert_string_equal(qv_entry_kind_info(kind)->id, ids[i]);
    }
    enum qv_entry_kind kind = QV_ENTRY_WATER;
    assert_false(qv_entry_kind_find("Twitch", &kind));
    assert_false(qv_entry_kind_find("", &kind));
    assert_int_equal(kind, QV_ENTRY_WATER);
    assert_int_equal(qv_entry_kind_info(QV_ENTRY_STRESS)->rule, QV_DAY_MEAN);
    assert_int_equal(qv_entry_kind_info(QV_ENTRY_SLEEP)->rule, QV_DAY_SUM);
}

static void test_entries_that_may_not_be(void **unused)
{
    (void)unused;
    static const char nul_note[] = "a\x01";
    const struct {
        struct qv_entry entry;
        const char *words; /* NULL: it is right */
    } cases[] = {
        {entry(QV_ENTRY_TWITCH, 0, 0, QV_NO_SECOND, NULL), NULL},
        {entry(QV_ENTRY_TWITCH, 2.5, 0, TEN, ""), "twitch: found 2.5, expected a whole number"},
        {entry(QV_ENTRY_SLEEP, 24, 0, TEN, ""), NULL},
        {entry(QV_ENTRY_SLEEP, 31, 0, TEN, ""), "sleep: found 31, expected a number from 0 to 24 (h)"},
        {entry(QV_ENTRY_SLEEP, -0.1, 0, TEN, ""), "sleep: found -0.1, expected a number from 0 to 24 (h)"},
        {entry(QV_ENTRY_SLEEP, NAN, 0, TEN, ""), "sleep: found"},
        {entry(QV_ENTRY_WATER, INFINITY, 0, TEN, ""), "water: found inf"},
        {entry(QV_ENTRY_STRESS, 10.5, 0, TEN, ""), "from 0 to 10 (score)"},
        {entry(QV_ENTRY_WATER, 1, -141349, 0, ""), NULL},
        {entry(QV_ENTRY_WATER, 1, -141350, 0, ""), "day: found -141350"},
        {entry(QV_ENTRY_WATER, 1, 2932896, 86399, ""), NULL},
        {entry(QV_ENTRY_WATER, 1, 2932897, 0, ""), "expected a year from 1583 to 9999"},
        {entry(QV_ENTRY_WATER, 1, 0, 86400, ""), "time: found 86400 seconds"},
        {entry(QV_ENTRY_WATER, 1, 0, -2, ""), "time: found -2 seconds"},
        {entry(QV_ENTRY_WATER, 1, 0, 0, nul_note), "note: found a control character"},
        {entry(QV_ENTRY_WATER, 1, 0, 0, "a\xc2\x85"), "note: found a control character"},
        {entry(QV_ENTRY_WATER, 1, 0, 0, "a\x7f"), "note: found a control character"},
        {entry(QV_ENTRY_WATER, 1, 0, 0, "a\nb"), "note: found a control character"},
        {entry(QV_ENTRY_WATER, 1, 0, 0, "caf\xc3\xa9 \xc2\xa0"), NULL},
        {entry(QV_ENTRY_WATER, 1, 0, 0, "a\xff"), "note: found bytes that are not UTF-8"},
        {entry(QV_ENTRY_MEDICINE, 50, 0, 0, "somedrug"), NULL},
        {entry(QV_ENTRY_MEDICINE, 50, 0, 0, NULL), "medicine: found no name"},
        {entry(QV_ENTRY_MEDICINE, 50, 0, 0, "  "), "medicine: found no name"},
        {entry(QV_ENTRY_KIND_COUNT, 1, 0, 0, ""), "kind: found number 12"},
        {{.second = TEN, .offset_s = 18 * 3600}, NULL},
        {{.second = TEN, .offset_s = 18 * 3600 + 60}, "at most 18 hours"},
        {{.second = TEN, .offset_s = -90}, "expected whole minutes"},
        {{.second = QV_NO_SECOND, .offset_s = 3600}, "an offset from UTC without a time of day"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].words)
            assert_refused(qv_entry_check(&cases[i].entry, &error), QV_ERR_DATA, cases[i].words);
        else
            assert_done(qv_entry_check(&cases[i].entry, &error));
    }
    char note[QV_ENTRY_MAX_NOTE_BYTES + 2];
    memset(note, 'n', sizeof note);
    note[QV_ENTRY_MAX_NOTE_BYTES] = '\0';
    struct qv_entry longest = entry(QV_ENTRY_WATER, 1, 0, 0, note);
    longest.source = note + QV_ENTRY_MAX_NOTE_BYTES - QV_ENTRY_MAX_SOURCE_BYTES;
    assert_done(qv_entry_check(&longest, &error));
    assert_true(add(longest) > 0);
    longest.source--;
    assert_refused(qv_entry_check(&longest, &error), QV_ERR_DATA, "source: found 65 bytes, expected at most 64");
    note[QV_ENTRY_MAX_NOTE_BYTES] = 'n', note[QV_ENTRY_MAX_NOTE_BYTES + 1] = '\0';
    longest.source = NULL;
    assert_refused(qv_entry_check(&longest, &error), QV_ERR_DATA, "note: found 1001 bytes, expected at most 1000");
    /* Nothing of several goes in when one of them is wrong, and the sentence says which. */
    struct qv_entry two[] = {entry(QV_ENTRY_WATER, 1, 0, 0, ""), longest};
    assert_refused(qv_journal_add(journal, two, 2, NULL, &error), QV_ERR_DATA, "entry 2: note: found 1001 bytes");
}

/* Computed apart from this code, in Python, by a SipHash-2-4 that gives the paper's own vector. */
static void test_digests_never_change(void **unused)
{
    (void)unused;
    struct qv_entry coffee = entry(QV_ENTRY_CAFFEINE, 95, 20000, TEN, "coffee");
    struct qv_entry least = entry(QV_ENTRY_TWITCH, 0, -1, QV_NO_SECOND, NULL);
    assert_int_equal((uint64_t)entry_digest(&coffee), 0x53913c4ddc9561a0);
    assert_int_equal((uint64_t)entry_digest(&least), 0x57622d53488ab31a);
    int64_t said = entry_digest(&coffee);
    coffee.source = "csv", coffee.id = 7;
    assert_int_equal(entry_digest(&coffee), said); /* where it came from is not what it says */
}

/* ---- changes ------------------------------------------------------------------------------------------------------------- */

static void test_entries_in_order(void **unused)
{
    (void)unused;
    struct qv_entry entries[] = {
        entry(QV_ENTRY_WATER, 250, 20001, TEN, ""),        entry(QV_ENTRY_CAFFEINE, 95, 20000, TEN, "coffee"),
        entry(QV_ENTRY_TWITCH, 3, 20000, TEN - 1, "left"), entry(QV_ENTRY_SLEEP, 7.25, 20000, QV_NO_SECOND, ""),
        entry(QV_ENTRY_TWITCH, 0, -400, TEN, ""),          entry(QV_ENTRY_STRESS, 4, 20000, TEN, ""),
    };
    int64_t ids[6] = {0};
    assert_stands("");
    assert_done(qv_journal_add(journal, entries, 6, ids, &error));
    for (int i = 1; i < 6; i++)
        assert_true(ids[i] > ids[i - 1]);
    assert_stands("twitch 0 -400@36000; sleep 7.25 20000; twitch 3 20000@35999 (left); caffeine 95 20000@36000"
                  " (coffee); stress 4 20000@36000; water 250 20001@36000");
    assert_done(qv_journal_add(journal, entries, 0, NULL, &error));
    int32_t first, last;
    uint64_t count;
    assert_done(qv_journal_span(journal, &first, &last, &count, &error));
    assert_int_equal(first, -400);
    assert_int_equal(last, 20001);
    assert_int_equal(count, 6);
}

static int tell_fields(void *context, const struct qv_entry *e, struct qv_error *unused)
{
    (void)unused;
    *(struct qv_entry *)context = *e;
    ((struct qv_entry *)context)->note = ((struct qv_entry *)context)->source = NULL;
    assert_string_equal(e->note, "");
    assert_null(e->source);
    return QV_OK;
}

static void test_what_is_not_known_stays_so(void **unused)
{
    (void)unused;
    struct qv_entry said = {.day = 5, .second = 60, .offset_s = QV_NO_OFFSET, .kind = QV_ENTRY_WATER, .amount = 0.1},
                    is;
    add(said);
    assert_done(qv_journal_entries(journal, 5, 5, tell_fields, &is, &error));
    assert_int_equal(is.second, 60);
    assert_int_equal(is.offset_s, QV_NO_OFFSET);
    assert_true(is.amount == 0.1);
    assert_done(qv_journal_entries(journal, 6, 100, tell_fields, NULL, &error)); /* none */
}

static int stop(void *context, const struct qv_entry *e, struct qv_error *why)
{
    (void)e;
    ++*(int *)context;
    return qv_fail(why, QV_ERR_USAGE, "enough");
}

static void test_a_sink_may_stop(void **unused)
{
    (void)unused;
    int calls = 0;
    add(entry(QV_ENTRY_WATER, 1, 0, 0, ""));
    add(entry(QV_ENTRY_WATER, 2, 0, 0, ""));
    assert_refused(qv_journal_entries(journal, 0, 0, stop, &calls, &error), QV_ERR_USAGE, "enough");
    assert_int_equal(calls, 1);
    assert_stands("water 1 0@0; water 2 0@0");
}

static void test_revise_and_withdraw(void **unused)
{
    (void)unused;
    int64_t id = add(entry(QV_ENTRY_CAFFEINE, 95, 20000, TEN, "coffee"));
    struct qv_entry now = entry(QV_ENTRY_CAFFEINE, 190, 20001, TEN, "two");
    assert_done(qv_journal_revise(journal, id, &now, &error));
    assert_stands("caffeine 190 20001@36000 (two)");
    assert_totals(20000, 20001, "20001 caffeine@10 190/1");
    assert_done(qv_journal_withdraw(journal, id, &error));
    assert_stands("");
    assert_totals(INT32_MIN, INT32_MAX, "");
    assert_history(id, "caffeine 95 20000@36000 (coffee); caffeine 190 20001@36000 (two);"
                       " caffeine 190 20001@36000 (two) taken back");
    assert_refused(qv_journal_withdraw(journal, id, &error), QV_ERR_NO_INPUT, "found it taken back");
    assert_refused(qv_journal_revise(journal, id, &now, &error), QV_ERR_NO_INPUT, "found it taken back");
    assert_refused(qv_journal_withdraw(journal, id + 1, &error), QV_ERR_NO_INPUT, "found no entry"); /* a version */
    assert_refused(qv_journal_revise(journal, 999, &now, &error), QV_ERR_NO_INPUT, "found no entry 999");
    assert_refused(qv_journal_history(journal, 999, tell_version, NULL, &error), QV_ERR_NO_INPUT, "found no entry 999");
    now.amount = -1;
    assert_refused(qv_journal_revise(journal, id, &now, &error), QV_ERR_DATA, "found -1");
    assert_true(sound_check(path));
}

static void test_undo_walks_back(void **unused)
{
    (void)unused;
    assert_undone(0, "");
    int64_t id = add(entry(QV_ENTRY_TWITCH, 3, 20781, 36300, "left"));
    struct qv_entry now = entry(QV_ENTRY_TWITCH, 4, 20781, 36300, "left");
    assert_done(qv_journal_revise(journal, id, &now, &error));
    add(entry(QV_ENTRY_SLEEP, 7.5, 20781, QV_NO_SECOND, ""));
    assert_done(qv_journal_withdraw(journal, id, &error));
    assert_stands("sleep 7.5 20781");

    assert_undone(1, "twitch 4, 2026-11-24 10:05, left");
    assert_stands("sleep 7.5 20781; twitch 4 20781@36300 (left)");
    assert_undone(1, "sleep 7.5 h, 2026-11-24");
    assert_stands("twitch 4 20781@36300 (left)");
    /* A change after an undo is the next to be undone; what was undone stays so. */
    add(entry(QV_ENTRY_WATER, 200, 20781, TEN, ""));
    assert_undone(1, "water 200 mL, 2026-11-24 10:00");
    assert_undone(1, "twitch 4, 2026-11-24 10:05, left"); /* the revision */
    assert_stands("twitch 3 20781@36300 (left)");
    now.amount = 5;
    assert_done(qv_journal_revise(journal, id, &now, &error));
    assert_undone(1, "twitch 5, 2026-11-24 10:05, left");
    assert_stands("twitch 3 20781@36300 (left)");
    assert_undone(1, "twitch 3, 2026-11-24 10:05, left");
    assert_stands("");
    assert_undone(0, "");
    assert_history(id, "twitch 3 20781@36300 (left); twitch 4 20781@36300 (left);"
                       " twitch 4 20781@36300 (left) taken back; twitch 4 20781@36300 (left);"
                       " twitch 3 20781@36300 (left); twitch 5 20781@36300 (left); twitch 3 20781@36300 (left);"
                       " twitch 3 20781@36300 (left) taken back");
}

static void test_undo_of_several_and_long_notes(void **unused)
{
    (void)unused;
    char note[QV_ENTRY_MAX_NOTE_BYTES + 1] = "";
    for (size_t i = 0; i + 2 < sizeof note; i += 2)
        memcpy(note + i, "\xc3\xa9", 3);
    struct qv_entry entries[] = {entry(QV_ENTRY_WATER, 1, 0, 0, note), entry(QV_ENTRY_WATER, 2, 0, 0, "")};
    assert_done(qv_journal_add(journal, entries, 2, NULL, &error));
    struct qv_undone undone;
    assert_done(qv_journal_undo(journal, &undone, &error));
    assert_int_equal(undone.entries, 2);
    size_t length = strlen(undone.what);
    assert_true(length >= sizeof undone.what - 2);
    assert_true(qv_utf8_valid(undone.what, length));
    assert_stands("");
}

/* Changes at random, and all of them undone again: the journal says at each step what it said before. */
static void test_undo_is_exact(void **unused)
{
    (void)unused;
    enum { STEPS = 60 };
    char *said[STEPS + 1];
    int64_t ids[STEPS * 2];
    int id_count = 0, changes = 0;
    srand(7);
    for (int i = 0; i < STEPS; i++) {
        qv_text_init(&told, 1 << 20);
        assert_done(qv_journal_entries(journal, INT32_MIN, INT32_MAX, tell, NULL, &error));
        said[changes] = strdup(told.bytes ? told.bytes : "");
        qv_text_finish(&told);
        struct qv_entry some[2];
        for (int k = 0; k < 2; k++)
            some[k] = entry((enum qv_entry_kind)(rand() % QV_ENTRY_MEDICINE), rand() % 10, rand() % 3,
                            rand() % 24 * 3600, "");
        int status = QV_ERR_NO_INPUT, what = rand() % 4;
        if (what == 0 || !id_count) {
            assert_done(qv_journal_add(journal, some, 2, ids + id_count, &error));
            id_count += 2;
            status = QV_OK;
        } else if (what == 1) {
            status = qv_journal_withdraw(journal, ids[rand() % id_count], &error);
        } else {
            status = qv_journal_revise(journal, ids[rand() % id_count], some, &error);
        }
        if (status)
            free(said[changes]);
        else
            changes++;
    }
    assert_true(sound_check(path));
    assert_true(changes > STEPS / 3);
    while (changes-- > 0) {
        struct qv_undone undone;
        assert_done(qv_journal_undo(journal, &undone, &error));
        assert_true(undone.entries > 0);
        assert_stands(said[changes]);
        free(said[changes]);
    }
    assert_undone(0, "");
    assert_totals(INT32_MIN, INT32_MAX, "");
}

static void test_totals_by_hour(void **unused)
{
    (void)unused;
    struct qv_entry entries[] = {
        entry(QV_ENTRY_CAFFEINE, 0.1, 100, 0, ""),        entry(QV_ENTRY_CAFFEINE, 0.2, 100, 3599, ""),
        entry(QV_ENTRY_CAFFEINE, 60, 100, 86399, ""),     entry(QV_ENTRY_CAFFEINE, 5, 100, QV_NO_SECOND, ""),
        entry(QV_ENTRY_ALCOHOL, 14, 101, 72000, ""),      entry(QV_ENTRY_STRESS, 3, 101, 72000, ""),
        entry(QV_ENTRY_STRESS, 6, 101, QV_NO_SECOND, ""), entry(QV_ENTRY_TWITCH, 0, 102, TEN, ""),
        entry(QV_ENTRY_CAFFEINE, 1, 100, 3600, ""),
    };
    assert_done(qv_journal_add(journal, entries, 9, NULL, &error));
    assert_totals(100, 102,
                  "100 caffeine 5/1; 100 caffeine@0 0.3/2; 100 caffeine@1 1/1; 100 caffeine@23 60/1;"
                  " 101 alcohol@20 14/1; 101 stress 9/2; 102 twitch 0/1");
    assert_totals(101, 101, "101 alcohol@20 14/1; 101 stress 9/2");
    assert_totals(103, 99, "");
    assert_true(sound_check(path));
}

/* ---- imports ------------------------------------------------------------------------------------------------------------- */

static uint64_t import(const struct qv_entry *entries, int count)
{
    struct qv_import *in = NULL;
    uint64_t added_count = 0;
    assert_done(qv_import_begin(journal, &in, &error));
    for (int i = 0; i < count; i++) {
        bool added = false;
        assert_done(qv_import_add(in, &entries[i], &added, &error));
        added_count += added;
    }
    assert_done(qv_import_commit(in, &error));
    return added_count;
}

static void test_import_adds_what_is_not_there(void **unused)
{
    (void)unused;
    struct qv_entry a = entry(QV_ENTRY_CAFFEINE, 95, 20000, TEN, "coffee"),
                    b = entry(QV_ENTRY_TWITCH, 1, 20000, QV_NO_SECOND, "");
    const struct qv_entry file[] = {a, b, a, b, b};
    add(b);
    assert_int_equal(import(file, 5), 4); /* two of a, and two more of b */
    assert_int_equal(import(file, 5), 0);
    assert_stands("twitch 1 20000; twitch 1 20000; twitch 1 20000; caffeine 95 20000@36000 (coffee);"
                  " caffeine 95 20000@36000 (coffee)");
    const struct qv_entry more[] = {a, a, a, b};
    assert_int_equal(import(more, 4), 1);
    assert_int_equal(import(more, 0), 0);
    /* An import that added nothing is no change; the last that did is undone, all at once. */
    assert_undone(1, "caffeine 95 mg, 2024-10-04 10:00, coffee");
    assert_undone(4, "caffeine 95 mg, 2024-10-04 10:00, coffee");
    assert_stands("twitch 1 20000");
    assert_int_equal(import(file, 5), 4); /* an import that was undone can be made again */
    assert_undone(4, "caffeine 95 mg, 2024-10-04 10:00, coffee");
    assert_true(sound_check(path));
}

static void test_what_was_taken_back_does_not_return(void **unused)
{
    (void)unused;
    struct qv_entry a = entry(QV_ENTRY_CAFFEINE, 95, 20000, TEN, "coffee"), b = a, c = a;
    b.amount = 96;
    c.amount = 97;
    int64_t id = add(a);
    add(b);
    assert_undone(1, "caffeine 96 mg, 2024-10-04 10:00, coffee");
    assert_done(qv_journal_revise(journal, id, &c, &error));
    assert_done(qv_journal_revise(journal, id, &a, &error));
    assert_done(qv_journal_revise(journal, id, &c, &error));
    assert_done(qv_journal_withdraw(journal, id, &error));
    const struct qv_entry file[] = {a, b, c};
    assert_int_equal(import(file, 3), 0);
    assert_stands("");
    /* But it can be said again. */
    add(a);
    assert_stands("caffeine 95 20000@36000 (coffee)");
    /* Amounts are kept to a millionth, which is what a file says of them. */
    a.amount = 1 / 3.;
    add(a);
    a.amount = 0.333333;
    assert_int_equal(import(&a, 1), 0);
}

static void test_import_abandoned_or_wrong(void **unused)
{
    (void)unused;
    struct qv_import *in = NULL;
    struct qv_entry a = entry(QV_ENTRY_SLEEP, 8, 20000, QV_NO_SECOND, "");
    bool added = false;
    assert_done(qv_import_begin(journal, &in, &error));
    assert_done(qv_import_add(in, &a, &added, &error));
    assert_true(added);
    qv_import_abandon(in);
    assert_stands("");
    assert_done(qv_import_begin(journal, &in, &error));
    a.amount = 31;
    assert_refused(qv_import_add(in, &a, &added, &error), QV_ERR_DATA, "sleep: found 31");
    a.amount = 8; /* a bad row spoils only itself */
    assert_done(qv_import_add(in, &a, &added, &error));
    assert_done(qv_import_commit(in, &error));
    assert_stands("sleep 8 20000");
    qv_import_abandon(NULL);
}

/* ---- documents ----------------------------------------------------------------------------------------------------------- */

static int tell_document(void *context, const struct qv_document *d, struct qv_error *unused)
{
    (void)context;
    (void)unused;
    assert_true(d->id > 0 && d->at_us > INT64_C(1600000000000000));
    qv_text_printf(&told, "%s%s/%s %d %s", told.length ? "; " : "", d->kind, d->name, d->day, d->json);
    return QV_OK;
}

static void assert_documents(const char *kind, const char *name, const char *expected)
{
    qv_text_init(&told, 1 << 20);
    assert_done(qv_journal_documents(journal, kind, name, tell_document, NULL, &error));
    assert_string_equal(told.bytes ? told.bytes : "", expected);
    qv_text_finish(&told);
}

static void test_documents(void **unused)
{
    (void)unused;
    int64_t id = 0, id2 = 0;
    assert_done(qv_journal_put(journal, "trial", "plan", 9, "{\"a\":1}", &id, &error));
    assert_done(qv_journal_put(journal, "trial", "other", 5, "{}", NULL, &error));
    assert_done(qv_journal_put(journal, "trial", "plan", 8, "{\"a\":2}", &id2, &error));
    assert_done(qv_journal_put(journal, "measurement", "", 8, "[]", NULL, &error));
    assert_true(id2 > id && id > 0);
    assert_documents("trial", NULL, "trial/other 5 {}; trial/plan 8 {\"a\":2}");
    assert_documents("trial", "plan", "trial/plan 8 {\"a\":2}");
    assert_documents("trial", "none", "");
    assert_documents("measurement", NULL, "measurement/ 8 []");
    assert_undone(0, ""); /* documents are not entries */
    char *big = malloc(QV_DOCUMENT_MAX_BYTES + 2);
    memset(big, ' ', QV_DOCUMENT_MAX_BYTES + 1);
    big[QV_DOCUMENT_MAX_BYTES + 1] = '\0';
    assert_refused(qv_journal_put(journal, "trial", "big", 0, big, NULL, &error), QV_ERR_DATA,
                   "found 16777217 bytes, expected at most 16777216");
    big[QV_DOCUMENT_MAX_BYTES] = '\0';
    assert_done(qv_journal_put(journal, "trial", "big", 0, big, NULL, &error));
    free(big);
    assert_refused(qv_journal_put(journal, "trial", "x", 0, "\xff", NULL, &error), QV_ERR_DATA, "not UTF-8");
    char name[QV_DOCUMENT_MAX_NAME_BYTES + 2];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_refused(qv_journal_put(journal, "trial", name, 0, "{}", NULL, &error), QV_ERR_DATA, "at most 200 bytes");
}

/* ---- files --------------------------------------------------------------------------------------------------------------- */

static void reopen(enum qv_journal_mode mode)
{
    qv_journal_close(journal);
    journal = NULL;
    assert_done(qv_journal_open(path, mode, &journal, &error));
}

static mode_t mode_of(const char *name)
{
    struct stat is;
    assert_int_equal(lstat(name, &is), 0);
    return is.st_mode & 0777;
}

static const char *beside(const char *end)
{
    static char name[300];
    snprintf(name, sizeof name, "%s%s", path, end);
    return name;
}

static void write_file(const char *name, const char *bytes, size_t length)
{
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

static void run_sql(const char *name, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(name, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void test_only_the_person_reads_it(void **unused)
{
    (void)unused;
    mode_t before = umask(0);
    char deep[200];
    snprintf(deep, sizeof deep, "%s/a/b/j.db", folder);
    struct qv_journal *other = NULL;
    assert_done(qv_journal_open(deep, QV_JOURNAL_WRITE, &other, &error));
    struct qv_entry e = entry(QV_ENTRY_WATER, 1, 0, 0, "");
    assert_done(qv_journal_add(other, &e, 1, NULL, &error));
    assert_int_equal(mode_of(deep), 0600);
    snprintf(deep, sizeof deep, "%s/a/b/j.db-shm", folder);
    assert_int_equal(mode_of(deep), 0600);
    snprintf(deep, sizeof deep, "%s/a/b/j.db-wal", folder);
    assert_int_equal(mode_of(deep), 0600);
    qv_journal_close(other);
    assert_true(access(deep, F_OK) != 0); /* one file is left */
    snprintf(deep, sizeof deep, "%s/a/b", folder);
    assert_int_equal(mode_of(deep), 0700);
    snprintf(deep, sizeof deep, "%s/a", folder);
    assert_int_equal(mode_of(deep), 0700);
    umask(before);
}

/* What is refused is left as it was. */
static void assert_file_refused(const char *name, enum qv_journal_mode mode, int status, const char *words)
{
    struct qv_journal *none = NULL;
    FILE *file = fopen(name, "rb");
    char before[4096] = "", after[4096] = "";
    size_t had = file ? fread(before, 1, sizeof before, file) : 0;
    if (file)
        fclose(file);
    assert_refused(qv_journal_open(name, mode, &none, &error), status, words);
    assert_null(none);
    if (strstr(name, "/") && !strstr(error.text, name))
        fail_msg("\"%s\" does not name %s", error.text, name);
    file = fopen(name, "rb");
    assert_int_equal(file ? fread(after, 1, sizeof after, file) : 0, had);
    if (file)
        fclose(file);
    assert_memory_equal(before, after, sizeof before);
}

static void test_files_that_are_no_journals(void **unused)
{
    (void)unused;
    char name[300], target[300], within[300];
    snprintf(name, sizeof name, "%s/none", folder);
    assert_file_refused(name, QV_JOURNAL_READ, QV_ERR_NO_INPUT, "No such file");
    assert_true(access(name, F_OK) != 0);
    write_file(name, "", 0);
    assert_file_refused(name, QV_JOURNAL_READ, QV_ERR_NO_INPUT, "found an empty file, expected a journal");
    for (int mode = QV_JOURNAL_READ; mode <= QV_JOURNAL_WRITE; mode++) {
        int missing = mode == QV_JOURNAL_READ ? QV_ERR_NO_INPUT : QV_ERR_CANNOT_CREATE;
        write_file(name, "time,kind,amount,unit,note\n2026-11-24,twitch,3,count,\n", 54);
        assert_file_refused(name, (enum qv_journal_mode)mode, QV_ERR_DATA, "found a file of something else");
        unlink(name);
        run_sql(name, "CREATE TABLE t (x)");
        assert_file_refused(name, (enum qv_journal_mode)mode, QV_ERR_DATA, "found a file of something else");
        unlink(name);
        assert_file_refused(folder, (enum qv_journal_mode)mode, missing, "found a folder");
        assert_int_equal(mkfifo(name, 0600), 0);
        struct qv_journal *none = NULL;
        assert_refused(qv_journal_open(name, (enum qv_journal_mode)mode, &none, &error), missing, "no plain file");
        unlink(name);
        snprintf(target, sizeof target, "%s/target", folder);
        assert_int_equal(symlink(target, name), 0);
        assert_file_refused(name, (enum qv_journal_mode)mode, missing, "found a symbolic link");
        assert_true(access(target, F_OK) != 0);
        unlink(name);
        write_file(target, "x", 1);
        snprintf(within, sizeof within, "%s/target/j.db", folder);
        assert_refused(qv_journal_open(within, (enum qv_journal_mode)mode, &none, &error), missing, "Not a directory");
        unlink(target);
        assert_refused(qv_journal_open("", (enum qv_journal_mode)mode, &none, &error), missing, "0 bytes");
        char longest[600];
        memset(longest, 'x', sizeof longest);
        longest[sizeof longest - 1] = '\0';
        memcpy(longest, "/tmp/", 5);
        assert_refused(qv_journal_open(longest, (enum qv_journal_mode)mode, &none, &error), missing,
                       "found a name of 59");
    }
    /* A folder that is a link is how people keep their data elsewhere. */
    snprintf(name, sizeof name, "%s/link", folder);
    assert_int_equal(symlink(folder, name), 0);
    add(entry(QV_ENTRY_WATER, 1, 0, 0, ""));
    snprintf(name, sizeof name, "%s/link/journal.db", folder);
    struct qv_journal *same = NULL;
    assert_done(qv_journal_open(name, QV_JOURNAL_READ, &same, &error));
    qv_journal_close(same);
}

static void test_newer_and_damaged_journals(void **unused)
{
    (void)unused;
    for (int i = 0; i < 300; i++)
        add(entry(QV_ENTRY_CAFFEINE, i, i, TEN, "a note that takes some room on the page it is written to"));
    qv_journal_close(journal);
    journal = NULL;
    run_sql(path, "PRAGMA user_version = 99");
    assert_file_refused(path, QV_JOURNAL_WRITE, QV_ERR_DATA,
                        "a journal of a newer quiver (schema 99), expected at most 1");
    assert_file_refused(path, QV_JOURNAL_READ, QV_ERR_DATA, "newer quiver");
    run_sql(path, "PRAGMA user_version = 1");

    struct stat is;
    assert_int_equal(stat(path, &is), 0);
    FILE *file = fopen(path, "r+b");
    char *whole = malloc((size_t)is.st_size);
    assert_int_equal(fread(whole, 1, (size_t)is.st_size, file), is.st_size);
    fclose(file);
    /* cut off */
    assert_int_equal(truncate(path, is.st_size / 2), 0);
    assert_file_refused(path, QV_JOURNAL_WRITE, QV_ERR_DATA, "found a damaged journal");
    /* Each page in turn is overwritten: no crash, no endless loop; either it says that it is damaged or it was not needed. */
    int said = 0;
    for (long page = 1; page * 4096 < is.st_size; page++) {
        write_file(path, whole, (size_t)is.st_size);
        file = fopen(path, "r+b");
        fseek(file, page * 4096, SEEK_SET);
        for (int i = 0; i < 4096; i++)
            fputc(i * 37 & 0xff, file);
        fclose(file);
        struct qv_journal *bad = NULL;
        error = (struct qv_error){0};
        qv_text_init(&told, 1 << 20);
        int status = qv_journal_open(path, QV_JOURNAL_WRITE, &bad, &error);
        if (!status)
            status = qv_journal_entries(bad, INT32_MIN, INT32_MAX, tell, NULL, &error);
        if (!status)
            status = qv_journal_totals(bad, INT32_MIN, INT32_MAX, tell_total, NULL, &error);
        struct qv_entry e = entry(QV_ENTRY_WATER, 1, 0, 0, "");
        if (!status)
            status = qv_journal_add(bad, &e, 1, NULL, &error);
        if (status) {
            assert_int_equal(status, QV_ERR_DATA);
            assert_non_null(strstr(error.text, "damaged"));
            said++;
        }
        qv_text_finish(&told);
        qv_journal_close(bad);
    }
    assert_true(said > 5);
    free(whole);
    /* what no journal would have written */
    unlink(path);
    assert_done(qv_journal_open(path, QV_JOURNAL_WRITE, &journal, &error));
    add(entry(QV_ENTRY_WATER, 1, 0, 0, ""));
    run_sql(path, "UPDATE version SET kind = 99");
    assert_refused(qv_journal_entries(journal, 0, 0, tell, NULL, &error), QV_ERR_DATA, "damaged journal (kind: found");
    run_sql(path, "UPDATE total SET hour = 24");
    assert_refused(qv_journal_totals(journal, 0, 0, tell_total, NULL, &error), QV_ERR_DATA, "damaged journal");
    /* Nothing in a file from elsewhere runs. */
    run_sql(path, "CREATE TRIGGER evil AFTER INSERT ON change BEGIN DELETE FROM version; END");
    add(entry(QV_ENTRY_WATER, 1, 7, 0, ""));
    qv_text_init(&told, 1 << 20);
    assert_done(qv_journal_entries(journal, 7, 7, tell, NULL, &error));
    assert_string_equal(told.bytes, "water 1 7@0");
    qv_text_finish(&told);
    run_sql(path, "DROP TABLE held");
    struct qv_entry e = entry(QV_ENTRY_WATER, 1, 0, 0, "");
    assert_refused(qv_journal_add(journal, &e, 1, NULL, &error), QV_ERR_DATA, "damaged journal (no such table: held)");
}

/* As somebody who may not write there. */
static void as_nobody(void (*act)(void))
{
    bool root = geteuid() == 0;
    if (root)
        assert_int_equal(seteuid(65534), 0);
    act();
    if (root)
        assert_int_equal(seteuid(0), 0);
}

static void read_what_is_read_only(void)
{
    struct qv_journal *other = NULL;
    assert_file_refused(path, QV_JOURNAL_WRITE, QV_ERR_CANNOT_CREATE, "found it read-only, expected to write to it");
    assert_done(qv_journal_open(path, QV_JOURNAL_READ, &other, &error));
    int32_t first, last;
    uint64_t count;
    assert_done(qv_journal_span(other, &first, &last, &count, &error));
    assert_int_equal(count, 1);
    struct qv_entry e = entry(QV_ENTRY_WATER, 1, 0, 0, "");
    assert_refused(qv_journal_add(other, &e, 1, NULL, &error), QV_ERR_CANNOT_CREATE, "read-only");
    qv_journal_close(other);
    char name[200];
    snprintf(name, sizeof name, "%s/new.db", folder);
    assert_refused(qv_journal_open(name, QV_JOURNAL_WRITE, &other, &error), QV_ERR_CANNOT_CREATE, "cannot make it");
    snprintf(name, sizeof name, "%s/new/new.db", folder);
    assert_refused(qv_journal_open(name, QV_JOURNAL_WRITE, &other, &error), QV_ERR_CANNOT_CREATE,
                   "cannot make its folder");
}

static void read_what_may_not_be_read(void)
{
    assert_file_refused(path, QV_JOURNAL_READ, QV_ERR_NO_INPUT, "Permission denied");
    assert_file_refused(path, QV_JOURNAL_WRITE, QV_ERR_CANNOT_CREATE, "Permission denied");
}

static void test_read_only(void **unused)
{
    (void)unused;
    add(entry(QV_ENTRY_WATER, 1, 0, 0, ""));
    reopen(QV_JOURNAL_READ);
    struct qv_entry e = entry(QV_ENTRY_WATER, 1, 0, 0, "");
    assert_refused(qv_journal_add(journal, &e, 1, NULL, &error), QV_ERR_CANNOT_CREATE, "read-only");
    assert_stands("water 1 0@0");
    qv_journal_close(journal);
    journal = NULL;
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(folder, 0555), 0);
    as_nobody(read_what_is_read_only);
    assert_int_equal(chmod(path, 0), 0);
    as_nobody(read_what_may_not_be_read);
    assert_int_equal(chmod(folder, 0700), 0);
}

static void test_a_busy_journal(void **unused)
{
    (void)unused;
    struct store_settings hasty = store_usual;
    hasty.wait_ms = 60;
    struct qv_journal *other = NULL;
    assert_done(journal_open_with(path, QV_JOURNAL_WRITE, &hasty, &other, &error));
    struct qv_import *in = NULL;
    struct qv_entry e = entry(QV_ENTRY_WATER, 1, 0, 0, "");
    assert_done(qv_import_begin(journal, &in, &error));
    assert_done(qv_import_add(in, &e, NULL, &error));
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    assert_refused(qv_journal_add(other, &e, 1, NULL, &error), QV_ERR_UNAVAILABLE,
                   "in use by another program for 0.06 s");
    clock_gettime(CLOCK_MONOTONIC, &to);
    assert_true((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000 >= 59);
    int32_t first, last;
    uint64_t count = 7;
    assert_done(qv_journal_span(other, &first, &last, &count, &error)); /* readers do not wait, and see nothing yet */
    assert_int_equal(count, 0);
    assert_done(qv_import_commit(in, &error));
    assert_done(qv_journal_add(other, &e, 1, NULL, &error));
    qv_journal_close(other);
    assert_stands("water 1 0@0; water 1 0@0");
    /* A file that another program has locked altogether */
    qv_journal_close(journal);
    journal = NULL;
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    assert_refused(journal_open_with(path, QV_JOURNAL_WRITE, &hasty, &other, &error), QV_ERR_UNAVAILABLE, "in use");
    sqlite3_close(db);
}

/* ---- older schemas --------------------------------------------------------------------------------------------------------- */

static void test_an_older_schema_is_brought_forward(void **unused)
{
    (void)unused;
    add(entry(QV_ENTRY_WATER, 1, 0, 0, ""));
    const char *steps[] = {store_usual.steps[0], "ALTER TABLE change ADD COLUMN mood TEXT",
                           "ALTER TABLE change ADD COLUMN weather TEXT"};
    const char *wrong[] = {steps[0], steps[1], "CREATE TABLE half (x); ALTER TABLE nothing ADD COLUMN x"};
    struct store_settings newer = store_usual, failing;
    newer.steps = steps;
    newer.step_count = 3;
    failing = newer;
    failing.steps = wrong;
    struct qv_journal *other = NULL;
    qv_journal_close(journal);
    journal = NULL;

    /* A step that fails changes nothing and leaves nothing. */
    char *before = sound_dump(path), *after;
    assert_refused(journal_open_with(path, QV_JOURNAL_WRITE, &failing, &other, &error), QV_ERR_DATA, "nothing");
    after = sound_dump(path);
    assert_string_equal(before, after);
    sqlite3_free(after);
    assert_true(access(beside(".backup-1"), F_OK) != 0);
    assert_true(access(beside(".backup-partial"), F_OK) != 0);

    write_file(beside(".backup-1"), "somebody's", 10);
    assert_done(journal_open_with(path, QV_JOURNAL_WRITE, &newer, &other, &error));
    struct qv_entry e = entry(QV_ENTRY_WATER, 2, 0, 0, "");
    assert_done(qv_journal_add(other, &e, 1, NULL, &error));
    qv_journal_close(other);
    assert_true(sound_check(path));
    assert_int_equal(mode_of(beside(".backup-1.2")), 0600);
    assert_true(sound_check(beside(".backup-1.2")));
    after = sound_dump(beside(".backup-1.2"));
    assert_string_equal(before, after);
    sqlite3_free(before);
    sqlite3_free(after);
    assert_true(access(beside(".backup-partial"), F_OK) != 0);
    assert_refused(qv_journal_open(path, QV_JOURNAL_WRITE, &other, &error), QV_ERR_DATA, "newer quiver (schema 3)");
    assert_done(journal_open_with(path, QV_JOURNAL_READ, &newer, &other, &error));
    qv_journal_close(other);
    assert_true(access(beside(".backup-3"), F_OK) != 0);
    /* Reading brings forward too: nobody should have to write something first. The backup is a journal like any other. */
    assert_int_equal(rename(beside(".backup-1.2"), path), 0);
    assert_done(journal_open_with(path, QV_JOURNAL_READ, &newer, &other, &error));
    qv_journal_close(other);
    assert_true(access(beside(".backup-1.2"), F_OK) == 0);
}

/* ---- programs ------------------------------------------------------------------------------------------------------------ */

/* Writes entries of its own day until it has written all, and says so of each that was acknowledged. */
static void write_many(int32_t day, int count, int tell_to)
{
    struct qv_journal *mine = NULL;
    struct qv_error why = {0};
    if (qv_journal_open(path, QV_JOURNAL_WRITE, &mine, &why))
        _exit(1);
    for (int i = 0; i < count; i++) {
        struct qv_entry e = entry(QV_ENTRY_CAFFEINE, i, day, i, "");
        if (qv_journal_add(mine, &e, 1, NULL, &why) || write(tell_to, &i, sizeof i) != sizeof i)
            _exit(2);
    }
    qv_journal_close(mine);
    _exit(0);
}

static pid_t start_writer(int32_t day, int count, int *from)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        write_many(day, count, ends[1]);
    }
    close(ends[1]);
    *from = ends[0];
    return child;
}

static uint32_t entries_of(int32_t day)
{
    sqlite3 *db;
    char sql[120];
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    snprintf(sql, sizeof sql, "SELECT count(DISTINCT amount_micro) FROM version WHERE stands AND day = %d", day);
    char *distinct = sound_ask(db, sql);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM version WHERE day = %d", day);
    char *all = sound_ask(db, sql);
    assert_string_equal(all, distinct); /* none twice */
    long count = strtol(all, NULL, 10);
    sqlite3_free(distinct);
    sqlite3_free(all);
    sqlite3_close(db);
    return (uint32_t)count;
}

static void test_two_programs_write_at_once(void **unused)
{
    (void)unused;
    enum { EACH = 300 };
    qv_journal_close(journal);
    journal = NULL;
    unlink(path); /* they also make it at once */
    int from[2], status;
    pid_t children[2];
    for (int i = 0; i < 2; i++)
        children[i] = start_writer(100 + i, EACH, &from[i]);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        close(from[i]);
        assert_int_equal(entries_of(100 + i), EACH);
    }
    assert_true(sound_check(path));
}

static void test_kill(void **unused)
{
    (void)unused;
    srand(3);
    qv_journal_close(journal);
    journal = NULL;
    for (int32_t day = 0; day < 25; day++) {
        int from, status, i = -1, last = -1;
        if (day % 5 == 0)
            unlink(path);
        pid_t child = start_writer(day, 1000000, &from);
        usleep((useconds_t)(rand() % 60000));
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        while (read(from, &i, sizeof i) == sizeof i)
            last = i;
        close(from);
        assert_true(access(path, F_OK) != 0 || sound_check(path));
        if (last < 0)
            continue;
        uint32_t there = entries_of(day); /* all that it said, and at most the one that it was about to say */
        assert_in_range(there, last + 1, last + 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_keep_their_numbers),
        cmocka_unit_test_setup_teardown(test_entries_that_may_not_be, setup, teardown),
        cmocka_unit_test(test_digests_never_change),
        cmocka_unit_test_setup_teardown(test_entries_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_not_known_stays_so, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_sink_may_stop, setup, teardown),
        cmocka_unit_test_setup_teardown(test_revise_and_withdraw, setup, teardown),
        cmocka_unit_test_setup_teardown(test_undo_walks_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_undo_of_several_and_long_notes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_undo_is_exact, setup, teardown),
        cmocka_unit_test_setup_teardown(test_totals_by_hour, setup, teardown),
        cmocka_unit_test_setup_teardown(test_import_adds_what_is_not_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_was_taken_back_does_not_return, setup, teardown),
        cmocka_unit_test_setup_teardown(test_import_abandoned_or_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(test_documents, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_the_person_reads_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files_that_are_no_journals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_newer_and_damaged_journals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_read_only, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_busy_journal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_older_schema_is_brought_forward, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_programs_write_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kill, setup, teardown),
    };
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
