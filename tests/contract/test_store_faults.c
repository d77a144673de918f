/* SPDX-License-Identifier: Apache-2.0
 *
 * Fail the n-th: every call of the store runs again and again, with the first, the second, the third …
 * allocation or file operation failing, until none is left to fail. Whenever it failed, the store is as
 * it was before the call, also after a crash there and then; without the fault the same call then does
 * its work, in the same process; and numbers and audit ids have no gaps.
 *
 *   test_store_faults [STEP]    only every STEP-th allocation fails, for when there is little time
 */
#include "tests/contract/sqlite_place.h"

#include <errno.h>

#include "tests/contract/faults_place.h"
#include "tests/contract/faulty_malloc.h"
#include "tests/contract/faulty_vfs.h"

/* ---- The calls, each always with the same arguments. */

static int64_t ignored_i64;
static bool ignored_bool;
static struct pat_person ignored_person;
static struct pat_session ignored_session;
static struct pat_record ignored_record;

static struct pat_new_token *marked(const char *name, uint8_t mark)
{
	struct pat_new_token *token = contract_token(1, name);

	memset(token->record.digest, mark, sizeof(token->record.digest));
	return token;
}

static int person_create(struct contract *c)
{
	struct pat_person person = { .email = "new@x", .name = "New", .password = "$p" };

	return pat_store_person_create(c->store, &person, &contract_actor, NOW, &ignored_i64);
}

static int setup_code_set(struct contract *c)
{
	return pat_store_setup_code_set(c->store, (const uint8_t[32]){ 1 });
}

static int setup_complete(struct contract *c)
{
	struct pat_person person = { .email = "root@x", .name = "Root", .admin = true };

	return pat_store_setup_complete(c->store, (const uint8_t[32]){ 9 }, &person,
	                                &contract_actor, NOW, &ignored_i64);
}

static int set_password(struct contract *c)
{
	return pat_store_person_set_password(c->store, 1, "$new", "password.changed", true, 1,
	                                     &contract_actor, NOW, &ignored_i64);
}

static int disable(struct contract *c)
{
	return pat_store_person_set_disabled(c->store, 1, true, &contract_actor, NOW);
}

static int session_create(struct contract *c)
{
	struct pat_session session = contract_session(1, 77);

	return pat_store_session_create(c->store, &session, &contract_actor, NOW);
}

static int session_touch(struct contract *c)
{
	return pat_store_session_touch(c->store, 1, NOW + 5);
}

static int session_end(struct contract *c)
{
	return pat_store_session_end(c->store, 1, 1, &contract_actor, NOW);
}

static int sessions_end(struct contract *c)
{
	return pat_store_sessions_end(c->store, 1, 2, &contract_actor, NOW, &ignored_i64);
}

static int sessions_prune(struct contract *c)
{
	return pat_store_sessions_prune(c->store, NOW + 9999, 0);
}

static int token_create(struct contract *c)
{
	struct pat_new_token *token = marked("new", 0xaa);

	token->idempotency_key = "new";
	(void)snprintf(token->record.scopes, sizeof(token->record.scopes), "a:new b:set");
	return contract_create(c, token, &ignored_record);
}

static int token_replay(struct contract *c)
{
	struct pat_new_token *token = marked("again", 0xab);

	token->idempotency_key = "old";
	return contract_create(c, token, &ignored_record);
}

static int token_name_taken(struct contract *c)
{
	return contract_create(c, marked("b", 0xac), &ignored_record);
}

static int token_revoke(struct contract *c)
{
	return pat_store_token_revoke(c->store, 1, (const uint8_t[16]){ [0 ... 15] = 1 },
	                              &contract_actor, NOW, &ignored_record);
}

static int usage_fold(struct contract *c)
{
	struct pat_usage usage[] = { { 1, NOW + 3, 4 }, { 2, NOW + 4, 5 } };

	return pat_store_usage_fold(c->store, usage, 2);
}

static int check(struct contract *c)
{
	return pat_store_check(c->store);
}

