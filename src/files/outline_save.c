/* SPDX-License-Identifier: Apache-2.0
 *
 * An outline as bytes:
 *
 *   "PATO", version 1, CRC-32 of what follows (4 bytes, the lowest first), the hash's key (16 bytes), numbers
 *
 * A number is seven bits a byte, the lowest first, the highest bit set in all but the last; hashes are four bytes. Offsets
 * count from what is around them or before them, so they are small, and what leads outside can not be written: each number
 * has a maximum that follows from those before it, and parents, depths and subtrees are not kept but follow from the
 * numbers of children.
 *
 * The checksum finds accidents. Bytes that somebody made up, checksum and all, describe some outline within the text's
 * bounds: nothing can be read beside it, but what is then cut out of the text need not be JSON.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "files/outline_parts.h"

#define MAGIC      "PATO\x01"
#define HEAD_BYTES 9 /* with the checksum */

/* The least that each takes; nobody makes us ask for much more memory than he sends bytes. */
#define NODE_BYTES_MIN      12
#define ENTRY_BYTES_MIN     8
#define REFERENCE_BYTES_MIN 3
#define OMISSION_BYTES_MIN  2

/* ---- Writing. */

struct writer {
	struct pat_buf *out;
	uint8_t bytes[64]; /* a few numbers that are added together */
	size_t len;
};

static void flush(struct writer *w)
{
	(void)pat_buf_add(w->out, w->bytes, w->len);
	w->len = 0;
}

static void put(struct writer *w, uint32_t number)
{
	if (w->len > sizeof(w->bytes) - 5)
		flush(w);
	for (; number >= 0x80; number >>= 7)
		w->bytes[w->len++] = (uint8_t)(number | 0x80);
	w->bytes[w->len++] = (uint8_t)number;
}

static void put_hash(struct writer *w, uint32_t hash)
{
	if (w->len > sizeof(w->bytes) - 4)
		flush(w);
	for (unsigned shift = 0; shift < 32; shift += 8)
		w->bytes[w->len++] = (uint8_t)(hash >> shift);
}

static void put_range(struct writer *w, struct pat_range range, uint32_t from)
{
	put(w, range.at - from);
	put(w, range.len);
}

static uint32_t end_of(struct pat_range range)
{
	return range.at + range.len;
}

/* The hashes in the order of the numbers. -ENOMEM. */
static int hashes_of(const uint64_t *keys, uint32_t n, uint32_t **ret)
{
	uint32_t *hashes = calloc((size_t)n + 1, sizeof(*hashes));

	if (!hashes)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		hashes[(uint32_t)keys[i]] = (uint32_t)(keys[i] >> 32);
	*ret = hashes;
	return 0;
}

/* `from` is where the node may begin. */
static void put_node(struct writer *w, const struct pat_node *n, uint32_t hash, uint32_t from)
{
	put_range(w, n->whole, from);
	put(w, n->children.len);
	if (n->children.len > 0) {
		put(w, n->children.at - n->whole.at);
		put(w, n->n_children);
	}
	put_range(w, n->id, n->whole.at);
	put_range(w, n->name, n->whole.at);
	put(w, (uint32_t)n->type << 1 | (n->flags & PAT_NODE_HIDDEN));
	put_hash(w, hash);
}

static int put_nodes(struct writer *w, const struct pat_outline *outline)
{
	pat_cleanup(pat_freep) uint32_t *hashes = NULL;
	uint32_t begins[PAT_NODE_DEPTH_MAX + 2] = { 0 }; /* where the next one of a depth may */
	int r = hashes_of(outline->by_id[PAT_OUTLINE_NODES], outline->n_nodes, &hashes);

	if (r < 0)
		return r;
	put(w, outline->n_nodes);
	for (uint32_t i = 0; i < outline->n_nodes; i++) {
		const struct pat_node *n = &outline->nodes[i];

		put_node(w, n, hashes[i], begins[n->depth]);
		begins[n->depth] = end_of(n->whole);
		begins[n->depth + 1] = n->children.at + 1;
	}
	return 0;
}

