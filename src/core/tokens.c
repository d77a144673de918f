/* SPDX-License-Identifier: Apache-2.0
 *
 * Generating, listing and revoking. Nothing here tells the index anything: the store's listener does,
 * between the commit and the return of the call (core.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/private.h"

#define DAY_S 86400

static int scopes_outcome(int outcome)
{
	switch (outcome) {
	case 0:
		return 0;
	case PAT_SCOPES_E_EMPTY:
		return PAT_CORE_E_SCOPE_REQUIRED;
	case PAT_SCOPES_E_DUPLICATE:
		return PAT_CORE_E_SCOPE_DUPLICATE;
	case PAT_SCOPES_E_TOO_MANY:
		return PAT_CORE_E_SCOPE_TOO_MANY;
	default:
		return PAT_CORE_E_SCOPE_UNKNOWN;
	}
}

static int scopes_check(struct pat_core *core, const struct pat_token_request *request,
                        struct pat_record *record, size_t *ret_bad)
{
	if (request->n_scopes > PAT_SCOPES_MAX)
		return PAT_CORE_E_SCOPE_TOO_MANY;
	for (size_t i = 0; i < request->n_scopes; i++) {
		*ret_bad = i;
		if (!pat_catalogue_find(core->config.catalogue, request->scopes[i]))
			return PAT_CORE_E_SCOPE_UNKNOWN;
		for (size_t j = 0; j < i; j++)
			if (strcmp(request->scopes[i], request->scopes[j]) == 0)
				return PAT_CORE_E_SCOPE_DUPLICATE;
	}
	return scopes_outcome(
		pat_scopes_canonical(request->scopes, request->n_scopes, record->scopes));
}

static int expiry_check(struct pat_core *core, const struct pat_token_request *request,
                        struct pat_record *record)
{
	int64_t latest = record->issued_s + core->config.expires_days_max * DAY_S;

	if (request->expires_s == PAT_NEVER) {
		record->expires_s = PAT_NEVER;
		return core->config.never_allowed ? 0 : PAT_CORE_E_EXPIRY_REQUIRED;
	}
	if (request->expires_days == 0 && request->expires_s == 0)
		return PAT_CORE_E_EXPIRY_REQUIRED;
	if (request->expires_days < 0)
		return PAT_CORE_E_EXPIRY_IN_PAST;
	if (request->expires_days > core->config.expires_days_max)
		return PAT_CORE_E_EXPIRY_TOO_FAR;
	record->expires_s = request->expires_days > 0
	                            ? record->issued_s + request->expires_days * DAY_S
	                            : request->expires_s;
	if (record->expires_s <= record->issued_s)
		return PAT_CORE_E_EXPIRY_IN_PAST;
	/* The page's clock and ours differ a little: a date chosen as the last allowed one stays allowed. */
	return record->expires_s > latest + 60 ? PAT_CORE_E_EXPIRY_TOO_FAR : 0;
}

/* A fresh secret: its spelling for the owner, its digest and hint for the record. */
static int secret_make(struct pat_core *core, struct pat_secret *ret_token,
                       struct pat_record *record)
{
	uint8_t secret[32];
	int r = pat_random(secret, sizeof(secret));

	if (r < 0)
		return r;
	pat_token_make(&core->format, secret, ret_token);
	pat_wipe(secret, sizeof(secret));
	memcpy(record->hint, ret_token->text + ret_token->len - PAT_TOKEN_HINT_CHARS,
	       PAT_TOKEN_HINT_CHARS + 1); /* UNSAFE:
																     with NUL */
	pat_sha256(ret_token->text, ret_token->len, record->digest);
	return 0;
}

/* The token is durable; is it in the index too? If there was no memory for it, it is taken back. */
static int confirm(struct pat_core *core, const struct pat_actor *actor,
                   const struct pat_record *record)
{
	int64_t ignored = 0;
	struct pat_record *gone = NULL;

	if (!core->index || pat_index_writer_usage(core->index, record->digest, &ignored, &ignored))
		return 0;
	gone = malloc(sizeof(*gone));
	if (gone)
		(void)!pat_store_token_revoke(core->store, record->owner, record->digest, actor,
		                              pat_core_now(core), gone);
	free(gone);
	return -ENOSPC;
}

static int create_checked(struct pat_core *core, const struct pat_signed_in *who,
                          const struct pat_token_request *request, const struct pat_actor *actor,
                          struct pat_new_token *new, struct pat_token_answer *ret)
{
	struct pat_record *record = &new->record;

	new->now_s = pat_core_now(core);
	new->live_max = core->config.live_tokens_max;
	new->idempotency_key = request->idempotency_key;
	memcpy(new->request_hash, request->request_hash,
	       sizeof(new->request_hash)); /* UNSAFE: same size */
	record->owner = who->person.id;
	record->issued_s = new->now_s;
	int r = pat_core_label_check(request->name, PAT_TOKEN_NAME_CHARS_MAX, record->name,
	                             sizeof(record->name));
	if (r == 0)
		r = scopes_check(core, request, record, &ret->bad_scope);
	if (r == 0)
		r = expiry_check(core, request, record);
	if (r == 0)
		ret->retry_after_s = pat_throttle_allow(core->throttle, "create", who->person.id,
		                                        core->config.creates_per_hour_max, 3600,
		                                        pat_clock_boot_ns());
	if (r == 0 && ret->retry_after_s > 0)
		r = PAT_CORE_E_TOO_MANY;
	if (r != 0)
		return r;
	r = secret_make(core, &ret->token, record);
	if (r == 0)
		r = pat_core_outcome(pat_store_token_create(core->store, new, actor, &ret->record));
	if (r == 0)
		r = confirm(core, actor, &ret->record);
	/* Only tokens that were made count against the hour. */
	if (r != 0)
		pat_throttle_give_back(core->throttle, "create", who->person.id);
	return r;
}

