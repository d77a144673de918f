/* SPDX-License-Identifier: Apache-2.0
 *
 * A picture of a node as SVG 1.1: frames, groups, sections, rectangles, ellipses, lines, stars, polygons, text, vector
 * paths and boolean operations, with fills (colours, gradients, images), strokes, corner radii, opacity, masks, clipping,
 * rotation, shadows and blurs, as far as the document says. What it does not say is not invented: a vector without geometry
 * is left out. docs/design/drawing.md has what is drawn approximately, and what is not.
 *
 * Presentation attributes only: no style sheet, no script, no link to elsewhere, so that it may be shown by anybody under
 * the strictest policy. All text and every attribute is escaped; numbers are printed by us.
 */
#ifndef PAT_FILES_DRAW_H
#define PAT_FILES_DRAW_H

#include <jansson.h>

#include "base/buf.h"

/* The size of a picture in pixels; 0: not known. */
struct pat_draw_image {
	uint32_t width;
	uint32_t height;
};

/* The tree that is drawn: how it is kept is its owner's business. Node numbers are the owner's; PAT_DRAW_NONE is none. */
#define PAT_DRAW_NONE UINT32_MAX
struct pat_draw_tree {
	void *arg;
	/* The node's own members, without children: a new reference, the caller's. 0, -ENOMEM, or a fault. */
	int (*own)(void *arg, uint32_t node, json_t **ret);
	uint32_t (*child)(void *arg, uint32_t node); /* the first */
	uint32_t (*next)(void *arg, uint32_t node);  /* the next sibling */
	/* Where the picture of an image fill is, as text for an href ("data:image/…" or a path on this server; anything
	 * else is not drawn): appended to `out`. Its size, where it is known, is what tiles are cut from. 0, 1 when there
	 * is none, or a fault. NULL: there are none. */
	int (*image)(void *arg, const char *ref, struct pat_buf *out, struct pat_draw_image *ret);
};

struct pat_draw_options {
	uint32_t nodes_max; /* that are looked at; more are left out */
	uint32_t
		width_max; /* of the picture in pixels; it is scaled down to fit. 0: its own size */
	uint32_t height_max;
	double scale;         /* 0: 1; applies where no maximum does */
	bool include_id;      /* a node's element has id="<name>" (Figma's svg_include_id) */
	bool include_node_id; /* a node's element has data-node-id="<id>" (svg_include_node_id) */
	bool outline_text; /* text is drawn as paths where the document has them (svg_outline_text) */
};

/* How deep nodes may lie in each other; what is deeper is left out. */
#define PAT_DRAW_DEPTH_MAX 512u

enum pat_draw_outcome {
	PAT_DRAW_E_NOTHING = 1, /* nothing of it can be drawn: no size, or hidden */
	PAT_DRAW_E_TOO_LARGE,   /* more text than `out` takes */
};

/* Appends the picture of `node` to `out`. A page is drawn as everything on it, on its background and with a margin; the
 * document as its first page that has something on it. An outcome or a fault: then `out` has part of a picture, or
 * nothing. Any thread; the tree is asked by this thread only. */
int pat_draw_svg(const struct pat_draw_tree *tree, uint32_t node,
                 const struct pat_draw_options *options, struct pat_buf *out) PAT_MUST_USE;

/* Whether there would be a picture, without drawing it: 0, E_NOTHING, or a fault. At most `nodes_max` nodes are read. */
int pat_draw_some(const struct pat_draw_tree *tree, uint32_t node, uint32_t nodes_max) PAT_MUST_USE;

#endif
