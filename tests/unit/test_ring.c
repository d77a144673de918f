/* SPDX-License-Identifier: Apache-2.0
 *
 * The usage rings: what goes in comes out whole and in order, also with both sides at work, a full ring loses what is new
 * and counts it, the dead give their rings back, and nothing that stands in the file leads beside it.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "index/drain.h"

static char folder[64];

static int set_up(void **state)
{
	(void)state;
	test_folder(folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	test_folder_remove(folder);
	return 0;
}

static struct pat_drain *drain_open(void)
{
	struct pat_drain *d = NULL;
	struct pat_err err = { { 0 } };

	assert_int_equal(pat_drain_open(folder, (gid_t)-1, &d, &err), 0);
	return d;
}

/* A use of which every part says the same number. */
static bool put(struct pat_ring *ring, uint64_t n)
{
	struct pat_ring_use *use = pat_ring_place(ring);

	if (!use)
		return false;
	*use = (struct pat_ring_use){ .number = n, .policies = n, .index = n, .at_s = (uint32_t)n };
	memset(use->agent, (int)(n & 0xff), sizeof(use->agent));
	pat_ring_put(ring);
	return true;
}

struct taken {
	uint64_t n;
	uint64_t last; /* they come in order */
	bool whole;
};

static void take_one(void *arg, const struct pat_ring_use *use)
{
	struct taken *t = arg;

	t->n++;
	t->whole &= use->number > t->last && use->policies == use->number &&
	            use->index == use->number && use->at_s == (uint32_t)use->number;
	for (size_t i = 0; i < sizeof(use->agent); i++)
		t->whole &= (uint8_t)use->agent[i] == (use->number & 0xff);
	t->last = use->number;
}

static struct taken take(struct pat_drain *d)
{
	struct taken t = { .whole = true };

	size_t n = pat_drain_take(d, take_one, &t);
	assert_int_equal(n, t.n);
	return t;
}

/* The file as whoever may write it sees it. */
static uint8_t *open_file(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/" PAT_RING_FILE, folder);
	pat_cleanup(pat_closep) int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	void *map = mmap(NULL, PAT_RING_FILE_BYTES, PROT_READ | PROT_WRITE,
	                 MAP_SHARED | MAP_NORESERVE, fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	return map;
}

static void close_file(uint8_t *base)
{
	assert_int_equal(munmap(base, PAT_RING_FILE_BYTES), 0);
}

static void what_goes_in_comes_out(void **state)
{
	struct pat_drain *d = drain_open();
	struct pat_ring ring = { 0 };

	(void)state;
	assert_int_equal(pat_ring_claim(&ring, folder), 0);
	assert_int_equal(take(d).n, 0);
	for (uint64_t n = 1; n <= 3 * PAT_RING_USES; n++) {
		assert_true(put(&ring, n));
		if (n % 1000 != 0)
			continue;
		struct taken t = take(d);
		assert_int_equal(t.n, 1000);
		assert_int_equal(t.last, n);
		assert_true(t.whole);
	}
	assert_int_equal(pat_drain_dropped(d), 0);
	pat_ring_release(&ring);
	pat_drain_close(d);
}

static void a_full_ring_drops_and_counts(void **state)
{
	struct pat_drain *d = drain_open();
	struct pat_ring ring = { 0 };

	(void)state;
	assert_int_equal(pat_ring_claim(&ring, folder), 0);
	for (uint64_t n = 1; n <= PAT_RING_USES; n++)
		assert_true(put(&ring, n));
	for (uint64_t n = 0; n < 7; n++)
		assert_false(put(&ring, PAT_RING_USES + 1 + n));
	struct taken t = take(d);
	assert_int_equal(t.n, PAT_RING_USES);
	assert_int_equal(t.last, PAT_RING_USES);
	assert_true(t.whole);
	assert_int_equal(pat_drain_dropped(d), 7);
	assert_int_equal(pat_drain_dropped(d), 0);
	assert_true(put(&ring, 100000));
	assert_int_equal(take(d).last, 100000);
	pat_ring_release(&ring);
	pat_drain_close(d);
}

/* ---- Both sides at work. */

#define THREADS 3
#define EACH    40000u

static void *produce(void *arg)
{
	struct pat_ring ring = { 0 };
	uint64_t *put_in = arg;

	assert_int_equal(pat_ring_claim(&ring, folder), 0);
	for (uint64_t n = 1; n <= EACH; n++)
		*put_in += put(&ring, n);
	pat_ring_release(&ring);
	return NULL;
}

static void count_one(void *arg, const struct pat_ring_use *use)
{
	struct taken *t = arg;
	struct taken one = { .whole = true };

	take_one(&one, use);
	t->whole &= one.whole;
	t->n++;
}

static void producers_and_patd_at_once(void **state)
{
	struct pat_drain *d = drain_open();
	struct taken t = { .whole = true };
	pthread_t threads[THREADS];
	uint64_t put_in[THREADS] = { 0 };
	uint64_t all = 0;

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, produce, &put_in[i]), 0);
	for (int i = 0; i < 2000; i++)
		(void)pat_drain_take(d, count_one, &t);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		all += put_in[i];
	}
	(void)pat_drain_take(d, count_one, &t);
	assert_true(t.whole);
	assert_int_equal(t.n, all);
	assert_int_equal(pat_drain_dropped(d), (uint64_t)THREADS * EACH - all);
	pat_drain_close(d);
}

