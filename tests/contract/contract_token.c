/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens: creating under every judgement, idempotency, revoking, reading, listing, loading, usage.
 */
#include "tests/contract/contract.h"

#include <errno.h>

static void assert_same(const struct pat_record *a, const struct pat_record *b)
{
	assert_int_equal(a->number, b->number);
	assert_memory_equal(a->digest, b->digest, sizeof(a->digest));
	assert_int_equal(a->owner, b->owner);
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->note, b->note);
	assert_string_equal(a->hint, b->hint);
	assert_string_equal(a->scopes, b->scopes);
	assert_int_equal(a->issued_s, b->issued_s);
	assert_int_equal(a->expires_s, b->expires_s);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->key_id, b->key_id);
	assert_memory_equal(a->mac, b->mac, sizeof(a->mac));
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->revoked_s, b->revoked_s);
	assert_int_equal(a->revoked_reason, b->revoked_reason);
	assert_int_equal(a->revoked_seq, b->revoked_seq);
	assert_int_equal(a->last_used_s, b->last_used_s);
	assert_int_equal(a->use_count, b->use_count);
}

static void a_token_is_stored_and_told(void **state)
{
	struct contract *c = *state;
	struct pat_new_token *token =
		contract_token(contract_person(c, "ann@x"), "Deploy \xf0\x9f\x9a\x80");
	struct pat_record made;
	struct pat_record got;
	char object[80];
	char tid[PAT_TID_CHARS + 1];

	token->record.expires_s = PAT_NEVER;
	(void)snprintf(token->record.note, sizeof(token->record.note), "runs at night");
	token->record.state = PAT_RECORD_REVOKED; /* the store's to fill */
	token->record.use_count = 99;
	assert_int_equal(contract_create(c, token, &made), 0);
	assert_int_equal(made.number, 1);
	assert_int_equal(made.seq, 1);
	assert_int_equal(made.state, PAT_RECORD_LIVE);
	assert_int_equal(made.use_count, 0);
	assert_int_equal(made.key_id, 3);
	assert_int_equal(pat_record_check(&made, &c->key), 0);
	assert_string_equal(made.name, token->record.name);
	assert_string_equal(made.note, "runs at night");

	assert_int_equal(c->n_changes, 1);
	assert_int_equal(c->changes[0].kind, PAT_CHANGE_TOKEN_ADDED);
	assert_int_equal(c->changes[0].person, 1);
	assert_true(c->changes[0].has_record);
	assert_same(&c->changes[0].record, &made);

	assert_int_equal(pat_store_token_get(c->store, 1, made.digest, &got), 0);
	assert_same(&got, &made);
	contract_reopen(c);
	assert_int_equal(pat_store_token_get(c->store, 1, made.digest, &got), 0);
	assert_same(&got, &made);

	pat_record_tid(made.digest, tid);
	(void)snprintf(object, sizeof(object), "token:%s", tid);
	assert_string_equal(contract_last_audit(c).object, object);
	assert_string_equal(contract_last_audit(c).action, "token.created");
	assert_int_equal(contract_last_audit(c).seq, 1);
}

