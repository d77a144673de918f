/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens: creating, revoking, and folding usage in. All of it runs in a transaction on the writer's
 * thread, so what is counted or found free stays so until the row is in.
 *
 * A row is sealed after its change has taken its number, because the seal covers the number.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define IDEMPOTENCY_TTL_S     86400
#define IDEMPOTENCY_PRUNE_MAX 64 /* with each create that brings a key: more than it adds */

static int token_audit(struct pat_lite_tx *tx, const struct pat_actor *actor, const char *action,
                       const uint8_t *digest, int64_t seq, int64_t now_s)
{
	char tid[PAT_TID_CHARS + 1];
	char object[sizeof("token:") + PAT_TID_CHARS];

	pat_record_tid(digest, tid);
	(void)snprintf(object, sizeof(object), "token:%s", tid);
	return pat_lite_audit(
		tx, actor,
		&(struct pat_lite_event){
			.action = action, .object = object, .seq = seq, .at_s = now_s });
}

/* ---- Idempotency keys. */

struct create_op {
	const struct pat_new_token *token;
	const struct pat_actor *actor;
	struct pat_record record; /* result */
};

static int token_by_number(struct pat_lite_tx *tx, int64_t number, struct pat_record *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(tx->conn, PAT_LITE_TOKEN_SELECT "WHERE t.number = ?1");

	pat_lite_bind_i64(&q, 1, number);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_STORE_E_NOT_FOUND;
	e = pat_lite_token_read(tx->lite, &q, ret);
	return e == PAT_RECORD_E_MAC ? PAT_STORE_E_NOT_FOUND : e;
}

/* 0 when the key is new. */
static int idempotency_judge(struct pat_lite_tx *tx, struct create_op *op)
{
	const struct pat_new_token *token = op->token;
	uint8_t hash[PAT_SHA256_BYTES];
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(tx->conn, "SELECT request_hash, number FROM idempotency"
	                                 " WHERE person = ?1 AND key = ?2 AND created > ?3");

	pat_lite_bind_i64(&q, 1, token->record.owner);
	pat_lite_bind_text(&q, 2, token->idempotency_key, PAT_IDEMPOTENCY_KEY_MAX);
	pat_lite_bind_i64(&q, 3, token->now_s - IDEMPOTENCY_TTL_S);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e;
	pat_lite_blob(&q, 0, hash, sizeof(hash));
	if (q.malformed || !pat_memeq(hash, token->request_hash, sizeof(hash)))
		return PAT_STORE_E_IDEMPOTENCY_CONFLICT;
	e = token_by_number(tx, pat_lite_i64(&q, 1), &op->record);
	return e == 0 ? PAT_STORE_E_REPLAYED : e;
}

static int idempotency_prune(struct pat_lite_tx *tx, int64_t now_s)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn, "DELETE FROM idempotency WHERE id IN"
			  " (SELECT id FROM idempotency WHERE created <= ?1 LIMIT ?2)");

	pat_lite_bind_i64(&q, 1, now_s - IDEMPOTENCY_TTL_S);
	pat_lite_bind_i64(&q, 2, IDEMPOTENCY_PRUNE_MAX);
	return pat_lite_run(&q);
}

static int idempotency_note(struct pat_lite_tx *tx, const struct create_op *op)
{
	const struct pat_new_token *token = op->token;

	int e = idempotency_prune(tx, token->now_s);
	if (e < 0)
		return e;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn,
		"INSERT OR REPLACE INTO idempotency (person, key, request_hash, number, created)"
		" VALUES (?1, ?2, ?3, ?4, ?5)");
	pat_lite_bind_i64(&q, 1, token->record.owner);
	pat_lite_bind_text(&q, 2, token->idempotency_key, PAT_IDEMPOTENCY_KEY_MAX);
	pat_lite_bind_blob(&q, 3, token->request_hash, sizeof(token->request_hash));
	pat_lite_bind_i64(&q, 4, op->record.number);
	pat_lite_bind_i64(&q, 5, token->now_s);
	return pat_lite_run(&q);
}

/* ---- Creating. */

