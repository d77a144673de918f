/* SPDX-License-Identifier: Apache-2.0
 *
 * Nodes, as the outliner reads them, and the members that are served only when they are asked for.
 */
#include "files/outline_build.h"

#include <string.h>

/* ---- Leaving members out. A comma goes with each: the one behind it, or, of the last ones, the one before them. */

static int add_omission(struct pat_outliner *o, uint32_t from, uint32_t to)
{
	struct pat_outline *outline = &o->outline;
	int r = pat_outliner_make_room(&outline->omissions, outline->n_omissions, &o->omissions_cap,
	                               sizeof(*outline->omissions));

	if (r < 0)
		return r;
	outline->omissions[outline->n_omissions++] =
		(struct pat_omission){ { .at = from, .len = to - from } };
	return 0;
}

/* A key of the innermost node begins: it is left out, or what is being left out ends before it. */
static int omit_or_keep(struct pat_outliner *o, const struct pat_scan_token *key)
{
	struct pat_outliner_frame *f = innermost(o);
	uint32_t at = (uint32_t)key->begin;

	if (o->member >= FILL_GEOMETRY && o->member <= RELATIVE_TRANSFORM) {
		if (f->omit_at == NONE) {
			f->omit_at = at;
			f->omit_from = f->value_end;
		}
		return 0;
	}
	if (f->omit_at == NONE)
		return 0;
	uint32_t from = f->omit_at;
	f->omit_at = NONE;
	return add_omission(o, from, at);
}

/* ---- Nodes. */

int pat_outliner_node_begins(struct pat_outliner *o, const struct pat_scan_token *t)
{
	struct pat_outline *outline = &o->outline;
	uint32_t node = outline->n_nodes;
	uint32_t parent = PAT_NO_NODE;

	if (node == PAT_NODES_MAX)
		return pat_outliner_too_large(o, t, "nodes", PAT_NODES_MAX);
	if (o->n_frames > PAT_NODE_DEPTH_MAX)
		return pat_outliner_refuse(o, where_is(o, t), PAT_OUTLINE_E_TOO_LARGE,
		                           "nodes stand more than %u deep within each other",
		                           PAT_NODE_DEPTH_MAX);
	int r = pat_outliner_make_room(&outline->nodes, node, &o->nodes_cap,
	                               sizeof(*outline->nodes));
	if (r == 0)
		r = pat_outliner_make_room(&o->keys, node, &o->keys_cap, sizeof(*o->keys));
	if (r < 0)
		return r;
	if (o->n_frames > 0) {
		parent = innermost(o)->node;
		outline->nodes[parent].n_children++;
	}
	outline->nodes[node] = (struct pat_node){ .whole = { .at = (uint32_t)t->begin },
		                                  .parent = parent,
		                                  .depth = (uint16_t)o->n_frames };
	outline->n_nodes++;
	o->frames[o->n_frames++] = (struct pat_outliner_frame){ .node = node,
		                                                .value_end = (uint32_t)t->end,
		                                                .omit_at = NONE,
		                                                .where = where_is(o, t) };
	o->place = NODE;
	return 0;
}

/* What must be in every node. */
static int check_members(struct pat_outliner *o)
{
	const struct pat_outliner_frame *f = innermost(o);

	for (enum member m = ID; m <= NAME; m++) {
		if (f->seen >> m & 1)
			continue;
		return pat_outliner_refuse(o, f->where, PAT_OUTLINE_E_NOT_A_DOCUMENT,
		                           "the node%s%s has no \"%s\"", *f->id ? " " : "", f->id,
		                           pat_outliner_member_name(m));
	}
	return 0;
}

static int check_type(struct pat_outliner *o)
{
	const struct pat_outliner_frame *f = innermost(o);
	const struct pat_node *n = innermost_node(o);

	if (n->depth == 0 && n->type != PAT_NODE_DOCUMENT)
		return pat_outliner_refuse(o, f->where, PAT_OUTLINE_E_NOT_A_DOCUMENT,
		                           "the type of the document must be DOCUMENT");
	if (n->depth == 1 && n->type != PAT_NODE_CANVAS)
		return pat_outliner_refuse(
			o, f->where, PAT_OUTLINE_E_NOT_A_DOCUMENT,
			"the children of the document must be pages, and the type of %s is not CANVAS",
			f->id);
	if (n->depth > 1 && (n->type == PAT_NODE_DOCUMENT || n->type == PAT_NODE_CANVAS))
		return pat_outliner_refuse(o, f->where, PAT_OUTLINE_E_NOT_A_DOCUMENT,
		                           "the node %s has the type %s, but stands within a page",
		                           f->id, pat_node_type_name(n->type));
	return 0;
}

