/* SPDX-License-Identifier: Apache-2.0
 *
 * The picture around what is drawn: how large it is, and where in the page it lies.
 */
#include "files/draw.h"

#include <errno.h>
#include <math.h>

#include "files/draw_private.h"
#include "files/member.h"

#define MARGIN_LEAST 16
#define MARGIN_MOST  100

int pat_draw_error(const struct pat_draw *draw)
{
	return draw->fault != 0 ? draw->fault : pat_buf_error(draw->svg.out);
}

void pat_draw_fail(struct pat_draw *draw, int fault)
{
	if (draw->fault == 0)
		draw->fault = fault;
}

/* ---- How much of the page it is. */

struct area {
	struct pat_draw *draw;
	uint32_t nodes_left; /* to be looked at for this */
};

static json_t *read_own(struct area *a, uint32_t node)
{
	const struct pat_draw_tree *tree = a->draw->tree;
	json_t *own = NULL;

	if (a->nodes_left == 0)
		return NULL;
	a->nodes_left--;
	int r = tree->own(tree->arg, node, &own);
	if (r != 0) {
		pat_draw_fail(a->draw, r);
		return NULL;
	}
	return own;
}

/* False: it takes no room. What a document says that a node covers has its strokes and shadows in it. */
static bool area_of_own(const json_t *own, struct pat_box *ret)
{
	const struct pat_draw_type *type = pat_draw_type(own);
	struct pat_box box;
	struct pat_box covers;

	if (type->kind == PAT_DRAW_KIND_NOTHING || !pat_member_flag(own, "visible", true) ||
	    !pat_member_box(own, "absoluteBoundingBox", &box))
		return false;
	if (pat_member_box(own, "absoluteRenderBounds", &covers))
		*ret = pat_box_union(&box, &covers);
	else
		*ret = pat_box_grown(
			&box, pat_draw_strokes_reach(own, type->outline) +
				      pat_draw_effects_reach(pat_member_list(own, "effects")));
	return ret->w > 0 && ret->h > 0;
}

/* Of everything on a page. */
static bool area_of_children(struct area *a, uint32_t page, struct pat_box *ret)
{
	const struct pat_draw_tree *tree = a->draw->tree;
	bool some = false;

	for (uint32_t id = tree->child(tree->arg, page); id != PAT_DRAW_NONE && a->nodes_left > 0;
	     id = tree->next(tree->arg, id)) {
		json_t *own = read_own(a, id);
		struct pat_box box;

		if (own && area_of_own(own, &box)) {
			*ret = some ? pat_box_union(ret, &box) : box;
			some = true;
		}
		json_decref(own);
		if (a->draw->fault != 0)
			return false;
	}
	return some;
}

static bool area_of_page(struct area *a, uint32_t page, struct pat_box *ret)
{
	if (!area_of_children(a, page, ret))
		return false;
	double margin = fmax(ret->w, ret->h) * 0.05;
	*ret = pat_box_grown(ret, fmax(MARGIN_LEAST, fmin(MARGIN_MOST, margin)));
	return true;
}

/* Of a node; of the document's first page that has one, and then `node` is that page. `ret_page` is the page, if it is one:
 * a new reference. */
static bool find_area(struct area *a, uint32_t *node, struct pat_box *ret, json_t **ret_page)
{
	const struct pat_draw_tree *tree = a->draw->tree;
	json_t *own = read_own(a, *node);
	enum pat_draw_kind kind = pat_draw_type(own)->kind;
	bool found = false;

	if (pat_member_is(own, "type", "DOCUMENT")) {
		uint32_t page = tree->child(tree->arg, *node);

		for (; page != PAT_DRAW_NONE && !found && a->nodes_left > 0 && a->draw->fault == 0;
		     page = tree->next(tree->arg, page)) {
			json_decref(own);
			own = read_own(a, page);
			*node = page;
			found = own && pat_member_flag(own, "visible", true) &&
			        area_of_page(a, page, ret);
		}
		kind = PAT_DRAW_KIND_PAGE;
	} else if (kind == PAT_DRAW_KIND_PAGE) {
		found = area_of_page(a, *node, ret);
	} else {
		found = area_of_own(own, ret);
	}
	if (found && kind == PAT_DRAW_KIND_PAGE)
		*ret_page = own;
	else
		json_decref(own);
	return found;
}

