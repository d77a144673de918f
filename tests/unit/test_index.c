/* SPDX-License-Identifier: Apache-2.0
 *
 * The verification index: what a reader sees while and after a writer adds, removes, grows, hands over to
 * a new generation, and dies.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "index/map.h"
#include "index/verify.h"
#include "index/writer.h"
#include "token/record.h"

static struct pat_token_format pat;
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

/* Token number n: its secret is n, so that every test can make it again. */
static void token_of(uint64_t n, struct pat_secret *token, uint8_t digest[static 32])
{
	uint8_t secret[32] = { 0 };

	memcpy(secret, &n, sizeof(n));
	pat_token_make(&pat, secret, token);
	pat_sha256(token->text, token->len, digest);
}

static struct pat_index_writer *writer_new(uint64_t tokens_max)
{
	struct pat_index_writer *w = NULL;
	struct pat_err err = { { 0 } };
	struct pat_index_config config = {
		.directory = folder,
		.group = (gid_t)-1,
		.format = &pat,
		.tokens_max = tokens_max,
	};

	assert_int_equal(pat_index_writer_new(&config, &w, &err), 0);
	return w;
}

static int add_with(struct pat_index_writer *w, uint64_t n, const char *owner, const char *scopes,
                    int64_t expires)
{
	struct pat_secret token;
	uint8_t digest[32];

	token_of(n, &token, digest);
	return pat_index_writer_add(w, &(struct pat_index_entry){ .digest = digest,
	                                                          .number = (int64_t)n,
	                                                          .owner = owner,
	                                                          .scopes = scopes,
	                                                          .issued_s = 1000,
	                                                          .expires_s = expires });
}

static int add(struct pat_index_writer *w, uint64_t n)
{
	return add_with(w, n, "7", "a:read b:read", 2000);
}

static int expire(struct pat_index_writer *w, uint64_t n, int64_t expires)
{
	struct pat_secret token;
	uint8_t digest[32];

	token_of(n, &token, digest);
	return pat_index_writer_expire(w, digest, expires);
}

static int drop(struct pat_index_writer *w, uint64_t n)
{
	struct pat_secret token;
	uint8_t digest[32];

	token_of(n, &token, digest);
	return pat_index_writer_remove(w, digest);
}

static void publish(struct pat_index_writer *w, int64_t seq)
{
	struct pat_err err = { { 0 } };

	assert_int_equal(pat_index_writer_publish(w, seq, 1000, &err), 0);
}

static struct pat_verifier *verifier_new(void)
{
	struct pat_verifier *v = NULL;

	assert_int_equal(pat_verifier_new(folder, &v), 0);
	return v;
}

static enum pat_verdict ask(struct pat_verifier *v, uint64_t n, const char *scope, int64_t now_s)
{
	struct pat_secret token;
	uint8_t digest[32];
	struct pat_credential c = { 0 };
	struct pat_identity id;
	struct pat_need need = { .n = 1 };

	token_of(n, &token, digest);
	pat_credential_add_header(&c, token.text, token.len);
	if (!scope)
		return pat_verify(v, &c, &(struct pat_ask){ 0 }, now_s, &id);
	need.scopes[0].name = scope;
	need.scopes[0].len = strlen(scope);
	return pat_verify(v, &c, &(struct pat_ask){ .needs = &need, .n_needs = 1 }, now_s, &id);
}

