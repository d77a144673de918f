/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows edited behind patd's back: whatever grants power is noticed, wherever the row comes out.
 */
#include "tests/contract/contract.h"

#include "base/codec.h"

#include <fcntl.h>

#define OTHER_DIGEST "x'000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f'"
#define ONE          " WHERE number = 1"
#define ONES_SET     "(SELECT scope_set FROM token" ONE ")"
#define TWOS_SET     "(SELECT scope_set FROM token WHERE number = 2)"

/* clang-format off: a line each. */
static const char *const edits[] = {
	"UPDATE token SET digest = " OTHER_DIGEST ONE,
	"UPDATE token SET digest = x'00'" ONE,
	"UPDATE token SET owner = 2" ONE,
	"UPDATE token SET issued = issued - 1" ONE,
	"UPDATE token SET expires = expires + 1" ONE,
	"UPDATE token SET flags = 1" ONE,
	"UPDATE token SET limits = 'aud=a'" ONE,
	"UPDATE token SET limits = 'aud=a', flags = 1" ONE,
	"UPDATE token SET maker = zeroblob(16)" ONE,
	"UPDATE token SET maker = x'01'" ONE,
	"UPDATE token SET maker = x'000102030405060708090a0b0c0d0e0f'" ONE,
	"UPDATE token SET maker = x'000102030405060708090a0b0c0d0e0f', flags = 2" ONE,
	"UPDATE token SET seq = 2" ONE,
	"UPDATE token SET revoked_seq = 1" ONE,
	"UPDATE token SET key_id = 4" ONE,
	"UPDATE token SET mac = zeroblob(32)" ONE,
	"UPDATE token SET mac = x'01'" ONE,
	"UPDATE token SET scope_set = " TWOS_SET ONE,
	"UPDATE scope_set SET scopes = 'files:write' WHERE id = " ONES_SET,
	"UPDATE token SET state = 1" ONE,
	"PRAGMA foreign_keys = OFF; DELETE FROM scope_set WHERE id = " ONES_SET,
};
/* clang-format on */

/* Standard error goes to a file meanwhile, to count the lines. */
static int stderr_divert(const char *path)
{
	int saved = dup(STDERR_FILENO);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(saved >= 0 && fd >= 0);
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	(void)close(fd);
	return saved;
}

static size_t stderr_restore(int saved, const char *path, const char *word)
{
	char line[1024];
	size_t n = 0;

	(void)dup2(saved, STDERR_FILENO);
	(void)close(saved);
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		n += strstr(line, word) != NULL;
	(void)fclose(file);
	return n;
}

static void two_tokens(struct contract *c, struct pat_record *one, struct pat_record *two)
{
	int64_t ann = contract_person(c, "ann@x");

	(void)contract_person(c, "ben@x");
	struct pat_new_token *token = contract_token(ann, "one");
	(void)snprintf(token->record.scopes, sizeof(token->record.scopes), "files:read");
	assert_int_equal(contract_create(c, token, one), 0);
	contract_created(c, ann, "two", two);
}

