/* SPDX-License-Identifier: Apache-2.0
 *
 * Fail the n-th call, for n = 1, 2, 3… until generate → verify → revoke through the core succeeds: of memory (ours,
 * SQLite's, libcrypto's), of the database's files, of the disk's space. Then the same for opening the core.
 *
 * After each failure the state is before or after, and what the index says is what the store says:
 *  - a generate that failed gave out no token, holds no name, and left nothing live;
 *  - a generate that succeeded works at once, whatever failed later;
 *  - a revoke that failed left the token working or ended it, in store and index alike; repeated, it ends it;
 *  - a revoke of several ended all of them or none, and tells of each only then;
 *  - opening either succeeds or says why and leaves nothing open; the index in force serves on.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "base/clock.h"
#include "core/core.h"
#include "core/journal.h"
#include "index/verify.h"
#include "tests/contract/faulty_malloc.h"
#include "tests/contract/faulty_vfs.h"

#define PASSWORD "correct horse battery wagon"
#define N_MAX    5000

static char store_folder[64];
static char index_folder[64];
static struct pat_catalogue *catalogue;

/* ---- Faults. */

struct fault {
	const char *name;
	void (*arm)(int n);
	bool (*disarm)(void);
	int error;         /* what a caller may be told, besides -EIO */
	int opening_fails; /* so often at least */
};

static void arm_io(int n)
{
	faulty_vfs_arm(FAULTY_IO, n);
}

static void arm_full(int n)
{
	faulty_vfs_arm(FAULTY_FULL, n);
}

static const struct fault faults[] = {
	{ "memory", faulty_malloc_arm, faulty_malloc_disarm, -ENOMEM, 100 },
	{ "disk", arm_io, faulty_vfs_disarm, -EIO, 10 },
	{ "disk space", arm_full, faulty_vfs_disarm, -ENOSPC, 1 },
};

/* -ENOSPC also where the index had no memory for a token: it was taken back. */
static void check_error(const struct fault *fault, int r)
{
	if (r != fault->error && r != -EIO && r != -ENOSPC)
		fail_msg("the caller was told %d", r);
}

/* ---- The core. */

static struct pat_core_config config_of(char store[static 128], char journal[static 128])
{
	(void)snprintf(store, 128, "%s/patd.db", store_folder);
	(void)snprintf(journal, 128, "%s/revoked.journal", store_folder);
	return (struct pat_core_config){
		.store = store,
		.journal = journal,
		.index_directory = index_folder,
		.index_group = (gid_t)-1,
		.index_tokens_max = 1 << 16,
		.row_key = { .id = 1, .bytes = { 7 } },
		.token_prefix = "pat",
		.expires_days_max = 90,
		.expires_days_default = 30,
		.live_tokens_max = 100,
		.creates_per_hour_max = 1000000,
		.expired_keep_days = 30,
		.session_idle_s = 3600,
		.session_max_s = 86400,
		.argon2_memory_kib = 8192,
		.argon2_passes = 1,
		.argon2_parallel = 1,
		.argon2_waiting = 4,
		.catalogue = catalogue,
	};
}

static int core_open(struct pat_core **ret, struct pat_err *err)
{
	char store[128];
	char journal[128];
	struct pat_core_config config = config_of(store, journal);

	return pat_core_open(&config, ret, err);
}

static const struct pat_actor *actor(void)
{
	static const struct pat_actor page = {
		.via = "page", .address = "127.0.0.1", .agent = "test", .request_id = "r"
	};

	return &page;
}

static void sign_in(struct pat_core *core, struct pat_signed_in *ret)
{
	int64_t id = 0;
	int r = pat_core_person_add(core, "ada@acme.org", "Ada", false, PASSWORD, strlen(PASSWORD),
	                            actor(), &id);

	assert_true(r == 0 || r == PAT_CORE_E_EMAIL_TAKEN);
	assert_int_equal(
		pat_core_sign_in(core, "ada@acme.org", PASSWORD, strlen(PASSWORD), actor(), ret),
		0);
}

/* Every token has scopes that no other has, as far as there are pairs: the index takes memory for a new set. */
static int create(struct pat_core *core, const struct pat_signed_in *who, const char *name,
                  struct pat_token_answer *ret)
{
	static size_t pair;
	size_t a = pair / catalogue->n % catalogue->n;
	size_t b = pair++ % catalogue->n;
	const char *scopes[] = { catalogue->scopes[a].scope, catalogue->scopes[b].scope };

