/* SPDX-License-Identifier: Apache-2.0
 *
 * Gradients. Figma gives three handles: where a gradient begins, where it ends, and where its width ends. They span a
 * plane of their own, in which every gradient is simple: along x, or away from the beginning.
 *
 * SVG has gradients along and away. An angular one becomes a pattern of so many wedges that the eye sees none, a diamond
 * one a pattern of four linear ones, which is exact.
 */
#include <math.h>

#include "files/draw_private.h"
#include "files/member.h"

#define WEDGES 90

struct stop {
	double at;
	uint32_t rgb;
	double alpha;
};

struct stops {
	struct stop list[PAT_DRAW_STOPS_MAX];
	size_t n;
};

static bool read_stops(const json_t *paint, struct stops *ret)
{
	const json_t *list = pat_member_list(paint, "gradientStops");
	size_t n = json_array_size(list);
	double last = 0;

	ret->n = 0;
	for (size_t i = 0; i < n && ret->n < PAT_DRAW_STOPS_MAX; i++) {
		const json_t *stop = json_array_get(list, i);
		struct stop *s = &ret->list[ret->n];

		if (!json_is_object(stop))
			continue;
		/* SVG wants them in order as well. */
		s->at = fmax(last, pat_member_between(stop, "position", 0, 0, 1));
		last = s->at;
		pat_member_color(stop, "color", &s->rgb, &s->alpha);
		ret->n++;
	}
	return ret->n > 0;
}

/* The plane of the handles: (0, 0) is the beginning, (1, 0) the end, (0, 1) the end of the width. */
static bool read_plane(const json_t *paint, const struct pat_box *box, struct pat_matrix *ret)
{
	const json_t *handles = pat_member_list(paint, "gradientHandlePositions");
	struct pat_point p[3] = { { 0, 0 }, { 0, 1 }, { -1, 0 } };
	size_t n = json_array_size(handles);

	for (size_t i = 0; i < n && i < 3; i++) {
		const json_t *handle = json_array_get(handles, i);

		p[i].x = pat_member_number(handle, "x", p[i].x);
		p[i].y = pat_member_number(handle, "y", p[i].y);
	}
	*ret = (struct pat_matrix){
		.a = (p[1].x - p[0].x) * box->w,
		.b = (p[1].y - p[0].y) * box->h,
		.c = (p[2].x - p[0].x) * box->w,
		.d = (p[2].y - p[0].y) * box->h,
		.e = box->x + p[0].x * box->w,
		.f = box->y + p[0].y * box->h,
	};
	/* Without a width: as wide as long. */
	if (fabs(ret->a * ret->d - ret->b * ret->c) < 1e-6) {
		ret->c = -ret->b;
		ret->d = ret->a;
	}
	return hypot(ret->a, ret->b) > 1e-3;
}

static void write_matrix(struct pat_svg *svg, const char *name, const struct pat_matrix *m)
{
	pat_svg_open(svg, name);
	(void)pat_buf_add_str(svg->out, "matrix");
	PAT_SVG_PIECE(svg, '(', m->a, m->b, m->c, m->d, m->e, m->f);
	(void)pat_buf_add_str(svg->out, ")");
	pat_svg_close(svg);
}

static void write_stops(struct pat_svg *svg, const struct stops *stops)
{
	for (size_t i = 0; i < stops->n; i++) {
		const struct stop *s = &stops->list[i];

		pat_svg_begin(svg, "stop");
		pat_svg_number(svg, "offset", s->at);
		pat_svg_color(svg, "stop-color", s->rgb);
		pat_svg_number_unless(svg, "stop-opacity", s->alpha, 1);
		pat_svg_empty(svg);
	}
}

static uint32_t begin(struct pat_svg *svg, const char *name)
{
	uint32_t id = pat_svg_new_id(svg);

	pat_svg_begin(svg, name);
	pat_svg_id(svg, id);
	return id;
}