static void every_verdict(void **state)
{
	struct pat_index_writer *w = writer_new(1 << 16);
	struct pat_verifier *v = verifier_new();
	struct pat_credential c = { 0 };
	struct pat_identity id;

	(void)state;
	assert_int_equal(ask(v, 1, NULL, 1500), PAT_VERDICT_UNAVAILABLE); /* not published */
	assert_int_equal(add(w, 1), 0);
	assert_int_equal(add(w, 1), PAT_INDEX_E_EXISTS);
	assert_int_equal(add_with(w, 2, "8", "c", PAT_NEVER), 0);
	publish(w, 5);
	assert_int_equal(ask(v, 1, NULL, 1500), PAT_VERDICT_ALLOWED);
	assert_int_equal(ask(v, 1, "a:read", 1500), PAT_VERDICT_ALLOWED);
	assert_int_equal(ask(v, 1, "b:read", 1500), PAT_VERDICT_ALLOWED);
	assert_int_equal(ask(v, 1, "c", 1500), PAT_VERDICT_SCOPE);
	assert_int_equal(ask(v, 1, "nobody:has", 1500), PAT_VERDICT_SCOPE);
	assert_int_equal(ask(v, 3, NULL, 1500), PAT_VERDICT_UNKNOWN);
	assert_int_equal(ask(v, 2, NULL, INT64_C(1) << 33), PAT_VERDICT_ALLOWED);
	assert_int_equal(pat_verify(v, &c, &(struct pat_ask){ 0 }, 1500, &id), PAT_VERDICT_MISSING);
	pat_credential_add_header(&c, "pat_nonsense", 12);
	assert_int_equal(pat_verify(v, &c, &(struct pat_ask){ 0 }, 1500, &id),
	                 PAT_VERDICT_MALFORMED);
	pat_credential_add_header(&c, "pat_other", 9);
	assert_int_equal(pat_verify(v, &c, &(struct pat_ask){ 0 }, 1500, &id),
	                 PAT_VERDICT_AMBIGUOUS);
	pat_index_writer_suspend(w, true);
	assert_int_equal(ask(v, 1, NULL, 1500), PAT_VERDICT_UNAVAILABLE);
	pat_index_writer_suspend(w, false);
	assert_int_equal(drop(w, 1), 0);
	assert_int_equal(drop(w, 1), PAT_INDEX_E_ABSENT);
	assert_int_equal(ask(v, 1, NULL, 1500), PAT_VERDICT_UNKNOWN);
	pat_verifier_free(v);
	pat_index_writer_free(w);
}

/* TOK-05: closed at the boundary, and a clock that steps back does not bring a token back. */
static void expiry_is_closed_and_time_does_not_go_back(void **state)
{
	struct pat_index_writer *w = writer_new(1 << 16);
	struct pat_verifier *v = verifier_new();

	(void)state;
	assert_int_equal(add(w, 1), 0);
	publish(w, 1);
	assert_int_equal(ask(v, 1, NULL, 1999), PAT_VERDICT_ALLOWED);
	assert_int_equal(ask(v, 1, NULL, 2000), PAT_VERDICT_EXPIRED);
	assert_int_equal(ask(v, 1, NULL, 1500),
	                 PAT_VERDICT_EXPIRED); /* this verifier has seen 2000 */
	pat_verifier_free(v);
	v = verifier_new();
	assert_int_equal(ask(v, 1, NULL, 1500), PAT_VERDICT_ALLOWED); /* a fresh one has not */
	pat_index_writer_tick(w, 2000);                               /* but patd has */
	pat_index_writer_tick(w, 1500);
	assert_int_equal(ask(v, 1, NULL, 1500), PAT_VERDICT_EXPIRED);
	pat_verifier_free(v);
	pat_index_writer_free(w);
}

