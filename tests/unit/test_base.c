/* SPDX-License-Identifier: Apache-2.0
 *
 * Buffers, codecs, clocks and logs: accepted and refused inputs side by side.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/crypto.h"
#include "base/log.h"

static void buffer_keeps_its_maximum(void **state)
{
	pat_cleanup(pat_buf_done) struct pat_buf b = { 0 };

	(void)state;
	pat_buf_init(&b, 8);
	assert_int_equal(pat_buf_add(&b, "12345", 5), 0);
	assert_int_equal(pat_buf_add(&b, "6789", 4), -EMSGSIZE);
	assert_string_equal(pat_buf_str(&b), "12345");
	assert_int_equal(pat_buf_error(&b), -EMSGSIZE);
	pat_buf_clear(&b);
	assert_int_equal(pat_buf_addf(&b, "%d%s", 123, "45678"), 0);
	assert_string_equal(pat_buf_str(&b), "12345678");
	assert_int_equal(pat_buf_add(&b, "", SIZE_MAX), -EMSGSIZE);
}

static void json_text_is_escaped(void **state)
{
	static const struct {
		const char *in;
		size_t len;
		const char *out;
	} cases[] = {
		{ "plain", 5, "plain" },
		{ "a\"b\\c", 5, "a\\\"b\\\\c" },
		{ "a\r\nb\t\x1b[31m\0z", 12, "a\\u000d\\u000ab\\u0009\\u001b[31m\\u0000z" },
		{ "\x7f", 1, "\\u007f" },
		{ "\xc3\xa9", 2, "\xc3\xa9" },
		{ "\xc3(", 2, "\xef\xbf\xbd(" },
		{ "\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xc0\xaf", 2, "\xef\xbf\xbd\xef\xbf\xbd" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(pat_buf_done) struct pat_buf b = { 0 };

		pat_buf_init(&b, 1000);
		assert_int_equal(pat_buf_add_json(&b, cases[i].in, cases[i].len), 0);
		assert_string_equal(pat_buf_str(&b), cases[i].out);
	}
}

/* Against the plain way, at every length around the sixteen that are done at once. */
static void hex_spells_every_byte(void **state)
{
	uint8_t bytes[70];
	char text[2 * sizeof(bytes) + 2];
	char want[3];

	(void)state;
	for (size_t first = 0; first < 256; first += 7) {
		for (size_t len = 0; len <= sizeof(bytes); len++) {
			for (size_t i = 0; i < len; i++)
				bytes[i] = (uint8_t)(first + 37 * i);
			memset(text, 'x', sizeof(text));
			pat_hex_encode(bytes, len, text);
			for (size_t i = 0; i < len; i++) {
				(void)snprintf(want, sizeof(want), "%02x", bytes[i]);
				assert_memory_equal(text + 2 * i, want, 2);
			}
			assert_int_equal(text[2 * len], '\0');
			assert_int_equal(text[2 * len + 1], 'x');
		}
	}
}

/* Each of the 256 characters at each place of texts of every length around sixteen. */
static void base62_finds_a_stranger_anywhere(void **state)
{
	char text[50];

	(void)state;
	assert_true(pat_base62_is("", 0));
	for (size_t len = 1; len <= sizeof(text); len++) {
		memset(text, 'z', sizeof(text));
		assert_true(pat_base62_is(text, len));
		for (size_t at = 0; at < len; at++) {
			for (unsigned c = 0; c < 256; c++) {
				bool member = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
				              (c >= 'a' && c <= 'z');

				text[at] = (char)c;
				assert_int_equal(pat_base62_is(text, len), member);
			}
			text[at] = 'z';
		}
		if (len < sizeof(text)) {
			text[len] = '-'; /* behind the end */
			assert_true(pat_base62_is(text, len));
		}
	}
}

static void hex_has_one_spelling(void **state)
{
	uint8_t bytes[2];
	char text[5];

	(void)state;
	pat_hex_encode("\x00\xfa", 2, text);
	assert_string_equal(text, "00fa");
	assert_int_equal(pat_hex_decode("00fa", 4, bytes, 2), 0);
	assert_memory_equal(bytes, "\x00\xfa", 2);
	assert_int_equal(pat_hex_decode("00FA", 4, bytes, 2), -EINVAL);
	assert_int_equal(pat_hex_decode("00f", 3, bytes, 2), -EINVAL);
	assert_int_equal(pat_hex_decode("00fg", 4, bytes, 2), -EINVAL);
}

