/* SPDX-License-Identifier: Apache-2.0
 *
 * Images that fills refer to. A document names an image by the SHA-1 of its bytes, because Figma does; here that is a name
 * and protects nothing: whoever could make two images of one name could only deceive themselves, in their own file.
 */
#include "files/fill.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/codec.h"
#include "files/access.h"
#include "files/content.h"
#include "files/room.h"

#define SHA1_BYTES 20

/* ---- Reading. */

struct stored {
	enum pat_files_image image;
	int64_t content;
	uint32_t bytes;
	uint32_t width; /* 0: not known */
	uint32_t height;
};

/* A row of the table is patd's own: another type than it knows is a fault. */
static int find_stored(struct pat_lite_conn *conn, int64_t file, const char *ref,
                       struct stored *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(conn, "SELECT type, content, bytes, width, height FROM fill"
	                             " WHERE file = ?1 AND ref = ?2");

	pat_lite_bind_i64(&q, 1, file);
	pat_lite_bind_text(&q, 2, ref, PAT_FILES_REF_CHARS + 1);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_FILES_E_NOT_FOUND;
	int64_t type = pat_lite_i64(&q, 0);
	if (type <= PAT_FILES_IMAGE_NONE || type >= PAT_FILES_IMAGES)
		return -EIO;
	*ret = (struct stored){ .image = (enum pat_files_image)type,
		                .content = pat_lite_i64(&q, 1),
		                .bytes = (uint32_t)pat_lite_i64(&q, 2),
		                .width = (uint32_t)pat_lite_i64(&q, 3),
		                .height = (uint32_t)pat_lite_i64(&q, 4) };
	return 0;
}

/* Reads it in windows whose length divides by three, so that each is base64 for itself. */
static int copy_stored(struct pat_files *files, struct pat_lite_conn *conn,
                       const struct stored *stored, bool base64, struct pat_buf *out)
{
	struct pat_files_content_reader reader = {
		.files = files, .conn = conn, .content = stored->content, .bytes = stored->bytes
	};
	uint8_t window[3 * 4096];
	char text[4 * 4096];
	int e = 0;

	for (uint32_t at = 0; at < stored->bytes && e == 0;) {
		uint32_t n = stored->bytes - at;

		n = n < sizeof(window) ? n : (uint32_t)sizeof(window);
		e = pat_files_content_read(&reader, at, window, n);
		if (e == 0 && base64)
			e = pat_buf_add(out, text, pat_base64_encode(window, n, text));
		else if (e == 0)
			e = pat_buf_add(out, window, n);
		at += n;
	}
	pat_files_content_reader_done(&reader);
	return e;
}

int pat_files_fill_read(struct pat_files *files, int64_t file, const char *ref, struct pat_buf *out)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };
	struct stored stored;

	int r = pat_files_look(files, &look);
	if (r == 0)
		r = find_stored(look.conn, file, ref, &stored);
	return r == 0 ? copy_stored(files, look.conn, &stored, false, out) : r;
}

int pat_files_fill_inline(struct pat_files *files, int64_t file, const char *ref,
                          struct pat_buf *out, uint32_t *ret_width, uint32_t *ret_height)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };
	struct stored stored;

	int r = pat_files_look(files, &look);
	if (r == 0)
		r = find_stored(look.conn, file, ref, &stored);
	if (r != 0)
		return r;
	if (stored.bytes / 3 * 4 > (out->max - out->len) / 4 * 3)
		return PAT_FILES_E_NOT_FOUND;
	*ret_width = stored.width;
	*ret_height = stored.height;
	r = pat_buf_addf(out, "data:%s;base64,", pat_files_image_type(stored.image));
	return r == 0 ? copy_stored(files, look.conn, &stored, true, out) : r;
}

int pat_files_fill_count(struct pat_files *files, int64_t file, int64_t *ret)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };

	*ret = 0;
	int e = file == 0 ? 0 : pat_files_look(files, &look);
	if (e < 0 || file == 0)
		return e;
	e = PAT_LITE_ASK(look.conn, ret, "SELECT count(*) FROM fill WHERE file = ?1", file);
	return e < 0 ? e : 0;
}

