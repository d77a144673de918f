/* SPDX-License-Identifier: Apache-2.0
 *
 * Interning. A record is complete before any slot refers to it, so readers need no care with it.
 */
#include "index/intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "token/scopes.h"

#define OWNER_TEXT_MAX 768

void pat_intern_init(struct pat_intern *intern, struct pat_index_header *header, int fd)
{
	uint8_t *base = (uint8_t *)header;

	*intern = (struct pat_intern){
		.header = header,
		.heap = { fd, base + header->heap_at, header->heap_at, header->heap_bytes, 8, 0 },
		.scopes = (struct pat_scope_name *)(void *)(base + header->scopes_at),
	};
}

void pat_intern_done(struct pat_intern *intern)
{
	free(intern->grants.refs);
	free(intern->owners.refs);
	intern->grants = (struct pat_intern_table){ 0 };
	intern->owners = (struct pat_intern_table){ 0 };
}

/* The text of a record; grants and owners differ in what stands before it. */
typedef const char *text_fn(const struct pat_intern *intern, uint32_t ref, size_t *ret_len);

static const char *owner_text(const struct pat_intern *intern, uint32_t ref, size_t *ret_len)
{
	const struct pat_owner *o = (const struct pat_owner *)(const void *)(intern->heap.base + (uint64_t)ref * 8);

	*ret_len = o->text_len;
	return o->text;
}

static const char *grant_text(const struct pat_intern *intern, uint32_t ref, size_t *ret_len)
{
	const struct pat_grant *g = (const struct pat_grant *)(const void *)(intern->heap.base + (uint64_t)ref * 8);

	*ret_len = g->text_len;
	return (const char *)(g->bits + g->words);
}

/* FNV-1a, 64 bits. */
static uint64_t hash_text(const char *text, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)text[i]) * 0x100000001b3u;
	return h ^ h >> 32;
}

/* The place of a text in the table: its reference, or the 0 where it belongs. */
static uint32_t *table_place(const struct pat_intern *intern, const struct pat_intern_table *t, text_fn *text_of,
			     const char *text, size_t len)
{
	for (size_t i = hash_text(text, len) & (t->cap - 1);; i = (i + 1) & (t->cap - 1)) {
		size_t there_len = 0;

		if (t->refs[i] == 0)
			return &t->refs[i];
		const char *there = text_of(intern, t->refs[i], &there_len);
		if (there_len == len && memcmp(there, text, len) == 0)
			return &t->refs[i];
	}
}

static int table_make_room(const struct pat_intern *intern, struct pat_intern_table *t, text_fn *text_of)
{
	if ((t->len + 1) * 4 <= t->cap * 3)
		return 0;
	struct pat_intern_table grown = { .cap = t->cap ? 2 * t->cap : 64, .len = t->len };
	grown.refs = calloc(grown.cap, sizeof(*grown.refs));
	if (!grown.refs)
		return -ENOMEM;
	for (size_t i = 0; i < t->cap; i++) {
		size_t len = 0;

		if (t->refs[i] == 0)
			continue;
		const char *text = text_of(intern, t->refs[i], &len);
		*table_place(intern, &grown, text_of, text, len) = t->refs[i];
	}
	free(t->refs);
	*t = grown;
	return 0;
}

static int heap_take(struct pat_intern *intern, size_t bytes, uint32_t *ret_ref)
{
	uint64_t at = 0;
	int r = pat_area_take(&intern->heap, bytes, 8, &at);

	if (r < 0)
		return r;
	*ret_ref = (uint32_t)(at / 8);
	atomic_store_explicit(&intern->header->heap_used, intern->heap.used, memory_order_relaxed);
	return 0;
}

