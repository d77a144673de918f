/* SPDX-License-Identifier: Apache-2.0
 *
 * What a token may do, as it is interned in the index: its scopes as bits, and its limits taken apart so that judging
 * them is comparing. One block without pointers:
 *
 *   header | scope bits | networks | products | resources | values' texts | scopes' text | "\n" | limits' text
 *
 * patd writes it, verifiers read it in place. A reader checks with pat_grant_ok() that a block is whole, once for each
 * look-up and in constant time; every reference within is checked where it is followed.
 */
#ifndef PAT_INDEX_GRANT_H
#define PAT_INDEX_GRANT_H

#include "policy/policy.h"
#include "token/limits.h"

#define PAT_GRANT_WORDS_MAX 64u /* of scope bits */

struct pat_grant {
	uint32_t bytes; /* all of it */
	uint32_t text_len;
	uint32_t limits_len;
	uint16_t words;
	uint16_t n_networks;
	uint16_t n_products;
	uint16_t n_resources;
	uint32_t requests; /* of a rate; 0: there is none */
	uint32_t window_s;
	uint32_t unused;
	uint64_t bits[];
};

/* A text of the block. */
struct pat_grant_ref {
	uint32_t at;
	uint32_t len;
};

struct pat_grant_resource {
	struct pat_grant_ref product;
	struct pat_grant_ref param;
	struct pat_grant_ref value;
	uint32_t prefix;
	uint32_t unused;
};

/* Bytes that the block of these texts has; both canonical. */
size_t pat_grant_bytes(const char *scopes, const char *limits, size_t words);

/* Writes the block to that many zeroed bytes, aligned to 8. `bits` has `words`. */
void pat_grant_write(struct pat_grant *grant, const char *scopes, const char *limits,
                     const uint64_t *bits, size_t words);

/* Whether a block of which `room` bytes are there is whole. */
bool pat_grant_ok(const struct pat_grant *grant, uint64_t room);

/* Texts, not NUL-terminated: text_len and limits_len say how long. Between them stands one byte, so that both are one
 * text that no other two make. */
const char *pat_grant_text(const struct pat_grant *grant);
const char *pat_grant_limits(const struct pat_grant *grant);

bool pat_grant_has(const struct pat_grant *grant, uint64_t scope_number);

/* Whether it may be used for a product; `len` 0: where no product is named, only a grant without audience may. */
bool pat_grant_product_ok(const struct pat_grant *grant, const char *product, size_t len);

/* Whether it may be used from there; NULL, an address nobody knows, only when it is not limited. */
bool pat_grant_network_ok(const struct pat_grant *grant, const struct pat_address *from);

/* Whether the product's resources are not limited, or these values are among what they are limited to: limits.h says
 * how. Without `match` nobody knows which resource is asked for; without a product (`len` 0) any limit stands for it. */
bool pat_grant_resources_ok(const struct pat_grant *grant, const char *product, size_t len,
                            const struct pat_policy *policy, const struct pat_policy_match *match);

#endif
