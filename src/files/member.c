/* SPDX-License-Identifier: Apache-2.0
 *
 * jansson answers NULL for a member of what is no object, so these need not ask first.
 */
#include "files/member.h"

#include <math.h>
#include <string.h>

static double limited(const json_t *value, double fallback)
{
	if (!json_is_number(value))
		return fallback;
	double number = json_number_value(value);
	if (!isfinite(number))
		return fallback;
	return fmax(-PAT_MEMBER_MAX, fmin(PAT_MEMBER_MAX, number));
}

double pat_member_number(const json_t *object, const char *key, double fallback)
{
	return limited(json_object_get(object, key), fallback);
}

double pat_member_element(const json_t *array, size_t i, double fallback)
{
	return limited(json_array_get(array, i), fallback);
}

double pat_member_between(const json_t *object, const char *key, double fallback, double least,
                          double most)
{
	return fmax(least, fmin(most, pat_member_number(object, key, fallback)));
}

bool pat_member_id(const json_t *value, uint32_t *ret)
{
	double number = json_is_number(value) ? json_number_value(value) : 0;

	if (!(number >= 1 && number <= UINT32_MAX))
		return false;
	*ret = (uint32_t)number;
	return number == *ret;
}

bool pat_member_flag(const json_t *object, const char *key, bool fallback)
{
	const json_t *value = json_object_get(object, key);

	return json_is_boolean(value) ? json_is_true(value) : fallback;
}

const char *pat_member_text(const json_t *object, const char *key, size_t *ret_len)
{
	const json_t *value = json_object_get(object, key);

	*ret_len = json_string_length(value);
	return json_is_string(value) ? json_string_value(value) : "";
}

bool pat_member_is(const json_t *object, const char *key, const char *text)
{
	size_t len = 0;
	const char *value = pat_member_text(object, key, &len);

	return len == strlen(text) && memcmp(value, text, len) == 0;
}

const json_t *pat_member_list(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_array_size(value) > 0 ? value : NULL;
}

static bool has_number(const json_t *object, const char *key)
{
	return json_is_number(json_object_get(object, key));
}

static struct pat_point point_of(const json_t *value)
{
	return (struct pat_point){ pat_member_number(value, "x", 0),
		                   pat_member_number(value, "y", 0) };
}

bool pat_member_point(const json_t *object, const char *key, struct pat_point *ret)
{
	const json_t *value = json_object_get(object, key);

	if (!has_number(value, "x") || !has_number(value, "y"))
		return false;
	*ret = point_of(value);
	return true;
}

bool pat_member_box(const json_t *object, const char *key, struct pat_box *ret)
{
	const json_t *value = json_object_get(object, key);
	struct pat_point at;

	if (!pat_member_point(object, key, &at))
		return false;
	double w = pat_member_number(value, "width", -1);
	double h = pat_member_number(value, "height", -1);
	if (w < 0 || h < 0)
		return false;
	*ret = (struct pat_box){ at.x, at.y, w, h };
	return true;
}

bool pat_member_matrix(const json_t *object, const char *key, struct pat_matrix *ret)
{
	const json_t *rows = json_object_get(object, key);
	double values[6];

	for (size_t i = 0; i < PAT_ARRAY_LEN(values); i++) {
		const json_t *value = json_array_get(json_array_get(rows, i / 3), i % 3);

		if (!json_is_number(value))
			return false;
		values[i] = limited(value, 0);
	}
	*ret = (struct pat_matrix){ .a = values[0],
		                    .c = values[1],
		                    .e = values[2],
		                    .b = values[3],
		                    .d = values[4],
		                    .f = values[5] };
	return true;
}

static uint32_t channel(const json_t *color, const char *key)
{
	return (uint32_t)lround(255 * pat_member_between(color, key, 0, 0, 1));
}

void pat_member_color(const json_t *object, const char *key, uint32_t *ret_rgb, double *ret_alpha)
{
	const json_t *color = json_object_get(object, key);

	*ret_rgb = channel(color, "r") << 16 | channel(color, "g") << 8 | channel(color, "b");
	*ret_alpha = pat_member_between(color, "a", 1, 0, 1);
}
