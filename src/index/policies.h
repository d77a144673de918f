/* SPDX-License-Identifier: Apache-2.0
 *
 * The compiled policies of all products, as one file beside the index: "policies-<generation>", named by the index's
 * header. A change is a new file and one store to that word, so verifiers see all of it or nothing of it; whoever has
 * the former one mapped keeps it until he looks at the word.
 */
#ifndef PAT_INDEX_POLICIES_H
#define PAT_INDEX_POLICIES_H

#include <sys/types.h>

#include "policy/policy.h"

#define PAT_POLICIES_MAGIC  0x3173656369706170ull /* "papices1" little-endian */
#define PAT_POLICIES_FORMAT "policies-%016llx"
#define PAT_POLICIES_MAX    64u

enum pat_policies_flags {
	/* The product judges resource limits itself: the gate hands them over and does not. */
	PAT_POLICIES_RESOURCES_ELSEWHERE = 1,
};

struct pat_policies_entry {
	char name[PAT_POLICY_NAME_MAX]; /* padded with NULs */
	uint32_t name_len;
	uint32_t flags;
	uint64_t at; /* of its policy in the file, a multiple of 8 */
	uint64_t bytes;
};

struct pat_policies_header {
	uint64_t magic;
	uint64_t generation;
	uint32_t n;
	uint32_t incomplete; /* 1: a product lacks here that there is */
	struct pat_policies_entry entries[PAT_POLICIES_MAX];
};

/* What a product's policy is made of. */
struct pat_policies_source {
	const char *name;
	uint32_t flags;
	const void *bytes; /* pat_rules_compile() */
	size_t len;
};

/* One product's, opened. */
struct pat_policies_product {
	uint64_t generation; /* of the policies it is one of, */
	uint32_t number;     /* and which of them it is */
	uint32_t flags;
	const char *name; /* not NUL-terminated */
	size_t name_len;
	struct pat_policy policy;
	int32_t *scopes; /* by the policy's number: the index's, or -1 */
};

/* A mapped file. One thread's. Starts with {0}. */
struct pat_policies {
	uint64_t generation; /* 0: none is open */
	uint8_t *base;
	size_t bytes;
	bool incomplete; /* whoever is not found may be there all the same */
	size_t n;
	struct pat_policies_product products[PAT_POLICIES_MAX];
	int32_t *scopes; /* of all products */
	size_t n_scopes;
};

/* Maps and checks the file of that generation. -errno, -EINVAL. What was open before is closed in any case. */
int pat_policies_open(struct pat_policies *policies, const char *directory,
                      uint64_t generation) PAT_MUST_USE;
void pat_policies_done(struct pat_policies *policies);

const struct pat_policies_product *pat_policies_find(const struct pat_policies *policies,
                                                     const char *name, size_t len);

/* Writes the file of that generation. 0, -ENOSPC, -EINVAL, or another -errno: then there is none. */
int pat_policies_write(int directory_fd, uint64_t generation,
                       const struct pat_policies_source *sources, size_t n, bool incomplete,
                       gid_t group) PAT_MUST_USE;

#endif
