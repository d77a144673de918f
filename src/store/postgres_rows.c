/* SPDX-License-Identifier: Apache-2.0
 *
 * The store as plain rows (store/rows.h): read as any list, written with COPY.
 */
#include "store/postgres.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#define ROW_BYTES_MAX (PAT_PRODUCT_DOCUMENT_MAX + 131072)
#define CHUNK_BYTES   65536 /* rows that go to the server together */

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
	[PAT_ROWS_HEAD] = "SELECT seq, audit, time, session FROM head WHERE id = 1",
};

static const char *const copies[PAT_ROWS_TABLES] = {
	[PAT_ROWS_PERSON] =
		"COPY person (id, email, name, password, admin, disabled, created, wishes) FROM STDIN (FORMAT binary)",
	[PAT_ROWS_PORTAL_PERSON] =
		"COPY portal_person (person, service, subject, email) FROM STDIN (FORMAT binary)",
	[PAT_ROWS_PORTAL_LINK] =
		"COPY portal_link (hash, person, return_url, expires) FROM STDIN (FORMAT binary)",
	[PAT_ROWS_PICTURE] = "COPY picture (person, kind, hash, bytes) FROM STDIN (FORMAT binary)",
	[PAT_ROWS_SETUP] = "COPY setup (id, hash) FROM STDIN (FORMAT binary)",
	[PAT_ROWS_SESSION] =
		"COPY session (id, hash, person, created, seen, expires, address, agent, return_url) FROM STDIN (FORMAT binary)",
	[PAT_ROWS_SIGN_IN] = "COPY sign_in (person, address, last) FROM STDIN (FORMAT binary)",
	[PAT_ROWS_SCOPE_SET] = "COPY scope_set (id, hash, scopes) FROM STDIN (FORMAT binary)",
	[PAT_ROWS_TOKEN] =
		"COPY token (number, state, expires, digest, mac, owner, issued, flags, seq, key_id, revoked_seq, scope_set, name, hint, revoked, reason, last_used, use_count, note, limits, maker, known_as, replaced_by) FROM STDIN (FORMAT binary)",
	[PAT_ROWS_IDEMPOTENCY] =
		"COPY idempotency (person, key, request_hash, number, created) FROM STDIN (FORMAT binary)",
	[PAT_ROWS_CHANGE] = "COPY change (seq, kind, person, digest) FROM STDIN (FORMAT binary)",
	[PAT_ROWS_AUDIT] =
		"COPY audit (id, seq, at, actor, via, action, object, address, agent, request_id, key_id, mac) FROM STDIN (FORMAT binary)",
	[PAT_ROWS_FORMER_EMAIL] = "COPY former_email (audit, at, email) FROM STDIN (FORMAT binary)",
	[PAT_ROWS_NOTICE] =
		"COPY notice (id, audit, week_expires, week_number, day_expires, day_number, holder, until) FROM STDIN (FORMAT binary)",
	[PAT_ROWS_PRODUCT] =
		"COPY product (name, seq, imported, reading, key_id, mac, document) FROM STDIN (FORMAT binary)",
	[PAT_ROWS_SERVICE] =
		"COPY service (name, product, created, hash, key_id, mac, origins, title, accent) FROM STDIN (FORMAT binary)",
	[PAT_ROWS_USAGE_DAY] = "COPY usage_day (token, day, count) FROM STDIN (FORMAT binary)",
	[PAT_ROWS_USAGE_OPERATION] =
		"COPY usage_operation (token, product, method, name, scopes, judged, count, first, last, day) FROM STDIN (FORMAT binary)",
	[PAT_ROWS_USAGE_CLIENT] =
		"COPY usage_client (token, network, family, first, last, day) FROM STDIN (FORMAT binary)",
	[PAT_ROWS_USAGE_LAST] =
		"COPY usage_last (token, at, address, agent, turns, network_a, family_a, network_b, family_b, day) FROM STDIN (FORMAT binary)",
};

/* ---- Reading. */

static int row_hand_out(struct pat_pg_query *q, enum pat_rows_table table, pat_row_fn *fn,
                        void *arg)
{
	struct pat_cell cells[PAT_ROWS_CELLS_MAX] = { 0 };
	const char *types = pat_rows_types[table];

	for (int i = 0; types[i]; i++) {
		if (types[i] == 'i')
			cells[i].number = pat_pg_i64(q, i);
		else
			cells[i].bytes = pat_pg_here(q, i, &cells[i].len);
		if (types[i] != 'i' && types[i] != 'B' && !cells[i].bytes)
			return -EIO;
	}
	return q->malformed ? -EIO : fn(arg, table, cells);
}