int pat_core_token_create(struct pat_core *core, const struct pat_signed_in *who,
                          const struct pat_token_request *request, const struct pat_actor *actor,
                          struct pat_token_answer *ret)
{
	pat_cleanup(pat_freep) struct pat_new_token *new = calloc(1, sizeof(*new));

	if (!new)
		return -ENOMEM;
	memset(ret, 0, sizeof(*ret));
	int r = create_checked(core, who, request, actor, new, ret);
	if (r != 0)
		pat_secret_done(&ret->token);
	return r;
}

/* What the usage cell knows that the store does not yet. */
static void add_live_usage(struct pat_core *core, struct pat_record *record)
{
	int64_t last = 0;
	int64_t count = 0;

	if (!core->index || record->state != PAT_RECORD_LIVE ||
	    !pat_index_writer_usage(core->index, record->digest, &last, &count))
		return;
	if (last > pat_core_now(core))
		last = pat_core_now(
			core); /* workers write the cell: nothing was used in the future */
	if (last > record->last_used_s)
		record->last_used_s = last;
	record->use_count += count;
}

/* The token leaves the index, and its usage cell with it: what the cell knew goes to the store first-hand. */
static void keep_usage(struct pat_core *core, struct pat_record *record, int64_t last,
                       int64_t count)
{
	int64_t now = pat_core_now(core);

	if (count == 0)
		return;
	if (last > now)
		last = now; /* workers write the cell: nothing was used in the future */
	struct pat_usage usage = { .number = record->number,
		                   .last_used_s = last,
		                   .use_count_more = count };
	if (last > record->last_used_s)
		record->last_used_s = last;
	record->use_count += count;
	(void)!pat_store_usage_fold(core->store, &usage, 1);
}

int pat_core_token_revoke(struct pat_core *core, const struct pat_signed_in *who,
                          const uint8_t tid[static PAT_TID_BYTES], const struct pat_actor *actor,
                          struct pat_record *ret)
{
	uint8_t digest[PAT_DIGEST_BYTES];
	int64_t last = 0;
	int64_t count = 0;
	int r = pat_store_token_get(core->store, who->person.id, tid, ret);

	if (r == 0 && core->index) {
		memcpy(digest, ret->digest, sizeof(digest)); /* UNSAFE: same size */
		(void)pat_index_writer_usage_take(core->index, digest, &last, &count);
	}
	/* Asked also of a row that is no token any more: it ends all the same. */
	if (r == 0 || r == PAT_STORE_E_NOT_FOUND)
		r = pat_store_token_revoke(core->store, who->person.id, tid, actor,
		                           pat_core_now(core), ret);
	/* The listener has removed it. But a revoke that failed before, on a disk that did not sync, may have come back from
	 * the log when the store was opened anew; the listener never heard of that one, and this call changed nothing. */
	if (r == 0 && core->index)
		(void)pat_index_writer_remove(core->index, ret->digest);
	if (r == 0)
		keep_usage(core, ret, last, count);
	else if (count > 0)
		pat_index_writer_usage_give(core->index, digest, count);
	return pat_core_outcome(r);
}

int pat_core_token_get(struct pat_core *core, const struct pat_signed_in *who,
                       const uint8_t tid[static PAT_TID_BYTES], struct pat_record *ret)
{
	int r = pat_core_outcome(pat_store_token_get(core->store, who->person.id, tid, ret));

	if (r == 0)
		add_live_usage(core, ret);
	return r;
}

struct list {
	struct pat_core *core;
	pat_record_fn *fn;
	void *arg;
	struct pat_record record; /* a copy that usage can be added to */
};

static int list_one(void *arg, const struct pat_record *record)
{
	struct list *list = arg;

	list->record = *record;
	add_live_usage(list->core, &list->record);
	return list->fn(list->arg, &list->record);
}

int pat_core_token_list(struct pat_core *core, const struct pat_signed_in *who,
                        enum pat_token_filter filter, int64_t before, unsigned limit,
                        pat_record_fn *fn, void *arg)
{
	pat_cleanup(pat_freep) struct list *list = calloc(1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	list->core = core;
	list->fn = fn;
	list->arg = arg;
	return pat_core_outcome(pat_store_token_list(core->store, who->person.id, filter,
	                                             pat_core_now(core), before, limit, list_one,
	                                             list));
}

const char *pat_core_token_state(struct pat_core *core, const struct pat_record *record)
{
	if (record->state == PAT_RECORD_REVOKED)
		return "revoked";
	return record->expires_s <= pat_core_now(core) ? "expired" : "live";
}
