/* SPDX-License-Identifier: Apache-2.0
 *
 *   limits DIRECTORY MILLISECONDS    what a policy and each limit add to a verdict, in one thread
 *   limits DIRECTORY FILE            only the index, for an edge to be asked, and its tokens: 64 of each kind in turn
 *
 * Every figure is nanoseconds of this thread's processor time for one verdict, header's value in and identity out, of a few
 * tokens that are used in turn. The kinds take turns too, and the median of the turns counts.
 */
#include "bench.h"
#include "index/policies.h"
#include "index/verify.h"
#include "policy/openapi.h"

#define TOKENS 64
#define TURN   2048
#define ROUNDS 9

struct kind {
	const char *name;
	const char *limits;
	const char *product; /* whose operation is looked up; NULL: none */
};

static const struct kind kinds[] = {
	{ "plain", "", NULL },
	{ "operation_10", "", "ten" },
	{ "operation_1000", "", "thousand" },
	{ "audience", "aud=a aud=ten", "ten" },
	{ "network", "net=127.0.0.0/8", "ten" },
	{ "networks_16",
	  "net=10.0.0.0/8 net=10.1.0.0/24 net=10.1.1.0/24 net=10.1.2.0/24 net=10.1.3.0/24 net=10.1.4.0/24 "
	  "net=10.1.5.0/24 net=10.1.6.0/24 net=10.1.7.0/24 net=10.1.8.0/24 net=10.1.9.0/24 net=127.0.0.0/8 "
	  "net=172.16.0.0/12 net=192.0.2.0/24 net=192.168.0.0/16 net=2001:db8::/32",
	  "ten" },
	{ "resource", "res=ten/id=abcdefghijkl", "ten" },
	{ "resources_16",
	  "res=ten/id=a res=ten/id=abcdefghijkl res=ten/id=b res=ten/id=c res=ten/id=d res=ten/id=e res=ten/id=f "
	  "res=ten/id=g res=ten/id=h res=ten/id=i res=ten/id=j res=ten/id=k res=ten/id=l res=ten/id=m res=ten/id=n "
	  "res=ten/id=o",
	  "ten" },
	{ "rate", "rate=1000000/1", "ten" },
	{ "all",
	  "aud=thousand net=127.0.0.0/8 net=2001:db8::/32 rate=1000000/1 res=thousand/id=abcdefghijkl res=thousand/id=b",
	  "thousand" },
};
#define KINDS PAT_ARRAY_LEN(kinds)

struct bench {
	struct pat_verifier *verifier;
	struct pat_address from;
	char tokens[KINDS][TOKENS][BENCH_TOKEN_BYTES];
	uint64_t sum;
};

/* A product of so many operations, each with a parameter. */
static void policy_make(size_t n, struct pat_buf *block)
{
	struct pat_buf text;
	struct pat_tree tree;
	struct pat_openapi_reading how = { 0 };
	struct pat_rules *rules = pat_rules_new();
	struct pat_err err = { { 0 } };

	pat_buf_init(&text, PAT_TREE_BYTES_MAX);
	(void)pat_buf_add_str(
		&text,
		"openapi: 3.0.0\ncomponents: {securitySchemes: {t: {type: oauth2, flows: {}}}}\npaths:\n");
	for (size_t i = 0; i < n; i++)
		(void)pat_buf_addf(
			&text,
			"  /v1/things%zu/{id}/parts: {get: {security: [{t: ['current_user:read']}]}}\n",
			i);
	must(rules && pat_tree_read(&tree, text.data, text.len, &err) == 0 &&
	             pat_openapi_read(&tree, &how, rules, &err) == 0 &&
	             pat_rules_compile(rules, block, &err) == 0,
	     err.text);
	pat_tree_done(&tree);
	pat_rules_free(rules);
	pat_buf_done(&text);
}

