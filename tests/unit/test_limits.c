/* SPDX-License-Identifier: Apache-2.0
 *
 * What a token is limited to: networks, the words and their one spelling, the grant they are taken apart into, rates.
 */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "index/grant.h"
#include "index/rate.h"
#include "token/limits.h"
#include "token/subset.h"

static void networks_have_one_spelling(void **state)
{
	static const struct {
		const char *text;
		const char *canonical; /* NULL: refused */
	} cases[] = {
		{ "10.0.0.0/8", "10.0.0.0/8" },
		{ "192.0.2.7", "192.0.2.7/32" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "2001:DB8:0:0::/32", "2001:db8::/32" },
		{ "::1", "::1/128" },
		{ "::/0", "::/0" },
		{ "::ffff:192.0.2.0/120", "192.0.2.0/24" },
		{ "10.0.0.1/8", NULL },
		{ "10.0.0.0/33", NULL },
		{ "::/129", NULL },
		{ "10.0.0.0/", NULL },
		{ "10.0.0.0/08", NULL },
		{ "10.0.0.0/-1", NULL },
		{ "10.0.0", NULL },
		{ "010.0.0.0/8", NULL },
		{ "fe80::1%eth0", NULL },
		{ "[::1]", NULL },
		{ "", NULL },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999/128", NULL },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		struct pat_network n;
		char text[PAT_NETWORK_TEXT_MAX];
		int r = pat_network_parse(cases[i].text, strlen(cases[i].text), &n);

		if ((r == 0) != (cases[i].canonical != NULL))
			fail_msg("%s: %d", cases[i].text, r);
		if (r < 0)
			continue;
		pat_network_format(&n, text);
		assert_string_equal(text, cases[i].canonical);
	}
}

static bool inside(const char *network, const char *address)
{
	struct pat_network n;
	struct pat_address a;

	assert_int_equal(pat_network_parse(network, strlen(network), &n), 0);
	assert_int_equal(pat_address_parse(address, strlen(address), &a), 0);
	return pat_network_has(&n, &a);
}

