/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens: creating, in the place of another too, and narrowing. All of it runs in a transaction on the writer's
 * thread, so what is counted or found free stays so until the row is in.
 *
 * A row is sealed after its change has taken its number, because the seal covers the number.
 */
#include "store/postgres.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "token/subset.h"

#define IDEMPOTENCY_TTL_S     86400
#define IDEMPOTENCY_PRUNE_MAX 64 /* with each create that brings a key: more than it adds */

int pat_pg_token_audit(struct pat_pg_tx *tx, const struct pat_actor *actor, const char *action,
                       const uint8_t *digest, int64_t seq, int64_t now_s)
{
	char tid[PAT_TID_CHARS + 1];
	char object[sizeof("token:") + PAT_TID_CHARS];

	pat_record_tid(digest, tid);
	(void)snprintf(object, sizeof(object), "token:%s", tid);
	return pat_pg_audit(
		tx, actor,
		&(struct pat_event){
			.action = action, .object = object, .seq = seq, .at_s = now_s });
}

/* ---- Idempotency keys. */

struct create_op {
	const struct pat_new_token *token;
	const struct pat_actor *actor;
	struct pat_kept kept;     /* what ends sooner for it */
	struct pat_record record; /* result */
};

/* 0 when the key is new. */
static int idempotency_judge(struct pat_pg_tx *tx, struct create_op *op)
{
	const struct pat_new_token *token = op->token;
	uint8_t hash[PAT_SHA256_BYTES];
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "SELECT request_hash, number FROM idempotency"
	                               " WHERE person = $1 AND key = $2 AND created > $3");

	pat_pg_bind_i64(&q, 1, token->record.owner);
	pat_pg_bind_text(&q, 2, token->idempotency_key, PAT_IDEMPOTENCY_KEY_MAX);
	pat_pg_bind_i64(&q, 3, token->now_s - IDEMPOTENCY_TTL_S);
	int e = pat_pg_step(&q);
	if (e <= 0)
		return e;
	pat_pg_blob(&q, 0, hash, sizeof(hash));
	if (q.malformed || !pat_memeq(hash, token->request_hash, sizeof(hash)))
		return PAT_STORE_E_IDEMPOTENCY_CONFLICT;
	e = pat_pg_token_by_number(tx->pg, tx->conn, pat_pg_i64(&q, 1), &op->record);
	return e == 0 ? PAT_STORE_E_REPLAYED : e;
}

static int idempotency_prune(struct pat_pg_tx *tx, int64_t now_s)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		tx->conn, "DELETE FROM idempotency WHERE (person, key) IN"
			  " (SELECT person, key FROM idempotency WHERE created <= $1 LIMIT $2)");

	pat_pg_bind_i64(&q, 1, now_s - IDEMPOTENCY_TTL_S);
	pat_pg_bind_i64(&q, 2, IDEMPOTENCY_PRUNE_MAX);
	return pat_pg_run(&q);
}

static int idempotency_note(struct pat_pg_tx *tx, const struct create_op *op)
{
	const struct pat_new_token *token = op->token;

	int e = idempotency_prune(tx, token->now_s);
	if (e < 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		tx->conn, "INSERT INTO idempotency (person, key, request_hash, number, created)"
			  " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (person, key)"
			  " DO UPDATE SET request_hash = $3, number = $4, created = $5");
	pat_pg_bind_i64(&q, 1, token->record.owner);
	pat_pg_bind_text(&q, 2, token->idempotency_key, PAT_IDEMPOTENCY_KEY_MAX);
	pat_pg_bind_blob(&q, 3, token->request_hash, sizeof(token->request_hash));
	pat_pg_bind_i64(&q, 4, op->record.number);
	pat_pg_bind_i64(&q, 5, token->now_s);
	return pat_pg_run(&q);
}

/* ---- Creating. */

static int owner_judge(struct pat_pg_tx *tx, const struct pat_record *record)
{
	bool disabled = false;

	int e = pat_pg_person_state(tx, record->owner, &disabled);
	if (e != 0)
		return e;
	if (disabled)
		return PAT_STORE_E_DISABLED;
	return record->known_as[0] ? pat_pg_portal_judge(tx, record->owner) : 0;
}

/* Whether the token that makes this one is still there and has what it gives. What it is limited to never changes, and was
 * judged before. */
