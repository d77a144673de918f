/* SPDX-License-Identifier: Apache-2.0
 *
 * Services: programs that ask whether a token is good, and end tokens. They prove themselves with a secret of their own;
 * the token in question proves nothing. Asked about, a token is looked up in the index, as the gate does, so that what is
 * revoked is inactive at once.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/node.h"
#include "core/private.h"
#include "core/target.h"
#include "index/verify.h"

#define REFUSED_MAX      30 /* of an address */
#define REFUSED_WINDOW_S 60
#define CATCH_UP_MS      2000

/* ---- Their accounts. */

/* Several are kept as one text. */
static int origins_check(const struct pat_service_request *request, struct pat_service *service)
{
	size_t len = 0;

	for (size_t i = 0; i < request->n_origins; i++) {
		if (!pat_target_origin_ok(request->origins[i]))
			return PAT_CORE_E_ORIGIN;
		int n = snprintf(service->origins + len, sizeof(service->origins) - len, "%s%s",
		                 len > 0 ? " " : "", request->origins[i]);
		if (n < 0 || (size_t)n >= sizeof(service->origins) - len)
			return PAT_CORE_E_ORIGIN;
		len += (size_t)n;
	}
	return len > 0 ? 0 : PAT_CORE_E_ORIGIN;
}

static bool accent_ok(const char *accent)
{
	return *accent == '\0' || (*accent == '#' && strlen(accent) == PAT_ACCENT_CHARS &&
	                           strspn(accent + 1, "0123456789abcdefABCDEF") == 6);
}

static int portal_check(struct pat_core *core, const struct pat_service_request *request,
                        struct pat_service *service)
{
	const char *title = *request->title ? request->title : request->name;

	if (!pat_core_product_imported(core, request->product))
		return PAT_CORE_E_PORTAL_PRODUCT;
	/* None given: those that it has. */
	int r = request->n_origins > 0 || !service->origins[0] ? origins_check(request, service)
	                                                       : 0;
	if (r != 0)
		return r;
	if (pat_core_label_check(title, PAT_TITLE_CHARS_MAX, service->title,
	                         sizeof(service->title)) != 0)
		return PAT_CORE_E_TITLE;
	if (!accent_ok(request->accent))
		return PAT_CORE_E_ACCENT;
	(void)snprintf(service->accent, sizeof(service->accent), "%s", request->accent);
	return 0;
}

static int service_check(struct pat_core *core, const struct pat_service_request *request,
                         struct pat_service *service)
{
	const char *product = request->product;

	if (!pat_product_name_ok(request->name, strlen(request->name)))
		return PAT_CORE_E_SERVICE_NAME;
	if (*product && (!pat_product_name_ok(product, strlen(product)) ||
	                 !pat_core_product_known(core, product, NULL)))
		return PAT_CORE_E_PRODUCT_UNKNOWN;
	(void)snprintf(service->name, sizeof(service->name), "%s", request->name);
	(void)snprintf(service->product, sizeof(service->product), "%s", product);
	return request->portal ? portal_check(core, request, service) : 0;
}

int pat_core_service_add(struct pat_core *core, const struct pat_service_request *request,
                         const struct pat_actor *actor, struct pat_secret *ret_secret)
{
	struct pat_service service = { 0 };
	int r = service_check(core, request, &service);

	if (r == 0)
		r = pat_secret_random(ret_secret);
	if (r != 0)
		return r;
	pat_sha256(ret_secret->text, ret_secret->len, service.hash);
	r = pat_store_service_add(core->store, &service, actor, pat_core_now(core));
	if (r != 0)
		pat_secret_done(ret_secret);
	if (r == PAT_STORE_E_EXISTS)
		return PAT_CORE_E_SERVICE_TAKEN;
	return r == PAT_STORE_E_LIMIT ? PAT_CORE_E_PRODUCT_LIMIT : pat_core_outcome(r);
}

/* What is not said stays. A portal's people have tokens for its product, which a new one would be told nothing of. */
static int edit_check(struct pat_core *core, const struct pat_service *before,
                      const struct pat_service_change *change, struct pat_service *after)
{
	bool had = before->origins[0] != '\0';
	struct pat_service_request request = {
		.name = before->name,
		.product = change->product ? change->product : before->product,
		.portal = change->portal || had,
		.origins = change->origins,
		.n_origins = change->n_origins,
		.title = change->title ? change->title : before->title,
		.accent = change->accent ? change->accent : before->accent,
	};

	if (had && strcmp(request.product, before->product) != 0)
		return PAT_CORE_E_PORTAL_KEPT;
	if (!request.portal && (change->n_origins > 0 || change->title || change->accent))
		return PAT_CORE_E_PORTAL_NONE;
	*after = *before;
	return service_check(core, &request, after);
}

