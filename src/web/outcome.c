/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables. A new reason is one row here and one word in docs/openapi.yaml.
 */
#include "web/outcome.h"

#include <assert.h>
#include <errno.h>

#include "core/core.h"
#include "files/files.h"
#include "store/store.h"
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
	[PAT_REASON_NOTE_TOO_LONG] = { 400, "note_too_long", "The note is too long.", 0 },
	[PAT_REASON_NOTE_BAD_CHARACTERS] = { 400, "note_bad_characters", "The note has characters that are not allowed.", 0 },
	[PAT_REASON_SCOPE_REQUIRED] = { 400, "scope_required", "Choose at least one scope.", 0 },
	[PAT_REASON_UNKNOWN_SCOPE] = { 400, "unknown_scope", "There is no such scope.", 0 },
	[PAT_REASON_DUPLICATE_SCOPE] = { 400, "duplicate_scope", "A scope is given twice.", 0 },
	[PAT_REASON_TOO_MANY_SCOPES] = { 400, "too_many_scopes", "These are too many scopes.", 0 },
	[PAT_REASON_SCOPE_NOT_HELD] = { 409, "scope_not_held", "The token does not have this scope: scopes can be taken away, not given.", 0 },
	[PAT_REASON_SCOPE_NOT_ALLOWED] = { 403, "scope_not_allowed", "This scope is for administrators.", 0 },
	[PAT_REASON_PRODUCTS_REQUIRED] = { 400, "products_required", "With a scope of patd's own beside others, name the products that the token is for, patd among them.", 0 },
	[PAT_REASON_BEYOND_TOKEN] = { 403, "beyond_token", "A token makes only tokens that may do no more than itself and end no later; one that is limited to a rate makes none.", 0 },
	[PAT_REASON_LIMIT_MALFORMED] = { 400, "limit_malformed", "This is not a limit.", 0 },
	[PAT_REASON_DUPLICATE_LIMIT] = { 400, "duplicate_limit", "A limit is given twice.", 0 },
	[PAT_REASON_TOO_MANY_LIMITS] = { 400, "too_many_limits", "These are too many limits.", 0 },
	[PAT_REASON_UNKNOWN_PRODUCT] = { 400, "unknown_product", "There is no product of this name.", 0 },
	[PAT_REASON_UNKNOWN_PARAMETER] = { 400, "unknown_parameter", "No operation of the product has this parameter in its path.", 0 },
	[PAT_REASON_TOKEN_REPLACED] = { 409, "token_replaced", "Another token was made in its place already: rotate that one.", 0 },
	[PAT_REASON_TOKEN_ENDED] = { 409, "token_ended", "The token has expired or was revoked.", 0 },
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
	[PAT_REASON_SUBJECT_MALFORMED] = { 400, "subject_malformed", "A subject is 1 to 128 visible ASCII characters without blanks.", 0 },
	[PAT_REASON_RETURN_URL_NOT_ALLOWED] = { 400, "return_url_not_allowed", "The address must be on an origin that the service was added with, of visible ASCII, and at most 1024 bytes.", 0 },
	[PAT_REASON_PICTURE_MALFORMED] = { 400, "picture_malformed", "This is not a picture of the type that it is said to be.", 0 },
	[PAT_REASON_PICTURE_TOO_LARGE] = { 400, "picture_too_large", "The picture is more than 2048 pixels wide or high.", 0 },
	[PAT_REASON_PICTURE_MOVES] = { 400, "picture_moves", "A picture that moves is not possible here.", 0 },
	[PAT_REASON_IDEMPOTENCY_KEY_MALFORMED] = { 400, "idempotency_key_malformed", "Idempotency-Key must be 1 to 64 visible ASCII characters.", 0 },
	[PAT_REASON_SESSION_REQUIRED] = { 401, "session_required", "Sign in first.", 0 },
	[PAT_REASON_WRONG_CREDENTIALS] = { 401, "wrong_credentials", "Wrong email address or password.", 0 },
	[PAT_REASON_TOKEN_MISSING] = { 401, "token_missing", "This address needs a personal access token.", 0 },
	[PAT_REASON_REAUTHENTICATION_REQUIRED] = { 403, "reauthentication_required", "Your last sign-in is too long ago for this. Enter your password again.", 0 },
	[PAT_REASON_CSRF_TOKEN_INVALID] = { 403, "csrf_token_invalid", "The request does not carry this session's CSRF token.", 0 },
	[PAT_REASON_CROSS_SITE_REQUEST] = { 403, "cross_site_request", "This is answered to our own pages only.", 0 },
	[PAT_REASON_SETUP_CODE_INVALID] = { 403, "setup_code_invalid", "This set-up code is wrong or no longer valid.", 0 },
	[PAT_REASON_PORTAL_LINK_INVALID] = { 403, "portal_link_invalid", "This link was used already, or has expired. Go back to where you came from, and open your tokens from there again.", 0 },
	[PAT_REASON_PORTAL_NOT_ENABLED] = { 403, "portal_not_enabled", "This service may not send people here: it has no portal.", 0 },
	[PAT_REASON_PORTAL_NO_SCOPES] = { 403, "portal_no_scopes", "The product has no scopes: nobody could generate a token for it.", 0 },
	[PAT_REASON_PERSON_DISABLED] = { 403, "person_disabled", "This person is disabled here.", 0 },
	[PAT_REASON_NOT_ALLOWED] = { 403, "not_allowed", "You are not allowed to do this.", 0 },
	[PAT_REASON_INSUFFICIENT_SCOPE] = { 403, "insufficient_scope", "The token does not have the scope that this address requires.", 0 },
	[PAT_REASON_TOKEN_AUDIENCE] = { 403, "token_audience", "The token is not limited to the product patd. Generate one that names it.", 0 },
	[PAT_REASON_NOT_FOUND] = { 404, "not_found", "There is nothing here.", 0 },
	[PAT_REASON_METHOD_NOT_ALLOWED] = { 405, "method_not_allowed", "This method is not possible here.", 0 },
	[PAT_REASON_NAME_TAKEN] = { 409, "name_taken", "You have a live token of this name already.", 0 },
	[PAT_REASON_EMAIL_TAKEN] = { 409, "email_taken", "Somebody has this email address already.", 0 },
	[PAT_REASON_TOKEN_LIMIT_REACHED] = { 409, "token_limit_reached", "You have as many live tokens as are allowed. Revoke one first.", 0 },
	[PAT_REASON_SETUP_DONE] = { 409, "setup_done", "The first account exists already.", 0 },
	[PAT_REASON_IDEMPOTENCY_CONFLICT] = { 409, "idempotency_conflict", "This Idempotency-Key was used for another request.", 0 },
	[PAT_REASON_LIMIT_REACHED] = { 409, "limit_reached", "There are as many of these as are allowed.", 0 },
	[PAT_REASON_QUOTA_REACHED] = { 409, "quota_reached", "The team keeps as many bytes as it may, versions, images and the trash included. Delete some for good first.", 0 },
	[PAT_REASON_VERSION_NEWEST] = { 409, "version_newest", "The newest version is what the file is. Upload another before, or delete the file.", 0 },
	[PAT_REASON_PROJECT_NAME_TAKEN] = { 409, "project_name_taken", "There is a project of this name already.", 0 },
	[PAT_REASON_PROJECT_NOT_EMPTY] = { 409, "project_not_empty", "The project has files, perhaps in the trash.", 0 },
	[PAT_REASON_REACTION_EXISTS] = { 409, "reaction_exists", "You have reacted like this already.", 0 },
	[PAT_REASON_BODY_TOO_LARGE] = { 413, "body_too_large", "The body is larger than is allowed here.", 0 },
	[PAT_REASON_JSON_REQUIRED] = { 415, "json_required", "Send application/json.", 0 },
	[PAT_REASON_PICTURE_TYPE_UNKNOWN] = { 415, "picture_type_unknown", "Send image/png, image/jpeg or image/webp.", 0 },
	[PAT_REASON_DOCUMENT_INVALID] = { 422, "document_invalid", "This is not a design document.", 0 },
	[PAT_REASON_IMAGE_INVALID] = { 422, "image_invalid", "This is not a PNG, JPEG, GIF or WebP image.", 0 },
	[PAT_REASON_SHARE_PERSON_UNKNOWN] = { 422, "share_person_unknown", "Nobody here has this email address, or the file is theirs.", 0 },
	[PAT_REASON_TOO_MANY_ATTEMPTS] = { 429, "too_many_attempts", "Too many attempts.", 60 },
	[PAT_REASON_BUSY] = { 503, "busy", "The service is busy.", 1 },
	[PAT_REASON_UNAVAILABLE] = { 503, "unavailable", "The service can not answer right now.", 5 },
	[PAT_REASON_CHANGE_UNKNOWN] = { 503, "change_unknown", "It is not known whether this was done. Look before you try again.", 5 },
	[PAT_REASON_NOT_EFFECTIVE] = { 503, "not_effective", "This is done, and not yet in force on every node. Ask again: it waits then, and says when it is.", 1 },
	[PAT_REASON_STORAGE_FULL] = { 503, "storage_full", "The service has no space left to store this.", 30 },
	[PAT_REASON_STORAGE_RESERVED] = { 507, "storage_reserved", "The space that is left here is kept for tokens. Nothing can be added to files now.", 0 },
};
/* clang-format on */
static_assert(PAT_ARRAY_LEN(problems) == PAT_REASON_COUNT, "every reason has its row");

