/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of the core that need no store: throttling, password rules, the scope catalogue.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <unistd.h>

#include "core/catalogue.h"
#include "core/core.h"
#include "core/password.h"
#include "core/target.h"
#include "core/throttle.h"

#define S 1000000000ull

/* ---- Throttling. */

static void a_guesser_waits_ever_longer(void **state)
{
	struct pat_throttle *t = NULL;
	uint64_t now = 1000 * S;
	unsigned waited = 0;

	(void)state;
	assert_int_equal(pat_throttle_new(1024, &t), 0);
	for (int i = 0; i < PAT_THROTTLE_PAIR_FREE; i++)
		assert_int_equal(pat_throttle_attempt(t, "ada@acme.org", "10.0.0.1", false, now),
		                 0);
	for (int i = 0; i < 12; i++) {
		unsigned wait = pat_throttle_attempt(t, "ADA@acme.org", "10.0.0.1", false, now);

		assert_true(wait > waited || wait == PAT_THROTTLE_WAIT_S_MAX);
		waited = wait;
		now += wait * S;
		assert_int_equal(pat_throttle_attempt(t, "ada@acme.org", "10.0.0.1", false, now),
		                 0);
	}
	assert_int_equal(waited, PAT_THROTTLE_WAIT_S_MAX);
	/* The victim, elsewhere, is not made to wait; and nor is another account at the guesser's address. */
	assert_int_equal(pat_throttle_attempt(t, "ada@acme.org", "10.0.0.2", false, now), 0);
	assert_int_equal(pat_throttle_attempt(t, "grace@acme.org", "10.0.0.1", false, now), 0);
	pat_throttle_free(t);
}

/* Pair, address and account of one attempt fall into the same few places. */
static void counters_that_meet_are_told_apart(void **state)
{
	struct pat_throttle *t = NULL;

	(void)state;
	assert_int_equal(pat_throttle_new(8, &t), 0);
	for (int i = 0; i < PAT_THROTTLE_PAIR_FREE; i++)
		assert_int_equal(pat_throttle_attempt(t, "a", "10.0.0.1", false, S), 0);
	assert_int_equal(pat_throttle_attempt(t, "a", "10.0.0.1", false, S), 2);
	assert_int_equal(pat_throttle_attempt(t, "a", "10.0.0.2", false, S), 0);
	assert_int_equal(pat_throttle_attempt(t, "b", "10.0.0.1", false, S), 0);
	pat_throttle_free(t);
}

static void success_starts_afresh_and_undo_takes_back(void **state)
{
	struct pat_throttle *t = NULL;

	(void)state;
	assert_int_equal(pat_throttle_new(1024, &t), 0);
	for (int i = 0; i < PAT_THROTTLE_PAIR_FREE; i++)
		assert_int_equal(pat_throttle_attempt(t, "a", "10.0.0.1", false, S), 0);
	assert_int_not_equal(pat_throttle_attempt(t, "a", "10.0.0.1", false, S), 0);
	pat_throttle_success(t, "a", "10.0.0.1");
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(pat_throttle_attempt(t, "a", "10.0.0.1", false, S), 0);
		pat_throttle_undo(t, "a", "10.0.0.1");
	}
	pat_throttle_free(t);
}

static void an_account_attacked_from_everywhere_stays_open_to_its_owner(void **state)
{
	struct pat_throttle *t = NULL;
	unsigned refused = 0;
	unsigned tried = 0;
	char address[32];

	(void)state;
	assert_int_equal(pat_throttle_new(65536, &t), 0);
	for (int i = 0; i < 2000; i++) {
		(void)snprintf(address, sizeof(address), "10.1.%d.%d", i / 250, i % 250);
		if (pat_throttle_attempt(t, "ada", address, false, S) > 0)
			refused++;
		else
			tried++;
	}
	assert_true(tried <= 100); /* NIST: no more than 100 consecutive failures */
	assert_true(refused >= 1900);
	assert_int_equal(pat_throttle_attempt(t, "ada", "192.0.2.1", true, S), 0);
	assert_int_not_equal(pat_throttle_attempt(t, "ada", "192.0.2.2", false, S), 0);
	pat_throttle_free(t);
}