static void an_address_is_inside_or_not(void **state)
{
	(void)state;
	assert_true(inside("10.0.0.0/8", "10.255.255.255"));
	assert_false(inside("10.0.0.0/8", "11.0.0.0"));
	assert_true(inside("192.0.2.128/25", "192.0.2.200"));
	assert_false(inside("192.0.2.128/25", "192.0.2.127"));
	assert_true(inside("192.0.2.1", "::ffff:192.0.2.1"));
	assert_false(inside("192.0.2.1", "192.0.2.2"));
	assert_true(inside("0.0.0.0/0", "255.1.2.3"));
	assert_false(inside("0.0.0.0/0", "2001:db8::1"));
	assert_true(inside("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(inside("2001:db8::/33", "2001:db8:8000::1"));
	assert_true(inside("::/0", "10.0.0.1"));
}

static void words_have_one_spelling(void **state)
{
	static const char *const good[] = { "aud=files",
		                            "aud=a-1",
		                            "net=10.0.0.0/8",
		                            "net=2001:db8::/32",
		                            "rate=1/1",
		                            "rate=1000000/86400",
		                            "res=files/file_key=abc",
		                            "res=files/file_key=abc*",
		                            "res=files/k=a%2Ab%20%3D",
		                            "res=a/k=:@-._~" };
	static const char *const bad[] = { "",
		                           "aud=",
		                           "aud=Files",
		                           "aud=1a",
		                           "aud=a_b",
		                           "net=10.0.0.0",
		                           "net=10.0.0.1/8",
		                           "net=2001:DB8::/32",
		                           "rate=0/1",
		                           "rate=1/0",
		                           "rate=01/1",
		                           "rate=1000001/1",
		                           "rate=1/86401",
		                           "rate=1",
		                           "rate=1/1/1",
		                           "res=files",
		                           "res=files/k",
		                           "res=files/k=",
		                           "res=files/k=*",
		                           "res=files/=a",
		                           "res=/k=a",
		                           "res=files/k=a*b",
		                           "res=files/k=a%2a",
		                           "res=files/k=%41",
		                           "res=files/k=%4",
		                           "res=files/k=a=b",
		                           "res=files/k=\xc3\xa9",
		                           "res=f/a/b=c",
		                           "what=1" };

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(good); i++) {
		struct pat_limit limit;
		char text[PAT_LIMIT_WORD_MAX];

		if (pat_limit_parse(good[i], strlen(good[i]), &limit) != 0)
			fail_msg("%s is refused", good[i]);
		pat_limit_format(&limit, text);
		assert_string_equal(text, good[i]);
	}
	for (size_t i = 0; i < PAT_ARRAY_LEN(bad); i++) {
		struct pat_limit limit;

		if (pat_limit_parse(bad[i], strlen(bad[i]), &limit) == 0)
			fail_msg("%s is accepted", bad[i]);
	}
}

static void a_text_is_canonical_or_nothing(void **state)
{
	static const char *const words[] = { "res=a/k=2", "aud=a", "rate=5/60", "net=10.0.0.0/8" };
	static const char *const twice[] = { "aud=a", "aud=a" };
	static const char *const rates[] = { "rate=1/1", "rate=2/1" };
	char text[PAT_LIMITS_TEXT_BYTES_MAX + 1];

	(void)state;
	assert_int_equal(pat_limits_canonical(words, PAT_ARRAY_LEN(words), text), 0);
	assert_string_equal(text, "aud=a net=10.0.0.0/8 rate=5/60 res=a/k=2");
	assert_int_equal(pat_limits_canonical(NULL, 0, text), 0);
	assert_string_equal(text, "");
	assert_int_equal(pat_limits_canonical(twice, 2, text), PAT_LIMITS_E_DUPLICATE);
	assert_int_equal(pat_limits_canonical(rates, 2, text), PAT_LIMITS_E_TOO_MANY);
	assert_int_equal(pat_limits_check("aud=b aud=a"), PAT_LIMITS_E_DUPLICATE);
	assert_true(pat_limits_any("aud=a rate=1/60", PAT_LIMIT_RATE));
	assert_false(
		pat_limits_any("res=shop/rate=5", PAT_LIMIT_RATE)); /* a parameter of that name */
	assert_false(pat_limits_any("", PAT_LIMIT_RATE));
	assert_int_equal(pat_limits_check("aud=a "), PAT_LIMITS_E_BAD_WORD);
	assert_int_equal(pat_limits_check(" aud=a"), PAT_LIMITS_E_BAD_WORD);
	assert_int_equal(pat_limits_check("aud=a  aud=b"), PAT_LIMITS_E_BAD_WORD);
	assert_int_equal(pat_limits_check("aud=a aud=ab"), 0);

	char name[200][16];
	const char *many[200];
	for (size_t i = 0; i < PAT_ARRAY_LEN(many); i++) {
		(void)snprintf(name[i], sizeof(name[i]), "aud=a%zu", i);
		many[i] = name[i];
	}
	assert_int_equal(pat_limits_canonical(many, PAT_LIMITS_MAX, text), 0);
	assert_int_equal(pat_limits_canonical(many, PAT_LIMITS_MAX + 1, text),
	                 PAT_LIMITS_E_TOO_MANY);
}

static struct pat_grant *grant_of(const char *scopes, const char *limits)
{
	uint64_t bits[2] = { 5, 1 };
	size_t bytes = pat_grant_bytes(scopes, limits, 2);
	struct pat_grant *g = calloc(1, bytes);

	assert_non_null(g);
	pat_grant_write(g, scopes, limits, bits, 2);
	assert_int_equal(g->bytes, bytes);
	assert_true(pat_grant_ok(g, bytes));
	assert_false(pat_grant_ok(g, bytes - 1));
	return g;
}

static void a_grant_says_what_its_words_say(void **state)
{
	struct pat_address at;
	struct pat_grant *g =
		grant_of("a:r b:w", "aud=docs aud=x net=10.0.0.0/8 rate=7/60 res=docs/k=1");

	(void)state;
	assert_memory_equal(pat_grant_text(g), "a:r b:w\naud=docs", 16);
	assert_int_equal(g->text_len, 7);
	assert_memory_equal(pat_grant_limits(g), "aud=docs aud=x", 14);
	assert_true(pat_grant_has(g, 0) && pat_grant_has(g, 2) && pat_grant_has(g, 64));
	assert_false(pat_grant_has(g, 1) || pat_grant_has(g, 65) || pat_grant_has(g, 128));
	assert_true(pat_grant_product_ok(g, "docs", 4) && pat_grant_product_ok(g, "x", 1));
	assert_false(pat_grant_product_ok(g, "doc", 3) || pat_grant_product_ok(g, "docsx", 5) ||
	             pat_grant_product_ok(g, NULL, 0));
	assert_int_equal(pat_address_parse("10.1.2.3", 8, &at), 0);
	assert_true(pat_grant_network_ok(g, &at));
	assert_int_equal(pat_address_parse("11.1.2.3", 8, &at), 0);
	assert_false(pat_grant_network_ok(g, &at) || pat_grant_network_ok(g, NULL));
	assert_int_equal(g->requests, 7);
	assert_int_equal(g->window_s, 60);
	/* Which resource it would be nobody knows. */
	assert_false(pat_grant_resources_ok(g, "docs", 4, NULL, NULL) ||
	             pat_grant_resources_ok(g, NULL, 0, NULL, NULL));
	assert_true(pat_grant_resources_ok(g, "x", 1, NULL, NULL));
	free(g);

	g = grant_of("a:r", "");
	assert_true(pat_grant_product_ok(g, NULL, 0) && pat_grant_network_ok(g, NULL) &&
	            pat_grant_resources_ok(g, NULL, 0, NULL, NULL));
	assert_int_equal(g->requests, 0);
	free(g);
}

/* Bytes that somebody else wrote lead nowhere outside the block. */
static void a_spoilt_grant_is_harmless(void **state)
{
	struct pat_grant *g = grant_of("a:r", "aud=docs net=10.0.0.0/8 res=docs/k=1 res=docs/k=2*");
	size_t bytes = g->bytes;
	uint8_t *spoilt = (uint8_t *)g;
	struct pat_address at = { { 1 } };

	(void)state;
	for (size_t i = 0; i < bytes; i++) {
		static const uint8_t by[] = { 0xff, 0x01, 0x80 };

		for (size_t k = 0; k < sizeof(by); k++) {
			spoilt[i] ^= by[k];
			if (pat_grant_ok(g, bytes)) {
				(void)pat_grant_product_ok(g, "docs", 4);
				(void)pat_grant_network_ok(g, &at);
				(void)pat_grant_resources_ok(g, "docs", 4, NULL, NULL);
				(void)pat_grant_has(g, 100);
			}
			spoilt[i] ^= by[k];
		}
	}
	free(g);
}

static void a_rate_is_n_in_a_window_and_then_evenly(void **state)
{
	const uint64_t s = 1000000000;
	_Atomic uint64_t word = 0;
	struct pat_rate rate = { .requests = 3, .window_s = 60 };
	uint64_t now = 1000 * s;

	(void)state;
	for (uint32_t left = 3; left-- > 0;) {
		assert_true(pat_rate_take(&word, now, &rate));
		assert_int_equal(rate.remaining, left);
		assert_int_equal(rate.reset_s, 20 * (3 - left));
		assert_int_equal(rate.retry_s, 0);
	}
	assert_false(pat_rate_take(&word, now, &rate));
	assert_int_equal(rate.retry_s, 20);
	assert_false(pat_rate_take(&word, now + 20 * s - 1, &rate));
	assert_int_equal(rate.retry_s, 1);
	assert_true(pat_rate_take(&word, now + 20 * s, &rate));
	assert_int_equal(rate.remaining, 0);
	assert_true(pat_rate_take(&word, now + 1000 * s, &rate));
	assert_int_equal(rate.remaining, 2);
	/* A word that is no time of this clock's does not shut the token out. */
	word = UINT64_MAX;
	assert_true(pat_rate_take(&word, now, &rate));
}

static void a_rate_that_does_not_divide_its_window_is_exact(void **state)
{
	static const uint32_t cases[][2] = { { 3, 1 },       { 7, 60 },    { 999999, 1 },
		                             { 1000000, 1 }, { 1, 86400 }, { 86399, 86400 } };

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		_Atomic uint64_t word = 0;
		struct pat_rate rate = { .requests = cases[i][0], .window_s = cases[i][1] };
		uint32_t n = 0;

		while (pat_rate_take(&word, 5000000000, &rate))
			n++;
		assert_int_equal(n, cases[i][0]);
		assert_true(rate.reset_s <= cases[i][1]);
	}
}

