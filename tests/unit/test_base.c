/* SPDX-License-Identifier: Apache-2.0
 *
 * Buffers, codecs, clocks and logs: accepted and refused inputs side by side.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/chars.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/crc32.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/socket.h"
#include "base/text.h"
#include "base/utf8.h"

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
		{ "a\r\nb\t\x1b[31m\0z", 12, "a\\u000d\\nb\\t\\u001b[31m\\u0000z" },
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

/* Every code point, spelt by the table of RFC 3629 section 3. */
static size_t spell(uint32_t c, char out[static 4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	size_t bytes = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = bytes - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)((bytes == 2 ? 0xc0 : bytes == 3 ? 0xe0 : 0xf0) | c);
	return bytes;
}

static void utf8_is_every_code_point_in_one_spelling(void **state)
{
	char text[4];

	(void)state;
	for (uint32_t c = 0; c < 0x120000; c++) {
		size_t bytes = spell(c, text);
		bool exists = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
		uint32_t got = 0x55555555;

		assert_int_equal(pat_utf8_take(text, bytes, &got), exists ? bytes : 0);
		assert_int_equal(got, exists ? c : 0x55555555);
		/* cut short, or gone on with what continues nothing */
		for (size_t cut = 1; exists && cut < bytes; cut++) {
			char broken[4];

			memcpy(broken, text, sizeof(broken));
			assert_int_equal(pat_utf8_take(broken, cut, &got), 0);
			broken[cut] = 'a';
			assert_int_equal(pat_utf8_take(broken, bytes, &got), 0);
			broken[cut] = (char)0xc3;
			assert_int_equal(pat_utf8_take(broken, bytes, &got), 0);
		}
	}
}

static void utf8_has_no_longer_spellings(void **state)
{
	static const char *const cases[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xe0\x80\x80",
		"\xe0\x9f\xbf",
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf",
		"\xf5\x80\x80\x80",
		"\xf8\x88\x80\x80\x80",
		"\xfe",
		"\xff",
	};
	uint32_t c = 0;

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++)
		assert_int_equal(pat_utf8_take(cases[i], strlen(cases[i]), &c), 0);
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

static inline pat_chars_are is_quote(pat_chars c)
{
	return c == '"';
}

static void a_character_is_found_anywhere(void **state)
{
	char text[48];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t len = 0; len <= sizeof(text); len++) {
		/* The bytes end where the memory does, for the sanitizer. */
		const char *at = text + sizeof(text) - len;

		assert_int_equal(pat_chars_find(at, len, is_quote), len);
		for (size_t i = len; i-- > 0;) {
			text[sizeof(text) - len + i] = '"';
			assert_int_equal(pat_chars_find(at, len, is_quote), i);
		}
		memset(text, 'x', sizeof(text));
	}
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
	for (uint64_t value = 0; value <= UINT32_MAX; value += 65537 * 97) {
		char digits[PAT_BASE62_32_CHARS];

		pat_base62_encode_32((uint32_t)value, digits);
		assert_int_equal(pat_base62_decode_32(digits), value);
	}
	assert_int_equal(pat_base62_decode_32("4gfFC3"), UINT32_MAX);
	assert_int_equal(pat_base62_decode_32("4gfFC4"), (uint64_t)UINT32_MAX + 1);
	assert_int_equal(pat_base62_decode_32("zzzzzz"), 56800235583);
	assert_int_equal(pat_base62_decode_256("yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1", back),
	                 0);
	assert_int_equal(pat_base62_decode_256("yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp2", back),
	                 -EINVAL);
	assert_int_equal(pat_base62_decode_256("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", back),
	                 -EINVAL);
	assert_int_equal(pat_base62_decode_256("0000000000000000000000000000000000000000-00", back),
	                 -EINVAL);
}

static void base62_spells_any_bytes_in_one_way(void **state)
{
	uint8_t bytes[64];
	uint8_t back[64];
	char text[96];

	(void)state;
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		for (int fill = 0; fill < 3; fill++) {
			size_t chars = pat_base62_chars(len);

			for (size_t i = 0; i < len; i++)
				bytes[i] = fill == 2 ? (uint8_t)(37 * i + len) : (uint8_t)-fill;
			pat_base62_encode(bytes, len, text);
			assert_true(pat_base62_is(text, chars));
			assert_int_equal(pat_base62_decode(text, chars, back, len), 0);
			assert_memory_equal(back, bytes, len);
			assert_int_equal(pat_base62_decode(text, chars + 1, back, len), -EINVAL);
			for (size_t i = 0; i < chars; i++) {
				char was = text[i];

				text[i] = '-';
				assert_int_equal(pat_base62_decode(text, chars, back, len),
				                 -EINVAL);
				text[i] = was;
			}
		}
	}
	/* What is too large for its bytes: "ZZ" is 2205, and sixteen bytes are 22 digits. */
	assert_int_equal(pat_base62_chars(16), 22);
	assert_int_equal(pat_base62_decode("48", 2, back, 1), -EINVAL);
	assert_int_equal(pat_base62_decode("47", 2, back, 1), 0);
	assert_int_equal(back[0], 255);
	assert_int_equal(pat_base62_decode("zzzzzzzzzzz", 11, back, 8), -EINVAL);
}

