/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the outliner, for its own files: outline_build.c (the envelope, and what all share), outline_node.c (nodes,
 * and what is left out of them), outline_table.c (tables, and references to them). Nobody else includes it.
 */
#ifndef PAT_FILES_OUTLINE_BUILD_H
#define PAT_FILES_OUTLINE_BUILD_H

#include <assert.h>

#include "files/outline_parts.h"

#define NONE UINT32_MAX

enum place {
	BEFORE, /* all */
	ENVELOPE,
	TABLE,
	ENTRY,
	NODE,
	CHILDREN,
	STYLES, /* of a node */
	BEHIND, /* the envelope */
};

/* The members that are read; the others are OTHER. */
enum member {
	OTHER,
	ID,
	TYPE,
	NAME,
	NODES, /* the children */
	VISIBLE,
	COMPONENT_ID,
	NODE_STYLES,
	FILL_GEOMETRY,
	STROKE_GEOMETRY,
	SIZE,
	RELATIVE_TRANSFORM,
	DOCUMENT,
	COMPONENTS,
	COMPONENT_SETS,
	STYLES_TABLE,
	FILE_NAME,
	EDITOR_TYPE,
	SCHEMA_VERSION,
	COMPONENT_SET_ID,
};

static_assert(COMPONENTS + PAT_TABLE_STYLES == STYLES_TABLE, "tables are members in their order");

struct pat_outliner_where {
	uint64_t line;
	uint64_t column;
};

/* A node that is being read. */
struct pat_outliner_frame {
	uint32_t node;
	uint32_t seen;      /* a bit a member */
	uint32_t value_end; /* of the member before; of the opening brace */
	uint32_t omit_at;   /* the first key of what is being left out; NONE: nothing is */
	uint32_t omit_from; /* the end of the value before that key */
	struct pat_outliner_where where; /* it begins */
	char id[PAT_NODE_ID_MAX + 1];    /* "" until it is read */
};

/* Hashes that were seen: a table with open addressing, its size a power of two; 0 is free. */
struct pat_outliner_hashes {
	uint64_t *slots;
	size_t n;
	size_t size;
};

/* The hashes of an entry's id and of its set's (0: none), until all is read. */
struct pat_outliner_entry {
	uint64_t id;
	uint64_t set;
};

struct pat_outliner {
	struct pat_scan scan;
	struct pat_outline outline;
	uint64_t *keys; /* of the nodes, as in by_id, in the order of the nodes */
	struct pat_outliner_entry *entry_hashes[PAT_TABLES];
	struct pat_outliner_hashes ids;
	uint32_t nodes_cap;
	uint32_t keys_cap;
	uint32_t omissions_cap;
	uint32_t references_cap;
	uint32_t entries_cap[PAT_TABLES];
	uint32_t entry_hashes_cap[PAT_TABLES];
	struct pat_buf *why;
	enum place place;
	enum member member; /* whose value comes */
	uint32_t seen;      /* of the envelope's members, a bit each */
	uint32_t entry_seen;
	enum pat_outline_table table;
	bool passing_over; /* an object or array, until its end at `passing_depth` */
	unsigned passing_depth;
	uint32_t n_frames;
	struct pat_outliner_frame frames[PAT_NODE_DEPTH_MAX + 1];
};

static inline struct pat_outliner_where where_is(const struct pat_outliner *o,
                                                 const struct pat_scan_token *t)
{
	struct pat_outliner_where where;

	pat_scan_where(&o->scan, t, &where.line, &where.column);
	return where;
}

static inline struct pat_outliner_frame *innermost(struct pat_outliner *o)
{
	return &o->frames[o->n_frames - 1];
}

static inline struct pat_node *innermost_node(struct pat_outliner *o)
{
	return &o->outline.nodes[innermost(o)->node];
}

