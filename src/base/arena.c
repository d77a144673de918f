/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES (64u * 1024)
#define ALIGN       16u

struct pat_arena_chunk {
	struct pat_arena_chunk *before;
	size_t used;
	size_t cap;
	size_t unused; /* keeps what follows aligned */
	uint8_t bytes[];
};

void pat_arena_init(struct pat_arena *arena, size_t bytes_max)
{
	*arena = (struct pat_arena){ .bytes_max = bytes_max };
}

void pat_arena_done(struct pat_arena *arena)
{
	while (arena->last) {
		struct pat_arena_chunk *chunk = arena->last;

		arena->last = chunk->before;
		free(chunk);
	}
	*arena = (struct pat_arena){ 0 };
}

static bool grow(struct pat_arena *arena, size_t bytes)
{
	size_t cap = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;

	if (cap > arena->bytes_max - arena->bytes)
		return false;
	struct pat_arena_chunk *chunk = calloc(1, sizeof(*chunk) + cap);
	if (!chunk)
		return false;
	chunk->before = arena->last;
	chunk->cap = cap;
	arena->last = chunk;
	arena->bytes += cap;
	return true;
}

void *pat_arena_take(struct pat_arena *arena, size_t n, size_t size)
{
	size_t bytes = 0;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > arena->bytes_max)
		return NULL;
	bytes = (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!arena->last || bytes > arena->last->cap - arena->last->used)
		if (!grow(arena, bytes))
			return NULL;
	void *at = arena->last->bytes + arena->last->used;
	arena->last->used += bytes;
	return at;
}

char *pat_arena_text(struct pat_arena *arena, const char *text, size_t len)
{
	char *copy = pat_arena_take(arena, len + 1, 1);

	if (copy && len > 0)
		memcpy(copy, text, len); /* UNSAFE: taken above */
	return copy;
}
