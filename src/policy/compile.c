/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules into a policy: a trie of nodes that point at one another, then the same as tables.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/layout.h"
#include "policy/rules.h"

#define ARENA_BYTES (256u * 1024 * 1024)

struct node;

/* A way on: literal when it holds no parameter. */
struct way {
	struct way *next;
	const char *prefix;
	size_t prefix_len;
	const char *suffix;
	size_t suffix_len;
	bool literal;
	struct node *node;
};

struct leaf {
	struct leaf *next;
	const struct pat_rules_op *rule;
	size_t n_params;
	struct pat_segment params[PAT_POLICY_PARAMS_MAX];
};

struct node {
	struct node *next; /* in the order of their numbers */
	struct way *ways;
	uint32_t n_literals;
	uint32_t n_partials;
	struct node *whole;
	struct leaf *leaves; /* by method */
	uint32_t n_leaves;
	uint32_t number;
};

struct compile {
	const struct pat_rules *rules;
	struct pat_err *err;
	struct pat_arena arena;
	struct node *root;
	uint32_t n_nodes;
};

/* ---- Templates. */

static int bad(struct compile *c, const struct pat_rules_op *rule, const char *what)
{
	return pat_err_set(c->err, PAT_RULES_E_BAD, "line %u: %s %s: %s", rule->line,
	                   pat_method_name(rule->method), rule->path, what);
}

/* A segment of a template: fixed text, a parameter, fixed text. */
struct piece {
	struct pat_segment prefix;
	struct pat_segment name; /* NULL: there is none, and `prefix` is all */
	struct pat_segment suffix;
};

/* What is wrong with it, or NULL. */
static const char *piece_read(const struct pat_segment *s, struct piece *ret)
{
	const char *end = s->text + s->len;
	const char *open = memchr(s->text, '{', s->len);
	const char *close = memchr(s->text, '}', s->len);

	*ret = (struct piece){ .prefix = *s };
	if (!open && !close)
		return NULL;
	if (!open || !close || close < open)
		return "its braces do not match";
	if (close == open + 1)
		return "a parameter has no name";
	ret->prefix.len = (size_t)(open - s->text);
	ret->name = (struct pat_segment){ open + 1, (size_t)(close - open - 1) };
	ret->suffix = (struct pat_segment){ close + 1, (size_t)(end - close - 1) };
	if (memchr(ret->name.text, '{', ret->name.len))
		return "its braces do not match";
	if (memchr(close + 1, '{', ret->suffix.len) || memchr(close + 1, '}', ret->suffix.len))
		return "more than one parameter between two slashes can not be told apart";
	return NULL;
}

static struct node *node_new(struct compile *c)
{
	c->n_nodes++;
	return pat_arena_take(&c->arena, 1, sizeof(struct node));
}

static bool way_is(const struct way *w, const struct piece *piece)
{
	return w->literal == !piece->name.text && w->prefix_len == piece->prefix.len &&
	       memcmp(w->prefix, piece->prefix.text, w->prefix_len) == 0 &&
	       w->suffix_len == piece->suffix.len &&
	       (w->suffix_len == 0 || memcmp(w->suffix, piece->suffix.text, w->suffix_len) == 0);
}

/* Orders as policy.h says they are tried and looked up. */
static int way_order(const struct way *a, const struct way *b)
{
	size_t a_len = a->prefix_len + a->suffix_len;
	size_t b_len = b->prefix_len + b->suffix_len;

	if (a->literal != b->literal)
		return a->literal ? -1 : 1;
	if (a_len != b_len)
		return (a_len < b_len ? -1 : 1) * (a->literal ? 1 : -1);
	return a->literal ? memcmp(a->prefix, b->prefix, a_len) : 0;
}

/* The node behind a piece, made when it is new. NULL: out of memory. */
static struct node *step(struct compile *c, struct node *from, const struct piece *piece)
{
	struct way **at = &from->ways;

