/* SPDX-License-Identifier: Apache-2.0
 *
 * Copying a whole store into an empty one, of the same backend or another. Everything is copied: people, products' own and the links they come by, pictures, sessions,
 * where they signed in from, tokens of every state, idempotency keys, changes, audit records, products, services, and the
 * head.
 */
#ifndef PAT_STORE_COPY_H
#define PAT_STORE_COPY_H

#include "store/rows.h"

struct pat_copied {
	int64_t rows[PAT_ROWS_TABLES];
};

/* Copies `from` into `to` in one transaction: all of it or nothing. Every seal is checked on the way out, the audit chain is
 * walked in both, and then `to` is read again, its seals are checked, and its rows are compared with what was read.
 * With the reason in `err`: -ENOTEMPTY: `to` has something in it already; -EBADMSG: a row of `from` is not what patd
 * wrote. Nothing was copied then; of a copy that was made and could not be verified, or of which nobody knows whether it was
 * made, the reason says so. */
int pat_store_copy(struct pat_store *from, struct pat_store *to, const struct pat_row_key *key,
                   struct pat_copied *ret, struct pat_err *err) PAT_MUST_USE;

#endif
