/* SPDX-License-Identifier: Apache-2.0
 *
 * Revoking: one token, several as one change, or all of a person who is being disabled. It runs in a transaction on the
 * writer's thread. A token that is named takes with it what it has made. One in whose place another is made may be left for
 * a while: then it, and what it has made, end sooner than they would have.
 *
 * A row that failed its check is no token any more, but verifiers may know it from before it was edited: it is ended all
 * the same, and stays as unsound as it was.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"

struct revoke_op {
	int64_t person;
	const uint8_t *tid;
	const struct pat_actor *actor;
	int64_t now_s;
	enum pat_revoke_reason reason;
	const uint8_t *spared;    /* a tid: made by it, and does not end with it; or NULL */
	int64_t ends_s;           /* after now_s: nothing is revoked, it ends then at the latest */
	struct pat_kept *kept;    /* where ends_s is after now_s */
	bool tampered;            /* result: the row was no token any more */
	size_t revoked;           /* result: how many this operation has ended */
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
static int record_revoke(struct pat_lite_tx *tx, struct revoke_op *op, bool sound,
                         struct pat_record *r)
{
	op->revoked++;
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
		e = pat_lite_token_audit(tx, op->actor, "token.revoked", r->digest, r->revoked_seq,
		                         op->now_s);
	return e;
}

static int row_shorten(struct pat_lite_tx *tx, const struct pat_record *r)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn,
		"UPDATE token SET expires = ?2, seq = ?3, key_id = ?4, flags = ?5, mac = ?6"
		" WHERE number = ?1");

	pat_lite_bind_i64(&q, 1, r->number);
	pat_lite_bind_i64(&q, 2, r->expires_s);
	pat_lite_bind_i64(&q, 3, r->seq);
	pat_lite_bind_i64(&q, 4, r->key_id);
	pat_lite_bind_i64(&q, 5, r->flags);
	pat_lite_bind_blob(&q, 6, r->mac, sizeof(r->mac));
	return pat_lite_run(&q);
}

static int record_shorten(struct pat_lite_tx *tx, const struct revoke_op *op,
                          const struct pat_record *record)
{
	if (record->expires_s <= op->ends_s)
		return 0;
	struct pat_record *r = pat_kept_add(op->kept, record);
	if (!r)
		return -ENOMEM;
	r->expires_s = op->ends_s;
	int e = pat_lite_change(tx, PAT_CHANGE_TOKEN_NARROWED, op->person, r->digest, r, &r->seq);
	if (e == 0)
		e = pat_record_seal(r, &tx->lite->key);
	if (e == 0)
		e = row_shorten(tx, r);
	if (e == 0)
		e = pat_lite_token_audit(tx, op->actor, "token.shortened", r->digest, r->seq,
		                         op->now_s);
	return e;
}

/* A row that failed its check can not be sealed anew, and ends at once. */
static int record_end(struct pat_lite_tx *tx, struct revoke_op *op, bool sound,
                      struct pat_record *r)
{
	return sound && op->ends_s > op->now_s ? record_shorten(tx, op, r)
	                                       : record_revoke(tx, op, sound, r);
}

/* ---- What a token has made. */

struct numbers {
	int64_t *list; /* owned */
	size_t n;
	size_t cap;
};

static void numbers_done(struct numbers *numbers)
{
	free(numbers->list);
}

static int numbers_add(struct numbers *numbers, int64_t number)
{
	if (numbers->n == numbers->cap) {
		size_t cap = numbers->cap ? 2 * numbers->cap : 16;
		int64_t *grown = reallocarray(numbers->list, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		numbers->list = grown;
		numbers->cap = cap;
	}
	numbers->list[numbers->n++] = number;
	return 0;
}

/* All that is unrevoked of what the token has made, and of what that has made, but for `spared` (or NULL), which has made
 * nothing. Through what was revoked, too: its row may be one that was edited. As many as the person may have live, so they
 * fit into memory. */
static int made_find(struct pat_lite_tx *tx, int64_t person, const uint8_t *tid,
                     const uint8_t *spared, struct numbers *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn,
		"WITH RECURSIVE made (number, tid) AS ("
		" SELECT number, substr(digest, 1, 16) FROM token WHERE maker = ?1 AND maker <> x''"
		" UNION SELECT t.number, substr(t.digest, 1, 16) FROM made m"
		" JOIN token t ON t.maker = m.tid AND t.maker <> x'')"
		" SELECT m.number FROM made m JOIN token t ON t.number = m.number"
		" WHERE t.state = 0 AND t.owner = ?2 AND m.tid <> ?3 ORDER BY m.number");
	static const uint8_t nobody[1];
	int e = 0;

	pat_lite_bind_blob(&q, 1, tid, PAT_TID_BYTES);
	pat_lite_bind_i64(&q, 2, person);
	pat_lite_bind_blob(&q, 3, spared ? spared : nobody, spared ? PAT_TID_BYTES : 0);
	while ((e = pat_lite_step(&q)) > 0) {
		e = numbers_add(ret, pat_lite_i64(&q, 0));
		if (e < 0)
			return e;
	}
	return e;
}