	return pat_core_token_create(core, who,
	                             &(struct pat_token_request){ .name = name,
	                                                          .scopes = scopes,
	                                                          .n_scopes = a == b ? 1 : 2,
	                                                          .expires_days = 30 },
	                             actor(), ret);
}

static enum pat_verdict verify(struct pat_verifier *v, const struct pat_secret *token)
{
	struct pat_credential c = { 0 };
	struct pat_identity id;

	pat_credential_add_header(&c, token->text, token->len);
	return pat_verify(v, &c, &(struct pat_ask){ 0 }, pat_clock_wall_s(), &id);
}

/* ---- What the list says. */

struct listing {
	const uint8_t *digest; /* NULL: none in particular */
	struct pat_core *core;
	int live;
	int found; /* of that digest */
	const char *state;
};

static int list_one(void *arg, const struct pat_record *record)
{
	struct listing *l = arg;
	const char *state = pat_core_token_state(l->core, record);

	l->live += strcmp(state, "live") == 0;
	if (l->digest && memcmp(record->digest, l->digest, PAT_DIGEST_BYTES) == 0) {
		l->found++;
		l->state = state;
	}
	return 0;
}

static struct listing list(struct pat_core *core, const struct pat_signed_in *who,
                           const uint8_t *digest)
{
	struct listing l = { .core = core, .digest = digest, .state = "" };

	assert_int_equal(pat_core_token_list(core, who, PAT_TOKENS_ALL, 0, 100000, list_one, &l),
	                 0);
	return l;
}

/* ---- Generate, verify, revoke. */

struct scene {
	struct pat_core *core;
	struct pat_verifier *v;
	struct pat_signed_in ada;
	struct pat_token_answer kept; /* generated before, never revoked */
};

static void check_kept(struct scene *s)
{
	assert_int_equal(verify(s->v, &s->kept.token), PAT_VERDICT_ALLOWED);
}

static void after_failed_create(struct scene *s, const char *name, struct pat_token_answer *answer)
{
	struct pat_token_answer again;

	assert_int_equal(answer->token.len, 0);
	assert_int_equal(list(s->core, &s->ada, NULL).live, 1);
	/* Neither the name nor anything else is in the way. */
	assert_int_equal(create(s->core, &s->ada, name, &again), 0);
	assert_int_equal(verify(s->v, &again.token), PAT_VERDICT_ALLOWED);
	assert_int_equal(pat_core_token_revoke(s->core, &s->ada, again.record.digest, actor(),
	                                       &again.record, NULL),
	                 0);
	assert_int_equal(verify(s->v, &again.token), PAT_VERDICT_UNKNOWN);
	pat_secret_done(&again.token);
}

static void after_failed_revoke(struct scene *s, struct pat_token_answer *answer)
{
	struct listing l = list(s->core, &s->ada, answer->record.digest);

	assert_int_equal(l.found, 1);
	assert_int_equal(verify(s->v, &answer->token),
	                 strcmp(l.state, "live") == 0 ? PAT_VERDICT_ALLOWED : PAT_VERDICT_UNKNOWN);
	assert_int_equal(pat_core_token_revoke(s->core, &s->ada, answer->record.digest, actor(),
	                                       &answer->record, NULL),
	                 0);
	assert_int_equal(verify(s->v, &answer->token), PAT_VERDICT_UNKNOWN);
}

static int unavailable; /* verifications for which there was no memory */

/* One life of a token with the n-th call failing; whether it came to fail. */
static bool live_with(struct scene *s, const struct fault *fault, int n, bool *ret_failed)
{
	struct pat_token_answer answer;
	struct pat_record record;
	char name[32];
	int revoked = 0;
	enum pat_verdict verdict = PAT_VERDICT_UNKNOWN;

	(void)snprintf(name, sizeof(name), "%s %d", fault->name, n);
	fault->arm(n);
	int created = create(s->core, &s->ada, name, &answer);
	if (created == 0) {
		verdict = verify(s->v, &answer.token);
		revoked = pat_core_token_revoke(s->core, &s->ada, answer.record.digest, actor(),
		                                &record, NULL);
	}
	bool came = fault->disarm();

	if (created != 0) {
		check_error(fault, created);
		after_failed_create(s, name, &answer);
	} else {
		/* libcrypto takes memory for each digest. Without it the answer is neither yes nor no. */
		if (verdict != PAT_VERDICT_UNAVAILABLE || fault->error != -ENOMEM)
			assert_int_equal(verdict, PAT_VERDICT_ALLOWED);
		unavailable += verdict == PAT_VERDICT_UNAVAILABLE;
		if (revoked != 0) {
			check_error(fault, revoked);
			after_failed_revoke(s, &answer);
		} else {
			assert_int_equal(verify(s->v, &answer.token), PAT_VERDICT_UNKNOWN);
			assert_int_equal(list(s->core, &s->ada, answer.record.digest).found, 1);
		}
	}
	assert_int_equal(list(s->core, &s->ada, NULL).live, 1);
	check_kept(s);
	pat_secret_done(&answer.token);
	*ret_failed = created != 0 || revoked != 0;
	return came;
}

