/* SPDX-License-Identifier: Apache-2.0
 *
 * Revoking: one token, or several as one change. The index is told by the store's listener, between the commit and the
 * return of the call (core.c), and what the usage cells knew is kept then (usage.c); it is stored here at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/private.h"

int pat_core_revoke_one(struct pat_core *core, int64_t owner,
                        const uint8_t tid[static PAT_TID_BYTES], const struct pat_actor *actor,
                        struct pat_record *ret, struct pat_receipt *receipt)
{
	struct pat_core_use use = { 0 };
	int r = pat_store_token_get(core->store, owner, tid, ret);

	if (r == 0)
		pat_core_usage_of(core, ret->digest, &use);
	/* Asked also of a row that is no token any more: it ends all the same. */
	if (r == 0 || r == PAT_STORE_E_NOT_FOUND)
		r = pat_store_token_revoke(core->store, owner, tid, actor, pat_core_now(core), ret);
	if (r != 0)
		return pat_core_outcome(r);
	pat_core_usage_add(ret, &use);
	/* The listener has removed it. But a revoke that failed before, on a disk that did not sync, may have come back from
	 * the log when the store was opened anew; the listener never heard of that one, and this call changed nothing. */
	if (core->index)
		pat_core_index_leave(core, ret->digest);
	pat_core_usage_settle(core);
	return pat_core_settle(core, actor, receipt);
}

int pat_core_token_revoke(struct pat_core *core, const struct pat_signed_in *who,
                          const uint8_t tid[static PAT_TID_BYTES], const struct pat_actor *actor,
                          struct pat_record *ret, struct pat_receipt *receipt)
{
	return pat_core_revoke_one(core, who->person.id, tid, actor, ret, receipt);
}

int pat_core_token_owner(struct pat_core *core, const uint8_t tid[static PAT_TID_BYTES],
                         int64_t *ret)
{
	return pat_core_outcome(pat_store_token_owner(core->store, tid, ret));
}

int pat_core_token_revoke_any(struct pat_core *core, const uint8_t tid[static PAT_TID_BYTES],
                              const struct pat_actor *actor, struct pat_record *ret,
                              struct pat_receipt *receipt)
{
	int64_t owner = 0;
	int r = pat_store_token_owner(core->store, tid, &owner);

	return r == 0 ? pat_core_revoke_one(core, owner, tid, actor, ret, receipt)
	              : pat_core_outcome(r);
}

/* ---- Revoking several. */

struct several {
	struct pat_core *core;
	int64_t now_s;
	const uint8_t (*tids)[PAT_TID_BYTES]; /* NULL: every one that has not ended */
	size_t n_tids;
	pat_record_fn *fn;
	void *arg;
	uint8_t (*digests)[PAT_DIGEST_BYTES]; /* owned */
	size_t n;
	size_t cap;
	struct pat_record record; /* a copy that usage can be added to */
};

static int note_one(void *arg, const struct pat_record *record)
{
	struct several *s = arg;

	/* What has expired stays in the index, to be told so. */
	if (!s->tids && record->state == PAT_RECORD_LIVE && record->expires_s <= s->now_s)
		return 0;
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 64;
		uint8_t(*grown)[PAT_DIGEST_BYTES] = reallocarray(s->digests, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		s->digests = grown;
		s->cap = cap;
	}
	memcpy(s->digests[s->n++], record->digest, PAT_DIGEST_BYTES); /* UNSAFE: same size */
	return 0;
}

/* Notes all that are about to be revoked, and those that were. One that is not found is the store's to judge. */
static int note_all(struct several *s, int64_t person)
{
	int r = 0;

	if (!s->core->index)
		return 0;
	if (!s->tids) {
		struct pat_token_query query = pat_core_list_query(PAT_TOKENS_ALL, s->now_s);

		r = pat_store_token_list(s->core->store, person, &query, note_one, s);
	}
	for (size_t i = 0; i < s->n_tids && r == 0; i++) {
		r = pat_store_token_get(s->core->store, person, s->tids[i], &s->record);
		if (r == 0)
			r = note_one(s, &s->record);
		else if (r == PAT_STORE_E_NOT_FOUND)
			r = 0;
	}
	return r;
}

/* Called before the change is committed: the cells are still there. */
static int tell_with_usage(void *arg, const struct pat_record *record)
{
	struct several *s = arg;

	s->record = *record;
	pat_core_usage_live(s->core, &s->record);
	return s->fn(s->arg, &s->record);
}

static void several_free(struct several **s)
{
	if (*s)
		free((*s)->digests);
	free(*s);
}

int pat_core_tokens_revoke(struct pat_core *core, const struct pat_signed_in *who,
                           const uint8_t (*tids)[PAT_TID_BYTES], size_t n_tids,
                           const struct pat_actor *actor, pat_record_fn *fn, void *arg,
                           size_t *ret_revoked, struct pat_receipt *receipt)
{
	pat_cleanup(several_free) struct several *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	*s = (struct several){ .core = core,
		               .now_s = pat_core_now(core),
		               .tids = tids,
		               .n_tids = n_tids,
		               .fn = fn,
		               .arg = arg };
	int r = note_all(s, who->person.id);
	if (r == 0)
		r = pat_store_tokens_revoke(core->store, who->person.id, tids, n_tids, actor,
		                            s->now_s, tell_with_usage, s, ret_revoked);
	if (r != 0)
		return pat_core_outcome(r);
	/* The listener has removed them; but see pat_core_revoke_one() on those that were revoked before. */
	for (size_t i = 0; i < s->n; i++)
		pat_core_index_leave(core, s->digests[i]);
	pat_core_usage_settle(core);
	return pat_core_settle(core, actor, receipt);
}
