/* SPDX-License-Identifier: Apache-2.0
 *
 * A token in the place of another: one change or none, and what becomes of the other.
 */
#include "tests/contract/contract.h"

/* One with that name, in the place of `old`, which ends then. */
static int rotate(struct contract *c, const struct pat_record *old, int64_t ends_s,
                  struct pat_record *ret)
{
	struct pat_new_token *token = contract_token(old->owner, old->name);

	token->replaces = old->digest;
	token->replaced_ends_s = ends_s;
	return contract_create(c, token, ret);
}

static struct pat_record now(struct contract *c, const struct pat_record *of)
{
	struct pat_record r;

	assert_int_equal(pat_store_token_get(c->store, of->owner, of->digest, &r), 0);
	return r;
}

/* The last audit record names both. */
static void assert_rotated(struct contract *c, const struct pat_record *old,
                           const struct pat_record *new)
{
	struct pat_audit last = contract_last_audit(c);
	char object[80];
	char tids[2][PAT_TID_CHARS + 1];

	pat_record_tid(old->digest, tids[0]);
	pat_record_tid(new->digest, tids[1]);
	(void)snprintf(object, sizeof(object), "token:%s token:%s", tids[0], tids[1]);
	assert_string_equal(last.action, "token.rotated");
	assert_string_equal(last.object, object);
}

static void make(struct contract *c, const struct pat_record *maker, const char *name,
                 int64_t expires_s, struct pat_record *ret)
{
	struct pat_new_token *token = contract_token(maker->owner, name);

	memcpy(token->record.maker, maker->digest, PAT_TID_BYTES);
	token->record.expires_s = expires_s;
	assert_int_equal(contract_create(c, token, ret), 0);
}

static void the_old_one_ends_sooner(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_record old;
	struct pat_record new;
	struct pat_record r;
	int64_t seq = 0;

	contract_created(c, ann, "ci", &old);
	assert_false(pat_record_replaced(&old));
	assert_int_equal(rotate(c, &old, NOW + 10, &new), 0);
	assert_int_equal(new.seq, 2);
	assert_int_equal(new.expires_s, NOW + 1000);
	assert_false(pat_record_replaced(&new));
	r = now(c, &old);
	assert_int_equal(r.state, PAT_RECORD_LIVE);
	assert_int_equal(r.expires_s, NOW + 10);
	assert_int_equal(r.seq, 3);
	assert_memory_equal(r.replaced_by, new.digest, PAT_TID_BYTES);
	assert_rotated(c, &old, &new);
	/* One batch: first the new one, then the old one with its end. */
	assert_int_equal(c->n_changes, 3);
	assert_int_equal(c->n_batches, 2);
	assert_int_equal(c->changes[1].kind, PAT_CHANGE_TOKEN_ADDED);
	assert_int_equal(c->changes[2].kind, PAT_CHANGE_TOKEN_NARROWED);
	assert_memory_equal(c->changes[2].digest, old.digest, PAT_DIGEST_BYTES);
	assert_int_equal(c->changes[2].record.expires_s, NOW + 10);
	contract_reopen(c);
	assert_memory_equal(now(c, &old).replaced_by, new.digest, PAT_TID_BYTES);
	assert_int_equal(contract_load(c, &seq), 2);
	assert_int_equal(contract_count(c, ann, PAT_TOKENS_LIVE), 2);
}

static void an_end_that_is_sooner_stays(void **state)
{
	struct contract *c = *state;
	struct pat_record old;
	struct pat_record new;

	contract_created(c, contract_person(c, "ann@x"), "ci", &old);
	assert_int_equal(rotate(c, &old, NOW + 1001, &new), 0);
	assert_rotated(c, &old, &new);
	assert_int_equal(now(c, &old).expires_s, NOW + 1000);
	assert_int_equal(now(c, &old).seq, old.seq);
	assert_memory_equal(now(c, &old).replaced_by, new.digest, PAT_TID_BYTES);
	assert_int_equal(contract_head(c), 2);
}

static void at_once_is_revoked(void **state)
{
	struct contract *c = *state;
	struct pat_record old;
	struct pat_record new;
	struct pat_record r;

	contract_created(c, contract_person(c, "ann@x"), "ci", &old);
	assert_int_equal(rotate(c, &old, NOW, &new), 0);
	r = now(c, &old);
	assert_int_equal(r.state, PAT_RECORD_REVOKED);
	assert_int_equal(r.revoked_reason, PAT_REVOKE_ROTATED);
	assert_int_equal(r.revoked_seq, 3);
	assert_memory_equal(r.replaced_by, new.digest, PAT_TID_BYTES);
	assert_int_equal(c->changes[2].kind, PAT_CHANGE_TOKEN_REMOVED);
	assert_rotated(c, &old, &new);
}

