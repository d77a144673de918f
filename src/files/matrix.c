/* SPDX-License-Identifier: Apache-2.0
 *
 * Six numbers and four.
 */
#include "files/matrix.h"

#include <math.h>

#define EPSILON 1e-6

struct pat_matrix pat_matrix_multiply(const struct pat_matrix *outer,
                                      const struct pat_matrix *inner)
{
	return (struct pat_matrix){
		.a = outer->a * inner->a + outer->c * inner->b,
		.b = outer->b * inner->a + outer->d * inner->b,
		.c = outer->a * inner->c + outer->c * inner->d,
		.d = outer->b * inner->c + outer->d * inner->d,
		.e = outer->a * inner->e + outer->c * inner->f + outer->e,
		.f = outer->b * inner->e + outer->d * inner->f + outer->f,
	};
}

struct pat_point pat_matrix_point(const struct pat_matrix *m, double x, double y)
{
	return (struct pat_point){ m->a * x + m->c * y + m->e, m->b * x + m->d * y + m->f };
}

struct pat_box pat_matrix_box(const struct pat_matrix *m, double w, double h)
{
	return (struct pat_box){
		.x = m->e + fmin(0, m->a * w) + fmin(0, m->c * h),
		.y = m->f + fmin(0, m->b * w) + fmin(0, m->d * h),
		.w = fabs(m->a) * w + fabs(m->c) * h,
		.h = fabs(m->b) * w + fabs(m->d) * h,
	};
}

bool pat_matrix_invert(const struct pat_matrix *m, struct pat_matrix *ret)
{
	double det = m->a * m->d - m->b * m->c;

	if (!isfinite(det) || fabs(det) < 1e-12)
		return false;
	*ret = (struct pat_matrix){
		.a = m->d / det,
		.b = -m->b / det,
		.c = -m->c / det,
		.d = m->a / det,
		.e = (m->c * m->f - m->d * m->e) / det,
		.f = (m->b * m->e - m->a * m->f) / det,
	};
	return true;
}

bool pat_matrix_is_straight(const struct pat_matrix *m)
{
	return fabs(m->a - 1) < EPSILON && fabs(m->b) < EPSILON && fabs(m->c) < EPSILON &&
	       fabs(m->d - 1) < EPSILON;
}

struct pat_box pat_box_grown(const struct pat_box *box, double by)
{
	double x = fmax(by, -box->w / 2);
	double y = fmax(by, -box->h / 2);

	return (struct pat_box){ box->x - x, box->y - y, box->w + 2 * x, box->h + 2 * y };
}

struct pat_box pat_box_union(const struct pat_box *one, const struct pat_box *two)
{
	double x = fmin(one->x, two->x);
	double y = fmin(one->y, two->y);

	return (struct pat_box){
		.x = x,
		.y = y,
		.w = fmax(one->x + one->w, two->x + two->w) - x,
		.h = fmax(one->y + one->h, two->y + two->h) - y,
	};
}