static uint32_t linear(struct pat_svg *svg, const struct stops *stops, const struct pat_matrix *m)
{
	uint32_t id = begin(svg, "linearGradient");

	pat_svg_word(svg, "gradientUnits", "userSpaceOnUse");
	if (fabs(m->a * m->c + m->b * m->d) < 1e-3) {
		pat_svg_number(svg, "x1", m->e);
		pat_svg_number(svg, "y1", m->f);
		pat_svg_number(svg, "x2", m->e + m->a);
		pat_svg_number(svg, "y2", m->f + m->b);
	} else {
		pat_svg_word(svg, "x2", "1");
		write_matrix(svg, "gradientTransform", m);
	}
	pat_svg_inside(svg);
	write_stops(svg, stops);
	pat_svg_end(svg, "linearGradient");
	return id;
}

static uint32_t radial(struct pat_svg *svg, const struct stops *stops, const struct pat_matrix *m)
{
	uint32_t id = begin(svg, "radialGradient");

	pat_svg_word(svg, "gradientUnits", "userSpaceOnUse");
	pat_svg_word(svg, "cx", "0");
	pat_svg_word(svg, "cy", "0");
	pat_svg_word(svg, "r", "1");
	write_matrix(svg, "gradientTransform", m);
	pat_svg_inside(svg);
	write_stops(svg, stops);
	pat_svg_end(svg, "radialGradient");
	return id;
}

/* A pattern that is drawn once: as large as the box and a stroke around it. Its content is in the plane. */
static uint32_t begin_pattern(struct pat_svg *svg, const struct pat_box *box,
                              const struct pat_matrix *m)
{
	struct pat_box tile = pat_box_grown(box, 1 + fmax(box->w, box->h) / 2);
	struct pat_matrix in_tile = *m; /* whose corner is where its content begins */
	uint32_t id = begin(svg, "pattern");

	in_tile.e -= tile.x;
	in_tile.f -= tile.y;
	pat_svg_word(svg, "patternUnits", "userSpaceOnUse");
	pat_svg_number(svg, "x", tile.x);
	pat_svg_number(svg, "y", tile.y);
	pat_svg_number(svg, "width", tile.w);
	pat_svg_number(svg, "height", tile.h);
	pat_svg_inside(svg);
	pat_svg_begin(svg, "g");
	write_matrix(svg, "transform", &in_tile);
	pat_svg_inside(svg);
	return id;
}

static void end_pattern(struct pat_svg *svg)
{
	pat_svg_end(svg, "g");
	pat_svg_end(svg, "pattern");
}

/* How far the box reaches, in the plane. */
static double reach(const struct pat_box *box, const struct pat_matrix *m)
{
	struct pat_matrix back;
	struct pat_box tile = pat_box_grown(box, 1 + fmax(box->w, box->h) / 2);
	double far = 1;

	if (!pat_matrix_invert(m, &back))
		return 1;
	for (int i = 0; i < 4; i++) {
		struct pat_point p = pat_matrix_point(&back, tile.x + (i & 1 ? tile.w : 0),
		                                      tile.y + (i & 2 ? tile.h : 0));
		far = fmax(far, hypot(p.x, p.y));
	}
	return far * 1.5;
}

static double mixed(double one, double two, double part)
{
	return one + (two - one) * part;
}

/* The colour between two stops, or that of the stop at an end. */
static struct stop color_at(const struct stops *stops, double at)
{
	size_t i = 0;

	while (i < stops->n && stops->list[i].at <= at)
		i++;
	if (i == 0 || i == stops->n)
		return stops->list[i == 0 ? 0 : stops->n - 1];
	const struct stop *one = &stops->list[i - 1];
	const struct stop *two = &stops->list[i];
	double part = (at - one->at) / fmax(two->at - one->at, 1e-9);
	struct stop mix = { .at = at, .alpha = mixed(one->alpha, two->alpha, part) };
	for (unsigned shift = 0; shift < 24; shift += 8) {
		double value = mixed(one->rgb >> shift & 255, two->rgb >> shift & 255, part);

		mix.rgb |= (uint32_t)lround(value) << shift;
	}
	return mix;
}

