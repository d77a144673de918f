/* SPDX-License-Identifier: Apache-2.0
 *
 * Every token at once, at start. One statement, whose rows are checked as they arrive while the server reads on: the two of
 * them are the two threads that SQLite's load has to make for itself. One view, so that the head belongs to it.
 */
#include "store/postgres.h"

#include <errno.h>

static int seq_read(struct pat_pg_conn *conn, int64_t *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(conn, "SELECT seq FROM head WHERE id = 1");

	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	*ret = pat_pg_i64(&q, 0);
	return 0;
}

static int rows_load(struct pat_pg *pg, struct pat_pg_conn *conn, int64_t expired_before_s,
                     pat_record_fn *fn, void *arg)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_stream(
		conn, PAT_PG_TOKEN_SELECT
		"WHERE t.state = 0 AND t.expires > $1"
		" AND NOT EXISTS (SELECT FROM person p WHERE p.id = t.owner AND p.disabled <> 0)");

	pat_pg_bind_i64(&q, 1, expired_before_s);
	return pat_pg_token_hand_out(pg, &q, UINT32_MAX, fn, arg);
}

int pat_pg_token_load(struct pat_store *store, int64_t expired_before_s, int64_t *ret_seq,
                      pat_record_fn *fn, void *arg)
{
	pat_cleanup(pat_pg_reader_done) struct pat_pg_reader reader = { 0 };
	int64_t seq = 0;

	int e = pat_pg_reader_take(store, &reader);
	if (e == 0)
		e = pat_pg_reader_view(&reader);
	if (e == 0)
		e = seq_read(reader.conn, &seq);
	if (e == 0)
		e = rows_load((struct pat_pg *)store, reader.conn, expired_before_s, fn, arg);
	if (e == 0)
		*ret_seq = seq;
	return e;
}