/* Somebody else's change between reading and writing is no reason to fail, nor to undo it. */
#define CHANGES_MAX 8

int pat_core_service_edit(struct pat_core *core, const char *name,
                          const struct pat_service_change *change, const struct pat_actor *actor)
{
	struct pat_service before;
	struct pat_service after;
	int r = PAT_STORE_E_NOT_FOUND;

	for (int i = 0; i < CHANGES_MAX && r == PAT_STORE_E_NOT_FOUND; i++) {
		r = pat_core_outcome(pat_store_service_get(core->store, name, &before));
		if (r == 0)
			r = edit_check(core, &before, change, &after);
		if (r != 0)
			return r;
		r = pat_store_service_change(core->store, &before, &after, actor,
		                             pat_core_now(core));
	}
	return pat_core_outcome(r);
}

int pat_core_service_rotate(struct pat_core *core, const char *name, const struct pat_actor *actor,
                            struct pat_secret *ret_secret)
{
	struct pat_service before;
	struct pat_service after;
	int r = pat_secret_random(ret_secret);

	if (r != 0)
		return r;
	r = PAT_STORE_E_NOT_FOUND;
	for (int i = 0; i < CHANGES_MAX && r == PAT_STORE_E_NOT_FOUND; i++) {
		r = pat_store_service_get(core->store, name, &before);
		if (r != 0)
			break;
		after = before;
		pat_sha256(ret_secret->text, ret_secret->len, after.hash);
		r = pat_store_service_change(core->store, &before, &after, actor,
		                             pat_core_now(core));
	}
	if (r != 0)
		pat_secret_done(ret_secret);
	return pat_core_outcome(r);
}

int pat_core_service_remove(struct pat_core *core, const char *name, const struct pat_actor *actor)
{
	int r = pat_core_outcome(
		pat_store_service_remove(core->store, name, actor, pat_core_now(core)));

	return r == 0 ? pat_core_settle(core, actor, NULL) : r;
}

int pat_core_service_list(struct pat_core *core, pat_service_fn *fn, void *arg)
{
	return pat_core_outcome(pat_store_service_list(core->store, fn, arg));
}

/* A secret of 256 bits is not guessed: who has it is let through, whoever tries without it beside him. They are slowed down
 * for the noise they make. */
int pat_core_service_prove(struct pat_core *core, const char *name, const char *secret, size_t len,
                           const struct pat_actor *actor, struct pat_service *ret,
                           unsigned *ret_retry_after_s)
{
	char where[PAT_THROTTLE_ADDRESS_BYTES];
	char kind[sizeof("service ") + sizeof(where)];
	uint8_t hash[32];

	pat_sha256(secret, len, hash);
	int r = pat_store_service_get(core->store, name, ret);
	if (r <= 0 && (r < 0 || pat_memeq(hash, ret->hash, sizeof(hash))))
		return r;
	pat_throttle_address(actor->address, where);
	(void)snprintf(kind, sizeof(kind), "service %s", where);
	*ret_retry_after_s = pat_throttle_allow(core->throttle, kind, 0, REFUSED_MAX,
	                                        REFUSED_WINDOW_S, pat_clock_boot_ns());
	return *ret_retry_after_s > 0 ? PAT_CORE_E_TOO_MANY : PAT_CORE_E_CREDENTIALS;
}

/* ---- Their questions. */

/* In the index, whatever its state; the reader's lock is held. 0, E_NOT_FOUND, or -EAGAIN: nobody can say. */
static int token_find(struct pat_core *core, const char *token, size_t len,
                      uint8_t digest[static PAT_DIGEST_BYTES], struct pat_index_hit *ret)
{
	if (!core->asked || pat_index_reader_enter(core->asked, pat_clock_boot_ns) != 0)
		return -EAGAIN;
	if (pat_token_check(&core->format, token, len) != 0)
		return PAT_CORE_E_NOT_FOUND;
	pat_sha256(token, len, digest);
	int r = pat_index_reader_find(core->asked, digest, ret);
	if (r == 0)
		return 0;
	return r == PAT_INDEX_E_NOT_FOUND ? PAT_CORE_E_NOT_FOUND : -EAGAIN;
}

static bool active(const struct pat_service *service, const struct pat_index_hit *hit,
                   int64_t now_s)
{
	const struct pat_grant *grant = hit->grant;

	/* Where the request comes from, and what it is for, nobody tells us. */
	return (hit->expires_s == 0 || now_s < (int64_t)hit->expires_s) && grant->n_networks == 0 &&
	       grant->n_resources == 0 &&
	       pat_grant_product_ok(grant, service->product, strlen(service->product));
}