static void a_token_s_life(void **state)
{
	const struct fault *fault = *state;
	struct scene s = { 0 };
	struct pat_err err = { { 0 } };
	int failures = 0;
	int n = 1;

	assert_int_equal(core_open(&s.core, &err), 0);
	sign_in(s.core, &s.ada);
	assert_int_equal(create(s.core, &s.ada, "kept", &s.kept), 0);
	assert_int_equal(pat_verifier_new(index_folder, &s.v), 0);
	/* A quiet one, twice in a row: the housekeeper's calls count too. */
	for (int quiet = 0; quiet < 2; n++) {
		bool failed = false;

		quiet = live_with(&s, fault, n, &failed) ? 0 : quiet + 1;
		failures += failed;
		assert_true(n < N_MAX);
	}
	print_message("             %d calls, %d of them told the caller\n", n - 3, failures);
	assert_true(failures > 3);
	assert_true(unavailable <= 3);
	/* What is durable is what was seen. */
	struct listing before = list(s.core, &s.ada, s.kept.record.digest);
	pat_core_close(s.core);
	check_kept(&s);
	s.core = NULL;
	assert_int_equal(core_open(&s.core, &err), 0);
	struct listing after = list(s.core, &s.ada, s.kept.record.digest);
	assert_int_equal(after.live, before.live);
	assert_string_equal(after.state, "live");
	check_kept(&s);
	/* The next life begins without it. */
	assert_int_equal(pat_core_token_revoke(s.core, &s.ada, s.kept.record.digest, actor(),
	                                       &s.kept.record, NULL),
	                 0);
	pat_secret_done(&s.kept.token);
	pat_secret_done(&s.ada.cookie);
	pat_secret_done(&s.ada.csrf);
	pat_verifier_free(s.v);
	pat_core_close(s.core);
}

/* ---- Several at once. */

#define SEVERAL 3

static int count_told(void *arg, const struct pat_record *record)
{
	*(int *)arg += record->state == PAT_RECORD_REVOKED && record->use_count == 1;
	return 0;
}

/* Ten seconds after opening the keeper stores what was counted, and while it does a count is neither in the index nor in
 * the store yet: what is counted here is not counted then. */
static void stay_young(struct scene *s, int64_t *opened_s)
{
	struct pat_err err = { { 0 } };

	if (pat_clock_wall_s() - *opened_s < 5)
		return;
	pat_core_close(s->core);
	assert_int_equal(core_open(&s->core, &err), 0);
	*opened_s = pat_clock_wall_s();
}

static void check_verdicts(struct scene *s, const struct pat_token_answer *made,
                           enum pat_verdict verdict)
{
	for (int i = 0; i < SEVERAL; i++)
		assert_int_equal(verify(s->v, &made[i].token), verdict);
}

/* Each of them was used once, which the failed call must not forget. */
static void check_uses(struct scene *s, const struct pat_token_answer *made, int64_t uses)
{
	struct pat_record record;

	for (int i = 0; i < SEVERAL; i++) {
		assert_int_equal(
			pat_core_token_get(s->core, &s->ada, made[i].record.digest, &record), 0);
		assert_int_equal(record.use_count, uses);
	}
}

