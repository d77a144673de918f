/* SPDX-License-Identifier: Apache-2.0
 *
 * API-10: docs/openapi.yaml says what the server does and nothing more. Its paths and methods are held
 * against the route table, its reasons against the table of refusals. The document is read by its lines,
 * whose indentation is fixed: paths by two spaces, methods by four.
 */
#include "tests/unit/test_web.h"

#include "web/outcome.h"
#include "web/routes.h"

/* Operations and reasons as texts, "GET /v1/me". */
struct document {
	char operations[160][136];
	size_t n_operations;
	char reasons[128][64];
	size_t n_reasons;
};

/* What the edge answers without patd. */
static const char *const edge_operations[] = { "GET /verify", "GET /verify/{product}" };
static const char *const edge_reasons[] = { "length_missing",  "token_invalid",    "token_expired",
	                                    "token_ambiguous", "token_network",    "token_resource",
	                                    "rate_limited",    "operation_closed", "path_ambiguous",
	                                    "route_unknown",   "product_unknown" };

static bool is_one_of(const char *text, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(text, list[i]) == 0)
			return true;
	return false;
}

static bool is_method(const char *word)
{
	static const char *const methods[] = { "get",     "put",  "post",  "delete",
		                               "options", "head", "patch", "trace" };

	return is_one_of(word, methods, PAT_ARRAY_LEN(methods));
}

static void add_operation(struct document *d, const char *method, const char *path)
{
	char *out = d->operations[d->n_operations++];

	assert_true(d->n_operations <= PAT_ARRAY_LEN(d->operations));
	(void)snprintf(out, sizeof(d->operations[0]), "%s %s", method, path);
	for (; *out != ' '; out++)
		*out = (char)(*out - 'a' + 'A');
}

/* One line; `path` and `section` are what the lines before have said. */
static void read_line(struct document *d, const char *line, char path[static 64],
                      char section[static 64])
{
	char word[64];

	if (sscanf(line, "%63[a-zA-Z]:", word) == 1) {
		(void)snprintf(section, 64, "%s", word);
	} else if (sscanf(line, "    %63[a-zA-Z]:", word) == 1 && line[4] != ' ') {
		if (strcmp(section, "paths") == 0 && is_method(word))
			add_operation(d, word, path);
		else if (strcmp(section, "components") == 0 || strcmp(section, "Reason") == 0)
			(void)snprintf(section, 64, "%s",
			               strcmp(word, "Reason") == 0 ? "Reason" : "components");
	} else if (sscanf(line, "  %63[^: ]:", word) == 1 && line[2] == '/') {
		(void)snprintf(path, 64, "%s", word);
	} else if (strcmp(section, "Reason") == 0 &&
	           sscanf(line, "        - %63[a-z_]", word) == 1) {
		assert_true(d->n_reasons < PAT_ARRAY_LEN(d->reasons));
		(void)snprintf(d->reasons[d->n_reasons++], sizeof(d->reasons[0]), "%s", word);
	}
}

static void read_document(struct document *d)
{
	FILE *file = fopen(PAT_TEST_OPENAPI, "r");
	char path[64] = "";
	char section[64] = "";
	char line[400];

	*d = (struct document){ 0 };
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		read_line(d, line, path, section);
	(void)fclose(file);
	assert_true(d->n_operations > 10);
	assert_true(d->n_reasons > 10);
}

static bool in_document(const struct document *d, const char *operation)
{
	for (size_t i = 0; i < d->n_operations; i++)
		if (strcmp(d->operations[i], operation) == 0)
			return true;
	return false;
}

static bool in_routes(const char *operation)
{
	char text[128];

	for (size_t i = 0; i < pat_routes_len; i++) {
		(void)snprintf(text, sizeof(text), "%s %s", pat_routes[i].method,
		               pat_routes[i].path);
		if (strcmp(text, operation) == 0)
			return true;
	}
	return false;
}

/* Pages are for people; of what stands beside them only the avatars are described. */
static bool is_page(const struct pat_route *route)
{
	return route->entry == PAT_ENTRY_PAGES && strncmp(route->path, "/avatars/", 9) != 0;
}

static void every_route_is_described(void **state)
{
	struct document d;
	char text[128];

	(void)state;
	read_document(&d);
	for (size_t i = 0; i < pat_routes_len; i++) {
		(void)snprintf(text, sizeof(text), "%s %s", pat_routes[i].method,
		               pat_routes[i].path);
		if (!is_page(&pat_routes[i]) && !in_document(&d, text))
			fail_msg("%s is not in the document", text);
	}
}

static void every_description_has_a_route(void **state)
{
	struct document d;

	(void)state;
	read_document(&d);
	for (size_t i = 0; i < d.n_operations; i++)
		if (!in_routes(d.operations[i]) &&
		    !is_one_of(d.operations[i], edge_operations, PAT_ARRAY_LEN(edge_operations)))
			fail_msg("%s is not in the route table", d.operations[i]);
}

static void reasons_are_the_same(void **state)
{
	struct document d;
	bool seen[PAT_REASON_COUNT] = { 0 };

	(void)state;
	read_document(&d);
	for (size_t i = 0; i < d.n_reasons; i++) {
		bool known = is_one_of(d.reasons[i], edge_reasons, PAT_ARRAY_LEN(edge_reasons));

		for (size_t j = 1; j < PAT_REASON_COUNT; j++) {
			if (strcmp(pat_problem_of((enum pat_reason)j)->reason, d.reasons[i]) != 0)
				continue;
			seen[j] = true;
			known = true;
		}
		if (!known)
			fail_msg("the document's reason %s is never given", d.reasons[i]);
	}
	for (size_t j = 1; j < PAT_REASON_COUNT; j++)
		if (!seen[j])
			fail_msg("the reason %s is not in the document",
			         pat_problem_of((enum pat_reason)j)->reason);
}

static void every_refusal_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < PAT_REASON_COUNT; i++) {
		const struct pat_problem *row = pat_problem_of((enum pat_reason)i);

		assert_true(row->status >= 400 && row->status < 600);
		assert_true(*pat_http_title(row->status) != '\0');
		assert_non_null(row->reason);
		assert_true(row->detail[strlen(row->detail) - 1] == '.');
		assert_true((row->retry_after_s > 0) == (row->status == 429 || row->status == 503));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_is_described),
		cmocka_unit_test(every_description_has_a_route),
		cmocka_unit_test(reasons_are_the_same),
		cmocka_unit_test(every_refusal_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
