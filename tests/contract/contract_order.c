/* SPDX-License-Identifier: Apache-2.0
 *
 * Order and company: numbers without gaps, durable before told before returned, and many writers at
 * once who share commits.
 */
#include "tests/contract/contract.h"

#include <errno.h>
#include <stdatomic.h>

#define CREATORS  50
#define REPEATERS 100
#define WRITERS   32
#define ROUNDS    10

/* ---- Threads. */

struct crew {
	struct contract *c;
	int64_t person;
	atomic_int next;
	atomic_int outcomes[16];
	pthread_barrier_t start;
};

static void crew_run(struct crew *crew, int n, void *(*main)(void *))
{
	pthread_t threads[REPEATERS];

	pat_assert(n <= REPEATERS);
	assert_int_equal(pthread_barrier_init(&crew->start, NULL, (unsigned)n), 0);
	for (int i = 0; i < n; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, main, crew), 0);
	for (int i = 0; i < n; i++)
		(void)pthread_join(threads[i], NULL);
	(void)pthread_barrier_destroy(&crew->start);
}

static void *create_one(void *arg)
{
	struct crew *crew = arg;
	struct pat_record r;
	char name[16];

	(void)snprintf(name, sizeof(name), "t%d", atomic_fetch_add(&crew->next, 1));
	struct pat_new_token *token = contract_token(crew->person, name);
	(void)pthread_barrier_wait(&crew->start);
	int e = contract_create(crew->c, token, &r);
	pat_assert(e >= 0);
	atomic_fetch_add(&crew->outcomes[e], 1);
	return NULL;
}

static void the_limit_holds_among_many(void **state)
{
	struct contract *c = *state;
	struct crew crew = { .c = c, .person = contract_person(c, "ann@x") };

	crew_run(&crew, CREATORS, create_one);
	assert_int_equal(crew.outcomes[0], 10); /* live_max */
	assert_int_equal(crew.outcomes[PAT_STORE_E_LIMIT], CREATORS - 10);
	assert_int_equal(contract_count(c, crew.person, PAT_TOKENS_LIVE), 10);
	assert_int_equal(c->n_changes, 10);
}

static void *create_same(void *arg)
{
	struct crew *crew = arg;
	struct pat_record r;
	struct pat_new_token *token = contract_token(crew->person, "same");

	token->idempotency_key = "one";
	(void)pthread_barrier_wait(&crew->start);
	int e = contract_create(crew->c, token, &r);
	pat_assert(e >= 0);
	pat_assert(r.number == 1);
	atomic_fetch_add(&crew->outcomes[e], 1);
	return NULL;
}

static void a_request_repeated_at_once_makes_one_token(void **state)
{
	struct contract *c = *state;
	struct crew crew = { .c = c, .person = contract_person(c, "ann@x") };

	crew_run(&crew, REPEATERS, create_same);
	assert_int_equal(crew.outcomes[0], 1);
	assert_int_equal(crew.outcomes[PAT_STORE_E_REPLAYED], REPEATERS - 1);
	assert_int_equal(contract_count(c, crew.person, PAT_TOKENS_ALL), 1);
}

static void *revoke_same(void *arg)
{
	struct crew *crew = arg;
	struct pat_record r;

	(void)pthread_barrier_wait(&crew->start);
	pat_assert(pat_store_token_revoke(crew->c->store, crew->person, crew->c->changes[0].digest,
	                                  &contract_actor, NOW, &r) == 0);
	pat_assert(r.revoked_seq == 2);
	return NULL;
}

static void a_token_is_revoked_once(void **state)
{
	struct contract *c = *state;
	struct crew crew = { .c = c, .person = contract_person(c, "ann@x") };
	struct pat_record r;

	contract_created(c, crew.person, "a", &r);
	crew_run(&crew, 20, revoke_same);
	assert_int_equal(contract_head(c), 2);
}

/* ---- Sharing. */

