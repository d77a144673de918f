/* SPDX-License-Identifier: Apache-2.0
 *
 * PostgreSQL as the store uses it: a connection with its prepared statements, and a statement whose errors stick. SQL is
 * text in the program, parameters are bound, and nothing composes SQL at run time. All numbers are bigint, all bytes
 * bytea, all texts text, and all of them travel in binary.
 *
 * A connection is used by one thread at a time. Every wait on it has a deadline that this side measures: what a server, a
 * network or a proxy does or does not do, a call returns. A connection that was lost, or on which a deadline passed, is
 * `broken` and never used again, because nobody knows what it would answer next.
 */
#ifndef PAT_STORE_POSTGRES_CONN_H
#define PAT_STORE_POSTGRES_CONN_H

#include "base/buf.h"
#include "base/err.h"

#define PAT_PG_STATEMENTS_MAX 128   /* different statements on one connection */
#define PAT_PG_PARAMS_MAX     24    /* of one statement */
#define PAT_PG_ANSWER_MS      15000 /* for one answer: longer than the server waits for a lock */

struct pg_conn;   /* libpq's */
struct pg_result; /* … */

struct pat_pg_conn {
	struct pg_conn *db; /* NULL when closed */
	bool broken;        /* lost, or out of step: to be closed, not used again */
	bool retry;         /* the last error was one that passes: a deadlock, a conflict */
	bool warned;        /* the server has warned since this was last cleared */
	bool patient;       /* answers may take any time */
	bool unnamed;       /* statements are not kept: until it is known who is at the other end */
	size_t n_statements;
	const char *statements[PAT_PG_STATEMENTS_MAX]; /* found again by their address */
};

enum pat_pg_use {
	PAT_PG_READS,  /* of a server that can be written to; its statements have a limit */
	PAT_PG_WRITES, /* … and have none: a commit takes as long as a standby does */
	PAT_PG_LOOKS,  /* of any server, to say why it will not do */
};

/* `url` as libpq reads it. -ECONNREFUSED, with the reason in `err`, which never holds a password. */
int pat_pg_conn_open(struct pat_pg_conn *conn, const char *url, enum pat_pg_use use,
                     struct pat_err *err) PAT_MUST_USE;
/* Accepts a closed one. */
void pat_pg_conn_close(struct pat_pg_conn *conn);
/* Whether an idle connection has ended: hardly anything else ever arrives on one. */
bool pat_pg_conn_ended(struct pat_pg_conn *conn);
/* What to poll() for reading; -1: closed, or broken. */
int pat_pg_conn_socket(const struct pat_pg_conn *conn);
/* The channel of the next notification that has arrived, cut short if need be; false: none. Waits for nothing. */
#define PAT_PG_CHANNEL_BYTES 64
bool pat_pg_conn_notification(struct pat_pg_conn *conn,
                              char ret_channel[static PAT_PG_CHANNEL_BYTES]);
/* Leaves no transaction behind. */
void pat_pg_conn_rollback(struct pat_pg_conn *conn);
/* The server's last words on this connection, on one line. */
void pat_pg_conn_words(const struct pat_pg_conn *conn, struct pat_err *ret);

/* ---- SQLSTATE. (postgres_error.c) */

/* What an SQLSTATE is to our callers; `*ret_retry`: whether the same may well succeed at once. NULL: the connection is gone. */
int pat_pg_error(const char *sqlstate, bool *ret_retry);

/* ---- A statement in use. Errors stick: bind as needed, look at what step or run returns. */

struct pat_pg_query {
	struct pat_pg_conn *conn;
	const char *sql;
	struct pg_result *result;
	int row;
	int n; /* parameters */
	bool stream;
	bool sent;
	bool ended;
	int error;
	bool malformed; /* a column did not have the shape that patd writes */
	unsigned types[PAT_PG_PARAMS_MAX];
	const char *values[PAT_PG_PARAMS_MAX];
	int lengths[PAT_PG_PARAMS_MAX];
	uint8_t numbers[PAT_PG_PARAMS_MAX][8];
};

/* `sql` must be a literal: it is the statement's name in the cache. */
struct pat_pg_query pat_pg_query(struct pat_pg_conn *conn, const char *sql);
/* Rows come one by one, as the server finds them, instead of all at once: for lists whose length nobody bounds. Nothing
 * else can be asked on the connection meanwhile; one that is left before its end is not used again. */
struct pat_pg_query pat_pg_stream(struct pat_pg_conn *conn, const char *sql);
void pat_pg_query_done(struct pat_pg_query *q);
void pat_pg_bind_i64(struct pat_pg_query *q, int at, int64_t value);
/* The bytes must live until done. `text` may be NULL, which is stored as ""; it is cut to `max`. */
void pat_pg_bind_text(struct pat_pg_query *q, int at, const char *text, size_t max);
void pat_pg_bind_blob(struct pat_pg_query *q, int at, const void *bytes, size_t len);
void pat_pg_bind_null_blob(struct pat_pg_query *q, int at);
/* 1: a row; 0: the end; negative. */
int pat_pg_step(struct pat_pg_query *q) PAT_MUST_USE;
/* To the end, ignoring rows. 0 or negative. */
int pat_pg_run(struct pat_pg_query *q) PAT_MUST_USE;
/* How many rows a statement that has run to its end has changed. */
int64_t pat_pg_changed(const struct pat_pg_query *q);
/* Literal statements without parameters or results. 0 or negative. */
int pat_pg_do(struct pat_pg_conn *conn, const char *sql) PAT_MUST_USE;

int64_t pat_pg_i64(struct pat_pg_query *q, int column);
/* Copies a text column; `malformed` when it does not fit or holds a NUL. */
void pat_pg_text(struct pat_pg_query *q, int column, char *out, size_t out_bytes);
/* Copies a blob of exactly `len` bytes; else `malformed`. */
void pat_pg_blob(struct pat_pg_query *q, int column, void *out, size_t len);
/* Text or blob where it is, valid until the next step. NULL for a NULL. */
const void *pat_pg_here(struct pat_pg_query *q, int column, size_t *ret_len);

/* ---- Ends. */

enum pat_pg_commit {
	PAT_PG_COMMITTED,
	PAT_PG_ROLLED_BACK, /* the server says so */
	PAT_PG_UNCONFIRMED, /* committed here, but not where the server was told to wait for */
	PAT_PG_UNKNOWN,     /* no answer came */
};
/* Ends the transaction. `*ret_error` goes with PAT_PG_ROLLED_BACK. */
enum pat_pg_commit pat_pg_conn_commit(struct pat_pg_conn *conn, int *ret_error);

/* ---- COPY … FROM STDIN: rows by the thousand, in PostgreSQL's binary form. */

int pat_pg_copy_begin(struct pat_pg_conn *conn, const char *sql) PAT_MUST_USE;
int pat_pg_copy_put(struct pat_pg_conn *conn, const void *bytes, size_t len) PAT_MUST_USE;
/* Waits as long as it takes: references are checked now, of as many rows as there are. */
int pat_pg_copy_end(struct pat_pg_conn *conn) PAT_MUST_USE;

#endif