/* ---- The picture. */

static double scale_for(const struct pat_draw_options *options, const struct pat_box *area)
{
	double scale = 1;

	if (options->width_max == 0 && options->height_max == 0)
		return options->scale > 0 && isfinite(options->scale) ? options->scale : 1;
	if (options->width_max > 0)
		scale = fmin(scale, options->width_max / area->w);
	if (options->height_max > 0)
		scale = fmin(scale, options->height_max / area->h);
	return scale;
}

static void write_head(struct pat_svg *svg, const struct pat_box *area, double scale)
{
	pat_svg_begin(svg, "svg");
	pat_svg_word(svg, "xmlns", "http://www.w3.org/2000/svg");
	pat_svg_number(svg, "width", fmax(1, area->w * scale));
	pat_svg_number(svg, "height", fmax(1, area->h * scale));
	pat_svg_open(svg, "viewBox");
	(void)pat_buf_add_str(svg->out, "0 0");
	PAT_SVG_PIECE(svg, ' ', area->w, area->h);
	pat_svg_close(svg);
	pat_svg_inside(svg);
}

static void write_background(struct pat_svg *svg, const json_t *page, const struct pat_box *area)
{
	uint32_t rgb = 0;
	double alpha = 0;

	if (!json_is_object(json_object_get(page, "backgroundColor")))
		return;
	pat_member_color(page, "backgroundColor", &rgb, &alpha);
	pat_svg_begin(svg, "rect");
	pat_svg_number(svg, "width", area->w);
	pat_svg_number(svg, "height", area->h);
	pat_svg_color(svg, "fill", rgb);
	pat_svg_number_unless(svg, "fill-opacity", alpha, 1);
	pat_svg_empty(svg);
}

static void write_picture(struct pat_draw *draw, uint32_t node, const json_t *page,
                          const struct pat_box *area)
{
	draw->origin = (struct pat_point){ area->x, area->y };
	write_head(&draw->svg, area, scale_for(draw->options, area));
	write_background(&draw->svg, page, area);
	pat_draw_walk(draw, node);
	pat_svg_end(&draw->svg, "svg");
}

int pat_draw_svg(const struct pat_draw_tree *tree, uint32_t node,
                 const struct pat_draw_options *options, struct pat_buf *out)
{
	struct pat_draw draw = { .svg = { .out = out },
		                 .tree = tree,
		                 .options = options,
		                 .nodes_left = options->nodes_max };
	struct area a = { .draw = &draw, .nodes_left = options->nodes_max };
	struct pat_box area;
	json_t *page = NULL;

	bool found = find_area(&a, &node, &area, &page);
	if (found && draw.fault == 0)
		write_picture(&draw, node, page, &area);
	json_decref(page);
	int r = pat_draw_error(&draw);
	if (r == -EMSGSIZE)
		return PAT_DRAW_E_TOO_LARGE;
	return r == 0 && !found ? PAT_DRAW_E_NOTHING : r;
}

int pat_draw_some(const struct pat_draw_tree *tree, uint32_t node, uint32_t nodes_max)
{
	struct pat_draw draw = { .tree = tree };
	struct area a = { .draw = &draw, .nodes_left = nodes_max };
	struct pat_box area;
	json_t *page = NULL;

	bool found = find_area(&a, &node, &area, &page);
	json_decref(page);
	if (draw.fault != 0)
		return draw.fault;
	return found ? 0 : PAT_DRAW_E_NOTHING;
}
