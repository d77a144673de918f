/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of pictures, both ways; the disc, and the bytes that were given.
 */
#include "files/avatar.h"

#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "core/core.h"

#define HASH_CHARS (2 * (size_t)PAT_PICTURE_HASH_BYTES)

/* What never changes may be kept for ever; a day is enough to save the requests, and then what somebody took away is gone from
 * caches as well. */
#define GIVEN_CACHE "public, max-age=86400, immutable"
#define DISC_CACHE  "public, max-age=86400"

static const struct {
	const char *suffix;
	const char *content_type;
} kinds[] = {
	[PAT_PICTURE_NONE] = { ".svg", "image/svg+xml" },
	[PAT_PICTURE_PNG] = { ".png", "image/png" },
	[PAT_PICTURE_JPEG] = { ".jpg", "image/jpeg" },
	[PAT_PICTURE_WEBP] = { ".webp", "image/webp" },
};

static bool parse_suffix(const char *suffix, enum pat_picture_kind *ret)
{
	for (size_t i = 0; i < PAT_ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i].suffix, suffix) == 0) {
			*ret = (enum pat_picture_kind)i;
			return true;
		}
	}
	return false;
}

/* Reads "<id>.svg" or "<id>-<hash>.<kind>": an id of 1 to 18 digits, no leading zero. */
static bool parse_file(const char *file, int64_t *ret_id, struct pat_picture *ret)
{
	int64_t id = 0;
	size_t digits = strspn(file, "0123456789");

	*ret = (struct pat_picture){ 0 };
	if (digits == 0 || digits > 18 || file[0] == '0')
		return false;
	for (size_t i = 0; i < digits; i++)
		id = id * 10 + (file[i] - '0');
	*ret_id = id;
	file += digits;
	if (*file != '-')
		return parse_suffix(file, &ret->kind) && ret->kind == PAT_PICTURE_NONE;
	file++;
	return strlen(file) > HASH_CHARS &&
	       pat_hex_decode(file, HASH_CHARS, ret->hash, sizeof(ret->hash)) == 0 &&
	       parse_suffix(file + HASH_CHARS, &ret->kind) && ret->kind != PAT_PICTURE_NONE;
}

static int draw_disc(int64_t id, struct pat_buf *out)
{
	/* Steps of the golden angle keep the colours of neighbouring ids apart. */
	return pat_buf_addf(
		out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 96 96\" width=\"96\" height=\"96\">"
		"<circle cx=\"48\" cy=\"48\" r=\"48\" fill=\"hsl(%u,45%%,45%%)\"/>"
		"<circle cx=\"48\" cy=\"38\" r=\"15\" fill=\"#fff\"/>"
		"<path d=\"M20 80a28 24 0 0 1 56 0z\" fill=\"#fff\"/></svg>\n",
		(unsigned)(id % 360 * 137 % 360));
}

int pat_files_avatar(struct pat_core *core, const char *file, struct pat_buf *out,
                     struct pat_files_avatar_type *ret)
{
	int64_t id = 0;
	struct pat_picture picture;

	if (!parse_file(file, &id, &picture))
		return PAT_FILES_E_NOT_FOUND;
	bool given = picture.kind != PAT_PICTURE_NONE;
	int r = given ? pat_core_picture_get(core, id, &picture, out) : draw_disc(id, out);
	if (r == PAT_CORE_E_NOT_FOUND)
		return PAT_FILES_E_NOT_FOUND;
	if (r == 0)
		*ret = (struct pat_files_avatar_type){
			.content_type = kinds[picture.kind].content_type,
			.cache_control = given ? GIVEN_CACHE : DISC_CACHE,
		};
	return r;
}

void pat_files_avatar_path(const struct pat_person *person,
                           char out[static PAT_FILES_AVATAR_PATH_BYTES])
{
	const struct pat_picture *picture = &person->picture;
	char hash[HASH_CHARS + 1] = "";

	if (picture->kind != PAT_PICTURE_NONE)
		pat_hex_encode(picture->hash, sizeof(picture->hash), hash);
	(void)snprintf(out, PAT_FILES_AVATAR_PATH_BYTES, "/avatars/%lld%s%s%s",
	               (long long)person->id, *hash ? "-" : "", hash, kinds[picture->kind].suffix);
}
