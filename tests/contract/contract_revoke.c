/* SPDX-License-Identifier: Apache-2.0
 *
 * Several tokens revoked as one change: all or none, each with its audit record, in one batch. The owners' tokens are revoked by
 * contract_actor, who is somebody else: an administrator.
 */
#include "tests/contract/contract.h"

#include <errno.h>

#define TOKENS    5
#define REPEATERS 20

/* What a call told of the records it handed out. */
struct told {
	struct contract *c;
	int64_t head_before;
	size_t n;
	size_t stop_at; /* 0: never */
	int stop_with;
	struct pat_record records[2 * TOKENS];
};

static int tell(void *arg, const struct pat_record *record)
{
	struct told *told = arg;

	pat_assert(told->n < PAT_ARRAY_LEN(told->records));
	told->records[told->n++] = *record;
	/* Nobody else sees any of it yet. */
	if (told->c)
		pat_assert(contract_backend->sql_i64(told->c, "SELECT seq FROM head") ==
		           told->head_before);
	return told->n == told->stop_at ? told->stop_with : 0;
}

static void create_named(struct contract *c, int64_t owner, size_t n, struct pat_record *ret)
{
	for (size_t i = 0; i < n; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "t%zu", i);
		contract_created(c, owner, name, &ret[i]);
	}
}

static void tids_of(const struct pat_record *records, size_t n, uint8_t (*tids)[PAT_TID_BYTES])
{
	for (size_t i = 0; i < n; i++)
		memcpy(tids[i], records[i].digest, PAT_TID_BYTES);
}

static bool is_live(struct contract *c, int64_t owner, const struct pat_record *token)
{
	struct pat_record r;

	assert_int_equal(pat_store_token_get(c->store, owner, token->digest, &r), 0);
	return r.state == PAT_RECORD_LIVE;
}

static void several_end_as_one_change(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_record made[TOKENS + 1];
	uint8_t tids[TOKENS][PAT_TID_BYTES];
	size_t revoked = 0;

	create_named(c, ann, TOKENS + 1, made);
	tids_of(made, TOKENS, tids);
	struct told told = { .c = c, .head_before = contract_head(c) };
	size_t batches = c->n_batches;
	int64_t audits = contract_last_audit(c).id;

	c->looks = true;
	assert_int_equal(pat_store_tokens_revoke(c->store, ann, tids, TOKENS, &contract_actor,
	                                         NOW + 5, tell, &told, &revoked),
	                 0);
	assert_int_equal(revoked, TOKENS);
	assert_int_equal(told.n, TOKENS);
	assert_int_equal(c->n_batches, batches + 1);
	assert_int_equal(c->n_changes, 2 * TOKENS + 1);
	for (size_t i = 0; i < TOKENS; i++) {
		const struct contract_change *change = &c->changes[TOKENS + 1 + i];
		const struct pat_record *r = &told.records[i];

		assert_int_equal(change->kind, PAT_CHANGE_TOKEN_REMOVED);
		assert_int_equal(change->person, ann);
		assert_memory_equal(change->digest, made[i].digest, PAT_DIGEST_BYTES);
		assert_memory_equal(r->digest, made[i].digest, PAT_DIGEST_BYTES);
		assert_string_equal(r->name, made[i].name);
		assert_int_equal(r->state, PAT_RECORD_REVOKED);
		assert_int_equal(r->revoked_s, NOW + 5);
		assert_int_equal(r->revoked_reason, PAT_REVOKE_ADMINISTRATOR);
		assert_int_equal(r->revoked_seq, change->seq);
		assert_int_equal(pat_record_check(r, &c->key), 0);
	}
	assert_int_equal(contract_last_audit(c).id, audits + TOKENS);
	assert_string_equal(contract_last_audit(c).action, "token.revoked");
	assert_true(is_live(c, ann, &made[TOKENS]));
	contract_reopen(c);
	assert_int_equal(contract_count(c, ann, PAT_TOKENS_ENDED), TOKENS);
}

