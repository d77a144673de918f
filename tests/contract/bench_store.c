/* SPDX-License-Identifier: Apache-2.0
 *
 * Measures the store; not a test. Each mode prints one line.
 *
 *   bench_store bare FILE SECONDS            one insert a transaction on plain SQLite: the yardstick
 *   bench_store commits FILE THREADS SECONDS tokens created by so many threads
 *   bench_store fill FILE TOKENS             a store with so many tokens, written past the store
 *   bench_store load FILE                    pat_store_token_load of it
 */
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "store/store.h"

#define THREADS_MAX 256

static const struct pat_row_key key = { .id = 1, .bytes = { 1, 2, 3 } };
static const struct pat_actor actor = { .via = "bench" };
static const char *const scope_sets[] = { "files:read", "files:read files:write", "projects:read",
	                                  "comments:read comments:write files:read" };

static atomic_bool stop;
static atomic_llong created;

static double seconds(void)
{
	return (double)pat_clock_boot_ns() / 1e9;
}

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "bench_store: %s failed\n", what);
	_exit(1);
}

static struct pat_store *store_open(const char *path)
{
	struct pat_store_config config = { .location = path, .row_key = key };
	struct pat_store *store = NULL;
	struct pat_err err = { 0 };

	if (pat_store_open(&config, &store, &err) != 0) {
		(void)fprintf(stderr, "bench_store: %s\n", err.text);
		_exit(1);
	}
	return store;
}

static int64_t person_add(struct pat_store *store, int64_t n)
{
	struct pat_person person = { .name = "Bench" };
	int64_t id = 0;

	(void)snprintf(person.email, sizeof(person.email), "bench-%lld-%lld@example.com",
	               (long long)n, (long long)pat_clock_boot_ns());
	must(pat_store_person_create(store, &person, &actor, 1, &id) == 0, "person_create");
	return id;
}

/* ---- Commits. */

static void *creator_main(void *arg)
{
	static _Thread_local struct pat_new_token token;
	static _Thread_local struct pat_record record;
	struct pat_store *store = arg;

	token.record.owner = person_add(store, 0);
	token.record.issued_s = 1;
	token.record.expires_s = PAT_NEVER;
	token.live_max = 1000000000;
	token.now_s = 1;
	memcpy(token.record.hint, "hint", 5);
	memcpy(token.record.scopes, scope_sets[0], strlen(scope_sets[0]) + 1);
	for (int64_t i = 0; !atomic_load(&stop); i++) {
		(void)snprintf(token.record.name, sizeof(token.record.name), "t%lld", (long long)i);
		must(pat_random(token.record.digest, sizeof(token.record.digest)) == 0, "random");
		must(pat_store_token_create(store, &token, &actor, &record) == 0, "token_create");
		atomic_fetch_add(&created, 1);
		/* Keeps the live tokens few, as people do; half of the writes are revokes. */
		must(pat_store_token_revoke(store, token.record.owner, token.record.digest, &actor,
		                            1, &record) == 0,
		     "token_revoke");
		atomic_fetch_add(&created, 1);
	}
	return NULL;
}

static void bench_commits(const char *path, int threads, int duration_s)
{
	pthread_t ids[THREADS_MAX];
	struct pat_store *store = store_open(path);

	must(threads > 0 && threads <= THREADS_MAX, "THREADS");
	double start = seconds();
	for (int i = 0; i < threads; i++)
		must(pthread_create(&ids[i], NULL, creator_main, store) == 0, "pthread_create");
	while (seconds() - start < duration_s)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	double took = seconds() - start;
	long long n = atomic_load(&created);
	atomic_store(&stop, true);
	for (int i = 0; i < threads; i++)
		(void)pthread_join(ids[i], NULL);
	pat_store_close(store);
	(void)printf("%d threads: %.0f durable writes/s\n", threads, (double)n / took);
}

static void sql(sqlite3 *db, const char *text)
{
	must(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, text);
}

static void bench_bare(const char *path, int duration_s)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *insert = NULL;
	int64_t n = 0;

	must(sqlite3_open(path, &db) == SQLITE_OK, "open");
	sql(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
	        "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, d BLOB NOT NULL) STRICT");
	must(sqlite3_prepare_v2(db, "INSERT INTO t (d) VALUES (randomblob(64))", -1, &insert,
	                        NULL) == SQLITE_OK,
	     "prepare");
	double start = seconds();
	while (seconds() - start < duration_s) {
		must(sqlite3_step(insert) == SQLITE_DONE && sqlite3_reset(insert) == SQLITE_OK,
		     "step");
		n++;
	}
	(void)printf("bare: %.0f commits/s\n", (double)n / (seconds() - start));
	(void)sqlite3_finalize(insert);
	(void)sqlite3_close(db);
}

/* ---- Loading. */

/* Digests ascend, so that the index on them is written in order. */
static void synthetic_digest(uint8_t *digest, int64_t i, int64_t n)
{
	uint64_t head = (uint64_t)i * (UINT64_MAX / (uint64_t)n);

	must(pat_sha256_once(&i, sizeof(i), digest) == 0, "sha256");
	for (int b = 0; b < 8; b++)
		digest[b] = (uint8_t)(head >> (56 - 8 * b));
}

