/* SPDX-License-Identifier: Apache-2.0
 *
 * A node's own connection. It writes one row, its own, never the head: a writer somewhere that stands still with the head
 * locked must not keep a node from renewing its lease.
 *
 * What a newcomer would get wrong:
 *  - N2 and N3 are two transactions. One that did both would see what was committed before it began, and say that it is there
 *    only when it ends: a change in between would find nobody to wait for, and nobody would find the change.
 *  - N2 is a write, and waits for the standby, if there is one. A primary that was replaced while it still runs can not
 *    complete it. A warning in it is a failure: the wait was cancelled.
 *  - Notifications are hints. They are sent in transactions of their own, which wait for nothing: within the change's, they
 *    would hold a lock of the whole server's until a standby has answered.
 */
#include "store/node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/provoke.h"
#include "store/postgres.h"

struct pat_node {
	struct pat_pg *pg;
	struct pat_pg_conn conn;
	char label[PAT_NODE_LABEL_MAX + 1];
	int64_t lease_ms;
	char history[PAT_NODE_HISTORY_BYTES];
	char incarnation[PAT_INCARNATION_CHARS + 1];
	int64_t counter; /* of rounds. Counted here: a number that a failover has lost must not be used again */
	int64_t acknowledged; /* what the row says */
};

/* ---- Connecting. */

int pat_pg_node_open(struct pat_store *store, const char *label, int64_t lease_ms,
                     struct pat_node **ret)
{
	struct pat_pg *pg = (struct pat_pg *)store;

	struct pat_node *node = calloc(1, sizeof(*node));
	if (!node)
		return -ENOMEM;
	node->pg = pg;
	node->lease_ms = lease_ms;
	(void)snprintf(node->label, sizeof(node->label), "%s", label);
	*ret = node;
	return 0;
}

void pat_node_close(struct pat_node *node)
{
	if (!node)
		return;
	pat_pg_conn_close(&node->conn);
	free(node);
}

/* The timeline that is followed from now on: connections to a server of another one are not used any more. They are numbered, in
 * hexadecimal of a fixed length, and nobody goes back to one: its server was left behind. */
static int timeline_take(struct pat_node *node, const struct pat_pg_other_end *end)
{
	struct pat_pg_feed *feed = &node->pg->feed;

	(void)pthread_mutex_lock(&feed->lock);
	int order = strcmp(end->timeline, feed->timeline);
	bool behind = end->seq < feed->told;
	if (order > 0)
		memcpy(feed->timeline, end->timeline,
		       sizeof(feed->timeline)); /* UNSAFE: fixed sizes */
	(void)pthread_mutex_unlock(&feed->lock);
	if (order < 0)
		return -ESTALE;
	return order == 0 && !behind ? 0 : PAT_NODE_E_ANEW;
}

static int connect_steps(struct pat_node *node, struct pat_err *err)
{
	struct pat_pg_other_end end = { 0 };

	int e = pat_pg_server_connect(node->pg->url, &node->conn, err);
	if (e == 0)
		e = pat_pg_do(&node->conn, "LISTEN patd_head; LISTEN patd_ack");
	if (e == 0 && pat_breaks("ASYNC_REGISTER"))
		e = pat_pg_do(&node->conn, "SET synchronous_commit = local");
	if (e == 0)
		e = pat_pg_other_end(&node->conn, &end);
	if (e < 0)
		return e;
	if (strcmp(end.identity, node->pg->link.identity) != 0)
		return pat_err_set(err, -ESTALE, "this is another database");
	node->conn.unnamed = false;
	(void)snprintf(node->history, sizeof(node->history), "%s-%s", end.identity, end.timeline);
	return timeline_take(node, &end);
}

int pat_node_connect(struct pat_node *node)
{
	struct pat_err err = { { 0 } };

	if (node->conn.db && !node->conn.broken)
		return 0;
	pat_pg_conn_close(&node->conn);
	int e = connect_steps(node, &err);
	if (e < 0) {
		pat_log(PAT_LOG_DEBUG, "node.not_connected", "error",
		        err.text[0] ? err.text : pat_err_words(e), NULL);
		pat_pg_conn_close(&node->conn);
	}
	return e;
}

/* ---- The row. */

/* One statement, which is a transaction: durable, or a failure. */
static int run_durably(struct pat_pg_conn *conn, struct pat_pg_query *q)
{
	conn->warned = false;
	int e = pat_pg_run(q);
	return e == 0 && conn->warned ? -EIO : e;
}

int pat_node_register(struct pat_node *node)
{
	int e = pat_pg_id_make(node->incarnation);

	if (e < 0)
		return e;
	node->acknowledged = 0;
	node->counter = 1;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		&node->conn, "INSERT INTO node (incarnation, label, lease, counter, applied)"
			     " VALUES ($1, $2, $3, 1, 0)");
	pat_pg_bind_text(&q, 1, node->incarnation, PAT_INCARNATION_CHARS);
	pat_pg_bind_text(&q, 2, node->label, PAT_NODE_LABEL_MAX);
	pat_pg_bind_i64(&q, 3, node->lease_ms);
	return run_durably(&node->conn, &q);
}

int pat_node_raise(struct pat_node *node, int64_t applied)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		&node->conn, "UPDATE node SET counter = $3, applied = $2 WHERE incarnation = $1");

	pat_pg_bind_text(&q, 1, node->incarnation, PAT_INCARNATION_CHARS);
	pat_pg_bind_i64(&q, 2, applied);
	pat_pg_bind_i64(&q, 3, ++node->counter);
	int e = run_durably(&node->conn, &q);
	if (e < 0)
		return e;
	node->acknowledged = applied;
	return pat_pg_changed(&q) == 1 ? 0 : PAT_NODE_E_REAPED;
}

