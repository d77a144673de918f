/* SPDX-License-Identifier: Apache-2.0
 *
 * What of a request is believed, how headers and queries are looked up, and that no value breaks out of
 * an answer's head.
 */
#include "tests/unit/test_web.h"

#include <errno.h>

#include "base/crypto.h"
#include "web/cookie.h"

#define COOKIE_A "0123456789012345678901234567890123456789abc"
#define COOKIE_B "zzzzzzzzzz012345678901234567890123456789abc"

static void only_nginx_says_who_calls(void **state)
{
	static const char *const gated[] = { "PATD_ENTRY", "product", "PAT_USER",      "7",
		                             "PAT_SCOPES", "a b",     "HTTP_PAT_USER", "1",
		                             NULL };
	static const char *const forged[] = { "PATD_ENTRY",
		                              "product",
		                              "HTTP_PAT_USER",
		                              "1",
		                              "HTTP_PATD_ENTRY",
		                              "health",
		                              "HTTP_X_PAT_USER",
		                              "1",
		                              NULL };
	static const char *const elsewhere[] = { "PATD_ENTRY", "pages", "PAT_USER", "7",
		                                 "PAT_SCOPES", "a",     NULL };
	pat_cleanup(test_request_done) struct test_request one;
	pat_cleanup(test_request_done) struct test_request two;
	pat_cleanup(test_request_done) struct test_request three;

	(void)state;
	test_request_init(&one, gated, NULL, NULL);
	assert_string_equal(one.request.user, "7");
	assert_string_equal(one.request.scopes, "a b");
	test_request_init(&two, forged, NULL, NULL);
	assert_int_equal(two.request.entry, PAT_ENTRY_PRODUCT);
	assert_string_equal(two.request.user, "");
	test_request_init(&three, elsewhere, NULL, NULL);
	assert_string_equal(three.request.user, "");
	assert_string_equal(three.request.scopes, "");
}

static void unfit_texts_are_left_out(void **state)
{
	static const char *const pairs[] = { "REQUEST_METHOD",
		                             "GET /",
		                             "HTTP_HOST",
		                             "a/b",
		                             "REMOTE_ADDR",
		                             "1.2.3.4\n",
		                             "REQUEST_ID",
		                             "x\"y",
		                             "PATD_ENTRY",
		                             "API",
		                             "REQUEST_SCHEME",
		                             "gopher",
		                             "HTTP_USER_AGENT",
		                             "a\tb\xc3\xa9",
		                             NULL };
	pat_cleanup(test_request_done) struct test_request t;

	(void)state;
	test_request_init(&t, pairs, NULL, NULL);
	assert_string_equal(t.request.method, "");
	assert_string_equal(t.request.host, "");
	assert_string_equal(t.request.address, "");
	assert_string_equal(t.request.request_id, "");
	assert_int_equal(t.request.entry, PAT_ENTRY_NONE);
	assert_string_equal(t.request.scheme, "http");
	assert_string_equal(t.request.agent, "a?b??");
}

static void an_agent_is_cut(void **state)
{
	char agent[600];
	const char *const pairs[] = { "HTTP_USER_AGENT", agent, NULL };
	pat_cleanup(test_request_done) struct test_request t;

	(void)state;
	memset(agent, 'x', sizeof(agent) - 1);
	agent[sizeof(agent) - 1] = '\0';
	test_request_init(&t, pairs, NULL, NULL);
	assert_int_equal(strlen(t.request.agent), PAT_AGENT_BYTES_MAX);
}

