/* SPDX-License-Identifier: Apache-2.0
 *
 *   drain DIRECTORY    makes the usage rings of an index and empties them until its input ends, as patd does
 *
 * For measuring the edge without patd: a worker that finds no ring, or a full one, does less than it does in life. More often
 * than patd's once a second, because a single worker is asked more here than rings are made for.
 */
#include <poll.h>
#include <unistd.h>

#include "bench.h"
#include "index/drain.h"

#define EVERY_MS 20

static void use_take(void *arg, const struct pat_ring_use *use)
{
	*(uint64_t *)arg += use->number;
}

int main(int argc, char **argv)
{
	struct pat_drain *drain = NULL;
	struct pat_err err = { { 0 } };
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	uint64_t sum = 0;
	uint64_t taken = 0;

	must(argc == 2, "usage: drain DIRECTORY;");
	must(pat_drain_open(argv[1], (gid_t)-1, &drain, &err) == 0, err.text);
	while (poll(&input, 1, EVERY_MS) == 0)
		taken += pat_drain_take(drain, use_take, &sum);
	(void)printf("taken=%llu dropped=%llu sum=%llu\n", (unsigned long long)taken,
	             (unsigned long long)pat_drain_dropped(drain), (unsigned long long)sum % 10);
	pat_drain_close(drain);
	return 0;
}
