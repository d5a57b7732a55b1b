/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-journal FOLDER: how fast the journal is, on a new one and on one of a million entries over ten years, in a new
 * file in that folder. bench/journal.sh calls it. Times are medians; one sync of the disk is measured beside them,
 * because most of a small change is waiting for it.
 */
#include <quiver/journal.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ENTRIES 1000000
#define DAYS 3652
#define FIRST 16000
#define RUNS 41

static struct qv_error error;
static char path[400];

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static void must(int status)
{
    if (!status)
        return;
    fprintf(stderr, "bench-journal: %s\n", error.text);
    exit(70);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *all)
{
    qsort(all, RUNS, sizeof *all, compare);
    return all[RUNS / 2];
}

static double processor_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

/* Beside a figure by the clock: a busy machine changes it less. */
static void processor_row(double value, int digits)
{
    printf("  %-50s %12.*f\n", "  by processor time", digits, value);
}

static void row(const char *what, double value, int digits, bool most, double goal)
{
    bool met = most ? value <= goal : value >= goal;
    printf("  %-50s %12.*f   %s %-10.*f %6.2f  %s\n", what, digits, value, most ? "≤" : "≥", digits, goal, value / goal,
           met ? "met" : "MISSED");
}

static struct qv_entry entry(int64_t i)
{
    enum qv_entry_kind kind = (enum qv_entry_kind)(i % QV_ENTRY_KIND_COUNT);
    double most = qv_entry_kind_info(kind)->maximum;
    return (struct qv_entry){.day = FIRST + (int32_t)(i * DAYS / ENTRIES),
                             .second = rand() % 1440 * 60,
                             .offset_s = 3600,
                             .kind = kind,
                             .amount = rand() % (most < 200 ? (int)most : 200),
                             .note = kind == QV_ENTRY_MEDICINE ? "a medicine"
                                     : i % 3                   ? ""
                                                               : "a note",
                             .source = "csv"};
}

/* The same file each time; the million of it, or its first few. */
static double import(struct qv_journal *journal, int64_t count, uint64_t *added_count)
{
    struct qv_import *in = NULL;
    srand(1);
    *added_count = 0;
    double from = now_ms();
    must(qv_import_begin(journal, &in, &error));
    for (int64_t i = 0; i < count; i++) {
        struct qv_entry e = entry(i);
        bool added;
        must(qv_import_add(in, &e, &added, &error));
        *added_count += added;
    }
    must(qv_import_commit(in, &error));
    return now_ms() - from;
}

static double sync_ms(const char *folder)
{
    char name[500];
    snprintf(name, sizeof name, "%s/sync", folder);
    int file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    double took[RUNS];
    char page[4096] = "";
    for (int i = 0; i < RUNS; i++) {
        if (write(file, page, sizeof page) != sizeof page)
            exit(74);
        double from = now_ms();
        fdatasync(file);
        took[i] = now_ms() - from;
    }
    close(file);
    unlink(name);
    return median(took);
}

static double add_ms(void)
{
    double took[RUNS];
    for (int i = 0; i < RUNS; i++) {
        struct qv_journal *journal;
        struct qv_entry e = entry(i);
        double from = now_ms();
        must(qv_journal_open(path, QV_JOURNAL_WRITE, &journal, &error));
        must(qv_journal_add(journal, &e, 1, NULL, &error));
        qv_journal_close(journal);
        took[i] = now_ms() - from;
    }
    return median(took);
}

static int count_entry(void *context, const struct qv_entry *e, struct qv_error *unused)
{
    (void)e;
    (void)unused;
    ++*(uint64_t *)context;
    return QV_OK;
}

static int count_total(void *context, const struct qv_day_total *total, struct qv_error *unused)
{
    (void)total;
    (void)unused;
    ++*(uint64_t *)context;
    return QV_OK;
}

/* Opening and closing included. */
static double read_ms(bool with_entries, int32_t from_day, int32_t to_day)
{
    double took[RUNS];
    for (int i = 0; i < RUNS; i++) {
        struct qv_journal *journal;
        uint64_t count = 0;
        double from = now_ms();
        must(qv_journal_open(path, QV_JOURNAL_READ, &journal, &error));
        if (with_entries)
            must(qv_journal_entries(journal, from_day, to_day, count_entry, &count, &error));
        must(qv_journal_totals(journal, from_day, to_day, count_total, &count, &error));
        qv_journal_close(journal);
        took[i] = now_ms() - from;
    }
    return median(took);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: bench-journal FOLDER\n");
        return 64;
    }
    snprintf(path, sizeof path, "%s/journal.db", argv[1]);
    struct qv_journal *journal;
    uint64_t added, again;

    printf("  %-50s %12s   %-12s %6s\n", "", "measured", "goal", "ratio");
    row("open, add one, close: durable, ms", add_ms(), 1, true, 20);
    printf("  %-50s %12.2f\n", "one sync of this disk, for scale, ms", sync_ms(argv[1]));

    must(qv_journal_open(path, QV_JOURNAL_WRITE, &journal, &error));
    double before = processor_ms(), took = import(journal, ENTRIES, &added), own = processor_ms() - before;
    row("a million entries imported, a second", (double)added / took * 1e3, 0, false, 100000);
    processor_row((double)added / own * 1e3, 0);
    took = import(journal, ENTRIES, &again);
    row("the same again, adding nothing, a second", ENTRIES / took * 1e3, 0, false, 100000);
    qv_journal_close(journal);
    if (again)
        printf("  MISSED: %llu entries were added twice\n", (unsigned long long)again);

    row("one of 3,652 days, its entries and totals, ms", read_ms(true, FIRST + 2000, FIRST + 2000), 2, true, 20);
    before = processor_ms();
    row("all totals of ten years, ms", read_ms(false, INT32_MIN, INT32_MAX), 1, true, 60);
    processor_row((processor_ms() - before) / RUNS, 1);
    row("open, add one, close, beside a million, ms", add_ms(), 1, true, 20);

    struct stat is;
    if (!stat(path, &is))
        row("size of an entry in the file, bytes", (double)is.st_size / (double)added, 0, true, 120);
    must(qv_journal_open(path, QV_JOURNAL_WRITE, &journal, &error));
    struct qv_undone undone = {.entries = 1};
    double from = 0;
    while (undone.entries && undone.entries < added) {
        from = now_ms();
        before = processor_ms();
        must(qv_journal_undo(journal, &undone, &error));
    }
    row("the import undone, s", (now_ms() - from) * 1e-3, 1, true, 30);
    processor_row((processor_ms() - before) * 1e-3, 1);
    qv_journal_close(journal);
    return undone.entries == added && !again ? 0 : 70;
}
