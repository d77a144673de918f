/* SPDX-License-Identifier: Apache-2.0
 *
 * The token's bytes against the published vectors (docs/token-format.md), what is refused, how a request's
 * credential is found, scope sets, and the sealed record.
 */
#include "tests/unit/test.h"

#include <errno.h>

#include "base/codec.h"
#include "base/crc32.h"
#include "token/credential.h"
#include "token/record.h"
#include "token/scopes.h"
#include "token/token.h"

static struct pat_token_format pat;

static void vectors_hold(void **state)
{
	static const struct {
		const char *secret, *token, *digest;
	} vectors[] = {
		{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		  "pat_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf1Yo7hP",
		  "dac554c84114b0ca52d4a77c898ed45874f2992db60639bd892738b855af832c" },
		{ "0000000000000000000000000000000000000000000000000000000000000000",
		  "pat_00000000000000000000000000000000000000000002CZclj",
		  "1fe49b9ee6b8ec2fb6bb5ae617423e69d1b664b8a85f048c22a7e3ff48410e9e" },
		{ "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		  "pat_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp13sRzl1",
		  "a859032ccdf1c4086854bc03f8d8c6d772bf629b2661effaf44749b9695f7d25" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(vectors); i++) {
		struct pat_secret token;
		uint8_t secret[32];
		uint8_t digest[32];
		char hex[65];

		assert_int_equal(pat_hex_decode(vectors[i].secret, 64, secret, 32), 0);
		pat_token_make(&pat, secret, &token);
		assert_string_equal(token.text, vectors[i].token);
		assert_int_equal(pat_token_check(&pat, token.text, token.len), 0);
		pat_sha256(token.text, token.len, digest);
		pat_hex_encode(digest, 32, hex);
		assert_string_equal(hex, vectors[i].digest);
	}
}

/* Every single-character change of a token, to every byte value, is refused. */
static void every_mutant_is_refused(void **state)
{
	static const char token[] = "pat_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf1Yo7hP";
	char mutant[sizeof(token)];

	(void)state;
	for (size_t at = 0; at < sizeof(token) - 1; at++) {
		for (int c = 0; c < 256; c++) {
			memcpy(mutant, token, sizeof(token));
			mutant[at] = (char)c;
			int expected = mutant[at] == token[at] ? 0 : PAT_TOKEN_E_MALFORMED;
			assert_int_equal(pat_token_check(&pat, mutant, sizeof(token) - 1),
			                 expected);
		}
	}
	for (size_t len = 0; len < sizeof(token) - 1; len++)
		assert_int_equal(pat_token_check(&pat, token, len), PAT_TOKEN_E_MALFORMED);
	assert_int_equal(
		pat_token_check(&pat, "pat_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf1Yo7hP ", 54),
		PAT_TOKEN_E_MALFORMED);
}

/* Six digits hold more than 32 bits: a checksum with 2^32 added would be a second spelling. */
static void a_checksum_has_one_spelling(void **state)
{
	char token[64] = "pat_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf1Yo7hP";
	char *check = token + 4 + PAT_TOKEN_BODY_CHARS;
	uint64_t more = pat_base62_decode_32(check) + ((uint64_t)1 << 32);

	(void)state;
	assert_int_equal(pat_token_check(&pat, token, 53), 0);
	for (size_t d = PAT_TOKEN_CHECK_CHARS; d-- > 0; more /= 62)
		check[d] =
			"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[more % 62];
	assert_int_equal(more, 0);
	assert_int_equal(pat_token_check(&pat, token, 53), PAT_TOKEN_E_MALFORMED);
}

/* A body of 2^256 and more, with a right checksum, would be a second spelling. */
static void too_large_a_value_is_refused(void **state)
{
	static const char *const bodies[] = { "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp2",
		                              "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz" };

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(bodies); i++) {
		char token[64] = "pat_";

		memcpy(token + 4, bodies[i], 43);
		pat_base62_encode_32(pat_crc32(bodies[i], 43), token + 47);
		assert_int_equal(pat_token_check(&pat, token, 53), PAT_TOKEN_E_MALFORMED);
	}
}

static void prefixes_are_bounded(void **state)
{
	struct pat_token_format f;

	(void)state;
	assert_int_equal(pat_token_format_init(&f, "ab"), 0);
	assert_int_equal(pat_token_format_init(&f, "acme9"), 0);
	assert_string_equal(f.prefix, "acme9_");
	assert_int_equal(pat_token_format_init(&f, "a"), -EINVAL);
	assert_int_equal(pat_token_format_init(&f, "toolong"), -EINVAL);
	assert_int_equal(pat_token_format_init(&f, "a_b"), -EINVAL);
	assert_int_equal(pat_token_format_init(&f, ""), -EINVAL);
}

