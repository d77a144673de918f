/* SPDX-License-Identifier: Apache-2.0
 *
 * A mail: plain text to one address, and as the bytes that go over the wire (RFC 5322, RFC 2045 to 2047). Whatever its texts hold,
 * it has the headers named here and no others. And how it is handed on: a mailer.
 */
#ifndef PAT_MAIL_MAIL_H
#define PAT_MAIL_MAIL_H

#include <stdatomic.h>

#include "base/buf.h"

#define PAT_MAIL_ADDRESS_MAX 254
#define PAT_MAIL_NAME_MAX    400
#define PAT_MAIL_SUBJECT_MAX 500
#define PAT_MAIL_ID_MAX      127
#define PAT_MAIL_TEXT_MAX    16384
#define PAT_MAIL_BYTES_MAX   65536 /* every byte escaped, and the headers */

/* Texts are UTF-8. Done with pat_mail_done(). */
struct pat_mail {
	/* Letters, digits, dots and hyphens. The same for what is sent again, so that whoever reads mail can tell. */
	char id[PAT_MAIL_ID_MAX + 1];
	char to[PAT_MAIL_ADDRESS_MAX + 1];
	char to_name[PAT_MAIL_NAME_MAX + 1]; /* "": none */
	char subject[PAT_MAIL_SUBJECT_MAX + 1];
	int64_t date_s;
	struct pat_buf text; /* lines end with \n */
};

void pat_mail_init(struct pat_mail *mail);
void pat_mail_done(struct pat_mail *mail);

/* Whether it can stand in a header and in an envelope: one @, something on both sides, no blank, bracket or control character. */
bool pat_mail_address_ok(const char *address);

/* Adds the whole mail to `out`. -EINVAL: an address is none; or the buffer's fault. */
int pat_mail_write(const struct pat_mail *mail, const char *from, const char *from_name,
                   struct pat_buf *out) PAT_MUST_USE;

/* ---- Handing on. */

enum pat_mail_outcome {
	PAT_MAIL_E_REFUSED = 1, /* this one will never be taken */
	PAT_MAIL_E_LATER,       /* not for this recipient, for now; others may well be */
};

/* What a server said last, and to what. */
struct pat_mail_reply {
	char command[12]; /* "RCPT", …; "": to the connection itself */
	int code;         /* 0: nothing */
	char words[200];  /* the server's own: may hold addresses, so nothing for a log */
	char error[256];  /* what went wrong, without them; "": nothing */
};

/* Hands one mail on: 0, an outcome, or a negative fault, after which the same and all others may be tried again. Ends soon with
 * -ECANCELED when `stop` becomes true. One thread at a time. */
typedef int pat_mail_send_fn(void *arg, const struct pat_mail *mail, const atomic_bool *stop,
                             struct pat_mail_reply *reply);
struct pat_mailer {
	pat_mail_send_fn *send;
	void *arg;
};

#endif