/* In the order asked for; what was revoked before is handed out as it is. */
static void what_was_revoked_before_stays_as_it_is(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct told told = { 0 };
	struct pat_record made[3];
	struct pat_record before;
	uint8_t tids[3][PAT_TID_BYTES];
	size_t revoked = 99;

	create_named(c, ann, 3, made);
	tids_of(made, 3, tids);
	assert_int_equal(
		pat_store_token_revoke(c->store, ann, tids[1], &contract_actor, NOW + 1, &before),
		0);
	memcpy(tids[0], made[2].digest, PAT_TID_BYTES);
	memcpy(tids[2], made[0].digest, PAT_TID_BYTES);
	for (size_t left = 2;; left = 0) {
		told.n = 0;
		assert_int_equal(pat_store_tokens_revoke(c->store, ann, tids, 3, &contract_actor,
		                                         NOW + 9, tell, &told, &revoked),
		                 0);
		assert_int_equal(revoked, left);
		assert_int_equal(told.n, 3);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(told.records[i].number, 3 - (int64_t)i);
		assert_int_equal(told.records[1].revoked_s, NOW + 1);
		assert_int_equal(told.records[1].revoked_seq, before.revoked_seq);
		assert_int_equal(contract_head(c), 6);
		if (left == 0)
			break;
	}
	assert_int_equal(pat_store_tokens_revoke(c->store, ann, tids, 0, &contract_actor, NOW, NULL,
	                                         NULL, &revoked),
	                 0);
	assert_int_equal(revoked, 0);
}

static void assert_untouched(struct contract *c, int64_t owner, const struct pat_record *made,
                             size_t n, size_t changes)
{
	for (size_t i = 0; i < n; i++)
		assert_true(is_live(c, owner, &made[i]));
	assert_int_equal(c->n_changes, changes);
	assert_int_equal(contract_head(c), changes);
}

static void one_that_is_not_ones_own_takes_all_back(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	int64_t ben = contract_person(c, "ben@x");
	struct told told = { 0 };
	struct pat_record made[3];
	struct pat_record bens;
	uint8_t tids[3][PAT_TID_BYTES];
	size_t revoked = 99;

	create_named(c, ann, 3, made);
	contract_created(c, ben, "ben's", &bens);
	tids_of(made, 3, tids);
	memcpy(tids[1], bens.digest, PAT_TID_BYTES);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pat_store_tokens_revoke(c->store, ann, tids, 3, &contract_actor,
		                                         NOW, tell, &told, &revoked),
		                 PAT_STORE_E_NOT_FOUND);
		assert_untouched(c, ann, made, 3, 4);
		assert_true(is_live(c, ben, &bens));
		memset(tids[1], 0, PAT_TID_BYTES); /* and nobody's */
	}
	assert_int_equal(revoked, 99);
	assert_string_equal(contract_last_audit(c).action, "token.created");
}

static void whoever_is_told_may_take_all_back(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_record made[3];
	uint8_t tids[3][PAT_TID_BYTES];
	size_t revoked = 99;
	static const int words[] = { 42, -ENOMEM };

	create_named(c, ann, 3, made);
	tids_of(made, 3, tids);
	for (size_t i = 0; i < 2 * PAT_ARRAY_LEN(words); i++) {
		int word = words[i / 2];
		struct told told = { .stop_at = 3, .stop_with = word };

		assert_int_equal(pat_store_tokens_revoke(c->store, ann, i % 2 ? tids : NULL,
		                                         i % 2 ? 3 : 0, &contract_actor, NOW, tell,
		                                         &told, &revoked),
		                 word);
		assert_untouched(c, ann, made, 3, 3);
	}
	assert_int_equal(revoked, 99);
}

