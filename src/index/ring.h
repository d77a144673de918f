/* SPDX-License-Identifier: Apache-2.0
 *
 * The usage rings: who used which token for what, told to patd by those who verify. "rings" is a file beside the index
 * that patd makes and verifiers write. A verifier that lives long, such as an nginx worker, claims a ring of its own;
 * it puts uses in, patd takes them out every second (drain.h).
 *
 *   header   one page: identity
 *   heads    PAT_RINGS of them, two cache lines each: the producer's and patd's
 *   rings    PAT_RINGS times PAT_RING_USES uses of two cache lines; a ring has memory once it is claimed
 *
 * It is lossy and never in the way: a full ring drops the use and counts it, nobody waits, nobody locks, and putting a
 * use in is no system call. One producer and one consumer a ring: a use is written, then `head` is stored with
 * release order, so a producer killed at any instruction leaves whole uses only. The file outlives patd and
 * verifiers; a ring whose claimer has died is claimed anew. So all that share the file must see the same numbers of
 * processes: two that do not may put uses into one ring, and lose them.
 *
 * Nothing in it grants anything, and to patd all of it is outside bytes.
 */
#ifndef PAT_INDEX_RING_H
#define PAT_INDEX_RING_H

#include <assert.h>
#include <stdatomic.h>

#include "base/base.h"

#define PAT_RING_FILE        "rings"
#define PAT_RING_MAGIC       0x31676e6972746170ull /* "patring1" little-endian */
#define PAT_RINGS            64u
#define PAT_RING_USES        8192u /* a power of two */
#define PAT_RING_SCOPES      8u
#define PAT_RING_AGENT_BYTES 60u

enum pat_ring_flags {
	PAT_RING_JUDGED = 1, /* what scopes it took is known: the operation's, and `scopes` */
};

/* One use of a token: two cache lines. */
struct pat_ring_use {
	uint64_t number; /* the token's */
	uint64_t
		policies; /* the generation that `product` and `op` belong to; 0: no operation is known */
	uint64_t index; /* the generation that `scopes` belong to */
	uint32_t at_s;
	uint32_t op;
	uint8_t product;
	uint8_t flags;
	uint8_t n_scopes;
	uint8_t agent_len;
	uint16_t scopes
		[PAT_RING_SCOPES]; /* any of which would do, or all are needed: it is not told apart */
	uint8_t address[16];       /* as struct pat_address; all zeros: not known */
	char agent[PAT_RING_AGENT_BYTES];
};
static_assert(sizeof(struct pat_ring_use) == 128, "a use is two cache lines");

struct pat_ring_header {
	uint64_t magic;
	uint64_t rings;
	uint64_t uses;
	uint64_t use_bytes;
};

struct pat_ring_head {
	_Atomic uint64_t owner; /* the claimer's thread; 0: free */
	_Atomic uint64_t head;  /* uses ever put in */
	_Atomic uint64_t dropped;
	_Atomic uint64_t tail __attribute__((aligned(64))); /* uses ever taken out */
};
static_assert(sizeof(struct pat_ring_head) == 128, "the producer's line and patd's");

#define PAT_RING_HEADS_AT   4096ull
#define PAT_RING_USES_AT    (PAT_RING_HEADS_AT + PAT_RINGS * sizeof(struct pat_ring_head))
#define PAT_RING_BYTES      (PAT_RING_USES * sizeof(struct pat_ring_use))
#define PAT_RING_FILE_BYTES (PAT_RING_USES_AT + PAT_RINGS * PAT_RING_BYTES)
static_assert(PAT_RING_USES_AT % 4096 == 0, "rings begin on a page");

/* Where a ring's parts are in the mapped file. */
static inline struct pat_ring_head *pat_ring_head_at(uint8_t *base, unsigned ring)
{
	return (struct pat_ring_head *)(void *)(base + PAT_RING_HEADS_AT) + ring;
}

static inline struct pat_ring_use *pat_ring_uses_at(uint8_t *base, unsigned ring)
{
	return (struct pat_ring_use *)(void *)(base + PAT_RING_USES_AT + ring * PAT_RING_BYTES);
}

/* Whether a mapped file of that size is one of these rings. */
bool pat_ring_file_ok(const uint8_t *base, uint64_t bytes);

/* ---- The producer's side. One thread's. Starts with {0}, which is closed. */

struct pat_ring {
	uint8_t *base; /* NULL: closed */
	struct pat_ring_head *head;
	struct pat_ring_use *uses;
	uint64_t used; /* what `head` says */
	uint64_t tail; /* what it was when it was last looked at */
	uint64_t device;
	uint64_t inode;
};

/* Claims a ring for this thread, which may have one; what was claimed before is released. -ENOENT: patd has made none; -EINVAL: they are
 * another version's; -EBUSY: all are claimed; -ENOSPC, or another -errno. Then it is closed. */
int pat_ring_claim(struct pat_ring *ring, const char *index_directory) PAT_MUST_USE;
/* Gives it back; what is in it stays for patd. Accepts a closed one. */
void pat_ring_release(struct pat_ring *ring);
/* About once a second, off the hot path: claims a ring if none is claimed, or if the name leads to another file by now. As
 * pat_ring_claim(). */
int pat_ring_refresh(struct pat_ring *ring, const char *index_directory) PAT_MUST_USE;

/* The place for the next use, to be written whole, and then put in; NULL: there is none, and the use is dropped. */
struct pat_ring_use *pat_ring_place(struct pat_ring *ring);
void pat_ring_put(struct pat_ring *ring);

#endif