/* The number of a scope name, given out on first sight. */
static int scope_number(struct pat_intern *intern, const char *name, size_t len, uint64_t *ret)
{
	uint64_t n = atomic_load_explicit(&intern->header->scope_count, memory_order_relaxed);

	for (uint64_t i = 0; i < n; i++) {
		if (intern->scopes[i].len == len && memcmp(intern->scopes[i].text, name, len) == 0) {
			*ret = i;
			return 0;
		}
	}
	if (n >= PAT_SCOPE_NUMBERS_MAX)
		return -ENOSPC;
	memcpy(intern->scopes[n].text, name, len); /* UNSAFE: a canonical name is bounded */
	intern->scopes[n].len = (uint16_t)len;
	atomic_store_explicit(&intern->header->scope_count, n + 1, memory_order_release);
	*ret = n;
	return 0;
}

static int grant_store(struct pat_intern *intern, const char *text, size_t len, uint32_t *ret)
{
	uint64_t bits[PAT_SCOPE_NUMBERS_MAX / 64] = { 0 };
	const char *cursor = text;
	const char *name = NULL;
	size_t name_len = 0;
	uint64_t words = 0;

	while (pat_scopes_next(&cursor, &name, &name_len)) {
		uint64_t n = 0;
		int r = scope_number(intern, name, name_len, &n);

		if (r < 0)
			return r;
		bits[n / 64] |= (uint64_t)1 << (n % 64);
		if (n / 64 >= words)
			words = n / 64 + 1;
	}
	int r = heap_take(intern, sizeof(struct pat_grant) + words * 8 + len, ret);
	if (r < 0)
		return r;
	struct pat_grant *g = (struct pat_grant *)(void *)(intern->heap.base + (uint64_t)*ret * 8);
	g->text_len = (uint32_t)len;
	g->words = (uint32_t)words;
	memcpy(g->bits, bits, words * 8);      /* UNSAFE: taken above */
	memcpy(g->bits + words, text, len); /* UNSAFE: taken above */
	return 0;
}

int pat_intern_grant(struct pat_intern *intern, const char *scopes, uint32_t *ret)
{
	size_t len = strlen(scopes);
	int r = table_make_room(intern, &intern->grants, grant_text);

	if (r < 0)
		return r;
	uint32_t *place = table_place(intern, &intern->grants, grant_text, scopes, len);
	if (*place == 0) {
		uint32_t ref = 0;

		if (pat_scopes_check(scopes) != 0)
			return -EINVAL;
		r = grant_store(intern, scopes, len, &ref);
		if (r < 0)
			return r;
		*place = ref;
		intern->grants.len++;
	}
	*ret = *place;
	return 0;
}

/* Percent-encodes what is not visible ASCII, so that the text can be a header's value as it is. */
static int owner_encode(const char *owner, char out[static OWNER_TEXT_MAX], size_t *ret_len)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t len = 0;

	for (; *owner; owner++) {
		unsigned char c = (unsigned char)*owner;

		if (len + 3 > OWNER_TEXT_MAX)
			return -EINVAL;
		if (c > 0x20 && c < 0x7f && c != '%') {
			out[len++] = (char)c;
			continue;
		}
		out[len++] = '%';
		out[len++] = digits[c >> 4];
		out[len++] = digits[c & 15];
	}
	*ret_len = len;
	return len > 0 ? 0 : -EINVAL;
}

int pat_intern_owner(struct pat_intern *intern, const char *owner, uint32_t *ret)
{
	char text[OWNER_TEXT_MAX];
	size_t len = 0;
	int r = owner_encode(owner, text, &len);

	if (r == 0)
		r = table_make_room(intern, &intern->owners, owner_text);
	if (r < 0)
		return r;
	uint32_t *place = table_place(intern, &intern->owners, owner_text, text, len);
	if (*place == 0) {
		uint32_t ref = 0;

		r = heap_take(intern, sizeof(struct pat_owner) + len, &ref);
		if (r < 0)
			return r;
		struct pat_owner *o = (struct pat_owner *)(void *)(intern->heap.base + (uint64_t)ref * 8);
		o->text_len = (uint32_t)len;
		memcpy(o->text, text, len); /* UNSAFE: taken above */
		*place = ref;
		intern->owners.len++;
	}
	*ret = *place;
	return 0;
}