static void all_that_have_not_ended_end(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	int64_t ben = contract_person(c, "ben@x");
	struct told told = { 0 };
	struct pat_record made[TOKENS];
	struct pat_record expired;
	struct pat_record bens;
	struct pat_record r;
	size_t revoked = 0;

	create_named(c, ann, TOKENS, made);
	contract_created(c, ben, "ben's", &bens);
	struct pat_new_token *token = contract_token(ann, "expired");
	token->record.expires_s = NOW;
	token->now_s = NOW - 1;
	assert_int_equal(contract_create(c, token, &expired), 0);
	assert_int_equal(
		pat_store_token_revoke(c->store, ann, made[1].digest, &contract_actor, NOW, &r), 0);
	/* A row whose end was moved into the past is no token; verifiers may know it all the same. */
	contract_backend->sql(c, "UPDATE token SET expires = 7 WHERE number = 3");
	size_t batches = c->n_batches;

	assert_int_equal(pat_store_tokens_revoke(c->store, ann, NULL, 0, &contract_actor, NOW, tell,
	                                         &told, &revoked),
	                 0);
	assert_int_equal(revoked, 4);
	assert_int_equal(told.n, 3);
	assert_int_equal(told.records[0].number, 1);
	assert_int_equal(told.records[1].number, 4);
	assert_int_equal(told.records[2].number, 5);
	assert_int_equal(c->n_batches, batches + 1);
	assert_memory_equal(c->changes[c->n_changes - 3].digest, made[2].digest, PAT_DIGEST_BYTES);
	assert_int_equal(contract_count(c, ann, PAT_TOKENS_LIVE), 0);
	assert_true(is_live(c, ann, &expired)); /* as it was: it ended by itself */
	assert_true(is_live(c, ben, &bens));

	size_t changes = c->n_changes;
	assert_int_equal(pat_store_tokens_revoke(c->store, ann, NULL, 0, &contract_actor, NOW + 2,
	                                         NULL, NULL, &revoked),
	                 0);
	assert_int_equal(revoked, 0);
	assert_int_equal(c->n_changes, changes);
}

static void an_edited_row_among_them_ends_too(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct told told = { 0 };
	struct pat_record made[3];
	uint8_t tids[3][PAT_TID_BYTES];
	size_t revoked = 0;

	create_named(c, ann, 3, made);
	tids_of(made, 3, tids);
	contract_backend->sql(c, "UPDATE token SET issued = 1 WHERE number = 2");
	assert_int_equal(pat_store_tokens_revoke(c->store, ann, tids, 3, &contract_actor, NOW, tell,
	                                         &told, &revoked),
	                 0);
	assert_int_equal(revoked, 3);
	assert_int_equal(told.n, 2);
	assert_int_equal(told.records[1].number, 3);
	assert_memory_equal(c->changes[4].digest, made[1].digest, PAT_DIGEST_BYTES);
}

/* ---- At the same time. */

struct crew {
	struct contract *c;
	int64_t person;
	uint8_t tids[TOKENS][PAT_TID_BYTES];
	bool all;
	pthread_mutex_t lock;
	size_t revoked;
	pthread_barrier_t start;
};

static void *revoke_main(void *arg)
{
	struct crew *crew = arg;
	struct told told = { 0 };
	size_t revoked = 0;

	(void)pthread_barrier_wait(&crew->start);
	pat_assert(pat_store_tokens_revoke(crew->c->store, crew->person,
	                                   crew->all ? NULL : crew->tids, crew->all ? 0 : TOKENS,
	                                   &contract_actor, NOW, tell, &told, &revoked) == 0);
	pat_assert(told.n == (crew->all ? revoked : TOKENS));
	(void)pthread_mutex_lock(&crew->lock);
	crew->revoked += revoked;
	(void)pthread_mutex_unlock(&crew->lock);
	return NULL;
}

static void each_ends_once_among_many(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");

	for (int all = 0; all < 2; all++) {
		struct crew crew = { .c = c, .person = ann, .all = all };
		pthread_t threads[REPEATERS];
		struct pat_record made[TOKENS];

		create_named(c, ann, TOKENS, made);
		tids_of(made, TOKENS, crew.tids);
		assert_int_equal(pthread_mutex_init(&crew.lock, NULL), 0);
		assert_int_equal(pthread_barrier_init(&crew.start, NULL, REPEATERS), 0);
		for (int i = 0; i < REPEATERS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, revoke_main, &crew), 0);
		for (int i = 0; i < REPEATERS; i++)
			(void)pthread_join(threads[i], NULL);
		(void)pthread_barrier_destroy(&crew.start);
		(void)pthread_mutex_destroy(&crew.lock);
		assert_int_equal(crew.revoked, TOKENS);
		assert_int_equal(contract_head(c), (all + 1) * 2 * TOKENS);
	}
}

/* ---- What a token has made. */

static int make_one(struct contract *c, const struct pat_record *maker, const char *name,
                    struct pat_record *ret)
{
	struct pat_new_token *token = contract_token(maker->owner, name);

