/* SPDX-License-Identifier: Apache-2.0
 *
 * What only a store in a file has: its modes, its lock, its schema version, and migrations that were
 * cut short. Other backends leave this group out.
 */
#include "tests/contract/contract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/contract/faults_place.h"
#include "tests/contract/faulty_vfs.h"

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

static void file_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void closed(struct contract *c)
{
	pat_store_close(c->store);
	c->store = NULL;
}

static void assert_mode(const char *path, const char *suffix)
{
	char name[128];
	struct stat st;

	(void)snprintf(name, sizeof(name), "%s%s", path, suffix);
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void files_are_the_owners_alone(void **state)
{
	struct contract *c = *state;
	static const mode_t masks[] = { 0, 022, 0777 };

	for (size_t i = 0; i < PAT_ARRAY_LEN(masks); i++) {
		closed(c);
		assert_int_equal(unlink(c->location), 0);
		mode_t before = umask(masks[i]);
		contract_open(c);
		(void)contract_person(c, "ann@x");
		(void)umask(before);
		assert_mode(c->location, "");
		assert_mode(c->location, "-wal");
		assert_mode(c->location, "-shm");
	}
	closed(c);
	assert_int_equal(chmod(c->location, 0644), 0);
	contract_open(c);
	assert_mode(c->location, "");
}

static void a_second_opener_is_refused(void **state)
{
	struct contract *c = *state;

	assert_refused(c->location, -EBUSY, "in use");
	pid_t child = fork();
	if (child == 0) {
		struct pat_store *store = NULL;
		struct pat_err err;

		_exit(open_at(c->location, &store, &err) == -EBUSY ? 0 : 1);
	}
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	(void)contract_person(c, "ann@x"); /* the first is none the worse */
	contract_reopen(c);
}

static void a_newer_schema_is_refused(void **state)
{
	struct contract *c = *state;

	closed(c);
	contract_backend->sql(c, "PRAGMA user_version = 999");
	assert_refused(c->location, -EPROTO, "schema 999");
	assert_int_equal(contract_backend->sql_i64(c, "PRAGMA user_version"), 999);
}

static void what_is_no_store_is_refused(void **state)
{
	struct contract *c = *state;
	char path[128];

	closed(c);
	contract_backend->sql(c, "PRAGMA application_id = 7");
	assert_refused(c->location, -EINVAL, "another program");
	assert_int_equal(contract_backend->sql_i64(c, "SELECT seq FROM head"), 0);

	(void)snprintf(path, sizeof(path), "%s/text", c->folder);
	file_write(path,
	           "This is a letter, not a database, and it is long enough to be read as one.\n"
	           "This is a letter, not a database, and it is long enough to be read as one.\n");
	assert_refused(path, -EINVAL, "not an SQLite database");
	assert_refused("/dev/null", -EINVAL, "");
	assert_refused(c->folder, -EINVAL, "");
	assert_refused("", -EINVAL, "empty");
	assert_refused("/nowhere/at/all/store.db", -ENOENT, "/nowhere/at/all");
}

static void symbolic_links_are_not_followed(void **state)
{
	struct contract *c = *state;
	char path[128];

	closed(c);
	(void)snprintf(path, sizeof(path), "%s/link", c->folder);
	assert_int_equal(symlink(c->location, path), 0);
	assert_refused(path, -EINVAL, "");
	/* A link on the way to the directory is the operator's own. */
	(void)snprintf(path, sizeof(path), "%s-link", c->folder);
	assert_int_equal(symlink(c->folder, path), 0);
	char inside[160];
	(void)snprintf(inside, sizeof(inside), "%s/store.db", path);
	struct pat_store *store = NULL;
	struct pat_err err;
	assert_int_equal(open_at(inside, &store, &err), 0);
	pat_store_close(store);
	assert_int_equal(unlink(path), 0);
}

/* A migration that stops at any file operation is repeated from its start. */
static void an_interrupted_migration_is_repeated(void **state)
{
	struct contract *c = *state;
	struct pat_store *store = NULL;
	struct pat_err err;
	bool cut = true;
	int n = 0;

	closed(c);
	for (n = 1; cut; n++) {
		assert_int_equal(unlink(c->location), 0);
		faulty_vfs_arm(FAULTY_GONE, n);
		int e = open_at(c->location, &store, &err);
		pat_store_close(store); /* dies with everything failing */
		cut = faulty_vfs_disarm();
		store = NULL;
		assert_true(cut || e == 0);
		assert_true(e == 0 || err.text[0] != '\0');
		contract_open(c);
		assert_int_equal(contract_person(c, "ann@x"), 1);
		closed(c);
	}
	assert_true(n > 20);
}

/* What schemas 2 to 8 added, taken out again: a store as the first release left it, with tokens in it. */
static void as_schema_1(struct contract *c)
{
	contract_backend->sql(
		c,
		"DROP TABLE notice; DROP TABLE former_email; ALTER TABLE person DROP COLUMN wishes;"
		" ALTER TABLE token DROP COLUMN replaced_by; DROP TABLE portal_link; DROP TABLE portal_person; ALTER TABLE session DROP COLUMN return_url;"
		" ALTER TABLE token DROP COLUMN known_as;"
		" DROP INDEX token_maker; ALTER TABLE token DROP COLUMN maker;"
		" DROP TABLE usage_day; DROP TABLE usage_operation; DROP TABLE usage_client; DROP TABLE usage_last;"
		" DROP TABLE service; DROP TABLE product; ALTER TABLE token DROP COLUMN limits;"
		" DROP TABLE picture; DROP INDEX token_revoked; ALTER TABLE token DROP COLUMN note;"
		" PRAGMA user_version = 1; PRAGMA wal_checkpoint(TRUNCATE)");
}

/* An older store is brought to this schema with all that is in it, also when that is cut short at any file operation. */
static void an_older_store_is_brought_along(void **state)
{
	struct contract *c = *state;
	struct faults_base old = { 0 };
	struct pat_store *store = NULL;
	struct pat_person person;
	struct pat_record made;
	struct pat_record got;
	struct pat_err err;
	bool cut = true;
	int n = 0;

	contract_created(c, contract_person(c, "ann@x"), "kept", &made);
	closed(c);
	as_schema_1(c);
	faults_base_take(c, &old);
	for (n = 1; cut; n++) {
		faults_base_put(c, &old);
		faulty_vfs_arm(FAULTY_GONE, n);
		(void)!open_at(c->location, &store, &err);
		pat_store_close(store);
		store = NULL;
		cut = faulty_vfs_disarm();
		contract_open(c);
		assert_int_equal(contract_backend->sql_i64(c, "PRAGMA user_version"), 8);
		assert_int_equal(pat_store_token_get(c->store, 1, made.digest, &got), 0);
		assert_string_equal(got.name, "kept");
		assert_string_equal(got.note, "");
		assert_string_equal(got.limits, "");
		assert_int_equal(contract_count(c, 1, PAT_TOKENS_LIVE), 1);
		assert_int_equal(pat_store_person_by_email(c->store, "ann@x", &person), 0);
		assert_int_equal(person.picture.kind, PAT_PICTURE_NONE);
		assert_int_equal(person.wishes, PAT_WISHES_DEFAULT);
		assert_int_equal(pat_store_person_set_picture(
					 c->store, person.id,
					 &(struct pat_picture){ .kind = PAT_PICTURE_PNG }, "x", 1,
					 &contract_actor, NOW, &person),
		                 0);
		closed(c);
	}
	assert_true(n > 20);
	faults_base_done(&old);
	contract_open(c);
}

/* Reads end, the reason stays, and space that returns is enough. */
static void a_full_disk_loses_nothing(void **state)
{
	struct contract *c = *state;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_record kept;
	struct pat_record r;

	contract_created(c, ann, "kept", &kept);
	faulty_vfs_arm(FAULTY_FULL, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(contract_create(c, contract_token(ann, "lost"), &r), -ENOSPC);
	assert_int_equal(pat_store_check(c->store), -ENOSPC);
	assert_int_equal(pat_store_token_get(c->store, ann, kept.digest, &r), 0);
	assert_true(faulty_vfs_disarm());
	assert_int_equal(pat_store_check(c->store), 0);
	contract_created(c, ann, "lost", &r);
	assert_int_equal(r.seq, 2);
	assert_int_equal(c->n_changes, 2);
}

static void the_log_does_not_grow_without_bound(void **state)
{
	struct contract *c = *state;
	struct pat_usage usage[200];
	char wal[128];
	struct stat st;
	int64_t ann = contract_person(c, "ann@x");
	struct pat_record r;

	for (int i = 0; i < 200; i++) {
		char name[16];
		(void)snprintf(name, sizeof(name), "%d", i);
		struct pat_new_token *token = contract_token(ann, name);
		token->live_max = 1000;
		assert_int_equal(contract_create(c, token, &r), 0);
		usage[i] = (struct pat_usage){ r.number, NOW, 1 };
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(pat_store_usage_fold(c->store, usage, 200), 0);
	(void)snprintf(wal, sizeof(wal), "%s-wal", c->location);
	assert_int_equal(stat(wal, &st), 0);
	assert_true(st.st_size > 0);
	assert_true(st.st_size < 8 * 1024 * 1024);
}

/* ---- A full queue. */

#define CROWD 1100

static atomic_int busy;

static void *check_main(void *arg)
{
	struct contract *c = arg;
	int e = pat_store_check(c->store);

	pat_assert(e == 0 || e == -EBUSY);
	if (e == -EBUSY)
		atomic_fetch_add(&busy, 1);
	return NULL;
}

static void *create_main(void *arg)
{
	struct pat_record r;

	pat_assert(contract_create(arg, contract_token(1, "held"), &r) == 0);
	return NULL;
}

static void too_many_waiting_are_turned_away(void **state)
{
	struct contract *c = *state;
	static pthread_t threads[CROWD + 1];
	pthread_attr_t attr;

	(void)contract_person(c, "ann@x");
	atomic_store(&busy, 0);
	assert_int_equal(pthread_attr_init(&attr), 0);
	assert_int_equal(pthread_attr_setstacksize(&attr, 256 * 1024), 0);
	(void)pthread_mutex_lock(&c->gate);
	assert_int_equal(pthread_create(&threads[CROWD], &attr, create_main, c), 0);
	while (contract_backend->sql_i64(c, "SELECT seq FROM head") == 0)
		(void)usleep(1000);
	for (int i = 0; i < CROWD; i++)
		assert_int_equal(pthread_create(&threads[i], &attr, check_main, c), 0);
	while (atomic_load(&busy) < CROWD - 1024)
		(void)usleep(1000);
	(void)pthread_mutex_unlock(&c->gate);
	for (int i = 0; i <= CROWD; i++)
		(void)pthread_join(threads[i], NULL);
	(void)pthread_attr_destroy(&attr);
	assert_int_equal(busy, CROWD - 1024);
	assert_int_equal(pat_store_check(c->store), 0);
}

int contract_sqlite_tests(void)
{
	const struct CMUnitTest tests[] = {
		contract_test(files_are_the_owners_alone),
		contract_test(a_second_opener_is_refused),
		contract_test(a_newer_schema_is_refused),
		contract_test(what_is_no_store_is_refused),
		contract_test(symbolic_links_are_not_followed),
		contract_test(an_interrupted_migration_is_repeated),
		contract_test(an_older_store_is_brought_along),
		contract_test(a_full_disk_loses_nothing),
		contract_test(the_log_does_not_grow_without_bound),
		contract_test(too_many_waiting_are_turned_away),
	};

	return cmocka_run_group_tests_name("sqlite", tests, NULL, NULL);
}