static void another_persons_token_is_not_found(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	int64_t ben = contract_person(c, "ben@x");
	struct pat_record r;

	contract_created(c, ann, "a", &r);
	assert_int_equal(pat_store_token_get(c->store, ben, r.digest, &r), PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_token_revoke(c->store, ben, r.digest, &contract_actor, NOW, &r),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(contract_head(c), 1);
	assert_int_equal(contract_create(c, contract_token(99, "x"), &r), PAT_STORE_E_NOT_FOUND);
	contract_created(c, ben, "a", &r); /* names are each person's own */
}

static void a_live_name_is_taken(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_new_token *token = NULL;
	struct pat_record first;
	struct pat_record r;

	contract_created(c, ann, "ci", &first);
	assert_int_equal(contract_create(c, contract_token(ann, "ci"), &r), PAT_STORE_E_NAME_TAKEN);
	contract_created(c, ann, "CI", &r);
	assert_int_equal(
		pat_store_token_revoke(c->store, ann, first.digest, &contract_actor, NOW, &first),
		0);
	contract_created(c, ann, "ci", &r);
	token = contract_token(ann, "ci");
	token->now_s = NOW + 1000; /* the first second at which the other is refused */
	assert_int_equal(contract_create(c, token, &r), 0);
}

static void live_tokens_are_limited(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_new_token *token = NULL;
	struct pat_record r;

	for (int i = 0; i < 2; i++) {
		token = contract_token(ann, (const char *[]){ "a", "b" }[i]);
		token->live_max = 2;
		assert_int_equal(contract_create(c, token, &r), 0);
	}
	token = contract_token(ann, "c");
	token->live_max = 2;
	assert_int_equal(contract_create(c, token, &r), PAT_STORE_E_LIMIT);
	token->now_s = NOW + 1000;
	assert_int_equal(contract_create(c, token, &r), 0);
	assert_int_equal(contract_head(c), 3);
}

static void a_digest_is_stored_once(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_record first;
	struct pat_record r;

	contract_created(c, ann, "a", &first);
	struct pat_new_token *token = contract_token(ann, "b");
	memcpy(token->record.digest, first.digest, sizeof(first.digest));
	assert_int_equal(contract_create(c, token, &r), PAT_STORE_E_DIGEST_EXISTS);
	assert_int_equal(contract_head(c), 1);
}

static void a_repeated_request_makes_one_token(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	int64_t ben = contract_person(c, "ben@x");
	struct pat_new_token *token = contract_token(ann, "a");
	struct pat_record first;
	struct pat_record r;

	token->idempotency_key = "key-1";
	token->request_hash[0] = 1;
	assert_int_equal(contract_create(c, token, &first), 0);
	memset(token->record.digest, 1, sizeof(token->record.digest));
	assert_int_equal(contract_create(c, token, &r), PAT_STORE_E_REPLAYED);
	assert_same(&r, &first);
	token->request_hash[0] = 2;
	assert_int_equal(contract_create(c, token, &r), PAT_STORE_E_IDEMPOTENCY_CONFLICT);
	token->request_hash[0] = 1;
	assert_int_equal(
		pat_store_token_revoke(c->store, ann, first.digest, &contract_actor, NOW, &first),
		0);
	assert_int_equal(contract_create(c, token, &r), PAT_STORE_E_REPLAYED);
	assert_int_equal(r.state, PAT_RECORD_REVOKED);

	token = contract_token(ben, "a");
	token->idempotency_key = "key-1";
	assert_int_equal(contract_create(c, token, &r), 0);
}

static void an_idempotency_key_lives_a_day(void **state)
{
	struct contract *c = *state;
	struct pat_new_token *token = contract_token(contract_person(c, "ann@x"), "a");
	struct pat_record r;

	token->idempotency_key = "key-1";
	assert_int_equal(contract_create(c, token, &r), 0);
	token->now_s = NOW + 86399;
	assert_int_equal(contract_create(c, token, &r), PAT_STORE_E_REPLAYED);
	token->now_s = NOW + 86400;
	token->record.issued_s = token->now_s;
	memset(token->record.digest, 2, sizeof(token->record.digest));
	assert_int_equal(contract_create(c, token, &r), 0);
	token->idempotency_key = "key-2";
	token->now_s = NOW + 3 * 86400;
	memset(token->record.digest, 3, sizeof(token->record.digest));
	assert_int_equal(contract_create(c, token, &r), 0);
	assert_int_equal(contract_backend->sql_i64(c, "SELECT count(*) FROM idempotency"), 1);
}

static void a_failed_create_leaves_its_key_free(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_record r;

	contract_created(c, ann, "a", &r);
	struct pat_new_token *token = contract_token(ann, "a");
	token->idempotency_key = "key-1";
	assert_int_equal(contract_create(c, token, &r), PAT_STORE_E_NAME_TAKEN);
	(void)snprintf(token->record.name, sizeof(token->record.name), "b");
	token->request_hash[0] = 9;
	assert_int_equal(contract_create(c, token, &r), 0);
}

static void revoking_is_final_and_repeatable(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	uint8_t unknown[PAT_TID_BYTES] = { 0 };
	struct pat_record made;
	struct pat_record gone;
	struct pat_record again;
	int64_t seq = 0;

	contract_created(c, ann, "a", &made);
	assert_int_equal(
		pat_store_token_revoke(c->store, ann, made.digest, &contract_actor, NOW + 9, &gone),
		0);
	assert_int_equal(gone.state, PAT_RECORD_REVOKED);
	assert_int_equal(gone.revoked_s, NOW + 9);
	/* contract_actor is somebody else. */
	assert_int_equal(gone.revoked_reason, PAT_REVOKE_ADMINISTRATOR);
	assert_int_equal(gone.revoked_seq, 2);
	assert_int_equal(gone.seq, 1);
	assert_int_equal(pat_record_check(&gone, &c->key), 0);
	assert_int_equal(c->changes[1].kind, PAT_CHANGE_TOKEN_REMOVED);
	assert_memory_equal(c->changes[1].digest, made.digest, 32);
	assert_string_equal(contract_last_audit(c).action, "token.revoked");
	assert_int_equal(contract_last_audit(c).seq, 2);

	assert_int_equal(pat_store_token_revoke(c->store, ann, made.digest, &contract_actor,
	                                        NOW + 99, &again),
	                 0);
	assert_same(&again, &gone);
	assert_int_equal(contract_head(c), 2);
	assert_int_equal(contract_last_audit(c).id, 3);
	assert_int_equal(contract_load(c, &seq), 0);
	assert_int_equal(
		pat_store_token_revoke(c->store, ann, unknown, &contract_actor, NOW, &again),
		PAT_STORE_E_NOT_FOUND);
}

struct page {
	size_t n;
	int64_t numbers[8];
	int stop_at; /* 0: never */
};

static int page_add(void *arg, const struct pat_record *record)
{
	struct page *page = arg;

	page->numbers[page->n++] = record->number;
	return page->stop_at > 0 && page->n == (size_t)page->stop_at ? 42 : 0;
}

static int list_page(struct contract *c, int64_t owner, enum pat_token_filter filter,
                     int64_t before, unsigned limit, struct page *page)
{
	struct pat_token_query query = {
		.filter = filter, .now_s = NOW, .before = before, .limit = limit
	};

	return pat_store_token_list(c->store, owner, &query, page_add, page);
}

static void lists_are_filtered_and_paged(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct page page = { 0 };
	struct pat_record r[4];
	const char *names[] = { "a", "b", "c", "d" };

	for (int i = 0; i < 4; i++) {
		struct pat_new_token *token = contract_token(ann, names[i]);

		if (i == 1)
			token->record.expires_s = NOW; /* refused from its first second on */
		assert_int_equal(contract_create(c, token, &r[i]), 0);
	}
	assert_int_equal(
		pat_store_token_revoke(c->store, ann, r[2].digest, &contract_actor, NOW, &r[2]), 0);
	assert_int_equal(contract_count(c, ann, PAT_TOKENS_ALL), 4);
	assert_int_equal(contract_count(c, ann, PAT_TOKENS_LIVE), 2);
	assert_int_equal(contract_count(c, ann, PAT_TOKENS_ENDED), 2);
	assert_int_equal(contract_count(c, 99, PAT_TOKENS_ALL), 0);

	assert_int_equal(list_page(c, ann, PAT_TOKENS_LIVE, 0, 9, &page), 0);
	assert_int_equal(page.n, 2);
	assert_int_equal(page.numbers[0], 4);
	assert_int_equal(page.numbers[1], 1);
	page = (struct page){ 0 };
	assert_int_equal(list_page(c, ann, PAT_TOKENS_ALL, 4, 2, &page), 0);
	assert_int_equal(page.n, 2);
	assert_int_equal(page.numbers[0], 3);
	assert_int_equal(page.numbers[1], 2);
	page = (struct page){ 0 }; /* past the revoked one */
	assert_int_equal(list_page(c, ann, PAT_TOKENS_ALL, 3, 9, &page), 0);
	assert_int_equal(page.n, 2);
	assert_int_equal(page.numbers[0], 2);
	page = (struct page){ .stop_at = 1 };
	assert_int_equal(list_page(c, ann, PAT_TOKENS_ENDED, 0, 9, &page), 42);
	assert_int_equal(page.n, 1);
	assert_int_equal(page.numbers[0], 3);
}

/* What ended is listed for a while: by the time of the revoke, or of the expiry where nobody revoked. */
static void what_ended_long_ago_is_not_listed(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_token_query query = { .now_s = NOW, .ended_after_s = NOW - 100, .limit = 9 };
	static const struct {
		const char *name;
		int64_t expires_s;
		int64_t revoked_s; /* 0: not */
	} tokens[] = {
		{ "live", NOW + 1, 0 },
		{ "never", PAT_NEVER, 0 },
		{ "just expired", NOW, 0 },
		{ "expired, last to be listed", NOW - 99, 0 },
		{ "expired, first not to be", NOW - 100, 0 },
		{ "revoked, last to be listed", NOW + 1, NOW - 99 },
		{ "revoked, first not to be", NOW + 1, NOW - 100 },
		{ "expired long ago and revoked lately", NOW - 500, NOW - 1 },
	};
	static const int64_t all[] = { 8, 6, 4, 3, 2, 1 };
	static const int64_t ended[] = { 8, 6, 4, 3 };
	struct page page = { 0 };
	struct pat_record r;

	for (size_t i = 0; i < PAT_ARRAY_LEN(tokens); i++) {
		struct pat_new_token *token = contract_token(ann, tokens[i].name);

		token->record.issued_s = NOW - 1000;
		token->record.expires_s = tokens[i].expires_s;
		token->now_s = NOW - 1000;
		assert_int_equal(contract_create(c, token, &r), 0);
		if (tokens[i].revoked_s)
			assert_int_equal(pat_store_token_revoke(c->store, ann, r.digest,
			                                        &contract_actor,
			                                        tokens[i].revoked_s, &r),
			                 0);
	}
	assert_int_equal(pat_store_token_list(c->store, ann, &query, page_add, &page), 0);
	assert_int_equal(page.n, PAT_ARRAY_LEN(all));
	assert_memory_equal(page.numbers, all, sizeof(all));
	page = (struct page){ 0 };
	query.filter = PAT_TOKENS_ENDED;
	assert_int_equal(pat_store_token_list(c->store, ann, &query, page_add, &page), 0);
	assert_int_equal(page.n, PAT_ARRAY_LEN(ended));
	assert_memory_equal(page.numbers, ended, sizeof(ended));
	/* It is there for whoever asks for it. */
	assert_int_equal(pat_store_token_get(c->store, ann, r.digest, &r), 0);
	assert_int_equal(contract_count(c, ann, PAT_TOKENS_ALL), PAT_ARRAY_LEN(tokens));
}

static void what_just_expired_is_found(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct page page = { 0 };
	struct pat_record r;
	static const struct {
		const char *name;
		int64_t expires_s;
	} tokens[] = { { "at from", NOW },    { "first", NOW + 1 },   { "last", NOW + 10 },
		       { "after", NOW + 11 }, { "never", PAT_NEVER }, { "revoked", NOW + 5 } };

	for (size_t i = 0; i < PAT_ARRAY_LEN(tokens); i++) {
		struct pat_new_token *token = contract_token(ann, tokens[i].name);

		token->record.expires_s = tokens[i].expires_s;
		assert_int_equal(contract_create(c, token, &r), 0);
	}
	assert_int_equal(pat_store_token_revoke(c->store, ann, r.digest, &contract_actor, NOW, &r),
	                 0);
	assert_int_equal(pat_store_token_expired(c->store, NOW, NOW + 10, page_add, &page), 0);
	assert_int_equal(page.n, 2);
	assert_int_equal(page.numbers[0], 2);
	assert_int_equal(page.numbers[1], 3);
}

static int load_stop(void *arg, const struct pat_record *record)
{
	int *n = arg;

	(void)record;
	return ++*n == 3 ? -ENOSPC : 0;
}

static void a_load_gives_what_verifiers_need(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_record r;
	int64_t seq = -1;
	int64_t count = -1;
	int n = 0;
	size_t loaded = 0;
	int64_t owner = 0;
	char name[8];

	assert_int_equal(contract_load(c, &seq), 0);
	assert_int_equal(seq, 0);
	for (int i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "t%d", i);
		struct pat_new_token *token = contract_token(ann, name);
		token->live_max = 1000;
		token->record.expires_s = i < 10 ? NOW - 5 : NOW + 5;
		(void)snprintf(token->record.scopes, sizeof(token->record.scopes), "scope:%d",
		               i % 7);
		assert_int_equal(contract_create(c, token, &r), 0);
	}
	assert_int_equal(pat_store_token_revoke(c->store, ann, r.digest, &contract_actor, NOW, &r),
	                 0);
	assert_int_equal(contract_load(c, &seq), 99);
	assert_int_equal(seq, 101);
	assert_int_equal(pat_store_token_count(c->store, &count), 0);
	assert_int_equal(count, 99);
	assert_int_equal(pat_store_token_owner(c->store, r.digest, &owner), 0); /* revoked */
	assert_int_equal(owner, ann);
	contract_backend->sql(c, "UPDATE token SET mac = zeroblob(32) WHERE name = 't99'");
	assert_int_equal(pat_store_token_owner(c->store, r.digest, &owner), 0);
	r.digest[15] ^= 1;
	assert_int_equal(pat_store_token_owner(c->store, r.digest, &owner), PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_token_load(c->store, NOW, &seq, load_stop, &n), -ENOSPC);
	assert_int_equal(n, 3);
	contract_reopen(c);
	loaded = contract_load(c, &seq);
	assert_int_equal(loaded, 99);
}

