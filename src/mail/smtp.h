/* SPDX-License-Identifier: Apache-2.0
 *
 * Mail handed to an SMTP server (RFC 5321), by libcurl. A connection a mail: they are few, and a server is not kept waiting.
 */
#ifndef PAT_MAIL_SMTP_H
#define PAT_MAIL_SMTP_H

#include "base/err.h"
#include "mail/mail.h"

enum pat_smtp_tls {
	PAT_SMTP_TLS_AUTO,     /* as REQUIRED, unless the server is on this machine */
	PAT_SMTP_TLS_REQUIRED, /* nothing is said before TLS */
	PAT_SMTP_TLS_OFF,
};

struct pat_smtp_config {
	const char *url;  /* smtp://host[:port], or smtps:// with TLS from the first byte */
	const char *from; /* address */
	const char *from_name;
	const char *user;          /* "": nobody is proven */
	const char *password_file; /* its first line; "" without a user */
	enum pat_smtp_tls tls;
	const char *ca_file; /* whom to trust instead of the system's; "": those */
};

struct pat_smtp;

/* Looks at what no server is needed for. -EINVAL, or what a file says, with the sentence in `err`. */
int pat_smtp_check(const struct pat_smtp_config *config, struct pat_err *err) PAT_MUST_USE;

/* The same, and keeps the password. Texts are copied. Call before threads start. */
int pat_smtp_new(const struct pat_smtp_config *config, struct pat_smtp **ret,
                 struct pat_err *err) PAT_MUST_USE;
void pat_smtp_free(struct pat_smtp *smtp);

/* A pat_mail_send_fn whose `arg` is a struct pat_smtp. */
pat_mail_send_fn pat_smtp_send;

#endif