static int owner_judge(struct pat_lite_tx *tx, int64_t owner)
{
	bool disabled = false;

	int e = pat_lite_person_state(tx, owner, &disabled);
	if (e != 0)
		return e;
	return disabled ? PAT_STORE_E_DISABLED : 0;
}

static int digest_judge(struct pat_lite_tx *tx, const uint8_t *digest)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(tx->conn, "SELECT 1 FROM token WHERE digest = ?1");

	pat_lite_bind_blob(&q, 1, digest, PAT_DIGEST_BYTES);
	int e = pat_lite_step(&q);
	return e > 0 ? PAT_STORE_E_DIGEST_EXISTS : e;
}

/* Rows count as live by what they say: one that was tampered with only ever makes this stricter, or
 * frees a place that the cap of another row's owner never held. */
static int live_judge(struct pat_lite_tx *tx, const struct pat_new_token *token)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(tx->conn, "SELECT count(*), coalesce(sum(name = ?3), 0) FROM token"
	                                 " WHERE owner = ?1 AND state = 0 AND expires > ?2");

	pat_lite_bind_i64(&q, 1, token->record.owner);
	pat_lite_bind_i64(&q, 2, token->now_s);
	pat_lite_bind_text(&q, 3, token->record.name, PAT_TOKEN_NAME_BYTES_MAX);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	if (pat_lite_i64(&q, 1) > 0)
		return PAT_STORE_E_NAME_TAKEN;
	return pat_lite_i64(&q, 0) >= token->live_max ? PAT_STORE_E_LIMIT : 0;
}

static int scope_set_find(struct pat_lite_tx *tx, const char *scopes, const uint8_t *hash,
                          int64_t *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn, "SELECT id FROM scope_set WHERE hash = ?1 AND scopes = ?2");

	pat_lite_bind_blob(&q, 1, hash, PAT_SHA256_BYTES);
	pat_lite_bind_text(&q, 2, scopes, PAT_SCOPES_TEXT_BYTES_MAX);
	int e = pat_lite_step(&q);
	if (e == 1)
		*ret = pat_lite_i64(&q, 0);
	return e < 0 ? e : e == 1 ? 0 : PAT_STORE_E_NOT_FOUND;
}

/* The conflict is a set whose text was changed behind patd's back: the hash says what it was. */
static int scope_set_add(struct pat_lite_tx *tx, const char *scopes, const uint8_t *hash,
                         int64_t *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn, "INSERT INTO scope_set (hash, scopes) VALUES (?1, ?2)"
			  " ON CONFLICT (hash) DO UPDATE SET scopes = ?2 RETURNING id");

	pat_lite_bind_blob(&q, 1, hash, PAT_SHA256_BYTES);
	pat_lite_bind_text(&q, 2, scopes, PAT_SCOPES_TEXT_BYTES_MAX);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	*ret = pat_lite_i64(&q, 0);
	return pat_lite_run(&q);
}

static int scope_set_intern(struct pat_lite_tx *tx, const char *scopes, int64_t *ret)
{
	uint8_t hash[PAT_SHA256_BYTES];

	pat_sha256(scopes, strlen(scopes), hash);
	int e = scope_set_find(tx, scopes, hash, ret);
	return e == PAT_STORE_E_NOT_FOUND ? scope_set_add(tx, scopes, hash, ret) : e;
}

static int token_insert(struct pat_lite_tx *tx, struct pat_record *r, int64_t scope_set)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn,
		"INSERT INTO token (digest, mac, owner, issued, expires, flags, seq, key_id, state,"
		" revoked_seq, scope_set, name, hint, revoked, reason, last_used, use_count)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, ?9, ?10, ?11, 0, 0, 0, 0)");

	pat_lite_bind_blob(&q, 1, r->digest, sizeof(r->digest));
	pat_lite_bind_blob(&q, 2, r->mac, sizeof(r->mac));
	pat_lite_bind_i64(&q, 3, r->owner);
	pat_lite_bind_i64(&q, 4, r->issued_s);
	pat_lite_bind_i64(&q, 5, r->expires_s);
	pat_lite_bind_i64(&q, 6, r->flags);
	pat_lite_bind_i64(&q, 7, r->seq);
	pat_lite_bind_i64(&q, 8, r->key_id);
	pat_lite_bind_i64(&q, 9, scope_set);
	pat_lite_bind_text(&q, 10, r->name, sizeof(r->name) - 1);
	pat_lite_bind_text(&q, 11, r->hint, sizeof(r->hint) - 1);
	int e = pat_lite_run(&q);
	if (e == 0)
		r->number = sqlite3_last_insert_rowid(tx->conn->db);
	return e;
}