static void an_ipv6_customer_is_one_address(void **state)
{
	struct pat_throttle *t = NULL;
	char address[64];
	unsigned refused = 0;

	(void)state;
	assert_int_equal(pat_throttle_new(65536, &t), 0);
	for (int i = 0; i < 100; i++) {
		(void)snprintf(address, sizeof(address), "2001:db8:1:2::%x", i + 1);
		refused += pat_throttle_attempt(t, "ada", address, false, S) > 0;
	}
	assert_int_equal(refused, 100 - PAT_THROTTLE_PAIR_FREE);
	assert_int_equal(pat_throttle_attempt(t, "ada", "2001:db8:1:3::1", false, S), 0);
	pat_throttle_free(t);
}

static void a_wait_is_not_washed_out_with_other_names(void **state)
{
	struct pat_throttle *t = NULL;
	char name[32];
	uint64_t now = S;
	unsigned wait = 0;

	(void)state;
	assert_int_equal(pat_throttle_new(1024, &t), 0);
	for (int i = 0; i < 14; i++)
		while ((wait = pat_throttle_attempt(t, "ada", "10.0.0.1", true, now)) > 0)
			now += wait * S;
	assert_true(pat_throttle_attempt(t, "ada", "10.0.0.1", true, now) > 800);
	for (int i = 0; i < 40000; i++, now += S / 5000) {
		(void)snprintf(name, sizeof(name), "somebody-%d", i);
		(void)pat_throttle_attempt(t, name, "10.0.0.1", true, now);
	}
	assert_true(pat_throttle_attempt(t, "ada", "10.0.0.1", true, now) > 780);
	pat_throttle_free(t);
}

static void an_allowance_is_per_window(void **state)
{
	struct pat_throttle *t = NULL;

	(void)state;
	assert_int_equal(pat_throttle_new(1024, &t), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pat_throttle_allow(t, "create", 7, 3, 60, S), 0);
	assert_int_equal(pat_throttle_allow(t, "create", 7, 3, 60, 31 * S), 30);
	assert_int_equal(pat_throttle_allow(t, "create", 8, 3, 60, 31 * S), 0);
	pat_throttle_give_back(t, "create", 7);
	assert_int_equal(pat_throttle_allow(t, "create", 7, 3, 60, 31 * S), 0);
	assert_int_equal(pat_throttle_allow(t, "create", 7, 3, 60, 31 * S), 30);
	assert_int_equal(pat_throttle_allow(t, "create", 7, 3, 60, 61 * S), 0);
	pat_throttle_free(t);
}

/* ---- Passwords. */

static struct pat_password *passwords;

static void passwords_are_judged_by_length_and_blocklist(void **state)
{
	static const struct {
		const char *text;
		int outcome;
	} cases[] = {
		{ "correct horse battery wagon", 0 },
		{ "fourteen chars", PAT_CORE_E_PASSWORD_TOO_SHORT },
		{ "fifteen chars..", 0 },
		{ "\xf0\x9f\x98\x80\xf0\x9f\x98\x81\xf0\x9f\x98\x82\xf0\x9f\x98\x83\xf0\x9f\x98\x84\xf0\x9f\x98\x85\xf0\x9f\x98\x86"
		  "\xf0\x9f\x98\x87\xf0\x9f\x98\x88\xf0\x9f\x98\x89\xf0\x9f\x98\x8a\xf0\x9f\x98\x8b\xf0\x9f\x98\x8c\xf0\x9f\x98\x8d",
		  PAT_CORE_E_PASSWORD_TOO_SHORT }, /* 14 code points, 56 bytes */
		{ "no utf-8 \xff at all here", PAT_CORE_E_PASSWORD_BAD_CHARACTERS },
		{ "passwordpassword", PAT_CORE_E_PASSWORD_TOO_COMMON },
		{ "PasswordPassword", PAT_CORE_E_PASSWORD_TOO_COMMON },
		{ "password1234567890", PAT_CORE_E_PASSWORD_TOO_COMMON },
		{ "12345 letmein 67890!!", PAT_CORE_E_PASSWORD_TOO_COMMON },
		{ "aaaaaaaaaaaaaaaaaaaa", PAT_CORE_E_PASSWORD_TOO_COMMON },
		{ "123456789012345", PAT_CORE_E_PASSWORD_TOO_COMMON },
		{ "abcdefghijklmnopq", PAT_CORE_E_PASSWORD_TOO_COMMON },
		{ "figmafigmafigmafigma", PAT_CORE_E_PASSWORD_TOO_COMMON },
		{ "personalaccesstoken1", PAT_CORE_E_PASSWORD_TOO_COMMON },
		{ "ada.lovelace@acme.org", PAT_CORE_E_PASSWORD_IS_PERSONAL },
		{ "xx Ada.Lovelace xx", PAT_CORE_E_PASSWORD_IS_PERSONAL },
		{ "Countess Ada King 1", PAT_CORE_E_PASSWORD_IS_PERSONAL },
		{ "qzjvkwpxmbtyhgd", 0 },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++)
		assert_int_equal(pat_password_check(passwords, cases[i].text, strlen(cases[i].text),
		                                    "ada.lovelace@acme.org", "Countess Ada King"),
		                 cases[i].outcome);
	assert_int_equal(pat_password_check(passwords, "a NUL in \0 the middle", 21, "x@y.z", "X"),
	                 PAT_CORE_E_PASSWORD_BAD_CHARACTERS);
}

