/* SPDX-License-Identifier: Apache-2.0
 *
 * Products' own people: the links by which they come, what they have, and how it ends.
 */
#include "tests/contract/contract.h"

#include <string.h>

#define HERE "https://shop.example/here"

static void add_service(struct contract *c, const char *name)
{
	struct pat_service s = { .product = "shop",
		                 .origins = "https://shop.example",
		                 .title = "The Shop",
		                 .accent = "#0b6e4f" };

	(void)snprintf(s.name, sizeof(s.name), "%s", name);
	assert_int_equal(pat_store_service_add(c->store, &s, &contract_actor, NOW), 0);
}

static struct pat_person of(const char *service, const char *subject)
{
	struct pat_person person = { .name = "Grace", .email = "grace@x" };

	(void)snprintf(person.service, sizeof(person.service), "%s", service);
	(void)snprintf(person.subject, sizeof(person.subject), "%s", subject);
	return person;
}

static int link_at(struct contract *c, const struct pat_person *person, uint8_t mark, int64_t now_s,
                   int64_t *ret_id)
{
	struct pat_portal_link link = { .return_url = HERE, .expires_s = now_s + 120 };

	memset(link.hash, mark, sizeof(link.hash));
	return pat_store_portal_link(c->store, person, &link, &contract_actor, now_s, ret_id);
}

static int64_t linked(struct contract *c, const char *service, const char *subject, uint8_t mark)
{
	struct pat_person person = of(service, subject);
	int64_t id = 0;

	assert_int_equal(link_at(c, &person, mark, NOW, &id), 0);
	return id;
}

static int open_at(struct contract *c, uint8_t mark, int64_t now_s, struct pat_session *session,
                   struct pat_person *ret)
{
	uint8_t hash[32];

	memset(hash, mark, sizeof(hash));
	*session = contract_session(0, mark);
	return pat_store_portal_open(c->store, hash, session, &contract_actor, now_s, ret);
}

static int64_t links(struct contract *c)
{
	return contract_backend->sql_i64(c, "SELECT count(*) FROM portal_link");
}

/* ---- Coming. */

static void a_link_makes_a_person_and_a_session(void **state)
{
	struct contract *c = *state;
	struct pat_session session;
	struct pat_session found;
	struct pat_person person;
	struct pat_person got;

	add_service(c, "shop");
	int64_t id = linked(c, "shop", "u-1", 1);
	assert_string_equal(contract_last_audit(c).action, "portal.linked");
	contract_reopen(c);
	assert_int_equal(open_at(c, 1, NOW + 119, &session, &person), 0);
	assert_int_equal(person.id, id);
	assert_string_equal(person.service, "shop");
	assert_string_equal(person.subject, "u-1");
	assert_string_equal(person.email, "grace@x");
	assert_string_equal(person.password, "");
	assert_int_equal(contract_last_audit(c).actor, id);
	assert_int_equal(session.person, id);
	assert_int_equal(pat_store_session_get(c->store, session.hash, &found, &got), 0);
	assert_string_equal(found.return_url, HERE);
	assert_string_equal(got.subject, "u-1");
}

static void a_link_is_good_once_and_for_a_while(void **state)
{
	struct contract *c = *state;
	struct pat_session session;
	struct pat_person person;

	add_service(c, "shop");
	(void)linked(c, "shop", "u-1", 1);
	(void)linked(c, "shop", "u-1", 2);
	assert_int_equal(open_at(c, 3, NOW, &session, &person), PAT_STORE_E_NOT_FOUND);
	assert_int_equal(open_at(c, 1, NOW + 120, &session, &person), PAT_STORE_E_NOT_FOUND);
	assert_int_equal(open_at(c, 1, NOW, &session, &person), 0);
	assert_int_equal(open_at(c, 1, NOW, &session, &person), PAT_STORE_E_NOT_FOUND);
	assert_int_equal(links(c), 1);
	struct pat_person again = of("shop", "u-1");
	int64_t id = 0;
	assert_int_equal(link_at(c, &again, 4, NOW + 120, &id), 0);
	assert_int_equal(links(c), 1); /* what had expired is forgotten */
}

static void who_comes_again_is_the_same_and_newly_named(void **state)
{
	struct contract *c = *state;
	struct pat_person person = of("shop", "u-1");
	struct pat_person got;
	int64_t id = 0;

	add_service(c, "shop");
	add_service(c, "other");
	int64_t first = linked(c, "shop", "u-1", 1);
	(void)snprintf(person.name, sizeof(person.name), "Grace Murray");
	person.email[0] = '\0';
	assert_int_equal(link_at(c, &person, 2, NOW, &id), 0);
	assert_int_equal(id, first);
	assert_int_equal(pat_store_portal_person(c->store, "shop", "u-1", &got), 0);
	assert_string_equal(got.name, "Grace Murray");
	assert_string_equal(got.email, "");
	assert_int_not_equal(linked(c, "shop", "U-1", 3), first);
	assert_int_not_equal(linked(c, "other", "u-1", 4), first);
	assert_int_equal(pat_store_portal_person(c->store, "shop", "u-2", &got),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_portal_person(c->store, "no name'", "u-1", &got),
	                 PAT_STORE_E_NOT_FOUND);
}

