/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening a connection hardened, and the cache of its statements.
 *
 * A statement is prepared when first used and kept. The cache knows it by the address of its text,
 * which is a literal; the same text at two addresses is merely prepared twice.
 *
 * After an I/O error SQLite rolls back and is meant to go on, but what its cache holds rests on reads
 * that may have failed: such a connection is closed and the next user opens a fresh one.
 */
#include "lite/conn.h"

#include <errno.h>
#include <string.h>

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

int pat_lite_conn_open(struct pat_lite_conn *conn, const char *path, bool writes, const char *each)
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
	if (rc == SQLITE_OK && each)
		rc = sqlite3_exec(conn->db, each, NULL, NULL, NULL);
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

int pat_lite_do(struct pat_lite_conn *conn, const char *sql)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(conn, sql);

	return pat_lite_run(&q);
}

static void bind_numbers(struct pat_lite_query *q, const int64_t *numbers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pat_lite_bind_i64(q, (int)i + 1, numbers[i]);
}

int pat_lite_do_with(struct pat_lite_conn *conn, const char *sql, const int64_t *numbers, size_t n)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(conn, sql);

	bind_numbers(&q, numbers, n);
	return pat_lite_run(&q);
}

int pat_lite_ask_with(struct pat_lite_conn *conn, int64_t *ret, const char *sql,
                      const int64_t *numbers, size_t n)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(conn, sql);

	bind_numbers(&q, numbers, n);
	int e = pat_lite_step(&q);
	if (e > 0)
		*ret = pat_lite_i64(&q, 0);
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

const char *pat_lite_text_here(struct pat_lite_query *q, int column)
{
	if (sqlite3_column_type(q->statement, column) != SQLITE_TEXT) {
		q->malformed = true;
		return "";
	}
	const char *text = (const char *)sqlite3_column_text(q->statement, column);
	if (!text)
		query_note(q, SQLITE_NOMEM);
	return text ? text : "";
}

const void *pat_lite_blob_here(struct pat_lite_query *q, int column, size_t *ret_len)
{
	return column_bytes(q, column, SQLITE_BLOB, ret_len);
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