static void synthetic_insert(sqlite3_stmt *insert, struct pat_record *r, int64_t i, int64_t n)
{
	size_t set = (size_t)i % PAT_ARRAY_LEN(scope_sets);
	char name[48];

	synthetic_digest(r->digest, i, n);
	(void)snprintf(name, sizeof(name), "token number %lld", (long long)i);
	memcpy(r->scopes, scope_sets[set], strlen(scope_sets[set]) + 1);
	r->owner = 1 + i % 100;
	r->issued_s = 1800000000 + i % 86400;
	r->expires_s = 1900000000 + i % 86400;
	r->seq = i + 1;
	must(pat_record_seal(r, &key) == 0, "seal");
	(void)sqlite3_bind_int64(insert, 1, r->expires_s);
	(void)sqlite3_bind_blob(insert, 2, r->digest, 32, SQLITE_STATIC);
	(void)sqlite3_bind_blob(insert, 3, r->mac, 32, SQLITE_STATIC);
	(void)sqlite3_bind_int64(insert, 4, r->owner);
	(void)sqlite3_bind_int64(insert, 5, r->issued_s);
	(void)sqlite3_bind_int64(insert, 6, r->seq);
	(void)sqlite3_bind_int64(insert, 7, (int64_t)set + 1);
	(void)sqlite3_bind_text(insert, 8, name, -1, SQLITE_STATIC);
	must(sqlite3_step(insert) == SQLITE_DONE && sqlite3_reset(insert) == SQLITE_OK, "insert");
}

static void synthetic_sets(sqlite3 *db)
{
	sqlite3_stmt *insert = NULL;
	uint8_t hash[32];

	must(sqlite3_prepare_v2(db, "INSERT INTO scope_set (hash, scopes) VALUES (?1, ?2)", -1,
	                        &insert, NULL) == SQLITE_OK,
	     "prepare");
	for (size_t i = 0; i < PAT_ARRAY_LEN(scope_sets); i++) {
		must(pat_sha256_once(scope_sets[i], strlen(scope_sets[i]), hash) == 0, "sha256");
		(void)sqlite3_bind_blob(insert, 1, hash, 32, SQLITE_STATIC);
		(void)sqlite3_bind_text(insert, 2, scope_sets[i], -1, SQLITE_STATIC);
		must(sqlite3_step(insert) == SQLITE_DONE && sqlite3_reset(insert) == SQLITE_OK,
		     "set");
	}
	(void)sqlite3_finalize(insert);
}

static void bench_fill(const char *path, int64_t n)
{
	static struct pat_record record = { .key_id = 1 };
	struct pat_store *store = store_open(path);
	sqlite3 *db = NULL;
	sqlite3_stmt *insert = NULL;

	for (int64_t i = 0; i < 100; i++)
		(void)person_add(store, i);
	pat_store_close(store);
	must(sqlite3_open(path, &db) == SQLITE_OK, "open");
	sql(db, "PRAGMA synchronous = OFF; PRAGMA cache_size = -262144; BEGIN;"
	        "DROP INDEX token_owner; DROP INDEX token_live; DROP INDEX token_expires");
	synthetic_sets(db);
	must(sqlite3_prepare_v2(
		     db,
		     "INSERT INTO token (expires, digest, mac, owner, issued, flags, seq, key_id,"
		     " state, revoked_seq, scope_set, name, hint, revoked, reason, last_used,"
		     " use_count) VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, 1, 0, 0, ?7, ?8, 'hint', 0,"
		     " 0, 0, 0)",
		     -1, &insert, NULL) == SQLITE_OK,
	     "prepare");
	for (int64_t i = 0; i < n; i++)
		synthetic_insert(insert, &record, i, n);
	(void)sqlite3_finalize(insert);
	sql(db, "CREATE INDEX token_owner ON token (owner, number);"
	        "CREATE INDEX token_live ON token (owner, expires) WHERE state = 0;"
	        "CREATE INDEX token_expires ON token (expires) WHERE state = 0; COMMIT;"
	        "PRAGMA wal_checkpoint(TRUNCATE)");
	(void)sqlite3_close(db);
	(void)printf("filled %lld tokens\n", (long long)n);
}

static int load_one(void *arg, const struct pat_record *record)
{
	int64_t *n = arg;

	*n += record->scopes[0] != '\0';
	return 0;
}

static void bench_load(const char *path)
{
	struct pat_store *store = store_open(path);
	int64_t n = 0;
	int64_t count = 0;
	int64_t seq = 0;

	double start = seconds();
	must(pat_store_token_count(store, &count) == 0, "token_count");
	double counted = seconds();
	must(pat_store_token_load(store, 0, &seq, load_one, &n) == 0, "token_load");
	double took = seconds() - counted;
	pat_store_close(store);
	(void)printf("%lld tokens (counted %lld in %.2f s) loaded in %.2f s: %.0f ns each\n",
	             (long long)n, (long long)count, counted - start, took, took * 1e9 / (double)n);
}

static int number(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "bare") == 0)
		bench_bare(argv[2], number(argv[3]));
	else if (argc == 5 && strcmp(argv[1], "commits") == 0)
		bench_commits(argv[2], number(argv[3]), number(argv[4]));
	else if (argc == 4 && strcmp(argv[1], "fill") == 0)
		bench_fill(argv[2], number(argv[3]));
	else if (argc == 3 && strcmp(argv[1], "load") == 0)
		bench_load(argv[2]);
	else
		return fprintf(stderr, "usage: see the head of bench_store.c\n") < 0 ? 1 : 2;
	return 0;
}