static int put_table(struct writer *w, const struct pat_outline *outline, unsigned table)
{
	pat_cleanup(pat_freep) uint32_t *hashes = NULL;
	uint32_t n = outline->n_entries[table];
	uint32_t from = outline->tables[table].at;
	int r = hashes_of(outline->by_id[table], n, &hashes);

	if (r < 0)
		return r;
	put_range(w, outline->tables[table], 0);
	put(w, n);
	for (uint32_t i = 0; i < n; i++) {
		const struct pat_entry_range *entry = &outline->entries[table][i];

		put_range(w, entry->id, from + 1);
		put_range(w, entry->value, end_of(entry->id));
		put_hash(w, hashes[i]);
		if (table == PAT_TABLE_COMPONENTS)
			put(w, entry->set + 1); /* none is 0 */
		from = end_of(entry->value);
	}
	return 0;
}

static void put_rest(struct writer *w, const struct pat_outline *outline)
{
	uint32_t from = 0;

	put(w, outline->n_omissions);
	for (uint32_t i = 0; i < outline->n_omissions; i++) {
		put_range(w, outline->omissions[i].range, from);
		from = end_of(outline->omissions[i].range);
	}
	from = 0;
	put(w, outline->n_references);
	for (uint32_t i = 0; i < outline->n_references; i++) {
		const struct pat_reference *reference = &outline->references[i];

		put(w, reference->node - from);
		put(w, reference->table);
		put(w, reference->entry);
		from = reference->node;
	}
}

int pat_outline_save(const struct pat_outline *outline, struct pat_buf *out)
{
	struct writer w = { .out = out };
	static const uint8_t no_checksum[4];
	size_t begin = out->len;

	(void)pat_buf_add_str(out, MAGIC);
	(void)pat_buf_add(out, no_checksum, sizeof(no_checksum));
	(void)pat_buf_add(out, outline->hash_key, sizeof(outline->hash_key));
	put(&w, outline->text_bytes);
	put_range(&w, outline->name, 0);
	put_range(&w, outline->editor_type, 0);
	put_range(&w, outline->schema_version, 0);
	int r = put_nodes(&w, outline);
	/* The sets first: components refer to them. */
	for (unsigned t = PAT_TABLES; t-- > 0 && r == 0;)
		r = put_table(&w, outline, t);
	if (r < 0)
		return r;
	put_rest(&w, outline);
	flush(&w);
	r = pat_buf_error(out);
	if (r < 0)
		return r;
	uint32_t sum = pat_crc32(out->data + begin + HEAD_BYTES, out->len - begin - HEAD_BYTES);
	for (unsigned i = 0; i < 4; i++)
		out->data[begin + HEAD_BYTES - 4 + i] = (char)(sum >> (8 * i));
	return 0;
}

/* ---- Reading. What is wrong is remembered, and all that is read from then on is 0. */

struct reader {
	const uint8_t *at;
	const uint8_t *end;
	bool wrong;
};

static uint32_t wrong(struct reader *r)
{
	r->wrong = true;
	r->at = r->end;
	return 0;
}

/* A number of [min, max]. */
static uint32_t take(struct reader *r, uint32_t min, uint32_t max)
{
	uint64_t number = 0;

	for (unsigned shift = 0; shift < 35; shift += 7) {
		if (r->at == r->end)
			return wrong(r);
		uint8_t byte = *r->at++;
		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return number >= min && number <= max ? (uint32_t)number : wrong(r);
	}
	return wrong(r);
}

static uint32_t take_hash(struct reader *r)
{
	uint32_t hash = 0;

	if (r->end - r->at < 4)
		return wrong(r);
	for (unsigned shift = 0; shift < 32; shift += 8)
		hash |= (uint32_t)*r->at++ << shift;
	return hash;
}

/* A range within [from, to), at least `min` long. */
static struct pat_range take_range(struct reader *r, uint32_t from, uint32_t to, uint32_t min)
{
	struct pat_range range = { .at = from };

	if (from > to)
		(void)wrong(r);
	range.at += take(r, 0, to - from);

	range.len = take(r, min, to - range.at);
	return range;
}

/* How many follow, each at least `bytes_min` long. */
static uint32_t take_count(struct reader *r, uint32_t max, size_t bytes_min)
{
	uint32_t n = take(r, 0, max);

	return n <= (size_t)(r->end - r->at) / bytes_min ? n : wrong(r);
}

