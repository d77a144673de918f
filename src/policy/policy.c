/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include <errno.h>
#include <string.h>

#include "policy/layout.h"

static const char *const methods[PAT_METHODS] = { "GET",   "HEAD",   "POST",    "PUT",
	                                          "PATCH", "DELETE", "OPTIONS", "TRACE" };

unsigned pat_method_of(const char *name, size_t len)
{
	for (unsigned i = 0; i < PAT_METHODS; i++)
		if (strlen(methods[i]) == len && memcmp(methods[i], name, len) == 0)
			return i;
	return PAT_METHOD_OTHER;
}

const char *pat_method_name(unsigned method)
{
	pat_assert(method < PAT_METHODS);
	return methods[method];
}

/* ---- The tables. */

#define TABLE_OF(type, table)                                                                 \
	static const type *table##_of(const struct pat_policy *policy)                        \
	{                                                                                     \
		return (const type *)(const void *)(policy->base + policy->header->table.at); \
	}

TABLE_OF(struct pat_policy_node, nodes)
TABLE_OF(struct pat_policy_edge, edges)
TABLE_OF(struct pat_policy_op, ops)
TABLE_OF(struct pat_policy_need, needs)
TABLE_OF(uint32_t, need_scopes)
TABLE_OF(struct pat_policy_scope, scopes)
TABLE_OF(struct pat_policy_text, params)

uint32_t pat_policy_op_count(const struct pat_policy *policy)
{
	return policy->header->ops.n;
}

const struct pat_policy_op *pat_policy_op_at(const struct pat_policy *policy, uint32_t op)
{
	pat_assert(op < policy->header->ops.n);
	return &ops_of(policy)[op];
}

const struct pat_policy_need *pat_policy_need_at(const struct pat_policy *policy, uint32_t need)
{
	pat_assert(need < policy->header->needs.n);
	return &needs_of(policy)[need];
}

uint32_t pat_policy_need_scope(const struct pat_policy *policy, const struct pat_policy_need *need,
                               uint32_t i)
{
	pat_assert(i < need->n_scopes);
	return need_scopes_of(policy)[need->first_scope + i];
}

uint32_t pat_policy_scope_count(const struct pat_policy *policy)
{
	return policy->header->scopes.n;
}

const struct pat_policy_scope *pat_policy_scope_at(const struct pat_policy *policy, uint32_t scope)
{
	pat_assert(scope < policy->header->scopes.n);
	return &scopes_of(policy)[scope];
}

struct pat_segment pat_policy_text(const struct pat_policy *policy, struct pat_policy_text text)
{
	return (struct pat_segment){ (const char *)policy->base + text.at, text.len };
}

struct pat_segment pat_policy_param(const struct pat_policy *policy, const struct pat_policy_op *op,
                                    uint32_t i)
{
	pat_assert(i < op->n_params);
	return pat_policy_text(policy, params_of(policy)[op->first_param + i]);
}

/* ---- Opening: everything that is followed later is looked at once. */

static bool table_ok(const struct pat_policy_header *h, struct pat_policy_table t, size_t size)
{
	return t.at % 8 == 0 && t.at >= sizeof(*h) && t.at <= h->bytes &&
	       t.n <= (h->bytes - t.at) / size;
}

static bool range_ok(uint32_t first, uint32_t n, struct pat_policy_table t)
{
	return first <= t.n && n <= t.n - first;
}

static bool text_ok(const struct pat_policy_header *h, struct pat_policy_text text)
{
	return text.at >= h->strings.at && text.at <= h->strings.at + h->strings.n &&
	       text.len <= h->strings.at + h->strings.n - text.at;
}

static bool tables_ok(const struct pat_policy_header *h)
{
	return table_ok(h, h->nodes, sizeof(struct pat_policy_node)) && h->nodes.n > 0 &&
	       table_ok(h, h->edges, sizeof(struct pat_policy_edge)) &&
	       table_ok(h, h->ops, sizeof(struct pat_policy_op)) &&
	       table_ok(h, h->needs, sizeof(struct pat_policy_need)) &&
	       table_ok(h, h->need_scopes, sizeof(uint32_t)) &&
	       table_ok(h, h->scopes, sizeof(struct pat_policy_scope)) &&
	       h->scopes.n <= PAT_POLICY_SCOPES_MAX &&
	       table_ok(h, h->params, sizeof(struct pat_policy_text)) && table_ok(h, h->strings, 1);
}

