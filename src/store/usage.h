/* SPDX-License-Identifier: Apache-2.0
 *
 * The store's part about what tokens are used for: a part of the contract in store.h, and under its promises, but that
 * nothing of this is audited: it is told by verifiers, lossy, and grants nothing.
 *
 * How much there is of a token is bounded, and it is kept for PAT_USAGE_DAYS days.
 */
#ifndef PAT_STORE_USAGE_H
#define PAT_STORE_USAGE_H

#include "store/store.h"
#include "token/network.h"

#define PAT_USAGE_DAYS           30
#define PAT_USAGE_OPERATIONS_MAX 64 /* of a token: the last of them is all others together */
#define PAT_USAGE_CLIENTS_MAX    16 /* of a token: those seen last */
#define PAT_USAGE_NAME_MAX       200
#define PAT_USAGE_SCOPES_MAX     1000
#define PAT_USAGE_AGENT_MAX      60
#define PAT_USAGE_FAMILY_MAX     31
#define PAT_DAY_S                86400

/* What was done with a token. All of it is "" and false: others. */
struct pat_usage_operation {
	char product[PAT_LIMIT_PRODUCT_MAX + 1];
	char method[8];
	char name[PAT_USAGE_NAME_MAX + 1];     /* the operation's id, or its template */
	char scopes[PAT_USAGE_SCOPES_MAX + 1]; /* any that it takes, separated by blanks */
	bool judged;                           /* `scopes` is all that it takes */
};

/* From where: a network, and the first word of the agent. */
struct pat_usage_client {
	char network[PAT_NETWORK_TEXT_MAX]; /* "": not known */
	char family[PAT_USAGE_FAMILY_MAX + 1];
};

struct pat_usage_done {
	int64_t number; /* the token's */
	struct pat_usage_operation operation;
	int64_t count; /* added */
	int64_t first_s;
	int64_t last_s;
};

struct pat_usage_seen {
	int64_t number;
	struct pat_usage_client client;
	int64_t first_s;
	int64_t last_s;
};

/* Used by two clients in turns. */
struct pat_usage_turns {
	int64_t at_s; /* 0: never */
	struct pat_usage_client clients[2];
};

struct pat_usage_last {
	int64_t number;
	int64_t at_s; /* 0: nothing is known */
	char address[PAT_ADDRESS_BYTES_MAX + 1];
	char agent[PAT_USAGE_AGENT_MAX + 1];
	struct pat_usage_turns turns; /* at_s 0: nothing new */
};

/* What verifiers told. Of each token and operation, client, or token there is one entry. Lists may be NULL when empty. */
struct pat_usage_notes {
	const struct pat_usage_done *done;
	size_t n_done;
	const struct pat_usage_seen *seen;
	size_t n_seen;
	const struct pat_usage_last *last;
	size_t n_last;
};

/* What is known of a token. */
struct pat_usage_view {
	int64_t now_s;                /* what was asked for */
	int64_t days[PAT_USAGE_DAYS]; /* uses; the last of them is the day of now_s */
	size_t n_done;
	struct pat_usage_done done[PAT_USAGE_OPERATIONS_MAX]; /* the most used first */
	size_t n_seen;
	struct pat_usage_seen seen[PAT_USAGE_CLIENTS_MAX]; /* the last seen first */
	struct pat_usage_last last;
};

/* Adds to what is known, as one transaction. Numbers that name no token are ignored. */
int pat_store_usage_note(struct pat_store *store, const struct pat_usage_notes *notes) PAT_MUST_USE;
/* Of the token of that number, as of `now_s`: what is older than PAT_USAGE_DAYS is left out. */
int pat_store_usage_view(struct pat_store *store, int64_t number, int64_t now_s,
                         struct pat_usage_view *ret) PAT_MUST_USE;
/* Forgets some of what is older than that; `ret_more` says whether there was more than fits one transaction of a bounded
 * length. */
int pat_store_usage_prune(struct pat_store *store, int64_t now_s, bool *ret_more) PAT_MUST_USE;

#endif
