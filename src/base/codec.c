/* SPDX-License-Identifier: Apache-2.0
 *
 * Hex and base62. The base62 conversion of a secret uses no table look-up indexed by secret data
 * and no early exit, so its time says nothing about the value.
 */
#include "base/codec.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "base/chars.h"

/* Digits of sixteen values below 16. */
static pat_chars hex_digits(pat_chars v)
{
	return v + '0' + ((pat_chars)(v > 9) & ('a' - '9' - 1));
}

/* Every id of a token is spelled here, on each verification: sixteen bytes at once. */
void pat_hex_encode(const void *bytes, size_t len, char *out)
{
	for (size_t i = 0; i < len; i += PAT_CHARS_LANES) {
		size_t n = len - i < PAT_CHARS_LANES ? len - i : PAT_CHARS_LANES;
		pat_chars b = { 0 };

		memcpy(&b, (const uint8_t *)bytes + i, n); /* UNSAFE: n of sixteen */
		pat_chars high = hex_digits(b >> 4);
		pat_chars low = hex_digits(b & 15);
		pat_chars digits[2] = {
			__builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21,
			                        6, 22, 7, 23),
			__builtin_shufflevector(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13,
			                        29, 14, 30, 15, 31),
		};
		memcpy(out + 2 * i, digits, 2 * n); /* UNSAFE: the caller has two for each byte */
	}
	out[2 * len] = '\0';
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
		b[i] = (uint8_t)(hex_value(text[2 * i]) << 4 | hex_value(text[2 * i + 1]));
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

bool pat_base62_is(const char *text, size_t len)
{
	return pat_chars_all(text, len, pat_chars_alnum);
}

/* zlib walks short texts byte by byte, each step waiting for the one before: 59 ns for a token's 43. Eight
 * tables take eight bytes in one step ("slicing by 8"): crc_after[k][b] is what byte b has become k bytes on. */
#define CRC_STEP 8u
static uint32_t crc_after[CRC_STEP][256];

__attribute__((constructor)) static void crc_tables_fill(void)
{
	const z_crc_t *table = get_crc_table();

	for (unsigned b = 0; b < 256; b++) {
		crc_after[0][b] = (uint32_t)table[b];
		for (unsigned k = 1; k < CRC_STEP; k++)
			crc_after[k][b] = crc_after[k - 1][b] >> 8 ^
			                  (uint32_t)table[crc_after[k - 1][b] & 0xff];
	}
}

uint32_t pat_crc32(const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	uint32_t crc = 0xffffffffu;

	for (; len >= CRC_STEP; len -= CRC_STEP, b += CRC_STEP) {
		uint32_t low = 0;
		uint32_t high = 0;

		memcpy(&low, b, 4);      /* UNSAFE: eight are left */
		memcpy(&high, b + 4, 4); /* UNSAFE: eight are left */
		low = le32toh(low) ^ crc;
		high = le32toh(high);
		crc = crc_after[7][low & 0xff] ^ crc_after[6][low >> 8 & 0xff] ^
		      crc_after[5][low >> 16 & 0xff] ^ crc_after[4][low >> 24] ^
		      crc_after[3][high & 0xff] ^ crc_after[2][high >> 8 & 0xff] ^
		      crc_after[1][high >> 16 & 0xff] ^ crc_after[0][high >> 24];
	}
	for (; len > 0; len--, b++)
		crc = crc >> 8 ^ crc_after[0][(crc ^ *b) & 0xff];
	return ~crc;
}