static void what_it_has_made_ends_with_it(void **state)
{
	struct contract *c = *state;
	struct pat_record old;
	struct pat_record later;
	struct pat_record below;
	struct pat_record sooner;
	struct pat_record new;
	int64_t seq = 0;

	contract_created(c, contract_person(c, "ann@x"), "ci", &old);
	make(c, &old, "later", NOW + 900, &later);
	make(c, &later, "below", NOW + 800, &below);
	make(c, &old, "sooner", NOW + 5, &sooner);
	assert_int_equal(rotate(c, &old, NOW + 10, &new), 0);
	assert_int_equal(now(c, &later).expires_s, NOW + 10);
	assert_int_equal(now(c, &below).expires_s, NOW + 10);
	assert_int_equal(now(c, &sooner).expires_s, NOW + 5);
	assert_int_equal(now(c, &new).expires_s, NOW + 1000);
	assert_false(pat_record_replaced(&later));
	/* The new one, and three that end sooner: each told with the end it has now. */
	assert_int_equal(c->n_changes, 8);
	for (size_t i = 5; i < 8; i++) {
		assert_int_equal(c->changes[i].kind, PAT_CHANGE_TOKEN_NARROWED);
		assert_int_equal(c->changes[i].record.expires_s, NOW + 10);
		assert_memory_equal(c->changes[i].record.digest, c->changes[i].digest,
		                    PAT_DIGEST_BYTES);
	}
	assert_int_equal(contract_load(c, &seq), 5);
	assert_int_equal(rotate(c, &new, NOW, &old), 0); /* made nothing */
	assert_int_equal(now(c, &below).state, PAT_RECORD_LIVE);
}

static void at_once_what_it_has_made_is_revoked(void **state)
{
	struct contract *c = *state;
	struct pat_record old;
	struct pat_record made;
	struct pat_record new;

	contract_created(c, contract_person(c, "ann@x"), "ci", &old);
	make(c, &old, "made", NOW + 900, &made);
	assert_int_equal(rotate(c, &old, NOW - 1, &new), 0);
	assert_int_equal(now(c, &old).revoked_reason, PAT_REVOKE_ROTATED);
	assert_int_equal(now(c, &made).revoked_reason, PAT_REVOKE_MAKER);
	assert_int_equal(now(c, &new).state, PAT_RECORD_LIVE);
}

/* It made the one in its place, and does not take it along; until somebody revokes it. */
static void one_that_replaces_itself(void **state)
{
	static const int64_t ends[] = { NOW, NOW + 10 };
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");

	for (size_t i = 0; i < PAT_ARRAY_LEN(ends); i++) {
		struct pat_new_token *token = NULL;
		struct pat_record old;
		struct pat_record child;
		struct pat_record new;
		struct pat_record newer;
		struct pat_record r;

		contract_created(c, ann, i == 0 ? "a" : "b", &old);
		make(c, &old, i == 0 ? "a's" : "b's", NOW + 900, &child);
		token = contract_token(ann, old.name);
		memcpy(token->record.maker, old.digest, PAT_TID_BYTES);
		token->replaces = old.digest;
		token->replaced_ends_s = ends[i];
		assert_int_equal(contract_create(c, token, &new), 0);
		assert_int_equal(now(c, &new).state, PAT_RECORD_LIVE);
		assert_int_equal(now(c, &new).expires_s, NOW + 1000);
		r = now(c, &child);
		assert_true(i == 0 ? r.revoked_reason == PAT_REVOKE_MAKER : r.expires_s == ends[i]);
		token = contract_token(ann, old.name);
		memcpy(token->record.maker, new.digest, PAT_TID_BYTES);
		token->replaces = new.digest;
		token->replaced_ends_s = ends[i];
		assert_int_equal(contract_create(c, token, &newer), 0);
		assert_int_equal(
			pat_store_token_revoke(c->store, ann, old.digest, &contract_actor, NOW, &r),
			0);
		assert_int_equal(now(c, &new).state, PAT_RECORD_REVOKED);
		assert_int_equal(now(c, &newer).revoked_reason, PAT_REVOKE_MAKER);
	}
}

/* What is in the column is not sealed: what is no tid is none, and what is nobody's stands in nobody's way. */
static void who_replaced_it_is_not_sealed(void **state)
{
	static const char *const edits[] = { "zeroblob(16)", "x'00'",
		                             "x'000102030405060708090a0b0c0d0e0f10'",
		                             "x'000102030405060708090a0b0c0d0e0f'" };
	static const char *const pg_edits[] = { "'\\x00000000000000000000000000000000'", "'\\x00'",
		                                "'\\x000102030405060708090a0b0c0d0e0f10'",
		                                "'\\x000102030405060708090a0b0c0d0e0f'" };
	struct contract *c = *state;
	bool pg = strcmp(contract_backend->name, "sqlite") != 0;
	struct pat_record old;
	struct pat_record r;

	contract_created(c, contract_person(c, "ann@x"), "ci", &old);
	for (size_t i = 0; i < PAT_ARRAY_LEN(edits); i++) {
		char sql[128];

		(void)snprintf(sql, sizeof(sql),
		               "UPDATE token SET replaced_by = %s WHERE number = 1",
		               pg ? pg_edits[i] : edits[i]);
		contract_backend->sql(c, sql);
		r = now(c, &old);
		assert_int_equal(pat_record_replaced(&r), i == 3);
	}
	assert_int_equal(rotate(c, &old, NOW + 10, &r), 0);
}

