/* SPDX-License-Identifier: Apache-2.0
 *
 * Uses of tokens, added up until they are stored: how often each operation, from which clients, and from where last.
 * Memory only, bounded, one thread's.
 *
 * It also sees when a token is used by clients in turns. A client is a network (/24, of IPv6 /48) and the first word of
 * an agent. Two differ when their agents do, or their networks of one kind: a machine that speaks IPv4 and IPv6 is
 * one. When a client comes back within TURNS_S after its own last use, and another one that differs was there in
 * between, the two are at it at the same time. Somebody who has moved does not come back.
 */
#ifndef PAT_CORE_TALLY_H
#define PAT_CORE_TALLY_H

#include "store/usage.h"

struct pat_tally;

struct pat_tally_use {
	int64_t number; /* the token's */
	int64_t at_s;
	int64_t times;
	const struct pat_usage_operation *operation;
	struct pat_address address; /* all zeros: not known */
	const char *agent;          /* any bytes */
	size_t agent_len;
};

/* `clients`: whether addresses and agents are noted at all. -ENOMEM. */
int pat_tally_new(bool clients, struct pat_tally **ret) PAT_MUST_USE;
void pat_tally_free(struct pat_tally *tally);

/* Whether the next use might not fit. */
bool pat_tally_full(const struct pat_tally *tally);
/* Adds a use; when it does not fit it is ignored. Of a token no more clients are noted than are kept, the first of them. */
void pat_tally_add(struct pat_tally *tally, const struct pat_tally_use *use);
/* What was added since it was last cleared; lives until the next call. */
void pat_tally_notes(const struct pat_tally *tally, struct pat_usage_notes *ret);
/* Starts afresh. Which clients were seen lately is remembered. */
void pat_tally_clear(struct pat_tally *tally);

#endif
