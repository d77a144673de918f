/* SPDX-License-Identifier: Apache-2.0
 *
 * Projects: of a team, seen by its owner alone.
 */
#include "files/access.h"
#include "files/room.h"

#include <errno.h>

#define COLUMNS                                                                                \
	"p.id, p.team, p.name,"                                                                \
	" (SELECT count(*) FROM file f WHERE f.project = p.id AND f.trashed = 0), p.created, " \
	"p.updated"

static int read_columns(struct pat_lite_query *q, struct pat_files_project *ret)
{
	*ret = (struct pat_files_project){
		.id = pat_lite_i64(q, 0),
		.team = pat_lite_i64(q, 1),
		.n_files = pat_lite_i64(q, 3),
		.created_s = pat_lite_i64(q, 4),
		.updated_s = pat_lite_i64(q, 5),
	};
	pat_lite_text(q, 2, ret->name, sizeof(ret->name));
	return q->malformed ? -EIO : 0;
}

static int read_project(struct pat_lite_conn *conn, int64_t id, struct pat_files_project *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(conn, "SELECT " COLUMNS " FROM project p WHERE p.id = ?1");

	pat_lite_bind_i64(&q, 1, id);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_FILES_E_NOT_FOUND;
	return read_columns(&q, ret);
}

int pat_files_project_touch(struct pat_lite_conn *conn, int64_t project, int64_t now_s)
{
	return PAT_LITE_DO(conn, "UPDATE project SET updated = ?2 WHERE id = ?1 AND updated < ?2",
	                   project, now_s);
}

/* ---- Reading. */

int pat_files_project_list(struct pat_files *files, const struct pat_files_caller *caller,
                           int64_t team, pat_files_project_fn *fn, void *arg)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };
	struct pat_files_project project;

	int r = pat_files_look(files, &reader);
	if (r == 0)
		r = pat_files_access_team(reader.conn, caller->person, team);
	if (r != 0)
		return r;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		reader.conn,
		"SELECT " COLUMNS " FROM project p WHERE p.team = ?1 ORDER BY p.name, p.id");
	pat_lite_bind_i64(&q, 1, team);
	while ((r = pat_lite_step(&q)) > 0) {
		r = read_columns(&q, &project);
		if (r == 0)
			r = fn(arg, &project);
		if (r != 0)
			return r;
	}
	return r;
}

int pat_files_project_get(struct pat_files *files, const struct pat_files_caller *caller,
                          int64_t id, struct pat_files_project *ret)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };
	struct pat_files_project project;
	int64_t team = 0;

	int r = pat_files_look(files, &reader);
	if (r == 0)
		r = pat_files_access_project(reader.conn, caller->person, id, &team);
	if (r == 0)
		r = read_project(reader.conn, id, &project);
	if (r == 0)
		*ret = project;
	return r;
}

/* ---- The first. */

/* 1 when there is one. */
static int find_first(struct pat_lite_conn *conn, int64_t team, int64_t *ret)
{
	return PAT_LITE_ASK(conn, ret, "SELECT id FROM project WHERE team = ?1 ORDER BY id LIMIT 1",
	                    team);
}

static int make_first(struct pat_files *files, int64_t team, int64_t now_s, int64_t *ret)
{
	struct pat_lite_conn *conn = NULL;

	int r = pat_files_change_begin(files, &conn);
	if (r < 0)
		return r;
	r = find_first(conn, team, ret);
	if (r == 0)
		r = pat_files_project_insert(conn, team, PAT_FILES_FIRST_PROJECT, now_s, ret);
	return pat_files_change_end(files, r < 0 ? r : 0);
}

int pat_files_project_first(struct pat_files *files, int64_t team, int64_t now_s, int64_t *ret)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };

	int r = pat_files_look(files, &reader);
	if (r == 0)
		r = find_first(reader.conn, team, ret);
	pat_lite_reader_done(&reader);
	return r != 0 ? (r < 0 ? r : 0) : make_first(files, team, now_s, ret);
}

/* ---- Changing. */

/* E_NAME_TAKEN when another project of the team than `but` has the name. */
static int name_free(struct pat_lite_conn *conn, int64_t team, const char *name, int64_t but)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn, "SELECT 1 FROM project WHERE team = ?1 AND name = ?2 AND id <> ?3");

	pat_lite_bind_i64(&q, 1, team);
	pat_lite_bind_text(&q, 2, name, PAT_FILES_NAME_BYTES_MAX);
	pat_lite_bind_i64(&q, 3, but);
	int e = pat_lite_step(&q);
	return e > 0 ? PAT_FILES_E_NAME_TAKEN : e;
}

