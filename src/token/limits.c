/* SPDX-License-Identifier: Apache-2.0 */
#include "token/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return is_lower((char)(c | 0x20));
}

bool pat_product_name_ok(const char *name, size_t len)
{
	if (len == 0 || len > PAT_LIMIT_PRODUCT_MAX || !is_lower(name[0]))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_lower(name[i]) && !is_digit(name[i]) && name[i] != '-')
			return false;
	return true;
}

/* What parameters are called in templates; "=" and "*" would end it. */
static bool param_name_ok(const char *name, size_t len)
{
	if (len == 0 || len > PAT_LIMIT_PARAM_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_letter(name[i]) && !is_digit(name[i]) && !strchr("-._", name[i]))
			return false;
	return memchr(name, '\0', len) == NULL;
}

/* ---- Values. */

static bool is_plain(char c)
{
	return is_letter(c) || is_digit(c) || (c != '\0' && strchr("-._~:@", c) != NULL);
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* False when it is not encoded as is_plain() says. */
static bool value_decode(const char *text, size_t len, struct pat_limit *ret)
{
	ret->value_len = 0;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (ret->value_len == PAT_LIMIT_VALUE_MAX)
			return false;
		if (c == '%') {
			int high = i + 2 < len ? hex_value(text[i + 1]) : -1;
			int low = high < 0 ? -1 : hex_value(text[i + 2]);

			if (low < 0)
				return false;
			c = (char)(high << 4 | low);
			if (is_plain(c))
				return false;
			i += 2;
		} else if (!is_plain(c)) {
			return false;
		}
		ret->value[ret->value_len++] = c;
	}
	return true;
}

static size_t value_encode(const struct pat_limit *limit, char *out)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t len = 0;

	for (size_t i = 0; i < limit->value_len; i++) {
		unsigned char c = (unsigned char)limit->value[i];

		if (is_plain((char)c)) {
			out[len++] = (char)c;
			continue;
		}
		out[len++] = '%';
		out[len++] = digits[c >> 4];
		out[len++] = digits[c & 15];
	}
	return len;
}

/* ---- Words. */

static bool number_parse(const char *text, size_t len, uint32_t max, uint32_t *ret)
{
	uint64_t n = 0;

	if (len == 0 || len > 9 || text[0] == '0')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(text[i]))
			return false;
		n = n * 10 + (uint64_t)(text[i] - '0');
	}
	*ret = (uint32_t)n;
	return n <= max;
}

static bool rate_parse(const char *text, size_t len, struct pat_limit *ret)
{
	const char *slash = memchr(text, '/', len);

	if (!slash)
		return false;
	size_t n_len = (size_t)(slash - text);
	return number_parse(text, n_len, PAT_LIMIT_REQUESTS_MAX, &ret->requests) &&
	       number_parse(slash + 1, len - n_len - 1, PAT_LIMIT_WINDOW_S_MAX, &ret->window_s);
}

static bool network_parse(const char *text, size_t len, struct pat_limit *ret)
{
	char canonical[PAT_NETWORK_TEXT_MAX];

	if (pat_network_parse(text, len, &ret->network) < 0)
		return false;
	pat_network_format(&ret->network, canonical);
	return strlen(canonical) == len && memcmp(canonical, text, len) == 0;
}

static bool product_parse(const char *text, size_t len, struct pat_limit *ret)
{
	if (!pat_product_name_ok(text, len))
		return false;
	memcpy(ret->product, text, len); /* UNSAFE: checked above */
	ret->product[len] = '\0';
	return true;
}

static bool resource_parse(const char *text, size_t len, struct pat_limit *ret)
{
	const char *slash = memchr(text, '/', len);
	const char *equals = memchr(text, '=', len);
	const char *end = text + len;

	if (!slash || !equals || equals < slash)
		return false;
	size_t param_len = (size_t)(equals - slash - 1);
	if (!product_parse(text, (size_t)(slash - text), ret) ||
	    !param_name_ok(slash + 1, param_len))
		return false;
	memcpy(ret->param, slash + 1, param_len); /* UNSAFE: checked above */
	ret->param[param_len] = '\0';
	ret->prefix = end[-1] == '*';
	end -= ret->prefix;
	return end > equals + 1 && value_decode(equals + 1, (size_t)(end - equals - 1), ret);
}

int pat_limit_parse(const char *word, size_t len, struct pat_limit *ret)
{
	static const struct {
		const char *name;
		enum pat_limit_kind kind;
		bool (*parse)(const char *text, size_t len, struct pat_limit *ret);
	} kinds[] = {
		{ "aud=", PAT_LIMIT_AUDIENCE, product_parse },
		{ "net=", PAT_LIMIT_NETWORK, network_parse },
		{ "rate=", PAT_LIMIT_RATE, rate_parse },
		{ "res=", PAT_LIMIT_RESOURCE, resource_parse },
	};

	for (size_t i = 0; i < PAT_ARRAY_LEN(kinds); i++) {
		size_t name_len = strlen(kinds[i].name);

		if (len < name_len || memcmp(word, kinds[i].name, name_len) != 0)
			continue;
		*ret = (struct pat_limit){ .kind = kinds[i].kind };
		return kinds[i].parse(word + name_len, len - name_len, ret) ? 0
		                                                            : PAT_LIMITS_E_BAD_WORD;
	}
	return PAT_LIMITS_E_BAD_WORD;
}