static bool revoke_with(struct scene *s, const struct fault *fault, int n, bool *ret_failed)
{
	struct pat_token_answer made[SEVERAL];
	uint8_t tids[SEVERAL][PAT_TID_BYTES];
	size_t revoked = 0;
	int told = 0;
	char name[32];

	for (int i = 0; i < SEVERAL; i++) {
		(void)snprintf(name, sizeof(name), "%s %d %d", fault->name, n, i);
		assert_int_equal(create(s->core, &s->ada, name, &made[i]), 0);
		memcpy(tids[i], made[i].record.digest, PAT_TID_BYTES);
	}
	check_verdicts(s, made, PAT_VERDICT_ALLOWED);
	fault->arm(n);
	int r = pat_core_tokens_revoke(s->core, &s->ada, tids, SEVERAL, actor(), count_told, &told,
	                               &revoked, NULL);
	bool came = fault->disarm();

	*ret_failed = r != 0;
	if (r != 0) {
		struct listing l = list(s->core, &s->ada, made[0].record.digest);
		bool ended = strcmp(l.state, "live") != 0; /* a commit of unknown fate */

		check_error(fault, r);
		assert_int_equal(l.live, ended ? 1 : 1 + SEVERAL);
		check_uses(s, made, ended ? 0 : 1);
		check_verdicts(s, made, ended ? PAT_VERDICT_UNKNOWN : PAT_VERDICT_ALLOWED);
		told = 0;
		assert_int_equal(pat_core_tokens_revoke(s->core, &s->ada, NULL, 0, actor(),
		                                        count_told, &told, &revoked, NULL),
		                 0);
		assert_int_equal(create(s->core, &s->ada, "kept", &s->kept), 0);
	} else {
		assert_int_equal(revoked, SEVERAL);
		assert_int_equal(told, SEVERAL);
	}
	check_verdicts(s, made, PAT_VERDICT_UNKNOWN);
	assert_int_equal(list(s->core, &s->ada, NULL).live, 1);
	check_kept(s);
	for (int i = 0; i < SEVERAL; i++)
		pat_secret_done(&made[i].token);
	return came;
}

static void several_at_once(void **state)
{
	const struct fault *fault = *state;
	struct scene s = { 0 };
	struct pat_err err = { { 0 } };
	int failures = 0;
	int64_t opened_s = pat_clock_wall_s();
	int n = 1;

	assert_int_equal(core_open(&s.core, &err), 0);
	sign_in(s.core, &s.ada);
	assert_int_equal(create(s.core, &s.ada, "kept", &s.kept), 0);
	assert_int_equal(pat_verifier_new(index_folder, &s.v), 0);
	for (int quiet = 0; quiet < 2; n++) {
		bool failed = false;

		stay_young(&s, &opened_s);
		quiet = revoke_with(&s, fault, n, &failed) ? 0 : quiet + 1;
		failures += failed;
		assert_true(n < N_MAX);
	}
	print_message("             %d calls, %d of them told the caller\n", n - 3, failures);
	assert_true(failures > 3);
	pat_secret_done(&s.kept.token);
	pat_secret_done(&s.ada.cookie);
	pat_secret_done(&s.ada.csrf);
	pat_verifier_free(s.v);
	pat_core_close(s.core);
}

/* ---- Opening. */

static int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n;
}

static void opening(void **state)
{
	const struct fault *fault = *state;
	struct pat_verifier *v = NULL;
	struct pat_core *core = NULL;
	struct pat_signed_in ada;
	struct pat_token_answer kept;
	struct pat_token_answer gone;
	struct pat_err err = { { 0 } };
	int failures = 0;
	int n = 1;

	assert_int_equal(core_open(&core, &err), 0);
	sign_in(core, &ada);
	assert_int_equal(create(core, &ada, "kept", &kept), 0);
	assert_int_equal(create(core, &ada, "gone", &gone), 0);
	assert_int_equal(
		pat_core_token_revoke(core, &ada, gone.record.digest, actor(), &gone.record, NULL),
		0);
	pat_core_close(core);
	assert_int_equal(pat_verifier_new(index_folder, &v), 0);
	assert_int_equal(verify(v, &kept.token), PAT_VERDICT_ALLOWED);
	int files = open_files();
	/* The first three hundred one by one, which are those of opening the store; then, unless there is time, some. */
	int stride = getenv("PATD_TEST_LONG") ? 1 : 7;
	for (bool came = true; came; n += n < 300 ? 1 : stride) {
		core = NULL;
		err = (struct pat_err){ { 0 } };
		fault->arm(n);
		int r = core_open(&core, &err);
		came = fault->disarm();

		assert_int_equal(verify(v, &kept.token), PAT_VERDICT_ALLOWED);
		assert_int_equal(verify(v, &gone.token), PAT_VERDICT_UNKNOWN);
		if (r != 0) {
			failures++;
			assert_true(came);
			assert_true(r < 0);
			assert_null(core);
			assert_true(strlen(err.text) > 0);
			assert_int_equal(open_files(), files);
			continue;
		}
		assert_int_equal(list(core, &ada, kept.record.digest).live, 1);
		pat_core_close(core);
		assert_int_equal(verify(v, &kept.token), PAT_VERDICT_ALLOWED);
		assert_true(n < N_MAX);
	}
	print_message("             %d calls, %d failures said why and ended\n", n - 2, failures);
	assert_true(failures >= fault->opening_fails);
	assert_int_equal(core_open(&core, &err), 0);
	assert_int_equal(
		pat_core_token_revoke(core, &ada, kept.record.digest, actor(), &kept.record, NULL),
		0);
	assert_int_equal(verify(v, &kept.token), PAT_VERDICT_UNKNOWN);
	pat_core_close(core);
	pat_secret_done(&kept.token);
	pat_secret_done(&gone.token);
	pat_secret_done(&ada.cookie);
	pat_secret_done(&ada.csrf);
	pat_verifier_free(v);
}

