/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <string.h>

#include "base/utf8.h"

static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

static bool fits_line(uint32_t c)
{
	/* Directional overrides would let a name rewrite the line it is shown in. */
	bool override = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);

	return !is_control(c) && c != 0x2028 && c != 0x2029 && !override;
}

static bool fits_message(uint32_t c)
{
	return c == '\n' || c == '\r' || c == '\t' || !is_control(c);
}

static int count_chars(const char *text, size_t len, bool (*fits)(uint32_t c))
{
	int n = 0;

	for (size_t i = 0; i < len; n++) {
		uint32_t c = 0;
		size_t bytes = pat_utf8_take(text + i, len - i, &c);

		if (bytes == 0 || !fits(c))
			return -1;
		i += bytes;
	}
	return n;
}

int pat_text_line_chars(const char *text, size_t len)
{
	return count_chars(text, len, fits_line);
}

int pat_text_label(const char *text, size_t chars_max, char *out, size_t out_bytes)
{
	while (*text == ' ')
		text++;
	size_t len = strlen(text);
	while (len > 0 && text[len - 1] == ' ')
		len--;
	if (len == 0)
		return PAT_TEXT_E_EMPTY;
	int chars = pat_text_line_chars(text, len);
	if (chars < 0)
		return PAT_TEXT_E_BAD_CHARACTERS;
	if ((size_t)chars > chars_max || len >= out_bytes)
		return PAT_TEXT_E_TOO_LONG;
	memcpy(out, text, len); /* UNSAFE: len < out_bytes */
	out[len] = '\0';
	return 0;
}

int pat_text_message(const char *text, size_t chars_max)
{
	if (text[strspn(text, " \t\r\n")] == '\0')
		return PAT_TEXT_E_EMPTY;
	int chars = count_chars(text, strlen(text), fits_message);
	if (chars < 0)
		return PAT_TEXT_E_BAD_CHARACTERS;
	return (size_t)chars > chars_max ? PAT_TEXT_E_TOO_LONG : 0;
}
