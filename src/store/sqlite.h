/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the SQLite backend share; nobody else includes it. Their names start with
 * pat_lite_.
 *
 * Threads. One process owns the database: an flock on "<location>.lock" keeps a second one out. In it,
 * one thread owns the only connection that writes (sqlite_writer.c): writers queue an operation and
 * wait. Reads run on the caller's thread, each on a connection of its own for its duration, out of a
 * small pool (sqlite_conn.c); WAL lets them run beside the writer, and a read begun after a write
 * returned sees it. A caller's function that reads the store again takes a second connection; when
 * many do so at once and the pool stays empty, the answer is -EBUSY after a while, never a deadlock.
 *
 * SQL is text in the program, parameters are bound, and nothing composes SQL at run time.
 */
#ifndef PAT_STORE_SQLITE_H
#define PAT_STORE_SQLITE_H

#include <pthread.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <sys/types.h>

#include "store/backend.h"

#define PAT_LITE_STATEMENTS_MAX 64   /* different statements on one connection */
#define PAT_LITE_READERS_MAX    8    /* connections that read */
#define PAT_LITE_READER_WAIT_S  5    /* for one of them, then -EBUSY */
#define PAT_LITE_BUSY_WAIT_MS   2000 /* for an operator's sqlite3 shell that holds the write lock */
#define PAT_LITE_QUEUE_MAX      1024 /* operations waiting for the writer */

/* ---- A connection and its prepared statements: one thread at a time. (sqlite_conn.c) */

struct pat_lite_conn {
	sqlite3 *db; /* NULL when closed */
	bool broken; /* saw an I/O error: to be closed, not used again */
	size_t n_statements;
	struct {
		const char *sql; /* found again by its address */
		sqlite3_stmt *statement;
	} statements[PAT_LITE_STATEMENTS_MAX];
};

/* -EINVAL: no database file; otherwise as pat_lite_error(). */
int pat_lite_conn_open(struct pat_lite_conn *conn, const char *path, bool writes) PAT_MUST_USE;
/* Accepts a closed one. */
void pat_lite_conn_close(struct pat_lite_conn *conn);
/* What an SQLite result code is to store.h; notes on the connection when it should not be used again. */
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
int64_t pat_lite_i64(struct pat_lite_query *q, int column);
/* Copies a text column; `malformed` when it does not fit or holds a NUL. */
void pat_lite_text(struct pat_lite_query *q, int column, char *out, size_t out_bytes);
/* Copies a blob of exactly `len` bytes; else `malformed`. */
void pat_lite_blob(struct pat_lite_query *q, int column, void *out, size_t len);

/* ---- The store. */

struct pat_lite_op;

/* Row numbers whose tampering was logged already; bounded, after which only a last line follows. */
#define PAT_LITE_TAMPERED_MAX 1024
struct pat_lite_tampered {
	pthread_mutex_t lock;
	size_t n;
	bool full_logged;
	int64_t numbers[PAT_LITE_TAMPERED_MAX];
};

struct pat_lite_writer {
	pthread_t thread;
	bool started;
	struct pat_lite_conn conn;  /* the writer's thread only */
	int wal_frames;             /* in the log */
	int wal_frames_copied;      /* of them, when they were last copied into the database */
	struct pat_change *changes; /* of the batch in work; owned */
	size_t n_changes;
	size_t cap_changes;

	pthread_mutex_t lock; /* what follows */
	pthread_cond_t wake;
	bool stop;
	size_t n_queued;
	struct pat_lite_op *first;
	struct pat_lite_op *last;
};

struct pat_lite_pool {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool busy[PAT_LITE_READERS_MAX];
	struct pat_lite_conn conns[PAT_LITE_READERS_MAX];
};

struct pat_lite {
	struct pat_store base;
	char *path;
	dev_t device; /* of the file that was opened */
	ino_t inode;
	int lock_fd;
	struct pat_row_key key;
	pat_store_listener_fn *listener;
	void *listener_arg;
	struct pat_lite_writer writer;
	struct pat_lite_pool readers;
	struct pat_lite_tampered tampered;
};

/* ---- Reading: a connection out of the pool, given back by its cleanup. (sqlite_conn.c) */

struct pat_lite_reader {
	struct pat_lite *lite;
	struct pat_lite_conn *conn; /* NULL: none */
	size_t slot;
};

void pat_lite_pool_init(struct pat_lite_pool *pool);
void pat_lite_pool_done(struct pat_lite_pool *pool);
int pat_lite_reader_take(struct pat_store *store, struct pat_lite_reader *ret) PAT_MUST_USE;
void pat_lite_reader_done(struct pat_lite_reader *reader);

