/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite as everything here uses it: a connection with its prepared statements, and a statement whose errors stick. SQL is
 * text in the program, parameters are bound, and nothing composes SQL at run time.
 *
 * A connection is used by one thread at a time.
 */
#ifndef PAT_LITE_CONN_H
#define PAT_LITE_CONN_H

#include <sqlite3.h>

#include "base/base.h"

#define PAT_LITE_STATEMENTS_MAX 128  /* different statements on one connection */
#define PAT_LITE_BUSY_WAIT_MS   2000 /* for an operator's sqlite3 shell that holds the write lock */

struct pat_lite_conn {
	sqlite3 *db; /* NULL when closed */
	bool broken; /* saw an I/O error: to be closed, not used again */
	size_t n_statements;
	struct {
		const char *sql; /* found again by its address */
		sqlite3_stmt *statement;
	} statements[PAT_LITE_STATEMENTS_MAX];
};

/* `each`: SQL that every connection begins with, or NULL. -EINVAL: no database file; otherwise as pat_lite_error(). */
int pat_lite_conn_open(struct pat_lite_conn *conn, const char *path, bool writes,
                       const char *each) PAT_MUST_USE;
/* Accepts a closed one. */
void pat_lite_conn_close(struct pat_lite_conn *conn);
/* What an SQLite result code is to our callers: 0, -ENOMEM, -ENOSPC (the disk is full), -EBUSY, -EINVAL (no database), -EIO;
 * notes on the connection when it should not be used again. */
int pat_lite_error(struct pat_lite_conn *conn, int rc);

/* ---- A statement in use. Errors stick: bind as needed, look at what step or run returns. */

struct pat_lite_query {
	struct pat_lite_conn *conn;
	sqlite3_stmt *statement;
	int error;
	bool malformed; /* a column did not have the shape that patd writes */
};

/* `sql` must be a literal: it is the statement's name in the cache. */
struct pat_lite_query pat_lite_query(struct pat_lite_conn *conn, const char *sql);
void pat_lite_query_done(struct pat_lite_query *q);
void pat_lite_bind_i64(struct pat_lite_query *q, int at, int64_t value);
/* The bytes must live until done. `text` may be NULL, which is stored as ""; it is cut to `max`. */
void pat_lite_bind_text(struct pat_lite_query *q, int at, const char *text, size_t max);
void pat_lite_bind_blob(struct pat_lite_query *q, int at, const void *bytes, size_t len);
/* 1: a row; 0: the end; negative. */
int pat_lite_step(struct pat_lite_query *q) PAT_MUST_USE;
/* To the end, ignoring rows. 0 or negative. */
int pat_lite_run(struct pat_lite_query *q) PAT_MUST_USE;
/* A literal statement without parameters, run to its end. */
int pat_lite_do(struct pat_lite_conn *conn, const char *sql) PAT_MUST_USE;
/* A literal statement whose parameters ?1, ?2 … are numbers, run to its end. */
#define PAT_LITE_DO(conn, sql, ...)                                       \
	pat_lite_do_with((conn), (sql), (const int64_t[]){ __VA_ARGS__ }, \
	                 sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t))
int pat_lite_do_with(struct pat_lite_conn *conn, const char *sql, const int64_t *numbers,
                     size_t n) PAT_MUST_USE;
/* The same, and the first column of its first row: 1 with a number in `*ret`, 0 when there is no row, or negative. */
#define PAT_LITE_ASK(conn, ret, sql, ...)                                         \
	pat_lite_ask_with((conn), (ret), (sql), (const int64_t[]){ __VA_ARGS__ }, \
	                  sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t))
int pat_lite_ask_with(struct pat_lite_conn *conn, int64_t *ret, const char *sql,
                      const int64_t *numbers, size_t n) PAT_MUST_USE;
int64_t pat_lite_i64(struct pat_lite_query *q, int column);
/* Copies a text column; `malformed` when it does not fit or holds a NUL. */
void pat_lite_text(struct pat_lite_query *q, int column, char *out, size_t out_bytes);
/* A text column of any length where it is, valid until the next step. "" and an error when there is no memory for its end. */
const char *pat_lite_text_here(struct pat_lite_query *q, int column);
/* A blob column where it is, valid until the next step. */
const void *pat_lite_blob_here(struct pat_lite_query *q, int column, size_t *ret_len);
/* Copies a blob of exactly `len` bytes; else `malformed`. */
void pat_lite_blob(struct pat_lite_query *q, int column, void *out, size_t len);

#endif
