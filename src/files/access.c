/* SPDX-License-Identifier: Apache-2.0 */
#include "files/access.h"

enum pat_files_role pat_files_access_shared(int64_t shared)
{
	if (shared == PAT_FILES_EDITOR)
		return PAT_FILES_EDITOR;
	return shared == PAT_FILES_VIEWER ? PAT_FILES_VIEWER : PAT_FILES_NOBODY;
}

enum pat_files_role pat_files_access_role(int64_t person, int64_t owner, int64_t shared)
{
	return person == owner ? PAT_FILES_OWNER : pat_files_access_shared(shared);
}

const char *pat_files_role_name(enum pat_files_role role)
{
	static const char *const names[] = {
		[PAT_FILES_NOBODY] = "",
		[PAT_FILES_VIEWER] = "viewer",
		[PAT_FILES_EDITOR] = "editor",
		[PAT_FILES_OWNER] = "owner",
	};

	return names[role];
}

static int find_file(struct pat_lite_conn *conn, int64_t person, const char *key,
                     struct pat_files_access *ret)
{
	if (!pat_files_key_is(key))
		return PAT_FILES_E_NOT_FOUND;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn,
		"SELECT f.id, f.project, p.team, t.owner, f.trashed, f.version,"
		" coalesce((SELECT s.role FROM share s WHERE s.file = f.id AND s.person = ?2), 0)"
		" FROM file f JOIN project p ON p.id = f.project JOIN team t ON t.id = p.team"
		" WHERE f.key = ?1");
	pat_lite_bind_text(&q, 1, key, PAT_FILES_KEY_CHARS);
	pat_lite_bind_i64(&q, 2, person);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_FILES_E_NOT_FOUND;
	*ret = (struct pat_files_access){
		.file = pat_lite_i64(&q, 0),
		.project = pat_lite_i64(&q, 1),
		.team = pat_lite_i64(&q, 2),
		.owner = pat_lite_i64(&q, 3),
		.trashed_s = pat_lite_i64(&q, 4),
		.version = pat_lite_i64(&q, 5),
	};
	ret->role = pat_files_access_role(person, ret->owner, pat_lite_i64(&q, 6));
	return 0;
}

static int judge(const struct pat_files_access *access, enum pat_files_role least, bool trash_too)
{
	if (access->role == PAT_FILES_NOBODY)
		return PAT_FILES_E_NOT_FOUND;
	if (access->trashed_s != 0 && !(trash_too && access->role == PAT_FILES_OWNER))
		return PAT_FILES_E_NOT_FOUND;
	return access->role < least ? PAT_FILES_E_NOT_ALLOWED : 0;
}

int pat_files_access_file(struct pat_lite_conn *conn, int64_t person, const char *key,
                          enum pat_files_role least, struct pat_files_access *ret)
{
	int r = find_file(conn, person, key, ret);

	return r != 0 ? r : judge(ret, least, false);
}

int pat_files_access_trash(struct pat_lite_conn *conn, int64_t person, const char *key,
                           enum pat_files_role least, struct pat_files_access *ret)
{
	int r = find_file(conn, person, key, ret);

	return r != 0 ? r : judge(ret, least, true);
}

int pat_files_access_signed(struct pat_lite_conn *conn, int64_t file, struct pat_files_access *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(conn, "SELECT version FROM file WHERE id = ?1 AND trashed = 0");

	pat_lite_bind_i64(&q, 1, file);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_FILES_E_NOT_FOUND;
	*ret = (struct pat_files_access){ .file = file, .version = pat_lite_i64(&q, 0) };
	return 0;
}

int pat_files_access_team(struct pat_lite_conn *conn, int64_t person, int64_t team)
{
	int64_t own = 0;

	int e = PAT_LITE_ASK(conn, &own, "SELECT id FROM team WHERE id = ?1 AND owner = ?2", team,
	                     person);
	return e > 0 ? 0 : e < 0 ? e : PAT_FILES_E_NOT_FOUND;
}

int pat_files_access_project(struct pat_lite_conn *conn, int64_t person, int64_t project,
                             int64_t *ret_team)
{
	int e = PAT_LITE_ASK(conn, ret_team,
	                     "SELECT t.id FROM project p JOIN team t ON t.id = p.team"
	                     " WHERE p.id = ?1 AND t.owner = ?2",
	                     project, person);

	return e > 0 ? 0 : e < 0 ? e : PAT_FILES_E_NOT_FOUND;
}
