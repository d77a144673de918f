/* SPDX-License-Identifier: Apache-2.0
 *
 * Mails as bytes: headers that nothing in a name can add to, encodings, lengths; and which servers and addresses are any.
 * tests/system/test_mail.py reads what comes out with somebody else's reader.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <sys/stat.h>

#include "mail/smtp.h"

struct written {
	struct pat_buf bytes;
	int result;
};

static struct written write_mail(const char *to_name, const char *subject, const char *text)
{
	struct written w = { .result = 0 };
	struct pat_mail mail;

	pat_mail_init(&mail);
	(void)snprintf(mail.id, sizeof(mail.id), "patd.1.audit.7");
	(void)snprintf(mail.to, sizeof(mail.to), "ada@acme.org");
	(void)snprintf(mail.to_name, sizeof(mail.to_name), "%s", to_name);
	(void)snprintf(mail.subject, sizeof(mail.subject), "%s", subject);
	mail.date_s = 1800000000;
	assert_int_equal(pat_buf_add_str(&mail.text, text), 0);
	pat_buf_init(&w.bytes, PAT_MAIL_BYTES_MAX);
	w.result = pat_mail_write(&mail, "patd@example.org", "patd", &w.bytes);
	pat_mail_done(&mail);
	return w;
}

static void a_mail_is_these_bytes(void **state)
{
	struct written w =
		write_mail("Ada", "Your token \"CI\" ends", "Hello Ada,\n\n  a = \xc3\xa4 \nend");

	(void)state;
	assert_int_equal(w.result, 0);
	assert_string_equal(pat_buf_str(&w.bytes),
	                    "Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n"
	                    "From: patd\r\n <patd@example.org>\r\n"
	                    "To: Ada\r\n <ada@acme.org>\r\n"
	                    "Subject: Your token \"CI\" ends\r\n"
	                    "Message-ID: <patd.1.audit.7@example.org>\r\n"
	                    "Auto-Submitted: auto-generated\r\n"
	                    "MIME-Version: 1.0\r\n"
	                    "Content-Type: text/plain; charset=utf-8\r\n"
	                    "Content-Transfer-Encoding: quoted-printable\r\n"
	                    "\r\n"
	                    "Hello Ada,\r\n\r\n  a =3D =C3=A4=20\r\nend\r\n");
	pat_buf_done(&w.bytes);
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
		n++;
	return n;
}

/* Whatever a name is: the same headers, in lines of at most 76 characters, all of them ASCII. */
static void assert_headers(const char *to_name, const char *subject)
{
	struct written w = write_mail(to_name, subject, "x");
	const char *all = pat_buf_str(&w.bytes);
	const char *end = strstr(all, "\r\n\r\n");

	assert_int_equal(w.result, 0);
	assert_non_null(end);
	assert_string_equal(end, "\r\n\r\nx\r\n");
	size_t headers = 0;
	for (const char *line = all; line < end + 2; line = strstr(line, "\r\n") + 2) {
		size_t len = (size_t)(strstr(line, "\r\n") - line);

		assert_true(len > 0 && len <= 76);
		headers += *line != ' ';
		for (size_t i = 0; i < len; i++)
			assert_true(line[i] >= 0x20 && line[i] < 0x7f);
	}
	assert_int_equal(headers, 9);
	assert_int_equal(count(all, "\nTo: "), 1);
	assert_int_equal(count(all, "\nBcc"), 0);
	pat_buf_done(&w.bytes);
}

static void nothing_in_a_name_is_a_header(void **state)
{
	static const char *const hostile[] = {
		"Ada\r\nBcc: eve@evil.example",
		"Ada\nBcc: eve@evil.example",
		"Ada\rBcc: x",
		"\r\n\r\nbody",
		"Ada\" <eve@evil.example>, \"",
		"<eve@evil.example>",
		"a, b; c: d (e) \\ f",
		"=?utf-8?Q?=0D=0ABcc:_eve?=",
		"\xff\xfe\x80",
		"\xc2\x85next line",
		"\x01\x7f",
		"",
		" ",
		"\xf0\x9f\x9a\x80 \xc3\x84 Ada",
	};
	char longest[401];

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(hostile); i++)
		assert_headers(hostile[i], hostile[i]);
	for (size_t len = 1; len < sizeof(longest); len++) {
		for (size_t i = 0; i < len; i += 4)
			memcpy(longest + i, "\xf0\x9f\x9a\x80", len - i < 4 ? len - i : 4);
		longest[len] = '\0';
		assert_headers(longest, longest);
		memset(longest, 'x', len);
		assert_headers(longest, longest);
	}
}

/* What is encoded comes out as it went in, but for what ends a line. */
static void words_do_not_split_characters(void **state)
{
	struct written w = write_mail(
		"",
		"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6"
		"\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6",
		"x");

	(void)state;
	/* 20 characters of two bytes: 19 of them are 38, and a word holds 39 at most. */
	assert_non_null(strstr(
		pat_buf_str(&w.bytes),
		"Subject: =?utf-8?B?w6TDtsO8w6TDtsO8w6TDtsO8w6TDtsO8w6TDtsO8w6TDtsO8w6Q=?=\r\n"
		" =?utf-8?B?w7Y=?=\r\n"));
	pat_buf_done(&w.bytes);
	w = write_mail("Zo\xc3\xab", "x", "x");
	assert_non_null(
		strstr(pat_buf_str(&w.bytes), "To: =?utf-8?B?Wm/Dqw==?=\r\n <ada@acme.org>\r\n"));
	pat_buf_done(&w.bytes);
}

