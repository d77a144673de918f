/* SPDX-License-Identifier: Apache-2.0
 *
 * PNG: RFC 2083. JPEG: ITU-T T.81, annex B. GIF: version 89a. WebP: RFC 9649.
 */
#include "files/image.h"

#include <string.h>

const char *pat_files_image_type(enum pat_files_image image)
{
	static const char *const types[PAT_FILES_IMAGES] = {
		[PAT_FILES_IMAGE_NONE] = "",           [PAT_FILES_IMAGE_PNG] = "image/png",
		[PAT_FILES_IMAGE_JPEG] = "image/jpeg", [PAT_FILES_IMAGE_GIF] = "image/gif",
		[PAT_FILES_IMAGE_WEBP] = "image/webp",
	};

	return types[image];
}

enum pat_files_image pat_files_image_of_type(const char *type)
{
	for (unsigned i = PAT_FILES_IMAGE_NONE + 1; i < PAT_FILES_IMAGES; i++)
		if (strcmp(pat_files_image_type((enum pat_files_image)i), type) == 0)
			return (enum pat_files_image)i;
	return PAT_FILES_IMAGE_NONE;
}

const char *pat_files_image_extension(enum pat_files_image image)
{
	static const char *const extensions[PAT_FILES_IMAGES] = {
		[PAT_FILES_IMAGE_NONE] = "",     [PAT_FILES_IMAGE_PNG] = "png",
		[PAT_FILES_IMAGE_JPEG] = "jpg",  [PAT_FILES_IMAGE_GIF] = "gif",
		[PAT_FILES_IMAGE_WEBP] = "webp",
	};

	return extensions[image];
}

/* ---- Numbers of either order. */

static uint32_t big(const uint8_t *b, unsigned bytes)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | b[i];
	return v;
}

static uint32_t little(const uint8_t *b, unsigned bytes)
{
	uint32_t v = 0;

	for (unsigned i = bytes; i-- > 0;)
		v = v << 8 | b[i];
	return v;
}

/* ---- Sizes. */

static struct pat_files_image_head png_head(const uint8_t *b, size_t len)
{
	struct pat_files_image_head head = { .image = PAT_FILES_IMAGE_PNG };

	if (len >= 24 && memcmp(b + 12, "IHDR", 4) == 0) {
		head.width = big(b + 16, 4);
		head.height = big(b + 20, 4);
	}
	return head;
}

static struct pat_files_image_head gif_head(const uint8_t *b, size_t len)
{
	struct pat_files_image_head head = { .image = PAT_FILES_IMAGE_GIF };

	if (len >= 10) {
		head.width = little(b + 6, 2);
		head.height = little(b + 8, 2);
	}
	return head;
}

/* A frame header: SOF0 to SOF15, but for the three markers between them that are others. */
static bool is_frame(uint8_t marker)
{
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 &&
	       marker != 0xcc;
}

/* From segment to segment until the frame's header. */
static struct pat_files_image_head jpeg_head(const uint8_t *b, size_t len)
{
	struct pat_files_image_head head = { .image = PAT_FILES_IMAGE_JPEG };
	size_t at = 2;

	while (len - at >= 9 && b[at] == 0xff) {
		if (is_frame(b[at + 1])) {
			head.height = big(b + at + 5, 2);
			head.width = big(b + at + 7, 2);
			break;
		}
		size_t segment = b[at + 1] == 0xff ? 1 : 2 + (size_t)big(b + at + 2, 2);
		if (segment > len - at)
			break;
		at += segment;
	}
	return head;
}

static struct pat_files_image_head webp_head(const uint8_t *b, size_t len)
{
	struct pat_files_image_head head = { .image = PAT_FILES_IMAGE_WEBP };

	if (len < 30)
		return head;
	if (memcmp(b + 12, "VP8X", 4) == 0) {
		head.width = 1 + little(b + 24, 3);
		head.height = 1 + little(b + 27, 3);
	} else if (memcmp(b + 12, "VP8L", 4) == 0) {
		uint32_t bits = little(b + 21, 4);

		head.width = 1 + (bits & 0x3fff);
		head.height = 1 + (bits >> 14 & 0x3fff);
	} else if (memcmp(b + 12, "VP8 ", 4) == 0) {
		head.width = little(b + 26, 2) & 0x3fff;
		head.height = little(b + 28, 2) & 0x3fff;
	}
	return head;
}

struct pat_files_image_head pat_files_image_head(const void *bytes, size_t len)
{
	const uint8_t *b = bytes;

	if (len >= 8 && memcmp(b, "\x89PNG\r\n\x1a\n", 8) == 0)
		return png_head(b, len);
	if (len >= 3 && memcmp(b, "\xff\xd8\xff", 3) == 0)
		return jpeg_head(b, len);
	if (len >= 6 && (memcmp(b, "GIF87a", 6) == 0 || memcmp(b, "GIF89a", 6) == 0))
		return gif_head(b, len);
	if (len >= 12 && memcmp(b, "RIFF", 4) == 0 && memcmp(b + 8, "WEBP", 4) == 0)
		return webp_head(b, len);
	return (struct pat_files_image_head){ .image = PAT_FILES_IMAGE_NONE };
}