static void long_passwords_count_to_the_last_character(void **state)
{
	char text[PAT_PASSWORD_BYTES_MAX + 2];
	char phc[PAT_PHC_BYTES_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i * 7 % 26);
	assert_int_equal(pat_password_check(passwords, text, PAT_PASSWORD_BYTES_MAX, "x@y.z", "X"),
	                 0);
	assert_int_equal(
		pat_password_check(passwords, text, PAT_PASSWORD_BYTES_MAX + 1, "x@y.z", "X"),
		PAT_CORE_E_PASSWORD_TOO_LONG);
	assert_int_equal(pat_password_hash(passwords, false, text, 512, phc), 0);
	assert_int_equal(strncmp(phc, "$argon2id$v=19$m=8192,t=1,p=1$", 30), 0);
	assert_int_equal(pat_password_verify(passwords, false, text, 512, phc), 0);
	text[511] ^= 1;
	assert_int_equal(pat_password_verify(passwords, false, text, 512, phc),
	                 PAT_CORE_E_CREDENTIALS);
	assert_int_equal(pat_password_verify(passwords, false, text, 511, phc),
	                 PAT_CORE_E_CREDENTIALS);
	assert_int_equal(pat_password_verify(passwords, false, text, 511, NULL),
	                 PAT_CORE_E_CREDENTIALS);
	assert_false(pat_password_outdated(passwords, phc));
	assert_true(pat_password_outdated(passwords,
	                                  "$argon2id$v=19$m=4096,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$"
	                                  "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI"));
}

struct storm {
	_Atomic int busy;
	_Atomic int judged;
};

static void *storm_one(void *arg)
{
	struct storm *storm = arg;
	int r = pat_password_verify(passwords, false, "whatever", 8, NULL);

	atomic_fetch_add(r == -EBUSY ? &storm->busy : &storm->judged, 1);
	return NULL;
}

/* AUT-06: more hashes than hands and waiting places are refused at once, the rest are all done. */
static void a_storm_is_bounded(void **state)
{
	struct storm storm = { 0 };
	pthread_t threads[64];

	(void)state;
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, storm_one, &storm), 0);
	for (size_t i = 0; i < 64; i++)
		(void)pthread_join(threads[i], NULL);
	assert_int_equal(storm.busy + storm.judged, 64);
	assert_true(storm.judged >= 4);
	assert_int_equal(pat_password_verify(passwords, false, "whatever", 8, NULL),
	                 PAT_CORE_E_CREDENTIALS);
}

/* Strangers without end, and one who is known: he always finds a place, and waits for a hand, not for them. */

#define CROWD_MAX 400 /* then they give up, so that somebody they do shut out is seen to be */

struct crowd {
	struct pat_password *password;
	_Atomic bool over;
	_Atomic int turned_away;
	_Atomic int judged;
};

static void *crowd_one(void *arg)
{
	struct crowd *crowd = arg;

	while (!atomic_load(&crowd->over) && atomic_load(&crowd->judged) < CROWD_MAX) {
		int r = pat_password_verify(crowd->password, false, "whatever", 8, NULL);

		atomic_fetch_add(r == -EBUSY ? &crowd->turned_away : &crowd->judged, 1);
		if (r == -EBUSY)
			(void)usleep(200);
	}
	return NULL;
}

