/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the PostgreSQL backend share; nobody else includes it. Their names start with pat_pg_.
 *
 * Threads. One thread owns the only connection that writes, the link (postgres_link.c, postgres_writer.c): writers queue an
 * operation and wait, and share its commits. Reads run on the caller's thread, each on a connection of its own for its
 * duration, out of a small pool; one begun after a write returned sees it. A caller's function that reads the store again
 * takes a second connection; when many do so at once and the pool stays empty, the answer is -EBUSY after a while, never a
 * deadlock.
 *
 * Order. Every transaction that writes begins by locking the one row of `head`, and holds it to its end. So what an
 * operation has looked at stays so until it is committed, whoever else writes; change numbers and audit ids are taken from
 * that row without gaps and in commit order.
 *
 * Fate. A connection that is lost before its COMMIT was sent has changed nothing, and the batch runs again on a new one. One
 * that is lost in COMMIT leaves a transaction of which nobody has said what became of it: each leaves its number in a row of
 * its own (`batch`), which is looked at on a new connection. If that is not possible in time, the callers are told PAT_STORE_UNKNOWN, and whatever it was, the listener hears
 * of it later: it is told every change behind the last that it was told of (postgres_feed.c).
 */
#ifndef PAT_STORE_POSTGRES_H
#define PAT_STORE_POSTGRES_H

#include <pthread.h>

#include "store/audit.h"
#include "store/backend.h"
#include "store/kept.h"
#include "store/postgres_conn.h"
#include "store/queue.h"
#include "store/seal.h"

#define PAT_PG_BATCH_MAX \
	64 /* of them in one transaction: as many subtransactions as a backend keeps at hand */
#define PAT_PG_READERS_MAX \
	8 /* with the link 9 of the 100 connections that a server has unless told otherwise */
#define PAT_PG_READER_WAIT_S 5
#define PAT_PG_FATE_MS       8000 /* how long writers wait for the fate of a commit */

/* ---- The store. */

#define PAT_PG_ID_BYTES 33

/* The connection that writes, and what is known of the database at its other end. */
struct pat_pg_link {
	struct pat_pg_conn conn;
	const char *
		said; /* the event that was logged last of a link that does not work; NULL: it does */
	uint64_t refused_ns; /* when connecting failed last; 0: it did not */
	int64_t backend;     /* the server's process, and when it was started */
	char backend_started[64];
	char identity[40]; /* of the database, made with it */
	char timeline[16]; /* of the server: changes when a standby takes over */
	char id[PAT_PG_ID_BYTES]; /* of this process's row in `batch`, and the number that stands there or will */
	int64_t number;
};

/* What the listener knows. Told by whoever finds something to tell: the writer, and the thread that follows others. */
struct pat_pg_feed {
	pthread_mutex_t lock; /* what follows, and telling; taken after any lock of the server's */
	int64_t told;         /* the number of the last change that it knows */
	char timeline[16];    /* whose history that is; "": as the link's */
};

struct pat_pg_writer {
	struct pat_queue queue;
	struct pat_changes changes; /* of the batch in work */
	bool spoke; /* an operation of the batch has told its caller something: it must not run twice */
	bool unsettled; /* a commit's fate is unknown */
};

struct pat_pg_pool {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool busy[PAT_PG_READERS_MAX];
	struct pat_pg_conn conns[PAT_PG_READERS_MAX];
	char timelines[PAT_PG_READERS_MAX]
		      [16];  /* of their servers; of a store that is not shared nobody asks */
	uint64_t refused_ns; /* as the link's */
};

struct pat_pg {
	struct pat_store base;
	char *url;
	bool shared;
	struct pat_pg_link link; /* the writer's thread only */
	struct pat_pg_feed feed;
	struct pat_pg_pool readers;
	struct pat_row_key key;
	unsigned sessions_max; /* 0: any number */
	pat_store_listener_fn *listener;
	void *listener_arg;
	struct pat_pg_writer writer;
	struct pat_tampered tampered;
};

/* ---- Reading: a connection out of the pool, given back by its cleanup. (postgres_pool.c) */

struct pat_pg_reader {
	struct pat_pg_pool *pool;
	struct pat_pg_conn *conn; /* NULL: none */
	size_t slot;
};

