/* SPDX-License-Identifier: Apache-2.0
 *
 * Comments: threads, numbered in their file, and replies to them. A reply is where its thread is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "files/access.h"
#include "files/meta.h"
#include "files/room.h"

/* ---- Reading. */

#define COLUMNS \
	"c.id, coalesce(c.parent, 0), c.person, c.created, c.resolved, c.number, c.message, c.meta"

static int read_comment(struct pat_lite_query *q, struct pat_files_comment *ret)
{
	*ret = (struct pat_files_comment){
		.id = pat_lite_i64(q, 0),
		.parent = pat_lite_i64(q, 1),
		.person = pat_lite_i64(q, 2),
		.created_s = pat_lite_i64(q, 3),
		.resolved_s = pat_lite_i64(q, 4),
		.order = pat_lite_i64(q, 5),
		.message = pat_lite_text_here(q, 6),
		.client_meta = pat_lite_text_here(q, 7),
	};
	return q->error < 0 ? q->error : q->malformed ? -EIO : 0;
}

int pat_files_comment_list(struct pat_files *files, const struct pat_files_caller *caller,
                           const char *key, pat_files_comment_fn *fn, void *arg)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };
	struct pat_files_access access;
	struct pat_files_comment comment;

	int r = pat_files_look(files, &look);
	if (r == 0)
		r = pat_files_access_file(look.conn, caller->person, key, PAT_FILES_VIEWER,
		                          &access);
	if (r != 0)
		return r;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		look.conn, "SELECT " COLUMNS " FROM comment c WHERE c.file = ?1 ORDER BY c.id");
	pat_lite_bind_i64(&q, 1, access.file);
	while ((r = pat_lite_step(&q)) > 0) {
		r = read_comment(&q, &comment);
		if (r == 0)
			r = fn(arg, &comment);
		if (r != 0)
			return r;
	}
	return r;
}

/* ---- Adding. */

/* How many there are, of everybody (0) or of a person, and their bytes; whether one more is too many. */
static int comments_fit(struct pat_lite_conn *conn, int64_t file, int64_t person, int64_t n_max,
                        int64_t bytes_max, const char *message)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn,
		"SELECT count(*), coalesce(sum(length(CAST(message AS BLOB))), 0) FROM comment"
		" WHERE file = ?1 AND (?2 = 0 OR person = ?2)");

	pat_lite_bind_i64(&q, 1, file);
	pat_lite_bind_i64(&q, 2, person);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	bool full = pat_lite_i64(&q, 0) >= n_max ||
	            pat_lite_i64(&q, 1) + (int64_t)strlen(message) > bytes_max;
	return full ? PAT_FILES_E_LIMIT : 0;
}

static int comments_left(struct pat_lite_conn *conn, const struct pat_files_access *access,
                         int64_t person, const char *message)
{
	int r = comments_fit(conn, access->file, 0, PAT_FILES_COMMENTS_MAX,
	                     PAT_FILES_COMMENTS_BYTES_MAX, message);

	if (r != 0 || access->role == PAT_FILES_OWNER)
		return r;
	return comments_fit(conn, access->file, person, PAT_FILES_COMMENTS_EACH_MAX,
	                    PAT_FILES_COMMENTS_EACH_BYTES_MAX, message);
}

/* A reply takes the place of its thread over. */
static int follow_thread(struct pat_lite_conn *conn, int64_t file, int64_t parent,
                         struct pat_buf *meta)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn, "SELECT meta FROM comment WHERE id = ?1 AND file = ?2 AND parent IS NULL");

	pat_lite_bind_i64(&q, 1, parent);
	pat_lite_bind_i64(&q, 2, file);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_FILES_E_PARENT;
	e = pat_buf_add_str(meta, pat_lite_text_here(&q, 0));
	return q.error < 0 ? q.error : e;
}

/* The next number of a thread in its file. */
static int begin_thread(struct pat_lite_conn *conn, int64_t file, int64_t *ret)
{
	int e = PAT_LITE_ASK(
		conn, ret, "UPDATE file SET threads = threads + 1 WHERE id = ?1 RETURNING threads",
		file);

	return e > 0 ? 0 : e < 0 ? e : -EIO;
}

static int insert_comment(struct pat_lite_conn *conn, int64_t file,
                          struct pat_files_comment *comment)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn,
		"INSERT INTO comment (file, parent, person, created, resolved, number, meta, message)"
		" VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7)");

	pat_lite_bind_i64(&q, 1, file);
	if (comment->parent != 0)
		pat_lite_bind_i64(&q, 2, comment->parent);
	pat_lite_bind_i64(&q, 3, comment->person);
	pat_lite_bind_i64(&q, 4, comment->created_s);
	pat_lite_bind_i64(&q, 5, comment->order);
	pat_lite_bind_text(&q, 6, comment->client_meta, PAT_FILES_META_BYTES_MAX);
	pat_lite_bind_text(&q, 7, comment->message, PAT_FILES_MESSAGE_BYTES_MAX);
	int e = pat_lite_run(&q);
	if (e == 0)
		comment->id = sqlite3_last_insert_rowid(conn->db);
	return e;
}

static int add(struct pat_lite_conn *conn, const char *key, struct pat_files_comment *comment,
               struct pat_buf *meta)
{
	struct pat_files_access access;

	int r = pat_files_access_file(conn, comment->person, key, PAT_FILES_VIEWER, &access);
	if (r == 0)
		r = comments_left(conn, &access, comment->person, comment->message);
	if (r == 0)
		r = comment->parent != 0 ? follow_thread(conn, access.file, comment->parent, meta)
		                         : begin_thread(conn, access.file, &comment->order);
	if (r != 0)
		return r;
	comment->client_meta = pat_buf_str(meta);
	return insert_comment(conn, access.file, comment);
}

