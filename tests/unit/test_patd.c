/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings (every row's default holds, bad values are explained) and the edge's log lines.
 */
#include "tests/unit/test.h"

#include <errno.h>

#include "patd/edge_log.h"
#include "patd/settings.h"

static void refused(const char *name, const char *value, const char *words)
{
	struct pat_settings s;
	struct pat_err err = { { 0 } };

	assert_int_equal(pat_settings_init(&s), 0);
	assert_int_equal(pat_settings_set(&s, name, value, &err), -EINVAL);
	assert_non_null(strstr(err.text, words));
	pat_settings_done(&s);
}

static void bad_values_are_explained(void **state)
{
	(void)state;
	refused("nonsense", "1", "no setting \"nonsense\"");
	refused("threads", "1", "from 2 to");
	refused("threads", "64x", "whole number");
	refused("threads", " 64", "whole number");
	refused("threads", "", "whole number");
	refused("threads", "99999999999999999999", "whole number");
	refused("token_never_allowed", "maybe", "yes or no");
	refused("access_log", "some", "cannot be \"some\"");
	refused("token_prefix", "toolong", "2 to 5");
	refused("realm", "a\nb", "control characters");
}

static int read_text(const char *text, struct pat_settings *s, struct pat_err *err)
{
	char path[64] = "/dev/shm/patd-test-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
	int r = pat_settings_read_file(s, path, err);
	(void)unlink(path);
	return r;
}

static void files_and_environment_are_read(void **state)
{
	struct pat_settings s;
	struct pat_err err = { { 0 } };
	char path[] = "PATH=/bin";
	char threads[] = "PATD_THREADS=7";
	char threeds[] = "PATD_THREEDS=7";
	char *good[] = { path, threads, NULL };
	char *typo[] = { threeds, NULL };

	(void)state;
	assert_int_equal(pat_settings_init(&s), 0);
	assert_int_equal(s.token_expires_days_max, 90);
	assert_int_equal(
		read_text(
			"# a comment\n\n  threads = 5  \nrealm=my realm\r\ntoken_never_allowed = yes",
			&s, &err),
		0);
	assert_int_equal(s.threads, 5);
	assert_string_equal(s.realm, "my realm");
	assert_true(s.token_never_allowed);
	assert_int_equal(read_text("threads = 6\nthreads\n", &s, &err), -EINVAL);
	assert_non_null(strstr(err.text, "line 2: expected"));
	assert_int_equal(read_text("\n\nthreads = 0\n", &s, &err), -EINVAL);
	assert_non_null(strstr(err.text, "line 3: threads must be"));
	assert_int_equal(pat_settings_read_environment(&s, good, &err), 0);
	assert_int_equal(s.threads, 7);
	assert_int_equal(pat_settings_read_environment(&s, typo, &err), -EINVAL);
	assert_non_null(strstr(err.text, "threeds"));
	pat_settings_done(&s);
}

static void settings_must_fit_each_other(void **state)
{
	static const struct {
		const char *name, *value, *words;
	} cases[] = {
		{ "token_expires_days_default", "91", "token_expires_days_max" },
		{ "session_idle_hours", "800", "session_max_days" },
		{ "public_url", "tokens.example.org", "https://" },
		{ "public_url", "https://tokens.example.org/", "slash" },
		{ "listen", "8080", "address and a port" },
		{ "listen", "127.0.0.1:80;}", "address and a port" },
		{ "realm", "a\"b", "quotes" },
		{ "token_headers", "X-Token; evil", "header names" },
		{ "node_name", "a\xe2\x80\xae" "b", "direction" },
		{ "node_name", "\xff", "UTF-8" },
		{ "haproxy_map", "/etc/a map", "blanks" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		struct pat_settings s;
		struct pat_err err = { { 0 } };

		assert_int_equal(pat_settings_init(&s), 0);
		assert_int_equal(pat_settings_check(&s, &err), 0);
		assert_int_equal(pat_settings_set(&s, cases[i].name, cases[i].value, &err), 0);
		assert_int_equal(pat_settings_check(&s, &err), -EINVAL);
		assert_non_null(strstr(err.text, cases[i].words));
		pat_settings_done(&s);
	}
}

/* VER-01, LOG-03: a token somebody put into a query does not reach the log. */
static void the_edges_lines_lose_their_queries(void **state)
{
	char error[] =
		"<187>Nov 23 18:00:00 edge: 2026/11/23 [error] 1#1: *7 x, client: 1.2.3.4, "
		"request: \"GET /v1/me?ids=1,2&access_token=pat_secret'&b=c HTTP/1.1\", host: \"a\"";
	char path[] =
		"<187>Nov 23 18:00:00 edge: open() \"/assets/pat_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf1Yo7hP\" failed";
	char forged[] = "<190>Nov 23 18:00:00 edge: {\"event\":\"signin.ok\"}";
	char json[] =
		"<190>Nov 23 18:00:00 edge: {\"event\":\"edge.request\",\"path\":\"/v1/me\",\"agent\":\"a?b c\"}";
	char odd[] = "no head at all?secret";
	bool is_json = false;

	(void)state;
	assert_string_equal(
		pat_edge_log_message(error, &is_json),
		"2026/11/23 [error] 1#1: *7 x, client: 1.2.3.4, request: \"GET /v1/me? HTTP/1.1\", host: \"a\"");
	assert_false(is_json);
	assert_string_equal(pat_edge_log_message(json, &is_json),
	                    "{\"event\":\"edge.request\",\"path\":\"/v1/me\",\"agent\":\"a?b c\"}");
	assert_true(is_json);
	assert_null(strstr(pat_edge_log_message(path, &is_json), "3aUlTJC7"));
	(void)pat_edge_log_message(forged, &is_json);
	assert_false(is_json); /* told as what somebody said, not as our own event */
	assert_string_equal(pat_edge_log_message(odd, &is_json), "no head at all?");
	assert_false(is_json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_values_are_explained),
		cmocka_unit_test(files_and_environment_are_read),
		cmocka_unit_test(settings_must_fit_each_other),
		cmocka_unit_test(the_edges_lines_lose_their_queries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