void pat_pg_pool_init(struct pat_pg_pool *pool);
void pat_pg_pool_done(struct pat_pg_pool *pool);
/* -EBUSY, or as pat_pg_conn_open(). */
int pat_pg_reader_take(struct pat_store *store, struct pat_pg_reader *ret) PAT_MUST_USE;
/* Rolls back what was begun and gives it back: for pat_cleanup. Accepts one that holds none. */
void pat_pg_reader_done(struct pat_pg_reader *reader);
/* Begins a transaction in which all reads see the same, and may take long. */
int pat_pg_reader_view(struct pat_pg_reader *reader) PAT_MUST_USE;

/* Whether a server that refused a connection at `refused_ns` need not be asked again yet. */
bool pat_pg_refused_lately(uint64_t refused_ns);

/* ---- What kind of server it is. (postgres_server.c) */

/* Refuses, with the reason: too old, a standby, not durable, not UTF-8 (-EINVAL). */
int pat_pg_server_examine(struct pat_pg_conn *conn, struct pat_err *err) PAT_MUST_USE;
/* Opens a connection that writes, and examines it. */
int pat_pg_server_connect(const char *url, struct pat_pg_conn *ret,
                          struct pat_err *err) PAT_MUST_USE;
/* After that failed with `e`: the reason, if the server can be reached but not written to; else `e`, and `err` as it was. */
int pat_pg_server_explain(const char *url, int e, struct pat_err *err) PAT_MUST_USE;
/* Refuses a pooler that gives each transaction another session (-EINVAL). `conn` is one connection; a second is made. */
int pat_pg_server_sessions(const char *url, struct pat_pg_conn *conn,
                           struct pat_err *err) PAT_MUST_USE;

/* ---- Migrations. (postgres_migrate.c) */

/* Brings the database to the newest schema. -EPROTO (of a newer patd). */
int pat_pg_migrate(struct pat_pg_conn *conn, struct pat_err *err) PAT_MUST_USE;

/* ---- The link. (postgres_link.c) */

/* 128 random bits in hexadecimal, for a row that nobody else has. */
int pat_pg_id_make(char ret[static PAT_PG_ID_BYTES]) PAT_MUST_USE;

/* Connects, takes the database for this process, migrates, and reads the head. Refuses with the reason. */
int pat_pg_link_open(struct pat_pg *pg, struct pat_err *err) PAT_MUST_USE;
void pat_pg_link_done(struct pat_pg *pg);
/* Connects anew if the connection was lost. */
int pat_pg_link_ready(struct pat_pg *pg) PAT_MUST_USE;
/* Begins a transaction with the head locked, and tells the listener what it does not know. */
int pat_pg_link_begin(struct pat_pg *pg) PAT_MUST_USE;
/* What became of the last transaction, whose COMMIT was not answered: asks until PAT_PG_FATE_MS are over. */
enum pat_pg_commit pat_pg_link_fate(struct pat_pg *pg);

/* Who is at the other end of a connection. */
struct pat_pg_other_end {
	int64_t backend; /* the server's process, and when it was started */
	char backend_started[64];
	char timeline[16];
	char identity[40];
	int64_t seq;
};
int pat_pg_other_end(struct pat_pg_conn *conn, struct pat_pg_other_end *ret) PAT_MUST_USE;

/* Whether everything that was committed so far is where the server was told to keep it: by a commit that waits for that. */
int pat_pg_link_confirm(struct pat_pg *pg) PAT_MUST_USE;

/* ---- What the listener has missed. (postgres_feed.c) */

void pat_pg_feed_init(struct pat_pg_feed *feed);
void pat_pg_feed_done(struct pat_pg_feed *feed);
/* The number of the last change that was told. */
int64_t pat_pg_feed_told(struct pat_pg *pg);
/* Tells of the changes up to `head`, which were committed before, as `conn` sees them. -ESTALE: there are gaps. */
int pat_pg_feed_catch_up(struct pat_pg *pg, struct pat_pg_conn *conn, int64_t head) PAT_MUST_USE;
/* The same, with the lock held. */
int pat_pg_feed_to(struct pat_pg *pg, struct pat_pg_conn *conn, int64_t head) PAT_MUST_USE;
/* Tells of changes that have just been committed, but for those that somebody else has told of meanwhile. */
void pat_pg_feed_tell(struct pat_pg *pg, const struct pat_change *changes, size_t n);

/* ---- Several nodes. (postgres_node.c) */

int pat_pg_node_open(struct pat_store *store, const char *label, int64_t lease_ms,
                     struct pat_node **ret);

