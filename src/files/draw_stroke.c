/* SPDX-License-Identifier: Apache-2.0
 *
 * Strokes. SVG's are centred on an outline. Inside of it or outside, a rectangle or an ellipse is drawn smaller or larger by
 * half the weight; of any other outline a stroke of twice the weight is cut off at the outline.
 *
 * A document with geometry has each stroke as an area (strokeGeometry), with its ends, joins and dashes: that is filled.
 */
#include <math.h>
#include <string.h>

#include "files/draw_private.h"
#include "files/member.h"

enum align {
	INSIDE,
	CENTER,
	OUTSIDE
};

static enum align align_of(const json_t *own, enum align usual)
{
	if (pat_member_is(own, "strokeAlign", "INSIDE"))
		return INSIDE;
	if (pat_member_is(own, "strokeAlign", "CENTER"))
		return CENTER;
	return pat_member_is(own, "strokeAlign", "OUTSIDE") ? OUTSIDE : usual;
}

static double weight_of(const json_t *own)
{
	return pat_member_between(own, "strokeWeight", 1, 0, PAT_MEMBER_MAX);
}

/* The widths at the top, right, bottom and left, where they differ. */
static bool read_sides(const json_t *own, double ret[static 4])
{
	static const char *const names[] = { "top", "right", "bottom", "left" };
	const json_t *sides = json_object_get(own, "individualStrokeWeights");

	if (!json_is_object(sides))
		return false;
	for (size_t i = 0; i < 4; i++)
		ret[i] = pat_member_between(sides, names[i], 0, 0, PAT_MEMBER_MAX);
	return true;
}

double pat_draw_strokes_reach(const json_t *own, enum pat_draw_outline outline)
{
	double sides[4];
	double weight = weight_of(own);
	enum align align = align_of(own, outline == PAT_DRAW_BY_BOX ? INSIDE : CENTER);

	if (!pat_draw_paint_at(pat_member_list(own, "strokes"), 0))
		return 0;
	if (read_sides(own, sides))
		weight = fmax(fmax(sides[0], sides[1]), fmax(sides[2], sides[3]));
	/* Sharp corners reach out further; and the heads of arrows. */
	if (outline == PAT_DRAW_BY_LINE)
		return weight * 4;
	return align == INSIDE ? 0 : align == CENTER ? weight : weight * 2;
}

/* ---- The attributes. */

static void write_dashes(struct pat_svg *svg, const json_t *own)
{
	const json_t *dashes = pat_member_list(own, "strokeDashes");
	double values[PAT_DRAW_DASHES_MAX];
	double sum = 0;
	size_t n = 0;

	for (; n < json_array_size(dashes) && n < PAT_DRAW_DASHES_MAX; n++) {
		values[n] = fmax(0, pat_member_element(dashes, n, 0));
		sum += values[n];
	}
	/* So fine that nobody sees them, and so many that a browser would take its time. */
	if (n == 0 || sum / (double)n < 0.05)
		return;
	pat_svg_open(svg, "stroke-dasharray");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			(void)pat_buf_add_str(svg->out, ",");
		pat_svg_put_number(svg->out, values[i]);
	}
	pat_svg_close(svg);
}

static void write_joints(struct pat_svg *svg, const json_t *own)
{
	double miter = pat_member_between(own, "strokeMiterAngle", 28.955, 1, 180);

	if (pat_member_is(own, "strokeCap", "ROUND"))
		pat_svg_word(svg, "stroke-linecap", "round");
	else if (pat_member_is(own, "strokeCap", "SQUARE"))
		pat_svg_word(svg, "stroke-linecap", "square");
	if (pat_member_is(own, "strokeJoin", "ROUND"))
		pat_svg_word(svg, "stroke-linejoin", "round");
	else if (pat_member_is(own, "strokeJoin", "BEVEL"))
		pat_svg_word(svg, "stroke-linejoin", "bevel");
	else
		pat_svg_number_unless(svg, "stroke-miterlimit", 1 / sin(miter / 360 * M_PI), 4);
}

static void write_stroke(struct pat_draw *draw, const json_t *own,
                         const struct pat_draw_paint *paint, double weight)
{
	pat_svg_word(&draw->svg, "fill", "none");
	pat_draw_paint_attribute(draw, "stroke", paint);
	pat_svg_number_unless(&draw->svg, "stroke-width", weight, 1);
	write_dashes(&draw->svg, own);
	write_joints(&draw->svg, own);
}

/* ---- Arrows. */