static bool node_ok(const struct pat_policy *p, uint32_t i)
{
	const struct pat_policy_header *h = p->header;
	const struct pat_policy_node *n = &nodes_of(p)[i];
	uint64_t edges = (uint64_t)n->n_literals + n->n_partials;

	if (edges > h->edges.n || !range_ok(n->first_edge, (uint32_t)edges, h->edges) ||
	    !range_ok(n->first_op, n->n_ops, h->ops))
		return false;
	if (n->whole != PAT_POLICY_NO_NODE && (n->whole <= i || n->whole >= h->nodes.n))
		return false;
	for (uint64_t e = 0; e < edges; e++) {
		const struct pat_policy_edge *edge = &edges_of(p)[n->first_edge + e];

		if (edge->node <= i || edge->node >= h->nodes.n || !text_ok(h, edge->prefix) ||
		    !text_ok(h, edge->suffix))
			return false;
	}
	return true;
}

static bool op_ok(const struct pat_policy *p, const struct pat_policy_op *op)
{
	const struct pat_policy_header *h = p->header;

	if (!text_ok(h, op->id) || !text_ok(h, op->path) || op->method >= PAT_METHODS ||
	    op->n_needs > PAT_POLICY_NEEDS_MAX || op->n_params > PAT_POLICY_PARAMS_MAX)
		return false;
	return range_ok(op->first_need, op->n_needs, h->needs) &&
	       range_ok(op->first_param, op->n_params, h->params);
}

static bool need_ok(const struct pat_policy_header *h, const struct pat_policy_need *need)
{
	return need->n_scopes > 0 && need->n_scopes <= PAT_POLICY_NEED_SCOPES &&
	       range_ok(need->first_scope, need->n_scopes, h->need_scopes);
}

int pat_policy_open(const void *bytes, size_t len, struct pat_policy *ret)
{
	struct pat_policy p = { .base = bytes, .header = bytes };
	const struct pat_policy_header *h = bytes;

	if (len < sizeof(*h) || len > PAT_POLICY_BYTES_MAX || (uintptr_t)bytes % 8 != 0 ||
	    h->magic != PAT_POLICY_MAGIC || h->bytes != len || !tables_ok(h))
		return -EINVAL;
	bool ok = true;
	for (uint32_t i = 0; i < h->nodes.n; i++)
		ok = ok && node_ok(&p, i);
	for (uint32_t i = 0; i < h->ops.n; i++)
		ok = ok && op_ok(&p, &ops_of(&p)[i]);
	for (uint32_t i = 0; i < h->needs.n; i++)
		ok = ok && need_ok(h, &needs_of(&p)[i]);
	for (uint32_t i = 0; i < h->need_scopes.n; i++)
		ok = ok && need_scopes_of(&p)[i] < h->scopes.n;
	for (uint32_t i = 0; i < h->scopes.n; i++)
		ok = ok && text_ok(h, scopes_of(&p)[i].name) &&
		     text_ok(h, scopes_of(&p)[i].description);
	for (uint32_t i = 0; i < h->params.n; i++)
		ok = ok && text_ok(h, params_of(&p)[i]);
	if (!ok)
		return -EINVAL;
	*ret = p;
	return 0;
}

/* ---- Finding. */

/* Orders a segment and a literal edge as the edges are ordered. */
static int order(const struct pat_policy *p, const struct pat_segment *s,
                 const struct pat_policy_edge *edge)
{
	if (s->len != edge->prefix.len)
		return s->len < edge->prefix.len ? -1 : 1;
	return memcmp(s->text, p->base + edge->prefix.at, s->len);
}

