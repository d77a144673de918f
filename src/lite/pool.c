/* SPDX-License-Identifier: Apache-2.0 */
#include "lite/pool.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"

void pat_lite_pool_init(struct pat_lite_pool *pool)
{
	*pool = (struct pat_lite_pool){ 0 };
	(void)pthread_mutex_init(&pool->lock, NULL); /* never fails with default kinds */
	pat_clock_cond_init(&pool->wake);
}

void pat_lite_pool_done(struct pat_lite_pool *pool)
{
	for (size_t i = 0; i < PAT_LITE_READERS_MAX; i++)
		pat_lite_conn_close(&pool->conns[i]);
	(void)pthread_cond_destroy(&pool->wake);
	(void)pthread_mutex_destroy(&pool->lock);
}

/* A free slot, one with an open connection if there is one; PAT_LITE_READERS_MAX: none. */
static size_t pool_free_slot(const struct pat_lite_pool *pool)
{
	size_t found = PAT_LITE_READERS_MAX;

	for (size_t i = PAT_LITE_READERS_MAX; i-- > 0;) {
		if (pool->busy[i])
			continue;
		if (pool->conns[i].db)
			return i;
		found = i;
	}
	return found;
}

static int pool_take(struct pat_lite_pool *pool, size_t *ret_slot)
{
	struct timespec deadline;
	int e = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += PAT_LITE_READER_WAIT_S;
	(void)pthread_mutex_lock(&pool->lock);
	size_t slot = pool_free_slot(pool);
	while (slot == PAT_LITE_READERS_MAX && e == 0) {
		e = pthread_cond_timedwait(&pool->wake, &pool->lock, &deadline);
		slot = pool_free_slot(pool);
	}
	if (slot < PAT_LITE_READERS_MAX)
		pool->busy[slot] = true;
	(void)pthread_mutex_unlock(&pool->lock);
	if (slot == PAT_LITE_READERS_MAX)
		return -EBUSY;
	*ret_slot = slot;
	return 0;
}

static void pool_give(struct pat_lite_pool *pool, size_t slot)
{
	(void)pthread_mutex_lock(&pool->lock);
	pool->busy[slot] = false;
	(void)pthread_cond_signal(&pool->wake);
	(void)pthread_mutex_unlock(&pool->lock);
}

int pat_lite_pool_take(struct pat_lite_pool *pool, struct pat_lite_reader *ret)
{
	size_t slot = 0;

	int e = pool_take(pool, &slot);
	if (e < 0)
		return e;
	struct pat_lite_conn *conn = &pool->conns[slot];
	if (!conn->db)
		e = pat_lite_conn_open(conn, pool->path, false, pool->each);
	if (e < 0) {
		pool_give(pool, slot);
		return e == -EINVAL ? -EIO : e;
	}
	*ret = (struct pat_lite_reader){ .pool = pool, .conn = conn, .slot = slot };
	return 0;
}

void pat_lite_reader_done(struct pat_lite_reader *reader)
{
	if (!reader->conn)
		return;
	struct pat_lite_conn *conn = reader->conn;
	if (!sqlite3_get_autocommit(conn->db) &&
	    sqlite3_exec(conn->db, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
		conn->broken = true;
	if (conn->broken)
		pat_lite_conn_close(conn);
	pool_give(reader->pool, reader->slot);
	reader->conn = NULL;
}