int pat_files_fill_list(struct pat_files *files, const struct pat_files_caller *caller,
                        const char *key, pat_files_fill_fn *fn, void *arg)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };
	struct pat_files_access access;

	int r = pat_files_look(files, &look);
	if (r == 0)
		r = pat_files_access_file(look.conn, caller->person, key, PAT_FILES_VIEWER,
		                          &access);
	if (r != 0)
		return r;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		look.conn, "SELECT ref, type, bytes FROM fill WHERE file = ?1 ORDER BY ref");
	pat_lite_bind_i64(&q, 1, access.file);
	while ((r = pat_lite_step(&q)) > 0) {
		struct pat_files_fill fill = { .bytes = (uint32_t)pat_lite_i64(&q, 2) };
		int64_t type = pat_lite_i64(&q, 1);

		pat_lite_text(&q, 0, fill.ref, sizeof(fill.ref));
		if (q.malformed || type <= PAT_FILES_IMAGE_NONE || type >= PAT_FILES_IMAGES)
			return -EIO;
		fill.type = pat_files_image_type((enum pat_files_image)type);
		r = fn(arg, &fill);
		if (r != 0)
			return r;
	}
	return r;
}

/* ---- Adding. */

static int make_ref(const void *bytes, size_t len, char ref[static PAT_FILES_REF_CHARS + 1])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_Digest(bytes, len, digest, &n, EVP_sha1(), NULL) != 1 || n != SHA1_BYTES)
		return -ENOMEM; /* nothing else can fail */
	pat_hex_encode(digest, SHA1_BYTES, ref);
	return 0;
}

/* What is to be added. */
struct adding {
	const struct pat_files_caller *caller;
	const char *key;
	struct pat_files_fill fill;
	struct pat_files_image_head head;
	struct pat_files_claim claim;
	int64_t content;
};

/* 0, or E_LIMIT when a file has as many images, or bytes of them, as it may. */
static int images_left(struct pat_lite_conn *conn, int64_t file, uint32_t bytes)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn, "SELECT count(*), coalesce(sum(bytes), 0) FROM fill WHERE file = ?1");

	pat_lite_bind_i64(&q, 1, file);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	bool full = pat_lite_i64(&q, 0) >= PAT_FILES_FILLS_MAX ||
	            pat_lite_i64(&q, 1) + bytes > PAT_FILES_FILLS_BYTES_MAX;
	return full ? PAT_FILES_E_LIMIT : 0;
}

/* Whether it may be added: 0, E_EXISTS when it is there, E_LIMIT, and what access says. */
static int judge(struct pat_lite_conn *conn, const struct adding *a, struct pat_files_access *ret)
{
	struct stored stored;

	int r = pat_files_access_file(conn, a->caller->person, a->key, PAT_FILES_EDITOR, ret);
	if (r != 0)
		return r;
	r = find_stored(conn, ret->file, a->fill.ref, &stored);
	if (r != PAT_FILES_E_NOT_FOUND)
		return r == 0 ? PAT_FILES_E_EXISTS : r;
	return images_left(conn, ret->file, a->fill.bytes);
}

static int judge_first(struct pat_files *files, struct adding *a)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };
	struct pat_files_access access;

	int r = pat_files_look(files, &look);
	if (r == 0)
		r = judge(look.conn, a, &access);
	pat_lite_reader_done(&look);
	return r == 0 ? pat_files_room_claim(files, access.team, a->fill.bytes, &a->claim) : r;
}

static int insert_fill(struct pat_lite_conn *conn, int64_t file, const struct adding *a)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn,
		"INSERT INTO fill (file, ref, content, type, bytes, width, height, person, created)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");

	pat_lite_bind_i64(&q, 1, file);
	pat_lite_bind_text(&q, 2, a->fill.ref, PAT_FILES_REF_CHARS);
	pat_lite_bind_i64(&q, 3, a->content);
	pat_lite_bind_i64(&q, 4, a->head.image);
	pat_lite_bind_i64(&q, 5, a->fill.bytes);
	pat_lite_bind_i64(&q, 6, a->head.width);
	pat_lite_bind_i64(&q, 7, a->head.height);
	pat_lite_bind_i64(&q, 8, a->caller->person);
	pat_lite_bind_i64(&q, 9, a->caller->now_s);
	return pat_lite_run(&q);
}

/* The picture of the file that is kept does not show it, so it goes. */
static int add(struct pat_files *files, struct pat_lite_conn *conn, struct adding *a)
{
	struct pat_files_access access;

	int r = judge(conn, a, &access);
	if (r == 0)
		r = insert_fill(conn, access.file, a);
	if (r == 0)
		r = pat_files_content_keep(conn, a->content, a->fill.bytes, 0);
	if (r == 0)
		r = pat_files_room_settle(files, conn, access.file, a->fill.bytes, &a->claim);
	return r == 0 ? PAT_LITE_DO(conn, "DELETE FROM picture WHERE file = ?1", access.file) : r;
}

