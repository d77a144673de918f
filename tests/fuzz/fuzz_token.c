/* SPDX-License-Identifier: Apache-2.0
 *
 * Token spelling and credential finding. The bytes are lines: "A…" is the value of an Authorization
 * header, anything else that of a header with the bare token; the whole is also taken for one token.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/codec.h"
#include "token/credential.h"
#include "token/token.h"

/* An accepted token is the spelling of its own secret: there is no other. */
static bool check_token(const char *text, size_t len)
{
	struct pat_token_format format;
	struct pat_secret again = { 0 };
	uint8_t secret[32];

	pat_assert(pat_token_format_init(&format, "pat") == 0);
	if (pat_token_check(&format, text, len) != 0)
		return false;
	pat_assert(pat_base62_decode_256(text + format.prefix_len, secret) == 0);
	pat_token_make(&format, secret, &again);
	pat_assert(again.len == len);
	pat_assert(memcmp(again.text, text, len) == 0);
	return true;
}

static void add_line(struct pat_credential *c, const char *line, size_t len)
{
	if (len > 0 && line[0] == 'A')
		pat_credential_add_authorization(c, line + 1, len - 1);
	else
		pat_credential_add_header(c, line, len);
}

/* What is presented lies inside of the bytes it was found in. */
static void check_credential(const char *bytes, size_t size)
{
	struct pat_credential c = { 0 };

	for (size_t at = 0; at < size;) {
		const char *end = memchr(bytes + at, '\n', size - at);
		size_t len = end ? (size_t)(end - bytes) - at : size - at;

		enum pat_credential_state before = c.state;
		add_line(&c, bytes + at, len);
		pat_assert(before != PAT_CREDENTIAL_AMBIGUOUS ||
		           c.state == PAT_CREDENTIAL_AMBIGUOUS);
		at += len + 1;
	}
	if (c.state != PAT_CREDENTIAL_PRESENT)
		return;
	pat_assert(c.text >= bytes);
	pat_assert(c.text + c.len <= bytes + size);
	(void)check_token(c.text, c.len);
}

bool pat_fuzz_accepts(const uint8_t *data, size_t size)
{
	return check_token((const char *)data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)pat_fuzz_accepts(data, size);
	check_credential((const char *)data, size);
	return 0;
}
