/* SPDX-License-Identifier: Apache-2.0
 *
 * Generating and listing; revoking is revoke.c. Nothing here tells the index anything: the store's listener does,
 * between the commit and the return of the call (core.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/private.h"

#define DAY_S 86400

/* Optional; otherwise judged as names are. */
static int note_check(const char *note, char out[static PAT_TOKEN_NOTE_BYTES_MAX + 1])
{
	int r = pat_core_label_check(note ? note : "", PAT_TOKEN_NOTE_CHARS_MAX, out,
	                             PAT_TOKEN_NOTE_BYTES_MAX + 1);

	switch (r) {
	case PAT_CORE_E_NAME_REQUIRED:
		out[0] = '\0';
		return 0;
	case PAT_CORE_E_NAME_TOO_LONG:
		return PAT_CORE_E_NOTE_TOO_LONG;
	case PAT_CORE_E_NAME_BAD_CHARACTERS:
		return PAT_CORE_E_NOTE_BAD_CHARACTERS;
	default:
		return r;
	}
}

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

/* `product`: the only one there is for whoever asks; NULL: all are. */
static bool scope_known(struct pat_core *core, const char *product, const char *scope)
{
	return product ? pat_core_product_takes(core, product, scope)
	               : pat_core_scope_known(core, scope);
}

static int scopes_check(struct pat_core *core, const struct pat_token_request *request,
                        const char *product, struct pat_record *record, size_t *ret_bad)
{
	if (request->n_scopes > PAT_SCOPES_MAX)
		return PAT_CORE_E_SCOPE_TOO_MANY;
	for (size_t i = 0; i < request->n_scopes; i++) {
		*ret_bad = i;
		if (!scope_known(core, product, request->scopes[i]))
			return PAT_CORE_E_SCOPE_UNKNOWN;
		for (size_t j = 0; j < i; j++)
			if (strcmp(request->scopes[i], request->scopes[j]) == 0)
				return PAT_CORE_E_SCOPE_DUPLICATE;
	}
	return scopes_outcome(
		pat_scopes_canonical(request->scopes, request->n_scopes, record->scopes));
}

static int limits_outcome(int outcome)
{
	switch (outcome) {
	case 0:
		return 0;
	case PAT_LIMITS_E_DUPLICATE:
		return PAT_CORE_E_LIMIT_DUPLICATE;
	case PAT_LIMITS_E_TOO_MANY:
		return PAT_CORE_E_LIMIT_TOO_MANY;
	default:
		return PAT_CORE_E_LIMIT_MALFORMED;
	}
}

