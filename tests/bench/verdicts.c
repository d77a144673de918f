/* SPDX-License-Identifier: Apache-2.0
 *
 *   verdicts INDEX FILE MILLISECONDS    verdicts on random tokens of FILE in one thread, and what they consist of
 *
 * Every figure is nanoseconds of this thread's processor time for one token. The tokens are walked in an order
 * that was shuffled before, so that the index is met at random while the token's own text comes to the processor
 * in time, as a request's does, which nginx has just parsed. "cached" ones go round a few tokens only. "in flight"
 * takes the steps of FLIGHT verifications together, as whoever has several to do would.
 */
#include <sys/stat.h>

#include "bench.h"
#include "index/verify.h"

#define TURN   4096 /* between looks at the clock */
#define KINDS  8
#define FLIGHT 8
#define CACHED 64 /* tokens, of what goes round a few only */
#define ROUNDS 5

struct bench {
	char *tokens; /* shuffled */
	uint64_t n;
	uint64_t at;
	uint64_t among; /* the first so many */
	struct pat_verifier *verifier;
	struct pat_index_reader *reader;
	struct pat_token_format format;
	struct pat_need need;
	struct pat_ask ask;
	int64_t now_s;
	uint8_t (*digests)[PAT_DIGEST_BYTES];
	const char *text; /* the one whose turn it is */
	const uint8_t *digest;
	uint64_t sum; /* so that nothing is optimised away */
};

static void next(struct bench *b)
{
	b->at = b->at + 1 < b->among ? b->at + 1 : 0;
	b->text = b->tokens + b->at * BENCH_TOKEN_BYTES;
	b->digest = b->digests[b->at];
}

static void run_verify(struct bench *b)
{
	struct pat_credential credential = { 0 };
	struct pat_identity id;

	pat_credential_add_header(&credential, b->text, BENCH_TOKEN_BYTES);
	must(pat_verify(b->verifier, &credential, &b->ask, b->now_s, &id) == PAT_VERDICT_ALLOWED,
	     "a verdict");
	b->sum += id.number;
}

static void run_in_flight(struct bench *b)
{
	struct pat_verifying verifying[FLIGHT];
	struct pat_identity id;

	for (int i = 0; i < FLIGHT; i++) {
		struct pat_credential credential = { 0 };

		if (i > 0)
			next(b);
		pat_credential_add_header(&credential, b->text, BENCH_TOKEN_BYTES);
		pat_verify_begin(b->verifier, &credential, &verifying[i]);
	}
	for (int i = 0; i < FLIGHT; i++)
		pat_verify_approach(b->verifier, &verifying[i]);
	for (int i = 0; i < FLIGHT; i++) {
		must(pat_verify_end(b->verifier, &verifying[i], &b->ask, b->now_s, &id) ==
		             PAT_VERDICT_ALLOWED,
		     "a verdict");
		b->sum += id.number;
	}
}

static void run_credential(struct bench *b)
{
	struct pat_credential credential = { 0 };

	pat_credential_add_header(&credential, b->text, BENCH_TOKEN_BYTES);
	b->sum += (uint64_t)credential.state;
}

static void run_check(struct bench *b)
{
	must(pat_token_check(&b->format, b->text, BENCH_TOKEN_BYTES) == 0, "a check");
}

static void run_digest(struct bench *b)
{
	uint8_t digest[PAT_DIGEST_BYTES];

	pat_sha256(b->text, BENCH_TOKEN_BYTES, digest);
	b->sum += digest[0];
}

static void run_find(struct bench *b)
{
	struct pat_index_hit hit;

	must(pat_index_reader_find(b->reader, b->digest, &hit) == 0, "a look-up");
	b->sum += hit.number;
}

static const struct {
	const char *name;
	void (*run)(struct bench *b);
	bool cached;
	int tokens; /* in one run */
} kinds[KINDS] = {
	{ "verify", run_verify, false, 1 },   { "in_flight", run_in_flight, false, FLIGHT },
	{ "find", run_find, false, 1 },       { "verify_cached", run_verify, true, 1 },
	{ "find_cached", run_find, true, 1 }, { "credential", run_credential, true, 1 },
	{ "check", run_check, true, 1 },      { "digest", run_digest, true, 1 },
};

