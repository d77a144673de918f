/* SPDX-License-Identifier: Apache-2.0
 *
 * A node's store in the simulation: what store/postgres_node.c, postgres_feed.c, postgres_link.c and postgres_writer.c do, in the same order,
 * with a database that is simulated.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/provoke.h"
#include "machine.h"

#define TRIES 3

struct pat_store {
	struct patd *patd;
	pthread_mutex_t feed_lock;
	int64_t told;
	int timeline;
	pthread_mutex_t writer_lock;
	struct db_conn link;
	int link_timeline;
	struct pat_node *node;
};

struct pat_node {
	struct pat_store *store;
	struct db_conn conn;
	char label[PAT_NODE_LABEL_MAX + 1];
	int64_t lease_ms;
	char history[PAT_NODE_HISTORY_BYTES];
	char incarnation[PAT_INCARNATION_CHARS + 1];
	int64_t counter;
	int64_t acknowledged;
};

static void lock(pthread_mutex_t *m)
{
	(void)pthread_mutex_lock(m);
}

static void unlock(pthread_mutex_t *m)
{
	(void)pthread_mutex_unlock(m);
}

struct pat_store *store_new(struct patd *patd)
{
	struct pat_store *store = sim_alloc(sizeof(*store));

	store->patd = patd;
	return store;
}

int store_open(struct pat_store *store)
{
	int r = db_connect(&store->link, store->patd->machine, false);

	if (r == 0)
		r = db_head(&store->link, &store->told);
	if (r == 0)
		store->timeline = store->link_timeline = db_timeline(&store->link);
	return r;
}

void store_drop(struct pat_store *store)
{
	db_close(&store->link);
	if (store->node)
		db_close(&store->node->conn);
}

/* ---- The feed. */

static int feed_to(struct pat_store *store, struct db_conn *conn, int64_t head)
{
	struct db_change changes[8];
	bool live[8];
	size_t n = 0;

	while (store->told < head) {
		int r = db_changes(conn, store->told, head, changes, live, 8, &n);
		if (r < 0)
			return r;
		for (size_t i = 0; i < n; i++)
			if (changes[i].seq != store->told + (int64_t)i + 1)
				return -ESTALE;
		if (n == 0)
			return -ESTALE;
		listener(store->patd, changes, live, n);
		store->told = changes[n - 1].seq;
	}
	return 0;
}

static int feed_catch_up(struct pat_store *store, struct db_conn *conn, int64_t head)
{
	lock(&store->feed_lock);
	int r = feed_to(store, conn, head);
	unlock(&store->feed_lock);
	return r;
}

static void feed_tell(struct pat_store *store, const struct db_change *change)
{
	bool live = true;

	lock(&store->feed_lock);
	if (change->seq > store->told) {
		listener(store->patd, change, &live, 1);
		store->told = change->seq;
	}
	unlock(&store->feed_lock);
}

/* ---- Changing. */

static int link_ready(struct pat_store *store)
{
	int64_t head = 0;

	if (store->link.server && !store->link.broken)
		return 0;
	db_close(&store->link);
	int r = db_connect(&store->link, store->patd->machine, false);
	if (r == 0)
		r = db_head(&store->link, &head);
	if (r == 0 && head < store->told)
		r = -ESTALE;
	if (r < 0) {
		db_close(&store->link);
		return r;
	}
	store->link_timeline = db_timeline(&store->link);
	return 0;
}

static int link_begin(struct pat_store *store)
{
	int64_t head = 0;

	if (store->link_timeline != store->timeline) {
		store->link.broken = true;
		return -ECONNRESET;
	}
	int r = db_change_begin(&store->link, &head);
	if (r == 0 && head < store->told)
		r = -ESTALE;
	if (r == 0)
		r = feed_catch_up(store, &store->link, head);
	if (r < 0)
		db_close(&store->link);
	return r;
}