static int check_scopes(void *arg, const struct pat_record *record)
{
	size_t *n = arg;
	char scope[32];

	(void)snprintf(scope, sizeof(scope), "scope:%s", record->name + 1);
	pat_assert(strcmp(record->scopes, scope) == 0);
	(*n)++;
	return 0;
}

static void a_load_keeps_many_scope_sets_apart(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_record r;
	int64_t seq = 0;
	size_t n = 0;

	/* More sets than a loading thread keeps, each used by two tokens far apart. */
	for (int i = 0; i < 2400; i++) {
		char name[16];
		(void)snprintf(name, sizeof(name), "%c%d", i < 1200 ? 'a' : 'b', i % 1200);
		struct pat_new_token *token = contract_token(ann, name);
		token->live_max = 9999;
		(void)snprintf(token->record.scopes, sizeof(token->record.scopes), "scope:%d",
		               i % 1200);
		assert_int_equal(contract_create(c, token, &r), 0);
	}
	assert_int_equal(pat_store_token_load(c->store, 0, &seq, check_scopes, &n), 0);
	assert_int_equal(n, 2400);
	assert_int_equal(seq, 2400);
	assert_int_equal(contract_backend->sql_i64(c, "SELECT count(*) FROM scope_set"), 1200);
}

static void usage_adds_up_and_never_goes_back(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_record r;
	int64_t seq = 0;
	int64_t time_s = 0;

	contract_created(c, ann, "a", &r);
	struct pat_usage usage[] = { { r.number, NOW + 50, 3 },
		                     { r.number, NOW + 40, 4 },
		                     { 4711, NOW, 1 } };
	assert_int_equal(pat_store_usage_fold(c->store, usage, 3), 0);
	assert_int_equal(pat_store_usage_fold(c->store, NULL, 0), 0);
	assert_int_equal(pat_store_token_get(c->store, ann, r.digest, &r), 0);
	assert_int_equal(r.last_used_s, NOW + 50);
	assert_int_equal(r.use_count, 7);
	assert_int_equal(pat_store_head(c->store, &seq, &time_s), 0);
	assert_int_equal(time_s, NOW + 50);
	assert_int_equal(seq, 1);
}