/* ---- Writing. (sqlite_writer.c) */

struct pat_lite_tx {
	struct pat_lite *lite;
	struct pat_lite_conn *conn;
	int64_t time_s; /* the largest time this operation writes; raises the head's */
};

/* Runs on the writer's thread inside a transaction. 0 keeps what it did; an outcome or an error takes
 * it back, alone. Must not touch the caller's results other than its own `arg`. */
typedef int pat_lite_op_fn(struct pat_lite_tx *tx, void *arg);

void pat_lite_writer_init(struct pat_lite_writer *writer);
/* Opens the connection unless it is open and sound. As pat_lite_conn_open(). */
int pat_lite_writer_connect(struct pat_lite *lite) PAT_MUST_USE;
/* The database is migrated; starts the thread. */
int pat_lite_writer_start(struct pat_lite *lite) PAT_MUST_USE;
void pat_lite_writer_done(struct pat_lite *lite);
/* Queues the operation and waits until its transaction is durable and the listener was told. */
int pat_lite_write(struct pat_store *store, pat_lite_op_fn *fn, void *arg) PAT_MUST_USE;
/* Takes the next number of the sequence and records the change. `digest` and `record` as in
 * struct pat_change; the record must live until the operation's caller is answered. */
int pat_lite_change(struct pat_lite_tx *tx, enum pat_change_kind kind, int64_t person,
                    const uint8_t *digest, const struct pat_record *record,
                    int64_t *ret_seq) PAT_MUST_USE;

/* ---- Audit. (sqlite_audit.c) */

struct pat_lite_event {
	const char *action;
	const char *object;
	int64_t seq; /* 0: none */
	int64_t at_s;
};

int pat_lite_audit(struct pat_lite_tx *tx, const struct pat_actor *actor,
                   const struct pat_lite_event *event) PAT_MUST_USE;
int pat_lite_audit_list(struct pat_store *store, int64_t after, unsigned limit, pat_audit_fn *fn,
                        void *arg);

int pat_lite_audit_verify(struct pat_store *store, int64_t *ret_id);

/* ---- Migrations. (sqlite_migrate.c) */

/* Whether this is a fresh file or a store that this binary understands: 0, -EINVAL, -EPROTO. Changes
 * nothing. */
int pat_lite_identify(struct pat_lite_conn *conn, struct pat_err *err) PAT_MUST_USE;
int pat_lite_migrate(struct pat_lite_conn *conn, struct pat_err *err) PAT_MUST_USE;

/* ---- People. (sqlite_people.c) */

int pat_lite_person_create(struct pat_store *store, const struct pat_person *person,
                           const struct pat_actor *actor, int64_t now_s, int64_t *ret_id);
int pat_lite_people_any(struct pat_store *store, bool *ret);
int pat_lite_setup_code_set(struct pat_store *store, const uint8_t hash[static 32]);
int pat_lite_setup_complete(struct pat_store *store, const uint8_t hash[static 32],
                            const struct pat_person *person, const struct pat_actor *actor,
                            int64_t now_s, int64_t *ret_id);
int pat_lite_person_by_email(struct pat_store *store, const char *email, struct pat_person *ret);
int pat_lite_person_by_id(struct pat_store *store, int64_t id, struct pat_person *ret);
int pat_lite_person_list(struct pat_store *store, pat_person_fn *fn, void *arg);
int pat_lite_person_set_password(struct pat_store *store, int64_t id, const char *phc,
                                 const char *action, bool end_sessions, int64_t keep_session,
                                 const struct pat_actor *actor, int64_t now_s, int64_t *ret_ended);
int pat_lite_person_set_disabled(struct pat_store *store, int64_t id, bool disabled,
                                 const struct pat_actor *actor, int64_t now_s);

#define PAT_LITE_PERSON_COLUMNS 7
/* Reads PAT_LITE_PERSON_COLUMNS columns from `column` on: id, email, name, password, admin, disabled,
 * created. 0, or -EIO when they are not a person. */
int pat_lite_person_read(struct pat_lite_query *q, int column, struct pat_person *ret) PAT_MUST_USE;
/* In a transaction. 0, PAT_STORE_E_NOT_FOUND, or negative. */
/* 0, or E_PASSWORD_CHANGED when actor->proven is no longer the person's password. */
int pat_lite_proof_judge(struct pat_lite_tx *tx, int64_t id,
                         const struct pat_actor *actor) PAT_MUST_USE;
int pat_lite_person_state(struct pat_lite_tx *tx, int64_t id, bool *ret_disabled) PAT_MUST_USE;

/* ---- Sessions. (sqlite_session.c) */

