/* SPDX-License-Identifier: Apache-2.0
 *
 * Shadows and blurs, as one filter a node. A radius is two standard deviations. Shadows are cast by what is there at all,
 * however translucent, and a drop shadow is not seen through its own node unless the document wants it.
 *
 * What is behind a node can not be blurred in SVG 1.1 (BACKGROUND_BLUR), and textures and noise are left out.
 */
#include <math.h>
#include <stdio.h>

#include "files/draw_private.h"
#include "files/member.h"

#define RADIUS_MAX 256
#define OFFSET_MAX 10000

static bool is_visible(const json_t *effect)
{
	return json_is_object(effect) && pat_member_flag(effect, "visible", true) &&
	       (pat_member_is(effect, "type", "DROP_SHADOW") ||
	        pat_member_is(effect, "type", "INNER_SHADOW") ||
	        (pat_member_is(effect, "type", "LAYER_BLUR") &&
	         pat_member_number(effect, "radius", 0) > 0));
}

/* The n-th that is drawn, or NULL. */
static const json_t *effect_at(const json_t *effects, size_t n)
{
	size_t size = json_array_size(effects);

	for (size_t i = 0; i < size; i++)
		if (is_visible(json_array_get(effects, i)) && n-- == 0)
			return json_array_get(effects, i);
	return NULL;
}

static double deviation(const json_t *effect)
{
	return pat_member_between(effect, "radius", 0, 0, RADIUS_MAX) / 2;
}

static double spread_of(const json_t *effect)
{
	return pat_member_between(effect, "spread", 0, -RADIUS_MAX, RADIUS_MAX);
}

static struct pat_point offset_of(const json_t *effect)
{
	const json_t *offset = json_object_get(effect, "offset");

	return (struct pat_point){ pat_member_between(offset, "x", 0, -OFFSET_MAX, OFFSET_MAX),
		                   pat_member_between(offset, "y", 0, -OFFSET_MAX, OFFSET_MAX) };
}

bool pat_draw_effects_are_drop_shadows(const json_t *effects)
{
	const json_t *effect = NULL;

	for (size_t i = 0; i < PAT_DRAW_EFFECTS_MAX && (effect = effect_at(effects, i)); i++)
		if (!pat_member_is(effect, "type", "DROP_SHADOW"))
			return false;
	return effect_at(effects, 0) != NULL;
}

double pat_draw_effects_reach(const json_t *effects)
{
	const json_t *effect = NULL;
	double most = 0;

	for (size_t i = 0; i < PAT_DRAW_EFFECTS_MAX && (effect = effect_at(effects, i)); i++) {
		struct pat_point offset = offset_of(effect);
		double reach = 3 * deviation(effect);

		if (pat_member_is(effect, "type", "INNER_SHADOW"))
			continue;
		reach += fmax(0, spread_of(effect)) + fmax(fabs(offset.x), fabs(offset.y));
		most = fmax(most, reach);
	}
	return ceil(most);
}

/* ---- The steps of a filter. "solid" is where the node is at all; the n-th shadow becomes "s<n>". */

static void step(struct pat_svg *svg, const char *name, const char *in)
{
	pat_svg_begin(svg, name);
	if (in)
		pat_svg_word(svg, "in", in);
}

/* Moved, spread and blurred. */
static void cast(struct pat_svg *svg, const json_t *effect, double spread)
{
	struct pat_point offset = offset_of(effect);

	step(svg, "feOffset", "solid");
	pat_svg_number_unless(svg, "dx", offset.x, 0);
	pat_svg_number_unless(svg, "dy", offset.y, 0);
	pat_svg_empty(svg);
	if (fabs(spread) >= 0.001) {
		step(svg, "feMorphology", NULL);
		pat_svg_word(svg, "operator", spread > 0 ? "dilate" : "erode");
		pat_svg_number(svg, "radius", fabs(spread));
		pat_svg_empty(svg);
	}
	step(svg, "feGaussianBlur", NULL);
	pat_svg_number(svg, "stdDeviation", deviation(effect));
	pat_svg_word(svg, "result", "cast");
	pat_svg_empty(svg);
}

/* What of `in` is inside or outside of `in2`. */
static void cut(struct pat_svg *svg, const char *in, const char *operator, const char * in2,
                const char *result)
{
	step(svg, "feComposite", in);
	pat_svg_word(svg, "in2", in2);
	pat_svg_word(svg, "operator", operator);
	if (result)
		pat_svg_word(svg, "result", result);
	pat_svg_empty(svg);
}