static void the_largest_texts_fit(void **state)
{
	struct contract *c = *state;
	struct pat_new_token *token = contract_token(contract_person(c, "ann@x"), "");
	struct pat_record made;
	struct pat_record got;
	char *at = token->record.scopes;

	memset(token->record.name, 'n', PAT_TOKEN_NAME_BYTES_MAX);
	memset(token->record.note, 'o', PAT_TOKEN_NOTE_BYTES_MAX);
	for (int i = 0; i < 64; i++)
		at += snprintf(at, 129, "%03d%0124d ", i, 0);
	at[-1] = '\0';
	assert_int_equal(strlen(token->record.scopes), PAT_SCOPES_TEXT_BYTES_MAX - 1);
	assert_int_equal(contract_create(c, token, &made), 0);
	assert_int_equal(pat_store_token_get(c->store, 1, made.digest, &got), 0);
	assert_same(&got, &made);
	assert_int_equal(strlen(got.name), PAT_TOKEN_NAME_BYTES_MAX);
	assert_int_equal(strlen(got.note), PAT_TOKEN_NOTE_BYTES_MAX);
}

int contract_token_tests(void)
{
	const struct CMUnitTest tests[] = {
		contract_test(a_token_is_stored_and_told),
		contract_test(another_persons_token_is_not_found),
		contract_test(a_live_name_is_taken),
		contract_test(live_tokens_are_limited),
		contract_test(a_digest_is_stored_once),
		contract_test(a_repeated_request_makes_one_token),
		contract_test(an_idempotency_key_lives_a_day),
		contract_test(a_failed_create_leaves_its_key_free),
		contract_test(revoking_is_final_and_repeatable),
		contract_test(lists_are_filtered_and_paged),
		contract_test(what_ended_long_ago_is_not_listed),
		contract_test(what_just_expired_is_found),
		contract_test(a_load_gives_what_verifiers_need),
		contract_test(a_load_keeps_many_scope_sets_apart),
		contract_test(usage_adds_up_and_never_goes_back),
		contract_test(the_largest_texts_fit),
	};

	return cmocka_run_group_tests_name("tokens", tests, NULL, NULL);
}
