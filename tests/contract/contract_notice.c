/* SPDX-License-Identifier: Apache-2.0
 *
 * Up to where mail was sent, who sends, what it is about, and who wants it.
 */
#include "tests/contract/contract.h"

#include "store/notice.h"

static struct pat_notice_claim claim_of(const char *holder, int64_t now_s)
{
	return (struct pat_notice_claim){ .holder = holder,
		                          .now_s = now_s,
		                          .until_s = now_s + 60,
		                          .marks = { { NOW + 700, 7 }, { NOW + 100, 1 } } };
}

static int claim(struct contract *c, const char *holder, int64_t now_s,
                 struct pat_notice_state *ret)
{
	struct pat_notice_claim claim = claim_of(holder, now_s);

	return pat_store_notice_claim(c->store, &claim, ret);
}

static void it_begins_at_the_present(void **state)
{
	struct contract *c = *state;
	struct pat_notice_view view = { .until_s = 5 };
	struct pat_notice_state place;

	(void)contract_person(c, "ann@x");
	(void)contract_person(c, "ben@x");
	assert_int_equal(pat_store_notice_look(c->store, &view), PAT_STORE_E_NOT_FOUND);
	assert_int_equal(view.until_s, 5);
	assert_int_equal(claim(c, "one", NOW, &place), 0);
	assert_int_equal(place.audit, 2);
	assert_int_equal(place.marks[PAT_LEAD_WEEK].expires_s, NOW + 700);
	assert_int_equal(place.marks[PAT_LEAD_WEEK].number, 7);
	assert_int_equal(place.marks[PAT_LEAD_DAY].expires_s, NOW + 100);
	assert_int_equal(place.marks[PAT_LEAD_DAY].number, 1);
	(void)contract_person(c, "cay@x");
	assert_int_equal(pat_store_notice_look(c->store, &view), 0);
	assert_int_equal(view.audit, 3);
	assert_int_equal(view.state.audit, 2);
	assert_int_equal(view.until_s, NOW + 60);
	assert_string_equal(view.holder, "one");
	/* It is not audited. */
	assert_int_equal(contract_last_audit(c).id, 3);
}

static void one_of_several_holds_it(void **state)
{
	struct contract *c = *state;
	struct pat_notice_state place;
	struct pat_notice_state further = { .audit = 9 };
	struct pat_notice_view view;

	assert_int_equal(claim(c, "one", NOW, &place), 0);
	assert_int_equal(claim(c, "two", NOW + 59, &place), PAT_STORE_E_HELD);
	assert_int_equal(claim(c, "one", NOW + 59, &place), 0);
	assert_int_equal(claim(c, "two", NOW + 60, &place), PAT_STORE_E_HELD);
	assert_int_equal(claim(c, "two", NOW + 119, &place), 0);
	assert_int_equal(pat_store_notice_advance(c->store, "one", NOW + 999, &further),
	                 PAT_STORE_E_HELD);
	assert_int_equal(pat_store_notice_release(c->store, "one"), 0);
	assert_int_equal(pat_store_notice_look(c->store, &view), 0);
	assert_int_equal(view.state.audit, 0);
	assert_string_equal(view.holder, "two");
	assert_int_equal(view.until_s, NOW + 179);
	assert_int_equal(pat_store_notice_release(c->store, "two"), 0);
	assert_int_equal(claim(c, "one", NOW + 119, &place), 0);
}

static void it_moves_on_and_stays(void **state)
{
	struct contract *c = *state;
	struct pat_notice_state place;
	const struct pat_notice_state further = {
		.audit = 3, .marks = { { INT64_MAX, INT64_MAX }, { NOW, 12 } }
	};
	struct pat_notice_view view;

	assert_int_equal(claim(c, "one", NOW, &place), 0);
	assert_int_equal(pat_store_notice_advance(c->store, "one", NOW + 90, &further), 0);
	contract_reopen(c);
	assert_int_equal(pat_store_notice_look(c->store, &view), 0);
	assert_memory_equal(&view.state, &further, sizeof(further));
	assert_int_equal(view.until_s, NOW + 90);
	assert_int_equal(claim(c, "one", NOW, &place), 0);
	assert_memory_equal(&place, &further, sizeof(further));
}

static int64_t email_set(struct contract *c, int64_t person, const char *email, int64_t now_s)
{
	struct pat_person ignored;

	assert_int_equal(pat_store_person_set_profile(c->store, person, NULL, email,
	                                              &contract_actor, now_s, &ignored),
	                 0);
	return contract_last_audit(c).id;
}