static void *write_and_read(void *arg)
{
	struct crew *crew = arg;
	struct pat_record r;
	char name[32];
	int me = atomic_fetch_add(&crew->next, 1);

	(void)pthread_barrier_wait(&crew->start);
	for (int i = 0; i < ROUNDS; i++) {
		(void)snprintf(name, sizeof(name), "%d-%d", me, i);
		struct pat_new_token *token = contract_token(crew->person, name);
		token->live_max = 100000;
		pat_assert(contract_create(crew->c, token, &r) == 0);
		/* A read begun after the write returned sees it. */
		pat_assert(pat_store_token_get(crew->c->store, crew->person, r.digest, &r) == 0);
		pat_assert(r.state == PAT_RECORD_LIVE);
		pat_assert(pat_store_token_revoke(crew->c->store, crew->person, r.digest,
		                                  &contract_actor, NOW, &r) == 0);
		pat_assert(pat_store_token_get(crew->c->store, crew->person, r.digest, &r) == 0);
		pat_assert(r.state == PAT_RECORD_REVOKED);
	}
	return NULL;
}

static void concurrent_writers_share_commits(void **state)
{
	struct contract *c = *state;
	struct crew crew = { .c = c, .person = contract_person(c, "ann@x") };
	int64_t seq = 0;
	uint64_t before = contract_backend->syncs();

	crew_run(&crew, WRITERS, write_and_read);
	uint64_t syncs = contract_backend->syncs() - before;
	assert_int_equal(contract_head(c), 2 * WRITERS * ROUNDS);
	assert_int_equal(contract_load(c, &seq), 0);
	print_message("%d writes, %llu fsyncs of the log\n", 2 * WRITERS * ROUNDS,
	              (unsigned long long)syncs);
	assert_true(syncs > 0);
	assert_true(syncs < WRITERS * ROUNDS); /* at least two writes to one */
}

static void one_writer_has_a_commit_for_each(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	uint64_t before = contract_backend->syncs();
	struct pat_record r;

	for (int i = 0; i < 5; i++) {
		char name[8];
		(void)snprintf(name, sizeof(name), "%d", i);
		contract_created(c, ann, name, &r);
		assert_true(contract_backend->durable());
	}
	assert_int_equal(contract_backend->syncs() - before, 5);
}

/* The listener itself looks from outside: each batch it hears is committed and on disk. */
static void durable_then_told_then_returned(void **state)
{
	struct contract *c = *state;
	struct crew crew = { .c = c, .person = contract_person(c, "ann@x") };
	struct pat_record r;

	c->looks = true;
	for (int i = 0; i < 5; i++) {
		char name[8];
		(void)snprintf(name, sizeof(name), "%d", i);
		contract_created(c, crew.person, name, &r);
		assert_int_equal(c->n_changes, (size_t)i + 1);
		assert_int_equal(c->changes[i].seq, r.seq);
	}
	crew_run(&crew, WRITERS, write_and_read);
	assert_true(c->was_durable);
}

/* ---- Audit and head. */

static int audit_ids(void *arg, const struct pat_audit *audit)
{
	int64_t *last = arg;

	pat_assert(audit->id == *last + 1);
	*last = audit->id;
	return audit->id == 5 ? 55 : 0;
}

static int is_the_note(void *arg, const struct pat_audit *audit)
{
	int64_t *last = arg;

	assert_string_equal(audit->action, "change.effective");
	assert_string_equal(audit->object, "nodes:3/3 ms:14");
	assert_int_equal(audit->seq, 9);
	*last = audit->id;
	return 0;
}