	if (piece->name.text && piece->prefix.len == 0 && piece->suffix.len == 0) {
		if (!from->whole)
			from->whole = node_new(c);
		return from->whole;
	}
	for (struct way *w = from->ways; w; w = w->next)
		if (way_is(w, piece))
			return w->node;
	struct way *fresh = pat_arena_take(&c->arena, 1, sizeof(*fresh));
	if (!fresh)
		return NULL;
	fresh->literal = !piece->name.text;
	fresh->prefix_len = piece->prefix.len;
	fresh->prefix = pat_arena_text(&c->arena, piece->prefix.text, piece->prefix.len);
	fresh->suffix_len = piece->suffix.len;
	fresh->suffix = pat_arena_text(&c->arena, piece->suffix.text, piece->suffix.len);
	fresh->node = node_new(c);
	if (!fresh->prefix || !fresh->suffix || !fresh->node)
		return NULL;
	while (*at && way_order(*at, fresh) <= 0)
		at = &(*at)->next;
	fresh->next = *at;
	*at = fresh;
	if (fresh->literal)
		from->n_literals++;
	else
		from->n_partials++;
	return fresh->node;
}

static int leaf_put(struct compile *c, struct node *node, struct leaf *leaf)
{
	struct leaf **at = &node->leaves;

	for (; *at && (*at)->rule->method <= leaf->rule->method; at = &(*at)->next) {
		if ((*at)->rule->method != leaf->rule->method)
			continue;
		return pat_err_set(c->err, PAT_RULES_E_BAD,
		                   "line %u: %s %s is the same operation as %s in line %u",
		                   leaf->rule->line, pat_method_name(leaf->rule->method),
		                   leaf->rule->path, (*at)->rule->path, (*at)->rule->line);
	}
	leaf->next = *at;
	*at = leaf;
	node->n_leaves++;
	return 0;
}

static int leaf_param(struct compile *c, struct leaf *leaf, const struct pat_segment *name)
{
	if (leaf->n_params == PAT_POLICY_PARAMS_MAX)
		return bad(c, leaf->rule, "more than 8 parameters");
	const char *text = pat_arena_text(&c->arena, name->text, name->len);
	if (!text)
		return -ENOMEM;
	leaf->params[leaf->n_params++] = (struct pat_segment){ text, name->len };
	return 0;
}

static int rule_put(struct compile *c, const struct pat_rules_op *rule)
{
	struct pat_path path;
	struct node *node = c->root;
	struct leaf *leaf = pat_arena_take(&c->arena, 1, sizeof(*leaf));

	if (!leaf)
		return -ENOMEM;
	leaf->rule = rule;
	int r = pat_path_split(rule->path, strlen(rule->path), &path);
	if (r == PAT_PATH_E_LONG)
		return bad(c, rule, "a path of more than 32 segments or 4096 bytes");
	if (r != 0)
		return pat_err_set(c->err, PAT_RULES_E_BAD,
		                   "line %u: the path %s has %s, which proxies and products read "
		                   "differently",
		                   rule->line, rule->path, path.why);
	if (strchr(rule->path, '?'))
		return bad(c, rule, "a path has no query");
	for (size_t i = 0; i < path.n; i++) {
		struct piece piece;
		const char *fault = piece_read(&path.segments[i], &piece);

		if (fault)
			return bad(c, rule, fault);
		r = piece.name.text ? leaf_param(c, leaf, &piece.name) : 0;
		if (r != 0)
			return r;
		node = step(c, node, &piece);
		if (!node)
			return -ENOMEM;
	}
	return leaf_put(c, node, leaf);
}

/* ---- Tables. */

struct tables {
	struct compile *c;
	struct pat_policy_node *nodes;
	struct pat_policy_edge *edges;
	struct pat_policy_op *ops;
	struct pat_policy_need *needs;
	uint32_t *need_scopes;
	struct pat_policy_scope *scopes;
	struct pat_policy_text *params;
	uint32_t n_edges, n_ops, n_needs, n_need_scopes, n_params;
	struct pat_buf strings;
};

/* Numbers a node before those behind it, and counts what they need. */
static void number(struct compile *c, struct node *node, struct node ***last, struct tables *t)
{
	node->number = c->n_nodes++;
	**last = node;
	*last = &node->next;
	t->n_edges += node->n_literals + node->n_partials;
	for (const struct leaf *l = node->leaves; l; l = l->next) {
		t->n_ops++;
		t->n_needs += l->rule->n_needs;
		t->n_params += (uint32_t)l->n_params;
		for (uint32_t i = 0; i < l->rule->n_needs; i++)
			t->n_need_scopes += l->rule->needs[i].n;
	}
	for (struct way *w = node->ways; w; w = w->next)
		number(c, w->node, last, t);
	if (node->whole)
		number(c, node->whole, last, t);
}

