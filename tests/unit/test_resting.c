/* SPDX-License-Identifier: Apache-2.0
 *
 * Slots that rest, with a clock of the test's own.
 */
#include "index/resting.h"

#include "tests/unit/test.h"

#define MANY 5000u

static uint64_t clock_s = 1000;

uint64_t __wrap_pat_clock_boot_ns(void);

uint64_t __wrap_pat_clock_boot_ns(void)
{
	return clock_s * 1000000000u;
}

static void push(struct pat_resting *resting, uint32_t from, uint32_t upto)
{
	for (uint32_t slot = from; slot < upto; slot++)
		assert_int_equal(pat_resting_push(resting, slot), 0);
}

static void take(struct pat_resting *resting, uint32_t from, uint32_t upto)
{
	for (uint32_t slot = from; slot < upto; slot++) {
		uint32_t taken = UINT32_MAX;

		assert_true(pat_resting_take(resting, &taken));
		assert_int_equal(taken, slot);
	}
}

/* However many rest, the oldest come first, and none before its time. */
static void the_oldest_come_first_and_rested(void **state)
{
	struct pat_resting resting = { 0 };
	uint32_t none = 0;

	(void)state;
	assert_int_equal(pat_resting_ready(&resting, MANY), 0);
	assert_false(pat_resting_take(&resting, &none));
	push(&resting, 0, MANY);
	clock_s += PAT_RESTING_S - 1;
	push(&resting, MANY, 2 * MANY);
	assert_false(pat_resting_take(&resting, &none));
	clock_s++;
	assert_int_equal(pat_resting_ready(&resting, 2 * MANY), MANY);
	assert_int_equal(pat_resting_ready(&resting, 7), 7);
	take(&resting, 0, MANY);
	assert_int_equal(pat_resting_ready(&resting, MANY), 0);
	assert_false(pat_resting_take(&resting, &none));
	clock_s += PAT_RESTING_S;
	take(&resting, MANY, 2 * MANY);
	assert_false(pat_resting_take(&resting, &none));
	pat_resting_done(&resting);
}

/* One in, one out, for many times what a block holds; and whatever is left is given back. */
static void it_goes_on(void **state)
{
	struct pat_resting resting = { 0 };

	(void)state;
	for (uint32_t round = 0; round < 3 * MANY; round++) {
		push(&resting, round, round + 1);
		clock_s += PAT_RESTING_S;
		take(&resting, round, round + 1);
	}
	for (uint32_t round = 0; round < MANY; round++) {
		push(&resting, 2 * round, 2 * round + 2);
		clock_s += PAT_RESTING_S;
		take(&resting, round, round + 1);
	}
	assert_int_equal(pat_resting_ready(&resting, 2 * MANY), MANY);
	pat_resting_done(&resting);
	assert_int_equal(pat_resting_ready(&resting, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_oldest_come_first_and_rested),
		cmocka_unit_test(it_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
