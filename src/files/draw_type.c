/* SPDX-License-Identifier: Apache-2.0
 *
 * The types of nodes, and how much of a picture one takes.
 */
#include <math.h>

#include "files/draw_private.h"
#include "files/member.h"

static const struct pat_draw_type types[] = {
	{ "DOCUMENT", PAT_DRAW_KIND_CHILDREN, PAT_DRAW_BY_BOX },
	{ "CANVAS", PAT_DRAW_KIND_PAGE, PAT_DRAW_BY_BOX },
	{ "FRAME", PAT_DRAW_KIND_FRAME, PAT_DRAW_BY_BOX },
	{ "COMPONENT", PAT_DRAW_KIND_FRAME, PAT_DRAW_BY_BOX },
	{ "COMPONENT_SET", PAT_DRAW_KIND_FRAME, PAT_DRAW_BY_BOX },
	{ "INSTANCE", PAT_DRAW_KIND_FRAME, PAT_DRAW_BY_BOX },
	{ "GROUP", PAT_DRAW_KIND_GROUP, PAT_DRAW_BY_BOX },
	{ "TRANSFORM_GROUP", PAT_DRAW_KIND_GROUP, PAT_DRAW_BY_BOX },
	{ "SECTION", PAT_DRAW_KIND_SECTION, PAT_DRAW_BY_BOX },
	{ "RECTANGLE", PAT_DRAW_KIND_SHAPE, PAT_DRAW_BY_BOX },
	{ "ELLIPSE", PAT_DRAW_KIND_SHAPE, PAT_DRAW_BY_ARC },
	{ "LINE", PAT_DRAW_KIND_SHAPE, PAT_DRAW_BY_LINE },
	{ "STAR", PAT_DRAW_KIND_SHAPE, PAT_DRAW_BY_CORNERS },
	{ "REGULAR_POLYGON", PAT_DRAW_KIND_SHAPE, PAT_DRAW_BY_CORNERS },
	{ "VECTOR", PAT_DRAW_KIND_SHAPE, PAT_DRAW_BY_GEOMETRY },
	{ "BOOLEAN_OPERATION", PAT_DRAW_KIND_SHAPE, PAT_DRAW_BY_GEOMETRY },
	{ "WASHI_TAPE", PAT_DRAW_KIND_SHAPE, PAT_DRAW_BY_BOX },
	{ "TEXT", PAT_DRAW_KIND_TEXT, PAT_DRAW_BY_GEOMETRY },
	{ "TEXT_PATH", PAT_DRAW_KIND_TEXT, PAT_DRAW_BY_GEOMETRY },
	{ "STICKY", PAT_DRAW_KIND_STICKY, PAT_DRAW_BY_BOX },
	{ "SHAPE_WITH_TEXT", PAT_DRAW_KIND_SHAPE_WITH_TEXT, PAT_DRAW_BY_SHAPE_TYPE },
	{ "CONNECTOR", PAT_DRAW_KIND_CONNECTOR, PAT_DRAW_BY_LINE },
	{ "TABLE_CELL", PAT_DRAW_KIND_CELL, PAT_DRAW_BY_BOX },
	{ "SLICE", PAT_DRAW_KIND_NOTHING, PAT_DRAW_BY_BOX },
};

const struct pat_draw_type *pat_draw_type(const json_t *own)
{
	static const struct pat_draw_type unknown = { "", PAT_DRAW_KIND_CHILDREN, PAT_DRAW_BY_BOX };

	for (size_t i = 0; i < PAT_ARRAY_LEN(types); i++)
		if (pat_member_is(own, "type", types[i].name))
			return &types[i];
	return &unknown;
}

struct pat_box pat_draw_covers(const struct pat_draw *draw, const json_t *own,
                               const struct pat_draw_type *type, const struct pat_draw_place *place)
{
	double reach = pat_draw_strokes_reach(own, type->outline);
	struct pat_box said;

	/* Other fonts than the designer's may need more room. */
	if (type->kind == PAT_DRAW_KIND_TEXT)
		reach += 8;
	struct pat_box box = pat_box_grown(&place->box, reach);
	if (!pat_member_box(own, "absoluteRenderBounds", &said))
		return box;
	said.x -= draw->origin.x;
	said.y -= draw->origin.y;
	return pat_box_union(&box, &said);
}
