/* SPDX-License-Identifier: Apache-2.0
 *
 * Several nodes on one store: two stores that are open on the same place, each with a node of its own.
 */
#include "tests/contract/contract.h"

#include <errno.h>
#include <poll.h>

#include "store/node.h"

#define LEASE_MS 4000

struct pair {
	struct contract *c; /* the first; its listener is the contract's */
	struct pat_node *node;
	struct pat_store *other;
	struct pat_node *other_node;
	size_t n_heard; /* by the other's listener */
	int64_t last_heard;
	bool has_record;
};

static void other_listener(void *arg, const struct pat_change *changes, size_t n)
{
	struct pair *p = arg;

	for (size_t i = 0; i < n; i++) {
		pat_assert(changes[i].seq == p->last_heard + 1);
		p->last_heard = changes[i].seq;
		p->has_record = changes[i].record != NULL;
		p->n_heard++;
	}
}

static void pair_open(struct pair *p, struct contract *c)
{
	struct pat_store_config config = { .location = c->location,
		                           .row_key = c->key,
		                           .shared = true,
		                           .listener = other_listener,
		                           .listener_arg = p };
	struct pat_err err = { 0 };

	*p = (struct pair){ .c = c };
	c->shared = true;
	contract_reopen(c);
	assert_int_equal(pat_node_open(c->store, "one", LEASE_MS, &p->node), 0);
	assert_int_equal(pat_node_connect(p->node), 0);
	assert_int_equal(pat_node_register(p->node), 0);
	p->last_heard = contract_head(c);
	if (pat_store_open(&config, &p->other, &err) != 0)
		fail_msg("the other: %s", err.text);
	assert_int_equal(pat_node_open(p->other, "two", 2 * LEASE_MS, &p->other_node), 0);
	assert_int_equal(pat_node_connect(p->other_node), 0);
	assert_int_equal(pat_node_register(p->other_node), 0);
}

static void pair_close(struct pair *p)
{
	pat_node_close(p->node);
	pat_node_close(p->other_node);
	pat_store_close(p->other);
}

struct rows {
	size_t n;
	struct pat_node_row rows[4];
};

static int row_keep(void *arg, const struct pat_node_row *row)
{
	struct rows *rows = arg;

	pat_assert(rows->n < PAT_ARRAY_LEN(rows->rows));
	rows->rows[rows->n++] = *row;
	return 0;
}

static struct rows list(struct pat_node *node)
{
	struct rows rows = { 0 };

	assert_int_equal(pat_node_list(node, row_keep, &rows), 0);
	return rows;
}

static void both_have_a_row_that_counts(void **state)
{
	struct pair p;

	pair_open(&p, *state);
	struct rows before = list(p.other_node);
	assert_int_equal(before.n, 2);
	assert_string_equal(before.rows[0].label, "one");
	assert_string_equal(before.rows[0].incarnation, pat_node_incarnation(p.node));
	assert_int_equal(before.rows[0].lease_ms, LEASE_MS);
	assert_int_equal(before.rows[1].lease_ms, 2 * LEASE_MS);
	assert_int_equal(before.rows[0].applied, 0);
	assert_int_equal(pat_node_raise(p.node, pat_node_told(p.node)), 0);
	struct rows after = list(p.other_node);
	assert_int_equal(after.rows[0].counter, before.rows[0].counter + 1);
	assert_int_equal(after.rows[1].counter, before.rows[1].counter);
	pair_close(&p);
}

static void what_one_changes_the_other_hears(void **state)
{
	struct contract *c = *state;
	struct pat_node_view view = { 0 };
	struct pat_record record;
	struct pair p;

	pair_open(&p, c);
	int64_t ann = contract_person(c, "ann@x");
	contract_created(c, ann, "CI", &record);
	assert_int_equal(p.n_heard, 0);
	assert_int_equal(pat_node_follow(p.other_node, &view), 0);
	assert_int_equal(view.head, contract_head(c));
	assert_int_equal(p.last_heard, view.head);
	assert_true(p.has_record);
	assert_int_equal(pat_node_told(p.other_node), view.head);
	/* Once. */
	size_t heard = p.n_heard;
	assert_int_equal(pat_node_follow(p.other_node, &view), 0);
	assert_int_equal(p.n_heard, heard);

	assert_int_equal(
		pat_store_token_revoke(c->store, ann, record.digest, &contract_actor, NOW, &record),
		0);
	assert_int_equal(pat_node_follow(p.other_node, &view), 0);
	assert_int_equal(p.n_heard, heard + 1);
	assert_false(p.has_record);
	pair_close(&p);
}