/* Offsets fit: the text is bounded. */
static inline struct pat_range between_quotes(const struct pat_scan_token *t)
{
	return (struct pat_range){ (uint32_t)t->begin + 1, (uint32_t)(t->end - t->begin - 2) };
}

static inline uint32_t len_until(struct pat_range begun, const struct pat_scan_token *t)
{
	return (uint32_t)t->end - begun.at;
}

static inline bool has_escapes(const struct pat_scan_token *t)
{
	return t->end - t->begin - 2 != t->text_len;
}

static inline bool is_id(const struct pat_scan_token *t)
{
	if (t->text_len == 0 || t->text_len > PAT_NODE_ID_MAX || has_escapes(t))
		return false;
	for (size_t i = 0; i < t->text_len; i++)
		if (t->text[i] < 0x20 || t->text[i] > 0x7e)
			return false;
	return true;
}

static inline void value_ends(struct pat_outliner *o, const struct pat_scan_token *t)
{
	if (o->place == NODE)
		innermost(o)->value_end = (uint32_t)t->end;
}

/* ---- outline_build.c */

const char *pat_outliner_member_name(enum member member);

/* Writes where it is and why, and returns the outcome. */
PAT_PRINTF(4, 5)
int pat_outliner_refuse(struct pat_outliner *o, struct pat_outliner_where at, int outcome,
                        const char *format, ...) PAT_MUST_USE;
/* The value of the member should be something else. */
int pat_outliner_refuse_member(struct pat_outliner *o, const struct pat_scan_token *t,
                               const char *kind) PAT_MUST_USE;
int pat_outliner_too_large(struct pat_outliner *o, const struct pat_scan_token *t, const char *what,
                           uint32_t max) PAT_MUST_USE;

/* Room for one more in an array of `n` things of `size` bytes: -ENOMEM. */
int pat_outliner_make_room(void *pointer_to_array, uint32_t n, uint32_t *cap,
                           size_t size) PAT_MUST_USE;

/* Ids may not be repeated among the nodes, or within a table. */
int pat_outliner_add_id(struct pat_outliner *o, const struct pat_scan_token *t, unsigned kind,
                        uint64_t *ret_hash) PAT_MUST_USE;

/* A key: it becomes the member, and a bit of `seen`. */
int pat_outliner_key(struct pat_outliner *o, const struct pat_scan_token *t,
                     uint32_t *seen) PAT_MUST_USE;

/* A value that is not looked into. */
int pat_outliner_pass_over(struct pat_outliner *o, const struct pat_scan_token *t) PAT_MUST_USE;

/* ---- outline_node.c: what is read there. */

int pat_outliner_node_begins(struct pat_outliner *o, const struct pat_scan_token *t) PAT_MUST_USE;
int pat_outliner_in_node(struct pat_outliner *o, const struct pat_scan_token *t) PAT_MUST_USE;
int pat_outliner_in_children(struct pat_outliner *o, const struct pat_scan_token *t) PAT_MUST_USE;
int pat_outliner_in_styles(struct pat_outliner *o, const struct pat_scan_token *t) PAT_MUST_USE;

/* ---- outline_table.c: what is read there. */

int pat_outliner_table_begins(struct pat_outliner *o, const struct pat_scan_token *t) PAT_MUST_USE;
int pat_outliner_in_table(struct pat_outliner *o, const struct pat_scan_token *t) PAT_MUST_USE;
int pat_outliner_in_entry(struct pat_outliner *o, const struct pat_scan_token *t) PAT_MUST_USE;

/* The innermost node refers to an entry, which need not be there yet, or ever. */
int pat_outliner_add_reference(struct pat_outliner *o, const struct pat_scan_token *t,
                               enum pat_outline_table table, const char *id,
                               size_t len) PAT_MUST_USE;

/* All tables are read: orders their entries, and finds those that are referred to. -ENOMEM. */
int pat_outliner_resolve(struct pat_outliner *o) PAT_MUST_USE;

#endif