static int made_revoke(struct pat_lite_tx *tx, const struct revoke_op *of, size_t *ret_revoked)
{
	pat_cleanup(numbers_done) struct numbers numbers = { 0 };
	pat_cleanup(pat_freep) struct revoke_op *op = NULL;

	int e = made_find(tx, of->person, of->tid, of->spared, &numbers);
	if (e < 0 || numbers.n == 0)
		return e;
	op = malloc(sizeof(*op));
	if (!op)
		return -ENOMEM;
	*op = (struct revoke_op){ .person = of->person,
		                  .actor = of->actor,
		                  .now_s = of->now_s,
		                  .ends_s = of->ends_s,
		                  .kept = of->kept,
		                  .reason = PAT_REVOKE_MAKER };
	for (size_t i = 0; i < numbers.n && e == 0; i++) {
		e = pat_lite_token_by_number(tx->lite, tx->conn, numbers.list[i], &op->record);
		if (e >= 0)
			e = record_end(tx, op, e == 0, &op->record);
	}
	*ret_revoked += op->revoked;
	return e;
}

/* ---- One token. */

static int token_alone_revoke(struct pat_lite_tx *tx, struct revoke_op *op)
{
	op->record.number = 0;
	int e = pat_lite_token_find(tx->lite, tx->conn, op->person, op->tid, &op->record);
	/* A row that was read and refused: verifiers may know it from before it was edited. */
	op->tampered = e == PAT_STORE_E_NOT_FOUND && op->record.number != 0;
	if (op->tampered)
		return record_revoke(tx, op, false, &op->record);
	if (e != 0 || op->record.state == PAT_RECORD_REVOKED)
		return e;
	return record_end(tx, op, true, &op->record);
}

static int token_revoke_op(struct pat_lite_tx *tx, void *arg)
{
	struct revoke_op *op = arg;

	int e = token_alone_revoke(tx, op);
	return e == 0 ? made_revoke(tx, op, &op->revoked) : e;
}

/* ---- In whose place another is made. */

static int row_replace(struct pat_lite_tx *tx, int64_t number, const uint8_t *by)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(tx->conn, "UPDATE token SET replaced_by = ?2 WHERE number = ?1");

	pat_lite_bind_i64(&q, 1, number);
	pat_lite_bind_blob(&q, 2, by, PAT_TID_BYTES);
	return pat_lite_run(&q);
}

/* The one record that names both. */
static int rotate_audit(struct pat_lite_tx *tx, const struct pat_new_token *by,
                        const struct pat_actor *actor)
{
	char object[2 * (sizeof("token:") + PAT_TID_CHARS)];
	char old[PAT_TID_CHARS + 1];
	char new[PAT_TID_CHARS + 1];

	pat_record_tid(by->record.digest, new);
	pat_hex_encode(by->replaces, PAT_TID_BYTES, old);
	(void)snprintf(object, sizeof(object), "token:%s token:%s", old, new);
	return pat_lite_audit(tx, actor,
	                      &(struct pat_event){ .action = "token.rotated",
	                                           .object = object,
	                                           .at_s = by->now_s });
}