	memcpy(token->record.maker, maker->digest, PAT_TID_BYTES);
	return contract_create(c, token, ret);
}

/* first makes second and third, second makes fourth; beside stands alone. */
struct family {
	struct pat_record first;
	struct pat_record second;
	struct pat_record third;
	struct pat_record fourth;
	struct pat_record beside;
};

static void family_make(struct contract *c, int64_t owner, struct family *f)
{
	contract_created(c, owner, "first", &f->first);
	contract_created(c, owner, "beside", &f->beside);
	assert_int_equal(make_one(c, &f->first, "second", &f->second), 0);
	assert_int_equal(make_one(c, &f->first, "third", &f->third), 0);
	assert_int_equal(make_one(c, &f->second, "fourth", &f->fourth), 0);
}

static enum pat_revoke_reason reason_now(struct contract *c, const struct pat_record *token)
{
	struct pat_record r;

	assert_int_equal(pat_store_token_get(c->store, token->owner, token->digest, &r), 0);
	return r.revoked_reason;
}

static void what_a_token_has_made_ends_with_it(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	static struct family f;
	struct pat_record r;

	family_make(c, ann, &f);
	assert_memory_equal(f.second.maker, f.first.digest, PAT_TID_BYTES);
	assert_int_equal(f.second.flags, PAT_RECORD_MADE);
	size_t batches = c->n_batches;
	int64_t head = contract_head(c);
	int64_t audits = contract_last_audit(c).id;

	assert_int_equal(
		pat_store_token_revoke(c->store, ann, f.first.digest, &contract_actor, NOW + 5, &r),
		0);
	assert_int_equal(r.number, f.first.number);
	assert_int_equal(c->n_batches, batches + 1);
	assert_int_equal(contract_head(c), head + 4);
	assert_int_equal(contract_last_audit(c).id, audits + 4);
	assert_int_equal(reason_now(c, &f.first), PAT_REVOKE_ADMINISTRATOR);
	assert_int_equal(reason_now(c, &f.second), PAT_REVOKE_MAKER);
	assert_int_equal(reason_now(c, &f.third), PAT_REVOKE_MAKER);
	assert_int_equal(reason_now(c, &f.fourth), PAT_REVOKE_MAKER);
	assert_true(is_live(c, ann, &f.beside));
	/* Once more changes nothing, and after a restart they are what they were. */
	assert_int_equal(
		pat_store_token_revoke(c->store, ann, f.first.digest, &contract_actor, NOW + 6, &r),
		0);
	assert_int_equal(contract_head(c), head + 4);
	contract_reopen(c);
	assert_int_equal(reason_now(c, &f.fourth), PAT_REVOKE_MAKER);
}

static void several_take_theirs_along(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct told told = { .c = NULL };
	uint8_t tids[2][PAT_TID_BYTES];
	static struct family f;
	size_t revoked = 0;

	family_make(c, ann, &f);
	memcpy(tids[0], f.second.digest, PAT_TID_BYTES);
	memcpy(tids[1], f.fourth.digest, PAT_TID_BYTES);
	assert_int_equal(pat_store_tokens_revoke(c->store, ann, tids, 2, &contract_actor, NOW + 5,
	                                         tell, &told, &revoked),
	                 0);
	assert_int_equal(revoked, 2);
	assert_int_equal(told.n, 2);
	assert_true(is_live(c, ann, &f.first));
	assert_true(is_live(c, ann, &f.third));
	assert_int_equal(pat_store_tokens_revoke(c->store, ann, NULL, 0, &contract_actor, NOW + 6,
	                                         NULL, NULL, &revoked),
	                 0);
	assert_int_equal(revoked, 3);
	assert_int_equal(reason_now(c, &f.third), PAT_REVOKE_ADMINISTRATOR);
}