static void audit_is_paged_and_gap_free(void **state)
{
	struct contract *c = *state;
	int64_t last = 0;

	for (int i = 0; i < 6; i++)
		(void)contract_person(c, (const char *[]){ "a", "b", "c", "d", "e", "f" }[i]);
	assert_int_equal(pat_store_audit_list(c->store, 0, 3, audit_ids, &last), 0);
	assert_int_equal(last, 3);
	assert_int_equal(pat_store_audit_list(c->store, last, 9, audit_ids, &last), 55);
	assert_int_equal(pat_store_audit_list(c->store, 5, 9, audit_ids, &last), 0);
	assert_int_equal(last, 6);
	assert_int_equal(pat_store_audit_note(c->store, &contract_actor, "change.effective",
	                                      "nodes:3/3 ms:14", 9, NOW),
	                 0);
	assert_int_equal(pat_store_audit_list(c->store, 6, 9, is_the_note, &last), 0);
	assert_int_equal(last, 7);
	assert_int_equal(pat_store_audit_verify(c->store, &last), 0);
}

/* An actor's texts come from clients: too long ones are cut, between characters. */
static void long_actors_are_cut(void **state)
{
	struct contract *c = *state;
	struct pat_person person = { .email = "ann@x" };
	char agent[1000];
	struct pat_actor actor = {
		.via = "a-way-in-that-is-longer-than-any-that-there-will-be-however-long-services-are-named",
		.agent = agent
	};
	int64_t id = 0;

	for (size_t i = 0; i + 1 < sizeof(agent); i++)
		agent[i] = "\xe2\x82\xac"[i % 3];
	agent[sizeof(agent) - 1] = '\0';
	assert_int_equal(pat_store_person_create(c->store, &person, &actor, NOW, &id), 0);
	assert_string_equal(
		contract_last_audit(c).via,
		"a-way-in-that-is-longer-than-any-that-there-will-be-however-long-services-are-n");
	assert_int_equal(strlen(contract_last_audit(c).agent), 255);
	assert_string_equal(contract_last_audit(c).address, "");
	assert_int_equal(contract_last_audit(c).actor, 0);
}

static void the_head_knows_the_latest_time(void **state)
{
	struct contract *c = *state;
	struct pat_session session = contract_session(contract_person(c, "ann@x"), 1);
	int64_t seq = 0;
	int64_t time_s = 0;

	assert_int_equal(pat_store_head(c->store, &seq, &time_s), 0);
	assert_int_equal(seq, 0);
	assert_int_equal(time_s, NOW);
	assert_int_equal(pat_store_session_create(c->store, &session, &contract_actor, NOW - 9), 0);
	assert_int_equal(pat_store_session_touch(c->store, session.id, NOW + 7), 0);
	contract_reopen(c);
	assert_int_equal(pat_store_head(c->store, &seq, &time_s), 0);
	assert_int_equal(time_s, NOW + 7);
}

static void a_check_changes_nothing(void **state)
{
	struct contract *c = *state;
	uint64_t before = contract_backend->syncs();

	assert_int_equal(pat_store_check(c->store), 0);
	assert_true(contract_backend->syncs() > before);
	assert_int_equal(contract_head(c), 0);
	assert_int_equal(contract_last_audit(c).id, 0);
}

/* A caller's function may ask the store again. */
static int ask_again(void *arg, const struct pat_person *person)
{
	struct contract *c = arg;
	struct pat_person same;

	pat_assert(pat_store_person_by_id(c->store, person->id, &same) == 0);
	return pat_store_session_touch(c->store, 1, NOW);
}

static void a_callback_may_ask_again(void **state)
{
	struct contract *c = *state;

	(void)contract_person(c, "ann@x");
	(void)contract_person(c, "ben@x");
	assert_int_equal(pat_store_person_list(c->store, 0, 10, ask_again, c), 0);
}

int contract_order_tests(void)
{
	const struct CMUnitTest tests[] = {
		contract_test(the_limit_holds_among_many),
		contract_test(a_request_repeated_at_once_makes_one_token),
		contract_test(a_token_is_revoked_once),
		contract_test(concurrent_writers_share_commits),
		contract_test(one_writer_has_a_commit_for_each),
		contract_test(durable_then_told_then_returned),
		contract_test(audit_is_paged_and_gap_free),
		contract_test(long_actors_are_cut),
		contract_test(the_head_knows_the_latest_time),
		contract_test(a_check_changes_nothing),
		contract_test(a_callback_may_ask_again),
	};

	return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