static void https_is_seen_behind_a_proxy_too(void **state)
{
	static const struct {
		const char *scheme;
		const char *host;
		const char *public_url;
		const char *result;
	} cases[] = {
		{ "http", "pat.example", NULL, "http" },
		{ "https", "pat.example", NULL, "https" },
		{ "http", "pat.example", "https://pat.example", "https" },
		{ "http", "PAT.example", "https://pat.example", "https" },
		{ "http", "127.0.0.1:8080", "https://pat.example", "http" },
		{ "http", "pat.example", "http://pat.example", "http" },
		{ "http", "pat.example.evil", "https://pat.example", "http" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		const char *const pairs[] = { "REQUEST_SCHEME", cases[i].scheme, "HTTP_HOST",
			                      cases[i].host, NULL };
		pat_cleanup(test_request_done) struct test_request t;

		test_request_init(&t, pairs, NULL, cases[i].public_url);
		assert_string_equal(t.request.scheme, cases[i].result);
	}
}

static void headers_know_when_they_came_twice(void **state)
{
	static const char *const pairs[] = {
		"HTTP_ONE", "1", "HTTP_TWO", "1", "HTTP_TWO", "1", NULL
	};
	pat_cleanup(test_request_done) struct test_request t;
	const char *value = NULL;

	(void)state;
	test_request_init(&t, pairs, NULL, NULL);
	assert_int_equal(pat_request_header(&t.request, "HTTP_NONE", &value), PAT_HEADER_NONE);
	assert_int_equal(pat_request_header(&t.request, "HTTP_ONE", &value), PAT_HEADER_ONE);
	assert_string_equal(value, "1");
	assert_int_equal(pat_request_header(&t.request, "HTTP_TWO", &value), PAT_HEADER_MANY);
}

static void json_is_declared(void **state)
{
	static const struct {
		const char *type;
		bool json;
	} cases[] = {
		{ "application/json", true },
		{ "Application/JSON; charset=utf-8", true },
		{ "application/json ;x", true },
		{ "application/jsonx", false },
		{ "application/json-patch+json", false },
		{ "text/plain", false },
		{ "application/x-www-form-urlencoded", false },
		{ "", false },
		{ "multipart/form-data; application/json", false },
		{ " application/json", false },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		const char *const pairs[] = { "CONTENT_TYPE", cases[i].type, NULL };
		pat_cleanup(test_request_done) struct test_request t;

		test_request_init(&t, pairs, NULL, NULL);
		assert_int_equal(pat_request_is_json(&t.request), cases[i].json);
	}
}

static void queries_are_read(void **state)
{
	static const struct {
		const char *query;
		int result;
		const char *value;
	} cases[] = {
		{ "", 0, "" },
		{ "b=1", 0, "" },
		{ "ab=1", 0, "" },
		{ "a=1", 1, "1" },
		{ "a", 1, "" },
		{ "a=", 1, "" },
		{ "&&b=2&a=x%20y+z&", 1, "x y z" },
		{ "a=1=2", 1, "1=2" },
		{ "a=%41%7a", 1, "Az" },
		{ "a=1&a=1", -EINVAL, "" },
		{ "a=%4", -EINVAL, "" },
		{ "a=%", -EINVAL, "" },
		{ "a=%g0", -EINVAL, "" },
		{ "a=%00", -EINVAL, "" },
		{ "a=12345678901234567", -EINVAL, "" }, /* more than fits */
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		const char *const pairs[] = { "QUERY_STRING", cases[i].query, NULL };
		pat_cleanup(test_request_done) struct test_request t;
		char value[16] = "";

		test_request_init(&t, pairs, NULL, NULL);
		assert_int_equal(pat_request_query(&t.request, "a", value, sizeof(value)),
		                 cases[i].result);
		if (cases[i].result == 1)
			assert_string_equal(value, cases[i].value);
	}
}

static void unknown_parameters_are_found(void **state)
{
	static const char *const known[] = { "limit", "state", NULL };
	static const char *const good[] = { "QUERY_STRING", "state=live&limit=1&&", NULL };
	static const char *const bad[] = { "QUERY_STRING", "state=live&limits=1", NULL };
	pat_cleanup(test_request_done) struct test_request one;
	pat_cleanup(test_request_done) struct test_request two;
	const char *name = NULL;
	size_t len = 0;

	(void)state;
	test_request_init(&one, good, NULL, NULL);
	assert_false(pat_request_query_unknown(&one.request, known, &name, &len));
	test_request_init(&two, bad, NULL, NULL);
	assert_true(pat_request_query_unknown(&two.request, known, &name, &len));
	assert_int_equal(len, 6);
	assert_memory_equal(name, "limits", 6);
}

static void numbers_have_one_spelling(void **state)
{
	static const char *const bad[] = { "",        "0",   "01", "-1",
		                           "+1",      " 1",  "1 ", "1.0",
		                           "1e3",     "0x1", "a",  "1000000000000000000",
		                           "\xd9\xa1" };
	int64_t number = 0;

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(bad); i++)
		assert_false(pat_http_number(bad[i], &number));
	assert_true(pat_http_number("999999999999999999", &number));
	assert_int_equal(number, 999999999999999999);
}

