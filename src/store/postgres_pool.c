/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections that read. One that its server has closed in the meantime is found out before it is lent: a restart of the
 * server costs no reader an answer. One that breaks in use does, because half an answer may have been handed out.
 */
#include "store/postgres.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define REFUSED_NS 500000000ull

bool pat_pg_refused_lately(uint64_t refused_ns)
{
	return refused_ns != 0 && pat_clock_boot_ns() - refused_ns < REFUSED_NS;
}

void pat_pg_pool_init(struct pat_pg_pool *pool)
{
	(void)pthread_mutex_init(&pool->lock, NULL);
	pat_clock_cond_init(&pool->wake);
}

void pat_pg_pool_done(struct pat_pg_pool *pool)
{
	for (size_t i = 0; i < PAT_PG_READERS_MAX; i++)
		pat_pg_conn_close(&pool->conns[i]);
	(void)pthread_cond_destroy(&pool->wake);
	(void)pthread_mutex_destroy(&pool->lock);
}

/* A free slot, one with an open connection if there is one; PAT_PG_READERS_MAX: none. */
static size_t slot_free(const struct pat_pg_pool *pool)
{
	size_t found = PAT_PG_READERS_MAX;

	for (size_t i = PAT_PG_READERS_MAX; i-- > 0;) {
		if (pool->busy[i])
			continue;
		if (pool->conns[i].db)
			return i;
		found = i;
	}
	return found;
}

/* While the server refuses connections, one caller in half a second finds out, and the others need not wait for it. */
static int slot_take(struct pat_pg_pool *pool, size_t *ret_slot)
{
	struct timespec deadline;
	int e = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += PAT_PG_READER_WAIT_S;
	(void)pthread_mutex_lock(&pool->lock);
	size_t slot = slot_free(pool);
	while (slot == PAT_PG_READERS_MAX && e == 0) {
		e = pthread_cond_timedwait(&pool->wake, &pool->lock, &deadline);
		slot = slot_free(pool);
	}
	e = slot == PAT_PG_READERS_MAX ? -EBUSY : 0;
	if (e == 0 && !pool->conns[slot].db && pat_pg_refused_lately(pool->refused_ns))
		e = -ECONNREFUSED;
	if (e == 0)
		pool->busy[slot] = true;
	(void)pthread_mutex_unlock(&pool->lock);
	*ret_slot = slot;
	return e;
}

static void slot_give(struct pat_pg_pool *pool, size_t slot, uint64_t refused_ns)
{
	(void)pthread_mutex_lock(&pool->lock);
	pool->busy[slot] = false;
	pool->refused_ns = refused_ns;
	(void)pthread_cond_signal(&pool->wake);
	(void)pthread_mutex_unlock(&pool->lock);
}

/* What a server that was left behind says is out of date (postgres_link.c). */
static bool is_followed(struct pat_pg *pg, const char *timeline)
{
	(void)pthread_mutex_lock(&pg->feed.lock);
	bool same = strcmp(pg->feed.timeline, timeline) == 0;
	(void)pthread_mutex_unlock(&pg->feed.lock);
	return same;
}

static int reader_open(struct pat_pg *pg, size_t slot)
{
	struct pat_pg_conn *conn = &pg->readers.conns[slot];
	struct pat_pg_other_end end = { 0 };

	int e = pat_pg_conn_open(conn, pg->url, PAT_PG_READS, NULL);
	if (e < 0)
		return e;
	conn->unnamed = false;
	if (!pg->shared)
		return 0;
	e = pat_pg_other_end(conn, &end);
	if (e == 0 && !is_followed(pg, end.timeline))
		e = -ESTALE;
	if (e < 0) {
		pat_pg_conn_close(conn);
		return e;
	}
	memcpy(pg->readers.timelines[slot], end.timeline,
	       sizeof(end.timeline)); /* UNSAFE: fixed sizes */
	return 0;
}

int pat_pg_reader_take(struct pat_store *store, struct pat_pg_reader *ret)
{
	struct pat_pg *pg = (struct pat_pg *)store;
	struct pat_pg_pool *pool = &pg->readers;
	size_t slot = 0;

	int e = slot_take(pool, &slot);
	if (e < 0)
		return e;
	struct pat_pg_conn *conn = &pool->conns[slot];
	if (conn->db &&
	    (pat_pg_conn_ended(conn) || (pg->shared && !is_followed(pg, pool->timelines[slot]))))
		pat_pg_conn_close(conn);
	if (!conn->db)
		e = reader_open(pg, slot);
	if (e < 0) {
		slot_give(pool, slot, pat_clock_boot_ns());
		return e;
	}
	*ret = (struct pat_pg_reader){ .pool = pool, .conn = conn, .slot = slot };
	return 0;
}

int pat_pg_reader_view(struct pat_pg_reader *reader)
{
	return pat_pg_do(reader->conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
	                               "SET LOCAL statement_timeout = 0");
}

void pat_pg_reader_done(struct pat_pg_reader *reader)
{
	struct pat_pg_conn *conn = reader->conn;

	if (!conn)
		return;
	pat_pg_conn_rollback(conn);
	if (conn->broken)
		pat_pg_conn_close(conn);
	slot_give(reader->pool, reader->slot, 0);
	reader->conn = NULL;
}
