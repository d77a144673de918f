/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables. A new reason is one row here and one word in docs/openapi.yaml.
 */
#include "web/outcome.h"

#include <assert.h>
#include <errno.h>

#include "core/core.h"
#include "web/json.h"

/* clang-format off */
static const struct pat_problem problems[] = {
	[PAT_REASON_NONE] = { 503, "unavailable", "The service can not answer right now.", 5 },
	[PAT_REASON_REQUEST_MALFORMED] = { 400, "request_malformed", "The request can not be read.", 0 },
	[PAT_REASON_MALFORMED_JSON] = { 400, "malformed_json", "The body is not well-formed JSON.", 0 },
	[PAT_REASON_NOT_AN_OBJECT] = { 400, "not_an_object", "The body must be a JSON object.", 0 },
	[PAT_REASON_UNKNOWN_FIELD] = { 400, "unknown_field", "There is no such field here.", 0 },
	[PAT_REASON_MISSING_FIELD] = { 400, "missing_field", "A required field is missing.", 0 },
	[PAT_REASON_WRONG_TYPE] = { 400, "wrong_type", "This field has the wrong type.", 0 },
	[PAT_REASON_BAD_VALUE] = { 400, "bad_value", "This value is not allowed here.", 0 },
	[PAT_REASON_NAME_REQUIRED] = { 400, "name_required", "Enter a name.", 0 },
	[PAT_REASON_NAME_TOO_LONG] = { 400, "name_too_long", "The name is too long.", 0 },
	[PAT_REASON_NAME_BAD_CHARACTERS] = { 400, "name_bad_characters", "The name has characters that are not allowed.", 0 },
	[PAT_REASON_SCOPE_REQUIRED] = { 400, "scope_required", "Choose at least one scope.", 0 },
	[PAT_REASON_UNKNOWN_SCOPE] = { 400, "unknown_scope", "There is no such scope.", 0 },
	[PAT_REASON_DUPLICATE_SCOPE] = { 400, "duplicate_scope", "A scope is given twice.", 0 },
	[PAT_REASON_TOO_MANY_SCOPES] = { 400, "too_many_scopes", "These are too many scopes.", 0 },
	[PAT_REASON_EXPIRY_REQUIRED] = { 400, "expiry_required", "Choose when the token expires.", 0 },
	[PAT_REASON_EXPIRY_CONFLICT] = { 400, "expiry_conflict", "Give expires_at or expires_in_days, not both.", 0 },
	[PAT_REASON_EXPIRY_MALFORMED] = { 400, "expiry_malformed", "The expiry must be a time such as 2026-11-23T17:00:00Z.", 0 },
	[PAT_REASON_EXPIRY_IN_PAST] = { 400, "expiry_in_past", "The expiry must be in the future.", 0 },
	[PAT_REASON_EXPIRY_TOO_FAR] = { 400, "expiry_too_far", "The expiry is further ahead than is allowed here.", 0 },
	[PAT_REASON_PASSWORD_TOO_SHORT] = { 400, "password_too_short", "The password needs at least 15 characters.", 0 },
	[PAT_REASON_PASSWORD_TOO_LONG] = { 400, "password_too_long", "The password is too long.", 0 },
	[PAT_REASON_PASSWORD_BAD_CHARACTERS] = { 400, "password_bad_characters", "The password has characters that are not allowed.", 0 },
	[PAT_REASON_PASSWORD_TOO_COMMON] = { 400, "password_too_common", "This password is among the first that are guessed.", 0 },
	[PAT_REASON_PASSWORD_IS_PERSONAL] = { 400, "password_is_personal", "The password contains your name or your email address.", 0 },
	[PAT_REASON_PASSWORD_UNCHANGED] = { 400, "password_unchanged", "The new password is the same as the current one.", 0 },
	[PAT_REASON_EMAIL_MALFORMED] = { 400, "email_malformed", "This is not an email address.", 0 },
	[PAT_REASON_IDEMPOTENCY_KEY_MALFORMED] = { 400, "idempotency_key_malformed", "Idempotency-Key must be 1 to 64 visible ASCII characters.", 0 },
	[PAT_REASON_SESSION_REQUIRED] = { 401, "session_required", "Sign in first.", 0 },
	[PAT_REASON_WRONG_CREDENTIALS] = { 401, "wrong_credentials", "Wrong email address or password.", 0 },
	[PAT_REASON_TOKEN_MISSING] = { 401, "token_missing", "This address needs a personal access token.", 0 },
	[PAT_REASON_CSRF_TOKEN_INVALID] = { 403, "csrf_token_invalid", "The request does not carry this session's CSRF token.", 0 },
	[PAT_REASON_CROSS_SITE_REQUEST] = { 403, "cross_site_request", "This is answered to our own pages only.", 0 },
	[PAT_REASON_SETUP_CODE_INVALID] = { 403, "setup_code_invalid", "This set-up code is wrong or no longer valid.", 0 },
	[PAT_REASON_NOT_ALLOWED] = { 403, "not_allowed", "You are not allowed to do this.", 0 },
	[PAT_REASON_INSUFFICIENT_SCOPE] = { 403, "insufficient_scope", "The token does not have the scope that this address requires.", 0 },
	[PAT_REASON_NOT_FOUND] = { 404, "not_found", "There is nothing here.", 0 },
	[PAT_REASON_METHOD_NOT_ALLOWED] = { 405, "method_not_allowed", "This method is not possible here.", 0 },
	[PAT_REASON_NAME_TAKEN] = { 409, "name_taken", "You have a live token of this name already.", 0 },
	[PAT_REASON_EMAIL_TAKEN] = { 409, "email_taken", "Somebody has this email address already.", 0 },
	[PAT_REASON_TOKEN_LIMIT_REACHED] = { 409, "token_limit_reached", "You have as many live tokens as are allowed. Revoke one first.", 0 },
	[PAT_REASON_SETUP_DONE] = { 409, "setup_done", "The first account exists already.", 0 },
	[PAT_REASON_IDEMPOTENCY_CONFLICT] = { 409, "idempotency_conflict", "This Idempotency-Key was used for another request.", 0 },
	[PAT_REASON_BODY_TOO_LARGE] = { 413, "body_too_large", "The body is larger than is allowed here.", 0 },
	[PAT_REASON_JSON_REQUIRED] = { 415, "json_required", "Send application/json.", 0 },
	[PAT_REASON_TOO_MANY_ATTEMPTS] = { 429, "too_many_attempts", "Too many attempts.", 60 },
	[PAT_REASON_BUSY] = { 503, "busy", "The service is busy.", 1 },
	[PAT_REASON_UNAVAILABLE] = { 503, "unavailable", "The service can not answer right now.", 5 },
	[PAT_REASON_STORAGE_FULL] = { 503, "storage_full", "The service has no space left to store this.", 30 },
};
/* clang-format on */
static_assert(PAT_ARRAY_LEN(problems) == PAT_REASON_COUNT, "every reason has its row");