static void base64_answers_rfc_4648(void **state)
{
	static const char *const vectors[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xbf", "+/+/" },
	};
	char out[16];

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(vectors); i++) {
		size_t n = pat_base64_encode(vectors[i][0], strlen(vectors[i][0]), out);

		assert_int_equal(n, strlen(vectors[i][1]));
		assert_memory_equal(out, vectors[i][1], n);
	}
}

/* ---- Texts. */

static void a_label_is_one_plain_line(void **state)
{
	static const struct {
		const char *text;
		int outcome;
		const char *label;
	} cases[] = {
		{ "Drafts", 0, "Drafts" },
		{ "  two words ", 0, "two words" },
		{ "\xc3\xa4\xc3\xb6\xc3\xbc", 0, "\xc3\xa4\xc3\xb6\xc3\xbc" },
		{ "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80",
		  0, NULL },
		{ "0123456789", 0, "0123456789" },
		{ "01234567890", PAT_TEXT_E_TOO_LONG, NULL },
		{ "", PAT_TEXT_E_EMPTY, NULL },
		{ "   ", PAT_TEXT_E_EMPTY, NULL },
		{ "a\nb", PAT_TEXT_E_BAD_CHARACTERS, NULL },
		{ "a\tb", PAT_TEXT_E_BAD_CHARACTERS, NULL },
		{ "a\x7f", PAT_TEXT_E_BAD_CHARACTERS, NULL },
		{ "a\xc2\x85", PAT_TEXT_E_BAD_CHARACTERS, NULL },     /* C1 */
		{ "a\xe2\x80\xa8", PAT_TEXT_E_BAD_CHARACTERS, NULL }, /* line separator */
		{ "a\xe2\x80\xae"
		  "b",
		  PAT_TEXT_E_BAD_CHARACTERS, NULL },             /* override */
		{ "\xc0\x80", PAT_TEXT_E_BAD_CHARACTERS, NULL }, /* overlong */
		{ "\xe0\x80\x80", PAT_TEXT_E_BAD_CHARACTERS, NULL },
		{ "\xed\xa0\x80", PAT_TEXT_E_BAD_CHARACTERS, NULL }, /* surrogate */
		{ "\xf4\x90\x80\x80", PAT_TEXT_E_BAD_CHARACTERS, NULL },
		{ "\xc3", PAT_TEXT_E_BAD_CHARACTERS, NULL },
		{ "\xff", PAT_TEXT_E_BAD_CHARACTERS, NULL },
	};
	char out[41];

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		assert_int_equal(pat_text_label(cases[i].text, 10, out, sizeof(out)),
		                 cases[i].outcome);
		if (cases[i].label)
			assert_string_equal(out, cases[i].label);
	}
	assert_int_equal(pat_text_label("0123456789", 10, out, 10), PAT_TEXT_E_TOO_LONG);
}