/* ---- Writing. (postgres_writer.c) */

struct pat_pg_tx {
	struct pat_pg *pg;
	struct pat_pg_conn *conn;
	int64_t time_s;   /* the largest time this operation writes; raises the head's */
	int64_t raised_s; /* what it has been raised to already */
};

/* Runs on the writer's thread inside a transaction. 0 keeps what it did; an outcome or an error takes
 * it back, alone. Must not touch the caller's results other than its own `arg`. */
typedef int pat_pg_op_fn(struct pat_pg_tx *tx, void *arg);

/* The database is migrated; starts the thread. */
int pat_pg_writer_start(struct pat_pg *pg) PAT_MUST_USE;
void pat_pg_writer_done(struct pat_pg *pg);
/* Queues the operation and waits until its transaction is durable and the listener was told. */
int pat_pg_write(struct pat_store *store, pat_pg_op_fn *fn, void *arg) PAT_MUST_USE;
/* Takes the next number of the sequence and records the change. `digest` and `record` as in
 * struct pat_change; the record must live until the operation's caller is answered. */
int pat_pg_change(struct pat_pg_tx *tx, enum pat_change_kind kind, int64_t person,
                  const uint8_t *digest, const struct pat_record *record,
                  int64_t *ret_seq) PAT_MUST_USE;

/* ---- Audit. (postgres_audit.c) */

int pat_pg_audit(struct pat_pg_tx *tx, const struct pat_actor *actor,
                 const struct pat_event *event) PAT_MUST_USE;
int pat_pg_audit_list(struct pat_store *store, int64_t after, unsigned limit, pat_audit_fn *fn,
                      void *arg);

int pat_pg_audit_note(struct pat_store *store, const struct pat_actor *actor, const char *action,
                      const char *object, int64_t seq, int64_t now_s);
int pat_pg_audit_verify(struct pat_store *store, int64_t *ret_id);
int pat_pg_key_check(struct pat_store *store);

/* ---- People. (postgres_people.c) */

int pat_pg_person_create(struct pat_store *store, const struct pat_person *person,
                         const struct pat_actor *actor, int64_t now_s, int64_t *ret_id);
int pat_pg_people_any(struct pat_store *store, bool *ret);
int pat_pg_setup_code_set(struct pat_store *store, const uint8_t hash[static 32]);
int pat_pg_setup_complete(struct pat_store *store, const uint8_t hash[static 32],
                          const struct pat_person *person, const struct pat_actor *actor,
                          int64_t now_s, int64_t *ret_id);
int pat_pg_person_by_email(struct pat_store *store, const char *email, struct pat_person *ret);
int pat_pg_person_by_id(struct pat_store *store, int64_t id, struct pat_person *ret);
int pat_pg_person_list(struct pat_store *store, int64_t after, unsigned limit, pat_person_fn *fn,
                       void *arg);
int pat_pg_person_set_password(struct pat_store *store, int64_t id, const char *phc,
                               const char *action, bool end_sessions, int64_t keep_session,
                               const struct pat_actor *actor, int64_t now_s, int64_t *ret_ended);
int pat_pg_person_set_disabled(struct pat_store *store, int64_t id, bool disabled,
                               const struct pat_actor *actor, int64_t now_s);

/* In a transaction. */
struct pat_pg_password_op {
	int64_t id;
	const char *phc;
	const char *action;
	bool end_sessions;
	int64_t keep_session;
	const struct pat_actor *actor;
	int64_t now_s;
	int64_t ended; /* result */
};
int pat_pg_password_set_op(struct pat_pg_tx *tx, void *arg) PAT_MUST_USE;

/* What pat_pg_person_read() reads, and the tables it comes from. */
#define PAT_PG_PERSON_COLUMNS                                                                                    \
	"p.id, coalesce(o.email, p.email), p.name, p.password, p.admin, p.disabled, p.created, i.kind, i.hash, " \
	"coalesce(o.service, ''), coalesce(o.subject, ''), p.wishes"
#define PAT_PG_PERSON_FROM                                \
	"person p LEFT JOIN picture i ON i.person = p.id" \
	" LEFT JOIN portal_person o ON o.person = p.id"
/* Reads those columns, the first of which is `column`. 0, or -EIO when they are not a person. */
int pat_pg_person_read(struct pat_pg_query *q, int column, struct pat_person *ret) PAT_MUST_USE;
/* 0, PAT_STORE_E_NOT_FOUND, or negative. */
int pat_pg_person_get(struct pat_pg_conn *conn, int64_t id, struct pat_person *ret) PAT_MUST_USE;

