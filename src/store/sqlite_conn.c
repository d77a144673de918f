/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections: opening one hardened, the cache of its statements, and the pool of those that read.
 *
 * A statement is prepared when first used and kept. The cache knows it by the address of its text,
 * which is a literal; the same text at two addresses is merely prepared twice.
 *
 * After an I/O error SQLite rolls back and is meant to go on, but what its cache holds rests on reads
 * that may have failed: such a connection is closed and the next user opens a fresh one.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* ---- Errors. */

/* The disk is full also where SQLite only says that an fsync or a shared memory file failed. */
static bool disk_full(struct pat_lite_conn *conn)
{
	int error = conn->db ? sqlite3_system_errno(conn->db) : 0;

	return error == ENOSPC || error == EDQUOT;
}

int pat_lite_error(struct pat_lite_conn *conn, int rc)
{
	if (rc == SQLITE_IOERR_NOMEM)
		return -ENOMEM;
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOTADB:
		conn->broken = true;
		return -EINVAL;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		conn->broken = true;
		return disk_full(conn) ? -ENOSPC : -EIO;
	case SQLITE_CORRUPT:
		conn->broken = true;
		return -EIO;
	default:
		return -EIO;
	}
}

/* ---- Opening. */

/* What a file may do to the process that opens it is switched off: views, triggers and functions in a
 * schema that somebody else wrote. */
static int conn_harden(sqlite3 *db)
{
	static const int off[] = {
		SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_ENABLE_TRIGGER,
		SQLITE_DBCONFIG_ENABLE_VIEW,    SQLITE_DBCONFIG_DQS_DML,
		SQLITE_DBCONFIG_DQS_DDL,        SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION
	};
	int rc = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);

	for (size_t i = 0; i < PAT_ARRAY_LEN(off) && rc == SQLITE_OK; i++)
		rc = sqlite3_db_config(db, off[i], 0, NULL);
	return rc;
}

