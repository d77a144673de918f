/* SPDX-License-Identifier: Apache-2.0 */
#include "index/grant.h"

#include <string.h>

/* ---- Where the parts are. */

static size_t networks_at(const struct pat_grant *g)
{
	return sizeof(*g) + (size_t)g->words * 8;
}

static size_t products_at(const struct pat_grant *g)
{
	return networks_at(g) + g->n_networks * sizeof(struct pat_network);
}

static size_t resources_at(const struct pat_grant *g)
{
	return products_at(g) + g->n_products * sizeof(struct pat_grant_ref);
}

static size_t texts_at(const struct pat_grant *g)
{
	return resources_at(g) + g->n_resources * sizeof(struct pat_grant_resource);
}

static const struct pat_network *networks(const struct pat_grant *g)
{
	return (const struct pat_network *)(const void *)((const uint8_t *)g + networks_at(g));
}

static const struct pat_grant_ref *products(const struct pat_grant *g)
{
	return (const struct pat_grant_ref *)(const void *)((const uint8_t *)g + products_at(g));
}

static const struct pat_grant_resource *resources(const struct pat_grant *g)
{
	return (const struct pat_grant_resource *)(const void *)((const uint8_t *)g +
	                                                         resources_at(g));
}

/* ---- Writing. */

/* Counts what is in the limits; `texts` are the bytes of their texts. */
static void measure(struct pat_grant *g, const char *limits, size_t *ret_texts)
{
	struct pat_limit limit;

	*ret_texts = 0;
	while (pat_limits_next(&limits, &limit)) {
		switch (limit.kind) {
		case PAT_LIMIT_AUDIENCE:
			g->n_products++;
			*ret_texts += strlen(limit.product);
			break;
		case PAT_LIMIT_NETWORK:
			g->n_networks++;
			break;
		case PAT_LIMIT_RATE:
			g->requests = limit.requests;
			g->window_s = limit.window_s;
			break;
		case PAT_LIMIT_RESOURCE:
			g->n_resources++;
			*ret_texts += strlen(limit.product) + strlen(limit.param) + limit.value_len;
			break;
		}
	}
}

static size_t lay_out(struct pat_grant *g, const char *scopes, const char *limits, size_t words)
{
	size_t texts = 0;

	*g = (struct pat_grant){ .words = (uint16_t)words,
		                 .text_len = (uint32_t)strlen(scopes),
		                 .limits_len = (uint32_t)strlen(limits) };
	measure(g, limits, &texts);
	size_t bytes = texts_at(g) + texts + g->text_len + 1 + g->limits_len;
	g->bytes = (uint32_t)bytes;
	return bytes;
}

size_t pat_grant_bytes(const char *scopes, const char *limits, size_t words)
{
	struct pat_grant g;

	return lay_out(&g, scopes, limits, words);
}

static struct pat_grant_ref text_put(struct pat_grant *g, size_t *at, const char *text, size_t len)
{
	struct pat_grant_ref ref = { (uint32_t)*at, (uint32_t)len };

	pat_assert(*at + len <= g->bytes);
	memcpy((uint8_t *)g + *at, text, len); /* UNSAFE: measured */
	*at += len;
	return ref;
}

void pat_grant_write(struct pat_grant *g, const char *scopes, const char *limits,
                     const uint64_t *bits, size_t words)
{
	const char *cursor = limits;
	struct pat_limit limit;

	(void)lay_out(g, scopes, limits, words);
	memcpy(g->bits, bits, words * 8); /* UNSAFE: measured */
	size_t at = texts_at(g);
	struct pat_network *network = (void *)((uint8_t *)g + networks_at(g));
	struct pat_grant_ref *product = (void *)((uint8_t *)g + products_at(g));
	struct pat_grant_resource *resource = (void *)((uint8_t *)g + resources_at(g));
	while (pat_limits_next(&cursor, &limit)) {
		if (limit.kind == PAT_LIMIT_NETWORK)
			*network++ = limit.network;
		if (limit.kind == PAT_LIMIT_AUDIENCE)
			*product++ = text_put(g, &at, limit.product, strlen(limit.product));
		if (limit.kind != PAT_LIMIT_RESOURCE)
			continue;
		resource->product = text_put(g, &at, limit.product, strlen(limit.product));
		resource->param = text_put(g, &at, limit.param, strlen(limit.param));
		resource->value = text_put(g, &at, limit.value, limit.value_len);
		resource->prefix = limit.prefix;
		resource++;
	}
	(void)text_put(g, &at, scopes, g->text_len);
	(void)text_put(g, &at, "\n", 1);
	(void)text_put(g, &at, limits, g->limits_len);
	pat_assert(at == g->bytes);
}

