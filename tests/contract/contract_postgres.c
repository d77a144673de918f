/* SPDX-License-Identifier: Apache-2.0
 *
 * What only a store on a server has: servers that will not do, a server that crashes, sessions that are ended, commits whose
 * fate is asked for, and copies from and to a file. Other backends leave this group out.
 */
#include "tests/contract/contract.h"

#include <errno.h>
#include <sys/wait.h>

#include "store/copy.h"
#include "store/postgres_conn.h"
#include "tests/contract/faults_calls.h"
#include "tests/contract/postgres_cluster.h"
#include "tests/contract/postgres_place.h"
#include "tests/contract/postgres_proxy.h"

static void closed(struct contract *c)
{
	pat_store_close(c->store);
	c->store = NULL;
}

static int open_at(const char *location, struct pat_store **ret, struct pat_err *err)
{
	struct pat_store_config config = { .location = location, .row_key = { .id = 3 } };

	memset(err, 0, sizeof(*err));
	return pat_store_open(&config, ret, err);
}

static void assert_refused(const char *location, int error, const char *words)
{
	struct pat_store *store = NULL;
	struct pat_err err;

	assert_int_equal(open_at(location, &store, &err), error);
	assert_null(store);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

static void sql(const char *text)
{
	postgres_cluster_sql(text, NULL, 0);
}

/* ---- Servers that will not do. */

static void a_server_that_may_forget_is_refused(void **state)
{
	static const struct {
		const char *set;
		const char *reset;
		int error;
		const char *words;
	} cases[] = {
		{ "ALTER ROLE patd SET synchronous_commit = off",
		  "ALTER ROLE patd RESET synchronous_commit", -EINVAL,
		  "synchronous_commit is off" },
		{ "ALTER ROLE patd SET synchronous_commit = local",
		  "ALTER ROLE patd RESET synchronous_commit", -EINVAL,
		  "synchronous_commit is local" },
		{ "ALTER ROLE patd SET default_transaction_read_only = on",
		  "ALTER ROLE patd RESET default_transaction_read_only", -EROFS, "read-only" },
		{ "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM RESET fsync", -EINVAL,
		  "fsync is off" },
		{ "ALTER ROLE patd SET search_path = nowhere", "ALTER ROLE patd RESET search_path",
		  -EINVAL, "no schema" },
	};
	struct contract *c = *state;

	closed(c);
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		struct pat_err err = { { 0 } };

		sql(cases[i].set);
		sql("SELECT pg_reload_conf()");
		(void)usleep(100000);
		assert_refused(c->location, cases[i].error, cases[i].words);
		assert_int_equal(pat_store_examine(c->location, &err), cases[i].error);
		assert_non_null(strstr(err.text, cases[i].words));
		sql("SET default_transaction_read_only = off");
		sql(cases[i].reset);
		sql("SELECT pg_reload_conf()");
		(void)usleep(100000);
	}
	contract_open(c);
}

static void what_cannot_be_reached_is_said(void **state)
{
	struct contract *c = *state;
	char location[128];

	closed(c);
	(void)snprintf(location, sizeof(location), "postgresql:///nowhere?user=patd&host=%.40s",
	               postgres_cluster_folder());
	assert_refused(location, -ECONNREFUSED, "\"nowhere\" does not exist");
	assert_refused("postgresql:///patd?host=/nowhere/at/all", -ECONNREFUSED, "/nowhere/at/all");
	assert_refused("postgres://127.0.0.1:1/patd", -ECONNREFUSED, "port 1");
	assert_refused("postgresql://ann:pass/word@h/patd", -EINVAL, "libpq");
	assert_refused("postgresql://ann:%zz@h/patd", -EINVAL, "libpq");
	contract_open(c);
}

static void a_database_that_is_not_utf8_is_refused(void **state)
{
	struct contract *c = *state;
	char location[128];

	sql("DROP DATABASE IF EXISTS ascii");
	sql("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0");
	(void)snprintf(location, sizeof(location), "postgresql:///ascii?user=patd&host=%.40s",
	               postgres_cluster_folder());
	assert_refused(location, -EINVAL, "SQL_ASCII");
	assert_int_equal(contract_head(c), 0);
}

static void a_password_is_not_shown(void **state)
{
	static const char *const cases[][2] = {
		{ "postgresql://ann:secret@h:1/d", "postgresql://***@h:1/d" },
		{ "postgres://ann:se@cret@h/d?password=x", "postgres://***@h/d?***" },
		{ "postgresql:///d?user=ann&password=secret", "postgresql:///d?***" },
		{ "postgresql://h/d", "postgresql://h/d" },
		{ "postgresql://ann:sec/ret@h/d", "postgresql://***@h/d" },
		{ "/var/lib/patd/a@b?c.db", "/var/lib/patd/a@b?c.db" },
	};
	char shown[PAT_STORE_LOCATION_MAX + 1];

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_store_location_show(cases[i][0], shown);
		assert_string_equal(shown, cases[i][1]);
	}
}