/* A limit to what is not there would only be noticed when the token opens nothing. */
static int limits_check(struct pat_core *core, const struct pat_token_request *request,
                        const char *product, struct pat_record *record)
{
	const char *cursor = record->limits;
	struct pat_limit limit;

	int r = limits_outcome(
		pat_limits_canonical(request->limits, request->n_limits, record->limits));
	while (r == 0 && pat_limits_next(&cursor, &limit)) {
		if (limit.kind != PAT_LIMIT_AUDIENCE && limit.kind != PAT_LIMIT_RESOURCE)
			continue;
		if ((product && strcmp(limit.product, product) != 0) ||
		    !pat_core_product_known(core, limit.product, NULL))
			r = PAT_CORE_E_PRODUCT_UNKNOWN;
		else if (limit.kind == PAT_LIMIT_RESOURCE &&
		         !pat_core_product_known(core, limit.product, limit.param))
			r = PAT_CORE_E_PARAMETER_UNKNOWN;
	}
	return r;
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

/* The token is durable; is it in the index too? It may have been revoked already, with the one that made it or all of its
 * owner's. If there was no memory for it, it is taken back. */
static int confirm(struct pat_core *core, const struct pat_actor *actor,
                   const struct pat_record *record)
{
	pat_cleanup(pat_freep) struct pat_record *now = NULL;
	int64_t ignored = 0;

	if (!core->index || pat_index_writer_usage(core->index, record->digest, &ignored, &ignored))
		return 0;
	now = malloc(sizeof(*now));
	if (!now)
		return -ENOMEM;
	int r = pat_store_token_get(core->store, record->owner, record->digest, now);
	if (r == 0 && now->state == PAT_RECORD_REVOKED)
		return PAT_CORE_E_TOKEN_ENDED;
	(void)!pat_store_token_revoke(core->store, record->owner, record->digest, actor,
	                              pat_core_now(core), now);
	return -ENOSPC;
}

/* What asks for it and is limited more would give it limits that the old one has not. */
static int take_place(const struct pat_token_request *request, struct pat_new_token *new)
{
	new->replaces = request->replaces->digest;
	new->replaced_ends_s = new->now_s + request->old_ends_in_s;
	return strcmp(new->record.limits, request->replaces->limits) == 0
	               ? 0
	               : PAT_CORE_E_BEYOND_LIMITS;
}

static int create_checked(struct pat_core *core, const struct pat_signed_in *who,
                          const struct pat_token_request *request, const struct pat_actor *actor,
                          struct pat_new_token *new, struct pat_token_answer *ret)
{
	struct pat_record *record = &new->record;
	struct pat_service service;
	const char *product = NULL;

	if (pat_core_portal_person(&who->person)) {
		int there = pat_core_portal_service(core, &who->person, &service);
		if (there != 0)
			return there;
		product = service.product;
	}
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
		r = note_check(request->note, record->note);
	if (r == 0)
		r = scopes_check(core, request, product, record, &ret->bad_scope);
	if (r == 0)
		r = limits_check(core, request, product, record);
	if (r == 0 && product)
		r = pat_core_portal_token(&who->person, product, record);
	if (r == 0)
		r = expiry_check(core, request, record);
	if (r == 0 && request->maker)
		r = pat_core_maker_check(core, request->maker, request->expires_days > 0, record);
	if (r == 0 && request->replaces)
		r = take_place(request, new);
	if (r == 0)
		r = pat_core_own_scopes_check(core, who->person.admin, record);
	if (r == 0 && !pat_core_session_fresh(core, who, new->now_s))
		r = PAT_CORE_E_REAUTHENTICATE;
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

/* Whether it has just these already, as when it is asked again: that is no change, and nobody has to be told of it. */
static bool has_only(struct pat_core *core, const struct pat_signed_in *who,
                     const uint8_t tid[static PAT_TID_BYTES], const char *scopes,
                     struct pat_record *ret)
{
	return pat_store_token_get(core->store, who->person.id, tid, ret) == 0 &&
	       ret->state == PAT_RECORD_LIVE && ret->expires_s > pat_core_now(core) &&
	       strcmp(ret->scopes, scopes) == 0;
}

int pat_core_token_narrow(struct pat_core *core, const struct pat_signed_in *who,
                          const uint8_t tid[static PAT_TID_BYTES], const char *const *scopes,
                          size_t n_scopes, const struct pat_actor *actor, struct pat_record *ret,
                          struct pat_receipt *receipt)
{
	char kept[PAT_SCOPES_TEXT_BYTES_MAX + 1];
	int r = n_scopes > PAT_SCOPES_MAX
	                ? PAT_CORE_E_SCOPE_TOO_MANY
	                : scopes_outcome(pat_scopes_canonical(scopes, n_scopes, kept));

	if (r != 0)
		return r;
	if (!has_only(core, who, tid, kept, ret))
		r = pat_core_outcome(pat_store_token_narrow(core->store, who->person.id, tid, kept,
		                                            actor, pat_core_now(core), ret));
	return r == 0 ? pat_core_settle(core, actor, receipt) : r;
}

struct pat_token_query pat_core_list_query(enum pat_token_filter filter, int64_t now_s)
{
	return (struct pat_token_query){ .filter = filter,
		                         .now_s = now_s,
		                         .ended_after_s = now_s - PAT_ENDED_LISTED_DAYS * DAY_S,
		                         .limit = UINT32_MAX };
}

int pat_core_token_get(struct pat_core *core, const struct pat_signed_in *who,
                       const uint8_t tid[static PAT_TID_BYTES], struct pat_record *ret)
{
	int r = pat_core_outcome(pat_store_token_get(core->store, who->person.id, tid, ret));

	if (r == 0)
		pat_core_usage_live(core, ret);
	return r;
}

int pat_core_token_usage(struct pat_core *core, const struct pat_signed_in *who,
                         const uint8_t tid[static PAT_TID_BYTES], struct pat_record *ret,
                         struct pat_usage_view *ret_usage)
{
	int r = pat_store_token_get(core->store, who->person.id, tid, ret);

	if (r == 0)
		r = pat_store_usage_view(core->store, ret->number, pat_core_now(core), ret_usage);
	if (r != 0)
		return pat_core_outcome(r);
	int64_t stored = ret->use_count;
	pat_core_usage_live(core, ret);
	ret_usage->days[PAT_USAGE_DAYS - 1] += ret->use_count - stored;
	return 0;
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
	pat_core_usage_live(list->core, &list->record);
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
	struct pat_token_query query = pat_core_list_query(filter, pat_core_now(core));
	query.before = before;
	query.limit = limit;
	return pat_core_outcome(
		pat_store_token_list(core->store, who->person.id, &query, list_one, list));
}

const char *pat_core_token_state(struct pat_core *core, const struct pat_record *record)
{
	if (record->state == PAT_RECORD_REVOKED)
		return "revoked";
	return record->expires_s <= pat_core_now(core) ? "expired" : "live";
}
