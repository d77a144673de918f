/* SPDX-License-Identifier: Apache-2.0
 *
 * WEB-08: what ?next= may be. Each payload is given as it stands in the query; the answer is where the
 * browser is sent.
 */
#include "tests/unit/test_web.h"

#include "web/next.h"

static const struct {
	const char *query;
	const char *target;
} cases[] = {
	/* Paths of ours. */
	{ "next=/", "/" },
	{ "next=/settings/security", "/settings/security" },
	{ "next=%2Fsettings%2Faccount", "/settings/account" },
	{ "a=b&next=/settings/security&c=d", "/settings/security" },
	{ "next=/settings/security%3Fstate%3Dlive%26limit%3D5",
	  "/settings/security?state=live&limit=5" },
	{ "next=/a%2520b", "/a%20b" },
	{ "next=/@evil.example", "/@evil.example" },
	{ "next=/a//b", "/a//b" },
	{ "next=/http://evil.example", "/http://evil.example" },
	{ "next=/.//evil.example", "/.//evil.example" },
	{ "next=/%252F/evil.example", "/%2F/evil.example" },
	/* Nothing, or not readable. */
	{ "", "/" },
	{ "next", "/" },
	{ "next=", "/" },
	{ "Next=/settings/security", "/" },
	{ "next=/a&next=/b", "/" },
	{ "next=/a&next=//evil.example", "/" },
	{ "next=/%", "/" },
	{ "next=/%zz", "/" },
	{ "next=/%2", "/" },
	{ "next=/a%00b", "/" },
	/* Other hosts and other schemes. */
	{ "next=//evil.example", "/" },
	{ "next=///evil.example", "/" },
	{ "next=%2F%2Fevil.example", "/" },
	{ "next=/%2Fevil.example", "/" },
	{ "next=/%5Cevil.example", "/" },
	{ "next=/\\evil.example", "/" },
	{ "next=\\\\evil.example", "/" },
	{ "next=%5C/evil.example", "/" },
	{ "next=/a/%5C..%5C..%5Cevil.example", "/" },
	{ "next=http://evil.example", "/" },
	{ "next=HTTPS://evil.example/", "/" },
	{ "next=http:/evil.example", "/" },
	{ "next=http:evil.example", "/" },
	{ "next=javascript:alert(1)", "/" },
	{ "next=JaVaScRiPt:alert(1)//", "/" },
	{ "next=data:text/html,x", "/" },
	{ "next=vbscript:x", "/" },
	{ "next=evil.example", "/" },
	{ "next=@evil.example", "/" },
	{ "next=.evil.example", "/" },
	{ "next=?x", "/" },
	{ "next=%23x", "/" },
	/* Bytes that browsers drop or that would end the header. */
	{ "next=/%09/evil.example", "/" },
	{ "next=%09//evil.example", "/" },
	{ "next=/%0a/evil.example", "/" },
	{ "next=/%0d%0aSet-Cookie:%20a=b", "/" },
	{ "next=/%0D%0A%0D%0A<script>", "/" },
	{ "next=%20/a", "/" },
	{ "next=+//evil.example", "/" },
	{ "next=/a+b", "/" },
	{ "next=/%01", "/" },
	{ "next=/%7f", "/" },
	{ "next=/%1b[31m", "/" },
	/* Look-alikes of the slash, and other bytes that are not ASCII. */
	{ "next=/%EF%BC%8Fevil.example", "/" },
	{ "next=%E2%81%84/evil.example", "/" },
	{ "next=/%C0%AFevil.example", "/" },
	{ "next=/%E3%80%82evil.example", "/" },
	{ "next=/%FF", "/" },
};

static void only_paths_of_ours_are_targets(void **state)
{
	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		const char *const pairs[] = { "QUERY_STRING", cases[i].query, NULL };
		pat_cleanup(test_request_done) struct test_request t;
		char next[PAT_NEXT_BYTES_MAX + 1];

		test_request_init(&t, pairs, NULL, NULL);
		pat_next_get(&t.request, next);
		if (strcmp(next, cases[i].target) != 0)
			fail_msg("%s leads to %s", cases[i].query, next);
	}
}

static void a_page_is_named_with_its_query(void **state)
{
	static const struct {
		const char *path;
		const char *query;
		const char *value;
	} pages[] = {
		{ "/settings/security", "", "/settings/security" },
		{ "/settings/security", "name=CI%20export&scopes=a:b,c",
		  "/settings/security%3Fname%3DCI%2520export%26scopes%3Da%3Ab%2Cc" },
		{ "/", "x=//evil.example#y", "/%3Fx%3D//evil.example%23y" },
		{ "/settings/security", "a=\"<'>", "/settings/security%3Fa%3D%22%3C%27%3E" },
		{ "/settings/security", "~._-/", "/settings/security%3F~._-/" },
		/* Would lead home: rather without. */
		{ "/settings/security", "a=b c", "/settings/security" },
		{ "/settings/security", "a=\\", "/settings/security" },
		{ "/settings/security", "a=\xc3\xa9", "/settings/security" },
		{ "/settings/security", "a=\r\nX:1", "/settings/security" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(pages); i++) {
		const char *const pairs[] = { "DOCUMENT_URI", pages[i].path, "QUERY_STRING",
			                      pages[i].query, NULL };
		pat_cleanup(test_request_done) struct test_request t;
		pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };

		test_request_init(&t, pairs, NULL, NULL);
		pat_buf_init(&out, 4096);
		pat_next_add(&t.request, &out);
		assert_string_equal(pat_buf_str(&out), pages[i].value);
	}
}

/* The longest that would be followed, and one more. */
static void a_long_query_is_left_out(void **state)
{
	char query[PAT_NEXT_BYTES_MAX];

	(void)state;
	for (size_t over = 0; over < 2; over++) {
		const char *const pairs[] = { "DOCUMENT_URI", "/", "QUERY_STRING", query, NULL };
		pat_cleanup(test_request_done) struct test_request t;
		pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };
		size_t len = PAT_NEXT_BYTES_MAX - 2 + over;

		memset(query, '&', len);
		query[len] = '\0';
		test_request_init(&t, pairs, NULL, NULL);
		pat_buf_init(&out, 4096);
		pat_next_add(&t.request, &out);
		assert_int_equal(out.len, over ? 1 : 1 + 3 + 3 * len);
	}
}

static void long_targets_are_refused(void **state)
{
	char text[PAT_NEXT_BYTES_MAX + 2];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	text[PAT_NEXT_BYTES_MAX] = '\0';
	assert_true(pat_next_ok(text));
	text[PAT_NEXT_BYTES_MAX] = 'a';
	text[PAT_NEXT_BYTES_MAX + 1] = '\0';
	assert_false(pat_next_ok(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_paths_of_ours_are_targets),
		cmocka_unit_test(a_page_is_named_with_its_query),
		cmocka_unit_test(a_long_query_is_left_out),
		cmocka_unit_test(long_targets_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
