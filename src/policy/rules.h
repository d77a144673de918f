/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of one product, as they are read from a document and before they are compiled: which operations there are,
 * and what each of them takes.
 */
#ifndef PAT_POLICY_RULES_H
#define PAT_POLICY_RULES_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "policy/policy.h"

#define PAT_RULES_MAX 20000u

/* Any one of these scopes meets it; numbers of the rules' scopes. */
struct pat_rules_need {
	uint32_t n;
	uint32_t scopes[PAT_POLICY_NEED_SCOPES];
};

struct pat_rules_op {
	unsigned method;
	const char *path; /* the template, with what the server's address adds */
	const char *id;   /* its operationId, or "" */
	unsigned line;    /* in the document */
	bool refused;     /* not open to tokens */
	uint32_t n_needs; /* all of them are to be met */
	struct pat_rules_need needs[PAT_POLICY_NEEDS_MAX];
};

struct pat_rules_scope {
	const char *name;
	const char *description; /* or "" */
	unsigned line;
	bool undeclared; /* its scheme declares scopes, and not this one: misspelt, most likely */
};

/* Texts and arrays belong to `arena`. Memory the caller holds. */
struct pat_rules {
	struct pat_arena arena;
	size_t n;
	size_t cap;
	struct pat_rules_op *rules;
	size_t n_scopes;
	struct pat_rules_scope scopes[PAT_POLICY_SCOPES_MAX];
};

struct pat_rules *pat_rules_new(void);
void pat_rules_free(struct pat_rules *rules);
void pat_rules_freep(struct pat_rules **rules);

/* The next rule, zeroed; NULL when there are too many or memory is short. Pointers to earlier ones end. */
struct pat_rules_op *pat_rules_add(struct pat_rules *rules) PAT_MUST_USE;

enum pat_rules_outcome {
	PAT_RULES_E_BAD = 1, /* `err` says what, and in which line */
};

/* Appends the compiled policy. 0, -ENOMEM, or PAT_RULES_E_BAD: a template that can not be judged, two operations that
 * are the same, or more of something than a policy holds. */
int pat_rules_compile(const struct pat_rules *rules, struct pat_buf *ret,
                      struct pat_err *err) PAT_MUST_USE;

#endif
