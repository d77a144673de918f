/* SPDX-License-Identifier: Apache-2.0
 *
 * `patd mail test`: hands one mail on by the settings, without a patd that runs, and says what the mail server says.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/crypto.h"
#include "mail/smtp.h"
#include "patd/command.h"

static const char usage[] = "usage: patd mail COMMAND [--setting value …]\n"
			    "\n"
			    "  test ADDRESS   send one, and say what the mail server says\n";

void pat_command_mail_usage(FILE *to)
{
	(void)fputs(usage, to);
}

void pat_command_smtp_config(const struct pat_settings *settings, struct pat_smtp_config *ret)
{
	*ret = (struct pat_smtp_config){ .url = settings->mail_url,
		                         .from = settings->mail_from,
		                         .from_name = "patd",
		                         .user = settings->mail_user,
		                         .password_file = settings->mail_password_file,
		                         .tls = (enum pat_smtp_tls)settings->mail_tls,
		                         .ca_file = settings->mail_ca_file };
}

/* Each is another mail, so that none is taken for the one before. */
static int write_test(const struct pat_settings *settings, const char *address,
                      struct pat_mail *mail)
{
	uint8_t random[8];
	char hex[2 * sizeof(random) + 1];

	int r = pat_random(random, sizeof(random));
	pat_hex_encode(random, sizeof(random), hex);
	(void)snprintf(mail->id, sizeof(mail->id), "patd.test.%s", hex);
	(void)snprintf(mail->to, sizeof(mail->to), "%s", address);
	(void)snprintf(mail->subject, sizeof(mail->subject), "A test from patd");
	mail->date_s = pat_clock_wall_s();
	(void)pat_buf_addf(&mail->text,
	                   "patd at %s can send mail.\n\nSomebody ran `patd mail test` there.\n",
	                   settings->public_url);
	return r == 0 ? pat_buf_error(&mail->text) : r;
}

static int report(int r, const struct pat_smtp_config *config, const struct pat_mail_reply *reply,
                  struct pat_err *err)
{
	if (r == 0) {
		(void)printf("%s took the mail: %d %s\n", config->url, reply->code, reply->words);
		return 0;
	}
	if (reply->code >= 400)
		return pat_err_set(err, -EIO, "%s: %s (it said %d %s%s%s)", config->url,
		                   reply->error, reply->code, reply->words,
		                   *reply->command ? " to " : "", reply->command);
	return pat_err_set(err, -EIO, "%s: %s", config->url, reply->error);
}

static int mail_test(const struct pat_settings *settings, const char *address, struct pat_err *err)
{
	struct pat_smtp_config config;
	struct pat_smtp *smtp = NULL;
	struct pat_mail_reply reply = { .code = 0 };
	pat_cleanup(pat_mail_done) struct pat_mail mail = { 0 };
	const atomic_bool stop = false;

	if (*settings->mail_url == '\0')
		return pat_err_set(err, -EINVAL, "mail_url is empty: no mail is sent");
	if (!pat_mail_address_ok(address))
		return pat_err_set(err, -EINVAL, "%s is no address", address);
	pat_mail_init(&mail);
	pat_command_smtp_config(settings, &config);
	int r = pat_smtp_new(&config, &smtp, err);
	if (r < 0)
		return r;
	r = write_test(settings, address, &mail);
	if (r == 0)
		r = report(pat_smtp_send(smtp, &mail, &stop, &reply), &config, &reply, err);
	pat_smtp_free(smtp);
	return r;
}

int pat_command_mail(const struct pat_settings *settings, int n_words, char **words)
{
	struct pat_err err = { { 0 } };

	(void)signal(SIGPIPE, SIG_IGN); /* a server that goes away is an answer */
	if (n_words != 2 || strcmp(words[0], "test") != 0) {
		pat_command_mail_usage(stderr);
		return 2;
	}
	return mail_test(settings, words[1], &err) < 0 ? pat_command_failed(&err) : 0;
}