const struct pat_problem *pat_problem_of(enum pat_reason reason)
{
	pat_assert((size_t)reason < PAT_ARRAY_LEN(problems));
	return &problems[reason];
}

struct row {
	enum pat_reason reason;
	const char *field;
};

static const struct row core_outcomes[] = {
	[PAT_CORE_E_NOT_FOUND] = { PAT_REASON_NOT_FOUND, NULL },
	[PAT_CORE_E_NOT_ALLOWED] = { PAT_REASON_NOT_ALLOWED, NULL },
	[PAT_CORE_E_EMAIL_MALFORMED] = { PAT_REASON_EMAIL_MALFORMED, "email" },
	[PAT_CORE_E_EMAIL_TAKEN] = { PAT_REASON_EMAIL_TAKEN, "email" },
	[PAT_CORE_E_NAME_REQUIRED] = { PAT_REASON_NAME_REQUIRED, "name" },
	[PAT_CORE_E_NAME_TOO_LONG] = { PAT_REASON_NAME_TOO_LONG, "name" },
	[PAT_CORE_E_NAME_BAD_CHARACTERS] = { PAT_REASON_NAME_BAD_CHARACTERS, "name" },
	[PAT_CORE_E_NAME_TAKEN] = { PAT_REASON_NAME_TAKEN, "name" },
	[PAT_CORE_E_NOTE_TOO_LONG] = { PAT_REASON_NOTE_TOO_LONG, "note" },
	[PAT_CORE_E_NOTE_BAD_CHARACTERS] = { PAT_REASON_NOTE_BAD_CHARACTERS, "note" },
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
	[PAT_CORE_E_PASSWORD_REQUIRED] = { PAT_REASON_MISSING_FIELD, "current_password" },
	[PAT_CORE_E_PICTURE_MALFORMED] = { PAT_REASON_PICTURE_MALFORMED, NULL },
	[PAT_CORE_E_PICTURE_TOO_LARGE] = { PAT_REASON_PICTURE_TOO_LARGE, NULL },
	[PAT_CORE_E_PICTURE_MOVES] = { PAT_REASON_PICTURE_MOVES, NULL },
	[PAT_CORE_E_CREDENTIALS] = { PAT_REASON_WRONG_CREDENTIALS, NULL },
	[PAT_CORE_E_TOO_MANY] = { PAT_REASON_TOO_MANY_ATTEMPTS, NULL },
	[PAT_CORE_E_SESSION] = { PAT_REASON_SESSION_REQUIRED, NULL },
	[PAT_CORE_E_REAUTHENTICATE] = { PAT_REASON_REAUTHENTICATION_REQUIRED, NULL },
	[PAT_CORE_E_SETUP_DONE] = { PAT_REASON_SETUP_DONE, NULL },
	[PAT_CORE_E_SETUP_CODE] = { PAT_REASON_SETUP_CODE_INVALID, "code" },
	[PAT_CORE_E_PRODUCT_NAME] = { PAT_REASON_BAD_VALUE, "name" },
	[PAT_CORE_E_PRODUCT_LIMIT] = { PAT_REASON_LIMIT_REACHED, NULL },
	[PAT_CORE_E_DOCUMENT] = { PAT_REASON_BAD_VALUE, "document" },
	[PAT_CORE_E_LIMIT_MALFORMED] = { PAT_REASON_LIMIT_MALFORMED, "limits" },
	[PAT_CORE_E_LIMIT_DUPLICATE] = { PAT_REASON_DUPLICATE_LIMIT, "limits" },
	[PAT_CORE_E_LIMIT_TOO_MANY] = { PAT_REASON_TOO_MANY_LIMITS, "limits" },
	[PAT_CORE_E_PRODUCT_UNKNOWN] = { PAT_REASON_UNKNOWN_PRODUCT, "limits" },
	[PAT_CORE_E_PARAMETER_UNKNOWN] = { PAT_REASON_UNKNOWN_PARAMETER, "limits.resources" },
	[PAT_CORE_E_TOKEN_ENDED] = { PAT_REASON_TOKEN_ENDED, NULL },
	[PAT_CORE_E_TOKEN_REPLACED] = { PAT_REASON_TOKEN_REPLACED, NULL },
	[PAT_CORE_E_OVERLAP] = { PAT_REASON_BAD_VALUE, "old_ends_in_seconds" },
	[PAT_CORE_E_SCOPE_NOT_HELD] = { PAT_REASON_SCOPE_NOT_HELD, "scopes" },
	[PAT_CORE_E_SCOPE_NOT_ALLOWED] = { PAT_REASON_SCOPE_NOT_ALLOWED, "scopes" },
	[PAT_CORE_E_PRODUCTS_REQUIRED] = { PAT_REASON_PRODUCTS_REQUIRED, "limits.products" },
	[PAT_CORE_E_BEYOND_SCOPES] = { PAT_REASON_BEYOND_TOKEN, "scopes" },
	[PAT_CORE_E_BEYOND_EXPIRY] = { PAT_REASON_BEYOND_TOKEN, "expires_at" },
	[PAT_CORE_E_BEYOND_LIMITS] = { PAT_REASON_BEYOND_TOKEN, "limits" },
	[PAT_CORE_E_SERVICE_NAME] = { PAT_REASON_BAD_VALUE, "name" },
	[PAT_CORE_E_SERVICE_TAKEN] = { PAT_REASON_NAME_TAKEN, "name" },
	[PAT_CORE_E_ORIGIN] = { PAT_REASON_BAD_VALUE, "origins" },
	[PAT_CORE_E_TITLE] = { PAT_REASON_BAD_VALUE, "title" },
	[PAT_CORE_E_ACCENT] = { PAT_REASON_BAD_VALUE, "accent" },
	[PAT_CORE_E_PORTAL_PRODUCT] = { PAT_REASON_UNKNOWN_PRODUCT, "product" },
	[PAT_CORE_E_PORTAL_NONE] = { PAT_REASON_PORTAL_NOT_ENABLED, NULL },
	[PAT_CORE_E_PORTAL_SCOPES] = { PAT_REASON_PORTAL_NO_SCOPES, NULL },
	[PAT_CORE_E_PORTAL_KEPT] = { PAT_REASON_BAD_VALUE, "product" },
	[PAT_CORE_E_SUBJECT] = { PAT_REASON_SUBJECT_MALFORMED, "subject" },
	[PAT_CORE_E_RETURN_URL] = { PAT_REASON_RETURN_URL_NOT_ALLOWED, "return_url" },
	[PAT_CORE_E_PERSON_DISABLED] = { PAT_REASON_PERSON_DISABLED, NULL },
	[PAT_CORE_E_NOT_EFFECTIVE] = { PAT_REASON_NOT_EFFECTIVE, NULL },
	[PAT_CORE_E_LINK] = { PAT_REASON_PORTAL_LINK_INVALID, "code" },
};
static_assert(PAT_ARRAY_LEN(core_outcomes) == PAT_CORE_E_OVERLAP + 1,
              "every outcome of the core has its row");