void pat_limit_format(const struct pat_limit *limit, char out[static PAT_LIMIT_WORD_MAX])
{
	char network[PAT_NETWORK_TEXT_MAX];
	int len = 0;

	pat_assert(limit->value_len <= PAT_LIMIT_VALUE_MAX);
	switch (limit->kind) {
	case PAT_LIMIT_AUDIENCE:
		(void)snprintf(out, PAT_LIMIT_WORD_MAX, "aud=%s", limit->product);
		return;
	case PAT_LIMIT_NETWORK:
		pat_network_format(&limit->network, network);
		(void)snprintf(out, PAT_LIMIT_WORD_MAX, "net=%s", network);
		return;
	case PAT_LIMIT_RATE:
		(void)snprintf(out, PAT_LIMIT_WORD_MAX, "rate=%u/%u", limit->requests,
		               limit->window_s);
		return;
	case PAT_LIMIT_RESOURCE:
		len = snprintf(out, PAT_LIMIT_WORD_MAX, "res=%s/%s=", limit->product, limit->param);
		pat_assert(len > 0);
		len += (int)value_encode(limit, out + len);
		out[len] = limit->prefix ? '*' : '\0';
		out[len + limit->prefix] = '\0';
		return;
	}
}

/* ---- The text. */

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int pat_limits_canonical(const char *const *words, size_t n,
                         char text[static PAT_LIMITS_TEXT_BYTES_MAX + 1])
{
	const char *sorted[PAT_LIMITS_MAX];
	size_t len = 0;

	if (n > PAT_LIMITS_MAX)
		return PAT_LIMITS_E_TOO_MANY;
	for (size_t i = 0; i < n; i++)
		sorted[i] = words[i];
	qsort(sorted, n, sizeof(sorted[0]), compare_words);
	for (size_t i = 0; i < n; i++) {
		size_t word_len = strlen(sorted[i]);

		if (len + word_len + 1 > PAT_LIMITS_TEXT_BYTES_MAX)
			return PAT_LIMITS_E_TOO_MANY;
		if (i > 0)
			text[len++] = ' ';
		memcpy(text + len, sorted[i], word_len); /* UNSAFE: room checked above */
		len += word_len;
	}
	text[len] = '\0';
	return pat_limits_check(text);
}

/* The next word: false at the end. */
static bool word_next(const char **cursor, const char **ret, size_t *ret_len)
{
	const char *word = *cursor;

	if (*word == '\0')
		return false;
	*ret = word;
	*ret_len = strcspn(word, " ");
	*cursor = word + *ret_len + (word[*ret_len] == ' ');
	return true;
}

int pat_limits_check(const char *text)
{
	size_t text_len = strlen(text);
	const char *cursor = text;
	const char *word = NULL;
	const char *last = NULL;
	size_t len = 0;
	size_t last_len = 0;
	size_t n = 0;
	size_t n_rates = 0;

	if (text_len > PAT_LIMITS_TEXT_BYTES_MAX)
		return PAT_LIMITS_E_TOO_MANY;
	if (text_len > 0 && text[text_len - 1] == ' ')
		return PAT_LIMITS_E_BAD_WORD;
	for (; word_next(&cursor, &word, &len); last = word, last_len = len) {
		struct pat_limit limit;

		if (pat_limit_parse(word, len, &limit) != 0)
			return PAT_LIMITS_E_BAD_WORD;
		n_rates += limit.kind == PAT_LIMIT_RATE;
		if (++n > PAT_LIMITS_MAX || n_rates > 1)
			return PAT_LIMITS_E_TOO_MANY;
		if (!last)
			continue;
		int r = memcmp(last, word, last_len < len ? last_len : len);
		if (r > 0 || (r == 0 && last_len >= len))
			return PAT_LIMITS_E_DUPLICATE;
	}
	return 0;
}

bool pat_limits_next(const char **cursor, struct pat_limit *ret)
{
	const char *word = NULL;
	size_t len = 0;

	return word_next(cursor, &word, &len) && pat_limit_parse(word, len, ret) == 0;
}

bool pat_limits_names_product(const char *text, const char *product)
{
	struct pat_limit limit;

	while (pat_limits_next(&text, &limit))
		if (limit.kind == PAT_LIMIT_AUDIENCE && strcmp(limit.product, product) == 0)
			return true;
	return false;
}

bool pat_limits_any(const char *text, enum pat_limit_kind kind)
{
	struct pat_limit limit;

	while (pat_limits_next(&text, &limit))
		if (limit.kind == kind)
			return true;
	return false;
}
