/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal's file and its folders: nobody but the person may read what quiver makes. Folders on the way may be symbolic links,
 * which is how people move their data to another disk; the file may not, so that nobody who can write to a shared folder can lay
 * a journal over another file.
 */
#ifndef QUIVER_JOURNAL_FILE_H
#define QUIVER_JOURNAL_FILE_H

#include <quiver/journal.h>

#define FILE_PATH_MAX 480 /* SQLite's limit is 512, less what it and we append */

/*
 * Finds the file or, for writing, makes an empty one of mode 0600 and its folders of mode 0700, all durable. Writes
 * its name without symbolic links to real, FILE_PATH_MAX bytes.
 */
int file_find(const char *path, enum qv_journal_mode mode, char *real, struct qv_error *error) QV_MUST_CHECK;

/* Makes an empty file of mode 0600, durable. EEXIST and the like as a negative errno. */
int file_make(const char *path);

/* Gives the finished copy its name, "PATH.backup-SCHEMA", or with a number behind it where there is one. Durable. */
int file_name_backup(const char *copy, const char *path, int schema, char *name, size_t size,
                     struct qv_error *error) QV_MUST_CHECK;

#endif
