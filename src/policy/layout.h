/* SPDX-License-Identifier: Apache-2.0
 *
 * The compiled policy, byte for byte: what compile.c writes and policy.c reads.
 */
#ifndef PAT_POLICY_LAYOUT_H
#define PAT_POLICY_LAYOUT_H

#include "policy/policy.h"

struct pat_policy_table {
	uint32_t at; /* in the block, a multiple of 8 */
	uint32_t n;
};

struct pat_policy_header {
	uint64_t magic;
	uint64_t bytes;
	struct pat_policy_table nodes; /* the first is the root */
	struct pat_policy_table edges;
	struct pat_policy_table ops;
	struct pat_policy_table needs;
	struct pat_policy_table need_scopes;
	struct pat_policy_table scopes;
	struct pat_policy_table params;  /* names: struct pat_policy_text */
	struct pat_policy_table strings; /* n: bytes */
};

#define PAT_POLICY_NO_NODE UINT32_MAX

/* A node's edges stand together: literal ones ordered by length, then bytes; then those with a prefix or suffix. */
struct pat_policy_node {
	uint32_t first_edge;
	uint32_t n_literals;
	uint32_t n_partials;
	uint32_t whole; /* the node behind a segment that is a parameter, or NO_NODE */
	uint32_t first_op;
	uint32_t n_ops;
};

/* A child's number is greater than its parent's, so every way through the trie ends. */
struct pat_policy_edge {
	struct pat_policy_text prefix; /* of a literal edge: all of it */
	struct pat_policy_text suffix;
	uint32_t node;
	uint32_t unused;
};

#endif