/* A node whose children come, or the text, whose one child is the document. */
struct around {
	uint32_t node;
	uint32_t from; /* where the next child may begin */
	uint32_t to;   /* where it must have ended */
	uint32_t left; /* children to come */
};

struct nest {
	struct around around[PAT_NODE_DEPTH_MAX + 2];
	unsigned depth; /* of the next node */
};

static bool type_fits(uint32_t type, unsigned depth)
{
	return type < PAT_NODE_TYPES && (depth == 0) == (type == PAT_NODE_DOCUMENT) &&
	       (depth == 1) == (type == PAT_NODE_CANVAS);
}

static void take_node(struct reader *r, const struct around *a, unsigned depth,
                      struct pat_node *ret, uint64_t *ret_hash)
{
	struct pat_range whole = take_range(r, a->from, a->to, 2);
	uint32_t last = end_of(whole) - 1; /* the brace */
	struct pat_node n = { .whole = whole, .parent = a->node, .depth = (uint16_t)depth };

	n.children.len = take(r, 0, whole.len);
	if (n.children.len > 0) {
		n.children.at = whole.at + take(r, 1, whole.len - 1);
		n.n_children = take(r, 0, PAT_NODES_MAX);
		if (n.children.len < 2 || n.children.len > last - n.children.at)
			(void)wrong(r);
	}
	n.id = take_range(r, whole.at, last, 1);
	n.name = take_range(r, whole.at, last, 0);
	uint32_t type = take(r, 0, 2 * PAT_NODE_TYPES);
	n.type = (uint16_t)(type >> 1);
	n.flags = type & PAT_NODE_HIDDEN;
	*ret_hash = take_hash(r);
	if (n.id.len > PAT_NODE_ID_MAX || !type_fits(n.type, depth) || r->wrong)
		(void)wrong(r);
	*ret = n;
}

/* Nodes with all their children are left behind: their subtrees end before `node`. */
static void leave(struct nest *nest, struct pat_outline *outline, uint32_t node)
{
	while (nest->depth > 0 && nest->around[nest->depth].left == 0) {
		uint32_t whose = nest->around[nest->depth--].node;

		outline->nodes[whose].subtree = node - whose;
	}
}

static void enter(struct nest *nest, uint32_t node, const struct pat_node *n)
{
	struct around *parent = &nest->around[nest->depth];

	parent->left--;
	parent->from = end_of(n->whole);
	nest->around[++nest->depth] = (struct around){
		.node = node,
		.from = n->children.at + 1,
		.to = n->children.at + n->children.len - 1,
		.left = n->n_children,
	};
}

static int take_nodes(struct reader *r, struct pat_outline *outline)
{
	struct nest nest = { .around[0] = { PAT_NO_NODE, 0, outline->text_bytes, 1 } };
	uint32_t n = take_count(r, PAT_NODES_MAX, NODE_BYTES_MIN);
	uint64_t *keys = calloc((size_t)n + 1, sizeof(*keys));

	outline->by_id[PAT_OUTLINE_NODES] = keys;
	outline->nodes = calloc((size_t)n + 1, sizeof(*outline->nodes));
	if (!outline->nodes || !keys)
		return -ENOMEM;
	for (uint32_t i = 0; i < n && !r->wrong; i++) {
		uint64_t hash = 0;

		leave(&nest, outline, i);
		if (nest.around[nest.depth].left == 0 || nest.depth > PAT_NODE_DEPTH_MAX)
			return -EINVAL;
		take_node(r, &nest.around[nest.depth], nest.depth, &outline->nodes[i], &hash);
		keys[i] = pat_outline_key(hash, i);
		enter(&nest, i, &outline->nodes[i]);
	}
	leave(&nest, outline, n);
	outline->n_nodes = n;
	if (n == 0 || nest.depth > 0 || r->wrong)
		return -EINVAL;
	return pat_outline_sort(keys, n);
}

