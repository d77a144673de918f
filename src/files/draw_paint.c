/* SPDX-License-Identifier: Apache-2.0
 *
 * Paints: colours, gradients (draw_gradient.c), pictures. How a paint blends with what is behind it can not be said in
 * SVG 1.1: it is as if it were NORMAL.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "files/draw_private.h"
#include "files/member.h"

/* What an href may be, whatever the tree says: a picture in the text, or a path on this server. */
static bool is_ours(const char *href)
{
	return strncmp(href, "data:image/", 11) == 0 ||
	       (href[0] == '/' && href[1] != '/' && href[1] != '\\');
}

/* False: there is none. */
static bool find_image(struct pat_draw *draw, const json_t *paint, struct pat_buf *href,
                       struct pat_draw_image *ret)
{
	size_t len = 0;
	const char *ref = pat_member_text(paint, "imageRef", &len);

	if (!draw->tree->image || len == 0 || strlen(ref) != len)
		return false;
	int r = draw->tree->image(draw->tree->arg, ref, href, ret);
	int full = pat_buf_error(href);
	if (r < 0 || full == -ENOMEM)
		pat_draw_fail(draw, r < 0 ? r : full);
	return r == 0 && full == 0 && is_ours(pat_buf_str(href));
}

/* What is in it begins at the corner of its tile. */
static uint32_t begin_pattern(struct pat_svg *svg, const struct pat_box *tile)
{
	uint32_t id = pat_svg_new_id(svg);

	pat_svg_begin(svg, "pattern");
	pat_svg_id(svg, id);
	pat_svg_word(svg, "patternUnits", "userSpaceOnUse");
	pat_svg_number(svg, "x", tile->x);
	pat_svg_number(svg, "y", tile->y);
	pat_svg_number(svg, "width", tile->w);
	pat_svg_number(svg, "height", tile->h);
	pat_svg_inside(svg);
	return id;
}

/* Squares of two greys, as designers know them for "nothing here". */
static uint32_t checkers(struct pat_svg *svg, const struct pat_box *box)
{
	struct pat_box tile = { box->x, box->y, 16, 16 };
	uint32_t id = begin_pattern(svg, &tile);

	pat_svg_begin(svg, "rect");
	pat_svg_word(svg, "width", "16");
	pat_svg_word(svg, "height", "16");
	pat_svg_word(svg, "fill", "#f2f2f2");
	pat_svg_empty(svg);
	pat_svg_begin(svg, "path");
	pat_svg_word(svg, "d", "M0 0h8v16h8v-8h-16z");
	pat_svg_word(svg, "fill", "#dcdcdc");
	pat_svg_empty(svg);
	pat_svg_end(svg, "pattern");
	return id;
}

/* A picture in a tile, turned by quarters about its middle. */
static void place_image(struct pat_svg *svg, const struct pat_box *tile, double degrees,
                        const char *ratio)
{
	double quarters = fmod(round(degrees / 90), 4);
	bool across = fmod(fabs(quarters), 2) > 0.5;
	double x = tile->w / 2;
	double y = tile->h / 2;
	double w = across ? tile->h : tile->w;
	double h = across ? tile->w : tile->h;

	pat_svg_number(svg, "x", x - w / 2);
	pat_svg_number(svg, "y", y - h / 2);
	pat_svg_number(svg, "width", w);
	pat_svg_number(svg, "height", h);
	pat_svg_word(svg, "preserveAspectRatio", ratio);
	if (fabs(quarters) < 0.5)
		return;
	pat_svg_open(svg, "transform");
	(void)pat_buf_add_str(svg->out, "rotate");
	PAT_SVG_PIECE(svg, '(', quarters * 90, x, y);
	(void)pat_buf_add_str(svg->out, ")");
	pat_svg_close(svg);
}