int pat_files_comment_add(struct pat_files *files, const struct pat_files_caller *caller,
                          const char *key, const char *message, int64_t parent,
                          const char *client_meta, pat_files_comment_fn *fn, void *arg)
{
	pat_cleanup(pat_buf_done) struct pat_buf meta = { 0 };
	struct pat_files_comment comment = { .parent = parent,
		                             .person = caller->person,
		                             .created_s = caller->now_s,
		                             .message = message };
	struct pat_lite_conn *conn = NULL;

	pat_buf_init(&meta, PAT_FILES_META_BYTES_MAX);
	if (pat_text_message(message, PAT_FILES_MESSAGE_CHARS_MAX) != 0)
		return PAT_FILES_E_MESSAGE;
	int r = parent != 0 ? 0 : pat_files_meta_read(client_meta, &meta);
	if (r == 0)
		r = pat_files_grow_begin(files, strlen(message), &conn);
	if (r != 0)
		return r;
	r = pat_files_change_end(files, add(conn, key, &comment, &meta));
	return r == 0 ? fn(arg, &comment) : r;
}

/* ---- Of one: its removing and resolving. */

struct found {
	int64_t file;
	int64_t person;
	bool reply;
	enum pat_files_role role; /* the caller's */
};

static int find_comment(struct pat_lite_conn *conn, const struct pat_files_caller *caller,
                        const char *key, int64_t comment, struct found *ret)
{
	struct pat_files_access access;

	int r = pat_files_access_file(conn, caller->person, key, PAT_FILES_VIEWER, &access);
	if (r != 0)
		return r;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn, "SELECT person, parent IS NOT NULL FROM comment WHERE id = ?1 AND file = ?2");
	pat_lite_bind_i64(&q, 1, comment);
	pat_lite_bind_i64(&q, 2, access.file);
	r = pat_lite_step(&q);
	if (r <= 0)
		return r < 0 ? r : PAT_FILES_E_NOT_FOUND;
	*ret = (struct found){ .file = access.file,
		               .person = pat_lite_i64(&q, 0),
		               .reply = pat_lite_i64(&q, 1) != 0,
		               .role = access.role };
	return 0;
}

static int remove_comment(struct pat_lite_conn *conn, const struct pat_files_caller *caller,
                          const char *key, int64_t comment, bool tidying)
{
	static const char *const statements[] = {
		"DELETE FROM reaction WHERE comment = ?1",
		"DELETE FROM reaction WHERE comment IN (SELECT id FROM comment WHERE parent = ?1)",
		"DELETE FROM comment WHERE parent = ?1",
		"DELETE FROM comment WHERE id = ?1",
	};
	struct found found;

	int r = find_comment(conn, caller, key, comment, &found);
	if (r == 0 && found.person != caller->person && !(tidying && found.role == PAT_FILES_OWNER))
		r = PAT_FILES_E_NOT_ALLOWED;
	for (size_t i = 0; i < PAT_ARRAY_LEN(statements) && r == 0; i++)
		r = PAT_LITE_DO(conn, statements[i], comment);
	return r;
}

int pat_files_comment_remove(struct pat_files *files, const struct pat_files_caller *caller,
                             const char *key, int64_t comment, bool tidying)
{
	struct pat_lite_conn *conn = NULL;

	int r = pat_files_change_begin(files, &conn);
	if (r < 0)
		return r;
	return pat_files_change_end(files, remove_comment(conn, caller, key, comment, tidying));
}

/* A comment with its texts, which outlive the statement that read them. */
struct copy {
	struct pat_files_comment comment;
	char *message;
	char *meta;
};

static void copy_done(struct copy *copy)
{
	free(copy->message);
	free(copy->meta);
}

static int copy_comment(struct pat_lite_conn *conn, int64_t id, struct copy *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(conn, "SELECT " COLUMNS " FROM comment c WHERE c.id = ?1");

	pat_lite_bind_i64(&q, 1, id);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	e = read_comment(&q, &ret->comment);
	if (e < 0)
		return e;
	ret->message = strdup(ret->comment.message);
	ret->meta = strdup(ret->comment.client_meta);
	ret->comment.message = ret->message;
	ret->comment.client_meta = ret->meta;
	return ret->message && ret->meta ? 0 : -ENOMEM;
}

static int resolve(struct pat_lite_conn *conn, const struct pat_files_caller *caller,
                   const char *key, int64_t comment, bool resolved, struct copy *ret)
{
	struct found found;

	int r = find_comment(conn, caller, key, comment, &found);
	if (r != 0)
		return r;
	if (found.person != caller->person && found.role < PAT_FILES_EDITOR)
		return PAT_FILES_E_NOT_ALLOWED;
	if (found.reply)
		return PAT_FILES_E_PARENT;
	r = PAT_LITE_DO(
		conn,
		"UPDATE comment SET resolved = ?2 WHERE id = ?1 AND (resolved > 0) <> (?2 > 0)",
		comment, resolved ? caller->now_s : 0);
	return r == 0 ? copy_comment(conn, comment, ret) : r;
}

int pat_files_comment_resolve(struct pat_files *files, const struct pat_files_caller *caller,
                              const char *key, int64_t comment, bool resolved,
                              pat_files_comment_fn *fn, void *arg)
{
	pat_cleanup(copy_done) struct copy copy = { 0 };
	struct pat_lite_conn *conn = NULL;

	int r = pat_files_change_begin(files, &conn);
	if (r < 0)
		return r;
	r = pat_files_change_end(files, resolve(conn, caller, key, comment, resolved, &copy));
	return r == 0 ? fn(arg, &copy.comment) : r;
}