const struct pat_problem *pat_problem_of(enum pat_reason reason)
{
	pat_assert((size_t)reason < PAT_ARRAY_LEN(problems));
	return &problems[reason];
}

static const struct {
	enum pat_reason reason;
	const char *field;
} core_outcomes[] = {
	[PAT_CORE_E_NOT_FOUND] = { PAT_REASON_NOT_FOUND, NULL },
	[PAT_CORE_E_NOT_ALLOWED] = { PAT_REASON_NOT_ALLOWED, NULL },
	[PAT_CORE_E_EMAIL_MALFORMED] = { PAT_REASON_EMAIL_MALFORMED, "email" },
	[PAT_CORE_E_EMAIL_TAKEN] = { PAT_REASON_EMAIL_TAKEN, "email" },
	[PAT_CORE_E_NAME_REQUIRED] = { PAT_REASON_NAME_REQUIRED, "name" },
	[PAT_CORE_E_NAME_TOO_LONG] = { PAT_REASON_NAME_TOO_LONG, "name" },
	[PAT_CORE_E_NAME_BAD_CHARACTERS] = { PAT_REASON_NAME_BAD_CHARACTERS, "name" },
	[PAT_CORE_E_NAME_TAKEN] = { PAT_REASON_NAME_TAKEN, "name" },
	[PAT_CORE_E_SCOPE_REQUIRED] = { PAT_REASON_SCOPE_REQUIRED, "scopes" },
	[PAT_CORE_E_SCOPE_UNKNOWN] = { PAT_REASON_UNKNOWN_SCOPE, "scopes" },
	[PAT_CORE_E_SCOPE_DUPLICATE] = { PAT_REASON_DUPLICATE_SCOPE, "scopes" },
	[PAT_CORE_E_SCOPE_TOO_MANY] = { PAT_REASON_TOO_MANY_SCOPES, "scopes" },
	[PAT_CORE_E_EXPIRY_REQUIRED] = { PAT_REASON_EXPIRY_REQUIRED, "expires_at" },
	[PAT_CORE_E_EXPIRY_IN_PAST] = { PAT_REASON_EXPIRY_IN_PAST, "expires_at" },
	[PAT_CORE_E_EXPIRY_TOO_FAR] = { PAT_REASON_EXPIRY_TOO_FAR, "expires_at" },
	[PAT_CORE_E_TOKEN_LIMIT] = { PAT_REASON_TOKEN_LIMIT_REACHED, NULL },
	[PAT_CORE_E_REPLAYED] = { PAT_REASON_NONE, NULL },
	[PAT_CORE_E_IDEMPOTENCY_CONFLICT] = { PAT_REASON_IDEMPOTENCY_CONFLICT, NULL },
	[PAT_CORE_E_PASSWORD_TOO_SHORT] = { PAT_REASON_PASSWORD_TOO_SHORT, "password" },
	[PAT_CORE_E_PASSWORD_TOO_LONG] = { PAT_REASON_PASSWORD_TOO_LONG, "password" },
	[PAT_CORE_E_PASSWORD_BAD_CHARACTERS] = { PAT_REASON_PASSWORD_BAD_CHARACTERS, "password" },
	[PAT_CORE_E_PASSWORD_TOO_COMMON] = { PAT_REASON_PASSWORD_TOO_COMMON, "password" },
	[PAT_CORE_E_PASSWORD_IS_PERSONAL] = { PAT_REASON_PASSWORD_IS_PERSONAL, "password" },
	[PAT_CORE_E_PASSWORD_UNCHANGED] = { PAT_REASON_PASSWORD_UNCHANGED, "password" },
	[PAT_CORE_E_CREDENTIALS] = { PAT_REASON_WRONG_CREDENTIALS, NULL },
	[PAT_CORE_E_TOO_MANY] = { PAT_REASON_TOO_MANY_ATTEMPTS, NULL },
	[PAT_CORE_E_SESSION] = { PAT_REASON_SESSION_REQUIRED, NULL },
	[PAT_CORE_E_SETUP_DONE] = { PAT_REASON_SETUP_DONE, NULL },
	[PAT_CORE_E_SETUP_CODE] = { PAT_REASON_SETUP_CODE_INVALID, "code" },
};
static_assert(PAT_ARRAY_LEN(core_outcomes) == PAT_CORE_E_SETUP_CODE + 1,
              "every outcome of the core has its row");

