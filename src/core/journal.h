/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal of revocations: an append-only file outside the store, so that a store put back from an older backup
 * does not bring a revoked token back. Every revocation is appended and fsynced before its call returns; at start
 * the journal is held against the store, and what it names is revoked again before anything is served.
 *
 * A line is "revoked TID SEQ TIME". A last line that a crash has torn is skipped; the store has that change anyway.
 */
#ifndef PAT_CORE_JOURNAL_H
#define PAT_CORE_JOURNAL_H

#include "base/err.h"
#include "token/token.h"

struct pat_journal;

/* Opens or creates the file (0600) and reads it. On failure `err` says why. */
int pat_journal_open(const char *path, struct pat_journal **ret, struct pat_err *err) PAT_MUST_USE;
void pat_journal_close(struct pat_journal *journal);
void pat_journal_closep(struct pat_journal **journal);

/* Whether the file named this token when it was opened. */
bool pat_journal_has(const struct pat_journal *journal,
                     const uint8_t digest[static PAT_DIGEST_BYTES]);

/* Notes a revocation; nothing is durable before pat_journal_sync. One thread. */
void pat_journal_note(struct pat_journal *journal, const uint8_t digest[static PAT_DIGEST_BYTES],
                      int64_t seq, int64_t now_s);

/* Of which history of the store it was noted last that nobody serves by an earlier one; "" where none was. */
#define PAT_HISTORY_BYTES 80
const char *pat_journal_history(const struct pat_journal *journal);
void pat_journal_history_note(struct pat_journal *journal, const char *history);

/* Appends what was noted. 0 or -errno: what could not be written is kept and tried again at the next call. */
int pat_journal_sync(struct pat_journal *journal) PAT_MUST_USE;

#endif
