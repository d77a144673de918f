/* SPDX-License-Identifier: Apache-2.0
 *
 * The versions of a file.
 */
#include <errno.h>

#include "files/access.h"
#include "files/content.h"
#include "files/room.h"

#define LOOSE_MAX 8 /* transactions, of 16 MiB at most */

/* Before or after an id, in the order in which they are asked for. */
static struct pat_lite_query query_versions(struct pat_lite_conn *conn, bool upwards)
{
	if (upwards)
		return pat_lite_query(
			conn, "SELECT v.id, v.person, v.created, c.bytes, v.label, v.description"
			      " FROM version v JOIN content c ON c.id = v.content"
			      " WHERE v.file = ?1 AND v.id > ?2 ORDER BY v.id LIMIT ?3");
	return pat_lite_query(conn,
	                      "SELECT v.id, v.person, v.created, c.bytes, v.label, v.description"
	                      " FROM version v JOIN content c ON c.id = v.content"
	                      " WHERE v.file = ?1 AND v.id < ?2 ORDER BY v.id DESC LIMIT ?3");
}

static int read_version(struct pat_lite_query *q, struct pat_files_version *ret)
{
	*ret = (struct pat_files_version){
		.id = pat_lite_i64(q, 0),
		.person = pat_lite_i64(q, 1),
		.created_s = pat_lite_i64(q, 2),
		.bytes = (uint32_t)pat_lite_i64(q, 3),
	};
	pat_lite_text(q, 4, ret->label, sizeof(ret->label));
	pat_lite_text(q, 5, ret->description, sizeof(ret->description));
	return q->malformed ? -EIO : 0;
}

int pat_files_version_list(struct pat_files *files, const struct pat_files_caller *caller,
                           const char *key, int64_t before, int64_t after, unsigned limit,
                           pat_files_version_fn *fn, void *arg, bool *ret_more)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };
	struct pat_files_access access;
	struct pat_files_version version;
	unsigned n = 0;

	if (before < 0 || after < 0 || (before > 0 && after > 0))
		return PAT_FILES_E_CURSOR;
	int r = pat_files_look(files, &look);
	if (r == 0)
		r = pat_files_access_file(look.conn, caller->person, key, PAT_FILES_VIEWER,
		                          &access);
	if (r != 0)
		return r;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		query_versions(look.conn, after > 0);
	pat_lite_bind_i64(&q, 1, access.file);
	pat_lite_bind_i64(&q, 2, after > 0 ? after : before > 0 ? before : INT64_MAX);
	pat_lite_bind_i64(&q, 3, (int64_t)limit + 1);
	while ((r = pat_lite_step(&q)) > 0 && n++ < limit) {
		r = read_version(&q, &version);
		if (r == 0)
			r = fn(arg, &version);
		if (r != 0)
			return r;
	}
	if (r < 0)
		return r;
	*ret_more = n > limit;
	return 0;
}

/* ---- Their number. Who uploads takes nothing of others away: what is to go is said by the owner. */

int pat_files_versions_left(struct pat_lite_conn *conn, int64_t file)
{
	int64_t n = 0;

	int e = PAT_LITE_ASK(conn, &n, "SELECT count(*) FROM version WHERE file = ?1", file);
	if (e < 0)
		return e;
	return n >= PAT_FILES_VERSIONS_MAX ? PAT_FILES_E_LIMIT : 0;
}

/* ---- Removing. */

struct found {
	int64_t content;
	uint64_t bytes; /* with its outline */
};

static int find_version(struct pat_lite_conn *conn, int64_t file, int64_t version,
                        struct found *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn, "SELECT c.id, c.bytes + c.outline FROM version v"
		      " JOIN content c ON c.id = v.content WHERE v.file = ?1 AND v.id = ?2");

	pat_lite_bind_i64(&q, 1, file);
	pat_lite_bind_i64(&q, 2, version);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_FILES_E_NOT_FOUND;
	*ret = (struct found){ .content = pat_lite_i64(&q, 0),
		               .bytes = (uint64_t)pat_lite_i64(&q, 1) };
	return 0;
}

/* Who is reading it reads on: contents in use are pinned. */
static int remove_version(struct pat_lite_conn *conn, const struct pat_files_caller *caller,
                          const char *key, int64_t version)
{
	struct pat_files_access access;
	struct found found;

	int r = pat_files_access_file(conn, caller->person, key, PAT_FILES_OWNER, &access);
	if (r == 0)
		r = find_version(conn, access.file, version, &found);
	if (r == 0 && version == access.version)
		r = PAT_FILES_E_NEWEST;
	if (r == 0)
		r = PAT_LITE_DO(conn, "DELETE FROM version WHERE id = ?1", version);
	if (r == 0)
		r = PAT_LITE_DO(conn, "INSERT INTO loose (content) VALUES (?1)", found.content);
	return r == 0 ? pat_files_room_give_back(conn, access.file, found.bytes) : r;
}

int pat_files_version_remove(struct pat_files *files, const struct pat_files_caller *caller,
                             const char *key, int64_t version)
{
	struct pat_lite_conn *conn = NULL;

	int r = pat_files_change_begin(files, &conn);
	if (r < 0)
		return r;
	r = pat_files_change_end(files, remove_version(conn, caller, key, version));
	if (r == 0) /* as far as it goes; the rest is the keeper's */
		(void)!pat_files_loose_remove(files, LOOSE_MAX);
	return r;
}