int pat_pg_rows_read(struct pat_store *store, enum pat_rows_table table, pat_row_fn *fn, void *arg)
{
	pat_cleanup(pat_pg_reader_done) struct pat_pg_reader reader = { 0 };

	int e = pat_pg_reader_take(store, &reader);
	if (e == 0)
		e = pat_pg_reader_view(&reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_stream(reader.conn, selects[table]);
	while ((e = pat_pg_step(&q)) > 0) {
		e = row_hand_out(&q, table, fn, arg);
		if (e != 0)
			return e;
	}
	return e;
}

/* ---- Writing. */

struct sink {
	struct pat_rows_sink base;
	struct pat_pg_conn *conn;
	enum pat_rows_table table; /* that is being copied */
	bool copying;
	struct pat_buf buf; /* rows on their way */
};

static int chunk_send(struct sink *sink)
{
	int e = pat_buf_error(&sink->buf);

	if (e == 0 && sink->buf.len > 0)
		e = pat_pg_copy_put(sink->conn, sink->buf.data, sink->buf.len);
	pat_buf_clear(&sink->buf);
	return e;
}

static int table_end(struct sink *sink)
{
	if (!sink->copying)
		return 0;
	sink->copying = false;
	int e = chunk_send(sink);
	return e == 0 ? pat_pg_copy_end(sink->conn) : e;
}

static int table_begin(struct sink *sink, enum pat_rows_table table)
{
	int e = table_end(sink);

	if (e == 0)
		e = pat_pg_copy_begin(sink->conn, copies[table]);
	sink->copying = e == 0;
	sink->table = table;
	return e;
}

static int head_set(struct pat_pg_conn *conn, const struct pat_cell *cells)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(conn, "UPDATE head SET seq = $1, audit = $2, time = $3, session = $4"
	                           " WHERE id = 1");

	for (int i = 0; i < 4; i++)
		pat_pg_bind_i64(&q, i + 1, cells[i].number);
	return pat_pg_run(&q);
}

/* A field is its length and its bytes; a length of -1 is a NULL. */
static void cell_add(struct pat_buf *buf, char type, const struct pat_cell *cell)
{
	uint64_t number = htobe64((uint64_t)cell->number);
	const void *bytes = type == 'i' ? &number : cell->bytes;
	size_t len = type == 'i' ? sizeof(number) : cell->len;
	uint32_t head = htobe32(bytes ? (uint32_t)len : UINT32_MAX);

	(void)pat_buf_add(buf, &head, sizeof(head));
	if (bytes && len > 0)
		(void)pat_buf_add(buf, bytes, len);
}

static int row_put(struct pat_rows_sink *base, enum pat_rows_table table,
                   const struct pat_cell *cells)
{
	struct sink *sink = (struct sink *)base;
	const char *types = pat_rows_types[table];
	uint16_t n = htobe16((uint16_t)strlen(types));
	int e = 0;

	if (table == PAT_ROWS_HEAD) {
		e = table_end(sink);
		return e == 0 ? head_set(sink->conn, cells) : e;
	}
	if (!sink->copying || sink->table != table)
		e = table_begin(sink, table);
	if (e < 0)
		return e;
	(void)pat_buf_add(&sink->buf, &n, sizeof(n));
	for (int i = 0; types[i]; i++)
		cell_add(&sink->buf, types[i], &cells[i]);
	return sink->buf.len < CHUNK_BYTES ? 0 : chunk_send(sink);
}

struct write_op {
	pat_rows_fill_fn *fill;
	void *arg;
};

/* The rows come from another store, once: it is not run again. */
static int rows_write_op(struct pat_pg_tx *tx, void *arg)
{
	struct write_op *op = arg;
	struct sink sink = { .base = { .put = row_put }, .conn = tx->conn };

	tx->pg->writer.spoke = true;
	pat_buf_init(&sink.buf, ROW_BYTES_MAX);
	int e = op->fill(op->arg, &sink.base);
	/* The head comes last, and ends what was being copied: otherwise it was cut short. */
	tx->conn->broken |= sink.copying;
	pat_buf_done(&sink.buf);
	return e;
}

int pat_pg_rows_write(struct pat_store *store, pat_rows_fill_fn *fill, void *arg)
{
	return pat_pg_write(store, rows_write_op, &(struct write_op){ fill, arg });
}