/* A component or set refers to its own entry. */
static int refer_to_own(struct pat_outliner *o, const struct pat_scan_token *t)
{
	const char *id = innermost(o)->id;
	unsigned type = innermost_node(o)->type;

	if (type == PAT_NODE_COMPONENT)
		return pat_outliner_add_reference(o, t, PAT_TABLE_COMPONENTS, id, strlen(id));
	if (type == PAT_NODE_COMPONENT_SET)
		return pat_outliner_add_reference(o, t, PAT_TABLE_COMPONENT_SETS, id, strlen(id));
	return 0;
}

static int node_ends(struct pat_outliner *o, const struct pat_scan_token *t)
{
	struct pat_outliner_frame *f = innermost(o);
	struct pat_node *n = innermost_node(o);
	int r = check_members(o);

	if (r == 0)
		r = check_type(o);
	if (r == 0)
		r = refer_to_own(o, t);
	if (r == 0 && f->omit_at != NONE)
		r = add_omission(o, f->omit_from, (uint32_t)t->begin);
	n->whole.len = len_until(n->whole, t);
	n->subtree = o->outline.n_nodes - f->node;
	o->n_frames--;
	o->place = o->n_frames > 0 ? CHILDREN : ENVELOPE;
	return r;
}

static int id_of_node(struct pat_outliner *o, const struct pat_scan_token *t)
{
	struct pat_outliner_frame *f = innermost(o);
	uint64_t hash = 0;
	int r = pat_outliner_add_id(o, t, PAT_OUTLINE_NODES, &hash);

	if (r != 0)
		return r;
	memcpy(f->id, t->text, t->text_len); /* UNSAFE: add_id knows its length */
	o->keys[f->node] = pat_outline_key(hash, f->node);
	innermost_node(o)->id = between_quotes(t);
	return 0;
}

/* The value of one of the members that must be texts. */
static int text_of_node(struct pat_outliner *o, const struct pat_scan_token *t)
{
	if (t->kind != PAT_SCAN_STRING)
		return pat_outliner_refuse_member(o, t, "a text");
	value_ends(o, t);
	if (o->member == ID)
		return id_of_node(o, t);
	if (o->member == TYPE)
		innermost_node(o)->type = (uint16_t)pat_node_type_find(t->text, t->text_len);
	else
		innermost_node(o)->name = between_quotes(t);
	return 0;
}

static int children_begin(struct pat_outliner *o, const struct pat_scan_token *t)
{
	if (t->kind != PAT_SCAN_ARRAY)
		return pat_outliner_refuse_member(o, t, "an array");
	innermost_node(o)->children.at = (uint32_t)t->begin;
	o->place = CHILDREN;
	return 0;
}

static int value_in_node(struct pat_outliner *o, const struct pat_scan_token *t)
{
	int r = 0;

	switch (o->member) {
	case ID:
	case TYPE:
	case NAME:
		return text_of_node(o, t);
	case NODES:
		return children_begin(o, t);
	case NODE_STYLES:
		if (t->kind != PAT_SCAN_OBJECT)
			break;
		o->place = STYLES;
		return 0;
	case VISIBLE:
		if (t->kind == PAT_SCAN_FALSE)
			innermost_node(o)->flags |= PAT_NODE_HIDDEN;
		break;
	case COMPONENT_ID:
		if (t->kind == PAT_SCAN_STRING && is_id(t))
			r = pat_outliner_add_reference(o, t, PAT_TABLE_COMPONENTS, t->text,
			                               t->text_len);
		break;
	default:
		break;
	}
	return r != 0 ? r : pat_outliner_pass_over(o, t);
}

int pat_outliner_in_node(struct pat_outliner *o, const struct pat_scan_token *t)
{
	if (t->kind == PAT_SCAN_OBJECT_END)
		return node_ends(o, t);
	if (t->kind != PAT_SCAN_KEY)
		return value_in_node(o, t);
	int r = pat_outliner_key(o, t, &innermost(o)->seen);
	return r != 0 ? r : omit_or_keep(o, t);
}

int pat_outliner_in_children(struct pat_outliner *o, const struct pat_scan_token *t)
{
	struct pat_range *children = &innermost_node(o)->children;

	if (t->kind == PAT_SCAN_OBJECT)
		return pat_outliner_node_begins(o, t);
	if (t->kind != PAT_SCAN_ARRAY_END)
		return pat_outliner_refuse(o, where_is(o, t), PAT_OUTLINE_E_NOT_A_DOCUMENT,
		                           "the children of a node must be nodes");
	children->len = len_until(*children, t);
	o->place = NODE;
	value_ends(o, t);
	return 0;
}

int pat_outliner_in_styles(struct pat_outliner *o, const struct pat_scan_token *t)
{
	switch (t->kind) {
	case PAT_SCAN_OBJECT_END:
		o->place = NODE;
		value_ends(o, t);
		return 0;
	case PAT_SCAN_KEY:
		return 0;
	case PAT_SCAN_STRING:
		return is_id(t) ? pat_outliner_add_reference(o, t, PAT_TABLE_STYLES, t->text,
		                                             t->text_len)
		                : 0;
	default:
		return pat_outliner_pass_over(o, t);
	}
}