static int change_try(struct pat_store *store, enum pat_change_kind kind, unsigned token,
                      bool *ret_again)
{
	struct db_change change = { .kind = kind, .token = token };
	bool warned = false;
	int r = link_ready(store);

	if (r == 0)
		r = link_begin(store);
	*ret_again = r == -ECONNRESET || r == -ETIMEDOUT;
	if (r < 0)
		return r;
	*ret_again = false;
	r = db_change_commit(&store->link, kind, token, &change.seq, &warned);
	if (r < 0)
		return -EIO; /* nobody knows */
	if (change.seq > 0)
		feed_tell(store, &change);
	return warned ? -EIO : 0;
}

int store_change(struct pat_store *store, enum pat_change_kind kind, unsigned token)
{
	bool again = true;
	int r = 0;

	lock(&store->writer_lock);
	for (int i = 0; i < TRIES && again; i++)
		r = change_try(store, kind, token, &again);
	unlock(&store->writer_lock);
	return r;
}

int pat_store_token_revoke(struct pat_store *store, int64_t person,
                           const uint8_t tid[static PAT_TID_BYTES], const struct pat_actor *actor,
                           int64_t now_s, struct pat_record *ret)
{
	(void)person;
	(void)actor;
	(void)now_s;
	(void)ret;
	return store_change(store, PAT_CHANGE_TOKEN_REMOVED, tid[0]);
}

int pat_store_audit_note(struct pat_store *store, const struct pat_actor *actor, const char *action,
                         const char *object, int64_t seq, int64_t now_s)
{
	(void)store;
	(void)actor;
	(void)action;
	(void)object;
	(void)seq;
	(void)now_s;
	return 0;
}

/* ---- Loading. */

int pat_store_token_count(struct pat_store *store, int64_t *ret)
{
	(void)store;
	*ret = TOKENS_MAX;
	return 0;
}

/* On a connection of the readers', which is of the timeline that is followed. */
int store_tokens(struct pat_store *store, int64_t *ret_seq, enum token_state *ret)
{
	struct db_conn *conn = sim_alloc(sizeof(*conn));
	int r = db_connect(conn, store->patd->machine, false);

	if (r == 0 && db_timeline(conn) != store->timeline)
		r = -ECONNRESET;
	if (r == 0)
		r = db_tokens(conn, ret_seq, ret);
	db_close(conn);
	return r;
}

int pat_store_token_load(struct pat_store *store, int64_t expired_before_s, int64_t *ret_seq,
                         pat_record_fn *fn, void *arg)
{
	enum token_state tokens[TOKENS_MAX];
	static struct pat_record record;
	int r = store_tokens(store, ret_seq, tokens);

	(void)expired_before_s;
	for (unsigned i = 0; i < TOKENS_MAX && r == 0; i++) {
		if (tokens[i] != TOKEN_LIVE && tokens[i] != TOKEN_CLOSED)
			continue;
		record.digest[0] = (uint8_t)i;
		record.number = i;
		record.owner = 1;
		r = fn(arg, &record);
	}
	return r;
}

/* ---- The node. */

int pat_node_open(struct pat_store *store, const char *label, int64_t lease_ms,
                  struct pat_node **ret)
{
	struct pat_node *node = sim_alloc(sizeof(*node));

	node->store = store;
	node->lease_ms = lease_ms;
	(void)snprintf(node->label, sizeof(node->label), "%s", label);
	store->node = node;
	*ret = node;
	return 0;
}

void pat_node_close(struct pat_node *node)
{
	(void)node; /* store_drop() */
}

static int timeline_take(struct pat_node *node, int64_t head)
{
	struct pat_store *store = node->store;

	lock(&store->feed_lock);
	int order = db_timeline(&node->conn) - store->timeline;
	bool behind = head < store->told;
	if (order > 0)
		store->timeline = db_timeline(&node->conn);
	unlock(&store->feed_lock);
	if (order < 0)
		return -ESTALE;
	return order == 0 && !behind ? 0 : PAT_NODE_E_ANEW;
}

int pat_node_connect(struct pat_node *node)
{
	int64_t head = 0;

	if (node->conn.server && !node->conn.broken)
		return 0;
	db_close(&node->conn);
	int r = db_connect(&node->conn, node->store->patd->machine, true);
	if (r == 0)
		r = db_head(&node->conn, &head);
	if (r == 0) {
		(void)snprintf(node->history, sizeof(node->history), "%d",
		               db_timeline(&node->conn));
		r = timeline_take(node, head);
	}
	if (r < 0)
		db_close(&node->conn);
	return r;
}

