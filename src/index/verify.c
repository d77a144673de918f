/* SPDX-License-Identifier: Apache-2.0
 *
 * The verdict. Unknown, revoked and malformed tokens get the same answer; only an expired one is
 * told so. The order of the checks is the order of their cost.
 */
#include "index/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/provoke.h"
#include "token/record.h"

struct pat_verifier {
	struct pat_index_reader *reader;
	int64_t latest_s;        /* time does not go back for this verifier */
	struct pat_need missing; /* an operation's need, as identities show it */
};

int pat_verifier_new(const char *index_directory, struct pat_verifier **ret)
{
	pat_cleanup(pat_verifier_freep) struct pat_verifier *v = calloc(1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	int r = pat_index_reader_new(index_directory, &v->reader);
	if (r < 0)
		return r;
	*ret = PAT_TAKE(v);
	return 0;
}

void pat_verifier_free(struct pat_verifier *verifier)
{
	if (!verifier)
		return;
	pat_index_reader_free(verifier->reader);
	free(verifier);
}

void pat_verifier_freep(struct pat_verifier **verifier)
{
	pat_verifier_free(*verifier);
	*verifier = NULL;
}

bool pat_verifier_refresh(struct pat_verifier *verifier)
{
	return pat_index_reader_refresh(verifier->reader);
}

/* The time to judge expiry by: never earlier than patd or this verifier has already seen. */
static int64_t judged_time(struct pat_verifier *v, int64_t now_s)
{
	int64_t floor_s = pat_index_reader_clock_floor_s(v->reader);

	if (now_s < floor_s)
		now_s = floor_s;
	if (now_s < v->latest_s)
		now_s = v->latest_s;
	v->latest_s = now_s;
	return now_s;
}

static void need_resolve(const struct pat_index_reader *reader, struct pat_need *need)
{
	uint64_t generation = pat_index_reader_generation(reader);
	uint64_t count = pat_index_reader_scope_count(reader);

	if (need->generation == generation && need->scope_count == count)
		return;
	for (size_t i = 0; i < need->n; i++)
		need->scopes[i].number =
			pat_index_reader_scope(reader, need->scopes[i].name, need->scopes[i].len);
	need->generation = generation;
	need->scope_count = count;
}

static bool need_met(const struct pat_need *need, const struct pat_grant *grant)
{
	for (size_t i = 0; i < need->n; i++)
		if (need->scopes[i].number >= 0 &&
		    pat_grant_has(grant, (uint64_t)need->scopes[i].number))
			return true;
	return false;
}

static void identity_fill(struct pat_identity *id, const struct pat_index_hit *hit,
                          const struct pat_verifying *verifying)
{
	memcpy(id->tid, verifying->tid, sizeof(id->tid));          /* UNSAFE: fixed sizes */
	memcpy(id->digest, verifying->digest, sizeof(id->digest)); /* UNSAFE: fixed sizes */
	id->owner = hit->owner;
	id->owner_len = hit->owner_len;
	id->scopes = pat_grant_text(hit->grant);
	id->scopes_len = hit->grant->text_len;
	id->issued_s = hit->issued_s;
	id->expires_s = hit->expires_s;
	id->number = hit->number;
	id->limits = pat_grant_limits(hit->grant);
	id->limits_len = hit->grant->limits_len;
}

/* What is to be said without looking the token up: ALLOWED when nothing yet. */
static enum pat_verdict begin(struct pat_verifier *v, const struct pat_credential *credential,
                              uint8_t digest[static PAT_DIGEST_BYTES])
{
	switch (credential->state) {
	case PAT_CREDENTIAL_NONE:
		return PAT_VERDICT_MISSING;
	case PAT_CREDENTIAL_AMBIGUOUS:
		return PAT_VERDICT_AMBIGUOUS;
	case PAT_CREDENTIAL_PRESENT:
		break;
	}
	/* Without an index even the token's prefix is not known. */
	if (pat_index_reader_enter(v->reader, pat_clock_boot_ns) != 0)
		return PAT_VERDICT_UNAVAILABLE;
	const struct pat_token_format *format = pat_index_reader_format(v->reader);
	if (!pat_token_like(format, credential->text, credential->len))
		return PAT_VERDICT_MALFORMED;
	/* The checksum dismisses before the look-up; it is computed while memory brings what that will read. */
	pat_sha256(credential->text, credential->len, digest);
	pat_index_reader_aim(v->reader, digest);
	return pat_token_rest_ok(format, credential->text) ? PAT_VERDICT_ALLOWED
	                                                   : PAT_VERDICT_MALFORMED;
}

void pat_verify_begin(struct pat_verifier *verifier, const struct pat_credential *credential,
                      struct pat_verifying *ret)
{
	ret->asks = PAT_INDEX_ALONE;
	ret->so_far = begin(verifier, credential, ret->digest);
	if (ret->so_far != PAT_VERDICT_ALLOWED)
		return;
	ret->asks = pat_index_reader_consistency(verifier->reader);
	pat_record_tid(ret->digest, ret->tid);
}

void pat_verify_begin_digest(struct pat_verifier *verifier,
                             const uint8_t digest[static PAT_DIGEST_BYTES],
                             struct pat_verifying *ret)
{
	memcpy(ret->digest, digest, sizeof(ret->digest)); /* UNSAFE: fixed sizes */
	ret->so_far = pat_index_reader_enter(verifier->reader, pat_clock_boot_ns) == 0
	                      ? PAT_VERDICT_ALLOWED
	                      : PAT_VERDICT_UNAVAILABLE;
	ret->asks = ret->so_far == PAT_VERDICT_ALLOWED
	                    ? pat_index_reader_consistency(verifier->reader)
	                    : PAT_INDEX_ALONE;
	pat_record_tid(ret->digest, ret->tid);
}

void pat_verify_approach(struct pat_verifier *verifier, const struct pat_verifying *verifying)
{
	if (verifying->so_far == PAT_VERDICT_ALLOWED)
		pat_index_reader_approach(verifier->reader, verifying->digest);
}

/* ---- The node. */

void pat_verify_ask(struct pat_verifier *verifier, struct pat_index_question *ret)
{
	*ret = pat_index_reader_ask(verifier->reader);
}

enum pat_index_answer pat_verify_answer(struct pat_verifier *verifier,
                                        struct pat_index_question *question)
{
	if (pat_index_reader_enter(verifier->reader, pat_clock_boot_ns) != 0)
		return PAT_INDEX_ANSWER_NOBODY;
	return pat_index_reader_answer(verifier->reader, question);
}

uint64_t pat_verify_applied(const struct pat_verifier *verifier)
{
	return pat_index_reader_applied_seq(verifier->reader);
}

/* ---- The operation. */

PAT_APART enum pat_verdict pat_verify_operation(struct pat_verifier *v, const char *product,
                                                size_t product_len, const char *method,
                                                size_t method_len, const char *target,
                                                size_t target_len, struct pat_operation *ret)
{
	int r = pat_path_split(target, target_len, &ret->path);

	if (r == PAT_PATH_E_AMBIGUOUS)
		return PAT_VERDICT_PATH;
	if (r != 0)
		return PAT_VERDICT_ROUTE;
	if (pat_index_reader_enter(v->reader, pat_clock_boot_ns) != 0)
		return PAT_VERDICT_UNAVAILABLE;
	const struct pat_policies *policies = pat_index_reader_policies(v->reader);
	ret->product = policies ? pat_policies_find(policies, product, product_len) : NULL;
	if (!ret->product)
		return policies && !policies->incomplete ? PAT_VERDICT_PRODUCT
		                                         : PAT_VERDICT_UNAVAILABLE;
	r = pat_policy_find(&ret->product->policy, pat_method_of(method, method_len), &ret->path,
	                    &ret->match);
	if (r == PAT_POLICY_E_METHOD)
		return PAT_VERDICT_METHOD;
	return r == 0 ? PAT_VERDICT_ALLOWED : PAT_VERDICT_ROUTE;
}

struct pat_segment pat_verify_operation_name(const struct pat_operation *operation)
{
	const struct pat_policy *policy = &operation->product->policy;
	const struct pat_policy_op *op = pat_policy_op_at(policy, operation->match.op);

	return pat_policy_text(policy, op->id.len > 0 ? op->id : op->path);
}

/* Whether the grant has one of the scopes an operation's need names. */
static bool op_need_met(const struct pat_policies_product *product,
                        const struct pat_policy_need *need, const struct pat_grant *grant)
{
	for (uint32_t i = 0; i < need->n_scopes; i++) {
		int32_t number = product->scopes[pat_policy_need_scope(&product->policy, need, i)];

		if (number >= 0 && pat_grant_has(grant, (uint64_t)number))
			return true;
	}
	return false;
}

/* An operation's need as identities show needs. */
static PAT_APART const struct pat_need *op_need_show(struct pat_verifier *v,
                                                     const struct pat_policies_product *product,
                                                     const struct pat_policy_need *need)
{
	v->missing = (struct pat_need){ .n = need->n_scopes };
	for (uint32_t i = 0; i < need->n_scopes; i++) {
		uint32_t scope = pat_policy_need_scope(&product->policy, need, i);
		struct pat_segment name = pat_policy_text(
			&product->policy, pat_policy_scope_at(&product->policy, scope)->name);

		v->missing.scopes[i].name = name.text;
		v->missing.scopes[i].len = name.len;
	}
	return &v->missing;
}

static enum pat_verdict judge_operation(struct pat_verifier *v,
                                        const struct pat_operation *operation,
                                        const struct pat_grant *grant, struct pat_identity *ret)
{
	const struct pat_policies_product *product = operation->product;
	const struct pat_policy_op *op = pat_policy_op_at(&product->policy, operation->match.op);

	if (op->flags & PAT_POLICY_OP_REFUSED)
		return PAT_VERDICT_CLOSED;
	for (uint32_t i = 0; i < op->n_needs; i++) {
		const struct pat_policy_need *need =
			pat_policy_need_at(&product->policy, op->first_need + i);

		if (op_need_met(product, need, grant))
			continue;
		ret->missing = op_need_show(v, product, need);
		return PAT_VERDICT_SCOPE;
	}
	if (product->flags & PAT_POLICIES_RESOURCES_ELSEWHERE)
		return PAT_VERDICT_ALLOWED;
	return pat_grant_resources_ok(grant, product->name, product->name_len, &product->policy,
	                              &operation->match)
	               ? PAT_VERDICT_ALLOWED
	               : PAT_VERDICT_RESOURCE;
}

/* ---- The token. */

static enum pat_verdict judge_needs(struct pat_verifier *v, const struct pat_ask *ask,
                                    const struct pat_grant *grant, struct pat_identity *ret)
{
	for (size_t i = 0; i < ask->n_needs; i++) {
		need_resolve(v->reader, &ask->needs[i]);
		if (need_met(&ask->needs[i], grant))
			continue;
		ret->missing = &ask->needs[i];
		return PAT_VERDICT_SCOPE;
	}
	return PAT_VERDICT_ALLOWED;
}

static PAT_APART enum pat_verdict judge_rate(struct pat_verifier *v,
                                             const struct pat_index_hit *hit,
                                             struct pat_identity *ret)
{
	ret->rate = (struct pat_rate){ .requests = hit->grant->requests,
		                       .window_s = hit->grant->window_s };
	return pat_index_reader_rate(v->reader, hit->slot, pat_clock_boot_ns(), &ret->rate)
	               ? PAT_VERDICT_ALLOWED
	               : PAT_VERDICT_RATE;
}

static enum pat_verdict judge(struct pat_verifier *v, const struct pat_ask *ask,
                              const struct pat_index_hit *hit, struct pat_identity *ret)
{
	const struct pat_grant *grant = hit->grant;
	enum pat_verdict verdict = PAT_VERDICT_ALLOWED;

	if (!ask->any_product && !pat_grant_product_ok(grant, ask->product, ask->product_len))
		return PAT_VERDICT_AUDIENCE;
	if (!pat_grant_network_ok(grant, ask->from))
		return PAT_VERDICT_NETWORK;
	verdict = judge_needs(v, ask, grant, ret);
	if (verdict == PAT_VERDICT_ALLOWED && ask->operation)
		verdict = judge_operation(v, ask->operation, grant, ret);
	else if (verdict == PAT_VERDICT_ALLOWED && !ask->any_product &&
	         !pat_grant_resources_ok(grant, ask->product, ask->product_len, NULL, NULL))
		verdict = PAT_VERDICT_RESOURCE;
	if (verdict == PAT_VERDICT_ALLOWED && grant->requests > 0 && grant->window_s > 0 &&
	    !ask->again)
		verdict = judge_rate(v, hit, ret);
	return verdict;
}

/* Looked up now. What was found for an earlier request, however shortly before, was found too early. */
static int find(struct pat_verifier *v, const uint8_t digest[static PAT_DIGEST_BYTES],
                struct pat_index_hit *ret)
{
	static _Thread_local struct {
		uint8_t digest[PAT_DIGEST_BYTES];
		struct pat_index_hit hit;
		uint64_t until_ns;
	} early;

	pat_pause("V5");
	if (pat_breaks("EARLY_LOOK") && pat_clock_boot_ns() < early.until_ns &&
	    pat_memeq(early.digest, digest, sizeof(early.digest))) {
		*ret = early.hit;
		return 0;
	}
	int r = pat_index_reader_find(v->reader, digest, ret);
	if (pat_breaks("EARLY_LOOK") && r == 0) {
		memcpy(early.digest, digest, sizeof(early.digest)); /* UNSAFE: fixed sizes */
		early.hit = *ret;
		early.until_ns = pat_clock_boot_ns() + 300000000u;
	}
	return r;
}

enum pat_verdict pat_verify_end(struct pat_verifier *v, const struct pat_verifying *verifying,
                                const struct pat_ask *ask, int64_t now_s, struct pat_identity *ret)
{
	struct pat_index_hit hit;

	*ret = (struct pat_identity){ 0 };
	if (verifying->so_far != PAT_VERDICT_ALLOWED)
		return verifying->so_far;
	int r = find(v, verifying->digest, &hit);
	if (r != 0)
		return r == PAT_INDEX_E_NOT_FOUND ? PAT_VERDICT_UNKNOWN : PAT_VERDICT_UNAVAILABLE;
	identity_fill(ret, &hit, verifying);
	now_s = judged_time(v, now_s);
	if (hit.expires_s != 0 && now_s >= (int64_t)hit.expires_s)
		return PAT_VERDICT_EXPIRED;
	enum pat_verdict verdict = judge(v, ask, &hit, ret);
	if (verdict == PAT_VERDICT_ALLOWED)
		pat_index_reader_touch(v->reader, hit.slot, now_s);
	return verdict;
}

enum pat_verdict pat_verify(struct pat_verifier *verifier, const struct pat_credential *credential,
                            const struct pat_ask *ask, int64_t now_s, struct pat_identity *ret)
{
	struct pat_verifying verifying;

	pat_verify_begin(verifier, credential, &verifying);
	return pat_verify_end(verifier, &verifying, ask, now_s, ret);
}

const struct pat_refusal *pat_verdict_refusal(enum pat_verdict verdict)
{
	static const char invalid[] =
		"The token is not valid: it was never issued here, was mistyped, or has been revoked.";
	static const struct pat_refusal refusals[PAT_VERDICTS] = {
		[PAT_VERDICT_ALLOWED] = { 200, "", "OK", "", "", NULL },
		[PAT_VERDICT_MISSING] = { 401, "token_missing", "Unauthorized",
		                          "Missing credentials",
		                          "This address needs a personal access token.", NULL },
		[PAT_VERDICT_AMBIGUOUS] = { 400, "token_ambiguous", "Bad Request",
		                            "Invalid parameter: more than one credential",
		                            "The request carries more than one credential. Send one token, once.",
		                            "invalid_request" },
		[PAT_VERDICT_MALFORMED] = { 401, "token_invalid", "Unauthorized", "Invalid token",
		                            invalid, "invalid_token" },
		[PAT_VERDICT_UNKNOWN] = { 401, "token_invalid", "Unauthorized", "Invalid token",
		                          invalid, "invalid_token" },
		[PAT_VERDICT_EXPIRED] = { 401, "token_expired", "Unauthorized", "Token expired",
		                          "The token has expired. Its owner can generate a new one.",
		                          "invalid_token" },
		[PAT_VERDICT_SCOPE] = { 403, "insufficient_scope", "Forbidden", "Invalid scope(s).",
		                        "The token does not have the scope that this address requires.",
		                        "insufficient_scope" },
		[PAT_VERDICT_UNAVAILABLE] = { 503, "unavailable", "Service Unavailable",
		                              "Verification unavailable",
		                              "Tokens can not be verified right now. Try again shortly.",
		                              NULL },
		[PAT_VERDICT_AUDIENCE] = { 403, "token_audience", "Forbidden",
		                           "Token not for this product",
		                           "The token is limited to other products than this one.",
		                           NULL },
		[PAT_VERDICT_NETWORK] = { 403, "token_network", "Forbidden",
		                          "Token not for this network",
		                          "The token is limited to networks that this request does not come from.",
		                          NULL },
		[PAT_VERDICT_RESOURCE] = { 404, "token_resource", "Not Found", "Not found",
		                           "There is nothing here that the token is open to.",
		                           NULL },
		[PAT_VERDICT_RATE] = { 429, "rate_limited", "Too Many Requests",
		                       "Rate limit exceeded",
		                       "The token's requests are limited, and these were too many. Try again later.",
		                       NULL },
		[PAT_VERDICT_CLOSED] = { 403, "operation_closed", "Forbidden",
		                         "Not open to personal access tokens",
		                         "This operation is not open to personal access tokens.",
		                         NULL },
		[PAT_VERDICT_PATH] = { 400, "path_ambiguous", "Bad Request",
		                       "Invalid parameter: path",
		                       "The path can be read in more than one way. Send it plainly.",
		                       NULL },
		[PAT_VERDICT_ROUTE] = { 404, "route_unknown", "Not Found", "Not found",
		                        "There is no such operation.", NULL },
		[PAT_VERDICT_METHOD] = { 405, "method_not_allowed", "Method Not Allowed",
		                         "Method not allowed",
		                         "This path has no operation of that method.", NULL },
		[PAT_VERDICT_PRODUCT] = { 404, "product_unknown", "Not Found", "Not found",
		                          "There is no product of this name.", NULL },
	};

	pat_assert((unsigned)verdict < PAT_VERDICTS);
	return &refusals[verdict];
}