/* ---- Less, and no more. */

static void limits_are_within_limits(void **state)
{
	static const struct {
		const char *some;
		const char *all;
		bool within;
	} cases[] = {
		{ "", "", true },
		{ "aud=a", "", true },
		{ "net=10.0.0.0/8 rate=1/60 res=a/p=v", "", true },
		{ "aud=a", "aud=a", true },
		{ "aud=a", "aud=a aud=b", true },
		{ "aud=a aud=b", "aud=a", false },
		{ "aud=c", "aud=a aud=b", false },
		{ "", "aud=a", false },
		{ "net=10.0.0.0/8", "aud=a", false },
		{ "net=10.1.0.0/16", "net=10.0.0.0/8", true },
		{ "net=10.1.0.0/16 net=192.0.2.1/32", "net=10.0.0.0/8 net=192.0.2.0/24", true },
		{ "net=10.0.0.0/8", "net=10.1.0.0/16", false },
		{ "net=11.0.0.0/16", "net=10.0.0.0/8", false },
		{ "net=0.0.0.0/0", "net=10.0.0.0/8", false },
		{ "net=10.0.0.0/8", "net=::/0", true },
		{ "net=::/0", "net=0.0.0.0/0", false },
		{ "rate=1/60", "rate=1/60", false },
		{ "rate=1/60", "rate=100/60", false },
		{ "", "rate=100/60", false },
		{ "rate=1/60", "", true },
		{ "res=a/p=v", "res=a/p=v", true },
		{ "res=a/p=v", "res=a/p=v res=a/p=w", true },
		{ "res=a/p=x", "res=a/p=v res=a/p=w", false },
		{ "", "res=a/p=v", false },
		{ "res=b/p=v", "res=a/p=v", false },
		{ "res=a/p=v res=b/p=v", "res=a/p=v", true },
		{ "res=a/p=vw", "res=a/p=v*", true },
		{ "res=a/p=v", "res=a/p=v*", true },
		{ "res=a/p=vw*", "res=a/p=v*", true },
		{ "res=a/p=v*", "res=a/p=v*", true },
		{ "res=a/p=v*", "res=a/p=v", false },
		{ "res=a/p=v*", "res=a/p=vw*", false },
		{ "res=a/p=w", "res=a/p=v*", false },
		/* An operation that has q alone is closed to the one and would be open to the other. */
		{ "res=a/p=v res=a/q=v", "res=a/p=v", false },
		{ "res=a/q=v", "res=a/p=v res=a/q=v", false },
		{ "res=a/p=v res=a/q=v", "res=a/p=v res=a/q=v", true },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++)
		if (pat_subset_limits(cases[i].some, cases[i].all) != cases[i].within)
			fail_msg("\"%s\" in \"%s\"", cases[i].some, cases[i].all);
}