int pat_node_register(struct pat_node *node)
{
	struct pat_node_row row = { .counter = 1, .lease_ms = node->lease_ms };
	bool warned = false;

	(void)snprintf(node->incarnation, sizeof(node->incarnation), "%016llx%016x",
	               (unsigned long long)dice_ns(0, UINT64_MAX - 1), dice(1u << 30));
	(void)snprintf(row.incarnation, sizeof(row.incarnation), "%s", node->incarnation);
	(void)snprintf(row.label, sizeof(row.label), "%s", node->label);
	node->acknowledged = 0;
	node->counter = 1;
	int r = db_row_insert(&node->conn, &row, &warned);
	return r == 0 && warned ? -EIO : r;
}

int pat_node_raise(struct pat_node *node, int64_t applied)
{
	bool warned = false;
	bool found = false;

	int r = db_row_count(&node->conn, node->incarnation, ++node->counter, applied, &found,
	                     &warned);
	if (r == 0 && warned)
		r = -EIO;
	if (r < 0)
		return r;
	node->acknowledged = applied;
	return found ? 0 : PAT_NODE_E_REAPED;
}

int pat_node_follow(struct pat_node *node, struct pat_node_view *ret)
{
	int64_t told = pat_node_told(node);

	ret->database_s = 0;
	int r = db_head(&node->conn, &ret->head);
	if (r < 0)
		return r;
	if (ret->head < told)
		return PAT_NODE_E_ANEW;
	r = feed_catch_up(node->store, &node->conn, ret->head);
	return r == -ESTALE ? PAT_NODE_E_ANEW : r;
}

int pat_node_acknowledge(struct pat_node *node, int64_t applied, bool changed)
{
	int r = changed ? db_notify(&node->conn, PAT_NODE_HINTS_CHANGED) : 0;

	if (r < 0 || applied <= node->acknowledged)
		return r;
	r = db_row_applied(&node->conn, node->incarnation, applied);
	if (r == 0)
		r = db_notify(&node->conn, PAT_NODE_HINTS_APPLIED);
	if (r == 0)
		node->acknowledged = applied;
	return r;
}

int pat_node_list(struct pat_node *node, pat_node_fn *fn, void *arg)
{
	struct pat_node_row *rows = sim_alloc(ROWS_MAX * sizeof(*rows));
	size_t n = 0;
	int r = db_rows(&node->conn, rows, &n);

	for (size_t i = 0; i < n && r == 0; i++)
		r = fn(arg, &rows[i]);
	return r;
}

int pat_node_reap(struct pat_node *node, const char *incarnation, int64_t counter)
{
	return db_row_delete(&node->conn, incarnation, counter);
}

int pat_node_leave(struct pat_node *node, const char *incarnation)
{
	return db_row_delete(&node->conn, incarnation, -1);
}

int pat_node_prune(struct pat_node *node)
{
	return db_prune(&node->conn);
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
	lock(&node->store->feed_lock);
	int64_t told = node->store->told;
	unlock(&node->store->feed_lock);
	return told;
}

void pat_node_hold(struct pat_node *node)
{
	lock(&node->store->feed_lock);
}

void pat_node_release(struct pat_node *node)
{
	unlock(&node->store->feed_lock);
}

int pat_node_resume(struct pat_node *node, int64_t seq, int64_t *ret_told)
{
	struct pat_store *store = node->store;
	int64_t before = store->told;
	int64_t head = 0;

	int r = db_head(&node->conn, &head);
	if (r == 0 && head < seq)
		r = -ESTALE;
	store->told = seq;
	if (r == 0)
		r = feed_to(store, &node->conn, head);
	if (r < 0)
		store->told = before;
	*ret_told = store->told;
	return r;
}

int pat_node_socket(const struct pat_node *node)
{
	return node->conn.server && !node->conn.broken ? node->conn.socket : -1;
}

unsigned pat_node_hints(struct pat_node *node)
{
	unsigned hints = node->conn.hints;

	node->conn.hints = 0;
	if (node->conn.socket)
		sim_fd_ready(node->conn.socket, false);
	return hints;
}