static void assert_refused(struct contract *c, const struct pat_record *one)
{
	struct pat_record r;
	char tid[PAT_TID_CHARS + 1];
	char sql[160];
	int64_t seq = 0;

	for (int64_t person = 1; person <= 2; person++)
		assert_int_equal(pat_store_token_get(c->store, person, one->digest, &r),
		                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(contract_load(c, &seq), 1);
	assert_int_equal(contract_count(c, 1, PAT_TOKENS_ALL), 1);
	assert_int_equal(contract_count(c, 2, PAT_TOKENS_ALL), 0);
	assert_int_equal(pat_store_token_revoke(c->store, 1, one->digest, &contract_actor, NOW, &r),
	                 PAT_STORE_E_NOT_FOUND);
	/* Whoever knew the token is told, unless the edit hid whose or which it was. */
	pat_hex_encode(one->digest, PAT_TID_BYTES, tid);
	(void)snprintf(
		sql, sizeof(sql),
		"SELECT count(*) FROM token WHERE owner = 1 AND lower(substr(hex(digest), 1, 32)) = '%s'",
		tid);
	assert_int_equal(contract_head(c), contract_backend->sql_i64(c, sql) == 0 ? 2 : 3);
}

/* One edit each, the store open all the while. */
static void an_edited_row_is_no_token(void **state)
{
	struct contract *c = *state;

	for (size_t i = 0; i < PAT_ARRAY_LEN(edits); i++) {
		struct pat_record one;
		struct pat_record two;
		char log[96];

		(void)snprintf(log, sizeof(log), "%s/stderr", c->folder);
		two_tokens(c, &one, &two);
		int saved = stderr_divert(log);
		contract_backend->sql(c, edits[i]);
		assert_refused(c, &one);
		size_t lines = stderr_restore(saved, log, "\"store.row_tampered\"");
		/* A row whose state says revoked is not looked at by a load. */
		if (lines != 1)
			fail_msg("%zu lines for: %s", lines, edits[i]);
		assert_int_equal(pat_store_token_get(c->store, 1, two.digest, &two), 0);

		void *again = c;
		assert_int_equal(unlink(log), 0);
		/* The edit may have broken what teardown asserts of an untouched store: it has not. */
		assert_int_equal(contract_teardown(&again), 0);
		assert_int_equal(contract_setup(&again), 0);
		c = again;
		*state = c;
	}
}

/* The owner's revoke reaches verifiers even when the row was edited so that it is no token any more. */
static void an_edited_row_ends_when_revoked(void **state)
{
	struct contract *c = *state;
	struct pat_record one;
	struct pat_record two;
	struct pat_record r;

	two_tokens(c, &one, &two);
	contract_backend->sql(c, "UPDATE token SET expires = expires + 1 WHERE number = 1");
	assert_int_equal(pat_store_token_revoke(c->store, 1, one.digest, &contract_actor, NOW, &r),
	                 PAT_STORE_E_NOT_FOUND);
	assert_int_equal(contract_head(c), 3);
	assert_int_equal(c->changes[c->n_changes - 1].kind, PAT_CHANGE_TOKEN_REMOVED);
	assert_memory_equal(c->changes[c->n_changes - 1].digest, one.digest, PAT_DIGEST_BYTES);
	assert_int_equal(pat_store_token_revoke(c->store, 2, two.digest, &contract_actor, NOW, &r),
	                 PAT_STORE_E_NOT_FOUND); /* somebody else's stays somebody else's */
	assert_int_equal(contract_head(c), 3);
}

static void a_revoke_undone_by_hand_is_seen(void **state)
{
	struct contract *c = *state;
	struct pat_record one;
	struct pat_record two;
	int64_t seq = 0;

	two_tokens(c, &one, &two);
	assert_int_equal(
		pat_store_token_revoke(c->store, 1, one.digest, &contract_actor, NOW, &one), 0);
	contract_backend->sql(c,
	                      "UPDATE token SET state = 0, revoked_seq = 0, revoked = 0, reason = 0"
	                      " WHERE number = 1");
	assert_int_equal(contract_load(c, &seq), 1);
	assert_int_equal(pat_store_token_get(c->store, 1, one.digest, &one), PAT_STORE_E_NOT_FOUND);
}

static void a_row_of_another_store_is_no_token(void **state)
{
	struct contract *c = *state;
	struct pat_record one;
	struct pat_record two;
	int64_t seq = 0;

	two_tokens(c, &one, &two);
	c->key.bytes[31] ^= 1;
	contract_reopen(c);
	assert_int_equal(contract_load(c, &seq), 0);
	assert_int_equal(contract_count(c, 1, PAT_TOKENS_ALL), 0);
	assert_int_equal(pat_store_audit_verify(c->store, &seq), PAT_STORE_E_CHAIN);
	c->key.bytes[31] ^= 1;
	contract_reopen(c);
	assert_int_equal(contract_load(c, &seq), 2);
}

/* Another key is told from a new one on purpose, which has a higher number. */
static void another_key_is_no_new_key(void **state)
{
	struct contract *c = *state;
	struct pat_record one;
	struct pat_record two;
	uint32_t id = c->key.id;

	assert_int_equal(pat_store_key_check(c->store), 0); /* nothing was written yet */
	two_tokens(c, &one, &two);
	assert_int_equal(pat_store_key_check(c->store), 0);
	c->key.bytes[31] ^= 1;
	contract_reopen(c);
	assert_int_equal(pat_store_key_check(c->store), PAT_STORE_E_KEY);
	c->key.id = id + 1;
	contract_reopen(c);
	assert_int_equal(pat_store_key_check(c->store), 0);
	(void)contract_person(c, "new");
	assert_int_equal(pat_store_key_check(c->store), 0);
	/* From then on it is the key. */
	c->key.bytes[31] ^= 1;
	c->key.id = id;
	contract_reopen(c);
	assert_int_equal(pat_store_key_check(c->store), PAT_STORE_E_KEY);
	/* A record that was edited is another matter. */
	c->key.bytes[31] ^= 1;
	c->key.id = id + 1;
	contract_reopen(c);
	(void)contract_person(c, "last");
	contract_backend->sql(
		c, "UPDATE audit SET object = 'x' WHERE id = (SELECT max(id) FROM audit)");
	assert_int_equal(pat_store_key_check(c->store), 0);
	/* As it was before, for the walk behind every test. */
	contract_backend->sql(c, "DELETE FROM audit WHERE key_id = 4;"
	                         "UPDATE head SET audit = (SELECT max(id) FROM audit)");
	c->key.bytes[31] ^= 1;
	c->key.id = id;
	contract_reopen(c);
}

static void what_grants_nothing_may_be_edited(void **state)
{
	struct contract *c = *state;
	struct pat_record one;
	struct pat_record two;

	two_tokens(c, &one, &two);
	contract_backend->sql(
		c, "UPDATE token SET name = 'new', note = 'why', hint = 'mine', last_used = 5,"
		   " use_count = 6, reason = 77 WHERE number = 1");
	assert_int_equal(pat_store_token_get(c->store, 1, one.digest, &one), 0);
	assert_string_equal(one.name, "new");
	assert_string_equal(one.note, "why");
	assert_int_equal(one.revoked_reason, PAT_REVOKE_NONE);
}

struct numbers {
	size_t n;
	int64_t numbers[4];
};

static int numbers_add(void *arg, const struct pat_record *record)
{
	struct numbers *found = arg;

	found->numbers[found->n++] = record->number;
	return 0;
}

/* Disabling ends edited rows as well, and does not make them sound. */
static void disabling_ends_edited_rows_too(void **state)
{
	struct contract *c = *state;
	struct pat_record one;
	struct pat_record two;

	two_tokens(c, &one, &two);
	contract_backend->sql(c, "UPDATE token SET expires = expires + 1 WHERE number = 1");
	assert_int_equal(pat_store_person_set_disabled(c->store, 1, true, &contract_actor, NOW), 0);
	assert_int_equal(c->n_changes, 5);
	assert_memory_equal(c->changes[2].digest, one.digest, 32);
	assert_int_equal(contract_backend->sql_i64(c, "SELECT count(*) FROM token WHERE state = 0"),
	                 0);
	assert_int_equal(pat_store_token_get(c->store, 1, one.digest, &one), PAT_STORE_E_NOT_FOUND);
	assert_int_equal(pat_store_token_get(c->store, 1, two.digest, &two), 0);
}

static void a_limit_counts_sound_rows(void **state)
{
	struct contract *c = *state;
	struct pat_record r;
	int64_t ann = contract_person(c, "ann@x");
	struct numbers found = { 0 };
	struct pat_token_query query = { .now_s = NOW, .limit = 2 };

	contract_created(c, ann, "a", &r);
	contract_created(c, ann, "b", &r);
	contract_created(c, ann, "c", &r);
	contract_backend->sql(c, "UPDATE token SET issued = 1 WHERE number = 2");
	assert_int_equal(pat_store_token_list(c->store, ann, &query, numbers_add, &found), 0);
	assert_int_equal(found.n, 2);
	assert_int_equal(found.numbers[0], 3);
	assert_int_equal(found.numbers[1], 1);
}

static void an_edited_audit_is_found(void **state)
{
	static const struct {
		const char *edit;
		const char *undo;
		int64_t id;
	} cases[] = {
		{ "UPDATE audit SET at = at + 1 WHERE id = 2",
		  "UPDATE audit SET at = at - 1 WHERE id = 2", 2 },
		{ "UPDATE audit SET actor = 8 WHERE id = 3",
		  "UPDATE audit SET actor = 7 WHERE id = 3", 3 },
		{ "UPDATE audit SET seq = 5 WHERE id = 1", "UPDATE audit SET seq = 0 WHERE id = 1",
		  1 },
		{ "UPDATE audit SET via = 'cli' WHERE id = 1",
		  "UPDATE audit SET via = 'page' WHERE id = 1", 1 },
		{ "UPDATE audit SET object = 'person:9' WHERE id = 1",
		  "UPDATE audit SET object = 'person:1' WHERE id = 1", 1 },
		{ "UPDATE audit SET agent = '', address = '192.0.2.1cmocka' WHERE id = 1",
		  "UPDATE audit SET agent = 'cmocka', address = '192.0.2.1' WHERE id = 1", 1 },
		{ "UPDATE audit SET request_id = 'r-2' WHERE id = 4",
		  "UPDATE audit SET request_id = 'r-1' WHERE id = 4", 4 },
		{ "UPDATE audit SET key_id = 9 WHERE id = 4",
		  "UPDATE audit SET key_id = 3 WHERE id = 4", 4 },
		{ "UPDATE head SET audit = 5", "UPDATE head SET audit = 4", 5 },
		{ "UPDATE audit SET id = -id WHERE id IN (2, 3); UPDATE audit SET id = 5 + id WHERE id < 0",
		  "UPDATE audit SET id = -id WHERE id IN (2, 3); UPDATE audit SET id = 5 + id WHERE id < 0",
		  2 },
	};
	struct contract *c = *state;
	int64_t id = 0;

	for (int i = 0; i < 4; i++)
		(void)contract_person(c, (const char *[]){ "a", "b", "c", "d" }[i]);
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		contract_backend->sql(c, cases[i].edit);
		if (pat_store_audit_verify(c->store, &id) != PAT_STORE_E_CHAIN || id != cases[i].id)
			fail_msg("%lld for: %s", (long long)id, cases[i].edit);
		contract_backend->sql(c, cases[i].undo);
		assert_int_equal(pat_store_audit_verify(c->store, &id), 0);
		assert_int_equal(id, 4);
	}
	contract_backend->sql(
		c, "CREATE TABLE kept AS SELECT * FROM audit; DELETE FROM audit WHERE id = 2");
	assert_int_equal(pat_store_audit_verify(c->store, &id), PAT_STORE_E_CHAIN);
	assert_int_equal(id, 2);
	contract_backend->sql(
		c, "DELETE FROM audit; INSERT INTO audit SELECT * FROM kept WHERE id < 4");
	assert_int_equal(pat_store_audit_verify(c->store, &id), PAT_STORE_E_CHAIN);
	assert_int_equal(id, 4);
	contract_backend->sql(c, "INSERT INTO audit SELECT * FROM kept WHERE id = 4");
}