static void a_second_opener_is_refused(void **state)
{
	struct contract *c = *state;

	assert_refused(c->location, -EBUSY, "in use");
	(void)contract_person(c, "ann@x"); /* the first is none the worse */
}

static void a_newer_schema_is_refused(void **state)
{
	struct contract *c = *state;

	closed(c);
	sql("UPDATE patd_schema SET version = 999");
	assert_refused(c->location, -EPROTO, "schema 999");
	sql("UPDATE patd_schema SET version = (SELECT 1)");
	contract_open(c);
}

static void a_schema_that_cannot_be_made_is_explained(void **state)
{
	struct contract *c = *state;

	closed(c);
	sql("SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public;"
	    "CREATE TABLE token (mine int)");
	assert_refused(c->location, -EIO, "\"token\" already exists");
	sql("DROP TABLE token");
	contract_open(c);
}

/* ---- What an SQLSTATE is. */

static void states_are_what_they_mean(void **state)
{
	static const struct {
		const char *sqlstate;
		int error;
		bool retry;
	} cases[] = {
		{ NULL, -ECONNRESET, false },      { "08006", -ECONNRESET, false },
		{ "23505", -EIO, true },           { "40001", -EBUSY, true },
		{ "40P01", -EBUSY, true },         { "40003", -ECONNRESET, false },
		{ "25006", -EROFS, false },        { "53100", -ENOSPC, false },
		{ "53200", -ENOMEM, false },       { "55P03", -EBUSY, false },
		{ "57014", -ETIMEDOUT, false },    { "57P01", -ECONNREFUSED, false },
		{ "57P03", -ECONNREFUSED, false }, { "42501", -EACCES, false },
		{ "42P01", -EIO, false },          { "XX000", -EIO, false },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		bool retry = !cases[i].retry;

		assert_int_equal(pat_pg_error(cases[i].sqlstate, &retry), cases[i].error);
		assert_int_equal(retry, cases[i].retry);
	}
}

/* ---- A server that crashes, sessions that are ended. */

static void a_crash_loses_nothing(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_record kept;
	struct pat_record r;

	contract_created(c, ann, "kept", &kept);
	postgres_cluster_crash();
	assert_int_equal(pat_store_token_get(c->store, ann, kept.digest, &r), 0);
	contract_created(c, ann, "next", &r);
	assert_int_equal(c->n_changes, 2);
	assert_int_equal(contract_count(c, ann, PAT_TOKENS_LIVE), 2);
}

static void a_session_that_is_ended_is_made_again(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_record r;

	for (int i = 0; i < 3; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "%d", i);
		sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'patd'");
		contract_created(c, ann, name, &r);
		assert_int_equal(contract_count(c, ann, PAT_TOKENS_LIVE), i + 1);
	}
	assert_int_equal(c->n_changes, 3);
}

/* A network that went away without a word: the server keeps the lost session, its locks, and the transaction it was in. */
static void a_session_that_the_server_still_keeps_is_ended(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_record r;

	for (int n = 1; n <= 4; n++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "%d", n);
		postgres_proxy_arm(PROXY_HALF_OPEN, n);
		contract_created(c, ann, name, &r);
		assert_true(postgres_proxy_disarm());
	}
	assert_int_equal(c->n_changes, 4);
}

/* The database was put back to an earlier state, or is another one: nothing is changed any more until a restart. */
static void another_history_is_not_written_to(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_record r;

	contract_created(c, ann, "one", &r);
	sql("UPDATE head SET seq = 0");
	assert_int_equal(contract_create(c, contract_token(ann, "two"), &r), -ESTALE);
	assert_int_equal(pat_store_check(c->store), -ESTALE);
	sql("UPDATE head SET seq = 1, identity = 'other'");
	assert_int_equal(pat_store_check(c->store), -ESTALE);
	contract_reopen(c);
	contract_created(c, ann, "two", &r);
	assert_int_equal(r.seq, 2);
}