/* In units of the weight, with the tip at the origin and pointing right. */
static const struct {
	const char *cap;
	const char *path;
	bool open;
} arrows[] = {
	{ "LINE_ARROW", "M-4-3.5L0 0L-4 3.5", true },
	{ "TRIANGLE_ARROW", "M-5-3L0 0L-5 3Z", false },
	{ "TRIANGLE_FILLED", "M-5-3L0 0L-5 3Z", false },
	{ "DIAMOND_FILLED", "M-3.5-3.5L0 0L-3.5 3.5L-7 0Z", false },
	{ "CIRCLE_FILLED", "M-6 0A3 3 0 0 1 0 0A3 3 0 0 1-6 0Z", false },
};

void pat_draw_arrow(struct pat_draw *draw, const char *cap, struct pat_point tip,
                    struct pat_point direction, double weight, const struct pat_draw_paint *paint)
{
	struct pat_svg *svg = &draw->svg;
	size_t i = 0;

	while (i < PAT_ARRAY_LEN(arrows) && strcmp(cap, arrows[i].cap) != 0)
		i++;
	if (i == PAT_ARRAY_LEN(arrows) || paint->kind == PAT_DRAW_NO_PAINT)
		return;
	pat_svg_begin(svg, "path");
	pat_svg_word(svg, "d", arrows[i].path);
	pat_svg_open(svg, "transform");
	(void)pat_buf_add_str(svg->out, "translate");
	PAT_SVG_PIECE(svg, '(', tip.x, tip.y);
	(void)pat_buf_add_str(svg->out, ") rotate");
	PAT_SVG_PIECE(svg, '(', atan2(direction.y, direction.x) * 180 / M_PI);
	(void)pat_buf_add_str(svg->out, ") scale");
	PAT_SVG_PIECE(svg, '(', weight);
	(void)pat_buf_add_str(svg->out, ")");
	pat_svg_close(svg);
	if (arrows[i].open)
		pat_svg_word(svg, "fill", "none");
	pat_draw_paint_attribute(draw, arrows[i].open ? "stroke" : "fill", paint);
	pat_svg_empty(svg);
}

/* ---- One stroke. */

/* As an area: the frame between the outline and what is so much smaller or larger on each side. */
static void draw_sides(struct pat_draw *draw, const struct pat_draw_shape *shape,
                       const double sides[static 4], enum align align,
                       const struct pat_draw_paint *paint)
{
	double outer[4];
	double inner[4];

	for (size_t i = 0; i < 4; i++) {
		outer[i] = align == INSIDE ? 0 : align == CENTER ? sides[i] / 2 : sides[i];
		inner[i] = sides[i] - outer[i];
	}
	pat_draw_shape_sides(draw, shape, outer, inner);
	pat_draw_paint_attribute(draw, "fill", paint);
	pat_svg_empty(&draw->svg);
}

static void draw_parts(struct pat_draw *draw, const json_t *own, const struct pat_draw_shape *shape,
                       double larger, double weight, const struct pat_draw_paint *paint)
{
	size_t parts = pat_draw_shape_parts(shape);

	for (size_t i = 0; i < parts && pat_draw_error(draw) == 0; i++) {
		if (!pat_draw_shape_part(draw, shape, i, larger, "fill-rule"))
			continue;
		write_stroke(draw, own, paint, weight);
		pat_svg_empty(&draw->svg);
	}
}

static void draw_box(struct pat_draw *draw, const json_t *own, const struct pat_draw_shape *shape,
                     enum align align, const struct pat_draw_paint *paint)
{
	double weight = weight_of(own);
	double larger = align == INSIDE ? -weight / 2 : align == CENTER ? 0 : weight / 2;

	if (align == INSIDE && weight * 2 >= fmin(shape->box.w, shape->box.h)) {
		/* Nothing is left in the middle. */
		if (pat_draw_shape_part(draw, shape, 0, 0, "fill-rule")) {
			pat_draw_paint_attribute(draw, "fill", paint);
			pat_svg_empty(&draw->svg);
		}
		return;
	}
	draw_parts(draw, own, shape, larger, weight, paint);
}

/* Everything but the shape: a mask of white with the shape in black. */
static uint32_t mask_outside(struct pat_draw *draw, const struct pat_draw_shape *shape,
                             double reach)
{
	struct pat_svg *svg = &draw->svg;
	struct pat_box box = pat_box_grown(&shape->place->box, reach);
	uint32_t id = pat_svg_new_id(svg);
	size_t parts = pat_draw_shape_parts(shape);

	pat_svg_begin(svg, "mask");
	pat_svg_id(svg, id);
	pat_svg_word(svg, "maskUnits", "userSpaceOnUse");
	for (int i = 0; i < 2; i++) {
		if (i == 1)
			pat_svg_begin(svg, "rect");
		pat_svg_number(svg, "x", box.x);
		pat_svg_number(svg, "y", box.y);
		pat_svg_number(svg, "width", box.w);
		pat_svg_number(svg, "height", box.h);
		if (i == 0)
			pat_svg_inside(svg);
	}
	pat_svg_word(svg, "fill", "#fff");
	pat_svg_empty(svg);
	for (size_t i = 0; i < parts && pat_draw_error(draw) == 0; i++)
		if (pat_draw_shape_part(draw, shape, i, 0, "fill-rule"))
			pat_svg_empty(svg);
	pat_svg_end(svg, "mask");
	return id;
}

