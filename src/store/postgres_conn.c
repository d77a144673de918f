/* SPDX-License-Identifier: Apache-2.0
 *
 * libpq without its blocking calls: everything is sent, then waited for with poll() and a deadline. Only connecting blocks,
 * with libpq's own time limit.
 *
 * A statement is prepared when first used and kept. The cache knows it by the address of its text, which is a literal; the
 * same text at two addresses is merely prepared twice.
 */
#include "store/postgres_conn.h"

#include <endian.h>
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* pg_type.dat; libpq has no header for them. */
#define OID_BYTEA 17
#define OID_INT8  20
#define OID_TEXT  25

#define BINARY 1

/* ---- Connecting. */

static void on_notice(void *arg, const PGresult *result)
{
	struct pat_pg_conn *conn = arg;
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	conn->warned |= severity && strcmp(severity, "WARNING") == 0;
}

void pat_pg_conn_words(const struct pat_pg_conn *conn, struct pat_err *ret)
{
	const char *words = conn->db ? PQerrorMessage(conn->db) : "";
	size_t len = strlen(words);

	while (len > 0 && words[len - 1] == '\n')
		len--;
	(void)pat_err_set(ret, 0, "%.*s", (int)(len < 400 ? len : 400), words);
	for (char *c = ret->text; *c; c++)
		if (*c == '\n' || *c == '\t')
			*c = ' ';
}

/* What a session must be, whatever the server's, the database's or the role's settings say. Waits for locks end before
 * PAT_PG_ANSWER_MS does, so that it is the server that says why. A commit that waits for a standby waits for no lock, and the
 * writer's statements have no limit. Keepalives free the locks of a session whose other end has vanished. */
static const char session_sql[] =
	"SET client_min_messages = warning; SET default_transaction_isolation = 'read committed';"
	"SET default_transaction_deferrable = off; SET lock_timeout = '5s';"
	"SET idle_in_transaction_session_timeout = '10s';"
	"SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;"
	"SET row_security = off";
static const char reads_sql[] = "SET statement_timeout = '60s'";
static const char writes_sql[] = "SET statement_timeout = 0";

/* The password of an unreachable or unwilling server's URL is in none of libpq's messages. */
static int connect_failed(struct pat_pg_conn *conn, struct pat_err *err)
{
	struct pat_err words = { { 0 } };

	pat_pg_conn_words(conn, &words);
	pat_pg_conn_close(conn);
	return pat_err_set(err, -ECONNREFUSED, "%s", words.text);
}

/* What libpq says of a URL that it cannot read quotes it, password and all, so it is read once before. */
static bool url_ok(const char *url)
{
	char *words = NULL;
	PQconninfoOption *options = PQconninfoParse(url, &words);
	bool ok = options != NULL;

	for (PQconninfoOption *o = options; ok && o->keyword; o++)
		if (strcmp(o->keyword, "port") == 0 && o->val)
			ok = strspn(o->val, "0123456789,") == strlen(o->val);
	PQconninfoFree(options);
	PQfreemem(words);
	return ok;
}

int pat_pg_conn_open(struct pat_pg_conn *conn, const char *url, enum pat_pg_use use,
                     struct pat_err *err)
{
	/* Before the URL: what it may say otherwise. After it: what it may not. Seconds, but for tcp_user_timeout. */
	static const char *const names[] = { "connect_timeout",
		                             "sslmode",
		                             "target_session_attrs",
		                             "keepalives_idle",
		                             "keepalives_interval",
		                             "keepalives_count",
		                             "tcp_user_timeout",
		                             "fallback_application_name",
		                             "dbname",
		                             "client_encoding",
		                             NULL };
	const char *kind = use == PAT_PG_LOOKS ? "any" : "read-write";
	const char *const values[] = { "5",     "verify-full", kind, "10",   "5", "3",
		                       "15000", "patd",        url,  "UTF8", NULL };

