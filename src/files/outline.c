/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking an outline. Ids are found by their hash, and what has the hash is then held against the text.
 */
#include "files/outline.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "files/outline_parts.h"

static_assert(crypto_shorthash_KEYBYTES == 16, "the outline's key is SipHash's");

#define READ_BYTES 4096

/* ---- Types. */

#define TYPE(name)                     \
	{                              \
		name, sizeof(name) - 1 \
	}
static const struct {
	const char *name;
	size_t len;
} types[] = {
	[PAT_NODE_OTHER] = TYPE(""),
	[PAT_NODE_DOCUMENT] = TYPE("DOCUMENT"),
	[PAT_NODE_CANVAS] = TYPE("CANVAS"),
	[PAT_NODE_FRAME] = TYPE("FRAME"),
	[PAT_NODE_GROUP] = TYPE("GROUP"),
	[PAT_NODE_SECTION] = TYPE("SECTION"),
	[PAT_NODE_VECTOR] = TYPE("VECTOR"),
	[PAT_NODE_BOOLEAN_OPERATION] = TYPE("BOOLEAN_OPERATION"),
	[PAT_NODE_STAR] = TYPE("STAR"),
	[PAT_NODE_LINE] = TYPE("LINE"),
	[PAT_NODE_ELLIPSE] = TYPE("ELLIPSE"),
	[PAT_NODE_REGULAR_POLYGON] = TYPE("REGULAR_POLYGON"),
	[PAT_NODE_RECTANGLE] = TYPE("RECTANGLE"),
	[PAT_NODE_TEXT] = TYPE("TEXT"),
	[PAT_NODE_SLICE] = TYPE("SLICE"),
	[PAT_NODE_COMPONENT] = TYPE("COMPONENT"),
	[PAT_NODE_COMPONENT_SET] = TYPE("COMPONENT_SET"),
	[PAT_NODE_INSTANCE] = TYPE("INSTANCE"),
	[PAT_NODE_STICKY] = TYPE("STICKY"),
	[PAT_NODE_SHAPE_WITH_TEXT] = TYPE("SHAPE_WITH_TEXT"),
	[PAT_NODE_CONNECTOR] = TYPE("CONNECTOR"),
	[PAT_NODE_TABLE] = TYPE("TABLE"),
	[PAT_NODE_TABLE_CELL] = TYPE("TABLE_CELL"),
	[PAT_NODE_WIDGET] = TYPE("WIDGET"),
	[PAT_NODE_EMBED] = TYPE("EMBED"),
	[PAT_NODE_LINK_UNFURL] = TYPE("LINK_UNFURL"),
	[PAT_NODE_TEXT_PATH] = TYPE("TEXT_PATH"),
	[PAT_NODE_TRANSFORM_GROUP] = TYPE("TRANSFORM_GROUP"),
};
static_assert(PAT_ARRAY_LEN(types) == PAT_NODE_TYPES, "every type has its name");

const char *pat_node_type_name(enum pat_node_type type)
{
	return types[type].name;
}

enum pat_node_type pat_node_type_find(const char *name, size_t len)
{
	for (unsigned type = PAT_NODE_OTHER + 1; type < PAT_NODE_TYPES; type++)
		if (types[type].len == len && memcmp(types[type].name, name, len) == 0)
			return (enum pat_node_type)type;
	return PAT_NODE_OTHER;
}

/* ---- Numbers in the order of their ids' hashes. */

uint64_t pat_outline_hash(const struct pat_outline *outline, unsigned kind, const char *id,
                          size_t len)
{
	unsigned char text[1 + PAT_NODE_ID_MAX] = { (unsigned char)kind };
	unsigned char hash[crypto_shorthash_BYTES];
	uint64_t number;

	pat_assert(len <= PAT_NODE_ID_MAX);
	if (len > 0)
		memcpy(text + 1, id, len); /* UNSAFE: asserted above */
	(void)crypto_shorthash(hash, text, 1 + len, outline->hash_key);
	memcpy(&number, hash, sizeof(number)); /* UNSAFE: fixed size */
	return le64toh(number);
}

/* Byte by byte, from the lowest of the hash on; each turn keeps the order of the one before. Loading an outline should
 * not cost more than reading it. */
static void sort_by_hash(uint64_t *keys, uint64_t *space, size_t n)
{
	for (unsigned shift = 32; shift < 64; shift += 8) {
		size_t places[257] = { 0 };
		uint64_t *sorted = space;

		for (size_t i = 0; i < n; i++)
			places[(keys[i] >> shift & 0xff) + 1]++;
		for (size_t b = 1; b < 256; b++)
			places[b] += places[b - 1];
		for (size_t i = 0; i < n; i++)
			sorted[places[keys[i] >> shift & 0xff]++] = keys[i];
		space = keys;
		keys = sorted;
	}
}

