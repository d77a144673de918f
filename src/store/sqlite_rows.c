/* SPDX-License-Identifier: Apache-2.0
 *
 * The store as plain rows (store/rows.h).
 */
#include "store/sqlite.h"

#include <errno.h>
#include <string.h>

/* The last number of a session is in SQLite's own book of them. */
static const char *const selects[PAT_ROWS_TABLES] = {
	[PAT_ROWS_PERSON] =
		"SELECT id, email, name, password, admin, disabled, created, wishes FROM person ORDER BY id",
	[PAT_ROWS_PORTAL_PERSON] =
		"SELECT person, service, subject, email FROM portal_person ORDER BY person",
	[PAT_ROWS_PORTAL_LINK] =
		"SELECT hash, person, return_url, expires FROM portal_link ORDER BY hash",
	[PAT_ROWS_PICTURE] = "SELECT person, kind, hash, bytes FROM picture ORDER BY person",
	[PAT_ROWS_SETUP] = "SELECT id, hash FROM setup",
	[PAT_ROWS_SESSION] =
		"SELECT id, hash, person, created, seen, expires, address, agent, return_url FROM session ORDER BY id",
	[PAT_ROWS_SIGN_IN] = "SELECT person, address, last FROM sign_in ORDER BY person, address",
	[PAT_ROWS_SCOPE_SET] = "SELECT id, hash, scopes FROM scope_set ORDER BY id",
	[PAT_ROWS_TOKEN] =
		"SELECT number, state, expires, digest, mac, owner, issued, flags, seq, key_id,"
		" revoked_seq, scope_set, name, hint, revoked, reason, last_used, use_count, note,"
		" limits, maker, known_as, replaced_by FROM token ORDER BY number",
	[PAT_ROWS_IDEMPOTENCY] = "SELECT person, key, request_hash, number, created"
				 " FROM idempotency ORDER BY person, key",
	[PAT_ROWS_CHANGE] = "SELECT seq, kind, person, digest FROM change ORDER BY seq",
	[PAT_ROWS_AUDIT] =
		"SELECT id, seq, at, actor, via, action, object, address, agent, request_id,"
		" key_id, mac FROM audit ORDER BY id",
	[PAT_ROWS_FORMER_EMAIL] = "SELECT audit, at, email FROM former_email ORDER BY audit",
	[PAT_ROWS_NOTICE] =
		"SELECT id, audit, week_expires, week_number, day_expires, day_number, holder, until FROM notice",
	[PAT_ROWS_PRODUCT] = "SELECT name, seq, imported, reading, key_id, mac, document"
			     " FROM product ORDER BY name",
	[PAT_ROWS_SERVICE] =
		"SELECT name, product, created, hash, key_id, mac, origins, title, accent FROM service ORDER BY name",
	[PAT_ROWS_USAGE_DAY] = "SELECT token, day, count FROM usage_day ORDER BY token, day",
	[PAT_ROWS_USAGE_OPERATION] =
		"SELECT token, product, method, name, scopes, judged, count, first, last, day FROM usage_operation ORDER BY token, product, method, name, scopes",
	[PAT_ROWS_USAGE_CLIENT] =
		"SELECT token, network, family, first, last, day FROM usage_client ORDER BY token, network, family",
	[PAT_ROWS_USAGE_LAST] =
		"SELECT token, at, address, agent, turns, network_a, family_a, network_b, family_b, day FROM usage_last ORDER BY token",
	[PAT_ROWS_HEAD] = "SELECT seq, audit, time, coalesce((SELECT seq FROM sqlite_sequence"
			  " WHERE name = 'session'), 0) FROM head WHERE id = 1",
};