	*conn = (struct pat_pg_conn){ .unnamed = true };
	if (!url_ok(url))
		return pat_err_set(
			err, -EINVAL,
			"this is no URL that libpq can read; what is special in a password is written as %%40 for @, %%3A for :, %%2F for /");
	conn->db = PQconnectdbParams(names, values, 1);
	if (!conn->db)
		return pat_err_set(err, -ENOMEM, "out of memory");
	if (PQstatus(conn->db) != CONNECTION_OK)
		return connect_failed(conn, err);
	(void)PQsetNoticeReceiver(conn->db, on_notice, conn);
	if (PQsetnonblocking(conn->db, 1) != 0)
		return connect_failed(conn, err);
	int e = pat_pg_do(conn, session_sql);
	if (e == 0)
		e = pat_pg_do(conn, use == PAT_PG_WRITES ? writes_sql : reads_sql);
	if (e < 0) {
		(void)connect_failed(conn, err);
		return e;
	}
	return 0;
}

void pat_pg_conn_close(struct pat_pg_conn *conn)
{
	PQfinish(conn->db);
	*conn = (struct pat_pg_conn){ 0 };
}

/* ---- Waiting. */

static int lost(struct pat_pg_conn *conn, int error)
{
	conn->broken = true;
	return error;
}

/* Sends what is still to be sent and waits for something to arrive, until `deadline_ns`. */
static int wait_some(struct pat_pg_conn *conn, uint64_t deadline_ns)
{
	uint64_t now_ns = pat_clock_boot_ns();
	int unsent = PQflush(conn->db);
	struct pollfd fd = { .fd = PQsocket(conn->db),
		             .events = (short)(POLLIN | (unsent > 0 ? POLLOUT : 0)) };

	if (unsent < 0 || fd.fd < 0)
		return lost(conn, -ECONNRESET);
	if (now_ns >= deadline_ns)
		return lost(conn, -ETIMEDOUT);
	uint64_t left_ms = (deadline_ns - now_ns) / 1000000 + 1;
	int n = poll(&fd, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);
	if (n < 0 && errno != EINTR)
		return lost(conn, -errno);
	if (n > 0 && (fd.revents & ~POLLOUT) && PQconsumeInput(conn->db) == 0)
		return lost(conn, -ECONNRESET);
	return 0;
}

static uint64_t answer_deadline(void)
{
	return pat_clock_boot_ns() + PAT_PG_ANSWER_MS * 1000000ull;
}

/* The next result, NULL when there is none: 0 or negative. */
static int result_next(struct pat_pg_conn *conn, PGresult **ret)
{
	uint64_t deadline_ns = conn->patient ? UINT64_MAX : answer_deadline();

	while (PQisBusy(conn->db)) {
		int e = wait_some(conn, deadline_ns);
		if (e < 0)
			return e;
	}
	*ret = PQgetResult(conn->db);
	if (!*ret && PQstatus(conn->db) == CONNECTION_BAD)
		return lost(conn, -ECONNRESET);
	return 0;
}

/* 0, or the error that a result tells of. A fatal one has ended the session. */
static int result_judge(struct pat_pg_conn *conn, const PGresult *result)
{
	switch (PQresultStatus(result)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_SINGLE_TUPLE:
	case PGRES_COPY_IN:
		return 0;
	default:
		break;
	}
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	conn->broken |= !state || !severity || strcmp(severity, "ERROR") != 0;
	return pat_pg_error(state, &conn->retry);
}

/* Every result until the last, which is handed out unless there was an error. */
static int results_take(struct pat_pg_conn *conn, PGresult **ret)
{
	PGresult *last = NULL;
	PGresult *next = NULL;
	int error = 0;
	int e = 0;

	while ((e = result_next(conn, &next)) == 0 && next) {
		PQclear(last);
		last = next;
		if (error == 0)
			error = result_judge(conn, last);
		if (PQresultStatus(last) == PGRES_COPY_IN)
			break;
	}
	if (error == 0)
		error = e < 0 ? e : last ? 0 : lost(conn, -ECONNRESET);
	if (error < 0) {
		PQclear(last);
		return error;
	}
	*ret = last;
	return 0;
}

