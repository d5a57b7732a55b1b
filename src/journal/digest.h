/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sixty-four bits that stand for what an entry says (day, time, offset, kind, amount, note), so that an import can tell what the
 * journal has held. SipHash-2-4 (Aumasson & Bernstein, 2012) with a key of zeros. Digests are in files: never change them.
 *
 * Two different entries share a digest by chance in one of 3·10⁷ journals of a million entries.
 */
#ifndef QUIVER_JOURNAL_DIGEST_H
#define QUIVER_JOURNAL_DIGEST_H

#include <quiver/journal.h>

int64_t entry_digest(const struct qv_entry *entry);

#endif
