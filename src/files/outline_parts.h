/* SPDX-License-Identifier: Apache-2.0
 *
 * What making, keeping and asking an outline share. Nobody else includes it.
 *
 * Ids are hashed with SipHash-2-4. A key of `by_id` is 32 bits of the hash, and the number below. The ids of the nodes and
 * of each table are hashed apart: `kind` is the table, or PAT_OUTLINE_NODES.
 */
#ifndef PAT_FILES_OUTLINE_PARTS_H
#define PAT_FILES_OUTLINE_PARTS_H

#include "files/outline.h"

#define PAT_OUTLINE_NODES PAT_TABLES

/* Of an id of at most PAT_NODE_ID_MAX bytes. */
uint64_t pat_outline_hash(const struct pat_outline *outline, unsigned kind, const char *id,
                          size_t len);

static inline uint64_t pat_outline_key(uint64_t hash, uint32_t number)
{
	return hash << 32 | number;
}

/* Sorts keys that are in the order of their numbers. -ENOMEM. */
int pat_outline_sort(uint64_t *keys, size_t n) PAT_MUST_USE;

/* The first place in the sorted keys that is not below `key`. */
uint32_t pat_outline_place(const uint64_t *keys, uint32_t n, uint64_t key);

/* OTHER for a name that is none. */
enum pat_node_type pat_node_type_find(const char *name, size_t len);

#endif
