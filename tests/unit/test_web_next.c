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
		cmocka_unit_test(long_targets_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