/* Somebody else has added changes behind the last one that the listener knows: it hears of them first. */
static void changes_of_others_are_heard(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_record one;
	struct pat_record r;

	contract_created(c, ann, "one", &one);
	sql("INSERT INTO change SELECT 2, 6, owner, digest FROM token;"
	    "INSERT INTO change SELECT 3, 2, owner, digest FROM token; UPDATE head SET seq = 3;");
	contract_created(c, ann, "two", &r);
	assert_int_equal(r.seq, 4);
	assert_int_equal(c->n_changes, 4);
	assert_int_equal(c->changes[1].kind, PAT_CHANGE_TOKEN_NARROWED);
	assert_string_equal(c->changes[1].record.name, "one");
	assert_int_equal(c->changes[2].kind, PAT_CHANGE_TOKEN_REMOVED);
	assert_memory_equal(c->changes[2].digest, one.digest, sizeof(one.digest));
	sql("DELETE FROM change WHERE seq IN (2, 3); UPDATE change SET seq = 2 WHERE seq = 4;"
	    "UPDATE audit SET seq = 2 WHERE seq = 4; UPDATE head SET seq = 2");
	closed(c); /* the chain is broken now, and the numbers are none any more */
}

/* ---- A commit that a standby should have confirmed. */

static void *create_main(void *arg)
{
	struct contract *c = arg;
	struct pat_record r;

	return (void *)(intptr_t)contract_create(c, contract_token(1, "waits"), &r);
}

static int64_t number(const char *text)
{
	char value[32];

	postgres_cluster_sql(text, value, sizeof(value));
	return strtoll(value, NULL, 10);
}

/* Cancelled while it waits, COMMIT says yes with a warning: the change stands here, and perhaps nowhere else. */
static void a_commit_without_its_standby_is_unknown(void **state)
{
	struct contract *c = *state;
	pthread_t thread;
	void *result = NULL;

	(void)contract_person(c, "ann@x");
	sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
	sql("SET synchronous_commit = local; SELECT pg_reload_conf()");
	(void)usleep(200000);
	assert_int_equal(pthread_create(&thread, NULL, create_main, c), 0);
	while (number("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") == 0)
		(void)usleep(10000);
	sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_int_equal((intptr_t)result, PAT_STORE_UNKNOWN);
	assert_int_equal(c->n_changes, 1); /* it stands: verifiers must know */
	sql("ALTER SYSTEM RESET synchronous_standby_names");
	sql("SELECT pg_reload_conf()");
	(void)usleep(200000);
	assert_int_equal(pat_store_check(c->store), 0);
	assert_int_equal(contract_count(c, 1, PAT_TOKENS_LIVE), 1);
}

/* ---- Copies. */

struct places {
	struct pat_store *other; /* an SQLite store */
	char path[96];
	struct pat_copied copied;
	struct pat_err err;
};

static void other_open(struct contract *c, struct places *p)
{
	struct pat_store_config config = { .location = p->path, .row_key = c->key };

	(void)snprintf(p->path, sizeof(p->path), "%.60s/other.db", c->folder);
	assert_int_equal(pat_store_open(&config, &p->other, &p->err), 0);
}

static void server_emptied(struct contract *c)
{
	closed(c);
	sql("SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public");
	contract_open(c);
	c->n_changes = 0;
}

static void everything(struct contract *c)
{
	faults_fill_setup(c);
	faults_fill(c);
	assert_int_equal(pat_store_session_end(c->store, 1, 3, &contract_actor, NOW), 0);
	assert_int_equal(pat_store_token_revoke(c->store, 1, (const uint8_t[16]){ [0 ... 15] = 1 },
	                                        &contract_actor, NOW, &(struct pat_record){ 0 }),
	                 0);
}

static void a_store_moves_there_and_back(void **state)
{
	struct contract *c = *state;
	struct places p = { 0 };
	struct pat_session session;
	struct pat_person person;
	struct postgres_state before;

	everything(c);
	before = postgres_place_state();
	other_open(c, &p);
	if (pat_store_copy(c->store, p.other, &c->key, &p.copied, &p.err) != 0)
		fail_msg("%s", p.err.text);
	assert_int_equal(p.copied.rows[PAT_ROWS_TOKEN], 4);
	assert_int_equal(p.copied.rows[PAT_ROWS_SESSION], 2);
	assert_int_equal(p.copied.rows[PAT_ROWS_PORTAL_PERSON], 1);
	assert_int_equal(p.copied.rows[PAT_ROWS_PORTAL_LINK], 1);
	assert_int_equal(p.copied.rows[PAT_ROWS_NOTICE], 1);
	assert_int_equal(p.copied.rows[PAT_ROWS_FORMER_EMAIL], 1);

	server_emptied(c);
	if (pat_store_copy(p.other, c->store, &c->key, &p.copied, &p.err) != 0)
		fail_msg("%s", p.err.text);
	pat_store_close(p.other);
	assert_string_equal(postgres_place_state().md5, before.md5);

	/* It lives: keys are remembered, numbers go on, and none is used again. */
	contract_reopen(c);
	struct pat_new_token *token = contract_token(1, "again");
	struct pat_record r;
	token->idempotency_key = "old";
	assert_int_equal(contract_create(c, token, &r), PAT_STORE_E_REPLAYED);
	contract_created(c, 1, "new", &r);
	assert_int_equal(r.number, 5);
	session = contract_session(1, 9);
	assert_int_equal(pat_store_session_create(c->store, &session, &contract_actor, NOW), 0);
	assert_int_equal(session.id, 4);
	session = contract_session(0, 8);
	assert_int_equal(pat_store_portal_open(c->store, (const uint8_t[32]){ 7 }, &session,
	                                       &contract_actor, NOW, &person),
	                 0);
	assert_string_equal(person.subject, "there");
}