/* The background must not shine through where two wedges meet. An opaque one goes on under the next; a translucent one would
 * be seen there twice, so its edges are not smoothed. */
static uint32_t angular(struct pat_svg *svg, const struct stops *stops, const struct pat_box *box,
                        const struct pat_matrix *m)
{
	uint32_t id = begin_pattern(svg, box, m);
	double far = reach(box, m);

	for (int i = 0; i < WEDGES; i++) {
		struct stop color = color_at(stops, (i + 0.5) / WEDGES);
		bool opaque = color.alpha >= 1;
		double from = 2 * M_PI * i / WEDGES;
		double to = 2 * M_PI * (i + (opaque && i + 1 < WEDGES ? 1.5 : 1)) / WEDGES;

		pat_svg_begin(svg, "path");
		pat_svg_open(svg, "d");
		PAT_SVG_PIECE(svg, 'M', 0, 0);
		PAT_SVG_PIECE(svg, 'L', far * cos(from), far * sin(from));
		PAT_SVG_PIECE(svg, 'L', far * cos(to), far * sin(to));
		pat_svg_close(svg);
		pat_svg_color(svg, "fill", color.rgb);
		pat_svg_number_unless(svg, "fill-opacity", color.alpha, 1);
		if (!opaque)
			pat_svg_word(svg, "shape-rendering", "crispEdges");
		pat_svg_empty(svg);
	}
	end_pattern(svg);
	return id;
}

/* The distance is |x| + |y|: in each quarter of the plane a linear gradient, mirrored. */
static uint32_t diamond(struct pat_svg *svg, const struct stops *stops, const struct pat_box *box,
                        const struct pat_matrix *m)
{
	static const double mirrors[4][2] = { { 1, 1 }, { -1, 1 }, { -1, -1 }, { 1, -1 } };
	struct pat_matrix quarter = { .a = 0.5, .b = 0.5, .c = -0.5, .d = 0.5 };
	uint32_t one = linear(svg, stops, &quarter);
	uint32_t id = begin_pattern(svg, box, m);
	double far = reach(box, m);

	for (size_t i = 0; i < 4; i++) {
		pat_svg_begin(svg, "path");
		pat_svg_open(svg, "transform");
		(void)pat_buf_add_str(svg->out, "scale");
		pat_svg_piece(svg, '(', mirrors[i], 2);
		(void)pat_buf_add_str(svg->out, ")");
		pat_svg_close(svg);
		pat_svg_open(svg, "d");
		PAT_SVG_PIECE(svg, 'M', -0.002, -0.002);
		PAT_SVG_PIECE(svg, 'H', far);
		PAT_SVG_PIECE(svg, 'V', far);
		PAT_SVG_PIECE(svg, 'H', -0.002);
		pat_svg_close(svg);
		pat_svg_reference(svg, "fill", one);
		pat_svg_empty(svg);
	}
	end_pattern(svg);
	return id;
}

void pat_draw_gradient(struct pat_draw *draw, const json_t *paint, const struct pat_box *box,
                       struct pat_draw_paint *ret)
{
	struct pat_svg *svg = &draw->svg;
	struct pat_matrix plane;
	struct stops stops;

	if (!read_stops(paint, &stops))
		return;
	ret->kind = PAT_DRAW_REFERENCE;
	if (!read_plane(paint, box, &plane)) {
		/* Across a box without that extent: all of it is somewhere in the middle. */
		struct stop middle = color_at(&stops, 0.5);

		ret->kind = PAT_DRAW_COLOR;
		ret->rgb = middle.rgb;
		ret->opacity *= middle.alpha;
	} else if (pat_member_is(paint, "type", "GRADIENT_RADIAL")) {
		ret->id = radial(svg, &stops, &plane);
	} else if (pat_member_is(paint, "type", "GRADIENT_ANGULAR")) {
		ret->id = angular(svg, &stops, box, &plane);
	} else if (pat_member_is(paint, "type", "GRADIENT_DIAMOND")) {
		ret->id = diamond(svg, &stops, box, &plane);
	} else {
		ret->id = linear(svg, &stops, &plane);
	}
}