/* For a verifier that has the index open, and the one that opens it then. */
static void an_end_is_moved(void **state)
{
	struct pat_index_writer *w = writer_new(1000);

	(void)state;
	assert_int_equal(add(w, 1), 0);
	assert_int_equal(add_with(w, 2, "7", "a:read", PAT_NEVER), 0);
	publish(w, 1);
	struct pat_verifier *v = verifier_new();
	assert_int_equal(ask(v, 1, "a:read", 1500), PAT_VERDICT_ALLOWED);
	assert_int_equal(expire(w, 1, 1600), 0);
	assert_int_equal(expire(w, 2, 1700), 0);
	assert_int_equal(expire(w, 3, 1600), PAT_INDEX_E_ABSENT);
	assert_int_equal(ask(v, 1, "a:read", 1599), PAT_VERDICT_ALLOWED);
	assert_int_equal(ask(v, 1, "a:read", 1600), PAT_VERDICT_EXPIRED);
	assert_int_equal(ask(v, 2, "a:read", 1699), PAT_VERDICT_ALLOWED);
	assert_int_equal(ask(v, 2, "a:read", 1700), PAT_VERDICT_EXPIRED);
	pat_verifier_free(v);
	v = verifier_new();
	assert_int_equal(ask(v, 1, "a:read", 1599), PAT_VERDICT_ALLOWED);
	assert_int_equal(ask(v, 1, "a:read", 1600), PAT_VERDICT_EXPIRED);
	pat_verifier_free(v);
	pat_index_writer_free(w);
}

static void identity_is_what_was_added(void **state)
{
	struct pat_index_writer *w = writer_new(1 << 16);
	struct pat_verifier *v = verifier_new();
	struct pat_secret token;
	uint8_t digest[32];
	char tid[33];
	struct pat_credential c = { 0 };
	struct pat_identity id;

	(void)state;
	assert_int_equal(add_with(w, 9, "a\r\nX-Admin: 1\xf0\x9f\x98\x80%", "a:read z", 2000), 0);
	publish(w, 1);
	token_of(9, &token, digest);
	pat_credential_add_authorization(&c, "Bearer x", 8);
	c.text = token.text;
	c.len = token.len;
	assert_int_equal(pat_verify(v, &c, &(struct pat_ask){ 0 }, 1500, &id), PAT_VERDICT_ALLOWED);
	assert_int_equal(id.owner_len, strlen("a%0D%0AX-Admin:%201%F0%9F%98%80%25"));
	assert_memory_equal(id.owner, "a%0D%0AX-Admin:%201%F0%9F%98%80%25", id.owner_len);
	assert_int_equal(id.scopes_len, 8);
	assert_memory_equal(id.scopes, "a:read z", 8);
	pat_record_tid(digest, tid);
	assert_string_equal(id.tid, tid);
	assert_int_equal(id.issued_s, 1000);
	assert_int_equal(id.expires_s, 2000);
	pat_verifier_free(v);
	pat_index_writer_free(w);
}

/* A number is not kept as text, and comes out as it went in: around the largest that fits, and what only looks like
 * one. */
static void owners_come_out_as_they_went_in(void **state)
{
	static const char *const owners[] = { "0",
		                              "1",
		                              "7",
		                              "42",
		                              "2147483646",
		                              "2147483647",
		                              "2147483648",
		                              "4294967295",
		                              "4294967296",
		                              "18446744073709551617",
		                              "00",
		                              "01",
		                              "-1",
		                              "+1",
		                              "1a",
		                              "a",
		                              "u_42",
		                              "0x10",
		                              "99999999999999999999999999" };
	struct pat_index_writer *w = writer_new(1 << 16);
	struct pat_verifier *v = verifier_new();

	(void)state;
	for (uint64_t n = 0; n < PAT_ARRAY_LEN(owners); n++)
		assert_int_equal(add_with(w, n, owners[n], "a", 2000), 0);
	publish(w, 1);
	for (int turn = 0; turn < 2; turn++) {
		for (uint64_t n = 0; n < PAT_ARRAY_LEN(owners); n++) {
			struct pat_secret token;
			uint8_t digest[32];
			struct pat_credential c = { 0 };
			struct pat_identity id;

			token_of(n, &token, digest);
			pat_credential_add_header(&c, token.text, token.len);
			assert_int_equal(pat_verify(v, &c, &(struct pat_ask){ 0 }, 1500, &id),
			                 PAT_VERDICT_ALLOWED);
			assert_int_equal(id.owner_len, strlen(owners[n]));
			assert_memory_equal(id.owner, owners[n], id.owner_len);
		}
	}
	pat_verifier_free(v);
	pat_index_writer_free(w);
}

