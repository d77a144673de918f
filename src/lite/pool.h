/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections that read, each lent to one thread at a time. With write-ahead logging they run beside the one that writes,
 * and a read begun after a write returned sees it. Whoever holds one and asks for another takes a second; when many do
 * so at once and none is left, the answer is -EBUSY after PAT_LITE_READER_WAIT_S, never a deadlock.
 */
#ifndef PAT_LITE_POOL_H
#define PAT_LITE_POOL_H

#include <pthread.h>

#include "lite/conn.h"

#define PAT_LITE_READERS_MAX   8
#define PAT_LITE_READER_WAIT_S 5

struct pat_lite_pool {
	const char *path; /* the database; outlives the pool */
	const char *each; /* SQL that each connection begins with, or NULL */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool busy[PAT_LITE_READERS_MAX];
	struct pat_lite_conn conns[PAT_LITE_READERS_MAX];
};

/* `path` and `each` may be set later, before the first take. */
void pat_lite_pool_init(struct pat_lite_pool *pool);
void pat_lite_pool_done(struct pat_lite_pool *pool);

struct pat_lite_reader {
	struct pat_lite_pool *pool;
	struct pat_lite_conn *conn; /* NULL: none */
	size_t slot;
};

/* Opens it if need be. -EBUSY, or as pat_lite_conn_open() (what is no database any more is -EIO). */
int pat_lite_pool_take(struct pat_lite_pool *pool, struct pat_lite_reader *ret) PAT_MUST_USE;
/* Rolls back what was begun and gives it back: for pat_cleanup. Accepts one that holds none. */
void pat_lite_reader_done(struct pat_lite_reader *reader);

#endif