static int token_create_judge(struct pat_lite_tx *tx, struct create_op *op)
{
	const struct pat_new_token *token = op->token;
	int e = 0;

	if (token->idempotency_key)
		e = idempotency_judge(tx, op);
	if (e == 0)
		e = owner_judge(tx, token->record.owner);
	if (e == 0)
		e = digest_judge(tx, token->record.digest);
	if (e == 0)
		e = live_judge(tx, token);
	return e;
}

static void record_start(struct pat_record *r, const struct pat_record *from)
{
	*r = *from;
	r->number = 0;
	r->state = PAT_RECORD_LIVE;
	r->revoked_s = 0;
	r->revoked_reason = PAT_REVOKE_NONE;
	r->revoked_seq = 0;
	r->last_used_s = 0;
	r->use_count = 0;
}

static int token_create_op(struct pat_lite_tx *tx, void *arg)
{
	struct create_op *op = arg;
	struct pat_record *r = &op->record;
	int64_t scope_set = 0;

	int e = token_create_judge(tx, op);
	if (e != 0)
		return e;
	record_start(r, &op->token->record);
	e = scope_set_intern(tx, r->scopes, &scope_set);
	if (e == 0)
		e = pat_lite_change(tx, PAT_CHANGE_TOKEN_ADDED, r->owner, r->digest, r, &r->seq);
	if (e == 0)
		e = pat_record_seal(r, &tx->lite->key);
	if (e == 0)
		e = token_insert(tx, r, scope_set);
	if (e == 0 && op->token->idempotency_key)
		e = idempotency_note(tx, op);
	if (e == 0)
		e = token_audit(tx, op->actor, "token.created", r->digest, r->seq,
		                op->token->now_s);
	if (tx->time_s < r->issued_s)
		tx->time_s = r->issued_s;
	return e;
}

int pat_lite_token_create(struct pat_store *store, const struct pat_new_token *token,
                          const struct pat_actor *actor, struct pat_record *ret)
{
	struct create_op op = { .token = token, .actor = actor };

	int e = pat_lite_write(store, token_create_op, &op);
	if (e == 0 || e == PAT_STORE_E_REPLAYED)
		*ret = op.record;
	return e;
}

/* ---- Revoking. */

struct revoke_op {
	int64_t person;
	const uint8_t *tid;
	const struct pat_actor *actor;
	int64_t now_s;
	enum pat_revoke_reason reason;
	bool tampered;            /* result: the row was no token any more */
	struct pat_record record; /* result */
};

static int token_update(struct pat_lite_tx *tx, const struct pat_record *r)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn, "UPDATE token SET mac = ?2, key_id = ?3, state = ?4, revoked = ?5,"
			  " reason = ?6, revoked_seq = ?7 WHERE number = ?1");

	pat_lite_bind_i64(&q, 1, r->number);
	pat_lite_bind_blob(&q, 2, r->mac, sizeof(r->mac));
	pat_lite_bind_i64(&q, 3, r->key_id);
	pat_lite_bind_i64(&q, 4, r->state);
	pat_lite_bind_i64(&q, 5, r->revoked_s);
	pat_lite_bind_i64(&q, 6, r->revoked_reason);
	pat_lite_bind_i64(&q, 7, r->revoked_seq);
	return pat_lite_run(&q);
}

/* A row that failed its check is not sealed anew: it stays what it is, and ends all the same. */
static int record_revoke(struct pat_lite_tx *tx, const struct revoke_op *op, bool sound,
                         struct pat_record *r)
{
	r->state = PAT_RECORD_REVOKED;
	r->revoked_s = op->now_s;
	r->revoked_reason = op->reason;
	int e = pat_lite_change(tx, PAT_CHANGE_TOKEN_REMOVED, op->person, r->digest, NULL,
	                        &r->revoked_seq);
	if (e == 0 && sound)
		e = pat_record_seal(r, &tx->lite->key);
	if (e == 0)
		e = token_update(tx, r);
	if (e == 0)
		e = token_audit(tx, op->actor, "token.revoked", r->digest, r->revoked_seq,
		                op->now_s);
	return e;
}

