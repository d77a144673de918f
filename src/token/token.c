/* SPDX-License-Identifier: Apache-2.0
 *
 * Spelling and checking. The checksum is compared before the range, because it throws away nearly
 * everything that is not a token; the range check keeps the spelling of a value unique, as base62
 * digits sort like ASCII.
 */
#include "token/token.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "base/codec.h"
#include "base/crc32.h"

/* The largest body: 2^256 - 1 in base62. */
static const char body_max[PAT_TOKEN_BODY_CHARS + 1] =
	"yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1";

int pat_token_format_init(struct pat_token_format *format, const char *prefix)
{
	size_t len = strlen(prefix);

	if (len < PAT_TOKEN_PREFIX_MIN || len > PAT_TOKEN_PREFIX_MAX || !pat_base62_is(prefix, len))
		return -EINVAL;
	*format = (struct pat_token_format){ .prefix_len = len + 1 };
	memcpy(format->prefix, prefix, len); /* UNSAFE: len checked above */
	format->prefix[len] = '_';
	return 0;
}

void pat_token_make(const struct pat_token_format *format, const uint8_t secret[static 32],
                    struct pat_secret *ret)
{
	char *body = ret->text + format->prefix_len;

	static_assert(PAT_TOKEN_BYTES_MAX <= PAT_SECRET_TEXT_MAX, "a token fits a secret");
	memcpy(ret->text, format->prefix, format->prefix_len); /* UNSAFE: prefix_len is bounded */
	pat_base62_encode_256(secret, body);
	pat_base62_encode_32(pat_crc32(body, PAT_TOKEN_BODY_CHARS), body + PAT_TOKEN_BODY_CHARS);
	ret->len = format->prefix_len + PAT_TOKEN_BODY_CHARS + PAT_TOKEN_CHECK_CHARS;
	ret->text[ret->len] = '\0';
}

/* Eight characters, the first in the lowest byte. */
static uint64_t word(const char *text)
{
	uint64_t w = 0;

	memcpy(&w, text, sizeof(w)); /* UNSAFE: the caller has eight */
	return le64toh(w);
}

bool pat_token_like(const struct pat_token_format *format, const char *text, size_t len)
{
	return len == format->prefix_len + PAT_TOKEN_BODY_CHARS + PAT_TOKEN_CHECK_CHARS &&
	       (word(text) ^ word(format->prefix)) << (64 - 8 * format->prefix_len) == 0;
}

/* As memcmp(), which is asked only where the first eight are the same: of random bodies none's are. */
static bool within_max(const char *body)
{
	uint64_t begins = __builtin_bswap64(word(body));
	uint64_t max = __builtin_bswap64(word(body_max));

	return begins != max ? begins < max : memcmp(body, body_max, PAT_TOKEN_BODY_CHARS) <= 0;
}

bool pat_token_rest_ok(const struct pat_token_format *format, const char *text)
{
	const char *body = text + format->prefix_len;

	return pat_base62_is(body, PAT_TOKEN_BODY_CHARS + PAT_TOKEN_CHECK_CHARS) &&
	       pat_base62_decode_32(body + PAT_TOKEN_BODY_CHARS) ==
	               pat_crc32(body, PAT_TOKEN_BODY_CHARS) &&
	       within_max(body);
}

int pat_token_check(const struct pat_token_format *format, const char *text, size_t len)
{
	return pat_token_like(format, text, len) && pat_token_rest_ok(format, text)
	               ? 0
	               : PAT_TOKEN_E_MALFORMED;
}