/* A token that was revoked before it was heard of must not be known in between. */
static void what_is_over_is_heard_of_as_over(void **state)
{
	struct contract *c = *state;
	struct pat_node_view view = { 0 };
	struct pat_record record;
	struct pair p;

	pair_open(&p, c);
	int64_t ann = contract_person(c, "ann@x");
	contract_created(c, ann, "CI", &record);
	assert_int_equal(
		pat_store_token_revoke(c->store, ann, record.digest, &contract_actor, NOW, &record),
		0);
	assert_int_equal(pat_node_follow(p.other_node, &view), 0);
	assert_int_equal(p.n_heard, 2);
	assert_false(p.has_record);
	pair_close(&p);
}

/* Whoever writes hears of the others' changes first, in the order of their numbers. */
static void who_writes_hears_first(void **state)
{
	struct contract *c = *state;
	struct pat_record record;
	struct pair p;

	pair_open(&p, c);
	int64_t ann = contract_person(c, "ann@x");
	contract_created(c, ann, "CI", &record);
	assert_int_equal(
		pat_store_token_revoke(p.other, ann, record.digest, &contract_actor, NOW, &record),
		0);
	assert_int_equal(p.n_heard, 2);
	struct pat_node_view view = { 0 };
	assert_int_equal(pat_node_follow(p.node, &view), 0);
	assert_int_equal(c->changes[c->n_changes - 1].kind, PAT_CHANGE_TOKEN_REMOVED);
	pair_close(&p);
}

static void what_is_applied_is_told(void **state)
{
	struct contract *c = *state;
	struct pat_record record;
	struct pair p;

	pair_open(&p, c);
	contract_created(c, contract_person(c, "ann@x"), "CI", &record);
	assert_int_equal(pat_node_acknowledge(p.node, pat_node_told(p.node), true), 0);
	struct rows rows = list(p.other_node);
	assert_int_equal(rows.rows[0].applied, contract_head(c));
	assert_int_equal(rows.rows[1].applied, 0);
	/* Both were said: that something has changed, and that it is applied. */
	unsigned hints = 0;
	for (int i = 0; i < 100 && hints != (PAT_NODE_HINTS_CHANGED | PAT_NODE_HINTS_APPLIED);
	     i++) {
		(void)poll(NULL, 0, 5);
		hints |= pat_node_hints(p.other_node);
	}
	assert_int_equal(hints, PAT_NODE_HINTS_CHANGED | PAT_NODE_HINTS_APPLIED);
	pair_close(&p);
}

static void only_a_row_that_still_says_the_same_is_reaped(void **state)
{
	struct pair p;

	pair_open(&p, *state);
	struct pat_node_row row = list(p.other_node).rows[0];
	assert_int_equal(pat_node_raise(p.node, pat_node_told(p.node)), 0);
	assert_int_equal(pat_node_reap(p.other_node, row.incarnation, row.counter),
	                 PAT_NODE_E_MOVED);
	assert_int_equal(list(p.other_node).n, 2);
	assert_int_equal(pat_node_reap(p.other_node, row.incarnation, row.counter + 1), 0);
	assert_int_equal(list(p.other_node).n, 1);
	assert_int_equal(pat_node_raise(p.node, pat_node_told(p.node)), PAT_NODE_E_REAPED);
	/* It comes back as another. */
	assert_int_equal(pat_node_register(p.node), 0);
	assert_string_not_equal(pat_node_incarnation(p.node), row.incarnation);
	assert_int_equal(list(p.other_node).n, 2);
	assert_int_equal(pat_node_leave(p.other_node, pat_node_incarnation(p.node)), 0);
	assert_int_equal(list(p.other_node).n, 1);
	pair_close(&p);
}