static void cookies_are_found(void **state)
{
	static const struct {
		const char *first;
		const char *second; /* another Cookie header */
		const char *scheme;
		const char *value; /* NULL: no session */
	} cases[] = {
		{ "patd_session=" COOKIE_A, NULL, "http", COOKIE_A },
		{ "a=b; patd_session=" COOKIE_A "; c=d", NULL, "http", COOKIE_A },
		{ "a=b;patd_session=" COOKIE_A, NULL, "http", COOKIE_A },
		{ "a=b", "patd_session=" COOKIE_A, "http", COOKIE_A },
		{ "__Host-patd_session=" COOKIE_A, NULL, "https", COOKIE_A },
		{ "__Host-patd_session=" COOKIE_A "; patd_session=" COOKIE_B, NULL, "https",
		  COOKIE_A },
		{ "", NULL, "http", NULL },
		{ ";;;= ;", NULL, "http", NULL },
		{ "patd_session", NULL, "http", NULL },
		{ "patd_session=", NULL, "http", NULL },
		{ "patd_session=short", NULL, "http", NULL },
		{ "patd_session=" COOKIE_A "x", NULL, "http", NULL },
		{ "patd_session=\"" COOKIE_A "\"", NULL, "http", NULL },
		{ "xpatd_session=" COOKIE_A, NULL, "http", NULL },
		{ "Patd_session=" COOKIE_A, NULL, "http", NULL },
		{ "patd_session=" COOKIE_A, NULL, "https", NULL }, /* a cookie of plain http */
		{ "__Host-patd_session=" COOKIE_A, NULL, "http", NULL },
		{ "patd_session=" COOKIE_A "; patd_session=" COOKIE_B, NULL, "http", NULL },
		{ "patd_session=" COOKIE_A "; patd_session=" COOKIE_A, NULL, "http", NULL },
		{ "patd_session=" COOKIE_A "; patd_session=", NULL, "http", NULL },
		{ "patd_session=" COOKIE_A, "patd_session=" COOKIE_B, "http", NULL },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		const char *const pairs[] = { "REQUEST_SCHEME",
			                      cases[i].scheme,
			                      "HTTP_COOKIE",
			                      cases[i].first,
			                      cases[i].second ? "HTTP_COOKIE" : NULL,
			                      cases[i].second,
			                      NULL };
		pat_cleanup(test_request_done) struct test_request t;
		const char *value = NULL;
		size_t len = 0;

		test_request_init(&t, pairs, NULL, NULL);
		bool found = pat_cookie_get(&t.request, &value, &len);
		if (found != (cases[i].value != NULL) ||
		    (found && strncmp(value, cases[i].value, len) != 0))
			fail_msg("case %zu", i);
	}
}

