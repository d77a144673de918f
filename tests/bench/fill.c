/* SPDX-License-Identifier: Apache-2.0
 *
 *   fill DATA TOKENS PEOPLE    a data folder with so many tokens in its store, shared out among so many people
 *
 * The store makes its schema and then looks away: rows are written past it, sealed as it would have sealed them.
 * Digests are as random as real ones, so that loading meets the index as it would in life; the first million are
 * those of the synthetic tokens (bench.h).
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "bench.h"
#include "store/store.h"

#define REAL_TOKENS 1000000
#define DAY_S       86400

static struct pat_row_key key = { .id = 1, .bytes = { 'b', 'e', 'n', 'c', 'h' } };

static void sql(sqlite3 *db, const char *text)
{
	must(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, text);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *text)
{
	sqlite3_stmt *statement = NULL;

	must(sqlite3_prepare_v2(db, text, -1, &statement, NULL) == SQLITE_OK, text);
	return statement;
}

static void run(sqlite3_stmt *statement)
{
	must(sqlite3_step(statement) == SQLITE_DONE && sqlite3_reset(statement) == SQLITE_OK,
	     sqlite3_sql(statement));
}

static void key_write(const char *data)
{
	char path[4096];
	char hex[65];

	(void)snprintf(path, sizeof(path), "%s/row.key", data);
	pat_hex_encode(key.bytes, sizeof(key.bytes), hex);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	must(fd >= 0 && dprintf(fd, "row1 %s\n", hex) == 70 && close(fd) == 0,
	     "writing the row key");
}

static sqlite3 *store_make(const char *path)
{
	struct pat_store *store = NULL;
	struct pat_err err = { { 0 } };
	sqlite3 *db = NULL;

	must(pat_store_open(&(struct pat_store_config){ .location = path, .row_key = key }, &store,
	                    &err) == 0,
	     err.text);
	pat_store_close(store);
	must(sqlite3_open(path, &db) == SQLITE_OK, "opening the database");
	sql(db,
	    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
	    "PRAGMA cache_size = -3000000; PRAGMA temp_store = MEMORY; PRAGMA threads = 2; BEGIN;"
	    "DROP INDEX token_owner; DROP INDEX token_live; DROP INDEX token_expires");
	return db;
}

static void people_fill(sqlite3 *db, int64_t people)
{
	sqlite3_stmt *insert = prepare(
		db, "INSERT INTO person (id, email, name, password, admin, disabled, created)"
		    " VALUES (?1, ?2, 'Bench', '', 0, 0, 1)");

	for (int64_t i = 1; i <= people; i++) {
		char email[64];

		(void)snprintf(email, sizeof(email), "p%09lld@bench.example", (long long)i);
		(void)sqlite3_bind_int64(insert, 1, i);
		(void)sqlite3_bind_text(insert, 2, email, -1, SQLITE_STATIC);
		run(insert);
	}
	(void)sqlite3_finalize(insert);
}

static void sets_fill(sqlite3 *db)
{
	sqlite3_stmt *insert =
		prepare(db, "INSERT INTO scope_set (id, hash, scopes) VALUES (?1, ?2, ?3)");

	for (size_t i = 0; i < PAT_ARRAY_LEN(bench_scopes); i++) {
		uint8_t hash[32];

		pat_sha256(bench_scopes[i], strlen(bench_scopes[i]), hash);
		(void)sqlite3_bind_int64(insert, 1, (int64_t)i + 1);
		(void)sqlite3_bind_blob(insert, 2, hash, sizeof(hash), SQLITE_STATIC);
		(void)sqlite3_bind_text(insert, 3, bench_scopes[i], -1, SQLITE_STATIC);
		run(insert);
	}
	(void)sqlite3_finalize(insert);
}

static void digest_make(int64_t i, uint8_t digest[static PAT_DIGEST_BYTES])
{
	struct pat_secret token;

	if (i < REAL_TOKENS) {
		synthetic_token(i, &token);
		pat_sha256(token.text, token.len, digest);
		return;
	}
	pat_sha256(&i, sizeof(i), digest);
}

static void token_insert(sqlite3_stmt *insert, struct pat_record *r, int64_t i)
{
	size_t set = (size_t)i % PAT_ARRAY_LEN(bench_scopes);

	(void)snprintf(r->scopes, sizeof(r->scopes), "%s", bench_scopes[set]);
	(void)snprintf(r->name, sizeof(r->name), "token %lld", (long long)i);
	must(pat_record_seal(r, &key) == 0, "sealing");
	(void)sqlite3_bind_int64(insert, 1, r->expires_s);
	(void)sqlite3_bind_blob(insert, 2, r->digest, sizeof(r->digest), SQLITE_STATIC);
	(void)sqlite3_bind_blob(insert, 3, r->mac, sizeof(r->mac), SQLITE_STATIC);
	(void)sqlite3_bind_int64(insert, 4, r->owner);
	(void)sqlite3_bind_int64(insert, 5, r->issued_s);
	(void)sqlite3_bind_int64(insert, 6, r->seq);
	(void)sqlite3_bind_int64(insert, 7, (int64_t)set + 1);
	(void)sqlite3_bind_text(insert, 8, r->name, -1, SQLITE_STATIC);
	run(insert);
}

static void tokens_fill(sqlite3 *db, int64_t tokens, int64_t people)
{
	static struct pat_record record;
	int64_t now = pat_clock_wall_s();
	sqlite3_stmt *insert = prepare(
		db,
		"INSERT INTO token (expires, digest, mac, owner, issued, flags, seq, key_id, state, revoked_seq, scope_set,"
		" name, hint, revoked, reason, last_used, use_count)"
		" VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, 1, 0, 0, ?7, ?8, 'hint', 0, 0, 0, 0)");

	for (int64_t i = 0; i < tokens; i++) {
		digest_make(i, record.digest);
		record.owner = 1 + i % people;
		record.issued_s = now - 1 - i % DAY_S;
		record.expires_s = record.issued_s + 90 * DAY_S;
		record.seq = i + 1;
		token_insert(insert, &record, i);
	}
	(void)sqlite3_finalize(insert);
}

int main(int argc, char **argv)
{
	char text[4096];

	must(argc == 4, "usage: fill DATA TOKENS PEOPLE;");
	int64_t tokens = atoll(argv[2]);
	int64_t people = atoll(argv[3]);
	must(mkdir(argv[1], 0700) == 0, "making the data folder");
	key_write(argv[1]);
	(void)snprintf(text, sizeof(text), "%s/patd.db", argv[1]);
	sqlite3 *db = store_make(text);
	people_fill(db, people);
	sets_fill(db);
	tokens_fill(db, tokens, people);
	(void)snprintf(text, sizeof(text), "UPDATE head SET seq = %lld", (long long)tokens);
	sql(db, text);
	sql(db, "CREATE INDEX token_owner ON token (owner, number);"
	        "CREATE INDEX token_live ON token (owner, expires) WHERE state = 0;"
	        "CREATE INDEX token_expires ON token (expires) WHERE state = 0; COMMIT;"
	        "PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = WAL");
	must(sqlite3_close(db) == SQLITE_OK, "closing the database");
	return 0;
}