int pat_pg_do(struct pat_pg_conn *conn, const char *sql)
{
	PGresult *result = NULL;

	conn->retry = false;
	if (PQsendQuery(conn->db, sql) == 0)
		return lost(conn, -ECONNRESET);
	int e = results_take(conn, &result);
	PQclear(result);
	return e;
}

bool pat_pg_conn_ended(struct pat_pg_conn *conn)
{
	struct pollfd fd = { .fd = PQsocket(conn->db), .events = POLLIN };

	return fd.fd < 0 || poll(&fd, 1, 0) > 0;
}

int pat_pg_conn_socket(const struct pat_pg_conn *conn)
{
	return conn->db && !conn->broken ? PQsocket(conn->db) : -1;
}

bool pat_pg_conn_notification(struct pat_pg_conn *conn,
                              char ret_channel[static PAT_PG_CHANNEL_BYTES])
{
	if (!conn->db || conn->broken)
		return false;
	if (PQconsumeInput(conn->db) == 0) {
		conn->broken = true;
		return false;
	}
	PGnotify *notify = PQnotifies(conn->db);
	if (!notify)
		return false;
	(void)snprintf(ret_channel, PAT_PG_CHANNEL_BYTES, "%s", notify->relname);
	PQfreemem(notify);
	return true;
}

void pat_pg_conn_rollback(struct pat_pg_conn *conn)
{
	if (!conn->db || conn->broken || PQtransactionStatus(conn->db) == PQTRANS_IDLE)
		return;
	if (pat_pg_do(conn, "ROLLBACK") < 0)
		conn->broken = true;
}

/* ---- Statements. */

struct pat_pg_query pat_pg_query(struct pat_pg_conn *conn, const char *sql)
{
	return (struct pat_pg_query){ .conn = conn, .sql = sql };
}

struct pat_pg_query pat_pg_stream(struct pat_pg_conn *conn, const char *sql)
{
	return (struct pat_pg_query){ .conn = conn, .sql = sql, .stream = true };
}

void pat_pg_query_done(struct pat_pg_query *q)
{
	PQclear(q->result);
	q->result = NULL;
	if (q->stream && q->sent && !q->ended)
		q->conn->broken = true;
}

static void bind(struct pat_pg_query *q, int at, Oid type, const void *bytes, size_t len)
{
	int i = at - 1;

	pat_assert(i >= 0 && i < PAT_PG_PARAMS_MAX);
	pat_assert(len <= INT32_MAX);
	q->types[i] = type;
	q->values[i] = bytes;
	q->lengths[i] = (int)len;
	q->n = at > q->n ? at : q->n;
}

/* The numbers' own place is found when they are sent: until then the struct may move. */
void pat_pg_bind_i64(struct pat_pg_query *q, int at, int64_t value)
{
	uint64_t big = htobe64((uint64_t)value);

	bind(q, at, OID_INT8, NULL, sizeof(big));
	memcpy(q->numbers[at - 1], &big, sizeof(big)); /* UNSAFE: fixed sizes */
}

void pat_pg_bind_text(struct pat_pg_query *q, int at, const char *text, size_t max)
{
	bind(q, at, OID_TEXT, text ? text : "", text ? strnlen(text, max) : 0);
}

void pat_pg_bind_blob(struct pat_pg_query *q, int at, const void *bytes, size_t len)
{
	bind(q, at, OID_BYTEA, len > 0 ? bytes : "", len);
}

void pat_pg_bind_null_blob(struct pat_pg_query *q, int at)
{
	bind(q, at, OID_BYTEA, NULL, 0);
}

#define NAME_BYTES 16

static void statement_name(size_t i, char out[static NAME_BYTES])
{
	(void)snprintf(out, NAME_BYTES, "patd_%zu", i);
}

