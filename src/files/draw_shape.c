/* SPDX-License-Identifier: Apache-2.0
 *
 * Outlines. What a document says of a rectangle or an ellipse is enough to draw it; a vector is only known by its path
 * data. Of a star or a polygon the corners are not said: without path data they are Figma's own, five and three.
 */
#include <math.h>
#include <stdio.h>

#include "files/draw_private.h"
#include "files/member.h"
#include "files/path.h"

#define TURN (2 * M_PI)

/* ---- What is known of an outline. */

#define POINTS(...)                                \
	(const struct pat_point[]){ __VA_ARGS__ }, \
		sizeof((const struct pat_point[]){ __VA_ARGS__ }) / sizeof(struct pat_point)

static const struct {
	const char *name; /* of a shapeType, or of a type */
	const struct pat_point *points;
	size_t n;
} polygons[] = {
	{ "REGULAR_POLYGON", POINTS({ .5, 0 }, { .933013, .75 }, { .066987, .75 }) },
	{ "STAR",
	  POINTS({ .5, 0 }, { .612257, .345492 }, { .975528, .345492 }, { .681636, .559017 },
	         { .793893, .904508 }, { .5, .690983 }, { .206107, .904508 }, { .318364, .559017 },
	         { .024472, .345492 }, { .387743, .345492 }) },
	{ "DIAMOND", POINTS({ .5, 0 }, { 1, .5 }, { .5, 1 }, { 0, .5 }) },
	{ "TRIANGLE_UP", POINTS({ .5, 0 }, { 1, 1 }, { 0, 1 }) },
	{ "TRIANGLE_DOWN", POINTS({ 0, 0 }, { 1, 0 }, { .5, 1 }) },
	{ "PARALLELOGRAM_RIGHT", POINTS({ .2, 0 }, { 1, 0 }, { .8, 1 }, { 0, 1 }) },
	{ "PARALLELOGRAM_LEFT", POINTS({ 0, 0 }, { .8, 0 }, { 1, 1 }, { .2, 1 }) },
	{ "TRAPEZOID", POINTS({ .2, 0 }, { .8, 0 }, { 1, 1 }, { 0, 1 }) },
	{ "HEXAGON", POINTS({ .2, 0 }, { .8, 0 }, { 1, .5 }, { .8, 1 }, { .2, 1 }, { 0, .5 }) },
	{ "PENTAGON", POINTS({ .5, 0 }, { 1, .38 }, { .81, 1 }, { .19, 1 }, { 0, .38 }) },
	{ "OCTAGON", POINTS({ .3, 0 }, { .7, 0 }, { 1, .3 }, { 1, .7 }, { .7, 1 }, { .3, 1 },
	                    { 0, .7 }, { 0, .3 }) },
	{ "CHEVRON", POINTS({ 0, 0 }, { .8, 0 }, { 1, .5 }, { .8, 1 }, { 0, 1 }, { .2, .5 }) },
	{ "ARROW_RIGHT", POINTS({ 0, .25 }, { .6, .25 }, { .6, 0 }, { 1, .5 }, { .6, 1 },
	                        { .6, .75 }, { 0, .75 }) },
	{ "ARROW_LEFT", POINTS({ 1, .25 }, { .4, .25 }, { .4, 0 }, { 0, .5 }, { .4, 1 },
	                       { .4, .75 }, { 1, .75 }) },
	{ "PLUS",
	  POINTS({ .33, 0 }, { .67, 0 }, { .67, .33 }, { 1, .33 }, { 1, .67 }, { .67, .67 },
	         { .67, 1 }, { .33, 1 }, { .33, .67 }, { 0, .67 }, { 0, .33 }, { .33, .33 }) },
	{ "MANUAL_INPUT", POINTS({ 0, .2 }, { 1, 0 }, { 1, 1 }, { 0, 1 }) },
	{ "SHIELD", POINTS({ 0, 0 }, { 1, 0 }, { 1, .6 }, { .5, 1 }, { 0, .6 }) },
};

/* Corners that do not fit are made smaller together. */
static void fit_radii(double radii[static 4], double w, double h)
{
	double part = 1;

	for (size_t i = 0; i < 4; i++) {
		double both = radii[i] + radii[(i + 1) % 4];
		double side = i % 2 == 0 ? w : h;

		if (both > side)
			part = fmin(part, side / both);
	}
	for (size_t i = 0; i < 4; i++)
		radii[i] *= part;
}

