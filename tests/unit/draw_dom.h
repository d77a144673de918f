/* SPDX-License-Identifier: Apache-2.0
 *
 * A document in memory as the tree that is drawn: nodes are numbered in the order of the text.
 */
#ifndef PAT_TESTS_UNIT_DRAW_DOM_H
#define PAT_TESTS_UNIT_DRAW_DOM_H

#include "files/draw.h"

struct draw_dom_node {
	json_t *json; /* borrowed */
	uint32_t child;
	uint32_t next;
};

struct draw_dom {
	struct draw_dom_node *nodes;
	uint32_t n;
	uint32_t cap;
	int (*image)(const char *ref, struct pat_buf *out,
	             struct pat_draw_image *ret); /* or NULL */
	uint32_t fail_at;                         /* own() of this node is a fault: -EIO */
};

/* `root` must outlive it. Its children are those in "children", up to a depth that no document has. False: no memory. */
bool draw_dom_init(struct draw_dom *dom, json_t *root);
void draw_dom_done(struct draw_dom *dom);

/* The tree of it; node 0 is the root. */
struct pat_draw_tree draw_dom_tree(struct draw_dom *dom);
/* The node with this id, or PAT_DRAW_NONE. */
uint32_t draw_dom_find(const struct draw_dom *dom, const char *id);

#endif
