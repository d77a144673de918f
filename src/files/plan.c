/* SPDX-License-Identifier: Apache-2.0
 *
 * Plans. Everything that is left out of a text is cut out of it, with the comma that has to go: an answer to a question
 * about a document consists of the document's own bytes, and no bracket of it is written by us. A node without its children
 * is the text up to its "[" and from its "]" on.
 *
 * Nodes are in the order of the text, and so are what is left out of them and what was asked for: a plan is made in one
 * walk, without recursion, and what is left out as a whole is not walked through.
 */
#include "files/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GAP_BYTES_MAX 4096 /* that are read along between two ranges, rather than reading twice */

/* A range, and where it stands among the words: those before `words` come before it. */
struct part {
	struct pat_range range;
	uint32_t words;
};

struct pat_plan {
	struct part *parts;
	size_t n;
	size_t cap;
	uint64_t range_bytes;
	struct pat_buf words;
};

int pat_plan_new(size_t words_bytes_max, struct pat_plan **ret)
{
	struct pat_plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return -ENOMEM;
	pat_buf_init(&plan->words, words_bytes_max < UINT32_MAX ? words_bytes_max : UINT32_MAX);
	*ret = plan;
	return 0;
}

void pat_plan_free(struct pat_plan *plan)
{
	if (!plan)
		return;
	pat_buf_done(&plan->words);
	free(plan->parts);
	free(plan);
}

void pat_plan_freep(struct pat_plan **plan)
{
	pat_plan_free(*plan);
	*plan = NULL;
}

struct pat_buf *pat_plan_words(struct pat_plan *plan)
{
	return &plan->words;
}

static uint32_t end_of(struct pat_range range)
{
	return range.at + range.len;
}

