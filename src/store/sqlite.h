/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the SQLite backend share; nobody else includes it. Their names start with
 * pat_lite_.
 *
 * Threads. One process owns the database: an flock on "<location>.lock" keeps a second one out. In it,
 * one thread owns the only connection that writes (sqlite_writer.c): writers queue an operation and
 * wait. Reads run on the caller's thread, each on a connection of its own for its duration, out of a
 * small pool (lite/pool.h); WAL lets them run beside the writer, and a read begun after a write
 * returned sees it. A caller's function that reads the store again takes a second connection; when
 * many do so at once and the pool stays empty, the answer is -EBUSY after a while, never a deadlock.
 *
 * SQL is text in the program, parameters are bound, and nothing composes SQL at run time.
 */
#ifndef PAT_STORE_SQLITE_H
#define PAT_STORE_SQLITE_H

#include "lite/database.h"
#include "store/audit.h"
#include "store/backend.h"
#include "store/kept.h"
#include "store/queue.h"
#include "store/seal.h"

/* ---- The store. */

struct pat_lite_writer {
	struct pat_queue queue;
	struct pat_changes changes; /* of the batch in work */
};

struct pat_lite {
	struct pat_store base;
	struct pat_lite_database db; /* written to by the writer's thread only */
	struct pat_row_key key;
	unsigned sessions_max; /* 0: any number */
	pat_store_listener_fn *listener;
	void *listener_arg;
	struct pat_lite_writer writer;
	struct pat_tampered tampered;
};

/* ---- Reading: a connection out of the pool (lite/pool.h), given back by its cleanup. */

int pat_lite_reader_take(struct pat_store *store, struct pat_lite_reader *ret) PAT_MUST_USE;

/* ---- Writing. (sqlite_writer.c) */

struct pat_lite_tx {
	struct pat_lite *lite;
	struct pat_lite_conn *conn;
	int64_t time_s; /* the largest time this operation writes; the batch raises the head's */
};

/* Runs on the writer's thread inside a transaction. 0 keeps what it did; an outcome or an error takes
 * it back, alone. Must not touch the caller's results other than its own `arg`. */
typedef int pat_lite_op_fn(struct pat_lite_tx *tx, void *arg);

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

int pat_lite_audit(struct pat_lite_tx *tx, const struct pat_actor *actor,
                   const struct pat_event *event) PAT_MUST_USE;
int pat_lite_audit_list(struct pat_store *store, int64_t after, unsigned limit, pat_audit_fn *fn,
                        void *arg);

int pat_lite_audit_note(struct pat_store *store, const struct pat_actor *actor, const char *action,
                        const char *object, int64_t seq, int64_t now_s);
int pat_lite_audit_verify(struct pat_store *store, int64_t *ret_id);
int pat_lite_key_check(struct pat_store *store);

/* ---- Migrations. (sqlite_migrate.c) */

extern const struct pat_lite_schema pat_lite_store_schema;

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
int pat_lite_person_list(struct pat_store *store, int64_t after, unsigned limit, pat_person_fn *fn,
                         void *arg);
int pat_lite_person_set_password(struct pat_store *store, int64_t id, const char *phc,
                                 const char *action, bool end_sessions, int64_t keep_session,
                                 const struct pat_actor *actor, int64_t now_s, int64_t *ret_ended);
int pat_lite_person_set_disabled(struct pat_store *store, int64_t id, bool disabled,
                                 const struct pat_actor *actor, int64_t now_s);

/* In a transaction. */
struct pat_lite_password_op {
	int64_t id;
	const char *phc;
	const char *action;
	bool end_sessions;
	int64_t keep_session;
	const struct pat_actor *actor;
	int64_t now_s;
	int64_t ended; /* result */
};
int pat_lite_password_set_op(struct pat_lite_tx *tx, void *arg) PAT_MUST_USE;

/* What pat_lite_person_read() reads, and the tables it comes from. */
#define PAT_LITE_PERSON_COLUMNS                                                                                  \
	"p.id, coalesce(o.email, p.email), p.name, p.password, p.admin, p.disabled, p.created, i.kind, i.hash, " \
	"coalesce(o.service, ''), coalesce(o.subject, ''), p.wishes"
#define PAT_LITE_PERSON_FROM                              \
	"person p LEFT JOIN picture i ON i.person = p.id" \
	" LEFT JOIN portal_person o ON o.person = p.id"
/* Reads those columns, the first of which is `column`. 0, or -EIO when they are not a person. */
int pat_lite_person_read(struct pat_lite_query *q, int column, struct pat_person *ret) PAT_MUST_USE;
/* 0, PAT_STORE_E_NOT_FOUND, or negative. */
int pat_lite_person_get(struct pat_lite_conn *conn, int64_t id,
                        struct pat_person *ret) PAT_MUST_USE;

/* ---- In a transaction: 0, PAT_STORE_E_NOT_FOUND, or negative. */

/* Adds the row alone: `email` is what it is found by. */
int pat_lite_person_insert(struct pat_lite_tx *tx, const struct pat_person *person,
                           const char *email, int64_t now_s, int64_t *ret_id) PAT_MUST_USE;