static void strangers_do_not_shut_out_who_is_known(void **state)
{
	enum {
		STRANGERS = 40,
		ROUNDS = 20
	};
	struct pat_password_config config = {
		.memory_kib = 8192, .passes = 1, .parallel = 1, .waiting = 8
	};
	struct crowd crowd = { 0 };
	pthread_t threads[STRANGERS];
	struct pat_err err;
	int judged_meanwhile = 0;

	(void)state;
	assert_int_equal(pat_password_new(&config, &crowd.password, &err), 0);
	for (size_t i = 0; i < STRANGERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, crowd_one, &crowd), 0);
	while (atomic_load(&crowd.turned_away) < 100)
		(void)usleep(100);
	for (int i = 0; i < ROUNDS; i++) {
		int before = atomic_load(&crowd.judged);

		assert_int_equal(pat_password_verify(crowd.password, true, "whatever", 8, NULL),
		                 PAT_CORE_E_CREDENTIALS);
		judged_meanwhile += atomic_load(&crowd.judged) - before;
	}
	atomic_store(&crowd.over, true);
	for (size_t i = 0; i < STRANGERS; i++)
		(void)pthread_join(threads[i], NULL);
	/* One was at work each time; six were waiting. */
	if (judged_meanwhile > 3 * ROUNDS)
		fail_msg("%d strangers came first", judged_meanwhile);
	pat_password_free(crowd.password);
}

/* ---- The catalogue. */

