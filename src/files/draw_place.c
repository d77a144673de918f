/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a node is: its box always comes from absoluteBoundingBox, and how it is turned inside of that box from
 * relativeTransform and size, or else from `rotation`.
 *
 * What a newcomer would get wrong: a transform is relative to the frame around a node, and groups are no frames. Documents
 * are not unanimous about that, so where the size is known, the reading that fits the box is taken.
 */
#include <math.h>

#include "files/draw_private.h"
#include "files/member.h"

static struct pat_matrix turned(const struct pat_matrix *m)
{
	return (struct pat_matrix){ .a = m->a, .b = m->b, .c = m->c, .d = m->d };
}

/* Unit vectors, or nearly: what is far from it is no turning, and is left as it was around it. */
static bool is_turning(const struct pat_matrix *m)
{
	double det = m->a * m->d - m->b * m->c;

	return fabs(det) > 0.01 && fabs(m->a) < 10 && fabs(m->b) < 10 && fabs(m->c) < 10 &&
	       fabs(m->d) < 10;
}

/* How much the turned size misses the box. */
static double misfit(const struct pat_matrix *m, double w, double h, const struct pat_box *box)
{
	struct pat_box around = pat_matrix_box(m, w, h);

	return fabs(around.w - box->w) + fabs(around.h - box->h);
}

/* The size of what, so turned, has this box. Near 45 degrees the box does not tell: then it is a square. */
static void untwist(const struct pat_matrix *m, struct pat_draw_place *place)
{
	double a = fabs(m->a);
	double b = fabs(m->b);
	double c = fabs(m->c);
	double d = fabs(m->d);
	double det = a * d - b * c;
	const struct pat_box *box = &place->box;

	if (fabs(det) > 0.02) {
		place->w = fmax(0, (box->w * d - box->h * c) / det);
		place->h = fmax(0, (box->h * a - box->w * b) / det);
		return;
	}
	place->w = fmin(box->w, box->h) / fmax(a + c, 0.01);
	place->h = place->w;
}

/* From relativeTransform and size. */
static bool turn_by_transform(const json_t *own, const struct pat_draw_axes *around,
                              struct pat_draw_place *place)
{
	struct pat_matrix relative;
	struct pat_point size;

	if (!pat_member_matrix(own, "relativeTransform", &relative) ||
	    !pat_member_point(own, "size", &size) || size.x < 0 || size.y < 0)
		return false;
	struct pat_matrix by_frame = pat_matrix_multiply(&around->frame, &relative);
	struct pat_matrix by_parent = pat_matrix_multiply(&around->own, &relative);
	bool frame_fits = misfit(&by_frame, size.x, size.y, &place->box) <=
	                  misfit(&by_parent, size.x, size.y, &place->box) + 0.01;
	place->at = turned(frame_fits ? &by_frame : &by_parent);
	place->w = size.x;
	place->h = size.y;
	return is_turning(&place->at);
}

static void turn_by_angle(const json_t *own, const struct pat_draw_axes *around,
                          struct pat_draw_place *place)
{
	double angle = pat_member_number(own, "rotation", 0); /* against the clock */
	struct pat_matrix turn = {
		.a = cos(angle), .b = -sin(angle), .c = sin(angle), .d = cos(angle)
	};

	place->at = pat_matrix_multiply(&around->frame, &turn);
	if (pat_member_is(own, "type", "LINE"))
		place->w = hypot(place->box.w, place->box.h);
	else
		untwist(&place->at, place);
}

bool pat_draw_place(const struct pat_draw *draw, const json_t *own, bool is_group,
                    const struct pat_draw_axes *around, struct pat_draw_place *ret,
                    struct pat_draw_axes *ret_inside)
{
	struct pat_draw_place place = { 0 };

	*ret_inside = *around;
	if (!pat_member_box(own, "absoluteBoundingBox", &place.box))
		return false;
	place.box.x -= draw->origin.x;
	place.box.y -= draw->origin.y;
	if (!turn_by_transform(own, around, &place))
		turn_by_angle(own, around, &place);
	ret_inside->own = place.at;
	if (!is_group)
		ret_inside->frame = place.at;
	place.straight = pat_matrix_is_straight(&place.at);
	if (place.straight) {
		place.at = PAT_MATRIX_IDENTITY;
		place.w = place.box.w;
		place.h = place.box.h;
	}
	struct pat_box around_it = pat_matrix_box(&place.at, place.w, place.h);
	place.at.e = place.box.x - around_it.x;
	place.at.f = place.box.y - around_it.y;
	*ret = place;
	return true;
}
