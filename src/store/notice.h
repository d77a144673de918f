/* SPDX-License-Identifier: Apache-2.0
 *
 * The store's part about the mail that people get: a part of the contract in store.h, and under its promises, but that nothing
 * of this is audited. Who sends reads the audit records and the tokens that end, and keeps here up to where mail was sent.
 *
 * Of several nodes one sends: it claims that for a while, and only who holds the claim moves anything on.
 */
#ifndef PAT_STORE_NOTICE_H
#define PAT_STORE_NOTICE_H

#include "store/store.h"

#define PAT_NOTICE_HOLDER_BYTES_MAX 63

/* How long before its end somebody is told of a token. */
enum pat_lead {
	PAT_LEAD_WEEK,
	PAT_LEAD_DAY,
	PAT_LEADS,
};

/* Unrevoked tokens in the order of their end, and of their number where they end together: up to this one. */
struct pat_notice_mark {
	int64_t expires_s;
	int64_t number;
};

/* What was dealt with. */
struct pat_notice_state {
	int64_t audit; /* up to the record of this id */
	struct pat_notice_mark marks[PAT_LEADS];
};

struct pat_notice_claim {
	const char *holder; /* who claims; at most PAT_NOTICE_HOLDER_BYTES_MAX bytes */
	int64_t now_s;
	int64_t until_s;
	struct pat_notice_mark
		marks[PAT_LEADS]; /* where it all begins, when nobody has claimed before */
};

struct pat_notice_view {
	struct pat_notice_state state;
	int64_t audit; /* the id of the last audit record */
	char holder[PAT_NOTICE_HOLDER_BYTES_MAX + 1];
	int64_t until_s; /* of their claim */
};

/* How things stand. E_NOT_FOUND: nobody has ever claimed. */
int pat_store_notice_look(struct pat_store *store, struct pat_notice_view *ret) PAT_MUST_USE;
/* Claims until then, or goes on with a claim. The first one ever begins at the last audit record and at `marks`. E_HELD. */
int pat_store_notice_claim(struct pat_store *store, const struct pat_notice_claim *claim,
                           struct pat_notice_state *ret) PAT_MUST_USE;
/* Moves on, and claims until then. E_HELD: the claim is another's by now, and nothing was changed. */
int pat_store_notice_advance(struct pat_store *store, const char *holder, int64_t until_s,
                             const struct pat_notice_state *state) PAT_MUST_USE;
/* Gives the claim back; of one that is not held any more it is 0. */
int pat_store_notice_release(struct pat_store *store, const char *holder) PAT_MUST_USE;

/* The email that a person had before the change of that audit record. Kept once anybody has claimed, until that record was
 * dealt with, and at most until the next change of an email more than PAT_FORMER_EMAIL_S later. E_NOT_FOUND. */
#define PAT_FORMER_EMAIL_S 172800
int pat_store_former_email(struct pat_store *store, int64_t audit,
                           char ret[static PAT_EMAIL_BYTES_MAX + 1]) PAT_MUST_USE;

/* Unrevoked tokens behind `after` that end at `to_s` or before, in that order, at most `limit`. */
int pat_store_token_ending(struct pat_store *store, const struct pat_notice_mark *after,
                           int64_t to_s, unsigned limit, pat_record_fn *fn, void *arg) PAT_MUST_USE;

#endif