/* Several at once, with changes between the steps: what is applied before the end is what counts. */
static void steps_may_alternate(void **state)
{
	enum {
		N = 8
	};
	struct pat_index_writer *w = writer_new(1 << 16);
	struct pat_verifier *v = verifier_new();
	struct pat_verifying verifying[N + 1];

	(void)state;
	publish(w, 1);
	for (uint64_t n = 0; n < N; n++)
		if (n != 5)
			assert_int_equal(add(w, n), 0);
	for (uint64_t n = 0; n < N; n++) {
		struct pat_secret token;
		uint8_t digest[32];
		struct pat_credential c = { 0 };

		token_of(n, &token, digest);
		pat_credential_add_header(&c, token.text, token.len);
		pat_verify_begin(v, &c, &verifying[n]);
	}
	pat_verify_begin(v, &(struct pat_credential){ 0 }, &verifying[N]);
	assert_int_equal(drop(w, 2), 0);
	for (size_t n = 0; n <= N; n++)
		pat_verify_approach(v, &verifying[n]);
	assert_int_equal(drop(w, 3), 0);
	assert_int_equal(add(w, 5), 0);
	for (size_t n = 0; n <= N; n++) {
		struct pat_identity id;
		enum pat_verdict want = n == N             ? PAT_VERDICT_MISSING
		                        : n == 2 || n == 3 ? PAT_VERDICT_UNKNOWN
		                                           : PAT_VERDICT_ALLOWED;

		assert_int_equal(
			pat_verify_end(v, &verifying[n], &(struct pat_ask){ 0 }, 1500, &id), want);
		assert_int_equal(id.owner != NULL, want == PAT_VERDICT_ALLOWED);
		if (id.owner)
			assert_string_equal(id.tid, verifying[n].tid);
	}
	pat_verifier_free(v);
	pat_index_writer_free(w);
}

/* As many slots as 5 MiB hold; ticked or not while it grows. */
static uint64_t memory_grown(bool ticked)
{
	enum {
		N = 80000
	};
	struct pat_index_writer *w = writer_new(1 << 20);
	struct pat_verifier *v = verifier_new();
	struct pat_index_stats stats;

	publish(w, 0);
	for (uint64_t n = 1; n <= N; n++) {
		assert_int_equal(add(w, n), 0);
		if (ticked && n % 10000 == 0)
			pat_index_writer_tick(w, 1400);
	}
	pat_index_writer_stats(w, &stats);
	for (uint64_t n = 1; n <= N; n++)
		assert_int_equal(ask(v, n, NULL, 1500), PAT_VERDICT_ALLOWED);
	pat_verifier_free(v);
	pat_index_writer_free(w);
	return stats.memory_bytes;
}

/* Huge pages are asked for as the index grows. Whether the kernel gives them or not, nothing is lost, and no memory is
 * filled that was not backed. */
static void huge_pages_cost_nothing(void **state)
{
	(void)state;
	assert_in_range(memory_grown(true), 1, memory_grown(false) + (64 << 10));
}

