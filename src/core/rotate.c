/* SPDX-License-Identifier: Apache-2.0
 *
 * Rotation: a token with another secret in the place of one, which goes on for as long as whoever uses it needs to change over. To
 * the store it is the making of a token (tokens.c) that says whose place it takes, so that it is one change or none.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/private.h"

#define ROOM_MIN 16 /* in the index, for others as well that make tokens at the same time */

struct rotation {
	struct pat_record old;
	char scopes[PAT_SCOPES_TEXT_BYTES_MAX + 1];
	char limits[PAT_LIMITS_TEXT_BYTES_MAX + 1];
	const char *scope_list[PAT_SCOPES_MAX];
	const char *limit_list[PAT_LIMITS_MAX];
};

/* The words of a canonical text, which is cut up. */
static size_t words_of(char *text, const char **list, size_t max)
{
	char *rest = NULL;
	size_t n = 0;

	for (char *word = strtok_r(text, " ", &rest); word && n < max;
	     word = strtok_r(NULL, " ", &rest))
		list[n++] = word;
	return n;
}

/* As long as the old one's life was, as far as that is allowed; made by a token, it ends with that one. */
static int64_t usual_end(struct pat_core *core, const struct pat_record *old,
                         const struct pat_record *maker)
{
	int64_t now_s = pat_core_now(core);
	int64_t life_s = core->config.expires_days_max * PAT_DAY_S;
	bool endless = old->expires_s == PAT_NEVER;

	if (!endless && old->expires_s - old->issued_s < life_s)
		life_s = old->expires_s - old->issued_s;
	int64_t end_s = endless && core->config.never_allowed ? PAT_NEVER : now_s + life_s;
	return maker && maker->expires_s < end_s ? maker->expires_s : end_s;
}

/* What made the token that asks, or made that, can not be replaced by it: both would end with what they replace. */
static int maker_judge(struct pat_core *core, const struct pat_record *old,
                       struct pat_record *maker)
{
	uint8_t above[PAT_TID_BYTES];

	if (pat_memeq(maker->digest, old->digest, PAT_TID_BYTES))
		return 0; /* it replaces itself */
	while (pat_record_made(maker)) {
		memcpy(above, maker->maker, sizeof(above)); /* UNSAFE: fixed sizes */
		if (pat_memeq(above, old->digest, sizeof(above)))
			return PAT_CORE_E_BEYOND_EXPIRY;
		int r = pat_store_token_get(core->store, old->owner, above, maker);
		if (r < 0)
			return r;
		if (r != 0) /* a row that was edited: who knows what made what */
			return PAT_CORE_E_BEYOND_EXPIRY;
	}
	return 0;
}

static int rotation_begin(struct pat_core *core, int64_t owner,
                          const uint8_t tid[static PAT_TID_BYTES],
                          struct pat_token_request *request, struct rotation *rotation)
{
	pat_cleanup(pat_freep) struct pat_record *maker = NULL;
	struct pat_record *old = &rotation->old;
	int r = pat_store_token_get(core->store, owner, tid, old);

	if (r == 0 && request->maker) {
		maker = malloc(sizeof(*maker));
		if (!maker)
			return -ENOMEM;
		r = pat_store_token_get(core->store, owner, request->maker, maker);
	}
	if (r != 0)
		return pat_core_outcome(r);
	if (request->expires_days == 0 && request->expires_s == 0)
		request->expires_s = usual_end(core, old, maker);
	memcpy(rotation->scopes, old->scopes, sizeof(rotation->scopes)); /* UNSAFE: same size */
	memcpy(rotation->limits, old->limits, sizeof(rotation->limits)); /* UNSAFE: same size */
	request->name = old->name;
	request->note = old->note;
	request->scopes = rotation->scope_list;
	request->n_scopes = words_of(rotation->scopes, rotation->scope_list, PAT_SCOPES_MAX);
	request->limits = rotation->limit_list;
	request->n_limits = words_of(rotation->limits, rotation->limit_list, PAT_LIMITS_MAX);
	request->replaces = old;
	return maker ? maker_judge(core, old, maker) : 0;
}

/* The old one, which cannot be read just now. */
static struct pat_record as_it_must_be(const struct pat_record *old,
                                       const struct pat_token_request *request,
                                       const struct pat_record *new)
{
	struct pat_record r = *old;
	int64_t end_s = new->issued_s + request->old_ends_in_s;

	memcpy(r.replaced_by, new->digest, sizeof(r.replaced_by)); /* UNSAFE: its first half */
	if (request->old_ends_in_s == 0) {
		r.state = PAT_RECORD_REVOKED;
		r.revoked_s = new->issued_s;
		r.revoked_reason = PAT_REVOKE_ROTATED;
		r.revoked_seq = new->seq + 1;
	} else if (end_s < r.expires_s) {
		r.expires_s = end_s;
		r.seq = new->seq + 1;
	}
	return r;
}

/* A node that has not heard of the end by then answers nobody: its lease is over. The new one is made, whatever comes of it. */
static void end_settle(struct pat_core *core, int64_t ends_in_s, const struct pat_actor *actor,
                       struct pat_receipt *receipt)
{
	if (ends_in_s * 1000 > PAT_LEASE_MS_MAX)
		receipt->effective = true;
	else
		(void)!pat_core_settle(core, actor, receipt);
}

int pat_core_token_rotate(struct pat_core *core, const struct pat_signed_in *who,
                          const uint8_t tid[static PAT_TID_BYTES],
                          struct pat_token_request *request, const struct pat_actor *actor,
                          struct pat_token_answer *ret, struct pat_record *ret_old,
                          struct pat_receipt *receipt)
{
	pat_cleanup(pat_freep) struct rotation *rotation = malloc(sizeof(*rotation));

	if (!rotation)
		return -ENOMEM;
	if (request->old_ends_in_s < 0 || request->old_ends_in_s > PAT_OVERLAP_S_MAX)
		return PAT_CORE_E_OVERLAP;
	/* Without room for the new one the old one must not end. */
	if (core->index && pat_index_writer_room(core->index, ROOM_MIN) < ROOM_MIN)
		return -ENOSPC;
	int r = rotation_begin(core, who->person.id, tid, request, rotation);
	if (r == 0)
		r = pat_core_token_create(core, who, request, actor, ret);
	if (r == 0)
		pat_core_usage_settle(core);
	if (r == 0 || r == PAT_CORE_E_REPLAYED) {
		end_settle(core, request->old_ends_in_s, actor, receipt);
		int there = pat_core_token_get(core, who, tid, ret_old);
		if (there != 0 && r != 0)
			return there; /* the secret is out already: it can be asked again */
		if (there != 0)
			*ret_old = as_it_must_be(&rotation->old, request, &ret->record);
	}
	return r;
}