static int maker_judge(struct pat_pg_tx *tx, const struct pat_new_token *token)
{
	pat_cleanup(pat_freep) struct pat_record *maker = NULL;
	const struct pat_record *made = &token->record;

	if (!pat_record_made(made))
		return 0;
	maker = calloc(1, sizeof(*maker));
	if (!maker)
		return -ENOMEM;
	int e = pat_pg_token_find(tx->pg, tx->conn, made->owner, made->maker, maker);
	if (e != 0)
		return e == PAT_STORE_E_NOT_FOUND ? PAT_STORE_E_ENDED : e;
	if (maker->state != PAT_RECORD_LIVE || maker->expires_s <= token->now_s)
		return PAT_STORE_E_ENDED;
	return made->expires_s <= maker->expires_s && pat_subset_scopes(made->scopes, maker->scopes)
	               ? 0
	               : PAT_STORE_E_WIDER;
}

/* One that was revoked is none: whoever has only the old one left may have another made. */
static int successor_judge(struct pat_pg_tx *tx, int64_t owner, const uint8_t *tid)
{
	pat_cleanup(pat_freep) struct pat_record *newer = calloc(1, sizeof(*newer));

	if (!newer)
		return -ENOMEM;
	int e = pat_pg_token_find(tx->pg, tx->conn, owner, tid, newer);
	if (e < 0)
		return e;
	return e == 0 && newer->state == PAT_RECORD_LIVE ? PAT_STORE_E_REPLACED : 0;
}

static int replaced_judge(struct pat_pg_tx *tx, const struct pat_new_token *token)
{
	pat_cleanup(pat_freep) struct pat_record *old = NULL;

	if (!token->replaces)
		return 0;
	old = calloc(1, sizeof(*old));
	if (!old)
		return -ENOMEM;
	int e = pat_pg_token_find(tx->pg, tx->conn, token->record.owner, token->replaces, old);
	if (e != 0)
		return e;
	if (pat_record_replaced(old)) {
		e = successor_judge(tx, token->record.owner, old->replaced_by);
		if (e != 0)
			return e;
	}
	if (old->state != PAT_RECORD_LIVE || old->expires_s <= token->now_s)
		return PAT_STORE_E_ENDED;
	return pat_subset_scopes(token->record.scopes, old->scopes) ? 0 : PAT_STORE_E_WIDER;
}

static int digest_judge(struct pat_pg_tx *tx, const uint8_t *digest)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "SELECT 1 FROM token WHERE digest = $1");

	pat_pg_bind_blob(&q, 1, digest, PAT_DIGEST_BYTES);
	int e = pat_pg_step(&q);
	return e > 0 ? PAT_STORE_E_DIGEST_EXISTS : e;
}

/* Rows count as live by what they say: one that was tampered with only ever makes this stricter, or
 * frees a place that the cap of another row's owner never held. */
static int live_judge(struct pat_pg_tx *tx, const struct pat_new_token *token)
{
	static const uint8_t none[1];
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		tx->conn, "SELECT count(*), count(*) FILTER (WHERE name = $3 AND replaced_by = '')"
			  " FROM token WHERE owner = $1 AND state = 0 AND expires > $2"
			  " AND substr(digest, 1, 16) <> $4");

	pat_pg_bind_i64(&q, 1, token->record.owner);
	pat_pg_bind_i64(&q, 2, token->now_s);
	pat_pg_bind_text(&q, 3, token->record.name, PAT_TOKEN_NAME_BYTES_MAX);
	pat_pg_bind_blob(&q, 4, token->replaces ? token->replaces : none,
	                 token->replaces ? PAT_TID_BYTES : 0);
	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	if (pat_pg_i64(&q, 1) > 0)
		return PAT_STORE_E_NAME_TAKEN;
	/* At once there are no more of them than before. */
	if (token->replaces && token->replaced_ends_s <= token->now_s)
		return 0;
	return pat_pg_i64(&q, 0) >= token->live_max ? PAT_STORE_E_LIMIT : 0;
}

