/* SPDX-License-Identifier: Apache-2.0
 *
 * Hex and base62. The base62 conversion of a secret uses no table look-up indexed by secret data
 * and no early exit, so its time says nothing about the value.
 */
#include "base/codec.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "base/chars.h"

/* Digits of sixteen values below 16. */
static pat_chars hex_digits(pat_chars v)
{
	return v + '0' + ((pat_chars)(v > 9) & ('a' - '9' - 1));
}

/* Sixteen bytes as thirty-two digits. */
static PAT_HOT void hex_lanes(pat_chars bytes, char out[static 2 * PAT_CHARS_LANES])
{
	pat_chars high = hex_digits(bytes >> 4);
	pat_chars low = hex_digits(bytes & 15);
	pat_chars digits[2] = {
		__builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22,
		                        7, 23),
		__builtin_shufflevector(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14,
		                        30, 15, 31),
	};

	memcpy(out, digits, sizeof(digits)); /* UNSAFE: fixed sizes */
}

/* Every id of a token is spelled here, on each verification: sixteen bytes at once. */
PAT_HOT void pat_hex_encode(const void *bytes, size_t len, char *out)
{
	const char *b = bytes;

	for (; len >= PAT_CHARS_LANES; len -= PAT_CHARS_LANES) {
		hex_lanes(pat_chars_load(b), out);
		b += PAT_CHARS_LANES;
		out += 2 * PAT_CHARS_LANES;
	}
	if (len > 0) {
		pat_chars rest = { 0 };
		char digits[2 * PAT_CHARS_LANES];

		memcpy(&rest, b, len); /* UNSAFE: less than sixteen */
		hex_lanes(rest, digits);
		memcpy(out, digits, 2 * len); /* UNSAFE: the caller has two for each byte */
		out += 2 * len;
	}
	*out = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int pat_hex_decode(const char *text, size_t text_len, void *out, size_t len)
{
	uint8_t *b = out;

	if (text_len != 2 * len)
		return -EINVAL;
	for (size_t i = 0; i < text_len; i++)
		if (hex_value(text[i]) < 0)
			return -EINVAL;
	for (size_t i = 0; i < len; i++)
		b[i] = (uint8_t)((unsigned)hex_value(text[2 * i]) << 4 |
		                 (unsigned)hex_value(text[2 * i + 1]));
	return 0;
}

/* Digit of a value below 62 by arithmetic alone: 0-9, A-Z, a-z. */
static char base62_digit(uint32_t v)
{
	uint32_t c = v + '0';

	c += (uint32_t)('A' - '9' - 1) & -(uint32_t)(v > 9);
	c += (uint32_t)('a' - 'Z' - 1) & -(uint32_t)(v > 35);
	return (char)c;
}

/* Value of a digit, or -1. */
static int base62_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 36;
	return -1;
}

void pat_base62_encode_256(const uint8_t bytes[static 32], char out[static PAT_BASE62_256_CHARS])
{
	uint32_t limb[8];

	for (size_t i = 0; i < 8; i++)
		limb[i] = (uint32_t)bytes[4 * i] << 24 | (uint32_t)bytes[4 * i + 1] << 16 |
		          (uint32_t)bytes[4 * i + 2] << 8 | bytes[4 * i + 3];
	for (size_t d = PAT_BASE62_256_CHARS; d-- > 0;) {
		uint64_t rest = 0;

		for (size_t i = 0; i < 8; i++) {
			uint64_t v = rest << 32 | limb[i];

			limb[i] = (uint32_t)(v / 62);
			rest = v % 62;
		}
		out[d] = base62_digit((uint32_t)rest);
	}
	explicit_bzero(limb, sizeof(limb));
}

int pat_base62_decode_256(const char text[static PAT_BASE62_256_CHARS], uint8_t out[static 32])
{
	uint32_t limb[8] = { 0 };

	for (size_t d = 0; d < PAT_BASE62_256_CHARS; d++) {
		int digit = base62_value(text[d]);
		uint64_t carry = (uint64_t)digit;

		if (digit < 0)
			return -EINVAL;
		for (size_t i = 8; i-- > 0;) {
			uint64_t v = (uint64_t)limb[i] * 62 + carry;

			limb[i] = (uint32_t)v;
			carry = v >> 32;
		}
		if (carry != 0)
			return -EINVAL;
	}
	for (size_t i = 0; i < 32; i++)
		out[i] = (uint8_t)(limb[i / 4] >> (24 - 8 * (i % 4)));
	return 0;
}

