/* SPDX-License-Identifier: Apache-2.0
 *
 * The verification index, byte for byte: what patd writes and every verifier maps.
 *
 * Files in one directory on a tmpfs. "index" is mapped read-only by verifiers; it is sparse, sized for its
 * capacity when it is born, and never truncated or rewritten: a new generation is a new file renamed
 * over the old, whose header then says "superseded". "usage-<generation>" holds the usage cells and
 * is the one thing verifiers write. "policies-<generation>" holds the compiled policies (policies.h); the
 * header says which is in force.
 *
 *   header   one page: identity, areas, state, sequence, lease, clock
 *   parts    4096 words: where the hash table of each part is and how large (selected by the digest's
 *            first 12 bits; so many, that growing one takes microseconds)
 *   scopes   interned scope names; a name's place is its number
 *   heap     immutable records, appended only: grants (scopes and limits, grant.h) and owners
 *   tables   hash tables of 8-byte entries (slot + 1, 32 more bits of the digest), linear probing
 *   slots    one 64-byte line a token
 *
 * Tables, slots and cells begin where huge pages do; what stands before tables shares the first (map.h).
 *
 * One of several nodes (docs/design/nodes.md) may know less than has been made elsewhere. A verifier that needs more than what it
 * finds asks: it counts up `asks` of the usage file, rings the bell, and waits until `asks_heard` or `asks_failed` has come so far.
 *
 * It is a valid set: what is not found is refused, so every loading error fails closed.
 *
 * How a reader sees a whole slot or none: `word` holds a version and a state. The writer makes the
 * slot empty (version + 1), writes the fields, publishes it live (version + 2) with release order.
 * The reader loads `word` with acquire order, copies the fields, and loads it again: any difference
 * means look again. A writer killed at any instruction leaves the slot empty or whole.
 *
 * How a reader misses nothing: a table is only ever replaced by a larger or cleaner copy, published
 * by one store to its part's word. A miss counts only if that word is still what it was before the
 * probe. The old table's memory is given back after a grace period; a reader that still probes
 * it finds nothing or strangers (the digest in the slot decides), sees the word changed, and looks
 * again.
 */
#ifndef PAT_INDEX_LAYOUT_H
#define PAT_INDEX_LAYOUT_H

#include <assert.h>
#include <stdatomic.h>

#include "base/base.h"
#include "index/grant.h"
#include "token/token.h"

#define PAT_INDEX_MAGIC       0x3178646e69746170u /* "patindx1" little-endian */
#define PAT_INDEX_VERSION     4u
#define PAT_INDEX_PARTS       4096u
#define PAT_INDEX_FILE        "index"
#define PAT_INDEX_PREV        "index.prev" /* a second name of the old file while it is being replaced */
#define PAT_INDEX_TMP         "index.new"
#define PAT_USAGE_FORMAT      "usage-%016llx"
#define PAT_SCOPE_NUMBERS_MAX 4096u
#define PAT_SCOPE_SLOT_BYTES  136u /* a name of PAT_SCOPE_BYTES_MAX and its length */
#define PAT_LEASE_FOREVER     UINT64_MAX
#define PAT_INDEX_BELL        "asked" /* a FIFO: rung for whoever answers questions, see below */

enum pat_index_state {
	PAT_INDEX_LOADING = 0,
	PAT_INDEX_SERVING = 1,
	PAT_INDEX_SUPERSEDED = 2, /* open the file of that name again */
};

struct pat_index_header {
	uint64_t magic;
	uint32_t version;
	uint32_t prefix_len;
	char prefix[8];       /* the token prefix with its "_" */
	uint64_t generation;  /* random; names the usage file */
	uint32_t consistency; /* enum pat_index_consistency; in the line that is read anyway */
	uint32_t reserved;
	uint64_t file_bytes;
	uint64_t parts_at; /* offsets in the file */
	uint64_t scopes_at;
	uint64_t heap_at;
	uint64_t heap_bytes;
	uint64_t tables_at;
	uint64_t tables_bytes;
	uint64_t slots_at;
	uint64_t slots_max;
	char node[40]; /* the incarnation that serves from it; "": there are no others */
	/* Everything below changes while readers look. */
	_Atomic uint64_t state __attribute__((aligned(64)));
	_Atomic uint64_t applied_seq;  /* every change up to here is in */
	_Atomic uint64_t lease_end_ns; /* CLOCK_BOOTTIME; at or after it: unavailable */
	_Atomic uint64_t
		clock_floor_s; /* the latest wall clock patd has seen: time does not go back */
	_Atomic uint64_t scope_count;
	_Atomic uint64_t heap_used;
	_Atomic uint64_t slots_used; /* slots ever used: high-water mark */
	_Atomic uint64_t live;       /* tokens in it */
	_Atomic uint64_t policies;   /* generation of the policies in force; 0: there are none */
	_Atomic uint64_t
		asks_heard; /* questions up to this one: everything made before them is in */
	_Atomic uint64_t asks_failed; /* … up to this one, unless they were heard: nobody can say */
};
static_assert(sizeof(struct pat_index_header) <= 4096, "the header is one page");