/* ---- In a transaction: 0, PAT_STORE_E_NOT_FOUND, or negative. */

/* Adds the row alone: `email` is what it is found by. */
int pat_pg_person_insert(struct pat_pg_tx *tx, const struct pat_person *person, const char *email,
                         int64_t now_s, int64_t *ret_id) PAT_MUST_USE;
/* 0, or E_PASSWORD_CHANGED when actor->proven is no longer the person's password. */
int pat_pg_proof_judge(struct pat_pg_tx *tx, int64_t id,
                       const struct pat_actor *actor) PAT_MUST_USE;
int pat_pg_person_state(struct pat_pg_tx *tx, int64_t id, bool *ret_disabled) PAT_MUST_USE;
/* Writes the record of what was done to a person. `seq`: of the change, or 0. */
int pat_pg_person_audit(struct pat_pg_tx *tx, const struct pat_actor *actor, const char *action,
                        int64_t person, int64_t seq, int64_t now_s) PAT_MUST_USE;

/* ---- What a person says of himself. (postgres_profile.c) */

int pat_pg_person_set_profile(struct pat_store *store, int64_t id, const char *name,
                              const char *email, const struct pat_actor *actor, int64_t now_s,
                              struct pat_person *ret);

int pat_pg_person_set_wishes(struct pat_store *store, int64_t id, unsigned wishes,
                             const struct pat_actor *actor, int64_t now_s, struct pat_person *ret);

int pat_pg_person_set_picture(struct pat_store *store, int64_t id,
                              const struct pat_picture *picture, const void *bytes, size_t len,
                              const struct pat_actor *actor, int64_t now_s, struct pat_person *ret);
int pat_pg_person_picture(struct pat_store *store, int64_t id, const struct pat_picture *picture,
                          struct pat_buf *out);

/* PAT_STORE_E_EXISTS when anybody but `id` (0: anybody) has the email. */
int pat_pg_email_taken(struct pat_pg_conn *conn, const char *email, int64_t id) PAT_MUST_USE;

/* ---- Products' own people. (postgres_portal.c) */

int pat_pg_portal_link(struct pat_store *store, const struct pat_person *person,
                       const struct pat_portal_link *link, const struct pat_actor *actor,
                       int64_t now_s, int64_t *ret_id);
int pat_pg_portal_open(struct pat_store *store, const uint8_t hash[static 32],
                       struct pat_session *session, const struct pat_actor *actor, int64_t now_s,
                       struct pat_person *ret);
int pat_pg_portal_person(struct pat_store *store, const char *service, const char *subject,
                         struct pat_person *ret);
/* In a transaction: 0 while there is the service that vouches for this person, PAT_STORE_E_NOT_FOUND, or negative. */
int pat_pg_portal_judge(struct pat_pg_tx *tx, int64_t person) PAT_MUST_USE;
/* In a transaction: ends what the service's people have. */
int pat_pg_portal_end_tx(struct pat_pg_tx *tx, const char *service, const struct pat_actor *actor,
                         int64_t now_s) PAT_MUST_USE;

/* ---- Up to where mail was sent. (postgres_notice.c) */

int pat_pg_notice_look(struct pat_store *store, struct pat_notice_view *ret);
int pat_pg_notice_claim(struct pat_store *store, const struct pat_notice_claim *claim,
                        struct pat_notice_state *ret);
int pat_pg_notice_advance(struct pat_store *store, const char *holder, int64_t until_s,
                          const struct pat_notice_state *state);
int pat_pg_notice_release(struct pat_store *store, const char *holder);
int pat_pg_former_email(struct pat_store *store, int64_t audit,
                        char ret[static PAT_EMAIL_BYTES_MAX + 1]);
/* In a transaction, right behind the record of the change. */
int pat_pg_former_email_keep(struct pat_pg_tx *tx, const char *email, int64_t now_s) PAT_MUST_USE;

/* ---- Sessions. (postgres_session.c) */

/* In a transaction: creates the session of op->session. */
struct pat_pg_session_op {
	const struct pat_session *session;
	const struct pat_actor *actor;
	int64_t now_s;
	int64_t id; /* result */
};
int pat_pg_session_create_op(struct pat_pg_tx *tx, void *arg) PAT_MUST_USE;