static void a_copy_is_of_sound_rows_into_nothing(void **state)
{
	static const char *const edits[][2] = {
		{ "UPDATE token SET expires = expires + 1 WHERE number = 2",
		  "UPDATE token SET expires = expires - 1 WHERE number = 2" },
		{ "UPDATE product SET reading = '[]'", "UPDATE product SET reading = '{}'" },
		{ "UPDATE token SET known_as = 'old:other' WHERE number = 4",
		  "UPDATE token SET known_as = 'old:there' WHERE number = 4" },
		{ "UPDATE service SET product = 'x'", "UPDATE service SET product = ''" },
		{ "UPDATE service SET origins = 'https://x'", "UPDATE service SET origins = ''" },
		{ "UPDATE service SET title = 'x'", "UPDATE service SET title = ''" },
		{ "UPDATE service SET accent = '#000000'", "UPDATE service SET accent = ''" },
		{ "UPDATE audit SET at = at + 1 WHERE id = 2",
		  "UPDATE audit SET at = at - 1 WHERE id = 2" },
	};
	struct contract *c = *state;
	struct places p = { 0 };
	bool any = true;

	everything(c);
	other_open(c, &p);
	for (size_t i = 0; i < PAT_ARRAY_LEN(edits); i++) {
		sql(edits[i][0]);
		assert_int_equal(pat_store_copy(c->store, p.other, &c->key, &p.copied, &p.err),
		                 -EBADMSG);
		assert_int_equal(pat_store_people_any(p.other, &any), 0);
		assert_false(any);
		sql(edits[i][1]);
	}
	assert_int_equal(pat_store_copy(c->store, p.other, &c->key, &p.copied, &p.err), 0);
	assert_int_equal(pat_store_copy(c->store, p.other, &c->key, &p.copied, &p.err), -ENOTEMPTY);
	assert_int_equal(pat_store_copy(p.other, c->store, &c->key, &p.copied, &p.err), -ENOTEMPTY);
	pat_store_close(p.other);
}

/* Wherever the wire is cut, COMMIT included: everything is there, or nothing is. */
static void a_copy_that_is_cut_short_has_copied_nothing(void **state)
{
	struct contract *c = *state;
	struct places p = { 0 };
	bool fired = true;
	int n_failed = 0;

	everything(c);
	other_open(c, &p);
	assert_int_equal(pat_store_copy(c->store, p.other, &c->key, &p.copied, &p.err), 0);
	server_emptied(c);
	for (int n = 1; fired; n += 4) {
		postgres_proxy_arm(n % 8 == 1 ? PROXY_CUT_BEFORE : PROXY_CUT_AFTER, n);
		int e = pat_store_copy(p.other, c->store, &c->key, &p.copied, &p.err);
		fired = postgres_proxy_disarm();
		int64_t tokens = number("SELECT count(*) FROM token");
		assert_true(e == 0 ? tokens == 4
		                   : tokens == 0 || strstr(p.err.text, "must not be used"));
		n_failed += e < 0;
		server_emptied(c);
	}
	assert_true(n_failed > 3);
	pat_store_close(p.other);
}

int contract_postgres_tests(void)
{
	const struct CMUnitTest tests[] = {
		contract_test(a_server_that_may_forget_is_refused),
		contract_test(what_cannot_be_reached_is_said),
		contract_test(a_database_that_is_not_utf8_is_refused),
		contract_test(a_password_is_not_shown),
		contract_test(a_second_opener_is_refused),
		contract_test(a_newer_schema_is_refused),
		contract_test(a_schema_that_cannot_be_made_is_explained),
		contract_test(states_are_what_they_mean),
		contract_test(a_crash_loses_nothing),
		contract_test(a_session_that_is_ended_is_made_again),
		contract_test(a_session_that_the_server_still_keeps_is_ended),
		contract_test(another_history_is_not_written_to),
		contract_test(changes_of_others_are_heard),
		contract_test(a_commit_without_its_standby_is_unknown),
		contract_test(a_store_moves_there_and_back),
		contract_test(a_copy_is_of_sound_rows_into_nothing),
		contract_test(a_copy_that_is_cut_short_has_copied_nothing),
	};

	return cmocka_run_group_tests_name("postgresql", tests, NULL, NULL);
}