/* ---- Credentials. 'A' feeds Authorization, 'H' a token header. */
struct feed {
	char kind;
	const char *value;
};

static void credentials_are_found_or_refused(void **state)
{
	static const struct {
		struct feed feeds[3];
		enum pat_credential_state state;
		const char *text;
	} cases[] = {
		{ { { 0, NULL } }, PAT_CREDENTIAL_NONE, NULL },
		{ { { 'A', "Bearer pat_x" } }, PAT_CREDENTIAL_PRESENT, "pat_x" },
		{ { { 'A', "bEARER pat_x" } }, PAT_CREDENTIAL_PRESENT, "pat_x" },
		{ { { 'A', "Bearer secret-token:pat_x" } }, PAT_CREDENTIAL_PRESENT, "pat_x" },
		{ { { 'A', "Bearer a-._~+/9==" } }, PAT_CREDENTIAL_PRESENT, "a-._~+/9==" },
		{ { { 'A', "Bearer  pat_x" } }, PAT_CREDENTIAL_PRESENT, " pat_x" },
		{ { { 'A', "Bearer\tpat_x" } }, PAT_CREDENTIAL_NONE, NULL },
		{ { { 'A', "Bearer pat_x " } }, PAT_CREDENTIAL_PRESENT, "pat_x " },
		{ { { 'A', "Bearer pat_x, Bearer pat_y" } },
		  PAT_CREDENTIAL_PRESENT,
		  "pat_x, Bearer pat_y" },
		{ { { 'A', "Bearer pat_x,pat_y" } }, PAT_CREDENTIAL_PRESENT, "pat_x,pat_y" },
		{ { { 'A', "Bearer ==x" } }, PAT_CREDENTIAL_PRESENT, "==x" },
		{ { { 'A', "Bearer a=b" } }, PAT_CREDENTIAL_PRESENT, "a=b" },
		{ { { 'A', "Bearer" } }, PAT_CREDENTIAL_PRESENT, "" },
		{ { { 'A', "Bearer " } }, PAT_CREDENTIAL_PRESENT, "" },
		{ { { 'A', "Bearerpat_x" } }, PAT_CREDENTIAL_NONE, NULL },
		{ { { 'A', "Basic dXNlcjpwYXNz" } }, PAT_CREDENTIAL_NONE, NULL },
		{ { { 'A', "" } }, PAT_CREDENTIAL_NONE, NULL },
		{ { { 'H', "pat_x" } }, PAT_CREDENTIAL_PRESENT, "pat_x" },
		{ { { 'H', "" } }, PAT_CREDENTIAL_PRESENT, "" },
		{ { { 'H', "Bearer pat_x" } }, PAT_CREDENTIAL_PRESENT, "Bearer pat_x" },
		{ { { 'H', "p%61t_x" } }, PAT_CREDENTIAL_PRESENT, "p%61t_x" },
		{ { { 'A', "Bearer pat_x" }, { 'H', "pat_x" } }, PAT_CREDENTIAL_PRESENT, "pat_x" },
		{ { { 'H', "pat_x" }, { 'A', "Bearer pat_x" } }, PAT_CREDENTIAL_PRESENT, "pat_x" },
		{ { { 'A', "Bearer pat_x" }, { 'H', "pat_y" } }, PAT_CREDENTIAL_AMBIGUOUS, NULL },
		{ { { 'A', "Bearer pat_x" }, { 'A', "Bearer pat_y" } },
		  PAT_CREDENTIAL_AMBIGUOUS,
		  NULL },
		{ { { 'A', "Bearer pat_x" }, { 'A', "Bearer pat_y" }, { 'A', "Bearer pat_y" } },
		  PAT_CREDENTIAL_AMBIGUOUS,
		  NULL },
		{ { { 'H', "pat_x" }, { 'H', "pat_y" } }, PAT_CREDENTIAL_AMBIGUOUS, NULL },
		{ { { 'A', "Basic x" }, { 'H', "pat_y" } }, PAT_CREDENTIAL_AMBIGUOUS, NULL },
		{ { { 'H', "pat_y" }, { 'A', "Basic x" } }, PAT_CREDENTIAL_AMBIGUOUS, NULL },
		{ { { 'A', "Basic x" }, { 'A', "Bearer pat_y" } }, PAT_CREDENTIAL_AMBIGUOUS, NULL },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		struct pat_credential c = { 0 };

		for (size_t f = 0; f < 3 && cases[i].feeds[f].kind; f++) {
			const char *value = cases[i].feeds[f].value;

			if (cases[i].feeds[f].kind == 'A')
				pat_credential_add_authorization(&c, value, strlen(value));
			else
				pat_credential_add_header(&c, value, strlen(value));
		}
		assert_int_equal(c.state, cases[i].state);
		if (c.state == PAT_CREDENTIAL_PRESENT) {
			assert_int_equal(c.len, strlen(cases[i].text));
			assert_memory_equal(c.text, cases[i].text, c.len);
		}
	}
}

