/* SPDX-License-Identifier: Apache-2.0
 *
 * Which audit records and which ends of tokens somebody is told of. Those whom a product sends have no settings here in which they
 * could say that they want no mail: they get none, and are their product's to tell.
 */
#include "core/notice.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/crypto.h"

static_assert(PAT_MAIL_ADDRESS_MAX == PAT_EMAIL_BYTES_MAX, "a person's address fits");
static_assert(PAT_MAIL_NAME_MAX == PAT_PERSON_NAME_BYTES_MAX, "and their name");

const char *pat_notice_name(enum pat_notice_kind kind)
{
	static const char *const names[] = {
		[PAT_NOTICE_NONE] = "none",           [PAT_NOTICE_ENDING] = "ending",
		[PAT_NOTICE_GENERATED] = "generated", [PAT_NOTICE_REVOKED] = "revoked",
		[PAT_NOTICE_SIGN_IN] = "sign_in",     [PAT_NOTICE_PASSWORD] = "password",
		[PAT_NOTICE_EMAIL] = "email",         [PAT_NOTICE_EMAIL_FORMER] = "email_former",
	};

	return names[kind];
}

int64_t pat_notice_lead_s(enum pat_lead lead)
{
	return lead == PAT_LEAD_WEEK ? 7 * 86400 : 86400;
}

/* ---- Whom. */

/* 0 for what is always told. */
static unsigned wish_of(enum pat_notice_kind kind)
{
	switch (kind) {
	case PAT_NOTICE_ENDING:
		return PAT_WISH_ENDINGS;
	case PAT_NOTICE_GENERATED:
	case PAT_NOTICE_REVOKED:
		return PAT_WISH_TOKENS;
	case PAT_NOTICE_SIGN_IN:
		return PAT_WISH_SIGN_INS;
	default:
		return 0;
	}
}

static int person_find(struct pat_store *store, int64_t id, struct pat_notice *notice)
{
	const struct pat_person *person = &notice->person;

	int r = pat_store_person_by_id(store, id, &notice->person);
	pat_wipe(notice->person.password, sizeof(notice->person.password));
	if (r < 0)
		return r;
	unsigned wish = wish_of(notice->kind);
	if (r > 0 || person->disabled || *person->service || *person->email == '\0' ||
	    (person->wishes & wish) != wish)
		notice->kind = PAT_NOTICE_NONE;
	else
		(void)snprintf(notice->to, sizeof(notice->to), "%s", person->email);
	return 0;
}

/* The number behind "person:". */
static int64_t object_person(const char *object)
{
	return strncmp(object, "person:", 7) == 0 ? strtoll(object + 7, NULL, 10) : 0;
}

/* ---- Of a token. */

static int token_find(struct pat_store *store, struct pat_notice *notice, int64_t *ret_owner)
{
	uint8_t tid[PAT_TID_BYTES];
	const char *object = notice->audit.object;

	if (strncmp(object, "token:", 6) != 0 ||
	    pat_hex_decode(object + 6, strlen(object + 6), tid, sizeof(tid)) < 0)
		return PAT_STORE_E_NOT_FOUND;
	int r = pat_store_token_owner(store, tid, ret_owner);
	return r == 0 ? pat_store_token_get(store, *ret_owner, tid, &notice->token) : r;
}

static int of_token_record(struct pat_store *store, struct pat_notice *notice)
{
	int64_t owner = 0;

	int r = token_find(store, notice, &owner);
	/* Who revokes their own need not be told. */
	if (r > 0 || (notice->kind == PAT_NOTICE_REVOKED && notice->audit.actor == owner))
		notice->kind = PAT_NOTICE_NONE;
	return r != 0 || notice->kind == PAT_NOTICE_NONE ? (r < 0 ? r : 0)
	                                                 : person_find(store, owner, notice);
}

int pat_notice_of_token(struct pat_store *store, int64_t owner,
                        const uint8_t tid[static PAT_TID_BYTES], enum pat_lead lead, int64_t now_s,
                        struct pat_notice *ret)
{
	const struct pat_record *token = &ret->token;

	*ret = (struct pat_notice){ .kind = PAT_NOTICE_ENDING, .lead = lead };
	int r = pat_store_token_get(store, owner, tid, &ret->token);
	if (r < 0)
		return r;
	if (r > 0 || token->state != PAT_RECORD_LIVE || token->expires_s <= now_s ||
	    token->expires_s - token->issued_s <= pat_notice_lead_s(lead) ||
	    pat_record_replaced(token)) /* whoever has another in its place knows */
		ret->kind = PAT_NOTICE_NONE;
	return ret->kind == PAT_NOTICE_NONE ? 0 : person_find(store, owner, ret);
}

/* ---- Of an audit record. */

/* A session that goes on under another cookie, because a password was proven or changed, takes the place of one that ended in the
 * same breath. */
static bool is_renewal(const struct pat_audit *audit, const struct pat_audit *before)
{
	return before && before->id == audit->id - 1 &&
	       strcmp(before->action, "session.ended") == 0 && before->actor == audit->actor &&
	       before->at_s == audit->at_s && strcmp(before->request_id, audit->request_id) == 0;
}

static enum pat_notice_kind kind_of(const struct pat_audit *audit, const struct pat_audit *before)
{
	static const struct {
		const char *action;
		enum pat_notice_kind kind;
	} kinds[] = {
		{ "token.created", PAT_NOTICE_GENERATED },
		{ "token.revoked", PAT_NOTICE_REVOKED },
		{ "session.created", PAT_NOTICE_SIGN_IN },
		{ "password.changed", PAT_NOTICE_PASSWORD },
		{ "person.email_changed", PAT_NOTICE_EMAIL },
	};

	for (size_t i = 0; i < PAT_ARRAY_LEN(kinds); i++)
		if (strcmp(audit->action, kinds[i].action) == 0)
			return kinds[i].kind == PAT_NOTICE_SIGN_IN && is_renewal(audit, before)
			               ? PAT_NOTICE_NONE
			               : kinds[i].kind;
	return PAT_NOTICE_NONE;
}

int pat_notice_of_audit(struct pat_store *store, const struct pat_audit *audit,
                        const struct pat_audit *before, struct pat_notice *ret)
{
	ret->kind = kind_of(audit, before);
	ret->audit = *audit;
	switch (ret->kind) {
	case PAT_NOTICE_GENERATED:
	case PAT_NOTICE_REVOKED:
		return of_token_record(store, ret);
	case PAT_NOTICE_SIGN_IN:
		return person_find(store, audit->actor, ret);
	case PAT_NOTICE_PASSWORD:
	case PAT_NOTICE_EMAIL:
		return person_find(store, object_person(audit->object), ret);
	default:
		return 0;
	}
}

int pat_notice_to_former(struct pat_store *store, struct pat_notice *notice)
{
	int r = pat_store_former_email(store, notice->audit.id, notice->to);

	notice->kind = r == 0 ? PAT_NOTICE_EMAIL_FORMER : PAT_NOTICE_NONE;
	return r < 0 ? r : 0;
}
