/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rules.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES (256u * 1024 * 1024)

struct pat_rules *pat_rules_new(void)
{
	struct pat_rules *rules = calloc(1, sizeof(*rules));

	if (rules)
		pat_arena_init(&rules->arena, ARENA_BYTES);
	return rules;
}

void pat_rules_free(struct pat_rules *rules)
{
	if (!rules)
		return;
	free(rules->rules);
	pat_arena_done(&rules->arena);
	free(rules);
}

void pat_rules_freep(struct pat_rules **rules)
{
	pat_rules_free(*rules);
	*rules = NULL;
}

struct pat_rules_op *pat_rules_add(struct pat_rules *rules)
{
	if (rules->n == rules->cap) {
		size_t cap = rules->cap ? 2 * rules->cap : 64;

		if (rules->n >= PAT_RULES_MAX)
			return NULL;
		struct pat_rules_op *grown = reallocarray(rules->rules, cap, sizeof(*grown));
		if (!grown)
			return NULL;
		rules->rules = grown;
		rules->cap = cap;
	}
	struct pat_rules_op *rule = &rules->rules[rules->n++];
	*rule = (struct pat_rules_op){ 0 };
	return rule;
}