static void read_radii(const json_t *own, struct pat_draw_shape *shape)
{
	const json_t *four = pat_member_list(own, "rectangleCornerRadii");
	double all = pat_member_number(own, "cornerRadius", 0);

	for (size_t i = 0; i < 4; i++)
		shape->radii[i] = fmax(0, pat_member_element(four, i, all));
	fit_radii(shape->radii, shape->box.w, shape->box.h);
}

static void read_arc(const json_t *own, struct pat_draw_shape *shape)
{
	const json_t *arc = json_object_get(own, "arcData");
	double to = pat_member_between(arc, "endingAngle", TURN, -100, 100);

	shape->from = pat_member_between(arc, "startingAngle", 0, -100, 100);
	shape->sweep = fmax(-TURN, fmin(TURN, to - shape->from));
	shape->hole = pat_member_between(arc, "innerRadius", 0, 0, 1);
	shape->form = fabs(shape->sweep) < TURN - 1e-4 || shape->hole > 0 ? PAT_DRAW_ARC
	                                                                  : PAT_DRAW_ELLIPSE;
}

static bool find_polygon(const json_t *own, const char *key, struct pat_draw_shape *shape)
{
	for (size_t i = 0; i < PAT_ARRAY_LEN(polygons); i++)
		if (pat_member_is(own, key, polygons[i].name)) {
			shape->form = PAT_DRAW_POLYGON;
			shape->points = polygons[i].points;
			shape->n_points = polygons[i].n;
			return true;
		}
	return false;
}

/* FigJam's own: what has no straight corners is an ellipse or a rectangle with round ones. */
static void read_shape_type(const json_t *own, struct pat_draw_shape *shape)
{
	double least = fmin(shape->box.w, shape->box.h);

	if (find_polygon(own, "shapeType", shape))
		return;
	if (pat_member_is(own, "shapeType", "ELLIPSE") || pat_member_is(own, "shapeType", "OR") ||
	    pat_member_is(own, "shapeType", "SUMMING_JUNCTION"))
		shape->form = PAT_DRAW_ELLIPSE;
	else if (pat_member_is(own, "shapeType", "ROUNDED_RECTANGLE"))
		for (size_t i = 0; i < 4; i++)
			shape->radii[i] = fmin(16, least / 2);
	else
		read_radii(own, shape);
}

/* Path data says more than what we would draw ourselves: of smooth corners, and of everything that is no simple form. */
static const json_t *better_paths(const json_t *own, enum pat_draw_outline outline)
{
	const json_t *paths = pat_member_list(own, "fillGeometry");

	if (outline == PAT_DRAW_BY_BOX && pat_member_number(own, "cornerSmoothing", 0) <= 0)
		return NULL;
	return outline == PAT_DRAW_BY_LINE || outline == PAT_DRAW_BY_ARC ? NULL : paths;
}

void pat_draw_shape_paths(const struct pat_draw_shape *shape, const json_t *paths,
                          struct pat_draw_shape *ret)
{
	*ret = *shape;
	ret->form = PAT_DRAW_PATHS;
	ret->paths = paths;
	ret->moved = true;
	ret->box = (struct pat_box){ .w = shape->place->w, .h = shape->place->h };
}

void pat_draw_shape(const json_t *own, enum pat_draw_outline outline,
                    const struct pat_draw_place *place, struct pat_draw_shape *ret)
{
	struct pat_draw_shape shape = { .place = place, .moved = !place->straight };
	const json_t *paths = better_paths(own, outline);

	shape.box = place->box;
	if (shape.moved)
		shape.box = (struct pat_box){ .w = place->w, .h = place->h };
	if (outline == PAT_DRAW_BY_BOX)
		read_radii(own, &shape);
	else if (outline == PAT_DRAW_BY_ARC)
		read_arc(own, &shape);
	else if (outline == PAT_DRAW_BY_SHAPE_TYPE)
		read_shape_type(own, &shape);
	else if (outline == PAT_DRAW_BY_LINE)
		shape.form = PAT_DRAW_LINE;
	else if (outline == PAT_DRAW_BY_GEOMETRY || !find_polygon(own, "type", &shape))
		shape.form = PAT_DRAW_NOWHERE;
	*ret = shape;
	if (paths)
		pat_draw_shape_paths(&shape, paths, ret);
}

