/* SPDX-License-Identifier: Apache-2.0
 *
 * The credential rules. Surrounding blanks are not trimmed here: the HTTP server has removed the
 * optional white space that RFC 9110 allows around a field value, so any that is left is the
 * client's own and makes the spelling wrong.
 */
#include "token/credential.h"

#include <string.h>
#include <strings.h>

/* Takes one presented text into account. */
static PAT_HOT void credential_present(struct pat_credential *c, const char *text, size_t len)
{
	static const char spelling[] = "secret-token:";

	if (c->state == PAT_CREDENTIAL_AMBIGUOUS)
		return;
	if (len > sizeof(spelling) - 1 && (text[0] | 0x20) == 's' &&
	    strncasecmp(text, spelling, sizeof(spelling) - 1) == 0) {
		text += sizeof(spelling) - 1;
		len -= sizeof(spelling) - 1;
	}
	if (c->state != PAT_CREDENTIAL_NONE || c->other_scheme) {
		bool same = !c->other_scheme && c->len == len && memcmp(c->text, text, len) == 0;

		if (!same)
			c->state = PAT_CREDENTIAL_AMBIGUOUS;
		return;
	}
	c->text = text;
	c->len = len;
	c->state = PAT_CREDENTIAL_PRESENT;
}

bool pat_credential_is_bearer(const char *value, size_t len)
{
	const uint64_t lower = 0x2020202020202020; /* makes letters small */
	uint64_t scheme = 0;
	uint64_t begins = 0;

	if (len < sizeof("bearer") - 1)
		return false;
	memcpy(&scheme, "bearer", sizeof("bearer") - 1); /* UNSAFE: six of eight */
	memcpy(&begins, value, sizeof("bearer") - 1);    /* UNSAFE: it has six */
	return (begins | lower) == (scheme | lower);
}

void pat_credential_add_authorization(struct pat_credential *c, const char *value, size_t len)
{
	size_t n = sizeof("Bearer") - 1;

	if (pat_credential_is_bearer(value, len)) {
		if (len == n) {
			credential_present(c, value + n, 0);
			return;
		}
		if (value[n] == ' ') {
			credential_present(c, value + n + 1, len - n - 1);
			return;
		}
	}
	if (c->state != PAT_CREDENTIAL_NONE || c->other_scheme)
		c->state = PAT_CREDENTIAL_AMBIGUOUS;
	c->other_scheme = true;
}

void pat_credential_add_header(struct pat_credential *c, const char *value, size_t len)
{
	credential_present(c, value, len);
}
