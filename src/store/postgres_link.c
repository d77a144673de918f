/* SPDX-License-Identifier: Apache-2.0
 *
 * The connection that writes. Its session holds an advisory lock for as long as it lives: shared with other nodes, or alone, so
 * that no second patd takes the database for its own. When it is lost, whoever connects again must find the same database, no
 * further back than it was: otherwise verifiers know of tokens that the store does not, and nothing is changed until they
 * have been loaded anew, by a node that follows (postgres_node.c) or by a restart.
 */
#include "store/postgres.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/crypto.h"
#include "base/log.h"

#define LOCK_WAIT_MS 2000
#define NAP_MS       10

/* "patd" and the schema: stores in two schemas of a database are two stores. */
#define LOCK_KEY "((1885434980::int8 << 32) | n.oid::int8)"

/* ---- The lock. */

static const char alone_sql[] = "SELECT pg_try_advisory_lock(" LOCK_KEY ")::int::int8"
				" FROM pg_namespace n WHERE n.nspname = current_schema()";
static const char shared_sql[] = "SELECT pg_try_advisory_lock_shared(" LOCK_KEY ")::int::int8"
				 " FROM pg_namespace n WHERE n.nspname = current_schema()";

static int lock_try(struct pat_pg_conn *conn, bool shared, bool *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(conn, shared ? shared_sql : alone_sql);

	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	*ret = pat_pg_i64(&q, 0) != 0;
	return 0;
}

/* Ends the session that was ours, if it is still there and still has the lock: its server has not noticed that we are gone. */
static int former_end(struct pat_pg_link *link)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		&link->conn,
		"SELECT count(pg_terminate_backend(a.pid)) FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid"
		" JOIN pg_namespace n ON n.nspname = current_schema()"
		" WHERE l.locktype = 'advisory' AND l.classid::int8 = 1885434980 AND l.objid = n.oid"
		" AND a.datname = current_database() AND a.pid::int8 = $1 AND a.backend_start::text = $2");

	pat_pg_bind_i64(&q, 1, link->backend);
	pat_pg_bind_text(&q, 2, link->backend_started, sizeof(link->backend_started));
	return pat_pg_run(&q);
}

/* 0, or -EBUSY: another patd has it. The session of one that has just ended takes a moment to end as well. */
static int lock_take(struct pat_pg_link *link, bool shared)
{
	bool locked = false;

	int e = lock_try(&link->conn, shared, &locked);
	if (e == 0 && !locked && link->backend != 0)
		e = former_end(link);
	for (int ms = 0; e == 0 && !locked && ms < LOCK_WAIT_MS; ms += NAP_MS) {
		(void)poll(NULL, 0, NAP_MS);
		e = lock_try(&link->conn, shared, &locked);
	}
	return e < 0 ? e : locked ? 0 : -EBUSY;
}

/* ---- Who is at the other end. */

static int backend_read(struct pat_pg_conn *conn, struct pat_pg_other_end *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(conn, "SELECT pid::int8, backend_start::text,"
	                           " left(pg_walfile_name(pg_current_wal_lsn()), 8)"
	                           " FROM pg_stat_activity WHERE pid = pg_backend_pid()");

	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	ret->backend = pat_pg_i64(&q, 0);
	pat_pg_text(&q, 1, ret->backend_started, sizeof(ret->backend_started));
	pat_pg_text(&q, 2, ret->timeline, sizeof(ret->timeline));
	return q.malformed ? -EIO : 0;
}

static int head_read(struct pat_pg_conn *conn, struct pat_pg_other_end *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(conn, "SELECT seq, identity FROM head WHERE id = 1");

	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	ret->seq = pat_pg_i64(&q, 0);
	pat_pg_text(&q, 1, ret->identity, sizeof(ret->identity));
	return q.malformed ? -EIO : 0;
}

int pat_pg_other_end(struct pat_pg_conn *conn, struct pat_pg_other_end *ret)
{
	int e = backend_read(conn, ret);

	return e < 0 ? e : head_read(conn, ret);
}

static void link_note(struct pat_pg_link *link, const struct pat_pg_other_end *end)
{
	link->backend = end->backend;
	memcpy(link->backend_started, end->backend_started,
	       sizeof(link->backend_started));                         /* UNSAFE: fixed sizes */
	memcpy(link->timeline, end->timeline, sizeof(link->timeline)); /* UNSAFE: fixed sizes */
	memcpy(link->identity, end->identity, sizeof(link->identity)); /* UNSAFE: fixed sizes */
}

/* ---- Opening. */

static int refuse(const struct pat_pg_link *link, int e, struct pat_err *err)
{
	struct pat_err words = { { 0 } };

	if (err->text[0])
		return e;
	if (e == -EBUSY)
		return pat_err_set(err, e, "the database is in use by another patd");
	pat_pg_conn_words(&link->conn, &words);
	return pat_err_set(err, e, "%s", words.text[0] ? words.text : pat_err_words(e));
}