static void an_edited_row_between_saves_nobody(void **state)
{
	static const char *const edits[] = {
		"UPDATE token SET mac = zeroblob(32) WHERE name = 'second'",
		"UPDATE token SET state = 1 WHERE name = 'second'",
		"UPDATE token SET mac = zeroblob(32) WHERE name = 'first'",
		"UPDATE token SET expires = 1 WHERE name = 'second'",
	};

	for (size_t i = 0; i < PAT_ARRAY_LEN(edits); i++) {
		struct contract *c = *state;
		static struct family f;
		struct pat_record r;
		char email[16];

		(void)snprintf(email, sizeof(email), "ann%zu@x", i);
		int64_t ann = contract_person(c, email);
		family_make(c, ann, &f);
		contract_backend->sql(c, edits[i]);
		(void)!pat_store_token_revoke(c->store, ann, f.first.digest, &contract_actor,
		                              NOW + 5, &r);
		assert_int_equal(reason_now(c, &f.fourth), PAT_REVOKE_MAKER);
		assert_int_equal(
			contract_backend->sql_i64(c, "SELECT count(*) FROM token WHERE state = 0"),
			(int64_t)i + 1);
		contract_backend->sql(c, "UPDATE token SET name = name || number, state = 1"
		                         " WHERE name <> 'beside'");
	}
}

static void nothing_is_made_by_what_has_ended_or_has_less(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	int64_t ben = contract_person(c, "ben@x");
	struct pat_record maker;
	struct pat_record r;

	contract_created(c, ann, "maker", &maker);
	struct pat_new_token *token = contract_token(ann, "wider");
	memcpy(token->record.maker, maker.digest, PAT_TID_BYTES);
	(void)snprintf(token->record.scopes, sizeof(token->record.scopes), "files:read other");
	assert_int_equal(contract_create(c, token, &r), PAT_STORE_E_WIDER);
	(void)snprintf(token->record.scopes, sizeof(token->record.scopes), "files:read");
	token->record.expires_s = maker.expires_s + 1;
	assert_int_equal(contract_create(c, token, &r), PAT_STORE_E_WIDER);
	token->record.expires_s = maker.expires_s;
	assert_int_equal(contract_create(c, token, &r), 0);
	token = contract_token(ann, "later");
	memcpy(token->record.maker, maker.digest, PAT_TID_BYTES);
	token->now_s = maker.expires_s;
	assert_int_equal(contract_create(c, token, &r), PAT_STORE_E_ENDED);
	token = contract_token(ben, "somebody else's");
	memcpy(token->record.maker, maker.digest, PAT_TID_BYTES);
	assert_int_equal(contract_create(c, token, &r), PAT_STORE_E_ENDED);
	token = contract_token(ann, "nobody's");
	memset(token->record.maker, 3, PAT_TID_BYTES);
	assert_int_equal(contract_create(c, token, &r), PAT_STORE_E_ENDED);
	assert_int_equal(
		pat_store_token_revoke(c->store, ann, maker.digest, &contract_actor, NOW, &r), 0);
	assert_int_equal(make_one(c, &maker, "too late", &r), PAT_STORE_E_ENDED);
}

static void an_administrator_is_told_from_the_owner(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_actor actor = contract_actor;
	struct pat_record made[3];
	struct pat_record r;

	create_named(c, ann, 3, made);
	for (int i = 0; i < 3; i++) {
		actor.person = (const int64_t[]){ ann, ann + 1, 0 }[i];
		assert_int_equal(
			pat_store_token_revoke(c->store, ann, made[i].digest, &actor, NOW, &r), 0);
		assert_int_equal(r.revoked_reason,
		                 i == 1 ? PAT_REVOKE_ADMINISTRATOR : PAT_REVOKE_OWNER);
	}
}

int contract_revoke_tests(void)
{
	const struct CMUnitTest tests[] = {
		contract_test(several_end_as_one_change),
		contract_test(what_was_revoked_before_stays_as_it_is),
		contract_test(one_that_is_not_ones_own_takes_all_back),
		contract_test(whoever_is_told_may_take_all_back),
		contract_test(all_that_have_not_ended_end),
		contract_test(an_edited_row_among_them_ends_too),
		contract_test(each_ends_once_among_many),
		contract_test(what_a_token_has_made_ends_with_it),
		contract_test(several_take_theirs_along),
		contract_test(an_edited_row_between_saves_nobody),
		contract_test(nothing_is_made_by_what_has_ended_or_has_less),
		contract_test(an_administrator_is_told_from_the_owner),
	};

	return cmocka_run_group_tests_name("revoke", tests, NULL, NULL);
}
