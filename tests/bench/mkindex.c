/* SPDX-License-Identifier: Apache-2.0
 *
 *   mkindex DIRECTORY TOKENS PER_PERSON FILE    an index of so many synthetic tokens, and the tokens themselves
 *   mkindex DIRECTORY TOKENS PER_PERSON         the same without the tokens, which nobody then knows: for its size
 *
 * For measuring the edge without patd: the index serves on when this has ended.
 */
#include "bench.h"

static void digest_make(int64_t i, FILE *file, uint8_t digest[static PAT_DIGEST_BYTES])
{
	struct pat_secret token;

	if (!file) {
		pat_sha256(&i, sizeof(i), digest);
		return;
	}
	synthetic_token(i, &token);
	pat_sha256(token.text, token.len, digest);
	must(fwrite(token.text, token.len, 1, file) == 1, "writing the tokens file");
}

int main(int argc, char **argv)
{
	struct pat_index_stats stats;
	struct pat_err err = { { 0 } };

	must(argc == 4 || argc == 5, "usage: mkindex DIRECTORY TOKENS PER_PERSON [FILE];");
	int64_t n = atoll(argv[2]);
	FILE *file = argc == 5 ? fopen(argv[4], "we") : NULL;
	must(argc == 4 || file, "opening the tokens file");
	struct pat_index_writer *writer = index_new(argv[1], (uint64_t)n + 1024, (uint64_t)n);
	for (int64_t i = 0; i < n; i++) {
		uint8_t digest[PAT_DIGEST_BYTES];

		digest_make(i, file, digest);
		must(index_add(writer, digest, i, atoll(argv[3])) == 0, "adding");
	}
	must(!file || fclose(file) == 0, "writing the tokens file");
	must(pat_index_writer_publish(writer, n, pat_clock_wall_s(), &err) == 0, err.text);
	pat_index_writer_stats(writer, &stats);
	(void)printf("tokens=%llu index_bytes=%llu own_bytes=%llu\n",
	             (unsigned long long)stats.live, (unsigned long long)stats.memory_bytes,
	             (unsigned long long)status_bytes("RssAnon"));
	pat_index_writer_free(writer);
	return 0;
}