int pat_pg_session_create(struct pat_store *store, struct pat_session *session,
                          const struct pat_actor *actor, int64_t now_s);
int pat_pg_session_renew(struct pat_store *store, int64_t old, struct pat_session *session,
                         const struct pat_actor *actor, int64_t now_s);
int pat_pg_password_change(struct pat_store *store, int64_t old, struct pat_session *session,
                           const char *phc, bool end_others, const struct pat_actor *actor,
                           int64_t now_s, int64_t *ret_ended);
int pat_pg_session_get(struct pat_store *store, const uint8_t hash[static 32],
                       struct pat_session *ret, struct pat_person *ret_person);
int pat_pg_session_touch(struct pat_store *store, int64_t id, int64_t seen_s);
int pat_pg_session_end(struct pat_store *store, int64_t person, int64_t id,
                       const struct pat_actor *actor, int64_t now_s);
int pat_pg_sessions_end(struct pat_store *store, int64_t person, int64_t keep,
                        const struct pat_actor *actor, int64_t now_s, int64_t *ret_ended);
int pat_pg_session_list(struct pat_store *store, int64_t person, pat_session_fn *fn, void *arg);
int pat_pg_sessions_prune(struct pat_store *store, int64_t expired_before_s, int64_t seen_before_s);
int pat_pg_address_known(struct pat_store *store, int64_t person, const char *address, bool *ret);

/* In a transaction: ends all of the person's sessions but `keep`, with an audit record each. */
int pat_pg_sessions_end_tx(struct pat_pg_tx *tx, int64_t person, int64_t keep,
                           const struct pat_actor *actor, int64_t now_s,
                           int64_t *ret_ended) PAT_MUST_USE;

/* ---- Tokens. (postgres_token.c: creating and narrowing; postgres_revoke.c: revoking; postgres_token_read.c: single reads and
 * lists; postgres_token_load.c: everything at once) */

int pat_pg_token_create(struct pat_store *store, const struct pat_new_token *token,
                        const struct pat_actor *actor, struct pat_record *ret);
int pat_pg_token_revoke(struct pat_store *store, int64_t person,
                        const uint8_t tid[static PAT_TID_BYTES], const struct pat_actor *actor,
                        int64_t now_s, struct pat_record *ret);
int pat_pg_tokens_revoke(struct pat_store *store, int64_t person,
                         const uint8_t (*tids)[PAT_TID_BYTES], size_t n_tids,
                         const struct pat_actor *actor, int64_t now_s, pat_record_fn *fn, void *arg,
                         size_t *ret_revoked);
int pat_pg_token_narrow(struct pat_store *store, int64_t person,
                        const uint8_t tid[static PAT_TID_BYTES], const char *scopes,
                        const struct pat_actor *actor, int64_t now_s, struct pat_record *ret);
int pat_pg_token_get(struct pat_store *store, int64_t person,
                     const uint8_t tid[static PAT_TID_BYTES], struct pat_record *ret);
int pat_pg_token_list(struct pat_store *store, int64_t person, const struct pat_token_query *query,
                      pat_record_fn *fn, void *arg);
int pat_pg_token_load(struct pat_store *store, int64_t expired_before_s, int64_t *ret_seq,
                      pat_record_fn *fn, void *arg);
int pat_pg_token_owner(struct pat_store *store, const uint8_t tid[static PAT_TID_BYTES],
                       int64_t *ret);
int pat_pg_token_count(struct pat_store *store, int64_t *ret);
int pat_pg_token_ending(struct pat_store *store, const struct pat_notice_mark *after, int64_t to_s,
                        unsigned limit, pat_record_fn *fn, void *arg);
int pat_pg_token_expired(struct pat_store *store, int64_t from_s, int64_t to_s, pat_record_fn *fn,
                         void *arg);

/* ---- Usage. (postgres_usage.c) */

int pat_pg_usage_note(struct pat_store *store, const struct pat_usage_notes *notes);
int pat_pg_usage_view(struct pat_store *store, int64_t number, int64_t now_s,
                      struct pat_usage_view *ret);
int pat_pg_usage_prune(struct pat_store *store, int64_t now_s, bool *ret_more);
int pat_pg_usage_fold(struct pat_store *store, const struct pat_usage *usage, size_t n);

/* ---- Plain rows. (postgres_rows.c) */