/* What processes that ended long ago have left. */
static int batches_prune(struct pat_pg_conn *conn)
{
	return pat_pg_do(conn,
	                 "DELETE FROM batch WHERE at < extract(epoch FROM now())::int8 - 604800");
}

int pat_pg_id_make(char ret[static PAT_PG_ID_BYTES])
{
	uint8_t random[(PAT_PG_ID_BYTES - 1) / 2];

	int e = pat_random(random, sizeof(random));
	if (e == 0)
		pat_hex_encode(random, sizeof(random), ret);
	return e;
}

int pat_pg_link_open(struct pat_pg *pg, struct pat_err *err)
{
	struct pat_pg_link *link = &pg->link;
	struct pat_pg_other_end end = { 0 };
	struct pat_err why = { { 0 } };

	int e = pat_pg_server_connect(pg->url, &link->conn, &why);
	if (e < 0)
		e = pat_pg_server_explain(pg->url, e, &why);
	if (e == 0)
		e = pat_pg_server_sessions(pg->url, &link->conn, &why);
	if (e == 0)
		e = lock_take(link, pg->shared);
	if (e == 0)
		e = pat_pg_migrate(&link->conn, &why);
	if (e == 0)
		e = pat_pg_id_make(link->id);
	if (e == 0)
		e = batches_prune(&link->conn);
	if (e == 0)
		e = pat_pg_other_end(&link->conn, &end);
	if (e < 0) {
		(void)refuse(link, e, &why);
		return pat_err_set(err, e, "PostgreSQL: %s", why.text);
	}
	link->conn.unnamed = false;
	link_note(link, &end);
	pg->feed.told = end.seq; /* nobody else is there yet */
	if (pg->shared)
		memcpy(pg->feed.timeline, end.timeline,
		       sizeof(end.timeline)); /* UNSAFE: fixed sizes */
	return 0;
}

void pat_pg_link_done(struct pat_pg *pg)
{
	pat_pg_conn_close(&pg->link.conn);
}

/* ---- Connecting anew. */

/* Once until it changes: a link that does not work is tried by every writer. */
static void say(struct pat_pg_link *link, const char *event, const char *key, const char *words)
{
	if (link->said && strcmp(link->said, event) == 0)
		return;
	link->said = event;
	pat_log(PAT_LOG_ERROR, event, key, words, NULL);
}

static void say_lost(struct pat_pg_link *link, const char *words)
{
	if (!link->said)
		say(link, "store.lost", "error", words);
}

/* The same database as before, or -ESTALE. `told`, from before it was read, behind the head is no fault: it is what the feed
 * is for. */
static int end_judge(struct pat_pg_link *link, const struct pat_pg_other_end *end, int64_t told)
{
	if (strcmp(end->identity, link->identity) == 0 && end->seq >= told)
		return 0;
	say(link, "store.other_history", "hint",
	    "the database is another one, or was put back to an earlier state; what is known of it has to be loaded anew");
	return -ESTALE;
}

static int link_connect(struct pat_pg *pg)
{
	struct pat_pg_link *link = &pg->link;
	struct pat_pg_other_end end = { 0 };
	struct pat_err err = { { 0 } };
	int64_t told = pat_pg_feed_told(pg);

	if (pat_pg_refused_lately(link->refused_ns))
		return -ECONNREFUSED;
	if (link->conn.db) {
		pat_pg_conn_words(&link->conn, &err);
		say_lost(link, err.text);
		pat_pg_conn_close(&link->conn);
	}
	int e = pat_pg_server_connect(pg->url, &link->conn, &err);
	if (e == 0)
		e = head_read(&link->conn, &end);
	if (e == 0)
		e = end_judge(link, &end, told);
	if (e < 0) {
		say_lost(link, err.text);
		link->refused_ns = pat_clock_boot_ns();
		pat_pg_conn_close(&link->conn);
	}
	return e;
}

/* Takes the lock again, and what the session is known by. */
static int link_own(struct pat_pg *pg)
{
	struct pat_pg_link *link = &pg->link;
	struct pat_pg_other_end end = { 0 };

	int e = lock_take(link, pg->shared);
	if (e == 0)
		e = pat_pg_other_end(&link->conn, &end);
	if (e < 0) {
		if (e == -EBUSY)
			say(link, "store.taken", "hint", "another patd has taken the database");
		pat_pg_conn_close(&link->conn);
		return e;
	}
	link_note(link, &end);
	link->conn.unnamed = false;
	link->refused_ns = 0;
	if (link->said)
		pat_log(PAT_LOG_INFO, "store.regained", NULL);
	link->said = NULL;
	return 0;
}

int pat_pg_link_ready(struct pat_pg *pg)
{
	struct pat_pg_link *link = &pg->link;

	if (link->conn.db && !link->conn.broken && !link->conn.unnamed)
		return 0;
	if (!link->conn.db || link->conn.broken) {
		int e = link_connect(pg);
		if (e < 0)
			return e;
	}
	return link_own(pg);
}

/* ---- A transaction. */

/* Leaves the transaction's number in our row as well, so that it can be asked for. A transaction's own number will not do: after
 * a crash the server may give it to another one. */