static int take_table(struct reader *r, struct pat_outline *outline, unsigned table)
{
	struct pat_range whole = take_range(r, 0, outline->text_bytes, 0);
	uint32_t n = take_count(r, PAT_ENTRIES_MAX, ENTRY_BYTES_MIN);
	uint64_t *keys = calloc((size_t)n + 1, sizeof(*keys));
	struct pat_entry_range *entries = calloc((size_t)n + 1, sizeof(*entries));
	uint32_t from = whole.at;

	outline->by_id[table] = keys;
	outline->entries[table] = entries;
	if (!keys || !entries)
		return -ENOMEM;
	for (uint32_t i = 0; i < n && !r->wrong; i++) {
		struct pat_range id =
			take_range(r, from + 1, end_of(whole), 1); /* a quote before it */
		struct pat_range value = take_range(r, end_of(id), end_of(whole), 2);

		keys[i] = pat_outline_key(take_hash(r), i);
		if (id.len > PAT_NODE_ID_MAX)
			(void)wrong(r);
		entries[i] =
			(struct pat_entry_range){ .id = id, .value = value, .set = PAT_NO_NODE };
		if (table == PAT_TABLE_COMPONENTS)
			entries[i].set =
				take(r, 0, outline->n_entries[PAT_TABLE_COMPONENT_SETS]) - 1;
		from = end_of(value);
	}
	outline->tables[table] = whole;
	outline->n_entries[table] = n;
	return r->wrong ? -EINVAL : pat_outline_sort(keys, n);
}

static int take_omissions(struct reader *r, struct pat_outline *outline)
{
	uint32_t n = take_count(r, 4 * PAT_NODES_MAX, OMISSION_BYTES_MIN);
	uint32_t from = 0;

	outline->omissions = calloc((size_t)n + 1, sizeof(*outline->omissions));
	if (!outline->omissions)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		outline->omissions[i].range = take_range(r, from, outline->text_bytes, 1);
		from = end_of(outline->omissions[i].range);
	}
	outline->n_omissions = n;
	return 0;
}

static int take_references(struct reader *r, struct pat_outline *outline)
{
	uint32_t n = take_count(r, PAT_REFERENCES_MAX, REFERENCE_BYTES_MIN);
	uint32_t from = 0;

	outline->references = calloc((size_t)n + 1, sizeof(*outline->references));
	if (!outline->references)
		return -ENOMEM;
	for (uint32_t i = 0; i < n && !r->wrong; i++) {
		struct pat_reference *reference = &outline->references[i];

		reference->node = from + take(r, 0, outline->n_nodes - 1 - from);
		reference->table = take(r, 0, PAT_TABLES - 1);
		reference->entry = take(r, 0, PAT_ENTRIES_MAX);
		if (reference->entry >= outline->n_entries[reference->table])
			(void)wrong(r);
		from = reference->node;
	}
	outline->n_references = n;
	return 0;
}

static int take_outline(struct reader *r, struct pat_outline *outline)
{
	outline->text_bytes = take(r, 0, PAT_DOCUMENT_BYTES_MAX);
	outline->name = take_range(r, 0, outline->text_bytes, 0);
	outline->editor_type = take_range(r, 0, outline->text_bytes, 0);
	outline->schema_version = take_range(r, 0, outline->text_bytes, 0);
	int result = take_nodes(r, outline);
	for (unsigned t = PAT_TABLES; t-- > 0 && result == 0;)
		result = take_table(r, outline, t);
	if (result == 0)
		result = take_omissions(r, outline);
	if (result == 0)
		result = take_references(r, outline);
	if (result == 0 && (r->wrong || r->at != r->end))
		return -EINVAL;
	return result;
}

int pat_outline_load(const void *bytes, size_t len, struct pat_outline *ret)
{
	const uint8_t *b = bytes;
	struct pat_outline outline = { 0 };
	uint32_t sum = 0;

	if (len < HEAD_BYTES + sizeof(outline.hash_key) || memcmp(b, MAGIC, strlen(MAGIC)) != 0)
		return -EINVAL;
	for (unsigned i = 0; i < 4; i++)
		sum |= (uint32_t)b[HEAD_BYTES - 4 + i] << (8 * i);
	if (sum != pat_crc32(b + HEAD_BYTES, len - HEAD_BYTES))
		return -EINVAL;
	memcpy(outline.hash_key, b + HEAD_BYTES, sizeof(outline.hash_key)); /* UNSAFE: fixed size */
	struct reader r = { .at = b + HEAD_BYTES + sizeof(outline.hash_key), .end = b + len };
	int result = take_outline(&r, &outline);
	if (result != 0) {
		pat_outline_done(&outline);
		return result;
	}
	*ret = outline;
	return 0;
}