/* A record that patd did write, once, in a history that was rolled back since. */
static void an_audit_of_another_history_is_found(void **state)
{
	struct contract *c = *state;
	int64_t id = 0;

	(void)contract_person(c, "a");
	(void)contract_person(c, "b");
	contract_backend->sql(c, "CREATE TABLE kept AS SELECT * FROM audit WHERE id = 2;"
	                         "DELETE FROM audit WHERE id = 2; UPDATE head SET audit = 1");
	(void)contract_person(c, "c");
	(void)contract_person(c, "d");
	contract_backend->sql(
		c, "CREATE TABLE new AS SELECT * FROM audit WHERE id = 2;"
		   "DELETE FROM audit WHERE id = 2; INSERT INTO audit SELECT * FROM kept");
	assert_int_equal(pat_store_audit_verify(c->store, &id), PAT_STORE_E_CHAIN);
	assert_int_equal(id, 3);
	contract_backend->sql(
		c, "DELETE FROM audit WHERE id = 2; INSERT INTO audit SELECT * FROM new");
}

int contract_tamper_tests(void)
{
	const struct CMUnitTest tests[] = {
		contract_test(an_edited_row_is_no_token),
		contract_test(an_edited_row_ends_when_revoked),
		contract_test(a_revoke_undone_by_hand_is_seen),
		contract_test(a_row_of_another_store_is_no_token),
		contract_test(another_key_is_no_new_key),
		contract_test(what_grants_nothing_may_be_edited),
		contract_test(disabling_ends_edited_rows_too),
		contract_test(a_limit_counts_sound_rows),
		contract_test(an_edited_audit_is_found),
		contract_test(an_audit_of_another_history_is_found),
	};

	return cmocka_run_group_tests_name("tampering", tests, NULL, NULL);
}
