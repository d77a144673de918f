/* SPDX-License-Identifier: Apache-2.0
 *
 * Scope sets as canonical text. There is no set structure: the text is the set.
 */
#include "token/scopes.h"

#include <stdlib.h>
#include <string.h>

bool pat_scope_name_ok(const char *name, size_t len)
{
	if (len == 0 || len > PAT_SCOPE_BYTES_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c < 0x21 || c > 0x7e || c == '"' || c == '\\')
			return false;
	}
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int pat_scopes_canonical(const char *const *names, size_t n,
                         char text[static PAT_SCOPES_TEXT_BYTES_MAX + 1])
{
	const char *sorted[PAT_SCOPES_MAX];
	size_t len = 0;

	if (n == 0)
		return PAT_SCOPES_E_EMPTY;
	if (n > PAT_SCOPES_MAX)
		return PAT_SCOPES_E_TOO_MANY;
	for (size_t i = 0; i < n; i++) {
		if (!pat_scope_name_ok(names[i], strlen(names[i])))
			return PAT_SCOPES_E_BAD_NAME;
		sorted[i] = names[i];
	}
	qsort(sorted, n, sizeof(sorted[0]), compare_names);
	for (size_t i = 0; i < n; i++) {
		size_t name_len = strlen(sorted[i]);

		if (i > 0 && strcmp(sorted[i - 1], sorted[i]) == 0)
			return PAT_SCOPES_E_DUPLICATE;
		if (len + name_len + 1 > PAT_SCOPES_TEXT_BYTES_MAX)
			return PAT_SCOPES_E_TOO_MANY;
		if (i > 0)
			text[len++] = ' ';
		memcpy(text + len, sorted[i], name_len); /* UNSAFE: room checked above */
		len += name_len;
	}
	text[len] = '\0';
	return 0;
}

bool pat_scopes_next(const char **cursor, const char **ret_name, size_t *ret_len)
{
	const char *name = *cursor;

	if (*name == '\0')
		return false;
	size_t len = strcspn(name, " ");
	*ret_name = name;
	*ret_len = len;
	*cursor = name + len + (name[len] == ' ');
	return true;
}

/* Orders two names given by pointer and length as strcmp orders their texts. */
static int order(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int r = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return r != 0 ? r : (a_len > b_len) - (a_len < b_len);
}

int pat_scopes_check(const char *text)
{
	const char *cursor = text;
	const char *name = NULL;
	const char *last = NULL;
	size_t len = 0;
	size_t last_len = 0;
	size_t n = 0;
	size_t text_len = strlen(text);

	if (text_len == 0)
		return PAT_SCOPES_E_EMPTY;
	if (text_len > PAT_SCOPES_TEXT_BYTES_MAX)
		return PAT_SCOPES_E_TOO_MANY;
	if (text[text_len - 1] == ' ')
		return PAT_SCOPES_E_BAD_NAME;
	while (pat_scopes_next(&cursor, &name, &len)) {
		if (!pat_scope_name_ok(name, len))
			return PAT_SCOPES_E_BAD_NAME;
		if (++n > PAT_SCOPES_MAX)
			return PAT_SCOPES_E_TOO_MANY;
		if (last && order(last, last_len, name, len) >= 0)
			return PAT_SCOPES_E_DUPLICATE;
		last = name;
		last_len = len;
	}
	return 0;
}

bool pat_scopes_has(const char *text, const char *name)
{
	const char *cursor = text;
	const char *have = NULL;
	size_t len = 0;
	size_t want = strlen(name);

	while (pat_scopes_next(&cursor, &have, &len))
		if (len == want && memcmp(have, name, len) == 0)
			return true;
	return false;
}