/* ---- Writing one. */

#define DEGREES (180 / M_PI)

/* As turning, skewing and scaling: three decimals of a degree are good for any size, those of a factor are not. */
static void write_turning(struct pat_svg *svg, const struct pat_matrix *m)
{
	double angle = atan2(m->b, m->a);
	double x = hypot(m->a, m->b);
	double y = m->d * cos(angle) - m->c * sin(angle);
	double skew = atan2(m->c * cos(angle) + m->d * sin(angle), fabs(y)) * (y < 0 ? -1 : 1);

	(void)pat_buf_add_str(svg->out, " rotate");
	PAT_SVG_PIECE(svg, '(', angle * DEGREES);
	if (fabs(skew) * DEGREES >= 0.0005) {
		(void)pat_buf_add_str(svg->out, ") skewX");
		PAT_SVG_PIECE(svg, '(', skew * DEGREES);
	}
	if (fabs(x - 1) >= 0.0005 || fabs(y - 1) >= 0.0005) {
		(void)pat_buf_add_str(svg->out, ") scale");
		PAT_SVG_PIECE(svg, '(', x, y);
	}
	(void)pat_buf_add_str(svg->out, ")");
}

void pat_draw_shape_transform(struct pat_draw *draw, const struct pat_draw_shape *shape)
{
	const struct pat_matrix *m = &shape->place->at;
	struct pat_svg *svg = &draw->svg;

	if (!shape->moved)
		return;
	pat_svg_open(svg, "transform");
	(void)pat_buf_add_str(svg->out, "translate");
	PAT_SVG_PIECE(svg, '(', m->e, m->f);
	(void)pat_buf_add_str(svg->out, ")");
	if (!shape->place->straight)
		write_turning(svg, m);
	pat_svg_close(svg);
}

/* A rectangle with round corners, each of its own; into an attribute that is open. */
static void write_round(struct pat_svg *svg, const struct pat_box *b, const double rx[static 4],
                        const double ry[static 4])
{
	const struct pat_point corners[4] = { { b->x, b->y },
		                              { b->x + b->w, b->y },
		                              { b->x + b->w, b->y + b->h },
		                              { b->x, b->y + b->h } };
	/* Into a corner one comes along the side before it, and leaves it along the next. */
	static const struct pat_point along[4] = { { 1, 0 }, { 0, 1 }, { -1, 0 }, { 0, -1 } };

	for (size_t i = 0; i < 4; i++) {
		const struct pat_point *in = &along[(i + 3) % 4];
		const struct pat_point *out = &along[i];

		PAT_SVG_PIECE(svg, i == 0 ? 'M' : 'L', corners[i].x - in->x * rx[i],
		              corners[i].y - in->y * ry[i]);
		if (rx[i] > 0 && ry[i] > 0)
			PAT_SVG_PIECE(svg, 'A', rx[i], ry[i], 0, 0, 1,
			              corners[i].x + out->x * rx[i], corners[i].y + out->y * ry[i]);
	}
	pat_svg_piece(svg, 'Z', NULL, 0);
}

static void write_rectangle(struct pat_svg *svg, const struct pat_draw_shape *shape, double larger)
{
	struct pat_box box = pat_box_grown(&shape->box, larger);
	double radii[4];
	bool same = true;

	for (size_t i = 0; i < 4; i++) {
		radii[i] = shape->radii[i] > 0 ? fmax(0, shape->radii[i] + larger) : 0;
		same = same && fabs(radii[i] - radii[0]) < 0.001;
	}
	if (!same) {
		pat_svg_begin(svg, "path");
		pat_svg_open(svg, "d");
		write_round(svg, &box, radii, radii);
		pat_svg_close(svg);
		return;
	}
	pat_svg_begin(svg, "rect");
	pat_svg_number_unless(svg, "x", box.x, 0);
	pat_svg_number_unless(svg, "y", box.y, 0);
	pat_svg_number(svg, "width", box.w);
	pat_svg_number(svg, "height", box.h);
	pat_svg_number_unless(svg, "rx", radii[0], 0);
}