/* Relative to the strings, until it is known where they are. */
static struct pat_policy_text text_put(struct tables *t, const char *text, size_t len)
{
	struct pat_policy_text ret = { (uint32_t)t->strings.len, (uint32_t)len };

	(void)pat_buf_add(&t->strings, text, len);
	return ret;
}

static void op_put(struct tables *t, const struct leaf *leaf)
{
	const struct pat_rules_op *rule = leaf->rule;

	t->ops[t->n_ops++] = (struct pat_policy_op){
		.id = text_put(t, rule->id, strlen(rule->id)),
		.path = text_put(t, rule->path, strlen(rule->path)),
		.method = rule->method,
		.flags = rule->refused ? PAT_POLICY_OP_REFUSED : 0,
		.first_need = t->n_needs,
		.n_needs = rule->n_needs,
		.first_param = t->n_params,
		.n_params = (uint32_t)leaf->n_params,
	};
	for (size_t i = 0; i < leaf->n_params; i++)
		t->params[t->n_params++] = text_put(t, leaf->params[i].text, leaf->params[i].len);
	for (uint32_t i = 0; i < rule->n_needs; i++) {
		t->needs[t->n_needs++] =
			(struct pat_policy_need){ t->n_need_scopes, rule->needs[i].n };
		for (uint32_t k = 0; k < rule->needs[i].n; k++)
			t->need_scopes[t->n_need_scopes++] = rule->needs[i].scopes[k];
	}
}

static void node_put(struct tables *t, const struct node *node)
{
	t->nodes[node->number] = (struct pat_policy_node){
		.first_edge = t->n_edges,
		.n_literals = node->n_literals,
		.n_partials = node->n_partials,
		.whole = node->whole ? node->whole->number : PAT_POLICY_NO_NODE,
		.first_op = t->n_ops,
		.n_ops = node->n_leaves,
	};
	for (const struct way *w = node->ways; w; w = w->next)
		t->edges[t->n_edges++] = (struct pat_policy_edge){
			.prefix = text_put(t, w->prefix, w->prefix_len),
			.suffix = text_put(t, w->suffix, w->suffix_len),
			.node = w->node->number,
		};
	for (const struct leaf *l = node->leaves; l; l = l->next)
		op_put(t, l);
}

static void scopes_put(struct tables *t)
{
	const struct pat_rules *rules = t->c->rules;

	for (size_t i = 0; i < rules->n_scopes; i++)
		t->scopes[i] = (struct pat_policy_scope){
			text_put(t, rules->scopes[i].name, strlen(rules->scopes[i].name)),
			text_put(t, rules->scopes[i].description,
			         strlen(rules->scopes[i].description)),
		};
}

static int tables_take(struct tables *t)
{
	struct pat_arena *a = &t->c->arena;

	t->nodes = pat_arena_take(a, t->c->n_nodes, sizeof(*t->nodes));
	t->edges = pat_arena_take(a, t->n_edges, sizeof(*t->edges));
	t->ops = pat_arena_take(a, t->n_ops, sizeof(*t->ops));
	t->needs = pat_arena_take(a, t->n_needs, sizeof(*t->needs));
	t->need_scopes = pat_arena_take(a, t->n_need_scopes, sizeof(*t->need_scopes));
	t->scopes = pat_arena_take(a, t->c->rules->n_scopes, sizeof(*t->scopes));
	t->params = pat_arena_take(a, t->n_params, sizeof(*t->params));
	return t->nodes && t->edges && t->ops && t->needs && t->need_scopes && t->scopes &&
	                       t->params
	               ? 0
	               : -ENOMEM;
}

static struct pat_policy_table table_place(uint64_t *bytes, uint32_t n, size_t size)
{
	struct pat_policy_table table = { (uint32_t)*bytes, n };

	*bytes += ((uint64_t)n * size + 7) & ~7ull;
	return table;
}

static void texts_move(struct pat_policy_text *text, uint32_t by, size_t n, size_t stride)
{
	for (size_t i = 0; i < n; i++)
		((struct pat_policy_text *)(void *)((uint8_t *)text + i * stride))->at += by;
}

