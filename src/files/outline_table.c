/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables beside the document, and the nodes' references to their entries. Tables may stand before or after the
 * document, so a reference is a hash until all is read.
 */
#include "files/outline_build.h"

#include <errno.h>
#include <stdlib.h>

/* ---- Reading tables. */

static int entry_begins(struct pat_outliner *o, const struct pat_scan_token *t)
{
	struct pat_outline *outline = &o->outline;
	enum pat_outline_table table = o->table;
	uint32_t n = outline->n_entries[table];
	uint32_t all = outline->n_entries[0] + outline->n_entries[1] + outline->n_entries[2];
	uint64_t hash = 0;

	if (all == PAT_ENTRIES_MAX)
		return pat_outliner_too_large(o, t, "components, sets and styles", PAT_ENTRIES_MAX);
	int r = pat_outliner_add_id(o, t, table, &hash);
	if (r == 0)
		r = pat_outliner_make_room(&outline->entries[table], n, &o->entries_cap[table],
		                           sizeof(*outline->entries[table]));
	if (r == 0)
		r = pat_outliner_make_room(&o->entry_hashes[table], n, &o->entry_hashes_cap[table],
		                           sizeof(*o->entry_hashes[table]));
	if (r != 0)
		return r;
	o->entry_hashes[table][n] = (struct pat_outliner_entry){ .id = hash };
	outline->entries[table][n] =
		(struct pat_entry_range){ .id = between_quotes(t), .set = PAT_NO_NODE };
	outline->n_entries[table]++;
	return 0;
}

int pat_outliner_in_table(struct pat_outliner *o, const struct pat_scan_token *t)
{
	struct pat_range *table = &o->outline.tables[o->table];
	uint32_t n = o->outline.n_entries[o->table];

	switch (t->kind) {
	case PAT_SCAN_KEY:
		return entry_begins(o, t);
	case PAT_SCAN_OBJECT:
		o->outline.entries[o->table][n - 1].value.at = (uint32_t)t->begin;
		o->entry_seen = 0;
		o->place = ENTRY;
		return 0;
	case PAT_SCAN_OBJECT_END:
		table->len = len_until(*table, t);
		o->place = ENVELOPE;
		return 0;
	default:
		return pat_outliner_refuse(o, where_is(o, t), PAT_OUTLINE_E_NOT_A_DOCUMENT,
		                           "the entries of \"%s\" must be objects",
		                           pat_outliner_member_name(COMPONENTS + o->table));
	}
}

int pat_outliner_in_entry(struct pat_outliner *o, const struct pat_scan_token *t)
{
	uint32_t entry = o->outline.n_entries[o->table] - 1;
	struct pat_range *value = &o->outline.entries[o->table][entry].value;

	if (t->kind == PAT_SCAN_KEY)
		return pat_outliner_key(o, t, &o->entry_seen);
	if (t->kind == PAT_SCAN_OBJECT_END) {
		value->len = len_until(*value, t);
		o->place = TABLE;
		return 0;
	}
	if (o->table == PAT_TABLE_COMPONENTS && o->member == COMPONENT_SET_ID &&
	    t->kind == PAT_SCAN_STRING && is_id(t))
		o->entry_hashes[o->table][entry].set = pat_outline_hash(
			&o->outline, PAT_TABLE_COMPONENT_SETS, t->text, t->text_len);
	return pat_outliner_pass_over(o, t);
}

int pat_outliner_table_begins(struct pat_outliner *o, const struct pat_scan_token *t)
{
	if (t->kind != PAT_SCAN_OBJECT)
		return pat_outliner_refuse_member(o, t, "an object");
	o->table = (enum pat_outline_table)(o->member - COMPONENTS);
	o->outline.tables[o->table].at = (uint32_t)t->begin;
	o->place = TABLE;
	return 0;
}

/* ---- References. */

/* What a reference has of a hash, until the end. */
#define REFERENCE_HASH (UINT64_MAX >> 2)
static_assert(PAT_TABLES <= 4, "the table of a reference takes two bits");

int pat_outliner_add_reference(struct pat_outliner *o, const struct pat_scan_token *t,
                               enum pat_outline_table table, const char *id, size_t len)
{
	struct pat_outline *outline = &o->outline;
	uint64_t hash = pat_outline_hash(outline, table, id, len) & REFERENCE_HASH;

