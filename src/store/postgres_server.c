/* SPDX-License-Identifier: Apache-2.0
 *
 * What a server must be before patd keeps anything there. Everything that would make "durable before acknowledged" untrue
 * is refused, with the reason, before anything is changed.
 */
#include "store/postgres.h"

#include <errno.h>
#include <string.h>

#include "base/provoke.h"

#define VERSION_MIN 130000 /* pg_current_xact_id(), gen_random_uuid() */

struct server {
	int64_t version;
	int64_t standby;
	int64_t read_only;
	char synchronous_commit[16];
	char fsync[8];
	char encoding[32];
	char schema[64]; /* "": none that may be used */
};

static int server_read(struct pat_pg_conn *conn, struct server *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		conn, "SELECT current_setting('server_version_num')::int8,"
		      " pg_is_in_recovery()::int::int8,"
		      " (current_setting('transaction_read_only') = 'on')::int::int8,"
		      " current_setting('synchronous_commit'), current_setting('fsync'),"
		      " current_setting('server_encoding'), coalesce(current_schema()::text, '')");

	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	ret->version = pat_pg_i64(&q, 0);
	ret->standby = pat_pg_i64(&q, 1);
	ret->read_only = pat_pg_i64(&q, 2);
	pat_pg_text(&q, 3, ret->synchronous_commit, sizeof(ret->synchronous_commit));
	pat_pg_text(&q, 4, ret->fsync, sizeof(ret->fsync));
	pat_pg_text(&q, 5, ret->encoding, sizeof(ret->encoding));
	pat_pg_text(&q, 6, ret->schema, sizeof(ret->schema));
	return q.malformed ? -EIO : 0;
}

static int server_judge(const struct server *s, struct pat_err *err)
{
	if (s->version < VERSION_MIN)
		return pat_err_set(err, -EINVAL,
		                   "PostgreSQL %lld is too old: 13 or newer is needed",
		                   (long long)s->version / 10000);
	if (s->standby)
		return pat_err_set(err, -EROFS,
		                   "this server is a standby, in recovery: name the primary");
	if (s->read_only)
		return pat_err_set(
			err, -EROFS,
			"sessions of this server are read-only (default_transaction_read_only)");
	if (strcmp(s->fsync, "on") != 0)
		return pat_err_set(err, -EINVAL,
		                   "fsync is off: a change that was acknowledged could be lost");
	if (strcmp(s->synchronous_commit, "off") == 0 ||
	    strcmp(s->synchronous_commit, "local") == 0)
		return pat_err_set(
			err, -EINVAL,
			"synchronous_commit is %s: a change that was acknowledged could be lost; set it to on for this role or database",
			s->synchronous_commit);
	if (strcmp(s->encoding, "UTF8") != 0)
		return pat_err_set(err, -EINVAL, "the database's encoding is %s, not UTF8",
		                   s->encoding);
	if (s->schema[0] == '\0')
		return pat_err_set(err, -EINVAL,
		                   "there is no schema in the search_path of this role");
	return 0;
}

/* The session keeps what was found: a setting that is changed under a running patd is not taken over. */
static int commits_fix(struct pat_pg_conn *conn)
{
	return pat_pg_do(
		conn,
		"SELECT set_config('synchronous_commit', current_setting('synchronous_commit'), false)");
}

int pat_pg_server_examine(struct pat_pg_conn *conn, struct pat_err *err)
{
	struct server server;
	struct pat_err words = { { 0 } };

	int e = server_read(conn, &server);
	if (e == 0)
		e = server_judge(&server, err);
	else
		pat_pg_conn_words(conn, &words);
	if (e == 0)
		e = pat_breaks("ASYNC_REVOKE") ? pat_pg_do(conn, "SET synchronous_commit = local")
		                               : commits_fix(conn);
	return e < 0 && words.text[0] ? pat_err_set(err, e, "%s", words.text) : e;
}

int pat_pg_server_connect(const char *url, struct pat_pg_conn *ret, struct pat_err *err)
{
	int e = pat_pg_conn_open(ret, url, PAT_PG_WRITES, err);

	if (e < 0)
		return e;
	e = pat_pg_server_examine(ret, err);
	if (e < 0)
		pat_pg_conn_close(ret);
	return e;
}

/* What libpq says of a server that can not be written to is not what an operator needs to hear. */
int pat_pg_server_explain(const char *url, int e, struct pat_err *err)
{
	struct pat_pg_conn any = { 0 };
	struct pat_err why = { { 0 } };

	if (e == -ECONNREFUSED && pat_pg_conn_open(&any, url, PAT_PG_LOOKS, &why) == 0) {
		int found = pat_pg_server_examine(&any, &why);

		if (found < 0)
			e = pat_err_set(err, found, "%s", why.text);
	}
	pat_pg_conn_close(&any);
	return e;
}

/* ---- Poolers. */

static int backend_of(struct pat_pg_conn *conn, int64_t *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(conn, "SELECT pg_backend_pid()::int8");

	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	*ret = pat_pg_i64(&q, 0);
	return 0;
}

/* Two connections that are open at the same time have two backends, and keep them from one transaction to the next. A pooler
 * in transaction mode lends its few to whoever has a transaction: it shows one to both, or several to one. */
int pat_pg_server_sessions(const char *url, struct pat_pg_conn *conn, struct pat_err *err)
{
	struct pat_pg_conn other = { 0 };
	int64_t seen[4] = { 0 };

	int e = backend_of(conn, &seen[0]);
	if (e == 0)
		e = pat_pg_conn_open(&other, url, PAT_PG_READS, err);
	if (e == 0)
		e = backend_of(&other, &seen[1]);
	if (e == 0)
		e = backend_of(conn, &seen[2]);
	if (e == 0)
		e = backend_of(&other, &seen[3]);
	pat_pg_conn_close(&other);
	if (e < 0)
		return e;
	if (seen[0] != seen[2] || seen[1] != seen[3] || seen[0] == seen[1])
		return pat_err_set(
			err, -EINVAL,
			"a pooler in transaction mode is in between, and patd needs sessions of its own: connect to the server itself, or use the pooler's session mode");
	return 0;
}