/* 0, or E_PASSWORD_CHANGED when actor->proven is no longer the person's password. */
int pat_lite_proof_judge(struct pat_lite_tx *tx, int64_t id,
                         const struct pat_actor *actor) PAT_MUST_USE;
int pat_lite_person_state(struct pat_lite_tx *tx, int64_t id, bool *ret_disabled) PAT_MUST_USE;
/* Writes the record of what was done to a person. `seq`: of the change, or 0. */
int pat_lite_person_audit(struct pat_lite_tx *tx, const struct pat_actor *actor, const char *action,
                          int64_t person, int64_t seq, int64_t now_s) PAT_MUST_USE;

/* ---- What a person says of himself. (sqlite_profile.c) */

int pat_lite_person_set_profile(struct pat_store *store, int64_t id, const char *name,
                                const char *email, const struct pat_actor *actor, int64_t now_s,
                                struct pat_person *ret);

int pat_lite_person_set_wishes(struct pat_store *store, int64_t id, unsigned wishes,
                               const struct pat_actor *actor, int64_t now_s,
                               struct pat_person *ret);

int pat_lite_person_set_picture(struct pat_store *store, int64_t id,
                                const struct pat_picture *picture, const void *bytes, size_t len,
                                const struct pat_actor *actor, int64_t now_s,
                                struct pat_person *ret);
int pat_lite_person_picture(struct pat_store *store, int64_t id, const struct pat_picture *picture,
                            struct pat_buf *out);

/* PAT_STORE_E_EXISTS when anybody but `id` (0: anybody) has the email. */
int pat_lite_email_taken(struct pat_lite_conn *conn, const char *email, int64_t id) PAT_MUST_USE;

/* ---- Products' own people. (sqlite_portal.c) */

int pat_lite_portal_link(struct pat_store *store, const struct pat_person *person,
                         const struct pat_portal_link *link, const struct pat_actor *actor,
                         int64_t now_s, int64_t *ret_id);
int pat_lite_portal_open(struct pat_store *store, const uint8_t hash[static 32],
                         struct pat_session *session, const struct pat_actor *actor, int64_t now_s,
                         struct pat_person *ret);
int pat_lite_portal_person(struct pat_store *store, const char *service, const char *subject,
                           struct pat_person *ret);
/* In a transaction: 0 while there is the service that vouches for this person, PAT_STORE_E_NOT_FOUND, or negative. */
int pat_lite_portal_judge(struct pat_lite_tx *tx, int64_t person) PAT_MUST_USE;
/* In a transaction: ends what the service's people have. */
int pat_lite_portal_end_tx(struct pat_lite_tx *tx, const char *service,
                           const struct pat_actor *actor, int64_t now_s) PAT_MUST_USE;

/* ---- Up to where mail was sent. (sqlite_notice.c) */

int pat_lite_notice_look(struct pat_store *store, struct pat_notice_view *ret);
int pat_lite_notice_claim(struct pat_store *store, const struct pat_notice_claim *claim,
                          struct pat_notice_state *ret);
int pat_lite_notice_advance(struct pat_store *store, const char *holder, int64_t until_s,
                            const struct pat_notice_state *state);
int pat_lite_notice_release(struct pat_store *store, const char *holder);
int pat_lite_former_email(struct pat_store *store, int64_t audit,
                          char ret[static PAT_EMAIL_BYTES_MAX + 1]);
/* In a transaction, right behind the record of the change. */
int pat_lite_former_email_keep(struct pat_lite_tx *tx, const char *email,
                               int64_t now_s) PAT_MUST_USE;

/* ---- Sessions. (sqlite_session.c) */

/* In a transaction: creates the session of op->session. */
struct pat_lite_session_op {
	const struct pat_session *session;
	const struct pat_actor *actor;
	int64_t now_s;
	int64_t id; /* result */
};
int pat_lite_session_create_op(struct pat_lite_tx *tx, void *arg) PAT_MUST_USE;

int pat_lite_session_create(struct pat_store *store, struct pat_session *session,
                            const struct pat_actor *actor, int64_t now_s);
int pat_lite_session_renew(struct pat_store *store, int64_t old, struct pat_session *session,
                           const struct pat_actor *actor, int64_t now_s);
int pat_lite_password_change(struct pat_store *store, int64_t old, struct pat_session *session,
                             const char *phc, bool end_others, const struct pat_actor *actor,
                             int64_t now_s, int64_t *ret_ended);
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

/* ---- Tokens. (sqlite_token.c: creating and narrowing; sqlite_revoke.c: revoking; sqlite_token_read.c: single reads and
 * lists; sqlite_token_load.c: everything at once) */

int pat_lite_token_create(struct pat_store *store, const struct pat_new_token *token,
                          const struct pat_actor *actor, struct pat_record *ret);
int pat_lite_token_revoke(struct pat_store *store, int64_t person,
                          const uint8_t tid[static PAT_TID_BYTES], const struct pat_actor *actor,
                          int64_t now_s, struct pat_record *ret);
