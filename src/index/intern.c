/* SPDX-License-Identifier: Apache-2.0
 *
 * Interning. A record is complete before any slot refers to it, so readers need no care with it.
 */
#include "index/intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "index/map.h"
#include "token/scopes.h"

#define OWNER_TEXT_MAX 768

void pat_intern_init(struct pat_intern *intern, struct pat_index_header *header, int fd)
{
	uint8_t *base = (uint8_t *)header;

	*intern = (struct pat_intern){
		.header = header,
		.heap = { .fd = fd,
		          .base = base + header->heap_at,
		          .file_at = header->heap_at,
		          .bytes = header->heap_bytes,
		          .used = 8, /* reference 0 is none */
		          .reserved = PAT_MAP_HUGE_BYTES - header->heap_at,
		          .settled = base },
		.scopes = (struct pat_scope_name *)(void *)(base + header->scopes_at),
	};
}

static void set_done(struct pat_intern_set *set)
{
	for (size_t i = 0; i < PAT_INTERN_PARTS; i++)
		free(set->parts[i].entries);
	*set = (struct pat_intern_set){ 0 };
}

void pat_intern_done(struct pat_intern *intern)
{
	set_done(&intern->grants);
	set_done(&intern->owners);
}

/* The text of a record; grants and owners differ in what stands before it. */
typedef const char *text_fn(const struct pat_intern *intern, uint32_t ref, size_t *ret_len);

static const char *owner_text(const struct pat_intern *intern, uint32_t ref, size_t *ret_len)
{
	const struct pat_owner *o =
		(const struct pat_owner *)(const void *)(intern->heap.base + (uint64_t)ref * 8);

	*ret_len = o->text_len;
	return o->text;
}

static const char *grant_text(const struct pat_intern *intern, uint32_t ref, size_t *ret_len)
{
	const struct pat_grant *g =
		(const struct pat_grant *)(const void *)(intern->heap.base + (uint64_t)ref * 8);

	*ret_len = (size_t)g->text_len + 1 + g->limits_len;
	return pat_grant_text(g);
}

/* FNV-1a, 64 bits. */
static uint64_t hash_text(const char *text, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)text[i]) * 0x100000001b3u;
	return h ^ h >> 32;
}

/* A text looked for or to be put in: its table, and its place there once there is room. */
struct place {
	struct pat_intern_table *table;
	uint32_t hash;
	uint64_t *entry;
};

static uint32_t entry_ref(uint64_t entry)
{
	return (uint32_t)entry;
}

static uint64_t *entry_at(const struct pat_intern_table *t, uint32_t hash, size_t step)
{
	return &t->entries[(hash + step) & (t->cap - 1)];
}

static int table_make_room(struct pat_intern_table *t)
{
	if ((t->len + 1) * 4 <= t->cap * 3)
		return 0;
	struct pat_intern_table grown = { .cap = t->cap ? 2 * t->cap : 16, .len = t->len };
	grown.entries = calloc(grown.cap, sizeof(*grown.entries));
	if (!grown.entries)
		return -ENOMEM;
	for (size_t i = 0; i < t->cap; i++) {
		size_t step = 0;

		if (t->entries[i] == 0)
			continue;
		while (*entry_at(&grown, (uint32_t)(t->entries[i] >> 32), step) != 0)
			step++;
		*entry_at(&grown, (uint32_t)(t->entries[i] >> 32), step) = t->entries[i];
	}
	free(t->entries);
	*t = grown;
	return 0;
}

/* Finds where the text is, or where it belongs: there is room for it then. */
static int place_find(const struct pat_intern *intern, struct pat_intern_set *set, text_fn *text_of,
                      const char *text, size_t len, struct place *ret)
{
	uint64_t hash = hash_text(text, len);
	struct pat_intern_table *t = &set->parts[hash >> 56];

	int r = table_make_room(t);
	if (r < 0)
		return r;
	*ret = (struct place){ .table = t, .hash = (uint32_t)hash };
	for (size_t step = 0;; step++) {
		size_t there_len = 0;

		ret->entry = entry_at(t, ret->hash, step);
		if (*ret->entry == 0)
			return 0;
		if ((uint32_t)(*ret->entry >> 32) != ret->hash)
			continue;
		const char *there = text_of(intern, entry_ref(*ret->entry), &there_len);
		if (there_len == len && memcmp(there, text, len) == 0)
			return 0;
	}
}