/* ---- Claiming. */

static void without_patd_there_is_no_ring(void **state)
{
	struct pat_ring ring = { 0 };
	char path[128];

	(void)state;
	assert_int_equal(pat_ring_claim(&ring, folder), -ENOENT);
	assert_null(pat_ring_place(&ring));
	assert_int_equal(pat_ring_claim(&ring, "/nowhere/at/all"), -ENOENT);
	(void)snprintf(path, sizeof(path), "%s/" PAT_RING_FILE, folder);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(pat_ring_claim(&ring, folder), -EINVAL);
	assert_int_equal(ftruncate(fd, PAT_RING_FILE_BYTES), 0);
	assert_int_equal(pat_ring_claim(&ring, folder), -EINVAL);
	assert_null(pat_ring_place(&ring));
	(void)close(fd);
	pat_ring_release(&ring);
}

static void rings_are_all_taken(void **state)
{
	struct pat_drain *d = drain_open();
	struct pat_ring ring = { 0 };
	uint8_t *base = open_file();

	(void)state;
	for (unsigned n = 0; n < PAT_RINGS; n++)
		atomic_store(&pat_ring_head_at(base, n)->owner, 1); /* somebody who is there */
	assert_int_equal(pat_ring_claim(&ring, folder), -EBUSY);
	assert_null(pat_ring_place(&ring));
	atomic_store(&pat_ring_head_at(base, 9)->owner, 0);
	assert_int_equal(pat_ring_claim(&ring, folder), 0);
	assert_ptr_not_equal(ring.head, NULL);
	assert_int_equal(atomic_load(&pat_ring_head_at(base, 9)->owner), gettid());
	pat_ring_release(&ring);
	assert_int_equal(atomic_load(&pat_ring_head_at(base, 9)->owner), 0);
	close_file(base);
	pat_drain_close(d);
}