/* When a verifier has to ask before it answers. */
enum pat_index_consistency {
	PAT_INDEX_ALONE = 0,  /* never: what is in the index is all there is */
	PAT_INDEX_LEASED = 1, /* before it says that a token is unknown */
	PAT_INDEX_STRICT = 2, /* always */
};

enum pat_slot_state {
	PAT_SLOT_EMPTY = 0,
	PAT_SLOT_LIVE = 1
};

/* One token: one cache line. Every word is atomic, so that a racing read is defined. */
struct pat_slot {
	_Atomic uint64_t digest[4];   /* the digest's bytes as they are in memory */
	_Atomic uint64_t word;        /* version << 8 | state */
	_Atomic uint64_t number;      /* the store's token number */
	_Atomic uint64_t grant_owner; /* references: grant << 32 | owner */
	_Atomic uint64_t times; /* issued << 32 | expires; seconds since 1970 as u32, 0 = never */
};
static_assert(sizeof(struct pat_slot) == 64, "a slot is one cache line");

/* The part that a digest belongs to. */
static inline unsigned pat_index_part(const uint8_t digest[static PAT_DIGEST_BYTES])
{
	return (unsigned)digest[0] << 4 | digest[1] >> 4;
}

/* A part's table: offset in 64-byte units within the tables area, its size, a version. */
#define PAT_PART_WORD(at, log2, version) \
	((uint64_t)(at) << 24 | (uint64_t)(log2) << 16 | ((uint64_t)(version)&0xffff))
#define PAT_PART_AT(word)   ((word) >> 24)
#define PAT_PART_LOG2(word) ((unsigned)((word) >> 16) & 0xff)

/* A table entry: 0 never used, slot field all ones: removed. */
#define PAT_ENTRY(slot, tag)   ((uint64_t)((slot) + 1) << 32 | (tag))
#define PAT_ENTRY_SLOT1(entry) ((uint32_t)((entry) >> 32))
#define PAT_ENTRY_TAG(entry)   ((uint32_t)(entry))
#define PAT_ENTRY_REMOVED      0xffffffff00000000u

/* References into the heap are its offset / 8, of 31 bits; 0 is none. An owner whose text is a number as the
 * built-in accounts' are has no record: PAT_OWNER_NUMBER and the number stand where the reference would. */
#define PAT_REF_MAX      0x7fffffffu
#define PAT_OWNER_NUMBER 0x80000000u

/* Whom a token belongs to, as products know them: visible ASCII, percent-encoded by the writer. Most are
 * numbers and have no record, see above. */
struct pat_owner {
	uint32_t text_len;
	char text[];
};

struct pat_scope_name {
	uint16_t len;
	char text[PAT_SCOPE_SLOT_BYTES - 2];
};

/* One per slot; written by verifiers with plain atomics. */
struct pat_usage_cell {
	_Atomic uint32_t last_used_s; /* seconds since 1970 as u32 */
	_Atomic uint32_t count;       /* uses since patd last took them */
	_Atomic uint64_t rate;        /* rate.h */
};
static_assert(sizeof(struct pat_usage_cell) == 16, "a usage cell is 16 bytes");

struct pat_usage_header {
	uint64_t magic;
	uint64_t generation;
	uint64_t cells_at;
	uint64_t cells_max;
	_Atomic uint64_t asks; /* counted up by verifiers */
};

/* A question of a verifier's. */
struct pat_index_question {
	uint64_t generation;
	uint64_t number;
};

#endif