static void a_former_email_is_kept_until_it_was_told(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_notice_state place;
	char email[PAT_EMAIL_BYTES_MAX + 1] = "as it was";

	/* Where nobody sends mail, nobody would read it. */
	int64_t first = email_set(c, ann, "anna@x", NOW);
	assert_int_equal(claim(c, "one", NOW, &place), 0);
	assert_int_equal(pat_store_former_email(c->store, first, email), PAT_STORE_E_NOT_FOUND);
	assert_string_equal(email, "as it was");

	int64_t second = email_set(c, ann, "annie@x", NOW);
	int64_t third = email_set(c, ann, "ann@x", NOW);
	assert_int_equal(pat_store_former_email(c->store, second, email), 0);
	assert_string_equal(email, "anna@x");
	place.audit = second;
	assert_int_equal(pat_store_notice_advance(c->store, "one", NOW, &place), 0);
	assert_int_equal(pat_store_former_email(c->store, second, email), PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_former_email(c->store, third, email), 0);
	assert_string_equal(email, "annie@x");
	/* Mail was switched off again. */
	int64_t last = email_set(c, ann, "an@x", NOW + PAT_FORMER_EMAIL_S + 1);
	assert_int_equal(pat_store_former_email(c->store, third, email), PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_former_email(c->store, last, email), 0);
}

struct found {
	int64_t numbers[8];
	size_t n;
};

static int find(void *arg, const struct pat_record *record)
{
	struct found *found = arg;

	found->numbers[found->n++] = record->number;
	return 0;
}

static struct found ending(struct contract *c, int64_t after_s, int64_t number, int64_t to_s,
                           unsigned limit)
{
	struct pat_notice_mark after = { after_s, number };
	struct found found = { 0 };

	assert_int_equal(pat_store_token_ending(c->store, &after, to_s, limit, find, &found), 0);
	return found;
}

/* Many end in the same second, at midnight say: the number tells how far among them somebody has got. */
static void tokens_that_end_come_in_order(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	static const int64_t ends[] = { 500, 300, 300, 300, 900, 300 };
	struct pat_record r;
	char name[2] = "a";

	for (size_t i = 0; i < PAT_ARRAY_LEN(ends); i++, name[0]++) {
		struct pat_new_token *token = contract_token(ann, name);

		token->record.expires_s = NOW + ends[i];
		assert_int_equal(contract_create(c, token, &r), 0);
	}
	assert_int_equal(pat_store_token_revoke(c->store, ann, r.digest, &contract_actor, NOW, &r),
	                 0);
	struct found all = ending(c, NOW, 0, NOW + 900, 8);
	assert_int_equal(all.n, 5);
	assert_memory_equal(all.numbers, ((int64_t[]){ 2, 3, 4, 1, 5 }), 5 * sizeof(int64_t));
	assert_int_equal(ending(c, NOW, 0, NOW + 899, 8).n, 4);
	assert_int_equal(ending(c, NOW, 0, NOW + 899, 2).n, 2);
	struct found rest = ending(c, NOW + 300, 3, NOW + 900, 8);
	assert_int_equal(rest.n, 3);
	assert_int_equal(rest.numbers[0], 4);
	assert_int_equal(ending(c, NOW + 300, INT64_MAX, NOW + 900, 8).n, 2);
	assert_int_equal(ending(c, NOW + 900, 5, INT64_MAX - 1, 8).n, 0);
}

static void wishes_are_ones_own(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	int64_t ben = contract_person(c, "ben@x");
	struct pat_person person;

	assert_int_equal(pat_store_person_by_id(c->store, ann, &person), 0);
	assert_int_equal(person.wishes, PAT_WISHES_DEFAULT);
	assert_int_equal(pat_store_person_set_wishes(c->store, ann, PAT_WISH_SIGN_INS,
	                                             &contract_actor, NOW, &person),
	                 0);
	assert_int_equal(person.wishes, PAT_WISH_SIGN_INS);
	assert_string_equal(contract_last_audit(c).action, "person.wishes_changed");
	assert_string_equal(contract_last_audit(c).object, "person:1");
	assert_int_equal(contract_last_audit(c).id, 3);
	assert_int_equal(pat_store_person_set_wishes(c->store, ann, PAT_WISH_SIGN_INS,
	                                             &contract_actor, NOW, &person),
	                 0);
	assert_int_equal(contract_last_audit(c).id, 3);
	contract_reopen(c);
	assert_int_equal(pat_store_person_by_email(c->store, "ann@x", &person), 0);
	assert_int_equal(person.wishes, PAT_WISH_SIGN_INS);
	assert_int_equal(pat_store_person_by_id(c->store, ben, &person), 0);
	assert_int_equal(person.wishes, PAT_WISHES_DEFAULT);

	assert_int_equal(
		pat_store_person_set_wishes(c->store, 99, 0, &contract_actor, NOW, &person),
		PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_person_set_disabled(c->store, ben, true, &contract_actor, NOW),
	                 0);
	assert_int_equal(
		pat_store_person_set_wishes(c->store, ben, 0, &contract_actor, NOW, &person),
		PAT_STORE_E_DISABLED);
}

int contract_notice_tests(void)
{
	const struct CMUnitTest tests[] = {
		contract_test(it_begins_at_the_present),
		contract_test(one_of_several_holds_it),
		contract_test(it_moves_on_and_stays),
		contract_test(a_former_email_is_kept_until_it_was_told),
		contract_test(tokens_that_end_come_in_order),
		contract_test(wishes_are_ones_own),
	};

	return cmocka_run_group_tests_name("notice", tests, NULL, NULL);
}