int pat_outline_sort(uint64_t *keys, size_t n)
{
	pat_cleanup(pat_freep) uint64_t *space = calloc(n + 1, sizeof(*space));

	if (!space)
		return -ENOMEM;
	sort_by_hash(keys, space, n);
	return 0;
}

uint32_t pat_outline_place(const uint64_t *keys, uint32_t n, uint64_t key)
{
	uint32_t low = 0;

	for (uint32_t high = n; low < high;) {
		uint32_t middle = low + (high - low) / 2;

		if (keys[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void pat_outline_done(struct pat_outline *outline)
{
	free(outline->nodes);
	free(outline->omissions);
	free(outline->references);
	for (unsigned t = 0; t < PAT_TABLES; t++)
		free(outline->entries[t]);
	for (unsigned kind = 0; kind < PAT_ARRAY_LEN(outline->by_id); kind++)
		free(outline->by_id[kind]);
	*outline = (struct pat_outline){ 0 };
}

/* ---- Asking. */

/* 0, 1 when the text has another id there, or a fault. */
static int compare_id(const struct pat_text *text, struct pat_range at, const char *id, size_t len)
{
	char there[PAT_NODE_ID_MAX];

	if (at.len != len)
		return 1;
	int r = text->read(text->arg, at.at, there, at.len);
	return r != 0 ? r : memcmp(there, id, len) != 0;
}

static int find(const struct pat_outline *outline, const struct pat_text *text, unsigned kind,
                const char *id, size_t len, uint32_t *ret)
{
	bool is_node = kind == PAT_OUTLINE_NODES;
	uint32_t n = is_node ? outline->n_nodes : outline->n_entries[kind];
	const uint64_t *keys = outline->by_id[kind];

	*ret = PAT_NO_NODE;
	if (len == 0 || len > PAT_NODE_ID_MAX)
		return 0;
	uint64_t first = pat_outline_key(pat_outline_hash(outline, kind, id, len), 0);
	for (uint32_t i = pat_outline_place(keys, n, first); i < n && keys[i] >> 32 == first >> 32;
	     i++) {
		uint32_t number = (uint32_t)keys[i];
		int r = compare_id(text,
		                   is_node ? outline->nodes[number].id
		                           : outline->entries[kind][number].id,
		                   id, len);

		if (r == 0)
			*ret = number;
		if (r <= 0)
			return r;
	}
	return 0;
}

int pat_outline_find(const struct pat_outline *outline, const struct pat_text *text, const char *id,
                     size_t len, uint32_t *ret)
{
	return find(outline, text, PAT_OUTLINE_NODES, id, len, ret);
}

int pat_outline_entry(const struct pat_outline *outline, const struct pat_text *text,
                      enum pat_outline_table table, const char *id, size_t len, uint32_t *ret)
{
	return find(outline, text, table, id, len, ret);
}

uint32_t pat_outline_child(const struct pat_outline *outline, uint32_t node)
{
	return outline->nodes[node].n_children > 0 ? node + 1 : PAT_NO_NODE;
}

uint32_t pat_outline_next(const struct pat_outline *outline, uint32_t node)
{
	const struct pat_node *n = &outline->nodes[node];

	if (n->parent == PAT_NO_NODE)
		return PAT_NO_NODE;
	uint32_t next = node + n->subtree;
	return next < n->parent + outline->nodes[n->parent].subtree ? next : PAT_NO_NODE;
}

static int add_text(const struct pat_text *text, uint32_t from, uint32_t to, struct pat_buf *out)
{
	char bytes[READ_BYTES];
	int r = 0;

	for (uint32_t at = from; at < to && r == 0;) {
		uint32_t len = to - at < sizeof(bytes) ? to - at : (uint32_t)sizeof(bytes);

		r = text->read(text->arg, at, bytes, len);
		if (r == 0)
			r = pat_buf_add(out, bytes, len);
		at += len;
	}
	return r;
}

int pat_outline_own(const struct pat_outline *outline, const struct pat_text *text, uint32_t node,
                    struct pat_buf *out)
{
	const struct pat_node *n = &outline->nodes[node];
	uint32_t end = n->whole.at + n->whole.len;

	if (n->children.len == 0)
		return add_text(text, n->whole.at, end, out);
	int r = add_text(text, n->whole.at, n->children.at + 1, out);
	if (r == 0)
		r = add_text(text, n->children.at + n->children.len - 1, end, out);
	return r;
}