static void scopes_have_one_text(void **state)
{
	static const char *const names[] = { "b:read", "a:write", "a", "a:read" };
	static const char *const twice[] = { "a", "b", "a" };
	static const char *const bad[] = { "a b" };
	static char text[PAT_SCOPES_TEXT_BYTES_MAX + 1];

	(void)state;
	assert_int_equal(pat_scopes_canonical(names, 4, text), 0);
	assert_string_equal(text, "a a:read a:write b:read");
	assert_int_equal(pat_scopes_check(text), 0);
	assert_true(pat_scopes_has(text, "a:read"));
	assert_true(pat_scopes_has(text, "a"));
	assert_false(pat_scopes_has(text, "b"));
	assert_int_equal(pat_scopes_canonical(names, 0, text), PAT_SCOPES_E_EMPTY);
	assert_int_equal(pat_scopes_canonical(twice, 3, text), PAT_SCOPES_E_DUPLICATE);
	assert_int_equal(pat_scopes_canonical(bad, 1, text), PAT_SCOPES_E_BAD_NAME);
	assert_int_not_equal(pat_scopes_check(""), 0);
	assert_int_not_equal(pat_scopes_check("b a"), 0);
	assert_int_not_equal(pat_scopes_check("a a"), 0);
	assert_int_not_equal(pat_scopes_check("a  b"), 0);
	assert_int_not_equal(pat_scopes_check(" a"), 0);
	assert_int_not_equal(pat_scopes_check("a "), 0);
	assert_int_not_equal(pat_scopes_check("a\"b"), 0);
}

static void too_many_scopes_are_refused(void **state)
{
	static char storage[PAT_SCOPES_MAX + 1][8];
	static const char *names[PAT_SCOPES_MAX + 1];
	static char text[PAT_SCOPES_TEXT_BYTES_MAX + 1];

	(void)state;
	for (size_t i = 0; i <= PAT_SCOPES_MAX; i++) {
		(void)snprintf(storage[i], sizeof(storage[i]), "s%zu", i);
		names[i] = storage[i];
	}
	assert_int_equal(pat_scopes_canonical(names, PAT_SCOPES_MAX, text), 0);
	assert_int_equal(pat_scopes_check(text), 0);
	assert_int_equal(pat_scopes_canonical(names, PAT_SCOPES_MAX + 1, text),
	                 PAT_SCOPES_E_TOO_MANY);
}

/* Each sealed field, changed by one, breaks the seal; the unsealed ones do not. */
static void the_seal_covers_what_grants_power(void **state)
{
	static struct pat_record r;
	static struct pat_record other;
	struct pat_row_key key = { .id = 1, .bytes = { 7 } };

	(void)state;
	r = (struct pat_record){
		.owner = 7, .issued_s = 100, .expires_s = 200, .seq = 3, .scopes = "a b"
	};
	assert_int_equal(pat_record_seal(&r, &key), 0);
	assert_int_equal(pat_record_check(&r, &key), 0);
#define BREAKS(change)                                                              \
	do {                                                                        \
		other = r;                                                          \
		change;                                                             \
		assert_int_equal(pat_record_check(&other, &key), PAT_RECORD_E_MAC); \
	} while (0)
	BREAKS(other.digest[0] ^= 1);
	BREAKS(other.digest[31] ^= 1);
	BREAKS(other.owner++);
	BREAKS(other.issued_s--);
	BREAKS(other.expires_s++);
	BREAKS(other.flags = 1);
	BREAKS(other.seq++);
	BREAKS(other.state = PAT_RECORD_REVOKED);
	BREAKS(other.revoked_seq = 9);
	BREAKS(strcpy(other.scopes, "a b c"));
	BREAKS(other.key_id = 2);
	BREAKS(other.mac[5] ^= 0x80);
#undef BREAKS
	other = r;
	other.last_used_s = 5;
	other.use_count = 5;
	strcpy(other.name, "renamed");
	assert_int_equal(pat_record_check(&other, &key), 0);
	key.bytes[0] = 8;
	assert_int_equal(pat_record_check(&r, &key), PAT_RECORD_E_MAC);
}