static int scope_set_find(struct pat_pg_tx *tx, const char *scopes, const uint8_t *hash,
                          int64_t *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "SELECT id FROM scope_set WHERE hash = $1 AND scopes = $2");

	pat_pg_bind_blob(&q, 1, hash, PAT_SHA256_BYTES);
	pat_pg_bind_text(&q, 2, scopes, PAT_SCOPES_TEXT_BYTES_MAX);
	int e = pat_pg_step(&q);
	if (e == 1)
		*ret = pat_pg_i64(&q, 0);
	return e < 0 ? e : e == 1 ? 0 : PAT_STORE_E_NOT_FOUND;
}

/* The conflict is a set whose text was changed behind patd's back: the hash says what it was. */
static int scope_set_add(struct pat_pg_tx *tx, const char *scopes, const uint8_t *hash,
                         int64_t *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		tx->conn, "INSERT INTO scope_set (id, hash, scopes)"
			  " SELECT coalesce(max(id), 0) + 1, $1, $2 FROM scope_set"
			  " ON CONFLICT (hash) DO UPDATE SET scopes = $2 RETURNING id");

	pat_pg_bind_blob(&q, 1, hash, PAT_SHA256_BYTES);
	pat_pg_bind_text(&q, 2, scopes, PAT_SCOPES_TEXT_BYTES_MAX);
	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	*ret = pat_pg_i64(&q, 0);
	return pat_pg_run(&q);
}

static int scope_set_intern(struct pat_pg_tx *tx, const char *scopes, int64_t *ret)
{
	uint8_t hash[PAT_SHA256_BYTES];

	pat_sha256(scopes, strlen(scopes), hash);
	int e = scope_set_find(tx, scopes, hash, ret);
	return e == PAT_STORE_E_NOT_FOUND ? scope_set_add(tx, scopes, hash, ret) : e;
}

static int token_insert(struct pat_pg_tx *tx, struct pat_record *r, int64_t scope_set)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		tx->conn,
		"INSERT INTO token (number, digest, mac, owner, issued, expires, flags, seq, key_id, state,"
		" revoked_seq, scope_set, name, hint, revoked, reason, last_used, use_count, note,"
		" limits, maker, known_as, replaced_by)"
		" SELECT coalesce(max(number), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9, $10, $11,"
		" 0, 0, 0, 0, $12, $13, $14, $15, '' FROM token RETURNING number");

	pat_pg_bind_blob(&q, 1, r->digest, sizeof(r->digest));
	pat_pg_bind_blob(&q, 2, r->mac, sizeof(r->mac));
	pat_pg_bind_i64(&q, 3, r->owner);
	pat_pg_bind_i64(&q, 4, r->issued_s);
	pat_pg_bind_i64(&q, 5, r->expires_s);
	pat_pg_bind_i64(&q, 6, r->flags);
	pat_pg_bind_i64(&q, 7, r->seq);
	pat_pg_bind_i64(&q, 8, r->key_id);
	pat_pg_bind_i64(&q, 9, scope_set);
	pat_pg_bind_text(&q, 10, r->name, sizeof(r->name) - 1);
	pat_pg_bind_text(&q, 11, r->hint, sizeof(r->hint) - 1);
	pat_pg_bind_text(&q, 12, r->note, sizeof(r->note) - 1);
	pat_pg_bind_text(&q, 13, r->limits, sizeof(r->limits) - 1);
	pat_pg_bind_blob(&q, 14, r->maker, pat_record_made(r) ? sizeof(r->maker) : 0);
	pat_pg_bind_text(&q, 15, r->known_as, sizeof(r->known_as) - 1);
	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	r->number = pat_pg_i64(&q, 0);
	return 0;
}

static int token_create_judge(struct pat_pg_tx *tx, struct create_op *op)
{
	const struct pat_new_token *token = op->token;
	int e = 0;

	if (token->idempotency_key)
		e = idempotency_judge(tx, op);
	if (e == 0)
		e = owner_judge(tx, &token->record);
	if (e == 0)
		e = maker_judge(tx, token);
	if (e == 0)
		e = replaced_judge(tx, token);
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
	memset(r->replaced_by, 0, sizeof(r->replaced_by)); /* UNSAFE: fixed size */
	r->last_used_s = 0;
	r->use_count = 0;
}

