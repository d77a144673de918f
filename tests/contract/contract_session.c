/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions and known addresses.
 */
#include "tests/contract/contract.h"

static void create(struct contract *c, struct pat_session *session)
{
	assert_int_equal(pat_store_session_create(c->store, session, &contract_actor, NOW), 0);
}

static void a_session_is_found_by_its_hash(void **state)
{
	struct contract *c = *state;
	struct pat_session in = contract_session(contract_person(c, "ann@x"), 9);
	struct pat_session out;
	struct pat_person person;
	uint8_t none[32] = { 0 };

	create(c, &in);
	assert_int_equal(in.id, 1);
	assert_string_equal(contract_last_audit(c).action, "session.created");
	assert_string_equal(contract_last_audit(c).object, "session:1");
	assert_int_equal(pat_store_session_get(c->store, in.hash, &out, &person), 0);
	assert_int_equal(out.id, in.id);
	assert_memory_equal(out.hash, in.hash, sizeof(in.hash));
	assert_int_equal(out.person, in.person);
	assert_int_equal(out.created_s, NOW);
	assert_int_equal(out.seen_s, NOW);
	assert_int_equal(out.expires_s, NOW + 500);
	assert_string_equal(out.address, "192.0.2.9");
	assert_string_equal(out.agent, "Browser/9");
	assert_string_equal(person.email, "ann@x");
	assert_int_equal(pat_store_session_get(c->store, none, &out, &person),
	                 PAT_STORE_E_NOT_FOUND);
}

