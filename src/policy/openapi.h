/* SPDX-License-Identifier: Apache-2.0
 *
 * An OpenAPI document (3.0 or 3.1) read as rules for tokens.
 *
 * A document says which credentials an operation takes, and it was not written with our tokens in mind. So how it is to
 * be read has to be said: which security scheme stands for a token, which scheme's scopes count for it, and whether a
 * list of scopes means all of them, as OpenAPI has it, or any, as some mean it. Figma's document offers a token as the
 * scheme PersonalAccessToken, names its scopes under OAuth2 only, and means any.
 *
 * What an operation takes, from its `security` or else the document's:
 *
 *   - it is open to tokens when one of the alternatives asks for the token scheme and for nothing else, or for nothing
 *     at all; otherwise, and when nobody said anything, it is refused;
 *   - the scopes are those of the alternatives that ask for the scopes' scheme and for nothing else: one of these
 *     alternatives has to be met. Without any, a token needs no scope.
 */
#ifndef PAT_POLICY_OPENAPI_H
#define PAT_POLICY_OPENAPI_H

#include "policy/rules.h"
#include "policy/tree.h"

#define PAT_OPENAPI_DESCRIPTION_MAX 500u /* bytes of a scope's that are kept */

struct pat_openapi_reading {
	const char *token_scheme; /* NULL: the one whose scopes count */
	const char *
		scopes_scheme; /* NULL: the only OAuth 2 or OpenID Connect scheme, or else the only one there is */
	bool any;              /* a list of scopes means any of them */
	const char *base_path; /* before every path; NULL: that of the first server's address */
};

/* Adds a document's rules. 0, -ENOMEM, or PAT_RULES_E_BAD with the line in `err`. */
int pat_openapi_read(const struct pat_tree *document, const struct pat_openapi_reading *reading,
                     struct pat_rules *ret, struct pat_err *err) PAT_MUST_USE;

/* What somebody should look at before he believes in a policy. */
enum pat_lint_kind {
	PAT_LINT_NO_SCOPES, /* an operation that any token of the product may do */
	PAT_LINT_REFUSED,   /* one that no token may do */
	PAT_LINT_UNUSED,    /* a scope that no operation takes */
	PAT_LINT_AMBIGUOUS, /* two templates that some path matches, of which neither is more concrete */
	PAT_LINT_UNDECLARED, /* an operation takes a scope that its scheme does not declare */
};
typedef void pat_lint_fn(void *arg, enum pat_lint_kind kind, unsigned line, const char *text);

/* Calls `fn` for each finding, in the order of the document. Texts live during the call. */
void pat_rules_lint(const struct pat_rules *rules, pat_lint_fn *fn, void *arg);

#endif
