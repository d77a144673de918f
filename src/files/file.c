/* SPDX-License-Identifier: Apache-2.0
 *
 * Files as rows: reading one, renaming, moving, the trash, and the end. Their contents are elsewhere (content.c).
 */
#include <errno.h>
#include <string.h>

#include "files/access.h"
#include "files/content.h"
#include "files/room.h"

#define PURGE_LOOSE_MAX 16 /* transactions, of 16 MiB at most */

/* ---- Reading one. */

static void read_text_columns(struct pat_lite_query *q, struct pat_files_file *ret)
{
	pat_lite_text(q, 1, ret->key, sizeof(ret->key));
	pat_lite_text(q, 4, ret->project_name, sizeof(ret->project_name));
	pat_lite_text(q, 5, ret->name, sizeof(ret->name));
	pat_lite_text(q, 20, ret->editor_type, sizeof(ret->editor_type));
}

/* Which project it is in, and who else has it, is its owner's to know. */
static void hide_from_others(struct pat_files_file *file)
{
	if (file->role == PAT_FILES_OWNER)
		return;
	file->project = 0;
	file->team = 0;
	file->project_name[0] = '\0';
	file->n_shares = 0;
}

static int read_columns(struct pat_lite_query *q, int64_t person, struct pat_files_file *ret)
{
	*ret = (struct pat_files_file){
		.id = pat_lite_i64(q, 0),
		.project = pat_lite_i64(q, 2),
		.team = pat_lite_i64(q, 3),
		.role = pat_files_access_role(person, pat_lite_i64(q, 6), pat_lite_i64(q, 7)),
		.creator = pat_lite_i64(q, 8),
		.toucher = pat_lite_i64(q, 9),
		.created_s = pat_lite_i64(q, 10),
		.touched_s = pat_lite_i64(q, 11),
		.trashed_s = pat_lite_i64(q, 12),
		.opened_s = pat_lite_i64(q, 13),
		.version = pat_lite_i64(q, 14),
		.n_versions = pat_lite_i64(q, 15),
		.n_comments = pat_lite_i64(q, 16),
		.n_shares = pat_lite_i64(q, 17),
		.bytes = (uint32_t)pat_lite_i64(q, 18),
		.n_nodes = (uint32_t)pat_lite_i64(q, 19),
	};
	read_text_columns(q, ret);
	hide_from_others(ret);
	return q->malformed ? -EIO : 0;
}

int pat_files_file_read(struct pat_lite_conn *conn, int64_t person, int64_t id,
                        struct pat_files_file *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn,
		"SELECT f.id, f.key, f.project, p.team, p.name, f.name, t.owner,"
		" coalesce((SELECT s.role FROM share s WHERE s.file = f.id AND s.person = ?2), 0),"
		" f.creator, f.toucher, f.created, f.touched, f.trashed,"
		" coalesce((SELECT o.at FROM opened o WHERE o.person = ?2 AND o.file = f.id), 0),"
		" f.version, (SELECT count(*) FROM version v WHERE v.file = f.id),"
		" (SELECT count(*) FROM comment c"
		"   WHERE c.file = f.id AND c.parent IS NULL AND c.resolved = 0),"
		" (SELECT count(*) FROM share s WHERE s.file = f.id), f.bytes, f.nodes, f.editor"
		" FROM file f JOIN project p ON p.id = f.project JOIN team t ON t.id = p.team"
		" WHERE f.id = ?1");
	pat_lite_bind_i64(&q, 1, id);
	pat_lite_bind_i64(&q, 2, person);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_FILES_E_NOT_FOUND;
	return read_columns(&q, person, ret);
}

