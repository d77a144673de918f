/* SPDX-License-Identifier: Apache-2.0
 *
 * What FigJam has of its own. The document says little of it: no fonts, no sizes of letters, and of a connector only
 * between what it runs. So letters are of one size that FigJam uses much, and a connector is a line across its box from the
 * side where it leaves to the one where it arrives.
 */
#include <math.h>
#include <string.h>

#include "files/draw_private.h"
#include "files/member.h"

#define INK 0x1e1e1e

static void write_label(struct pat_draw *draw, const json_t *own,
                        const struct pat_draw_place *place, double inset, bool centred)
{
	struct pat_draw_label label = {
		.size = 16, .inset = inset, .centred = centred, .rgb = INK
	};

	pat_draw_text(draw, own, place, &label);
}

void pat_draw_sticky(struct pat_draw *draw, const json_t *own, const struct pat_draw_place *place)
{
	struct pat_draw_shape shape;

	pat_draw_shape(own, PAT_DRAW_BY_BOX, place, &shape);
	pat_draw_fill(draw, own, &shape, pat_member_list(own, "fills"));
	write_label(draw, own, place, 16, false);
}

void pat_draw_shape_with_text(struct pat_draw *draw, const json_t *own,
                              const struct pat_draw_place *place)
{
	struct pat_draw_shape shape;

	pat_draw_shape(own, PAT_DRAW_BY_SHAPE_TYPE, place, &shape);
	pat_draw_fill(draw, own, &shape, pat_member_list(own, "fills"));
	pat_draw_strokes(draw, own, &shape);
	write_label(draw, own, place, 8, true);
}

/* Cells meet: the lines between them are theirs together. */
void pat_draw_cell(struct pat_draw *draw, const json_t *own, const struct pat_draw_place *place)
{
	struct pat_draw_shape shape;
	struct pat_svg *svg = &draw->svg;

	pat_draw_shape(own, PAT_DRAW_BY_BOX, place, &shape);
	pat_draw_fill(draw, own, &shape, pat_member_list(own, "fills"));
	if (pat_draw_shape_part(draw, &shape, 0, 0, "fill-rule")) {
		pat_svg_word(svg, "fill", "none");
		pat_svg_word(svg, "stroke", "#b3b3b3");
		pat_svg_empty(svg);
	}
	write_label(draw, own, place, 8, true);
}

/* ---- Connectors. */

enum side {
	NOWHERE,
	TOP,
	RIGHT,
	BOTTOM,
	LEFT
};

static enum side side_of(const json_t *own, const char *key)
{
	static const char *const names[] = { "", "TOP", "RIGHT", "BOTTOM", "LEFT" };
	const json_t *end = json_object_get(own, key);

	for (size_t i = 1; i < PAT_ARRAY_LEN(names); i++)
		if (pat_member_is(end, "magnet", names[i]))
			return (enum side)i;
	return NOWHERE;
}

/* Two corners of the box: it leaves a right side to the right, and arrives at a left side from the left. */
static void find_ends(const json_t *own, const struct pat_box *box, struct pat_point *start,
                      struct pat_point *end)
{
	enum side leaves = side_of(own, "connectorStart");
	enum side arrives = side_of(own, "connectorEnd");
	bool left = leaves == LEFT || (leaves != RIGHT && arrives == RIGHT);
	bool up = leaves == TOP || (leaves != BOTTOM && arrives == BOTTOM);

	*start = (struct pat_point){ left ? box->x + box->w : box->x,
		                     up ? box->y + box->h : box->y };
	*end = (struct pat_point){ left ? box->x : box->x + box->w, up ? box->y : box->y + box->h };
}

/* The route in between, as path data; `ret` is where it goes at its beginning and its end. */
static void write_route(struct pat_svg *svg, const json_t *own, struct pat_point start,
                        struct pat_point end, struct pat_point ret[static 2])
{
	enum side leaves = side_of(own, "connectorStart");
	bool upright = leaves == TOP || leaves == BOTTOM;
	bool bent = start.x != end.x && start.y != end.y;
	struct pat_point middle = { (start.x + end.x) / 2, (start.y + end.y) / 2 };
	struct pat_point one = upright ? (struct pat_point){ start.x, middle.y }
	                               : (struct pat_point){ middle.x, start.y };
	struct pat_point two = upright ? (struct pat_point){ end.x, middle.y }
	                               : (struct pat_point){ middle.x, end.y };

	PAT_SVG_PIECE(svg, 'M', start.x, start.y);
	if (!bent || pat_member_is(own, "connectorLineType", "STRAIGHT")) {
		one = end;
		two = start;
		PAT_SVG_PIECE(svg, 'L', end.x, end.y);
	} else if (pat_member_is(own, "connectorLineType", "CURVED")) {
		PAT_SVG_PIECE(svg, 'C', one.x, one.y, two.x, two.y, end.x, end.y);
	} else {
		PAT_SVG_PIECE(svg, 'L', one.x, one.y);
		PAT_SVG_PIECE(svg, 'L', two.x, two.y);
		PAT_SVG_PIECE(svg, 'L', end.x, end.y);
	}
	ret[0] = (struct pat_point){ start.x - one.x, start.y - one.y };
	ret[1] = (struct pat_point){ end.x - two.x, end.y - two.y };
}

void pat_draw_connector(struct pat_draw *draw, const json_t *own,
                        const struct pat_draw_place *place)
{
	const json_t *json = pat_draw_paint_at(pat_member_list(own, "strokes"), 0);
	double weight = pat_member_between(own, "strokeWeight", 4, 0, 1000);
	struct pat_draw_paint paint = { .kind = PAT_DRAW_COLOR, .rgb = INK, .opacity = 1 };
	struct pat_svg *svg = &draw->svg;
	struct pat_point ends[2];
	struct pat_point ways[2];
	size_t len = 0;

	if (json)
		pat_draw_paint(draw, json, &place->box, &paint);
	find_ends(own, &place->box, &ends[0], &ends[1]);
	pat_svg_begin(svg, "path");
	pat_svg_open(svg, "d");
	write_route(svg, own, ends[0], ends[1], ways);
	pat_svg_close(svg);
	pat_svg_word(svg, "fill", "none");
	pat_draw_paint_attribute(draw, "stroke", &paint);
	pat_svg_number_unless(svg, "stroke-width", weight, 1);
	pat_svg_word(svg, "stroke-linejoin", "round");
	pat_svg_empty(svg);
	pat_draw_arrow(draw, pat_member_text(own, "connectorStartStrokeCap", &len), ends[0],
	               ways[0], weight, &paint);
	pat_draw_arrow(draw, pat_member_text(own, "connectorEndStrokeCap", &len), ends[1], ways[1],
	               weight, &paint);
	write_label(draw, own, place, 0, true);
}
