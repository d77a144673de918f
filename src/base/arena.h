/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory for many small things that end together. It knows its maximum from birth; nothing in it is freed by itself.
 */
#ifndef PAT_BASE_ARENA_H
#define PAT_BASE_ARENA_H

#include "base/base.h"

struct pat_arena_chunk;

/* Memory the caller holds. Not shared between threads. */
struct pat_arena {
	struct pat_arena_chunk *last;
	size_t bytes;
	size_t bytes_max;
};

void pat_arena_init(struct pat_arena *arena, size_t bytes_max);

/* Frees everything; accepts a zeroed struct. */
void pat_arena_done(struct pat_arena *arena);

/* `n` zeroed things of that size, aligned for anything; NULL when memory or the maximum is used up. */
void *pat_arena_take(struct pat_arena *arena, size_t n, size_t size) PAT_MUST_USE;

/* A copy with a NUL behind it, or NULL. */
char *pat_arena_text(struct pat_arena *arena, const char *text, size_t len) PAT_MUST_USE;

#endif
