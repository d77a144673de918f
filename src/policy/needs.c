/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/needs.h"

#include <string.h>

static bool has(const struct pat_rules_need *need, uint32_t scope)
{
	for (uint32_t i = 0; i < need->n; i++)
		if (need->scopes[i] == scope)
			return true;
	return false;
}

/* Whether whatever meets `small` meets `large`. */
static bool covers(const struct pat_rules_need *large, const struct pat_rules_need *small)
{
	for (uint32_t i = 0; i < small->n; i++)
		if (!has(large, small->scopes[i]))
			return false;
	return true;
}

/* Puts a need in, unless another says as much; those that say less go. */
static bool put(struct pat_needs *needs, const struct pat_rules_need *need)
{
	size_t kept = 0;

	for (size_t i = 0; i < needs->n; i++)
		if (covers(need, &needs->needs[i]))
			return true;
	for (size_t i = 0; i < needs->n; i++)
		if (!covers(&needs->needs[i], need))
			needs->needs[kept++] = needs->needs[i];
	needs->n = kept;
	if (needs->n == PAT_NEEDS_WORK_MAX)
		return false;
	needs->needs[needs->n++] = *need;
	return true;
}

bool pat_needs_or(struct pat_needs *needs, const uint32_t *scopes, size_t n)
{
	struct pat_needs before = *needs;
	bool first = !before.any;

	*needs = (struct pat_needs){ .any = true };
	if (first) {
		before.n = 1;
		before.needs[0] = (struct pat_rules_need){ 0 };
	}
	for (size_t i = 0; i < before.n; i++) {
		for (size_t k = 0; k < n; k++) {
			struct pat_rules_need both = before.needs[i];

			if (!has(&both, scopes[k])) {
				if (both.n == PAT_POLICY_NEED_SCOPES)
					return false;
				both.scopes[both.n++] = scopes[k];
			}
			if (!put(needs, &both))
				return false;
		}
	}
	return true;
}

bool pat_needs_write(const struct pat_needs *needs, struct pat_rules_op *rule)
{
	if (needs->n > PAT_POLICY_NEEDS_MAX)
		return false;
	rule->n_needs = (uint32_t)needs->n;
	memcpy(rule->needs, needs->needs, needs->n * sizeof(rule->needs[0])); /* UNSAFE: checked */
	return true;
}