static int store(struct pat_files *files, struct adding *a, const void *bytes)
{
	pat_cleanup(pat_files_content_writer_done) struct pat_files_content_writer writer = { 0 };
	struct pat_lite_conn *conn = NULL;

	int r = pat_files_content_begin(files, &writer);
	if (r == 0)
		r = pat_files_content_add(&writer, bytes, a->fill.bytes);
	if (r == 0)
		r = pat_files_content_end_part(&writer, PAT_FILES_PART_TEXT);
	if (r == 0)
		r = pat_files_grow_begin(files, 0, &conn);
	if (r != 0)
		return r;
	a->content = writer.pin.content;
	return pat_files_change_end(files, add(files, conn, a));
}

/* What it is called is not known yet: an image that is there already is refused as one that is not. */
int pat_files_fill_expect(struct pat_files *files, const struct pat_files_caller *caller,
                          const char *key, size_t len)
{
	struct adding a = { .caller = caller, .key = key, .fill.bytes = (uint32_t)len };

	int r = len > PAT_FILES_FILL_BYTES_MAX ? PAT_FILES_E_TOO_LARGE : judge_first(files, &a);
	pat_files_room_drop(files, &a.claim);
	return r == 0 ? pat_files_room_free(files, len) : r;
}

int pat_files_fill_add(struct pat_files *files, const struct pat_files_caller *caller,
                       const char *key, const void *bytes, size_t len, struct pat_files_fill *ret)
{
	struct adding a = { .caller = caller, .key = key, .fill.bytes = (uint32_t)len };

	if (len > PAT_FILES_FILL_BYTES_MAX)
		return PAT_FILES_E_TOO_LARGE;
	a.head = pat_files_image_head(bytes, len);
	if (a.head.image == PAT_FILES_IMAGE_NONE)
		return PAT_FILES_E_IMAGE;
	a.fill.type = pat_files_image_type(a.head.image);
	int r = make_ref(bytes, len, a.fill.ref);
	if (r == 0)
		r = judge_first(files, &a);
	if (r == 0)
		r = store(files, &a, bytes);
	pat_files_room_drop(files, &a.claim);
	if (r == 0 || r == PAT_FILES_E_EXISTS)
		*ret = a.fill;
	return r == PAT_FILES_E_EXISTS ? 0 : r;
}

/* ---- Removing. */

#define LOOSE_MAX 2 /* transactions: one image, and what is left of it */

static int delete_fill(struct pat_lite_conn *conn, int64_t file, const char *ref)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(conn, "DELETE FROM fill WHERE file = ?1 AND ref = ?2");

	pat_lite_bind_i64(&q, 1, file);
	pat_lite_bind_text(&q, 2, ref, PAT_FILES_REF_CHARS);
	return pat_lite_run(&q);
}

/* The picture of the file that is kept shows it, so it goes. */
static int remove_fill(struct pat_lite_conn *conn, const struct pat_files_caller *caller,
                       const char *key, const char *ref)
{
	struct pat_files_access access;
	struct stored stored;

	int r = pat_files_access_file(conn, caller->person, key, PAT_FILES_EDITOR, &access);
	if (r == 0)
		r = find_stored(conn, access.file, ref, &stored);
	if (r == 0)
		r = delete_fill(conn, access.file, ref);
	if (r == 0)
		r = PAT_LITE_DO(conn, "INSERT INTO loose (content) VALUES (?1)", stored.content);
	if (r == 0)
		r = pat_files_room_give_back(conn, access.file, stored.bytes);
	return r == 0 ? PAT_LITE_DO(conn, "DELETE FROM picture WHERE file = ?1", access.file) : r;
}

int pat_files_fill_remove(struct pat_files *files, const struct pat_files_caller *caller,
                          const char *key, const char *ref)
{
	struct pat_lite_conn *conn = NULL;

	int r = pat_files_change_begin(files, &conn);
	if (r < 0)
		return r;
	r = pat_files_change_end(files, remove_fill(conn, caller, key, ref));
	if (r == 0) /* so that adding and removing in turn does not fill the disk */
		(void)!pat_files_loose_remove(files, LOOSE_MAX);
	return r;
}