int pat_files_file_get(struct pat_files *files, const struct pat_files_caller *caller,
                       const char *key, struct pat_files_file *ret)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };
	struct pat_files_access access;
	struct pat_files_file file;

	int r = pat_files_look(files, &reader);
	if (r == 0)
		r = pat_files_access_trash(reader.conn, caller->person, key, PAT_FILES_VIEWER,
		                           &access);
	if (r == 0)
		r = pat_files_file_read(reader.conn, caller->person, access.file, &file);
	if (r == 0)
		*ret = file;
	return r;
}

static int note_opened(struct pat_files *files, const struct pat_files_caller *caller,
                       const char *key)
{
	struct pat_files_access access;
	struct pat_lite_conn *conn = NULL;

	int r = pat_files_grow_begin(files, 0, &conn);
	if (r != 0)
		return r;
	r = pat_files_access_file(conn, caller->person, key, PAT_FILES_VIEWER, &access);
	if (r == 0)
		r = PAT_LITE_DO(conn,
		                "INSERT INTO opened (person, file, at) VALUES (?1, ?2, ?3)"
		                " ON CONFLICT (person, file) DO UPDATE SET at = excluded.at",
		                caller->person, access.file, caller->now_s);
	return pat_files_change_end(files, r);
}

/* Remembering is not worth failing: what can be read is read on a full disk too. */
int pat_files_file_open(struct pat_files *files, const struct pat_files_caller *caller,
                        const char *key, struct pat_files_file *ret)
{
	(void)!note_opened(files, caller, key);
	return pat_files_file_get(files, caller, key, ret);
}

/* ---- Changing. */

int pat_files_file_touch(struct pat_lite_conn *conn, int64_t file,
                         const struct pat_files_caller *caller)
{
	return PAT_LITE_DO(conn,
	                   "UPDATE file SET toucher = ?2, touched = max(touched, ?3) WHERE id = ?1",
	                   file, caller->person, caller->now_s);
}

static int update_name(struct pat_lite_conn *conn, int64_t file, const char *name)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(conn, "UPDATE file SET name = ?2 WHERE id = ?1 AND name <> ?2");

	pat_lite_bind_i64(&q, 1, file);
	pat_lite_bind_text(&q, 2, name, PAT_FILES_NAME_BYTES_MAX);
	return pat_lite_run(&q);
}

static int move(struct pat_lite_conn *conn, const struct pat_files_caller *caller,
                const struct pat_files_access *access, int64_t project)
{
	int64_t team = 0;

	if (access->role != PAT_FILES_OWNER)
		return PAT_FILES_E_NOT_ALLOWED;
	int r = pat_files_access_project(conn, caller->person, project, &team);
	if (r != 0)
		return r;
	r = PAT_LITE_DO(conn, "UPDATE file SET project = ?2 WHERE id = ?1 AND project <> ?2",
	                access->file, project);
	if (r == 0 && sqlite3_changes(conn->db) > 0)
		r = pat_files_project_touch(conn, project, caller->now_s);
	return r;
}

static int change(struct pat_lite_conn *conn, const struct pat_files_caller *caller,
                  const char *key, const char *name, int64_t project, struct pat_files_file *ret)
{
	struct pat_files_access access;
	int before = sqlite3_total_changes(conn->db);

	int r = pat_files_access_file(conn, caller->person, key, PAT_FILES_EDITOR, &access);
	if (r == 0 && name)
		r = update_name(conn, access.file, name);
	if (r == 0 && project != 0)
		r = move(conn, caller, &access, project);
	if (r == 0 && sqlite3_total_changes(conn->db) != before) {
		r = pat_files_file_touch(conn, access.file, caller);
		if (r == 0)
			r = pat_files_project_touch(conn, access.project, caller->now_s);
	}
	return r == 0 ? pat_files_file_read(conn, caller->person, access.file, ret) : r;
}

int pat_files_file_change(struct pat_files *files, const struct pat_files_caller *caller,
                          const char *key, const char *name, int64_t project,
                          struct pat_files_file *ret)
{
	char checked[PAT_FILES_NAME_BYTES_MAX + 1];
	struct pat_lite_conn *conn = NULL;
	struct pat_files_file file;

