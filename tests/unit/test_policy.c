/* SPDX-License-Identifier: Apache-2.0
 *
 * The policy: paths with one reading, documents with lines, rules as OpenAPI means them, and finding an operation.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <stdlib.h>

#include "policy/openapi.h"
#include "policy/policy.h"
#include "policy/tree.h"

/* ---- Paths. */

static void one_reading_or_none(void **state)
{
	static const struct {
		const char *target;
		int outcome;
		const char *segments; /* each behind a bar */
	} cases[] = {
		{ "/", 0, "" },
		{ "/a", 0, "|a" },
		{ "/a/", 0, "|a|" },
		{ "/a/b?c/d", 0, "|a|b" },
		{ "/?", 0, "" },
		{ "/a%41/%7e", 0, "|aA|~" },
		{ "/%e2%82%ac", 0, "|\xe2\x82\xac" },
		{ "/a%3bb%3f", 0, "|a;b?" },
		{ "/100%25", 0, "|100%" },
		{ "/...", 0, "|..." },
		{ "/.a/b.", 0, "|.a|b." },
		{ "", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "a/b", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "http://h/a", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "*", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "//a", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a//b", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a//", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a/./b", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a/../b", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a/..", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a/%2e%2E/b", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a/.%2e", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a%2fb", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a%2Fb", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a%5cb", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a\\b", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a;b=1/c", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a#b", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a%00", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a%0a", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a\x01", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a\x7f", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a b", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/\xe2\x82\xac", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a%", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a%4", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a%zz", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/%252e%252e/a", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a%252fb", PAT_PATH_E_AMBIGUOUS, NULL },
		/* … with digits that are encoded themselves. */
		{ "/a/%25%32%65%25%32%65/b", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a/%25%32%66b", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a/%252%65/b", PAT_PATH_E_AMBIGUOUS, NULL },
		{ "/a/%25zz", 0, "|a|%zz" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		struct pat_path path;
		char segments[200] = "";
		size_t len = 0;
		int r = pat_path_split(cases[i].target, strlen(cases[i].target), &path);

		if (r != cases[i].outcome)
			fail_msg("%s: %d", cases[i].target, r);
		if (r != 0) {
			assert_non_null(path.why);
			continue;
		}
		for (size_t k = 0; k < path.n; k++)
			len += (size_t)snprintf(segments + len, sizeof(segments) - len, "|%.*s",
			                        (int)path.segments[k].len, path.segments[k].text);
		assert_string_equal(segments, cases[i].segments);
	}
}

static void long_paths_are_told_so(void **state)
{
	char target[PAT_PATH_BYTES_MAX + 2];
	struct pat_path path;

	(void)state;
	memset(target, 'a', sizeof(target));
	target[0] = '/';
	assert_int_equal(pat_path_split(target, PAT_PATH_BYTES_MAX, &path), 0);
	assert_int_equal(pat_path_split(target, PAT_PATH_BYTES_MAX + 1, &path), PAT_PATH_E_LONG);
	for (size_t i = 0; i < 2 * PAT_PATH_SEGMENTS_MAX + 2; i += 2)
		target[i] = '/';
	assert_int_equal(pat_path_split(target, 2 * PAT_PATH_SEGMENTS_MAX, &path), 0);
	assert_int_equal(path.n, PAT_PATH_SEGMENTS_MAX);
	assert_int_equal(pat_path_split(target, 2 * PAT_PATH_SEGMENTS_MAX + 2, &path),
	                 PAT_PATH_E_LONG);
}

/* ---- A document to a policy. */

struct compiled {
	struct pat_rules *rules;
	struct pat_buf block;
	struct pat_policy policy;
	struct pat_err err;
};

static int compile(struct compiled *c, const char *text, const struct pat_openapi_reading *how)
{
	struct pat_tree document;
	struct pat_openapi_reading plain = { 0 };

	*c = (struct compiled){ .rules = pat_rules_new() };
	pat_buf_init(&c->block, PAT_POLICY_BYTES_MAX);
	assert_non_null(c->rules);
	int r = pat_tree_read(&document, text, strlen(text), &c->err);
	if (r == 0)
		r = pat_openapi_read(&document, how ? how : &plain, c->rules, &c->err);
	pat_tree_done(&document);
	if (r == 0)
		r = pat_rules_compile(c->rules, &c->block, &c->err);
	if (r == 0)
		assert_int_equal(pat_policy_open(c->block.data, c->block.len, &c->policy), 0);
	return r;
}

static void compiled_done(struct compiled *c)
{
	pat_rules_freep(&c->rules);
	pat_buf_done(&c->block);
}

/* "GET /a/b" as the operation's id, its parameters and what it needs: "id x=1 : (a|b) (c)". */
static const char *found(const struct compiled *c, const char *method, const char *target)
{
	static char out[400];
	struct pat_path path;
	struct pat_policy_match match;
	size_t len = 0;

	assert_int_equal(pat_path_split(target, strlen(target), &path), 0);
	int r = pat_policy_find(&c->policy, pat_method_of(method, strlen(method)), &path, &match);
	if (r != 0) {
		(void)snprintf(out, sizeof(out), r == PAT_POLICY_E_PATH ? "no path" : "not %x",
		               match.methods);
		return out;
	}
	const struct pat_policy_op *op = pat_policy_op_at(&c->policy, match.op);
	struct pat_segment id = pat_policy_text(&c->policy, op->id);
	len += (size_t)snprintf(out + len, sizeof(out) - len, "%.*s", (int)id.len, id.text);
	assert_int_equal(match.n_values, op->n_params);
	for (uint32_t i = 0; i < op->n_params; i++) {
		struct pat_segment name = pat_policy_param(&c->policy, op, i);

		len += (size_t)snprintf(out + len, sizeof(out) - len, " %.*s=%.*s", (int)name.len,
		                        name.text, (int)match.values[i].len, match.values[i].text);
	}
	if (op->flags & PAT_POLICY_OP_REFUSED)
		len += (size_t)snprintf(out + len, sizeof(out) - len, " refused");
	for (uint32_t i = 0; i < op->n_needs; i++) {
		const struct pat_policy_need *need =
			pat_policy_need_at(&c->policy, op->first_need + i);

		for (uint32_t k = 0; k < need->n_scopes; k++) {
			struct pat_segment scope = pat_policy_text(
				&c->policy,
				pat_policy_scope_at(&c->policy,
			                            pat_policy_need_scope(&c->policy, need, k))
					->name);
			len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%.*s",
			                        k == 0 ? " (" : "|", (int)scope.len, scope.text);
		}
		len += (size_t)snprintf(out + len, sizeof(out) - len, ")");
	}
	return out;
}

#define HEAD                                                                                                                              \
	"openapi: 3.0.3\n"                                                                                                                \
	"components: {securitySchemes: {o: {type: oauth2, flows: {implicit: {scopes: {a: 'An A', b: '', c: ''}}}}, k: {type: apiKey}}}\n" \
	"paths:\n"

static void the_more_concrete_template_wins(void **state)
{
	struct compiled c;

	(void)state;
	assert_int_equal(
		compile(&c,
	                HEAD
	                "  /: {get: {operationId: root, security: [{o: [a]}]}}\n"
	                "  /f/{k}: {get: {operationId: one, security: [{o: [a]}]}, delete: {operationId: gone, security: [{o: [b]}]}}\n"
	                "  /f/mine: {get: {operationId: mine, security: [{o: [a]}]}}\n"
	                "  /f/{k}.json: {get: {operationId: json, security: [{o: [a]}]}}\n"
	                "  /f/v-{k}.json: {get: {operationId: vjson, security: [{o: [a]}]}}\n"
	                "  /f/mine/x: {get: {operationId: minex, security: [{o: [a]}]}}\n"
	                "  /f/{k}/{m}: {get: {operationId: two, security: [{o: [a]}]}}\n"
	                "  /t/: {get: {operationId: slash, security: [{o: [a]}]}}\n",
	                NULL),
		0);
	assert_string_equal(found(&c, "GET", "/"), "root (a)");
	assert_string_equal(found(&c, "GET", "/f/1"), "one k=1 (a)");
	assert_string_equal(found(&c, "HEAD", "/f/1"), "one k=1 (a)");
	assert_string_equal(found(&c, "DELETE", "/f/1"), "gone k=1 (b)");
	assert_string_equal(found(&c, "POST", "/f/1"), "not 23");
	assert_string_equal(found(&c, "get", "/f/1"), "not 23");
	assert_string_equal(found(&c, "GET", "/f/mine"), "mine (a)");
	assert_string_equal(found(&c, "DELETE", "/f/mine"), "not 3");
	assert_string_equal(found(&c, "GET", "/f/m%69ne"), "mine (a)");
	assert_string_equal(found(&c, "GET", "/f/1.json"), "json k=1 (a)");
	assert_string_equal(found(&c, "GET", "/f/.json"), "one k=.json (a)");
	assert_string_equal(found(&c, "GET", "/f/v-1.json"), "vjson k=1 (a)");
	assert_string_equal(found(&c, "GET", "/f/mine/x"), "minex (a)");
	assert_string_equal(found(&c, "GET", "/f/mine/y"), "two k=mine m=y (a)");
	assert_string_equal(found(&c, "GET", "/f/"), "no path");
	assert_string_equal(found(&c, "GET", "/f"), "no path");
	assert_string_equal(found(&c, "GET", "/F/1"), "no path");
	assert_string_equal(found(&c, "GET", "/f/1/2/3"), "no path");
	assert_string_equal(found(&c, "GET", "/t/"), "slash (a)");
	assert_string_equal(found(&c, "GET", "/t"), "no path");
	compiled_done(&c);
}

#define SECURITY_DOCUMENT(ref)                                                                                           \
	"{\"openapi\":\"3.1.0\",\"security\":[{\"o\":[\"a\"]}],\"servers\":[{\"url\":\"https://h.example/api/v2/\"}],"   \
	"\"components\":{\"securitySchemes\":{\"o\":{\"type\":\"oauth2\",\"flows\":{\"implicit\":{\"scopes\":"           \
	"{\"a\":\"\",\"b\":\"\",\"c\":\"\\ud83d\\ude00\"}}}},\"k\":{\"type\":\"apiKey\"},\"x\":{\"type\":\"apiKey\"}}}," \
	"\"paths\":{\"/1\":{\"get\":{}},"                                                                                \
	"\"/2\":{\"get\":{\"security\":[{\"o\":[\"a\",\"b\"]},{\"k\":[]}]}},"                                            \
	"\"/3\":{\"get\":{\"security\":[{\"o\":[\"a\",\"b\"]},{\"o\":[\"c\"]},{\"k\":[]}]}},"                            \
	"\"/4\":{\"get\":{\"security\":[{\"k\":[]}]}},"                                                                  \
	"\"/5\":{\"get\":{\"security\":[]}},"                                                                            \
	"\"/6\":{\"get\":{\"security\":[{\"o\":[\"a\"]},{}]}},"                                                          \
	"\"/7\":{\"get\":{\"security\":[{\"o\":[\"a\"],\"x\":[]},{\"x\":[]}]}},"                                         \
	"\"/8\":{\"$ref\":\"" ref "\"}}}"

static void security_is_read_as_it_was_said(void **state)
{
	struct pat_openapi_reading keys_any = { .token_scheme = "k",
		                                .scopes_scheme = "o",
		                                .any = true };
	struct pat_openapi_reading keys_all = { .token_scheme = "k", .scopes_scheme = "o" };
	struct compiled c;

	(void)state;
	assert_int_equal(compile(&c, SECURITY_DOCUMENT("#/paths/~18x"), NULL), PAT_RULES_E_BAD);
	assert_string_equal(c.err.text, "line 1: a reference leads nowhere: #/paths/~18x");
	compiled_done(&c);
	static const char text[] = SECURITY_DOCUMENT("#/paths/%7e12");
	assert_int_equal(compile(&c, text, NULL), 0);
	assert_string_equal(found(&c, "GET", "/api/v2/1"), " (a)");
	assert_string_equal(found(&c, "GET", "/1"), "no path");
	assert_string_equal(found(&c, "GET", "/api/v2/2"), " (a) (b)");
	assert_string_equal(found(&c, "GET", "/api/v2/3"), " (a|c) (b|c)");
	assert_string_equal(found(&c, "GET", "/api/v2/4"), " refused");
	assert_string_equal(found(&c, "GET", "/api/v2/5"), "");
	assert_string_equal(found(&c, "GET", "/api/v2/6"), "");
	assert_string_equal(found(&c, "GET", "/api/v2/7"), " refused");
	assert_string_equal(found(&c, "GET", "/api/v2/8"), " (a) (b)");
	compiled_done(&c);
	assert_int_equal(compile(&c, text, &keys_all), 0);
	assert_string_equal(found(&c, "GET", "/api/v2/1"), " refused (a)");
	assert_string_equal(found(&c, "GET", "/api/v2/2"), " (a) (b)");
	assert_string_equal(found(&c, "GET", "/api/v2/4"), "");
	compiled_done(&c);
	keys_any.base_path = "/";
	assert_int_equal(compile(&c, text, &keys_any), 0);
	assert_string_equal(found(&c, "GET", "/2"), " (a|b)");
	assert_string_equal(found(&c, "GET", "/3"), " (a|b|c)");
	compiled_done(&c);
}

static void bad_documents_are_explained(void **state)
{
	static const struct {
		const char *text;
		const char *why;
	} cases[] = {
		{ "", "the document is empty" },
		{ "a: [", "line 2, column 1: " },
		{ "{\"a\": }", "line 1, column 7: " },
		{ "{\"a\":1,\n\"a\":2}", "line 2: there is a key of that name before: a" },
		{ "a: 1\nb: 2\na: 3\n", "line 3: there is a key of that name before: a" },
		{ "a: &x {b: 1}\nc:\n  <<: *x\n", "line 3: merge keys (<<)" },
		{ "a: *x\n", "line 1: there is no anchor &x before" },
		{ "a: &x [*x]\n", "line 1: an alias of what it stands in" },
		{ "a: 1\n---\nb: 2\n", "line 3: a second document begins" },
		{ "[1]: 2\n", "line 1: a key has to be a text" },
		{ "swagger: '2.0'\n", "Swagger 2.0" },
		{ "openapi: 4.0.0\n", "openapi is 4.0.0" },
		{ "a: 1\n", "openapi is missing" },
		{ "openapi: 3.0.0\npaths: {}\n",
		  "say which security scheme's scopes count (the document has: none)" },
		{ "openapi: 3.0.0\ncomponents: {securitySchemes: {x: {type: oauth2}, y: {type: oauth2}}}\n",
		  "(the document has: x, y)" },
		{ HEAD "  {}\n", "the document has no paths" },
		{ HEAD "  /a: {$ref: 'other.yaml#/a'}\n",
		  "line 4: only references within the document are followed: other.yaml#/a" },
		{ HEAD "  /a: {$ref: '#/paths/~1a'}\n", "references that lead to references" },
		{ HEAD "  /a: {get: {security: [{o: ['x y']}]}}\n",
		  "line 4: this can be no scope's name" },
		{ HEAD "  /a: {get: {security: {o: []}}}\n", "line 4: security has to be a list" },
		{ HEAD "  /a: {get: []}\n", "line 4: an operation has to be a map" },
		{ HEAD "  /a/{x}: {get: {}}\n  /a/{y}: {get: {}}\n",
		  "line 5: GET /a/{y} is the same operation as /a/{x} in line 4" },
		{ HEAD "  /a/{x}{y}: {get: {}}\n", "more than one parameter between two slashes" },
		{ HEAD "  /a/{}: {get: {}}\n", "a parameter has no name" },
		{ HEAD "  /a/{x: {get: {}}\n", "line 4" },
		{ HEAD "  /a/x}: {get: {}}\n", "its braces do not match" },
		{ HEAD "  /a/../b: {get: {}}\n", "has a dot segment" },
		{ HEAD "  /a?b=1: {get: {}}\n", "a path has no query" },
		{ HEAD "  /{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}: {get: {}}\n",
		  "more than 8 parameters" },
		{ HEAD "  /a: {servers: [], get: {}}\n", "servers of its own" },
		{ "openapi: 3.0.0\nservers: [{url: 'https://h/{v}'}]\n" HEAD "  /a: {get: {}}\n",
		  "there is a key of that name before: openapi" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		struct compiled c;
		int r = compile(&c, cases[i].text, NULL);

		if (r != PAT_RULES_E_BAD || !strstr(c.err.text, cases[i].why))
			fail_msg("%s\n%d, %s: not %s", cases[i].text, r, c.err.text, cases[i].why);
		compiled_done(&c);
	}
}

/* ---- Lint. */

static void lint_line(void *arg, enum pat_lint_kind kind, unsigned line, const char *text)
{
	char *out = arg;
	size_t len = strlen(out);

	(void)snprintf(out + len, 2000 - len, "%d %u %s\n", kind, line, text);
}

static void lint_says_what_to_look_at(void **state)
{
	struct compiled c;
	char out[2000] = "";

	(void)state;
	assert_int_equal(compile(&c,
	                         HEAD
	                         "  /a/{x}/c: {get: {security: [{o: [a]}]}}\n"
	                         "  /a/b/{y}: {get: {security: [{o: [b]}]}}\n"
	                         "  /a/b/d: {get: {security: []}, put: {security: [{k: []}]}}\n",
	                         NULL),
	                 0);
	pat_rules_lint(c.rules, lint_line, out);
	assert_string_equal(out, "3 5 GET /a/b/{y} and /a/{x}/c (line 4) match the same paths\n"
	                         "0 6 GET /a/b/d takes no scope: any token may\n"
	                         "1 6 PUT /a/b/d is not open to tokens\n"
	                         "2 2 no operation takes the scope c\n");
	compiled_done(&c);
}

static void lint_names_scopes_that_are_declared_nowhere(void **state)
{
	/* Only OAuth 2 has a place to declare scopes in. */
	static const char *const others[] = { "type: apiKey", "type: http, scheme: bearer",
		                              "type: openIdConnect" };
	struct compiled c;
	char text[500];
	char out[2000] = "";

	(void)state;
	assert_int_equal(compile(&c,
	                         HEAD "  /a: {get: {security: [{o: [a]}]},\n"
	                              "       put: {security: [{o: [b, c]}, {o: [bb, c]}]}}\n"
	                              "  /b: {get: {security: [{o: [bb]}, {o: [bb, a]}]}}\n"
	                              "  /c: {get: {security: [{k: [cc]}]}}\n",
	                         NULL),
	                 0);
	pat_rules_lint(c.rules, lint_line, out);
	assert_string_equal(out, "1 7 GET /c is not open to tokens\n"
	                         "4 5 the scope bb is declared nowhere, and taken by PUT /a\n"
	                         "4 6 the scope bb is declared nowhere, and taken by GET /b\n");
	compiled_done(&c);
	for (size_t i = 0; i < PAT_ARRAY_LEN(others); i++) {
		(void)snprintf(text, sizeof(text),
		               "openapi: 3.1.0\n"
		               "components: {securitySchemes: {o: {%s}}}\n"
		               "paths:\n"
		               "  /a: {get: {security: [{o: [a]}]}}\n",
		               others[i]);
		out[0] = '\0';
		assert_int_equal(compile(&c, text, NULL), 0);
		pat_rules_lint(c.rules, lint_line, out);
		assert_string_equal(out, "");
		compiled_done(&c);
	}
}

/* ---- A block that somebody else wrote. */

static void a_spoilt_block_is_refused_or_harmless(void **state)
{
	struct compiled c;
	struct pat_path path;

	(void)state;
	assert_int_equal(compile(&c,
	                         HEAD "  /a/{x}/c: {get: {security: [{o: [a, b]}]}}\n"
	                              "  /a/v{y}: {get: {security: [{o: [c]}]}}\n",
	                         NULL),
	                 0);
	assert_int_equal(pat_path_split("/a/v1/c", 7, &path), 0);
	for (size_t at = 0; at < c.block.len; at++) {
		for (int i = 0; i < 3; i++) {
			static const uint8_t by[] = { 0xff, 0x01, 0x80 };
			struct pat_policy policy;
			struct pat_policy_match match;

			c.block.data[at] ^= (char)by[i];
			if (pat_policy_open(c.block.data, c.block.len, &policy) == 0) {
				int r = pat_policy_find(&policy, PAT_METHOD_GET, &path, &match);

				if (r == 0)
					(void)pat_policy_op_at(&policy, match.op);
			}
			c.block.data[at] ^= (char)by[i];
		}
	}
	struct pat_policy policy;
	assert_int_equal(pat_policy_open(c.block.data, c.block.len - 8, &policy), -EINVAL);
	assert_int_equal(pat_policy_open(c.block.data, 16, &policy), -EINVAL);
	compiled_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_reading_or_none),
		cmocka_unit_test(long_paths_are_told_so),
		cmocka_unit_test(the_more_concrete_template_wins),
		cmocka_unit_test(security_is_read_as_it_was_said),
		cmocka_unit_test(bad_documents_are_explained),
		cmocka_unit_test(lint_says_what_to_look_at),
		cmocka_unit_test(lint_names_scopes_that_are_declared_nowhere),
		cmocka_unit_test(a_spoilt_block_is_refused_or_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
