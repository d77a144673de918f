/* SPDX-License-Identifier: Apache-2.0
 *
 *   growth DIRECTORY TOKENS PER_PERSON    the longest single add and remove while an index grows to that size
 *
 * The writer's calls take turns on one lock, so the longest add is the longest that growing can keep a revoke
 * waiting. Every tenth token is removed again on the way. Elapsed time counts the neighbours' turns on the
 * processor too; the processor time beside it does not.
 */
#include "bench.h"

struct longest {
	uint64_t wall;
	uint64_t cpu;
	uint64_t *walls; /* of the calls that took KEEP_NS or more */
	size_t n;
	uint64_t calls;
};

#define KEEP_NS \
	20000u /* calls shorter than this are counted, not kept: only the longest few matter */

static void note(struct longest *l, uint64_t wall, uint64_t cpu)
{
	l->calls++;
	if (wall > l->wall)
		l->wall = wall;
	if (cpu > l->cpu)
		l->cpu = cpu;
	if (wall >= KEEP_NS)
		l->walls[l->n++] = wall;
}

/* The time that all but one in 10,000 calls stay below; 0 when that is less than what was kept. */
static uint64_t p9999(struct longest *l)
{
	size_t above = l->calls / 10000;

	if (l->n <= above)
		return 0;
	qsort(l->walls, l->n, sizeof(l->walls[0]), compare_u64);
	return l->walls[l->n - 1 - above];
}

int main(int argc, char **argv)
{
	struct longest add = { 0 };
	struct longest gone = { 0 };
	uint64_t add_ns = 0;

	must(argc == 4, "usage: growth DIRECTORY TOKENS PER_PERSON;");
	int64_t n = atoll(argv[2]);
	struct pat_index_writer *writer = index_new(argv[1], (uint64_t)n + 1024, 0);
	add.walls = calloc((size_t)n, sizeof(uint64_t));
	gone.walls = calloc((size_t)n, sizeof(uint64_t));
	must(add.walls && gone.walls, "memory");
	for (int64_t i = 0; i < n; i++) {
		uint8_t digest[PAT_DIGEST_BYTES];

		pat_sha256(&i, sizeof(i), digest);
		uint64_t cpu = cpu_ns();
		uint64_t wall = wall_ns();
		int r = index_add(writer, digest, i, atoll(argv[3]));
		uint64_t took = wall_ns() - wall;
		note(&add, took, cpu_ns() - cpu);
		add_ns += took;
		must(r == 0, "adding");
		if (i % 10 != 9)
			continue;
		cpu = cpu_ns();
		wall = wall_ns();
		r = pat_index_writer_remove(writer, digest);
		took = wall_ns() - wall;
		note(&gone, took, cpu_ns() - cpu);
		must(r == 0, "removing");
	}
	(void)printf(
		"tokens=%lld add_mean_ns=%llu add_max_ns=%llu add_max_cpu_ns=%llu add_p9999_ns=%llu remove_max_ns=%llu"
		" remove_max_cpu_ns=%llu remove_p9999_ns=%llu\n",
		(long long)n, (unsigned long long)(add_ns / (uint64_t)n),
		(unsigned long long)add.wall, (unsigned long long)add.cpu,
		(unsigned long long)p9999(&add), (unsigned long long)gone.wall,
		(unsigned long long)gone.cpu, (unsigned long long)p9999(&gone));
	free(add.walls);
	free(gone.walls);
	pat_index_writer_free(writer);
	return 0;
}