/* ---- Following. */

static int view_read(struct pat_pg_conn *conn, struct pat_node_view *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		conn, "SELECT seq, extract(epoch FROM clock_timestamp())::int8 FROM head"
		      " WHERE id = 1");

	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	ret->head = pat_pg_i64(&q, 0);
	ret->database_s = pat_pg_i64(&q, 1);
	return q.malformed ? -EIO : 0;
}

int pat_node_follow(struct pat_node *node, struct pat_node_view *ret)
{
	int64_t told = pat_node_told(node);

	int e = view_read(&node->conn, ret);
	if (e < 0)
		return e;
	if (ret->head < told)
		return PAT_NODE_E_ANEW;
	e = pat_pg_feed_catch_up(node->pg, &node->conn, ret->head);
	return e == -ESTALE ? PAT_NODE_E_ANEW : e;
}

/* The setting is of the transaction, and looked at when it ends. */
#define WAITING_FOR_NOTHING \
	"WITH off AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))"

static int changed_tell(struct pat_node *node)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(&node->conn, WAITING_FOR_NOTHING
	                     " SELECT pg_notify('patd_head', '')::text FROM off");

	return pat_pg_run(&q);
}

static int applied_tell(struct pat_node *node, int64_t applied)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		&node->conn, WAITING_FOR_NOTHING
		", told AS (UPDATE node SET applied = $2 FROM off WHERE incarnation = $1 RETURNING 1)"
		" SELECT pg_notify('patd_ack', '')::text FROM told");

	pat_pg_bind_text(&q, 1, node->incarnation, PAT_INCARNATION_CHARS);
	pat_pg_bind_i64(&q, 2, applied);
	int e = pat_pg_run(&q);
	if (e == 0)
		node->acknowledged = applied;
	return e;
}

int pat_node_acknowledge(struct pat_node *node, int64_t applied, bool changed)
{
	int e = changed ? changed_tell(node) : 0;

	return e == 0 && applied > node->acknowledged ? applied_tell(node, applied) : e;
}

/* ---- The others. */

int pat_node_list(struct pat_node *node, pat_node_fn *fn, void *arg)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		&node->conn, "SELECT incarnation, label, counter, applied, lease FROM node"
			     " ORDER BY label, incarnation LIMIT $1");
	int e = 0;

	pat_pg_bind_i64(&q, 1, PAT_NODES_MAX);
	while ((e = pat_pg_step(&q)) > 0) {
		struct pat_node_row row = { .counter = pat_pg_i64(&q, 2),
			                    .applied = pat_pg_i64(&q, 3),
			                    .lease_ms = pat_pg_i64(&q, 4) };

		pat_pg_text(&q, 0, row.incarnation, sizeof(row.incarnation));
		pat_pg_text(&q, 1, row.label, sizeof(row.label));
		if (q.malformed)
			return -EIO; /* the table's own checks keep such rows out */
		e = fn(arg, &row);
		if (e != 0)
			return e;
	}
	return e;
}

int pat_node_reap(struct pat_node *node, const char *incarnation, int64_t counter)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		&node->conn, "DELETE FROM node WHERE incarnation = $1 AND counter = $2");

	pat_pg_bind_text(&q, 1, incarnation, PAT_INCARNATION_CHARS);
	pat_pg_bind_i64(&q, 2, counter);
	int e = pat_pg_run(&q);
	if (e < 0)
		return e;
	return pat_pg_changed(&q) == 1 ? 0 : PAT_NODE_E_MOVED;
}

int pat_node_leave(struct pat_node *node, const char *incarnation)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(&node->conn, "DELETE FROM node WHERE incarnation = $1");

	pat_pg_bind_text(&q, 1, incarnation, PAT_INCARNATION_CHARS);
	return pat_pg_run(&q);
}

/* One that has just registered says 0, and keeps everything until it has loaded. */
int pat_node_prune(struct pat_node *node)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		&node->conn, "DELETE FROM change WHERE seq <= (SELECT min(applied) FROM node)");

	return pat_pg_run(&q);
}

const char *pat_node_history(const struct pat_node *node)
{
	return node->history;
}

const char *pat_node_incarnation(const struct pat_node *node)
{
	return node->incarnation;
}

int64_t pat_node_told(struct pat_node *node)
{
	return pat_pg_feed_told(node->pg);
}

/* ---- Loading anew. */

void pat_node_hold(struct pat_node *node)
{
	(void)pthread_mutex_lock(&node->pg->feed.lock);
}

void pat_node_release(struct pat_node *node)
{
	(void)pthread_mutex_unlock(&node->pg->feed.lock);
}

int pat_node_resume(struct pat_node *node, int64_t seq, int64_t *ret_told)
{
	struct pat_node_view view = { 0 };
	int64_t before = node->pg->feed.told;

	int e = view_read(&node->conn, &view);
	/* What was loaded was read on another connection: it must not be of a server that has been left behind. */
	if (e == 0 && view.head < seq)
		e = -ESTALE;
	node->pg->feed.told = seq;
	if (e == 0)
		e = pat_pg_feed_to(node->pg, &node->conn, view.head);
	if (e < 0)
		node->pg->feed.told = before;
	*ret_told = node->pg->feed.told;
	return e;
}

/* ---- Hints. */

int pat_node_socket(const struct pat_node *node)
{
	return pat_pg_conn_socket(&node->conn);
}

unsigned pat_node_hints(struct pat_node *node)
{
	char channel[PAT_PG_CHANNEL_BYTES];
	unsigned hints = 0;

	while (pat_pg_conn_notification(&node->conn, channel))
		hints |= strcmp(channel, "patd_ack") == 0 ? PAT_NODE_HINTS_APPLIED
		                                          : PAT_NODE_HINTS_CHANGED;
	return hints;
}
