/* SPDX-License-Identifier: Apache-2.0
 *
 * A notice: what somebody is to be told by mail, and the mail of it. Decided here and nowhere else: of which audit records and
 * which tokens anybody is told, and whether this person wants to be.
 */
#ifndef PAT_CORE_NOTICE_H
#define PAT_CORE_NOTICE_H

#include "mail/mail.h"
#include "store/notice.h"

enum pat_notice_kind {
	PAT_NOTICE_NONE,
	PAT_NOTICE_ENDING,
	PAT_NOTICE_GENERATED,
	PAT_NOTICE_REVOKED,
	PAT_NOTICE_SIGN_IN,
	PAT_NOTICE_PASSWORD,
	PAT_NOTICE_EMAIL,
	PAT_NOTICE_EMAIL_FORMER, /* to the address that it was before */
};

struct pat_notice {
	enum pat_notice_kind kind;
	enum pat_lead lead; /* ENDING */
	struct pat_person person;
	struct pat_record token; /* ENDING, GENERATED, REVOKED */
	struct pat_audit audit;  /* all but ENDING */
	char to[PAT_EMAIL_BYTES_MAX + 1];
};

/* What all mails of an installation have in common. */
struct pat_notice_place {
	const char *url; /* where people reach the pages; no slash at its end */
	char installation[17];
};

/* For logs: "ending", "generated", … */
const char *pat_notice_name(enum pat_notice_kind kind);

/* Seconds before its end. */
int64_t pat_notice_lead_s(enum pat_lead lead);

/* What one audit record is to whom: `ret->kind` is NONE where it is nothing, or not wanted, or nobody is there to be told. `before` is
 * the record before it; NULL: not known. -ENOMEM, or the store's fault. */
int pat_notice_of_audit(struct pat_store *store, const struct pat_audit *audit,
                        const struct pat_audit *before, struct pat_notice *ret) PAT_MUST_USE;
/* Makes the notice about an email, to the new address, the one to the former. NONE: nobody knows that any more. */
int pat_notice_to_former(struct pat_store *store, struct pat_notice *notice) PAT_MUST_USE;

/* What the end of a token is to its owner, at that time before it: NONE too of one that never had so long to live. */
int pat_notice_of_token(struct pat_store *store, int64_t owner,
                        const uint8_t tid[static PAT_TID_BYTES], enum pat_lead lead, int64_t now_s,
                        struct pat_notice *ret) PAT_MUST_USE;

/* The mail of it, into one that pat_mail_init() has made. */
int pat_notice_write(const struct pat_notice *notice, const struct pat_notice_place *place,
                     int64_t now_s, struct pat_mail *ret) PAT_MUST_USE;

#endif