	if (outline->n_references == PAT_REFERENCES_MAX)
		return pat_outliner_too_large(o, t, "references to components and styles",
		                              PAT_REFERENCES_MAX);
	int r = pat_outliner_make_room(&outline->references, outline->n_references,
	                               &o->references_cap, sizeof(*outline->references));
	if (r < 0)
		return r;
	outline->references[outline->n_references++] =
		(struct pat_reference){ .node = innermost(o)->node,
		                        .table = (uint32_t)(hash >> 32) << 2 | table,
		                        .entry = (uint32_t)hash };
	return 0;
}

/* The entry of a hash, of which a reference has 62 bits. */
static uint32_t entry_of(const struct pat_outliner *o, unsigned table, uint64_t hash)
{
	const uint64_t *keys = o->outline.by_id[table];
	uint32_t n = o->outline.n_entries[table];
	uint64_t first = pat_outline_key(hash, 0);

	for (uint32_t i = pat_outline_place(keys, n, first); i < n && keys[i] >> 32 == first >> 32;
	     i++) {
		uint32_t entry = (uint32_t)keys[i];

		if (((o->entry_hashes[table][entry].id ^ hash) & REFERENCE_HASH) == 0)
			return entry;
	}
	return PAT_NO_NODE;
}

static void resolve_sets(struct pat_outliner *o)
{
	for (uint32_t i = 0; i < o->outline.n_entries[PAT_TABLE_COMPONENTS]; i++) {
		uint64_t hash = o->entry_hashes[PAT_TABLE_COMPONENTS][i].set;

		if (hash != 0)
			o->outline.entries[PAT_TABLE_COMPONENTS][i].set =
				entry_of(o, PAT_TABLE_COMPONENT_SETS, hash);
	}
}

/* What refers to nothing is dropped. */
static void resolve_references(struct pat_outliner *o)
{
	struct pat_reference *references = o->outline.references;
	uint32_t n = 0;

	for (uint32_t i = 0; i < o->outline.n_references; i++) {
		struct pat_reference r = references[i];
		uint64_t hash = (uint64_t)(r.table >> 2) << 32 | r.entry;

		r.table &= 3;
		r.entry = entry_of(o, r.table, hash);
		if (r.entry != PAT_NO_NODE)
			references[n++] = r;
	}
	o->outline.n_references = n;
}

/* References came as they stood in the text, where a node's own may be behind its children's. Each is put where those of
 * its node belong, in exchange for what is there: no memory for a second array, and no comparing. */
static int order_references(struct pat_outliner *o)
{
	struct pat_reference *references = o->outline.references;
	uint32_t n_nodes = o->outline.n_nodes;
	pat_cleanup(pat_freep) uint32_t *next = calloc(2 * ((size_t)n_nodes + 1), sizeof(*next));
	uint32_t *end = next ? next + n_nodes + 1 : NULL;

	if (!next)
		return -ENOMEM;
	for (uint32_t i = 0; i < o->outline.n_references; i++)
		next[references[i].node + 1]++;
	for (uint32_t node = 0; node < n_nodes; node++) {
		next[node + 1] += next[node];
		end[node] = next[node + 1];
	}
	for (uint32_t node = 0; node < n_nodes; node++) {
		while (next[node] < end[node]) {
			struct pat_reference *here = &references[next[node]];
			struct pat_reference *there = &references[next[here->node]++];
			struct pat_reference moved = *here;

			*here = *there;
			*there = moved;
		}
	}
	return 0;
}

static int order_entries(struct pat_outliner *o, enum pat_outline_table table)
{
	uint32_t n = o->outline.n_entries[table];
	uint64_t *keys = calloc(n + 1, sizeof(*keys));

	if (!keys)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		keys[i] = pat_outline_key(o->entry_hashes[table][i].id, i);
	o->outline.by_id[table] = keys;
	return pat_outline_sort(keys, n);
}

int pat_outliner_resolve(struct pat_outliner *o)
{
	for (enum pat_outline_table t = 0; t < PAT_TABLES; t++) {
		int r = order_entries(o, t);

		if (r < 0)
			return r;
	}
	resolve_sets(o);
	resolve_references(o);
	return order_references(o);
}