static uint32_t literal_child(const struct pat_policy *p, const struct pat_policy_node *n,
                              const struct pat_segment *s)
{
	uint32_t low = 0;
	uint32_t high = n->n_literals;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct pat_policy_edge *edge = &edges_of(p)[n->first_edge + middle];
		int r = order(p, s, edge);

		if (r == 0)
			return edge->node;
		if (r < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return PAT_POLICY_NO_NODE;
}

/* The parameter's value between an edge's prefix and suffix: never empty, as a whole one is not. */
static bool partial_value(const struct pat_policy *p, const struct pat_policy_edge *edge,
                          const struct pat_segment *s, struct pat_segment *ret)
{
	size_t fixed = (size_t)edge->prefix.len + edge->suffix.len;

	if (s->len <= fixed || memcmp(s->text, p->base + edge->prefix.at, edge->prefix.len) != 0 ||
	    memcmp(s->text + s->len - edge->suffix.len, p->base + edge->suffix.at,
	           edge->suffix.len) != 0)
		return false;
	*ret = (struct pat_segment){ s->text + edge->prefix.len, s->len - fixed };
	return true;
}

/* Bounds a search that goes back: each step is one edge that matched. */
#define STEPS_MAX 4096u

struct search {
	const struct pat_policy *policy;
	const struct pat_path *path;
	struct pat_policy_match *match;
	unsigned steps;
};

static const struct pat_policy_node *search(struct search *s, uint32_t node, size_t at);

static const struct pat_policy_node *search_value(struct search *s, uint32_t node, size_t at,
                                                  struct pat_segment value)
{
	struct pat_policy_match *m = s->match;

	if (m->n_values == PAT_POLICY_PARAMS_MAX)
		return NULL;
	m->values[m->n_values++] = value;
	const struct pat_policy_node *found = search(s, node, at + 1);
	if (!found)
		m->n_values--;
	return found;
}

static const struct pat_policy_node *search(struct search *s, uint32_t node, size_t at)
{
	const struct pat_policy *p = s->policy;
	const struct pat_policy_node *n = &nodes_of(p)[node];
	const struct pat_policy_node *found = NULL;

	if (at == s->path->n)
		return n->n_ops > 0 ? n : NULL;
	if (s->steps++ == STEPS_MAX)
		return NULL;
	const struct pat_segment *segment = &s->path->segments[at];
	uint32_t child = literal_child(p, n, segment);
	if (child != PAT_POLICY_NO_NODE)
		found = search(s, child, at + 1);
	for (uint32_t i = 0; i < n->n_partials && !found; i++) {
		const struct pat_policy_edge *edge =
			&edges_of(p)[n->first_edge + n->n_literals + i];
		struct pat_segment value;

		if (partial_value(p, edge, segment, &value))
			found = search_value(s, edge->node, at, value);
	}
	if (!found && n->whole != PAT_POLICY_NO_NODE && segment->len > 0)
		found = search_value(s, n->whole, at, *segment);
	return found;
}

int pat_policy_find(const struct pat_policy *policy, unsigned method, const struct pat_path *path,
                    struct pat_policy_match *ret)
{
	struct search s = { .policy = policy, .path = path, .match = ret };
	uint32_t as_get = PAT_POLICY_NO_NODE;

	ret->methods = 0;
	ret->n_values = 0;
	const struct pat_policy_node *n = search(&s, 0, 0);
	if (!n)
		return PAT_POLICY_E_PATH;
	for (uint32_t i = n->first_op; i < n->first_op + n->n_ops; i++) {
		uint32_t has = ops_of(policy)[i].method;

		ret->methods |= 1u << has;
		if (has == method) {
			ret->op = i;
			return 0;
		}
		if (has == PAT_METHOD_GET)
			as_get = i;
	}
	if (as_get != PAT_POLICY_NO_NODE)
		ret->methods |= 1u << PAT_METHOD_HEAD;
	if (method != PAT_METHOD_HEAD || as_get == PAT_POLICY_NO_NODE)
		return PAT_POLICY_E_METHOD;
	ret->op = as_get;
	return 0;
}