int pat_lite_session_create(struct pat_store *store, struct pat_session *session,
                            const struct pat_actor *actor, int64_t now_s);
int pat_lite_session_get(struct pat_store *store, const uint8_t hash[static 32],
                         struct pat_session *ret, struct pat_person *ret_person);
int pat_lite_session_touch(struct pat_store *store, int64_t id, int64_t seen_s);
int pat_lite_session_end(struct pat_store *store, int64_t person, int64_t id,
                         const struct pat_actor *actor, int64_t now_s);
int pat_lite_sessions_end(struct pat_store *store, int64_t person, int64_t keep,
                          const struct pat_actor *actor, int64_t now_s, int64_t *ret_ended);
int pat_lite_session_list(struct pat_store *store, int64_t person, pat_session_fn *fn, void *arg);
int pat_lite_sessions_prune(struct pat_store *store, int64_t expired_before_s,
                            int64_t seen_before_s);
int pat_lite_address_known(struct pat_store *store, int64_t person, const char *address, bool *ret);

/* In a transaction: ends all of the person's sessions but `keep`, with an audit record each. */
int pat_lite_sessions_end_tx(struct pat_lite_tx *tx, int64_t person, int64_t keep,
                             const struct pat_actor *actor, int64_t now_s,
                             int64_t *ret_ended) PAT_MUST_USE;

/* ---- Tokens. (sqlite_token.c: changes; sqlite_token_read.c: single reads and lists;
 * sqlite_token_load.c: everything at once) */

int pat_lite_token_create(struct pat_store *store, const struct pat_new_token *token,
                          const struct pat_actor *actor, struct pat_record *ret);
int pat_lite_token_revoke(struct pat_store *store, int64_t person,
                          const uint8_t tid[static PAT_TID_BYTES], const struct pat_actor *actor,
                          int64_t now_s, struct pat_record *ret);
int pat_lite_token_get(struct pat_store *store, int64_t person,
                       const uint8_t tid[static PAT_TID_BYTES], struct pat_record *ret);
int pat_lite_token_list(struct pat_store *store, int64_t person, enum pat_token_filter filter,
                        int64_t now_s, int64_t before, unsigned limit, pat_record_fn *fn,
                        void *arg);
int pat_lite_token_load(struct pat_store *store, int64_t expired_before_s, int64_t *ret_seq,
                        pat_record_fn *fn, void *arg);
int pat_lite_token_count(struct pat_store *store, int64_t *ret);
int pat_lite_token_expired(struct pat_store *store, int64_t from_s, int64_t to_s, pat_record_fn *fn,
                           void *arg);
int pat_lite_usage_fold(struct pat_store *store, const struct pat_usage *usage, size_t n);

/* In a transaction: revokes every unrevoked token of a person who is being disabled. */
int pat_lite_tokens_revoke_tx(struct pat_lite_tx *tx, int64_t person, const struct pat_actor *actor,
                              int64_t now_s) PAT_MUST_USE;

/* The columns that pat_lite_token_read() reads, and the tables they come from. */
#define PAT_LITE_TOKEN_COLUMNS                                                                         \
	"t.number, t.digest, t.mac, t.owner, t.issued, t.expires, t.flags, t.seq, t.key_id, t.state, " \
	"t.revoked_seq, t.scope_set, t.name, t.hint, t.revoked, t.reason, t.last_used, t.use_count"
#define PAT_LITE_TOKEN_SCOPES_COLUMN 18 /* s.scopes, the next */
#define PAT_LITE_TOKEN_SELECT            \
	"SELECT " PAT_LITE_TOKEN_COLUMNS \
	", s.scopes FROM token t LEFT JOIN scope_set s ON s.id = t.scope_set "

/* Reads the columns above, all but the scopes. Sets q->malformed when they are not what patd writes. */
void pat_lite_token_columns(struct pat_lite_query *q, struct pat_record *ret,
                            int64_t *ret_scope_set);
/* Reads and checks a whole row: 0, PAT_RECORD_E_MAC (and logs it), or negative. `ret` is written in
 * any case. */
int pat_lite_token_read(struct pat_lite *lite, struct pat_lite_query *q,
                        struct pat_record *ret) PAT_MUST_USE;
/* The owner's token: 0, PAT_STORE_E_NOT_FOUND, or negative. */
int pat_lite_token_find(struct pat_lite *lite, struct pat_lite_conn *conn, int64_t person,
                        const uint8_t tid[static PAT_TID_BYTES],
                        struct pat_record *ret) PAT_MUST_USE;
/* Logs "store.row_tampered", once per row. */
void pat_lite_token_tampered(struct pat_lite *lite, int64_t number,
                             const uint8_t digest[static 32]);

#endif