static void place_take(struct place *place, uint32_t ref)
{
	*place->entry = (uint64_t)place->hash << 32 | ref;
	place->table->len++;
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
		if (intern->scopes[i].len == len &&
		    memcmp(intern->scopes[i].text, name, len) == 0) {
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

static int grant_store(struct pat_intern *intern, const char *scopes, const char *limits,
                       uint32_t *ret)
{
	uint64_t bits[PAT_SCOPE_NUMBERS_MAX / 64] = { 0 };
	const char *cursor = scopes;
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
	int r = heap_take(intern, pat_grant_bytes(scopes, limits, words), ret);
	if (r < 0)
		return r;
	pat_grant_write((struct pat_grant *)(void *)(intern->heap.base + (uint64_t)*ret * 8),
	                scopes, limits, bits, words);
	return 0;
}

int pat_intern_grant(struct pat_intern *intern, const char *scopes, const char *limits,
                     uint32_t *ret)
{
	char text[PAT_SCOPES_TEXT_BYTES_MAX + PAT_LIMITS_TEXT_BYTES_MAX + 2];
	struct place place;
	size_t scopes_len = strlen(scopes);
	size_t limits_len = strlen(limits);

	if (scopes_len > PAT_SCOPES_TEXT_BYTES_MAX || limits_len > PAT_LIMITS_TEXT_BYTES_MAX)
		return -EINVAL;
	/* NOLINTBEGIN(bugprone-not-null-terminated-result): a length goes with it */
	memcpy(text, scopes, scopes_len); /* UNSAFE: checked above */
	text[scopes_len] = '\n';
	memcpy(text + scopes_len + 1, limits, limits_len); /* UNSAFE: checked above */
	/* NOLINTEND(bugprone-not-null-terminated-result) */
	int r = place_find(intern, &intern->grants, grant_text, text, scopes_len + 1 + limits_len,
	                   &place);
	if (r < 0)
		return r;
	if (*place.entry == 0) {
		uint32_t ref = 0;

		if (pat_scopes_check(scopes) != 0 || pat_limits_check(limits) != 0)
			return -EINVAL;
		r = grant_store(intern, scopes, limits, &ref);
		if (r < 0)
			return r;
		place_take(&place, ref);
	}
	*ret = entry_ref(*place.entry);
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

static int owner_store(struct pat_intern *intern, const char *text, size_t len, uint32_t *ret)
{
	int r = heap_take(intern, sizeof(struct pat_owner) + len, ret);

	if (r < 0)
		return r;
	struct pat_owner *o = (struct pat_owner *)(void *)(intern->heap.base + (uint64_t)*ret * 8);
	o->text_len = (uint32_t)len;
	memcpy(o->text, text, len); /* UNSAFE: taken above */
	return 0;
}

/* Whether the text is a number as it would be printed, small enough to stand in a reference. */
static bool owner_number(const char *owner, uint32_t *ret)
{
	uint64_t n = 0;

	if (owner[0] == '\0' || (owner[0] == '0' && owner[1] != '\0'))
		return false;
	for (; *owner; owner++) {
		if (*owner < '0' || *owner > '9')
			return false;
		n = n * 10 + (uint64_t)(*owner - '0');
		if (n > PAT_REF_MAX)
			return false;
	}
	*ret = (uint32_t)n;
	return true;
}

int pat_intern_owner(struct pat_intern *intern, const char *owner, uint32_t *ret)
{
	char text[OWNER_TEXT_MAX];
	uint32_t number = 0;
	size_t len = 0;
	struct place place;

	if (owner_number(owner, &number)) {
		*ret = PAT_OWNER_NUMBER | number;
		return 0;
	}
	int r = owner_encode(owner, text, &len);
	if (r == 0)
		r = place_find(intern, &intern->owners, owner_text, text, len, &place);
	if (r != 0)
		return r;
	if (*place.entry == 0) {
		uint32_t ref = 0;

		r = owner_store(intern, text, len, &ref);
		if (r < 0)
			return r;
		place_take(&place, ref);
	}
	*ret = entry_ref(*place.entry);
	return 0;
}