static int load_text(const char *text, struct pat_err *err)
{
	char path[64];
	struct pat_catalogue *c = NULL;

	(void)snprintf(path, sizeof(path), "/dev/shm/patd-test-XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
	int r = pat_catalogue_load(path, &c, err);
	if (r == 0)
		pat_catalogue_free(c);
	(void)unlink(path);
	return r;
}

static void a_catalogue_is_read_or_explained(void **state)
{
	struct pat_catalogue *c = NULL;
	struct pat_err err = { { 0 } };

	(void)state;
	assert_int_equal(pat_catalogue_load(PAT_TEST_SCOPES, &c, &err), 0);
	assert_true(c->n >= 19);
	assert_non_null(pat_catalogue_find(c, "current_user:read"));
	assert_true(pat_catalogue_find(c, "file_comments:write")->writes);
	assert_false(pat_catalogue_find(c, "file_comments:read")->writes);
	assert_null(pat_catalogue_find(c, "files:read"));
	assert_null(pat_catalogue_find(c, ""));
	pat_catalogue_free(c);

	assert_int_equal(
		load_text(
			"{\"scopes\":[{\"scope\":\"a\",\"description\":\"b\",\"category\":\"c\"}]}",
			&err),
		0);
	assert_int_equal(load_text("{\"scopes\":[]}", &err), -EINVAL);
	assert_int_equal(load_text("{", &err), -EINVAL);
	assert_non_null(strstr(err.text, "line 1"));
	assert_int_equal(load_text("{\"scopes\":[{\"scope\":\"a\",\"category\":\"c\"}]}", &err),
	                 -EINVAL);
	assert_non_null(strstr(err.text, "scope number 1"));
	assert_int_equal(
		load_text(
			"{\"scopes\":[{\"scope\":\"a b\",\"description\":\"b\",\"category\":\"c\"}]}",
			&err),
		-EINVAL);
	assert_int_equal(
		load_text("{\"scopes\":[{\"scope\":\"a\",\"description\":\"b\",\"category\":\"c\"},"
	                  "{\"scope\":\"a\",\"description\":\"b\",\"category\":\"c\"}]}",
	                  &err),
		-EINVAL);
	assert_non_null(strstr(err.text, "twice"));
	assert_int_equal(pat_catalogue_load("/nonexistent", &c, &err), -EINVAL);
}

/* ---- Where people are sent back to. */

static void an_origin_is_one_spelling(void **state)
{
	static const char *const good[] = {
		"https://shop.example",  "http://127.0.0.1:9000", "https://[::1]:9000",
		"http://localhost:8080", "https://a-b.c_d.e:1",   "https://[2001:db8::1]",
		"http://shop:443",       "https://shop:80",       "https://shop.example:65535",
	};
	static const char *const bad[] = {
		"",
		"shop.example",
		"https://",
		"https:///",
		"https:shop.example",
		"https://shop.example/",
		"https://shop.example?",
		"https://shop.example#",
		"https://Shop.example",
		"HTTPS://shop.example",
		"ftp://shop.example",
		"javascript://shop.example",
		"https://user@shop.example",
		"https://shop.example:",
		"https://shop.example:0",
		"https://shop.example:080",
		"https://shop.example:443",
		"http://shop.example:80",
		"https://shop.example:65536",
		"https://shop.example:999999",
		"https://shop.example:1x",
		"https://shop.example:1 https://b",
		"https://*.example",
		"https://shop.example ",
		" https://shop.example",
		"https://[::1",
		"https://[]",
		"https://[::1]x",
		"https://[zz]",
		"https://.example",
		"https://-a",
		"https://a\\b",
		"https://a%2eb",
		"https://\xc3\xa9",
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(good); i++)
		if (!pat_target_origin_ok(good[i]))
			fail_msg("%s is an origin", good[i]);
	for (size_t i = 0; i < PAT_ARRAY_LEN(bad); i++)
		if (pat_target_origin_ok(bad[i]))
			fail_msg("%s is no origin", bad[i]);
}

static void an_address_is_on_one_of_the_origins(void **state)
{
	static const char origins[] = "https://shop.example http://127.0.0.1:9000";
	static const char *const good[] = {
		"https://shop.example",        "https://shop.example/",
		"https://shop.example?a",      "https://shop.example#a",
		"http://127.0.0.1:9000/a?b#c", "https://shop.example/@evil",
		"https://shop.example//x",
	};
	static const char *const bad[] = {
		"",
		"https://shop.exampl",
		"https://shop.example.evil",
		"https://shop.example@evil",
		"https://shop.example:1",
		"https://shop.example\\evil",
		"https://shop.example/\\evil",
		"https://shop.example/ a",
		"https://shop.example/\n",
		"https://shop.example/\x7f",
		"https://shop.example/\xc3\xa9",
		"http://shop.example/",
		"http://127.0.0.1:90000",
		"http://127.0.0.1:900",
		"https://shop.example http://127.0.0.1:9000",
		" ",
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(good); i++)
		if (!pat_target_ok(origins, good[i]))
			fail_msg("%s is on an origin", good[i]);
	for (size_t i = 0; i < PAT_ARRAY_LEN(bad); i++)
		if (pat_target_ok(origins, bad[i]))
			fail_msg("%s is on no origin", bad[i]);
	assert_false(pat_target_ok("", "https://shop.example/"));
	assert_false(pat_target_ok("", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wait_is_not_washed_out_with_other_names),
		cmocka_unit_test(a_guesser_waits_ever_longer),
		cmocka_unit_test(counters_that_meet_are_told_apart),
		cmocka_unit_test(success_starts_afresh_and_undo_takes_back),
		cmocka_unit_test(an_account_attacked_from_everywhere_stays_open_to_its_owner),
		cmocka_unit_test(an_ipv6_customer_is_one_address),
		cmocka_unit_test(an_allowance_is_per_window),
		cmocka_unit_test(passwords_are_judged_by_length_and_blocklist),
		cmocka_unit_test(long_passwords_count_to_the_last_character),
		cmocka_unit_test(a_storm_is_bounded),
		cmocka_unit_test(strangers_do_not_shut_out_who_is_known),
		cmocka_unit_test(a_catalogue_is_read_or_explained),
		cmocka_unit_test(an_origin_is_one_spelling),
		cmocka_unit_test(an_address_is_on_one_of_the_origins),
	};
	struct pat_err err;
	struct pat_password_config config = { .memory_kib = 8192,
		                              .passes = 1,
		                              .parallel = 2,
		                              .waiting = 2,
		                              .common_file = PAT_TEST_PASSWORDS };

	assert_true(sodium_init() >= 0);
	assert_int_equal(pat_password_new(&config, &passwords, &err), 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	pat_password_free(passwords);
	return failed;
}