/* Finds the statement, or has the server prepare it. */
static int statement_find(struct pat_pg_query *q, char name[static NAME_BYTES])
{
	struct pat_pg_conn *conn = q->conn;
	PGresult *result = NULL;
	size_t i = 0;

	while (i < conn->n_statements && conn->statements[i] != q->sql)
		i++;
	statement_name(i, name);
	if (i < conn->n_statements)
		return 0;
	pat_assert(i < PAT_PG_STATEMENTS_MAX);
	if (PQsendPrepare(conn->db, name, q->sql, q->n, q->types) == 0)
		return lost(conn, -ECONNRESET);
	int e = results_take(conn, &result);
	PQclear(result);
	if (e == 0)
		conn->statements[conn->n_statements++] = q->sql;
	return e;
}

static int query_send(struct pat_pg_query *q)
{
	struct pat_pg_conn *conn = q->conn;
	int formats[PAT_PG_PARAMS_MAX];
	char name[NAME_BYTES];
	int sent = 0;

	for (int i = 0; i < q->n; i++) {
		formats[i] = BINARY;
		if (q->types[i] == OID_INT8)
			q->values[i] = (const char *)q->numbers[i];
	}
	if (conn->unnamed) {
		sent = PQsendQueryParams(conn->db, q->sql, q->n, q->types, q->values, q->lengths,
		                         formats, BINARY);
	} else {
		int e = statement_find(q, name);
		if (e < 0)
			return e;
		sent = PQsendQueryPrepared(conn->db, name, q->n, q->values, q->lengths, formats,
		                           BINARY);
	}
	if (sent == 0 || (q->stream && PQsetSingleRowMode(conn->db) == 0))
		return lost(conn, -ECONNRESET);
	return 0;
}

static int query_start(struct pat_pg_query *q)
{
	q->conn->retry = false;
	if (!q->conn->db || q->conn->broken)
		return -ECONNRESET;
	q->sent = true;
	q->row = -1;
	int e = query_send(q);
	return e < 0 || q->stream ? e : results_take(q->conn, &q->result);
}

/* The stream's next row: 1, 0 at its end, or negative. */
static int stream_next(struct pat_pg_query *q)
{
	PGresult *end = NULL;

	PQclear(q->result);
	q->result = NULL;
	q->row = 0;
	int e = result_next(q->conn, &q->result);
	if (e == 0)
		e = q->result ? result_judge(q->conn, q->result) : lost(q->conn, -ECONNRESET);
	if (e == 0 && PQresultStatus(q->result) == PGRES_SINGLE_TUPLE)
		return 1;
	q->ended = true;
	while (!q->conn->broken && result_next(q->conn, &end) == 0 && end)
		PQclear(end);
	return e;
}

int pat_pg_step(struct pat_pg_query *q)
{
	if (q->error == 0 && !q->sent)
		q->error = query_start(q);
	if (q->error < 0 || q->ended)
		return q->error;
	if (q->stream) {
		int e = stream_next(q);
		q->error = e < 0 ? e : 0;
		return e;
	}
	return ++q->row < PQntuples(q->result) ? 1 : 0;
}

int pat_pg_run(struct pat_pg_query *q)
{
	int e = 0;

	while ((e = pat_pg_step(q)) > 0)
		;
	return e;
}

int64_t pat_pg_changed(const struct pat_pg_query *q)
{
	long long n = 0;

	/* The server's own count, or nothing where a statement has none. */
	return sscanf(PQcmdTuples(q->result), "%lld", &n) == 1 ? n : 0; /* NOLINT(cert-err34-c) */
}

/* ---- Columns. */

/* NULL unless the row has such a value of that type. */
static const char *column_of(struct pat_pg_query *q, int column, Oid type, size_t *ret_len)
{
	if (q->row < 0 || column >= PQnfields(q->result) || PQftype(q->result, column) != type ||
	    PQgetisnull(q->result, q->row, column))
		return NULL;
	*ret_len = (size_t)PQgetlength(q->result, q->row, column);
	return PQgetvalue(q->result, q->row, column);
}

