/* SPDX-License-Identifier: Apache-2.0
 *
 * Records that changes tell of. A change points to its record, so that has to live until the listener has been told; an operation
 * with one token keeps it in itself, one with several keeps them here.
 */
#ifndef PAT_STORE_KEPT_H
#define PAT_STORE_KEPT_H

#include "token/record.h"

/* Zeroed: none. */
struct pat_kept {
	struct pat_record **list; /* owned, as is each */
	size_t n;
	size_t cap;
};

/* A copy that stays where it is until pat_kept_done(); NULL without memory. */
struct pat_record *pat_kept_add(struct pat_kept *kept, const struct pat_record *record);
void pat_kept_done(struct pat_kept *kept);

#endif
