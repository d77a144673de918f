/* SPDX-License-Identifier: Apache-2.0
 *
 * Library assets: what the tables beside a document say of its components, component sets and styles, as rows, so that
 * they are found across files. Those that are "remote" live in another file. One that was there before keeps its id and
 * its first time; one that says the same as before keeps its last.
 */
#include "files/asset.h"

#include <errno.h>
#include <string.h>

#include "files/access.h"
#include "files/cut.h"

#define KEY_BYTES_MAX (sizeof(((struct pat_files_asset *)0)->key) - 1)

#define ASSET_SAME                                                                          \
	"(node, style_type, name, description, set_node, set_name, frame_node, frame_name," \
	" page_node, page_name) IS (excluded.node, excluded.style_type, excluded.name,"     \
	" excluded.description, excluded.set_node, excluded.set_name, excluded.frame_node," \
	" excluded.frame_name, excluded.page_node, excluded.page_name)"

/* ---- Publishing. */

/* Where each text is bound, in their order. */
static const int places[PAT_FILES_ASSET_TEXTS] = { 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static int publish(struct pat_lite_conn *conn, const struct pat_files_publishing *p,
                   const struct pat_files_asset_row *row)
{
	const char *text = pat_buf_str(&p->assets->texts) + row->texts_at;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn,
		"INSERT INTO asset (team, file, kind, key, version, node, style_type, name, description,"
		" set_node, set_name, frame_node, frame_name, page_node, page_name, person, created, updated)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?17)"
		" ON CONFLICT (file, kind, key) DO UPDATE SET version = excluded.version,"
		" person = CASE WHEN " ASSET_SAME " THEN person ELSE excluded.person END,"
		" updated = CASE WHEN " ASSET_SAME " THEN updated ELSE excluded.updated END,"
		" node = excluded.node, style_type = excluded.style_type, name = excluded.name,"
		" description = excluded.description, set_node = excluded.set_node,"
		" set_name = excluded.set_name, frame_node = excluded.frame_node,"
		" frame_name = excluded.frame_name, page_node = excluded.page_node,"
		" page_name = excluded.page_name");

	pat_lite_bind_i64(&q, 1, p->team);
	pat_lite_bind_i64(&q, 2, p->file);
	pat_lite_bind_i64(&q, 3, row->kind);
	pat_lite_bind_i64(&q, 5, p->version);
	pat_lite_bind_i64(&q, 16, p->caller->person);
	pat_lite_bind_i64(&q, 17, p->caller->now_s);
	for (int i = 0; i < PAT_FILES_ASSET_TEXTS; i++) {
		pat_lite_bind_text(&q, places[i], text, PAT_FILES_CUT_DESCRIPTION_BYTES);
		text += strlen(text) + 1;
	}
	return pat_lite_run(&q);
}

int pat_files_assets_replace(struct pat_lite_conn *conn, const struct pat_files_publishing *p)
{
	int e = 0;

	for (size_t i = 0; i < p->assets->n && e == 0; i++)
		e = publish(conn, p, &p->assets->rows[i]);
	return e < 0 ? e
	             : PAT_LITE_DO(conn, "DELETE FROM asset WHERE file = ?1 AND version <> ?2",
	                           p->file, p->version);
}

/* ---- Finding. */

#define COLUMNS                                                                        \
	"a.id, a.key, f.key, a.node, a.style_type, a.name, a.description, a.set_node," \
	" a.set_name, a.frame_node, a.frame_name, a.page_node, a.page_name, a.person," \
	" a.created, a.updated"

/* Hands the rows on; those behind `limit` only show that there are more. */
static int walk(struct pat_lite_query *q, enum pat_outline_table kind, unsigned limit,
                pat_files_asset_fn *fn, void *arg, unsigned *ret_rows)
{
	int r = 0;

	for (*ret_rows = 0; (r = pat_lite_step(q)) > 0 && (*ret_rows)++ < limit;) {
		struct pat_files_asset asset = {
			.id = pat_lite_i64(q, 0),
			.kind = kind,
			.name = pat_lite_text_here(q, 5),
			.description = pat_lite_text_here(q, 6),
			.set_node_id = pat_lite_text_here(q, 7),
			.set_name = pat_lite_text_here(q, 8),
			.frame_id = pat_lite_text_here(q, 9),
			.frame_name = pat_lite_text_here(q, 10),
			.page_id = pat_lite_text_here(q, 11),
			.page_name = pat_lite_text_here(q, 12),
			.person = pat_lite_i64(q, 13),
			.created_s = pat_lite_i64(q, 14),
			.updated_s = pat_lite_i64(q, 15),
		};

		pat_lite_text(q, 1, asset.key, sizeof(asset.key));
		pat_lite_text(q, 2, asset.file_key, sizeof(asset.file_key));
		pat_lite_text(q, 3, asset.node_id, sizeof(asset.node_id));
		pat_lite_text(q, 4, asset.style_type, sizeof(asset.style_type));
		r = q->error < 0 ? q->error : q->malformed ? -EIO : fn(arg, &asset);
		if (r != 0)
			return r;
	}
	return r < 0 ? r : 0;
}