static int token_create_op(struct pat_pg_tx *tx, void *arg)
{
	struct create_op *op = arg;
	struct pat_record *r = &op->record;
	int64_t scope_set = 0;

	pat_kept_done(&op->kept); /* it may run again */
	int e = token_create_judge(tx, op);
	if (e != 0)
		return e;
	record_start(r, &op->token->record);
	e = scope_set_intern(tx, r->scopes, &scope_set);
	if (e == 0)
		e = pat_pg_change(tx, PAT_CHANGE_TOKEN_ADDED, r->owner, r->digest, r, &r->seq);
	if (e == 0)
		e = pat_record_seal(r, &tx->pg->key);
	if (e == 0)
		e = token_insert(tx, r, scope_set);
	if (e == 0 && op->token->idempotency_key)
		e = idempotency_note(tx, op);
	if (e == 0)
		e = pat_pg_token_audit(tx, op->actor, "token.created", r->digest, r->seq,
		                       op->token->now_s);
	if (e == 0 && op->token->replaces)
		e = pat_pg_token_replace_tx(tx, op->token, op->actor, &op->kept);
	if (tx->time_s < r->issued_s)
		tx->time_s = r->issued_s;
	return e;
}

int pat_pg_token_create(struct pat_store *store, const struct pat_new_token *token,
                        const struct pat_actor *actor, struct pat_record *ret)
{
	struct create_op op = { .token = token, .actor = actor };

	int e = pat_pg_write(store, token_create_op, &op);
	pat_kept_done(&op.kept);
	if (e == 0 || e == PAT_STORE_E_REPLAYED)
		*ret = op.record;
	return e;
}

/* ---- Narrowing. */

struct narrow_op {
	int64_t person;
	const uint8_t *tid;
	const char *scopes;
	const struct pat_actor *actor;
	int64_t now_s;
	struct pat_record record; /* result */
};

static int narrow_judge(const struct narrow_op *op)
{
	const struct pat_record *r = &op->record;

	if (r->state != PAT_RECORD_LIVE || r->expires_s <= op->now_s)
		return PAT_STORE_E_ENDED;
	return pat_subset_scopes(op->scopes, r->scopes) ? 0 : PAT_STORE_E_WIDER;
}

static int narrow_row(struct pat_pg_tx *tx, const struct pat_record *r, int64_t scope_set)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		tx->conn,
		"UPDATE token SET seq = $2, scope_set = $3, key_id = $4, flags = $5, mac = $6"
		" WHERE number = $1");

	pat_pg_bind_i64(&q, 1, r->number);
	pat_pg_bind_i64(&q, 2, r->seq);
	pat_pg_bind_i64(&q, 3, scope_set);
	pat_pg_bind_i64(&q, 4, r->key_id);
	pat_pg_bind_i64(&q, 5, r->flags);
	pat_pg_bind_blob(&q, 6, r->mac, sizeof(r->mac));
	return pat_pg_run(&q);
}

static int token_narrow_op(struct pat_pg_tx *tx, void *arg)
{
	struct narrow_op *op = arg;
	struct pat_record *r = &op->record;
	int64_t scope_set = 0;

	int e = pat_pg_token_find(tx->pg, tx->conn, op->person, op->tid, r);
	if (e == 0)
		e = narrow_judge(op);
	if (e != 0)
		return e;
	/* The same scopes again are a change too: one that failed before, on a disk that did not sync, may have come back from the
	 * log without the listener's having heard of it. */
	(void)snprintf(r->scopes, sizeof(r->scopes), "%s", op->scopes);
	e = scope_set_intern(tx, r->scopes, &scope_set);
	if (e == 0)
		e = pat_pg_change(tx, PAT_CHANGE_TOKEN_NARROWED, r->owner, r->digest, r, &r->seq);
	if (e == 0)
		e = pat_record_seal(r, &tx->pg->key);
	if (e == 0)
		e = narrow_row(tx, r, scope_set);
	return e == 0 ? pat_pg_token_audit(tx, op->actor, "token.narrowed", r->digest, r->seq,
	                                   op->now_s)
	              : e;
}

int pat_pg_token_narrow(struct pat_store *store, int64_t person,
                        const uint8_t tid[static PAT_TID_BYTES], const char *scopes,
                        const struct pat_actor *actor, int64_t now_s, struct pat_record *ret)
{
	struct narrow_op op = {
		.person = person, .tid = tid, .scopes = scopes, .actor = actor, .now_s = now_s
	};

	int e = pat_pg_write(store, token_narrow_op, &op);
	if (e == 0)
		*ret = op.record;
	return e;
}