static void they_are_nobodys_account(void **state)
{
	struct contract *c = *state;
	struct pat_person got;
	bool any = true;

	add_service(c, "shop");
	int64_t id = linked(c, "shop", "u-1", 1);
	assert_int_equal(pat_store_people_any(c->store, &any), 0);
	assert_false(any);
	assert_int_equal(pat_store_setup_code_set(c->store, (const uint8_t[32]){ 1 }), 0);
	assert_int_equal(pat_store_person_by_email(c->store, "grace@x", &got),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_not_equal(contract_person(c, "grace@x"), id);
	contract_backend->sql(c, "UPDATE person SET email = 'found@x' WHERE id = 1");
	assert_int_equal(pat_store_person_by_email(c->store, "found@x", &got),
	                 PAT_STORE_E_NOT_FOUND);
}

/* ---- Being refused, and the end. */

static void nobody_comes_without_a_service_or_disabled(void **state)
{
	struct contract *c = *state;
	struct pat_person person = of("shop", "u-1");
	struct pat_session session;
	struct pat_person got;
	int64_t id = 0;

	assert_int_equal(link_at(c, &person, 1, NOW, &id), PAT_STORE_E_NOT_FOUND);
	add_service(c, "shop");
	int64_t there = linked(c, "shop", "u-1", 1);
	assert_int_equal(pat_store_person_set_disabled(c->store, there, true, &contract_actor, NOW),
	                 0);
	assert_int_equal(link_at(c, &person, 2, NOW, &id), PAT_STORE_E_DISABLED);
	assert_int_equal(open_at(c, 1, NOW, &session, &got), PAT_STORE_E_DISABLED);
	assert_int_equal(links(c), 1);
}

static void create_named(struct contract *c, int64_t owner, const char *known_as,
                         struct pat_record *ret)
{
	struct pat_new_token *token = contract_token(owner, "t");

	(void)snprintf(token->record.known_as, sizeof(token->record.known_as), "%s", known_as);
	assert_int_equal(contract_create(c, token, ret), 0);
}

static void a_service_takes_along_what_its_people_have(void **state)
{
	struct contract *c = *state;
	struct pat_session session;
	struct pat_session found;
	struct pat_person person;
	struct pat_record theirs;
	struct pat_record others;
	struct pat_record r;
	int64_t seq = 0;

	add_service(c, "shop");
	add_service(c, "other");
	int64_t id = linked(c, "shop", "u-1", 1);
	int64_t other = linked(c, "other", "u-1", 2);
	assert_int_equal(open_at(c, 1, NOW, &session, &person), 0);
	(void)linked(c, "shop", "u-1", 3);
	create_named(c, id, "shop:u-1", &theirs);
	create_named(c, other, "other:u-1", &others);

	assert_int_equal(pat_store_service_remove(c->store, "shop", &contract_actor, NOW), 0);
	assert_string_equal(contract_last_audit(c).action, "service.removed");
	assert_int_equal(c->changes[c->n_changes - 1].kind, PAT_CHANGE_TOKEN_REMOVED);
	assert_int_equal(pat_store_token_get(c->store, id, theirs.digest, &r), 0);
	assert_int_equal(r.revoked_reason, PAT_REVOKE_ADMINISTRATOR);
	assert_int_equal(pat_store_session_get(c->store, session.hash, &found, &person),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(links(c), 1);
	assert_int_equal(contract_load(c, &seq), 1);
	assert_int_equal(pat_store_person_by_id(c->store, id, &person), 0);
	assert_false(person.disabled);
}

/* ---- What products call them. */

static void a_token_knows_what_products_call_its_owner(void **state)
{
	struct contract *c = *state;
	struct pat_record made;
	struct pat_record r;
	int64_t seq = 0;

	add_service(c, "shop");
	int64_t id = linked(c, "shop", "u-1", 1);
	create_named(c, id, "shop:u-1", &made);
	assert_int_equal(made.flags, PAT_RECORD_NAMED);
	assert_string_equal(c->changes[0].record.known_as, "shop:u-1");
	contract_reopen(c);
	assert_int_equal(pat_store_token_get(c->store, id, made.digest, &r), 0);
	assert_string_equal(r.known_as, "shop:u-1");

	static const char *const edits[] = {
		"UPDATE token SET known_as = ''",
		"UPDATE token SET known_as = '', flags = 0",
		"UPDATE token SET known_as = 'shop:u-2'",
		"UPDATE token SET flags = 0",
	};
	for (size_t i = 0; i < PAT_ARRAY_LEN(edits); i++) {
		contract_backend->sql(c, edits[i]);
		assert_int_equal(pat_store_token_get(c->store, id, made.digest, &r),
		                 PAT_STORE_E_NOT_FOUND);
		assert_int_equal(contract_load(c, &seq), 0);
		contract_backend->sql(c, "UPDATE token SET known_as = 'shop:u-1', flags = 4");
		assert_int_equal(contract_load(c, &seq), 1);
	}
}

/* One that was under way while the service went. */
static void no_token_without_a_service(void **state)
{
	struct contract *c = *state;
	struct pat_record r;

	add_service(c, "shop");
	int64_t id = linked(c, "shop", "u-1", 1);
	assert_int_equal(pat_store_service_remove(c->store, "shop", &contract_actor, NOW), 0);
	struct pat_new_token *token = contract_token(id, "late");
	(void)snprintf(token->record.known_as, sizeof(token->record.known_as), "shop:u-1");
	assert_int_equal(contract_create(c, token, &r), PAT_STORE_E_NOT_FOUND);
}

int contract_portal_tests(void)
{
	const struct CMUnitTest tests[] = {
		contract_test(a_link_makes_a_person_and_a_session),
		contract_test(a_link_is_good_once_and_for_a_while),
		contract_test(who_comes_again_is_the_same_and_newly_named),
		contract_test(they_are_nobodys_account),
		contract_test(nobody_comes_without_a_service_or_disabled),
		contract_test(a_service_takes_along_what_its_people_have),
		contract_test(a_token_knows_what_products_call_its_owner),
		contract_test(no_token_without_a_service),
	};

	return cmocka_run_group_tests_name("portal", tests, NULL, NULL);
}