int pat_files_asset_list_file(struct pat_files *files, const struct pat_files_caller *caller,
                              const char *key, enum pat_outline_table kind, pat_files_asset_fn *fn,
                              void *arg)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };
	struct pat_files_access access;
	unsigned rows = 0;

	int r = pat_files_look(files, &look);
	if (r == 0)
		r = pat_files_access_file(look.conn, caller->person, key, PAT_FILES_VIEWER,
		                          &access);
	if (r != 0)
		return r;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		look.conn, "SELECT " COLUMNS " FROM asset a JOIN file f ON f.id = a.file"
			   " WHERE a.file = ?1 AND a.kind = ?2 ORDER BY a.id");
	pat_lite_bind_i64(&q, 1, access.file);
	pat_lite_bind_i64(&q, 2, kind);
	return walk(&q, kind, UINT32_MAX, fn, arg, &rows);
}

static struct pat_lite_query query_team(struct pat_lite_conn *conn, bool backwards)
{
	if (backwards)
		return pat_lite_query(
			conn, "SELECT " COLUMNS " FROM asset a JOIN file f ON f.id = a.file"
			      " WHERE a.team = ?1 AND a.kind = ?2 AND a.id < ?3 AND f.trashed = 0"
			      " ORDER BY a.id DESC LIMIT ?4");
	return pat_lite_query(conn, "SELECT " COLUMNS " FROM asset a JOIN file f ON f.id = a.file"
	                            " WHERE a.team = ?1 AND a.kind = ?2 AND a.id > ?3"
	                            " AND f.trashed = 0 ORDER BY a.id LIMIT ?4");
}

int pat_files_asset_list_team(struct pat_files *files, const struct pat_files_caller *caller,
                              int64_t team, enum pat_outline_table kind, int64_t after,
                              int64_t before, unsigned limit, pat_files_asset_fn *fn, void *arg,
                              bool *ret_more)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };
	unsigned rows = 0;

	if (after < 0 || before < 0 || (after > 0 && before > 0))
		return PAT_FILES_E_CURSOR;
	int r = pat_files_look(files, &look);
	if (r == 0)
		r = pat_files_access_team(look.conn, caller->person, team);
	if (r != 0)
		return r;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		query_team(look.conn, before > 0);
	pat_lite_bind_i64(&q, 1, team);
	pat_lite_bind_i64(&q, 2, kind);
	pat_lite_bind_i64(&q, 3, before > 0 ? before : after);
	pat_lite_bind_i64(&q, 4, (int64_t)limit + 1);
	r = walk(&q, kind, limit, fn, arg, &rows);
	if (r == 0)
		*ret_more = rows > limit;
	return r;
}

int pat_files_asset_get(struct pat_files *files, const struct pat_files_caller *caller,
                        enum pat_outline_table kind, const char *asset_key, pat_files_asset_fn *fn,
                        void *arg)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };
	unsigned rows = 0;

	if (strlen(asset_key) > KEY_BYTES_MAX)
		return PAT_FILES_E_NOT_FOUND;
	int r = pat_files_look(files, &look);
	if (r < 0)
		return r;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		look.conn,
		"SELECT " COLUMNS " FROM asset a JOIN file f ON f.id = a.file"
		" WHERE a.key = ?2 AND a.kind = ?3 AND f.trashed = 0 AND a.file IN (" PAT_FILES_ACCESS_OWN
		" UNION ALL " PAT_FILES_ACCESS_SHARED ")"
		/* What others share takes no key of one's own files away. */
		" ORDER BY (SELECT owner FROM team WHERE id = a.team) <> ?1, a.id LIMIT 1");
	pat_lite_bind_i64(&q, 1, caller->person);
	pat_lite_bind_text(&q, 2, asset_key, KEY_BYTES_MAX);
	pat_lite_bind_i64(&q, 3, kind);
	r = walk(&q, kind, 1, fn, arg, &rows);
	return r == 0 && rows == 0 ? PAT_FILES_E_NOT_FOUND : r;
}
