/* SPDX-License-Identifier: Apache-2.0
 *
 * Members of a node as a document has them: absent, of the wrong type, without measure. Each reading has an answer that can
 * be drawn with; nothing here fails. `object` may be NULL or anything else: then nothing is in it.
 */
#ifndef PAT_FILES_MEMBER_H
#define PAT_FILES_MEMBER_H

#include <jansson.h>

#include "files/matrix.h"

/* Lengths and places beyond this are that: far beyond any design, and its square is still exact in a double. */
#define PAT_MEMBER_MAX 1e7

/* Finite, and within the maximum. `fallback` when it is no number. */
double pat_member_number(const json_t *object, const char *key, double fallback);
/* Likewise an element of an array. */
double pat_member_element(const json_t *array, size_t i, double fallback);
/* Within `least` and `most` as well. */
double pat_member_between(const json_t *object, const char *key, double fallback, double least,
                          double most);
/* Whether `value` is a number of an override: whole, above 0, as it is written. */
bool pat_member_id(const json_t *value, uint32_t *ret);
bool pat_member_flag(const json_t *object, const char *key, bool fallback);
/* "" when it is no string. Lives as long as the object. */
const char *pat_member_text(const json_t *object, const char *key, size_t *ret_len);
/* Whether the member is this string. */
bool pat_member_is(const json_t *object, const char *key, const char *text);
/* NULL when it is no array, or an empty one. */
const json_t *pat_member_list(const json_t *object, const char *key);

/* {"x", "y"} */
bool pat_member_point(const json_t *object, const char *key, struct pat_point *ret);
/* {"x", "y", "width", "height"}; negative sizes are no box. */
bool pat_member_box(const json_t *object, const char *key, struct pat_box *ret);
/* [[a, c, e], [b, d, f]] */
bool pat_member_matrix(const json_t *object, const char *key, struct pat_matrix *ret);
/* {"r", "g", "b", "a"}, each 0 to 1: black where they are missing. */
void pat_member_color(const json_t *object, const char *key, uint32_t *ret_rgb, double *ret_alpha);

#endif
