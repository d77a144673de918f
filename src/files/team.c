/* SPDX-License-Identifier: Apache-2.0
 *
 * Teams: one for each person, made when they first need it, with a project in it.
 */
#include <errno.h>
#include <stdio.h>

#include "core/core.h"
#include "files/access.h"
#include "files/sample.h"

/* E_NOT_FOUND when there is none. Of an owner, or of an id with an owner. */
static int read_team(struct pat_lite_query *q, struct pat_files_team *ret, bool *ret_sampled)
{
	int e = pat_lite_step(q);

	if (e <= 0)
		return e < 0 ? e : PAT_FILES_E_NOT_FOUND;
	*ret = (struct pat_files_team){ .id = pat_lite_i64(q, 0), .owner = pat_lite_i64(q, 1) };
	pat_lite_text(q, 2, ret->name, sizeof(ret->name));
	*ret_sampled = pat_lite_i64(q, 3) != 0;
	return q->malformed ? -EIO : 0;
}

static int find_own(struct pat_files *files, int64_t person, struct pat_files_team *ret,
                    bool *ret_sampled)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };

	int e = pat_files_look(files, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		reader.conn, "SELECT id, owner, name, sampled FROM team WHERE owner = ?1");
	pat_lite_bind_i64(&q, 1, person);
	return read_team(&q, ret, ret_sampled);
}

/* Two requests at once make one: whoever comes second finds it made. */
static int insert_team(struct pat_lite_conn *conn, const struct pat_files_caller *caller,
                       const char *name, bool sampled)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn, "INSERT INTO team (owner, name, sampled, created) VALUES (?1, ?2, ?3, ?4)"
		      " ON CONFLICT (owner) DO NOTHING");

	pat_lite_bind_i64(&q, 1, caller->person);
	pat_lite_bind_text(&q, 2, name, PAT_FILES_NAME_BYTES_MAX);
	pat_lite_bind_i64(&q, 3, sampled);
	pat_lite_bind_i64(&q, 4, caller->now_s);
	int e = pat_lite_run(&q);
	if (e < 0 || sqlite3_changes(conn->db) == 0)
		return e;
	return pat_files_project_insert(conn, sqlite3_last_insert_rowid(conn->db),
	                                PAT_FILES_FIRST_PROJECT, caller->now_s, &(int64_t){ 0 });
}

static int make_own(struct pat_files *files, const struct pat_files_caller *caller)
{
	char name[PAT_FILES_NAME_BYTES_MAX + 1];
	struct pat_person person;
	struct pat_lite_conn *conn = NULL;

	int r = pat_core_person_get(files->core, caller->person, &person);
	if (r != 0)
		return r == PAT_CORE_E_NOT_FOUND ? PAT_FILES_E_NOT_FOUND : r < 0 ? r : -EIO;
	(void)snprintf(name, sizeof(name), "%s's team", person.name);
	r = pat_files_change_begin(files, &conn);
	if (r < 0)
		return r;
	return pat_files_change_end(files, insert_team(conn, caller, name, !files->sample));
}

int pat_files_team_own(struct pat_files *files, const struct pat_files_caller *caller,
                       struct pat_files_team *ret)
{
	struct pat_files_team team;
	bool sampled = false;

	int r = find_own(files, caller->person, &team, &sampled);
	if (r == PAT_FILES_E_NOT_FOUND) {
		r = make_own(files, caller);
		if (r == 0)
			r = find_own(files, caller->person, &team, &sampled);
	}
	if (r != 0)
		return r;
	if (!sampled)
		pat_files_sample_give(files, caller, team.id);
	*ret = team;
	return 0;
}

int pat_files_team_get(struct pat_files *files, const struct pat_files_caller *caller, int64_t id,
                       struct pat_files_team *ret)
{
	struct pat_files_team team;
	bool sampled = false;

	int r = find_own(files, caller->person, &team, &sampled);
	if (r != 0)
		return r;
	if (team.id != id)
		return PAT_FILES_E_NOT_FOUND;
	*ret = team;
	return 0;
}
