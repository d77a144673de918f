/* SPDX-License-Identifier: Apache-2.0
 *
 * What an image is, by its own first bytes and never by what its sender says. Nothing is decoded.
 */
#ifndef PAT_FILES_IMAGE_H
#define PAT_FILES_IMAGE_H

#include "base/base.h"

/* The numbers are kept in the database and stand in addresses. */
enum pat_files_image {
	PAT_FILES_IMAGE_NONE,
	PAT_FILES_IMAGE_PNG,
	PAT_FILES_IMAGE_JPEG,
	PAT_FILES_IMAGE_GIF,
	PAT_FILES_IMAGE_WEBP,
	PAT_FILES_IMAGES,
};

/* "image/png", and "png". */
const char *pat_files_image_type(enum pat_files_image image);
/* The other way round: NONE when it is none of them. */
enum pat_files_image pat_files_image_of_type(const char *type);
const char *pat_files_image_extension(enum pat_files_image image);

struct pat_files_image_head {
	enum pat_files_image image; /* NONE: something else */
	uint32_t width;             /* in pixels; 0: not found */
	uint32_t height;
};
struct pat_files_image_head pat_files_image_head(const void *bytes, size_t len);

#endif