static void a_message_has_lines(void **state)
{
	static const struct {
		const char *text;
		int outcome;
	} cases[] = {
		{ "two\nlines\r\n\tand a tab", 0 },
		{ "\xe2\x81\xa7right to left\xe2\x81\xa9", 0 },
		{ "", PAT_TEXT_E_EMPTY },
		{ " \t\r\n", PAT_TEXT_E_EMPTY },
		{ "bell \a", PAT_TEXT_E_BAD_CHARACTERS },
		{ "escape \x1b[2J", PAT_TEXT_E_BAD_CHARACTERS },
		{ "\xed\xa0\x80", PAT_TEXT_E_BAD_CHARACTERS },
		{ "longer than thirty characters is", PAT_TEXT_E_TOO_LONG },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++)
		assert_int_equal(pat_text_message(cases[i].text, 30), cases[i].outcome);
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

static void time_is_written(int64_t t)
{
	char ours[PAT_TIME_TEXT_BYTES];
	char theirs[PAT_TIME_TEXT_BYTES];
	struct tm tm;
	time_t libc = t;

	pat_time_format(t, ours);
	assert_non_null(gmtime_r(&libc, &tm));
	assert_int_equal(strftime(theirs, sizeof(theirs), "%Y-%m-%dT%H:%M:%SZ", &tm),
	                 PAT_TIME_TEXT_BYTES - 1);
	assert_string_equal(ours, theirs);
}

/* Every day of eight thousand years, in its last second and the one after. */
static void times_are_written_as_libc_writes_them(void **state)
{
	char text[PAT_TIME_TEXT_BYTES];
	int64_t end = 253402300800; /* 10000-01-01T00:00:00Z */

	(void)state;
	for (int64_t t = 86400; t < end; t += 86400) {
		time_is_written(t - 1);
		time_is_written(t);
	}
	for (int64_t t = 0; t < 86400; t++)
		time_is_written(t);
	pat_time_format(end - 1, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
	pat_time_format(end, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
	pat_time_format(-1, text);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
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

/* Every length has its own way of ending: against another library's, at every place in memory. */
static void digests_are_those_of_every_length(void **state)
{
	uint8_t bytes[256 + 16];
	uint8_t ours[32];
	uint8_t theirs[32];

	(void)state;
	randombytes_buf(bytes, sizeof(bytes));
	for (size_t len = 0; len <= 256; len++) {
		const uint8_t *b = bytes + len % 16;

		pat_sha256(b, len, ours);
		assert_int_equal(crypto_hash_sha256(theirs, b, len), 0);
		assert_memory_equal(ours, theirs, 32);
	}
}

static void checksums_are_zlibs(void **state)
{
	uint8_t bytes[256 + 16];

	(void)state;
	for (int rounds = 0; rounds < 20; rounds++) {
		randombytes_buf(bytes, sizeof(bytes));
		for (size_t len = 0; len <= 256; len++) {
			const uint8_t *b = bytes + (size_t)rounds % 16;
			uint32_t theirs = (uint32_t)crc32(0, b, (unsigned)len);

			assert_int_equal(pat_crc32(b, len), theirs);
			assert_int_equal(pat_crc32_by_tables(b, len), theirs);
		}
	}
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
		"\"event\":\"test.event\",\"key\":\"a\\u000d\\n{\\\"event\\\":\\\"forged\\\"}\\u001b[2J\"}\n"));
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_non_null(big);
	memset(big, 'x', 19999);
	big[19999] = '\0';
	logged(big, line, sizeof(line));
	assert_non_null(strstr(line, "\"event\":\"test.event\",\"cut\":true}\n"));
	free(big);
}

static void sockets_stand_where_they_were_asked_for(void **state)
{
	char folder[] = "/tmp/patd-socket-XXXXXX";
	char path[200];
	char longer[200];
	struct stat st;
	int old = -1;
	int fd = -1;
	int peer = -1;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/s", folder);
	(void)snprintf(longer, sizeof(longer), "%s/%0*d", folder, 107 - (int)strlen(folder), 0);
	assert_int_equal(pat_socket_connect(path, 0, &peer), -ENOENT);
	assert_int_equal(pat_socket_listen(path, 0640, (gid_t)-1, 4, &old), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	pat_closep(&old);
	assert_int_equal(pat_socket_connect(path, 0, &peer), -ECONNREFUSED);
	assert_int_equal(pat_socket_listen(path, 0600, (gid_t)-1, 4, &fd),
	                 0); /* over what was left */
	assert_int_equal(pat_socket_connect(path, SOCK_NONBLOCK, &peer), 0);
	pat_closep(&peer);
	pat_closep(&fd);
	assert_int_equal(pat_socket_bind(path, SOCK_DGRAM, 0660, getegid(), &fd), 0);
	assert_int_equal(pat_socket_connect(path, 0, &peer), -EPROTOTYPE);
	pat_closep(&fd);
	assert_int_equal(strlen(longer), 108);
	assert_int_equal(pat_socket_bind(longer, SOCK_STREAM, 0600, (gid_t)-1, &fd), -ENAMETOOLONG);
	assert_int_equal(pat_socket_connect(longer, 0, &peer), -ENAMETOOLONG);
	longer[107] = '\0';
	assert_int_equal(pat_socket_bind(longer, SOCK_STREAM, 0600, (gid_t)-1, &fd), 0);
	pat_closep(&fd);
	assert_int_equal(unlink(longer) | unlink(path) | rmdir(folder), 0);
	assert_int_equal(fd & peer, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffer_keeps_its_maximum),
		cmocka_unit_test(json_text_is_escaped),
		cmocka_unit_test(utf8_is_every_code_point_in_one_spelling),
		cmocka_unit_test(utf8_has_no_longer_spellings),
		cmocka_unit_test(hex_has_one_spelling),
		cmocka_unit_test(hex_spells_every_byte),
		cmocka_unit_test(base62_finds_a_stranger_anywhere),
		cmocka_unit_test(a_character_is_found_anywhere),
		cmocka_unit_test(base62_round_trips_and_refuses_what_does_not_fit),
		cmocka_unit_test(base62_spells_any_bytes_in_one_way),
		cmocka_unit_test(base64_answers_rfc_4648),
		cmocka_unit_test(a_label_is_one_plain_line),
		cmocka_unit_test(a_message_has_lines),
		cmocka_unit_test(times_are_read_strictly),
		cmocka_unit_test(times_are_written_as_libc_writes_them),
		cmocka_unit_test(secrets_are_random_and_wiped),
		cmocka_unit_test(digests_are_those_of_every_length),
		cmocka_unit_test(checksums_are_zlibs),
		cmocka_unit_test(hmac_answers_rfc_4231),
		cmocka_unit_test(a_log_line_stays_one_object),
		cmocka_unit_test(sockets_stand_where_they_were_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
