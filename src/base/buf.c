/* SPDX-License-Identifier: Apache-2.0
 *
 * The bounded buffer. Growth doubles; old memory is wiped before it is given back, because
 * bodies and answers pass through here and may hold a secret.
 */
#include "base/buf.h"

#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

void pat_buf_init(struct pat_buf *b, size_t bytes_max)
{
	*b = (struct pat_buf){ .max = bytes_max };
}

void pat_buf_done(struct pat_buf *b)
{
	if (b->data) {
		sodium_memzero(b->data, b->cap);
		free(b->data);
	}
	*b = (struct pat_buf){ 0 };
}

void pat_buf_clear(struct pat_buf *b)
{
	if (b->data) {
		sodium_memzero(b->data, b->len);
		b->data[0] = '\0';
	}
	b->len = 0;
	b->failed = 0;
}

static int buf_fail(struct pat_buf *b, int error)
{
	if (b->failed == 0)
		b->failed = error;
	return error;
}

static int buf_reserve(struct pat_buf *b, size_t more)
{
	if (more > b->max || b->len > b->max - more)
		return buf_fail(b, -EMSGSIZE);

	size_t need = b->len + more + 1;
	if (need <= b->cap)
		return 0;

	size_t cap = b->cap ? b->cap : 256;
	while (cap < need)
		cap *= 2;
	if (cap > b->max + 1)
		cap = b->max + 1;

	char *grown = malloc(cap);
	if (!grown)
		return buf_fail(b, -ENOMEM);
	if (b->data) {
		memcpy(grown, b->data, b->len + 1); /* UNSAFE: base/ owns raw memory */
		sodium_memzero(b->data, b->cap);
		free(b->data);
	}
	b->data = grown;
	b->cap = cap;
	return 0;
}

int pat_buf_add(struct pat_buf *b, const void *bytes, size_t len)
{
	int r = buf_reserve(b, len);

	if (r < 0)
		return r;
	if (len > 0)
		memcpy(b->data + b->len, bytes, len); /* UNSAFE: reserved above */
	b->len += len;
	b->data[b->len] = '\0';
	return 0;
}

int pat_buf_add_str(struct pat_buf *b, const char *s)
{
	return pat_buf_add(b, s, strlen(s));
}

int pat_buf_addf(struct pat_buf *b, const char *format, ...)
{
	va_list args;
	va_list again;

	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);

	int r = len < 0 ? buf_fail(b, -EINVAL) : buf_reserve(b, (size_t)len);
	if (r == 0) {
		(void)vsnprintf(b->data + b->len, (size_t)len + 1, format, again);
		b->len += (size_t)len;
	}
	va_end(again);
	return r;
}

int pat_buf_add_json(struct pat_buf *b, const char *s, size_t len)
{
	int r = 0;

	for (size_t i = 0; i < len && r == 0;) {
		uint32_t c = 0;
		size_t n = pat_utf8_take(s + i, len - i, &c);

		if (n == 0) {
			r = pat_buf_add_str(b, "\xef\xbf\xbd");
			i++;
			continue;
		}
		if (c == '"' || c == '\\')
			r = pat_buf_addf(b, "\\%c", (int)c);
		else if (c == '\n' || c == '\t')
			r = pat_buf_add_str(b, c == '\n' ? "\\n" : "\\t");
		else if (c < 0x20 || c == 0x7f)
			r = pat_buf_addf(b, "\\u%04x", (unsigned)c);
		else
			r = pat_buf_add(b, s + i, n);
		i += n;
	}
	return r;
}

int pat_buf_error(const struct pat_buf *b)
{
	return b->failed;
}

const char *pat_buf_str(const struct pat_buf *b)
{
	return b->data ? b->data : "";
}
