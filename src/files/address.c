/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses of pictures. What is shown stands in the address itself, signed, so that nothing is kept for it and whoever has
 * one needs no token; Figma's clients fetch pictures so. It ends at its time, and when its file is trashed or purged.
 *
 *   version (1) ‖ kind (1) ‖ file (8) ‖ file's version (8) ‖ end (8) ‖ scale × 10000 (4) ‖ flags (1) ‖ node id, or SHA-1 (20)
 *   ‖ the first 16 bytes of HMAC-SHA-256 of all that
 *
 * big-endian, in base62, and behind it the extension that its kind has: one spelling.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "base/crypto.h"
#include "files/access.h"
#include "files/fill.h"
#include "files/picture.h"

#define VERSION           1
#define KIND_SVG          0 /* others are enum pat_files_image */
#define FLAG_IDS          1
#define FLAG_NODE_IDS     2
#define FLAG_OUTLINE_TEXT 4
#define SCALE_UNIT        10000
#define HEAD_BYTES        31
#define MAC_BYTES         16
#define SHA1_BYTES        20
#define SIGNED_BYTES      (HEAD_BYTES + PAT_NODE_ID_MAX)
#define ADDRESS_BYTES     (SIGNED_BYTES + MAC_BYTES)
#define PREFIX            "/pictures/"
#define PICTURE_SCALE_MAX 100.0

struct address {
	uint8_t kind;
	int64_t file;
	int64_t version;
	int64_t ends_s;
	double scale;
	uint8_t flags;
	size_t len;                        /* of `what` */
	uint8_t what[PAT_NODE_ID_MAX + 1]; /* a node's id, with a NUL behind it, or a SHA-1 */
};

static void put_64(uint8_t **to, uint64_t value)
{
	value = htobe64(value);
	memcpy(*to, &value, sizeof(value)); /* UNSAFE: HEAD_BYTES has room for all of them */
	*to += sizeof(value);
}

static uint64_t take_64(const uint8_t **from)
{
	uint64_t value = 0;

	memcpy(&value, *from, sizeof(value)); /* UNSAFE: as above */
	*from += sizeof(value);
	return be64toh(value);
}

/* ---- Writing. */

static size_t pack(const struct address *a, uint8_t out[static SIGNED_BYTES])
{
	uint32_t scale = htobe32((uint32_t)(a->scale * SCALE_UNIT + 0.5));
	uint8_t *to = out;

	*to++ = VERSION;
	*to++ = a->kind;
	put_64(&to, (uint64_t)a->file);
	put_64(&to, (uint64_t)a->version);
	put_64(&to, (uint64_t)a->ends_s);
	memcpy(to, &scale, sizeof(scale)); /* UNSAFE: HEAD_BYTES */
	to += sizeof(scale);
	*to++ = a->flags;
	pat_assert(to - out == HEAD_BYTES);
	memcpy(to, a->what, a->len); /* UNSAFE: at most PAT_NODE_ID_MAX */
	return HEAD_BYTES + a->len;
}

static const char *extension_of(uint8_t kind)
{
	return kind == KIND_SVG ? "svg" : pat_files_image_extension((enum pat_files_image)kind);
}

static int write_address(struct pat_files *files, const struct address *a,
                         char out[static PAT_FILES_PICTURE_PATH_MAX])
{
	uint8_t bytes[ADDRESS_BYTES];
	uint8_t mac[PAT_SHA256_BYTES];
	size_t len = pack(a, bytes);

	int r = pat_hmac_sha256(files->picture_key, bytes, len, mac);
	if (r < 0)
		return r;
	memcpy(bytes + len, mac, MAC_BYTES); /* UNSAFE: ADDRESS_BYTES */
	len += MAC_BYTES;
	size_t at = sizeof(PREFIX) - 1;
	size_t chars = pat_base62_chars(len);
	pat_assert(at + chars + 8 < PAT_FILES_PICTURE_PATH_MAX);
	memcpy(out, PREFIX, at); /* UNSAFE: as asserted */
	pat_base62_encode(bytes, len, out + at);
	(void)snprintf(out + at + chars, 8, ".%s", extension_of(a->kind));
	return 0;
}

/* Out of bounds, or no number at all, is 1: what it is allowed to be was its asker's to judge. */
static double scale_of(const struct pat_files_picture *how)
{
	return how && how->scale > 0.0 && how->scale <= PICTURE_SCALE_MAX ? how->scale : 1.0;
}

static uint8_t flags_of(const struct pat_files_picture *how)
{
	if (!how)
		return 0;
	return (uint8_t)((how->include_id ? FLAG_IDS : 0) |
	                 (how->include_node_id ? FLAG_NODE_IDS : 0) |
	                 (how->outline_text ? FLAG_OUTLINE_TEXT : 0));
}

int pat_files_picture_path(struct pat_files *files, const struct pat_files_file *file,
                           int64_t version, const char *node, const struct pat_files_picture *how,
                           int64_t ends_s, char out[static PAT_FILES_PICTURE_PATH_MAX])
{
	struct address a = {
		.kind = KIND_SVG,
		.file = file->id,
		.version = version != 0 ? version : file->version,
		.ends_s = ends_s,
		.scale = scale_of(how),
		.flags = flags_of(how),
		.len = strlen(node),
	};

	if (a.len > PAT_NODE_ID_MAX)
		return PAT_FILES_E_NODE;
	memcpy(a.what, node, a.len); /* UNSAFE: checked above */
	return write_address(files, &a, out);
}

