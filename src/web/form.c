/* SPDX-License-Identifier: Apache-2.0 */
#include "web/form.h"

#include <string.h>

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool pat_form_decode(char *text, size_t len, size_t *ret_len)
{
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i] == '+' ? ' ' : text[i];

		if (c == '%') {
			int high = i + 2 < len ? hex(text[i + 1]) : -1;
			int low = high < 0 ? -1 : hex(text[i + 2]);

			if (low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (c == '\0')
			return false;
		text[out++] = c;
	}
	text[out] = '\0';
	*ret_len = out;
	return true;
}

/* Takes the value of one "name=value" to `out`; a name alone has an empty value. */
static int value_take(const char *value, size_t len, char *out, size_t out_bytes, size_t *ret_len)
{
	if (len >= out_bytes)
		return PAT_FORM_E_TOO_LONG;
	memcpy(out, value, len); /* UNSAFE: checked above */
	return pat_form_decode(out, len, ret_len) ? 0 : PAT_FORM_E_MALFORMED;
}

int pat_form_get(const char *body, size_t len, const char *name, char *out, size_t out_bytes,
                 size_t *ret_len)
{
	size_t name_len = strlen(name);
	const char *end = body + len;
	bool found = false;
	int r = 0;

	*ret_len = 0;
	while (body < end) {
		const char *amp = memchr(body, '&', (size_t)(end - body));
		const char *next = amp ? amp : end;
		const char *equals = memchr(body, '=', (size_t)(next - body));
		const char *name_end = equals ? equals : next;
		const char *value = equals ? equals + 1 : next;

		if ((size_t)(name_end - body) == name_len && memcmp(body, name, name_len) == 0) {
			if (found)
				return PAT_FORM_E_MALFORMED;
			r = value_take(value, (size_t)(next - value), out, out_bytes, ret_len);
			if (r == PAT_FORM_E_MALFORMED)
				return r;
			found = true;
		}
		body = amp ? amp + 1 : end;
	}
	if (r != 0)
		return r;
	return *ret_len > 0 ? 0 : PAT_FORM_E_ABSENT;
}