/* Each once, while it lives, by one that has no more scopes; nothing is changed otherwise. */
static void not_every_token_is_replaced(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	int64_t ben = contract_person(c, "ben@x");
	struct pat_new_token *token = NULL;
	struct pat_record old;
	struct pat_record new;
	struct pat_record r;

	contract_created(c, ann, "ci", &old);
	r = old;
	r.owner = ben;
	assert_int_equal(rotate(c, &r, NOW, &new), PAT_STORE_E_NOT_FOUND);
	token = contract_token(ann, "ci");
	token->replaces = old.digest;
	(void)snprintf(token->record.scopes, sizeof(token->record.scopes), "files:read zz:more");
	assert_int_equal(contract_create(c, token, &new), PAT_STORE_E_WIDER);
	token = contract_token(ann, "ci");
	token->replaces = old.digest;
	token->now_s = old.expires_s;
	token->record.expires_s = old.expires_s + 1;
	assert_int_equal(contract_create(c, token, &new), PAT_STORE_E_ENDED);
	assert_int_equal(contract_head(c), 1);
	assert_int_equal(rotate(c, &old, NOW + 10, &new), 0);
	assert_int_equal(rotate(c, &old, NOW + 5, &r), PAT_STORE_E_REPLACED);
	assert_int_equal(
		pat_store_token_revoke(c->store, ann, new.digest, &contract_actor, NOW, &r), 0);
	assert_int_equal(rotate(c, &new, NOW, &r), PAT_STORE_E_ENDED);
	assert_int_equal(now(c, &old).expires_s, NOW + 10);
	assert_int_equal(contract_head(c), 4);
	contract_backend->sql(c, "UPDATE token SET expires = expires + 1 WHERE number = 1");
	assert_int_equal(rotate(c, &old, NOW, &r), PAT_STORE_E_NOT_FOUND);
}

/* A name is one's who was not replaced, and the one that goes does not count. */
static void names_and_numbers(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_new_token *token = NULL;
	struct pat_record old;
	struct pat_record other;
	struct pat_record new;
	struct pat_record r;

	contract_created(c, ann, "ci", &old);
	contract_created(c, ann, "other", &other);
	token = contract_token(ann, "other");
	token->replaces = old.digest;
	token->replaced_ends_s = NOW + 10;
	assert_int_equal(contract_create(c, token, &r), PAT_STORE_E_NAME_TAKEN);
	token = contract_token(ann, "ci");
	token->replaces = old.digest;
	token->replaced_ends_s = NOW + 10;
	token->live_max = 2;
	assert_int_equal(contract_create(c, token, &new), 0);
	assert_int_equal(contract_count(c, ann, PAT_TOKENS_LIVE), 3);
	assert_int_equal(contract_create(c, contract_token(ann, "ci"), &r), PAT_STORE_E_NAME_TAKEN);
	/* With the one that was replaced there are two beside it. */
	token = contract_token(ann, "ci");
	token->replaces = new.digest;
	token->replaced_ends_s = NOW + 10;
	token->live_max = 2;
	assert_int_equal(contract_create(c, token, &r), PAT_STORE_E_LIMIT);
	/* At once there are no more of them than before. */
	token->replaced_ends_s = NOW;
	assert_int_equal(contract_create(c, token, &r), 0);
	assert_int_equal(now(c, &new).state, PAT_RECORD_REVOKED);
	assert_int_equal(now(c, &old).state, PAT_RECORD_LIVE);
	/* Nobody has the name any more who was not replaced. */
	assert_int_equal(pat_store_token_revoke(c->store, ann, r.digest, &contract_actor, NOW, &r),
	                 0);
	assert_int_equal(contract_create(c, contract_token(ann, "ci"), &r), 0);
}

static void the_same_request_again_rotates_once(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_new_token *token = NULL;
	struct pat_record old;
	struct pat_record new;
	struct pat_record again;

	contract_created(c, ann, "ci", &old);
	for (int i = 0; i < 2; i++) {
		token = contract_token(ann, "ci");
		token->replaces = old.digest;
		token->replaced_ends_s = NOW + 10;
		token->idempotency_key = "once";
		assert_int_equal(contract_create(c, token, i == 0 ? &new : &again),
		                 i == 0 ? 0 : PAT_STORE_E_REPLAYED);
	}
	assert_memory_equal(again.digest, new.digest, PAT_DIGEST_BYTES);
	assert_int_equal(contract_head(c), 3);
}

int contract_rotate_tests(void)
{
	const struct CMUnitTest tests[] = {
		contract_test(the_old_one_ends_sooner),
		contract_test(an_end_that_is_sooner_stays),
		contract_test(at_once_is_revoked),
		contract_test(what_it_has_made_ends_with_it),
		contract_test(at_once_what_it_has_made_is_revoked),
		contract_test(one_that_replaces_itself),
		contract_test(who_replaced_it_is_not_sealed),
		contract_test(not_every_token_is_replaced),
		contract_test(names_and_numbers),
		contract_test(the_same_request_again_rotates_once),
	};

	return cmocka_run_group_tests_name("rotate", tests, NULL, NULL);
}