int pat_files_project_insert(struct pat_lite_conn *conn, int64_t team, const char *name,
                             int64_t now_s, int64_t *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn, "INSERT INTO project (team, name, created, updated) VALUES (?1, ?2, ?3, ?3)");

	pat_lite_bind_i64(&q, 1, team);
	pat_lite_bind_text(&q, 2, name, PAT_FILES_NAME_BYTES_MAX);
	pat_lite_bind_i64(&q, 3, now_s);
	int e = pat_lite_run(&q);
	if (e == 0)
		*ret = sqlite3_last_insert_rowid(conn->db);
	return e;
}

static int create(struct pat_lite_conn *conn, const struct pat_files_caller *caller,
                  const char *name, struct pat_files_project *ret)
{
	int64_t team = 0;
	int64_t n = 0;
	int64_t id = 0;

	int r = PAT_LITE_ASK(conn, &team, "SELECT id FROM team WHERE owner = ?1", caller->person);
	if (r > 0)
		r = PAT_LITE_ASK(conn, &n, "SELECT count(*) FROM project WHERE team = ?1", team);
	if (r <= 0)
		return r < 0 ? r : PAT_FILES_E_NOT_FOUND;
	r = n >= PAT_FILES_PROJECTS_MAX ? PAT_FILES_E_LIMIT : name_free(conn, team, name, 0);
	if (r == 0)
		r = pat_files_project_insert(conn, team, name, caller->now_s, &id);
	return r == 0 ? read_project(conn, id, ret) : r;
}

int pat_files_project_create(struct pat_files *files, const struct pat_files_caller *caller,
                             const char *name, struct pat_files_project *ret)
{
	char checked[PAT_FILES_NAME_BYTES_MAX + 1];
	struct pat_files_project project;
	struct pat_files_team team;
	struct pat_lite_conn *conn = NULL;

	int r = pat_files_name_check(name, checked);
	if (r == 0)
		r = pat_files_team_own(files, caller, &team); /* makes it */
	if (r == 0)
		r = pat_files_grow_begin(files, 0, &conn);
	if (r != 0)
		return r;
	r = pat_files_change_end(files, create(conn, caller, checked, &project));
	if (r == 0)
		*ret = project;
	return r;
}

static int rename_project(struct pat_lite_conn *conn, const struct pat_files_caller *caller,
                          int64_t id, const char *name, struct pat_files_project *ret)
{
	int64_t team = 0;

	int r = pat_files_access_project(conn, caller->person, id, &team);
	if (r == 0)
		r = name_free(conn, team, name, id);
	if (r != 0)
		return r;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(conn, "UPDATE project SET name = ?2 WHERE id = ?1");
	pat_lite_bind_i64(&q, 1, id);
	pat_lite_bind_text(&q, 2, name, PAT_FILES_NAME_BYTES_MAX);
	r = pat_lite_run(&q);
	if (r == 0)
		r = pat_files_project_touch(conn, id, caller->now_s);
	return r == 0 ? read_project(conn, id, ret) : r;
}

int pat_files_project_rename(struct pat_files *files, const struct pat_files_caller *caller,
                             int64_t id, const char *name, struct pat_files_project *ret)
{
	char checked[PAT_FILES_NAME_BYTES_MAX + 1];
	struct pat_files_project project;
	struct pat_lite_conn *conn = NULL;

	int r = pat_files_name_check(name, checked);
	if (r == 0)
		r = pat_files_change_begin(files, &conn);
	if (r != 0)
		return r;
	r = pat_files_change_end(files, rename_project(conn, caller, id, checked, &project));
	if (r == 0)
		*ret = project;
	return r;
}

static int remove_project(struct pat_lite_conn *conn, const struct pat_files_caller *caller,
                          int64_t id)
{
	int64_t team = 0;
	int64_t any = 0;

	int r = pat_files_access_project(conn, caller->person, id, &team);
	if (r != 0)
		return r;
	r = PAT_LITE_ASK(conn, &any, "SELECT 1 FROM file WHERE project = ?1 LIMIT 1", id);
	if (r != 0)
		return r > 0 ? PAT_FILES_E_NOT_EMPTY : r;
	return PAT_LITE_DO(conn, "DELETE FROM project WHERE id = ?1", id);
}

int pat_files_project_remove(struct pat_files *files, const struct pat_files_caller *caller,
                             int64_t id)
{
	struct pat_lite_conn *conn = NULL;

	int r = pat_files_change_begin(files, &conn);
	if (r < 0)
		return r;
	return pat_files_change_end(files, remove_project(conn, caller, id));
}