/* So does what ends it: which token made it. */
static void the_seal_covers_the_maker(void **state)
{
	static struct pat_record r;
	static struct pat_record other;
	struct pat_row_key key = { .id = 1, .bytes = { 7 } };

	(void)state;
	for (int limited = 0; limited < 2; limited++) {
		r = (struct pat_record){ .owner = 7, .scopes = "a b", .maker = { 9, 9 } };
		if (limited)
			strcpy(r.limits, "aud=patd");
		assert_int_equal(pat_record_seal(&r, &key), 0);
		assert_int_equal(r.flags,
		                 limited ? PAT_RECORD_MADE | PAT_RECORD_LIMITED : PAT_RECORD_MADE);
		assert_int_equal(pat_record_check(&r, &key), 0);
		other = r;
		other.maker[1] ^= 1;
		assert_int_equal(pat_record_check(&other, &key), PAT_RECORD_E_MAC);
		memset(other.maker, 0, sizeof(other.maker));
		assert_int_equal(pat_record_check(&other, &key), PAT_RECORD_E_MAC);
		other.flags &= ~(uint32_t)PAT_RECORD_MADE;
		assert_int_equal(pat_record_check(&other, &key), PAT_RECORD_E_MAC);
		other = r;
		strcpy(other.limits, limited ? "" : "aud=patd");
		assert_int_equal(pat_record_check(&other, &key), PAT_RECORD_E_MAC);
		other.flags ^= PAT_RECORD_LIMITED;
		assert_int_equal(pat_record_check(&other, &key), PAT_RECORD_E_MAC);
	}
}

/* And what products call the owner, whatever else there is. */
static void the_seal_covers_the_owners_name(void **state)
{
	static struct pat_record r;
	static struct pat_record other;
	struct pat_row_key key = { .id = 1, .bytes = { 7 } };

	(void)state;
	for (unsigned more = 0; more < 4; more++) {
		r = (struct pat_record){ .owner = 7, .scopes = "a b", .known_as = "shop:u-1" };
		if (more & 1u)
			strcpy(r.limits, "aud=shop");
		r.maker[0] = more & 2u ? 9 : 0;
		assert_int_equal(pat_record_seal(&r, &key), 0);
		assert_int_equal(r.flags, PAT_RECORD_NAMED | (more & 1u ? PAT_RECORD_LIMITED : 0) |
		                                  (more & 2u ? PAT_RECORD_MADE : 0));
		assert_int_equal(pat_record_check(&r, &key), 0);
		other = r;
		strcpy(other.known_as, "shop:u-2");
		assert_int_equal(pat_record_check(&other, &key), PAT_RECORD_E_MAC);
		other.known_as[0] = '\0';
		assert_int_equal(pat_record_check(&other, &key), PAT_RECORD_E_MAC);
		other.flags &= ~(uint32_t)PAT_RECORD_NAMED;
		assert_int_equal(pat_record_check(&other, &key), PAT_RECORD_E_MAC);
		other = r;
		other.maker[3] ^= 1;
		other.flags |= PAT_RECORD_MADE;
		assert_int_equal(pat_record_check(&other, &key), PAT_RECORD_E_MAC);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_hold),
		cmocka_unit_test(every_mutant_is_refused),
		cmocka_unit_test(a_checksum_has_one_spelling),
		cmocka_unit_test(too_large_a_value_is_refused),
		cmocka_unit_test(prefixes_are_bounded),
		cmocka_unit_test(credentials_are_found_or_refused),
		cmocka_unit_test(scopes_have_one_text),
		cmocka_unit_test(too_many_scopes_are_refused),
		cmocka_unit_test(the_seal_covers_what_grants_power),
		cmocka_unit_test(the_seal_covers_the_maker),
		cmocka_unit_test(the_seal_covers_the_owners_name),
	};

	assert_int_equal(pat_token_format_init(&pat, "pat"), 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
