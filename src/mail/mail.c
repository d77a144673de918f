/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing a mail. A text that is not plain goes out as encoded words, in which no line can end; what cannot be shown was taken out
 * of it before. So there is nothing in it that could begin a header of its own.
 */
#include "mail/mail.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/codec.h"
#include "base/utf8.h"

#define WORD_BYTES 39 /* 64 characters as an encoded word: a line of a header has at most 76 */
#define LINE_CHARS 75 /* of quoted-printable, without the "=" at its end */
#define TEXT_BYTES_MAX \
	(PAT_MAIL_SUBJECT_MAX > PAT_MAIL_NAME_MAX ? PAT_MAIL_SUBJECT_MAX : PAT_MAIL_NAME_MAX)

void pat_mail_init(struct pat_mail *mail)
{
	*mail = (struct pat_mail){ 0 };
	pat_buf_init(&mail->text, PAT_MAIL_TEXT_MAX);
}

void pat_mail_done(struct pat_mail *mail)
{
	pat_buf_done(&mail->text);
}

bool pat_mail_address_ok(const char *address)
{
	const char *at = strchr(address, '@');
	size_t left = strlen(address);
	uint32_t c = 0;

	if (!at || at == address || at[1] == '\0' || strchr(at + 1, '@') ||
	    left > PAT_MAIL_ADDRESS_MAX)
		return false;
	while (left > 0) {
		size_t n = pat_utf8_take(address, left, &c);

		if (n == 0 || c <= 0x20 || (c >= 0x7f && c <= 0xa0) ||
		    strchr("<>\"(),;:\\", *address))
			return false;
		address += n;
		left -= n;
	}
	return true;
}

/* ---- Headers. */

/* One line of well-formed text: what would end it, or is none, becomes a blank or a question mark. */
static void text_clean(const char *text, char out[static TEXT_BYTES_MAX + 1])
{
	size_t left = strnlen(text, TEXT_BYTES_MAX);
	size_t len = 0;
	uint32_t c = 0;

	while (left > 0) {
		size_t n = pat_utf8_take(text, left, &c);

		if (n == 0) {
			n = 1;
			c = 0x7f;
		}
		bool shown = c >= 0x20 && (c < 0x7f || c > 0x9f);
		for (size_t i = 0; i < n && shown; i++)
			out[len++] = text[i];
		if (!shown)
			out[len++] = c < 0x20 ? ' ' : '?';
		text += n;
		left -= n;
	}
	out[len] = '\0';
}

/* As many whole characters as fit into a word. */
static size_t word_bytes(const char *text, size_t left)
{
	size_t len = 0;
	uint32_t c = 0;

	while (left > len) {
		size_t n = pat_utf8_take(text + len, left - len, &c);

		if (n == 0 || len + n > WORD_BYTES)
			break;
		len += n;
	}
	return len;
}

/* RFC 2047. */
static void words_add(struct pat_buf *out, const char *text)
{
	char encoded[(WORD_BYTES + 2) / 3 * 4];
	size_t left = strlen(text);
	const char *before = "";

	while (left > 0) {
		size_t n = word_bytes(text, left);
		size_t len = pat_base64_encode(text, n, encoded);

		(void)pat_buf_addf(out, "%s=?utf-8?B?%.*s?=", before, (int)len, encoded);
		before = "\r\n ";
		text += n;
		left -= n;
	}
}

/* A header that is only read by people. */
static void subject_add(struct pat_buf *out, const char *subject)
{
	char text[TEXT_BYTES_MAX + 1];
	bool plain = true;

	text_clean(subject, text);
	for (const char *c = text; *c; c++)
		plain &= (unsigned char)*c < 0x7f;
	(void)pat_buf_add_str(out, "Subject: ");
	if (plain && strlen(text) <= 67 && !strstr(text, "=?"))
		(void)pat_buf_add_str(out, text);
	else
		words_add(out, text);
	(void)pat_buf_add_str(out, "\r\n");
}

/* A name that is not made of plain words is encoded, so that nothing in it needs quotes. */
static void mailbox_add(struct pat_buf *out, const char *header, const char *name,
                        const char *address)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789- ";
	char text[TEXT_BYTES_MAX + 1];

	text_clean(name, text);
	(void)pat_buf_addf(out, "%s: ", header);
	if (strlen(text) <= 64 && strspn(text, plain) == strlen(text))
		(void)pat_buf_add_str(out, text);
	else
		words_add(out, text);
	(void)pat_buf_addf(out, "%s<%s>\r\n", *text ? "\r\n " : "", address);
}

static void date_add(struct pat_buf *out, int64_t date_s)
{
	time_t t = (time_t)date_s;
	struct tm tm;
	char text[64];

	(void)gmtime_r(&t, &tm);
	(void)strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	(void)pat_buf_addf(out, "Date: %s\r\n", text);
}

/* ---- The body: quoted-printable (RFC 2045), which leaves plain words readable, and no line longer than any server takes. */

struct line {
	struct pat_buf *out;
	size_t chars;
};

static void line_put(struct line *line, const char *token, size_t len)
{
	if (line->chars + len > LINE_CHARS) {
		(void)pat_buf_add_str(line->out, "=\r\n");
		line->chars = 0;
	}
	(void)pat_buf_add(line->out, token, len);
	line->chars += len;
}

static void line_put_byte(struct line *line, unsigned char c, bool at_end)
{
	bool plain = c >= 0x20 && c < 0x7f && c != '=' && !(c == ' ' && at_end);
	char token[4];

	(void)snprintf(token, sizeof(token), plain ? "%c" : "=%02X", c);
	line_put(line, token, strlen(token));
}

static void body_add(struct pat_buf *out, const char *text, size_t len)
{
	struct line line = { .out = out };

	for (size_t i = 0; i < len; i++) {
		if (text[i] != '\n') {
			line_put_byte(&line, (unsigned char)text[i],
			              i + 1 == len || text[i + 1] == '\n');
			continue;
		}
		(void)pat_buf_add_str(out, "\r\n");
		line.chars = 0;
	}
	if (line.chars > 0)
		(void)pat_buf_add_str(out, "\r\n");
}

int pat_mail_write(const struct pat_mail *mail, const char *from, const char *from_name,
                   struct pat_buf *out)
{
	if (!pat_mail_address_ok(mail->to) || !pat_mail_address_ok(from))
		return -EINVAL;
	date_add(out, mail->date_s);
	mailbox_add(out, "From", from_name, from);
	mailbox_add(out, "To", mail->to_name, mail->to);
	subject_add(out, mail->subject);
	(void)pat_buf_addf(out, "Message-ID: <%s@%s>\r\n", mail->id, strchr(from, '@') + 1);
	(void)pat_buf_add_str(out, "Auto-Submitted: auto-generated\r\n" /* RFC 3834 */
	                           "MIME-Version: 1.0\r\n"
	                           "Content-Type: text/plain; charset=utf-8\r\n"
	                           "Content-Transfer-Encoding: quoted-printable\r\n"
	                           "\r\n");
	body_add(out, pat_buf_str(&mail->text), mail->text.len);
	return pat_buf_error(out);
}