/* ---- The journal of revocations on a disk that takes half a line. */

static void digest_of(unsigned n, uint8_t digest[static PAT_DIGEST_BYTES])
{
	memset(digest, (int)n, PAT_DIGEST_BYTES);
}

static void a_journal_whose_disk_is_full_loses_no_line(void **state)
{
	struct pat_journal *j = NULL;
	struct pat_err err = { { 0 } };
	struct rlimit before;
	uint8_t digest[PAT_DIGEST_BYTES];
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/half.journal", store_folder);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(pat_journal_open(path, &j, &err), 0);
	/* The disk ends at every byte of a line once, and then has space again. */
	for (unsigned n = 1; n <= 60; n++) {
		FILE *f = fopen(path, "re");

		assert_non_null(f);
		assert_int_equal(fseek(f, 0, SEEK_END), 0);
		struct rlimit full = { .rlim_cur = (rlim_t)ftell(f) + n,
			               .rlim_max = before.rlim_max };
		(void)fclose(f);
		digest_of(n, digest);
		pat_journal_note(j, digest, n, 1000);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
		(void)!pat_journal_sync(j);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		if (n % 2 == 0) { /* tried again, or by the next run */
			assert_int_equal(pat_journal_sync(j), 0);
		} else if (n % 3 == 0) {
			pat_journal_close(j);
			assert_int_equal(pat_journal_open(path, &j, &err), 0);
		}
	}
	pat_journal_close(j);
	assert_int_equal(pat_journal_open(path, &j, &err), 0);
	for (unsigned n = 1; n <= 60; n++) {
		digest_of(n, digest);
		if (!pat_journal_has(j, digest))
			fail_msg("the line of %u is lost", n);
	}
	digest_of(61, digest);
	assert_false(pat_journal_has(j, digest));
	pat_journal_close(j);
}

/* ---- */

static int set_up(void **state)
{
	(void)state;
	test_folder(store_folder);
	test_folder(index_folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	test_folder_remove(store_folder);
	test_folder_remove(index_folder);
	return 0;
}

int main(void)
{
	enum {
		N = PAT_ARRAY_LEN(faults)
	};
	static const struct {
		const char *name;
		CMUnitTestFunction run;
	} stories[] = {
		{ "a token's life", a_token_s_life },
		{ "several at once", several_at_once },
		{ "opening", opening },
	};
	static char names[3 * N][64];
	struct CMUnitTest tests[3 * N + 1];
	struct pat_err err = { { 0 } };

	static_assert(PAT_ARRAY_LEN(stories) == 3, "as many names and tests");
	for (size_t i = 0; i < 3 * N; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "%s, failing: %s", stories[i / N].name,
		               faults[i % N].name);
		tests[i] =
			(struct CMUnitTest){ .name = names[i],
			                     .test_func = stories[i / N].run,
			                     .setup_func = set_up,
			                     .teardown_func = tear_down,
			                     .initial_state = (void *)(uintptr_t)&faults[i % N] };
	}
	tests[3 * N] = (struct CMUnitTest)cmocka_unit_test_setup_teardown(
		a_journal_whose_disk_is_full_loses_no_line, set_up, tear_down);
	faulty_malloc_register();
	faulty_vfs_register();
	assert_int_equal(pat_catalogue_load(PAT_TEST_SCOPES, &catalogue, &err), 0);
	int failed = cmocka_run_group_tests_name("the n-th call fails", tests, NULL, NULL);
	pat_catalogue_free(catalogue);
	return failed;
}