static void what_is_left_open_is_filled(void **state)
{
	static const struct {
		const char *text;
		const char *all;
		const char *filled;
	} cases[] = {
		{ "", "", "" },
		{ "", "aud=a aud=b", "aud=a aud=b" },
		{ "aud=a", "aud=a aud=b", "aud=a" },
		{ "aud=z", "aud=a", "aud=z" }, /* and is then not within */
		{ "net=10.1.0.0/16", "aud=a net=10.0.0.0/8", "aud=a net=10.1.0.0/16" },
		{ "", "rate=1/60", "" },
		{ "rate=1/60", "rate=9/60", "rate=1/60" },
		{ "res=a/p=v", "res=a/p=v res=a/p=w res=a/q=x res=b/p=y",
		  "res=a/p=v res=a/q=x res=b/p=y" },
	};
	char text[PAT_LIMITS_TEXT_BYTES_MAX + 1];
	char many[PAT_LIMITS_TEXT_BYTES_MAX + 1] = "";
	size_t len = 0;

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		(void)snprintf(text, sizeof(text), "%s", cases[i].text);
		assert_int_equal(pat_subset_limits_fill(text, cases[i].all), 0);
		assert_string_equal(text, cases[i].filled);
	}
	for (unsigned i = 0; i < PAT_LIMITS_MAX; i++)
		len += (size_t)snprintf(many + len, sizeof(many) - len, "%snet=10.0.%03u.0/24",
		                        i > 0 ? " " : "", i + 100);
	(void)snprintf(text, sizeof(text), "aud=a");
	assert_int_equal(pat_subset_limits_fill(text, many), PAT_LIMITS_E_TOO_MANY);
	assert_string_equal(text, "aud=a");
}

static void scopes_are_within_scopes(void **state)
{
	(void)state;
	assert_true(pat_subset_scopes("a", "a"));
	assert_true(pat_subset_scopes("a c", "a b c"));
	assert_false(pat_subset_scopes("a d", "a b c"));
	assert_false(pat_subset_scopes("ab", "a b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_have_one_spelling),
		cmocka_unit_test(an_address_is_inside_or_not),
		cmocka_unit_test(words_have_one_spelling),
		cmocka_unit_test(a_text_is_canonical_or_nothing),
		cmocka_unit_test(a_grant_says_what_its_words_say),
		cmocka_unit_test(a_spoilt_grant_is_harmless),
		cmocka_unit_test(a_rate_is_n_in_a_window_and_then_evenly),
		cmocka_unit_test(a_rate_that_does_not_divide_its_window_is_exact),
		cmocka_unit_test(limits_are_within_limits),
		cmocka_unit_test(what_is_left_open_is_filled),
		cmocka_unit_test(scopes_are_within_scopes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