/* ---- Reading. */

bool pat_grant_ok(const struct pat_grant *g, uint64_t room)
{
	return g->bytes <= room && g->words <= PAT_GRANT_WORDS_MAX &&
	       texts_at(g) + (uint64_t)g->text_len + 1 + g->limits_len <= g->bytes;
}

const char *pat_grant_text(const struct pat_grant *g)
{
	return (const char *)g + g->bytes - g->limits_len - 1 - g->text_len;
}

const char *pat_grant_limits(const struct pat_grant *g)
{
	return (const char *)g + g->bytes - g->limits_len;
}

bool pat_grant_has(const struct pat_grant *grant, uint64_t scope_number)
{
	uint64_t word = scope_number / 64;

	return word < grant->words && (grant->bits[word] >> (scope_number % 64) & 1) != 0;
}

/* Whether a text of the block is this one, or the beginning of it. */
static bool ref_is(const struct pat_grant *g, struct pat_grant_ref ref, const char *text,
                   size_t len, bool prefix)
{
	if (ref.at > g->bytes || ref.len > g->bytes - ref.at)
		return false;
	if (prefix ? ref.len > len : ref.len != len)
		return false;
	return memcmp((const char *)g + ref.at, text, ref.len) == 0;
}

bool pat_grant_product_ok(const struct pat_grant *g, const char *product, size_t len)
{
	if (g->n_products == 0)
		return true;
	for (uint32_t i = 0; i < g->n_products; i++)
		if (len > 0 && ref_is(g, products(g)[i], product, len, false))
			return true;
	return false;
}

bool pat_grant_network_ok(const struct pat_grant *g, const struct pat_address *from)
{
	if (g->n_networks == 0)
		return true;
	for (uint32_t i = 0; i < g->n_networks; i++)
		if (from && networks(g)[i].bits <= 128 && pat_network_has(&networks(g)[i], from))
			return true;
	return false;
}

/* What the limits say of one parameter of an operation. */
enum resource {
	FREE, /* nothing */
	INSIDE,
	OUTSIDE,
};

static enum resource param_judge(const struct pat_grant *g, const char *product, size_t len,
                                 struct pat_segment param, struct pat_segment value)
{
	enum resource is = FREE;

	for (uint32_t i = 0; i < g->n_resources; i++) {
		const struct pat_grant_resource *r = &resources(g)[i];

		if (!ref_is(g, r->product, product, len, false) ||
		    !ref_is(g, r->param, param.text, param.len, false))
			continue;
		if (ref_is(g, r->value, value.text, value.len, r->prefix != 0))
			return INSIDE;
		is = OUTSIDE;
	}
	return is;
}

static bool product_limited(const struct pat_grant *g, const char *product, size_t len)
{
	if (len == 0)
		return g->n_resources > 0;
	for (uint32_t i = 0; i < g->n_resources; i++)
		if (ref_is(g, resources(g)[i].product, product, len, false))
			return true;
	return false;
}

PAT_HOT bool pat_grant_resources_ok(const struct pat_grant *g, const char *product, size_t len,
                                    const struct pat_policy *policy,
                                    const struct pat_policy_match *match)
{
	bool any = false;

	if (g->n_resources == 0 || !product_limited(g, product, len))
		return true;
	if (!match)
		return false;
	const struct pat_policy_op *op = pat_policy_op_at(policy, match->op);
	for (uint32_t i = 0; i < op->n_params && i < match->n_values; i++) {
		switch (param_judge(g, product, len, pat_policy_param(policy, op, i),
		                    match->values[i])) {
		case OUTSIDE:
			return false;
		case INSIDE:
			any = true;
			break;
		case FREE:
			break;
		}
	}
	return any;
}
