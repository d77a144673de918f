/* SPDX-License-Identifier: Apache-2.0
 *
 * An answer that is put together from pieces of a document's text and words between them: its length is known before the
 * first byte is sent, and sending it needs no more memory than a window.
 */
#ifndef PAT_FILES_PLAN_H
#define PAT_FILES_PLAN_H

#include "files/outline.h"

struct pat_plan;

/* At most so many bytes of words of ours. -ENOMEM. */
int pat_plan_new(size_t words_bytes_max, struct pat_plan **ret) PAT_MUST_USE;
void pat_plan_free(struct pat_plan *plan);
void pat_plan_freep(struct pat_plan **plan);

/* The buffer that words are added to: what is added between two ranges stands between them. A word that did not fit
 * (pat_buf_error) is missing from the answer, so look before sending. */
struct pat_buf *pat_plan_words(struct pat_plan *plan);
/* -ENOMEM, -EMSGSIZE when they would be more than PAT_PLAN_RANGES_MAX. Neighbouring ranges become one. Documents of 64 MiB as
 * Figma has them are cut at some hundred thousand places; one may be made that is cut at millions. */
#define PAT_PLAN_RANGES_MAX (512u << 10) /* 6 MiB of them */
int pat_plan_range(struct pat_plan *plan, struct pat_range range) PAT_MUST_USE;

/* How much of a tree is asked for. */
struct pat_plan_tree {
	uint32_t levels; /* below the first node, or below the wanted ones; UINT32_MAX: all */
	bool geometry;   /* with what `geometry=paths` adds */
	/* A bit a node (PAT_PLAN_WANTED_BYTES of them): these with what is below them, and what leads to them; NULL: all. */
	const uint8_t *wanted;
	bool pages; /* with `wanted`: pages are there in any case, without what was not asked for */
};

#define PAT_PLAN_WANTED_BYTES(n_nodes) (((size_t)(n_nodes) + 7) / 8)

static inline void pat_plan_want(uint8_t *wanted, uint32_t node)
{
	wanted[node / 8] |= (uint8_t)(1u << node % 8);
}

/* Adds a node as JSON, without those below it that are not asked for: an array that would be of them alone is []. The
 * first node is there in any case. As pat_plan_range(). Nodes within `levels` of a wanted one are wanted too; with 0 levels it is alone. */
int pat_plan_node(struct pat_plan *plan, const struct pat_outline *outline, uint32_t node,
                  const struct pat_plan_tree *tree) PAT_MUST_USE;

/* Adds the entries of a table that the subtree of `node` has to do with, as a JSON object: its components (of instances,
 * and those that are nodes of it), its sets (that are nodes of it, and those of its components), its styles. Each once. */
int pat_plan_table(struct pat_plan *plan, const struct pat_outline *outline,
                   enum pat_outline_table table, uint32_t node) PAT_MUST_USE;

/* Of the whole answer. */
uint64_t pat_plan_bytes(const struct pat_plan *plan);

/* Hands the answer over piece by piece, at most `window` bytes at a time, from two windows of memory. `emit` returns 0 or
 * what ends it. -ENOMEM, or what reading or `emit` returned. */
typedef int pat_plan_emit_fn(void *arg, const void *bytes, size_t len);
int pat_plan_send(const struct pat_plan *plan, const struct pat_text *text, size_t window,
                  pat_plan_emit_fn *emit, void *arg) PAT_MUST_USE;

#endif