static void what_all_have_applied_is_forgotten_and_who_missed_it_loads_anew(void **state)
{
	struct contract *c = *state;
	struct pat_node_view view = { 0 };
	struct pat_record record;
	struct pair p;

	pair_open(&p, c);
	contract_created(c, contract_person(c, "ann@x"), "CI", &record);
	assert_int_equal(pat_node_acknowledge(p.node, pat_node_told(p.node), false), 0);
	assert_int_equal(pat_node_prune(p.node), 0);
	assert_int_equal(contract_backend->sql_i64(c, "SELECT count(*) FROM change"), 1);
	/* The other is taken for dead. */
	assert_int_equal(pat_node_leave(p.node, pat_node_incarnation(p.other_node)), 0);
	assert_int_equal(pat_node_prune(p.node), 0);
	assert_int_equal(contract_backend->sql_i64(c, "SELECT count(*) FROM change"), 0);
	c->pruned = true;
	assert_int_equal(pat_node_follow(p.other_node, &view), PAT_NODE_E_ANEW);
	assert_int_equal(p.n_heard, 0);

	int64_t told = 0;
	p.last_heard = contract_head(c);
	pat_node_hold(p.other_node);
	assert_int_equal(pat_node_resume(p.other_node, contract_head(c), &told), 0);
	pat_node_release(p.other_node);
	assert_int_equal(told, contract_head(c));
	assert_int_equal(pat_node_follow(p.other_node, &view), 0);
	pair_close(&p);
}

static void loading_anew_hears_what_came_meanwhile(void **state)
{
	struct contract *c = *state;
	struct pat_record record;
	struct pair p;
	int64_t told = 0;

	pair_open(&p, c);
	int64_t ann = contract_person(c, "ann@x");
	contract_created(c, ann, "before", &record);
	int64_t loaded = contract_head(c);
	contract_created(c, ann, "meanwhile", &record);
	p.last_heard = loaded;
	pat_node_hold(p.other_node);
	assert_int_equal(pat_node_resume(p.other_node, loaded, &told), 0);
	pat_node_release(p.other_node);
	assert_int_equal(told, loaded + 1);
	assert_int_equal(p.n_heard, 1);

	/* What was loaded can not be newer than what is there. */
	pat_node_hold(p.other_node);
	assert_int_equal(pat_node_resume(p.other_node, loaded + 5, &told), -ESTALE);
	pat_node_release(p.other_node);
	assert_int_equal(told, loaded + 1);
	pair_close(&p);
}

static void a_store_that_is_alone_lets_nobody_in(void **state)
{
	struct contract *c = *state;
	struct pat_store_config config = { .location = c->location,
		                           .row_key = c->key,
		                           .shared = true };
	struct pat_store *other = NULL;
	struct pat_err err = { 0 };

	assert_int_equal(pat_store_open(&config, &other, &err), -EBUSY);
}

static void there_is_one_alone(void **state)
{
	struct contract *c = *state;
	struct pat_node *node = NULL;

	assert_int_equal(pat_node_open(c->store, "one", LEASE_MS, &node), PAT_NODE_E_ALONE);
}

int contract_node_tests(bool several)
{
	const struct CMUnitTest alone[] = {
		contract_test(there_is_one_alone),
		contract_test(a_store_that_is_alone_lets_nobody_in),
	};
	const struct CMUnitTest tests[] = {
		contract_test(a_store_that_is_alone_lets_nobody_in),
		contract_test(both_have_a_row_that_counts),
		contract_test(what_one_changes_the_other_hears),
		contract_test(what_is_over_is_heard_of_as_over),
		contract_test(who_writes_hears_first),
		contract_test(what_is_applied_is_told),
		contract_test(only_a_row_that_still_says_the_same_is_reaped),
		contract_test(what_all_have_applied_is_forgotten_and_who_missed_it_loads_anew),
		contract_test(loading_anew_hears_what_came_meanwhile),
	};

	return several ? cmocka_run_group_tests_name("nodes", tests, NULL, NULL)
	               : cmocka_run_group_tests_name("no nodes", alone, NULL, NULL);
}
