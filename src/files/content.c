/* SPDX-License-Identifier: Apache-2.0
 *
 * piece.id = content * 4096 + number. The text's pieces are numbered from 0, the outline's from 2048; all of a part but the
 * last are of the full size.
 */
#include "files/content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "files/room.h"

#define PIECES_OF_CONTENT 4096
#define PIECES_OF_PART    2048
#define REMOVE_AT_ONCE    64 /* pieces: 16 MiB */
#define WHY_BYTES_MAX     1024

static int64_t piece_id(int64_t content, enum pat_files_part part, uint64_t number)
{
	return content * PIECES_OF_CONTENT + (int64_t)part * PIECES_OF_PART + (int64_t)number;
}

/* ---- Writing. */

static int insert_content(struct pat_lite_conn *conn, int64_t *ret)
{
	int e = pat_lite_do(conn, "INSERT INTO content (bytes, outline) VALUES (0, 0)");

	if (e < 0)
		return e;
	*ret = sqlite3_last_insert_rowid(conn->db);
	return PAT_LITE_DO(conn, "INSERT INTO loose (content) VALUES (?1)", *ret);
}

int pat_files_content_begin(struct pat_files *files, struct pat_files_content_writer *ret)
{
	struct pat_lite_conn *conn = NULL;
	int64_t content = 0;

	*ret = (struct pat_files_content_writer){ .files = files };
	ret->piece = malloc(PAT_FILES_PIECE_BYTES);
	if (!ret->piece)
		return -ENOMEM;
	int e = pat_files_grow_begin(files, PAT_FILES_PIECE_BYTES, &conn);
	if (e != 0)
		return e;
	e = insert_content(conn, &content);
	if (e == 0) { /* before anybody else can see it */
		pat_files_pin_lock(files);
		pat_files_pin_add(files, &ret->pin, content);
		pat_files_pin_unlock(files);
	}
	return pat_files_change_end(files, e);
}

static int insert_piece(struct pat_lite_conn *conn, int64_t id, const void *bytes, size_t len)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(conn, "INSERT INTO piece (id, bytes) VALUES (?1, ?2)");

	pat_lite_bind_i64(&q, 1, id);
	pat_lite_bind_blob(&q, 2, bytes, len);
	return pat_lite_run(&q);
}

static int write_piece(struct pat_files_content_writer *w)
{
	struct pat_lite_conn *conn = NULL;
	uint64_t number = (w->bytes - 1) / PAT_FILES_PIECE_BYTES;

	if (number >= PIECES_OF_PART)
		return -EFBIG;
	int e = pat_files_grow_begin(w->files, w->filled, &conn);
	if (e != 0)
		return e;
	e = insert_piece(conn, piece_id(w->pin.content, w->part, number), w->piece, w->filled);
	e = pat_files_change_end(w->files, e);
	if (e == 0)
		w->filled = 0;
	return e;
}

int pat_files_content_add(struct pat_files_content_writer *w, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;

	while (len > 0) {
		size_t n = PAT_FILES_PIECE_BYTES - w->filled;

		n = len < n ? len : n;
		memcpy(w->piece + w->filled, from, n); /* UNSAFE: what is free of the piece */
		w->filled += n;
		w->bytes += n;
		from += n;
		len -= n;
		if (w->filled == PAT_FILES_PIECE_BYTES) {
			int e = write_piece(w);
			if (e != 0)
				return e;
		}
	}
	return 0;
}

int pat_files_content_end_part(struct pat_files_content_writer *w, enum pat_files_part next)
{
	int e = w->filled > 0 ? write_piece(w) : 0;

	if (e != 0)
		return e;
	w->part = next;
	w->bytes = 0;
	return 0;
}

void pat_files_content_writer_done(struct pat_files_content_writer *w)
{
	if (w->files)
		pat_files_pin_drop(w->files, &w->pin);
	free(w->piece);
	*w = (struct pat_files_content_writer){ 0 };
}