static int token_revoke_op(struct pat_lite_tx *tx, void *arg)
{
	struct revoke_op *op = arg;

	op->record.number = 0;
	int e = pat_lite_token_find(tx->lite, tx->conn, op->person, op->tid, &op->record);
	/* A row that was read and refused: verifiers may know it from before it was edited. */
	op->tampered = e == PAT_STORE_E_NOT_FOUND && op->record.number != 0;
	if (op->tampered)
		return record_revoke(tx, op, false, &op->record);
	if (e != 0 || op->record.state == PAT_RECORD_REVOKED)
		return e;
	return record_revoke(tx, op, true, &op->record);
}

int pat_lite_token_revoke(struct pat_store *store, int64_t person,
                          const uint8_t tid[static PAT_TID_BYTES], const struct pat_actor *actor,
                          int64_t now_s, struct pat_record *ret)
{
	struct revoke_op op = { .person = person,
		                .tid = tid,
		                .actor = actor,
		                .now_s = now_s,
		                .reason = PAT_REVOKE_OWNER };

	int e = pat_lite_write(store, token_revoke_op, &op);
	if (e == 0 && op.tampered)
		return PAT_STORE_E_NOT_FOUND;
	if (e == 0)
		*ret = op.record;
	return e;
}

/* The person's first unrevoked token with a number above `after`: 0, PAT_RECORD_E_MAC,
 * PAT_STORE_E_NOT_FOUND mapped to a zero number, or negative. */
static int token_next_unrevoked(struct pat_lite_tx *tx, int64_t person, int64_t after,
                                struct pat_record *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(tx->conn, PAT_LITE_TOKEN_SELECT
	                       "WHERE t.owner = ?1 AND t.number > ?2 AND t.state = 0"
	                       " ORDER BY t.number LIMIT 1");

	pat_lite_bind_i64(&q, 1, person);
	pat_lite_bind_i64(&q, 2, after);
	int e = pat_lite_step(&q);
	if (e <= 0) {
		ret->number = 0;
		return e;
	}
	return pat_lite_token_read(tx->lite, &q, ret);
}

int pat_lite_tokens_revoke_tx(struct pat_lite_tx *tx, int64_t person, const struct pat_actor *actor,
                              int64_t now_s)
{
	struct revoke_op op = { .person = person,
		                .actor = actor,
		                .now_s = now_s,
		                .reason = PAT_REVOKE_PERSON_DISABLED };
	int64_t after = 0;

	for (;;) {
		int e = token_next_unrevoked(tx, person, after, &op.record);
		if (e < 0 || op.record.number == 0)
			return e;
		after = op.record.number;
		e = record_revoke(tx, &op, e == 0, &op.record);
		if (e < 0)
			return e;
	}
}

/* ---- Usage. */

struct usage_op {
	const struct pat_usage *usage;
	size_t n;
};

static int usage_add(struct pat_lite_tx *tx, const struct pat_usage *usage)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn,
		"UPDATE token SET last_used = max(last_used, ?2), use_count = use_count + ?3"
		" WHERE number = ?1");

	pat_lite_bind_i64(&q, 1, usage->number);
	pat_lite_bind_i64(&q, 2, usage->last_used_s);
	pat_lite_bind_i64(&q, 3, usage->use_count_more);
	return pat_lite_run(&q);
}

static int usage_fold_op(struct pat_lite_tx *tx, void *arg)
{
	const struct usage_op *op = arg;
	int e = 0;

	for (size_t i = 0; i < op->n && e == 0; i++) {
		e = usage_add(tx, &op->usage[i]);
		if (tx->time_s < op->usage[i].last_used_s)
			tx->time_s = op->usage[i].last_used_s;
	}
	return e;
}

int pat_lite_usage_fold(struct pat_store *store, const struct pat_usage *usage, size_t n)
{
	return pat_lite_write(store, usage_fold_op, &(struct usage_op){ usage, n });
}