static int reads(struct contract *c)
{
	bool any = false;
	int e = pat_store_people_any(c->store, &any);

	if (e == 0)
		e = pat_store_person_by_email(c->store, "ann@x", &ignored_person);
	if (e == 0)
		e = pat_store_person_by_id(c->store, 1, &ignored_person);
	if (e == 0)
		e = pat_store_session_get(c->store, contract_session(1, 1).hash, &ignored_session,
		                          &ignored_person);
	if (e == 0)
		e = pat_store_address_known(c->store, 1, "192.0.2.1", &ignored_bool);
	if (e == 0)
		e = pat_store_token_get(c->store, 1, (const uint8_t[16]){ [0 ... 15] = 1 },
		                        &ignored_record);
	if (e == 0)
		e = pat_store_head(c->store, &ignored_i64, &ignored_i64);
	if (e == 0)
		e = pat_store_audit_verify(c->store, &ignored_i64);
	return e;
}

static int count_person(void *arg, const struct pat_person *person)
{
	*(int *)arg += person->id > 0;
	return 0;
}

static int count_session(void *arg, const struct pat_session *session)
{
	*(int *)arg += session->id > 0;
	return 0;
}

static int count_record(void *arg, const struct pat_record *record)
{
	*(int *)arg += record->number > 0;
	return 0;
}

static int count_audit(void *arg, const struct pat_audit *audit)
{
	*(int *)arg += audit->id > 0;
	return 0;
}

/* Half a list with a result of 0 would be a lie: the counts are part of the result. */
static int lists(struct contract *c)
{
	int n = 0;
	int e = pat_store_person_list(c->store, count_person, &n);

	if (e == 0)
		e = pat_store_session_list(c->store, 1, count_session, &n);
	if (e == 0)
		e = pat_store_token_list(c->store, 1, PAT_TOKENS_ALL, NOW, 0, 100, count_record,
		                         &n);
	if (e == 0)
		e = pat_store_token_expired(c->store, NOW, NOW + 5000, count_record, &n);
	if (e == 0)
		e = pat_store_audit_list(c->store, 0, 100, count_audit, &n);
	return e == 0 ? n : e;
}

static int load(struct contract *c)
{
	int n = 0;
	int e = pat_store_token_count(c->store, &ignored_i64);

	if (e == 0)
		e = pat_store_token_load(c->store, 0, &ignored_i64, count_record, &n);
	return e == 0 ? n : e;
}

#define LISTED 20 /* 2 people, 3 sessions, 3 tokens, the same expiring, 9 audit records */

static const struct call {
	const char *name;
	int (*run)(struct contract *c);
	int expected;
	bool before_setup; /* on a store without people */
} calls[] = {
	{ "person_create", person_create, 0, false },
	{ "setup_code_set", setup_code_set, 0, true },
	{ "setup_complete", setup_complete, 0, true },
	{ "set_password", set_password, 0, false },
	{ "disable", disable, 0, false },
	{ "session_create", session_create, 0, false },
	{ "session_touch", session_touch, 0, false },
	{ "session_end", session_end, 0, false },
	{ "sessions_end", sessions_end, 0, false },
	{ "sessions_prune", sessions_prune, 0, false },
	{ "token_create", token_create, 0, false },
	{ "token_replay", token_replay, PAT_STORE_E_REPLAYED, false },
	{ "token_name_taken", token_name_taken, PAT_STORE_E_NAME_TAKEN, false },
	{ "token_revoke", token_revoke, 0, false },
	{ "usage_fold", usage_fold, 0, false },
	{ "check", check, 0, false },
	{ "reads", reads, 0, false },
	{ "lists", lists, LISTED, false },
	{ "load", load, 3, false },
};

/* ---- The stores they start from. */

static struct faults_base empty_base;
static struct faults_base full_base;

