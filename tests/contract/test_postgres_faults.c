/* SPDX-License-Identifier: Apache-2.0
 *
 * Cut the n-th: every call of the store runs again and again over a wire that is cut before, or after, the first, the second,
 * the third … thing it asks of the server, COMMIT included, until nothing is left to cut. A change survives one cut: it is
 * made, once, and the listener hears of it once. Where the server is gone as well, the call says that nothing happened, and
 * nothing did; or that nobody knows, and then the listener hears of it as soon as the server is back, if it did.
 *
 *   test_postgres_faults [STEP]    only every STEP-th, and the last, which is COMMIT where there is one
 */
#include "tests/contract/postgres_place.h"

#include <errno.h>

#include "base/clock.h"
#include "tests/contract/faults_calls.h"
#include "tests/contract/faulty_malloc.h"
#include "tests/contract/postgres_cluster.h"
#include "tests/contract/postgres_proxy.h"

static int step = 1;

/* ---- The clock. A store that waits seconds for a server that is gone waits as many tenths here. */

uint64_t __real_pat_clock_boot_ns(void);
uint64_t __wrap_pat_clock_boot_ns(void);

uint64_t __wrap_pat_clock_boot_ns(void)
{
	return __real_pat_clock_boot_ns() * 20;
}

/* ---- A call and what it does. */

struct trial {
	struct contract *c;
	const struct faults_call *call;
	int n;
	struct postgres_state before;
	struct postgres_state after;
	size_t changes; /* that the listener hears of */
	int rounds;
};

static void trial_must(const struct trial *t, bool ok, const char *what)
{
	if (!ok)
		fail_msg("%s, n = %d: not so: %s", t->call->name, t->n, what);
}

#define trial_assert(t, cond) trial_must(t, cond, #cond)

static bool state_same(struct postgres_state a, struct postgres_state b)
{
	return strcmp(a.md5, b.md5) == 0;
}

static int get_rounds; /* of service_get, with which service_change begins */

/* A read hands out as it goes, so it is not tried again; one call begins with one. */
static bool reads_only(const struct trial *t)
{
	static const char *const names[] = { "service_get", "portal_person", "usage_view",
		                             "reads",       "lists",         "load" };

	for (size_t i = 0; i < PAT_ARRAY_LEN(names); i++)
		if (strcmp(names[i], t->call->name) == 0)
			return true;
	return strcmp("service_change", t->call->name) == 0 && t->n <= get_rounds;
}

static void close_store(struct contract *c)
{
	pat_store_close(c->store);
	c->store = NULL;
	c->n_changes = 0;
}

static void trial_open(const struct trial *t)
{
	postgres_place_put(t->call->before_setup ? "bare" : "rich");
	t->c->sessions_max = t->call->sessions_max;
	contract_open(t->c);
}

static void trial_measure(struct trial *t)
{
	trial_open(t);
	t->before = postgres_place_state();
	postgres_proxy_arm(PROXY_CUT_BEFORE, 0);
	trial_assert(t, t->call->run(t->c) == t->call->expected);
	t->rounds = postgres_proxy_rounds();
	t->after = postgres_place_state();
	t->changes = t->c->n_changes;
	contract_assert_whole(t->c);
	close_store(t->c);
}

/* What the call said, what is stored, and what the listener heard say the same. */
static void trial_judge(const struct trial *t, int result)
{
	struct postgres_state now = postgres_place_state();
	bool made = state_same(now, t->after);

	trial_assert(t, made || state_same(now, t->before));
	if (result == t->call->expected)
		trial_assert(t, made);
	else if (result != PAT_STORE_UNKNOWN)
		trial_assert(t, result < 0 && state_same(now, t->before));
	trial_assert(t, t->c->n_changes == (made ? t->changes : 0));
	if (result < 0 && state_same(now, t->before)) {
		(void)usleep(40000); /* a server that refused is not asked again at once */
		trial_assert(t, t->call->run(t->c) == t->call->expected);
		trial_assert(t, state_same(postgres_place_state(), t->after));
		trial_assert(t, t->c->n_changes == t->changes);
	}
	contract_assert_whole(t->c);
}

static void wait_for_store(const struct trial *t)
{
	int e = -1;

	for (int i = 0; i < 100 && e != 0; i++) {
		e = pat_store_check(t->c->store);
		if (e != 0)
			(void)usleep(10000);
	}
	trial_assert(t, e == 0);
}