static void a_mapping_begins_where_huge_pages_do(void **state)
{
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/file", folder);
	pat_cleanup(pat_closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0 && ftruncate(fd, 5 << 20) == 0);
	for (size_t bytes = 1; bytes <= 5 << 20; bytes = bytes * 3 + 1) {
		uint8_t *map = pat_map_file(fd, bytes, PROT_READ | PROT_WRITE);

		assert_non_null(map);
		assert_int_equal((uintptr_t)map % PAT_MAP_HUGE_BYTES, 0);
		map[bytes - 1] = 7;
		pat_map_collapse(map, bytes);
		assert_int_equal(map[bytes - 1], 7);
		assert_int_equal(munmap(map, bytes), 0);
	}
	struct stat st;
	uint8_t *map = pat_map_file(fd, 5 << 20, PROT_READ | PROT_WRITE);
	assert_non_null(map);
	assert_int_equal(ftruncate(fd, 0) | ftruncate(fd, 5 << 20), 0);
	assert_int_equal(fallocate(fd, 0, 0, 3 << 20), 0);
	pat_map_collapse(map, 3 << 20); /* of which one fits */
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_blocks, (3 << 20) / 512);
	assert_int_equal(munmap(map, 5 << 20), 0);
	assert_null(pat_map_file(-1, 4096, PROT_READ));
	assert_int_equal(errno, EBADF);
	assert_null(pat_map_file(fd, SIZE_MAX - 4096, PROT_READ));
	assert_int_equal(errno, ENOMEM);
}

static void grows_and_shrinks_without_losing_anything(void **state)
{
	enum {
		N = 60000
	};
	struct pat_index_writer *w = writer_new(1 << 20);
	struct pat_verifier *v = verifier_new();
	struct pat_index_stats stats;

	(void)state;
	publish(w, 0);
	for (uint64_t n = 1; n <= N; n++) {
		assert_int_equal(add(w, n), 0);
		if (n % 997 == 0)
			for (uint64_t k = 1; k <= n; k += 499)
				assert_int_equal(ask(v, k, NULL, 1500), PAT_VERDICT_ALLOWED);
	}
	for (uint64_t n = 1; n <= N; n++)
		if (n % 3 != 0)
			assert_int_equal(drop(w, n), 0);
	for (uint64_t n = N + 1; n <= 2 * N; n++)
		assert_int_equal(add(w, n), 0);
	for (uint64_t n = 1; n <= 2 * N; n++)
		assert_int_equal(ask(v, n, NULL, 1500),
		                 n > N || n % 3 == 0 ? PAT_VERDICT_ALLOWED : PAT_VERDICT_UNKNOWN);
	pat_index_writer_stats(w, &stats);
	assert_int_equal(stats.live, N + N / 3);
	pat_verifier_free(v);
	pat_index_writer_free(w);
}

static void capacity_is_an_answer(void **state)
{
	struct pat_index_writer *w = writer_new(100);
	struct pat_verifier *v = verifier_new();

	(void)state;
	publish(w, 0);
	for (uint64_t n = 1; n <= 100; n++)
		assert_int_equal(add(w, n), 0);
	assert_int_equal(add(w, 101), -ENOSPC);
	assert_int_equal(ask(v, 101, NULL, 1500), PAT_VERDICT_UNKNOWN);
	for (uint64_t n = 1; n <= 100; n++)
		assert_int_equal(ask(v, n, NULL, 1500), PAT_VERDICT_ALLOWED);
	pat_verifier_free(v);
	pat_index_writer_free(w);
}

static void a_new_generation_takes_over(void **state)
{
	struct pat_index_writer *first = writer_new(1 << 16);
	struct pat_verifier *v = verifier_new();
	struct pat_index_writer *second = NULL;

	(void)state;
	assert_int_equal(add(first, 1), 0);
	publish(first, 1);
	assert_int_equal(ask(v, 1, NULL, 1500), PAT_VERDICT_ALLOWED);
	pat_index_writer_free(first); /* the process is gone: the index serves on */
	assert_int_equal(ask(v, 1, NULL, 1500), PAT_VERDICT_ALLOWED);
	second = writer_new(1 << 16);
	assert_int_equal(add(second, 2), 0);
	assert_int_equal(ask(v, 1, NULL, 1500),
	                 PAT_VERDICT_ALLOWED); /* still loading: the former serves */
	publish(second, 2);
	assert_int_equal(ask(v, 1, NULL, 1500),
	                 PAT_VERDICT_UNKNOWN); /* at once, without a refresh */
	assert_int_equal(ask(v, 2, NULL, 1500), PAT_VERDICT_ALLOWED);
	pat_index_writer_forget_others(second);
	assert_int_equal(ask(v, 2, NULL, 1500), PAT_VERDICT_ALLOWED);
	pat_verifier_free(v);
	pat_index_writer_free(second);
}