int pat_lite_tokens_revoke(struct pat_store *store, int64_t person,
                           const uint8_t (*tids)[PAT_TID_BYTES], size_t n_tids,
                           const struct pat_actor *actor, int64_t now_s, pat_record_fn *fn,
                           void *arg, size_t *ret_revoked);
int pat_lite_token_narrow(struct pat_store *store, int64_t person,
                          const uint8_t tid[static PAT_TID_BYTES], const char *scopes,
                          const struct pat_actor *actor, int64_t now_s, struct pat_record *ret);
int pat_lite_token_get(struct pat_store *store, int64_t person,
                       const uint8_t tid[static PAT_TID_BYTES], struct pat_record *ret);
int pat_lite_token_list(struct pat_store *store, int64_t person,
                        const struct pat_token_query *query, pat_record_fn *fn, void *arg);
int pat_lite_token_load(struct pat_store *store, int64_t expired_before_s, int64_t *ret_seq,
                        pat_record_fn *fn, void *arg);
int pat_lite_token_owner(struct pat_store *store, const uint8_t tid[static PAT_TID_BYTES],
                         int64_t *ret);
int pat_lite_token_count(struct pat_store *store, int64_t *ret);
int pat_lite_token_ending(struct pat_store *store, const struct pat_notice_mark *after,
                          int64_t to_s, unsigned limit, pat_record_fn *fn, void *arg);
int pat_lite_token_expired(struct pat_store *store, int64_t from_s, int64_t to_s, pat_record_fn *fn,
                           void *arg);

/* ---- Usage. (sqlite_usage.c) */

int pat_lite_usage_fold(struct pat_store *store, const struct pat_usage *usage, size_t n);
int pat_lite_usage_note(struct pat_store *store, const struct pat_usage_notes *notes);
int pat_lite_usage_view(struct pat_store *store, int64_t number, int64_t now_s,
                        struct pat_usage_view *ret);
int pat_lite_usage_prune(struct pat_store *store, int64_t now_s, bool *ret_more);

/* ---- Plain rows. (sqlite_rows.c) */

int pat_lite_rows_read(struct pat_store *store, enum pat_rows_table table, pat_row_fn *fn,
                       void *arg);
int pat_lite_rows_write(struct pat_store *store, pat_rows_fill_fn *fill, void *arg);

/* ---- Products. (sqlite_product.c) */

int pat_lite_product_put(struct pat_store *store, const struct pat_product *product,
                         const struct pat_actor *actor, int64_t now_s, int64_t *ret_seq);
int pat_lite_product_remove(struct pat_store *store, const char *name,
                            const struct pat_actor *actor, int64_t now_s);
int pat_lite_product_list(struct pat_store *store, pat_product_fn *fn, void *arg);

/* ---- Services. (sqlite_service.c) */

int pat_lite_service_add(struct pat_store *store, const struct pat_service *service,
                         const struct pat_actor *actor, int64_t now_s);
int pat_lite_service_change(struct pat_store *store, const struct pat_service *before,
                            const struct pat_service *after, const struct pat_actor *actor,
                            int64_t now_s);
int pat_lite_service_remove(struct pat_store *store, const char *name,
                            const struct pat_actor *actor, int64_t now_s);
int pat_lite_service_get(struct pat_store *store, const char *name, struct pat_service *ret);
int pat_lite_service_list(struct pat_store *store, pat_service_fn *fn, void *arg);

/* In a transaction: the audit record of a token. */
int pat_lite_token_audit(struct pat_lite_tx *tx, const struct pat_actor *actor, const char *action,
                         const uint8_t *digest, int64_t seq, int64_t now_s) PAT_MUST_USE;
/* In a transaction: revokes every unrevoked token of a person. */
int pat_lite_tokens_revoke_tx(struct pat_lite_tx *tx, int64_t person, enum pat_revoke_reason reason,
                              const struct pat_actor *actor, int64_t now_s) PAT_MUST_USE;

/* In a transaction: ends the one in whose place `by` was made (it was judged), and what that has made; `kept` is empty. */
int pat_lite_token_replace_tx(struct pat_lite_tx *tx, const struct pat_new_token *by,
                              const struct pat_actor *actor, struct pat_kept *kept) PAT_MUST_USE;

/* The columns that pat_lite_token_read() reads, and the tables they come from. */
#define PAT_LITE_TOKEN_COLUMNS                                                                                \
	"t.number, t.digest, t.mac, t.owner, t.issued, t.expires, t.flags, t.seq, t.key_id, t.state, "        \
	"t.revoked_seq, t.scope_set, t.name, t.hint, t.revoked, t.reason, t.last_used, t.use_count, t.note, " \
	"t.limits, t.maker, t.known_as, t.replaced_by"
#define PAT_LITE_TOKEN_SCOPES_COLUMN 23 /* s.scopes, the next */
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
/* Whosever it is: 0, PAT_STORE_E_NOT_FOUND, or negative. A row that fails its check is not found either, but `ret` is written. */
int pat_lite_token_by_number(struct pat_lite *lite, struct pat_lite_conn *conn, int64_t number,
                             struct pat_record *ret) PAT_MUST_USE;

#endif
