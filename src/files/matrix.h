/* SPDX-License-Identifier: Apache-2.0
 *
 * Points, boxes and affine maps of the plane; y grows downwards.
 */
#ifndef PAT_FILES_MATRIX_H
#define PAT_FILES_MATRIX_H

#include "base/base.h"

struct pat_point {
	double x;
	double y;
};

struct pat_box {
	double x;
	double y;
	double w; /* never negative */
	double h;
};

/* x' = a x + c y + e, y' = b x + d y + f: the order of SVG's matrix(). */
struct pat_matrix {
	double a, b, c, d, e, f;
};
#define PAT_MATRIX_IDENTITY ((struct pat_matrix){ .a = 1, .d = 1 })

/* First `inner`, then `outer`. */
struct pat_matrix pat_matrix_multiply(const struct pat_matrix *outer,
                                      const struct pat_matrix *inner);
struct pat_point pat_matrix_point(const struct pat_matrix *m, double x, double y);
/* The box around what becomes of (0, 0, w, h). */
struct pat_box pat_matrix_box(const struct pat_matrix *m, double w, double h);
/* False: there is none. */
bool pat_matrix_invert(const struct pat_matrix *m, struct pat_matrix *ret);
/* Nothing but a translation. */
bool pat_matrix_is_straight(const struct pat_matrix *m);

/* Larger on all sides; a negative `by` makes it smaller, at most down to its middle. */
struct pat_box pat_box_grown(const struct pat_box *box, double by);
struct pat_box pat_box_union(const struct pat_box *one, const struct pat_box *two);

#endif