static void draw_cut(struct pat_draw *draw, const json_t *own, const struct pat_draw_shape *shape,
                     enum align align, const struct pat_draw_paint *paint)
{
	struct pat_svg *svg = &draw->svg;
	double weight = weight_of(own);

	if (align == CENTER) {
		draw_parts(draw, own, shape, 0, weight, paint);
		return;
	}
	uint32_t id = align == INSIDE ? pat_draw_shape_clip(draw, shape)
	                              : mask_outside(draw, shape, weight * 4);
	pat_svg_begin(svg, "g");
	pat_svg_reference(svg, align == INSIDE ? "clip-path" : "mask", id);
	pat_svg_inside(svg);
	draw_parts(draw, own, shape, 0, weight * 2, paint);
	pat_svg_end(svg, "g");
}

/* A line has no inside. Where the document says what it covers, that is where it is; else it lies on its box. */
static void draw_line(struct pat_draw *draw, const json_t *own, const struct pat_draw_shape *shape,
                      const struct pat_draw_paint *paint)
{
	struct pat_draw_shape line = *shape;
	double weight = weight_of(own);
	struct pat_box covers;
	size_t len = 0;
	const char *cap = pat_member_text(own, "strokeCap", &len);

	if (align_of(own, CENTER) != CENTER)
		line.box.y -= weight / 2;
	if (!shape->moved && pat_member_box(own, "absoluteRenderBounds", &covers) &&
	    fabs(covers.h - weight) < 0.01)
		line.box.y = covers.y - draw->origin.y + covers.h / 2 - line.box.h / 2;
	draw_parts(draw, own, &line, 0, weight, paint);
	struct pat_point tip = { line.box.x + line.box.w, line.box.y + line.box.h / 2 };
	struct pat_point direction = { 1, 0 };
	if (shape->moved) {
		tip = pat_matrix_point(&shape->place->at, tip.x, tip.y);
		direction = (struct pat_point){ shape->place->at.a, shape->place->at.b };
	}
	pat_draw_arrow(draw, cap, tip, direction, weight, paint);
}

static void draw_stroke(struct pat_draw *draw, const json_t *own,
                        const struct pat_draw_shape *shape, const struct pat_draw_paint *paint)
{
	double sides[4];

	switch (shape->form) {
	case PAT_DRAW_RECT:
		if (read_sides(own, sides))
			draw_sides(draw, shape, sides, align_of(own, INSIDE), paint);
		else
			draw_box(draw, own, shape, align_of(own, INSIDE), paint);
		break;
	case PAT_DRAW_ELLIPSE:
		draw_box(draw, own, shape, align_of(own, INSIDE), paint);
		break;
	case PAT_DRAW_LINE:
		draw_line(draw, own, shape, paint);
		break;
	case PAT_DRAW_ARC:
	case PAT_DRAW_POLYGON:
	case PAT_DRAW_PATHS:
		draw_cut(draw, own, shape, align_of(own, CENTER), paint);
		break;
	case PAT_DRAW_NOWHERE:
	default:
		break;
	}
}

void pat_draw_strokes(struct pat_draw *draw, const json_t *own, const struct pat_draw_shape *shape)
{
	const json_t *strokes = pat_member_list(own, "strokes");
	const json_t *areas = pat_member_list(own, "strokeGeometry");
	const json_t *json = NULL;

	if (areas) {
		struct pat_draw_shape area;

		pat_draw_shape_paths(shape, areas, &area);
		pat_draw_fill(draw, NULL, &area, strokes);
		return;
	}
	if (weight_of(own) <= 0 && !json_object_get(own, "individualStrokeWeights"))
		return;
	for (size_t i = 0; i < PAT_DRAW_PAINTS_MAX && (json = pat_draw_paint_at(strokes, i)); i++) {
		struct pat_draw_paint paint = { 0 };

		pat_draw_paint(draw, json, &shape->box, &paint);
		if (paint.kind != PAT_DRAW_NO_PAINT)
			draw_stroke(draw, own, shape, &paint);
	}
}