int pat_lite_conn_open(struct pat_lite_conn *conn, const char *path, bool writes)
{
	int flags = SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
	            SQLITE_OPEN_EXRESCODE | (writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);

	*conn = (struct pat_lite_conn){ 0 };
	int rc = sqlite3_open_v2(path, &conn->db, flags, NULL);
	if (rc == SQLITE_OK)
		rc = conn_harden(conn->db);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(conn->db, PAT_LITE_BUSY_WAIT_MS);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(conn->db,
		                  "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
		                  "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;"
		                  "PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -16384",
		                  NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		return 0;
	int e = pat_lite_error(conn, rc);
	pat_lite_conn_close(conn);
	return e;
}

void pat_lite_conn_close(struct pat_lite_conn *conn)
{
	for (size_t i = 0; i < conn->n_statements; i++)
		(void)sqlite3_finalize(conn->statements[i].statement);
	/* With its statements gone, close can only fail by being busy, which it is not. */
	(void)sqlite3_close(conn->db);
	*conn = (struct pat_lite_conn){ 0 };
}

/* ---- Statements. */

static int conn_statement(struct pat_lite_conn *conn, const char *sql, sqlite3_stmt **ret)
{
	for (size_t i = 0; i < conn->n_statements; i++) {
		if (conn->statements[i].sql == sql) {
			*ret = conn->statements[i].statement;
			return 0;
		}
	}
	pat_assert(conn->n_statements < PAT_LITE_STATEMENTS_MAX);

	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v3(conn->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
	if (rc != SQLITE_OK)
		return pat_lite_error(conn, rc);
	conn->statements[conn->n_statements].sql = sql;
	conn->statements[conn->n_statements++].statement = statement;
	*ret = statement;
	return 0;
}

struct pat_lite_query pat_lite_query(struct pat_lite_conn *conn, const char *sql)
{
	struct pat_lite_query q = { .conn = conn };

	q.error = conn_statement(conn, sql, &q.statement);
	pat_assert(q.error != 0 || !sqlite3_stmt_busy(q.statement));
	return q;
}

void pat_lite_query_done(struct pat_lite_query *q)
{
	if (!q->statement)
		return;
	/* Both only repeat what step said already. */
	(void)sqlite3_reset(q->statement);
	(void)sqlite3_clear_bindings(q->statement);
	q->statement = NULL;
}

static void query_note(struct pat_lite_query *q, int rc)
{
	if (rc != SQLITE_OK && q->error == 0)
		q->error = pat_lite_error(q->conn, rc);
}

void pat_lite_bind_i64(struct pat_lite_query *q, int at, int64_t value)
{
	if (q->error == 0)
		query_note(q, sqlite3_bind_int64(q->statement, at, value));
}

/* The longest beginning of at most `max` bytes that does not end inside a UTF-8 sequence. */
static size_t text_cut(const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);

	if (len <= max)
		return len;
	len = max;
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

void pat_lite_bind_text(struct pat_lite_query *q, int at, const char *text, size_t max)
{
	if (!text)
		text = "";
	if (q->error == 0)
		query_note(q, sqlite3_bind_text64(q->statement, at, text, text_cut(text, max),
		                                  SQLITE_STATIC, SQLITE_UTF8));
}

void pat_lite_bind_blob(struct pat_lite_query *q, int at, const void *bytes, size_t len)
{
	if (q->error == 0)
		query_note(q, sqlite3_bind_blob64(q->statement, at, bytes, len, SQLITE_STATIC));
}

int pat_lite_step(struct pat_lite_query *q)
{
	if (q->error < 0)
		return q->error;
	int rc = sqlite3_step(q->statement);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		query_note(q, rc);
	return q->error;
}

int pat_lite_run(struct pat_lite_query *q)
{
	int e = 0;

	do
		e = pat_lite_step(q);
	while (e > 0);
	return e;
}

int64_t pat_lite_i64(struct pat_lite_query *q, int column)
{
	return sqlite3_column_int64(q->statement, column);
}

/* The bytes of a column that holds text or a blob. sqlite3_column_blob, also for text: it never
 * allocates, where sqlite3_column_text may, to put a NUL behind. */
static const void *column_bytes(struct pat_lite_query *q, int column, int type, size_t *ret_len)
{
	if (sqlite3_column_type(q->statement, column) != type) {
		q->malformed = true;
		*ret_len = 0;
		return "";
	}
	const void *bytes = sqlite3_column_blob(q->statement, column);
	int len = sqlite3_column_bytes(q->statement, column);
	*ret_len = bytes && len > 0 ? (size_t)len : 0;
	return bytes ? bytes : "";
}

void pat_lite_text(struct pat_lite_query *q, int column, char *out, size_t out_bytes)
{
	size_t len = 0;
	const void *text = column_bytes(q, column, SQLITE_TEXT, &len);

	if (len >= out_bytes || memchr(text, '\0', len)) {
		q->malformed = true;
		len = 0;
	}
	memcpy(out, text, len); /* UNSAFE: len < out_bytes */
	out[len] = '\0';
}

void pat_lite_blob(struct pat_lite_query *q, int column, void *out, size_t len)
{
	size_t have = 0;
	const void *bytes = column_bytes(q, column, SQLITE_BLOB, &have);

	if (have != len) {
		q->malformed = true;
		memset(out, 0, len); /* UNSAFE: the caller's array of len */
		return;
	}
	memcpy(out, bytes, len); /* UNSAFE: have == len */
}

/* ---- The pool. */

void pat_lite_pool_init(struct pat_lite_pool *pool)
{
	pthread_condattr_t attr;

	/* Linux never fails these with default kinds; a monotonic clock bounds the wait whatever
	 * happens to the wall clock. */
	(void)pthread_mutex_init(&pool->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&pool->wake, &attr);
	(void)pthread_condattr_destroy(&attr);
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

int pat_lite_reader_take(struct pat_store *store, struct pat_lite_reader *ret)
{
	struct pat_lite *lite = (struct pat_lite *)store;
	size_t slot = 0;

	int e = pool_take(&lite->readers, &slot);
	if (e < 0)
		return e;
	struct pat_lite_conn *conn = &lite->readers.conns[slot];
	if (!conn->db)
		e = pat_lite_conn_open(conn, lite->path, false);
	if (e < 0) {
		pool_give(&lite->readers, slot);
		return e == -EINVAL ? -EIO : e;
	}
	*ret = (struct pat_lite_reader){ .lite = lite, .conn = conn, .slot = slot };
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
	pool_give(&reader->lite->readers, reader->slot);
	reader->conn = NULL;
}