static int head_lock(struct pat_pg_link *link, struct pat_pg_other_end *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		&link->conn,
		"WITH locked AS (SELECT seq, identity FROM head WHERE id = 1 FOR UPDATE),"
		" noted AS (INSERT INTO batch (link, number, at)"
		" SELECT $1, $2, extract(epoch FROM now())::int8 FROM locked"
		" ON CONFLICT (link) DO UPDATE SET number = excluded.number, at = excluded.at)"
		" SELECT seq, identity FROM locked");

	pat_pg_bind_text(&q, 1, link->id, sizeof(link->id));
	pat_pg_bind_i64(&q, 2, ++link->number);
	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	ret->seq = pat_pg_i64(&q, 0);
	pat_pg_text(&q, 1, ret->identity, sizeof(ret->identity));
	return q.malformed ? -EIO : 0;
}

/* A server of another timeline than the one that is followed has, or lacks, changes that its numbers do not tell of: one that
 * was primary before, or one that has just become it. */
static int timeline_judge(struct pat_pg *pg)
{
	struct pat_pg_link *link = &pg->link;

	(void)pthread_mutex_lock(&pg->feed.lock);
	bool same = pg->feed.timeline[0] == '\0' || strcmp(pg->feed.timeline, link->timeline) == 0;
	(void)pthread_mutex_unlock(&pg->feed.lock);
	if (same)
		return 0;
	say(link, "store.other_timeline", "hint",
	    "another server has taken over, or this one has: it is asked again when this is known of all connections");
	link->conn.broken = true;
	return -ECONNRESET;
}

int pat_pg_link_begin(struct pat_pg *pg)
{
	struct pat_pg_other_end end = { 0 };
	int64_t told = pat_pg_feed_told(pg);

	int e = timeline_judge(pg);
	if (e == 0)
		e = pat_pg_do(&pg->link.conn, "BEGIN");
	if (e == 0)
		e = head_lock(&pg->link, &end);
	if (e == 0)
		e = end_judge(&pg->link, &end, told);
	return e == 0 ? pat_pg_feed_catch_up(pg, &pg->link.conn, end.seq) : e;
}

/* ---- Fate. */

/* A change of nothing, under the lock: whatever was committed before is where it is to be kept when this is. */
static int probe(struct pat_pg_conn *conn, const char *id, int64_t *ret_number)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		conn,
		"WITH locked AS (UPDATE head SET probe = (probe + 1) % 1000000 WHERE id = 1"
		" RETURNING id)"
		" SELECT coalesce((SELECT number FROM batch WHERE link = $1), 0) FROM locked");

	pat_pg_bind_text(&q, 1, id, strlen(id));
	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	*ret_number = pat_pg_i64(&q, 0);
	return 0;
}

/* `ret_number`: the last of ours that was committed. Whoever has the lock on the head finds no transaction under way, ours included:
 * so the lock is waited for first, in a statement of its own, whose successor sees what was committed meanwhile. */
static int committed_number(struct pat_pg_link *link, int64_t *ret_number)
{
	struct pat_pg_conn *conn = &link->conn;
	int error = 0;

	int e = pat_pg_do(conn, "BEGIN; SELECT FROM head WHERE id = 1 FOR UPDATE");
	if (e == 0)
		e = probe(conn, link->id, ret_number);
	if (e < 0) {
		pat_pg_conn_rollback(conn);
		return e;
	}
	switch (pat_pg_conn_commit(conn, &error)) {
	case PAT_PG_COMMITTED:
		return 0;
	case PAT_PG_UNKNOWN:
		return -ECONNRESET;
	case PAT_PG_ROLLED_BACK:
		return error;
	case PAT_PG_UNCONFIRMED:
	default:
		return -EIO;
	}
}

int pat_pg_link_confirm(struct pat_pg *pg)
{
	int64_t ignored = 0;

	return committed_number(&pg->link, &ignored);
}

enum pat_pg_commit pat_pg_link_fate(struct pat_pg *pg)
{
	struct pat_pg_link *link = &pg->link;
	uint64_t deadline_ns = pat_clock_boot_ns() + PAT_PG_FATE_MS * 1000000ull;
	int64_t number = 0;
	int e = -EAGAIN;

	while (e < 0 && pat_clock_boot_ns() < deadline_ns) {
		bool open = link->conn.db && !link->conn.broken;

		if (open || link_connect(pg) == 0)
			e = committed_number(link, &number);
		if (e < 0)
			(void)poll(NULL, 0, NAP_MS);
	}
	enum pat_pg_commit fate = e < 0                    ? PAT_PG_UNKNOWN
	                          : number == link->number ? PAT_PG_COMMITTED
	                                                   : PAT_PG_ROLLED_BACK;
	pat_log(PAT_LOG_WARNING, "store.commit_unanswered", "found",
	        fate == PAT_PG_COMMITTED     ? "committed"
	        : fate == PAT_PG_ROLLED_BACK ? "rolled back"
	                                     : "unknown",
	        NULL);
	return fate;
}
