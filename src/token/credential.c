/* SPDX-License-Identifier: Apache-2.0
 *
 * The credential rules. Surrounding blanks are not trimmed here: the HTTP server has removed the
 * optional white space that RFC 9110 allows around a field value, so any that is left is the
 * client's own and makes the spelling wrong.
 */
#include "token/credential.h"

#include <string.h>
#include <strings.h>

#include "base/chars.h"

static pat_chars_are is_token68_char(pat_chars c)
{
	return pat_chars_alnum(c) | (c == '-') | (c == '.') | (c == '_') | (c == '~') | (c == '+') |
	       (c == '/');
}

/* token68 of RFC 9110 section 11.2: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=" */
static bool is_token68(const char *s, size_t len)
{
	while (len > 0 && s[len - 1] == '=')
		len--;
	return len > 0 && pat_chars_all(s, len, is_token68_char);
}

/* Takes one presented text into account. */
static void credential_present(struct pat_credential *c, const char *text, size_t len)
{
	static const char spelling[] = "secret-token:";

	if (c->state == PAT_CREDENTIAL_AMBIGUOUS)
		return;
	if (len > sizeof(spelling) - 1 && strncasecmp(text, spelling, sizeof(spelling) - 1) == 0) {
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
	c->state = len <= PAT_CREDENTIAL_BYTES_MAX && is_token68(text, len)
	                   ? PAT_CREDENTIAL_PRESENT
	                   : PAT_CREDENTIAL_MALFORMED;
}

void pat_credential_add_authorization(struct pat_credential *c, const char *value, size_t len)
{
	static const char scheme[] = "bearer";
	size_t n = sizeof(scheme) - 1;

	if (len >= n && strncasecmp(value, scheme, n) == 0) {
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