static void write_ellipse(struct pat_svg *svg, const struct pat_draw_shape *shape, double larger)
{
	struct pat_box box = pat_box_grown(&shape->box, larger);

	pat_svg_begin(svg, "ellipse");
	pat_svg_number(svg, "cx", box.x + box.w / 2);
	pat_svg_number(svg, "cy", box.y + box.h / 2);
	pat_svg_number(svg, "rx", box.w / 2);
	pat_svg_number(svg, "ry", box.h / 2);
}

/* Along an ellipse, `part` of the size of the box, from the point where the path is or begins. Two arcs: one can not go all
 * the way round. */
static void write_arc_along(struct pat_svg *svg, const struct pat_box *box, double part,
                            double from, double sweep, char begin)
{
	double rx = box->w / 2 * part;
	double ry = box->h / 2 * part;
	double x = box->x + box->w / 2;
	double y = box->y + box->h / 2;

	if (begin)
		PAT_SVG_PIECE(svg, begin, x + rx * cos(from), y + ry * sin(from));
	for (int i = 1; i <= 2; i++) {
		double to = from + sweep * i / 2;

		PAT_SVG_PIECE(svg, 'A', rx, ry, 0, 0, sweep > 0, x + rx * cos(to),
		              y + ry * sin(to));
	}
}

static void write_arc(struct pat_svg *svg, const struct pat_draw_shape *shape, const char *rule)
{
	const struct pat_box *box = &shape->box;
	bool ring = fabs(shape->sweep) >= TURN - 1e-4;

	pat_svg_begin(svg, "path");
	pat_svg_open(svg, "d");
	write_arc_along(svg, box, 1, shape->from, shape->sweep, 'M');
	if (ring)
		pat_svg_piece(svg, 'Z', NULL, 0);
	if (shape->hole > 0)
		write_arc_along(svg, box, shape->hole, shape->from + shape->sweep, -shape->sweep,
		                ring ? 'M' : 'L');
	else
		PAT_SVG_PIECE(svg, 'L', box->x + box->w / 2, box->y + box->h / 2);
	pat_svg_piece(svg, 'Z', NULL, 0);
	pat_svg_close(svg);
	if (ring)
		pat_svg_word(svg, rule, "evenodd");
}

static void write_polygon(struct pat_svg *svg, const struct pat_draw_shape *shape)
{
	pat_svg_begin(svg, "path");
	pat_svg_open(svg, "d");
	for (size_t i = 0; i < shape->n_points; i++)
		PAT_SVG_PIECE(svg, i == 0 ? 'M' : 'L',
		              shape->box.x + shape->points[i].x * shape->box.w,
		              shape->box.y + shape->points[i].y * shape->box.h);
	pat_svg_piece(svg, 'Z', NULL, 0);
	pat_svg_close(svg);
}

static void write_line(struct pat_svg *svg, const struct pat_draw_shape *shape)
{
	double y = shape->box.y + shape->box.h / 2;

	pat_svg_begin(svg, "path");
	pat_svg_open(svg, "d");
	PAT_SVG_PIECE(svg, 'M', shape->box.x, y);
	PAT_SVG_PIECE(svg, 'L', shape->box.x + shape->box.w, y);
	pat_svg_close(svg);
}

static bool write_path(struct pat_svg *svg, const json_t *path, const char *rule)
{
	size_t len = 0;
	const char *data = pat_member_text(path, "path", &len);

	if (!pat_path_ok(data, len))
		return false;
	pat_svg_begin(svg, "path");
	pat_svg_open(svg, "d");
	(void)pat_path_write(svg, data, len);
	pat_svg_close(svg);
	if (pat_member_is(path, "windingRule", "EVENODD"))
		pat_svg_word(svg, rule, "evenodd");
	return true;
}

size_t pat_draw_shape_parts(const struct pat_draw_shape *shape)
{
	if (shape->form == PAT_DRAW_PATHS)
		return json_array_size(shape->paths);
	return shape->form == PAT_DRAW_NOWHERE ? 0 : 1;
}