static const struct row files_outcomes[] = {
	[PAT_FILES_E_NOT_FOUND] = { PAT_REASON_NOT_FOUND, NULL },
	[PAT_FILES_E_NOT_ALLOWED] = { PAT_REASON_NOT_ALLOWED, NULL },
	[PAT_FILES_E_NAME_REQUIRED] = { PAT_REASON_NAME_REQUIRED, "name" },
	[PAT_FILES_E_NAME_TOO_LONG] = { PAT_REASON_NAME_TOO_LONG, "name" },
	[PAT_FILES_E_NAME_BAD_CHARACTERS] = { PAT_REASON_NAME_BAD_CHARACTERS, "name" },
	[PAT_FILES_E_NAME_TAKEN] = { PAT_REASON_PROJECT_NAME_TAKEN, "name" },
	[PAT_FILES_E_NOT_EMPTY] = { PAT_REASON_PROJECT_NOT_EMPTY, NULL },
	[PAT_FILES_E_LIMIT] = { PAT_REASON_LIMIT_REACHED, NULL },
	[PAT_FILES_E_DOCUMENT] = { PAT_REASON_DOCUMENT_INVALID, NULL },
	[PAT_FILES_E_TOO_LARGE] = { PAT_REASON_BODY_TOO_LARGE, NULL },
	[PAT_FILES_E_PERSON] = { PAT_REASON_SHARE_PERSON_UNKNOWN, "email" },
	[PAT_FILES_E_MESSAGE] = { PAT_REASON_BAD_VALUE, "message" },
	[PAT_FILES_E_META] = { PAT_REASON_BAD_VALUE, "client_meta" },
	[PAT_FILES_E_EMOJI] = { PAT_REASON_BAD_VALUE, "emoji" },
	[PAT_FILES_E_PARENT] = { PAT_REASON_BAD_VALUE, "comment_id" },
	[PAT_FILES_E_EXISTS] = { PAT_REASON_REACTION_EXISTS, NULL },
	[PAT_FILES_E_IMAGE] = { PAT_REASON_IMAGE_INVALID, NULL },
	[PAT_FILES_E_NODE] = { PAT_REASON_NOT_FOUND, "node" },
	[PAT_FILES_E_CURSOR] = { PAT_REASON_BAD_VALUE, "cursor" },
	[PAT_FILES_E_NEWEST] = { PAT_REASON_VERSION_NEWEST, NULL },
	[PAT_FILES_E_ENDED] = { PAT_REASON_SESSION_REQUIRED, NULL },
	[PAT_FILES_E_QUOTA] = { PAT_REASON_QUOTA_REACHED, NULL },
	[PAT_FILES_E_RESERVE] = { PAT_REASON_STORAGE_RESERVED, NULL },
};
static_assert(PAT_ARRAY_LEN(files_outcomes) == PAT_FILES_E_RESERVE + 1,
              "every outcome of the files product has its row");

static enum pat_reason reason_of(const struct row *rows, size_t n, int result,
                                 const char **ret_field)
{
	*ret_field = NULL;
	if (result == -EBUSY)
		return PAT_REASON_BUSY;
	if (result == -ENOSPC)
		return PAT_REASON_STORAGE_FULL;
	if (result == PAT_STORE_UNKNOWN)
		return PAT_REASON_CHANGE_UNKNOWN;
	if (result < 0)
		return PAT_REASON_UNAVAILABLE;
	pat_assert((size_t)result < n);
	pat_assert(rows[result].reason != PAT_REASON_NONE);
	*ret_field = rows[result].field;
	return rows[result].reason;
}

enum pat_reason pat_reason_of_core(int result, const char **ret_field)
{
	return reason_of(core_outcomes, PAT_ARRAY_LEN(core_outcomes), result, ret_field);
}

enum pat_reason pat_reason_of_files(int result, const char **ret_field)
{
	return reason_of(files_outcomes, PAT_ARRAY_LEN(files_outcomes), result, ret_field);
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
