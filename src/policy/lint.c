/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "policy/openapi.h"

static void operation_lint(const struct pat_rules_op *rule, pat_lint_fn *fn, void *arg)
{
	char text[300];
	enum pat_lint_kind kind = rule->refused ? PAT_LINT_REFUSED : PAT_LINT_NO_SCOPES;

	if (!rule->refused && rule->n_needs > 0)
		return;
	(void)snprintf(text, sizeof(text), "%s %s %s", pat_method_name(rule->method), rule->path,
	               rule->refused ? "is not open to tokens" : "takes no scope: any token may");
	fn(arg, kind, rule->line, text);
}

static bool takes(const struct pat_rules_op *rule, uint32_t scope)
{
	for (uint32_t i = 0; i < rule->n_needs && !rule->refused; i++)
		for (uint32_t k = 0; k < rule->needs[i].n; k++)
			if (rule->needs[i].scopes[k] == scope)
				return true;
	return false;
}

static void undeclared_lint(const struct pat_rules_op *rule, const struct pat_rules_scope *scope,
                            pat_lint_fn *fn, void *arg)
{
	char text[300];

	(void)snprintf(text, sizeof(text), "the scope %s is declared nowhere, and taken by %s %s",
	               scope->name, pat_method_name(rule->method), rule->path);
	fn(arg, PAT_LINT_UNDECLARED, rule->line, text);
}

static void scope_lint(const struct pat_rules *rules, uint32_t number, pat_lint_fn *fn, void *arg)
{
	const struct pat_rules_scope *scope = &rules->scopes[number];
	char text[300];
	bool taken = false;

	for (size_t i = 0; i < rules->n; i++) {
		if (!takes(&rules->rules[i], number))
			continue;
		taken = true;
		if (scope->undeclared)
			undeclared_lint(&rules->rules[i], scope, fn, arg);
	}
	if (taken)
		return;
	(void)snprintf(text, sizeof(text), "no operation takes the scope %s", scope->name);
	fn(arg, PAT_LINT_UNUSED, scope->line, text);
}

/* Two templates' next segments: which is the more concrete of them, or that no segment matches both. */
enum closeness {
	SAME,
	LEFT,
	RIGHT,
	APART
};

static enum closeness compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	bool a_param = memchr(a, '{', a_len) != NULL;
	bool b_param = memchr(b, '{', b_len) != NULL;

	if (a_param && b_param)
		return SAME;
	if (a_param || b_param)
		return a_param ? RIGHT : LEFT;
	return a_len == b_len && memcmp(a, b, a_len) == 0 ? SAME : APART;
}

/* Whether some path matches both, and each is more concrete than the other somewhere. */
static bool ambiguous(const char *a, const char *b)
{
	bool left = false;
	bool right = false;

	while (*a == '/' && *b == '/') {
		size_t a_len = strcspn(++a, "/");
		size_t b_len = strcspn(++b, "/");

		switch (compare(a, a_len, b, b_len)) {
		case APART:
			return false;
		case LEFT:
			left = true;
			break;
		case RIGHT:
			right = true;
			break;
		case SAME:
			break;
		}
		a += a_len;
		b += b_len;
	}
	return *a == '\0' && *b == '\0' && left && right;
}

static void templates_lint(const struct pat_rules *rules, size_t i, pat_lint_fn *fn, void *arg)
{
	const struct pat_rules_op *rule = &rules->rules[i];
	char text[600];

	for (size_t k = 0; k < i; k++) {
		if (rules->rules[k].method != rule->method ||
		    !ambiguous(rules->rules[k].path, rule->path))
			continue;
		(void)snprintf(text, sizeof(text), "%s %s and %s (line %u) match the same paths",
		               pat_method_name(rule->method), rule->path, rules->rules[k].path,
		               rules->rules[k].line);
		fn(arg, PAT_LINT_AMBIGUOUS, rule->line, text);
	}
}

void pat_rules_lint(const struct pat_rules *rules, pat_lint_fn *fn, void *arg)
{
	for (size_t i = 0; i < rules->n; i++) {
		operation_lint(&rules->rules[i], fn, arg);
		templates_lint(rules, i, fn, arg);
	}
	for (uint32_t i = 0; i < rules->n_scopes; i++)
		scope_lint(rules, i, fn, arg);
}
