/* SPDX-License-Identifier: Apache-2.0
 *
 * Recursive, which a test may be: what it is given is not deep, or cut off.
 */
#include "tests/unit/draw_dom.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 1000

static uint32_t add_node(struct draw_dom *dom, json_t *json)
{
	if (dom->n == dom->cap) {
		uint32_t cap = dom->cap ? 2 * dom->cap : 64;
		struct draw_dom_node *grown = reallocarray(dom->nodes, cap, sizeof(*grown));

		if (!grown)
			return PAT_DRAW_NONE;
		dom->nodes = grown;
		dom->cap = cap;
	}
	dom->nodes[dom->n] = (struct draw_dom_node){ json, PAT_DRAW_NONE, PAT_DRAW_NONE };
	return dom->n++;
}

static bool add_tree(struct draw_dom *dom, json_t *json, unsigned depth, uint32_t *ret)
{
	json_t *children = json_object_get(json, "children");
	uint32_t last = PAT_DRAW_NONE;
	uint32_t at = add_node(dom, json);

	*ret = at;
	if (at == PAT_DRAW_NONE)
		return false;
	for (size_t i = 0; i < json_array_size(children) && depth < DEPTH_MAX; i++) {
		json_t *child = json_array_get(children, i);
		uint32_t node = 0;

		if (!json_is_object(child))
			continue;
		if (!add_tree(dom, child, depth + 1, &node))
			return false;
		if (last == PAT_DRAW_NONE)
			dom->nodes[at].child = node;
		else
			dom->nodes[last].next = node;
		last = node;
	}
	return true;
}

bool draw_dom_init(struct draw_dom *dom, json_t *root)
{
	uint32_t node = 0;

	*dom = (struct draw_dom){ .fail_at = PAT_DRAW_NONE };
	return add_tree(dom, root, 0, &node);
}

void draw_dom_done(struct draw_dom *dom)
{
	free(dom->nodes);
	*dom = (struct draw_dom){ 0 };
}

/* Not json_copy(): it does not say when there was no memory. */
static int dom_own(void *arg, uint32_t node, json_t **ret)
{
	struct draw_dom *dom = arg;
	json_t *own = node == dom->fail_at ? NULL : json_object();
	const char *key = NULL;
	json_t *value = NULL;

	pat_assert(node < dom->n);
	if (node == dom->fail_at)
		return -EIO;
	json_object_foreach(dom->nodes[node].json, key, value)
	{
		if (strcmp(key, "children") != 0 && json_object_set(own, key, value) != 0) {
			json_decref(own);
			return -ENOMEM;
		}
	}
	*ret = own;
	return own ? 0 : -ENOMEM;
}

static uint32_t dom_child(void *arg, uint32_t node)
{
	const struct draw_dom *dom = arg;

	pat_assert(node < dom->n);
	return dom->nodes[node].child;
}

static uint32_t dom_next(void *arg, uint32_t node)
{
	const struct draw_dom *dom = arg;

	pat_assert(node < dom->n);
	return dom->nodes[node].next;
}

static int dom_image(void *arg, const char *ref, struct pat_buf *out, struct pat_draw_image *ret)
{
	const struct draw_dom *dom = arg;

	return dom->image(ref, out, ret);
}

struct pat_draw_tree draw_dom_tree(struct draw_dom *dom)
{
	return (struct pat_draw_tree){ .arg = dom,
		                       .own = dom_own,
		                       .child = dom_child,
		                       .next = dom_next,
		                       .image = dom->image ? dom_image : NULL };
}

uint32_t draw_dom_find(const struct draw_dom *dom, const char *id)
{
	for (uint32_t i = 0; i < dom->n; i++) {
		const char *own = json_string_value(json_object_get(dom->nodes[i].json, "id"));

		if (own && strcmp(own, id) == 0)
			return i;
	}
	return PAT_DRAW_NONE;
}