void pat_base62_encode_32(uint32_t value, char out[static PAT_BASE62_32_CHARS])
{
	for (size_t d = PAT_BASE62_32_CHARS; d-- > 0; value /= 62)
		out[d] = base62_digit(value % 62);
}

uint64_t pat_base62_decode_32(const char text[static PAT_BASE62_32_CHARS])
{
	const uint64_t each = 0x010101010101;
	uint64_t c = 0;

	/* All six in one word, the first in its lowest byte; no byte carries into the next. Then three pairs of them. */
	memcpy(&c, text, PAT_BASE62_32_CHARS); /* UNSAFE: six of eight */
	c = le64toh(c);
	uint64_t letters = (c + each * (0x80 - 'A')) >> 7 & each;
	uint64_t small = (c + each * (0x80 - 'a')) >> 7 & each;
	uint64_t digits = c - each * '0' - letters * ('A' - '9' - 1) - small * ('a' - 'Z' - 1);
	uint64_t pairs = (digits & 0x00ff00ff00ff) * 62 + (digits >> 8 & 0x00ff00ff00ff);
	return ((pairs & 0xffff) * (62 * 62) + (pairs >> 16 & 0xffff)) * (62 * 62) + (pairs >> 32);
}

#define BLOCK_BYTES 8u
#define BLOCK_CHARS 11u

/* 62 to the power of this is at least 256 to the power of the index. */
static const uint8_t block_chars[BLOCK_BYTES + 1] = { 0, 2, 3, 5, 6, 7, 9, 10, BLOCK_CHARS };

size_t pat_base62_chars(size_t bytes)
{
	return bytes / BLOCK_BYTES * BLOCK_CHARS + block_chars[bytes % BLOCK_BYTES];
}

void pat_base62_encode(const void *bytes, size_t len, char *out)
{
	const uint8_t *b = bytes;

	for (size_t n = 0; len > 0; len -= n, b += n) {
		uint64_t value = 0;

		n = len < BLOCK_BYTES ? len : BLOCK_BYTES;
		for (size_t i = 0; i < n; i++)
			value = value << 8 | b[i];
		for (size_t d = block_chars[n]; d-- > 0; value /= 62)
			out[d] = base62_digit((uint32_t)(value % 62));
		out += block_chars[n];
	}
}

/* The value of a block, which must fit `bytes` bytes. */
static int block_decode(const char *text, size_t bytes, uint64_t *ret)
{
	uint64_t value = 0;

	for (size_t d = 0; d < block_chars[bytes]; d++) {
		int digit = base62_value(text[d]);

		if (digit < 0 || __builtin_mul_overflow(value, 62u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			return -EINVAL;
	}
	if (bytes < BLOCK_BYTES && value >> (8 * bytes) != 0)
		return -EINVAL;
	*ret = value;
	return 0;
}

int pat_base62_decode(const char *text, size_t chars, void *out, size_t len)
{
	uint8_t *b = out;

	if (chars != pat_base62_chars(len))
		return -EINVAL;
	for (size_t n = 0; len > 0; len -= n, b += n) {
		uint64_t value = 0;

		n = len < BLOCK_BYTES ? len : BLOCK_BYTES;
		int r = block_decode(text, n, &value);
		if (r < 0)
			return r;
		for (size_t i = n; i-- > 0; value >>= 8)
			b[i] = (uint8_t)value;
		text += block_chars[n];
	}
	return 0;
}

size_t pat_base64_encode(const void *bytes, size_t len, char *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *b = bytes;
	size_t chars = 0;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = (uint32_t)b[i] << 16 | (i + 1 < len ? (uint32_t)b[i + 1] << 8 : 0) |
		             (i + 2 < len ? b[i + 2] : 0);

		out[chars++] = digits[v >> 18];
		out[chars++] = digits[v >> 12 & 63];
		out[chars++] = i + 1 < len ? digits[v >> 6 & 63] : '=';
		out[chars++] = i + 2 < len ? digits[v & 63] : '=';
	}
	return chars;
}

bool pat_base62_is(const char *text, size_t len)
{
	return pat_chars_all(text, len, pat_chars_alnum);
}