int64_t pat_pg_i64(struct pat_pg_query *q, int column)
{
	uint64_t big = 0;
	size_t len = 0;
	const char *bytes = column_of(q, column, OID_INT8, &len);

	if (!bytes || len != sizeof(big)) {
		/* A NULL reads as 0, as a row that an outer join did not find. */
		q->malformed |= bytes || PQftype(q->result, column) != OID_INT8;
		return 0;
	}
	memcpy(&big, bytes, sizeof(big)); /* UNSAFE: fixed sizes */
	return (int64_t)be64toh(big);
}

void pat_pg_text(struct pat_pg_query *q, int column, char *out, size_t out_bytes)
{
	size_t len = 0;
	const char *text = column_of(q, column, OID_TEXT, &len);

	out[0] = '\0';
	if (!text || len >= out_bytes || memchr(text, '\0', len)) {
		q->malformed = true;
		return;
	}
	memcpy(out, text, len); /* UNSAFE: len < out_bytes */
	out[len] = '\0';
}

void pat_pg_blob(struct pat_pg_query *q, int column, void *out, size_t len)
{
	size_t there = 0;
	const char *bytes = column_of(q, column, OID_BYTEA, &there);

	if (!bytes || there != len) {
		q->malformed = true;
		memset(out, 0, len); /* UNSAFE: the caller's size */
		return;
	}
	memcpy(out, bytes, len); /* UNSAFE: there == len */
}

const void *pat_pg_here(struct pat_pg_query *q, int column, size_t *ret_len)
{
	const char *bytes = column_of(q, column, OID_BYTEA, ret_len);

	return bytes ? bytes : column_of(q, column, OID_TEXT, ret_len);
}

/* ---- The end of a transaction. */

/* A FATAL error may come after the commit was written, so only an ERROR says that it was not. What was warned of meanwhile can
 * only be that a standby was not waited for. */
enum pat_pg_commit pat_pg_conn_commit(struct pat_pg_conn *conn, int *ret_error)
{
	PGresult *result = NULL;

	conn->warned = false;
	conn->retry = false;
	if (PQsendQuery(conn->db, "COMMIT") == 0) {
		conn->broken = true;
		return PAT_PG_UNKNOWN;
	}
	*ret_error = results_take(conn, &result);
	bool committed = *ret_error == 0 && strcmp(PQcmdStatus(result), "COMMIT") == 0;
	PQclear(result);
	if (committed)
		return conn->warned ? PAT_PG_UNCONFIRMED : PAT_PG_COMMITTED;
	if (conn->broken)
		return PAT_PG_UNKNOWN;
	*ret_error = *ret_error == 0 ? -EIO : *ret_error;
	return PAT_PG_ROLLED_BACK;
}

/* ---- COPY. */

/* The signature, no flags, no extension; the text's own NUL is the last byte of it. */
static const char copy_head[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";

int pat_pg_copy_begin(struct pat_pg_conn *conn, const char *sql)
{
	int e = pat_pg_do(conn, sql);

	return e < 0 ? e : pat_pg_copy_put(conn, copy_head, sizeof(copy_head));
}

int pat_pg_copy_put(struct pat_pg_conn *conn, const void *bytes, size_t len)
{
	uint64_t deadline_ns = answer_deadline();
	int n = 0;

	pat_assert(len <= INT32_MAX);
	while ((n = PQputCopyData(conn->db, bytes, (int)len)) == 0) {
		int e = wait_some(conn, deadline_ns);
		if (e < 0)
			return e;
	}
	return n < 0 ? lost(conn, -ECONNRESET) : 0;
}

int pat_pg_copy_end(struct pat_pg_conn *conn)
{
	static const uint8_t no_more[2] = { 0xff, 0xff };
	PGresult *result = NULL;
	int n = 0;

	int e = pat_pg_copy_put(conn, no_more, sizeof(no_more));
	while (e == 0 && (n = PQputCopyEnd(conn->db, NULL)) == 0)
		e = wait_some(conn, answer_deadline());
	if (e == 0 && n < 0)
		e = lost(conn, -ECONNRESET);
	conn->patient = true;
	if (e == 0)
		e = results_take(conn, &result);
	conn->patient = false;
	PQclear(result);
	return e;
}
