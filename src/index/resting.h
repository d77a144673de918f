/* SPDX-License-Identifier: Apache-2.0
 *
 * Slots of the index that were freed, oldest first. A slot rests before it is used again, so that a reader which found it
 * just before finds nobody else in it (layout.h). They are kept in blocks: however many rest, one more is never a copy of
 * them all. One thread at a time.
 */
#ifndef PAT_INDEX_RESTING_H
#define PAT_INDEX_RESTING_H

#include "base/base.h"

#define PAT_RESTING_S 30

/* Starts with {0}: none. */
struct pat_resting {
	struct pat_resting_block *first; /* the oldest is in it, at `head` */
	struct pat_resting_block *last;  /* the next goes there, at `tail` */
	size_t head, tail;
};

/* -ENOMEM, and nothing has changed. */
int pat_resting_push(struct pat_resting *resting, uint32_t slot);
/* The oldest, if it has rested. */
bool pat_resting_take(struct pat_resting *resting, uint32_t *ret_slot);
/* How many have rested; counts up to `most`. */
size_t pat_resting_ready(const struct pat_resting *resting, size_t most);
void pat_resting_done(struct pat_resting *resting);

#endif