int pat_files_content_keep(struct pat_lite_conn *conn, int64_t content, uint64_t text_bytes,
                           uint64_t outline_bytes)
{
	int e = PAT_LITE_DO(conn, "UPDATE content SET bytes = ?2, outline = ?3 WHERE id = ?1",
	                    content, (int64_t)text_bytes, (int64_t)outline_bytes);

	return e < 0 ? e : PAT_LITE_DO(conn, "DELETE FROM loose WHERE content = ?1", content);
}

/* ---- Reading. */

/* Copies a piece of at most PAT_FILES_PIECE_BYTES. -EIO when it is not there: a content has all of its pieces. */
static int copy_piece(struct pat_lite_conn *conn, int64_t id, uint8_t *out, uint32_t *ret_len)
{
	size_t len = 0;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(conn, "SELECT bytes FROM piece WHERE id = ?1");

	pat_lite_bind_i64(&q, 1, id);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	const void *bytes = pat_lite_blob_here(&q, 0, &len);
	if (q.malformed || len == 0 || len > PAT_FILES_PIECE_BYTES)
		return -EIO;
	memcpy(out, bytes, len); /* UNSAFE: `out` is as large as any piece */
	*ret_len = (uint32_t)len;
	return 0;
}

static int load_piece(struct pat_files_content_reader *r, enum pat_files_part part, uint64_t number,
                      uint8_t *out, uint32_t *ret_len)
{
	int64_t id = piece_id(r->content, part, number);
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader borrowed = { 0 };

	if (r->conn)
		return copy_piece(r->conn, id, out, ret_len);
	int e = pat_lite_pool_take(&r->files->db.readers, &borrowed);
	return e < 0 ? e : copy_piece(borrowed.conn, id, out, ret_len);
}

/* The place in the cache that has the piece, having read it if need be. */
static int cached_piece(struct pat_files_content_reader *r, uint32_t number, size_t *ret_slot)
{
	size_t slot = 0;

	for (size_t i = 0; i < PAT_FILES_PIECES_CACHED; i++) {
		if (r->cache[i].used && r->cache[i].number == number) {
			r->cache[i].used = ++r->clock;
			*ret_slot = i;
			return 0;
		}
		if (r->cache[i].used < r->cache[slot].used)
			slot = i;
	}
	if (!r->cache[slot].bytes)
		r->cache[slot].bytes = malloc(PAT_FILES_PIECE_BYTES);
	if (!r->cache[slot].bytes)
		return -ENOMEM;
	r->cache[slot].used = 0;
	int e = load_piece(r, PAT_FILES_PART_TEXT, number, r->cache[slot].bytes,
	                   &r->cache[slot].len);
	if (e < 0)
		return e;
	r->cache[slot].number = number;
	r->cache[slot].used = ++r->clock;
	*ret_slot = slot;
	return 0;
}

int pat_files_content_read(void *reader, uint32_t at, void *out, uint32_t len)
{
	struct pat_files_content_reader *r = reader;
	uint8_t *to = out;

	if (at > r->bytes || len > r->bytes - at)
		return -EIO;
	while (len > 0) {
		uint32_t from = at % PAT_FILES_PIECE_BYTES;
		size_t slot = 0;

		int e = cached_piece(r, at / PAT_FILES_PIECE_BYTES, &slot);
		if (e < 0)
			return e;
		if (from >= r->cache[slot].len)
			return -EIO;
		uint32_t n = r->cache[slot].len - from;
		n = len < n ? len : n;
		memcpy(to, r->cache[slot].bytes + from, n); /* UNSAFE: both have n */
		to += n;
		at += n;
		len -= n;
	}
	return 0;
}

void pat_files_content_reader_done(struct pat_files_content_reader *r)
{
	for (size_t i = 0; i < PAT_FILES_PIECES_CACHED; i++)
		free(r->cache[i].bytes);
	*r = (struct pat_files_content_reader){ 0 };
}

/* ---- Outlines. */

