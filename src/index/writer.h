/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing the verification index. One process has one writer; its calls may come from any thread
 * (they take a mutex; the longest hold is one part's growth, well under 10 ms).
 *
 * Life: new (a fresh, unnamed generation) → add … → publish (it becomes the index, the former one
 * is told to step aside) → add, remove, tick … → free. Free leaves the index in place and serving:
 * the edge goes on verifying while patd is away.
 *
 * Memory is reserved before it is touched, so a full tmpfs is -ENOSPC from add and never a signal.
 */
#ifndef PAT_INDEX_WRITER_H
#define PAT_INDEX_WRITER_H

#include <sys/types.h>

#include "base/err.h"
#include "index/layout.h"

struct pat_index_writer;
struct pat_policies_source;

enum pat_index_writer_outcome {
	PAT_INDEX_E_EXISTS = 1,
	PAT_INDEX_E_ABSENT,
};

struct pat_index_config {
	const char *directory; /* exists; on a tmpfs; readable and searchable for the verifiers */
	gid_t group;           /* group of the files, (gid_t)-1 to leave it */
	const struct pat_token_format *format;
	uint64_t tokens_max;      /* capacity: address space, not memory */
	uint64_t tokens_expected; /* sizes the tables for a load; 0 is fine */
	enum pat_index_consistency consistency;
	const char *node; /* its incarnation; NULL with PAT_INDEX_ALONE */
};

struct pat_index_entry {
	const uint8_t *digest;
	int64_t number;
	const char *owner;  /* as products shall see it; percent-encoded where not visible ASCII */
	const char *scopes; /* canonical */
	const char *limits; /* canonical; NULL is none */
	int64_t issued_s;
	int64_t expires_s; /* PAT_NEVER for none */
};

struct pat_index_stats {
	uint64_t live;
	uint64_t capacity;
	uint64_t memory_bytes; /* of both files, as allocated */
	uint64_t generation;
};

int pat_index_writer_new(const struct pat_index_config *config, struct pat_index_writer **ret,
                         struct pat_err *err) PAT_MUST_USE;
void pat_index_writer_free(struct pat_index_writer *writer);

/* 0; E_EXISTS (nothing changed); -ENOSPC (capacity, or the tmpfs is full) and -ENOMEM: nothing changed. */
int pat_index_writer_add(struct pat_index_writer *writer,
                         const struct pat_index_entry *entry) PAT_MUST_USE;

/* For how many more tokens there are slots, up to `most`; others may take them meanwhile. */
size_t pat_index_writer_room(struct pat_index_writer *writer, size_t most);

/* 0 or E_ABSENT. Cannot fail otherwise: once it returns, no verification begun later finds the token. */
int pat_index_writer_remove(struct pat_index_writer *writer,
                            const uint8_t digest[static PAT_DIGEST_BYTES]);

/* The same token with other limits or fewer scopes: verifiers judge by the former grant or by this one. 0, E_ABSENT,
 * -ENOSPC or -ENOMEM: nothing changed. */
int pat_index_writer_regrant(struct pat_index_writer *writer,
                             const uint8_t digest[static PAT_DIGEST_BYTES], const char *scopes,
                             const char *limits) PAT_MUST_USE;

/* The same token ends at another time: `expires_s`, or PAT_NEVER. Verifiers judge by the former or by this one. 0 or E_ABSENT. */
int pat_index_writer_expire(struct pat_index_writer *writer,
                            const uint8_t digest[static PAT_DIGEST_BYTES], int64_t expires_s);

/* The policies of all products from now on; whoever begins to judge a request later does so by these. Before publish()
 * and after it. `incomplete`: there are products whose policy is not among these, so that of no
 * name can be said that there is no such product. 0; -ENOSPC or another -errno: those before stay in force. */
int pat_index_writer_policies(struct pat_index_writer *writer,
                              const struct pat_policies_source *sources, size_t n, bool incomplete,
                              struct pat_err *err) PAT_MUST_USE;

/* Makes this generation the index: state serving, renamed into place, the former one superseded.
 * `clock_s` is the first floor under the clock. */
int pat_index_writer_publish(struct pat_index_writer *writer, int64_t seq, int64_t clock_s,
                             struct pat_err *err) PAT_MUST_USE;

/* Every change up to `seq` is in; it does not go back. */
void pat_index_writer_applied(struct pat_index_writer *writer, int64_t seq);

/* Until when verifications may be answered from it, by CLOCK_BOOTTIME; what was applied before the call is seen by whoever
 * sees the lease. PAT_LEASE_FOREVER, which it begins with, unless it is one of several nodes': then it begins with none. */
void pat_index_writer_lease(struct pat_index_writer *writer, uint64_t end_ns);

/* Takes the place of another generation in memory: afterwards `writer`, whoever uses it, writes what was `fresh`, and `fresh` is
 * the former one. Nothing becomes visible to verifiers. */
void pat_index_writer_swap(struct pat_index_writer *writer, struct pat_index_writer *fresh);

/* The last question that verifiers have asked (layout.h). */
struct pat_index_question pat_index_writer_asked(struct pat_index_writer *writer);
/* All questions up to that one are answered: what was there when they were asked is in; or nobody can say. Nothing happens when
 * another generation has taken its place. */
void pat_index_writer_answer(struct pat_index_writer *writer,
                             const struct pat_index_question *question, bool heard);

/* Refuses everything with "unavailable" from now on (true), or serves again (false): for the listener
 * that could not apply a change. */
void pat_index_writer_suspend(struct pat_index_writer *writer, bool suspended);

/* About once a second: raises the clock's floor to `now_s` (never lowers it), gives memory back, and puts huge pages
 * under what has grown. */
void pat_index_writer_tick(struct pat_index_writer *writer, int64_t now_s);

/* Drops tokens that expired before `before_s`, looking at slots [from, from + n); returns the slots there are. */
uint64_t pat_index_writer_drop_expired(struct pat_index_writer *writer, int64_t before_s,
                                       uint64_t from, uint64_t n, uint64_t *ret_dropped);

/* The usage of one live token: false when it is not in the index. */
bool pat_index_writer_usage(struct pat_index_writer *writer,
                            const uint8_t digest[static PAT_DIGEST_BYTES], int64_t *ret_last_used_s,
                            int64_t *ret_count);

struct pat_index_usage {
	int64_t number; /* the token's */
	int64_t last_used_s;
	int64_t count;
};

/* The same, and the count becomes the caller's to store: the cell starts again at 0. */
bool pat_index_writer_usage_take(struct pat_index_writer *writer,
                                 const uint8_t digest[static PAT_DIGEST_BYTES],
                                 struct pat_index_usage *ret);

void pat_index_writer_stats(struct pat_index_writer *writer, struct pat_index_stats *ret);

/* Takes the index away: readers are told, then the files go. For the end of the whole product. */
void pat_index_writer_retire(struct pat_index_writer *writer);

/* Removes usage files of generations other than this writer's. After publish, when what they hold has
 * been taken. */
void pat_index_writer_forget_others(struct pat_index_writer *writer);

/* The same, but for the generation still in force (0: none). Before publish: runs that were killed early, one after
 * another, would fill the tmpfs with what nobody will take. */
void pat_index_writer_forget_older(struct pat_index_writer *writer, uint64_t former);

#endif