static void fill(struct contract *c)
{
	int64_t ann = contract_person(c, "ann@x");
	struct pat_new_token *token = NULL;

	(void)contract_person(c, "ben@x");
	for (uint8_t i = 1; i <= 3; i++) {
		struct pat_session session = contract_session(ann, i);
		char name[2] = { (char)('a' + i - 1), '\0' };

		assert_int_equal(pat_store_session_create(c->store, &session, &contract_actor, NOW),
		                 0);
		token = marked(name, i);
		token->idempotency_key = i == 3 ? "old" : NULL;
		assert_int_equal(contract_create(c, token, &ignored_record), 0);
	}
	assert_int_equal(pat_store_person_set_password(c->store, 2, "$b", "password.rehashed",
	                                               false, 0, &contract_actor, NOW,
	                                               &ignored_i64),
	                 0);
}

static void close_store(struct contract *c)
{
	pat_store_close(c->store);
	c->store = NULL;
	c->n_changes = 0;
}

static int bases_make(void **state)
{
	void *test = NULL;

	assert_int_equal(contract_setup(&test), 0);
	struct contract *c = test;
	assert_int_equal(pat_store_setup_code_set(c->store, (const uint8_t[32]){ 9 }), 0);
	close_store(c);
	faults_base_take(c, &empty_base);
	contract_open(c);
	fill(c);
	close_store(c);
	faults_base_take(c, &full_base);
	(void)contract_teardown(&test);
	*state = NULL;
	return 0;
}

static int bases_drop(void **state)
{
	(void)state;
	faults_base_done(&empty_base);
	faults_base_done(&full_base);
	return 0;
}

/* ---- The faults. */

enum fault {
	FAULT_MEMORY,
	FAULT_IO,
	FAULT_FULL,
	FAULT_GONE
};

static void arm(enum fault fault, int n)
{
	if (fault == FAULT_MEMORY)
		faulty_malloc_arm(n);
	else
		faulty_vfs_arm(fault == FAULT_IO     ? FAULTY_IO
		               : fault == FAULT_FULL ? FAULTY_FULL
		                                     : FAULTY_GONE,
		               n);
}

static bool disarm(enum fault fault)
{
	return fault == FAULT_MEMORY ? faulty_malloc_disarm() : faulty_vfs_disarm();
}

struct trial {
	struct contract *c;
	const struct call *call;
	enum fault fault;
	int n;
	struct faults_state before;
	struct faults_state after;
};

static void trial_must(const struct trial *t, bool ok, const char *what)
{
	if (!ok)
		fail_msg("%s, n = %d: not so: %s", t->call->name, t->n, what);
}

#define trial_assert(t, cond) trial_must(t, cond, #cond)

static void trial_put(const struct trial *t)
{
	faults_base_put(t->c, t->call->before_setup ? &empty_base : &full_base);
}

static void trial_measure(struct trial *t)
{
	trial_put(t);
	contract_open(t->c);
	t->before = faults_state_now(t->c);
	trial_assert(t, t->call->run(t->c) == t->call->expected);
	t->after = faults_state_now(t->c);
	contract_assert_whole(t->c); /* and so is all that has the same state */
	trial_assert(t, faults_state_same(t->after, faults_state_crashed(t->c)));
	close_store(t->c);
	trial_assert(t, faults_state_same(t->after, faults_state_now(t->c)));
}

/* What a failed call leaves: nothing; and nothing lasting. */
static void trial_judge(const struct trial *t, int result)
{
	struct contract *c = t->c;
	bool done = result == t->call->expected;

	if (!done && result >= 0)
		fail_msg("%s, n = %d: result %d", t->call->name, t->n, result);
	trial_assert(t, done || c->n_changes == 0);
	trial_assert(t, faults_state_same(faults_state_now(c), done ? t->after : t->before));
	/* Without memory nothing strange gets onto the disk. */
	if (t->fault != FAULT_MEMORY)
		trial_assert(
			t, faults_state_same(faults_state_crashed(c), done ? t->after : t->before));
	if (!done) {
		trial_assert(t, t->call->run(c) == t->call->expected);
		trial_assert(t, faults_state_same(faults_state_now(c), t->after));
	}
	close_store(c);
	if (t->fault != FAULT_MEMORY)
		trial_assert(t, faults_state_same(faults_state_now(c), t->after));
}