static void cookies_are_set_with_all_their_attributes(void **state)
{
	static const char *const http[] = { "REQUEST_SCHEME", "http", NULL };
	static const char *const https[] = { "REQUEST_SCHEME", "https", NULL };
	pat_cleanup(test_request_done) struct test_request plain;
	pat_cleanup(test_request_done) struct test_request tls;
	pat_cleanup(pat_response_done) struct pat_response response = { 0 };
	struct pat_secret cookie = { .text = COOKIE_A, .len = 43 };

	(void)state;
	test_request_init(&plain, http, NULL, NULL);
	test_request_init(&tls, https, NULL, NULL);
	pat_response_init(&response);
	pat_cookie_set(&plain.request, &response, &cookie, 60);
	pat_cookie_set(&tls.request, &response, &cookie, 60);
	pat_cookie_clear(&tls.request, &response);
	assert_string_equal(
		pat_buf_str(&response.head),
		"Set-Cookie: patd_session=" COOKIE_A
		"; Path=/; Max-Age=60; HttpOnly; SameSite=Strict\r\n"
		"Set-Cookie: __Host-patd_session=" COOKIE_A
		"; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure\r\n"
		"Set-Cookie: __Host-patd_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure\r\n");
}

static void no_value_breaks_out_of_the_head(void **state)
{
	static const struct {
		const char *name;
		const char *value;
		int result;
	} cases[] = {
		{ "X-Good", "a b,c;d=\"e\"", 0 },
		{ "X-Good", "", 0 },
		{ "X", "a\r\nSet-Cookie: x=y", -EINVAL },
		{ "X", "a\nb", -EINVAL },
		{ "X", "a\rb", -EINVAL },
		{ "X", "a\tb", -EINVAL },
		{ "X", "\x7f", -EINVAL },
		{ "X", "\xc3\xa9", -EINVAL },
		{ "X\r\nY", "a", -EINVAL },
		{ "X:", "a", -EINVAL },
		{ "X Y", "a", -EINVAL },
		{ "", "a", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(pat_response_done) struct pat_response response = { 0 };

		pat_response_init(&response);
		assert_int_equal(pat_response_header(&response, cases[i].name, cases[i].value),
		                 cases[i].result);
		assert_int_equal(pat_response_error(&response), cases[i].result);
		if (cases[i].result != 0)
			assert_int_equal(response.head.len, 0);
	}
}

static void a_head_is_written(void **state)
{
	pat_cleanup(pat_response_done) struct pat_response response = { 0 };
	pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };

	(void)state;
	pat_response_init(&response);
	pat_buf_init(&out, 1000);
	response.status = 404;
	assert_int_equal(pat_response_header(&response, "A", "b"), 0);
	assert_int_equal(pat_buf_add_str(&response.body, "12345"), 0);
	assert_int_equal(pat_response_head(&response, &out), 0);
	assert_string_equal(pat_buf_str(&out),
	                    "Status: 404 Not Found\r\nA: b\r\nContent-Length: 5\r\n\r\n");
	pat_response_clear(&response);
	pat_buf_clear(&out);
	response.status = 204;
	assert_int_equal(pat_response_head(&response, &out), 0);
	assert_string_equal(pat_buf_str(&out), "Status: 204 No Content\r\n\r\n");
	pat_buf_clear(&out);
	response.status = 304;
	assert_int_equal(pat_response_head(&response, &out), 0);
	assert_string_equal(pat_buf_str(&out), "Status: 304 Not Modified\r\n\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_nginx_says_who_calls),
		cmocka_unit_test(unfit_texts_are_left_out),
		cmocka_unit_test(an_agent_is_cut),
		cmocka_unit_test(https_is_seen_behind_a_proxy_too),
		cmocka_unit_test(headers_know_when_they_came_twice),
		cmocka_unit_test(json_is_declared),
		cmocka_unit_test(queries_are_read),
		cmocka_unit_test(unknown_parameters_are_found),
		cmocka_unit_test(numbers_have_one_spelling),
		cmocka_unit_test(cookies_are_found),
		cmocka_unit_test(cookies_are_set_with_all_their_attributes),
		cmocka_unit_test(no_value_breaks_out_of_the_head),
		cmocka_unit_test(a_head_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