/* imageTransform says which part of the picture the box shows: from the box's 0 to 1 to the picture's. */
static void stretch_image(struct pat_svg *svg, const struct pat_box *box, const json_t *paint)
{
	struct pat_matrix part;
	struct pat_matrix back = PAT_MATRIX_IDENTITY;
	struct pat_matrix whole = { .a = box->w, .d = box->h };

	if (pat_member_matrix(paint, "imageTransform", &part))
		(void)pat_matrix_invert(&part, &back);
	back = pat_matrix_multiply(&whole, &back);
	pat_svg_word(svg, "width", "1");
	pat_svg_word(svg, "height", "1");
	pat_svg_word(svg, "preserveAspectRatio", "none");
	pat_svg_open(svg, "transform");
	(void)pat_buf_add_str(svg->out, "matrix");
	PAT_SVG_PIECE(svg, '(', back.a, back.b, back.c, back.d, back.e, back.f);
	(void)pat_buf_add_str(svg->out, ")");
	pat_svg_close(svg);
}

/* The box that one copy of the picture is for. */
static struct pat_box tile_of(const json_t *paint, const struct pat_box *box,
                              const struct pat_draw_image *image)
{
	double scale = pat_member_between(paint, "scalingFactor", 1, 0.001, 1000);
	bool across = fmod(fabs(round(pat_member_number(paint, "rotation", 0) / 90)), 2) > 0.5;
	struct pat_box tile = *box;

	if (pat_member_is(paint, "scaleMode", "TILE") && image->width > 0 && image->height > 0) {
		tile.w = fmax(1, scale * (across ? image->height : image->width));
		tile.h = fmax(1, scale * (across ? image->width : image->height));
	}
	return tile;
}

static uint32_t picture(struct pat_draw *draw, const json_t *paint, const struct pat_box *box)
{
	pat_cleanup(pat_buf_done) struct pat_buf href = { 0 };
	struct pat_svg *svg = &draw->svg;
	struct pat_draw_image image = { 0 };

	pat_buf_init(&href, svg->out->max);
	if (!find_image(draw, paint, &href, &image))
		return checkers(svg, box);
	struct pat_box tile = tile_of(paint, box, &image);
	uint32_t id = begin_pattern(svg, &tile);
	pat_svg_begin(svg, "image");
	if (pat_member_is(paint, "scaleMode", "STRETCH"))
		stretch_image(svg, box, paint);
	else
		place_image(svg, &tile, pat_member_number(paint, "rotation", 0),
		            pat_member_is(paint, "scaleMode", "FIT") ? "xMidYMid meet"
		                                                     : "xMidYMid slice");
	pat_svg_word(svg, "xmlns:xlink", "http://www.w3.org/1999/xlink");
	pat_svg_text(svg, "xlink:href", href.data, href.len);
	pat_svg_empty(svg);
	pat_svg_end(svg, "pattern");
	return id;
}

/* ---- */

static bool is_visible(const json_t *paint)
{
	return json_is_object(paint) && pat_member_flag(paint, "visible", true) &&
	       pat_member_number(paint, "opacity", 1) > 0;
}

/* Of a list of paints: whoever wrote more hides the rest behind them. */
#define LOOKED_AT_MAX 64u

const json_t *pat_draw_paint_at(const json_t *paints, size_t n)
{
	size_t size = json_array_size(paints);

	if (size > LOOKED_AT_MAX)
		size = LOOKED_AT_MAX;
	for (size_t i = 0; i < size; i++)
		if (is_visible(json_array_get(paints, i)) && n-- == 0)
			return json_array_get(paints, i);
	return NULL;
}

bool pat_draw_paints_are_opaque(const json_t *paints)
{
	const json_t *paint = NULL;

	for (size_t i = 0; i < PAT_DRAW_PAINTS_MAX && (paint = pat_draw_paint_at(paints, i)); i++) {
		uint32_t rgb = 0;
		double alpha = 0;

		pat_member_color(paint, "color", &rgb, &alpha);
		if (pat_member_is(paint, "type", "SOLID") && alpha >= 1 &&
		    pat_member_number(paint, "opacity", 1) >= 1)
			return true;
	}
	return false;
}

