/* SPDX-License-Identifier: Apache-2.0
 *
 * What the measuring programs share. Each is run by tests/bench/run, does one thing, and prints its
 * figures as one line of "name=value" pairs; a failure is a sentence on standard error and status 1.
 */
#ifndef PAT_BENCH_H
#define PAT_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "index/writer.h"
#include "token/record.h"
#include "token/token.h"

#define BENCH_TOKEN_BYTES 53 /* of prefix "pat": what a tokens file is a row of */

/* The scope sets that synthetic tokens share; all hold the first one's scope. */
static const char *const bench_scopes[] = {
	"current_user:read",
	"current_user:read file_content:read",
	"current_user:read file_comments:read file_comments:write file_content:read",
	"current_user:read file_content:read file_metadata:read library_content:read webhooks:read webhooks:write",
};

static inline void must(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "bench: %s failed\n", what);
	exit(1);
}

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Elapsed, and what this thread has been given of the processor: the second does not see the neighbours. */
static inline uint64_t wall_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static inline uint64_t cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* Token number `i` of the synthetic ones: as random as any, and the same in every program. */
static inline void synthetic_token(int64_t i, struct pat_secret *ret)
{
	static const struct pat_token_format format = { .prefix = "pat_", .prefix_len = 4 };
	uint8_t secret[32];

	pat_sha256(&i, sizeof(i), secret);
	pat_token_make(&format, secret, ret);
	must(ret->len == BENCH_TOKEN_BYTES, "the token's length");
}

/* xorshift64*: which token comes next. */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1du;
}

static inline int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Sorts; `part` of 1 is the largest. */
static inline uint64_t quantile(uint64_t *values, size_t n, double part)
{
	if (n == 0)
		return 0;
	qsort(values, n, sizeof(values[0]), compare_u64);
	size_t at = (size_t)(part * (double)n);
	return values[at < n ? at : n - 1];
}

/* A figure of /proc/self/status, in bytes. */
static inline uint64_t status_bytes(const char *name)
{
	char line[256];
	uint64_t kib = 0;
	FILE *f = fopen("/proc/self/status", "re");

	must(f != NULL, "reading /proc/self/status");
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			kib = strtoull(line + strlen(name) + 1, NULL, 10);
	(void)fclose(f);
	return kib * 1024;
}

static inline struct pat_index_writer *index_new(const char *directory, uint64_t tokens_max,
                                                 uint64_t expected)
{
	struct pat_index_writer *writer = NULL;
	struct pat_token_format format;
	struct pat_err err = { { 0 } };

	must(pat_token_format_init(&format, "pat") == 0, "the token format");
	int r = pat_index_writer_new(&(struct pat_index_config){ .directory = directory,
	                                                         .group = (gid_t)-1,
	                                                         .format = &format,
	                                                         .tokens_max = tokens_max,
	                                                         .tokens_expected = expected },
	                             &writer, &err);
	must(r == 0, err.text);
	return writer;
}

/* Adds synthetic token number `i`, of a person who has `per_person` of them. */
static inline int index_add(struct pat_index_writer *writer,
                            const uint8_t digest[static PAT_DIGEST_BYTES], int64_t i,
                            int64_t per_person)
{
	char owner[24];

	(void)snprintf(owner, sizeof(owner), "%lld", (long long)(1 + i / per_person));
	return pat_index_writer_add(
		writer, &(struct pat_index_entry){
				.digest = digest,
				.number = i + 1,
				.owner = owner,
				.scopes = bench_scopes[(size_t)i % PAT_ARRAY_LEN(bench_scopes)],
				.issued_s = 1,
				.expires_s = PAT_NEVER,
			});
}

#endif