/* Killed between the rename and the mark: the next publish marks the one that was left behind. */
static void an_interrupted_publish_is_finished_by_the_next(void **state)
{
	char index[128];
	char prev[128];
	char fresh[128];
	struct pat_index_writer *first = writer_new(1 << 16);
	struct pat_verifier *v = verifier_new();

	(void)state;
	(void)snprintf(index, sizeof(index), "%s/%s", folder, PAT_INDEX_FILE);
	(void)snprintf(prev, sizeof(prev), "%s/%s", folder, PAT_INDEX_PREV);
	(void)snprintf(fresh, sizeof(fresh), "%s/%s", folder, PAT_INDEX_TMP);
	assert_int_equal(add(first, 1), 0);
	publish(first, 1);
	assert_int_equal(ask(v, 1, NULL, 1500), PAT_VERDICT_ALLOWED);
	/* What a second run leaves that was killed in between. */
	struct pat_index_writer *killed = writer_new(1 << 16);
	assert_int_equal(link(index, prev), 0);
	assert_int_equal(rename(fresh, index), 0);
	pat_index_writer_free(killed);
	assert_int_equal(ask(v, 1, NULL, 1500), PAT_VERDICT_ALLOWED); /* nobody told it */
	struct pat_index_writer *third = writer_new(1 << 16);
	publish(third, 2);
	assert_int_equal(access(prev, F_OK), -1);
	assert_int_equal(ask(v, 1, NULL, 1500), PAT_VERDICT_UNKNOWN);
	pat_verifier_free(v);
	pat_index_writer_free(first);
	pat_index_writer_free(third);
}

static void a_bad_file_is_unavailable(void **state)
{
	static const char junk[8192] = "patindx1";
	char path[128];
	struct pat_verifier *v = verifier_new();

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/%s", folder, PAT_INDEX_FILE);
	for (size_t len = 0; len <= sizeof(junk); len += 512) {
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		assert_true(fd >= 0);
		assert_int_equal(write(fd, junk, len), (ssize_t)len);
		(void)close(fd);
		assert_int_equal(ask(v, 1, NULL, 1500), PAT_VERDICT_UNAVAILABLE);
	}
	pat_verifier_free(v);
}

static void usage_is_marked_and_starts_afresh(void **state)
{
	struct pat_index_writer *w = writer_new(1 << 16);
	struct pat_verifier *v = verifier_new();
	struct pat_secret token;
	uint8_t digest[32];
	int64_t last = -1;
	int64_t count = -1;

	(void)state;
	assert_int_equal(add(w, 1), 0);
	publish(w, 1);
	token_of(1, &token, digest);
	assert_true(pat_index_writer_usage(w, digest, &last, &count));
	assert_int_equal(last, 0);
	assert_int_equal(ask(v, 1, NULL, 1600), PAT_VERDICT_ALLOWED);
	assert_int_equal(ask(v, 1, "c", 1700), PAT_VERDICT_SCOPE);
	assert_int_equal(ask(v, 1, NULL, 1650), PAT_VERDICT_ALLOWED);
	assert_true(pat_index_writer_usage(w, digest, &last, &count));
	assert_int_equal(last, 1700); /* time does not go back */
	assert_int_equal(count, 2);   /* a refusal is no use */
	pat_verifier_free(v);
	pat_index_writer_free(w);
}