int pat_lite_token_replace_tx(struct pat_lite_tx *tx, const struct pat_new_token *by,
                              const struct pat_actor *actor, struct pat_kept *kept)
{
	pat_cleanup(pat_freep) struct revoke_op *op = malloc(sizeof(*op));

	if (!op)
		return -ENOMEM;
	*op = (struct revoke_op){ .person = by->record.owner,
		                  .tid = by->replaces,
		                  .actor = actor,
		                  .now_s = by->now_s,
		                  .ends_s = by->replaced_ends_s,
		                  .spared = by->record.digest,
		                  .kept = kept,
		                  .reason = PAT_REVOKE_ROTATED };
	int e = token_revoke_op(tx, op);
	if (e == 0)
		e = row_replace(tx, op->record.number, by->record.digest);
	return e == 0 ? rotate_audit(tx, by, actor) : e;
}

/* ---- As people ask for it. */

/* Somebody who is not its owner is an administrator; programs have no number. */
static enum pat_revoke_reason reason_of(const struct pat_actor *actor, int64_t owner)
{
	return actor->person == 0 || actor->person == owner ? PAT_REVOKE_OWNER
	                                                    : PAT_REVOKE_ADMINISTRATOR;
}

int pat_lite_token_revoke(struct pat_store *store, int64_t person,
                          const uint8_t tid[static PAT_TID_BYTES], const struct pat_actor *actor,
                          int64_t now_s, struct pat_record *ret)
{
	struct revoke_op op = { .person = person,
		                .tid = tid,
		                .actor = actor,
		                .now_s = now_s,
		                .reason = reason_of(actor, person) };

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

/* What is told of each record; a row that was tampered with is none. */
struct telling {
	pat_record_fn *fn; /* NULL: nobody */
	void *arg;
};

static int tell(const struct telling *telling, bool sound, const struct pat_record *record)
{
	return telling->fn && sound ? telling->fn(telling->arg, record) : 0;
}

/* Every unrevoked token of the person. Those that have expired may be left as they are: no verifier accepts them. An
 * expiry that fails its check says nothing, so such a row is ended in any case. */
static int revoke_each(struct pat_lite_tx *tx, struct revoke_op *op, bool expired_too,
                       const struct telling *telling)
{
	struct pat_record *r = &op->record;
	int64_t after = 0;

	for (;;) {
		int e = token_next_unrevoked(tx, op->person, after, r);
		if (e < 0 || r->number == 0)
			return e;
		bool sound = e == 0;
		after = r->number;
		if (sound && !expired_too && r->expires_s <= op->now_s)
			continue;
		e = record_revoke(tx, op, sound, r);
		if (e == 0)
			e = tell(telling, sound, r);
		if (e != 0)
			return e;
	}
}

int pat_lite_tokens_revoke_tx(struct pat_lite_tx *tx, int64_t person, enum pat_revoke_reason reason,
                              const struct pat_actor *actor, int64_t now_s)
{
	struct revoke_op op = {
		.person = person, .actor = actor, .now_s = now_s, .reason = reason
	};

	return revoke_each(tx, &op, true, &(struct telling){ 0 });
}

struct revoke_several_op {
	struct revoke_op each;
	const uint8_t (*tids)[PAT_TID_BYTES];
	size_t n_tids;
	struct telling telling;
};

static int tokens_revoke_op(struct pat_lite_tx *tx, void *arg)
{
	struct revoke_several_op *op = arg;
	int e = 0;

	if (!op->tids)
		return revoke_each(tx, &op->each, false, &op->telling);
	for (size_t i = 0; i < op->n_tids && e == 0; i++) {
		op->each.tid = op->tids[i];
		e = token_revoke_op(tx, &op->each);
		if (e == 0)
			e = tell(&op->telling, !op->each.tampered, &op->each.record);
	}
	return e;
}

int pat_lite_tokens_revoke(struct pat_store *store, int64_t person,
                           const uint8_t (*tids)[PAT_TID_BYTES], size_t n_tids,
                           const struct pat_actor *actor, int64_t now_s, pat_record_fn *fn,
                           void *arg, size_t *ret_revoked)
{
	struct revoke_several_op op = {
		.each = { .person = person,
		          .actor = actor,
		          .now_s = now_s,
		          .reason = reason_of(actor, person) },
		.tids = tids,
		.n_tids = n_tids,
		.telling = { .fn = fn, .arg = arg },
	};

	int e = pat_lite_write(store, tokens_revoke_op, &op);
	if (e == 0)
		*ret_revoked = op.each.revoked;
	return e;
}
