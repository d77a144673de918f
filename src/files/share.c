/* SPDX-License-Identifier: Apache-2.0
 *
 * Sharing: the owner's, by email. Whether somebody has an account is told to owners of files only.
 */
#include <errno.h>

#include "core/core.h"
#include "files/access.h"
#include "files/room.h"

int pat_files_share_list(struct pat_files *files, const struct pat_files_caller *caller,
                         const char *key, pat_files_share_fn *fn, void *arg)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };
	struct pat_files_access access;

	int r = pat_files_look(files, &look);
	if (r == 0)
		r = pat_files_access_file(look.conn, caller->person, key, PAT_FILES_OWNER, &access);
	if (r != 0)
		return r;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(look.conn, "SELECT person, role, created FROM share WHERE file = ?1"
	                                  " ORDER BY created, person");
	pat_lite_bind_i64(&q, 1, access.file);
	while ((r = pat_lite_step(&q)) > 0) {
		struct pat_files_share share = {
			.person = pat_lite_i64(&q, 0),
			.role = pat_files_access_shared(pat_lite_i64(&q, 1)),
			.created_s = pat_lite_i64(&q, 2),
		};

		r = fn(arg, &share);
		if (r != 0)
			return r;
	}
	return r;
}

/* ---- Giving. */

static int judge_owner(struct pat_files *files, const struct pat_files_caller *caller,
                       const char *key)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };
	struct pat_files_access access;

	int r = pat_files_look(files, &look);
	return r == 0 ? pat_files_access_file(look.conn, caller->person, key, PAT_FILES_OWNER,
	                                      &access)
	              : r;
}

/* Room for one more, unless the person is among them already. */
static int shares_left(struct pat_lite_conn *conn, int64_t file, int64_t person)
{
	int64_t others = 0;

	int e = PAT_LITE_ASK(conn, &others,
	                     "SELECT count(*) FROM share WHERE file = ?1 AND person <> ?2", file,
	                     person);
	if (e < 0)
		return e;
	return others >= PAT_FILES_SHARES_MAX ? PAT_FILES_E_LIMIT : 0;
}

static int set(struct pat_lite_conn *conn, const struct pat_files_caller *caller, const char *key,
               struct pat_files_share *share)
{
	struct pat_files_access access;

	int r = pat_files_access_file(conn, caller->person, key, PAT_FILES_OWNER, &access);
	if (r == 0)
		r = shares_left(conn, access.file, share->person);
	if (r == 0)
		r = PAT_LITE_DO(conn,
		                "INSERT INTO share (file, person, role, created)"
		                " VALUES (?1, ?2, ?3, ?4)"
		                " ON CONFLICT (file, person) DO UPDATE SET role = excluded.role",
		                access.file, share->person, share->role, share->created_s);
	if (r == 0)
		r = PAT_LITE_ASK(conn, &share->created_s,
		                 "SELECT created FROM share WHERE file = ?1 AND person = ?2",
		                 access.file, share->person);
	return r < 0 ? r : r == 1 ? 0 : r;
}

int pat_files_share_set(struct pat_files *files, const struct pat_files_caller *caller,
                        const char *key, const char *email, enum pat_files_role role,
                        struct pat_files_share *ret)
{
	struct pat_files_share share = { .role = role, .created_s = caller->now_s };
	struct pat_person person;
	struct pat_lite_conn *conn = NULL;

	pat_assert(role == PAT_FILES_VIEWER || role == PAT_FILES_EDITOR);
	int r = judge_owner(files, caller, key);
	if (r != 0)
		return r;
	r = pat_core_person_find(files->core, email, &person);
	if (r != 0)
		return r == PAT_CORE_E_NOT_FOUND ? PAT_FILES_E_PERSON : r < 0 ? r : -EIO;
	share.person = person.id;
	if (share.person == caller->person)
		return PAT_FILES_E_PERSON;
	r = pat_files_grow_begin(files, 0, &conn);
	if (r != 0)
		return r;
	r = pat_files_change_end(files, set(conn, caller, key, &share));
	if (r == 0)
		*ret = share;
	return r;
}

/* ---- Ending. */

static int end(struct pat_lite_conn *conn, const struct pat_files_caller *caller, const char *key,
               int64_t person)
{
	struct pat_files_access access;

	int r = pat_files_access_file(conn, caller->person, key, PAT_FILES_VIEWER, &access);
	if (r != 0)
		return r;
	if (access.role != PAT_FILES_OWNER && person != caller->person)
		return PAT_FILES_E_NOT_ALLOWED;
	r = PAT_LITE_DO(conn, "DELETE FROM share WHERE file = ?1 AND person = ?2", access.file,
	                person);
	if (r < 0)
		return r;
	return sqlite3_changes(conn->db) > 0 ? 0 : PAT_FILES_E_NOT_FOUND;
}

int pat_files_share_end(struct pat_files *files, const struct pat_files_caller *caller,
                        const char *key, int64_t person)
{
	struct pat_lite_conn *conn = NULL;

	int r = pat_files_change_begin(files, &conn);
	if (r < 0)
		return r;
	return pat_files_change_end(files, end(conn, caller, key, person));
}
