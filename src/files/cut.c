/* SPDX-License-Identifier: Apache-2.0 */
#include "files/cut.h"

#include <string.h>

#include "base/utf8.h"

#define ELLIPSIS       "…"
#define ELLIPSIS_BYTES (sizeof(ELLIPSIS) - 1)

/* ---- As it is written. */

/* The bytes of a character or an escape; a pair of surrogates is one. The document was checked when it came. */
static size_t written_bytes(const char *at, size_t left)
{
	uint32_t c = 0;

	if (*at != '\\')
		return pat_utf8_take(at, left, &c);
	if (left < 2 || at[1] != 'u')
		return 2;
	bool first = left > 3 && (at[2] == 'd' || at[2] == 'D') && strchr("89abAB", at[3]);
	return first ? 12 : 6;
}

/* How many of the bytes are whole characters, and no more than `max`. */
static size_t whole_bytes(const char *written, size_t len, size_t max)
{
	size_t n = 0;

	for (size_t at = 0; at < len;) {
		size_t bytes = written_bytes(written + at, len - at);

		if (bytes == 0 || bytes > len - at || at + bytes > max)
			break;
		n = at += bytes;
	}
	return n;
}

int pat_files_cut_written(const struct pat_text *text, struct pat_range range,
                          char out[static PAT_FILES_CUT_NAME_BYTES], size_t *ret_len)
{
	const size_t max = PAT_FILES_CUT_NAME_BYTES;
	size_t len = range.len < max ? range.len : max;

	int r = len > 0 ? text->read(text->arg, range.at, out, (uint32_t)len) : 0;
	if (r != 0)
		return r;
	if (range.len > max) {
		len = whole_bytes(out, len, max - ELLIPSIS_BYTES);
		memcpy(out + len, ELLIPSIS, ELLIPSIS_BYTES); /* UNSAFE: there is room, see above */
		len += ELLIPSIS_BYTES;
	}
	*ret_len = len;
	return 0;
}

/* ---- As it will be written. */

static size_t json_bytes(uint32_t c, size_t bytes)
{
	if (c == '"' || c == '\\' || c == '\n' || c == '\t')
		return 2;
	return c < 0x20 || c == 0x7f ? 6 : bytes;
}

int pat_files_cut_text(const char *text, size_t max, struct pat_buf *out, size_t *ret)
{
	size_t written = 0;
	size_t fits = 0; /* of the text, with an ellipsis behind it */
	size_t fits_written = 0;
	const char *at = text;

	while (*at && written <= max) {
		uint32_t c = 0;
		size_t bytes = pat_utf8_take(at, strnlen(at, 4), &c);

		if (bytes == 0)
			break;
		if (written + ELLIPSIS_BYTES <= max) {
			fits = (size_t)(at - text);
			fits_written = written + ELLIPSIS_BYTES;
		}
		written += json_bytes(c, bytes);
		at += bytes;
	}
	bool whole = *at == '\0' && written <= max;
	int r = pat_buf_add(out, text, whole ? (size_t)(at - text) : fits);
	if (r == 0 && !whole)
		r = pat_buf_add_str(out, ELLIPSIS);
	if (r == 0)
		r = pat_buf_add(out, "", 1);
	*ret = whole ? written : fits_written;
	return r;
}