	int r = name ? pat_files_name_check(name, checked) : 0;
	if (r == 0)
		r = pat_files_change_begin(files, &conn);
	if (r != 0)
		return r;
	r = pat_files_change_end(files,
	                         change(conn, caller, key, name ? checked : NULL, project, &file));
	if (r == 0)
		*ret = file;
	return r;
}

/* ---- The trash. */

static int set_trashed(struct pat_lite_conn *conn, const struct pat_files_caller *caller,
                       const char *key, bool trashed, struct pat_files_file *ret)
{
	struct pat_files_access access;

	int r = pat_files_access_trash(conn, caller->person, key, PAT_FILES_OWNER, &access);
	if (r == 0 && trashed != (access.trashed_s != 0)) {
		r = PAT_LITE_DO(conn, "UPDATE file SET trashed = ?2 WHERE id = ?1", access.file,
		                trashed ? caller->now_s : 0);
		if (r == 0)
			r = pat_files_project_touch(conn, access.project, caller->now_s);
	}
	return r == 0 ? pat_files_file_read(conn, caller->person, access.file, ret) : r;
}

int pat_files_file_trash(struct pat_files *files, const struct pat_files_caller *caller,
                         const char *key, bool trashed, struct pat_files_file *ret)
{
	struct pat_lite_conn *conn = NULL;
	struct pat_files_file file;

	int r = pat_files_change_begin(files, &conn);
	if (r < 0)
		return r;
	r = pat_files_change_end(files, set_trashed(conn, caller, key, trashed, &file));
	if (r == 0)
		*ret = file;
	return r;
}

/* ---- The end. */

int pat_files_file_erase(struct pat_lite_conn *conn, int64_t file)
{
	static const char *const statements[] = {
		"DELETE FROM reaction WHERE comment IN (SELECT id FROM comment WHERE file = ?1)",
		"DELETE FROM comment WHERE file = ?1 AND parent IS NOT NULL",
		"DELETE FROM comment WHERE file = ?1",
		"DELETE FROM share WHERE file = ?1",
		"DELETE FROM opened WHERE file = ?1",
		"DELETE FROM asset WHERE file = ?1",
		"DELETE FROM picture WHERE file = ?1",
		"INSERT OR IGNORE INTO loose (content) SELECT content FROM version WHERE file = ?1",
		"INSERT OR IGNORE INTO loose (content) SELECT content FROM fill WHERE file = ?1",
		"DELETE FROM version WHERE file = ?1",
		"DELETE FROM fill WHERE file = ?1",
		"DELETE FROM file WHERE id = ?1",
	};

	for (size_t i = 0; i < PAT_ARRAY_LEN(statements); i++) {
		int e = PAT_LITE_DO(conn, statements[i], file);
		if (e < 0)
			return e;
	}
	return 0;
}

static int purge(struct pat_lite_conn *conn, const struct pat_files_caller *caller, const char *key)
{
	struct pat_files_access access;

	int r = pat_files_access_trash(conn, caller->person, key, PAT_FILES_OWNER, &access);
	if (r == 0 && access.trashed_s == 0)
		r = PAT_FILES_E_NOT_FOUND;
	if (r == 0)
		r = pat_files_file_erase(conn, access.file);
	return r == 0 ? pat_files_project_touch(conn, access.project, caller->now_s) : r;
}

int pat_files_file_purge(struct pat_files *files, const struct pat_files_caller *caller,
                         const char *key)
{
	struct pat_lite_conn *conn = NULL;

	int r = pat_files_change_begin(files, &conn);
	if (r < 0)
		return r;
	r = pat_files_change_end(files, purge(conn, caller, key));
	if (r ==
	    0) /* so that uploading and purging in turn does not fill the disk; the rest is the keeper's */
		(void)!pat_files_loose_remove(files, PURGE_LOOSE_MAX);
	return r;
}