/* A use of which nobody knows what for: the service is told the scopes, and judges by them itself. */
static void tell_use(struct pat_core *core, const struct pat_index_hit *hit, int64_t now_s)
{
	struct pat_ring_use *use = pat_ring_place(&core->asked_ring);

	if (!use)
		return;
	*use = (struct pat_ring_use){ .number = hit->number, .at_s = (uint32_t)now_s };
	pat_ring_put(&core->asked_ring);
}

static int introspect(struct pat_core *core, const struct pat_service *service, const char *token,
                      size_t len, struct pat_introspection *ret)
{
	int64_t now_s = pat_core_now(core);
	uint8_t digest[PAT_DIGEST_BYTES];
	struct pat_index_hit hit;

	*ret = (struct pat_introspection){ 0 };
	int r = token_find(core, token, len, digest, &hit);
	if (r != 0)
		return r;
	if (!active(service, &hit, now_s))
		return 0;
	ret->active = true;
	ret->issued_s = hit.issued_s;
	ret->expires_s = hit.expires_s;
	pat_record_tid(digest, ret->tid);
	(void)snprintf(ret->owner, sizeof(ret->owner), "%.*s", (int)hit.owner_len, hit.owner);
	(void)snprintf(ret->scopes, sizeof(ret->scopes), "%.*s", (int)hit.grant->text_len,
	               pat_grant_text(hit.grant));
	(void)snprintf(ret->limits, sizeof(ret->limits), "%.*s", (int)hit.grant->limits_len,
	               pat_grant_limits(hit.grant));
	pat_index_reader_touch(core->asked, hit.slot, now_s);
	tell_use(core, &hit, now_s);
	return 0;
}

static int introspect_now(struct pat_core *core, const struct pat_service *service,
                          const char *token, size_t len, struct pat_introspection *ret)
{
	(void)pthread_mutex_lock(&core->asked_lock);
	int r = introspect(core, service, token, len, ret);
	(void)pthread_mutex_unlock(&core->asked_lock);
	return r;
}

/* As the edge does (ngx_http_pat_wait.c): what was made elsewhere before is known here afterwards. 0, or -EAGAIN. */
static int catch_up(struct pat_core *core)
{
	enum pat_index_answer answer = PAT_INDEX_ANSWER_NOBODY;
	struct pat_index_question question;
	int ms = 0;

	(void)pthread_mutex_lock(&core->asked_lock);
	bool open = core->asked && pat_index_reader_enter(core->asked, pat_clock_boot_ns) == 0;
	if (open)
		question = pat_index_reader_ask(core->asked);
	(void)pthread_mutex_unlock(&core->asked_lock);
	do {
		(void)poll(NULL, 0, 1);
		(void)pthread_mutex_lock(&core->asked_lock);
		open = open && pat_index_reader_enter(core->asked, pat_clock_boot_ns) == 0;
		answer = open ? pat_index_reader_answer(core->asked, &question)
		              : PAT_INDEX_ANSWER_NOBODY;
		(void)pthread_mutex_unlock(&core->asked_lock);
	} while (answer == PAT_INDEX_ANSWER_PENDING && ms++ < CATCH_UP_MS);
	return answer == PAT_INDEX_ANSWER_LOOK ? 0 : -EAGAIN;
}

int pat_core_introspect(struct pat_core *core, const struct pat_service *service, const char *token,
                        size_t len, struct pat_introspection *ret)
{
	bool strict = core->node && core->node->consistency == PAT_INDEX_STRICT;
	int r = strict ? PAT_CORE_E_NOT_FOUND : introspect_now(core, service, token, len, ret);

	if (r == PAT_CORE_E_NOT_FOUND && core->node) {
		r = catch_up(core);
		if (r == 0)
			r = introspect_now(core, service, token, len, ret);
	}
	return r == PAT_CORE_E_NOT_FOUND ? 0 : r;
}

/* The store knows of tokens that the index has not. */
int pat_core_service_revoke(struct pat_core *core, const char *token, size_t len,
                            const struct pat_actor *actor, struct pat_record *ret)
{
	uint8_t digest[PAT_DIGEST_BYTES];

	if (pat_token_check(&core->format, token, len) != 0)
		return PAT_CORE_E_NOT_FOUND;
	pat_sha256(token, len, digest);
	return pat_core_token_revoke_any(core, digest, actor, ret, NULL);
}
