/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk over the tree. Nodes lie in each other deeper than a thread's stack is sure to carry, so the levels that are open
 * are kept on the heap; there is no recursion.
 *
 * A node is written as
 *
 *   <g>  its outline filled  <g clip>  its children  </g>  its strokes  </g>
 *
 * where each <g> is there only if something asks for it. A child that is a mask is not drawn: it opens a <g mask> around the
 * siblings behind it, up to the next mask.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "files/draw_private.h"
#include "files/member.h"

struct level {
	json_t *own;
	const struct pat_draw_type *type;
	struct pat_draw_place place;
	struct pat_draw_axes inside;
	struct pat_draw_shape shape;
	uint32_t next;   /* the child to be drawn next */
	uint32_t *order; /* of the children, where it is not the tree's own; drawn from the end */
	uint32_t n_order;
	uint32_t mask; /* it is the content of this mask, or 0 */
	bool placed;   /* `place` and `shape` are known */
	bool filtered; /* it is drawn through a filter of its own, */
	bool grouped;  /* in a <g>; */
	bool clipped;  /* one is open around its children, */
	bool masked;   /* and one around those behind a mask */
};

struct walk {
	struct pat_draw *draw;
	struct level *levels; /* PAT_DRAW_DEPTH_MAX */
	size_t depth;
};

/* ---- Children. */

static bool has_children(const struct level *level)
{
	const json_t *own = level->own;

	switch (level->type->kind) {
	case PAT_DRAW_KIND_SHAPE:
	case PAT_DRAW_KIND_TEXT:
	case PAT_DRAW_KIND_NOTHING:
		return false;
	case PAT_DRAW_KIND_SECTION:
		return !pat_member_flag(own, "sectionContentsHidden", false);
	default:
		return true;
	}
}

/* All children, where the first is to lie on top. */
static void reverse_children(struct pat_draw *draw, struct level *level)
{
	size_t room = 0;

	for (uint32_t id = level->next; id != PAT_DRAW_NONE && level->n_order < draw->nodes_left;
	     id = draw->tree->next(draw->tree->arg, id)) {
		if (level->n_order == room) {
			room = room ? 2 * room : 16;
			uint32_t *grown = reallocarray(level->order, room, sizeof(*grown));

			if (!grown) {
				pat_draw_fail(draw, -ENOMEM);
				return;
			}
			level->order = grown;
		}
		level->order[level->n_order++] = id;
	}
	level->next = PAT_DRAW_NONE;
}

static void find_children(struct pat_draw *draw, uint32_t node, struct level *level)
{
	level->next = PAT_DRAW_NONE;
	if (!has_children(level))
		return;
	level->next = draw->tree->child(draw->tree->arg, node);
	if (pat_member_flag(level->own, "itemReverseZIndex", false))
		reverse_children(draw, level);
}

static uint32_t next_child(struct pat_draw *draw, struct level *level)
{
	uint32_t id = level->next;

	if (level->n_order > 0)
		return level->order[--level->n_order];
	if (id != PAT_DRAW_NONE)
		level->next = draw->tree->next(draw->tree->arg, id);
	return id;
}

/* ---- What is around a node. */

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A name as an id: nothing that a reference would have to escape, and never one of ours (p1, p2, …). */
static void write_name(struct pat_svg *svg, const json_t *own)
{
	size_t len = 0;
	const char *name = pat_member_text(own, "name", &len);

	pat_svg_open(svg, "id");
	if (len == 0 || !is_letter(name[0]) || (name[0] == 'p' && is_digit(name[1])))
		(void)pat_buf_add(svg->out, "_", 1);
	for (size_t i = 0; i < len && i < 200; i++) {
		bool plain =
			is_letter(name[i]) || is_digit(name[i]) || name[i] == '-' || name[i] == '.';

		(void)pat_buf_add(svg->out, plain ? &name[i] : "_", 1);
	}
	pat_svg_close(svg);
}

static void write_ids(struct pat_draw *draw, const json_t *own)
{
	size_t len = 0;
	const char *id = pat_member_text(own, "id", &len);

	if (draw->options->include_id)
		write_name(&draw->svg, own);
	if (draw->options->include_node_id && len <= 200)
		pat_svg_text(&draw->svg, "data-node-id", id, len);
}

/* A frame that hides what is behind it and shows nothing beyond itself casts the shadow of its own outline: then only that
 * goes through the filter, and what is inside of it stays sharp. */
static bool casts_alone(const struct level *level)
{
	const json_t *own = level->own;

	return level->type->kind == PAT_DRAW_KIND_FRAME &&
	       pat_member_flag(own, "clipsContent", false) &&
	       pat_draw_paints_are_opaque(pat_member_list(own, "fills")) &&
	       pat_draw_effects_are_drop_shadows(pat_member_list(own, "effects")) &&
	       pat_draw_strokes_reach(own, PAT_DRAW_BY_BOX) <= 0;
}