void pat_draw_paint(struct pat_draw *draw, const json_t *paint, const struct pat_box *box,
                    struct pat_draw_paint *ret)
{
	struct pat_draw_paint made = { .opacity = pat_member_between(paint, "opacity", 1, 0, 1) };

	if (pat_member_is(paint, "type", "SOLID")) {
		double alpha = 1;

		made.kind = PAT_DRAW_COLOR;
		pat_member_color(paint, "color", &made.rgb, &alpha);
		made.opacity *= alpha;
	} else if (pat_member_is(paint, "type", "IMAGE") || pat_member_is(paint, "type", "VIDEO")) {
		made.kind = PAT_DRAW_REFERENCE;
		made.id = picture(draw, paint, box);
	} else if (json_object_get(paint, "gradientStops")) {
		pat_draw_gradient(draw, paint, box, &made);
	}
	*ret = made;
}

void pat_draw_paint_attribute(struct pat_draw *draw, const char *name,
                              const struct pat_draw_paint *paint)
{
	struct pat_svg *svg = &draw->svg;

	if (paint->kind == PAT_DRAW_NO_PAINT) {
		pat_svg_word(svg, name, "none");
		return;
	}
	if (paint->kind == PAT_DRAW_COLOR)
		pat_svg_color(svg, name, paint->rgb);
	else
		pat_svg_reference(svg, name, paint->id);
	pat_svg_number_unless(svg, name[0] == 'f' ? "fill-opacity" : "stroke-opacity",
	                      paint->opacity, 1);
}

static void fill_part(struct pat_draw *draw, const struct pat_draw_shape *shape, size_t part,
                      const struct pat_draw_paint *paint)
{
	if (!pat_draw_shape_part(draw, shape, part, 0, "fill-rule"))
		return;
	pat_draw_paint_attribute(draw, "fill", paint);
	pat_svg_empty(&draw->svg);
}

/* The parts that have no paints of their own: a paint is defined once for all of them. */
static void fill_parts(struct pat_draw *draw, const json_t *own, const struct pat_draw_shape *shape,
                       const json_t *json)
{
	size_t parts = pat_draw_shape_parts(shape);
	struct pat_draw_paint paint = { 0 };

	pat_draw_paint(draw, json, &shape->box, &paint);
	if (paint.kind == PAT_DRAW_NO_PAINT)
		return;
	for (size_t i = 0; i < parts && pat_draw_error(draw) == 0; i++)
		if (!pat_draw_shape_part_fills(own, shape, i))
			fill_part(draw, shape, i, &paint);
}

static void fill_others(struct pat_draw *draw, const json_t *own,
                        const struct pat_draw_shape *shape)
{
	size_t parts = shape->form == PAT_DRAW_PATHS ? pat_draw_shape_parts(shape) : 0;

	for (size_t i = 0; i < parts && pat_draw_error(draw) == 0; i++) {
		const json_t *paints = pat_draw_shape_part_fills(own, shape, i);
		const json_t *json = NULL;

		for (size_t n = 0; n < PAT_DRAW_PAINTS_MAX && (json = pat_draw_paint_at(paints, n));
		     n++) {
			struct pat_draw_paint paint = { 0 };

			pat_draw_paint(draw, json, &shape->box, &paint);
			if (paint.kind != PAT_DRAW_NO_PAINT)
				fill_part(draw, shape, i, &paint);
		}
	}
}

void pat_draw_fill(struct pat_draw *draw, const json_t *own, const struct pat_draw_shape *shape,
                   const json_t *paints)
{
	const json_t *json = NULL;

	if (pat_draw_shape_parts(shape) == 0)
		return;
	for (size_t i = 0; i < PAT_DRAW_PAINTS_MAX && (json = pat_draw_paint_at(paints, i)); i++)
		fill_parts(draw, own, shape, json);
	fill_others(draw, own, shape);
}