/* The process died: what was answered holds, what was not may or may not. */
static void trial_judge_gone(const struct trial *t, int result)
{
	struct contract *c = t->c;

	contract_open(c);
	struct faults_state now = faults_state_now(c);
	bool before = faults_state_same(now, t->before);
	bool after = faults_state_same(now, t->after);
	trial_assert(t, result == t->call->expected ? after : result < 0 && (before || after));
	close_store(c);
}

/* Whether something failed. */
static bool trial_run(const struct trial *t)
{
	trial_put(t);
	contract_open(t->c);
	arm(t->fault, t->n);
	int result = t->call->run(t->c);
	if (t->fault == FAULT_GONE)
		close_store(t->c);
	bool fired = disarm(t->fault);
	if (t->fault == FAULT_GONE)
		trial_judge_gone(t, result);
	else
		trial_judge(t, result);
	return fired;
}

static int memory_step = 1;

static void fail_the_nth(struct contract *c, enum fault fault)
{
	int step = fault == FAULT_MEMORY ? memory_step : 1;
	int n = 0;

	close_store(c);
	for (size_t i = 0; i < PAT_ARRAY_LEN(calls); i++) {
		struct trial t = { .c = c, .call = &calls[i], .fault = fault };

		trial_measure(&t);
		for (t.n = 1; trial_run(&t); t.n += step)
			n++;
	}
	print_message("%d failures\n", n);
	assert_true(n > 100);
	contract_open(c);
}

static void no_allocation_leaves_half(void **state)
{
	fail_the_nth(*state, FAULT_MEMORY);
}

static void no_file_operation_leaves_half(void **state)
{
	fail_the_nth(*state, FAULT_IO);
}

static void no_full_disk_leaves_half(void **state)
{
	fail_the_nth(*state, FAULT_FULL);
}

static void no_death_leaves_half(void **state)
{
	fail_the_nth(*state, FAULT_GONE);
}

/* ---- Opening. */

static void open_fails_clean(struct contract *c, enum fault fault, const struct faults_base *base)
{
	struct pat_store_config config = { .location = c->location, .row_key = c->key };
	bool fired = true;

	for (int n = 1; fired; n++) {
		struct pat_err err = { 0 };

		if (base)
			faults_base_put(c, base);
		else
			faults_base_put(c, &(struct faults_base){ 0 });
		arm(fault, n);
		int e = pat_store_open(&config, &c->store, &err);
		fired = disarm(fault);
		assert_true(e <= 0);
		assert_true(e == 0 || err.text[0] != '\0');
		assert_true(fired || e == 0);
		if (e == 0)
			close_store(c);
		contract_open(c);
		assert_true(contract_person(c, "after@x") > 0);
		contract_assert_whole(c);
		close_store(c);
	}
}

static void opening_fails_clean(void **state)
{
	static const enum fault faults[] = { FAULT_MEMORY, FAULT_IO, FAULT_FULL };
	struct contract *c = *state;

	close_store(c);
	for (size_t i = 0; i < PAT_ARRAY_LEN(faults); i++) {
		open_fails_clean(c, faults[i], NULL);
		open_fails_clean(c, faults[i], &full_base);
	}
	faults_base_put(c, &full_base);
	contract_open(c);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		contract_test(opening_fails_clean),
		contract_test(no_allocation_leaves_half),
		contract_test(no_file_operation_leaves_half),
		contract_test(no_full_disk_leaves_half),
		contract_test(no_death_leaves_half),
	};

	if (argc == 2)
		memory_step = (int)strtol(argv[1], NULL, 10);
	if (memory_step < 1)
		return 2;
	faulty_malloc_register();
	faulty_vfs_register();
	contract_backend = &sqlite_place;
	return cmocka_run_group_tests_name("faults", tests, bases_make, bases_drop);
}