/* A mask is as good as a filter. */
static bool may_filter(const struct pat_draw *draw)
{
	return draw->filters < PAT_DRAW_FILTERS_MAX &&
	       draw->filters_open < PAT_DRAW_FILTERS_DEPTH_MAX;
}

static uint32_t define_effects(struct pat_draw *draw, const struct level *level)
{
	struct pat_box box;

	if (!level->placed || !may_filter(draw))
		return 0;
	box = pat_draw_covers(draw, level->own, level->type, &level->place);
	uint32_t id = pat_draw_effects(draw, level->own, &box);
	draw->filters += id != 0;
	return id;
}

static void open_group(struct pat_draw *draw, struct level *level)
{
	struct pat_svg *svg = &draw->svg;
	double opacity = pat_member_between(level->own, "opacity", 1, 0, 1);
	uint32_t filter = casts_alone(level) ? 0 : define_effects(draw, level);

	level->grouped = opacity < 0.9995 || filter || draw->options->include_id ||
	                 draw->options->include_node_id;
	if (!level->grouped)
		return;
	pat_svg_begin(svg, "g");
	write_ids(draw, level->own);
	pat_svg_number_unless(svg, "opacity", opacity, 1);
	if (filter)
		pat_svg_reference(svg, "filter", filter);
	pat_svg_inside(svg);
	level->filtered = filter != 0;
	draw->filters_open += level->filtered;
}

/* ---- A node. */

static void draw_frame(struct pat_draw *draw, struct level *level)
{
	uint32_t filter = casts_alone(level) ? define_effects(draw, level) : 0;

	if (filter) {
		pat_svg_begin(&draw->svg, "g");
		pat_svg_reference(&draw->svg, "filter", filter);
		pat_svg_inside(&draw->svg);
	}
	pat_draw_fill(draw, level->own, &level->shape, pat_member_list(level->own, "fills"));
	if (filter)
		pat_svg_end(&draw->svg, "g");
}

/* A section is told from a frame by its corners and a thin line. */
static void draw_section(struct pat_draw *draw, struct level *level)
{
	struct pat_draw_shape *shape = &level->shape;

	for (size_t i = 0; i < 4 && shape->form == PAT_DRAW_RECT; i++)
		shape->radii[i] =
			fmax(shape->radii[i], fmin(2, fmin(shape->box.w, shape->box.h) / 2));
	pat_draw_fill(draw, level->own, shape, pat_member_list(level->own, "fills"));
	if (pat_draw_paint_at(pat_member_list(level->own, "strokes"), 0) ||
	    !pat_draw_shape_part(draw, shape, 0, -0.5, "fill-rule"))
		return;
	pat_svg_word(&draw->svg, "fill", "none");
	pat_svg_word(&draw->svg, "stroke", "#000");
	pat_svg_word(&draw->svg, "stroke-opacity", "0.1");
	pat_svg_empty(&draw->svg);
}

static void draw_text(struct pat_draw *draw, const struct level *level)
{
	const json_t *paths = pat_member_list(level->own, "fillGeometry");
	struct pat_draw_shape letters;

	if (!paths || !draw->options->outline_text) {
		pat_draw_text(draw, level->own, &level->place, NULL);
		return;
	}
	pat_draw_shape_paths(&level->shape, paths, &letters);
	pat_draw_fill(draw, level->own, &letters, pat_member_list(level->own, "fills"));
	pat_draw_strokes(draw, level->own, &letters);
}

static void draw_body(struct pat_draw *draw, struct level *level)
{
	switch (level->type->kind) {
	case PAT_DRAW_KIND_FRAME:
	case PAT_DRAW_KIND_SHAPE:
		draw_frame(draw, level);
		break;
	case PAT_DRAW_KIND_SECTION:
		draw_section(draw, level);
		break;
	case PAT_DRAW_KIND_TEXT:
		draw_text(draw, level);
		break;
	case PAT_DRAW_KIND_STICKY:
		pat_draw_sticky(draw, level->own, &level->place);
		break;
	case PAT_DRAW_KIND_SHAPE_WITH_TEXT:
		pat_draw_shape_with_text(draw, level->own, &level->place);
		break;
	case PAT_DRAW_KIND_CONNECTOR:
		pat_draw_connector(draw, level->own, &level->place);
		break;
	case PAT_DRAW_KIND_CELL:
		pat_draw_cell(draw, level->own, &level->place);
		break;
	case PAT_DRAW_KIND_NOTHING:
	case PAT_DRAW_KIND_CHILDREN:
	case PAT_DRAW_KIND_PAGE:
	case PAT_DRAW_KIND_GROUP:
	default:
		break;
	}
}

static void open_clip(struct pat_draw *draw, struct level *level)
{
	bool some = level->next != PAT_DRAW_NONE || level->n_order > 0;

	if (!some || level->type->kind != PAT_DRAW_KIND_FRAME ||
	    !pat_member_flag(level->own, "clipsContent", false))
		return;
	uint32_t id = pat_draw_shape_clip(draw, &level->shape);
	pat_svg_begin(&draw->svg, "g");
	pat_svg_reference(&draw->svg, "clip-path", id);
	pat_svg_inside(&draw->svg);
	level->clipped = true;
}