static void base62_round_trips_and_refuses_what_does_not_fit(void **state)
{
	uint8_t bytes[32];
	uint8_t back[32];
	char text[PAT_BASE62_256_CHARS + 1] = { 0 };

	(void)state;
	for (int round = 0; round < 2000; round++) {
		assert_int_equal(pat_random(bytes, sizeof(bytes)), 0);
		memset(bytes, 0, (size_t)(round % 33)); /* short values too */
		pat_base62_encode_256(bytes, text);
		assert_true(pat_base62_is(text, PAT_BASE62_256_CHARS));
		assert_int_equal(pat_base62_decode_256(text, back), 0);
		assert_memory_equal(bytes, back, 32);
	}
	assert_int_equal(pat_base62_decode_256("yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1", back),
	                 0);
	assert_int_equal(pat_base62_decode_256("yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp2", back),
	                 -EINVAL);
	assert_int_equal(pat_base62_decode_256("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", back),
	                 -EINVAL);
	assert_int_equal(pat_base62_decode_256("0000000000000000000000000000000000000000-00", back),
	                 -EINVAL);
}

static void times_are_read_strictly(void **state)
{
	static const struct {
		const char *text;
		int64_t t; /* -1: refused */
	} cases[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-11-23T17:00:00Z", 1795453200 },
		{ "2026-11-23t17:00:00z", 1795453200 },
		{ "2026-11-23T18:00:00.123+01:00", 1795453200 },
		{ "2026-11-23T11:30:00-05:30", 1795453200 },
		{ "2024-02-29T00:00:00Z", 1709164800 },
		{ "2023-02-29T00:00:00Z", -1 },
		{ "2026-11-23T17:00:00", -1 },
		{ "2026-11-23 17:00:00Z", -1 },
		{ "2026-11-23T24:00:00Z", -1 },
		{ "2026-11-23T17:60:00Z", -1 },
		{ "2026-11-23T17:00:60Z", -1 },
		{ "2026-13-01T00:00:00Z", -1 },
		{ "2026-11-23T17:00:00Zx", -1 },
		{ "2026-11-23T17:00:00.Z", -1 },
		{ "+026-11-23T17:00:00Z", -1 },
		{ "2026-11-23T17:00:00+1:00", -1 },
		{ "1969-12-31T23:59:59Z", -1 },
		{ "", -1 },
	};
	char text[PAT_TIME_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		int64_t t = -1;
		int r = pat_time_parse(cases[i].text, &t);

		assert_int_equal(r, cases[i].t < 0 ? -EINVAL : 0);
		if (r == 0)
			assert_int_equal(t, cases[i].t);
	}
	pat_time_format(1795453200, text);
	assert_string_equal(text, "2026-11-23T17:00:00Z");
	pat_time_format(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
}

static void secrets_are_random_and_wiped(void **state)
{
	struct pat_secret a;
	struct pat_secret b;

	(void)state;
	assert_int_equal(pat_secret_random(&a), 0);
	assert_int_equal(pat_secret_random(&b), 0);
	assert_int_equal(a.len, PAT_BASE62_256_CHARS);
	assert_string_not_equal(a.text, b.text);
	pat_secret_done(&a);
	for (size_t i = 0; i < sizeof(a.text); i++)
		assert_int_equal(a.text[i], 0);
}

static void hmac_answers_rfc_4231(void **state)
{
	/* Test case 2 of RFC 4231 has a short key; padded with zeros it is the same key. */
	uint8_t key[32] = "Jefe";
	uint8_t mac[32];
	char hex[65];

	(void)state;
	assert_int_equal(pat_hmac_sha256(key, "what do ya want for nothing?", 28, mac), 0);
	pat_hex_encode(mac, 32, hex);
	assert_string_equal(hex,
	                    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/* What a log line looks like on standard error, from a child that logs once. */
static void logged(const char *value, char *out, size_t size)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		(void)dup2(ends[1], STDERR_FILENO);
		pat_log(PAT_LOG_INFO, "test.event", "key", value, NULL);
		_exit(0);
	}
	(void)close(ends[1]);
	ssize_t n = read(ends[0], out, size - 1);
	out[n > 0 ? n : 0] = '\0';
	(void)close(ends[0]);
	(void)waitpid(child, NULL, 0);
}

static void a_log_line_stays_one_object(void **state)
{
	char line[9000];
	char *big = malloc(20000);

	(void)state;
	logged("a\r\n{\"event\":\"forged\"}\x1b[2J", line, sizeof(line));
	assert_non_null(strstr(
		line,
		"\"event\":\"test.event\",\"key\":\"a\\u000d\\u000a{\\\"event\\\":\\\"forged\\\"}\\u001b[2J\"}\n"));
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_non_null(big);
	memset(big, 'x', 19999);
	big[19999] = '\0';
	logged(big, line, sizeof(line));
	assert_non_null(strstr(line, "\"event\":\"test.event\",\"cut\":true}\n"));
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffer_keeps_its_maximum),
		cmocka_unit_test(json_text_is_escaped),
		cmocka_unit_test(hex_has_one_spelling),
		cmocka_unit_test(hex_spells_every_byte),
		cmocka_unit_test(base62_finds_a_stranger_anywhere),
		cmocka_unit_test(base62_round_trips_and_refuses_what_does_not_fit),
		cmocka_unit_test(times_are_read_strictly),
		cmocka_unit_test(secrets_are_random_and_wiped),
		cmocka_unit_test(hmac_answers_rfc_4231),
		cmocka_unit_test(a_log_line_stays_one_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
