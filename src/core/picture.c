/* SPDX-License-Identifier: Apache-2.0
 *
 * Three walks over three containers: PNG's chunks (W3C PNG section 5), JPEG's segments (ITU T.81 annex B) and WebP's RIFF
 * chunks (RFC 9649). Each finds the dimensions and insists that the picture ends where the bytes end, so that nothing else hides
 * behind it.
 */
#include "core/picture.h"

#include <string.h>

#include "core/core.h"

/* What is left to read. */
struct cursor {
	const uint8_t *at;
	size_t left;
};

/* The next `n` bytes, or NULL when there are not so many. */
static const uint8_t *take(struct cursor *c, size_t n)
{
	const uint8_t *at = c->at;

	if (n > c->left)
		return NULL;
	c->at += n;
	c->left -= n;
	return at;
}

static uint32_t big_endian(const uint8_t *at, size_t bytes)
{
	uint32_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value = value << 8 | at[i];
	return value;
}

static uint32_t little_endian(const uint8_t *at, size_t bytes)
{
	uint32_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | at[bytes];
	return value;
}

static int check_size(uint32_t width, uint32_t height)
{
	if (width == 0 || height == 0)
		return PAT_CORE_E_PICTURE_MALFORMED;
	if (width > PAT_PICTURE_PIXELS_MAX || height > PAT_PICTURE_PIXELS_MAX)
		return PAT_CORE_E_PICTURE_TOO_LARGE;
	return 0;
}

/* ---- PNG. */

#define PNG_CHUNK_FRAME 8 /* length and type, before what is in it */
#define PNG_CRC         4

static bool png_chunk_is(const uint8_t *chunk, const char *type)
{
	return memcmp(chunk + 4, type, 4) == 0;
}

static int png_check(struct cursor c)
{
	static const uint8_t signature[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	const uint8_t *start = take(&c, sizeof(signature));
	const uint8_t *chunk = take(&c, PNG_CHUNK_FRAME);
	const uint8_t *header = take(&c, 13);

	if (!start || memcmp(start, signature, sizeof(signature)) != 0 || !header ||
	    !png_chunk_is(chunk, "IHDR") || big_endian(chunk, 4) != 13 || !take(&c, PNG_CRC))
		return PAT_CORE_E_PICTURE_MALFORMED;
	while ((chunk = take(&c, PNG_CHUNK_FRAME))) {
		if (!take(&c, big_endian(chunk, 4)) || !take(&c, PNG_CRC))
			return PAT_CORE_E_PICTURE_MALFORMED;
		if (png_chunk_is(chunk, "acTL"))
			return PAT_CORE_E_PICTURE_MOVES;
		if (png_chunk_is(chunk, "IEND"))
			break;
	}
	if (!chunk || c.left > 0)
		return PAT_CORE_E_PICTURE_MALFORMED;
	return check_size(big_endian(header, 4), big_endian(header + 4, 4));
}

/* ---- JPEG. */

/* The next marker's second byte, or 0. Any number of FF may stand before it. */
static uint8_t jpeg_marker(struct cursor *c)
{
	const uint8_t *byte = take(c, 1);

	if (!byte || *byte != 0xff)
		return 0;
	while (byte && *byte == 0xff)
		byte = take(c, 1);
	return byte ? *byte : 0;
}

/* A frame header: SOF0 to SOF15, without DHT, JPG and DAC, which lie between them. */
static bool jpeg_is_frame(uint8_t marker)
{
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 &&
	       marker != 0xcc;
}

static int jpeg_check(struct cursor c)
{
	static const uint8_t start[] = { 0xff, 0xd8 };
	static const uint8_t end[] = { 0xff, 0xd9 };
	const uint8_t *last = c.left >= 4 ? c.at + c.left - 2 : NULL;

	if (!last || memcmp(c.at, start, 2) != 0 || memcmp(last, end, 2) != 0)
		return PAT_CORE_E_PICTURE_MALFORMED;
	(void)take(&c, 2);
	for (;;) {
		uint8_t marker = jpeg_marker(&c);
		const uint8_t *length = take(&c, 2);
		/* What has no length, and a scan, do not come before the frame header. */
		bool has_length =
			marker >= 0xc0 && marker != 0xda && (marker < 0xd0 || marker > 0xd9);

		if (!has_length || !length || big_endian(length, 2) < 2)
			return PAT_CORE_E_PICTURE_MALFORMED;
		size_t bytes = big_endian(length, 2) - 2;
		const uint8_t *segment = take(&c, bytes);
		if (!segment)
			return PAT_CORE_E_PICTURE_MALFORMED;
		if (jpeg_is_frame(marker))
			return bytes < 6 ? PAT_CORE_E_PICTURE_MALFORMED
			                 : check_size(big_endian(segment + 3, 2),
			                              big_endian(segment + 1, 2));
	}
}

/* ---- WebP. */

static int webp_check_lossy(const uint8_t *data, size_t len)
{
	static const uint8_t start_code[] = { 0x9d, 0x01, 0x2a };

	if (len < 10 || (data[0] & 1) != 0 || memcmp(data + 3, start_code, 3) != 0)
		return PAT_CORE_E_PICTURE_MALFORMED;
	return check_size(little_endian(data + 6, 2) & 0x3fff, little_endian(data + 8, 2) & 0x3fff);
}

static int webp_check_lossless(const uint8_t *data, size_t len)
{
	if (len < 5 || data[0] != 0x2f || data[4] >> 5 != 0)
		return PAT_CORE_E_PICTURE_MALFORMED;
	uint32_t bits = little_endian(data + 1, 4);
	return check_size((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
}

static int webp_check_extended(const uint8_t *data, size_t len)
{
	if (len < 10)
		return PAT_CORE_E_PICTURE_MALFORMED;
	if (data[0] & 0x02)
		return PAT_CORE_E_PICTURE_MOVES;
	return check_size(little_endian(data + 4, 3) + 1, little_endian(data + 7, 3) + 1);
}

static int webp_check(struct cursor c)
{
	const uint8_t *riff = take(&c, 12);
	const uint8_t *chunk = take(&c, 8);

	if (!riff || memcmp(riff, "RIFF", 4) != 0 || memcmp(riff + 8, "WEBP", 4) != 0 || !chunk ||
	    little_endian(riff + 4, 4) != c.left + 12)
		return PAT_CORE_E_PICTURE_MALFORMED;
	size_t len = little_endian(chunk + 4, 4);
	const uint8_t *data = take(&c, len);
	if (!data)
		return PAT_CORE_E_PICTURE_MALFORMED;
	if (memcmp(chunk, "VP8X", 4) == 0)
		return webp_check_extended(data, len);
	if (c.left > len % 2) /* a simple file has one chunk, of even length */
		return PAT_CORE_E_PICTURE_MALFORMED;
	if (memcmp(chunk, "VP8 ", 4) == 0)
		return webp_check_lossy(data, len);
	if (memcmp(chunk, "VP8L", 4) == 0)
		return webp_check_lossless(data, len);
	return PAT_CORE_E_PICTURE_MALFORMED;
}

int pat_picture_check(enum pat_picture_kind kind, const void *bytes, size_t len)
{
	struct cursor c = { .at = bytes, .left = len };

	switch (kind) {
	case PAT_PICTURE_PNG:
		return png_check(c);
	case PAT_PICTURE_JPEG:
		return jpeg_check(c);
	case PAT_PICTURE_WEBP:
		return webp_check(c);
	case PAT_PICTURE_NONE:
	default:
		return PAT_CORE_E_PICTURE_MALFORMED;
	}
}