int pat_files_fill_path(struct pat_files *files, const struct pat_files_file *file,
                        const struct pat_files_fill *fill, int64_t ends_s,
                        char out[static PAT_FILES_PICTURE_PATH_MAX])
{
	struct address a = {
		.kind = (uint8_t)pat_files_image_of_type(fill->type),
		.file = file->id,
		.ends_s = ends_s,
		.scale = 1.0,
		.len = SHA1_BYTES,
	};

	if (a.kind == PAT_FILES_IMAGE_NONE ||
	    pat_hex_decode(fill->ref, strlen(fill->ref), a.what, SHA1_BYTES) < 0)
		return PAT_FILES_E_NOT_FOUND;
	return write_address(files, &a, out);
}

/* ---- Reading. */

/* The bytes of a name's base62 part, whose seal is ours. E_NOT_FOUND. */
static int open_seal(struct pat_files *files, const char *name, size_t chars,
                     uint8_t out[static ADDRESS_BYTES], size_t *ret_len)
{
	uint8_t mac[PAT_SHA256_BYTES];
	size_t len = HEAD_BYTES + MAC_BYTES;

	while (len < ADDRESS_BYTES && pat_base62_chars(len) < chars)
		len++;
	if (pat_base62_decode(name, chars, out, len) < 0)
		return PAT_FILES_E_NOT_FOUND;
	len -= MAC_BYTES;
	int r = pat_hmac_sha256(files->picture_key, out, len, mac);
	if (r < 0)
		return r;
	*ret_len = len;
	return pat_memeq(mac, out + len, MAC_BYTES) ? 0 : PAT_FILES_E_NOT_FOUND;
}

static void unpack(const uint8_t *bytes, size_t len, struct address *ret)
{
	const uint8_t *from = bytes + 2;
	uint32_t scale = 0;

	*ret = (struct address){ .kind = bytes[1], .len = len - HEAD_BYTES };
	ret->file = (int64_t)take_64(&from);
	ret->version = (int64_t)take_64(&from);
	ret->ends_s = (int64_t)take_64(&from);
	memcpy(&scale, from, sizeof(scale)); /* UNSAFE: HEAD_BYTES */
	ret->scale = (double)be32toh(scale) / SCALE_UNIT;
	ret->flags = from[sizeof(scale)];
	memcpy(ret->what, bytes + HEAD_BYTES, ret->len); /* UNSAFE: at most PAT_NODE_ID_MAX */
}

static int read_address(struct pat_files *files, const char *name, int64_t now_s,
                        struct address *ret)
{
	uint8_t bytes[ADDRESS_BYTES];
	size_t chars = strcspn(name, ".");
	size_t len = 0;

	int r = open_seal(files, name, chars, bytes, &len);
	if (r != 0)
		return r;
	if (bytes[0] != VERSION || bytes[1] >= PAT_FILES_IMAGES)
		return PAT_FILES_E_NOT_FOUND;
	unpack(bytes, len, ret);
	bool spelled = name[chars] == '.' && strcmp(name + chars + 1, extension_of(ret->kind)) == 0;
	bool whole = ret->kind == KIND_SVG || ret->len == SHA1_BYTES;
	return spelled && whole && now_s < ret->ends_s ? 0 : PAT_FILES_E_NOT_FOUND;
}

/* ---- What stands behind one. */

static int show_node(struct pat_files *files, const struct address *a, struct pat_buf *out)
{
	pat_cleanup(pat_files_document_closep) struct pat_files_document *d = NULL;
	struct pat_files_picture picture = {
		.node = PAT_NO_NODE,
		.scale = a->scale,
		.include_id = (a->flags & FLAG_IDS) != 0,
		.include_node_id = (a->flags & FLAG_NODE_IDS) != 0,
		.outline_text = (a->flags & FLAG_OUTLINE_TEXT) != 0,
	};

	int r = pat_files_document_open_signed(files, a->file, a->version, &d);
	if (r == 0 && a->len > 0) {
		r = pat_outline_find(&d->outline, &d->text, (const char *)a->what, a->len,
		                     &picture.node);
		if (r == 0 && picture.node == PAT_NO_NODE)
			r = PAT_FILES_E_NOT_FOUND;
	}
	if (r == 0)
		r = pat_files_document_draw(d, &picture, out);
	return r > 0 ? PAT_FILES_E_NOT_FOUND : r;
}

static int show_fill(struct pat_files *files, const struct address *a, struct pat_buf *out)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };
	struct pat_files_access access;
	char ref[PAT_FILES_REF_CHARS + 1];

	pat_hex_encode(a->what, SHA1_BYTES, ref);
	int r = pat_files_look(files, &look);
	if (r == 0)
		r = pat_files_access_signed(look.conn, a->file, &access);
	pat_lite_reader_done(&look);
	return r == 0 ? pat_files_fill_read(files, a->file, ref, out) : r;
}

int pat_files_picture_read(struct pat_files *files, const char *name, int64_t now_s,
                           struct pat_buf *out, const char **ret_type)
{
	struct address a;

	int r = read_address(files, name, now_s, &a);
	if (r == 0)
		r = a.kind == KIND_SVG ? show_node(files, &a, out) : show_fill(files, &a, out);
	if (r == 0)
		*ret_type = a.kind == KIND_SVG ? "image/svg+xml"
		                               : pat_files_image_type((enum pat_files_image)a.kind);
	return r;
}