static void close_if(struct pat_draw *draw, bool *open)
{
	if (*open)
		pat_svg_end(&draw->svg, "g");
	*open = false;
}

/* The rest of the siblings of a mask are seen through it. */
static void open_masked(struct pat_draw *draw, struct level *parent, const char *how, uint32_t id)
{
	pat_svg_begin(&draw->svg, "g");
	pat_svg_reference(&draw->svg, how, id);
	pat_svg_inside(&draw->svg);
	parent->masked = true;
	draw->filters_open++;
}

static void close_masked(struct pat_draw *draw, struct level *parent)
{
	draw->filters_open -= parent->masked;
	close_if(draw, &parent->masked);
}

/* ---- The walk. */

static void forget(struct level *level)
{
	json_decref(level->own);
	free(level->order);
	*level = (struct level){ 0 };
}

/* True: the mask is done with: as a clip, or because there are too many. */
static bool begin_mask(struct pat_draw *draw, struct level *level, struct level *parent)
{
	struct pat_box box;

	if (!pat_member_flag(level->own, "isMask", false) || !parent || !level->placed)
		return false;
	close_masked(draw, parent);
	if (!may_filter(draw))
		return true;
	draw->filters++;
	if (level->type->kind == PAT_DRAW_KIND_SHAPE &&
	    pat_draw_mask_is_clip(level->own, &level->shape)) {
		open_masked(draw, parent, "clip-path", pat_draw_shape_clip(draw, &level->shape));
		return true;
	}
	box = pat_draw_covers(draw, level->own, level->type, &level->place);
	level->mask = pat_draw_mask_begin(draw, level->own, &box);
	draw->filters_open++;
	return false;
}

/* Reads a node, and says where it is. False: it is not drawn. */
static bool read_node(struct walk *w, uint32_t node, struct level *level)
{
	static const struct pat_draw_axes straight = { PAT_MATRIX_IDENTITY, PAT_MATRIX_IDENTITY };
	struct pat_draw *draw = w->draw;
	const struct pat_draw_axes *around =
		w->depth > 0 ? &w->levels[w->depth - 1].inside : &straight;

	draw->nodes_left--;
	int r = draw->tree->own(draw->tree->arg, node, &level->own);
	if (r != 0) {
		level->own = NULL;
		pat_draw_fail(draw, r);
		return false;
	}
	level->type = pat_draw_type(level->own);
	if (!pat_member_flag(level->own, "visible", true) ||
	    level->type->kind == PAT_DRAW_KIND_NOTHING)
		return false;
	level->placed = pat_draw_place(draw, level->own, level->type->kind == PAT_DRAW_KIND_GROUP,
	                               around, &level->place, &level->inside);
	if (level->placed)
		pat_draw_shape(level->own, level->type->outline, &level->place, &level->shape);
	return true;
}

static void enter(struct walk *w, uint32_t node)
{
	struct pat_draw *draw = w->draw;
	struct level *parent = w->depth > 0 ? &w->levels[w->depth - 1] : NULL;

	if (w->depth == PAT_DRAW_DEPTH_MAX || draw->nodes_left == 0)
		return;
	struct level *level = &w->levels[w->depth];
	if (!read_node(w, node, level) || begin_mask(draw, level, parent)) {
		forget(level);
		return;
	}
	w->depth++;
	find_children(draw, node, level);
	open_group(draw, level);
	if (!level->placed)
		return;
	draw_body(draw, level);
	open_clip(draw, level);
}

static void leave(struct walk *w)
{
	struct pat_draw *draw = w->draw;
	struct level *level = &w->levels[--w->depth];
	enum pat_draw_kind kind = level->type->kind;

	close_masked(draw, level);
	close_if(draw, &level->clipped);
	if (level->placed && (kind == PAT_DRAW_KIND_FRAME || kind == PAT_DRAW_KIND_SECTION ||
	                      kind == PAT_DRAW_KIND_SHAPE))
		pat_draw_strokes(draw, level->own, &level->shape);
	close_if(draw, &level->grouped);
	draw->filters_open -= level->filtered;
	if (level->mask) {
		draw->filters_open--;
		pat_draw_mask_end(draw);
		open_masked(draw, &w->levels[w->depth - 1], "mask", level->mask);
	}
	forget(level);
}

void pat_draw_walk(struct pat_draw *draw, uint32_t node)
{
	struct walk w = { .draw = draw };

	w.levels = calloc(PAT_DRAW_DEPTH_MAX, sizeof(*w.levels));
	if (!w.levels) {
		pat_draw_fail(draw, -ENOMEM);
		return;
	}
	enter(&w, node);
	while (w.depth > 0) {
		uint32_t child = PAT_DRAW_NONE;

		if (pat_draw_error(draw) == 0 && draw->nodes_left > 0)
			child = next_child(draw, &w.levels[w.depth - 1]);
		if (child != PAT_DRAW_NONE)
			enter(&w, child);
		else
			leave(&w);
	}
	free(w.levels);
}
