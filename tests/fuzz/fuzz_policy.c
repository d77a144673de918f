/* SPDX-License-Identifier: Apache-2.0
 *
 * An OpenAPI document of any bytes, as far as it can be read: to rules, to a policy that opens, to a path that is
 * looked up in it. The document's first line, if it begins with "#", is that path.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "policy/openapi.h"

static void lint(void *arg, enum pat_lint_kind kind, unsigned line, const char *text)
{
	(void)arg;
	(void)kind;
	(void)line;
	pat_assert(text[0] != '\0');
}

static void look_up(const struct pat_policy *policy, const char *target, size_t len)
{
	struct pat_path path;
	struct pat_policy_match match;

	if (pat_path_split(target, len, &path) != 0 ||
	    pat_policy_find(policy, PAT_METHOD_GET, &path, &match) != 0)
		return;
	pat_assert(match.n_values == pat_policy_op_at(policy, match.op)->n_params);
}

static bool compile(struct pat_rules *rules, const char *target, size_t len)
{
	pat_cleanup(pat_buf_done) struct pat_buf block = { 0 };
	struct pat_policy policy;

	pat_buf_init(&block, PAT_POLICY_BYTES_MAX);
	pat_rules_lint(rules, lint, NULL);
	if (pat_rules_compile(rules, &block, NULL) != 0)
		return false;
	int r = pat_policy_open(block.data, block.len, &policy);
	pat_assert(r == 0);
	look_up(&policy, target, len);
	return true;
}

bool pat_fuzz_accepts(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *end = size > 0 && text[0] == '#' ? memchr(text, '\n', size) : NULL;
	struct pat_openapi_reading how = { .any = size % 2 == 1 };
	struct pat_tree document;
	pat_cleanup(pat_rules_freep) struct pat_rules *rules = pat_rules_new();
	bool accepted = false;

	if (!rules)
		return false;
	if (pat_tree_read(&document, text, size, NULL) == 0 &&
	    pat_openapi_read(&document, &how, rules, NULL) == 0)
		accepted = compile(rules, text + 1, end ? (size_t)(end - text - 1) : 0);
	pat_tree_done(&document);
	return accepted;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)pat_fuzz_accepts(data, size);
	return 0;
}
