/* SPDX-License-Identifier: Apache-2.0
 *
 * Comparing. There are at most PAT_LIMITS_MAX words on either side, so each is simply looked for among the others.
 */
#include "token/subset.h"

#include <stdio.h>
#include <string.h>

bool pat_subset_scopes(const char *some, const char *all)
{
	char name[PAT_SCOPE_BYTES_MAX + 1];
	const char *at = NULL;
	size_t len = 0;

	while (pat_scopes_next(&some, &at, &len)) {
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, at);
		if (!pat_scopes_has(all, name))
			return false;
	}
	return true;
}

/* ---- Single limits. */

/* Whether the two are alternatives of each other. */
static bool same_question(const struct pat_limit *a, const struct pat_limit *b)
{
	if (a->kind != b->kind)
		return false;
	return a->kind != PAT_LIMIT_RESOURCE ||
	       (strcmp(a->product, b->product) == 0 && strcmp(a->param, b->param) == 0);
}

static bool value_within(const struct pat_limit *some, const struct pat_limit *all)
{
	if (!all->prefix)
		return !some->prefix && some->value_len == all->value_len &&
		       memcmp(some->value, all->value, all->value_len) == 0;
	return some->value_len >= all->value_len &&
	       memcmp(some->value, all->value, all->value_len) == 0;
}

/* Of the same question. */
static bool limit_within(const struct pat_limit *some, const struct pat_limit *all)
{
	switch (all->kind) {
	case PAT_LIMIT_AUDIENCE:
		return strcmp(some->product, all->product) == 0;
	case PAT_LIMIT_NETWORK:
		return some->network.bits >= all->network.bits &&
		       pat_network_has(&all->network, &some->network.address);
	case PAT_LIMIT_RESOURCE:
		return value_within(some, all);
	case PAT_LIMIT_RATE:
	default:
		return false;
	}
}

/* Whether the text has an answer to the question of `limit`. */
static bool answers(const char *text, const struct pat_limit *limit)
{
	struct pat_limit other;

	while (pat_limits_next(&text, &other))
		if (same_question(&other, limit))
			return true;
	return false;
}

/* ---- Texts. */

static bool names_product(const char *text, const char *product)
{
	struct pat_limit limit;

	while (pat_limits_next(&text, &limit))
		if (limit.kind == PAT_LIMIT_RESOURCE && strcmp(limit.product, product) == 0)
			return true;
	return false;
}

/* Whether `all` lets through what `some`, one of the alternatives, does. */
static bool word_within(const struct pat_limit *some, const char *all)
{
	const char *cursor = all;
	struct pat_limit limit;
	bool asked = false;

	while (pat_limits_next(&cursor, &limit)) {
		if (!same_question(some, &limit))
			continue;
		asked = true;
		if (limit_within(some, &limit))
			return true;
	}
	if (asked)
		return false;
	return some->kind != PAT_LIMIT_RESOURCE || !names_product(all, some->product);
}

bool pat_subset_limits(const char *some, const char *all)
{
	const char *cursor = some;
	struct pat_limit limit;

	while (pat_limits_next(&cursor, &limit))
		if (!word_within(&limit, all))
			return false;
	cursor = all;
	while (pat_limits_next(&cursor, &limit))
		if (!answers(some, &limit))
			return false;
	return true;
}

int pat_subset_limits_fill(char text[static PAT_LIMITS_TEXT_BYTES_MAX + 1], const char *all)
{
	char words[2 * PAT_LIMITS_TEXT_BYTES_MAX + 2];
	const char *list[2 * PAT_LIMITS_MAX];
	char before[PAT_LIMITS_TEXT_BYTES_MAX + 1];
	struct pat_limit limit;
	size_t len = (size_t)snprintf(words, sizeof(words), "%s", text);
	size_t n = 0;

	(void)snprintf(before, sizeof(before), "%s", text);
	while (*all) {
		size_t word_len = strcspn(all, " ");

		if (pat_limit_parse(all, word_len, &limit) == 0 && limit.kind != PAT_LIMIT_RATE &&
		    !answers(text, &limit))
			len += (size_t)snprintf(words + len, sizeof(words) - len, " %.*s",
			                        (int)word_len, all);
		all += word_len + (all[word_len] == ' ');
	}
	for (char *save = NULL, *word = strtok_r(words, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		pat_assert(n < PAT_ARRAY_LEN(list));
		list[n++] = word;
	}
	int r = pat_limits_canonical(list, n, text);
	if (r != 0)
		memcpy(text, before, sizeof(before)); /* UNSAFE: the same size */
	return r;
}
