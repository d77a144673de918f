/* SPDX-License-Identifier: Apache-2.0
 *
 * Interned scope names, grants and owners of the index being written: each text is stored once in
 * the heap and known by its reference from then on. Not thread-safe: the writer's mutex covers it.
 */
#ifndef PAT_INDEX_INTERN_H
#define PAT_INDEX_INTERN_H

#include "index/area.h"

#define PAT_INTERN_PARTS 256u

/* Open addressing over heap references, each with 32 bits of its text's hash; the texts stay in the heap. */
struct pat_intern_table {
	uint64_t *entries; /* hash << 32 | reference; 0 is free */
	size_t cap;        /* a power of two, or 0 */
	size_t len;
};

/* One set of texts in many small tables, so that no single growth holds the writer's mutex for long. */
struct pat_intern_set {
	struct pat_intern_table parts[PAT_INTERN_PARTS];
};

struct pat_intern {
	struct pat_index_header *header;
	struct pat_area heap;
	struct pat_scope_name *scopes;
	struct pat_intern_set grants;
	struct pat_intern_set owners;
};

void pat_intern_init(struct pat_intern *intern, struct pat_index_header *header, int fd);
void pat_intern_done(struct pat_intern *intern);

/* The reference of canonical texts of scopes and limits. 0, -ENOSPC, -ENOMEM, or -EINVAL when they are not canonical. */
int pat_intern_grant(struct pat_intern *intern, const char *scopes, const char *limits,
                     uint32_t *ret) PAT_MUST_USE;

/* The reference of an owner's text, percent-encoded where it is not visible ASCII. */
int pat_intern_owner(struct pat_intern *intern, const char *owner, uint32_t *ret) PAT_MUST_USE;

#endif