static void nobody_has_no_session(void **state)
{
	struct contract *c = *state;
	struct pat_session in = contract_session(1, 1);

	assert_int_equal(pat_store_session_create(c->store, &in, &contract_actor, NOW),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(in.id, 0);
	assert_int_equal(contract_last_audit(c).id, 0);
}

/* Disabling ends sessions; should one be left all the same, it opens nothing. */
static void a_disabled_persons_session_opens_nothing(void **state)
{
	struct contract *c = *state;
	struct pat_session s = contract_session(contract_person(c, "ann@x"), 1);
	struct pat_person person;

	create(c, &s);
	contract_backend->sql(c, "UPDATE person SET disabled = 1");
	assert_int_equal(pat_store_session_get(c->store, s.hash, &s, &person),
	                 PAT_STORE_E_NOT_FOUND);
}

static void seen_goes_forward_only(void **state)
{
	struct contract *c = *state;
	struct pat_session s = contract_session(contract_person(c, "ann@x"), 1);
	struct pat_person person;

	create(c, &s);
	assert_int_equal(pat_store_session_touch(c->store, s.id, NOW + 60), 0);
	assert_int_equal(pat_store_session_touch(c->store, s.id, NOW + 30), 0);
	assert_int_equal(pat_store_session_touch(c->store, 4711, NOW), 0);
	assert_int_equal(pat_store_session_get(c->store, s.hash, &s, &person), 0);
	assert_int_equal(s.seen_s, NOW + 60);
}

static void one_session_ends(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	int64_t ben = contract_person(c, "ben@x");
	struct pat_session s = contract_session(ann, 1);
	struct pat_session again = contract_session(ann, 2);
	struct pat_person person;

	create(c, &s);
	assert_int_equal(pat_store_session_end(c->store, ben, s.id, &contract_actor, NOW),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_session_end(c->store, ann, s.id, &contract_actor, NOW), 0);
	assert_string_equal(contract_last_audit(c).action, "session.ended");
	assert_string_equal(contract_last_audit(c).object, "session:1");
	assert_int_equal(pat_store_session_end(c->store, ann, s.id, &contract_actor, NOW),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_session_get(c->store, s.hash, &s, &person),
	                 PAT_STORE_E_NOT_FOUND);
	create(c, &again);
	assert_true(again.id > s.id); /* an id that the audit names is never another session's */
}

static void a_renewed_session_takes_the_place_of_the_old(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	int64_t ben = contract_person(c, "ben@x");
	struct pat_session old = contract_session(ann, 1);
	struct pat_session fresh = contract_session(ann, 2);
	struct pat_session bens = contract_session(ben, 3);
	struct pat_session out;
	struct pat_person person;

	create(c, &old);
	assert_int_equal(pat_store_session_renew(c->store, old.id, &bens, &contract_actor, NOW),
	                 PAT_STORE_E_NOT_FOUND); /* somebody else's */
	assert_int_equal(pat_store_session_get(c->store, old.hash, &out, &person), 0);
	assert_int_equal(pat_store_session_get(c->store, bens.hash, &out, &person),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(
		pat_store_session_renew(c->store, old.id, &fresh, &contract_actor, NOW + 5), 0);
	assert_true(fresh.id > old.id);
	assert_int_equal(pat_store_session_get(c->store, old.hash, &out, &person),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_session_get(c->store, fresh.hash, &out, &person), 0);
	assert_int_equal(out.id, fresh.id);
	assert_string_equal(contract_last_audit(c).action, "session.created");
	assert_int_equal(contract_last_audit(c).id, 5); /* two people, made, ended, made */

	/* One that has ended meanwhile is not brought back. */
	bens = contract_session(ann, 4);
	assert_int_equal(pat_store_session_renew(c->store, old.id, &bens, &contract_actor, NOW),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_session_get(c->store, bens.hash, &out, &person),
	                 PAT_STORE_E_NOT_FOUND);
	/* And the old one stays when the new one is not made: the password was changed while it was being proven. */
	struct pat_actor proven = contract_actor;
	proven.proven = "$another";
	assert_int_equal(pat_store_session_renew(c->store, fresh.id, &bens, &proven, NOW),
	                 PAT_STORE_E_PASSWORD_CHANGED);
	assert_int_equal(pat_store_session_get(c->store, fresh.hash, &out, &person), 0);
	assert_int_equal(contract_last_audit(c).id, 5);
}

static int ids(void *arg, const struct pat_session *session)
{
	int64_t **at = arg;

	*(*at)++ = session->id;
	return 0;
}

static void all_but_one_end_and_are_listed_newest_first(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	int64_t ben = contract_person(c, "ben@x");
	int64_t seen[8] = { 0 };
	int64_t *at = seen;
	int64_t ended = 0;

	for (uint8_t i = 1; i <= 4; i++) {
		struct pat_session s = contract_session(i == 4 ? ben : ann, i);
		create(c, &s);
	}
	assert_int_equal(pat_store_session_list(c->store, ann, ids, &at), 0);
	assert_int_equal(at - seen, 3);
	assert_int_equal(seen[0], 3);
	assert_int_equal(seen[2], 1);
	assert_int_equal(pat_store_sessions_end(c->store, ann, 2, &contract_actor, NOW, &ended), 0);
	assert_int_equal(ended, 2);
	at = seen;
	assert_int_equal(pat_store_session_list(c->store, ann, ids, &at), 0);
	assert_int_equal(at - seen, 1);
	assert_int_equal(seen[0], 2);
	assert_int_equal(pat_store_sessions_end(c->store, ann, 0, &contract_actor, NOW, &ended), 0);
	assert_int_equal(ended, 1);
	assert_int_equal(pat_store_sessions_end(c->store, ann, 0, &contract_actor, NOW, &ended), 0);
	assert_int_equal(ended, 0);
	at = seen;
	assert_int_equal(pat_store_session_list(c->store, ben, ids, &at), 0);
	assert_int_equal(at - seen, 1);
}

/* The fourth of three ends the one seen longest ago, which is not the oldest here, and never the new one. */
static void more_sessions_than_allowed_end_those_seen_longest_ago(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	int64_t ben = contract_person(c, "ben@x");
	struct pat_session s[4];
	struct pat_person person;
	int64_t seen[8] = { 0 };
	int64_t *at = seen;

	c->sessions_max = 3;
	contract_reopen(c);
	for (uint8_t i = 0; i < 4; i++) {
		s[i] = contract_session(i == 3 ? ben : ann, i);
		create(c, &s[i]);
	}
	assert_int_equal(pat_store_session_touch(c->store, s[0].id, NOW + 60), 0);
	assert_int_equal(pat_store_session_touch(c->store, s[2].id, NOW + 90), 0);
	struct pat_session fourth = contract_session(ann, 9);
	fourth.seen_s = 1; /* a clock that went backwards */
	create(c, &fourth);
	assert_string_equal(contract_last_audit(c).action, "session.ended");
	assert_string_equal(contract_last_audit(c).object, "session:2");
	assert_int_equal(pat_store_session_get(c->store, s[1].hash, &s[1], &person),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_session_list(c->store, ann, ids, &at), 0);
	assert_int_equal(at - seen, 3);
	assert_int_equal(seen[0], fourth.id);
	/* An operator who allows fewer than there are sees it at the next. */
	c->sessions_max = 1;
	contract_reopen(c);
	fourth = contract_session(ann, 10);
	create(c, &fourth);
	at = seen;
	assert_int_equal(pat_store_session_list(c->store, ann, ids, &at), 0);
	assert_int_equal(at - seen, 1);
	assert_int_equal(seen[0], fourth.id);
	assert_int_equal(pat_store_session_get(c->store, s[3].hash, &s[3], &person), 0);
}

static void old_sessions_are_forgotten(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_session expired = contract_session(ann, 1);
	struct pat_session idle = contract_session(ann, 2);
	struct pat_session fresh = contract_session(ann, 3);
	struct pat_person person;

	expired.expires_s = NOW - 1;
	idle.seen_s = NOW - 100;
	create(c, &expired);
	create(c, &idle);
	create(c, &fresh);
	assert_int_equal(pat_store_sessions_prune(c->store, NOW, NOW - 99), 0);
	assert_int_equal(pat_store_session_get(c->store, expired.hash, &expired, &person),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_session_get(c->store, idle.hash, &idle, &person),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_session_get(c->store, fresh.hash, &fresh, &person), 0);
}

static void an_address_stays_known(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	int64_t ben = contract_person(c, "ben@x");
	struct pat_session s = contract_session(ann, 5);
	bool known = true;

	assert_int_equal(pat_store_address_known(c->store, ann, s.address, &known), 0);
	assert_false(known);
	create(c, &s);
	assert_int_equal(pat_store_session_end(c->store, ann, s.id, &contract_actor, NOW), 0);
	contract_reopen(c);
	assert_int_equal(pat_store_address_known(c->store, ann, s.address, &known), 0);
	assert_true(known);
	assert_int_equal(pat_store_address_known(c->store, ann, "192.0.2.55", &known), 0);
	assert_false(known);
	assert_int_equal(pat_store_address_known(c->store, ben, s.address, &known), 0);
	assert_false(known);
}

int contract_session_tests(void)
{
	const struct CMUnitTest tests[] = {
		contract_test(a_session_is_found_by_its_hash),
		contract_test(nobody_has_no_session),
		contract_test(a_disabled_persons_session_opens_nothing),
		contract_test(seen_goes_forward_only),
		contract_test(one_session_ends),
		contract_test(a_renewed_session_takes_the_place_of_the_old),
		contract_test(all_but_one_end_and_are_listed_newest_first),
		contract_test(more_sessions_than_allowed_end_those_seen_longest_ago),
		contract_test(old_sessions_are_forgotten),
		contract_test(an_address_stays_known),
	};

	return cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
}
