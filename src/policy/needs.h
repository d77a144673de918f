/* SPDX-License-Identifier: Apache-2.0
 *
 * Alternatives of scopes turned into needs. Documents say "all of these, or all of those"; what is compared with a
 * token, and told to who lacks something, is "any of these, and any of those": the same, multiplied out.
 */
#ifndef PAT_POLICY_NEEDS_H
#define PAT_POLICY_NEEDS_H

#include "policy/rules.h"

#define PAT_NEEDS_LIST_MAX 16u
#define PAT_NEEDS_WORK_MAX 256u
#define PAT_NEEDS_TOO_MANY "its alternatives of scopes are too many"

/* Starts with {0}. */
struct pat_needs {
	bool any; /* there has been an alternative */
	size_t n; /* with `any` and none of them: nothing is needed */
	struct pat_rules_need needs[PAT_NEEDS_WORK_MAX];
};

/* One more alternative: all of these scopes. False when the needs become too many. */
bool pat_needs_or(struct pat_needs *needs, const uint32_t *scopes, size_t n) PAT_MUST_USE;

/* Sets the rule's. False when they are more than a policy holds. */
bool pat_needs_write(const struct pat_needs *needs, struct pat_rules_op *rule) PAT_MUST_USE;

#endif
