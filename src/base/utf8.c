/* SPDX-License-Identifier: Apache-2.0
 *
 * The decoder. What a sequence may not be is said of its code point, not of its bytes: what fewer bytes could have said is
 * overlong.
 */
#include "base/utf8.h"

/* The lead bytes C0, C1 and F5 to FF begin nothing. */
static size_t sequence_bytes(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2)
		return 0;
	if (lead < 0xe0)
		return 2;
	if (lead < 0xf0)
		return 3;
	return lead < 0xf5 ? 4 : 0;
}

size_t pat_utf8_take(const char *text, size_t left, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	static const unsigned char lead_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	const unsigned char *s = (const unsigned char *)text;
	size_t bytes = sequence_bytes(s[0]);

	if (bytes == 0 || bytes > left)
		return 0;
	uint32_t c = s[0] & lead_bits[bytes];
	for (size_t i = 1; i < bytes; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[bytes] || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return 0;
	*ret = c;
	return bytes;
}