static void shadow(struct pat_svg *svg, const json_t *effect, size_t number, bool opaque)
{
	bool inner = pat_member_is(effect, "type", "INNER_SHADOW");
	char result[16];
	uint32_t rgb = 0;
	double alpha = 1;

	cast(svg, effect, inner ? -spread_of(effect) : spread_of(effect));
	if (inner)
		cut(svg, "solid", "out", "cast", "cast");
	else if (!opaque && !pat_member_flag(effect, "showShadowBehindNode", false))
		cut(svg, "cast", "out", "solid", "cast");
	pat_member_color(effect, "color", &rgb, &alpha);
	step(svg, "feFlood", NULL);
	pat_svg_color(svg, "flood-color", rgb);
	pat_svg_number_unless(svg, "flood-opacity", alpha, 1);
	pat_svg_empty(svg);
	(void)snprintf(result, sizeof(result), "s%zu", number);
	cut(svg, NULL, "in", "cast", result);
}

static void lay_kind(struct pat_svg *svg, const json_t *effects, const char *type)
{
	const json_t *effect = NULL;

	for (size_t i = 0; i < PAT_DRAW_EFFECTS_MAX && (effect = effect_at(effects, i)); i++) {
		char name[16];

		if (!pat_member_is(effect, "type", type))
			continue;
		(void)snprintf(name, sizeof(name), "s%zu", i);
		step(svg, "feMergeNode", name);
		pat_svg_empty(svg);
	}
}

/* Drop shadows, the node, inner shadows. */
static void lay(struct pat_svg *svg, const json_t *effects)
{
	step(svg, "feMerge", NULL);
	pat_svg_inside(svg);
	lay_kind(svg, effects, "DROP_SHADOW");
	step(svg, "feMergeNode", "SourceGraphic");
	pat_svg_empty(svg);
	lay_kind(svg, effects, "INNER_SHADOW");
	pat_svg_end(svg, "feMerge");
}

static void blur(struct pat_svg *svg, const json_t *effect)
{
	step(svg, "feGaussianBlur", NULL);
	pat_svg_number(svg, "stdDeviation", deviation(effect));
	pat_svg_empty(svg);
}

static void begin_filter(struct pat_svg *svg, uint32_t id, const struct pat_box *region)
{
	pat_svg_begin(svg, "filter");
	pat_svg_id(svg, id);
	pat_svg_word(svg, "filterUnits", "userSpaceOnUse");
	pat_svg_number(svg, "x", region->x);
	pat_svg_number(svg, "y", region->y);
	pat_svg_number(svg, "width", region->w);
	pat_svg_number(svg, "height", region->h);
	pat_svg_word(svg, "color-interpolation-filters", "sRGB");
	pat_svg_inside(svg);
}

/* `opaque`: the node hides what is behind it, so nothing need be cut out there; cutting leaves a light seam. */
static void write_shadows(struct pat_svg *svg, const json_t *effects, bool opaque)
{
	const json_t *effect = NULL;
	size_t n = 0;

	for (size_t i = 0; i < PAT_DRAW_EFFECTS_MAX && (effect = effect_at(effects, i)); i++) {
		if (pat_member_is(effect, "type", "LAYER_BLUR"))
			continue;
		if (n++ == 0) {
			step(svg, "feColorMatrix", "SourceAlpha");
			pat_svg_word(svg, "values", "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 127 0");
			pat_svg_word(svg, "result", "solid");
			pat_svg_empty(svg);
		}
		shadow(svg, effect, i, opaque);
	}
	if (n > 0)
		lay(svg, effects);
}

uint32_t pat_draw_effects(struct pat_draw *draw, const json_t *own, const struct pat_box *box)
{
	const json_t *effects = pat_member_list(own, "effects");
	struct pat_svg *svg = &draw->svg;
	struct pat_box region = pat_box_grown(box, pat_draw_effects_reach(effects) + 1);
	const json_t *effect = NULL;

	if (!effect_at(effects, 0))
		return 0;
	uint32_t id = pat_svg_new_id(svg);
	begin_filter(svg, id, &region);
	write_shadows(svg, effects, pat_draw_paints_are_opaque(pat_member_list(own, "fills")));
	for (size_t i = 0; i < PAT_DRAW_EFFECTS_MAX && (effect = effect_at(effects, i)); i++)
		if (pat_member_is(effect, "type", "LAYER_BLUR"))
			blur(svg, effect);
	pat_svg_end(svg, "filter");
	return id;
}