static void index_make(struct bench *b, const char *directory)
{
	struct pat_index_writer *writer = index_new(directory, 1 << 16, 0);
	struct pat_buf ten;
	struct pat_buf thousand;
	struct pat_err err = { { 0 } };

	pat_buf_init(&ten, PAT_POLICY_BYTES_MAX);
	pat_buf_init(&thousand, PAT_POLICY_BYTES_MAX);
	policy_make(10, &ten);
	policy_make(1000, &thousand);
	struct pat_policies_source sources[] = {
		{ .name = "ten", .bytes = ten.data, .len = ten.len },
		{ .name = "thousand", .bytes = thousand.data, .len = thousand.len },
	};
	must(pat_index_writer_policies(writer, sources, PAT_ARRAY_LEN(sources), false, &err) == 0,
	     err.text);
	for (size_t k = 0; k < KINDS; k++)
		for (size_t i = 0; i < TOKENS; i++) {
			struct pat_secret token;
			uint8_t digest[PAT_DIGEST_BYTES];

			synthetic_token((int64_t)(k * TOKENS + i), &token);
			memcpy(b->tokens[k][i], token.text,
			       BENCH_TOKEN_BYTES); /* UNSAFE: fixed sizes */
			pat_sha256(token.text, token.len, digest);
			must(pat_index_writer_add(writer,
			                          &(struct pat_index_entry){
							  .digest = digest,
							  .number = (int64_t)(k * TOKENS + i + 1),
							  .owner = "7",
							  .scopes = bench_scopes[1],
							  .limits = kinds[k].limits,
							  .issued_s = 1,
							  .expires_s = PAT_NEVER }) == 0,
			     "adding a token");
		}
	must(pat_index_writer_publish(writer, 1, 1, &err) == 0, err.text);
	pat_index_writer_free(writer);
	pat_buf_done(&ten);
	pat_buf_done(&thousand);
}

static void verdict(struct bench *b, const struct kind *kind, const char *token, int64_t now_s)
{
	static struct pat_operation operation;
	const char target[] = "/v1/things7/abcdefghijkl/parts?x=1";
	struct pat_credential credential = { 0 };
	struct pat_identity id;
	struct pat_ask ask = { .from = &b->from };

	if (kind->product) {
		ask.product = kind->product;
		ask.product_len = strlen(kind->product);
		must(pat_verify_operation(b->verifier, ask.product, ask.product_len, "GET", 3,
		                          target, sizeof(target) - 1,
		                          &operation) == PAT_VERDICT_ALLOWED,
		     "an operation");
		ask.operation = &operation;
	}
	pat_credential_add_header(&credential, token, BENCH_TOKEN_BYTES);
	enum pat_verdict got = pat_verify(b->verifier, &credential, &ask, now_s, &id);
	/* In one thread faster than a rate allows: the refusal costs the same. */
	must(got == PAT_VERDICT_ALLOWED || got == PAT_VERDICT_RATE, "a verdict");
	b->sum += id.number;
}

static double measure(struct bench *b, size_t k, uint64_t ns)
{
	int64_t now_s = pat_clock_wall_s();
	uint64_t turns = 0;
	uint64_t wall = wall_ns();
	uint64_t cpu = cpu_ns();

	while (wall_ns() - wall < ns) {
		for (size_t i = 0; i < TURN; i++)
			verdict(b, &kinds[k], b->tokens[k][i % TOKENS], now_s);
		turns++;
	}
	return (double)(cpu_ns() - cpu) / (double)(turns * TURN);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static void tokens_write(const struct bench *b, const char *path)
{
	FILE *file = fopen(path, "we");

	must(file && fwrite(b->tokens, sizeof(b->tokens), 1, file) == 1 && fclose(file) == 0,
	     "writing the tokens file");
}

int main(int argc, char **argv)
{
	static struct bench b;
	static double got[KINDS][ROUNDS];

	must(argc == 3, "usage: limits DIRECTORY MILLISECONDS|FILE;");
	if (argv[2][0] == '/') {
		index_make(&b, argv[1]);
		tokens_write(&b, argv[2]);
		(void)printf("kinds=%zu\n", KINDS);
		return 0;
	}
	must(pat_address_parse("127.0.0.1", 9, &b.from) == 0, "an address");
	index_make(&b, argv[1]);
	must(pat_verifier_new(argv[1], &b.verifier) == 0, "the verifier");
	uint64_t ns = (uint64_t)atoll(argv[2]) * 1000000 / (KINDS * ROUNDS);
	for (int round = 0; round < ROUNDS; round++)
		for (size_t k = 0; k < KINDS; k++)
			got[k][round] = measure(&b, k, ns);
	(void)printf("sum=%llu", (unsigned long long)b.sum % 10);
	for (size_t k = 0; k < KINDS; k++) {
		qsort(got[k], ROUNDS, sizeof(got[k][0]), compare);
		(void)printf(" %s=%.1f", kinds[k].name, got[k][ROUNDS / 2]);
	}
	(void)printf("\n");
	return 0;
}