static void table_write(struct pat_buf *out, const void *table, uint64_t n, size_t size)
{
	static const char zeros[8];
	uint64_t bytes = n * size;

	(void)pat_buf_add(out, table, (size_t)bytes);
	(void)pat_buf_add(out, zeros, (size_t)(-bytes & 7));
}

static int tables_write(struct tables *t, struct pat_buf *out)
{
	uint32_t n_scopes = (uint32_t)t->c->rules->n_scopes;
	struct pat_policy_header h = { .magic = PAT_POLICY_MAGIC, .bytes = sizeof(h) };

	h.nodes = table_place(&h.bytes, t->c->n_nodes, sizeof(*t->nodes));
	h.edges = table_place(&h.bytes, t->n_edges, sizeof(*t->edges));
	h.ops = table_place(&h.bytes, t->n_ops, sizeof(*t->ops));
	h.needs = table_place(&h.bytes, t->n_needs, sizeof(*t->needs));
	h.need_scopes = table_place(&h.bytes, t->n_need_scopes, sizeof(*t->need_scopes));
	h.scopes = table_place(&h.bytes, n_scopes, sizeof(*t->scopes));
	h.params = table_place(&h.bytes, t->n_params, sizeof(*t->params));
	h.strings = table_place(&h.bytes, (uint32_t)t->strings.len, 1);
	if (h.bytes > PAT_POLICY_BYTES_MAX)
		return pat_err_set(t->c->err, PAT_RULES_E_BAD,
		                   "the policy would be larger than 16 MiB");
	texts_move(&t->edges->prefix, h.strings.at, t->n_edges, sizeof(*t->edges));
	texts_move(&t->edges->suffix, h.strings.at, t->n_edges, sizeof(*t->edges));
	texts_move(&t->ops->id, h.strings.at, t->n_ops, sizeof(*t->ops));
	texts_move(&t->ops->path, h.strings.at, t->n_ops, sizeof(*t->ops));
	texts_move(&t->scopes->name, h.strings.at, n_scopes, sizeof(*t->scopes));
	texts_move(&t->scopes->description, h.strings.at, n_scopes, sizeof(*t->scopes));
	texts_move(t->params, h.strings.at, t->n_params, sizeof(*t->params));
	(void)pat_buf_add(out, &h, sizeof(h));
	table_write(out, t->nodes, t->c->n_nodes, sizeof(*t->nodes));
	table_write(out, t->edges, t->n_edges, sizeof(*t->edges));
	table_write(out, t->ops, t->n_ops, sizeof(*t->ops));
	table_write(out, t->needs, t->n_needs, sizeof(*t->needs));
	table_write(out, t->need_scopes, t->n_need_scopes, sizeof(*t->need_scopes));
	table_write(out, t->scopes, n_scopes, sizeof(*t->scopes));
	table_write(out, t->params, t->n_params, sizeof(*t->params));
	table_write(out, pat_buf_str(&t->strings), t->strings.len, 1);
	return pat_buf_error(out);
}

static int emit(struct compile *c, struct pat_buf *out)
{
	struct tables t = { .c = c };
	struct node *first = NULL;
	struct node **last = &first;

	c->n_nodes = 0;
	number(c, c->root, &last, &t);
	int r = tables_take(&t);
	if (r < 0)
		return r;
	t.n_edges = t.n_ops = t.n_needs = t.n_need_scopes = t.n_params = 0;
	pat_buf_init(&t.strings, PAT_POLICY_BYTES_MAX);
	for (const struct node *n = first; n; n = n->next)
		node_put(&t, n);
	scopes_put(&t);
	r = pat_buf_error(&t.strings);
	if (r == 0)
		r = tables_write(&t, out);
	pat_buf_done(&t.strings);
	return r == -EMSGSIZE ? pat_err_set(c->err, PAT_RULES_E_BAD,
	                                    "the policy would be larger than 16 MiB")
	                      : r;
}

int pat_rules_compile(const struct pat_rules *rules, struct pat_buf *ret, struct pat_err *err)
{
	struct compile c = { .rules = rules, .err = err };
	int r = 0;

	pat_arena_init(&c.arena, ARENA_BYTES);
	c.root = node_new(&c);
	r = c.root ? 0 : -ENOMEM;
	for (size_t i = 0; i < rules->n && r == 0; i++)
		r = rule_put(&c, &rules->rules[i]);
	if (r == 0)
		r = emit(&c, ret);
	pat_arena_done(&c.arena);
	return r;
}
