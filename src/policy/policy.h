/* SPDX-License-Identifier: Apache-2.0
 *
 * A compiled policy: which operation a method and a path are, and which scopes it takes. One block of bytes without
 * pointers, so that it is written by one process and read in place by many, wherever they map it.
 *
 *   header | nodes | edges | operations | needs | need scopes | scopes | parameters | strings
 *
 * A path's segments lead through a trie. From a node a literal edge is tried first, then those that hold a parameter
 * between a prefix and a suffix (the longest literal part first), then the one that is a parameter as a whole; the first
 * way to a node with operations decides (OpenAPI 3.1, Paths Object: concrete before templated). Every word in it is
 * checked by pat_policy_open(), and by nobody afterwards.
 */
#ifndef PAT_POLICY_POLICY_H
#define PAT_POLICY_POLICY_H

#include "policy/path.h"

#define PAT_POLICY_MAGIC       0x31796c6f70746170ull /* "patpoly1" little-endian */
#define PAT_POLICY_BYTES_MAX   (16u * 1024 * 1024)
#define PAT_POLICY_SCOPES_MAX  1024u
#define PAT_POLICY_NEEDS_MAX   8u  /* of an operation, all of which are to be met */
#define PAT_POLICY_NEED_SCOPES 16u /* of a need, any of which meets it */
#define PAT_POLICY_PARAMS_MAX  8u  /* of a template */
#define PAT_POLICY_NAME_MAX    64u /* of a product */

/* RFC 9110 section 9, and RFC 5789. The order is that of `Allow`. */
enum pat_method {
	PAT_METHOD_GET,
	PAT_METHOD_HEAD,
	PAT_METHOD_POST,
	PAT_METHOD_PUT,
	PAT_METHOD_PATCH,
	PAT_METHOD_DELETE,
	PAT_METHOD_OPTIONS,
	PAT_METHOD_TRACE,
};
#define PAT_METHODS      8
#define PAT_METHOD_OTHER PAT_METHODS

/* The method of that name, in capitals; PAT_METHOD_OTHER for one that no policy knows. */
unsigned pat_method_of(const char *name, size_t len);
/* "GET"; static. */
const char *pat_method_name(unsigned method);

struct pat_policy_text {
	uint32_t at; /* in the block */
	uint32_t len;
};

enum pat_policy_op_flags {
	PAT_POLICY_OP_REFUSED = 1, /* the document does not open it to tokens */
};

struct pat_policy_op {
	struct pat_policy_text id;
	struct pat_policy_text path; /* its template, as it is written */
	uint32_t method;
	uint32_t flags;
	uint32_t first_need;
	uint32_t n_needs; /* none: any token of this product's may */
	uint32_t first_param;
	uint32_t n_params;
};

struct pat_policy_need {
	uint32_t first_scope; /* of the need scopes, which are numbers of scopes */
	uint32_t n_scopes;
};

/* What a token's scopes are compared with is the caller's: a scope has a number here and a name. */
struct pat_policy_scope {
	struct pat_policy_text name;
	struct pat_policy_text description;
};

/* A view. Memory the caller holds; the bytes must outlive it. Any number of threads. */
struct pat_policy {
	const uint8_t *base;
	const struct pat_policy_header *header;
};

/* Checks the whole block, in a time linear in it. -EINVAL when it is not one that pat_policy_compile() wrote. */
int pat_policy_open(const void *bytes, size_t len, struct pat_policy *ret) PAT_MUST_USE;

struct pat_policy_match {
	uint32_t op;      /* its number */
	uint32_t methods; /* also with E_METHOD: a bit for each method the path has */
	size_t n_values;
	struct pat_segment
		values[PAT_POLICY_PARAMS_MAX]; /* in the order of the operation's parameters */
};

enum pat_policy_outcome {
	PAT_POLICY_E_PATH = 1, /* no template matches */
	PAT_POLICY_E_METHOD,   /* one does, without that method */
};

/* HEAD is GET where it is not an operation of its own. 0 or an outcome. Pure. */
int pat_policy_find(const struct pat_policy *policy, unsigned method, const struct pat_path *path,
                    struct pat_policy_match *ret) PAT_MUST_USE;

uint32_t pat_policy_op_count(const struct pat_policy *policy);
const struct pat_policy_op *pat_policy_op_at(const struct pat_policy *policy, uint32_t op);
const struct pat_policy_need *pat_policy_need_at(const struct pat_policy *policy, uint32_t need);
uint32_t pat_policy_need_scope(const struct pat_policy *policy, const struct pat_policy_need *need,
                               uint32_t i);
uint32_t pat_policy_scope_count(const struct pat_policy *policy);
const struct pat_policy_scope *pat_policy_scope_at(const struct pat_policy *policy, uint32_t scope);
/* The name of an operation's i-th parameter. */
struct pat_segment pat_policy_param(const struct pat_policy *policy, const struct pat_policy_op *op,
                                    uint32_t i);
struct pat_segment pat_policy_text(const struct pat_policy *policy, struct pat_policy_text text);

#endif
