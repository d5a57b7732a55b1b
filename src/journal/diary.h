/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diaries as files, from the inside: one file that is being read, and what the readers of all formats share.
 *
 * A reading owns one buffer, through which the file goes once. What is unread lies between `begin` and `end`; a reader asks for more,
 * looks, and moves `begin` on. Whatever a file makes us hold at once (a row, an object, a tag) has to fit into the buffer, so memory
 * does not grow with the file.
 *
 * Every reader ends its work on a row in one of two ways: reading_offer(), or reading_refuse() with the reason. Both say whether to
 * go on. What a foreign file holds and a diary has no place for is counted with reading_skip().
 *
 * A file is always a FILE, be it on a disk, a pipe or memory (fmemopen), so that tests need no file.
 */
#ifndef QUIVER_JOURNAL_DIARY_H
#define QUIVER_JOURNAL_DIARY_H

#include <quiver/journal.h>

#include <stdio.h>

#define DIARY_BUFFER_BYTES ((size_t)256 << 10)
#define DIARY_ROW_MAX_BYTES ((size_t)64 << 10) /* a line of CSV with its quoted line breaks, an object of JSON */
#define DIARY_TEXT_BYTES 64                    /* of a time or an amount */

struct zip_member;
struct skips;

struct reading {
    const char *name;
    const struct qv_diary_source *to;
    struct qv_error *error;

    FILE *file;
    struct zip_member *member; /* the bytes are those of a file inside the file; NULL: its own */
    char *bytes;               /* DIARY_BUFFER_BYTES, and a 0 after `end` */
    size_t begin, end;
    bool ended;    /* there are no bytes after `end` */
    uint64_t line; /* of `begin`, from 1 */
    uint64_t read_bytes, of_bytes;

    struct skips *skips;
};

/* Reads any diary from an open file, which stays open. What qv_diary_read() does once it has the file. */
int diary_read_file(FILE *file, const char *name, const struct qv_diary_source *to, enum qv_diary_format *format,
                    struct qv_error *error) QV_MUST_CHECK;

/* Moves what is unread to the front of the buffer and fills up what is free; nothing happens at the end of the file. */
int reading_more(struct reading *reading) QV_MUST_CHECK;
/* "name: line 7: ..." as the error of the whole; line 0: none. Returns its status. */
int reading_fail(struct reading *reading, uint64_t line, int status, const char *format, ...) QV_PRINTF(4, 5);
int reading_out_of_memory(struct reading *reading);
/* Hands an entry on, or refuses it if something is wrong with it. 0: go on. */
int reading_offer(struct reading *reading, uint64_t line, const struct qv_entry *entry) QV_MUST_CHECK;
/* A row that cannot be read. 0: go on with the next. */
int reading_refuse(struct reading *reading, uint64_t line, const struct qv_error *why) QV_MUST_CHECK;
/* One more of what a diary has no place for. Names are told apart in their first 79 bytes, and beyond 200 names not at all. */
void reading_skip(struct reading *reading, const char *what);

/* The readers. Each begins at the first byte, after a byte order mark; that of CSV has the header still before it. */
int read_csv(struct reading *reading) QV_MUST_CHECK;
int read_bearable(struct reading *reading) QV_MUST_CHECK;
int read_json(struct reading *reading) QV_MUST_CHECK;
int read_apple_health(struct reading *reading) QV_MUST_CHECK;

/* ---- zip ------------------------------------------------------------------------------------------------------------ */

/* Opens the export inside a zip file; reading_more() then gives its bytes. */
int zip_open(struct reading *reading) QV_MUST_CHECK;
/* At most `room` bytes of it; 0 of them: it has ended, and its check sum was right. */
int zip_read(struct reading *reading, char *bytes, size_t room, size_t *got) QV_MUST_CHECK;
void zip_close(struct zip_member *member);

/* ---- words of a file --------------------------------------------------------------------------------------------------- */

/* What an error repeats of a file: cut short, without what could steer a terminal. */
struct shown {
    char text[64];
};
struct shown shown(const char *text);

/*
 * YYYY-MM-DD, then perhaps T or a blank, HH:MM[:SS], then perhaps Z or ±HH:MM. Sets day, second and offset of the entry,
 * or nothing.
 */
bool time_parse(const char *text, struct qv_entry *entry);
/* The same from its parts, of which all but the day may be NULL. */
bool day_parse(const char *text, struct qv_entry *entry);
bool clock_parse(const char *text, int32_t *second);
bool offset_parse(const char *text, int32_t *offset_s);
/* 12, 0.5, .5, -3: digits and one point, whatever the locale. No exponent, no sign but a minus. */
bool amount_parse(const char *text, double *out);
/* The fewest digits that amount_parse() reads as the same number. Of numbers from 0 to 1e9. */
struct amount_text {
    char text[400];
};
struct amount_text amount_format(double amount);

/* Kind and unit of a row. False with the reason: no such kind, not its unit. */
bool kind_parse(const char *kind, const char *unit, enum qv_entry_kind *out, struct qv_error *why);
bool amount_read(const char *text, double *out, struct qv_error *why);

#endif