bool pat_draw_shape_part(struct pat_draw *draw, const struct pat_draw_shape *shape, size_t part,
                         double larger, const char *rule)
{
	struct pat_svg *svg = &draw->svg;

	switch (shape->form) {
	case PAT_DRAW_RECT:
		write_rectangle(svg, shape, larger);
		break;
	case PAT_DRAW_ELLIPSE:
		write_ellipse(svg, shape, larger);
		break;
	case PAT_DRAW_ARC:
		write_arc(svg, shape, rule);
		break;
	case PAT_DRAW_POLYGON:
		write_polygon(svg, shape);
		break;
	case PAT_DRAW_LINE:
		write_line(svg, shape);
		break;
	case PAT_DRAW_PATHS:
		if (!write_path(svg, json_array_get(shape->paths, part), rule))
			return false;
		break;
	case PAT_DRAW_NOWHERE:
	default:
		return false;
	}
	pat_draw_shape_transform(draw, shape);
	return true;
}

/* Texts have their overrides in a table of styles, shapes in one of fills. */
const json_t *pat_draw_shape_part_fills(const json_t *own, const struct pat_draw_shape *shape,
                                        size_t part)
{
	static const char *const tables[] = { "fillOverrideTable", "styleOverrideTable" };
	const json_t *id = json_object_get(json_array_get(shape->paths, part), "overrideID");
	uint32_t number = 0;
	char key[24];

	if (shape->form != PAT_DRAW_PATHS || !pat_member_id(id, &number))
		return NULL;
	(void)snprintf(key, sizeof(key), "%u", number);
	for (size_t i = 0; i < PAT_ARRAY_LEN(tables); i++) {
		const json_t *other = json_object_get(json_object_get(own, tables[i]), key);

		if (json_is_array(json_object_get(other, "fills")))
			return json_object_get(other, "fills");
	}
	return NULL;
}

/* `by` on each side, from the top on; inwards at most so far that nothing is left. */
static struct pat_box grown_by_sides(const struct pat_box *box, const double by[static 4])
{
	struct pat_box grown = { box->x - by[3], box->y - by[0], box->w + by[1] + by[3],
		                 box->h + by[0] + by[2] };

	grown.w = fmax(0, grown.w);
	grown.h = fmax(0, grown.h);
	return grown;
}

/* The corners of what is larger by `by`: each between two sides. */
static void write_grown(struct pat_svg *svg, const struct pat_draw_shape *shape,
                        const double by[static 4])
{
	struct pat_box box = grown_by_sides(&shape->box, by);
	double rx[4];
	double ry[4];

	for (size_t i = 0; i < 4; i++) {
		double side = i == 1 || i == 2 ? by[1] : by[3];
		double end = i < 2 ? by[0] : by[2];

		rx[i] = shape->radii[i] + side;
		ry[i] = shape->radii[i] + end;
		/* Round in one direction only is not round. */
		if (shape->radii[i] <= 0 || rx[i] <= 0 || ry[i] <= 0)
			rx[i] = ry[i] = 0;
	}
	write_round(svg, &box, rx, ry);
}

void pat_draw_shape_sides(struct pat_draw *draw, const struct pat_draw_shape *shape,
                          const double outer[static 4], const double inner[static 4])
{
	struct pat_svg *svg = &draw->svg;
	double inwards[4];

	for (size_t i = 0; i < 4; i++)
		inwards[i] = -inner[i];
	pat_svg_begin(svg, "path");
	pat_svg_open(svg, "d");
	write_grown(svg, shape, outer);
	write_grown(svg, shape, inwards);
	pat_svg_close(svg);
	pat_svg_word(svg, "fill-rule", "evenodd");
	pat_draw_shape_transform(draw, shape);
}

uint32_t pat_draw_shape_clip(struct pat_draw *draw, const struct pat_draw_shape *shape)
{
	uint32_t id = pat_svg_new_id(&draw->svg);
	size_t parts = pat_draw_shape_parts(shape);

	pat_svg_begin(&draw->svg, "clipPath");
	pat_svg_id(&draw->svg, id);
	pat_svg_inside(&draw->svg);
	for (size_t i = 0; i < parts && pat_draw_error(draw) == 0; i++)
		if (pat_draw_shape_part(draw, shape, i, 0, "clip-rule"))
			pat_svg_empty(&draw->svg);
	pat_svg_end(&draw->svg, "clipPath");
	return id;
}
