/* SPDX-License-Identifier: Apache-2.0
 *
 * Fail the n-th: every call of the store runs again and again, with the first, the second, the third …
 * allocation or file operation failing, until none is left to fail. Whenever it failed, the store is as
 * it was before the call, also after a crash there and then; without the fault the same call then does
 * its work, in the same process; and numbers and audit ids have no gaps.
 *
 *   test_store_faults [STEP [FILES]]    only every STEP-th allocation fails, and every FILES-th file operation, for when there is
 *                                       little time
 */
#include "tests/contract/sqlite_place.h"

#include <errno.h>

#include "tests/contract/faults_calls.h"
#include "tests/contract/faults_place.h"
#include "tests/contract/faulty.h"

/* ---- The stores they start from. */

static struct faults_base empty_base;
static struct faults_base full_base;

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
	faults_fill_setup(c);
	close_store(c);
	faults_base_take(c, &empty_base);
	contract_open(c);
	faults_fill(c);
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

struct trial {
	struct contract *c;
	const struct faults_call *call;
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
	t->c->sessions_max = t->call->sessions_max;
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
static int files_step = 1;

static int step_of(enum fault fault)
{
	return fault == FAULT_MEMORY ? memory_step : files_step;
}

static void fail_the_nth(struct contract *c, enum fault fault)
{
	int step = step_of(fault);
	int n = 0;

	close_store(c);
	for (size_t i = 0; i < faults_calls_n; i++) {
		struct trial t = { .c = c, .call = &faults_calls[i], .fault = fault };

		trial_measure(&t);
		for (t.n = 1; trial_run(&t); t.n += step)
			n++;
	}
	print_message("%d failures\n", n);
	assert_true(n > 30);
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

	for (int n = 1; fired; n += step_of(fault)) {
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

	if (argc >= 2)
		memory_step = (int)strtol(argv[1], NULL, 10);
	if (argc >= 3)
		files_step = (int)strtol(argv[2], NULL, 10);
	if (memory_step < 1 || files_step < 1)
		return 2;
	faulty_malloc_register();
	faulty_vfs_register();
	contract_backend = &sqlite_place;
	return cmocka_run_group_tests_name("faults", tests, bases_make, bases_drop);
}
