/* SPDX-License-Identifier: Apache-2.0
 *
 * patd's side of the usage rings (ring.h): makes the file and takes uses out. One thread's.
 *
 * Verifiers write what is in it, and one of them may be taken over: whatever it says, this reads no more than the rings
 * hold, and gives out copies.
 */
#ifndef PAT_INDEX_DRAIN_H
#define PAT_INDEX_DRAIN_H

#include <sys/types.h>

#include "base/err.h"
#include "index/ring.h"

struct pat_drain;

/* Opens the rings in the index's directory, or makes them; what a run before left in them is still to be taken. */
int pat_drain_open(const char *index_directory, gid_t group, struct pat_drain **ret,
                   struct pat_err *err) PAT_MUST_USE;
/* Accepts NULL. The file stays. */
void pat_drain_close(struct pat_drain *drain);
/* Takes the file away: for the end of the whole product. */
void pat_drain_unlink(struct pat_drain *drain);

/* Hands out what is in the rings now, ring by ring, each in its order. Returns how many. `use` is a copy. */
typedef void pat_drain_fn(void *arg, const struct pat_ring_use *use);
size_t pat_drain_take(struct pat_drain *drain, pat_drain_fn *fn, void *arg);

/* How many uses were dropped since this was last asked: rings were full, or said what cannot be. */
uint64_t pat_drain_dropped(struct pat_drain *drain);

#endif