int pat_pg_rows_read(struct pat_store *store, enum pat_rows_table table, pat_row_fn *fn, void *arg);
int pat_pg_rows_write(struct pat_store *store, pat_rows_fill_fn *fill, void *arg);

/* ---- Products. (postgres_product.c) */

int pat_pg_product_put(struct pat_store *store, const struct pat_product *product,
                       const struct pat_actor *actor, int64_t now_s, int64_t *ret_seq);
int pat_pg_product_remove(struct pat_store *store, const char *name, const struct pat_actor *actor,
                          int64_t now_s);
int pat_pg_product_list(struct pat_store *store, pat_product_fn *fn, void *arg);

/* ---- Services. (postgres_service.c) */

int pat_pg_service_add(struct pat_store *store, const struct pat_service *service,
                       const struct pat_actor *actor, int64_t now_s);
int pat_pg_service_change(struct pat_store *store, const struct pat_service *before,
                          const struct pat_service *after, const struct pat_actor *actor,
                          int64_t now_s);
int pat_pg_service_remove(struct pat_store *store, const char *name, const struct pat_actor *actor,
                          int64_t now_s);
int pat_pg_service_get(struct pat_store *store, const char *name, struct pat_service *ret);
int pat_pg_service_list(struct pat_store *store, pat_service_fn *fn, void *arg);

/* In a transaction: the audit record of a token. */
int pat_pg_token_audit(struct pat_pg_tx *tx, const struct pat_actor *actor, const char *action,
                       const uint8_t *digest, int64_t seq, int64_t now_s) PAT_MUST_USE;
/* In a transaction: revokes every unrevoked token of a person. */
int pat_pg_tokens_revoke_tx(struct pat_pg_tx *tx, int64_t person, enum pat_revoke_reason reason,
                            const struct pat_actor *actor, int64_t now_s) PAT_MUST_USE;

/* In a transaction: ends the one in whose place `by` was made (it was judged), and what that has made; `kept` is empty. */
int pat_pg_token_replace_tx(struct pat_pg_tx *tx, const struct pat_new_token *by,
                            const struct pat_actor *actor, struct pat_kept *kept) PAT_MUST_USE;

/* The columns that pat_pg_token_read() reads, and the tables they come from. */
#define PAT_PG_TOKEN_COLUMNS                                                                                  \
	"t.number, t.digest, t.mac, t.owner, t.issued, t.expires, t.flags, t.seq, t.key_id, t.state, "        \
	"t.revoked_seq, t.scope_set, t.name, t.hint, t.revoked, t.reason, t.last_used, t.use_count, t.note, " \
	"t.limits, t.maker, t.known_as, t.replaced_by"
#define PAT_PG_TOKEN_SCOPES_COLUMN 23 /* s.scopes, the next */
#define PAT_PG_TOKEN_SELECT            \
	"SELECT " PAT_PG_TOKEN_COLUMNS \
	", s.scopes FROM token t LEFT JOIN scope_set s ON s.id = t.scope_set "

/* Reads the columns above, all but the scopes. Sets q->malformed when they are not what patd writes. */
void pat_pg_token_columns(struct pat_pg_query *q, struct pat_record *ret, int64_t *ret_scope_set);
/* Reads and checks a whole row: 0, PAT_RECORD_E_MAC (and logs it), or negative. `ret` is written in
 * any case. */
int pat_pg_token_read(struct pat_pg *pg, struct pat_pg_query *q,
                      struct pat_record *ret) PAT_MUST_USE;
/* Hands out the rows of a query for those columns and their scopes, but those that fail their check; at most `limit`. */
int pat_pg_token_hand_out(struct pat_pg *pg, struct pat_pg_query *q, unsigned limit,
                          pat_record_fn *fn, void *arg) PAT_MUST_USE;
/* The owner's token: 0, PAT_STORE_E_NOT_FOUND, or negative. */
int pat_pg_token_find(struct pat_pg *pg, struct pat_pg_conn *conn, int64_t person,
                      const uint8_t tid[static PAT_TID_BYTES], struct pat_record *ret) PAT_MUST_USE;

/* Whosever it is: 0, PAT_STORE_E_NOT_FOUND, or negative. A row that fails its check is not found either, but `ret` is written. */
int pat_pg_token_by_number(struct pat_pg *pg, struct pat_pg_conn *conn, int64_t number,
                           struct pat_record *ret) PAT_MUST_USE;

#endif
