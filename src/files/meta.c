/* SPDX-License-Identifier: Apache-2.0
 *
 *   Vector             { x, y }
 *   FrameOffset        { node_id, node_offset: { x, y } }
 *   Region             { x, y, region_height, region_width, comment_pin_corner? }
 *   FrameOffsetRegion  { node_id, node_offset: { x, y }, region_height, region_width, comment_pin_corner? }
 *
 * So there are two ways to say where, and an extent or not. Other members, which clients of Figma send, are overlooked.
 */
#include "files/meta.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#define DIGITS 15 /* of a coordinate: what a double has for certain */

/* ---- Whether it is one. */

static bool has_numbers(const json_t *in, const char *one, const char *other, bool positive)
{
	const json_t *numbers[] = { json_object_get(in, one), json_object_get(in, other) };

	for (size_t i = 0; i < PAT_ARRAY_LEN(numbers); i++) {
		if (!json_is_number(numbers[i]))
			return false;
		if (positive && !(json_number_value(numbers[i]) > 0.0))
			return false;
	}
	return true;
}

static bool has_place(const json_t *in)
{
	const json_t *node = json_object_get(in, "node_id");

	if (!node)
		return has_numbers(in, "x", "y", false);
	return json_is_string(node) && json_string_length(node) >= 1 &&
	       json_string_length(node) <= PAT_NODE_ID_MAX &&
	       has_numbers(json_object_get(in, "node_offset"), "x", "y", false);
}

static bool is_corner(const json_t *corner)
{
	static const char *const corners[] = { "top-left", "top-right", "bottom-left",
		                               "bottom-right" };

	for (size_t i = 0; json_is_string(corner) && i < PAT_ARRAY_LEN(corners); i++)
		if (strcmp(json_string_value(corner), corners[i]) == 0)
			return true;
	return false;
}

static bool has_extent(const json_t *in)
{
	return json_object_get(in, "region_height") || json_object_get(in, "region_width");
}

static bool extent_ok(const json_t *in)
{
	const json_t *corner = json_object_get(in, "comment_pin_corner");

	return has_numbers(in, "region_height", "region_width", true) &&
	       (!corner || is_corner(corner));
}

/* ---- Writing it. */

static void add_number(struct pat_buf *out, const char *name, const json_t *in)
{
	const json_t *number = json_object_get(in, name);

	if (json_is_integer(number))
		(void)pat_buf_addf(out, "\"%s\":%lld", name, (long long)json_integer_value(number));
	else
		(void)pat_buf_addf(out, "\"%s\":%.*g", name, DIGITS, json_real_value(number));
}

static void add_numbers(struct pat_buf *out, const json_t *in, const char *one, const char *other)
{
	add_number(out, one, in);
	(void)pat_buf_add_str(out, ",");
	add_number(out, other, in);
}

static void add_place(struct pat_buf *out, const json_t *in)
{
	const json_t *node = json_object_get(in, "node_id");

	if (!node) {
		add_numbers(out, in, "x", "y");
		return;
	}
	(void)pat_buf_add_str(out, "\"node_id\":\"");
	(void)pat_buf_add_json(out, json_string_value(node), json_string_length(node));
	(void)pat_buf_add_str(out, "\",\"node_offset\":{");
	add_numbers(out, json_object_get(in, "node_offset"), "x", "y");
	(void)pat_buf_add_str(out, "}");
}

static void add_extent(struct pat_buf *out, const json_t *in)
{
	const json_t *corner = json_object_get(in, "comment_pin_corner");

	(void)pat_buf_add_str(out, ",");
	add_numbers(out, in, "region_height", "region_width");
	if (corner)
		(void)pat_buf_addf(out, ",\"comment_pin_corner\":\"%s\"",
		                   json_string_value(corner));
}

static int write_canonical(const json_t *in, struct pat_buf *out)
{
	if (!has_place(in) || (has_extent(in) && !extent_ok(in)))
		return PAT_FILES_E_META;
	(void)pat_buf_add_str(out, "{");
	add_place(out, in);
	if (has_extent(in))
		add_extent(out, in);
	(void)pat_buf_add_str(out, "}");
	int e = pat_buf_error(out);
	return e == -EMSGSIZE ? PAT_FILES_E_META : e;
}

int pat_files_meta_read(const char *text, struct pat_buf *out)
{
	json_error_t error = { 0 };
	size_t len = text ? strlen(text) : 0;

	if (!text)
		return pat_buf_add_str(out, "{\"x\":0,\"y\":0}");
	if (len > 4 * PAT_FILES_META_BYTES_MAX)
		return PAT_FILES_E_META;
	json_t *in = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!in)
		return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM
		                                                           : PAT_FILES_E_META;
	int r = write_canonical(in, out);
	json_decref(in);
	return r;
}