static int load_outline(struct pat_files_content_reader *r, uint64_t bytes, struct pat_outline *ret)
{
	uint64_t pieces = (bytes + PAT_FILES_PIECE_BYTES - 1) / PAT_FILES_PIECE_BYTES;
	size_t len = 0;

	if (pieces == 0 || pieces > PIECES_OF_PART)
		return -EINVAL;
	pat_cleanup(pat_freep) uint8_t *whole = malloc(pieces * PAT_FILES_PIECE_BYTES);
	if (!whole)
		return -ENOMEM;
	for (uint64_t i = 0; i < pieces; i++) {
		uint32_t n = 0;

		int e = load_piece(r, PAT_FILES_PART_OUTLINE, i, whole + len, &n);
		if (e < 0)
			return e;
		len += n;
	}
	return len == bytes ? pat_outline_load(whole, len, ret) : -EINVAL;
}

static int outline_again(struct pat_files_content_reader *r, struct pat_outline *ret)
{
	pat_cleanup(pat_outliner_freep) struct pat_outliner *outliner = NULL;
	pat_cleanup(pat_freep) uint8_t *piece = malloc(PAT_FILES_PIECE_BYTES);
	pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };
	uint32_t n = 0;

	pat_buf_init(&why, WHY_BYTES_MAX);
	int e = piece ? pat_outliner_new(&outliner) : -ENOMEM;
	for (uint64_t at = 0; e == 0 && at < r->bytes; at += n) {
		e = load_piece(r, PAT_FILES_PART_TEXT, at / PAT_FILES_PIECE_BYTES, piece, &n);
		if (e == 0)
			e = pat_outliner_feed(outliner, piece, n, &why);
	}
	if (e == 0)
		e = pat_outliner_finish(outliner, ret, &why);
	return e > 0 ? -EIO : e; /* it was a document when it was stored */
}

int pat_files_content_outline(struct pat_files_content_reader *r, uint64_t outline_bytes,
                              struct pat_outline *ret)
{
	int e = load_outline(r, outline_bytes, ret);

	return e == -EINVAL ? outline_again(r, ret) : e;
}

/* ---- Removing. */

/* A loose content that nobody uses, behind `*content`. 1, 0 when there is none, or negative. */
static int next_unused(struct pat_files *files, struct pat_lite_conn *conn, int64_t *content)
{
	int e = 0;

	pat_files_pin_lock(files);
	do
		e = PAT_LITE_ASK(
			conn, content,
			"SELECT content FROM loose WHERE content > ?1 ORDER BY content LIMIT 1",
			*content);
	while (e > 0 && pat_files_pin_has(files, *content));
	pat_files_pin_unlock(files);
	return e;
}

/* Some of its pieces, or, when they are gone, the content. */
static int remove_some(struct pat_lite_conn *conn, int64_t content)
{
	int e = PAT_LITE_DO(conn,
	                    "DELETE FROM piece WHERE id IN (SELECT id FROM piece"
	                    " WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3)",
	                    piece_id(content, PAT_FILES_PART_TEXT, 0),
	                    piece_id(content + 1, PAT_FILES_PART_TEXT, 0), REMOVE_AT_ONCE);

	if (e < 0 || sqlite3_changes(conn->db) == REMOVE_AT_ONCE)
		return e;
	e = PAT_LITE_DO(conn, "DELETE FROM loose WHERE content = ?1", content);
	return e < 0 ? e : PAT_LITE_DO(conn, "DELETE FROM content WHERE id = ?1", content);
}

int pat_files_loose_remove(struct pat_files *files, unsigned transactions_max)
{
	int e = 1;

	for (unsigned i = 0; e > 0 && i < transactions_max; i++) {
		struct pat_lite_conn *conn = NULL;
		int64_t content = 0;

		e = pat_files_change_begin(files, &conn);
		if (e < 0)
			return e;
		int found = next_unused(files, conn, &content);
		e = found > 0 ? remove_some(conn, content) : found;
		e = pat_files_change_end(files, e);
		if (e == 0)
			e = found;
	}
	return e < 0 ? e : 0;
}