/* A worker that is killed leaves whole uses, and its ring to the next one. */
static void the_dead_give_their_rings_back(void **state)
{
	struct pat_drain *d = drain_open();
	struct pat_ring ring = { 0 };
	uint8_t *base = open_file();
	int status = 0;

	(void)state;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct pat_ring theirs = { 0 };

		_exit(pat_ring_claim(&theirs, folder) == 0 && put(&theirs, 1) && put(&theirs, 2) &&
		                      pat_ring_place(
					      &theirs) /* and killed while writing the third */
		              ? 0
		              : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(atomic_load(&pat_ring_head_at(base, 0)->owner), child);
	assert_int_equal(pat_ring_claim(&ring, folder), 0);
	assert_int_equal(atomic_load(&pat_ring_head_at(base, 0)->owner), gettid());
	assert_true(put(&ring, 3));
	struct taken t = take(d);
	assert_int_equal(t.n, 3);
	assert_true(t.whole);
	pat_ring_release(&ring);
	close_file(base);
	pat_drain_close(d);
}

/* ---- patd comes and goes. */

static void what_is_in_it_waits_for_the_next_patd(void **state)
{
	struct pat_drain *d = drain_open();
	struct pat_ring ring = { 0 };

	(void)state;
	assert_int_equal(pat_ring_claim(&ring, folder), 0);
	assert_true(put(&ring, 1));
	assert_int_equal(take(d).n, 1);
	pat_drain_close(d);
	assert_true(put(&ring, 2));
	d = drain_open();
	assert_int_equal(pat_ring_refresh(&ring, folder), 0);
	assert_true(put(&ring, 3));
	struct taken t = take(d);
	assert_int_equal(t.n, 2);
	assert_int_equal(t.last, 3);
	pat_ring_release(&ring);
	pat_drain_close(d);
}

static void another_file_is_found(void **state)
{
	struct pat_drain *d = drain_open();
	struct pat_ring ring = { 0 };

	(void)state;
	assert_int_equal(pat_ring_refresh(&ring, folder), 0);
	pat_drain_unlink(d);
	pat_drain_close(d);
	d = drain_open();
	assert_true(put(&ring, 1)); /* where nobody looks any more */
	assert_int_equal(take(d).n, 0);
	assert_int_equal(pat_ring_refresh(&ring, folder), 0);
	assert_true(put(&ring, 2));
	assert_int_equal(take(d).last, 2);
	pat_drain_unlink(d);
	assert_int_equal(pat_ring_refresh(&ring, folder), -ENOENT);
	assert_null(pat_ring_place(&ring));
	pat_drain_close(d);
}

/* What is no file of rings is replaced by one. */
static void another_versions_file_is_replaced(void **state)
{
	struct pat_drain *d = drain_open();
	uint8_t *base = open_file();
	struct pat_ring ring = { 0 };

	(void)state;
	((struct pat_ring_header *)(void *)base)->use_bytes = 64;
	pat_drain_close(d);
	assert_int_equal(pat_ring_claim(&ring, folder), -EINVAL);
	d = drain_open();
	assert_int_equal(pat_ring_claim(&ring, folder), 0);
	pat_ring_release(&ring);
	close_file(base);
	pat_drain_close(d);
}

/* Whatever a head says, no more than a ring holds is read, and what comes after is right again. */
static void heads_are_not_believed(void **state)
{
	static const uint64_t lies[] = { PAT_RING_USES + 1, UINT64_MAX, 1ull << 63, UINT32_MAX };
	struct pat_drain *d = drain_open();
	struct pat_ring ring = { 0 };
	uint8_t *base = open_file();

	(void)state;
	assert_int_equal(pat_ring_claim(&ring, folder), 0);
	for (size_t i = 0; i < PAT_ARRAY_LEN(lies); i++) {
		atomic_store(&ring.head->head, lies[i]);
		atomic_store(&ring.head->tail, ~lies[i]);
		assert_int_equal(take(d).n, 0);
		assert_true(put(&ring, i + 1)); /* says the truth again, which is one more jump */
		(void)take(d);
		assert_true(put(&ring, i + 2));
		assert_int_equal(take(d).n, 1);
	}
	assert_true(pat_drain_dropped(d) > 0);
	/* A ring that nobody has claimed, whose uses were never backed by memory. */
	atomic_store(&pat_ring_head_at(base, PAT_RINGS - 1)->head, PAT_RING_USES);
	assert_int_equal(take(d).n, PAT_RING_USES);
	pat_ring_release(&ring);
	close_file(base);
	pat_drain_close(d);
}

static void without_a_folder_there_are_no_rings(void **state)
{
	struct pat_drain *d = NULL;
	struct pat_err err = { { 0 } };

	(void)state;
	assert_int_equal(pat_drain_open("/nowhere/at/all", (gid_t)-1, &d, &err), -ENOENT);
	assert_non_null(strstr(err.text, "cannot create the usage rings in /nowhere/at/all"));
	pat_drain_close(NULL);
}

#define ring_test(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ring_test(what_goes_in_comes_out),
		ring_test(a_full_ring_drops_and_counts),
		ring_test(producers_and_patd_at_once),
		ring_test(without_patd_there_is_no_ring),
		ring_test(rings_are_all_taken),
		ring_test(the_dead_give_their_rings_back),
		ring_test(what_is_in_it_waits_for_the_next_patd),
		ring_test(another_file_is_found),
		ring_test(another_versions_file_is_replaced),
		ring_test(heads_are_not_believed),
		ring_test(without_a_folder_there_are_no_rings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
