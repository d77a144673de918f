/* SPDX-License-Identifier: Apache-2.0
 *
 * The widths are the mean of four sans serifs that designs and systems use much, in hundredths.
 */
#include "files/letters.h"

size_t pat_letter_decode(const char *s, size_t left, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char lead = (unsigned char)s[0];
	size_t n = lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	if (n == 0 || n > left || lead > 0xf4)
		return 0;
	uint32_t code = n == 1 ? lead : lead & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (c & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret = code;
	return n;
}

size_t pat_letter_encode(uint32_t code, char out[static 4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	for (size_t i = n - 1; i > 0; i--, code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)(leads[n] | code);
	return n;
}

/* ---- Case. */

static bool between(uint32_t code, uint32_t first, uint32_t last)
{
	return code >= first && code <= last;
}

/* Alphabets whose capitals stand in a block of their own, so far before the small letters. */
static const struct {
	uint32_t first; /* small */
	uint32_t last;
	uint32_t distance;
} blocks[] = {
	{ 'a', 'z', 32 },     { 0xe0, 0xf6, 32 },   { 0xf8, 0xfe, 32 },   { 0x3b1, 0x3c1, 32 },
	{ 0x3c3, 0x3cb, 32 }, { 0x430, 0x44f, 32 }, { 0x450, 0x45f, 80 }, { 0x3ad, 0x3af, 37 },
};

/* Alphabets in which each capital is followed by its small letter: the parity of the capitals. */
static const struct {
	uint32_t first;
	uint32_t last;
	uint32_t parity;
} pairs[] = {
	{ 0x100, 0x12f, 0 },   { 0x132, 0x137, 0 },   { 0x139, 0x148, 1 }, { 0x14a, 0x177, 0 },
	{ 0x179, 0x17e, 1 },   { 0x460, 0x481, 0 },   { 0x48a, 0x4bf, 0 }, { 0x4d0, 0x52f, 0 },
	{ 0x1e00, 0x1e95, 0 }, { 0x1ea0, 0x1eff, 0 },
};

uint32_t pat_letter_upper(uint32_t code)
{
	for (size_t i = 0; i < PAT_ARRAY_LEN(blocks); i++)
		if (between(code, blocks[i].first, blocks[i].last))
			return code - blocks[i].distance;
	for (size_t i = 0; i < PAT_ARRAY_LEN(pairs); i++)
		if (between(code, pairs[i].first, pairs[i].last) && code % 2 != pairs[i].parity)
			return code - 1;
	return code == 0x3c2 ? 0x3a3 : code;
}

uint32_t pat_letter_lower(uint32_t code)
{
	for (size_t i = 0; i < PAT_ARRAY_LEN(blocks); i++)
		if (between(code, blocks[i].first - blocks[i].distance,
		            blocks[i].last - blocks[i].distance))
			return code + blocks[i].distance;
	for (size_t i = 0; i < PAT_ARRAY_LEN(pairs); i++)
		if (between(code, pairs[i].first, pairs[i].last) && code % 2 == pairs[i].parity)
			return code + 1;
	return code;
}

bool pat_letter_is(uint32_t code)
{
	return between(code, '0', '9') || between(code, 'A', 'Z') || between(code, 'a', 'z') ||
	       code == '\'' || code == 0x2019 || (code >= 0xc0 && code < 0x2000) || code >= 0x2c00;
}

/* ---- Lines. */

static bool is_ideograph(uint32_t code)
{
	return between(code, 0x2e80, 0xa4cf) || between(code, 0xac00, 0xd7a3) ||
	       between(code, 0xf900, 0xfaff) || between(code, 0xff00, 0xff60) ||
	       between(code, 0x20000, 0x3ffff);
}

bool pat_letter_ends_line(uint32_t code)
{
	return code == ' ' || code == '-' || code == 0x200b || between(code, 0x2010, 0x2014) ||
	       is_ideograph(code);
}

static bool is_nothing(uint32_t code)
{
	return between(code, 0x300, 0x36f) || between(code, 0x200b, 0x200f) ||
	       between(code, 0x202a, 0x202e) || between(code, 0x2060, 0x2064) ||
	       between(code, 0xfe00, 0xfe0f) || code == 0xfeff || code == 0xad;
}

/* Of scripts with letters like ours, and signs: everything else is too different. */
static const struct {
	uint32_t first;
	uint32_t last;
	unsigned hundredths;
} ranges[] = {
	{ 0xa0, 0xa0, 27 },     { 0xa9, 0xa9, 78 },      { 0xb0, 0xb0, 38 },
	{ 0xb7, 0xb7, 28 },     { 0xa1, 0xbf, 50 },      { 0xc0, 0xdf, 67 },
	{ 0xe0, 0xff, 56 },     { 0x100, 0x24f, 58 },    { 0x370, 0x3ff, 59 },
	{ 0x400, 0x42f, 68 },   { 0x430, 0x52f, 59 },    { 0x2002, 0x2009, 40 },
	{ 0x2010, 0x2012, 38 }, { 0x2013, 0x2013, 55 },  { 0x2014, 0x2015, 98 },
	{ 0x2018, 0x201b, 23 }, { 0x201c, 0x201f, 41 },  { 0x2022, 0x2022, 38 },
	{ 0x2026, 0x2026, 84 }, { 0x2030, 0x2030, 110 }, { 0x2032, 0x2033, 30 },
	{ 0x20a0, 0x20bf, 60 }, { 0x2122, 0x2122, 75 },
};

static const unsigned char ascii[] = {
	27, 27, 38, 61, 58, 86, 67, 22, 33, 34, 47, 60, 26, 35, 27, 35, 58, 52, 58,
	58, 58, 57, 58, 56, 58, 58, 27, 26, 58, 59, 59, 49, 94, 66, 65, 68, 71, 60,
	57, 73, 73, 27, 47, 64, 55, 88, 74, 75, 63, 75, 65, 61, 60, 71, 65, 93, 64,
	63, 60, 31, 35, 31, 48, 48, 31, 55, 59, 52, 59, 56, 33, 57, 58, 24, 24, 52,
	24, 88, 58, 58, 59, 59, 36, 51, 32, 58, 51, 77, 52, 51, 50, 37, 35, 37, 62,
};

double pat_letter_width(uint32_t code, bool monospaced, bool *known)
{
	*known = true;
	if (is_nothing(code))
		return 0;
	if (is_ideograph(code))
		return 1;
	if (monospaced)
		return 0.6;
	if (code >= ' ' && code < 0x7f)
		return ascii[code - ' '] / 100.0;
	for (size_t i = 0; i < PAT_ARRAY_LEN(ranges); i++)
		if (between(code, ranges[i].first, ranges[i].last))
			return ranges[i].hundredths / 100.0;
	*known = false;
	return code >= 0x1f000 ? 1.3 : 0.6;
}