static const char *const inserts[PAT_ROWS_TABLES] = {
	[PAT_ROWS_PERSON] =
		"INSERT INTO person (id, email, name, password, admin, disabled, created, wishes)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[PAT_ROWS_PORTAL_PERSON] =
		"INSERT INTO portal_person (person, service, subject, email) VALUES (?1, ?2, ?3, ?4)",
	[PAT_ROWS_PORTAL_LINK] =
		"INSERT INTO portal_link (hash, person, return_url, expires) VALUES (?1, ?2, ?3, ?4)",
	[PAT_ROWS_PICTURE] =
		"INSERT INTO picture (person, kind, hash, bytes) VALUES (?1, ?2, ?3, ?4)",
	[PAT_ROWS_SETUP] = "INSERT INTO setup (id, hash) VALUES (?1, ?2)",
	[PAT_ROWS_SESSION] =
		"INSERT INTO session (id, hash, person, created, seen, expires, address, agent, return_url)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[PAT_ROWS_SIGN_IN] = "INSERT INTO sign_in (person, address, last) VALUES (?1, ?2, ?3)",
	[PAT_ROWS_SCOPE_SET] = "INSERT INTO scope_set (id, hash, scopes) VALUES (?1, ?2, ?3)",
	[PAT_ROWS_TOKEN] =
		"INSERT INTO token (number, state, expires, digest, mac, owner, issued, flags, seq,"
		" key_id, revoked_seq, scope_set, name, hint, revoked, reason, last_used,"
		" use_count, note, limits, maker, known_as, replaced_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
		" ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)",
	[PAT_ROWS_IDEMPOTENCY] =
		"INSERT INTO idempotency (person, key, request_hash, number, created)"
		" VALUES (?1, ?2, ?3, ?4, ?5)",
	[PAT_ROWS_CHANGE] =
		"INSERT INTO change (seq, kind, person, digest) VALUES (?1, ?2, ?3, ?4)",
	[PAT_ROWS_AUDIT] =
		"INSERT INTO audit (id, seq, at, actor, via, action, object, address, agent,"
		" request_id, key_id, mac)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	[PAT_ROWS_FORMER_EMAIL] = "INSERT INTO former_email (audit, at, email) VALUES (?1, ?2, ?3)",
	[PAT_ROWS_NOTICE] =
		"INSERT INTO notice (id, audit, week_expires, week_number, day_expires, day_number, holder, until)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[PAT_ROWS_PRODUCT] =
		"INSERT INTO product (name, seq, imported, reading, key_id, mac, document)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[PAT_ROWS_SERVICE] =
		"INSERT INTO service (name, product, created, hash, key_id, mac, origins, title, accent)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[PAT_ROWS_USAGE_DAY] = "INSERT INTO usage_day (token, day, count) VALUES (?1, ?2, ?3)",
	[PAT_ROWS_USAGE_OPERATION] =
		"INSERT INTO usage_operation (token, product, method, name, scopes, judged, count, first, last, day) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[PAT_ROWS_USAGE_CLIENT] =
		"INSERT INTO usage_client (token, network, family, first, last, day) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[PAT_ROWS_USAGE_LAST] =
		"INSERT INTO usage_last (token, at, address, agent, turns, network_a, family_a, network_b, family_b, day) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	/* The session's number may not be there yet. */
	[PAT_ROWS_HEAD] =
		"UPDATE head SET seq = ?1, audit = ?2, time = ?3 WHERE id = 1 AND ?4 IS NOT NULL",
};

/* ---- Reading. */

static int row_hand_out(struct pat_lite_query *q, enum pat_rows_table table, pat_row_fn *fn,
                        void *arg)
{
	struct pat_cell cells[PAT_ROWS_CELLS_MAX] = { 0 };
	const char *types = pat_rows_types[table];

	for (int i = 0; types[i]; i++) {
		bool null = sqlite3_column_type(q->statement, i) == SQLITE_NULL;

		if (types[i] == 'i')
			cells[i].number = pat_lite_i64(q, i);
		else if (types[i] == 't')
			cells[i].bytes = pat_lite_text_here(q, i);
		else if (!null)
			cells[i].bytes = pat_lite_blob_here(q, i, &cells[i].len);
		if (types[i] == 't')
			cells[i].len = (size_t)sqlite3_column_bytes(q->statement, i);
		/* Bytes of no length have no place in SQLite. */
		if (types[i] != 'i' && !null && cells[i].len == 0)
			cells[i].bytes = "";
		if (null && types[i] != 'B')
			return -EIO;
	}
	return q->malformed ? -EIO : fn(arg, table, cells);
}

int pat_lite_rows_read(struct pat_store *store, enum pat_rows_table table, pat_row_fn *fn,
                       void *arg)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };

	int e = pat_lite_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(reader.conn, selects[table]);
	while ((e = pat_lite_step(&q)) > 0) {
		e = row_hand_out(&q, table, fn, arg);
		if (e != 0)
			return e;
	}
	return e;
}

/* ---- Writing. */

struct sink {
	struct pat_rows_sink base;
	struct pat_lite_conn *conn;
};

static int sequence_set(struct pat_lite_conn *conn, int64_t last)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query drop =
		pat_lite_query(conn, "DELETE FROM sqlite_sequence WHERE name = 'session'");
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn, "INSERT INTO sqlite_sequence (name, seq) VALUES ('session', ?1)");

	pat_lite_bind_i64(&q, 1, last);
	int e = pat_lite_run(&drop);
	return e == 0 ? pat_lite_run(&q) : e;
}

static int row_put(struct pat_rows_sink *base, enum pat_rows_table table,
                   const struct pat_cell *cells)
{
	struct sink *sink = (struct sink *)base;
	const char *types = pat_rows_types[table];
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(sink->conn, inserts[table]);

	for (int i = 0; types[i]; i++) {
		if (types[i] == 'i')
			pat_lite_bind_i64(&q, i + 1, cells[i].number);
		else if (types[i] == 't')
			pat_lite_bind_text(&q, i + 1, cells[i].bytes, cells[i].len);
		else if (cells[i].bytes)
			pat_lite_bind_blob(&q, i + 1, cells[i].bytes, cells[i].len);
	}
	int e = pat_lite_run(&q);
	return e == 0 && table == PAT_ROWS_HEAD ? sequence_set(sink->conn, cells[3].number) : e;
}

struct write_op {
	pat_rows_fill_fn *fill;
	void *arg;
};

static int rows_write_op(struct pat_lite_tx *tx, void *arg)
{
	struct write_op *op = arg;
	struct sink sink = { .base = { .put = row_put }, .conn = tx->conn };

	return op->fill(op->arg, &sink.base);
}

int pat_lite_rows_write(struct pat_store *store, pat_rows_fill_fn *fill, void *arg)
{
	return pat_lite_write(store, rows_write_op, &(struct write_op){ fill, arg });
}