static double measure(struct bench *b, void (*run)(struct bench *b), bool cached, uint64_t ns)
{
	uint64_t turns = 0;

	b->among = cached ? CACHED : b->n;
	b->at = b->at < b->among ? b->at : 0;
	uint64_t wall = wall_ns();
	uint64_t cpu = cpu_ns();
	while (wall_ns() - wall < ns) {
		for (int i = 0; i < TURN; i++) {
			next(b);
			run(b);
		}
		turns++;
	}
	return (double)(cpu_ns() - cpu) / (double)(turns * TURN);
}

static double median(double *values, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j > 0 && values[j - 1] > values[j]; j--) {
			double t = values[j];

			values[j] = values[j - 1];
			values[j - 1] = t;
		}
	return values[n / 2];
}

/* Reads the tokens, shuffles them, and digests them. */
static void tokens_read(struct bench *b, const char *file)
{
	struct stat st;
	uint64_t seed = 88172645463325252u;
	char swap[BENCH_TOKEN_BYTES];
	FILE *f = fopen(file, "re");

	must(f && fstat(fileno(f), &st) == 0, "opening the tokens file");
	b->n = (uint64_t)st.st_size / BENCH_TOKEN_BYTES;
	b->tokens = malloc(b->n * BENCH_TOKEN_BYTES);
	b->digests = calloc(b->n, PAT_DIGEST_BYTES);
	must(b->tokens && b->digests, "memory");
	must(fread(b->tokens, BENCH_TOKEN_BYTES, b->n, f) == b->n, "reading the tokens file");
	(void)fclose(f);
	for (uint64_t i = b->n - 1; i > 0; i--) {
		char *one = b->tokens + i * BENCH_TOKEN_BYTES;
		char *other = b->tokens + random_next(&seed) % (i + 1) * BENCH_TOKEN_BYTES;

		memcpy(swap, one, sizeof(swap));   /* UNSAFE: fixed sizes */
		memmove(one, other, sizeof(swap)); /* UNSAFE: fixed sizes */
		memcpy(other, swap, sizeof(swap)); /* UNSAFE: fixed sizes */
	}
	for (uint64_t i = 0; i < b->n; i++)
		pat_sha256(b->tokens + i * BENCH_TOKEN_BYTES, BENCH_TOKEN_BYTES, b->digests[i]);
}

static void bench_open(struct bench *b, const char *index, const char *file)
{
	b->now_s = pat_clock_wall_s();
	b->need = (struct pat_need){ .n = 1 };
	b->need.scopes[0].name = "current_user:read";
	b->need.scopes[0].len = strlen("current_user:read");
	b->ask = (struct pat_ask){ .needs = &b->need, .n_needs = 1 };
	must(pat_verifier_new(index, &b->verifier) == 0 &&
	             pat_index_reader_new(index, &b->reader) == 0 &&
	             pat_token_format_init(&b->format, "pat") == 0,
	     "opening the index");
	must(pat_index_reader_enter(b->reader, pat_clock_boot_ns) == 0, "entering the index");
	tokens_read(b, file);
}

int main(int argc, char **argv)
{
	static struct bench b;
	static double got[KINDS][ROUNDS];

	must(argc == 4, "usage: verdicts INDEX FILE MILLISECONDS;");
	bench_open(&b, argv[1], argv[2]);
	uint64_t ns = (uint64_t)atoll(argv[3]) * 1000000 / (KINDS * ROUNDS);
	(void)measure(&b, run_verify, false, ns); /* maps the pages */
	(void)measure(&b, run_find, false, ns);
	for (int round = 0; round < ROUNDS; round++)
		for (int k = 0; k < KINDS; k++)
			got[k][round] =
				measure(&b, kinds[k].run, kinds[k].cached, ns) / kinds[k].tokens;
	(void)printf("sum=%llu", (unsigned long long)b.sum % 10);
	for (int k = 0; k < KINDS; k++)
		(void)printf(" %s=%.1f", kinds[k].name, median(got[k], ROUNDS));
	(void)printf("\n");
	return 0;
}
