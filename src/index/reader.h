/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the verification index: lock-free, allocation-free, no system call on the way but to
 * open a new generation. See layout.h for the protocol.
 *
 * A reader belongs to one thread (an nginx worker has one). Opening may fail at any time and is
 * tried again by itself; until it succeeds the answer is "unavailable".
 */
#ifndef PAT_INDEX_READER_H
#define PAT_INDEX_READER_H

#include "index/layout.h"
#include "index/policies.h"
#include "index/rate.h"

struct pat_index_reader;

enum pat_index_outcome {
	PAT_INDEX_E_NOT_FOUND = 1,
	PAT_INDEX_E_UNAVAILABLE, /* no index, loading, lease over: neither yes nor no */
};

/* A token as found. `grant` and `owner` (not NUL-terminated) belong to the reader and live until the next call on
 * it. */
struct pat_index_hit {
	uint64_t number;
	uint64_t slot;
	uint32_t issued_s;
	uint32_t expires_s; /* 0 = never */
	const struct pat_grant *grant;
	const char *owner;
	size_t owner_len;
};

/* Never fails for want of an index file; `directory` is copied. -ENOMEM. */
int pat_index_reader_new(const char *directory, struct pat_index_reader **ret) PAT_MUST_USE;
void pat_index_reader_free(struct pat_index_reader *reader);
void pat_index_reader_freep(struct pat_index_reader **reader);

/* Off the hot path, about once a second: opens the file if it is not open, and again if the name
 * leads to another file than the one that is mapped. Returns whether an index is open. */
bool pat_index_reader_refresh(struct pat_index_reader *reader);

/* Makes sure the current generation is mapped and may be served from: 0, or E_UNAVAILABLE. Call once
 * per verification, after the request is complete; `boot_ns` is only asked of the clock when the index
 * has a lease that ends (pass pat_clock_boot_ns). */
int pat_index_reader_enter(struct pat_index_reader *reader, uint64_t (*boot_ns)(void)) PAT_MUST_USE;

/* After enter: the accepted token format, and the floor under the wall clock. */
const struct pat_token_format *pat_index_reader_format(const struct pat_index_reader *reader);
int64_t pat_index_reader_clock_floor_s(const struct pat_index_reader *reader);
uint64_t pat_index_reader_generation(const struct pat_index_reader *reader);
uint64_t pat_index_reader_applied_seq(const struct pat_index_reader *reader);
/* Until when it may be served from, by CLOCK_BOOTTIME, or PAT_LEASE_FOREVER. */
uint64_t pat_index_reader_lease_end_ns(const struct pat_index_reader *reader);
/* Which of several nodes serves from it (layout.h); "" also where there is no index. Need not have been entered. */
const char *pat_index_reader_node(const struct pat_index_reader *reader);

/* After enter: whether a verifier has to ask before it answers so, and how. ask() gives the number of a question; the answer is
 * there when answer() is not PENDING: LOOK, and what is found then is all that had been made when it was asked; or NOBODY: neither yes nor
 * no. Between the two the reader may have been entered again: of a new generation it is asked anew. */
enum pat_index_consistency pat_index_reader_consistency(const struct pat_index_reader *reader);
struct pat_index_question pat_index_reader_ask(struct pat_index_reader *reader);
enum pat_index_answer {
	PAT_INDEX_ANSWER_PENDING,
	PAT_INDEX_ANSWER_LOOK,
	PAT_INDEX_ANSWER_NOBODY,
};
enum pat_index_answer pat_index_reader_answer(struct pat_index_reader *reader,
                                              struct pat_index_question *question);

/* After enter, both optional: memory is asked for what a find of this digest will read. aim() fetches its place in the
 * table; approach() looks there and fetches its slot and usage cell. Each takes nanoseconds, and memory a tenth
 * of a microsecond, in which the caller can do something else. */
void pat_index_reader_aim(const struct pat_index_reader *reader,
                          const uint8_t digest[static PAT_DIGEST_BYTES]);
void pat_index_reader_approach(const struct pat_index_reader *reader,
                               const uint8_t digest[static PAT_DIGEST_BYTES]);

/* After enter: 0, E_NOT_FOUND, or E_UNAVAILABLE (the writer kept changing what was read). */
int pat_index_reader_find(struct pat_index_reader *reader,
                          const uint8_t digest[static PAT_DIGEST_BYTES],
                          struct pat_index_hit *ret) PAT_MUST_USE;

/* After enter: the policies in force, with their scopes' numbers in this index; NULL when they can not be had. They
 * belong to the reader until the next call of this. */
const struct pat_policies *pat_index_reader_policies(struct pat_index_reader *reader);

/* After find: takes one request of a rate (rate.h), of which `rate` says how much. */
bool pat_index_reader_rate(struct pat_index_reader *reader, uint64_t slot, uint64_t now_ns,
                           struct pat_rate *rate);

/* After find: marks the token used now. With a rate's, the one write of a verification. */
void pat_index_reader_touch(struct pat_index_reader *reader, uint64_t slot, int64_t now_s);

/* The number of an interned scope name, or -1: then no token in the index has it (yet). */
int64_t pat_index_reader_scope(const struct pat_index_reader *reader, const char *name, size_t len);
uint64_t pat_index_reader_scope_count(const struct pat_index_reader *reader);
/* The name of a number that pat_index_reader_scope() gave, if it was of the generation that is open; else NULL. Need not
 * have been entered. */
const struct pat_scope_name *pat_index_reader_scope_name(const struct pat_index_reader *reader,
                                                         uint64_t generation, uint64_t number);

/* Visits slots [from, from+n) that hold a token; returns the slots there are. For patd. */
typedef void pat_index_visit_fn(void *arg, const struct pat_index_hit *hit,
                                const uint8_t digest[PAT_DIGEST_BYTES],
                                struct pat_usage_cell *cell);
uint64_t pat_index_reader_visit(struct pat_index_reader *reader, uint64_t from, uint64_t n,
                                pat_index_visit_fn *fn, void *arg);

#endif
