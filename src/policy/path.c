/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/path.h"

#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that "%xy" at `at` stands for, or -1. */
static int encoded(const char *target, size_t len, size_t at)
{
	if (at + 2 >= len)
		return -1;
	int high = hex_digit(target[at + 1]);
	int low = hex_digit(target[at + 2]);

	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static int ambiguous(struct pat_path *path, const char *why)
{
	path->why = why;
	return PAT_PATH_E_AMBIGUOUS;
}

/* A byte that stands in a segment, as itself or encoded: what is wrong with it. */
static const char *byte_fault(unsigned char c, bool was_encoded)
{
	if (c < 0x20 || c == 0x7f)
		return "a control character";
	if (c == '\\')
		return "a backslash";
	if (was_encoded)
		return c == '/' ? "an encoded slash" : NULL;
	if (c == ';')
		return "a path parameter (;)";
	if (c == '#')
		return "a fragment (#)";
	if (c == ' ' || c >= 0x80)
		return "a byte that has to be percent-encoded";
	return NULL;
}

/* Decodes one byte of a segment at *at and moves on. */
static int byte_take(struct pat_path *path, const char *target, size_t len, size_t *at, char *ret)
{
	int c = (unsigned char)target[*at];
	bool was_encoded = c == '%';

	if (was_encoded) {
		c = encoded(target, len, *at);
		if (c < 0)
			return ambiguous(path, "a percent sign that encodes nothing");
		*at += 2;
	}
	const char *fault = byte_fault((unsigned char)c, was_encoded);
	if (fault)
		return ambiguous(path, fault);
	*ret = (char)c;
	(*at)++;
	return 0;
}

static bool is_dots(const struct pat_segment *s)
{
	return (s->len == 1 && s->text[0] == '.') ||
	       (s->len == 2 && s->text[0] == '.' && s->text[1] == '.');
}

/* Who decodes twice would see something else than we do. In what was decoded, because the digits may be encoded too. */
static bool encodes_again(const struct pat_segment *s)
{
	for (size_t i = 0; i + 2 < s->len; i++)
		if (s->text[i] == '%' && hex_digit(s->text[i + 1]) >= 0 &&
		    hex_digit(s->text[i + 2]) >= 0)
			return true;
	return false;
}

/* One segment from *at up to its "/" or the end. */
static int segment_take(struct pat_path *path, const char *target, size_t len, size_t *at)
{
	struct pat_segment *s = &path->segments[path->n];
	size_t begin = *at;
	size_t decoded_begin = path->decoded_len;
	bool any_encoded = false;

	for (; *at < len && target[*at] != '/'; path->decoded_len++) {
		any_encoded |= target[*at] == '%';
		int r = byte_take(path, target, len, at, &path->decoded[path->decoded_len]);
		if (r != 0)
			return r;
	}
	if (any_encoded) {
		*s = (struct pat_segment){ path->decoded + decoded_begin,
			                   path->decoded_len - decoded_begin };
	} else {
		*s = (struct pat_segment){ target + begin, *at - begin };
		path->decoded_len = decoded_begin;
	}
	if (any_encoded && encodes_again(s))
		return ambiguous(path, "double encoding");
	return is_dots(s) ? ambiguous(path, "a dot segment") : 0;
}

int pat_path_split(const char *target, size_t len, struct pat_path *ret)
{
	const char *query = memchr(target, '?', len);
	size_t at = 1;

	if (query)
		len = (size_t)(query - target);
	ret->n = 0;
	ret->decoded_len = 0;
	ret->why = NULL;
	if (len == 0 || target[0] != '/')
		return ambiguous(ret, "no slash at its beginning");
	if (len > PAT_PATH_BYTES_MAX)
		return PAT_PATH_E_LONG;
	if (len == 1)
		return 0;
	for (;; at++) {
		if (ret->n == PAT_PATH_SEGMENTS_MAX)
			return PAT_PATH_E_LONG;
		int r = segment_take(ret, target, len, &at);
		if (r != 0)
			return r;
		if (ret->segments[ret->n++].len == 0 && at < len)
			return ambiguous(ret, "two slashes together");
		if (at == len)
			return 0;
	}
}
