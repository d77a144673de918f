/* SPDX-License-Identifier: Apache-2.0
 *
 * Masks: a node that is not seen itself, but says how much is seen of those that follow it. SVG's masks go by brightness;
 * Figma's go by what covers (ALPHA), by outlines (VECTOR), or by brightness as well (LUMINANCE). For the first two, what is
 * drawn into a mask is made white first.
 */
#include "files/draw_private.h"
#include "files/member.h"

static void write_region(struct pat_svg *svg, const char *units, const struct pat_box *box)
{
	pat_svg_word(svg, units, "userSpaceOnUse");
	pat_svg_number(svg, "x", box->x);
	pat_svg_number(svg, "y", box->y);
	pat_svg_number(svg, "width", box->w);
	pat_svg_number(svg, "height", box->h);
}

static bool is_outline(const json_t *own)
{
	return pat_member_is(own, "maskType", "VECTOR") ||
	       pat_member_flag(own, "isMaskOutline", false);
}

/* White, as much of it as there is of anything. */
static uint32_t whitener(struct pat_draw *draw, const json_t *own, const struct pat_box *box)
{
	struct pat_svg *svg = &draw->svg;
	uint32_t id = pat_svg_new_id(svg);

	pat_svg_begin(svg, "filter");
	pat_svg_id(svg, id);
	write_region(svg, "filterUnits", box);
	pat_svg_word(svg, "color-interpolation-filters", "sRGB");
	pat_svg_inside(svg);
	pat_svg_begin(svg, "feColorMatrix");
	pat_svg_word(svg, "values",
	             is_outline(own) ? "0 0 0 0 1 0 0 0 0 1 0 0 0 0 1 0 0 0 127 0"
	                             : "0 0 0 0 1 0 0 0 0 1 0 0 0 0 1 0 0 0 1 0");
	pat_svg_empty(svg);
	pat_svg_end(svg, "filter");
	return id;
}

uint32_t pat_draw_mask_begin(struct pat_draw *draw, const json_t *own, const struct pat_box *box)
{
	struct pat_svg *svg = &draw->svg;
	double reach = pat_draw_effects_reach(pat_member_list(own, "effects"));
	struct pat_box region = pat_box_grown(box, reach + 1);
	uint32_t white = 0;

	if (!pat_member_is(own, "maskType", "LUMINANCE"))
		white = whitener(draw, own, &region);
	uint32_t id = pat_svg_new_id(svg);
	pat_svg_begin(svg, "mask");
	pat_svg_id(svg, id);
	write_region(svg, "maskUnits", &region);
	pat_svg_inside(svg);
	pat_svg_begin(svg, "g");
	if (white)
		pat_svg_reference(svg, "filter", white);
	pat_svg_inside(svg);
	return id;
}

void pat_draw_mask_end(struct pat_draw *draw)
{
	pat_svg_end(&draw->svg, "g");
	pat_svg_end(&draw->svg, "mask");
}

bool pat_draw_mask_is_clip(const json_t *own, const struct pat_draw_shape *shape)
{
	const json_t *fills = pat_member_list(own, "fills");
	bool filled = is_outline(own) ? pat_draw_paint_at(fills, 0) != NULL
	                              : pat_draw_paints_are_opaque(fills) &&
	                                        pat_member_number(own, "opacity", 1) >= 1;

	return filled && pat_draw_shape_parts(shape) > 0 && shape->form != PAT_DRAW_LINE &&
	       !pat_member_is(own, "maskType", "LUMINANCE") &&
	       !pat_draw_paint_at(pat_member_list(own, "strokes"), 0) &&
	       !pat_member_list(own, "effects");
}