static void expired_tokens_are_dropped_in_slices(void **state)
{
	struct pat_index_writer *w = writer_new(1 << 16);
	struct pat_verifier *v = verifier_new();
	uint64_t dropped = 0;

	(void)state;
	publish(w, 1);
	for (uint64_t n = 1; n <= 1000; n++)
		assert_int_equal(add_with(w, n, "1", "a", n % 2 ? 2000 : PAT_NEVER), 0);
	for (uint64_t from = 0; from < pat_index_writer_drop_expired(w, 2001, from, 64, &dropped);)
		from += 64;
	assert_int_equal(dropped, 500);
	assert_int_equal(ask(v, 1, NULL, 1500), PAT_VERDICT_UNKNOWN);
	assert_int_equal(ask(v, 2, NULL, 1500), PAT_VERDICT_ALLOWED);
	pat_verifier_free(v);
	pat_index_writer_free(w);
}

/* ---- Readers beside a busy writer: the odd tokens are always there, the even come and go. */

struct race {
	_Atomic bool stop;
	_Atomic int wrong;
	_Atomic long asked;
};

static void *race_reader(void *arg)
{
	struct race *race = arg;
	struct pat_verifier *v = verifier_new();

	for (uint64_t n = 1; !atomic_load(&race->stop); n = n % 1000 + 1) {
		enum pat_verdict verdict = ask(v, n, "a:read", 1500);

		if (n % 2 == 1 && verdict != PAT_VERDICT_ALLOWED)
			atomic_fetch_add(&race->wrong, 1);
		if (n % 2 == 0 && verdict != PAT_VERDICT_ALLOWED && verdict != PAT_VERDICT_UNKNOWN)
			atomic_fetch_add(&race->wrong, 1);
		atomic_fetch_add(&race->asked, 1);
	}
	pat_verifier_free(v);
	return NULL;
}

static void readers_beside_a_busy_writer_are_never_wrong(void **state)
{
	struct race race = { 0 };
	pthread_t readers[2];
	struct pat_index_writer *w = writer_new(1 << 20);
	struct pat_verifier *v = verifier_new();

	(void)state;
	for (uint64_t n = 1; n <= 1000; n += 2)
		assert_int_equal(add(w, n), 0);
	publish(w, 1);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, race_reader, &race), 0);
	for (int round = 0; round < 40 || atomic_load(&race.asked) < 20000; round++) {
		for (uint64_t n = 2; n <= 1000; n += 2)
			assert_int_equal(add(w, n), 0);
		for (uint64_t n = 2; n <= 1000; n += 2) {
			assert_int_equal(drop(w, n), 0);
			/* Once removal has returned, nobody says yes. */
			assert_int_equal(ask(v, n, NULL, 1500), PAT_VERDICT_UNKNOWN);
		}
	}
	atomic_store(&race.stop, true);
	for (size_t i = 0; i < 2; i++)
		(void)pthread_join(readers[i], NULL);
	assert_int_equal(race.wrong, 0);
	pat_verifier_free(v);
	pat_index_writer_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_verdict, set_up, tear_down),
		cmocka_unit_test_setup_teardown(expiry_is_closed_and_time_does_not_go_back, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(an_end_is_moved, set_up, tear_down),
		cmocka_unit_test_setup_teardown(identity_is_what_was_added, set_up, tear_down),
		cmocka_unit_test_setup_teardown(owners_come_out_as_they_went_in, set_up, tear_down),
		cmocka_unit_test_setup_teardown(steps_may_alternate, set_up, tear_down),
		cmocka_unit_test_setup_teardown(huge_pages_cost_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_mapping_begins_where_huge_pages_do, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(grows_and_shrinks_without_losing_anything, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(capacity_is_an_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_new_generation_takes_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_interrupted_publish_is_finished_by_the_next,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_bad_file_is_unavailable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(usage_is_marked_and_starts_afresh, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(expired_tokens_are_dropped_in_slices, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(readers_beside_a_busy_writer_are_never_wrong,
		                                set_up, tear_down),
	};

	assert_int_equal(pat_token_format_init(&pat, "pat"), 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