enum pat_reason pat_reason_of_core(int result, const char **ret_field)
{
	*ret_field = NULL;
	if (result == -EBUSY)
		return PAT_REASON_BUSY;
	if (result == -ENOSPC)
		return PAT_REASON_STORAGE_FULL;
	if (result < 0)
		return PAT_REASON_UNAVAILABLE;
	pat_assert((size_t)result < PAT_ARRAY_LEN(core_outcomes));
	pat_assert(core_outcomes[result].reason != PAT_REASON_NONE);
	*ret_field = core_outcomes[result].field;
	return core_outcomes[result].reason;
}

enum pat_reason pat_reason_of_json(int result)
{
	switch (result) {
	case PAT_JSON_E_MALFORMED:
		return PAT_REASON_MALFORMED_JSON;
	case PAT_JSON_E_NOT_AN_OBJECT:
		return PAT_REASON_NOT_AN_OBJECT;
	case PAT_JSON_E_UNKNOWN_FIELD:
		return PAT_REASON_UNKNOWN_FIELD;
	case PAT_JSON_E_MISSING_FIELD:
		return PAT_REASON_MISSING_FIELD;
	case PAT_JSON_E_WRONG_TYPE:
		return PAT_REASON_WRONG_TYPE;
	case PAT_JSON_E_NUL:
		return PAT_REASON_BAD_VALUE;
	default:
		return PAT_REASON_UNAVAILABLE;
	}
}
