/* SPDX-License-Identifier: Apache-2.0
 *
 * All reactions to the comments of a file, to be found by their comment: lists of comments have them inside.
 */
#ifndef PAT_WEB_REACTIONS_H
#define PAT_WEB_REACTIONS_H

#include "files/files.h"

/* Zeroed is empty. */
struct pat_reactions {
	struct pat_files_reaction *each; /* by comment, and then in their order */
	size_t n;
	size_t cap;
};

/* 0, an outcome of pat_files_reaction_list(), or a fault. */
int pat_reactions_load(struct pat_reactions *reactions, struct pat_files *files,
                       const struct pat_files_caller *caller, const char *key) PAT_MUST_USE;
void pat_reactions_done(struct pat_reactions *reactions);

/* Those to one comment, oldest first. */
const struct pat_files_reaction *pat_reactions_of(const struct pat_reactions *reactions,
                                                  int64_t comment, size_t *ret_n);

#endif