static void trial_run(const struct trial *t, enum proxy_fault fault)
{
	bool goes = fault == PROXY_GONE_BEFORE || fault == PROXY_GONE_AFTER;

	trial_open(t);
	postgres_proxy_arm(fault, t->n);
	int result = t->call->run(t->c);
	bool fired = postgres_proxy_disarm();
	trial_assert(t, fired);
	trial_assert(t, goes || reads_only(t) || result == t->call->expected);
	trial_assert(t, goes || result != PAT_STORE_UNKNOWN);
	if (goes)
		wait_for_store(t);
	trial_judge(t, result);
	close_store(t->c);
}

static void cut_the_nth(struct contract *c, enum proxy_fault fault)
{
	int n = 0;

	close_store(c);
	for (size_t i = 0; i < faults_calls_n; i++) {
		struct trial t = { .c = c, .call = &faults_calls[i] };

		trial_measure(&t);
		if (strcmp("service_get", t.call->name) == 0)
			get_rounds = t.rounds;
		for (t.n = 1; t.n <= t.rounds; t.n++) {
			if (t.n != t.rounds && t.n % step != (int)i % step)
				continue;
			trial_run(&t, fault);
			n++;
		}
	}
	print_message("%d failures\n", n);
	assert_true(n > 100 / step);
	contract_open(c);
}

static void a_cut_before_costs_no_change(void **state)
{
	cut_the_nth(*state, PROXY_CUT_BEFORE);
}

static void a_cut_after_costs_no_change(void **state)
{
	cut_the_nth(*state, PROXY_CUT_AFTER);
}

static void a_server_gone_before_leaves_no_half(void **state)
{
	cut_the_nth(*state, PROXY_GONE_BEFORE);
}

static void a_server_gone_after_leaves_no_half(void **state)
{
	cut_the_nth(*state, PROXY_GONE_AFTER);
}

/* ---- Memory. */

static void no_allocation_leaves_half(void **state)
{
	struct contract *c = *state;
	int n = 0;

	close_store(c);
	postgres_place_direct(c);
	for (size_t i = 0; i < faults_calls_n; i++) {
		struct trial t = { .c = c, .call = &faults_calls[i] };
		bool fired = true;

		trial_measure(&t);
		for (t.n = 1; fired; t.n += step) {
			trial_open(&t);
			faulty_malloc_arm(t.n);
			int result = t.call->run(c);
			fired = faulty_malloc_disarm();
			n += fired;
			trial_judge(&t, result);
			close_store(c);
		}
	}
	print_message("%d failures\n", n);
	assert_true(n > 5);
	contract_open(c);
}

/* ---- Opening. */

/* From nothing: every migration cut at every point is repeated from its start. */
static void opening_fails_clean(void **state)
{
	struct contract *c = *state;
	struct pat_store_config config = { .location = c->location, .row_key = c->key };
	bool fired = true;
	int n = 0;

	close_store(c);
	for (n = 1; fired; n += step) {
		struct pat_err err = { { 0 } };

		postgres_cluster_sql("SET client_min_messages = error; DROP SCHEMA public CASCADE;"
		                     "CREATE SCHEMA public",
		                     NULL, 0);
		postgres_proxy_arm(n % 2 ? PROXY_GONE_BEFORE : PROXY_GONE_AFTER, n);
		int e = pat_store_open(&config, &c->store, &err);
		fired = postgres_proxy_disarm();
		assert_true(e <= 0);
		assert_true(e == 0 || err.text[0] != '\0');
		assert_true(fired || e == 0);
		if (e == 0)
			close_store(c);
		contract_open(c);
		assert_int_equal(contract_person(c, "after@x"), 1);
		contract_assert_whole(c);
		close_store(c);
	}
	assert_true(n > 10);
	contract_open(c);
}

static int bases_make(void **state)
{
	void *test = NULL;

	assert_int_equal(contract_setup(&test), 0);
	struct contract *c = test;
	faults_fill_setup(c);
	postgres_place_keep("bare");
	faults_fill(c);
	postgres_place_keep("rich");
	(void)contract_teardown(&test);
	*state = NULL;
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		contract_test(a_cut_before_costs_no_change),
		contract_test(a_cut_after_costs_no_change),
		contract_test(a_server_gone_before_leaves_no_half),
		contract_test(a_server_gone_after_leaves_no_half),
		contract_test(no_allocation_leaves_half),
		contract_test(opening_fails_clean),
	};

	if (argc == 2)
		step = (int)strtol(argv[1], NULL, 10);
	if (step < 1)
		return 2;
	faulty_malloc_register();
#ifdef PAT_TEST_FAULTY_LIBPQ
	faulty_libpq_register();
#endif
	contract_backend = &postgres_place;
	return cmocka_run_group_tests_name("faults", tests, bases_make, NULL);
}
