/* SPDX-License-Identifier: Apache-2.0
 *
 * What the two readers of documents share: putting a tree together from what begins and ends.
 */
#ifndef PAT_POLICY_TREE_BUILD_H
#define PAT_POLICY_TREE_BUILD_H

#include "policy/tree.h"

struct pat_tree_build {
	struct pat_tree *document;
	struct pat_err *err;
	unsigned depth;
	struct pat_tree_node *open[PAT_TREE_DEPTH_MAX];
	const char *name; /* of the value that comes next, in a map */
	unsigned key_line;
};

/* A key, when a map is open and no key was given; otherwise a value. 0, -ENOMEM, or PAT_TREE_E_BAD. */
int pat_tree_put_text(struct pat_tree_build *build, enum pat_tree_kind kind, unsigned line,
                      const char *text, size_t len, struct pat_tree_node **ret) PAT_MUST_USE;
/* A map or a list, until end(). */
int pat_tree_begin(struct pat_tree_build *build, enum pat_tree_kind kind, unsigned line,
                   struct pat_tree_node **ret) PAT_MUST_USE;
int pat_tree_end(struct pat_tree_build *build) PAT_MUST_USE;
/* A value that is there already. */
int pat_tree_put_again(struct pat_tree_build *build, unsigned line,
                       const struct pat_tree_node *node) PAT_MUST_USE;

/* The readers. As pat_tree_read(). */
int pat_tree_read_yaml(struct pat_tree_build *build, const char *text, size_t len) PAT_MUST_USE;
int pat_tree_read_json(struct pat_tree_build *build, const char *text, size_t len) PAT_MUST_USE;

#endif
