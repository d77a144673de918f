/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding the one credential a request presents. Fed with the values of the Authorization header
 * (RFC 9110 section 11.6.2, RFC 6750 section 2.1) and of the configured token headers, in any
 * order, it says: nothing presented, this text, or a request that must be refused with 400.
 *
 * The same token twice is one credential; two that differ are an invalid request (RFC 6750
 * section 3.1). An Authorization header of another scheme beside a token counts as differing: the
 * product must never be handed two identities. Pure; keeps pointers into the caller's bytes.
 */
#ifndef PAT_TOKEN_CREDENTIAL_H
#define PAT_TOKEN_CREDENTIAL_H

#include "base/base.h"

enum pat_credential_state {
	PAT_CREDENTIAL_NONE, /* nothing presented, or only an Authorization of another scheme */
	PAT_CREDENTIAL_PRESENT, /* `text`, `len`, as they came: of any characters and length, or none */
	PAT_CREDENTIAL_AMBIGUOUS, /* more than one: refuse with 400 invalid_request */
};

struct pat_credential {
	enum pat_credential_state state;
	bool other_scheme; /* an Authorization header of another scheme was seen */
	const char *text;
	size_t len;
};

/* Starts with {0}: PAT_CREDENTIAL_NONE. */

/* Whether an Authorization field value begins with `Bearer`, in any case. */
bool pat_credential_is_bearer(const char *value, size_t len);

/* Feeds one Authorization field value: `Bearer` in any case, one space, the text; the RFC 8959
 * "secret-token:" spelling is understood and removed. Whether the text is a token68 is not asked: what is not
 * is no token either, and gets the same answer. */
void pat_credential_add_authorization(struct pat_credential *c, const char *value, size_t len);

/* Feeds the value of a header that holds the bare token (X-Figma-Token and its like). */
void pat_credential_add_header(struct pat_credential *c, const char *value, size_t len);

#endif