static int make_room(struct pat_plan *plan)
{
	if (plan->parts && plan->n < plan->cap)
		return 0;
	if (plan->n >= PAT_PLAN_RANGES_MAX)
		return -EMSGSIZE;
	size_t cap = plan->cap + plan->cap / 2 + 16;
	if (cap > PAT_PLAN_RANGES_MAX)
		cap = PAT_PLAN_RANGES_MAX;
	struct part *grown = reallocarray(plan->parts, cap, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	plan->parts = grown;
	plan->cap = cap;
	return 0;
}

int pat_plan_range(struct pat_plan *plan, struct pat_range range)
{
	struct part *last = plan->n > 0 ? &plan->parts[plan->n - 1] : NULL;

	plan->range_bytes += range.len;
	if (last && end_of(last->range) == range.at && last->words == plan->words.len) {
		last->range.len += range.len;
		return 0;
	}
	int r = make_room(plan);
	if (r < 0)
		return r;
	plan->parts[plan->n++] =
		(struct part){ .range = range, .words = (uint32_t)plan->words.len };
	return 0;
}

uint64_t pat_plan_bytes(const struct pat_plan *plan)
{
	return plan->range_bytes + plan->words.len;
}

/* ---- Cutting. */

struct cut {
	struct pat_plan *plan;
	uint32_t at;                          /* all before is decided */
	const struct pat_omission *omissions; /* those that are not behind `at` */
	size_t n_omissions;
};

/* What is before `to` stays. */
static int stay(struct cut *cut, uint32_t to)
{
	if (to <= cut->at)
		return 0;
	struct pat_range range = { .at = cut->at, .len = to - cut->at };
	cut->at = to;
	return pat_plan_range(cut->plan, range);
}

/* What is before `to` stays, but for what is omitted. */
static int stay_without_omissions(struct cut *cut, uint32_t to)
{
	int r = 0;

	for (; r == 0 && cut->n_omissions > 0 && cut->omissions->range.at < to;
	     cut->omissions++, cut->n_omissions--) {
		uint32_t end = end_of(cut->omissions->range);

		if (end <= cut->at)
			continue;
		r = stay(cut, cut->omissions->range.at);
		cut->at = end;
	}
	return r == 0 ? stay(cut, to) : r;
}

/* Takes [from, to) out. */
static int cut_out(struct cut *cut, uint32_t from, uint32_t to)
{
	int r = stay_without_omissions(cut, from);

	if (to > cut->at)
		cut->at = to;
	return r;
}

/* The first omission that is not before `at`. */
static size_t omissions_from(const struct pat_outline *outline, uint32_t at)
{
	size_t low = 0;

	for (size_t high = outline->n_omissions; low < high;) {
		size_t middle = low + (high - low) / 2;

		if (outline->omissions[middle].range.at < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- A node. */

struct walk {
	const struct pat_outline *outline;
	const struct pat_plan_tree *tree;
	struct cut cut;
	uint32_t end;         /* behind the last node */
	uint32_t next_wanted; /* the first wanted one that is not behind us; `end`: none */
	/* By depth, of the node that is walked through there: */
	uint32_t node[PAT_NODE_DEPTH_MAX + 1];
	uint64_t deepest[PAT_NODE_DEPTH_MAX + 1]; /* how deep nodes below it are wanted with it */
};

static bool is_wanted(const struct walk *walk, uint32_t node)
{
	const uint8_t *wanted = walk->tree->wanted;

	return wanted && wanted[node / 8] >> node % 8 & 1;
}

/* Whether one of the nodes [node, end) is wanted. Nodes are asked about in their order. */
static bool leads_to_wanted(struct walk *walk, uint32_t node, uint32_t end)
{
	const uint8_t *wanted = walk->tree->wanted;

	if (!wanted)
		return false;
	if (walk->next_wanted < node)
		walk->next_wanted = node;
	while (walk->next_wanted < walk->end && !is_wanted(walk, walk->next_wanted))
		walk->next_wanted +=
			walk->next_wanted % 8 == 0 && wanted[walk->next_wanted / 8] == 0 ? 8 : 1;
	return walk->next_wanted < end;
}

/* Whether a node below the first one is there; its parent is. */
static bool is_there(struct walk *walk, uint32_t node)
{
	const struct pat_node *n = &walk->outline->nodes[node];

	return n->depth <= walk->deepest[n->depth - 1] ||
	       leads_to_wanted(walk, node, node + n->subtree) ||
	       (n->depth == 1 && walk->tree->wanted && walk->tree->pages);
}

/* The node is there: what is said of those below it. */
static void go_into(struct walk *walk, uint32_t node, bool first)
{
	const struct pat_node *n = &walk->outline->nodes[node];
	unsigned depth = n->depth;

	walk->node[depth] = node;
	walk->deepest[depth] = first ? 0 : walk->deepest[depth - 1];
	if (is_wanted(walk, node) || (first && !walk->tree->wanted))
		walk->deepest[depth] = (uint64_t)depth + walk->tree->levels;
}

/* The node is not there, and neither are those siblings behind it that end before *`next`, the first one that is, or the
 * parent's end. They are cut out with the commas behind them; the last ones of an array with the comma before them. */
static int leave_out(struct walk *walk, uint32_t node, uint32_t *ret_next)
{
	const struct pat_node *nodes = walk->outline->nodes;
	const struct pat_node *parent = &nodes[nodes[node].parent];
	uint32_t before = walk->node[nodes[node].depth];
	uint32_t parent_end = nodes[node].parent + parent->subtree;
	uint32_t next = node;

	do
		next += nodes[next].subtree;
	while (next < parent_end && !is_there(walk, next));
	*ret_next = next;
	if (next < parent_end)
		return cut_out(&walk->cut, nodes[node].whole.at, nodes[next].whole.at);
	uint32_t from = node == nodes[node].parent + 1 ? parent->children.at + 1
	                                               : end_of(nodes[before].whole);
	return cut_out(&walk->cut, from, end_of(parent->children) - 1);
}

static int walk_through(struct walk *walk, uint32_t first)
{
	const struct pat_node *nodes = walk->outline->nodes;
	int r = 0;

	go_into(walk, first, true);
	for (uint32_t node = first + 1; node < walk->end && r == 0;) {
		unsigned depth = nodes[node].depth;

		if (!is_there(walk, node)) {
			r = leave_out(walk, node, &node);
			continue;
		}
		go_into(walk, node, false);
		/* Nothing is left out below: no need to look. */
		node += walk->deepest[depth] >= UINT32_MAX ? nodes[node].subtree : 1;
	}
	return r;
}

int pat_plan_node(struct pat_plan *plan, const struct pat_outline *outline, uint32_t node,
                  const struct pat_plan_tree *tree)
{
	const struct pat_node *n = &outline->nodes[node];
	struct walk walk = {
		.outline = outline,
		.tree = tree,
		.cut = { .plan = plan, .at = n->whole.at },
		.end = node + n->subtree,
	};

	if (!tree->geometry && outline->n_omissions > 0) {
		size_t first = omissions_from(outline, n->whole.at);

		walk.cut.omissions = outline->omissions + first;
		walk.cut.n_omissions = outline->n_omissions - first;
	}
	int r = walk_through(&walk, node);
	return r == 0 ? stay_without_omissions(&walk.cut, end_of(n->whole)) : r;
}

/* ---- A table. */

static bool is_marked(const uint8_t *marks, uint32_t entry)
{
	return marks[entry / 8] >> entry % 8 & 1;
}

/* Marks the entries of a table that the nodes [node, end) refer to. */
static void mark_references(const struct pat_outline *outline, enum pat_outline_table table,
                            uint32_t node, uint32_t end, uint8_t *marks)
{
	size_t low = 0;

	for (size_t high = outline->n_references; low < high;) {
		size_t middle = low + (high - low) / 2;

		if (outline->references[middle].node < node)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < outline->n_references && outline->references[low].node < end; low++)
		if (outline->references[low].table == table)
			pat_plan_want(marks, outline->references[low].entry);
}

/* The sets of the components that the nodes refer to. */
static int mark_sets(const struct pat_outline *outline, uint32_t node, uint32_t end, uint8_t *marks)
{
	uint32_t n = outline->n_entries[PAT_TABLE_COMPONENTS];
	const struct pat_entry_range *components = outline->entries[PAT_TABLE_COMPONENTS];
	pat_cleanup(pat_freep) uint8_t *marked = calloc(PAT_PLAN_WANTED_BYTES(n) + 1, 1);

	if (!marked)
		return -ENOMEM;
	mark_references(outline, PAT_TABLE_COMPONENTS, node, end, marked);
	for (uint32_t i = 0; i < n; i++)
		if (is_marked(marked, i) && components[i].set != PAT_NO_NODE)
			pat_plan_want(marks, components[i].set);
	return 0;
}

/* Where the quote before an entry's id is. */
static uint32_t begin_of(const struct pat_entry_range *entry)
{
	return entry->id.at - 1;
}

static int add_marked(struct pat_plan *plan, struct pat_range table,
                      const struct pat_entry_range *entries, uint32_t n, const uint8_t *marks)
{
	struct cut cut = { .plan = plan, .at = table.at };
	uint32_t from = table.at + 1; /* of what is cut out, if it is */
	uint32_t end = table.at + 1;  /* of the last entry that stays */
	int r = 0;

	for (uint32_t i = 0; i < n && r == 0; i++) {
		if (!is_marked(marks, i))
			continue;
		r = cut_out(&cut, from, begin_of(&entries[i]));
		end = end_of(entries[i].value);
		from = i + 1 < n ? begin_of(&entries[i + 1]) : end;
	}
	if (r == 0)
		r = cut_out(&cut, end, end_of(table) - 1);
	return r == 0 ? stay(&cut, end_of(table)) : r;
}

int pat_plan_table(struct pat_plan *plan, const struct pat_outline *outline,
                   enum pat_outline_table table, uint32_t node)
{
	uint32_t n = outline->n_entries[table];
	uint32_t end = node + outline->nodes[node].subtree;
	pat_cleanup(pat_freep) uint8_t *marks = NULL;
	int r = 0;

	if (outline->tables[table].len == 0)
		return pat_buf_add_str(&plan->words, "{}");
	marks = calloc(PAT_PLAN_WANTED_BYTES(n) + 1, 1);
	if (!marks)
		return -ENOMEM;
	mark_references(outline, table, node, end, marks);
	if (table == PAT_TABLE_COMPONENT_SETS)
		r = mark_sets(outline, node, end, marks);
	if (r < 0)
		return r;
	return add_marked(plan, outline->tables[table], outline->entries[table], n, marks);
}

/* ---- Sending. */

struct sender {
	const struct pat_plan *plan;
	const struct pat_text *text;
	size_t window;
	pat_plan_emit_fn *emit;
	void *arg;
	uint8_t *out;
	size_t out_len;
	uint8_t *in; /* the text from `in_at` on */
	uint32_t in_at;
	size_t in_len;
};

static int flush(struct sender *s)
{
	size_t len = s->out_len;

	s->out_len = 0;
	return len > 0 ? s->emit(s->arg, s->out, len) : 0;
}

static int send_bytes(struct sender *s, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;
	int r = 0;

	while (len > 0 && r == 0) {
		size_t room = s->window - s->out_len;
		size_t n = len < room ? len : room;

		memcpy(s->out + s->out_len, from, n); /* UNSAFE: no more than the room */
		s->out_len += n;
		from += n;
		len -= n;
		if (s->out_len == s->window)
			r = flush(s);
	}
	return r;
}

/* How far to read at once from `at` on, which is in part `i`: with the parts behind it, as far as they are near. */
static uint64_t read_until(const struct sender *s, size_t i, uint32_t at)
{
	const struct pat_plan *plan = s->plan;
	uint64_t limit = (uint64_t)at + s->window;
	uint64_t until = end_of(plan->parts[i].range);

	while (++i < plan->n && until < limit && plan->parts[i].range.at >= until &&
	       plan->parts[i].range.at - until <= GAP_BYTES_MAX && plan->parts[i].range.at < limit)
		until = end_of(plan->parts[i].range);
	return until < limit ? until : limit;
}

static int send_part(struct sender *s, size_t i)
{
	uint32_t end = end_of(s->plan->parts[i].range);
	int r = 0;

	for (uint32_t at = s->plan->parts[i].range.at; at < end && r == 0;) {
		if (at < s->in_at || at >= s->in_at + s->in_len) {
			s->in_len = (size_t)(read_until(s, i, at) - at);
			s->in_at = at;
			r = s->text->read(s->text->arg, at, s->in, (uint32_t)s->in_len);
			if (r != 0)
				return r;
		}
		size_t there = s->in_at + s->in_len - at;
		size_t n = end - at < there ? end - at : there;

		r = send_bytes(s, s->in + (at - s->in_at), n);
		at += (uint32_t)n;
	}
	return r;
}

static int send_all(struct sender *s)
{
	const struct pat_buf *words = &s->plan->words;
	size_t said = 0;
	int r = 0;

	for (size_t i = 0; i < s->plan->n && r == 0; i++) {
		size_t until = s->plan->parts[i].words;

		r = send_bytes(s, pat_buf_str(words) + said, until - said);
		said = until;
		if (r == 0)
			r = send_part(s, i);
	}
	if (r == 0)
		r = send_bytes(s, pat_buf_str(words) + said, words->len - said);
	return r == 0 ? flush(s) : r;
}

int pat_plan_send(const struct pat_plan *plan, const struct pat_text *text, size_t window,
                  pat_plan_emit_fn *emit, void *arg)
{
	pat_cleanup(pat_freep) uint8_t *windows = NULL;

	pat_assert(window > 0);
	pat_assert(window <= UINT32_MAX);
	windows = malloc(2 * window);
	if (!windows)
		return -ENOMEM;
	return send_all(&(struct sender){ .plan = plan,
	                                  .text = text,
	                                  .window = window,
	                                  .emit = emit,
	                                  .arg = arg,
	                                  .out = windows,
	                                  .in = windows + window });
}