static void no_line_of_a_body_is_long(void **state)
{
	char text[4096];
	static const char *const fills[] = { "x", "\xc3\xa4", "=", " ", ".\n", "\t" };

	(void)state;
	for (size_t f = 0; f < PAT_ARRAY_LEN(fills); f++) {
		text[0] = '\0';
		for (size_t i = 0; i < 900; i++)
			memcpy(text + i * strlen(fills[f]), fills[f], strlen(fills[f]) + 1);
		struct written w = write_mail("Ada", "x", text);
		const char *line = strstr(pat_buf_str(&w.bytes), "\r\n\r\n") + 4;

		assert_int_equal(w.result, 0);
		for (; *line; line = strstr(line, "\r\n") + 2) {
			size_t len = (size_t)(strstr(line, "\r\n") - line);

			assert_true(len <= 76);
			assert_true(len == 0 || (line[len - 1] != ' ' && line[len - 1] != '\t'));
		}
		pat_buf_done(&w.bytes);
	}
}

static void addresses(void **state)
{
	static const char *const good[] = { "a@b", "ada@acme.org", "a+b=c@x-y.example",
		                            "j\xc3\xb6rg@acme.org" };
	static const char *const bad[] = {
		"",       "ada",     "@acme.org",   "ada@",
		"a@b@c",  "a b@c",   "a\n@c",       "a@c\r\nRCPT TO:<x@y>",
		"<a@b>",  "a@b>",    "\"a\"@b",     "a,b@c",
		"a@\xff", "a\x7f@b", "a\xc2\x85@b", "a@b (x)"
	};
	char longest[300];

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(good); i++)
		assert_true(pat_mail_address_ok(good[i]));
	for (size_t i = 0; i < PAT_ARRAY_LEN(bad); i++)
		assert_false(pat_mail_address_ok(bad[i]));
	memset(longest, 'a', sizeof(longest));
	longest[1] = '@';
	longest[PAT_MAIL_ADDRESS_MAX + 1] = '\0';
	assert_false(pat_mail_address_ok(longest));
	longest[PAT_MAIL_ADDRESS_MAX] = '\0';
	assert_true(pat_mail_address_ok(longest));
}

/* ---- Servers. */

static struct pat_smtp_config config_of(const char *url)
{
	return (struct pat_smtp_config){ .url = url,
		                         .from = "patd@example.org",
		                         .from_name = "patd",
		                         .user = "",
		                         .password_file = "",
		                         .ca_file = "" };
}

static void servers(void **state)
{
	static const char *const good[] = {
		"smtp://mail.example.org",  "smtp://mail.example.org:587",
		"smtps://mail.example.org", "smtp://127.0.0.1:1",
		"smtp://[::1]:25",          "smtps://[2001:db8::1]"
	};
	static const char *const bad[] = { "",
		                           "mail.example.org",
		                           "http://mail.example.org",
		                           "smtp://",
		                           "smtp://host:",
		                           "smtp://host:0",
		                           "smtp://host:65536",
		                           "smtp://host:2x",
		                           "smtp://host: 25",
		                           "smtp://user:secret@host",
		                           "smtp://host/path",
		                           "smtp://host?x",
		                           "smtp://ho st",
		                           "smtp://[::1",
		                           "smtp://[::1]x",
		                           "smtp://host\r\nX" };
	struct pat_err err;

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(good); i++) {
		struct pat_smtp_config config = config_of(good[i]);
		assert_int_equal(pat_smtp_check(&config, &err), 0);
	}
	for (size_t i = 0; i < PAT_ARRAY_LEN(bad); i++) {
		struct pat_smtp_config config = config_of(bad[i]);
		assert_int_equal(pat_smtp_check(&config, &err), -EINVAL);
		assert_non_null(strstr(err.text, "mail_url"));
	}
}

static void a_password_is_neither_lost_nor_shown(void **state)
{
	char folder[64];
	char path[96];
	struct pat_err err;
	struct pat_smtp_config config = config_of("smtp://mail.example.org");

	(void)state;
	test_folder(folder);
	(void)snprintf(path, sizeof(path), "%s/password", folder);
	config.user = "patd";
	assert_int_equal(pat_smtp_check(&config, &err), -EINVAL);
	config.password_file = path;
	assert_int_equal(pat_smtp_check(&config, &err), -ENOENT);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(pat_smtp_check(&config, &err), -EINVAL);
	file = fopen(path, "w");
	assert_true(fputs("open sesame\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(pat_smtp_check(&config, &err), 0);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(pat_smtp_check(&config, &err), -EPERM);
	assert_null(strstr(err.text, "sesame"));
	assert_int_equal(chmod(path, 0600), 0);
	config.tls = PAT_SMTP_TLS_OFF;
	assert_int_equal(pat_smtp_check(&config, &err), -EINVAL);
	config.url = "smtp://127.0.0.1:25";
	assert_int_equal(pat_smtp_check(&config, &err), 0);
	config.user = "";
	assert_int_equal(pat_smtp_check(&config, &err), -EINVAL);
	config = config_of("smtp://mail.example.org");
	config.from = "patd@ex ample.org";
	assert_int_equal(pat_smtp_check(&config, &err), -EINVAL);
	config.from = "patd@\xc3\xa4.org";
	assert_int_equal(pat_smtp_check(&config, &err), -EINVAL);
	config = config_of("smtp://mail.example.org");
	config.ca_file = "/nonexistent";
	assert_int_equal(pat_smtp_check(&config, &err), -ENOENT);
	test_folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mail_is_these_bytes),
		cmocka_unit_test(nothing_in_a_name_is_a_header),
		cmocka_unit_test(words_do_not_split_characters),
		cmocka_unit_test(no_line_of_a_body_is_long),
		cmocka_unit_test(addresses),
		cmocka_unit_test(servers),
		cmocka_unit_test(a_password_is_neither_lost_nor_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
